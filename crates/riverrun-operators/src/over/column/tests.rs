use super::*;
use crate::aggregates::{AggregateArgument, AggregateOptions, aggregate};
use crate::testing::Table;
use crate::testing::ticks::{Tick, TickTest, left, random};
use riverrun_core::{Field, TypeKind};

fn sales() -> Table {
    Table::new("shop STRING | price INT | id INT")
}

/// `SUM(price), ROW_NUMBER() OVER (PARTITION BY shop ORDER BY price)`.
fn running(unit: FrameUnit) -> OverSpec {
    let table = sales();
    let data_type = TypeKind::Int.nullable();
    let resolved =
        aggregate("SUM").unwrap().bind(&[AggregateArgument::column(&data_type)], &AggregateOptions::default()).unwrap();
    let sum = AggregateCall { function: resolved.function, arguments: vec![table.column("price")], filter: None };
    let mut schema = table.schema.clone();
    schema.fields.push(Field::new("sum", TypeKind::Int.nullable()));
    schema.fields.push(Field::new("rank", TypeKind::BigInt.not_null()));
    OverSpec {
        keys: vec![table.column("shop")],
        order: OverOrder::Column(SortKey { expression: table.column("price"), descending: false, nulls_first: true }),
        unit,
        start: FrameStart::Unbounded,
        calls: vec![OverCallSpec::Aggregate(sum), OverCallSpec::Rank(Ranking::Rank)],
        schema,
        batch_size: 2,
    }
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
