use super::*;
use crate::testing::{Table, context, lines};
use riverrun_core::Watermark;

fn people() -> Table {
    Table::new("name STRING | age INT")
}

fn spec(columns: &[(&str, bool)]) -> SortSpec {
    let key = |(name, descending): &(&str, bool)| SortKey {
        expression: people().column(name),
        descending: *descending,
        nulls_first: !descending,
    };
    SortSpec {
        order: columns.iter().map(key).collect(),
        offset: 0,
        fetch: None,
        schema: people().schema,
        batch_size: 2,
    }
}

fn finish(operator: &mut Sort, room: usize) -> Vec<String> {
    let mut out = Output::new(Watermark::MAX, room);
    operator.on_end(&mut out).unwrap();
    let mut rows = Vec::new();
    loop {
        let batches = out.take();
        assert!(batches.len() <= room && batches.iter().all(|(batch, _)| batch.num_rows() <= 2));
        rows.extend(batches.iter().flat_map(|(batch, _)| lines(batch)));
        if !operator.has_more() {
            return rows;
        }
        operator.resume(&mut out).unwrap();
    }
}

fn add(operator: &mut Sort, rows: &[&str]) {
    let mut out = Output::new(Watermark::MIN, 1);
    operator.on_batch(0, people().batch(rows), &WatermarkRuns::default(), &mut out).unwrap();
    assert!(out.take().is_empty());
}

/// The result over two batches: at once, and restored from a snapshot between them.
fn run(spec: &SortSpec, first: &[&str], second: &[&str]) -> Vec<String> {
    let mut operator = Sort::new(spec.clone(), context(0, 1)).unwrap();
    add(&mut operator, first);
    let part = operator.snapshot().unwrap();
    add(&mut operator, second);
    let rows = finish(&mut operator, usize::MAX);
    for worker in 0..2 {
        let mut operator = Sort::new(spec.clone(), context(worker, 2)).unwrap();
        operator.restore(RestoredState::assign(std::slice::from_ref(&part), worker, 2, 8).unwrap()).unwrap();
        if worker == 0 {
            add(&mut operator, second);
            assert_eq!(finish(&mut operator, 1), rows);
        } else {
            assert!(finish(&mut operator, 1).is_empty());
        }
    }
    rows
}

#[test]
fn nulls_are_first_upwards_and_last_downwards() {
    let (first, second) = (["ada | 7", "bob | null"], ["cleo | -3", "dan | 7"]);
    assert_eq!(run(&spec(&[("age", false)]), &first, &second), ["bob | null", "cleo | -3", "ada | 7", "dan | 7"]);
    assert_eq!(run(&spec(&[("age", true)]), &first, &second), ["ada | 7", "dan | 7", "cleo | -3", "bob | null"]);
    assert_eq!(
        run(&spec(&[("age", true), ("name", true)]), &first, &second),
        ["dan | 7", "ada | 7", "cleo | -3", "bob | null"]
    );
}

#[test]
fn offset_and_limit_cut_the_sorted_rows() {
    let limited = SortSpec { offset: 1, fetch: Some(2), ..spec(&[("age", false)]) };
    assert_eq!(run(&limited, &["ada | 7", "bob | 1"], &["cleo | 3", "dan | 9"]), ["cleo | 3", "ada | 7"]);
    let beyond = SortSpec { offset: 9, ..limited };
    assert!(run(&beyond, &["ada | 7"], &["bob | 1"]).is_empty());
}

#[test]
fn rows_that_were_taken_back_are_gone() {
    assert_eq!(
        run(&spec(&[("age", false)]), &["ada | 7", "bob | 1", "ada | 7"], &["- ada | 7", "- bob | 1", "cleo | 5"]),
        ["cleo | 5", "ada | 7"]
    );
}

#[test]
fn with_a_limit_only_what_may_win_is_kept() {
    let limited = SortSpec { fetch: Some(3), ..spec(&[("age", false)]) };
    let mut operator = Sort::new(limited, context(0, 1)).unwrap();
    let rows: Vec<String> = (0..1000).map(|age| format!("p | {age}")).collect();
    let rows: Vec<&str> = rows.iter().rev().map(String::as_str).collect();
    for _ in 0..40 {
        add(&mut operator, &rows);
    }
    assert!(operator.count < 20_000, "{}", operator.count);
    assert_eq!(finish(&mut operator, usize::MAX), ["p | 0", "p | 0", "p | 0"]);
}
