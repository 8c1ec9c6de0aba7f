//! Regular expressions in Java's syntax, and the functions over them.
//!
//! A pattern is translated to the syntax of the `regex` crate, which matches in linear time and so knows no looking around,
//! no references back and no possessive quantifiers. What stays different from Java is in docs/flink-differences.md.

pub mod functions;
mod groups;
pub mod translate;

#[cfg(test)]
mod tests;

use super::Argument;
use groups::{Found, OnePass, OnePassCache};
use regex::CaptureLocations;
use riverrun_core::{Error, Result};
use std::ops::Range;
use std::sync::Arc;

/// A compiled pattern of Java's.
#[derive(Debug)]
pub struct JavaRegex {
    regex: regex::Regex,
    text_end: bool,
    one_pass: Option<Box<OnePass>>,
}

/// Where the groups of a pattern are, kept from one text to the next.
#[derive(Debug, Default)]
pub struct GroupPlaces {
    one_pass: Option<OnePassCache>,
    all: Option<CaptureLocations>,
}

impl JavaRegex {
    /// Compiles a pattern that may match anywhere in a text.
    pub fn new(pattern: &str) -> Result<JavaRegex> {
        let invalid =
            |error: String| Error::failure(format!("the regular expression '{pattern}' is wrong")).detail(error);
        let translated = translate::translate(pattern).map_err(invalid)?;
        let regex = regex::Regex::new(&translated.pattern).map_err(|error| invalid(error.to_string()))?;
        Ok(JavaRegex { regex, text_end: translated.text_end, one_pass: None })
    }

    /// The same for so many texts that it is worth some work beforehand.
    #[must_use]
    pub fn for_many(mut self) -> JavaRegex {
        self.one_pass = OnePass::new(self.regex.as_str()).map(Box::new);
        self
    }

    /// The text to match: for a pattern with `$` without a last line end, if the pattern matches so.
    fn scope<'a>(&self, text: &'a str) -> &'a str {
        if !self.text_end {
            return text;
        }
        let trimmed = match text.strip_suffix(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            Some(trimmed) if text.ends_with('\n') => trimmed.strip_suffix('\r').unwrap_or(trimmed),
            Some(trimmed) => trimmed,
            None => return text,
        };
        if self.regex.is_match(trimmed) { trimmed } else { text }
    }

    /// Compiles a pattern that must match a whole text.
    pub fn whole(pattern: &str) -> Result<JavaRegex> {
        JavaRegex::new(&format!("\\A(?:{pattern})\\z"))
    }

    /// How many groups the pattern has, the whole match (group 0) not counted.
    pub fn groups(&self) -> usize {
        self.regex.captures_len() - 1
    }

    /// Whether the pattern matches anywhere.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(self.scope(text))
    }

    /// The first match, in bytes.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        self.regex.find(self.scope(text)).map(|found| found.range())
    }

    /// All matches that don't overlap, in bytes.
    pub fn find_all<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        self.regex.find_iter(self.scope(text)).map(|found| found.range())
    }

    /// A group of the first match: `None` if nothing matches, `Some(None)` if the group took no part in it. `places` are kept from
    /// one text to the next.
    pub fn group<'a>(&self, text: &'a str, group: usize, places: &mut GroupPlaces) -> Option<Option<&'a str>> {
        if group == 0 {
            return self.find(text).map(|found| Some(&text[found]));
        }
        let scope = self.scope(text);
        if let Some(one_pass) = &self.one_pass {
            let cache = places.one_pass.get_or_insert_with(|| one_pass.cache());
            match one_pass.group(scope, group, cache) {
                Found::Group(place) => return Some(place.map(|place| &text[place])),
                Found::Nothing => return None,
                Found::Unknown => {}
            }
        }
        let places = places.all.get_or_insert_with(|| self.regex.capture_locations());
        self.regex.captures_read(places, scope)?;
        Some(places.get(group).map(|(start, end)| &text[start..end]))
    }

    /// A group of every match, `None` where it took no part.
    pub fn group_of_all<'a>(&'a self, text: &'a str, group: usize) -> impl Iterator<Item = Option<&'a str>> + 'a {
        self.regex.captures_iter(self.scope(text)).map(move |captures| captures.get(group).map(|found| found.as_str()))
    }
}

/// The patterns that an argument holds: one, compiled when the call is resolved, or one per row.
#[derive(Debug)]
pub enum Patterns {
    /// The argument is constant (or left out, where a default is meant).
    Constant(String, Arc<Result<JavaRegex>>),
    /// The argument varies, or is NULL.
    PerRow,
}

impl Patterns {
    /// What is known of the patterns when the call is resolved.
    pub fn of(argument: Option<&Argument<'_>>) -> Patterns {
        match argument.and_then(Argument::text) {
            Some(pattern) => {
                let regex = JavaRegex::new(pattern).map(JavaRegex::for_many);
                Patterns::Constant(pattern.to_owned(), Arc::new(regex))
            }
            None => Patterns::PerRow,
        }
    }

    /// What compiles the patterns of one batch: a constant never again, others when they change.
    pub fn cache(&self) -> PatternCache {
        let last = match self {
            Patterns::Constant(pattern, regex) => Some((pattern.clone(), regex.clone())),
            Patterns::PerRow => None,
        };
        PatternCache { last, places: GroupPlaces::default() }
    }
}

/// The last pattern that was compiled.
#[derive(Debug)]
pub struct PatternCache {
    last: Option<(String, Arc<Result<JavaRegex>>)>,
    places: GroupPlaces,
}

impl PatternCache {
    /// The compiled pattern, or why it is wrong.
    pub fn get(&mut self, pattern: &str) -> Result<&JavaRegex> {
        if self.last.as_ref().is_none_or(|(known, _)| known != pattern) {
            self.last = Some((pattern.to_owned(), Arc::new(JavaRegex::new(pattern))));
            self.places = GroupPlaces::default();
        }
        match &self.last {
            Some((_, regex)) => regex.as_ref().as_ref().map_err(Clone::clone),
            None => Err(Error::bug("a pattern that was just compiled is gone")),
        }
    }

    /// A group of the first match of a pattern, which has as many groups; `None` where there is none.
    pub fn group<'a>(&mut self, pattern: &str, text: &'a str, group: usize) -> Option<&'a str> {
        self.get(pattern).ok()?;
        let (_, regex) = self.last.as_ref()?;
        let regex = regex.as_ref().as_ref().ok().filter(|regex| group <= regex.groups())?;
        regex.group(text, group, &mut self.places)?
    }
}
