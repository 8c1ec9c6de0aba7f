//! sqlparser's errors, told as ours: the message, and the place with the length of the token that stands there.

use super::cursor;
use super::reserved::is_reserved;
use riverrun_core::{Error, Place, suggest};
use sqlparser::keywords::Keyword;
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Token, TokenWithSpan};
use std::collections::HashMap;

/// Separates the message from the hint in the text of a parser's error.
pub(super) const HINT: char = '\u{1f}';

/// Where the tokens of a statement stand.
pub(super) struct PlaceMap {
    /// By line and column: the place, and how many tokens stand before it.
    places: HashMap<(u32, u32), (Place, usize)>,
    words: Vec<Word>,
    end: Option<Place>,
}

/// A word that is not what it should be.
struct Misspelt {
    index: usize,
    hint: String,
}

/// A token as a word.
struct Word {
    /// As it is written; empty if the token is no word, or one in quotes.
    text: String,
    /// Whether it is a keyword as it stands, so that it is not misspelt.
    keyword: bool,
}

impl Word {
    fn new(token: &TokenWithSpan) -> Self {
        let text = cursor::word_of(token).unwrap_or_default().to_owned();
        let known = matches!(&token.token, Token::Word(word) if word.keyword != Keyword::NoKeyword);
        let ours = OURS.iter().any(|keyword| keyword.eq_ignore_ascii_case(&text));
        Word { keyword: known || ours || is_reserved(&text), text }
    }
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
            words: tokens.iter().map(Word::new).collect(),
            end: end.map(|last| Place::new(last.line, last.column + last.length, 1)),
        }
    }

    /// Where the token at `index` stands.
    fn place_of(&self, index: usize) -> Option<Place> {
        self.places.values().find(|(_, at)| *at == index).map(|(place, _)| *place)
    }

    /// The token at which reading failed; behind the last one if the parser does not say where. `None` if the statement is
    /// nested too deeply.
    pub(super) fn index_of(&self, error: &ParserError) -> Option<usize> {
        let (ParserError::ParserError(text) | ParserError::TokenizerError(text)) = error else { return None };
        let place = split_place(text).and_then(|(_, line, column)| self.places.get(&(line, column)));
        Some(place.map_or(self.words.len(), |(_, index)| *index))
    }

    fn is(&self, index: usize, keyword: &str) -> bool {
        self.words.get(index).is_some_and(|word| word.text.eq_ignore_ascii_case(keyword))
    }

    /// The word at `index` if it is none that SQL knows.
    fn unknown(&self, index: usize) -> Option<&str> {
        let word = self.words.get(index).filter(|word| !word.keyword && word.text.len() >= 2)?;
        Some(&word.text)
    }

    /// The hint that the word at `index` is misspelt, if it looks like one of `wanted`.
    fn looks_like(&self, index: usize, wanted: &[&str]) -> Option<Misspelt> {
        let word = self.unknown(index)?;
        near(word, wanted).map(|near| Misspelt { index, hint: format!("`{word}` looks like {near}") })
    }

    /// The word behind the keyword at `index`, if another one belongs there: `GROUP YB`.
    fn misspelt_behind(&self, index: usize) -> Option<Misspelt> {
        let (keyword, wanted) = FOLLOWERS.iter().find(|(keyword, _)| self.is(index, keyword))?;
        let other = |only: &str| {
            let hint = format!("{keyword} is followed by {only}, not by `{}`", self.unknown(index + 1)?);
            Some(Misspelt { index: index + 1, hint })
        };
        self.looks_like(index + 1, wanted).or_else(|| if let [only] = wanted { other(only) } else { None })
    }

    /// The word that is misspelt by what stands beside it. `message` is the parser's, and `index` where it came to a halt,
    /// which may be far in front of the word.
    fn misspelt_in_context(&self, index: usize, message: &str) -> Option<Misspelt> {
        let wanted = expected_words(message);
        if let Some(found) = self.looks_like(index, &wanted) {
            return Some(found);
        }
        // Where only one word can stand, also a keyword may be misspelt: `PRIMARY KEYS`.
        if let ([only], Some(word)) = (wanted.as_slice(), self.words.get(index))
            && near(&word.text, &[only]).is_some()
        {
            return Some(Misspelt { index, hint: format!("`{}` looks like {only}", word.text) });
        }
        if index >= self.words.len() {
            return (0..self.words.len()).find_map(|index| self.misspelt_behind(index));
        }
        let beside = [Some(index), index.checked_sub(1), index.checked_sub(2)];
        if let Some(found) = beside.into_iter().flatten().find_map(|index| self.misspelt_behind(index)) {
            return Some(found);
        }
        if self.is(index, "PRIMARY") {
            let not = (index..self.words.len()).find(|index| self.is(*index, "NOT"))?;
            return self.looks_like(not + 1, &["ENFORCED"]);
        }
        if self.is(index, "WHEN") {
            let long = |index: &usize| self.unknown(*index).is_some_and(|word| word.len() >= 3);
            let behind: Vec<usize> = (index + 1..self.words.len()).filter(long).collect();
            return IN_CASE.iter().find_map(|wanted| behind.iter().find_map(|index| self.looks_like(*index, wanted)));
        }
        None
    }

    /// `a ISNULL`, as it is written here.
    fn null_test(&self, index: usize) -> Option<String> {
        let tests = [("ISNULL", "IS NULL"), ("NOTNULL", "IS NOT NULL")];
        let (_, test) = tests.iter().find(|(word, _)| self.is(index, word))?;
        Some(format!("write {test}"))
    }

    /// The word at `index` or just before it that looks like a keyword and is none: `SELECT a FORM t` fails at `t`.
    fn misspelt(&self, index: usize) -> Option<Misspelt> {
        [Some(index), index.checked_sub(1)].into_iter().flatten().find_map(|index| {
            self.unknown(index).filter(|word| word.len() >= 3)?;
            if !self.is(index + 1, "BY") {
                return self.looks_like(index, KEYWORDS);
            }
            let of_a_table = if self.is(0, "CREATE") { self.looks_like(index, &["PARTITIONED"]) } else { None };
            of_a_table.or_else(|| self.looks_like(index, BEFORE_BY))
        })
    }
}

/// Whether a word is no keyword, and looks like one of these.
pub(super) fn is_misspelt(token: &TokenWithSpan, candidates: &[&str]) -> bool {
    let word = Word::new(token);
    !word.keyword && !word.text.is_empty() && near(&word.text, candidates).is_some()
}

/// The candidate that a word looks like: the nearest, or one of the same letters.
fn near<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // Among words of two letters all are near to one another.
    let apt = |candidate: &&str| word.len() > 2 || candidate.len() > 2;
    let nearest = suggest::nearest(word, candidates.iter().copied().filter(apt));
    nearest.or_else(|| candidates.iter().copied().find(|candidate| letters(candidate) == letters(word)))
}

fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.to_uppercase().chars().collect();
    letters.sort_unstable();
    letters
}

/// The keywords that a message of the parser's says it expected.
fn expected_words(message: &str) -> Vec<&str> {
    let Some((expected, _)) = message.strip_prefix("Expected: ").and_then(|rest| rest.rsplit_once(", found: ")) else {
        return Vec::new();
    };
    let words = expected.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.len() >= 2 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')).collect()
}

/// Keywords of ours that the parser's list does not have.
const OURS: &[&str] = &["OVERWRITING", "CONSTRAINTS", "GENERATED", "WATERMARKS", "PARTITIONS", "DISTRIBUTION"];

/// Keywords, and the keywords of which one usually follows.
const FOLLOWERS: &[(&str, &[&str])] = &[
    ("GROUP", &["BY"]),
    ("ORDER", &["BY"]),
    ("PARTITION", &["BY"]),
    ("PARTITIONED", &["BY"]),
    ("NOT", &["NULL", "EXISTS", "ENFORCED", "LIKE", "BETWEEN", "SIMILAR", "DISTINCT"]),
    ("IS", &["NULL", "NOT", "TRUE", "FALSE", "UNKNOWN", "DISTINCT"]),
    ("IF", &["EXISTS", "NOT"]),
    ("CASE", &["WHEN"]),
    ("UNION", &["ALL", "DISTINCT", "SELECT"]),
    ("INTERSECT", &["ALL", "DISTINCT", "SELECT"]),
    ("EXCEPT", &["ALL", "DISTINCT", "SELECT"]),
    ("STATEMENT", &["SET"]),
    ("PRIMARY", &["KEY"]),
    ("WATERMARK", &["FOR"]),
    ("LEFT", &["JOIN", "OUTER"]),
    ("RIGHT", &["JOIN", "OUTER"]),
    ("FULL", &["JOIN", "OUTER"]),
    ("NULLS", &["FIRST", "LAST"]),
];

/// Behind WHEN: the keywords of CASE, then those of its conditions.
const IN_CASE: &[&[&str]] = &[&["THEN", "ELSE", "WHEN"], &["END", "AND", "NULL", "LIKE", "BETWEEN"]];

/// What stands before BY.
const BEFORE_BY: &[&str] = &["GROUP", "ORDER", "PARTITION", "PARTITIONED"];

/// The keywords within statements that are misspelt most easily. Those that are as short as names are found by what
/// stands beside them.
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
    "EXISTS",
    "NULL",
    "NULLS",
    "THEN",
    "ELSE",
    "DESC",
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
    let (text, mut place, index) = match split_place(&text) {
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
    let mut hint_of = |misspelt: Misspelt| {
        if index >= places.words.len() {
            // The parser does not say where it came to a halt.
            place = places.place_of(misspelt.index).or(place);
        }
        misspelt.hint
    };
    let in_context = places.misspelt_in_context(index, message).map(&mut hint_of);
    let hint = in_context
        .or(hint)
        .or_else(|| places.null_test(index))
        .or_else(|| places.misspelt(index).map(hint_of))
        .or_else(|| reserved_hint(message));
    Error::input(reword(message)).hint_opt(hint).at(place)
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
    let ends = expected == "end of statement" || expected == "an expression";
    let wants_name = ends || expected.contains("identifier") || expected.contains("name");
    let upper = found.to_ascii_uppercase();
    let structure = STRUCTURE.contains(&upper.as_str()) || (ends && OPERATORS.contains(&upper.as_str()));
    (wants_name && is_reserved(found) && !structure).then(|| format!("as a name, {upper} needs back-quotes: `{found}`"))
}

/// Words that stand where they do as keywords far more often than as names.
const STRUCTURE: &[&str] = &[
    "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "ON", "JOIN", "SELECT", "UNION", "LIMIT", "AS", "BY", "WITH", "SET",
    "INTO", "VALUES",
];

/// Words that stand beside an expression as a part of it, not as a name.
const OPERATORS: &[&str] = &["AND", "OR", "NOT", "IN", "IS", "LIKE", "BETWEEN", "WHEN", "THEN", "ELSE"];
