//! How the rows of a SELECT are printed.

mod live;
mod table;

use crate::args::OutputFormat;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use riverrun::formats::{EncodedRows, Encoder, FormatSpec, RowFields, format};
use riverrun::sql::plan::{ChangelogKind, Properties};
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Error, Field, Options, Result, RowBatch, RowKinds, TypeKind};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

pub use live::LiveTable;
pub use table::{TablePrinter, print_cells};

/// Prints the rows of one query.
pub trait RowPrinter: Send {
    /// Prints rows as they come.
    fn rows(&mut self, batch: &RowBatch) -> Result<()>;

    /// All rows have come.
    fn finish(&mut self) -> Result<()>;
}

/// The printer for a query with these rows. Where rows are taken back, each comes with its kind.
pub fn printer(
    output: OutputFormat,
    rows: &Properties,
    time_zone: chrono_tz::Tz,
    mut out: Box<dyn Write + Send>,
) -> Result<Box<dyn RowPrinter>> {
    let kinds = (rows.changelog != ChangelogKind::Append).then(|| RowKinds::new(&rows.schema, rows.keys.as_deref()));
    let format_name = match output {
        OutputFormat::Table => return Ok(Box::new(TablePrinter::new(&rows.schema, kinds, out))),
        OutputFormat::Changelog => {
            let types = rows.schema.fields.iter().map(|field| field.data_type.clone());
            let kinds = kinds.unwrap_or_else(|| RowKinds::new(&rows.schema, None));
            return Ok(Box::new(ChangelogPrinter { formatter: RowFormatter::new(types), kinds, out }));
        }
        OutputFormat::Json => "json",
        OutputFormat::Csv => "csv",
    };
    let mut schema = rows.schema.clone();
    if kinds.is_some() {
        let taken = schema.fields.iter().any(|field| field.name == KIND);
        let name = if taken { OTHER_KIND } else { KIND };
        schema.fields.insert(0, Field::new(name, TypeKind::STRING.not_null()));
    }
    let spec = FormatSpec {
        projection: (0..schema.len()).collect(),
        fields: RowFields::new(),
        metadata: Vec::new(),
        options: Options::default(),
        time_zone,
        schema,
    };
    let format = format(format_name).ok_or_else(|| Error::bug(format!("no format '{format_name}'")))?;
    let encoder = format.encoder(&spec)?;
    if output == OutputFormat::Csv {
        let names: Vec<&str> = spec.schema.fields.iter().map(|field| field.name.as_str()).collect();
        writeln!(out, "{}", names.join(",")).map_err(failed)?;
    }
    Ok(Box::new(EncodedPrinter { encoder, rows: EncodedRows::default(), kinds, schema: spec.schema.to_arrow(), out }))
}

/// The column of a row's kind, as in Flink's SQL client; and its name where the query has such a column.
const KIND: &str = "op";
const OTHER_KIND: &str = "row_kind";

/// A write to standard output that failed.
pub fn failed(error: io::Error) -> riverrun_core::Error {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull => Some("free space where standard output goes; the job can be run again"),
        _ => None,
    };
    riverrun_core::Error::failure(format!("cannot write the result: {error}")).hint_opt(hint)
}

/// Prints a text that is no rows: all that commands say on standard output comes through here, so that none of it is lost in
/// silence. A reader that wants no more of it (`| head`, `| grep -q`) has what it wanted.
pub fn print(text: &str) -> Result<()> {
    is_read(text).map(drop)
}

/// The same; false if nobody is there to read the rest, which may take minutes to come.
pub fn is_read(text: &str) -> Result<bool> {
    let mut out = io::stdout();
    // Flushed, since what is left in a buffer at the end of the process is lost without a word.
    is_taken(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Says something on standard error. Where nobody takes it there is nobody to be told of that.
pub fn tell(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// What has become of a write to standard output.
pub fn are_written(written: io::Result<()>) -> Result<()> {
    is_taken(written).map(drop)
}

/// The same; false if nobody is there to read it.
fn is_taken(written: io::Result<()>) -> Result<bool> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true).map_err(failed),
    }
}

/// Whether what goes to a terminal has colours; what goes elsewhere has none. Set to nothing, `NO_COLOR` is not set
/// (<https://no-color.org>).
pub fn is_coloured(out: &impl io::IsTerminal) -> bool {
    out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Sees before anything runs that `what` can be written to a file at its end. The file is left as it is, and none is left
/// where there was none.
pub fn check_writable(path: &Path, what: &str) -> Result<()> {
    let tried = match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::Error::other("it is a folder")),
        Ok(found) if found.is_file() => OpenOptions::new().write(true).open(path).map(drop),
        // A pipe would wait for its reader.
        Ok(_) => Ok(()),
        Err(_) => OpenOptions::new().write(true).create_new(true).open(path).and_then(|file| {
            drop(file);
            std::fs::remove_file(path)
        }),
    };
    tried.map_err(|error| not_writable(Error::input, path, what, &error))
}

/// Writes `what` to a file.
pub fn write_file(path: &Path, what: &str, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| not_writable(Error::failure, path, what, &error))
}

fn not_writable(kind: fn(String) -> Error, path: &Path, what: &str, error: &io::Error) -> Error {
    kind(format!("cannot write the {what} to '{}': {error}", path.display()))
        .hint("check that the folder exists and may be written")
}

/// Flink's row strings, one change a line.
struct ChangelogPrinter {
    formatter: RowFormatter,
    kinds: RowKinds,
    out: Box<dyn Write + Send>,
}

impl RowPrinter for ChangelogPrinter {
    fn rows(&mut self, batch: &RowBatch) -> Result<()> {
        let batch = batch.one_by_one()?;
        let rows = self.formatter.rows(&batch.columns)?;
        let mut text = String::new();
        for (row, kind) in self.kinds.of(&batch)?.into_iter().enumerate() {
            rows.write(row, kind, &mut text);
            text.push('\n');
        }
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(failed)
    }

    fn finish(&mut self) -> Result<()> {
        self.out.flush().map_err(failed)
    }
}

/// JSON lines and CSV, by the formats' own encoders.
struct EncodedPrinter {
    encoder: Box<dyn Encoder>,
    rows: EncodedRows,
    /// The kinds of rows, where some are taken back: they are the first column.
    kinds: Option<RowKinds>,
    schema: SchemaRef,
    out: Box<dyn Write + Send>,
}

impl RowPrinter for EncodedPrinter {
    fn rows(&mut self, batch: &RowBatch) -> Result<()> {
        self.rows.clear();
        match &self.kinds {
            None => self.encoder.encode(&batch.columns, &mut self.rows)?,
            Some(kinds) => {
                let batch = batch.one_by_one()?;
                let kinds = kinds.of(&batch)?.into_iter().map(|kind| Some(kind.short()));
                let kinds: ArrayRef = Arc::new(kinds.collect::<StringArray>());
                let columns = std::iter::once(kinds).chain(batch.columns.columns().iter().cloned()).collect();
                self.encoder.encode(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?, &mut self.rows)?;
            }
        }
        for record in self.rows.iter() {
            self.out.write_all(record).and_then(|()| self.out.write_all(b"\n")).map_err(failed)?;
        }
        self.out.flush().map_err(failed)
    }

    fn finish(&mut self) -> Result<()> {
        self.out.flush().map_err(failed)
    }
}
