//! Pairs of rows: tested by the join's condition, and put out as columns.

use super::chunks::Chunks;
use super::gather::{Gather, RowRef};
use super::{JoinKind, LEFT, PairCondition, RIGHT};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use riverrun_core::{Result, Schema};

/// Where the rows of both sides come from: the batch at hand, and the chunks of each side.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The batch that [`RowRef::at_hand`] means; of one side only.
    pub at_hand: Option<&'a RecordBatch>,
    /// The kept rows of each side.
    pub chunks: [&'a Chunks; 2],
}

/// Makes batches of pairs.
#[derive(Debug)]
pub struct Pairs {
    gathers: [Gather; 2],
    widths: [usize; 2],
    /// Left columns, then right ones.
    both: SchemaRef,
    schema: SchemaRef,
    condition: Option<PairCondition>,
    sides: usize,
}

impl Pairs {
    /// For a join of these inputs, whose output has this schema.
    pub fn new(kind: JoinKind, inputs: &[Schema; 2], condition: Option<PairCondition>, schema: &Schema) -> Self {
        let both = inputs.iter().flat_map(|input| input.fields.iter().cloned()).collect();
        Pairs {
            gathers: [0, 1].map(|side| Gather::new(&inputs[side].to_arrow())),
            widths: [0, 1].map(|side: usize| inputs[side].len()),
            both: Schema::new(both).to_arrow(),
            schema: schema.to_arrow(),
            condition,
            sides: if kind.is_semi() { 1 } else { 2 },
        }
    }

    /// Whether pairs must fulfil more than equal keys.
    pub fn is_conditioned(&self) -> bool {
        self.condition.is_some()
    }

    /// For which pairs the condition is true; `None`: for all.
    pub fn holds(&mut self, refs: &[Vec<RowRef>; 2], sources: Sources<'_>) -> Result<Option<Vec<bool>>> {
        let Some(condition) = &self.condition else { return Ok(None) };
        let count = refs[LEFT].len();
        if count == 0 {
            return Ok(None);
        }
        let mut columns = Vec::with_capacity(condition.columns.len());
        for &column in &condition.columns {
            let left = self.widths[LEFT];
            let (side, column) = if column < left { (LEFT, column) } else { (RIGHT, column - left) };
            let one = [column].into_iter();
            columns.extend(self.gathers[side].columns(&refs[side], sources.at_hand, sources.chunks[side], one)?);
        }
        let holds = condition.holds(columns, &self.both, count)?;
        Ok(Some(holds.iter().map(|holds| holds == Some(true)).collect()))
    }

    /// The output's rows; `None` if there are none.
    pub fn batch(&mut self, refs: &[Vec<RowRef>; 2], sources: Sources<'_>) -> Result<Option<RecordBatch>> {
        let count = refs[LEFT].len();
        if count == 0 {
            return Ok(None);
        }
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for (side, gather) in self.gathers.iter_mut().enumerate().take(self.sides) {
            let all = 0..self.widths[side];
            columns.extend(gather.columns(&refs[side], sources.at_hand, sources.chunks[side], all)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        Ok(Some(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?))
    }
}
