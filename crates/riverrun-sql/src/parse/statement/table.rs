//! The definition of a table: CREATE TABLE, and what ALTER TABLE changes of it.

use super::{Name, NamePart, Query, SqlExpr};
use riverrun_core::{DataType, Options, Place};

/// `CREATE [TEMPORARY] TABLE [IF NOT EXISTS]`.
#[derive(Clone, Debug)]
pub struct CreateTable {
    /// The table's name.
    pub name: Name,
    /// TEMPORARY.
    pub temporary: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// OR REPLACE, or REPLACE TABLE.
    pub replaces: Option<Replaces>,
    /// The columns, in order.
    pub columns: Vec<ColumnDef>,
    /// Names alone, before AS: the order of the query's columns.
    pub order: Vec<NamePart>,
    /// WATERMARK FOR.
    pub watermark: Option<Watermark>,
    /// PRIMARY KEY … NOT ENFORCED.
    pub primary_key: Option<PrimaryKey>,
    /// COMMENT.
    pub comment: Option<String>,
    /// DISTRIBUTED.
    pub distribution: Option<Distribution>,
    /// PARTITIONED BY.
    pub partitioned_by: Vec<NamePart>,
    /// WITH.
    pub options: Options,
    /// LIKE.
    pub like: Option<Like>,
    /// AS: the query whose columns the table has too. The INSERT of its rows is a statement of its own behind this one.
    pub query: Option<Query>,
}

/// Which table a new one takes the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// One of its name, if there is one: CREATE OR REPLACE TABLE.
    IfThere,
    /// One of its name, which must be there: REPLACE TABLE.
    One,
}

/// A column of a CREATE TABLE.
#[derive(Clone, Debug)]
pub struct ColumnDef {
    /// Its name.
    pub name: NamePart,
    /// Where its values come from.
    pub kind: ColumnKind,
    /// COMMENT.
    pub comment: Option<String>,
}

/// Where a column's values come from.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "columns are few")]
pub enum ColumnKind {
    /// The record itself.
    Physical {
        /// The column's type.
        data_type: DataType,
    },
    /// An expression over the other columns.
    Computed {
        /// The expression.
        expr: SqlExpr,
    },
    /// What the connector knows beside the record.
    Metadata {
        /// The column's type.
        data_type: DataType,
        /// `FROM 'key'`; the column's name where absent.
        key: Option<NamePart>,
        /// VIRTUAL: only read, never written.
        is_virtual: bool,
    },
}

/// WATERMARK FOR column AS expression.
#[derive(Clone, Debug)]
pub struct Watermark {
    /// The event-time column; with dots where it lies in a row.
    pub column: Name,
    /// The watermark of a row.
    pub expr: SqlExpr,
}

/// PRIMARY KEY (…) NOT ENFORCED.
#[derive(Clone, Debug)]
pub struct PrimaryKey {
    /// CONSTRAINT name.
    pub name: Option<NamePart>,
    /// The key's columns.
    pub columns: Vec<NamePart>,
    /// Where it stands.
    pub place: Place,
}

/// DISTRIBUTED: the buckets that share a table's rows.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// By what a row finds its bucket.
    pub kind: DistributionKind,
    /// BY: the columns that say which bucket a row belongs to.
    pub columns: Vec<NamePart>,
    /// INTO n BUCKETS.
    pub buckets: Option<u32>,
}

/// By what a row finds its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistributionKind {
    /// As the connector likes.
    Any,
    /// HASH.
    Hash,
    /// RANGE.
    Range,
}

/// LIKE table (…).
#[derive(Clone, Debug)]
pub struct Like {
    /// The table that is taken over.
    pub table: Name,
    /// How its parts are merged, in order.
    pub options: Vec<LikeOption>,
}

/// `INCLUDING CONSTRAINTS` and its kin.
#[derive(Clone, Debug)]
pub struct LikeOption {
    /// What becomes of the feature.
    pub strategy: MergeStrategy,
    /// ALL, CONSTRAINTS, DISTRIBUTION, GENERATED, METADATA, OPTIONS, PARTITIONS or WATERMARKS.
    pub feature: NamePart,
}

/// What becomes of a part of the table named in LIKE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeStrategy {
    /// Taken over; a part that both tables have is an error.
    Including,
    /// Left out.
    Excluding,
    /// Taken over, the new table's own parts going first.
    Overwriting,
}

/// `ALTER TABLE [IF EXISTS]`.
#[derive(Clone, Debug)]
pub struct AlterTable {
    /// The table's name.
    pub name: Name,
    /// IF EXISTS.
    pub if_exists: bool,
    /// What becomes of it.
    pub change: TableChange,
}

/// What ALTER TABLE changes.
#[derive(Clone, Debug)]
pub enum TableChange {
    /// RENAME TO.
    Rename(Name),
    /// RENAME column TO column.
    RenameColumn(NamePart, NamePart),
    /// ADD: parts that are not there yet.
    Add(Vec<TablePart>),
    /// MODIFY: parts that replace those of their kind or name.
    Modify(Vec<TablePart>),
    /// DROP column, or several.
    DropColumns(Vec<NamePart>),
    /// DROP PRIMARY KEY, or DROP CONSTRAINT with its name.
    DropPrimaryKey(Option<NamePart>),
    /// DROP WATERMARK.
    DropWatermark,
    /// DROP DISTRIBUTION.
    DropDistribution,
    /// ADD PARTITION; true with IF NOT EXISTS.
    AddPartitions(Vec<PartitionSpec>, bool),
    /// DROP PARTITION; true with IF EXISTS.
    DropPartitions(Vec<PartitionSpec>, bool),
    /// SET: options, over those there are.
    SetOptions(Options),
    /// RESET: the keys of options.
    ResetOptions(Vec<NamePart>),
}

/// `PARTITION (key = value, …)`.
#[derive(Clone, Debug)]
pub struct PartitionSpec {
    /// The keys with their values, in the order they were written.
    pub values: Vec<(NamePart, String)>,
}

/// A part of a table's definition.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "statements are few")]
pub enum TablePart {
    /// A column, and where it comes to stand.
    Column(ColumnDef, Option<ColumnPosition>),
    /// WATERMARK FOR.
    Watermark(Watermark),
    /// PRIMARY KEY … NOT ENFORCED.
    PrimaryKey(PrimaryKey),
    /// DISTRIBUTION.
    Distribution(Distribution, Place),
}

/// Where a column comes to stand.
#[derive(Clone, Debug)]
pub enum ColumnPosition {
    /// FIRST.
    First,
    /// AFTER a column.
    After(NamePart),
}
