//! Statements of Flink that are not here, and what is there instead.

use super::cursor::Cursor;
use super::errors::HINT;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::TokenWithSpan;

const PLANS: &str =
    "EXPLAIN shows a plan, and `riverrun explain --upgrade SAVEPOINT file.sql` whether a changed file goes on from one";
const MODELS: &str = "CREATE FUNCTION makes a function that computes what a model would, and a lookup join asks a table; there are no models";
const ROWS: &str = "INSERT INTO a table with a PRIMARY KEY updates its rows, INSERT OVERWRITE replaces all of them";
const JOBS: &str = "a job is a process: `riverrun savepoint` stops one with a savepoint, and Ctrl-C without";
const SHELL: &str = "a file of statements is run by `riverrun run`";

/// What the words of a statement begin with, and what is there instead.
const INSTEAD: &[(&str, &str)] = &[
    ("COMPILE", PLANS),
    ("EXECUTE PLAN", PLANS),
    ("CREATE MODEL", MODELS),
    ("CREATE TEMPORARY MODEL", MODELS),
    ("DROP MODEL", MODELS),
    ("ALTER MODEL", MODELS),
    ("DESCRIBE MODEL", MODELS),
    ("SHOW CREATE MODEL", MODELS),
    ("ML_PREDICT", MODELS),
    ("ML_EVALUATE", MODELS),
    ("CREATE MATERIALIZED", "CREATE VIEW names a query, and CREATE TABLE … AS a table that it fills"),
    ("ALTER MATERIALIZED", "ALTER VIEW v AS … gives a view another query"),
    ("SHOW CREATE MATERIALIZED", "SHOW CREATE takes a TABLE, a VIEW or a CATALOG"),
    ("REFRESH", "a query goes on for as long as its sources do, and its results with it"),
    ("CREATE CONNECTION", "what a table connects to stands in its options: CREATE TABLE … WITH (…)"),
    ("ALTER CONNECTION", "what a table connects to stands in its options: ALTER TABLE t SET (…)"),
    ("DROP CONNECTION", "what a table connects to stands in its options"),
    ("DESCRIBE CONNECTION", "DESCRIBE takes a table, a view, a function or a catalog"),
    ("SHOW CREATE CONNECTION", "SHOW CREATE takes a TABLE, a VIEW or a CATALOG"),
    ("DESCRIBE DATABASE", "SHOW TABLES FROM d lists what is in it"),
    ("DESCRIBE SCHEMA", "SHOW TABLES FROM d lists what is in it"),
    ("DESCRIBE JOB", JOBS),
    ("SHOW JOBS", JOBS),
    ("STOP", JOBS),
    ("ANALYZE", "plans need no statistics"),
    ("CALL", "there are no procedures; functions are called in queries"),
    ("DELETE", ROWS),
    ("UPDATE", ROWS),
    ("TRUNCATE", ROWS),
    ("MERGE", ROWS),
    ("QUIT", SHELL),
    ("EXIT", SHELL),
    ("HELP", SHELL),
    ("CLEAR", SHELL),
    ("SOURCE", SHELL),
];

/// What is there instead of a statement of Flink that begins so; `None` of others.
pub(super) fn instead_of(statement: &str) -> Option<&'static str> {
    INSTEAD.iter().find(|(words, _)| *words == statement).map(|(_, instead)| *instead)
}

/// The error at a statement that is not here.
pub(super) fn refused(parser: &Parser<'_>, statement: &str, token: &TokenWithSpan) -> ParserError {
    let message = format!("{statement} is not supported yet");
    match instead_of(statement) {
        Some(instead) => parser.message_at(&format!("{message}{HINT}{instead}"), token),
        None => parser.message_at(&message, token),
    }
}

#[cfg(test)]
mod tests;
