//! LIKE's patterns: text, `_` and `%`.

use super::invalid_escape;
use riverrun_core::Result;

/// A compiled pattern of LIKE.
#[derive(Debug)]
pub enum Wildcard {
    /// No wildcard.
    Equal(String),
    /// `text%`.
    Prefix(String),
    /// `%text`.
    Suffix(String),
    /// `%text%`.
    Contains(Box<memchr::memmem::Finder<'static>>),
    /// Anything else.
    General(Vec<Token>),
}

/// A part of a general pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// This character.
    Char(char),
    /// `_`: any character but a line end, as in Flink.
    One,
    /// `%`: any number of characters.
    Any,
}

impl Wildcard {
    /// Compiles a pattern. Without an escape character there is no escaping.
    pub fn new(pattern: &str, escape: Option<char>) -> Result<Wildcard> {
        let mut tokens = Vec::with_capacity(pattern.len());
        let mut chars = pattern.chars().enumerate();
        while let Some((position, c)) = chars.next() {
            tokens.push(match c {
                _ if Some(c) == escape => match chars.next() {
                    Some((_, next)) if next == '_' || next == '%' || Some(next) == escape => Token::Char(next),
                    _ => return Err(invalid_escape(pattern, position)),
                },
                '_' => Token::One,
                '%' => Token::Any,
                c => Token::Char(c),
            });
        }
        tokens.dedup_by(|next, last| *next == Token::Any && *last == Token::Any);
        let text = |tokens: &[Token]| -> Option<String> {
            tokens
                .iter()
                .map(|token| match token {
                    Token::Char(c) => Some(*c),
                    _ => None,
                })
                .collect()
        };
        let specialized = match tokens.as_slice() {
            [Token::Any, middle @ .., Token::Any] => text(middle)
                .map(|text| Wildcard::Contains(Box::new(memchr::memmem::Finder::new(text.as_bytes()).into_owned()))),
            [Token::Any, rest @ ..] => text(rest).map(Wildcard::Suffix),
            [rest @ .., Token::Any] => text(rest).map(Wildcard::Prefix),
            all => text(all).map(Wildcard::Equal),
        };
        Ok(specialized.unwrap_or(Wildcard::General(tokens)))
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Wildcard::Equal(equal) => text == equal,
            Wildcard::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Wildcard::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Wildcard::Contains(finder) => finder.find(text.as_bytes()).is_some(),
            Wildcard::General(tokens) => general(tokens, text),
        }
    }
}

/// Greedy matching: on a mismatch the last `%` takes one character more. No earlier one ever needs to.
fn general(tokens: &[Token], text: &str) -> bool {
    let mut rest = text.chars();
    let mut position = 0;
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let token = tokens.get(position).copied();
        if token == Some(Token::Any) {
            position += 1;
            retry = Some((position, rest.clone()));
            continue;
        }
        let mut ahead = rest.clone();
        let matched = match (token, ahead.next()) {
            (None, None) => return true,
            (Some(Token::Char(expected)), Some(c)) => expected == c,
            (Some(Token::One), Some(c)) => !matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'),
            _ => false,
        };
        if matched {
            rest = ahead;
            position += 1;
            continue;
        }
        let Some((after_any, from)) = &mut retry else { return false };
        if from.next().is_none() {
            return false;
        }
        position = *after_any;
        rest = from.clone();
    }
}
