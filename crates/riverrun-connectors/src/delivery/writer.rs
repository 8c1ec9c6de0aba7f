//! The worker's side of a sink: takes rows, holds what is not written, and says so at a barrier.

use super::Stop;
use super::guarantee::Guarantee;
use super::lane::{Columns, EpochLog, LaneName, LanePart};
use super::thread::{Delivery, Order, Target};
use crate::connector::{SinkSpec, has_one_writer};
use arrow::array::{ArrayRef, UInt32Array};
use riverrun_core::{Epoch, Error, KeyGroup, Millis, Result, RowBatch, failpoint};
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_state::{KeyEncoder, OperatorSnapshot, RestoredState, hash_key};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// How a table is written.
#[derive(Clone, Debug)]
pub struct DeliverySpec {
    /// The table's name, for messages.
    pub table: String,
    /// What its rows consist of.
    pub columns: Columns,
    /// What names the sink's lanes to the system; the sink's id within the job where nothing else does.
    pub lanes: Option<String>,
    /// What is promised.
    pub guarantee: Guarantee,
    /// The columns by which rows come to a worker, if they do. The changes of a tick are then written together.
    pub key: Vec<usize>,
    /// Whether all rows come to the first worker.
    pub single: bool,
    /// How many rows are worth a write before their tick is over.
    pub max_rows: usize,
    /// How many bytes may be held before the sources wait.
    pub max_bytes: usize,
    /// How often a write is tried again after an answer that may pass.
    pub retries: usize,
    /// After so long without rows the token is written once more, where the system forgets tokens.
    pub refresh: Option<Millis>,
}

impl DeliverySpec {
    /// What the options of every table say.
    pub fn new(sink: &SinkSpec, max_rows: usize, retries: usize) -> Result<DeliverySpec> {
        Ok(DeliverySpec {
            table: sink.table.clone(),
            columns: Columns::of(sink),
            lanes: None,
            guarantee: Guarantee::of(&sink.options),
            key: sink.primary_key.clone(),
            single: has_one_writer(&sink.options),
            max_rows,
            max_bytes: sink.options.size(&Guarantee::MAX_BYTES)?.unwrap_or_default() as usize,
            retries,
            refresh: None,
        })
    }
}

/// Writes one worker's share of a table.
pub struct DeliveryWriter {
    spec: DeliverySpec,
    context: SinkContext,
    delivery: Delivery,
    /// This worker's lane.
    lane: LaneName,
    /// Whether the thread has been told what to begin with.
    opened: bool,
    /// What earlier runs left for this worker to write, until it is written.
    old: Vec<LanePart>,
    /// All lanes of the earlier run, and the epochs of their logs.
    all: Vec<(LaneName, Vec<Epoch>)>,
    /// What the checkpoint says of starts before its own, and its own epoch: lanes are written side by side between two of them.
    restarts: BTreeSet<Epoch>,
    restored: bool,
    /// The epoch of the checkpoint that is gone on from, if lanes of this job are in it.
    checkpoint: Option<Epoch>,
    /// Rows that have not been handed over, of the epoch at hand.
    hand: EpochLog,
    rows: usize,
    /// Whether those are all rows of their ticks.
    whole_tick: bool,
    /// Logs of epochs that are not decided.
    sealed: VecDeque<Arc<EpochLog>>,
    /// What the thread has been asked, in order.
    asked: VecDeque<Asked>,
    /// The bytes of sealed logs and of those that the thread has.
    bytes: usize,
    /// The last token that is known to stand.
    token: Option<Epoch>,
    /// When the token was written.
    refreshed: Millis,
}

/// What the thread has been asked.
enum Asked {
    Open,
    Log(Arc<EpochLog>),
    Refresh,
}

impl Asked {
    fn log(&self) -> Option<&Arc<EpochLog>> {
        if let Asked::Log(log) = self { Some(log) } else { None }
    }
}

impl DeliveryWriter {
    /// Starts the thread that writes to `target`; `stop` is what the target looks at where it waits.
    pub fn start(spec: DeliverySpec, target: impl Target, stop: Stop, context: SinkContext) -> Result<Self> {
        let delivery =
            Delivery::start(target, (&spec.table, &spec.columns), spec.retries, stop, context.waker.clone())?;
        let sink = spec.lanes.clone().unwrap_or_else(|| context.id.clone());
        let lane = LaneName { job: context.job.id.clone(), sink, lane: context.worker as u32 };
        Ok(DeliveryWriter {
            spec,
            refreshed: context.clock.now(),
            context,
            delivery,
            lane,
            opened: false,
            old: Vec::new(),
            all: Vec::new(),
            restarts: BTreeSet::new(),
            restored: false,
            checkpoint: None,
            hand: EpochLog::new(Epoch(0)),
            rows: 0,
            whole_tick: true,
            sealed: VecDeque::new(),
            asked: VecDeque::new(),
            bytes: 0,
            token: None,
        })
    }

    fn exactly_once(&self) -> bool {
        self.spec.guarantee == Guarantee::ExactlyOnce
    }

    /// Tells the thread what to begin with, once.
    fn open(&mut self) {
        if std::mem::replace(&mut self.opened, true) {
            return;
        }
        if self.exactly_once() {
            self.asked.push_back(Asked::Open);
            self.delivery.ask(Order::Open {
                lane: self.lane.clone(),
                generation: self.context.job.generation,
                mine: self.old.clone(),
                all: std::mem::take(&mut self.all),
                restarts: self.restarts.iter().copied().collect(),
                restored: self.restored,
                checkpoint: self.checkpoint,
                rewind: self.context.job.rewind,
            });
        } else {
            let mut logs: Vec<_> = std::mem::take(&mut self.old).into_iter().flat_map(|part| part.logs).collect();
            logs.sort_by_key(|log| log.epoch);
            logs.into_iter().for_each(|log| self.send(log, Order::Write));
        }
    }

    fn send(&mut self, log: Arc<EpochLog>, order: impl FnOnce(Arc<EpochLog>) -> Order) {
        self.bytes += log.bytes;
        self.asked.push_back(Asked::Log(log.clone()));
        self.delivery.ask(order(log));
    }

    /// Takes note of what has been done.
    fn settle(&mut self) -> Result<()> {
        while self.delivery.settled()? {
            match self.asked.pop_front() {
                Some(Asked::Log(log)) => {
                    self.bytes -= log.bytes;
                    if self.exactly_once() {
                        self.token = Some(log.epoch);
                        self.refreshed = self.context.clock.now();
                    }
                }
                Some(Asked::Refresh) => {}
                // The lane is open, so all old ones are finished.
                Some(Asked::Open) => {
                    self.bytes -= self.old.iter().flat_map(|part| &part.logs).map(|log| log.bytes).sum::<usize>();
                    self.old.clear();
                    self.restarts.clear();
                }
                None => return Err(Error::bug("a sink's thread has done what it was not asked for")),
            }
        }
        Ok(())
    }

    /// Has the token written once more, where it has not been for long.
    fn refresh(&mut self) {
        let now = self.context.clock.now();
        let due = self.spec.refresh.is_some_and(|every| now.0 - self.refreshed.0 >= every.0);
        if due && self.exactly_once() && self.token.is_some() && self.asked.is_empty() {
            self.refreshed = now;
            self.asked.push_back(Asked::Refresh);
            self.delivery.ask(Order::Refresh);
        }
    }

    /// Takes the rows at hand as the log of an epoch.
    fn take_hand(&mut self, epoch: Epoch) -> Option<Arc<EpochLog>> {
        let mut log = std::mem::replace(&mut self.hand, EpochLog::new(Epoch(0)));
        log.epoch = epoch;
        let rows = std::mem::take(&mut self.rows);
        (rows > 0).then(|| Arc::new(log))
    }

    /// Hands over rows that need not wait for a barrier, if there are enough or nothing else is under way.
    fn hand_over(&mut self) {
        // What a tick changes of keys is written together.
        let enough = self.whole_tick || (self.spec.key.is_empty() && self.rows >= self.spec.max_rows);
        if !self.exactly_once()
            && enough
            && self.asked.is_empty()
            && let Some(log) = self.take_hand(Epoch(0))
        {
            self.send(log, Order::Write);
        }
    }

    /// The rows that are not known to be written, where they go out as they come. As one log of the epoch that ends: a job that
    /// goes on exactly once commits it under that token. Those at hand stay there: a barrier does not cut what is written together.
    fn unconfirmed(&self, epoch: Epoch) -> Option<Arc<EpochLog>> {
        let mut log = EpochLog::new(epoch);
        let asked = self.asked.iter().filter_map(Asked::log).map(Arc::as_ref);
        asked.chain([&self.hand]).flat_map(|log| &log.batches).for_each(|batch| log.push(batch.clone()));
        (!log.batches.is_empty()).then(|| Arc::new(log))
    }

    /// What is not known to be written, in the order in which it is to be.
    fn parts(&mut self, epoch: Epoch) -> Vec<LanePart> {
        let logs = if self.exactly_once() {
            self.asked.iter().filter_map(Asked::log).chain(&self.sealed).cloned().collect()
        } else {
            Vec::from_iter(self.unconfirmed(epoch))
        };
        let mut own = LanePart {
            name: self.lane.clone(),
            generation: self.context.job.generation,
            epoch,
            token: self.token,
            columns: self.spec.columns.clone(),
            restarts: self.restarts.iter().copied().collect(),
            logs,
        };
        let mut parts = Vec::new();
        for old in &self.old {
            if old.name == own.name && old.columns == own.columns {
                // A lane stays whole.
                own.logs.splice(0..0, old.logs.iter().cloned());
                own.token = own.token.or(old.token);
            } else {
                parts.push(LanePart { epoch, ..old.clone() });
            }
        }
        parts.push(own);
        parts
    }

    /// The rows of a log that this worker is to write again after a restore at whatever parallelism.
    fn own_rows(&self, lane: u32, log: &EpochLog) -> Result<EpochLog> {
        let mut own = EpochLog::new(log.epoch);
        let parallelism = self.context.parallelism;
        let whole = match (self.spec.single, self.spec.key.is_empty()) {
            (true, _) => Some(0),
            (false, true) => Some(lane as usize % parallelism),
            (false, false) => None,
        };
        for batch in &log.batches {
            match whole {
                Some(worker) if worker == self.context.worker => own.push(batch.clone()),
                Some(_) => {}
                None => {
                    let keys: Vec<ArrayRef> =
                        self.spec.key.iter().map(|&column| batch.columns.column(column).clone()).collect();
                    let mut encoder = KeyEncoder::default();
                    let keys = encoder.encode(&keys, batch.num_rows())?;
                    let groups = self.context.key_groups;
                    let owner = |key: &[u8]| KeyGroup::of_hash(hash_key(key), groups).worker(groups, parallelism);
                    let rows = keys.iter().enumerate().filter(|(_, key)| owner(key) == self.context.worker);
                    let rows: UInt32Array = rows.map(|(row, _)| row as u32).collect();
                    if !rows.is_empty() {
                        own.push(batch.take(&rows)?);
                    }
                }
            }
        }
        Ok(own)
    }
}

impl Sink<RowBatch> for DeliveryWriter {
    fn ready(&mut self) -> bool {
        let held = self.bytes + self.hand.bytes;
        // What is written together must come together, however much it is.
        held < self.spec.max_bytes || (self.asked.is_empty() && self.sealed.is_empty() && !self.keeps_rows())
    }

    fn keeps_rows(&self) -> bool {
        self.context.job.checkpoints
    }

    fn write(&mut self, batch: RowBatch) -> Result<()> {
        self.open();
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.rows += batch.num_rows();
        let before = self.hand.bytes;
        self.hand.push(batch);
        self.context.metrics.bytes.add((self.hand.bytes - before) as u64);
        self.whole_tick = false;
        self.hand_over();
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        self.open();
        self.settle()?;
        self.hand_over();
        let done = self.rows == 0 && self.sealed.is_empty() && self.asked.is_empty();
        Ok(if done { SinkState::Done } else { SinkState::Pending(None) })
    }

    fn on_tick(&mut self) -> Result<()> {
        self.whole_tick = true;
        self.hand_over();
        Ok(())
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        self.open();
        self.settle()?;
        if !self.context.job.checkpoints || self.spec.guarantee == Guarantee::None {
            return Ok(OperatorSnapshot::default());
        }
        if self.exactly_once()
            && let Some(log) = self.take_hand(epoch)
        {
            self.bytes += log.bytes;
            self.sealed.push_back(log);
        }
        failpoint("epoch-log")?;
        // Every worker is to see every lane: who finishes it depends on its number, and all wait for that.
        let union = self.parts(epoch).iter().map(LanePart::encode).collect::<Result<_>>()?;
        Ok(OperatorSnapshot { union, ..OperatorSnapshot::default() })
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        while let Some(log) = self.sealed.pop_front_if(|log| log.epoch <= epoch) {
            self.bytes -= log.bytes;
            self.send(log, Order::Commit);
        }
        self.refresh();
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.open();
        self.on_tick()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.restored = true;
        for bytes in &state.union {
            let mut part = LanePart::decode(bytes)?;
            if self.exactly_once() {
                if !part.logs.is_empty() {
                    self.restarts.extend(part.restarts.iter().copied().chain([part.epoch]));
                }
                if part.name.job == self.lane.job {
                    self.checkpoint = self.checkpoint.max(Some(part.epoch));
                }
                self.all.push((part.name.clone(), part.logs.iter().map(|log| log.epoch).collect()));
                if part.name.lane as usize % self.context.parallelism == self.context.worker {
                    self.bytes += part.logs.iter().map(|log| log.bytes).sum::<usize>();
                    self.old.push(part);
                }
                continue;
            }
            if !part.logs.is_empty() {
                self.spec.columns.check(&part, &self.spec.table)?;
            }
            let own = part.logs.iter().map(|log| self.own_rows(part.name.lane, log)).collect::<Result<Vec<_>>>()?;
            part.logs = own.into_iter().filter(|log| !log.batches.is_empty()).map(Arc::new).collect();
            self.old.push(part);
        }
        Ok(())
    }
}
