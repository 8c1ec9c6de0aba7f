//! The reader of JSON texts: to a whole value, to the value at a simple path, or only to check.
//!
//! As strict as Jackson: no comments, no single quotes, no trailing commas. What follows the first value is not looked at.

use super::path::Step;
use super::value::Json;
use std::borrow::Cow;
use std::fmt;

/// How deep values may be nested, as in Jackson.
const MAX_DEPTH: usize = 1000;

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    position: usize,
    expected: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} expected at byte {}", self.expected, self.position + 1)
    }
}

/// The value of a JSON text.
pub fn parse(text: &str) -> Result<Json<'_>, Malformed> {
    Parser::new(text).value(0)
}

/// The first character of a JSON text's value, if the text is one: `{`, `[`, or that of a scalar.
pub fn check(text: &str) -> Option<u8> {
    let mut parser = Parser::new(text);
    parser.space();
    let first = parser.peek()?;
    parser.skip(0).ok()?;
    Some(first)
}

/// The value at a path of single members and indexes from the start; `None` if nothing stands there. The whole value is checked.
pub fn seek<'a>(text: &'a str, steps: &[Step]) -> Result<Option<Json<'a>>, Malformed> {
    Parser::new(text).seek(steps, 0)
}

/// A string literal at the start of the text, and the text after it.
pub fn string_literal(text: &str) -> Result<(Cow<'_, str>, &str), Malformed> {
    let mut parser = Parser::new(text);
    let literal = parser.string()?;
    Ok((literal, &text[parser.position..]))
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
    allow_duplicates: bool,
}

/// [`parse`], where a key that comes twice is a mistake too.
pub fn parse_unique(text: &str) -> Result<Json<'_>, Malformed> {
    let mut parser = Parser::new(text);
    parser.allow_duplicates = false;
    parser.value(0)
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Parser { text, position: 0, allow_duplicates: true }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn malformed<T>(&self, expected: &'static str) -> Result<T, Malformed> {
        Err(Malformed { position: self.position, expected })
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Malformed> {
        if self.peek() == Some(byte) {
            self.position += 1;
            return Ok(());
        }
        self.malformed(expected)
    }

    fn word(&mut self, word: &'static str) -> Result<(), Malformed> {
        let rest = &self.text.as_bytes()[self.position..];
        let ends = rest.get(word.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if rest.starts_with(word.as_bytes()) && ends {
            self.position += word.len();
            return Ok(());
        }
        self.malformed("a JSON value")
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, Malformed> {
        self.space();
        match self.peek() {
            Some(b'{') => {
                let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
                let mut sorted = true;
                self.members(depth, |parser, key| {
                    let value = parser.value(depth + 1)?;
                    sorted &= members.last().is_none_or(|(last, _)| *last < key);
                    members.push((key, value));
                    Ok(())
                })?;
                if !sorted && !unique(&mut members) && !self.allow_duplicates {
                    return self.malformed("an object whose keys differ");
                }
                Ok(Json::Object(members))
            }
            Some(b'[') => {
                let mut elements = Vec::new();
                self.elements(depth, |parser, _| {
                    elements.push(parser.value(depth + 1)?);
                    Ok(())
                })?;
                Ok(Json::Array(elements))
            }
            Some(b'"') => self.string().map(Json::String),
            Some(b't') => self.word("true").map(|()| Json::Boolean(true)),
            Some(b'f') => self.word("false").map(|()| Json::Boolean(false)),
            Some(b'n') => self.word("null").map(|()| Json::Null),
            _ => self.number(depth).map(|number| Json::Number(Cow::Borrowed(number))),
        }
    }

    /// Reads a value and forgets it.
    fn skip(&mut self, depth: usize) -> Result<(), Malformed> {
        self.space();
        match self.peek() {
            Some(b'{') => self.members(depth, |parser, _| parser.skip(depth + 1)),
            Some(b'[') => self.elements(depth, |parser, _| parser.skip(depth + 1)),
            Some(b'"') => self.string().map(|_| ()),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.number(depth).map(|_| ()),
        }
    }

    fn seek(&mut self, steps: &[Step], depth: usize) -> Result<Option<Json<'a>>, Malformed> {
        let Some((step, rest)) = steps.split_first() else { return self.value(depth).map(Some) };
        self.space();
        let mut found = None;
        match (step, self.peek()) {
            (Step::Member(name), Some(b'{')) => self.members(depth, |parser, key| {
                if key == name.as_str() {
                    // Of equal keys the last counts.
                    found = parser.seek(rest, depth + 1)?;
                    return Ok(());
                }
                parser.skip(depth + 1)
            })?,
            (Step::Index(index), Some(b'[')) => self.elements(depth, |parser, position| {
                if usize::try_from(*index) == Ok(position) {
                    found = parser.seek(rest, depth + 1)?;
                    return Ok(());
                }
                parser.skip(depth + 1)
            })?,
            _ => self.skip(depth)?,
        }
        Ok(found)
    }

    /// Reads an object, giving each key to `member`, which reads the value.
    fn members(
        &mut self,
        depth: usize,
        mut member: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if depth >= MAX_DEPTH {
            return self.malformed("a less deeply nested value");
        }
        self.position += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.position += 1;
            return Ok(());
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.malformed("a key in double quotes");
            }
            let key = self.string()?;
            self.space();
            self.expect(b':', "':'")?;
            member(self, key)?;
            self.space();
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b'}') => {
                    self.position += 1;
                    return Ok(());
                }
                _ => return self.malformed("',' or '}'"),
            }
        }
    }

    /// Reads an array; `element` reads each element, given its position.
    fn elements(
        &mut self,
        depth: usize,
        mut element: impl FnMut(&mut Self, usize) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if depth >= MAX_DEPTH {
            return self.malformed("a less deeply nested value");
        }
        self.position += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.position += 1;
            return Ok(());
        }
        for position in 0.. {
            element(self, position)?;
            self.space();
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b']') => {
                    self.position += 1;
                    break;
                }
                _ => return self.malformed("',' or ']'"),
            }
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.expect(b'"', "a string")?;
        let start = self.position;
        let mut unescaped: Option<String> = None;
        let mut rest = start;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let end = self.position;
                    self.position += 1;
                    return Ok(match unescaped {
                        Some(text) => Cow::Owned(text + &self.text[rest..end]),
                        None => Cow::Borrowed(&self.text[start..end]),
                    });
                }
                Some(b'\\') => {
                    let text = unescaped.get_or_insert_default();
                    text.push_str(&self.text[rest..self.position]);
                    self.position += 1;
                    let c = self.escape()?;
                    unescaped.get_or_insert_default().push(c);
                    rest = self.position;
                }
                Some(byte) if byte >= b' ' => self.position += 1,
                Some(_) => return self.malformed("an escaped control character"),
                None => return self.malformed("the end of a string"),
            }
        }
    }

    /// After a backslash. Half a surrogate pair becomes `?`, as in Flink.
    fn escape(&mut self) -> Result<char, Malformed> {
        let Some(byte) = self.peek() else { return self.malformed("an escape") };
        self.position += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hexadecimal()?;
                if (0xD800..0xDC00).contains(&high) && self.text[self.position..].starts_with("\\u") {
                    let before = self.position;
                    self.position += 2;
                    let low = self.hexadecimal()?;
                    if (0xDC00..0xE000).contains(&low) {
                        let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                        return Ok(char::from_u32(code).unwrap_or('?'));
                    }
                    self.position = before;
                }
                char::from_u32(high).unwrap_or('?')
            }
            _ => {
                self.position -= 1;
                return self.malformed("an escape that JSON knows");
            }
        })
    }

    fn hexadecimal(&mut self) -> Result<u32, Malformed> {
        let digits = self.text.as_bytes().get(self.position..self.position + 4);
        let code = digits.and_then(|digits| {
            digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
        });
        match code {
            Some(code) => {
                self.position += 4;
                Ok(code)
            }
            None => self.malformed("four hexadecimal digits"),
        }
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.position;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        if self.position == start { self.malformed("a digit") } else { Ok(()) }
    }

    fn number(&mut self, depth: usize) -> Result<&'a str, Malformed> {
        let start = self.position;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        match self.peek() {
            Some(b'0') => {
                self.position += 1;
                if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                    return self.malformed("a number without leading zeros");
                }
            }
            Some(b'1'..=b'9') => self.digits()?,
            _ => return self.malformed("a JSON value"),
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            self.digits()?;
        }
        // Within an array or object, what is no letter is what the next token is looked for in.
        let ends = |byte: u8| if depth == 0 { byte.is_ascii_whitespace() } else { !byte.is_ascii_alphabetic() };
        if !self.peek().is_none_or(ends) {
            return self.malformed("the end of a number");
        }
        Ok(&self.text[start..self.position])
    }
}

/// Leaves of equal keys the last value, at the first one's place. Whether there were none.
fn unique(members: &mut Vec<(Cow<'_, str>, Json<'_>)>) -> bool {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by(|a, b| members[*a].0.cmp(&members[*b].0));
    let mut dropped = vec![false; members.len()];
    let mut moved = Vec::new();
    for run in order.chunk_by(|a, b| members[*a].0 == members[*b].0) {
        if let [first, .., last] = run {
            moved.push((*first, *last));
            run[1..].iter().for_each(|index| dropped[*index] = true);
        }
    }
    let any = !moved.is_empty();
    moved.into_iter().for_each(|(first, last)| members.swap(first, last));
    if any {
        let mut index = 0;
        members.retain(|_| {
            index += 1;
            !dropped[index - 1]
        });
    }
    !any
}
