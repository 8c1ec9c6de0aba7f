//! Functions of a Rust program in SQL.
//!
//! [`Session::register`](crate::Session::register) makes a [`UserFunction`] known to all statements that follow, as
//! `CREATE TEMPORARY SYSTEM FUNCTION` does: scalar functions, table functions (`LATERAL TABLE(f(x))`) and aggregates, in each of two
//! forms. Closures over rows get and give Rust values; NULL for a parameter that is no `Option` gives NULL without a call.
//!
//! ```
//! use riverrun::Session;
//! use riverrun::functions::{Aggregate, UserFunction};
//! use riverrun::core::Result;
//!
//! struct Longest;
//!
//! impl Aggregate for Longest {
//!     type State = Option<String>;
//!     type Arguments = (String,);
//!     type Output = Option<String>;
//!
//!     fn accumulate(&self, state: &mut Option<String>, (text,): (String,)) -> Result<()> {
//!         if state.as_ref().is_none_or(|longest| text.len() > longest.len()) {
//!             *state = Some(text);
//!         }
//!         Ok(())
//!     }
//!
//!     fn merge(&self, state: &mut Option<String>, other: &Option<String>) -> Result<()> {
//!         match other {
//!             Some(text) => self.accumulate(state, (text.clone(),)),
//!             None => Ok(()),
//!         }
//!     }
//!
//!     fn value(&self, state: &Option<String>) -> Option<String> {
//!         state.clone()
//!     }
//! }
//!
//! let mut session = Session::default();
//! session.register(UserFunction::scalar("shout", |text: String| text.to_uppercase() + "!"))?;
//! session.register(UserFunction::table("words", &["word", "length"], |text: String| {
//!     text.split(' ').map(|word| (word.to_owned(), word.len() as i32)).collect::<Vec<_>>()
//! })?)?;
//! session.register(UserFunction::aggregate("longest", Longest))?;
//!
//! let rows = session.rows(
//!     "SELECT shout(longest(word)), SUM(length)
//!      FROM (VALUES ('to be'), ('or not')) AS t(line), LATERAL TABLE(words(line))",
//! )?;
//! assert_eq!(rows, ["[NOT!, 9]"]);
//! # Ok::<(), riverrun::core::Error>(())
//! ```
//!
//! The other form is over whole Arrow columns, with a signature as CREATE FUNCTION has it:
//!
//! ```
//! use riverrun::functions::UserFunction;
//! use arrow::array::{AsArray, Int64Array};
//! use arrow::datatypes::Int64Type;
//! use std::sync::Arc;
//!
//! let twice = UserFunction::vectorized("twice(x BIGINT) RETURNS BIGINT", |columns, _rows| {
//!     let doubled: Int64Array = columns[0].as_primitive::<Int64Type>().unary(|x| x * 2);
//!     Ok(Arc::new(doubled))
//! })?;
//! let mut session = riverrun::Session::default();
//! session.register(twice)?;
//! assert_eq!(session.rows("SELECT twice(21)")?, ["[42]"]);
//! # Ok::<(), riverrun::core::Error>(())
//! ```

pub use riverrun_operators::aggregates::{AggregateFunction, AggregateState};
pub use riverrun_sql::functions::user::aggregate::Aggregate;
pub use riverrun_sql::functions::user::rows::{FromRow, IntoRow, RowFunction};
pub use riverrun_sql::functions::user::table::TableRows;
pub use riverrun_sql::functions::user::value::{FromValue, IntoValue, Value};
pub use riverrun_sql::functions::user::{Signature, UserFunction};
