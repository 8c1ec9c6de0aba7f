//! Columns that grow value by value and can be cut back: what decoders append to.
//!
//! Arrow's own builders can't forget what was appended. A decoder needs that twice: a record that turns out to be
//! broken in its last field leaves nothing behind, and of a field given twice the last value counts.

use crate::format::RowFields;
use arrow::array::{ArrayData, ArrayRef, BooleanBufferBuilder, NullBufferBuilder, RecordBatch, RecordBatchOptions};
use arrow::array::{make_array, new_null_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::{ArrowNativeType, DataType as ArrowType, SchemaRef, TimeUnit};
use riverrun_core::types::timestamp_unit;
use riverrun_core::{DataType, Error, Field, Result, RowBatch, Schema, TypeKind};
use std::collections::BTreeSet;
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
        ends: Ends,
        item: Box<Column>,
    },
    /// MAP, and MULTISET as a map to counts.
    Map {
        ends: Ends,
        key: Box<Column>,
        value: Box<Column>,
    },
    /// `fields` are those that are looked at, `read` their places in the type; the others come as NULL.
    Row {
        len: usize,
        fields: Vec<Column>,
        read: Vec<usize>,
    },
}

/// Where strings or lists end, as Arrow wants it: behind a zero.
#[derive(Debug)]
pub struct Ends(Vec<i32>);

impl Default for Ends {
    fn default() -> Self {
        Ends(vec![0])
    }
}

impl Ends {
    /// Says that the next one ends here.
    #[inline]
    pub fn push(&mut self, end: usize) {
        self.0.push(end as i32);
    }

    fn len(&self) -> usize {
        self.0.len() - 1
    }

    /// The end of the first `count` ones.
    fn of(&self, count: usize) -> usize {
        self.0.get(count).map_or(0, |&end| end as usize)
    }

    /// The end of the last one.
    fn last(&self) -> usize {
        self.of(self.len())
    }

    fn truncate(&mut self, len: usize) {
        self.0.truncate(len + 1);
    }

    fn finish(&mut self) -> Buffer {
        let ends = take(&mut self.0);
        self.0.push(0);
        ends
    }
}

/// Takes the values, and leaves room for about as many: the next batch mostly is like the last one.
fn take<T: ArrowNativeType>(values: &mut Vec<T>) -> Buffer {
    let next = Vec::with_capacity(values.len() + values.len() / 8);
    Buffer::from_vec(std::mem::replace(values, next))
}

/// Strings of bytes, one after the other.
#[derive(Debug, Default)]
pub struct Bytes {
    ends: Ends,
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
        self.ends.push(self.data.len());
    }

    /// The string at a position.
    pub fn get(&self, index: usize) -> &[u8] {
        &self.data[self.ends.of(index)..self.ends.of(index + 1)]
    }

    /// Forgets all but the first `len` strings, and one that was begun and not ended.
    fn truncate(&mut self, len: usize) {
        self.ends.truncate(len);
        self.data.truncate(self.ends.last());
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
        Column::pruned(field, None)
    }

    /// The same, of whose ROW only these fields are looked at.
    pub fn pruned(field: Field, read: Option<&BTreeSet<usize>>) -> Result<Column> {
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
            TypeKind::Array(item) => Values::Array { ends: Ends::default(), item: child("item", item)? },
            TypeKind::Map(key, value) => {
                Values::Map { ends: Ends::default(), key: child("key", key)?, value: child("value", value)? }
            }
            TypeKind::Multiset(key) => Values::Map {
                ends: Ends::default(),
                key: child("key", key)?,
                value: child("value", &TypeKind::Int.nullable())?,
            },
            TypeKind::Row(fields) => {
                let read: Vec<usize> =
                    (0..fields.len()).filter(|at| read.is_none_or(|read| read.contains(at))).collect();
                let fields = read.iter().map(|&at| Column::new(fields[at].clone()));
                Values::Row { len: 0, fields: fields.collect::<Result<_>>()?, read }
            }
            TypeKind::Variant | TypeKind::Bitmap => {
                return Err(Error::unsupported(format!("reading type {} (column `{}`)", field.data_type, field.name))
                    .hint("declare it as STRING or BYTES, and make a value of it in the query"));
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
            Values::Array { ends, item } => ends.push(item.len()),
            Values::Map { ends, key, .. } => ends.push(key.len()),
            Values::Row { len, fields, .. } => {
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
            Values::Text(bytes) | Values::Binary(bytes) => bytes.truncate(len),
            Values::Array { ends, item } => {
                ends.truncate(len);
                item.truncate(ends.last());
            }
            Values::Map { ends, key, value } => {
                ends.truncate(len);
                key.truncate(ends.last());
                value.truncate(ends.last());
            }
            Values::Row { len: rows, fields, .. } => {
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
        let within = match &self.values {
            Values::Array { ends, item } => item.forbidden_null(ends.of(from), ends.of(to)),
            Values::Map { ends, value, .. } => value.forbidden_null(ends.of(from), ends.of(to)),
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
                    .add_buffer(bytes.ends.finish())
                    .add_buffer(take(&mut bytes.data))
                    .nulls(nulls);
                make_array(data.build()?)
            }
            Values::Array { ends, item } => {
                let item = item.finish()?;
                let data = ArrayData::builder(arrow).len(len).add_buffer(ends.finish()).add_child_data(item.to_data());
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
                let data = ArrayData::builder(arrow).len(len).add_buffer(ends.finish()).add_child_data(entries);
                make_array(data.nulls(nulls).build()?)
            }
            Values::Row { len: rows, fields, read } => {
                *rows = 0;
                let ArrowType::Struct(types) = &arrow else {
                    return Err(Error::bug("a row column without a row type"));
                };
                let mut fields = read.iter().zip(fields).peekable();
                let children =
                    types.iter().enumerate().map(|(at, field)| match fields.next_if(|(place, _)| **place == at) {
                        Some((_, field)) => field.finish(),
                        None => Ok(new_null_array(field.data_type(), len)),
                    });
                let children = children.map(|child| child.map(|child| child.to_data())).collect::<Result<Vec<_>>>()?;
                make_array(ArrayData::builder(arrow).len(len).nulls(nulls).child_data(children).build()?)
            }
        })
    }
}

fn primitive<T: ArrowNativeType>(arrow: ArrowType, values: &mut Vec<T>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    flat(arrow, values.len(), take(values), nulls)
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
        Columns::pruned(schema, projection, &RowFields::new())
    }

    /// The same, of whose ROWs only these fields are looked at.
    pub fn pruned(schema: &Schema, projection: &[usize], read: &RowFields) -> Result<Columns> {
        let read = projection.iter().map(|at| read.get(at));
        let schema = schema.project(projection);
        let arrow = schema.to_arrow();
        let required =
            (0..schema.len()).filter(|&index| Column::has_required(&schema.fields[index].data_type)).collect();
        let columns = schema.fields.into_iter().zip(read);
        let columns = columns.map(|(field, read)| Column::pruned(field, read)).collect::<Result<_>>()?;
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
