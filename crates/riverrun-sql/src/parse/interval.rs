//! INTERVAL: `INTERVAL '1' DAY`, `INTERVAL 90 SECOND`, `INTERVAL n DAY`, `INTERVAL (a + b) HOUR`.

use super::calls::text;
use super::cursor::{Cursor, keyword_of, word_of};
use super::literals::goes_to;
use super::reserved;
use sqlparser::ast::{BinaryOperator, DateTimeField, Expr, Interval, UnaryOperator};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

type Parsed = Result<Expr, ParserError>;

/// Whether a value of an interval can begin with this token.
pub(super) fn has_value(token: &Token) -> bool {
    match token {
        Token::SingleQuotedString(_) | Token::Number(..) | Token::Minus | Token::Plus | Token::LParen => true,
        Token::Word(word) => word.quote_style.is_some() || !reserved::is_reserved(&word.value),
        _ => false,
    }
}

/// Reads what stands behind INTERVAL. A number that is no constant comes out as `n * INTERVAL '1' unit`.
pub(super) fn interval(parser: &mut Parser<'_>, _span: Span) -> Parsed {
    let negative = match &parser.peek_token_ref().token {
        Token::Minus => {
            parser.next_token();
            true
        }
        Token::Plus => {
            parser.next_token();
            false
        }
        _ => false,
    };
    let token = parser.next_token();
    match &token.token {
        Token::SingleQuotedString(value) => literal(parser, negative, value.trim(), &token),
        Token::Number(value, _) => literal(parser, negative, value, &token),
        Token::LParen => {
            let number = parser.parse_expr()?;
            parser.expect_token(&Token::RParen)?;
            product(parser, negative, Expr::Nested(Box::new(number)))
        }
        Token::Word(_) => {
            let mut names = vec![name(parser, &token)?];
            while parser.consume_token(&Token::Period) {
                let token = parser.next_token();
                names.push(name(parser, &token)?);
            }
            let column =
                if names.len() == 1 { Expr::Identifier(names.remove(0)) } else { Expr::CompoundIdentifier(names) };
            product(parser, negative, column)
        }
        _ => Err(parser.expected_here("the text of the interval, like '1'", &token)),
    }
}

fn name(parser: &Parser<'_>, token: &TokenWithSpan) -> Result<sqlparser::ast::Ident, ParserError> {
    match &token.token {
        Token::Word(word) if word_of(token).is_none_or(|word| !reserved::is_reserved(word)) => {
            Ok(word.clone().into_ident(token.span))
        }
        _ => Err(parser.expected_here("a column's name", token)),
    }
}

/// `INTERVAL number unit`, which has one unit.
fn product(parser: &mut Parser<'_>, negative: bool, number: Expr) -> Parsed {
    let span = parser.peek_token_ref().span;
    let leading_field = unit(parser)?;
    if parser.consume_token(&Token::LParen) {
        // How many digits the number may have is not asked of a number that is not known.
        parser.parse_literal_uint()?;
        parser.expect_token(&Token::RParen)?;
    }
    let one = Expr::Interval(Interval {
        value: Box::new(text("1", span)),
        leading_field: Some(leading_field),
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    });
    let number = match negative {
        true => Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(number) },
        false => number,
    };
    let product = Expr::BinaryOp { left: Box::new(number), op: BinaryOperator::Multiply, right: Box::new(one) };
    Ok(Expr::Nested(Box::new(product)))
}

/// `INTERVAL '…' unit [TO unit]`, or the same of a number, which may have as many digits as it has.
fn literal(parser: &mut Parser<'_>, negative: bool, value: &str, token: &TokenWithSpan) -> Parsed {
    let number = matches!(token.token, Token::Number(..));
    let digits = value.bytes().take_while(u8::is_ascii_digit).count() as u64;
    // Two signs undo each other: INTERVAL -'-1' DAY.
    let value = match (negative, value.strip_prefix('-')) {
        (true, Some(rest)) => rest.to_owned(),
        (true, None) => format!("-{value}"),
        (false, _) => value.to_owned(),
    };
    let leading_field = unit(parser)?;
    let mut leading_precision = number.then_some(digits);
    let mut fractional_seconds_precision = None;
    let second = matches!(leading_field, DateTimeField::Second);
    if parser.consume_token(&Token::LParen) {
        leading_precision = Some(parser.parse_literal_uint()?);
        if second && parser.consume_token(&Token::Comma) {
            fractional_seconds_precision = Some(parser.parse_literal_uint()?);
        }
        parser.expect_token(&Token::RParen)?;
    }
    let mut last_field = None;
    if !second && parser.accept("TO") {
        let field = unit(parser)?;
        if !goes_to(&leading_field, &field) && parser.peek_token_ref().token == Token::RParen {
            // The unit belongs to what stands around: FLOOR(ts + INTERVAL '1' HOUR TO DAY).
            parser.prev_token();
            parser.prev_token();
        } else {
            if matches!(field, DateTimeField::Second) && parser.consume_token(&Token::LParen) {
                fractional_seconds_precision = Some(parser.parse_literal_uint()?);
                parser.expect_token(&Token::RParen)?;
            }
            last_field = Some(field);
        }
    }
    let value = Box::new(text(value, token.span));
    Ok(Expr::Interval(Interval {
        value,
        leading_field: Some(leading_field),
        leading_precision,
        last_field,
        fractional_seconds_precision,
    }))
}

fn unit(parser: &mut Parser<'_>) -> Result<DateTimeField, ParserError> {
    let token = parser.next_token();
    Ok(match keyword_of(&token).as_deref() {
        Some("YEAR" | "YEARS") => DateTimeField::Year,
        Some("QUARTER" | "QUARTERS") => DateTimeField::Quarter,
        Some("MONTH" | "MONTHS") => DateTimeField::Month,
        Some("WEEK" | "WEEKS") => DateTimeField::Week(None),
        Some("DAY" | "DAYS") => DateTimeField::Day,
        Some("HOUR" | "HOURS") => DateTimeField::Hour,
        Some("MINUTE" | "MINUTES") => DateTimeField::Minute,
        Some("SECOND" | "SECONDS") => DateTimeField::Second,
        _ => {
            return Err(
                parser.expected_here("the interval's unit: YEAR, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND", &token)
            );
        }
    })
}
