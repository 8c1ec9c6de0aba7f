//! Reading and building columns of arrays, and comparing their elements.

use super::super::kernels::Arguments;
use arrow::array::{Array, ArrayRef, ListArray, NullBufferBuilder};
use arrow::buffer::OffsetBuffer;
use arrow::compute::interleave;
use arrow::datatypes::Field;
use arrow::row::{Row, RowConverter, Rows, SortField};
use riverrun_core::{Error, Result};
use std::ops::Range;
use std::sync::Arc;

/// An argument of ARRAY read row by row.
pub struct Lists<'a> {
    list: &'a ListArray,
    stride: usize,
}

impl<'a> Lists<'a> {
    /// The argument at this position.
    pub fn new(arguments: &'a Arguments, position: usize) -> Result<Self> {
        let (list, stride) = arguments.list(position)?;
        Ok(Lists { list, stride })
    }

    /// The elements of all rows.
    pub fn values(&self) -> &'a ArrayRef {
        self.list.values()
    }

    /// The places of a row's elements in [`Lists::values`]; `None` for NULL.
    pub fn range(&self, row: usize) -> Option<Range<usize>> {
        let row = row * self.stride;
        if self.list.is_null(row) {
            return None;
        }
        let offsets = self.list.value_offsets();
        Some(offsets[row] as usize..offsets[row + 1] as usize)
    }

    /// Whether the element at this place is NULL.
    pub fn is_null(&self, place: usize) -> bool {
        self.list.values().is_null(place)
    }
}

/// A column of arrays, made of elements of other columns.
pub struct ListsBuilder {
    places: Vec<(usize, usize)>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl ListsBuilder {
    /// A builder with room for so many rows and elements.
    pub fn with_capacity(rows: usize, elements: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        ListsBuilder { places: Vec::with_capacity(elements), offsets, nulls: NullBufferBuilder::new(rows) }
    }

    /// Adds to this row the element at a place of a source.
    pub fn push(&mut self, source: usize, place: usize) {
        self.places.push((source, place));
    }

    /// How many elements this row has so far.
    pub fn row_length(&self) -> usize {
        self.places.len() - self.offsets.last().map_or(0, |offset| *offset as usize)
    }

    /// Ends a row with the elements that were pushed.
    pub fn end_row(&mut self) {
        // Beyond what an offset holds `finish` reports it.
        self.offsets.push(i32::try_from(self.places.len()).unwrap_or(i32::MAX));
        self.nulls.append_non_null();
    }

    /// Ends a row as NULL.
    pub fn end_null(&mut self) {
        self.places.truncate(self.offsets.last().map_or(0, |offset| *offset as usize));
        self.offsets.push(self.places.len() as i32);
        self.nulls.append_null();
    }

    /// The column, given the sources, which are of one type.
    pub fn finish(mut self, sources: &[&dyn Array]) -> Result<ArrayRef> {
        if i32::try_from(self.places.len()).is_err() {
            return Err(Error::failure("the arrays of one batch have more than 2³¹ elements"));
        }
        let values = interleave(sources, &self.places)?;
        let field = Arc::new(Field::new("item", values.data_type().clone(), true));
        let offsets = OffsetBuffer::new(self.offsets.into());
        Ok(Arc::new(ListArray::try_new(field, offsets, values, self.nulls.finish())?))
    }
}

/// Elements in a form in which they can be compared and hashed. NULL equals NULL, and comes before all else; NaN equals NaN.
pub struct Keys {
    columns: Vec<Rows>,
}

impl Keys {
    /// The keys of columns that have one type.
    pub fn new(columns: &[&ArrayRef]) -> Result<Self> {
        let Some(first) = columns.first() else { return Ok(Keys { columns: Vec::new() }) };
        let converter = RowConverter::new(vec![SortField::new(first.data_type().clone())])?;
        let columns = columns
            .iter()
            .map(|column| converter.convert_columns(std::slice::from_ref(*column)))
            .collect::<Result<_, _>>()?;
        Ok(Keys { columns })
    }

    /// The key of a place in a column.
    pub fn get(&self, column: usize, place: usize) -> Row<'_> {
        self.columns[column].row(place)
    }
}
