//! Encodings and hashes: base64, hexadecimal, charsets, MD5 and SHA, URLs, IPv4 addresses.

pub mod charset;
pub mod hash;
pub mod net;
pub mod url;

#[cfg(test)]
mod tests;

use super::kernels::{Accept, Arguments, Column, accept, any_nullable, kernel, mismatch, texts, try_texts};
use super::{Argument, FunctionDef, Resolved};
use arrow::array::{ArrayRef, BinaryArray, BinaryBuilder, StringArray};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use riverrun_core::{Error, Result, TypeKind};
use std::fmt::Write;
use std::sync::Arc;

const TO_BASE64: &str = "TO_BASE64(string)";
const FROM_BASE64: &str = "FROM_BASE64(string)";
const HEX: &str = "HEX(string or integer)";
const UNHEX: &str = "UNHEX(string)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "encoding",
        "TO_BASE64",
        TO_BASE64,
        "The text's UTF-8, or the bytes, in base64.",
        |_, arguments| resolve_to_base64(arguments),
    ),
    FunctionDef::new(
        "encoding",
        "FROM_BASE64",
        FROM_BASE64,
        "The text that a base64 text says; one that is no base64 fails.",
        |_, arguments| resolve_from_base64(arguments),
    ),
    FunctionDef::new(
        "encoding",
        "HEX",
        HEX,
        "The integer, or the text's UTF-8, in hexadecimal digits.",
        |_, arguments| resolve_hex(arguments),
    ),
    FunctionDef::new(
        "encoding",
        "UNHEX",
        UNHEX,
        "The bytes that hexadecimal digits say; NULL if they are none. Of an odd number the first digit counts as 0.",
        |_, arguments| resolve_unhex(arguments),
    ),
];

/// As Java's basic coder: padding is written, and may be left out when reading.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A text or bytes, as bytes.
pub(super) enum ByteColumn<'a> {
    Text(Column<&'a StringArray>),
    Bytes(Column<&'a BinaryArray>),
}

impl<'a> ByteColumn<'a> {
    /// The argument of a parameter that takes text or bytes.
    pub(super) fn new(arguments: &'a Arguments, position: usize) -> Result<Self> {
        match arguments.raw(position)?.0.data_type() {
            arrow::datatypes::DataType::Utf8 => arguments.text(position).map(ByteColumn::Text),
            _ => arguments.bytes(position).map(ByteColumn::Bytes),
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<&'a [u8]> {
        match self {
            ByteColumn::Text(text) => text.get(row).map(str::as_bytes),
            ByteColumn::Bytes(bytes) => bytes.get(row),
        }
    }
}

fn resolve_to_base64(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(TO_BASE64, arguments, &[Accept::TextOrBytes], 1)?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(TO_BASE64, |arguments| {
        let bytes = ByteColumn::new(arguments, 0)?;
        texts(arguments.rows(), |row, out| {
            BASE64.encode_string(bytes.get(row)?, out);
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_from_base64(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(FROM_BASE64, arguments, &[Accept::Text], 1)?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(FROM_BASE64, |arguments| {
        let text = arguments.text(0)?;
        let mut bytes = Vec::new();
        try_texts(arguments.rows(), |row, out| {
            let Some(text) = text.get(row) else { return Ok(None) };
            bytes.clear();
            BASE64
                .decode_vec(text, &mut bytes)
                .map_err(|error| Error::failure(format!("FROM_BASE64 of '{text}'")).detail(error.to_string()))?;
            out.push_str(&String::from_utf8_lossy(&bytes));
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_hex(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let integer = arguments.first().is_some_and(|argument| argument.data_type.kind.is_integer());
    let accepted = if integer { Accept::Long } else { Accept::Text };
    let parameters = accept(HEX, arguments, &[accepted], 1).map_err(|_| mismatch(HEX, arguments))?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(HEX, move |arguments| {
        if integer {
            let number = arguments.long(0)?;
            return texts(arguments.rows(), |row, out| write!(out, "{:X}", number.get(row)?).ok());
        }
        let text = arguments.text(0)?;
        texts(arguments.rows(), |row, out| {
            push_hex(text.get(row)?.as_bytes(), b"0123456789ABCDEF", out);
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// Appends bytes in hexadecimal digits.
pub(super) fn push_hex(bytes: &[u8], digits: &[u8; 16], out: &mut String) {
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(digits[usize::from(byte >> 4)]));
        out.push(char::from(digits[usize::from(byte & 15)]));
    }
}

fn resolve_unhex(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(UNHEX, arguments, &[Accept::Text], 1)?;
    let compute = kernel(UNHEX, |arguments| {
        let text = arguments.text(0)?;
        Ok(binaries(arguments.rows(), |row, bytes| unhex(text.get(row)?, bytes)))
    });
    Ok(Resolved { parameters, returns: TypeKind::BYTES.nullable(), kernel: compute })
}

fn unhex(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let digits = text.as_bytes();
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let even = digits.len() % 2;
    if even == 1 {
        value(digits[0])?;
        bytes.push(0);
    }
    for pair in digits[even..].chunks_exact(2) {
        bytes.push(value(pair[0])? << 4 | value(pair[1])?);
    }
    Some(())
}

/// A column of bytes whose rows `write` puts into a buffer that is reused; `None` makes the row NULL.
pub(super) fn binaries(rows: usize, mut write: impl FnMut(usize, &mut Vec<u8>) -> Option<()>) -> ArrayRef {
    let mut builder = BinaryBuilder::with_capacity(rows, rows * 8);
    let mut buffer = Vec::new();
    for row in 0..rows {
        buffer.clear();
        match write(row, &mut buffer) {
            Some(()) => builder.append_value(&buffer),
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}
