//! UPPER, LOWER, INITCAP.

use super::super::kernels::{Accept, accept, any_nullable, kernel, texts};
use super::super::{Argument, FunctionDef, Resolved};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use riverrun_core::Result;
use std::sync::Arc;

#[cfg(test)]
mod tests;

const UPPER: &str = "UPPER(string)";
const LOWER: &str = "LOWER(string)";
const INITCAP: &str = "INITCAP(string)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new("string", "UPPER", UPPER, "The text in upper case.", |_, arguments| {
        resolve(UPPER, arguments, upper, Some(<[u8]>::make_ascii_uppercase))
    }),
    FunctionDef::new("string", "LOWER", LOWER, "The text in lower case.", |_, arguments| {
        resolve(LOWER, arguments, lower, Some(<[u8]>::make_ascii_lowercase))
    }),
    FunctionDef::new(
        "string",
        "INITCAP",
        INITCAP,
        "Each word of ASCII letters and digits with its first letter in upper case and the others in lower case.",
        |_, arguments| resolve(INITCAP, arguments, initcap, None),
    ),
];

/// `ascii`: the same for what is of ASCII alone, all texts of a column at once.
fn resolve(
    syntax: &'static str,
    arguments: &[Argument<'_>],
    change: fn(&str, &mut String),
    ascii: Option<fn(&mut [u8])>,
) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::Text], 1)?;
    let returns = parameters[0].with_nullable(any_nullable(arguments));
    let compute = kernel(syntax, move |arguments| {
        if let (array, false) = arguments.raw(0)?
            && let (Some(column), Some(change)) = (array.as_string_opt::<i32>(), ascii)
            && let Some(changed) = changed_at_once(column, change)
        {
            return Ok(changed);
        }
        let text = arguments.text(0)?;
        texts(arguments.rows(), |row, out| {
            change(text.get(row)?, out);
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// Texts of ASCII, all changed at once: none becomes longer or shorter. None where there are others, or a slice of a longer column.
fn changed_at_once(texts: &StringArray, change: fn(&mut [u8])) -> Option<ArrayRef> {
    let (first, last) = (*texts.value_offsets().first()? as usize, *texts.value_offsets().last()? as usize);
    let mut bytes = texts.value_data().get(..last).filter(|bytes| first == 0 && bytes.is_ascii())?.to_vec();
    change(&mut bytes);
    let changed = StringArray::try_new(texts.offsets().clone(), bytes.into(), texts.nulls().cloned());
    changed.ok().map(|texts| Arc::new(texts) as ArrayRef)
}

fn upper(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_uppercase();
    } else {
        out.push_str(&text.to_uppercase());
    }
}

fn lower(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_lowercase();
    } else {
        out.push_str(&text.to_lowercase());
    }
}

/// Whatever is no ASCII letter or digit ends a word: `héllo` → `HéLlo`.
fn initcap(text: &str, out: &mut String) {
    let mut in_word = false;
    for c in text.chars() {
        out.push(if in_word { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() });
        in_word = c.is_ascii_alphanumeric();
    }
}
