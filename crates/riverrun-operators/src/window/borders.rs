//! The arithmetic of window borders: slices, and the windows that are made of them.
//!
//! Rows are kept by slice, the greatest stretch of time that no window border cuts; windows that overlap share their
//! slices.
//!
//! ```text
//! TUMBLE 4        |  slice  |  slice  |
//! HOP 4 every 2   | a  | b  | c  |        windows: ab, bc, …
//! CUMULATE 2 to 6 | a  | b  | c  |        windows: a, ab, abc
//! ```

use super::spec::WindowKind;
use crate::aggregates::Number;
use riverrun_core::{Error, Millis, Result};
use riverrun_state::blob::BlobReader;
use riverrun_state::tier::tables::TableName;

#[cfg(test)]
mod tests;

/// A window or a slice, in milliseconds of local time. Ordered by end, then by start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// The first millisecond after it.
    pub end: i64,
    /// Its first millisecond.
    pub start: i64,
}

/// The end and the length.
impl TableName for Window {
    fn put(self, out: &mut Vec<u8>) {
        self.end.put(out);
        self.end.wrapping_sub(self.start).cast_unsigned().put(out);
    }

    fn read(blob: &mut BlobReader<'_>) -> Result<Self> {
        let (end, length) = (i64::get(blob.rest())?, u64::get(blob.rest())?);
        Ok(Window { end, start: end.wrapping_sub(length.cast_signed()) })
    }
}

/// The windows that share a slice, by end.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    first: Window,
    /// From end to end.
    step: i64,
    count: i64,
    /// Whether they have a common start.
    grows: bool,
}

impl Windows {
    fn get(&self, index: i64) -> Window {
        let moved = self.step.saturating_mul(index);
        let start = if self.grows { self.first.start } else { self.first.start.saturating_add(moved) };
        Window { start, end: self.first.end.saturating_add(moved) }
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = Window> {
        (0..self.count).map(move |index| self.get(index))
    }

    /// The first one that has not fired, if those that have are the first ones. They may be many: it is searched by halves.
    pub fn first_unfired(self, fired: impl Fn(Window) -> bool) -> Option<Window> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if fired(self.get(middle)) { low = middle + 1 } else { high = middle }
        }
        (low < self.count).then(|| self.get(low))
    }
}

/// The borders of TUMBLE, HOP and CUMULATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Borders {
    /// Windows that are their own only slice.
    Tumble {
        /// The windows' length.
        size: i64,
        /// Where borders are, modulo the size.
        offset: i64,
    },
    /// Windows of one size at regular starts.
    Hop {
        /// The windows' length.
        size: i64,
        /// From start to start.
        slide: i64,
        /// Where starts are, modulo the slide.
        offset: i64,
        /// The length of a slice: the greatest common divisor of size and slide.
        slice: i64,
    },
    /// Windows that grow by a step up to a size, then start anew.
    Cumulate {
        /// The length of the longest window.
        size: i64,
        /// The length of a slice.
        step: i64,
        /// Where starts are, modulo the size.
        offset: i64,
    },
}

impl Borders {
    /// The borders of a window function; an error if its lengths make no sense.
    pub fn new(kind: WindowKind) -> Result<Self> {
        let positive = |length: Millis, what: &str| {
            if length.0 > 0 { Ok(length.0) } else { Err(Error::input(format!("a window's {what} must be positive"))) }
        };
        Ok(match kind {
            WindowKind::Tumble { size, offset } => Borders::Tumble { size: positive(size, "size")?, offset: offset.0 },
            WindowKind::Hop { size, slide, offset } => {
                let (size, slide) = (positive(size, "size")?, positive(slide, "slide")?);
                Borders::Hop { size, slide, offset: offset.0, slice: greatest_common_divisor(size, slide) }
            }
            WindowKind::Cumulate { size, step, offset } => {
                let (size, step) = (positive(size, "size")?, positive(step, "step")?);
                if size % step != 0 {
                    return Err(Error::input(format!(
                        "CUMULATE needs a maximum size that is a multiple of the step, but {size} ms is none of {step} ms"
                    )));
                }
                Borders::Cumulate { size, step, offset: offset.0 }
            }
            WindowKind::Session { .. } => return Err(Error::bug("the borders of a session depend on its rows")),
        })
    }

    /// The slice that a local time falls into. Floors also before 1970.
    #[inline]
    pub fn slice(&self, local: i64) -> Window {
        let (length, offset) = match *self {
            Borders::Tumble { size, offset } => (size, offset),
            Borders::Hop { slice, offset, .. } => (slice, offset),
            Borders::Cumulate { step, offset, .. } => (step, offset),
        };
        let start = floor(local, length, offset);
        Window { start, end: start.saturating_add(length) }
    }

    /// The windows that a slice is part of. None in the gaps of a HOP whose slide is longer than its size.
    pub fn windows(&self, slice: Window) -> Windows {
        match *self {
            Borders::Tumble { .. } => Windows { first: slice, step: 0, count: 1, grows: false },
            Borders::Hop { size, slide, offset, .. } => {
                let last_start = floor(slice.start, slide, offset);
                // The earliest start from which the window still reaches the slice's end.
                let first_start = -floor(size.saturating_sub(slice.end), slide, -offset);
                let count = last_start.saturating_sub(first_start).div_euclid(slide) + 1;
                let first = Window { start: first_start, end: first_start.saturating_add(size) };
                Windows { first, step: slide, count: count.max(0), grows: false }
            }
            Borders::Cumulate { size, step, offset } => {
                let start = floor(slice.start, size, offset);
                let count = start.saturating_add(size).saturating_sub(slice.end) / step + 1;
                Windows { first: Window { start, end: slice.end }, step, count, grows: true }
            }
        }
    }

    /// The last window that a slice is part of.
    pub fn last_window(&self, slice: Window) -> Option<Window> {
        match *self {
            Borders::Tumble { .. } => Some(slice),
            Borders::Hop { size, slide, offset, .. } => {
                let start = floor(slice.start, slide, offset);
                Some(Window { start, end: start.saturating_add(size) }).filter(|window| window.end >= slice.end)
            }
            Borders::Cumulate { size, offset, .. } => {
                let start = floor(slice.start, size, offset);
                Some(Window { start, end: start.saturating_add(size) })
            }
        }
    }

    /// The window that fires next after this one over some of the same slices.
    pub fn next_window(&self, window: Window) -> Option<Window> {
        match *self {
            Borders::Tumble { .. } => None,
            Borders::Hop { slide, .. } => {
                Some(Window { start: window.start.saturating_add(slide), end: window.end.saturating_add(slide) })
            }
            Borders::Cumulate { size, step, .. } => {
                let next = Window { start: window.start, end: window.end.saturating_add(step) };
                Some(next).filter(|next| next.end <= window.start.saturating_add(size))
            }
        }
    }
}

/// The greatest `offset + n × length` that is not above `value`.
#[inline]
fn floor(value: i64, length: i64, offset: i64) -> i64 {
    let offset = offset.rem_euclid(length);
    value.saturating_sub(value.saturating_sub(offset).rem_euclid(length))
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
