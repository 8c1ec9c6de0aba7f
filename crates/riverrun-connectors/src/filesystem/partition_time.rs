//! The time that the values of a partition say: `dt=2024-05-01/hr=10` is 10:00 of that day.
//!
//! Source of the semantics: Flink, "FileSystem SQL Connector", "Partition Time Extractor".

use riverrun_core::calendar::{days_from_civil, days_in_month};
use riverrun_core::zone::{Tz, offset_at_local};
use riverrun_core::{Error, Millis, OptionDef, OptionType, Options, Result};

pub const KIND: OptionDef = OptionDef::new(
    "partition.time-extractor.kind",
    OptionType::OneOf(&["default"]),
    Some("default"),
    "How a partition's time is found: default takes it from the partition's values.",
);
pub const PATTERN: OptionDef = OptionDef::new(
    "partition.time-extractor.timestamp-pattern",
    OptionType::Text,
    None,
    "How the values make up a time: '$dt $hour:00:00'; without it the first value is the time.",
);
pub const FORMATTER: OptionDef = OptionDef::new(
    "partition.time-extractor.timestamp-formatter",
    OptionType::Text,
    None,
    "How that time is written: 'yyyyMMdd HH'; without it 'yyyy-MM-dd HH:mm:ss' or 'yyyy-MM-dd'.",
);
pub const ZONE: OptionDef = OptionDef::new(
    "sink.partition-commit.watermark-time-zone",
    OptionType::Text,
    Some("UTC"),
    "The time zone of that time; that of the session where the watermark is on a TIMESTAMP_LTZ.",
);

/// How a table's partitions say their times.
pub struct PartitionTime {
    pattern: Option<String>,
    formatter: Option<Formatter>,
    zone: Tz,
}

impl PartitionTime {
    /// What the options say.
    pub fn new(options: &Options) -> Result<PartitionTime> {
        let formatter = match options.given(FORMATTER.name) {
            None => None,
            Some(given) => Some(Formatter::parse(&given.text).ok_or_else(|| {
                Error::input(format!("'{}' is no value for option '{}'", given.text, FORMATTER.name))
                    .detail("expected: letters y, M, d, H, m, s and S, and what stands between them")
                    .hint("write it like 'yyyyMMdd HH:mm'")
                    .at(given.value_place)
            })?),
        };
        let zone = options.text(&ZONE).unwrap_or_default();
        let zone = zone.parse().map_err(|_| {
            Error::input(format!("there is no time zone '{zone}'"))
                .hint("write it like 'UTC' or 'Europe/Berlin'")
                .at(options.given(ZONE.name).and_then(|given| given.value_place))
        })?;
        Ok(PartitionTime { pattern: options.text(&PATTERN).map(str::to_owned), formatter, zone })
    }

    /// The time of a partition with these values.
    pub fn of(&self, keys: &[String], values: &[String]) -> Result<Millis> {
        let text = match &self.pattern {
            None => values.first().cloned().unwrap_or_default(),
            Some(pattern) => {
                let pairs = keys.iter().zip(values);
                pairs.fold(pattern.clone(), |text, (key, value)| text.replace(&format!("${key}"), value))
            }
        };
        let fields = match &self.formatter {
            Some(formatter) => formatter.read(&text),
            None => read_time(&text),
        };
        let local = fields.and_then(Fields::millis).ok_or_else(|| {
            let partition: Vec<String> = keys.iter().zip(values).map(|(key, value)| format!("{key}={value}")).collect();
            Error::failure(format!("the partition {} has no time: '{text}' is none", partition.join("/")))
                .hint(format!("say by '{}' and '{}' how its values are to be read", PATTERN.name, FORMATTER.name))
        })?;
        Ok(Millis(local - offset_at_local(self.zone, local.div_euclid(1_000)) * 1_000))
    }
}

/// What a text says of a time.
#[derive(Clone, Copy)]
struct Fields {
    year: i64,
    month: u32,
    day: u32,
    hour: i64,
    minute: i64,
    second: i64,
    millis: i64,
}

impl Default for Fields {
    fn default() -> Fields {
        Fields { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, millis: 0 }
    }
}

impl Fields {
    /// Milliseconds since 1970 as if it were in UTC; `None` if there is no such time.
    fn millis(self) -> Option<i64> {
        let good = (1..=12).contains(&self.month)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..60).contains(&self.second);
        let seconds = self.hour * 3_600 + self.minute * 60 + self.second;
        good.then(|| (days_from_civil(self.year, self.month, self.day) * 86_400 + seconds) * 1_000 + self.millis)
    }
}

/// Takes the digits that a text begins with, `least` to `most` of them.
fn digits(text: &mut &str, least: usize, most: usize) -> Option<i64> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(count);
    *text = rest;
    if count < least { None } else { number.parse().ok() }
}

fn literal(text: &mut &str, literal: &str) -> Option<()> {
    *text = text.strip_prefix(literal)?;
    Some(())
}

/// Milliseconds of a fraction of one to nine digits.
fn fraction(text: &mut &str, most: usize) -> Option<i64> {
    let before = *text;
    digits(text, 1, most)?;
    let written = &before[..before.len() - text.len()];
    format!("{written:0<3}")[..3].parse().ok()
}

/// Reads `2024-5-1`, `2024-05-01 10:00:00` and `2024-05-01 10:00:00.123`.
fn read_time(text: &str) -> Option<Fields> {
    let mut rest = text;
    let mut fields = Fields { year: digits(&mut rest, 1, 10)?, ..Fields::default() };
    literal(&mut rest, "-")?;
    fields.month = digits(&mut rest, 1, 2)? as u32;
    literal(&mut rest, "-")?;
    fields.day = digits(&mut rest, 1, 2)? as u32;
    if rest.is_empty() {
        return Some(fields);
    }
    literal(&mut rest, " ")?;
    fields.hour = digits(&mut rest, 1, 2)?;
    literal(&mut rest, ":")?;
    fields.minute = digits(&mut rest, 1, 2)?;
    literal(&mut rest, ":")?;
    fields.second = digits(&mut rest, 1, 2)?;
    if literal(&mut rest, ".").is_some() {
        fields.millis = fraction(&mut rest, 9)?;
    }
    rest.is_empty().then_some(fields)
}

/// A pattern of Java's `DateTimeFormatter` made of numbers and literals.
struct Formatter(Vec<Piece>);

enum Piece {
    /// A letter and how often it stands there.
    Number(char, usize),
    Literal(String),
}

impl Formatter {
    fn parse(pattern: &str) -> Option<Formatter> {
        let mut pieces = Vec::new();
        let mut rest = pattern.chars().peekable();
        while let Some(letter) = rest.next() {
            match letter {
                'y' | 'u' | 'M' | 'd' | 'H' | 'm' | 's' | 'S' => {
                    let mut count = 1;
                    while rest.next_if_eq(&letter).is_some() {
                        count += 1;
                    }
                    // MMM and MMMM are names.
                    if count > 2 && !matches!(letter, 'y' | 'u' | 'S') {
                        return None;
                    }
                    pieces.push(Piece::Number(letter, count));
                }
                '\'' => {
                    let mut quoted = String::new();
                    loop {
                        match rest.next()? {
                            '\'' => break,
                            other => quoted.push(other),
                        }
                    }
                    pieces.push(Piece::Literal(if quoted.is_empty() { "'".to_owned() } else { quoted }));
                }
                other if other.is_ascii_alphabetic() || "[]{}#".contains(other) => return None,
                other => pieces.push(Piece::Literal(other.to_string())),
            }
        }
        Some(Formatter(pieces))
    }

    fn read(&self, text: &str) -> Option<Fields> {
        let (mut rest, mut fields) = (text, Fields::default());
        for (position, piece) in self.0.iter().enumerate() {
            let (letter, count) = match piece {
                Piece::Literal(text) => {
                    literal(&mut rest, text)?;
                    continue;
                }
                Piece::Number(letter, count) => (*letter, *count),
            };
            let adjacent = matches!(self.0.get(position + 1), Some(Piece::Number(..)));
            let most = match (count, letter) {
                _ if adjacent && count > 1 => count,
                (4.., 'y' | 'u') => 10,
                (1, 'y' | 'u') => 10,
                (1, _) if letter != 'S' => 2,
                _ => count,
            };
            let value = match letter {
                'S' => fraction(&mut rest, most)?,
                _ => digits(&mut rest, count.min(most), most)?,
            };
            match letter {
                'y' | 'u' if count == 2 => fields.year = 2000 + value,
                'y' | 'u' => fields.year = value,
                'M' => fields.month = value as u32,
                'd' => fields.day = value as u32,
                'H' => fields.hour = value,
                'm' => fields.minute = value,
                's' => fields.second = value,
                _ => fields.millis = value,
            }
        }
        rest.is_empty().then_some(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use riverrun_core::Watermark;

    /// The time of `dt=…/hr=…` in UTC, or the message.
    fn time(options: &[(&str, &str)], dt: &str, hr: &str) -> String {
        let mut given = Options::default();
        options.iter().for_each(|(key, value)| given.set(*key, *value));
        let extractor = PartitionTime::new(&given).expect("options");
        match extractor.of(&["dt".to_owned(), "hr".to_owned()], &[dt.to_owned(), hr.to_owned()]) {
            Ok(time) => Watermark(time.0).to_string(),
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn values_say_a_time_by_pattern_and_formatter() {
        const PATTERN: &str = "partition.time-extractor.timestamp-pattern";
        const FORMATTER: &str = "partition.time-extractor.timestamp-formatter";
        const ZONE: &str = "sink.partition-commit.watermark-time-zone";
        assert_eq!(time(&[], "2024-05-01", "10"), "2024-05-01T00:00:00.000");
        assert_eq!(time(&[], "2024-5-1 1:2:3.5", "10"), "2024-05-01T01:02:03.500");
        assert_eq!(time(&[(PATTERN, "$dt $hr:00:00")], "2024-05-01", "10"), "2024-05-01T10:00:00.000");
        let zone = [(PATTERN, "$dt $hr:00:00"), (ZONE, "Europe/Berlin")];
        assert_eq!(time(&zone, "2024-05-01", "10"), "2024-05-01T08:00:00.000");
        let packed = [(PATTERN, "$dt$hr"), (FORMATTER, "yyyyMMddHH")];
        assert_eq!(time(&packed, "20240501", "10"), "2024-05-01T10:00:00.000");
        let quoted = [(PATTERN, "$dtT$hr"), (FORMATTER, "yyyy-MM-dd'T'H")];
        assert_eq!(time(&quoted, "2024-05-01", "7"), "2024-05-01T07:00:00.000");
        assert_eq!(time(&[(FORMATTER, "dd/MM/yyyy")], "31/12/2023", ""), "2023-12-31T00:00:00.000");
        assert_eq!(
            time(&[], "2023-02-29", "10"),
            "the partition dt=2023-02-29/hr=10 has no time: '2023-02-29' is none"
        );
        assert_eq!(time(&packed, "2024", "x"), "the partition dt=2024/hr=x has no time: '2024x' is none");
    }
}
