//! Binding: the parser's syntax trees → relations and expressions in which every name is resolved.
//!
//! | file | binds |
//! |---|---|
//! | [`scope`] | names to columns and nested fields |
//! | [`literal`] | literals to values of Flink's types |
//! | [`expr`] | expressions |
//! | [`row_equality`] | `=` and IN of rows that ROW makes |
//! | [`call`] | function calls with their implicit casts, and constant folding |
//! | [`user_call`] | calls of the user's functions |
//! | [`query`] | WITH, VALUES, ORDER BY, LIMIT |
//! | [`set_operation`] | UNION, INTERSECT, EXCEPT |
//! | [`select`] | SELECT |
//! | [`subquery`] | EXISTS, IN and scalar subqueries, as joins |
//! | [`from`] | FROM, UNNEST |
//! | [`lookup_hint`] | the hint LOOKUP |
//! | [`temporal`] | FOR SYSTEM_TIME AS OF |
//! | [`join`] | joins: their conditions, types and bounds in time |
//! | [`match_recognize`] | MATCH_RECOGNIZE |
//! | [`changelog_function`] | FROM_CHANGELOG, TO_CHANGELOG |
//! | [`window_tvf`] | TUMBLE, HOP, CUMULATE, SESSION |
//! | [`aggregate`] | GROUP BY and aggregate calls |
//! | [`legacy_window`] | TUMBLE, HOP and SESSION in GROUP BY |
//! | [`over`] | ROW_NUMBER and its kin, aggregates over the rows before |
//! | [`relation`] | what comes out |
//! | [`table`], [`catalog_tables`] | computed columns and watermarks of tables |
//! | [`json`] | JSON within JSON |
//! | [`conditional`] | CASE, IF, COALESCE, IFNULL, NULLIF, AND, OR |

mod aggregate;
pub mod call;
pub mod catalog_tables;
mod changelog_function;
pub mod conditional;
pub mod expr;
mod from;
pub mod join;
pub mod json;
mod legacy_window;
pub mod literal;
pub mod lookup_hint;
pub mod match_recognize;
mod over;
pub mod query;
pub mod relation;
mod row_equality;
pub mod scope;
mod select;
mod set_operation;
mod shown;
mod subquery;
pub mod table;
mod table_function;
pub mod temporal;
pub(crate) mod user_call;
mod window_tvf;

pub use catalog_tables::{CatalogTables, bind_table};
pub use expr::{ExprBinder, Special};
pub use query::{NamedRelation, QueryBinder, Tables};
pub use relation::{Relation, RelationKind};
pub use scope::Scope;
pub(crate) use select::natural_name;
pub use table::BoundTable;
