//! MATCH_RECOGNIZE: patterns over the rows of each partition, in the order of event time.
//!
//! A row waits until the watermark has passed its time, then goes through the [`Matcher`] of its partition; one that comes
//! later than that is late. Of every row only the operands are kept that conditions and measures look at; they go away
//! with the last open match that holds the row. With WITHIN, matches that have had their time are given up as the
//! watermark moves on.
//!
//! Nothing leaves memory. Where there is a tier a barrier writes the partitions that have changed since the one before, each of them
//! whole.
//!
//! In processing time a row's time is the moment at which it comes here, so no row waits and none is late; the clock gives up
//! matches that have had their time. What has begun when input ends is dropped, since its time has not come.
//!
//! Source of the semantics: Flink 2.3, "Pattern Recognition", and its `CepOperator`. Beyond it: PREV, groups, alternation,
//! PERMUTE, and all rows per match.

mod ahead;
mod snapshot;
#[cfg(test)]
mod tests;
mod values;
mod waiting;

use ahead::{Answers, Asked};
pub use values::{Computed, End, MatchValue};
use waiting::Waiting;

use crate::event_time::{null_row_time, timestamp_millis};
use crate::expression::{Expression, evaluate, evaluate_all};
use crate::pattern::{Conditions, Match, Matcher, Node, Pattern, Program, Rules, Skip, SkipError, Variable};
use crate::sort_key::SortKey;
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion_common::ScalarValue;
use riverrun_core::{Error, Millis, Result, RowBatch, Schema, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::tier::Resident;
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState};
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

/// A value that is kept of every row.
#[derive(Clone, Debug)]
pub enum Operand {
    /// Computed from the row.
    Input(Expression),
    /// Another operand's value of the row so many rows before it in the partition; NULL where there is none.
    Before {
        /// The other operand, which is no `Before` itself.
        operand: usize,
        /// How many rows.
        rows: usize,
    },
}

/// Whether a row can be a variable.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Whatever it is.
    Always,
    /// If this operand, a BOOLEAN of the row alone, is true.
    Operand(usize),
    /// If this is true of the row and those matched before it.
    Computed(Computed),
}

/// A pattern to be found in each partition. The input must be append-only and routed by `keys`.
#[derive(Clone, Debug)]
pub struct MatchRecognizeSpec {
    /// PARTITION BY.
    pub keys: Vec<Expression>,
    /// Event time, the first of ORDER BY; `None`: processing time.
    pub time: Option<Expression>,
    /// What follows it in ORDER BY.
    pub order: Vec<SortKey>,
    /// What is kept of every row.
    pub operands: Vec<Operand>,
    /// The types of the operands.
    pub operand_types: Vec<DataType>,
    /// The names of the variables.
    pub variables: Vec<String>,
    /// DEFINE, by variable.
    pub conditions: Vec<Condition>,
    /// PATTERN.
    pub pattern: Pattern,
    /// AFTER MATCH SKIP.
    pub skip: Skip,
    /// WITHIN.
    pub within: Option<Millis>,
    /// ALL ROWS PER MATCH.
    pub all_rows: bool,
    /// The columns of the output.
    pub measures: Computed,
    /// The schema of the output.
    pub schema: Schema,
    /// How many rows a batch of results has at the most (`execution.batch-size`).
    pub batch_size: usize,
}

impl MatchRecognizeSpec {
    /// How many rows before a row its operands look at.
    fn memory(&self) -> usize {
        let rows = self.operands.iter().map(|operand| match operand {
            Operand::Input(_) => 0,
            Operand::Before { rows, .. } => *rows,
        });
        rows.max().unwrap_or(0)
    }

    /// Fills in what a row, which nothing else holds yet, takes from those before it.
    fn complete(&self, row: &mut Rc<Row>, recent: &VecDeque<Rc<Row>>) {
        let Some(row) = Rc::get_mut(row).filter(|_| !recent.is_empty()) else { return };
        for (index, operand) in self.operands.iter().enumerate() {
            if let Operand::Before { operand, rows } = operand
                && let Some(before) = recent.get(*rows - 1)
            {
                row.operands[index] = before.operands[*operand].clone();
            }
        }
    }
}

/// What is kept of a row.
#[derive(Debug)]
pub(crate) struct Row {
    time: i64,
    operands: Box<[ScalarValue]>,
}

/// The state of one partition.
#[derive(Debug, Default)]
struct Partition {
    matcher: Matcher<Rc<Row>>,
    waiting: Waiting,
    /// What was asked ahead of the first of those.
    answers: Option<Answers>,
    /// The last rows, the latest first.
    recent: VecDeque<Rc<Row>>,
    /// How many matches there have been.
    matches: i64,
    /// When something is to be done.
    due: Option<i64>,
}

/// What is kept of all partitions.
#[derive(Debug)]
struct Partitions {
    /// By slot.
    list: Vec<Partition>,
    /// How many operands a row has.
    operands: usize,
}

impl Partitions {
    fn grow(&mut self, slots: usize) {
        if slots > self.list.len() {
            self.list.resize_with(slots, Partition::default);
        }
    }
}

/// No partition has this slot: that of a late row.
const LATE: u32 = u32::MAX;

/// Of so many partitions that are due it is said at once that they are about to change.
const CHANGED_AT_ONCE: usize = 1024;

/// Finds patterns.
pub struct MatchRecognize {
    spec: MatchRecognizeSpec,
    rules: Rules,
    context: OperatorContext,
    schema: SchemaRef,
    nulls: Vec<ScalarValue>,
    key_encoder: KeyEncoder,
    order_encoder: KeyEncoder,
    keys: KeyTable,
    resident: Resident,
    partitions: Partitions,
    /// How many rows a partition remembers beyond its open matches.
    memory: usize,
    numbered: bool,
    arrivals: u64,
    /// When each partition has something to do.
    due: BTreeSet<(i64, u32)>,
    /// Whether conditions look at other rows: then they are asked ahead.
    asks: bool,
    asked: Asked,
    /// The partitions that have had their row and are due again.
    unasked: Vec<u32>,
    /// How far time has come. It never goes back, though the clock may be set.
    now: i64,
    /// Values of measures on their way out, by measure.
    results: Vec<Vec<ScalarValue>>,
    waiting_results: usize,
}

impl MatchRecognize {
    /// The operator on one worker.
    pub fn new(spec: MatchRecognizeSpec, context: OperatorContext) -> Result<Self> {
        let nulls = spec.operand_types.iter().map(ScalarValue::try_new_null);
        let nulls = nulls.collect::<Result<_, _>>().map_err(crate::expression::from_datafusion)?;
        Ok(MatchRecognize {
            rules: Rules {
                program: Program::compile(&spec.pattern)?,
                skip: spec.skip,
                within: spec.within.map(|within| within.0),
            },
            schema: spec.schema.to_arrow(),
            nulls,
            key_encoder: KeyEncoder::default(),
            order_encoder: KeyEncoder::default(),
            keys: KeyTable::default(),
            resident: context.held(""),
            partitions: Partitions { list: Vec::new(), operands: spec.operands.len() },
            memory: spec.memory(),
            numbered: spec.measures.values.iter().any(|value| matches!(value, MatchValue::Number)),
            arrivals: 0,
            due: BTreeSet::new(),
            asks: spec.conditions.iter().any(|condition| matches!(condition, Condition::Computed(_))),
            asked: Asked::default(),
            unasked: Vec::new(),
            now: i64::MIN,
            results: vec![Vec::new(); spec.measures.values.len()],
            waiting_results: 0,
            spec,
            context,
        })
    }

    /// The times of rows.
    fn times(&mut self, batch: &RecordBatch) -> Result<ScalarBuffer<i64>> {
        let Some(time) = &self.spec.time else {
            self.now = self.now.max(self.context.clock.now().0);
            return Ok(vec![self.now; batch.num_rows()].into());
        };
        let time = evaluate(time, batch)?;
        if time.logical_null_count() > 0 {
            return Err(null_row_time());
        }
        timestamp_millis(&time)
    }

    /// Sets down when a partition is due next, and forgets one that holds nothing.
    fn settle(&mut self, slot: u32) {
        let keeps = self.memory > 0 || self.numbered;
        let rules = &self.rules;
        let partition = &mut self.partitions.list[slot as usize];
        let deadline = partition.matcher.deadline(rules);
        let due = partition.waiting.first_time().into_iter().chain(deadline).min();
        if due != partition.due {
            if let Some(old) = partition.due {
                self.due.remove(&(old, slot));
            }
            if let Some(due) = due {
                self.due.insert((due, slot));
            }
            partition.due = due;
        }
        if due.is_none() && partition.matcher.is_idle() && !keeps {
            self.resident.remove(&self.keys, &self.partitions, slot);
            self.partitions.list[slot as usize] = Partition::default();
            self.keys.remove(slot);
        }
    }

    /// Works on the partitions that are due, as far as there is room.
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let mut changed = None;
        loop {
            while self.waiting_results >= self.spec.batch_size.max(1) {
                if !out.has_room() {
                    return Ok(());
                }
                self.emit(out)?;
            }
            let Some(next) = self.due.first().filter(|(due, _)| *due <= self.now).copied() else { break };
            if self.resident.is_tiered() && changed.is_none_or(|changed| next > changed) {
                changed = self.change_due();
            }
            let (due, slot) = next;
            if self.asks && self.partitions.list[slot as usize].answers.is_none() {
                self.ask_ahead(slot)?;
            }
            self.process(slot, due)?;
        }
        if self.waiting_results > 0 && out.has_room() {
            self.emit(out)?;
        }
        Ok(())
    }

    /// The next partitions that are due are about to change; gives the last of them.
    fn change_due(&mut self) -> Option<(i64, u32)> {
        let due: Vec<_> = self.due.range(..=(self.now, u32::MAX)).take(CHANGED_AT_ONCE).copied().collect();
        let slots: Vec<u32> = due.iter().map(|(_, slot)| *slot).collect();
        self.resident.change(&self.keys, &self.partitions, &slots);
        due.last().copied()
    }

    /// Takes the rows of a partition up to a time. Time by time, so that results come in the order of time whichever
    /// watermarks there are.
    fn process(&mut self, slot: u32, time: i64) -> Result<()> {
        let mut partition = std::mem::take(&mut self.partitions.list[slot as usize]);
        let mut found = Vec::new();
        let answers = partition.answers.take();
        while let Some((place, mut row)) = partition.waiting.pop(time) {
            self.spec.complete(&mut row, &partition.recent);
            let mut conditions = self.defined(answers.as_ref().filter(|answers| answers.are_of(place.2)));
            partition
                .matcher
                .push(&row, row.time, &self.rules, &mut conditions, &mut found)?
                .map_err(|error| self.cannot_skip(error))?;
            if self.memory > 0 {
                partition.recent.push_front(row);
                partition.recent.truncate(self.memory);
            }
        }
        partition.matcher.advance(time, &self.rules, &mut found).map_err(|error| self.cannot_skip(error))?;
        for found in found {
            partition.matches += 1;
            self.measure(&found, (partition.matches, time))?;
        }
        self.partitions.list[slot as usize] = partition;
        self.settle(slot);
        if self.asks && self.partitions.list[slot as usize].due.is_some_and(|due| due <= self.now) {
            self.unasked.push(slot);
        }
        Ok(())
    }

    fn defined<'a>(&'a self, answers: Option<&'a Answers>) -> Defined<'a> {
        Defined { spec: &self.spec, nulls: &self.nulls, answers }
    }

    fn cannot_skip(&self, error: SkipError) -> Error {
        let name = |variable: Variable| self.spec.variables.get(variable).map_or("", String::as_str);
        match error {
            SkipError::Missing(variable) => {
                Error::failure(format!("AFTER MATCH SKIP TO {0}: a match has no row that is {0}", name(variable)))
                    .hint("skip to a variable that every match has, or PAST LAST ROW")
            }
            SkipError::First(variable) => Error::failure(format!(
                "AFTER MATCH SKIP TO {}: it is the first row of the match, which would be found for ever",
                name(variable)
            ))
            .hint("skip to a later variable, or TO NEXT ROW"),
        }
    }

    /// Computes what measures need of a match with this number and this time.
    fn measure(&mut self, found: &Match<Rc<Row>>, number_and_time: (i64, i64)) -> Result<()> {
        let rows = if self.spec.all_rows { found.rows() } else { vec![&*found.last] };
        for row in rows {
            for (value, results) in self.spec.measures.values.iter().zip(&mut self.results) {
                results.push(value.of(row, &found.last, number_and_time, &self.spec.variables, &self.nulls)?);
            }
            self.waiting_results += 1;
        }
        Ok(())
    }

    /// Emits a batch of what has been found.
    fn emit(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let count = self.waiting_results.min(self.spec.batch_size.max(1));
        self.waiting_results -= count;
        let values: Vec<_> = self.results.iter_mut().map(|values| values.drain(..count).collect::<Vec<_>>()).collect();
        let values = self.spec.measures.batch(values, count)?;
        let columns = evaluate_all(&self.spec.measures.expressions, &values)?;
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        out.emit(RowBatch::append(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?));
        Ok(())
    }
}

/// DEFINE as the matcher asks for it.
struct Defined<'a> {
    spec: &'a MatchRecognizeSpec,
    nulls: &'a [ScalarValue],
    /// What is known of the row.
    answers: Option<&'a Answers>,
}

impl Conditions<Rc<Row>> for Defined<'_> {
    fn hold(&mut self, path: &Rc<Node<Rc<Row>>>) -> Result<bool> {
        match &self.spec.conditions[path.variable] {
            Condition::Always => Ok(true),
            Condition::Operand(operand) => Ok(path.row.operands[*operand] == ScalarValue::Boolean(Some(true))),
            Condition::Computed(_) => match self.answers.and_then(|answers| answers.of(path)) {
                Some(holds) => Ok(holds),
                None => Ok(self.hold_each(path.variable, std::slice::from_ref(path))?.first() == Some(&true)),
            },
        }
    }
}

impl Operator<RowBatch> for MatchRecognize {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        if batch.weights.as_ref().is_some_and(|weights| weights.iter().any(|weight| *weight != 1)) {
            return Err(Error::bug("patterns over a stream that takes rows back"));
        }
        let rows = batch.num_rows();
        let times = self.times(&batch.columns)?;
        let by_clock = self.spec.time.is_none();
        let keys = evaluate_all(&self.spec.keys, &batch.columns)?;
        let keys = self.key_encoder.encode(&keys, rows)?;
        let order = self.spec.order.iter().map(|key| evaluate(&key.expression, &batch.columns));
        let orders: Vec<_> = self.spec.order.iter().map(SortKey::key_order).collect();
        let order = self.order_encoder.encode_ordered(&order.collect::<Result<Vec<_>>>()?, &orders, rows)?.clone();
        let operands = self.spec.operands.iter().map(|operand| match operand {
            Operand::Input(expression) => evaluate(expression, &batch.columns).map(Some),
            Operand::Before { .. } => Ok(None),
        });
        let operands = operands.collect::<Result<Vec<_>>>()?;
        let mut hashes = Vec::new();
        keys.hash_into(&mut hashes);
        let slot = |row: usize| match !by_clock && times[row] <= watermarks.before(row).0 {
            true => LATE,
            false => self.keys.insert(hashes[row], keys.row(row)).0,
        };
        let slots: Vec<u32> = (0..rows).map(slot).collect();
        self.partitions.grow(self.keys.slots());
        let mut touched: Vec<u32> = slots.iter().copied().filter(|slot| *slot != LATE).collect();
        self.context.metrics.late.add((rows - touched.len()) as u64);
        touched.sort_unstable();
        touched.dedup();
        self.resident.change(&self.keys, &self.partitions, &touched);
        for (row, slot) in slots.into_iter().enumerate().filter(|(_, slot)| *slot != LATE) {
            let values = operands.iter().zip(&self.nulls).map(|(operand, null)| match operand {
                Some(values) => ScalarValue::try_from_array(values, row).map_err(crate::expression::from_datafusion),
                None => Ok(null.clone()),
            });
            let operands = values.collect::<Result<Box<[_]>>>()?;
            let place = (times[row], order.row(row).into(), self.arrivals);
            self.arrivals += 1;
            self.partitions.list[slot as usize].waiting.insert(place, Row { time: times[row], operands });
        }
        touched.into_iter().for_each(|slot| self.settle(slot));
        if by_clock {
            return self.advance(out);
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        if self.spec.time.is_none() {
            return Ok(());
        }
        self.now = self.now.max(watermark.0);
        self.advance(out)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.spec.time.is_none().then(|| self.due.first().map(|(due, _)| Millis(*due))).flatten()
    }

    fn on_processing_time(&mut self, now: Millis, out: &mut Output<RowBatch>) -> Result<()> {
        self.now = self.now.max(now.0);
        self.advance(out)
    }

    fn has_more(&self) -> bool {
        self.waiting_results > 0 || self.due.first().is_some_and(|(due, _)| *due <= self.now)
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.write_snapshot()
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.keys, &self.partitions)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.read_snapshot(&state)
    }
}
