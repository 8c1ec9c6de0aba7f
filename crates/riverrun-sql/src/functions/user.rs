//! Functions of the user: made by CREATE FUNCTION, from a text or a WebAssembly component, or registered by a Rust program.
//!
//! A [`UserFunction`] has a declared [`Signature`] and a [`Body`]. Calls are checked against the signature in one place, whatever
//! computes them; a table function is a kernel that gives an ARRAY of ROWs per call, so that LATERAL is an UNNEST of it.

use super::{Argument, Kernel};
use crate::functions::common_type::merged_type;
use crate::parse::{Returns, SqlExpr};
use arrow::array::ArrayRef;
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::{DataType, Error, Field, Result, TypeKind};
use riverrun_operators::aggregates::UserAggregate;
use std::fmt;
use std::sync::Arc;

pub mod aggregate;
pub mod component;
pub mod rows;
pub mod scalar;
pub mod table;
pub mod value;

/// What a function takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name, as it was written.
    pub name: String,
    /// The parameters.
    pub parameters: Vec<Field>,
    /// The result.
    pub returns: Returns,
}

impl Signature {
    /// Reads a signature: `gcd(a BIGINT, b BIGINT) RETURNS BIGINT`, `words(t STRING) RETURNS TABLE(word STRING)`.
    pub fn parse(text: &str) -> Result<Signature> {
        let (name, parameters, returns) = crate::parse::function::parse_signature(text)
            .map_err(|error| error.context(format!("the signature '{text}'")))?;
        Ok(Signature { name, parameters, returns })
    }

    /// The type of a value, which a table function gives as an array of rows.
    pub fn result_type(&self) -> DataType {
        match &self.returns {
            Returns::Value(data_type) => data_type.clone(),
            Returns::Table(columns) => row_array(columns),
        }
    }

    /// The types that the arguments of a call are cast to. An error names the signature.
    pub fn check(&self, arguments: &[Argument<'_>]) -> Result<Vec<DataType>> {
        let refused = |reason: String| {
            let types: Vec<String> = arguments.iter().map(|argument| argument.data_type.to_string()).collect();
            Error::input(format!("{} cannot be applied to ({})", self.name, types.join(", ")))
                .detail(format!("{reason}; it is declared as {self}"))
        };
        if arguments.len() != self.parameters.len() {
            let (takes, found) = (self.parameters.len(), arguments.len());
            return Err(refused(format!(
                "it takes {takes} argument{}, not {found}",
                if takes == 1 { "" } else { "s" }
            )));
        }
        let checked = self.parameters.iter().zip(arguments).map(|(parameter, argument)| {
            let (wanted, given) = (&parameter.data_type, argument.data_type);
            if !wanted.nullable && (given.nullable || given.kind == TypeKind::Null) {
                return Err(refused(format!("'{}' may not be NULL", parameter.name))
                    .hint("COALESCE(x, …) gives a value that is never NULL"));
            }
            let nullable = given.nullable || given.kind == TypeKind::Null;
            match fits(given, wanted) {
                true => Ok(wanted.with_nullable(nullable)),
                false => Err(refused(format!("'{}' takes {}, not {}", parameter.name, wanted.kind, given.kind))
                    .hint(format!("CAST(… AS {}) where that is what is meant", wanted.kind))),
            }
        });
        checked.collect()
    }
}

/// Whether a value of one type is taken for another without a CAST, as by Flink's implicit casts: a wider type, or one of the same
/// kind with another length or precision.
fn fits(given: &DataType, wanted: &DataType) -> bool {
    if given.kind == TypeKind::Null || given.without_time_attribute().kind == wanted.kind {
        return true;
    }
    match (&given.kind, &wanted.kind) {
        (TypeKind::Char(_) | TypeKind::Varchar(_), TypeKind::Char(_) | TypeKind::Varchar(_))
        | (TypeKind::Binary(_) | TypeKind::Varbinary(_), TypeKind::Binary(_) | TypeKind::Varbinary(_))
        | (TypeKind::Decimal { .. }, TypeKind::Decimal { .. })
        | (TypeKind::Time(_), TypeKind::Time(_))
        | (TypeKind::Timestamp { .. }, TypeKind::Timestamp { .. })
        | (TypeKind::TimestampLtz { .. }, TypeKind::TimestampLtz { .. }) => true,
        (given, TypeKind::Decimal { .. }) => given.is_integer(),
        _ => merged_type(&[given, wanted]).is_ok_and(|common| common.kind == wanted.kind),
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |fields: &[Field]| {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect();
            fields.join(", ")
        };
        write!(f, "{}({}) RETURNS ", self.name, list(&self.parameters))?;
        match &self.returns {
            Returns::Value(data_type) => write!(f, "{data_type}"),
            Returns::Table(columns) => write!(f, "TABLE({})", list(columns)),
        }
    }
}

/// The type of what a table function gives for one call.
pub fn row_array(columns: &[Field]) -> DataType {
    TypeKind::Array(Box::new(TypeKind::Row(columns.to_vec()).not_null())).not_null()
}

/// A function of the user.
#[derive(Clone, Debug)]
pub struct UserFunction {
    /// What it takes and gives.
    pub signature: Signature,
    /// `SQL`, `RUST` or `WASM`.
    pub language: &'static str,
    /// Whether equal arguments give equal results, so that constant calls are computed once.
    pub deterministic: bool,
    /// Whether NULL for any argument gives NULL, without a call.
    pub strict: bool,
    /// What it does, in a sentence; may be empty.
    pub doc: String,
    /// What computes it.
    pub body: Body,
}

/// What computes a function of the user.
#[derive(Clone, Debug)]
pub enum Body {
    /// An expression over the parameters, bound where it is used.
    Expression(Arc<SqlExpr>),
    /// A value for each row.
    Scalar(Arc<dyn Kernel>),
    /// An array of rows for each row.
    Table(Arc<dyn Kernel>),
    /// A value for each group.
    Aggregate(Arc<dyn UserAggregate>),
}

impl UserFunction {
    /// Its group in lists: `scalar`, `table` or `aggregate`.
    pub fn kind(&self) -> &'static str {
        match &self.body {
            Body::Expression(_) | Body::Scalar(_) => "scalar",
            Body::Table(_) => "table",
            Body::Aggregate(_) => "aggregate",
        }
    }

    /// The type of a call of arguments of these types.
    pub fn result_type(&self, arguments: &[DataType]) -> DataType {
        let declared = self.signature.result_type();
        let nullable = declared.nullable || self.strict && arguments.iter().any(|argument| argument.nullable);
        match self.signature.returns {
            Returns::Value(_) => declared.with_nullable(nullable),
            // A call that isn't made gives no rows.
            Returns::Table(_) => declared,
        }
    }
}

/// The arguments of a call over a batch as arrays of `rows` rows.
pub fn arrays(arguments: &[ColumnarValue], rows: usize) -> Result<Vec<ArrayRef>> {
    arguments
        .iter()
        .map(|argument| match argument {
            ColumnarValue::Array(array) => Ok(array.clone()),
            ColumnarValue::Scalar(value) => {
                value.to_array_of_size(rows).map_err(|error| Error::bug(format!("constant {value:?}: {error}")))
            }
        })
        .collect()
}

/// A result as [`Kernel::invoke`] gives it: a constant where all arguments are.
pub fn as_value(array: ArrayRef, arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    if !arguments.is_empty() && arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_))) {
        let value = ScalarValue::try_from_array(&array, 0).map_err(|error| Error::bug(error.to_string()))?;
        return Ok(ColumnarValue::Scalar(value));
    }
    Ok(ColumnarValue::Array(array))
}

/// Checks what a function of the user has answered with.
pub fn checked(name: &str, array: ArrayRef, returns: &DataType, rows: usize) -> Result<ArrayRef> {
    if array.len() != rows {
        return Err(Error::failure(format!("the function {name} gave {} values for {rows} rows", array.len())));
    }
    let expected = returns.to_arrow();
    if array.data_type() != &expected {
        return Err(Error::failure(format!(
            "the function {name} gave values of {}, not {expected}",
            array.data_type()
        ))
        .detail(format!("it is declared to give {returns}")));
    }
    if !returns.nullable && array.null_count() > 0 {
        return Err(Error::failure(format!("the function {name} gave NULL"))
            .detail(format!("it is declared to give {returns}")));
    }
    Ok(array)
}
