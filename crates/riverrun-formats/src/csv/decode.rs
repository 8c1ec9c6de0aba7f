//! Rows of CSV into columns.

use super::{Dialect, check_types};
use crate::columns::{Column, Columns, Values};
use crate::format::FormatSpec;
use crate::records::{self, ReadRecord, RecordDecoder};
use crate::text::{self, NoValue, TimestampFormat};
use riverrun_core::Result;

/// A field of the row at hand: a part of the record, or of the scratch text if it had quotes or escapes within.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
    scratch: bool,
}

/// A decoder of CSV rows.
pub type CsvDecoder = RecordDecoder<CsvReader>;

/// Reads CSV rows.
#[derive(Debug)]
pub struct CsvReader {
    /// For every column the field it comes from.
    projection: Vec<usize>,
    /// How many fields a row has.
    width: usize,
    dialect: Dialect,
    ignore_errors: bool,
    fields: Vec<Span>,
    scratch: String,
}

impl CsvDecoder {
    /// A decoder of the projected columns.
    pub fn new(spec: &FormatSpec) -> Result<CsvDecoder> {
        check_types(&spec.schema)?;
        let ignore_errors = spec.options.bool(&super::IGNORE_PARSE_ERRORS)?;
        let reader = CsvReader {
            projection: spec.projection.clone(),
            width: spec.schema.len(),
            dialect: Dialect::new(&spec.options)?,
            ignore_errors,
            fields: Vec::new(),
            scratch: String::new(),
        };
        Ok(RecordDecoder::over(Columns::new(&spec.schema, &spec.projection)?, reader, ignore_errors))
    }
}

impl ReadRecord for CsvReader {
    fn read(&mut self, record: &[u8], columns: &mut Columns) -> Result<(), String> {
        let text = records::text(record)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = if self.dialect.comments {
            // As in Flink: looking for comments, its parser passes over empty lines and the spaces at a line's beginning.
            let text = text.trim_start_matches(' ');
            if text.is_empty() || text.starts_with('#') {
                return Ok(());
            }
            text
        } else {
            text
        };
        self.split(text)?;
        let found = self.fields.len();
        // One empty field more is a delimiter at the end of the line.
        let surplus = found > self.width
            && !(found == self.width + 1 && self.fields.last().is_some_and(|span| span.start == span.end));
        // As in Flink: of a row that is too short, columns that are not there are NULL, unless more columns are asked for
        // than it has.
        // For COUNT(*) Flink reads the first column, so that an empty line is not counted in silence.
        let empty = self.projection.is_empty() && self.width > 1 && text.is_empty();
        let short = empty || found < self.projection.len();
        if surplus || (short && !self.ignore_errors) {
            return Err(format!("expected {}, found {found}", fields(self.width)));
        }
        let reading = Reading {
            dialect: &self.dialect,
            null_literal: self.dialect.null_literal.as_deref(),
            ignore_errors: self.ignore_errors,
        };
        for (column, &field) in columns.columns.iter_mut().zip(&self.projection) {
            let Some(span) = self.fields.get(field) else {
                column.push_null();
                continue;
            };
            let source = if span.scratch { self.scratch.as_str() } else { text };
            reading.value(column, source.get(span.start..span.end).unwrap_or(""))?;
        }
        columns.end_row();
        Ok(())
    }
}

impl CsvReader {
    /// Finds the fields of a record.
    fn split(&mut self, text: &str) -> Result<(), String> {
        self.fields.clear();
        self.scratch.clear();
        let bytes = text.as_bytes();
        let delimiter = self.dialect.delimiter.as_bytes();
        let mut at = 0;
        loop {
            let (span, next) = if self.dialect.quote.is_some() && bytes.get(at).copied() == self.dialect.quote {
                quoted(text, at, &self.dialect, &mut self.scratch)?
            } else {
                bare(text, at, &self.dialect, &mut self.scratch)
            };
            self.fields.push(span);
            if next >= bytes.len() {
                return Ok(());
            }
            if !bytes[next..].starts_with(delimiter) {
                let rest = text::excerpt(text.get(next..).unwrap_or(""));
                let field = self.fields.len();
                return Err(format!(
                    "field {field}: expected '{}' or the end of the row after the closing quote, found {rest}",
                    self.dialect.delimiter
                ));
            }
            at = next + delimiter.len();
        }
    }
}

fn fields(count: usize) -> String {
    if count == 1 { "1 field".to_owned() } else { format!("{count} fields") }
}

/// The next delimiter from `at`, or the end.
fn delimiter_from(bytes: &[u8], at: usize, delimiter: &[u8]) -> usize {
    let rest = &bytes[at..];
    let found = match delimiter {
        [byte] => memchr::memchr(*byte, rest),
        longer => memchr::memmem::find(rest, longer),
    };
    found.map_or(bytes.len(), |found| at + found)
}

/// A field that does not begin with a quote: quotes within are characters like any other.
fn bare(text: &str, start: usize, dialect: &Dialect, scratch: &mut String) -> (Span, usize) {
    let bytes = text.as_bytes();
    let delimiter = dialect.delimiter.as_bytes();
    let end = delimiter_from(bytes, start, delimiter);
    let escape = dialect.escape.filter(|escape| memchr::memchr(*escape, &bytes[start..end]).is_some());
    let Some(escape) = escape else { return (Span { start, end, scratch: false }, end) };
    let from = scratch.len();
    let mut at = start;
    while at < bytes.len() && !bytes[at..].starts_with(delimiter) {
        if bytes[at] == escape {
            at = escaped(text, at, scratch);
            continue;
        }
        let plain = bytes[at + 1..]
            .iter()
            .position(|byte| *byte == escape || *byte == delimiter[0])
            .map_or(bytes.len(), |length| at + 1 + length);
        scratch.push_str(&text[at..plain]);
        at = plain;
    }
    (Span { start: from, end: scratch.len(), scratch: true }, at)
}

/// A field in quotes. Spaces may follow the closing one.
fn quoted(text: &str, start: usize, dialect: &Dialect, scratch: &mut String) -> Result<(Span, usize), String> {
    let bytes = text.as_bytes();
    let quote = dialect.quote.unwrap_or(b'"');
    let mut at = start + 1;
    let mut plain = at;
    let from = scratch.len();
    let end = loop {
        let rest = &bytes[at..];
        let found = match dialect.escape {
            Some(escape) => memchr::memchr2(quote, escape, rest),
            None => memchr::memchr(quote, rest),
        };
        let Some(found) = found else {
            return Err("a field is not closed with a quote".to_owned());
        };
        let here = at + found;
        if bytes[here] != quote {
            scratch.push_str(&text[plain..here]);
            at = escaped(text, here, scratch);
            plain = at;
        } else if bytes.get(here + 1) == Some(&quote) {
            scratch.push_str(&text[plain..=here]);
            at = here + 2;
            plain = at;
        } else {
            break here;
        }
    };
    let span = if scratch.len() == from && plain == start + 1 {
        Span { start: plain, end, scratch: false }
    } else {
        scratch.push_str(&text[plain..end]);
        Span { start: from, end: scratch.len(), scratch: true }
    };
    let spaces = if dialect.delimiter == " " { 0 } else { bytes[end + 1..].iter().take_while(|&&b| b == b' ').count() };
    Ok((span, end + 1 + spaces))
}

/// Appends the character that the escape at `at` stands for; where the text goes on.
fn escaped(text: &str, at: usize, scratch: &mut String) -> usize {
    let Some(character) = text[at + 1..].chars().next() else { return text.len() };
    scratch.push(match character {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\0',
        other => other,
    });
    at + 1 + character.len_utf8()
}

/// How fields are read.
struct Reading<'a> {
    dialect: &'a Dialect,
    null_literal: Option<&'a str>,
    ignore_errors: bool,
}

impl Reading<'_> {
    /// Appends the value of a field, or NULL where it has none and errors are ignored.
    fn value(&self, column: &mut Column, field: &str) -> Result<(), String> {
        if self.null_literal == Some(field) {
            column.push_null();
            return Ok(());
        }
        let len = column.len();
        let result = match &column.values {
            Values::Array { .. } | Values::Row { .. } => self.nested(column, field),
            _ => text::push_text(column, field, TimestampFormat::Sql, text::Dialect::Csv)
                .map_err(|NoValue| text::mismatch(&column.field, field)),
        };
        if result.is_err() && self.ignore_errors {
            column.truncate(len);
            column.push_null();
            return Ok(());
        }
        result
    }

    /// Appends an array or row whose elements stand in one field.
    fn nested(&self, column: &mut Column, field: &str) -> Result<(), String> {
        let mut elements = field.split(self.dialect.element_delimiter.as_str());
        match &mut column.values {
            // Jackson trims a field before it looks for elements.
            Values::Row { .. } if field.trim().is_empty() => {
                column.push_null();
                return Ok(());
            }
            Values::Row { len, fields, .. } => {
                let count = elements.clone().count();
                if count != fields.len() && !self.ignore_errors {
                    return Err(format!(
                        "column `{}`: expected a row of {}, found {count}",
                        column.field.name,
                        self::fields(fields.len())
                    ));
                }
                for inner in fields {
                    match elements.next() {
                        Some(element) => self.value(inner, element)?,
                        None => inner.push_null(),
                    }
                }
                *len += 1;
            }
            Values::Array { ends, item } => {
                for element in elements.filter(|_| !field.trim().is_empty()) {
                    self.value(item, element)?;
                }
                ends.push(item.len());
            }
            _ => return Err(text::mismatch(&column.field, field)),
        }
        column.pushed();
        Ok(())
    }
}
