//! Options of tables, formats and sessions: one definition validates, documents and reads each.

use crate::error::{Error, Place, Result};
use crate::suggest::did_you_mean;
use crate::time::Millis;
use std::collections::BTreeMap;

/// What the text of an option must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionType {
    /// Any text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Double,
    /// A duration as in Flink: `500 ms`, `5 s`, `1 min`, `2 h`, `1 d`; a bare number is milliseconds.
    Duration,
    /// A size as in Flink: `64 kb`, `32mb`, `1 gb`; a bare number is bytes.
    Size,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list, separated by semicolons.
    List,
}

impl OptionType {
    /// The type's name as documentation shows it.
    pub fn describe(&self) -> String {
        match self {
            OptionType::Text => "String".into(),
            OptionType::Bool => "Boolean".into(),
            OptionType::Int => "Integer".into(),
            OptionType::Double => "Double".into(),
            OptionType::Duration => "Duration".into(),
            OptionType::Size => "MemorySize".into(),
            OptionType::OneOf(words) => words.join(" | "),
            OptionType::List => "List (a;b)".into(),
        }
    }
}

/// The definition of an option. A name that ends in `.*` stands for every option with that prefix
/// (`properties.*`); a `#` within a name stands for any text (`fields.#.kind`).
#[derive(Clone, Copy, Debug)]
pub struct OptionDef {
    /// The key, as in Flink where Flink has it.
    pub name: &'static str,
    /// What the value must be.
    pub kind: OptionType,
    /// The value where none is given; `None` means absent.
    pub default: Option<&'static str>,
    /// Whether it must be given.
    pub required: bool,
    /// What it means, in a sentence.
    pub doc: &'static str,
}

impl OptionDef {
    /// An option that may be left out.
    pub const fn new(name: &'static str, kind: OptionType, default: Option<&'static str>, doc: &'static str) -> Self {
        OptionDef { name, kind, default, required: false, doc }
    }

    /// An option that must be given.
    pub const fn required(name: &'static str, kind: OptionType, doc: &'static str) -> Self {
        OptionDef { name, kind, default: None, required: true, doc }
    }

    /// Whether this definition is of the option `key`.
    pub fn matches(&self, key: &str) -> bool {
        if let Some(prefix) = self.name.strip_suffix('*') {
            return key.len() > prefix.len() && key.starts_with(prefix);
        }
        match self.name.split_once('#') {
            Some((before, after)) => {
                key.len() > before.len() + after.len() && key.starts_with(before) && key.ends_with(after)
            }
            None => self.name == key,
        }
    }
}

/// One option as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionValue {
    /// The text of the value.
    pub text: String,
    /// Where the key stands in the SQL text.
    pub key_place: Option<Place>,
    /// Where the value stands in the SQL text.
    pub value_place: Option<Place>,
}

/// The options of a table, a format or a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    values: BTreeMap<String, OptionValue>,
}

impl Options {
    /// Sets an option that stands nowhere in a text.
    pub fn set(&mut self, key: impl Into<String>, text: impl Into<String>) {
        self.insert(key, OptionValue { text: text.into(), key_place: None, value_place: None });
    }

    /// Sets an option with its places.
    pub fn insert(&mut self, key: impl Into<String>, value: OptionValue) {
        self.values.insert(key.into(), value);
    }

    /// Takes an option away.
    pub fn remove(&mut self, key: &str) -> Option<OptionValue> {
        self.values.remove(key)
    }

    /// All options by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OptionValue)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The option `key` as written, if it was given.
    pub fn given(&self, key: &str) -> Option<&OptionValue> {
        self.values.get(key)
    }

    /// The options whose key starts with `prefix`, without that prefix.
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> Options {
        let values = self.values.iter();
        Options {
            values: values
                .filter_map(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone())))
                .collect(),
        }
    }

    /// Refuses unknown, missing and mistyped options. `owner` names whose they are: `connector 'kafka'`.
    pub fn validate(&self, owner: &str, definitions: &[&[OptionDef]]) -> Result<()> {
        self.validate_below("", owner, definitions, &[])
    }

    /// The same of options that were taken from below a prefix ([`Options::with_prefix`]), which messages name with it.
    /// `elsewhere`: options of others that a misspelt one may have meant too.
    pub fn validate_below(
        &self,
        prefix: &str,
        owner: &str,
        definitions: &[&[OptionDef]],
        elsewhere: &[String],
    ) -> Result<()> {
        let all = || definitions.iter().flat_map(|group| group.iter());
        for (key, value) in &self.values {
            let full = format!("{prefix}{key}");
            // A name of its own goes before one of many.
            let own = all().find(|definition| definition.name == key);
            let Some(definition) = own.or_else(|| all().find(|definition| definition.matches(key))) else {
                let names: Vec<String> = all().map(|definition| format!("{prefix}{}", definition.name)).collect();
                let candidates = names.iter().chain(elsewhere).map(String::as_str);
                return Err(Error::input(format!("unknown option '{full}' for {owner}"))
                    .hint_opt(
                        did_you_mean(&full, candidates)
                            .or_else(|| Some(format!("supported options: {}", names.join(", ")))),
                    )
                    .at(value.key_place));
            };
            check(definition, &full, value)?;
        }
        for definition in all().filter(|definition| definition.required) {
            if !self.values.keys().any(|key| definition.matches(key)) {
                return Err(Error::input(format!("option '{prefix}{}' is missing for {owner}", definition.name))
                    .hint(format!("{} ({})", definition.doc, definition.kind.describe())));
            }
        }
        Ok(())
    }

    /// The text of an option: as given, or its default.
    pub fn text(&self, definition: &OptionDef) -> Option<&str> {
        self.values.get(definition.name).map(|value| value.text.as_str()).or(definition.default)
    }

    /// A Boolean option; `false` where it is absent without a default.
    pub fn bool(&self, definition: &OptionDef) -> Result<bool> {
        Ok(self.parse(definition, |text| text.trim().to_ascii_lowercase().parse().ok())?.unwrap_or(false))
    }

    /// A whole-number option.
    pub fn int(&self, definition: &OptionDef) -> Result<Option<i64>> {
        self.parse(definition, |text| text.trim().parse().ok())
    }

    /// A number option.
    pub fn double(&self, definition: &OptionDef) -> Result<Option<f64>> {
        self.parse(definition, |text| text.trim().parse().ok())
    }

    /// A duration option.
    pub fn duration(&self, definition: &OptionDef) -> Result<Option<Millis>> {
        self.parse(definition, parse_duration)
    }

    /// A size option, in bytes.
    pub fn size(&self, definition: &OptionDef) -> Result<Option<u64>> {
        self.parse(definition, parse_size)
    }

    fn parse<T>(&self, definition: &OptionDef, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
        match (self.values.get(definition.name), definition.default) {
            (Some(value), _) => read(&value.text).map(Some).ok_or_else(|| mistyped(definition, definition.name, value)),
            (None, Some(default)) => Ok(read(default)),
            (None, None) => Ok(None),
        }
    }
}

fn check(definition: &OptionDef, key: &str, value: &OptionValue) -> Result<()> {
    let text = value.text.trim();
    let good = match definition.kind {
        OptionType::Text | OptionType::List => true,
        OptionType::Bool => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        OptionType::Int => text.parse::<i64>().is_ok(),
        OptionType::Double => text.parse::<f64>().is_ok(),
        OptionType::Duration => parse_duration(text).is_some(),
        OptionType::Size => parse_size(text).is_some(),
        OptionType::OneOf(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
    };
    if good { Ok(()) } else { Err(mistyped(definition, key, value)) }
}

fn mistyped(definition: &OptionDef, key: &str, value: &OptionValue) -> Error {
    let hint = match definition.kind {
        OptionType::OneOf(words) => did_you_mean(&value.text, words.iter().copied()),
        OptionType::Duration => Some("write it like '500 ms', '5 s', '1 min'".to_owned()),
        OptionType::Size => Some("write it like '64 kb', '32 mb'".to_owned()),
        _ => None,
    };
    Error::input(format!("'{}' is no value for option '{key}'", value.text))
        .detail(format!("expected: {}", definition.kind.describe()))
        .hint_opt(hint)
        .at(value.value_place)
}

/// Reads a duration as Flink writes it: `500 ms`, `5s`, `1 min`, or in ISO 8601's form `PT1H30M`; a bare number is milliseconds.
pub fn parse_duration(text: &str) -> Option<Millis> {
    if text.trim_start().starts_with(['P', 'p']) {
        return parse_iso_duration(text.trim());
    }
    let (number, unit) = split_unit(text)?;
    let scale = match unit.to_ascii_lowercase().as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "us" | "µs" | "micro" | "micros" | "microsecond" | "microseconds" => return Some(Millis(number / 1_000)),
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => return Some(Millis(number / 1_000_000)),
        _ => return None,
    };
    number.checked_mul(scale).map(Millis)
}

/// Reads `P1DT2H3M4.5S`, each part of which may be absent; what is below a millisecond is cut off.
fn parse_iso_duration(text: &str) -> Option<Millis> {
    let upper = text.to_ascii_uppercase();
    let body = upper.strip_prefix('P')?;
    let (days, clock) = match body.split_once('T') {
        // T stands before a part of a day.
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (body, ""),
    };
    if body.is_empty() {
        return None;
    }
    let mut millis = 0_i64;
    for (mut rest, units) in
        [(days, &[('D', 86_400_000)][..]), (clock, &[('H', 3_600_000), ('M', 60_000), ('S', 1_000)])]
    {
        for (unit, scale) in units {
            let Some((number, behind)) = rest.split_once(*unit) else { continue };
            let (whole, fraction) = match number.split_once(['.', ',']) {
                Some((whole, fraction)) if *unit == 'S' && fraction.len() <= 9 => (whole, fraction),
                Some(_) => return None,
                None => (number, ""),
            };
            let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
            if !digits(whole) || !digits(fraction) {
                return None;
            }
            let thousandths: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
            let part = whole.parse::<i64>().ok()?.checked_mul(*scale)?.checked_add(thousandths)?;
            millis = millis.checked_add(part)?;
            rest = behind;
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(Millis(millis))
}

/// Reads a size as Flink writes it: `64 kb`, `32mb`; a bare number is bytes.
pub fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" | "bytes" => 0,
        "k" | "kb" | "kibibytes" => 10,
        "m" | "mb" | "mebibytes" => 20,
        "g" | "gb" | "gibibytes" => 30,
        "t" | "tb" | "tebibytes" => 40,
        _ => return None,
    };
    u64::try_from(number).ok()?.checked_mul(1 << shift)
}

fn split_unit(text: &str) -> Option<(i64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

#[cfg(test)]
mod tests;
