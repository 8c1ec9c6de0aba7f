//! sqlparser's errors, told as ours: the message, and the place with the length of the token that stands there.

use riverrun_core::{Error, Place};
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::TokenWithSpan;
use std::collections::HashMap;

/// Separates the message from the hint in the text of a parser's error.
pub(super) const HINT: char = '\u{1f}';

/// Where the tokens of a statement stand.
pub(super) struct PlaceMap {
    places: HashMap<(u32, u32), Place>,
    end: Option<Place>,
}

impl PlaceMap {
    /// The places of these tokens; the end is just behind the last one.
    pub(super) fn new(tokens: &[TokenWithSpan]) -> Self {
        let places = tokens.iter().filter_map(|token| super::place_of(token.span));
        let end = tokens.iter().rev().find_map(|token| super::place_of(token.span));
        PlaceMap {
            places: places.map(|place| ((place.line, place.column), place)).collect(),
            end: end.map(|last| Place::new(last.line, last.column + last.length, 1)),
        }
    }
}

/// The error of a statement with these tokens.
pub(super) fn convert(error: ParserError, places: &PlaceMap) -> Error {
    let text = match error {
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => text,
        ParserError::RecursionLimitExceeded => "the statement is nested too deeply".to_owned(),
    };
    let (text, place) = match split_place(&text) {
        Some((text, line, column)) => {
            (text, Some(places.places.get(&(line, column)).copied().unwrap_or(Place::new(line, column, 1))))
        }
        None => (text.as_str(), places.end),
    };
    let (message, hint) = match text.split_once(HINT) {
        Some((message, hint)) => (message, Some(hint.to_owned())),
        None => (text, None),
    };
    Error::input(reword(message)).hint_opt(hint.or_else(|| reserved_hint(message))).at(place)
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
