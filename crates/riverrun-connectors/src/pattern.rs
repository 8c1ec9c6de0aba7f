//! Regular expressions that options hold.

use regex::Regex;
use riverrun_core::{Error, Place, Result};

/// The regular expression that the option `name` is, which is to match a whole text.
pub fn whole(name: &str, text: &str, place: Option<Place>) -> Result<Regex> {
    // By itself first, so that an error is about what the user wrote.
    compiled(name, text, place)?;
    // Of several alternatives the first that matches counts, also where only another one matches all: `a|ab`.
    compiled(name, &format!("^(?:{text})$"), place)
}

/// The regular expression that the option `name` is. An error says in one line what is wrong with it.
pub fn compiled(name: &str, text: &str, place: Option<Place>) -> Result<Regex> {
    Regex::new(text).map_err(|error| {
        let shown = error.to_string();
        let reason = shown.lines().last().unwrap_or_default();
        Error::input(format!("'{name}' is no regular expression: {}", reason.strip_prefix("error: ").unwrap_or(reason)))
            .hint("a \\ before a character takes its meaning away; look-ahead and back references are not known")
            .at(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_text_is_matched_by_any_alternative() {
        let topics = whole("topic-pattern", "east_(a|abc)|west", None).expect("a pattern");
        assert_eq!(
            ["east_a", "east_abc", "east_ab", "west", "north_west"].map(|name| topics.is_match(name)),
            [true, true, false, true, false]
        );
        let error = whole("topic-pattern", "a)|(b", None).expect_err("no pattern");
        assert_eq!(error.message(), "'topic-pattern' is no regular expression: unopened group");
    }
}
