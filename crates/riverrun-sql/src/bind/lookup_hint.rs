//! The hint LOOKUP: how a lookup join waits for answers, and whether it asks again.
//!
//! Source of the semantics: Flink 2.3, "SQL Hints", "LOOKUP".

use super::query::QueryBinder;
use super::scope::Scope;
use crate::parse::Hint;
use riverrun_core::options::{OptionValue, parse_duration};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Millis, Place, Result};
use riverrun_operators::lookup_join::waiting::Retry;
use sqlparser::ast;

/// The keys of the hint.
const KEYS: &[&str] = &[
    "table",
    "async",
    "output-mode",
    "capacity",
    "timeout",
    "retry-predicate",
    "retry-strategy",
    "fixed-delay",
    "max-attempts",
    "shuffle",
];

/// What a hint says.
#[derive(Clone, Copy, Debug)]
pub struct LookupHint {
    /// `async`.
    pub asynchronous: bool,
    /// `output-mode` is `allow_unordered`.
    pub unordered: Option<bool>,
    /// `capacity`.
    pub capacity: Option<usize>,
    /// `timeout`.
    pub timeout: Option<Millis>,
    /// `retry-predicate` and what belongs to it.
    pub retry: Option<Retry>,
    /// `shuffle`: rows of one key are looked up by one worker.
    pub shuffle: bool,
    /// Where it stands.
    pub place: Place,
}

impl QueryBinder<'_> {
    /// The LOOKUP hints of a SELECT, by the table each names.
    pub(super) fn lookup_hints_of(&self, select: &ast::Select) -> Result<Vec<(String, LookupHint)>> {
        let hints = self.hints.after(select.select_token.0.span).filter(|hint| hint.name == "LOOKUP");
        hints.map(read).collect()
    }

    /// What a hint says of a table.
    pub(super) fn lookup_hint(&self, scope: &Scope) -> Option<LookupHint> {
        let [relation] = scope.relations() else { return None };
        let name = relation.name.last()?;
        self.lookups.iter().find(|(hinted, _)| hinted == name).map(|(_, hint)| *hint)
    }
}

fn read(hint: &Hint) -> Result<(String, LookupHint)> {
    if let Some((key, value)) = hint.options.iter().find(|(key, _)| !KEYS.contains(key)) {
        return Err(Error::input(format!("the hint LOOKUP has no '{key}'"))
            .hint(did_you_mean(key, KEYS.iter().copied()).unwrap_or_else(|| format!("it takes {}", KEYS.join(", "))))
            .at(value.key_place.unwrap_or(hint.place)));
    }
    let text = |key: &str| hint.options.given(key).map(|value| value.text.trim());
    let refused = |key: &str, takes: &str| {
        let given = hint.options.given(key);
        Error::input(format!("'{key}' of the hint LOOKUP takes {takes}, not '{}'", text(key).unwrap_or_default()))
            .at(given.and_then(|value: &OptionValue| value.value_place).unwrap_or(hint.place))
    };
    let truth = |key: &str| match text(key) {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(refused(key, "true or false")),
    };
    let duration = |key: &str| match text(key) {
        None => Ok(None),
        Some(value) => match parse_duration(value).filter(|duration| duration.0 > 0) {
            None => Err(refused(key, "a duration")),
            known => Ok(known),
        },
    };
    let count = |key: &str| match text(key) {
        None => Ok(None),
        Some(value) => match value.parse::<u32>().ok().filter(|count| *count > 0) {
            None => Err(refused(key, "a number from 1")),
            known => Ok(known),
        },
    };
    let Some(table) = text("table") else {
        return Err(Error::input("the hint LOOKUP names no table")
            .hint("write it like /*+ LOOKUP('table' = 'customers', 'async' = 'true') */, with the table's alias if it has one")
            .at(hint.place));
    };
    let unordered = match text("output-mode") {
        None => None,
        Some(mode) if mode.eq_ignore_ascii_case("ordered") => Some(false),
        Some(mode) if mode.eq_ignore_ascii_case("allow_unordered") => Some(true),
        Some(_) => return Err(refused("output-mode", "ordered or allow_unordered")),
    };
    for (key, only) in [("retry-predicate", "lookup_miss"), ("retry-strategy", "fixed_delay")] {
        if text(key).is_some_and(|value| !value.eq_ignore_ascii_case(only)) {
            return Err(refused(key, only));
        }
    }
    let (delay, attempts) = (duration("fixed-delay")?, count("max-attempts")?);
    let said =
        [text("retry-predicate").is_some(), text("retry-strategy").is_some(), delay.is_some(), attempts.is_some()];
    let retry = match (said, delay, attempts) {
        ([true, true, true, true], Some(delay), Some(attempts)) => Some(Retry { delay, attempts }),
        ([false, false, false, false], ..) => None,
        _ => {
            return Err(Error::input("the hint LOOKUP says only a part of how to ask again")
                .hint("'retry-predicate' = 'lookup_miss', 'retry-strategy' = 'fixed_delay', 'fixed-delay' and 'max-attempts' belong together")
                .at(hint.place));
        }
    };
    let read = LookupHint {
        asynchronous: truth("async")?,
        unordered,
        capacity: count("capacity")?.map(|count| count as usize),
        timeout: duration("timeout")?,
        retry,
        shuffle: truth("shuffle")?,
        place: hint.place,
    };
    Ok((table.to_owned(), read))
}
