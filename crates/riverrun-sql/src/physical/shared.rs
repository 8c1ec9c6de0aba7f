//! What several steps compute, computed once.
//!
//! Only what can't fail is shared, and only from the first step on that computes it for all its rows: so nothing is computed for
//! more rows than it would be otherwise, but for the few that have fallen out and are not yet dropped.

use super::steps::{Steps, column, replaced};
use super::{always_evaluated, is_plain, is_total};
use datafusion_physical_expr::expressions::Column;
use riverrun_core::Result;
use riverrun_operators::calc::Action;
use riverrun_operators::expression::Expression;
use std::collections::HashMap;
use std::sync::Arc;

/// The same steps, with what is computed more than once added as a column of its own.
pub(super) fn share(mut steps: Steps) -> Result<Steps> {
    loop {
        let found = repeated(&steps);
        if found.is_empty() {
            return Ok(steps);
        }
        steps = with_added(steps, &found)?;
    }
}

/// The largest expressions that are computed more than once, each with the step (or the projections) where that begins, in that order.
/// They are of one size, so that none is part of another.
fn repeated(steps: &Steps) -> Vec<(usize, Expression)> {
    // By the steps, and the projections behind them.
    let mut units: Vec<Vec<&Expression>> = steps.actions.iter().map(|action| vec![action.expression()]).collect();
    units.push(steps.projections.iter().collect());
    let mut known: HashMap<&Expression, Occurrences> = HashMap::new();
    for (at, unit) in units.iter().enumerate() {
        unit.iter().for_each(|expression| begin(expression, at, &mut known));
        unit.iter().for_each(|expression| count(expression, &mut known));
    }
    known.retain(|_, found| found.count > 1);
    let largest = known.values().map(|found| found.size).max();
    let mut found: Vec<_> = known.into_iter().filter(|(_, found)| Some(found.size) == largest).collect();
    found.sort_unstable_by_key(|(_, found)| found.order);
    found.into_iter().map(|(expression, found)| (found.begins, Arc::clone(expression))).collect()
}

/// The steps with these columns added, each before the step that it is found for.
fn with_added(steps: Steps, found: &[(usize, Expression)]) -> Result<Steps> {
    let first = steps.inputs.len();
    let ends = steps.actions.len();
    // Where the columns will be: those that are there, by their numbers, and those that are new, each with where it begins.
    let mut moved = Vec::new();
    let mut places: HashMap<&Expression, (usize, usize)> = HashMap::new();
    let mut new = found.iter().peekable();
    for at in 0..=ends {
        while let Some((begins, expression)) = new.next_if(|(begins, _)| *begins == at) {
            places.insert(expression, (first + moved.len() + places.len(), *begins));
        }
        if matches!(steps.actions.get(at), Some(Action::Add(_))) {
            moved.push(first + moved.len() + places.len());
        }
    }
    let column_moved = |node: &Expression| {
        let added = node.downcast_ref::<Column>()?.index().checked_sub(first)?;
        moved.get(added).map(|place| column(*place))
    };
    let over_it = |at: usize, expression: &Expression| {
        replaced(expression, &|node| match places.get(node) {
            Some((place, begins)) if *begins <= at => Some(column(*place)),
            _ => column_moved(node),
        })
    };
    let mut actions = Vec::with_capacity(ends + found.len());
    for at in 0..=ends {
        for (_, expression) in found.iter().filter(|(begins, _)| *begins == at) {
            actions.push(Action::Add(replaced(expression, &column_moved)?));
        }
        if let Some(action) = steps.actions.get(at) {
            actions.push(action.with(over_it(at, action.expression())?));
        }
    }
    let projections = steps.projections.iter().map(|projection| over_it(ends, projection)).collect::<Result<_>>()?;
    Ok(Steps { inputs: steps.inputs, actions, projections })
}

/// Where an expression is met.
struct Occurrences {
    begins: usize,
    count: usize,
    /// Of how many nodes it is.
    size: usize,
    order: usize,
}

/// Notes what of an expression is computed for all rows of the unit.
fn begin<'a>(expression: &'a Expression, at: usize, known: &mut HashMap<&'a Expression, Occurrences>) {
    if is_worth_sharing(expression) {
        let order = known.len();
        known.entry(expression).or_insert_with(|| Occurrences { begins: at, count: 0, size: size(expression), order });
    }
    always_evaluated(expression).into_iter().for_each(|child| begin(child, at, known));
}

fn count<'a>(expression: &'a Expression, known: &mut HashMap<&'a Expression, Occurrences>) {
    if let Some(found) = known.get_mut(expression) {
        found.count += 1;
    }
    expression.children().into_iter().for_each(|child| count(child, known));
}

fn is_worth_sharing(expression: &Expression) -> bool {
    !is_plain(expression) && is_total(expression)
}

fn size(expression: &Expression) -> usize {
    1 + expression.children().into_iter().map(size).sum::<usize>()
}
