//! A view's query as Flink shows it: names in full and in back-quotes, `*` written out, parentheses only where they are needed.
//!
//! Source: what SHOW CREATE VIEW of Flink 2.3 prints. A query that has something of which that is not known here is shown as it
//! was written: MATCH_RECOGNIZE, JSON functions, hints, the common columns of USING and NATURAL, and others.

use super::stars::{StarColumn, Stars, free};
use super::table::{CatalogView, quoted};
use crate::bind::natural_name;
use crate::parse::Name;
use scope::{Relation, Scope};
use sqlparser::ast::{
    self, Distinct, GroupByExpr, LimitClause, NamedWindowExpr, OrderByExpr, OrderByKind, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier,
};

mod exprs;
mod from;
mod scope;

/// Answers with the full name of a table or view, in back-quotes, and the names of its columns.
pub type Known<'a> = &'a dyn Fn(&Name) -> Option<(String, Vec<String>)>;

/// The query of a view; `None` where it has something that is not known here.
pub fn expanded(view: &CatalogView, known: Known<'_>) -> Option<String> {
    if !view.query.hints.is_empty() || is_quantified(&view.query.text) {
        return None;
    }
    let mut writer = Writer { known, stars: &view.stars, ctes: Vec::new(), generated: 0 };
    Some(writer.query(&view.query.ast, None)?.text)
}

/// Writes one query.
struct Writer<'a> {
    known: Known<'a>,
    stars: &'a Stars,
    /// The common table expressions in sight, with the names of their columns.
    ctes: Vec<(String, Vec<String>)>,
    /// How many names were made for what has none.
    generated: usize,
}

/// A query that is written.
struct Written {
    text: String,
    columns: Vec<String>,
    /// Whether it stands in parentheses beside UNION and its like.
    binds: Binding,
}

/// How tightly a query is held together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Ordered,
    Union,
    Intersect,
    Select,
}

impl Writer<'_> {
    /// The name of what has none.
    fn generate(&mut self) -> String {
        self.generated += 1;
        format!("EXPR${}", self.generated - 1)
    }

    fn query(&mut self, query: &Query, outer: Option<&Scope<'_>>) -> Option<Written> {
        let known = self.ctes.len();
        let with = query.with.as_ref().map(|with| self.with(with)).transpose_option()?;
        let mut written = self.body(query, outer);
        self.ctes.truncate(known);
        if let (Some(with), Some(written)) = (with, &mut written) {
            written.text = format!("{with} {}", written.text);
        }
        written
    }

    fn with(&mut self, with: &ast::With) -> Option<String> {
        let mut tables = Vec::new();
        for table in &with.cte_tables {
            let Written { text, columns, .. } = self.query(&table.query, None)?;
            let named: Vec<String> = table.alias.columns.iter().map(|column| column.name.value.clone()).collect();
            let name = &table.alias.name.value;
            tables.push(format!("{}{} AS ({text})", quoted(name), list_of_names(&named)));
            self.ctes.push((name.clone(), if named.is_empty() { columns } else { named }));
        }
        Some(format!("WITH {}", tables.join(", ")))
    }

    /// A query without its WITH.
    fn body(&mut self, query: &Query, outer: Option<&Scope<'_>>) -> Option<Written> {
        let order: &[OrderByExpr] = match query.order_by.as_ref().map(|order| &order.kind) {
            None => &[],
            Some(OrderByKind::Expressions(order)) => order,
            Some(OrderByKind::All(_)) => return None,
        };
        let limits = limits(query)?;
        if order.is_empty() && limits.is_empty() {
            return self.set(&query.body, outer);
        }
        let mut written = match query.body.as_ref() {
            SetExpr::Select(select) => self.select(select, order, outer)?,
            body => {
                // What is ordered is a SELECT of its own.
                let name = self.generate();
                let Written { text, columns, .. } = self.set(body, outer)?;
                let items: Vec<String> =
                    columns.iter().map(|column| format!("{}.{}", quoted(&name), quoted(column))).collect();
                let mut text = format!("SELECT {}\nFROM ({text}) AS {}", items.join(", "), quoted(&name));
                let relation = Relation { alias: name.clone(), key: name, columns: columns.clone() };
                let scope = Scope { relations: vec![relation], outer, ..Scope::default() };
                self.order(order, &columns, &scope, &mut text)?;
                Written { text, columns, binds: Binding::Select }
            }
        };
        written.text.push_str(&limits);
        written.binds = Binding::Ordered;
        Some(written)
    }

    /// SELECT, VALUES, or what UNION and its like make of them.
    fn set(&mut self, body: &SetExpr, outer: Option<&Scope<'_>>) -> Option<Written> {
        match body {
            SetExpr::Select(select) => self.select(select, &[], outer),
            SetExpr::Query(query) => self.query(query, outer),
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                let binds = if *op == SetOperator::Intersect { Binding::Intersect } else { Binding::Union };
                let left = self.set(left, outer)?;
                let right = self.set(right, outer)?;
                let word = match op {
                    SetOperator::Union => "UNION",
                    SetOperator::Intersect => "INTERSECT",
                    SetOperator::Except | SetOperator::Minus => "EXCEPT",
                };
                let all = match set_quantifier {
                    SetQuantifier::All => " ALL",
                    SetQuantifier::None | SetQuantifier::Distinct => "",
                    _ => return None,
                };
                let side =
                    |query: &Written, loose: bool| if loose { format!("({})", query.text) } else { query.text.clone() };
                let (first, second) = (side(&left, left.binds < binds), side(&right, right.binds <= binds));
                Some(Written { text: format!("{first}\n{word}{all}\n{second}"), columns: left.columns, binds })
            }
            SetExpr::Values(values) => {
                let scope = Scope { outer, ..Scope::default() };
                let mut rows = Vec::new();
                for row in &values.rows {
                    rows.push(format!("ROW({})", self.list(row, &scope)?));
                }
                let width = values.rows.first().map_or(0, |row| row.len());
                let columns = (0..width).map(|column| format!("EXPR${column}")).collect();
                Some(Written { text: format!("VALUES {}", rows.join(",\n")), columns, binds: Binding::Select })
            }
            _ => None,
        }
    }

    fn select(&mut self, select: &Select, order: &[OrderByExpr], outer: Option<&Scope<'_>>) -> Option<Written> {
        let plain = select.top.is_none() && select.into.is_none() && select.qualify.is_none();
        let distinct = match &select.distinct {
            None => "",
            Some(Distinct::Distinct) => "DISTINCT ",
            Some(_) => return None,
        };
        if !plain {
            return None;
        }
        let (from, scope) = self.from(&select.from, outer)?;
        let mut rest = String::new();
        if let Some(condition) = &select.selection {
            rest.push_str(&format!("\nWHERE {}", self.expr(condition, &scope)?));
        }
        let GroupByExpr::Expressions(keys, modifiers) = &select.group_by else { return None };
        if !modifiers.is_empty() {
            return None;
        }
        if !keys.is_empty() {
            let mut written = Vec::new();
            for key in keys {
                written.push(self.key(key, &scope)?);
            }
            rest.push_str(&format!("\nGROUP BY {}", written.join(", ")));
        }
        if let Some(condition) = &select.having {
            rest.push_str(&format!("\nHAVING {}", self.expr(condition, &scope)?));
        }
        let mut windows = Vec::new();
        for window in &select.named_window {
            let NamedWindowExpr::WindowSpec(spec) = &window.1 else { return None };
            windows.push(format!("{} AS ({})", quoted(&window.0.value), self.window(spec, &scope)?));
        }
        if !windows.is_empty() {
            rest.push_str(&format!("\nWINDOW {}", windows.join(", ")));
        }
        let (mut items, mut columns) = (Vec::new(), Vec::new());
        for item in &select.projection {
            self.item(item, &scope, &mut items, &mut columns)?;
        }
        let from = if from.is_empty() { String::new() } else { format!("\nFROM {from}") };
        let mut text = format!("SELECT {distinct}{}{from}{rest}", items.join(", "));
        self.order(order, &columns, &scope, &mut text)?;
        Some(Written { text, columns, binds: Binding::Select })
    }

    fn item(
        &mut self,
        item: &SelectItem,
        scope: &Scope<'_>,
        items: &mut Vec<String>,
        columns: &mut Vec<String>,
    ) -> Option<()> {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let text = self.expr(expr, scope)?;
                items.push(match exprs::function_name(expr) {
                    Some(name) => format!("{text} AS {name}"),
                    None => text,
                });
                columns.push(natural_name(expr).unwrap_or_else(|| format!("EXPR${}", columns.len())));
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                items.push(format!("{} AS {}", self.expr(expr, scope)?, quoted(&alias.value)));
                columns.push(alias.value.clone());
            }
            SelectItem::Wildcard(star) => self.star(star, None, scope, items, columns)?,
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), star) => {
                let of = name.0.last().and_then(|part| part.as_ident())?;
                self.star(star, Some(&of.value), scope, items, columns)?;
            }
            _ => return None,
        }
        Some(())
    }

    /// The columns that a `*` has stood for since the view was created.
    fn star(
        &mut self,
        star: &ast::WildcardAdditionalOptions,
        of: Option<&str>,
        scope: &Scope<'_>,
        items: &mut Vec<String>,
        columns: &mut Vec<String>,
    ) -> Option<()> {
        if scope.has_common() {
            return None;
        }
        let span = star.wildcard_token.0.span;
        let relations = scope.relations.iter().filter(|relation| of.is_none_or(|of| relation.alias == of));
        let mut now: Vec<(StarColumn, &str)> = relations
            .flat_map(|relation| {
                let column = |name: &String| ((relation.key.clone(), name.clone()), relation.alias.as_str());
                relation.columns.iter().map(column)
            })
            .collect();
        let named: Vec<StarColumn> = now.iter().map(|(column, _)| column.clone()).collect();
        for wanted in self.stars.columns((span.start.line, span.start.column), || named) {
            let at = now.iter().position(|(column, _)| *column == wanted)?;
            let ((_, name), alias) = now.remove(at);
            let text = format!("{}.{}", quoted(alias), quoted(&name));
            let shown = free(&name, |name| columns.iter().any(|column| column == name));
            items.push(if shown == name { text } else { format!("{text} AS {}", quoted(&shown)) });
            columns.push(shown);
        }
        Some(())
    }

    fn order(&mut self, order: &[OrderByExpr], columns: &[String], scope: &Scope<'_>, text: &mut String) -> Option<()> {
        if order.is_empty() {
            return Some(());
        }
        let mut keys = Vec::new();
        for item in order {
            let key = match &item.expr {
                ast::Expr::Identifier(ident) if columns.contains(&ident.value) => quoted(&ident.value),
                ast::Expr::Value(_) => return None,
                expr => self.expr(expr, scope)?,
            };
            keys.push(key + &direction(item)?);
        }
        text.push_str(&format!("\nORDER BY {}", keys.join(", ")));
        Some(())
    }
}

/// Whether a text has a comparison with ALL, ANY or SOME row of a subquery, which the parser writes with other words.
fn is_quantified(text: &str) -> bool {
    let mut words = text.split_whitespace().flat_map(|word| word.split_inclusive(['=', '<', '>'])).peekable();
    let mut compares = false;
    words.any(|word| {
        let quantifier = word.split('(').next().unwrap_or_default().to_ascii_uppercase();
        let found = compares && matches!(quantifier.as_str(), "ALL" | "ANY" | "SOME");
        compares = word.ends_with(['=', '<', '>']);
        found
    })
}

/// DESC and NULLS of an ORDER BY.
fn direction(item: &OrderByExpr) -> Option<String> {
    if item.with_fill.is_some() {
        return None;
    }
    let mut text = if item.options.asc == Some(false) { " DESC".to_owned() } else { String::new() };
    match item.options.nulls_first {
        Some(true) => text.push_str(" NULLS FIRST"),
        Some(false) => text.push_str(" NULLS LAST"),
        None => {}
    }
    Some(text)
}

/// OFFSET and FETCH.
fn limits(query: &Query) -> Option<String> {
    let number = |expr: &ast::Expr| matches!(expr, ast::Expr::Value(_)).then(|| expr.to_string());
    let (mut rows, mut skipped) = (None, None);
    match &query.limit_clause {
        None => {}
        Some(LimitClause::LimitOffset { limit, offset, .. }) => {
            rows = limit.as_ref().map(number).transpose_option()?;
            skipped = offset.as_ref().map(|offset| number(&offset.value)).transpose_option()?;
        }
        Some(LimitClause::OffsetCommaLimit { .. }) => return None,
    }
    if let Some(fetch) = &query.fetch {
        rows = Some(fetch.quantity.as_ref().map_or(Some("1".to_owned()), number)?);
    }
    let offset = skipped.map(|rows| format!("\nOFFSET {rows} ROWS")).unwrap_or_default();
    let fetch = rows.map(|rows| format!("\nFETCH NEXT {rows} ROWS ONLY")).unwrap_or_default();
    Some(offset + &fetch)
}

/// Names of columns in parentheses behind another name; nothing where there are none.
fn list_of_names(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!(" ({})", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")),
    }
}

/// Where a part that there is can't be written, the whole can't be.
trait Transposed<T> {
    fn transpose_option(self) -> Option<Option<T>>;
}

impl<T> Transposed<T> for Option<Option<T>> {
    fn transpose_option(self) -> Option<Option<T>> {
        match self {
            None => Some(None),
            Some(None) => None,
            Some(some) => Some(some),
        }
    }
}
