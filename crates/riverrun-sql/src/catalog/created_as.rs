//! CREATE TABLE … AS SELECT: a table with the columns of a query.
//!
//! Source: Flink, "CREATE TABLE", AS select_statement. Columns that the statement itself names stand first; a physical one of
//! which the query has a column of the same name gives that one another type. Names alone put the query's columns into another
//! order.

use super::{Catalog, CatalogView, Object};
use crate::parse::{ColumnDef, ColumnKind, CreateTable, NamePart, Query};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Field, Place, Result, Schema};
use std::sync::Arc;

impl Catalog {
    /// A view of the query that is in no database, by which its columns can be asked for.
    pub fn view_of(&self, create: &CreateTable, query: &Query) -> Result<Object> {
        Ok(Object::View(Arc::new(CatalogView {
            path: self.path(&create.name)?,
            columns: Vec::new(),
            comment: None,
            query: query.clone(),
            home: (self.current_catalog.clone(), self.current_database.clone()),
            temporary: true,
        })))
    }
}

/// The statement with the columns of its query.
pub fn with_columns(create: &CreateTable, query: &Query, schema: &Schema) -> Result<CreateTable> {
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
