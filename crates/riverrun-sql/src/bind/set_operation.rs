//! UNION, INTERSECT and EXCEPT: the columns of both sides under the first one's names, cast to their common types.

use super::literal;
use super::query::QueryBinder;
use super::relation::{Relation, RelationKind};
use super::scope::{self, Scope};
use crate::expr::Expr;
use crate::functions::common_type::common_type;
use riverrun_core::{DataType, Error, Field, Place, Result, Schema, TimestampKind, TypeKind};
use riverrun_operators::set_operation::SetOperation;

impl QueryBinder<'_> {
    /// INTERSECT and EXCEPT.
    pub(super) fn set_operation(
        &self,
        left: Relation,
        right: Relation,
        operation: SetOperation,
        place: Option<Place>,
    ) -> Result<Relation> {
        let ([left, right], schema) = self.same_types([left, right], &operation.to_string(), place)?;
        // A row of an earlier time is no news.
        let fields =
            schema.fields.into_iter().map(|field| Field::new(field.name, field.data_type.without_time_attribute()));
        let schema = Schema::new(fields.collect());
        let kind = RelationKind::SetOperation { left: Box::new(left), right: Box::new(right), operation };
        Ok(Relation { kind, schema })
    }

    /// UNION ALL.
    pub(super) fn union_all(&self, left: Relation, right: Relation, place: Option<Place>) -> Result<Relation> {
        let (branches, schema) = self.same_types([left, right], "UNION", place)?;
        let mut inputs = Vec::new();
        for branch in branches {
            match branch.kind {
                // A chain of UNION ALL is one union.
                RelationKind::UnionAll(inner) => inputs.extend(inner),
                _ => inputs.push(branch),
            }
        }
        Ok(Relation { kind: RelationKind::UnionAll(inputs), schema })
    }

    fn same_types(
        &self,
        [left, right]: [Relation; 2],
        operation: &str,
        place: Option<Place>,
    ) -> Result<([Relation; 2], Schema)> {
        let (width, other) = (left.schema.len(), right.schema.len());
        if width != other {
            let of = |schema: &Schema| {
                let names: Vec<&str> = schema.fields.iter().map(|field| field.name.as_str()).collect();
                names.join(", ")
            };
            return Err(Error::input(format!(
                "{operation} takes as many columns from both sides, not {width} and {other}"
            ))
            .detail(format!("the first query has {}; the second one has {}", of(&left.schema), of(&right.schema)))
            .at(place));
        }
        let fields = left.schema.fields.iter().zip(&right.schema.fields).map(|(first, second)| {
            let data_type = column_type(&first.data_type, &second.data_type)
                .map_err(|error| error.context(format!("column '{}' of {operation}", first.name)).at(place))?;
            Ok(Field::new(first.name.clone(), data_type))
        });
        let schema = Schema::new(fields.collect::<Result<_>>()?);
        Ok(([self.cast_columns(left, &schema)?, self.cast_columns(right, &schema)?], schema))
    }

    fn cast_columns(&self, branch: Relation, schema: &Schema) -> Result<Relation> {
        let types =
            || branch.schema.fields.iter().zip(&schema.fields).map(|(from, to)| (&from.data_type, &to.data_type));
        if types().all(|(from, to)| from.kind == to.kind) {
            return Ok(branch);
        }
        let exprs = types()
            .enumerate()
            .map(|(index, (from, to))| self.cast_column(scope::column(index, from), to))
            .collect::<Result<Vec<_>>>()?;
        let names = schema.fields.iter().map(|field| field.name.clone()).collect();
        Ok(branch.project(exprs, names))
    }

    /// A column as the union's type has it. The clock is read behind a union in Flink: a column of processing time is the clock's in all of its
    /// rows, and processing time has no value yet where event times are wanted.
    fn cast_column(&self, column: Expr, to: &DataType) -> Result<Expr> {
        let from = column.data_type();
        let (scope, to) = (Scope::empty(), to.with_nullable(from.nullable));
        match (from.kind.timestamp_kind(), to.kind.timestamp_kind()) {
            (TimestampKind::Proctime, TimestampKind::Rowtime) => literal::null(&to),
            (TimestampKind::Regular | TimestampKind::Rowtime, TimestampKind::Proctime) => {
                self.exprs(&scope).call("PROCTIME", Vec::new())
            }
            (TimestampKind::Regular, TimestampKind::Rowtime) => {
                let cast = self.exprs(&scope).implicit_cast(column, &to.without_time_attribute())?;
                Ok(cast.with_type(to))
            }
            _ => self.exprs(&scope).implicit_cast(column, &to),
        }
    }
}

/// The type of a column of both sides. A time attribute of the first one stays one beside all timestamps of its precision.
fn column_type(first: &DataType, second: &DataType) -> Result<DataType> {
    let attribute = first.kind.is_time_attribute() && precision(&first.kind) == precision(&second.kind);
    match attribute || first.kind == second.kind {
        true => Ok(first.with_nullable(first.nullable || second.nullable)),
        false => common_type(&[first, second]),
    }
}

/// The digits of a timestamp's seconds.
fn precision(kind: &TypeKind) -> Option<u8> {
    match kind {
        TypeKind::Timestamp { precision, .. } | TypeKind::TimestampLtz { precision, .. } => Some(*precision),
        _ => None,
    }
}
