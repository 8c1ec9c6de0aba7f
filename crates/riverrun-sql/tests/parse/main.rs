//! Parsing as a user sees it: statements in, their parts or an error with its place out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use riverrun_sql::parse::*;
use sqlparser::ast::{self, SetExpr};
use std::path::PathBuf;

mod golden;
mod places;
mod queries;
mod statements;

fn one(text: &str) -> StatementKind {
    let mut statements = parse(text, &Variables::new()).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    assert_eq!(statements.len(), 1, "{text}");
    statements.remove(0).kind
}

/// The rendered error of a text that must not parse.
fn error(text: &str) -> String {
    match parse(text, &Variables::new()) {
        Ok(_) => panic!("parsed: {text}"),
        Err(error) => error.render("f.sql", text),
    }
}

/// The only expression of `SELECT …`, printed.
fn expr(text: &str) -> String {
    let statement = one(&format!("SELECT {text}"));
    let StatementKind::Query(query) = statement else { panic!("no query: {text}") };
    let SetExpr::Select(select) = query.ast.body.as_ref() else { panic!("no select: {text}") };
    match select.projection.as_slice() {
        [ast::SelectItem::UnnamedExpr(expr)] => expr.to_string(),
        other => panic!("{text}: {other:?}"),
    }
}

fn shared() -> Option<PathBuf> {
    let path = match std::env::var_os("RIVERRUN_SHARED") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from("../../../shared"),
    };
    let found = path.join("data").is_dir().then_some(path);
    if found.is_none() {
        eprintln!("skipped: no shared data");
    }
    found
}
