//! ENCODE and DECODE: texts in other charsets.

use super::super::kernels::{Accept, accept, any_nullable, kernel, try_texts};
use super::super::{Argument, FunctionDef, Resolved};
use arrow::array::BinaryBuilder;
use riverrun_core::{Error, Result, TypeKind};
use std::sync::Arc;

const ENCODE: &str = "ENCODE(string, charset)";
const DECODE: &str = "DECODE(bytes, charset)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "encoding",
        "ENCODE",
        ENCODE,
        "The text in a charset: US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE or UTF-16 (with a byte-order mark).",
        |_, arguments| resolve_encode(arguments),
    ),
    FunctionDef::new(
        "encoding",
        "DECODE",
        DECODE,
        "The text that bytes say in a charset; what is no character becomes U+FFFD.",
        |_, arguments| resolve_decode(arguments),
    ),
];

#[derive(Clone, Copy)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    Utf16Be,
    Utf16Le,
    Utf16,
}

impl Charset {
    fn named(name: &str) -> Result<Charset> {
        Ok(match name.to_ascii_uppercase().as_str() {
            "US-ASCII" | "ASCII" => Charset::Ascii,
            "ISO-8859-1" | "ISO8859_1" | "LATIN1" => Charset::Latin1,
            "UTF-8" | "UTF8" => Charset::Utf8,
            "UTF-16BE" => Charset::Utf16Be,
            "UTF-16LE" => Charset::Utf16Le,
            "UTF-16" | "UTF16" => Charset::Utf16,
            _ => {
                return Err(Error::failure(format!("the charset '{name}' is not known"))
                    .hint("there are US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE and UTF-16"));
            }
        })
    }

    fn encode(self, text: &str, bytes: &mut Vec<u8>) {
        match self {
            Charset::Utf8 => bytes.extend_from_slice(text.as_bytes()),
            Charset::Ascii => bytes.extend(text.chars().map(|c| if c.is_ascii() { c as u8 } else { b'?' })),
            Charset::Latin1 => bytes.extend(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))),
            Charset::Utf16Le => bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Charset::Utf16Be => bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Charset::Utf16 => {
                if !text.is_empty() {
                    bytes.extend([0xfe, 0xff]);
                }
                bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
            }
        }
    }

    fn decode(self, bytes: &[u8], out: &mut String) {
        let (bytes, from_units): (&[u8], fn([u8; 2]) -> u16) = match self {
            Charset::Utf8 => return out.push_str(&String::from_utf8_lossy(bytes)),
            Charset::Ascii => {
                return out.extend(bytes.iter().map(|b| if b.is_ascii() { char::from(*b) } else { '\u{fffd}' }));
            }
            Charset::Latin1 => return out.extend(bytes.iter().map(|b| char::from(*b))),
            Charset::Utf16Be => (bytes, u16::from_be_bytes),
            Charset::Utf16Le => (bytes, u16::from_le_bytes),
            Charset::Utf16 => match bytes {
                [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
                [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
                rest => (rest, u16::from_be_bytes),
            },
        };
        let units = bytes.chunks_exact(2).map(|pair| from_units([pair[0], pair[1]]));
        out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')));
        if bytes.len() % 2 == 1 {
            out.push('\u{fffd}');
        }
    }
}

fn resolve_encode(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(ENCODE, arguments, &[Accept::Text; 2], 2)?;
    let returns = TypeKind::BYTES.with_nullable(any_nullable(arguments));
    let compute = kernel(ENCODE, |arguments| {
        let (text, charset) = (arguments.text(0)?, arguments.text(1)?);
        let mut builder = BinaryBuilder::new();
        let mut bytes = Vec::new();
        for row in 0..arguments.rows() {
            match (text.get(row), charset.get(row)) {
                (Some(text), Some(charset)) => {
                    bytes.clear();
                    Charset::named(charset)?.encode(text, &mut bytes);
                    builder.append_value(&bytes);
                }
                _ => builder.append_null(),
            }
        }
        Ok(Arc::new(builder.finish()))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_decode(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(DECODE, arguments, &[Accept::Bytes, Accept::Text], 2)?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(DECODE, |arguments| {
        let (bytes, charset) = (arguments.bytes(0)?, arguments.text(1)?);
        try_texts(arguments.rows(), |row, out| {
            let (Some(bytes), Some(charset)) = (bytes.get(row), charset.get(row)) else { return Ok(None) };
            Charset::named(charset)?.decode(bytes, out);
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}
