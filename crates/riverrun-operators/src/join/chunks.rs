//! Rows in columnar chunks, each under a number that stays the same while chunks are merged and compacted.
//!
//! A batch becomes a chunk as it came, without copying. Small chunks are merged, so that each has at least half as many rows
//! as the one before it (a row is copied a few times at the most), and when most rows of the chunks are dead, they are
//! copied together.

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{concat_batches, take};
use riverrun_core::{Error, Result};

/// No row.
pub const NO_ROW: u32 = u32::MAX;

/// Chunks are not merged beyond this many rows.
const FULL: usize = 8192;

/// Nor beyond this many bytes: Arrow's strings have 32-bit offsets.
const FULL_BYTES: usize = 64 << 20;

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The chunk.
    pub chunk: u32,
    /// The row in it.
    pub row: u32,
}

/// Rows by number.
#[derive(Debug, Default)]
pub struct Chunks {
    chunks: Vec<Option<Chunk>>,
    free_chunks: Vec<u32>,
    /// The chunks in use, oldest first.
    order: Vec<u32>,
    places: Vec<Place>,
    free_rows: Vec<u32>,
    live: usize,
    total: usize,
}

#[derive(Debug)]
struct Chunk {
    batch: RecordBatch,
    /// The number of each row; [`NO_ROW`] where there is none (any more).
    numbers: Vec<u32>,
    live: usize,
    bytes: usize,
}

impl Chunks {
    /// Adds a batch of which no row is known yet, and gives its chunk.
    pub fn begin(&mut self, batch: RecordBatch) -> Result<u32> {
        let bytes = batch.columns().iter().map(|c| c.to_data().get_slice_memory_size().unwrap_or(0)).sum();
        // A small part of a large buffer would keep all of it.
        let batch = if batch.get_array_memory_size() > 2 * bytes + 4096 { copied(&batch)? } else { batch };
        self.total += batch.num_rows();
        let numbers = vec![NO_ROW; batch.num_rows()];
        let chunk = Chunk { batch, numbers, live: 0, bytes };
        let at = self.place_chunk(chunk);
        self.order.push(at);
        Ok(at)
    }

    fn place_chunk(&mut self, chunk: Chunk) -> u32 {
        match self.free_chunks.pop() {
            Some(at) => {
                self.chunks[at as usize] = Some(chunk);
                at
            }
            None => {
                self.chunks.push(Some(chunk));
                (self.chunks.len() - 1) as u32
            }
        }
    }

    /// Gives a row of a chunk a number.
    pub fn add(&mut self, place: Place) -> Result<u32> {
        let number = match self.free_rows.pop() {
            Some(number) => number,
            None => {
                if self.places.len() >= NO_ROW as usize {
                    return Err(Error::failure("one side of a join has more than 4 billion rows on one worker")
                        .hint("raise the parallelism, or bound the state: table.exec.state.ttl"));
                }
                self.places.push(place);
                (self.places.len() - 1) as u32
            }
        };
        self.places[number as usize] = place;
        if let Some(chunk) = &mut self.chunks[place.chunk as usize] {
            chunk.numbers[place.row as usize] = number;
            chunk.live += 1;
        }
        self.live += 1;
        Ok(number)
    }

    /// A chunk to which no more rows are added: it may be merged with those before it.
    pub fn finish(&mut self) -> Result<()> {
        while let [.., before, last] = self.order[..] {
            let (Some(left), Some(right)) = (&self.chunks[before as usize], &self.chunks[last as usize]) else { break };
            let empty = right.live == 0;
            let small = left.batch.num_rows() < 2 * right.batch.num_rows()
                && left.live + right.live <= FULL
                && left.bytes + right.bytes <= FULL_BYTES;
            if !empty && !small {
                break;
            }
            if empty {
                self.drop_chunk(last);
                self.order.pop();
            } else {
                self.order.truncate(self.order.len() - 2);
                self.merge(&[before, last])?;
            }
        }
        if self.total > 2 * self.live + FULL {
            self.compact()?;
        }
        Ok(())
    }

    fn drop_chunk(&mut self, at: u32) {
        if let Some(chunk) = self.chunks[at as usize].take() {
            self.total -= chunk.batch.num_rows();
            self.free_chunks.push(at);
        }
    }

    /// Copies the live rows of these chunks into one, which becomes the last in order.
    fn merge(&mut self, parts: &[u32]) -> Result<()> {
        let (mut batches, mut numbers) = (Vec::new(), Vec::new());
        for &at in parts {
            let Some(chunk) = self.chunks[at as usize].take() else { continue };
            self.free_chunks.push(at);
            self.total -= chunk.batch.num_rows();
            if chunk.live == chunk.batch.num_rows() {
                numbers.extend(chunk.numbers);
                batches.push(chunk.batch);
                continue;
            }
            let kept = (0..chunk.numbers.len() as u32).filter(|&row| chunk.numbers[row as usize] != NO_ROW);
            let kept = UInt32Array::from_iter_values(kept);
            batches.push(taken(&chunk.batch, &kept)?);
            numbers.extend(chunk.numbers.into_iter().filter(|&number| number != NO_ROW));
        }
        let Some(first) = batches.first() else { return Ok(()) };
        let batch = if batches.len() == 1 { first.clone() } else { concat_batches(&first.schema(), &batches)? };
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let bytes = batch.columns().iter().map(|c| c.to_data().get_slice_memory_size().unwrap_or(0)).sum();
        self.total += batch.num_rows();
        let at = self.place_chunk(Chunk { live: numbers.len(), batch, numbers: Vec::new(), bytes });
        for (row, &number) in numbers.iter().enumerate() {
            self.places[number as usize] = Place { chunk: at, row: row as u32 };
        }
        if let Some(chunk) = &mut self.chunks[at as usize] {
            chunk.numbers = numbers;
        }
        self.order.push(at);
        Ok(())
    }

    /// Copies live rows together.
    fn compact(&mut self) -> Result<()> {
        let order = std::mem::take(&mut self.order);
        let (mut run, mut rows, mut bytes): (Vec<u32>, usize, usize) = (Vec::new(), 0, 0);
        for at in order {
            let Some(chunk) = &self.chunks[at as usize] else { continue };
            let own = (chunk.live, chunk.bytes * chunk.live / chunk.batch.num_rows().max(1));
            if !run.is_empty() && (rows + own.0 > FULL || bytes + own.1 > FULL_BYTES) {
                self.merge(&std::mem::take(&mut run))?;
                (rows, bytes) = (0, 0);
            }
            run.push(at);
            (rows, bytes) = (rows + own.0, bytes + own.1);
        }
        self.merge(&run)
    }

    /// Takes a row's number away. Its values go when its chunk is merged.
    pub fn remove(&mut self, number: u32) {
        let place = self.places[number as usize];
        if let Some(chunk) = &mut self.chunks[place.chunk as usize] {
            chunk.numbers[place.row as usize] = NO_ROW;
            chunk.live -= 1;
        }
        self.live -= 1;
        self.free_rows.push(number);
    }

    /// Where a row stands now.
    #[inline]
    pub fn place(&self, number: u32) -> Place {
        self.places[number as usize]
    }

    /// The rows of a chunk.
    pub fn batch(&self, chunk: u32) -> Option<&RecordBatch> {
        self.chunks.get(chunk as usize)?.as_ref().map(|chunk| &chunk.batch)
    }

    /// How many chunks' numbers were handed out: all are below it.
    pub fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// The batches, oldest first, with the number of each row or [`NO_ROW`].
    pub fn iter(&self) -> impl Iterator<Item = (&RecordBatch, &[u32])> {
        let chunks = self.order.iter().filter_map(|&at| self.chunks[at as usize].as_ref());
        chunks.map(|chunk| (&chunk.batch, chunk.numbers.as_slice()))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.live
    }

    /// About how many bytes the rows take up, without those that are dead.
    pub fn num_bytes(&self) -> usize {
        let chunks = self.order.iter().filter_map(|&at| self.chunks[at as usize].as_ref());
        chunks.map(|chunk| chunk.bytes * chunk.live / chunk.batch.num_rows().max(1)).sum()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// One more than the highest number that was ever handed out.
    pub fn numbers(&self) -> usize {
        self.places.len()
    }
}

/// The rows of a batch at these positions.
pub fn taken(batch: &RecordBatch, rows: &UInt32Array) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(|column| take(column, rows, None)).collect::<Result<Vec<_>, _>>()?;
    batch_of(batch, columns, rows.len())
}

fn copied(batch: &RecordBatch) -> Result<RecordBatch> {
    taken(batch, &UInt32Array::from_iter_values(0..batch.num_rows() as u32))
}

fn batch_of(like: &RecordBatch, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(like.schema(), columns, &options)?)
}

#[cfg(test)]
mod tests;
