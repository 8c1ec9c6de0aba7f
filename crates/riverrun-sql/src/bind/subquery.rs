//! Subqueries in expressions, as joins.
//!
//! EXISTS and IN that WHERE demands are semi joins, NOT EXISTS and NOT IN anti joins. A scalar subquery is a left join that
//! adds its value as a column, and so is EXISTS or IN anywhere else. Conditions of a subquery that name columns of the outer
//! query go up: what they read of the subquery's own rows is selected besides (and grouped by, if it aggregates), and they
//! become conditions of the join. Subqueries in subqueries see the query around them, not the one around that.
//!
//! Source of the semantics: Flink 2.3, "IN / EXISTS subqueries", and Calcite's `SubQueryRemoveRule`.

mod groups;
mod lift;
mod limited;
mod null_aware;
mod syntax;
mod values;

pub(super) use groups::{OverGroups, has_subqueries};
pub(super) use syntax::{conjuncts, names_in, parts_outside, subqueries_in};
pub(super) use values::{Both, SubqueryValues};

use super::expr::Special;
use super::from::From;
use super::literal;
use super::query::QueryBinder;
use super::relation::{Relation, RelationKind};
use super::scope::{self, Scope};
use crate::expr::Expr;
use crate::functions::operators;
use crate::parse::place_of;
use lift::Lifted;
use riverrun_core::{Error, Field, Place, Result, Schema, TypeKind};
use riverrun_operators::join::JoinKind;
use sqlparser::ast::{self, BinaryOperator, Ident, JoinConstraint, Spanned};
use std::borrow::Cow;
use syntax::{Aggregated, SemiJoin, always_has_a_row, is_count, is_single, semi_join};

/// The name that a subquery's columns have while its conditions are bound: none that a user can write without quotes.
const SUBQUERY: &str = "$subquery";

/// The name by which a subquery knows the different values of the outer query's columns.
const OUTER: &str = "$outer";

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
}

impl Subquery {
    /// Leaves the columns from `first` on that its conditions read, each combination of values once, and behind them a mark that
    /// is there.
    fn mark(&mut self, first: usize) {
        let fields = &self.relation.schema.fields[first..];
        let columns = fields.iter().enumerate().map(|(at, field)| scope::column(first + at, &field.data_type));
        let exprs = columns.chain([literal::boolean(true)]).collect();
        let names = fields.iter().map(|field| field.name.clone()).chain(["$mark".to_owned()]).collect();
        let relation = std::mem::replace(&mut self.relation, Relation::one_row());
        self.relation = super::query::distinct(relation.project(exprs, names), None);
    }
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
        let query = if semi.value.is_none() { any_row(semi.query) } else { Cow::Borrowed(semi.query) };
        let subquery = self.subquery(&query, (&relation, outer), false)?;
        if semi.value.is_none() && always_has_a_row(semi.query, self.context) {
            return Ok(if semi.negated { relation.filter(literal::boolean(false)) } else { relation });
        }
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
        let mut subquery = self.subquery(query, (&relation, outer), !is_single(query, self.context))?;
        let lifted = subquery.relation.schema.len() - subquery.values;
        subquery.relation = checked_row(subquery.relation, lifted, subquery.single)?;
        if !subquery.on.is_empty()
            && let Some(aggregated) = Aggregated::of(query, self.context)
        {
            return self.with_aggregated(relation, outer, &aggregated, place);
        }
        let width = relation.schema.len();
        let (_, on) = self.conditions(&relation, outer, &subquery)?;
        // A row that is known to be there is no update of the NULL before it.
        let kind = if on.is_empty() && is_one_row(&subquery.relation) { JoinKind::Inner } else { JoinKind::Left };
        let joined = Relation::join(relation, subquery.relation, kind, on, place);
        let value = scope::column(width, &joined.schema.fields[width].data_type.with_nullable(true));
        Ok(with_column(joined, width, value))
    }

    /// A value that is computed of aggregates also has one where there are no rows: what it is with a COUNT of 0 and NULL for the others.
    fn with_aggregated(
        &mut self,
        relation: Relation,
        outer: &Scope,
        Aggregated { query, calls, value }: &Aggregated,
        place: Option<Place>,
    ) -> Result<(Relation, Expr)> {
        let subquery = self.subquery(query, (&relation, outer), false)?;
        let width = relation.schema.len();
        let (scope, on) = self.conditions(&relation, outer, &subquery)?;
        let joined = Relation::join(relation, subquery.relation, JoinKind::Left, on, place);
        let binder = self.exprs(&scope);
        let mut results = SubqueryValues::default();
        for (number, call) in calls.iter().enumerate() {
            let field = &joined.schema.fields[width + number];
            let result = scope::column(width + number, &field.data_type.with_nullable(true));
            let result = match is_count(call) {
                true => {
                    let zero = literal::literal(&ast::Value::Number("0".into(), false))?;
                    let zero = binder.cast(zero, result.data_type())?;
                    binder.conditional("COALESCE", vec![result, zero])?
                }
                false => result,
            };
            results.known.push((call.clone(), result));
        }
        let value = binder.with_special(&results).bind(value)?;
        // Flink calls it nullable, though it may not be.
        let nullable = value.data_type().with_nullable(true);
        Ok(with_column(joined, width, value.with_type(nullable)))
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
        let subquery = self.subquery(query, (&left.relation, &left.scope), false)?;
        let width = left.relation.schema.len();
        let (_, mut on) = self.conditions(&left.relation, &left.scope, &subquery)?;
        let fields = subquery.relation.schema.fields.iter().zip(&subquery.names);
        let fields = fields.map(|(field, name)| Field::new(name.clone(), field.data_type.clone())).collect();
        let shown = Relation { schema: Schema::new(fields), ..Relation::one_row() };
        let (shown, name) = super::from::aliased(shown, Vec::new(), alias)?;
        let mut scope = left.scope;
        if kind == JoinKind::Left
            && is_always(constraint)
            && !on.is_empty()
            && let Some(aggregated) = Aggregated::of(query, self.context)
        {
            let (mut relation, _) = self.with_aggregated(left.relation, &scope, &aggregated, place)?;
            relation.schema.fields[width].name = shown.schema.fields[0].name.clone();
            scope.push_at(name, width, Schema::new(relation.schema.fields[width..].to_vec()));
            return Ok(From { relation, scope });
        }
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
        let any = if value.is_none() { any_row(query) } else { Cow::Borrowed(query) };
        let mut subquery = self.subquery(&any, (&relation, outer), true)?;
        let width = relation.schema.len();
        if value.is_none() && always_has_a_row(query, self.context) {
            return Ok(with_column(relation, width, literal::boolean(!negated)));
        }
        let mut conditions = subquery.on.clone();
        let correlated = !conditions.is_empty();
        if let Some(value) = value {
            conditions.extend(equalities(value, &subquery)?);
        }
        subquery.on = conditions;
        subquery.mark(if value.is_some() { 0 } else { subquery.values });
        let (scope, on) = self.conditions(&relation, outer, &subquery)?;
        let unknown = value.filter(|_| on.iter().any(|condition| condition.data_type().nullable));
        let joined = Relation::join(relation, subquery.relation, JoinKind::Left, on, None);
        let mark = joined.schema.len() - 1;
        let mark = scope::column(mark, &TypeKind::Boolean.nullable());
        if let Some(value) = unknown {
            let found = self.exprs(&scope).call(operators::IS_NOT_NULL, vec![mark])?;
            let values = compared(value).into_iter().map(|value| self.exprs(outer).bind(value));
            let values = values.collect::<Result<_>>()?;
            return match correlated {
                true => self.null_aware_by_row(joined, (width, outer), (values, found), query, negated),
                false => self.null_aware(joined, width, (values, found), query, negated),
            };
        }
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

    fn subquery(&mut self, query: &ast::Query, outer: (&Relation, &Scope), equalities: bool) -> Result<Subquery> {
        let error = match self.query(query) {
            Ok(relation) => {
                let values = relation.schema.len();
                return Ok(Subquery {
                    names: names_of(&relation, values),
                    relation: named(relation, values),
                    values,
                    on: Vec::new(),
                    single: is_single(query, self.context),
                });
            }
            Err(error) => error,
        };
        let Some(Lifted { query: rewritten, lifted, on, domain }) = self.lift(query, outer, equalities)? else {
            return Err(error);
        };
        let visible = self.ctes.len();
        self.ctes.extend(domain.map(|domain| (OUTER.to_owned(), domain)));
        let relation = self.query(&rewritten);
        self.ctes.truncate(visible);
        let relation = relation?;
        let values = relation.schema.len() - lifted;
        Ok(Subquery {
            names: names_of(&relation, values),
            relation: named(relation, values),
            values,
            on,
            single: is_single(query, self.context) || self.limits(query)?.0 == Some(1),
        })
    }
}

/// Whether a join's condition is TRUE.
fn is_always(constraint: &JoinConstraint) -> bool {
    matches!(constraint, JoinConstraint::On(ast::Expr::Value(value)) if value.value == ast::Value::Boolean(true))
}

/// Whether a relation is known to be one row.
fn is_one_row(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::Values(rows) => rows.len() == 1,
        RelationKind::Project { input, .. } | RelationKind::View { input, .. } | RelationKind::Fence(input) => {
            is_one_row(input)
        }
        _ => false,
    }
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

/// The values that IN compares: those of a row in parentheses, or one.
fn compared(value: &ast::Expr) -> Vec<&ast::Expr> {
    match value {
        ast::Expr::Tuple(values) => values.iter().collect(),
        ast::Expr::Nested(inner) => match inner.as_ref() {
            ast::Expr::Tuple(values) => values.iter().collect(),
            _ => vec![value],
        },
        _ => vec![value],
    }
}

/// `value = $v0` for each column of the subquery.
fn equalities(value: &ast::Expr, subquery: &Subquery) -> Result<Vec<ast::Expr>> {
    let values = compared(value);
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

/// The query of an EXISTS: how many rows it gives in which order doesn't matter, if it may give one.
fn any_row(query: &ast::Query) -> Cow<'_, ast::Query> {
    let some = |rows: &ast::Expr| {
        matches!(rows, ast::Expr::Value(value)
            if matches!(&value.value, ast::Value::Number(digits, _) if digits.parse::<u64>().is_ok_and(|rows| rows > 0)))
    };
    let limited = match &query.limit_clause {
        None => query.fetch.is_none() && query.order_by.is_none(),
        Some(ast::LimitClause::LimitOffset { limit: Some(rows), offset: None, .. }) => {
            query.fetch.is_some() || !some(rows)
        }
        Some(_) => true,
    };
    match limited {
        true => Cow::Borrowed(query),
        false => Cow::Owned(ast::Query { order_by: None, limit_clause: None, ..query.clone() }),
    }
}
