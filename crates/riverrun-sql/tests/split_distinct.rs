//! DISTINCT aggregates of split keys give what they give on one worker: whatever is added and taken back, at any parallelism,
//! and from a checkpoint in the middle.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod golden;

use golden::runner::{Running, Session};
use riverrun_sql::parse::Variables;
use std::fmt::Write;
use std::path::Path;

/// A small generator of numbers that are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A row of the table; one key has half of them, and values may be NULL.
#[derive(Clone, Copy)]
struct Row {
    key: u64,
    user: Option<u64>,
    amount: Option<u64>,
}

impl Row {
    fn new(numbers: &mut Numbers) -> Row {
        let key = if numbers.below(2) == 0 { 0 } else { numbers.below(5) };
        let value = |numbers: &mut Numbers, limit: u64| Some(numbers.below(limit)).filter(|value| *value > 0);
        Row { key, user: value(numbers, 12), amount: value(numbers, 6) }
    }

    fn json(&self) -> String {
        let value = |value: Option<u64>| value.map_or("null".to_owned(), |value| value.to_string());
        let user = self.user.map_or("null".to_owned(), |user| format!("\"u{user}\""));
        format!(r#"{{"k":{},"who":{user},"amount":{}}}"#, self.key, value(self.amount))
    }
}

/// Rows that are added, changed and taken back.
fn changes(folder: &Path) {
    let (mut numbers, mut rows, mut text) = (Numbers(0x5eed), Vec::<Row>::new(), String::new());
    for _ in 0..400 {
        match numbers.below(5) {
            0 | 1 if !rows.is_empty() => {
                let row = rows.swap_remove(numbers.below(rows.len() as u64) as usize);
                writeln!(text, r#"{{"op":"d","before":{}}}"#, row.json()).unwrap();
            }
            2 if !rows.is_empty() => {
                let at = numbers.below(rows.len() as u64) as usize;
                let new = Row::new(&mut numbers);
                writeln!(text, r#"{{"op":"u","before":{},"after":{}}}"#, rows[at].json(), new.json()).unwrap();
                rows[at] = new;
            }
            _ => {
                let row = Row::new(&mut numbers);
                writeln!(text, r#"{{"op":"c","after":{}}}"#, row.json()).unwrap();
                rows.push(row);
            }
        }
    }
    std::fs::write(folder.join("changes.json"), text).unwrap();
}

fn added(folder: &Path) {
    let mut numbers = Numbers(0xadd);
    let lines = (0..400).map(|_| Row::new(&mut numbers).json() + "\n");
    std::fs::write(folder.join("added.json"), lines.collect::<String>()).unwrap();
}

const TABLES: &str = "
CREATE TABLE changes (k INT, who STRING, amount INT)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/changes.json', 'format' = 'debezium-json');
CREATE TABLE added (k INT, who STRING, amount INT)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/added.json', 'format' = 'json');
";

const QUERIES: &[&str] = &[
    "SELECT k, COUNT(DISTINCT who) AS n FROM t GROUP BY k",
    "SELECT COUNT(DISTINCT who) AS n, COUNT(*) AS c FROM t",
    "SELECT k, COUNT(DISTINCT who) AS n, SUM(DISTINCT amount) AS s, AVG(DISTINCT amount) AS a, SUM(amount) AS plain FROM t GROUP BY k",
    "SELECT k, COUNT(DISTINCT who) FILTER (WHERE amount > 2) AS n, COUNT(DISTINCT who) AS m FROM t GROUP BY k",
    "SELECT k, COUNT(DISTINCT who) FILTER (WHERE amount > 2) AS n FROM t GROUP BY k",
    "SELECT k, COUNT(DISTINCT who) AS n, COUNT(*) FILTER (WHERE who IS NULL) AS c, MIN(amount) AS l, MAX(who) AS m FROM t GROUP BY k",
    "SELECT k, amount, COUNT(DISTINCT who) AS n, VAR_POP(amount) AS v FROM t GROUP BY ROLLUP (k, amount)",
    "SELECT n, COUNT(DISTINCT k) AS keys FROM (SELECT k, COUNT(DISTINCT who) AS n FROM t GROUP BY k) GROUP BY n",
    "SELECT who, COUNT(DISTINCT who) AS n, COUNT(DISTINCT who || 'x') AS m FROM t GROUP BY who HAVING COUNT(*) > 2",
];

fn rows(folder: &Path, query: &str, split: bool, phases: &str, running: Running) -> (Vec<String>, Vec<u64>) {
    let variables = Variables::from([("DIR".to_owned(), folder.display().to_string())]);
    let settings = format!(
        "SET 'table.optimizer.distinct-agg.split.enabled' = '{split}'; SET 'table.optimizer.agg-phase-strategy' = '{phases}';"
    );
    let mut session = Session::new(running);
    match session.run(&format!("{TABLES}{settings}{query};"), &variables) {
        Ok(outcome) => (outcome.unwrap().rows, session.rows().to_vec()),
        Err(failure) => panic!("{query}: {:?}", failure.error),
    }
}

#[test]
fn a_split_distinct_gives_what_it_gives_whole() {
    let folder = tempfile::tempdir().unwrap();
    changes(folder.path());
    added(folder.path());
    for table in ["added", "changes"] {
        for query in QUERIES {
            let query = query.replace("FROM t", &format!("FROM {table}"));
            let (whole, read) = rows(folder.path(), &query, false, "ONE_PHASE", Running::Through(1));
            assert!(!whole.is_empty(), "{query}");
            let restored = Running::Restored { before: 2, after: 3, rows: read };
            for running in [Running::Through(1), Running::Through(4), restored] {
                for phases in ["AUTO", "TWO_PHASE", "ONE_PHASE"] {
                    let (split, _) = rows(folder.path(), &query, true, phases, running.clone());
                    assert_eq!(split, whole, "{query}, {phases}, {running:?}");
                }
            }
        }
    }
}
