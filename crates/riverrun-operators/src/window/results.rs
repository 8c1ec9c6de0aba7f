//! The rows that come out of window aggregations: keys, aggregates, window properties.

use super::borders::Window;
use super::local_time::LocalTime;
use super::spec::{WindowAggregateSpec, WindowProperty};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use riverrun_core::{Error, Result, RowBatch};
use riverrun_state::key;
use std::sync::Arc;

/// Builds batches of results.
#[derive(Debug)]
pub struct Results {
    schema: SchemaRef,
    key_types: Vec<DataType>,
    properties: Vec<WindowProperty>,
    zone: LocalTime,
}

impl Results {
    /// For results of this aggregation.
    pub fn new(spec: &WindowAggregateSpec, zone: LocalTime) -> Self {
        let schema = spec.schema.to_arrow();
        let key_types = schema.fields().iter().take(spec.keys.len()).map(|field| field.data_type().clone()).collect();
        Results { schema, key_types, properties: spec.properties.clone(), zone }
    }

    /// The results of groups of one window.
    pub fn batch<'a>(
        &self,
        keys: impl ExactSizeIterator<Item = &'a [u8]>,
        aggregates: Vec<ArrayRef>,
        window: Window,
    ) -> Result<RowBatch> {
        let windows = std::iter::repeat_n(window, keys.len());
        self.batch_of(keys, aggregates, windows)
    }

    /// The results of groups, each with its own window.
    pub fn batch_of<'a>(
        &self,
        keys: impl ExactSizeIterator<Item = &'a [u8]>,
        aggregates: Vec<ArrayRef>,
        windows: impl Iterator<Item = Window> + Clone,
    ) -> Result<RowBatch> {
        let rows = keys.len();
        let mut columns = key::decode(&self.key_types, keys)?;
        columns.extend(aggregates);
        for property in &self.properties {
            let field = self.schema.fields().get(columns.len()).ok_or_else(|| Error::bug("too few output columns"))?;
            columns.push(self.property(*property, windows.clone(), field.data_type())?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RowBatch::append(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?))
    }

    fn property(
        &self,
        property: WindowProperty,
        windows: impl Iterator<Item = Window>,
        data_type: &DataType,
    ) -> Result<ArrayRef> {
        property_column(property, windows, &self.zone, data_type)
    }
}

/// A column of one property of windows, of a timestamp type in milliseconds.
pub fn property_column(
    property: WindowProperty,
    windows: impl Iterator<Item = Window>,
    zone: &LocalTime,
    data_type: &DataType,
) -> Result<ArrayRef> {
    let mut last: Option<(i64, i64)> = None;
    let values = windows.map(|window| match property {
        WindowProperty::Start => window.start,
        WindowProperty::End => window.end,
        // Rows of one window follow each other: its instant is looked up once.
        WindowProperty::Time => match last {
            Some((end, time)) if end == window.end => time,
            _ => last.insert((window.end, zone.window_time(window.end))).1,
        },
    });
    let column: Int64Array = values.map(Some).collect::<arrow::array::PrimitiveArray<Int64Type>>();
    Ok(cast(&(Arc::new(column) as ArrayRef), data_type)?)
}
