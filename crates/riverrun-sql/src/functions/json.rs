//! JSON in texts: its values, paths into them, and the JSON_… functions.
//!
//! A VARIANT is held as the JSON text that it prints, so that one writer and one reader serve all.
//!
//! Source of the semantics: Flink 2.3, which uses Jackson and the Jayway JsonPath library.

pub mod construct;
pub mod filter;
pub mod number;
pub mod parser;
pub mod path;
pub mod path_parser;
pub mod query;
pub mod quote;
pub mod value;
pub mod variant;
pub mod writer;

#[cfg(test)]
mod tests;
