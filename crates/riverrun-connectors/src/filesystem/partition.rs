//! Partition values in folder names: `day=2024-02-29/country=de`, escaped as Hive does it.

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::partition;
use riverrun_core::{Error, Field, Result, TypeKind};
use riverrun_formats::columns::{Column, Values};
use riverrun_formats::text::decimal::Notation;
use riverrun_formats::text::flat::{Flat, TextStyle};
use riverrun_formats::text::{self, Dialect, NoValue, TimestampFormat};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

/// The values that the folders of a path give to the partition columns; the one nearest to the file counts.
pub fn values_of(path: &Path, keys: &[String]) -> Vec<Option<String>> {
    let mut values = vec![None; keys.len()];
    if keys.is_empty() {
        return values;
    }
    for part in path.parent().into_iter().flat_map(Path::components) {
        let part = part.as_os_str().to_string_lossy();
        if let Some((key, value)) = part.split_once('=')
            && let Some(index) = keys.iter().position(|known| *known == unescape(key))
        {
            values[index] = Some(unescape(value));
        }
    }
    values
}

/// A column of one row that holds a partition's value.
pub fn value_column(field: &Field, value: Option<&str>, default_name: &str) -> Result<ArrayRef> {
    let mut column = Column::new(field.clone())?;
    match value {
        None => column.push_null(),
        Some(value) if value == default_name => column.push_null(),
        Some(value) => push(&mut column, value).map_err(|NoValue| {
            Error::failure(format!("the folder name {}={value} gives no value", field.name))
                .detail(text::mismatch(field, value))
        })?,
    }
    column.finish()
}

fn push(column: &mut Column, value: &str) -> Result<(), NoValue> {
    match &mut column.values {
        // Flink writes the days since 1970.
        Values::Date(days) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
            days.push(text::integer(value)?);
            column.pushed();
            Ok(())
        }
        Values::Timestamp { local_zone, .. } => {
            let value = if *local_zone && !value.ends_with('Z') { format!("{value}Z") } else { value.to_owned() };
            text::push_text(column, &value, TimestampFormat::Iso8601, Dialect::Json)
                .or_else(|NoValue| text::push_text(column, &value, TimestampFormat::Sql, Dialect::Json))
        }
        _ => text::push_text(column, value, TimestampFormat::Sql, Dialect::Json),
    }
}

/// Writes the folder names of rows.
#[derive(Debug)]
pub struct PartitionNames {
    keys: Vec<(usize, String)>,
    default_name: String,
}

impl PartitionNames {
    /// Names made from the columns at these positions.
    pub fn new(keys: &[(usize, Field)], default_name: &str) -> Result<PartitionNames> {
        for (_, field) in keys {
            match &field.data_type.kind {
                TypeKind::Array(_) | TypeKind::Map(..) | TypeKind::Row(_) | TypeKind::Multiset(_) => {
                    return Err(Error::input(format!(
                        "column `{}` of type {} can't be in PARTITIONED BY",
                        field.name, field.data_type.kind
                    ))
                    .hint("its values name folders: use columns of texts, numbers, dates and times"));
                }
                _ => {}
            }
        }
        Ok(PartitionNames {
            keys: keys.iter().map(|(position, field)| (*position, field.name.clone())).collect(),
            default_name: default_name.to_owned(),
        })
    }

    /// The folders of a batch's rows below the table's, in the order in which they come first, each with its rows: the runs
    /// of rows with the same keys.
    pub fn folders(&self, batch: &RecordBatch) -> Result<Vec<(String, Vec<Range<usize>>)>> {
        let keys: Vec<ArrayRef> = self.keys.iter().map(|(position, _)| batch.column(*position).clone()).collect();
        let columns = keys.iter().map(|array| Ok((array, Flat::of(array)?))).collect::<Result<Vec<_>>>()?;
        let mut folders: Vec<(String, Vec<Range<usize>>)> = Vec::new();
        let mut known: HashMap<KeyTexts, usize> = HashMap::new();
        for run in partition(&keys)?.ranges() {
            let texts = KeyTexts::of(&columns, run.start);
            let place = *known.entry(texts).or_insert_with_key(|texts| {
                folders.push((self.name(texts), Vec::new()));
                folders.len() - 1
            });
            folders[place].1.push(run);
        }
        Ok(folders)
    }

    /// The folder of rows with these keys.
    fn name(&self, texts: &KeyTexts) -> String {
        let mut name = String::new();
        let mut start = 0;
        for ((_, key), &end) in self.keys.iter().zip(&texts.ends) {
            if !name.is_empty() {
                name.push('/');
            }
            escape(key, &mut name);
            name.push('=');
            match String::from_utf8_lossy(&texts.data[start..end]).as_ref() {
                "" => name.push_str(&self.default_name),
                text => escape(text, &mut name),
            }
            start = end;
        }
        name
    }
}

/// The texts of a row's keys one after the other, and where each ends. That of NULL is empty.
#[derive(PartialEq, Eq, Hash)]
struct KeyTexts {
    data: Vec<u8>,
    ends: Vec<usize>,
}

impl KeyTexts {
    fn of(columns: &[(&ArrayRef, Flat<'_>)], row: usize) -> KeyTexts {
        let style = TextStyle { timestamps: TimestampFormat::Iso8601, notation: Notation::Plain };
        let mut texts = KeyTexts { data: Vec::new(), ends: Vec::with_capacity(columns.len()) };
        for (array, flat) in columns {
            if !array.is_null(row) {
                flat.write(&mut texts.data, row, &style);
            }
            texts.ends.push(texts.data.len());
        }
        texts
    }
}

/// Appends a name with `%XX` for what a folder's name can't or should not hold, as Hive writes it.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '\0'..='\u{1f}'
            | '"'
            | '#'
            | '%'
            | '\''
            | '*'
            | '/'
            | ':'
            | '='
            | '?'
            | '\\'
            | '\u{7f}'
            | '{'
            | '['
            | ']'
            | '^' => {
                out.push_str(&format!("%{:02X}", character as u32));
            }
            other => out.push(other),
        }
    }
}

/// The name that was escaped.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = (byte == b'%').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code {
            Some(code) => {
                bytes.push(code);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
