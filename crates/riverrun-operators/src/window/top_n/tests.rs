use super::*;
use crate::sort_key::SortKey;
use crate::testing::barriers::{behind_barriers, bytes_per_barrier};
use crate::testing::{Home, Table, context, results};
use riverrun_core::{Field, Schema, TypeKind};

fn scores() -> Table {
    Table::new("team STRING | name STRING | points INT | window_start TIME | window_end TIME")
}

fn by(expression: Expression, descending: bool) -> SortKey {
    SortKey { expression, descending, nulls_first: !descending }
}

/// `ROW_NUMBER() OVER (PARTITION BY window_start, window_end, team ORDER BY …) BETWEEN first AND last`.
fn ranks(order: Vec<SortKey>, first: u64, last: u64) -> WindowTopNSpec {
    let table = scores();
    let mut fields = table.schema.fields.clone();
    fields.push(Field::new("rn", TypeKind::BigInt.not_null()));
    WindowTopNSpec {
        windowing: Windowing::Attached {
            start: table.column("window_start"),
            end: table.column("window_end"),
            zone: None,
            processing: false,
        },
        keys: vec![table.column("team")],
        order,
        first,
        last,
        emit_rank: true,
        schema: Schema::new(fields),
        batch_size: 2,
    }
}

fn run(spec: &WindowTopNSpec, script: &str) -> (Vec<String>, u64) {
    results(&scores(), &spec.keys, |context| WindowTopN::new(spec.clone(), context).unwrap(), script)
}

const GAME: &str = "
    red  | ada | 5    | 10:00 | 10:01
    blue | bob | 7    | 10:00 | 10:01
    red  | cyd | 9    | 10:00 | 10:01
    red  | dan | 5    | 10:00 | 10:01
    red  | eve | null | 10:00 | 10:01
    red  | fay | 1    | 10:01 | 10:02
";

#[test]
fn the_first_rows_of_each_window_and_key_come_out_when_it_fires() {
    let spec = ranks(vec![by(scores().column("points"), true)], 1, 2);
    assert_eq!(
        run(&spec, GAME).0,
        [
            "red | cyd | 9 | 10:00:00 | 10:01:00 | 1",
            "red | ada | 5 | 10:00:00 | 10:01:00 | 2",
            "blue | bob | 7 | 10:00:00 | 10:01:00 | 1",
            "red | fay | 1 | 10:01:00 | 10:02:00 | 1",
        ]
    );
}

#[test]
fn nulls_come_first_in_ascending_order_and_last_in_descending() {
    let ascending = ranks(vec![by(scores().column("points"), false)], 1, 1);
    assert_eq!(run(&ascending, GAME).0[0], "red | eve | null | 10:00:00 | 10:01:00 | 1");
    let descending = ranks(vec![by(scores().column("points"), true)], 4, 9);
    assert_eq!(run(&descending, GAME).0, ["red | eve | null | 10:00:00 | 10:01:00 | 4"]);
}

#[test]
fn several_columns_decide_in_turn() {
    let spec = ranks(vec![by(scores().column("points"), true), by(scores().column("name"), true)], 2, 3);
    assert_eq!(
        run(&spec, GAME).0,
        ["red | dan | 5 | 10:00:00 | 10:01:00 | 2", "red | ada | 5 | 10:00:00 | 10:01:00 | 3"]
    );
}

#[test]
fn the_rank_may_be_left_out() {
    let mut spec = ranks(vec![by(scores().column("points"), true)], 1, 1);
    spec.emit_rank = false;
    spec.schema.fields.pop();
    let rows = run(&spec, GAME).0;
    assert_eq!(rows[0], "red | cyd | 9 | 10:00:00 | 10:01:00");
    assert_eq!(rows.len(), 3);
}

#[test]
fn rows_of_a_window_that_has_fired_are_late() {
    let spec = ranks(vec![by(scores().column("points"), true)], 1, 1);
    let (rows, late) = run(
        &spec,
        "
        red | ada | 5 | 10:00 | 10:01
        ~ 10:00:59.999
        red | bob | 9 | 10:00 | 10:01
        red | cyd | 1 | 10:01 | 10:02
        ",
    );
    assert_eq!(rows, ["red | ada | 5 | 10:00:00 | 10:01:00 | 1", "red | cyd | 1 | 10:01:00 | 10:02:00 | 1"]);
    assert_eq!(late, 1);
}

#[test]
fn rows_that_come_while_a_barrier_is_being_written_are_not_before_it() {
    let spec = ranks(vec![by(scores().column("points"), true)], 1, 2);
    let ticks = behind_barriers(
        &scores(),
        |context| WindowTopN::new(spec.clone(), context).unwrap(),
        "
        red  | ada | 5 | 10:00 | 10:01
        blue | bob | 7 | 10:00 | 10:01
        red  | cyd | 4 | 10:01 | 10:02
        --
        red  | dan | 9 | 10:00 | 10:01
        blue | eve | 8 | 10:00 | 10:01
        --
        red  | fay | 6 | 10:00 | 10:01
        grey | gus | 6 | 10:00 | 10:01
        ~ 10:00:59.999
        --
        red  | hal | 3 | 10:01 | 10:02
        --
        red  | ida | 9 | 10:02 | 10:03
        ~ 10:02:00
        ",
    );
    assert_eq!(
        ticks[2].split("; ").collect::<Vec<_>>(),
        [
            "blue | bob | 7 | 10:00:00 | 10:01:00 | 2",
            "blue | eve | 8 | 10:00:00 | 10:01:00 | 1",
            "grey | gus | 6 | 10:00:00 | 10:01:00 | 1",
            "red | dan | 9 | 10:00:00 | 10:01:00 | 1",
            "red | fay | 6 | 10:00:00 | 10:01:00 | 2",
        ]
    );
    assert_eq!(ticks[4], "red | cyd | 4 | 10:01:00 | 10:02:00 | 1; red | hal | 3 | 10:01:00 | 10:02:00 | 2");
}

#[test]
fn a_barrier_writes_the_keys_whose_best_rows_have_changed() {
    let spec = ranks(vec![by(scores().column("points"), true)], 1, 1);
    let rows: Vec<String> = (0..500).map(|team| format!("team {team} | ada | 5 | 10:00 | 10:01")).collect();
    let ticks = [
        rows.iter().map(String::as_str).collect(),
        vec!["team 7 | bob | 9 | 10:00 | 10:01", "team 8 | cyd | 1 | 10:00 | 10:01"],
        vec!["team 7 | bob | 9 | 10:01 | 10:02", "~ 10:01:00"],
    ];
    let bytes = bytes_per_barrier(&scores(), |context| WindowTopN::new(spec.clone(), context).unwrap(), &ticks);
    assert!(bytes[0] > 20_000, "{bytes:?}");
    // A window that has fired leaves nothing.
    assert!(bytes[1..].iter().all(|bytes| *bytes < 200), "{bytes:?}");
}

#[test]
fn a_window_whose_rows_are_going_out_is_written_for_the_barrier_before() {
    let spec = ranks(vec![by(scores().column("points"), true)], 1, 1);
    let new = || WindowTopN::new(spec.clone(), Home::Log.of(context(0, 1))).unwrap();
    let mut operator = new();
    let rows = ["a | ada | 5 | 10:00 | 10:01", "b | bob | 7 | 10:00 | 10:01", "c | cyd | 9 | 10:00 | 10:01"];
    let mut out = Output::new(Watermark::MIN, 1);
    operator.on_batch(0, scores().batch(&rows), &WatermarkRuns::default(), &mut out).unwrap();
    let at_barrier = operator.snapshot().unwrap();
    operator.on_watermark(Watermark::MAX, &mut out).unwrap();
    assert!(operator.has_more());
    while operator.write_behind().unwrap() {}
    drop(operator);
    let mut restored = new();
    restored.restore(RestoredState::assign(&[at_barrier], 0, 1, context(0, 1).key_groups).unwrap()).unwrap();
    let mut out = Output::new(Watermark::MIN, usize::MAX);
    restored.on_watermark(Watermark::MAX, &mut out).unwrap();
    assert_eq!(out.take().iter().map(|(batch, _)| batch.num_rows()).sum::<usize>(), 3);
}
