//! Rows as a table whose columns are as wide as the first rows need.

use super::{KIND, RowPrinter, failed};
use riverrun_core::format_value::format_value;
use riverrun_core::{Result, RowBatch, RowKinds, Schema};
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// How many rows are looked at before the widths are settled.
const LOOK_AHEAD: usize = 1000;
/// No column is wider than this; longer values are cut with `…`.
const WIDEST: usize = 60;

/// Prints rows as a table while they come.
pub struct TablePrinter {
    schema: Schema,
    /// The kinds of changes, where rows are taken back.
    kinds: Option<RowKinds>,
    out: Box<dyn Write + Send>,
    waiting: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
    rows: u64,
}

impl TablePrinter {
    /// A table of these columns; a changelog gets a column for the kind of change.
    pub fn new(schema: &Schema, kinds: Option<RowKinds>, out: Box<dyn Write + Send>) -> Self {
        TablePrinter { schema: schema.clone(), kinds, out, waiting: Vec::new(), widths: None, rows: 0 }
    }

    fn header(&self) -> Vec<String> {
        let kind = self.kinds.as_ref().map(|_| KIND.to_owned());
        kind.into_iter().chain(self.schema.fields.iter().map(|field| field.name.clone())).collect()
    }

    fn settle(&mut self) -> Result<()> {
        if self.widths.is_none() {
            let header = self.header();
            let widths = widths(&header, &self.waiting);
            let text = format!("{}\n{}\n", line(&header, &widths, Cut::All), rule(&widths));
            self.out.write_all(text.as_bytes()).map_err(failed)?;
            self.widths = Some(widths);
        }
        let widths = self.widths.as_deref().unwrap_or_default();
        let mut text = String::new();
        for cells in self.waiting.drain(..) {
            text.push_str(&line(&cells, widths, Cut::All));
            text.push('\n');
        }
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(failed)
    }
}

impl RowPrinter for TablePrinter {
    fn rows(&mut self, batch: &RowBatch) -> Result<()> {
        let batch = batch.one_by_one()?;
        let kinds = self.kinds.as_ref().map(|kinds| kinds.of(&batch)).transpose()?;
        for row in 0..batch.num_rows() {
            let mut cells = Vec::with_capacity(self.schema.len() + 1);
            cells.extend(kinds.as_ref().map(|kinds| kinds[row].short().to_owned()));
            for (column, field) in batch.columns.columns().iter().zip(&self.schema.fields) {
                let mut text = String::new();
                format_value(column.as_ref(), row, &field.data_type, &mut text)?;
                cells.push(visible(&text));
            }
            self.rows += 1;
            self.waiting.push(cells);
        }
        // The widths are settled by the first rows to arrive; they are not held back for more than a batch.
        if self.widths.is_some() || !self.waiting.is_empty() || self.waiting.len() >= LOOK_AHEAD {
            self.settle()?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.settle()?;
        let rows = if self.rows == 1 { "row" } else { "rows" };
        writeln!(self.out, "{} {rows}", self.rows).and_then(|()| self.out.flush()).map_err(failed)
    }
}

/// A text on one line, in which nothing is a command to the terminal.
pub(super) fn visible(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let shown = |char: char| match char {
        '\n' | '\r' | '\t' => ' ',
        char if char.is_control() => '\u{fffd}',
        char => char,
    };
    text.chars().map(shown).collect()
}

/// A whole table of texts, such as SHOW TABLES gives.
pub fn print_cells(header: &[String], rows: &[Vec<String>]) -> String {
    let widths = widths(header, rows);
    let mut text = format!("{}\n{}\n", line(header, &widths, Cut::AllButLast), rule(&widths));
    for cells in rows {
        text.push_str(&line(cells, &widths, Cut::AllButLast));
        text.push('\n');
    }
    text
}

fn widths(header: &[String], rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths: Vec<usize> = header.iter().map(|name| name.width()).collect();
    for cells in rows {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.width());
        }
    }
    widths.iter().map(|width| (*width).min(WIDEST)).collect()
}

/// Which columns have values that are cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    All,
    /// Nothing stands after the last one.
    AllButLast,
}

fn line(cells: &[String], widths: &[usize], cut: Cut) -> String {
    let last = cells.len().saturating_sub(1);
    let mut text = String::new();
    for (index, (cell, &width)) in cells.iter().zip(widths).enumerate() {
        let is_whole = cut == Cut::AllButLast && index == last;
        let cell = if is_whole { cell.clone() } else { shorten(cell, width) };
        text.push_str(&cell);
        if index < last {
            text.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
    }
    text
}

fn rule(widths: &[usize]) -> String {
    widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  ")
}

fn shorten(cell: &str, width: usize) -> String {
    if cell.width() <= width.max(WIDEST) {
        return cell.to_owned();
    }
    let mut text = String::new();
    for character in cell.chars() {
        if text.width() + 2 > WIDEST {
            break;
        }
        text.push(character);
    }
    text.push('…');
    text
}
