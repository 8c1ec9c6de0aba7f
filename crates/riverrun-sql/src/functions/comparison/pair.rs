//! How a value of one type is compared with one of another.

use super::nested::{Equality, equality};
use super::union_nulls;
use crate::functions::cast::temporal::{timestamp_values, units_per_second};
use crate::functions::cast::{ArrayCast, OnFailure, array_cast};
use crate::functions::common_type::{MAX_PRECISION, common_type, exact_digits};
use crate::functions::loops::{self, Operand};
use crate::functions::{Argument, FunctionContext, decimal};
use arrow::array::{Array, ArrayRef, BooleanArray, Datum, Scalar};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::cmp;
use arrow::datatypes::{Decimal128Type, Float32Type, Float64Type, Int64Type};
use riverrun_core::types::timestamp_unit;
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::cmp::Ordering;
use std::sync::Arc;

/// What a comparison asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Relation {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Relation::Equal => "=",
            Relation::NotEqual => "<>",
            Relation::Less => "<",
            Relation::LessEqual => "<=",
            Relation::Greater => ">",
            Relation::GreaterEqual => ">=",
        }
    }

    fn is_equality(self) -> bool {
        matches!(self, Relation::Equal | Relation::NotEqual)
    }

    /// Whether two values that can be ordered stand in this relation; NaN can't be ordered, and differs from all.
    #[inline]
    fn holds(self, ordering: Option<Ordering>) -> bool {
        match self {
            Relation::Equal => ordering == Some(Ordering::Equal),
            Relation::NotEqual => ordering != Some(Ordering::Equal),
            Relation::Less => ordering == Some(Ordering::Less),
            Relation::LessEqual => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
            Relation::Greater => ordering == Some(Ordering::Greater),
            Relation::GreaterEqual => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

/// A comparison of two types.
#[derive(Clone)]
pub(crate) struct Comparison {
    relation: Relation,
    /// What the left value is cast to.
    pub(crate) left: DataType,
    /// What the right value is cast to.
    pub(crate) right: DataType,
    how: How,
    casts: [Option<ArrayCast>; 2],
    /// Whether a text that a cast doesn't understand stands in no relation to the other value.
    lenient: bool,
}

/// What compares two arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// One side is a bare NULL: the answer is NULL.
    Unknown,
    /// Arrays of one Arrow type without floating point: Arrow's kernels.
    Arrow,
    Float,
    Double,
    /// DECIMALs of two scales.
    Decimal(u8, u8),
    /// Timestamps of two precisions that Arrow holds in different units.
    Timestamp(u8, u8),
    /// Collections.
    Nested(Equality),
}

impl Comparison {
    /// The comparison of two arguments; an error if these types are not compared.
    pub(crate) fn new(
        context: &FunctionContext,
        relation: Relation,
        left: Argument<'_>,
        right: Argument<'_>,
    ) -> Result<Comparison> {
        let refused = || refuse(relation, left.data_type, right.data_type);
        let (a, b) = (left.data_type, right.data_type);
        let plain = |left: TypeKind, right: TypeKind, how: How| Comparison {
            relation,
            left: left.with_nullable(a.nullable),
            right: right.with_nullable(b.nullable),
            how,
            casts: [None, None],
            lenient: false,
        };
        let same = |kind: TypeKind, how: How| Ok(plain(kind.clone(), kind, how));
        match (&a.kind, &b.kind) {
            (TypeKind::Null, TypeKind::Null) => same(TypeKind::Null, How::Unknown),
            (TypeKind::Null, kind) | (kind, TypeKind::Null) => same(kind.clone(), How::Unknown),
            (a, b) if a.is_numeric() && b.is_numeric() => {
                let (left, right, how) = numbers(a, b).ok_or_else(refused)?;
                Ok(plain(left, right, how))
            }
            (a, b) if a.is_character() && b.is_character() || a.is_binary() && b.is_binary() => {
                Ok(plain(a.clone(), b.clone(), How::Arrow))
            }
            (text, number) if text.is_character() && number.is_numeric() && !relation.is_equality() => {
                let target = number_of_text(number);
                let (left, right, how) = numbers(&target, number).ok_or_else(refused)?;
                Ok(plain(left, right, how))
            }
            (number, text) if text.is_character() && number.is_numeric() && !relation.is_equality() => {
                let target = number_of_text(number);
                let (left, right, how) = numbers(number, &target).ok_or_else(refused)?;
                Ok(plain(left, right, how))
            }
            (text, other) | (other, text) if text.is_character() && is_written_as_text(other) => {
                let other = other.with_timestamp_kind(Default::default());
                let text_is_left = a.kind.is_character();
                let literal = if text_is_left { left.literal } else { right.literal };
                if !relation.is_equality() || literal.is_some() {
                    return same(other, How::Arrow);
                }
                let cast = array_cast(context.time_zone, text, &other, OnFailure::Null)?;
                let mut comparison = plain(a.kind.clone(), b.kind.clone(), How::Arrow);
                comparison.casts[usize::from(!text_is_left)] = cast;
                comparison.lenient = true;
                Ok(comparison)
            }
            (TypeKind::Boolean, TypeKind::Boolean)
            | (TypeKind::Date, TypeKind::Date)
            | (TypeKind::Time(_), TypeKind::Time(_))
            | (TypeKind::IntervalMonths, TypeKind::IntervalMonths)
            | (TypeKind::IntervalMillis, TypeKind::IntervalMillis) => {
                Ok(plain(a.kind.clone(), b.kind.clone(), How::Arrow))
            }
            (
                TypeKind::Timestamp { precision: p1, .. } | TypeKind::TimestampLtz { precision: p1, .. },
                TypeKind::Timestamp { precision: p2, .. } | TypeKind::TimestampLtz { precision: p2, .. },
            ) => {
                let plain_times =
                    matches!((&a.kind, &b.kind), (TypeKind::Timestamp { .. }, TypeKind::Timestamp { .. }));
                let of = if plain_times { TypeKind::timestamp } else { TypeKind::timestamp_ltz };
                // Each keeps its unit: in nanoseconds there is no year 9999.
                let how =
                    if timestamp_unit(*p1) == timestamp_unit(*p2) { How::Arrow } else { How::Timestamp(*p1, *p2) };
                Ok(plain(of(*p1), of(*p2), how))
            }
            (TypeKind::Array(_), TypeKind::Array(_))
            | (TypeKind::Map(..), TypeKind::Map(..))
            | (TypeKind::Multiset(_), TypeKind::Multiset(_))
            | (TypeKind::Row(_), TypeKind::Row(_))
                if relation.is_equality() =>
            {
                let common = common_type(&[a, b]).map_err(|_| refused())?.kind;
                same(common, How::Nested(Equality::Operator))
            }
            _ => Err(refused()),
        }
    }

    /// The same where NULL equals NULL within collections.
    pub(crate) fn null_safe(self) -> Comparison {
        self.nested_as(Equality::NullSafe)
    }

    /// The same of rows that ROW makes: they are compared field by field.
    pub(crate) fn of_fields(self) -> Comparison {
        self.nested_as(Equality::OfFields)
    }

    fn nested_as(mut self, how: Equality) -> Comparison {
        if let How::Nested(equality) = &mut self.how {
            *equality = how;
        }
        self
    }

    /// The same with the casts of its operands made by itself.
    pub(crate) fn with_own_casts(
        mut self,
        context: &FunctionContext,
        left: Argument<'_>,
        right: Argument<'_>,
    ) -> Result<Comparison> {
        for (cast, from, to) in [(0, left, &self.left), (1, right, &self.right)] {
            if self.casts[cast].is_none() {
                self.casts[cast] = array_cast(context.time_zone, &from.data_type.kind, &to.kind, OnFailure::Fail)?;
            }
        }
        Ok(self)
    }

    /// Whether the answer's type is nullable though neither operand's is: of rows it is if a field's is, as in Flink.
    pub(crate) fn may_be_unknown(&self) -> bool {
        self.how == How::Unknown
            || matches!(self.how, How::Nested(_)) && (has_nullable_field(&self.left) || has_nullable_field(&self.right))
    }

    /// Compares row by row; a constant is an array of one row.
    pub(crate) fn compare(
        &self,
        left: (&ArrayRef, bool),
        right: (&ArrayRef, bool),
        rows: usize,
    ) -> Result<BooleanArray> {
        if self.casts.iter().all(Option::is_none) {
            return self.compare_cast(left, right, rows);
        }
        let cast = |side: usize, (array, constant): (&ArrayRef, bool)| -> Result<(ArrayRef, bool)> {
            match &self.casts[side] {
                Some(cast) => Ok((cast(array)?, constant)),
                None => Ok((array.clone(), constant)),
            }
        };
        let (left_cast, right_cast) = (cast(0, left)?, cast(1, right)?);
        let compared = self.compare_cast((&left_cast.0, left_cast.1), (&right_cast.0, right_cast.1), rows)?;
        let boolean = self.left.kind == TypeKind::Boolean || self.right.kind == TypeKind::Boolean;
        let nullable = self.left.nullable || self.right.nullable;
        if !self.lenient || (nullable && !boolean) {
            return Ok(compared);
        }
        // As in Flink, it is unknown whether a text that means no date equals one. Where the answer's type is NOT NULL, it is
        // neither equal nor unequal. A text that means no BOOLEAN differs from both.
        let known = match compared.nulls() {
            Some(nulls) => nulls.inner().clone(),
            None => BooleanBuffer::new_set(rows),
        };
        let differs = self.relation == Relation::NotEqual && boolean;
        let values = if differs { compared.values() | &!&known } else { compared.values() & &known };
        Ok(BooleanArray::new(values, union_nulls(left, right, rows)))
    }

    fn compare_cast(&self, left: (&ArrayRef, bool), right: (&ArrayRef, bool), rows: usize) -> Result<BooleanArray> {
        // Two constants are compared once.
        if left.1 && right.1 && rows != 1 {
            let once = self.compare_cast((left.0, false), (right.0, false), 1)?;
            if once.is_null(0) {
                return Ok(BooleanArray::new_null(rows));
            }
            let values = if once.value(0) { BooleanBuffer::new_set(rows) } else { BooleanBuffer::new_unset(rows) };
            return Ok(BooleanArray::new(values, None));
        }
        let relation = self.relation;
        match self.how {
            How::Unknown => Ok(BooleanArray::new_null(rows)),
            How::Arrow => compare_arrow(relation, left, right),
            How::Float => {
                let (l, r) = (Operand::<Float32Type>::of(left.0, left.1)?, Operand::of(right.0, right.1)?);
                Ok(compare_floating(relation, l, r, rows))
            }
            How::Double => {
                let (l, r) = (Operand::<Float64Type>::of(left.0, left.1)?, Operand::of(right.0, right.1)?);
                Ok(compare_floating(relation, l, r, rows))
            }
            How::Decimal(left_scale, right_scale) => {
                let (l, r) = (Operand::<Decimal128Type>::of(left.0, left.1)?, Operand::of(right.0, right.1)?);
                Ok(loops::compare(l, r, rows, |l, r| {
                    relation.holds(Some(decimal::compare(l, left_scale, r, right_scale)))
                }))
            }
            How::Timestamp(left_precision, right_precision) => {
                let (l_rate, r_rate) = (units_per_second(left_precision), units_per_second(right_precision));
                let (l_factor, r_factor) =
                    (i128::from(l_rate.max(r_rate) / l_rate), i128::from(l_rate.max(r_rate) / r_rate));
                let units = |array: &ArrayRef, precision| -> Result<ArrayRef> {
                    Ok(Arc::new(timestamp_values(array, precision)?))
                };
                let (l, r) = (units(left.0, left_precision)?, units(right.0, right_precision)?);
                let (l, r) = (Operand::<Int64Type>::of(&l, left.1)?, Operand::<Int64Type>::of(&r, right.1)?);
                Ok(loops::compare(l, r, rows, |l, r| {
                    relation.holds(Some((i128::from(l) * l_factor).cmp(&(i128::from(r) * r_factor))))
                }))
            }
            How::Nested(mode) => {
                let equal = equality(left.0.as_ref(), right.0.as_ref(), mode)?;
                let at = |constant: bool, row: usize| if constant { 0 } else { row };
                let negate = relation == Relation::NotEqual;
                Ok((0..rows).map(|row| equal(at(left.1, row), at(right.1, row)).map(|equal| equal != negate)).collect())
            }
        }
    }
}

/// Each relation has a loop of its own, so that the compiler can make vector instructions of it.
fn compare_floating<T>(relation: Relation, l: Operand<'_, T>, r: Operand<'_, T>, rows: usize) -> BooleanArray
where
    T: arrow::array::ArrowPrimitiveType,
    T::Native: PartialOrd,
{
    match relation {
        Relation::Equal => loops::compare(l, r, rows, |l, r| l == r),
        Relation::NotEqual => loops::compare(l, r, rows, |l, r| l != r),
        Relation::Less => loops::compare(l, r, rows, |l, r| l < r),
        Relation::LessEqual => loops::compare(l, r, rows, |l, r| l <= r),
        Relation::Greater => loops::compare(l, r, rows, |l, r| l > r),
        Relation::GreaterEqual => loops::compare(l, r, rows, |l, r| l >= r),
    }
}

fn compare_arrow(relation: Relation, left: (&ArrayRef, bool), right: (&ArrayRef, bool)) -> Result<BooleanArray> {
    let kernel = match relation {
        Relation::Equal => cmp::eq,
        Relation::NotEqual => cmp::neq,
        Relation::Less => cmp::lt,
        Relation::LessEqual => cmp::lt_eq,
        Relation::Greater => cmp::gt,
        Relation::GreaterEqual => cmp::gt_eq,
    };
    let run = |left: &dyn Datum, right: &dyn Datum| Ok(kernel(left, right)?);
    match (left, right) {
        ((left, false), (right, false)) => run(left, right),
        ((left, false), (right, true)) => run(left, &Scalar::new(right)),
        ((left, true), (right, false)) => run(&Scalar::new(left), right),
        // One row on either side.
        ((left, true), (right, true)) => run(left, right),
    }
}

/// The types at which two numbers meet.
fn numbers(a: &TypeKind, b: &TypeKind) -> Option<(TypeKind, TypeKind, How)> {
    let same = |kind: TypeKind, how: How| Some((kind.clone(), kind, how));
    let decimal = |kind: &TypeKind| matches!(kind, TypeKind::Decimal { .. });
    if a.is_approximate() || b.is_approximate() {
        let double = [a, b].iter().any(|kind| **kind == TypeKind::Double || decimal(kind));
        return if double { same(TypeKind::Double, How::Double) } else { same(TypeKind::Float, How::Float) };
    }
    let ((p1, s1), (p2, s2)) = (exact_digits(a)?, exact_digits(b)?);
    if !decimal(a) && !decimal(b) {
        return same(if p1 >= p2 { a.clone() } else { b.clone() }, How::Arrow);
    }
    let scale = s1.max(s2);
    let precision = (p1 - s1).max(p2 - s2) + scale;
    if precision <= MAX_PRECISION {
        return same(TypeKind::decimal(precision, scale), How::Arrow);
    }
    Some((TypeKind::decimal(p1, s1), TypeKind::decimal(p2, s2), How::Decimal(s1, s2)))
}

/// What a text is cast to for the comparison with a number.
fn number_of_text(number: &TypeKind) -> TypeKind {
    match number {
        TypeKind::Decimal { .. } => TypeKind::decimal(MAX_PRECISION, 18),
        kind => kind.clone(),
    }
}

/// Whether a text compared with a value of this type is read as one.
fn is_written_as_text(kind: &TypeKind) -> bool {
    kind.is_datetime() || *kind == TypeKind::Boolean
}

fn has_nullable_field(data_type: &DataType) -> bool {
    match &data_type.kind {
        TypeKind::Row(fields) => {
            fields.iter().any(|field| field.data_type.nullable || has_nullable_field(&field.data_type))
        }
        _ => false,
    }
}

fn refuse(relation: Relation, left: &DataType, right: &DataType) -> Error {
    let symbol = relation.symbol();
    let error = Error::input(format!("cannot compare {left} {symbol} {right}"));
    let nested = |kind: &TypeKind| {
        matches!(kind, TypeKind::Array(_) | TypeKind::Map(..) | TypeKind::Multiset(_) | TypeKind::Row(_))
    };
    let castable = |from: &TypeKind, to: &TypeKind| array_cast(chrono_tz::UTC, from, to, OnFailure::Fail).is_ok();
    match (&left.kind, &right.kind) {
        (TypeKind::Row(a), TypeKind::Row(b)) if a.len() != b.len() => {
            error.detail(format!("one row has {} fields, the other {}", a.len(), b.len()))
        }
        (a, b) if nested(a) && nested(b) && !relation.is_equality() => {
            error.detail("collections and rows have no order")
        }
        (a, b) => match (nested(a), nested(b)) {
            (true, false) | (false, true) => error.detail("a collection or row is compared with its like only"),
            _ if castable(a, b) || castable(b, a) => error.hint("cast one side to the type of the other"),
            _ => error,
        },
    }
}
