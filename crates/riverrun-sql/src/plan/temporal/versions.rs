//! Views as tables of versions: what changes of a view is a version from its time on.

use crate::bind::conditional::and;
use crate::bind::join::conjuncts;
use crate::bind::relation::{OrderKey, Relation, RelationKind};
use crate::bind::scope::column;
use crate::expr::Expr;
use crate::functions::operators;
use crate::plan::calc::{Chain, chain};
use crate::plan::table::connector_of;
use datafusion_common::ScalarValue;
use riverrun_connectors::ProducedChanges;

/// The right side of a temporal join, as rows that are versions.
///
/// A condition over a view's columns does not take versions away: then the one before would hold on. It says of each
/// whether it has a row.
pub(super) struct Versions {
    /// The rows, with the columns of the right side and, where there is a condition, a last one that holds it.
    pub(super) rows: Relation,
    /// Of a view of the last row of each key by event time: its key, if the columns still have it. Then the rows are all of the
    /// key's, and those that are not the last one when they come are to be passed over.
    pub(super) latest: Option<Option<Vec<usize>>>,
    /// The column of the condition.
    pub(super) holds: Option<usize>,
}

impl Versions {
    /// Rows that are versions as they come.
    pub(super) fn of(rows: Relation) -> Versions {
        Versions { rows, latest: None, holds: None }
    }

    /// The versions that a relation gives.
    pub(super) fn find(relation: Relation) -> Versions {
        if is_growing_table(&relation) {
            return Versions::of(relation);
        }
        let names: Vec<String> = relation.schema.fields.iter().map(|field| field.name.clone()).collect();
        let Chain { base, exprs, filters } = chain(relation);
        let filters = filters.into_iter().flat_map(conjuncts);
        match base.kind {
            RelationKind::View { name, input } => {
                let inner = Versions::find(*input).within(|input| RelationKind::View { name, input });
                inner.seen_through(exprs, names, filters.collect())
            }
            RelationKind::Fence(input) => {
                let inner = Versions::find(*input).within(RelationKind::Fence);
                inner.seen_through(exprs, names, filters.collect())
            }
            RelationKind::Rank { ref input, ref partition, ref order, .. } => {
                let rank = input.schema.len();
                let (of_rank, others): (Vec<_>, Vec<_>) =
                    filters.partition(|condition| condition.columns().contains(&rank));
                let reads_rank = exprs.iter().any(|expr| expr.columns().contains(&rank));
                match (key_columns(partition), of_rank.as_slice()) {
                    (Some(key), [first]) if is_latest(order) && is_first(first, rank) && !reads_rank => {
                        // A condition on the key takes away all versions of a key, or none.
                        let (of_key, others) = others
                            .into_iter()
                            .partition(|condition| condition.columns().iter().all(|column| key.contains(column)));
                        let rows = filtered((**input).clone(), of_key);
                        let latest = Versions { rows, latest: Some(Some(key)), holds: None };
                        latest.seen_through(exprs, names, others)
                    }
                    _ => Versions::of(filtered(base, of_rank)).seen_through(exprs, names, others),
                }
            }
            _ => Versions::of(base).seen_through(exprs, names, filters.collect()),
        }
    }

    fn within(self, wrap: impl FnOnce(Box<Relation>) -> RelationKind) -> Versions {
        let schema = self.rows.schema.clone();
        Versions { rows: Relation { schema, kind: wrap(Box::new(self.rows)) }, ..self }
    }

    /// The versions behind a projection and conditions.
    fn seen_through(self, exprs: Vec<Expr>, mut names: Vec<String>, conditions: Vec<Expr>) -> Versions {
        let Versions { rows, latest, holds } = self;
        let moved =
            |old: &usize| exprs.iter().position(|expr| matches!(expr, Expr::Column { index, .. } if index == old));
        let latest = latest.map(|key| key.and_then(|key| key.iter().map(moved).collect()));
        // The columns' types are those of the rows.
        let types = &rows.schema.fields;
        let typed = |expr: &Expr| expr.replace_columns(&mut |index, _| column(index, &types[index].data_type));
        let below = holds.map(|index| column(index, &types[index].data_type));
        let conditions: Vec<Expr> = conditions.iter().map(typed).chain(below).collect();
        let mut exprs: Vec<Expr> = exprs.iter().map(typed).collect();
        let holds = (!conditions.is_empty()).then_some(exprs.len());
        if holds.is_some() {
            exprs.push(and(conditions));
            names.push("$holds".to_owned());
        }
        Versions { rows: rows.project(exprs, names), latest, holds }
    }
}

/// Whether rows are those of a table that only grows, or some of them: each row that is there is a version.
fn is_growing_table(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::View { input, .. }
        | RelationKind::Fence(input)
        | RelationKind::Project { input, .. }
        | RelationKind::Filter { input, .. } => is_growing_table(input),
        RelationKind::Scan(table) => connector_of(&table.short_name(), &table.options)
            .is_ok_and(|connector| connector.changes(&table.options) == ProducedChanges::Append),
        _ => false,
    }
}

fn filtered(rows: Relation, conditions: Vec<Expr>) -> Relation {
    conditions.into_iter().fold(rows, Relation::filter)
}

/// The columns by which rows are partitioned, if they are columns.
fn key_columns(partition: &[Expr]) -> Option<Vec<usize>> {
    let columns = partition.iter().map(|expr| match expr {
        Expr::Column { index, .. } => Some(*index),
        _ => None,
    });
    columns.collect()
}

/// Whether a condition lets the first rank through and nothing else.
fn is_first(condition: &Expr, rank: usize) -> bool {
    let Expr::Call { name, arguments, .. } = condition else { return false };
    let number = |expr: &Expr| match expr.as_literal() {
        Some(ScalarValue::Int32(Some(number))) => Some(i64::from(*number)),
        Some(ScalarValue::Int64(Some(number))) => Some(*number),
        _ => None,
    };
    match arguments.as_slice() {
        [Expr::Column { index, .. }, value] if *index == rank => {
            matches!(name.as_str(), operators::EQUAL | operators::LESS_EQUAL) && number(value) == Some(1)
        }
        _ => false,
    }
}

fn is_latest(order: &[OrderKey]) -> bool {
    matches!(order, [key] if key.descending && matches!(key.expr, Expr::Column { .. }) && key.expr.data_type().kind.is_rowtime())
}
