//! What several steps compute, computed once.
//!
//! Only what can't fail is shared, and only from the first step on that computes it for all its rows: so nothing is computed for
//! more rows than it would be otherwise, but for the few that have fallen out and are not yet dropped.

use super::steps::{Steps, column, expression_of, replaced};
use super::{always_evaluated, is_plain, is_total};
use datafusion_physical_expr::expressions::Column;
use riverrun_core::Result;
use riverrun_operators::calc::Action;
use riverrun_operators::expression::Expression;
use std::collections::HashMap;
use std::sync::Arc;

/// The same steps, with what is computed more than once added as a column of its own.
pub(super) fn share(mut steps: Steps) -> Result<Steps> {
    while let Some((at, expression)) = repeated(&steps) {
        let before = steps.actions[..at].iter().filter(|action| matches!(action, Action::Add(_))).count();
        let place = steps.inputs.len() + before;
        let over_it = |other: &Expression| {
            replaced(other, &|node| match node.downcast_ref::<Column>() {
                Some(added) if added.index() >= place => Some(column(added.index() + 1)),
                _ => (node.as_ref() == expression.as_ref()).then(|| column(place)),
            })
        };
        for action in &mut steps.actions[at..] {
            *action = match action {
                Action::Add(other) => Action::Add(over_it(other)?),
                Action::Keep(other) => Action::Keep(over_it(other)?),
            };
        }
        steps.projections = steps.projections.iter().map(over_it).collect::<Result<_>>()?;
        steps.actions.insert(at, Action::Add(expression));
    }
    Ok(steps)
}

/// The largest expression that is computed more than once, and the step (or the projections) where that begins.
fn repeated(steps: &Steps) -> Option<(usize, Expression)> {
    // By the steps, and the projections behind them.
    let mut units: Vec<Vec<&Expression>> = steps.actions.iter().map(|action| vec![expression_of(action)]).collect();
    units.push(steps.projections.iter().collect());
    // How often it is met, from the unit on that always computes it.
    let mut known: HashMap<&Expression, Occurrences> = HashMap::new();
    for (at, unit) in units.iter().enumerate() {
        unit.iter().for_each(|expression| begin(expression, at, &mut known));
        unit.iter().for_each(|expression| count(expression, &mut known));
    }
    let largest = known
        .into_iter()
        .filter(|(_, found)| found.count > 1)
        .max_by_key(|(_, found)| (found.size, std::cmp::Reverse(found.order)));
    largest.map(|(expression, found)| (found.begins, Arc::clone(expression)))
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
