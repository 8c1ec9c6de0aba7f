//! Lines of access logs, taken apart by hand.
//!
//! The same as these expressions, which a test compares on real, cut and changed lines:
//!
//! ```text
//! common    (?<client>\S+) (?<ident>\S+) (?<user>[^\[]+) \[(?<time>[^\]]*)\] "(?<request>(?:[^"\\]|\\.)*)" (?<status>\d{3}|-) (?<bytes>\d+|-)
//! combined  the same, then  "(?<referer>(?:[^"\\]|\\.)*)" "(?<agent>(?:[^"\\]|\\.)*)"?
//! request   (?<method>[^ ]+) (?<path>.+) (?<protocol>[^ ]+)
//! ```
//!
//! The quote behind the agent may be missing: servers cut long agents off, and all else of such a line is sound.

/// Which log format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// `clf`
    Common,
    /// `combined`
    Combined,
}

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogField {
    Client,
    Ident,
    User,
    Time,
    Request,
    Method,
    Path,
    Protocol,
    Status,
    Bytes,
    Referer,
    Agent,
}

impl LogField {
    const ALL: [LogField; 12] = [
        LogField::Client,
        LogField::Ident,
        LogField::User,
        LogField::Time,
        LogField::Request,
        LogField::Method,
        LogField::Path,
        LogField::Protocol,
        LogField::Status,
        LogField::Bytes,
        LogField::Referer,
        LogField::Agent,
    ];

    /// The name of its column.
    pub fn name(self) -> &'static str {
        match self {
            LogField::Client => "client",
            LogField::Ident => "ident",
            LogField::User => "user",
            LogField::Time => "time",
            LogField::Request => "request",
            LogField::Method => "method",
            LogField::Path => "path",
            LogField::Protocol => "protocol",
            LogField::Status => "status",
            LogField::Bytes => "bytes",
            LogField::Referer => "referer",
            LogField::Agent => "agent",
        }
    }
}

/// The parts of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry<'a> {
    client: &'a str,
    ident: &'a str,
    user: &'a str,
    time: &'a str,
    request: &'a str,
    status: &'a str,
    bytes: &'a str,
    referer: &'a str,
    agent: &'a str,
}

impl<'a> Entry<'a> {
    /// A part; those of a request that has no three parts are none.
    #[inline]
    pub fn get(&self, field: LogField) -> Option<&'a str> {
        Some(match field {
            LogField::Client => self.client,
            LogField::Ident => self.ident,
            LogField::User => self.user,
            LogField::Time => self.time,
            LogField::Request => self.request,
            LogField::Method => request(self.request)?.0,
            LogField::Path => request(self.request)?.1,
            LogField::Protocol => request(self.request)?.2,
            LogField::Status => self.status,
            LogField::Bytes => self.bytes,
            LogField::Referer => self.referer,
            LogField::Agent => self.agent,
        })
    }
}

/// Method, path and protocol. A path may hold spaces.
fn request(request: &str) -> Option<(&str, &str, &str)> {
    let (method, rest) = request.split_once(' ')?;
    let (path, protocol) = rest.rsplit_once(' ')?;
    (!method.is_empty() && !path.is_empty() && !protocol.is_empty()).then_some((method, path, protocol))
}

impl AccessLog {
    /// The format's name.
    pub fn name(self) -> &'static str {
        match self {
            AccessLog::Common => "common",
            AccessLog::Combined => "combined",
        }
    }

    /// What its lines hold.
    pub fn fields(self) -> &'static [LogField] {
        match self {
            AccessLog::Common => &LogField::ALL[..10],
            AccessLog::Combined => &LogField::ALL,
        }
    }

    /// Takes a line apart; the error says what was expected.
    #[inline]
    pub fn parse(self, line: &str) -> Result<Entry<'_>, &'static str> {
        let mut rest = line;
        let mut entry = Entry {
            client: word(&mut rest).ok_or("expected a client and a space")?,
            ident: word(&mut rest).ok_or("expected an identity and a space behind the client")?,
            ..Entry::default()
        };
        (entry.user, rest) = rest.split_once('[').ok_or("expected [time]")?;
        entry.user = entry.user.strip_suffix(' ').filter(|user| !user.is_empty()).ok_or("expected a user before [")?;
        (entry.time, rest) = rest.split_once(']').ok_or("expected ] behind the time")?;
        rest = rest.strip_prefix(' ').ok_or("expected a space behind the time")?;
        entry.request = quoted(&mut rest).ok_or("expected a request in quotes")?;
        rest = rest.strip_prefix(' ').ok_or("expected a space behind the request")?;
        let (status, tail) = rest.split_once(' ').ok_or("expected a status and a space")?;
        if status != "-" && !(status.len() == 3 && digits(status)) {
            return Err("expected a status of three digits");
        }
        entry.status = status;
        match self {
            AccessLog::Common => entry.bytes = tail,
            AccessLog::Combined => {
                (entry.bytes, rest) = tail.split_once(' ').ok_or("expected a space behind the bytes")?
            }
        }
        if entry.bytes != "-" && !digits(entry.bytes) {
            return Err("expected a number of bytes or -");
        }
        if self == AccessLog::Combined {
            entry.referer = quoted(&mut rest).ok_or("expected a referer in quotes")?;
            rest = rest.strip_prefix(' ').ok_or("expected a space behind the referer")?;
            entry.agent = match quoted(&mut rest) {
                Some(agent) => agent,
                None => unclosed(&mut rest).ok_or("expected an agent in quotes")?,
            };
            if !rest.is_empty() {
                return Err("expected the end of the line behind the agent");
            }
        }
        Ok(entry)
    }
}

/// What comes before the next space: at least one character, none of them white space.
#[inline]
fn word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (word, tail) = rest.split_once(' ')?;
    *rest = tail;
    (!word.is_empty() && !word.contains(char::is_whitespace)).then_some(word)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The inside of a string in quotes, in which a backslash guards the next character.
#[inline]
fn quoted<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let inside = rest.strip_prefix('"')?;
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', &bytes[at..])?;
        if bytes[at] == b'"' {
            *rest = &inside[at + 1..];
            return Some(&inside[..at]);
        }
        // The guarded character may be longer than a byte; its other bytes are neither quote nor backslash.
        at += 2;
        if at > bytes.len() {
            return None;
        }
    }
}

/// The rest of the line behind a quote that is never closed.
fn unclosed<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let inside = rest.strip_prefix('"')?;
    let backslashes = inside.bytes().rev().take_while(|&byte| byte == b'\\').count();
    *rest = "";
    (backslashes % 2 == 0).then_some(inside)
}
