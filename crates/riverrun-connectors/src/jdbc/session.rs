//! One connection to a database, whichever it is: what the threads of sources, sinks and lookups work with.

use super::changes::Changes;
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::url::Database;
use crate::delivery::{Commit, Committed, LaneName, Outcome, Stop, Trouble};
use arrow::array::RecordBatch;
use riverrun_core::{Epoch, Error, Result, RowBatch, Schema};
use std::sync::Arc;

/// How often a job that starts asks a file which others have locked; the client waits for half a second each time.
const LOCKED_TRIES: usize = 20;

/// What a database says of one of its tables.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// Its columns.
    pub columns: Vec<DbColumn>,
    /// The columns of its primary key and of each unique index.
    pub unique: Vec<Vec<String>>,
}

/// A column of a table in a database.
#[derive(Clone, Debug)]
pub struct DbColumn {
    /// Its name.
    pub name: String,
    /// Its type as the database writes it.
    pub type_name: String,
    /// The type's name in a cast, without length.
    pub cast: String,
    /// What the type is like.
    pub family: Family,
    /// Whether a new row must give it a value.
    pub required: bool,
    /// Whether the database computes it.
    pub computed: bool,
}

/// The types of databases by what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Anything: SQLite's columns have no types of their own.
    Any,
    Boolean,
    /// Whole numbers of so many bytes.
    Integer(u8),
    Numeric,
    Float,
    Text,
    Bytes,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Array,
    /// What only text can stand for: JSON, UUID, enumerations, …
    Other,
}

/// A table of ours and where it lives.
#[derive(Clone, Debug)]
pub struct TableRef {
    /// The database.
    pub database: Database,
    /// The name of our table, for messages.
    pub table: String,
    /// The name of the database's.
    pub name: String,
    /// Our columns.
    pub schema: Schema,
    /// The positions of the PRIMARY KEY's columns.
    pub primary_key: Vec<usize>,
}

/// What a scan reads.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The columns, by position in the schema.
    pub columns: Vec<usize>,
    /// Only rows whose value in a column is within these bounds, both included.
    pub range: Option<(String, i64, i64)>,
    /// How many rows to pass over: they were read before.
    pub skip: u64,
    /// How many rows a batch has at the most.
    pub batch_size: usize,
}

/// A connection. What it waits for ends when its [`Stop`] says so.
pub trait Session: Send {
    /// What the database says of the table; `None` if it has none of this name.
    fn describe(&mut self) -> Outcome<Option<Described>>;

    /// Reads rows and hands them on until there are no more or `each` answers `false`.
    fn scan(&mut self, scan: &Scan, each: &mut dyn FnMut(RowBatch) -> bool) -> Outcome<()>;

    /// All rows whose columns `key` (positions in the schema) are those of a row of `keys`, in the columns `columns`.
    fn lookup(&mut self, key: &[usize], keys: &RecordBatch, columns: &[usize]) -> Outcome<RowBatch>;

    /// Writes changes in one transaction, and with them a token. Nothing is written if the token does not move.
    fn write(&mut self, changes: &Changes, commit: Option<&Commit>) -> Outcome<Committed>;

    /// Takes a lane over; gives its token. The table of tokens is made where it is not there.
    fn fence(&mut self, lane: &LaneName, generation: u64) -> Outcome<Option<Epoch>>;

    /// Sets the token of a lane.
    fn set_token(&mut self, lane: &LaneName, generation: u64, epoch: Epoch) -> Outcome<()>;

    /// The token of a lane.
    fn token(&mut self, lane: &LaneName) -> Outcome<Option<Epoch>>;

    /// Copies the table with its rows into a new schema, and makes a table of tokens there; gives the schemas in which the
    /// session looks tables up, as a search path.
    fn copy_table(&mut self, schema: &str) -> Outcome<String> {
        Err(Error::bug(format!("this database has no schemas ({schema})")).into())
    }

    /// Drops the schema of a copy.
    fn drop_copy(&mut self, schema: &str) -> Outcome<()> {
        Err(Error::bug(format!("this database has no schemas ({schema})")).into())
    }
}

/// Connects. `described` is what the database has said of the table, once it has.
pub fn connect(table: &Arc<TableRef>, described: &Arc<Described>, stop: &Stop) -> Outcome<Box<dyn Session>> {
    Ok(match &table.database {
        Database::Postgres(server) => Box::new(Postgres::connect(server, table, described, stop)?),
        Database::Sqlite(path) => Box::new(Sqlite::connect(path, table, described)?),
    })
}

impl TableRef {
    /// The columns' names, quoted and with commas between.
    pub fn names(&self, columns: &[usize]) -> String {
        columns.iter().map(|&index| quoted(&self.schema.fields[index].name)).collect::<Vec<_>>().join(", ")
    }

    /// The columns that are not in the PRIMARY KEY.
    pub fn values(&self) -> Vec<usize> {
        (0..self.schema.len()).filter(|index| !self.primary_key.contains(index)).collect()
    }

    /// What follows an INSERT to make it an upsert.
    pub fn on_conflict(&self) -> String {
        let set: Vec<String> = (self.values().into_iter())
            .map(|index| quoted(&self.schema.fields[index].name))
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        let action = if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) };
        format!("ON CONFLICT ({}) DO {action}", self.names(&self.primary_key))
    }

    /// The database and table, for messages.
    pub fn place(&self) -> String {
        format!("table '{}' of {}", self.name, self.database.name())
    }

    /// Whether the database is a file, which is away as long as others lock it.
    pub fn is_file(&self) -> bool {
        matches!(self.database, Database::Sqlite(_))
    }

    /// Looks the table up, and refuses what is not there.
    pub fn described(self: &Arc<Self>) -> Result<Described> {
        let mut session = connect(self, &Arc::default(), &Stop::default()).map_err(Trouble::into_error)?;
        let mut described = session.describe();
        // A server that has gone is told of at once.
        for _ in 1..LOCKED_TRIES {
            if !(self.is_file() && matches!(described, Err(Trouble::Away(_)))) {
                break;
            }
            described = session.describe();
        }
        described.map_err(Trouble::into_error)?.ok_or_else(|| {
            Error::input(format!("there is no {}", self.place()))
                .detail(format!("table '{}' is kept in it", self.table))
                .hint("create it there first, or check 'table-name'")
        })
    }
}

/// A name in double quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
