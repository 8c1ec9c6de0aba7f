//! What a stream carries: the runtime is generic over it.

use riverrun_core::{Error, Result, RowBatch};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A batch of rows that can be cut, measured and sent to another process.
pub trait Batch: Clone + Send + Sized + 'static {
    /// What both ends of a channel between two workers remember from batch to batch, such as the schema, so that it
    /// is not sent again. Batches are decoded in the order in which they were encoded.
    type Channel: Default + 'static;

    /// How many rows it holds.
    fn num_rows(&self) -> usize;

    /// The bytes it takes up in memory: what the flow-control budget counts.
    fn num_bytes(&self) -> usize;

    /// `length` rows from `offset`.
    #[must_use]
    fn slice(&self, offset: usize, length: usize) -> Self;

    /// The rows at these positions, in this order.
    fn take(&self, rows: &[u32]) -> Result<Self>;

    /// Appends the bytes that carry it to another process.
    fn encode(&self, channel: &mut Self::Channel, out: &mut Vec<u8>) -> Result<()>;

    /// Reads what [`Batch::encode`] wrote.
    fn decode(bytes: Vec<u8>, channel: &mut Self::Channel) -> Result<Self>;
}

mod arrow_ipc;

impl Batch for RowBatch {
    type Channel = arrow_ipc::Channel;

    fn num_rows(&self) -> usize {
        RowBatch::num_rows(self)
    }

    fn num_bytes(&self) -> usize {
        RowBatch::num_bytes(self)
    }

    fn slice(&self, offset: usize, length: usize) -> Self {
        RowBatch::slice(self, offset, length)
    }

    fn take(&self, rows: &[u32]) -> Result<Self> {
        RowBatch::take(self, &rows.to_vec().into())
    }

    fn encode(&self, channel: &mut Self::Channel, out: &mut Vec<u8>) -> Result<()> {
        arrow_ipc::encode(self, channel, out)
    }

    fn decode(bytes: Vec<u8>, channel: &mut Self::Channel) -> Result<Self> {
        arrow_ipc::decode(bytes, channel)
    }
}

/// Typed rows, for programs that use the runtime without Arrow.
impl<T> Batch for Vec<T>
where
    T: Clone + Send + Serialize + DeserializeOwned + 'static,
{
    type Channel = ();

    fn num_rows(&self) -> usize {
        self.len()
    }

    fn num_bytes(&self) -> usize {
        // What the elements own on the heap is not known here; the inline size is a lower bound.
        std::mem::size_of_val(self.as_slice())
    }

    fn slice(&self, offset: usize, length: usize) -> Self {
        self[offset..offset + length].to_vec()
    }

    fn take(&self, rows: &[u32]) -> Result<Self> {
        Ok(rows.iter().map(|&row| self[row as usize].clone()).collect())
    }

    fn encode(&self, (): &mut (), out: &mut Vec<u8>) -> Result<()> {
        let bytes =
            postcard::to_stdvec(self).map_err(|error| Error::failure(format!("rows can't be sent: {error}")))?;
        out.extend_from_slice(&bytes);
        Ok(())
    }

    fn decode(bytes: Vec<u8>, (): &mut ()) -> Result<Self> {
        postcard::from_bytes(&bytes).map_err(|error| Error::failure(format!("received rows can't be read: {error}")))
    }
}
