//! The result of a query that changes, drawn in place on a terminal as it stands.

use super::{failed, table};
use console::Term;
use riverrun_core::format_value::format_value;
use riverrun_core::{Result, RowBatch, Schema};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;

/// Rows beyond these are counted, not drawn, when the result is drawn for the last time.
const MOST: usize = 1000;

/// A row with what sets it apart from equal ones: where it stands.
type Position = u64;

/// The rows of a result as the changes so far have left them.
pub struct LiveTable {
    schema: Schema,
    rows: BTreeMap<Position, Vec<String>>,
    places: HashMap<Vec<String>, Vec<Position>>,
    /// Places that rows of this batch have left: what replaces a row stands where it stood.
    left: Vec<Position>,
    next: Position,
    changes: u64,
    drawn: usize,
    dirty: bool,
}

impl LiveTable {
    /// An empty result of these columns.
    pub fn new(schema: &Schema) -> Self {
        LiveTable {
            schema: schema.clone(),
            rows: BTreeMap::new(),
            places: HashMap::new(),
            left: Vec::new(),
            next: 0,
            changes: 0,
            drawn: 0,
            dirty: true,
        }
    }

    /// Applies changes.
    pub fn apply(&mut self, batch: &RowBatch) -> Result<()> {
        self.left.clear();
        for row in 0..batch.num_rows() {
            let mut cells = Vec::with_capacity(self.schema.len());
            for (column, field) in batch.columns.columns().iter().zip(&self.schema.fields) {
                let mut text = String::new();
                format_value(column.as_ref(), row, &field.data_type, &mut text)?;
                cells.push(table::visible(&text));
            }
            let weight = batch.weight(row);
            for _ in 0..weight.unsigned_abs() {
                self.changes += 1;
                if weight > 0 { self.add(cells.clone()) } else { self.remove(&cells) }
            }
        }
        self.dirty = true;
        Ok(())
    }

    fn add(&mut self, cells: Vec<String>) {
        let position = self.left.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        self.places.entry(cells.clone()).or_default().push(position);
        self.rows.insert(position, cells);
    }

    fn remove(&mut self, cells: &Vec<String>) {
        let Some(positions) = self.places.get_mut(cells) else { return };
        if let Some(position) = positions.pop() {
            self.rows.remove(&position);
            self.left.push(position);
        }
        if positions.is_empty() {
            self.places.remove(cells);
        }
    }

    /// Draws the result over what was drawn before, if it has changed; as much of its end as the terminal has room for.
    pub fn draw(&mut self, terminal: &Term) -> Result<()> {
        if !self.dirty {
            return Ok(());
        }
        self.dirty = false;
        let (height, width) = terminal.size();
        // The heading, its rule, the count below, and the line of the cursor.
        let room = usize::from(height).saturating_sub(5).max(1);
        self.show(terminal, room, usize::from(width), "…")
    }

    /// Draws the result for the last time.
    pub fn finish(&mut self, terminal: &Term) -> Result<()> {
        let width = usize::from(terminal.size().1);
        self.show(terminal, MOST, width, "")
    }

    fn show(&mut self, terminal: &Term, room: usize, width: usize, going_on: &str) -> Result<()> {
        let lines = self.lines(room, width, going_on);
        let mut out = terminal;
        // Up to where it was drawn before, and away with that and with the progress line below it.
        let up = if self.drawn > 0 { format!("\x1b[{}A", self.drawn) } else { String::new() };
        let text = format!("{up}\r\x1b[J{}\n", lines.join("\n"));
        self.drawn = lines.len();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(failed)
    }

    fn lines(&self, room: usize, width: usize, going_on: &str) -> Vec<String> {
        let header: Vec<String> = self.schema.fields.iter().map(|field| field.name.clone()).collect();
        let hidden = self.rows.len().saturating_sub(room);
        let shown: Vec<Vec<String>> = self.rows.values().skip(hidden).cloned().collect();
        let text = table::print_cells(&header, &shown);
        let mut lines: Vec<String> =
            text.lines().map(|line| console::truncate_str(line, width.max(10), "…").into_owned()).collect();
        let rows = if self.rows.len() == 1 { "row" } else { "rows" };
        let above = if hidden > 0 { format!(", the last {room} shown") } else { String::new() };
        lines.push(format!("{} {rows}{above}; {} changes {going_on}", self.rows.len(), self.changes).trim_end().into());
        lines
    }
}

#[cfg(test)]
mod tests;
