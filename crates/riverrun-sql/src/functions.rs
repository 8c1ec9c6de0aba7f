//! Scalar functions, operators and casts: how a call is resolved, and what computes it.
//!
//! A function is a [`FunctionDef`]: its names, its documentation, and a `resolve` that looks at the
//! argument types and answers with the types the arguments are cast to, the result type, and a
//! [`Kernel`]. Operators (`+`, `=`, `LIKE`, `[]`, CAST) are functions too, under the names in
//! [`operators`]. Definitions live in one file per group below `functions/`, each with a
//! `pub const FUNCTIONS: &[FunctionDef]`, and [`registry`] lists the groups.

use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::{DataType, Result};
use std::fmt::Debug;
use std::sync::Arc;

pub mod arithmetic;
pub mod array;
pub mod bitmap;
pub mod cast;
pub mod common_type;
pub mod comparison;
pub mod conditional;
pub(crate) mod context;
pub mod decimal;
pub mod encode;
pub mod json;
pub mod kernels;
pub mod like;
pub mod logic;
pub mod loops;
pub mod map;
pub mod math;
pub mod nested;
pub mod regex;
pub mod registry;
pub mod row;
pub mod session;
pub mod string;
pub mod temporal;
#[cfg(test)]
mod test_calls;
pub mod type_of;
pub mod user;

pub use context::FunctionContext;

/// An argument of a call, before any cast.
#[derive(Clone, Copy, Debug)]
pub struct Argument<'a> {
    /// Its type.
    pub data_type: &'a DataType,
    /// Its value where it is a constant.
    pub literal: Option<&'a ScalarValue>,
}

impl Argument<'_> {
    /// The text of a constant string argument.
    pub fn text(&self) -> Option<&str> {
        match self.literal? {
            ScalarValue::Utf8(Some(text)) => Some(text),
            _ => None,
        }
    }
}

/// A resolved call.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The type that each argument is implicitly cast to; the binder leaves out the casts that change nothing in Arrow.
    pub parameters: Vec<DataType>,
    /// The type of the result.
    pub returns: DataType,
    /// What computes it.
    pub kernel: Arc<dyn Kernel>,
}

/// How a function is resolved from the types of its arguments.
///
/// An error says what the function takes and what it got; the binder adds the place.
pub type Resolve = fn(&FunctionContext, &[Argument<'_>]) -> Result<Resolved>;

/// A scalar function.
#[derive(Clone, Copy)]
pub struct FunctionDef {
    /// The name, in upper case.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// The group it is listed under: `string`, `temporal`, …
    pub group: &'static str,
    /// How it is written: `SUBSTRING(string, start [, length])`.
    pub syntax: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// Whether equal arguments give equal results, so that constant calls are computed once (not RAND, not NOW).
    pub deterministic: bool,
    /// How a call is resolved.
    pub resolve: Resolve,
}

impl FunctionDef {
    /// A deterministic function without other names.
    pub const fn new(
        group: &'static str,
        name: &'static str,
        syntax: &'static str,
        doc: &'static str,
        resolve: Resolve,
    ) -> FunctionDef {
        FunctionDef { name, aliases: &[], group, syntax, doc, deterministic: true, resolve }
    }

    /// The same function with other names too.
    #[must_use]
    pub const fn with_aliases(mut self, aliases: &'static [&'static str]) -> FunctionDef {
        self.aliases = aliases;
        self
    }
}

/// What computes a function over a batch.
pub trait Kernel: Debug + Send + Sync {
    /// The result for `rows` rows. The arguments have exactly the Arrow types of [`Resolved::parameters`];
    /// a constant comes as a scalar. The result has the Arrow type of [`Resolved::returns`] and is
    /// a scalar only if every argument is one (a kernel may also always give an array of `rows` rows).
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue>;

    /// The position of the field, for a kernel that only reads a field of a ROW: sources may leave out the others.
    fn field(&self) -> Option<usize> {
        None
    }

    /// For a kernel that gives a value for any arguments, the same for the same ones: what it computes. Kernels of which this
    /// is equal do the same, may be called once where the rows call them twice, and for rows that don't call them.
    fn total(&self) -> Option<&str> {
        None
    }
}

/// A kernel that gives a value for any arguments.
#[derive(Debug)]
pub struct Total {
    kernel: Arc<dyn Kernel>,
    computes: String,
}

impl Total {
    /// The kernel of a function that was resolved for these arguments, as one that gives a value for any of them unless it fails
    /// for some.
    pub fn unless(fails: bool, kernel: Arc<dyn Kernel>, name: &str, arguments: &[Argument<'_>]) -> Arc<dyn Kernel> {
        match fails {
            true => kernel,
            false => Arc::new(Total { kernel, computes: format!("{name} {arguments:?}") }),
        }
    }
}

impl Kernel for Total {
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        self.kernel.invoke(arguments, rows)
    }

    fn total(&self) -> Option<&str> {
        Some(&self.computes)
    }
}

/// The names under which the binder asks for operators.
pub mod operators {
    /// What compares or tests values: fails for none, and costs next to nothing.
    pub const COMPARISONS: &[&str] = &[
        EQUAL,
        NOT_EQUAL,
        LESS,
        LESS_EQUAL,
        GREATER,
        GREATER_EQUAL,
        IS_DISTINCT,
        IS_NOT_DISTINCT,
        IS_NULL,
        IS_NOT_NULL,
        IS_TRUE,
        IS_NOT_TRUE,
        IS_FALSE,
        IS_NOT_FALSE,
        IS_UNKNOWN,
        IS_NOT_UNKNOWN,
        NOT,
    ];

    /// `a + b`, also of a datetime and an interval.
    pub const PLUS: &str = "+";
    /// `a - b`.
    pub const MINUS: &str = "-";
    /// `a * b`.
    pub const TIMES: &str = "*";
    /// `a / b`.
    pub const DIVIDE: &str = "/";
    /// `a % b`.
    pub const REMAINDER: &str = "%";
    /// `-a`.
    pub const NEGATE: &str = "NEGATE";
    /// `+a`.
    pub const IDENTITY: &str = "IDENTITY";
    /// `a = b`.
    pub const EQUAL: &str = "=";
    /// `a <> b`.
    pub const NOT_EQUAL: &str = "<>";
    /// `a < b`.
    pub const LESS: &str = "<";
    /// `a <= b`.
    pub const LESS_EQUAL: &str = "<=";
    /// `a > b`.
    pub const GREATER: &str = ">";
    /// `a >= b`.
    pub const GREATER_EQUAL: &str = ">=";
    /// `a IS DISTINCT FROM b`.
    pub const IS_DISTINCT: &str = "IS DISTINCT FROM";
    /// `a IS NOT DISTINCT FROM b`.
    pub const IS_NOT_DISTINCT: &str = "IS NOT DISTINCT FROM";
    /// `a IS NULL`.
    pub const IS_NULL: &str = "IS NULL";
    /// `a IS NOT NULL`.
    pub const IS_NOT_NULL: &str = "IS NOT NULL";
    /// `a IS TRUE`.
    pub const IS_TRUE: &str = "IS TRUE";
    /// `a IS NOT TRUE`.
    pub const IS_NOT_TRUE: &str = "IS NOT TRUE";
    /// `a IS FALSE`.
    pub const IS_FALSE: &str = "IS FALSE";
    /// `a IS NOT FALSE`.
    pub const IS_NOT_FALSE: &str = "IS NOT FALSE";
    /// `a IS UNKNOWN`.
    pub const IS_UNKNOWN: &str = "IS UNKNOWN";
    /// `a IS NOT UNKNOWN`.
    pub const IS_NOT_UNKNOWN: &str = "IS NOT UNKNOWN";
    /// `NOT a`.
    pub const NOT: &str = "NOT";
    /// `a || b`.
    pub const CONCAT: &str = "||";
    /// `a LIKE b [ESCAPE c]`.
    pub const LIKE: &str = "LIKE";
    /// `a SIMILAR TO b [ESCAPE c]`.
    pub const SIMILAR: &str = "SIMILAR TO";
    /// `a IN (b, …)`: the first argument is the needle.
    pub const IN: &str = "IN";
    /// `ROW(a, …) IN (ROW(b, …), …)`: the first argument is the needle, and all are rows that ROW makes.
    pub const ROW_IN: &str = "ROW IN";
    /// `a BETWEEN b AND c`.
    pub const BETWEEN: &str = "BETWEEN";
    /// `a BETWEEN SYMMETRIC b AND c`.
    pub const BETWEEN_SYMMETRIC: &str = "BETWEEN SYMMETRIC";
    /// `a[b]`: an element of an array, a value of a map.
    pub const ITEM: &str = "ITEM";
    /// `ROW(a, …)`.
    pub const ROW: &str = "ROW";
    /// `ARRAY[a, …]`.
    pub const ARRAY: &str = "ARRAY";
    /// `MAP[k, v, …]`.
    pub const MAP: &str = "MAP";
    /// `EXTRACT(unit FROM a)`: the unit comes as a constant string in upper case.
    pub const EXTRACT: &str = "EXTRACT";
    /// `FLOOR(a TO unit)`: the unit is the second argument, a constant string in upper case.
    pub const FLOOR_TO: &str = "FLOOR TO";
    /// `CEIL(a TO unit)`.
    pub const CEIL_TO: &str = "CEIL TO";
    /// `TIMESTAMPADD(unit, n, a)`: the unit is the first argument, a constant string.
    pub const TIMESTAMPADD: &str = "TIMESTAMPADD";
    /// `TIMESTAMPDIFF(unit, a, b)`.
    pub const TIMESTAMPDIFF: &str = "TIMESTAMPDIFF";
    /// `(a - b) unit` and `(a, b) OVERLAPS (c, d)` follow the same pattern.
    pub const MINUS_DATES: &str = "MINUS DATES";
    /// `(a, b) OVERLAPS (c, d)`: four arguments.
    pub const OVERLAPS: &str = "OVERLAPS";
    /// `POSITION(a IN b [FROM c])`.
    pub const POSITION: &str = "POSITION";
    /// `TRIM(BOTH|LEADING|TRAILING a FROM b)`: side as a constant string, characters, text.
    pub const TRIM: &str = "TRIM";
    /// `OVERLAY(a PLACING b FROM c [FOR d])`.
    pub const OVERLAY: &str = "OVERLAY";
    /// `a IS JSON [VALUE|OBJECT|ARRAY|SCALAR]`: the kind is the second argument, a constant string.
    pub const IS_JSON: &str = "IS JSON";
    /// `JSON_VALUE(json, path, returning, on empty, on empty default, on error, on error default)`: `returning` is a constant
    /// string, the type as written in upper case (`'STRING'`, `'INTEGER'`, …); `on empty` and `on error` are `'NULL'`,
    /// `'ERROR'` or `'DEFAULT'`; a default that is not given is a bare NULL. Arguments may be left out from the end (as in all JSON
    /// functions below): then STRING, NULL ON EMPTY, NULL ON ERROR.
    pub const JSON_VALUE: &str = "JSON_VALUE";
    /// `JSON_QUERY(json, path, returning, wrapper, on empty, on error)`: constant strings. `returning`: `'STRING'` or
    /// `'ARRAY<STRING>'`; `wrapper`: `'WITHOUT'` (also WITHOUT ARRAY WRAPPER), `'CONDITIONAL'` (WITH CONDITIONAL ARRAY WRAPPER) or
    /// `'UNCONDITIONAL'` (WITH \[UNCONDITIONAL\] ARRAY WRAPPER); `on empty`, `on error`: `'NULL'`, `'ERROR'`, `'EMPTY ARRAY'`, `'EMPTY OBJECT'`.
    pub const JSON_QUERY: &str = "JSON_QUERY";
    /// `JSON_EXISTS(json, path, on error)`: `on error` is `'TRUE'`, `'FALSE'` (the default), `'UNKNOWN'` or `'ERROR'`.
    pub const JSON_EXISTS: &str = "JSON_EXISTS";
    /// `JSON_OBJECT(on null, key, value, …)`: `on null` is `'NULL'` (the default, NULL ON NULL) or `'ABSENT'`, always given.
    /// A value that is itself a call of JSON_OBJECT or JSON_ARRAY, or a column that projections below make of one, is wrapped in a
    /// call of [`FORMAT_JSON`], so that it is nested and not quoted.
    pub const JSON_OBJECT: &str = "JSON_OBJECT";
    /// `JSON_ARRAY(on null, value, …)`: `on null` is `'ABSENT'` (the default, ABSENT ON NULL) or `'NULL'`, always given.
    /// Values as in [`JSON_OBJECT`].
    pub const JSON_ARRAY: &str = "JSON_ARRAY";
    /// Marks a string as JSON for the JSON_OBJECT or JSON_ARRAY around it, without parsing it (`JSON(text)` is the user's form,
    /// a plain function, which checks the text).
    pub const FORMAT_JSON: &str = "FORMAT JSON";
    /// Marks a string that IF or IFNULL gives as a text: JSON that they give is quoted.
    pub const AS_TEXT: &str = "AS TEXT";
}
