//! Lookup joins: temporal joins by processing time with a table that is asked by key.

use super::calc::{Chain, chain};
use super::join::pair_condition;
use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::planner::Planner;
use super::table::{connector_of, open_source};
use super::temporal::Temporal;
use crate::bind::lookup_hint::LookupHint;
use crate::bind::relation::{Relation, RelationKind};
use crate::bind::scope::column;
use crate::bind::table::{BoundTable, ColumnSource};
use crate::expr::Expr;
use arrow::array::RecordBatch;
use riverrun_connectors::connector::{LookupSpec, LookupTable, LookupWay};
use riverrun_connectors::lookup::{ReloadTimes, read_all, reload_times};
use riverrun_connectors::{Connector, OnError, SourceSpec};
use riverrun_core::options::parse_duration;
use riverrun_core::{Clock, Error, Field, Options, Result};
use riverrun_operators::expression::Expression;
use riverrun_operators::join::{LEFT, RIGHT};
use riverrun_operators::lookup_join::waiting::Waits;
use riverrun_operators::lookup_join::whole::{LoadRows, Reload, WholeTable};
use riverrun_operators::lookup_join::{Lookup, LookupCache, LookupFactory, LookupJoinSpec, LookupSource};
use std::fmt;
use std::sync::Arc;

/// A connector's table.
struct Table {
    connector: &'static dyn Connector,
    spec: LookupSpec,
}

impl fmt::Debug for Table {
    /// Everything by which two lookups differ.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.connector.name()).field(&self.spec).finish()
    }
}

struct Asked(Box<dyn LookupTable>);

impl LookupFactory for Table {
    fn open(&self) -> Result<Box<dyn Lookup>> {
        Ok(Box::new(Asked(self.connector.lookup(&self.spec)?)))
    }
}

impl Lookup for Asked {
    fn get(&mut self, keys: RecordBatch) -> Result<RecordBatch> {
        Ok(self.0.get(keys)?.columns)
    }

    fn ask(&mut self, keys: RecordBatch) -> Result<()> {
        self.0.ask(keys)
    }

    fn poll(&mut self) -> Result<Option<RecordBatch>> {
        Ok(self.0.poll()?.map(|answer| answer.columns))
    }
}

/// A table that is read as from a bounded source.
struct Whole {
    connector: &'static dyn Connector,
    spec: SourceSpec,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Whole {
    /// Everything by which two tables differ.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.connector.name()).field(&self.spec).finish()
    }
}

impl LoadRows for Whole {
    fn load(&self) -> Result<Vec<RecordBatch>> {
        // Made anew each time: it looks at what is there when it is made.
        let factory = self.connector.source(self.spec.clone())?;
        read_all(factory.as_ref(), self.clock.clone())
    }
}

/// The table that a relation shows, if it can be asked by key.
pub(super) fn looked_up(relation: &Relation) -> Option<&BoundTable> {
    match &relation.kind {
        RelationKind::Scan(table) => {
            let connector = connector_of(&table.short_name(), &table.options).ok()?;
            (connector.lookups(&table.options) != LookupWay::None).then_some(table)
        }
        RelationKind::Project { input, .. } | RelationKind::Filter { input, .. } | RelationKind::Fence(input) => {
            looked_up(input)
        }
        RelationKind::View { input, .. } => looked_up(input),
        _ => None,
    }
}

/// The projections and filters of views as those of the query itself.
fn without_views(relation: Relation) -> Relation {
    let Relation { schema, kind } = relation;
    let kind = match kind {
        RelationKind::View { input, .. } | RelationKind::Fence(input) => {
            return Relation { schema, kind: without_views(*input).kind };
        }
        RelationKind::Project { input, exprs } => {
            RelationKind::Project { input: Box::new(without_views(*input)), exprs }
        }
        RelationKind::Filter { input, condition } => {
            RelationKind::Filter { input: Box::new(without_views(*input)), condition }
        }
        other => other,
    };
    Relation { schema, kind }
}

impl Planner<'_> {
    /// A join with what a table says when a row comes.
    pub(super) fn lookup_join(&mut self, join: Temporal) -> Result<NodeId> {
        let Temporal { left, right, kind, mut on, place, hint, schema, .. } = join;
        let mut inputs = [left.schema.clone(), right.schema.clone()];
        let width = inputs[LEFT].len();
        let name = looked_up(&right).map(BoundTable::short_name).unwrap_or_default();
        let Chain { base, exprs, filters } = chain(without_views(right));
        let RelationKind::Scan(table) = &base.kind else {
            return Err(Error::unsupported(format!("a lookup join with expressions over '{name}'"))
                .hint("compute them in the query that joins")
                .at(place));
        };
        let physical = |index: usize| match table.sources.get(index) {
            Some(ColumnSource::Physical(physical)) => Ok(*physical),
            _ => Err(Error::unsupported(format!("a lookup join that reads a computed column of '{name}'"))
                .hint("compute it in the query that joins")
                .at(place)),
        };
        let mut columns = Vec::new();
        let mut places = Vec::new();
        for expr in &exprs {
            let Expr::Column { index, .. } = expr else {
                return Err(Error::unsupported(format!("a lookup join with expressions over '{name}'"))
                    .hint("compute them in the query that joins")
                    .at(place));
            };
            columns.push(physical(*index)?);
            places.push(*index);
        }
        // Conditions on the table alone are tested on what was found; the columns that only they need come last.
        let mut found = schema.clone();
        for filter in filters {
            for index in filter.columns() {
                if !places.contains(&index) {
                    columns.push(physical(index)?);
                    places.push(index);
                    let field = &table.schema.fields[index];
                    inputs[RIGHT].fields.push(field.clone());
                    found.fields.push(Field::new(field.name.clone(), field.data_type.with_nullable(true)));
                }
            }
            let position = |index: usize| places.iter().position(|place| *place == index);
            on.push(filter.move_columns(&|index| width + position(index).unwrap_or_default()));
        }
        let split = self.split(on, width);
        let (left_keys, right_keys) = split.sides();
        if right_keys.is_empty() || split.null_safe().contains(&true) {
            return Err(Error::input(format!("a lookup join needs an equality with a column of '{name}'"))
                .hint("rows are looked up by key: ON o.customer_id = c.id")
                .at(place));
        }
        let mut key = Vec::new();
        for expr in &right_keys {
            let Expr::Column { index, .. } = expr else {
                return Err(Error::unsupported(format!("a lookup join by an expression over '{name}'"))
                    .hint("cast the other side to the column's type")
                    .at(place));
            };
            key.push(columns[*index]);
        }
        let key_names = key.iter().map(|&column| table.physical.fields[column].name.clone()).collect();
        let keys = [self.lower_all(&left_keys, &inputs[LEFT])?, self.lower_all(&right_keys, &inputs[RIGHT])?];
        let source = self.lookup_source(table, &columns, key, &keys[RIGHT])?;
        let node = self.relation(left)?;
        let below = self.builder.properties(node).clone();
        let waits = hint.and_then(|hint| self.waits(&hint, below.changelog));
        let spec = LookupJoinSpec {
            kind,
            keys,
            key_names,
            table: source,
            waits,
            shuffled: hint.is_some_and(|hint| hint.shuffle),
            condition: pair_condition(split.rest, &inputs)?,
            inputs,
            schema: found.clone(),
            batch_size: self.config.batch_size(),
        };
        let properties = Properties { changelog: below.changelog, ..Properties::append(found, below.bounded) };
        let node = self.builder.add(NodeKind::LookupJoin(Box::new(spec)), vec![node.into()], properties);
        let shown: Vec<Expr> =
            schema.fields.iter().enumerate().map(|(index, field)| column(index, &field.data_type)).collect();
        self.calc(node, Vec::new(), &shown, schema)
    }

    /// Where the rows of the table come from.
    fn lookup_source(
        &self,
        table: &BoundTable,
        columns: &[usize],
        key: Vec<usize>,
        keys: &[Expression],
    ) -> Result<LookupSource> {
        let name = table.short_name();
        let connector = connector_of(&name, &table.options)?;
        if connector.lookups(&table.options) == LookupWay::ByKey {
            let lookup = LookupSpec {
                table: table.name.join("."),
                schema: table.physical.clone(),
                options: table.options.clone(),
                key,
                columns: columns.to_vec(),
            };
            let cache = cache_of(&table.options);
            return Ok(LookupSource::Asked { table: Arc::new(Table { connector, spec: lookup }), cache });
        }
        let spec = SourceSpec { projection: columns.to_vec(), metadata: Vec::new(), ..self.source_spec(table) };
        if let (OnError::Table(_), Some(given)) = (&spec.on_error, table.options.given("on-error")) {
            return Err(Error::input(format!("'on-error' of '{name}', which is looked up, names a table"))
                .hint(
                    "broken records of a table that is held whole can be skipped, or fail the job: 'on-error' = 'skip'",
                )
                .at(given.value_place));
        }
        // What is wrong with the options is said before the job starts.
        if !open_source(connector, spec.clone())?.bounded() {
            return Err(Error::bug(format!("'{name}' has no end and can't be held whole")));
        }
        let now = self.context.clock.now();
        let reload = match reload_times(&table.options, self.config.time_zone(), now)? {
            ReloadTimes::Never => None,
            ReloadTimes::Periodic { interval, fixed_rate } => Some(Reload::Periodic { interval, fixed_rate }),
            ReloadTimes::Timed { at, days } => Some(Reload::Timed { at, days }),
        };
        let loader = Arc::new(Whole { connector, spec, clock: self.context.clock.clone() });
        Ok(LookupSource::Whole(Arc::new(WholeTable::new(name, loader, reload, keys.to_vec()))))
    }

    /// How rows wait for answers. Changes of a row don't overtake one another.
    fn waits(&self, hint: &LookupHint, changelog: ChangelogKind) -> Option<Waits> {
        let unordered = hint.unordered.unwrap_or_else(|| self.config.lookup_unordered());
        (hint.asynchronous || hint.retry.is_some()).then(|| Waits {
            unordered: hint.asynchronous && unordered && changelog == ChangelogKind::Append,
            capacity: if hint.asynchronous {
                hint.capacity.unwrap_or_else(|| self.config.lookup_capacity())
            } else {
                1
            },
            timeout: hint.timeout.unwrap_or_else(|| self.config.lookup_timeout()),
            retry: hint.retry,
        })
    }
}

/// `lookup.cache` and its settings, which have been validated; also the names that they had before Flink 1.16.
fn cache_of(options: &Options) -> Option<LookupCache> {
    let text = |key: &str| options.given(key).map(|value| value.text.trim());
    let duration = |key: &str| text(key).and_then(parse_duration);
    let rows = |key: &str| text(key).and_then(|rows| rows.parse().ok());
    let is_false = |key: &str| text(key).is_some_and(|kept| kept.eq_ignore_ascii_case("false"));
    if text("lookup.cache").is_some_and(|cache| cache.eq_ignore_ascii_case("PARTIAL")) {
        return Some(LookupCache {
            max_rows: rows("lookup.partial-cache.max-rows"),
            expire_after_write: duration("lookup.partial-cache.expire-after-write"),
            expire_after_access: duration("lookup.partial-cache.expire-after-access"),
            missing_keys: !is_false("lookup.partial-cache.cache-missing-key"),
        });
    }
    // Under their old names the two make a cache together.
    let max_rows = rows("lookup.cache.max-rows").filter(|rows| *rows > 0)?;
    let lifetime = duration("lookup.cache.ttl").filter(|lifetime| lifetime.0 > 0)?;
    Some(LookupCache {
        max_rows: Some(max_rows),
        expire_after_write: Some(lifetime),
        expire_after_access: None,
        missing_keys: !is_false("lookup.cache.caching-missing-key"),
    })
}

#[cfg(test)]
mod tests;
