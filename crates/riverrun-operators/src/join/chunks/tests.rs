use super::*;
use crate::testing::{Table, lines};
use std::collections::BTreeMap;

/// The row under a number, as text.
fn text(chunks: &Chunks, number: u32) -> String {
    let place = chunks.place(number);
    let batch = chunks.batch(place.chunk).unwrap().slice(place.row as usize, 1);
    lines(&batch.into()).remove(0)
}

#[test]
fn numbers_outlive_merges_and_compaction() {
    let table = Table::new("n INT | text STRING");
    let mut chunks = Chunks::default();
    let mut known: BTreeMap<u32, String> = BTreeMap::new();
    for round in 0..4000_u32 {
        let row = format!("{round} | row {round}");
        let chunk = chunks.begin(table.batch(&[&row]).columns).unwrap();
        let number = chunks.add(Place { chunk, row: 0 }).unwrap();
        chunks.finish().unwrap();
        assert!(known.insert(number, row).is_none(), "the number of a live row is handed out again");
        // Three of four rows go again, the oldest first.
        if round % 4 != 0 {
            let (number, _) =
                known.iter().min_by_key(|(_, row)| row.split(' ').next().unwrap().parse::<u32>().unwrap()).unwrap();
            let number = *number;
            known.remove(&number);
            chunks.remove(number);
        }
    }
    assert_eq!(chunks.len(), known.len());
    for (number, row) in &known {
        assert_eq!(text(&chunks, *number), *row);
    }
    assert!(chunks.order.len() < 30, "{} chunks for {} rows", chunks.order.len(), chunks.len());
}

#[test]
fn dead_rows_are_dropped() {
    let table = Table::new("n INT");
    let mut chunks = Chunks::default();
    let rows: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    for _ in 0..100 {
        let chunk = chunks.begin(table.batch(&rows).columns).unwrap();
        let numbers: Vec<u32> = (0..1000).map(|row| chunks.add(Place { chunk, row }).unwrap()).collect();
        numbers.into_iter().for_each(|number| chunks.remove(number));
        chunks.finish().unwrap();
    }
    assert!(chunks.is_empty());
    assert!(chunks.total <= FULL, "{} rows are kept", chunks.total);
}

#[test]
fn a_slice_does_not_keep_the_rest_of_its_batch() {
    let table = Table::new("text STRING");
    let long = "x".repeat(10_000);
    let batch = table.batch(&[&long, "short", &long]).columns;
    let mut chunks = Chunks::default();
    let chunk = chunks.begin(batch.slice(1, 1)).unwrap();
    assert!(chunks.batch(chunk).unwrap().get_array_memory_size() < 2000);
}
