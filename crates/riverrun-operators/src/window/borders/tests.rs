use super::*;

fn hop(size: i64, slide: i64, offset: i64) -> Borders {
    Borders::new(WindowKind::Hop { size: Millis(size), slide: Millis(slide), offset: Millis(offset) }).unwrap()
}

fn tumble(size: i64, offset: i64) -> Borders {
    Borders::new(WindowKind::Tumble { size: Millis(size), offset: Millis(offset) }).unwrap()
}

fn cumulate(size: i64, step: i64, offset: i64) -> Borders {
    Borders::new(WindowKind::Cumulate { size: Millis(size), step: Millis(step), offset: Millis(offset) }).unwrap()
}

fn windows(borders: Borders, time: i64) -> Vec<(i64, i64)> {
    borders.windows(borders.slice(time)).iter().map(|window| (window.start, window.end)).collect()
}

#[test]
fn a_border_belongs_to_the_later_window() {
    assert_eq!(windows(tumble(10, 0), 9), [(0, 10)]);
    assert_eq!(windows(tumble(10, 0), 10), [(10, 20)]);
}

#[test]
fn times_before_1970_floor() {
    assert_eq!(windows(tumble(10, 0), -1), [(-10, 0)]);
    assert_eq!(windows(tumble(10, 0), -10), [(-10, 0)]);
    assert_eq!(windows(hop(4, 2, 0), -1), [(-4, 0), (-2, 2)]);
    assert_eq!(windows(cumulate(6, 2, 0), -3), [(-6, -2), (-6, 0)]);
}

#[test]
fn an_offset_moves_the_borders_either_way() {
    assert_eq!(windows(tumble(10, 3), 2), [(-7, 3)]);
    assert_eq!(windows(tumble(10, -3), 7), [(7, 17)]);
    assert_eq!(windows(tumble(10, 23), 2), [(-7, 3)]);
    assert_eq!(windows(hop(4, 2, 1), 2), [(-1, 3), (1, 5)]);
    assert_eq!(windows(cumulate(6, 2, -1), 0), [(-1, 1), (-1, 3), (-1, 5)]);
}

#[test]
fn hopping_windows_overlap_or_leave_gaps() {
    assert_eq!(windows(hop(6, 2, 0), 5), [(0, 6), (2, 8), (4, 10)]);
    // The size is no multiple of the slide: the slices are 1 long.
    assert_eq!(windows(hop(5, 2, 0), 4), [(0, 5), (2, 7), (4, 9)]);
    assert_eq!(windows(hop(5, 2, 0), 5), [(2, 7), (4, 9)]);
    assert_eq!(windows(hop(2, 5, 0), 1), [(0, 2)]);
    assert_eq!(windows(hop(2, 5, 0), 3), []);
}

#[test]
fn a_slice_is_in_the_windows_that_contain_its_times() {
    for borders in [hop(6, 2, 0), hop(5, 2, 1), hop(7, 3, -2), hop(2, 5, 3), cumulate(6, 2, 1), tumble(7, 2)] {
        for time in -40..40 {
            let slice = borders.slice(time);
            assert!(slice.start <= time && time < slice.end);
            let windows: Vec<Window> = borders.windows(slice).iter().collect();
            assert!(windows.iter().all(|window| window.start <= time && time < window.end), "{borders:?} {time}");
            assert_eq!(windows.last().copied(), borders.last_window(slice), "{borders:?} {time}");
            for pair in windows.windows(2) {
                assert_eq!(borders.next_window(pair[0]), Some(pair[1]));
            }
            for end in time..time + 12 {
                let unfired = windows.iter().find(|window| window.end > end);
                assert_eq!(borders.windows(slice).first_unfired(|window| window.end <= end).as_ref(), unfired);
            }
        }
    }
}

#[test]
fn seven_days_start_on_a_thursday() {
    const DAY: i64 = 86_400_000;
    assert_eq!(windows(tumble(7 * DAY, 0), 8 * DAY), [(7 * DAY, 14 * DAY)]);
}

#[test]
fn lengths_must_make_sense() {
    let kind = WindowKind::Cumulate { size: Millis(10), step: Millis(3), offset: Millis(0) };
    assert!(Borders::new(kind).is_err());
    assert!(Borders::new(WindowKind::Tumble { size: Millis(0), offset: Millis(0) }).is_err());
}

#[test]
fn times_at_the_ends_of_time_do_not_overflow() {
    for borders in [tumble(7, 3), hop(6, 2, 1), cumulate(6, 2, -1)] {
        for time in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
            let _ = borders.windows(borders.slice(time)).iter().collect::<Vec<_>>();
        }
    }
}
