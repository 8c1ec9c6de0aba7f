//! `FOR SYSTEM_TIME AS OF`: joins with the versions of a table.

use super::from::From;
use super::lookup_hint::LookupHint;
use super::query::QueryBinder;
use super::relation::{Relation, RelationKind};
use crate::expr::Expr;
use crate::parse::place_of;
use riverrun_core::{Error, Field, Place, Result, Schema, TimestampKind};
use riverrun_operators::join::JoinKind;
use sqlparser::ast::{self, JoinConstraint, Spanned, TableFactor, TableVersion};

/// When the right side of a temporal join is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// At a row's time.
    Event {
        /// The column of the left side that says it.
        time: usize,
        /// The column of the right side that says from when a version holds, if there is one.
        since: Option<usize>,
    },
    /// When the left row comes.
    Processing,
}

/// The table and the time of a `FOR SYSTEM_TIME AS OF`.
pub(super) fn version(factor: &TableFactor) -> Option<&ast::Expr> {
    match factor {
        TableFactor::Table { version: Some(TableVersion::ForSystemTimeAsOf(time)), .. } => Some(time),
        _ => None,
    }
}

impl QueryBinder<'_> {
    /// A join with a table as it was, or is, at a time of the left row's.
    pub(super) fn temporal(
        &mut self,
        left: From,
        factor: &TableFactor,
        time: &ast::Expr,
        kind: JoinKind,
        constraint: &JoinConstraint,
    ) -> Result<From> {
        let place = place_of(factor.span());
        if !matches!(kind, JoinKind::Inner | JoinKind::Left) {
            return Err(Error::input(format!("a {kind} join with a table FOR SYSTEM_TIME AS OF"))
                .detail("versions are looked up for each row on the left: those that none asks for don't come out")
                .hint("use JOIN or LEFT JOIN")
                .at(place));
        }
        let time_place = place_of(time.span());
        let bound = self.exprs(&left.scope).bind(time)?;
        let mut as_of = match (bound.data_type().kind.timestamp_kind(), &bound) {
            (TimestampKind::Rowtime, Expr::Column { index, .. }) => AsOf::Event { time: *index, since: None },
            (TimestampKind::Proctime, _) => AsOf::Processing,
            _ => {
                return Err(Error::input(format!(
                    "FOR SYSTEM_TIME AS OF takes a time attribute of the left side, not {}",
                    bound.data_type()
                ))
                .hint("declare WATERMARK FOR the column in its table and pass it on unchanged, or use a column AS PROCTIME()")
                .at(time_place));
            }
        };
        let mut plain = factor.clone();
        if let TableFactor::Table { version, .. } = &mut plain {
            *version = None;
        }
        let right = self.factor(&plain)?;
        if let AsOf::Event { since, .. } = &mut as_of {
            *since = right.relation.version_time().map_err(|error| error.at(place))?;
        }
        let hint = self.lookup_hint(&right.scope);
        let split = left.scope.len();
        let mut scope = left.scope.beside(right.scope);
        let mut common = Vec::new();
        let on = match constraint {
            JoinConstraint::On(condition) => vec![self.exprs(&scope).bind_condition(condition, "ON")?],
            JoinConstraint::Using(_) | JoinConstraint::Natural => {
                common = scope.merge(split, kind, constraint)?;
                self.equalities(&scope, &common).map_err(|error| error.at(place))?
            }
            JoinConstraint::None => {
                return Err(Error::input("a join with a table FOR SYSTEM_TIME AS OF needs ON or USING")
                    .hint("compare the table's whole key: ON o.currency = r.currency")
                    .at(place));
            }
        };
        let relation = Relation::temporal_join([left.relation, right.relation], kind, as_of, on, place, hint);
        scope.retype(&relation.schema);
        self.with_common_of(From { relation, scope }, &common, kind).map_err(|error| error.at(place))
    }
}

impl Relation {
    /// The column that says from when a row holds: the time attribute, or the one column that is computed of time attributes.
    fn version_time(&self) -> Result<Option<usize>> {
        if let Some(time) = self.schema.fields.iter().position(|field| field.data_type.kind.is_rowtime()) {
            return Ok(Some(time));
        }
        match self.shown_times().as_slice() {
            [] => Ok(None),
            [time] => Ok(Some(*time)),
            [one, other, ..] => {
                let name = |index: usize| &self.schema.fields[index].name;
                Err(Error::input(format!(
                    "both '{}' and '{}' could say from when a version holds",
                    name(*one),
                    name(*other)
                ))
                .detail("they are computed of time attributes")
                .hint("compute all but one of them of plain values: MAX(CAST(… AS TIMESTAMP(3)))"))
            }
        }
    }

    /// The join of rows with versions, on conditions over the columns of the left side and then the right one.
    fn temporal_join(
        [left, right]: [Relation; 2],
        kind: JoinKind,
        as_of: AsOf,
        on: Vec<Expr>,
        place: Option<Place>,
        hint: Option<LookupHint>,
    ) -> Relation {
        let outer = kind == JoinKind::Left;
        let rights = right.schema.fields.iter().map(|field| {
            let nullable = field.data_type.nullable || outer;
            Field::new(field.name.clone(), field.data_type.with_nullable(nullable))
        });
        let schema = Schema::new(left.schema.fields.iter().cloned().chain(rights).collect());
        let on = on.into_iter().flat_map(super::join::conjuncts).collect();
        let (left, right) = (Box::new(left), Box::new(right));
        Relation { schema, kind: RelationKind::Temporal { left, right, kind, as_of, on, place, hint } }
    }
}
