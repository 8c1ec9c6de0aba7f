//! Java's date patterns: `yyyy-MM-dd HH:mm:ss.SSS`.
//!
//! Two flavours, as in Flink: DATE_FORMAT and TO_TIMESTAMP follow `java.time.format.DateTimeFormatter` (strict widths);
//! UNIX_TIMESTAMP, FROM_UNIXTIME, CONVERT_TZ and TO_DATE with a pattern follow `java.text.SimpleDateFormat` (any number of digits,
//! values beyond their range roll over, text behind the end is ignored).

use super::calendar::{Civil, civil, day_of_year, days, days_in_month, iso_weekday, us_week};
use riverrun_core::{Error, Result};
use std::fmt::Write;

mod read;

/// Whose rules a pattern follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// `java.time.format.DateTimeFormatter`.
    Formatter,
    /// `java.text.SimpleDateFormat`.
    Simple,
}

/// A local time with the offset of its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Days since 1970.
    pub day: i64,
    /// Nanoseconds of the day.
    pub nanos: i64,
    /// Seconds that local time is ahead of UTC.
    pub offset: i64,
}

/// What was read: the parts that the pattern has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    /// Monday = 1 to Sunday = 7.
    weekday: Option<i64>,
    hour: Option<i64>,
    hour_of_half: Option<i64>,
    afternoon: Option<bool>,
    minute: Option<i64>,
    second: Option<i64>,
    nanos: Option<i64>,
    millis_of_day: Option<i64>,
    /// The offset that stands in the text, in seconds.
    pub offset: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Literal(String),
    /// A letter, and how often it stands.
    Field(char, usize),
    Optional(Vec<Item>),
}

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    items: Vec<Item>,
    flavour: Flavour,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Pattern {
    /// Compiles a pattern. An error names the letter that has no meaning.
    pub fn new(text: &str, flavour: Flavour) -> Result<Pattern> {
        let wrong = |what: String| {
            Error::failure(format!("'{text}' is no date pattern: {what}")).hint(
                "a pattern is written 'yyyy-MM-dd HH:mm:ss.SSS'; letters that stand for themselves are quoted: ''T''",
            )
        };
        let chars: Vec<char> = text.chars().collect();
        let mut stack: Vec<Vec<Item>> = vec![Vec::new()];
        let mut at = 0;
        while at < chars.len() {
            let c = chars[at];
            let Some(items) = stack.last_mut() else { return Err(wrong("']' without '['".to_owned())) };
            if c.is_ascii_alphabetic() {
                let count = chars[at..].iter().take_while(|other| **other == c).count();
                check(c, count, flavour).map_err(wrong)?;
                items.push(Item::Field(c, count));
                at += count;
                continue;
            }
            at += 1;
            match c {
                '\'' => {
                    let mut literal = String::new();
                    if chars.get(at) == Some(&'\'') {
                        literal.push('\'');
                        at += 1;
                    } else {
                        loop {
                            match chars.get(at) {
                                Some('\'') if chars.get(at + 1) == Some(&'\'') => {
                                    literal.push('\'');
                                    at += 2;
                                }
                                Some('\'') => {
                                    at += 1;
                                    break;
                                }
                                Some(other) => {
                                    literal.push(*other);
                                    at += 1;
                                }
                                None => return Err(wrong("a quote is not closed".to_owned())),
                            }
                        }
                    }
                    push_literal(items, &literal);
                }
                '[' if flavour == Flavour::Formatter => stack.push(Vec::new()),
                ']' if flavour == Flavour::Formatter => {
                    let inner = stack.pop().unwrap_or_default();
                    match stack.last_mut() {
                        Some(outer) => outer.push(Item::Optional(inner)),
                        None => return Err(wrong("']' without '['".to_owned())),
                    }
                }
                '{' | '}' | '#' if flavour == Flavour::Formatter => {
                    return Err(wrong(format!("'{c}' is reserved")));
                }
                other => push_literal(items, other.encode_utf8(&mut [0; 4])),
            }
        }
        while stack.len() > 1 {
            let inner = stack.pop().unwrap_or_default();
            if let Some(outer) = stack.last_mut() {
                outer.push(Item::Optional(inner));
            }
        }
        Ok(Pattern { items: stack.pop().unwrap_or_default(), flavour })
    }

    /// Writes a time. A pattern has only letters that a time can be written by.
    pub fn write(&self, time: &Local, out: &mut String) {
        write_items(&self.items, time, self.flavour, out);
    }

    /// So many nanoseconds of a day are written alike, from its start on.
    pub fn step(&self) -> i64 {
        step(&self.items)
    }

    /// Reads a text; `None` if it does not follow the pattern.
    pub fn read(&self, text: &str) -> Option<Fields> {
        read::read(&self.items, self.flavour, text)
    }

    /// Whose rules it follows.
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }
}

fn step(items: &[Item]) -> i64 {
    const SECOND: i64 = 1_000_000_000;
    let of = |item: &Item| match item {
        Item::Literal(_) => 86_400 * SECOND,
        Item::Optional(items) => step(items),
        Item::Field(
            'G' | 'y' | 'u' | 'Y' | 'M' | 'L' | 'Q' | 'q' | 'd' | 'D' | 'E' | 'e' | 'c' | 'w' | 'W' | 'F',
            _,
        ) => 86_400 * SECOND,
        Item::Field('a' | 'H' | 'k' | 'K' | 'h', _) => 3_600 * SECOND,
        Item::Field('m', _) => 60 * SECOND,
        Item::Field('s' | 'X' | 'x' | 'Z' | 'z' | 'O' | 'V', _) => SECOND,
        Item::Field(..) => 1,
    };
    items.iter().map(of).min().unwrap_or(86_400 * SECOND)
}

fn push_literal(items: &mut Vec<Item>, text: &str) {
    match items.last_mut() {
        Some(Item::Literal(literal)) => literal.push_str(text),
        _ => items.push(Item::Literal(text.to_owned())),
    }
}

/// Refuses letters without a meaning, and counts that Java refuses.
fn check(letter: char, count: usize, flavour: Flavour) -> Result<(), String> {
    let most = match (flavour, letter) {
        (
            Flavour::Simple,
            'G' | 'y' | 'Y' | 'M' | 'L' | 'w' | 'W' | 'D' | 'd' | 'F' | 'E' | 'u' | 'a' | 'H' | 'k' | 'K',
        )
        | (Flavour::Simple, 'h' | 'm' | 's' | 'S' | 'z' | 'Z') => usize::MAX,
        (Flavour::Simple, 'X') => 3,
        (Flavour::Formatter, 'y' | 'u' | 'Y') => 19,
        (Flavour::Formatter, 'A' | 'n' | 'N') => 19,
        (Flavour::Formatter, 'G' | 'M' | 'L' | 'Q' | 'q' | 'E' | 'e' | 'X' | 'x' | 'Z') => 5,
        (Flavour::Formatter, 'c') if count != 2 => 5,
        (Flavour::Formatter, 'd' | 'H' | 'k' | 'K' | 'h' | 'm' | 's' | 'w') => 2,
        (Flavour::Formatter, 'D') => 3,
        (Flavour::Formatter, 'a' | 'W' | 'F') => 1,
        (Flavour::Formatter, 'S') => 9,
        (Flavour::Formatter, 'z') => 4,
        (Flavour::Formatter, 'O') if count == 1 || count == 4 => 4,
        (Flavour::Formatter, 'V') if count == 2 => 2,
        _ => return Err(format!("the letter '{letter}' has no meaning")),
    };
    if count > most { Err(format!("there are too many '{letter}'")) } else { Ok(()) }
}

fn write_items(items: &[Item], time: &Local, flavour: Flavour, out: &mut String) {
    for item in items {
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Optional(inner) => write_items(inner, time, flavour, out),
            Item::Field(letter, count) => write_field(*letter, *count, time, flavour, out),
        }
    }
}

/// Writes a number with leading zeros, the sign before them.
fn number(value: i64, width: usize, out: &mut String) {
    let sign = if value < 0 { "-" } else { "" };
    let _ = write!(out, "{sign}{:0width$}", value.unsigned_abs());
}

fn short(name: &str) -> &str {
    name.get(..3).unwrap_or(name)
}

fn write_name(names: &[&str], index: usize, count: usize, out: &mut String) {
    let name = names.get(index).copied().unwrap_or_default();
    match count {
        4 => out.push_str(name),
        5 => out.push_str(name.get(..1).unwrap_or(name)),
        _ => out.push_str(short(name)),
    }
}

fn write_year(year: i64, count: usize, flavour: Flavour, out: &mut String) {
    if count == 2 {
        return number(year.rem_euclid(100), 2, out);
    }
    if flavour == Flavour::Formatter
        && count >= 4
        && year.unsigned_abs() >= 10u64.saturating_pow(count as u32)
        && year > 0
    {
        out.push('+');
    }
    number(year, count, out);
}

fn write_field(letter: char, count: usize, time: &Local, flavour: Flavour, out: &mut String) {
    let Civil { year, month, day } = civil(time.day);
    let seconds = time.nanos / 1_000_000_000;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let simple = flavour == Flavour::Simple;
    match letter {
        // A year of an era counts 1 BC as 1.
        'y' => write_year(if year > 0 { year } else { 1 - year }, count, flavour, out),
        'u' if simple => number(iso_weekday(time.day), count, out),
        'u' => write_year(year, count, flavour, out),
        'Y' => write_year(us_week(time.day).0, count, flavour, out),
        'M' | 'L' if count >= 3 => {
            let count = if simple && count > 3 { 4 } else { count };
            write_name(&MONTHS, month as usize - 1, count, out);
        }
        'M' | 'L' => number(i64::from(month), count, out),
        'd' => number(i64::from(day), count, out),
        'D' => number(day_of_year(time.day), count, out),
        'Q' | 'q' => {
            let quarter = i64::from((month - 1) / 3 + 1);
            match count {
                1 | 2 => number(quarter, count, out),
                3 => {
                    let _ = write!(out, "Q{quarter}");
                }
                4 => out.push_str(["1st", "2nd", "3rd", "4th"].get(quarter as usize - 1).copied().unwrap_or_default()),
                _ => number(quarter, 1, out),
            }
            if count == 4 {
                out.push_str(" quarter");
            }
        }
        'w' => number(us_week(time.day).1, count, out),
        'W' => {
            // The week of the month, of weeks that begin on Sunday.
            let first = iso_weekday(time.day - i64::from(day) + 1) % 7;
            number((i64::from(day) - 1 + first) / 7 + 1, count, out);
        }
        'F' if simple => number((i64::from(day) - 1) / 7 + 1, count, out),
        'F' => number((i64::from(day) - 1) % 7 + 1, count, out),
        'E' => {
            let count = if simple && count > 3 { 4 } else { count };
            write_name(&WEEKDAYS, iso_weekday(time.day) as usize - 1, count, out);
        }
        'e' | 'c' if count >= 3 => write_name(&WEEKDAYS, iso_weekday(time.day) as usize - 1, count, out),
        'e' | 'c' => number(iso_weekday(time.day) % 7 + 1, count, out),
        'a' => out.push_str(if hour < 12 { "AM" } else { "PM" }),
        'H' => number(hour, count, out),
        'k' => number(if hour == 0 { 24 } else { hour }, count, out),
        'K' => number(hour % 12, count, out),
        'h' => number(if hour % 12 == 0 { 12 } else { hour % 12 }, count, out),
        'm' => number(minute, count, out),
        's' => number(second, count, out),
        'S' if simple => number(time.nanos / 1_000_000 % 1_000, count, out),
        'S' => {
            let digits = format!("{:09}", time.nanos % 1_000_000_000);
            out.push_str(digits.get(..count).unwrap_or(&digits));
        }
        'A' => number(time.nanos / 1_000_000, count, out),
        'n' => number(time.nanos % 1_000_000_000, count, out),
        'N' => number(time.nanos, count, out),
        'G' => out.push_str(match (year > 0, count) {
            (true, 4) => "Anno Domini",
            (false, 4) => "Before Christ",
            (true, 5) => "A",
            (false, 5) => "B",
            (true, _) => "AD",
            (false, _) => "BC",
        }),
        _ => write_zone(letter, count, time.offset, simple, out),
    }
}

fn write_zone(letter: char, count: usize, offset: i64, simple: bool, out: &mut String) {
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 3_600, offset.abs() / 60 % 60);
    match letter {
        'X' if offset == 0 => out.push('Z'),
        'X' | 'x' => {
            let _ = write!(out, "{sign}{hours:02}");
            if count >= 3 && count != 4 {
                let _ = write!(out, ":{minutes:02}");
            } else if (count == 1 && minutes != 0 && !simple) || count == 2 || count == 4 {
                let _ = write!(out, "{minutes:02}");
            }
        }
        'Z' if count == 5 && !simple => write_zone('X', 3, offset, simple, out),
        'Z' if count < 4 || simple => {
            let _ = write!(out, "{sign}{hours:02}{minutes:02}");
        }
        'V' if offset == 0 => out.push('Z'),
        'V' => write_zone('X', 3, offset, simple, out),
        // Names of zones depend on a locale: the offset says the same.
        'z' if offset == 0 => out.push_str("UTC"),
        _ if offset == 0 => out.push_str("GMT"),
        'O' if count == 1 => {
            let _ = write!(out, "GMT{sign}{hours}");
            if minutes != 0 {
                let _ = write!(out, ":{minutes:02}");
            }
        }
        _ => {
            let _ = write!(out, "GMT{sign}{hours:02}:{minutes:02}");
        }
    }
}

impl Fields {
    /// The day and the nanoseconds of the day that the parts make; 1970, 1 January, 00:00 where one is missing.
    /// `None` if a part is beyond its range, which rolls over in [`Flavour::Simple`].
    pub fn resolve(&self, flavour: Flavour) -> Option<(i64, i64)> {
        let lenient = flavour == Flavour::Simple;
        let within = |value: i64, from: i64, to: i64| (lenient || (from..=to).contains(&value)).then_some(value);
        let year = self.year.unwrap_or(1970);
        if year.abs() > 999_999 {
            return None;
        }
        let mut day = match (self.day_of_year, self.month) {
            (Some(day), None) => {
                let length = if days_in_month(year, 2) == 29 { 366 } else { 365 };
                days(year, 1, within(day, 1, length)?)
            }
            _ => {
                let month = within(self.month.unwrap_or(1), 1, 12)? - 1;
                let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12) as u32 + 1);
                let day = within(self.day.unwrap_or(1), 1, 31)?;
                // A day that its month has not is the month's last, as in Java's SMART style.
                let last = i64::from(days_in_month(year, month));
                days(year, month, if lenient { day } else { day.min(last) })
            }
        };
        // A weekday that isn't the date's makes no date, in the strict style.
        if self.weekday.is_some_and(|weekday| !lenient && weekday != iso_weekday(day)) {
            return None;
        }
        let midnight = [self.minute, self.second, self.nanos].iter().all(|part| part.unwrap_or(0) == 0);
        let hour = match (self.hour, self.hour_of_half) {
            // 24:00 is the end of the day.
            (Some(24), _) if midnight => 24,
            (Some(hour), _) => within(hour, 0, 23)?,
            (None, Some(hour)) => within(hour, 0, 11)? + if self.afternoon == Some(true) { 12 } else { 0 },
            (None, None) => 0,
        };
        let seconds =
            hour * 3_600 + within(self.minute.unwrap_or(0), 0, 59)? * 60 + within(self.second.unwrap_or(0), 0, 59)?;
        let mut nanos = seconds.checked_mul(1_000_000_000)?.checked_add(self.nanos.unwrap_or(0))?;
        if let Some(millis) = self.millis_of_day {
            nanos = within(millis, 0, 86_399_999)?.checked_mul(1_000_000)?;
        }
        const DAY: i64 = 86_400_000_000_000;
        day += nanos.div_euclid(DAY);
        Some((day, nanos.rem_euclid(DAY)))
    }
}
