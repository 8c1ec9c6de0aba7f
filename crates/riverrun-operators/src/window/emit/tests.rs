use super::*;
use crate::testing::barriers::{behind_barriers, bytes_per_barrier};
use crate::testing::timed::timed;
use crate::testing::{Table, list};
use crate::window::clocked::Clocked;
use crate::window::spec::{WindowKind, WindowProperty, Windowing};
use riverrun_core::{Field, Schema, TypeKind};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

fn clicks() -> Table {
    Table::new("user STRING | n INT | ts TIME")
}

fn per_user(kind: WindowKind, emit: EmitStrategy) -> WindowAggregateSpec {
    let table = clicks();
    WindowAggregateSpec {
        windowing: Windowing::Time { kind, time: table.column("ts"), zone: None, processing: false },
        keys: vec![table.column("user")],
        aggregates: vec![list(table.column("n"))],
        properties: vec![WindowProperty::Start],
        retracting: false,
        emit: Some(emit),
        schema: Schema::new(vec![
            Field::new("user", TypeKind::STRING.nullable()),
            Field::new("list", TypeKind::STRING.nullable()),
            Field::new("window_start", TypeKind::timestamp(3).not_null()),
        ]),
        batch_size: 2,
    }
}

fn tumble() -> WindowKind {
    WindowKind::Tumble { size: Millis(MINUTE), offset: Millis(0) }
}

fn run(spec: &WindowAggregateSpec, script: &str) -> (Vec<String>, u64) {
    timed(&clicks(), &spec.keys, |context| EmitAggregate::new(spec.clone(), context).unwrap(), script)
}

#[test]
fn early_results_without_delay_go_out_with_each_tick_that_brings_rows() {
    let spec = per_user(tumble(), EmitStrategy { early: Some(Millis(0)), ..EmitStrategy::default() });
    let script = "
        ada | 1 | 10:00:05
        ada | 2 | 10:00:06
        --
        bob | 3 | 10:00:07
        --
        ada | 4 | 10:00:08
        ~ 10:00:59.999
        --
        ada | 5 | 10:00:09
    ";
    let expected = [
        "ada | 1+2 | 10:00:00",
        "bob | 3 | 10:00:00",
        "- ada | 1+2 | 10:00:00; ada | 1+2+4 | 10:00:00",
        // No lateness is allowed.
        "",
        "",
    ];
    assert_eq!(run(&spec, script), (expected.map(str::to_owned).to_vec(), 1));
}

#[test]
fn early_results_with_a_delay_go_by_the_clock_from_the_first_row_on() {
    let spec = per_user(tumble(), EmitStrategy { early: Some(Millis(10 * SECOND)), ..EmitStrategy::default() });
    let script = "
        @ 00:00:00
        ada | 1 | 10:00:05
        --
        @ 00:00:09.999
        ada | 2 | 10:00:06
        --
        @ 00:00:10
        --
        ada | 3 | 10:00:07
        @ 00:00:45
        --
        @ 00:00:50
        --
        ada | 4 | 10:00:08
        ~ 10:00:59.999
        --
    ";
    let expected = [
        "",
        "",
        "ada | 1+2 | 10:00:00",
        "- ada | 1+2 | 10:00:00; ada | 1+2+3 | 10:00:00",
        // Nothing has changed.
        "",
        "- ada | 1+2+3 | 10:00:00; ada | 1+2+3+4 | 10:00:00",
        "",
        "",
    ];
    assert_eq!(run(&spec, script), (expected.map(str::to_owned).to_vec(), 0));
}

#[test]
fn a_late_row_within_the_allowed_lateness_updates_the_result() {
    let spec = per_user(tumble(), EmitStrategy { lateness: Millis(MINUTE), ..EmitStrategy::default() });
    let script = "
        ada | 1 | 10:00:05
        --
        ~ 10:00:59.999
        --
        ada | 2 | 10:00:06
        bob | 3 | 10:00:07
        --
        ~ 10:01:59.998
        ada | 4 | 10:00:08
        --
        ~ 10:01:59.999
        ada | 5 | 10:00:09
        --
    ";
    let expected = [
        "",
        "ada | 1 | 10:00:00",
        "- ada | 1 | 10:00:00; ada | 1+2 | 10:00:00; bob | 3 | 10:00:00",
        "- ada | 1+2 | 10:00:00; ada | 1+2+4 | 10:00:00",
        "",
        "",
        "",
    ];
    assert_eq!(run(&spec, script), (expected.map(str::to_owned).to_vec(), 1));
}

#[test]
fn late_results_with_a_delay_go_by_the_clock_and_what_waits_is_lost_when_the_window_is_forgotten() {
    let strategy = EmitStrategy { early: None, late: Some(Millis(10 * SECOND)), lateness: Millis(MINUTE) };
    let script = "
        ada | 1 | 10:00:05
        ~ 10:00:59.999
        --
        @ 00:00:00
        ada | 2 | 10:00:06
        --
        @ 00:00:10
        --
        ada | 3 | 10:00:07
        ~ 10:01:59.999
        --
        @ 00:01:00
    ";
    let expected = ["ada | 1 | 10:00:00", "", "- ada | 1 | 10:00:00; ada | 1+2 | 10:00:00", "", "", ""];
    assert_eq!(run(&per_user(tumble(), strategy), script), (expected.map(str::to_owned).to_vec(), 0));
}

#[test]
fn a_row_counts_in_those_of_its_hopping_windows_that_are_kept() {
    let hop = WindowKind::Hop { size: Millis(2 * MINUTE), slide: Millis(MINUTE), offset: Millis(0) };
    let spec = per_user(hop, EmitStrategy { lateness: Millis(30 * SECOND), ..EmitStrategy::default() });
    let script = "
        ada | 1 | 10:00:05
        ~ 10:00:59.999
        --
        ~ 10:01:30
        ada | 2 | 10:00:06
        --
        ~ 10:01:59.999
        --
        ada | 3 | 10:00:07
        ~ 10:02:29.999
        ada | 4 | 10:00:08
        --
    ";
    let expected =
        ["ada | 1 | 09:59:00", "", "ada | 1+2 | 10:00:00", "- ada | 1+2 | 10:00:00; ada | 1+2+3 | 10:00:00", "", ""];
    assert_eq!(run(&spec, script), (expected.map(str::to_owned).to_vec(), 1));
}

#[test]
fn a_group_whose_rows_are_all_taken_back_takes_its_result_back() {
    let strategy = EmitStrategy { early: Some(Millis(0)), late: None, lateness: Millis(MINUTE) };
    let spec = WindowAggregateSpec { retracting: true, ..per_user(tumble(), strategy) };
    let script = "
        ada | 1 | 10:00:05
        --
        - ada | 1 | 10:00:05
        --
        ada | 2 | 10:00:06
        ~ 10:00:59.999
        --
        - ada | 2 | 10:00:06
        --
    ";
    let expected = ["ada | 1 | 10:00:00", "- ada | 1 | 10:00:00", "ada | 2 | 10:00:00", "- ada | 2 | 10:00:00", "", ""];
    assert_eq!(run(&spec, script), (expected.map(str::to_owned).to_vec(), 0));
}

#[test]
fn windows_of_the_clock_give_early_results_and_drop_what_is_open_at_the_end() {
    let table = Table::new("user STRING | n INT | at INSTANT");
    let strategy = EmitStrategy { early: Some(Millis(20 * SECOND)), ..EmitStrategy::default() };
    let windowing = Windowing::Time { kind: tumble(), time: table.column("at"), zone: None, processing: true };
    let spec = WindowAggregateSpec { windowing, ..per_user(tumble(), strategy) };
    let mut operator = {
        let clock = std::sync::Arc::new(riverrun_core::clock::ManualClock::new(Millis(0)));
        let context = OperatorContext { clock: clock.clone(), ..crate::testing::context(0, 1) };
        let inner = Box::new(EmitAggregate::new(spec.clone(), context).unwrap());
        (Clocked::wrap(&spec.windowing, clock.clone(), inner).unwrap(), clock)
    };
    let mut out = Output::new(Watermark::MIN, usize::MAX);
    let mut at = |seconds: i64, row: Option<&str>| {
        let now = Millis(seconds * SECOND);
        operator.1.set(now);
        if operator.0.next_processing_timer().is_some_and(|timer| timer <= now) {
            operator.0.on_processing_time(now, &mut out).unwrap();
        }
        if let Some(row) = row {
            operator.0.on_batch(0, table.batch(&[row]), &WatermarkRuns::default(), &mut out).unwrap();
        }
        operator.0.on_tick(&mut out).unwrap();
        out.take().iter().flat_map(|(batch, _)| crate::testing::lines(batch)).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(at(5, Some("ada | 1 | null")), "");
    assert_eq!(at(25, Some("ada | 2 | null")), "ada | 1 | 1970-01-01 00:00:00");
    assert_eq!(at(60, None), "- ada | 1 | 1970-01-01 00:00:00; ada | 1+2 | 1970-01-01 00:00:00");
    assert_eq!(at(70, Some("ada | 3 | null")), "");
}

#[test]
fn rows_that_come_while_a_barrier_is_being_written_are_not_before_it() {
    let ticks = |strategy: EmitStrategy, script: &str| {
        let spec = WindowAggregateSpec { retracting: true, ..per_user(tumble(), strategy) };
        behind_barriers(&clicks(), |context| EmitAggregate::new(spec.clone(), context).unwrap(), script)
    };
    let strategy = EmitStrategy { early: Some(Millis(0)), late: None, lateness: Millis(MINUTE) };
    let found = ticks(
        strategy,
        "
        ada | 1 | 10:00:05
        bob | 2 | 10:00:06
        --
        ada | 3 | 10:00:07
        - bob | 2 | 10:00:06
        --
        ~ 10:00:59.999
        --
        ada | 4 | 10:00:08
        cyd | 5 | 10:00:08
        --
        ada | 6 | 10:01:08
        ~ 10:01:59.999
        --
        ada | 7 | 10:00:09
        ",
    );
    assert_eq!(
        found,
        [
            "ada | 1 | 10:00:00; bob | 2 | 10:00:00",
            "- ada | 1 | 10:00:00; - bob | 2 | 10:00:00; ada | 1+3 | 10:00:00",
            "",
            "- ada | 1+3 | 10:00:00; ada | 1+3+4 | 10:00:00; cyd | 5 | 10:00:00",
            "ada | 6 | 10:01:00",
            "",
        ]
    );
    let strategy =
        EmitStrategy { early: Some(Millis(10 * SECOND)), late: Some(Millis(20 * SECOND)), lateness: Millis(MINUTE) };
    let found = ticks(
        strategy,
        "
        ada | 1 | 10:00:05
        --
        @ 00:00:05
        bob | 2 | 10:00:06
        --
        @ 00:00:10
        --
        ada | 3 | 10:00:07
        --
        @ 00:00:21
        --
        bob | 4 | 10:00:08
        ~ 10:00:59.999
        --
        ada | 5 | 10:00:09
        --
        bob | 6 | 10:00:10
        @ 00:00:41
        --
        ada | 7 | 10:00:10
        ~ 10:01:59.999
        ",
    );
    assert_eq!(
        found,
        [
            "",
            "",
            "ada | 1 | 10:00:00",
            "",
            "- ada | 1 | 10:00:00; ada | 1+3 | 10:00:00; bob | 2 | 10:00:00",
            "- bob | 2 | 10:00:00; bob | 2+4 | 10:00:00",
            "",
            "- ada | 1+3 | 10:00:00; - bob | 2+4 | 10:00:00; ada | 1+3+5 | 10:00:00; bob | 2+4+6 | 10:00:00",
            "",
        ]
    );
}

#[test]
fn a_barrier_writes_the_groups_that_have_changed_but_not_those_whose_timers_have_moved_on() {
    let spec = per_user(tumble(), EmitStrategy { early: Some(Millis(10 * SECOND)), ..EmitStrategy::default() });
    let rows: Vec<String> = (0..500).map(|user| format!("user {user} | {user} | 10:00:05")).collect();
    let ticks = [
        rows.iter().map(String::as_str).collect(),
        vec!["@ 00:00:10"],
        vec!["user 7 | 1 | 10:00:06"],
        vec!["@ 00:00:20"],
        vec!["@ 00:00:30"],
    ];
    let bytes = bytes_per_barrier(&clicks(), |context| EmitAggregate::new(spec.clone(), context).unwrap(), &ticks);
    // With the results that were sent.
    assert!(bytes[0] > 10_000 && bytes[1] > bytes[0], "{bytes:?}");
    assert!(bytes[2..].iter().all(|bytes| *bytes < 200), "{bytes:?}");
}
