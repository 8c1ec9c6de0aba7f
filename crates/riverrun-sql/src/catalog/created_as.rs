//! CREATE TABLE … AS SELECT: a table with the columns of a query.
//!
//! Source: Flink, "CREATE TABLE", AS select_statement. Columns that the statement itself names stand first; a physical one of
//! which the query has a column of the same name gives that one another type. Names alone put the query's columns into another
//! order.

use super::{Catalog, CatalogView, Object};
use crate::parse::{ColumnDef, ColumnKind, CreateTable, Name, NamePart, Query, place_of};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Field, Place, Result, Schema};
use sqlparser::ast::{self, Spanned};
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

impl Catalog {
    /// Refuses a query that reads the table whose place it takes: its rows are read when the table is another one.
    pub fn check_query(&self, create: &CreateTable, query: &Query) -> Result<()> {
        if create.replaces.is_none() {
            return Ok(());
        }
        let replaced = self.path(&create.name)?;
        let reads = |name: &ast::ObjectName| self.path(&Name::from_ast(name)).is_ok_and(|path| path == replaced);
        let found = ast::visit_relations(query.ast.as_ref(), |name| match reads(name) {
            true => ControlFlow::Break(place_of(name.span())),
            false => ControlFlow::Continue(()),
        });
        match found {
            ControlFlow::Break(place) => Err(Error::unsupported("REPLACE TABLE … AS a query over the table itself")
                .hint("give the new table another name")
                .at(place)),
            ControlFlow::Continue(()) => Ok(()),
        }
    }

    /// A view of the query that is in no database, by which its columns can be asked for.
    pub fn view_of(&self, create: &CreateTable, query: &Query) -> Result<Object> {
        Ok(Object::View(Arc::new(CatalogView {
            path: self.path(&create.name)?,
            columns: Vec::new(),
            comment: None,
            query: query.clone(),
            stars: Arc::default(),
            home: (self.current_catalog.clone(), self.current_database.clone()),
            temporary: true,
        })))
    }
}

/// The statement with the columns of its query.
pub fn with_columns(create: &CreateTable, query: &Query, schema: &Schema) -> Result<CreateTable> {
    check_columns(create, query, schema)?;
    if !create.order.is_empty() {
        let columns = in_order(create, query, schema)?;
        return Ok(CreateTable { columns, order: Vec::new(), query: None, ..create.clone() });
    }
    let mut typed = Vec::new();
    let mut columns = Vec::new();
    for column in &create.columns {
        match &column.kind {
            ColumnKind::Physical { .. } => typed.push(column.clone()),
            ColumnKind::Computed { .. } => {}
            ColumnKind::Metadata { .. } => {
                return Err(Error::unsupported("a METADATA column in CREATE TABLE … AS SELECT").at(column.name.place));
            }
        }
    }
    for field in &schema.fields {
        let own = typed.iter().position(|column| column.name.value == field.name);
        columns.push(match own {
            Some(index) => typed.remove(index),
            None => column_of(field, query.place),
        });
    }
    // What the query doesn't give stands before what it does, and is NULL.
    let given = |column: &ColumnDef| {
        matches!(column.kind, ColumnKind::Physical { .. })
            && schema.fields.iter().any(|field| field.name == column.name.value)
    };
    let own = create.columns.iter().filter(|column| !given(column)).cloned();
    let columns = own.chain(columns).collect();
    Ok(CreateTable { columns, query: None, ..create.clone() })
}

/// The query's columns must have names of their own, and those of the key no NULLs.
fn check_columns(create: &CreateTable, query: &Query, schema: &Schema) -> Result<()> {
    let mut names = HashSet::new();
    if let Some(twice) = schema.fields.iter().find(|field| !names.insert(field.name.as_str())) {
        return Err(Error::input(format!("the query of the table '{}' has two columns '{}'", create.name, twice.name))
            .hint("give one of them another name with AS")
            .at(query.place));
    }
    for key in create.primary_key.iter().flat_map(|key| &key.columns) {
        let own = create.columns.iter().any(|column| column.name.value == key.value);
        let found = schema.fields.iter().find(|field| field.name == key.value);
        if let Some(field) = found.filter(|field| !own && field.data_type.nullable) {
            let not_null = field.data_type.with_nullable(false);
            return Err(Error::input(format!("the column '{key}' of the PRIMARY KEY can be NULL in the query"))
                .hint(format!("declare it in the table: {key} {not_null}"))
                .at(key.place));
        }
    }
    Ok(())
}

fn column_of(field: &Field, place: Place) -> ColumnDef {
    ColumnDef {
        name: NamePart { value: field.name.clone(), place },
        kind: ColumnKind::Physical { data_type: field.data_type.without_time_attribute() },
        comment: None,
    }
}

/// The query's columns in the order in which the statement names them, each once.
fn in_order(create: &CreateTable, query: &Query, schema: &Schema) -> Result<Vec<ColumnDef>> {
    let names = || schema.fields.iter().map(|field| field.name.as_str());
    let mut columns: Vec<ColumnDef> = Vec::with_capacity(schema.fields.len());
    for name in &create.order {
        let Some(field) = schema.fields.iter().find(|field| field.name == name.value) else {
            let all = || format!("it has {}", names().collect::<Vec<_>>().join(", "));
            return Err(Error::input(format!("the query has no column '{}'", name.value))
                .hint(did_you_mean(&name.value, names()).unwrap_or_else(all))
                .at(name.place));
        };
        if columns.iter().any(|column| column.name.value == name.value) {
            return Err(Error::input(format!("the column '{}' is named twice", name.value)).at(name.place));
        }
        columns.push(column_of(field, name.place));
    }
    match names().find(|name| columns.iter().all(|column| column.name.value != *name)) {
        Some(left) => Err(Error::input(format!("the query's column '{left}' is not named"))
            .hint("name all of them, or none")
            .at(query.place)),
        None => Ok(columns),
    }
}
