//! Data types as text: `ROW<a INT NOT NULL, b ARRAY<STRING>>` → [`DataType`].
//!
//! Source: Flink, "Data Types". `ROW(a INT)` and `INT ARRAY` are read as `ROW<a INT>` and `ARRAY<INT>`.

use super::cursor::{Cursor, keyword_of, word_of};
use super::errors::HINT;
use riverrun_core::types::MAX_LENGTH;
use riverrun_core::{DataType, Error, Field, Result, TypeKind, suggest};
use sqlparser::ast;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// The names a type can begin with, for the nearest-name hint.
const TYPE_NAMES: &[&str] = &[
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INT",
    "INTEGER",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
    "NUMERIC",
    "CHAR",
    "VARCHAR",
    "STRING",
    "BINARY",
    "VARBINARY",
    "BYTES",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_LTZ",
    "INTERVAL",
    "ARRAY",
    "MULTISET",
    "MAP",
    "ROW",
    "VARIANT",
    "BITMAP",
];

/// The type that a type in a query's AST means: that of a CAST, or of a typed literal.
pub fn resolve(data_type: &ast::DataType) -> Result<DataType> {
    let (text, place) = match data_type {
        ast::DataType::Custom(name, modifiers) if modifiers.is_empty() => match name.0.as_slice() {
            [ast::ObjectNamePart::Identifier(ident)] => (ident.value.clone(), super::place_of(ident.span)),
            _ => (data_type.to_string(), None),
        },
        _ => (data_type.to_string(), None),
    };
    parse_type(&text).map_err(|error| match place {
        // The text is our own, so its places are not those of the file.
        Some(place) => Error::input(error.message()).hint_opt(error.hint_text()).at(place),
        None => Error::input(error.message()).hint_opt(error.hint_text()),
    })
}

/// Reads a type from a text of its own.
pub fn parse_type(text: &str) -> Result<DataType> {
    let tokens = super::tokens::tokenize(text)?;
    super::cursor::parse_all(tokens, data_type)
}

/// Reads a type with its nullability; nullable where nothing is said.
pub(super) fn data_type(parser: &mut Parser<'_>) -> Result<DataType, ParserError> {
    let kind = type_kind(parser)?;
    let mut data_type = nullability(parser, kind)?;
    loop {
        let kind = match keyword_of(parser.peek_token_ref()).as_deref() {
            Some("ARRAY") => TypeKind::Array(Box::new(data_type)),
            Some("MULTISET") => TypeKind::Multiset(Box::new(data_type)),
            _ => return Ok(data_type),
        };
        parser.next_token();
        data_type = nullability(parser, kind)?;
    }
}

fn nullability(parser: &mut Parser<'_>, kind: TypeKind) -> Result<DataType, ParserError> {
    // `RETURNS INT NOT DETERMINISTIC`: there NOT begins the next clause.
    if !super::cursor::is_word(parser.peek_nth_token_ref(1), "DETERMINISTIC") && parser.accept("NOT") {
        parser.expect_word("NULL")?;
        return Ok(kind.not_null());
    }
    // `RETURNING INT NULL ON ERROR`: there NULL begins the next clause.
    if !super::cursor::is_word(parser.peek_nth_token_ref(1), "ON") {
        parser.accept("NULL");
    }
    Ok(kind.nullable())
}

fn type_kind(parser: &mut Parser<'_>) -> Result<TypeKind, ParserError> {
    let token = parser.next_token();
    let Some(name) = keyword_of(&token) else {
        return Err(parser.expected_here("a data type", &token));
    };
    let kind = match name.as_str() {
        "BOOLEAN" | "BOOL" => TypeKind::Boolean,
        "TINYINT" => TypeKind::TinyInt,
        "SMALLINT" => TypeKind::SmallInt,
        "INT" | "INTEGER" => TypeKind::Int,
        "BIGINT" => TypeKind::BigInt,
        "FLOAT" => TypeKind::Float,
        "DOUBLE" => {
            parser.accept("PRECISION");
            TypeKind::Double
        }
        "DECIMAL" | "DEC" | "NUMERIC" => decimal(parser)?,
        "CHAR" | "CHARACTER" => {
            let varying = parser.accept("VARYING");
            let length = length(parser)?;
            if varying { TypeKind::Varchar(length) } else { TypeKind::Char(length) }
        }
        // Without a length these two have none, whatever the standard says: so it was measured.
        "VARCHAR" => TypeKind::Varchar(length_or(parser, MAX_LENGTH)?),
        "STRING" => TypeKind::STRING,
        "BINARY" => {
            let varying = parser.accept("VARYING");
            let length = length(parser)?;
            if varying { TypeKind::Varbinary(length) } else { TypeKind::Binary(length) }
        }
        "VARBINARY" => TypeKind::Varbinary(length_or(parser, MAX_LENGTH)?),
        "BYTES" => TypeKind::BYTES,
        "DATE" => TypeKind::Date,
        "TIME" => {
            let precision = precision(parser, 0)?;
            if parser.accept("WITH") {
                return Err(parser.message_at("TIME WITH TIME ZONE is not a type of Flink's; use TIME", &token));
            }
            without_time_zone(parser)?;
            TypeKind::Time(precision)
        }
        "TIMESTAMP" => timestamp(parser, &token)?,
        "TIMESTAMP_LTZ" => TypeKind::timestamp_ltz(precision(parser, 6)?),
        "INTERVAL" => interval(parser)?,
        "ARRAY" => TypeKind::Array(Box::new(bracketed(parser, data_type)?)),
        "MULTISET" => TypeKind::Multiset(Box::new(bracketed(parser, data_type)?)),
        "MAP" => bracketed(parser, |parser| {
            let key = data_type(parser)?;
            parser.expect_token(&Token::Comma)?;
            Ok(TypeKind::Map(Box::new(key), Box::new(data_type(parser)?)))
        })?,
        "ROW" => row(parser)?,
        "VARIANT" => TypeKind::Variant,
        "BITMAP" => TypeKind::Bitmap,
        "NULL" => TypeKind::Null,
        "RAW" | "STRUCTURED" => {
            return Err(parser.message_at(&format!("{name} types are not supported: they need Java classes"), &token));
        }
        _ => return Err(unknown(parser, &name, &token)),
    };
    Ok(kind)
}

fn unknown(parser: &Parser<'_>, name: &str, token: &TokenWithSpan) -> ParserError {
    let alias = match name {
        "TEXT" | "NVARCHAR" | "CLOB" => Some("STRING"),
        "BLOB" | "BYTEA" => Some("BYTES"),
        "INT2" => Some("SMALLINT"),
        "INT4" | "INT32" => Some("INT"),
        "INT8" | "INT64" | "LONG" => Some("BIGINT"),
        "REAL" | "FLOAT4" => Some("FLOAT"),
        "FLOAT8" => Some("DOUBLE"),
        "DATETIME" => Some("TIMESTAMP"),
        "TIMESTAMPTZ" => Some("TIMESTAMP_LTZ"),
        "STRUCT" => Some("ROW"),
        _ => None,
    };
    let hint = match alias {
        Some(alias) => format!("{HINT}did you mean `{alias}`?"),
        None => suggest::did_you_mean(name, TYPE_NAMES.iter().copied())
            .map(|hint| format!("{HINT}{hint}"))
            .unwrap_or_default(),
    };
    parser.message_at(&format!("unknown type '{}'{hint}", word_of(token).unwrap_or(name)), token)
}

fn timestamp(parser: &mut Parser<'_>, token: &TokenWithSpan) -> Result<TypeKind, ParserError> {
    let precision = precision(parser, 6)?;
    if parser.accept("WITH") {
        if !parser.accept("LOCAL") {
            return Err(parser
                .message_at("TIMESTAMP WITH TIME ZONE is not supported; use TIMESTAMP WITH LOCAL TIME ZONE", token));
        }
        parser.expect_word("TIME")?;
        parser.expect_word("ZONE")?;
        return Ok(TypeKind::timestamp_ltz(precision));
    }
    without_time_zone(parser)?;
    Ok(TypeKind::timestamp(precision))
}

fn without_time_zone(parser: &mut Parser<'_>) -> Result<(), ParserError> {
    if parser.accept("WITHOUT") {
        parser.expect_word("TIME")?;
        parser.expect_word("ZONE")?;
    }
    Ok(())
}

fn interval(parser: &mut Parser<'_>) -> Result<TypeKind, ParserError> {
    let token = parser.next_token();
    let kind = |name: &str| match name {
        "YEAR" | "MONTH" | "QUARTER" => Some(TypeKind::IntervalMonths),
        "WEEK" | "DAY" | "HOUR" | "MINUTE" | "SECOND" => Some(TypeKind::IntervalMillis),
        _ => None,
    };
    let Some(result) = keyword_of(&token).and_then(|name| kind(&name)) else {
        return Err(parser.expected_here("YEAR, MONTH, DAY, HOUR, MINUTE or SECOND", &token));
    };
    parenthesized_numbers(parser)?;
    if parser.accept("TO") {
        let token = parser.next_token();
        if keyword_of(&token).and_then(|name| kind(&name)).as_ref() != Some(&result) {
            return Err(parser.expected_here("a smaller unit of the interval", &token));
        }
        parenthesized_numbers(parser)?;
    }
    Ok(result)
}

fn row(parser: &mut Parser<'_>) -> Result<TypeKind, ParserError> {
    let close = match parser.next_token() {
        token if token.token == Token::Lt => Token::Gt,
        token if token.token == Token::LParen => Token::RParen,
        token if token.token == Token::Neq => return Ok(TypeKind::Row(Vec::new())),
        token => return Err(parser.expected_here("'<' or '('", &token)),
    };
    let mut fields: Vec<Field> = Vec::new();
    if parser.consume_token(&close) {
        return Ok(TypeKind::Row(fields));
    }
    loop {
        let name = parser.name_part("a field's name")?;
        if fields.iter().any(|field| field.name == name.value) {
            return Err(parser.message_place(&format!("field '{}' is defined twice", name.value), name.place));
        }
        let field = data_type(parser)?;
        if matches!(parser.peek_token_ref().token, Token::SingleQuotedString(_)) {
            parser.next_token();
        }
        fields.push(Field::new(name.value, field));
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&close)?;
    Ok(TypeKind::Row(fields))
}

fn bracketed<T>(
    parser: &mut Parser<'_>,
    inner: impl Fn(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<T, ParserError> {
    parser.expect_token(&Token::Lt)?;
    let value = inner(parser)?;
    parser.expect_token(&Token::Gt)?;
    Ok(value)
}

/// `(n, …)`: the numbers with the tokens they stand in.
fn parenthesized_numbers(parser: &mut Parser<'_>) -> Result<Vec<(u32, TokenWithSpan)>, ParserError> {
    let mut numbers = Vec::new();
    if !parser.consume_token(&Token::LParen) {
        return Ok(numbers);
    }
    loop {
        let token = parser.next_token();
        match &token.token {
            Token::Number(text, _) => match text.parse() {
                Ok(number) => numbers.push((number, token)),
                Err(_) => return Err(parser.expected_here("a whole number", &token)),
            },
            _ => return Err(parser.expected_here("a whole number", &token)),
        }
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(numbers)
}

fn decimal(parser: &mut Parser<'_>) -> Result<TypeKind, ParserError> {
    let numbers = parenthesized_numbers(parser)?;
    let (precision, scale) = match numbers.as_slice() {
        [] => (10, 0),
        [(precision, _)] => (*precision, 0),
        [(precision, _), (scale, _)] => (*precision, *scale),
        [.., (_, token)] => return Err(parser.expected_here("DECIMAL(precision, scale)", token)),
    };
    if let Some((0, token)) = numbers.first() {
        return Err(parser.message_at("the precision of a DECIMAL must be between 1 and 38", token));
    }
    if let Some((_, token)) = numbers.get(1)
        && scale > precision
    {
        return Err(
            parser.message_at(&format!("the scale of a DECIMAL({precision}) must be between 0 and {precision}"), token)
        );
    }
    // Beyond 38 digits it has 38, as in Flink.
    Ok(TypeKind::decimal(precision.min(38) as u8, scale.min(38) as u8))
}

fn length(parser: &mut Parser<'_>) -> Result<u32, ParserError> {
    length_or(parser, 1)
}

fn length_or(parser: &mut Parser<'_>, default: u32) -> Result<u32, ParserError> {
    match parenthesized_numbers(parser)?.as_slice() {
        [] => Ok(default),
        [(0, token)] => Err(parser.message_at("a length must be at least 1", token)),
        [(length, token)] if *length > i32::MAX as u32 => {
            Err(parser.message_at(&format!("a length must be at most {}", i32::MAX), token))
        }
        [(length, _)] => Ok(*length),
        [_, (_, token), ..] => Err(parser.expected_here("')'", token)),
    }
}

/// A precision of fractional seconds; above 9 it is 9, as in Flink.
fn precision(parser: &mut Parser<'_>, default: u8) -> Result<u8, ParserError> {
    match parenthesized_numbers(parser)?.as_slice() {
        [] => Ok(default),
        [(precision, _)] => Ok((*precision).min(9) as u8),
        [_, (_, token), ..] => Err(parser.expected_here("')'", token)),
    }
}
