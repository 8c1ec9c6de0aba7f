//! The driver that runs an operator: watermarks, barriers, ticks, timers and yielding are its work, so that
//! the operator sees none of them but what [`Operator`] names.

use crate::batch::Batch;
use crate::budget::{Bound, Guard};
use crate::channel::{Content, Inlets, Outlet};
use crate::flow::{Driver, Layout, Seat};
use crate::intake::Intake;
use crate::message::Status;
use crate::operator::{Operator, Output};
use crate::snapshot::OperatorPart;
use crate::stopwatch::{Alarm, Stopwatch};
use crate::timestamp::{END, epoch_of};
use crate::watermark_tracker::WatermarkTracker;
use crate::watermarks::WatermarkRuns;
use riverrun_core::{Millis, Result, Watermark, failpoint};
use riverrun_state::OperatorSnapshot;
use std::time::Duration;

/// A processing-time timer is looked at again after this time at the latest, in case the clock was set.
const LONGEST_SLEEP: Duration = Duration::from_millis(200);

/// A batch that is being worked on, cut by cut.
struct Current<B> {
    port: usize,
    batch: B,
    rows: usize,
    runs: WatermarkRuns,
    /// By what rows are late, if that is not `runs`.
    judged: Option<WatermarkRuns>,
    position: usize,
    _guard: Guard,
}

#[derive(PartialEq, Eq)]
enum End {
    /// Input may still come.
    Open,
    /// All has been told to the operator but the last tick.
    Told,
    /// Over.
    Over,
}

/// Runs one operator on one worker.
pub(crate) struct OperatorDriver<B: Batch> {
    seat: Seat,
    operator: Box<dyn Operator<B>>,
    intake: Intake<B>,
    outlet: Outlet<B>,
    /// Where rows go that came too late.
    late: Outlet<B>,
    tracker: WatermarkTracker,
    local_ports: Vec<bool>,
    /// Whether the operator judges lateness by the watermarks of each input alone.
    by_own_input: bool,
    /// The operator's watermark; within a batch the one before the current row.
    watermark: Watermark,
    /// The last watermark that the operator was told.
    told: Watermark,
    current: Option<Current<B>>,
    /// Whether the watermark is to be told and forwarded before anything else.
    settle: bool,
    /// Whether the operator has been called since the last tick.
    touched: bool,
    /// The timestamp of what is emitted now; it never goes back, so that rows keep their order.
    time: u64,
    room: usize,
    end: End,
    ended_before: bool,
    alarm: Alarm,
    /// When processing-time timers were last fired.
    fired_at: Option<Millis>,
    /// Whether not all that the last barrier has frozen is written.
    behind: bool,
}

impl<B: Batch> OperatorDriver<B> {
    pub(crate) fn new(
        mut seat: Seat,
        mut operator: Box<dyn Operator<B>>,
        inlets: Inlets<B>,
        senders: Vec<usize>,
        layout: Layout,
        mut outlet: Outlet<B>,
        mut late: Outlet<B>,
    ) -> Result<Self> {
        let start = seat.worker.job.start;
        outlet.downgrade(start);
        late.downgrade(start);
        let mut watermark = Watermark::MIN;
        let mut ended_before = false;
        if let Some(restored) = seat.restored.take() {
            watermark = restored.watermark;
            ended_before = restored.ended;
            operator.restore(restored.state)?;
        }
        seat.metrics.set_watermark(watermark);
        let local_ports = senders.iter().map(|count| *count < layout.parallelism).collect();
        Ok(OperatorDriver {
            tracker: WatermarkTracker::new(senders, watermark),
            local_ports,
            by_own_input: operator.judges_by_own_input(),
            intake: Intake::new(inlets, operator.needs_whole_ticks(), start),
            seat,
            operator,
            outlet,
            late,
            watermark,
            told: watermark,
            current: None,
            settle: false,
            touched: false,
            time: start,
            room: 0,
            end: End::Open,
            ended_before,
            alarm: Alarm::default(),
            fired_at: None,
            behind: false,
        })
    }

    /// Calls the operator and sends what it emits.
    fn call(&mut self, call: impl FnOnce(&mut dyn Operator<B>, &mut Output<B>) -> Result<()>) -> Result<()> {
        self.touched = true;
        let mut out = Output::new(self.watermark, self.room).with_late(self.late.has_consumers());
        call(&mut *self.operator, &mut out)?;
        let batches = out.take();
        self.room = self.room.saturating_sub(batches.len());
        self.time = self.time.max(self.intake.now());
        for (batch, runs) in batches {
            self.seat.metrics.rows_out.add(batch.num_rows() as u64);
            self.outlet.rows(self.time, batch, runs)?;
        }
        for batch in out.take_late() {
            self.late.rows(self.time, batch, WatermarkRuns::default())?;
        }
        Ok(())
    }

    /// Does one thing. False if there is nothing to do.
    fn step(&mut self, frontier: u64) -> Result<bool> {
        if self.current.is_some() {
            return self.advance().map(|()| true);
        }
        if self.settle {
            return self.settle().map(|()| true);
        }
        if let Some(timer) = self.operator.next_processing_timer()
            && self.end == End::Open
        {
            let now = self.seat.worker.job.clock.now();
            // Once per moment: a timer that the operator leaves standing must not keep it from all else.
            if timer <= now && self.fired_at.is_none_or(|fired| fired < now) {
                self.fired_at = Some(now);
                self.settle = true;
                return self.call(|operator, out| operator.on_processing_time(now, out)).map(|()| true);
            }
        }
        if let Some(arrival) = self.intake.pop() {
            self.time = self.time.max(arrival.time);
            let sender = if self.local_ports[arrival.port] { 0 } else { arrival.sender };
            match arrival.content {
                Content::Status(status) => {
                    self.watermark = self.tracker.status(arrival.port, sender, status);
                    self.settle = true;
                }
                Content::Rows(batch, runs, guard) => {
                    let judged = self.by_own_input.then(|| self.tracker.of_input(arrival.port, sender, &runs));
                    let runs = self.tracker.rows(arrival.port, sender, &runs);
                    self.seat.metrics.rows_in.add(batch.num_rows() as u64);
                    let (port, rows) = (arrival.port, batch.num_rows());
                    self.current = Some(Current { port, batch, rows, runs, judged, position: 0, _guard: guard });
                }
            }
            return Ok(true);
        }
        if frontier > self.intake.now() {
            return self.close_tick(frontier);
        }
        Ok(false)
    }

    /// Hands over the rows up to where the watermark passes the next timer, or the timer itself.
    fn advance(&mut self) -> Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let (position, rows) = (current.position, current.rows);
        if position == rows {
            self.current = None;
            self.watermark = self.tracker.watermark();
            self.settle = true;
            return Ok(());
        }
        self.watermark = self.watermark.max(current.runs.before(position));
        let timer = self.operator.next_timer();
        if timer.is_some_and(|timer| timer <= self.watermark) && self.watermark > self.told {
            return self.tell();
        }
        // A timer already passed that the operator has left standing doesn't cut anything.
        let timer = timer.filter(|timer| *timer > self.watermark);
        let cut = timer.and_then(|timer| {
            current.runs.iter().find(|(row, watermark)| *row > position && *row < rows && *watermark >= timer)
        });
        let end = cut.map_or(rows, |(row, _)| row);
        current.position = end;
        let port = current.port;
        let runs = current.judged.as_ref().unwrap_or(&current.runs);
        let (batch, runs) = if (position, end) == (0, rows) {
            (current.batch.clone(), runs.clone())
        } else {
            (current.batch.slice(position, end - position), runs.slice(position, end - position))
        };
        self.call(|operator, out| operator.on_batch(port, batch, &runs, out))
    }

    fn tell(&mut self) -> Result<()> {
        let watermark = self.watermark;
        self.told = watermark;
        self.seat.metrics.set_watermark(watermark);
        self.call(|operator, out| operator.on_watermark(watermark, out))
    }

    /// Tells the operator of its watermark if that is later than the last, and then those downstream.
    fn settle(&mut self) -> Result<()> {
        if self.watermark > self.told {
            return self.tell();
        }
        self.settle = false;
        let status = if self.tracker.is_idle() {
            // Consumers must know the last watermark before they pass this sender over.
            let watermark = self.operator.output_watermark(self.watermark);
            if watermark > self.outlet.sent_watermark() {
                self.outlet.status(self.time, Status::Active(watermark))?;
                self.late.status(self.time, Status::Active(watermark))?;
            }
            Status::Idle
        } else {
            Status::Active(self.operator.output_watermark(self.watermark))
        };
        self.late.status(self.time, status)?;
        self.outlet.status(self.time, status)
    }

    /// Everything before `frontier` has been worked on: ends the tick, the epoch, or the operator.
    fn close_tick(&mut self, frontier: u64) -> Result<bool> {
        self.time = self.time.max(self.intake.now());
        if std::mem::take(&mut self.touched) {
            self.settle = true;
            self.call(|operator, out| operator.on_tick(out))?;
            self.touched = false;
            return Ok(true);
        }
        let next = self.intake.next(frontier);
        if next == END {
            return self.finish();
        }
        if epoch_of(next) > epoch_of(self.intake.now()) {
            self.leave_part(self.ended_before)?;
        }
        self.intake.open(next);
        self.outlet.downgrade(next);
        self.late.downgrade(next);
        Ok(true)
    }

    /// All inputs have ended. When the job is being stopped, event time has not: then nothing fires.
    fn finish(&mut self) -> Result<bool> {
        let finished = self.tracker.is_finished();
        if self.end == End::Open {
            self.end = End::Told;
            if finished && !self.ended_before {
                self.settle = true;
                self.call(|operator, out| operator.on_end(out))?;
            }
            return Ok(true);
        }
        // A job that had ended in an earlier run has ended, also if it is stopped now before its sources say so again.
        self.leave_part(finished || self.ended_before)?;
        // Nothing comes any more that could wait.
        while self.behind {
            self.write_behind()?;
        }
        let status = if finished { Status::Finished } else { Status::Stopped };
        self.outlet.status(self.time, status)?;
        self.late.status(self.time, status)?;
        self.outlet.close();
        self.late.close();
        self.end = End::Over;
        Ok(false)
    }

    fn leave_part(&mut self, ended: bool) -> Result<()> {
        failpoint("operator-snapshot")?;
        let stopwatch = Stopwatch::start();
        let wanted = self.seat.worker.job.snapshots.are_wanted();
        let state = if wanted { self.operator.snapshot()? } else { OperatorSnapshot::default() };
        self.seat.metrics.pause.note(stopwatch.elapsed());
        self.behind = !state.tiers.is_empty();
        let part = OperatorPart { state, watermark: self.watermark, ended, splits: Vec::new() };
        let worker = &self.seat.worker;
        worker.job.snapshots.put(epoch_of(self.intake.now()), &self.seat.id, worker.worker, part);
        Ok(())
    }
}

impl<B: Batch> OperatorDriver<B> {
    /// Writes some of what the last barrier has frozen.
    fn write_behind(&mut self) -> Result<()> {
        let stopwatch = Stopwatch::start();
        self.behind = self.operator.write_behind()?;
        self.seat.metrics.pause.note(stopwatch.elapsed());
        Ok(())
    }
}

impl<B: Batch> Drop for OperatorDriver<B> {
    /// A job that is cancelled or has failed may still be gone on from, from a snapshot whose last slices are written here.
    fn drop(&mut self) {
        let wanted = self.behind && self.seat.worker.job.snapshots.are_kept();
        if wanted && !std::thread::panicking() {
            while matches!(self.operator.write_behind(), Ok(true)) {}
        }
    }
}

impl<B: Batch> Driver for OperatorDriver<B> {
    fn run(&mut self, frontier: u64) -> Result<bool> {
        let stopwatch = Stopwatch::start();
        self.intake.pull()?;
        self.room = self.seat.worker.job.options.batches_per_turn;
        while self.end != End::Over {
            if self.room == 0 {
                // What is downstream gets its turn first.
                self.seat.activator.activate();
                break;
            }
            if self.operator.has_more() {
                let bound = Bound::From(self.seat.node);
                if !self.seat.worker.job.budget.room_or_wait(bound, &self.seat.wake.quiet_waker()) {
                    break;
                }
                self.call(|operator, out| operator.resume(out))?;
            } else if !self.step(frontier)? {
                break;
            }
            if self.behind {
                // As rows come what is frozen goes, so that it is written long before the next barrier.
                self.write_behind()?;
            }
        }
        if self.behind {
            self.write_behind()?;
            self.seat.activator.activate();
        }
        if self.end == End::Open
            && let Some(timer) = self.operator.next_processing_timer()
        {
            let wait = timer.0.saturating_sub(self.seat.worker.job.clock.now().0).max(1) as u64;
            self.alarm.within(Duration::from_millis(wait).min(LONGEST_SLEEP), &self.seat);
        }
        stopwatch.stop(&self.seat.metrics.busy);
        Ok(self.end != End::Over)
    }
}
