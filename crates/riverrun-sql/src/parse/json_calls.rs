//! The SQL/JSON functions with their clauses: `RETURNING`, `ON EMPTY`, `ON ERROR`, `ON NULL`, wrappers.

use super::calls::{call, function, null, text, type_text};
use super::cursor::{Cursor, is_word};
use sqlparser::ast::{Expr, Function, FunctionArgumentClause, FunctionArguments};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token};

type Parsed = Result<Expr, ParserError>;

/// `(json, path [PASSING …]`.
fn json_and_path(parser: &mut Parser<'_>) -> Result<Vec<Expr>, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let json = parser.parse_expr()?;
    parser.expect_token(&Token::Comma)?;
    Ok(vec![json, parser.parse_expr()?])
}

fn returning(parser: &mut Parser<'_>, span: Span) -> Parsed {
    if parser.accept("RETURNING") { type_text(parser) } else { Ok(text("STRING", span)) }
}

/// Reads `ON EMPTY` or `ON ERROR`; true for EMPTY.
fn on_empty(parser: &mut Parser<'_>) -> Result<bool, ParserError> {
    parser.expect_word("ON")?;
    if parser.accept("EMPTY") {
        return Ok(true);
    }
    parser.expect_word("ERROR")?;
    Ok(false)
}

/// JSON_VALUE.
pub(super) fn value(parser: &mut Parser<'_>, span: Span) -> Parsed {
    let mut arguments = json_and_path(parser)?;
    arguments.push(returning(parser, span)?);
    let mut behaviors = [(text("NULL", span), null(span)), (text("NULL", span), null(span))];
    while parser.peek_token_ref().token != Token::RParen {
        let behavior = if parser.accept("NULL") {
            (text("NULL", span), null(span))
        } else if parser.accept("ERROR") {
            (text("ERROR", span), null(span))
        } else {
            parser.expect_word("DEFAULT")?;
            (text("DEFAULT", span), parser.parse_expr()?)
        };
        let index = if on_empty(parser)? { 0 } else { 1 };
        behaviors[index] = behavior;
    }
    parser.expect_token(&Token::RParen)?;
    arguments.extend(behaviors.into_iter().flat_map(|(kind, default)| [kind, default]));
    Ok(call("JSON_VALUE", span, arguments))
}

/// JSON_QUERY.
pub(super) fn query(parser: &mut Parser<'_>, span: Span) -> Parsed {
    let mut arguments = json_and_path(parser)?;
    arguments.push(returning(parser, span)?);
    let mut wrapper = "WITHOUT";
    if parser.accept("WITHOUT") {
        parser.accept("ARRAY");
        parser.expect_word("WRAPPER")?;
    } else if parser.accept("WITH") {
        wrapper = if parser.accept("CONDITIONAL") { "CONDITIONAL" } else { "UNCONDITIONAL" };
        parser.accept("UNCONDITIONAL");
        parser.accept("ARRAY");
        parser.expect_word("WRAPPER")?;
    }
    let mut behaviors = ["NULL", "NULL"];
    while parser.peek_token_ref().token != Token::RParen {
        let behavior = if parser.accept("NULL") {
            "NULL"
        } else if parser.accept("ERROR") {
            "ERROR"
        } else {
            parser.expect_word("EMPTY")?;
            if parser.accept("OBJECT") {
                "EMPTY OBJECT"
            } else {
                parser.accept("ARRAY");
                "EMPTY ARRAY"
            }
        };
        let index = if on_empty(parser)? { 0 } else { 1 };
        behaviors[index] = behavior;
    }
    parser.expect_token(&Token::RParen)?;
    arguments.push(text(wrapper, span));
    arguments.extend(behaviors.map(|behavior| text(behavior, span)));
    Ok(call("JSON_QUERY", span, arguments))
}

/// JSON_EXISTS.
pub(super) fn exists(parser: &mut Parser<'_>, span: Span) -> Parsed {
    let mut arguments = json_and_path(parser)?;
    let mut behavior = "FALSE";
    if parser.peek_token_ref().token != Token::RParen {
        let words = ["TRUE", "FALSE", "UNKNOWN", "ERROR"];
        let Some(word) = words.into_iter().find(|word| parser.accept(word)) else {
            let token = parser.peek_token_ref();
            return Err(parser.expected_here("TRUE, FALSE, UNKNOWN or ERROR", token));
        };
        behavior = word;
        parser.expect_word("ON")?;
        parser.expect_word("ERROR")?;
    }
    parser.expect_token(&Token::RParen)?;
    arguments.push(text(behavior, span));
    Ok(call("JSON_EXISTS", span, arguments))
}

/// `[NULL | ABSENT] ON NULL`, if it comes next.
fn on_null(parser: &mut Parser<'_>) -> Option<&'static str> {
    if parser.accept_all(&["NULL", "ON", "NULL"]) {
        Some("NULL")
    } else if parser.accept_all(&["ABSENT", "ON", "NULL"]) {
        Some("ABSENT")
    } else {
        None
    }
}

/// `[KEY] k VALUE v` or `k : v`.
fn key_and_value(parser: &mut Parser<'_>, arguments: &mut Vec<Expr>) -> Result<(), ParserError> {
    let behind = parser.peek_nth_token_ref(1);
    let names_column = matches!(behind.token, Token::Colon | Token::Comma | Token::Period | Token::RParen);
    if is_word(parser.peek_token_ref(), "KEY") && !names_column && !is_word(behind, "VALUE") {
        parser.next_token();
    }
    arguments.push(parser.parse_expr()?);
    if !parser.consume_token(&Token::Colon) && !parser.accept("VALUE") {
        let token = parser.peek_token_ref();
        return Err(parser.expected_here("VALUE", token));
    }
    arguments.push(parser.parse_expr()?);
    Ok(())
}

/// JSON_OBJECT.
pub(super) fn object(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![text("NULL", span)];
    let mut nulls = on_null(parser);
    if nulls.is_none() && parser.peek_token_ref().token != Token::RParen {
        key_and_value(parser, &mut arguments)?;
        while parser.consume_token(&Token::Comma) {
            key_and_value(parser, &mut arguments)?;
        }
        nulls = on_null(parser);
    }
    parser.expect_token(&Token::RParen)?;
    arguments[0] = text(nulls.unwrap_or("NULL"), span);
    Ok(call("JSON_OBJECT", span, arguments))
}

/// JSON_ARRAY.
pub(super) fn array(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![text("ABSENT", span)];
    let mut nulls = on_null(parser);
    if nulls.is_none() && parser.peek_token_ref().token != Token::RParen {
        arguments.push(parser.parse_expr()?);
        while parser.consume_token(&Token::Comma) {
            arguments.push(parser.parse_expr()?);
        }
        nulls = on_null(parser);
    }
    parser.expect_token(&Token::RParen)?;
    arguments[0] = text(nulls.unwrap_or("ABSENT"), span);
    Ok(call("JSON_ARRAY", span, arguments))
}

/// JSON_OBJECTAGG.
pub(super) fn object_agg(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![text("NULL", span)];
    key_and_value(parser, &mut arguments)?;
    arguments[0] = text(on_null(parser).unwrap_or("NULL"), span);
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Function(aggregate(parser, "JSON_OBJECTAGG", span, arguments)?))
}

/// JSON_ARRAYAGG.
pub(super) fn array_agg(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![text("ABSENT", span), parser.parse_expr()?];
    arguments[0] = text(on_null(parser).unwrap_or("ABSENT"), span);
    let mut order = Vec::new();
    if parser.accept_all(&["ORDER", "BY"]) {
        order = parser.parse_comma_separated(Parser::parse_order_by_expr)?;
    }
    parser.expect_token(&Token::RParen)?;
    let mut function = aggregate(parser, "JSON_ARRAYAGG", span, arguments)?;
    if let FunctionArguments::List(list) = &mut function.args
        && !order.is_empty()
    {
        list.clauses.push(FunctionArgumentClause::OrderBy(order));
    }
    Ok(Expr::Function(function))
}

fn aggregate(parser: &mut Parser<'_>, name: &str, span: Span, arguments: Vec<Expr>) -> Result<Function, ParserError> {
    let mut function = function(name, span, Some(arguments));
    if parser.accept("FILTER") {
        parser.expect_token(&Token::LParen)?;
        parser.expect_word("WHERE")?;
        function.filter = Some(Box::new(parser.parse_expr()?));
        parser.expect_token(&Token::RParen)?;
    }
    Ok(function)
}
