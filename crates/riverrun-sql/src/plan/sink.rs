//! INSERT: the query's columns onto those of the table, with the table's constraints; and the way of broken records.

use super::node::{ChangelogKind, Input, NodeId, NodeKind, Properties, SinkNode};
use super::planner::{Planner, physical_key};
use super::rewrite::rewrite;
use super::table::{connector_of, open_sink, written_metadata};
use crate::bind::scope::column;
use crate::bind::table::{BoundTable, ColumnSource};
use crate::bind::{CatalogTables, ExprBinder, Scope, literal};
use crate::expr::Expr;
use crate::parse::{Insert, Name, NamePart};
use crate::session::updates::UpsertMaterialize;
use riverrun_connectors::connector::{AcceptedChanges, has_one_writer};
use riverrun_connectors::{OnError, SinkSpec, dead_letter};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, Field, Place, Result, Schema, TypeKind};
use riverrun_operators::constraints::{ConstraintsSpec, LengthEnforcer, NotNullEnforcer};
use riverrun_operators::sink_materialize::SinkMaterializeSpec;
use std::collections::HashSet;

#[cfg(test)]
mod tests;

const CONFLICTS: &str = "ON CONFLICT DO DEDUPLICATE, or nothing: the last row of a PRIMARY KEY is kept; a query keeps the first with ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) = 1";

/// The columns of a table that can be written: physical ones, then metadata that is not VIRTUAL.
pub(super) fn writable(table: &BoundTable) -> Vec<usize> {
    let of = |wanted: fn(&ColumnSource) -> bool| {
        let sources = table.sources.iter().enumerate();
        sources.filter(move |(_, source)| wanted(source)).map(|(index, _)| index)
    };
    let physical = of(|source| matches!(source, ColumnSource::Physical(_)));
    physical.chain(of(|source| matches!(source, ColumnSource::Metadata { is_virtual: false, .. }))).collect()
}

/// Plans an INSERT. `statement` numbers those of one job.
pub(super) fn plan_insert(planner: &mut Planner<'_>, insert: &Insert, statement: usize) -> Result<()> {
    let hints: Vec<_> = insert.hints.iter().collect();
    let table = CatalogTables::new(planner.catalog, &planner.context).target(&insert.table, &hints)?;
    let relation = planner.bind(&insert.query)?;
    let query = relation.schema.clone();
    let columns = writable(&table);
    let mut constants: Vec<(usize, Expr)> = Vec::new();
    for (name, value) in &insert.partition {
        let scope = Scope::empty();
        let binder = ExprBinder::new(&scope, &planner.context);
        let bound = binder.bind(&value.ast).map_err(|e| e.at(value.place))?;
        if !table.partition_keys.contains(&name.value) {
            let keys = match table.partition_keys.as_slice() {
                [] => "the table has no PARTITIONED BY".to_owned(),
                keys => format!("the table is PARTITIONED BY ({})", keys.join(", ")),
            };
            return Err(Error::input(format!("column '{name}' of '{}' is no partition", insert.table))
                .detail(keys)
                .at(name.place));
        }
        let column = target_column(&table, name)?;
        let data_type = &table.schema.fields[column].data_type;
        let nullable = bound.data_type().nullable;
        // As in Flink the value becomes what the column is, however it is written: `p = '12'` for an INT.
        let value_of_column = binder.cast(bound, &data_type.with_nullable(nullable)).map_err(|e| e.at(value.place))?;
        constants.push((column, value_of_column));
    }
    let mut named = HashSet::new();
    let all = insert.columns.iter().chain(insert.partition.iter().map(|(name, _)| name));
    if let Some(twice) = all.into_iter().find(|name| !named.insert(name.value.as_str())) {
        return Err(Error::input(format!("column '{twice}' is named twice")).at(twice.place));
    }
    let targets: Vec<usize> = match insert.columns.is_empty() {
        false => insert.columns.iter().map(|name| target_column(&table, name)).collect::<Result<_>>()?,
        true if insert.by_name => {
            let name = |field: &Field| NamePart { value: field.name.clone(), place: insert.query.place };
            query.fields.iter().map(|field| target_column(&table, &name(field))).collect::<Result<_>>()?
        }
        true => {
            // By position: in the order of the table, without columns that PARTITION gives.
            let mut written: Vec<_> = columns.clone();
            written.sort_unstable();
            written.retain(|index| constants.iter().all(|(constant, _)| constant != index));
            written
        }
    };
    if targets.len() != query.len() {
        let names: Vec<_> = targets.iter().map(|&index| table.schema.fields[index].name.as_str()).collect();
        return Err(Error::input(format!(
            "the query has {} columns, but {} are written to '{}'",
            query.len(),
            targets.len(),
            insert.table
        ))
        .detail(format!("query: {query}; written: {}", names.join(", ")))
        .at(insert.query.place));
    }
    let scope = Scope::of(Vec::new(), query.clone());
    let binder = ExprBinder::new(&scope, &planner.context);
    let exprs = columns
        .iter()
        .map(|&index| {
            let field = &table.schema.fields[index];
            let value = match targets.iter().position(|target| *target == index) {
                Some(position) => column(position, &query.fields[position].data_type),
                None => match constants.iter().find(|(constant, _)| *constant == index) {
                    Some((_, value)) => value.clone(),
                    None if field.data_type.nullable => return literal::null(&field.data_type),
                    None => {
                        return Err(Error::input(format!(
                            "column '{}' of '{}' is NOT NULL, but gets no value",
                            field.name, insert.table
                        ))
                        .at(insert.table.place()));
                    }
                },
            };
            assigned(&binder, value, field, &insert.table.to_string(), insert.query.place)
        })
        .collect::<Result<Vec<_>>>()?;
    let input = planner.relation(rewrite(relation, planner.keeps_late_rows(), &planner.context)?)?;
    if let Some(conflict) = &insert.conflict {
        let is_key = |column: &usize| targets.get(*column).is_some_and(|target| table.primary_key.contains(target));
        let keys = planner.builder.properties(input).keys.as_ref();
        // A key of the query that is the table's has one row.
        let unique = keys.is_some_and(|keys| keys.iter().all(is_key));
        if !unique && planner.config.upsert_materialize() != UpsertMaterialize::None {
            return Err(Error::unsupported(format!("ON CONFLICT DO {conflict}")).hint(CONFLICTS).at(conflict.place));
        }
    }
    write(planner, &table, columns, Input::from(input), &exprs, insert.overwrite, statement, insert.table.place())
}

fn target_column(table: &BoundTable, name: &NamePart) -> Result<usize> {
    let names = || table.schema.fields.iter().map(|field| field.name.as_str());
    let index = table.schema.index_of(&name.value).ok_or_else(|| {
        Error::input(format!("table '{}' has no column '{name}'", table.short_name()))
            .hint_opt(did_you_mean(&name.value, names()))
            .at(name.place)
    })?;
    match &table.sources[index] {
        ColumnSource::Computed(_) | ColumnSource::Metadata { is_virtual: true, .. } => {
            Err(Error::input(format!("column '{name}' can't be written"))
                .detail("it is computed, or VIRTUAL metadata")
                .hint("leave it out of the columns behind INSERT INTO")
                .at(name.place))
        }
        _ => Ok(index),
    }
}

/// A value cast to the column it is written to, if that can be done without asking.
fn assigned(binder: &ExprBinder<'_>, value: Expr, field: &Field, table: &str, place: Place) -> Result<Expr> {
    let from = value.data_type().clone();
    if from.kind != TypeKind::Null && !casts_implicitly(&from, &field.data_type) {
        return Err(Error::input(format!(
            "column '{}' of '{table}' is {}, but the query gives {from}",
            field.name, field.data_type
        ))
        .hint(format!("CAST(… AS {})", field.data_type.kind))
        .at(place));
    }
    if from.kind == TypeKind::Null {
        return literal::null(&field.data_type);
    }
    if fits(&from.kind, &field.data_type.kind) {
        return Ok(value.with_type(field.data_type.with_nullable(from.nullable)));
    }
    binder.implicit_cast(value, &field.data_type.with_nullable(from.nullable))
}

/// Whether values of one type need no cast to another that differs in length alone. What a source gives may still be longer than its
/// type says: `table.exec.sink.type-length-enforcer` says what becomes of that.
fn fits(from: &TypeKind, to: &TypeKind) -> bool {
    use TypeKind::*;
    match (from, to) {
        (Char(from), Char(to)) | (Binary(from), Binary(to)) => from == to,
        (Char(from) | Varchar(from), Varchar(to)) | (Binary(from) | Varbinary(from), Varbinary(to)) => from <= to,
        _ => false,
    }
}

/// Whether Flink writes values of one type into a column of another without CAST (`LogicalTypeCasts`).
fn casts_implicitly(from: &DataType, to: &DataType) -> bool {
    use TypeKind::*;
    let rank = |kind: &TypeKind| match kind {
        TinyInt => Some(0),
        SmallInt => Some(1),
        Int => Some(2),
        BigInt => Some(3),
        _ => None,
    };
    match (&from.kind, &to.kind) {
        (Char(_), Char(_)) | (Binary(_), Binary(_)) => true,
        (from, Varchar(_)) => from.is_character(),
        (from, Varbinary(_)) => from.is_binary(),
        (from, Decimal { .. } | Double) => from.is_numeric(),
        (from, Float) => from.is_exact_numeric() || *from == Float,
        (Date | Timestamp { .. }, Date) => true,
        (Time(_) | Timestamp { .. }, Time(_)) => true,
        (from, Timestamp { .. } | TimestampLtz { .. }) => from.is_timestamp(),
        (Array(from), Array(to)) | (Multiset(from), Multiset(to)) => casts_implicitly(from, to),
        (Map(from_key, from_value), Map(to_key, to_value)) => {
            casts_implicitly(from_key, to_key) && casts_implicitly(from_value, to_value)
        }
        (Row(from), Row(to)) => {
            from.len() == to.len()
                && from.iter().zip(to).all(|(from, to)| casts_implicitly(&from.data_type, &to.data_type))
        }
        (from, to) => match (rank(from), rank(to)) {
            (Some(from), Some(to)) => from <= to,
            _ => from == to,
        },
    }
}

/// A table that is written: all its physical columns.
pub(super) fn sink_spec(planner: &Planner<'_>, table: &BoundTable) -> SinkSpec {
    SinkSpec {
        table: table.short_name(),
        schema: table.physical.clone(),
        metadata: Vec::new(),
        options: table.options.clone(),
        partition_keys: table.partition_keys.clone(),
        primary_key: physical_key(table),
        row_keys: None,
        overwrite: false,
        time_zone: planner.config.time_zone(),
    }
}

/// The end of an INSERT: a Calc, the constraints, and the writer.
#[allow(clippy::too_many_arguments, reason = "one caller each for INSERTs, broken records and late rows")]
pub(super) fn write(
    planner: &mut Planner<'_>,
    table: &BoundTable,
    columns: Vec<usize>,
    input: Input,
    exprs: &[Expr],
    overwrite: bool,
    statement: usize,
    place: Place,
) -> Result<()> {
    let name = table.short_name();
    let connector = connector_of(&name, &table.options)?;
    if table.distributed {
        let why = format!("table '{name}' is DISTRIBUTED, but the connector '{}' writes no buckets", connector.name());
        return Err(Error::input(why).hint(format!("ALTER TABLE {name} DROP DISTRIBUTION")).at(place));
    }
    if overwrite && !connector.overwrites() {
        let why = format!("table '{name}' can't be overwritten: the connector '{}' only adds rows", connector.name());
        return Err(Error::input(why).hint("write INSERT INTO; delete what is there first, if it has to go").at(place));
    }
    let schema = table.schema.project(&columns);
    let schema = Schema::new(
        schema.fields.into_iter().map(|f| Field::new(f.name, f.data_type.without_time_attribute())).collect(),
    );
    let metadata = written_metadata(connector, table, &columns, &planner.context)?;
    let primary_key: Vec<usize> =
        table.primary_key.iter().filter_map(|key| columns.iter().position(|column| column == key)).collect();
    let mut node = projected(planner, input, exprs, &schema)?;
    let below = planner.builder.properties(node).clone();
    // The columns of the rows that come are those of the table in its own order.
    let row_keys = below.keys.as_ref().filter(|_| columns.iter().copied().eq(0..table.physical.len())).cloned();
    let spec = SinkSpec {
        metadata: metadata.iter().map(|(_, key, data_type)| (key.clone(), data_type.clone())).collect(),
        primary_key: primary_key.clone(),
        row_keys,
        overwrite,
        ..sink_spec(planner, table)
    };
    let factory = open_sink(connector, spec).map_err(|error| error.at(place))?;
    factory.check_place().map_err(|error| error.at(place))?;
    let accepts = factory.accepts();
    if below.changelog != ChangelogKind::Append && accepts == AcceptedChanges::Append {
        return Err(Error::input(format!(
            "the table '{name}' takes only new rows, but the query updates or deletes some"
        ))
        .hint("write to a table of a connector that takes changes, or aggregate within windows")
        .at(place));
    }
    let length = match planner.config.type_length_enforcer().as_str() {
        "TRIM_PAD" => LengthEnforcer::TrimPad,
        "ERROR" => LengthEnforcer::Error,
        _ => LengthEnforcer::Ignore,
    };
    let not_null = if planner.config.drops_null_rows() { NotNullEnforcer::Drop } else { NotNullEnforcer::Error };
    let constraints = ConstraintsSpec { table: name.clone(), schema: schema.clone(), not_null, length };
    if constraints.is_needed() {
        let properties = Properties { schema: schema.clone(), ..below.clone() };
        node = planner.builder.add(NodeKind::Constraints(constraints), vec![node.into()], properties);
    }
    let mut properties = Properties { schema: schema.clone(), ..below };
    let routed =
        accepts == AcceptedChanges::Upsert && properties.changelog != ChangelogKind::Append && !primary_key.is_empty();
    if routed {
        node = materialized(planner, node, &primary_key, &properties)?;
        properties = planner.builder.properties(node).clone();
    }
    node = with_own_types(planner, node, &metadata)?;
    let single = has_one_writer(&table.options);
    let connector = table.options.given("connector").map(|given| given.text.clone()).unwrap_or_default();
    let sink = SinkNode { table: name, connector, factory, accepts, primary_key, routed, single, statement };
    planner.builder.add(NodeKind::Sink(sink), vec![node.into()], properties);
    Ok(())
}

/// Rows whose metadata has the types that the connector takes.
fn with_own_types(planner: &mut Planner<'_>, input: NodeId, metadata: &[(usize, String, DataType)]) -> Result<NodeId> {
    let mut schema = planner.builder.properties(input).schema.clone();
    let mut exprs: Vec<Expr> =
        schema.fields.iter().enumerate().map(|(index, field)| column(index, &field.data_type)).collect();
    let mut changed = false;
    for (position, _, own) in metadata {
        let own = own.with_nullable(schema.fields[*position].data_type.nullable);
        if own.kind == schema.fields[*position].data_type.kind {
            continue;
        }
        let scope = Scope::empty();
        exprs[*position] = ExprBinder::new(&scope, &planner.context).cast(exprs[*position].clone(), &own)?;
        schema.fields[*position].data_type = own;
        changed = true;
    }
    if changed { planner.calc(input, Vec::new(), &exprs, schema) } else { Ok(input) }
}

/// The changes of a sink's keys, where it takes upserts.
fn materialized(planner: &mut Planner<'_>, input: NodeId, primary_key: &[usize], below: &Properties) -> Result<NodeId> {
    // The rows of one key of the query come in order; where it is part of the sink's, so do those of the sink's key.
    let ordered = below.keys.as_ref().is_some_and(|keys| keys.iter().all(|key| primary_key.contains(key)));
    let keeps_rows = match planner.config.upsert_materialize() {
        UpsertMaterialize::Auto => !ordered,
        UpsertMaterialize::None => false,
        UpsertMaterialize::Force => true,
    };
    let fields = &below.schema.fields;
    let keys: Vec<Expr> = primary_key.iter().map(|&key| column(key, &fields[key].data_type)).collect();
    let spec = SinkMaterializeSpec {
        keys: planner.lower_all(&keys, &below.schema)?,
        keeps_rows,
        schema: below.schema.clone(),
        ttl: planner.config.state_ttl(),
        batch_size: planner.config.batch_size(),
    };
    let properties = Properties { changelog: ChangelogKind::Upsert, keys: Some(primary_key.to_vec()), ..below.clone() };
    Ok(planner.builder.add(NodeKind::SinkMaterialize(spec), vec![input.into()], properties))
}

/// A projection over rows, or over broken records or late rows.
fn projected(planner: &mut Planner<'_>, input: Input, exprs: &[Expr], schema: &Schema) -> Result<NodeId> {
    if !input.rejected {
        return planner.calc(input.node, Vec::new(), exprs, schema.clone());
    }
    let beside = super::late::late_rows(planner, planner.builder.node(input.node));
    let projections = planner.lower_all(exprs, &beside.unwrap_or_else(dead_letter::schema))?;
    let properties = Properties::append(schema.clone(), planner.builder.properties(input.node).bounded);
    let calc = riverrun_operators::calc::CalcSpec { filter: None, projections, schema: schema.clone() };
    Ok(planner.builder.add(NodeKind::Calc(calc), vec![input], properties))
}

/// Sends the broken records of every source with `'on-error' = 'table'` to that table, by the names of its columns.
pub(super) fn plan_rejected(planner: &mut Planner<'_>) -> Result<()> {
    let mut sources: Vec<NodeId> = planner.rejecting.iter().copied().collect();
    sources.sort_unstable();
    for source in sources {
        let NodeKind::Source(node) = &planner.builder.node(source).kind else { continue };
        let OnError::Table(table) = &node.spec.on_error else { continue };
        let place =
            node.spec.options.given("on-error").and_then(|value| value.value_place).unwrap_or(Place::new(1, 1, 1));
        let parts = table.split('.').map(|part| NamePart { value: part.to_owned(), place }).collect();
        let target = CatalogTables::new(planner.catalog, &planner.context)
            .target(&Name { parts }, &[])
            .map_err(|error| error.context("'on-error'"))?;
        let letters = dead_letter::schema();
        let columns = writable(&target);
        let exprs = columns
            .iter()
            .map(|&index| {
                let field = &target.schema.fields[index];
                let Some(position) = letters.index_of(&field.name) else {
                    return Err(Error::input(format!("the dead-letter table '{table}' has a column '{}'", field.name))
                        .detail(format!("a dead letter has: {letters}"))
                        .at(place));
                };
                let scope = Scope::of(Vec::new(), letters.clone());
                let value = column(position, &letters.fields[position].data_type);
                ExprBinder::new(&scope, &planner.context).cast(value, &field.data_type)
            })
            .collect::<Result<Vec<_>>>()?;
        let input = Input { node: source, rejected: true };
        write(planner, &target, columns, input, &exprs, false, usize::MAX - source.0, place)?;
    }
    Ok(())
}
