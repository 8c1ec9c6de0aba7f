//! Which columns of a table are in a record's key, its value, and its metadata.

use super::metadata_type;
use super::options;
use arrow::array::{
    ArrayRef, BinaryBuilder, Int32Builder, Int64Builder, MapBuilder, MapFieldNames, RecordBatch, StringBuilder,
    TimestampMillisecondBuilder, UInt32Array,
};
use arrow::compute::take;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, Options, Result, Schema};
use riverrun_formats::{DecodeError, Decoder, Format, FormatSpec, RowFields};
use std::sync::Arc;

use super::fetcher::Record;

/// The formats of a table's records and the columns that each holds.
#[derive(Clone)]
pub struct Layout {
    pub schema: Schema,
    pub key: Option<Part>,
    pub value: Part,
    pub time_zone: chrono_tz::Tz,
    /// Whether the records are the latest versions of rows by key, those without a value deletions.
    pub upsert: bool,
}

/// The key or the value of a record.
#[derive(Clone)]
pub struct Part {
    pub format: &'static dyn Format,
    pub options: Options,
    /// The positions of its columns in the table.
    pub columns: Vec<usize>,
    /// Its columns under the names they have in the record.
    pub schema: Schema,
}

impl Part {
    /// What the format is asked to make: `wanted` are positions within the part. `fields`: of ROWs, by their positions in the
    /// table, those that are looked at.
    pub fn spec(&self, wanted: Vec<usize>, fields: &RowFields, time_zone: chrono_tz::Tz) -> FormatSpec {
        FormatSpec {
            schema: self.schema.clone(),
            projection: wanted,
            fields: self
                .columns
                .iter()
                .enumerate()
                .filter_map(|(at, column)| Some((at, fields.get(column)?.clone())))
                .collect(),
            metadata: Vec::new(),
            options: self.options.clone(),
            time_zone,
        }
    }
}

impl Layout {
    /// Reads the layout from a table's options.
    pub fn new(table: &str, schema: &Schema, options: &Options, time_zone: chrono_tz::Tz) -> Result<Layout> {
        let key_format = options.text(&options::KEY_FORMAT);
        let key_fields = options.text(&options::KEY_FIELDS);
        let key = match (key_format, key_fields) {
            (None, None) => None,
            (Some(_), None) => {
                return Err(Error::input(format!("table '{table}' has a 'key.format' but no 'key.fields'"))
                    .hint("name the columns of the key: 'key.fields' = 'a;b'"));
            }
            (None, Some(_)) => {
                return Err(Error::input(format!("table '{table}' has 'key.fields' but no 'key.format'"))
                    .hint("name the format of the key: 'key.format' = 'json'"));
            }
            (Some(format), Some(fields)) => {
                let columns = key_columns(table, schema, options, fields)?;
                Some(key_part(schema, options, format, columns)?)
            }
        };
        Layout::of(table, schema, options, key, time_zone)
    }

    /// The layout of upserts, whose key is the table's primary key.
    pub fn upsert(
        table: &str,
        schema: &Schema,
        options: &Options,
        primary_key: &[usize],
        time_zone: chrono_tz::Tz,
    ) -> Result<Layout> {
        if primary_key.is_empty() {
            return Err(Error::input(format!("table '{table}' of the connector 'upsert-kafka' has no PRIMARY KEY"))
                .detail("the key is what a record's key holds, and what tells which row it is the new version of")
                .hint("add PRIMARY KEY (…) NOT ENFORCED to the table"));
        }
        let format = options.text(&options::KEY_FORMAT).unwrap_or_default();
        let key = key_part(schema, options, format, primary_key.to_vec())?;
        let layout = Layout::of(table, schema, options, Some(key), time_zone)?;
        for (what, format) in [("key", format_named(format)?), ("value", layout.value.format)] {
            if format.is_changelog() {
                return Err(Error::input(format!(
                    "'{}' can't be the {what}'s format of 'upsert-kafka'",
                    format.name()
                ))
                .detail("its records say by themselves what they change")
                .hint("read it with the connector 'kafka'"));
            }
        }
        Ok(Layout { upsert: true, ..layout })
    }

    fn of(
        table: &str,
        schema: &Schema,
        options: &Options,
        key: Option<Part>,
        time_zone: chrono_tz::Tz,
    ) -> Result<Layout> {
        let (name, prefix) = match (options.text(&options::VALUE_FORMAT), options.text(&options::FORMAT)) {
            (Some(name), _) => (name, format!("value.{name}.")),
            (None, Some(name)) => (name, format!("{name}.")),
            (None, None) => {
                return Err(Error::input(format!("table '{table}' has no format"))
                    .hint("name one: 'format' = 'json' (or csv, raw, …)"));
            }
        };
        let all = options.text(&options::VALUE_INCLUDE).unwrap_or_default().eq_ignore_ascii_case("ALL");
        let prefix_given = options.given(options::KEY_PREFIX.name).filter(|prefix| !prefix.text.is_empty());
        if let Some(prefix) = prefix_given.filter(|_| all && key.is_some()) {
            return Err(Error::input("'key.fields-prefix' does not go with 'value.fields-include' = 'ALL'")
                .detail("the value would have the key's columns too, under other names than the key")
                .hint("set 'value.fields-include' = 'EXCEPT_KEY'")
                .at(prefix.key_place));
        }
        let columns: Vec<usize> = (0..schema.len())
            .filter(|index| all || !key.as_ref().is_some_and(|key| key.columns.contains(index)))
            .collect();
        let value = Part {
            format: format_named(name)?,
            options: options.with_prefix(&prefix),
            schema: schema.project(&columns),
            columns,
        };
        Ok(Layout { schema: schema.clone(), key, value, time_zone, upsert: false })
    }
}

/// The columns that `key.fields` names.
fn key_columns(table: &str, schema: &Schema, options: &Options, fields: &str) -> Result<Vec<usize>> {
    let mut columns = Vec::new();
    for name in fields.split(';').map(str::trim).filter(|name| !name.is_empty()) {
        let index = schema.index_of(name).ok_or_else(|| {
            let place = options.given(options::KEY_FIELDS.name).and_then(|value| value.value_place);
            Error::input(format!("'key.fields' of table '{table}' names '{name}', which is no column"))
                .hint_opt(did_you_mean(name, schema.fields.iter().map(|field| field.name.as_str())))
                .at(place)
        })?;
        columns.push(index);
    }
    Ok(columns)
}

fn key_part(schema: &Schema, options: &Options, format: &str, columns: Vec<usize>) -> Result<Part> {
    let prefix = options.text(&options::KEY_PREFIX).unwrap_or_default();
    let mut part_schema = schema.project(&columns);
    for field in &mut part_schema.fields {
        field.name = field
            .name
            .strip_prefix(prefix)
            .ok_or_else(|| {
                Error::input(format!("column '{}' of the key does not begin with '{prefix}'", field.name))
                    .hint("every column in 'key.fields' has the prefix of 'key.fields-prefix'")
            })?
            .to_owned();
    }
    Ok(Part {
        format: format_named(format)?,
        options: options.with_prefix(&format!("key.{format}.")),
        columns,
        schema: part_schema,
    })
}

fn format_named(name: &str) -> Result<&'static dyn Format> {
    riverrun_formats::registry::format(name).ok_or_else(|| {
        let names: Vec<_> = riverrun_formats::registry::formats().iter().map(|format| format.name()).collect();
        let known = || format!("one of: {}", names.join(", "));
        Error::input(format!("there is no format '{name}' for records"))
            .hint(did_you_mean(name, names.iter().copied()).unwrap_or_else(known))
    })
}

/// Where a column of the result comes from.
#[derive(Clone, Copy, Debug)]
enum From {
    Key(usize),
    Value(usize),
    Record(usize),
}

/// Decodes records into the columns that a query needs.
pub struct RecordDecoder {
    key: Option<Box<dyn Decoder>>,
    value: Box<dyn Decoder>,
    columns: Vec<From>,
    metadata: Vec<Metadata>,
    /// Which decoded key each row has; a value may give several rows or none.
    key_rows: Vec<u32>,
    /// Of upserts, the value that each row has; a tombstone has none.
    value_rows: Option<Vec<Option<u32>>>,
    result: arrow::datatypes::SchemaRef,
}

impl RecordDecoder {
    /// A decoder of the columns `projection` and of the metadata columns that follow them.
    pub fn new(
        layout: &Layout,
        projection: &[usize],
        row_fields: &RowFields,
        metadata: &[(String, DataType)],
    ) -> Result<Self> {
        let (mut from_key, mut from_value, mut columns) = (Vec::new(), Vec::new(), Vec::new());
        for index in projection {
            let in_value = layout.value.columns.iter().position(|column| column == index);
            let in_key = layout.key.as_ref().and_then(|key| key.columns.iter().position(|column| column == index));
            match (in_value, in_key) {
                // A tombstone has its key only in the key.
                (_, Some(position)) if layout.upsert || in_value.is_none() => {
                    columns.push(From::Key(from_key.len()));
                    from_key.push(position);
                }
                (Some(position), _) => {
                    columns.push(From::Value(from_value.len()));
                    from_value.push(position);
                }
                _ => return Err(Error::bug(format!("column {index} is in no part of the record"))),
            }
        }
        let key = match &layout.key {
            Some(key) if !from_key.is_empty() => {
                Some(key.format.decoder(&key.spec(from_key, row_fields, layout.time_zone))?)
            }
            _ => None,
        };
        let mut value_spec = layout.value.spec(from_value, row_fields, layout.time_zone);
        let mut fields = layout.schema.project(projection).fields;
        let mut builders = Vec::new();
        for (name, data_type) in metadata {
            if let Some(key) = name.strip_prefix("value.") {
                columns.push(From::Value(value_spec.projection.len() + value_spec.metadata.len()));
                value_spec.metadata.push((key.to_owned(), data_type.clone()));
                fields.push(riverrun_core::Field::new(name.clone(), data_type.clone()));
                continue;
            }
            columns.push(From::Record(builders.len()));
            builders.push(Metadata::new(name)?);
            // The connector's own type: a declared one that differs is a cast of the planner's.
            let own = metadata_type(name).unwrap_or_else(|| data_type.clone());
            fields.push(riverrun_core::Field::new(name.clone(), own));
        }
        if !value_spec.metadata.is_empty() && layout.value.format.metadata().is_empty() {
            let key = metadata.iter().find(|(name, _)| name.starts_with("value.")).map_or("", |(name, _)| name);
            return Err(Error::input(format!("the format '{}' has no metadata '{key}'", layout.value.format.name())));
        }
        let value = layout.value.format.decoder(&value_spec)?;
        let result = Schema::new(fields).to_arrow();
        let value_rows = layout.upsert.then(Vec::new);
        Ok(RecordDecoder { key, value, columns, metadata: builders, key_rows: Vec::new(), value_rows, result })
    }

    /// How many rows have been decoded since the last flush.
    pub fn rows(&self) -> usize {
        self.key_rows.len()
    }

    /// Whether a batch can hold no more: flush before the next record.
    pub fn is_full(&self) -> bool {
        self.value.is_full() || self.key.as_ref().is_some_and(|key| key.is_full())
    }

    /// Decodes a record. A record without a value (a tombstone) has no row; among upserts it is a deletion.
    pub fn decode(&mut self, record: &Record) -> Result<(), DecodeError> {
        if record.value.is_none() && self.value_rows.is_none() {
            return Ok(());
        }
        let key_row = match &mut self.key {
            Some(decoder) => {
                let row = decoder.rows() as u32;
                let key = record.key.as_deref().unwrap_or_default();
                if decoder.decode(key).map_err(|error| DecodeError { reason: format!("key: {}", error.reason) })? == 0 {
                    return Err(DecodeError { reason: "the record has no key".into() });
                }
                row
            }
            None => 0,
        };
        let first = self.value.rows() as u32;
        let rows = match &record.value {
            Some(value) => self.value.decode(value)?,
            None => 1,
        };
        for row in 0..rows {
            self.key_rows.push(key_row);
            if let Some(value_rows) = &mut self.value_rows {
                value_rows.push(record.value.as_ref().map(|_| first + row as u32));
            }
            for metadata in &mut self.metadata {
                metadata.push(record);
            }
        }
        Ok(())
    }

    /// How many records `ignore-parse-errors` has passed over since the last call.
    pub fn take_skipped(&mut self) -> u64 {
        self.value.take_skipped() + self.key.as_mut().map_or(0, |key| key.take_skipped())
    }

    /// Takes the decoded rows.
    pub fn flush(&mut self) -> Result<riverrun_core::RowBatch> {
        let values = self.value.flush()?;
        let mut weights = values.weights;
        let mut value_columns = values.columns.columns().to_vec();
        if let Some(value_rows) = &mut self.value_rows {
            let rows = std::mem::take(value_rows);
            weights = Some(rows.iter().map(|row| if row.is_some() { 1 } else { -1 }).collect());
            let rows = UInt32Array::from(rows);
            value_columns = value_columns.iter().map(|column| take(column, &rows, None)).collect::<Result<_, _>>()?;
        }
        let key_rows = UInt32Array::from(std::mem::take(&mut self.key_rows));
        let rows = key_rows.len();
        let keys = match &mut self.key {
            Some(decoder) => {
                let batch = decoder.flush()?;
                let taken = batch.columns.columns().iter().map(|column| take(column, &key_rows, None));
                taken.collect::<Result<Vec<_>, _>>()?
            }
            None => Vec::new(),
        };
        let metadata: Vec<ArrayRef> = self.metadata.iter_mut().map(Metadata::finish).collect();
        let columns = self.columns.iter().map(|column| match *column {
            From::Key(index) => keys[index].clone(),
            From::Value(index) => value_columns[index].clone(),
            From::Record(index) => metadata[index].clone(),
        });
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = RecordBatch::try_new_with_options(self.result.clone(), columns.collect(), &options)?;
        Ok(riverrun_core::RowBatch { columns, weights })
    }
}

/// A metadata column under construction.
enum Metadata {
    Topic(StringBuilder),
    Partition(Int32Builder),
    Headers(Box<MapBuilder<StringBuilder, BinaryBuilder>>),
    Offset(Int64Builder),
    Timestamp(TimestampMillisecondBuilder),
    TimestampType(StringBuilder),
}

impl Metadata {
    fn new(key: &str) -> Result<Metadata> {
        Ok(match key {
            "topic" => Metadata::Topic(StringBuilder::new()),
            "partition" => Metadata::Partition(Int32Builder::new()),
            "headers" => Metadata::Headers(Box::new(MapBuilder::new(
                Some(MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() }),
                StringBuilder::new(),
                BinaryBuilder::new(),
            ))),
            "offset" => Metadata::Offset(Int64Builder::new()),
            "timestamp" => Metadata::Timestamp(TimestampMillisecondBuilder::new()),
            "timestamp-type" => Metadata::TimestampType(StringBuilder::new()),
            _ => {
                return Err(Error::bug(format!(
                    "metadata '{key}' of Kafka, which was looked for when the table was made"
                )));
            }
        })
    }

    fn push(&mut self, record: &Record) {
        match self {
            Metadata::Topic(builder) => builder.append_value(&record.topic),
            Metadata::Partition(builder) => builder.append_value(record.partition),
            Metadata::Headers(builder) => {
                // Of headers with one name the last one counts, as in Flink.
                let mut seen: Vec<&(String, Vec<u8>)> = Vec::new();
                for header in record.headers.iter().rev() {
                    if !seen.iter().any(|(name, _)| *name == header.0) {
                        seen.push(header);
                    }
                }
                for (name, value) in seen.into_iter().rev() {
                    builder.keys().append_value(name);
                    builder.values().append_value(value);
                }
                // Keys and values were appended in pairs, so this can't fail.
                let _ = builder.append(true);
            }
            Metadata::Offset(builder) => builder.append_value(record.offset),
            Metadata::Timestamp(builder) => builder.append_value(record.timestamp),
            Metadata::TimestampType(builder) => builder.append_value(record.timestamp_type),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Metadata::Topic(builder) | Metadata::TimestampType(builder) => Arc::new(builder.finish()),
            Metadata::Partition(builder) => Arc::new(builder.finish()),
            Metadata::Headers(builder) => Arc::new(builder.finish()),
            Metadata::Offset(builder) => Arc::new(builder.finish()),
            Metadata::Timestamp(builder) => Arc::new(builder.finish().with_timezone("UTC")),
        }
    }
}
