//! Columns that grow value by value and can be cut back: what decoders append to.
//!
//! Arrow's own builders can't forget what was appended. A decoder needs that twice: a record that turns out to be
//! broken in its last field leaves nothing behind, and of a field given twice the last value counts.

use arrow::array::{ArrayData, ArrayRef, BooleanBufferBuilder, NullBufferBuilder, RecordBatch, RecordBatchOptions};
use arrow::array::{make_array, new_null_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::{ArrowNativeType, DataType as ArrowType, SchemaRef, TimeUnit};
use riverrun_core::types::timestamp_unit;
use riverrun_core::{DataType, Error, Field, Result, RowBatch, Schema, TypeKind};
use std::sync::Arc;

/// The values of a column, by the way in which text and JSON become values of its type. A NULL has a placeholder.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names are the types'")]
pub enum Values {
    /// The type of a bare NULL: a count of rows.
    Null(usize),
    Boolean(BooleanBufferBuilder),
    TinyInt(Vec<i8>),
    SmallInt(Vec<i16>),
    Int(Vec<i32>),
    BigInt(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Decimal {
        values: Vec<i128>,
        precision: u8,
        scale: u8,
    },
    Text(Bytes),
    Binary(Bytes),
    /// Days since 1970-01-01.
    Date(Vec<i32>),
    /// Milliseconds of the day.
    Time {
        values: Vec<i32>,
        precision: u8,
    },
    /// Units since 1970-01-01T00:00:00, UTC where it is `local_zone`.
    Timestamp {
        values: Vec<i64>,
        unit: TimeUnit,
        local_zone: bool,
    },
    Array {
        ends: Vec<i32>,
        item: Box<Column>,
    },
    /// MAP, and MULTISET as a map to counts.
    Map {
        ends: Vec<i32>,
        key: Box<Column>,
        value: Box<Column>,
    },
    Row {
        len: usize,
        fields: Vec<Column>,
    },
}

/// Strings of bytes, one after the other.
#[derive(Debug, Default)]
pub struct Bytes {
    /// Where each one ends.
    pub ends: Vec<i32>,
    /// All of them.
    pub data: Vec<u8>,
}

impl Bytes {
    /// Appends a string.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        self.data.extend_from_slice(bytes);
        self.end();
    }

    /// Ends the string that was appended to `data` by hand.
    #[inline]
    pub fn end(&mut self) {
        self.ends.push(self.data.len() as i32);
    }

    /// The string at a position; empty where there is none.
    pub fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends.get(index - 1).map_or(0, |&end| end as usize) };
        let end = self.ends.get(index).map_or(start, |&end| end as usize);
        &self.data[start..end]
    }

    fn truncate(&mut self, len: usize) {
        if len < self.ends.len() {
            self.ends.truncate(len);
            self.data.truncate(self.ends.last().map_or(0, |&end| end as usize));
        }
    }
}

/// A growing column.
#[derive(Debug)]
pub struct Column {
    /// Its name and type.
    pub field: Field,
    /// Its values.
    pub values: Values,
    nulls: NullBufferBuilder,
    arrow: ArrowType,
}

impl Column {
    /// An empty column. An error if a value of the type has no text.
    pub fn new(field: Field) -> Result<Column> {
        let child = |name: &str, data_type: &DataType| -> Result<Box<Column>> {
            Ok(Box::new(Column::new(Field::new(name, data_type.clone()))?))
        };
        let values = match &field.data_type.kind {
            TypeKind::Null => Values::Null(0),
            TypeKind::Boolean => Values::Boolean(BooleanBufferBuilder::new(0)),
            TypeKind::TinyInt => Values::TinyInt(Vec::new()),
            TypeKind::SmallInt => Values::SmallInt(Vec::new()),
            TypeKind::Int | TypeKind::IntervalMonths => Values::Int(Vec::new()),
            TypeKind::BigInt | TypeKind::IntervalMillis => Values::BigInt(Vec::new()),
            TypeKind::Float => Values::Float(Vec::new()),
            TypeKind::Double => Values::Double(Vec::new()),
            TypeKind::Decimal { precision, scale } => {
                Values::Decimal { values: Vec::new(), precision: *precision, scale: *scale }
            }
            TypeKind::Char(_) | TypeKind::Varchar(_) => Values::Text(Bytes::default()),
            TypeKind::Binary(_) | TypeKind::Varbinary(_) => Values::Binary(Bytes::default()),
            TypeKind::Date => Values::Date(Vec::new()),
            TypeKind::Time(precision) => Values::Time { values: Vec::new(), precision: *precision },
            TypeKind::Timestamp { precision, .. } => {
                Values::Timestamp { values: Vec::new(), unit: timestamp_unit(*precision), local_zone: false }
            }
            TypeKind::TimestampLtz { precision, .. } => {
                Values::Timestamp { values: Vec::new(), unit: timestamp_unit(*precision), local_zone: true }
            }
            TypeKind::Array(item) => Values::Array { ends: Vec::new(), item: child("item", item)? },
            TypeKind::Map(key, value) => {
                Values::Map { ends: Vec::new(), key: child("key", key)?, value: child("value", value)? }
            }
            TypeKind::Multiset(key) => Values::Map {
                ends: Vec::new(),
                key: child("key", key)?,
                value: child("value", &TypeKind::Int.nullable())?,
            },
            TypeKind::Row(fields) => {
                Values::Row { len: 0, fields: fields.iter().cloned().map(Column::new).collect::<Result<_>>()? }
            }
            TypeKind::Variant | TypeKind::Bitmap => {
                return Err(Error::unsupported(format!("reading type {} (column `{}`)", field.data_type, field.name)));
            }
        };
        let arrow = field.data_type.to_arrow();
        Ok(Column { field, values, nulls: NullBufferBuilder::new(0), arrow })
    }

    /// How many values there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.nulls.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends NULL.
    pub fn push_null(&mut self) {
        match &mut self.values {
            Values::Null(len) => *len += 1,
            Values::Boolean(values) => values.append(false),
            Values::TinyInt(values) => values.push(0),
            Values::SmallInt(values) => values.push(0),
            Values::Int(values) | Values::Date(values) | Values::Time { values, .. } => values.push(0),
            Values::BigInt(values) | Values::Timestamp { values, .. } => values.push(0),
            Values::Float(values) => values.push(0.0),
            Values::Double(values) => values.push(0.0),
            Values::Decimal { values, .. } => values.push(0),
            Values::Text(bytes) | Values::Binary(bytes) => bytes.end(),
            Values::Array { ends, item } => ends.push(item.len() as i32),
            Values::Map { ends, key, .. } => ends.push(key.len() as i32),
            Values::Row { len, fields } => {
                *len += 1;
                fields.iter_mut().for_each(Column::push_null);
            }
        }
        self.nulls.append_null();
    }

    /// Says that a value was appended to `values`, and is not NULL.
    #[inline]
    pub fn pushed(&mut self) {
        self.nulls.append_non_null();
    }

    /// Cuts the column back to its first `len` values, whatever was left half appended behind them.
    pub fn truncate(&mut self, len: usize) {
        match &mut self.values {
            Values::Null(rows) => *rows = len,
            Values::Boolean(values) => values.truncate(len),
            Values::TinyInt(values) => values.truncate(len),
            Values::SmallInt(values) => values.truncate(len),
            Values::Int(values) | Values::Date(values) | Values::Time { values, .. } => values.truncate(len),
            Values::BigInt(values) | Values::Timestamp { values, .. } => values.truncate(len),
            Values::Float(values) => values.truncate(len),
            Values::Double(values) => values.truncate(len),
            Values::Decimal { values, .. } => values.truncate(len),
            Values::Text(bytes) | Values::Binary(bytes) => {
                bytes.truncate(len);
                // A string that was begun and not ended.
                bytes.data.truncate(bytes.ends.last().map_or(0, |&end| end as usize));
            }
            Values::Array { ends, item } => {
                ends.truncate(len);
                item.truncate(ends.last().map_or(0, |&end| end as usize));
            }
            Values::Map { ends, key, value } => {
                ends.truncate(len);
                let entries = ends.last().map_or(0, |&end| end as usize);
                key.truncate(entries);
                value.truncate(entries);
            }
            Values::Row { len: rows, fields } => {
                *rows = len;
                fields.iter_mut().for_each(|field| field.truncate(len));
            }
        }
        if len < self.nulls.len() {
            self.nulls.truncate(len);
        }
    }

    /// Whether the type says NOT NULL, here or within.
    fn has_required(data_type: &DataType) -> bool {
        !data_type.nullable
            || match &data_type.kind {
                TypeKind::Array(item) => Column::has_required(item),
                TypeKind::Map(_, value) => Column::has_required(value),
                TypeKind::Row(fields) => fields.iter().any(|field| Column::has_required(&field.data_type)),
                _ => false,
            }
    }

    /// The path of a NULL among the values `from..to` where the type says NOT NULL.
    fn forbidden_null(&self, from: usize, to: usize) -> Option<String> {
        let valid = |index: usize| self.nulls.is_valid(index);
        let required = !self.field.data_type.nullable;
        if required && self.nulls.as_slice().is_some() && !(from..to).all(valid) {
            return Some(self.field.name.clone());
        }
        let end = |ends: &[i32], index: usize| ends.get(index).map_or(0, |&end| end as usize);
        let span = |ends: &[i32]| (if from == 0 { 0 } else { end(ends, from - 1) }, end(ends, to.wrapping_sub(1)));
        let within = match &self.values {
            Values::Array { ends, item } => {
                let (from, to) = span(ends);
                item.forbidden_null(from, to)
            }
            Values::Map { ends, value, .. } => {
                let (from, to) = span(ends);
                value.forbidden_null(from, to)
            }
            // The fields of a row that is NULL are NULL, and break nothing.
            Values::Row { fields, .. } => (from..to)
                .filter(|&index| valid(index))
                .find_map(|index| fields.iter().find_map(|field| field.forbidden_null(index, index + 1))),
            _ => None,
        };
        within.map(|path| format!("{}.{path}", self.field.name))
    }

    /// Takes the values as an Arrow array.
    pub fn finish(&mut self) -> Result<ArrayRef> {
        let len = self.len();
        let nulls = self.nulls.finish();
        let arrow = self.arrow.clone();
        Ok(match &mut self.values {
            Values::Null(rows) => {
                *rows = 0;
                new_null_array(&arrow, len)
            }
            Values::Boolean(values) => flat(arrow, len, values.finish().into_inner(), nulls)?,
            Values::TinyInt(values) => primitive(arrow, values, nulls)?,
            Values::SmallInt(values) => primitive(arrow, values, nulls)?,
            Values::Int(values) | Values::Date(values) | Values::Time { values, .. } => {
                primitive(arrow, values, nulls)?
            }
            Values::BigInt(values) | Values::Timestamp { values, .. } => primitive(arrow, values, nulls)?,
            Values::Float(values) => primitive(arrow, values, nulls)?,
            Values::Double(values) => primitive(arrow, values, nulls)?,
            Values::Decimal { values, .. } => primitive(arrow, values, nulls)?,
            Values::Text(bytes) | Values::Binary(bytes) => {
                let data = ArrayData::builder(arrow)
                    .len(len)
                    .add_buffer(offsets(&mut bytes.ends))
                    .add_buffer(Buffer::from_vec(std::mem::take(&mut bytes.data)))
                    .nulls(nulls);
                make_array(data.build()?)
            }
            Values::Array { ends, item } => {
                let item = item.finish()?;
                let data = ArrayData::builder(arrow).len(len).add_buffer(offsets(ends)).add_child_data(item.to_data());
                make_array(data.nulls(nulls).build()?)
            }
            Values::Map { ends, key, value } => {
                let ArrowType::Map(entries, _) = &arrow else {
                    return Err(Error::bug("a map column without a map type"));
                };
                let (key, value) = (key.finish()?, value.finish()?);
                let entries = ArrayData::builder(entries.data_type().clone())
                    .len(key.len())
                    .add_child_data(key.to_data())
                    .add_child_data(value.to_data())
                    .build()?;
                let data = ArrayData::builder(arrow).len(len).add_buffer(offsets(ends)).add_child_data(entries);
                make_array(data.nulls(nulls).build()?)
            }
            Values::Row { len: rows, fields } => {
                *rows = 0;
                let mut data = ArrayData::builder(arrow).len(len).nulls(nulls);
                for field in fields {
                    data = data.add_child_data(field.finish()?.to_data());
                }
                make_array(data.build()?)
            }
        })
    }
}

/// The Arrow offsets of strings or lists that end at `ends`.
fn offsets(ends: &mut Vec<i32>) -> Buffer {
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0);
    offsets.append(ends);
    Buffer::from_vec(offsets)
}

fn primitive<T: ArrowNativeType>(arrow: ArrowType, values: &mut Vec<T>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let len = values.len();
    let next = Vec::with_capacity(len);
    flat(arrow, len, Buffer::from_vec(std::mem::replace(values, next)), nulls)
}

fn flat(arrow: ArrowType, len: usize, buffer: Buffer, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    Ok(make_array(ArrayData::builder(arrow).len(len).add_buffer(buffer).nulls(nulls).build()?))
}

/// The columns of a batch that grows row by row.
#[derive(Debug)]
pub struct Columns {
    /// The columns.
    pub columns: Vec<Column>,
    /// Which of them hold a NOT NULL.
    required: Vec<usize>,
    schema: SchemaRef,
    rows: usize,
    bytes: usize,
}

impl Columns {
    /// The most bytes of records that one batch may hold; Arrow's offsets have 31 bits.
    const MAX_BYTES: usize = 1 << 30;

    /// No rows yet of these columns of `schema`.
    pub fn new(schema: &Schema, projection: &[usize]) -> Result<Columns> {
        let schema = schema.project(projection);
        let arrow = schema.to_arrow();
        let required =
            (0..schema.len()).filter(|&index| Column::has_required(&schema.fields[index].data_type)).collect();
        let columns = schema.fields.into_iter().map(Column::new).collect::<Result<_>>()?;
        Ok(Columns { columns, required, schema: arrow, rows: 0, bytes: 0 })
    }

    /// How many whole rows there are.
    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Ends a row. Columns that got no value get NULL.
    #[inline]
    pub fn end_row(&mut self) {
        self.rows += 1;
        for column in &mut self.columns {
            if column.len() < self.rows {
                column.push_null();
            }
        }
    }

    /// Sees that the rows from `from` on have no NULL where their type says NOT NULL: what the planner believes of a
    /// column must be true, or `x IS NULL` is folded away while there are such rows.
    #[inline]
    pub fn check_nulls(&self, from: usize) -> Result<(), String> {
        if self.required.is_empty() { Ok(()) } else { self.find_null(from) }
    }

    fn find_null(&self, from: usize) -> Result<(), String> {
        match self.required.iter().find_map(|&index| self.columns[index].forbidden_null(from, self.rows)) {
            Some(path) => Err(format!("column `{path}`: NULL, and it is NOT NULL or the event time")),
            None => Ok(()),
        }
    }

    /// Forgets what was appended since the last [`Columns::end_row`].
    pub fn undo(&mut self) {
        self.undo_to(self.rows);
    }

    /// Forgets all but the first `rows` rows.
    pub fn undo_to(&mut self, rows: usize) {
        self.rows = rows;
        for column in &mut self.columns {
            column.truncate(rows);
        }
    }

    /// Counts a record of this many bytes.
    #[inline]
    pub fn add_bytes(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Whether the columns hold as much as one batch can: the next record must wait for a flush.
    pub fn is_full(&self) -> bool {
        self.bytes >= Self::MAX_BYTES
    }

    /// Takes the rows.
    pub fn flush(&mut self) -> Result<RowBatch> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let arrays = self.columns.iter_mut().map(Column::finish).collect::<Result<Vec<_>>>()?;
        // Without columns (SELECT COUNT(*)) the number of rows is all that a batch says.
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RowBatch::append(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?))
    }
}
