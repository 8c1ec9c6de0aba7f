//! A table's columns over what its connector reads: physical and metadata columns in, the table's columns out.

use crate::expression::{Expression, evaluate_all};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use riverrun_core::{Epoch, Result, RowBatch, Schema};
use riverrun_runtime::source::{SourceEvent, SourceOutput, SourceReader, SourceState};
use riverrun_state::{OperatorSnapshot, RestoredState};

#[cfg(test)]
mod tests;

/// How a table's columns come from the columns that its connector reads.
#[derive(Clone, Debug)]
pub struct ProjectSourceSpec {
    /// The table's columns: those that only pass through, and the computed ones.
    pub columns: Vec<Expression>,
    /// The table's schema, as far as the query needs it.
    pub schema: Schema,
}

/// Computes a table's columns before watermarks are taken, so that `WATERMARK FOR` may name a computed column.
pub struct ProjectSource {
    reader: Box<dyn SourceReader<RowBatch>>,
    columns: Vec<Expression>,
    schema: SchemaRef,
    read: SourceOutput<RowBatch>,
}

impl ProjectSource {
    /// `reader` as a table.
    pub fn new(spec: ProjectSourceSpec, reader: Box<dyn SourceReader<RowBatch>>) -> Self {
        ProjectSource { reader, columns: spec.columns, schema: spec.schema.to_arrow(), read: SourceOutput::default() }
    }

    fn project(&self, batch: &RowBatch) -> Result<RowBatch> {
        let columns = evaluate_all(&self.columns, &batch.columns)?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        Ok(RowBatch { columns, weights: batch.weights.clone() })
    }
}

impl SourceReader<RowBatch> for ProjectSource {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        let state = self.reader.poll(&mut self.read)?;
        for event in self.read.take() {
            match event {
                SourceEvent::SplitOpened(split) => out.open_split(split),
                SourceEvent::Rows(split, batch) => out.emit(split, self.project(&batch)?),
                SourceEvent::Rejected(batch) => out.reject(batch),
                SourceEvent::SplitFinished(split) => out.finish_split(split),
            }
        }
        Ok(state)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.reader.snapshot()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.reader.restore(state)
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        self.reader.on_epoch_complete(epoch)
    }
}
