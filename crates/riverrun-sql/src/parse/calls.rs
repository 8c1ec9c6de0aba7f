//! Expressions that Flink writes with words of their own: `EXTRACT(DAY FROM t)`, `JSON_VALUE(… RETURNING INT)`, `TABLE t`.
//!
//! The table at the head of [`super`] says what each of them comes out as.

use super::cursor::{Cursor, is_word, keyword_of};
use super::{TABLE_ARGUMENT, case, dialect, grouping, interval, jdbc, json_calls, types};
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, TypedString, UnaryOperator, Value, ValueWithSpan,
};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

type Parsed = Result<Expr, ParserError>;

/// Reads the expression that begins at the next token, where it is one of those here.
pub(super) fn prefix(parser: &mut Parser<'_>) -> Option<Parsed> {
    let token = parser.peek_token_ref();
    if token.token == Token::LParen {
        return table_argument_of_query(parser);
    }
    if token.token == Token::LBrace && is_word(parser.peek_nth_token_ref(1), "FN") {
        return Some(jdbc::call(parser));
    }
    let span = token.span;
    let word = keyword_of(token)?;
    let next = &parser.peek_nth_token_ref(1).token;
    let read: fn(&mut Parser<'_>, Span) -> Parsed = match (word.as_str(), next) {
        ("CAST" | "TRY_CAST", Token::LParen) => cast,
        ("INTERVAL", next) if interval::has_value(next) => interval::interval,
        ("TIMESTAMP", Token::Word(_)) if is_word(parser.peek_nth_token_ref(1), "WITH") => local_timestamp,
        ("CASE", _) => case::case,
        ("GROUPING", Token::Word(_)) if is_word(parser.peek_nth_token_ref(1), "SETS") => grouping::sets,
        ("ROLLUP" | "CUBE", Token::LParen) => grouping::sets,
        ("EXTRACT", Token::LParen) => extract,
        ("FLOOR", Token::LParen) => |parser, span| round(parser, span, "FLOOR", "FLOOR TO"),
        ("CEIL" | "CEILING", Token::LParen) => |parser, span| round(parser, span, "CEIL", "CEIL TO"),
        ("TIMESTAMPADD", Token::LParen) => |parser, span| unit_call(parser, span, "TIMESTAMPADD"),
        ("TIMESTAMPDIFF", Token::LParen) => |parser, span| unit_call(parser, span, "TIMESTAMPDIFF"),
        ("TRIM", Token::LParen) => trim,
        ("OVERLAY", Token::LParen) => overlay,
        ("POSITION", Token::LParen) => position,
        ("SUBSTRING", Token::LParen) => substring,
        ("MAP", Token::LBracket) => map,
        ("MULTISET", Token::LBracket) => multiset,
        ("TABLE", Token::Word(_)) => table_argument,
        ("TABLE", Token::LParen) => table_argument,
        ("FINAL", Token::Word(_)) => |parser, span| semantics(parser, span, "FINAL"),
        ("RUNNING", Token::Word(_)) => |parser, span| semantics(parser, span, "RUNNING"),
        ("JSON_VALUE", Token::LParen) => json_calls::value,
        ("JSON_QUERY", Token::LParen) => json_calls::query,
        ("JSON_EXISTS", Token::LParen) => json_calls::exists,
        ("JSON_OBJECT", Token::LParen) => json_calls::object,
        ("JSON_ARRAY", Token::LParen) => json_calls::array,
        ("JSON_OBJECTAGG", Token::LParen) => json_calls::object_agg,
        ("JSON_ARRAYAGG", Token::LParen) => json_calls::array_agg,
        (
            "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" | "CURRENT_USER"
            | "SESSION_USER" | "SYSTEM_USER" | "USER" | "CURRENT_CATALOG",
            next,
        ) if *next != Token::LParen => niladic,
        _ => return dialect::refuse_reserved(parser).map(Err),
    };
    parser.next_token();
    Some(read(parser, span))
}

/// A call with these arguments.
pub(super) fn call(name: &str, span: Span, arguments: Vec<Expr>) -> Expr {
    Expr::Function(function(name, span, Some(arguments)))
}

/// A function; without arguments no parentheses were written.
pub(super) fn function(name: &str, span: Span, arguments: Option<Vec<Expr>>) -> Function {
    let args = match arguments {
        Some(arguments) => FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))).collect(),
            clauses: Vec::new(),
        }),
        None => FunctionArguments::None,
    };
    Function {
        name: ObjectName::from(vec![Ident::with_span(span, name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args,
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }
}

/// A constant string that stands at `span`.
pub(super) fn text(value: impl Into<String>, span: Span) -> Expr {
    Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(value.into()), span })
}

/// NULL.
pub(super) fn null(span: Span) -> Expr {
    Expr::Value(ValueWithSpan { value: Value::Null, span })
}

fn not_if(negated: bool, expr: Expr) -> Expr {
    if negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(expr) } } else { expr }
}

fn niladic(parser: &mut Parser<'_>, span: Span) -> Parsed {
    let name = parser.get_current_token().to_string();
    Ok(Expr::Function(function(&name, span, None)))
}

fn cast(parser: &mut Parser<'_>, _span: Span) -> Parsed {
    let kind = if is_word(parser.get_current_token(), "CAST") { CastKind::Cast } else { CastKind::TryCast };
    parser.expect_token(&Token::LParen)?;
    let expr = parser.parse_expr()?;
    parser.expect_word("AS")?;
    let data_type = type_name(parser)?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Cast { kind, expr: Box::new(expr), data_type, array: false, format: None })
}

/// `TIMESTAMP WITH LOCAL TIME ZONE '…'`.
fn local_timestamp(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_word("WITH")?;
    for word in ["LOCAL", "TIME", "ZONE"] {
        parser.expect_word(word)?;
    }
    let token = parser.next_token();
    let Token::SingleQuotedString(text) = &token.token else {
        return Err(parser.expected_here("a string in single quotes", &token));
    };
    let name = Ident::with_span(span, "TIMESTAMP WITH LOCAL TIME ZONE");
    Ok(Expr::TypedString(TypedString {
        data_type: DataType::Custom(ObjectName::from(vec![name]), Vec::new()),
        value: ValueWithSpan { value: Value::SingleQuotedString(text.clone()), span: token.span },
        uses_odbc_syntax: false,
    }))
}

/// Reads a type as a name that [`types::resolve`] reads again.
fn type_name(parser: &mut Parser<'_>) -> Result<DataType, ParserError> {
    let start = parser.peek_token_ref().span.start;
    let data_type = types::data_type(parser)?;
    let span = Span::new(start, parser.get_current_token().span.end);
    let mut ident = Ident::with_span(span, data_type.to_string());
    ident.quote_style = Some('`');
    Ok(DataType::Custom(ObjectName::from(vec![ident]), Vec::new()))
}

/// The text of a type, as a constant.
pub(super) fn type_text(parser: &mut Parser<'_>) -> Parsed {
    let span = parser.peek_token_ref().span;
    Ok(text(types::data_type(parser)?.to_string(), span))
}

/// A unit of time as a constant string in upper case.
fn unit(parser: &mut Parser<'_>) -> Parsed {
    let token = parser.next_token();
    match keyword_of(&token) {
        Some(word) => Ok(text(word.strip_prefix("SQL_TSI_").unwrap_or(&word), token.span)),
        None => Err(parser.expected_here("a unit of time", &token)),
    }
}

fn extract(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let unit = unit(parser)?;
    parser.expect_word("FROM")?;
    let expr = parser.parse_expr()?;
    parser.expect_token(&Token::RParen)?;
    Ok(call("EXTRACT", span, vec![unit, expr]))
}

fn round(parser: &mut Parser<'_>, span: Span, plain: &str, to_unit: &str) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![parser.parse_expr()?];
    if parser.accept("TO") {
        arguments.push(unit(parser)?);
        parser.expect_token(&Token::RParen)?;
        return Ok(call(to_unit, span, arguments));
    }
    rest_of_arguments(parser, &mut arguments)?;
    Ok(call(plain, span, arguments))
}

/// Reads `, argument …)`.
fn rest_of_arguments(parser: &mut Parser<'_>, arguments: &mut Vec<Expr>) -> Result<(), ParserError> {
    while parser.consume_token(&Token::Comma) {
        arguments.push(parser.parse_expr()?);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(())
}

fn unit_call(parser: &mut Parser<'_>, span: Span, name: &str) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![unit(parser)?];
    rest_of_arguments(parser, &mut arguments)?;
    Ok(call(name, span, arguments))
}

fn trim(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let token = parser.peek_token_ref();
    let side = keyword_of(token).filter(|word| matches!(word.as_str(), "BOTH" | "LEADING" | "TRAILING"));
    let side_span = token.span;
    if side.is_some() {
        parser.next_token();
    }
    let characters = |span| text(" ", span);
    let (characters, subject) = if side.is_some() && parser.accept("FROM") {
        (characters(span), parser.parse_expr()?)
    } else {
        let first = parser.parse_expr()?;
        if parser.accept("FROM") { (first, parser.parse_expr()?) } else { (characters(span), first) }
    };
    parser.expect_token(&Token::RParen)?;
    let side = text(side.unwrap_or_else(|| "BOTH".to_owned()), side_span);
    Ok(call("TRIM", span, vec![side, characters, subject]))
}

fn overlay(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![parser.parse_expr()?];
    if !parser.accept("PLACING") {
        rest_of_arguments(parser, &mut arguments)?;
        return Ok(call("OVERLAY", span, arguments));
    }
    arguments.push(parser.parse_expr()?);
    parser.expect_word("FROM")?;
    arguments.push(parser.parse_expr()?);
    if parser.accept("FOR") {
        arguments.push(parser.parse_expr()?);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(call("OVERLAY", span, arguments))
}

fn position(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    // IN is an operator too: what stands before it binds tighter.
    let mut arguments = vec![parser.parse_subexpr(dialect::FLINK.prec_value(Precedence::Between))?];
    parser.expect_word("IN")?;
    arguments.push(parser.parse_expr()?);
    if parser.accept("FROM") {
        arguments.push(parser.parse_expr()?);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(call("POSITION", span, arguments))
}

fn substring(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![parser.parse_expr()?];
    if parser.accept("FROM") {
        arguments.push(parser.parse_expr()?);
        if parser.accept("FOR") {
            arguments.push(parser.parse_expr()?);
        }
        parser.expect_token(&Token::RParen)?;
    } else {
        rest_of_arguments(parser, &mut arguments)?;
    }
    Ok(call("SUBSTRING", span, arguments))
}

fn map(parser: &mut Parser<'_>, span: Span) -> Parsed {
    parser.expect_token(&Token::LBracket)?;
    let mut entries = Vec::new();
    if !parser.consume_token(&Token::RBracket) {
        entries = parser.parse_comma_separated(Parser::parse_expr)?;
        parser.expect_token(&Token::RBracket)?;
    }
    Ok(call("MAP", span, entries))
}

fn multiset(parser: &mut Parser<'_>, _span: Span) -> Parsed {
    let token = parser.get_current_token().clone();
    Err(parser.message_at("MULTISET[…] has no value in Flink; COLLECT makes a multiset", &token))
}

fn semantics(parser: &mut Parser<'_>, span: Span, name: &str) -> Parsed {
    Ok(call(name, span, vec![parser.parse_prefix()?]))
}

/// `TABLE t PARTITION BY …`, or `TABLE (SELECT …) PARTITION BY …`.
fn table_argument(parser: &mut Parser<'_>, span: Span) -> Parsed {
    if parser.consume_token(&Token::LParen) {
        let query = Expr::Subquery(parser.parse_query()?);
        parser.expect_token(&Token::RParen)?;
        return partitioned(parser, span, query);
    }
    let parts = parser.name("a table's name")?.parts;
    let mut idents: Vec<Ident> = parts
        .into_iter()
        .map(|part| {
            let mut ident = Ident::with_span(span_of(part.place), part.value);
            ident.quote_style = Some('`');
            ident
        })
        .collect();
    let table = if idents.len() == 1 { Expr::Identifier(idents.remove(0)) } else { Expr::CompoundIdentifier(idents) };
    partitioned(parser, span, table)
}

fn span_of(place: riverrun_core::Place) -> Span {
    use sqlparser::tokenizer::Location;
    let at = |column| Location::new(u64::from(place.line), u64::from(column));
    Span::new(at(place.column), at(place.column + place.length))
}

/// `(SELECT …) PARTITION BY …`: only there a query in parentheses is more than a subquery.
fn table_argument_of_query(parser: &mut Parser<'_>) -> Option<Parsed> {
    let span = parser.peek_token_ref().span;
    let first = keyword_of(parser.peek_nth_token_ref(1))?;
    if !matches!(first.as_str(), "SELECT" | "WITH" | "VALUES") {
        return None;
    }
    parser.next_token();
    Some(parser.parse_query().and_then(|query| {
        parser.expect_token(&Token::RParen)?;
        let query = Expr::Subquery(query);
        if is_word(parser.peek_token_ref(), "PARTITION") { partitioned(parser, span, query) } else { Ok(query) }
    }))
}

fn partitioned(parser: &mut Parser<'_>, span: Span, table: Expr) -> Parsed {
    let mut arguments = vec![table, Expr::Tuple(Vec::new())];
    if parser.accept("PARTITION") {
        parser.expect_word("BY")?;
        arguments[1] = Expr::Tuple(key_list(parser)?);
    }
    if parser.accept("ORDER") {
        parser.expect_word("BY")?;
        arguments.push(Expr::Tuple(key_list(parser)?));
    }
    Ok(call(TABLE_ARGUMENT, span, arguments))
}

/// Keys of a partition: names as long as the comma does not begin the next argument. In parentheses several may stand.
fn key_list(parser: &mut Parser<'_>) -> Result<Vec<Expr>, ParserError> {
    if parser.consume_token(&Token::LParen) {
        let keys = parser.parse_comma_separated(Parser::parse_expr)?;
        parser.expect_token(&Token::RParen)?;
        return Ok(keys);
    }
    let mut keys = vec![parser.parse_expr()?];
    while parser.peek_token_ref().token == Token::Comma && names_a_key(parser) {
        parser.next_token();
        keys.push(parser.parse_expr()?);
    }
    Ok(keys)
}

/// Whether a plain name, and no next argument, stands behind the comma.
fn names_a_key(parser: &Parser<'_>) -> bool {
    let Token::Word(word) = &parser.peek_nth_token_ref(1).token else { return false };
    let name = word.quote_style.is_some()
        || !matches!(word.value.to_ascii_uppercase().as_str(), "DESCRIPTOR" | "INTERVAL" | "TABLE" | "MAP" | "ARRAY");
    let behind = &parser.peek_nth_token_ref(2).token;
    name && matches!(behind, Token::Comma | Token::RParen | Token::Period)
}

/// Whether `unit` of `(a - b) unit` comes next.
pub(super) fn is_difference_unit(parser: &Parser<'_>, token: &TokenWithSpan) -> bool {
    parser.get_current_token().token == Token::RParen
        && keyword_of(token)
            .is_some_and(|word| matches!(word.as_str(), "YEAR" | "MONTH" | "DAY" | "HOUR" | "MINUTE" | "SECOND"))
}

/// `(a - b) unit`.
pub(super) fn difference(parser: &mut Parser<'_>, expr: &Expr) -> Parsed {
    let token = parser.peek_token_ref().clone();
    let Expr::Nested(inner) = expr else {
        return Err(parser.expected_here("an operator or the end of the expression", &token));
    };
    let Expr::BinaryOp { left, op: BinaryOperator::Minus, right } = inner.as_ref() else {
        return Err(parser.expected_here("an operator or the end of the expression", &token));
    };
    let (left, right) = (left.as_ref().clone(), right.as_ref().clone());
    let leading = unit(parser)?;
    // The trailing unit changes nothing: the value is exact.
    if parser.accept("TO") {
        unit(parser)?;
    }
    Ok(call("MINUS DATES", token.span, vec![left, right, leading]))
}

/// `a [NOT] BETWEEN SYMMETRIC | ASYMMETRIC b AND c`, of which `words` tokens are still to be skipped.
pub(super) fn between(
    parser: &mut Parser<'_>,
    expr: &Expr,
    negated: bool,
    symmetric: bool,
    words: usize,
    precedence: u8,
) -> Parsed {
    let span = parser.peek_token_ref().span;
    (0..words).for_each(|_| parser.advance_token());
    let low = parser.parse_subexpr(precedence)?;
    parser.expect_word("AND")?;
    let high = parser.parse_subexpr(precedence)?;
    if symmetric {
        return Ok(not_if(negated, call("BETWEEN SYMMETRIC", span, vec![expr.clone(), low, high])));
    }
    Ok(Expr::Between { expr: Box::new(expr.clone()), negated, low: Box::new(low), high: Box::new(high) })
}

/// `a IS [NOT] DISTINCT FROM b`, which binds as tightly as other comparisons: an AND behind it is another condition.
pub(super) fn is_distinct(parser: &mut Parser<'_>, expr: &Expr, negated: bool, precedence: u8) -> Parsed {
    (0..usize::from(negated) + 2).for_each(|_| parser.advance_token());
    parser.expect_word("FROM")?;
    let (left, right) = (Box::new(expr.clone()), Box::new(parser.parse_subexpr(precedence)?));
    Ok(if negated { Expr::IsNotDistinctFrom(left, right) } else { Expr::IsDistinctFrom(left, right) })
}

/// `(a, b) OVERLAPS (c, d)`.
pub(super) fn overlaps(parser: &mut Parser<'_>, expr: &Expr, precedence: u8) -> Parsed {
    let token = parser.next_token();
    let right = parser.parse_subexpr(precedence)?;
    match (period(expr), period(&right)) {
        (Some([a, b]), Some([c, d])) => Ok(call("OVERLAPS", token.span, vec![a, b, c, d])),
        _ => Err(parser.message_at("OVERLAPS compares two periods: (start, end) OVERLAPS (start, end)", &token)),
    }
}

fn period(expr: &Expr) -> Option<[Expr; 2]> {
    match expr {
        Expr::Tuple(parts) => <[Expr; 2]>::try_from(parts.clone()).ok(),
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("ROW") => match &function.args {
            FunctionArguments::List(list) => match list.args.as_slice() {
                [FunctionArg::Unnamed(FunctionArgExpr::Expr(a)), FunctionArg::Unnamed(FunctionArgExpr::Expr(b))] => {
                    Some([a.clone(), b.clone()])
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// `a IS [NOT] JSON [VALUE | OBJECT | ARRAY | SCALAR]`.
pub(super) fn is_json(parser: &mut Parser<'_>, expr: &Expr, negated: bool) -> Expr {
    let span = parser.next_token().span;
    parser.accept("NOT");
    parser.accept("JSON");
    let kind = keyword_of(parser.peek_token_ref())
        .filter(|word| matches!(word.as_str(), "VALUE" | "OBJECT" | "ARRAY" | "SCALAR"));
    if kind.is_some() {
        parser.next_token();
    }
    let kind = text(kind.unwrap_or_else(|| "VALUE".to_owned()), span);
    not_if(negated, call("IS JSON", span, vec![expr.clone(), kind]))
}
