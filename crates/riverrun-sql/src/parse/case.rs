//! CASE, whose WHEN may name several values: `CASE k WHEN 'a', 'c' THEN 1 END`.

use super::cursor::{Cursor, is_word};
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{CaseWhen, Expr};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token};

/// Reads what stands behind CASE. Several values of one WHEN come out as so many WHENs of the same result.
pub(super) fn case(parser: &mut Parser<'_>, _span: Span) -> Result<Expr, ParserError> {
    let case_token = AttachedToken(parser.get_current_token().clone());
    let operand = match is_word(parser.peek_token_ref(), "WHEN") {
        true => None,
        false => Some(Box::new(parser.parse_expr()?)),
    };
    parser.expect_word("WHEN")?;
    let mut conditions = Vec::new();
    loop {
        let mut alternatives = vec![parser.parse_expr()?];
        while operand.is_some() && parser.consume_token(&Token::Comma) {
            alternatives.push(parser.parse_expr()?);
        }
        parser.expect_word("THEN")?;
        let result = parser.parse_expr()?;
        conditions.extend(alternatives.into_iter().map(|condition| CaseWhen { condition, result: result.clone() }));
        if !parser.accept("WHEN") {
            break;
        }
    }
    let else_result = if parser.accept("ELSE") { Some(Box::new(parser.parse_expr()?)) } else { None };
    let end_token = AttachedToken(parser.expect_word("END")?);
    Ok(Expr::Case { case_token, end_token, operand, conditions, else_result })
}
