use super::*;
use crate::aggregates::{AggregateArgument, AggregateOptions, aggregate};
use crate::key_router::{KeyRouter, KeyRouterSpec};
use crate::testing::{Home, Table, context, lines, snapshot};
use riverrun_core::{Field, TypeKind};
use riverrun_runtime::Router;
use std::collections::BTreeMap;

fn clicks() -> Table {
    Table::new("user STRING | n INT")
}

fn call(table: &Table, name: &str, column: Option<&str>) -> AggregateCall {
    let options = AggregateOptions { retracting: true, ..AggregateOptions::default() };
    let types: Vec<_> =
        column.iter().map(|name| table.schema.fields[table.schema.index_of(name).unwrap()].data_type.clone()).collect();
    let arguments: Vec<_> = types.iter().map(AggregateArgument::column).collect();
    let resolved = aggregate(name).unwrap().bind(&arguments, &options).unwrap();
    let arguments = column.iter().map(|name| table.column(name)).collect();
    AggregateCall { function: resolved.function, arguments, filter: None }
}

/// `SELECT user, COUNT(*), MAX(n) … GROUP BY user`.
fn per_user() -> GroupAggregateSpec {
    let table = clicks();
    GroupAggregateSpec {
        keys: vec![table.column("user")],
        aggregates: vec![call(&table, "COUNT", None), call(&table, "MAX", Some("n"))],
        schema: Schema::new(vec![
            Field::new("user", TypeKind::STRING.nullable()),
            Field::new("count", TypeKind::BigInt.not_null()),
            Field::new("max", TypeKind::Int.nullable()),
        ]),
        ttl: None,
        phases: Phases::One,
        batch_size: 2,
        changes: Changes::OfTicks,
        of_no_rows: false,
    }
}

struct Worker {
    operator: GroupAggregate,
    lines: Vec<String>,
}

impl Worker {
    fn new(spec: &GroupAggregateSpec, context: OperatorContext) -> Self {
        let operator = GroupAggregate::new(spec.clone(), context).unwrap();
        Worker { operator, lines: Vec::new() }
    }

    fn tick(&mut self, room: usize) {
        let mut out = Output::new(riverrun_core::Watermark::MIN, room);
        self.operator.on_tick(&mut out).unwrap();
        loop {
            let batches = out.take();
            assert!(batches.len() <= room);
            self.lines.extend(batches.iter().flat_map(|(batch, _)| lines(batch)));
            if !self.operator.has_more() {
                return;
            }
            self.operator.resume(&mut out).unwrap();
        }
    }
}

/// What comes out of ticks of rows, one line per tick, on one worker.
fn run(spec: &GroupAggregateSpec, ticks: &[&[&str]]) -> Vec<String> {
    let mut worker = Worker::new(spec, context(0, 1));
    let expected: Vec<String> = ticks
        .iter()
        .map(|rows| {
            let mut out = Output::new(riverrun_core::Watermark::MIN, usize::MAX);
            worker.operator.on_batch(0, clicks().batch(rows), &WatermarkRuns::default(), &mut out).unwrap();
            assert!(out.take().is_empty(), "results go out at the end of a tick");
            worker.tick(1);
            std::mem::take(&mut worker.lines).join("; ")
        })
        .collect();
    let whole: Vec<String> = expected.iter().flat_map(|line| line.split("; ")).map(str::to_owned).collect();
    for parallelism in [&[1, 1][..], &[3, 1, 2, 4]] {
        for home in Home::ALL {
            assert_eq!(left(&restarted(spec, ticks, parallelism, home)), left(&whole), "{parallelism:?}, {home:?}");
        }
    }
    expected
}

/// The same with a snapshot after every tick, restored at the next parallelism; with the state in memory or below.
fn restarted(spec: &GroupAggregateSpec, ticks: &[&[&str]], parallelism: &[usize], home: Home) -> Vec<String> {
    let groups = context(0, 1).key_groups;
    let mut router = KeyRouter::new(KeyRouterSpec { keys: spec.keys.clone(), key_groups: groups });
    let mut rows = Vec::new();
    let mut parts: Vec<OperatorSnapshot> = Vec::new();
    for (number, tick) in ticks.iter().enumerate() {
        let count = parallelism[number % parallelism.len()];
        let mut workers: Vec<Worker> = (0..count)
            .map(|index| {
                let mut worker = Worker::new(spec, home.of(context(index, count)));
                worker.operator.restore(RestoredState::assign(&parts, index, count, groups).unwrap()).unwrap();
                worker
            })
            .collect();
        for row in *tick {
            let batch = clicks().batch(&[row]);
            let mut targets = Vec::new();
            router.route(&batch, count, &mut targets).unwrap();
            let mut out = Output::new(riverrun_core::Watermark::MIN, 1);
            let operator = &mut workers[targets[0] as usize].operator;
            operator.on_batch(0, batch, &WatermarkRuns::default(), &mut out).unwrap();
        }
        for worker in &mut workers {
            worker.tick(usize::MAX);
            rows.append(&mut worker.lines);
        }
        parts = workers.iter_mut().map(|worker| snapshot(&mut worker.operator)).collect();
    }
    rows
}

/// The rows that are left of a changelog.
fn left(changes: &[String]) -> BTreeMap<String, i64> {
    let mut rows = BTreeMap::new();
    for change in changes.iter().filter(|change| !change.is_empty()) {
        let (row, weight) = change.strip_prefix("- ").map_or((change.as_str(), 1), |row| (row, -1));
        *rows.entry(row.to_owned()).or_insert(0) += weight;
    }
    rows.retain(|_, count| *count != 0);
    rows
}

#[test]
fn a_tick_gives_one_change_per_key() {
    assert_eq!(
        run(&per_user(), &[&["ada | 1", "bob | 7", "ada | 3"], &["ada | 2"], &["bob | 9", "bob | 8"]]),
        ["ada | 2 | 3; bob | 1 | 7", "- ada | 2 | 3; ada | 3 | 3", "- bob | 1 | 7; bob | 3 | 9",]
    );
}

#[test]
fn rows_that_are_taken_back_bring_old_results_back() {
    assert_eq!(
        run(&per_user(), &[&["ada | 1", "ada | 5"], &["- ada | 5"], &["- ada | 1"], &["ada | 4"]]),
        ["ada | 2 | 5", "- ada | 2 | 5; ada | 1 | 1", "- ada | 1 | 1", "ada | 1 | 4"]
    );
}

#[test]
fn a_result_that_is_what_it_was_is_not_sent() {
    assert_eq!(
        run(&per_user(), &[&["ada | 1"], &["ada | 3", "- ada | 3"], &["bob | 3", "- bob | 3"]]),
        ["ada | 1 | 1", "", ""]
    );
}

#[test]
fn null_is_a_key_and_not_the_empty_string() {
    assert_eq!(run(&per_user(), &[&["null | 1", " | 2", "null | null"]]), ["null | 2 | 1;  | 1 | 2"]);
}

#[test]
fn without_keys_there_is_one_group_while_it_has_rows() {
    let table = clicks();
    let spec = GroupAggregateSpec {
        keys: Vec::new(),
        aggregates: vec![call(&table, "SUM", Some("n"))],
        schema: Schema::new(vec![Field::new("sum", TypeKind::Int.nullable())]),
        ttl: None,
        phases: Phases::One,
        batch_size: 100,
        changes: Changes::OfTicks,
        of_no_rows: false,
    };
    assert_eq!(
        run(&spec, &[&["ada | 1", "bob | 2"], &["- ada | 1"], &["- bob | 2"], &["bob | null"]]),
        ["3", "- 3; 2", "- 2", "null"]
    );
}

#[test]
fn without_aggregates_rows_are_made_distinct() {
    let table = clicks();
    let spec = GroupAggregateSpec {
        keys: vec![table.column("user"), table.column("n")],
        aggregates: Vec::new(),
        schema: table.schema.clone(),
        ttl: None,
        phases: Phases::One,
        batch_size: 100,
        changes: Changes::OfTicks,
        of_no_rows: false,
    };
    assert_eq!(
        run(&spec, &[&["ada | 1", "ada | 1", "ada | 2"], &["- ada | 1"], &["- ada | 1", "ada | 2"]]),
        ["ada | 1; ada | 2", "", "- ada | 1"]
    );
}

#[test]
fn a_group_that_gets_no_rows_for_its_time_to_live_begins_anew() {
    for home in Home::ALL {
        begins_anew(home);
    }
}

fn begins_anew(home: Home) {
    let clock = riverrun_core::clock::ManualClock::new(Millis(1_000));
    let spec = GroupAggregateSpec { ttl: Some(Millis(100)), ..per_user() };
    let context = || home.of(OperatorContext { clock: std::sync::Arc::new(clock.clone()), ..context(0, 1) });
    let mut worker = Worker { operator: GroupAggregate::new(spec.clone(), context()).unwrap(), lines: Vec::new() };
    let mut out = Output::new(riverrun_core::Watermark::MIN, usize::MAX);
    let mut add = |worker: &mut Worker, row: &str| {
        worker.operator.on_batch(0, clicks().batch(&[row]), &WatermarkRuns::default(), &mut out).unwrap();
        worker.tick(1);
        std::mem::take(&mut worker.lines).join("; ")
    };
    assert_eq!(add(&mut worker, "ada | 1"), "ada | 1 | 1");
    clock.set(Millis(1_099));
    assert_eq!(add(&mut worker, "ada | 2"), "- ada | 1 | 1; ada | 2 | 2");
    // A restore keeps the time of the last write.
    let parts = [snapshot(&mut worker.operator)];
    let mut worker = Worker { operator: GroupAggregate::new(spec, context()).unwrap(), lines: Vec::new() };
    worker.operator.restore(RestoredState::assign(&parts, 0, 1, self::context(0, 1).key_groups).unwrap()).unwrap();
    clock.set(Millis(1_199));
    // What was sent of the old group stays.
    assert_eq!(add(&mut worker, "ada | 3"), "ada | 1 | 3");
    clock.set(Millis(2_000));
    assert!(home == Home::Below || worker.operator.next_processing_timer().unwrap() <= Millis(2_000));
    let mut out = Output::new(riverrun_core::Watermark::MIN, usize::MAX);
    worker.operator.on_processing_time(Millis(2_000), &mut out).unwrap();
    assert!(worker.operator.keys.is_empty());
    assert!(out.take().is_empty());
}

#[test]
fn rows_that_come_while_a_barrier_is_being_written_are_not_before_it() {
    [Home::Log, Home::Below].into_iter().for_each(are_not_before_it);
}

fn are_not_before_it(home: Home) {
    let mut worker = Worker::new(&per_user(), home.of(context(0, 1)));
    let add = |worker: &mut Worker, rows: &[&str]| {
        let mut out = Output::new(riverrun_core::Watermark::MIN, usize::MAX);
        worker.operator.on_batch(0, clicks().batch(rows), &WatermarkRuns::default(), &mut out).unwrap();
        worker.tick(usize::MAX);
        std::mem::take(&mut worker.lines).join("; ")
    };
    add(&mut worker, &["ada | 1", "bob | 7"]);
    let at_barrier = worker.operator.snapshot().unwrap();
    assert_eq!(
        add(&mut worker, &["ada | 5", "- bob | 7", "cat | 1"]),
        "- ada | 1 | 1; ada | 2 | 5; - bob | 1 | 7; cat | 1 | 1"
    );
    while worker.operator.write_behind().unwrap() {}
    let mut restored = Worker::new(&per_user(), home.of(context(0, 1)));
    restored.operator.restore(RestoredState::assign(&[at_barrier], 0, 1, context(0, 1).key_groups).unwrap()).unwrap();
    let changes = add(&mut restored, &["ada | 0", "bob | 0", "cat | 0"]);
    assert_eq!(changes, "- ada | 1 | 1; ada | 2 | 1; - bob | 1 | 7; bob | 2 | 7; cat | 1 | 0");
}

#[test]
fn keys_that_go_while_a_barrier_is_being_written_are_there_before_it() {
    for home in Home::ALL {
        let mut worker = Worker::new(&per_user(), home.of(context(0, 1)));
        let add = |worker: &mut Worker, rows: &[&str]| {
            let mut out = Output::new(riverrun_core::Watermark::MIN, usize::MAX);
            worker.operator.on_batch(0, clicks().batch(rows), &WatermarkRuns::default(), &mut out).unwrap();
            worker.tick(usize::MAX);
            std::mem::take(&mut worker.lines).join("; ")
        };
        add(&mut worker, &["ada | 1"]);
        snapshot(&mut worker.operator);
        add(&mut worker, &["bob | 7"]);
        let at_barrier = worker.operator.snapshot().unwrap();
        assert_eq!(add(&mut worker, &["- ada | 1", "- bob | 7"]), "- ada | 1 | 1; - bob | 1 | 7");
        let after = snapshot(&mut worker.operator);
        for (state, changes) in [
            (at_barrier, "- ada | 1 | 1; ada | 2 | 1; - bob | 1 | 7; bob | 2 | 7"),
            (after, "ada | 1 | 0; bob | 1 | 0"),
        ] {
            let mut restored = Worker::new(&per_user(), home.of(context(0, 1)));
            restored
                .operator
                .restore(RestoredState::assign(&[state], 0, 1, context(0, 1).key_groups).unwrap())
                .unwrap();
            assert_eq!(add(&mut restored, &["ada | 0", "bob | 0"]), changes, "{home:?}");
        }
    }
}

/// `GROUP BY user` of rows that each of several workers aggregates first.
struct TwoPhases {
    spec: GroupAggregateSpec,
    local: Vec<local::LocalAggregate>,
    global: Vec<Worker>,
}

impl TwoPhases {
    fn new(spec: &GroupAggregateSpec, parallelism: usize) -> Self {
        let local =
            (0..parallelism).map(|worker| local::LocalAggregate::new(spec.clone(), &context(worker, parallelism)));
        let global = (0..parallelism).map(|worker| Worker::new(spec, context(worker, parallelism)));
        TwoPhases { spec: spec.clone(), local: local.collect(), global: global.collect() }
    }

    /// What comes out of a tick whose rows come to the workers in turn, and how many rows were exchanged.
    fn tick(&mut self, rows: &[&str]) -> (Vec<String>, usize) {
        let parallelism = self.local.len();
        let mut router = KeyRouter::new(KeyRouterSpec { keys: self.spec.routing(), key_groups: 128 });
        let mut exchanged = 0;
        for (worker, local) in self.local.iter_mut().enumerate() {
            let own: Vec<&str> = rows.iter().copied().skip(worker).step_by(parallelism).collect();
            let mut out = Output::new(riverrun_core::Watermark::MIN, 1);
            let mut batches = Vec::new();
            if !own.is_empty() {
                local.on_batch(0, clicks().batch(&own), &WatermarkRuns::default(), &mut out).unwrap();
                batches.extend(out.take());
            }
            local.on_tick(&mut out).unwrap();
            batches.extend(out.take());
            while local.has_more() {
                local.resume(&mut out).unwrap();
                batches.extend(out.take());
            }
            for (batch, _) in batches {
                exchanged += batch.num_rows();
                let mut targets = Vec::new();
                router.route(&batch, parallelism, &mut targets).unwrap();
                for (row, target) in targets.iter().enumerate() {
                    let global = &mut self.global[*target as usize].operator;
                    global.on_batch(0, batch.slice(row, 1), &WatermarkRuns::default(), &mut out).unwrap();
                }
            }
        }
        self.global.iter_mut().for_each(|worker| worker.tick(1));
        let mut lines: Vec<String> =
            self.global.iter_mut().flat_map(|worker| std::mem::take(&mut worker.lines)).collect();
        lines.sort();
        (lines, exchanged)
    }
}

#[test]
fn two_phases_give_what_one_gives() {
    let table = clicks();
    let spec = GroupAggregateSpec {
        aggregates: vec![call(&table, "COUNT", Some("n")), call(&table, "SUM", Some("n"))],
        phases: Phases::Two,
        ..per_user()
    };
    let mut two = TwoPhases::new(&spec, 3);
    let (lines, exchanged) =
        two.tick(&["ada | 1", "ada | 2", "ada | 3", "ada | 4", "bob | 5", "ada | null", "ada | 6"]);
    assert_eq!(lines, ["ada | 5 | 16", "bob | 1 | 5"]);
    assert_eq!(exchanged, 4);
    // What one worker has is taken back on another, and a row that comes and goes leaves nothing.
    let (lines, _) = two.tick(&["- bob | 5", "- ada | 1", "cy | 1", "ada | 9", "- cy | 1", "- ada | 9"]);
    assert_eq!(lines, ["- ada | 5 | 16", "- bob | 1 | 5", "ada | 4 | 15"]);
}

#[test]
fn where_few_rows_share_a_key_they_are_exchanged_as_they_are() {
    let spec = GroupAggregateSpec { phases: Phases::TwoWhereItPays, ..per_user() };
    let mut two = TwoPhases::new(&spec, 2);
    let rows: Vec<String> = (0..10).map(|user| format!("u{user} | {user}")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(two.tick(&rows).1, 10);
    let (lines, exchanged) = two.tick(&["u1 | 5", "u1 | 6", "u1 | 7", "u1 | 8"]);
    assert_eq!((lines, exchanged), (vec!["- u1 | 1 | 1".to_owned(), "u1 | 5 | 8".to_owned()], 4));
    let mut pays = TwoPhases::new(&spec, 2);
    for _ in 0..3 {
        assert_eq!(pays.tick(&["u | 1"; 8]).1, 2);
    }
}
