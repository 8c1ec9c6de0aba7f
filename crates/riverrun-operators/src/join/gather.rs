//! Pairs of rows, from a batch at hand and from kept chunks, put together as columns.

use super::chunks::{Chunks, Place};
use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::{interleave, take};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::Result;

/// Where the values of one side of a pair come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRef(Place);

/// Chunk numbers that stand for something else: chunks never get so many.
const NOTHING: u32 = u32::MAX;
const AT_HAND: u32 = u32::MAX - 1;

impl RowRef {
    /// NULL in every column.
    pub const NULLS: RowRef = RowRef(Place { chunk: NOTHING, row: 0 });

    /// A row of the batch at hand.
    #[inline]
    pub fn at_hand(row: usize) -> RowRef {
        RowRef(Place { chunk: AT_HAND, row: row as u32 })
    }

    /// A kept row.
    #[inline]
    pub fn kept(place: Place) -> RowRef {
        RowRef(place)
    }

    /// The row of the batch at hand that this is.
    pub fn row_at_hand(self) -> Option<u32> {
        (self.0.chunk == AT_HAND).then_some(self.0.row)
    }
}

/// Gathers the rows of one side.
#[derive(Debug)]
pub struct Gather {
    types: Vec<DataType>,
    /// One NULL per column, made when first needed.
    nulls: Option<Vec<ArrayRef>>,
    /// For each chunk, and the two that are none: its number among the sources + 1.
    seen: Vec<u32>,
}

impl Gather {
    /// For rows of this schema.
    pub fn new(schema: &SchemaRef) -> Self {
        let types = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        Gather { types, nulls: None, seen: Vec::new() }
    }

    /// These columns of the rows.
    pub fn columns(
        &mut self,
        refs: &[RowRef],
        at_hand: Option<&RecordBatch>,
        chunks: &Chunks,
        columns: impl Iterator<Item = usize>,
    ) -> Result<Vec<ArrayRef>> {
        // The chunks that occur, each with a number of its own.
        let special = chunks.chunk_count();
        self.seen.resize(special + 2, 0);
        let slot = |chunk: u32| match chunk {
            NOTHING => special,
            AT_HAND => special + 1,
            chunk => chunk as usize,
        };
        let mut sources: Vec<u32> = Vec::new();
        for RowRef(place) in refs {
            let seen = &mut self.seen[slot(place.chunk)];
            if *seen == 0 {
                sources.push(place.chunk);
                *seen = sources.len() as u32;
            }
        }
        let batch = |chunk: u32| if chunk == AT_HAND { at_hand } else { chunks.batch(chunk) };
        let real: Vec<u32> = sources.iter().copied().filter(|chunk| *chunk != NOTHING).collect();
        let gathered = if let [only] = real[..]
            && let Some(batch) = batch(only)
        {
            let rows = refs.iter().map(|RowRef(place)| (place.chunk != NOTHING).then_some(place.row));
            let whole = refs.len() == batch.num_rows()
                && refs.iter().enumerate().all(|(at, RowRef(place))| place.chunk == only && place.row as usize == at);
            if whole {
                columns.map(|column| Ok(batch.column(column).clone())).collect()
            } else {
                let rows: UInt32Array = rows.collect();
                columns.map(|column| Ok(take(batch.column(column), &rows, None)?)).collect()
            }
        } else {
            let types = &self.types;
            let nulls = match sources.contains(&NOTHING) {
                false => None,
                true => {
                    Some(&*self.nulls.get_or_insert_with(|| types.iter().map(|kind| new_null_array(kind, 1)).collect()))
                }
            };
            let indices: Vec<(usize, usize)> = refs
                .iter()
                .map(|RowRef(place)| (self.seen[slot(place.chunk)] as usize - 1, place.row as usize))
                .collect();
            columns
                .map(|column| {
                    let arrays: Vec<&dyn Array> = sources
                        .iter()
                        .filter_map(|&chunk| match (batch(chunk), nulls) {
                            (Some(batch), _) => Some(batch.column(column).as_ref()),
                            (None, Some(nulls)) => Some(nulls[column].as_ref()),
                            (None, None) => None,
                        })
                        .collect();
                    match arrays.is_empty() {
                        true => Ok(new_null_array(&types[column], 0)),
                        false => Ok(interleave(&arrays, &indices)?),
                    }
                })
                .collect()
        };
        for chunk in sources {
            self.seen[slot(chunk)] = 0;
        }
        gathered
    }
}
