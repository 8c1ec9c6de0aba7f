//! `print`: rows as lines on standard output, in the form of Flink's print connector.

use crate::connector::{AcceptedChanges, Connector, SinkFactory, SinkSpec, SourceFactory, SourceSpec, has_one_writer};
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Epoch, Error, OptionDef, OptionType, Result, RowBatch, RowKinds};
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::io::{IsTerminal, Write};
use std::sync::Arc;

const IDENTIFIER: OptionDef = OptionDef::new(
    "print-identifier",
    OptionType::Text,
    None,
    "What stands before each row: 'orders> +I[1, a]'. With several workers the worker's number follows it.",
);
const STANDARD_ERROR: OptionDef =
    OptionDef::new("standard-error", OptionType::Bool, Some("false"), "Prints to standard error instead.");

/// The connector.
#[derive(Debug)]
pub struct Print;

impl Connector for Print {
    fn name(&self) -> &'static str {
        "print"
    }

    fn doc(&self) -> &'static str {
        "Prints every row as a line: +I[1, a]."
    }

    fn options(&self) -> &'static [OptionDef] {
        const OPTIONS: &[OptionDef] = &[IDENTIFIER, STANDARD_ERROR];
        OPTIONS
    }

    fn reads(&self) -> bool {
        false
    }

    fn source(&self, spec: SourceSpec) -> Result<Arc<dyn SourceFactory>> {
        Err(Error::input(format!("table '{}' can't be read: the connector 'print' only writes", spec.table)))
    }

    fn sink(&self, spec: SinkSpec) -> Result<Arc<dyn SinkFactory>> {
        Ok(Arc::new(PrintSink {
            identifier: spec.options.text(&IDENTIFIER).map(str::to_owned),
            standard_error: spec.options.bool(&STANDARD_ERROR)?,
            single: has_one_writer(&spec.options),
            formatter: RowFormatter::new(spec.schema.fields.iter().map(|field| field.data_type.clone())),
            kinds: RowKinds::new(&spec.schema, spec.row_keys.as_deref()),
        }))
    }
}

struct PrintSink {
    identifier: Option<String>,
    standard_error: bool,
    /// `sink.parallelism` is 1, so that all rows come to one worker.
    single: bool,
    formatter: RowFormatter,
    kinds: RowKinds,
}

impl PrintSink {
    /// What stands before each row of a worker's: as in Flink `identifier:2> `, `identifier> `, `2> ` or nothing.
    fn prefix(&self, context: &SinkContext) -> String {
        let several = context.parallelism > 1 && !self.single;
        let worker = several.then(|| (context.worker + 1).to_string());
        match (&self.identifier, worker) {
            (Some(identifier), Some(worker)) => format!("{identifier}:{worker}> "),
            (Some(identifier), None) => format!("{identifier}> "),
            (None, Some(worker)) => format!("{worker}> "),
            (None, None) => String::new(),
        }
    }
}

impl SinkFactory for PrintSink {
    fn accepts(&self) -> AcceptedChanges {
        AcceptedChanges::All
    }

    fn writer(&self, context: SinkContext) -> Result<Box<dyn Sink<RowBatch>>> {
        let (out, terminal): (Box<dyn Write>, bool) = if self.standard_error {
            (Box::new(std::io::stderr()), std::io::stderr().is_terminal())
        } else {
            (Box::new(std::io::stdout()), std::io::stdout().is_terminal())
        };
        Ok(Box::new(Printer {
            prefix: self.prefix(&context),
            // A row may be written over a line of progress: what is left of that goes away.
            line_end: if terminal { "\x1b[K\n" } else { "\n" },
            formatter: self.formatter.clone(),
            kinds: self.kinds.clone(),
            context,
            out,
        }))
    }
}

/// Prints a batch at once, so that the lines of two workers do not mix.
struct Printer {
    prefix: String,
    line_end: &'static str,
    formatter: RowFormatter,
    kinds: RowKinds,
    context: SinkContext,
    out: Box<dyn Write>,
}

impl Sink<RowBatch> for Printer {
    fn write(&mut self, batch: RowBatch) -> Result<()> {
        let batch = batch.one_by_one()?;
        let rows = self.formatter.rows(&batch.columns)?;
        let mut text = String::new();
        for (row, kind) in self.kinds.of(&batch)?.into_iter().enumerate() {
            text.push_str(&self.prefix);
            rows.write(row, kind, &mut text);
            text.push_str(self.line_end);
        }
        self.context.metrics.bytes.add(text.len() as u64);
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(|error| {
            Error::failure(format!("cannot print a row: {error}"))
                .hint("the reader of standard output has gone away, or its disk is full")
        })
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
    }

    fn snapshot(&mut self, _epoch: Epoch) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
