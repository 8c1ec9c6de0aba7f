//! What an event says beside its rows: the table, the time of the change, the key's columns.

use super::Parts;
use crate::format::{Decoder, FormatMetadata, FormatSpec, RowFields};
use crate::json::{IGNORE_PARSE_ERRORS, JsonDecoder};
use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
};
use arrow::compute;
use arrow::datatypes::Int64Type;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Field, Options, Result, Schema, TypeKind};
use std::sync::Arc;

/// How a metadata column comes from a member of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the member.
    Whole,
    /// Milliseconds since 1970.
    Millis,
    /// Seconds since 1970.
    Seconds,
    /// The member is an object, and this an entry of it.
    Entry(&'static str),
    /// An entry that is milliseconds since 1970.
    EntryMillis(&'static str),
    /// A point in time as text, `2020-05-13 15:40:06.000000`, in UTC.
    Instant,
}

/// A metadata column of a format.
#[derive(Clone, Debug)]
pub struct MetadataDef {
    /// What users see of it.
    pub column: FormatMetadata,
    /// The member of the event.
    pub member: &'static str,
    /// Whether the member stands beside the payload where a schema is included.
    pub beside_payload: bool,
    /// How it comes from the member.
    pub origin: Origin,
}

impl MetadataDef {
    /// A column from a member of the payload.
    pub fn new(key: &'static str, kind: TypeKind, member: &'static str, origin: Origin, doc: &'static str) -> Self {
        let column = FormatMetadata { key, data_type: kind.nullable(), doc };
        MetadataDef { column, member, beside_payload: false, origin }
    }

    fn member_type(&self) -> TypeKind {
        match self.origin {
            Origin::Whole => self.column.data_type.kind.clone(),
            Origin::Millis | Origin::Seconds => TypeKind::BigInt,
            Origin::Entry(_) | Origin::EntryMillis(_) => string_map(),
            Origin::Instant => TypeKind::STRING,
        }
    }
}

/// MAP<STRING, STRING>.
pub fn string_map() -> TypeKind {
    TypeKind::Map(Box::new(TypeKind::STRING.nullable()), Box::new(TypeKind::STRING.nullable()))
}

/// Decodes the metadata columns that a table has.
pub struct MetadataDecoder {
    columns: Vec<(MetadataDef, arrow::datatypes::DataType, Place)>,
    root: JsonDecoder,
    payload: JsonDecoder,
}

/// Which column of which decoder holds a member.
#[derive(Clone, Copy)]
enum Place {
    Root(usize),
    Payload(usize),
}

impl MetadataDecoder {
    /// A decoder of the columns that `spec` asks for.
    pub fn new(spec: &FormatSpec, known: &[MetadataDef]) -> Result<MetadataDecoder> {
        let (mut root, mut payload) = (Vec::new(), Vec::new());
        let mut columns = Vec::new();
        for (key, data_type) in &spec.metadata {
            let definition = known.iter().find(|definition| definition.column.key == key).ok_or_else(|| {
                let keys = known.iter().map(|definition| definition.column.key);
                Error::input(format!("the format has no metadata '{key}'"))
                    .hint_opt(did_you_mean(key, keys.clone()))
                    .detail(format!("it has: {}", keys.collect::<Vec<_>>().join(", ")))
            })?;
            let place = |fields: &mut Vec<Field>| {
                let wanted = Field::new(definition.member, definition.member_type().nullable());
                fields.iter().position(|field| *field == wanted).unwrap_or_else(|| {
                    fields.push(wanted);
                    fields.len() - 1
                })
            };
            let place = match definition.beside_payload {
                true => Place::Root(place(&mut root)),
                false => Place::Payload(place(&mut payload)),
            };
            columns.push((definition.clone(), data_type.to_arrow(), place));
        }
        let decoder = |fields: Vec<Field>| {
            let mut options = Options::default();
            options.set(IGNORE_PARSE_ERRORS.name, spec.options.bool(&IGNORE_PARSE_ERRORS)?.to_string());
            let projection = (0..fields.len()).collect();
            let schema = Schema::new(fields);
            let spec = FormatSpec {
                schema,
                projection,
                fields: RowFields::new(),
                metadata: Vec::new(),
                options,
                ..spec.clone()
            };
            JsonDecoder::new(&spec).map(JsonDecoder::with_nulls)
        };
        Ok(MetadataDecoder { columns, root: decoder(root)?, payload: decoder(payload)? })
    }

    /// Appends the metadata of a record, as of one row.
    pub fn decode(&mut self, parts: &Parts<'_>) -> Result<(), String> {
        self.root.decode(parts.root.as_bytes()).map_err(|error| error.reason)?;
        self.payload.decode(parts.payload.as_bytes()).map_err(|error| error.reason)?;
        Ok(())
    }

    /// Forgets all but the first `rows` rows.
    pub fn undo_to(&mut self, rows: usize) {
        self.root.undo_to(rows);
        self.payload.undo_to(rows);
    }

    /// Takes the columns, in the order in which they were asked for.
    pub fn flush(&mut self) -> Result<Vec<ArrayRef>> {
        let (root, payload) = (self.root.flush()?.columns, self.payload.flush()?.columns);
        let columns = self.columns.iter().map(|(definition, data_type, place)| {
            let member = match *place {
                Place::Root(index) => root.column(index),
                Place::Payload(index) => payload.column(index),
            };
            Ok(compute::cast(&convert(definition.origin, member), data_type)?)
        });
        columns.collect()
    }
}

fn convert(origin: Origin, member: &ArrayRef) -> ArrayRef {
    let millis = |values: Int64Array| -> ArrayRef {
        Arc::new(values.reinterpret_cast::<arrow::datatypes::TimestampMillisecondType>().with_timezone("UTC"))
    };
    match origin {
        Origin::Whole => Arc::clone(member),
        Origin::Millis => millis(member.as_primitive::<Int64Type>().clone()),
        Origin::Seconds => millis(member.as_primitive::<Int64Type>().unary(|value: i64| value.saturating_mul(1000))),
        Origin::Entry(key) => Arc::new(entry(member, key).collect::<StringArray>()),
        Origin::EntryMillis(key) => {
            let values: TimestampMillisecondArray =
                entry(member, key).map(|text| text?.trim().parse::<i64>().ok()).collect();
            Arc::new(values.with_timezone("UTC"))
        }
        Origin::Instant => {
            let texts = member.as_string::<i32>();
            let values: TimestampMicrosecondArray = texts.iter().map(|text| instant(text?)).collect();
            Arc::new(values.with_timezone("UTC"))
        }
    }
}

/// The values of one key in a column of MAP<STRING, STRING>.
fn entry<'a>(member: &'a ArrayRef, key: &'static str) -> impl Iterator<Item = Option<&'a str>> {
    let map = member.as_map();
    let (keys, values) = (map.keys().as_string::<i32>(), map.values().as_string::<i32>());
    (0..map.len()).map(move |row| {
        let mut entries = map.value_offsets()[row] as usize..map.value_offsets()[row + 1] as usize;
        let at = entries.find(|&at| keys.value(at) == key)?;
        values.is_valid(at).then(|| values.value(at))
    })
}

/// Microseconds since 1970.
fn instant(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('Z').replace('T', " ");
    let time = chrono::NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    Some(time.and_utc().timestamp_micros())
}
