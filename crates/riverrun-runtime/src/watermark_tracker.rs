//! An operator's watermark: the minimum over the active senders of all its inputs.

use crate::message::Status;
use crate::watermarks::WatermarkRuns;
use riverrun_core::Watermark;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Idle,
    Finished,
    Stopped,
}

#[derive(Clone, Copy, Debug)]
struct Sender {
    watermark: Watermark,
    state: State,
}

/// Follows the senders of an operator's inputs.
#[derive(Debug)]
pub(crate) struct WatermarkTracker {
    inputs: Vec<Vec<Sender>>,
    watermark: Watermark,
}

impl WatermarkTracker {
    /// A tracker of inputs with so many senders each, all of which stand at `restored`.
    pub(crate) fn new(senders: impl IntoIterator<Item = usize>, restored: Watermark) -> Self {
        let sender = Sender { watermark: restored, state: State::Active };
        WatermarkTracker { inputs: senders.into_iter().map(|count| vec![sender; count]).collect(), watermark: restored }
    }

    /// The operator's watermark.
    pub(crate) fn watermark(&self) -> Watermark {
        self.watermark
    }

    /// Whether no sender is active, and some may become so again.
    pub(crate) fn is_idle(&self) -> bool {
        let mut idle = false;
        for sender in self.inputs.iter().flatten() {
            match sender.state {
                State::Active | State::Stopped => return false,
                State::Idle => idle = true,
                State::Finished => {}
            }
        }
        idle
    }

    /// Whether every sender's input has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.inputs.iter().flatten().all(|sender| sender.state == State::Finished)
    }

    /// A sender's event time stands elsewhere. Gives the operator's watermark.
    pub(crate) fn status(&mut self, port: usize, sender: usize, status: Status) -> Watermark {
        let sender = &mut self.inputs[port][sender];
        match status {
            Status::Active(watermark) => {
                sender.watermark = sender.watermark.max(watermark);
                sender.state = State::Active;
            }
            Status::Idle => sender.state = State::Idle,
            Status::Finished => sender.state = State::Finished,
            Status::Stopped => sender.state = State::Stopped,
        }
        self.watermark = self.watermark.max(self.combined());
        self.watermark
    }

    /// Rows have come, before which the sender's watermarks stood so. Gives the operator's own before each row.
    pub(crate) fn rows(&mut self, port: usize, sender: usize, runs: &WatermarkRuns) -> WatermarkRuns {
        let others = self.least_of(|at, index| (at, index) != (port, sender));
        let mut own = WatermarkRuns::constant(self.watermark);
        let sender = &mut self.inputs[port][sender];
        sender.state = State::Active;
        for (row, watermark) in runs.iter() {
            sender.watermark = sender.watermark.max(watermark);
            let combined = sender.watermark.min(others);
            self.watermark = self.watermark.max(combined);
            own.push(row, self.watermark);
        }
        own
    }

    /// The minimum over the senders of the input itself before each of these rows, if that is later than the operator's own. To be asked
    /// before [`Self::rows`].
    pub(crate) fn of_input(&self, port: usize, sender: usize, runs: &WatermarkRuns) -> WatermarkRuns {
        let others = self.least_of(|at, index| at == port && index != sender);
        let known = self.inputs[port][sender].watermark;
        let mut own = WatermarkRuns::constant(self.watermark.max(known.min(others)));
        for (row, watermark) in runs.iter() {
            own.push(row, watermark.max(known).min(others));
        }
        own
    }

    /// The minimum of those active senders that count, by input and place there; MAX if there is none.
    fn least_of(&self, counts: impl Fn(usize, usize) -> bool) -> Watermark {
        let mut least = Watermark::MAX;
        for (at, input) in self.inputs.iter().enumerate() {
            for (index, other) in input.iter().enumerate() {
                if matches!(other.state, State::Active | State::Stopped) && counts(at, index) {
                    least = least.min(other.watermark);
                }
            }
        }
        least
    }

    fn combined(&self) -> Watermark {
        let mut active = None;
        let mut idle = None;
        for sender in self.inputs.iter().flatten() {
            match sender.state {
                State::Active | State::Stopped => {
                    active = Some(active.map_or(sender.watermark, |least: Watermark| least.min(sender.watermark)));
                }
                State::Idle => idle = idle.max(Some(sender.watermark)),
                State::Finished => {}
            }
        }
        // When all are idle the latest counts, so that the result does not hang on the order in which they became so
        // (as in Flink's StatusWatermarkValve).
        active.or(idle).unwrap_or(Watermark::MAX)
    }
}

#[cfg(test)]
mod tests;
