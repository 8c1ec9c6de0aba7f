//! FROM: tables, joins, subqueries, window functions.

use super::exprs::arguments;
use super::scope::{Relation, Scope};
use super::{Transposed, Writer, Written, list_of_names, quoted};
use crate::parse::{Name, TABLE_ARGUMENT};
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, Ident, JoinConstraint, JoinOperator, ObjectName, TableAlias,
    TableFactor, TableVersion, TableWithJoins,
};

/// The window functions that have a table for their first argument.
const WINDOWS: &[&str] = &["TUMBLE", "HOP", "CUMULATE", "SESSION"];

impl Writer<'_> {
    /// The tables, and what names mean among them.
    pub(super) fn from<'o>(
        &mut self,
        from: &[TableWithJoins],
        outer: Option<&'o Scope<'o>>,
    ) -> Option<(String, Scope<'o>)> {
        let mut scope = Scope { outer, ..Scope::default() };
        let mut tables = Vec::new();
        for table in from {
            tables.push(self.joined(table, &mut scope, "\n")?);
        }
        Some((tables.join(",\n"), scope))
    }

    /// A table with its joins, which `between` keeps apart.
    fn joined(&mut self, table: &TableWithJoins, scope: &mut Scope<'_>, between: &str) -> Option<String> {
        let mut text = self.factor(&table.relation, scope)?;
        for join in &table.joins {
            let before = scope.relations.len();
            let right = self.factor(&join.relation, scope)?;
            let (word, constraint) = match &join.join_operator {
                JoinOperator::CrossJoin(constraint) => ("CROSS JOIN", constraint),
                JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => ("INNER JOIN", constraint),
                JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => ("LEFT JOIN", constraint),
                JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => ("RIGHT JOIN", constraint),
                JoinOperator::FullOuter(constraint) => ("FULL JOIN", constraint),
                _ => return None,
            };
            let (natural, condition) = match constraint {
                JoinConstraint::On(condition) => ("", format!(" ON {}", self.expr(condition, scope)?)),
                JoinConstraint::Using(names) => {
                    let names = names.iter().map(|name| Some(name.0.last()?.as_ident()?.value.clone()));
                    let names = names.collect::<Option<Vec<String>>>()?;
                    scope.common.extend(names.clone());
                    ("", format!(" USING{}", list_of_names(&names)))
                }
                JoinConstraint::Natural => {
                    scope.natural = true;
                    let (left, right) = scope.relations.split_at(before);
                    let shared = right.iter().flat_map(|relation| &relation.columns);
                    let shared = shared.filter(|name| left.iter().any(|relation| relation.columns.contains(name)));
                    scope.common.extend(shared.cloned().collect::<Vec<_>>());
                    ("NATURAL ", String::new())
                }
                JoinConstraint::None if word == "CROSS JOIN" => ("", String::new()),
                JoinConstraint::None => return None,
            };
            text.push_str(&format!("{between}{natural}{word} {right}{condition}"));
        }
        Some(text)
    }

    fn factor(&mut self, factor: &TableFactor, scope: &mut Scope<'_>) -> Option<String> {
        match factor {
            TableFactor::Table { name, alias, args: None, version, .. } => {
                self.table(name, alias.as_ref(), version.as_ref(), scope)
            }
            TableFactor::Table { name, alias: Some(alias), args: Some(arguments), with_ordinality: false, .. }
                if name.to_string().eq_ignore_ascii_case("UNNEST") =>
            {
                let [FunctionArg::Unnamed(FunctionArgExpr::Expr(collection))] = arguments.args.as_slice() else {
                    return None;
                };
                let text = format!("UNNEST({})", self.expr(collection, scope)?);
                named(text, Some(alias), alias.name.value.clone(), None, scope)
            }
            TableFactor::Derived { lateral, subquery, alias, sample: None } => {
                let name = alias.as_ref().map_or_else(|| self.generate(), |alias| alias.name.value.clone());
                let outer = if *lateral { Some(&*scope) } else { None };
                let Written { text, columns, .. } = self.query(subquery, outer)?;
                let lateral = if *lateral { "LATERAL " } else { "" };
                named(format!("{lateral}({text})"), alias.as_ref(), name, Some(columns), scope)
            }
            TableFactor::TableFunction { expr: Expr::Function(function), alias } => {
                let name = alias.as_ref().map_or_else(|| self.generate(), |alias| alias.name.value.clone());
                let (text, columns) = self.window_function(function)?;
                named(format!("TABLE({text})"), alias.as_ref(), name, Some(columns), scope)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                Some(format!("({})", self.joined(table_with_joins, scope, " ")?))
            }
            _ => None,
        }
    }

    fn table(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
        version: Option<&TableVersion>,
        scope: &mut Scope<'_>,
    ) -> Option<String> {
        let version = match version {
            None => String::new(),
            Some(TableVersion::ForSystemTimeAsOf(time)) => {
                format!(" FOR SYSTEM_TIME AS OF {}", self.expr(time, scope)?)
            }
            Some(_) => return None,
        };
        let (path, key, columns) = self.columns_of(name)?;
        let short = name.0.last()?.as_ident()?.value.clone();
        let text = format!("{path}{version}");
        let written = named(text, alias, alias.map_or(short, |alias| alias.name.value.clone()), Some(columns), scope)?;
        if let (None, Some(relation)) = (alias, scope.relations.last_mut()) {
            relation.key = key;
        }
        Some(written)
    }

    /// The full name of a table, how the columns of a `*` are kept by it, and its columns.
    fn columns_of(&self, name: &ObjectName) -> Option<(String, String, Vec<String>)> {
        if let [part] = name.0.as_slice()
            && let Some(ident) = part.as_ident()
            && let Some((name, columns)) = self.ctes.iter().rev().find(|(name, _)| *name == ident.value)
        {
            return Some((quoted(name), name.clone(), columns.clone()));
        }
        let (path, columns) = (self.known)(&Name::from_ast(name))?;
        let key = path.split("`.`").map(|part| part.trim_matches('`')).collect::<Vec<_>>().join(".");
        Some((path, key, columns))
    }

    /// `TUMBLE((SELECT …), DESCRIPTOR(…), …)`, and its columns.
    fn window_function(&mut self, function: &Function) -> Option<(String, Vec<String>)> {
        let name = function.name.to_string().to_uppercase();
        if !WINDOWS.contains(&name.as_str()) {
            return None;
        }
        let mut columns = None;
        let mut written = Vec::new();
        for argument in arguments(function)? {
            let (name, value) = match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => (None, value),
                FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. } => {
                    (Some(quoted(&name.value)), value)
                }
                _ => return None,
            };
            let text = match value {
                Expr::Function(function) if function.name.to_string() == TABLE_ARGUMENT => {
                    let (text, of) = self.table_argument(function)?;
                    columns = Some(of);
                    text
                }
                Expr::Subquery(query) => {
                    let Written { text, columns: of, .. } = self.query(query, None)?;
                    columns = Some(of);
                    format!("({text})")
                }
                Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("DESCRIPTOR") => {
                    format!("DESCRIPTOR({})", names(arguments(function)?)?.join(", "))
                }
                value => self.expr(value, &Scope::default())?,
            };
            written.push(match name {
                Some(name) => format!("{name} => {text}"),
                None => text,
            });
        }
        let mut columns = columns?;
        columns.extend(["window_start", "window_end", "window_time"].map(str::to_owned));
        Some((format!("{name}({})", written.join(", ")), columns))
    }

    /// `TABLE t PARTITION BY …` as the SELECT that it means.
    fn table_argument(&mut self, function: &Function) -> Option<(String, Vec<String>)> {
        let mut parts = arguments(function)?.iter().map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        });
        let (table, keys) = (parts.next()??, parts.next().transpose_option()?);
        if parts.next().is_some() {
            return None;
        }
        let (text, columns) = match table {
            Expr::Identifier(ident) => self.whole_table(std::slice::from_ref(ident))?,
            Expr::CompoundIdentifier(idents) => self.whole_table(idents)?,
            Expr::Subquery(query) => {
                let Written { text, columns, .. } = self.query(query, None)?;
                (text, columns)
            }
            _ => return None,
        };
        let keys = match keys {
            Some(Expr::Tuple(keys)) => keys.iter().map(name).collect::<Option<Vec<_>>>()?,
            _ => Vec::new(),
        };
        let partition = if keys.is_empty() { String::new() } else { format!(" PARTITION BY {}", keys.join(", ")) };
        Some((format!("({text}){partition}"), columns))
    }

    fn whole_table(&mut self, name: &[Ident]) -> Option<(String, Vec<String>)> {
        let (path, _, columns) = self.columns_of(&ObjectName::from(name.to_vec()))?;
        let short = quoted(&name.last()?.value);
        let items: Vec<String> = columns.iter().map(|column| format!("{short}.{}", quoted(column))).collect();
        Some((format!("SELECT {}\nFROM {path} AS {short}", items.join(", ")), columns))
    }
}

/// The text with its alias; the relation is in scope from then on.
fn named(
    text: String,
    alias: Option<&TableAlias>,
    name: String,
    columns: Option<Vec<String>>,
    scope: &mut Scope<'_>,
) -> Option<String> {
    let renamed: Vec<String> =
        alias.iter().flat_map(|alias| &alias.columns).map(|column| column.name.value.clone()).collect();
    let text = format!("{text} AS {}{}", quoted(&name), list_of_names(&renamed));
    let columns = if renamed.is_empty() { columns? } else { renamed };
    let key = alias.map(|alias| alias.name.value.clone()).unwrap_or_default();
    scope.relations.push(Relation { alias: name, key, columns });
    Some(text)
}

fn names(arguments: &[FunctionArg]) -> Option<Vec<String>> {
    let name = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => name(expr),
        _ => None,
    };
    arguments.iter().map(name).collect()
}

/// A name that stands alone.
fn name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(quoted(&ident.value)),
        _ => None,
    }
}
