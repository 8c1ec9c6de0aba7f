use super::*;

fn runs(list: &[(usize, i64)]) -> WatermarkRuns {
    let mut runs = WatermarkRuns::default();
    for (row, watermark) in list {
        runs.push(*row, Watermark(*watermark));
    }
    runs
}

fn active(watermark: i64) -> Status {
    Status::Active(Watermark(watermark))
}

#[test]
fn the_watermark_is_the_minimum_over_the_senders_of_all_inputs() {
    let mut tracker = WatermarkTracker::new([2, 1], Watermark::MIN);
    assert_eq!(tracker.status(0, 0, active(10)), Watermark::MIN);
    assert_eq!(tracker.status(0, 1, active(20)), Watermark::MIN);
    assert_eq!(tracker.status(1, 0, active(15)), Watermark(10));
    assert_eq!(tracker.status(0, 0, active(30)), Watermark(15));
}

#[test]
fn an_idle_sender_takes_no_part_until_it_sends_again() {
    let mut tracker = WatermarkTracker::new([2], Watermark::MIN);
    tracker.status(0, 0, active(10));
    assert_eq!(tracker.status(0, 1, Status::Idle), Watermark(10));
    assert!(!tracker.is_idle());
    assert_eq!(tracker.status(0, 0, active(50)), Watermark(50));
    // It comes back with what it had: the watermark does not go back, and waits for it.
    let own = tracker.rows(0, 1, &runs(&[(0, 20)]));
    assert_eq!(own, runs(&[(0, 50)]));
    assert_eq!(tracker.status(0, 0, active(60)), Watermark(50));
    assert_eq!(tracker.status(0, 1, active(55)), Watermark(55));
}

#[test]
fn when_all_are_idle_the_latest_counts_whatever_the_order() {
    for order in [[0, 1], [1, 0]] {
        let mut tracker = WatermarkTracker::new([2], Watermark::MIN);
        tracker.status(0, 0, active(10));
        tracker.status(0, 1, active(20));
        for sender in order {
            tracker.status(0, sender, Status::Idle);
        }
        assert!(tracker.is_idle());
        assert_eq!(tracker.watermark(), Watermark(20));
    }
}

#[test]
fn finished_senders_leave_and_the_last_one_ends_event_time() {
    let mut tracker = WatermarkTracker::new([1, 1], Watermark::MIN);
    tracker.status(0, 0, active(10));
    tracker.status(1, 0, active(90));
    assert_eq!(tracker.status(0, 0, Status::Finished), Watermark(90));
    assert!(!tracker.is_finished());
    assert_eq!(tracker.status(1, 0, Status::Finished), Watermark::MAX);
    assert!(tracker.is_finished());
}

#[test]
fn a_stopped_sender_holds_event_time_where_it_is() {
    let mut tracker = WatermarkTracker::new([2], Watermark::MIN);
    tracker.status(0, 0, active(10));
    tracker.status(0, 1, active(20));
    tracker.status(0, 0, Status::Stopped);
    assert_eq!(tracker.status(0, 1, Status::Finished), Watermark(10));
    assert!(!tracker.is_finished() && !tracker.is_idle());
}

#[test]
fn the_runs_of_a_batch_become_the_operators_own() {
    let mut tracker = WatermarkTracker::new([2], Watermark::MIN);
    tracker.status(0, 0, active(5));
    tracker.status(0, 1, active(30));
    let own = tracker.rows(0, 0, &runs(&[(0, 5), (3, 20), (6, 40), (8, 50)]));
    assert_eq!(own, runs(&[(0, 5), (3, 20), (6, 30)]));
    assert_eq!(tracker.watermark(), Watermark(30));
}

#[test]
fn every_sender_starts_from_the_restored_watermark() {
    let mut tracker = WatermarkTracker::new([2], Watermark(100));
    assert_eq!(tracker.watermark(), Watermark(100));
    assert_eq!(tracker.status(0, 0, active(200)), Watermark(100));
    assert_eq!(tracker.status(0, 1, active(150)), Watermark(150));
}

#[test]
fn the_watermark_before_a_row_of_one_input_runs_ahead_of_the_other_inputs() {
    let mut tracker = WatermarkTracker::new([2, 1], Watermark::MIN);
    tracker.status(0, 1, active(15));
    let sent = runs(&[(0, 10), (2, 20)]);
    // The other sender of the input counts.
    assert_eq!(tracker.of_input(0, 0, &sent), runs(&[(0, 10), (2, 15)]));
    assert_eq!(tracker.rows(0, 0, &sent), WatermarkRuns::default());
    assert_eq!(tracker.of_input(1, 0, &sent), runs(&[(0, 10), (2, 20)]));
    assert_eq!(tracker.rows(1, 0, &sent), runs(&[(0, 10), (2, 15)]));
}
