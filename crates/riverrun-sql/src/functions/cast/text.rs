//! Casts to CHAR, VARCHAR and STRING.

use super::rules::is_unlimited;
use super::string::strings;
use super::{ArrayCast, wrong_array};
use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use chrono_tz::Tz;
use riverrun_core::{Error, Result, TextStyle, TypeKind, ValueWriter};
use std::sync::Arc;

/// How long the texts of a type are, in code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextLength {
    /// STRING.
    Any,
    /// VARCHAR(n): longer texts are cut.
    AtMost(usize),
    /// CHAR(n): longer texts are cut, shorter ones padded with blanks.
    Exactly(usize),
}

impl TextLength {
    pub(super) fn of(kind: &TypeKind) -> TextLength {
        match kind {
            TypeKind::Char(length) => TextLength::Exactly(*length as usize),
            TypeKind::Varchar(length) if !is_unlimited(*length) => TextLength::AtMost(*length as usize),
            _ => TextLength::Any,
        }
    }

    /// Cuts or pads what stands in `text`.
    fn fit(self, text: &mut String) {
        let (TextLength::AtMost(length) | TextLength::Exactly(length)) = self else {
            return;
        };
        // The bytes of a text are at least as many as its code points.
        if text.len() > length
            && let Some((end, _)) = text.char_indices().nth(length)
        {
            text.truncate(end);
        }
        if let TextLength::Exactly(_) = self {
            for _ in text.chars().count()..length {
                text.push(' ');
            }
        }
    }
}

/// Between texts of different lengths; `None` where every text fits.
pub(super) fn resize(from: &TypeKind, length: TextLength) -> Option<ArrayCast> {
    match (TextLength::of(from), length) {
        (_, TextLength::Any) => return None,
        (TextLength::AtMost(from) | TextLength::Exactly(from), TextLength::AtMost(to)) if from <= to => return None,
        _ => {}
    }
    Some(Arc::new(move |array| {
        let texts = strings(array)?;
        write_texts(array, |row, out| {
            out.push_str(texts.value(row));
            length.fit(out);
        })
    }))
}

/// BYTES as UTF-8; what is none becomes U+FFFD.
pub(super) fn from_bytes(length: TextLength) -> ArrayCast {
    Arc::new(move |array| {
        let bytes = array.as_binary_opt::<i32>().ok_or_else(|| wrong_array(array, "BYTES"))?;
        write_texts(array, |row, out| {
            out.push_str(&String::from_utf8_lossy(bytes.value(row)));
            length.fit(out);
        })
    })
}

/// Any other type.
pub(super) fn to_text(zone: Tz, from: &TypeKind, length: TextLength) -> ArrayCast {
    let from = from.clone().nullable();
    Arc::new(move |array| {
        let writer = ValueWriter::new(array.as_ref(), &from, TextStyle::Cast(zone))?;
        write_texts(array, |row, out| {
            writer.write(row, out);
            length.fit(out);
        })
    })
}

/// A text for each value of `array` that isn't NULL.
fn write_texts(array: &ArrayRef, mut write: impl FnMut(usize, &mut String)) -> Result<ArrayRef> {
    let mut builder = StringBuilder::with_capacity(array.len(), array.len() * 8);
    let mut buffer = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.append_null();
            continue;
        }
        buffer.clear();
        write(row, &mut buffer);
        if builder.values_slice().len() + buffer.len() > i32::MAX as usize {
            return Err(Error::failure("the texts of one batch exceed 2 GiB"));
        }
        builder.append_value(&buffer);
    }
    let texts: StringArray = builder.finish();
    Ok(Arc::new(texts))
}
