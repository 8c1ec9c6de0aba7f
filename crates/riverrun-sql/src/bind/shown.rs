//! What a query's result shows of its columns' types and names.

use super::relation::{BoundAggregate, JoinClass, OverCall, Relation, RelationKind};
use crate::expr::Expr;
use crate::functions::operators;
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, Field, Schema, TimestampKind};
use std::collections::HashSet;

impl Relation {
    /// The columns as a query's result shows them: of equal names the later ones get a number. Flink prints
    /// what is computed of an event time by MIN, MAX, +, -, FLOOR or CEIL as a time attribute, though it takes it for none: no window
    /// function accepts it. So it does of TIMESTAMPADD of days or longer units, and of CASE, COALESCE, GREATEST and their like whose first value is one.
    pub fn shown_schema(&self) -> Schema {
        let fields = self.schema.fields.iter().enumerate().map(|(index, field)| {
            let kind = match self.is_shown_as_time(index) {
                true => field.data_type.kind.with_timestamp_kind(TimestampKind::Rowtime),
                false => field.data_type.kind.clone(),
            };
            Field::new(field.name.clone(), DataType { kind, nullable: field.data_type.nullable })
        });
        let mut fields: Vec<Field> = fields.collect();
        let mut taken: HashSet<String> = HashSet::new();
        for field in &mut fields {
            let name = field.name.clone();
            let mut number = 0;
            while !taken.insert(field.name.clone()) {
                field.name = format!("{name}{number}");
                number += 1;
            }
        }
        Schema::new(fields)
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
            RelationKind::UnionAll(inputs) => inputs.iter().all(|input| input.is_shown_as_time(column)),
            // Flink prints what a regular join makes of a time attribute as one, though it is none any more.
            RelationKind::Join { left, right, class: JoinClass::Regular, .. } => {
                let width = left.schema.len();
                let (side, column) = if column < width { (left, column) } else { (right, column - width) };
                side.schema.fields[column].data_type.kind.is_rowtime() || side.is_shown_as_time(column)
            }
            RelationKind::Aggregate { keys, calls, window, input, .. } => {
                let first = self.schema.len() - calls.len();
                if window.is_none()
                    && let Some(key) = keys.get(column)
                {
                    return match key {
                        Expr::Column { index, .. } => {
                            input.schema.fields[*index].data_type.kind.is_rowtime() || input.is_shown_as_time(*index)
                        }
                        computed => input.shows_time(computed),
                    };
                }
                column.checked_sub(first).and_then(|call| calls.get(call)).is_some_and(BoundAggregate::gives_a_time)
            }
            RelationKind::Over { input, calls, .. } => match column.checked_sub(input.schema.len()) {
                None => input.is_shown_as_time(column),
                Some(call) => match calls.get(call) {
                    Some(OverCall::Aggregate(call)) => call.gives_a_time(),
                    Some(OverCall::Lag { value, .. }) => value.data_type().kind.is_rowtime(),
                    _ => false,
                },
            },
            _ => false,
        }
    }

    /// Whether what is computed of the columns is shown so.
    fn shows_time(&self, expr: &Expr) -> bool {
        let of = |time: &Expr| match time {
            Expr::Column { index, data_type } => data_type.kind.is_rowtime() || self.is_shown_as_time(*index),
            other => other.data_type().kind.is_rowtime() || self.shows_time(other),
        };
        match expr {
            Expr::Column { index, .. } => self.is_shown_as_time(*index),
            Expr::Call { name, arguments, .. } => match (name.as_str(), arguments.as_slice()) {
                (operators::PLUS, [by, time]) if by.data_type().kind.is_interval() => of(time),
                (operators::PLUS | operators::MINUS, [time, by]) => by.data_type().kind.is_interval() && of(time),
                (operators::FLOOR_TO | operators::CEIL_TO, [time, _]) => of(time),
                (operators::TIMESTAMPADD, [unit, _, time]) => is_of_days(unit) && of(time),
                ("GREATEST" | "LEAST", [first, ..]) => of(first),
                _ => false,
            },
            Expr::Case { branches, .. } => branches.first().is_some_and(|(_, first)| of(first)),
            _ => false,
        }
    }
}

/// Whether a unit of TIMESTAMPADD is as long as a day.
fn is_of_days(unit: &Expr) -> bool {
    let units = ["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];
    matches!(unit.as_literal(), Some(ScalarValue::Utf8(Some(unit))) if units.contains(&unit.as_str()))
}
