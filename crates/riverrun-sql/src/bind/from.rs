//! FROM: tables, views, subqueries, table functions, and how they stand side by side.

use super::aggregate::NO_AGGREGATES;
use super::query::{QueryBinder, renamed};
use super::relation::JoinOrigin;
use super::relation::Relation;
use super::scope::{self, Scope};
use super::subquery::{conjuncts, names_in, subqueries_in};
use super::temporal::version;
use crate::expr::Expr;
use crate::functions::operators;
use crate::parse::{self, place_of};
use riverrun_core::{Error, Place, Result, Schema};
use riverrun_operators::join::JoinKind;
use sqlparser::ast::{
    self, FunctionArg, FunctionArgExpr, Ident, JoinConstraint, JoinOperator, Spanned, TableAlias, TableFactor,
    TableWithJoins,
};
use std::collections::HashSet;

/// What FROM gives: rows, and what names mean in them.
pub(super) struct From {
    pub(super) relation: Relation,
    pub(super) scope: Scope,
}

impl QueryBinder<'_> {
    /// Binds FROM. Without it there is one row without columns.
    pub(super) fn from(&mut self, tables: &[TableWithJoins]) -> Result<From> {
        let mut bound: Option<From> = None;
        for table in tables {
            bound = Some(match bound {
                None => self.factor(&table.relation)?,
                Some(left) => named_once(self.beside(left, &table.relation, false)?, &table.relation)?,
            });
            for join in &table.joins {
                if let Some(left) = bound.take() {
                    bound = Some(named_once(self.join(left, join)?, &join.relation)?);
                }
            }
        }
        Ok(bound.unwrap_or_else(|| From { relation: Relation::one_row(), scope: Scope::empty() }))
    }

    fn join(&mut self, left: From, join: &ast::Join) -> Result<From> {
        if join.global {
            return Err(Error::input("'GLOBAL JOIN' is no join of Flink SQL")
                .hint("leave GLOBAL out: every join is over all rows of both sides")
                .at(place_of(join.relation.span())));
        }
        let (kind, constraint) = match &join.join_operator {
            JoinOperator::CrossJoin(constraint) | JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => {
                (JoinKind::Inner, constraint)
            }
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (JoinKind::Left, constraint),
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => (JoinKind::Right, constraint),
            JoinOperator::FullOuter(constraint) => (JoinKind::Full, constraint),
            _ => {
                return Err(Error::input(format!("'{join}' is no join of Flink SQL"))
                    .hint("INNER, LEFT, RIGHT, FULL and CROSS JOIN are; EXISTS and IN are semi joins")
                    .at(place_of(join.relation.span())));
            }
        };
        check_condition(&left.scope, join, constraint)?;
        if let Some(time) = version(&join.relation) {
            return self.temporal(left, &join.relation, time, kind, constraint);
        }
        if let Some(subquery) = lateral(&join.relation) {
            return self.lateral(left, subquery, kind, constraint, place_of(join.relation.span()));
        }
        if self.unnested(&join.relation).is_some() {
            return self.join_unnest(left, join, kind, constraint);
        }
        let place = place_of(join.relation.span());
        let right = self.factor(&join.relation)?;
        self.joined(left, right, kind, constraint, place)
    }

    /// A join of two relations of FROM.
    pub(super) fn joined(
        &mut self,
        left: From,
        right: From,
        kind: JoinKind,
        constraint: &JoinConstraint,
        place: Option<Place>,
    ) -> Result<From> {
        let ttl = [&left.scope, &right.scope].map(|scope| self.state_ttl(scope));
        let (left, right, rest) = self.with_subqueries_on(left, right, kind, constraint)?;
        let constraint = rest.as_ref().unwrap_or(constraint);
        let split = left.scope.len();
        let mut scope = left.scope.beside(right.scope);
        let mut common = Vec::new();
        let on = match constraint {
            JoinConstraint::None => Vec::new(),
            JoinConstraint::On(condition) if kind == JoinKind::Inner && !subqueries_in(condition).is_empty() => {
                // Of an inner join it makes no difference where a condition stands.
                let relation =
                    Relation::join(left.relation, right.relation, kind, Vec::new(), JoinOrigin { place, ttl });
                scope.retype(&relation.schema);
                return self.selected(From { relation, scope }, condition, &NO_AGGREGATES);
            }
            JoinConstraint::On(condition) => vec![self.exprs(&scope).bind_condition(condition, "ON")?],
            JoinConstraint::Using(_) | JoinConstraint::Natural => {
                common = scope.merge(split, kind, constraint)?;
                self.equalities(&scope, &common).map_err(|error| error.at(place))?
            }
        };
        let relation = Relation::join(left.relation, right.relation, kind, on, JoinOrigin { place, ttl });
        scope.retype(&relation.schema);
        self.with_common_of(From { relation, scope }, &common, kind).map_err(|error| error.at(place))
    }

    /// That the columns of each pair are equal.
    pub(super) fn equalities(&self, scope: &Scope, pairs: &[(Expr, Expr)]) -> Result<Vec<Expr>> {
        let pairs = pairs.iter().cloned();
        pairs.map(|(left, right)| self.exprs(scope).call(operators::EQUAL, vec![left, right])).collect()
    }

    /// A join of this kind with the columns that USING or NATURAL make one.
    pub(super) fn with_common_of(&self, joined: From, common: &[(Expr, Expr)], kind: JoinKind) -> Result<From> {
        // Of an inner join the left column will do, but where the right one says that it can't be NULL.
        let says_more = |(left, right): &(Expr, Expr)| left.data_type().nullable && !right.data_type().nullable;
        if kind == JoinKind::Full && !common.is_empty() || kind == JoinKind::Inner && common.iter().any(says_more) {
            return self.with_common(joined, common);
        }
        Ok(joined)
    }

    /// The sides of an outer join with the conditions of ON that have subqueries in them: what only the side without all its
    /// rows is asked for may be asked of it before. Then what is left of ON.
    fn with_subqueries_on(
        &mut self,
        mut left: From,
        mut right: From,
        kind: JoinKind,
        constraint: &JoinConstraint,
    ) -> Result<(From, From, Option<JoinConstraint>)> {
        let JoinConstraint::On(condition) = constraint else { return Ok((left, right, None)) };
        if kind == JoinKind::Inner || subqueries_in(condition).is_empty() {
            return Ok((left, right, None));
        }
        let mut rest = None;
        for conjunct in conjuncts(condition) {
            if subqueries_in(conjunct).is_empty() {
                rest = Some(match rest.take() {
                    None => conjunct.clone(),
                    Some(left) => ast::Expr::BinaryOp {
                        left: Box::new(left),
                        op: ast::BinaryOperator::And,
                        right: Box::new(conjunct.clone()),
                    },
                });
                continue;
            }
            let reads = |scope: &Scope| names_in(conjunct).iter().any(|name| scope.resolve(name).is_ok());
            let (of_left, of_right) = (reads(&left.scope), reads(&right.scope));
            match kind {
                JoinKind::Left if !of_left => right = self.selected(right, conjunct, &NO_AGGREGATES)?,
                JoinKind::Right if !of_right => left = self.selected(left, conjunct, &NO_AGGREGATES)?,
                _ => {
                    return Err(Error::unsupported(format!(
                        "a subquery in ON of a {kind} join over the side that is kept"
                    ))
                    .hint("compute it in a subquery of FROM, and compare with its column")
                    .at(place_of(conjunct.span())));
                }
            }
        }
        let always = || ast::Expr::Value(ast::Value::Boolean(true).with_empty_span());
        Ok((left, right, Some(JoinConstraint::On(rest.unwrap_or_else(always)))))
    }

    /// A join with its common columns behind the others: what either side has.
    fn with_common(&self, joined: From, pairs: &[(Expr, Expr)]) -> Result<From> {
        let From { relation, mut scope } = joined;
        let fields = relation.schema.fields.iter().enumerate();
        let mut exprs: Vec<Expr> = fields.map(|(index, field)| scope::column(index, &field.data_type)).collect();
        let mut names: Vec<String> = relation.schema.fields.iter().map(|field| field.name.clone()).collect();
        let width = exprs.len();
        let mut hidden = Vec::new();
        for pair in pairs {
            let (Expr::Column { index: left, .. }, Expr::Column { index: right, .. }) = pair else { continue };
            let both = vec![exprs[*left].clone(), exprs[*right].clone()];
            exprs.push(self.exprs(&scope).coalesce("COALESCE", both)?);
            names.push(names[*left].clone());
            hidden.push((*left, *right));
        }
        let relation = relation.project(exprs, names);
        scope.push_common(Schema::new(relation.schema.fields[width..].to_vec()), &hidden);
        Ok(From { relation, scope })
    }

    /// What stands to the right of a comma: a table, or UNNEST of something to its left.
    pub(super) fn beside(&mut self, left: From, right: &TableFactor, outer: bool) -> Result<From> {
        match self.unnested(right) {
            Some(unnest) => self.unnest(left, &unnest, outer),
            None => {
                let place = place_of(right.span());
                if let Some(subquery) = lateral(right) {
                    return self.lateral(left, subquery, JoinKind::Inner, &JoinConstraint::None, place);
                }
                let right = self.factor(right)?;
                self.joined(left, right, JoinKind::Inner, &JoinConstraint::None, place)
            }
        }
    }

    pub(super) fn factor(&mut self, factor: &TableFactor) -> Result<From> {
        if let Some(unnest) = self.unnested(factor) {
            return self.unnest_alone(&unnest);
        }
        refuse_modifiers(factor)?;
        let (relation, name, alias) = match factor {
            TableFactor::Table { version: Some(_), name, .. } => {
                return Err(Error::input("FOR SYSTEM_TIME AS OF stands in a join, on its right side")
                    .hint("… AS o JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency")
                    .at(place_of(name.span())));
            }
            TableFactor::Table { name, alias, args: None, .. } => {
                let (relation, full) = self.named(name)?;
                (relation, full, alias)
            }
            TableFactor::Table { name, alias, args: Some(arguments), .. } if parse::is_derived(name) => {
                let [FunctionArg::Unnamed(FunctionArgExpr::Expr(ast::Expr::Subquery(subquery)))] =
                    arguments.args.as_slice()
                else {
                    return Err(Error::bug("a subquery that is none"));
                };
                (self.query(subquery)?, Vec::new(), alias)
            }
            TableFactor::Table { name, alias, args: Some(arguments), .. } => {
                let place = place_of(name.span());
                let relation = self.table_function(&name.to_string(), &arguments.args, place)?;
                (relation, Vec::new(), alias)
            }
            TableFactor::Derived { subquery, alias, .. } => (self.query(subquery)?, Vec::new(), alias),
            TableFactor::TableFunction { expr: ast::Expr::Function(function), alias } => {
                let place = place_of(function.span());
                let arguments = match &function.args {
                    ast::FunctionArguments::List(list) => list.args.as_slice(),
                    _ => &[],
                };
                (self.table_function(&function.name.to_string(), arguments, place)?, Vec::new(), alias)
            }
            TableFactor::Function { name, args, .. } => {
                let place = place_of(name.span());
                let call = match args.as_slice() {
                    // LATERAL TABLE(f(…))
                    [FunctionArg::Unnamed(FunctionArgExpr::Expr(ast::Expr::Function(call)))] => call.name.to_string(),
                    _ => name.to_string(),
                };
                return Err(self.no_table_function(&call).at(place));
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                return self.from(std::slice::from_ref(table_with_joins));
            }
            TableFactor::MatchRecognize { alias, .. } => (self.match_recognize(factor)?, Vec::new(), alias),
            TableFactor::Pivot { .. } => {
                return Err(Error::unsupported("PIVOT")
                    .hint("one aggregate per value: SUM(x) FILTER (WHERE kind = 'a') AS a")
                    .at(place_of(factor.span())));
            }
            TableFactor::Unpivot { .. } => {
                return Err(Error::unsupported("UNPIVOT")
                    .hint("CROSS JOIN UNNEST(ARRAY[ROW('a', a), ROW('b', b)]) AS u (name, x)")
                    .at(place_of(factor.span())));
            }
            other => return Err(Error::input(format!("'{other}' is no table")).at(place_of(other.span()))),
        };
        let (relation, name) = aliased(relation, name, alias.as_ref())?;
        let scope = Scope::of(name, relation.schema.clone()).beside_star(relation.beside_star(alias.as_ref()));
        Ok(From { relation, scope })
    }
}

/// Refuses a join without a condition, which would be all pairs of rows.
fn check_condition(left: &Scope, join: &ast::Join, constraint: &JoinConstraint) -> Result<()> {
    if *constraint != JoinConstraint::None || matches!(join.join_operator, JoinOperator::CrossJoin(_)) {
        return Ok(());
    }
    Err(Error::input("the join has no condition")
        .hint(left.misspelt_join().unwrap_or_else(|| {
            "write ON a.id = b.id or USING (id) behind it; CROSS JOIN makes all pairs of rows".to_owned()
        }))
        .at(place_of(join.relation.span())))
}

/// Refuses what was just added to FROM if another table there has its name.
fn named_once(from: From, added: &TableFactor) -> Result<From> {
    let mut names = HashSet::new();
    let twice =
        from.scope.relations().iter().filter_map(|relation| relation.name.last()).find(|name| !names.insert(*name));
    match twice {
        Some(name) => Err(Error::input(format!("two tables in FROM have the name '{name}'"))
            .hint("give one of them another by AS")
            .at(place_of(added.span()))),
        None => Ok(from),
    }
}

/// Refuses what other dialects may say of a table in FROM. To pass over it would give other rows than were asked for.
fn refuse_modifiers(factor: &TableFactor) -> Result<()> {
    let (what, hint) = match factor {
        TableFactor::Table { sample: Some(_), .. } | TableFactor::Derived { sample: Some(_), .. } => {
            ("TABLESAMPLE", "keep a share of the rows by WHERE RAND() < 0.1")
        }
        TableFactor::Table { with_hints, .. } if !with_hints.is_empty() => {
            ("WITH (…) behind a table", "options of a table stand in a hint: t /*+ OPTIONS('key' = 'value') */")
        }
        TableFactor::Table { with_ordinality: true, .. } => {
            ("WITH ORDINALITY of a table", "UNNEST(…) WITH ORDINALITY numbers the elements of a collection")
        }
        TableFactor::Table { partitions, .. } if !partitions.is_empty() => {
            ("PARTITION (…) behind a table", "choose a partition by WHERE on its columns")
        }
        TableFactor::Table { index_hints, .. } if !index_hints.is_empty() => {
            ("an index hint", "leave it out: there are no indexes")
        }
        TableFactor::Table { json_path: Some(_), .. } => ("a path into a table", "read it by JSON_VALUE or by a field"),
        _ => return Ok(()),
    };
    Err(Error::unsupported(what).hint(hint).at(place_of(factor.span())))
}

/// The subquery of LATERAL, and its alias.
fn lateral(factor: &TableFactor) -> Option<(&ast::Query, Option<&TableAlias>)> {
    match factor {
        TableFactor::Derived { lateral: true, subquery, alias, .. } => Some((subquery, alias.as_ref())),
        _ => None,
    }
}

pub(super) fn aliased(
    relation: Relation,
    name: Vec<String>,
    alias: Option<&TableAlias>,
) -> Result<(Relation, Vec<String>)> {
    let Some(alias) = alias else { return Ok((relation, name)) };
    let columns: Vec<Ident> = alias.columns.iter().map(|column| column.name.clone()).collect();
    let relation = renamed(relation, &columns, place_of(alias.name.span))?;
    Ok((relation, vec![alias.name.value.clone()]))
}
