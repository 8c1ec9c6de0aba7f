//! `json`: one object per record, or an array of objects.
//!
//! Options and mapping as in Flink 2.3, "JSON Format". What it does with values that do not fit was measured; where a
//! broken value makes Flink lose its place in the record (an array for an INT), only that value is lost here.

mod decode;
mod encode;
pub(crate) mod scan;
#[cfg(test)]
mod tests;

pub use decode::JsonDecoder;
pub(crate) use decode::not_json;
pub use encode::JsonEncoder;

use crate::format::{Decoder, Encoder, Format, FormatSpec, Framer, LineFramer};
use crate::text::TimestampFormat;
use riverrun_core::{OptionDef, OptionType, Options, Result};

const FAIL_ON_MISSING_FIELD: OptionDef = OptionDef::new(
    "fail-on-missing-field",
    OptionType::Bool,
    Some("false"),
    "Whether a record without one of the columns is broken.",
);
pub(crate) const IGNORE_PARSE_ERRORS: OptionDef = OptionDef::new(
    "ignore-parse-errors",
    OptionType::Bool,
    Some("false"),
    "Makes a value that does not fit NULL, and passes over records that are not JSON.",
);
pub(crate) const TIMESTAMP_FORMAT: OptionDef = OptionDef::new(
    "timestamp-format.standard",
    OptionType::OneOf(&["SQL", "ISO-8601"]),
    Some("SQL"),
    "How timestamps are written: 2020-12-30 12:13:14.123 or 2020-12-30T12:13:14.123; TIMESTAMP_LTZ with Z at the end.",
);
pub(crate) const MAP_NULL_KEY_MODE: OptionDef = OptionDef::new(
    "map-null-key.mode",
    OptionType::OneOf(&["FAIL", "DROP", "LITERAL"]),
    Some("FAIL"),
    "Accepted for Flink's sake, and has no effect: a key of a map is never NULL here.",
);
pub(crate) const MAP_NULL_KEY_LITERAL: OptionDef = OptionDef::new(
    "map-null-key.literal",
    OptionType::Text,
    Some("null"),
    "Accepted for Flink's sake, and has no effect, as the mode.",
);
pub(crate) const PLAIN_DECIMALS: OptionDef = OptionDef::new(
    "encode.decimal-as-plain-number",
    OptionType::Bool,
    Some("false"),
    "Writes decimals with all their digits (0.000000027) instead of 2.7E-8.",
);
pub(crate) const IGNORE_NULL_FIELDS: OptionDef =
    OptionDef::new("encode.ignore-null-fields", OptionType::Bool, Some("false"), "Leaves columns that are NULL out.");
pub(crate) const JSON_PARSER: OptionDef = OptionDef::new(
    "decode.json-parser.enabled",
    OptionType::Bool,
    Some("true"),
    "Accepted for Flink's sake: chooses between two decoders of Flink's; here there is one.",
);

/// The format.
#[derive(Debug)]
pub struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn doc(&self) -> &'static str {
        "One JSON object per record, or an array of them."
    }

    fn options(&self) -> &'static [OptionDef] {
        &[
            FAIL_ON_MISSING_FIELD,
            IGNORE_PARSE_ERRORS,
            TIMESTAMP_FORMAT,
            MAP_NULL_KEY_MODE,
            MAP_NULL_KEY_LITERAL,
            PLAIN_DECIMALS,
            IGNORE_NULL_FIELDS,
            JSON_PARSER,
        ]
    }

    fn decoder(&self, spec: &FormatSpec) -> Result<Box<dyn Decoder>> {
        let both = spec.options.bool(&FAIL_ON_MISSING_FIELD)? && spec.options.bool(&IGNORE_PARSE_ERRORS)?;
        if both {
            return Err(riverrun_core::Error::input(
                "json.fail-on-missing-field and json.ignore-parse-errors can't both be true",
            )
            .hint("leave one of them out")
            .at(spec.options.given(IGNORE_PARSE_ERRORS.name).and_then(|value| value.key_place)));
        }
        Ok(Box::new(JsonDecoder::new(spec)?))
    }

    fn encoder(&self, spec: &FormatSpec) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(JsonEncoder::new(spec)?))
    }

    fn framer(&self, _options: &Options) -> Result<Box<dyn Framer>> {
        Ok(Box::new(LineFramer::default()))
    }
}

fn timestamp_format(options: &Options) -> TimestampFormat {
    match options.text(&TIMESTAMP_FORMAT) {
        Some(name) if name.trim().eq_ignore_ascii_case("ISO-8601") => TimestampFormat::Iso8601,
        _ => TimestampFormat::Sql,
    }
}
