//! REPLACE, REVERSE, REPEAT, TRANSLATE, ELT.

use super::super::kernels::{
    Accept, Arguments, MAX_TEXT_BYTES, accept, accept_variadic, any_nullable, kernel, mismatch, texts, try_texts,
};
use super::super::{Argument, FunctionDef, Resolved};
use super::declared_length;
use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::interleave;
use riverrun_core::{Error, Result, TypeKind};

const REPLACE: &str = "REPLACE(string, part, replacement)";
const REVERSE: &str = "REVERSE(string)";
const REPEAT: &str = "REPEAT(string, count)";
const TRANSLATE: &str = "TRANSLATE(string, from, to)";
const ELT: &str = "ELT(index, value, …)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "string",
        "REPLACE",
        REPLACE,
        "The text with every occurrence of a part replaced.",
        |_, arguments| resolve_replace(arguments),
    ),
    FunctionDef::new("string", "REVERSE", REVERSE, "The characters from the last to the first.", |_, arguments| {
        resolve_reverse(arguments)
    }),
    FunctionDef::new("string", "REPEAT", REPEAT, "The text a number of times over.", |_, arguments| {
        resolve_repeat(arguments)
    }),
    FunctionDef::new(
        "string",
        "TRANSLATE",
        TRANSLATE,
        "The text with each character of `from` replaced by the one at its place in `to`, or dropped if there is none.",
        |_, arguments| resolve_translate(arguments),
    )
    .with_aliases(&["TRANSLATE3"]),
    FunctionDef::new("string", "ELT", ELT, "The value at an index, from 1; NULL beyond the last.", |_, arguments| {
        resolve_elt(arguments)
    }),
];

fn resolve_replace(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(REPLACE, arguments, &[Accept::Text; 3], 3)?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(REPLACE, |arguments| {
        let (text, part, replacement) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
        texts(arguments.rows(), |row, out| {
            let (text, part, replacement) = (text.get(row)?, part.get(row)?, replacement.get(row)?);
            let mut rest = 0;
            for (start, found) in text.match_indices(part) {
                out.push_str(&text[rest..start]);
                out.push_str(replacement);
                rest = start + found.len();
            }
            out.push_str(&text[rest..]);
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_reverse(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(REVERSE, arguments, &[Accept::Text], 1)?;
    let compute = kernel(REVERSE, |arguments| {
        let text = arguments.text(0)?;
        texts(arguments.rows(), |row, out| {
            out.extend(text.get(row)?.chars().rev());
            Some(())
        })
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute })
}

fn resolve_repeat(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(REPEAT, arguments, &[Accept::Text, Accept::Int], 2)?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(REPEAT, |arguments| {
        let (text, count) = (arguments.text(0)?, arguments.int(1)?);
        try_texts(arguments.rows(), |row, out| {
            let (Some(text), Some(count)) = (text.get(row), count.get(row)) else { return Ok(None) };
            let count = usize::try_from(count).unwrap_or(0);
            if text.len().saturating_mul(count) > MAX_TEXT_BYTES {
                return Err(Error::failure(format!("REPEAT of {} bytes, {count} times, is too long", text.len()))
                    .hint(format!("the result may be {MAX_TEXT_BYTES} bytes long at most")));
            }
            (0..count).for_each(|_| out.push_str(text));
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_translate(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(TRANSLATE, arguments, &[Accept::Text; 3], 3)?;
    // A NULL in `from` changes nothing, one in `to` drops characters.
    let returns = TypeKind::STRING.with_nullable(arguments[0].data_type.nullable);
    let compute = kernel(TRANSLATE, |arguments| {
        let (text, from, to) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
        let mut last: Option<(&str, &str)> = None;
        let mut table: Vec<(char, Option<char>)> = Vec::new();
        texts(arguments.rows(), |row, out| {
            let text = text.get(row)?;
            let pair = (from.get(row).unwrap_or(""), to.get(row).unwrap_or(""));
            if last != Some(pair) {
                last = Some(pair);
                table.clear();
                let mut replacements = pair.1.chars();
                for c in pair.0.chars() {
                    let replacement = replacements.next();
                    // Of a character that comes twice, the first place counts.
                    if !table.iter().any(|(known, _)| *known == c) {
                        table.push((c, replacement));
                    }
                }
            }
            for c in text.chars() {
                match table.iter().find(|(known, _)| *known == c) {
                    Some((_, replacement)) => out.extend(*replacement),
                    None => out.push(c),
                }
            }
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_elt(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept_variadic(ELT, arguments, &[Accept::Long], 2, Some(Accept::TextOrBytes))?;
    if let Some(index) = arguments[0].literal.and_then(integer)
        && index < 0
    {
        return Err(Error::input(format!("the index of ELT is {index}")).hint("indexes count from 1"));
    }
    let values = &parameters[1..];
    let text = values[0].kind.is_character();
    if values.iter().any(|value| value.kind.is_character() != text) {
        return Err(mismatch(ELT, arguments));
    }
    // One type, or the varying one of the greatest length.
    let length = values.iter().map(declared_length).max().unwrap_or(0);
    let common = match &values[0].kind {
        kind if values.iter().all(|value| value.kind == *kind) => kind.clone(),
        _ if text => TypeKind::Varchar(length),
        _ => TypeKind::Varbinary(length),
    };
    Ok(Resolved { parameters, returns: common.nullable(), kernel: kernel(ELT, elt) })
}

fn integer(value: &datafusion_common::ScalarValue) -> Option<i64> {
    use datafusion_common::ScalarValue::{Int8, Int16, Int32, Int64};
    match value {
        Int8(value) => value.map(i64::from),
        Int16(value) => value.map(i64::from),
        Int32(value) => value.map(i64::from),
        Int64(value) => *value,
        _ => None,
    }
}

fn elt(arguments: &Arguments) -> Result<ArrayRef> {
    let index = arguments.long(0)?;
    let values = (1..arguments.len()).map(|position| arguments.raw(position)).collect::<Result<Vec<_>>>()?;
    let Some((first, _)) = values.first() else { return Err(Error::bug("ELT without values")) };
    let null = new_null_array(first.data_type(), 1);
    let sources: Vec<&dyn Array> =
        std::iter::once(&null).chain(values.iter().map(|(array, _)| *array)).map(|array| array.as_ref()).collect();
    let places: Vec<(usize, usize)> = (0..arguments.rows())
        .map(|row| {
            let index = index.get(row).and_then(|index| usize::try_from(index).ok()).unwrap_or(0);
            match index.checked_sub(1).and_then(|position| values.get(position)) {
                Some((_, constant)) => (index, if *constant { 0 } else { row }),
                None => (0, 0),
            }
        })
        .collect();
    Ok(interleave(&sources, &places)?)
}
