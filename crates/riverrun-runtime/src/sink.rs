//! What a sink is to the driver that runs it.

use crate::batch::Batch;
use crate::identity::JobIdentity;
use riverrun_core::metrics::OperatorMetrics;
use riverrun_core::{Clock, Epoch, Result};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;
use std::time::Duration;

/// What a sink can ask of the job it runs in.
#[derive(Clone)]
pub struct SinkContext {
    /// This worker's number, from 0.
    pub worker: usize,
    /// How many workers the job has.
    pub parallelism: usize,
    /// Processing time.
    pub clock: Arc<dyn Clock>,
    /// This sink's counters on this worker.
    pub metrics: Arc<OperatorMetrics>,
    /// Makes the worker call [`Sink::poll`] soon.
    pub waker: crate::source::Waker,
    /// Whose job it is.
    pub job: JobIdentity,
    /// The sink's stable id within the job.
    pub id: String,
    /// How many key groups the job has.
    pub key_groups: u16,
}

/// What a sink says about the rows it has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkState {
    /// Everything accepted is written: the tick may pass.
    Done,
    /// Something is under way. Poll when the waker is called, or after this time if one is given.
    Pending(Option<Duration>),
}

/// Writes one worker's share of a table. Never blocks for long: what waits for a server lives on a thread behind a
/// bounded channel, and [`Sink::poll`] says when it is done.
///
/// While a sink is [`SinkState::Pending`] its tick stays open, which holds the sources back: that
/// is backpressure.
pub trait Sink<B: Batch>: 'static {
    /// Whether [`Sink::write`] may be called now; of a sink that keeps its rows, whether the sources may go on.
    fn ready(&mut self) -> bool {
        true
    }

    /// Whether rows that are accepted and not written are part of [`Sink::snapshot`] (or need not survive). Then neither
    /// ticks nor barriers wait until they are written, and what is on its way is handed over even where the sink is not
    /// [`Sink::ready`].
    fn keeps_rows(&self) -> bool {
        false
    }

    /// Takes rows.
    fn write(&mut self, batch: B) -> Result<()>;

    /// Makes progress with what has been accepted.
    fn poll(&mut self) -> Result<SinkState>;

    /// All rows of a tick have come: buffered lines go out now.
    fn on_tick(&mut self) -> Result<()> {
        Ok(())
    }

    /// A barrier: everything of `epoch` has been accepted.
    ///
    /// A sink that commits by epoch puts what it has not yet confirmed, of this epoch and of earlier ones, into the
    /// snapshot as one split element per lane, so that a lane stays whole whatever parallelism it is restored at.
    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot>;

    /// `epoch` is complete everywhere: what was prepared for it, and for all epochs before it, may become visible.
    ///
    /// Where [`JobIdentity::checkpoints`] holds, this is the decision: the manifest that carries the epoch has been put,
    /// and a restart will not go back before it. Epochs whose checkpoint has failed are passed over.
    /// Without checkpoints the epoch has passed the whole job.
    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        let _ = epoch;
        Ok(())
    }

    /// Input has ended: flush everything, so that [`Sink::poll`] comes to [`SinkState::Done`].
    fn finish(&mut self) -> Result<()>;

    /// Takes over what an earlier run left, such as whole lanes of it that are still to be committed. Called once, before
    /// anything else.
    fn restore(&mut self, state: RestoredState) -> Result<()>;
}
