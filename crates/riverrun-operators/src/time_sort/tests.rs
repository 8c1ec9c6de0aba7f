use super::*;
use crate::testing::{Table, context, lines, millis, stamped};
use crate::window::clocked::Clocked;
use riverrun_core::Millis;
use riverrun_core::clock::ManualClock;
use riverrun_state::RestoredState;
use std::sync::Arc;

fn clicks() -> Table {
    Table::new("user STRING | id INT | ts TIME")
}

/// ORDER BY ts, and id where `descending` says how.
fn spec(descending: Option<bool>) -> TimeSortSpec {
    let table = clicks();
    let key = |descending| SortKey { expression: table.column("id"), descending, nulls_first: !descending };
    TimeSortSpec {
        time: table.column("ts"),
        processing: false,
        order: descending.map(key).into_iter().collect(),
        schema: table.schema.clone(),
        batch_size: 2,
    }
}

fn sort(descending: Option<bool>) -> TimeSort {
    TimeSort::new(spec(descending), context(0, 1))
}

/// The rows that come out at a watermark, with room for so many batches in each call.
fn passed(sort: &mut TimeSort, watermark: &str, room: usize) -> Vec<String> {
    let mut out = Output::new(Watermark::MIN, room);
    sort.on_watermark(Watermark(millis(watermark)), &mut out).unwrap();
    let mut rows = Vec::new();
    loop {
        rows.extend(out.take().iter().flat_map(|(batch, _)| lines(batch)));
        if !sort.has_more() {
            return rows;
        }
        out = Output::new(Watermark::MIN, room);
        sort.resume(&mut out).unwrap();
    }
}

#[test]
fn rows_come_out_in_the_order_of_their_times_once_the_watermark_has_passed_them() {
    for room in [1, usize::MAX] {
        let mut sort = sort(None);
        let rows = ["ada | 1 | 10:00:30", "bob | 2 | 10:00:10", "cy | 3 | 10:00:20", "dee | 4 | 10:00:10"];
        assert!(stamped(&mut sort, 0, clicks().batch(&rows), &[]).is_empty());
        assert_eq!(
            passed(&mut sort, "10:00:20", room),
            ["bob | 2 | 10:00:10", "dee | 4 | 10:00:10", "cy | 3 | 10:00:20"]
        );
        assert_eq!(passed(&mut sort, "10:00:40", room), ["ada | 1 | 10:00:30"]);
    }
}

#[test]
fn rows_of_one_time_come_out_in_the_order_of_the_further_keys() {
    let rows = ["ada | 2 | 10:00:10", "bob | 1 | 10:00:10", "cy | 3 | 10:00:10", "dee | 2 | 10:00:10"];
    for (descending, expected) in [(false, ["bob", "ada", "dee", "cy"]), (true, ["cy", "ada", "dee", "bob"])] {
        let mut sort = sort(Some(descending));
        stamped(&mut sort, 0, clicks().batch(&rows), &[]);
        let users: Vec<_> =
            passed(&mut sort, "10:00:10", 1).iter().map(|row| row.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(users, expected);
    }
}

#[test]
fn a_row_is_late_if_one_of_its_time_or_later_has_come_out() {
    let mut sort = sort(None);
    let rows =
        ["ada | 1 | 10:00:10", "bob | 2 | 10:00:20", "cy | 3 | 10:00:15", "dee | 4 | 10:00:10", "eve | 5 | 10:00:12"];
    let passed_before_cy = [(2, millis("10:00:18"))];
    assert_eq!(
        stamped(&mut sort, 0, clicks().batch(&rows), &passed_before_cy),
        ["ada | 1 | 10:00:10 @ -9223372036854775808"]
    );
    // 10:00:12 is before the watermark, but after all that has come out.
    assert_eq!(passed(&mut sort, "10:00:30", 9), ["eve | 5 | 10:00:12", "cy | 3 | 10:00:15", "bob | 2 | 10:00:20"]);
    assert_eq!(sort.context.metrics.late.get(), 1);
}

#[test]
fn what_waits_and_what_has_come_out_is_known_after_a_restore() {
    let mut before = sort(None);
    stamped(&mut before, 0, clicks().batch(&["ada | 1 | 10:00:30", "bob | 2 | 10:00:10"]), &[]);
    assert_eq!(passed(&mut before, "10:00:20", 1), ["bob | 2 | 10:00:10"]);
    let union = before.snapshot().unwrap().union;
    for worker in [0, 1] {
        let mut after = TimeSort::new(spec(None), context(worker, 2));
        after.restore(RestoredState { union: union.clone(), ..RestoredState::default() }).unwrap();
        let late = ["cy | 3 | 10:00:10"];
        stamped(&mut after, 0, clicks().batch(if worker == 0 { &late } else { &[] }), &[]);
        let expected: &[&str] = if worker == 0 { &["ada | 1 | 10:00:30"] } else { &[] };
        assert_eq!(passed(&mut after, "10:00:40", 1), expected);
    }
}

#[test]
fn a_row_without_a_time_is_an_error() {
    let mut out = Output::new(Watermark::MIN, 1);
    let error = sort(None).on_batch(0, clicks().batch(&["ada | 1 | null"]), &WatermarkRuns::default(), &mut out);
    assert!(error.unwrap_err().message().starts_with("RowTime field should not be null"));
}

#[test]
fn by_the_clock_the_rows_of_one_moment_are_sorted() {
    let table = Table::new("user STRING | id INT | at INSTANT");
    let spec = TimeSortSpec {
        time: table.column("at"),
        processing: true,
        order: vec![SortKey { expression: table.column("id"), descending: true, nulls_first: false }],
        schema: table.schema.clone(),
        batch_size: 2,
    };
    let clock = ManualClock::new(Millis(millis("10:00:00")));
    let context = OperatorContext { clock: Arc::new(clock.clone()), ..context(0, 1) };
    let time = spec.time.clone();
    let mut sort = Clocked::by_column(Box::new(TimeSort::new(spec, context)), Arc::new(clock.clone()), &time).unwrap();
    let mut out = Output::new(Watermark::MIN, usize::MAX);
    let found = |out: &mut Output<RowBatch>| -> Vec<String> {
        out.take()
            .iter()
            .flat_map(|(batch, _)| lines(batch))
            .map(|row| row.rsplit_once(" | ").unwrap().0.to_owned())
            .collect()
    };
    for rows in [["ada | 1 | 12:00", "bob | 3 | 08:00"], ["cy | 2 | null", "dee | 3 | 09:00"]] {
        sort.on_batch(0, table.batch(&rows), &WatermarkRuns::default(), &mut out).unwrap();
    }
    assert!(found(&mut out).is_empty());
    let timer = sort.next_processing_timer().unwrap();
    assert_eq!(timer, Millis(millis("10:00:00") + 1));
    clock.set(timer);
    sort.on_batch(0, table.batch(&["eve | 9 | null"]), &WatermarkRuns::default(), &mut out).unwrap();
    sort.on_processing_time(timer, &mut out).unwrap();
    assert_eq!(found(&mut out), ["bob | 3", "dee | 3", "cy | 2", "ada | 1"]);
    sort.on_processing_time(Millis(timer.0 + 1), &mut out).unwrap();
    assert_eq!(found(&mut out), ["eve | 9"]);
}
