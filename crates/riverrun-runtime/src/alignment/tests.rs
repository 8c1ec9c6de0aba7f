use super::*;
use riverrun_core::Millis;
use std::sync::atomic::{AtomicUsize, Ordering};

const DRIFT: i64 = 80;

fn member(board: &Arc<AlignmentBoard>) -> Member {
    Member::join(board, Alignment { group: "g".to_owned(), max_drift: Millis(DRIFT) })
}

fn at(time: i64) -> Status {
    Status::Active(Watermark(time))
}

/// A waker that counts its calls.
fn counter() -> (Arc<AtomicUsize>, Waker) {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let waker = move || {
        count.fetch_add(1, Ordering::SeqCst);
    };
    (calls, Arc::new(waker))
}

fn may_read(member: &Member) -> bool {
    member.may_read(&counter().1)
}

#[test]
fn whoever_is_too_far_ahead_waits_until_the_last_has_moved_on() {
    let board = Arc::default();
    let (mut first, mut second, mut third) = (member(&board), member(&board), member(&board));
    first.follow(at(100));
    second.follow(at(50));
    third.follow(at(20));
    let (calls, waker) = counter();
    assert!(first.may_read(&waker) && may_read(&second) && may_read(&third));
    first.follow(at(101));
    assert!(!first.may_read(&waker) && may_read(&second) && may_read(&third));
    second.follow(at(60));
    assert_eq!(calls.load(Ordering::SeqCst), 0, "the last has not moved");
    third.follow(at(21));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert!(first.may_read(&waker));
}

#[test]
fn who_has_no_watermark_or_is_idle_or_has_ended_holds_nobody_up() {
    let board = Arc::default();
    let (mut ahead, mut behind) = (member(&board), member(&board));
    let (calls, waker) = counter();
    ahead.follow(at(1000));
    behind.follow(Status::Active(Watermark::MIN));
    assert!(ahead.may_read(&waker), "an empty table");
    behind.follow(at(10));
    assert!(!ahead.may_read(&waker));
    behind.follow(Status::Idle);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert!(ahead.may_read(&waker) && may_read(&behind));
    behind.follow(at(20));
    assert!(!ahead.may_read(&waker));
    drop(behind);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert!(ahead.may_read(&waker));
}

#[test]
fn groups_have_nothing_to_do_with_each_other() {
    let board = Arc::default();
    let (mut ahead, mut behind) = (member(&board), member(&board));
    ahead.follow(at(1000));
    behind.follow(at(0));
    let mut other = Member::join(&board, Alignment { group: "h".to_owned(), max_drift: Millis(0) });
    other.follow(at(5000));
    assert!(may_read(&other) && !may_read(&ahead));
}

/// A board that tells others, and what it has told.
fn telling(link: fn(Tell) -> Link) -> (Arc<AlignmentBoard>, Arc<Mutex<Vec<Option<i64>>>>) {
    let (board, told) = (Arc::<AlignmentBoard>::default(), Arc::<Mutex<Vec<_>>>::default());
    let list = told.clone();
    board.connect(link(Box::new(move |progress| list.lock().unwrap().push(progress.least))));
    (board, told)
}

fn hear(board: &AlignmentBoard, process: usize, number: u64, least: Option<i64>) {
    board.hear(process, Progress { group: "g".to_owned(), least, number });
}

#[test]
fn process_0_tells_the_least_of_all_and_the_others_their_own() {
    let (hub, told) = telling(Link::All);
    let mut here = member(&hub);
    here.follow(at(100));
    hear(&hub, 1, 1, Some(40));
    hear(&hub, 2, 1, Some(70));
    assert!(may_read(&here));
    here.follow(at(121));
    assert!(!may_read(&here));
    hear(&hub, 1, 2, None);
    assert!(may_read(&here));
    assert_eq!(*told.lock().unwrap(), [Some(100), Some(40), Some(70)]);

    let (other, told) = telling(Link::Own);
    let mut here = member(&other);
    here.follow(at(100));
    hear(&other, 0, 1, Some(10));
    assert!(!may_read(&here));
    hear(&other, 0, 2, Some(30));
    assert!(may_read(&here));
    drop(here);
    assert_eq!(*told.lock().unwrap(), [Some(100), None], "not what it has heard");
}

#[test]
fn small_steps_are_no_news_and_what_is_old_is_not_heard() {
    let (board, told) = telling(Link::Own);
    let mut here = member(&board);
    for time in [100, 109, 110, 119, 120, 90, 99] {
        here.follow(at(time));
    }
    assert_eq!(*told.lock().unwrap(), [Some(100), Some(110), Some(120), Some(90)]);
    here.follow(at(200));
    hear(&board, 0, 2, None);
    hear(&board, 0, 1, Some(0));
    assert!(may_read(&here));
}
