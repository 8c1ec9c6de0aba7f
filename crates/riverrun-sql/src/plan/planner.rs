//! From bound relations to the nodes of a stream plan.
//!
//! Projections and filters that follow one another become one Calc. What an operator needs of its input is said in
//! the operator's spec; properties (changelog, keys, time column) are computed here, once.

use super::calc::{Chain, chain};
use super::join::Join;
use super::node::{ChangelogKind, NodeId, NodeKind, Properties, SourceNode, StreamPlan, WatermarkNode};
use super::over::Over;
use super::rewrite::rewrite;
use super::table::{ReadMetadata, connector_of, definition, on_error, read_metadata};
use super::temporal::Temporal;
use super::values::constant_rows;
use super::{PlanBuilder, current_watermark, sink};
use crate::bind::relation::{Relation, RelationKind};
use crate::bind::scope::column;
use crate::bind::table::{BoundTable, ColumnSource};
use crate::bind::{CatalogTables, QueryBinder, bind_table};
use crate::catalog::{Catalog, CatalogTable};
use crate::expr::Expr;
use crate::functions::FunctionContext;
use crate::parse;
use crate::physical::lower_over;
use crate::session::SessionConfig;
use chrono_tz::Tz;
use riverrun_connectors::{OnError, ProducedChanges, SourceSpec};
use riverrun_core::options::parse_duration;
use riverrun_core::{Clock, DataType, Error, Millis, Result, RowBatch, Schema, TypeKind};
use riverrun_operators::calc::CalcSpec;
use riverrun_operators::each_change::Changes;
use riverrun_operators::expression::Expression;
use riverrun_operators::normalize::NormalizeSpec;
use riverrun_operators::union::UnionSpec;
use riverrun_operators::unnest::UnnestSpec;
use riverrun_operators::values::ValuesSpec;
use riverrun_runtime::{Alignment, MaxAhead};
use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

/// Plans the statements of a session.
pub struct Planner<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) config: &'a SessionConfig,
    pub(super) context: FunctionContext,
    pub(super) builder: PlanBuilder,
    /// Which changes are read of what is being planned.
    pub(super) changes: Changes,
    /// Sources whose broken records have their way already.
    pub(super) rejecting: HashSet<NodeId>,
}

impl<'a> Planner<'a> {
    /// A planner over this catalog.
    pub fn new(catalog: &'a Catalog, config: &'a SessionConfig, clock: Arc<dyn Clock>) -> Self {
        let context = FunctionContext {
            catalog: Arc::from(catalog.current_catalog()),
            database: Arc::from(catalog.current_database()),
            functions: catalog.functions().clone(),
            column_expansion: config.column_expansion(),
            ..FunctionContext::new(config.time_zone(), clock)
        };
        Planner {
            catalog,
            config,
            context,
            builder: PlanBuilder::default(),
            changes: Changes::OfTicks,
            rejecting: HashSet::new(),
        }
    }

    /// The node of a relation whose changes are read so.
    pub(super) fn with_changes(&mut self, wanted: Changes, relation: Relation) -> Result<NodeId> {
        let outer = std::mem::replace(&mut self.changes, wanted);
        let node = self.relation(relation);
        self.changes = outer;
        node
    }

    /// The columns of a table or view.
    pub fn schema_of(&self, object: &crate::catalog::Object) -> Result<Schema> {
        CatalogTables::new(self.catalog, &self.context).schema(object)
    }

    /// The columns of a query, without planning it.
    pub fn schema_of_query(&self, query: &parse::Query) -> Result<Schema> {
        Ok(self.bind(query)?.shown_schema())
    }

    /// Plans a query whose rows go to whoever asked.
    pub fn plan_query(mut self, query: &parse::Query) -> Result<StreamPlan> {
        let relation = self.bind(query)?;
        let schema = relation.shown_schema();
        let node = self.relation(rewrite(relation, self.keeps_late_rows(), &self.context)?)?;
        let properties = Properties { schema, ..self.builder.properties(node).clone() };
        self.builder.add(NodeKind::Result, vec![node.into()], properties);
        self.finish()
    }

    /// Refuses a table whose connector or options are such that it can be neither read nor written, whatever uses it. One without
    /// a connector is good for LIKE.
    pub fn check_table(&self, table: &CatalogTable) -> Result<()> {
        if table.options.given("connector").is_none() {
            return Ok(());
        }
        let bound = bind_table(table, table.options.clone(), &self.context)?;
        let connector = connector_of(&bound.short_name(), &bound.options)?;
        let checked = connector.check(self.source_spec(&bound), sink::sink_spec(self, &bound));
        checked.map_err(|error| error.at(definition(&bound.options)))
    }

    /// Plans INSERTs that run as one job.
    pub fn plan_inserts(mut self, inserts: &[parse::Insert]) -> Result<StreamPlan> {
        for (statement, insert) in inserts.iter().enumerate() {
            sink::plan_insert(&mut self, insert, statement)?;
        }
        self.finish()
    }

    fn finish(mut self) -> Result<StreamPlan> {
        sink::plan_rejected(&mut self)?;
        self.plan_late_rows()?;
        let plan = self.builder.finish(self.config.max_parallelism())?;
        super::check::check_bounded(&plan)?;
        Ok(plan)
    }

    pub(super) fn bind(&self, query: &parse::Query) -> Result<Relation> {
        let tables = CatalogTables::new(self.catalog, &self.context);
        QueryBinder::new(&tables, &self.context, &query.hints).query(&query.ast)
    }

    /// The node that computes a relation, with the relation's columns.
    pub(super) fn relation(&mut self, relation: Relation) -> Result<NodeId> {
        let schema = relation.schema.clone();
        let Chain { base, exprs, filters } = chain(relation);
        if let RelationKind::Rank { .. } = base.kind {
            return self.ranked(base, filters, exprs, schema);
        }
        let RelationKind::Aggregate { input, keys, sets, calls, window, ttl } = base.kind else {
            let input = self.base(base)?;
            return self.calc(input, filters, &exprs, schema);
        };
        // The operator has its columns in an order of its own.
        let (node, columns) = match window {
            Some(window) => self.aggregate(*input, keys, sets, calls, window, base.schema)?,
            None => {
                let fields = base.schema.fields.iter().enumerate();
                let columns = fields.map(|(index, field)| column(index, &field.data_type)).collect();
                (self.group_aggregate(*input, keys, sets, calls, ttl, base.schema)?, columns)
            }
        };
        let over = |expr: &Expr| expr.replace_columns(&mut |index, _| columns[index].clone());
        let filters = filters.iter().map(over).collect();
        let exprs: Vec<_> = exprs.iter().map(over).collect();
        self.calc(node, filters, &exprs, schema)
    }

    /// A filter and a projection over a node; nothing where they change nothing.
    pub(super) fn calc(&mut self, input: NodeId, filters: Vec<Expr>, exprs: &[Expr], schema: Schema) -> Result<NodeId> {
        if let Some(data_type) = current_watermark::wanted(exprs.iter().chain(&filters)) {
            let index = self.builder.properties(input).schema.len();
            let input = self.with_watermark(input, &data_type);
            let read = |expr: &Expr| current_watermark::read(expr, &data_type, index);
            let exprs: Vec<Expr> = exprs.iter().map(read).collect();
            return self.calc(input, filters.iter().map(read).collect(), &exprs, schema);
        }
        let below = self.builder.properties(input).clone();
        let same = filters.is_empty()
            && below.schema == schema
            && exprs.iter().enumerate().all(|(at, expr)| matches!(expr, Expr::Column { index, .. } if *index == at));
        if same {
            return Ok(input);
        }
        let filter = match filters.is_empty() {
            true => None,
            false => Some(lower_over(&crate::bind::conditional::and(filters), &below.schema)?),
        };
        let projections = self.lower_all(exprs, &below.schema)?;
        let moved =
            |old: usize| exprs.iter().position(|expr| matches!(expr, Expr::Column { index, .. } if *index == old));
        let properties = Properties {
            changelog: below.changelog,
            keys: below.keys.and_then(|keys| keys.into_iter().map(moved).collect()),
            ..Properties::append(schema.clone(), below.bounded)
        };
        Ok(self.builder.add(NodeKind::Calc(CalcSpec { filter, projections, schema }), vec![input.into()], properties))
    }

    pub(super) fn lower_all(&self, exprs: &[Expr], input: &Schema) -> Result<Vec<Expression>> {
        exprs.iter().map(|expr| lower_over(expr, input)).collect()
    }

    fn base(&mut self, base: Relation) -> Result<NodeId> {
        let Relation { kind, schema } = base;
        match kind {
            RelationKind::Scan(table) => self.source(&table),
            RelationKind::Values(rows) => self.values(&rows, schema),
            RelationKind::Fence(input) => self.relation(*input),
            RelationKind::View { name, input } => {
                self.builder.enter_view(name);
                let node = self.relation(*input);
                self.builder.leave_view();
                node
            }
            RelationKind::UnionAll(inputs) => {
                let inputs = inputs.into_iter().map(|input| self.relation(input)).collect::<Result<Vec<_>>>()?;
                let below: Vec<_> = inputs.iter().map(|input| self.builder.properties(*input).clone()).collect();
                let append = below.iter().all(|below| below.changelog == ChangelogKind::Append);
                let mut properties = Properties::append(schema.clone(), below.iter().all(|below| below.bounded));
                if !append {
                    properties.changelog = ChangelogKind::Retract;
                }
                let inputs = inputs.into_iter().map(Into::into).collect();
                Ok(self.builder.add(NodeKind::Union(UnionSpec { schema }), inputs, properties))
            }
            RelationKind::Window { input, window, time, partition, .. } => {
                self.window_assign(*input, window, time, &partition, schema)
            }
            RelationKind::Sort { input, order, offset, limit } => self.sort(*input, &order, (offset, limit), schema),
            RelationKind::SetOperation { left, right, operation } => {
                self.set_operation(*left, *right, operation, schema)
            }
            RelationKind::Temporal { left, right, kind, as_of, on, place, hint } => {
                self.temporal_join(Temporal { left: *left, right: *right, kind, as_of, on, place, hint, schema })
            }
            RelationKind::SingleRow { input, keys } => self.single_row(*input, &keys),
            RelationKind::Join { left, right, kind, on, class, origin } => {
                self.join(Join { left: *left, right: *right, kind, on, class, origin, schema })
            }
            RelationKind::Over { input, partition, order, frame, calls, place } => {
                self.over(*input, Over { partition, order, frame, calls, place }, schema)
            }
            RelationKind::Unnest { input, collection, outer, ordinality, on } => {
                let below = input.schema.clone();
                let node = self.relation(*input)?;
                let spec = UnnestSpec {
                    multiset: matches!(collection.data_type().kind, TypeKind::Multiset(_)),
                    collection: lower_over(&collection, &below)?,
                    outer,
                    ordinality,
                    on: on.map(|on| lower_over(&on, &schema)).transpose()?,
                    schema: schema.clone(),
                    batch_size: self.config.batch_size(),
                };
                let below = self.builder.properties(node);
                let properties = Properties { changelog: below.changelog, ..Properties::append(schema, below.bounded) };
                Ok(self.builder.add(NodeKind::Unnest(spec), vec![node.into()], properties))
            }
            RelationKind::ChangeCodes { input, codes } => self.change_codes(*input, codes, schema),
            RelationKind::Match(matched) => self.match_recognize(*matched, schema),
            RelationKind::Project { .. }
            | RelationKind::Filter { .. }
            | RelationKind::Rank { .. }
            | RelationKind::Aggregate { .. } => Err(Error::bug("what the chain above takes apart came as its base")),
        }
    }

    /// Refuses an input that can take rows back.
    pub(super) fn append_only(&self, node: NodeId, what: &str) -> Result<()> {
        match self.builder.properties(node).changelog {
            ChangelogKind::Append => Ok(()),
            _ => Err(Error::unsupported(format!("{what} over rows that are updated or deleted"))),
        }
    }

    fn values(&mut self, rows: &[Vec<Expr>], schema: Schema) -> Result<NodeId> {
        let batch = RowBatch::append(constant_rows(rows, &schema)?);
        let size = self.config.batch_size();
        let batches =
            (0..batch.num_rows()).step_by(size).map(|at| batch.slice(at, size.min(batch.num_rows() - at))).collect();
        let properties = Properties::append(schema, true);
        Ok(self.builder.add(NodeKind::Values(ValuesSpec { batches }), Vec::new(), properties))
    }

    fn source(&mut self, table: &BoundTable) -> Result<NodeId> {
        let name = table.short_name();
        let connector = connector_of(&name, &table.options)?;
        let metadata = read_metadata(connector, table, &self.context)?;
        let layout = layout_schema(table, &metadata);
        let physical = table.physical.len();
        // The connector gives metadata with its own types.
        let given = |index: usize, data_type: &DataType| match index.checked_sub(physical) {
            Some(position) => metadata.values[position].clone(),
            None => Expr::Column { index, data_type: data_type.clone() },
        };
        let columns = table
            .sources
            .iter()
            .zip(&table.schema.fields)
            .map(|(source, field)| {
                let expr = match source {
                    ColumnSource::Physical(index) => Expr::Column { index: *index, data_type: field.data_type.clone() },
                    ColumnSource::Metadata { index, .. } => {
                        metadata.values[*index].clone().with_type(field.data_type.clone())
                    }
                    ColumnSource::Computed(expr) => expr.replace_columns(&mut |index, kind| given(index, kind)),
                };
                lower_over(&expr, &layout)
            })
            .collect::<Result<_>>()?;
        let watermark = table
            .watermark
            .as_ref()
            .map(|watermark| -> Result<WatermarkNode> {
                let data_type = table.schema.fields[watermark.column].data_type.clone();
                // A time without a zone is what the session's clock shows.
                let zone = match data_type.kind {
                    TypeKind::TimestampLtz { .. } => Tz::UTC,
                    _ => self.config.time_zone(),
                };
                let column = Expr::Column { index: watermark.column, data_type };
                Ok(WatermarkNode {
                    time: lower_over(&column, &table.schema)?,
                    watermark: lower_over(&watermark.expr, &table.schema)?,
                    interval: self.config.auto_watermark_interval(),
                    idle_timeout: duration(table, "scan.watermark.idle-timeout")
                        .or_else(|| self.config.source_idle_timeout()),
                    max_ahead: duration(table, "scan.watermark.max-ahead").map(|by| MaxAhead { by, zone }),
                    alignment: alignment(table),
                })
            })
            .transpose()?;
        let spec = SourceSpec { metadata: metadata.columns, ..self.source_spec(table) };
        let rejects = matches!(spec.on_error, OnError::Table(_));
        // Whether an order can wait for the end is known only here; the plan's own factories are made when it is finished.
        let bounded = connector.source(spec.clone()).is_ok_and(|factory| factory.bounded());
        let source = SourceNode { connector, spec, columns, watermark, factory: None };
        let changes = connector.changes(&table.options);
        let mut properties = Properties::append(table.schema.clone(), bounded);
        properties.changelog = match changes {
            ProducedChanges::Append => ChangelogKind::Append,
            ProducedChanges::All => ChangelogKind::Retract,
            ProducedChanges::Upsert => ChangelogKind::Upsert,
        };
        if !table.primary_key.is_empty() {
            properties.keys = Some(table.primary_key.clone());
        }
        let node = self.builder.add(NodeKind::Source(Box::new(source)), Vec::new(), properties);
        if rejects {
            self.rejecting.insert(node);
        }
        self.normalized(node, table, changes)
    }

    /// A table that is read: all its physical columns.
    pub(super) fn source_spec(&self, table: &BoundTable) -> SourceSpec {
        SourceSpec {
            table: table.short_name(),
            schema: readable_schema(table),
            projection: (0..table.physical.len()).collect(),
            fields: BTreeMap::new(),
            metadata: table.metadata.clone(),
            options: table.options.clone(),
            partition_keys: table.partition_keys.clone(),
            primary_key: physical_key(table),
            on_error: on_error(&table.options),
            time_zone: self.config.time_zone(),
            batch_size: self.config.batch_size(),
        }
    }

    /// Upserts, and changes that may come twice, become changes that come once.
    fn normalized(&mut self, source: NodeId, table: &BoundTable, changes: ProducedChanges) -> Result<NodeId> {
        let wanted = match changes {
            ProducedChanges::Append => false,
            ProducedChanges::All => self.config.source_events_duplicate(),
            ProducedChanges::Upsert => true,
        };
        if !wanted {
            return Ok(source);
        }
        if table.primary_key.is_empty() {
            let why = match changes {
                ProducedChanges::Upsert => {
                    let connector = table.options.given("connector").map_or("", |option| &option.text);
                    format!("'{connector}' reads upserts: a record takes the place of the one before of its key")
                }
                _ => "'table.exec.source.cdc-events-duplicate' is true: changes that come twice are told by the key"
                    .to_owned(),
            };
            return Err(Error::input(format!("the table '{}' has no PRIMARY KEY", table.short_name()))
                .detail(why)
                .hint("add PRIMARY KEY (…) NOT ENFORCED to the table"));
        }
        let schema = table.schema.clone();
        let column = |&index: &usize| Expr::Column { index, data_type: schema.fields[index].data_type.clone() };
        let keys: Vec<Expr> = table.primary_key.iter().map(column).collect();
        let spec = NormalizeSpec { keys: self.lower_all(&keys, &schema)?, schema, ttl: self.config.state_ttl() };
        let below = self.builder.properties(source).clone();
        let properties = Properties { changelog: ChangelogKind::Retract, ..below };
        Ok(self.builder.add(NodeKind::Normalize(spec), vec![source.into()], properties))
    }
}

/// The PRIMARY KEY's columns among the physical ones.
pub(super) fn physical_key(table: &BoundTable) -> Vec<usize> {
    let physical = |&column: &usize| match table.sources.get(column) {
        Some(ColumnSource::Physical(index)) => Some(*index),
        _ => None,
    };
    table.primary_key.iter().filter_map(physical).collect()
}

/// The physical columns as the connector must give them: where broken records go by a policy, so does one whose event
/// time is NULL, which otherwise fails the job.
fn readable_schema(table: &BoundTable) -> Schema {
    let mut schema = table.physical.clone();
    let time = table.watermark.as_ref().and_then(|watermark| match table.sources.get(watermark.column)? {
        ColumnSource::Physical(index) | ColumnSource::Computed(Expr::Column { index, .. }) => Some(*index),
        _ => None,
    });
    // Behind the physical columns stand those of metadata.
    if let Some(field) = time.and_then(|index| schema.fields.get_mut(index))
        && on_error(&table.options) != OnError::Fail
    {
        field.data_type.nullable = false;
    }
    schema
}

/// What the connector gives: physical columns, then metadata.
fn layout_schema(table: &BoundTable, metadata: &ReadMetadata) -> Schema {
    let metadata =
        metadata.columns.iter().map(|(key, data_type)| riverrun_core::Field::new(key.clone(), data_type.clone()));
    Schema::new(table.physical.fields.iter().cloned().chain(metadata).collect())
}

/// A duration among the table's options, which have been validated.
/// The group of sources that a table's keeps step with; one without `max-drift` allows any, as in Flink.
fn alignment(table: &BoundTable) -> Option<Alignment> {
    let group = table.options.given("scan.watermark.alignment.group")?.text.trim().to_owned();
    let max_drift = duration(table, "scan.watermark.alignment.max-drift")?;
    (!group.is_empty()).then_some(Alignment { group, max_drift })
}

fn duration(table: &BoundTable, key: &str) -> Option<Millis> {
    table.options.given(key).and_then(|value| parse_duration(&value.text)).filter(|duration| duration.0 > 0)
}
