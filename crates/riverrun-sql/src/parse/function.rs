//! CREATE, ALTER, DROP and DESCRIBE FUNCTION, and the signatures of functions.
//!
//! Source: Flink, "CREATE FUNCTION". Parameters and RETURNS are ours: Flink reads them from Java classes.

use super::cursor::{Cursor, keyword_of, place, word_of};
use super::statement::*;
use super::statements::{Parsed, Reader, expected_word, options};
use super::types;
use riverrun_core::{DataType, Field, Options, Place, Result};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// Reads what follows CREATE [TEMPORARY [SYSTEM]] FUNCTION or ALTER [TEMPORARY [SYSTEM]] FUNCTION.
fn definition(parser: &mut Parser<'_>, scope: FunctionScope, tolerated: bool) -> Parsed<CreateFunction> {
    let name = parser.name("a function's name")?;
    let parameters = match parser.peek_token_ref().token {
        Token::LParen => Some(fields(parser, "a parameter's name")?),
        _ => None,
    };
    let mut create = CreateFunction {
        name,
        scope,
        tolerated,
        parameters,
        returns: None,
        deterministic: true,
        language: None,
        definition: None,
        files: Vec::new(),
        options: Options::default(),
    };
    loop {
        let token = parser.peek_token_ref().clone();
        match keyword_of(&token).as_deref() {
            Some("RETURNS") if create.returns.is_none() => {
                parser.next_token();
                create.returns = Some(returns(parser)?);
            }
            Some("AS") if create.definition.is_none() => {
                parser.next_token();
                create.definition = Some(parser.string("the function's text in single quotes")?);
            }
            Some("LANGUAGE") if create.language.is_none() => {
                parser.next_token();
                let token = parser.next_token();
                // SQL is a reserved word, which no name may be.
                let Some(word) = word_of(&token) else { return Err(parser.expected_here("SQL or WASM", &token)) };
                create.language = Some(NamePart { value: word.to_owned(), place: place(&token) });
            }
            Some("DETERMINISTIC") => {
                parser.next_token();
            }
            Some("NOT") => {
                parser.next_token();
                parser.expect_word("DETERMINISTIC")?;
                create.deterministic = false;
            }
            Some("USING") if create.files.is_empty() => {
                parser.next_token();
                create.files = files(parser)?;
            }
            Some("WITH") => {
                parser.next_token();
                create.options = options(parser)?;
            }
            _ if token.token == Token::EOF => return Ok(create),
            found => {
                let words = ["RETURNS", "AS", "LANGUAGE", "DETERMINISTIC", "USING", "WITH"];
                return Err(expected_word(parser, found, &words, &token));
            }
        }
    }
}

/// `FILE 'path'` or `JAR 'path'`, several with commas.
fn files(parser: &mut Parser<'_>) -> Parsed<Vec<FunctionFile>> {
    let mut files = Vec::new();
    loop {
        let token = parser.next_token();
        let jar = match keyword_of(&token).as_deref() {
            Some("JAR" | "ARTIFACT") => true,
            Some("FILE") => false,
            found => return Err(expected_word(parser, found, &["FILE", "JAR"], &token)),
        };
        files.push(FunctionFile { jar, path: parser.string("a path in single quotes")? });
        if !parser.consume_token(&Token::Comma) {
            return Ok(files);
        }
    }
}

fn returns(parser: &mut Parser<'_>) -> Parsed<Returns> {
    let table = parser.peek_nth_token_ref(1).token == Token::LParen && parser.accept("TABLE");
    match table {
        true => Ok(Returns::Table(fields(parser, "a column's name")?)),
        false => Ok(Returns::Value(types::data_type(parser)?)),
    }
}

/// `(name TYPE, …)`, which may be empty.
fn fields(parser: &mut Parser<'_>, what: &str) -> Parsed<Vec<Field>> {
    parser.expect_token(&Token::LParen)?;
    let mut fields: Vec<Field> = Vec::new();
    if parser.consume_token(&Token::RParen) {
        return Ok(fields);
    }
    loop {
        let name = parser.name_part(what)?;
        if fields.iter().any(|field| field.name == name.value) {
            return Err(parser.message_place(&format!("'{name}' is named twice"), name.place));
        }
        let data_type: DataType = types::data_type(parser)?;
        fields.push(Field::new(name.value, data_type));
        if !parser.consume_token(&Token::Comma) {
            parser.expect_token(&Token::RParen)?;
            return Ok(fields);
        }
    }
}

/// Reads CREATE FUNCTION behind FUNCTION.
pub(super) fn create(reader: &mut Reader<'_>, scope: FunctionScope) -> Parsed<StatementKind> {
    let parser = &mut reader.parser;
    let tolerated = parser.accept_all(&["IF", "NOT", "EXISTS"]);
    Ok(StatementKind::CreateFunction(definition(parser, scope, tolerated)?))
}

/// Reads ALTER FUNCTION behind ALTER.
pub(super) fn alter(reader: &mut Reader<'_>) -> Parsed<StatementKind> {
    let parser = &mut reader.parser;
    let scope = scope(parser);
    parser.expect_word("FUNCTION")?;
    let tolerated = parser.accept_all(&["IF", "EXISTS"]);
    Ok(StatementKind::AlterFunction(definition(parser, scope, tolerated)?))
}

/// Reads DROP FUNCTION behind FUNCTION.
pub(super) fn drop(parser: &mut Parser<'_>, scope: FunctionScope) -> Parsed<StatementKind> {
    let if_exists = parser.accept_all(&["IF", "EXISTS"]);
    let name = parser.name("a function's name")?;
    Ok(StatementKind::DropFunction(DropFunction { name, scope, if_exists }))
}

/// Reads TEMPORARY and SYSTEM.
fn scope(parser: &mut Parser<'_>) -> FunctionScope {
    match (parser.accept("TEMPORARY"), parser.accept("SYSTEM")) {
        (_, true) => FunctionScope::TemporarySystem,
        (true, false) => FunctionScope::Temporary,
        (false, false) => FunctionScope::Catalog,
    }
}

/// Reads the signature of a function: `gcd(a BIGINT, b BIGINT) RETURNS BIGINT`.
pub fn parse_signature(text: &str) -> Result<(String, Vec<Field>, Returns)> {
    let tokens = super::tokens::tokenize(text)?;
    super::cursor::parse_all(tokens, |parser| {
        let name = parser.name_part("a function's name")?;
        let parameters = fields(parser, "a parameter's name")?;
        parser.expect_word("RETURNS")?;
        Ok((name.value, parameters, returns(parser)?))
    })
}

/// Parses an expression that is the text of a string literal, so that errors point into the literal in the file.
pub fn parse_body(literal: &NamePart) -> Result<SqlExpr> {
    // Behind as many lines and columns as stand before it, its places are those of the file.
    let text = " ".repeat(literal.place.column as usize) + &literal.value;
    super::statements::parse_expression_behind(&text, literal.place.line.saturating_sub(1))
        .map_err(|error| in_literal(error, literal))
}

/// The error of a literal's text with its place in the file: there a quote within the literal is written twice.
pub fn in_literal(error: riverrun_core::Error, literal: &NamePart) -> riverrun_core::Error {
    let Some(found) = error.place() else { return error };
    let first = literal.place.line == found.line;
    let skipped = if first { literal.place.column as usize } else { 0 };
    let line = literal.value.lines().nth(found.line.saturating_sub(literal.place.line) as usize).unwrap_or_default();
    let before = (found.column as usize).saturating_sub(1).saturating_sub(skipped);
    let quotes = line.chars().take(before).filter(|c| *c == '\'').count();
    let place = Place::new(found.line, found.column + quotes as u32, found.length);
    riverrun_core::Error::input(error.message()).detail_of(&error).hint_opt(error.hint_text()).at(place)
}

/// Carries over the detail of another error.
trait DetailOf {
    fn detail_of(self, other: &riverrun_core::Error) -> Self;
}

impl DetailOf for riverrun_core::Error {
    fn detail_of(self, other: &riverrun_core::Error) -> Self {
        match other.detail_text() {
            Some(detail) => self.detail(detail),
            None => self,
        }
    }
}

/// Reads DESCRIBE FUNCTION behind FUNCTION.
pub(super) fn describe(parser: &mut Parser<'_>) -> Parsed<StatementKind> {
    parser.accept("EXTENDED");
    let token = parser.next_token();
    // A built-in function may have the name of a keyword.
    if let Some(word) = keyword_of(&token)
        && parser.peek_token_ref().token == Token::EOF
    {
        let part = NamePart { value: word, place: place(&token) };
        return Ok(StatementKind::DescribeFunction(Name { parts: vec![part] }));
    }
    parser.prev_token();
    Ok(StatementKind::DescribeFunction(parser.name("a function's name")?))
}
