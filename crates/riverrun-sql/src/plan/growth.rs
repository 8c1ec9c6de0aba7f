//! State that grows for ever: which nodes keep rows without a bound, and how much each costs.

use super::node::{Node, NodeKind, StreamPlan};
use arrow::datatypes::{DataType as ArrowType, Schema as ArrowSchema};
use riverrun_core::{Schema, TypeKind};
use riverrun_operators::aggregate_call::AggregateCall;
use riverrun_operators::expression::Expression;
use riverrun_operators::join::{LEFT, RIGHT};
use riverrun_operators::lookup_join::LookupSource;
use riverrun_operators::over::{FrameStart, OverCallSpec, OverOrder, OverSpec};
use riverrun_operators::rank::top_n::LastRank;
use riverrun_operators::regular_join::RegularJoinSpec;

/// What a kept row costs beside its values, about: links, a key, an entry of an index.
const ROW_OVERHEAD: usize = 64;

/// How long strings are taken to be.
const TEXT: usize = 24;

impl StreamPlan {
    /// What whoever starts the job should know: state that grows as long as it runs, joins without a key.
    pub fn warnings(&self) -> Vec<String> {
        self.nodes.iter().flat_map(|node| self.warnings_of(node)).collect()
    }

    fn warnings_of(&self, node: &Node) -> Vec<String> {
        if let NodeKind::RegularJoin(spec) = &node.kind {
            return self.warnings_of_join(node, spec);
        }
        if node.inputs.iter().all(|input| self.node(input.node).properties.bounded) {
            return Vec::new();
        }
        let Some(input) = node.inputs.first() else { return Vec::new() };
        let below = &self.node(input.node).properties.schema;
        kept(&node.kind, below).map(|kept| format!("{}: {kept}", node.id)).into_iter().collect()
    }

    fn warnings_of_join(&self, node: &Node, spec: &RegularJoinSpec) -> Vec<String> {
        let mut warnings = Vec::new();
        if spec.keys[LEFT].is_empty() {
            warnings.push(format!(
                "{}: no equality ties both sides of this {} join: every row meets every other, on one worker",
                node.id, spec.kind
            ));
        }
        let unbounded = node.inputs.iter().any(|input| !self.node(input.node).properties.bounded);
        let kept: Vec<String> = [(LEFT, "left"), (RIGHT, "right")]
            .into_iter()
            .filter(|(side, _)| spec.ttl[*side].is_none() && unbounded)
            .filter(|(side, _)| node.inputs.get(*side).is_some_and(|input| !self.node(input.node).properties.bounded))
            .map(|(side, name)| format!("about {} bytes for each row on the {name}", row_bytes(&spec.inputs[side])))
            .collect();
        if !kept.is_empty() {
            warnings.push(format!(
                "{}: this {} join keeps its rows for ever: {}; set 'table.exec.state.ttl' or the hint STATE_TTL, or bound the distance in time of both sides",
                node.id,
                spec.kind,
                kept.join(", ")
            ));
        }
        warnings
    }
}

const TTL: &str = "set 'table.exec.state.ttl'";

/// Why that does not help where there are no keys.
const NEVER_IDLE: &str = "'table.exec.state.ttl' clears only what gets no rows";

fn each(what: &str, bytes: usize, per: &str, remedy: &str) -> Option<String> {
    Some(format!("{what} for ever, about {bytes} bytes for each different {per}; {remedy}"))
}

/// What an operator keeps that grows with its input, whose rows are these, for ever, how much that is, and what would bound it;
/// `None` if nothing does.
fn kept(kind: &NodeKind, below: &Schema) -> Option<String> {
    match kind {
        NodeKind::GroupAggregate(spec) if spec.keys.is_empty() => {
            let values = KeptValues::of(&spec.aggregates, below).text()?;
            Some(format!("this aggregation keeps values for ever, {values}; group by a window ({NEVER_IDLE})"))
        }
        NodeKind::GroupAggregate(spec) if spec.ttl.is_none() => {
            let remedy = format!("{TTL}, or group by a window");
            let key = KeptValues::of(&spec.aggregates, below).with_key();
            each("this aggregation keeps its groups", row_bytes(&spec.schema), &key, &remedy)
        }
        NodeKind::Over(spec) => kept_of_over(spec, below),
        NodeKind::Deduplicate(spec) if spec.ttl.is_none() => {
            each("this deduplication keeps its keys", row_bytes(&spec.schema), "key", TTL)
        }
        NodeKind::TopN(spec) if spec.ttl.is_none() && spec.retracting => {
            let bytes = row_bytes(&spec.schema);
            Some(format!("this Top-N keeps its rows for ever, about {bytes} bytes for each; {TTL}"))
        }
        NodeKind::TopN(spec) if spec.ttl.is_none() && !spec.keys.is_empty() => {
            let ranks = match spec.last {
                LastRank::Constant(last) => usize::try_from(last).unwrap_or(usize::MAX),
                LastRank::OfRow(_) => 1,
            };
            each("this Top-N keeps the rows of its ranks", row_bytes(&spec.schema).saturating_mul(ranks), "key", TTL)
        }
        NodeKind::Normalize(spec) if spec.ttl.is_none() => {
            each("the last row of every primary key is kept", row_bytes(&spec.schema), "key", TTL)
        }
        NodeKind::SinkMaterialize(spec) if spec.ttl.is_none() && spec.keeps_rows => Some(format!(
            "the rows of the sink's keys are kept for ever, about {} bytes for each; {TTL}, or give the sink the query's key as PRIMARY KEY",
            row_bytes(&spec.schema)
        )),
        NodeKind::TemporalJoin(spec) if spec.ttl.is_none() => {
            each("this temporal join keeps the last version", row_bytes(&spec.inputs[RIGHT]), "key", TTL)
        }
        NodeKind::SetOperation(spec) if spec.ttl.is_none() => {
            each(&format!("{} keeps every row it has seen", spec.operation), row_bytes(&spec.schema), "one", TTL)
        }
        NodeKind::SingleRow(spec) if !spec.keys.is_empty() => each(
            "the number of rows of a scalar subquery is kept",
            ROW_OVERHEAD,
            "key",
            "join with the subquery instead",
        ),
        NodeKind::MatchRecognize(spec) if spec.within.is_none() => each(
            "this pattern keeps the rows of matches that are not complete",
            row_bytes(&spec.schema),
            "row",
            "end the pattern with WITHIN INTERVAL …",
        ),
        NodeKind::LookupJoin(spec) => match &spec.table {
            LookupSource::Asked { cache: Some(cache), .. }
                if cache.max_rows.is_none()
                    && cache.expire_after_write.is_none()
                    && cache.expire_after_access.is_none() =>
            {
                each(
                    "the cache of this lookup join keeps its rows",
                    row_bytes(&spec.inputs[RIGHT]),
                    "key",
                    "set 'lookup.partial-cache.max-rows' or one of 'lookup.partial-cache.expire-after-…'",
                )
            }
            _ => None,
        },
        _ => None,
    }
}

fn kept_of_over(spec: &OverSpec, below: &Schema) -> Option<String> {
    if matches!(spec.order, OverOrder::Column(_)) {
        let bytes = 2 * row_bytes(&spec.schema);
        let kept = || format!("this OVER aggregation keeps its rows for ever, about {bytes} bytes for each; {TTL}");
        return spec.ttl.is_none().then(kept);
    }
    // A frame that begins somewhere lets go of the values that leave it.
    let calls = spec.calls.iter().filter(|_| spec.start == FrameStart::Unbounded).filter_map(|call| match call {
        OverCallSpec::Aggregate(call) => Some(call),
        _ => None,
    });
    let values = KeptValues::of(calls, below);
    if spec.keys.is_empty() {
        let values = values.text()?;
        return Some(format!(
            "this OVER aggregation keeps values for ever, {values}; begin the frame some rows or some time before the current row ({NEVER_IDLE})"
        ));
    }
    if spec.ttl.is_some() {
        return None;
    }
    each("this OVER aggregation keeps its partitions", row_bytes(&spec.schema), &values.with_key(), TTL)
}

/// What the aggregates of one key keep of its rows, beside their results, in bytes.
#[derive(Clone, Copy, Debug, Default)]
struct KeptValues {
    /// For each value that is different from the others.
    different: usize,
    /// For each row.
    each: usize,
}

impl KeptValues {
    /// Of these calls over rows of this schema.
    fn of<'a>(calls: impl IntoIterator<Item = &'a AggregateCall>, below: &Schema) -> KeptValues {
        /// Before a run of bytes in a buffer.
        const LENGTH: usize = 4;
        let below = below.to_arrow();
        let mut kept = KeptValues::default();
        for call in calls {
            let bytes: usize = call.arguments.iter().map(|argument| argument_bytes(argument, &below)).sum();
            // By what the signature of the state calls it, too: what is kept has another name only if it is something else.
            let name = format!("{:?}", call.function);
            let (is_distinct, name) = match name.strip_prefix("Distinct { inner: ") {
                Some(inner) => (true, inner),
                None => (false, name.as_str()),
            };
            let name = name.strip_prefix("SlotFunction(").unwrap_or(name);
            let own = match name.split(|char: char| !char.is_alphanumeric()).next() {
                // COLLECT; MIN and MAX where rows are taken back; PERCENTILE; JSON_OBJECTAGG.
                Some("Collect" | "Values" | "Percentile" | "JsonObject") => {
                    KeptValues { different: ROW_OVERHEAD + bytes, each: 0 }
                }
                // FIRST_VALUE and LAST_VALUE where rows are taken back.
                Some("All") => KeptValues { different: 0, each: ROW_OVERHEAD + bytes },
                // ARRAY_AGG, LISTAGG and JSON_ARRAYAGG.
                Some("Sequence") => KeptValues { different: 0, each: LENGTH + bytes },
                _ => KeptValues::default(),
            };
            if is_distinct {
                kept.different += ROW_OVERHEAD + bytes + own.different + own.each;
            } else {
                kept.different += own.different;
                kept.each += own.each;
            }
        }
        kept
    }

    /// How much that is; `None` if nothing is kept.
    fn text(self) -> Option<String> {
        let different = format!("about {} bytes for each different value", self.different);
        let each = format!("about {} bytes for each row", self.each);
        match (self.different, self.each) {
            (0, 0) => None,
            (_, 0) => Some(different),
            (0, _) => Some(each),
            _ => Some(format!("{different} and {each}")),
        }
    }

    /// A key, with what is kept in it.
    fn with_key(self) -> String {
        self.text().map_or_else(|| "key".to_owned(), |values| format!("key and in it {values}"))
    }
}

/// About how many bytes an argument of an aggregate takes up.
fn argument_bytes(argument: &Expression, below: &ArrowSchema) -> usize {
    match argument.data_type(below) {
        Ok(ArrowType::Boolean) => 1,
        Ok(ArrowType::Utf8 | ArrowType::Binary) | Err(_) => TEXT + 4,
        Ok(other) => other.primitive_width().unwrap_or(4 * TEXT),
    }
}

/// About how many bytes a row takes up.
fn row_bytes(schema: &Schema) -> usize {
    ROW_OVERHEAD + schema.fields.iter().map(|field| value_bytes(&field.data_type.kind)).sum::<usize>()
}

fn value_bytes(kind: &TypeKind) -> usize {
    match kind {
        TypeKind::Boolean | TypeKind::TinyInt => 1,
        TypeKind::SmallInt => 2,
        TypeKind::Int | TypeKind::Float | TypeKind::Date | TypeKind::Time(_) => 4,
        TypeKind::Decimal { .. } => 16,
        TypeKind::Char(length) | TypeKind::Binary(length) => *length as usize + 4,
        TypeKind::Varchar(length) | TypeKind::Varbinary(length) => (*length as usize).min(TEXT) + 4,
        TypeKind::Row(fields) => fields.iter().map(|field| value_bytes(&field.data_type.kind)).sum(),
        TypeKind::Array(_) | TypeKind::Multiset(_) | TypeKind::Map(..) => 4 * TEXT,
        _ => 8,
    }
}

#[cfg(test)]
mod tests;
