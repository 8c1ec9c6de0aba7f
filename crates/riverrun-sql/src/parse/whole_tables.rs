//! `TABLE t` as a query, as the SELECT that it means.
//!
//! `INSERT INTO o TABLE t` → `INSERT INTO o SELECT * FROM t`; `x IN (TABLE t)` → `x IN (SELECT * FROM t)`; `… UNION ALL TABLE t` → `… UNION ALL SELECT * FROM t`. In the parentheses of a call it is
//! an argument, and stays.

use super::cursor::{is_word, word_of};
use super::tokens::Positioned;
use sqlparser::tokenizer::Token;

/// Behind which words a query can begin without parentheses.
const BEFORE: &[&str] = &[
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "MINUS",
    "ALL",
    "DISTINCT",
    "AS",
    "NAME",
    "EXPLAIN",
    "FOR",
    "ESTIMATED_COST",
    "CHANGELOG_MODE",
    "JSON_EXECUTION_PLAN",
    "PLAN_ADVICE",
];

/// Rewrites each of them.
pub(super) fn select(mut tokens: Vec<Positioned>) -> Vec<Positioned> {
    for at in (0..tokens.len()).rev() {
        if is_word(&tokens[at].token, "TABLE") && is_query(&tokens, at) {
            let selected = [Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM")];
            let selected = selected.map(|token| tokens[at].with(token));
            tokens.splice(at..=at, selected);
        }
    }
    tokens
}

/// Whether TABLE at this place begins a query.
fn is_query(tokens: &[Positioned], at: usize) -> bool {
    let named = matches!(tokens.get(at + 1).map(|token| &token.token.token), Some(Token::Word(_)));
    if !named {
        return false;
    }
    let Some(before) = at.checked_sub(1).map(|at| &tokens[at]) else { return true };
    match before.token.token {
        Token::LParen => {}
        // Also behind the queries of WITH, and the columns of an INSERT.
        Token::SemiColon | Token::RParen => return true,
        _ => return BEFORE.iter().any(|word| is_word(&before.token, word)) || is_written(tokens, at - 1),
    }
    let Some(opening) = at.checked_sub(2) else { return true };
    match &tokens[opening].token.token {
        Token::Word(_) => word_of(&tokens[opening].token).is_some_and(takes_a_query) || is_written(tokens, opening),
        Token::RParen | Token::RBracket => false,
        _ => true,
    }
}

/// Whether a query in parentheses can stand behind this word: names of functions are no such words.
fn takes_a_query(word: &str) -> bool {
    const TAKING: &[&str] = &[
        "IN",
        "ALL",
        "ANY",
        "SOME",
        "EXISTS",
        "FROM",
        "JOIN",
        "AS",
        "UNION",
        "INTERSECT",
        "EXCEPT",
        "MINUS",
        "DISTINCT",
        "SELECT",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "WHEN",
        "THEN",
        "ELSE",
        "CASE",
        "ON",
    ];
    TAKING.iter().any(|taking| taking.eq_ignore_ascii_case(word))
}

/// Whether the name that ends at this place is that of the table of an INSERT.
fn is_written(tokens: &[Positioned], end: usize) -> bool {
    let mut at = end;
    while at >= 2 && tokens[at - 1].token.token == Token::Period {
        at -= 2;
    }
    let written = |token: &Positioned| ["INTO", "OVERWRITE"].iter().any(|word| is_word(&token.token, word));
    matches!(tokens[end].token.token, Token::Word(_)) && at >= 1 && written(&tokens[at - 1])
}
