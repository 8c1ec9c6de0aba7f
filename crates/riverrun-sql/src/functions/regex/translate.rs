//! Java's pattern syntax translated to that of the `regex` crate.
//!
//! Java's `\d`, `\w`, `\s` and its POSIX classes are of ASCII; `.` and `$` know more line ends; some escapes exist on one side only.
//! Source: `java.util.regex.Pattern` of Java 17.

/// What `.` matches: all but Java's line terminators.
const DOT: &str = r"[^\n\r\x{85}\x{2028}\x{2029}]";

/// A translated pattern.
#[derive(Debug, PartialEq, Eq)]
pub struct Translated {
    /// The pattern.
    pub pattern: String,
    /// Whether it asks for the end of the text by `$` or `\Z`, which in Java stands before a last line end too.
    pub text_end: bool,
}

/// Translates a pattern; an error says what is wrong with it, or that it needs what a linear-time engine can't do.
pub fn translate(pattern: &str) -> Result<Translated, String> {
    let mut translator = Translator {
        chars: pattern.chars().collect(),
        position: 0,
        out: String::with_capacity(pattern.len() + 16),
        flags: vec![Flags::default()],
        text_end: false,
    };
    translator.run()?;
    Ok(Translated { pattern: translator.out, text_end: translator.text_end })
}

fn beyond(what: &str) -> String {
    format!("{what} is not supported: patterns are matched in linear time")
}

struct Translator {
    chars: Vec<char>,
    position: usize,
    out: String,
    /// Per open group, the text itself being the first.
    flags: Vec<Flags>,
    text_end: bool,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    /// `(?s)`: whether `.` matches line ends.
    dot_all: bool,
}

impl Translator {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.position + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek(0);
        self.position += 1;
        next
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.next() {
            match c {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '(' => self.group()?,
                ')' => {
                    if self.flags.len() == 1 {
                        return Err("a ')' closes nothing".to_owned());
                    }
                    self.flags.pop();
                    self.out.push(')');
                }
                '.' => {
                    let dot = if self.current().dot_all { "(?s:.)" } else { DOT };
                    self.out.push_str(dot);
                }
                '$' => {
                    self.text_end = true;
                    self.out.push('$');
                }
                '*' | '+' | '?' | '}' => {
                    self.out.push(c);
                    if self.peek(0) == Some('+') {
                        return Err(beyond("a possessive quantifier"));
                    }
                }
                _ => self.out.push(c),
            }
        }
        if self.flags.len() > 1 {
            return Err("a '(' is not closed".to_owned());
        }
        Ok(())
    }

    fn current(&self) -> Flags {
        self.flags.last().copied().unwrap_or_default()
    }

    /// After `(`.
    fn group(&mut self) -> Result<(), String> {
        let inherited = self.current();
        self.out.push('(');
        if self.peek(0) != Some('?') {
            self.flags.push(inherited);
            return Ok(());
        }
        self.next();
        self.out.push('?');
        match (self.peek(0), self.peek(1)) {
            (Some('=' | '!' | '>'), _) | (Some('<'), Some('=' | '!')) => return Err(beyond("looking around")),
            (Some('<' | ':'), _) => {
                self.flags.push(inherited);
                return Ok(());
            }
            _ => {}
        }
        // Flags: `(?is-x)` holds to the end of the enclosing group, `(?is-x:` opens one.
        let mut on = true;
        let mut flags = inherited;
        loop {
            let Some(flag) = self.next() else { return Err("a '(' is not closed".to_owned()) };
            match flag {
                '-' => {
                    on = false;
                    self.out.push('-');
                }
                's' => {
                    flags.dot_all = on;
                    self.out.push('s');
                }
                'i' | 'm' | 'x' => self.out.push(flag),
                // Of Unicode case and of UNIX lines: the former holds here always, the latter is not there.
                'u' | 'U' | 'd' => {}
                ')' => {
                    if let Some(current) = self.flags.last_mut() {
                        *current = flags;
                    }
                    // Flags may have been dropped: `(?)` and `(?-)` are no groups.
                    if self.out.ends_with("(?") {
                        self.out.truncate(self.out.len() - 2);
                        return Ok(());
                    }
                    self.out.push(')');
                    return Ok(());
                }
                ':' => {
                    self.flags.push(flags);
                    self.out.push(':');
                    return Ok(());
                }
                other => return Err(format!("'(?{other}' is no group")),
            }
        }
    }

    fn literal(&mut self, c: char) {
        let mut encoded = [0; 4];
        self.out.push_str(&regex::escape(c.encode_utf8(&mut encoded)));
    }

    fn code_point(&mut self, code: u32) -> Result<(), String> {
        let c = char::from_u32(code).ok_or_else(|| format!("U+{code:04X} is no character"))?;
        self.literal(c);
        Ok(())
    }

    fn digits(&mut self, most: usize, radix: u32) -> Option<u32> {
        let mut code = None;
        for _ in 0..most {
            let Some(digit) = self.peek(0).and_then(|c| c.to_digit(radix)) else { break };
            code = Some(code.unwrap_or(0) * radix + digit);
            self.position += 1;
        }
        code
    }

    /// After a backslash, in a class or outside.
    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some(c) = self.next() else { return Err("a backslash at the end".to_owned()) };
        let class = |members: &str| if in_class { members.to_owned() } else { format!("[{members}]") };
        match c {
            'd' => self.out.push_str(&class("0-9")),
            'w' => self.out.push_str(&class("a-zA-Z_0-9")),
            's' => self.out.push_str(&class(r" \t\n\x0B\f\r")),
            'h' => self.out.push_str(&class(r" \t\u{A0}\u{1680}\u{180E}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}")),
            'v' => self.out.push_str(&class(r"\n\x0B\f\r\u{85}\u{2028}\u{2029}")),
            'D' => self.out.push_str("[^0-9]"),
            'W' => self.out.push_str("[^a-zA-Z_0-9]"),
            'S' => self.out.push_str(r"[^ \t\n\x0B\f\r]"),
            'H' => self.out.push_str(r"[^ \t\u{A0}\u{1680}\u{180E}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}]"),
            'V' => self.out.push_str(r"[^\n\x0B\f\r\u{85}\u{2028}\u{2029}]"),
            't' | 'n' | 'r' | 'f' | 'a' => {
                self.out.push('\\');
                self.out.push(c);
            }
            'e' => self.out.push_str(r"\x1B"),
            'c' => {
                let c = self.next().ok_or("\\c at the end")?;
                self.code_point(u32::from(c) ^ 64)?;
            }
            '0' => {
                let code = self.digits(3, 8).ok_or("\\0 without an octal number")?;
                self.code_point(code)?;
            }
            'x' if self.peek(0) == Some('{') => {
                self.next();
                let code = self.digits(6, 16).ok_or("\\x{ without a hexadecimal number")?;
                if self.next() != Some('}') {
                    return Err("\\x{ is not closed".to_owned());
                }
                self.code_point(code)?;
            }
            'x' => {
                let code = self.digits(2, 16).ok_or("\\x without a hexadecimal number")?;
                self.code_point(code)?;
            }
            'u' => {
                let mut code = self.digits(4, 16).ok_or("\\u without a hexadecimal number")?;
                if (0xD800..0xDC00).contains(&code) && self.peek(0) == Some('\\') && self.peek(1) == Some('u') {
                    self.position += 2;
                    let low = self.digits(4, 16).ok_or("\\u without a hexadecimal number")?;
                    code = 0x10000 + ((code - 0xD800) << 10) + low.wrapping_sub(0xDC00);
                }
                self.code_point(code)?;
            }
            'p' | 'P' => self.property(c == 'P', in_class)?,
            'Q' => {
                while let Some(c) = self.next() {
                    if c == '\\' && self.peek(0) == Some('E') {
                        self.next();
                        break;
                    }
                    self.literal(c);
                }
            }
            'E' => {}
            'A' | 'b' | 'B' | 'z' if !in_class => {
                self.out.push('\\');
                self.out.push(c);
            }
            'Z' if !in_class => {
                self.text_end = true;
                self.out.push_str(r"\z");
            }
            'R' if !in_class => self.out.push_str(r"(?:\r\n|[\n\x0B\f\r\u{85}\u{2028}\u{2029}])"),
            'G' | 'k' | '1'..='9' if !in_class => return Err(beyond("a reference back")),
            c if c.is_ascii_alphabetic() || c.is_ascii_digit() => return Err(format!("'\\{c}' means nothing")),
            c => self.literal(c),
        }
        Ok(())
    }

    /// After `\p` or `\P`.
    fn property(&mut self, negated: bool, in_class: bool) -> Result<(), String> {
        let name: String = if self.peek(0) == Some('{') {
            self.next();
            let rest = &self.chars[self.position.min(self.chars.len())..];
            let length = rest.iter().position(|c| *c == '}').ok_or("'\\p{' is not closed")?;
            let name = rest[..length].iter().collect();
            self.position += length + 1;
            name
        } else {
            self.next().ok_or("\\p at the end")?.to_string()
        };
        let posix = match name.as_str() {
            "Lower" => "a-z",
            "Upper" => "A-Z",
            "ASCII" => r"\x00-\x7F",
            "Alpha" => "a-zA-Z",
            "Digit" => "0-9",
            "Alnum" => "a-zA-Z0-9",
            "Punct" => r##"!-/:-@\[-`{-\~"##,
            "Graph" => r"!-\~",
            "Print" => r" -\~",
            "Blank" => r" \t",
            "Cntrl" => r"\x00-\x1F\x7F",
            "XDigit" => "0-9a-fA-F",
            "Space" => r" \t\n\x0B\f\r",
            _ => {
                let name = name.strip_prefix("Is").or_else(|| name.strip_prefix("In")).unwrap_or(&name);
                let name = match name.strip_prefix("java") {
                    Some("LowerCase") => "Lowercase",
                    Some("UpperCase") => "Uppercase",
                    Some("Alphabetic") => "Alphabetic",
                    Some("Digit") => "Nd",
                    Some("Letter") => "L",
                    Some("Whitespace") => "White_Space",
                    Some(other) => return Err(format!("'\\p{{java{other}}}' is not known")),
                    None => name,
                };
                self.out.push_str(if negated { "\\P{" } else { "\\p{" });
                self.out.push_str(name);
                self.out.push('}');
                return Ok(());
            }
        };
        match (negated, in_class) {
            (true, _) => self.out.push_str(&format!("[^{posix}]")),
            (false, true) => self.out.push_str(posix),
            (false, false) => self.out.push_str(&format!("[{posix}]")),
        }
        Ok(())
    }

    /// After `[`: to its `]`. Java's unions and intersections are the crate's too; its other set operators are literals in Java.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.peek(0) == Some('^') {
            self.next();
            self.out.push('^');
        }
        if self.peek(0) == Some(']') {
            // Java takes a `]` at the start for a literal, if another follows.
            self.next();
            self.out.push_str(r"\]");
        }
        while let Some(c) = self.next() {
            match c {
                ']' => {
                    self.out.push(']');
                    return Ok(());
                }
                '[' => self.class()?,
                '\\' => self.escape(true)?,
                '&' if self.peek(0) == Some('&') => {
                    self.next();
                    self.out.push_str("&&");
                }
                '-' if self.peek(0) == Some('-') => self.out.push_str(r"\-"),
                '~' | '&' | '#' | '^' => {
                    self.out.push('\\');
                    self.out.push(c);
                }
                _ => self.out.push(c),
            }
        }
        Err("a '[' is not closed".to_owned())
    }
}
