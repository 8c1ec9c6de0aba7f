//! Joins: their conditions, the columns that come out, and which of them are bounded in time.

use super::conditional::and;
use super::relation::{JoinClass, JoinOrigin, Relation, RelationKind};
use super::scope::column;
use crate::expr::Expr;
use crate::functions::operators;
use riverrun_core::{Field, Schema, TimestampKind, TypeKind};
use riverrun_operators::join::{JoinKind, LEFT, RIGHT};

use super::query::constant_millis;

/// By how much the time of a left row may differ from that of a right one: `lower ≤ left − right ≤ upper`, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeBounds {
    /// The time column of each side.
    pub columns: [usize; 2],
    /// The smallest difference.
    pub lower: i64,
    /// The largest difference.
    pub upper: i64,
    /// Whether the times are processing time.
    pub processing: bool,
}

/// The columns that tell the windows of each side apart: start and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSides {
    /// `window_start` and `window_end` of each side, by its own positions.
    pub columns: [(usize, usize); 2],
    /// Whether the window's time is TIMESTAMP_LTZ.
    pub local: bool,
    /// Whether it is processing time.
    pub processing: bool,
}

/// The conditions that an AND joins.
pub fn conjuncts(condition: Expr) -> Vec<Expr> {
    match condition {
        Expr::And(operands, _) => operands.into_iter().flat_map(conjuncts).collect(),
        Expr::Literal { ref value, .. } if *value == datafusion_common::ScalarValue::Boolean(Some(true)) => Vec::new(),
        other => vec![other],
    }
}

impl Relation {
    /// The join of two relations on conditions over the columns of the left one and then the right one.
    pub fn join(
        left: Relation,
        right: Relation,
        kind: JoinKind,
        on: Vec<Expr>,
        origin: impl Into<JoinOrigin>,
    ) -> Relation {
        let origin = origin.into();
        let on: Vec<Expr> = on.into_iter().flat_map(conjuncts).collect();
        let class = class_of(&left, &right, kind, &on);
        let schema = joined_schema(&left.schema, &right.schema, kind, class);
        let kind = RelationKind::Join { left: Box::new(left), right: Box::new(right), kind, on, class, origin };
        Relation { kind, schema }
    }

    /// The rows for which a condition is true; of an inner join the condition becomes a part, which may bound it in time.
    /// Columns that may be NULL stay so, even where the condition makes an outer join an inner one.
    #[must_use]
    pub fn restricted(self, condition: Expr) -> Relation {
        let conditions = conjuncts(condition);
        if conditions.is_empty() {
            return self;
        }
        let nullable: Vec<bool> = self.schema.fields.iter().map(|field| field.data_type.nullable).collect();
        let mut restricted = self.restricted_by(conditions);
        for (field, nullable) in restricted.schema.fields.iter_mut().zip(nullable) {
            field.data_type.nullable |= nullable;
        }
        restricted
    }

    fn restricted_by(self, conditions: Vec<Expr>) -> Relation {
        let Relation { kind, schema } = self;
        let RelationKind::Join { left, right, kind, mut on, class, origin } = kind else {
            return if conditions.is_empty() {
                Relation { kind, schema }
            } else {
                Relation { kind, schema }.filter(and(conditions))
            };
        };
        let width = left.schema.len();
        let of_left = |expr: &Expr| expr.columns().iter().all(|index| *index < width);
        let of_right = |expr: &Expr| expr.columns().iter().all(|index| *index >= width) && !expr.columns().is_empty();
        // What is not true of NULLs makes an outer join an inner one on that side.
        let nulls_of = |side: usize| conditions.iter().any(|c| rejects_nulls(c, &|i| (i < width) == (side == LEFT)));
        let kind = match kind {
            JoinKind::Left if nulls_of(RIGHT) => JoinKind::Inner,
            JoinKind::Right if nulls_of(LEFT) => JoinKind::Inner,
            JoinKind::Full => match (nulls_of(LEFT), nulls_of(RIGHT)) {
                (true, true) => JoinKind::Inner,
                (true, false) => JoinKind::Left,
                (false, true) => JoinKind::Right,
                (false, false) => JoinKind::Full,
            },
            kind => kind,
        };
        let _ = class;
        let (mut to_left, mut to_right, mut above) = (Vec::new(), Vec::new(), Vec::new());
        for condition in conditions {
            match kind {
                JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti if of_left(&condition) => {
                    to_left.push(condition);
                }
                JoinKind::Inner | JoinKind::Right if of_right(&condition) => {
                    to_right.push(condition.move_columns(&|index| index - width));
                }
                JoinKind::Inner => on.push(condition),
                _ => above.push(condition),
            }
        }
        let left = if to_left.is_empty() { *left } else { left.restricted_by(to_left) };
        let right = if to_right.is_empty() { *right } else { right.restricted_by(to_right) };
        let joined = Relation::join(left, right, kind, on, origin);
        if above.is_empty() { joined } else { joined.filter(and(above)) }
    }
}

/// The columns of a join: those of an outer side are nullable, and but for joins bounded in time none is a time attribute.
fn joined_schema(left: &Schema, right: &Schema, kind: JoinKind, class: JoinClass) -> Schema {
    let field = |field: &Field, nullable: bool| {
        let data_type = match class {
            JoinClass::Regular if field.data_type.kind.is_time_attribute() => field.data_type.without_time_attribute(),
            _ => field.data_type.clone(),
        };
        Field::new(field.name.clone(), data_type.with_nullable(data_type.nullable || nullable))
    };
    let mut fields: Vec<Field> = left.fields.iter().map(|f| field(f, kind.preserves(RIGHT))).collect();
    if !kind.is_semi() {
        fields.extend(right.fields.iter().map(|f| field(f, kind.preserves(LEFT))));
    }
    Schema::new(fields)
}

fn class_of(left: &Relation, right: &Relation, kind: JoinKind, on: &[Expr]) -> JoinClass {
    if window_sides(left, right, on).is_some() {
        JoinClass::Window
    } else if !kind.is_semi() && time_bounds(&left.schema, &right.schema, on).is_some() {
        JoinClass::Interval
    } else {
        JoinClass::Regular
    }
}

/// The windows of both sides, if they are the same and the conditions make them equal.
pub fn window_sides(left: &Relation, right: &Relation, on: &[Expr]) -> Option<WindowSides> {
    let (lefts, rights) = (left.window_columns()?, right.window_columns()?);
    if lefts.kind != rights.kind || lefts.local != rights.local || lefts.processing != rights.processing {
        return None;
    }
    let width = left.schema.len();
    let equal = |lefts: &[usize], rights: &[usize]| {
        on.iter().find_map(|condition| {
            let Expr::Call { name, arguments, .. } = condition else { return None };
            let [Expr::Column { index: a, .. }, Expr::Column { index: b, .. }] = arguments.as_slice() else {
                return None;
            };
            let (a, b) = (*a.min(b), *a.max(b));
            let found = name == operators::EQUAL && lefts.contains(&a) && b >= width && rights.contains(&(b - width));
            found.then(|| (a, b - width))
        })
    };
    let start = equal(&lefts.start, &rights.start)?;
    let end = equal(&lefts.end, &rights.end)?;
    Some(WindowSides {
        columns: [(start.0, end.0), (start.1, end.1)],
        local: lefts.local,
        processing: lefts.processing,
    })
}

/// Whether a condition says only that the windows of both sides are equal.
pub fn compares_windows(condition: &Expr, sides: &WindowSides, width: usize) -> bool {
    let Expr::Call { name, arguments, .. } = condition else { return false };
    let [Expr::Column { index: a, .. }, Expr::Column { index: b, .. }] = arguments.as_slice() else { return false };
    let (a, b) = (*a.min(b), *a.max(b));
    let [left, right] = sides.columns;
    name == operators::EQUAL
        && b >= width
        && ((a, b - width) == (left.0, right.0) || (a, b - width) == (left.1, right.1))
}

/// The bounds that conditions set to the difference of both sides' times, if they set both.
pub fn time_bounds(left: &Schema, right: &Schema, on: &[Expr]) -> Option<TimeBounds> {
    let width = left.len();
    let time_of = |index: usize| {
        let field = if index < width { left.fields.get(index) } else { right.fields.get(index - width) };
        field.map(|field| field.data_type.kind.timestamp_kind()).filter(|kind| *kind != TimestampKind::Regular)
    };
    let mut found: Option<(usize, usize, TimestampKind)> = None;
    let (mut lower, mut upper): (Option<i64>, Option<i64>) = (None, None);
    for comparison in on.iter().flat_map(comparisons) {
        let Comparison { relation, left: a, right: b } = comparison;
        let (Some((a, a_off)), Some((b, b_off))) = (shifted(a), shifted(b)) else { continue };
        let (Some(a_kind), Some(b_kind)) = (time_of(a), time_of(b)) else { continue };
        if a_kind != b_kind || (a < width) == (b < width) {
            continue;
        }
        // left + l  relation  right + r: left − right  relation  r − l.
        let (columns, relation, difference) = if a < width {
            ((a, b - width), relation, b_off - a_off)
        } else {
            ((b, a - width), mirrored(relation), a_off - b_off)
        };
        match found {
            Some(known) if known != (columns.0, columns.1, a_kind) => continue,
            _ => found = Some((columns.0, columns.1, a_kind)),
        }
        let at_least = |known: Option<i64>, bound: i64| Some(known.map_or(bound, |known| known.max(bound)));
        let at_most = |known: Option<i64>, bound: i64| Some(known.map_or(bound, |known| known.min(bound)));
        match relation {
            operators::EQUAL => (lower, upper) = (at_least(lower, difference), at_most(upper, difference)),
            operators::LESS => upper = at_most(upper, difference - 1),
            operators::LESS_EQUAL => upper = at_most(upper, difference),
            operators::GREATER => lower = at_least(lower, difference + 1),
            _ => lower = at_least(lower, difference),
        }
    }
    let (left, right, kind) = found?;
    let processing = kind == TimestampKind::Proctime;
    Some(TimeBounds { columns: [left, right], lower: lower?, upper: upper?, processing })
}

struct Comparison<'a> {
    relation: &'static str,
    left: &'a Expr,
    right: &'a Expr,
}

fn comparisons(condition: &Expr) -> Vec<Comparison<'_>> {
    const RELATIONS: [&str; 5] =
        [operators::EQUAL, operators::LESS, operators::LESS_EQUAL, operators::GREATER, operators::GREATER_EQUAL];
    let Expr::Call { name, arguments, .. } = condition else { return Vec::new() };
    match arguments.as_slice() {
        [value, low, high] if name == operators::BETWEEN => vec![
            Comparison { relation: operators::GREATER_EQUAL, left: value, right: low },
            Comparison { relation: operators::LESS_EQUAL, left: value, right: high },
        ],
        [left, right] => {
            let relation = RELATIONS.into_iter().find(|relation| relation == name);
            relation.map(|relation| Comparison { relation, left, right }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a condition does nothing but compare two times with a distance.
pub fn is_time_bound(condition: &Expr, bounds: &TimeBounds, width: usize) -> bool {
    let all = comparisons(condition);
    let of = |expr: &Expr| shifted(expr).map(|(index, _)| index);
    let columns = [bounds.columns[LEFT], bounds.columns[RIGHT] + width];
    !all.is_empty()
        && all.iter().all(|comparison| match (of(comparison.left), of(comparison.right)) {
            (Some(a), Some(b)) => [a, b] == columns || [b, a] == columns,
            _ => false,
        })
}

/// The column that an expression moves by a constant span.
fn shifted(expr: &Expr) -> Option<(usize, i64)> {
    match expr {
        Expr::Column { index, .. } => Some((*index, 0)),
        Expr::Call { name, arguments, .. } => match (name.as_str(), arguments.as_slice()) {
            (operators::PLUS, [time, span]) if constant_millis(span).is_some() => {
                shifted(time).map(|(index, by)| (index, by + constant_millis(span).unwrap_or(0)))
            }
            (operators::PLUS, [span, time]) if constant_millis(span).is_some() => {
                shifted(time).map(|(index, by)| (index, by + constant_millis(span).unwrap_or(0)))
            }
            (operators::MINUS, [time, span]) => {
                let span = constant_millis(span)?;
                shifted(time).map(|(index, by)| (index, by - span))
            }
            ("CAST", [value]) if value.data_type().kind.is_timestamp() && expr.data_type().kind.is_timestamp() => {
                let same_family = matches!(
                    (&value.data_type().kind, &expr.data_type().kind),
                    (TypeKind::Timestamp { .. }, TypeKind::Timestamp { .. })
                        | (TypeKind::TimestampLtz { .. }, TypeKind::TimestampLtz { .. })
                );
                if same_family { shifted(value) } else { None }
            }
            _ => None,
        },
        _ => None,
    }
}

fn mirrored(relation: &'static str) -> &'static str {
    match relation {
        operators::LESS => operators::GREATER,
        operators::LESS_EQUAL => operators::GREATER_EQUAL,
        operators::GREATER => operators::LESS,
        operators::GREATER_EQUAL => operators::LESS_EQUAL,
        same => same,
    }
}

/// Whether a condition can't be true if all columns of which `nulls` says so are NULL.
fn rejects_nulls(condition: &Expr, nulls: &dyn Fn(usize) -> bool) -> bool {
    let strict = |arguments: &[Expr]| arguments.iter().any(|argument| is_null_of_nulls(argument, nulls));
    match condition {
        Expr::And(operands, _) => operands.iter().any(|operand| rejects_nulls(operand, nulls)),
        Expr::Or(operands, _) => operands.iter().all(|operand| rejects_nulls(operand, nulls)),
        Expr::Call { name, arguments, .. } => match name.as_str() {
            operators::EQUAL
            | operators::NOT_EQUAL
            | operators::LESS
            | operators::LESS_EQUAL
            | operators::GREATER
            | operators::GREATER_EQUAL
            | operators::LIKE
            | operators::BETWEEN
            | operators::IS_NOT_NULL => strict(arguments),
            operators::IN => arguments.first().is_some_and(|value| is_null_of_nulls(value, nulls)),
            _ => false,
        },
        _ => false,
    }
}

fn is_null_of_nulls(expr: &Expr, nulls: &dyn Fn(usize) -> bool) -> bool {
    match expr {
        Expr::Column { index, .. } => nulls(*index),
        Expr::Call { name, arguments, .. } => match name.as_str() {
            operators::PLUS | operators::MINUS | operators::TIMES | operators::DIVIDE | operators::NEGATE => {
                arguments.iter().any(|argument| is_null_of_nulls(argument, nulls))
            }
            "CAST" => arguments.iter().all(|argument| is_null_of_nulls(argument, nulls)),
            _ => false,
        },
        _ => false,
    }
}

/// The conditions of a join, taken apart.
#[derive(Clone, Debug, Default)]
pub struct SplitCondition {
    /// Equal keys: an expression over each side's own columns, and whether NULL equals NULL.
    pub keys: Vec<(Expr, Expr, bool)>,
    /// What else must hold, over the columns of both sides.
    pub rest: Vec<Expr>,
}

impl SplitCondition {
    /// The keys of the left side, and of the right one.
    pub fn sides(&self) -> (Vec<Expr>, Vec<Expr>) {
        self.keys.iter().map(|(left, right, _)| (left.clone(), right.clone())).unzip()
    }

    /// For each key, whether NULL equals NULL.
    pub fn null_safe(&self) -> Vec<bool> {
        self.keys.iter().map(|(_, _, null_safe)| *null_safe).collect()
    }
}

/// Takes the equalities between both sides out of the conditions. `common` casts two expressions to one type, if there is
/// one that compares them as they are.
pub fn split_condition(
    on: Vec<Expr>,
    width: usize,
    common: &dyn Fn(Expr, Expr) -> Option<(Expr, Expr)>,
) -> SplitCondition {
    let mut split = SplitCondition::default();
    for condition in on {
        match equality(&condition, width).and_then(|(left, right, null_safe)| {
            let (left, right) = common(left, right)?;
            Some((left, right, null_safe))
        }) {
            Some(key) => split.keys.push(key),
            None => split.rest.push(condition),
        }
    }
    split
}

/// Both sides of an equality between a left and a right expression, each over its own columns.
fn equality(condition: &Expr, width: usize) -> Option<(Expr, Expr, bool)> {
    let Expr::Call { name, arguments, .. } = condition else { return None };
    let null_safe = match name.as_str() {
        operators::EQUAL => false,
        operators::IS_NOT_DISTINCT => true,
        _ => return None,
    };
    let [a, b] = arguments.as_slice() else { return None };
    let side = |expr: &Expr| {
        let columns = expr.columns();
        match (columns.iter().all(|index| *index < width), columns.iter().all(|index| *index >= width)) {
            (true, false) => Some(LEFT),
            (false, true) => Some(RIGHT),
            _ => None,
        }
    };
    let right = |expr: &Expr| expr.move_columns(&|index| index - width);
    match (side(a)?, side(b)?) {
        (LEFT, RIGHT) => Some((a.clone(), right(b), null_safe)),
        (RIGHT, LEFT) => Some((b.clone(), right(a), null_safe)),
        _ => None,
    }
}

/// The columns of a relation as expressions.
pub fn columns_of(schema: &Schema) -> Vec<Expr> {
    schema.fields.iter().enumerate().map(|(index, field)| column(index, &field.data_type)).collect()
}
