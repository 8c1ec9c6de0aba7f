//! The rows of each partition that wait for the watermark.
//!
//! Among all rows those that wait stand by time, as the watermark passes them; a barrier writes partitions. So that it looks at no
//! other rows than those of a partition, and a row is found at once when it is due, the rows of a partition are a list that is
//! linked through the rows' numbers.

/// No row.
const NONE: u32 = u32::MAX;

/// The lists of all partitions.
#[derive(Debug, Default)]
pub(super) struct WaitingLists {
    /// The last row to come, by partition.
    last: Vec<u32>,
    /// By row.
    links: Vec<Link>,
}

/// A row that waits, and those that came before and after it to its partition.
#[derive(Clone, Copy, Debug)]
struct Link {
    time: i64,
    before: u32,
    after: u32,
}

impl WaitingLists {
    /// A row comes to a partition.
    pub fn push(&mut self, slot: u32, (time, row): (i64, u32)) {
        if self.last.len() <= slot as usize {
            self.last.resize(slot as usize + 1, NONE);
        }
        if self.links.len() <= row as usize {
            self.links.resize(row as usize + 1, Link { time: 0, before: NONE, after: NONE });
        }
        let before = std::mem::replace(&mut self.last[slot as usize], row);
        self.links[row as usize] = Link { time, before, after: NONE };
        if let Some(before) = self.links.get_mut(before as usize) {
            before.after = row;
        }
    }

    /// A row of a partition waits no more.
    pub fn remove(&mut self, slot: u32, row: u32) {
        let Link { before, after, .. } = self.links[row as usize];
        if let Some(before) = self.links.get_mut(before as usize) {
            before.after = after;
        }
        match self.links.get_mut(after as usize) {
            Some(after) => after.before = before,
            None => self.last[slot as usize] = before,
        }
    }

    /// The rows of a partition, by time; of equal times in the order of arrival.
    pub fn rows(&self, slot: u32) -> Vec<(i64, u32)> {
        let last = self.last.get(slot as usize).copied().unwrap_or(NONE);
        let link = |row: u32| self.links.get(row as usize).map(|link| (row, link));
        let back = std::iter::successors(link(last), |(_, known)| link(known.before));
        let mut rows: Vec<(i64, u32)> = back.map(|(row, link)| (link.time, row)).collect();
        rows.reverse();
        rows.sort_by_key(|(time, _)| *time);
        rows
    }

    /// About how many bytes they take up.
    pub fn num_bytes(&self) -> usize {
        self.last.capacity() * size_of::<u32>() + self.links.capacity() * size_of::<Link>()
    }
}
