//! GROUP BY and aggregate calls.
//!
//! A grouped SELECT computes over columns of another shape than FROM's: the group keys, then the
//! results of the aggregate calls. Its expressions are bound over that shape by [`Grouping`]: what equals
//! a group key becomes that key's column, an aggregate call becomes the column of its result, and
//! a column that is neither is an error.

mod nothing;

use super::call::{name_of, plain_arguments};
use super::expr::ExprBinder;
use super::json;
use super::literal;
use super::query::{QueryBinder, ordinal};
use super::relation::{BoundAggregate, Relation, RelationKind, WindowKeys};
use super::scope::{self, Scope};
use crate::expr::Expr;
use crate::functions::{FunctionContext, operators};
use crate::parse::{GROUP_DISTINCT, place_of};
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, Error, Field, Millis, Result, Schema, TypeKind};
use riverrun_operators::aggregates::{AggregateArgument, AggregateOptions};
use sqlparser::ast::{
    self, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, GroupByExpr,
    NullTreatment, Select, SelectItem, Spanned,
};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

/// The functions that tell which keys a grouping set lacks.
const GROUPING_FUNCTIONS: &[&str] = &["GROUPING", "GROUPING_ID", "GROUP_ID"];

/// The grouping sets of an item of GROUP BY, each a list of keys.
pub(super) type GroupItem = Vec<Vec<ast::Expr>>;

/// GROUP BY as it is written.
#[derive(Clone, Default)]
pub(super) struct GroupItems {
    pub(super) items: Vec<GroupItem>,
    /// GROUP BY DISTINCT: of equal grouping sets one counts.
    distinct: bool,
}

/// The shape of a grouped SELECT.
pub(super) struct Grouping<'a> {
    input: ExprBinder<'a>,
    keys: Vec<Expr>,
    types: Vec<DataType>,
    sets: Option<Vec<Vec<usize>>>,
    window: Option<WindowKeys>,
    calls: RefCell<Vec<BoundAggregate>>,
}

/// The items of GROUP BY; `None` where there is no such clause.
pub(super) fn group_items(select: &Select) -> Result<Option<GroupItems>> {
    let exprs = match &select.group_by {
        GroupByExpr::Expressions(exprs, modifiers) => match modifiers.first() {
            None => exprs,
            Some(modifier) => return Err(Error::unsupported(format!("GROUP BY … {modifier}"))),
        },
        GroupByExpr::All(_) => return Err(Error::unsupported("GROUP BY ALL")),
    };
    if exprs.is_empty() {
        return Ok(None);
    }
    let items = exprs.iter().filter(|expr| !is_group_distinct(expr)).map(sets_of).collect();
    Ok(Some(GroupItems { items, distinct: exprs.first().is_some_and(is_group_distinct) }))
}

/// Whether an item of GROUP BY stands for its DISTINCT.
pub(super) fn is_group_distinct(item: &ast::Expr) -> bool {
    matches!(item, ast::Expr::Identifier(ident) if ident.value == GROUP_DISTINCT)
}

/// The grouping sets of an item of GROUP BY.
fn sets_of(item: &ast::Expr) -> GroupItem {
    match item {
        ast::Expr::GroupingSets(elements) => elements
            .iter()
            .flat_map(|element| match element.as_slice() {
                [nested @ (ast::Expr::GroupingSets(_) | ast::Expr::Rollup(_) | ast::Expr::Cube(_))] => sets_of(nested),
                keys => vec![keys.to_vec()],
            })
            .collect(),
        ast::Expr::Rollup(parts) => (0..=parts.len()).rev().map(|length| parts[..length].concat()).collect(),
        ast::Expr::Cube(parts) => (0..1_usize << parts.len().min(16))
            .rev()
            .map(|chosen| {
                let position = |part: usize| parts.len() - 1 - part;
                let parts = parts.iter().enumerate().filter(|(part, _)| chosen >> position(*part) & 1 == 1);
                parts.flat_map(|(_, exprs)| exprs.iter().cloned()).collect()
            })
            .collect(),
        ast::Expr::Tuple(exprs) => vec![exprs.clone()],
        expr => vec![vec![expr.clone()]],
    }
}

/// Whether the SELECT list or HAVING has an aggregate call.
pub(super) fn aggregates_in(select: &Select, context: &FunctionContext) -> bool {
    let has_aggregate = |expr: &ast::Expr| has_function(expr, &|function| is_aggregate(function, context));
    let projected = select.projection.iter().any(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => has_aggregate(expr),
        _ => false,
    });
    projected || select.having.as_ref().is_some_and(has_aggregate)
}

/// The aggregate calls of a grouped SELECT, and those of its ORDER BY.
pub(super) fn aggregates_of(
    select: &Select,
    order_by: &[ast::OrderByExpr],
    context: &FunctionContext,
) -> Vec<ast::Expr> {
    let items = select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    });
    let written = items.chain(&select.having).chain(&select.qualify).chain(order_by.iter().map(|item| &item.expr));
    let mut found = Vec::new();
    for expr in written {
        found.extend(super::subquery::parts_outside(
            expr,
            &|part| matches!(part, ast::Expr::Function(function) if is_aggregate(function, context)),
        ));
    }
    found
}

/// Whether an expression calls such a function, subqueries in it aside.
fn has_function(expr: &ast::Expr, wanted: &dyn Fn(&ast::Function) -> bool) -> bool {
    struct Finder<'a> {
        wanted: &'a dyn Fn(&ast::Function) -> bool,
        subqueries: usize,
    }
    impl ast::Visitor for Finder<'_> {
        type Break = ();

        fn pre_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
            self.subqueries += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
            self.subqueries -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &ast::Expr) -> ControlFlow<()> {
            match expr {
                ast::Expr::Function(function) if self.subqueries == 0 && (self.wanted)(function) => {
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    ast::Visit::visit(expr, &mut Finder { wanted, subqueries: 0 }).is_break()
}

fn is_aggregate(function: &ast::Function, context: &FunctionContext) -> bool {
    function.over.is_none() && (context.aggregate(&function.name).is_some() || is_grouping(&name_of(function)))
}

fn is_grouping(name: &str) -> bool {
    GROUPING_FUNCTIONS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Refuses an aggregate call where rows are not grouped.
pub(super) fn refuse(expr: &ast::Expr, context: &FunctionContext) -> Result<()> {
    match expr {
        ast::Expr::Function(function) if is_aggregate(function, context) => {
            Err(misplaced(&name_of(function)).at(place_of(expr.span())))
        }
        _ => Ok(()),
    }
}

/// The error of an aggregate call where rows are not grouped.
pub(super) fn misplaced(name: &str) -> Error {
    Error::input(format!("the aggregate function {name} can't stand here")).hint(
        "aggregates stand in SELECT, HAVING and ORDER BY, not within one another; WHERE and GROUP BY come before them",
    )
}

/// Refuses aggregates within the arguments of aggregates, in GROUP BY, and in the text of a function.
pub(super) struct NoAggregates;

impl super::expr::Special for NoAggregates {
    fn bind(&self, expr: &ast::Expr, binder: &ExprBinder<'_>) -> Result<Option<Expr>> {
        refuse(expr, binder.context)?;
        Ok(None)
    }
}

pub(super) static NO_AGGREGATES: NoAggregates = NoAggregates;

/// Where among `keys` the window of `input` is: rows grouped by its start and its end are grouped by window.
pub(super) fn window_keys(input: &Relation, keys: &[Expr]) -> Option<WindowKeys> {
    let columns = input.window_columns()?;
    let position = |among: &[usize]| {
        keys.iter().position(|key| matches!(key, Expr::Column { index, .. } if among.contains(index)))
    };
    let window =
        WindowKeys { start: position(&columns.start)?, end: position(&columns.end)?, time: position(&columns.time) };
    if columns.session {
        // Sessions belong to the keys they were made by: grouped without one of these they are plain values.
        let of_window = |index: &usize| {
            columns.start.contains(index) || columns.end.contains(index) || columns.time.contains(index)
        };
        let mut others: Vec<usize> = Vec::new();
        for key in keys {
            match key {
                Expr::Column { index, .. } if of_window(index) => {}
                Expr::Column { index, .. } => others.push(*index),
                _ => return None,
            }
        }
        if !columns.partition?.iter().all(|key| others.contains(key)) {
            return None;
        }
    }
    Some(window)
}

/// The type of a group key in the result: only a window's time stays a time attribute.
pub(super) fn key_type(data_type: &DataType, position: usize, window: Option<&WindowKeys>) -> DataType {
    match window {
        Some(window) if window.time == Some(position) => data_type.clone(),
        _ => data_type.without_time_attribute(),
    }
}

impl QueryBinder<'_> {
    /// Binds GROUP BY over the input's columns; `special` says what else than them its expressions and aggregates may read.
    pub(super) fn grouping<'s>(
        &'s self,
        scope: &'s Scope,
        input: &Relation,
        items: GroupItems,
        select: &Select,
        special: &'s dyn super::expr::Special,
    ) -> Result<Grouping<'s>> {
        let binder = self.exprs(scope).with_special(special);
        let mut keys: Vec<Expr> = Vec::new();
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        for item in items.items {
            let mut alternatives = Vec::new();
            for set in item {
                let mut positions = Vec::new();
                for written in &set {
                    let meant = group_key(written, select, scope)?;
                    let key = binder.bind(&meant).map_err(|error| error.at(place_of(written.span())))?;
                    let position = keys.iter().position(|known| known.same_as(&key)).unwrap_or_else(|| {
                        keys.push(key);
                        keys.len() - 1
                    });
                    positions.push(position);
                }
                alternatives.push(positions);
            }
            // Items side by side: every set of the one with every set of the other.
            sets = sets
                .iter()
                .flat_map(|left| alternatives.iter().map(|right| [left.as_slice(), right.as_slice()].concat()))
                .collect();
        }
        for set in &mut sets {
            set.sort_unstable();
            set.dedup();
        }
        if items.distinct {
            let mut seen = HashSet::new();
            sets.retain(|set| seen.insert(set.clone()));
        }
        let sets = (sets.len() > 1).then_some(sets);
        let everywhere = |position: usize| sets.iter().flatten().all(|set| set.contains(&position));
        let window = window_keys(input, &keys).filter(|window| everywhere(window.start) && everywhere(window.end));
        let types = keys
            .iter()
            .enumerate()
            .map(|(position, key)| {
                let data_type = key_type(key.data_type(), position, window.as_ref());
                data_type.with_nullable(data_type.nullable || !everywhere(position))
            })
            .collect();
        Ok(Grouping { input: binder, keys, types, sets, window, calls: RefCell::default() })
    }
}

/// What an item of GROUP BY means: itself, or beyond Flink a column of the SELECT list by position or, where the input has
/// no such column, by its alias.
pub(super) fn group_key(written: &ast::Expr, select: &Select, scope: &Scope) -> Result<ast::Expr> {
    if let Some(position) = ordinal(written, select.projection.len())? {
        return match &select.projection[position] {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Ok(expr.clone()),
            _ => Err(Error::input("a position in GROUP BY can't mean *").at(place_of(written.span()))),
        };
    }
    if let ast::Expr::Identifier(ident) = written
        && scope.resolve(std::slice::from_ref(ident)).is_err()
    {
        let mut aliased = select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if alias.value == ident.value => Some(expr),
            _ => None,
        });
        if let (Some(expr), None) = (aliased.next(), aliased.next()) {
            return Ok(expr.clone());
        }
    }
    Ok(written.clone())
}

impl Grouping<'_> {
    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// A key's column of the grouped shape.
    pub(super) fn key(&self, position: usize) -> Expr {
        scope::column(position, &self.types[position])
    }

    /// The expression over the grouped shape, as [`super::expr::Special::bind`].
    pub(super) fn bind(&self, expr: &ast::Expr, outer: &ExprBinder<'_>) -> Result<Option<Expr>> {
        if let ast::Expr::Function(function) = expr
            && function.over.is_none()
        {
            let name = name_of(function);
            if is_grouping(&name) {
                return self.grouping_function(&name, function, outer).map(Some);
            }
            if outer.context.aggregate(&function.name).is_some() {
                return self.aggregate(function).map(Some);
            }
        }
        if contains_special(expr, outer.context) {
            // The usual rules take it apart, and ask again for each part.
            return Ok(None);
        }
        let bound = self.input.bind(expr)?;
        self.over_keys(&bound).map(Some)
    }

    /// An expression over the input rewritten over the keys.
    fn over_keys(&self, expr: &Expr) -> Result<Expr> {
        if let Some(position) = self.keys.iter().position(|key| key.same_as(expr)) {
            return Ok(scope::column(position, &self.types[position]));
        }
        match expr {
            Expr::Column { index, .. } => {
                let name =
                    self.input.scope.schema().fields.get(*index).map_or(String::new(), |field| field.name.clone());
                Err(Error::input(format!("column '{name}' is neither grouped nor within an aggregate"))
                    .hint(format!("add it to GROUP BY, or take one of its values: MAX({name})")))
            }
            // JSON that is a key is a text.
            Expr::Call { name, arguments, data_type, .. } if json::nests(name) => {
                let over_keys = |argument: &Expr| match json::unmarked(argument) {
                    inner @ Expr::Call { .. } if json::builds_json(inner) => self.over_keys(inner),
                    _ => self.over_keys(argument),
                };
                let arguments = arguments.iter().map(over_keys).collect::<Result<_>>()?;
                Ok(self.input.call(name, arguments)?.with_type(data_type.clone()))
            }
            expr => expr.map_children(&mut |operand| self.over_keys(operand)),
        }
    }

    /// The column of an aggregate call's result; equal calls share one.
    fn aggregate(&self, function: &ast::Function) -> Result<Expr> {
        let call = bind_aggregate(function, &self.input, !self.keys.is_empty())?;
        let data_type = call.field.data_type.clone();
        let mut calls = self.calls.borrow_mut();
        let position = calls.iter().position(|known| known.same_as(&call)).unwrap_or_else(|| {
            calls.push(call);
            calls.len() - 1
        });
        Ok(scope::column(self.first_call() + position, &data_type))
    }

    fn first_call(&self) -> usize {
        self.keys.len() + usize::from(self.sets.is_some())
    }

    /// GROUPING and GROUPING_ID: a bit per argument, set where the row's grouping set lacks it.
    fn grouping_function(&self, name: &str, function: &ast::Function, outer: &ExprBinder<'_>) -> Result<Expr> {
        let mut positions = Vec::new();
        for argument in plain_arguments(function)? {
            let key = self.input.bind(argument)?;
            let position = self.keys.iter().position(|known| known.same_as(&key)).ok_or_else(|| {
                Error::input(format!("{name} takes group keys, not {argument}")).at(place_of(argument.span()))
            })?;
            positions.push(position);
        }
        let number = |value: i64| literal::constant(ScalarValue::Int64(Some(value)), TypeKind::BigInt.not_null());
        let bits = |set: &[usize]| {
            number(positions.iter().fold(0_i64, |bits, position| bits << 1 | i64::from(!set.contains(position))))
        };
        let Some(sets) = &self.sets else {
            let all: Vec<_> = (0..self.keys.len()).collect();
            return Ok(bits(&all));
        };
        let mut equal_before: HashMap<&[usize], i64> = HashMap::new();
        let column = scope::column(self.keys.len(), &TypeKind::Int.not_null());
        let branches = sets
            .iter()
            .enumerate()
            .map(|(index, set)| {
                // GROUP_ID tells sets that are equal apart.
                let value = match name {
                    "GROUP_ID" => {
                        let before = equal_before.entry(set).or_default();
                        *before += 1;
                        number(*before - 1)
                    }
                    _ => bits(set),
                };
                let index = literal::constant(ScalarValue::Int32(Some(index as i32)), TypeKind::Int.not_null());
                Ok((outer.call(operators::EQUAL, vec![column.clone(), index])?, value))
            })
            .collect::<Result<_>>()?;
        Ok(Expr::Case { branches, otherwise: Box::new(bits(&[])), data_type: TypeKind::BigInt.not_null() })
    }

    /// The aggregation, once every expression over it is bound.
    pub(super) fn finish(self, input: Relation, ttl: Option<Millis>) -> Result<Relation> {
        let calls = self.calls.into_inner();
        let mut fields: Vec<Field> = Vec::new();
        let columns = self.input.scope.schema();
        for (position, (key, data_type)) in self.keys.iter().zip(self.types).enumerate() {
            // The value of a subquery is a column that no name means.
            let column = match key {
                Expr::Column { index, .. } => columns.fields.get(*index),
                _ => None,
            };
            let name = column.map_or_else(|| format!("key${position}"), |field| field.name.clone());
            fields.push(Field::new(name, data_type));
        }
        if self.sets.is_some() {
            fields.push(Field::new("grouping$set", TypeKind::Int.not_null()));
        }
        fields.extend(calls.iter().map(|call| call.field.clone()));
        if self.keys.is_empty()
            && nothing::is_empty(&input)
            && let Some(row) = nothing::of_no_rows(&calls)?
        {
            return Ok(Relation { schema: Schema::new(fields), kind: RelationKind::Values(vec![row]) });
        }
        Ok(Relation {
            schema: Schema::new(fields),
            kind: RelationKind::Aggregate {
                input: Box::new(input),
                keys: self.keys,
                sets: self.sets,
                calls,
                window: self.window,
                ttl,
            },
        })
    }
}

/// Whether an expression has parts that are bound by other rules than the input's columns.
fn contains_special(expr: &ast::Expr, context: &FunctionContext) -> bool {
    has_function(expr, &|function| function.over.is_some() || is_aggregate(function, context))
}

impl BoundAggregate {
    /// Whether it gives one of the values that it sees.
    pub(super) fn gives_a_value(&self) -> bool {
        matches!(self.definition.built_in(), Some("MIN" | "MAX" | "FIRST_VALUE" | "LAST_VALUE" | "SINGLE_VALUE"))
    }

    /// Whether it gives a collection of the values that it sees.
    pub(super) fn gives_a_collection(&self) -> bool {
        matches!(self.definition.built_in(), Some("ARRAY_AGG" | "COLLECT"))
    }
}

/// Binds an aggregate call over the columns of `input`.
pub(super) fn bind_aggregate(
    function: &ast::Function,
    input: &ExprBinder<'_>,
    grouped: bool,
) -> Result<BoundAggregate> {
    let name = name_of(function);
    let Some(definition) = input.context.aggregate(&function.name) else {
        return Err(Error::bug(format!("no aggregate {name}")));
    };
    if !function.within_group.is_empty() {
        return Err(Error::unsupported(format!("{name} … WITHIN GROUP")));
    }
    if function.null_treatment == Some(NullTreatment::IgnoreNulls) {
        return Err(Error::unsupported(format!("IGNORE NULLS with {name}"))
            .hint(format!("leave NULLs out with {name}(x) FILTER (WHERE x IS NOT NULL)")));
    }
    let list = match &function.args {
        FunctionArguments::List(list) => {
            // Flink's ARRAY_AGG takes an order and ignores it.
            if let Some(FunctionArgumentClause::OrderBy(_)) = list.clauses.first() {
                return Err(Error::unsupported(format!("ORDER BY within {name}"))
                    .hint("leave it out: values come in the order of the rows"));
            }
            if let Some(clause) = list.clauses.first() {
                return Err(Error::unsupported(format!("{clause} within {name}")));
            }
            list.args.as_slice()
        }
        _ => &[],
    };
    let distinct = matches!(
        &function.args,
        FunctionArguments::List(list) if list.duplicate_treatment == Some(DuplicateTreatment::Distinct)
    );
    let mut written = match list {
        [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] if distinct => {
            return Err(Error::input(format!("{name}(DISTINCT *) names no column"))
                .hint("count the different rows of a subquery: SELECT COUNT(*) FROM (SELECT DISTINCT * FROM …)"));
        }
        [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] if definition.built_in() == Some("COUNT") => Vec::new(),
        _ => plain_arguments(function)?,
    };
    let absent_on_null = match definition.built_in() {
        Some("JSON_OBJECTAGG" | "JSON_ARRAYAGG") if !written.is_empty() => {
            Some(written.remove(0).to_string().eq_ignore_ascii_case("'ABSENT'"))
        }
        _ => None,
    };
    let arguments = written.iter().map(|argument| input.bind(argument)).collect::<Result<Vec<_>>>()?;
    let json: Vec<_> = arguments.iter().map(json::builds_json).collect();
    let filter = function.filter.as_ref().map(|filter| input.bind_condition(filter, "FILTER")).transpose()?;
    let options = AggregateOptions { distinct, grouped, filtered: filter.is_some(), retracting: false, absent_on_null };
    let described: Vec<_> = arguments
        .iter()
        .zip(&json)
        .map(|(argument, json)| AggregateArgument {
            data_type: argument.data_type(),
            literal: argument.as_literal(),
            json: *json,
        })
        .collect();
    let resolved = definition.bind(&described, &options)?;
    let inputs = resolved
        .inputs
        .iter()
        .map(|taken| match arguments.get(taken.argument) {
            Some(argument) => input.implicit_cast(argument.clone(), &taken.data_type),
            None => Err(Error::bug(format!("{name} has no argument {}", taken.argument))),
        })
        .collect::<Result<_>>()?;
    let field = Field::new(ast::Expr::Function(function.clone()).to_string(), resolved.returns);
    Ok(BoundAggregate { definition, arguments, json, inputs, options, filter, field })
}
