//! The nodes of a stream plan.

use riverrun_connectors::connector::AcceptedChanges;
use riverrun_connectors::{Connector, SinkFactory, SourceFactory, SourceSpec};
use riverrun_core::{KeyGroup, Millis, Schema};
use riverrun_operators::calc::CalcSpec;
use riverrun_operators::changelog_codes::ChangelogCodesSpec;
use riverrun_operators::constraints::ConstraintsSpec;
use riverrun_operators::current_watermark::CurrentWatermarkSpec;
use riverrun_operators::expand::ExpandSpec;
use riverrun_operators::expression::Expression;
use riverrun_operators::group_aggregate::GroupAggregateSpec;
use riverrun_operators::interval_join::IntervalJoinSpec;
use riverrun_operators::limit::LimitSpec;
use riverrun_operators::lookup_join::LookupJoinSpec;
use riverrun_operators::match_recognize::MatchRecognizeSpec;
use riverrun_operators::normalize::NormalizeSpec;
use riverrun_operators::over::OverSpec;
use riverrun_operators::rank::deduplicate::DeduplicateSpec;
use riverrun_operators::rank::top_n::TopNSpec;
use riverrun_operators::regular_join::RegularJoinSpec;
use riverrun_operators::set_operation::SetOperationSpec;
use riverrun_operators::single_row::SingleRowSpec;
use riverrun_operators::sink_materialize::SinkMaterializeSpec;
use riverrun_operators::sort::SortSpec;
use riverrun_operators::temporal_join::TemporalJoinSpec;
use riverrun_operators::time_sort::TimeSortSpec;
use riverrun_operators::union::UnionSpec;
use riverrun_operators::unnest::UnnestSpec;
use riverrun_operators::values::ValuesSpec;
use riverrun_operators::window::spec::{WindowAggregateSpec, WindowAssignSpec, WindowDeduplicateSpec, WindowTopNSpec};
use riverrun_operators::window_join::WindowJoinSpec;
use riverrun_runtime::{Alignment, MaxAhead};
use std::fmt;
use std::sync::Arc;

/// A node of a plan, by its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// Where a node's rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    /// The node.
    pub node: NodeId,
    /// Its broken records instead of its rows; of a source only.
    pub rejected: bool,
}

impl From<NodeId> for Input {
    fn from(node: NodeId) -> Self {
        Input { node, rejected: false }
    }
}

/// What changes a stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangelogKind {
    /// Only new rows.
    Append,
    /// Rows with weights: what was added may be taken back.
    Retract,
    /// New versions of rows by key; a deletion holds only the key.
    Upsert,
}

impl fmt::Display for ChangelogKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ChangelogKind::Append => "append",
            ChangelogKind::Retract => "retract",
            ChangelogKind::Upsert => "upsert",
        })
    }
}

/// What is known of a node's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// The columns.
    pub schema: Schema,
    /// What changes come.
    pub changelog: ChangelogKind,
    /// Columns whose values name a row; `None` if no such columns are known.
    pub keys: Option<Vec<usize>>,
    /// The event-time column.
    pub time_column: Option<usize>,
    /// Whether the rows come to an end.
    pub bounded: bool,
}

impl Properties {
    /// An append-only stream of these columns. The time column is the first rowtime attribute.
    pub fn append(schema: Schema, bounded: bool) -> Self {
        let time_column = schema.fields.iter().position(|field| field.data_type.kind.is_rowtime());
        Properties { schema, changelog: ChangelogKind::Append, keys: None, time_column, bounded }
    }
}

/// `WATERMARK FOR`, over the table's columns.
#[derive(Clone, Debug)]
pub struct WatermarkNode {
    /// The event-time column.
    pub time: Expression,
    /// The watermark of a row.
    pub watermark: Expression,
    /// `pipeline.auto-watermark-interval`.
    pub interval: Millis,
    /// `scan.watermark.idle-timeout`, or the session's `table.exec.source.idle-timeout`.
    pub idle_timeout: Option<Millis>,
    /// `scan.watermark.max-ahead`.
    pub max_ahead: Option<MaxAhead>,
    /// `scan.watermark.alignment.*`.
    pub alignment: Option<Alignment>,
}

/// A table that is read.
#[derive(Clone)]
pub struct SourceNode {
    /// What reads it.
    pub connector: &'static dyn Connector,
    /// How. The projection and the metadata columns together are the layout that `columns` refers to.
    pub spec: SourceSpec,
    /// The table's columns, physical, computed and metadata, over that layout.
    pub columns: Vec<Expression>,
    /// `WATERMARK FOR`, over the table's columns.
    pub watermark: Option<WatermarkNode>,
    /// Made when the plan is finished.
    pub factory: Option<Arc<dyn SourceFactory>>,
}

impl fmt::Debug for SourceNode {
    /// Everything by which two sources differ: equal texts are read once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceNode")
            .field("spec", &self.spec)
            .field("columns", &self.columns)
            .field("watermark", &self.watermark)
            .finish_non_exhaustive()
    }
}

/// A table that is written.
#[derive(Clone)]
pub struct SinkNode {
    /// The table's full name.
    pub table: String,
    /// The name of its connector.
    pub connector: String,
    /// Makes the writers.
    pub factory: Arc<dyn SinkFactory>,
    /// What changes it takes.
    pub accepts: AcceptedChanges,
    /// The positions of its PRIMARY KEY.
    pub primary_key: Vec<usize>,
    /// Whether its rows are routed by the PRIMARY KEY already.
    pub routed: bool,
    /// `sink.parallelism`, if it is 1: all rows go to one writer.
    pub single: bool,
    /// Which INSERT of the job this is: two of them into one table are two writers.
    pub statement: usize,
}

impl fmt::Debug for SinkNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkNode")
            .field("table", &self.table)
            .field("statement", &self.statement)
            .finish_non_exhaustive()
    }
}

/// What a node does.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Reads a table.
    Source(Box<SourceNode>),
    /// Constant rows.
    Values(ValuesSpec),
    /// Filters and projects.
    Calc(CalcSpec),
    /// Puts the watermark before each row behind its columns.
    CurrentWatermark(CurrentWatermarkSpec),
    /// Rows of several inputs.
    Union(UnionSpec),
    /// Window functions whose rows are used one by one.
    WindowAssign(WindowAssignSpec),
    /// Aggregates per window and key.
    WindowAggregate(WindowAggregateSpec),
    /// The first rows of each window and key.
    WindowTopN(WindowTopNSpec),
    /// The first or last row of each window and key.
    WindowDeduplicate(WindowDeduplicateSpec),
    /// The rows of each key between two ranks.
    TopN(TopNSpec),
    /// The first or last row of each key.
    Deduplicate(DeduplicateSpec),
    /// Aggregates over the rows before each row.
    Over(Box<OverSpec>),
    /// Aggregates per key, with updating results.
    GroupAggregate(GroupAggregateSpec),
    /// The last row of every key.
    Normalize(NormalizeSpec),
    /// INTERSECT and EXCEPT.
    SetOperation(SetOperationSpec),
    /// Checks that a scalar subquery gives one row.
    SingleRow(SingleRowSpec),
    /// Pairs of rows of two inputs that are kept.
    RegularJoin(Box<RegularJoinSpec>),
    /// Pairs of rows that are near in time.
    IntervalJoin(Box<IntervalJoinSpec>),
    /// Rows with the versions that hold at their time.
    TemporalJoin(Box<TemporalJoinSpec>),
    /// Rows with those of a table that is asked by key.
    LookupJoin(Box<LookupJoinSpec>),
    /// Pairs of rows of one window.
    WindowJoin(Box<WindowJoinSpec>),
    /// Changes as rows with codes, or back.
    ChangelogCodes(ChangelogCodesSpec),
    /// Patterns over the rows of each key.
    MatchRecognize(Box<MatchRecognizeSpec>),
    /// Every row once per grouping set.
    Expand(ExpandSpec),
    /// Every row with the elements of a collection in it.
    Unnest(UnnestSpec),
    /// ORDER BY at the end of input.
    Sort(SortSpec),
    /// ORDER BY an event time.
    TimeSort(TimeSortSpec),
    /// OFFSET and LIMIT without an order.
    Limit(LimitSpec),
    /// The changes of a sink's keys.
    SinkMaterialize(SinkMaterializeSpec),
    /// Enforces a sink's constraints.
    Constraints(ConstraintsSpec),
    /// Writes a table.
    Sink(SinkNode),
    /// Hands rows to whoever asked the query.
    Result,
}

impl NodeKind {
    /// The operator's name.
    pub fn name(&self) -> &'static str {
        match self {
            NodeKind::Source(_) => "Source",
            NodeKind::Values(_) => "Values",
            NodeKind::Calc(_) => "Calc",
            NodeKind::CurrentWatermark(_) => "CurrentWatermark",
            NodeKind::Union(_) => "Union",
            NodeKind::WindowAssign(_) => "WindowAssign",
            NodeKind::WindowAggregate(_) => "WindowAggregate",
            NodeKind::WindowTopN(_) => "WindowTopN",
            NodeKind::WindowDeduplicate(_) => "WindowDeduplicate",
            NodeKind::TopN(_) => "TopN",
            NodeKind::Deduplicate(_) => "Deduplicate",
            NodeKind::Over(_) => "Over",
            NodeKind::GroupAggregate(_) => "GroupAggregate",
            NodeKind::Normalize(_) => "Normalize",
            NodeKind::SetOperation(_) => "SetOperation",
            NodeKind::SingleRow(_) => "SingleRow",
            NodeKind::RegularJoin(_) => "RegularJoin",
            NodeKind::IntervalJoin(_) => "IntervalJoin",
            NodeKind::TemporalJoin(_) => "TemporalJoin",
            NodeKind::LookupJoin(_) => "LookupJoin",
            NodeKind::WindowJoin(_) => "WindowJoin",
            NodeKind::ChangelogCodes(_) => "ChangelogCodes",
            NodeKind::MatchRecognize(_) => "MatchRecognize",
            NodeKind::Expand(_) => "Expand",
            NodeKind::Unnest(_) => "Unnest",
            NodeKind::Sort(_) => "Sort",
            NodeKind::TimeSort(_) => "TimeSort",
            NodeKind::Limit(_) => "Limit",
            NodeKind::SinkMaterialize(_) => "SinkMaterialize",
            NodeKind::Constraints(_) => "Constraints",
            NodeKind::Sink(_) => "Sink",
            NodeKind::Result => "Result",
        }
    }

    /// Whether the node keeps state between rows.
    pub fn is_stateful(&self) -> bool {
        !matches!(
            self,
            NodeKind::ChangelogCodes(_)
                | NodeKind::Calc(_)
                | NodeKind::CurrentWatermark(_)
                | NodeKind::Union(_)
                | NodeKind::Constraints(_)
                | NodeKind::Result
                | NodeKind::Values(_)
        )
    }
}

/// A node of a plan.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it does.
    pub kind: NodeKind,
    /// Where its rows come from.
    pub inputs: Vec<Input>,
    /// What is known of its rows.
    pub properties: Properties,
    /// Its name across restarts; given when the plan is finished.
    pub id: String,
    /// The view it stands in, if in one: part of its id.
    pub view: Option<String>,
}

/// A whole job.
#[derive(Clone, Debug)]
pub struct StreamPlan {
    /// The nodes; inputs stand before their consumers.
    pub nodes: Vec<Node>,
    /// How many key groups its state is divided into (`pipeline.max-parallelism`).
    pub key_groups: u16,
}

impl StreamPlan {
    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Puts something between every source's connector and the job: it is given what is read and what reads it.
    pub fn wrap_sources(
        &mut self,
        mut wrap: impl FnMut(&SourceSpec, Arc<dyn SourceFactory>) -> Arc<dyn SourceFactory>,
    ) {
        for node in &mut self.nodes {
            if let NodeKind::Source(source) = &mut node.kind {
                source.factory = source.factory.take().map(|inner| wrap(&source.spec, inner));
            }
        }
    }

    /// Whether the job ends by itself: every source is bounded.
    pub fn is_bounded(&self) -> bool {
        self.nodes.iter().all(|node| match &node.kind {
            NodeKind::Source(source) => source.factory.as_ref().is_some_and(|factory| factory.bounded()),
            _ => true,
        })
    }

    /// The node whose rows go to whoever asked the query.
    pub fn result(&self) -> Option<&Node> {
        self.nodes.iter().find(|node| matches!(node.kind, NodeKind::Result))
    }

    /// A number that two processes must agree on before they run one job together.
    pub fn fingerprint(&self) -> u64 {
        let mut text: String =
            self.nodes.iter().map(|node| format!("{} {:?} {:?}\n", node.id, node.inputs, node.kind)).collect();
        if self.key_groups != KeyGroup::DEFAULT_COUNT {
            text.push_str(&self.key_groups.to_string());
        }
        riverrun_state::hash_key(text.as_bytes())
    }
}
