//! The watermark that held before each row of a batch, as runs.

use riverrun_core::Watermark;

/// Runs of (first row, watermark): the watermark that held before each row of a batch.
///
/// The first run starts at row 0; rows are ascending and watermarks strictly ascending. A batch
/// of n rows whose first run says W₀ and second (5, W₁) has W₀ before rows 0–4 and W₁ before rows
/// 5 and on. An empty list means [`Watermark::MIN`] throughout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatermarkRuns(Vec<(u32, Watermark)>);

impl WatermarkRuns {
    /// One watermark for all rows.
    pub fn constant(watermark: Watermark) -> Self {
        if watermark == Watermark::MIN { WatermarkRuns(Vec::new()) } else { WatermarkRuns(vec![(0, watermark)]) }
    }

    /// Says that `watermark` holds before `row` and those after it. Ignored unless it is later
    /// than the last one.
    pub fn push(&mut self, row: usize, watermark: Watermark) {
        match self.0.last_mut() {
            Some((_, last)) if *last >= watermark => {}
            Some((start, last)) if *start as usize == row => *last = watermark,
            None if watermark == Watermark::MIN => {}
            _ => self.0.push((row as u32, watermark)),
        }
    }

    /// The watermark that held before `row`.
    pub fn before(&self, row: usize) -> Watermark {
        let at = self.0.partition_point(|(start, _)| *start as usize <= row);
        if at == 0 { Watermark::MIN } else { self.0[at - 1].1 }
    }

    /// The watermark at the last run.
    pub fn last(&self) -> Watermark {
        self.0.last().map_or(Watermark::MIN, |(_, watermark)| *watermark)
    }

    /// The runs.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Watermark)> + '_ {
        self.0.iter().map(|(row, watermark)| (*row as usize, *watermark))
    }

    /// The runs of `length` rows from `offset`.
    #[must_use]
    pub fn slice(&self, offset: usize, length: usize) -> Self {
        let mut runs = WatermarkRuns::constant(self.before(offset));
        for (row, watermark) in self.iter() {
            if row > offset && row < offset + length {
                runs.push(row - offset, watermark);
            }
        }
        runs
    }

    /// The runs of the rows that a filter or an exchange kept: `kept` are their old positions, ascending.
    #[must_use]
    pub fn select(&self, kept: &[u32]) -> Self {
        let mut runs = WatermarkRuns::default();
        let mut next = 0;
        for (new, &old) in kept.iter().enumerate() {
            while next < self.0.len() && self.0[next].0 <= old {
                runs.push(new, self.0[next].1);
                next += 1;
            }
            if next == self.0.len() {
                break;
            }
        }
        runs
    }
}
