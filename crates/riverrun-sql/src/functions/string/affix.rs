//! TRIM and its kin, LPAD, RPAD.

use super::super::kernels::{Accept, MAX_TEXT_BYTES, accept, any_nullable, kernel, mismatch, slices, try_texts};
use super::super::{Argument, FunctionDef, Resolved, operators};
use super::{utf16, varchar_like};
use riverrun_core::{Error, Result, TypeKind};

const TRIM: &str = "TRIM([LEADING | TRAILING | BOTH] [characters FROM] string)";
const LTRIM: &str = "LTRIM(string [, characters])";
const RTRIM: &str = "RTRIM(string [, characters])";
const BTRIM: &str = "BTRIM(string [, characters])";
const LPAD: &str = "LPAD(string, length, padding)";
const RPAD: &str = "RPAD(string, length, padding)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "string",
        operators::TRIM,
        TRIM,
        "The text without the given characters (spaces) at its start, end or both.",
        |_, arguments| resolve_trim(arguments),
    ),
    FunctionDef::new(
        "string",
        "LTRIM",
        LTRIM,
        "The text without the characters (spaces) at its start.",
        |_, arguments| resolve_xtrim(LTRIM, arguments, Side::Leading),
    ),
    FunctionDef::new(
        "string",
        "RTRIM",
        RTRIM,
        "The text without the characters (spaces) at its end.",
        |_, arguments| resolve_xtrim(RTRIM, arguments, Side::Trailing),
    ),
    FunctionDef::new(
        "string",
        "BTRIM",
        BTRIM,
        "The text without the characters (spaces) at both ends.",
        |_, arguments| {
            let mut resolved = resolve_xtrim(BTRIM, arguments, Side::Both)?;
            resolved.returns.kind = TypeKind::STRING;
            Ok(resolved)
        },
    ),
    FunctionDef::new(
        "string",
        "LPAD",
        LPAD,
        "The text padded on the left, or cut, to a length in UTF-16 units; NULL if it is negative or the padding empty.",
        |_, arguments| resolve_pad(LPAD, arguments, Side::Leading),
    ),
    FunctionDef::new(
        "string",
        "RPAD",
        RPAD,
        "The text padded on the right, or cut, to a length in UTF-16 units; NULL if it is negative or the padding empty.",
        |_, arguments| resolve_pad(RPAD, arguments, Side::Trailing),
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Leading,
    Trailing,
    Both,
}

/// Side, characters, text; or the text alone (`TRIM(text)`), or the side and the text.
fn resolve_trim(arguments: &[Argument<'_>]) -> Result<Resolved> {
    // The side, and blanks where no characters are given, are not written as arguments.
    let written = match arguments {
        [_, characters, text] if characters.text() == Some(" ") => std::slice::from_ref(text),
        [_, written @ ..] if !written.is_empty() => written,
        _ => arguments,
    };
    let wrong = || mismatch(TRIM, written);
    let side = match arguments {
        [_] => Side::Both,
        [side, ..] => match side.text() {
            Some("LEADING") => Side::Leading,
            Some("TRAILING") => Side::Trailing,
            Some("BOTH") => Side::Both,
            _ => return Err(wrong()),
        },
        [] => return Err(wrong()),
    };
    let parameters = accept(TRIM, arguments, &[Accept::Text; 3], 1).map_err(|_| wrong())?;
    let text_position = arguments.len() - 1;
    let characters_position = (arguments.len() == 3).then_some(1);
    let returns = varchar_like(&parameters[text_position]).with_nullable(any_nullable(arguments));
    Ok(Resolved { parameters, returns, kernel: trim_kernel(TRIM, side, text_position, characters_position) })
}

fn resolve_xtrim(syntax: &'static str, arguments: &[Argument<'_>], side: Side) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::Text; 2], 1)?;
    let returns = varchar_like(&parameters[0]).with_nullable(any_nullable(arguments));
    let characters_position = (arguments.len() == 2).then_some(1);
    Ok(Resolved { parameters, returns, kernel: trim_kernel(syntax, side, 0, characters_position) })
}

fn trim_kernel(
    name: &'static str,
    side: Side,
    text_position: usize,
    characters_position: Option<usize>,
) -> std::sync::Arc<dyn super::super::Kernel> {
    kernel(name, move |arguments| {
        let text = arguments.text(text_position)?;
        let characters = characters_position.map(|position| arguments.text(position)).transpose()?;
        Ok(slices(arguments.rows(), |row| {
            let text = text.get(row)?;
            let characters = match &characters {
                Some(characters) => characters.get(row)?,
                None => " ",
            };
            Some(trim(text, side, characters))
        }))
    })
}

fn trim<'a>(text: &'a str, side: Side, characters: &str) -> &'a str {
    let trimmed = |c: char| characters.contains(c);
    match side {
        Side::Leading => text.trim_start_matches(trimmed),
        Side::Trailing => text.trim_end_matches(trimmed),
        Side::Both => text.trim_matches(trimmed),
    }
}

fn resolve_pad(syntax: &'static str, arguments: &[Argument<'_>], side: Side) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::Text, Accept::Int, Accept::Text], 3)?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(syntax, move |arguments| {
        let (text, length, padding) = (arguments.text(0)?, arguments.int(1)?, arguments.text(2)?);
        try_texts(arguments.rows(), |row, out| {
            let (Some(text), Some(length), Some(padding)) = (text.get(row), length.get(row), padding.get(row)) else {
                return Ok(None);
            };
            let Ok(length) = usize::try_from(length) else { return Ok(None) };
            if padding.is_empty() {
                return Ok(None);
            }
            if length > MAX_TEXT_BYTES {
                return Err(Error::failure(format!(
                    "{} to a length of {length} is too long",
                    syntax.get(..4).unwrap_or(syntax)
                ))
                .hint(format!("at most {MAX_TEXT_BYTES} is possible")));
            }
            pad(text, length, padding, side, out);
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn pad(text: &str, length: usize, padding: &str, side: Side, out: &mut String) {
    let text_length = utf16::length(text);
    let missing = length.saturating_sub(text_length);
    if side == Side::Leading {
        utf16::push(padding.encode_utf16().cycle().take(missing), out);
    }
    if text_length <= length {
        out.push_str(text);
    } else {
        utf16::push(text.encode_utf16().take(length), out);
    }
    if side == Side::Trailing {
        utf16::push(padding.encode_utf16().cycle().take(missing), out);
    }
}
