//! sqlparser's errors, told as ours: the message, and the place with the length of the token that stands there.

use super::cursor;
use riverrun_core::{Error, Place, suggest};
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::TokenWithSpan;
use std::collections::HashMap;

/// Separates the message from the hint in the text of a parser's error.
pub(super) const HINT: char = '\u{1f}';

/// Where the tokens of a statement stand.
pub(super) struct PlaceMap {
    /// By line and column: the place, and how many tokens stand before it.
    places: HashMap<(u32, u32), (Place, usize)>,
    /// The tokens that are words without quotes; empty for all others.
    words: Vec<String>,
    end: Option<Place>,
}

impl PlaceMap {
    /// The places of these tokens; the end is just behind the last one.
    pub(super) fn new(tokens: &[TokenWithSpan]) -> Self {
        let places = tokens.iter().enumerate().filter_map(|(index, token)| {
            let place = super::place_of(token.span)?;
            Some(((place.line, place.column), (place, index)))
        });
        let end = tokens.iter().rev().find_map(|token| super::place_of(token.span));
        PlaceMap {
            places: places.collect(),
            words: tokens.iter().map(|token| cursor::word_of(token).unwrap_or_default().to_owned()).collect(),
            end: end.map(|last| Place::new(last.line, last.column + last.length, 1)),
        }
    }

    /// The word at `index` or just before it that looks like a keyword and is none: `SELECT a FORM t` fails at `t`.
    fn misspelt(&self, index: usize) -> Option<String> {
        [Some(index), index.checked_sub(1)].into_iter().flatten().find_map(|index| {
            let word = self.words.get(index).filter(|word| word.len() >= 3)?;
            let near = suggest::nearest(word, KEYWORDS.iter().copied())?;
            (!near.eq_ignore_ascii_case(word)).then(|| format!("`{word}` looks like {near}"))
        })
    }
}

/// The keywords within statements that are misspelt most easily.
const KEYWORDS: &[&str] = &[
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "SELECT",
    "VALUES",
    "INTO",
    "OVERWRITE",
    "WITH",
    "WITHIN",
    "PARTITION",
    "PARTITIONED",
    "WATERMARK",
    "PRIMARY",
    "CONSTRAINT",
    "ENFORCED",
    "METADATA",
    "VIRTUAL",
    "COMMENT",
    "LIKE",
    "INCLUDING",
    "EXCLUDING",
    "JOIN",
    "LEFT",
    "RIGHT",
    "INNER",
    "OUTER",
    "CROSS",
    "LATERAL",
    "UNNEST",
    "WINDOW",
    "QUALIFY",
    "OVER",
    "FILTER",
    "BETWEEN",
    "INTERVAL",
    "DISTINCT",
    "TABLE",
    "DESCRIPTOR",
    "TUMBLE",
    "CUMULATE",
    "SESSION",
    "STATEMENT",
    "BEGIN",
    "PATTERN",
    "DEFINE",
    "MEASURES",
    "MATCH_RECOGNIZE",
];

/// The error of a statement with these tokens.
pub(super) fn convert(error: ParserError, places: &PlaceMap) -> Error {
    let text = match error {
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => text,
        ParserError::RecursionLimitExceeded => "the statement is nested too deeply".to_owned(),
    };
    let (text, place, index) = match split_place(&text) {
        Some((text, line, column)) => match places.places.get(&(line, column)) {
            Some((place, index)) => (text, Some(*place), *index),
            None => (text, Some(Place::new(line, column, 1)), usize::MAX),
        },
        None => (text.as_str(), places.end, places.words.len()),
    };
    let (message, hint) = match text.split_once(HINT) {
        Some((message, hint)) => (message, Some(hint.to_owned())),
        None => (text, None),
    };
    Error::input(reword(message))
        .hint_opt(hint.or_else(|| reserved_hint(message)).or_else(|| places.misspelt(index)))
        .at(place)
}

/// Splits `… at Line: 3, Column: 14` off a message.
pub(super) fn split_place(text: &str) -> Option<(&str, u32, u32)> {
    let at = text.rfind(" at Line: ")?;
    let (line, column) = text[at + " at Line: ".len()..].split_once(", Column: ")?;
    Some((&text[..at], line.parse().ok()?, column.parse().ok()?))
}

/// `Expected: x, found: y` as a sentence of ours.
fn reword(message: &str) -> String {
    let Some((expected, found)) = message.strip_prefix("Expected: ").and_then(|rest| rest.rsplit_once(", found: "))
    else {
        return message.to_owned();
    };
    let expected = match expected {
        "end of statement" => "the end of the statement",
        "joined table" => "a query or a join in the parentheses",
        other => other,
    };
    let found = if found == "EOF" { "the end of the statement".to_owned() } else { format!("'{found}'") };
    let expected =
        if expected.chars().all(|c| !c.is_alphanumeric()) { format!("'{expected}'") } else { expected.to_owned() };
    format!("expected {expected}, found {found}")
}

/// The hint where a reserved word stands for a name.
fn reserved_hint(message: &str) -> Option<String> {
    let (expected, found) = message.strip_prefix("Expected: ")?.rsplit_once(", found: ")?;
    let wants_name = expected.contains("identifier") || expected.contains("name") || expected == "end of statement";
    (wants_name && super::reserved::is_reserved(found) && !STRUCTURE.contains(&found.to_ascii_uppercase().as_str()))
        .then(|| format!("as a name, {} needs back-quotes: `{found}`", found.to_uppercase()))
}

/// Words that stand where they do as keywords far more often than as names.
const STRUCTURE: &[&str] = &[
    "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "ON", "JOIN", "SELECT", "UNION", "LIMIT", "AS", "BY", "WITH", "SET",
    "INTO", "VALUES",
];
