//! `riverrun chaos`: a bounded pipeline run undisturbed and with faults, and whether it has written the same.
//!
//! ```text
//! survey ─► undisturbed run ─► outputs ───────────────┐
//!       └─► run with faults, restarted ─► outputs ────┴─► compare ─► report
//! ```
//!
//! A run is what `riverrun run --state-dir` makes of the file, in processes of its own, with its tables led to scratch places.

mod attempt;
mod matrix;
mod report;
mod schedule;

use crate::args::ChaosArgs;
use crate::output::print;
use crate::output::print_cells;
use crate::run::{define, report as report_error};
use crate::signals::Signals;
use attempt::{Attempt, Ended, Pace, Runs};
use report::Report;
use riverrun::rehearsal::{Comparison, Output, ScratchPlaces, Survey, compare, read_back, survey};
use riverrun::{Script, Session};
use riverrun_core::failpoint::{POINTS, Phase};
use riverrun_core::options::parse_duration;
use riverrun_core::{Error, Result};
use schedule::{Menu, Schedule};
use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a checkpoint is taken where nothing is said.
const INTERVAL: &str = "100ms";

/// A run is slowed down to about this, so that faults fall between its beginning and its end.
const RUN_TIME: Duration = Duration::from_millis(2_500);

/// How long a worker is to pause before each piece of its rows. A barrier waits for some of them.
const PAUSE: Duration = Duration::from_millis(30);

/// Where the rows are too few for so many pieces, a pause is not longer than this.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Rehearses crashes; the exit code.
pub fn chaos(args: &ChaosArgs) -> Result<u8> {
    if args.list {
        return list();
    }
    let file = args.script.file.clone().unwrap_or_default();
    let script = Script::read(&file, args.script.variables.clone())?;
    Ok(rehearse(args, &script).unwrap_or_else(|error| report_error(&error, &script.name, &script.text)))
}

/// Prints the failpoints.
fn list() -> Result<u8> {
    let rows: Vec<Vec<String>> = POINTS
        .iter()
        .filter(|point| point.phase != Phase::Savepoint)
        .map(|point| {
            let when = match point.phase {
                Phase::Run => "while it runs",
                Phase::Checkpoint => "each checkpoint",
                Phase::Restore => "each restart",
                Phase::Tier => "each checkpoint with RocksDB",
                Phase::Savepoint => "each savepoint",
            };
            let disconnects = if point.connection { "yes" } else { "" };
            vec![point.name.to_owned(), when.to_owned(), disconnects.to_owned(), point.doc.to_owned()]
        })
        .collect();
    let columns = ["failpoint", "passed", "disconnect", "right before"].map(str::to_owned);
    print(&print_cells(&columns, &rows))?;
    Ok(0)
}

/// A number that nobody else has just now: from the keys of a hash map, which come from the system.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// What all runs of a rehearsal share.
struct Stage<'a> {
    survey: &'a Survey,
    runs: Runs,
    /// Holds a folder per run.
    folder: PathBuf,
    /// What the names of scratch places begin with.
    name: String,
}

/// What a run has left.
struct Performed {
    ended: Ended,
    /// By table; empty if it failed.
    outputs: BTreeMap<String, Output>,
}

impl Stage<'_> {
    /// Runs the pipeline in scratch places of its own, and reads back what it has written.
    fn perform(&self, label: &str, schedule: &Schedule, pace: Option<Pace>) -> Result<Performed> {
        let folder = self.folder.join(label);
        std::fs::create_dir_all(folder.join("tables"))
            .map_err(|error| Error::failure(format!("cannot make the folder {}: {error}", folder.display())))?;
        let name = format!("{}_{}", self.name, label.replace('-', "_"));
        let mut places = ScratchPlaces::make(&self.survey.written, &folder.join("tables"), &name)?;
        let tables = places.overrides(&self.survey.read);
        let ended = Attempt { runs: &self.runs, folder: &folder, tables, schedule, pace }.run()?;
        let mut outputs = BTreeMap::new();
        if ended.failure.is_none() {
            for written in &self.survey.written {
                if let Some(Some(place)) = places.places.get(&written.name) {
                    outputs.insert(written.name.clone(), read_back(&self.survey.session, written, place)?);
                }
            }
        }
        places.remove();
        Ok(Performed { ended, outputs })
    }

    /// Compares a run with the undisturbed one, table by table.
    fn compare(&self, undisturbed: &Performed, disturbed: &Performed) -> Vec<(String, Comparison)> {
        let mut comparisons = Vec::new();
        for written in &self.survey.written {
            if let (Some(expected), Some(found)) =
                (undisturbed.outputs.get(&written.name), disturbed.outputs.get(&written.name))
            {
                let comparison = compare(expected, found, written.guarantee(), written.by_key);
                comparisons.push((written.name.clone(), comparison));
            }
        }
        comparisons
    }

    fn summary(&self, label: &str) -> Result<(Duration, u64)> {
        let path = self.folder.join(label).join("summary.json");
        let wrong = |error: String| Error::failure(format!("cannot read {}: {error}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        let summary: serde_json::Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let rows = summary["sources"].as_array().into_iter().flatten();
        let rows = rows.map(|table| table["rows"].as_u64().unwrap_or(0)).sum();
        Ok((Duration::from_secs_f64(summary["elapsed_seconds"].as_f64().unwrap_or(0.0)), rows))
    }

    /// How a run is slowed down that takes this long for these rows.
    fn pace(&self, elapsed: Duration, rows: u64, wanted: Duration) -> Option<Pace> {
        if elapsed >= wanted {
            return None;
        }
        let usual = self.survey.session.config.batch_size() as u64;
        // Each worker reads its own share.
        let workers = self.runs.parallelism as u64;
        let pauses = (wanted - elapsed).div_duration_f64(PAUSE).ceil() as u64;
        let batch_size = (rows / (pauses * workers).max(1)).clamp(1, usual);
        let pieces = rows.div_ceil(batch_size).div_ceil(workers).max(1);
        let wait = (wanted - elapsed).div_f64(pieces as f64).min(LONGEST_PAUSE);
        Some(Pace { batch_size, wait })
    }
}

/// Where the runs leave what they leave.
enum Folder {
    Kept(PathBuf),
    Temporary(tempfile::TempDir),
}

impl Folder {
    fn make(keep: Option<&Path>) -> Result<Folder> {
        let failed = |error: std::io::Error| {
            let folder = keep.map_or_else(std::env::temp_dir, Path::to_path_buf);
            Error::failure(format!("cannot make the folder {} for the runs: {error}", folder.display()))
                .hint("name another one with --keep")
        };
        let Some(keep) = keep else {
            let made = tempfile::Builder::new().prefix("riverrun-chaos-").tempdir();
            return Ok(Folder::Temporary(made.map_err(failed)?));
        };
        std::fs::create_dir_all(keep).map_err(failed)?;
        if std::fs::read_dir(keep).map_err(failed)?.next().is_some() {
            return Err(Error::input(format!("the folder {} is not empty", keep.display()))
                .hint("give --keep a new folder: the runs begin without a state"));
        }
        std::path::absolute(keep).map(Folder::Kept).map_err(failed)
    }

    fn path(&self) -> &Path {
        match self {
            Folder::Kept(path) => path,
            Folder::Temporary(folder) => folder.path(),
        }
    }

    /// Leaves it for whoever wants to see why the outputs differ.
    fn keep(self) -> PathBuf {
        match self {
            Folder::Kept(path) => path,
            Folder::Temporary(folder) => folder.keep(),
        }
    }
}

fn rehearse(args: &ChaosArgs, script: &Script) -> Result<u8> {
    let timeout = parse_duration(&args.timeout).filter(|timeout| timeout.0 > 0).ok_or_else(|| {
        Error::input(format!("'{}' is no duration", args.timeout)).hint("write it like --timeout '2 min'")
    })?;
    let mut session = Session::default();
    define(&mut session, &args.script.define)?;
    let survey = survey(session, script)?;
    let connections = survey.written.iter().any(|table| table.connector() != "filesystem" && table.is_comparable());
    if !survey.written.iter().any(|table| table.is_comparable()) {
        let names: Vec<String> =
            survey.written.iter().map(|table| format!("'{}' ({})", table.name, table.connector())).collect();
        return Err(Error::input("nothing that the pipeline writes can be read back and compared")
            .detail(format!("it writes {}", names.join(", ")))
            .hint("let it write to a table of the connector filesystem, jdbc or kafka"));
    }
    let menu = Menu::read(&args.faults, connections, args.matrix)?;
    let folder = Folder::make(args.keep.as_deref())?;
    let mut file = args.script.file.clone().unwrap_or_default();
    if file.as_os_str() == "-" {
        file = folder.path().join("stdin.sql");
        std::fs::write(&file, &script.text).map_err(|error| Error::failure(error.to_string()))?;
    }
    let mut define = args.script.define.clone();
    if survey.session.config.checkpoint_interval().is_none() {
        define.push(("execution.checkpointing.interval".to_owned(), INTERVAL.to_owned()));
    }
    let stage = Stage {
        runs: Runs {
            file,
            define,
            variables: args.script.variables.clone(),
            parallelism: args.parallelism,
            processes: args.processes,
            timeout: Duration::from_millis(timeout.0 as u64),
            signals: Signals::listen(),
        },
        folder: folder.path().to_owned(),
        name: format!("riverrun_chaos_{:08x}", random() as u32),
        survey: &survey,
    };
    let code = if args.matrix { matrix::run(args, &stage, &menu)? } else { runs(args, &stage, &menu)? };
    if code == 1 {
        print(&format!("the runs' logs, states and files are in {}\n", folder.keep().display()))?;
    }
    Ok(code)
}

/// The undisturbed run.
fn undisturbed(stage: &Stage<'_>) -> Result<Performed> {
    let undisturbed = stage.perform("undisturbed", &Schedule::default(), None)?;
    if let Some(failure) = &undisturbed.ended.failure {
        let (what, hint) = match failure.timed_out {
            true => ("the undisturbed run takes too long", "--timeout gives every run more time"),
            false => (
                "the pipeline fails without any fault, so there is nothing to compare with",
                "a rehearsal needs a file that `riverrun run` runs to its end",
            ),
        };
        let words = format!("{what}: {}", failure.words.trim_end());
        let error = if failure.input { Error::input(words) } else { Error::failure(words) };
        return Err(error.hint(hint));
    }
    Ok(undisturbed)
}

/// How runs are slowed down to take about `wanted`, after the undisturbed one; and how long they will take.
fn slowed_to(stage: &Stage<'_>, wanted: Duration) -> Result<(Option<Pace>, Duration)> {
    let (elapsed, rows) = stage.summary("undisturbed")?;
    let rows = rows * u64::from(stage.runs.processes);
    Ok((stage.pace(elapsed, rows, wanted), elapsed.max(wanted)))
}

/// Whether the pipeline gives the same twice without any fault.
fn is_deterministic(stage: &Stage<'_>, first: &Performed, pace: Option<Pace>) -> Result<bool> {
    let second = stage.perform("undisturbed-2", &Schedule::default(), pace)?;
    let compared = stage.compare(first, &second);
    Ok(second.ended.failure.is_none() && compared.iter().all(|(_, comparison)| comparison.agrees()))
}

/// Runs with faults that a seed has chosen.
fn runs(args: &ChaosArgs, stage: &Stage<'_>, menu: &Menu) -> Result<u8> {
    let seed = args.seed.unwrap_or_else(|| random() % 1_000_000);
    let mut report = Report::new(args, stage.survey, seed);
    print(&report.head())?;
    let first = undisturbed(stage)?;
    let (pace, expected) = slowed_to(stage, RUN_TIME)?;
    print(&report.undisturbed(&first))?;
    let mut good = true;
    for number in 0..args.runs {
        let seed = seed.wrapping_add(number);
        let schedule = menu.choose(seed, args.strikes, usize::from(args.processes), expected);
        let performed = stage.perform(&format!("run-{}", number + 1), &schedule, pace)?;
        let compared = stage.compare(&first, &performed);
        let agrees = performed.ended.failure.is_none() && compared.iter().all(|(_, table)| table.agrees());
        if !agrees && performed.ended.failure.is_none() && good && !is_deterministic(stage, &first, pace)? {
            return Err(not_deterministic());
        }
        good &= agrees;
        print(&report.run(number, seed, &performed, &compared))?;
    }
    let missed = report.missed(menu.named());
    print(&report.end(good, &missed))?;
    Ok(u8::from(!good || !missed.is_empty() || report.is_idle()))
}

fn not_deterministic() -> Error {
    Error::input("two undisturbed runs of the pipeline give different rows, so faults can't be told from chance")
        .detail("what depends on the clock (PROCTIME, CURRENT_TIMESTAMP, times of datagen), on chance (RAND, UUID) or on the order in which several workers' rows meet differs from run to run")
        .hint("rehearse a part of it that is the same each time, or try -p 1")
}
