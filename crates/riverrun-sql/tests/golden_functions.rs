//! Expressions against the types and values that Flink gave.
//!
//! Prints the share that agrees per group; `GROUP=name` lists the first mismatches of one. The data's README
//! describes its format. Deviations that `docs/flink-differences.md` lists don't count.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod golden;

use arrow::array::RecordBatch;
use golden::Differences;
use riverrun_core::format_value::format_value;
use riverrun_core::{Error, Result, Schema, SystemClock, TypeKind};
use riverrun_operators::expression::{evaluate, evaluate_all, evaluate_condition};
use riverrun_sql::bind::{ExprBinder, NamedRelation, QueryBinder, Relation, RelationKind, Scope, Tables};
use riverrun_sql::functions::FunctionContext;
use riverrun_sql::parse::{self, Hint, Name, StatementKind};
use riverrun_sql::physical::lower;
use riverrun_sql::plan::values::constant_rows;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The share of values that must agree in type and text.
const REQUIRED_SHARE: f64 = 0.999;

/// More cases over the same view, measured in the same way.
const MORE_CASES: &str = include_str!("golden/functions.tsv");

struct NoTables;

impl Tables for NoTables {
    fn find(&self, name: &Name, _: &[&Hint]) -> Result<NamedRelation<'_>> {
        Err(Error::input(format!("no table {name}")))
    }
}

#[derive(Default)]
struct Tally {
    values: usize,
    agreed: usize,
    refused: usize,
    accepted: usize,
    listed: usize,
    mismatches: Vec<String>,
}

#[test]
fn expressions_give_what_flink_gives() {
    let Some(folder) = golden::data("flink-functions") else { return };
    let context = FunctionContext::new(chrono_tz::UTC, Arc::new(SystemClock));
    let (schema, row) = view(&std::fs::read_to_string(folder.join("t.sql")).unwrap(), "t", &context);
    let name = ["default_catalog", "default_database", "t"].map(str::to_owned).to_vec();
    let scope = Scope::of(name, schema);
    let binder = ExprBinder::new(&scope, &context);
    let differences = Differences::read();
    let mut groups: BTreeMap<String, Tally> = BTreeMap::new();
    let cases = std::fs::read_to_string(folder.join("functions.tsv")).unwrap();
    for line in cases.lines().chain(MORE_CASES.lines()) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [group, expression, data_type, expected, ..] = fields[..] else { panic!("a broken line: {line}") };
        let tally = groups.entry(group.to_owned()).or_default();
        let outcome = catch_unwind(AssertUnwindSafe(|| compute(expression, &binder, &row)))
            .unwrap_or_else(|_| Err(Error::bug("it panicked")));
        let listed = differences.contains(expression);
        if data_type == "ERROR" {
            match outcome {
                Err(_) => tally.refused += 1,
                // Flink gives NULL too, and then stumbles over the type, which says NOT NULL.
                Ok((_, found)) if found == "\\N" && expected.contains("a null value is being written into it") => {
                    tally.refused += 1;
                }
                Ok((found_type, found)) => {
                    tally.accepted += 1;
                    if !listed {
                        tally.mismatches.push(format!(
                            "{expression}\n    accepted: {found_type}  {found}\n    Flink:    {expected}"
                        ));
                    }
                }
            }
            continue;
        }
        if listed {
            tally.listed += 1;
            continue;
        }
        tally.values += 1;
        match outcome {
            Ok((found_type, found)) if found_type == data_type && found == expected => tally.agreed += 1,
            Ok((found_type, found)) => tally.mismatches.push(format!(
                "{expression}\n    Flink:    {data_type}  {expected}\n    Riverrun: {found_type}  {found}"
            )),
            Err(error) => tally
                .mismatches
                .push(format!("{expression}\n    Flink:    {data_type}  {expected}\n    Riverrun: {error:?}")),
        }
    }
    report(&groups);
    let (agreed, values) = groups.values().fold((0, 0), |sum, tally| (sum.0 + tally.agreed, sum.1 + tally.values));
    let share = agreed as f64 / values as f64;
    assert!(share >= REQUIRED_SHARE, "{:.1} % of the values agree, not {:.1} %", share * 100.0, REQUIRED_SHARE * 100.0);
}

fn report(groups: &BTreeMap<String, Tally>) {
    let wanted = std::env::var("GROUP").ok();
    println!(
        "{:<20} {:>7} {:>7} {:>6}   {:>8} {:>8} {:>7}",
        "group", "values", "agree", "%", "refused", "accepted", "listed"
    );
    let line = |name: &str, tally: &Tally| {
        let share = if tally.values == 0 { 100.0 } else { tally.agreed as f64 * 100.0 / tally.values as f64 };
        println!(
            "{name:<20} {:>7} {:>7} {share:>6.1}   {:>8} {:>8} {:>7}",
            tally.values, tally.agreed, tally.refused, tally.accepted, tally.listed
        );
    };
    let mut all = Tally::default();
    for (name, tally) in groups {
        line(name, tally);
        all.values += tally.values;
        all.agreed += tally.agreed;
        all.refused += tally.refused;
        all.accepted += tally.accepted;
        all.listed += tally.listed;
    }
    line("all", &all);
    for (name, tally) in groups {
        if wanted.as_ref().is_some_and(|wanted| wanted == name || wanted == "all") {
            println!("\n{name}:");
            tally.mismatches.iter().take(200).for_each(|mismatch| println!("  {mismatch}"));
        }
    }
}

/// The type and the value of an expression over the one row of `t`.
fn compute(expression: &str, binder: &ExprBinder<'_>, row: &RecordBatch) -> Result<(String, String)> {
    let parsed = parse::parse_expression(expression)?;
    let bound = binder.bind(&parsed.ast)?;
    if bound.data_type().kind == TypeKind::Null {
        return Err(Error::input("a column of NULL has no type"));
    }
    let values = evaluate(&lower(&bound)?, row)?;
    assert_eq!(values.data_type(), &bound.data_type().to_arrow(), "the Arrow type of {expression}");
    if values.is_null(0) {
        return Ok((bound.data_type().to_string(), "\\N".to_owned()));
    }
    let mut text = String::new();
    format_value(values.as_ref(), 0, bound.data_type(), &mut text)?;
    Ok((bound.data_type().to_string(), golden::escaped(&text)))
}

/// The rows of a view over VALUES.
fn view(sql: &str, name: &str, context: &FunctionContext) -> (Schema, RecordBatch) {
    for statement in parse::parse_plain(sql).unwrap() {
        if let StatementKind::CreateView(view) = statement.kind
            && view.name.to_string() == name
        {
            let mut binder = QueryBinder::new(&NoTables, context, &view.query.hints);
            let relation = binder.query(&view.query.ast).unwrap();
            return (relation.schema.clone(), rows(&relation).unwrap());
        }
    }
    panic!("no view {name}");
}

fn rows(relation: &Relation) -> Result<RecordBatch> {
    match &relation.kind {
        RelationKind::Values(rows) => constant_rows(rows, &relation.schema),
        RelationKind::Project { input, exprs } => {
            let input = rows(input)?;
            let exprs = exprs.iter().map(lower).collect::<Result<Vec<_>>>()?;
            Ok(RecordBatch::try_new(relation.schema.to_arrow(), evaluate_all(&exprs, &input)?)?)
        }
        RelationKind::Filter { input, condition } => {
            let input = rows(input)?;
            let kept = evaluate_condition(&lower(condition)?, &input)?;
            Ok(arrow::compute::filter_record_batch(&input, &kept)?)
        }
        other => Err(Error::bug(format!("no rows of {other:?}"))),
    }
}
