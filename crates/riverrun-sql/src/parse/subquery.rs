//! A mistake within a query in parentheses, told as that query alone would tell it.
//!
//! In FROM, behind IN and where a value can stand, sqlparser tries several readings of a parenthesis, one after the other, and
//! tells how the last of them failed: of `FROM (SELECT a, b AS value FROM t)` that a table SELECT is not closed by the comma.
//! Where a statement fails, its queries in parentheses up to that place are read by themselves, and the first that fails is
//! what is told; within it the same goes for its own subqueries.

use super::cursor::{Cursor, is_word};
use super::errors::{PlaceMap, is_misspelt};
use super::statements::Parsed;
use super::{cursor, dialect, foreign};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use std::ops::Range;

/// What begins a query.
const QUERIES: &[&str] = &["SELECT", "WITH", "VALUES"];

/// Behind what a parenthesis holds a query or tables, no expression.
const BEFORE_QUERIES: &[&str] = &["FROM", "JOIN", "EXISTS"];

/// What puts a query in parentheses together with another one.
const SET_OPERATIONS: &[&str] = &["UNION", "INTERSECT", "EXCEPT"];

/// The error of the innermost query in parentheses that `error`, by which reading all `tokens` failed, comes from;
/// `error` itself if there is none.
pub(super) fn cause(mut error: ParserError, tokens: &[TokenWithSpan], places: &PlaceMap) -> ParserError {
    let mut range = 0..tokens.len();
    while let Some(failed_at) = places.index_of(&error) {
        match first_failing(tokens, range, failed_at) {
            Some((inner, found)) => (range, error) = (inner, found),
            None => break,
        }
    }
    error
}

/// The first query in parentheses within `range` that fails by itself, and begins no later than at `failed_at`: where its
/// tokens stand, with the parenthesis that closes it, and its error.
fn first_failing(
    tokens: &[TokenWithSpan],
    range: Range<usize>,
    failed_at: usize,
) -> Option<(Range<usize>, ParserError)> {
    let mut at = range.start;
    while at < range.end && at <= failed_at {
        if !opens_query(tokens, at) {
            at += 1;
            continue;
        }
        let query = at + 1..end(tokens, at).min(range.end);
        at = query.end;
        if let Err(error) = read(tokens.get(query.clone())?) {
            return Some((query, error));
        }
    }
    None
}

/// Reads a query and the parenthesis that closes it.
fn read(tokens: &[TokenWithSpan]) -> Parsed<()> {
    let mut parser = Parser::new(&dialect::FLINK)
        .with_recursion_limit(cursor::RECURSION_LIMIT)
        .with_tokens_with_locations(tokens.to_vec());
    let query = parser.parse_query()?;
    foreign::refuse(&parser, &query)?;
    match parser.next_token() {
        token if token.token == Token::RParen => Ok(()),
        token => Err(parser.expected_here(")", &token)),
    }
}

/// Whether a query in parentheses begins at `at`. Its first word may be misspelt where nothing but queries and tables stand.
fn opens_query(tokens: &[TokenWithSpan], at: usize) -> bool {
    let is =
        |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| words.iter().any(|word| is_word(token, word)));
    if !is_token(tokens, at, &Token::LParen) {
        return false;
    }
    if is(at + 1, QUERIES) {
        return true;
    }
    if is_token(tokens, at + 1, &Token::LParen) {
        return opens_query(tokens, at + 1) && is(end(tokens, at + 1), SET_OPERATIONS);
    }
    let follows = matches!(tokens.get(at + 2).map(|token| &token.token), Some(Token::Word(_) | Token::Mul));
    let joins = is(at + 2, &["AS", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL"]);
    let before = at.checked_sub(1).is_some_and(|before| is(before, BEFORE_QUERIES));
    before && follows && !joins && tokens.get(at + 1).is_some_and(|token| is_misspelt(token, &["SELECT"]))
}

fn is_token(tokens: &[TokenWithSpan], at: usize, token: &Token) -> bool {
    tokens.get(at).is_some_and(|found| found.token == *token)
}

/// The index behind the parenthesis that closes the one at `open`; the end if none does.
fn end(tokens: &[TokenWithSpan], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests;
