//! `riverrun bench nexmark`: the queries of the Nexmark benchmark, each in a process of its own.

mod nexmark;

use crate::args::{BenchArgs, Benchmark, NexmarkArgs};
use crate::checkpoints::bytes;
use crate::output::{is_read, print};
use crate::processes::this_binary;
use crate::progress::count;
use nexmark::Query;
use riverrun::durable::find;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result};
use riverrun_state::checkpoint::{Manifest, StoreOptions};
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a benchmark; the exit code.
pub fn bench(args: &BenchArgs) -> Result<u8> {
    let Benchmark::Nexmark(args) = &args.benchmark;
    let failed = run_nexmark(args)?;
    Ok(u8::from(failed > 0))
}

/// Between checkpoints, as in the benchmark's usual configuration; `-D` changes it.
const INTERVAL: (&str, &str) = ("execution.checkpointing.interval", "10s");

/// What one query did.
struct Measured {
    seconds: f64,
    memory: u64,
    /// Bytes of the largest of its checkpoints.
    state: u64,
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
            Error::input(format!("there is no query '{name}'")).hint_opt(did_you_mean(name, known)).detail(
                "the queries are q0 to q23, and source, the source alone; --queries takes names separated by commas",
            )
        })
    };
    names.iter().map(find).collect()
}

/// Writes the events as JSON lines, for runs with `--from` and for other engines.
fn write_events(args: &NexmarkArgs, work: &Path, folder: &Path) -> Result<usize> {
    let script = nexmark::write_script(args.events, folder);
    let measured = run_script(args, work, "write", &script, 1)?;
    print(&format!("{} events in {} ({:.1} s)\n", count(args.events), folder.display(), measured.seconds))?;
    Ok(0)
}

fn measure_all(args: &NexmarkArgs, queries: &[&Query], work: &Path) -> Result<usize> {
    let side_input = work.join("side_input.csv");
    std::fs::write(&side_input, nexmark::side_input()).map_err(|error| cannot("write", &side_input, &error))?;
    let workers = args.parallelism;
    let from = args.from.as_ref().map_or_else(|| "the generator".to_owned(), |path| path.display().to_string());
    let head = format!(
        "{} events from {from}, {workers} workers, {}\n\n\
         | query | seconds | events/s | per core | to source | memory | state | what |\n\
         |---|---:|---:|---:|---:|---:|---:|---|\n",
        count(args.events),
        settings(args)
    );
    if !is_read(&head)? {
        return Ok(0);
    }
    let mut broken = 0;
    let mut source = None;
    for query in queries {
        let script = nexmark::script(query, args.events, args.from.as_deref(), work);
        let line = match run_script(args, work, query.name, &script, workers) {
            Ok(measured) => {
                let seconds = measured.seconds.max(1e-9);
                if query.name == nexmark::SOURCE {
                    source = Some(seconds);
                }
                let rate = args.events as f64 / seconds;
                format!(
                    "| {} | {seconds:.2} | {} | {} | {} | {} | {} | {} |\n",
                    query.name,
                    count(rate as u64),
                    count((rate / workers as f64) as u64),
                    source.map(|source: f64| format!("{:.2}", source / seconds)).unwrap_or_default(),
                    bytes(measured.memory),
                    bytes(measured.state),
                    query.title()
                )
            }
            Err(error) => {
                broken += 1;
                format!("| {} | | | | | | | {}: failed: {} |\n", query.name, query.title(), error.message())
            }
        };
        if !is_read(&line)? {
            break;
        }
    }
    Ok(broken)
}

/// What differs from run to run, for the headline: the backend and the time between checkpoints.
fn settings(args: &NexmarkArgs) -> String {
    let last = |key: &str| args.define.iter().rfind(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let backend = last("state.backend.type").unwrap_or(if cfg!(feature = "rocksdb") { "rocksdb" } else { "hashmap" });
    let interval = last(INTERVAL.0).unwrap_or(INTERVAL.1);
    format!("state in {backend}, a checkpoint every {interval}")
}

/// Runs a script in a process of its own, so that its memory is its own.
fn run_script(args: &NexmarkArgs, work: &Path, name: &str, script: &str, workers: usize) -> Result<Measured> {
    let file = work.join(format!("{name}.sql"));
    let summary = work.join(format!("{name}.json"));
    std::fs::write(&file, script).map_err(|error| cannot("write", &file, &error))?;
    let program =
        this_binary().map_err(|error| Error::failure(format!("cannot find the program that is running: {error}")))?;
    let mut command = Command::new(program);
    let state = work.join(format!("{name}-state"));
    command.arg("run").arg(&file).arg("-p").arg(workers.to_string()).arg("--summary").arg(&summary);
    command.arg("--state-dir").arg(&state);
    // All are kept: the largest one counts.
    let ours = [INTERVAL, ("execution.checkpointing.num-retained", "1000000")];
    let theirs = args.define.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    for (key, value) in ours.into_iter().chain(theirs) {
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
    let measured = Measured {
        seconds: value["elapsed_seconds"].as_f64().unwrap_or_default(),
        memory: value["peak_memory_bytes"].as_u64().unwrap_or_default(),
        state: largest_state(&state)?,
    };
    // The next query wants the disk for itself.
    std::fs::remove_dir_all(&state).map_err(|error| cannot("remove", &state, &error))?;
    Ok(measured)
}

/// The bytes of state in the largest checkpoint of a state directory.
fn largest_state(folder: &Path) -> Result<u64> {
    let found = find(&folder.display().to_string(), &StoreOptions::default())?;
    let manifests = found.jobs.iter().flat_map(|(_, entries)| entries).filter_map(|entry| entry.manifest.as_ref().ok());
    Ok(manifests.map(Manifest::state_bytes).max().unwrap_or_default())
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::failure(format!("cannot {what} '{}': {error}", path.display()))
        .hint("check that the folder exists, may be written, and that the disk is not full")
}
