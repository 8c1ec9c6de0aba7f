//! What a regular join keeps: its keys, and the rows of both sides in memory and below.
//!
//! A batch asks for what it needs before it changes anything: the heads of its keys, all rows of the other side, and of its own
//! side the pages into which its rows belong. When it is done, pages are split and joined, keys without rows forgotten, and
//! room is made.

use super::chunks::NO_ROW;
use super::keys::JoinKeys;
use super::pages::{FEW_ROWS, PAGE_ROWS, Pages, ReadRow, join_key, page_hash, page_key, page_number, source};
use super::rows::Rows;
use super::state::READ_ROWS;
use super::{LEFT, RIGHT};
use arrow::array::RecordBatch;
use riverrun_core::{Millis, Result};
use riverrun_state::tier::{Resident, SlotValues, TierFiles, TierTicket};
use riverrun_state::{KeyRows, hash_key, hash_row};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Keys and rows, in memory and below.
#[derive(Debug)]
pub struct Kept {
    /// The keys, and the further pages of those with many rows.
    pub keys: JoinKeys,
    /// The rows in memory.
    pub pages: Pages,
    resident: Resident,
    /// Heads whose rows may be too many for their pages, or too few.
    uneven: Vec<u32>,
    /// Heads that may have no row any more.
    maybe_empty: Vec<u32>,
}

impl Kept {
    /// Nothing yet.
    pub fn new(keys: JoinKeys, pages: Pages, resident: Resident) -> Self {
        Kept { keys, pages, resident, uneven: Vec::new(), maybe_empty: Vec::new() }
    }

    /// The head of each row's key, in memory; [`NO_ROW`] where the key can match nothing.
    pub fn heads(&mut self, side: usize, batch: &RecordBatch) -> Result<Vec<u32>> {
        self.keys.resident_slots(side, batch, &mut self.resident, &mut self.pages)
    }

    /// Reads all rows of these keys on one side.
    pub fn read_all(&mut self, side: usize, heads: impl Iterator<Item = u32>) -> Result<()> {
        if !self.pages.has_large() {
            return Ok(());
        }
        let heads: BTreeSet<u32> = heads.filter(|head| *head != NO_ROW && self.pages.is_large(*head)).collect();
        let (mut missing, mut there) = (BTreeSet::new(), Vec::new());
        for &head in &heads {
            let Some(span) = self.pages.span(head, side) else { continue };
            missing.extend(span.numbers().filter(|number| !span.loaded.contains_key(number)).map(|n| (head, n)));
            there.extend(span.loaded.values().copied());
        }
        self.resident.touch(&there);
        self.read(side, &missing)?;
        // Pages whose rows have expired may be found gone.
        self.uneven.extend(heads.into_iter().filter(|_| self.pages.sides[side].options().ttl.is_some()));
        Ok(())
    }

    /// Reads pages by head and number.
    fn read(&mut self, side: usize, missing: &BTreeSet<(u32, u32)>) -> Result<()> {
        if missing.is_empty() {
            return Ok(());
        }
        let (mut rows, mut hashes, mut slots) = (KeyRows::default(), Vec::new(), Vec::new());
        for &(head, number) in missing {
            page_key(self.keys.table.key(head), side, number, &mut rows);
            hashes.push(page_hash(self.keys.table.hash(head), side, number));
        }
        self.resident.read_slots(&mut self.keys.table, &mut self.pages, &rows, &hashes, &mut slots)?;
        for (&(head, number), slot) in missing.iter().zip(slots) {
            self.pages.register(head, side, number, slot);
        }
        Ok(())
    }

    /// The page into which each row belongs, in memory: they are about to be changed. `hashes` has one per row on a side that
    /// can take rows back.
    pub fn homes(&mut self, side: usize, heads: &[u32], hashes: &[u128]) -> Result<Vec<u32>> {
        let mut homes = heads.to_vec();
        if self.pages.has_large() {
            let large: Vec<(usize, u32, u32)> = heads
                .iter()
                .enumerate()
                .filter(|(_, head)| **head != NO_ROW && self.pages.is_large(**head))
                .map(|(row, &head)| (row, head, self.pages.number(head, side, hashes.get(row).copied())))
                .collect();
            let missing = large.iter().map(|(_, head, number)| (*head, *number));
            let missing = missing.filter(|(head, number)| self.pages.page(*head, side, *number).is_none()).collect();
            self.read(side, &missing)?;
            for (row, head, number) in large {
                homes[row] = self.pages.page(head, side, number).unwrap_or(head);
            }
        }
        self.change(homes.iter().copied().filter(|home| *home != NO_ROW));
        Ok(homes)
    }

    /// Pages are about to be changed, and with each its head, which says how much there is.
    fn change(&mut self, pages: impl Iterator<Item = u32>) {
        if !self.resident.is_tiered() {
            return;
        }
        let mut changed = Vec::new();
        for page in pages {
            changed.push(page);
            let head = self.pages.head(page);
            if head != page {
                changed.push(head);
            }
        }
        self.resident.change(&self.keys.table, &self.pages, &changed);
    }

    /// Rows in memory are about to be changed.
    pub fn change_rows(&mut self, side: usize, rows: impl Iterator<Item = u32>) {
        if self.resident.is_tiered() {
            let mut pages: Vec<u32> = rows.map(|number| self.pages.sides[side].slot(number)).collect();
            pages.dedup();
            self.change(pages.into_iter());
        }
    }

    /// A row has been written, and perhaps added.
    pub fn written(&mut self, side: usize, page: u32, added: bool, time: Millis) {
        if !self.resident.is_tiered() {
            return;
        }
        let head = self.pages.head(page);
        self.pages.count(head, side, i32::from(added), time);
        if added && (self.pages.is_large(head) || self.pages.sides[side].length(page) > PAGE_ROWS) {
            self.note_uneven(head);
        }
    }

    /// A row has been taken away.
    pub fn removed(&mut self, side: usize, page: u32) {
        let head = self.pages.head(page);
        self.maybe_empty.push(head);
        if self.pages.is_large(head) {
            self.pages.count(head, side, -1, Millis(0));
            self.note_uneven(head);
        }
    }

    /// A key may have no row.
    pub fn note_empty(&mut self, head: u32) {
        self.maybe_empty.push(head);
    }

    fn note_uneven(&mut self, head: u32) {
        if self.uneven.last() != Some(&head) {
            self.uneven.push(head);
        }
    }

    /// Forgets rows that count no more.
    pub fn expire(&mut self, now: Millis) {
        for side in [LEFT, RIGHT] {
            let mut pages = Vec::new();
            self.pages.sides[side].expire(now, &mut pages);
            // That a barrier before comes too late to see them makes no difference: they count no more.
            let large = pages.iter().copied().filter(|page| self.pages.is_large(self.pages.head(*page)));
            let large: Vec<u32> = large.collect();
            self.change(large.into_iter());
            pages.into_iter().for_each(|page| self.removed(side, page));
        }
    }

    /// A batch is done: puts rows into more pages or fewer, forgets keys without rows, and makes room.
    pub fn finish(&mut self) -> Result<()> {
        let mut uneven = std::mem::take(&mut self.uneven);
        uneven.sort_unstable();
        uneven.dedup();
        for head in uneven {
            for side in [LEFT, RIGHT] {
                self.even_out(side, head)?;
            }
            self.pages.forget_pages(head);
        }
        for head in std::mem::take(&mut self.maybe_empty) {
            if self.keys.table.is_live(head) && self.pages.is_empty(head) {
                self.resident.remove(&self.keys.table, &self.pages, head);
                self.keys.table.remove(head);
            }
        }
        self.resident.settle(&mut self.keys.table, &mut self.pages)?;
        self.pages.sides.iter_mut().try_for_each(Rows::finish)
    }

    fn even_out(&mut self, side: usize, head: u32) -> Result<()> {
        let rows = self.pages.sides[side].length(head);
        if !self.pages.is_large(head) && rows <= PAGE_ROWS {
            return Ok(());
        }
        match self.pages.sides[side].options().retracting {
            true => self.split_and_join(side, head),
            false => {
                self.append_pages(side, head)?;
                self.drop_empty_pages(side, head);
                Ok(())
            }
        }
    }

    /// The slot of a page, which is read if need be.
    fn page(&mut self, side: usize, head: u32, number: u32) -> Result<u32> {
        if self.pages.page(head, side, number).is_none() {
            self.read(side, &BTreeSet::from([(head, number)]))?;
        }
        Ok(self.pages.page(head, side, number).unwrap_or(head))
    }

    /// A page after the last one, without rows.
    fn new_page(&mut self, side: usize, head: u32) -> Result<u32> {
        let number = self.pages.span_mut(head, side).end;
        let page = self.page(side, head, number)?;
        self.change(std::iter::once(page));
        // A page whose head has expired may have been left.
        self.pages.sides[side].clear(page);
        self.pages.span_mut(head, side).end += 1;
        Ok(page)
    }

    /// By hashes: one page after the other is split while there are many rows per page, or joined to that it was split from
    /// while there are few.
    fn split_and_join(&mut self, side: usize, head: u32) -> Result<()> {
        self.pages.recount(head, side);
        loop {
            let (end, rows) = (self.pages.span_mut(head, side).end, self.pages.span_mut(head, side).rows as usize);
            if rows > end as usize * PAGE_ROWS {
                let from = self.page(side, head, source(end))?;
                self.change([head, from].into_iter());
                let new = self.new_page(side, head)?;
                self.pages.split(side, from, new, end);
            } else if end > 1 && rows <= (end as usize - 1) * FEW_ROWS {
                let to = self.page(side, head, source(end - 1))?;
                let last = self.page(side, head, end - 1)?;
                self.change([head, to].into_iter());
                self.resident.remove(&self.keys.table, &self.pages, last);
                let moved: Vec<u32> = self.pages.sides[side].list(last).collect();
                moved.into_iter().for_each(|number| self.pages.sides[side].move_to(number, to));
                self.pages.unregister(last);
                self.keys.table.remove(last);
                self.pages.span_mut(head, side).end -= 1;
            } else {
                return Ok(());
            }
        }
    }

    /// In the order of arrival: what the last page has too much goes into pages behind it.
    fn append_pages(&mut self, side: usize, head: u32) -> Result<()> {
        let last = self.pages.number(head, side, None);
        let Some(page) = self.pages.page(head, side, last) else { return Ok(()) };
        // Most batches leave the page as it is, and to walk along its rows costs more than all else.
        if self.pages.sides[side].length(page) <= PAGE_ROWS {
            return Ok(());
        }
        let beyond: Vec<u32> = self.pages.sides[side].list(page).skip(PAGE_ROWS).collect();
        for rows in beyond.chunks(PAGE_ROWS) {
            self.change([head, page].into_iter());
            let new = self.new_page(side, head)?;
            rows.iter().for_each(|number| self.pages.sides[side].move_to(*number, new));
        }
        Ok(())
    }

    /// Pages at the front whose rows have all expired.
    fn drop_empty_pages(&mut self, side: usize, head: u32) {
        while let Some(span) = self.pages.span(head, side)
            && let Some(&page) = span.loaded.get(&span.first)
            && self.pages.sides[side].length(page) == 0
        {
            self.change(std::iter::once(head));
            self.resident.remove(&self.keys.table, &self.pages, page);
            self.pages.unregister(page);
            self.keys.table.remove(page);
            self.pages.span_mut(head, side).first += 1;
        }
    }

    /// Rows that an earlier run left in memory, with their keys. The slots of `rows` are not known yet.
    pub fn take_over(&mut self, side: usize, keys: &KeyRows, rows: &[(&[u8], ReadRow)]) -> Result<()> {
        let (mut hashes, mut heads) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        self.resident.read_slots(&mut self.keys.table, &mut self.pages, keys, &hashes, &mut heads)?;
        let hashes: Vec<u128> = match self.pages.sides[side].options().retracting {
            true => rows.iter().map(|(bytes, _)| hash_row(bytes)).collect(),
            false => Vec::new(),
        };
        let homes = self.homes(side, &heads, &hashes)?;
        for ((bytes, row), &slot) in rows.iter().zip(&homes) {
            self.pages.read(side, bytes, ReadRow { slot, ..*row });
        }
        self.pages.loaded()?;
        homes.iter().zip(rows).for_each(|(home, (_, row))| self.written(side, *home, true, row.time));
        self.finish()
    }

    /// How many rows the right side has of keys, as an earlier run left it in memory.
    pub fn take_over_totals(&mut self, keys: &KeyRows, counted: &[i64]) -> Result<()> {
        let (mut hashes, mut heads) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        self.resident.slots(&mut self.keys.table, &mut self.pages, keys, &hashes, &mut heads)?;
        if let Some(totals) = &mut self.pages.totals {
            heads.iter().zip(counted).for_each(|(head, total)| totals[*head as usize] = *total);
        }
        self.finish()
    }

    /// Takes over what barriers have left in logs and tiers.
    pub fn restore(&mut self, parts: &[Arc<TierFiles>]) -> Result<()> {
        let Kept { keys, pages, resident, maybe_empty, .. } = self;
        let tiered = resident.is_tiered();
        let mut further = Vec::new();
        resident.restore_with(parts, &mut |key, value| {
            let head_key = join_key(key, value)?;
            let hash = hash_key(head_key);
            let (head, _) = keys.table.insert(hash, head_key);
            let mut slot = head;
            // Without a tier a key has its head only, into which all its rows go.
            if let Some((side, number)) = page_number(key, head_key).filter(|_| tiered) {
                slot = keys.table.insert(page_hash(hash, side, number), key).0;
                pages.grow(keys.table.slots());
                pages.register(head, side, number, slot);
                further.push((head, side, number, slot));
            }
            pages.grow(keys.table.slots());
            pages.decode(slot, hash, value)?;
            if pages.reading() >= READ_ROWS {
                pages.loaded()?;
            }
            Ok(slot)
        })?;
        pages.loaded()?;
        for (head, side, number, slot) in further {
            if !pages.span(head, side).is_some_and(|span| span.numbers().contains(&number)) {
                // Its head has expired before it.
                resident.remove(&keys.table, pages, slot);
                pages.sides[side].clear(slot);
                pages.unregister(slot);
                keys.table.remove(slot);
                maybe_empty.push(head);
            }
        }
        Ok(())
    }

    /// All that an earlier run left has been taken over.
    pub fn restored(&mut self) -> Result<()> {
        self.pages.sides.iter_mut().for_each(Rows::sort_writes);
        self.finish()
    }

    /// A barrier.
    pub fn freeze(&mut self) -> Result<Option<TierTicket>> {
        self.resident.freeze(&self.keys.table, &self.pages)
    }

    /// Writes some of what the barrier has frozen; whether there is more.
    pub fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.keys.table, &self.pages)
    }
}
