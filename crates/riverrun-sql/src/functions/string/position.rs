//! POSITION, LOCATE, INSTR, STARTSWITH, ENDSWITH, CHAR_LENGTH.

use super::super::kernels::{Accept, Arguments, accept, any_nullable, booleans, kernel, mismatch, primitives};
use super::super::{Argument, FunctionDef, Resolved, operators};
use super::{byte_of_char, char_count};
use arrow::array::{ArrayRef, Int32Array};
use arrow::datatypes::Int32Type;
use riverrun_core::{Error, Result, TypeKind};
use std::sync::Arc;

const CHAR_LENGTH: &str = "CHAR_LENGTH(string)";
const POSITION: &str = "POSITION(part IN string [FROM start])";
const LOCATE: &str = "LOCATE(part, string [, start])";
const INSTR: &str = "INSTR(string, part [, start [, occurrence]])";
const STARTSWITH: &str = "STARTSWITH(string, prefix)";
const ENDSWITH: &str = "ENDSWITH(string, suffix)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new("string", "CHAR_LENGTH", CHAR_LENGTH, "How many code points the text has.", |_, arguments| {
        resolve_char_length(arguments)
    })
    .with_aliases(&["CHARACTER_LENGTH"]),
    FunctionDef::new(
        "string",
        operators::POSITION,
        POSITION,
        "Where the part first stands in the text, from 1; 0 if it doesn't.",
        |_, arguments| resolve_locate(POSITION, arguments),
    ),
    FunctionDef::new(
        "string",
        "LOCATE",
        LOCATE,
        "Where the part first stands in the text at or after `start`, from 1; 0 if it doesn't.",
        |_, arguments| resolve_locate(LOCATE, arguments),
    ),
    FunctionDef::new(
        "string",
        "INSTR",
        INSTR,
        "Where the part stands in the text for the n-th time, from 1; a negative start counts and searches from the end.",
        |_, arguments| resolve_instr(arguments),
    ),
    FunctionDef::new("string", "STARTSWITH", STARTSWITH, "Whether the text (or bytes) begins so.", |_, arguments| {
        resolve_affix(STARTSWITH, arguments, |value, prefix| value.starts_with(prefix))
    }),
    FunctionDef::new("string", "ENDSWITH", ENDSWITH, "Whether the text (or bytes) ends so.", |_, arguments| {
        resolve_affix(ENDSWITH, arguments, |value, suffix| value.ends_with(suffix))
    }),
];

fn resolve_char_length(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(CHAR_LENGTH, arguments, &[Accept::Text], 1)?;
    let returns = TypeKind::Int.with_nullable(any_nullable(arguments));
    let compute = kernel(CHAR_LENGTH, |arguments| {
        let text = arguments.text(0)?;
        Ok(primitives::<Int32Type>(arguments.rows(), |row| Some(char_count(text.get(row)?) as i32)))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_locate(syntax: &'static str, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::Text, Accept::Text, Accept::Int], 2)?;
    let returns = TypeKind::Int.with_nullable(any_nullable(arguments));
    let compute = kernel(syntax, |arguments| {
        let (part, text, start) = (arguments.text(0)?, arguments.text(1)?, arguments.int_opt(2)?);
        Ok(primitives::<Int32Type>(arguments.rows(), |row| {
            let start = match &start {
                Some(start) => start.get(row)?,
                None => 1,
            };
            Some(locate(part.get(row)?, text.get(row)?, start))
        }))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// An empty part stands at 1, wherever the search begins.
fn locate(part: &str, text: &str, start: i32) -> i32 {
    if part.is_empty() {
        return 1;
    }
    let begin = byte_of_char(text, usize::try_from(start).unwrap_or(0).saturating_sub(1));
    match memchr::memmem::find(&text.as_bytes()[begin..], part.as_bytes()) {
        Some(byte) => char_count(&text[..begin + byte]) as i32 + 1,
        None => 0,
    }
}

fn resolve_instr(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(INSTR, arguments, &[Accept::Text, Accept::Text, Accept::Int, Accept::Int], 2)?;
    let returns = TypeKind::Int.with_nullable(any_nullable(arguments));
    Ok(Resolved { parameters, returns, kernel: kernel(INSTR, instr_column) })
}

fn instr_column(arguments: &Arguments) -> Result<ArrayRef> {
    let (text, part) = (arguments.text(0)?, arguments.text(1)?);
    let (start, occurrence) = (arguments.int_opt(2)?, arguments.int_opt(3)?);
    let found = (0..arguments.rows())
        .map(|row| {
            let start = start.as_ref().map_or(Some(1), |start| start.get(row));
            let occurrence = occurrence.as_ref().map_or(Some(1), |occurrence| occurrence.get(row));
            match (text.get(row), part.get(row), start, occurrence) {
                (Some(text), Some(part), Some(start), Some(occurrence)) => {
                    if occurrence <= 0 {
                        return Err(Error::failure(format!("INSTR of occurrence {occurrence}"))
                            .hint("occurrences count from 1"));
                    }
                    Ok(Some(instr(text, part, start, occurrence as usize)))
                }
                _ => Ok(None),
            }
        })
        .collect::<Result<Int32Array>>()?;
    Ok(Arc::new(found))
}

fn instr(text: &str, part: &str, start: i32, occurrence: usize) -> i32 {
    if start == 0 {
        return 0;
    }
    if start < 0 {
        // From the end: the part must end at or before the start's character, counted from the end.
        let reverse = |text: &str| text.chars().rev().collect::<String>();
        let found = instr(&reverse(text), &reverse(part), start.saturating_neg(), occurrence);
        return if found == 0 { 0 } else { (char_count(text) + 2 - char_count(part)) as i32 - found };
    }
    let mut found = 0;
    let mut start = start;
    for _ in 0..occurrence {
        found = locate(part, text, start);
        if found == 0 {
            return 0;
        }
        start = found + 1;
    }
    found
}

fn resolve_affix(
    syntax: &'static str,
    arguments: &[Argument<'_>],
    matches: fn(&[u8], &[u8]) -> bool,
) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::TextOrBytes; 2], 2)?;
    let text = parameters[0].kind.is_character();
    if parameters[1].kind.is_character() != text {
        return Err(mismatch(syntax, arguments));
    }
    let returns = TypeKind::Boolean.with_nullable(any_nullable(arguments));
    let compute = kernel(syntax, move |arguments| {
        if text {
            let (value, affix) = (arguments.text(0)?, arguments.text(1)?);
            Ok(booleans(arguments.rows(), |row| Some(matches(value.get(row)?.as_bytes(), affix.get(row)?.as_bytes()))))
        } else {
            let (value, affix) = (arguments.bytes(0)?, arguments.bytes(1)?);
            Ok(booleans(arguments.rows(), |row| Some(matches(value.get(row)?, affix.get(row)?))))
        }
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}
