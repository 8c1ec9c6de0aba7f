//! From a table's columns and options to the generators of its fields.

use super::field::{Expression, FieldGenerator, Make};
use super::fit;
use super::template::Template;
use crate::indexed::random::mix;
use riverrun_core::options::parse_duration;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, Options, Result, Schema, TypeKind};
use std::sync::Arc;

/// The generators of all columns, and how many rows their sequences allow.
pub struct Plan {
    pub fields: Vec<FieldGenerator>,
    pub total: Option<u64>,
}

/// Plans all columns of a table.
pub fn fields(schema: &Schema, options: &Options, seed: i64) -> Result<Plan> {
    let mut planner = Planner { options, seed: seed as u64, total: None, paths: Vec::new() };
    let fields = schema
        .fields
        .iter()
        .map(|field| planner.field(&format!("fields.{}", field.name), &field.data_type))
        .collect::<Result<Vec<_>>>()?;
    planner.check_paths()?;
    Ok(Plan { fields, total: planner.total })
}

struct Planner<'a> {
    options: &'a Options,
    seed: u64,
    total: Option<u64>,
    /// The paths of all fields, for options that name none.
    paths: Vec<String>,
}

impl Planner<'_> {
    fn field(&mut self, path: &str, data_type: &DataType) -> Result<FieldGenerator> {
        self.paths.push(path.to_owned());
        let salt = path.bytes().fold(mix(self.seed), |salt, byte| mix(salt ^ u64::from(byte)));
        let null_rate = self.number::<f64>(path, "null-rate", "a share from 0 to 1")?.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&null_rate) {
            return Err(self.wrong(path, "null-rate", "a share from 0 to 1"));
        }
        if null_rate > 0.0 && !data_type.nullable {
            let name = path.strip_prefix("fields.").unwrap_or(path);
            let place = self.options.given(&format!("{path}.null-rate")).and_then(|value| value.key_place);
            return Err(Error::input(format!("option '{path}.null-rate' makes NULLs, and `{name}` is NOT NULL"))
                .hint("leave it out, or declare the column without NOT NULL; primary keys and the keys of maps have no NULLs")
                .at(place));
        }
        fit::check(self.options, path, data_type)?;
        let make = if self.text(path, "expression").is_some() {
            self.template(path, data_type)?
        } else if self.text(path, "kind").is_some_and(|kind| kind.eq_ignore_ascii_case("sequence")) {
            self.sequence(path, data_type)?
        } else {
            self.random(path, data_type)?
        };
        Ok(FieldGenerator { salt, null_rate, make, data_type: data_type.to_arrow() })
    }

    /// A map's key, or a multiset's element: never NULL, whatever its type says.
    fn key(&mut self, path: &str, data_type: &DataType) -> Result<FieldGenerator> {
        self.field(path, &data_type.kind.clone().not_null())
    }

    fn template(&mut self, path: &str, data_type: &DataType) -> Result<Make> {
        let text = self.text(path, "expression").unwrap_or_default();
        let place = self.options.given(&format!("{path}.expression")).and_then(|value| value.value_place);
        let simple = !matches!(
            data_type.kind,
            TypeKind::Array(_) | TypeKind::Map(..) | TypeKind::Row(_) | TypeKind::Multiset(_)
        );
        if !simple {
            return Err(Error::input(format!("option '{path}.expression' gives text, not {}", data_type.kind))
                .hint("leave it out for random values")
                .at(place));
        }
        let template = Template::parse(text).map_err(|error| error.at(place))?;
        Ok(Make::Template(Arc::new(Expression { template, option: format!("{path}.expression"), place })))
    }

    fn sequence(&mut self, path: &str, data_type: &DataType) -> Result<Make> {
        let kind = self.options.given(&format!("{path}.kind"));
        let place = kind.and_then(|value| value.value_place);
        let whole = |name| -> Result<i64> {
            self.number(path, name, "a whole number")?.ok_or_else(|| {
                Error::input(format!("option '{path}.{name}' is missing: a sequence needs it"))
                    .hint("a sequence goes from 'start' to 'end'; leave 'kind' out for random values")
                    .at(place)
            })
        };
        let (start, end) = (whole("start")?, whole("end")?);
        if end < start {
            return Err(self.wrong(path, "end", &format!("a number that is not below the start, {start}")));
        }
        let length = (i128::from(end) - i128::from(start) + 1) as u64;
        self.total = Some(self.total.map_or(length, |total| total.min(length)));
        match &data_type.kind {
            kind if kind.is_numeric() || kind.is_character() => Ok(Make::Sequence { start }),
            other => {
                Err(Error::input(format!("'{path}' can't be a sequence: {other} is neither a number nor a string"))
                    .hint("leave 'kind' out for random values")
                    .at(place))
            }
        }
    }

    fn random(&mut self, path: &str, data_type: &DataType) -> Result<Make> {
        Ok(match &data_type.kind {
            TypeKind::Boolean => Make::Boolean,
            TypeKind::TinyInt => self.integer(path, i8::MIN.into(), i8::MAX.into())?,
            TypeKind::SmallInt => self.integer(path, i16::MIN.into(), i16::MAX.into())?,
            TypeKind::Int => self.integer(path, i32::MIN.into(), i32::MAX.into())?,
            TypeKind::BigInt => self.integer(path, i64::MIN, i64::MAX)?,
            TypeKind::IntervalMonths => self.integer(path, 0, 120_000)?,
            TypeKind::IntervalMillis => self.integer(path, 0, 31_536_000_000)?,
            TypeKind::Float => self.double(path, f64::from(f32::MIN), f64::from(f32::MAX))?,
            TypeKind::Double => self.double(path, f64::MIN, f64::MAX)?,
            TypeKind::Decimal { precision, scale } => {
                let most = 10f64.powi(i32::from(*precision) - i32::from(*scale));
                let Make::Double { min, max } = self.double(path, -most, most)? else { return Ok(Make::Boolean) };
                Make::Decimal { min, max, precision: *precision, scale: *scale }
            }
            TypeKind::Char(length) | TypeKind::Varchar(length) => self.sized(path, *length, false)?,
            TypeKind::Binary(length) | TypeKind::Varbinary(length) => self.sized(path, *length, true)?,
            TypeKind::Date => Make::Date,
            TypeKind::Time(_) => Make::Time,
            TypeKind::Timestamp { .. } | TypeKind::TimestampLtz { .. } => {
                let max_past = match self.text(path, "max-past") {
                    None => 0,
                    Some(text) => {
                        parse_duration(text).ok_or_else(|| self.wrong(path, "max-past", "a duration like '5 min'"))?.0
                    }
                };
                Make::Timestamp {
                    max_past: max_past.max(0),
                    local: matches!(data_type.kind, TypeKind::Timestamp { .. }),
                }
            }
            TypeKind::Array(element) => {
                let element = self.field(&format!("{path}.element"), element)?;
                Make::Array { element: Box::new(element), length: self.length(path, 3)? }
            }
            TypeKind::Map(key, value) => Make::Map {
                key: Box::new(self.key(&format!("{path}.key"), key)?),
                value: Some(Box::new(self.field(&format!("{path}.value"), value)?)),
                length: self.length(path, 3)?,
            },
            TypeKind::Multiset(element) => Make::Map {
                key: Box::new(self.key(&format!("{path}.element"), element)?),
                value: None,
                length: self.length(path, 3)?,
            },
            TypeKind::Row(fields) => Make::Row(
                fields
                    .iter()
                    .map(|field| self.field(&format!("{path}.{}", field.name), &field.data_type))
                    .collect::<Result<_>>()?,
            ),
            other => return Err(Error::unsupported(format!("a column of type {other} in a datagen table"))),
        })
    }

    fn integer(&self, path: &str, least: i64, most: i64) -> Result<Make> {
        let min = self.number(path, "min", "a whole number")?.unwrap_or(least);
        let max = self.number(path, "max", "a whole number")?.unwrap_or(most);
        for (name, number) in [("min", min), ("max", max)] {
            if !(least..=most).contains(&number) {
                return Err(self.wrong(path, name, &format!("from {least} to {most}")));
            }
        }
        if min > max {
            return Err(self.wrong(path, "max", &format!("a number that is not below the least, {min}")));
        }
        Ok(Make::Integer { min, max })
    }

    fn double(&self, path: &str, least: f64, most: f64) -> Result<Make> {
        let min = self.number(path, "min", "a number")?.unwrap_or(least);
        let max = self.number(path, "max", "a number")?.unwrap_or(most);
        if min > max {
            // One that is not given is the type's, which the other is beyond.
            let (name, expected) = match self.text(path, "max") {
                Some(_) => ("max", format!("a number that is not below the least, {min}")),
                None => ("min", format!("a number up to {most}")),
            };
            return Err(self.wrong(path, name, &expected));
        }
        Ok(Make::Double { min, max })
    }

    fn sized(&self, path: &str, declared: u32, bytes: bool) -> Result<Make> {
        let default = if declared == riverrun_core::types::MAX_LENGTH { 100 } else { declared as usize };
        let length = self.length(path, default)?;
        if length > declared as usize {
            return Err(self.wrong(path, "length", &format!("at most the declared length, {declared}")));
        }
        let varies = self.text(path, "var-len").is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
        Ok(if bytes { Make::Bytes { length, varies } } else { Make::Text { length, varies } })
    }

    fn length(&self, path: &str, default: usize) -> Result<usize> {
        Ok(self.number(path, "length", "a length")?.unwrap_or(default))
    }

    fn text(&self, path: &str, name: &str) -> Option<&str> {
        self.options.given(&format!("{path}.{name}")).map(|value| value.text.as_str())
    }

    fn number<T: std::str::FromStr>(&self, path: &str, name: &str, expected: &str) -> Result<Option<T>> {
        self.text(path, name).map(|text| text.trim().parse().map_err(|_| self.wrong(path, name, expected))).transpose()
    }

    fn wrong(&self, path: &str, name: &str, expected: &str) -> Error {
        let key = format!("{path}.{name}");
        let value = self.options.given(&key);
        let text = value.map_or("", |value| value.text.as_str());
        Error::input(format!("'{text}' is no value for option '{key}'"))
            .detail(format!("expected: {expected}"))
            .at(value.and_then(|value| value.value_place))
    }

    /// Refuses options of fields that the table does not have.
    fn check_paths(&self) -> Result<()> {
        for (key, value) in self.options.iter().filter(|(key, _)| key.starts_with("fields.")) {
            let Some((path, _)) = key.rsplit_once('.') else { continue };
            if !self.paths.iter().any(|known| known == path) {
                let names = self.paths.iter().filter_map(|known| known.strip_prefix("fields."));
                let name = path.strip_prefix("fields.").unwrap_or(path);
                return Err(Error::input(format!(
                    "option '{key}' is of a field '{name}', which the table does not have"
                ))
                .hint_opt(did_you_mean(name, names))
                .at(value.key_place));
            }
        }
        Ok(())
    }
}
