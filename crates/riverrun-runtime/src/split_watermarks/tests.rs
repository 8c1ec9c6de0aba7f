use super::*;
use riverrun_core::zone::Tz;

fn splits(idle: Option<u64>, max_ahead: Option<i64>) -> SplitWatermarks {
    splits_in(Tz::UTC, idle, max_ahead)
}

fn splits_in(zone: Tz, idle: Option<u64>, max_ahead: Option<i64>) -> SplitWatermarks {
    SplitWatermarks::new(Settings {
        interval: Millis(200),
        idle_timeout: idle.map(Duration::from_millis),
        max_ahead: max_ahead.map(|by| MaxAhead { by: Millis(by), zone }),
    })
}

fn id(name: &str) -> SplitId {
    name.into()
}

fn list(runs: &WatermarkRuns) -> Vec<(usize, i64)> {
    runs.iter().map(|(row, watermark)| (row, watermark.0)).collect()
}

const NOW: Millis = Millis(0);

#[test]
fn a_watermark_is_due_after_the_row_that_moves_time_by_more_than_the_interval() {
    let mut splits = splits(None, None);
    let runs = splits.rows(id("a"), &[1000, 1200, 1201, 900, 1500], NOW);
    // 1000 moves past 0 by more than 200; 1200 not past 1000; 1201 does; 1500 does, after the last row.
    assert_eq!(list(&runs), [(1, 1000), (3, 1201)]);
    assert_eq!(splits.watermark(), Watermark(1500));
}

#[test]
fn watermarks_start_at_zero_so_that_earlier_times_never_move_them() {
    let mut splits = splits(None, None);
    assert_eq!(list(&splits.rows(id("a"), &[-5000, 100, 200], NOW)), []);
    assert_eq!(splits.watermark(), Watermark::MIN);
    splits.rows(id("a"), &[201], NOW);
    assert_eq!(splits.watermark(), Watermark(201));
}

#[test]
fn the_least_of_the_open_splits_goes_out() {
    let mut splits = splits(None, None);
    splits.open(id("a"), NOW);
    splits.open(id("b"), NOW);
    assert_eq!(list(&splits.rows(id("a"), &[5000], NOW)), []);
    assert_eq!(list(&splits.rows(id("b"), &[1000, 9000], NOW)), [(1, 1000)]);
    assert_eq!(splits.watermark(), Watermark(5000));
    splits.finish(&id("a"));
    assert_eq!(splits.watermark(), Watermark(9000));
}

#[test]
fn a_split_without_rows_becomes_idle_and_comes_back() {
    let mut splits = splits(Some(1000), None);
    splits.open(id("a"), NOW);
    splits.open(id("b"), NOW);
    splits.rows(id("a"), &[5000], Millis(900));
    assert_eq!(splits.on_clock(Millis(900)), Some(Millis(1000)));
    assert_eq!(splits.on_clock(Millis(1000)), Some(Millis(1900)));
    assert_eq!(splits.status(), Status::Active(Watermark(5000)));
    splits.on_clock(Millis(1900));
    assert_eq!(splits.status(), Status::Idle);
    splits.rows(id("b"), &[100], Millis(2000));
    assert_eq!(splits.status(), Status::Active(Watermark(5000)));
}

#[test]
fn a_pending_advance_goes_out_after_the_interval() {
    let mut splits = splits(None, None);
    splits.rows(id("a"), &[1000, 1100], Millis(50));
    assert_eq!(splits.watermark(), Watermark(1000));
    assert_eq!(splits.on_clock(Millis(100)), Some(Millis(250)));
    assert_eq!(splits.watermark(), Watermark(1000));
    assert_eq!(splits.on_clock(Millis(250)), None);
    assert_eq!(splits.watermark(), Watermark(1100));
}

#[test]
fn a_row_too_far_ahead_of_the_clock_does_not_move_the_watermark() {
    let mut splits = splits(None, Some(60_000));
    let runs = splits.rows(id("a"), &[1000, 99_999_999, 2000], Millis(3000));
    assert_eq!(list(&runs), [(1, 1000)]);
    assert_eq!(splits.watermark(), Watermark(2000));
}

#[test]
fn local_times_are_compared_with_the_clock_of_their_zone() {
    const HOUR: i64 = 3_600_000;
    // 2024-07-01 12:00 UTC: 21:00 in Tokyo, 08:00 in New York.
    let now = Millis(1_719_835_200_000);
    for (zone, shift) in [(Tz::UTC, 0), (Tz::Asia__Tokyo, 9 * HOUR), (Tz::America__New_York, -4 * HOUR)] {
        let here = now.0 + shift;
        let mut splits = splits_in(zone, None, Some(60_000));
        splits.rows(id("a"), &[here, here + 60_000, here + 3 * HOUR], now);
        assert_eq!(splits.watermark(), Watermark(here + 60_000), "{zone}");
    }
}

#[test]
fn a_source_without_open_splits_holds_nothing_back() {
    let mut splits = splits(None, None);
    assert_eq!(splits.status(), Status::Idle);
    splits.open(id("a"), NOW);
    assert_eq!(splits.status(), Status::Active(Watermark::MIN));
    splits.finish(&id("a"));
    assert_eq!(splits.status(), Status::Idle);
}

#[test]
fn splits_go_on_from_where_they_stood() {
    let mut first = splits(None, None);
    first.rows(id("a"), &[1000, 1150], NOW);
    first.rows(id("b"), &[4000], NOW);
    let mut second = splits(None, None);
    second.restore(first.progress(false), first.watermark());
    second.open(id("a"), NOW);
    assert_eq!(second.watermark(), Watermark(1000));
    // 1150 was seen but not due; 1190 is not due either, being less than 200 past 1000.
    assert_eq!(list(&second.rows(id("a"), &[1190, 1201, 1202], NOW)), [(0, 1000), (2, 1201)]);
}
