use super::*;
use crate::testing::ticks::{Tick, TickTest, random};
use crate::testing::{Table, context, results, stamped, time_text};
use std::collections::BTreeMap;

fn clicks() -> Table {
    Table::new("user STRING | id INT | ts TIME")
}

fn keep(keep_last: bool, by_time: bool) -> DeduplicateSpec {
    let table = clicks();
    DeduplicateSpec {
        keys: vec![table.column("user")],
        time: by_time.then(|| table.column("ts")),
        keep_last,
        schema: table.schema,
        ttl: None,
        batch_size: 2,
        changes: Changes::OfTicks,
    }
}

fn per_tick(spec: &DeduplicateSpec, ticks: &[&[&str]]) -> Vec<String> {
    let make = |context| Deduplicate::new(spec.clone(), context).unwrap();
    TickTest { table: &clicks(), keys: &spec.keys, make }.per_tick(ticks)
}

#[test]
fn the_first_row_by_time_comes_out_once_the_watermark_has_passed_it() {
    let spec = keep(false, true);
    let make = |context| Deduplicate::new(spec.clone(), context).unwrap();
    let script = "
        ada | 1 | 10:00:20
        bob | 2 | 10:00:10
        ada | 3 | 10:00:05
        ada | 4 | 10:00:05
        ~ 10:00:07
        ada | 5 | 10:00:08
        bob | 6 | 10:00:09
        cy  | 7 | 10:00:06
        ~ 10:00:30
        bob | 8 | 10:00:40
        cy  | 9 | 10:00:35
    ";
    let (rows, late) = results(&clicks(), &spec.keys, make, script);
    // The row that is late is cy's first one: its key had no row before.
    assert_eq!(rows, ["ada | 3 | 10:00:05", "bob | 6 | 10:00:09", "cy | 9 | 10:00:35"]);
    assert_eq!(late, 1);
}

#[test]
fn the_first_row_to_arrive_comes_out_at_once() {
    let spec = keep(false, false);
    assert_eq!(
        per_tick(&spec, &[&["ada | 1 | 10:00", "ada | 2 | 09:00", "bob | 3 | 10:00"], &["ada | 4 | 08:00"]]),
        ["ada | 1 | 10:00:00; bob | 3 | 10:00:00", ""]
    );
}

#[test]
fn the_first_row_to_arrive_has_the_watermark_before_it() {
    let mut first = Deduplicate::new(keep(false, false), context(0, 1)).unwrap();
    let rows = ["ada | 1 | 10:00", "ada | 2 | 10:01", "bob | 3 | 09:00"];
    assert_eq!(
        stamped(&mut first, 0, clicks().batch(&rows), &[(0, 10), (2, 20)]),
        ["ada | 1 | 10:00:00 @ 10", "bob | 3 | 09:00:00 @ 20"]
    );
}

#[test]
fn the_last_row_by_time_replaces_the_one_before() {
    let spec = keep(true, true);
    assert_eq!(
        per_tick(
            &spec,
            &[
                &["ada | 1 | 10:00", "ada | 2 | 11:00", "bob | 3 | 10:00"],
                &["ada | 4 | 10:30"],
                &["ada | 5 | 11:00", "bob | 6 | 12:00", "bob | 7 | 11:00"]
            ]
        ),
        [
            "ada | 2 | 11:00:00; bob | 3 | 10:00:00",
            "",
            "- ada | 2 | 11:00:00; ada | 5 | 11:00:00; - bob | 3 | 10:00:00; bob | 6 | 12:00:00"
        ]
    );
}

#[test]
fn a_row_that_is_what_it_was_is_not_sent_again() {
    let spec = keep(true, false);
    assert_eq!(
        per_tick(&spec, &[&["ada | 1 | 10:00"], &["ada | 2 | 10:00", "ada | 1 | 10:00"]]),
        ["ada | 1 | 10:00:00", ""]
    );
}

#[test]
fn the_last_rows_are_those_of_looking_at_all() {
    for seed in 0..60 {
        let mut random = random(seed);
        let mut id = 0;
        let ticks: Vec<Tick> = (0..12)
            .map(|_| {
                (0..random(6))
                    .map(|_| {
                        id += 1;
                        let time = time_text(1_704_103_200_000 + random(20) * 1000);
                        format!("{} | {id} | {time}", ["ada", "bob", "null"][random(3) as usize])
                    })
                    .collect()
            })
            .collect();
        for by_time in [true, false] {
            let spec = keep(true, by_time);
            let make = |context| Deduplicate::new(spec.clone(), context).unwrap();
            TickTest { table: &clicks(), keys: &spec.keys, make }.check(&ticks, |rows| {
                let mut last: BTreeMap<&str, &str> = BTreeMap::new();
                for row in rows {
                    let time = |row: &str| row.rsplit(" | ").next().unwrap_or_default().to_owned();
                    let user = row.split(" | ").next().unwrap();
                    match last.get(user) {
                        Some(known) if by_time && time(known) > time(row) => {}
                        _ => {
                            last.insert(user, row);
                        }
                    }
                }
                last.into_values().map(str::to_owned).collect()
            });
        }
    }
}

#[test]
fn a_key_that_is_not_seen_for_its_time_to_live_is_new_again() {
    let clock = riverrun_core::clock::ManualClock::new(Millis(1_000));
    let spec = DeduplicateSpec { ttl: Some(Millis(100)), ..keep(false, false) };
    let context = || OperatorContext { clock: std::sync::Arc::new(clock.clone()), ..crate::testing::context(0, 1) };
    let mut operator = Deduplicate::new(spec.clone(), context()).unwrap();
    let seen = |operator: &mut Deduplicate, row: &str| {
        let mut out = Output::new(Watermark::MIN, 1);
        operator.on_batch(0, clicks().batch(&[row]), &WatermarkRuns::default(), &mut out).unwrap();
        operator.on_tick(&mut out).unwrap();
        out.take().len()
    };
    assert_eq!(seen(&mut operator, "ada | 1 | 10:00"), 1);
    clock.set(Millis(1_099));
    assert_eq!(seen(&mut operator, "ada | 2 | 10:00"), 0);
    let parts = [operator.snapshot().unwrap()];
    let mut operator = Deduplicate::new(spec, context()).unwrap();
    operator.restore(RestoredState::assign(&parts, 0, 1, context().key_groups).unwrap()).unwrap();
    // The second click was no write: the first row was kept.
    clock.set(Millis(1_100));
    assert_eq!(seen(&mut operator, "ada | 3 | 10:00"), 1);
    clock.set(Millis(2_000));
    operator.on_processing_time(Millis(2_000), &mut Output::new(Watermark::MIN, 1)).unwrap();
    assert!(operator.keys.is_empty() && operator.values.rows.is_empty());
}
