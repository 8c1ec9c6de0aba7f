//! The rows of SESSION used one by one: held until their session is over, then given its window.

use super::local_time::LocalTime;
use super::results::property_column;
use super::sessions::{Session, SessionBatch, SessionState, SessionValues, Sessions};
use super::spec::{WindowAssignSpec, WindowKind, WindowProperty, Windowing};
use crate::expression::Expression;
use crate::late::LateRows;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Error, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{BlobReader, put_bytes, put_u32};
use riverrun_state::{KeyEncoder, KeyRows, OperatorSnapshot, RestoredState, key};

const VERSION: u8 = 1;

/// How many rows a batch has at the most.
const BATCH_SIZE: usize = 8_192;

/// Holds the rows of open sessions.
#[derive(Debug)]
pub struct SessionRows {
    keys: Vec<Expression>,
    time: Expression,
    context: OperatorContext,
    schema: SchemaRef,
    /// The types of the input's columns.
    types: Vec<DataType>,
    key_encoder: KeyEncoder,
    row_encoder: KeyEncoder,
    sessions: Sessions,
    /// By slot.
    rows: Vec<KeyRows>,
    due: Watermark,
    /// A session whose rows are going out, and the next of them.
    firing: Option<(Session, usize)>,
    backlog: Option<(SessionBatch, KeyRows, Option<LateRows>)>,
}

/// Puts the rows of a batch into their sessions.
struct Store<'a> {
    rows: &'a mut Vec<KeyRows>,
    encoded: &'a KeyRows,
}

/// The number of a session's rows, and the rows.
impl SessionValues for Vec<KeyRows> {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let rows = &self[slot as usize];
        put_u32(out, rows.len() as u32);
        rows.iter().for_each(|row| put_bytes(out, row));
    }

    fn decode(&mut self, slot: u32, blob: &mut BlobReader<'_>) -> Result<()> {
        self.resize(self.len().max(slot as usize + 1), KeyRows::default());
        for _ in 0..blob.u32()? {
            self[slot as usize].push(blob.bytes()?);
        }
        Ok(())
    }
}

impl SessionState for Store<'_> {
    fn values(&self) -> &impl SessionValues {
        &*self.rows
    }

    fn add(&mut self, row: u32, slot: u32) -> Result<()> {
        if self.rows.len() <= slot as usize {
            self.rows.resize(slot as usize + 1, KeyRows::default());
        }
        self.rows[slot as usize].push(self.encoded.row(row as usize));
        Ok(())
    }

    fn absorb(&mut self, into: u32, from: u32) -> Result<()> {
        let from = std::mem::take(&mut self.rows[from as usize]);
        from.iter().for_each(|row| self.rows[into as usize].push(row));
        Ok(())
    }
}

impl SessionRows {
    /// The operator on one worker.
    pub fn new(spec: WindowAssignSpec, context: OperatorContext) -> Result<Self> {
        let Windowing::Time { kind: WindowKind::Session { gap }, time, zone, .. } = spec.windowing else {
            return Err(Error::bug("sessions of other windows"));
        };
        if gap.0 <= 0 {
            return Err(Error::input("the gap of a SESSION must be positive"));
        }
        let schema = spec.schema.to_arrow();
        let columns = schema.fields().len().saturating_sub(3);
        Ok(SessionRows {
            keys: spec.keys,
            time,
            sessions: Sessions::new(gap.0, LocalTime::new(zone), context.held("")),
            context,
            types: schema.fields().iter().take(columns).map(|field| field.data_type().clone()).collect(),
            schema,
            key_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
            rows: Vec::new(),
            due: Watermark::MIN,
            firing: None,
            backlog: None,
        })
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        loop {
            if self.firing.is_some() {
                if !out.has_room() {
                    return Ok(());
                }
                self.emit(out)?;
            } else if let Some(session) = self.sessions.pop(self.due, &mut KeyRows::default(), &self.rows) {
                self.firing = Some((session, 0));
            } else if let Some((mut batch, encoded, late)) = self.backlog.take() {
                let mut store = Store { rows: &mut self.rows, encoded: &encoded };
                let taken = self.sessions.take_in(&mut batch, &mut store)?;
                self.context.metrics.late.add(taken.late.len() as u64);
                if let Some(late) = &late {
                    late.emit(&taken.late, &batch.watermarks, out)?;
                }
                if let Some(watermark) = taken.stopped {
                    self.due = self.due.max(watermark);
                    self.backlog = Some((batch, encoded, late));
                }
            } else {
                return Ok(());
            }
        }
    }

    /// Emits the next rows of the session that is over.
    fn emit(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some((session, position)) = self.firing.take() else { return Ok(()) };
        let rows = &self.rows[session.slot as usize];
        let end = rows.len().min(position + BATCH_SIZE);
        let mut columns = key::decode(&self.types, (position..end).map(|row| rows.row(row)))?;
        for property in [WindowProperty::Start, WindowProperty::End, WindowProperty::Time] {
            let field = self.schema.fields().get(columns.len()).ok_or_else(|| Error::bug("too few columns"))?;
            let windows = std::iter::repeat_n(session.window, end - position);
            columns.push(property_column(property, windows, self.sessions.zone(), field.data_type())?);
        }
        out.emit(RowBatch::append(RecordBatch::try_new(self.schema.clone(), columns)?));
        if end < rows.len() {
            self.firing = Some((session, end));
        } else {
            self.rows[session.slot as usize] = KeyRows::default();
            self.sessions.free(session.slot);
        }
        Ok(())
    }
}

impl Operator<RowBatch> for SessionRows {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        if batch.weights.as_ref().is_some_and(|weights| weights.iter().any(|weight| *weight != 1)) {
            return Err(Error::bug("the rows of sessions over a stream that takes rows back"));
        }
        let rows = SessionBatch::new(&self.time, &self.keys, &mut self.key_encoder, &batch.columns, watermarks)?;
        let encoded = self.row_encoder.encode(batch.columns.columns(), batch.num_rows())?.clone();
        self.backlog = Some((rows, encoded, LateRows::of(&batch, self.sessions.zone().is_local(), out)));
        self.due = self.due.max(watermarks.before(0));
        self.advance(out)
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        self.due = self.due.max(watermark);
        self.advance(out)
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.sessions.next_timer()
    }

    fn has_more(&self) -> bool {
        self.firing.is_some()
            || self.backlog.is_some()
            || self.sessions.next_timer().is_some_and(|timer| timer <= self.due)
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.has_more() {
            return Err(Error::bug("a snapshot of sessions that have more to emit"));
        }
        self.sessions.snapshot(VERSION, self.context.key_groups, &self.rows)
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.sessions.write_behind(&self.rows)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.sessions.restore(&state, VERSION, "the rows of sessions", &mut self.rows)
    }
}
