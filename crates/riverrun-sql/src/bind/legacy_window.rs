//! Group windows of old: `GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)` with `TUMBLE_START(…)` and its kin.
//!
//! They are written over as the window functions that took their place: the window's columns are put beside FROM's,
//! the call in GROUP BY becomes these columns, and so do the calls that ask for its start, end and time. A SESSION is
//! made per the other group keys. Source of the semantics: Flink 1.14, "Group Aggregation", group windows.

use super::aggregate::is_group_distinct;
use super::call::{name_of, plain_arguments};
use super::from::From;
use super::join::columns_of;
use super::query::{QueryBinder, constant_millis};
use super::relation::{Relation, RelationKind};
use super::window_tvf::windowed;
use crate::expr::Expr;
use crate::parse::place_of;
use riverrun_core::{DataType, Error, Millis, Result, Schema, TimestampKind};
use riverrun_operators::window::spec::WindowKind;
use sqlparser::ast::{self, GroupByExpr, Ident, Select, Spanned};
use std::ops::ControlFlow;

/// The functions and how many arguments they take.
const WINDOWS: &[(&str, usize)] = &[("TUMBLE", 2), ("HOP", 3), ("SESSION", 2)];

/// What answers a call like `HOP_END(…)`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Property {
    /// A column of the window.
    Column(&'static str),
    /// The time of the clock when the result is read.
    Clock,
}

/// What can be asked of a window.
const PROPERTIES: &[(&str, Property)] = &[
    ("_START", Property::Column(START)),
    ("_END", Property::Column(END)),
    ("_ROWTIME", Property::Column(TIME)),
    ("_PROCTIME", Property::Clock),
];

const START: &str = "$window_start";
const END: &str = "$window_end";
const TIME: &str = "$window_time";
/// The time by which rows are put into windows, where it is computed.
const TIME_OF_ROW: &str = "$time";

/// The group window of a GROUP BY, if there is one.
fn group_window(select: &Select) -> Option<&ast::Function> {
    group_windows(select).next()
}

fn group_windows(select: &Select) -> impl Iterator<Item = &ast::Function> {
    let items: &[ast::Expr] = match &select.group_by {
        GroupByExpr::Expressions(items, _) => items,
        GroupByExpr::All(_) => &[],
    };
    items.iter().filter_map(|item| match item {
        ast::Expr::Function(function) if is_window(&name_of(function)) => Some(function),
        _ => None,
    })
}

fn is_window(name: &str) -> bool {
    WINDOWS.iter().any(|(window, _)| window.eq_ignore_ascii_case(name))
}

/// What a call like `HOP_END(…)` asks for.
fn property(name: &str) -> Option<Property> {
    let name = name.to_ascii_uppercase();
    PROPERTIES.iter().find_map(|(suffix, property)| is_window(name.strip_suffix(suffix)?).then_some(*property))
}

/// The window whose property a function of this name asks for, or that it makes.
pub(super) fn window_of(name: &str) -> Option<&'static str> {
    let (window, _) = WINDOWS.iter().find(|(window, _)| {
        let rest = name.strip_prefix(window);
        rest.is_some_and(|rest| rest.is_empty() || PROPERTIES.iter().any(|(suffix, _)| *suffix == rest))
    })?;
    Some(window)
}

/// The hint where `window_end`, or another column of a window function, is named beside these columns of a group window.
pub(super) fn asked_by_call<'a>(name: &str, mut columns: impl Iterator<Item = &'a str>) -> Option<String> {
    let (suffix, _) = PROPERTIES.iter().find(|(_, property)| match property {
        Property::Column(column) => column.strip_prefix('$').is_some_and(|column| column.eq_ignore_ascii_case(name)),
        Property::Clock => false,
    })?;
    let calls: Vec<_> = WINDOWS.iter().map(|(window, _)| format!("{window}{suffix}(…)")).collect();
    let calls = calls.join(", ");
    columns.any(|column| column == END).then(|| format!("{calls}, with the arguments of the window in GROUP BY"))
}

impl QueryBinder<'_> {
    /// The SELECT and its input written over with a window function, if it has a group window.
    pub(super) fn without_group_window(&self, select: &Select, from: From) -> Result<(Option<Select>, From)> {
        let Some(function) = group_window(select) else { return Ok((None, from)) };
        let place = place_of(function.span());
        if let Some(second) = group_windows(select).nth(1) {
            return Err(Error::input("GROUP BY has two windows")
                .hint("group by one of them here, and by the other in a query around this one")
                .at(place_of(second.span())));
        }
        let name = name_of(function).to_uppercase();
        let arguments = plain_arguments(function)?;
        if !WINDOWS.contains(&(name.as_str(), arguments.len())) {
            let (_, takes) = WINDOWS.iter().find(|(window, _)| *window == name).copied().unwrap_or_default();
            return Err(Error::input(format!("{name} in GROUP BY takes {takes} arguments, not {}", arguments.len()))
                .hint(match arguments.len() > takes {
                    true => {
                        format!("the window function takes an offset: FROM TABLE({name}(TABLE t, DESCRIPTOR(ts), …))")
                    }
                    false if takes == 3 => {
                        format!("{name}(ts, INTERVAL '1' MINUTE, INTERVAL '1' HOUR): the time, the slide and the size")
                    }
                    false => format!("{name}(ts, INTERVAL '1' MINUTE): the time and an interval"),
                })
                .at(place));
        }
        let binder = self.exprs(&from.scope);
        let time = binder.bind(arguments[0])?;
        if !time.data_type().kind.is_time_attribute() && !from.relation.shows_value_as_time(&time) {
            return Err(Error::input(format!(
                "the time column of {name} is no time attribute, but {}",
                time.data_type()
            ))
            .hint(
                "declare WATERMARK FOR the column in the table and pass it on unchanged, or use a column AS PROCTIME()",
            )
            .at(place_of(arguments[0].span())));
        }
        let interval = |argument: &ast::Expr| -> Result<Millis> {
            let told = match constant_millis(&binder.bind(argument)?) {
                Some(millis) if millis > 0 => return Ok(Millis(millis)),
                Some(_) => format!("{name} takes an interval longer than 0, not {argument}"),
                None => format!("{name} takes a constant interval of days to seconds, not {argument}"),
            };
            Err(Error::input(told).at(place_of(argument.span())))
        };
        let offset = Millis(0);
        let window = match arguments[1..] {
            [slide, size] => WindowKind::Hop { slide: interval(slide)?, size: interval(size)?, offset },
            [length] if name == "TUMBLE" => WindowKind::Tumble { size: interval(length)?, offset },
            [length] => WindowKind::Session { gap: interval(length)? },
            _ => return Err(Error::bug("a group window without arguments")),
        };
        let (from, partition, computed) = match window {
            WindowKind::Session { .. } => self.session_keys(select, from)?,
            _ => (from, Vec::new(), Vec::new()),
        };
        let (from, time) = with_time(from, time);
        let processing = from.relation.schema.fields[time].data_type.kind.timestamp_kind() == TimestampKind::Proctime;
        let rewritten = rewritten(select, function, processing, &computed)?;
        Ok((Some(rewritten), beside(from, window, time, partition)))
    }

    /// The columns by which rows are grouped beside a SESSION, and the expressions among them, which become columns.
    fn session_keys<'s>(&self, select: &'s Select, from: From) -> Result<(From, Vec<usize>, Vec<&'s ast::Expr>)> {
        let items: &[ast::Expr] = match &select.group_by {
            GroupByExpr::Expressions(items, _) => items,
            GroupByExpr::All(_) => &[],
        };
        let From { relation, scope } = from;
        let width = relation.schema.len();
        let (mut partition, mut computed, mut exprs) = (Vec::new(), Vec::new(), Vec::new());
        let key = |item: &&ast::Expr| match item {
            ast::Expr::Function(function) => !is_window(&name_of(function)),
            item => !is_group_distinct(item),
        };
        for item in items.iter().filter(key) {
            match self.exprs(&scope).bind(item)? {
                Expr::Column { index, .. } => partition.push(index),
                expr => {
                    partition.push(width + exprs.len());
                    computed.push(item);
                    exprs.push(expr);
                }
            }
        }
        let names = (0..exprs.len()).map(key_name).collect();
        Ok((with_columns(From { relation, scope }, exprs, names), partition, computed))
    }
}

/// The input with the window's time among its columns, and which one it is. As in Flink, what is computed of a time attribute and
/// shown as one (`MAX(ts)`, `ts + INTERVAL '1' SECOND`, the time of a joined row) puts rows into windows by its value; the
/// watermark remains that of the rows.
fn with_time(from: From, time: Expr) -> (From, usize) {
    match time {
        Expr::Column { index, data_type } if data_type.kind.is_time_attribute() => (from, index),
        time => {
            let DataType { kind, nullable } = time.data_type().clone();
            let shown = DataType { kind: kind.with_timestamp_kind(TimestampKind::Rowtime), nullable };
            let index = from.relation.schema.len();
            (with_columns(from, vec![time.with_type(shown)], vec![TIME_OF_ROW.to_owned()]), index)
        }
    }
}

/// Further columns to the right of the others, under names that nobody writes.
fn with_columns(from: From, exprs: Vec<Expr>, added: Vec<String>) -> From {
    if exprs.is_empty() {
        return from;
    }
    let From { relation, mut scope } = from;
    let width = relation.schema.len();
    let mut names: Vec<String> = relation.schema.fields.iter().map(|field| field.name.clone()).collect();
    names.extend(added);
    let mut all: Vec<Expr> = columns_of(&relation.schema);
    all.extend(exprs);
    let relation = relation.project(all, names);
    scope.push_at(Vec::new(), width, Schema::new(relation.schema.fields[width..].to_vec()));
    From { relation, scope }
}

/// The window's columns to the right of the others, under names that nobody writes.
fn beside(from: From, window: WindowKind, time: usize, partition: Vec<usize>) -> From {
    let From { relation, mut scope } = from;
    let Relation { mut kind, mut schema } = windowed(relation, window, time, partition);
    if let RelationKind::Window { legacy, .. } = &mut kind {
        *legacy = true;
    }
    let first = schema.len() - 3;
    for (field, name) in schema.fields[first..].iter_mut().zip([START, END, TIME]) {
        field.name = name.to_owned();
    }
    // As in Flink, where it is a value of the time column.
    schema.fields[first + 2].data_type.nullable = schema.fields[time].data_type.nullable;
    // A subquery in WHERE may have left columns of its own.
    scope.push_at(Vec::new(), first, Schema::new(schema.fields[first..].to_vec()));
    From { relation: Relation { kind, schema }, scope }
}

/// The SELECT with the window's columns in place of the calls, and with columns in place of the expressions that are keys of a SESSION.
fn rewritten(select: &Select, window: &ast::Function, processing: bool, keys: &[&ast::Expr]) -> Result<Select> {
    let mut select = select.clone();
    if let GroupByExpr::Expressions(items, _) = &mut select.group_by {
        *items = items
            .drain(..)
            .flat_map(|item| match &item {
                ast::Expr::Function(function) if is_window(&name_of(function)) => {
                    [START, END, TIME].map(named).to_vec()
                }
                _ => vec![item],
            })
            .collect();
    }
    // It is bound already; the windows of its subqueries are their own.
    let from = std::mem::take(&mut select.from);
    let mut rewriter = Rewriter { window, processing, keys, subqueries: 0 };
    let broken = ast::VisitMut::visit(&mut select, &mut rewriter);
    select.from = from;
    match broken {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(select),
    }
}

fn named(name: &str) -> ast::Expr {
    ast::Expr::Identifier(Ident::new(name))
}

/// The name of the n-th computed key of a SESSION.
fn key_name(position: usize) -> String {
    format!("$key{position}")
}

struct Rewriter<'a> {
    window: &'a ast::Function,
    processing: bool,
    keys: &'a [&'a ast::Expr],
    subqueries: usize,
}

impl ast::VisitorMut for Rewriter<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, _: &mut ast::Query) -> ControlFlow<Error> {
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut ast::Query) -> ControlFlow<Error> {
        self.subqueries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<Error> {
        if self.subqueries > 0 {
            return ControlFlow::Continue(());
        }
        let key = self.keys.iter().position(|key| *key == expr);
        let value = match expr {
            _ if key.is_some() => named(&key_name(key.unwrap_or_default())),
            ast::Expr::Function(function) => {
                let Some(property) = property(&name_of(function)) else { return ControlFlow::Continue(()) };
                if let Err(error) = check_property(function, property, self.window, self.processing) {
                    return ControlFlow::Break(error);
                }
                match property {
                    Property::Column(name) => named(name),
                    Property::Clock => {
                        let mut now = function.clone();
                        now.name = ast::ObjectName(vec![ast::ObjectNamePart::Identifier(Ident::new("PROCTIME"))]);
                        if let ast::FunctionArguments::List(list) = &mut now.args {
                            list.args.clear();
                        }
                        ast::Expr::Function(now)
                    }
                }
            }
            _ => return ControlFlow::Continue(()),
        };
        // In parentheses, so that a column without an alias is named as any expression is.
        *expr = ast::Expr::Nested(Box::new(value));
        ControlFlow::Continue(())
    }
}

/// A call like `TUMBLE_START(…)` must ask for the window that rows are grouped by.
fn check_property(call: &ast::Function, property: Property, window: &ast::Function, processing: bool) -> Result<()> {
    let (name, window_name) = (name_of(call).to_uppercase(), name_of(window).to_uppercase());
    let place = place_of(call.span());
    let texts = |function: &ast::Function| -> Result<Vec<String>> {
        Ok(plain_arguments(function)?.iter().map(|argument| argument.to_string().to_lowercase()).collect())
    };
    let of_window = name.rsplit_once('_').is_some_and(|(own, _)| own == window_name);
    if !of_window || texts(call)? != texts(window)? {
        return Err(Error::input(format!("{name} asks for a window that rows are not grouped by"))
            .detail(format!("GROUP BY has {window}"))
            .hint("give it the arguments of the window in GROUP BY")
            .at(place));
    }
    if processing && property == Property::Column(TIME) {
        return Err(Error::input(format!("{name} asks for event time, but the window is of processing time"))
            .hint(format!("{window_name}_PROCTIME, or {window_name}_END for the border"))
            .at(place));
    }
    Ok(())
}
