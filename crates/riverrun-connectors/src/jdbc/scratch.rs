//! The scratch place of a table in a database: of SQLite a copy of the file, in PostgreSQL a copy of the table in a schema
//! of its own. Both hold the rows that the table has, since upserts meet them.

use super::options;
use super::session::{TableRef, connect, quoted};
use super::url::Database;
use crate::delivery::{Stop, Trouble};
use crate::scratch::{Remove, Scratch, ScratchSpec, set};
use riverrun_core::{Error, Result, Schema};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;

/// Makes a copy of the table's place.
pub fn scratch(spec: &ScratchSpec) -> Result<Scratch> {
    let database = Database::new(&spec.options)?;
    let name = spec.options.text(&options::TABLE).unwrap_or_default().trim().to_owned();
    let (write, remove) = match &database {
        Database::Sqlite(path) => {
            let copy = spec.folder.join(format!("{}.db", spec.name));
            copy_file(path, &copy)?;
            (vec![set(options::URL.name, format!("jdbc:sqlite:{}", copy.display()))], None)
        }
        Database::Postgres(_) => copy_table(spec, &database, &name)?,
    };
    Ok(Scratch { write, read: Vec::new(), remove })
}

/// Copies a database, as it is at one moment.
fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let refused = |error: rusqlite::Error| {
        Error::input(format!("cannot copy the SQLite database {}: {error}", from.display()))
            .hint("the file must exist, and its tables too")
    };
    let connection = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(refused)?;
    connection.execute("VACUUM INTO ?", [to.display().to_string()]).map(drop).map_err(refused)
}

/// Copies a table into a new schema, in which the commit tokens are kept too.
fn copy_table(
    spec: &ScratchSpec,
    database: &Database,
    name: &str,
) -> Result<(crate::scratch::Overrides, Option<Remove>)> {
    let table = Arc::new(TableRef {
        database: database.clone(),
        table: spec.table.clone(),
        name: name.to_owned(),
        schema: Schema::new(Vec::new()),
        primary_key: Vec::new(),
    });
    let refused = |trouble: Trouble| {
        let error = trouble.into_error().context(format!("cannot make a copy of table '{name}' to write to"));
        match error.hint_text() {
            Some(_) => error,
            None => error.hint("the user needs the right to create a schema in the database"),
        }
    };
    let mut session = connect(&table, &Arc::default(), &Stop::default()).map_err(refused)?;
    let own = session.copy_table(&spec.name).map_err(refused)?;
    let url = spec.options.given(options::URL.name).map(|url| url.text.trim().to_owned()).unwrap_or_default();
    let separator = if url.contains('?') { '&' } else { '?' };
    let path = escaped(&format!("{},{own}", quoted(&spec.name)));
    let write = vec![
        set(options::URL.name, format!("{url}{separator}currentSchema={path}")),
        set(options::TABLE.name, name.rsplit('.').next().unwrap_or(name)),
    ];
    let schema = spec.name.clone();
    let remove: Remove = Box::new(move || {
        let mut session = connect(&table, &Arc::default(), &Stop::default()).map_err(Trouble::into_error)?;
        session.drop_copy(&schema).map_err(Trouble::into_error)
    });
    Ok((write, Some(remove)))
}

/// Text as a URL's parameter holds it.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b',' | b'.' => escaped.push(byte as char),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
