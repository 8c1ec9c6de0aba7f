//! What an operator is to the driver that runs it.

use crate::batch::Batch;
use crate::watermarks::WatermarkRuns;
use riverrun_core::metrics::OperatorMetrics;
use riverrun_core::{Clock, Millis, Result, Watermark};
use riverrun_state::tier::tables::{HeldTable, TableName, Tables};
use riverrun_state::tier::{IsExpired, Resident, StateBackend, TierSeat};
use riverrun_state::typed::{KeyedSeat, TimeToLive};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;

/// What an operator can ask of the job it runs in.
#[derive(Clone, Debug)]
pub struct OperatorContext {
    /// The operator's stable id.
    pub id: Arc<str>,
    /// This worker's number, from 0.
    pub worker: usize,
    /// How many workers the job has.
    pub parallelism: usize,
    /// How many key groups the job has.
    pub key_groups: u16,
    /// Processing time.
    pub clock: Arc<dyn Clock>,
    /// This operator's counters on this worker.
    pub metrics: Arc<OperatorMetrics>,
    /// Where the process keeps keyed state.
    pub state: Arc<StateBackend>,
}

impl OperatorContext {
    /// What keeps a table of keyed state in memory and below it. Its values begin with the time they were written, eight bytes,
    /// little endian; with a `ttl` those that have outlived it go by themselves. An operator with one table names it `""`.
    pub fn resident(&self, table: &str, ttl: Option<Millis>) -> Resident {
        let clock = self.clock.clone();
        let expired = move |ttl: Millis, value: &[u8]| {
            let written = value.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes));
            written > 0 && written.saturating_add(ttl.0) <= clock.now().0
        };
        let expired = ttl.map(|ttl| Arc::new(move |value: &[u8]| expired(ttl, value)) as IsExpired);
        Resident::new(self.state.clone(), TierSeat { expired, ..self.seat(table) })
    }

    /// What keeps a table that never leaves memory, and at a barrier writes what has changed of it.
    pub fn held(&self, table: &str) -> Resident {
        Resident::new(self.state.held(), self.seat(table))
    }

    /// Tables that come and go as a whole, like windows. They never leave memory, and a barrier writes what has changed of them.
    pub fn tables<N: TableName, T: HeldTable>(&self) -> Tables<N, T> {
        Tables::new(&self.state, self.seat(""))
    }

    fn seat(&self, table: &str) -> TierSeat {
        TierSeat {
            name: if table.is_empty() { self.id.to_string() } else { format!("{}-{table}", self.id) },
            worker: self.worker,
            parallelism: self.parallelism,
            key_groups: self.key_groups,
            expired: None,
        }
    }

    /// Where a typed state of this operator lives ([`riverrun_state::typed`]).
    pub fn keyed(&self, name: &str, ttl: Option<TimeToLive>) -> KeyedSeat {
        KeyedSeat {
            name: name.to_owned(),
            resident: self.resident(name, ttl.map(|ttl| ttl.time)),
            clock: self.clock.clone(),
            ttl,
        }
    }
}

/// An operator: rows and watermarks in, rows out.
///
/// The driver calls it on one thread. It holds back what belongs to a later epoch, so between
/// [`Operator::snapshot`] and the next call nothing is in flight inside the operator. It keeps the
/// operator's watermark: the minimum over its active senders of all inputs. A batch is cut only where that
/// watermark passes [`Operator::next_timer`]; there [`Operator::on_watermark`] is called
/// between the two parts. After every batch the driver forwards the watermark downstream, limited
/// by [`Operator::output_watermark`].
///
/// **Yielding.** A call that would emit more than `Output::has_room` allows stops early and keeps its
/// position in its own state (which is part of a snapshot). It then answers `true` from
/// [`Operator::has_more`]; the driver calls [`Operator::resume`] when there is room, and nothing else before
/// it has answered `false`.
pub trait Operator<B: Batch>: 'static {
    /// Rows of input `port`. `watermarks` are this operator's own (the minimum over its senders)
    /// before each row; a row is judged late by them.
    fn on_batch(&mut self, port: usize, batch: B, watermarks: &WatermarkRuns, out: &mut Output<B>) -> Result<()>;

    /// The operator's watermark has reached [`Operator::next_timer`], or input has ended
    /// ([`Watermark::MAX`]), or a batch has ended with a later watermark.
    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<B>) -> Result<()> {
        let _ = (watermark, out);
        Ok(())
    }

    /// The earliest watermark at which [`Operator::on_watermark`] must be called in the middle of a
    /// batch. `None`: never.
    ///
    /// It is asked before each part of a batch, so a timer that a row of the part sets does not cut it. An
    /// operator whose results would differ answers with the next watermark whatever it may be
    /// (`Watermark(watermark.0 + 1)`), and is then told of every one between the rows.
    fn next_timer(&self) -> Option<Watermark> {
        None
    }

    /// The earliest processing time at which [`Operator::on_processing_time`] must be called.
    fn next_processing_timer(&self) -> Option<Millis> {
        None
    }

    /// Processing time has reached [`Operator::next_processing_timer`].
    fn on_processing_time(&mut self, now: Millis, out: &mut Output<B>) -> Result<()> {
        let _ = (now, out);
        Ok(())
    }

    /// Every input of a tick has arrived: what is consolidated per tick goes out now.
    fn on_tick(&mut self, out: &mut Output<B>) -> Result<()> {
        let _ = out;
        Ok(())
    }

    /// Every input has ended, after [`Watermark::MAX`] and the last tick. Bounded operators (sort) emit here; one
    /// more [`Operator::on_tick`] follows. Not called when the job is stopped before its input has ended.
    fn on_end(&mut self, out: &mut Output<B>) -> Result<()> {
        let _ = out;
        Ok(())
    }

    /// The watermark that may go downstream while the operator's own stands at `watermark`.
    /// An operator that still has rows to emit for an earlier time holds it back.
    fn output_watermark(&self, watermark: Watermark) -> Watermark {
        watermark
    }

    /// Whether rows of a later tick must be kept from the operator until [`Operator::on_tick`] has been called for the
    /// earlier one, as for what consolidates the changes of a tick. Asked once, before the first call.
    fn needs_whole_ticks(&self) -> bool {
        false
    }

    /// Whether a row is late by the watermarks of its own input: of inputs that one source feeds, the watermark before a row is the
    /// source's, though the other input has not shown it yet. Asked once, before the first call.
    fn judges_by_own_input(&self) -> bool {
        false
    }

    /// Whether an earlier call stopped for lack of room.
    fn has_more(&self) -> bool {
        false
    }

    /// Goes on where an earlier call stopped.
    fn resume(&mut self, out: &mut Output<B>) -> Result<()> {
        let _ = out;
        Ok(())
    }

    /// What the operator holds now. Called at a barrier; the operator goes on afterwards.
    fn snapshot(&mut self) -> Result<OperatorSnapshot>;

    /// Writes some of what the last barrier has frozen, between two batches; whether there is more. Each call takes a few
    /// milliseconds at the most. The snapshot is complete when there is none.
    fn write_behind(&mut self) -> Result<bool> {
        Ok(false)
    }

    /// Takes over what an earlier run left. Called once, before anything else.
    fn restore(&mut self, state: RestoredState) -> Result<()>;
}

/// Where an operator puts its rows during one call.
#[derive(Debug)]
pub struct Output<B> {
    batches: Vec<(B, WatermarkRuns)>,
    late: Vec<B>,
    wants_late: bool,
    watermark: Watermark,
    room: usize,
}

impl<B: Batch> Output<B> {
    /// An output with room for `room` batches, while the operator's watermark stands at `watermark`.
    pub fn new(watermark: Watermark, room: usize) -> Self {
        Output { batches: Vec::new(), late: Vec::new(), wants_late: false, watermark, room }
    }

    /// The same, where somebody reads the late rows.
    #[must_use]
    pub fn with_late(mut self, wanted: bool) -> Self {
        self.wants_late = wanted;
        self
    }

    /// Whether somebody reads the late rows: where nobody does they need not be put together.
    pub fn wants_late(&self) -> bool {
        self.wants_late
    }

    /// Hands on rows that came too late for this operator, in the schema of its late rows.
    pub fn emit_late(&mut self, batch: B) {
        if self.wants_late && batch.num_rows() > 0 {
            self.late.push(batch);
        }
    }

    /// Takes the late rows.
    pub fn take_late(&mut self) -> Vec<B> {
        std::mem::take(&mut self.late)
    }

    /// The operator's watermark at this call. Within a batch it is the one before its first row.
    pub fn watermark(&self) -> Watermark {
        self.watermark
    }

    /// Emits rows for which no watermark within the batch is known: the downstream operator sees
    /// the last forwarded watermark before all of them.
    pub fn emit(&mut self, batch: B) {
        if batch.num_rows() > 0 {
            self.batches.push((batch, WatermarkRuns::default()));
        }
    }

    /// Emits rows with the watermark that held before each.
    pub fn emit_with(&mut self, batch: B, watermarks: WatermarkRuns) {
        if batch.num_rows() > 0 {
            self.batches.push((batch, watermarks));
        }
    }

    /// Whether another batch may be emitted in this call.
    pub fn has_room(&self) -> bool {
        self.batches.len() < self.room
    }

    /// Takes what has been emitted.
    pub fn take(&mut self) -> Vec<(B, WatermarkRuns)> {
        std::mem::take(&mut self.batches)
    }
}
