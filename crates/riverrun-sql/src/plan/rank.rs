//! ROW_NUMBER and its kin with a condition on the rank: Top-N and deduplication, within windows and outside of them.

use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::over::Over;
use super::planner::Planner;
use crate::bind::join::conjuncts;
use crate::bind::literal::constant;
use crate::bind::relation::{Frame, OrderKey, OverCall, Relation, RelationKind};
use crate::bind::scope::column;
use crate::expr::Expr;
use crate::functions::operators;
use crate::physical::lower_over;
use datafusion_common::ScalarValue;
use riverrun_core::{Error, Result, Schema, TimestampKind, TypeKind};
use riverrun_operators::over::{FrameStart, FrameUnit};
use riverrun_operators::rank::deduplicate::DeduplicateSpec;
use riverrun_operators::rank::top_n::{LastRank, Ranking, TopNSpec};
use riverrun_operators::sort_key::SortKey;
use riverrun_operators::window::spec::{WindowDeduplicateSpec, WindowTopNSpec, Windowing};

#[cfg(test)]
mod tests;

/// The ranks that come out.
#[derive(Clone, Debug)]
struct Range {
    first: u64,
    last: Last,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Last {
    Unbounded,
    Constant(u64),
    /// A column of the ranked rows.
    Column(usize),
}

impl Range {
    /// The ranks that are in both; `None` if that can't be said.
    fn and(self, other: Range) -> Option<Range> {
        let last = match (self.last, other.last) {
            (Last::Unbounded, last) | (last, Last::Unbounded) => last,
            (Last::Constant(one), Last::Constant(other)) => Last::Constant(one.min(other)),
            _ => return None,
        };
        Some(Range { first: self.first.max(other.first), last })
    }
}

/// A ranking with what stands above it.
struct Ranked {
    input: NodeId,
    /// The columns of the ranked rows.
    below: Schema,
    partition: Vec<Expr>,
    order: Vec<OrderKey>,
    ranking: Ranking,
    first: u64,
    last: Last,
    /// Whether the rank comes out behind the columns.
    emit_rank: bool,
    /// The columns that come out.
    schema: Schema,
}

impl Planner<'_> {
    /// A ranking with conditions on it and columns over it.
    pub(super) fn ranked(
        &mut self,
        rank: Relation,
        filters: Vec<Expr>,
        mut exprs: Vec<Expr>,
        schema: Schema,
    ) -> Result<NodeId> {
        let RelationKind::Rank { input, partition, order, ranking, place } = rank.kind else {
            return Err(Error::bug("no rank"));
        };
        let below = input.schema.clone();
        let rank_column = below.len();
        let mut range = Range { first: 1, last: Last::Unbounded };
        let mut others = Vec::new();
        for condition in filters.into_iter().flat_map(conjuncts) {
            match bounds(&condition, rank_column).and_then(|bounds| range.clone().and(bounds)) {
                Some(both) => range = both,
                None => others.push(condition),
            }
        }
        let Range { first, last } = range;
        if last == Last::Unbounded {
            if first > 1 {
                return Err(Error::input("a condition on the rank has no upper bound")
                    .detail("the rows behind the first ones are without number")
                    .hint("keep the first rows: WHERE row_num <= 10")
                    .at(place));
            }
            // All ranks come out.
            let rank_field = rank.schema.fields[rank_column].clone();
            let calls = vec![OverCall::Rank { ranking, field: rank_field }];
            let frame = Frame { unit: FrameUnit::Rows, start: FrameStart::Unbounded };
            let over = Over { partition, order, frame, calls, place };
            let node = self.over(*input, over, rank.schema)?;
            return self.calc(node, others, &exprs, schema);
        }
        if Last::Constant(first) == last {
            // There is one rank: it need not be looked up.
            let number = constant(ScalarValue::Int64(i64::try_from(first).ok()), TypeKind::BigInt.not_null());
            let named = |expr: &Expr| {
                expr.replace_columns(&mut |index, data_type| {
                    if index == rank_column { number.clone() } else { column(index, data_type) }
                })
            };
            exprs = exprs.iter().map(named).collect();
            others = others.iter().map(named).collect();
        }
        let reads_rank = |expr: &Expr| expr.columns().contains(&rank_column);
        let emit_rank = exprs.iter().chain(&others).any(reads_rank);
        let own = if emit_rank { rank.schema } else { below.clone() };
        let window = window_partition(&input, &partition);
        let input = self.relation(*input)?;
        let ranked = Ranked { input, below, partition, order, ranking, first, last, emit_rank, schema: own };
        let append = self.builder.properties(input).changelog == ChangelogKind::Append;
        let node = match window {
            Some(window) if append && ranked.ranking == Ranking::RowNumber => self.window_ranked(ranked, window)?,
            _ => self.stream_ranked(ranked)?,
        };
        self.calc(node, others, &exprs, schema)
    }

    /// Ranking within windows: ranks are known when a window ends.
    fn window_ranked(&mut self, ranked: Ranked, window: WindowPartition) -> Result<NodeId> {
        let Ranked { input, below, order, first, last, emit_rank, schema, .. } = ranked;
        let Last::Constant(last) = last else {
            return Err(Error::unsupported("a Top-N within windows whose last rank is a column")
                .hint("write the last rank as a number"));
        };
        let lower = |index: usize| lower_over(&column(index, &below.fields[index].data_type), &below);
        let zone = self.zone(window.local);
        let windowing = Windowing::Attached {
            start: lower(window.start)?,
            end: lower(window.end)?,
            zone,
            processing: window.processing,
        };
        let keys = self.lower_all(&window.others, &below)?;
        let batch_size = self.config.batch_size();
        let properties = Properties::append(schema.clone(), self.builder.properties(input).bounded);
        let kind = match only_time(&order) {
            Some((time, keep_last)) if (first, last) == (1, 1) => NodeKind::WindowDeduplicate(WindowDeduplicateSpec {
                windowing,
                keys,
                time: lower_over(time, &below)?,
                keep_last,
                emit_rank,
                schema,
                batch_size,
            }),
            _ => NodeKind::WindowTopN(WindowTopNSpec {
                windowing,
                keys,
                order: self.sort_keys(&order, &below)?,
                first,
                last,
                emit_rank,
                schema,
                batch_size,
            }),
        };
        Ok(self.builder.add(kind, vec![input.into()], properties))
    }

    /// Ranking outside of windows: ranks change as rows come.
    fn stream_ranked(&mut self, ranked: Ranked) -> Result<NodeId> {
        let Ranked { input, below, partition, order, ranking, first, last, emit_rank, schema } = ranked;
        let properties = self.builder.properties(input).clone();
        let append = properties.changelog == ChangelogKind::Append;
        let keys = self.lower_all(&partition, &below)?;
        let (batch_size, ttl) = (self.config.batch_size(), self.config.state_ttl());
        let changes = self.changes;
        let columns: Option<Vec<usize>> = partition.iter().map(as_column).collect();
        let one = last == Last::Constant(1) && ranking == Ranking::RowNumber;
        if one
            && first == 1
            && append
            && !emit_rank
            && let Some((time, keep_last)) = only_time(&order)
        {
            let by_rowtime = time.data_type().kind.is_rowtime();
            let time = if by_rowtime { Some(lower_over(time, &below)?) } else { None };
            let changelog = if keep_last { ChangelogKind::Retract } else { ChangelogKind::Append };
            let properties = Properties { changelog, keys: columns, ..properties };
            let spec = DeduplicateSpec { keys, time, keep_last, schema, ttl, batch_size, changes };
            return Ok(self.builder.add(NodeKind::Deduplicate(spec), vec![input.into()], properties));
        }
        let row_keys = match (emit_rank && ranking == Ranking::RowNumber, one) {
            (_, true) => columns,
            (true, _) => columns.map(|columns| columns.into_iter().chain([below.len()]).collect()),
            _ => properties.keys,
        };
        let last = match last {
            Last::Constant(last) => LastRank::Constant(last),
            Last::Column(index) => LastRank::OfRow(lower_over(&column(index, &below.fields[index].data_type), &below)?),
            Last::Unbounded => return Err(Error::bug("a Top-N without a last rank")),
        };
        let properties = Properties {
            changelog: ChangelogKind::Retract,
            keys: row_keys,
            ..Properties::append(schema.clone(), properties.bounded)
        };
        let order = self.sort_keys(&order, &below)?;
        let retracting = !append;
        let spec =
            TopNSpec { keys, order, ranking, first, last, emit_rank, retracting, schema, ttl, batch_size, changes };
        Ok(self.builder.add(NodeKind::TopN(spec), vec![input.into()], properties))
    }

    /// ORDER BY … LIMIT, or LIMIT of what is updated: the first rows of all.
    pub(super) fn limited(
        &mut self,
        input: NodeId,
        order: Vec<OrderKey>,
        offset: u64,
        limit: u64,
        schema: Schema,
    ) -> Result<NodeId> {
        self.stream_ranked(Ranked {
            input,
            below: schema.clone(),
            partition: Vec::new(),
            order,
            ranking: Ranking::RowNumber,
            first: offset.saturating_add(1),
            last: Last::Constant(offset.saturating_add(limit)),
            emit_rank: false,
            schema,
        })
    }

    pub(super) fn sort_keys(&self, order: &[OrderKey], input: &Schema) -> Result<Vec<SortKey>> {
        order
            .iter()
            .map(|key| {
                Ok(SortKey {
                    expression: lower_over(&key.expr, input)?,
                    descending: key.descending,
                    nulls_first: key.nulls_first,
                })
            })
            .collect()
    }
}

fn as_column(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Column { index, .. } => Some(*index),
        _ => None,
    }
}

/// The time attribute that is all that rows are ordered by, and whether it is descending.
fn only_time(order: &[OrderKey]) -> Option<(&Expr, bool)> {
    match order {
        [OrderKey { expr: expr @ Expr::Column { data_type, .. }, descending, .. }]
            if data_type.kind.timestamp_kind() != TimestampKind::Regular =>
        {
            Some((expr, *descending))
        }
        _ => None,
    }
}

/// PARTITION BY with a window among its columns.
struct WindowPartition {
    start: usize,
    end: usize,
    /// Whether the window's time is TIMESTAMP_LTZ.
    local: bool,
    /// Whether it is processing time.
    processing: bool,
    /// The other keys.
    others: Vec<Expr>,
}

/// The window's columns and the other keys, if rows are partitioned by window.
fn window_partition(input: &Relation, partition: &[Expr]) -> Option<WindowPartition> {
    let columns = input.window_columns()?;
    let among = |list: &[usize]| partition.iter().filter_map(as_column).find(|index| list.contains(index));
    let (start, end) = (among(&columns.start)?, among(&columns.end)?);
    let of_window =
        |index: usize| columns.start.contains(&index) || columns.end.contains(&index) || columns.time.contains(&index);
    let others = partition.iter().filter(|key| !as_column(key).is_some_and(of_window)).cloned().collect();
    Some(WindowPartition { start, end, local: columns.local, processing: columns.processing, others })
}

/// The ranks that a condition lets through; `None` if it says something else.
fn bounds(condition: &Expr, rank: usize) -> Option<Range> {
    let Expr::Call { name, arguments, .. } = condition else { return None };
    let is_rank = |expr: &Expr| as_column(expr) == Some(rank);
    let at_least = |number: i64| u64::try_from(number).unwrap_or(0).max(1);
    let up_to = |number: i64| Last::Constant(u64::try_from(number).unwrap_or(0));
    if let (operators::BETWEEN, [value, low, high]) = (name.as_str(), arguments.as_slice())
        && is_rank(value)
    {
        return Some(Range { first: at_least(number(low)?), last: up_to(number(high)?) });
    }
    let [left, right] = arguments.as_slice() else { return None };
    let (name, other) = if is_rank(left) {
        (name.as_str(), right)
    } else if is_rank(right) {
        let mirrored = match name.as_str() {
            operators::LESS => operators::GREATER,
            operators::LESS_EQUAL => operators::GREATER_EQUAL,
            operators::GREATER => operators::LESS,
            operators::GREATER_EQUAL => operators::LESS_EQUAL,
            same => same,
        };
        (mirrored, left)
    } else {
        return None;
    };
    let Some(number) = number(other) else {
        let index = as_column(without_cast(other)).filter(|index| *index < rank)?;
        return (name == operators::LESS_EQUAL).then_some(Range { first: 1, last: Last::Column(index) });
    };
    let (first, last) = match name {
        operators::EQUAL => (at_least(number), up_to(number)),
        operators::LESS => (1, up_to(number.saturating_sub(1))),
        operators::LESS_EQUAL => (1, up_to(number)),
        operators::GREATER => (at_least(number.saturating_add(1)), Last::Unbounded),
        operators::GREATER_EQUAL => (at_least(number), Last::Unbounded),
        _ => return None,
    };
    Some(Range { first, last })
}

/// What is cast from one kind of integer to another, as numbers are that meet a rank.
fn without_cast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Call { name, arguments, data_type, .. } => match arguments.as_slice() {
            [value] if name == "CAST" && data_type.kind.is_integer() && value.data_type().kind.is_integer() => value,
            _ => expr,
        },
        _ => expr,
    }
}

fn number(expr: &Expr) -> Option<i64> {
    match expr.as_literal()? {
        ScalarValue::Int8(Some(number)) => Some(i64::from(*number)),
        ScalarValue::Int16(Some(number)) => Some(i64::from(*number)),
        ScalarValue::Int32(Some(number)) => Some(i64::from(*number)),
        ScalarValue::Int64(Some(number)) => Some(*number),
        _ => None,
    }
}
