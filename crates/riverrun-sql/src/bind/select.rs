//! SELECT: from FROM over WHERE, GROUP BY, HAVING, OVER and QUALIFY to the columns that come out.

use super::aggregate::{self, Grouping, NO_AGGREGATES};
use super::expr::{ExprBinder, Special};
use super::from::From;
use super::over::Overs;
use super::query::{QueryBinder, distinct, order_key, ordinal};
use super::relation::{OrderKey, Relation};
use super::scope;
use super::subquery::{OverGroups, SubqueryValues, has_subqueries};
use super::table_function::UNNESTED;
use crate::catalog::free;
use crate::expr::Expr;
use crate::parse::place_of;
use riverrun_core::{Error, Field, Result, TypeKind};
use sqlparser::ast::{
    self, Distinct, Ident, OrderByExpr, Select, SelectItem, SelectItemQualifiedWildcardKind, Spanned,
};

/// A SELECT whose rows are to be ordered.
pub(super) struct Ordering {
    /// The rows, with columns that only the order needs behind the others.
    pub(super) relation: Relation,
    /// ORDER BY over its columns.
    pub(super) order: Vec<OrderKey>,
    /// How many columns come out.
    pub(super) visible: usize,
}

/// A column of the SELECT list.
struct Item {
    expr: Expr,
    name: String,
    /// The expression as it is written, where it is not a `*`.
    ast: Option<ast::Expr>,
}

/// The rules of a SELECT's expressions: grouped expressions and aggregates, if it is grouped, and OVER.
struct SelectRules<'a> {
    subqueries: &'a SubqueryValues,
    grouping: Option<&'a Grouping<'a>>,
    overs: &'a Overs,
}

impl Special for SelectRules<'_> {
    fn bind(&self, expr: &ast::Expr, binder: &ExprBinder<'_>) -> Result<Option<Expr>> {
        if let Some(value) = self.subqueries.bind(expr) {
            return Ok(Some(value));
        }
        if let Some(bound) = self.overs.bind(expr, binder)? {
            return Ok(Some(bound));
        }
        match self.grouping {
            Some(grouping) => grouping.bind(expr, binder),
            None => {
                aggregate::refuse(expr, binder.context)?;
                Ok(None)
            }
        }
    }
}

impl QueryBinder<'_> {
    /// Binds a SELECT.
    pub(super) fn select(&mut self, select: &Select) -> Result<Relation> {
        Ok(self.ordered_select(select, &[])?.relation)
    }

    /// Binds a SELECT with the ORDER BY of its query, which may name columns that don't come out.
    pub(super) fn ordered_select(&mut self, select: &Select, order_by: &[OrderByExpr]) -> Result<Ordering> {
        refuse_clauses(select)?;
        self.check_hints(select)?;
        let ttls = self.state_ttls_of(select)?;
        let lookups = self.lookup_hints_of(select)?;
        let around = std::mem::replace(&mut self.state_ttls, ttls);
        let lookups_around = std::mem::replace(&mut self.lookups, lookups);
        let from = self.from(&select.from).and_then(|from| {
            self.check_hinted_tables(&from.scope)?;
            Ok((self.state_ttl(&from.scope), from))
        });
        self.state_ttls = around;
        self.lookups = lookups_around;
        let (ttl, from) = from?;
        let from = match &select.selection {
            None => from,
            Some(condition) => {
                let subqueries = &SubqueryValues::default();
                let rules = SelectRules { subqueries, grouping: None, overs: &Overs::refusing("WHERE") };
                self.selected(from, condition, &rules).map_err(|error| of_an_alias(error, "WHERE", select))?
            }
        };
        let (rewritten, From { mut relation, mut scope }) = self.without_group_window(select, from)?;
        let mut select = rewritten.as_ref().unwrap_or(select);
        let keys = aggregate::group_items(select)?;
        let mut grouped = keys.is_some() || aggregate::aggregates_in(select, self.context);
        let mut order_by = order_by;
        let keys = keys.unwrap_or_default();
        let over;
        if grouped && has_subqueries(select, &keys, &written_exprs(select, order_by)) {
            let of = From { relation, scope };
            let OverGroups { from, select: rewritten, order_by: order } =
                self.over_groups(select, order_by, keys.clone(), of, ttl)?;
            From { relation, scope } = from;
            over = (rewritten, order);
            (select, order_by) = (&over.0, &over.1);
            grouped = false;
        }
        let subqueries;
        (relation, subqueries) = self.with_values(relation, &scope, &written_exprs(select, order_by))?;
        let grouping = match grouped {
            false => None,
            true => Some(self.grouping(&scope, &relation, keys, select, &NO_AGGREGATES)?),
        };
        let overs = Overs::collecting(&select.named_window);
        let rules = SelectRules { subqueries: &subqueries, grouping: grouping.as_ref(), overs: &overs };
        let binder = self.exprs(&scope).with_special(&rules);
        let mut items = self.items(&select.projection, &binder, &scope, grouping.is_some())?;
        let having = select
            .having
            .as_ref()
            .map(|having| match &grouping {
                Some(_) => binder.bind_condition(having, "HAVING").map_err(|e| of_an_alias(e, "HAVING", select)),
                None => Err(Error::input("HAVING without GROUP BY or an aggregate").at(place_of(having.span()))),
            })
            .transpose()?;
        let qualify = select
            .qualify
            .as_ref()
            .map(|qualify| {
                let qualify = expand_aliases(qualify, &items);
                binder.bind_condition(&qualify, "QUALIFY")
            })
            .transpose()?;
        let visible = items.len();
        let mut order = Vec::new();
        for item in order_by {
            let position = match self.output_position(item, &items, visible)? {
                Some(position) => position,
                None => {
                    let expr = binder.bind(&expand_aliases(&item.expr, &items))?;
                    match items.iter().position(|known| known.expr.same_as(&expr)) {
                        Some(position) => position,
                        None if matches!(select.distinct, Some(Distinct::Distinct)) => {
                            return Err(Error::input("ORDER BY of SELECT DISTINCT takes columns that are selected")
                                .at(place_of(item.expr.span())));
                        }
                        None => {
                            items.push(Item { expr, name: format!("ORDER${}", order.len()), ast: None });
                            items.len() - 1
                        }
                    }
                }
            };
            order.push((position, item));
        }
        // Everything is bound: now the relations can be put together.
        let mut finished = match grouping {
            Some(grouping) => grouping.finish(relation, ttl)?,
            None => relation,
        };
        if let Some(having) = having {
            finished = finished.filter(having);
        }
        let width = finished.schema.len();
        finished = overs.finish(finished);
        let placed = |expr: &Expr| overs.placed(expr, width);
        if let Some(qualify) = &qualify {
            finished = finished.filter(placed(qualify));
        }
        let exprs = items.iter().map(|item| placed(&item.expr)).collect();
        let names = items.into_iter().map(|item| item.name).collect();
        let mut relation = finished.project(exprs, names);
        if let Some(Distinct::Distinct) = &select.distinct {
            relation = distinct(relation, ttl);
        }
        let order = order
            .into_iter()
            .map(|(position, item)| {
                let data_type = &relation.schema.fields[position].data_type;
                order_key(scope::column(position, data_type), item)
            })
            .collect::<Result<_>>()?;
        Ok(Ordering { relation, order, visible })
    }

    /// The output column that an item of ORDER BY names by position or by its alias.
    fn output_position(&self, item: &OrderByExpr, items: &[Item], width: usize) -> Result<Option<usize>> {
        if let Some(position) = ordinal(&item.expr, width)? {
            return Ok(Some(position));
        }
        let ast::Expr::Identifier(ident) = &item.expr else { return Ok(None) };
        Ok(items.iter().position(|known| known.name == ident.value))
    }

    fn items(
        &self,
        projection: &[SelectItem],
        binder: &ExprBinder<'_>,
        scope: &scope::Scope,
        grouped: bool,
    ) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        for item in projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let name = natural_name(expr).unwrap_or_else(|| format!("EXPR${}", items.len()));
                    items.push(Item { expr: self.item(expr, binder)?, name, ast: Some(expr.clone()) });
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let name = alias.value.clone();
                    items.push(Item { expr: self.item(expr, binder)?, name, ast: Some(expr.clone()) });
                }
                SelectItem::Wildcard(options) => {
                    refuse_wildcard_options(options)?;
                    if scope.relations().is_empty() {
                        return Err(Error::input("SELECT * without FROM").at(place_of(options.wildcard_token.0.span)));
                    }
                    self.expand(&[], options, binder, scope, grouped, &mut items)?;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    refuse_wildcard_options(options)?;
                    let parts: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                    self.expand(&parts, options, binder, scope, grouped, &mut items)?;
                }
                other => return Err(Error::input(format!("'{other}' is no column")).at(place_of(other.span()))),
            }
        }
        Ok(items)
    }

    fn item(&self, expr: &ast::Expr, binder: &ExprBinder<'_>) -> Result<Expr> {
        let bound = binder.bind(expr)?;
        if bound.data_type().kind == TypeKind::Null {
            // A column of NULLs has no type of its own; Flink refuses it, and asks for a CAST.
            return Err(Error::input("a column of NULL has no type")
                .hint("write CAST(NULL AS a type)")
                .at(place_of(expr.span())));
        }
        Ok(bound)
    }

    fn expand(
        &self,
        qualifier: &[Ident],
        star: &ast::WildcardAdditionalOptions,
        binder: &ExprBinder<'_>,
        scope: &scope::Scope,
        grouped: bool,
        items: &mut Vec<Item>,
    ) -> Result<()> {
        if !qualifier.is_empty() && scope.wildcard(qualifier).is_err() {
            // `r.*` or `t.r.*` of a ROW column: its fields.
            if let Ok(row) = scope.resolve(qualifier)
                && let TypeKind::Row(fields) = &row.data_type().kind
            {
                for field in fields {
                    let expr = crate::functions::nested::field_named(row.clone(), &field.name)?;
                    items.push(Item { expr, name: free_name(&field.name, items), ast: None });
                }
                return Ok(());
            }
        }
        for (index, field) in self.as_created(scope.wildcard(qualifier)?, star, scope)? {
            let expr = match grouped {
                // Each column must be a group key, as if it were written out.
                true => binder.bind(&ast::Expr::Identifier(Ident::new(field.name.clone())))?,
                false => scope::column(index, &field.data_type),
            };
            items.push(Item { expr, name: free_name(&field.name, items), ast: None });
        }
        Ok(())
    }

    /// The columns of a `*`; in a view those of its creation, whatever has been added to its tables since.
    fn as_created(
        &self,
        columns: Vec<(usize, Field)>,
        star: &ast::WildcardAdditionalOptions,
        scope: &scope::Scope,
    ) -> Result<Vec<(usize, Field)>> {
        let span = star.wildcard_token.0.span;
        let (Some(stars), Some(place)) = (self.stars, place_of(span)) else { return Ok(columns) };
        let table = |index: usize| {
            let relation = scope.relations().iter().rev().find(|relation| relation.start <= index);
            relation.map_or_else(String::new, |relation| relation.name.join("."))
        };
        let named = columns.iter().map(|(index, field)| (table(*index), field.name.clone())).collect::<Vec<_>>();
        let created = stars.columns((span.start.line, span.start.column), || named.clone());
        let mut now: Vec<_> = named.into_iter().zip(columns).collect();
        created
            .iter()
            .map(|(table, name)| {
                let found = now.iter().position(|(of, _)| of.0 == *table && of.1 == *name);
                found.map(|position| now.remove(position).1).ok_or_else(|| {
                    Error::input(format!("the column '{name}' of this * is gone"))
                        .detail("a view keeps the columns that * stood for when it was created")
                        .hint("create the view anew, or give it another query: ALTER VIEW … AS …")
                        .at(place)
                })
            })
            .collect()
    }
}

/// What a column behind a `*` is called: its name, or as in Flink with a number where one before it has that name.
fn free_name(name: &str, items: &[Item]) -> String {
    free(name, |name| items.iter().any(|item| item.name == name))
}

/// The error of a clause, which says so where it names what only SELECT calls by that name.
fn of_an_alias(error: Error, clause: &str, select: &Select) -> Error {
    let named = select.projection.iter().find_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } if error.message() == scope::no_column(&alias.value) => {
            Some((expr, alias))
        }
        _ => None,
    });
    match named {
        Some((expr, alias)) => {
            error.hint(format!("{clause} knows no aliases of SELECT: write {expr} for {}", alias.value))
        }
        None => error,
    }
}

/// The expressions of a SELECT behind WHERE, as they are written.
fn written_exprs<'a>(select: &'a Select, order_by: &'a [OrderByExpr]) -> Vec<&'a ast::Expr> {
    let items = select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    });
    items.chain(&select.having).chain(&select.qualify).chain(order_by.iter().map(|item| &item.expr)).collect()
}

/// The name of a column that is selected without an alias; `None` for an expression.
pub(crate) fn natural_name(expr: &ast::Expr) -> Option<String> {
    match expr {
        // It is a value.
        ast::Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("UNKNOWN") => {
            None
        }
        ast::Expr::Identifier(ident) => Some(ident.value.clone()),
        ast::Expr::CompoundIdentifier(parts) => parts.last().map(|part| part.value.clone()),
        // `CURRENT_DATE`
        ast::Expr::Function(ast::Function { name, args: ast::FunctionArguments::None, .. }) => Some(name.to_string()),
        // What begins so is written over, and was no name.
        ast::Expr::Nested(inner) => natural_name(inner).filter(|name| !name.starts_with('$')),
        _ => None,
    }
}

/// QUALIFY and ORDER BY may name the aliases of the SELECT list.
fn expand_aliases(expr: &ast::Expr, items: &[Item]) -> ast::Expr {
    let mut expanded = expr.clone();
    let _ = ast::visit_expressions_mut(&mut expanded, |expr| {
        let written = expr.clone();
        if let ast::Expr::Identifier(ident) = &written
            && let Some(Item { ast: Some(aliased), .. }) =
                items.iter().find(|item| item.name == ident.value && item.ast.as_ref() != Some(&written))
        {
            *expr = ast::Expr::Nested(Box::new(aliased.clone()));
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    expanded
}

fn refuse_wildcard_options(options: &ast::WildcardAdditionalOptions) -> Result<()> {
    let plain = options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none();
    match plain {
        true => Ok(()),
        false => Err(Error::unsupported("EXCEPT, EXCLUDE, REPLACE or RENAME after *")
            .at(place_of(options.wildcard_token.0.span))),
    }
}

fn refuse_clauses(select: &Select) -> Result<()> {
    let first = |exprs: &[ast::Expr]| exprs.first().map(|expr| Some(expr.span()));
    let top = select.top.as_ref().map(|top| match &top.quantity {
        Some(ast::TopQuantity::Expr(rows)) => Some(rows.span()),
        _ => None,
    });
    let distinct_on = match &select.distinct {
        Some(Distinct::On(exprs)) => Some(exprs.first().map(Spanned::span)),
        _ => None,
    };
    // What stands there, where it stands if it tells, and what Flink has for it.
    let refused = [
        (top, "TOP", "LIMIT n behind the query takes its first rows"),
        (select.into.as_ref().map(|into| Some(into.name.span())), "SELECT INTO", "INSERT INTO t SELECT …"),
        (select.lateral_views.first().map(|view| Some(view.lateral_view.span())), "LATERAL VIEW", UNNESTED),
        (select.prewhere.as_ref().map(|expr| Some(expr.span())), "PREWHERE", "WHERE"),
        (select.connect_by.first().map(|_| None), "CONNECT BY", "join the table with itself, once per level"),
        (first(&select.cluster_by), "CLUSTER BY", "leave it out: rows are distributed as the query needs it"),
        (first(&select.distribute_by), "DISTRIBUTE BY", "leave it out: rows are distributed as the query needs it"),
        (select.sort_by.first().map(|item| Some(item.span())), "SORT BY", "ORDER BY"),
        (
            distinct_on,
            "DISTINCT ON",
            "QUALIFY ROW_NUMBER() OVER (PARTITION BY a ORDER BY ts) = 1 keeps the first row of each a",
        ),
    ];
    for (found, clause, hint) in refused {
        if let Some(span) = found {
            let place = span.and_then(place_of).or_else(|| place_of(select.select_token.0.span));
            return Err(Error::input(format!("{clause} is no clause of Flink SQL")).hint(hint).at(place));
        }
    }
    Ok(())
}
