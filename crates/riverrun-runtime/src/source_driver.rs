//! The driver that runs a source: when it is polled, in which tick its rows go out, and with which watermarks.

use crate::alignment::Member;
use crate::batch::Batch;
use crate::budget::Bound;
use crate::channel::Outlet;
use crate::flow::{Driver, Seat};
use crate::message::Status;
use crate::snapshot::OperatorPart;
use crate::source::{
    SourceEvent, SourceOutput, SourceReader, SourceState, SplitId, Waker, WatermarkExpression, WatermarkStrategy,
};
use crate::split_watermarks::{Settings, SplitWatermarks};
use crate::stopwatch::{Alarm, Stopwatch};
use crate::timestamp::{epoch_of, ticks_between};
use crate::watermarks::WatermarkRuns;
use riverrun_core::{Epoch, Error, Result, Watermark, failpoint};
use riverrun_state::OperatorSnapshot;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How often a source is polled in one turn at the most, while it has more. All of it goes into one tick.
const POLLS_PER_TURN: usize = 4;

/// A watermark that is due by the clock is looked at again after this time at the latest, in case the clock was set.
const LONGEST_SLEEP: Duration = Duration::from_millis(200);

/// When the reader wants to be polled next.
enum Wish {
    Now,
    /// At this moment, or when its waker is called.
    At(Option<Instant>),
}

/// The event time of a source that has a `WATERMARK FOR`.
struct EventTime<B> {
    expression: WatermarkExpression<B>,
    splits: SplitWatermarks,
    alignment: Option<Member>,
}

impl<B> EventTime<B> {
    /// The other sources of its group learn how far this one is.
    fn tell_group(&mut self) {
        if let Some(alignment) = &mut self.alignment {
            alignment.follow(self.splits.status());
        }
    }

    /// Whether it is not too far ahead of the other sources of its group; if it is, `waker` is called later.
    fn is_aligned(&self, waker: &Waker) -> bool {
        self.alignment.as_ref().is_none_or(|alignment| alignment.may_read(waker))
    }
}

/// How far a source is with its first poll.
///
/// What the first poll has read waits until the first tick has passed the whole job: by then every consumer knows which
/// workers have splits at all. So a table of one split gives the same late rows at any parallelism.
enum Opening<B> {
    Unpolled,
    /// What has been read, and whether it was all.
    Waiting(Vec<SourceEvent<B>>, bool),
    Over,
}

/// Runs one source on one worker.
pub(crate) struct SourceDriver<B: Batch> {
    seat: Seat,
    reader: Box<dyn SourceReader<B>>,
    event_time: Option<EventTime<B>>,
    rows: Outlet<B>,
    rejected: Outlet<B>,
    events: SourceOutput<B>,
    /// The tick that is open here.
    now: u64,
    /// The last tick in which something was sent.
    used: Option<u64>,
    wish: Wish,
    /// No poll before this, so that a trickle makes batches.
    rest_until: Option<Instant>,
    opening: Opening<B>,
    held_up: bool,
    alarm: Alarm,
    /// Whether reading is over.
    ended: bool,
    /// Epochs of which a part was left and that are not complete yet.
    open_epochs: VecDeque<Epoch>,
}

impl<B: Batch> SourceDriver<B> {
    pub(crate) fn new(
        mut seat: Seat,
        mut reader: Box<dyn SourceReader<B>>,
        strategy: Option<WatermarkStrategy<B>>,
        mut rows: Outlet<B>,
        mut rejected: Outlet<B>,
    ) -> Result<Self> {
        let start = seat.worker.job.start;
        rows.downgrade(start);
        rejected.downgrade(start);
        let mut event_time = strategy.map(|strategy| EventTime {
            expression: strategy.expression,
            splits: SplitWatermarks::new(Settings {
                interval: strategy.interval,
                idle_timeout: strategy.idle_timeout,
                max_ahead: strategy.max_ahead,
            }),
            alignment: strategy.alignment.map(|alignment| Member::join(&seat.worker.job.alignment, alignment)),
        });
        if let Some(restored) = seat.restored.take() {
            if let Some(event_time) = &mut event_time {
                event_time.splits.restore(restored.splits, restored.watermark);
            }
            failpoint("source-restore")?;
            reader.restore(restored.state)?;
        }
        let job = &seat.worker.job;
        job.ticks.subscribe(seat.wake.quiet_waker());
        job.decisions.subscribe(seat.wake.quiet_waker());
        seat.worker.progress.subscribe(seat.activator.clone());
        seat.activator.activate();
        Ok(SourceDriver {
            seat,
            reader,
            event_time,
            rows,
            rejected,
            events: SourceOutput::default(),
            now: start,
            used: None,
            wish: Wish::Now,
            rest_until: None,
            opening: Opening::Unpolled,
            held_up: false,
            alarm: Alarm::default(),
            ended: false,
            open_epochs: VecDeque::new(),
        })
    }

    /// Moves on to the announced tick; at the end of an epoch leaves a part.
    fn follow_ticks(&mut self) -> Result<()> {
        let announced = self.seat.worker.job.ticks.announced();
        if announced > self.now {
            if epoch_of(announced) > epoch_of(self.now) {
                // What has been read belongs before the barrier.
                self.finish_opening()?;
                if self.ended {
                    return Ok(());
                }
                self.leave_part(false)?;
            }
            self.now = announced;
            self.rows.downgrade(announced);
            self.rejected.downgrade(announced);
        }
        Ok(())
    }

    /// The monotonic time.
    fn clock(&self) -> Instant {
        self.seat.worker.job.pace.now()
    }

    /// Whether what is in flight leaves room for another turn.
    fn has_room(&mut self) -> bool {
        let job = &self.seat.worker.job;
        let waker = self.seat.wake.quiet_waker();
        // Within one tick there is one turn: the next waits until its tick has been announced.
        if self.used == Some(self.now) {
            return false;
        }
        let frontier = self.seat.worker.progress.frontier();
        if matches!(self.opening, Opening::Waiting(..)) && frontier <= job.start {
            return false;
        }
        let room = ticks_between(self.seat.worker.progress.room(), self.now) < job.options.ticks_in_flight
            && job.budget.room_or_wait(Bound::All, &waker)
            && self.event_time.as_ref().is_none_or(|event_time| event_time.is_aligned(&waker));
        self.held_up |= !room;
        room
    }

    /// Whether the reader is to be polled now.
    fn is_due(&mut self) -> bool {
        let called = self.seat.wake.take_call();
        if let Wish::At(at) = &self.wish
            && (called || at.is_some_and(|at| at <= self.clock()))
        {
            self.wish = Wish::Now;
        }
        matches!(self.wish, Wish::Now) && self.rest_until.is_none_or(|until| until <= self.clock())
    }

    /// Sees to it that the next turn comes. Without room it comes when there is some.
    fn schedule(&mut self) {
        let wanted = match &self.wish {
            Wish::Now => Some(self.clock()),
            // The waker was called when the reader could not be polled; nobody calls it again.
            Wish::At(_) if self.seat.wake.is_called() => Some(self.clock()),
            Wish::At(at) => *at,
        };
        if let Some(wanted) = wanted
            && self.has_room()
        {
            let at = self.rest_until.map_or(wanted, |until| until.max(wanted));
            match at.saturating_duration_since(self.clock()) {
                Duration::ZERO => self.seat.activator.activate(),
                wait => self.alarm.within(wait, &self.seat),
            }
        }
    }

    /// The first poll: says which splits there are.
    fn open(&mut self) -> Result<()> {
        let state = self.reader.poll(&mut self.events)?;
        let finished = state == SourceState::Finished;
        if let SourceState::Idle(wait) = state {
            self.wish = Wish::At(wait.map(|wait| self.clock() + wait));
        }
        let mut events = self.events.take().into_iter().peekable();
        while let Some(opened) = events.next_if(|event| matches!(event, SourceEvent::SplitOpened(_))) {
            self.send(opened)?;
        }
        let events: Vec<_> = events.collect();
        let has_rows = events.iter().any(|event| matches!(event, SourceEvent::Rows(..) | SourceEvent::Rejected(_)));
        self.opening = Opening::Waiting(events, finished);
        if !has_rows && finished { self.finish_opening() } else { Ok(()) }
    }

    /// Sends what the first poll has read.
    fn finish_opening(&mut self) -> Result<()> {
        if matches!(self.opening, Opening::Waiting(..))
            && let Opening::Waiting(events, finished) = std::mem::replace(&mut self.opening, Opening::Over)
        {
            for event in events {
                self.send(event)?;
            }
            if finished {
                self.end(Status::Finished)?;
            }
        }
        Ok(())
    }

    /// Polls the reader a few times and sends what it has read.
    fn read(&mut self) -> Result<()> {
        self.rest_until = None;
        if std::mem::take(&mut self.held_up)
            && let Some(event_time) = &mut self.event_time
        {
            event_time.splits.excuse(self.seat.worker.job.clock.now());
        }
        let start = self.clock();
        for _ in 0..POLLS_PER_TURN {
            failpoint("source-read")?;
            let state = self.reader.poll(&mut self.events)?;
            let events = self.events.take();
            let read = !events.is_empty();
            for event in events {
                self.send(event)?;
            }
            match state {
                SourceState::Ready => {}
                SourceState::Idle(wait) => {
                    self.wish = Wish::At(wait.map(|wait| self.clock() + wait));
                    if read {
                        self.rest_until = Some(self.clock() + self.seat.worker.job.options.buffer_timeout);
                    }
                    break;
                }
                SourceState::Finished => {
                    self.end(Status::Finished)?;
                    break;
                }
            }
            if self.clock().saturating_duration_since(start) > self.seat.worker.job.options.buffer_timeout {
                break;
            }
        }
        Ok(())
    }

    fn send(&mut self, event: SourceEvent<B>) -> Result<()> {
        let clock = &self.seat.worker.job.clock;
        match event {
            SourceEvent::SplitOpened(split) => {
                tracing::debug!("{}, worker {}: split {split} begins", self.seat.id, self.seat.worker.worker);
                if let Some(event_time) = &mut self.event_time {
                    event_time.splits.open(split, clock.now());
                }
            }
            SourceEvent::SplitFinished(split) => {
                tracing::debug!("{}, worker {}: split {split} has ended", self.seat.id, self.seat.worker.worker);
                if let Some(event_time) = &mut self.event_time {
                    event_time.splits.finish(&split);
                }
            }
            SourceEvent::Rows(split, batch) => {
                self.seat.metrics.rows_out.add(batch.num_rows() as u64);
                let runs = self.follow_rows(split, &batch)?;
                self.rows.rows(self.now, batch, runs)?;
            }
            SourceEvent::Rejected(batch) => self.rejected.rows(self.now, batch, WatermarkRuns::default())?,
        }
        Ok(())
    }

    fn follow_rows(&mut self, split: SplitId, batch: &B) -> Result<WatermarkRuns> {
        let Some(event_time) = &mut self.event_time else { return Ok(WatermarkRuns::default()) };
        let times = (event_time.expression)(batch)?;
        if times.len() != batch.num_rows() {
            return Err(Error::bug("a watermark expression has given another number of values than there are rows"));
        }
        Ok(event_time.splits.rows(split, &times, self.seat.worker.job.clock.now()))
    }

    /// Lets watermarks out that are due, now or by the clock.
    fn send_watermark(&mut self) -> Result<()> {
        if self.ended || self.is_unpolled() {
            return Ok(());
        }
        let Some(event_time) = &mut self.event_time else { return Ok(()) };
        let clock = self.seat.worker.job.clock.now();
        if !self.held_up
            && let Some(next) = event_time.splits.on_clock(clock)
        {
            let wait = Duration::from_millis(next.0.saturating_sub(clock.0).max(1) as u64);
            self.alarm.within(wait.min(LONGEST_SLEEP), &self.seat);
        }
        event_time.tell_group();
        let watermark = event_time.splits.watermark();
        self.seat.metrics.set_watermark(watermark);
        let status = event_time.splits.status();
        if watermark > self.rows.sent_watermark() {
            self.rows.status(self.now, Status::Active(watermark))?;
        }
        self.rows.status(self.now, status)
    }

    /// Reading is over.
    fn end(&mut self, status: Status) -> Result<()> {
        self.ended = true;
        if status == Status::Finished {
            self.seat.metrics.set_watermark(Watermark::MAX);
        }
        if let Some(event_time) = &mut self.event_time {
            event_time.alignment = None;
            // What the last rows have made due comes before the end of event time.
            self.rows.status(self.now, Status::Active(event_time.splits.watermark()))?;
        }
        self.rows.status(self.now, status)?;
        self.rejected.status(self.now, status)?;
        self.leave_part(status == Status::Finished)?;
        Ok(())
    }

    /// Whether it is not yet known which splits are this worker's.
    fn is_unpolled(&self) -> bool {
        matches!(self.opening, Opening::Unpolled)
    }

    fn leave_part(&mut self, ended: bool) -> Result<()> {
        failpoint("source-snapshot")?;
        let state: OperatorSnapshot = self.reader.snapshot()?;
        let (watermark, splits) = match &self.event_time {
            Some(event_time) => (event_time.splits.watermark(), event_time.splits.progress(self.is_unpolled())),
            None => (Watermark::MIN, Vec::new()),
        };
        let epoch = epoch_of(self.now);
        let worker = &self.seat.worker;
        let part = OperatorPart { state, watermark, ended, splits };
        worker.job.snapshots.put(epoch, &self.seat.id, worker.worker, part);
        self.open_epochs.push_back(epoch);
        Ok(())
    }

    /// Tells the reader of epochs that are complete.
    fn complete_epochs(&mut self) -> Result<()> {
        for epoch in self.seat.worker.take_complete(&mut self.open_epochs) {
            self.reader.on_epoch_complete(epoch)?;
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<()> {
        self.follow_ticks()?;
        if self.seat.worker.job.is_stopping() && !self.ended {
            self.finish_opening()?;
            if !self.ended {
                self.end(Status::Stopped)?;
            }
        }
        if self.ended {
            return Ok(());
        }
        let first = self.is_unpolled();
        if first {
            self.open()?;
        } else if self.has_room() {
            if matches!(self.opening, Opening::Waiting(..)) {
                self.finish_opening()?;
            } else if self.is_due() {
                self.read()?;
            }
        }
        self.send_watermark()?;
        if self.rows.take_sent() | self.rejected.take_sent() | first {
            self.used = Some(self.now);
            self.seat.worker.job.ticks.request_after(self.now);
        }
        Ok(())
    }
}

impl<B: Batch> Driver for SourceDriver<B> {
    fn run(&mut self, _: u64) -> Result<bool> {
        let stopwatch = Stopwatch::start();
        self.complete_epochs()?;
        if !self.ended {
            self.turn()?;
            if !self.ended {
                // A barrier may end it too.
                self.follow_ticks()?;
            }
            if self.ended {
                self.seat.worker.job.ticks.request_after(self.now);
                self.rows.close();
                self.rejected.close();
            } else {
                self.schedule();
            }
        }
        stopwatch.stop(&self.seat.metrics.busy);
        Ok(!self.ended || !self.open_epochs.is_empty())
    }
}
