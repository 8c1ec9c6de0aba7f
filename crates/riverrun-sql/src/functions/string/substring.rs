//! SUBSTRING, LEFT, RIGHT, OVERLAY.

use super::super::kernels::{Accept, accept, any_nullable, kernel, slices, texts};
use super::super::{Argument, FunctionDef, Resolved, operators};
use super::{byte_of_char, char_count, declared_length, utf16, varchar_like};
use riverrun_core::types::MAX_LENGTH;
use riverrun_core::{Result, TypeKind};

const SUBSTRING: &str = "SUBSTRING(string, start [, length])";
const LEFT: &str = "LEFT(string, length)";
const RIGHT: &str = "RIGHT(string, length)";
const OVERLAY: &str = "OVERLAY(string PLACING replacement FROM start [FOR length])";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "string",
        "SUBSTRING",
        SUBSTRING,
        "The part of the text from a position (from 1; negative: from the end), at most `length` characters long.",
        |_, arguments| resolve_substring(arguments),
    )
    .with_aliases(&["SUBSTR"]),
    FunctionDef::new("string", "LEFT", LEFT, "The first characters of the text.", |_, arguments| {
        resolve_end(LEFT, arguments, left)
    }),
    FunctionDef::new("string", "RIGHT", RIGHT, "The last characters of the text.", |_, arguments| {
        resolve_end(RIGHT, arguments, right)
    }),
    FunctionDef::new(
        "string",
        operators::OVERLAY,
        OVERLAY,
        "The text with `length` UTF-16 units (those of the replacement) from a position replaced.",
        |_, arguments| resolve_overlay(arguments),
    ),
];

fn resolve_substring(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(SUBSTRING, arguments, &[Accept::Text, Accept::Int, Accept::Int], 2)?;
    let returns = varchar_like(&parameters[0]).nullable();
    let compute = kernel(SUBSTRING, |arguments| {
        let (text, start, length) = (arguments.text(0)?, arguments.int(1)?, arguments.int_opt(2)?);
        Ok(slices(arguments.rows(), |row| {
            let length = match &length {
                Some(length) => Some(length.get(row)?),
                None => None,
            };
            substring(text.get(row)?, start.get(row)?, length)
        }))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// Position 0 is position 1; a negative one beyond the start gives an empty text; a negative length gives NULL.
fn substring(text: &str, start: i32, length: Option<i32>) -> Option<&str> {
    let length = match length {
        Some(length) => usize::try_from(length).ok()?,
        None => usize::MAX,
    };
    let skipped = match usize::try_from(start) {
        Ok(start) => start.saturating_sub(1),
        Err(_) => match char_count(text).checked_sub(start.unsigned_abs() as usize) {
            Some(skipped) => skipped,
            None => return Some(""),
        },
    };
    let rest = &text[byte_of_char(text, skipped)..];
    Some(&rest[..byte_of_char(rest, length)])
}

fn resolve_end(syntax: &'static str, arguments: &[Argument<'_>], part: fn(&str, usize) -> &str) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::Text, Accept::Int], 2)?;
    let returns = varchar_like(&parameters[0]).nullable();
    let compute = kernel(syntax, move |arguments| {
        let (text, length) = (arguments.text(0)?, arguments.int(1)?);
        Ok(slices(arguments.rows(), |row| {
            let length = usize::try_from(length.get(row)?).unwrap_or(0);
            Some(part(text.get(row)?, length))
        }))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn left(text: &str, length: usize) -> &str {
    &text[..byte_of_char(text, length)]
}

fn right(text: &str, length: usize) -> &str {
    &text[byte_of_char(text, char_count(text).saturating_sub(length))..]
}

fn resolve_overlay(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(OVERLAY, arguments, &[Accept::Text, Accept::Text, Accept::Int, Accept::Int], 3)?;
    let length = declared_length(&parameters[0]).saturating_add(declared_length(&parameters[1])).min(MAX_LENGTH);
    let returns = TypeKind::Varchar(length).with_nullable(any_nullable(arguments));
    let compute = kernel(OVERLAY, |arguments| {
        let (text, replacement, start) = (arguments.text(0)?, arguments.text(1)?, arguments.int(2)?);
        let length = arguments.int_opt(3)?;
        texts(arguments.rows(), |row, out| {
            let length = match &length {
                Some(length) => Some(length.get(row)?),
                None => None,
            };
            overlay(text.get(row)?, replacement.get(row)?, start.get(row)?, length, out);
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// With a length of 0 or less nothing follows the replacement, in Flink as here.
fn overlay(text: &str, replacement: &str, start: i32, length: Option<i32>, out: &mut String) {
    let units = utf16::units(text);
    let Some(before) = usize::try_from(start).ok().and_then(|start| start.checked_sub(1)) else {
        return out.push_str(text);
    };
    if before >= units.len() {
        return out.push_str(text);
    }
    let length = match length {
        Some(length) => usize::try_from(length).unwrap_or(0),
        None => utf16::length(replacement),
    };
    utf16::push(units[..before].iter().copied(), out);
    out.push_str(replacement);
    if length > 0
        && let Some(after) = units.get(before.saturating_add(length)..)
    {
        utf16::push(after.iter().copied(), out);
    }
}
