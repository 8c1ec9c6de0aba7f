//! What a query's result shows of its columns' types and names.

use super::relation::{BoundAggregate, JoinClass, OverCall, Relation, RelationKind};
use crate::catalog::free;
use crate::expr::Expr;
use crate::functions::operators;
use crate::functions::temporal::units::Unit;
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, Field, Schema, TimestampKind, TypeKind};
use std::collections::HashSet;

impl Relation {
    /// The columns as a query's result shows them: of equal names the later ones get a number. Flink prints
    /// what is computed of an event time by MIN, MAX, ARRAY_AGG, COLLECT, +, -, FLOOR or CEIL as a time attribute, though it takes it for none: no window
    /// function accepts it. So it does of TIMESTAMPADD of days or longer units, and of CASE, COALESCE, GREATEST and their like whose first value is one.
    pub fn shown_schema(&self) -> Schema {
        let fields = self.schema.fields.iter().enumerate().map(|(index, field)| {
            let kind = self.shown_kind(index);
            Field::new(field.name.clone(), DataType { kind, nullable: field.data_type.nullable })
        });
        let mut fields: Vec<Field> = fields.collect();
        let mut taken: HashSet<String> = HashSet::new();
        for field in &mut fields {
            field.name = free(&field.name, |name| taken.contains(name));
            taken.insert(field.name.clone());
        }
        Schema::new(fields)
    }

    /// The columns that are shown as time attributes and are none.
    pub(super) fn shown_times(&self) -> Vec<usize> {
        (0..self.schema.len()).filter(|&column| self.is_shown_as_time(column)).collect()
    }

    /// Whether a column is computed of a time attribute in a way that Flink still prints as one.
    fn is_shown_as_time(&self, column: usize) -> bool {
        match &self.kind {
            RelationKind::Project { input, exprs } => input.shows_time(&exprs[column]),
            RelationKind::Filter { input, .. }
            | RelationKind::View { input, .. }
            | RelationKind::Fence(input)
            | RelationKind::SingleRow { input, .. }
            | RelationKind::Sort { input, .. } => input.is_shown_as_time(column),
            // Their own columns stand behind those of the input.
            RelationKind::Window { input, .. }
            | RelationKind::Rank { input, .. }
            | RelationKind::Unnest { input, .. } => column < input.schema.len() && input.is_shown_as_time(column),
            // The first branch says what the column is, as long as the others are as precise.
            RelationKind::UnionAll(inputs) => {
                !self.schema.fields[column].data_type.kind.is_time_attribute()
                    && inputs.first().is_some_and(|first| first.is_shown_as_time(column))
                    && inputs.iter().all(|input| input.keeps_precision(column))
            }
            // Flink prints what a regular join makes of a time attribute as one, though it is none any more.
            RelationKind::Join { left, right, class: JoinClass::Regular, .. } => {
                let (side, column) = side_of([left, right], column);
                side.shows_column_as_time(column)
            }
            RelationKind::Join { left, right, .. } | RelationKind::Temporal { left, right, .. } => {
                let (side, column) = side_of([left, right], column);
                side.is_shown_as_time(column)
            }
            RelationKind::SetOperation { left, .. } => left.shows_column_as_time(column),
            RelationKind::Aggregate { keys, calls, input, .. } => {
                if let Some(key) = keys.get(column) {
                    return input.shows_value_as_time(key);
                }
                self.call(calls, column).is_some_and(|call| call.gives_a_value() && input.shows_argument_as_time(call))
            }
            RelationKind::Over { input, calls, .. } => match column.checked_sub(input.schema.len()) {
                None => input.is_shown_as_time(column),
                Some(call) => match calls.get(call) {
                    Some(OverCall::Aggregate(call)) => call.gives_a_value() && input.shows_argument_as_time(call),
                    Some(OverCall::Lag { value, .. }) => value.data_type().kind.is_rowtime(),
                    _ => false,
                },
            },
            RelationKind::Match(matched) => matched.shown_values().shows_time(&matched.measures.exprs[column]),
            RelationKind::Values(_) => self.schema.fields[column].data_type.kind.is_rowtime(),
            _ => false,
        }
    }

    /// The kind of a column as it is shown.
    fn shown_kind(&self, column: usize) -> TypeKind {
        let kind = &self.schema.fields[column].data_type.kind;
        if self.is_shown_as_time(column) {
            return kind.with_timestamp_kind(TimestampKind::Rowtime);
        }
        match &self.kind {
            RelationKind::Project { input, exprs } => input.shown_kind_of(&exprs[column]),
            RelationKind::Filter { input, .. }
            | RelationKind::View { input, .. }
            | RelationKind::Fence(input)
            | RelationKind::Sort { input, .. } => input.shown_kind(column),
            RelationKind::Aggregate { input, calls, .. } => match self.call(calls, column) {
                Some(call) if call.gives_a_collection() && input.shows_argument_as_time(call) => of_times(kind),
                _ => kind.clone(),
            },
            _ => kind.clone(),
        }
    }

    /// The kind of a value as it is shown: also what is in the arrays, maps and rows that it makes.
    fn shown_kind_of(&self, value: &Expr) -> TypeKind {
        let kind = &value.data_type().kind;
        if self.shows_time(value) {
            return kind.with_timestamp_kind(TimestampKind::Rowtime);
        }
        let of = |part: &Expr, data_type: &DataType| DataType {
            kind: self.shown_kind_of(part),
            nullable: data_type.nullable,
        };
        match value {
            Expr::Column { index, .. } if self.schema.fields[*index].data_type.kind == *kind => self.shown_kind(*index),
            Expr::Call { name, arguments, .. } => match (name.as_str(), kind, arguments.as_slice()) {
                (operators::ARRAY, TypeKind::Array(element), parts @ [first, ..])
                    if parts.iter().all(|part| self.shown_kind_of(part) == self.shown_kind_of(first)) =>
                {
                    TypeKind::Array(Box::new(of(first, element)))
                }
                (operators::MAP, TypeKind::Map(key, value), [first, second]) => {
                    TypeKind::Map(Box::new(of(first, key)), Box::new(of(second, value)))
                }
                (operators::ROW, TypeKind::Row(fields), parts) => {
                    let shown =
                        |(field, part): (&Field, &Expr)| Field::new(field.name.clone(), of(part, &field.data_type));
                    TypeKind::Row(fields.iter().zip(parts).map(shown).collect())
                }
                _ => kind.clone(),
            },
            _ => kind.clone(),
        }
    }

    /// The aggregate that a column of an aggregation holds.
    fn call<'a>(&self, calls: &'a [BoundAggregate], column: usize) -> Option<&'a BoundAggregate> {
        let first = self.schema.len() - calls.len();
        calls.get(column.checked_sub(first)?)
    }

    /// Whether a column is no timestamp that was cast to another precision.
    fn keeps_precision(&self, column: usize) -> bool {
        let digits = |kind: &TypeKind| match kind {
            TypeKind::Timestamp { precision, .. } | TypeKind::TimestampLtz { precision, .. } => Some(*precision),
            _ => None,
        };
        match &self.kind {
            RelationKind::Project { exprs, .. } => match &exprs[column] {
                Expr::Call { name, arguments, data_type, .. } if name == "CAST" => {
                    arguments.iter().all(|argument| digits(&argument.data_type().kind) == digits(&data_type.kind))
                }
                _ => true,
            },
            _ => true,
        }
    }

    fn shows_column_as_time(&self, column: usize) -> bool {
        self.schema.fields[column].data_type.kind.is_rowtime() || self.is_shown_as_time(column)
    }

    fn shows_argument_as_time(&self, call: &BoundAggregate) -> bool {
        call.arguments.iter().any(|argument| self.shows_value_as_time(argument))
    }

    /// Whether a value is a time attribute, or is shown as one.
    pub(super) fn shows_value_as_time(&self, value: &Expr) -> bool {
        value.data_type().kind.is_rowtime() || self.shows_time(value)
    }

    /// Whether what is computed of the columns is shown so.
    fn shows_time(&self, expr: &Expr) -> bool {
        let of = |time: &Expr| self.shows_value_as_time(time);
        match expr {
            Expr::Column { index, .. } => self.is_shown_as_time(*index),
            Expr::Call { name, arguments, .. } => match (name.as_str(), arguments.as_slice()) {
                (operators::PLUS, [by, time]) if by.data_type().kind.is_interval() => of(time),
                (operators::PLUS | operators::MINUS, [time, by]) => by.data_type().kind.is_interval() && of(time),
                (operators::FLOOR_TO | operators::CEIL_TO, [time, _]) => of(time),
                (operators::TIMESTAMPADD, [unit, _, time]) => is_of_days(unit) && of(time),
                ("GREATEST" | "LEAST", [first, ..]) => of(first),
                (operators::ITEM, [collection, _]) => match self.shown_kind_of(collection) {
                    TypeKind::Array(element) | TypeKind::Map(_, element) => element.kind.is_rowtime(),
                    _ => false,
                },
                _ => false,
            },
            Expr::Case { branches, otherwise, .. } => match branches.as_slice() {
                [(condition, _)] if is_nullif(condition, otherwise) => of(otherwise),
                branches => branches.first().is_some_and(|(_, first)| of(first)),
            },
            _ => false,
        }
    }
}

/// Whether `CASE WHEN condition THEN … ELSE value END` is NULLIF of a column, or as good as that.
fn is_nullif(condition: &Expr, value: &Expr) -> bool {
    match (condition, value) {
        (Expr::Call { name, arguments, .. }, Expr::Column { index, .. }) if name == operators::EQUAL => {
            matches!(arguments.first(), Some(Expr::Column { index: compared, .. }) if compared == index)
        }
        _ => false,
    }
}

/// The side that a join's column comes from, and its place there.
fn side_of([left, right]: [&Relation; 2], column: usize) -> (&Relation, usize) {
    match column.checked_sub(left.schema.len()) {
        None => (left, column),
        Some(column) => (right, column),
    }
}

/// A collection's type with time attributes for elements.
fn of_times(kind: &TypeKind) -> TypeKind {
    let time = |element: &DataType| {
        let kind = element.kind.with_timestamp_kind(TimestampKind::Rowtime);
        Box::new(DataType { kind, nullable: element.nullable })
    };
    match kind {
        TypeKind::Array(element) => TypeKind::Array(time(element)),
        TypeKind::Multiset(element) => TypeKind::Multiset(time(element)),
        other => other.clone(),
    }
}

/// Whether a unit of TIMESTAMPADD is as long as a day.
fn is_of_days(unit: &Expr) -> bool {
    let Some(ScalarValue::Utf8(Some(name))) = unit.as_literal() else { return false };
    Unit::named(name).is_ok_and(|unit| unit.months().is_some() || matches!(unit, Unit::Day | Unit::Week))
}
