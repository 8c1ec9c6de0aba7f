use super::waiting::Retry;
use super::whole::{LoadRows, Reload};
use super::*;
use crate::testing::{Table, context, lines};
use arrow::array::AsArray;
use arrow::datatypes::Int32Type;
use riverrun_core::Watermark;
use riverrun_core::clock::ManualClock;
use std::sync::Mutex;

fn orders() -> Table {
    Table::new("customer INT | amount INT")
}

fn customers() -> Table {
    Table::new("id INT | name STRING")
}

/// A table of customers that notes what it is asked, and answers questions that wait only when it is told to.
#[derive(Clone, Debug)]
struct Fake {
    asked: Arc<Mutex<Vec<Vec<i32>>>>,
    rows: Arc<Mutex<Vec<(i32, &'static str)>>>,
    answers: Arc<Mutex<VecDeque<usize>>>,
    opened: Arc<Mutex<usize>>,
}

impl Default for Fake {
    fn default() -> Self {
        let rows = vec![(1, "1 | ada"), (2, "2 | bob"), (2, "2 | bea")];
        Fake {
            asked: Arc::default(),
            rows: Arc::new(Mutex::new(rows)),
            answers: Arc::default(),
            opened: Arc::default(),
        }
    }
}

/// A connection: its number and the questions that wait.
struct Connection {
    table: Fake,
    number: usize,
    waiting: VecDeque<RecordBatch>,
}

impl LookupFactory for Fake {
    fn open(&self) -> Result<Box<dyn Lookup>> {
        let mut opened = self.opened.lock().unwrap();
        *opened += 1;
        Ok(Box::new(Connection { table: self.clone(), number: *opened - 1, waiting: VecDeque::new() }))
    }
}

impl Lookup for Connection {
    fn get(&mut self, keys: RecordBatch) -> Result<RecordBatch> {
        let keys: Vec<i32> = keys.column(0).as_primitive::<Int32Type>().values().to_vec();
        let known = self.table.rows.lock().unwrap();
        let rows: Vec<&str> = known.iter().filter(|(id, _)| keys.contains(id)).map(|(_, row)| *row).collect();
        self.table.asked.lock().unwrap().push(keys);
        Ok(customers().batch(&rows).columns)
    }

    fn ask(&mut self, keys: RecordBatch) -> Result<()> {
        self.waiting.push_back(keys);
        Ok(())
    }

    fn poll(&mut self) -> Result<Option<RecordBatch>> {
        if self.table.answers.lock().unwrap().front() != Some(&self.number) {
            return Ok(None);
        }
        self.table.answers.lock().unwrap().pop_front();
        let keys = self.waiting.pop_front();
        keys.map(|keys| self.get(keys)).transpose()
    }
}

struct Joined {
    join: LookupJoin,
    table: Fake,
    clock: ManualClock,
}

fn joined(kind: JoinKind, cache: Option<LookupCache>) -> Joined {
    let table = Fake::default();
    let source = LookupSource::Asked { table: Arc::new(table.clone()), cache };
    joined_with(kind, source, None, table)
}

fn joined_with(kind: JoinKind, source: LookupSource, waits: Option<Waits>, table: Fake) -> Joined {
    let (left, right) = (orders(), customers());
    let spec = LookupJoinSpec {
        kind,
        keys: [vec![left.column("customer")], vec![right.column("id")]],
        key_names: vec!["id".into()],
        table: source,
        waits,
        shuffled: false,
        condition: None,
        schema: Schema::new(left.schema.fields.iter().chain(&right.schema.fields).cloned().collect()),
        inputs: [left.schema, right.schema],
        batch_size: 2,
    };
    let clock = ManualClock::new(Millis(0));
    let context = OperatorContext { clock: Arc::new(clock.clone()), ..context(0, 1) };
    Joined { join: LookupJoin::new(spec, context).unwrap(), table, clock }
}

impl Joined {
    /// What comes out of a batch, and what was asked for it.
    fn batch(&mut self, rows: &[&str]) -> (Vec<String>, Vec<Vec<i32>>) {
        let found = self.call(|join, out| join.on_batch(0, orders().batch(rows), &WatermarkRuns::default(), out));
        (found, std::mem::take(&mut *self.table.asked.lock().unwrap()))
    }

    /// What comes out later, at this time.
    fn later(&mut self, now: i64) -> Vec<String> {
        self.clock.set(Millis(now));
        self.call(|join, out| join.on_processing_time(Millis(now), out))
    }

    fn answer(&self, connection: usize) {
        self.table.answers.lock().unwrap().push_back(connection);
    }

    fn call(&mut self, call: impl FnOnce(&mut LookupJoin, &mut Output<RowBatch>) -> Result<()>) -> Vec<String> {
        let mut found = Vec::new();
        let mut out = Output::new(Watermark::MIN, 1);
        call(&mut self.join, &mut out).unwrap();
        found.extend(out.take().iter().flat_map(|(batch, _)| lines(batch)));
        while self.join.has_more() {
            let mut out = Output::new(Watermark::MIN, 1);
            self.join.resume(&mut out).unwrap();
            found.extend(out.take().iter().flat_map(|(batch, _)| lines(batch)));
        }
        found
    }
}

/// A join whose batches wait.
fn waiting(kind: JoinKind, waits: Waits) -> Joined {
    let table = Fake::default();
    let source = LookupSource::Asked { table: Arc::new(table.clone()), cache: None };
    joined_with(kind, source, Some(waits), table)
}

fn waits(unordered: bool, retry: Option<Retry>) -> Waits {
    Waits { unordered, capacity: 2, timeout: Millis(1000), retry }
}

#[test]
fn each_key_of_a_batch_is_asked_for_once() {
    let mut joined = joined(JoinKind::Left, None);
    let (found, asked) = joined.batch(&["1 | 10", "2 | 20", "3 | 30", "1 | 40", "null | 50"]);
    let wanted = [
        "1 | 10 | 1 | ada",
        "2 | 20 | 2 | bob",
        "2 | 20 | 2 | bea",
        "3 | 30 | null | null",
        "1 | 40 | 1 | ada",
        "null | 50 | null | null",
    ];
    assert_eq!(found, wanted);
    assert_eq!(asked, [[1, 2, 3]]);
    assert_eq!(joined.batch(&["- 1 | 10"]), (vec!["- 1 | 10 | 1 | ada".into()], vec![vec![1]]));
    assert!(joined.join.found.is_empty() && joined.join.keys.table.is_empty());
}

#[test]
fn the_cache_keeps_what_its_settings_say() {
    let cache = LookupCache { expire_after_write: Some(Millis(1000)), missing_keys: true, ..LookupCache::default() };
    let mut kept = joined(JoinKind::Inner, Some(cache));
    assert_eq!(kept.batch(&["1 | 1", "3 | 1"]).1, [[1, 3]]);
    assert_eq!(kept.batch(&["1 | 2", "3 | 2"]), (vec!["1 | 2 | 1 | ada".into()], vec![]));
    kept.clock.set(Millis(1000));
    assert_eq!(kept.batch(&["1 | 3"]), (vec!["1 | 3 | 1 | ada".into()], vec![vec![1]]));
    let mut asked_again = joined(JoinKind::Inner, Some(LookupCache::default()));
    assert_eq!(asked_again.batch(&["1 | 1", "3 | 1"]).1, [[1, 3]]);
    assert_eq!(asked_again.batch(&["1 | 2", "3 | 2"]).1, [[3]]);
    let mut small = joined(JoinKind::Inner, Some(LookupCache { max_rows: Some(1), ..LookupCache::default() }));
    assert_eq!(small.batch(&["1 | 1", "2 | 1"]).0.len(), 3);
    assert_eq!(small.batch(&["2 | 2"]).1, Vec::<Vec<i32>>::new());
    assert_eq!(small.batch(&["1 | 2"]).1, [[1]]);
}

#[test]
fn batches_that_wait_come_out_in_their_order() {
    let mut joined = waiting(JoinKind::Inner, Waits { capacity: 3, ..waits(false, None) });
    assert!(joined.batch(&["1 | 10"]).0.is_empty());
    assert!(joined.batch(&["2 | 20"]).0.is_empty());
    assert_eq!(joined.join.output_watermark(Watermark(500)), Watermark::MIN);
    joined.answer(1);
    assert!(joined.later(1).is_empty(), "the second waits for the first");
    joined.answer(0);
    assert_eq!(joined.later(2), ["1 | 10 | 1 | ada", "2 | 20 | 2 | bob", "2 | 20 | 2 | bea"]);
    assert_eq!(joined.join.output_watermark(Watermark(500)), Watermark(500));
    assert!(joined.join.found.is_empty() && joined.join.keys.table.is_empty());
    assert_eq!(joined.join.next_processing_timer(), None);
}

#[test]
fn where_it_is_allowed_they_overtake_one_another() {
    let mut joined = waiting(JoinKind::Inner, Waits { capacity: 3, ..waits(true, None) });
    joined.batch(&["1 | 10"]);
    joined.batch(&["2 | 20"]);
    joined.answer(1);
    assert_eq!(joined.later(1), ["2 | 20 | 2 | bob", "2 | 20 | 2 | bea"]);
    joined.answer(0);
    assert_eq!(joined.later(2), ["1 | 10 | 1 | ada"]);
}

#[test]
fn a_key_without_a_row_is_asked_for_again() {
    let retry = Retry { delay: Millis(100), attempts: 2 };
    let mut joined = waiting(JoinKind::Left, Waits { capacity: 3, ..waits(false, Some(retry)) });
    joined.batch(&["3 | 30"]);
    joined.answer(0);
    assert!(joined.later(1).is_empty());
    assert_eq!(joined.join.next_processing_timer(), Some(Millis(101)));
    joined.table.rows.lock().unwrap().push((3, "3 | cy"));
    joined.answer(0);
    joined.later(101);
    joined.answer(0);
    assert_eq!(joined.later(102), ["3 | 30 | 3 | cy"]);
    // One that never comes is given up.
    joined.batch(&["4 | 40"]);
    for time in [103, 210, 320] {
        joined.answer(0);
        joined.later(time);
        joined.later(time);
    }
    joined.answer(0);
    let late: Vec<String> = (321..325).flat_map(|time| joined.later(time)).collect();
    assert!(late.is_empty() || late == ["4 | 40 | null | null"], "{late:?}");
    assert!(joined.join.next_processing_timer().is_none());
}

#[test]
fn an_answer_that_takes_too_long_fails_the_job() {
    let mut joined = waiting(JoinKind::Inner, Waits { capacity: 3, ..waits(false, None) });
    joined.batch(&["1 | 10", "2 | 20"]);
    joined.clock.set(Millis(1000));
    let mut out = Output::new(Watermark::MIN, 1);
    let error = joined.join.on_processing_time(Millis(1000), &mut out).unwrap_err();
    assert_eq!(error.message(), "a lookup of 2 rows took longer than 1000 ms");
    assert_eq!(error.hint_text(), Some("see why the table answers slowly, or raise 'timeout' in the hint LOOKUP"));
}

#[test]
fn batches_that_wait_are_asked_for_anew_after_a_restart() {
    let mut joined = waiting(JoinKind::Inner, Waits { capacity: 5, ..waits(false, None) });
    joined.batch(&["1 | 10"]);
    joined.batch(&["- 2 | 20"]);
    let part = joined.join.snapshot().unwrap();
    let mut found = Vec::new();
    for worker in 0..3 {
        let mut restored = waiting(JoinKind::Inner, Waits { capacity: 5, ..waits(false, None) });
        restored.join.restore(RestoredState::assign(std::slice::from_ref(&part), worker, 3, 128).unwrap()).unwrap();
        restored.later(1);
        (0..2).for_each(|_| restored.answer(0));
        (0..2).for_each(|_| restored.answer(1));
        found.extend(restored.later(2));
        found.extend(restored.later(3));
    }
    found.sort();
    assert_eq!(found, ["- 2 | 20 | 2 | bea", "- 2 | 20 | 2 | bob", "1 | 10 | 1 | ada"]);
}

/// Rows that can be changed, and that can fail.
#[derive(Clone, Debug)]
struct Side(Arc<Mutex<Result<Vec<&'static str>, &'static str>>>);

impl LoadRows for Side {
    fn load(&self) -> Result<Vec<RecordBatch>> {
        match self.0.lock().unwrap().as_ref() {
            Ok(rows) => Ok(vec![customers().batch(rows).columns]),
            Err(message) => Err(Error::failure(*message)),
        }
    }
}

fn whole(side: &Side, reload: Option<Reload>) -> (Joined, Arc<WholeTable>) {
    let keys = vec![customers().column("id")];
    let table = Arc::new(WholeTable::new("side".into(), Arc::new(side.clone()), reload, keys));
    (joined_with(JoinKind::Left, LookupSource::Whole(table.clone()), None, Fake::default()), table)
}

#[test]
fn a_whole_table_is_read_once_and_again_after_the_interval() {
    let side = Side(Arc::new(Mutex::new(Ok(vec!["1 | ada", "2 | bob", "2 | bea", "null | nobody"]))));
    let (mut joined, _) = whole(&side, Some(Reload::Periodic { interval: Millis(100), fixed_rate: false }));
    let found = joined.batch(&["2 | 1", "3 | 1", "null | 1", "- 1 | 1"]).0;
    assert_eq!(
        found,
        ["2 | 1 | 2 | bob", "2 | 1 | 2 | bea", "3 | 1 | null | null", "null | 1 | null | null", "- 1 | 1 | 1 | ada"]
    );
    *side.0.lock().unwrap() = Ok(vec!["3 | cy"]);
    assert_eq!(joined.batch(&["3 | 2"]).0, ["3 | 2 | null | null"]);
    joined.clock.set(Millis(100));
    let mut found = Vec::new();
    for _ in 0..1000 {
        found = joined.batch(&["3 | 3"]).0;
        if found == ["3 | 3 | 3 | cy"] {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("it was never read again: {found:?}");
}

#[test]
fn a_whole_table_that_cannot_be_read_says_so() {
    let side = Side(Arc::new(Mutex::new(Err("the disk is gone"))));
    let table = WholeTable::new("side".into(), Arc::new(side.clone()), None, Vec::new());
    assert_eq!(table.open(Millis(0)).unwrap_err().message(), "cannot read table 'side': the disk is gone");
}

#[test]
fn a_reload_is_due_when_its_strategy_says() {
    let day = 86_400_000;
    let periodic = |fixed_rate| Reload::Periodic { interval: Millis(100), fixed_rate };
    assert_eq!(periodic(false).next(Millis(1000), Millis(1030)), Millis(1130));
    assert_eq!(periodic(true).next(Millis(1000), Millis(1030)), Millis(1100));
    assert_eq!(periodic(true).next(Millis(1000), Millis(1230)), Millis(1230));
    let timed = |days| Reload::Timed { at: Millis(3_600_000), days };
    assert_eq!(timed(1).next(Millis(day), Millis(day)), Millis(day + 3_600_000));
    assert_eq!(timed(1).next(Millis(day + 3_600_000), Millis(day + 3_600_000)), Millis(2 * day + 3_600_000));
    assert_eq!(timed(2).next(Millis(day), Millis(day)), Millis(2 * day + 3_600_000));
}
