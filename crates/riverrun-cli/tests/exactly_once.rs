//! Runs with a state directory that are killed again and again: what stands in a database and in files in the end.
#![cfg(feature = "jdbc")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::sums::{TABLES, base, counts, numbers, pipeline};
use common::{Case, Ended};
use std::process::Stdio;
use std::time::Duration;

const ROWS: i64 = 3_000;

/// Kills the run at these moments, in milliseconds, and then lets it come to its end.
fn killed(guarantee: &str, moments: &[u64]) -> Case {
    let case = Case::new();
    base(&case).execute_batch(TABLES).unwrap();
    case.file("pipeline.sql", &pipeline(&numbers(ROWS, 1_000), guarantee, true));
    for turn in 0..=moments.len() {
        let parallelism = (turn % 3 + 1).to_string();
        let mut run = case.command();
        run.args(["run", "pipeline.sql", "--state-dir", "state", "-p", &parallelism])
            .args(["-D", "execution.checkpointing.interval=100ms"])
            .stdout(Stdio::null());
        match moments.get(turn) {
            Some(moment) => {
                let mut child = run.stderr(Stdio::null()).spawn().unwrap();
                std::thread::sleep(Duration::from_millis(*moment));
                child.kill().unwrap();
                child.wait().unwrap();
            }
            None => {
                let ended = run.output().unwrap();
                assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            }
        }
    }
    case
}

const PLAIN: &str = "SELECT count(*), count(DISTINCT id) FROM plain";
const SUMS: &str = "SELECT count(*), sum(n) FROM sums";

#[test]
fn every_row_stands_once_however_often_the_run_is_killed() {
    let case = killed("exactly-once", &[700, 900, 550, 1_100]);
    assert_eq!(counts(&case, PLAIN), (ROWS, ROWS));
    assert_eq!(counts(&case, SUMS), (10, ROWS));
    let mut ids: Vec<i64> = case.lines("files").iter().map(|line| line.parse().unwrap()).collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(1..=ROWS));
}

#[test]
fn at_least_once_loses_no_row_and_may_repeat_some() {
    let case = killed("at-least-once", &[800, 900]);
    let (rows, different) = counts(&case, PLAIN);
    assert_eq!(different, ROWS);
    assert!(rows >= ROWS);
    assert_eq!(counts(&case, SUMS), (10, ROWS), "an upsert that is repeated changes nothing");
}

#[test]
fn rows_that_were_updated_and_deleted_between_two_commits_are_gone() {
    const KEYS: i64 = 200;
    let case = Case::new();
    base(&case).execute_batch("CREATE TABLE latest (id INTEGER PRIMARY KEY, amount INTEGER)").unwrap();
    let row = |id: i64, amount: i64| format!(r#"{{"id":{id},"amount":{amount}}}"#);
    let event = |before: &str, after: &str, op: &str| format!(r#"{{"before":{before},"after":{after},"op":"{op}"}}"#);
    let turns: [&dyn Fn(i64) -> String; 3] = [
        &|id| event("null", &row(id, 1), "c"),
        &|id| event(&row(id, 1), &row(id, 2), "u"),
        // Every tenth row stays.
        &|id| if id % 10 == 0 { event(&row(id, 2), &row(id, 3), "u") } else { event(&row(id, 2), "null", "d") },
    ];
    let lines: Vec<String> = turns.iter().flat_map(|turn| (0..KEYS).map(turn)).collect();
    case.file("changes.json", &lines.join("\n"));
    case.file(
        "pipeline.sql",
        "CREATE TABLE changes (id BIGINT, amount BIGINT) WITH ('connector' = 'filesystem', 'path' = 'changes.json', 'format' = 'debezium-json');
         CREATE TABLE latest (id BIGINT, amount BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'jdbc',
           'url' = 'jdbc:sqlite:base.db', 'table-name' = 'latest', 'sink.delivery-guarantee' = 'exactly-once');
         INSERT INTO latest SELECT * FROM changes;",
    );
    // In many ticks, and one commit.
    let mut run = case.command();
    run.args(["run", "pipeline.sql", "--state-dir", "state", "-p", "2", "-D", "execution.batch-size=10"]);
    Ended::from(run.env("RIVERRUN_FAULTS", "delay(2ms)@source-read:*").output().unwrap()).ok();
    assert_eq!(counts(&case, "SELECT count(*), sum(amount) FROM latest"), (KEYS / 10, KEYS / 10 * 3));
}
