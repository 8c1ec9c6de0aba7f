//! The rows of a window function used one by one: each comes out once per window, with the window's columns.
//!
//! TUMBLE, HOP and CUMULATE keep nothing and drop nothing, late or not. A SESSION is known only once it is over: its
//! rows are held until then (`SessionRows`).
//!
//! Source of the semantics: Flink 2.3, "Windowing TVF", and its `AlignedWindowTableFunctionOperator`.

use super::borders::Window;
use super::finder::{Finder, RowTimes};
use super::results::property_column;
use super::session_rows::SessionRows;
use super::spec::{WindowAssignSpec, WindowKind, WindowProperty, Windowing};
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::SchemaRef;
use riverrun_core::{Error, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};

#[cfg(test)]
mod tests;

/// How many rows a batch has at the most where one row becomes several.
const BATCH_SIZE: usize = 8_192;

const PROPERTIES: [WindowProperty; 3] = [WindowProperty::Start, WindowProperty::End, WindowProperty::Time];

/// Gives rows their windows.
#[derive(Debug)]
pub struct WindowAssign(Kind);

#[derive(Debug)]
enum Kind {
    Aligned(Box<Aligned>),
    Session(Box<SessionRows>),
}

impl WindowAssign {
    /// The operator on one worker.
    pub fn new(spec: WindowAssignSpec, context: OperatorContext) -> Result<Self> {
        Ok(WindowAssign(match spec.windowing {
            Windowing::Time { kind: WindowKind::Session { .. }, .. } => {
                Kind::Session(Box::new(SessionRows::new(spec, context)?))
            }
            Windowing::Time { .. } => Kind::Aligned(Box::new(Aligned {
                finder: Finder::new(&spec.windowing)?,
                schema: spec.schema.to_arrow(),
                backlog: None,
            })),
            Windowing::Attached { .. } => return Err(Error::bug("rows that carry their windows need none")),
        }))
    }
}

/// TUMBLE, HOP and CUMULATE.
#[derive(Debug)]
struct Aligned {
    finder: Finder,
    schema: SchemaRef,
    /// Rows that wait for room.
    backlog: Option<(RowBatch, WatermarkRuns)>,
}

impl Aligned {
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while out.has_room()
            && let Some((batch, watermarks)) = self.backlog.take()
        {
            let (rows, windows, taken) = self.windows(&batch)?;
            let (batch_now, runs_now) = (batch.slice(0, taken), watermarks.slice(0, taken));
            if taken < batch.num_rows() {
                let left = batch.num_rows() - taken;
                self.backlog = Some((batch.slice(taken, left), watermarks.slice(taken, left)));
            }
            let one_each = rows.len() == taken && rows.iter().enumerate().all(|(at, &row)| at == row as usize);
            let (columns, weights, runs) = if one_each {
                (batch_now.columns, batch_now.weights, runs_now)
            } else {
                let runs = runs_now.select(&rows);
                let weights = batch_now.weights.map(|weights| rows.iter().map(|&row| weights[row as usize]).collect());
                (take_record_batch(&batch_now.columns, &UInt32Array::from(rows))?, weights, runs)
            };
            let mut columns = columns.columns().to_vec();
            for property in PROPERTIES {
                let field = self.schema.fields().get(columns.len()).ok_or_else(|| Error::bug("too few columns"))?;
                columns.push(property_column(
                    property,
                    windows.iter().copied(),
                    self.finder.zone(),
                    field.data_type(),
                )?);
            }
            out.emit_with(RowBatch { columns: RecordBatch::try_new(self.schema.clone(), columns)?, weights }, runs);
        }
        Ok(())
    }

    /// The rows that come out, their windows, and how many rows of the batch that took.
    fn windows(&mut self, batch: &RowBatch) -> Result<(Vec<u32>, Vec<Window>, usize)> {
        let RowTimes::Instants(instants) = self.finder.times(&batch.columns)? else {
            return Err(Error::bug("rows without time"));
        };
        let (mut rows, mut windows) = (Vec::with_capacity(instants.len()), Vec::with_capacity(instants.len()));
        let Some(borders) = self.finder.borders() else { return Err(Error::bug("windows without borders")) };
        let mut found = None;
        let mut of_slice: Vec<Window> = Vec::new();
        for (row, &instant) in instants.iter().enumerate() {
            if windows.len() >= BATCH_SIZE.max(instants.len()) {
                return Ok((rows, windows, row));
            }
            if !found.is_some_and(|found: super::finder::Found| found.covers(instant)) {
                of_slice.clear();
                of_slice.extend(borders.windows(found.insert(self.finder.find(instant)?).slice).iter());
            }
            rows.extend(std::iter::repeat_n(row as u32, of_slice.len()));
            windows.extend_from_slice(&of_slice);
        }
        Ok((rows, windows, instants.len()))
    }
}

impl Operator<RowBatch> for WindowAssign {
    fn on_batch(
        &mut self,
        port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        match &mut self.0 {
            Kind::Aligned(aligned) => {
                aligned.backlog = Some((batch, watermarks.clone()));
                aligned.advance(out)
            }
            Kind::Session(session) => session.on_batch(port, batch, watermarks, out),
        }
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        match &mut self.0 {
            Kind::Aligned(_) => Ok(()),
            Kind::Session(session) => session.on_watermark(watermark, out),
        }
    }

    fn next_timer(&self) -> Option<Watermark> {
        match &self.0 {
            Kind::Aligned(_) => None,
            Kind::Session(session) => session.next_timer(),
        }
    }

    fn has_more(&self) -> bool {
        match &self.0 {
            Kind::Aligned(aligned) => aligned.backlog.is_some(),
            Kind::Session(session) => session.has_more(),
        }
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        match &mut self.0 {
            Kind::Aligned(aligned) => aligned.advance(out),
            Kind::Session(session) => session.resume(out),
        }
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        match &mut self.0 {
            Kind::Aligned(_) => Ok(OperatorSnapshot::default()),
            Kind::Session(session) => session.snapshot(),
        }
    }

    fn write_behind(&mut self) -> Result<bool> {
        match &mut self.0 {
            Kind::Aligned(_) => Ok(false),
            Kind::Session(session) => session.write_behind(),
        }
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        match &mut self.0 {
            Kind::Aligned(_) => Ok(()),
            Kind::Session(session) => session.restore(state),
        }
    }
}
