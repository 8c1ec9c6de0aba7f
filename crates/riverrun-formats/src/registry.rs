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
