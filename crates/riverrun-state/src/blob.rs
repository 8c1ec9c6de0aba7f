//! Blobs of keyed state: what an operator writes per key group at a barrier, and reads after a restore.

use crate::snapshot::RestoredState;
use riverrun_core::{Error, KeyGroup, Result};
use std::collections::BTreeMap;

/// One blob per key group, each beginning with the version of its writer's format.
#[derive(Debug)]
pub struct KeyedBlobs {
    version: u8,
    blobs: BTreeMap<KeyGroup, Vec<u8>>,
}

impl KeyedBlobs {
    /// No blobs yet, of format `version`.
    pub fn new(version: u8) -> Self {
        KeyedBlobs { version, blobs: BTreeMap::new() }
    }

    /// The blob of a key group, begun if need be. Write entries that say where they end.
    pub fn group(&mut self, group: KeyGroup) -> &mut Vec<u8> {
        self.blobs.entry(group).or_insert_with(|| vec![self.version])
    }

    /// What goes into the snapshot.
    pub fn into_inner(self) -> BTreeMap<KeyGroup, Vec<u8>> {
        self.blobs
    }
}

/// Checks the version of every keyed blob, and hands it to `read`, which must leave nothing of it.
pub fn read_keyed(
    state: &RestoredState,
    version: u8,
    what: &str,
    mut read: impl FnMut(KeyGroup, &mut BlobReader<'_>) -> Result<()>,
) -> Result<()> {
    for (group, blob) in &state.keyed {
        let mut reader = BlobReader::new(blob);
        let found = reader.u8()?;
        if found != version {
            return Err(Error::failure(format!("the state of {what} has format {found}, and only {version} is known"))
                .hint("restore it with the version of Riverrun that wrote it"));
        }
        while !reader.is_empty() {
            read(*group, &mut reader)?;
        }
    }
    Ok(())
}

/// Appends bytes with their length before them.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Appends a number, little endian.
pub fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_le_bytes());
}

/// Appends a number, little endian.
pub fn put_i64(out: &mut Vec<u8>, value: i64) {
    out.extend(value.to_le_bytes());
}

/// Appends a number, seven bits in a byte, the lowest first: small ones take up little.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a blob from its front.
#[derive(Clone, Debug)]
pub struct BlobReader<'a> {
    rest: &'a [u8],
}

impl<'a> BlobReader<'a> {
    /// A reader of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        BlobReader { rest: bytes }
    }

    /// Whether all has been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been read; the reader of a nested format moves it on.
    pub fn rest(&mut self) -> &mut &'a [u8] {
        &mut self.rest
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or_else(truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// The next number.
    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// The next number.
    pub fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// The next number that was written by [`put_varint`].
    pub fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(truncated())
    }

    /// The next bytes that were written by [`put_bytes`].
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.u32()? as usize;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(bytes)
    }
}

fn truncated() -> Error {
    Error::failure("a blob of keyed state ends too early").detail("the checkpoint is damaged")
}
