//! Rows kept as bytes in one arena, by number: what an operator keeps of its input without an allocation per row.

#[cfg(test)]
mod tests;

/// Rows as bytes. Numbers are handed out from 0; a removed row's number is handed out again.
#[derive(Clone, Debug, Default)]
pub struct RowArena {
    spans: Vec<Span>,
    free: Vec<u32>,
    bytes: Vec<u8>,
    /// Bytes that belong to removed rows.
    garbage: usize,
}

/// Where a row stands among the bytes.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    /// `FREE` where no row has the number.
    length: u32,
}

const FREE: u32 = u32::MAX;

/// An arena with less garbage than this is not worth compacting.
const LEAST_GARBAGE: usize = 1 << 16;

impl RowArena {
    /// Keeps a row.
    #[inline]
    pub fn insert(&mut self, row: &[u8]) -> u32 {
        self.insert_parts(&[row])
    }

    /// Keeps the parts of a row, one after the other.
    #[inline]
    pub fn insert_parts(&mut self, parts: &[&[u8]]) -> u32 {
        let start = self.bytes.len();
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        let span = Span { start, length: (self.bytes.len() - start) as u32 };
        match self.free.pop() {
            Some(row) => {
                self.spans[row as usize] = span;
                row
            }
            None => {
                self.spans.push(span);
                (self.spans.len() - 1) as u32
            }
        }
    }

    /// A row that is kept.
    #[inline]
    pub fn get(&self, row: u32) -> &[u8] {
        let span = self.spans[row as usize];
        &self.bytes[span.start..span.start + span.length as usize]
    }

    /// Brings rows that are kept near: looked at one after the other in loops of their own, they are waited for together.
    pub fn fetch(&self, rows: impl Iterator<Item = u32>) {
        let starts: Vec<usize> = rows.map(|row| self.spans[row as usize].start).collect();
        let first = |start: &usize| self.bytes.get(*start).copied().unwrap_or_default();
        std::hint::black_box(starts.iter().fold(0, |seen, start| seen ^ first(start)));
    }

    /// Forgets a row that is kept.
    pub fn remove(&mut self, row: u32) {
        let span = &mut self.spans[row as usize];
        self.garbage += span.length as usize;
        span.length = FREE;
        self.free.push(row);
        if self.garbage > self.bytes.len() / 2 && self.garbage > LEAST_GARBAGE {
            self.compact();
        }
    }

    fn compact(&mut self) {
        let mut bytes = Vec::with_capacity(self.bytes.len() - self.garbage + LEAST_GARBAGE);
        for span in self.spans.iter_mut().filter(|span| span.length != FREE) {
            let start = bytes.len();
            bytes.extend_from_slice(&self.bytes[span.start..span.start + span.length as usize]);
            span.start = start;
        }
        self.bytes = bytes;
        self.garbage = 0;
    }

    /// How many rows are kept.
    pub fn len(&self) -> usize {
        self.spans.len() - self.free.len()
    }

    /// Whether no row is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes the rows take up.
    pub fn num_bytes(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Span>() + self.free.capacity() * size_of::<u32>()
    }
}
