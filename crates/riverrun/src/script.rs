//! A text of SQL statements with its name and variables.

use riverrun_core::{Error, Result};
use riverrun_sql::parse::{self, Statement, Variables};
use std::io::Read;
use std::path::Path;

/// A file of statements.
#[derive(Clone, Debug)]
pub struct Script {
    /// The file's name, for messages.
    pub name: String,
    /// Its text as it stands.
    pub text: String,
    /// What `${NAME}` stands for.
    pub variables: Vec<(String, String)>,
    /// How many lines stand before it in the text that its places are those of: what a shell has read so far.
    pub lines_before: u32,
}

impl Script {
    /// Reads a file, or standard input for `-`.
    pub fn read(path: &Path, variables: Vec<(String, String)>) -> Result<Script> {
        if path.as_os_str() == "-" {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| Error::input(format!("cannot read standard input: {error}")))?;
            return Ok(Script { variables, ..Script::from_text("stdin", without_mark(text)) });
        }
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            let error_text = match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
                _ => error.to_string(),
            };
            Error::input(format!("cannot read '{name}': {error_text}"))
                .hint("give the path of a SQL file, or - for standard input")
        })?;
        let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        let text = String::from_utf8(bytes).map_err(|error| {
            Error::input(format!("'{name}' is not UTF-8: byte {}", error.utf8_error().valid_up_to()))
                .hint_opt(wide.then_some("it is UTF-16: save it as UTF-8"))
        })?;
        Ok(Script { variables, ..Script::from_text(name, without_mark(text)) })
    }

    /// A text that is no file.
    pub fn from_text(name: impl Into<String>, text: impl Into<String>) -> Script {
        Script { name: name.into(), text: text.into(), variables: Vec::new(), lines_before: 0 }
    }

    /// The statements. Places in errors are those of the text as it stands.
    pub fn statements(&self) -> Result<Vec<Statement>> {
        let variables: Variables = self.variables.iter().cloned().collect();
        parse::parse_behind(&self.text, &variables, self.lines_before)
    }
}

/// A file's text without the byte order mark that editors of some systems put before it: it is no part of the statements.
pub(crate) fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}
