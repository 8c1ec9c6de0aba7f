//! Flink's SQL types, and the Arrow types that hold their values.
//!
//! | Flink | Arrow |
//! |---|---|
//! | BOOLEAN | Boolean |
//! | TINYINT, SMALLINT, INT, BIGINT | Int8, Int16, Int32, Int64 |
//! | FLOAT, DOUBLE | Float32, Float64 |
//! | DECIMAL(p, s) | Decimal128(p, s) |
//! | CHAR(n), VARCHAR(n), STRING | Utf8 |
//! | BINARY(n), VARBINARY(n), BYTES | Binary |
//! | DATE | Date32 |
//! | TIME(p) | Time32(Millisecond) |
//! | TIMESTAMP(p), p ≤ 3, ≤ 6, ≤ 9 | Timestamp(Millisecond, Microsecond, Nanosecond) |
//! | TIMESTAMP_LTZ(p) | the same, with time zone "UTC" |
//! | INTERVAL YEAR TO MONTH | Int32 months |
//! | INTERVAL DAY TO SECOND | Int64 milliseconds |
//! | ARRAY, MAP, ROW | List, Map, Struct; all children nullable |
//! | MULTISET | Map from element to Int32 |
//! | VARIANT | Utf8, JSON text |
//! | NULL | Null |
//!
//! Source of the semantics: Flink 2.3, "Data Types".

use crate::schema::Field;
use arrow::datatypes::{DataType as ArrowType, Field as ArrowField, Fields, TimeUnit};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The length of STRING and BYTES: VARCHAR and VARBINARY without a limit of their own.
pub const MAX_LENGTH: u32 = i32::MAX as u32;

/// A type and whether its values may be NULL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DataType {
    /// The type.
    pub kind: TypeKind,
    /// Whether a value may be NULL.
    pub nullable: bool,
}

/// What a timestamp column is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TimestampKind {
    /// A plain value.
    #[default]
    Regular,
    /// An event-time attribute: watermarks follow it.
    Rowtime,
    /// A processing-time attribute.
    Proctime,
}

/// A type of Flink's, without nullability. Lengths are in characters or bytes, precisions in digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are SQL's")]
pub enum TypeKind {
    /// The type of a bare NULL.
    Null,
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Char(u32),
    Varchar(u32),
    Binary(u32),
    Varbinary(u32),
    Date,
    Time(u8),
    Timestamp {
        precision: u8,
        kind: TimestampKind,
    },
    TimestampLtz {
        precision: u8,
        kind: TimestampKind,
    },
    /// INTERVAL YEAR TO MONTH and its parts; printed as INTERVAL MONTH.
    IntervalMonths,
    /// INTERVAL DAY TO SECOND and its parts; printed as INTERVAL SECOND(3).
    IntervalMillis,
    Array(Box<DataType>),
    Multiset(Box<DataType>),
    Map(Box<DataType>, Box<DataType>),
    Row(Vec<Field>),
    /// A semi-structured value (`PARSE_JSON`).
    Variant,
    /// A set of integers (`BITMAP_BUILD`), held as its serialized bytes.
    Bitmap,
}

impl TypeKind {
    /// STRING.
    pub const STRING: TypeKind = TypeKind::Varchar(MAX_LENGTH);
    /// BYTES.
    pub const BYTES: TypeKind = TypeKind::Varbinary(MAX_LENGTH);

    /// TIMESTAMP(precision) that is no time attribute.
    pub const fn timestamp(precision: u8) -> TypeKind {
        TypeKind::Timestamp { precision, kind: TimestampKind::Regular }
    }

    /// TIMESTAMP_LTZ(precision) that is no time attribute.
    pub const fn timestamp_ltz(precision: u8) -> TypeKind {
        TypeKind::TimestampLtz { precision, kind: TimestampKind::Regular }
    }

    /// DECIMAL(precision, scale).
    pub const fn decimal(precision: u8, scale: u8) -> TypeKind {
        TypeKind::Decimal { precision, scale }
    }

    /// This type, where values may be NULL.
    pub const fn nullable(self) -> DataType {
        DataType { kind: self, nullable: true }
    }

    /// This type, where no value is NULL.
    pub const fn not_null(self) -> DataType {
        DataType { kind: self, nullable: false }
    }

    /// This type with a nullability.
    pub const fn with_nullable(self, nullable: bool) -> DataType {
        DataType { kind: self, nullable }
    }

    /// TINYINT, SMALLINT, INT or BIGINT.
    pub fn is_integer(&self) -> bool {
        matches!(self, TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int | TypeKind::BigInt)
    }

    /// An integer type or DECIMAL.
    pub fn is_exact_numeric(&self) -> bool {
        self.is_integer() || matches!(self, TypeKind::Decimal { .. })
    }

    /// FLOAT or DOUBLE.
    pub fn is_approximate(&self) -> bool {
        matches!(self, TypeKind::Float | TypeKind::Double)
    }

    /// Any number type.
    pub fn is_numeric(&self) -> bool {
        self.is_exact_numeric() || self.is_approximate()
    }

    /// CHAR or VARCHAR.
    pub fn is_character(&self) -> bool {
        matches!(self, TypeKind::Char(_) | TypeKind::Varchar(_))
    }

    /// BINARY or VARBINARY.
    pub fn is_binary(&self) -> bool {
        matches!(self, TypeKind::Binary(_) | TypeKind::Varbinary(_))
    }

    /// TIMESTAMP or TIMESTAMP_LTZ.
    pub fn is_timestamp(&self) -> bool {
        matches!(self, TypeKind::Timestamp { .. } | TypeKind::TimestampLtz { .. })
    }

    /// An interval.
    pub fn is_interval(&self) -> bool {
        matches!(self, TypeKind::IntervalMonths | TypeKind::IntervalMillis)
    }

    /// DATE, TIME or a timestamp.
    pub fn is_datetime(&self) -> bool {
        matches!(self, TypeKind::Date | TypeKind::Time(_)) || self.is_timestamp()
    }

    /// Whether this is an event-time attribute.
    pub fn is_rowtime(&self) -> bool {
        self.timestamp_kind() == TimestampKind::Rowtime
    }

    /// Whether this is a time attribute, of event time or of processing time.
    pub fn is_time_attribute(&self) -> bool {
        self.timestamp_kind() != TimestampKind::Regular
    }

    /// What a timestamp is used for; `Regular` for every other type.
    pub fn timestamp_kind(&self) -> TimestampKind {
        match self {
            TypeKind::Timestamp { kind, .. } | TypeKind::TimestampLtz { kind, .. } => *kind,
            _ => TimestampKind::Regular,
        }
    }

    /// This timestamp type used as `kind`; other types unchanged.
    #[must_use]
    pub fn with_timestamp_kind(&self, kind: TimestampKind) -> TypeKind {
        match self {
            TypeKind::Timestamp { precision, .. } => TypeKind::Timestamp { precision: *precision, kind },
            TypeKind::TimestampLtz { precision, .. } => TypeKind::TimestampLtz { precision: *precision, kind },
            other => other.clone(),
        }
    }
}

/// The unit in which Arrow holds a timestamp of this precision.
pub fn timestamp_unit(precision: u8) -> TimeUnit {
    match precision {
        0..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

impl DataType {
    /// The same type with another nullability.
    #[must_use]
    pub fn with_nullable(&self, nullable: bool) -> DataType {
        DataType { kind: self.kind.clone(), nullable }
    }

    /// The same type as a plain value: no time attribute.
    #[must_use]
    pub fn without_time_attribute(&self) -> DataType {
        DataType { kind: self.kind.with_timestamp_kind(TimestampKind::Regular), nullable: self.nullable }
    }

    /// The Arrow type that holds its values.
    pub fn to_arrow(&self) -> ArrowType {
        let child = |data_type: &DataType| data_type.to_arrow();
        match &self.kind {
            TypeKind::Null => ArrowType::Null,
            TypeKind::Boolean => ArrowType::Boolean,
            TypeKind::TinyInt => ArrowType::Int8,
            TypeKind::SmallInt => ArrowType::Int16,
            TypeKind::Int | TypeKind::IntervalMonths => ArrowType::Int32,
            TypeKind::BigInt | TypeKind::IntervalMillis => ArrowType::Int64,
            TypeKind::Float => ArrowType::Float32,
            TypeKind::Double => ArrowType::Float64,
            TypeKind::Decimal { precision, scale } => ArrowType::Decimal128(*precision, *scale as i8),
            TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Variant => ArrowType::Utf8,
            TypeKind::Binary(_) | TypeKind::Varbinary(_) | TypeKind::Bitmap => ArrowType::Binary,
            TypeKind::Date => ArrowType::Date32,
            TypeKind::Time(_) => ArrowType::Time32(TimeUnit::Millisecond),
            TypeKind::Timestamp { precision, .. } => ArrowType::Timestamp(timestamp_unit(*precision), None),
            TypeKind::TimestampLtz { precision, .. } => {
                ArrowType::Timestamp(timestamp_unit(*precision), Some("UTC".into()))
            }
            TypeKind::Array(element) => ArrowType::List(Arc::new(ArrowField::new("item", child(element), true))),
            TypeKind::Multiset(element) => map_type(child(element), ArrowType::Int32),
            TypeKind::Map(key, value) => map_type(child(key), child(value)),
            TypeKind::Row(fields) => ArrowType::Struct(Fields::from(
                fields.iter().map(|field| field.to_arrow().with_nullable(true)).collect::<Vec<_>>(),
            )),
        }
    }
}

fn map_type(key: ArrowType, value: ArrowType) -> ArrowType {
    let entries = Fields::from(vec![ArrowField::new("key", key, false), ArrowField::new("value", value, true)]);
    ArrowType::Map(Arc::new(ArrowField::new("entries", ArrowType::Struct(entries), false)), false)
}

impl fmt::Display for TypeKind {
    /// Flink's summary string: `VARCHAR(20)`, `TIMESTAMP(3) *ROWTIME*` (which follows NOT NULL in a [`DataType`]).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypeKind::Null => f.write_str("NULL"),
            TypeKind::Boolean => f.write_str("BOOLEAN"),
            TypeKind::TinyInt => f.write_str("TINYINT"),
            TypeKind::SmallInt => f.write_str("SMALLINT"),
            TypeKind::Int => f.write_str("INT"),
            TypeKind::BigInt => f.write_str("BIGINT"),
            TypeKind::Float => f.write_str("FLOAT"),
            TypeKind::Double => f.write_str("DOUBLE"),
            TypeKind::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            TypeKind::Char(length) => write!(f, "CHAR({length})"),
            TypeKind::Varchar(MAX_LENGTH) => f.write_str("STRING"),
            TypeKind::Varchar(length) => write!(f, "VARCHAR({length})"),
            TypeKind::Binary(length) => write!(f, "BINARY({length})"),
            TypeKind::Varbinary(MAX_LENGTH) => f.write_str("BYTES"),
            TypeKind::Varbinary(length) => write!(f, "VARBINARY({length})"),
            TypeKind::Date => f.write_str("DATE"),
            TypeKind::Time(precision) => write!(f, "TIME({precision})"),
            TypeKind::Timestamp { precision, .. } => write!(f, "TIMESTAMP({precision})"),
            TypeKind::TimestampLtz { precision, .. } => write!(f, "TIMESTAMP_LTZ({precision})"),
            TypeKind::IntervalMonths => f.write_str("INTERVAL MONTH"),
            TypeKind::IntervalMillis => f.write_str("INTERVAL SECOND(3)"),
            TypeKind::Array(element) => write!(f, "ARRAY<{element}>"),
            TypeKind::Multiset(element) => write!(f, "MULTISET<{element}>"),
            TypeKind::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            TypeKind::Row(fields) => {
                f.write_str("ROW<")?;
                for (index, field) in fields.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}`{}` {}", field.name.replace('`', "``"), field.data_type)?;
                }
                f.write_str(">")
            }
            TypeKind::Variant => f.write_str("VARIANT"),
            TypeKind::Bitmap => f.write_str("BITMAP"),
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.nullable && self.kind != TypeKind::Null {
            f.write_str(" NOT NULL")?;
        }
        match self.kind.timestamp_kind() {
            TimestampKind::Regular => Ok(()),
            TimestampKind::Rowtime => f.write_str(" *ROWTIME*"),
            TimestampKind::Proctime => f.write_str(" *PROCTIME*"),
        }
    }
}
