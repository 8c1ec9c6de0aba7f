//! Named places at which a rehearsal makes a job fail: an error, a panic, a sudden death, a delay, a lost connection.
//!
//! Points stand where a crash matters (before an upload, between a commit and its confirmation), never where every row
//! passes. They are part of every binary, so that `riverrun chaos` rehearses the very binary that runs in production: a
//! point at which nothing is armed costs one load of a flag that never changes, some nanoseconds per checkpoint in all.
//!
//! What is armed is global to the process, as are the crashes that it stands for. With a *ledger*, a folder, several
//! processes and the starts of a job that follow each other count hits together, and leave a note of each fault that
//! has struck.

mod fault;
mod points;

pub use fault::{Fault, FaultKind, Hit};
pub use points::{POINTS, Phase, Point};

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The variable of the environment that arms a process: faults with commas between.
pub const FAULTS_VARIABLE: &str = "RIVERRUN_FAULTS";

/// The variable that names the ledger.
pub const LEDGER_VARIABLE: &str = "RIVERRUN_FAULTS_LEDGER";

/// The file of a ledger that holds a line per fault that has struck: the fault, a tab, the process id.
pub const STRUCK_FILE: &str = "struck";

/// What a point has done to whoever passed it, if he still lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Struck {
    /// Nothing.
    Nothing,
    /// The connection to another system is gone: act as if it had closed by itself.
    Disconnected,
}

/// Whether anything is armed.
static ARMED: AtomicBool = AtomicBool::new(false);

static PLAN: Mutex<Option<Plan>> = Mutex::new(None);

#[derive(Debug)]
struct Plan {
    faults: Vec<Fault>,
    /// The hits of each point, where there is no ledger.
    hits: BTreeMap<String, u64>,
    ledger: Option<PathBuf>,
}

/// Does what has been armed for the point `name`; usually nothing. Here there is no connection: that one is lost does nothing.
#[inline]
pub fn failpoint(name: &str) -> Result<()> {
    strike(name).map(drop)
}

/// The same at a point where a connection can be lost.
#[inline]
pub fn strike(name: &str) -> Result<Struck> {
    if ARMED.load(Ordering::Relaxed) { hit(name) } else { Ok(Struck::Nothing) }
}

/// The error of a fault.
fn rehearsed(name: &str) -> Error {
    Error::failure(format!("the failpoint '{name}' was hit"))
}

#[cold]
fn hit(name: &str) -> Result<Struck> {
    let struck = {
        let mut plan = PLAN.lock().unwrap_or_else(PoisonError::into_inner);
        plan.as_mut().map_or(Ok(Vec::new()), |plan| plan.hit(name))?
    };
    let mut result = Ok(Struck::Nothing);
    for fault in struck {
        match fault.kind {
            FaultKind::Error => result = Err(rehearsed(name)),
            FaultKind::Disconnect => result = Ok(Struck::Disconnected),
            #[allow(clippy::panic, reason = "a panic is what was asked for")]
            FaultKind::Panic => panic!("the failpoint '{name}' was hit"),
            FaultKind::Kill => {
                // As if from outside: no destructor runs, nothing is flushed.
                let _ = signal_hook::low_level::raise(signal_hook::consts::SIGKILL);
            }
            FaultKind::Delay | FaultKind::Stall => std::thread::sleep(fault.duration()),
        }
    }
    result
}

impl Plan {
    /// The faults that strike at this hit of a point.
    fn hit(&mut self, name: &str) -> Result<Vec<Fault>> {
        let armed: Vec<Fault> = self.faults.iter().filter(|fault| fault.point == name).cloned().collect();
        if armed.is_empty() {
            return Ok(armed);
        }
        let (counted, always): (Vec<Fault>, Vec<Fault>) =
            armed.into_iter().partition(|fault| matches!(fault.hit, Hit::Nth(_)));
        let mut struck = always;
        if !counted.is_empty() {
            let number = match &self.ledger {
                Some(folder) => count_in(folder, name)?,
                None => {
                    let hits = self.hits.entry(name.to_owned()).or_default();
                    *hits += 1;
                    *hits
                }
            };
            for fault in counted.into_iter().filter(|fault| fault.hit == Hit::Nth(number)) {
                if let Some(folder) = &self.ledger {
                    let line = format!("{fault}\t{}\n", std::process::id());
                    append(&folder.join(STRUCK_FILE), line.as_bytes())?;
                }
                struck.push(fault);
            }
        }
        Ok(struck)
    }
}

/// Counts a hit in the ledger: one byte of a file. Appends do not overtake each other, so each hit has its own number.
fn count_in(folder: &Path, point: &str) -> Result<u64> {
    append(&folder.join(format!("hits-{point}")), b".")
}

/// Appends to a file; its length then.
fn append(path: &Path, bytes: &[u8]) -> Result<u64> {
    let failed = |error: std::io::Error| Error::failure(format!("the ledger of faults {}: {error}", path.display()));
    let mut file = File::options().create(true).append(true).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.stream_position()).map_err(failed)
}

/// Arms faults, beside those that are armed: `kill@manifest-put:2, delay(100ms)@sink-write`.
pub fn arm(faults: &str) -> Result<()> {
    arm_with(Fault::parse_all(faults)?, None)
}

fn arm_with(faults: Vec<Fault>, ledger: Option<PathBuf>) -> Result<()> {
    let mut plan = PLAN.lock().unwrap_or_else(PoisonError::into_inner);
    let plan = plan.get_or_insert_with(|| Plan { faults: Vec::new(), hits: BTreeMap::new(), ledger: None });
    plan.faults.extend(faults);
    plan.ledger = ledger.or(plan.ledger.take());
    ARMED.store(!plan.faults.is_empty(), Ordering::Relaxed);
    Ok(())
}

/// Takes all faults back, and forgets all hits.
pub fn disarm() {
    ARMED.store(false, Ordering::Relaxed);
    *PLAN.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Arms what the environment says; true if it says anything.
pub fn arm_from_environment() -> Result<bool> {
    let Ok(faults) = std::env::var(FAULTS_VARIABLE) else { return Ok(false) };
    let faults = Fault::parse_all(&faults).map_err(|error| error.context(FAULTS_VARIABLE))?;
    let some = !faults.is_empty();
    arm_with(faults, std::env::var_os(LEDGER_VARIABLE).map(PathBuf::from))?;
    Ok(some)
}

/// How long a fault without a duration of its own delays.
const DELAY: Duration = Duration::from_millis(300);

/// How long a stall without a duration of its own takes.
const STALL: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;
