//! Patterns compiled into an automaton.

use super::syntax::Pattern;
use riverrun_core::{Error, Result};
use std::collections::HashSet;

/// A pattern variable, by its number.
pub type Variable = usize;

/// A state of the automaton, by its number.
pub(super) type StateId = u32;

/// The state in which a match is complete.
pub(super) const FINAL: StateId = 0;

/// Programs don't get larger than this: `a{1000000}` is no pattern.
const MOST_STATES: u64 = 20_000;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Program {
    states: Vec<State>,
    start: StateId,
}

/// What can be done with a row in a state.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The row is this variable, and leads there.
    pub takes: Vec<(Variable, StateId)>,
    /// Without a row, in the order of preference.
    pub proceeds: Vec<Proceed>,
}

/// A way that takes no row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proceed {
    pub to: StateId,
    /// Only if the row at hand can't be this variable, which a greedy loop would take.
    pub unless: Option<Variable>,
}

impl Program {
    /// Compiles a pattern. An error if it is empty for no row, or too large.
    pub fn compile(pattern: &Pattern) -> Result<Program> {
        if pattern.matches_nothing() {
            return Err(Error::input("the pattern matches no row at all").hint("at least one variable must be there"));
        }
        if pattern.size() > MOST_STATES {
            return Err(Error::input(format!("the pattern has more than {MOST_STATES} states"))
                .hint("write smaller bounds, or PERMUTE of fewer variables"));
        }
        let mut program = Program { states: vec![State::default()], start: FINAL };
        program.start = program.build(pattern, FINAL);
        Ok(program)
    }

    /// How many states there are; states of snapshots are below it.
    pub fn states(&self) -> u32 {
        self.states.len() as u32
    }

    /// What a row may be asked to be in a state, at the most.
    pub fn asked(&self, state: u32) -> Vec<Variable> {
        let mut asked = Vec::new();
        let mut taken = Vec::new();
        self.along(&[state], &mut asked, |state| taken.extend_from_slice(&state.takes));
        let (variables, to): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
        asked.extend(variables);
        // Whether the match may end there is asked with the same row.
        self.along(&to, &mut asked, |_| ());
        asked.sort_unstable();
        asked.dedup();
        asked
    }

    /// The states that are reached without a row, and what is asked on the way.
    fn along(&self, from: &[StateId], asked: &mut Vec<Variable>, mut visit: impl FnMut(&State)) {
        let (mut left, mut seen) = (from.to_vec(), HashSet::new());
        while let Some(id) = left.pop() {
            if !seen.insert(id) {
                continue;
            }
            let state = self.state(id);
            visit(state);
            asked.extend(state.proceeds.iter().filter_map(|proceed| proceed.unless));
            left.extend(state.proceeds.iter().map(|proceed| proceed.to));
        }
    }

    pub(super) fn start(&self) -> StateId {
        self.start
    }

    pub(super) fn state(&self, id: StateId) -> &State {
        &self.states[id as usize]
    }

    fn add(&mut self, state: State) -> StateId {
        self.states.push(state);
        (self.states.len() - 1) as StateId
    }

    fn take(&mut self, variable: Variable, to: StateId) -> StateId {
        self.add(State { takes: vec![(variable, to)], proceeds: Vec::new() })
    }

    /// The state before `pattern`, behind which `next` comes.
    fn build(&mut self, pattern: &Pattern, next: StateId) -> StateId {
        match pattern {
            Pattern::Variable(variable) => self.take(*variable, next),
            Pattern::Concat(patterns) => patterns.iter().rev().fold(next, |next, pattern| self.build(pattern, next)),
            Pattern::Alternation(patterns) => {
                let ways = patterns.iter().map(|pattern| self.build(pattern, next)).collect::<Vec<_>>();
                let proceeds = ways.into_iter().map(|to| Proceed { to, unless: None }).collect();
                self.add(State { takes: Vec::new(), proceeds })
            }
            Pattern::Repeat { pattern, min, max, greedy } => match pattern.as_ref() {
                Pattern::Variable(variable) => self.repeat_variable(*variable, *min, *max, *greedy, next),
                group => self.repeat_group(group, *min, *max, *greedy, next),
            },
        }
    }

    fn repeat_variable(
        &mut self,
        variable: Variable,
        min: u32,
        max: Option<u32>,
        greedy: bool,
        next: StateId,
    ) -> StateId {
        // As in Flink, an optional variable is left out whether its row could be it or not.
        let keeps = greedy && max != Some(min) && (min, max) != (0, Some(1));
        let exit = Proceed { to: next, unless: keeps.then_some(variable) };
        let optional = |to| State { takes: vec![(variable, to)], proceeds: vec![exit] };
        match max {
            None => {
                let looping = self.add(State::default());
                self.states[looping as usize] = optional(looping);
                match min {
                    0 => looping,
                    _ => (0..min).fold(looping, |to, _| self.take(variable, to)),
                }
            }
            Some(max) => {
                let mut to = match keeps {
                    true => self.add(State { takes: Vec::new(), proceeds: vec![exit] }),
                    false => next,
                };
                for _ in min..max {
                    to = self.add(optional(to));
                }
                (0..min).fold(to, |to, _| self.take(variable, to))
            }
        }
    }

    fn repeat_group(&mut self, group: &Pattern, min: u32, max: Option<u32>, greedy: bool, next: StateId) -> StateId {
        let both = |again: StateId| {
            let ways = if greedy { [again, next] } else { [next, again] };
            State { takes: Vec::new(), proceeds: ways.map(|to| Proceed { to, unless: None }).to_vec() }
        };
        let mut to = match max {
            None => {
                let looping = self.add(State::default());
                let again = self.build(group, looping);
                self.states[looping as usize] = both(again);
                looping
            }
            Some(max) => (min..max).fold(next, |to, _| {
                let again = self.build(group, to);
                self.add(both(again))
            }),
        };
        for _ in 0..min {
            to = self.build(group, to);
        }
        to
    }
}
