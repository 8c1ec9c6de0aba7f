//! `print`: rows as lines on standard output, in the form of Flink's print connector.

use crate::connector::{AcceptedChanges, Connector, SinkFactory, SinkSpec, SourceFactory, SourceSpec, has_one_writer};
use crate::delivery::{
    Commit, Committed, DeliverySpec, DeliveryWriter, Guarantee, LaneName, Outcome, Stop, Target, Trouble,
};
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Clock, Epoch, Error, Millis, OptionDef, OptionType, Result, RowBatch, RowKinds};
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

/// So many rows are worth a write.
const MAX_ROWS: usize = 1_000;

/// So many bytes of rows a worker holds that are not printed; then the sources wait.
const MAX_BYTES: usize = 4 << 20;

/// How long the last barrier waits for what is not printed, and how often it looks.
const LAST_WAIT: Millis = Millis(1_000);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

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
            delivery: DeliverySpec {
                guarantee: Guarantee::AtLeastOnce,
                max_bytes: MAX_BYTES,
                ..DeliverySpec::new(&spec, MAX_ROWS, 0)?
            },
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
    delivery: DeliverySpec,
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
        let (out, terminal): (Box<dyn Write + Send>, bool) = if self.standard_error {
            (Box::new(std::io::stderr()), std::io::stderr().is_terminal())
        } else {
            (Box::new(std::io::stdout()), std::io::stdout().is_terminal())
        };
        let lines = Lines {
            prefix: self.prefix(&context),
            // A row may be written over a line of progress: what is left of that goes away.
            line_end: if terminal { "\x1b[K\n" } else { "\n" },
            formatter: self.formatter.clone(),
            kinds: self.kinds.clone(),
            out,
        };
        if !context.job.checkpoints {
            return Ok(Box::new(Printer { lines, context }));
        }
        let clock = context.clock.clone();
        let writer = DeliveryWriter::start(self.delivery.clone(), lines, Stop::default(), context)?;
        Ok(Box::new(BufferedPrinter { writer, clock, ends_since: None }))
    }
}

/// Prints a batch at once, so that the lines of two workers do not mix.
struct Lines {
    prefix: String,
    line_end: &'static str,
    formatter: RowFormatter,
    kinds: RowKinds,
    out: Box<dyn Write + Send>,
}

impl Lines {
    /// How many bytes that were.
    fn print(&mut self, batch: RowBatch) -> Result<usize> {
        let batch = batch.one_by_one()?;
        let rows = self.formatter.rows(&batch.columns)?;
        let mut text = String::new();
        for (row, kind) in self.kinds.of(&batch)?.into_iter().enumerate() {
            text.push_str(&self.prefix);
            rows.write(row, kind, &mut text);
            text.push_str(self.line_end);
        }
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(|error| {
            Error::failure(format!("cannot print a row: {error}"))
                .hint("the reader of standard output has gone away, or its disk is full")
        })?;
        Ok(text.len())
    }
}

/// Without checkpoints: a reader that does not read holds the worker up, and nothing else waits for it.
struct Printer {
    lines: Lines,
    context: SinkContext,
}

impl Sink<RowBatch> for Printer {
    fn write(&mut self, batch: RowBatch) -> Result<()> {
        let bytes = self.lines.print(batch)?;
        self.context.metrics.bytes.add(bytes as u64);
        Ok(())
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

/// With checkpoints: a thread prints, and rows that are not printed are part of the checkpoint, at least once as in every sink. So
/// barriers pass a reader that does not read.
struct BufferedPrinter {
    writer: DeliveryWriter,
    clock: Arc<dyn Clock>,
    /// When the input has ended.
    ends_since: Option<Millis>,
}

impl Sink<RowBatch> for BufferedPrinter {
    fn ready(&mut self) -> bool {
        self.writer.ready()
    }

    /// The last barrier waits for a moment: where somebody reads, a job that was stopped has nothing left to print again.
    fn keeps_rows(&self) -> bool {
        self.ends_since.is_none_or(|since| self.clock.now().0 - since.0 >= LAST_WAIT.0)
    }

    fn write(&mut self, batch: RowBatch) -> Result<()> {
        self.writer.write(batch)
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(match self.writer.poll()? {
            SinkState::Pending(None) if !self.keeps_rows() => SinkState::Pending(Some(LOOK_AGAIN)),
            state => state,
        })
    }

    fn on_tick(&mut self) -> Result<()> {
        self.writer.on_tick()
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        self.writer.snapshot(epoch)
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        self.writer.on_epoch_complete(epoch)
    }

    fn finish(&mut self) -> Result<()> {
        self.ends_since = Some(self.clock.now());
        self.writer.finish()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.writer.restore(state)
    }
}

/// A terminal or a pipe has no transactions, so that nothing but rows is asked of it.
impl Target for Lines {
    fn write(&mut self, batches: &[RowBatch]) -> Outcome<()> {
        Ok(batches.iter().try_for_each(|batch| self.print(batch.clone()).map(drop))?)
    }

    fn fence(&mut self, _lane: &LaneName, _generation: u64) -> Outcome<Option<Epoch>> {
        Err(no_lanes())
    }

    fn token(&mut self, _lane: &LaneName) -> Outcome<Option<Epoch>> {
        Err(no_lanes())
    }

    fn commit(&mut self, _commit: &Commit, _batches: &[RowBatch]) -> Outcome<Committed> {
        Err(no_lanes())
    }

    fn set_token(&mut self, _lane: &LaneName, _generation: u64, _epoch: Epoch) -> Outcome<()> {
        Err(no_lanes())
    }

    fn disconnect(&mut self) {}
}

fn no_lanes() -> Trouble {
    Trouble::Refused(Error::bug("print has no lanes"))
}
