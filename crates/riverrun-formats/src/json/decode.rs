//! JSON into columns: one pass over the text, no tree in between.

use super::scan::{Broken, Scanner, Token};
use crate::columns::{Column, Columns, Values};
use crate::format::FormatSpec;
use crate::records::{self, ReadRecord, RecordDecoder};
use crate::text::{self, Dialect, NoValue, TimestampFormat, decimal};
use riverrun_core::hash_order::{self, string_data_hash};
use riverrun_core::{DataType, Error, Result, TypeKind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// Why a record has no row.
#[derive(Debug)]
enum Fault {
    /// It is not JSON: nothing behind this place can be trusted.
    Syntax(Broken),
    /// It is JSON, but a value does not fit its column. `reason` is empty where nobody will read it.
    Value { path: String, reason: String },
    /// A column is missing under `fail-on-missing-field`.
    Missing(String),
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Fault::Syntax(broken)
    }
}

/// What a decoder needs to know of a type beside its column: the names of a ROW's fields.
#[derive(Debug)]
enum Shape {
    Scalar,
    Row(RowShape),
    Array(Box<Shape>),
    Map(Box<Shape>),
}

impl Shape {
    /// `read`: the fields of a ROW that are looked at, if not all.
    fn new(data_type: &DataType, read: Option<&BTreeSet<usize>>) -> Result<Shape> {
        Ok(match &data_type.kind {
            TypeKind::Array(item) => Shape::Array(Box::new(Shape::new(item, None)?)),
            TypeKind::Map(key, value) => {
                check_key(data_type, key)?;
                Shape::Map(Box::new(Shape::new(value, None)?))
            }
            TypeKind::Multiset(key) => {
                check_key(data_type, key)?;
                Shape::Map(Box::new(Shape::Scalar))
            }
            TypeKind::Row(fields) => {
                let fields = fields.iter().enumerate().filter(|(at, _)| read.is_none_or(|read| read.contains(at)));
                Shape::Row(RowShape::new(
                    fields.map(|(_, field)| Ok((field.name.as_str(), Shape::new(&field.data_type, None)?))),
                )?)
            }
            _ => Shape::Scalar,
        })
    }
}

/// Keys of a JSON object are strings, and so must be those of a MAP.
pub(super) fn check_key(map: &DataType, key: &DataType) -> Result<()> {
    if key.kind.is_character() {
        return Ok(());
    }
    Err(Error::input(format!("the keys of a map must be strings in JSON, and {} has {}", map.kind, key.kind))
        .hint("declare the key as STRING, and cast it in the query"))
}

/// The fields of a row by name.
#[derive(Debug)]
struct RowShape {
    shapes: Vec<Shape>,
    names: FxHashMap<Box<str>, usize>,
    /// The names with their quotes and colons in the order of the first records, and the fields they belong to. Records
    /// are mostly alike, so the bytes are compared with those that stood there before; other names are looked up.
    order: Vec<(Box<[u8]>, Option<usize>)>,
}

impl RowShape {
    /// Objects with more members than this have the rest of their names hashed.
    const MAX_ORDER: usize = 256;

    fn new<'n>(fields: impl Iterator<Item = Result<(&'n str, Shape)>>) -> Result<RowShape> {
        let mut shape = RowShape { shapes: Vec::new(), names: FxHashMap::default(), order: Vec::new() };
        for (index, field) in fields.enumerate() {
            let (name, field) = field?;
            shape.names.insert(name.into(), index);
            shape.shapes.push(field);
        }
        Ok(shape)
    }

    /// Passes the name of the member at `position` in its object: the field it belongs to.
    #[inline]
    fn next_field(
        &mut self,
        position: usize,
        scanner: &mut Scanner<'_>,
        buffer: &mut String,
    ) -> Result<Option<usize>, Broken> {
        if let Some((known, field)) = self.order.get(position)
            && scanner.accept_name(known)
        {
            return Ok(*field);
        }
        let name = scanner.name()?;
        let plain = name.unescape(buffer)?;
        let field = self.names.get(plain).copied();
        if !name.escaped && position == self.order.len() && position < Self::MAX_ORDER {
            self.order.push((format!("\"{}\":", name.raw).into_bytes().into(), field));
        }
        Ok(field)
    }
}

/// How values are read; the same for all of them.
#[derive(Debug)]
struct Reading {
    ignore_errors: bool,
    fail_on_missing: bool,
    timestamps: TimestampFormat,
    buffer: String,
}

/// A decoder of JSON records.
pub type JsonDecoder = RecordDecoder<JsonReader>;

/// Reads JSON records.
#[derive(Debug)]
pub struct JsonReader {
    shape: RowShape,
    reading: Reading,
}

impl JsonDecoder {
    /// A decoder of the projected columns.
    pub fn new(spec: &FormatSpec) -> Result<JsonDecoder> {
        let columns = Columns::pruned(&spec.schema, &spec.projection, &spec.fields)?;
        let fields = spec.projection.iter().map(|at| (&spec.schema.fields[*at], spec.fields.get(at)));
        let shape = fields.map(|(field, read)| Ok((field.name.as_str(), Shape::new(&field.data_type, read)?)));
        let shape = RowShape::new(shape)?;
        let reading = Reading {
            ignore_errors: spec.options.bool(&super::IGNORE_PARSE_ERRORS)?,
            fail_on_missing: spec.options.bool(&super::FAIL_ON_MISSING_FIELD)?,
            timestamps: super::timestamp_format(&spec.options),
            buffer: String::new(),
        };
        let ignore_errors = reading.ignore_errors;
        Ok(RecordDecoder::over(columns, JsonReader { shape, reading }, ignore_errors))
    }
}

impl ReadRecord for JsonReader {
    fn read(&mut self, record: &[u8], columns: &mut Columns) -> Result<(), String> {
        let text = records::text(record)?;
        self.record(text, columns).map_err(|fault| describe(fault, text))
    }
}

impl JsonReader {
    fn record(&mut self, text: &str, columns: &mut Columns) -> Result<(), Fault> {
        let mut scanner = Scanner::new(text);
        match scanner.peek() {
            None => return Ok(()),
            Some(b'{') => self.row(&mut scanner, columns)?,
            Some(b'[') => {
                // An array of objects is as many rows.
                scanner.at += 1;
                let mut first = true;
                while scanner.element(first)? {
                    first = false;
                    if scanner.peek() != Some(b'{') {
                        return Err(scanner.broken("an object").into());
                    }
                    self.row(&mut scanner, columns)?;
                }
            }
            Some(_) => return Err(scanner.broken("an object").into()),
        }
        match scanner.peek() {
            None => Ok(()),
            Some(_) => Err(scanner.broken("the end of the record").into()),
        }
    }

    fn row(&mut self, scanner: &mut Scanner<'_>, columns: &mut Columns) -> Result<(), Fault> {
        scanner.at += 1;
        let row = columns.rows();
        members(&mut self.reading, &mut self.shape, scanner, &mut columns.columns, row)?;
        columns.end_row();
        Ok(())
    }
}

fn describe(fault: Fault, record: &str) -> String {
    match fault {
        Fault::Syntax(broken) => not_json(broken, record),
        Fault::Value { path, reason } => format!("column `{path}`: {reason}"),
        Fault::Missing(name) => format!("column `{name}` is missing, and json.fail-on-missing-field is true"),
    }
}

/// Why a record is not JSON, for a person.
pub(crate) fn not_json(Broken { at, expected }: Broken, record: &str) -> String {
    let rest = record.get(at..).unwrap_or("");
    match rest.chars().next() {
        None => format!("not JSON: expected {expected} at byte {at}, found the end of the record"),
        Some(_) => format!("not JSON: expected {expected} at byte {at}, found {}", text::excerpt(rest)),
    }
}

/// Reads the members of an object, behind its brace, into row `row` of `columns`.
fn members(
    reading: &mut Reading,
    shape: &mut RowShape,
    scanner: &mut Scanner<'_>,
    columns: &mut [Column],
    row: usize,
) -> Result<(), Fault> {
    let mut wanted = columns.len();
    let mut position = 0;
    while scanner.comes_member(position == 0)? {
        let field = shape.next_field(position, scanner, &mut reading.buffer)?;
        position += 1;
        // As in Flink, what follows when every column has its value is not looked at.
        let field = field.filter(|_| wanted > 0);
        let Some(field) = field else {
            scanner.skip()?;
            continue;
        };
        let (column, shape) = (&mut columns[field], &mut shape.shapes[field]);
        if column.len() > row {
            // Given twice: the last one counts.
            column.truncate(row);
        } else {
            wanted -= 1;
        }
        let token = scanner.token()?;
        value(reading, shape, scanner, token, column)?;
    }
    if wanted > 0 {
        for column in columns.iter_mut().filter(|column| column.len() <= row) {
            if reading.fail_on_missing {
                return Err(Fault::Missing(column.field.name.clone()));
            }
            column.push_null();
        }
    }
    Ok(())
}

/// Reads a value whose token has been read.
#[inline]
fn value<'a>(
    reading: &mut Reading,
    shape: &mut Shape,
    scanner: &mut Scanner<'a>,
    token: Token<'a>,
    column: &mut Column,
) -> Result<(), Fault> {
    if token == Token::Null {
        column.push_null();
        return Ok(());
    }
    let behind = *scanner;
    let len = column.len();
    let result = match shape {
        Shape::Scalar => scalar(reading, scanner, token, column),
        _ => nested(reading, shape, scanner, token, column),
    };
    match result {
        Err(Fault::Value { .. }) if reading.ignore_errors => {
            column.truncate(len);
            column.push_null();
            *scanner = behind;
            pass(scanner, token)?;
            Ok(())
        }
        result => result,
    }
}

/// Passes what is left of a value whose token has been read.
fn pass(scanner: &mut Scanner<'_>, token: Token<'_>) -> Result<(), Broken> {
    if matches!(token, Token::Object | Token::Array) {
        scanner.at -= 1;
        scanner.skip()?;
    }
    Ok(())
}

#[inline]
fn scalar<'a>(
    reading: &mut Reading,
    scanner: &mut Scanner<'a>,
    token: Token<'a>,
    column: &mut Column,
) -> Result<(), Fault> {
    match token {
        Token::String(text) => {
            if let (Values::Text(bytes), false) = (&mut column.values, text.escaped) {
                bytes.push(text.raw.as_bytes());
                column.pushed();
                return Ok(());
            }
            let plain = text.unescape(&mut reading.buffer)?;
            if text::push_text(column, plain, reading.timestamps, Dialect::Json).is_ok() {
                return Ok(());
            }
            Err(misfit(reading.ignore_errors, column, || text::excerpt(plain)))
        }
        Token::Number { text, float } => {
            number(column, text, float).map_err(|NoValue| misfit(reading.ignore_errors, column, || text.to_owned()))
        }
        Token::Bool(value) => match &mut column.values {
            Values::Boolean(values) => {
                values.append(value);
                column.pushed();
                Ok(())
            }
            Values::Text(bytes) => {
                bytes.push(if value { b"true" } else { b"false" });
                column.pushed();
                Ok(())
            }
            _ => Err(misfit(reading.ignore_errors, column, || value.to_string())),
        },
        Token::Object | Token::Array => {
            if let Values::Text(bytes) = &mut column.values {
                scanner.normalize(token, &mut bytes.data, &mut reading.buffer)?;
                bytes.end();
                column.pushed();
                return Ok(());
            }
            Err(misfit(reading.ignore_errors, column, || found(token)))
        }
        Token::Null => Ok(()),
    }
}

/// Appends a number as Jackson converts it.
#[inline]
fn number(column: &mut Column, number: &str, float: bool) -> Result<(), NoValue> {
    match &mut column.values {
        Values::Int(values) => values.push(if float { whole(number)? } else { text::integer(number)? }),
        Values::BigInt(values) => values.push(if float { whole(number)? } else { text::integer(number)? }),
        Values::Decimal { values, precision, scale } => {
            match decimal::parse(number.as_bytes(), *precision, *scale).ok_or(NoValue)? {
                Some(value) => values.push(value),
                None => {
                    column.push_null();
                    return Ok(());
                }
            }
        }
        // A number that is no string is no base64 either, even where its digits are.
        Values::Binary(_) => return Err(NoValue),
        _ => return text::push_text(column, number, TimestampFormat::Sql, Dialect::Json),
    }
    column.pushed();
    Ok(())
}

/// The whole part of a number with a point or exponent.
fn whole<T: TryFrom<i64>>(number: &str) -> Result<T, NoValue> {
    let value = number.parse::<f64>().map_err(|_| NoValue)?.trunc();
    // As a float the largest i64 is rounded up to 2⁶³, which is one too many.
    if !(i64::MIN as f64..i64::MAX as f64).contains(&value) {
        return Err(NoValue);
    }
    T::try_from(value as i64).map_err(|_| NoValue)
}

fn nested<'a>(
    reading: &mut Reading,
    shape: &mut Shape,
    scanner: &mut Scanner<'a>,
    token: Token<'a>,
    column: &mut Column,
) -> Result<(), Fault> {
    let name = &column.field.name;
    match (shape, token, &mut column.values) {
        (Shape::Row(shape), Token::Object, Values::Row { len, fields, .. }) => {
            members(reading, shape, scanner, fields, *len)
                .map_err(|fault| within(fault, |path| format!("{name}.{path}")))?;
            *len += 1;
        }
        (Shape::Array(shape), Token::Array, Values::Array { ends, item }) => {
            let start = item.len();
            while scanner.element(item.len() == start)? {
                let (index, token) = (item.len() - start, scanner.token()?);
                value(reading, shape, scanner, token, item).map_err(|fault| {
                    within(fault, |path| format!("{name}[{index}]{}", path.strip_prefix("item").unwrap_or(&path)))
                })?;
            }
            ends.push(item.len());
        }
        (Shape::Map(shape), Token::Object, Values::Map { ends, key: keys, value: values }) => {
            let (start, begin) = (keys.len(), *scanner);
            entries(reading, shape, scanner, name, keys, values)?;
            let repeated = has_duplicates(keys, start);
            if repeated || !in_hash_order(keys, start) {
                keys.truncate(start);
                values.truncate(start);
                hashed_entries(reading, shape, begin, repeated, keys, values)?;
            }
            ends.push(keys.len());
        }
        (_, token, _) => return Err(misfit(reading.ignore_errors, column, || found(token))),
    }
    column.pushed();
    Ok(())
}

/// Reads the members of an object, behind its brace, as entries of a map.
fn entries<'a>(
    reading: &mut Reading,
    shape: &mut Shape,
    scanner: &mut Scanner<'a>,
    name: &str,
    keys: &mut Column,
    values: &mut Column,
) -> Result<(), Fault> {
    let start = keys.len();
    while let Some(key) = scanner.member(keys.len() == start)? {
        push_key(keys, key.unescape(&mut reading.buffer)?);
        let token = scanner.token()?;
        value(reading, shape, scanner, token, values).map_err(|fault| {
            within(fault, |path| format!("{name}['{}']{}", key.raw, path.strip_prefix("value").unwrap_or(&path)))
        })?;
    }
    Ok(())
}

/// The same in the order of a hash table, where the last one of a key counts if keys are repeated.
fn hashed_entries<'a>(
    reading: &mut Reading,
    shape: &mut Shape,
    mut scanner: Scanner<'a>,
    repeated: bool,
    keys: &mut Column,
    values: &mut Column,
) -> Result<(), Fault> {
    let mut last: Vec<(String, Scanner<'a>)> = Vec::new();
    let mut first = true;
    while let Some(key) = scanner.member(first)? {
        first = false;
        let key = key.unescape(&mut reading.buffer)?;
        match last.iter_mut().find(|(known, _)| repeated && known == key) {
            Some((_, place)) => *place = scanner,
            None => last.push((key.to_owned(), scanner)),
        }
        scanner.skip()?;
    }
    hash_order::sort(&mut last, hash_order::BUCKETS, |(key, _)| string_data_hash(key));
    for (key, mut place) in last {
        push_key(keys, &key);
        let token = place.token()?;
        value(reading, shape, &mut place, token, values)?;
    }
    Ok(())
}

fn push_key(keys: &mut Column, key: &str) {
    if let Values::Text(bytes) = &mut keys.values {
        bytes.push(key.as_bytes());
        keys.pushed();
    }
}

fn in_hash_order(keys: &Column, start: usize) -> bool {
    let Values::Text(bytes) = &keys.values else { return true };
    let hash = |entry| string_data_hash(std::str::from_utf8(bytes.get(entry)).unwrap_or_default());
    hash_order::is_sorted(start..keys.len(), hash)
}

fn has_duplicates(keys: &Column, start: usize) -> bool {
    let Values::Text(bytes) = &keys.values else { return false };
    let mut seen = FxHashSet::default();
    !(start..keys.len()).all(|entry| seen.insert(bytes.get(entry)))
}

fn found(token: Token<'_>) -> String {
    match token {
        Token::Object => "an object".to_owned(),
        Token::Array => "an array".to_owned(),
        Token::String(text) => text::excerpt(text.raw),
        Token::Number { text, .. } => text.to_owned(),
        Token::Bool(value) => value.to_string(),
        Token::Null => "null".to_owned(),
    }
}

#[cold]
fn misfit(ignored: bool, column: &Column, found: impl FnOnce() -> String) -> Fault {
    if ignored {
        return Fault::Value { path: String::new(), reason: String::new() };
    }
    let reason = format!("expected {}, found {}", column.field.data_type.kind, found());
    Fault::Value { path: column.field.name.clone(), reason }
}

#[cold]
fn within(fault: Fault, path: impl FnOnce(String) -> String) -> Fault {
    match fault {
        Fault::Value { path: inner, reason } => Fault::Value { path: path(inner), reason },
        Fault::Missing(inner) => Fault::Missing(path(inner)),
        Fault::Syntax(broken) => Fault::Syntax(broken),
    }
}
