//! The watermarks of a source: one per split, the least of them going out.
//!
//! | a split is | from | in the minimum |
//! |---|---|---|
//! | ACTIVE | being opened, or a row after it was idle | yes; MIN before its first watermark, so that it holds back |
//! | IDLE | `scan.watermark.idle-timeout` without a row | no |
//! | FINISHED | its end | no |
//!
//! After each row a watermark is due as soon as event time has moved by more than `pipeline.auto-watermark-interval` past
//! the last one; the first counts from 0, so times before 1970 never move it (measured on Flink 2.3). What is still
//! pending when no rows come goes out after the interval by the clock.

use crate::message::Status;
use crate::source::{MaxAhead, SplitId};
use crate::watermarks::WatermarkRuns;
use riverrun_core::{Millis, Watermark};
use riverrun_state::SplitProgress;
use std::collections::BTreeMap;
use std::time::Duration;

const START: SplitProgress = SplitProgress { latest: Millis(0), watermark: Watermark::MIN };

/// The watermark that the next one is measured from.
fn base(progress: &SplitProgress) -> i64 {
    progress.watermark.0.max(0)
}

fn is_pending(progress: &SplitProgress) -> bool {
    progress.latest.0 > base(progress)
}

#[derive(Debug)]
struct Split {
    progress: SplitProgress,
    idle: bool,
    last_row: Millis,
}

/// The settings of a source's `WATERMARK FOR`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) interval: Millis,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) max_ahead: Option<MaxAhead>,
}

/// Follows the splits that one worker reads of a source.
#[derive(Debug)]
pub(crate) struct SplitWatermarks {
    settings: Settings,
    splits: BTreeMap<SplitId, Split>,
    /// Splits of the snapshot that have not been opened again yet.
    restored: BTreeMap<SplitId, SplitProgress>,
    /// What the finished splits came to, for when nothing else is left.
    finished: SplitProgress,
    watermark: Watermark,
    last_row: Millis,
}

impl SplitWatermarks {
    pub(crate) fn new(settings: Settings) -> Self {
        SplitWatermarks {
            settings,
            splits: BTreeMap::new(),
            restored: BTreeMap::new(),
            finished: START,
            watermark: Watermark::MIN,
            last_row: Millis(i64::MIN),
        }
    }

    /// Goes on from a snapshot: all its splits, and the least watermark that a worker had sent.
    pub(crate) fn restore(&mut self, splits: impl IntoIterator<Item = (SplitId, SplitProgress)>, sent: Watermark) {
        for (id, progress) in splits {
            // Of a split whose new reader had not begun yet, every worker has left what it was restored with.
            let known = self.restored.entry(id).or_insert(progress);
            known.latest = known.latest.max(progress.latest);
            known.watermark = known.watermark.max(progress.watermark);
        }
        self.watermark = sent;
    }

    /// The splits as they stand. One that was restored but not opened here belongs to another worker now, unless it is
    /// not known yet which are opened here.
    pub(crate) fn progress(&self, unpolled: bool) -> Vec<(SplitId, SplitProgress)> {
        let opened = self.splits.iter().map(|(id, split)| (id.clone(), split.progress));
        let restored = self.restored.iter().filter(|_| unpolled).map(|(id, progress)| (id.clone(), *progress));
        opened.chain(restored).collect()
    }

    /// The watermark that all active splits have passed.
    pub(crate) fn watermark(&self) -> Watermark {
        self.watermark
    }

    /// What goes downstream.
    pub(crate) fn status(&self) -> Status {
        if self.splits.values().all(|split| split.idle) { Status::Idle } else { Status::Active(self.watermark) }
    }

    /// A split holds the watermark back from now on.
    pub(crate) fn open(&mut self, id: SplitId, now: Millis) {
        let progress = self.restored.remove(&id).unwrap_or(START);
        self.splits.entry(id).or_insert(Split { progress, idle: false, last_row: now });
    }

    /// A split has ended.
    pub(crate) fn finish(&mut self, id: &SplitId) {
        if let Some(split) = self.splits.remove(id) {
            self.finished.latest = self.finished.latest.max(split.progress.latest);
            self.finished.watermark = self.finished.watermark.max(split.progress.watermark);
        }
        self.advance();
    }

    /// Rows have come with these watermarks. Gives the source's watermark before each.
    pub(crate) fn rows(&mut self, id: SplitId, times: &[i64], now: Millis) -> WatermarkRuns {
        self.open(id.clone(), now);
        let others = self.others(&id);
        let limit = self.settings.max_ahead.map_or(i64::MAX, |ahead| ahead.limit(now));
        let interval = self.settings.interval.0;
        let mut runs = WatermarkRuns::constant(self.watermark);
        self.last_row = now;
        let Some(split) = self.splits.get_mut(&id) else { return runs };
        split.idle = false;
        split.last_row = now;
        let progress = &mut split.progress;
        let mut due = base(progress).saturating_add(interval);
        for (row, &time) in times.iter().enumerate() {
            if time > progress.latest.0 && time <= limit {
                progress.latest = Millis(time);
                if time > due {
                    progress.watermark = Watermark(time);
                    due = time.saturating_add(interval);
                    self.watermark = self.watermark.max(progress.watermark.min(others));
                    // What holds after the last row goes out by itself.
                    if row + 1 < times.len() {
                        runs.push(row + 1, self.watermark);
                    }
                }
            }
        }
        runs
    }

    /// Time has passed: marks idle splits and lets pending watermarks out. Gives the time of the next such event.
    pub(crate) fn on_clock(&mut self, now: Millis) -> Option<Millis> {
        let mut next: Option<Millis> = None;
        let mut wait_until = |time: i64| next = Some(next.map_or(Millis(time), |least| least.min(Millis(time))));
        let interval = self.settings.interval.0.max(1);
        let mut flushed = false;
        for split in self.splits.values_mut() {
            if is_pending(&split.progress) {
                if now.0 >= split.last_row.0.saturating_add(interval) {
                    split.progress.watermark = Watermark(split.progress.latest.0);
                    flushed = true;
                } else {
                    wait_until(split.last_row.0.saturating_add(interval));
                }
            }
            if let Some(timeout) = self.settings.idle_timeout
                && !split.idle
            {
                let at = split.last_row.0.saturating_add(timeout.as_millis() as i64);
                if now.0 >= at {
                    split.idle = true;
                    flushed = true;
                } else {
                    wait_until(at);
                }
            }
        }
        if is_pending(&self.finished) && self.splits.is_empty() {
            if now.0 >= self.last_row.0.saturating_add(interval) {
                self.finished.watermark = Watermark(self.finished.latest.0);
                flushed = true;
            } else {
                wait_until(self.last_row.0.saturating_add(interval));
            }
        }
        if flushed {
            self.advance();
        }
        next
    }

    /// Nothing could be read for a while because the job was busy: that is not idleness.
    pub(crate) fn excuse(&mut self, now: Millis) {
        for split in self.splits.values_mut() {
            split.last_row = now;
        }
    }

    fn others(&self, id: &SplitId) -> Watermark {
        let others = self.splits.iter().filter(|(other, split)| *other != id && !split.idle);
        others.map(|(_, split)| split.progress.watermark).min().unwrap_or(Watermark::MAX)
    }

    fn advance(&mut self) {
        let active = self.splits.values().filter(|split| !split.idle).map(|split| split.progress.watermark).min();
        let least = active.unwrap_or_else(|| {
            let idle = self.splits.values().map(|split| split.progress.watermark).max();
            idle.unwrap_or(self.finished.watermark)
        });
        self.watermark = self.watermark.max(least);
    }
}

#[cfg(test)]
mod tests;
