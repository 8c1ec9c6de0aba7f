//! What a stream carries: the runtime is generic over it.

use riverrun_core::{Result, RowBatch};

/// A batch of rows that can be cut, measured and sent to another process.
pub trait Batch: Clone + Send + Sized + 'static {
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
    fn encode(&self, out: &mut Vec<u8>) -> Result<()>;

    /// Reads what [`Batch::encode`] wrote. What is kept must be copied out of `bytes`.
    fn decode(bytes: &[u8]) -> Result<Self>;
}

impl Batch for RowBatch {
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

    fn encode(&self, _out: &mut Vec<u8>) -> Result<()> {
        Err(riverrun_core::Error::bug("not yet written"))
    }

    fn decode(_bytes: &[u8]) -> Result<Self> {
        Err(riverrun_core::Error::bug("not yet written"))
    }
}
