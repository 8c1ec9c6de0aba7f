//! A JSON value, borrowed from its text.

use super::number::{is_integer, write_number};
use std::borrow::Cow;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true`, `false`.
    Boolean(bool),
    /// A number as it is written.
    Number(Cow<'a, str>),
    /// A string without its quotes and escapes.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object: keys are unique, in the order in which they first came.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Whether this is no array and no object. Null counts as a scalar.
    pub fn is_scalar(&self) -> bool {
        !matches!(self, Json::Array(_) | Json::Object(_))
    }

    /// The member of an object, or `None`.
    pub fn member(&self, key: &str) -> Option<&Json<'a>> {
        match self {
            Json::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// An integer of a size that the program uses itself.
    pub fn from_count(count: usize) -> Json<'static> {
        Json::Number(Cow::Owned(count.to_string()))
    }

    /// Writes the value as Flink does: no spaces, keys sorted, fractions as Java's BigDecimal.
    pub fn write(&self, out: &mut String) {
        self.write_with(&|number, out| write_number(number, out), out);
    }

    /// [`Json::write`] with another notation of numbers.
    pub fn write_with(&self, number: &dyn Fn(&str, &mut String), out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Boolean(true) => out.push_str("true"),
            Json::Boolean(false) => out.push_str("false"),
            Json::Number(text) => number(text, out),
            Json::String(text) => write_string(text, out),
            Json::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    element.write_with(number, out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
                out.push('{');
                for (index, (key, value)) in sorted.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(key, out);
                    out.push(':');
                    value.write_with(number, out);
                }
                out.push('}');
            }
        }
    }

    /// Writes a scalar as SQL's text of it: a string without quotes. Others as [`Json::write`].
    pub fn write_text(&self, out: &mut String) {
        match self {
            Json::String(text) => out.push_str(text),
            other => other.write(out),
        }
    }

    /// The value as an INT, if it is a whole number in its range.
    pub fn as_int(&self) -> Option<i32> {
        match self {
            Json::Number(text) if is_integer(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The value as a DOUBLE, if it is a number.
    pub fn as_double(&self) -> Option<f64> {
        match self {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The value as a BOOLEAN, if it is one.
    pub fn as_boolean(&self) -> Option<bool> {
        match self {
            Json::Boolean(value) => Some(*value),
            _ => None,
        }
    }
}

/// Writes a string with quotes and the escapes that JSON demands, as Jackson does.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = 0;
    for (position, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[rest..position]);
        rest = position + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            control => {
                out.push_str("\\u00");
                for digit in [control >> 4, control & 15] {
                    out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
                }
            }
        }
    }
    out.push_str(&text[rest..]);
    out.push('"');
}
