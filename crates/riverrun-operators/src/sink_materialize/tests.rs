use super::*;
use crate::testing::Table;
use crate::testing::ticks::{Tick, TickTest, random};
use std::collections::BTreeMap;

fn accounts() -> Table {
    Table::new("branch STRING | total INT")
}

fn spec(keeps_rows: bool) -> SinkMaterializeSpec {
    let table = accounts();
    SinkMaterializeSpec {
        keys: vec![table.column("branch")],
        keeps_rows,
        schema: table.schema,
        ttl: None,
        batch_size: 2,
    }
}

fn per_tick(spec: &SinkMaterializeSpec, ticks: &[&[&str]]) -> Vec<String> {
    let make = |context| SinkMaterialize::new(spec.clone(), context).unwrap();
    TickTest { table: &accounts(), keys: &spec.keys, make }.per_tick(ticks)
}

#[test]
fn a_tick_gives_a_key_one_change() {
    assert_eq!(
        per_tick(
            &spec(false),
            &[
                &["east | 1", "- east | 1", "east | 2", "west | 5"],
                &["- east | 2", "east | 3", "- east | 3", "east | 4"],
                &["- west | 5"],
                &["north | 1", "- north | 1"],
                &["- east | 4", "east | 4"],
            ]
        ),
        ["east | 2; west | 5", "east | 4", "- west | 5", "", ""]
    );
}

#[test]
fn where_rows_are_kept_the_one_before_is_back_when_the_last_is_gone() {
    assert_eq!(
        per_tick(
            &spec(true),
            &[
                &["east | 1"],
                &["east | 2"],
                &["- east | 2"],
                &["- east | 9"],
                &["- east | 1"],
                &["east | 3", "- east | 3"],
            ]
        ),
        ["east | 1", "east | 2", "east | 1", "", "- east | 1", ""]
    );
}

#[test]
fn the_table_of_a_sink_that_keeps_rows_is_that_of_their_order() {
    for seed in 0..30 {
        let mut random = random(seed);
        let mut there: Vec<String> = Vec::new();
        let ticks: Vec<Tick> = (0..12)
            .map(|_| {
                (0..random(6))
                    .map(|_| {
                        if !there.is_empty() && random(2) == 0 {
                            return format!("- {}", there.remove(random(there.len() as i64) as usize));
                        }
                        let row = format!("{} | {}", ["east", "west"][random(2) as usize], random(4));
                        there.push(row.clone());
                        row
                    })
                    .collect()
            })
            .collect();
        let spec = spec(true);
        let make = |context| SinkMaterialize::new(spec.clone(), context).unwrap();
        let test = TickTest { table: &accounts(), keys: &spec.keys, make };
        // The output is upserts: made into a changelog, it is checked like others.
        test.check_upserts(
            &ticks,
            |row| row.split(" | ").next().unwrap_or_default().to_owned(),
            |changes| {
                let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
                for change in changes {
                    let (row, added) = change.strip_prefix("- ").map_or((change.as_str(), true), |row| (row, false));
                    let rows = rows.entry(row.split(" | ").next().unwrap().to_owned()).or_default();
                    if added {
                        rows.push(row.to_owned());
                    } else if let Some(at) = rows.iter().position(|known| known == row) {
                        rows.remove(at);
                    }
                }
                rows.into_values().filter_map(|mut rows| rows.pop()).collect()
            },
        );
    }
}
