//! The rows of both sides of a join, in pages: what is written to the tier, leaves memory and is read again by itself.
//!
//! ```text
//! key ── head: the rows of both sides, as long as they are few
//!          ├── pages 1, 2, … of the left side
//!          └── pages 1, 2, … of the right side
//! ```
//!
//! A head has the bytes of its key, a further page these and its side and number. On a side that can take rows back, a row's
//! hash says in which page it is (linear hashing: pages are split one at a time, and joined again), so that one page is read
//! for a row that is taken back. On the others, rows are only ever added: to the last page. Without a tier there are heads only.

use super::chunks::{Chunks, NO_ROW, Place};
use super::rows::{NewRow, Rows, RowsOptions};
use super::state::{READ_ROWS, decoded};
use super::{LEFT, RIGHT};
use arrow::datatypes::SchemaRef;
use riverrun_core::{Clock, Error, Millis, Result, Schema};
use riverrun_state::blob::{BlobReader, put_bytes, put_i64, put_u32};
use riverrun_state::tier::{EncodeSlots, PutValue, SlotValues};
use riverrun_state::{KeyEncoder, KeyRows, hash_row};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// So many rows of a side a page has, about. Few in tests, whose keys then have many pages.
pub const PAGE_ROWS: usize = if cfg!(test) { 4 } else { 64 };

/// With fewer rows per page there is one page less.
pub const FEW_ROWS: usize = PAGE_ROWS / 4;

/// A further page's key is that of its head, its side and its number.
const SUFFIX: usize = 5;

/// What a value is that is no page of a side.
const HEAD: u8 = 0;

/// What a value has beside the rows' columns.
const TOTAL: u8 = 1;
const SPANS: [u8; 2] = [2, 4];
const COUNTS: u8 = 8;
const MATCHES: u8 = 16;
const TIMES: u8 = 32;

/// The rows of both sides.
#[derive(Debug)]
pub struct Pages {
    /// The rows in memory, in a list per page.
    pub sides: [Rows; 2],
    /// How many rows the right side has per key, where that is all that is kept.
    pub totals: Option<Vec<i64>>,
    tiered: bool,
    /// By slot, where there is a tier.
    kinds: Vec<Kind>,
    /// The keys that have more pages than their head, by its slot.
    large: BTreeMap<u32, Large>,
    schemas: [SchemaRef; 2],
    clock: Arc<dyn Clock>,
    reading: [ReadRows; 2],
}

/// What a slot is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The only page of a key.
    Small,
    /// The first one of several.
    Large,
    /// A further page.
    Further { head: u32, side: u8, number: u32 },
}

/// The pages of a key.
#[derive(Debug)]
struct Large {
    sides: [Span; 2],
    /// When one of its rows was written last: no page is newer than the head, which says what there is.
    time: Millis,
}

/// The pages of a key's side, beside the head.
#[derive(Clone, Debug)]
pub struct Span {
    /// The first that may be there.
    pub first: u32,
    /// One more than the last.
    pub end: u32,
    /// How many rows there are in all pages, equal ones once. With a time to live perhaps fewer.
    pub rows: u32,
    /// The slots of those in memory, by number.
    pub loaded: BTreeMap<u32, u32>,
}

impl Default for Span {
    fn default() -> Self {
        Span { first: 1, end: 1, rows: 0, loaded: BTreeMap::new() }
    }
}

impl Span {
    /// The numbers of the pages beside the head.
    pub fn numbers(&self) -> Range<u32> {
        self.first..self.end
    }

    /// The page of a row: by its hash, or the last one.
    fn number(&self, hash: Option<u128>) -> u32 {
        match hash {
            Some(hash) => hashed(hash, self.end),
            None if self.first < self.end => self.end - 1,
            None => 0,
        }
    }
}

/// The page of a row of this hash, of so many.
fn hashed(hash: u128, pages: u32) -> u32 {
    let level = pages.next_power_of_two();
    let number = ((hash >> 96) as u32) & (level - 1);
    if number < pages { number } else { number & (level / 2 - 1) }
}

/// The page whose rows a new one takes its own from.
pub fn source(new: u32) -> u32 {
    new - (new + 1).next_power_of_two() / 2
}

/// The key of a page other than the head.
pub fn page_key(head: &[u8], side: usize, number: u32, rows: &mut KeyRows) {
    rows.data.extend_from_slice(head);
    rows.data.push(side as u8);
    rows.data.extend(number.to_be_bytes());
    rows.ends.push(rows.data.len() as u32);
}

/// The hash of that key: it must belong to the key group of the head, which the high half says.
pub fn page_hash(head: u64, side: usize, number: u32) -> u64 {
    let mixed = (head ^ ((u64::from(number) << 1) | side as u64)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (head & 0xFFFF_FFFF_0000_0000) | (mixed >> 32)
}

/// The join key of a page's key.
pub fn join_key<'a>(key: &'a [u8], value: &[u8]) -> Result<&'a [u8]> {
    let mut value = BlobReader::new(value);
    value.i64()?;
    match value.u8()? {
        HEAD => Ok(key),
        _ => key.len().checked_sub(SUFFIX).map(|length| &key[..length]).ok_or_else(damaged),
    }
}

/// The side and number of a further page; `None`: it is the key of a head.
pub fn page_number(key: &[u8], head: &[u8]) -> Option<(usize, u32)> {
    let suffix: &[u8; SUFFIX] = key.get(head.len()..)?.try_into().ok()?;
    let [side, number @ ..] = *suffix;
    Some((usize::from(side), u32::from_be_bytes(number)))
}

fn damaged() -> Error {
    Error::failure("a page of the state of a join is damaged")
}

/// Rows on their way from bytes to columns.
#[derive(Debug, Default)]
struct ReadRows {
    bytes: KeyRows,
    rows: Vec<ReadRow>,
}

/// A row that was read, apart from its columns.
#[derive(Clone, Copy, Debug)]
pub struct ReadRow {
    /// The slot of its page.
    pub slot: u32,
    /// How many equal rows it stands for.
    pub count: u32,
    /// How many matches it has.
    pub matches: u32,
    /// When it was written.
    pub time: Millis,
}

impl Pages {
    /// No rows. With `counted`, of the right side only the number of rows per key is kept.
    pub fn new(
        options: [RowsOptions; 2],
        counted: bool,
        inputs: &[Schema; 2],
        tiered: bool,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Pages {
            sides: options.map(Rows::new),
            totals: counted.then(Vec::new),
            tiered,
            kinds: Vec::new(),
            large: BTreeMap::new(),
            schemas: inputs.each_ref().map(Schema::to_arrow),
            clock,
            reading: Default::default(),
        }
    }

    /// The chunks of both sides.
    pub fn chunks(&self) -> [&Chunks; 2] {
        self.sides.each_ref().map(Rows::chunks)
    }

    fn kind(&self, slot: u32) -> Kind {
        self.kinds.get(slot as usize).copied().unwrap_or(Kind::Small)
    }

    /// The head of the key that a page belongs to.
    pub fn head(&self, slot: u32) -> u32 {
        match self.kind(slot) {
            Kind::Further { head, .. } => head,
            _ => slot,
        }
    }

    /// Whether a key has more pages than its head.
    pub fn is_large(&self, head: u32) -> bool {
        matches!(self.kind(head), Kind::Large)
    }

    /// Whether any key in memory has.
    pub fn has_large(&self) -> bool {
        !self.large.is_empty()
    }

    /// The pages of a key's side, if it has more than its head.
    pub fn span(&self, head: u32, side: usize) -> Option<&Span> {
        if self.is_large(head) { Some(&self.large.get(&head)?.sides[side]) } else { None }
    }

    /// The same; the key has more than its head from now on.
    pub fn span_mut(&mut self, head: u32, side: usize) -> &mut Span {
        let sides = &self.sides;
        let large = self.large.entry(head).or_insert_with(|| {
            let span = |side: usize| Span { rows: sides[side].length(head) as u32, ..Span::default() };
            let times = sides.iter().flat_map(|rows| rows.list(head).map(move |number| rows.time(number)));
            Large { sides: [span(LEFT), span(RIGHT)], time: times.max().unwrap_or(Millis(0)) }
        });
        self.kinds[head as usize] = Kind::Large;
        &mut large.sides[side]
    }

    /// The page that a row belongs into; `hash` on a side that can take rows back.
    pub fn number(&self, head: u32, side: usize, hash: Option<u128>) -> u32 {
        self.span(head, side).map_or(0, |span| span.number(hash))
    }

    /// The slot of a page, if it is in memory.
    pub fn page(&self, head: u32, side: usize, number: u32) -> Option<u32> {
        if number == 0 { Some(head) } else { self.span(head, side)?.loaded.get(&number).copied() }
    }

    /// A further page is in memory.
    pub fn register(&mut self, head: u32, side: usize, number: u32, slot: u32) {
        self.kinds[slot as usize] = Kind::Further { head, side: side as u8, number };
        self.span_mut(head, side).loaded.insert(number, slot);
    }

    /// A further page is in memory no more.
    pub fn unregister(&mut self, slot: u32) {
        if let Kind::Further { head, side, number } = std::mem::replace(&mut self.kinds[slot as usize], Kind::Small)
            && let Some(large) = self.large.get_mut(&head)
        {
            large.sides[usize::from(side)].loaded.remove(&number);
        }
    }

    /// A key whose further pages are gone has its head only.
    pub fn forget_pages(&mut self, head: u32) {
        if let Some(large) = self.large.get(&head)
            && large.sides.iter().all(|span| span.numbers().is_empty())
        {
            self.large.remove(&head);
            self.kinds[head as usize] = Kind::Small;
        }
    }

    /// The rows of a large key are more, or fewer.
    pub fn count(&mut self, head: u32, side: usize, change: i32, time: Millis) {
        if self.is_large(head)
            && let Some(large) = self.large.get_mut(&head)
        {
            let rows = &mut large.sides[side].rows;
            *rows = rows.saturating_add_signed(change);
            large.time = large.time.max(time);
        }
    }

    /// Where all pages are in memory, how many rows they have is known: some may have gone below by themselves.
    pub fn recount(&mut self, head: u32, side: usize) {
        let rows = &self.sides[side];
        if let Some(large) = self.large.get_mut(&head).filter(|_| rows.options().ttl.is_some()) {
            let span = &mut large.sides[side];
            if span.loaded.len() == span.numbers().len() {
                let further: usize = span.loaded.values().map(|slot| rows.length(*slot)).sum();
                span.rows = (rows.length(head) + further) as u32;
            }
        }
    }

    /// Moves the rows whose place it is to the page `new` of so many pages.
    pub fn split(&mut self, side: usize, from: u32, to: u32, new: u32) {
        let rows = &mut self.sides[side];
        let moved: Vec<u32> = rows.list(from).filter(|number| hashed(rows.hash(*number), new + 1) == new).collect();
        moved.into_iter().for_each(|number| rows.move_to(number, to));
    }

    /// The first row of a key's side, of those in memory, or [`NO_ROW`].
    #[inline]
    pub fn first(&self, side: usize, head: u32) -> u32 {
        match self.sides[side].first(head) {
            NO_ROW if self.is_large(head) => self.first_after(side, head, 0),
            first => first,
        }
    }

    /// The row after another one of the same key, or [`NO_ROW`].
    #[inline]
    pub fn next(&self, side: usize, number: u32) -> u32 {
        let next = self.sides[side].next(number);
        if next != NO_ROW || self.large.is_empty() {
            return next;
        }
        let slot = self.sides[side].slot(number);
        match self.kind(slot) {
            Kind::Small => NO_ROW,
            Kind::Large => self.first_after(side, slot, 0),
            Kind::Further { head, number, .. } => self.first_after(side, head, number),
        }
    }

    fn first_after(&self, side: usize, head: u32, number: u32) -> u32 {
        let Some(large) = self.large.get(&head) else { return NO_ROW };
        let pages = large.sides[side].loaded.range(number + 1..);
        pages.map(|(_, slot)| self.sides[side].first(*slot)).find(|first| *first != NO_ROW).unwrap_or(NO_ROW)
    }

    /// Whether a key has no rows at all.
    pub fn is_empty(&self, head: u32) -> bool {
        !self.is_large(head)
            && self.sides.iter().all(|rows| rows.first(head) == NO_ROW)
            && self.totals.as_ref().is_none_or(|totals| totals[head as usize] == 0)
    }

    /// A row that was read; it is in memory after [`SlotValues::loaded`].
    pub fn read(&mut self, side: usize, bytes: &[u8], row: ReadRow) {
        self.reading[side].bytes.push(bytes);
        self.reading[side].rows.push(row);
    }

    /// How many rows were read and are not in memory yet.
    pub fn reading(&self) -> usize {
        self.reading.iter().map(|read| read.rows.len()).sum()
    }

    fn add_read(&mut self, side: usize, bytes: &[&[u8]], read: &[ReadRow]) -> Result<()> {
        let rows = &mut self.sides[side];
        let chunk = rows.begin(decoded(&self.schemas[side], bytes)?)?;
        let now = self.clock.now();
        for (at, (bytes, row)) in bytes.iter().zip(read).enumerate() {
            let ReadRow { slot, count, matches, time } = *row;
            let place = Place { chunk, row: at as u32 };
            let hash = if rows.options().retracting { hash_row(bytes) } else { 0 };
            // Where the time to live is new, it begins now.
            let time = if time.0 > 0 { time } else { now };
            rows.add(NewRow { slot, place, hash, count, matches, time })?;
        }
        Ok(())
    }

    /// When one of the rows of a page was written last.
    fn newest(&self, slot: u32) -> Millis {
        if let Some(large) = self.large.get(&slot).filter(|_| self.is_large(slot)) {
            return large.time;
        }
        let times = self.sides.iter().filter(|rows| rows.options().ttl.is_some());
        times.flat_map(|rows| rows.list(slot).map(move |number| rows.time(number))).max().unwrap_or(Millis(0))
    }

    /// What a value has beside the columns of rows.
    fn columns(&self) -> u8 {
        let any = |has: fn(&RowsOptions) -> bool, flag: u8| {
            if self.sides.iter().any(|rows| has(&rows.options())) { flag } else { 0 }
        };
        any(|options| options.retracting, COUNTS)
            | any(|options| options.tracked, MATCHES)
            | any(|options| options.ttl.is_some(), TIMES)
    }

    /// Appends the value of a page, whose rows are the next of `encoded`.
    fn write(&self, slot: u32, encoded: &[&KeyRows; 2], next: &mut [usize; 2], out: &mut Vec<u8>) {
        put_i64(out, self.newest(slot).0);
        let mut columns = self.columns();
        let sides = match self.kind(slot) {
            Kind::Further { side, .. } => {
                out.extend([side + 1, columns]);
                usize::from(side)..usize::from(side) + 1
            }
            _ => {
                let total = self.totals.as_ref().map_or(0, |totals| totals[slot as usize]);
                let spans = [LEFT, RIGHT].map(|side| self.span(slot, side).filter(|span| !span.numbers().is_empty()));
                columns |= if total == 0 { 0 } else { TOTAL };
                for (span, flag) in spans.iter().zip(SPANS) {
                    columns |= if span.is_some() { flag } else { 0 };
                }
                out.extend([HEAD, columns]);
                if total != 0 {
                    put_i64(out, total);
                }
                for span in spans.into_iter().flatten() {
                    [span.first, span.end, span.rows].into_iter().for_each(|number| put_u32(out, number));
                }
                LEFT..RIGHT + 1
            }
        };
        for side in sides {
            let rows = &self.sides[side];
            put_u32(out, rows.length(slot) as u32);
            for number in rows.list(slot) {
                put_bytes(out, encoded[side].row(next[side]));
                next[side] += 1;
                if columns & COUNTS != 0 {
                    put_u32(out, rows.count(number));
                }
                if columns & MATCHES != 0 {
                    put_u32(out, if rows.options().tracked { rows.matches(number) } else { 0 });
                }
                if columns & TIMES != 0 {
                    put_i64(out, rows.time(number).0);
                }
            }
        }
    }
}

/// A value: when it was written, what it is, and rows; that of a head also which pages there are, and the number of rows where
/// only that is kept.
impl EncodeSlots for Pages {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        // What can't be encoded is told when it is written.
        let _ = self.encode_each(&[slot], &mut |_, append| append(out));
    }

    fn encode_each(&self, slots: &[u32], put: &mut PutValue<'_>) -> Result<()> {
        let numbers =
            self.sides.each_ref().map(|rows| slots.iter().flat_map(|slot| rows.list(*slot)).collect::<Vec<_>>());
        let [mut left, mut right] = [KeyEncoder::exact(), KeyEncoder::exact()];
        let encoded = [
            self.sides[LEFT].encoded(&numbers[LEFT], &self.schemas[LEFT], &mut left)?,
            self.sides[RIGHT].encoded(&numbers[RIGHT], &self.schemas[RIGHT], &mut right)?,
        ];
        let mut next = [0, 0];
        for &slot in slots {
            put(slot, &mut |out| self.write(slot, &encoded, &mut next, out));
        }
        Ok(())
    }

    fn num_bytes(&self) -> Option<usize> {
        Some(self.sides.iter().map(Rows::num_bytes).sum())
    }
}

impl SlotValues for Pages {
    fn grow(&mut self, slots: usize) {
        self.sides.iter_mut().for_each(|rows| rows.grow(slots));
        if let Some(totals) = self.totals.as_mut().filter(|totals| totals.len() < slots) {
            totals.resize(slots, 0);
        }
        if self.tiered && self.kinds.len() < slots {
            self.kinds.resize(slots, Kind::Small);
        }
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        let mut value = BlobReader::new(value);
        let time = Millis(value.i64()?);
        let kind = value.u8()?;
        let columns = value.u8()?;
        let sides = match kind {
            HEAD => LEFT..RIGHT + 1,
            1 | 2 => usize::from(kind) - 1..usize::from(kind),
            _ => return Err(damaged()),
        };
        if columns & TOTAL != 0 {
            let total = value.i64()?;
            if let Some(totals) = &mut self.totals {
                totals[slot as usize] = total;
            }
        }
        for side in [LEFT, RIGHT] {
            if columns & SPANS[side] == 0 {
                continue;
            }
            let (first, end, rows) = (value.u32()?, value.u32()?, value.u32()?);
            if self.tiered {
                let span = self.span_mut(slot, side);
                (span.first, span.end, span.rows) = (first, end, rows);
            }
        }
        if let Some(large) = self.large.get_mut(&slot).filter(|_| kind == HEAD) {
            large.time = time;
        }
        for side in sides {
            let count = value.u32()?;
            for _ in 0..count {
                let bytes = value.bytes()?;
                let row = ReadRow {
                    slot,
                    count: if columns & COUNTS != 0 { value.u32()? } else { 1 },
                    matches: if columns & MATCHES != 0 { value.u32()? } else { 0 },
                    time: if columns & TIMES != 0 { Millis(value.i64()?) } else { Millis(0) },
                };
                self.read(side, bytes, row);
            }
            if self.is_large(slot) && columns & SPANS[side] == 0 {
                self.span_mut(slot, side).rows = count;
            }
        }
        Ok(())
    }

    fn loaded(&mut self) -> Result<()> {
        for side in [LEFT, RIGHT] {
            let ReadRows { bytes, rows } = std::mem::take(&mut self.reading[side]);
            let bytes: Vec<&[u8]> = bytes.iter().collect();
            for (bytes, rows) in bytes.chunks(READ_ROWS).zip(rows.chunks(READ_ROWS)) {
                self.add_read(side, bytes, rows)?;
            }
        }
        Ok(())
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.sides.iter_mut().for_each(|rows| rows.clear(slot));
        if let Some(totals) = &mut self.totals {
            totals[slot as usize] = 0;
        }
        match self.kind(slot) {
            Kind::Small => {}
            Kind::Large => {
                self.large.remove(&slot);
                self.kinds[slot as usize] = Kind::Small;
            }
            Kind::Further { .. } => self.unregister(slot),
        }
    }

    fn is_pinned(&self, slot: u32) -> bool {
        // What is known of the pages in memory stands at their head.
        [LEFT, RIGHT].into_iter().any(|side| self.span(slot, side).is_some_and(|span| !span.loaded.is_empty()))
    }
}

#[cfg(test)]
mod tests;
