//! The demo's pipeline over a real access log: its counts are those of awk, sort and uniq.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{Case, shared};
use std::collections::BTreeMap;
use std::process::Command;

/// The lines of a shell command's output.
fn shell(command: &str, log: &str) -> Vec<String> {
    let output = Command::new("sh").args(["-c", command, "sh", log]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn number(row: &serde_json::Value, column: &str) -> i64 {
    row[column].as_i64().unwrap()
}

#[test]
fn the_counts_of_a_real_log_are_those_of_awk_at_any_parallelism() {
    let Some(log) = shared("data/access.log") else { return };
    let log = log.display().to_string();
    // One line per minute and status: `17/May/2015:10:05 200 74`.
    let expected: BTreeMap<String, i64> = shell("awk '{print substr($4, 2, 17), $9}' \"$1\" | sort | uniq -c", &log)
        .iter()
        .map(|line| {
            let (count, key) = line.trim().split_once(' ').unwrap();
            (key.to_owned(), count.parse().unwrap())
        })
        .collect();
    let errors =
        shell("awk '$9 >= 400 {print substr($4, 2, 17), $1}' \"$1\" | sort | uniq -c | awk '$1 > 10'", &log).len();
    let urls = shell("awk '{print substr($4, 2, 17), $7}' \"$1\" | sort | uniq -c", &log);
    for workers in ["1", "2", "4"] {
        let case = Case::new();
        let out = case.path().join("out").display().to_string();
        case.riverrun(&["demo", "--log", &log, "--out", &out, "-p", workers]).ok();
        let rows = |table: &str| -> Vec<serde_json::Value> {
            case.lines(&format!("out/{table}")).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let found: BTreeMap<String, i64> = rows("status")
            .iter()
            .map(|row| (format!("{} {}", minute(row), number(row, "status")), number(row, "requests")))
            .collect();
        assert_eq!(found, expected, "with {workers} workers");
        assert_eq!(rows("alerts").len(), errors);
        let total: i64 = rows("error_rate").iter().map(|row| number(row, "requests")).sum();
        assert_eq!(total, expected.values().sum::<i64>());
        for row in rows("top_urls").iter().filter(|row| number(row, "place") == 1) {
            let key = format!("{} {}", minute(row), row["path"].as_str().unwrap());
            let line = urls.iter().find(|line| line.trim().split_once(' ').unwrap().1 == key);
            let count = line.unwrap().trim().split_once(' ').unwrap().0;
            assert_eq!(number(row, "requests").to_string(), count, "{key}");
        }
    }
}

/// `2015-05-17 10:05:00` as the log writes it: `17/May/2015:10:05`.
fn minute(row: &serde_json::Value) -> String {
    let text = row["window_start"].as_str().unwrap();
    let (date, time) = text.split_once([' ', 'T']).unwrap();
    let parts: Vec<&str> = date.split('-').collect();
    assert_eq!(parts[1], "05", "the log is of May");
    format!("{}/May/{}:{}", parts[2], parts[0], &time[..5])
}
