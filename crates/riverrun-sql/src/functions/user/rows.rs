//! Rust closures and tuples over the rows of columns.

use super::value::{FromValue, IntoValue, Value, argument, parameter, result};
use arrow::array::ArrayRef;
use riverrun_core::{DataType, Field, Result};

/// The arguments of a call: a tuple of [`FromValue`]s.
pub trait FromRow: Sized {
    /// Their types.
    fn parameters() -> Vec<DataType>;

    /// Whether some NULL keeps the call from being made.
    fn strict() -> bool;

    /// The arguments of a row; `None` where one is NULL that may not be.
    fn from_row(columns: &[ArrayRef], row: usize) -> Result<Option<Self>>;
}

/// A row that a table function gives: a tuple of [`IntoValue`]s.
pub trait IntoRow: Sized {
    /// How many columns it has.
    const WIDTH: usize;

    /// The columns of these names.
    fn fields(names: &[&str]) -> Vec<Field>;

    /// The columns of many rows.
    fn columns(rows: Vec<Self>) -> Result<Vec<ArrayRef>>;
}

/// A closure that is called for each row: `|a: i32, b: Option<String>| …`.
pub trait RowFunction<Arguments>: Send + Sync + 'static {
    /// What it gives.
    type Output;

    /// Calls it.
    fn call(&self, arguments: Arguments) -> Self::Output;
}

macro_rules! tuples {
    ($(($($name:ident $position:tt),*);)*) => {$(
        impl<$($name: FromValue),*> FromRow for ($($name,)*) {
            fn parameters() -> Vec<DataType> {
                vec![$(parameter::<$name>()),*]
            }

            fn strict() -> bool {
                false $(|| !$name::NULLABLE)*
            }

            #[allow(unused_variables, reason = "a call may have no arguments")]
            fn from_row(columns: &[ArrayRef], row: usize) -> Result<Option<Self>> {
                Ok(Some(($(
                    match argument::<$name>(columns, $position, row)? {
                        Some(value) => value,
                        None => return Ok(None),
                    },
                )*)))
            }
        }

        impl<Closure, Output, $($name),*> RowFunction<($($name,)*)> for Closure
        where
            Closure: Fn($($name),*) -> Output + Send + Sync + 'static,
        {
            type Output = Output;

            #[allow(non_snake_case, reason = "the names of types are at hand")]
            fn call(&self, ($($name,)*): ($($name,)*)) -> Output {
                self($($name),*)
            }
        }
    )*};
}

tuples! {
    ();
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
}

macro_rules! result_rows {
    ($(($width:literal; $($name:ident $position:tt),*);)*) => {$(
        impl<$($name: IntoValue),*> IntoRow for ($($name,)*) {
            const WIDTH: usize = $width;

            fn fields(names: &[&str]) -> Vec<Field> {
                let types = [$(result::<$name>()),*];
                names.iter().zip(types).map(|(name, data_type)| Field::new(*name, data_type)).collect()
            }

            fn columns(rows: Vec<Self>) -> Result<Vec<ArrayRef>> {
                let mut values = ($(Vec::<Option<$name::Value>>::with_capacity(rows.len()),)*);
                for row in rows {
                    $(values.$position.push(row.$position.into_value()?);)*
                }
                Ok(vec![$(<$name::Value as Value>::column(values.$position)),*])
            }
        }
    )*};
}

result_rows! {
    (1; A 0);
    (2; A 0, B 1);
    (3; A 0, B 1, C 2);
    (4; A 0, B 1, C 2, D 3);
    (5; A 0, B 1, C 2, D 3, E 4);
    (6; A 0, B 1, C 2, D 3, E 4, F 5);
}

/// Parameters named `a`, `b`, …: closures have no names for theirs.
pub fn named_parameters(types: Vec<DataType>) -> Vec<Field> {
    let names = ["a", "b", "c", "d", "e", "f"];
    names.iter().zip(types).map(|(name, data_type)| Field::new(*name, data_type)).collect()
}
