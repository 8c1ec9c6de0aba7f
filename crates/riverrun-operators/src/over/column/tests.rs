use super::*;
use crate::aggregates::{AggregateArgument, AggregateOptions, aggregate};
use crate::over::{FrameStart, FrameUnit, OverCallSpec};
use crate::rank::top_n::Ranking;
use crate::testing::barriers::{behind_barriers, bytes_per_barrier};
use crate::testing::ticks::{Tick, TickTest, left, random};
use crate::testing::{Home, Table};
use riverrun_core::{Field, TypeKind};

fn sales() -> Table {
    Table::new("shop STRING | price INT | id INT")
}

/// `SUM(price)` in this frame and other calls, `OVER (PARTITION BY shop ORDER BY …)`.
fn framed(table: &Table, by: &str, unit: FrameUnit, start: FrameStart, others: Vec<OverCallSpec>) -> OverSpec {
    let data_type = TypeKind::Int.nullable();
    let options = AggregateOptions { retracting: start != FrameStart::Unbounded, ..AggregateOptions::default() };
    let resolved = aggregate("SUM").unwrap().bind(&[AggregateArgument::column(&data_type)], &options).unwrap();
    let sum = AggregateCall { function: resolved.function, arguments: vec![table.column("price")], filter: None };
    let mut schema = table.schema.clone();
    schema.fields.push(Field::new("sum", TypeKind::Int.nullable()));
    for call in &others {
        let kind = if matches!(call, OverCallSpec::Rank(_)) { TypeKind::BigInt } else { TypeKind::Int };
        schema.fields.push(Field::new("other", kind.nullable()));
    }
    OverSpec {
        keys: vec![table.column("shop")],
        order: OverOrder::Column(SortKey { expression: table.column(by), descending: false, nulls_first: true }),
        unit,
        start,
        calls: std::iter::once(OverCallSpec::Aggregate(sum)).chain(others).collect(),
        schema,
        ttl: None,
        batch_size: 2,
    }
}

/// `SUM(price), RANK() OVER (PARTITION BY shop ORDER BY price)`.
fn running(unit: FrameUnit) -> OverSpec {
    framed(&sales(), "price", unit, FrameStart::Unbounded, vec![OverCallSpec::Rank(Ranking::Rank)])
}

#[test]
fn a_row_changes_the_results_behind_it() {
    let spec = running(FrameUnit::Range);
    let make = |context| OverColumn::new(spec.clone(), context).unwrap();
    assert_eq!(
        TickTest { table: &sales(), keys: &spec.keys, make }.per_tick(&[
            &["a | 5 | 1", "a | 2 | 2"],
            &["a | 3 | 3"],
            &["- a | 2 | 2"],
            &["a | 9 | 4", "- a | 9 | 4"]
        ]),
        [
            "a | 2 | 2 | 2 | 1; a | 5 | 1 | 7 | 2",
            "- a | 5 | 1 | 7 | 2; a | 3 | 3 | 5 | 2; a | 5 | 1 | 10 | 3",
            "- a | 2 | 2 | 2 | 1; - a | 3 | 3 | 5 | 2; - a | 5 | 1 | 10 | 3; a | 3 | 3 | 3 | 1; a | 5 | 1 | 8 | 2",
            ""
        ]
    );
}

#[test]
fn a_bounded_frame_changes_only_the_rows_that_see_the_row() {
    let spec = framed(&sales(), "id", FrameUnit::Rows, FrameStart::Rows(1), Vec::new());
    let make = |context| OverColumn::new(spec.clone(), context).unwrap();
    assert_eq!(
        TickTest { table: &sales(), keys: &spec.keys, make }.per_tick(&[
            &["a | 1 | 10", "a | 2 | 20", "a | 4 | 40", "a | 5 | 50"],
            &["a | 3 | 30"],
            &["- a | 2 | 20", "a | 7 | 20"],
            &["- a | 5 | 50", "b | 1 | 10"]
        ]),
        [
            "a | 1 | 10 | 1; a | 2 | 20 | 3; a | 4 | 40 | 6; a | 5 | 50 | 9",
            "- a | 4 | 40 | 6; a | 3 | 30 | 5; a | 4 | 40 | 7",
            "- a | 2 | 20 | 3; - a | 3 | 30 | 5; a | 7 | 20 | 8; a | 3 | 30 | 10",
            "- a | 5 | 50 | 9; b | 1 | 10 | 1"
        ]
    );
}

#[test]
fn lag_looks_at_the_row_before() {
    let table = sales();
    let lag = OverCallSpec::Lag { value: table.column("price"), rows: 2, default: Some(table.column("id")) };
    let spec = framed(&table, "id", FrameUnit::Rows, FrameStart::Rows(0), vec![lag]);
    let make = |context| OverColumn::new(spec.clone(), context).unwrap();
    assert_eq!(
        TickTest { table: &sales(), keys: &spec.keys, make }
            .per_tick(&[&["a | 1 | 10", "a | 2 | 20", "a | 3 | 30"], &["- a | 2 | 20"]]),
        [
            "a | 1 | 10 | 1 | 10; a | 2 | 20 | 2 | 20; a | 3 | 30 | 3 | 1",
            "- a | 2 | 20 | 2 | 20; - a | 3 | 30 | 3 | 1; a | 3 | 30 | 3 | 30"
        ]
    );
}

#[test]
fn partitions_that_nobody_writes_are_forgotten() {
    Home::ALL.into_iter().for_each(are_forgotten);
}

fn are_forgotten(home: Home) {
    let clock = riverrun_core::clock::ManualClock::new(Millis(0));
    let spec = OverSpec { ttl: Some(Millis(1000)), ..running(FrameUnit::Rows) };
    let with = |context| OperatorContext { clock: std::sync::Arc::new(clock.clone()), ..context };
    let mut over = OverColumn::new(spec, with(home.of(crate::testing::context(0, 1)))).unwrap();
    let tick = |over: &mut OverColumn, rows: &[&str]| -> Vec<String> {
        let mut out = Output::new(riverrun_core::Watermark::MIN, 100);
        over.on_batch(0, sales().batch(rows), &WatermarkRuns::default(), &mut out).unwrap();
        over.on_tick(&mut out).unwrap();
        out.take().iter().flat_map(|(batch, _)| crate::testing::lines(batch)).collect()
    };
    assert_eq!(tick(&mut over, &["a | 1 | 10", "b | 1 | 10"]), ["a | 1 | 10 | 1 | 1", "b | 1 | 10 | 1 | 1"]);
    clock.set(Millis(900));
    assert_eq!(tick(&mut over, &["a | 2 | 20"]), ["a | 2 | 20 | 3 | 2"]);
    clock.set(Millis(1000));
    // What was sent of b stays, and its new rows begin anew.
    assert_eq!(tick(&mut over, &["b | 2 | 20"]), ["b | 2 | 20 | 2 | 1"]);
    clock.set(Millis(5000));
    let mut out = Output::new(riverrun_core::Watermark::MIN, 100);
    over.on_processing_time(Millis(5000), &mut out).unwrap();
    assert!(
        out.take().is_empty() && over.keys.is_empty() && over.values.rows.is_empty() && over.values.sent.is_empty()
    );
}

#[test]
fn results_are_those_of_sorting_everything() {
    for seed in 0..10 {
        let mut random = random(seed);
        let mut there: Vec<String> = Vec::new();
        let mut id = 0;
        let ticks: Vec<Tick> = (0..10)
            .map(|_| {
                (0..random(6))
                    .map(|_| {
                        if !there.is_empty() && random(3) == 0 {
                            return format!("- {}", there.remove(random(there.len() as i64) as usize));
                        }
                        id += 1;
                        let row = format!("{} | {} | {id}", ["a", "b"][random(2) as usize], random(5));
                        there.push(row.clone());
                        row
                    })
                    .collect()
            })
            .collect();
        for unit in [FrameUnit::Rows, FrameUnit::Range] {
            let spec = running(unit);
            let make = |context| OverColumn::new(spec.clone(), context).unwrap();
            TickTest { table: &sales(), keys: &spec.keys, make }.check(&ticks, |changes| {
                let there = left(changes);
                let mut rows: Vec<(&str, i64, &String)> = changes
                    .iter()
                    .filter(|change| there.contains(change))
                    .map(|row| {
                        let cells: Vec<&str> = row.split(" | ").collect();
                        (cells[0], cells[1].parse().unwrap(), row)
                    })
                    .collect();
                rows.sort_by_key(|(shop, price, _)| (*shop, *price));
                rows.iter()
                    .enumerate()
                    .map(|(at, (shop, price, row))| {
                        let before = rows.iter().enumerate().filter(|(other, (known, other_price, _))| {
                            known == shop && if unit == FrameUnit::Rows { *other <= at } else { other_price <= price }
                        });
                        let sum: i64 = before.map(|(_, (_, price, _))| price).sum();
                        let better = rows.iter().filter(|other| other.0 == *shop && other.1 < *price).count();
                        format!("{row} | {sum} | {}", better + 1)
                    })
                    .collect()
            });
        }
    }
}

/// Rows come and go at random times; a row's sum is that of the rows which its frame holds.
#[test]
fn bounded_frames_hold_what_they_should() {
    let table = Table::new("shop STRING | price INT | ts TIME");
    let starts = [
        (FrameUnit::Rows, FrameStart::Rows(2)),
        (FrameUnit::Rows, FrameStart::Rows(30)),
        (FrameUnit::Range, FrameStart::Span(Millis(3_000))),
        (FrameUnit::Range, FrameStart::Span(Millis(0))),
    ];
    for (seed, (unit, start)) in (0..24).zip(starts.into_iter().cycle()) {
        let mut random = random(seed);
        let mut there: Vec<String> = Vec::new();
        let ticks: Vec<Tick> = (0..12)
            .map(|_| {
                (0..random(9))
                    .map(|_| {
                        if !there.is_empty() && random(3) == 0 {
                            return format!("- {}", there.remove(random(there.len() as i64) as usize));
                        }
                        // Rows of one time and shop differ in nothing, so that their order means nothing.
                        let second = random(30);
                        let row = format!("{} | {second} | 10:00:{second:02}", ["a", "b"][random(2) as usize]);
                        there.push(row.clone());
                        row
                    })
                    .collect()
            })
            .collect();
        let spec = framed(&table, "ts", unit, start, Vec::new());
        let make = |context| OverColumn::new(spec.clone(), context).unwrap();
        TickTest { table: &table, keys: &spec.keys, make }.check(&ticks, |changes| {
            let rows = left(changes);
            let each = rows.iter().enumerate().map(|(at, row)| {
                let cells: Vec<&str> = row.split(" | ").collect();
                let second = |row: &str| row.split(" | ").nth(1).unwrap().parse::<i64>().unwrap();
                let shop: Vec<(usize, i64)> = rows
                    .iter()
                    .enumerate()
                    .filter(|(_, other)| other.split(" | ").next() == Some(cells[0]))
                    .map(|(at, other)| (at, second(other)))
                    .collect();
                let mut sorted = shop.clone();
                sorted.sort_by_key(|(at, second)| (*second, *at));
                let sum: i64 = match start {
                    FrameStart::Rows(count) => {
                        let place = sorted.iter().position(|(other, _)| *other == at).unwrap();
                        sorted[place.saturating_sub(count as usize)..=place].iter().map(|(_, second)| second).sum()
                    }
                    FrameStart::Span(span) => {
                        let (least, most) = (second(row) - span.0 / 1000, second(row));
                        shop.iter().map(|(_, second)| *second).filter(|second| (least..=most).contains(second)).sum()
                    }
                    FrameStart::Unbounded => unreachable!(),
                };
                format!("{row} | {sum}")
            });
            each.collect()
        });
    }
}

#[test]
fn rows_that_come_while_a_barrier_is_being_written_are_not_before_it() {
    let script = "
        a | 5 | 1
        a | 2 | 2
        b | 7 | 3
        c | 1 | 4
        --
        a | 3 | 5
        - a | 2 | 2
        --
        - b | 7 | 3
        --
        - b | 7 | 3
        d | 1 | 6
        --
        b | 8 | 7
        - a | 5 | 1
    ";
    let spec = running(FrameUnit::Range);
    let found = behind_barriers(&sales(), |context| OverColumn::new(spec.clone(), context).unwrap(), script);
    assert_eq!(
        found,
        [
            "a | 2 | 2 | 2 | 1; a | 5 | 1 | 7 | 2; b | 7 | 3 | 7 | 1; c | 1 | 4 | 1 | 1",
            "- a | 2 | 2 | 2 | 1; - a | 5 | 1 | 7 | 2; a | 3 | 5 | 3 | 1; a | 5 | 1 | 8 | 2",
            "- b | 7 | 3 | 7 | 1",
            "d | 1 | 6 | 1 | 1",
            "- a | 5 | 1 | 8 | 2; b | 8 | 7 | 8 | 1",
        ]
    );
}

#[test]
fn partitions_that_go_while_a_barrier_is_being_written_are_there_before_it() {
    let script = "
        @ 10:00:00
        a | 1 | 10
        b | 1 | 11
        c | 1 | 12
        --
        @ 10:00:00.900
        a | 2 | 20
        --
        @ 10:00:01
        b | 2 | 21
        --
        @ 10:00:01.950
        --
        @ 10:00:01.990
        a | 3 | 30
        c | 2 | 22
        - b | 2 | 21
    ";
    let spec = OverSpec { ttl: Some(Millis(1000)), ..running(FrameUnit::Rows) };
    let found = behind_barriers(&sales(), |context| OverColumn::new(spec.clone(), context).unwrap(), script);
    assert_eq!(
        found,
        [
            "a | 1 | 10 | 1 | 1; b | 1 | 11 | 1 | 1; c | 1 | 12 | 1 | 1",
            "a | 2 | 20 | 3 | 2",
            "b | 2 | 21 | 2 | 1",
            "",
            "- b | 2 | 21 | 2 | 1; a | 3 | 30 | 3 | 1; c | 2 | 22 | 2 | 1",
        ]
    );
}

#[test]
fn a_barrier_writes_the_partitions_that_have_changed() {
    let first: Vec<String> = (0..2000).map(|shop| format!("s{shop} | 1 | 1")).collect();
    let ticks = [
        first.iter().map(String::as_str).collect(),
        vec!["s7 | 2 | 2", "s8 | 2 | 3"],
        vec!["- s9 | 1 | 1"],
        Vec::new(),
    ];
    let spec = running(FrameUnit::Rows);
    let bytes = bytes_per_barrier(&sales(), |context| OverColumn::new(spec.clone(), context).unwrap(), &ticks);
    assert!(bytes[0] > 2000 * 50, "{bytes:?}");
    assert!((50..1000).contains(&bytes[1]) && (1..50).contains(&bytes[2]), "{bytes:?}");
    assert_eq!(bytes[3], 0, "{bytes:?}");
}
