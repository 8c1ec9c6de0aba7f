//! What MATCH_RECOGNIZE can follow: sqlparser knows it only behind a name or a call.

use super::cursor::{is_word, word_of};
use super::reserved;
use super::tokens::Positioned;
use sqlparser::tokenizer::Token;

/// ``(SELECT …) [[AS] t] MATCH_RECOGNIZE …`` → `` `$DERIVED`((SELECT …)) [[AS] t] MATCH_RECOGNIZE … ``, and
/// `TABLE(f(…)) MATCH_RECOGNIZE …` → `f(…) MATCH_RECOGNIZE …`.
pub(super) fn call_matched(mut tokens: Vec<Positioned>) -> Vec<Positioned> {
    let mut index = 1;
    while index < tokens.len() {
        let matched = is_word(&tokens[index].token, "MATCH_RECOGNIZE").then(|| parenthesis(&tokens, index)).flatten();
        index += 1;
        let Some((open, close)) = matched else { continue };
        let Some(before) = open.checked_sub(1) else { continue };
        if is_word(&tokens[before].token, "TABLE") {
            tokens.remove(close);
            tokens.drain(before..=open);
            index -= 3;
            continue;
        }
        let begins = ["SELECT", "WITH"].iter().any(|word| is_word(&tokens[open + 1].token, word));
        let in_from = ["FROM", "JOIN"].iter().any(|word| is_word(&tokens[before].token, word))
            || matches!(tokens[before].token.token, Token::Comma | Token::LParen);
        if begins && in_from {
            let end = tokens[close].with(Token::RParen);
            let call = [Token::make_word(super::DERIVED, Some('`')), Token::LParen];
            let call = call.map(|token| tokens[open].with(token));
            tokens.insert(close + 1, end);
            tokens.splice(open..open, call);
            index += 3;
        }
    }
    tokens
}

/// The parentheses that end before `end`, but for an alias and its columns.
fn parenthesis(tokens: &[Positioned], end: usize) -> Option<(usize, usize)> {
    let closes = |at: usize| tokens[at].token.token == Token::RParen;
    let mut close = end.checked_sub(1)?;
    // Where the name of an alias would end.
    let name = if closes(close) { opening(tokens, close)? } else { end };
    match alias(tokens, name).and_then(|alias| alias.checked_sub(1)) {
        Some(before) if closes(before) => close = before,
        _ if closes(close) => {}
        _ => return None,
    }
    Some((opening(tokens, close)?, close))
}

/// Where `[AS] name` begins that ends before `end`.
fn alias(tokens: &[Positioned], end: usize) -> Option<usize> {
    let name = end.checked_sub(1)?;
    let is_name = match &tokens[name].token.token {
        Token::Word(word) if word.quote_style.is_some() => true,
        _ => word_of(&tokens[name].token).is_some_and(|word| !reserved::is_reserved(word)),
    };
    let written = name.checked_sub(1).filter(|&at| is_word(&tokens[at].token, "AS"));
    is_name.then(|| written.unwrap_or(name))
}

/// Where the parenthesis was opened that is closed at `close`.
fn opening(tokens: &[Positioned], close: usize) -> Option<usize> {
    let mut depth = 0;
    for index in (0..=close).rev() {
        match tokens[index].token.token {
            Token::RParen => depth += 1,
            Token::LParen => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}
