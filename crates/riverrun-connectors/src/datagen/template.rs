//! Templates for text that looks real: `#{Name.fullName} <#{Internet.emailAddress}>`.
//!
//! | call | gives |
//! |---|---|
//! | `Name.firstName`, `Name.lastName`, `Name.fullName` (`Name.name`), `Name.username` | names of people |
//! | `Address.city`, `Address.country`, `Address.state` | places |
//! | `Company.name`, `Commerce.productName`, `Commerce.department`, `Color.name` | things |
//! | `Lorem.word`, `Lorem.words '3'`, `Lorem.sentence` | text |
//! | `Internet.ipV4Address`, `Internet.ipV6Address`, `Internet.domainName`, `Internet.url`, `Internet.path` | addresses |
//! | `Internet.emailAddress`, `Internet.userAgent`, `Internet.uuid`, `Internet.httpMethod`, `Internet.statusCode` | the web |
//! | `number.numberBetween '1','10'` | a whole number; the last is not included, as in Java's Faker |
//! | `number.randomDouble '2','0','100'` | a number with so many decimals |
//! | `number.digits '5'`, `number.randomDigit`, `bool.bool` | digits, `true` or `false` |
//! | `Options.option 'a','b','b'` | one of these; one that stands twice comes twice as often |
//! | `regexify '[A-Z]{3}'` | text that matches a pattern (see [`super::regexify`]) |
//! | `date.past '5','MINUTES'`, `date.future '1','DAYS'`, also with a format: `'…','yyyy-MM-dd'` | a time before or after now |
//!
//! A call with arguments that it does not take is refused. Names of calls are not case-sensitive. Single quotes within a SQL string are doubled.

use super::field::Now;
use super::regexify::Pattern;
use super::words;
use crate::indexed::random::Random;
use chrono::DateTime;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result};
use std::fmt::Write;

/// A parsed template.
#[derive(Clone, Debug)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Call(Call),
}

#[derive(Clone, Debug)]
enum Call {
    Word(&'static [&'static str]),
    Option(Vec<String>),
    FullName,
    Username,
    Words(u64),
    Sentence,
    Ipv4,
    Ipv6,
    Domain,
    Url,
    Path,
    Email,
    Uuid,
    Between(i64, i64),
    Double(usize, f64, f64),
    Digits(u64),
    Regex(Pattern),
    /// A time up to so many milliseconds before (−1) or after (1) now, in this format of chrono's.
    Time(i64, i64, String),
}

/// The names of all calls, for hints.
const NAMES: &[&str] = &[
    "Name.firstName",
    "Name.lastName",
    "Name.fullName",
    "Name.name",
    "Name.username",
    "Address.city",
    "Address.country",
    "Address.state",
    "Company.name",
    "Commerce.productName",
    "Commerce.department",
    "Color.name",
    "Lorem.word",
    "Lorem.words",
    "Lorem.sentence",
    "Internet.ipV4Address",
    "Internet.ipV6Address",
    "Internet.domainName",
    "Internet.url",
    "Internet.path",
    "Internet.emailAddress",
    "Internet.userAgent",
    "Internet.uuid",
    "Internet.httpMethod",
    "Internet.statusCode",
    "number.numberBetween",
    "number.randomDouble",
    "number.digits",
    "number.randomDigit",
    "bool.bool",
    "Options.option",
    "regexify",
    "date.past",
    "date.future",
];

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("#{") {
            if start > 0 {
                parts.push(Part::Text(rest[..start].to_owned()));
            }
            let body = &rest[start + 2..];
            let end = call_end(body).ok_or_else(|| Error::input(format!("a '#{{' in '{text}' has no '}}'")))?;
            parts.push(Part::Call(call(&body[..end])?));
            rest = &body[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Template(parts))
    }

    /// Appends a text.
    pub fn write(&self, random: &mut Random, now: &Now, out: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Call(call) => call.write(random, now, out),
            }
        }
    }
}

/// Where the call ends: the first brace outside of quotes.
fn call_end(body: &str) -> Option<usize> {
    let mut quoted = false;
    body.char_indices().find_map(|(index, c)| {
        quoted ^= c == '\'';
        (c == '}' && !quoted).then_some(index)
    })
}

/// The arguments: in single quotes, or bare, separated by commas.
fn arguments(text: &str) -> Vec<String> {
    let (mut all, mut argument, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '\'' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut argument)),
            ' ' if !quoted => {}
            other => argument.push(other),
        }
    }
    if !text.trim().is_empty() {
        all.push(argument);
    }
    all
}

fn call(text: &str) -> Result<Call> {
    let text = text.trim();
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let arguments = arguments(rest);
    let wrong = |expected: &str| {
        Error::input(format!("'#{{{text}}}' has wrong arguments")).detail(format!("expected: {expected}"))
    };
    let number = |index: usize, expected: &str| -> Result<i64> {
        arguments.get(index).and_then(|argument| argument.parse().ok()).ok_or_else(|| wrong(expected))
    };
    let count = |expected: &str| match number(0, expected)? {
        count @ 1..=1000 => Ok(count as u64),
        _ => Err(wrong(expected)),
    };
    let call = match name.to_ascii_lowercase().as_str() {
        "name.firstname" => Call::Word(words::FIRST_NAMES),
        "name.lastname" => Call::Word(words::LAST_NAMES),
        "name.fullname" | "name.name" => Call::FullName,
        "name.username" => Call::Username,
        "address.city" => Call::Word(words::CITIES),
        "address.country" => Call::Word(words::COUNTRIES),
        "address.state" => Call::Word(words::STATES),
        "company.name" => Call::Word(words::COMPANIES),
        "commerce.productname" => Call::Word(words::PRODUCTS),
        "commerce.department" => Call::Word(words::DEPARTMENTS),
        "color.name" => Call::Word(words::COLORS),
        "lorem.word" => Call::Word(words::WORDS),
        "lorem.words" if arguments.is_empty() => Call::Words(3),
        "lorem.words" => Call::Words(count("#{Lorem.words '3'}, up to 1000")?),
        "lorem.sentence" => Call::Sentence,
        "internet.ipv4address" => Call::Ipv4,
        "internet.ipv6address" => Call::Ipv6,
        "internet.domainname" => Call::Domain,
        "internet.url" => Call::Url,
        "internet.path" => Call::Path,
        "internet.emailaddress" => Call::Email,
        "internet.useragent" | "internet.useragentany" => Call::Word(words::USER_AGENTS),
        "internet.uuid" => Call::Uuid,
        "internet.httpmethod" => Call::Word(words::METHODS),
        "internet.statuscode" => Call::Word(words::STATUS_CODES),
        "number.numberbetween" => {
            let expected = "#{number.numberBetween '1','10'}, the last one not included";
            let (least, end) = (number(0, expected)?, number(1, expected)?);
            if end <= least {
                return Err(wrong(expected));
            }
            Call::Between(least, end - 1)
        }
        "number.randomdouble" => {
            let expected = "#{number.randomDouble '2','0','100'}";
            let decimals = number(0, expected)?;
            let bound = |index: usize| -> Result<f64> {
                arguments.get(index).and_then(|argument| argument.parse().ok()).ok_or_else(|| wrong(expected))
            };
            let (min, max) = (bound(1)?, bound(2)?);
            if !(0..=17).contains(&decimals) || !min.is_finite() || !max.is_finite() || min > max {
                return Err(wrong(
                    "#{number.randomDouble '2','0','100'}: 0 to 17 decimals, and the least number first",
                ));
            }
            Call::Double(decimals as usize, min, max)
        }
        "number.digits" => Call::Digits(count("#{number.digits '5'}, up to 1000")?),
        "number.randomdigit" => Call::Digits(1),
        "bool.bool" => Call::Word(&["true", "false"]),
        "options.option" if arguments.is_empty() => return Err(wrong("#{Options.option 'a','b'}")),
        "options.option" => Call::Option(arguments.clone()),
        // A comma belongs to the pattern.
        "regexify" => Call::Regex(Pattern::parse(rest.trim().trim_matches('\''))?),
        "date.past" => time(-1, &arguments)?.ok_or_else(|| wrong("#{date.past '5','MINUTES'}"))?,
        "date.future" => time(1, &arguments)?.ok_or_else(|| wrong("#{date.future '5','MINUTES'}"))?,
        _ => {
            return Err(Error::input(format!("no expression is called '{name}'")).hint_opt(
                did_you_mean(name, NAMES.iter().copied()).or_else(|| Some(format!("known are: {}", NAMES.join(", ")))),
            ));
        }
    };
    match call.arguments() {
        most if arguments.len() <= most => Ok(call),
        0 => Err(wrong(&format!("#{{{name}}}, without arguments"))),
        most => Err(wrong(&format!("no more than {most} arguments"))),
    }
}

fn time(direction: i64, arguments: &[String]) -> Result<Option<Call>> {
    let unit = match arguments.get(1).map(|unit| unit.to_ascii_uppercase()).as_deref() {
        Some("MILLISECONDS") => 1,
        Some("SECONDS") => 1_000,
        Some("MINUTES") => 60_000,
        Some("HOURS") => 3_600_000,
        Some("DAYS") => 86_400_000,
        _ => return Ok(None),
    };
    let count = arguments.first().and_then(|count| count.parse::<i64>().ok()).filter(|count| *count >= 0);
    let Some(most) = count.and_then(|count| count.checked_mul(unit)) else { return Ok(None) };
    let format = arguments.get(2).map_or("yyyy-MM-dd HH:mm:ss.SSS", String::as_str);
    Ok(Some(Call::Time(direction, most, chrono_format(format)?)))
}

/// Letters of Java's date patterns, as chrono writes them; the zone is UTC. `T` is itself, for quotes are gone.
const LETTERS: &[(&str, &str)] = &[
    ("yyyy", "%Y"),
    ("yy", "%y"),
    ("MMMM", "%B"),
    ("MMM", "%b"),
    ("MM", "%m"),
    ("M", "%-m"),
    ("dd", "%d"),
    ("d", "%-d"),
    ("HH", "%H"),
    ("H", "%-H"),
    ("hh", "%I"),
    ("h", "%-I"),
    ("a", "%p"),
    ("mm", "%M"),
    ("ss", "%S"),
    ("SSS", "%3f"),
    ("SSSSSS", "%6f"),
    ("EEEE", "%A"),
    ("EEE", "%a"),
    ("Z", "+0000"),
    ("XXX", "Z"),
    ("X", "Z"),
    ("T", "T"),
];

/// A date pattern of Java's as one of chrono's.
fn chrono_format(java: &str) -> Result<String> {
    let (mut format, mut rest) = (String::new(), java);
    while let Some(c) = rest.chars().next() {
        let end = if c.is_ascii_alphabetic() { rest.find(|other| other != c) } else { Some(c.len_utf8()) };
        let (run, behind) = rest.split_at(end.unwrap_or(rest.len()));
        rest = behind;
        match LETTERS.iter().find(|(letters, _)| *letters == run) {
            Some((_, chrono)) => format.push_str(chrono),
            None if c.is_ascii_alphabetic() => {
                let known: Vec<&str> = LETTERS.iter().map(|(letters, _)| *letters).collect();
                return Err(Error::input(format!("'{java}' is no date pattern: '{run}' is not known"))
                    .hint(format!("known are {}", known.join(", "))));
            }
            None if c == '%' => format.push_str("%%"),
            None => format.push(c),
        }
    }
    Ok(format)
}

impl Call {
    /// How many arguments it takes at the most.
    fn arguments(&self) -> usize {
        match self {
            Call::Option(_) | Call::Regex(_) => usize::MAX,
            Call::Double(..) | Call::Time(..) => 3,
            Call::Between(..) => 2,
            Call::Digits(_) | Call::Words(_) => 1,
            _ => 0,
        }
    }

    fn write(&self, random: &mut Random, now: &Now, out: &mut String) {
        let _ = match self {
            Call::Word(words) => out.write_str(pick(random, words)),
            Call::Option(options) => out.write_str(random.pick(options).map_or("", String::as_str)),
            Call::FullName => {
                write!(out, "{} {}", pick(random, words::FIRST_NAMES), pick(random, words::LAST_NAMES))
            }
            Call::Username => write_username(random, out),
            Call::Words(count) => {
                for index in 0..*count {
                    let space = if index > 0 { " " } else { "" };
                    let _ = write!(out, "{space}{}", pick(random, words::WORDS));
                }
                Ok(())
            }
            Call::Sentence => {
                let first = pick(random, words::WORDS);
                let _ = write!(out, "{}{}", first[..1].to_ascii_uppercase(), &first[1..]);
                for _ in 0..4 + random.below(6) {
                    let _ = write!(out, " {}", pick(random, words::WORDS));
                }
                out.write_char('.')
            }
            Call::Ipv4 => {
                let bits = random.bits().to_le_bytes();
                // Neither the network 0 nor loopback, multicast and reserved ones.
                let first = match 1 + u16::from(bits[0]) * 222 / 256 {
                    127 => 126,
                    other => other,
                };
                write!(out, "{first}.{}.{}.{}", bits[1], bits[2], 1 + u16::from(bits[3]) * 254 / 256)
            }
            Call::Ipv6 => {
                let _ = out.write_str("2001:db8");
                for _ in 0..6 {
                    let _ = write!(out, ":{:x}", random.below(0x1_0000));
                }
                Ok(())
            }
            Call::Domain => write!(out, "{}.{}", pick(random, words::WORDS), pick(random, words::TOP_DOMAINS)),
            Call::Url => {
                let _ = write!(out, "https://www.{}.{}", pick(random, words::WORDS), pick(random, words::TOP_DOMAINS));
                write_path(random, out)
            }
            Call::Path => write_path(random, out),
            Call::Email => {
                let _ = write_username(random, out);
                write!(out, "@{}.example", pick(random, words::WORDS))
            }
            Call::Uuid => {
                let (high, low) = (random.bits(), random.bits());
                // Version 4, variant 1 (RFC 9562).
                write!(
                    out,
                    "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
                    high >> 32,
                    high >> 16 & 0xffff,
                    high & 0xfff,
                    (low >> 48 & 0x3fff) | 0x8000,
                    low & 0xffff_ffff_ffff
                )
            }
            Call::Between(least, most) => write!(out, "{}", random.between(*least, *most)),
            Call::Double(decimals, min, max) => write!(out, "{:.decimals$}", min + random.unit() * (max - min)),
            Call::Digits(count) => (0..*count).try_for_each(|_| write!(out, "{}", random.below(10))),
            Call::Regex(pattern) => {
                pattern.write(random, out);
                Ok(())
            }
            Call::Time(direction, most, format) => {
                let at = now.local + direction * random.between(0, *most);
                match DateTime::from_timestamp_millis(at) {
                    Some(time) => write!(out, "{}", time.format(format)),
                    None => Ok(()),
                }
            }
        };
    }
}

fn pick(random: &mut Random, words: &[&'static str]) -> &'static str {
    random.pick(words).copied().unwrap_or_default()
}

fn write_username(random: &mut Random, out: &mut String) -> std::fmt::Result {
    let (first, last) = (pick(random, words::FIRST_NAMES), pick(random, words::LAST_NAMES));
    write!(out, "{}.{}{}", first.to_ascii_lowercase(), last.to_ascii_lowercase(), random.below(100))
}

fn write_path(random: &mut Random, out: &mut String) -> std::fmt::Result {
    for _ in 0..1 + random.below(3) {
        write!(out, "/{}", pick(random, words::WORDS))?;
    }
    out.write_str(pick(random, words::PATH_ENDS))
}
