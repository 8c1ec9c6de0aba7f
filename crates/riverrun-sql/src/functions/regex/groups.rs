//! Where the groups of a pattern's first match are, with one look at the text.
//!
//! The `regex` crate finds the end of a match, then its beginning, and then its groups. A pattern that begins with one of a few
//! literals and that never has to choose between two ways can do with less: a search for the literals, and one pass from there on.
//! For REGEXP_EXTRACT of a URL's parameter this is half of the work (`riverrun bench nexmark --queries q21`).

use regex_automata::dfa::onepass;
use regex_automata::util::prefilter::Prefilter;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind, Span};
use std::ops::Range;

/// A larger table for one pass is not made: the limit of the `regex` crate.
const LARGEST_TABLE: usize = 1 << 20;

/// A pattern that can be matched so.
#[derive(Debug)]
pub(super) struct OnePass {
    /// Finds where a match may begin.
    beginnings: Prefilter,
    table: onepass::DFA,
}

/// What a search needs, kept from one text to the next.
#[derive(Debug)]
pub(super) struct OnePassCache {
    cache: onepass::Cache,
    slots: Vec<Option<NonMaxUsize>>,
}

/// What a search has found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The group of the first match; `None`: it took no part.
    Group(Option<Range<usize>>),
    /// Nothing matches.
    Nothing,
    /// It would take more than one pass to say.
    Unknown,
}

impl OnePass {
    /// None for other patterns. `pattern` is in the syntax of the `regex` crate.
    pub(super) fn new(pattern: &str) -> Option<OnePass> {
        let beginnings = Prefilter::from_hir_prefix(MatchKind::LeftmostFirst, &syntax::parse(pattern).ok()?)?;
        let config = onepass::Config::new().size_limit(Some(LARGEST_TABLE));
        let table = onepass::Builder::new().configure(config).build(pattern).ok()?;
        beginnings.is_fast().then_some(OnePass { beginnings, table })
    }

    pub(super) fn cache(&self) -> OnePassCache {
        OnePassCache { cache: self.table.create_cache(), slots: Vec::new() }
    }

    /// A group of the first match. Where nothing matches at the first beginning the answer is left to others, since a pass from each
    /// of many beginnings would take too long.
    pub(super) fn group(&self, text: &str, group: usize, cache: &mut OnePassCache) -> Found {
        let Some(begins) = self.beginnings.find(text.as_bytes(), Span { start: 0, end: text.len() }) else {
            return Found::Nothing;
        };
        let OnePassCache { cache, slots } = cache;
        slots.clear();
        slots.resize(2 * (group + 1), None);
        let input = Input::new(text).range(begins.start..).anchored(Anchored::Yes);
        match self.table.try_search_slots(cache, &input, slots) {
            Ok(Some(_)) => match (slots[2 * group], slots[2 * group + 1]) {
                (Some(start), Some(end)) => Found::Group(Some(start.get()..end.get())),
                _ => Found::Group(None),
            },
            _ => Found::Unknown,
        }
    }
}
