use super::*;
use crate::testing::two_inputs::{Random, Workers};
use crate::testing::{Table, millis, time_text};
use std::collections::BTreeMap as Map;

fn orders() -> Table {
    Table::new("currency STRING | id INT | ts TIME")
}

fn rates() -> Table {
    Table::new("currency STRING | rate INT | since TIME")
}

/// `orders JOIN rates FOR SYSTEM_TIME AS OF ts ON currency = currency`.
fn spec(kind: JoinKind) -> TemporalJoinSpec {
    let (left, right) = (orders(), rates());
    TemporalJoinSpec {
        kind,
        keys: [vec![left.column("currency")], vec![right.column("currency")]],
        null_safe: vec![false],
        times: Some([left.column("ts"), right.column("since")]),
        latest_only: false,
        holds: None,
        condition: None,
        retracts: false,
        ttl: None,
        schema: Schema::new(left.schema.fields.iter().chain(&right.schema.fields).cloned().collect()),
        inputs: [left.schema, right.schema],
        batch_size: 3,
    }
}

fn workers(spec: TemporalJoinSpec) -> Workers<TemporalJoin> {
    Workers::new(spec.keys.clone(), 1, move |context| TemporalJoin::new(spec.clone(), context).unwrap())
}

/// What comes out of rows of the left (`<`) and the right side (`>`), watermarks (`~`) and ends of ticks (`.`).
fn run(spec: TemporalJoinSpec, script: &[&str]) -> Vec<String> {
    let mut workers = workers(spec);
    for line in script {
        let (mark, rest) = line.split_at(1);
        match mark {
            "<" => workers.rows(LEFT, &orders(), &[rest.trim()]),
            ">" => workers.rows(RIGHT, &rates(), &rest.split(',').map(str::trim).collect::<Vec<_>>()),
            "." => workers.tick(),
            _ => {
                workers.watermark(Watermark(millis(rest)));
                workers.tick();
            }
        }
    }
    workers.end();
    workers.take()
}

#[test]
fn a_row_finds_the_version_of_its_time() {
    let script = [
        "> eur | 1 | 10:00, eur | 2 | 10:05",
        "< eur | 1 | 10:04:59",
        "< eur | 2 | 10:05",
        "< eur | 3 | 09:59",
        "< usd | 4 | 10:00",
    ];
    let first = ["eur | 3 | 09:59:00 | null | null | null", "usd | 4 | 10:00:00 | null | null | null"];
    let rest = ["eur | 1 | 10:04:59 | eur | 1 | 10:00:00", "eur | 2 | 10:05:00 | eur | 2 | 10:05:00"];
    assert_eq!(run(spec(JoinKind::Left), &script), [first, rest].concat());
    assert_eq!(run(spec(JoinKind::Inner), &script), rest);
}

#[test]
fn a_row_waits_for_versions_that_may_still_come() {
    let mut workers = workers(spec(JoinKind::Inner));
    workers.rows(LEFT, &orders(), &["eur | 1 | 10:05"]);
    workers.rows(RIGHT, &rates(), &["eur | 1 | 10:00"]);
    workers.watermark(Watermark(millis("10:04")));
    workers.tick();
    assert!(workers.take().is_empty());
    assert_eq!(workers.first().output_watermark(Watermark(millis("10:04"))), Watermark(millis("10:04")));
    workers.rows(RIGHT, &rates(), &["eur | 2 | 10:04:30"]);
    workers.watermark(Watermark(millis("10:05")));
    assert_eq!(workers.first().output_watermark(Watermark(millis("10:05"))), Watermark(millis("10:04")));
    workers.tick();
    assert_eq!(workers.take(), ["eur | 1 | 10:05:00 | eur | 2 | 10:04:30"]);
}

#[test]
fn an_update_is_no_deletion() {
    let update = "> - eur | 1 | 10:00, eur | 2 | 10:05";
    let script = ["> eur | 1 | 10:00", ".", update, "< eur | 1 | 10:04", "< eur | 2 | 10:06"];
    let wanted = ["eur | 1 | 10:04:00 | eur | 1 | 10:00:00", "eur | 2 | 10:06:00 | eur | 2 | 10:05:00"];
    assert_eq!(run(spec(JoinKind::Inner), &script), wanted);
    let deletion = ["> eur | 1 | 10:00", ".", "> - eur | 1 | 10:03", "< eur | 1 | 10:02", "< eur | 2 | 10:03"];
    assert_eq!(run(spec(JoinKind::Inner), &deletion), ["eur | 1 | 10:02:00 | eur | 1 | 10:00:00"]);
}

#[test]
fn a_view_of_the_last_rows_loses_versions_that_come_too_late() {
    let script = ["> eur | 2 | 10:05", "> eur | 1 | 10:00", "< eur | 1 | 10:02"];
    assert_eq!(run(spec(JoinKind::Inner), &script).len(), 1);
    assert!(run(TemporalJoinSpec { latest_only: true, ..spec(JoinKind::Inner) }, &script).is_empty());
}

#[test]
fn by_processing_time_a_row_finds_what_is_there() {
    let spec = TemporalJoinSpec { times: None, ..spec(JoinKind::Left) };
    let script = [
        "< eur | 1 | 10:00",
        "> eur | 1 | 10:00",
        "< eur | 2 | 09:00",
        "> - eur | 1 | 10:00",
        ".",
        "< eur | 3 | 10:01",
    ];
    let wanted = [
        "eur | 1 | 10:00:00 | null | null | null",
        "eur | 2 | 09:00:00 | eur | 1 | 10:00:00",
        "eur | 3 | 10:01:00 | null | null | null",
    ];
    assert_eq!(run(spec, &script), wanted);
}

#[test]
fn versions_that_have_passed_are_forgotten() {
    let mut workers = workers(spec(JoinKind::Inner));
    for minute in 0..50 {
        workers.rows(RIGHT, &rates(), &[&format!("eur | {minute} | 10:{minute:02}")]);
        workers.watermark(Watermark(millis(&format!("10:{minute:02}"))));
        workers.tick();
    }
    assert_eq!(workers.first().kept.sides[RIGHT].len(), 1);
    workers.rows(RIGHT, &rates(), &["- eur | 49 | 11:00"]);
    workers.watermark(Watermark(millis("12:00")));
    workers.tick();
    assert!(workers.first().keys.table.is_empty() && workers.first().kept.sides[RIGHT].is_empty());
}

/// Versions in any order before the watermark, through restarts at other parallelisms.
#[test]
fn every_row_meets_the_latest_version_up_to_its_time() {
    for round in 0..12 {
        let mut random = Random(round * 577 + 11);
        let mut workers = workers(spec(JoinKind::Left));
        let (mut asked, mut versions): (Vec<(String, i64, String)>, Map<(String, i64), Option<String>>) =
            Default::default();
        let mut now = millis("10:00");
        for id in 0..100 {
            let currency = ["eur", "usd", "sek"][random.below(3) as usize];
            let time = now + 1 + random.below(300_000) as i64;
            match random.below(5) {
                0..=1 => {
                    let row = format!("{currency} | {id} | {}", time_text(time));
                    workers.rows(LEFT, &orders(), &[&row]);
                    asked.push((currency.to_owned(), time, row));
                }
                2..=3 => {
                    let row = format!("{currency} | {id} | {}", time_text(time));
                    workers.rows(RIGHT, &rates(), &[&row]);
                    versions.insert((currency.to_owned(), time), Some(row));
                }
                _ => {
                    // A deletion at a time of its own, after all versions.
                    let newest = versions.keys().filter(|(key, _)| key == currency).map(|(_, time)| *time).max();
                    let time = newest.unwrap_or(time).max(time) + 1;
                    workers.rows(RIGHT, &rates(), &[&format!("- {currency} | 0 | {}", time_text(time))]);
                    versions.insert((currency.to_owned(), time), None);
                }
            }
            if random.below(4) == 0 {
                now += random.below(120_000) as i64;
                workers.watermark(Watermark(now));
                workers.tick();
            }
            if random.below(12) == 0 {
                workers.tick();
                workers.home(random.below(3));
                workers.restart(1 + random.below(4) as usize);
            }
        }
        workers.end();
        let mut wanted: Vec<String> = asked
            .iter()
            .map(|(currency, time, row)| {
                let found = versions.range((currency.clone(), i64::MIN)..=(currency.clone(), *time)).next_back();
                let version = found.and_then(|(_, version)| version.as_deref()).unwrap_or("null | null | null");
                format!("{row} | {version}")
            })
            .collect();
        let mut result = workers.take();
        result.sort();
        wanted.sort();
        assert_eq!(result, wanted, "round {round}");
    }
}

#[test]
fn versions_that_no_row_asks_for_are_forgotten() {
    let clock = riverrun_core::clock::ManualClock::new(Millis(0));
    let spec = TemporalJoinSpec { times: None, ttl: Some(Millis(100)), ..spec(JoinKind::Left) };
    let context = OperatorContext { clock: std::sync::Arc::new(clock.clone()), ..crate::testing::context(0, 1) };
    let mut join = TemporalJoin::new(spec, context).unwrap();
    let mut out = Output::new(Watermark::MIN, 10);
    let runs = WatermarkRuns::default();
    join.on_batch(RIGHT, rates().batch(&["eur | 2 | 10:00:00"]), &runs, &mut out).unwrap();
    join.on_tick(&mut out).unwrap();
    clock.set(Millis(99));
    join.on_batch(LEFT, orders().batch(&["eur | 1 | 10:00:00"]), &runs, &mut out).unwrap();
    clock.set(Millis(199));
    join.on_batch(LEFT, orders().batch(&["eur | 2 | 10:00:00"]), &runs, &mut out).unwrap();
    let found: Vec<String> = out.take().iter().flat_map(|(batch, _)| crate::testing::lines(batch)).collect();
    assert_eq!(found, ["eur | 1 | 10:00:00 | eur | 2 | 10:00:00", "eur | 2 | 10:00:00 | null | null | null"]);
    join.on_processing_time(Millis(900), &mut out).unwrap();
    assert!(join.keys.table.is_empty() && join.kept.sides[RIGHT].is_empty());
}

/// By processing time, through restarts at other parallelisms, in memory and below.
#[test]
fn every_row_meets_the_version_that_is_there() {
    for round in 0..8 {
        let mut random = Random(round * 811 + 5);
        let mut workers = workers(TemporalJoinSpec { times: None, ..spec(JoinKind::Left) });
        let mut there: Map<String, String> = Map::new();
        for id in 0..150 {
            let currency = format!("c{}", random.below(12));
            let row = format!("{currency} | {id} | 10:00:00");
            match random.below(4) {
                0 => {
                    workers.rows(RIGHT, &rates(), &[&row]);
                    there.insert(currency, row);
                }
                1 if there.contains_key(&currency) => {
                    workers.rows(RIGHT, &rates(), &[&format!("- {}", there[&currency])]);
                    there.remove(&currency);
                    workers.tick();
                }
                _ => {
                    workers.rows(LEFT, &orders(), &[&row]);
                    let version = there.get(&currency).map_or("null | null | null", String::as_str);
                    assert_eq!(workers.take(), [format!("{row} | {version}")], "round {round}");
                }
            }
            if random.below(10) == 0 {
                workers.tick();
                workers.home(random.below(3));
                workers.restart(1 + random.below(4) as usize);
            }
        }
    }
}

#[test]
fn only_the_last_version_of_a_key_leaves_memory() {
    let context = crate::testing::tiered(crate::testing::context(0, 1));
    let mut join = TemporalJoin::new(spec(JoinKind::Inner), context).unwrap();
    let mut out = Output::new(Watermark::MIN, 10);
    let mut advance = |join: &mut TemporalJoin, minute: &str| {
        join.on_watermark(Watermark(millis(minute)), &mut out).unwrap();
        join.on_tick(&mut out).unwrap();
        let emitted = out.take().iter().flat_map(|(batch, _)| crate::testing::lines(batch)).collect::<Vec<_>>();
        (emitted, join.keys.table.len())
    };
    let rows = |join: &mut TemporalJoin, port: usize, batch: RowBatch| {
        join.on_batch(port, batch, &WatermarkRuns::default(), &mut Output::new(Watermark::MIN, 10)).unwrap();
    };
    rows(&mut join, RIGHT, rates().batch(&["eur | 1 | 10:00", "eur | 2 | 10:05", "usd | 7 | 10:00"]));
    rows(&mut join, LEFT, orders().batch(&["sek | 1 | 10:07"]));
    assert_eq!(advance(&mut join, "10:02"), (vec![], 2), "what is valid from 10:05 and what waits for 10:07");
    assert_eq!(advance(&mut join, "10:06"), (vec![], 1));
    assert_eq!(advance(&mut join, "10:08"), (vec![], 0));
    rows(&mut join, LEFT, orders().batch(&["eur | 2 | 10:09", "usd | 3 | 10:09"]));
    let wanted = ["eur | 2 | 10:09:00 | eur | 2 | 10:05:00", "usd | 3 | 10:09:00 | usd | 7 | 10:00:00"];
    assert_eq!(advance(&mut join, "10:10"), (wanted.map(str::to_owned).to_vec(), 0));
}
