//! Comparisons with ALL or ANY row of a subquery, written with IN, MIN and MAX, and with ALL or ANY of several values, written with AND
//! and OR.
//!
//! `x > ALL (q)` holds if q gives no row, or x is greater than its MAX and no value of q is NULL; `x > ANY (q)` if x is greater
//! than its MIN. `= ANY` is IN, `<> ALL` is NOT IN; `= ALL` and `<> ANY` compare with both MIN and MAX. Whether q has no row, or a NULL, is asked with COUNT.

use super::cursor::is_word;
use super::dialect;
use super::tokens::Positioned;
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{self, BinaryOperator, Distinct, Expr, GroupByExpr, SelectItem, SetExpr, TableFactor};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;
use std::ops::ControlFlow;

const QUANTIFIERS: &[&str] = &["ANY", "SOME", "ALL"];
/// What a subquery begins with.
const QUERIES: &[&str] = &["SELECT", "VALUES", "WITH", "TABLE"];

/// Puts the values of `x > ANY (1, 2)` into parentheses of their own: a row of them is one operand.
pub(super) fn listed(mut tokens: Vec<Positioned>) -> Vec<Positioned> {
    for at in (1..tokens.len()).rev() {
        let quantifier = QUANTIFIERS.iter().any(|word| is_word(&tokens[at].token, word));
        let compares = matches!(
            tokens[at - 1].token.token,
            Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq
        );
        if !quantifier || !compares || tokens.get(at + 1).is_none_or(|open| open.token.token != Token::LParen) {
            continue;
        }
        let (mut depth, mut parted) = (0_usize, false);
        let close = tokens[at + 1..].iter().position(|token| {
            match token.token.token {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket => depth -= 1,
                Token::Comma => parted |= depth == 1,
                _ => {}
            }
            depth == 0
        });
        let is_query = tokens.get(at + 2).is_some_and(|first| QUERIES.iter().any(|word| is_word(&first.token, word)));
        if let Some(close) = close.filter(|_| parted && !is_query) {
            let close = at + 1 + close;
            tokens.insert(close, tokens[close].clone());
            tokens.insert(at + 1, tokens[at + 1].clone());
        }
    }
    tokens
}

/// Rewrites the comparisons in a query.
pub(super) fn rewrite(query: &mut ast::Query) {
    let _ = ast::visit_expressions_mut(query, |expr| {
        if let Some(rewritten) = rewritten(expr) {
            *expr = rewritten;
        }
        ControlFlow::<()>::Continue(())
    });
}

/// What the comparison is as another expression; `None` for other expressions and comparisons that are not Flink's.
fn rewritten(expr: &Expr) -> Option<Expr> {
    let (left, operator, right, all) = match expr {
        Expr::AllOp { left, compare_op, right } => (left, compare_op, right, true),
        Expr::AnyOp { left, compare_op, right, .. } => (left, compare_op, right, false),
        _ => return None,
    };
    let mut right = right.as_ref();
    while let Expr::Nested(inner) = right {
        right = inner;
    }
    let query = match right {
        Expr::Subquery(query) => query,
        Expr::Tuple(values) => return Some(compared_with_each(left, operator, values, all)),
        // What is in an array is no list of values.
        Expr::Array(_) => return None,
        value => return Some(compared_with_each(left, operator, std::slice::from_ref(value), all)),
    };
    let extremes = match (operator, all) {
        (BinaryOperator::Eq, false) | (BinaryOperator::NotEq, true) => {
            return Some(Expr::InSubquery { expr: left.clone(), subquery: query.clone(), negated: all });
        }
        (BinaryOperator::Gt | BinaryOperator::GtEq, true) | (BinaryOperator::Lt | BinaryOperator::LtEq, false) => {
            &["MAX"][..]
        }
        (BinaryOperator::Lt | BinaryOperator::LtEq, true) | (BinaryOperator::Gt | BinaryOperator::GtEq, false) => {
            &["MIN"]
        }
        // All values are alike, and this one; or there is another one than it.
        (BinaryOperator::Eq, true) | (BinaryOperator::NotEq, false) => &["MIN", "MAX"],
        _ => return None,
    };
    // The names stand for what is put in their place.
    let case = match all {
        true => {
            "CASE WHEN COALESCE(`$rows`, 0) = 0 THEN TRUE WHEN NOT `$holds` THEN FALSE \
             WHEN `$values` < `$rows` OR `$left` IS NULL THEN NULL ELSE TRUE END"
        }
        false => {
            "CASE WHEN `$holds` THEN TRUE WHEN COALESCE(`$rows`, 0) = 0 THEN FALSE \
             WHEN `$values` < `$rows` OR `$left` IS NULL THEN NULL ELSE FALSE END"
        }
    };
    let compared = |extreme: &&str| {
        let right = Box::new(aggregated(query, &format!("{extreme}(`$v`)"))?);
        Some(Expr::BinaryOp { left: left.clone(), op: operator.clone(), right })
    };
    let both = if all { BinaryOperator::And } else { BinaryOperator::Or };
    let holds = extremes.iter().map(compared).reduce(|left, right| {
        Some(Expr::BinaryOp { left: Box::new(left?), op: both.clone(), right: Box::new(right?) })
    })??;
    let (rows, values) = (aggregated(query, "COUNT(*)")?, aggregated(query, "COUNT(`$v`)")?);
    let mut parser = Parser::new(&dialect::FLINK).try_with_sql(case).ok()?;
    let mut expr = parser.parse_expr().ok()?;
    let _ = ast::visit_expressions_mut(&mut expr, |expr| {
        let Expr::Identifier(name) = &*expr else { return ControlFlow::<()>::Continue(()) };
        let part = match name.value.as_str() {
            "$rows" => &rows,
            "$values" => &values,
            "$holds" => &holds,
            "$left" => left.as_ref(),
            _ => return ControlFlow::Continue(()),
        };
        *expr = Expr::Nested(Box::new(part.clone()));
        ControlFlow::Continue(())
    });
    Some(Expr::Nested(Box::new(expr)))
}

/// A comparison with ALL or ANY of these values.
fn compared_with_each(left: &Expr, operator: &BinaryOperator, values: &[Expr], all: bool) -> Expr {
    if let (BinaryOperator::Eq, false) | (BinaryOperator::NotEq, true) = (operator, all) {
        return Expr::InList { expr: Box::new(left.clone()), list: values.to_vec(), negated: all };
    }
    let connective = if all { BinaryOperator::And } else { BinaryOperator::Or };
    let compared = values.iter().map(|value| Expr::BinaryOp {
        left: Box::new(left.clone()),
        op: operator.clone(),
        right: Box::new(value.clone()),
    });
    let each = compared.reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: connective.clone(),
        right: Box::new(right),
    });
    Expr::Nested(Box::new(each.unwrap_or_else(|| left.clone())))
}

/// The query that counts the rows of a query of `width` columns, and those without a NULL.
pub(crate) fn counted(query: &ast::Query, width: usize) -> Option<Box<ast::Query>> {
    if width == 1 {
        return over(query, "COUNT(*), COUNT(`$v`)", "`$v`");
    }
    let names: Vec<String> = (0..width).map(|number| format!("`$v{number}`")).collect();
    let whole = names.join(" IS NOT NULL AND ");
    let calls = format!("COUNT(*), COUNT(*) FILTER (WHERE {whole} IS NOT NULL)");
    over(query, &calls, &names.join(", "))
}

/// A table of FROM.
pub(crate) fn table_named(name: &str) -> Option<ast::TableWithJoins> {
    let text = format!("SELECT * FROM `{name}`");
    let query = Parser::new(&dialect::FLINK).try_with_sql(&text).ok()?.parse_query().ok()?;
    match *query.body {
        SetExpr::Select(select) => select.from.into_iter().next(),
        _ => None,
    }
}

fn aggregated(query: &ast::Query, call: &str) -> Option<Expr> {
    over(query, call, "`$v`").map(Expr::Subquery)
}

/// `SELECT calls FROM (query) AS t (columns)`. Where the query does no more than select a value of each row, the calls take that value: what
/// it says of the rows around it is understood in its own FROM only.
fn over(query: &ast::Query, calls: &str, columns: &str) -> Option<Box<ast::Query>> {
    let text = format!("SELECT {calls} FROM (SELECT 1) AS `$t` ({columns})");
    let mut outer = Parser::new(&dialect::FLINK).try_with_sql(&text).ok()?.parse_query().ok()?;
    let SetExpr::Select(select) = outer.body.as_mut() else { return None };
    if let Some(value) = selected_value(query) {
        let mut calls = std::mem::take(&mut select.projection);
        let _ = ast::visit_expressions_mut(&mut calls, |expr| {
            if matches!(&*expr, Expr::Identifier(name) if name.value == "$v") {
                *expr = value.clone();
            }
            ControlFlow::<()>::Continue(())
        });
        let mut query = Box::new(ast::Query { order_by: None, ..query.clone() });
        if let SetExpr::Select(select) = query.body.as_mut() {
            select.projection = calls;
        }
        return Some(query);
    }
    // Hints are looked for by a token's place, and this one has none in the user's text.
    select.select_token = AttachedToken::empty();
    let TableFactor::Derived { subquery, .. } = &mut select.from.first_mut()?.relation else { return None };
    **subquery = query.clone();
    Some(outer)
}

/// The value that a query selects, if it gives one for each row that fulfils its WHERE.
fn selected_value(query: &ast::Query) -> Option<&Expr> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let value = match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }] => value,
        _ => return None,
    };
    let ungrouped = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    let whole = query.limit_clause.is_none() && query.fetch.is_none() && select.having.is_none();
    let all = matches!(select.distinct, None | Some(Distinct::All)) && select.qualify.is_none();
    // A function may be an aggregate.
    let calls = ast::visit_expressions(value, |expr| match expr {
        Expr::Function(_) | Expr::Subquery(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    (ungrouped && whole && all && calls.is_continue()).then_some(value)
}
