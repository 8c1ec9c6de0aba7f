//! Bound relations: what a query means, before it is decided how a stream computes it.

use super::lookup_hint::LookupHint;
use super::match_recognize::MatchRelation;
use super::table::BoundTable;
use super::temporal::AsOf;
use crate::expr::Expr;
use riverrun_core::{Field, Millis, Place, RowKind, Schema, TimestampKind};
use riverrun_operators::aggregates::{AggregateOptions, AggregateRef};
use riverrun_operators::join::JoinKind;
use riverrun_operators::over::{FrameStart, FrameUnit};
use riverrun_operators::rank::top_n::Ranking;
use riverrun_operators::set_operation::SetOperation;
use riverrun_operators::window::spec::WindowKind;
use sqlparser::ast::TableAlias;
use std::sync::Arc;

/// A relation: how its rows come about, and their columns.
#[derive(Clone, Debug)]
pub struct Relation {
    /// How its rows come about.
    pub kind: RelationKind,
    /// Its columns.
    pub schema: Schema,
}

/// How the rows of a relation come about.
#[derive(Clone, Debug)]
pub enum RelationKind {
    /// A table's rows, with the table's columns.
    Scan(Arc<BoundTable>),
    /// Constant rows: one expression without columns per value.
    Values(Vec<Vec<Expr>>),
    /// Computed columns.
    Project {
        /// The rows.
        input: Box<Relation>,
        /// One expression per column.
        exprs: Vec<Expr>,
    },
    /// The rows for which a condition is true.
    Filter {
        /// The rows.
        input: Box<Relation>,
        /// The condition.
        condition: Expr,
    },
    /// What a view shows.
    View {
        /// The view's name.
        name: String,
        /// Its query.
        input: Box<Relation>,
    },
    /// A relation that is computed by itself: nothing above it is merged into it.
    Fence(Box<Relation>),
    /// The rows of all inputs, whose columns have the same types.
    UnionAll(Vec<Relation>),
    /// A join: the columns of the left side, then those of the right one; of a semi or anti join only the left ones.
    Join {
        /// One side.
        left: Box<Relation>,
        /// The other one.
        right: Box<Relation>,
        /// Which rows come out.
        kind: JoinKind,
        /// What must hold, over the columns of both sides.
        on: Vec<Expr>,
        /// Whether it is bounded in time.
        class: JoinClass,
        /// What else the file says of it.
        origin: JoinOrigin,
    },
    /// Rows with the versions of a table that hold at their time: the columns of both sides.
    Temporal {
        /// The rows.
        left: Box<Relation>,
        /// The versions.
        right: Box<Relation>,
        /// Inner or left.
        kind: JoinKind,
        /// The time.
        as_of: AsOf,
        /// What must hold, over the columns of both sides.
        on: Vec<Expr>,
        /// Where it stands in the file.
        place: Option<Place>,
        /// How it is looked up, if a hint says so.
        hint: Option<LookupHint>,
    },
    /// The same rows, of which there must be one at the most for each value of the keys: a scalar subquery.
    SingleRow {
        /// The rows.
        input: Box<Relation>,
        /// The keys; none where there is one row in all.
        keys: Vec<usize>,
    },
    /// INTERSECT or EXCEPT of two relations whose columns have the same types.
    SetOperation {
        /// One side.
        left: Box<Relation>,
        /// The other one.
        right: Box<Relation>,
        /// Which rows come out.
        operation: SetOperation,
    },
    /// Each row joined with the elements of a collection in it: the input's columns, then those of the element.
    Unnest {
        /// The rows.
        input: Box<Relation>,
        /// The collection.
        collection: Expr,
        /// Whether a row without elements stays, with NULLs.
        outer: bool,
        /// Whether the element's position stands in a last column.
        ordinality: bool,
        /// For which elements the row is joined with them, over all columns; `None`: for all.
        on: Option<Expr>,
    },
    /// A window table function: the input's columns, then `window_start`, `window_end` and `window_time`.
    Window {
        /// The rows.
        input: Box<Relation>,
        /// The window function.
        window: WindowKind,
        /// The position of the time column.
        time: usize,
        /// PARTITION BY of SESSION.
        partition: Vec<usize>,
        /// Whether it stands as a group window in GROUP BY, which may give early and late results.
        legacy: bool,
    },
    /// An aggregation: one column per key, then (with `sets`) the number of the set as an INT, then one column per call.
    Aggregate {
        /// The rows.
        input: Box<Relation>,
        /// The group keys.
        keys: Vec<Expr>,
        /// GROUPING SETS: the keys of each, by position among `keys`. `None`: one set of all keys.
        sets: Option<Vec<Vec<usize>>>,
        /// The aggregate calls.
        calls: Vec<BoundAggregate>,
        /// Where among `keys` the window is; `None` where the groups are no windows.
        window: Option<WindowKeys>,
        /// How long a group is kept that gets no rows, if a hint says so (`STATE_TTL`); zero: for ever.
        ttl: Option<Millis>,
    },
    /// ROW_NUMBER, RANK or DENSE_RANK: the input's columns, then the rank.
    Rank {
        /// The rows.
        input: Box<Relation>,
        /// PARTITION BY.
        partition: Vec<Expr>,
        /// ORDER BY.
        order: Vec<OrderKey>,
        /// What a rank is.
        ranking: Ranking,
        /// Where it stands.
        place: Option<Place>,
    },
    /// Aggregates over the rows before each row: the input's columns, then one per call.
    Over {
        /// The rows.
        input: Box<Relation>,
        /// PARTITION BY.
        partition: Vec<Expr>,
        /// ORDER BY.
        order: Vec<OrderKey>,
        /// Which rows before each row count.
        frame: Frame,
        /// The calls.
        calls: Vec<OverCall>,
        /// Where the first of them stands.
        place: Option<Place>,
    },
    /// Rows with codes of what changed as changes, or back.
    ChangeCodes {
        /// The rows.
        input: Box<Relation>,
        /// Which way.
        codes: ChangeCodes,
    },
    /// MATCH_RECOGNIZE.
    Match(Box<MatchRelation>),
    /// ORDER BY, OFFSET and LIMIT.
    Sort {
        /// The rows.
        input: Box<Relation>,
        /// ORDER BY; empty for none.
        order: Vec<OrderKey>,
        /// OFFSET.
        offset: u64,
        /// LIMIT or FETCH.
        limit: Option<u64>,
    },
}

/// How changes and rows with codes become one another.
#[derive(Clone, Debug)]
pub enum ChangeCodes {
    /// FROM_CHANGELOG.
    From {
        /// The column of the code.
        op: usize,
        /// The kinds of change by their codes.
        kinds: Vec<(String, RowKind)>,
    },
    /// TO_CHANGELOG.
    To {
        /// The codes of the kinds of change.
        codes: Vec<(RowKind, String)>,
    },
}

/// Whether a join keeps its rows for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinClass {
    /// It does.
    Regular,
    /// The conditions bound the distance in time between the rows of a pair.
    Interval,
    /// The conditions make the windows of both sides equal.
    Window,
}

/// What a file says of a join beside what it means.
#[derive(Clone, Copy, Debug, Default)]
pub struct JoinOrigin {
    /// Where it stands.
    pub place: Option<Place>,
    /// How long each side keeps rows that are not written, if a hint says so (`STATE_TTL`); zero: for ever.
    pub ttl: [Option<Millis>; 2],
}

impl From<Option<Place>> for JoinOrigin {
    fn from(place: Option<Place>) -> Self {
        JoinOrigin { place, ttl: [None, None] }
    }
}

/// Where the window's properties stand among the keys of an aggregation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowKeys {
    /// `window_start`.
    pub start: usize,
    /// `window_end`.
    pub end: usize,
    /// `window_time`, if it is a key.
    pub time: Option<usize>,
}

/// An item of ORDER BY.
#[derive(Clone, Debug)]
pub struct OrderKey {
    /// What is compared.
    pub expr: Expr,
    /// DESC.
    pub descending: bool,
    /// Whether NULLs come first.
    pub nulls_first: bool,
}

/// Which rows before each row, and with it, an OVER aggregate looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// ROWS or RANGE.
    pub unit: FrameUnit,
    /// Where it begins.
    pub start: FrameStart,
}

impl Default for Frame {
    fn default() -> Self {
        Frame { unit: FrameUnit::Range, start: FrameStart::Unbounded }
    }
}

/// What is computed over the rows before each row.
#[derive(Clone, Debug)]
pub enum OverCall {
    /// An aggregate over the frame.
    Aggregate(BoundAggregate),
    /// A ranking of all rows so far.
    Rank {
        /// What a rank is.
        ranking: Ranking,
        /// The column of the result.
        field: Field,
    },
    /// The value of an earlier row.
    Lag {
        /// The value.
        value: Expr,
        /// How many rows before.
        rows: u32,
        /// The value where there is no such row.
        default: Option<Expr>,
        /// The column of the result.
        field: Field,
    },
}

impl OverCall {
    /// The column of the result.
    pub fn field(&self) -> &Field {
        match self {
            OverCall::Aggregate(call) => &call.field,
            OverCall::Rank { field, .. } | OverCall::Lag { field, .. } => field,
        }
    }

    /// Whether both compute the same.
    pub fn same_as(&self, other: &OverCall) -> bool {
        match (self, other) {
            (OverCall::Aggregate(left), OverCall::Aggregate(right)) => left.same_as(right),
            (OverCall::Rank { ranking: left, .. }, OverCall::Rank { ranking: right, .. }) => left == right,
            (
                OverCall::Lag { value, rows, default, .. },
                OverCall::Lag { value: other_value, rows: other_rows, default: other_default, .. },
            ) => {
                value.same_as(other_value)
                    && rows == other_rows
                    && match (default, other_default) {
                        (None, None) => true,
                        (Some(left), Some(right)) => left.same_as(right),
                        _ => false,
                    }
            }
            _ => false,
        }
    }

    /// The expressions over the input.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            OverCall::Aggregate(call) => call.exprs().collect(),
            OverCall::Rank { .. } => Vec::new(),
            OverCall::Lag { value, default, .. } => std::iter::once(value).chain(default).collect(),
        }
    }

    /// The call with its expressions replaced.
    pub fn map<E>(&self, mut map: impl FnMut(&Expr) -> Result<Expr, E>) -> Result<OverCall, E> {
        Ok(match self {
            OverCall::Aggregate(call) => OverCall::Aggregate(call.map(map)?),
            OverCall::Rank { .. } => self.clone(),
            OverCall::Lag { value, rows, default, field } => OverCall::Lag {
                value: map(value)?,
                rows: *rows,
                default: default.as_ref().map(map).transpose()?,
                field: field.clone(),
            },
        })
    }
}

/// A call of an aggregate function.
#[derive(Clone, Debug)]
pub struct BoundAggregate {
    /// The function.
    pub definition: AggregateRef,
    /// The arguments as written, over the input.
    pub arguments: Vec<Expr>,
    /// Which arguments are JSON already.
    pub json: Vec<bool>,
    /// What the function takes of them, cast to the types that it takes.
    pub inputs: Vec<Expr>,
    /// How the call is written.
    pub options: AggregateOptions,
    /// FILTER.
    pub filter: Option<Expr>,
    /// The column of the result.
    pub field: Field,
}

impl BoundAggregate {
    /// The expressions over the input.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.inputs.iter().chain(&self.filter).chain(&self.arguments)
    }

    /// The call with its expressions replaced.
    pub fn map<E>(&self, mut map: impl FnMut(&Expr) -> Result<Expr, E>) -> Result<BoundAggregate, E> {
        Ok(BoundAggregate {
            inputs: self.inputs.iter().map(&mut map).collect::<Result<_, E>>()?,
            arguments: self.arguments.iter().map(&mut map).collect::<Result<_, E>>()?,
            filter: self.filter.as_ref().map(&mut map).transpose()?,
            ..self.clone()
        })
    }

    /// Whether both compute the same.
    pub fn same_as(&self, other: &BoundAggregate) -> bool {
        let all = |left: &[Expr], right: &[Expr]| {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.same_as(right))
        };
        self.definition.same_as(&other.definition)
            && self.options == other.options
            && all(&self.arguments, &other.arguments)
            && match (&self.filter, &other.filter) {
                (None, None) => true,
                (Some(left), Some(right)) => left.same_as(right),
                _ => false,
            }
    }
}

/// Which columns of a relation are properties of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowColumns {
    /// The window function.
    pub kind: WindowKind,
    /// The columns that hold `window_start`.
    pub start: Vec<usize>,
    /// The columns that hold `window_end`.
    pub end: Vec<usize>,
    /// The columns that hold `window_time`.
    pub time: Vec<usize>,
    /// PARTITION BY of a SESSION, where all its columns are still there; `None` if they are not.
    pub partition: Option<Vec<usize>>,
    /// Whether the window's time is TIMESTAMP_LTZ.
    pub local: bool,
    /// Whether the window's time is processing time.
    pub processing: bool,
    /// Whether it is a SESSION.
    pub session: bool,
}

impl WindowColumns {
    /// What is a property of the same window on both sides of a UNION ALL.
    fn of_both(self, other: &WindowColumns) -> Option<WindowColumns> {
        let same = self.kind == other.kind && self.local == other.local && self.processing == other.processing;
        let both = |of_one: Vec<usize>, of_other: &[usize]| {
            of_one.into_iter().filter(|column| of_other.contains(column)).collect::<Vec<usize>>()
        };
        same.then(|| WindowColumns {
            start: both(self.start, &other.start),
            end: both(self.end, &other.end),
            time: both(self.time, &other.time),
            ..self
        })
    }
}

impl Relation {
    /// The relations directly below it.
    pub fn inputs_mut(&mut self) -> Vec<&mut Relation> {
        match &mut self.kind {
            RelationKind::Scan(_) | RelationKind::Values(_) => Vec::new(),
            RelationKind::UnionAll(inputs) => inputs.iter_mut().collect(),
            RelationKind::Match(matched) => vec![&mut matched.input],
            RelationKind::Join { left, right, .. }
            | RelationKind::Temporal { left, right, .. }
            | RelationKind::SetOperation { left, right, .. } => vec![&mut **left, &mut **right],
            RelationKind::Project { input, .. }
            | RelationKind::Filter { input, .. }
            | RelationKind::View { input, .. }
            | RelationKind::Fence(input)
            | RelationKind::SingleRow { input, .. }
            | RelationKind::Unnest { input, .. }
            | RelationKind::Window { input, .. }
            | RelationKind::Aggregate { input, .. }
            | RelationKind::Rank { input, .. }
            | RelationKind::Over { input, .. }
            | RelationKind::ChangeCodes { input, .. }
            | RelationKind::Sort { input, .. } => vec![&mut **input],
        }
    }

    /// The positions of the columns that `*` leaves out: of a table that a query names, and of one that it makes windows of. Columns
    /// that the query gives names of its own all come out.
    pub fn beside_star(&self, alias: Option<&TableAlias>) -> &[usize] {
        match &self.kind {
            _ if alias.is_some_and(|alias| !alias.columns.is_empty()) => &[],
            RelationKind::Scan(table) => &table.beside_star,
            RelationKind::Window { input, .. } => input.beside_star(None),
            _ => &[],
        }
    }

    /// One row without columns: what a SELECT without FROM reads.
    pub fn one_row() -> Relation {
        Relation { kind: RelationKind::Values(vec![Vec::new()]), schema: Schema::default() }
    }

    /// Columns computed from this relation.
    #[must_use]
    pub fn project(self, exprs: Vec<Expr>, names: Vec<String>) -> Relation {
        let fields =
            names.into_iter().zip(&exprs).map(|(name, expr)| Field::new(name, expr.data_type().clone())).collect();
        Relation { schema: Schema::new(fields), kind: RelationKind::Project { input: Box::new(self), exprs } }
    }

    /// The rows of this relation for which a condition is true.
    #[must_use]
    pub fn filter(self, condition: Expr) -> Relation {
        Relation { schema: self.schema.clone(), kind: RelationKind::Filter { input: Box::new(self), condition } }
    }

    /// The columns that come from a window function and still name its windows.
    pub fn window_columns(&self) -> Option<WindowColumns> {
        match &self.kind {
            RelationKind::Window { input, partition, window, .. } => {
                let first = input.schema.len();
                let time = &self.schema.fields[first + 2].data_type.kind;
                Some(WindowColumns {
                    kind: *window,
                    start: vec![first],
                    end: vec![first + 1],
                    time: vec![first + 2],
                    partition: Some(partition.clone()),
                    local: matches!(time, riverrun_core::TypeKind::TimestampLtz { .. }),
                    processing: time.timestamp_kind() == TimestampKind::Proctime,
                    session: matches!(window, WindowKind::Session { .. }),
                })
            }
            RelationKind::Fence(input) => input.window_columns(),
            // Rows of the same windows, whichever of the inputs they come from.
            RelationKind::UnionAll(inputs) => {
                let mut inputs = inputs.iter();
                let first = inputs.next()?.window_columns().filter(|columns| !columns.session)?;
                inputs.try_fold(first, |columns, input| columns.of_both(&input.window_columns()?))
            }
            RelationKind::Filter { input, .. }
            | RelationKind::View { input, .. }
            | RelationKind::Rank { input, .. }
            | RelationKind::Over { input, .. }
            | RelationKind::Temporal { left: input, .. }
            | RelationKind::Unnest { input, .. } => input.window_columns(),
            RelationKind::Project { input, exprs } => {
                let below = input.window_columns()?;
                let moved = |columns: &[usize]| -> Vec<usize> {
                    let position = |expr: &Expr| matches!(expr, Expr::Column { index, .. } if columns.contains(index));
                    exprs.iter().enumerate().filter(|(_, expr)| position(expr)).map(|(index, _)| index).collect()
                };
                let partition = below.partition.as_ref().and_then(|partition| {
                    partition.iter().map(|column| moved(&[*column]).first().copied()).collect::<Option<Vec<_>>>()
                });
                Some(WindowColumns {
                    kind: below.kind,
                    start: moved(&below.start),
                    end: moved(&below.end),
                    time: moved(&below.time),
                    partition,
                    local: below.local,
                    processing: below.processing,
                    session: below.session,
                })
            }
            RelationKind::Join { left, right, class: JoinClass::Window, kind, .. } => {
                let mut columns = left.window_columns()?;
                if !kind.is_semi() {
                    let (other, width) = (right.window_columns()?, left.schema.len());
                    let moved = |columns: Vec<usize>| columns.into_iter().map(move |column| column + width);
                    columns.start.extend(moved(other.start));
                    columns.end.extend(moved(other.end));
                    columns.time.extend(moved(other.time));
                }
                Some(columns)
            }
            RelationKind::Aggregate { input, window: Some(window), keys, .. } => {
                let below = input.window_columns()?;
                let partition = below.partition.as_ref().and_then(|partition| {
                    let position = |column: &usize| {
                        keys.iter().position(|key| matches!(key, Expr::Column { index, .. } if index == column))
                    };
                    partition.iter().map(position).collect::<Option<Vec<_>>>()
                });
                Some(WindowColumns {
                    kind: below.kind,
                    start: vec![window.start],
                    end: vec![window.end],
                    time: window.time.into_iter().collect(),
                    partition,
                    local: below.local,
                    processing: below.processing,
                    session: below.session,
                })
            }
            _ => None,
        }
    }
}
