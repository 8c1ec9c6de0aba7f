//! One field: its values for a run of row indices, as a column.

use super::template::Template;
use crate::indexed::random::Random;
use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    ListArray, MapArray, StringArray, StructArray, Time32MillisecondArray,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, TimeUnit};
use chrono_tz::Tz;
use riverrun_core::zone::offset_at_instant;
use riverrun_core::{Error, Millis, Place, Result};
use std::sync::Arc;

/// The clock, in UTC and in the session's zone.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub utc: i64,
    pub local: i64,
}

impl Now {
    pub fn new(now: Millis, zone: Tz) -> Self {
        Now { utc: now.0, local: now.0 + offset_at_instant(zone, now.0.div_euclid(1_000)) * 1_000 }
    }
}

/// `fields.#.expression`.
#[derive(Debug)]
pub struct Expression {
    /// Its value.
    pub template: Template,
    /// Its name.
    pub option: String,
    /// Where its value stands.
    pub place: Option<Place>,
}

/// Makes the values of a field.
#[derive(Clone, Debug)]
pub struct FieldGenerator {
    /// What makes this field's random numbers its own.
    pub salt: u64,
    /// The share of NULLs.
    pub null_rate: f64,
    pub make: Make,
    pub data_type: ArrowType,
}

/// How values are made.
#[derive(Clone, Debug)]
pub enum Make {
    Boolean,
    Integer {
        min: i64,
        max: i64,
    },
    Double {
        min: f64,
        max: f64,
    },
    Decimal {
        min: f64,
        max: f64,
        precision: u8,
        scale: u8,
    },
    /// Hexadecimal digits, as in Flink.
    Text {
        length: usize,
        varies: bool,
    },
    Bytes {
        length: usize,
        varies: bool,
    },
    /// The current date.
    Date,
    /// The current time.
    Time,
    Timestamp {
        max_past: i64,
        local: bool,
    },
    Array {
        element: Box<FieldGenerator>,
        length: usize,
    },
    /// Without `value`: a multiset, each element once.
    Map {
        key: Box<FieldGenerator>,
        value: Option<Box<FieldGenerator>>,
        length: usize,
    },
    Row(Vec<FieldGenerator>),
    /// The first number plus the index.
    Sequence {
        start: i64,
    },
    Template(Arc<Expression>),
}

const DAY: i64 = 86_400_000;

impl FieldGenerator {
    /// The values of the rows `first`, `first + 1`, …
    pub fn generate(&self, first: u64, rows: usize, now: &Now) -> Result<ArrayRef> {
        let nulls = self.nulls(first, rows);
        let indices = || first..first + rows as u64;
        let random = |index| Random::new(self.salt, index);
        let values: ArrayRef = match &self.make {
            Make::Boolean => {
                let bits = BooleanBuffer::collect_bool(rows, |row| random(first + row as u64).bits() & 1 == 1);
                Arc::new(BooleanArray::new(bits, None))
            }
            Make::Integer { min, max } => {
                Arc::new(Int64Array::from_iter_values(indices().map(|index| random(index).between(*min, *max))))
            }
            Make::Sequence { start } => {
                Arc::new(Int64Array::from_iter_values(indices().map(|index| start.wrapping_add(index as i64))))
            }
            Make::Double { min, max } => Arc::new(Float64Array::from_iter_values(
                indices().map(|index| within(random(index).unit(), *min, *max)),
            )),
            Make::Decimal { min, max, precision, scale } => {
                let (unit, most) = (10f64.powi((*scale).into()), 10i128.pow((*precision).into()) - 1);
                let digits = indices()
                    .map(|index| ((within(random(index).unit(), *min, *max) * unit) as i128).clamp(-most, most));
                let values = Decimal128Array::from_iter_values(digits);
                Arc::new(values.with_precision_and_scale(*precision, *scale as i8)?)
            }
            Make::Text { length, varies } => {
                let texts = indices().map(|index| {
                    let mut random = random(index);
                    let length = vary(&mut random, *length, *varies);
                    hex(&mut random, length)
                });
                Arc::new(StringArray::from_iter_values(texts))
            }
            Make::Bytes { length, varies } => {
                let values = indices().map(|index| {
                    let mut random = random(index);
                    let length = vary(&mut random, *length, *varies);
                    (0..length).map(|_| random.bits() as u8).collect::<Vec<u8>>()
                });
                Arc::new(BinaryArray::from_iter_values(values))
            }
            Make::Date => Arc::new(Date32Array::from_value(now.local.div_euclid(DAY) as i32, rows)),
            Make::Time => Arc::new(Time32MillisecondArray::from_value(now.local.rem_euclid(DAY) as i32, rows)),
            Make::Timestamp { max_past, local } => {
                let now = if *local { now.local } else { now.utc };
                let unit = match self.data_type {
                    ArrowType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
                    ArrowType::Timestamp(TimeUnit::Nanosecond, _) => 1_000_000,
                    _ => 1,
                };
                let times = indices().map(|index| (now - random(index).between(0, *max_past)) * unit);
                Arc::new(Int64Array::from_iter_values(times))
            }
            Make::Template(expression) => self.template(expression, first, rows, now)?,
            Make::Array { .. } | Make::Map { .. } | Make::Row(_) => return self.nested(first, rows, now, nulls),
        };
        let values = if values.data_type() == &self.data_type { values } else { cast(&values, &self.data_type)? };
        match nulls {
            None => Ok(values),
            Some(nulls) => Ok(arrow::compute::nullif(&values, &BooleanArray::new(!nulls.inner(), None))?),
        }
    }

    fn nulls(&self, first: u64, rows: usize) -> Option<NullBuffer> {
        if self.null_rate <= 0.0 {
            return None;
        }
        let valid = BooleanBuffer::collect_bool(rows, |row| {
            Random::new(!self.salt, first + row as u64).unit() >= self.null_rate
        });
        Some(NullBuffer::new(valid))
    }

    fn template(&self, expression: &Expression, first: u64, rows: usize, now: &Now) -> Result<ArrayRef> {
        let mut text = String::new();
        let texts = (0..rows as u64).map(|row| {
            text.clear();
            expression.template.write(&mut Random::new(self.salt, first + row), now, &mut text);
            Some(text.clone())
        });
        let texts: ArrayRef = Arc::new(texts.collect::<StringArray>());
        if self.data_type == ArrowType::Utf8 {
            return Ok(texts);
        }
        let options = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(&texts, &self.data_type, &options).map_err(|error| {
            Error::failure(format!("the text of '{}' does not fit the field's type", expression.option))
                .detail(error.to_string())
                .at(expression.place)
        })
    }

    fn nested(&self, first: u64, rows: usize, now: &Now, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let offsets = |length: usize| OffsetBuffer::from_lengths(std::iter::repeat_n(length, rows));
        // The elements of all rows are rows of their own.
        let elements = |field: &FieldGenerator, length: usize| {
            field.generate(first.wrapping_mul(length as u64), rows * length, now)
        };
        Ok(match (&self.make, &self.data_type) {
            (Make::Array { element, length }, ArrowType::List(field)) => {
                Arc::new(ListArray::try_new(field.clone(), offsets(*length), elements(element, *length)?, nulls)?)
            }
            (Make::Map { key, value, length }, ArrowType::Map(entry, _)) => {
                let ArrowType::Struct(fields) = entry.data_type() else {
                    return Err(Error::bug("the entries of a map are no struct"));
                };
                let values: ArrayRef = match value {
                    Some(value) => elements(value, *length)?,
                    None => Arc::new(Int32Array::from_value(1, rows * length)),
                };
                let entries = StructArray::try_new(fields.clone(), vec![elements(key, *length)?, values], None)?;
                Arc::new(MapArray::try_new(entry.clone(), offsets(*length), entries, nulls, false)?)
            }
            (Make::Row(children), ArrowType::Struct(fields)) => {
                let children = children.iter().map(|child| child.generate(first, rows, now));
                let children = children.collect::<Result<Vec<_>>>()?;
                Arc::new(StructArray::try_new_with_length(fields.clone(), children, nulls, rows)?)
            }
            (_, other) => return Err(Error::bug(format!("a generator of another type than {other}"))),
        })
    }
}

fn within(share: f64, min: f64, max: f64) -> f64 {
    // Not min + share · (max − min), which overflows for the range of all numbers.
    min * (1.0 - share) + max * share
}

fn vary(random: &mut Random, length: usize, varies: bool) -> usize {
    if varies && length > 0 { 1 + random.below(length as u64) as usize } else { length }
}

fn hex(random: &mut Random, length: usize) -> String {
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        use std::fmt::Write;
        let _ = write!(text, "{:016x}", random.bits());
    }
    text.truncate(length);
    text
}
