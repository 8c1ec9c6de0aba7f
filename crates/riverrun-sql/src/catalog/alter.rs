//! ALTER TABLE and ALTER VIEW.
//!
//! Source: Flink, "ALTER Statements". A column that an expression of the table reads is neither dropped nor renamed.

use super::describe::constraint_name;
use super::{Catalog, CatalogTable, CatalogView, Object, like};
use crate::parse::{
    AlterTable, AlterView, ColumnKind, ColumnPosition, CreateTable, Name, NamePart, SqlExpr, TableChange, TablePart,
    ViewChange,
};
use riverrun_core::{Error, Result};
use sqlparser::ast::{self, Visit, Visitor};
use std::ops::ControlFlow;
use std::sync::Arc;

#[cfg(test)]
mod tests;

impl Catalog {
    /// ALTER TABLE.
    pub fn alter_table(&mut self, alter: &AlterTable) -> Result<()> {
        let path = self.path(&alter.name)?;
        if alter.if_exists && self.get(&path).is_none() {
            return Ok(());
        }
        let mut table = match self.find(&alter.name)? {
            Object::Table(table) => table.as_ref().clone(),
            Object::View(_) => return Err(wrong_kind(&alter.name, "view")),
        };
        refuse_temporary(table.temporary, &alter.name, "table")?;
        match &alter.change {
            TableChange::Rename(name) => {
                table.path = self.path(name)?;
                return self.rename(&alter.name, name, Object::Table(Arc::new(table)));
            }
            TableChange::RenameColumn(from, to) => rename_column(&mut table, from, to)?,
            TableChange::Add(parts) => parts.iter().try_for_each(|part| add(&mut table, part))?,
            TableChange::Modify(parts) => parts.iter().try_for_each(|part| modify(&mut table, part))?,
            TableChange::DropColumns(names) => drop_columns(&mut table, names)?,
            TableChange::DropPrimaryKey(name) => drop_primary_key(&mut table, name.as_ref(), &alter.name)?,
            TableChange::DropWatermark => {
                if table.watermark.take().is_none() {
                    return Err(
                        Error::input(format!("the table '{}' has no watermark", alter.name)).at(alter.name.place())
                    );
                }
            }
            TableChange::DropDistribution => {
                if table.distribution.take().is_none() {
                    return Err(
                        Error::input(format!("the table '{}' is not DISTRIBUTED", alter.name)).at(alter.name.place())
                    );
                }
            }
            TableChange::AddPartitions(specs, if_not_exists) => {
                specs.iter().try_for_each(|spec| table.add_partition(spec, *if_not_exists))?;
            }
            TableChange::DropPartitions(specs, if_exists) => {
                specs.iter().try_for_each(|spec| table.drop_partition(spec, *if_exists))?;
            }
            TableChange::SetOptions(options) => {
                options.iter().for_each(|(key, value)| table.options.insert(key, value.clone()));
            }
            TableChange::ResetOptions(keys) => {
                for key in keys {
                    if key.value == "connector" {
                        return Err(Error::input("the option 'connector' can't be reset").at(key.place));
                    }
                    table.options.remove(&key.value);
                }
            }
        }
        let table = like::check(table, &places(alter))?;
        self.put(Object::Table(Arc::new(table)));
        Ok(())
    }

    /// ALTER VIEW. That a new query is right is checked by whoever binds it.
    pub fn alter_view(&mut self, alter: &AlterView) -> Result<()> {
        let mut view: CatalogView = match self.find(&alter.name)? {
            Object::View(view) => view.as_ref().clone(),
            Object::Table(_) => return Err(wrong_kind(&alter.name, "table")),
        };
        refuse_temporary(view.temporary, &alter.name, "view")?;
        match &alter.change {
            ViewChange::Rename(name) => {
                view.path = self.path(name)?;
                return self.rename(&alter.name, name, Object::View(Arc::new(view)));
            }
            ViewChange::Query(query) => {
                view.columns.clear();
                view.query = query.clone();
                view.stars = Arc::default();
                view.home = (self.current_catalog().to_owned(), self.current_database().to_owned());
            }
        }
        self.put(Object::View(Arc::new(view)));
        Ok(())
    }

    /// Puts an object under another name in the place of its old one.
    fn rename(&mut self, from: &Name, to: &Name, object: Object) -> Result<()> {
        let old = self.path(from)?;
        let new = object.path().clone();
        if (&old.catalog, &old.database) != (&new.catalog, &new.database) {
            return Err(Error::input(format!(
                "'{to}' is in another database: a {} is renamed where it is",
                object.noun()
            ))
            .at(to.place()));
        }
        if let Some(other) = self.get(&new) {
            return Err(Error::input(format!("there is a {} '{to}' already", other.noun())).at(to.place()));
        }
        self.remove(&old);
        self.put(object);
        Ok(())
    }
}

fn wrong_kind(name: &Name, is: &str) -> Error {
    Error::input(format!("'{name}' is a {is}")).hint(format!("write ALTER {}", is.to_uppercase())).at(name.place())
}

fn refuse_temporary(temporary: bool, name: &Name, noun: &str) -> Result<()> {
    match temporary {
        true => Err(Error::input(format!("the {noun} '{name}' is temporary, and can't be altered"))
            .hint(format!("drop it and create it anew: DROP TEMPORARY {} {name}", noun.to_uppercase()))
            .at(name.place())),
        false => Ok(()),
    }
}

/// The statement as far as the checks of a table's parts want to know where these stand.
fn places(alter: &AlterTable) -> CreateTable {
    let mut create = crate::parse::unfilled(alter.name.clone());
    if let TableChange::Add(parts) | TableChange::Modify(parts) = &alter.change {
        create.primary_key = parts.iter().find_map(|part| match part {
            TablePart::PrimaryKey(key) => Some(key.clone()),
            _ => None,
        });
    }
    create
}

fn position(table: &CatalogTable, name: &NamePart) -> Result<usize> {
    table.column(&name.value).map(|(index, _)| index).ok_or_else(|| like::no_column(table, &name.value).at(name.place))
}

fn place_column(table: &mut CatalogTable, from: usize, to: &Option<ColumnPosition>) -> Result<()> {
    let column = table.columns.remove(from);
    let at = match to {
        None => from,
        Some(ColumnPosition::First) => 0,
        Some(ColumnPosition::After(name)) => position(table, name)? + 1,
    };
    table.columns.insert(at, column);
    Ok(())
}

fn add(table: &mut CatalogTable, part: &TablePart) -> Result<()> {
    let name = table.path.name.clone();
    match part {
        TablePart::Column(column, to) => {
            if table.column(&column.name.value).is_some() {
                return Err(Error::input(format!("the table '{name}' has a column '{}' already", column.name))
                    .hint("write MODIFY to change it")
                    .at(column.name.place));
            }
            table.columns.push(column.clone());
            place_column(table, table.columns.len() - 1, to)
        }
        TablePart::Watermark(watermark) => match table.watermark.replace(watermark.clone()) {
            None => Ok(()),
            Some(_) => Err(Error::input(format!("the table '{name}' has a watermark already"))
                .hint("write MODIFY WATERMARK to change it")
                .at(watermark.column.place())),
        },
        TablePart::PrimaryKey(key) => match table.primary_key.replace(key_of(key)) {
            None => Ok(()),
            Some(_) => Err(Error::input(format!("the table '{name}' has a PRIMARY KEY already"))
                .hint("write MODIFY PRIMARY KEY to change it")
                .at(key.place)),
        },
        TablePart::Distribution(distribution, place) => match table.distribution.replace(distribution.clone()) {
            None => Ok(()),
            Some(_) => Err(Error::input(format!("the table '{name}' is DISTRIBUTED already"))
                .hint("write MODIFY DISTRIBUTION to change it")
                .at(*place)),
        },
    }
}

fn modify(table: &mut CatalogTable, part: &TablePart) -> Result<()> {
    let name = table.path.name.clone();
    match part {
        TablePart::Column(column, to) => {
            let index = position(table, &column.name)?;
            let mut column = column.clone();
            column.comment = column.comment.or_else(|| table.columns[index].comment.clone());
            table.columns[index] = column;
            place_column(table, index, to)
        }
        TablePart::Watermark(watermark) => match table.watermark.replace(watermark.clone()) {
            Some(_) => Ok(()),
            None => Err(Error::input(format!("the table '{name}' has no watermark"))
                .hint("write ADD WATERMARK")
                .at(watermark.column.place())),
        },
        TablePart::PrimaryKey(key) => match table.primary_key.replace(key_of(key)) {
            Some(_) => Ok(()),
            None => Err(Error::input(format!("the table '{name}' has no PRIMARY KEY"))
                .hint("write ADD PRIMARY KEY")
                .at(key.place)),
        },
        TablePart::Distribution(distribution, place) => match table.distribution.replace(distribution.clone()) {
            Some(_) => Ok(()),
            None => Err(Error::input(format!("the table '{name}' is not DISTRIBUTED"))
                .hint("write ADD DISTRIBUTION")
                .at(*place)),
        },
    }
}

fn key_of(key: &crate::parse::PrimaryKey) -> (Option<String>, Vec<String>) {
    let name = key.name.as_ref().map(|name| name.value.clone());
    (name, key.columns.iter().map(|column| column.value.clone()).collect())
}

fn drop_primary_key(table: &mut CatalogTable, constraint: Option<&NamePart>, name: &Name) -> Result<()> {
    let Some((is, key)) = table.primary_key.take() else {
        return Err(Error::input(format!("the table '{name}' has no PRIMARY KEY")).at(name.place()));
    };
    match constraint {
        Some(wanted) if constraint_name(is.as_deref(), &key) != wanted.value => {
            Err(Error::input(format!("the table '{name}' has no constraint '{wanted}'")).at(wanted.place))
        }
        _ => Ok(()),
    }
}

fn drop_columns(table: &mut CatalogTable, names: &[NamePart]) -> Result<()> {
    for name in names {
        position(table, name)?;
    }
    for name in names {
        // What goes at the same time holds nothing back.
        let going = |other: &str| names.iter().any(|name| name.value == other);
        if let Some(reader) = reader_of(table, &name.value, going) {
            return Err(Error::input(format!("column '{name}' can't be dropped: {reader} needs it")).at(name.place));
        }
        let key = table.primary_key.as_ref().is_some_and(|(_, key)| key.contains(&name.value));
        let part = if key { Some("the PRIMARY KEY") } else { storing(table, &name.value) };
        if let Some(part) = part {
            return Err(Error::input(format!("column '{name}' can't be dropped: it is part of {part}")).at(name.place));
        }
    }
    table.columns.retain(|column| !names.iter().any(|name| name.value == column.name.value));
    Ok(())
}

fn rename_column(table: &mut CatalogTable, from: &NamePart, to: &NamePart) -> Result<()> {
    let index = position(table, from)?;
    if table.column(&to.value).is_some() {
        return Err(Error::input(format!("the table '{}' has a column '{to}' already", table.path.name)).at(to.place));
    }
    if let Some(reader) = reader_of(table, &from.value, |_| false) {
        return Err(Error::input(format!("column '{from}' can't be renamed: {reader} needs it")).at(from.place));
    }
    if let Some(part) = storing(table, &from.value) {
        return Err(Error::input(format!("column '{from}' can't be renamed: it is part of {part}")).at(from.place));
    }
    table.columns[index].name = to.clone();
    if let Some((_, key)) = &mut table.primary_key {
        key.iter_mut().filter(|name| **name == from.value).for_each(|name| name.clone_from(&to.value));
    }
    Ok(())
}

/// The clause by whose columns rows are stored, if a column is one of them.
fn storing(table: &CatalogTable, column: &str) -> Option<&'static str> {
    if table.partition_keys.iter().any(|key| key == column) {
        return Some("PARTITIONED BY");
    }
    let by = table.distribution.iter().flat_map(|distribution| &distribution.columns);
    by.into_iter().any(|name| name.value == column).then_some("DISTRIBUTED BY")
}

/// The computed column or watermark whose expression names a column, as an error says it.
fn reader_of(table: &CatalogTable, column: &str, going: impl Fn(&str) -> bool) -> Option<String> {
    for other in &table.columns {
        if let ColumnKind::Computed { expr } = &other.kind
            && !going(&other.name.value)
            && names(expr, column)
        {
            return Some(format!("the computed column '{}'", other.name));
        }
    }
    let watermark = table.watermark.as_ref()?;
    let time = watermark.column.parts.first().is_some_and(|part| part.value == column);
    (time || names(&watermark.expr, column)).then(|| "the watermark".to_owned())
}

/// Whether an expression names a column.
fn names(expr: &SqlExpr, column: &str) -> bool {
    struct Find<'a>(&'a str);
    impl Visitor for Find<'_> {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &ast::Expr) -> ControlFlow<()> {
            let first = match expr {
                ast::Expr::Identifier(name) => Some(name),
                ast::Expr::CompoundIdentifier(parts) => parts.first(),
                _ => None,
            };
            match first.is_some_and(|name| name.value == self.0) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }
    expr.ast.visit(&mut Find(column)).is_break()
}
