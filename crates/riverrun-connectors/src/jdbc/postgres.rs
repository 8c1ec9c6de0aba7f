//! A connection to PostgreSQL. Values travel as text, which every type has; scans and new rows by COPY.

mod trouble;

use super::changes::Changes;
use super::holders;
use super::session::{DbColumn, Described, Family, Scan, Session, TableRef, quoted};
use super::text::{self, TextColumn};
use super::tls;
use super::token;
use super::url::Server;
use crate::delivery::{Commit, Committed, LaneName, Outcome, Stop, Trouble, connection_point, fenced};
use arrow::array::RecordBatch;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use riverrun_core::{Epoch, Error, RowBatch};
use riverrun_formats::columns::Columns;
use riverrun_formats::text::mismatch;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Transaction};
use trouble::trouble;

/// What every session begins with: one text form of all values, scans that give rows in the same order again, an end to the
/// transaction of a process that hangs, which would lock its rows for the process that takes over, and commits that outlive a crash
/// of the server.
const SETTINGS: &str = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET bytea_output = 'hex'; \
    SET extra_float_digits = 1; SET synchronize_seqscans = off; SET max_parallel_workers_per_gather = 0; \
    SELECT set_config('idle_in_transaction_session_timeout', '60s', false) \
    WHERE current_setting('idle_in_transaction_session_timeout') = '0'; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// How many rows one statement puts at the most: their parameters are held in memory on both sides.
const ROWS_PER_STATEMENT: usize = 5_000;

/// How many bytes of new rows are handed to the client at a time.
const COPY_BYTES: usize = 128 << 10;

/// A connection. The client is asynchronous; its thread is this one's.
pub struct Postgres {
    runtime: Runtime,
    client: Client,
    address: String,
    /// Who is connected, quoted.
    role: String,
    table: Arc<TableRef>,
    described: Arc<Described>,
    stop: Stopped,
}

/// Wakes the client's thread when nobody waits for an answer any more.
struct Stopped {
    stop: Stop,
    notify: Arc<Notify>,
}

/// What the server answers, or why it does not.
pub type Answer<T> = Result<T, tokio_postgres::Error>;

impl Postgres {
    /// Connects and makes the session's settings.
    pub fn connect(
        server: &Server,
        table: &Arc<TableRef>,
        described: &Arc<Described>,
        stop: &Stop,
    ) -> Outcome<Postgres> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::failure(format!("cannot start a client: {error}")))?;
        let stopped = Arc::new(Notify::new());
        let stop = Stopped { notify: stopped.clone(), stop: stop.clone() };
        stop.stop.on_stop(move || stopped.notify_one());
        let connector = tls::connector(server)?;
        let attempt = async {
            let (client, connection) = server.config.connect(connector).await?;
            tokio::spawn(async move {
                // What it ends with, the next use of the client says too.
                let _ = connection.await;
            });
            client.batch_execute(SETTINGS).await?;
            Ok(client)
        };
        let attempt = async { tokio::time::timeout(server.timeout, attempt).await };
        let answer = wait(&runtime, &stop, attempt)?;
        let refused =
            |trouble: Trouble| trouble.context(&format!("cannot connect to PostgreSQL at {}", server.address));
        let client = match answer {
            Ok(answer) => answer.map_err(|error| refused(trouble(&error, &server.address)))?,
            Err(_) => {
                let waited = server.timeout.as_secs();
                let error = Error::failure(format!("no answer within {waited} s"))
                    .hint(format!("check that the server at {} runs and can be reached", server.address));
                return Err(refused(Trouble::Away(error)));
            }
        };
        Ok(Postgres {
            runtime,
            client,
            address: server.address.clone(),
            role: quoted(server.config.get_user().unwrap_or_default()),
            table: table.clone(),
            described: described.clone(),
            stop,
        })
    }

    /// The column of the database that belongs to one of ours.
    fn column(&self, index: usize) -> Outcome<&DbColumn> {
        let name = &self.table.schema.fields[index].name;
        let found = self.described.columns.iter().find(|column| column.name == *name);
        found.ok_or_else(|| Error::bug(format!("column `{name}` was not looked up")).into())
    }

    /// `u.c0::int4, u.c1::text`: columns of text as those of the table.
    fn casts(&self, columns: &[usize]) -> Outcome<Vec<String>> {
        let cast = |(at, &index): (usize, &usize)| Ok(format!("u.c{at}::{}", self.column(index)?.cast));
        columns.iter().enumerate().map(cast).collect()
    }

    /// `unnest($1::text[], $2::text[]) AS u(c0, c1)`.
    fn unnest(count: usize) -> String {
        let parameters: Vec<_> = (1..=count).map(|at| format!("${at}::text[]")).collect();
        let names: Vec<_> = (0..count).map(|at| format!("c{at}")).collect();
        format!("unnest({}) AS u({})", parameters.join(", "), names.join(", "))
    }

    fn upsert_sql(&self) -> Outcome<String> {
        let all: Vec<usize> = (0..self.table.schema.len()).collect();
        Ok(format!(
            "INSERT INTO {} ({}) SELECT {} FROM {} {}",
            table_name(&self.table.name),
            self.table.names(&all),
            self.casts(&all)?.join(", "),
            Self::unnest(all.len()),
            self.table.on_conflict(),
        ))
    }

    fn delete_sql(&self) -> Outcome<String> {
        let key = &self.table.primary_key;
        let same = (key.iter().zip(self.casts(key)?))
            .map(|(&index, cast)| format!("t.{} = {cast}", quoted(&self.table.schema.fields[index].name)));
        let same = same.collect::<Vec<_>>().join(" AND ");
        Ok(format!("DELETE FROM {} AS t USING {} WHERE {same}", table_name(&self.table.name), Self::unnest(key.len())))
    }

    fn copy_sql(&self) -> String {
        let all: Vec<usize> = (0..self.table.schema.len()).collect();
        format!("COPY {} ({}) FROM STDIN", table_name(&self.table.name), self.table.names(&all))
    }
}

impl Session for Postgres {
    fn describe(&mut self) -> Outcome<Option<Described>> {
        const COLUMNS: &str = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), \
            quote_ident(n.nspname) || '.' || quote_ident(t.typname), COALESCE(b.typname, t.typname)::text, \
            a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', a.attgenerated <> '' \
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace \
            LEFT JOIN pg_type b ON b.oid = t.typbasetype \
            WHERE a.attrelid = to_regclass($1)::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
        const UNIQUE: &str = "SELECT array_agg(a.attname::text) FROM pg_index i \
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1]) \
            WHERE i.indrelid = to_regclass($1)::oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL \
            GROUP BY i.indexrelid";
        let name = table_name(&self.table.name);
        let (client, parameters) = (&self.client, [(&name as &(dyn ToSql + Sync), Type::TEXT)]);
        let asked = async {
            let columns = client.query_typed(COLUMNS, &parameters).await?;
            let unique = client.query_typed(UNIQUE, &parameters).await?;
            let columns = columns.iter().map(column_of).collect::<Answer<Vec<_>>>()?;
            let unique = unique.iter().map(|row| row.try_get(0)).collect::<Answer<Vec<Vec<String>>>>()?;
            Ok(Described { columns, unique })
        };
        let answer = wait(&self.runtime, &self.stop, asked)?.map_err(|error| trouble(&error, &self.address))?;
        Ok(Some(answer).filter(|described| !described.columns.is_empty()))
    }

    fn scan(&mut self, scan: &Scan, each: &mut dyn FnMut(RowBatch) -> bool) -> Outcome<()> {
        // A query without columns (COUNT(*)) still has rows.
        let names = if scan.columns.is_empty() { "NULL".to_owned() } else { self.table.names(&scan.columns) };
        let range = scan.range.as_ref().map_or_else(String::new, |(column, low, high)| {
            format!(" WHERE {} BETWEEN {low} AND {high}", quoted(column))
        });
        let from = table_name(&self.table.name);
        let sql = format!("COPY (SELECT {names} FROM {from}{range} OFFSET {}) TO STDOUT", scan.skip);
        let mut columns = Columns::new(&self.table.schema, &scan.columns)?;
        let (client, address, table) = (&self.client, &self.address, &self.table.table);
        let reading = async {
            let refused = |error: tokio_postgres::Error| trouble(&error, address);
            let mut stream = pin!(client.copy_out(&sql).await.map_err(refused)?);
            let mut rest: Vec<u8> = Vec::new();
            while let Some(chunk) = stream.next().await {
                let chunk = chunk.map_err(refused)?;
                rest.extend_from_slice(&chunk);
                let mut start = 0;
                while let Some(length) = memchr::memchr(b'\n', &rest[start..]) {
                    push_row(&mut columns, &rest[start..start + length])
                        .map_err(|reason| Error::failure(format!("table '{table}': {reason}")))?;
                    start += length + 1;
                    if (columns.rows() >= scan.batch_size || columns.is_full()) && !each(columns.flush()?) {
                        return Ok(());
                    }
                }
                rest.drain(..start);
            }
            if columns.rows() > 0 {
                each(columns.flush()?);
            }
            Ok(())
        };
        wait(&self.runtime, &self.stop, reading)?
    }

    fn lookup(&mut self, key: &[usize], keys: &RecordBatch, columns: &[usize]) -> Outcome<RowBatch> {
        let same = (key.iter().zip(self.casts(key)?))
            .map(|(&index, cast)| format!("t.{} = {cast}", quoted(&self.table.schema.fields[index].name)));
        let same = same.collect::<Vec<_>>().join(" AND ");
        let wanted = columns.iter().map(|&index| format!("t.{}::text", quoted(&self.table.schema.fields[index].name)));
        let wanted = wanted.collect::<Vec<_>>().join(", ");
        let (unnest, from) = (Self::unnest(key.len()), table_name(&self.table.name));
        let sql = format!("SELECT {wanted} FROM {unnest} JOIN {from} AS t ON {same}");
        let parameters = Parameters::new(keys, 0, keys.num_rows())?;
        let (client, address) = (&self.client, &self.address);
        let asked = async { client.query_typed(&sql, &parameters.typed()).await };
        let rows = wait(&self.runtime, &self.stop, asked)?.map_err(|error| trouble(&error, address))?;
        let mut found = Columns::new(&self.table.schema, columns)?;
        for row in &rows {
            for (index, column) in found.columns.iter_mut().enumerate() {
                // What is boolean as text is `true`, in COPY `t`: both are read.
                match row.try_get::<_, Option<&str>>(index).map_err(|error| trouble(&error, address))? {
                    None => column.push_null(),
                    Some(value) => text::push(column, value).map_err(|_| {
                        Error::failure(format!("table '{}': {}", self.table.table, mismatch(&column.field, value)))
                    })?,
                }
            }
            found.end_row();
        }
        Ok(found.flush()?)
    }

    fn write(&mut self, changes: &Changes, commit: Option<&Commit>) -> Outcome<Committed> {
        let (copy, upsert, delete) = match changes {
            Changes::Append(_) => (self.copy_sql(), String::new(), String::new()),
            Changes::Upsert { .. } => (String::new(), self.upsert_sql()?, self.delete_sql()?),
        };
        let (client, address) = (&mut self.client, &self.address);
        let writing = async {
            let refused = |error: tokio_postgres::Error| trouble(&error, address);
            let transaction = client.transaction().await.map_err(refused)?;
            if let Some(commit) = commit {
                connection_point("token")?;
                if let Some(stands) = advance(&transaction, commit, address).await? {
                    return Ok(stands);
                }
            }
            match changes {
                Changes::Append(batches) => copy_in(&transaction, &copy, batches, address).await?,
                Changes::Upsert { puts, deletes } => {
                    execute(&transaction, &delete, deletes.as_ref(), address).await?;
                    execute(&transaction, &upsert, puts.as_ref(), address).await?;
                }
            }
            connection_point("target-commit")?;
            transaction.commit().await.map_err(refused)?;
            Ok(Committed::Done)
        };
        wait(&self.runtime, &self.stop, writing)?
    }

    fn fence(&mut self, lane: &LaneName, generation: u64) -> Outcome<Option<Epoch>> {
        let numbers = token_numbers(lane, generation, None, None);
        let parameters = &token_parameters(lane, &numbers)[..4];
        let refused = |error: tokio_postgres::Error| self.of_tokens(&error);
        let asked = async {
            // Asked for first: creating a table needs a right that using it does not.
            match self.client.query_typed(token::READ, &parameters[..3]).await {
                Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
                    self.make_tokens(&parameters[..3]).await?
                }
                asked => drop(asked.map_err(refused)?),
            }
            let own = self.client.query_one("SELECT pg_backend_pid()", &[]).await.and_then(|row| row.try_get(0));
            let fenced = self.client.query_typed(token::FENCE, parameters);
            let rows = holders::end_while_waiting(&self.table, own.map_err(refused)?, fenced).await.map_err(refused)?;
            rows.first().map(|row| row.try_get::<_, i64>(0)).transpose().map_err(refused)
        };
        let answer = wait(&self.runtime, &self.stop, asked)??;
        answer.map(token::epoch).ok_or_else(|| fenced(lane))
    }

    fn set_token(&mut self, lane: &LaneName, generation: u64, epoch: Epoch) -> Outcome<()> {
        let numbers = token_numbers(lane, generation, Some(epoch), None);
        let parameters = &token_parameters(lane, &numbers)[..5];
        let sql = format!("{} RETURNING epoch", token::SET);
        let set = wait(&self.runtime, &self.stop, self.client.query_typed(&sql, parameters))?;
        if set.map_err(|error| self.of_tokens(&error))?.is_empty() { Err(fenced(lane)) } else { Ok(()) }
    }

    fn token(&mut self, lane: &LaneName) -> Outcome<Option<Epoch>> {
        let client = &self.client;
        let numbers = token_numbers(lane, 0, None, None);
        let parameters = token_parameters(lane, &numbers);
        let asked = async {
            let rows = client.query_typed(token::READ, &parameters[..3]).await?;
            rows.first().map(|row| row.try_get::<_, i64>(0)).transpose()
        };
        match wait(&self.runtime, &self.stop, asked)? {
            Ok(epoch) => Ok(epoch.and_then(token::epoch)),
            // Nobody has made the table yet.
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
            Err(error) => Err(self.of_tokens(&error)),
        }
    }

    fn copy_table(&mut self, schema: &str) -> Outcome<String> {
        const PATH: &str = "SELECT string_agg(quote_ident(name), ',') FROM unnest(current_schemas(false)) AS name";
        let asked = self.client.query_one(PATH, &[]);
        let path = wait(&self.runtime, &self.stop, asked)?.and_then(|row| row.try_get::<_, Option<String>>(0));
        let path = path.map_err(|error| trouble(&error, &self.address))?.unwrap_or_default();
        const COLUMNS: &str = "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute \
            WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''";
        let from = table_name(&self.table.name);
        let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(&from, Type::TEXT)];
        let asked = self.client.query_typed(COLUMNS, &parameters);
        let columns = wait(&self.runtime, &self.stop, asked)?
            .and_then(|rows| rows.first().map_or(Ok(None), |row| row.try_get(0)));
        let columns: Option<String> = columns.map_err(|error| trouble(&error, &self.address))?;
        let Some(columns) = columns else {
            return Err(Error::input(format!("there is no {}", self.table.place())).into());
        };
        let name = self.table.name.split_once('.').map_or(self.table.name.as_str(), |(_, name)| name);
        let (schema, to) = (quoted(schema), quoted(name));
        let tokens = token::create(&format!("{schema}.{}", token::TABLE));
        self.run(&format!(
            "BEGIN; CREATE SCHEMA {schema}; CREATE TABLE {schema}.{to} (LIKE {from} INCLUDING ALL); \
             INSERT INTO {schema}.{to} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {from}; {tokens}; COMMIT"
        ))?;
        Ok(path)
    }

    fn drop_copy(&mut self, schema: &str) -> Outcome<()> {
        self.run(&format!("DROP SCHEMA IF EXISTS {} CASCADE", quoted(schema)))
    }
}

impl Postgres {
    /// Makes the table of tokens. `lane` are the parameters that look one up.
    async fn make_tokens(&self, lane: &[(&(dyn ToSql + Sync), Type)]) -> Outcome<()> {
        let Err(error) = self.client.batch_execute(&token::create(token::TABLE)).await else { return Ok(()) };
        // Another session may have been at it at the same time, which the server has an error for.
        if self.client.query_typed(token::READ, lane).await.is_ok() {
            return Ok(());
        }
        let schema = self.client.query_one("SELECT quote_ident(current_schema())", &[]).await;
        let schema = schema.and_then(|row| row.try_get::<_, Option<String>>(0)).ok().flatten();
        let name = schema.map_or_else(|| token::TABLE.to_owned(), |schema| format!("{schema}.{}", token::TABLE));
        let context = format!("table '{}', in which commit tokens are kept, can't be made", token::TABLE);
        Err(match trouble(&error, &self.address).context(&context) {
            Trouble::Refused(told) => {
                let made = token::made_beforehand(&name, &self.role);
                Trouble::Refused(told.hint(format!("let somebody who has the right make it beforehand: {made}")))
            }
            trouble => trouble,
        })
    }

    /// What the server says of the table of tokens, which another may have made.
    fn of_tokens(&self, error: &tokio_postgres::Error) -> Trouble {
        let hint = match error.code().map(SqlState::code) {
            Some("42501") => token::granted(token::TABLE, &self.role),
            // It lacks a column or the key, or a column is of another type.
            Some("42703" | "42P10" | "42804" | "42883") => {
                format!("it is to be {}", token::create(token::TABLE).replace(" IF NOT EXISTS", ""))
            }
            _ => return trouble(error, &self.address),
        };
        match trouble(error, &self.address)
            .context(&format!("table '{}', in which commit tokens are kept", token::TABLE))
        {
            Trouble::Refused(told) => Trouble::Refused(told.hint(hint)),
            trouble => trouble,
        }
    }

    fn run(&self, sql: &str) -> Outcome<()> {
        let asked = self.client.batch_execute(sql);
        wait(&self.runtime, &self.stop, asked)?.map_err(|error| trouble(&error, &self.address))
    }
}

/// The numbers of a token as the database has them: lane, generation, epoch, and the epoch before.
fn token_numbers(lane: &LaneName, generation: u64, epoch: Option<Epoch>, before: Option<Epoch>) -> [i64; 4] {
    [i64::from(lane.lane), generation as i64, token::stored(epoch), token::stored(before)]
}

/// The parameters of the statements about tokens; each takes as many from the front as it has.
fn token_parameters<'a>(
    lane: &'a LaneName,
    [number, generation, epoch, before]: &'a [i64; 4],
) -> [(&'a (dyn ToSql + Sync), Type); 6] {
    [
        (&lane.job, Type::TEXT),
        (&lane.sink, Type::TEXT),
        (number, Type::INT8),
        (generation, Type::INT8),
        (epoch, Type::INT8),
        (before, Type::INT8),
    ]
}

/// Moves a token within a transaction. What stands, if it does not move: an earlier commit of the same rows may have arrived.
async fn advance(transaction: &Transaction<'_>, commit: &Commit, address: &str) -> Outcome<Option<Committed>> {
    let refused = |error: tokio_postgres::Error| trouble(&error, address);
    let numbers = token_numbers(&commit.lane, commit.generation, Some(commit.epoch), commit.before);
    let parameters = token_parameters(&commit.lane, &numbers);
    let moved = transaction.query_typed(&format!("{} RETURNING epoch", token::ADVANCE), &parameters).await;
    if !moved.map_err(refused)?.is_empty() {
        return Ok(None);
    }
    let rows = transaction.query_typed(token::READ, &parameters[..3]).await.map_err(refused)?;
    let row = rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose().map_err(refused)?;
    token::standing(commit, row).map(Some)
}

async fn copy_in(transaction: &Transaction<'_>, sql: &str, batches: &[RecordBatch], address: &str) -> Outcome<()> {
    let refused = |error: tokio_postgres::Error| trouble(&error, address);
    let mut sink = pin!(transaction.copy_in::<_, Bytes>(sql).await.map_err(refused)?);
    let (mut out, mut value) = (Vec::with_capacity(COPY_BYTES), Vec::new());
    for batch in batches {
        let columns = batch.columns().iter().map(TextColumn::new).collect::<riverrun_core::Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    out.push(b'\t');
                }
                if column.is_null(row) {
                    out.extend_from_slice(b"\\N");
                } else {
                    value.clear();
                    column.write(row, &mut value);
                    text::escape(&value, &mut out);
                }
            }
            out.push(b'\n');
            if out.len() >= COPY_BYTES {
                sink.send(Bytes::from(std::mem::take(&mut out))).await.map_err(refused)?;
            }
        }
    }
    if !out.is_empty() {
        sink.send(Bytes::from(out)).await.map_err(refused)?;
    }
    sink.finish().await.map(drop).map_err(refused)
}

async fn execute(transaction: &Transaction<'_>, sql: &str, rows: Option<&RecordBatch>, address: &str) -> Outcome<()> {
    let Some(rows) = rows else { return Ok(()) };
    for start in (0..rows.num_rows()).step_by(ROWS_PER_STATEMENT) {
        let parameters = Parameters::new(rows, start, (start + ROWS_PER_STATEMENT).min(rows.num_rows()))?;
        let answer = transaction.query_typed(sql, &parameters.typed()).await;
        answer.map_err(|error| trouble(&error, address))?;
    }
    Ok(())
}

/// Columns as arrays of text.
struct Parameters(Vec<Vec<Option<String>>>);

impl Parameters {
    fn new(rows: &RecordBatch, start: usize, end: usize) -> riverrun_core::Result<Parameters> {
        let column = |array| -> riverrun_core::Result<Vec<_>> {
            let column = TextColumn::new(array)?;
            Ok((start..end).map(|row| column.text(row)).collect())
        };
        Ok(Parameters(rows.columns().iter().map(column).collect::<riverrun_core::Result<_>>()?))
    }

    fn typed(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.0.iter().map(|column| (column as &(dyn ToSql + Sync), Type::TEXT_ARRAY)).collect()
    }
}

/// Appends a row of COPY's; the reason if it is none of ours.
fn push_row(columns: &mut Columns, row: &[u8]) -> Result<(), String> {
    columns.add_bytes(row.len());
    let mut scratch = Vec::new();
    for (column, field) in columns.columns.iter_mut().zip(row.split(|byte| *byte == b'\t')) {
        match text::unescape(field, &mut scratch) {
            None => column.push_null(),
            Some(value) => {
                let value = std::str::from_utf8(value).map_err(|error| error.to_string())?;
                text::push(column, value).map_err(|_| mismatch(&column.field, value))?;
            }
        }
    }
    columns.end_row();
    Ok(())
}

/// The name of a table as SQL has it: `schema.table` is one of a schema.
fn table_name(name: &str) -> String {
    match name.split_once('.') {
        Some((schema, table)) => format!("{}.{}", quoted(schema), quoted(table)),
        None => quoted(name),
    }
}

fn column_of(row: &Row) -> Answer<DbColumn> {
    let base: String = row.try_get(3)?;
    let family = match base.as_str() {
        "bool" => Family::Boolean,
        "int2" => Family::Integer(2),
        "int4" => Family::Integer(4),
        "int8" => Family::Integer(8),
        "numeric" => Family::Numeric,
        "float4" | "float8" => Family::Float,
        "text" | "varchar" | "bpchar" | "name" => Family::Text,
        "bytea" => Family::Bytes,
        "date" => Family::Date,
        "time" => Family::Time,
        "timestamp" => Family::Timestamp,
        "timestamptz" => Family::TimestampTz,
        base if base.starts_with('_') => Family::Array,
        _ => Family::Other,
    };
    Ok(DbColumn {
        name: row.try_get(0)?,
        type_name: row.try_get(1)?,
        cast: row.try_get(2)?,
        family,
        required: row.try_get(4)?,
        computed: row.try_get(5)?,
    })
}

/// Waits for an answer, unless nobody wants it any more.
fn wait<T>(runtime: &Runtime, stop: &Stopped, answer: impl Future<Output = T>) -> Outcome<T> {
    runtime.block_on(async {
        let answer = pin!(answer);
        let stopped = pin!(async {
            while !stop.stop.is_stopped() {
                stop.notify.notified().await;
            }
        });
        match futures_util::future::select(answer, stopped).await {
            futures_util::future::Either::Left((answer, _)) => Ok(answer),
            futures_util::future::Either::Right(_) => Err(Trouble::Refused(Error::failure("stopped"))),
        }
    })
}
