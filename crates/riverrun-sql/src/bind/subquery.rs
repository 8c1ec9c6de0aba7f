//! Subqueries in expressions, as joins.
//!
//! EXISTS and IN that WHERE demands are semi joins, NOT EXISTS and NOT IN anti joins. A scalar subquery is a left join that
//! adds its value as a column, and so is EXISTS or IN anywhere else. Conditions of a subquery that name columns of the outer
//! query go up: what they read of the subquery's own rows is selected besides (and grouped by, if it aggregates), and they
//! become conditions of the join. Subqueries in subqueries see the query around them, not the one around that.
//!
//! Source of the semantics: Flink 2.3, "IN / EXISTS subqueries", and Calcite's `SubQueryRemoveRule`.

use super::aggregate::aggregates_in;
use super::expr::{ExprBinder, Special};
use super::from::From;
use super::literal;
use super::query::QueryBinder;
use super::relation::{Relation, RelationKind};
use super::scope::{self, Scope};
use crate::expr::Expr;
use crate::functions::{FunctionContext, operators};
use crate::parse::place_of;
use riverrun_core::{Error, Field, Place, Result, Schema, TypeKind};
use riverrun_operators::join::JoinKind;
use sqlparser::ast::{
    self, BinaryOperator, GroupByExpr, Ident, JoinConstraint, Select, SelectItem, SetExpr, Spanned, UnaryOperator,
};
use std::ops::ControlFlow;

/// The name that a subquery's columns have while its conditions are bound: none that a user can write without quotes.
const SUBQUERY: &str = "$subquery";

/// Subqueries whose values are columns.
#[derive(Debug, Default)]
pub(super) struct SubqueryValues {
    known: Vec<(ast::Expr, Expr)>,
}

impl SubqueryValues {
    /// The column of a subquery's value, as [`Special::bind`].
    pub(super) fn bind(&self, expr: &ast::Expr) -> Option<Expr> {
        self.known.iter().find(|(known, _)| known == expr).map(|(_, value)| value.clone())
    }
}

impl Special for SubqueryValues {
    fn bind(&self, expr: &ast::Expr, _: &ExprBinder<'_>) -> Result<Option<Expr>> {
        Ok(SubqueryValues::bind(self, expr))
    }
}

/// While the expressions of a grouped query are bound, values of subqueries stand at columns from here on.
const PENDING: usize = 1 << 41;

/// Subqueries of a grouped query, to be joined with its groups.
#[derive(Default)]
pub(super) struct PendingValues {
    relations: Vec<Relation>,
}

impl PendingValues {
    /// The groups with a column per subquery behind their own.
    pub(super) fn finish(&self, mut groups: Relation) -> Relation {
        for relation in &self.relations {
            let width = groups.schema.len();
            let joined = Relation::join(groups, relation.clone(), JoinKind::Left, Vec::new(), None);
            let value = scope::column(width, &joined.schema.fields[width].data_type);
            groups = with_column(joined, width, value).0;
        }
        groups
    }

    /// An expression with its subqueries at their columns, which follow the first `width`.
    pub(super) fn placed(&self, expr: &Expr, width: usize) -> Expr {
        match self.relations.is_empty() {
            true => expr.clone(),
            false => expr.move_columns(&|index| if index >= PENDING { width + index - PENDING } else { index }),
        }
    }
}

/// A bound subquery: the values it selects as `$v0`, `$v1`, …, then what its conditions read of its rows.
struct Subquery {
    relation: Relation,
    /// How many columns it selects.
    values: usize,
    /// What the columns that it selects are called.
    names: Vec<String>,
    /// Conditions over the outer query's columns and those of [`SUBQUERY`].
    on: Vec<ast::Expr>,
    /// Whether it gives one row at the most for each of the outer query's.
    single: bool,
    /// Whether it counts: then there is a value where there are no rows.
    counts: bool,
}

impl QueryBinder<'_> {
    /// The rows for which the condition of WHERE is true.
    pub(super) fn selected(&mut self, from: From, condition: &ast::Expr, rules: &dyn Special) -> Result<From> {
        let From { mut relation, mut scope } = from;
        let mut joined: Vec<(&ast::Expr, SemiJoin<'_>)> = Vec::new();
        let mut plain: Vec<&ast::Expr> = Vec::new();
        let mut valued: Vec<&ast::Expr> = Vec::new();
        for conjunct in conjuncts(condition) {
            match semi_join(conjunct, false) {
                Some(semi) => joined.push((conjunct, semi)),
                None if subqueries_in(conjunct).is_empty() => plain.push(conjunct),
                None => valued.push(conjunct),
            }
        }
        if !plain.is_empty() {
            let binder = self.exprs(&scope).with_special(rules);
            let whole = [condition];
            let conditions = if joined.is_empty() && valued.is_empty() { &whole[..] } else { &plain[..] };
            for condition in conditions {
                relation = relation.restricted(binder.bind_condition(condition, "WHERE")?);
            }
            scope.retype(&relation.schema);
        }
        for (place, semi) in joined {
            relation = self.semi_joined(relation, &scope, semi, place_of(place.span()))?;
            scope.retype(&relation.schema);
        }
        if !valued.is_empty() {
            let (with_values, values) = self.with_values(relation, &scope, &valued)?;
            relation = with_values;
            scope.retype(&relation.schema);
            for conjunct in valued {
                let both = Both { first: &values, then: rules };
                let bound = self.exprs(&scope).with_special(&both).bind_condition(conjunct, "WHERE")?;
                relation = relation.filter(bound);
            }
        }
        Ok(From { relation, scope })
    }

    fn semi_joined(
        &mut self,
        relation: Relation,
        outer: &Scope,
        semi: SemiJoin<'_>,
        place: Option<Place>,
    ) -> Result<Relation> {
        let subquery = self.subquery(semi.query, outer)?;
        let (scope, mut on) = self.conditions(&relation, outer, &subquery)?;
        if let Some(value) = semi.value {
            for equality in equalities(value, &subquery)? {
                let bound = self.exprs(&scope).bind(&equality).map_err(|error| error.at(place))?;
                // With a NULL on either side it is not known whether NOT IN is true, so the row does not come.
                let unknown_too = semi.negated && bound.data_type().nullable;
                on.push(match unknown_too {
                    true => self.exprs(&scope).call(operators::IS_NOT_FALSE, vec![bound])?,
                    false => bound,
                });
            }
        }
        let kind = if semi.negated { JoinKind::Anti } else { JoinKind::Semi };
        Ok(Relation::join(relation, subquery.relation, kind, on, place))
    }

    /// The relation with one more column for the value of each subquery in the expressions.
    pub(super) fn with_values(
        &mut self,
        mut relation: Relation,
        outer: &Scope,
        exprs: &[&ast::Expr],
    ) -> Result<(Relation, SubqueryValues)> {
        let mut values = SubqueryValues::default();
        for expr in exprs {
            for node in subqueries_in(expr) {
                if values.bind(&node).is_none() {
                    let place = place_of(node.span());
                    let value;
                    (relation, value) = self.with_value(relation, outer, &node).map_err(|error| error.at(place))?;
                    values.known.push((node, value));
                }
            }
        }
        Ok((relation, values))
    }

    /// The subqueries in the expressions of a grouped query, which see nothing of its rows.
    pub(super) fn pending_values(&mut self, exprs: &[&ast::Expr]) -> Result<(SubqueryValues, PendingValues)> {
        let (mut values, mut pending) = (SubqueryValues::default(), PendingValues::default());
        for node in exprs.iter().flat_map(|expr| subqueries_in(expr)) {
            if values.bind(&node).is_some() {
                continue;
            }
            let place = place_of(node.span());
            let ast::Expr::Subquery(query) = &node else {
                return Err(Error::unsupported(
                    "EXISTS or IN (SELECT …) in the SELECT list or HAVING of a grouped query",
                )
                .hint("filter the rows in WHERE, or group in a subquery")
                .at(place));
            };
            let relation = single_row(self.query(query).map_err(|error| error.at(place))?, query, self.context)
                .map_err(|error| error.at(place))?;
            let data_type = relation.schema.fields[0].data_type.clone();
            let column = scope::column(PENDING + pending.relations.len(), &data_type.with_nullable(true));
            pending.relations.push(relation);
            values.known.push((node, column));
        }
        Ok((values, pending))
    }

    fn with_value(&mut self, relation: Relation, outer: &Scope, node: &ast::Expr) -> Result<(Relation, Expr)> {
        match node {
            ast::Expr::Subquery(query) => self.with_scalar(relation, outer, query, place_of(node.span())),
            ast::Expr::Exists { subquery, negated } => self.with_mark(relation, outer, subquery, None, *negated),
            ast::Expr::InSubquery { expr, subquery, negated } => {
                self.with_mark(relation, outer, subquery, Some(expr), *negated)
            }
            _ => Err(Error::bug("no subquery")),
        }
    }

    fn with_scalar(
        &mut self,
        relation: Relation,
        outer: &Scope,
        query: &ast::Query,
        place: Option<Place>,
    ) -> Result<(Relation, Expr)> {
        let mut subquery = self.subquery(query, outer)?;
        let lifted = subquery.relation.schema.len() - subquery.values;
        subquery.relation = checked_row(subquery.relation, lifted, subquery.single)?;
        let width = relation.schema.len();
        let (scope, on) = self.conditions(&relation, outer, &subquery)?;
        if !subquery.single && !on.iter().all(is_equality) {
            return Err(Error::unsupported(
                "a scalar subquery that is tied to the outer query by more than equalities",
            )
            .hint("aggregate in it (MAX, MIN, …), or write a join"));
        }
        let counts = subquery.counts && !subquery.on.is_empty();
        let joined = Relation::join(relation, subquery.relation, JoinKind::Left, on, place);
        let value = scope::column(width, &joined.schema.fields[width].data_type);
        let value = match counts {
            true => {
                let zero = literal::literal(&ast::Value::Number("0".into(), false))?;
                let zero = self.exprs(&scope).cast(zero, value.data_type())?;
                // Flink calls it nullable, though it is not.
                let nullable = value.data_type().clone();
                self.exprs(&scope).conditional("COALESCE", vec![value, zero])?.with_type(nullable)
            }
            false => value,
        };
        Ok(with_column(joined, width, value))
    }

    /// LATERAL: a join with a subquery that may name columns to its left.
    pub(super) fn lateral(
        &mut self,
        left: From,
        (query, alias): (&ast::Query, Option<&ast::TableAlias>),
        kind: JoinKind,
        constraint: &JoinConstraint,
        place: Option<Place>,
    ) -> Result<From> {
        if !matches!(kind, JoinKind::Inner | JoinKind::Left) {
            return Err(Error::input(format!("a {kind} join with LATERAL"))
                .detail("a subquery that reads the row to its left has no rows without it")
                .hint("use CROSS JOIN LATERAL or LEFT JOIN LATERAL … ON TRUE")
                .at(place));
        }
        let subquery = self.subquery(query, &left.scope)?;
        let width = left.relation.schema.len();
        let (_, mut on) = self.conditions(&left.relation, &left.scope, &subquery)?;
        let fields = subquery.relation.schema.fields.iter().zip(&subquery.names);
        let fields = fields.map(|(field, name)| Field::new(name.clone(), field.data_type.clone())).collect();
        let shown = Relation { schema: Schema::new(fields), ..Relation::one_row() };
        let (shown, name) = super::from::aliased(shown, Vec::new(), alias)?;
        let mut scope = left.scope;
        scope.push_at(name, width, shown.schema.clone());
        match constraint {
            JoinConstraint::None => {}
            JoinConstraint::On(condition) => on.push(self.exprs(&scope).bind_condition(condition, "ON")?),
            _ => return Err(Error::unsupported("USING or NATURAL with LATERAL").hint("write ON").at(place)),
        }
        let joined = Relation::join(left.relation, subquery.relation, kind, on, place);
        // What its conditions read of the subquery's rows goes again.
        let kept = Schema::new(joined.schema.fields[..width + subquery.values].to_vec());
        let names = kept.fields[..width].iter().map(|field| field.name.clone());
        let names = names.chain(shown.schema.fields.iter().map(|field| field.name.clone())).collect();
        let relation = joined.project(super::join::columns_of(&kept), names);
        scope.retype(&relation.schema);
        Ok(From { relation, scope })
    }

    /// Whether there is a row (that equals a value), as a column.
    fn with_mark(
        &mut self,
        relation: Relation,
        outer: &Scope,
        query: &ast::Query,
        value: Option<&ast::Expr>,
        negated: bool,
    ) -> Result<(Relation, Expr)> {
        let mut subquery = self.subquery(query, outer)?;
        let width = relation.schema.len();
        let mut conditions = subquery.on.clone();
        if let Some(value) = value {
            conditions.extend(equalities(value, &subquery)?);
        }
        subquery.on = conditions;
        // Only what the conditions read, each once, and a mark that is there.
        let first = if value.is_some() { 0 } else { subquery.values };
        let fields = subquery.relation.schema.fields[first..].to_vec();
        let mut exprs: Vec<Expr> =
            fields.iter().enumerate().map(|(at, field)| scope::column(first + at, &field.data_type)).collect();
        let mut names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        exprs.push(literal::boolean(true));
        names.push("$mark".into());
        subquery.relation = super::query::distinct(subquery.relation.project(exprs, names), None);
        let (scope, on) = self.conditions(&relation, outer, &subquery)?;
        if value.is_some() && on.iter().any(|condition| condition.data_type().nullable) {
            let what = if negated { "NOT IN" } else { "IN" };
            return Err(Error::unsupported(format!(
                "{what} (SELECT …) over values that may be NULL, within another expression"
            ))
            .detail("whether a row equals NULL is not known, and neither TRUE nor FALSE would be right")
            .hint("make it a condition of its own (… AND x IN (SELECT …)), or use EXISTS"));
        }
        if !on.iter().all(is_equality) {
            return Err(Error::unsupported(
                "EXISTS within another expression, tied to the outer query by more than equalities",
            )
            .hint("make it a condition of its own: … AND EXISTS (…)"));
        }
        let joined = Relation::join(relation, subquery.relation, JoinKind::Left, on, None);
        let mark = joined.schema.len() - 1;
        let mark = scope::column(mark, &TypeKind::Boolean.nullable());
        let found = if negated { operators::IS_NULL } else { operators::IS_NOT_NULL };
        let value = self.exprs(&scope).call(found, vec![mark])?;
        Ok(with_column(joined, width, value))
    }

    /// The conditions of a subquery bound over the outer relation's columns and then its own, and the scope for more.
    fn conditions(&self, relation: &Relation, outer: &Scope, subquery: &Subquery) -> Result<(Scope, Vec<Expr>)> {
        let mut scope = outer.clone();
        scope.push_at(vec![SUBQUERY.to_owned()], relation.schema.len(), subquery.relation.schema.clone());
        let binder = self.exprs(&scope);
        let on =
            subquery.on.iter().map(|condition| binder.bind_condition(condition, "WHERE")).collect::<Result<_>>()?;
        Ok((scope, on))
    }

    fn subquery(&mut self, query: &ast::Query, outer: &Scope) -> Result<Subquery> {
        let error = match self.query(query) {
            Ok(relation) => {
                let values = relation.schema.len();
                return Ok(Subquery {
                    names: names_of(&relation, values),
                    relation: named(relation, values),
                    values,
                    on: Vec::new(),
                    single: is_single(query, self.context),
                    counts: false,
                });
            }
            Err(error) => error,
        };
        let Some(Lifted { query: rewritten, lifted, on }) = self.lift(query, outer)? else { return Err(error) };
        let relation = self.query(&rewritten)?;
        let values = relation.schema.len() - lifted;
        Ok(Subquery {
            names: names_of(&relation, values),
            relation: named(relation, values),
            values,
            on,
            single: is_single(query, self.context),
            counts: counts(query),
        })
    }

    /// A subquery without the conditions that name the outer query's columns; `None` if there are none.
    fn lift(&mut self, query: &ast::Query, outer: &Scope) -> Result<Option<Lifted>> {
        let SetExpr::Select(select) = query.body.as_ref() else { return Ok(None) };
        let Some(selection) = &select.selection else { return Ok(None) };
        if query.with.is_some() {
            return Ok(None);
        }
        let inner = self.from(&select.from)?.scope;
        let grouped = is_grouped(select, self.context);
        let mut lift = Lift { inner: &inner, outer, columns: Vec::new() };
        let (mut on, mut kept): (Vec<ast::Expr>, Vec<ast::Expr>) = (Vec::new(), Vec::new());
        for conjunct in conjuncts(selection) {
            if !lift.reads_outer(conjunct) {
                kept.push(conjunct.clone());
            } else if grouped {
                on.push(lift.equality(conjunct)?);
            } else {
                let mut lifted = conjunct.clone();
                let _ = ast::VisitMut::visit(&mut lifted, &mut lift);
                on.push(lifted);
            }
        }
        if on.is_empty() {
            return Ok(None);
        }
        if query.order_by.is_some() || query.limit_clause.is_some() || query.fetch.is_some() {
            return Err(Error::unsupported("ORDER BY or LIMIT in a subquery that reads the outer query's columns")
                .hint("use MAX or MIN, or rank with ROW_NUMBER and join")
                .at(place_of(query.span())));
        }
        let mut rewritten = select.as_ref().clone();
        rewritten.selection = kept.into_iter().reduce(|left, right| ast::Expr::BinaryOp {
            left: Box::new(left),
            op: BinaryOperator::And,
            right: Box::new(right),
        });
        let lifted = lift.columns.len();
        for (number, expr) in lift.columns.into_iter().enumerate() {
            if grouped && let GroupByExpr::Expressions(exprs, _) = &mut rewritten.group_by {
                exprs.push(expr.clone());
            }
            rewritten.projection.push(SelectItem::ExprWithAlias { expr, alias: lifted_name(number) });
        }
        let query = ast::Query { body: Box::new(SetExpr::Select(Box::new(rewritten))), ..query.clone() };
        Ok(Some(Lifted { query, lifted, on }))
    }
}

/// A subquery whose conditions on the outer query were taken out.
struct Lifted {
    query: ast::Query,
    /// How many columns were added to those that it selects.
    lifted: usize,
    on: Vec<ast::Expr>,
}

/// Takes conditions out of a subquery.
struct Lift<'a> {
    inner: &'a Scope,
    outer: &'a Scope,
    /// What they read of the subquery's rows.
    columns: Vec<ast::Expr>,
}

impl Lift<'_> {
    fn names_inner(&self, name: &[Ident]) -> bool {
        self.inner.resolve(name).is_ok()
    }

    fn names_outer(&self, name: &[Ident]) -> bool {
        !self.names_inner(name) && self.outer.resolve(name).is_ok()
    }

    fn reads_outer(&self, expr: &ast::Expr) -> bool {
        names_in(expr).iter().any(|name| self.names_outer(name))
    }

    fn reads_inner(&self, expr: &ast::Expr) -> bool {
        names_in(expr).iter().any(|name| self.names_inner(name))
    }

    fn column(&mut self, expr: ast::Expr) -> ast::Expr {
        let known = self.columns.iter().position(|known| *known == expr);
        let number = known.unwrap_or_else(|| {
            self.columns.push(expr);
            self.columns.len() - 1
        });
        ast::Expr::CompoundIdentifier(vec![Ident::new(SUBQUERY), lifted_name(number)])
    }

    /// A condition on the groups of a subquery that aggregates: an inner value equals an outer one.
    fn equality(&mut self, condition: &ast::Expr) -> Result<ast::Expr> {
        if let ast::Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition {
            for (inner, outer) in [(left, right), (right, left)] {
                if !self.reads_outer(inner) && !self.reads_inner(outer) {
                    let column = self.column(inner.as_ref().clone());
                    return Ok(ast::Expr::BinaryOp {
                        left: outer.clone(),
                        op: BinaryOperator::Eq,
                        right: Box::new(column),
                    });
                }
            }
        }
        Err(Error::unsupported("a subquery that aggregates, tied to the outer query by more than equalities")
            .detail("its groups are known only from conditions such as inner.k = outer.k")
            .hint("join the tables first, and aggregate then")
            .at(place_of(condition.span())))
    }
}

impl ast::VisitorMut for Lift<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<()> {
        if name_of(expr).is_some_and(|name| self.names_inner(&name)) {
            *expr = self.column(expr.clone());
        }
        ControlFlow::Continue(())
    }
}

/// Two clauses' own ways to bind, one before the other.
pub(super) struct Both<'a> {
    /// Asked first.
    pub(super) first: &'a SubqueryValues,
    /// Asked then.
    pub(super) then: &'a dyn Special,
}

impl Special for Both<'_> {
    fn bind(&self, expr: &ast::Expr, binder: &ExprBinder<'_>) -> Result<Option<Expr>> {
        match self.first.bind(expr) {
            Some(value) => Ok(Some(value)),
            None => self.then.bind(expr, binder),
        }
    }
}

/// A condition that is a semi join, or an anti join.
struct SemiJoin<'a> {
    query: &'a ast::Query,
    /// What IN looks for.
    value: Option<&'a ast::Expr>,
    negated: bool,
}

fn semi_join(condition: &ast::Expr, not: bool) -> Option<SemiJoin<'_>> {
    match condition {
        ast::Expr::Nested(inner) => semi_join(inner, not),
        ast::Expr::UnaryOp { op: UnaryOperator::Not, expr } => semi_join(expr, !not),
        ast::Expr::Exists { subquery, negated } => {
            Some(SemiJoin { query: subquery, value: None, negated: *negated != not })
        }
        ast::Expr::InSubquery { expr, subquery, negated } if subqueries_in(expr).is_empty() => {
            Some(SemiJoin { query: subquery, value: Some(expr), negated: *negated != not })
        }
        _ => None,
    }
}

/// A subquery without ties to the outer query as a scalar.
fn single_row(relation: Relation, query: &ast::Query, context: &FunctionContext) -> Result<Relation> {
    checked_row(relation, 0, is_single(query, context))
}

/// One column and `keys` more, with one row at the most for each value of the latter: checked, unless known.
fn checked_row(relation: Relation, keys: usize, single: bool) -> Result<Relation> {
    let width = relation.schema.len();
    if width - keys != 1 {
        return Err(Error::input(format!("a scalar subquery selects one column, not {}", width - keys)));
    }
    if single {
        return Ok(relation);
    }
    let schema = relation.schema.clone();
    let kind = RelationKind::SingleRow { input: Box::new(relation), keys: (1..width).collect() };
    Ok(Relation { kind, schema })
}

/// `value = $v0` for each column of the subquery.
fn equalities(value: &ast::Expr, subquery: &Subquery) -> Result<Vec<ast::Expr>> {
    let values: Vec<&ast::Expr> = match value {
        ast::Expr::Tuple(values) => values.iter().collect(),
        ast::Expr::Nested(inner) => match inner.as_ref() {
            ast::Expr::Tuple(values) => values.iter().collect(),
            _ => vec![value],
        },
        _ => vec![value],
    };
    if values.len() != subquery.values {
        return Err(Error::input(format!(
            "IN compares {} with the {} columns that the subquery selects",
            if values.len() == 1 { "one value".to_owned() } else { format!("{} values", values.len()) },
            subquery.values
        ))
        .at(place_of(value.span())));
    }
    let column = |number: usize| {
        Box::new(ast::Expr::CompoundIdentifier(vec![Ident::new(SUBQUERY), Ident::new(value_name(number))]))
    };
    let equality = |(number, value): (usize, &ast::Expr)| ast::Expr::BinaryOp {
        left: Box::new(value.clone()),
        op: BinaryOperator::Eq,
        right: column(number),
    };
    Ok(values.into_iter().enumerate().map(equality).collect())
}

fn value_name(number: usize) -> String {
    format!("$v{number}")
}

fn lifted_name(number: usize) -> Ident {
    Ident::new(format!("$lifted{number}"))
}

fn names_of(relation: &Relation, values: usize) -> Vec<String> {
    relation.schema.fields.iter().take(values).map(|field| field.name.clone()).collect()
}

/// The relation with its first columns called `$v0`, `$v1`, …
fn named(mut relation: Relation, values: usize) -> Relation {
    for (number, field) in relation.schema.fields.iter_mut().take(values).enumerate() {
        field.name = value_name(number);
    }
    relation
}

/// A join's first `width` columns, and behind them a value computed over all; and that column.
fn with_column(joined: Relation, width: usize, value: Expr) -> (Relation, Expr) {
    let fields: Vec<Field> = joined.schema.fields[..width].to_vec();
    let data_type = value.data_type().clone();
    let mut exprs = super::join::columns_of(&Schema::new(fields.clone()));
    exprs.push(value);
    let names = fields.into_iter().map(|field| field.name).chain(["$value".into()]).collect();
    (joined.project(exprs, names), scope::column(width, &data_type))
}

fn is_equality(condition: &Expr) -> bool {
    matches!(condition, Expr::Call { name, .. } if name == operators::EQUAL)
}

fn is_grouped(select: &Select, context: &FunctionContext) -> bool {
    let keys = match &select.group_by {
        GroupByExpr::Expressions(exprs, _) => !exprs.is_empty(),
        GroupByExpr::All(_) => true,
    };
    keys || aggregates_in(select, context)
}

/// Whether a query aggregates all its rows to one.
fn is_single(query: &ast::Query, context: &FunctionContext) -> bool {
    match query.body.as_ref() {
        SetExpr::Select(select) => {
            let keys = !matches!(&select.group_by, GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
            !keys && aggregates_in(select, context)
        }
        SetExpr::Query(query) => is_single(query, context),
        _ => false,
    }
}

/// Whether a query selects a COUNT and nothing else, which is 0 where there are no rows.
fn counts(query: &ast::Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] = select.projection.as_slice() else {
        return false;
    };
    matches!(expr, ast::Expr::Function(function) if super::call::name_of(function).eq_ignore_ascii_case("COUNT"))
}

/// The operands of an AND.
fn conjuncts(condition: &ast::Expr) -> Vec<&ast::Expr> {
    match condition {
        ast::Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut all = conjuncts(left);
            all.extend(conjuncts(right));
            all
        }
        ast::Expr::Nested(inner) if matches!(inner.as_ref(), ast::Expr::BinaryOp { op: BinaryOperator::And, .. }) => {
            conjuncts(inner)
        }
        other => vec![other],
    }
}

/// The name that an expression is.
fn name_of(expr: &ast::Expr) -> Option<Vec<Ident>> {
    match expr {
        ast::Expr::Identifier(ident) => Some(vec![ident.clone()]),
        ast::Expr::CompoundIdentifier(parts) => Some(parts.clone()),
        _ => None,
    }
}

/// Looks at the parts of an expression outside of subqueries.
struct Outside<F> {
    depth: usize,
    visit: F,
}

impl<F: FnMut(&ast::Expr)> ast::Visitor for Outside<F> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &ast::Expr) -> ControlFlow<()> {
        if self.depth == 0 {
            (self.visit)(expr);
        }
        ControlFlow::Continue(())
    }
}

/// The names in an expression, those of subqueries in it aside.
fn names_in(expr: &ast::Expr) -> Vec<Vec<Ident>> {
    let mut names = Vec::new();
    let _ = ast::Visit::visit(expr, &mut Outside { depth: 0, visit: |expr: &ast::Expr| names.extend(name_of(expr)) });
    names
}

/// The subqueries in an expression, those within one another aside.
pub(super) fn subqueries_in(expr: &ast::Expr) -> Vec<ast::Expr> {
    let mut found = Vec::new();
    let visit = |expr: &ast::Expr| {
        if matches!(expr, ast::Expr::Subquery(_) | ast::Expr::Exists { .. } | ast::Expr::InSubquery { .. }) {
            found.push(expr.clone());
        }
    };
    let _ = ast::Visit::visit(expr, &mut Outside { depth: 0, visit });
    found
}
