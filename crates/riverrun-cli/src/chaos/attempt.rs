//! One run of the pipeline with its restarts: processes that are started, die, and are started again until they end well.

use super::schedule::{KillAt, Schedule};
use crate::processes::this_binary;
use crate::signals::Signals;
use riverrun::Control;
use riverrun::rehearsal::TableOverrides;
use riverrun_core::failpoint::{FAULTS_VARIABLE, Fault, FaultKind, Hit, LEDGER_VARIABLE, STRUCK_FILE};
use riverrun_core::{Error, Millis, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a running process is looked at.
const TURN: Duration = Duration::from_millis(5);

/// How many lines of a log are shown.
const LOG_LINES: usize = 15;

/// How the runs of a rehearsal are started; the same for all.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The SQL file.
    pub file: PathBuf,
    /// `-D`.
    pub define: Vec<(String, String)>,
    /// `--var`.
    pub variables: Vec<(String, String)>,
    /// `-p`.
    pub parallelism: usize,
    /// `--processes`.
    pub processes: u16,
    /// How long one may take.
    pub timeout: Duration,
    /// Ctrl-C.
    pub signals: Signals,
}

/// How a run is slowed down, so that there are checkpoints for faults to fall into.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many rows a source reads at a time.
    pub batch_size: u64,
    /// How long it waits before that.
    pub wait: Duration,
}

/// One run.
pub struct Attempt<'a> {
    /// How it is started.
    pub runs: &'a Runs,
    /// A folder of its own, which is there.
    pub folder: &'a Path,
    /// Where its tables are.
    pub tables: TableOverrides,
    /// What goes wrong.
    pub schedule: &'a Schedule,
    /// How it is slowed down.
    pub pace: Option<Pace>,
}

/// How a run ended.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// How often it was started again.
    pub restarts: usize,
    /// The faults that have struck, as text, and in which process.
    pub struck: Vec<(String, String)>,
    /// The faults that were not reached.
    pub unreached: Vec<String>,
    /// The faults at every hit: how often they have struck is not noted.
    pub uncounted: Vec<String>,
    /// From the first start to the end.
    pub elapsed: Duration,
    /// Why it did not end well.
    pub failure: Option<Failure>,
}

/// Why a run did not end well.
#[derive(Clone, Debug)]
pub struct Failure {
    /// In words, with what it had said.
    pub words: String,
    /// Whether the input was wrong.
    pub input: bool,
    /// Whether it was ended since it had taken too long.
    pub timed_out: bool,
}

/// A process that is gone with this value, whatever happens to whoever waits for it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Its children end when their pipe closes.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Attempt<'_> {
    /// Runs it to its end.
    pub fn run(&self) -> Result<Ended> {
        let failed = |error: std::io::Error| Error::failure(format!("cannot prepare a run: {error}"));
        std::fs::create_dir_all(self.ledger()).map_err(failed)?;
        let tables = serde_json::to_vec(&self.tables).map_err(|error| Error::bug(error.to_string()))?;
        std::fs::write(self.folder.join("tables.json"), tables).map_err(failed)?;
        let begun = Instant::now();
        let mut ended = Ended::default();
        let mut kills = self.schedule.kills.clone();
        let most = self.schedule.faults.len() + self.schedule.kills.len();
        let ends = |fault: &Fault| matches!(fault.kind, FaultKind::Error | FaultKind::Panic | FaultKind::Kill);
        let dies_unnoted = self.schedule.faults.iter().any(|fault| fault.hit == Hit::Every && ends(fault));
        loop {
            let before = self.deaths()?;
            let waiting = kills.len();
            let status = self.start_once(begun, &mut kills, &mut ended)?;
            let Some(status) = status else {
                let words = format!("it had not ended after {}\n{}", in_words(self.runs.timeout), self.log_tail());
                ended.failure = Some(Failure { words, input: false, timed_out: true });
                break;
            };
            if status.success() {
                break;
            }
            let explained = dies_unnoted || self.deaths()? > before || kills.len() < waiting;
            if !explained || status.code() == Some(2) || ended.restarts > most {
                let what = match explained {
                    true => "it could not go on",
                    false if most == 0 => "it ended with an error",
                    false => "it failed though no fault had struck",
                };
                let words = format!("{what} ({status})\n{}", self.log_tail());
                ended.failure = Some(Failure { words, input: status.code() == Some(2), timed_out: false });
                break;
            }
            ended.restarts += 1;
        }
        ended.elapsed = begun.elapsed();
        let struck = self.struck()?;
        let left = |fault: &&&Fault| !struck.iter().any(|(text, _)| *text == fault.to_string());
        let (every, counted): (Vec<&Fault>, Vec<&Fault>) =
            self.schedule.faults.iter().partition(|fault| fault.hit == Hit::Every);
        ended.uncounted = every.iter().map(ToString::to_string).collect();
        ended.unreached = counted.iter().filter(left).map(ToString::to_string).collect();
        ended.unreached.extend(kills.iter().map(ToString::to_string));
        ended.struck.extend(struck);
        Ok(ended)
    }

    fn ledger(&self) -> PathBuf {
        self.folder.join("ledger")
    }

    /// Starts it and waits until it ends, killing what is to be killed. `None` if it takes too long.
    fn start_once(&self, begun: Instant, kills: &mut Vec<KillAt>, ended: &mut Ended) -> Result<Option<ExitStatus>> {
        let mut child = Running(self.command()?.spawn().map_err(not_started)?);
        loop {
            if let Some(status) = child.0.try_wait().map_err(not_started)? {
                return Ok(Some(status));
            }
            if self.runs.signals.control() != Control::Continue {
                return Err(Error::failure("interrupted"));
            }
            if begun.elapsed() > self.runs.timeout {
                return Ok(None);
            }
            if let Some(kill) = kills.pop_if_first(|kill| kill.after <= begun.elapsed()) {
                let victim = kill_process(&mut child.0, kill.process);
                ended.struck.push((kill.to_string(), format!("pid {victim}")));
            }
            std::thread::sleep(TURN);
        }
    }

    fn command(&self) -> Result<Command> {
        let runs = self.runs;
        let log = File::options().create(true).append(true).open(self.folder.join("log")).map_err(not_started)?;
        let mut command = Command::new(this_binary().map_err(not_started)?);
        command.arg("run").arg(&runs.file).arg("--tables").arg(self.folder.join("tables.json"));
        command
            .arg("--state-dir")
            .arg(self.folder.join("state"))
            .arg("--summary")
            .arg(self.folder.join("summary.json"));
        command.args(["-p", &runs.parallelism.to_string(), "--processes", &runs.processes.to_string()]);
        let batches = self.pace.map(|pace| ("execution.batch-size".to_owned(), pace.batch_size.to_string()));
        for (key, value) in batches.iter().chain(&runs.define) {
            command.arg("-D").arg(format!("{key}={value}"));
        }
        for (name, value) in &runs.variables {
            command.arg("--var").arg(format!("{name}={value}"));
        }
        command.env_remove(FAULTS_VARIABLE).env("NO_COLOR", "1").stdin(Stdio::null());
        let faults: Vec<String> = self.schedule.faults.iter().map(ToString::to_string).chain(self.pacing()).collect();
        if !faults.is_empty() {
            command.env(FAULTS_VARIABLE, faults.join(",")).env(LEDGER_VARIABLE, self.ledger());
        }
        command.stdout(log.try_clone().map_err(not_started)?).stderr(log);
        Ok(command)
    }

    fn pacing(&self) -> Option<String> {
        let wait = self.pace.filter(|pace| !pace.wait.is_zero())?.wait;
        let fault = Fault {
            kind: FaultKind::Delay,
            time: Some(Millis(wait.as_millis() as i64)),
            point: "source-read".to_owned(),
            hit: Hit::Every,
        };
        Some(fault.to_string())
    }

    /// The faults that have struck so far.
    fn struck(&self) -> Result<Vec<(String, String)>> {
        let text = std::fs::read_to_string(self.ledger().join(STRUCK_FILE)).unwrap_or_default();
        let mut struck = Vec::new();
        for line in text.lines() {
            let (fault, pid) = line.split_once('\t').ok_or_else(|| Error::bug("a ledger of faults that is none"))?;
            struck.push((fault.to_owned(), format!("pid {pid}")));
        }
        Ok(struck)
    }

    /// How many faults have struck that may end a process.
    fn deaths(&self) -> Result<usize> {
        let late = ["delay", "stall", "disconnect"];
        Ok(self.struck()?.iter().filter(|(fault, _)| !late.iter().any(|kind| fault.starts_with(kind))).count())
    }

    /// The last lines that the run has written.
    fn log_tail(&self) -> String {
        let text = std::fs::read(self.folder.join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let tail = &lines[lines.len().saturating_sub(LOG_LINES)..];
        tail.iter().map(|line| format!("    {line}\n")).collect()
    }
}

/// A time as it may be given.
fn in_words(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{} s", time.as_secs()) } else { format!("{} ms", time.as_millis()) }
}

fn not_started(error: std::io::Error) -> Error {
    Error::failure(format!("cannot start a run: {error}"))
}

/// Kills a process of the job; its id. One that is not there yet or any more stands for the first.
fn kill_process(child: &mut Child, index: usize) -> u32 {
    let first = child.id();
    let text = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap_or_default();
    let mut others: Vec<u32> = text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
    others.sort_unstable();
    let victim = index.checked_sub(1).and_then(|index| others.get(index)).copied().unwrap_or(first);
    if victim == first {
        let _ = child.kill();
    } else {
        let _ = Command::new("kill").args(["-9", &victim.to_string()]).status();
    }
    victim
}

/// Takes the first element where it fits.
trait PopIfFirst<T> {
    fn pop_if_first(&mut self, fits: impl FnOnce(&T) -> bool) -> Option<T>;
}

impl<T> PopIfFirst<T> for Vec<T> {
    fn pop_if_first(&mut self, fits: impl FnOnce(&T) -> bool) -> Option<T> {
        let first = self.first().is_some_and(fits);
        first.then(|| self.remove(0))
    }
}
