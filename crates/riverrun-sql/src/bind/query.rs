//! Queries: WITH, VALUES, ORDER BY and LIMIT around the SELECTs.

use super::aggregate::NO_AGGREGATES;
use super::catalog_tables::check_width;
use super::expr::ExprBinder;
use super::lookup_hint::LookupHint;
use super::relation::{OrderKey, Relation, RelationKind};
use super::scope::Scope;
use super::select::Ordering;
use super::subquery::{Both, subqueries_in};
use super::table::BoundTable;
use crate::catalog::{CatalogView, Stars};
use crate::expr::Expr;
use crate::functions::FunctionContext;
use crate::functions::common_type::common_type;
use crate::parse::{self, Hints, Name, place_of};
use datafusion_common::ScalarValue;
use riverrun_core::options::parse_duration;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, Field, Millis, Place, Result, Schema, TypeKind};
use riverrun_operators::set_operation::SetOperation;
use sqlparser::ast::{self, LimitClause, OrderByKind, SetExpr, SetOperator, SetQuantifier, Spanned};
use std::sync::Arc;

/// What a name in FROM stands for.
pub enum NamedRelation<'a> {
    /// A table.
    Table(Arc<BoundTable>),
    /// A view.
    View {
        /// The view.
        view: &'a CatalogView,
        /// The tables as the view sees them: names in it are those of the database it was made in.
        tables: Box<dyn Tables + 'a>,
    },
}

/// Where the binder finds tables and views.
pub trait Tables {
    /// The table or view of this name, with the options of the hints that follow it. An error names the nearest one.
    fn find(&self, name: &Name, hints: &[&parse::Hint]) -> Result<NamedRelation<'_>>;
}

/// What a STATE_TTL hint says of one table.
#[derive(Clone, Debug)]
pub(super) struct StateTtl {
    /// Its name or alias.
    table: String,
    /// Zero: for ever.
    ttl: Millis,
    place: Option<Place>,
}

/// Binds queries.
pub struct QueryBinder<'a> {
    pub(super) tables: &'a dyn Tables,
    pub(super) context: &'a FunctionContext,
    pub(super) hints: &'a Hints,
    /// Common table expressions in sight, the innermost last.
    pub(super) ctes: Vec<(String, Relation)>,
    /// What the STATE_TTL hints of the SELECT at hand say of tables, by name or alias.
    pub(super) state_ttls: Vec<StateTtl>,
    /// What its LOOKUP hints say, by the tables' names or aliases.
    pub(super) lookups: Vec<(String, LookupHint)>,
    /// What each `*` stands for, in the query of a view.
    pub(super) stars: Option<&'a Stars>,
    /// The views being expanded: none may be in itself.
    views: Vec<String>,
}

/// The hints that may stand after SELECT. Those after the second say how Flink's batch engine joins, and change nothing here.
const SELECT_HINTS: [&str; 8] =
    ["STATE_TTL", "LOOKUP", "BROADCAST", "SHUFFLE_HASH", "SHUFFLE_MERGE", "NEST_LOOP", "MULTI_JOIN", "OPTIONS"];

/// Views within views are followed this deep.
const MAX_VIEW_DEPTH: usize = 64;

impl<'a> QueryBinder<'a> {
    /// A binder of queries over these tables.
    pub fn new(tables: &'a dyn Tables, context: &'a FunctionContext, hints: &'a Hints) -> Self {
        QueryBinder {
            tables,
            context,
            hints,
            ctes: Vec::new(),
            state_ttls: Vec::new(),
            lookups: Vec::new(),
            stars: None,
            views: Vec::new(),
        }
    }

    /// A binder of a view's query; `tables` are those that the view sees.
    pub(super) fn of_view(view: &'a CatalogView, tables: &'a dyn Tables, context: &'a FunctionContext) -> Self {
        QueryBinder { stars: Some(&view.stars), ..QueryBinder::new(tables, context, &view.query.hints) }
    }

    pub(super) fn exprs<'s>(&self, scope: &'s Scope) -> ExprBinder<'s>
    where
        'a: 's,
    {
        ExprBinder::new(scope, self.context)
    }

    /// Refuses hints of a SELECT that there are not.
    pub(super) fn check_hints(&self, select: &ast::Select) -> Result<()> {
        let mut hints = self.hints.after(select.select_token.0.span);
        let Some(unknown) = hints.find(|hint| !SELECT_HINTS.contains(&&*hint.name)) else { return Ok(()) };
        let known = || format!("after SELECT there are {}", SELECT_HINTS.join(", "));
        Err(Error::input(format!("there is no hint {}", unknown.name))
            .hint(did_you_mean(&unknown.name, SELECT_HINTS.iter().copied()).unwrap_or_else(known))
            .at(unknown.place))
    }

    /// What the STATE_TTL hints of a SELECT say.
    pub(super) fn state_ttls_of(&self, select: &ast::Select) -> Result<Vec<StateTtl>> {
        let mut found = Vec::new();
        for hint in self.hints.after(select.select_token.0.span).filter(|hint| hint.name == "STATE_TTL") {
            for (name, value) in hint.options.iter() {
                let ttl = parse_duration(&value.text).ok_or_else(|| {
                    Error::input(format!("STATE_TTL of '{name}' takes a duration, not '{}'", value.text))
                        .hint("write it like '12 h' or '3 d'; '0' keeps rows for ever")
                        .at(value.value_place.unwrap_or(hint.place))
                })?;
                found.push(StateTtl { table: name.to_owned(), ttl, place: value.key_place.or(Some(hint.place)) });
            }
        }
        Ok(found)
    }

    /// What a hint says of a side of a join or of what is grouped, if that is one table.
    pub(super) fn state_ttl(&self, scope: &Scope) -> Option<Millis> {
        let [relation] = scope.relations() else { return None };
        let name = relation.name.last()?;
        self.state_ttls.iter().find(|hint| hint.table == *name).map(|hint| hint.ttl)
    }

    /// Refuses hints that name no table of FROM.
    pub(super) fn check_hinted_tables(&self, scope: &Scope) -> Result<()> {
        let names = || scope.relations().iter().filter_map(|relation| relation.name.last());
        let ttls = self.state_ttls.iter().map(|hint| ("STATE_TTL", &hint.table, hint.place));
        let lookups = self.lookups.iter().map(|(table, hint)| ("LOOKUP", table, Some(hint.place)));
        let mut hinted = ttls.chain(lookups);
        let Some((hint, unknown, place)) = hinted.find(|(_, table, _)| names().all(|name| name != *table)) else {
            return Ok(());
        };
        let all = || names().map(String::as_str).collect::<Vec<_>>().join(", ");
        Err(Error::input(format!("{hint} names '{unknown}', which is no table of FROM"))
            .hint(
                did_you_mean(unknown, names().map(String::as_str))
                    .unwrap_or_else(|| format!("it takes names or aliases of tables: {}", all())),
            )
            .at(place))
    }

    /// Binds a query.
    pub fn query(&mut self, query: &ast::Query) -> Result<Relation> {
        let visible = self.ctes.len();
        let bound = self.query_with(query);
        self.ctes.truncate(visible);
        bound
    }

    fn query_with(&mut self, query: &ast::Query) -> Result<Relation> {
        if let Some(with) = &query.with {
            if with.recursive {
                return Err(Error::unsupported("WITH RECURSIVE").at(place_of(with.span())));
            }
            for cte in &with.cte_tables {
                let bound = self.query(&cte.query)?;
                let columns: Vec<_> = cte.alias.columns.iter().map(|column| column.name.clone()).collect();
                let bound = renamed(bound, &columns, place_of(cte.alias.name.span))?;
                self.ctes.push((cte.alias.name.value.clone(), bound));
            }
        }
        let order = match query.order_by.as_ref().map(|order| &order.kind) {
            None => &[][..],
            Some(OrderByKind::Expressions(exprs)) => exprs.as_slice(),
            Some(OrderByKind::All(_)) => return Err(Error::unsupported("ORDER BY ALL").at(place_of(query.span()))),
        };
        let (limit, offset) = self.limits(query)?;
        if order.is_empty() && limit.is_none() && offset == 0 {
            return self.set_expr(&query.body);
        }
        let (input, order) = match query.body.as_ref() {
            SetExpr::Select(select) => {
                let Ordering { relation, order, visible } = self.ordered_select(select, order)?;
                return Ok(sorted(relation, order, offset, limit, visible));
            }
            body => {
                let input = self.set_expr(body)?;
                let scope = Scope::of(Vec::new(), input.schema.clone());
                let order = order
                    .iter()
                    .map(|item| order_key(self.output_order(item, &scope)?, item))
                    .collect::<Result<_>>()?;
                (input, order)
            }
        };
        let width = input.schema.len();
        Ok(sorted(input, order, offset, limit, width))
    }

    /// What an item of ORDER BY over output columns means: their position or an expression over them.
    fn output_order(&self, item: &ast::OrderByExpr, scope: &Scope) -> Result<Expr> {
        if let Some(index) = ordinal(&item.expr, scope.len())? {
            let fields = scope.schema().fields;
            return Ok(super::scope::column(index, &fields[index].data_type));
        }
        self.exprs(scope).bind(&item.expr)
    }

    /// LIMIT and OFFSET of a query.
    pub(super) fn limits(&self, query: &ast::Query) -> Result<(Option<u64>, u64)> {
        let mut limit = None;
        let mut offset = 0;
        match &query.limit_clause {
            None => {}
            Some(LimitClause::LimitOffset { limit: rows, offset: skipped, .. }) => {
                limit = rows.as_ref().map(|rows| self.count(rows, "LIMIT")).transpose()?;
                if let Some(skipped) = skipped {
                    offset = self.count(&skipped.value, "OFFSET")?;
                }
            }
            Some(LimitClause::OffsetCommaLimit { offset: skipped, limit: rows }) => {
                limit = Some(self.count(rows, "LIMIT")?);
                offset = self.count(skipped, "OFFSET")?;
            }
        }
        if let Some(fetch) = &query.fetch {
            if fetch.with_ties || fetch.percent {
                return Err(Error::unsupported("FETCH … WITH TIES or PERCENT")
                    .hint("FETCH FIRST 5 ROWS ONLY and LIMIT 5 take a number of rows")
                    .at(place_of(query.span())));
            }
            limit = Some(fetch.quantity.as_ref().map_or(Ok(1), |rows| self.count(rows, "FETCH"))?);
        }
        Ok((limit, offset))
    }

    fn count(&self, expr: &ast::Expr, clause: &str) -> Result<u64> {
        let scope = Scope::empty();
        let bound = self.exprs(&scope).bind(expr)?;
        let count = match bound.as_literal() {
            Some(ScalarValue::Int32(Some(rows))) => u64::try_from(*rows).ok(),
            Some(ScalarValue::Int64(Some(rows))) => u64::try_from(*rows).ok(),
            _ => None,
        };
        count.ok_or_else(|| {
            Error::input(format!("{clause} takes a number of rows, not {expr}")).at(place_of(expr.span()))
        })
    }

    fn set_expr(&mut self, body: &SetExpr) -> Result<Relation> {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::Values(values) => self.values(values),
            SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier, right } => {
                let right_place = place_of(right.span());
                let (left, right) = (self.set_expr(left)?, self.set_expr(right)?);
                let union = self.union_all(left, right, right_place)?;
                match set_quantifier {
                    SetQuantifier::All => Ok(union),
                    SetQuantifier::Distinct | SetQuantifier::None => Ok(distinct(union, None)),
                    _ => Err(Error::unsupported("UNION BY NAME").at(right_place)),
                }
            }
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let place = place_of(right.span());
                let all = matches!(set_quantifier, SetQuantifier::All | SetQuantifier::AllByName);
                let operation = match op {
                    SetOperator::Intersect => SetOperation::Intersect { all },
                    _ => SetOperation::Except { all },
                };
                let (left, right) = (self.set_expr(left)?, self.set_expr(right)?);
                self.set_operation(left, right, operation, place)
            }
            SetExpr::Table(table) => {
                let parts = table.schema_name.iter().chain(&table.table_name).cloned();
                let name = ast::ObjectName::from(parts.map(ast::Ident::new).collect::<Vec<_>>());
                Ok(self.named(&name)?.0)
            }
            other => Err(Error::input("a query was expected here").at(place_of(other.span()))),
        }
    }

    /// VALUES: rows of constants, cast to the common type of each column; a row with subqueries is a query of its own.
    pub(super) fn values(&mut self, values: &ast::Values) -> Result<Relation> {
        let scope = Scope::empty();
        let mut rows: Vec<(Option<Relation>, Vec<Expr>)> = Vec::new();
        for row in &values.rows {
            let bound = self.row_of_values(&scope, &row.content)?;
            if let Some((_, first)) = rows.first()
                && first.len() != bound.1.len()
            {
                return Err(Error::input(format!(
                    "a row of VALUES has {} columns, the first one {}",
                    bound.1.len(),
                    first.len()
                ))
                .at(row.content.first().and_then(|value| place_of(value.span()))));
            }
            rows.push(bound);
        }
        let width = rows.first().map_or(0, |(_, row)| row.len());
        let mut fields = Vec::new();
        for column in 0..width {
            let types: Vec<&DataType> = rows.iter().map(|(_, row)| row[column].data_type()).collect();
            let data_type =
                common_type(&types).map_err(|error| error.context(format!("column {} of VALUES", column + 1)))?;
            if data_type.kind == TypeKind::Null {
                return Err(Error::input(format!(
                    "column {} of VALUES is NULL in every row, so it has no type",
                    column + 1
                ))
                .hint("write CAST(NULL AS a type)"));
            }
            fields.push(Field::new(format!("EXPR${column}"), data_type));
        }
        let binder = self.exprs(&scope);
        let cast = |(value, field): (Expr, &Field)| {
            let nullable = value.data_type().nullable;
            binder.implicit_cast(value, &field.data_type.with_nullable(nullable))
        };
        let schema = Schema::new(fields);
        let (mut constant, mut computed) = (Vec::new(), Vec::new());
        for (relation, row) in rows {
            let row = row.into_iter().zip(&schema.fields).map(cast).collect::<Result<Vec<_>>>()?;
            match relation {
                None => constant.push(row),
                Some(relation) => {
                    let kind = RelationKind::Project { input: Box::new(relation), exprs: row };
                    computed.push(Relation { kind, schema: schema.clone() });
                }
            }
        }
        if !constant.is_empty() || computed.is_empty() {
            computed.insert(0, Relation { kind: RelationKind::Values(constant), schema: schema.clone() });
        }
        Ok(match computed.len() {
            1 => computed.remove(0),
            _ => Relation { kind: RelationKind::UnionAll(computed), schema },
        })
    }

    /// A row of VALUES; where it has subqueries, over a relation of one row that holds what they give.
    fn row_of_values(&mut self, scope: &Scope, row: &[ast::Expr]) -> Result<(Option<Relation>, Vec<Expr>)> {
        let exprs: Vec<&ast::Expr> = row.iter().collect();
        if exprs.iter().all(|expr| subqueries_in(expr).is_empty()) {
            let binder = self.exprs(scope);
            return Ok((None, exprs.into_iter().map(|value| binder.bind(value)).collect::<Result<_>>()?));
        }
        let (relation, values) = self.with_values(Relation::one_row(), scope, &exprs)?;
        let known = Both { first: &values, then: &NO_AGGREGATES };
        let binder = self.exprs(scope).with_special(&known);
        Ok((Some(relation), exprs.into_iter().map(|value| binder.bind(value)).collect::<Result<_>>()?))
    }

    /// The relation that a name in FROM stands for, with its full name.
    pub(super) fn named(&mut self, name: &ast::ObjectName) -> Result<(Relation, Vec<String>)> {
        if let [part] = name.0.as_slice()
            && let Some(ident) = part.as_ident()
            && let Some((cte, relation)) = self.ctes.iter().rev().find(|(cte, _)| *cte == ident.value)
        {
            return Ok((relation.clone(), vec![cte.clone()]));
        }
        let place = place_of(name.span());
        let hints: Vec<_> = self.hints.of_table(name).collect();
        match self.tables.find(&Name::from_ast(name), &hints).map_err(|error| error.at(place))? {
            NamedRelation::Table(table) => {
                let name = table.name.clone();
                let schema = table.schema.clone();
                Ok((Relation { kind: RelationKind::Scan(table), schema }, name))
            }
            NamedRelation::View { view, tables } => {
                let name: Vec<String> = view.path.parts().map(str::to_owned).to_vec();
                let path = view.path.to_string();
                if self.views.contains(&path) {
                    return Err(Error::input(format!("the view {path} is defined by itself")).at(place));
                }
                if self.views.len() >= MAX_VIEW_DEPTH {
                    let message = format!("more than {MAX_VIEW_DEPTH} views stand within one another");
                    return Err(Error::input(message).at(place));
                }
                let mut binder = QueryBinder::of_view(view, tables.as_ref(), self.context);
                binder.views = self.views.iter().cloned().chain([path]).collect();
                let mut bound = binder.query(&view.query.ast)?;
                if !view.columns.is_empty() {
                    check_width(view, bound.schema.len()).map_err(|error| error.at(place))?;
                    rename(&mut bound, view.columns.clone());
                }
                let schema = bound.schema.clone();
                let kind = RelationKind::View { name: super::table::short_name(&name), input: Box::new(bound) };
                Ok((Relation { kind, schema }, name))
            }
        }
    }
}

/// ORDER BY, OFFSET and LIMIT over a relation, of which the first `visible` columns come out.
fn sorted(input: Relation, order: Vec<OrderKey>, offset: u64, limit: Option<u64>, visible: usize) -> Relation {
    let schema = input.schema.clone();
    let sort =
        Relation { schema: schema.clone(), kind: RelationKind::Sort { input: Box::new(input), order, offset, limit } };
    if visible == schema.len() {
        return sort;
    }
    let fields = &schema.fields[..visible];
    let exprs = fields.iter().enumerate().map(|(index, field)| super::scope::column(index, &field.data_type)).collect();
    sort.project(exprs, fields.iter().map(|field| field.name.clone()).collect())
}

/// The key of an item of ORDER BY: NULLs first where ascending, last where descending, unless it says otherwise.
pub(super) fn order_key(expr: Expr, item: &ast::OrderByExpr) -> Result<OrderKey> {
    if let TypeKind::Map(..) | TypeKind::Multiset(_) = &expr.data_type().kind {
        return Err(Error::input(format!("values of type {} have no order", expr.data_type().kind))
            .at(place_of(item.expr.span())));
    }
    let descending = item.options.asc == Some(false);
    Ok(OrderKey { expr, descending, nulls_first: item.options.nulls_first.unwrap_or(!descending) })
}

/// The column that a whole number in GROUP BY or ORDER BY stands for, of `width`.
pub(super) fn ordinal(expr: &ast::Expr, width: usize) -> Result<Option<usize>> {
    let ast::Expr::Value(value) = expr else { return Ok(None) };
    let ast::Value::Number(digits, _) = &value.value else { return Ok(None) };
    match digits.parse::<usize>() {
        Ok(position) if (1..=width).contains(&position) => Ok(Some(position - 1)),
        _ => {
            Err(Error::input(format!("there is no column {digits}: they go from 1 to {width}"))
                .at(place_of(expr.span())))
        }
    }
}

/// A relation's distinct rows; how long each is remembered, if a hint says so.
pub(super) fn distinct(input: Relation, ttl: Option<Millis>) -> Relation {
    let columns = input.schema.fields.iter().enumerate();
    let keys: Vec<_> = columns.map(|(index, field)| super::scope::column(index, &field.data_type)).collect();
    let window = super::aggregate::window_keys(&input, &keys);
    let fields = input.schema.fields.iter().enumerate().map(|(index, field)| {
        let data_type = super::aggregate::key_type(&field.data_type, index, window.as_ref());
        Field::new(field.name.clone(), data_type)
    });
    Relation {
        schema: Schema::new(fields.collect()),
        kind: RelationKind::Aggregate { input: Box::new(input), keys, sets: None, calls: Vec::new(), window, ttl },
    }
}

/// A relation whose first columns have new names; none keeps the old ones.
pub(super) fn renamed(mut relation: Relation, names: &[ast::Ident], place: Option<Place>) -> Result<Relation> {
    if names.is_empty() {
        return Ok(relation);
    }
    if names.len() != relation.schema.len() {
        return Err(Error::input(format!("{} names for {} columns", names.len(), relation.schema.len())).at(place));
    }
    rename(&mut relation, names.iter().map(|name| name.value.clone()).collect());
    Ok(relation)
}

fn rename(relation: &mut Relation, names: Vec<String>) {
    for (field, name) in relation.schema.fields.iter_mut().zip(names) {
        field.name = name;
    }
}

/// The constant that an expression without columns is, for what must be known when the job is planned.
pub(super) fn constant_millis(expr: &Expr) -> Option<i64> {
    match (expr.as_literal()?, &expr.data_type().kind) {
        (ScalarValue::Int64(Some(millis)), TypeKind::IntervalMillis) => Some(*millis),
        _ => None,
    }
}
