//! Key bytes: an order-preserving encoding of key columns, and the hash that places a key.
//!
//! The encoding is ours, versioned, and pinned by a test: a change would move every key of every
//! savepoint to another group.
//!
//! | type | bytes |
//! |---|---|
//! | NULL | `00` |
//! | any value | `01`, then the value |
//! | integers, dates, times, timestamps, DECIMAL | big endian, sign bit flipped |
//! | FLOAT, DOUBLE | IEEE bits, −0 as 0 and every NaN as one, sign bit flipped or all bits inverted |
//! | BOOLEAN | `00`, `01` |
//! | strings, bytes | the bytes with `00` as `00 FF`, ended by `00 00` |
//! | ARRAY | per element `01` and its encoding, ended by `00` |
//! | ROW | its fields in order |
//! | MAP | entries in the order of their encoded keys, as an ARRAY of ROW |
//!
//! The bytes of a row say where each column ends, so they can be read back ([`decode`]). Operators also keep whole rows
//! in this form: then floats keep their bits and maps their order ([`KeyEncoder::exact`]). To sort by several columns,
//! [`KeyEncoder::encode_ordered`] inverts the bytes of descending ones.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub use decode::decode;

use arrow::array::{Array, ArrayRef};
use riverrun_core::{Error, Result};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// The version of the encoding, stored in every savepoint.
pub const KEY_ENCODING_VERSION: u8 = 1;

/// The hash of key bytes: xxh3, 64 bits, seed 0.
#[inline]
pub fn hash_key(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// A hash that stands for whole rows: 128 bits, so that two different ones never meet.
#[inline]
pub fn hash_row(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// The encoded keys of a batch: one run of bytes per row.
#[derive(Clone, Debug, Default)]
pub struct KeyRows {
    /// All keys, one after the other.
    pub data: Vec<u8>,
    /// Where each key ends; one entry per row.
    pub ends: Vec<u32>,
}

impl KeyRows {
    /// Appends a key.
    pub fn push(&mut self, key: &[u8]) {
        self.data.extend_from_slice(key);
        self.ends.push(self.data.len() as u32);
    }

    /// The key bytes of a row.
    #[inline]
    pub fn row(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.data[start..self.ends[row] as usize]
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The key bytes of all rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let key = &self.data[start..end as usize];
            start = end as usize;
            key
        })
    }

    /// The hash of each key, in order.
    pub fn hash_into(&self, hashes: &mut Vec<u64>) {
        hashes.clear();
        hashes.extend(self.iter().map(hash_key));
    }
}

/// How a column sorts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyOrder {
    /// Largest first.
    pub descending: bool,
    /// NULLs after all values, whatever the direction.
    pub nulls_last: bool,
}

/// Encodes key columns; keeps its buffers between batches.
#[derive(Debug, Default)]
pub struct KeyEncoder {
    rows: KeyRows,
    /// Where the next column of each row goes.
    cursors: Vec<u32>,
    exact: bool,
}

impl KeyEncoder {
    /// An encoder of rows that are to come back as they were: floats keep their bits, maps the order of their entries.
    pub fn exact() -> Self {
        KeyEncoder { exact: true, ..KeyEncoder::default() }
    }

    /// The keys of `rows` rows in these columns. Without columns every key is empty.
    pub fn encode(&mut self, columns: &[ArrayRef], rows: usize) -> Result<&KeyRows> {
        self.encode_with(columns, None, rows)
    }

    /// Bytes whose order is that of sorting by these columns.
    pub fn encode_ordered(&mut self, columns: &[ArrayRef], orders: &[KeyOrder], rows: usize) -> Result<&KeyRows> {
        self.encode_with(columns, Some(orders), rows)
    }

    fn encode_with(&mut self, columns: &[ArrayRef], orders: Option<&[KeyOrder]>, rows: usize) -> Result<&KeyRows> {
        let parts: Vec<encode::Column> =
            columns.iter().map(|column| encode::Column::new(column, self.exact)).collect::<Result<_>>()?;
        // First the length of every row, then its bytes, column by column.
        self.rows.ends.clear();
        self.rows.ends.resize(rows, 0);
        for part in &parts {
            part.add_lengths(&mut self.rows.ends);
        }
        self.cursors.clear();
        let mut end = 0u32;
        for length in &mut self.rows.ends {
            self.cursors.push(end);
            end = end.checked_add(*length).ok_or_else(|| Error::failure("the keys of one batch exceed 4 GiB"))?;
            *length = end;
        }
        self.rows.data.clear();
        self.rows.data.resize(end as usize, 0);
        for (index, (part, column)) in parts.iter().zip(columns).enumerate() {
            let order = orders.and_then(|orders| orders.get(index)).copied().unwrap_or_default();
            if order == KeyOrder::default() {
                part.write(&mut self.rows.data, &mut self.cursors);
                continue;
            }
            let starts = self.cursors.clone();
            part.write(&mut self.rows.data, &mut self.cursors);
            for (row, (&start, &end)) in starts.iter().zip(&self.cursors).enumerate() {
                let bytes = &mut self.rows.data[start as usize..end as usize];
                reorder(bytes, column.is_null(row), order);
            }
        }
        Ok(&self.rows)
    }
}

/// Turns the ascending form of a value, in which NULL is first, into that of `order`.
fn reorder(bytes: &mut [u8], null: bool, order: KeyOrder) {
    if order.descending {
        for byte in bytes.iter_mut() {
            *byte = !*byte;
        }
    }
    if null && let Some(marker) = bytes.first_mut() {
        *marker = if order.nulls_last { 0xFF } else { 0 };
    }
}
