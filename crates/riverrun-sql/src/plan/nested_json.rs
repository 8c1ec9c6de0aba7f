//! JSON that a projection below builds stands as JSON in the JSON of those above it.
//!
//! Source of the semantics: Flink 2.3 as measured. It merges projections before it generates code, and then nests what is a call of
//! JSON_OBJECT or JSON_ARRAY; behind whatever keeps two projections apart such a value is a text, and quoted.

use crate::bind::ExprBinder;
use crate::bind::json::{builds_json, is_whole_text, nests};
use crate::bind::relation::{BoundAggregate, Relation, RelationKind};
use crate::bind::scope::Scope;
use crate::bind::table::ColumnSource;
use crate::expr::Expr;
use crate::functions::FunctionContext;
use crate::functions::operators::AS_TEXT;
use riverrun_core::Result;
use std::convert::Infallible;

#[cfg(test)]
mod tests;

/// What is known of a relation's column.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    /// It is there before the projections.
    Given,
    /// It is computed by them.
    Computed,
    /// It is JSON that they build.
    Json(Behind),
}

/// What stands between the projections that build a value and those above.
#[derive(Clone, Copy, PartialEq)]
enum Behind {
    Nothing,
    /// A UNION ALL: nothing is taken from below it through a LIMIT.
    Union,
    /// A window function: only the aggregation by its windows is computed in one with it.
    Window,
}

/// Marks what is JSON in the arguments of functions that nest it.
pub(super) fn nest_json(mut relation: Relation, context: &FunctionContext) -> Result<Relation> {
    let scope = Scope::empty();
    Nesting { binder: ExprBinder::new(&scope, context) }.relation(&mut relation)?;
    Ok(relation)
}

struct Nesting<'a> {
    binder: ExprBinder<'a>,
}

impl Nesting<'_> {
    /// Marks what is JSON in a relation, and tells of its columns.
    fn relation(&self, relation: &mut Relation) -> Result<Vec<Column>> {
        let inputs = relation.inputs_mut().into_iter();
        let inputs = inputs.map(|input| self.relation(input)).collect::<Result<Vec<_>>>()?;
        let given = vec![Column::Given; relation.schema.len()];
        let below = inputs.first().map_or(&[][..], Vec::as_slice);
        Ok(match &mut relation.kind {
            // Computed columns are a projection, but one below the watermark.
            RelationKind::Scan(table) if table.watermark.is_none() => table
                .sources
                .iter()
                .map(|source| match source {
                    ColumnSource::Computed(expr) => computed(expr, &[]),
                    _ => Column::Given,
                })
                .collect(),
            RelationKind::Values(rows) if !rows.is_empty() => (0..given.len())
                .map(|column| match rows.iter().all(|row| builds_json(&row[column])) {
                    true => Column::Json(Behind::Nothing),
                    false => Column::Given,
                })
                .collect(),
            RelationKind::Project { input, exprs } => {
                for expr in exprs.iter_mut() {
                    *expr = self.nested(expr, below, &nests_here)?;
                }
                let columns = exprs.iter().map(|expr| match computed(expr, below) {
                    // It is computed before the OVER of its SELECT.
                    Column::Json(Behind::Nothing) if is_over(input) => Column::Given,
                    column => column,
                });
                let columns = columns.collect();
                exprs.iter_mut().for_each(|expr| *expr = without_marks(expr));
                columns
            }
            RelationKind::Filter { condition, .. } => {
                *condition = without_marks(&self.nested(condition, below, &nests_here)?);
                below.to_vec()
            }
            RelationKind::View { .. } => below.to_vec(),
            RelationKind::UnionAll(_) => (0..given.len())
                .map(|column| match inputs.iter().all(|input| nests_here(input[column])) {
                    true => Column::Json(Behind::Union),
                    false => Column::Given,
                })
                .collect(),
            // Projections are computed above it where it orders by nothing that they compute.
            RelationKind::Sort { order, .. } => {
                let is_given = |key: &Expr| matches!(key, Expr::Column { index, .. } if below[*index] == Column::Given);
                match order.iter().all(|key| is_given(&key.expr)) && !below.contains(&Column::Json(Behind::Union)) {
                    true => below.to_vec(),
                    false => given,
                }
            }
            RelationKind::Window { .. } => {
                let behind = below.iter().map(|column| match column {
                    Column::Json(_) => Column::Json(Behind::Window),
                    _ => Column::Given,
                });
                behind.chain(given.iter().copied()).take(given.len()).collect()
            }
            RelationKind::Aggregate { keys, calls, window, .. } => {
                for key in keys.iter_mut() {
                    *key = without_marks(&self.nested(key, below, &nests_here)?);
                }
                let is_windowed = window.is_some();
                let is_json = move |column| nests_here(column) || is_windowed && column == Column::Json(Behind::Window);
                for call in calls.iter_mut() {
                    *call = self.nested_call(call, below, &is_json)?;
                }
                given
            }
            _ => given,
        })
    }

    fn nested_call(
        &self,
        call: &BoundAggregate,
        below: &[Column],
        is_json: &dyn Fn(Column) -> bool,
    ) -> Result<BoundAggregate> {
        let arguments = call.arguments.iter().zip(&call.json);
        let json = arguments.map(|(argument, json)| *json || is_nested(argument, below, is_json)).collect();
        Ok(BoundAggregate {
            json,
            ..call.map(|expr| self.nested(expr, below, is_json).map(|expr| without_marks(&expr)))?
        })
    }

    /// The expression with those of its arguments marked that are JSON.
    fn nested(&self, expr: &Expr, below: &[Column], is_json: &dyn Fn(Column) -> bool) -> Result<Expr> {
        if !expr.columns().iter().any(|index| is_json(below[*index])) {
            return Ok(expr.clone());
        }
        let mapped = expr.map_children(&mut |child| self.nested(child, below, is_json))?;
        match mapped {
            Expr::Call { name, arguments, data_type, .. } if nests(&name) => {
                let is_json = |argument: &Expr| is_nested(argument, below, is_json);
                let arguments = self.binder.json_marked_where(&name, arguments, &is_json)?;
                Ok(self.binder.call(&name, arguments)?.with_type(data_type))
            }
            expr => Ok(expr),
        }
    }
}

/// The expression without what has told the functions that nest JSON that a value is a text.
fn without_marks(expr: &Expr) -> Expr {
    let Ok(expr) = expr.map_children::<Infallible>(&mut |child| Ok(without_marks(child)));
    match expr {
        Expr::Call { name, mut arguments, .. } if name == AS_TEXT && arguments.len() == 1 => arguments.remove(0),
        expr => expr,
    }
}

/// Whether the rows are those of OVER, with or without QUALIFY.
fn is_over(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::Rank { .. } | RelationKind::Over { .. } => true,
        RelationKind::Filter { input, .. } => is_over(input),
        _ => false,
    }
}

fn nests_here(column: Column) -> bool {
    matches!(column, Column::Json(Behind::Nothing | Behind::Union))
}

fn is_nested(argument: &Expr, below: &[Column], is_json: &dyn Fn(Column) -> bool) -> bool {
    matches!(argument, Expr::Column { index, .. } if is_json(below[*index])) && is_whole_text(argument)
}

/// What a projection over these columns makes of one.
fn computed(expr: &Expr, below: &[Column]) -> Column {
    match expr {
        Expr::Column { index, .. } => match below.get(*index) {
            Some(Column::Json(_)) if !is_whole_text(expr) => Column::Computed,
            Some(column) => *column,
            None => Column::Given,
        },
        expr if builds_json(expr) => Column::Json(Behind::Nothing),
        _ => Column::Computed,
    }
}
