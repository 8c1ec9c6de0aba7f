//! VALUES: a bounded source of constant rows.

use riverrun_core::{Error, Result, RowBatch};
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, source::SourceState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The constant rows.
#[derive(Clone, Debug)]
pub struct ValuesSpec {
    /// The rows, in batches of at most `execution.batch-size`.
    pub batches: Vec<RowBatch>,
}

/// Emits the rows on worker 0, and nothing on the others.
#[derive(Debug)]
pub struct Values {
    batches: Vec<RowBatch>,
    next: usize,
    opened: bool,
    reads: bool,
}

const SPLIT: &str = "values";
const SNAPSHOT_VERSION: u8 = 1;

impl Values {
    /// The source on one worker.
    pub fn new(spec: ValuesSpec, context: SourceContext) -> Result<Self> {
        Ok(Values { batches: spec.batches, next: 0, opened: false, reads: context.worker == 0 })
    }
}

impl SourceReader<RowBatch> for Values {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        if !self.reads {
            return Ok(SourceState::Finished);
        }
        let split: Arc<str> = SPLIT.into();
        if !self.opened {
            self.opened = true;
            out.open_split(split.clone());
        }
        if let Some(batch) = self.batches.get(self.next) {
            out.emit(split.clone(), batch.clone());
            self.next += 1;
        }
        if self.next < self.batches.len() {
            return Ok(SourceState::Ready);
        }
        out.finish_split(split);
        Ok(SourceState::Finished)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut union = Vec::new();
        if self.reads {
            let mut element = vec![SNAPSHOT_VERSION];
            element.extend((self.next as u64).to_le_bytes());
            union.push(element);
        }
        Ok(OperatorSnapshot { union, ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for element in &state.union {
            let (Some(&SNAPSHOT_VERSION), Some(position)) = (element.first(), element.get(1..9)) else {
                return Err(Error::failure("the state of a VALUES source has an unknown format"));
            };
            let mut bytes = [0; 8];
            bytes.copy_from_slice(position);
            self.next = u64::from_le_bytes(bytes) as usize;
        }
        Ok(())
    }
}
