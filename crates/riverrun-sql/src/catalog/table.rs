//! A table and a view as the catalog keeps them.

use super::Partition;
use super::stars::Stars;
use crate::parse::{ColumnDef, ColumnKind, Distribution, Query, Watermark};
use riverrun_core::{DataType, Options};
use std::fmt;
use std::sync::Arc;

/// The full name of a table or view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectPath {
    /// The catalog.
    pub catalog: String,
    /// The database.
    pub database: String,
    /// The object's own name.
    pub name: String,
}

impl ObjectPath {
    /// The three parts.
    pub fn parts(&self) -> [&str; 3] {
        [&self.catalog, &self.database, &self.name]
    }

    /// The full name in back-quotes, as statements write it.
    pub fn quoted(&self) -> String {
        self.parts().map(quoted).join(".")
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.database, self.name)
    }
}

/// A name in back-quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A table: its columns as declared, and what its connector is told.
#[derive(Clone, Debug)]
pub struct CatalogTable {
    /// Its full name.
    pub path: ObjectPath,
    /// Its columns, in order. Columns of the PRIMARY KEY are NOT NULL.
    pub columns: Vec<ColumnDef>,
    /// WATERMARK FOR.
    pub watermark: Option<Watermark>,
    /// The name and columns of the PRIMARY KEY.
    pub primary_key: Option<(Option<String>, Vec<String>)>,
    /// DISTRIBUTED.
    pub distribution: Option<Distribution>,
    /// PARTITIONED BY.
    pub partition_keys: Vec<String>,
    /// The partitions that ADD PARTITION has named.
    pub partitions: Vec<Partition>,
    /// WITH, where the statement stands they were written in.
    pub options: Options,
    /// COMMENT.
    pub comment: Option<String>,
    /// TEMPORARY.
    pub temporary: bool,
}

impl CatalogTable {
    /// The column of this name, and its position.
    pub fn column(&self, name: &str) -> Option<(usize, &ColumnDef)> {
        self.columns.iter().enumerate().find(|(_, column)| column.name.value == name)
    }

    /// The physical columns with their types, which are what the connector holds.
    pub fn physical_columns(&self) -> impl Iterator<Item = (&str, &DataType)> {
        self.columns.iter().filter_map(|column| match &column.kind {
            ColumnKind::Physical { data_type } => Some((column.name.value.as_str(), data_type)),
            _ => None,
        })
    }
}

/// A view: a query under a name.
#[derive(Clone, Debug)]
pub struct CatalogView {
    /// Its full name.
    pub path: ObjectPath,
    /// The names of its columns; empty where the query's are kept.
    pub columns: Vec<String>,
    /// COMMENT.
    pub comment: Option<String>,
    /// What it shows.
    pub query: Query,
    /// What each `*` in its query stands for.
    pub stars: Arc<Stars>,
    /// The catalog and database that were current when it was created: its names are resolved there.
    pub home: (String, String),
    /// TEMPORARY.
    pub temporary: bool,
}

/// What stands under a name.
#[derive(Clone, Debug)]
pub enum Object {
    /// A table.
    Table(Arc<CatalogTable>),
    /// A view.
    View(Arc<CatalogView>),
}

impl Object {
    /// Its full name.
    pub fn path(&self) -> &ObjectPath {
        match self {
            Object::Table(table) => &table.path,
            Object::View(view) => &view.path,
        }
    }

    /// `table` or `view`.
    pub fn noun(&self) -> &'static str {
        match self {
            Object::Table(_) => "table",
            Object::View(_) => "view",
        }
    }

    /// Whether it is TEMPORARY.
    pub fn is_temporary(&self) -> bool {
        match self {
            Object::Table(table) => table.temporary,
            Object::View(view) => view.temporary,
        }
    }
}
