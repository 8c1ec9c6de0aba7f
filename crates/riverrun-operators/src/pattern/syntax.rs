//! Patterns as they are written.

use super::program::Variable;

/// A pattern over variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// One row that is this variable.
    Variable(Variable),
    /// One after the other.
    Concat(Vec<Pattern>),
    /// One of them; the first is preferred.
    Alternation(Vec<Pattern>),
    /// Several times in a row.
    Repeat {
        /// What is repeated.
        pattern: Box<Pattern>,
        /// How often at least.
        min: u32,
        /// How often at most; `None`: without bound.
        max: Option<u32>,
        /// Whether as often as possible; else as rarely.
        greedy: bool,
    },
}

impl Pattern {
    /// All of them, each once, in any order; the order in which they stand is preferred.
    pub fn permute(patterns: Vec<Pattern>) -> Pattern {
        let mut orders = Vec::new();
        permutations(&patterns, &mut Vec::new(), &mut orders);
        Pattern::Alternation(orders)
    }

    /// As it is written, with these names of variables.
    pub fn text(&self, variables: &[String]) -> String {
        let name = |variable: &Variable| variables.get(*variable).map_or("", String::as_str);
        let part = |pattern: &Pattern| match pattern {
            Pattern::Concat(_) | Pattern::Alternation(_) => format!("({})", pattern.text(variables)),
            _ => pattern.text(variables),
        };
        let list = |patterns: &[Pattern], between: &str| patterns.iter().map(part).collect::<Vec<_>>().join(between);
        match self {
            Pattern::Variable(variable) => name(variable).to_owned(),
            Pattern::Concat(patterns) => list(patterns, " "),
            Pattern::Alternation(patterns) => list(patterns, " | "),
            Pattern::Repeat { pattern, min, max, greedy } => {
                let times = match (min, max) {
                    (0, None) => "*".to_owned(),
                    (1, None) => "+".to_owned(),
                    (0, Some(1)) => "?".to_owned(),
                    (min, None) => format!("{{{min},}}"),
                    (min, Some(max)) if min == max => format!("{{{min}}}"),
                    (min, Some(max)) => format!("{{{min},{max}}}"),
                };
                format!("{}{times}{}", part(pattern), if *greedy { "" } else { "?" })
            }
        }
    }

    /// Whether no row at all is a match.
    pub fn matches_nothing(&self) -> bool {
        match self {
            Pattern::Variable(_) => false,
            Pattern::Concat(patterns) => patterns.iter().all(Pattern::matches_nothing),
            Pattern::Alternation(patterns) => patterns.iter().any(Pattern::matches_nothing),
            Pattern::Repeat { pattern, min, .. } => *min == 0 || pattern.matches_nothing(),
        }
    }

    /// Whether its last part would take as many rows as possible, so that a match never knows its end.
    pub fn ends_greedily(&self) -> bool {
        match self {
            Pattern::Variable(_) => false,
            Pattern::Concat(patterns) => patterns.last().is_some_and(Pattern::ends_greedily),
            Pattern::Alternation(patterns) => patterns.iter().any(Pattern::ends_greedily),
            Pattern::Repeat { pattern, min, max, greedy } => {
                (*greedy && *max != Some(*min) && (*min, *max) != (0, Some(1))) || pattern.ends_greedily()
            }
        }
    }

    /// Whether a match may have any number of rows.
    pub fn is_unbounded(&self) -> bool {
        match self {
            Pattern::Variable(_) => false,
            Pattern::Concat(patterns) | Pattern::Alternation(patterns) => patterns.iter().any(Pattern::is_unbounded),
            Pattern::Repeat { pattern, max, .. } => max.is_none() || pattern.is_unbounded(),
        }
    }

    /// The variable that the first row of every match is, if it is always the same.
    pub fn first_variable(&self) -> Option<Variable> {
        match self {
            Pattern::Variable(variable) => Some(*variable),
            Pattern::Concat(patterns) => match patterns.first() {
                Some(first) if !first.matches_nothing() => first.first_variable(),
                _ => None,
            },
            Pattern::Alternation(patterns) => {
                let mut firsts = patterns.iter().map(Pattern::first_variable);
                let first = firsts.next()??;
                firsts.all(|other| other == Some(first)).then_some(first)
            }
            Pattern::Repeat { pattern, min, .. } => (*min > 0).then(|| pattern.first_variable()).flatten(),
        }
    }

    /// About how many states its program has.
    pub(super) fn size(&self) -> u64 {
        match self {
            Pattern::Variable(_) => 1,
            Pattern::Concat(patterns) | Pattern::Alternation(patterns) => {
                patterns.iter().fold(1, |sum, pattern| sum.saturating_add(pattern.size()))
            }
            Pattern::Repeat { pattern, min, max, .. } => {
                pattern.size().saturating_mul(u64::from(max.unwrap_or(*min).max(1))).saturating_add(2)
            }
        }
    }
}

fn permutations(left: &[Pattern], taken: &mut Vec<Pattern>, orders: &mut Vec<Pattern>) {
    if left.is_empty() {
        orders.push(Pattern::Concat(taken.clone()));
        return;
    }
    for at in 0..left.len() {
        let mut rest = left.to_vec();
        taken.push(rest.remove(at));
        permutations(&rest, taken, orders);
        taken.pop();
    }
}
