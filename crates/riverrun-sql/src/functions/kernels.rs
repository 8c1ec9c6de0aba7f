//! What the groups of functions share: checking a call's arguments, reading columns and constants
//! alike, and making kernels of closures.

use super::{Argument, Kernel};
use arrow::array::{
    Array, ArrayAccessor, ArrayRef, AsArray, BinaryArray, BooleanArray, ListArray, MapArray, PrimitiveArray,
    StringArray, StringBuilder, StructArray,
};
use arrow::datatypes::ArrowPrimitiveType;
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::fmt;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The longest text that a function may make of one row: a mistyped length must not take all memory.
pub const MAX_TEXT_BYTES: usize = 256 << 20;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// CHAR, VARCHAR or STRING.
    Text,
    /// BINARY, VARBINARY or BYTES.
    Bytes,
    /// Text or bytes.
    TextOrBytes,
    /// TINYINT, SMALLINT or INT; the kernel gets INT.
    Int,
    /// Any integer; the kernel gets BIGINT.
    Long,
    /// BOOLEAN.
    Boolean,
    /// ARRAY.
    Array,
    /// MAP.
    Map,
    /// Any type but that of a bare NULL.
    Any,
}

impl Accept {
    /// The type that an argument of this type is cast to; `None` if it isn't taken.
    fn parameter(self, data_type: &DataType) -> Option<DataType> {
        let kind = &data_type.kind;
        let taken = match self {
            Accept::Text => kind.is_character(),
            Accept::Bytes => kind.is_binary(),
            Accept::TextOrBytes => kind.is_character() || kind.is_binary(),
            Accept::Int => {
                return matches!(kind, TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int)
                    .then(|| TypeKind::Int.with_nullable(data_type.nullable));
            }
            Accept::Long => {
                return kind.is_integer().then(|| TypeKind::BigInt.with_nullable(data_type.nullable));
            }
            Accept::Boolean => *kind == TypeKind::Boolean,
            Accept::Array => matches!(kind, TypeKind::Array(_)),
            Accept::Map => matches!(kind, TypeKind::Map(..)),
            Accept::Any => *kind != TypeKind::Null,
        };
        taken.then(|| data_type.clone())
    }
}

/// Checks a call against its parameters, of which the first `required` must be given; a last parameter of
/// `variadic` may follow any number of times. The answer is the types that the arguments are cast to.
///
/// `syntax` is how the function is written, for the message: `LPAD(string, length, padding)`.
pub fn accept_variadic(
    syntax: &str,
    arguments: &[Argument<'_>],
    parameters: &[Accept],
    required: usize,
    variadic: Option<Accept>,
) -> Result<Vec<DataType>> {
    let most = if variadic.is_some() { usize::MAX } else { parameters.len() };
    if arguments.len() < required || arguments.len() > most {
        return Err(mismatch(syntax, arguments));
    }
    arguments
        .iter()
        .enumerate()
        .map(|(position, argument)| {
            let accept = parameters.get(position).copied().or(variadic).unwrap_or(Accept::Any);
            accept.parameter(argument.data_type).ok_or_else(|| mismatch(syntax, arguments))
        })
        .collect()
}

/// [`accept_variadic`] of a fixed list of parameters, of which those after `required` are optional.
pub fn accept(
    syntax: &str,
    arguments: &[Argument<'_>],
    parameters: &[Accept],
    required: usize,
) -> Result<Vec<DataType>> {
    accept_variadic(syntax, arguments, parameters, required, None)
}

/// The error of a call that doesn't fit: what the function takes, and what it got. Leave out of `arguments` what isn't written
/// as one: units, clauses.
pub fn mismatch(syntax: &str, arguments: &[Argument<'_>]) -> Error {
    mismatch_of(name_of(syntax), syntax, arguments)
}

/// [`mismatch`] of a function whose name doesn't stand in one piece in how it is written.
pub fn mismatch_of(name: &str, syntax: &str, arguments: &[Argument<'_>]) -> Error {
    let types: Vec<String> = arguments.iter().map(|argument| argument.data_type.to_string()).collect();
    let error = Error::input(format!("{name} cannot be applied to ({})", types.join(", ")))
        .detail(format!("it is written {syntax}"));
    if arguments.iter().any(|argument| argument.data_type.kind == TypeKind::Null) {
        return error.hint("a bare NULL has no type: write CAST(NULL AS STRING), or whatever type is meant");
    }
    error
}

/// The name of a function by how it is written: `LPAD(string, …)`, `string || string`, `(start, end) OVERLAPS (start, end)`.
pub(super) fn name_of(syntax: &str) -> &str {
    let mut words = syntax.split(' ').map(|word| word.split(['(', '[']).next().unwrap_or(word));
    words.find(|word| !word.is_empty() && !word.contains(|c: char| c.is_lowercase() || c == ')')).unwrap_or(syntax)
}

/// Whether any argument may be NULL: the nullability of most results.
pub fn any_nullable(arguments: &[Argument<'_>]) -> bool {
    arguments.iter().any(|argument| argument.data_type.nullable)
}

/// The arguments of a call over a batch, constants and columns alike.
pub struct Arguments {
    /// A constant is an array of one row.
    columns: Vec<(ArrayRef, bool)>,
    rows: usize,
}

impl Arguments {
    /// The arguments of a call over `rows` rows.
    pub fn new(arguments: &[ColumnarValue], rows: usize) -> Result<Self> {
        let columns = arguments
            .iter()
            .map(|argument| match argument {
                ColumnarValue::Array(array) => Ok((array.clone(), false)),
                ColumnarValue::Scalar(value) => Ok((
                    value.to_array_of_size(1).map_err(|error| Error::bug(format!("constant {value:?}: {error}")))?,
                    true,
                )),
            })
            .collect::<Result<_>>()?;
        Ok(Arguments { columns, rows })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many arguments there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether the call has no arguments.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// An argument as it is: its array, of one row if it is a constant, and whether it is one.
    pub fn raw(&self, position: usize) -> Result<(&ArrayRef, bool)> {
        self.columns
            .get(position)
            .map(|(array, constant)| (array, *constant))
            .ok_or_else(|| Error::bug(format!("a kernel asked for argument {position} of {}", self.columns.len())))
    }

    fn typed<'a, A>(&'a self, position: usize, cast: impl FnOnce(&'a ArrayRef) -> Option<A>) -> Result<Column<A>>
    where
        A: ArrayAccessor,
    {
        let (array, constant) = self.raw(position)?;
        let values = cast(array)
            .ok_or_else(|| Error::bug(format!("argument {position} of a kernel came as {}", array.data_type())))?;
        Ok(Column { values, stride: usize::from(!constant), nulls: array.null_count() > 0 })
    }

    /// A text argument.
    pub fn text(&self, position: usize) -> Result<Column<&StringArray>> {
        self.typed(position, |array| array.as_string_opt::<i32>())
    }

    /// A text argument, if it is given.
    pub fn text_opt(&self, position: usize) -> Result<Option<Column<&StringArray>>> {
        (position < self.len()).then(|| self.text(position)).transpose()
    }

    /// An argument of bytes.
    pub fn bytes(&self, position: usize) -> Result<Column<&BinaryArray>> {
        self.typed(position, |array| array.as_binary_opt::<i32>())
    }

    /// An argument of BOOLEAN.
    pub fn boolean(&self, position: usize) -> Result<Column<&BooleanArray>> {
        self.typed(position, |array| array.as_boolean_opt())
    }

    /// A number, date, time or timestamp.
    pub fn primitive<T: ArrowPrimitiveType>(&self, position: usize) -> Result<Column<&PrimitiveArray<T>>> {
        self.typed(position, |array| array.as_primitive_opt::<T>())
    }

    /// An argument of INT.
    pub fn int(&self, position: usize) -> Result<Column<&PrimitiveArray<arrow::datatypes::Int32Type>>> {
        self.primitive(position)
    }

    /// An argument of INT, if it is given.
    pub fn int_opt(&self, position: usize) -> Result<Option<Column<&PrimitiveArray<arrow::datatypes::Int32Type>>>> {
        (position < self.len()).then(|| self.int(position)).transpose()
    }

    /// An argument of BIGINT.
    pub fn long(&self, position: usize) -> Result<Column<&PrimitiveArray<arrow::datatypes::Int64Type>>> {
        self.primitive(position)
    }

    /// An argument of ARRAY: the list array, and the step from row to row (0 for a constant).
    pub fn list(&self, position: usize) -> Result<(&ListArray, usize)> {
        let (array, constant) = self.raw(position)?;
        match array.as_list_opt::<i32>() {
            Some(list) => Ok((list, usize::from(!constant))),
            None => Err(Error::bug(format!("argument {position} of a kernel came as {}", array.data_type()))),
        }
    }

    /// An argument of MAP, and the step from row to row (0 for a constant).
    pub fn map(&self, position: usize) -> Result<(&MapArray, usize)> {
        let (array, constant) = self.raw(position)?;
        match array.as_map_opt() {
            Some(map) => Ok((map, usize::from(!constant))),
            None => Err(Error::bug(format!("argument {position} of a kernel came as {}", array.data_type()))),
        }
    }

    /// An argument of ROW, and the step from row to row (0 for a constant).
    pub fn row(&self, position: usize) -> Result<(&StructArray, usize)> {
        let (array, constant) = self.raw(position)?;
        match array.as_struct_opt() {
            Some(row) => Ok((row, usize::from(!constant))),
            None => Err(Error::bug(format!("argument {position} of a kernel came as {}", array.data_type()))),
        }
    }
}

/// An argument read row by row; a constant gives its value for every row.
#[derive(Clone, Copy, Debug)]
pub struct Column<A> {
    values: A,
    stride: usize,
    nulls: bool,
}

impl<A: ArrayAccessor> Column<A> {
    /// The value of a row, `None` for NULL.
    #[inline]
    pub fn get(&self, row: usize) -> Option<A::Item> {
        let row = row * self.stride;
        if self.nulls && self.values.is_null(row) { None } else { Some(self.values.value(row)) }
    }

    /// Whether every row has the same value.
    pub fn is_constant(&self) -> bool {
        self.stride == 0
    }
}

/// A kernel that is a closure over its arguments.
///
/// The closure answers with one row per row of [`Arguments`]; where all arguments are constants it is asked for one row, which
/// becomes a constant again.
pub fn kernel<F>(name: &'static str, compute: F) -> Arc<dyn Kernel>
where
    F: Fn(&Arguments) -> Result<ArrayRef> + Send + Sync + 'static,
{
    Arc::new(Closure { name, compute })
}

struct Closure<F> {
    name: &'static str,
    compute: F,
}

impl<F> fmt::Debug for Closure<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F> Kernel for Closure<F>
where
    F: Fn(&Arguments) -> Result<ArrayRef> + Send + Sync,
{
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        let constant = arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let array = (self.compute)(&Arguments::new(arguments, if constant { 1 } else { rows })?)?;
        if constant {
            let value = ScalarValue::try_from_array(&array, 0)
                .map_err(|error| Error::bug(format!("the result of {}: {error}", self.name)))?;
            return Ok(ColumnarValue::Scalar(value));
        }
        Ok(ColumnarValue::Array(array))
    }
}

/// A text column whose rows `write` puts into a buffer that is reused; `None` makes the row NULL.
pub fn texts(rows: usize, mut write: impl FnMut(usize, &mut String) -> Option<()>) -> Result<ArrayRef> {
    try_texts(rows, |row, out| Ok(write(row, out)))
}

/// [`texts`] where a row may fail the job.
pub fn try_texts(rows: usize, mut write: impl FnMut(usize, &mut String) -> Result<Option<()>>) -> Result<ArrayRef> {
    let mut buffer = String::new();
    built_texts(rows, |row, column| {
        buffer.clear();
        match write(row, &mut buffer)? {
            Some(()) => column.push(&buffer),
            None => {
                column.push_null();
                Ok(())
            }
        }
    })
}

/// A text column to which `push` appends a row, once each time.
pub fn built_texts(rows: usize, mut push: impl FnMut(usize, &mut TextBuilder) -> Result<()>) -> Result<ArrayRef> {
    let mut column = TextBuilder(StringBuilder::with_capacity(rows, rows * 8));
    (0..rows).try_for_each(|row| push(row, &mut column))?;
    Ok(Arc::new(column.0.finish()))
}

/// A text column in the making.
pub struct TextBuilder(StringBuilder);

impl TextBuilder {
    /// Appends a row.
    pub fn push(&mut self, text: &str) -> Result<()> {
        // Arrow's offsets are 32 bits wide; the builder would panic beyond.
        if self.0.values_slice().len() + text.len() > i32::MAX as usize {
            return Err(Error::failure("the texts of one batch exceed 2 GiB"));
        }
        self.0.append_value(text);
        Ok(())
    }

    /// Appends a NULL.
    pub fn push_null(&mut self) {
        self.0.append_null();
    }
}

/// A text column of slices of other columns.
pub fn slices<'a>(rows: usize, slice: impl FnMut(usize) -> Option<&'a str>) -> ArrayRef {
    Arc::new((0..rows).map(slice).collect::<StringArray>())
}

/// A column of BOOLEAN.
pub fn booleans(rows: usize, value: impl FnMut(usize) -> Option<bool>) -> ArrayRef {
    Arc::new((0..rows).map(value).collect::<BooleanArray>())
}

/// A column of a number type.
pub fn primitives<T: ArrowPrimitiveType>(rows: usize, value: impl FnMut(usize) -> Option<T::Native>) -> ArrayRef {
    Arc::new((0..rows).map(value).collect::<PrimitiveArray<T>>())
}
