//! UNNEST and table functions: what a row is joined with that is computed of it.

use super::call::{missing, plain_arguments};
use super::expr::ExprBinder;
use super::from::From;
use super::literal;
use super::query::QueryBinder;
use super::relation::{Relation, RelationKind};
use super::scope::{self, Scope};
use crate::expr::Expr;
use crate::functions::context::is_built_in;
use crate::parse::place_of;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, Field, Result, Schema, TypeKind};
use riverrun_operators::join::JoinKind;
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr, JoinConstraint, Spanned, TableAlias, TableFactor};
use std::borrow::Cow;

/// How UNNEST is written.
pub(super) const UNNESTED: &str = "FROM t CROSS JOIN UNNEST(a) AS u (x)";

/// The table functions that are built in.
const TABLE_FUNCTIONS: &[&str] = &["TUMBLE", "HOP", "CUMULATE", "SESSION", "UNNEST", "FROM_CHANGELOG", "TO_CHANGELOG"];

/// UNNEST, in whichever of its forms it is written, or a table function of the user.
pub(super) struct Unnest<'a> {
    /// The collection, or the function's call.
    collection: Cow<'a, ast::Expr>,
    /// Whether it is a function.
    function: bool,
    alias: Option<&'a TableAlias>,
    ordinality: bool,
}

impl QueryBinder<'_> {
    /// The error of a table function that isn't there.
    pub(super) fn no_table_function(&self, name: &str) -> Error {
        if let Some(error) = missing(name) {
            return error;
        }
        if is_built_in(name) {
            return Error::input(format!("{name} is no table function"))
                .detail("it gives one value for a row")
                .hint("call it in SELECT");
        }
        if name.eq_ignore_ascii_case("UNNEST") {
            return Error::input("UNNEST stands in FROM by itself, not within TABLE(…)").hint(UNNESTED);
        }
        let own = self.context.names();
        let own = own.iter().map(String::as_str).filter(|name| !is_built_in(name));
        let keywords = ["TABLE", "LATERAL", "UNNEST"];
        let meant = did_you_mean(name, own.chain(TABLE_FUNCTIONS.iter().copied()).chain(keywords));
        Error::input(format!("there is no table function {name}")).hint(
            meant.unwrap_or_else(|| format!("there are {}, and yours: CREATE FUNCTION", TABLE_FUNCTIONS.join(", "))),
        )
    }

    /// What a row is joined with that is computed of it: UNNEST, or a table function of the user.
    pub(super) fn unnested<'f>(&self, factor: &'f TableFactor) -> Option<Unnest<'f>> {
        if let Some(unnest) = unnest(factor) {
            return Some(unnest);
        }
        let (call, alias) = match factor {
            // LATERAL TABLE(f(…)), LATERAL f(…)
            TableFactor::Function { name, args, alias, .. } => match args.as_slice() {
                [FunctionArg::Unnamed(FunctionArgExpr::Expr(call @ ast::Expr::Function(_)))]
                    if name.to_string().eq_ignore_ascii_case("TABLE") =>
                {
                    (Cow::Borrowed(call), alias)
                }
                _ => (Cow::Owned(call(name, args)), alias),
            },
            TableFactor::TableFunction { expr, alias } => (Cow::Borrowed(expr), alias),
            TableFactor::Table { name, alias, args: Some(arguments), .. } => {
                (Cow::Owned(call(name, &arguments.args)), alias)
            }
            _ => return None,
        };
        let ast::Expr::Function(function) = call.as_ref() else { return None };
        self.context.user_function(&function.name)?;
        Some(Unnest { collection: call, function: true, alias: alias.as_ref(), ordinality: false })
    }

    /// A join with UNNEST of a collection to its left.
    pub(super) fn join_unnest(
        &mut self,
        left: From,
        join: &ast::Join,
        kind: JoinKind,
        constraint: &JoinConstraint,
    ) -> Result<From> {
        let plain = match constraint {
            JoinConstraint::None => true,
            JoinConstraint::On(ast::Expr::Value(value)) => matches!(value.value, ast::Value::Boolean(true)),
            _ => false,
        };
        let condition = || match constraint {
            JoinConstraint::On(condition) => Ok(condition),
            _ => Err(Error::input("UNNEST is joined ON a condition")
                .hint("write ON TRUE for all elements")
                .at(place_of(join.relation.span()))),
        };
        match kind {
            JoinKind::Inner if plain => self.beside(left, &join.relation, false),
            JoinKind::Left if plain => self.beside(left, &join.relation, true),
            JoinKind::Inner => {
                let From { relation, scope } = self.beside(left, &join.relation, false)?;
                let condition = self.exprs(&scope).bind_condition(condition()?, "ON")?;
                Ok(From { relation: relation.filter(condition), scope })
            }
            JoinKind::Left => {
                let From { mut relation, scope } = self.beside(left, &join.relation, true)?;
                let condition = self.exprs(&scope).bind_condition(condition()?, "ON")?;
                if let RelationKind::Unnest { on, .. } = &mut relation.kind {
                    *on = Some(condition);
                }
                Ok(From { relation, scope })
            }
            _ => Err(Error::input("UNNEST of a row's collection can't come without the row")
                .detail(format!("a {} join would give rows without it", kind))
                .hint("use CROSS JOIN or LEFT JOIN … ON TRUE")
                .at(place_of(join.relation.span()))),
        }
    }

    /// UNNEST without a table: of a constant collection.
    pub(super) fn unnest_alone(&mut self, unnest: &Unnest<'_>) -> Result<From> {
        // One row, with a column because batches count their rows by them; it goes away again.
        let schema = Schema::new(vec![Field::new("row$", TypeKind::Boolean.not_null())]);
        let rows = vec![vec![literal::boolean(true)]];
        let row = Relation { schema, kind: RelationKind::Values(rows) };
        let nothing = Scope::of(Vec::new(), Schema::default());
        let From { relation, scope } =
            self.unnest(From { relation: row, scope: nothing }, unnest, false).map_err(|error| {
                match error.hint_text() {
                    None => error.hint(format!("UNNEST takes what stands to its left in the same FROM: {UNNESTED}")),
                    Some(_) => error,
                }
            })?;
        let fields = &relation.schema.fields[1..];
        let exprs =
            fields.iter().enumerate().map(|(index, field)| scope::column(index + 1, &field.data_type)).collect();
        let names = fields.iter().map(|field| field.name.clone()).collect();
        let name = scope.relations().last().map_or_else(Vec::new, |relation| relation.name.clone());
        let relation = relation.project(exprs, names);
        let scope = Scope::of(name, relation.schema.clone());
        Ok(From { relation, scope })
    }

    pub(super) fn unnest(&mut self, left: From, unnest: &Unnest<'_>, outer: bool) -> Result<From> {
        let place = place_of(unnest.collection.span());
        let binder = self.exprs(&left.scope);
        let collection = match (unnest.collection.as_ref(), unnest.function) {
            (ast::Expr::Function(call), true) => table_call(&binder, call).map_err(|error| error.at(place))?,
            (collection, _) => binder.bind(collection)?,
        };
        let mut fields = element_fields(collection.data_type(), outer)
            .ok_or_else(|| {
                Error::input(format!("UNNEST takes an array, a map or a multiset, not {}", collection.data_type()))
            })
            .map_err(|error| error.at(place))?;
        if unnest.ordinality {
            fields.push(Field::new("ORDINALITY", TypeKind::Int.with_nullable(outer)));
        }
        let mut schema = left.relation.schema.clone();
        schema.fields.extend(fields.iter().cloned());
        let mut name = Vec::new();
        if let Some(alias) = unnest.alias {
            name.push(alias.name.value.clone());
            rename_fields(&mut fields, alias)?;
        }
        let start = left.relation.schema.len();
        for (field, renamed) in schema.fields[start..].iter_mut().zip(&fields) {
            field.name.clone_from(&renamed.name);
        }
        let relation = Relation {
            schema,
            kind: RelationKind::Unnest {
                input: Box::new(left.relation),
                collection,
                outer,
                ordinality: unnest.ordinality,
                on: None,
            },
        };
        let mut scope = left.scope;
        scope.push(name, Schema::new(fields));
        Ok(From { relation, scope })
    }
}

/// A call without clauses.
fn call(name: &ast::ObjectName, arguments: &[FunctionArg]) -> ast::Expr {
    let list = ast::FunctionArgumentList { duplicate_treatment: None, args: arguments.to_vec(), clauses: Vec::new() };
    ast::Expr::Function(ast::Function {
        name: name.clone(),
        uses_odbc_syntax: false,
        parameters: ast::FunctionArguments::None,
        args: ast::FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// The array of rows that a call of a table function gives.
fn table_call(binder: &ExprBinder<'_>, call: &ast::Function) -> Result<Expr> {
    let function = binder.context.user_function(&call.name);
    let function = function.ok_or_else(|| Error::bug(format!("no function {}", call.name)))?;
    let arguments = plain_arguments(call)?.into_iter().map(|argument| binder.bind(argument));
    binder.table_call(function, arguments.collect::<Result<_>>()?)
}

fn unnest(factor: &TableFactor) -> Option<Unnest<'_>> {
    match factor {
        TableFactor::Table { name, alias, args: Some(arguments), with_ordinality, .. }
            if name.to_string().eq_ignore_ascii_case("UNNEST") =>
        {
            match arguments.args.as_slice() {
                [FunctionArg::Unnamed(FunctionArgExpr::Expr(collection))] => {
                    Some(of_collection(collection, alias, *with_ordinality))
                }
                _ => None,
            }
        }
        TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } => match array_exprs.as_slice() {
            [collection] => Some(of_collection(collection, alias, *with_ordinality)),
            _ => None,
        },
        _ => None,
    }
}

fn of_collection<'a>(collection: &'a ast::Expr, alias: &'a Option<TableAlias>, ordinality: bool) -> Unnest<'a> {
    Unnest { collection: Cow::Borrowed(collection), function: false, alias: alias.as_ref(), ordinality }
}

/// The columns of a collection's elements: the fields of rows, key and value of a map, else one column.
fn element_fields(collection: &DataType, outer: bool) -> Option<Vec<Field>> {
    let nullable = |data_type: &DataType| data_type.with_nullable(data_type.nullable || outer);
    Some(match &collection.kind {
        TypeKind::Array(element) | TypeKind::Multiset(element) => match &element.kind {
            TypeKind::Row(fields) => fields
                .iter()
                .map(|field| {
                    let data_type = field.data_type.with_nullable(field.data_type.nullable || element.nullable);
                    Field::new(field.name.clone(), nullable(&data_type))
                })
                .collect(),
            _ => vec![Field::new("EXPR$0", nullable(element))],
        },
        TypeKind::Map(key, value) => vec![Field::new("KEY", nullable(key)), Field::new("VALUE", nullable(value))],
        _ => return None,
    })
}

fn rename_fields(fields: &mut [Field], alias: &TableAlias) -> Result<()> {
    let place = place_of(alias.name.span);
    if alias.columns.is_empty() {
        // A single column without a name of its own goes by the alias.
        if let [field] = fields
            && field.name == "EXPR$0"
        {
            field.name.clone_from(&alias.name.value);
        }
        return Ok(());
    }
    if alias.columns.len() != fields.len() {
        let found = fields.len();
        return Err(Error::input(format!("{} names for {found} columns", alias.columns.len())).at(place));
    }
    for (field, column) in fields.iter_mut().zip(&alias.columns) {
        field.name.clone_from(&column.name.value);
    }
    Ok(())
}
