use super::*;
use riverrun_state::RestoredState;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const LINE: [(&str, TypeKind); 1] = [("line", TypeKind::STRING)];

pub fn tail(path: &Path) -> Table {
    table(&LINE, path, "raw").with("scan.tail", "true")
}

pub struct Tail {
    pub reader: Box<dyn SourceReader<RowBatch>>,
    worker: Worker,
    seen: Seen,
}

impl Tail {
    fn new(table: &Table) -> Tail {
        Tail::on(table, 0, 1)
    }

    /// The one of so many workers.
    pub fn on(table: &Table, index: usize, parallelism: usize) -> Tail {
        let worker = Worker::new();
        let reader = table.source().expect("source").reader(worker.source(index, parallelism)).expect("reader");
        Tail { reader, worker, seen: Seen::default() }
    }

    /// What has come since the last call, once there are `count` lines.
    pub fn lines(&mut self, count: usize) -> Vec<String> {
        let end = Instant::now() + PATIENCE;
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
    pub fn idle(&mut self) {
        while poll(self.reader.as_mut(), &mut self.seen).expect("poll") == SourceState::Ready {}
    }
}

pub fn append(path: &Path, text: &str) {
    let mut file = File::options().create(true).append(true).open(path).expect("open");
    file.write_all(text.as_bytes()).expect("write");
}

pub fn folder() -> (tempfile::TempDir, PathBuf) {
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
    assert_eq!(tail.lines(2), ["d", "e"]);
    fs::rename(&path, folder.path().join("log.3")).expect("rename");
    append(&path, "f\n");
    assert_eq!(tail.lines(1), ["f"]);
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
    let mut waits = Vec::new();
    for n in 0..50 {
        // The watcher rests after each wake-up; the line comes when it is idle.
        std::thread::sleep(Duration::from_millis(5));
        tail.idle();
        let before = tail.worker.wakes.load(Ordering::SeqCst);
        append(&path, &format!("{n}\n"));
        let start = Instant::now();
        while tail.worker.wakes.load(Ordering::SeqCst) == before {
            assert!(start.elapsed() < PATIENCE, "line {n} wakes nobody");
            std::thread::yield_now();
        }
        waits.push(start.elapsed());
        assert_eq!(tail.lines(1), [n.to_string()]);
    }
    // Some may be late, since the machine may be busy with other tests.
    waits.sort();
    assert!(waits[25] < Duration::from_millis(100), "{waits:?}");
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

pub fn compress(path: &Path, text: &str) {
    let mut file = flate2::write::GzEncoder::new(File::create(path).expect("create"), flate2::Compression::fast());
    file.write_all(text.as_bytes()).expect("write");
    file.finish().expect("write");
}

#[test]
fn compressed_files_that_are_there_are_read_whole() {
    let (folder, path) = folder();
    append(&path, "now\n");
    append(&folder.path().join("log.1"), "yesterday\n");
    compress(&folder.path().join("log.2.gz"), "before\nno newline");
    let zstd = zstd::encode_all(&b"long ago\n"[..], 0).expect("compress");
    fs::write(folder.path().join("log.3.zst"), zstd).expect("write");
    // Being compressed: what stands in it is still read from the original.
    fs::write(folder.path().join("log.1.gz"), b"\x1f\x8b").expect("write");
    let mut tail = Tail::new(&tail(&folder.path().join("log*")));
    let mut lines = tail.lines(5);
    lines.sort();
    assert_eq!(lines, ["before", "long ago", "no newline", "now", "yesterday"]);
    // They hold the watermark back no longer.
    let name = |name: &str| folder.path().join(name).display().to_string();
    tail.seen.finished.sort();
    assert_eq!(tail.seen.finished, [name("log.2.gz"), name("log.3.zst")]);
    append(&path, "later\n");
    assert_eq!(tail.lines(1), ["later"]);
}

#[test]
fn what_a_rotation_compresses_is_not_read_again() {
    let (folder, path) = folder();
    append(&path, "a\n");
    let mut tail = Tail::new(&tail(folder.path()));
    assert_eq!(tail.lines(1), ["a"]);
    let (renamed, compressed) = (folder.path().join("log.1"), folder.path().join("log.1.gz"));
    append(&path, "b\n");
    fs::rename(&path, &renamed).expect("rename");
    append(&path, "c\n");
    compress(&compressed, "a\nb\n");
    tail.idle();
    fs::remove_file(&renamed).expect("remove");
    let mut lines = tail.lines(2);
    lines.sort();
    assert_eq!(lines, ["b", "c"]);
    std::thread::sleep(Duration::from_millis(50));
    append(&path, "d\n");
    assert_eq!(tail.lines(1), ["d"]);
}

#[test]
fn a_restore_goes_on_in_a_compressed_file_under_another_name() {
    let (folder, path) = folder();
    let (old, older) = (folder.path().join("log.1.gz"), folder.path().join("log.2.gz"));
    append(&path, "now\n");
    compress(&old, &(0..300).map(|n| format!("{n}\n")).collect::<String>());
    let table = tail(&folder.path().join("log*"));
    let restored = |part: &riverrun_state::OperatorSnapshot| {
        let mut tail = Tail::new(&table);
        let state = RestoredState::assign(std::slice::from_ref(part), 0, 1, 128).expect("state");
        tail.reader.restore(state).expect("restore");
        tail
    };
    // Before anything was read.
    let part = Tail::new(&table).reader.snapshot().expect("snapshot");
    assert_eq!(restored(&part).lines(301).len(), 301);
    // In the midst of it.
    let mut first = Tail::new(&table);
    while first.seen.rows.len() < 150 {
        poll(first.reader.as_mut(), &mut first.seen).expect("poll");
    }
    let read = first.seen.rows.len();
    let part = first.reader.snapshot().expect("snapshot");
    fs::rename(&old, &older).expect("rename");
    compress(&old, "another\n");
    let mut second = restored(&part);
    let rest = second.lines(301 - read);
    assert_eq!(read + rest.len(), 301);
    assert!(!rest.contains(&"another".to_owned()), "{rest:?}");
    // Behind its end.
    let part = second.reader.snapshot().expect("snapshot");
    append(&path, "later\n");
    assert_eq!(restored(&part).lines(1), ["later"]);
}

#[test]
fn latest_offset_is_the_end_of_compressed_files() {
    let (folder, path) = folder();
    append(&path, "old\n");
    compress(&folder.path().join("log.1.gz"), "older\n");
    let mut tail = Tail::new(&tail(folder.path()).with("scan.startup.mode", "latest-offset"));
    tail.idle();
    append(&path, "new\n");
    assert_eq!(tail.lines(1), ["new"]);
}

#[test]
fn one_compressed_file_cannot_be_followed() {
    let (folder, _) = folder();
    let path = folder.path().join("log.1.gz");
    let error = tail(&path).source().err().expect("refused");
    assert_eq!(error.message(), format!("{} is compressed: it can't be read as it grows", path.display()));
}
