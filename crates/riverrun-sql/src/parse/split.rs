//! Tokens → the tokens of each statement, at the semicolons that end one.

use super::cursor::is_word;
use super::tokens::{Positioned, words};
use sqlparser::tokenizer::Token;

/// Splits tokens into statements; empty ones are left out.
pub(super) fn split(tokens: Vec<Positioned>) -> Vec<Vec<Positioned>> {
    let mut statements = Vec::new();
    let mut current: Vec<Positioned> = Vec::new();
    for token in tokens {
        if token.token.token != Token::SemiColon {
            current.push(token);
            continue;
        }
        if in_statement_set(&current) {
            current.push(token);
        } else if !current.is_empty() {
            statements.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        statements.push(current);
    }
    statements
}

/// How many tokens `EXECUTE STATEMENT SET BEGIN` or `BEGIN STATEMENT SET` take, where a statement begins with them;
/// `EXPLAIN` may stand before.
pub(super) fn statement_set_head(tokens: &[Positioned]) -> Option<usize> {
    let begins = |at: usize, sought: &[&str]| words(tokens, at, sought);
    let mut at = 0;
    if begins(0, &["EXPLAIN"]) {
        // Details are words and commas up to the statement set.
        at = tokens.iter().position(|token| is_word(&token.token, "STATEMENT"))?;
        return begins(at, &["STATEMENT", "SET", "BEGIN"]).then_some(at + 3);
    }
    if begins(0, &["EXECUTE"]) {
        at = 1;
    }
    if begins(at, &["STATEMENT", "SET", "BEGIN"]) {
        return Some(at + 3);
    }
    begins(0, &["BEGIN", "STATEMENT", "SET"]).then_some(3)
}

/// Whether these tokens begin a statement set whose END has not come.
pub(super) fn in_statement_set(tokens: &[Positioned]) -> bool {
    let Some(head) = statement_set_head(tokens) else { return false };
    let Some(last) = tokens.last() else { return false };
    // END closes the set only behind a semicolon or BEGIN: elsewhere it is that of a CASE.
    let closes = is_word(&last.token, "END")
        && (tokens.len() == head + 1
            || tokens.get(tokens.len().wrapping_sub(2)).is_some_and(|token| token.token.token == Token::SemiColon));
    !closes
}
