//! Regular joins: rows of both sides are kept, and each change of one side meets the rows of the other.
//!
//! Both sides share one table of keys; under a key each side has a list of rows, which stand in columnar chunks (see
//! [`crate::join`]), in memory and, page by page, below (see [`crate::join::pages`]). An incoming row walks the list of the other side. The pairs are tested by the condition and put out as
//! columns, so many at a time; a row with more pairs goes on where it stopped.
//!
//! A side whose rows come out with NULLs while they have no match (or that is asked whether they have one: semi, anti)
//! counts the matches of each row. When the first match comes, what came out is taken back; when the last one goes, it comes
//! out again. Of the right side of a semi or anti join on keys alone only the number of rows per key is kept.
//!
//! What a row brings about comes out with the watermark that held before the row: whoever judges it by its time sees what Flink sees.
//!
//! Rows that are not written for the time of `table.exec.state.ttl` are forgotten, silently, as in Flink.
//!
//! Source of the semantics: Flink 2.3, "Regular Joins", and its `StreamingJoinOperator` and `StreamingSemiAntiJoinOperator`.

use crate::expression::Expression;
use crate::join::chunks::{NO_ROW, Place, taken};
use crate::join::gather::RowRef;
use crate::join::kept::Kept;
use crate::join::keys::JoinKeys;
use crate::join::pages::Pages;
use crate::join::pairs::{Pairs, Sources};
use crate::join::rows::{NewRow, Rows, RowsOptions};
use crate::join::{JoinKind, LEFT, PairCondition, RIGHT};
use arrow::array::{RecordBatch, UInt32Array};
use arrow::buffer::ScalarBuffer;
use riverrun_core::{Millis, Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{KeyEncoder, OperatorSnapshot, RestoredState, hash_row};

mod snapshot;
#[cfg(test)]
mod tests;

/// A regular join. Both inputs must be routed by their keys.
#[derive(Clone, Debug)]
pub struct RegularJoinSpec {
    /// Which rows come out.
    pub kind: JoinKind,
    /// The keys of the left and of the right side, of the same Arrow types; none for a join without equalities.
    pub keys: [Vec<Expression>; 2],
    /// For each key, whether NULL equals NULL (IS NOT DISTINCT FROM).
    pub null_safe: Vec<bool>,
    /// What a pair must fulfil apart from equal keys.
    pub condition: Option<PairCondition>,
    /// The columns of the inputs.
    pub inputs: [Schema; 2],
    /// Whether each input can take rows back.
    pub retracting: [bool; 2],
    /// How long each side keeps a row that is not written (`table.exec.state.ttl`); `None`: for ever.
    pub ttl: [Option<Millis>; 2],
    /// The columns of the output: left ones, then right ones; of a semi or anti join left ones only.
    pub schema: Schema,
    /// How many rows a batch of the output has, about (`execution.batch-size`).
    pub batch_size: usize,
}

impl RegularJoinSpec {
    /// Whether the output can take rows back.
    pub fn retracts(&self) -> bool {
        self.retracting[LEFT] || self.retracting[RIGHT] || self.kind.retracts()
    }

    /// Whether of the right side only the number of rows per key is kept.
    fn counts_right(&self) -> bool {
        self.kind.is_semi() && self.condition.is_none() && self.ttl[RIGHT].is_none()
    }

    /// Whether each row of a side counts its matches.
    fn tracks(&self, side: usize) -> bool {
        self.kind.preserves(side) || (self.kind.is_semi() && side == LEFT)
    }
}

/// Joins two inputs that are kept.
#[derive(Debug)]
pub struct RegularJoin {
    spec: RegularJoinSpec,
    context: OperatorContext,
    kept: Kept,
    pairs: Pairs,
    row_encoder: KeyEncoder,
    probe: Option<Probe>,
}

/// A batch that meets the other side.
#[derive(Debug)]
struct Probe {
    side: usize,
    batch: RecordBatch,
    weights: Option<ScalarBuffer<i64>>,
    watermarks: WatermarkRuns,
    /// The head of each row's key; [`NO_ROW`] where the key can match nothing.
    heads: Vec<u32>,
    /// The page that each row belongs into.
    homes: Vec<u32>,
    hashes: Vec<u128>,
    /// Where each row that is added stands among the kept ones.
    stored: Option<(u32, Vec<u32>)>,
    now: Millis,
    row: usize,
    /// The next row of the other side; `None`: the row has not begun.
    cursor: Option<u32>,
    /// How many matches the row has found.
    matched: i64,
}

/// A pair that may match.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    row: usize,
    other: u32,
}

/// Rows on their way out.
#[derive(Debug, Default)]
struct Changes {
    sides: [Vec<RowRef>; 2],
    weights: Vec<i64>,
    /// The row at hand that brings about what is added next.
    cause: u32,
    /// The row at hand that brought about each change.
    causes: Vec<u32>,
}

impl Changes {
    /// Adds a row as often as its weight says.
    fn push(&mut self, left: RowRef, right: RowRef, weight: i64) {
        for _ in 0..weight.unsigned_abs() {
            self.sides[LEFT].push(left);
            self.sides[RIGHT].push(right);
            self.weights.push(weight.signum());
            self.causes.push(self.cause);
        }
    }

    /// The same, with a row of `side` first.
    fn push_of(&mut self, side: usize, own: RowRef, other: RowRef, weight: i64) {
        if side == LEFT { self.push(own, other, weight) } else { self.push(other, own, weight) }
    }
}

impl RegularJoin {
    /// The operator on one worker.
    pub fn new(spec: RegularJoinSpec, context: OperatorContext) -> Result<Self> {
        let options = [LEFT, RIGHT].map(|side| RowsOptions {
            retracting: spec.retracting[side],
            tracked: spec.tracks(side),
            ttl: spec.ttl[side],
        });
        // A page may go by itself when no row of either side can be alive in it.
        let ttl = spec.ttl[LEFT].zip(spec.ttl[RIGHT]).map(|(left, right)| left.max(right));
        let resident = context.resident("", ttl);
        let clock = context.clock.clone();
        let pages = Pages::new(options, spec.counts_right(), &spec.inputs, resident.is_tiered(), clock);
        let keys = JoinKeys::new(spec.keys.clone(), spec.null_safe.clone());
        Ok(RegularJoin {
            kept: Kept::new(keys, pages, resident),
            pairs: Pairs::new(spec.kind, &spec.inputs, spec.condition.clone(), &spec.schema),
            row_encoder: KeyEncoder::exact(),
            probe: None,
            spec,
            context,
        })
    }

    /// Takes a batch in: keys, what they have, and the chunk of the rows that are to be kept.
    fn begin(&mut self, side: usize, batch: RowBatch, watermarks: WatermarkRuns) -> Result<Probe> {
        let RowBatch { columns: batch, weights } = batch;
        let heads = self.kept.heads(side, &batch)?;
        let mut hashes = Vec::new();
        if self.spec.retracting[side] {
            let rows = self.row_encoder.encode(batch.columns(), batch.num_rows())?;
            hashes.extend(rows.iter().map(hash_row));
        }
        self.read_others(side, &heads, weights.is_some())?;
        let homes = self.kept.homes(side, &heads, &hashes)?;
        let stored = if side == RIGHT && self.is_counted() {
            None
        } else {
            let kept = |row: usize| heads[row] != NO_ROW && weights.as_ref().is_none_or(|weights| weights[row] > 0);
            let rows: Vec<u32> = (0..batch.num_rows()).filter(|row| kept(*row)).map(|row| row as u32).collect();
            let sides = &mut self.kept.pages.sides;
            match rows.len() {
                0 => None,
                all if all == batch.num_rows() => Some((sides[side].begin(batch.clone())?, rows)),
                _ => {
                    let rows = UInt32Array::from(rows);
                    let chunk = sides[side].begin(taken(&batch, &rows)?)?;
                    Some((chunk, rows.values().to_vec()))
                }
            }
        };
        let now = match self.spec.ttl {
            [None, None] => Millis(0),
            _ => self.context.clock.now(),
        };
        Ok(Probe {
            side,
            batch,
            weights,
            watermarks,
            heads,
            homes,
            hashes,
            stored,
            now,
            row: 0,
            cursor: None,
            matched: 0,
        })
    }

    /// Whether of the right side only the number of rows per key is kept.
    fn is_counted(&self) -> bool {
        self.kept.pages.totals.is_some()
    }

    /// Reads the rows of the other side that the rows of a batch may meet.
    fn read_others(&mut self, side: usize, heads: &[u32], takes_back: bool) -> Result<()> {
        let heads = heads.iter().copied().filter(|head| *head != NO_ROW);
        let Some(totals) = &self.kept.pages.totals else { return self.kept.read_all(1 - side, heads) };
        if side == LEFT {
            return Ok(());
        }
        // One more row of many changes nothing on the left.
        let first: Vec<u32> = heads.filter(|head| takes_back || totals[*head as usize] == 0).collect();
        self.kept.read_all(LEFT, first.into_iter())
    }

    /// Emits the pairs of the batch at hand, as far as there is room.
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(mut probe) = self.probe.take() else { return Ok(()) };
        while probe.row < probe.batch.num_rows() {
            if !out.has_room() {
                self.probe = Some(probe);
                return Ok(());
            }
            let changes = match probe.side == RIGHT && self.is_counted() {
                true => self.count(&mut probe),
                false => self.meet(&mut probe)?,
            };
            let watermarks = probe.watermarks.select(&changes.causes);
            if let Some(batch) = self.batch(changes, &probe.batch)? {
                out.emit_with(batch, watermarks);
            }
        }
        self.kept.finish()
    }

    /// The next pairs of the batch at hand, and what follows from them.
    fn meet(&mut self, probe: &mut Probe) -> Result<Changes> {
        let mut candidates: Vec<Candidate> = Vec::new();
        // The rows whose pairs are complete after these candidates: up to this one.
        let first = probe.row;
        let (mut row, mut cursor) = (probe.row, probe.cursor);
        let pages = &self.kept.pages;
        let (side, others) = (1 - probe.side, &pages.sides[1 - probe.side]);
        let counted = pages.totals.is_some();
        let ttl = self.spec.ttl[1 - probe.side].is_some();
        let limit = self.spec.batch_size.max(1);
        while row < probe.batch.num_rows() && row - first < limit {
            let head = probe.heads[row];
            let mut other = match cursor {
                Some(other) => other,
                None if head == NO_ROW || counted => NO_ROW,
                None => pages.first(side, head),
            };
            while other != NO_ROW && candidates.len() < limit {
                if !ttl || !others.is_expired(other, probe.now) {
                    candidates.push(Candidate { row, other });
                }
                other = pages.next(side, other);
            }
            if other != NO_ROW {
                cursor = Some(other);
                break;
            }
            cursor = None;
            row += 1;
        }
        let holds = self.holds(probe, &candidates)?;
        if self.spec.tracks(side) {
            let pairs = candidates.iter().enumerate().filter(|(at, _)| holds.as_ref().is_none_or(|holds| holds[*at]));
            self.kept.change_rows(side, pairs.map(|(_, candidate)| candidate.other));
        }
        let mut changes = Changes::default();
        let mut at = 0;
        for current in first..=row.min(probe.batch.num_rows() - 1) {
            changes.cause = current as u32;
            while let Some(candidate) = candidates.get(at).filter(|candidate| candidate.row == current) {
                if holds.as_ref().is_none_or(|holds| holds[at]) {
                    self.pair(probe, *candidate, &mut changes);
                }
                at += 1;
            }
            if current < row {
                self.complete(probe, current, &mut changes)?;
            }
        }
        (probe.row, probe.cursor) = (row, cursor);
        Ok(changes)
    }

    /// For which candidates the condition is true; `None`: for all.
    fn holds(&mut self, probe: &Probe, candidates: &[Candidate]) -> Result<Option<Vec<bool>>> {
        if !self.pairs.is_conditioned() {
            return Ok(None);
        }
        let others = &self.kept.pages.sides[1 - probe.side];
        let own = candidates.iter().map(|candidate| RowRef::at_hand(candidate.row)).collect();
        let kept = candidates.iter().map(|candidate| RowRef::kept(others.place(candidate.other))).collect();
        let refs = if probe.side == LEFT { [own, kept] } else { [kept, own] };
        self.pairs.holds(&refs, Sources { at_hand: Some(&probe.batch), chunks: self.kept.pages.chunks() })
    }

    /// A pair that matches.
    fn pair(&mut self, probe: &mut Probe, Candidate { row, other }: Candidate, changes: &mut Changes) {
        let kind = self.spec.kind;
        let weight = probe.weights.as_ref().map_or(1, |weights| weights[row]);
        let side = probe.side;
        let others = &mut self.kept.pages.sides[1 - side];
        let count = i64::from(others.count(other));
        probe.matched += count;
        let kept = RowRef::kept(others.place(other));
        let mut first = false;
        let mut last = false;
        if self.spec.tracks(1 - side) {
            let before = others.matches(other);
            others.add_matches(other, weight, probe.now);
            let after = others.matches(other);
            (first, last) = (before == 0 && after > 0, before > 0 && after == 0);
            let page = others.slot(other);
            self.kept.written(1 - side, page, false, probe.now);
        }
        match kind {
            JoinKind::Semi if first => changes.push(kept, RowRef::NULLS, count),
            JoinKind::Semi if last => changes.push(kept, RowRef::NULLS, -count),
            JoinKind::Anti if first => changes.push(kept, RowRef::NULLS, -count),
            JoinKind::Anti if last => changes.push(kept, RowRef::NULLS, count),
            JoinKind::Semi | JoinKind::Anti => {}
            _ => {
                if first {
                    changes.push_of(1 - side, kept, RowRef::NULLS, -count);
                }
                changes.push_of(side, RowRef::at_hand(row), kept, weight * count);
                if last {
                    changes.push_of(1 - side, kept, RowRef::NULLS, count);
                }
            }
        }
    }

    /// All pairs of a row are known: what comes out of the row by itself, and it is kept or forgotten.
    fn complete(&mut self, probe: &mut Probe, row: usize, changes: &mut Changes) -> Result<()> {
        let kind = self.spec.kind;
        let (side, head) = (probe.side, probe.heads[row]);
        let weight = probe.weights.as_ref().map_or(1, |weights| weights[row]);
        let mut matches = std::mem::take(&mut probe.matched);
        if let Some(totals) = &self.kept.pages.totals
            && head != NO_ROW
        {
            matches = totals[head as usize];
        }
        let own = RowRef::at_hand(row);
        match kind {
            JoinKind::Semi if side == LEFT && matches > 0 => changes.push(own, RowRef::NULLS, weight),
            JoinKind::Anti if side == LEFT && matches == 0 => changes.push(own, RowRef::NULLS, weight),
            _ if kind.preserves(side) && matches == 0 => changes.push_of(side, own, RowRef::NULLS, weight),
            _ => {}
        }
        if head == NO_ROW {
            return Ok(());
        }
        self.keep(probe, row, weight, u32::try_from(matches).unwrap_or(u32::MAX))
    }

    /// Keeps a row that is added, forgets one that is taken back.
    fn keep(&mut self, probe: &Probe, row: usize, weight: i64, matches: u32) -> Result<()> {
        let (side, home) = (probe.side, probe.homes[row]);
        let rows = &mut self.kept.pages.sides[side];
        let count = u32::try_from(weight.unsigned_abs()).unwrap_or(u32::MAX);
        let hash = probe.hashes.get(row).copied().unwrap_or_default();
        let mut equal = if probe.hashes.is_empty() { None } else { rows.find(home, hash) };
        if let Some(expired) = equal.filter(|equal| rows.is_expired(*equal, probe.now)) {
            rows.remove(expired);
            self.kept.removed(side, home);
            equal = None;
        }
        let rows = &mut self.kept.pages.sides[side];
        if weight < 0 {
            // What was never added, or is forgotten already, can't be taken back.
            match equal {
                Some(equal) if rows.take_back(equal, count) => self.kept.removed(side, home),
                Some(_) => {}
                None => self.kept.note_empty(probe.heads[row]),
            }
            return Ok(());
        }
        match (equal, &probe.stored) {
            (Some(equal), _) => {
                rows.add_equal(equal, count, probe.now);
                self.kept.written(side, home, false, probe.now);
            }
            (None, Some((chunk, stored))) => {
                let at =
                    if stored.len() == probe.batch.num_rows() { Ok(row) } else { stored.binary_search(&(row as u32)) };
                if let Ok(at) = at {
                    let place = Place { chunk: *chunk, row: at as u32 };
                    rows.add(NewRow { slot: home, place, hash, count, matches, time: probe.now })?;
                    self.kept.written(side, home, true, probe.now);
                }
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Rows of the right side of which only the number counts.
    fn count(&mut self, probe: &mut Probe) -> Changes {
        let mut changes = Changes::default();
        let limit = self.spec.batch_size.max(1);
        while probe.row < probe.batch.num_rows() && changes.weights.len() < limit {
            let head = probe.heads[probe.row];
            if head == NO_ROW {
                probe.row += 1;
                continue;
            }
            let weight = probe.weights.as_ref().map_or(1, |weights| weights[probe.row]);
            let Some(total) = self.kept.pages.totals.as_mut().map(|totals| &mut totals[head as usize]) else {
                return changes;
            };
            let before = *total > 0;
            if probe.cursor.is_none() {
                *total = (*total + weight).max(0);
            }
            let matched = *total > 0;
            if !matched {
                self.kept.note_empty(head);
            }
            let pages = &self.kept.pages;
            let lefts = &pages.sides[LEFT];
            let mut left = match probe.cursor {
                Some(left) => left,
                None if before == matched => NO_ROW,
                None => pages.first(LEFT, head),
            };
            changes.cause = probe.row as u32;
            // The rows on the left have found their first match, or lost their last one.
            let sign = if matched == (self.spec.kind == JoinKind::Semi) { 1 } else { -1 };
            while left != NO_ROW && changes.weights.len() < limit {
                if !lefts.is_expired(left, probe.now) {
                    let kept = RowRef::kept(lefts.place(left));
                    changes.push(kept, RowRef::NULLS, sign * i64::from(lefts.count(left)));
                }
                left = pages.next(LEFT, left);
            }
            if left != NO_ROW {
                probe.cursor = Some(left);
                break;
            }
            probe.cursor = None;
            probe.row += 1;
        }
        changes
    }

    /// The changes as columns.
    fn batch(&mut self, changes: Changes, at_hand: &RecordBatch) -> Result<Option<RowBatch>> {
        let sources = Sources { at_hand: Some(at_hand), chunks: self.kept.pages.chunks() };
        let Some(columns) = self.pairs.batch(&changes.sides, sources)? else { return Ok(None) };
        let weights = self.spec.retracts().then(|| changes.weights.into());
        Ok(Some(RowBatch { columns, weights }))
    }
}

impl Operator<RowBatch> for RegularJoin {
    fn on_batch(
        &mut self,
        port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        if batch.num_rows() > 0 {
            self.probe = Some(self.begin(port, batch, watermarks.clone())?);
        }
        self.advance(out)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.kept.pages.sides.iter().filter_map(Rows::next_expiry).min()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        self.kept.expire(now);
        self.kept.finish()
    }

    fn has_more(&self) -> bool {
        self.probe.is_some()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.write_snapshot()
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.kept.write_behind()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.read_snapshot(&state)
    }
}
