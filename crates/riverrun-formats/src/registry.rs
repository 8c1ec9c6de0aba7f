//! All formats, by name.

use crate::format::Format;

/// The record-oriented formats.
pub fn formats() -> &'static [&'static dyn Format] {
    &[]
}

/// The format of this name.
pub fn format(name: &str) -> Option<&'static dyn Format> {
    formats().iter().copied().find(|format| format.name() == name)
}

/// The names of all formats.
pub fn names() -> Vec<&'static str> {
    formats().iter().map(|format| format.name()).collect()
}

/// The options of the format of this name, without its prefix.
pub fn options(name: &str) -> Option<&'static [riverrun_core::OptionDef]> {
    format(name).map(|format| format.options())
}
