//! ARRAY_AGG, LISTAGG and JSON_ARRAYAGG: all values in the order in which they came.

use super::column::{
    Kind, Number, SlotFunction, decode_column, get_bytes, put_bytes, truncated, try_for_each_row, typed, validity,
};
use super::json::JsonColumn;
use super::types::{input, mismatch, single};
use super::{AggregateArgument, AggregateDef, AggregateFunction, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, BooleanArray, ListArray, StringArray, StringBuilder};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::FieldRef;
use riverrun_core::{DataType, Error, Result, TypeKind};
use riverrun_state::KeyEncoder;
use std::sync::Arc;

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        name: "ARRAY_AGG",
        aliases: &[],
        syntax: "ARRAY_AGG([DISTINCT] value)",
        doc: "The values as an array, NULLs too, in the order in which they came; NULL without rows.",
        resolve: array_agg,
    },
    AggregateDef {
        name: "LISTAGG",
        aliases: &[],
        syntax: "LISTAGG([DISTINCT] string [, separator])",
        doc: "The strings that are not NULL, joined by a separator (',' if none is given).",
        resolve: listagg,
    },
    AggregateDef {
        name: "JSON_ARRAYAGG",
        aliases: &[],
        syntax: "JSON_ARRAYAGG(value [NULL | ABSENT ON NULL])",
        doc: "The values as a JSON array; NULLs are left out unless NULL ON NULL is written.",
        resolve: json_arrayagg,
    },
];

fn array_agg(arguments: &[AggregateArgument<'_>], _: &AggregateOptions) -> Result<ResolvedAggregate> {
    let element = single("ARRAY_AGG", arguments)?.data_type.without_time_attribute();
    // As in Flink the type doesn't say that an array over no rows is NULL.
    let nullable = match &element.kind {
        TypeKind::Row(fields) => element.nullable || fields.iter().any(|field| field.data_type.nullable),
        _ => element.nullable,
    };
    let returns = TypeKind::Array(Box::new(element)).with_nullable(nullable);
    let arrow::datatypes::DataType::List(field) = returns.to_arrow() else {
        return Err(Error::bug("an ARRAY is no list"));
    };
    Ok(resolved(arguments, returns, Form::Array(field)))
}

fn listagg(arguments: &[AggregateArgument<'_>], _: &AggregateOptions) -> Result<ResolvedAggregate> {
    const SUPPORTED: &str = "LISTAGG(<CHARACTER>), LISTAGG(<CHARACTER>, <CHARACTER LITERAL>)";
    let separator = match arguments {
        [_] => ",".to_owned(),
        [_, separator] => match separator.literal {
            Some(datafusion_common::ScalarValue::Utf8(Some(text))) => text.clone(),
            _ => return Err(mismatch("LISTAGG", arguments, SUPPORTED)),
        },
        _ => return Err(mismatch("LISTAGG", arguments, SUPPORTED)),
    };
    let text = arguments[0].data_type;
    if !text.kind.is_character() {
        return Err(mismatch("LISTAGG", arguments, SUPPORTED));
    }
    // Flink keeps the type, though the list may be longer than its length says.
    let returns = text.kind.clone().with_nullable(text.nullable);
    Ok(resolved(arguments, returns, Form::Text(separator)))
}

fn json_arrayagg(arguments: &[AggregateArgument<'_>], options: &AggregateOptions) -> Result<ResolvedAggregate> {
    let argument = single("JSON_ARRAYAGG", arguments)?;
    let form = Form::Json {
        data_type: argument.data_type.clone(),
        raw: argument.json,
        absent_on_null: options.absent_on_null.unwrap_or(true),
    };
    Ok(resolved(arguments, TypeKind::Varchar(2000).not_null(), form))
}

fn resolved(arguments: &[AggregateArgument<'_>], returns: DataType, form: Form) -> ResolvedAggregate {
    let function: Arc<dyn AggregateFunction> = Arc::new(SlotFunction(Sequence { form }));
    ResolvedAggregate { inputs: vec![input(0, arguments)], returns, function }
}

/// What the values become.
#[derive(Clone, Debug)]
enum Form {
    /// An array of this field.
    Array(FieldRef),
    /// A text with this separator.
    Text(String),
    /// A JSON array.
    Json { data_type: DataType, raw: bool, absent_on_null: bool },
}

#[derive(Clone, Debug)]
struct Sequence {
    form: Form,
}

/// Runs of bytes, one per value, in one buffer.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    data: Vec<u8>,
    ends: Vec<u32>,
}

impl Runs {
    fn push(&mut self, value: &[u8]) {
        self.data.extend_from_slice(value);
        self.ends.push(self.data.len() as u32);
    }

    /// Takes the first equal value out. One that never came is passed over, as in Flink.
    fn remove(&mut self, value: &[u8]) {
        let Some(index) = self.iter().position(|candidate| candidate == value) else { return };
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        self.data.drain(start..self.ends[index] as usize);
        self.ends.remove(index);
        for end in &mut self.ends[index..] {
            *end -= value.len() as u32;
        }
    }

    fn extend(&mut self, other: &Runs) {
        let start = self.data.len() as u32;
        self.data.extend_from_slice(&other.data);
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.iter().scan(0, |start, &end| {
            let value = &self.data[*start..end as usize];
            *start = end as usize;
            Some(value)
        })
    }
}

impl Kind for Sequence {
    type Slot = Runs;

    fn update(
        &mut self,
        state: &mut [Runs],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        match &self.form {
            Form::Array(_) => {
                let mut encoder = KeyEncoder::exact();
                let values = encoder.encode(arguments, slots.len())?;
                try_for_each_row(slots, None, weights, filter, |row, slot, weight| {
                    change(&mut state[slot], values.row(row), weight);
                    Ok(())
                })
            }
            Form::Text(_) => {
                let column: &StringArray = typed(arguments, 0)?;
                try_for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
                    change(&mut state[slot], column.value(row).as_bytes(), weight);
                    Ok(())
                })
            }
            Form::Json { data_type, raw, absent_on_null } => {
                let column = arguments.first().ok_or_else(|| Error::bug("JSON_ARRAYAGG of nothing"))?;
                let json = JsonColumn::new(column, data_type, *raw)?;
                let valid = if *absent_on_null { validity(column) } else { None };
                let mut text = String::new();
                try_for_each_row(slots, valid.as_ref(), weights, filter, |row, slot, weight| {
                    text.clear();
                    json.write(row, &mut text)?;
                    change(&mut state[slot], text.as_bytes(), weight);
                    Ok(())
                })
            }
        }
    }

    fn merge(&self, into: &mut Runs, from: &Runs) -> Result<()> {
        into.extend(from);
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Runs>) -> Result<ArrayRef> {
        match &self.form {
            Form::Array(field) => {
                let (mut elements, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new());
                for runs in slots {
                    elements.extend(runs.iter());
                    lengths.push(runs.ends.len());
                    valid.push(!runs.ends.is_empty());
                }
                let offsets = OffsetBuffer::from_lengths(lengths);
                let nulls = NullBuffer::from(valid);
                let elements = decode_column(field.data_type(), elements)?;
                Ok(Arc::new(ListArray::try_new(field.clone(), offsets, elements, Some(nulls))?))
            }
            Form::Text(separator) => {
                let mut texts = StringBuilder::new();
                for runs in slots {
                    if runs.ends.is_empty() {
                        texts.append_null();
                        continue;
                    }
                    texts.append_value(join(runs, separator)?);
                }
                Ok(Arc::new(texts.finish()))
            }
            Form::Json { .. } => {
                let mut texts = StringBuilder::new();
                for runs in slots {
                    texts.append_value(format!("[{}]", join(runs, ",")?));
                }
                Ok(Arc::new(texts.finish()))
            }
        }
    }

    fn encode(&self, slot: &Runs, out: &mut Vec<u8>) {
        (slot.ends.len() as u32).put(out);
        for end in &slot.ends {
            end.put(out);
        }
        put_bytes(&slot.data, out);
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Runs> {
        let ends = (0..u32::get(bytes)?).map(|_| u32::get(bytes)).collect::<Result<Vec<_>>>()?;
        let data = get_bytes(bytes)?.to_vec();
        if ends.last().copied().unwrap_or(0) as usize != data.len() || !ends.is_sorted() {
            return Err(truncated());
        }
        Ok(Runs { data, ends })
    }
}

fn change(runs: &mut Runs, value: &[u8], weight: i64) {
    for _ in 0..weight {
        runs.push(value);
    }
    for _ in weight..0 {
        runs.remove(value);
    }
}

fn join(runs: &Runs, separator: &str) -> Result<String> {
    let mut text = Vec::with_capacity(runs.data.len() + runs.ends.len() * separator.len());
    for (index, value) in runs.iter().enumerate() {
        if index > 0 {
            text.extend_from_slice(separator.as_bytes());
        }
        text.extend_from_slice(value);
    }
    String::from_utf8(text).map_err(|_| Error::failure("a string in state is not UTF-8"))
}
