//! Tables with their computed columns and watermarks bound.

use crate::catalog::{DEFAULT_CATALOG, DEFAULT_DATABASE};
use crate::expr::Expr;
use riverrun_core::{DataType, Options, Place, Schema};

/// Where the values of a table's column come from.
#[derive(Clone, Debug)]
pub enum ColumnSource {
    /// The physical column at this position.
    Physical(usize),
    /// The metadata column at this position.
    Metadata {
        /// The position among the metadata columns.
        index: usize,
        /// VIRTUAL: only read, never written.
        is_virtual: bool,
    },
    /// An expression over the physical columns followed by the metadata columns.
    Computed(Expr),
}

/// `WATERMARK FOR`.
#[derive(Clone, Debug)]
pub struct BoundWatermark {
    /// The position of the event-time column among the table's columns.
    pub column: usize,
    /// The watermark that a row allows, over the table's columns.
    pub expr: Expr,
}

/// A table as queries and INSERTs see it.
#[derive(Clone, Debug)]
pub struct BoundTable {
    /// Catalog, database, table.
    pub name: Vec<String>,
    /// All its columns; the event-time column is a time attribute.
    pub schema: Schema,
    /// Where each column comes from.
    pub sources: Vec<ColumnSource>,
    /// The positions of the columns that `*` leaves out.
    pub beside_star: Vec<usize>,
    /// The columns that the connector holds.
    pub physical: Schema,
    /// Keys and declared types of the metadata columns.
    pub metadata: Vec<(String, DataType)>,
    /// Where the keys of the metadata columns stand.
    pub metadata_places: Vec<Place>,
    /// `WATERMARK FOR`.
    pub watermark: Option<BoundWatermark>,
    /// The positions of the PRIMARY KEY's columns among the table's columns.
    pub primary_key: Vec<usize>,
    /// Whether it is DISTRIBUTED into buckets.
    pub distributed: bool,
    /// `PARTITIONED BY`.
    pub partition_keys: Vec<String>,
    /// The options, those of hints already among them.
    pub options: Options,
}

impl BoundTable {
    /// The table's name for messages and ids: without the catalog and database that are there from the start.
    pub fn short_name(&self) -> String {
        short_name(&self.name)
    }

    /// The position of the watermark's column.
    pub fn time_column(&self) -> Option<usize> {
        self.watermark.as_ref().map(|watermark| watermark.column)
    }
}

/// A full name without the catalog and database that are there from the start.
pub fn short_name(name: &[String]) -> String {
    match name {
        [catalog, database, table] if catalog == DEFAULT_CATALOG && database == DEFAULT_DATABASE => table.clone(),
        name => name.join("."),
    }
}
