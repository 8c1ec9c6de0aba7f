//! JSON_STRING, JSON_OBJECT, JSON_ARRAY, and what marks a text as JSON within them.

use super::super::kernels::{Accept, Arguments, accept, any_nullable, kernel, mismatch, texts, try_texts};
use super::super::{Argument, FunctionDef, Resolved, operators};
use super::parser::parse;
use super::value::write_string;
use super::writer::{self, JsonWriter};
use arrow::array::ArrayRef;
use riverrun_core::{DataType, Error, Result, TypeKind};

const JSON_STRING: &str = "JSON_STRING(value)";
const JSON_OBJECT: &str = "JSON_OBJECT([[KEY] key VALUE value, …] [{NULL | ABSENT} ON NULL])";
const JSON_ARRAY: &str = "JSON_ARRAY([value, …] [{NULL | ABSENT} ON NULL])";
const JSON: &str = "JSON(string)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new("json", "JSON_STRING", JSON_STRING, "A value as JSON; NULL for NULL.", |_, arguments| {
        resolve_string(arguments)
    }),
    FunctionDef::new("json", operators::JSON_OBJECT, JSON_OBJECT, "A JSON object of these members.", |_, arguments| {
        resolve_object(arguments)
    }),
    FunctionDef::new("json", operators::JSON_ARRAY, JSON_ARRAY, "A JSON array of these values.", |_, arguments| {
        resolve_array(arguments)
    }),
    FunctionDef::new(
        "json",
        "JSON",
        JSON,
        "Marks a text as JSON, so that JSON_OBJECT and JSON_ARRAY nest it; one that is no JSON fails.",
        |_, arguments| resolve_json(arguments),
    ),
    FunctionDef::new(
        "json",
        operators::FORMAT_JSON,
        "string FORMAT JSON",
        "Marks what JSON_OBJECT or JSON_ARRAY gave as JSON.",
        |_, arguments| resolve_mark(operators::FORMAT_JSON, TypeKind::Variant, arguments),
    ),
    FunctionDef::new(
        "json",
        operators::AS_TEXT,
        "IF(TRUE, string, …)",
        "Marks what IF or IFNULL gives as a text.",
        |_, arguments| resolve_mark(operators::AS_TEXT, TypeKind::STRING, arguments),
    ),
];

fn resolve_string(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [argument] = arguments else { return Err(mismatch(JSON_STRING, arguments)) };
    if argument.data_type.kind == TypeKind::Null {
        let compute = kernel(JSON_STRING, |arguments| texts(arguments.rows(), |_, _| None));
        let parameters = vec![argument.data_type.clone()];
        return Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute });
    }
    let data_type = argument.data_type.clone();
    writer::check(&data_type)?;
    let returns = TypeKind::STRING.with_nullable(data_type.nullable);
    let parameters = vec![data_type.clone()];
    let compute = kernel(JSON_STRING, move |arguments| {
        let (array, constant) = arguments.raw(0)?;
        let writer = JsonWriter::new(array, &data_type)?;
        texts(arguments.rows(), |row, out| {
            let row = if constant { 0 } else { row };
            (!writer.is_null(row)).then(|| writer.write(row, out))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// Whether NULLs are left out, by the first argument.
fn absent_on_null(syntax: &str, arguments: &[Argument<'_>]) -> Result<bool> {
    match arguments.first().and_then(Argument::text) {
        Some("ABSENT") => Ok(true),
        Some("NULL") => Ok(false),
        _ => Err(mismatch(syntax, arguments)),
    }
}

fn check_value(syntax: &str, arguments: &[Argument<'_>], value: &Argument<'_>) -> Result<()> {
    if value.data_type.kind == TypeKind::Null {
        return Err(mismatch(syntax, arguments));
    }
    writer::check(value.data_type)
}

/// The values at these positions, and for each whether it is constant.
fn writers<'a>(
    arguments: &'a Arguments,
    types: &[DataType],
    positions: impl Iterator<Item = usize>,
) -> Result<Vec<(JsonWriter<'a>, bool)>> {
    positions
        .map(|position| {
            let (array, constant) = arguments.raw(position)?;
            Ok((JsonWriter::new(array, &types[position])?, constant))
        })
        .collect()
}

fn types_of(arguments: &[Argument<'_>]) -> Vec<DataType> {
    arguments.iter().map(|argument| argument.data_type.clone()).collect()
}

fn resolve_object(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let absent = absent_on_null(JSON_OBJECT, arguments)?;
    let members = &arguments[1..];
    if members.len() % 2 == 1 {
        return Err(mismatch(JSON_OBJECT, arguments).hint("keys and values come in turns"));
    }
    for pair in members.chunks_exact(2) {
        if !pair[0].data_type.kind.is_character() || pair[0].data_type.nullable {
            return Err(Error::input(format!(
                "a key of JSON_OBJECT is a text that is NOT NULL, and not {}",
                pair[0].data_type
            )));
        }
        check_value(JSON_OBJECT, arguments, &pair[1])?;
    }
    let types = types_of(arguments);
    let parameters = types.clone();
    let compute = kernel(operators::JSON_OBJECT, move |arguments| object(arguments, &types, absent));
    Ok(Resolved { parameters, returns: TypeKind::STRING.not_null(), kernel: compute })
}

/// Members are sorted by key; of equal keys the last counts.
fn object(arguments: &Arguments, types: &[DataType], absent: bool) -> Result<ArrayRef> {
    let keys = (1..arguments.len()).step_by(2).map(|position| arguments.text(position)).collect::<Result<Vec<_>>>()?;
    let values = writers(arguments, types, (2..arguments.len()).step_by(2))?;
    let all_constant = keys.iter().all(|key| key.is_constant());
    let mut order: Vec<usize> = Vec::new();
    try_texts(arguments.rows(), |row, out| {
        let key = |member: usize| keys[member].get(row);
        if order.is_empty() || !all_constant {
            order.clear();
            order.extend(0..keys.len());
            if order.iter().any(|member| key(*member).is_none()) {
                return Err(Error::failure("a key of JSON_OBJECT is NULL"));
            }
            order.sort_by_key(|member| key(*member));
        }
        out.push('{');
        let mut first = true;
        for run in order.chunk_by(|a, b| key(*a) == key(*b)) {
            let here = |member: usize| if values[member].1 { 0 } else { row };
            let written = run.iter().rev().find(|member| !absent || !values[**member].0.is_null(here(**member)));
            let Some(&member) = written else { continue };
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            write_string(key(member).unwrap_or_default(), out);
            out.push(':');
            values[member].0.write(here(member), out);
        }
        out.push('}');
        Ok(Some(()))
    })
}

fn resolve_array(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let absent = absent_on_null(JSON_ARRAY, arguments)?;
    arguments[1..].iter().try_for_each(|value| check_value(JSON_ARRAY, arguments, value))?;
    let types = types_of(arguments);
    let parameters = types.clone();
    let compute = kernel(operators::JSON_ARRAY, move |arguments| {
        let values = writers(arguments, &types, 1..arguments.len())?;
        texts(arguments.rows(), |row, out| {
            out.push('[');
            let mut first = true;
            for (value, constant) in &values {
                let row = if *constant { 0 } else { row };
                if absent && value.is_null(row) {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                value.write(row, out);
            }
            out.push(']');
            Some(())
        })
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.not_null(), kernel: compute })
}

fn resolve_json(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(JSON, arguments, &[Accept::Text], 1)?;
    let returns = TypeKind::Variant.with_nullable(any_nullable(arguments));
    let compute = kernel(JSON, |arguments| {
        let text = arguments.text(0)?;
        try_texts(arguments.rows(), |row, out| {
            let Some(text) = text.get(row) else { return Ok(None) };
            parse(text)
                .map_err(|malformed| Error::failure("the text is no JSON").detail(malformed.to_string()))?
                .write(out);
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// A text that is marked for the functions around it; what it is stays what it is.
fn resolve_mark(name: &'static str, kind: TypeKind, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(name, arguments, &[Accept::Text], 1)?;
    let returns = kind.with_nullable(any_nullable(arguments));
    let compute = kernel(name, |arguments| Ok(arguments.raw(0)?.0.clone()));
    Ok(Resolved { parameters, returns, kernel: compute })
}
