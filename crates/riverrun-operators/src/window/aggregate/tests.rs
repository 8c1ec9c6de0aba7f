use super::*;
use crate::testing::{Home, Table, context, lines, list, millis, results};
use crate::window::spec::{WindowKind, WindowProperty, Windowing};
use chrono_tz::Tz;
use riverrun_core::{Field, Millis, Schema, TypeKind};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

fn clicks() -> Table {
    Table::new("user STRING | n INT | ts TIME")
}

fn tumble(size: i64) -> WindowKind {
    WindowKind::Tumble { size: Millis(size), offset: Millis(0) }
}

fn by_time(table: &Table, kind: WindowKind, zone: Option<Tz>) -> Windowing {
    Windowing::Time { kind, time: table.column("ts"), zone, processing: false }
}

/// `SELECT user, LIST(n), window_start, window_end … GROUP BY user, window_start, window_end`.
fn per_user(table: &Table, windowing: Windowing) -> WindowAggregateSpec {
    WindowAggregateSpec {
        windowing,
        keys: vec![table.column("user")],
        aggregates: vec![list(table.column("n"))],
        properties: vec![WindowProperty::Start, WindowProperty::End],
        retracting: false,
        emit: None,
        schema: Schema::new(vec![
            Field::new("user", TypeKind::STRING.nullable()),
            Field::new("list", TypeKind::STRING.nullable()),
            Field::new("window_start", TypeKind::timestamp(3).not_null()),
            Field::new("window_end", TypeKind::timestamp(3).not_null()),
        ]),
        batch_size: 2,
    }
}

fn run(table: &Table, spec: &WindowAggregateSpec, script: &str) -> (Vec<String>, u64) {
    results(table, &spec.keys, |context| WindowAggregate::new(spec.clone(), context).unwrap(), script)
}

fn holds(kind: WindowKind, script: &str, expected: &[&str]) {
    let (rows, late) = run(&clicks(), &per_user(&clicks(), by_time(&clicks(), kind, None)), script);
    assert_eq!(rows, expected);
    assert_eq!(late, 0);
}

#[test]
fn tumbling_windows_fire_when_the_watermark_reaches_their_last_millisecond() {
    holds(
        tumble(MINUTE),
        "
        ada | 1 | 10:00:05
        bob | 2 | 10:00:59.999
        ada | 3 | 10:01:00
        ~ 10:00:59.998
        ada | 4 | 10:00:30
        ~ 10:00:59.999
        bob | 5 | 10:01:10
        ",
        &[
            "ada | 1+4 | 10:00:00 | 10:01:00",
            "bob | 2 | 10:00:00 | 10:01:00",
            "ada | 3 | 10:01:00 | 10:02:00",
            "bob | 5 | 10:01:00 | 10:02:00",
        ],
    );
}

#[test]
fn null_is_a_key() {
    holds(
        tumble(MINUTE),
        "
        null | 1 | 10:00:05
             | 2 | 10:00:06
        null | 3 | 10:00:07
        ",
        &["null | 1+3 | 10:00:00 | 10:01:00", " | 2 | 10:00:00 | 10:01:00"],
    );
}

#[test]
fn a_row_is_late_once_its_window_has_fired() {
    let spec = per_user(&clicks(), by_time(&clicks(), tumble(MINUTE), None));
    let (rows, late) = run(
        &clicks(),
        &spec,
        "
        ada | 1 | 10:00:05
        ~ 10:00:59.999
        ada | 2 | 10:00:59
        ada | 3 | 10:01:00
        ",
    );
    assert_eq!(rows, ["ada | 1 | 10:00:00 | 10:01:00", "ada | 3 | 10:01:00 | 10:02:00"]);
    assert_eq!(late, 1);
}

#[test]
fn a_row_is_late_too_if_nothing_was_in_its_window() {
    let spec = per_user(&clicks(), by_time(&clicks(), tumble(MINUTE), None));
    let (rows, late) = run(
        &clicks(),
        &spec,
        "
        ada | 1 | 10:05:00
        ~ 10:04:00
        ada | 2 | 10:03:59
        bob | 3 | 10:04:00
        ",
    );
    assert_eq!(rows, ["bob | 3 | 10:04:00 | 10:05:00", "ada | 1 | 10:05:00 | 10:06:00"]);
    assert_eq!(late, 1);
}

#[test]
fn hopping_windows_share_their_slices_and_list_the_newest_first() {
    holds(
        WindowKind::Hop { size: Millis(4 * MINUTE), slide: Millis(2 * MINUTE), offset: Millis(0) },
        "
        ada | 1 | 10:00:00
        bob | 2 | 10:03:00
        ada | 3 | 10:02:00
        ~ 10:02:00
        ada | 4 | 10:01:00
        ",
        &[
            "ada | 1 | 09:58:00 | 10:02:00",
            "bob | 2 | 10:00:00 | 10:04:00",
            "ada | 3+1+4 | 10:00:00 | 10:04:00",
            "bob | 2 | 10:02:00 | 10:06:00",
            "ada | 3 | 10:02:00 | 10:06:00",
        ],
    );
}

#[test]
fn a_row_still_counts_in_the_hopping_windows_that_have_not_fired() {
    let kind = WindowKind::Hop { size: Millis(4 * MINUTE), slide: Millis(2 * MINUTE), offset: Millis(0) };
    let spec = per_user(&clicks(), by_time(&clicks(), kind, None));
    let (rows, late) = run(
        &clicks(),
        &spec,
        "
        ~ 10:02:00
        ada | 1 | 10:01:59
        ~ 10:04:00
        ada | 2 | 10:01:59
        ",
    );
    assert_eq!(rows, ["ada | 1 | 10:00:00 | 10:04:00"]);
    assert_eq!(late, 1);
}

#[test]
fn a_hop_may_have_a_size_that_is_no_multiple_of_its_slide() {
    holds(
        WindowKind::Hop { size: Millis(50 * SECOND), slide: Millis(20 * SECOND), offset: Millis(0) },
        "
        ada | 1 | 10:00:45
        ada | 2 | 10:01:15
        ",
        &[
            "ada | 1 | 10:00:00 | 10:00:50",
            "ada | 1 | 10:00:20 | 10:01:10",
            "ada | 2+1 | 10:00:40 | 10:01:30",
            "ada | 2 | 10:01:00 | 10:01:50",
        ],
    );
}

#[test]
fn rows_between_the_windows_of_a_sparse_hop_are_in_none() {
    holds(
        WindowKind::Hop { size: Millis(MINUTE), slide: Millis(5 * MINUTE), offset: Millis(0) },
        "
        ada | 1 | 10:00:30
        ada | 2 | 10:02:00
        ",
        &["ada | 1 | 10:00:00 | 10:01:00"],
    );
}

#[test]
fn cumulating_windows_fire_every_step_also_without_new_rows() {
    holds(
        WindowKind::Cumulate { size: Millis(MINUTE), step: Millis(20 * SECOND), offset: Millis(0) },
        "
        ada | 1 | 10:00:05
        bob | 2 | 10:00:45
        ada | 3 | 10:01:00
        ",
        &[
            "ada | 1 | 10:00:00 | 10:00:20",
            "ada | 1 | 10:00:00 | 10:00:40",
            "ada | 1 | 10:00:00 | 10:01:00",
            "bob | 2 | 10:00:00 | 10:01:00",
            "ada | 3 | 10:01:00 | 10:01:20",
            "ada | 3 | 10:01:00 | 10:01:40",
            "ada | 3 | 10:01:00 | 10:02:00",
        ],
    );
}

#[test]
fn a_row_behind_the_watermark_counts_in_the_later_steps() {
    let kind = WindowKind::Cumulate { size: Millis(MINUTE), step: Millis(20 * SECOND), offset: Millis(0) };
    let spec = per_user(&clicks(), by_time(&clicks(), kind, None));
    let (rows, late) = run(
        &clicks(),
        &spec,
        "
        ~ 10:00:20
        ada | 1 | 10:00:05
        ~ 10:00:40
        ada | 2 | 10:00:10
        bob | 3 | 10:00:15
        ~ 10:01:00
        ada | 4 | 10:00:59
        ",
    );
    assert_eq!(
        rows,
        ["ada | 1 | 10:00:00 | 10:00:40", "ada | 1+2 | 10:00:00 | 10:01:00", "bob | 3 | 10:00:00 | 10:01:00"]
    );
    assert_eq!(late, 1);
}

#[test]
fn without_keys_there_is_one_group() {
    let table = clicks();
    let mut spec = per_user(&table, by_time(&table, tumble(MINUTE), None));
    spec.keys.clear();
    spec.schema.fields.remove(0);
    let script = "
        ada | 1 | 10:00:05
        bob | 2 | 10:00:06
    ";
    assert_eq!(run(&table, &spec, script).0, ["1+2 | 10:00:00 | 10:01:00"]);
}

#[test]
fn rows_that_carry_their_windows_are_aggregated_by_them() {
    let table = Table::new("user STRING | n INT | window_start TIME | window_end TIME");
    let windowing = Windowing::Attached {
        start: table.column("window_start"),
        end: table.column("window_end"),
        zone: None,
        processing: false,
    };
    let (rows, late) = run(
        &table,
        &per_user(&table, windowing),
        "
        ada | 1 | 10:00:00 | 10:02:00
        ada | 1 | 10:01:00 | 10:03:00
        bob | 2 | 10:00:00 | 10:02:00
        ~ 10:02:00
        ada | 3 | 10:00:00 | 10:02:00
        ada | 3 | 10:01:00 | 10:03:00
        ",
    );
    let expected =
        ["ada | 1 | 10:00:00 | 10:02:00", "bob | 2 | 10:00:00 | 10:02:00", "ada | 1+3 | 10:01:00 | 10:03:00"];
    assert_eq!(rows, expected);
    assert_eq!(late, 1);
}

#[test]
fn a_window_whose_rows_are_all_taken_back_gives_no_result() {
    let table = clicks();
    let spec = WindowAggregateSpec { retracting: true, ..per_user(&table, by_time(&table, tumble(MINUTE), None)) };
    let script = "
        ada | 1 | 10:00:05
        bob | 2 | 10:00:06
        - ada | 1 | 10:00:05
        bob | 3 | 10:00:07
        - bob | 2 | 10:00:06
    ";
    assert_eq!(run(&table, &spec, script).0, ["bob | 3 | 10:00:00 | 10:01:00"]);
}

#[test]
fn days_of_berlin_have_23_and_25_hours() {
    let table = Table::new("user STRING | n INT | ts INSTANT");
    let mut spec = per_user(&table, by_time(&table, tumble(24 * HOUR), Some(Tz::Europe__Berlin)));
    spec.properties = vec![WindowProperty::Start, WindowProperty::Time];
    spec.schema.fields[3] = Field::new("window_time", TypeKind::timestamp_ltz(3).not_null());
    let (rows, late) = run(
        &table,
        &spec,
        "
        ada | 1 | 2024-03-30 22:59:59.999
        ada | 2 | 2024-03-30 23:00:00
        ada | 3 | 2024-03-31 21:59:59.999
        ~ 2024-03-31 21:59:59.998
        ada | 4 | 2024-03-31 22:00:00
        ada | 5 | 2024-10-26 22:00:00
        ada | 6 | 2024-10-27 22:59:59.999
        ada | 7 | 2024-10-27 23:00:00
        ",
    );
    assert_eq!(
        rows,
        [
            "ada | 1 | 2024-03-30 00:00:00 | 2024-03-30 22:59:59.999",
            "ada | 2+3 | 2024-03-31 00:00:00 | 2024-03-31 21:59:59.999",
            "ada | 4 | 2024-04-01 00:00:00 | 2024-04-01 21:59:59.999",
            "ada | 5+6 | 2024-10-27 00:00:00 | 2024-10-27 22:59:59.999",
            "ada | 7 | 2024-10-28 00:00:00 | 2024-10-28 22:59:59.999",
        ]
    );
    assert_eq!(late, 0);
}

#[test]
fn the_hour_that_comes_twice_is_in_one_window() {
    let table = Table::new("user STRING | n INT | ts INSTANT");
    let spec = per_user(&table, by_time(&table, tumble(HOUR), Some(Tz::Europe__Berlin)));
    let (rows, late) = run(
        &table,
        &spec,
        "
        ada | 1 | 2024-10-27 00:30:00
        ~ 2024-10-27 01:15:00
        ada | 2 | 2024-10-27 01:30:00
        ",
    );
    assert_eq!(rows, ["ada | 1+2 | 2024-10-27 02:00:00 | 2024-10-27 03:00:00"]);
    assert_eq!(late, 0);
}

#[test]
fn windows_before_1970_are_windows_like_others() {
    let (rows, _) = run(
        &clicks(),
        &per_user(&clicks(), by_time(&clicks(), tumble(HOUR), None)),
        "
        ada | 1 | 1969-12-31 23:59:59.999
        ada | 2 | 1970-01-01 00:00:00
        ",
    );
    assert_eq!(
        rows,
        ["ada | 1 | 1969-12-31 23:00:00 | 1970-01-01 00:00:00", "ada | 2 | 1970-01-01 00:00:00 | 1970-01-01 01:00:00"]
    );
}

#[test]
fn a_row_without_time_fails_the_job() {
    let table = clicks();
    let spec = per_user(&table, by_time(&table, tumble(MINUTE), None));
    let mut operator = WindowAggregate::new(spec, crate::testing::context(0, 1)).unwrap();
    let batch = table.batch(&["ada | 1 | null"]);
    let mut out = Output::new(Watermark::MIN, 10);
    let error = operator.on_batch(0, batch, &WatermarkRuns::default(), &mut out).unwrap_err();
    assert!(error.message().starts_with("RowTime field should not be null"), "{error}");
}

#[test]
fn a_batch_may_fire_the_windows_that_its_own_rows_open() {
    let table = clicks();
    let spec = per_user(&table, by_time(&table, tumble(MINUTE), None));
    let mut operator = WindowAggregate::new(spec, crate::testing::context(0, 1)).unwrap();
    let batch = table.batch(&["a | 1 | 10:00:00", "a | 2 | 10:01:00", "a | 3 | 10:00:30", "a | 4 | 10:01:30"]);
    let mut runs = WatermarkRuns::default();
    runs.push(2, Watermark(millis("10:01:00")));
    let mut out = Output::new(Watermark::MIN, 10);
    operator.on_batch(0, batch, &runs, &mut out).unwrap();
    operator.on_watermark(Watermark::MAX, &mut out).unwrap();
    let rows: Vec<String> = out.take().iter().flat_map(|(batch, _)| crate::testing::lines(batch)).collect();
    assert_eq!(rows, ["a | 1 | 10:00:00 | 10:01:00", "a | 2+4 | 10:01:00 | 10:02:00"]);
}

/// Under `WATERMARK FOR ts AS ts`: measured on Flink 2.3.
const LATE: &str = "
    ada | 1 | 10:03:00
    ~ 10:03:00
    ada | 2 | 10:01:00
    ada | 3 | 10:02:59.999
    ada | 4 | 10:00:30
    ada | 5 | 10:05:30
    ~ 10:05:30
    ada | 6 | 10:04:59
    ada | 7 | 10:02:00
    ada | 8 | 10:05:00
";

#[test]
fn late_rows_count_where_they_do_in_flink() {
    let run = |kind| run(&clicks(), &per_user(&clicks(), by_time(&clicks(), kind, None)), LATE);
    assert_eq!(
        run(tumble(MINUTE)),
        (vec!["ada | 1 | 10:03:00 | 10:04:00".to_owned(), "ada | 5+8 | 10:05:00 | 10:06:00".to_owned()], 5)
    );
    let hop = WindowKind::Hop { size: Millis(4 * MINUTE), slide: Millis(MINUTE), offset: Millis(0) };
    assert_eq!(
        run(hop).0,
        [
            "ada | 1+3+2+4 | 10:00:00 | 10:04:00",
            "ada | 1+3+2 | 10:01:00 | 10:05:00",
            "ada | 5+8+6+1+3+7 | 10:02:00 | 10:06:00",
            "ada | 5+8+6+1 | 10:03:00 | 10:07:00",
            "ada | 5+8+6 | 10:04:00 | 10:08:00",
            "ada | 5+8 | 10:05:00 | 10:09:00",
        ]
    );
    let cumulate = WindowKind::Cumulate { size: Millis(4 * MINUTE), step: Millis(MINUTE), offset: Millis(0) };
    assert_eq!(
        run(cumulate).0,
        [
            "ada | 2+3+4+1 | 10:00:00 | 10:04:00",
            "ada | 6+5+8 | 10:04:00 | 10:06:00",
            "ada | 6+5+8 | 10:04:00 | 10:07:00",
            "ada | 6+5+8 | 10:04:00 | 10:08:00",
        ]
    );
}

#[test]
fn a_window_that_fires_while_a_barrier_is_written_is_in_the_barrier() {
    let table = clicks();
    for kind in [
        tumble(MINUTE),
        WindowKind::Hop { size: Millis(2 * MINUTE), slide: Millis(MINUTE), offset: Millis(0) },
        WindowKind::Cumulate { size: Millis(2 * MINUTE), step: Millis(MINUTE), offset: Millis(0) },
    ] {
        let spec = per_user(&table, by_time(&table, kind, None));
        let new = || WindowAggregate::new(spec.clone(), Home::Log.of(context(0, 1))).unwrap();
        let call = |operator: &mut WindowAggregate, rows: &[&str], watermark: &str| -> Vec<String> {
            let mut out = Output::new(Watermark::MIN, usize::MAX);
            operator.on_batch(0, table.batch(rows), &WatermarkRuns::constant(Watermark::MIN), &mut out).unwrap();
            operator.on_watermark(Watermark(millis(watermark)), &mut out).unwrap();
            assert!(!operator.has_more());
            out.take().iter().flat_map(|(batch, _)| lines(batch)).collect()
        };
        let mut operator = new();
        call(&mut operator, &["ada | 1 | 10:00:05", "bob | 2 | 10:00:06"], "10:00:00");
        let snapshot = operator.snapshot().unwrap();
        assert_eq!(snapshot.tiers.len(), 1);
        // What comes after the barrier is not in it, and neither that the window is gone.
        let fired = call(&mut operator, &["ada | 3 | 10:00:07"], "10:04:00");
        assert!(fired[0].starts_with("ada | 1+3 | "), "{fired:?}");
        while operator.write_behind().unwrap() {}
        let mut restored = new();
        restored.restore(RestoredState::assign(&[snapshot], 0, 1, context(0, 1).key_groups).unwrap()).unwrap();
        let fired_again: Vec<String> = fired.iter().map(|line| line.replace("1+3", "1")).collect();
        assert_eq!(call(&mut restored, &["bob | 4 | 11:00:00"], "10:04:00"), fired_again);
    }
}
