//! UNNEST: each row joined with the elements of a collection in it.
//!
//! An array gives its elements, one of rows their fields; a map its keys and values; a multiset each element as often as
//! it is in it. CROSS JOIN drops rows without elements, LEFT JOIN keeps them with NULLs; so it does with rows for none of
//! whose elements the condition behind ON holds.

use crate::expression::{Expression, evaluate};
use arrow::array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch, StructArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type, SchemaRef};
use riverrun_core::{Error, Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// A join with the elements of a collection.
#[derive(Clone, Debug)]
pub struct UnnestSpec {
    /// The collection, computed from the row.
    pub collection: Expression,
    /// Whether it is a MULTISET, which Arrow holds as a map.
    pub multiset: bool,
    /// Whether a row without elements stays, with NULLs (LEFT JOIN).
    pub outer: bool,
    /// WITH ORDINALITY: the element's position, from 1, in a last column.
    pub ordinality: bool,
    /// The condition of the join, over all columns of the output.
    pub on: Option<Expression>,
    /// The schema of the output: the input's columns, the columns of the element, and the position as an INT.
    pub schema: Schema,
    /// How many rows a batch of the output has at the most.
    pub batch_size: usize,
}

/// Joins rows with the elements of their collections.
#[derive(Debug)]
pub struct Unnest {
    spec: UnnestSpec,
    schema: SchemaRef,
    backlog: Option<Backlog>,
}

/// A batch on its way out.
#[derive(Debug)]
struct Backlog {
    batch: RowBatch,
    watermarks: WatermarkRuns,
    elements: Elements,
    /// The next row, and how many of its elements are out.
    row: usize,
    done: usize,
}

/// The elements of all rows of a batch.
#[derive(Debug)]
struct Elements {
    collection: ArrayRef,
    /// Where each row's elements begin, and where the last one's end.
    offsets: Vec<usize>,
    columns: Vec<ArrayRef>,
    /// How often each element of a multiset is in it.
    counts: Option<Int32Array>,
    /// Those for which the condition holds, if there is one.
    kept: Option<Kept>,
}

/// The elements that are left of each row's, and their positions, from 1.
#[derive(Debug, Default)]
struct Kept {
    /// Where each row's begin, and where the last one's end.
    offsets: Vec<usize>,
    elements: Vec<(u32, i32)>,
}

impl Elements {
    fn new(collection: ArrayRef, multiset: bool) -> Result<Self> {
        let (offsets, columns, counts) = match collection.data_type() {
            DataType::List(_) => {
                let list = collection.as_list::<i32>();
                (list.offsets().clone(), flatten(list.values()), None)
            }
            DataType::Map(_, _) if multiset => {
                let map = collection.as_map();
                let counts = map.values().as_primitive::<Int32Type>().clone();
                (map.offsets().clone(), flatten(map.keys()), Some(counts))
            }
            DataType::Map(_, _) => {
                let map = collection.as_map();
                (map.offsets().clone(), vec![map.keys().clone(), map.values().clone()], None)
            }
            other => return Err(Error::bug(format!("UNNEST of {other}"))),
        };
        let offsets = offsets.iter().map(|offset| *offset as usize).collect();
        Ok(Elements { collection, offsets, columns, counts, kept: None })
    }

    /// The elements of a row, and their positions.
    fn of(&self, row: usize) -> impl Iterator<Item = (u32, i32)> + '_ {
        let (kept, all) = match &self.kept {
            Some(kept) => (Some(&kept.elements[kept.offsets[row]..kept.offsets[row + 1]]), None),
            None => (None, Some(self.all_of(row).zip(1..))),
        };
        kept.into_iter().flatten().copied().chain(all.into_iter().flatten())
    }

    /// The elements of a row by position, each as often as it is there.
    fn all_of(&self, row: usize) -> impl Iterator<Item = u32> + '_ {
        let range = match self.collection.is_null(row) {
            true => 0..0,
            false => self.offsets[row]..self.offsets[row + 1],
        };
        range.flat_map(|element| {
            let times = self.counts.as_ref().map_or(1, |counts| counts.value(element).max(0));
            std::iter::repeat_n(element as u32, times as usize)
        })
    }
}

/// The columns of an element: a row's fields, or the value itself.
fn flatten(values: &ArrayRef) -> Vec<ArrayRef> {
    let Some(rows) = values.as_any().downcast_ref::<StructArray>() else { return vec![values.clone()] };
    if rows.null_count() == 0 {
        return rows.columns().to_vec();
    }
    // The fields of a NULL row are NULL, whatever stands in them.
    let valid: UInt32Array = (0..rows.len()).map(|row| rows.is_valid(row).then_some(row as u32)).collect();
    rows.columns().iter().map(|column| take(column, &valid, None).unwrap_or_else(|_| column.clone())).collect()
}

impl Unnest {
    /// The operator on one worker.
    pub fn new(spec: UnnestSpec, _context: OperatorContext) -> Result<Self> {
        Ok(Unnest { schema: spec.schema.to_arrow(), spec, backlog: None })
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(mut backlog) = self.backlog.take() else { return Ok(()) };
        while backlog.row < backlog.batch.num_rows() {
            if !out.has_room() {
                self.backlog = Some(backlog);
                return Ok(());
            }
            self.emit(&mut backlog, out)?;
        }
        Ok(())
    }

    /// Emits the next batch.
    fn emit(&self, backlog: &mut Backlog, out: &mut Output<RowBatch>) -> Result<()> {
        let (mut rows, mut elements, mut positions) = (Vec::new(), Vec::new(), Vec::new());
        let limit = self.spec.batch_size.max(1);
        while backlog.row < backlog.batch.num_rows() && rows.len() < limit {
            let mut of_row = backlog.elements.of(backlog.row).skip(backlog.done).peekable();
            if backlog.done == 0 && of_row.peek().is_none() && self.spec.outer {
                rows.push(backlog.row as u32);
                elements.push(None);
                positions.push(None);
            }
            let mut done = backlog.done;
            while rows.len() < limit
                && let Some((element, position)) = of_row.next()
            {
                done += 1;
                rows.push(backlog.row as u32);
                elements.push(Some(element));
                positions.push(Some(position));
            }
            if of_row.peek().is_some() {
                backlog.done = done;
                break;
            }
            backlog.row += 1;
            backlog.done = 0;
        }
        let watermarks = backlog.watermarks.select(&rows);
        out.emit_with(self.joined(&backlog.batch, &backlog.elements, rows, elements, positions)?, watermarks);
        Ok(())
    }

    /// Rows with their elements.
    fn joined(
        &self,
        batch: &RowBatch,
        of: &Elements,
        rows: Vec<u32>,
        elements: Vec<Option<u32>>,
        positions: Vec<Option<i32>>,
    ) -> Result<RowBatch> {
        let input = batch.take(&UInt32Array::from(rows))?;
        let mut columns = input.columns.columns().to_vec();
        let elements = UInt32Array::from(elements);
        for column in &of.columns {
            columns.push(take(column, &elements, None)?);
        }
        if self.spec.ordinality {
            columns.push(Arc::new(Int32Array::from(positions)));
        }
        let columns = RecordBatch::try_new(self.schema.clone(), columns)?;
        Ok(RowBatch { columns, weights: input.weights })
    }

    /// The elements for which the condition holds, found for as many at a time as a batch may have.
    fn kept(&self, on: &Expression, batch: &RowBatch, of: &Elements) -> Result<Kept> {
        let mut kept = Kept { offsets: vec![0], elements: Vec::new() };
        let mut pairs = (0..batch.num_rows())
            .flat_map(|row| of.all_of(row).zip(1..).map(move |(element, position)| (row, element, position)))
            .peekable();
        while pairs.peek().is_some() {
            let chunk: Vec<(usize, u32, i32)> = pairs.by_ref().take(self.spec.batch_size.max(1)).collect();
            let rows = chunk.iter().map(|(row, ..)| *row as u32).collect();
            let elements = chunk.iter().map(|(_, element, _)| Some(*element)).collect();
            let positions = chunk.iter().map(|(.., position)| Some(*position)).collect();
            let joined = self.joined(batch, of, rows, elements, positions)?;
            let holds = evaluate(on, &joined.columns)?;
            let holds = holds.as_boolean();
            for (at, (row, element, position)) in chunk.into_iter().enumerate() {
                if holds.is_valid(at) && holds.value(at) {
                    // Rows before it without elements end where they begin.
                    kept.offsets.resize(row + 1, kept.elements.len());
                    kept.elements.push((element, position));
                }
            }
        }
        kept.offsets.resize(batch.num_rows() + 1, kept.elements.len());
        Ok(kept)
    }
}

impl Operator<RowBatch> for Unnest {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let mut elements = Elements::new(evaluate(&self.spec.collection, &batch.columns)?, self.spec.multiset)?;
        if let Some(on) = &self.spec.on {
            elements.kept = Some(self.kept(on, &batch, &elements)?);
        }
        self.backlog = Some(Backlog { batch, watermarks: watermarks.clone(), elements, row: 0, done: 0 });
        self.advance(out)
    }

    fn has_more(&self) -> bool {
        self.backlog.is_some()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        // Nothing is in flight at a barrier.
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
