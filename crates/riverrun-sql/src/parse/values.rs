//! VALUES in all the forms that Flink takes, as the one that sqlparser knows: every row in parentheses.
//!
//! `VALUES 5, ROW(6), (7)` → `VALUES (5), (6), (7)`; `x IN (VALUES 5, 6)` → `x IN (SELECT * FROM (VALUES (5), (6)))`.

use super::cursor::is_word;
use super::tokens::Positioned;
use sqlparser::tokenizer::Token;

/// What ends the rows of VALUES.
const BEHIND: &[&str] = &["UNION", "INTERSECT", "EXCEPT", "ORDER", "LIMIT", "OFFSET", "FETCH", "ON"];

/// What takes a query in parentheses as an operand.
const TAKING_A_QUERY: &[&str] = &["IN", "ALL", "ANY", "SOME", "EXISTS"];

/// Rewrites every VALUES, the innermost first.
pub(super) fn complete(mut tokens: Vec<Positioned>) -> Vec<Positioned> {
    for index in (0..tokens.len()).rev() {
        let qualified = index > 0 && tokens[index - 1].token.token == Token::Period;
        if is_word(&tokens[index].token, "VALUES") && !qualified {
            let end = rows_end(&tokens, index + 1);
            let completed = completed(&tokens, index, end);
            tokens.splice(index..end, completed);
        }
    }
    tokens
}

/// VALUES at `index` with its rows up to `end`.
fn completed(tokens: &[Positioned], index: usize, end: usize) -> Vec<Positioned> {
    let values = &tokens[index];
    let operand = index >= 2
        && tokens[index - 1].token.token == Token::LParen
        && TAKING_A_QUERY.iter().any(|word| is_word(&tokens[index - 2].token, word));
    let mut out = Vec::with_capacity(end - index);
    if operand {
        let before = [Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM"), Token::LParen];
        out.extend(before.into_iter().map(|before| values.with(before)));
    }
    out.push(values.clone());
    for (number, row) in rows(&tokens[index + 1..end]).into_iter().enumerate() {
        if number > 0 {
            out.push(values.with(Token::Comma));
        }
        let row = match row.split_first() {
            Some((first, rest)) if is_word(&first.token, "ROW") && is_parenthesized(rest) => rest,
            _ => row,
        };
        match (row.first(), row.last()) {
            (Some(first), Some(last)) if !is_parenthesized(row) => {
                out.push(first.with(Token::LParen));
                out.extend_from_slice(row);
                out.push(last.with(Token::RParen));
            }
            _ => out.extend_from_slice(row),
        }
    }
    if operand {
        out.push(values.with(Token::RParen));
    }
    out
}

/// Where the rows that begin at `start` end.
fn rows_end(tokens: &[Positioned], start: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token.token.token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket if depth == 0 => return index,
            Token::RParen | Token::RBracket => depth -= 1,
            Token::SemiColon | Token::EOF => return index,
            _ if depth == 0 && BEHIND.iter().any(|word| is_word(&token.token, word)) => return index,
            _ => {}
        }
    }
    tokens.len()
}

/// What commas part, those in parentheses aside.
fn rows(tokens: &[Positioned]) -> Vec<&[Positioned]> {
    let mut depth = 0_usize;
    let parts = tokens.split(|token| {
        match token.token.token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            Token::Comma => return depth == 0,
            _ => {}
        }
        false
    });
    parts.collect()
}

/// Whether the first parenthesis closes at the end.
fn is_parenthesized(tokens: &[Positioned]) -> bool {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index > 0 && index + 1 == tokens.len();
        }
    }
    false
}
