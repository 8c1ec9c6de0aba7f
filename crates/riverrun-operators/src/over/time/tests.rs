use super::*;
use crate::aggregate_call::AggregateCall;
use crate::aggregates::{AggregateArgument, AggregateOptions, aggregate};
use crate::testing::barriers::{behind_barriers, bytes_per_barrier};
use crate::testing::ticks::random;
use crate::testing::{Table, results, time_text};
use riverrun_core::{Field, Millis, TypeKind};

fn readings() -> Table {
    Table::new("sensor STRING | n INT | ts TIME")
}

/// `COUNT(*), SUM(n), MAX(n)` over a frame, and other calls.
fn over(unit: FrameUnit, start: FrameStart, others: Vec<OverCallSpec>) -> OverSpec {
    let table = readings();
    let options = AggregateOptions { retracting: start != FrameStart::Unbounded, ..AggregateOptions::default() };
    let call = |name: &str, column: Option<&str>| {
        let types: Vec<_> = column
            .iter()
            .map(|name| table.schema.fields[table.schema.index_of(name).unwrap()].data_type.clone())
            .collect();
        let arguments: Vec<_> = types.iter().map(AggregateArgument::column).collect();
        let resolved = aggregate(name).unwrap().bind(&arguments, &options).unwrap();
        let arguments = column.iter().map(|name| table.column(name)).collect();
        OverCallSpec::Aggregate(AggregateCall { function: resolved.function, arguments, filter: None })
    };
    let mut calls = vec![call("COUNT", None), call("SUM", Some("n")), call("MAX", Some("n"))];
    let mut schema = table.schema.clone();
    schema.fields.push(Field::new("count", TypeKind::BigInt.not_null()));
    schema.fields.push(Field::new("sum", TypeKind::Int.nullable()));
    schema.fields.push(Field::new("max", TypeKind::Int.nullable()));
    for call in &others {
        let kind = if matches!(call, OverCallSpec::Rank(_)) { TypeKind::BigInt } else { TypeKind::Int };
        schema.fields.push(Field::new("other", kind.nullable()));
    }
    calls.extend(others);
    OverSpec {
        keys: vec![table.column("sensor")],
        order: OverOrder::EventTime(table.column("ts")),
        unit,
        start,
        calls,
        schema,
        ttl: None,
        batch_size: 3,
    }
}

fn run(spec: &OverSpec, script: &str) -> (Vec<String>, u64) {
    results(&readings(), &spec.keys, |context| OverTime::new(spec.clone(), context).unwrap(), script)
}

const SCRIPT: &str = "
    a | 5 | 10:00:02
    a | 7 | 10:00:01
    b | 1 | 10:00:02
    a | 2 | 10:00:02
    a | 3 | 10:00:09
";

#[test]
fn rows_come_out_in_the_order_of_time_with_what_was_before_them() {
    assert_eq!(
        run(&over(FrameUnit::Rows, FrameStart::Unbounded, Vec::new()), SCRIPT).0,
        [
            "a | 7 | 10:00:01 | 1 | 7 | 7",
            "a | 5 | 10:00:02 | 2 | 12 | 7",
            "b | 1 | 10:00:02 | 1 | 1 | 1",
            "a | 2 | 10:00:02 | 3 | 14 | 7",
            "a | 3 | 10:00:09 | 4 | 17 | 7",
        ]
    );
}

#[test]
fn rows_of_one_time_see_each_other_in_a_range() {
    let rows = run(&over(FrameUnit::Range, FrameStart::Span(Millis(5000)), Vec::new()), SCRIPT).0;
    assert_eq!(
        rows,
        [
            "a | 7 | 10:00:01 | 1 | 7 | 7",
            "a | 5 | 10:00:02 | 3 | 14 | 7",
            "b | 1 | 10:00:02 | 1 | 1 | 1",
            "a | 2 | 10:00:02 | 3 | 14 | 7",
            "a | 3 | 10:00:09 | 1 | 3 | 3",
        ]
    );
}

#[test]
fn a_frame_of_rows_forgets_those_before_it() {
    let rows = run(&over(FrameUnit::Rows, FrameStart::Rows(1), Vec::new()), SCRIPT).0;
    assert_eq!(rows[3], "a | 2 | 10:00:02 | 2 | 7 | 5");
    assert_eq!(rows[4], "a | 3 | 10:00:09 | 2 | 5 | 3");
}

#[test]
fn lag_and_ranks_look_at_rows_whatever_the_frame() {
    let table = readings();
    let lag = OverCallSpec::Lag { value: table.column("n"), rows: 2, default: None };
    let others = vec![
        lag,
        OverCallSpec::Rank(Ranking::RowNumber),
        OverCallSpec::Rank(Ranking::Rank),
        OverCallSpec::Rank(Ranking::DenseRank),
    ];
    let rows = run(&over(FrameUnit::Rows, FrameStart::Rows(0), others), SCRIPT).0;
    assert_eq!(
        rows,
        [
            "a | 7 | 10:00:01 | 1 | 7 | 7 | null | 1 | 1 | 1",
            "a | 5 | 10:00:02 | 1 | 5 | 5 | null | 2 | 2 | 2",
            "b | 1 | 10:00:02 | 1 | 1 | 1 | null | 1 | 1 | 1",
            "a | 2 | 10:00:02 | 1 | 2 | 2 | 7 | 3 | 2 | 2",
            "a | 3 | 10:00:09 | 1 | 3 | 3 | 5 | 4 | 4 | 3",
        ]
    );
}

#[test]
fn lag_may_have_a_default() {
    let table = readings();
    let lag = OverCallSpec::Lag { value: table.column("n"), rows: 1, default: Some(table.column("n")) };
    let rows = run(&over(FrameUnit::Rows, FrameStart::Unbounded, vec![lag]), SCRIPT).0;
    assert_eq!(rows[0], "a | 7 | 10:00:01 | 1 | 7 | 7 | 7");
    assert_eq!(rows[1], "a | 5 | 10:00:02 | 2 | 12 | 7 | 7");
}

#[test]
fn late_rows_are_counted_and_dropped() {
    let script = "
        a | 1 | 10:00:10
        ~ 10:00:20
        a | 2 | 10:00:15
        b | 3 | 10:00:05
        a | 4 | 10:00:10
        ~ 10:00:30
    ";
    // Over all rows so far what is not after the watermark is late.
    let (rows, late) = run(&over(FrameUnit::Rows, FrameStart::Unbounded, Vec::new()), script);
    assert_eq!((rows.len(), late), (1, 3));
    // Over a bounded frame what is not after the last row of its partition.
    let (rows, late) = run(&over(FrameUnit::Rows, FrameStart::Rows(5), Vec::new()), script);
    assert_eq!((rows.len(), late), (3, 1));
}

/// A row, as the model sees it.
#[derive(Clone, Debug)]
struct Row {
    sensor: &'static str,
    n: Option<i32>,
    time: i64,
}

fn model(unit: FrameUnit, start: FrameStart, rows: &[Row]) -> Vec<String> {
    let mut sorted = rows.to_vec();
    sorted.sort_by_key(|row| row.time);
    let mut lines = Vec::new();
    for (at, row) in sorted.iter().enumerate() {
        let before: Vec<&Row> = sorted
            .iter()
            .enumerate()
            .filter(|(other, known)| match unit {
                FrameUnit::Rows => *other <= at,
                FrameUnit::Range => known.time <= row.time,
            })
            .map(|(_, known)| known)
            .filter(|known| known.sensor == row.sensor)
            .collect();
        let frame: Vec<&&Row> = match start {
            FrameStart::Unbounded => before.iter().collect(),
            FrameStart::Rows(rows) => before.iter().rev().take(rows as usize + 1).collect(),
            FrameStart::Span(span) => before.iter().filter(|known| known.time >= row.time - span.0).collect(),
        };
        let values: Vec<i32> = frame.iter().filter_map(|row| row.n).collect();
        let text = |value: Option<i32>| value.map_or("null".to_owned(), |value| value.to_string());
        let (sum, max) = (values.iter().copied().reduce(|a, b| a + b), values.iter().max().copied());
        lines.push(format!(
            "{} | {} | {} | {} | {} | {}",
            row.sensor,
            text(row.n),
            time_text(row.time),
            frame.len(),
            text(sum),
            text(max)
        ));
    }
    lines.sort();
    lines
}

#[test]
fn results_are_those_of_looking_at_all_rows() {
    for seed in 0..12 {
        let mut random = random(seed);
        let base = 1_704_103_200_000;
        let mut rows = Vec::new();
        let mut script = String::new();
        for number in 0..40 {
            // Never late: rows are at most 10 seconds behind, the watermark 11.
            let time = base + number * 2000 - random(6) * 2000;
            let n = (random(5) > 0).then(|| random(10) as i32);
            let row = Row { sensor: ["a", "b"][random(2) as usize], n, time };
            let text = n.map_or("null".to_owned(), |n| n.to_string());
            script += &format!("{} | {text} | {}\n", row.sensor, time_text(time));
            rows.push(row);
            if random(4) == 0 {
                script += &format!("~ {}\n", time_text(base + number * 2000 - 11_000));
            }
        }
        for unit in [FrameUnit::Rows, FrameUnit::Range] {
            let bounded = if unit == FrameUnit::Rows { FrameStart::Rows(3) } else { FrameStart::Span(Millis(7000)) };
            for start in [FrameStart::Unbounded, bounded] {
                let (mut found, late) = run(&over(unit, start, Vec::new()), &script);
                found.sort();
                assert_eq!((found, late), (model(unit, start, &rows), 0), "{unit:?} {start:?} {script}");
            }
        }
    }
}

#[test]
fn rows_that_come_while_a_barrier_is_being_written_are_not_before_it() {
    let script = "
        a | 5 | 10:00:02
        b | 1 | 10:00:02
        a | 6 | 10:00:04
        ~ 10:00:02
        --
        a | 7 | 10:00:03
        c | 1 | 10:00:09
        --
        ~ 10:00:04
        --
        b | 2 | 10:00:08
        a | 9 | 10:00:01
        a | 3 | 10:00:07
        ~ 10:00:07
        --
        ~ 10:00:20
        --
        b | 4 | 10:00:21
        ~ 10:00:30
    ";
    let lag = OverCallSpec::Lag { value: readings().column("n"), rows: 2, default: None };
    let spec = over(FrameUnit::Rows, FrameStart::Unbounded, vec![lag, OverCallSpec::Rank(Ranking::RowNumber)]);
    let found = behind_barriers(&readings(), |context| OverTime::new(spec.clone(), context).unwrap(), script);
    assert_eq!(
        found,
        [
            "a | 5 | 10:00:02 | 1 | 5 | 5 | null | 1; b | 1 | 10:00:02 | 1 | 1 | 1 | null | 1",
            "",
            "a | 6 | 10:00:04 | 3 | 18 | 7 | 5 | 3; a | 7 | 10:00:03 | 2 | 12 | 7 | null | 2",
            "a | 3 | 10:00:07 | 4 | 21 | 7 | 7 | 4",
            "b | 2 | 10:00:08 | 2 | 3 | 2 | null | 2; c | 1 | 10:00:09 | 1 | 1 | 1 | null | 1",
            "b | 4 | 10:00:21 | 3 | 7 | 4 | 1 | 3",
        ]
    );
    for (unit, start) in [(FrameUnit::Rows, FrameStart::Rows(1)), (FrameUnit::Range, FrameStart::Span(Millis(3000)))] {
        let spec = over(unit, start, Vec::new());
        behind_barriers(&readings(), |context| OverTime::new(spec.clone(), context).unwrap(), script);
    }
    let by_arrival = OverSpec { order: OverOrder::Arrival, ..over(FrameUnit::Rows, FrameStart::Rows(1), Vec::new()) };
    behind_barriers(&readings(), |context| OverTime::new(by_arrival.clone(), context).unwrap(), script);
}

#[test]
fn partitions_that_go_while_a_barrier_is_being_written_are_there_before_it() {
    let spec = OverSpec { ttl: Some(Millis(1000)), ..over(FrameUnit::Rows, FrameStart::Unbounded, Vec::new()) };
    let script = "
        @ 10:00:00
        a | 1 | 10:00:01
        b | 1 | 10:00:01
        c | 1 | 10:00:01
        ~ 10:00:01
        --
        @ 10:00:00.900
        a | 2 | 10:00:05
        --
        @ 10:00:01.500
        b | 2 | 10:00:02
        --
        @ 10:00:03
        --
        @ 10:00:03.500
        ~ 10:00:05
        c | 2 | 10:00:06
        --
        ~ 10:00:06
        a | 3 | 10:00:07
        --
        @ 10:00:09
        ~ 10:00:09
    ";
    let found = behind_barriers(&readings(), |context| OverTime::new(spec.clone(), context).unwrap(), script);
    assert_eq!(
        found,
        [
            "a | 1 | 10:00:01 | 1 | 1 | 1; b | 1 | 10:00:01 | 1 | 1 | 1; c | 1 | 10:00:01 | 1 | 1 | 1",
            "",
            "",
            "",
            "a | 2 | 10:00:05 | 2 | 3 | 2; b | 2 | 10:00:02 | 1 | 2 | 2",
            "c | 2 | 10:00:06 | 1 | 2 | 2",
            "a | 3 | 10:00:07 | 3 | 6 | 3",
        ]
    );
}

#[test]
fn a_barrier_writes_the_partitions_that_have_changed() {
    let first: Vec<String> = (0..2000).map(|sensor| format!("s{sensor} | 1 | 10:00:01")).collect();
    let ticks = [
        first.iter().map(String::as_str).chain(["~ 10:00:01"]).collect(),
        vec!["s7 | 2 | 10:00:02", "s8 | 2 | 10:00:03"],
        vec!["~ 10:00:02"],
        Vec::new(),
    ];
    let spec = over(FrameUnit::Rows, FrameStart::Unbounded, Vec::new());
    let bytes = bytes_per_barrier(&readings(), |context| OverTime::new(spec.clone(), context).unwrap(), &ticks);
    assert!(bytes[0] > 2000 * 50, "{bytes:?}");
    assert!((50..1000).contains(&bytes[1]) && (50..500).contains(&bytes[2]), "{bytes:?}");
    assert_eq!(bytes[3], 0, "{bytes:?}");
}

#[test]
fn by_arrival_a_row_goes_out_with_the_watermark_before_it() {
    let by_arrival = OverSpec { order: OverOrder::Arrival, ..over(FrameUnit::Rows, FrameStart::Rows(1), Vec::new()) };
    let mut operator = OverTime::new(by_arrival, crate::testing::context(0, 1)).unwrap();
    let rows = ["a | 5 | 10:00:02", "b | 7 | 10:00:01", "a | 1 | 10:00:02", "a | 2 | 10:00:09"];
    let found = crate::testing::stamped(&mut operator, 0, readings().batch(&rows), &[(1, 7), (3, 9)]);
    let none = Watermark::MIN.0;
    assert_eq!(
        found,
        [
            format!("a | 5 | 10:00:02 | 1 | 5 | 5 @ {none}"),
            "b | 7 | 10:00:01 | 1 | 7 | 7 @ 7".to_owned(),
            "a | 1 | 10:00:02 | 2 | 6 | 5 @ 7".to_owned(),
            "a | 2 | 10:00:09 | 2 | 3 | 2 @ 9".to_owned(),
        ]
    );
}
