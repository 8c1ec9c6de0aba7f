//! CREATE TABLE … AS SELECT: a table with the columns of a query.
//!
//! Source: Flink, "CREATE TABLE", AS select_statement. Columns that the statement itself names stand first; a physical one of
//! which the query has a column of the same name gives that one another type.

use super::{Catalog, CatalogView, Object};
use crate::parse::{ColumnDef, ColumnKind, CreateTable, NamePart, Query};
use riverrun_core::{Error, Result, Schema};
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
            None => ColumnDef {
                name: NamePart { value: field.name.clone(), place: query.place },
                kind: ColumnKind::Physical { data_type: field.data_type.without_time_attribute() },
                comment: None,
            },
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
