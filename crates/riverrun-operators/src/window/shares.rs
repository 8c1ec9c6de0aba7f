//! Deals the rows of a batch out to their slices.
//!
//! Results must be those of row-by-row processing, and rows are added slice by slice. So a batch is taken in segments:
//! one ends where the watermark passes the end of a window that has rows, in an earlier batch or in this segment.
//! Within a segment no window fires, and a slice's rows are late all or none.

use super::borders::Window;
use super::finder::{Finder, Found, RowTimes};
use riverrun_core::{Result, Watermark};
use riverrun_runtime::WatermarkRuns;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// The rows of one slice within a segment.
#[derive(Debug)]
pub struct Share {
    /// The slice.
    pub slice: Window,
    /// Whether the last window of the slice had fired.
    pub late: bool,
    /// The rows' positions in the batch, ascending.
    pub rows: Vec<u32>,
}

/// A segment of a batch.
#[derive(Debug)]
pub struct Segment {
    /// Its rows by slice, in the order in which the slices first came.
    pub shares: Vec<Share>,
    /// The first row after it.
    pub end: usize,
    /// The watermark before its last row.
    pub watermark: Watermark,
}

/// The segment of a batch that begins at `position`. `next_timer` is when the next window fires that has rows already.
pub fn deal(
    finder: &mut Finder,
    times: &RowTimes,
    watermarks: &WatermarkRuns,
    position: usize,
    next_timer: Option<Watermark>,
) -> Result<Segment> {
    let count = match times {
        RowTimes::Instants(instants) => instants.len(),
        RowTimes::Windows { ends, .. } => ends.len(),
    };
    let mut runs = watermarks.iter().filter(|(row, _)| *row > position).peekable();
    let mut watermark = watermarks.before(position);
    let mut earliest = next_timer.filter(|timer| *timer > watermark).unwrap_or(Watermark::MAX);
    let mut shares: Vec<Share> = Vec::new();
    let mut known: FxHashMap<Window, usize> = FxHashMap::default();
    let mut current = 0;
    let mut found: Option<Found> = None;
    for row in position..count {
        if let Some((_, later)) = runs.next_if(|(start, _)| *start == row) {
            if later >= earliest {
                return Ok(Segment { shares, end: row, watermark });
            }
            watermark = later;
        }
        let slice = match times {
            RowTimes::Instants(instants) => match found {
                Some(found) if found.covers(instants[row]) => {
                    shares[current].rows.push(row as u32);
                    continue;
                }
                _ => found.insert(finder.find(instants[row])?).slice,
            },
            RowTimes::Windows { starts, ends } => Window { start: starts[row], end: ends[row] },
        };
        if shares.get(current).is_none_or(|share| share.slice != slice) {
            current = match known.entry(slice) {
                Entry::Occupied(entry) => *entry.get(),
                Entry::Vacant(entry) => {
                    let (late, trigger) = judge(finder, slice, watermark);
                    earliest = earliest.min(trigger);
                    shares.push(Share { slice, late, rows: Vec::new() });
                    *entry.insert(shares.len() - 1)
                }
            };
        }
        shares[current].rows.push(row as u32);
    }
    Ok(Segment { shares, end: count, watermark })
}

/// Whether rows of a slice are late, and when the first of its windows that has not fired will.
fn judge(finder: &Finder, slice: Window, watermark: Watermark) -> (bool, Watermark) {
    match (finder.last_window(slice), finder.first_unfired(slice, watermark)) {
        (None, _) => (false, Watermark::MAX),
        (Some(_), None) => (true, Watermark::MAX),
        (Some(_), Some(window)) => (false, finder.zone().trigger(window.end)),
    }
}
