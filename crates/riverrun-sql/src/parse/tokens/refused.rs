//! What sqlparser can't read, or reads without a place, and is told better by the tokens alone.

use super::super::cursor::{place, word_of};
use super::super::unsupported;
use super::{Positioned, is, words};
use riverrun_core::{Error, Result};
use sqlparser::tokenizer::Token;

/// Refuses clauses that are not here.
pub(super) fn refuse(tokens: &[Positioned]) -> Result<()> {
    for at in 0..tokens.len() {
        temporal_subquery(tokens, at)?;
        group_by_all(tokens, at)?;
        empty_array(tokens, at)?;
        limit_of_two(tokens, at)?;
        pattern(tokens, at)?;
        model_call(tokens, at)?;
    }
    Ok(())
}

fn temporal_subquery(tokens: &[Positioned], at: usize) -> Result<()> {
    if !is(tokens, at, &Token::RParen) || !words(tokens, at + 1, &["FOR", "SYSTEM_TIME"]) {
        return Ok(());
    }
    Err(Error::input("FOR SYSTEM_TIME AS OF stands behind the name of a table or view")
        .hint("give the subquery a name by CREATE VIEW v AS …, and join v FOR SYSTEM_TIME AS OF …")
        .at(place(&tokens[at + 1].token)))
}

fn group_by_all(tokens: &[Positioned], at: usize) -> Result<()> {
    if !words(tokens, at, &["GROUP", "BY", "ALL"]) {
        return Ok(());
    }
    Err(Error::unsupported("GROUP BY ALL").hint("name the columns").at(place(&tokens[at + 2].token)))
}

fn empty_array(tokens: &[Positioned], at: usize) -> Result<()> {
    let empty =
        words(tokens, at, &["ARRAY"]) && is(tokens, at + 1, &Token::LBracket) && is(tokens, at + 2, &Token::RBracket);
    if !empty {
        return Ok(());
    }
    Err(Error::input("ARRAY[] has no element, so its type is not known")
        .hint("write CAST(NULL AS ARRAY<INT>), or whatever type is meant")
        .at(place(&tokens[at].token)))
}

/// `LIMIT 1, 2`.
fn limit_of_two(tokens: &[Positioned], at: usize) -> Result<()> {
    let number = |at: usize| match tokens.get(at).map(|token| &token.token.token) {
        Some(Token::Number(digits, _)) => Some(digits),
        _ => None,
    };
    if !words(tokens, at, &["LIMIT"]) || !is(tokens, at + 2, &Token::Comma) {
        return Ok(());
    }
    let (Some(offset), Some(rows)) = (number(at + 1), number(at + 3)) else { return Ok(()) };
    Err(Error::input("LIMIT takes one number of rows")
        .hint(format!("LIMIT {rows} OFFSET {offset}"))
        .at(place(&tokens[at + 2].token)))
}

/// A call whose argument `MODEL m` is no expression.
fn model_call(tokens: &[Positioned], at: usize) -> Result<()> {
    for name in ["ML_PREDICT", "ML_EVALUATE"] {
        if words(tokens, at, &[name]) && is(tokens, at + 1, &Token::LParen) {
            let error = Error::unsupported(name).at(place(&tokens[at].token));
            return Err(error.hint_opt(unsupported::instead_of(name).map(str::to_owned)));
        }
    }
    Ok(())
}

/// PATTERN of MATCH_RECOGNIZE, and what may stand behind it.
fn pattern(tokens: &[Positioned], at: usize) -> Result<()> {
    if !words(tokens, at, &["PATTERN"]) || !is(tokens, at + 1, &Token::LParen) {
        return Ok(());
    }
    let mut depth = 0_usize;
    let close = tokens.iter().enumerate().skip(at + 1).find(|(_, token)| {
        match token.token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let Some((close, _)) = close else { return Ok(()) };
    if !["WITHIN", "SUBSET", "DEFINE"].iter().any(|word| words(tokens, close + 1, &[word])) {
        return Ok(());
    }
    if let Some(Token::SingleQuotedString(length)) = tokens.get(close + 2).map(|token| &token.token.token)
        && words(tokens, close + 1, &["WITHIN"])
    {
        let unit = tokens.get(close + 3).and_then(|token| word_of(&token.token));
        let unit = unit.filter(|unit| !unit.eq_ignore_ascii_case("DEFINE")).unwrap_or("HOUR");
        return Err(Error::input(format!("WITHIN takes an interval, not the string '{length}'"))
            .hint(format!("WITHIN INTERVAL '{length}' {}", unit.to_uppercase()))
            .at(place(&tokens[close + 2].token)));
    }
    if close == at + 2 {
        return Err(Error::input("the pattern is empty")
            .hint("name the variables of DEFINE in their order: PATTERN (A B+ C)")
            .at(place(&tokens[at].token)));
    }
    let too_many = tokens[at..close].iter().find(|token| match &token.token.token {
        Token::Number(digits, _) => digits.parse::<u32>().is_err(),
        _ => false,
    });
    if let Some(number) = too_many {
        return Err(Error::input(format!("'{}' is no number of rows for a quantifier", number.token.token))
            .hint(format!("from 0 to {}", u32::MAX))
            .at(place(&number.token)));
    }
    let subset = (close + 1..tokens.len())
        .take_while(|index| !words(tokens, *index, &["DEFINE"]))
        .find(|index| words(tokens, *index, &["SUBSET"]));
    match subset {
        Some(subset) => Err(Error::unsupported("SUBSET of MATCH_RECOGNIZE")
            .hint("name the variables themselves: an aggregate takes one, or without a name all rows of the match")
            .at(place(&tokens[subset].token))),
        None => Ok(()),
    }
}

/// The byte at which the comment begins that has no end, if there is one.
pub(super) fn unclosed_comment(text: &str) -> Option<usize> {
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        match (c, next) {
            ('\'' | '`', _) => {
                // A quote written twice is the end of one text and the beginning of another.
                rest.find(|(_, end)| *end == c)?;
            }
            ('-', Some('-')) => {
                rest.find(|(_, end)| *end == '\n')?;
            }
            ('/', Some('*')) => {
                rest.next();
                let mut before = ' ';
                let closed = rest.any(|(_, c)| std::mem::replace(&mut before, c) == '*' && c == '/');
                if !closed {
                    return Some(start);
                }
            }
            _ => {}
        }
    }
    None
}
