//! JSON_OBJECTAGG, and values as JSON text.

use super::column::{Kind, Number, SlotFunction, get_bytes, put_bytes, try_for_each_row, typed};
use super::min_max::add_count;
use super::types::{input, mismatch};
use super::{AggregateArgument, AggregateDef, AggregateOptions, ResolvedAggregate};
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, StringArray, StringBuilder};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono_tz::Tz;
use riverrun_core::format_value::{TextStyle, ValueWriter};
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[AggregateDef {
    name: "JSON_OBJECTAGG",
    aliases: &[],
    syntax: "JSON_OBJECTAGG([KEY] key VALUE value [NULL | ABSENT ON NULL])",
    doc: "Keys and values as a JSON object, in the order of the keys; a key that comes twice fails the job.",
    resolve,
}];

fn resolve(arguments: &[AggregateArgument<'_>], options: &AggregateOptions) -> Result<ResolvedAggregate> {
    match arguments {
        [key, value] if key.data_type.kind.is_character() => Ok(ResolvedAggregate {
            inputs: vec![input(0, arguments), input(1, arguments)],
            returns: TypeKind::Varchar(2000).not_null(),
            function: Arc::new(SlotFunction(JsonObject {
                data_type: value.data_type.clone(),
                raw: value.json,
                absent_on_null: options.absent_on_null.unwrap_or(false),
            })),
        }),
        _ => Err(mismatch("JSON_OBJECTAGG", arguments, "JSON_OBJECTAGG(KEY <CHARACTER> VALUE <ANY>)")),
    }
}

#[derive(Clone, Debug)]
struct JsonObject {
    data_type: DataType,
    raw: bool,
    absent_on_null: bool,
}

impl Kind for JsonObject {
    /// Values by key. While an update is under way a key may have the old and the new one.
    type Slot = BTreeMap<String, BTreeMap<String, i64>>;

    fn update(
        &mut self,
        state: &mut [Self::Slot],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let keys: &StringArray = typed(arguments, 0)?;
        let column = arguments.get(1).ok_or_else(|| Error::bug("JSON_OBJECTAGG without a value"))?;
        let json = JsonColumn::new(column, &self.data_type, self.raw)?;
        try_for_each_row(slots, None, weights, filter, |row, slot, weight| {
            if keys.is_null(row) {
                return Err(Error::failure("a key of JSON_OBJECTAGG is NULL"));
            }
            if self.absent_on_null && json.is_null(row) {
                return Ok(());
            }
            let mut text = String::new();
            json.write(row, &mut text)?;
            let key = keys.value(row);
            let values = state[slot].entry(key.to_owned()).or_default();
            add_count(values, text, weight);
            if values.is_empty() {
                state[slot].remove(key);
            }
            Ok(())
        })
    }

    fn merge(&self, into: &mut Self::Slot, from: &Self::Slot) -> Result<()> {
        for (key, values) in from {
            for (value, count) in values {
                add_count(into.entry(key.clone()).or_default(), value.clone(), *count);
            }
        }
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Self::Slot>) -> Result<ArrayRef> {
        let mut objects = StringBuilder::new();
        for slot in slots {
            let mut text = String::from("{");
            for (key, values) in slot {
                let mut live = values.iter().filter(|(_, count)| **count > 0);
                let Some((value, count)) = live.next() else { continue };
                if *count > 1 || live.next().is_some() {
                    return Err(Error::failure(format!("JSON_OBJECTAGG got the key '{key}' twice"))
                        .hint("make the keys of a group unique"));
                }
                if text.len() > 1 {
                    text.push(',');
                }
                write_string(key, &mut text);
                text.push(':');
                text.push_str(value);
            }
            text.push('}');
            objects.append_value(text);
        }
        Ok(Arc::new(objects.finish()))
    }

    fn encode(&self, slot: &Self::Slot, out: &mut Vec<u8>) {
        (slot.len() as u32).put(out);
        for (key, values) in slot {
            put_bytes(key.as_bytes(), out);
            (values.len() as u32).put(out);
            for (value, count) in values {
                put_bytes(value.as_bytes(), out);
                count.put(out);
            }
        }
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Self::Slot> {
        let mut slot = BTreeMap::new();
        for _ in 0..u32::get(bytes)? {
            let key = get_text(bytes)?;
            let values = (0..u32::get(bytes)?)
                .map(|_| Ok((get_text(bytes)?, i64::get(bytes)?)))
                .collect::<Result<BTreeMap<_, _>>>()?;
            slot.insert(key, values);
        }
        Ok(slot)
    }
}

fn get_text(bytes: &mut &[u8]) -> Result<String> {
    String::from_utf8(get_bytes(bytes)?.to_vec()).map_err(|_| Error::failure("a string in state is not UTF-8"))
}

/// Writes the values of a column as JSON text.
pub struct JsonColumn<'a> {
    nulls: Option<&'a NullBuffer>,
    form: Form<'a>,
}

enum Form<'a> {
    /// Written as its text is: numbers and Booleans.
    Bare(ValueWriter<'a>),
    /// Finite numbers bare, `NaN` and its kin quoted.
    Float(ValueWriter<'a>),
    /// Quoted: dates, times, intervals.
    Quoted(ValueWriter<'a>),
    /// In ISO 8601, and what follows it: `Z` for TIMESTAMP_LTZ.
    Timestamp(ValueWriter<'a>, &'static str),
    Text(&'a StringArray),
    /// JSON already.
    Raw(&'a StringArray),
    Bytes(&'a BinaryArray),
    Array(&'a OffsetBuffer<i32>, Box<JsonColumn<'a>>),
    Map(&'a OffsetBuffer<i32>, ValueWriter<'a>, Box<JsonColumn<'a>>),
    Row(Vec<(String, JsonColumn<'a>)>),
}

/// As CAST to a string writes them; times with a zone in UTC.
const STYLE: TextStyle = TextStyle::Cast(Tz::UTC);

impl<'a> JsonColumn<'a> {
    /// A writer of a column of this type. `raw`: strings are JSON already.
    pub fn new(column: &'a dyn Array, data_type: &DataType, raw: bool) -> Result<Self> {
        let mismatch = || Error::bug(format!("an array of {} does not hold {data_type}", column.data_type()));
        let form = match &data_type.kind {
            TypeKind::Boolean => Form::Bare(ValueWriter::new(column, data_type, TextStyle::Row)?),
            kind if kind.is_approximate() => Form::Float(ValueWriter::new(column, data_type, STYLE)?),
            kind if kind.is_numeric() => Form::Bare(ValueWriter::new(column, data_type, STYLE)?),
            TypeKind::Variant => Form::Raw(column.as_string_opt().ok_or_else(mismatch)?),
            kind if kind.is_character() => {
                let texts = column.as_string_opt().ok_or_else(mismatch)?;
                if raw { Form::Raw(texts) } else { Form::Text(texts) }
            }
            TypeKind::Binary(_) | TypeKind::Varbinary(_) | TypeKind::Bitmap => {
                Form::Bytes(column.as_binary_opt().ok_or_else(mismatch)?)
            }
            TypeKind::Array(element) => {
                let list = column.as_list_opt::<i32>().ok_or_else(mismatch)?;
                Form::Array(list.offsets(), Box::new(JsonColumn::new(list.values(), element, false)?))
            }
            TypeKind::Map(key, value) => Self::map(column, key, value)?,
            TypeKind::Multiset(element) => Self::map(column, element, &TypeKind::Int.not_null())?,
            TypeKind::Row(fields) => {
                let columns = column.as_struct_opt().ok_or_else(mismatch)?.columns();
                let fields = fields
                    .iter()
                    .zip(columns)
                    .map(|(field, column)| Ok((field.name.clone(), JsonColumn::new(column, &field.data_type, false)?)));
                Form::Row(fields.collect::<Result<_>>()?)
            }
            TypeKind::Timestamp { .. } => Form::Timestamp(ValueWriter::new(column, data_type, STYLE)?, ""),
            TypeKind::TimestampLtz { .. } => Form::Timestamp(ValueWriter::new(column, data_type, STYLE)?, "Z"),
            _ => Form::Quoted(ValueWriter::new(column, data_type, STYLE)?),
        };
        Ok(JsonColumn { nulls: column.nulls(), form })
    }

    fn map(column: &'a dyn Array, key: &DataType, value: &DataType) -> Result<Form<'a>> {
        let map = column.as_map_opt().ok_or_else(|| Error::bug("a MAP is no map"))?;
        let keys = ValueWriter::new(map.keys(), key, STYLE)?;
        Ok(Form::Map(map.offsets(), keys, Box::new(JsonColumn::new(map.values(), value, false)?)))
    }

    /// Whether the value is NULL.
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    /// Appends the value at `row`; NULL as `null`.
    pub fn write(&self, row: usize, out: &mut String) -> Result<()> {
        if self.is_null(row) {
            out.push_str("null");
            return Ok(());
        }
        match &self.form {
            Form::Bare(values) => values.write(row, out),
            Form::Float(values) => {
                let mut text = String::new();
                values.write(row, &mut text);
                if text.ends_with(|c: char| c.is_ascii_digit()) {
                    out.push_str(&text)
                } else {
                    write_string(&text, out)
                }
            }
            Form::Quoted(values) => {
                let mut text = String::new();
                values.write(row, &mut text);
                write_string(&text, out);
            }
            // As JSON_OBJECT writes them: no zeros at the end of a fraction.
            Form::Timestamp(values, zone) => {
                let mut text = String::new();
                values.write(row, &mut text);
                let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
                write_string(&format!("{}{zone}", text.replacen(' ', "T", 1)), out);
            }
            Form::Text(texts) => write_string(texts.value(row), out),
            Form::Raw(texts) => out.push_str(texts.value(row)),
            Form::Bytes(bytes) => write_string(&STANDARD.encode(bytes.value(row)), out),
            Form::Array(offsets, elements) => {
                out.push('[');
                for (index, element) in (offsets[row]..offsets[row + 1]).enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    elements.write(element as usize, out)?;
                }
                out.push(']');
            }
            Form::Map(offsets, keys, values) => {
                let mut entries = BTreeMap::new();
                for entry in offsets[row]..offsets[row + 1] {
                    let mut key = String::new();
                    keys.write(entry as usize, &mut key);
                    entries.insert(key, entry as usize);
                }
                write_object(entries.into_iter().map(|(key, entry)| (key, values.as_ref(), entry)), out)?;
            }
            Form::Row(fields) => {
                let mut fields: Vec<_> = fields.iter().map(|(name, column)| (name.clone(), column, row)).collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                write_object(fields.into_iter(), out)?;
            }
        }
        Ok(())
    }
}

fn write_object<'c, 'a: 'c>(
    fields: impl Iterator<Item = (String, &'c JsonColumn<'a>, usize)>,
    out: &mut String,
) -> Result<()> {
    out.push('{');
    for (index, (name, column, row)) in fields.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(&name, out);
        out.push(':');
        column.write(row, out)?;
    }
    out.push('}');
    Ok(())
}

fn write_string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}
