use super::*;
use crate::testing::{Table, results};
use crate::window::spec::Windowing;

const READINGS: &str = "
    a | 1 | 10:00:10 | 10:00 | 10:01
    b | 2 | 10:00:11 | 10:00 | 10:01
    a | 3 | 10:00:05 | 10:00 | 10:01
    a | 4 | 10:00:10 | 10:00 | 10:01
    a | 5 | 10:00:05 | 10:00 | 10:01
    a | 6 | 10:01:10 | 10:01 | 10:02
";

fn run(keep_last: bool) -> Vec<String> {
    let table = Table::new("sensor STRING | n INT | ts TIME | window_start TIME | window_end TIME");
    let spec = WindowDeduplicateSpec {
        windowing: Windowing::Attached {
            start: table.column("window_start"),
            end: table.column("window_end"),
            zone: None,
            processing: false,
        },
        keys: vec![table.column("sensor")],
        time: table.column("ts"),
        keep_last,
        emit_rank: false,
        schema: table.schema.clone(),
        batch_size: 100,
    };
    results(&table, &spec.keys, |context| WindowDeduplicate::new(spec.clone(), context).unwrap(), READINGS).0
}

#[test]
fn the_first_row_is_the_earliest_and_of_those_the_first_to_arrive() {
    assert_eq!(
        run(false),
        [
            "a | 3 | 10:00:05 | 10:00:00 | 10:01:00",
            "b | 2 | 10:00:11 | 10:00:00 | 10:01:00",
            "a | 6 | 10:01:10 | 10:01:00 | 10:02:00",
        ]
    );
}

#[test]
fn the_last_row_is_the_latest_and_of_those_the_last_to_arrive() {
    assert_eq!(
        run(true),
        [
            "a | 4 | 10:00:10 | 10:00:00 | 10:01:00",
            "b | 2 | 10:00:11 | 10:00:00 | 10:01:00",
            "a | 6 | 10:01:10 | 10:01:00 | 10:02:00",
        ]
    );
}
