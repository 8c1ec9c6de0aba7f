//! GROUP BY beyond what sqlparser reads: its quantifier, and grouping sets within grouping sets.

use super::cursor::{Cursor, is_word};
use super::tokens::{Positioned, words};
use sqlparser::ast::Expr;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token};

/// What can stand behind GROUP BY ALL where ALL means all columns.
const BEHIND: &[&str] =
    &["HAVING", "WINDOW", "QUALIFY", "UNION", "INTERSECT", "EXCEPT", "MINUS", "ORDER", "LIMIT", "OFFSET", "FETCH"];

/// ``GROUP BY DISTINCT a, b`` → ``GROUP BY `$DISTINCT`, a, b``, an item of its own; `GROUP BY ALL a, b` → `GROUP BY a, b`, which
/// means the same.
pub(super) fn quantified(mut tokens: Vec<Positioned>) -> Vec<Positioned> {
    let mut at = 2;
    while at < tokens.len() {
        let grouped = words(&tokens, at - 2, &["GROUP", "BY"]);
        if grouped && is_word(&tokens[at].token, "DISTINCT") {
            let item = [Token::make_word(super::GROUP_DISTINCT, Some('`')), Token::Comma];
            let item = item.map(|token| tokens[at].with(token));
            tokens.splice(at..=at, item);
        } else if grouped && is_word(&tokens[at].token, "ALL") && tokens.get(at + 1).is_some_and(begins_item) {
            tokens.remove(at);
        }
        at += 1;
    }
    tokens
}

fn begins_item(token: &Positioned) -> bool {
    match token.token.token {
        Token::RParen | Token::SemiColon | Token::EOF => false,
        _ => !BEHIND.iter().any(|word| is_word(&token.token, word)),
    }
}

/// Reads what stands behind GROUPING, ROLLUP or CUBE among the elements of GROUPING SETS.
pub(super) fn sets(parser: &mut Parser<'_>, _span: Span) -> Result<Expr, ParserError> {
    let kind = match parser.get_current_token() {
        token if is_word(token, "ROLLUP") => Expr::Rollup,
        token if is_word(token, "CUBE") => Expr::Cube,
        _ => {
            parser.expect_word("SETS")?;
            Expr::GroupingSets
        }
    };
    parser.expect_token(&Token::LParen)?;
    let elements = parser.parse_comma_separated(element)?;
    parser.expect_token(&Token::RParen)?;
    Ok(kind(elements))
}

/// `(a, b)`, `()`, or an element without parentheses.
fn element(parser: &mut Parser<'_>) -> Result<Vec<Expr>, ParserError> {
    if !parser.consume_token(&Token::LParen) {
        return Ok(vec![parser.parse_expr()?]);
    }
    if parser.consume_token(&Token::RParen) {
        return Ok(Vec::new());
    }
    let exprs = parser.parse_comma_separated(Parser::parse_expr)?;
    parser.expect_token(&Token::RParen)?;
    Ok(exprs)
}
