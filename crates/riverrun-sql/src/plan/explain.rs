//! A plan as text and as JSON.

use super::changelog::changelog_mode;
use super::node::{Node, NodeId, NodeKind, StreamPlan};
use riverrun_core::Millis;
use riverrun_operators::changelog_codes::Codes;
use riverrun_operators::each_change::Changes;
use riverrun_operators::expression::Expression;
use riverrun_operators::group_aggregate::Phases;
use riverrun_operators::lookup_join::LookupSource;
use riverrun_operators::over::{FrameStart, FrameUnit, OverOrder};
use riverrun_operators::pattern::Skip;
use riverrun_operators::rank::top_n::LastRank;
use riverrun_operators::sort_key::SortKey;
use riverrun_operators::window::spec::{WindowKind, Windowing};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt::Write;

impl StreamPlan {
    /// The plan as a tree: every sink with what it reads, and of every node schema, changelog kind, keys and time column.
    pub fn explain(&self) -> String {
        self.explain_with(false)
    }

    /// The same with the kinds of changes of every node: EXPLAIN CHANGELOG_MODE.
    pub fn explain_changelog_mode(&self) -> String {
        self.explain_with(true)
    }

    /// The tree alone, without warnings.
    pub fn tree(&self) -> String {
        self.tree_with(false)
    }

    fn explain_with(&self, changelog_mode: bool) -> String {
        let mut text = self.tree_with(changelog_mode);
        for warning in self.warnings() {
            let _ = writeln!(text, "warning: {warning}");
        }
        text
    }

    fn tree_with(&self, changelog_mode: bool) -> String {
        let mut tree = Tree { plan: self, changelog_mode, shown: HashSet::new(), text: String::new() };
        for (index, node) in self.nodes.iter().enumerate() {
            if matches!(node.kind, NodeKind::Sink(_) | NodeKind::Result) {
                tree.add(NodeId(index), "", "");
            }
        }
        tree.text
    }

    /// The plan as JSON: a list of nodes whose inputs are ids of others.
    pub fn to_json(&self) -> Value {
        let nodes: Vec<Value> = self
            .nodes
            .iter()
            .map(|node| {
                let properties = &node.properties;
                let schema: Vec<Value> = properties
                    .schema
                    .fields
                    .iter()
                    .map(|field| json!({ "name": field.name, "type": field.data_type.to_string() }))
                    .collect();
                let name = |column: usize| properties.schema.fields.get(column).map(|field| field.name.clone());
                let inputs: Vec<Value> = node
                    .inputs
                    .iter()
                    .map(|input| json!({ "id": self.node(input.node).id, "rejected": input.rejected }))
                    .collect();
                let details: serde_json::Map<String, Value> =
                    details(node).into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
                json!({
                    "id": node.id,
                    "kind": node.kind.name(),
                    "details": details,
                    "inputs": inputs,
                    "schema": schema,
                    "changelog": properties.changelog.to_string(),
                    "keys": properties.keys.as_ref().map(|keys| keys.iter().map(|key| name(*key)).collect::<Vec<_>>()),
                    "timeColumn": properties.time_column.and_then(name),
                    "bounded": properties.bounded,
                    "stateful": node.kind.is_stateful(),
                })
            })
            .collect();
        json!({ "nodes": nodes, "warnings": self.warnings() })
    }
}

/// A plan's tree as it is written.
struct Tree<'a> {
    plan: &'a StreamPlan,
    changelog_mode: bool,
    shown: HashSet<NodeId>,
    text: String,
}

impl Tree<'_> {
    fn add(&mut self, id: NodeId, first: &str, rest: &str) {
        let node = self.plan.node(id);
        let _ = write!(self.text, "{first}{}", node.kind.name());
        let details = details(node);
        let mut words: Vec<String> = details.iter().map(|(name, value)| format!("{name}=[{value}]")).collect();
        if self.changelog_mode {
            words.push(format!("changelogMode={}", changelog_mode(self.plan, node)));
        }
        if !words.is_empty() {
            let _ = write!(self.text, "({})", words.join(", "));
        }
        if !self.shown.insert(id) && !node.inputs.is_empty() {
            self.text.push_str("  (as above)\n");
            return;
        }
        let line = if node.inputs.is_empty() { " " } else { "│" };
        let _ = writeln!(self.text, "\n{rest}{line}  {}", properties(node));
        for (index, input) in node.inputs.iter().enumerate() {
            let last = index + 1 == node.inputs.len();
            let note = match (input.rejected, &self.plan.node(input.node).kind) {
                (false, _) => "",
                (true, NodeKind::Source(_)) => "broken records of ",
                (true, _) => "late rows of ",
            };
            let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.add(input.node, &format!("{rest}{branch}{note}"), &format!("{rest}{below}"));
        }
    }
}

fn properties(node: &Node) -> String {
    let properties = &node.properties;
    let name = |column: usize| properties.schema.fields.get(column).map_or("?", |field| field.name.as_str());
    let mut text = format!("{}: {}", properties.changelog, properties.schema);
    if let Some(keys) = &properties.keys {
        let keys: Vec<&str> = keys.iter().map(|key| name(*key)).collect();
        let _ = write!(text, "; key ({})", keys.join(", "));
    }
    if let Some(column) = properties.time_column {
        let _ = write!(text, "; time {}", name(column));
    }
    text
}

fn list(expressions: &[Expression]) -> String {
    expressions.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// An expression with its columns by name: DataFusion adds the position, which another pruning would change.
pub(super) fn text(expression: &Expression) -> String {
    let shown = expression.to_string();
    let mut parts = shown.split('@');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == part.len() {
            text.push('@');
        }
        text.push_str(rest);
    }
    text
}

/// What a node does, as named texts.
pub(super) fn details(node: &Node) -> Vec<(&'static str, String)> {
    let mut details: Vec<(&'static str, String)> = Vec::new();
    let mut say = |name, value: String| {
        if !value.is_empty() {
            details.push((name, value));
        }
    };
    match &node.kind {
        NodeKind::Source(source) => {
            say("table", source.spec.table.clone());
            say("connector", source.connector.name().to_owned());
            let read: Vec<&str> =
                source.spec.projection.iter().map(|&column| source.spec.schema.fields[column].name.as_str()).collect();
            say("reads", read.join(", "));
            say("metadata", source.spec.metadata.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", "));
            if let Some(watermark) = &source.watermark {
                say("watermark", text(&watermark.watermark));
            }
        }
        NodeKind::Values(values) => {
            say("rows", values.batches.iter().map(|batch| batch.num_rows()).sum::<usize>().to_string());
        }
        NodeKind::Calc(calc) => {
            let fields = calc.projections.iter().zip(&calc.schema.fields);
            let columns: Vec<String> = fields
                .map(|(expression, field)| {
                    let text = text(expression);
                    if text == field.name { text } else { format!("{text} AS {}", field.name) }
                })
                .collect();
            say("select", columns.join(", "));
            say("where", calc.filter.as_ref().map(text).unwrap_or_default());
        }
        NodeKind::Union(_) | NodeKind::Result | NodeKind::CurrentWatermark(_) => {}
        NodeKind::WindowAssign(spec) => {
            say("window", windowing(&spec.windowing));
            say("partition by", list(&spec.keys));
        }
        NodeKind::WindowAggregate(spec) => {
            say("window", windowing(&spec.windowing));
            say("group by", list(&spec.keys));
            let names = spec.schema.fields.iter().skip(spec.keys.len()).take(spec.aggregates.len());
            say("aggregates", names.map(|field| field.name.as_str()).collect::<Vec<_>>().join(", "));
            if let Some(emit) = &spec.emit {
                let delay = |delay: Millis| if delay.0 == 0 { "each row".to_owned() } else { span_text(delay.0) };
                say("early", emit.early.map(delay).unwrap_or_default());
                say("late", emit.late.map(delay).unwrap_or_default());
                say("lateness", if emit.lateness.0 > 0 { span_text(emit.lateness.0) } else { String::new() });
            }
        }
        NodeKind::WindowTopN(spec) => {
            say("partition by", list(&spec.keys));
            say("order by", sort_keys(&spec.order));
            say("ranks", format!("{} to {}", spec.first, spec.last));
        }
        NodeKind::WindowDeduplicate(spec) => {
            say("partition by", list(&spec.keys));
            say("order by", text(&spec.time));
            say("keep", if spec.keep_last { "last row" } else { "first row" }.to_owned());
        }
        NodeKind::TopN(spec) => {
            say("partition by", list(&spec.keys));
            say("order by", sort_keys(&spec.order));
            let last = match &spec.last {
                LastRank::Constant(last) => last.to_string(),
                LastRank::OfRow(expression) => text(expression),
            };
            say("ranks", format!("{} to {last}", spec.first));
            say("input", if spec.retracting { "updating" } else { "append-only" }.to_owned());
            say("changes", changes(spec.changes));
        }
        NodeKind::Deduplicate(spec) => {
            say("partition by", list(&spec.keys));
            say("order by", spec.time.as_ref().map_or_else(|| "arrival".to_owned(), text));
            say("keep", if spec.keep_last { "last row" } else { "first row" }.to_owned());
            say("changes", changes(spec.changes));
        }
        NodeKind::Over(spec) => {
            say("partition by", list(&spec.keys));
            say(
                "order by",
                match &spec.order {
                    OverOrder::EventTime(time) => text(time),
                    OverOrder::Arrival => "arrival".to_owned(),
                    OverOrder::Column(key) => text(&key.expression),
                },
            );
            let unit = if spec.unit == FrameUnit::Rows { "ROWS" } else { "RANGE" };
            let start = match spec.start {
                FrameStart::Unbounded => "UNBOUNDED".to_owned(),
                FrameStart::Rows(rows) => rows.to_string(),
                FrameStart::Span(span) => span_text(span.0),
            };
            say("frame", format!("{unit} {start} PRECEDING"));
            let first = spec.schema.len() - spec.calls.len();
            let names = spec.schema.fields.iter().skip(first).map(|field| field.name.as_str());
            say("calls", names.collect::<Vec<_>>().join(", "));
        }
        NodeKind::GroupAggregate(spec) => {
            say("group by", list(&spec.keys));
            let phases = match spec.phases {
                Phases::One => "one",
                Phases::TwoWhereItPays => "two where it pays",
                Phases::Two => "two",
            };
            say("phases", phases.to_owned());
            say("changes", changes(spec.changes));
            let names = spec.schema.fields.iter().skip(spec.keys.len());
            say("aggregates", names.map(|field| field.name.as_str()).collect::<Vec<_>>().join(", "));
        }
        NodeKind::Normalize(spec) => say("key", list(&spec.keys)),
        NodeKind::SetOperation(spec) => {
            say("operation", spec.operation.to_string());
            say("changes", changes(spec.changes));
        }
        NodeKind::SingleRow(spec) => say("per", list(&spec.keys)),
        NodeKind::IntervalJoin(spec) => {
            say("join", spec.kind.to_string());
            say("on", equalities(&spec.keys, &spec.null_safe));
            let times = spec.times.as_ref().map(|[left, right]| format!("{} - {}", text(left), text(right)));
            let times = times.unwrap_or_else(|| "left - right by processing time".to_owned());
            let (lower, upper) = (span_text(spec.lower.0), span_text(spec.upper.0));
            say("bounds", format!("{times} from {lower} to {upper}"));
            say("where", spec.condition.as_ref().map(|condition| text(&condition.expression)).unwrap_or_default());
        }
        NodeKind::TemporalJoin(spec) => {
            say("join", spec.kind.to_string());
            say("on", equalities(&spec.keys, &spec.null_safe));
            let times = spec.times.as_ref().map(|[left, right]| format!("{} by {}", text(left), text(right)));
            say("as of", times.unwrap_or_else(|| "processing time".to_owned()));
            say("where", spec.condition.as_ref().map(|condition| text(&condition.expression)).unwrap_or_default());
        }
        NodeKind::LookupJoin(spec) => {
            say("join", spec.kind.to_string());
            say("on", equalities(&spec.keys, &vec![false; spec.key_names.len()]));
            let cache = match &spec.table {
                LookupSource::Asked { cache: None, .. } => "none",
                LookupSource::Asked { .. } => "partial",
                LookupSource::Whole(_) => "full",
            };
            say("cache", cache.to_owned());
            let waits = spec.waits.map(|waits| match (waits.unordered, waits.retry) {
                (true, _) => "unordered".to_owned(),
                (false, None) => "ordered".to_owned(),
                (false, Some(retry)) => format!("ordered, asking again {} times", retry.attempts),
            });
            say("waiting", waits.unwrap_or_default());
            say("where", spec.condition.as_ref().map(|condition| text(&condition.expression)).unwrap_or_default());
        }
        NodeKind::WindowJoin(spec) => {
            say("join", spec.kind.to_string());
            say("on", equalities(&spec.keys, &spec.null_safe));
            say("where", spec.condition.as_ref().map(|condition| text(&condition.expression)).unwrap_or_default());
        }
        NodeKind::RegularJoin(spec) => {
            say("join", spec.kind.to_string());
            say("on", equalities(&spec.keys, &spec.null_safe));
            say("where", spec.condition.as_ref().map(|condition| text(&condition.expression)).unwrap_or_default());
        }
        NodeKind::ChangelogCodes(spec) => match &spec.codes {
            Codes::From { op, .. } => say("code", format!("from column {op}")),
            Codes::To { .. } => {
                say("code", spec.schema.fields.first().map(|field| field.name.clone()).unwrap_or_default());
            }
        },
        NodeKind::MatchRecognize(spec) => {
            say("partition by", list(&spec.keys));
            say("order by", spec.time.as_ref().map_or_else(|| "arrival".to_owned(), text));
            say("pattern", spec.pattern.text(&spec.variables));
            let name = |variable: usize| spec.variables.get(variable).map_or("", String::as_str);
            let skip = match spec.skip {
                Skip::PastLastRow => "past last row".to_owned(),
                Skip::ToNextRow => "to next row".to_owned(),
                Skip::ToFirst(variable) => format!("to first {}", name(variable)),
                Skip::ToLast(variable) => format!("to last {}", name(variable)),
            };
            say("skip", skip);
            say("within", spec.within.map(|within| span_text(within.0)).unwrap_or_default());
            say("rows", if spec.all_rows { "all of a match" } else { "one per match" }.to_owned());
        }
        NodeKind::Expand(spec) => {
            let keys: Vec<_> = spec.keys.iter().map(text).collect();
            let set = |set: &Vec<usize>| {
                format!("({})", set.iter().map(|&key| keys[key].as_str()).collect::<Vec<_>>().join(", "))
            };
            say("sets", spec.sets.iter().map(set).collect::<Vec<_>>().join(", "));
        }
        NodeKind::Unnest(spec) => {
            say("collection", text(&spec.collection));
            say("join", if spec.outer { "left" } else { "cross" }.to_owned());
            say("on", spec.on.as_ref().map(text).unwrap_or_default());
        }
        NodeKind::Sort(spec) => {
            say("order by", sort_keys(&spec.order));
            say("offset", if spec.offset > 0 { spec.offset.to_string() } else { String::new() });
            say("fetch", spec.fetch.map(|fetch| fetch.to_string()).unwrap_or_default());
        }
        NodeKind::TimeSort(spec) => {
            say("time", text(&spec.time));
            say("then by", sort_keys(&spec.order));
        }
        NodeKind::Limit(spec) => {
            say("offset", if spec.offset > 0 { spec.offset.to_string() } else { String::new() });
            say("fetch", spec.fetch.map(|fetch| fetch.to_string()).unwrap_or_default());
        }
        NodeKind::SinkMaterialize(spec) => {
            say("keys", list(&spec.keys));
            say("rows", if spec.keeps_rows { "all" } else { "of a tick" }.to_owned());
        }
        NodeKind::Constraints(spec) => say("table", spec.table.clone()),
        NodeKind::Sink(sink) => say("table", sink.table.clone()),
    }
    details
}

/// The equal keys of a join.
fn equalities(keys: &[Vec<Expression>; 2], null_safe: &[bool]) -> String {
    let [left, right] = keys;
    let pairs = left.iter().zip(right).zip(null_safe);
    let pairs = pairs.map(|((left, right), null_safe)| {
        let equals = if *null_safe { "IS NOT DISTINCT FROM" } else { "=" };
        format!("{} {equals} {}", text(left), text(right))
    });
    pairs.collect::<Vec<_>>().join(" AND ")
}

/// Said where it is not the difference of a tick.
fn changes(wanted: Changes) -> String {
    let told = match wanted {
        Changes::OfTicks => "",
        Changes::Each => "each",
        Changes::EachInTime => "each in time",
    };
    told.to_owned()
}

fn sort_keys(order: &[SortKey]) -> String {
    let keys: Vec<_> = order
        .iter()
        .map(|key| format!("{}{}", text(&key.expression), if key.descending { " DESC" } else { "" }))
        .collect();
    keys.join(", ")
}

pub(super) fn windowing(windowing: &Windowing) -> String {
    match windowing {
        Windowing::Time { kind, time, processing, .. } => {
            let time = format!("{}{}", text(time), if *processing { " as processing time" } else { "" });
            let span = |millis: Millis| span_text(millis.0);
            let moved = |offset: &Millis| if offset.0 == 0 { String::new() } else { format!(", {}", span(*offset)) };
            match kind {
                WindowKind::Tumble { size, offset } => format!("TUMBLE({time}, {}{})", span(*size), moved(offset)),
                WindowKind::Hop { size, slide, offset } => {
                    format!("HOP({time}, {}, {}{})", span(*slide), span(*size), moved(offset))
                }
                WindowKind::Cumulate { size, step, offset } => {
                    format!("CUMULATE({time}, {}, {}{})", span(*step), span(*size), moved(offset))
                }
                WindowKind::Session { gap } => format!("SESSION({time}, {})", span(*gap)),
            }
        }
        Windowing::Attached { start, end, processing: true, .. } => {
            format!("of the input ({}, {}), by processing time", text(start), text(end))
        }
        Windowing::Attached { start, end, .. } => format!("of the input ({}, {})", text(start), text(end)),
    }
}

/// A span of time in its largest whole unit.
fn span_text(millis: i64) -> String {
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)] {
        if millis != 0 && millis % length == 0 {
            return format!("{} {unit}", millis / length);
        }
    }
    format!("{millis} ms")
}
