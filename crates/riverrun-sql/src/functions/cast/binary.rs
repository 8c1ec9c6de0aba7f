//! Casts to BINARY, VARBINARY and BYTES.

use super::rules::is_unlimited;
use super::string::strings;
use super::{ArrayCast, wrong_array};
use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder};
use riverrun_core::TypeKind;
use std::sync::Arc;

/// How long the values of a type are, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteLength {
    /// BYTES.
    Any,
    /// VARBINARY(n): longer values are cut.
    AtMost(usize),
    /// BINARY(n): longer values are cut, shorter ones padded with zeros.
    Exactly(usize),
}

impl ByteLength {
    pub(super) fn of(kind: &TypeKind) -> ByteLength {
        match kind {
            TypeKind::Binary(length) => ByteLength::Exactly(*length as usize),
            TypeKind::Varbinary(length) if !is_unlimited(*length) => ByteLength::AtMost(*length as usize),
            _ => ByteLength::Any,
        }
    }

    fn append(self, value: &[u8], builder: &mut BinaryBuilder) {
        match self {
            ByteLength::Any => builder.append_value(value),
            ByteLength::AtMost(length) => builder.append_value(&value[..length.min(value.len())]),
            ByteLength::Exactly(length) if value.len() >= length => builder.append_value(&value[..length]),
            ByteLength::Exactly(length) => {
                let mut padded = value.to_vec();
                padded.resize(length, 0);
                builder.append_value(padded);
            }
        }
    }
}

/// Text as its UTF-8 bytes.
pub(super) fn from_text(length: ByteLength) -> ArrayCast {
    Arc::new(move |array| {
        let texts = strings(array)?;
        Ok(write_bytes(array, length, |row| texts.value(row).as_bytes()))
    })
}

/// Between values of different lengths; `None` where every value fits.
pub(super) fn resize(from: &TypeKind, length: ByteLength) -> Option<ArrayCast> {
    match (ByteLength::of(from), length) {
        (_, ByteLength::Any) => return None,
        (ByteLength::AtMost(from) | ByteLength::Exactly(from), ByteLength::AtMost(to)) if from <= to => return None,
        _ => {}
    }
    Some(Arc::new(move |array| {
        let values = array.as_binary_opt::<i32>().ok_or_else(|| wrong_array(array, "BYTES"))?;
        Ok(write_bytes(array, length, |row| values.value(row)))
    }))
}

fn write_bytes<'a>(array: &ArrayRef, length: ByteLength, value: impl Fn(usize) -> &'a [u8]) -> ArrayRef {
    let mut builder = BinaryBuilder::with_capacity(array.len(), array.len() * 8);
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.append_null();
        } else {
            length.append(value(row), &mut builder);
        }
    }
    Arc::new(builder.finish())
}
