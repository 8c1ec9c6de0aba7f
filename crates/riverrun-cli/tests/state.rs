//! State below memory: runs that are killed, and go on at another parallelism and with the other backend.
#![cfg(all(feature = "rocksdb", feature = "jdbc"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::Case;
use common::windows::{checkpoints, kill, wait_beyond};
use rusqlite::Connection;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROWS: i64 = 60_000;
const KEYS: i64 = 20_000;

/// A table of the numbers up to `count`, so many per second.
fn numbers(name: &str, count: i64, pace: i64) -> String {
    format!(
        "CREATE TABLE {name} (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{pace}',
           'number-of-rows' = '{count}', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '{count}');"
    )
}

/// So slow that there is time for checkpoints.
const SLOW: i64 = 6_000;
const FAST: i64 = 1_000_000;

/// Sums of very many keys, of the rows of a query.
fn pipeline(query: &str, pace: i64) -> String {
    format!(
        "{}{}
         CREATE TABLE sums (k BIGINT, n BIGINT, s BIGINT, PRIMARY KEY (k) NOT ENFORCED)
         WITH ('connector' = 'jdbc', 'url' = 'jdbc:sqlite:${{DIR}}/base.db', 'table-name' = 'sums',
           'sink.delivery-guarantee' = 'exactly-once');
         INSERT INTO sums SELECT k, COUNT(*), SUM(id) FROM ({query}) GROUP BY k;",
        numbers("numbers", ROWS, pace),
        numbers("names", KEYS, pace)
    )
}

/// A run of it with these settings.
fn command(case: &Case, settings: &[&str]) -> Command {
    let dir = format!("DIR={}", case.path().display());
    let mut run = case.command();
    run.args(["run", "pipeline.sql", "--var", &dir, "--state-dir", "state"]);
    run.args(["-D", "execution.checkpointing.interval=100ms"]).args(settings).stdout(Stdio::null());
    run
}

/// Starts it, kills it after so many milliseconds, but not before a checkpoint of which this holds.
fn kill_after(moment: u64, case: &Case, settings: &[&str], holds: impl Fn() -> bool) {
    let newest = checkpoints(case).last().copied().unwrap_or_default();
    let child = command(case, settings).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(moment));
    wait_beyond(case, newest);
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "no checkpoint is what was expected");
        std::thread::sleep(Duration::from_millis(10));
    }
    kill(child);
}

/// Whether a checkpoint names files of tiers.
fn has_tier(case: &Case) -> bool {
    let mut folders = vec![case.path().join("state/checkpoints")];
    let mut found = false;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("manifest.json") {
                found |= std::fs::read_to_string(path).is_ok_and(|manifest| manifest.contains("\"tiers\""));
            }
        }
    }
    found
}

#[test]
fn sums_of_more_keys_than_memory_holds_are_right_however_often_the_run_is_killed() {
    check(&format!("SELECT MOD(id * 7919, {KEYS}) AS k, id FROM numbers"), "64kb");
}

#[test]
fn sums_in_rocksdb_are_right_however_often_the_run_is_killed() {
    check(&format!("SELECT MOD(id * 7919, {KEYS}) AS k, id FROM numbers"), "0b");
}

#[test]
fn a_join_of_more_rows_than_memory_holds_is_right_however_often_the_run_is_killed() {
    let query = format!(
        "SELECT a.k, a.id FROM (SELECT MOD(id * 7919, {KEYS}) AS k, id FROM numbers) AS a
         JOIN (SELECT {KEYS} - id AS k FROM names) AS b ON a.k = b.k"
    );
    check(&query, "1mb");
}

/// The sums of all rows, which the query gives with keys, in a run that is killed again and again. Places of values in a log may take
/// up `places`, then RocksDB comes.
fn check(query: &str, places: &str) {
    let case = Case::new();
    let base = Connection::open(case.path().join("base.db")).unwrap();
    base.execute_batch("CREATE TABLE sums (k INTEGER PRIMARY KEY, n INTEGER, s INTEGER)").unwrap();
    case.file("pipeline.sql", &pipeline(query, SLOW));
    let places = format!("state.memory.places={places}");
    let inline = "execution.checkpointing.data-inline-threshold=0b";
    let below = ["-D", "state.memory=1mb", "-D", &places, "-D", inline];
    let with = |parallelism| [&["-p", parallelism], &below[..]].concat();
    let any = || true;
    kill_after(1_300, &case, &with("1"), || has_tier(&case));
    case.riverrun(&["checkpoints", "state", "--json", "--verify"]).ok();
    kill_after(1_200, &case, &with("3"), any);
    kill_after(1_000, &case, &["-p", "2", "-D", "state.backend.type=hashmap"], any);
    kill_after(1_000, &case, &with("2"), any);
    case.file("pipeline.sql", &pipeline(query, FAST));
    let ended = command(&case, &with("2")).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!case.path().join("state/local").read_dir().is_ok_and(|mut left| left.next().is_some()), "files are left");
    let sums = base.query_row("SELECT count(*), sum(n), sum(s) FROM sums", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    });
    assert_eq!(sums.unwrap(), (KEYS, ROWS, ROWS * (ROWS + 1) / 2));
}

#[test]
fn too_little_memory_is_refused() {
    let case = Case::new();
    let ended = case.run("SELECT COUNT(*) FROM (VALUES (1)) AS t (n);", &["-D", "state.memory=1kb"]);
    assert!(ended.err.contains("1024 bytes of memory are too little for state"), "{}", ended.err);
    assert!(ended.err.contains("`state.memory` is at least 1 mb"), "{}", ended.err);
}

/// The peak memory of a job that sums up so many keys, each of them some two times.
fn peak_memory(keys: u64, memory: &str) -> u64 {
    let case = Case::new();
    let sql = format!(
        "CREATE TABLE numbers (k BIGINT, n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000000000',
           'number-of-rows' = '{}', 'fields.k.min' = '0', 'fields.k.max' = '{}', 'fields.n.min' = '0', 'fields.n.max' = '9');
         CREATE TABLE sums (k BIGINT, c BIGINT, s BIGINT, m BIGINT, a BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'blackhole');
         INSERT INTO sums SELECT k, COUNT(*), SUM(n), MAX(n), AVG(n) FROM numbers GROUP BY k;",
        2 * keys,
        keys - 1
    );
    let memory = format!("state.memory={memory}");
    case.run(&sql, &["-p", "1", "-D", &memory, "--summary", "summary.json"]).ok();
    let summary = std::fs::read_to_string(case.path().join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    summary["peak_memory_bytes"].as_u64().unwrap()
}

#[test]
fn memory_stays_flat_when_the_state_grows_beyond_what_it_may_take_up() {
    // 450,000 keys more are some 55 MB in memory.
    let growth = |memory: &str| peak_memory(600_000, memory).saturating_sub(peak_memory(150_000, memory)) >> 20;
    let (within, beyond) = (growth("1gb"), growth("8mb"));
    assert!(within > 40, "{within} MB more in memory");
    assert!(beyond < 25, "{beyond} MB more with 8 MB of memory");
}
