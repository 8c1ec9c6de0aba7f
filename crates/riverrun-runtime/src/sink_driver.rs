//! The driver that runs a sink: a tick stays open until its rows are written, which is backpressure; a barrier comes
//! when all before it has been written; an epoch is made visible when the whole job has passed it.
//!
//! A sink that keeps its rows in its part holds up neither: ticks and barriers pass, and where it has no room for more only
//! the sources wait, by a second frontier.

use crate::batch::Batch;
use crate::channel::{Content, Inlets, Outlet};
use crate::flow::{Driver, Layout, Seat};
use crate::intake::Intake;
use crate::sink::{Sink, SinkState};
use crate::snapshot::OperatorPart;
use crate::stopwatch::{Alarm, Stopwatch};
use crate::timestamp::{END, epoch_of};
use crate::watermark_tracker::WatermarkTracker;
use riverrun_core::{Epoch, Result, failpoint};
use std::collections::VecDeque;

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Rows may still come.
    Open,
    /// The sink has been told to finish.
    Flushing,
    /// All is written; what has been prepared waits to become visible.
    Written,
}

/// Runs one sink on one worker.
pub(crate) struct SinkDriver<B: Batch> {
    seat: Seat,
    sink: Box<dyn Sink<B>>,
    intake: Intake<B>,
    done: Outlet<B>,
    /// Follows `done` where the sink has room.
    room: Outlet<B>,
    tracker: WatermarkTracker,
    local: bool,
    /// Whether rows have come since the last tick.
    touched: bool,
    /// Whether the sink has been given something since it was last done.
    unsettled: bool,
    end: End,
    alarm: Alarm,
    /// Epochs of which a part was left and that are not complete yet.
    open_epochs: VecDeque<Epoch>,
}

impl<B: Batch> SinkDriver<B> {
    pub(crate) fn new(
        mut seat: Seat,
        mut sink: Box<dyn Sink<B>>,
        inlets: Inlets<B>,
        senders: Vec<usize>,
        layout: Layout,
        mut done: Outlet<B>,
        mut room: Outlet<B>,
    ) -> Result<Self> {
        let start = seat.worker.job.start;
        done.downgrade(start);
        room.downgrade(start);
        let mut watermark = riverrun_core::Watermark::MIN;
        if let Some(restored) = seat.restored.take() {
            watermark = restored.watermark;
            failpoint("sink-restore")?;
            sink.restore(restored.state)?;
            failpoint("sink-restored")?;
        }
        seat.metrics.set_watermark(watermark);
        seat.worker.progress.subscribe(seat.activator.clone());
        seat.worker.job.decisions.subscribe(seat.wake.quiet_waker());
        Ok(SinkDriver {
            local: senders.iter().all(|count| *count < layout.parallelism),
            tracker: WatermarkTracker::new(senders, watermark),
            seat,
            sink,
            intake: Intake::new(inlets, false, start),
            done,
            room,
            touched: false,
            unsettled: false,
            end: End::Open,
            alarm: Alarm::default(),
            open_epochs: VecDeque::new(),
        })
    }

    /// Whether all that the sink has accepted is written; if not, it is looked at again in time. A sink that has
    /// accepted nothing holds nothing up, whatever it is busy with.
    fn is_done(&mut self) -> Result<bool> {
        match self.sink.poll()? {
            SinkState::Done => self.unsettled = false,
            SinkState::Pending(wait) => {
                if let Some(wait) = wait {
                    self.alarm.within(wait, &self.seat);
                }
            }
        }
        Ok(!self.unsettled)
    }

    /// Hands over what has arrived. False if the sink takes no more for now.
    fn write(&mut self) -> Result<bool> {
        let keeps = self.sink.keeps_rows();
        while let Some(arrival) = self.intake.front() {
            if matches!(arrival.content, Content::Rows(..)) && !keeps && !self.sink.ready() {
                self.is_done()?;
                if !self.sink.ready() {
                    return Ok(false);
                }
            }
            let Some(arrival) = self.intake.pop() else { break };
            let sender = if self.local { 0 } else { arrival.sender };
            match arrival.content {
                Content::Status(status) => {
                    let watermark = self.tracker.status(arrival.port, sender, status);
                    self.seat.metrics.set_watermark(watermark);
                }
                Content::Rows(batch, runs, _guard) => {
                    self.tracker.rows(arrival.port, sender, &runs);
                    self.seat.metrics.rows_in.add(batch.num_rows() as u64);
                    self.touched = true;
                    self.unsettled = true;
                    self.sink.write(batch)?;
                }
            }
        }
        Ok(true)
    }

    fn leave_part(&mut self) -> Result<()> {
        failpoint("sink-snapshot")?;
        let epoch = epoch_of(self.intake.now());
        let part = OperatorPart {
            state: self.sink.snapshot(epoch)?,
            watermark: self.tracker.watermark(),
            ended: self.end != End::Open && self.tracker.is_finished(),
            splits: Vec::new(),
        };
        let worker = &self.seat.worker;
        worker.job.snapshots.put(epoch, &self.seat.id, worker.worker, part);
        self.open_epochs.push_back(epoch);
        Ok(())
    }

    /// Makes visible what is complete.
    fn complete_epochs(&mut self) -> Result<()> {
        for epoch in self.seat.worker.take_decided(&mut self.open_epochs) {
            self.unsettled = true;
            failpoint("sink-commit")?;
            self.sink.on_epoch_complete(epoch)?;
            failpoint("sink-committed")?;
        }
        Ok(())
    }

    /// Works on what has arrived. Ends where the sink is not done or nothing is left to do.
    fn work(&mut self, frontier: u64) -> Result<()> {
        while self.end == End::Open {
            if !self.write()? {
                return Ok(());
            }
            let closing = frontier > self.intake.now();
            if closing && std::mem::take(&mut self.touched) {
                self.sink.on_tick()?;
            }
            let settled = self.is_done()? || self.sink.keeps_rows();
            if !settled || !closing {
                return Ok(());
            }
            let next = self.intake.next(frontier);
            if next == END {
                self.unsettled = true;
                self.sink.finish()?;
                self.end = End::Flushing;
                break;
            }
            if epoch_of(next) > epoch_of(self.intake.now()) {
                self.leave_part()?;
            }
            self.intake.open(next);
            self.done.downgrade(next);
        }
        if self.end == End::Flushing && (self.sink.keeps_rows() || self.is_done()?) {
            self.leave_part()?;
            self.done.close();
            self.room.close();
            self.end = End::Written;
        }
        Ok(())
    }
}

impl<B: Batch> Driver for SinkDriver<B> {
    fn run(&mut self, frontier: u64) -> Result<bool> {
        let stopwatch = Stopwatch::start();
        self.intake.pull()?;
        self.seat.wake.take_call();
        self.complete_epochs()?;
        self.work(frontier)?;
        self.complete_epochs()?;
        if self.end != End::Written && (!self.sink.keeps_rows() || self.sink.ready()) {
            self.room.downgrade(self.intake.now());
        }
        // What an epoch's completion has started must come to its end too.
        let over = self.end == End::Written && self.open_epochs.is_empty() && self.is_done()?;
        stopwatch.stop(&self.seat.metrics.busy);
        Ok(!over)
    }
}
