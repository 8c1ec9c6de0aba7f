//! Regular expressions that options hold.

use regex::Regex;
use riverrun_core::{Error, Place, Result};

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
