//! Whole programs against the rows that Flink gave, at one worker and at four, and with a checkpoint in the middle of the
//! input from which the job goes on at another parallelism.
//!
//! Prints per area how many agree; `CASE=name` shows what became of one, `AREA=name` of an area's that differ. The data's
//! README describes its format.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod golden;

use golden::runner::{Failure, Outcome, Running, Session};
use riverrun_sql::parse::Variables;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The areas all of whose cases must agree, but for those in [`ACCEPTED`].
#[rustfmt::skip] // one per line
const REQUIRED_AREAS: &[&str] = &[
    "agg",
    "changelog",
    "csv",
    "ddl",
    "dedup",
    "error",
    "interval",
    "join",
    "json",
    "legacywin",
    "match",
    "over",
    "ptf",
    "query",
    "sink",
    "temporal",
    "story",
    "topn",
    "window",
];

/// What Flink refuses and Riverrun runs, since it is plainly of use; `docs/flink-differences.md` says why.
const ACCEPTED: &[&str] =
    &["error-match-all-rows-per-match", "error-order-by-rowtime-descending", "error-over-on-updating-input"];

/// What is not tested with a checkpoint in the middle, and why.
const UNDETERMINED: &[(&str, &str)] = &[];

#[test]
fn programs_give_what_flink_gives() {
    let Some(folder) = golden::data("flink-sql") else { return };
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    let only = std::env::var("CASE").ok();
    let shown = std::env::var("AREA").ok();
    let mut areas: BTreeMap<String, (usize, usize, Vec<String>)> = BTreeMap::new();
    let mut missing = Vec::new();
    let chosen = names.iter().filter(|name| only.as_ref().is_none_or(|only| name.starts_with(only.as_str())));
    for (number, name) in chosen.enumerate() {
        let area = name.split('-').next().unwrap();
        let verdict = difference(&folder.join(name), &[1, 4], number);
        let entry = areas.entry(area.to_owned()).or_default();
        entry.0 += 1;
        match verdict {
            None => entry.1 += 1,
            Some(difference) => {
                if only.is_some() || shown.as_ref().is_some_and(|shown| shown == area || shown == "all") {
                    println!("\n{name} {difference}");
                }
                if REQUIRED_AREAS.contains(&area) && !ACCEPTED.contains(&name.as_str()) {
                    missing.push(name.clone());
                }
                entry.2.push(name.clone());
            }
        }
    }
    println!("\n{:<12} {:>6} {:>6}", "area", "cases", "agree");
    let mut totals = (0, 0);
    for (area, (cases, agree, differing)) in &areas {
        println!("{area:<12} {cases:>6} {agree:>6}   {}", differing.join(" "));
        totals = (totals.0 + cases, totals.1 + agree);
    }
    println!("{:<12} {:>6} {:>6}", "all", totals.0, totals.1);
    assert!(missing.is_empty(), "required but different: {}", missing.join(", "));
}

/// The cases of this repository: forms of queries, late rows, which hang on the watermark before each row, and the jumps of
/// local time.
#[test]
fn own_programs_give_what_flink_gives_at_any_parallelism() {
    let folder = Path::new("tests/programs");
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    let only = std::env::var("CASE").ok();
    let mut differences = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let name = case.file_name().unwrap().to_str().unwrap();
        if only.as_ref().is_some_and(|only| !name.starts_with(only.as_str())) {
            continue;
        }
        differences.extend(difference(case, &[1, 2, 4], number).map(|difference| format!("{name} {difference}")));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// How a case differs from what is expected at these numbers of workers, or when it is restored in the middle; `None` if it
/// agrees.
fn difference(case: &Path, parallelism: &[usize], number: usize) -> Option<String> {
    let mut rows = Vec::new();
    for &workers in parallelism {
        let (difference, read) = compare(case, Running::Through(workers));
        if let Some(difference) = difference {
            return Some(format!("at {workers}: {difference}"));
        }
        rows = read;
    }
    let name = case.file_name().unwrap().to_str().unwrap();
    if UNDETERMINED.iter().any(|(known, _)| *known == name) {
        return None;
    }
    let (before, after) = (2, 3 + number % 2);
    let (difference, _) = compare(case, Running::Restored { before, after, rows });
    difference.map(|difference| format!("restored in the middle, from {before} to {after}: {difference}"))
}

/// How a case that is run so differs from what is expected, `None` if it agrees; and how many rows the tables of its jobs had.
fn compare(case: &Path, running: Running) -> (Option<String>, Vec<u64>) {
    let work = tempfile::tempdir().unwrap();
    copy(case, work.path());
    let text = fs::read_to_string(case.join("pipeline.sql")).unwrap();
    let variables = Variables::from([("DIR".to_owned(), work.path().display().to_string())]);
    let mut session = Session::new(running);
    let outcome = catch_unwind(AssertUnwindSafe(|| session.run(&text, &variables)));
    let rows = session.rows().to_vec();
    let Ok(outcome) = outcome else { return (Some("it panicked".to_owned()), rows) };
    (judge(case, outcome), rows)
}

/// How what came of a case differs from what is expected; `None` if it agrees.
fn judge(case: &Path, outcome: Result<Option<Outcome>, Failure>) -> Option<String> {
    let expected = fs::read_to_string(case.join("expected.txt")).unwrap();
    let mut lines = expected.lines();
    let first = lines.next().unwrap();
    if first == "# error" {
        let planned = expected.contains("# phase: plan");
        return match outcome {
            // What Flink finds when it plans may be found as late as the job runs, and the other way round.
            Err(failure) if !failure.error.message().contains("not supported yet") => {
                (failure.error.kind() == riverrun_core::ErrorKind::Bug).then(|| describe(failure))
            }
            Err(failure) => Some(describe(failure)),
            Ok(_) => Some(format!(
                "Flink refuses it (when it {}): {}",
                if planned { "plans" } else { "runs" },
                lines.next().unwrap()
            )),
        };
    }
    let Outcome { schema, rows, append } = match outcome {
        Ok(Some(outcome)) => outcome,
        Ok(None) => return Some("no query".to_owned()),
        Err(failure) => return Some(describe(failure)),
    };
    let types = first.strip_prefix("# types: ").unwrap();
    if schema.to_string() != types {
        return Some(format!("types\n  Flink:    {types}\n  Riverrun: {schema}"));
    }
    let mode = lines.next().unwrap();
    let wanted: Vec<&str> = lines.collect();
    if rows != wanted {
        let only = |left: &[String], right: &[String]| {
            let mut right = right.to_vec();
            left.iter()
                .filter(|row| match right.iter().position(|other| other == *row) {
                    Some(at) => {
                        right.remove(at);
                        false
                    }
                    None => true,
                })
                .take(8)
                .cloned()
                .collect::<Vec<_>>()
                .join("\n            ")
        };
        let wanted: Vec<String> = wanted.iter().map(|row| (*row).to_owned()).collect();
        return Some(format!(
            "rows: {} wanted, {} found\n  missing:  {}\n  too many: {}",
            wanted.len(),
            rows.len(),
            only(&wanted, &rows),
            only(&rows, &wanted)
        ));
    }
    // More may be known to be append-only than Flink knows (ORDER BY of bounded input), but not less.
    (mode == "# mode: append" && !append).then(|| "rows are updated, but Flink only adds some".to_owned())
}

fn describe(failure: Failure) -> String {
    format!("{} {:?}", if failure.planning { "refused:" } else { "failed:" }, failure.error)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
