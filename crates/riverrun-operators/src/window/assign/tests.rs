use super::*;
use crate::testing::barriers::behind_barriers;
use crate::testing::{Table, results};
use chrono_tz::Tz;
use riverrun_core::{Field, Millis, Schema, TypeKind};

const MINUTE: i64 = 60_000;

fn taps() -> Table {
    Table::new("user STRING | ts TIME")
}

fn with_windows(table: &Table, time: TypeKind) -> Schema {
    let mut fields = table.schema.fields.clone();
    fields.push(Field::new("window_start", TypeKind::timestamp(3).not_null()));
    fields.push(Field::new("window_end", TypeKind::timestamp(3).not_null()));
    fields.push(Field::new("window_time", time.not_null()));
    Schema::new(fields)
}

fn run(table: &Table, kind: WindowKind, zone: Option<Tz>, script: &str) -> (Vec<String>, u64) {
    let session = matches!(kind, WindowKind::Session { .. });
    let keys = if session { vec![table.column("user")] } else { Vec::new() };
    let time = if zone.is_some() { TypeKind::timestamp_ltz(3) } else { TypeKind::timestamp(3) };
    let spec = WindowAssignSpec {
        windowing: Windowing::Time { kind, time: table.column("ts"), zone, processing: false },
        keys: keys.clone(),
        schema: with_windows(table, time),
    };
    results(table, &keys, |context| WindowAssign::new(spec.clone(), context).unwrap(), script)
}

#[test]
fn every_row_gets_its_window_late_or_not() {
    let (rows, late) = run(
        &taps(),
        WindowKind::Tumble { size: Millis(MINUTE), offset: Millis(0) },
        None,
        "
        ada | 10:00:05
        ~ 10:05:00
        bob | 10:00:59.999
        ",
    );
    assert_eq!(
        rows,
        [
            "ada | 10:00:05 | 10:00:00 | 10:01:00 | 10:00:59.999",
            "bob | 10:00:59.999 | 10:00:00 | 10:01:00 | 10:00:59.999"
        ]
    );
    assert_eq!(late, 0);
}

#[test]
fn a_hop_multiplies_the_rows() {
    let (rows, _) = run(
        &taps(),
        WindowKind::Hop { size: Millis(2 * MINUTE), slide: Millis(MINUTE), offset: Millis(0) },
        None,
        "
        ada | 10:00:30
        bob | 10:01:00
        ",
    );
    assert_eq!(
        rows,
        [
            "ada | 10:00:30 | 09:59:00 | 10:01:00 | 10:00:59.999",
            "ada | 10:00:30 | 10:00:00 | 10:02:00 | 10:01:59.999",
            "bob | 10:01:00 | 10:00:00 | 10:02:00 | 10:01:59.999",
            "bob | 10:01:00 | 10:01:00 | 10:03:00 | 10:02:59.999",
        ]
    );
}

#[test]
fn a_sparse_hop_leaves_rows_out() {
    let kind = WindowKind::Hop { size: Millis(MINUTE), slide: Millis(5 * MINUTE), offset: Millis(0) };
    let script = "
        ada | 10:02:30
        bob | 10:05:00
    ";
    assert_eq!(run(&taps(), kind, None, script).0, ["bob | 10:05:00 | 10:05:00 | 10:06:00 | 10:05:59.999"]);
}

#[test]
fn window_time_is_an_instant_where_the_time_is_one() {
    let table = Table::new("user STRING | ts INSTANT");
    let kind = WindowKind::Tumble { size: Millis(24 * 60 * MINUTE), offset: Millis(0) };
    let (rows, _) = run(&table, kind, Some(Tz::Europe__Berlin), "ada | 2024-06-01 21:00:00");
    assert_eq!(
        rows,
        ["ada | 2024-06-01 21:00:00 | 2024-06-01 00:00:00 | 2024-06-02 00:00:00 | 2024-06-01 21:59:59.999"]
    );
}

#[test]
fn watermarks_stay_before_their_rows() {
    let table = taps();
    let spec = WindowAssignSpec {
        windowing: Windowing::Time {
            kind: WindowKind::Hop { size: Millis(2 * MINUTE), slide: Millis(MINUTE), offset: Millis(0) },
            time: table.column("ts"),
            zone: None,
            processing: false,
        },
        keys: Vec::new(),
        schema: with_windows(&table, TypeKind::timestamp(3)),
    };
    let mut operator = WindowAssign::new(spec, crate::testing::context(0, 1)).unwrap();
    let mut runs = WatermarkRuns::default();
    runs.push(1, Watermark(7));
    let mut out = Output::new(Watermark::MIN, 1);
    operator.on_batch(0, table.batch(&["a | 10:00", "b | 10:01"]), &runs, &mut out).unwrap();
    let (batch, runs) = out.take().remove(0);
    assert_eq!(batch.num_rows(), 4);
    assert_eq!(runs.iter().collect::<Vec<_>>(), [(2, Watermark(7))]);
}

#[test]
fn the_rows_of_a_session_come_when_it_is_over() {
    let (rows, late) = run(
        &taps(),
        WindowKind::Session { gap: Millis(10_000) },
        None,
        "
        ada | 10:00:00
        bob | 10:00:04
        ada | 10:00:20
        ada | 10:00:10
        ~ 10:00:13.999
        bob | 10:00:03
        ~ 10:00:29.999
        ada | 10:00:20.001
        ",
    );
    assert_eq!(
        rows,
        [
            "bob | 10:00:04 | 10:00:04 | 10:00:14 | 10:00:13.999",
            "ada | 10:00:00 | 10:00:00 | 10:00:30 | 10:00:29.999",
            "ada | 10:00:20 | 10:00:00 | 10:00:30 | 10:00:29.999",
            "ada | 10:00:10 | 10:00:00 | 10:00:30 | 10:00:29.999",
            "ada | 10:00:20.001 | 10:00:20.001 | 10:00:30.001 | 10:00:30",
        ]
    );
    assert_eq!(late, 1);
}

#[test]
fn rows_of_sessions_that_come_while_a_barrier_is_being_written_are_not_before_it() {
    let table = taps();
    let spec = WindowAssignSpec {
        windowing: Windowing::Time {
            kind: WindowKind::Session { gap: Millis(10_000) },
            time: table.column("ts"),
            zone: None,
            processing: false,
        },
        keys: vec![table.column("user")],
        schema: with_windows(&table, TypeKind::timestamp(3)),
    };
    let ticks = behind_barriers(
        &table,
        |context| WindowAssign::new(spec.clone(), context).unwrap(),
        "
        ada | 10:00:00
        bob | 10:00:01
        --
        ada | 10:00:20
        bob | 10:00:02
        --
        ada | 10:00:40
        ~ 10:00:11
        --
        ada | 10:00:30
        ~ 10:00:12
        --
        ~ 10:00:49.999
        ",
    );
    assert_eq!(ticks[2], "ada | 10:00:00 | 10:00:00 | 10:00:10 | 10:00:09.999");
    assert_eq!(
        ticks[3],
        "bob | 10:00:01 | 10:00:01 | 10:00:12 | 10:00:11.999; bob | 10:00:02 | 10:00:01 | 10:00:12 | 10:00:11.999"
    );
    assert_eq!(ticks[4].split("; ").count(), 3);
}
