//! LIKE and SIMILAR TO.
//!
//! Source of the semantics: Flink 2.3 (`SqlLikeUtils`), the SQL standard's SIMILAR.

use super::kernels::{Accept, accept, any_nullable, kernel, mismatch};
use super::regex::JavaRegex;
use super::{Argument, FunctionDef, Resolved, operators};
use arrow::array::BooleanArray;
use riverrun_core::{Error, Result, TypeKind};
use std::sync::Arc;

mod similar;
mod wildcard;

#[cfg(test)]
mod tests;

use wildcard::Wildcard;

const LIKE: &str = "string LIKE pattern [ESCAPE character]";
const SIMILAR: &str = "string SIMILAR TO pattern [ESCAPE character]";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "comparison",
        operators::LIKE,
        LIKE,
        "Whether the text matches a pattern in which `_` stands for one character and `%` for any number.",
        |_, arguments| resolve::<Wildcard>(operators::LIKE, LIKE, arguments),
    ),
    FunctionDef::new(
        "comparison",
        operators::SIMILAR,
        SIMILAR,
        "Whether the whole text matches a pattern of SQL's regular expressions.",
        |_, arguments| resolve::<Similar>(operators::SIMILAR, SIMILAR, arguments),
    ),
];

/// A compiled pattern.
trait Pattern: Sized + std::fmt::Debug + Send + Sync + 'static {
    fn compile(pattern: &str, escape: Option<char>) -> Result<Self>;
    fn matches(&self, text: &str) -> bool;
}

impl Pattern for Wildcard {
    fn compile(pattern: &str, escape: Option<char>) -> Result<Self> {
        Wildcard::new(pattern, escape)
    }

    fn matches(&self, text: &str) -> bool {
        Wildcard::matches(self, text)
    }
}

#[derive(Debug)]
struct Similar(JavaRegex);

impl Pattern for Similar {
    fn compile(pattern: &str, escape: Option<char>) -> Result<Self> {
        JavaRegex::whole(&similar::to_java(pattern, escape)?).map(Similar)
    }

    fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn resolve<P: Pattern>(name: &'static str, syntax: &'static str, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(name, arguments, &[Accept::Text; 3], 2)
        .map_err(|error| error.detail(format!("it is written {syntax}")))?;
    let returns = TypeKind::Boolean.with_nullable(any_nullable(arguments));
    let constant = match (arguments.get(1).and_then(Argument::text), arguments.get(2)) {
        (Some(pattern), None) => Some(P::compile(pattern, None)),
        (Some(pattern), Some(escape)) => {
            let escape = escape.text().ok_or_else(|| mismatch(syntax, arguments))?;
            Some(escape_character(escape).and_then(|escape| P::compile(pattern, Some(escape))))
        }
        (None, _) => None,
    };
    if let Some(pattern) = constant {
        let pattern = pattern.map_err(|error| input(&error))?;
        let compute = kernel(name, move |arguments| {
            let text = arguments.text(0)?;
            // A NULL pattern is no constant text, so it never comes here.
            Ok(Arc::new(
                (0..arguments.rows()).map(|row| Some(pattern.matches(text.get(row)?))).collect::<BooleanArray>(),
            ))
        });
        return Ok(Resolved { parameters, returns, kernel: compute });
    }
    let compute = kernel(name, move |arguments| {
        let (text, pattern, escape) = (arguments.text(0)?, arguments.text(1)?, arguments.text_opt(2)?);
        let mut last: Option<((&str, Option<&str>), P)> = None;
        let matches = (0..arguments.rows())
            .map(|row| {
                let (Some(text), Some(pattern)) = (text.get(row), pattern.get(row)) else { return Ok(None) };
                let escape = match &escape {
                    None => None,
                    Some(escape) => match escape.get(row) {
                        Some(escape) => Some(escape),
                        None => return Ok(None),
                    },
                };
                if last.as_ref().is_none_or(|(known, _)| *known != (pattern, escape)) {
                    let character = escape.map(escape_character).transpose()?;
                    last = Some(((pattern, escape), P::compile(pattern, character)?));
                }
                Ok(last.as_ref().map(|(_, compiled)| compiled.matches(text)))
            })
            .collect::<Result<BooleanArray>>()?;
        Ok(Arc::new(matches))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// A mistake in a constant is one in the statement.
fn input(error: &Error) -> Error {
    let copy = Error::input(error.message());
    let copy = match error.detail_text() {
        Some(detail) => copy.detail(detail),
        None => copy,
    };
    copy.hint_opt(error.hint_text())
}

fn escape_character(text: &str) -> Result<char> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => Err(Error::failure(format!("'{text}' is no escape character")).hint("ESCAPE takes one character")),
    }
}

fn invalid_escape(pattern: &str, position: usize) -> Error {
    Error::failure(format!("the pattern '{pattern}' has a wrong escape sequence at position {}", position + 1))
        .hint("an escape character is followed by a special character or by itself")
}
