//! `csv`: columns by position, separated by a character.
//!
//! Options and mapping as in Flink 2.3, "CSV Format", which reads and writes with Jackson's loose mode: quotes count only
//! where a field begins with one, and are written where a field needs them or is long.

mod decode;
mod encode;
mod frame;
#[cfg(test)]
mod tests;

pub use decode::CsvDecoder;
pub use encode::CsvEncoder;
pub use frame::CsvFramer;

use crate::format::{Decoder, Encoder, Format, FormatSpec, Framer};
use riverrun_core::{DataType, Error, Field, OptionDef, OptionType, Options, Result, Schema, TypeKind};

const FIELD_DELIMITER: OptionDef =
    OptionDef::new("field-delimiter", OptionType::Text, Some(","), "The character between fields; '\\t' for a tab.");
const DISABLE_QUOTE_CHARACTER: OptionDef = OptionDef::new(
    "disable-quote-character",
    OptionType::Bool,
    Some("false"),
    "Whether quotes are characters like any other.",
);
const QUOTE_CHARACTER: OptionDef =
    OptionDef::new("quote-character", OptionType::Text, Some("\""), "The character around fields.");
const ALLOW_COMMENTS: OptionDef = OptionDef::new(
    "allow-comments",
    OptionType::Bool,
    Some("false"),
    "Passes over lines that begin with #, empty lines, and spaces that a line begins with.",
);
const IGNORE_PARSE_ERRORS: OptionDef = OptionDef::new(
    "ignore-parse-errors",
    OptionType::Bool,
    Some("false"),
    "Makes a field that does not fit NULL, fills short rows with NULL, and passes over rows that are too long.",
);
const ARRAY_ELEMENT_DELIMITER: OptionDef = OptionDef::new(
    "array-element-delimiter",
    OptionType::Text,
    Some(";"),
    "The text between the elements of an ARRAY or ROW.",
);
const ESCAPE_CHARACTER: OptionDef =
    OptionDef::new("escape-character", OptionType::Text, None, "The character that takes the next one's meaning away.");
const NULL_LITERAL: OptionDef =
    OptionDef::new("null-literal", OptionType::Text, None, "The text that stands for NULL.");
const SCIENTIFIC: OptionDef = OptionDef::new(
    "write-bigdecimal-in-scientific-notation",
    OptionType::Bool,
    Some("true"),
    "Writes decimals without trailing zeros, 100000 as 1E+5.",
);

/// The format.
#[derive(Debug)]
pub struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn doc(&self) -> &'static str {
        "Columns by position, separated by a character (RFC 4180)."
    }

    fn options(&self) -> &'static [OptionDef] {
        &[
            FIELD_DELIMITER,
            DISABLE_QUOTE_CHARACTER,
            QUOTE_CHARACTER,
            ALLOW_COMMENTS,
            IGNORE_PARSE_ERRORS,
            ARRAY_ELEMENT_DELIMITER,
            ESCAPE_CHARACTER,
            NULL_LITERAL,
            SCIENTIFIC,
        ]
    }

    fn decoder(&self, spec: &FormatSpec) -> Result<Box<dyn Decoder>> {
        Ok(Box::new(CsvDecoder::new(spec)?))
    }

    fn encoder(&self, spec: &FormatSpec) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(CsvEncoder::new(spec)?))
    }

    fn framer(&self, options: &Options) -> Result<Box<dyn Framer>> {
        Ok(Box::new(CsvFramer::new(&Dialect::new(options)?)))
    }
}

/// The characters of a CSV file.
#[derive(Clone, Debug)]
struct Dialect {
    /// The delimiter in UTF-8.
    delimiter: String,
    quote: Option<u8>,
    escape: Option<u8>,
    element_delimiter: String,
    null_literal: Option<String>,
    comments: bool,
}

impl Dialect {
    fn new(options: &Options) -> Result<Dialect> {
        let delimiter = character(options, &FIELD_DELIMITER)?.unwrap_or(',');
        if options.bool(&DISABLE_QUOTE_CHARACTER)? && options.given(QUOTE_CHARACTER.name).is_some() {
            return Err(Error::input("csv.quote-character can't be set while csv.disable-quote-character is true")
                .hint("leave one of them out")
                .at(options.given(QUOTE_CHARACTER.name).and_then(|value| value.key_place)));
        }
        let quote = if options.bool(&DISABLE_QUOTE_CHARACTER)? { None } else { ascii(options, &QUOTE_CHARACTER)? };
        let escape = ascii(options, &ESCAPE_CHARACTER)?;
        for (other, definition) in [(quote, &QUOTE_CHARACTER), (escape, &ESCAPE_CHARACTER)] {
            if other.is_some_and(|other| char::from(other) == delimiter) {
                let given = options.given(FIELD_DELIMITER.name).or_else(|| options.given(definition.name));
                return Err(Error::input(format!(
                    "csv.{} and csv.{} are both '{delimiter}'",
                    FIELD_DELIMITER.name, definition.name
                ))
                .hint("set one of them to another character; 'csv.disable-quote-character' = 'true' for files without quotes")
                .at(given.and_then(|value| value.value_place)));
            }
        }
        let element_delimiter = unescape_java(options.text(&ARRAY_ELEMENT_DELIMITER).unwrap_or(";"));
        if element_delimiter.is_empty() {
            return Err(Error::input("csv.array-element-delimiter is empty")
                .hint("leave it out for ';'")
                .at(options.given(ARRAY_ELEMENT_DELIMITER.name).and_then(|value| value.value_place)));
        }
        Ok(Dialect {
            delimiter: delimiter.to_string(),
            quote,
            escape,
            element_delimiter,
            null_literal: options.text(&NULL_LITERAL).map(str::to_owned),
            comments: options.bool(&ALLOW_COMMENTS)?,
        })
    }
}

/// The one character that an option must be.
fn character(options: &Options, definition: &OptionDef) -> Result<Option<char>> {
    let Some(text) = options.text(definition) else { return Ok(None) };
    let plain = unescape_java(text);
    let mut characters = plain.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(Some(character)),
        _ => Err(Error::input(format!("csv.{} must be one character, and is '{text}'", definition.name))
            .at(options.given(definition.name).and_then(|value| value.value_place))),
    }
}

fn ascii(options: &Options, definition: &OptionDef) -> Result<Option<u8>> {
    match character(options, definition)? {
        None => Ok(None),
        Some(character) if character.is_ascii() => Ok(Some(character as u8)),
        Some(character) => Err(Error::unsupported(format!("'{character}' as csv.{} (not ASCII)", definition.name))
            .at(options.given(definition.name).and_then(|value| value.value_place))),
    }
}

/// What Java's escapes in an option mean: `\t` is a tab. A single backslash is itself.
fn unescape_java(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let (character, length) = match escape.chars().next() {
            Some('t') => ('\t', 1),
            Some('n') => ('\n', 1),
            Some('r') => ('\r', 1),
            Some('b') => ('\u{8}', 1),
            Some('f') => ('\u{c}', 1),
            Some(c @ ('\\' | '"' | '\'')) => (c, 1),
            Some('u') => {
                match escape.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
                    Some(character) => (character, 5),
                    None => ('\\', 0),
                }
            }
            _ => ('\\', 0),
        };
        plain.push(character);
        rest = &escape[length..];
    }
    plain.push_str(rest);
    plain
}

/// Refuses types that a field of CSV can't hold.
fn check_types(schema: &Schema) -> Result<()> {
    schema.fields.iter().try_for_each(|field| match &field.data_type.kind {
        TypeKind::Array(item) => check_nested(field, item),
        TypeKind::Row(fields) => fields.iter().try_for_each(|inner| check_nested(field, &inner.data_type)),
        _ => check_flat(field, &field.data_type),
    })
}

fn check_nested(field: &Field, data_type: &DataType) -> Result<()> {
    match data_type.kind {
        TypeKind::Array(_) | TypeKind::Row(_) => Err(refused(field, "CSV has no nesting below an array or a row")),
        _ => check_flat(field, data_type),
    }
}

fn check_flat(field: &Field, data_type: &DataType) -> Result<()> {
    match data_type.kind {
        TypeKind::Map(..) | TypeKind::Multiset(_) => Err(refused(field, "CSV has no maps")),
        TypeKind::Variant | TypeKind::Bitmap => Err(refused(field, "CSV has no form for values of this type")),
        _ => Ok(()),
    }
}

fn refused(field: &Field, why: &str) -> Error {
    Error::input(format!("column `{}` of type {} can't be read or written as CSV", field.name, field.data_type.kind))
        .detail(why)
        .hint("use 'format' = 'json', or declare the column as STRING")
}
