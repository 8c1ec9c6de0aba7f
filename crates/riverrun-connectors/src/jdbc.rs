//! `jdbc`: tables in PostgreSQL and SQLite, under Flink's name and with its options.
//!
//! A client blocks, so it lives on a thread of its own: one per worker and table. A scan hands batches over a bounded
//! channel; a sink gathers rows and hands them to its thread, which waits for the database as long as it takes, while the
//! rows that may wait are bounded.
//!
//! Source of the semantics: Flink's "JDBC SQL Connector". SQLite is not among Flink's databases.

mod asked_once;
mod changes;
mod check;
mod holders;
pub mod lookup;
mod options;
mod postgres;
mod scratch;
mod session;
mod sink;
mod source;
mod sqlite;
#[cfg(test)]
mod tests;
mod text;
mod tls;
mod token;
mod url;

use crate::connector::{LookupTable, LookupWay};
pub use lookup::{JdbcLookup, LookupSpec};

use crate::connector::{AcceptedChanges, Connector, SinkFactory, SinkSpec, SourceFactory, SourceSpec};
use crate::scratch::{Scratch, ScratchSpec};
use riverrun_core::{Error, OptionDef, Options, Result, Schema};
use session::TableRef;
use std::sync::Arc;
use url::Database;

/// The connector.
#[derive(Debug)]
pub struct Jdbc;

impl Connector for Jdbc {
    fn name(&self) -> &'static str {
        "jdbc"
    }

    fn doc(&self) -> &'static str {
        "Reads and writes tables of PostgreSQL and SQLite."
    }

    fn options(&self) -> &'static [OptionDef] {
        options::OPTIONS
    }

    fn lookups(&self, options: &Options) -> LookupWay {
        match options.text(&options::LOOKUP_CACHE).is_some_and(|cache| cache.trim().eq_ignore_ascii_case("FULL")) {
            true => LookupWay::Whole,
            false => LookupWay::ByKey,
        }
    }

    fn lookup(&self, spec: &LookupSpec) -> Result<Box<dyn LookupTable>> {
        Ok(Box::new(JdbcLookup::new(spec, Arc::new(|| {}))?))
    }

    fn has_scratch(&self) -> bool {
        true
    }

    fn scratch(&self, spec: &ScratchSpec) -> Result<Option<Scratch>> {
        scratch::scratch(spec).map(Some)
    }

    fn source(&self, spec: SourceSpec) -> Result<Arc<dyn SourceFactory>> {
        Ok(Arc::new(source::JdbcSource::new(spec)?))
    }

    fn sink(&self, spec: SinkSpec) -> Result<Arc<dyn SinkFactory>> {
        Ok(Arc::new(sink::JdbcSink::new(spec)?))
    }
}

/// Reads which table of which database is meant, and that it can hold these columns.
fn table_ref(table: &str, schema: &Schema, options: &Options, primary_key: &[usize]) -> Result<Arc<TableRef>> {
    let name = options.text(&options::TABLE).map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        let place = options.given(options::TABLE.name).and_then(|value| value.value_place);
        Error::input("option 'table-name' is empty").hint(options::TABLE.doc).at(place)
    })?;
    let table = TableRef {
        database: Database::new(options)?,
        table: table.to_owned(),
        name: name.to_owned(),
        schema: schema.clone(),
        primary_key: primary_key.to_vec(),
    };
    check::check_types(&table)?;
    if let Some(driver) = options.given(options::DRIVER.name) {
        tracing::info!(table = table.table, "'driver' = '{}' has no effect: no Java driver is used", driver.text);
    }
    Ok(Arc::new(table))
}

/// `AcceptedChanges` of a table with or without a key.
fn accepted(primary_key: &[usize]) -> AcceptedChanges {
    if primary_key.is_empty() { AcceptedChanges::Append } else { AcceptedChanges::Upsert }
}
