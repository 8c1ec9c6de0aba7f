//! `regex`: a line that a pattern takes apart, its named groups being the columns. Beyond Flink.
//!
//! Access logs have names of their own: `clf` (the common log format) and `combined` (with referer and agent) of Apache
//! and nginx, read by hand instead of by the regular expression that says the same.

mod access_log;
mod log_time;
#[cfg(test)]
mod tests;

use crate::columns::{Column, Columns, Values};
use crate::format::{Decoder, Encoder, Format, FormatSpec, Framer, LineFramer};
use crate::records::{self, ReadRecord, RecordDecoder};
use crate::text::{self, Dialect, NoValue, TimestampFormat};
use access_log::{AccessLog, LogField};
use log_time::TimeFormat;
use regex::{CaptureLocations, Regex};
use riverrun_core::suggest::{did_you_mean, nearest};
use riverrun_core::{Error, Field, OptionDef, OptionType, Options, Result};

const PATTERN: OptionDef = OptionDef::required(
    "pattern",
    OptionType::Text,
    "A regular expression that matches a whole line, with a group (?<name>…) for every column; or clf or combined for \
     access logs, with the columns client, ident, user, time, request or method, path and protocol, status, bytes, and \
     for combined referer and agent.",
);
const TIMESTAMP_FORMAT: OptionDef = OptionDef::new(
    "timestamp-format",
    OptionType::Text,
    None,
    "How timestamps are written, as for strftime: %d/%b/%Y:%H:%M:%S %z, the default for clf and combined. A TIMESTAMP is \
     the time as written, a TIMESTAMP_LTZ the instant. Without it 2024-02-29 12:34:56.789, or with T in the middle.",
);
const NULL_LITERAL: OptionDef =
    OptionDef::new("null-literal", OptionType::Text, None, "The text that stands for NULL; - for clf and combined.");
const IGNORE_PARSE_ERRORS: OptionDef = OptionDef::new(
    "ignore-parse-errors",
    OptionType::Bool,
    Some("false"),
    "Passes over lines that do not match, and makes a value that does not fit NULL.",
);

/// The format.
#[derive(Debug)]
pub struct RegexFormat;

impl Format for RegexFormat {
    fn name(&self) -> &'static str {
        "regex"
    }

    fn doc(&self) -> &'static str {
        "Lines taken apart by a regular expression; clf and combined for access logs."
    }

    fn options(&self) -> &'static [OptionDef] {
        &[PATTERN, TIMESTAMP_FORMAT, NULL_LITERAL, IGNORE_PARSE_ERRORS]
    }

    fn decoder(&self, spec: &FormatSpec) -> Result<Box<dyn Decoder>> {
        Ok(Box::new(RegexDecoder::new(spec)?))
    }

    fn encoder(&self, _spec: &FormatSpec) -> Result<Box<dyn Encoder>> {
        Err(Error::input("format 'regex' can only be read").hint("write with 'format' = 'json', 'csv' or 'raw'"))
    }

    fn framer(&self, _options: &Options) -> Result<Box<dyn Framer>> {
        Ok(Box::new(LineFramer::default()))
    }
}

/// What takes lines apart. The columns' places are in the order of the projection.
enum Matcher {
    Pattern { regex: Regex, locations: CaptureLocations, groups: Vec<usize> },
    Log { log: AccessLog, fields: Vec<LogField> },
}

type RegexDecoder = RecordDecoder<RegexReader>;

struct RegexReader {
    matcher: Matcher,
    time: TimeFormat,
    null_literal: Option<String>,
    ignore_errors: bool,
}

impl RegexDecoder {
    fn new(spec: &FormatSpec) -> Result<RegexDecoder> {
        let pattern = spec.options.text(&PATTERN).unwrap_or_default();
        let place = spec.options.given(PATTERN.name).and_then(|value| value.value_place);
        let log = match pattern {
            "clf" => Some(AccessLog::Common),
            "combined" => Some(AccessLog::Combined),
            _ => None,
        };
        // Every column must have its group, whether this query needs it or not.
        let projected = |all: Vec<usize>| spec.projection.iter().map(|&column| all[column]).collect::<Vec<_>>();
        let matcher = match log {
            Some(log) => {
                let all = log.fields();
                let fields = &spec.schema.fields;
                let places = fields.iter().map(|field| {
                    let found = all.iter().position(|known| known.name() == field.name);
                    found.ok_or_else(|| no_group(field, pattern, all.iter().map(|field| field.name())).at(place))
                });
                let places = projected(places.collect::<Result<_>>()?);
                Matcher::Log { log, fields: places.into_iter().map(|place| all[place]).collect() }
            }
            None => {
                let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| {
                    Error::input("regex.pattern is no regular expression")
                        .detail(explain(&error, pattern))
                        .hint("the syntax is that of the Rust crate regex: no look-around, no back-references")
                        .at(place)
                })?;
                let names: Vec<Option<&str>> = regex.capture_names().collect();
                let groups = spec.schema.fields.iter().map(|field| {
                    let group = names.iter().position(|name| *name == Some(field.name.as_str()));
                    group.ok_or_else(|| {
                        let error = no_group(field, "regex.pattern", names.iter().flatten().copied()).at(place);
                        error.hint_opt(near_access_log(pattern))
                    })
                });
                let groups = projected(groups.collect::<Result<_>>()?);
                let locations = regex.capture_locations();
                Matcher::Pattern { regex, locations, groups }
            }
        };
        let time = match (spec.options.text(&TIMESTAMP_FORMAT), log) {
            (Some(format), _) => TimeFormat::new(format)
                .map_err(|error| error.at(spec.options.given(TIMESTAMP_FORMAT.name).and_then(|v| v.value_place)))?,
            (None, Some(_)) => TimeFormat::Log,
            (None, None) => TimeFormat::Sql,
        };
        let ignore_errors = spec.options.bool(&IGNORE_PARSE_ERRORS)?;
        let null_literal = spec.options.text(&NULL_LITERAL).or(log.map(|_| "-")).map(str::to_owned);
        let reader = RegexReader { matcher, time, null_literal, ignore_errors };
        Ok(RecordDecoder::over(Columns::new(&spec.schema, &spec.projection)?, reader, ignore_errors))
    }
}

impl ReadRecord for RegexReader {
    fn read(&mut self, record: &[u8], columns: &mut Columns) -> Result<(), String> {
        if record.is_empty() {
            return Ok(());
        }
        let line = records::text(record)?;
        let reading =
            Reading { time: &self.time, null_literal: self.null_literal.as_deref(), ignore_errors: self.ignore_errors };
        match &mut self.matcher {
            Matcher::Pattern { regex, locations, groups } => {
                if regex.captures_read(locations, line).is_none() {
                    return Err(format!("the line does not match regex.pattern: {}", text::excerpt(line)));
                }
                for (column, &group) in columns.columns.iter_mut().zip(groups.iter()) {
                    let found = locations.get(group).and_then(|(start, end)| line.get(start..end));
                    reading.value(column, found)?;
                }
            }
            Matcher::Log { log, fields } => {
                let entry = log.parse(line).map_err(|expected| {
                    format!("not a line of the {} log format: {expected}, found {}", log.name(), text::excerpt(line))
                })?;
                for (column, &field) in columns.columns.iter_mut().zip(fields.iter()) {
                    reading.value(column, entry.get(field))?;
                }
            }
        }
        columns.end_row();
        Ok(())
    }
}

/// What is meant by a text without special characters that is nearly the name of an access log's format.
fn near_access_log(pattern: &str) -> Option<String> {
    let plain = pattern.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
    // Apache's documentation has `common` for the format and `clf` beside it.
    let near = match nearest(pattern.trim(), ["clf", "common", "combined"]).filter(|_| plain)? {
        "common" => "clf",
        near => near,
    };
    Some(format!("did you mean `{near}`, for access logs?"))
}

fn no_group<'a>(field: &Field, pattern: &str, names: impl Iterator<Item = &'a str>) -> Error {
    let names: Vec<&str> = names.collect();
    Error::input(format!("{pattern} has no group for column `{}`", field.name))
        .detail(format!("groups: {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") }))
        .hint_opt(did_you_mean(&field.name, names))
}

/// What the crate says of a mistake, without the anchors that were put around the pattern.
fn explain(error: &regex::Error, pattern: &str) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    format!("{last}, in {pattern}")
}

/// How groups are read.
struct Reading<'a> {
    time: &'a TimeFormat,
    null_literal: Option<&'a str>,
    ignore_errors: bool,
}

impl Reading<'_> {
    #[inline]
    fn value(&self, column: &mut Column, found: Option<&str>) -> Result<(), String> {
        let Some(found) = found.filter(|found| self.null_literal != Some(*found)) else {
            column.push_null();
            return Ok(());
        };
        let pushed = match &mut column.values {
            Values::Text(bytes) => {
                bytes.push(found.as_bytes());
                column.pushed();
                return Ok(());
            }
            // A group that matched nothing is no number.
            _ if found.is_empty() => {
                column.push_null();
                return Ok(());
            }
            Values::Timestamp { values, unit, local_zone } => match self.time.parse(found, *local_zone, *unit) {
                Some(value) => {
                    values.push(value);
                    column.pushed();
                    return Ok(());
                }
                None => Err(NoValue),
            },
            _ => text::push_text(column, found, TimestampFormat::Sql, Dialect::Json),
        };
        match pushed {
            Ok(()) => Ok(()),
            Err(NoValue) if self.ignore_errors => {
                column.push_null();
                Ok(())
            }
            Err(NoValue) => Err(text::mismatch(&column.field, found)),
        }
    }
}
