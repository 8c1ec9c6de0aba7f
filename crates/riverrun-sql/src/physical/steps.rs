//! Filters and projections that follow each other, as the steps of one operator.
//!
//! Rows that fall out are dropped once, and only columns that are still read are copied then. A column of one projection stands in
//! the next one as the expression that it is, but for one that is read more than once: it is added by a step of its own. What is
//! computed more than once within all of them is found by [`shared`](super::shared).

use super::shared::share;
use super::{KernelExpr, conjuncts, is_plain, is_total};
use datafusion_common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion_physical_expr::expressions::Column;
use datafusion_physical_expr::utils::collect_columns;
use riverrun_core::{Result, Schema};
use riverrun_operators::calc::{Action, CalcSpec, CalcSteps, Step};
use riverrun_operators::expression::{Expression, from_datafusion as internal};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The steps of filters and projections, the lowest first.
pub fn steps(calcs: &[&CalcSpec]) -> Result<CalcSteps> {
    let lowest = calcs.first().into_iter().flat_map(|calc| calc.filter.iter().chain(&calc.projections));
    let width = lowest.flat_map(collect_columns).map(|column| column.index() + 1).max().unwrap_or(0);
    let mut program = Program { width, columns: width, steps: Vec::new() };
    let mut values: Option<Vec<Expression>> = None;
    let mut schema = Schema::default();
    for (at, calc) in calcs.iter().enumerate() {
        let over = |expression: &Expression| match &values {
            None => Ok(Arc::clone(expression)),
            Some(values) => substituted(expression, values),
        };
        if let Some(filter) = &calc.filter {
            program.keep(&over(filter)?);
        }
        let mut columns = calc.projections.iter().map(over).collect::<Result<Vec<_>>>()?;
        if let Some(next) = calcs.get(at + 1) {
            let uses = uses(next, columns.len())?;
            for (column, uses) in columns.iter_mut().zip(uses) {
                if uses > 1 && !is_plain(column) && access(column).is_none() {
                    *column = program.add(column);
                }
            }
        }
        values = Some(columns);
        schema = calc.schema.clone();
    }
    let Steps { inputs, actions, projections } = share(program.within_inputs(values.unwrap_or_default())?)?;
    Ok(CalcSteps { inputs, steps: actions.into_iter().map(step).collect(), projections, schema })
}

fn step(action: Action) -> Step {
    Step { total: is_total(action.expression()), action }
}

/// Filters and what they add, over the input's columns and then those that were added.
struct Program {
    /// How many columns of the input are read.
    width: usize,
    /// How many there are, with those that were added.
    columns: usize,
    steps: Vec<Action>,
}

/// Steps and projections over inputs and then the columns that were added.
pub(super) struct Steps {
    pub inputs: Vec<Expression>,
    pub actions: Vec<Action>,
    pub projections: Vec<Expression>,
}

impl Program {
    fn keep(&mut self, condition: &Expression) {
        match conjuncts(condition) {
            Some(conjuncts) => conjuncts.iter().for_each(|condition| self.keep(condition)),
            None => self.steps.push(Action::Keep(Arc::clone(condition))),
        }
    }

    fn add(&mut self, expression: &Expression) -> Expression {
        self.steps.push(Action::Add(Arc::clone(expression)));
        self.columns += 1;
        column(self.columns - 1)
    }

    /// The same over what the steps and projections read of the input: columns, and fields of ROWs.
    fn within_inputs(self, projections: Vec<Expression>) -> Result<Steps> {
        let width = self.width;
        let mut inputs: BTreeMap<Vec<usize>, (usize, Expression)> = BTreeMap::new();
        let expressions = self.steps.iter().map(Action::expression).chain(&projections);
        for expression in expressions {
            expression
                .apply(|node| match access(node).filter(|path| path[0] < width) {
                    Some(path) => {
                        let next = inputs.len();
                        inputs.entry(path).or_insert_with(|| (next, Arc::clone(node)));
                        Ok(TreeNodeRecursion::Jump)
                    }
                    None => Ok(TreeNodeRecursion::Continue),
                })
                .map_err(internal)?;
        }
        let place = |node: &Expression| {
            let path = access(node)?;
            match path.as_slice() {
                [added] if *added >= width => Some(inputs.len() + added - width),
                _ => inputs.get(&path).map(|(place, _)| *place),
            }
        };
        let moved = |expression: &Expression| replaced(expression, &|node| place(node).map(column));
        let actions = self.steps.iter().map(|action| Ok(action.with(moved(action.expression())?)));
        let actions = actions.collect::<Result<_>>()?;
        let projections = projections.iter().map(moved).collect::<Result<_>>()?;
        let mut inputs: Vec<_> = inputs.into_values().collect();
        inputs.sort_by_key(|(place, _)| *place);
        Ok(Steps { inputs: inputs.into_iter().map(|(_, expression)| expression).collect(), actions, projections })
    }
}

/// The column at a place.
pub(super) fn column(place: usize) -> Expression {
    Arc::new(Column::new("", place))
}

/// The same expression with others in place of those for which there are any; what is put in is not looked at again.
pub(super) fn replaced(
    expression: &Expression,
    other: &dyn Fn(&Expression) -> Option<Expression>,
) -> Result<Expression> {
    let replaced = Arc::clone(expression).transform_down(|node| {
        Ok(match other(&node) {
            Some(other) => Transformed::new(other, true, TreeNodeRecursion::Jump),
            None => Transformed::no(node),
        })
    });
    Ok(replaced.map_err(internal)?.data)
}

fn substituted(expression: &Expression, values: &[Expression]) -> Result<Expression> {
    replaced(expression, &|node| values.get(node.downcast_ref::<Column>()?.index()).cloned())
}

/// How often each column of a calc's input is read.
fn uses(calc: &CalcSpec, columns: usize) -> Result<Vec<usize>> {
    let mut uses = vec![0; columns];
    for expression in calc.filter.iter().chain(&calc.projections) {
        expression
            .apply(|node| {
                if let Some(column) = node.downcast_ref::<Column>() {
                    let Some(uses) = uses.get_mut(column.index()) else {
                        return datafusion_common::internal_err!("{column} of {columns} columns");
                    };
                    *uses += 1;
                }
                Ok(TreeNodeRecursion::Continue)
            })
            .map_err(internal)?;
    }
    Ok(uses)
}

/// The column and then the fields that an expression reads, if it does nothing else.
fn access(expression: &Expression) -> Option<Vec<usize>> {
    if let Some(column) = expression.downcast_ref::<Column>() {
        return Some(vec![column.index()]);
    }
    let call = expression.downcast_ref::<KernelExpr>()?;
    let mut path = access(call.arguments.first()?)?;
    path.push(call.kernel.field()?);
    Some(path)
}

#[cfg(test)]
mod tests;
