//! Tables of windows in memory, whose barriers cost what has changed in them.

use riverrun_core::Result;
use riverrun_runtime::OperatorContext;
use riverrun_state::blob::{BlobReader, KeyedBlobs, put_bytes, put_u32};
use riverrun_state::tier::{EncodeSlots, Resident, TierFiles, TierTicket};
use riverrun_state::{KeyTable, OperatorSnapshot};
use std::sync::Arc;

/// Where all tables together are large, one is in a log from this part of `StateBackend::least_bytes` on.
const LEAST_PART: usize = 16;

/// What is kept by key of one window or slice. A key's slot in [`HeldTable::keys`] is that of its value; slots are never freed,
/// since a table is dropped as a whole.
pub trait HeldTable: EncodeSlots {
    /// From keys to slots.
    fn keys(&self) -> &KeyTable;

    /// Reads a value that [`EncodeSlots::encode`] wrote, of a key that is not there yet; its slot.
    fn read(&mut self, key: &[u8], value: &mut BlobReader<'_>) -> Result<u32>;
}

/// A table in memory, and what of it is in a log. Each table has a log of its own, which goes with it.
#[derive(Debug)]
pub struct Held<T> {
    table: T,
    resident: Box<Resident>,
}

impl<T: HeldTable> Held<T> {
    /// An empty table. Nothing of `resident` may leave memory.
    pub fn new(table: T, resident: Resident) -> Self {
        Held { table, resident: Box::new(resident) }
    }

    /// The table.
    pub fn table(&self) -> &T {
        &self.table
    }

    /// The table, to change what is not written: keys may be added, and values are changed by [`Held::change`].
    pub fn table_mut(&mut self) -> &mut T {
        &mut self.table
    }

    /// The table, to change the values of these slots. Once per batch, since a step of the log's cleaning goes with it.
    pub fn change(&mut self, slots: &[u32]) -> &mut T {
        self.resident.clean_log();
        self.note_change(slots)
    }

    /// The same without that step, for one slot after the other.
    pub fn note_change(&mut self, slots: &[u32]) -> &mut T {
        self.resident.change(self.table.keys(), &self.table, slots);
        &mut self.table
    }

    /// About how many bytes it takes up.
    fn num_bytes(&mut self) -> usize {
        self.resident.num_bytes_held(self.table.keys(), &self.table)
    }

    /// A barrier: what is in the table now is what the promised files will hold. `None` if it is not large, and never was.
    fn freeze(&mut self, large: bool) -> Result<Option<TierTicket>> {
        self.resident.freeze_if(large, self.table.keys(), &self.table)
    }

    /// Whether a barrier is still being written.
    pub fn is_freezing(&self) -> bool {
        self.resident.is_freezing()
    }

    /// Writes a slice of what a barrier has frozen; whether there is more.
    pub fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(self.table.keys(), &self.table)
    }

    /// Takes over the files of earlier runs.
    pub fn restore(&mut self, files: &[Arc<TierFiles>]) -> Result<()> {
        let Held { table, resident } = self;
        resident.restore_with(files, &mut |key, value| table.read(key, &mut BlobReader::new(value)))
    }

    /// Appends a key and its value, so that [`Held::decode`] can read them.
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        put_bytes(out, self.table.keys().key(slot));
        self.table.encode(slot, out);
    }

    /// Reads a key and its value. A key stands in the blobs of a table only once.
    pub fn decode(&mut self, blob: &mut BlobReader<'_>) -> Result<()> {
        let key = blob.bytes()?;
        let slot = self.table.read(key, blob)?;
        self.note_change(&[slot]);
        Ok(())
    }
}

/// From so many bytes on a table goes to a log, where all of an operator's tables take up `all` bytes.
fn least_bytes(context: &OperatorContext, all: usize) -> usize {
    let least = context.state.least_bytes();
    if all < least { usize::MAX } else { least / LEAST_PART }
}

/// The barriers of all tables of an operator: what of the last one is still to be written.
#[derive(Debug)]
pub struct Behind<T> {
    /// Tables that nobody needs any more, but for the barrier.
    leaving: Vec<Held<T>>,
    writing: bool,
}

impl<T> Default for Behind<T> {
    fn default() -> Self {
        Behind { leaving: Vec::new(), writing: false }
    }
}

impl<T: HeldTable> Behind<T> {
    /// A barrier of these tables, which are all that have not left: each with its name and what its entries in blobs begin with. The
    /// large ones have files of their own; an entry of the others is for each key group, behind its beginning, the number of keys,
    /// and each key with its value.
    pub fn snapshot(
        &mut self,
        context: &OperatorContext,
        version: u8,
        tables: Vec<(String, Vec<u8>, &mut Held<T>)>,
    ) -> Result<OperatorSnapshot> {
        let mut snapshot = OperatorSnapshot::default();
        let mut blobs = KeyedBlobs::new(version);
        let sized: Vec<_> = tables.into_iter().map(|table| (table.2.num_bytes(), table)).collect();
        let least = least_bytes(context, sized.iter().map(|(size, _)| size).sum());
        for (size, (name, head, held)) in sized {
            if let Some(ticket) = held.freeze(size >= least)? {
                snapshot.tiers.insert(name, ticket);
                continue;
            }
            for (group, slots) in held.table().keys().by_group(context.key_groups) {
                let out = blobs.group(group);
                out.extend_from_slice(&head);
                put_u32(out, slots.len() as u32);
                slots.into_iter().for_each(|slot| held.encode(slot, out));
            }
        }
        self.writing |= !snapshot.tiers.is_empty();
        snapshot.keyed = blobs.into_inner();
        Ok(snapshot)
    }

    /// Nobody needs the table any more.
    pub fn leave(&mut self, held: Held<T>) {
        if held.is_freezing() {
            self.leaving.push(held);
        }
    }

    /// Writes a slice of what the last barrier has frozen of the operator's tables, of which these are all that have not left;
    /// whether there may be more.
    pub fn write<'a>(&mut self, tables: impl IntoIterator<Item = &'a mut Held<T>>) -> Result<bool>
    where
        T: 'a,
    {
        if !self.writing {
            return Ok(false);
        }
        while let Some(held) = self.leaving.last_mut() {
            if held.write_behind()? {
                return Ok(true);
            }
            self.leaving.pop();
        }
        let frozen = tables.into_iter().find(|held| held.is_freezing());
        self.writing = frozen.is_some();
        frozen.map(Held::write_behind).transpose()?;
        Ok(self.writing)
    }
}
