//! Text → tokens: variables replaced, comments dropped, hints taken out, every place that of the original text.

mod refused;
mod scan;
mod strings;

use super::statement::{Hint, Hints};
use super::{cursor, errors};
use riverrun_core::options::OptionValue;
use riverrun_core::{Error, Options, Place, Result};
use scan::Scan;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Whitespace};
use std::collections::BTreeMap;

/// The values of `${NAME}`.
pub type Variables = BTreeMap<String, String>;

/// A token with where it stands in the text after replacement, in bytes.
#[derive(Clone, Debug)]
pub(super) struct Positioned {
    pub(super) token: TokenWithSpan,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Positioned {
    /// Another token in the place of this one.
    pub(super) fn with(&self, token: Token) -> Positioned {
        Positioned { token: TokenWithSpan::new(token, self.token.span), ..*self }
    }
}

/// Whether this token stands at a place.
pub(super) fn is(tokens: &[Positioned], at: usize, token: &Token) -> bool {
    tokens.get(at).is_some_and(|found| found.token.token == *token)
}

/// Whether these words stand there.
pub(super) fn words(tokens: &[Positioned], at: usize, words: &[&str]) -> bool {
    let found = tokens.get(at..at + words.len());
    found.is_some_and(|found| found.iter().zip(words).all(|(token, word)| cursor::is_word(&token.token, word)))
}

/// The tokens of a text.
#[derive(Debug)]
pub(super) struct Tokens {
    /// The text after replacement.
    pub(super) text: String,
    /// Its tokens without white space.
    pub(super) tokens: Vec<Positioned>,
    /// The hints, by the original place of the token they follow.
    pub(super) hints: Hints,
}

/// The tokens of a text without variables and hints.
pub(super) fn tokenize(text: &str) -> Result<Vec<TokenWithSpan>> {
    let tokens = Tokens::read(text, None, 0)?;
    Ok(tokens.tokens.into_iter().map(|token| token.token).collect())
}

impl Tokens {
    /// Reads a text that stands behind `lines_before` lines. Without variables, `${NAME}` is none.
    pub(super) fn read(original: &str, variables: Option<&Variables>, lines_before: u32) -> Result<Tokens> {
        let first_line = u64::from(lines_before) + 1;
        let replaced = match variables {
            Some(variables) => Replaced::new(original, variables, first_line)?,
            None => Replaced::nothing(original, first_line),
        };
        let mut raw = Vec::new();
        let dashed = scan::comments_with_dashes(&replaced.text);
        if let Err(error) = Tokenizer::new(&super::dialect::FLINK, &dashed).tokenize_with_location_into_buf(&mut raw) {
            let told = tokenizer_error(&error.message);
            let offsets = LineOffsets::new(&replaced.text);
            // The tokenizer tells the end of the text, where a comment is missed last.
            let opened = (told.message() == UNCLOSED_COMMENT).then(|| refused::unclosed_comment(&dashed)).flatten();
            let location = opened.map_or(error.location, |byte| offsets.location(byte));
            let place = replaced.original(location);
            let length = if opened.is_some() { 2 } else { 1 };
            return Err(told.at(Place::new(place.line as u32, place.column as u32, length)));
        }
        let offsets = LineOffsets::new(&replaced.text);
        let mut tokens: Vec<Positioned> = Vec::with_capacity(raw.len());
        let mut hints = Hints::default();
        for TokenWithSpan { token, span } in raw {
            let (start, end) = (offsets.byte(span.start), offsets.byte(span.end));
            let span = replaced.original_span(span);
            if let Token::Whitespace(space) = token {
                if let Whitespace::MultiLineComment(comment) = &space
                    && let Some(text) = comment.strip_prefix('+')
                    && let Some(previous) = tokens.last()
                {
                    let start = previous.token.span.start;
                    let found = read_hints(text, span)?;
                    if let Some(hint) = found.first().filter(|_| !takes_hints(&tokens)) {
                        return Err(Error::input("a hint can't stand here")
                            .hint("write it behind SELECT, or behind a table's name and before its alias: FROM t /*+ OPTIONS('key' = 'value') */ AS a")
                            .at(hint.place));
                    }
                    for hint in found {
                        hints.by_place.push(((start.line, start.column), hint));
                    }
                }
                continue;
            }
            if token == Token::ShiftRight {
                // `>>` only closes two nested types: Flink has no shift operators.
                for offset in 0..2 {
                    let at = |column| Location::new(span.start.line, span.start.column + column);
                    let span = Span::new(at(offset), at(offset + 1));
                    let start = start + offset as usize;
                    tokens.push(Positioned { token: TokenWithSpan::new(Token::Gt, span), start, end: start + 1 });
                }
                continue;
            }
            refuse_foreign(&token, span, replaced.text.get(start..end).unwrap_or_default())?;
            tokens.push(Positioned { token: TokenWithSpan::new(token, span), start, end });
        }
        let tokens = super::grouping::quantified(strings::join(tokens, &replaced.text)?);
        refused::refuse(&tokens)?;
        let tokens = super::matched::call_matched(move_within(complete_skip(tokens)));
        let tokens = super::quantified::listed(super::values::complete(super::whole_tables::select(tokens)));
        Ok(Tokens { text: replaced.text, tokens, hints })
    }
}

/// Refuses tokens that other dialects have and Flink has not, where the reason is worth saying.
fn refuse_foreign(token: &Token, span: Span, text: &str) -> Result<()> {
    let error = match token {
        Token::HexStringLiteral(digits) if text.starts_with('0') => {
            Error::input(format!("'{text}' is no number")).hint(format!("bytes are written x'{digits}'"))
        }
        Token::DoubleQuotedString(text) => Error::input("double quotes are neither for strings nor for names")
            .hint(format!("write '{text}' for a string, `{text}` for a name")),
        Token::Word(word) if word.quote_style == Some('"') => {
            Error::input("double quotes are neither for strings nor for names")
                .hint(format!("write '{0}' for a string, `{0}` for a name", word.value))
        }
        _ => return Ok(()),
    };
    Err(error.at(super::place_of(span)))
}

/// Whether reading failed because a string, name or comment goes on.
pub(super) fn is_unclosed(error: &Error) -> bool {
    error.message().contains("has no closing")
}

/// What is said of a comment that goes on to the end of the text.
const UNCLOSED_COMMENT: &str = "a comment has no closing */";

fn tokenizer_error(message: &str) -> Error {
    let message = errors::split_place(message).map_or(message, |(message, ..)| message);
    match message {
        message if message.contains("Unterminated string literal") => {
            Error::input("a string has no closing quote").hint("a quote within a string is written twice: 'it''s'")
        }
        message if message.contains("Unterminated multi-line comment") || message.contains("multi-line comment") => {
            Error::input(UNCLOSED_COMMENT)
        }
        message if message.contains("Expected close delimiter") => Error::input("a name has no closing back-quote"),
        message => Error::input(message.to_owned()),
    }
}

/// `AFTER MATCH SKIP TO v` → `AFTER MATCH SKIP TO LAST v`, which it means, and which sqlparser knows.
fn complete_skip(mut tokens: Vec<Positioned>) -> Vec<Positioned> {
    let mut index = 0;
    while index + 4 < tokens.len() {
        let head = words(&tokens, index, &["AFTER", "MATCH", "SKIP", "TO"]);
        if head && !["NEXT", "FIRST", "LAST"].iter().any(|word| words(&tokens, index + 4, &[word])) {
            tokens.insert(index + 4, tokens[index + 3].with(Token::make_keyword("LAST")));
        }
        index += 1;
    }
    tokens
}

/// `PATTERN (…) WITHIN i DEFINE …` → ``PATTERN (…) DEFINE `$WITHIN` AS i, …``: sqlparser has no WITHIN.
fn move_within(mut tokens: Vec<Positioned>) -> Vec<Positioned> {
    let mut index = 0;
    while index < tokens.len() {
        let behind_pattern = index > 0 && tokens[index - 1].token.token == Token::RParen;
        if !(behind_pattern && cursor::is_word(&tokens[index].token, "WITHIN")) {
            index += 1;
            continue;
        }
        let rest = &tokens[index + 1..];
        let define = rest.iter().position(|token| cursor::is_word(&token.token, "DEFINE"));
        let group = rest.first().is_some_and(|token| cursor::is_word(&token.token, "GROUP"));
        if let Some(length) = define
            && !group
            && rest[..length].iter().all(|token| token.token.token != Token::SemiColon)
        {
            let moved: Vec<_> = tokens.drain(index..=index + length).collect();
            let define = index;
            let with = |token: Token| moved[0].with(token);
            let mut inserted = vec![with(Token::make_word(super::WITHIN, Some('`'))), with(Token::make_keyword("AS"))];
            inserted.extend(moved[1..].iter().cloned());
            inserted.push(with(Token::Comma));
            tokens.splice(define + 1..define + 1, inserted);
        }
        index += 1;
    }
    tokens
}

/// Where the lines of a text begin, to find bytes by line and column.
pub(crate) struct LineOffsets<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineOffsets<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        LineOffsets { text, starts }
    }

    /// The byte at a place; behind the last one, the length of the text.
    pub(crate) fn byte(&self, location: Location) -> usize {
        let Some(&start) = self.starts.get((location.line as usize).saturating_sub(1)) else { return self.text.len() };
        let line = &self.text[start..];
        let column = (location.column as usize).saturating_sub(1);
        line.char_indices().nth(column).map_or(self.text.len(), |(at, _)| start + at)
    }

    fn location(&self, byte: usize) -> Location {
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.starts[line - 1];
        Location::new(line as u64, self.text[start..byte].chars().count() as u64 + 1)
    }
}

/// A stretch of the replaced text that comes from one place of the original.
struct Stretch {
    /// Where it begins in the replaced text.
    line: u64,
    column: u64,
    /// Where it begins in the original.
    original: Location,
    /// The length of the variable's name in the original; `None` for text that was taken over.
    variable: Option<u64>,
}

/// A text with its variables replaced.
struct Replaced {
    text: String,
    stretches: Vec<Stretch>,
}

impl Replaced {
    fn nothing(text: &str, first_line: u64) -> Self {
        let start = Stretch { line: 1, column: 1, original: Location::new(first_line, 1), variable: None };
        Replaced { text: text.to_owned(), stretches: vec![start] }
    }

    fn new(original: &str, variables: &Variables, first_line: u64) -> Result<Self> {
        let mut result = Replaced::nothing("", first_line);
        let mut scan = Scan::default();
        let (mut line, mut column) = (first_line, 1u64);
        let (mut out_line, mut out_column) = (1u64, 1u64);
        let mut rest = original;
        while let Some(c) = rest.chars().next() {
            let at = Place::new(line as u32, column as u32, 2);
            let name = if scan.in_comment() { None } else { variable_name(rest, at)? };
            let Some(name) = name else {
                result.text.push(c);
                scan.step(c, &rest[c.len_utf8()..]);
                advance(c, &mut line, &mut column);
                advance(c, &mut out_line, &mut out_column);
                rest = &rest[c.len_utf8()..];
                continue;
            };
            let length = name.chars().count() as u64 + 3;
            let place = Place::new(line as u32, column as u32, length as u32);
            let Some(value) = variables.get(name) else {
                let near = riverrun_core::suggest::did_you_mean(name, variables.keys().map(String::as_str));
                return Err(Error::input(format!("the variable ${{{name}}} is not defined"))
                    .hint(near.unwrap_or_else(|| format!("define it with --var {name}=VALUE")))
                    .at(place));
            };
            result.stretches.push(Stretch {
                line: out_line,
                column: out_column,
                original: Location::new(line, column),
                variable: Some(length),
            });
            // A quote in a value must not end the string or name that the variable stands in.
            let value = match scan.quote {
                Some(quote) => value.replace(quote, &format!("{quote}{quote}")),
                None => value.clone(),
            };
            value.chars().for_each(|c| advance(c, &mut out_line, &mut out_column));
            result.text.push_str(&value);
            rest = &rest[name.len() + 3..];
            column += length;
            result.stretches.push(Stretch {
                line: out_line,
                column: out_column,
                original: Location::new(line, column),
                variable: None,
            });
        }
        Ok(result)
    }

    fn stretch(&self, location: Location) -> &Stretch {
        let behind = self.stretches.partition_point(|s| (s.line, s.column) <= (location.line, location.column));
        &self.stretches[behind.saturating_sub(1)]
    }

    fn original(&self, location: Location) -> Location {
        let stretch = self.stretch(location);
        match stretch.variable {
            Some(_) => stretch.original,
            None if location.line == stretch.line => Location::new(
                stretch.original.line,
                stretch.original.column + location.column.saturating_sub(stretch.column),
            ),
            None => Location::new(stretch.original.line + (location.line - stretch.line), location.column),
        }
    }

    fn original_span(&self, span: Span) -> Span {
        let start = self.original(span.start);
        let stretch = self.stretch(span.start);
        if let Some(length) = stretch.variable {
            return Span::new(start, Location::new(start.line, start.column + length));
        }
        Span::new(start, self.original(span.end))
    }
}

fn advance(c: char, line: &mut u64, column: &mut u64) {
    if c == '\n' {
        *line += 1;
        *column = 1;
    } else {
        *column += 1;
    }
}

/// The name of the variable that `text`, which stands `at`, begins with. `${` that begins none is no text: what was meant to
/// be replaced must not pass as it is.
fn variable_name(text: &str, at: Place) -> Result<Option<&str>> {
    let Some(rest) = text.strip_prefix("${") else { return Ok(None) };
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let (name, rest) = rest.split_at(rest.find(|c| !in_name(c)).unwrap_or(rest.len()));
    let error = match (name.is_empty(), rest.starts_with('}')) {
        (false, true) => return Ok(Some(name)),
        (true, true) => Error::input("the variable ${} has no name"),
        (_, false) => Error::input(format!("the variable ${{{name} has no closing }}")),
    };
    let length = 2 + name.chars().count() as u32;
    let name = if name.is_empty() { "NAME" } else { name };
    Err(error
        .hint(format!("write ${{{name}}}, or U&'\\0024{{' where the text itself is meant"))
        .at(Place { length, ..at }))
}

/// The words and signs that a table's name can follow.
const BEFORE_TABLES: &[&str] = &["FROM", "JOIN", "TABLE", "INTO", "OVERWRITE"];

/// Whether hints can stand behind the last of these tokens: behind SELECT, and behind what can be a table's name.
fn takes_hints(tokens: &[Positioned]) -> bool {
    let mut rest = tokens.iter().rev();
    while let Some(Positioned { token: TokenWithSpan { token: Token::Word(word), .. }, .. }) = rest.next() {
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("SELECT") {
            return true;
        }
        match rest.next().map(|before| &before.token) {
            Some(TokenWithSpan { token: Token::Period, .. }) => {}
            Some(TokenWithSpan { token: Token::Comma | Token::LParen, .. }) => return true,
            Some(before) => return BEFORE_TABLES.iter().any(|word| super::cursor::is_word(before, word)),
            None => return false,
        }
    }
    false
}

/// The hints in the text of `/*+ … */`, which stands at `span`.
fn read_hints(text: &str, span: Span) -> Result<Vec<Hint>> {
    // The text begins behind `/*+`.
    let base = Location::new(span.start.line, span.start.column + 3);
    let place = |span: Span| {
        let start = span.start;
        let length = if span.end.line == start.line { span.end.column.saturating_sub(start.column) } else { 1 };
        let column = if start.line == 1 { base.column + start.column - 1 } else { start.column };
        Place::new((base.line + start.line - 1) as u32, column as u32, length as u32)
    };
    let whole = super::place_of(span).unwrap_or(Place::new(1, 1, 1));
    let broken = |at: Option<&TokenWithSpan>| {
        Error::input("a hint is not written as it should be")
            .hint("write it like /*+ OPTIONS('key' = 'value', …) */")
            .at(at.map_or(whole, |token| place(token.span)))
    };
    let tokens = Tokenizer::new(&super::dialect::FLINK, text).tokenize_with_location().map_err(|_| broken(None))?;
    let mut tokens = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).peekable();
    let mut hints = Vec::new();
    while let Some(token) = tokens.next() {
        let name = super::cursor::keyword_of(token).ok_or_else(|| broken(Some(token)))?;
        let mut options = Options::default();
        if tokens.next_if(|token| token.token == Token::LParen).is_some() {
            loop {
                let Some(key) = tokens.next() else { return Err(broken(None)) };
                if key.token == Token::RParen {
                    break;
                }
                let text = |token: &TokenWithSpan| match &token.token {
                    Token::SingleQuotedString(text) => Some(text.clone()),
                    Token::Word(word) => Some(word.value.clone()),
                    Token::Number(text, _) => Some(text.clone()),
                    _ => None,
                };
                let name = text(key).ok_or_else(|| broken(Some(key)))?;
                let mut value =
                    OptionValue { text: String::new(), key_place: Some(place(key.span)), value_place: None };
                if tokens.next_if(|token| token.token == Token::Eq).is_some() {
                    let token = tokens.next();
                    value.text = token.and_then(text).ok_or_else(|| broken(token))?;
                    value.value_place = token.map(|token| place(token.span));
                }
                options.insert(name, value);
                match tokens.next() {
                    Some(token) if token.token == Token::Comma => {}
                    Some(token) if token.token == Token::RParen => break,
                    other => return Err(broken(other)),
                }
            }
        }
        hints.push(Hint { name, options, place: place(token.span) });
        tokens.next_if(|token| token.token == Token::Comma);
    }
    Ok(hints)
}
