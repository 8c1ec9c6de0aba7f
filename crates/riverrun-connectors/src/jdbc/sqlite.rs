//! A connection to a SQLite database.
//!
//! | type | stored as | read from |
//! |---|---|---|
//! | BOOLEAN | INTEGER 0, 1 | INTEGER, text `true`, `false` |
//! | integers | INTEGER | INTEGER, whole REAL, text |
//! | FLOAT, DOUBLE | REAL (NaN: text) | numbers, text |
//! | DECIMAL | TEXT, which a NUMERIC column turns into a number | numbers, text |
//! | STRING | TEXT | anything |
//! | BYTES | BLOB | BLOB, TEXT |
//! | DATE, TIME, TIMESTAMP | TEXT `2024-03-01 10:00:00.5`, TIMESTAMP_LTZ with `Z` | text; INTEGER as milliseconds |

use super::changes::Changes;
use super::session::{DbColumn, Described, Family, Scan, Session, TableRef, quoted};
use super::token;
use crate::delivery::{Commit, Committed, LaneName, Outcome, Trouble, connection_point, fenced};
use arrow::array::{Array, ArrayRef, RecordBatch};
use riverrun_core::{Epoch, Error, RowBatch};
use riverrun_formats::columns::{Column, Columns, Values};
use riverrun_formats::text::decimal::Notation;
use riverrun_formats::text::flat::{Flat, TextStyle};
use riverrun_formats::text::{self, NoValue, TimestampFormat, mismatch};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params_from_iter,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const STYLE: TextStyle = TextStyle { timestamps: TimestampFormat::Sql, notation: Notation::Plain };

/// How long SQLite itself waits for a lock, before its thread looks whether anybody still waits for it.
const LOCK_WAIT: Duration = Duration::from_millis(500);

/// A connection.
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
    table: Arc<TableRef>,
    #[allow(dead_code, reason = "the columns have no types that a statement would need")]
    described: Arc<Described>,
}

impl Sqlite {
    /// Opens the file, which must be there.
    pub fn connect(path: &Path, table: &Arc<TableRef>, described: &Arc<Described>) -> Outcome<Sqlite> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| {
            let told = Error::input(format!("cannot open the SQLite database {}: {error}", path.display()));
            Trouble::Refused(told.hint("the file must exist, and its folder must be writable"))
        })?;
        connection.busy_timeout(LOCK_WAIT).map_err(|error| trouble(path, &error))?;
        Ok(Sqlite { connection, path: path.to_owned(), table: table.clone(), described: described.clone() })
    }

    fn insert_sql(&self) -> String {
        let all: Vec<usize> = (0..self.table.schema.len()).collect();
        let marks = vec!["?"; all.len()].join(", ");
        format!("INSERT INTO {} ({}) VALUES ({marks})", quoted(&self.table.name), self.table.names(&all))
    }

    fn delete_sql(&self) -> String {
        format!("DELETE FROM {} WHERE {}", quoted(&self.table.name), same(&self.table, &self.table.primary_key))
    }
}

/// `"a" = ? AND "b" = ?`.
fn same(table: &TableRef, key: &[usize]) -> String {
    let same = key.iter().map(|&index| format!("{} = ?", quoted(&table.schema.fields[index].name)));
    same.collect::<Vec<_>>().join(" AND ")
}

impl Session for Sqlite {
    fn describe(&mut self) -> Outcome<Option<Described>> {
        let (name, path) = (&self.table.name, &self.path);
        let described = || -> rusqlite::Result<Described> {
            let mut statement = self.connection.prepare(
                "SELECT name, type, \"notnull\" AND dflt_value IS NULL AND pk = 0, hidden > 1, pk FROM pragma_table_xinfo(?)",
            )?;
            let mut keys = Vec::new();
            let mut columns = Vec::new();
            let mut rows = statement.query([name])?;
            while let Some(row) = rows.next()? {
                let column: String = row.get(0)?;
                let position: i64 = row.get(4)?;
                if position > 0 {
                    keys.push(column.clone());
                }
                columns.push(DbColumn {
                    name: column,
                    type_name: row.get(1)?,
                    cast: String::new(),
                    family: Family::Any,
                    required: row.get(2)?,
                    computed: row.get(3)?,
                });
            }
            let mut indexes = self.connection.prepare(
                "SELECT l.name, i.name FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i \
                 WHERE l.\"unique\" AND NOT l.partial ORDER BY l.name",
            )?;
            let mut rows = indexes.query([name])?;
            let mut unique = vec![keys];
            let mut last = None;
            while let Some(row) = rows.next()? {
                let index: String = row.get(0)?;
                if last.as_ref() != Some(&index) {
                    unique.push(Vec::new());
                    last = Some(index);
                }
                let column: Option<String> = row.get(1)?;
                if let Some(columns) = unique.last_mut() {
                    // An expression has no name, and is no column.
                    columns.push(column.unwrap_or_default());
                }
            }
            Ok(Described { columns, unique })
        };
        let described = described().map_err(|error| trouble(path, &error))?;
        Ok(Some(described).filter(|described| !described.columns.is_empty()))
    }

    fn scan(&mut self, scan: &Scan, each: &mut dyn FnMut(RowBatch) -> bool) -> Outcome<()> {
        let names = if scan.columns.is_empty() { "NULL".to_owned() } else { self.table.names(&scan.columns) };
        let range = scan.range.as_ref().map_or_else(String::new, |(column, low, high)| {
            format!(" WHERE {} BETWEEN {low} AND {high}", quoted(column))
        });
        let sql = format!("SELECT {names} FROM {}{range} LIMIT -1 OFFSET {}", quoted(&self.table.name), scan.skip);
        let mut columns = Columns::new(&self.table.schema, &scan.columns)?;
        let path = &self.path;
        let mut statement = self.connection.prepare(&sql).map_err(|error| trouble(path, &error))?;
        let mut rows = statement.query([]).map_err(|error| trouble(path, &error))?;
        while let Some(row) = rows.next().map_err(|error| trouble(path, &error))? {
            push_row(&mut columns, row, path, &self.table.table)?;
            if (columns.rows() >= scan.batch_size || columns.is_full()) && !each(columns.flush()?) {
                return Ok(());
            }
        }
        if columns.rows() > 0 {
            each(columns.flush()?);
        }
        Ok(())
    }

    fn lookup(&mut self, key: &[usize], keys: &RecordBatch, columns: &[usize]) -> Outcome<RowBatch> {
        let (names, from) = (self.table.names(columns), quoted(&self.table.name));
        let sql = format!("SELECT {names} FROM {from} WHERE {}", same(&self.table, key));
        let mut found = Columns::new(&self.table.schema, columns)?;
        let path = &self.path;
        let mut statement = self.connection.prepare_cached(&sql).map_err(|error| trouble(path, &error))?;
        for row in 0..keys.num_rows() {
            let mut rows =
                statement.query(params_from_iter(values(keys, row)?)).map_err(|error| trouble(path, &error))?;
            while let Some(row) = rows.next().map_err(|error| trouble(path, &error))? {
                push_row(&mut found, row, path, &self.table.table)?;
            }
        }
        Ok(found.flush()?)
    }

    fn write(&mut self, changes: &Changes, commit: Option<&Commit>) -> Outcome<Committed> {
        let (insert, delete) = (self.insert_sql(), self.delete_sql());
        let upsert = format!("{insert} {}", self.table.on_conflict());
        let path = &self.path;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| trouble(path, &error))?;
        if let Some(commit) = commit {
            connection_point("token")?;
            if let Some(stands) = advance(path, &transaction, commit)? {
                return Ok(stands);
            }
        }
        match changes {
            Changes::Append(batches) => {
                batches.iter().try_for_each(|batch| execute(path, &transaction, &insert, Some(batch)))?;
            }
            Changes::Upsert { puts, deletes } => {
                execute(path, &transaction, &delete, deletes.as_ref())?;
                execute(path, &transaction, &upsert, puts.as_ref())?;
            }
        }
        connection_point("target-commit")?;
        transaction.commit().map_err(|error| trouble(path, &error))?;
        Ok(Committed::Done)
    }

    fn fence(&mut self, lane: &LaneName, generation: u64) -> Outcome<Option<Epoch>> {
        let (connection, path) = (&self.connection, &self.path);
        let asked = || {
            connection.execute_batch(&token::create(token::TABLE))?;
            let parameters = (&lane.job, &lane.sink, lane.lane, generation as i64);
            connection.query_row(&numbered(token::FENCE), parameters, |row| row.get::<_, i64>(0)).optional()
        };
        let epoch = asked().map_err(|error| trouble(path, &error))?;
        epoch.map(token::epoch).ok_or_else(|| fenced(lane))
    }

    fn set_token(&mut self, lane: &LaneName, generation: u64, epoch: Epoch) -> Outcome<()> {
        let (parameters, path) = ((&lane.job, &lane.sink, lane.lane, generation as i64, epoch.0), &self.path);
        let set = self.connection.execute(&numbered(token::SET), parameters).map_err(|error| trouble(path, &error))?;
        if set > 0 { Ok(()) } else { Err(fenced(lane)) }
    }

    fn token(&mut self, lane: &LaneName) -> Outcome<Option<Epoch>> {
        let (connection, path) = (&self.connection, &self.path);
        let there = connection.table_exists(None, token::TABLE).map_err(|error| trouble(path, &error))?;
        if !there {
            return Ok(None);
        }
        let parameters = (&lane.job, &lane.sink, lane.lane);
        let epoch = connection.query_row(&numbered(token::READ), parameters, |row| row.get::<_, i64>(0)).optional();
        Ok(epoch.map_err(|error| trouble(path, &error))?.and_then(token::epoch))
    }
}

/// A statement with SQLite's numbered parameters.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

/// Moves a token within a transaction. What stands, if it does not move: an earlier commit of the same rows may have arrived.
fn advance(path: &Path, transaction: &Transaction<'_>, commit: &Commit) -> Outcome<Option<Committed>> {
    let lane = (&commit.lane.job, &commit.lane.sink, commit.lane.lane);
    let (generation, before) = (commit.generation as i64, token::stored(commit.before));
    let parameters = (lane.0, lane.1, lane.2, generation, commit.epoch.0, before);
    if transaction.execute(&numbered(token::ADVANCE), parameters).map_err(|error| trouble(path, &error))? > 0 {
        return Ok(None);
    }
    let row = transaction.query_row(&numbered(token::READ), lane, |row| Ok((row.get(0)?, row.get(1)?))).optional();
    token::standing(commit, row.map_err(|error| trouble(path, &error))?).map(Some)
}

fn execute(path: &Path, transaction: &Transaction<'_>, sql: &str, rows: Option<&RecordBatch>) -> Outcome<()> {
    let Some(rows) = rows else { return Ok(()) };
    let mut statement = transaction.prepare_cached(sql).map_err(|error| trouble(path, &error))?;
    for row in 0..rows.num_rows() {
        statement.execute(params_from_iter(values(rows, row)?)).map_err(|error| trouble(path, &error))?;
    }
    Ok(())
}

/// A row as parameters.
fn values(rows: &RecordBatch, row: usize) -> riverrun_core::Result<Vec<Value>> {
    rows.columns().iter().map(|column| value(column, row)).collect()
}

fn value(array: &ArrayRef, row: usize) -> riverrun_core::Result<Value> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match Flat::of(array)? {
        Flat::Boolean(values) => Value::Integer(values.value(row).into()),
        Flat::TinyInt(values) => Value::Integer(values.value(row).into()),
        Flat::SmallInt(values) => Value::Integer(values.value(row).into()),
        Flat::Int(values) => Value::Integer(values.value(row).into()),
        Flat::BigInt(values) => Value::Integer(values.value(row)),
        // SQLite would store NULL for NaN.
        Flat::Float(values) if !values.value(row).is_nan() => Value::Real(values.value(row).into()),
        Flat::Double(values) if !values.value(row).is_nan() => Value::Real(values.value(row)),
        Flat::Bytes(values) => Value::Blob(values.value(row).to_vec()),
        flat => {
            let mut out = Vec::new();
            flat.write(&mut out, row, &STYLE);
            Value::Text(String::from_utf8_lossy(&out).into_owned())
        }
    })
}

fn push_row(columns: &mut Columns, row: &Row<'_>, path: &Path, table: &str) -> Outcome<()> {
    let mut bytes = 0;
    for (index, column) in columns.columns.iter_mut().enumerate() {
        let value = row.get_ref(index).map_err(|error| trouble(path, &error))?;
        if let ValueRef::Text(text) | ValueRef::Blob(text) = value {
            bytes += text.len();
        }
        push(column, value).map_err(|NoValue| {
            let found = match value {
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Integer(value) => value.to_string(),
                ValueRef::Real(value) => value.to_string(),
                other => other.data_type().to_string(),
            };
            Error::failure(format!("table '{table}': {}", mismatch(&column.field, &found)))
        })?;
    }
    columns.add_bytes(bytes);
    columns.end_row();
    Ok(())
}

/// Appends a value. Nothing is appended if it is none of the column's type.
fn push(column: &mut Column, value: ValueRef<'_>) -> Result<(), NoValue> {
    let value = match (&mut column.values, value) {
        (_, ValueRef::Null) => {
            column.push_null();
            return Ok(());
        }
        (Values::Boolean(values), ValueRef::Integer(value)) => {
            values.append(value != 0);
            column.pushed();
            return Ok(());
        }
        (Values::Binary(bytes), ValueRef::Blob(value) | ValueRef::Text(value)) => {
            bytes.push(value);
            column.pushed();
            return Ok(());
        }
        (Values::Date(values), ValueRef::Integer(millis)) => {
            values.push(i32::try_from(millis.div_euclid(86_400_000)).map_err(|_| NoValue)?);
            column.pushed();
            return Ok(());
        }
        (Values::Time { values, .. }, ValueRef::Integer(millis)) => {
            values.push(millis.rem_euclid(86_400_000) as i32);
            column.pushed();
            return Ok(());
        }
        (Values::Timestamp { values, unit, .. }, ValueRef::Integer(millis)) => {
            values.push(millis.checked_mul(text::time::per_second(*unit) / 1_000).ok_or(NoValue)?);
            column.pushed();
            return Ok(());
        }
        (Values::Timestamp { values, unit, .. }, ValueRef::Text(value)) => {
            let value = std::str::from_utf8(value).map_err(|_| NoValue)?;
            let value = value.strip_suffix('Z').unwrap_or(value);
            let format = if value.contains('T') { TimestampFormat::Iso8601 } else { TimestampFormat::Sql };
            values.push(text::time::parse_timestamp(value, format, false, *unit).ok_or(NoValue)?);
            column.pushed();
            return Ok(());
        }
        (_, ValueRef::Integer(value)) => value.to_string(),
        (Values::TinyInt(_) | Values::SmallInt(_) | Values::Int(_) | Values::BigInt(_), ValueRef::Real(value))
            if value.fract() == 0.0 =>
        {
            (value as i64).to_string()
        }
        (_, ValueRef::Real(value)) => value.to_string(),
        (_, ValueRef::Text(value)) => {
            let value = std::str::from_utf8(value).map_err(|_| NoValue)?;
            return text::push_text(column, value, TimestampFormat::Sql, text::Dialect::Json);
        }
        (Values::Text(_), ValueRef::Blob(value)) => String::from_utf8_lossy(value).into_owned(),
        (_, ValueRef::Blob(_)) => return Err(NoValue),
    };
    text::push_text(column, &value, TimestampFormat::Sql, text::Dialect::Json)
}

/// SQLite's words, and what can be done about them. What is wrong with the file names it.
fn trouble(path: &Path, error: &rusqlite::Error) -> Trouble {
    let of_file = || Error::failure(format!("SQLite database {}: {error}", path.display()));
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Trouble::Away(of_file().hint(
            "another program keeps a transaction open in it, such as a shell after BEGIN: let it commit, or end it",
        )),
        Some(ErrorCode::DiskFull) => Trouble::Passing(of_file().hint("make room on the disk, or raise max_page_count")),
        Some(ErrorCode::CannotOpen) => Trouble::Passing(of_file()),
        Some(ErrorCode::SchemaChanged) => Trouble::Passing(Error::failure(format!("SQLite: {error}"))),
        Some(ErrorCode::ReadOnly) => Trouble::Refused(of_file().hint("the file and its folder must be writable")),
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Trouble::Refused(of_file())
        }
        _ => Trouble::Refused(Error::failure(format!("SQLite: {error}"))),
    }
}
