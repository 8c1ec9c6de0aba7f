//! All formats, by name.

use crate::file_format::FileFormat;
use crate::format::Format;
use riverrun_core::OptionDef;

/// The record-oriented formats.
#[rustfmt::skip]
pub fn formats() -> &'static [&'static dyn Format] {
    &[
        &crate::changelog::CanalJson,
        &crate::changelog::DebeziumJson,
        &crate::changelog::MaxwellJson,
        &crate::changelog::OggJson,
        &crate::csv::Csv,
        &crate::json::Json,
        &crate::raw::Raw,
        &crate::regex::RegexFormat,
    ]
}

/// The formats of whole files.
pub fn file_formats() -> &'static [&'static dyn FileFormat] {
    &[
        #[cfg(feature = "parquet")]
        &crate::parquet::Parquet,
    ]
}

/// The record-oriented format of this name.
pub fn format(name: &str) -> Option<&'static dyn Format> {
    formats().iter().copied().find(|format| format.name() == name)
}

/// The format of whole files of this name.
pub fn file_format(name: &str) -> Option<&'static dyn FileFormat> {
    file_formats().iter().copied().find(|format| format.name() == name)
}

/// The names of all formats.
pub fn names() -> Vec<&'static str> {
    formats().iter().map(|format| format.name()).chain(file_formats().iter().map(|format| format.name())).collect()
}

/// The options of the format of this name, without its prefix.
pub fn options(name: &str) -> Option<&'static [OptionDef]> {
    format(name).map(|format| format.options()).or_else(|| file_format(name).map(|format| format.options()))
}
