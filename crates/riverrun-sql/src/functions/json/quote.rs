//! JSON_QUOTE and JSON_UNQUOTE.

use super::super::kernels::{Accept, accept, any_nullable, kernel, texts};
use super::super::{Argument, FunctionDef, Resolved};
use super::parser::string_literal;
use riverrun_core::{Result, TypeKind};
use std::fmt::Write;

const JSON_QUOTE: &str = "JSON_QUOTE(string)";
const JSON_UNQUOTE: &str = "JSON_UNQUOTE(string)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "json",
        "JSON_QUOTE",
        JSON_QUOTE,
        "The text as a JSON string of ASCII characters.",
        |_, arguments| resolve(JSON_QUOTE, arguments, quote),
    ),
    FunctionDef::new(
        "json",
        "JSON_UNQUOTE",
        JSON_UNQUOTE,
        "The text of a JSON string; what is none is left as it is.",
        |_, arguments| resolve(JSON_UNQUOTE, arguments, unquote),
    ),
];

fn resolve(syntax: &'static str, arguments: &[Argument<'_>], change: fn(&str, &mut String)) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::Text], 1)?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(syntax, move |arguments| {
        let text = arguments.text(0)?;
        texts(arguments.rows(), |row, out| {
            change(text.get(row)?, out);
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' | '/' => out.extend(['\\', c]),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='\u{7f}' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String never fails.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// As in Flink what stands between the outer quotes may hold quotes, if the text begins with a string.
fn unquote(text: &str, out: &mut String) {
    let original = out.len();
    let Some(mut rest) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return out.push_str(text);
    };
    // A quote before each part between quotes makes it a string literal again.
    let mut literal = String::new();
    loop {
        let end = closing_quote(rest);
        literal.clear();
        literal.extend(["\"", &rest[..end], "\""]);
        match string_literal(&literal) {
            Ok((part, "")) => out.push_str(&part),
            _ => {
                out.truncate(original);
                return out.push_str(text);
            }
        }
        if end == rest.len() {
            return;
        }
        out.push('"');
        rest = &rest[end + 1..];
    }
}

/// The position of the first quote that no backslash escapes, or the end.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return position,
            _ => {}
        }
    }
    text.len()
}
