//! Flink's SQL dialect: text → statements → bound expressions and relations → stream plan.
//!
//! Names, scopes, overloads and coercions are resolved here, with Flink's types; every cast is
//! explicit in what comes out. See `docs/rfcs/0001-sql-front-end.md`.

pub mod bind;
pub mod build;
pub mod catalog;
pub mod expr;
pub mod functions;
pub mod parse;
pub mod physical;
pub mod plan;
pub mod session;

pub use expr::Expr;
