use super::*;
use crate::testing::ticks::{Tick, TickTest, left, random};
use crate::testing::{Table, context};
use riverrun_core::{Field, TypeKind};
use std::collections::BTreeMap;

fn bids() -> Table {
    Table::new("lot STRING | price INT | id INT")
}

/// `ROW_NUMBER() OVER (PARTITION BY lot ORDER BY price DESC)` from `first` to `last`.
fn best(first: u64, last: u64) -> TopNSpec {
    let table = bids();
    TopNSpec {
        keys: vec![table.column("lot")],
        order: vec![SortKey { expression: table.column("price"), descending: true, nulls_first: false }],
        ranking: Ranking::RowNumber,
        first,
        last: LastRank::Constant(last),
        emit_rank: false,
        retracting: false,
        schema: table.schema,
        ttl: None,
        batch_size: 3,
        changes: Changes::OfTicks,
    }
}

fn with_rank(mut spec: TopNSpec) -> TopNSpec {
    spec.emit_rank = true;
    spec.schema.fields.push(Field::new("rank", TypeKind::BigInt.not_null()));
    spec
}

fn retracting(spec: TopNSpec) -> TopNSpec {
    TopNSpec { retracting: true, ..spec }
}

fn per_tick(spec: &TopNSpec, ticks: &[&[&str]]) -> Vec<String> {
    let make = |context| TopN::new(spec.clone(), context).unwrap();
    TickTest { table: &bids(), keys: &spec.keys, make }.per_tick(ticks)
}

#[test]
fn the_best_rows_of_each_key_come_out_and_give_way_to_better_ones() {
    assert_eq!(
        per_tick(&best(1, 2), &[&["a | 5 | 1", "b | 7 | 2", "a | 6 | 3", "a | 4 | 4"], &["a | 9 | 5"], &["a | 1 | 6"]]),
        ["a | 6 | 3; a | 5 | 1; b | 7 | 2", "- a | 5 | 1; a | 9 | 5", ""]
    );
}

#[test]
fn ranks_that_move_are_sent_again() {
    assert_eq!(
        per_tick(&with_rank(best(1, 2)), &[&["a | 5 | 1", "a | 4 | 2"], &["a | 9 | 3"]]),
        ["a | 5 | 1 | 1; a | 4 | 2 | 2", "- a | 4 | 2 | 2; - a | 5 | 1 | 1; a | 9 | 3 | 1; a | 5 | 1 | 2"]
    );
}

#[test]
fn what_comes_and_goes_within_a_tick_is_not_seen() {
    let spec = retracting(best(1, 1));
    assert_eq!(per_tick(&spec, &[&["a | 5 | 1"], &["a | 9 | 2", "- a | 9 | 2"]]), ["a | 5 | 1", ""]);
}

#[test]
fn the_next_best_row_moves_up_when_one_is_taken_back() {
    assert_eq!(
        per_tick(&retracting(best(1, 1)), &[&["a | 5 | 1", "a | 4 | 2"], &["- a | 5 | 1"], &["- a | 4 | 2"]]),
        ["a | 5 | 1", "- a | 5 | 1; a | 4 | 2", "- a | 4 | 2"]
    );
}

#[test]
fn rows_that_sort_equal_are_ranked_as_they_came() {
    assert_eq!(per_tick(&best(1, 1), &[&["a | 5 | 1", "a | 5 | 2"], &["a | 5 | 3"]]), ["a | 5 | 1", ""]);
    let all = retracting(best(1, 1));
    assert_eq!(
        per_tick(&all, &[&["a | 5 | 1", "a | 5 | 2"], &["- a | 5 | 1"]]),
        ["a | 5 | 1", "- a | 5 | 1; a | 5 | 2"]
    );
}

#[test]
fn a_row_that_was_never_there_is_not_taken_back() {
    assert_eq!(
        per_tick(&retracting(best(1, 2)), &[&["a | 5 | 1"], &["- a | 5 | 2", "- c | 1 | 1"]]),
        ["a | 5 | 1", ""]
    );
}

#[test]
fn ranks_may_begin_later() {
    assert_eq!(
        per_tick(&with_rank(best(2, 3)), &[&["a | 5 | 1"], &["a | 4 | 2"], &["a | 9 | 3"]]),
        ["", "a | 4 | 2 | 2", "- a | 4 | 2 | 2; a | 5 | 1 | 2; a | 4 | 2 | 3"]
    );
}

#[test]
fn the_first_row_of_a_key_says_how_many_ranks_it_has() {
    let table = bids();
    let spec = TopNSpec { last: LastRank::OfRow(table.column("id")), ..best(1, 1) };
    assert_eq!(
        per_tick(&spec, &[&["a | 5 | 2", "a | 4 | 1", "a | 3 | 9", "b | 1 | 1", "b | 0 | 7"]]),
        ["a | 5 | 2; a | 4 | 1; b | 1 | 1"]
    );
}

#[test]
fn rank_and_dense_rank_keep_equal_rows_side_by_side() {
    let ticks: &[&[&str]] = &[&["a | 5 | 1", "a | 5 | 2", "a | 4 | 3", "a | 3 | 4"], &["a | 9 | 5"]];
    let rank = TopNSpec { ranking: Ranking::Rank, ..with_rank(best(1, 3)) };
    assert_eq!(
        per_tick(&rank, ticks),
        [
            "a | 5 | 1 | 1; a | 5 | 2 | 1; a | 4 | 3 | 3",
            "- a | 5 | 1 | 1; - a | 5 | 2 | 1; - a | 4 | 3 | 3; a | 9 | 5 | 1; a | 5 | 1 | 2; a | 5 | 2 | 2"
        ]
    );
    let dense = TopNSpec { ranking: Ranking::DenseRank, ..with_rank(best(1, 2)) };
    assert_eq!(
        per_tick(&dense, ticks),
        [
            "a | 5 | 1 | 1; a | 5 | 2 | 1; a | 4 | 3 | 2",
            "- a | 5 | 1 | 1; - a | 5 | 2 | 1; - a | 4 | 3 | 2; a | 9 | 5 | 1; a | 5 | 1 | 2; a | 5 | 2 | 2"
        ]
    );
}

/// Ticks of bids on a few lots; with `retract` some of the rows that are there are taken back.
fn ticks(seed: u64, retract: bool) -> Vec<Tick> {
    let mut random = random(seed);
    let mut there: Vec<String> = Vec::new();
    let mut id = 0;
    (0..12)
        .map(|_| {
            (0..random(8))
                .map(|_| {
                    if retract && !there.is_empty() && random(3) == 0 {
                        let row = there.remove(random(there.len() as i64) as usize);
                        return format!("- {row}");
                    }
                    id += 1;
                    let price = if random(9) == 0 { "null".to_owned() } else { random(6).to_string() };
                    let row = format!("{} | {price} | {id}", ["a", "b", "null"][random(3) as usize]);
                    there.push(row.clone());
                    row
                })
                .collect()
        })
        .collect()
}

/// The rows between two ranks, by sorting all of them.
fn model(spec: &TopNSpec, changes: &[String]) -> Vec<String> {
    let there = left(changes);
    // In the order of arrival; rows differ by their ids.
    let arrived = changes.iter().filter(|change| there.contains(change));
    let mut lots: BTreeMap<&str, Vec<(Option<i32>, &str)>> = BTreeMap::new();
    for row in arrived {
        let cells: Vec<&str> = row.split(" | ").collect();
        lots.entry(cells[0]).or_default().push((cells[1].parse().ok(), row));
    }
    let LastRank::Constant(last) = spec.last else { panic!("a constant") };
    let mut rows = Vec::new();
    for mut lot in lots.into_values() {
        // Descending, NULLs last: the least of `Option`.
        lot.sort_by_key(|row| std::cmp::Reverse(row.0));
        for (position, (price, row)) in lot.iter().enumerate() {
            let before = &lot[..position];
            let better = before.iter().filter(|other| other.0 != *price);
            let rank = match spec.ranking {
                Ranking::RowNumber => position as u64 + 1,
                Ranking::Rank => better.count() as u64 + 1,
                Ranking::DenseRank => {
                    better.map(|other| other.0).collect::<std::collections::BTreeSet<_>>().len() as u64 + 1
                }
            };
            if (spec.first..=last).contains(&rank) {
                rows.push(if spec.emit_rank { format!("{row} | {rank}") } else { (*row).to_owned() });
            }
        }
    }
    rows
}

#[test]
fn the_rows_are_those_of_sorting_everything() {
    for seed in 0..8 {
        for ranking in [Ranking::RowNumber, Ranking::Rank, Ranking::DenseRank] {
            for (first, last) in [(1, 1), (1, 3), (2, 3)] {
                for spec in [best(first, last), with_rank(best(first, last))] {
                    for spec in [spec.clone(), retracting(spec)] {
                        let spec = TopNSpec { ranking, ..spec };
                        let make = |context| TopN::new(spec.clone(), context).unwrap();
                        let test = TickTest { table: &bids(), keys: &spec.keys, make };
                        test.check(&ticks(seed, spec.retracting), |changes| model(&spec, changes));
                    }
                }
            }
        }
    }
}

#[test]
fn a_key_may_have_many_rows() {
    let table = bids();
    let spec = retracting(TopNSpec { keys: Vec::new(), ..best(1, 2) });
    let mut operator = TopN::new(spec, context(0, 1)).unwrap();
    let mut random = random(7);
    let mut prices: Vec<(i64, String)> = Vec::new();
    for id in 0..5000 {
        let price = random(1000);
        let row = format!("a | {price} | {id}");
        operator.update(&table.batch(&[&row])).unwrap();
        prices.push((price, row));
        if id % 3 == 0 {
            let (_, row) = prices.swap_remove(random(prices.len() as i64) as usize);
            operator.update(&table.batch(&[&format!("- {row}")])).unwrap();
        }
    }
    assert_eq!(operator.values.groups[0].list.len(), prices.len());
    let kept: Vec<u32> = operator.values.groups[0].list.iter().map(|entry| entry.record).collect();
    assert!(kept.windows(2).all(|pair| {
        let (one, other) = (record(&operator.values.rows, pair[0]), record(&operator.values.rows, pair[1]));
        (one.order, one.sequence) < (other.order, other.sequence)
    }));
}

#[test]
fn the_rows_of_a_key_are_forgotten_after_their_time_to_live() {
    let clock = riverrun_core::clock::ManualClock::new(Millis(1_000));
    let spec = TopNSpec { ttl: Some(Millis(100)), ..retracting(best(1, 1)) };
    let context = OperatorContext { clock: Arc::new(clock.clone()), ..context(0, 1) };
    let mut operator = TopN::new(spec, context).unwrap();
    let add = |operator: &mut TopN, row: &str| {
        let mut out = Output::new(riverrun_core::Watermark::MIN, 1);
        operator.on_batch(0, bids().batch(&[row]), &WatermarkRuns::default(), &mut out).unwrap();
        operator.on_tick(&mut out).unwrap();
        out.take().iter().flat_map(|(batch, _)| crate::testing::lines(batch)).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(add(&mut operator, "a | 5 | 1"), "a | 5 | 1");
    clock.set(Millis(1_100));
    // The better row of before is gone, without having been taken back.
    assert_eq!(add(&mut operator, "a | 4 | 2"), "a | 4 | 2");
    assert!(operator.next_processing_timer().is_some());
    clock.set(Millis(2_000));
    operator.on_processing_time(Millis(2_000), &mut Output::new(riverrun_core::Watermark::MIN, 1)).unwrap();
    assert!(operator.keys.is_empty() && operator.values.rows.is_empty());
}
