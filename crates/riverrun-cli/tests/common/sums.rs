//! A job with a database: numbers as they are and summed up by key, into SQLite and perhaps into files.

use super::Case;
use rusqlite::Connection;

/// The tables of the database.
pub const TABLES: &str = "CREATE TABLE plain (id INTEGER); CREATE TABLE sums (k INTEGER PRIMARY KEY, n INTEGER);";

/// A table of the numbers from 1 to `rows`.
pub fn numbers(rows: i64, per_second: u32) -> String {
    format!(
        "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{per_second}',
           'number-of-rows' = '{rows}', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '{rows}');"
    )
}

/// The job that writes them.
pub fn pipeline(numbers: &str, guarantee: &str, into_files: bool) -> String {
    let jdbc = |table: &str| {
        format!(
            "WITH ('connector' = 'jdbc', 'url' = 'jdbc:sqlite:base.db', 'table-name' = '{table}',
             'sink.delivery-guarantee' = '{guarantee}')"
        )
    };
    let files = if into_files { "INSERT INTO files SELECT id FROM numbers;" } else { "" };
    format!(
        "{numbers}
         CREATE TABLE plain (id BIGINT) {};
         CREATE TABLE sums (k BIGINT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) {};
         CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 'files', 'format' = 'csv');
         EXECUTE STATEMENT SET BEGIN
           INSERT INTO plain SELECT id FROM numbers;
           INSERT INTO sums SELECT MOD(id, 10), COUNT(*) FROM numbers GROUP BY MOD(id, 10);
           {files}
         END;",
        jdbc("plain"),
        jdbc("sums")
    )
}

/// The database of a case.
pub fn base(case: &Case) -> Connection {
    Connection::open(case.path().join("base.db")).unwrap()
}

/// How many rows a query gives, and how many different ones.
pub fn counts(case: &Case, sql: &str) -> (i64, i64) {
    base(case).query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}
