//! All scalar functions, by name.

use super::{FunctionDef, operators};
use std::collections::HashMap;
use std::sync::OnceLock;

#[cfg(test)]
mod tests;

/// The groups of functions, each from its own file.
const GROUPS: &[&[FunctionDef]] = &[
    super::arithmetic::FUNCTIONS,
    super::array::FUNCTIONS,
    super::array::elements::FUNCTIONS,
    super::array::order::FUNCTIONS,
    super::array::sets::FUNCTIONS,
    super::comparison::FUNCTIONS,
    super::conditional::FUNCTIONS,
    super::bitmap::FUNCTIONS,
    super::encode::FUNCTIONS,
    super::encode::charset::FUNCTIONS,
    super::encode::hash::FUNCTIONS,
    super::encode::net::FUNCTIONS,
    super::encode::url::FUNCTIONS,
    super::json::construct::FUNCTIONS,
    super::json::query::FUNCTIONS,
    super::json::quote::FUNCTIONS,
    super::json::variant::FUNCTIONS,
    super::like::FUNCTIONS,
    super::logic::FUNCTIONS,
    super::map::FUNCTIONS,
    super::math::FUNCTIONS,
    super::math::random::FUNCTIONS,
    super::math::rounding::FUNCTIONS,
    super::regex::functions::FUNCTIONS,
    super::row::FUNCTIONS,
    super::session::FUNCTIONS,
    super::string::affix::FUNCTIONS,
    super::string::case::FUNCTIONS,
    super::string::characters::FUNCTIONS,
    super::string::concat::FUNCTIONS,
    super::string::edit::FUNCTIONS,
    super::string::position::FUNCTIONS,
    super::string::printf::FUNCTIONS,
    super::string::split::FUNCTIONS,
    super::string::substring::FUNCTIONS,
    super::temporal::arithmetic::FUNCTIONS,
    super::temporal::current::FUNCTIONS,
    super::temporal::extract::FUNCTIONS,
    super::temporal::format::FUNCTIONS,
    super::temporal::round::FUNCTIONS,
    super::temporal::unix::FUNCTIONS,
    super::type_of::FUNCTIONS,
];

/// The functions, beside comparisons, that give a value for any arguments of the types that they take, and the same one each time.
const TOTAL: &[&str] = &[
    operators::IN,
    "ASCII",
    "CHAR_LENGTH",
    "ENDSWITH",
    "INITCAP",
    "IS_ALPHA",
    "IS_DECIMAL",
    "IS_DIGIT",
    "LEFT",
    "LOCATE",
    "LOWER",
    "MD5",
    "PARSE_URL",
    "REGEXP",
    "REGEXP_COUNT",
    "REGEXP_EXTRACT",
    "REGEXP_INSTR",
    "REGEXP_SUBSTR",
    "REVERSE",
    "RIGHT",
    "SHA1",
    "SHA256",
    "SPLIT_INDEX",
    "STARTSWITH",
    "SUBSTRING",
    "UPPER",
];

/// Whether the function of this name, as it is defined, gives a value for any arguments.
pub fn is_total(name: &str) -> bool {
    operators::COMPARISONS.contains(&name) || TOTAL.contains(&name)
}

/// All functions, in the order of their groups.
pub fn functions() -> impl Iterator<Item = &'static FunctionDef> {
    GROUPS.iter().flat_map(|group| group.iter())
}

/// The function of this name, in whatever case.
pub fn function(name: &str) -> Option<&'static FunctionDef> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static FunctionDef>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        functions()
            .flat_map(|definition| {
                std::iter::once(definition.name)
                    .chain(definition.aliases.iter().copied())
                    .map(move |name| (name, definition))
            })
            .collect()
    });
    by_name.get(name.to_ascii_uppercase().as_str()).copied()
}
