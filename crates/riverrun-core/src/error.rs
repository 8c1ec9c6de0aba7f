//! The error that every crate returns: message, detail, hint, and the place in the user's file.
//!
//! An [`Error`] is written for the person who reads it. The message says what is wrong, the
//! detail what was found, the hint what to change; [`Error::kind`] says whose mistake it is and
//! so which exit code the binary ends with.

use std::fmt;

/// So many characters of a line are shown; of a longer one those around the place, so many of them before it.
const SHOWN: usize = 200;
const SHOWN_BEFORE: usize = 60;

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whose mistake an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user's input is wrong: a statement, an option, a missing file. Exit code 2.
    Input,
    /// The job failed while it ran: bad data under `fail`, a full disk, a lost broker. Exit code 1.
    Failure,
    /// Riverrun broke a promise of its own. Exit code 1.
    Bug,
}

/// A place in a SQL text: where an error's caret goes. Lines and columns count from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// How many characters the caret underlines; at least 1.
    pub length: u32,
}

impl Place {
    /// A place of `length` characters at `line` and `column`.
    pub fn new(line: u32, column: u32, length: u32) -> Self {
        Place { line, column, length: length.max(1) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// An error for a person: what is wrong, what was found, what to change, and where.
#[derive(Clone, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    place: Option<Place>,
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), detail: None, hint: None, place: None }))
    }

    /// The user's input is wrong.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// The job failed while it ran.
    pub fn failure(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failure, message)
    }

    /// Riverrun broke a promise of its own.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message)
    }

    /// What exists in Flink but not here yet, by name.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Input, format!("{what} is not supported yet"))
    }

    /// Adds what was found.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds what to change.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds a hint where there is one, such as the nearest name.
    #[must_use]
    pub fn hint_opt(mut self, hint: Option<impl Into<String>>) -> Self {
        if let Some(hint) = hint {
            self.0.hint = Some(hint.into());
        }
        self
    }

    /// Says where in the text the mistake stands. A place already set, being nearer, is kept.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        if self.0.place.is_none() {
            self.0.place = place.into();
        }
        self
    }

    /// The same with its place so many lines further up: of a text that was read behind another one.
    #[must_use]
    pub fn lines_up(mut self, lines: u32) -> Self {
        if let Some(place) = &mut self.0.place {
            place.line = place.line.saturating_sub(lines).max(1);
        }
        self
    }

    /// Puts words before the message: `context: message`.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// Whose mistake it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What was found, if there is more to say than the message.
    pub fn detail_text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// What to change, if that is known.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Where in the SQL text it stands, if it stands there.
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    /// The exit code of a process that ends with this error: 2 for input, 1 for all else.
    pub fn exit_code(&self) -> i32 {
        match self.0.kind {
            ErrorKind::Input => 2,
            ErrorKind::Failure | ErrorKind::Bug => 1,
        }
    }

    /// The whole error as text: the message, then the line of `source` it stands in with a caret,
    /// detail and hint. `file` names the source (`pipeline.sql`).
    pub fn render(&self, file: &str, source: &str) -> String {
        use std::fmt::Write;
        let mut text = format!("error: {}\n", self.0.message);
        if let Some(place) = self.0.place
            && let Some(line) = source.lines().nth(place.line.saturating_sub(1) as usize)
        {
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            let (line, indent) = excerpt(line, place.column.saturating_sub(1) as usize);
            let room = line.chars().count().saturating_sub(indent.chars().count()).max(1);
            let carets = "^".repeat((place.length as usize).min(room));
            let _ = writeln!(text, "{margin}--> {file}:{}:{}", place.line, place.column);
            let _ = writeln!(text, "{margin} |\n{number} | {line}\n{margin} | {indent}{carets}");
        }
        if let Some(detail) = &self.0.detail {
            let _ = writeln!(text, "  = {detail}");
        }
        if let Some(hint) = &self.0.hint {
            let _ = writeln!(text, "  help: {hint}");
        }
        text
    }
}

/// A line, or the part of a long one around the place, and what stands before the caret below it. Tabs keep their width there,
/// so that the caret stands under its word.
fn excerpt(line: &str, place: usize) -> (String, String) {
    let count = line.chars().count();
    let start = if count > SHOWN { place.saturating_sub(SHOWN_BEFORE) } else { 0 };
    let cut = |is_cut: bool| if is_cut { "…" } else { "" };
    let shown: String = line.chars().skip(start).take(SHOWN).collect();
    let blank = |c: char| if c == '\t' { '\t' } else { ' ' };
    let shown = format!("{}{shown}{}", cut(start > 0), cut(start + SHOWN < count));
    let indent = shown.chars().take(place - start + usize::from(start > 0)).map(blank).collect();
    (shown, indent)
}

impl Error {
    /// All of it on one line, for a warning: message, detail and hint.
    pub fn in_one_line(&self) -> String {
        let parts = [self.detail_text(), self.hint_text()].into_iter().flatten();
        std::iter::once(self.message()).chain(parts).collect::<Vec<_>>().join("; ")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.0.message)?;
        for part in [&self.0.detail, &self.0.hint].into_iter().flatten() {
            write!(f, "; {part}")?;
        }
        match self.0.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        Error::failure(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let source = format!("SELECT {} wrong {}", "a, ".repeat(100), "b, ".repeat(200));
        let place = Place { line: 1, column: 309, length: 5 };
        let text = Error::input("no such column").at(place).render("q.sql", &source);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], " --> q.sql:1:309");
        let (line, carets) = (lines[3].strip_prefix("1 | ").unwrap(), lines[4].strip_prefix("  | ").unwrap());
        assert!(line.starts_with('…'), "{line}");
        assert!(line.ends_with('…') && line.chars().count() == SHOWN + 2, "{line}");
        let from = carets.chars().position(|c| c == '^').unwrap();
        assert_eq!(line.chars().skip(from).take(5).collect::<String>(), "wrong");
    }

    #[test]
    fn a_short_line_is_shown_whole() {
        let text = Error::input("no").at(Place { line: 2, column: 3, length: 9 }).render("q.sql", "x\n\ty z");
        assert_eq!(text, "error: no\n --> q.sql:2:3\n  |\n2 | \ty z\n  | \t ^^\n");
    }
}
