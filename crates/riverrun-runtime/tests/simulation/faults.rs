//! When a call that goes over a network fails, and on which way.

use crate::baton::{Baton, is_simulated};
use std::sync::Mutex;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It has not arrived.
    CallLost,
    /// It has done its work, but the answer is lost.
    AnswerLost,
    /// It has not arrived, and none after it does.
    ForGood,
}

/// The faults of a store or a target.
#[derive(Debug, Default)]
pub struct Faults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// One call in so many; 0: none.
    once_in: usize,
    /// After so many more calls.
    planned: Option<(usize, How)>,
    broken: bool,
    failed: usize,
}

impl Faults {
    /// From now on one call in so many fails; 0: none.
    pub fn once_in(&self, calls: usize) {
        let mut state = self.0.lock().unwrap();
        (state.once_in, state.broken) = (calls, false);
    }

    /// The call after so many others fails.
    pub fn plan(&self, after: usize, how: How) {
        self.0.lock().unwrap().planned = Some((after, how));
    }

    /// How many calls have failed.
    pub fn failed(&self) -> usize {
        self.0.lock().unwrap().failed
    }

    /// Whether the next call fails. The harness's own calls never do.
    pub fn next(&self, baton: &Baton) -> Option<How> {
        if !is_simulated() {
            return None;
        }
        let mut state = self.0.lock().unwrap();
        let planned = match &mut state.planned {
            Some((0, how)) => Some(*how),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        };
        let how = if state.broken {
            Some(How::ForGood)
        } else if planned.is_some() {
            state.planned = None;
            state.broken = planned == Some(How::ForGood);
            planned
        } else if baton.once_in(state.once_in) {
            Some(if baton.once_in(2) { How::CallLost } else { How::AnswerLost })
        } else {
            None
        };
        state.failed += usize::from(how.is_some());
        how
    }
}
