//! What a regular join leaves at a barrier.
//!
//! In a tier, its pages (see [`crate::join::pages`]). In memory, per key group entries: the key, then a side and one of its rows
//! (the values, how many equal ones, how many matches, when written), or [`TOTAL`] and how many rows the right side has.

use super::{LEFT, RIGHT, RegularJoin, Result};
use crate::join::chunks::NO_ROW;
use crate::join::pages::ReadRow;
use crate::join::state::READ_ROWS;
use riverrun_core::{Error, KeyGroup, Millis};
use riverrun_state::blob::{KeyedBlobs, put_bytes, put_i64, put_u32, read_keyed};
use riverrun_state::{KeyEncoder, KeyRows, OperatorSnapshot, RestoredState};

const VERSION: u8 = 1;

/// Stands where otherwise a side stands.
const TOTAL: u8 = 2;

impl RegularJoin {
    pub(super) fn write_snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.probe.is_some() {
            return Err(Error::bug("a snapshot of a join that has more to emit"));
        }
        if let Some(ticket) = self.kept.freeze()? {
            return Ok(OperatorSnapshot::of_tier(ticket));
        }
        let groups = self.context.key_groups;
        let mut blobs = KeyedBlobs::new(VERSION);
        let (keys, pages) = (&self.kept.keys.table, &self.kept.pages);
        let mut encoder = KeyEncoder::exact();
        for (number, rows) in pages.sides.iter().enumerate() {
            for (batch, numbers) in rows.chunks().iter() {
                let encoded = encoder.encode(batch.columns(), batch.num_rows())?;
                for (row, &kept) in numbers.iter().enumerate().filter(|(_, kept)| **kept != NO_ROW) {
                    let head = pages.head(rows.slot(kept));
                    let out = blobs.group(KeyGroup::of_hash(keys.hash(head), groups));
                    put_bytes(out, keys.key(head));
                    out.push(number as u8);
                    put_bytes(out, encoded.row(row));
                    put_u32(out, rows.count(kept));
                    put_u32(out, if self.spec.tracks(number) { rows.matches(kept) } else { 0 });
                    put_i64(out, rows.time(kept).0);
                }
            }
        }
        if let Some(totals) = &pages.totals {
            for head in keys.live().filter(|head| totals[*head as usize] > 0) {
                let out = blobs.group(KeyGroup::of_hash(keys.hash(head), groups));
                put_bytes(out, keys.key(head));
                out.push(TOTAL);
                put_i64(out, totals[head as usize]);
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    pub(super) fn read_snapshot(&mut self, state: &RestoredState) -> Result<()> {
        self.kept.restore(&state.tier("")?)?;
        for (group, blob) in &state.keyed {
            let one = RestoredState { keyed: vec![(*group, blob.clone())], ..RestoredState::default() };
            self.read_group(&one)?;
        }
        self.kept.restored()
    }

    /// Reads one group: all of it at once, since its keys come in any order.
    fn read_group(&mut self, state: &RestoredState) -> Result<()> {
        let mut read: [Vec<(Vec<u8>, Vec<u8>, ReadRow)>; 2] = Default::default();
        let (mut keys, mut totals) = (KeyRows::default(), Vec::new());
        read_keyed(state, VERSION, "a join", |_, blob| {
            let key = blob.bytes()?;
            let side = blob.u8()?;
            if side == TOTAL {
                keys.push(key);
                totals.push(blob.i64()?);
                return Ok(());
            }
            let bytes = blob.bytes()?.to_vec();
            let (count, matches, time) = (blob.u32()?, blob.u32()?, Millis(blob.i64()?));
            let row = (key.to_vec(), bytes, ReadRow { slot: NO_ROW, count, matches, time });
            read.get_mut(usize::from(side)).ok_or_else(|| Error::failure("a join has two sides"))?.push(row);
            Ok(())
        })?;
        for side in [LEFT, RIGHT] {
            for some in read[side].chunks(READ_ROWS) {
                let mut keys = KeyRows::default();
                some.iter().for_each(|(key, ..)| keys.push(key));
                let rows: Vec<(&[u8], ReadRow)> = some.iter().map(|(_, bytes, row)| (bytes.as_slice(), *row)).collect();
                self.kept.take_over(side, &keys, &rows)?;
            }
        }
        self.kept.take_over_totals(&keys, &totals)
    }
}
