use super::*;
use riverrun_state::RestoredState;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const LINE: [(&str, TypeKind); 1] = [("line", TypeKind::STRING)];

fn tail(path: &Path) -> Table {
    table(&LINE, path, "raw").with("scan.tail", "true")
}

struct Tail {
    reader: Box<dyn SourceReader<RowBatch>>,
    worker: Worker,
    seen: Seen,
}

impl Tail {
    fn new(table: &Table) -> Tail {
        let worker = Worker::new();
        let reader = table.source().expect("source").reader(worker.source(0, 1)).expect("reader");
        Tail { reader, worker, seen: Seen::default() }
    }

    /// What has come since the last call, once there are `count` lines.
    fn lines(&mut self, count: usize) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(10);
        while self.seen.rows.len() < count && Instant::now() < end {
            if poll(self.reader.as_mut(), &mut self.seen).expect("poll") != SourceState::Ready {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        self.idle();
        let lines = self.seen.rows.drain(..).map(|(_, row)| row);
        lines.map(|row| row.replace("{\"line\":\"", "").replace("\"}", "")).collect()
    }

    /// Polls until there is nothing to read.
    fn idle(&mut self) {
        while poll(self.reader.as_mut(), &mut self.seen).expect("poll") == SourceState::Ready {}
    }
}

fn append(path: &Path, text: &str) {
    let mut file = File::options().create(true).append(true).open(path).expect("open");
    file.write_all(text.as_bytes()).expect("write");
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log");
    (folder, path)
}

#[test]
fn lines_come_as_they_are_appended_and_half_lines_wait() {
    let (_folder, path) = folder();
    append(&path, "a\nb\nhal");
    let mut tail = Tail::new(&tail(&path));
    assert_eq!(tail.lines(2), ["a", "b"]);
    append(&path, "f");
    tail.idle();
    assert!(tail.seen.rows.is_empty());
    append(&path, "\nc\n");
    assert_eq!(tail.lines(2), ["half", "c"]);
    assert_eq!(tail.seen.opened, [path.display().to_string()]);
    assert!(tail.seen.finished.is_empty());
}

#[test]
fn a_file_that_is_not_there_yet_is_waited_for() {
    let (folder, path) = folder();
    let mut tail = Tail::new(&tail(&path));
    tail.idle();
    append(&path, "a\n");
    assert_eq!(tail.lines(1), ["a"]);
    let missing = folder.path().join("no/log");
    let error = super::tail::tail(&missing).source().err().expect("no folder");
    assert_eq!(
        error.message(),
        format!(
            "table t: there is no folder {} in which {} could appear",
            folder.path().join("no").display(),
            missing.display()
        )
    );
}

#[test]
fn a_renamed_file_is_read_to_its_end_and_then_the_new_one() {
    let (folder, path) = folder();
    append(&path, "a\n");
    let mut tail = Tail::new(&tail(&path));
    assert_eq!(tail.lines(1), ["a"]);
    append(&path, "b\nno newline");
    fs::rename(&path, folder.path().join("log.1")).expect("rename");
    append(&path, "c\n");
    assert_eq!(tail.lines(3), ["b", "no newline", "c"]);
    // Twice, with one look between.
    append(&path, "d\n");
    fs::rename(&path, folder.path().join("log.2")).expect("rename");
    append(&path, "e\n");
    std::thread::sleep(Duration::from_millis(50));
    tail.idle();
    fs::rename(&path, folder.path().join("log.3")).expect("rename");
    append(&path, "f\n");
    assert_eq!(tail.lines(3), ["d", "e", "f"]);
}

#[test]
fn what_is_written_to_a_renamed_file_before_the_new_one_is_used_is_not_lost() {
    let (folder, path) = folder();
    append(&path, "a\n");
    let mut tail = Tail::new(&tail(&path));
    assert_eq!(tail.lines(1), ["a"]);
    // As log rotation does it: rename, make the new file, tell the writer.
    let old = folder.path().join("log.1");
    fs::rename(&path, &old).expect("rename");
    File::create(&path).expect("create");
    std::thread::sleep(Duration::from_millis(50));
    tail.idle();
    append(&old, "b\n");
    assert_eq!(tail.lines(1), ["b"]);
    append(&old, "c\n");
    append(&path, "d\n");
    assert_eq!(tail.lines(2), ["c", "d"]);
}

#[test]
fn with_a_glob_a_renamed_file_is_not_read_again() {
    let (folder, path) = folder();
    append(&path, "a\n");
    let mut tail = Tail::new(&tail(&folder.path().join("log*")));
    assert_eq!(tail.lines(1), ["a"]);
    fs::rename(&path, folder.path().join("log.1")).expect("rename");
    append(&path, "b\n");
    append(&folder.path().join("log.other"), "c\n");
    let mut lines = tail.lines(2);
    lines.sort();
    assert_eq!(lines, ["b", "c"]);
    assert_eq!(tail.lines(0), Vec::<String>::new());
}

#[test]
fn a_file_that_is_cut_is_read_from_its_beginning() {
    let (_folder, path) = folder();
    append(&path, "long line\nanother\n");
    let mut tail = Tail::new(&tail(&path));
    assert_eq!(tail.lines(2).len(), 2);
    File::create(&path).expect("cut");
    tail.idle();
    append(&path, "new\n");
    assert_eq!(tail.lines(1), ["new"]);
}

#[test]
fn latest_offset_begins_behind_what_is_there() {
    let (folder, path) = folder();
    append(&path, "old\nhal");
    let mut tail = Tail::new(&tail(&folder.path().join("*")).with("scan.startup.mode", "latest-offset"));
    tail.idle();
    append(&path, "f\nnew\n");
    append(&folder.path().join("later"), "from its beginning\n");
    let mut lines = tail.lines(2);
    lines.sort();
    assert_eq!(lines, ["from its beginning", "new"]);
}

#[test]
fn a_restore_goes_on_where_it_stood_through_a_rotation() {
    let (folder, path) = folder();
    append(&path, "a\nb\nhal");
    let table = tail(&path);
    let mut first = Tail::new(&table);
    assert_eq!(first.lines(2), ["a", "b"]);
    let part = first.reader.snapshot().expect("snapshot");
    drop(first);
    append(&path, "f\nc\n");
    let restore = || {
        let mut tail = Tail::new(&table);
        tail.reader
            .restore(RestoredState::assign(std::slice::from_ref(&part), 0, 1, 128).expect("state"))
            .expect("restore");
        tail
    };
    assert_eq!(restore().lines(2), ["half", "c"]);
    fs::rename(&path, folder.path().join("log.1")).expect("rename");
    append(&path, "d\n");
    assert_eq!(restore().lines(3), ["half", "c", "d"]);
    // Before the file is found again, the state is what it was.
    let mut waiting = restore();
    assert_eq!(waiting.reader.snapshot().expect("snapshot"), part);
}

#[test]
fn an_appended_line_wakes_the_worker_at_once() {
    let (_folder, path) = folder();
    append(&path, "a\n");
    let mut tail = Tail::new(&tail(&path));
    assert_eq!(tail.lines(1), ["a"]);
    let mut slow = 0;
    for n in 0..50 {
        // The watcher rests after each wake-up; the line comes when it is idle.
        std::thread::sleep(Duration::from_millis(5));
        tail.idle();
        let before = tail.worker.wakes.load(Ordering::SeqCst);
        append(&path, &format!("{n}\n"));
        let start = Instant::now();
        while tail.worker.wakes.load(Ordering::SeqCst) == before && start.elapsed() < Duration::from_secs(2) {
            std::thread::yield_now();
        }
        slow += usize::from(start.elapsed() > Duration::from_millis(100));
        assert_eq!(tail.lines(1), [n.to_string()]);
    }
    // Generous, since the machine may be busy with other tests.
    assert!(slow < 5, "{slow} of 50 lines were seen late");
}

#[test]
fn nothing_wakes_the_worker_while_nothing_changes() {
    let (_folder, path) = folder();
    append(&path, "a\n");
    let mut tail = Tail::new(&tail(&path));
    assert_eq!(tail.lines(1), ["a"]);
    std::thread::sleep(Duration::from_millis(20));
    tail.idle();
    let before = tail.worker.wakes.load(Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(tail.worker.wakes.load(Ordering::SeqCst), before);
    let mut seen = Seen::default();
    assert_eq!(
        poll(tail.reader.as_mut(), &mut seen).expect("poll"),
        SourceState::Idle(Some(Duration::from_millis(500)))
    );
}

#[test]
fn a_startup_mode_without_following_is_refused() {
    let (_folder, path) = folder();
    append(&path, "a\n");
    let table = table(&LINE, &path, "raw").with("scan.startup.mode", "latest-offset");
    assert_eq!(table.source().err().expect("refused").message(), "'scan.startup.mode' is for files that are followed");
}

#[test]
#[cfg(feature = "parquet")]
fn whole_file_formats_cannot_be_followed() {
    let (folder, _) = folder();
    let error = table(&LINE, folder.path(), "parquet").with("scan.tail", "true").source().err().expect("refused");
    assert_eq!(error.message(), "a growing file can't be read as 'parquet'");
}
