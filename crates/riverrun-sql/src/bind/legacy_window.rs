//! Group windows of old: `GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)` with `TUMBLE_START(…)` and its kin.
//!
//! They are written over as the window functions that took their place: the window's columns are put beside FROM's,
//! the call in GROUP BY becomes these columns, and so do the calls that ask for its start, end and time. A SESSION is
//! made per the other group keys. Source of the semantics: Flink 1.14, "Group Aggregation", group windows.

use super::call::{name_of, plain_arguments};
use super::from::From;
use super::query::{QueryBinder, constant_millis};
use super::relation::Relation;
use super::scope::Scope;
use super::window_tvf::windowed;
use crate::expr::Expr;
use crate::parse::place_of;
use riverrun_core::{Error, Millis, Result, Schema, TimestampKind};
use riverrun_operators::window::spec::WindowKind;
use sqlparser::ast::{self, GroupByExpr, Ident, Select, Spanned};
use std::ops::ControlFlow;

/// The functions and how many arguments they take.
const WINDOWS: &[(&str, usize)] = &[("TUMBLE", 2), ("HOP", 3), ("SESSION", 2)];

/// What can be asked of a window, and the column that answers.
const PROPERTIES: &[(&str, &str)] = &[("_START", START), ("_END", END), ("_ROWTIME", TIME)];

const START: &str = "$window_start";
const END: &str = "$window_end";
const TIME: &str = "$window_time";

/// The group window of a GROUP BY, if there is one.
fn group_window(select: &Select) -> Option<&ast::Function> {
    let GroupByExpr::Expressions(items, _) = &select.group_by else { return None };
    items.iter().find_map(|item| match item {
        ast::Expr::Function(function) if is_window(&name_of(function)) => Some(function),
        _ => None,
    })
}

fn is_window(name: &str) -> bool {
    WINDOWS.iter().any(|(window, _)| window.eq_ignore_ascii_case(name))
}

/// The column that a call like `HOP_END(…)` asks for.
fn property(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    PROPERTIES.iter().find_map(|(suffix, column)| is_window(name.strip_suffix(suffix)?).then_some(*column))
}

impl QueryBinder<'_> {
    /// The SELECT and its input written over with a window function, if it has a group window.
    pub(super) fn without_group_window(&self, select: &Select, from: From) -> Result<(Option<Select>, From)> {
        let Some(function) = group_window(select) else { return Ok((None, from)) };
        let place = place_of(function.span());
        let name = name_of(function).to_uppercase();
        let arguments = plain_arguments(function)?;
        if !WINDOWS.contains(&(name.as_str(), arguments.len())) {
            return Err(Error::unsupported(format!("{name} with {} arguments in GROUP BY", arguments.len())).at(place));
        }
        let binder = self.exprs(&from.scope);
        let time = match binder.bind(arguments[0])? {
            Expr::Column { index, data_type } if data_type.kind.timestamp_kind() == TimestampKind::Rowtime => index,
            other => {
                return Err(Error::input(format!(
                    "the time column of {name} is no time attribute, but {}",
                    other.data_type()
                ))
                .hint("declare WATERMARK FOR the column in the table, and pass it on unchanged")
                .at(place_of(arguments[0].span())));
            }
        };
        let interval = |argument: &ast::Expr| -> Result<Millis> {
            let millis = constant_millis(&binder.bind(argument)?).filter(|millis| *millis > 0).map(Millis);
            millis.ok_or_else(|| {
                Error::input(format!("{name} takes a constant interval of days to seconds, not {argument}"))
                    .at(place_of(argument.span()))
            })
        };
        let offset = Millis(0);
        let window = match arguments[1..] {
            [slide, size] => WindowKind::Hop { slide: interval(slide)?, size: interval(size)?, offset },
            [length] if name == "TUMBLE" => WindowKind::Tumble { size: interval(length)?, offset },
            [length] => WindowKind::Session { gap: interval(length)? },
            _ => return Err(Error::bug("a group window without arguments")),
        };
        let partition = match window {
            WindowKind::Session { .. } => self.other_keys(select, &from.scope)?,
            _ => Vec::new(),
        };
        Ok((Some(rewritten(select)), beside(from, window, time, partition)))
    }

    /// The columns by which rows are grouped beside the window.
    fn other_keys(&self, select: &Select, scope: &Scope) -> Result<Vec<usize>> {
        let GroupByExpr::Expressions(items, _) = &select.group_by else { return Ok(Vec::new()) };
        let others = items.iter().filter(|item| !matches!(item, ast::Expr::Function(f) if is_window(&name_of(f))));
        others
            .map(|item| match self.exprs(scope).bind(item)? {
                Expr::Column { index, .. } => Ok(index),
                _ => Err(Error::unsupported("SESSION in GROUP BY beside an expression")
                    .hint("compute it in a subquery")
                    .at(place_of(item.span()))),
            })
            .collect()
    }
}

/// The window's columns to the right of the others, under names that nobody writes.
fn beside(from: From, window: WindowKind, time: usize, partition: Vec<usize>) -> From {
    let From { relation, mut scope } = from;
    let Relation { kind, mut schema } = windowed(relation, window, time, partition);
    let first = schema.len() - 3;
    for (field, name) in schema.fields[first..].iter_mut().zip([START, END, TIME]) {
        field.name = name.to_owned();
    }
    // As in Flink, where it is a value of the time column.
    schema.fields[first + 2].data_type.nullable = schema.fields[time].data_type.nullable;
    scope.push(Vec::new(), Schema::new(schema.fields[first..].to_vec()));
    From { relation: Relation { kind, schema }, scope }
}

fn rewritten(select: &Select) -> Select {
    let column = |name: &str| ast::Expr::Identifier(Ident::new(name));
    let mut select = select.clone();
    if let GroupByExpr::Expressions(items, _) = &mut select.group_by {
        *items = items
            .drain(..)
            .flat_map(|item| match &item {
                ast::Expr::Function(function) if is_window(&name_of(function)) => {
                    [START, END, TIME].map(column).to_vec()
                }
                _ => vec![item],
            })
            .collect();
    }
    let _ = ast::visit_expressions_mut(&mut select, |expr| {
        if let ast::Expr::Function(function) = expr
            && let Some(name) = property(&name_of(function))
        {
            // In parentheses, so that a column without an alias is named as any expression is.
            *expr = ast::Expr::Nested(Box::new(column(name)));
        }
        ControlFlow::<()>::Continue(())
    });
    select
}
