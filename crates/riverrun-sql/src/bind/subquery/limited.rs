//! ORDER BY and LIMIT of a subquery whose conditions were taken out of it.
//!
//! They hold for the rows of each row of the outer query, and so for those of each combination of the values that the conditions
//! compare: the first rows of these by ROW_NUMBER.

use crate::bind::query::{QueryBinder, ordinal};
use crate::parse::place_of;
use riverrun_core::{Error, Result};
use sqlparser::ast::{
    self, BinaryOperator, Function, FunctionArgumentList, FunctionArguments, Ident, OrderByExpr, OrderByKind, Select,
    SelectItem, Spanned, WindowSpec, WindowType,
};

/// Whether only some of a query's rows come out.
pub(super) fn is_limited(query: &ast::Query) -> bool {
    query.limit_clause.is_some() || query.fetch.is_some()
}

impl QueryBinder<'_> {
    /// Leaves of the rows of `select` those that ORDER BY and LIMIT of `query` leave for each combination of `keys`.
    pub(super) fn limit_each(&self, query: &ast::Query, keys: &[ast::Expr], select: &mut Select) -> Result<()> {
        let (limit, offset) = self.limits(query)?;
        let order = match query.order_by.as_ref().map(|order| &order.kind) {
            Some(OrderByKind::Expressions(order)) => order.as_slice(),
            Some(OrderByKind::All(_)) => return Err(Error::unsupported("ORDER BY ALL").at(place_of(query.span()))),
            None => &[],
        };
        let refused = [
            (order.is_empty(), "without ORDER BY", "say with ORDER BY which of the rows are the first"),
            (select.distinct.is_some(), "behind SELECT DISTINCT", "group by the columns instead"),
            (select.qualify.is_some(), "behind QUALIFY", "rank in a subquery in FROM"),
        ];
        if let Some((_, what, hint)) = refused.iter().find(|(refused, ..)| *refused) {
            return Err(Error::unsupported(format!("LIMIT {what} in a subquery that reads the outer query's columns"))
                .hint(*hint)
                .at(place_of(query.span())));
        }
        let order = order.iter().map(|item| written_out(item, select)).collect::<Result<Vec<_>>>()?;
        let rank = row_number(keys.to_vec(), order);
        select.qualify = Some(match limit {
            Some(limit) => ast::Expr::Between {
                expr: Box::new(rank),
                negated: false,
                low: Box::new(number(offset.saturating_add(1))),
                high: Box::new(number(offset.saturating_add(limit))),
            },
            None => {
                ast::Expr::BinaryOp { left: Box::new(rank), op: BinaryOperator::Gt, right: Box::new(number(offset)) }
            }
        });
        Ok(())
    }
}

/// An item of ORDER BY with the column in the place of its number.
fn written_out(item: &OrderByExpr, select: &Select) -> Result<OrderByExpr> {
    let Some(position) = ordinal(&item.expr, select.projection.len())? else { return Ok(item.clone()) };
    match &select.projection[position] {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            Ok(OrderByExpr { expr: expr.clone(), ..item.clone() })
        }
        _ => Err(Error::input(format!("ORDER BY {} counts columns of *", item.expr))
            .hint("name the column")
            .at(place_of(item.expr.span()))),
    }
}

fn number(number: u64) -> ast::Expr {
    ast::Expr::value(ast::Value::Number(number.to_string(), false))
}

fn row_number(partition_by: Vec<ast::Expr>, order_by: Vec<OrderByExpr>) -> ast::Expr {
    let window = WindowSpec { window_name: None, partition_by, order_by, window_frame: None };
    let arguments = FunctionArgumentList { duplicate_treatment: None, args: Vec::new(), clauses: Vec::new() };
    ast::Expr::Function(Function {
        name: Ident::new("ROW_NUMBER").into(),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(arguments),
        filter: None,
        null_treatment: None,
        over: Some(WindowType::WindowSpec(window)),
        within_group: Vec::new(),
    })
}
