//! How the rows of a SELECT are printed.

mod live;
mod table;

use crate::args::OutputFormat;
use riverrun::formats::{EncodedRows, Encoder, FormatSpec, format};
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Options, Result, RowBatch, RowKind, Schema};
use std::io::{self, Write};

pub use live::LiveTable;
pub use table::{TablePrinter, print_cells};

/// Prints the rows of one query.
pub trait RowPrinter: Send {
    /// Prints rows as they come.
    fn rows(&mut self, batch: &RowBatch) -> Result<()>;

    /// All rows have come.
    fn finish(&mut self) -> Result<()>;
}

/// The printer for a query of this schema.
pub fn printer(
    output: OutputFormat,
    schema: &Schema,
    append_only: bool,
    time_zone: chrono_tz::Tz,
    out: Box<dyn Write + Send>,
) -> Result<Box<dyn RowPrinter>> {
    let encoder = |name: &str, options: Options| -> Result<Box<dyn Encoder>> {
        let spec = FormatSpec {
            schema: schema.clone(),
            projection: (0..schema.len()).collect(),
            metadata: Vec::new(),
            options,
            time_zone,
        };
        match format(name) {
            Some(format) => format.encoder(&spec),
            None => Err(riverrun_core::Error::bug(format!("no format '{name}'"))),
        }
    };
    Ok(match output {
        OutputFormat::Table => Box::new(TablePrinter::new(schema, append_only, out)),
        OutputFormat::Changelog => Box::new(ChangelogPrinter {
            formatter: RowFormatter::new(schema.fields.iter().map(|field| field.data_type.clone())),
            out,
        }),
        OutputFormat::Json => Box::new(EncodedPrinter {
            encoder: encoder("json", Options::default())?,
            rows: EncodedRows::default(),
            out,
        }),
        OutputFormat::Csv => {
            let names: Vec<&str> = schema.fields.iter().map(|field| field.name.as_str()).collect();
            let mut out = out;
            writeln!(out, "{}", names.join(",")).map_err(failed)?;
            Box::new(EncodedPrinter { encoder: encoder("csv", Options::default())?, rows: EncodedRows::default(), out })
        }
    })
}

/// The kind to show for a row of this weight.
pub fn kind_of(weight: i64) -> RowKind {
    if weight < 0 { RowKind::Delete } else { RowKind::Insert }
}

/// A write to standard output that failed.
pub fn failed(error: io::Error) -> riverrun_core::Error {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull => Some("free space where standard output goes; the job can be run again"),
        _ => None,
    };
    riverrun_core::Error::failure(format!("cannot write the result: {error}")).hint_opt(hint)
}

/// Prints a report. A reader that wants no more of it (`| head`, `| grep -q`) has what it wanted.
pub fn print(text: &str) -> riverrun_core::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(failed),
    }
}

/// Flink's row strings, one change a line.
struct ChangelogPrinter {
    formatter: RowFormatter,
    out: Box<dyn Write + Send>,
}

impl RowPrinter for ChangelogPrinter {
    fn rows(&mut self, batch: &RowBatch) -> Result<()> {
        let rows = self.formatter.rows(&batch.columns)?;
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            let weight = batch.weight(row);
            for _ in 0..weight.unsigned_abs() {
                rows.write(row, kind_of(weight), &mut text);
                text.push('\n');
            }
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
    out: Box<dyn Write + Send>,
}

impl RowPrinter for EncodedPrinter {
    fn rows(&mut self, batch: &RowBatch) -> Result<()> {
        self.rows.clear();
        self.encoder.encode(&batch.columns, &mut self.rows)?;
        for record in self.rows.iter() {
            self.out.write_all(record).and_then(|()| self.out.write_all(b"\n")).map_err(failed)?;
        }
        self.out.flush().map_err(failed)
    }

    fn finish(&mut self) -> Result<()> {
        self.out.flush().map_err(failed)
    }
}
