//! Table functions of Rust programs: any number of rows per call.

use super::rows::{FromRow, IntoRow, RowFunction, named_parameters};
use super::{Body, Signature, UserFunction, arrays, as_value, row_array};
use crate::functions::Kernel;
use crate::parse::Returns;
use arrow::array::{ArrayRef, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::DataType as ArrowType;
use datafusion_expr::ColumnarValue;
use riverrun_core::{Error, Field, Result};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// What a table function over columns gives: how many rows for each call, and the columns of all of them.
#[derive(Clone, Debug)]
pub struct TableRows {
    /// How many rows each call gives; as many numbers as calls.
    pub counts: Vec<usize>,
    /// The columns of all rows, those of the first call first.
    pub columns: Vec<ArrayRef>,
}

impl TableRows {
    /// The array of rows for each call.
    pub fn into_array(self, name: &str, columns: &[Field], calls: usize) -> Result<ArrayRef> {
        let ArrowType::List(item) = row_array(columns).to_arrow() else {
            return Err(Error::bug("a table function that gives no list"));
        };
        let ArrowType::Struct(fields) = item.data_type() else { return Err(Error::bug("rows that are no struct")) };
        let rows: usize = self.counts.iter().sum();
        if self.counts.len() != calls || self.columns.len() != columns.len() {
            let (found, width) = (self.counts.len(), self.columns.len());
            return Err(Error::failure(format!(
                "the function {name} gave {width} columns for {found} of {calls} calls"
            )));
        }
        for (column, field) in self.columns.iter().zip(columns) {
            super::checked(name, column.clone(), &field.data_type, rows)
                .map_err(|error| error.context(format!("column '{}'", field.name)))?;
        }
        let structs = StructArray::try_new(fields.clone(), self.columns, None)?;
        let offsets = OffsetBuffer::from_lengths(self.counts);
        Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(structs), None)?))
    }
}

impl UserFunction {
    /// A function that gives any number of rows for each call: a `Vec` of tuples, whose columns have these names.
    /// NULL for a parameter that is no `Option` gives no rows; an `Err` fails the job.
    pub fn table<Arguments, Row, F>(name: &str, columns: &[&str], function: F) -> Result<UserFunction>
    where
        Arguments: FromRow + 'static,
        Row: IntoRow + 'static,
        F: RowFunction<Arguments, Output = Vec<Row>>,
    {
        if columns.len() != Row::WIDTH {
            let (names, width) = (columns.len(), Row::WIDTH);
            return Err(Error::input(format!("the function {name} names {names} columns and gives {width}")));
        }
        let fields = Row::fields(columns);
        let signature = Signature {
            name: name.to_owned(),
            parameters: named_parameters(Arguments::parameters()),
            returns: Returns::Table(fields.clone()),
        };
        let kernel = Rows { name: name.to_owned(), fields, function, types: PhantomData::<fn() -> (Arguments, Row)> };
        let body = Body::Table(Arc::new(kernel));
        Ok(UserFunction { strict: Arguments::strict(), ..UserFunction::rust(signature, body) })
    }

    /// A table function over whole columns: `words(t STRING) RETURNS TABLE(word STRING)`.
    pub fn vectorized_table<F>(signature: &str, function: F) -> Result<UserFunction>
    where
        F: Fn(&[ArrayRef], usize) -> Result<TableRows> + Send + Sync + 'static,
    {
        let signature = Signature::parse(signature)?;
        let Returns::Table(fields) = signature.returns.clone() else {
            return Err(Error::input(format!("{} is not declared to give a table", signature.name))
                .hint("write RETURNS TABLE(column TYPE, …)"));
        };
        let kernel = Columns { name: signature.name.clone(), fields, function };
        Ok(UserFunction::rust(signature, Body::Table(Arc::new(kernel))))
    }
}

struct Rows<Types, F> {
    name: String,
    fields: Vec<Field>,
    function: F,
    types: PhantomData<fn() -> Types>,
}

impl<Types, F> fmt::Debug for Rows<Types, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<Arguments, Row, F> Kernel for Rows<(Arguments, Row), F>
where
    Arguments: FromRow,
    Row: IntoRow,
    F: RowFunction<Arguments, Output = Vec<Row>>,
{
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        let columns = arrays(arguments, rows)?;
        let mut found = Vec::new();
        let mut counts = Vec::with_capacity(rows);
        for row in 0..rows {
            let before = found.len();
            if let Some(arguments) = Arguments::from_row(&columns, row)? {
                found.extend(self.function.call(arguments));
            }
            counts.push(found.len() - before);
        }
        let columns = Row::columns(found).map_err(|error| error.context(format!("the function {}", self.name)))?;
        as_value(TableRows { counts, columns }.into_array(&self.name, &self.fields, rows)?, arguments)
    }
}

struct Columns<F> {
    name: String,
    fields: Vec<Field>,
    function: F,
}

impl<F> fmt::Debug for Columns<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<F> Kernel for Columns<F>
where
    F: Fn(&[ArrayRef], usize) -> Result<TableRows> + Send + Sync,
{
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        let found = (self.function)(&arrays(arguments, rows)?, rows)
            .map_err(|error| error.context(format!("the function {}", self.name)))?;
        as_value(found.into_array(&self.name, &self.fields, rows)?, arguments)
    }
}
