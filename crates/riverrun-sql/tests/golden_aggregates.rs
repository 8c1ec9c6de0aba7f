//! Aggregate queries against the types and the final rows that Flink gave.
//!
//! Prints the share that agrees per group; `GROUP=name` lists the mismatches of one (`all`: of all).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod golden;

use golden::Differences;
use golden::runner::{Running, Session};
use riverrun_sql::parse::Variables;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The share of queries that must agree in types and rows.
const REQUIRED_SHARE: f64 = 0.97;

#[derive(Default)]
struct Tally {
    values: usize,
    agreed: usize,
    refused: usize,
    accepted: usize,
    mismatches: Vec<String>,
}

#[test]
fn aggregates_give_what_flink_gives() {
    let Some(folder) = golden::data("flink-functions") else { return };
    let views = std::fs::read_to_string(folder.join("t.sql")).unwrap();
    let differences = Differences::read();
    let mut groups: BTreeMap<String, Tally> = BTreeMap::new();
    let wanted = std::env::var("GROUP").ok();
    for line in std::fs::read_to_string(folder.join("aggregates.tsv")).unwrap().lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [group, query, types, expected, ..] = fields[..] else { panic!("a broken line: {line}") };
        if differences.contains(query) {
            continue;
        }
        let tally = groups.entry(group.to_owned()).or_default();
        let found =
            catch_unwind(AssertUnwindSafe(|| run(&views, query))).unwrap_or_else(|_| Err("it panicked".to_owned()));
        if types == "ERROR" {
            match found {
                Err(_) => tally.refused += 1,
                Ok(found) => {
                    tally.accepted += 1;
                    tally.mismatches.push(format!("{query}\n    accepted: {found:?}\n    Flink:    {expected}"));
                }
            }
            continue;
        }
        tally.values += 1;
        let wanted = (types.to_owned(), left(expected));
        match found {
            Ok(found) if found == wanted => tally.agreed += 1,
            Ok(found) => tally.mismatches.push(format!("{query}\n    Flink:    {wanted:?}\n    Riverrun: {found:?}")),
            Err(error) => tally.mismatches.push(format!("{query}\n    Flink:    {wanted:?}\n    Riverrun: {error}")),
        }
    }
    let (mut values, mut agreed) = (0, 0);
    println!("{:<20} {:>7} {:>7}   {:>8} {:>8}", "group", "queries", "agree", "refused", "accepted");
    for (name, tally) in &groups {
        println!("{name:<20} {:>7} {:>7}   {:>8} {:>8}", tally.values, tally.agreed, tally.refused, tally.accepted);
        values += tally.values;
        agreed += tally.agreed;
    }
    println!("{:<20} {values:>7} {agreed:>7}", "all");
    for (name, tally) in &groups {
        if wanted.as_ref().is_some_and(|wanted| wanted == name || wanted == "all") {
            println!("\n{name}:");
            tally.mismatches.iter().for_each(|mismatch| println!("  {mismatch}"));
        }
    }
    let share = agreed as f64 / values as f64;
    assert!(share >= REQUIRED_SHARE, "{:.1} % of the queries agree", share * 100.0);
}

/// The types and the rows of a query.
fn run(views: &str, query: &str) -> Result<(String, Vec<String>), String> {
    let outcome = Session::new(Running::Through(1)).run(&format!("{views}\n{query};"), &Variables::new());
    let outcome = outcome.map_err(|failure| format!("{:?}", failure.error))?.ok_or("no query")?;
    let types: Vec<_> = outcome.schema.fields.iter().map(|field| field.data_type.to_string()).collect();
    let mut rows = outcome.rows.iter().map(|row| golden::escaped(row)).collect::<Vec<_>>();
    rows.sort();
    Ok((types.join(", "), rows))
}

/// The rows that a changelog leaves, as additions, sorted.
fn left(changelog: &str) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for change in changelog.split(" | ").filter(|change| !change.is_empty()) {
        let (kind, row) = change.split_at(2);
        let row = format!("+I{row}");
        match kind {
            "+I" | "+U" => rows.push(row),
            _ => {
                if let Some(at) = rows.iter().rposition(|known| *known == row) {
                    rows.remove(at);
                }
            }
        }
    }
    rows.sort();
    rows
}
