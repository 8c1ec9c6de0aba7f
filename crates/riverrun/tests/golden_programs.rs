//! Whole SQL programs with the results that Flink gave for them, at one worker and at four.
//!
//! Prints per area how many agree; `PROGRAM=name` shows one with its difference. The programs lie beside a checkout
//! (`RIVERRUN_SHARED`); without them the test says so and is skipped.

use riverrun::core::format_value::RowFormatter;
use riverrun::core::metrics::OperatorTotals;
use riverrun::core::{DataType, Error, Result, RowBatch, RowKind, Schema};
use riverrun::sql::plan::{ChangelogKind, StreamPlan};
use riverrun::sql::session::Rows;
use riverrun::{Control, Host, RowConsumer, RunOptions, Script, Session, run_script};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What a query gave: its schema, and each row's count.
#[derive(Default)]
struct Answer {
    types: Option<String>,
    append: bool,
    rows: BTreeMap<String, i64>,
}

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Answer>>);

struct Rowwise {
    answer: Collector,
    formatter: RowFormatter,
}

impl RowConsumer for Rowwise {
    fn rows(&mut self, batch: &RowBatch) -> Result<()> {
        let rows = self.formatter.rows(&batch.columns)?;
        let mut answer = self.answer.0.lock().unwrap();
        for row in 0..batch.num_rows() {
            let mut text = String::new();
            rows.write(row, RowKind::Insert, &mut text);
            *answer.rows.entry(text).or_default() += batch.weight(row);
        }
        Ok(())
    }
}

impl Host for Collector {
    fn text(&mut self, _rows: &Rows) -> Result<()> {
        Ok(())
    }

    fn explain(&mut self, _plan: &StreamPlan, _details: &[String]) -> Result<()> {
        Ok(())
    }

    fn query(&mut self, schema: &Schema, changelog: ChangelogKind) -> Result<Box<dyn RowConsumer>> {
        let types: Vec<DataType> = schema.fields.iter().map(|field| field.data_type.clone()).collect();
        *self.0.lock().unwrap() = Answer {
            types: Some(schema.to_string()),
            append: changelog == ChangelogKind::Append,
            rows: BTreeMap::new(),
        };
        Ok(Box::new(Rowwise { answer: self.clone(), formatter: RowFormatter::new(types) }))
    }

    fn running(&mut self, _totals: &[OperatorTotals]) -> Control {
        Control::Continue
    }
}

/// Runs a program in a copy of its folder.
fn run(folder: &Path, workers: usize) -> Result<Answer> {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let mut script = Script::read(&folder.join("pipeline.sql"), Vec::new())?;
    script.variables = vec![("DIR".into(), copy.path().display().to_string())];
    let mut session = Session::default();
    session.set("table.local-time-zone", "UTC")?;
    session.set("table.dml-sync", "true")?;
    let mut host = Collector::default();
    let options = RunOptions { parallelism: Some(workers), ..RunOptions::default() };
    run_script(&mut session, &script, &options, &mut host)?;
    Ok(std::mem::take(&mut *host.0.lock().unwrap()))
}

/// How a program differs from what Flink gave; `None` if it agrees.
fn difference(folder: &Path, workers: usize) -> Option<String> {
    let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
    let ended = std::panic::catch_unwind(|| run(folder, workers)).unwrap_or_else(|_| Err(Error::bug("a panic")));
    let answer = match (ended, expected.starts_with("# error")) {
        (Err(error), true) if error.kind() != riverrun::core::ErrorKind::Bug => return None,
        (Err(error), _) => return Some(format!("{error:?}")),
        (Ok(_), true) => return Some("Flink refuses it".to_owned()),
        (Ok(answer), false) => answer,
    };
    let mut rows = Vec::new();
    for (row, count) in &answer.rows {
        rows.extend(std::iter::repeat_n(row.clone(), usize::try_from(*count).unwrap_or(0)));
    }
    rows.sort();
    let mode = if answer.append { "append" } else { "changelog" };
    let found = format!("# types: {}\n# mode: {mode}\n{}", answer.types.unwrap_or_default(), rows.join("\n"));
    let (found, expected) = (found.trim_end(), expected.trim_end());
    if found == expected { None } else { Some(format!("expected:\n{expected}\nfound:\n{found}")) }
}

/// What the program needs that is not there yet.
fn is_required(name: &str) -> bool {
    const LATER: &[&str] = &[
        "window-join",
        "window-tvf-joined-with-dimension",
        "query-except",
        "query-intersect",
        "query-union",
        "query-exists-correlated",
        "query-not-in-subquery-with-null",
        "query-scalar-subquery-in-select",
        "query-scalar-subquery-no-row-is-null",
    ];
    let area = ["ddl-", "csv-", "json-", "window-", "query-"].iter().any(|area| name.starts_with(area));
    let later = LATER.iter().any(|later| name == *later || (*later == "window-join" && name.starts_with(later)));
    area && (!later || name == "query-union-all-widens-types")
}

fn programs() -> Option<PathBuf> {
    let root = std::env::var_os("RIVERRUN_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let folder = root.join("data/flink-sql");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there is no {}", folder.display());
    None
}

#[test]
fn programs_give_what_flink_gives() {
    let Some(folder) = programs() else { return };
    let only = std::env::var("PROGRAM").ok();
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().join("pipeline.sql").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| only.as_ref().is_none_or(|only| name.contains(only.as_str())))
        .collect();
    names.sort();
    let mut areas: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut missing = Vec::new();
    for name in &names {
        let wrong = [1, 4].into_iter().find_map(|workers| {
            difference(&folder.join(name), workers).map(|text| format!("{name} with {workers} workers: {text}"))
        });
        let area = areas.entry(name.split('-').next().unwrap_or_default().to_owned()).or_default();
        area.1 += 1;
        match wrong {
            None => area.0 += 1,
            Some(text) => {
                if only.is_some() {
                    println!("{text}\n");
                }
                if is_required(name) {
                    missing.push(text.lines().next().unwrap_or_default().to_owned());
                }
            }
        }
    }
    println!("programs that agree with Flink, per area:");
    for (area, (agree, all)) in &areas {
        println!("  {area:<12} {agree:>3} of {all}");
    }
    let (agree, all) = areas.values().fold((0, 0), |sum, area| (sum.0 + area.0, sum.1 + area.1));
    println!("  {:<12} {agree:>3} of {all}", "all");
    assert!(missing.is_empty(), "these must agree:\n{}", missing.join("\n"));
}
