//! SQL over files: a snapshot at every epoch of a run, and gone on from at other parallelisms, gives what the undisturbed
//! run gives.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(feature = "wasm")]
mod components;

use riverrun::functions::{Aggregate, UserFunction};
use riverrun::runtime::{
    Job, JobConfig, JobHandle, JobOptions, Sink, SinkContext, SinkState, Snapshot, SourceContext, SourceOutput,
    SourceReader, SourceState,
};
use riverrun::sql::build::{KEY_GROUPS, ResultSink, build};
use riverrun::sql::parse::StatementKind;
use riverrun::sql::plan::StreamPlan;
use riverrun::{Script, Session};
use riverrun_connectors::SourceFactory;
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Epoch, Result, RowBatch, RowKind, Schema};
use riverrun_state::tier::StateBackend;
use riverrun_state::tier::memory::MemoryTier;
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Only a broken test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// So many epochs of each run are gone on from.
const RESTORED: usize = 4;

/// Sources wait for so many barriers, however slow the thread is that asks for them.
const BARRIERS: usize = 5;

/// Between two of them, a source reads so many times.
const READS: usize = 3;

/// How often each row is in the result.
type Rows = BTreeMap<String, i64>;

/// The rows of a query by the epoch in which they came.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<BTreeMap<u32, Rows>>>);

impl Collected {
    /// The sum of the changes of the epochs up to `epoch`.
    fn until(&self, epoch: u32) -> Rows {
        let mut sum = Rows::new();
        for rows in self.0.lock().unwrap().range(..=epoch).map(|(_, rows)| rows) {
            add(&mut sum, rows);
        }
        sum
    }
}

fn add(sum: &mut Rows, rows: &Rows) {
    for (row, weight) in rows {
        *sum.entry(row.clone()).or_default() += weight;
    }
    sum.retain(|_, weight| *weight != 0);
}

struct Collector {
    formatter: RowFormatter,
    now: Rows,
    to: Collected,
}

impl Sink<RowBatch> for Collector {
    fn write(&mut self, batch: RowBatch) -> Result<()> {
        let rows = self.formatter.rows(&batch.columns)?;
        for row in 0..batch.num_rows() {
            let mut text = String::new();
            rows.write(row, RowKind::Insert, &mut text);
            *self.now.entry(text).or_default() += batch.weight(row);
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        let rows = std::mem::take(&mut self.now);
        add(self.to.0.lock().unwrap().entry(epoch.0).or_default(), &rows);
        Ok(OperatorSnapshot::default())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// Where keyed state is.
#[derive(Clone, Copy, Debug)]
enum Place {
    Memory,
    /// In memory, and in a log at barriers.
    Log,
    /// Below memory, of which there is none.
    Below,
}

impl Place {
    fn backend(self) -> Arc<StateBackend> {
        match self {
            Place::Memory => StateBackend::in_memory(Some(Arc::new(MemoryTier))),
            Place::Log => StateBackend::tiered(Arc::new(MemoryTier), 1 << 30, 1).unwrap().from_bytes(0),
            Place::Below => StateBackend::tiered(Arc::new(MemoryTier), 2, 1).unwrap().from_bytes(0),
        }
    }
}

fn start(
    plan: &StreamPlan,
    parallelism: usize,
    restore: Option<Arc<Snapshot>>,
    to: &Collected,
    place: Place,
) -> JobHandle {
    let to = to.clone();
    let results: ResultSink = Arc::new(move |_: SinkContext, schema: &Schema| {
        let formatter = RowFormatter::new(schema.fields.iter().map(|field| field.data_type.clone()));
        Ok(Box::new(Collector { formatter, now: Rows::new(), to: to.clone() }) as Box<dyn Sink<RowBatch>>)
    });
    let options = JobOptions { retained_snapshots: usize::MAX, state: place.backend(), ..JobOptions::default() };
    let config = JobConfig { options, restore, ..JobConfig::new("restore").parallelism(parallelism) };
    let plan = Arc::new(plan.clone());
    Job::start(config, Arc::new(move |flow: &mut _| build(&plan, KEY_GROUPS, Some(&results), flow))).unwrap()
}

fn finish(job: &JobHandle) {
    job.wait_timeout(PATIENCE).expect("it hangs").unwrap();
}

/// A run with one barrier after another: its rows, and the snapshots.
fn with_barriers(plan: &StreamPlan, parallelism: usize, place: Place) -> (Collected, Vec<(Epoch, Arc<Snapshot>)>) {
    let rows = Collected::default();
    let barriers = Arc::new(AtomicUsize::new(0));
    let mut plan = plan.clone();
    plan.wrap_sources(|_, inner| Arc::new(Paced { inner, barriers: Arc::clone(&barriers) }));
    let job = start(&plan, parallelism, None, &rows, place);
    while let Some(epoch) = job.trigger_epoch() {
        if job.wait_epoch(epoch, PATIENCE).is_none() {
            break;
        }
        barriers.fetch_add(1, Ordering::AcqRel);
    }
    finish(&job);
    (rows, job.snapshots().into_iter().collect())
}

/// A source that reads only a little between the first barriers.
struct Paced {
    inner: Arc<dyn SourceFactory>,
    barriers: Arc<AtomicUsize>,
}

impl SourceFactory for Paced {
    fn bounded(&self) -> bool {
        self.inner.bounded()
    }

    fn reader(&self, context: SourceContext) -> Result<Box<dyn SourceReader<RowBatch>>> {
        Ok(Box::new(PacedReader { inner: self.inner.reader(context)?, barriers: Arc::clone(&self.barriers), reads: 0 }))
    }
}

struct PacedReader {
    inner: Box<dyn SourceReader<RowBatch>>,
    barriers: Arc<AtomicUsize>,
    reads: usize,
}

impl SourceReader<RowBatch> for PacedReader {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        let barriers = self.barriers.load(Ordering::Acquire);
        if barriers < BARRIERS && self.reads >= READS * (barriers + 1) {
            return Ok(SourceState::Idle(Some(Duration::from_millis(1))));
        }
        self.reads += 1;
        self.inner.poll(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.inner.snapshot()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.inner.restore(state)
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        self.inner.on_epoch_complete(epoch)
    }
}

/// Clicks of 7 users over an hour, up to 20 s out of order, with pauses that end sessions.
fn write_clicks(folder: &Path) {
    for file in 0..3_u64 {
        let mut text = String::new();
        let mut time = 0;
        for n in 0..700_u64 {
            let noise = (n * 7919 + file * 104_729) % 1000;
            time += if noise > 990 { 90_000 } else { noise * 8 };
            let at = 1_709_287_200_000 + time - noise % 20 * 1000;
            let at = chrono::DateTime::from_timestamp_millis(at as i64).unwrap().format("%F %T%.3f");
            let user = if noise % 11 == 0 { "null".to_owned() } else { format!("\"u{}\"", noise % 7) };
            let (page, amount) = (noise % 5, noise as f64 / 4.0);
            text.push_str(&format!(
                "{{\"at\":\"{at}\",\"usr\":{user},\"page\":\"/p{page}\",\"amount\":{amount},\"n\":{n}}}\n"
            ));
        }
        std::fs::write(folder.join(format!("{file}.json")), text).unwrap();
    }
}

const CLICKS: &str = "
SET 'execution.batch-size' = '32';
CREATE TABLE clicks (
  `at` TIMESTAMP(3), usr STRING, page STRING, amount DECIMAL(10, 2), n INT,
  WATERMARK FOR `at` AS `at` - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}', 'format' = 'json', 'scan.split-size' = '8 kb');
CREATE VIEW minutes AS
SELECT window_time AS t, usr, COUNT(*) AS c
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, window_time, usr;
";

fn plan(folder: &Path, query: &str) -> StreamPlan {
    let mut script = Script::from_text("test", format!("{CLICKS}{query};"));
    script.variables = vec![("DIR".into(), folder.display().to_string())];
    let mut session = Session::default();
    session.register(UserFunction::aggregate("total", Total)).unwrap();
    #[cfg(feature = "wasm")]
    create_tally(&mut session, folder);
    for statement in script.statements().unwrap() {
        match &statement.kind {
            StatementKind::Query(query) => return session.planner().plan_query(query).unwrap(),
            _ => session.execute(&statement).map(|_| ()).unwrap(),
        }
    }
    panic!("no query")
}

/// Creates `tally`, which is `total` as a component.
#[cfg(feature = "wasm")]
fn create_tally(session: &mut Session, folder: &Path) {
    // Files of such names are not read as data.
    let name = "_aggregates.wasm";
    components::write(folder, name, &components::aggregates());
    let file = folder.join(name);
    let text = format!("CREATE FUNCTION tally(x INT) RETURNS BIGINT LANGUAGE WASM AS '{}'", file.display());
    for statement in Script::from_text("tally", text).statements().unwrap() {
        session.execute(&statement).map(|_| ()).unwrap();
    }
}

/// The sum of whole numbers, and how many there are.
struct Total;

impl Aggregate for Total {
    type State = (i64, u32);
    type Arguments = (i32,);
    type Output = i64;
    const RETRACTS: bool = true;

    fn accumulate(&self, state: &mut Self::State, (value,): (i32,)) -> Result<()> {
        *state = (state.0 + i64::from(value), state.1 + 1);
        Ok(())
    }

    fn retract(&self, state: &mut Self::State, (value,): (i32,)) -> Result<()> {
        *state = (state.0 - i64::from(value), state.1 - 1);
        Ok(())
    }

    fn merge(&self, state: &mut Self::State, other: &Self::State) -> Result<()> {
        *state = (state.0 + other.0, state.1 + other.1);
        Ok(())
    }

    fn value(&self, state: &Self::State) -> i64 {
        state.0 * 1000 + i64::from(state.1)
    }
}

/// Runs the query undisturbed, with a barrier after every few batches, and from some of these barriers on.
fn check(query: &str) {
    let folder = tempfile::tempdir().unwrap();
    write_clicks(folder.path());
    let plan = plan(folder.path(), query);

    let undisturbed = Collected::default();
    finish(&start(&plan, 1, None, &undisturbed, Place::Memory));
    let expected = undisturbed.until(u32::MAX);
    assert!(expected.len() > 3, "{expected:?}");

    let ways = [
        (1, 2, Place::Memory, Place::Memory),
        (2, 1, Place::Memory, Place::Below),
        (2, 4, Place::Below, Place::Below),
        (1, 2, Place::Below, Place::Memory),
        (2, 4, Place::Log, Place::Log),
        (2, 1, Place::Log, Place::Below),
    ];
    for (before, after, place, other) in ways {
        let (first, snapshots) = with_barriers(&plan, before, place);
        assert_eq!(first.until(u32::MAX), expected, "{before} workers, with barriers");
        assert!(snapshots.len() >= BARRIERS, "only {} epochs", snapshots.len());
        // Of very many, some from all over the run.
        for (epoch, snapshot) in snapshots.iter().step_by(snapshots.len().div_ceil(RESTORED)) {
            let second = Collected::default();
            finish(&start(&plan, after, Some(snapshot.clone()), &second, other));
            let mut sum = first.until(epoch.0);
            add(&mut sum, &second.until(u32::MAX));
            assert_eq!(
                sum, expected,
                "{query}\nfrom epoch {} of {before} workers on {after}, {place:?}, {other:?}",
                epoch.0
            );
        }
    }
}

#[test]
fn tumbling_windows_with_distinct_and_filtered_aggregates() {
    check(
        "SELECT window_start, usr, COUNT(*), COUNT(DISTINCT page), SUM(amount) FILTER (WHERE n > 100), MIN(n), AVG(amount)
         FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, usr",
    );
}

#[test]
fn hopping_and_cumulating_windows() {
    check(
        "SELECT window_start, window_end, page, COUNT(*), MAX(amount)
         FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(`at`), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE))
         GROUP BY window_start, window_end, page
         UNION ALL
         SELECT window_start, window_end, page, COUNT(*), MAX(amount)
         FROM TABLE(CUMULATE(TABLE clicks, DESCRIPTOR(`at`), INTERVAL '2' MINUTE, INTERVAL '10' MINUTE))
         GROUP BY window_start, window_end, page",
    );
}

#[test]
fn session_windows() {
    check(
        "SELECT window_start, window_end, usr, COUNT(*), SUM(amount)
         FROM TABLE(SESSION(TABLE clicks PARTITION BY usr, DESCRIPTOR(`at`), INTERVAL '15' SECOND))
         GROUP BY window_start, window_end, usr",
    );
}

#[test]
fn window_top_n_over_cascaded_windows() {
    check(
        "SELECT window_start, usr, c, place FROM (
           SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY c DESC, usr) AS place FROM (
             SELECT window_start, window_end, usr, SUM(c) AS c
             FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(t), INTERVAL '5' MINUTE))
             GROUP BY window_start, window_end, usr))
         WHERE place <= 3",
    );
}

#[test]
fn grouping_sets_in_windows() {
    check(
        "SELECT window_start, usr, page, GROUPING_ID(usr, page), COUNT(*)
         FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(`at`), INTERVAL '10' MINUTE))
         GROUP BY window_start, window_end, GROUPING SETS ((usr, page), (usr), ())",
    );
}

#[test]
fn updating_aggregates_by_key() {
    check("SELECT usr, page, COUNT(*), SUM(amount), MAX(n), COUNT(DISTINCT n / 10) FROM clicks GROUP BY usr, page");
}

#[test]
fn aggregates_of_the_user_by_key_in_windows_and_in_frames() {
    check(
        "SELECT usr, total(n) FROM clicks GROUP BY usr
         UNION ALL
         SELECT page, total(c) FROM (SELECT usr, page, CAST(COUNT(*) AS INT) AS c FROM clicks GROUP BY usr, page) GROUP BY page",
    );
    check(
        "SELECT window_start, usr, total(n)
         FROM TABLE(SESSION(TABLE clicks PARTITION BY usr, DESCRIPTOR(`at`), INTERVAL '15' SECOND))
         GROUP BY window_start, window_end, usr",
    );
    check(
        "SELECT usr, `at`, n, total(n) OVER (PARTITION BY usr ORDER BY `at` RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW)
         FROM clicks",
    );
}

#[test]
#[cfg(feature = "wasm")]
fn aggregates_of_a_component_by_key_in_windows_and_in_frames() {
    check(
        "SELECT usr, tally(n) - total(n), tally(n) FROM clicks GROUP BY usr
         UNION ALL
         SELECT page, 0, tally(c) FROM (SELECT usr, page, CAST(COUNT(*) AS INT) AS c FROM clicks GROUP BY usr, page) GROUP BY page",
    );
    check(
        "SELECT window_start, usr, tally(n)
         FROM TABLE(SESSION(TABLE clicks PARTITION BY usr, DESCRIPTOR(`at`), INTERVAL '15' SECOND))
         GROUP BY window_start, window_end, usr",
    );
    check(
        "SELECT usr, `at`, n, tally(n) OVER (PARTITION BY usr ORDER BY `at` RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW)
         FROM clicks",
    );
}

#[test]
fn joins_of_streams() {
    check(
        "SELECT a.usr, a.n, b.n FROM clicks AS a JOIN clicks AS b ON a.usr = b.usr AND a.n BETWEEN b.n - 2 AND b.n + 2
         WHERE a.page <> b.page AND a.amount > 220",
    );
}

#[test]
fn outer_joins_against_an_aggregate() {
    check(
        "SELECT c.n, c.page, t.total FROM clicks AS c
         LEFT JOIN (SELECT usr, SUM(amount) AS total FROM clicks WHERE page = '/p1' GROUP BY usr) AS t ON c.usr = t.usr
         WHERE c.n < 40",
    );
}

#[test]
fn top_n_by_key_and_the_last_row_of_each() {
    check(
        "SELECT usr, page, total, place FROM (
           SELECT *, ROW_NUMBER() OVER (PARTITION BY usr ORDER BY total DESC, page) AS place FROM (
             SELECT usr, page, SUM(amount) AS total FROM clicks GROUP BY usr, page))
         WHERE place <= 2",
    );
}

#[test]
fn rows_not_in_another_table() {
    check("SELECT DISTINCT usr, page FROM clicks WHERE page NOT IN (SELECT page FROM clicks WHERE amount > 249.5)");
}

#[test]
fn set_operations() {
    check(
        "SELECT usr, page FROM clicks WHERE n < 400 EXCEPT SELECT usr, page FROM clicks WHERE amount > 249
         UNION ALL
         (SELECT usr, page FROM clicks WHERE n > 600 INTERSECT ALL SELECT usr, page FROM clicks WHERE amount < 200)",
    );
}

#[test]
fn over_windows_in_event_time() {
    check(
        "SELECT usr, `at`, n, COUNT(*) OVER w, SUM(amount) OVER w FROM clicks
         WINDOW w AS (PARTITION BY usr ORDER BY `at` RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW)",
    );
}
