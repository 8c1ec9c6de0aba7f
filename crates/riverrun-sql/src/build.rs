//! From a stream plan to a dataflow: the same on every worker.

mod source;

use crate::physical::steps;
use crate::plan::{ChangelogKind, Input, Node, NodeId, NodeKind, SinkNode, StreamPlan};
use datafusion_physical_expr::expressions::Column;
use riverrun_connectors::connector::AcceptedChanges;
use riverrun_core::{Error, KeyGroup, Result, RowBatch, Schema};
use riverrun_operators::calc::{Calc, CalcSpec};
use riverrun_operators::changelog_codes::ChangelogCodes;
use riverrun_operators::constraints::Constraints;
use riverrun_operators::current_watermark::CurrentWatermark;
use riverrun_operators::each_change::EachChange;
use riverrun_operators::expand::Expand;
use riverrun_operators::expression::Expression;
use riverrun_operators::group_aggregate::local::LocalAggregate;
use riverrun_operators::group_aggregate::{GroupAggregate, Phases};
use riverrun_operators::interval_join::IntervalJoin;
use riverrun_operators::join::LEFT;
use riverrun_operators::key_router::{KeyRouter, KeyRouterSpec};
use riverrun_operators::limit::Limit;
use riverrun_operators::lookup_join::LookupJoin;
use riverrun_operators::match_recognize::MatchRecognize;
use riverrun_operators::normalize::Normalize;
use riverrun_operators::over::OverOrder;
use riverrun_operators::over::column::OverColumn;
use riverrun_operators::over::time::OverTime;
use riverrun_operators::rank::deduplicate::Deduplicate;
use riverrun_operators::rank::top_n::TopN;
use riverrun_operators::regular_join::RegularJoin;
use riverrun_operators::set_operation::SetOperator;
use riverrun_operators::single_row::SingleRow;
use riverrun_operators::sink_materialize::SinkMaterialize;
use riverrun_operators::sort::Sort;
use riverrun_operators::temporal_join::TemporalJoin;
use riverrun_operators::time_sort::TimeSort;
use riverrun_operators::union::Union;
use riverrun_operators::unnest::Unnest;
use riverrun_operators::values::Values;
use riverrun_operators::window;
use riverrun_operators::window::assign::WindowAssign;
use riverrun_operators::window::clocked::Clocked;
use riverrun_operators::window::deduplicate::WindowDeduplicate;
use riverrun_operators::window::top_n::WindowTopN;
use riverrun_operators::window_join::WindowJoin;
use riverrun_runtime::flow::{Flow, SourceStreams, StreamId};
use riverrun_runtime::{Route, Sink, SinkContext};
use std::sync::Arc;

/// Makes the sink that a query's rows go to.
pub type ResultSink = Arc<dyn Fn(SinkContext, &Schema) -> Result<Box<dyn Sink<RowBatch>>> + Send + Sync>;

/// Puts the plan together in `flow`. `results` takes the rows of a query; a job of INSERTs has none.
pub fn build(
    plan: &StreamPlan,
    key_groups: u16,
    results: Option<&ResultSink>,
    flow: &mut Flow<'_, RowBatch>,
) -> Result<()> {
    let mut streams: Vec<Option<SourceStreams>> = Vec::with_capacity(plan.nodes.len());
    let only_consumers = only_consumers(plan);
    for (node, consumer) in plan.nodes.iter().zip(only_consumers) {
        let streams_of = match (&node.kind, consumer.map(|consumer| &plan.node(consumer).kind)) {
            // Part of the operator of the node above it.
            (NodeKind::Calc(_), Some(NodeKind::Calc(_))) => None,
            (NodeKind::Calc(spec), _) => Some(build_calc(plan, node, spec, &streams, flow)?),
            _ => build_node(node, key_groups, results, &streams, flow)?,
        };
        streams.push(streams_of);
    }
    Ok(())
}

/// By node the one that reads it, where only one does.
fn only_consumers(plan: &StreamPlan) -> Vec<Option<NodeId>> {
    let mut consumers = vec![Vec::new(); plan.nodes.len()];
    for (at, node) in plan.nodes.iter().enumerate() {
        node.inputs.iter().for_each(|input| consumers[input.node.0].push(NodeId(at)));
    }
    consumers.into_iter().map(|consumers| <[NodeId; 1]>::try_from(consumers).ok().map(|[only]| only)).collect()
}

/// A filter and projection, with those below it that nothing else reads.
fn build_calc<'a>(
    plan: &'a StreamPlan,
    node: &'a Node,
    spec: &'a CalcSpec,
    streams: &[Option<SourceStreams>],
    flow: &mut Flow<'_, RowBatch>,
) -> Result<SourceStreams> {
    let (mut lowest, mut calcs) = (node, vec![spec]);
    let input = loop {
        let input = lowest.inputs.first().ok_or_else(|| Error::bug(format!("{} has no input", lowest.id)))?;
        match &plan.node(input.node).kind {
            NodeKind::Calc(below) if streams[input.node.0].is_none() => {
                lowest = plan.node(input.node);
                calcs.push(below);
            }
            _ => break stream_of(input, streams)?,
        }
    };
    calcs.reverse();
    let steps = steps(&calcs)?;
    let route = vec![(input, Route::Local)];
    let rows = flow.operator(&node.id, node.kind.name(), route, |_| Ok(Box::new(Calc::new(steps))))?;
    Ok(SourceStreams { rows, rejected: flow.late(rows) })
}

fn build_node(
    node: &Node,
    key_groups: u16,
    results: Option<&ResultSink>,
    streams: &[Option<SourceStreams>],
    flow: &mut Flow<'_, RowBatch>,
) -> Result<Option<SourceStreams>> {
    let (id, name) = (node.id.as_str(), node.kind.name());
    // Without keys all rows go to the worker that owns the empty key's group: there its state is after a restore too.
    let keyed = |keys: &[Expression]| {
        Route::By(Box::new(KeyRouter::new(KeyRouterSpec { keys: keys.to_vec(), key_groups })) as Box<_>)
    };
    let inputs: Vec<StreamId> = node.inputs.iter().map(|input| stream_of(input, streams)).collect::<Result<_>>()?;
    let one = || inputs.first().copied().ok_or_else(|| Error::bug(format!("{id} has no input")));
    let stream = match &node.kind {
        NodeKind::Source(source) => return source::build_source(node, source, flow).map(Some),
        NodeKind::Values(spec) => {
            let spec = spec.clone();
            return flow.source(id, name, move |context| Ok(Box::new(Values::new(spec, context)?)), None).map(Some);
        }
        NodeKind::Calc(_) => return Err(Error::bug(format!("{id} is built with what is below it"))),
        NodeKind::Union(spec) => {
            let spec = spec.clone();
            let inputs = inputs.into_iter().map(|input| (input, Route::Local)).collect();
            flow.operator(id, name, inputs, |c| Ok(Box::new(Union::new(spec, c)?)))?
        }
        NodeKind::WindowAssign(spec) => {
            let route =
                if spec.keys.is_empty() && !is_session(&spec.windowing) { Route::Local } else { keyed(&spec.keys) };
            let spec = spec.clone();
            flow.operator(id, name, vec![(one()?, route)], |c| {
                let (windowing, clock) = (spec.windowing.clone(), c.clock.clone());
                Clocked::wrap(&windowing, clock, Box::new(WindowAssign::new(spec, c)?))
            })?
        }
        NodeKind::WindowAggregate(spec) => {
            let (spec, route) = (spec.clone(), keyed(&spec.keys));
            flow.operator(id, name, vec![(one()?, route)], |c| window::aggregate(spec, c))?
        }
        NodeKind::WindowTopN(spec) => {
            let (spec, route) = (spec.clone(), keyed(&spec.keys));
            flow.operator(id, name, vec![(one()?, route)], |c| {
                let (windowing, clock) = (spec.windowing.clone(), c.clock.clone());
                Clocked::wrap(&windowing, clock, Box::new(WindowTopN::new(spec, c)?))
            })?
        }
        NodeKind::WindowDeduplicate(spec) => {
            let (spec, route) = (spec.clone(), keyed(&spec.keys));
            flow.operator(id, name, vec![(one()?, route)], |c| {
                let (windowing, clock) = (spec.windowing.clone(), c.clock.clone());
                Clocked::wrap(&windowing, clock, Box::new(WindowDeduplicate::new(spec, c)?))
            })?
        }
        NodeKind::TopN(spec) => {
            let (spec, route) = (spec.clone(), keyed(&spec.keys));
            let (keys, each) = (vec![spec.keys.clone()], spec.changes);
            flow.operator(id, name, vec![(one()?, route)], |c| Ok(EachChange::boxed(TopN::new(spec, c)?, keys, each)))?
        }
        NodeKind::Deduplicate(spec) => {
            let (spec, route) = (spec.clone(), keyed(&spec.keys));
            let (keys, each) = (vec![spec.keys.clone()], spec.changes);
            flow.operator(id, name, vec![(one()?, route)], |c| {
                Ok(EachChange::boxed(Deduplicate::new(spec, c)?, keys, each))
            })?
        }
        NodeKind::Over(spec) => {
            let (spec, route) = (spec.as_ref().clone(), keyed(&spec.keys));
            flow.operator(id, name, vec![(one()?, route)], |c| {
                Ok(match spec.order {
                    OverOrder::Column(_) => Box::new(OverColumn::new(spec, c)?) as Box<_>,
                    _ => Box::new(OverTime::new(spec, c)?),
                })
            })?
        }
        NodeKind::SinkMaterialize(spec) => {
            let (spec, route) = (spec.clone(), keyed(&spec.keys));
            flow.operator(id, name, vec![(one()?, route)], |c| Ok(Box::new(SinkMaterialize::new(spec, c)?)))?
        }
        NodeKind::GroupAggregate(spec) => {
            let (spec, route) = (spec.clone(), keyed(&spec.routing()));
            let mut input = one()?;
            if spec.phases != Phases::One {
                let (local, spec) = (format!("{id}:local"), spec.clone());
                input = flow.operator(&local, "LocalAggregate", vec![(input, Route::Local)], |c| {
                    Ok(Box::new(LocalAggregate::new(spec, &c)))
                })?;
            }
            let (keys, each) = (vec![spec.keys.clone()], spec.changes);
            flow.operator(id, name, vec![(input, route)], |c| {
                Ok(EachChange::boxed(GroupAggregate::new(spec, c)?, keys, each))
            })?
        }
        NodeKind::Normalize(spec) => {
            let (spec, route) = (spec.clone(), keyed(&spec.keys));
            flow.operator(id, name, vec![(one()?, route)], |c| Ok(Box::new(Normalize::new(spec, c)?)))?
        }
        NodeKind::SetOperation(spec) => {
            let ports = two(&inputs, spec.keys.each_ref().map(|keys| keyed(keys)))?;
            let spec = spec.clone();
            let (keys, each) = (spec.keys.to_vec(), spec.changes);
            flow.operator(id, name, ports, |c| Ok(EachChange::boxed(SetOperator::new(spec, c)?, keys, each)))?
        }
        NodeKind::SingleRow(spec) => {
            let (spec, route) = (spec.clone(), keyed(&spec.keys));
            flow.operator(id, name, vec![(one()?, route)], |c| Ok(Box::new(SingleRow::new(spec, c)?)))?
        }
        NodeKind::IntervalJoin(spec) => {
            let spec = spec.as_ref().clone();
            let ports = two(&inputs, spec.keys.each_ref().map(|keys| keyed(keys)))?;
            flow.operator(id, name, ports, |c| Ok(Box::new(IntervalJoin::new(spec, c)?)))?
        }
        NodeKind::TemporalJoin(spec) => {
            let spec = spec.as_ref().clone();
            let ports = two(&inputs, spec.keys.each_ref().map(|keys| keyed(keys)))?;
            flow.operator(id, name, ports, |c| Ok(Box::new(TemporalJoin::new(spec, c)?)))?
        }
        NodeKind::LookupJoin(spec) => {
            let spec = spec.as_ref().clone();
            let route = if spec.shuffled { keyed(&spec.keys[LEFT]) } else { Route::Local };
            flow.operator(id, name, vec![(one()?, route)], |c| Ok(Box::new(LookupJoin::new(spec, c)?)))?
        }
        NodeKind::WindowJoin(spec) => {
            let spec = spec.as_ref().clone();
            let ports = two(&inputs, spec.keys.each_ref().map(|keys| keyed(keys)))?;
            flow.operator(id, name, ports, |c| {
                let (processing, clock) = (spec.processing, c.clock.clone());
                let join = Box::new(WindowJoin::new(spec, c)?);
                Ok(if processing { Clocked::boxed(join, clock, None) } else { join })
            })?
        }
        NodeKind::RegularJoin(spec) => {
            let spec = spec.as_ref().clone();
            let ports = two(&inputs, spec.keys.each_ref().map(|keys| keyed(keys)))?;
            flow.operator(id, name, ports, |c| Ok(Box::new(RegularJoin::new(spec, c)?)))?
        }
        NodeKind::MatchRecognize(spec) => {
            let (spec, route) = (spec.as_ref().clone(), keyed(&spec.keys));
            flow.operator(id, name, vec![(one()?, route)], |c| Ok(Box::new(MatchRecognize::new(spec, c)?)))?
        }
        NodeKind::ChangelogCodes(spec) => {
            let spec = spec.clone();
            flow.operator(id, name, vec![(one()?, Route::Local)], |c| Ok(Box::new(ChangelogCodes::new(spec, &c))))?
        }
        NodeKind::Expand(spec) => {
            let spec = spec.clone();
            flow.operator(id, name, vec![(one()?, Route::Local)], |c| Ok(Box::new(Expand::new(spec, c)?)))?
        }
        NodeKind::CurrentWatermark(spec) => {
            let spec = spec.clone();
            flow.operator(id, name, vec![(one()?, Route::Local)], |c| Ok(Box::new(CurrentWatermark::new(spec, c)?)))?
        }
        NodeKind::Unnest(spec) => {
            let spec = spec.clone();
            flow.operator(id, name, vec![(one()?, Route::Local)], |c| Ok(Box::new(Unnest::new(spec, c)?)))?
        }
        NodeKind::Sort(spec) => {
            let spec = spec.clone();
            flow.operator(id, name, vec![(one()?, Route::Single)], |c| Ok(Box::new(Sort::new(spec, c)?)))?
        }
        NodeKind::TimeSort(spec) => {
            let spec = spec.clone();
            flow.operator(id, name, vec![(one()?, Route::Single)], |c| {
                let (clock, time, processing) = (c.clock.clone(), spec.time.clone(), spec.processing);
                let sort = Box::new(TimeSort::new(spec, c));
                if processing { Clocked::by_column(sort, clock, &time) } else { Ok(sort) }
            })?
        }
        NodeKind::Limit(spec) => {
            let spec = *spec;
            flow.operator(id, name, vec![(one()?, Route::Single)], |c| Ok(Box::new(Limit::new(spec, c)?)))?
        }
        NodeKind::Constraints(spec) => {
            let spec = spec.clone();
            flow.operator(id, name, vec![(one()?, Route::Local)], |c| Ok(Box::new(Constraints::new(spec, c)?)))?
        }
        NodeKind::Sink(sink) => {
            if node.properties.changelog != ChangelogKind::Append && sink.accepts == AcceptedChanges::Append {
                return Err(Error::bug(format!("the table '{}' takes only new rows", sink.table)));
            }
            // Changes of a row must reach one writer, in their order.
            let updated = node.properties.changelog != ChangelogKind::Append || sink.accepts == AcceptedChanges::Upsert;
            let by_key = updated && !sink.primary_key.is_empty() && !sink.routed;
            let route = match (sink.single, by_key) {
                (true, _) => Route::Single,
                (false, true) => keyed(&primary_key(sink, &node.properties.schema)),
                (false, false) => Route::Local,
            };
            let factory = sink.factory.clone();
            flow.sink(id, &sink.table, (one()?, route), move |context| factory.writer(context))?;
            return Ok(None);
        }
        NodeKind::Result => {
            let Some(results) = results else { return Err(Error::bug("a query without a reader")) };
            let (results, schema) = (results.clone(), node.properties.schema.clone());
            flow.sink(id, "query", (one()?, Route::Single), move |context| results(context, &schema))?;
            return Ok(None);
        }
    };
    Ok(Some(SourceStreams { rows: stream, rejected: flow.late(stream) }))
}

/// The two inputs of a join with how their rows find it.
fn two(inputs: &[StreamId], routes: [Route<RowBatch>; 2]) -> Result<Vec<(StreamId, Route<RowBatch>)>> {
    match inputs {
        [left, right] => Ok([*left, *right].into_iter().zip(routes).collect()),
        _ => Err(Error::bug(format!("a join of {} inputs", inputs.len()))),
    }
}

/// The columns of a sink's PRIMARY KEY.
fn primary_key(sink: &SinkNode, schema: &Schema) -> Vec<Expression> {
    let column = |&index: &usize| Arc::new(Column::new(&schema.fields[index].name, index)) as Expression;
    sink.primary_key.iter().map(column).collect()
}

fn is_session(windowing: &riverrun_operators::window::spec::Windowing) -> bool {
    use riverrun_operators::window::spec::{WindowKind, Windowing};
    matches!(windowing, Windowing::Time { kind: WindowKind::Session { .. }, .. })
}

fn stream_of(input: &Input, streams: &[Option<SourceStreams>]) -> Result<StreamId> {
    let streams = streams.get(input.node.0).copied().flatten();
    let streams = streams.ok_or_else(|| Error::bug("a node reads one that comes after it, or that gives nothing"))?;
    Ok(if input.rejected { streams.rejected } else { streams.rows })
}

/// How many key groups a job has if the session says nothing.
pub const KEY_GROUPS: u16 = KeyGroup::DEFAULT_COUNT;
