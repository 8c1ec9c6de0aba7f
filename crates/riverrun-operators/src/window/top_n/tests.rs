use super::*;
use crate::sort_key::SortKey;
use crate::testing::{Table, results};
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
