//! Row batches as Arrow IPC messages, with the schema sent once per channel.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | flags: 1 a schema precedes, 2 weights follow |
//! | 8 + n | length and bytes of the schema message, padded to 8, if it is new |
//! | 8 + n | length and bytes of the record batch's message (flatbuffer), padded to 8 |
//! | 8 + n | length and bytes of the buffers, padded to 8 |
//! | 8 × rows | the weights, if there are any |

use arrow::buffer::{Buffer, ScalarBuffer};
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::read_record_batch;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};
use arrow::ipc::{convert, root_as_message};
use riverrun_core::{Error, Result, RowBatch};
use std::collections::HashMap;
use std::sync::Arc;

const NEW_SCHEMA: u64 = 1;
const WEIGHTS: u64 = 2;

/// The schema that was sent last.
#[derive(Default)]
pub struct Channel {
    schema: Option<SchemaRef>,
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(8), 0);
}

/// Writes a batch, and its schema if it differs from the last one of the channel.
pub(super) fn encode(batch: &RowBatch, channel: &mut Channel, out: &mut Vec<u8>) -> Result<()> {
    let schema = batch.schema();
    let known = channel.schema.as_ref().is_some_and(|last| Arc::ptr_eq(last, &schema) || *last == schema);
    let flags = u64::from(!known) * NEW_SCHEMA + u64::from(batch.weights.is_some()) * WEIGHTS;
    out.extend_from_slice(&flags.to_le_bytes());
    let generator = IpcDataGenerator::default();
    let options = IpcWriteOptions::default();
    let mut dictionaries = DictionaryTracker::new(false);
    if !known {
        let message = generator.schema_to_bytes_with_dictionary_tracker(&schema, &mut dictionaries, &options);
        put(out, &message.ipc_message);
        channel.schema = Some(schema);
    }
    let mut context = IpcWriteContext::default();
    let (extra, message) = generator.encode(&batch.columns, &mut dictionaries, &options, &mut context)?;
    if !extra.is_empty() {
        return Err(Error::bug("a dictionary array on its way to another process"));
    }
    put(out, &message.ipc_message);
    put(out, &message.arrow_data);
    if let Some(weights) = &batch.weights {
        for weight in weights.iter() {
            out.extend_from_slice(&weight.to_le_bytes());
        }
    }
    Ok(())
}

struct Parts {
    bytes: Buffer,
    at: usize,
}

impl Parts {
    fn u64(&mut self) -> Result<u64> {
        let mut value = [0; 8];
        let bytes = self.bytes.get(self.at..self.at + 8).ok_or_else(cut_short)?;
        value.copy_from_slice(bytes);
        self.at += 8;
        Ok(u64::from_le_bytes(value))
    }

    fn part(&mut self) -> Result<Buffer> {
        let length = self.u64()? as usize;
        if self.at + length > self.bytes.len() {
            return Err(cut_short());
        }
        let part = self.bytes.slice_with_length(self.at, length);
        self.at = (self.at + length).next_multiple_of(8);
        Ok(part)
    }
}

fn cut_short() -> Error {
    Error::failure("a batch from another process was cut short")
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::failure("a batch from another process can't be read").detail(error.to_string())
}

/// Reads what [`encode`] wrote; the columns share its bytes.
pub(super) fn decode(bytes: Vec<u8>, channel: &mut Channel) -> Result<RowBatch> {
    let mut parts = Parts { bytes: Buffer::from_vec(bytes), at: 0 };
    let flags = parts.u64()?;
    if flags & NEW_SCHEMA != 0 {
        let message = parts.part()?;
        let message = root_as_message(&message).map_err(damaged)?;
        let schema = message.header_as_schema().ok_or_else(|| damaged("no schema where one should be"))?;
        channel.schema = Some(Arc::new(convert::fb_to_schema(schema)));
    }
    let schema = channel.schema.clone().ok_or_else(|| damaged("rows came before their schema"))?;
    let message = parts.part()?;
    let data = parts.part()?;
    let message = root_as_message(&message).map_err(damaged)?;
    let header = message.header_as_record_batch().ok_or_else(|| damaged("no rows where they should be"))?;
    let columns = read_record_batch(&data, header, schema, &HashMap::new(), None, &message.version())?;
    let mut weights = None;
    if flags & WEIGHTS != 0 {
        let list: Result<Vec<i64>> = (0..columns.num_rows()).map(|_| Ok(parts.u64()? as i64)).collect();
        weights = Some(ScalarBuffer::from(list?));
    }
    Ok(RowBatch { columns, weights })
}

#[cfg(test)]
mod tests;
