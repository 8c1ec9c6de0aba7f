//! `riverrun bench nexmark`: the queries of the Nexmark benchmark, each in a process of its own.

mod nexmark;

use crate::args::{BenchArgs, Benchmark, NexmarkArgs};
use crate::progress::count;
use crate::run::report;
use nexmark::Query;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a benchmark; the exit code.
pub fn bench(args: &BenchArgs) -> u8 {
    let Benchmark::Nexmark(args) = &args.benchmark;
    match run_nexmark(args) {
        Ok(0) => 0,
        Ok(_) => 1,
        Err(error) => report(&error, "", ""),
    }
}

/// What one query did.
struct Measured {
    seconds: f64,
    memory: u64,
}

/// Runs the queries; how many of them failed.
fn run_nexmark(args: &NexmarkArgs) -> Result<usize> {
    let queries = chosen(&args.queries)?;
    let work = std::env::temp_dir().join(format!("riverrun-bench-{}", std::process::id()));
    std::fs::create_dir_all(&work).map_err(|error| cannot("create the folder", &work, &error))?;
    let ended = match &args.write {
        Some(folder) => write_events(args, &work, folder),
        None => measure_all(args, &queries, &work),
    };
    // What is left there is of no use to anybody.
    let _ = std::fs::remove_dir_all(&work);
    ended
}

/// The queries of `--queries`, in the order given; all of them if it is not given.
fn chosen(names: &[String]) -> Result<Vec<&'static Query>> {
    if names.is_empty() {
        return Ok(nexmark::QUERIES.iter().collect());
    }
    let find = |name: &String| {
        nexmark::QUERIES.iter().find(|query| query.name == name.trim()).ok_or_else(|| {
            let known = nexmark::QUERIES.iter().map(|query| query.name);
            Error::input(format!("there is no query '{name}'"))
                .hint_opt(did_you_mean(name, known))
                .detail("the queries are q0 to q23; --queries takes names separated by commas")
        })
    };
    names.iter().map(find).collect()
}

/// Writes the events as JSON lines, for runs with `--from` and for other engines.
fn write_events(args: &NexmarkArgs, work: &Path, folder: &Path) -> Result<usize> {
    let script = nexmark::write_script(args.events, folder);
    let measured = run_script(args, work, "write", &script, 1)?;
    println!("{} events in {} ({:.1} s)", count(args.events), folder.display(), measured.seconds);
    Ok(0)
}

fn measure_all(args: &NexmarkArgs, queries: &[&Query], work: &Path) -> Result<usize> {
    let side_input = work.join("side_input.csv");
    std::fs::write(&side_input, nexmark::side_input()).map_err(|error| cannot("write", &side_input, &error))?;
    let workers = args.parallelism.max(1);
    let from = args.from.as_ref().map_or_else(|| "the generator".to_owned(), |path| path.display().to_string());
    println!("{} events from {from}, {workers} workers\n", count(args.events));
    println!("| query | seconds | events/s | per core | memory | what |\n|---|---:|---:|---:|---:|---|");
    let mut failed = 0;
    for query in queries {
        let script = nexmark::script(query, args.events, args.from.as_deref(), work);
        match run_script(args, work, query.name, &script, workers) {
            Ok(measured) => {
                let rate = args.events as f64 / measured.seconds.max(1e-9);
                println!(
                    "| {} | {:.2} | {} | {} | {} MiB | {} |",
                    query.name,
                    measured.seconds,
                    count(rate as u64),
                    count((rate / workers as f64) as u64),
                    measured.memory >> 20,
                    query.title()
                );
            }
            Err(error) => {
                failed += 1;
                println!("| {} | | | | | {}: failed: {} |", query.name, query.title(), error.message());
            }
        }
        // A reader sees each line as it comes.
        let _ = std::io::stdout().flush();
    }
    Ok(failed)
}

/// Runs a script in a process of its own, so that its memory is its own.
fn run_script(args: &NexmarkArgs, work: &Path, name: &str, script: &str, workers: usize) -> Result<Measured> {
    let file = work.join(format!("{name}.sql"));
    let summary = work.join(format!("{name}.json"));
    std::fs::write(&file, script).map_err(|error| cannot("write", &file, &error))?;
    let program = std::env::current_exe()
        .map_err(|error| Error::failure(format!("cannot find the program that is running: {error}")))?;
    let mut command = Command::new(program);
    command.arg("run").arg(&file).arg("-p").arg(workers.to_string()).arg("--summary").arg(&summary);
    for (key, value) in &args.define {
        command.arg("-D").arg(format!("{key}={value}"));
    }
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| Error::failure(format!("cannot start a process: {error}")))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let first = text.lines().find(|line| line.starts_with("error")).unwrap_or("it did not end in good order");
        return Err(Error::failure(first.trim_start_matches("error: ").to_owned()));
    }
    let text = std::fs::read_to_string(&summary).map_err(|error| cannot("read", &summary, &error))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| Error::bug(format!("the summary is no JSON: {error}")))?;
    Ok(Measured {
        seconds: value["elapsed_seconds"].as_f64().unwrap_or_default(),
        memory: value["peak_memory_bytes"].as_u64().unwrap_or_default(),
    })
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::failure(format!("cannot {what} '{}': {error}", path.display()))
        .hint("check that the folder exists, may be written, and that the disk is not full")
}
