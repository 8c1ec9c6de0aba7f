//! `riverrun test`.

mod junit;

use crate::args::TestArgs;
use crate::output;
use riverrun::testing::{DiffLine, Difference, TestFile, TestOptions, TestReport, run};
use riverrun_core::{Error, Result};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How test files end.
const EXTENSION: &str = "test";

/// What errors call the file of --junit.
const REPORT: &str = "report";

/// How many lines around a difference are shown.
const AROUND: usize = 3;

/// What became of one file in one way of running it.
struct Outcome {
    name: String,
    time: Duration,
    verdict: Verdict,
}

enum Verdict {
    Passed,
    Updated,
    /// The differences, as shown without colours.
    Failed(String),
    /// The file is wrong.
    Broken(String),
}

/// Runs test files; the exit code.
pub fn test(args: &TestArgs) -> Result<u8> {
    let files = find(&args.files, args.filter.as_deref())?;
    if let Some(path) = &args.junit {
        output::check_writable(path, REPORT)?;
    }
    let colour = output::is_coloured(&std::io::stdout());
    let start = Instant::now();
    let mut outcomes = Vec::new();
    for file in &files {
        for &parallelism in &args.parallelism {
            let outcome = run_file(file, parallelism, args, colour)?;
            print_head(&outcome, colour)?;
            outcomes.push(outcome);
        }
    }
    let count = |wanted: fn(&Verdict) -> bool| outcomes.iter().filter(|outcome| wanted(&outcome.verdict)).count();
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let broken = count(|verdict| matches!(verdict, Verdict::Broken(_)));
    let updated = count(|verdict| matches!(verdict, Verdict::Updated));
    let updates = if updated > 0 { format!(", {updated} updated") } else { String::new() };
    let wrong = if broken > 0 { format!(", {broken} not understood") } else { String::new() };
    if let Some(path) = &args.junit {
        output::write_file(path, REPORT, &junit::report(&outcomes))?;
    }
    let passed = outcomes.len() - failed - broken - updated;
    let seconds = start.elapsed().as_secs_f64();
    output::print(&format!("{passed} passed, {failed} failed{updates}{wrong} in {seconds:.2} s\n"))?;
    Ok(match (broken, failed) {
        (0, 0) => 0,
        (0, _) => 1,
        _ => 2,
    })
}

/// The test files that are named, or lie in the folders that are.
fn find(paths: &[PathBuf], filter: Option<&str>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            collect(path, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    found.retain(|path| filter.is_none_or(|filter| path.display().to_string().contains(filter)));
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Err(Error::input("there are no tests").hint(format!("test files end in .{EXTENSION}")));
    }
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let wrong = |error: std::io::Error| Error::input(format!("cannot read {}: {error}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
            found.push(path);
        }
    }
    Ok(())
}

fn run_file(path: &Path, parallelism: usize, args: &TestArgs, colour: bool) -> Result<Outcome> {
    let start = Instant::now();
    let several = args.parallelism.len() > 1;
    let shown = path.display().to_string();
    let name = if several { format!("{shown} -p {parallelism}") } else { shown.clone() };
    let options = TestOptions {
        parallelism,
        checkpoint_after_rows: args.checkpoint_after_rows,
        variables: args.variables.clone(),
        settings: args.define.clone(),
    };
    // Errors show the line they are about.
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let text = text.trim_start_matches('\u{feff}');
    let result = TestFile::read(path).and_then(|file| {
        let report = run(&file, &options)?;
        Ok((file, report))
    });
    let verdict = match result {
        Err(error) => {
            let rendered = error.render(&shown, text);
            output::print(&rendered)?;
            Verdict::Broken(rendered)
        }
        Ok((_, report)) if report.passed() => Verdict::Passed,
        Ok((file, report)) if args.update && report.updated != file.text => {
            match std::fs::write(path, &report.updated) {
                Ok(()) => Verdict::Updated,
                Err(error) => Verdict::Broken(format!("cannot write {shown}: {error}\n")),
            }
        }
        Ok((file, report)) => {
            let plain = describe(&report, &file, false);
            output::print(&if colour { describe(&report, &file, true) } else { plain.clone() })?;
            Verdict::Failed(plain)
        }
    };
    Ok(Outcome { name, time: start.elapsed(), verdict })
}

fn print_head(outcome: &Outcome, colour: bool) -> Result<()> {
    let (word, code) = match outcome.verdict {
        Verdict::Passed => ("ok", "32"),
        Verdict::Updated => ("updated", "33"),
        Verdict::Failed(_) | Verdict::Broken(_) => ("FAILED", "1;31"),
    };
    let word = paint(&format!("{word:<7}"), code, colour);
    output::print(&format!("{word} {} ({} ms)\n", outcome.name, outcome.time.as_millis()))
}

fn paint(text: &str, code: &str, colour: bool) -> String {
    if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// The differences of a test for a person.
fn describe(report: &TestReport, file: &TestFile, colour: bool) -> String {
    let path = file.path.display().to_string();
    let mut text = String::new();
    for difference in &report.differences {
        match difference {
            Difference::Rows { block, line, diff } => {
                text.push_str(&paint(&format!("{path}:{line}: {block}: rows differ"), "1", colour));
                text.push('\n');
                lines(diff, &mut text, colour);
            }
            Difference::Error { error, expected } => {
                text.push_str(&error.render(&path, &file.text));
                if let Some(expected) = expected {
                    text.push_str(&format!("  expected an error that says: {expected}\n"));
                }
            }
            Difference::NoError { expected, line } => {
                text.push_str(&format!("{path}:{line}: no error came; expected one that says: {expected}\n"));
            }
            Difference::NoSnapshot { wanted, rows } => {
                let there = if *rows == 1 { "there was" } else { "there were" };
                text.push_str(&format!(
                    "{path}: no snapshot was taken: it was to come after {wanted} rows, and {there} {rows}\n"
                ));
            }
        }
    }
    text
}

/// The lines of a diff that differ, with some around them.
fn lines(diff: &[DiffLine], text: &mut String, colour: bool) {
    let differs = |line: &DiffLine| !matches!(line, DiffLine::Same(_));
    let mut gap = false;
    for (index, line) in diff.iter().enumerate() {
        let near = &diff[index.saturating_sub(AROUND)..diff.len().min(index + AROUND + 1)];
        // The header is always shown.
        if index > 0 && !near.iter().any(differs) {
            if !std::mem::replace(&mut gap, true) {
                text.push_str("    …\n");
            }
            continue;
        }
        gap = false;
        let shown = match line {
            DiffLine::Same(row) => format!("    {row}"),
            DiffLine::Missing(row) => paint(&format!("  - {row}"), "31", colour),
            DiffLine::Extra(row) => paint(&format!("  + {row}"), "32", colour),
        };
        text.push_str(shown.trim_end());
        text.push('\n');
    }
}
