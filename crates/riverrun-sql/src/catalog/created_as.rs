//! CREATE TABLE … AS SELECT: a table with the columns of a query.
//!
//! Source: Flink, "CREATE TABLE", AS select_statement. Columns that the statement itself names stand first if they are computed;
//! a physical one gives the query's column of its name another type.

use super::{Catalog, CatalogView, Object};
use crate::parse::{ColumnDef, ColumnKind, CreateTable, NamePart, Query};
use riverrun_core::suggest::did_you_mean;
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
            ColumnKind::Computed { .. } => columns.push(column.clone()),
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
    if let Some(column) = typed.first() {
        let names = schema.fields.iter().map(|field| field.name.as_str());
        return Err(Error::input(format!("the query has no column '{}'", column.name))
            .hint_opt(did_you_mean(&column.name.value, names))
            .at(column.name.place));
    }
    Ok(CreateTable { columns, query: None, ..create.clone() })
}
