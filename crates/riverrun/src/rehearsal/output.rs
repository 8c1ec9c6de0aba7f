//! What stands in a table after a run, read back by a query.

use super::survey::WrittenTable;
use super::tables::{Place, forget_places};
use crate::results::{RowConsumer, SharedConsumer};
use crate::session::{Session, StartOptions};
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Error, Result, RowBatch, RowKind, Schema};
use riverrun_sql::catalog::{CatalogTable, Object};
use riverrun_sql::parse::{self, ColumnKind, StatementKind, Variables};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The rows of a table, as text, and how often each stands in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Rows that were added and taken back again are not in it.
    pub rows: BTreeMap<String, i64>,
}

impl Output {
    /// How many rows there are.
    pub fn count(&self) -> u64 {
        self.rows.values().map(|count| count.unsigned_abs()).sum()
    }

    fn add(&mut self, row: &str, weight: i64) {
        let count = self.rows.entry(row.to_owned()).or_default();
        *count += weight;
        if *count == 0 {
            self.rows.remove(row);
        }
    }
}

/// Adds up rows.
struct Collector {
    formatter: RowFormatter,
    output: Arc<Mutex<Output>>,
}

impl RowConsumer for Collector {
    fn rows(&mut self, batch: &RowBatch) -> Result<()> {
        let writer = self.formatter.rows(&batch.columns)?;
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for index in 0..batch.num_rows() {
            text.clear();
            writer.write(index, RowKind::Insert, &mut text);
            // All rows have the same kind here.
            output.add(text.trim_start_matches("+I"), batch.weight(index));
        }
        Ok(())
    }
}

/// Reads what a run has left of a table in its scratch place. The session is the one in which the script has been planned.
pub fn read_back(session: &Session, written: &WrittenTable, place: &Place) -> Result<Output> {
    let table = &written.table;
    let mut there = CatalogTable::clone(table);
    for (key, value) in place.write.iter().chain(&place.read) {
        match value {
            Some(value) => there.options.set(key.as_str(), value.as_str()),
            None => drop(there.options.remove(key)),
        }
    }
    there.watermark = None;
    // What can't be written can't have been lost.
    there.columns.retain(|column| match &column.kind {
        ColumnKind::Physical { .. } => true,
        ColumnKind::Computed { .. } => false,
        ColumnKind::Metadata { is_virtual, .. } => !is_virtual,
    });
    let quote = |name: &str| format!("`{}`", name.replace('`', "``"));
    let names = there.columns.iter().map(|column| column.name.value.as_str());
    let columns: Vec<String> = names.filter(|name| Some(*name) != written.clock_column()).map(quote).collect();
    let text = format!("SELECT {} FROM {}", columns.join(", "), there.path.quoted());
    let mut reading = Session::new(session.clock());
    reading.catalog = session.catalog.clone();
    reading.config = session.config.clone();
    forget_places(&mut reading.config)?;
    reading.catalog.put(Object::Table(Arc::new(there)));
    let statements = parse::parse(&text, &Variables::default())?;
    let Some(StatementKind::Query(query)) = statements.first().map(|statement| &statement.kind) else {
        return Err(Error::bug("a query that is none"));
    };
    let plan = reading.planner().plan_query(query)?;
    let schema: Schema = plan.result().ok_or_else(|| Error::bug("a query without a result"))?.properties.schema.clone();
    let output = Arc::new(Mutex::new(Output::default()));
    let formatter = RowFormatter::new(schema.fields.iter().map(|field| field.data_type.clone()));
    let consumer = SharedConsumer::new(Box::new(Collector { formatter, output: Arc::clone(&output) }));
    let start = StartOptions { parallelism: Some(1), results: Some(&consumer), ..StartOptions::default() };
    let read = reading.start(&plan, start)?.wait();
    read.map_err(|error| error.context(format!("cannot read back what table '{}' holds", table.path.name)))?;
    let output = std::mem::take(&mut *output.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(output)
}
