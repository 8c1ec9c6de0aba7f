use super::*;
use crate::testing::barriers::{behind_barriers, bytes_per_barrier};
use crate::testing::{Table, list, results};
use crate::window::spec::WindowProperty;
use riverrun_core::{Field, Millis, Schema, TypeKind};

fn taps() -> Table {
    Table::new("user STRING | n INT | ts TIME")
}

/// `SELECT user, LIST(n), window_start, window_end` over sessions with a gap of ten seconds.
fn spec() -> WindowAggregateSpec {
    let table = taps();
    WindowAggregateSpec {
        windowing: Windowing::Time {
            kind: WindowKind::Session { gap: Millis(10_000) },
            time: table.column("ts"),
            zone: None,
            processing: false,
        },
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

fn run(spec: &WindowAggregateSpec, script: &str) -> (Vec<String>, u64) {
    results(&taps(), &spec.keys, |context| SessionAggregate::new(spec.clone(), context).unwrap(), script)
}

#[test]
fn rows_at_most_a_gap_apart_are_one_session() {
    let (rows, late) = run(
        &spec(),
        "
        ada | 1 | 10:00:00
        bob | 2 | 10:00:04
        ada | 3 | 10:00:10
        ada | 4 | 10:00:20.001
        ",
    );
    assert_eq!(
        rows,
        ["bob | 2 | 10:00:04 | 10:00:14", "ada | 1+3 | 10:00:00 | 10:00:20", "ada | 4 | 10:00:20.001 | 10:00:30.001",]
    );
    assert_eq!(late, 0);
}

#[test]
fn a_row_between_two_sessions_makes_them_one() {
    let (rows, late) = run(
        &spec(),
        "
        ada | 1 | 10:00:00
        ada | 2 | 10:00:18
        ada | 3 | 10:00:36
        ada | 4 | 10:00:09
        ada | 5 | 10:00:27
        ",
    );
    assert_eq!(rows, ["ada | 1+2+4+3+5 | 10:00:00 | 10:00:46"]);
    assert_eq!(late, 0);
}

#[test]
fn a_row_is_late_if_its_session_is_over() {
    let (rows, late) = run(
        &spec(),
        "
        ada | 1 | 10:00:00
        ~ 10:00:09.999
        ada | 2 | 10:00:00
        ada | 3 | 10:00:01
        ",
    );
    assert_eq!(rows, ["ada | 1 | 10:00:00 | 10:00:10", "ada | 3 | 10:00:01 | 10:00:11"]);
    assert_eq!(late, 1);
}

#[test]
fn a_row_behind_the_watermark_is_not_late_if_it_reaches_an_open_session() {
    let (rows, late) = run(
        &spec(),
        "
        ada | 1 | 10:00:20
        ~ 10:00:21
        ada | 2 | 10:00:10
        bob | 3 | 10:00:10
        ",
    );
    assert_eq!(rows, ["ada | 1+2 | 10:00:10 | 10:00:30"]);
    assert_eq!(late, 1);
}

#[test]
fn a_session_that_its_own_batch_ends_starts_anew() {
    let (rows, late) = run(
        &spec(),
        "
        ada | 1 | 10:00:00
        ~ 10:01:00
        ada | 2 | 10:01:00
        ~ 10:02:00
        ada | 3 | 10:02:00
        ",
    );
    assert_eq!(
        rows,
        ["ada | 1 | 10:00:00 | 10:00:10", "ada | 2 | 10:01:00 | 10:01:10", "ada | 3 | 10:02:00 | 10:02:10"]
    );
    assert_eq!(late, 0);
}

#[test]
fn a_session_whose_rows_are_all_taken_back_gives_no_result() {
    let spec = WindowAggregateSpec { retracting: true, ..spec() };
    let script = "
        ada | 1 | 10:00:00
        bob | 2 | 10:00:00
        - ada | 1 | 10:00:00
        bob | 3 | 10:00:01
    ";
    assert_eq!(run(&spec, script).0, ["bob | 2+3 | 10:00:00 | 10:00:11"]);
}

#[test]
fn without_keys_all_rows_are_one_stream_of_sessions() {
    let mut spec = spec();
    spec.keys.clear();
    spec.schema.fields.remove(0);
    let script = "
        ada | 1 | 10:00:00
        bob | 2 | 10:00:09
    ";
    assert_eq!(run(&spec, script).0, ["1+2 | 10:00:00 | 10:00:19"]);
}

#[test]
fn rows_that_come_while_a_barrier_is_being_written_are_not_before_it() {
    for retracting in [false, true] {
        let spec = WindowAggregateSpec { retracting, ..spec() };
        let ticks = behind_barriers(
            &taps(),
            |context| SessionAggregate::new(spec.clone(), context).unwrap(),
            "
            ada | 1 | 10:00:00
            bob | 2 | 10:00:02
            --
            ada | 3 | 10:00:10
            bob | 4 | 10:00:30
            cyd | 5 | 10:00:05
            --
            ada | 6 | 10:00:38
            cyd | 7 | 10:00:04
            --
            ada | 8 | 10:00:29
            ~ 10:00:12
            --
            ada | 9 | 10:00:20
            eve | 10 | 10:00:20
            ~ 10:00:20
            --
            ~ 10:00:45
            ",
        );
        assert_eq!(
            ticks,
            [
                "",
                "",
                "",
                "bob | 2 | 10:00:02 | 10:00:12",
                "cyd | 5+7 | 10:00:04 | 10:00:15",
                "bob | 4 | 10:00:30 | 10:00:40; eve | 10 | 10:00:20 | 10:00:30",
            ]
        );
    }
}

#[test]
fn a_barrier_writes_the_keys_whose_sessions_have_changed() {
    let rows: Vec<String> = (0..500).map(|user| format!("user {user} | {user} | 10:00:00")).collect();
    let ticks = [rows.iter().map(String::as_str).collect(), vec!["user 7 | 1 | 10:00:05"], vec!["~ 10:00:12"], vec![]];
    let bytes = bytes_per_barrier(&taps(), |context| SessionAggregate::new(spec(), context).unwrap(), &ticks);
    assert!(bytes[0] > 15_000, "{bytes:?}");
    assert!(bytes[1] < 200, "{bytes:?}");
    // That all other sessions are gone.
    assert!(bytes[2] < bytes[0] / 2, "{bytes:?}");
    assert!(bytes[3] < 100, "{bytes:?}");
}
