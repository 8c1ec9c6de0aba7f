//! Scalar functions of Rust programs.

use super::rows::{FromRow, RowFunction, named_parameters};
use super::value::{IntoValue, Value, result};
use super::{Body, Signature, UserFunction, arrays, as_value, checked};
use crate::functions::Kernel;
use crate::parse::Returns;
use arrow::array::ArrayRef;
use datafusion_expr::ColumnarValue;
use riverrun_core::{DataType, Error, Result};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

impl UserFunction {
    /// A function that is called for each row. Its types follow from the closure's: `|a: i64, b: Option<String>|`.
    /// NULL for a parameter that is no `Option` gives NULL without a call; an `Err` fails the job.
    pub fn scalar<Arguments, F>(name: &str, function: F) -> UserFunction
    where
        Arguments: FromRow + 'static,
        F: RowFunction<Arguments>,
        F::Output: IntoValue,
    {
        let signature = Signature {
            name: name.to_owned(),
            parameters: named_parameters(Arguments::parameters()),
            returns: Returns::Value(result::<F::Output>()),
        };
        let kernel = Rows { name: name.to_owned(), function, arguments: PhantomData::<fn() -> Arguments> };
        UserFunction { strict: Arguments::strict(), ..UserFunction::rust(signature, Body::Scalar(Arc::new(kernel))) }
    }

    /// A function over whole columns, each of as many rows as are asked for: constants too. The columns have the Arrow types
    /// of the signature's parameters (`gcd(a BIGINT, b BIGINT) RETURNS BIGINT`), and so must the result; what becomes of NULL is
    /// the function's own affair.
    pub fn vectorized<F>(signature: &str, function: F) -> Result<UserFunction>
    where
        F: Fn(&[ArrayRef], usize) -> Result<ArrayRef> + Send + Sync + 'static,
    {
        let signature = Signature::parse(signature)?;
        let Returns::Value(returns) = signature.returns.clone() else {
            return Err(Error::input(format!("{} is declared to give a table", signature.name))
                .hint("UserFunction::table makes table functions"));
        };
        let kernel = Columns { name: signature.name.clone(), returns, function };
        Ok(UserFunction::rust(signature, Body::Scalar(Arc::new(kernel))))
    }

    pub(super) fn rust(signature: Signature, body: Body) -> UserFunction {
        UserFunction { signature, language: "RUST", deterministic: true, strict: false, doc: String::new(), body }
    }

    /// The same function, whose results differ between calls of equal arguments: no call is computed once for all.
    #[must_use]
    pub fn not_deterministic(mut self) -> UserFunction {
        self.deterministic = false;
        self
    }

    /// The same function with a sentence on what it does, for lists of functions.
    #[must_use]
    pub fn with_doc(mut self, doc: impl Into<String>) -> UserFunction {
        self.doc = doc.into();
        self
    }
}

struct Rows<Arguments, F> {
    name: String,
    function: F,
    arguments: PhantomData<fn() -> Arguments>,
}

impl<Arguments, F> fmt::Debug for Rows<Arguments, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<Arguments, F> Kernel for Rows<Arguments, F>
where
    Arguments: FromRow,
    F: RowFunction<Arguments>,
    F::Output: IntoValue,
{
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        let columns = arrays(arguments, rows)?;
        let mut values = Vec::with_capacity(rows);
        for row in 0..rows {
            values.push(match Arguments::from_row(&columns, row)? {
                Some(arguments) => self
                    .function
                    .call(arguments)
                    .into_value()
                    .map_err(|error| error.context(format!("the function {}", self.name)))?,
                None => None,
            });
        }
        as_value(<F::Output as IntoValue>::Value::column(values), arguments)
    }
}

struct Columns<F> {
    name: String,
    returns: DataType,
    function: F,
}

impl<F> fmt::Debug for Columns<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<F> Kernel for Columns<F>
where
    F: Fn(&[ArrayRef], usize) -> Result<ArrayRef> + Send + Sync,
{
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        let result = (self.function)(&arrays(arguments, rows)?, rows)
            .map_err(|error| error.context(format!("the function {}", self.name)))?;
        as_value(checked(&self.name, result, &self.returns, rows)?, arguments)
    }
}
