//! Files that are rotated within what a table follows: each row is read once, by whatever worker, and through restarts.

use super::super::split::ReaderState;
use super::super::tail::gone;
use super::tail::{Tail, append, compress, folder, tail};
use super::*;
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// All workers of a job.
struct Job(Vec<Tail>);

impl Job {
    fn start(table: &Table, parallelism: usize) -> Job {
        Job((0..parallelism).map(|index| Tail::on(table, index, parallelism)).collect())
    }

    fn restored(table: &Table, parallelism: usize, parts: &[OperatorSnapshot]) -> Job {
        let mut job = Job::start(table, parallelism);
        for (index, tail) in job.0.iter_mut().enumerate() {
            let state = RestoredState::assign(parts, index, parallelism, 128).expect("state");
            tail.reader.restore(state).expect("restore");
        }
        job
    }

    fn snapshot(&mut self) -> Vec<OperatorSnapshot> {
        self.0.iter_mut().map(|tail| tail.reader.snapshot().expect("snapshot")).collect()
    }

    /// What has come since the last call, sorted, once there are `count` lines and time has passed for more to come.
    fn lines(&mut self, count: usize) -> Vec<String> {
        let start = Instant::now();
        let mut lines: Vec<String> = Vec::new();
        let mut full = None;
        while start.elapsed() < PATIENCE {
            self.0.iter_mut().for_each(Tail::idle);
            lines.extend(self.0.iter_mut().flat_map(|tail| tail.lines(0)));
            if lines.len() >= count && full.get_or_insert_with(Instant::now).elapsed() > Duration::from_millis(60) {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        lines.sort();
        lines
    }
}

/// Renames `log` to `log.1` and so on, and writes a new one.
fn rotate(path: &Path, text: &str) {
    let name = |number: usize| PathBuf::from(format!("{}.{number}", path.display()));
    for number in (1..20).rev().filter(|number| name(*number).exists()) {
        fs::rename(name(number), name(number + 1)).expect("rename");
    }
    fs::rename(path, name(1)).expect("rename");
    append(path, text);
}

#[test]
fn several_workers_read_rotated_files_once() {
    let (folder, path) = folder();
    append(&path, "0\n");
    let table = tail(&folder.path().join("log*"));
    let mut job = Job::start(&table, 4);
    assert_eq!(job.lines(1), ["0"]);
    for n in 1..8 {
        // The line before the rotation has no newline: it is whole once something stands in the new file.
        append(&path, &format!("{n} old"));
        rotate(&path, &format!("{n} new\n"));
        assert_eq!(job.lines(2), [format!("{n} new"), format!("{n} old")]);
    }
    // On as many workers as before, and on others.
    let parts = job.snapshot();
    drop(job);
    append(&path, "late");
    rotate(&path, "later\n");
    for parallelism in [4, 1, 3] {
        let mut job = Job::restored(&table, parallelism, &parts);
        assert_eq!(job.lines(2), ["late", "later"], "{parallelism} workers");
        let parts = job.snapshot();
        assert!(Job::restored(&table, 2, &parts).lines(0).is_empty());
    }
}

#[test]
fn each_line_comes_once_while_files_are_rotated_all_the_time() {
    const FILES: usize = 150;
    for parallelism in [1, 3] {
        let (folder, path) = folder();
        append(&path, "0\n");
        let mut job = Job::start(&tail(folder.path()), parallelism);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for n in 1..FILES {
                    // Names before and behind `log`.
                    let name = format!("{}{n}", if n % 2 == 0 { "a" } else { "z" });
                    fs::rename(&path, folder.path().join(name)).expect("rename");
                    append(&path, &format!("{n}\n"));
                    std::thread::sleep(Duration::from_micros(100 * (n as u64 % 30)));
                }
            });
            while !writer.is_finished() {
                job.0.iter_mut().for_each(Tail::idle);
            }
        });
        let lines = job.lines(FILES);
        let mut expected: Vec<String> = (0..FILES).map(|n| n.to_string()).collect();
        expected.sort();
        assert_eq!(lines, expected, "{parallelism} workers");
        let parts = job.snapshot();
        assert!(Job::restored(&tail(folder.path()), 2, &parts).lines(0).is_empty());
    }
}

#[test]
fn several_workers_that_look_at_different_times_read_a_file_once() {
    let (folder, path) = folder();
    let table = tail(folder.path());
    for n in 0..8 {
        let mut job = Job::start(&table, 2);
        let seen = job.lines(0).len();
        append(&path, "a\n");
        // One sees it by this name, the other by the next.
        let mut lines = job.0[n % 2].lines(0);
        std::thread::sleep(Duration::from_millis(20));
        lines.extend(job.0[n % 2].lines(0));
        fs::rename(&path, folder.path().join(format!("other{n}"))).expect("rename");
        lines.extend(job.lines(1 - lines.len()));
        assert_eq!(lines, ["a"], "{seen} before");
    }
}

#[test]
fn a_restore_knows_the_files_that_were_rotated_before() {
    let (folder, path) = folder();
    append(&path, "1\n");
    let table = tail(&folder.path().join("log*"));
    let mut job = Job::start(&table, 1);
    assert_eq!(job.lines(1), ["1"]);
    append(&path, "2\n");
    rotate(&path, "3\n");
    assert_eq!(job.lines(2), ["2", "3"]);
    let parts = job.snapshot();
    append(&path, "4\n");
    assert_eq!(Job::restored(&table, 1, &parts).lines(1), ["4"]);
    // Also through a second restart, and a rotation before it.
    rotate(&path, "5\n");
    let mut job = Job::restored(&table, 1, &parts);
    assert_eq!(job.snapshot(), parts);
    assert_eq!(job.lines(2), ["4", "5"]);
    let parts = job.snapshot();
    append(&path, "6\n");
    assert_eq!(Job::restored(&table, 1, &parts).lines(1), ["6"]);
}

#[test]
fn a_restore_knows_the_files_that_wait_for_the_one_before() {
    let (folder, path) = folder();
    append(&path, "1\n");
    let table = tail(&folder.path().join("log*"));
    let mut job = Job::start(&table, 1);
    assert_eq!(job.lines(1), ["1"]);
    // The new one is empty, so that the old one is still read.
    rotate(&path, "");
    assert!(job.lines(0).is_empty());
    let parts = job.snapshot();
    append(&folder.path().join("log.1"), "2\n");
    append(&path, "3\n");
    let mut job = Job::restored(&table, 1, &parts);
    assert_eq!(job.0[0].lines(2), ["2", "3"]);
    assert!(job.lines(0).is_empty());
}

#[test]
fn a_restore_finds_a_file_under_a_name_that_comes_first() {
    let (folder, path) = folder();
    append(&path, "1\n");
    let table = tail(folder.path());
    for parallelism in [1, 4] {
        let mut job = Job::start(&table, parallelism);
        job.lines(1);
        let parts = job.snapshot();
        append(&path, "2\n");
        fs::rename(&path, folder.path().join("log-1")).expect("rename");
        fs::rename(folder.path().join("log-1"), folder.path().join("a-1")).expect("rename");
        append(&path, "3\n");
        let mut job = Job::restored(&table, parallelism, &parts);
        assert_eq!(job.lines(2), ["2", "3"], "{parallelism} workers");
        fs::remove_file(folder.path().join("a-1")).expect("remove");
    }
}

#[test]
fn a_new_file_with_the_number_of_one_that_was_read_is_read() {
    let (folder, path) = folder();
    append(&path, "1\n");
    let table = tail(folder.path());
    let mut job = Job::start(&table, 1);
    assert_eq!(job.lines(1), ["1"]);
    rotate(&path, "2\n");
    assert_eq!(job.lines(1), ["2"]);
    let parts = job.snapshot();
    drop(job);
    // Many file systems give the number of a removed file to the next one.
    fs::remove_file(folder.path().join("log.1")).expect("remove");
    append(&folder.path().join("other"), "longer than what was there\n");
    assert_eq!(Job::restored(&table, 1, &parts).lines(1), ["longer than what was there"]);
}

#[test]
fn a_restore_says_nothing_of_compressed_files_that_were_read() {
    let (folder, path) = folder();
    let compressed = folder.path().join("log.1.gz");
    append(&path, "now\n");
    compress(&compressed, "before\n");
    let table = tail(folder.path());
    let mut job = Job::start(&table, 1);
    assert_eq!(job.lines(2), ["before", "now"]);
    let parts = job.snapshot();
    let text = String::from_utf8_lossy(&parts[0].union[0]).into_owned();
    let name = compressed.display().to_string();
    // A warning is for what is not in here.
    assert!(text.contains(&name), "{text}");
    let mut job = Job::restored(&table, 1, &parts);
    assert!(job.lines(0).is_empty());
    assert_eq!(job.snapshot(), parts);
}

#[test]
fn the_state_of_an_earlier_version_is_read() {
    use std::os::unix::fs::MetadataExt;
    let (folder, path) = folder();
    append(&path, "1\n2\n");
    let inode = fs::metadata(&path).expect("metadata").ino();
    let name = path.display();
    let state = format!(
        "\u{1}{{\"splits\":[{{\"id\":\"{name}\",\"path\":\"{name}\",\"start\":0,\"end\":null,\"offset\":2,\"begun\":true,\
         \"finished\":false,\"inode\":{inode}}}]}}"
    );
    let part = OperatorSnapshot { union: vec![state.into_bytes()], ..OperatorSnapshot::default() };
    let table = tail(folder.path());
    for parallelism in [1, 4] {
        assert_eq!(Job::restored(&table, parallelism, std::slice::from_ref(&part)).lines(1), ["2"]);
    }
    rotate(&path, "3\n");
    for parallelism in [1, 4] {
        assert_eq!(Job::restored(&table, parallelism, std::slice::from_ref(&part)).lines(2), ["2", "3"]);
    }
}

#[test]
fn what_was_rotated_and_compressed_meanwhile_is_named() {
    let (folder, path) = folder();
    append(&path, "1\n2\n");
    let table = tail(&path);
    let mut job = Job::start(&table, 1);
    assert_eq!(job.lines(2), ["1", "2"]);
    let parts = job.snapshot();
    let state = RestoredState::assign(&parts, 0, 1, 128).expect("state");
    let [state] = &ReaderState::merge(&state).expect("splits")[..] else { panic!("one file") };
    fs::remove_file(&path).expect("remove");
    append(&path, "4\n");
    let said =
        format!("{} is another file than before, and the old one is gone: 4 bytes of it had been read", path.display());
    assert_eq!(gone(state), said);
    compress(&folder.path().join("log.1.gz"), "1\n2\n3\n");
    assert_eq!(gone(state), said + "; what came behind them may be in log.1.gz, which is not read");
}
