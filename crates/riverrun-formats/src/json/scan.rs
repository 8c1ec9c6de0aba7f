//! Reads JSON token by token from one record.
//!
//! Written by hand because Flink's leniencies are about tokens: `1.10` into a STRING keeps its zero, `8.9` into an INT
//! is 8, a number of any length is exact in a DECIMAL. Accepted is what Jackson accepts: strict JSON, except that control
//! characters may stand in strings.

/// Why a record is not JSON: what was expected, and where (a byte offset in the record).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The offset.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

/// How deep arrays and objects may be nested, as in Jackson.
const MAX_DEPTH: usize = 1000;

/// A scalar, or the beginning of an array or object, whose bracket has been read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as written.
    Number {
        /// Its text.
        text: &'a str,
        /// Whether it has a point or an exponent.
        float: bool,
    },
    /// A string.
    String(Text<'a>),
    /// `[`
    Array,
    /// `{`
    Object,
}

/// The inside of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// As written.
    pub raw: &'a str,
    /// Whether there are escapes in it.
    pub escaped: bool,
    /// Where it begins.
    at: usize,
}

impl<'a> Text<'a> {
    /// The string that is meant. `buffer` is used if there are escapes.
    #[inline]
    pub fn unescape<'b>(&self, buffer: &'b mut String) -> Result<&'b str, Broken>
    where
        'a: 'b,
    {
        if !self.escaped {
            return Ok(self.raw);
        }
        buffer.clear();
        unescape(self.raw, buffer)
            .map_err(|at| Broken { at: self.at + at, expected: "an escape such as \\n, \\\" or \\u00e9" })?;
        Ok(buffer)
    }
}

/// Appends the string that `raw` means. A lone surrogate becomes `?`, as in Flink. The error is an offset in `raw`.
fn unescape(raw: &str, out: &mut String) -> Result<(), usize> {
    let bytes = raw.as_bytes();
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'\\', &bytes[at..]) {
        let backslash = at + next;
        out.push_str(&raw[at..backslash]);
        at = backslash + 2;
        match bytes.get(backslash + 1).ok_or(backslash)? {
            b'"' => out.push('"'),
            b'\\' => out.push('\\'),
            b'/' => out.push('/'),
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let unit = hex(bytes, at).ok_or(backslash)?;
                at += 4;
                let mut code = u32::from(unit);
                if (0xd800..0xdc00).contains(&unit) && bytes.get(at..at + 2) == Some(b"\\u") {
                    let low = hex(bytes, at + 2).ok_or(at)?;
                    if (0xdc00..0xe000).contains(&low) {
                        code = 0x10000 + ((u32::from(unit) - 0xd800) << 10) + (u32::from(low) - 0xdc00);
                        at += 6;
                    }
                }
                out.push(char::from_u32(code).unwrap_or('?'));
            }
            _ => return Err(backslash),
        }
    }
    out.push_str(&raw[at..]);
    Ok(())
}

fn hex(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 4)?.iter().try_fold(0u16, |value, &byte| {
        let digit = (byte as char).to_digit(16)?;
        Some(value << 4 | digit as u16)
    })
}

/// A place in a record.
#[derive(Clone, Copy, Debug)]
pub struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// The offset of the next byte.
    pub at: usize,
}

impl<'a> Scanner<'a> {
    /// The beginning of `text`, behind a byte order mark.
    pub fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Scanner { text, bytes: text.as_bytes(), at }
    }

    /// The text from `start` to here.
    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or("")
    }

    /// The error that `expected` was not found here.
    #[cold]
    pub fn broken(&self, expected: &'static str) -> Broken {
        Broken { at: self.at, expected }
    }

    /// The next byte that is no space, without passing it.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Passes `byte` if it comes next.
    #[inline]
    pub fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Passes `byte`, which must come next.
    #[inline]
    pub fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Broken> {
        if self.accept(byte) { Ok(()) } else { Err(self.broken(expected)) }
    }

    /// The name of the next member of an object and its colon; `None` at the object's end. `first`: no comma before it.
    #[inline]
    pub fn member(&mut self, first: bool) -> Result<Option<Text<'a>>, Broken> {
        if !self.comes_member(first)? {
            return Ok(None);
        }
        self.name().map(Some)
    }

    /// Whether another member of an object comes: the comma before it has been passed, or the object's end. `first`: no
    /// comma before it.
    #[inline]
    pub fn comes_member(&mut self, first: bool) -> Result<bool, Broken> {
        if self.accept(b'}') {
            return Ok(false);
        }
        if !first {
            self.expect(b',', "`,` or `}`")?;
        }
        Ok(true)
    }

    /// Passes a member's name and colon if they are exactly `quoted`, which is `"name":`.
    #[inline]
    pub fn accept_name(&mut self, quoted: &[u8]) -> bool {
        self.peek();
        let found = self.bytes.get(self.at..self.at + quoted.len()).is_some_and(|name| equal(name, quoted));
        if found {
            self.at += quoted.len();
        }
        found
    }

    /// A member's name, with its colon.
    #[inline]
    pub fn name(&mut self) -> Result<Text<'a>, Broken> {
        self.expect(b'"', "a name in double quotes")?;
        let name = self.string()?;
        self.expect(b':', "`:`")?;
        Ok(name)
    }

    /// Whether another element of an array comes; its end has been passed if not. `first`: no comma before it.
    #[inline]
    pub fn element(&mut self, first: bool) -> Result<bool, Broken> {
        if self.accept(b']') {
            return Ok(false);
        }
        if !first {
            self.expect(b',', "`,` or `]`")?;
        }
        Ok(true)
    }

    /// The next value's token.
    #[inline]
    pub fn token(&mut self) -> Result<Token<'a>, Broken> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Ok(Token::String(self.string()?))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => {
                self.at += 1;
                Ok(Token::Object)
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Token::Array)
            }
            Some(b't') => self.word("true", Token::Bool(true)),
            Some(b'f') => self.word("false", Token::Bool(false)),
            Some(b'n') => self.word("null", Token::Null),
            _ => Err(self.broken("a value")),
        }
    }

    fn word(&mut self, word: &'static str, token: Token<'a>) -> Result<Token<'a>, Broken> {
        let end = self.at + word.len();
        if self.bytes.get(self.at..end) != Some(word.as_bytes())
            || self.bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        {
            return Err(self.broken("a value"));
        }
        self.at = end;
        Ok(token)
    }

    #[inline]
    fn number(&mut self) -> Result<Token<'a>, Broken> {
        let start = self.at;
        let mut float = false;
        self.at += usize::from(self.bytes[self.at] == b'-');
        if self.digits() == 0 {
            return Err(self.broken("a digit"));
        }
        if self.leading_zero(start) {
            return Err(Broken { at: start, expected: "a number without leading zeros" });
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            float = true;
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.broken("a digit"));
            }
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            float = true;
            self.at += 1;
            self.at += usize::from(matches!(self.bytes.get(self.at), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return Err(self.broken("a digit"));
            }
        }
        match self.bytes.get(self.at) {
            None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n') => {}
            _ => return Err(self.broken("the end of the number")),
        }
        Ok(Token::Number { text: self.since(start), float })
    }

    #[inline]
    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    fn leading_zero(&self, start: usize) -> bool {
        let number = self.since(start);
        let digits = number.strip_prefix('-').unwrap_or(number);
        digits.len() > 1 && digits.starts_with('0')
    }

    /// A string behind its opening quote.
    #[inline]
    fn string(&mut self) -> Result<Text<'a>, Broken> {
        let start = self.at;
        let mut escaped = false;
        loop {
            self.plain();
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
                None => {
                    self.at = self.bytes.len();
                    return Err(self.broken("the closing quote of a string"));
                }
            }
        }
        let raw = self.text.get(start..self.at).ok_or(self.broken("a string"))?;
        self.at += 1;
        Ok(Text { raw, escaped, at: start })
    }

    /// Passes bytes up to the next quote or backslash, or to where less than a word of them is left.
    #[inline]
    fn plain(&mut self) {
        // Eight bytes at a time: most names and values are shorter than what a call to memchr pays off for.
        let long = self.at + 2 * WORD;
        while let Some(word) = word(self.bytes, self.at) {
            let found = zero_bytes(word ^ repeated(b'"')) | zero_bytes(word ^ repeated(b'\\'));
            if found != 0 {
                self.at += found.trailing_zeros() as usize / 8;
                return;
            }
            self.at += WORD;
            // Of longer ones more at a time; the compiler has instructions for that.
            while self.at >= long
                && let Some(many) = self.bytes.get(self.at..self.at + 4 * WORD)
                && !many.iter().fold(false, |found, &byte| found | (byte == b'"') | (byte == b'\\'))
            {
                self.at += 4 * WORD;
            }
        }
    }

    /// Passes a value, and sees that it is JSON.
    pub fn skip(&mut self) -> Result<(), Broken> {
        self.skip_nested(0)
    }

    fn skip_nested(&mut self, depth: usize) -> Result<(), Broken> {
        if depth > MAX_DEPTH {
            return Err(self.broken("no more than 1000 levels of nesting"));
        }
        match self.token()? {
            Token::Object => {
                let mut first = true;
                while self.member(first)?.is_some() {
                    first = false;
                    self.skip_nested(depth + 1)?;
                }
            }
            Token::Array => {
                let mut first = true;
                while self.element(first)? {
                    first = false;
                    self.skip_nested(depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Passes the value of `token`, and appends it as Flink shows an object or array in a STRING: without space,
    /// numbers with a point or an exponent as Java prints doubles.
    pub fn normalize(&mut self, token: Token<'a>, out: &mut Vec<u8>, buffer: &mut String) -> Result<(), Broken> {
        self.normalize_nested(token, out, buffer, 0)
    }

    fn normalize_nested(
        &mut self,
        token: Token<'a>,
        out: &mut Vec<u8>,
        buffer: &mut String,
        depth: usize,
    ) -> Result<(), Broken> {
        if depth > MAX_DEPTH {
            return Err(self.broken("no more than 1000 levels of nesting"));
        }
        match token {
            Token::Null => out.extend_from_slice(b"null"),
            Token::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
            Token::Number { text, float: false } => out.extend_from_slice(text.as_bytes()),
            Token::Number { text, float: true } => {
                crate::text::float::write_double(out, text.parse().unwrap_or(f64::NAN));
            }
            Token::String(text) => super::encode::write_string(out, text.unescape(buffer)?, false),
            Token::Object => {
                out.push(b'{');
                let mut first = true;
                while let Some(name) = self.member(first)? {
                    if !first {
                        out.push(b',');
                    }
                    first = false;
                    super::encode::write_string(out, name.unescape(buffer)?, false);
                    out.push(b':');
                    let token = self.token()?;
                    self.normalize_nested(token, out, buffer, depth + 1)?;
                }
                out.push(b'}');
            }
            Token::Array => {
                out.push(b'[');
                let mut first = true;
                while self.element(first)? {
                    if !first {
                        out.push(b',');
                    }
                    first = false;
                    let token = self.token()?;
                    self.normalize_nested(token, out, buffer, depth + 1)?;
                }
                out.push(b']');
            }
        }
        Ok(())
    }
}

const WORD: usize = 8;

/// The eight bytes at a place.
#[inline]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..at + WORD)?;
    Some(u64::from_le_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]))
}

/// Whether two names, which are of equal length, are equal; without a call, which would take longer than the comparison.
#[inline]
fn equal(name: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while let (Some(left), Some(right)) = (word(name, at), word(other, at)) {
        if left != right {
            return false;
        }
        at += WORD;
    }
    match name.len().checked_sub(WORD) {
        // The last eight bytes, of which some have been compared.
        Some(last) => word(name, last) == word(other, last),
        None => name.iter().zip(other).all(|(left, right)| left == right),
    }
}

const fn repeated(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of every byte that is zero; above the lowest such byte others may be set too.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(repeated(1)) & !word & repeated(0x80)
}
