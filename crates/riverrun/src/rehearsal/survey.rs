//! What a pipeline reads and writes, and why it may not be fit for a rehearsal.

use crate::results::RowConsumer;
use crate::run::{Control, Host, RunOptions, run_script};
use crate::script::Script;
use crate::session::Session;
use riverrun_connectors::connector::{AcceptedChanges, OnError};
use riverrun_connectors::dead_letter;
use riverrun_connectors::delivery::Guarantee;
use riverrun_connectors::registry;
use riverrun_connectors::scratch::Overrides;
use riverrun_core::metrics::OperatorTotals;
use riverrun_core::{Error, Result};
use riverrun_sql::bind::table::short_name;
use riverrun_sql::catalog::{CatalogTable, Object};
use riverrun_sql::parse::{Insert, StatementKind};
use riverrun_sql::plan::{NodeKind, Properties, StreamPlan};
use riverrun_sql::session::Rows;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table that a pipeline writes.
#[derive(Clone, Debug)]
pub struct WrittenTable {
    /// Its name in messages.
    pub name: String,
    /// As it is declared.
    pub table: Arc<CatalogTable>,
    /// Whether rows that are written again replace what they wrote before.
    pub by_key: bool,
    /// Whether broken records go to it.
    pub takes_dead_letters: bool,
}

impl WrittenTable {
    /// The name of its connector.
    pub fn connector(&self) -> &str {
        self.table.options.given("connector").map(|given| given.text.as_str()).unwrap_or_default()
    }

    /// The column that every run fills differently, if it has one: when a broken record was seen.
    pub fn clock_column(&self) -> Option<&'static str> {
        let has_it = self.takes_dead_letters && self.table.column(dead_letter::SEEN_AT).is_some();
        has_it.then_some(dead_letter::SEEN_AT)
    }

    /// Whether what it holds after a run can be read back.
    pub fn is_comparable(&self) -> bool {
        registry::connector(self.connector()).is_some_and(|connector| connector.has_scratch())
    }

    /// What it promises across a crash.
    pub fn guarantee(&self) -> Guarantee {
        let promises = registry::connector(self.connector())
            .is_some_and(|connector| connector.options().iter().any(|option| option.name == Guarantee::OPTION.name));
        if promises { Guarantee::of(&self.table.options) } else { Guarantee::ExactlyOnce }
    }
}

/// What a pipeline does.
#[derive(Debug)]
pub struct Survey {
    /// The session after the script has been planned.
    pub session: Session,
    /// The tables that its INSERTs write, each once.
    pub written: Vec<WrittenTable>,
    /// What makes the tables that it reads leave no trace of it, by their names.
    pub read: BTreeMap<String, Overrides>,
    /// How many of its statements are queries, whose rows nobody keeps.
    pub queries: usize,
}

#[derive(Default)]
struct Planned(Vec<StreamPlan>);

impl Host for Planned {
    fn text(&mut self, _rows: &Rows) -> Result<()> {
        Ok(())
    }

    fn explain(&mut self, _plan: &StreamPlan, _details: &[String]) -> Result<()> {
        Ok(())
    }

    fn planned(&mut self, plan: &StreamPlan) -> Result<()> {
        self.0.push(plan.clone());
        Ok(())
    }

    fn query(&mut self, _rows: &Properties) -> Result<Box<dyn RowConsumer>> {
        Err(Error::bug("a plan was to be made, not run"))
    }

    fn running(&mut self, _totals: &[OperatorTotals]) -> Control {
        Control::Continue
    }
}

/// Plans a script in a session, runs nothing, and refuses what can't be rehearsed.
pub fn survey(mut session: Session, script: &Script) -> Result<Survey> {
    for statement in script.statements()? {
        let inserts: Vec<&Insert> = match &statement.kind {
            StatementKind::Insert(insert) => vec![insert],
            StatementKind::StatementSet(inserts) => inserts.iter().collect(),
            _ => Vec::new(),
        };
        let hint = inserts.iter().flat_map(|insert| &insert.hints).find(|hint| hint.name == "OPTIONS");
        if let Some(hint) = hint {
            return Err(Error::input("an INSERT with OPTIONS of its own can't be led to a scratch place")
                .hint("put the options into CREATE TABLE")
                .at(hint.place));
        }
    }
    let mut host = Planned::default();
    let options = RunOptions { plan_only: true, ..RunOptions::default() };
    run_script(&mut session, script, &options, &mut host)?;
    let (queries, jobs): (Vec<_>, Vec<_>) = host.0.into_iter().partition(|plan| plan.result().is_some());
    if jobs.is_empty() {
        return Err(Error::input("the file has no INSERT, so there is no output to compare")
            .hint("write the rows of its queries to a table: INSERT INTO … SELECT …"));
    }
    for plan in jobs.iter().chain(&queries) {
        refuse_unbounded(plan)?;
    }
    let tables = tables(&session)?;
    let mut written: Vec<WrittenTable> = Vec::new();
    for sink in jobs.iter().flat_map(|plan| &plan.nodes).filter_map(|node| match &node.kind {
        NodeKind::Sink(sink) => Some(sink),
        _ => None,
    }) {
        if written.iter().any(|known| known.name == sink.table) {
            continue;
        }
        let table = tables.get(&sink.table).cloned();
        let table = table.ok_or_else(|| {
            Error::input(format!("table '{}' is written, and later dropped", sink.table))
                .hint("leave the DROP out, so that the table can be read back")
        })?;
        let by_key = sink.accepts == AcceptedChanges::Upsert && !sink.primary_key.is_empty();
        let full_name = table.path.parts().join(".");
        let takes_dead_letters = jobs.iter().flat_map(|plan| &plan.nodes).any(|node| match &node.kind {
            NodeKind::Source(source) => matches!(&source.spec.on_error, OnError::Table(named)
                if full_name == *named || full_name.ends_with(&format!(".{named}"))),
            _ => false,
        });
        written.push(WrittenTable { name: sink.table.clone(), table, by_key, takes_dead_letters });
    }
    let mut read = BTreeMap::new();
    for source in jobs.iter().chain(&queries).flat_map(|plan| &plan.nodes).filter_map(|node| match &node.kind {
        NodeKind::Source(source) => Some(source),
        _ => None,
    }) {
        read.insert(source.spec.table.clone(), source.connector.unnoticed());
        // A copy of a database has the rows that are read; a new folder or topic has not.
        if written.iter().any(|table| table.name == source.spec.table) && source.connector.name() != "jdbc" {
            return Err(Error::input(format!("table '{}' is both read and written", source.spec.table))
                .hint("a rehearsal leads what is written elsewhere: declare two tables, one for each"));
        }
    }
    read.retain(|_, overrides| !overrides.is_empty());
    Ok(Survey { session, written, read, queries: queries.len() })
}

/// All tables, by the names that plans have for them.
fn tables(session: &Session) -> Result<BTreeMap<String, Arc<CatalogTable>>> {
    let mut tables = BTreeMap::new();
    for catalog in session.catalog.catalog_names() {
        for database in session.catalog.database_names(catalog)? {
            for object in session.catalog.objects(catalog, database) {
                if let Object::Table(table) = object {
                    let parts = table.path.parts().map(str::to_owned);
                    tables.insert(short_name(&parts), Arc::clone(table));
                }
            }
        }
    }
    Ok(tables)
}

/// A rehearsal compares what is there at the end.
fn refuse_unbounded(plan: &StreamPlan) -> Result<()> {
    let unbounded = plan.nodes.iter().find_map(|node| match &node.kind {
        NodeKind::Source(source) if source.factory.as_ref().is_some_and(|factory| !factory.bounded()) => Some(source),
        _ => None,
    });
    let Some(source) = unbounded else { return Ok(()) };
    let hint = match source.connector.name() {
        "kafka" | "upsert-kafka" => "let it end where the topic ends now: 'scan.bounded.mode' = 'latest-offset'",
        "datagen" => "say how many rows it gives: 'number-of-rows' = '100000'",
        "filesystem" => "leave 'scan.tail' and 'source.monitor-interval' out",
        _ => "a table that ends is needed in its place",
    };
    Err(Error::input(format!("the pipeline never ends: table '{}' is unbounded", source.spec.table))
        .detail("a rehearsal compares what two runs have written when they are over")
        .hint(hint))
}
