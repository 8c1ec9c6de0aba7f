//! What travels between operators: one container type, of which each counts 1 to progress tracking.

use crate::batch::Batch;
use crate::budget::Guard;
use crate::watermarks::WatermarkRuns;
use riverrun_core::Watermark;
use std::io::Write;
use timely::Accountable;
use timely::bytes::arc::Bytes;
use timely::dataflow::channels::ContainerBytes;

/// Where a sender's event time stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It takes part in the minimum.
    Active(Watermark),
    /// It has had no rows for a while: it takes no part until it sends again.
    Idle,
    /// Its input has ended: it takes no part any more.
    Finished,
    /// The job is being stopped: nothing more comes, but event time has not ended.
    Stopped,
}

/// What a message is about.
pub(crate) enum Body<B> {
    /// Nothing: what timely leaves behind when it has taken a message.
    Empty,
    /// Rows, with the sender's watermark before each.
    Batch(B, WatermarkRuns, Guard),
    /// Rows on the way to or from another process.
    Encoded(Vec<u8>, WatermarkRuns, #[expect(dead_code, reason = "counts the bytes until they are sent")] Guard),
    /// The sender's event time.
    Status(Status),
}

/// One message, addressed to one worker before the exchange.
pub(crate) struct Message<B> {
    /// The worker that it goes to.
    pub(crate) target: u32,
    /// The worker that it comes from.
    pub(crate) sender: u32,
    pub(crate) body: Body<B>,
}

impl<B> Default for Message<B> {
    fn default() -> Self {
        Message { target: 0, sender: 0, body: Body::Empty }
    }
}

impl<B> Accountable for Message<B> {
    fn record_count(&self) -> i64 {
        // An empty batch counts too: a container that counts 0 is dropped silently.
        if matches!(self.body, Body::Empty) { 0 } else { 1 }
    }
}

/// The bytes on the wire, all little endian: sender, kind (both u32), then
/// a status: the watermark (i64), or rows: number of runs (u64), runs (row as u64, watermark as i64),
/// length (u64), bytes, zeros up to a multiple of 8.
const KIND_ROWS: u32 = 0;
const KIND_ACTIVE: u32 = 1;
const KIND_IDLE: u32 = 2;
const KIND_FINISHED: u32 = 3;
const KIND_STOPPED: u32 = 4;

fn padded(length: usize) -> usize {
    length.next_multiple_of(8)
}

impl<B: Batch> ContainerBytes for Message<B> {
    fn from_bytes(bytes: Bytes) -> Self {
        let mut reader = Reader(&bytes);
        let sender = reader.u32();
        let kind = reader.u32();
        let body = match kind {
            KIND_ROWS => {
                let mut runs = WatermarkRuns::default();
                for _ in 0..reader.u64() {
                    let row = reader.u64() as usize;
                    runs.push(row, Watermark(reader.u64() as i64));
                }
                let length = reader.u64() as usize;
                // Copied out of the slab, which would be pinned by a slice of it.
                Body::Encoded(reader.take(length).to_vec(), runs, Guard::default())
            }
            KIND_IDLE => Body::Status(Status::Idle),
            KIND_FINISHED => Body::Status(Status::Finished),
            KIND_STOPPED => Body::Status(Status::Stopped),
            _ => Body::Status(Status::Active(Watermark(reader.u64() as i64))),
        };
        Message { target: 0, sender, body }
    }

    fn length_in_bytes(&self) -> usize {
        8 + match &self.body {
            Body::Encoded(bytes, runs, _) => 8 + 16 * runs.iter().count() + 8 + padded(bytes.len()),
            _ => 8,
        }
    }

    fn into_bytes<W: Write>(&self, writer: &mut W) {
        let mut out = Vec::with_capacity(self.length_in_bytes());
        out.extend_from_slice(&self.sender.to_le_bytes());
        let mut status = |kind: u32, watermark: Watermark| {
            out.extend_from_slice(&kind.to_le_bytes());
            out.extend_from_slice(&watermark.0.to_le_bytes());
        };
        match &self.body {
            Body::Status(Status::Active(watermark)) => status(KIND_ACTIVE, *watermark),
            Body::Status(Status::Idle) => status(KIND_IDLE, Watermark::MIN),
            Body::Status(Status::Finished) => status(KIND_FINISHED, Watermark::MIN),
            Body::Status(Status::Stopped) => status(KIND_STOPPED, Watermark::MIN),
            Body::Encoded(bytes, runs, _) => {
                out.extend_from_slice(&KIND_ROWS.to_le_bytes());
                out.extend_from_slice(&(runs.iter().count() as u64).to_le_bytes());
                for (row, watermark) in runs.iter() {
                    out.extend_from_slice(&(row as u64).to_le_bytes());
                    out.extend_from_slice(&watermark.0.to_le_bytes());
                }
                out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
                out.extend_from_slice(bytes);
                out.resize(out.len() + padded(bytes.len()) - bytes.len(), 0);
            }
            Body::Empty | Body::Batch(..) => unreachable!("rows are encoded before they are sent to another process"),
        }
        // Timely writes into memory that it has reserved by `length_in_bytes`: it can't fail.
        let written = writer.write_all(&out);
        debug_assert!(written.is_ok() && out.len() == self.length_in_bytes());
    }
}

/// Reads what a peer of the same version wrote; the handshake has seen to that.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.take(4));
        u32::from_le_bytes(bytes)
    }

    fn u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8));
        u64::from_le_bytes(bytes)
    }
}
