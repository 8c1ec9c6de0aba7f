//! Row patterns: regular expressions over rows, matched as the rows come.
//!
//! A [`Pattern`] over numbered variables is compiled into a [`Program`], a small automaton. A [`Matcher`] holds what has
//! been begun among the rows of one partition: it is given one row after the other, asks its [`Conditions`] whether a
//! row can be a variable, and answers with the [`Match`]es that are complete. Rows can be anything that is cheap to clone:
//! SQL's MATCH_RECOGNIZE and programs in Rust use the same automaton.
//!
//! The semantics are those of Flink's `NFACompiler` and `NFA` with strict contiguity, where Flink takes the pattern:
//!
//! - A match may begin at every row. Matches come out in the order in which they begin: a complete one waits while one
//!   that has begun before it is still open.
//! - Of the matches that begin at one row the first to be complete is taken; if several are complete at once, the one that
//!   comes first in the order of the pattern (the variable before leaving it out, the left alternative before the right).
//! - A greedy loop over a variable never gives a row back: what follows it can't begin with a row that the loop could take.
//!   A loop over a group takes both ways.

mod matcher;
mod program;
mod syntax;
#[cfg(test)]
mod tests;

pub use matcher::{Conditions, Match, Matcher, Node, Opened, Path, Rules, Skip, SkipError};
pub use program::{Program, Variable};
pub use syntax::Pattern;
