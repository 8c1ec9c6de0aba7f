//! OVER: ranking functions, from which the planner makes Top-N and deduplication too, and aggregates over the rows before
//! each row.

use super::aggregate::bind_aggregate;
use super::call::{name_of, plain_arguments};
use super::expr::ExprBinder;
use super::query::{constant_millis, order_key};
use super::relation::{Frame, OrderKey, OverCall, Relation, RelationKind};
use super::scope;
use crate::expr::Expr;
use crate::parse::place_of;
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, Error, Field, Millis, Place, Result, TypeKind};
use riverrun_operators::over::{FrameStart, FrameUnit};
use riverrun_operators::rank::top_n::Ranking;
use sqlparser::ast::{
    self, NamedWindowDefinition, NamedWindowExpr, Spanned, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec,
    WindowType,
};
use std::cell::RefCell;

/// While expressions are bound, results stand at columns from here on: how many columns come before them is not known yet.
const PENDING: usize = 1 << 40;

/// One ranking.
#[derive(Clone, Debug)]
struct Rank {
    ranking: Ranking,
    partition: Vec<Expr>,
    order: Vec<OrderKey>,
    place: Option<Place>,
}

/// The window of the aggregates of a SELECT; there is one.
#[derive(Clone, Debug)]
struct Window {
    partition: Vec<Expr>,
    order: Vec<OrderKey>,
    /// The frame; `None` as long as only LAG, which has none, was seen.
    frame: Option<Frame>,
    place: Option<Place>,
}

/// What a pending column is.
#[derive(Clone, Copy, Debug)]
enum Pending {
    Rank(usize),
    Call(usize),
}

/// The OVER calls of a SELECT.
#[derive(Default)]
pub(super) struct Overs {
    pending: RefCell<Vec<Pending>>,
    ranks: RefCell<Vec<Rank>>,
    window: RefCell<Option<Window>>,
    calls: RefCell<Vec<OverCall>>,
    windows: Vec<NamedWindowDefinition>,
    /// The clause in which none may stand.
    refused_in: Option<&'static str>,
}

fn rank_type() -> DataType {
    TypeKind::BigInt.not_null()
}

impl Overs {
    /// Collects what stands in a SELECT list or QUALIFY.
    pub(super) fn collecting(windows: &[NamedWindowDefinition]) -> Self {
        Overs { windows: windows.to_vec(), ..Overs::default() }
    }

    /// Refuses them in a clause.
    pub(super) fn refusing(clause: &'static str) -> Self {
        Overs { refused_in: Some(clause), ..Overs::default() }
    }

    /// The column of an OVER call, as [`super::expr::Special::bind`].
    pub(super) fn bind(&self, expr: &ast::Expr, binder: &ExprBinder<'_>) -> Result<Option<Expr>> {
        let ast::Expr::Function(function) = expr else { return Ok(None) };
        let Some(over) = &function.over else { return Ok(None) };
        let name = name_of(function).to_uppercase();
        let place = place_of(expr.span());
        if let Some(clause) = self.refused_in {
            return Err(Error::input(format!("{name} OVER (…) can't stand in {clause}"))
                .hint("select it in a subquery, or use QUALIFY")
                .at(place));
        }
        let spec = &self.spec(over)?;
        let partition = spec.partition_by.iter().map(|key| binder.bind(key)).collect::<Result<Vec<_>>>()?;
        let order =
            spec.order_by.iter().map(|item| order_key(binder.bind(&item.expr)?, item)).collect::<Result<Vec<_>>>()?;
        if order.is_empty() {
            return Err(Error::input(format!("{name} OVER (…) needs ORDER BY in its OVER clause"))
                .hint("a stream has no last row: order by a time attribute, and each row sees those before it")
                .at(place));
        }
        let ranking = match name.as_str() {
            "ROW_NUMBER" => Some(Ranking::RowNumber),
            "RANK" => Some(Ranking::Rank),
            "DENSE_RANK" => Some(Ranking::DenseRank),
            _ => None,
        };
        if let Some(ranking) = ranking {
            let rank = Rank { ranking, partition, order, place };
            let mut ranks = self.ranks.borrow_mut();
            let position = found_or_added(&mut ranks, rank, same_rank);
            return Ok(Some(self.pending(Pending::Rank(position), &rank_type())));
        }
        let (call, frame) = match name.as_str() {
            "LAG" => (lag(function, binder).map_err(|error| error.at(place))?, None),
            "LEAD" | "NTILE" | "PERCENT_RANK" | "CUME_DIST" | "NTH_VALUE" => {
                return Err(Error::input(format!("{name} is not possible over a stream"))
                    .detail("it looks at rows that are still to come")
                    .hint("LAG, ROW_NUMBER, RANK and DENSE_RANK look only at the rows before")
                    .at(place));
            }
            _ if binder.context.aggregate(&function.name).is_some() => {
                let frame = frame(spec, binder)?;
                // Flink takes a bounded frame for one that may be empty.
                let never_empty = frame.start == FrameStart::Unbounded;
                let call = bind_aggregate(function, binder, never_empty).map_err(|error| error.at(place))?;
                (OverCall::Aggregate(call), Some(frame))
            }
            _ => {
                return Err(Error::input(format!("{name} is no function that OVER (…) can follow"))
                    .hint("aggregate functions, LAG, ROW_NUMBER, RANK and DENSE_RANK are")
                    .at(place));
            }
        };
        self.set_window(Window { partition, order, frame, place })?;
        let data_type = call.field().data_type.clone();
        let mut calls = self.calls.borrow_mut();
        let position = found_or_added(&mut calls, call, OverCall::same_as);
        Ok(Some(self.pending(Pending::Call(position), &data_type)))
    }

    fn pending(&self, what: Pending, data_type: &DataType) -> Expr {
        let mut pending = self.pending.borrow_mut();
        pending.push(what);
        scope::column(PENDING + pending.len() - 1, data_type)
    }

    /// All aggregates of a SELECT share one window.
    fn set_window(&self, window: Window) -> Result<()> {
        let mut known = self.window.borrow_mut();
        let Some(known) = known.as_mut() else {
            *known = Some(window);
            return Ok(());
        };
        let frames = match (&known.frame, &window.frame) {
            (Some(known), Some(frame)) => known == frame,
            _ => true,
        };
        if !frames || !same_window(&known.partition, &known.order, &window.partition, &window.order) {
            return Err(Error::input("the aggregates of a SELECT must be over the same window")
                .detail("this OVER has another PARTITION BY, ORDER BY or frame than the one before it")
                .hint("compute one of them in a subquery: SELECT *, … OVER (…) FROM (SELECT *, … OVER (…) FROM …)")
                .at(window.place));
        }
        if known.frame.is_none() {
            known.frame = window.frame;
        }
        Ok(())
    }

    fn spec(&self, over: &WindowType) -> Result<WindowSpec> {
        match over {
            WindowType::WindowSpec(spec) => self.extended(spec, 0),
            WindowType::NamedWindow(name) => self.named(name, 0),
        }
    }

    /// The window of this name in WINDOW, `depth` names from where it is used.
    fn named(&self, name: &ast::Ident, depth: usize) -> Result<WindowSpec> {
        let found = self.windows.iter().find(|NamedWindowDefinition(known, _)| known.value == name.value);
        match found {
            Some(_) if depth > self.windows.len() => {
                Err(Error::input(format!("the window '{}' is defined by itself", name.value)).at(place_of(name.span)))
            }
            Some(NamedWindowDefinition(_, NamedWindowExpr::WindowSpec(spec))) => self.extended(spec, depth + 1),
            Some(NamedWindowDefinition(_, NamedWindowExpr::NamedWindow(other))) => self.named(other, depth + 1),
            None => Err(Error::input(format!("there is no window '{}'", name.value)).at(place_of(name.span))),
        }
    }

    /// A window with what it takes over from the one that it names: `(w ROWS …)`.
    fn extended(&self, spec: &WindowSpec, depth: usize) -> Result<WindowSpec> {
        let Some(name) = &spec.window_name else { return Ok(spec.clone()) };
        let mut window = self.named(name, depth)?;
        let twice = [
            ("PARTITION BY", !spec.partition_by.is_empty()),
            ("ORDER BY", !spec.order_by.is_empty() && !window.order_by.is_empty()),
            ("a frame", window.window_frame.is_some()),
        ];
        if let Some((what, _)) = twice.iter().find(|(_, twice)| *twice) {
            let message = match *what {
                "PARTITION BY" => format!("a window that extends '{}' has no PARTITION BY of its own", name.value),
                what => format!("the window '{}' has {what} already", name.value),
            };
            return Err(Error::input(message).at(place_of(name.span)));
        }
        if !spec.order_by.is_empty() {
            window.order_by.clone_from(&spec.order_by);
        }
        window.window_frame.clone_from(&spec.window_frame);
        Ok(window)
    }

    /// The relation with a column per ranking, then one per call behind its own.
    pub(super) fn finish(&self, mut relation: Relation) -> Relation {
        for (index, rank) in self.ranks.borrow().iter().enumerate() {
            let mut schema = relation.schema.clone();
            schema.fields.push(Field::new(format!("row_number${index}"), rank_type()));
            let Rank { ranking, partition, order, place } = rank.clone();
            let kind = RelationKind::Rank { input: Box::new(relation), partition, order, ranking, place };
            relation = Relation { schema, kind };
        }
        if let Some(Window { partition, order, frame, place }) = self.window.borrow().clone() {
            let calls = self.calls.borrow().clone();
            let mut schema = relation.schema.clone();
            schema.fields.extend(calls.iter().map(|call| call.field().clone()));
            let frame = frame.unwrap_or_default();
            let kind = RelationKind::Over { input: Box::new(relation), partition, order, frame, calls, place };
            relation = Relation { schema, kind };
        }
        relation
    }

    /// An expression with the results at their columns, which follow the first `width`.
    pub(super) fn placed(&self, expr: &Expr, width: usize) -> Expr {
        let pending = self.pending.borrow();
        if pending.is_empty() {
            return expr.clone();
        }
        let ranks = self.ranks.borrow().len();
        expr.move_columns(&|index| match index.checked_sub(PENDING).map(|index| pending[index]) {
            None => index,
            Some(Pending::Rank(rank)) => width + rank,
            Some(Pending::Call(call)) => width + ranks + call,
        })
    }
}

fn found_or_added<T>(known: &mut Vec<T>, new: T, same: impl Fn(&T, &T) -> bool) -> usize {
    known.iter().position(|known| same(known, &new)).unwrap_or_else(|| {
        known.push(new);
        known.len() - 1
    })
}

fn same_rank(left: &Rank, right: &Rank) -> bool {
    left.ranking == right.ranking && same_window(&left.partition, &left.order, &right.partition, &right.order)
}

fn same_window(partition: &[Expr], order: &[OrderKey], other_partition: &[Expr], other_order: &[OrderKey]) -> bool {
    let orders = order.iter().zip(other_order).all(|(left, right)| {
        left.expr.same_as(&right.expr) && left.descending == right.descending && left.nulls_first == right.nulls_first
    });
    orders
        && order.len() == other_order.len()
        && partition.len() == other_partition.len()
        && partition.iter().zip(other_partition).all(|(left, right)| left.same_as(right))
}

/// LAG(value [, rows [, default]]).
fn lag(function: &ast::Function, binder: &ExprBinder<'_>) -> Result<OverCall> {
    let arguments = plain_arguments(function)?;
    let bound = arguments.iter().map(|argument| binder.bind(argument)).collect::<Result<Vec<_>>>()?;
    let (value, rows, default) = match bound.as_slice() {
        [value] => (value.clone(), 1, None),
        [value, rows, default @ ..] if default.len() <= 1 => {
            let rows = match rows.as_literal() {
                Some(ScalarValue::Int32(Some(rows))) => u32::try_from(*rows).ok(),
                Some(ScalarValue::Int64(Some(rows))) => u32::try_from(*rows).ok(),
                _ => None,
            };
            let Some(rows) = rows else {
                return Err(Error::input(format!("LAG takes a constant number of rows, not {}", arguments[1])));
            };
            (value.clone(), rows, default.first().cloned())
        }
        _ => return Err(Error::input(format!("LAG takes one to three arguments, not {}", bound.len()))),
    };
    let data_type = value.data_type().without_time_attribute();
    let default = match default {
        Some(default) if default.data_type().kind != TypeKind::Null => {
            let nullable = default.data_type().nullable;
            Some(binder.implicit_cast(default, &data_type.with_nullable(nullable))?)
        }
        _ => None,
    };
    let nullable = data_type.nullable || default.as_ref().is_none_or(|default| default.data_type().nullable);
    let field = Field::new(function.to_string(), data_type.with_nullable(nullable));
    Ok(OverCall::Lag { value, rows, default, field })
}

/// The frame of a window: without one, all rows up to the time of the current one.
fn frame(spec: &WindowSpec, binder: &ExprBinder<'_>) -> Result<Frame> {
    let Some(WindowFrame { units, start_bound, end_bound }) = &spec.window_frame else { return Ok(Frame::default()) };
    let place = order_place(spec);
    let unit = match units {
        WindowFrameUnits::Rows => FrameUnit::Rows,
        WindowFrameUnits::Range => FrameUnit::Range,
        WindowFrameUnits::Groups => return Err(Error::unsupported("GROUPS in an OVER clause").at(place)),
    };
    if !matches!(end_bound, None | Some(WindowFrameBound::CurrentRow)) {
        return Err(Error::input("a frame over a stream ends with the CURRENT ROW")
            .detail("rows that FOLLOW are still to come")
            .hint("write BETWEEN … PRECEDING AND CURRENT ROW")
            .at(place));
    }
    let start = match (start_bound, unit) {
        (WindowFrameBound::Preceding(None), _) => FrameStart::Unbounded,
        (WindowFrameBound::CurrentRow, FrameUnit::Rows) => FrameStart::Rows(0),
        (WindowFrameBound::CurrentRow, FrameUnit::Range) => FrameStart::Span(Millis(0)),
        (WindowFrameBound::Preceding(Some(bound)), FrameUnit::Rows) => {
            let rows = match binder.bind(bound)?.as_literal() {
                Some(ScalarValue::Int32(Some(rows))) => u64::try_from(*rows).ok(),
                Some(ScalarValue::Int64(Some(rows))) => u64::try_from(*rows).ok(),
                _ => None,
            };
            FrameStart::Rows(rows.ok_or_else(|| {
                Error::input(format!("ROWS … PRECEDING takes a constant number of rows, not {bound}"))
                    .at(place_of(bound.span()))
            })?)
        }
        (WindowFrameBound::Preceding(Some(bound)), FrameUnit::Range) => {
            let span = constant_millis(&binder.bind(bound)?).filter(|span| *span >= 0);
            FrameStart::Span(Millis(span.ok_or_else(|| {
                Error::input(format!("RANGE … PRECEDING takes a constant interval of days to seconds, not {bound}"))
                    .hint("RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW")
                    .at(place_of(bound.span()))
            })?))
        }
        (WindowFrameBound::Following(_), _) => {
            return Err(Error::input("a frame over a stream can't begin after the current row").at(place));
        }
    };
    Ok(Frame { unit, start })
}

fn order_place(spec: &WindowSpec) -> Option<Place> {
    spec.order_by.first().and_then(|item| place_of(item.expr.span()))
}
