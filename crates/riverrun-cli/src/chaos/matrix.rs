//! `--matrix`: each fault in a run of its own, and a table of the runs that held.

use super::attempt::Pace;
use super::report::{differences, not_compared};
use super::schedule::{Menu, Schedule, crashes_before};
use super::{Performed, Stage, is_deterministic, not_deterministic, slowed_to, undisturbed};
use crate::args::ChaosArgs;
use crate::output::{print, print_cells};
use riverrun_core::failpoint::{Fault, FaultKind, Hit, POINTS};
use riverrun_core::{Error, Result};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A run is slowed down to about this: time for some checkpoints, in each of very many runs.
const RUN_TIME: Duration = Duration::from_millis(1_500);

/// So long it may take where that was too little, on a busy machine.
const LONGER_RUN_TIME: Duration = Duration::from_secs(8);

/// What became of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Held,
    /// The run ended before its fault could strike.
    NotReached,
    /// What differs, or why the run failed.
    Broken(String),
}

/// Runs the cells; the exit code.
pub fn run(args: &ChaosArgs, stage: &Stage<'_>, menu: &Menu) -> Result<u8> {
    let mut hits = args.hits.clone();
    hits.sort_unstable();
    hits.dedup();
    if hits.contains(&0) {
        return Err(Error::input("--hits counts from 1"));
    }
    let cells = menu.cells(&hits);
    if cells.is_empty() {
        return Err(Error::input("--matrix has no fault that strikes at a failpoint")
            .hint("a kill at some moment is for a rehearsal without --matrix"));
    }
    print(&not_compared(stage.survey))?;
    let first = undisturbed(stage)?;
    let (pace, longer) = (slowed_to(stage, RUN_TIME)?.0, slowed_to(stage, LONGER_RUN_TIME)?.0);
    let (next, verdicts) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || -> Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(fault) = cells.get(number) else { return Ok(()) };
            let verdict = match run_cell(stage, &first, &format!("cell-{}", number + 1), fault, pace) {
                Ok(Verdict::NotReached) => {
                    run_cell(stage, &first, &format!("cell-{}-longer", number + 1), fault, longer)
                }
                verdict => verdict,
            };
            // The others need not go on.
            let verdict = verdict.inspect_err(|_| next.store(cells.len(), Ordering::Relaxed))?;
            verdicts.lock().unwrap_or_else(PoisonError::into_inner).push((fault.clone(), verdict));
        }
    };
    std::thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..args.jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| Err(Error::bug("a thread of the rehearsal has panicked")))
        })
    })?;
    let mut verdicts = verdicts.into_inner().unwrap_or_else(PoisonError::into_inner);
    verdicts.sort_by(|(left, _), (right, _)| left.cmp(right));
    let good = !verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Broken(_)));
    if !good && !is_deterministic(stage, &first, pace)? {
        return Err(not_deterministic());
    }
    print(&table(&verdicts))?;
    let not_reached = |verdict: &Verdict| *verdict == Verdict::NotReached;
    let missed = verdicts.iter().filter(|(fault, verdict)| not_reached(verdict) && menu.named().contains(fault));
    let missed: Vec<String> = missed.map(|(fault, _)| fault.to_string()).collect();
    let idle = verdicts.iter().all(|(_, verdict)| not_reached(verdict));
    if !missed.is_empty() {
        print(&format!("NOT REACHED, though asked for: {}\n", missed.join(", ")))?;
    } else if idle {
        print("NOTHING WAS REHEARSED: no fault has struck\n")?;
    }
    Ok(u8::from(!good || idle || !missed.is_empty()))
}

fn run_cell(stage: &Stage<'_>, first: &Performed, name: &str, fault: &Fault, pace: Option<Pace>) -> Result<Verdict> {
    let mut schedule = Schedule { faults: crashes_before(fault), kills: Vec::new() };
    schedule.faults.push(fault.clone());
    let performed = stage.perform(name, &schedule, pace)?;
    Ok(judge(stage, first, &performed, fault))
}

fn judge(stage: &Stage<'_>, first: &Performed, performed: &Performed, fault: &Fault) -> Verdict {
    if let Some(failure) = &performed.ended.failure {
        return Verdict::Broken(failure.words.clone());
    }
    let compared = stage.compare(first, performed);
    if !compared.iter().all(|(_, comparison)| comparison.agrees()) {
        return Verdict::Broken(compared.iter().map(|(table, found)| differences(table, found)).collect());
    }
    // One at every hit is not noted.
    let reached =
        fault.hit == Hit::Every || performed.ended.struck.iter().any(|(struck, _)| *struck == fault.to_string());
    if reached { Verdict::Held } else { Verdict::NotReached }
}

/// A row per failpoint, a column per kind: how many of the cells whose fault has struck have held.
fn table(verdicts: &[(Fault, Verdict)]) -> String {
    let kinds: Vec<FaultKind> =
        FaultKind::ALL.into_iter().filter(|kind| verdicts.iter().any(|(fault, _)| fault.kind == *kind)).collect();
    let points = POINTS.iter().filter(|point| verdicts.iter().any(|(fault, _)| fault.point == point.name));
    let rows: Vec<Vec<String>> = points
        .map(|point| {
            let cell = |kind: &FaultKind| {
                let of = |fault: &Fault| fault.kind == *kind && fault.point == point.name;
                let these: Vec<&Verdict> =
                    verdicts.iter().filter(|(fault, _)| of(fault)).map(|(_, verdict)| verdict).collect();
                let held = these.iter().filter(|verdict| ***verdict == Verdict::Held).count();
                let reached = these.iter().filter(|verdict| ***verdict != Verdict::NotReached).count();
                if these.is_empty() { String::new() } else { format!("{held}/{reached}") }
            };
            std::iter::once(point.name.to_owned()).chain(kinds.iter().map(cell)).collect()
        })
        .collect();
    let columns: Vec<String> =
        std::iter::once("failpoint").chain(kinds.iter().map(|kind| kind.name())).map(str::to_owned).collect();
    let mut text = print_cells(&columns, &rows);
    let all = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(move |(_, verdict)| wanted(verdict));
    let names =
        |wanted: fn(&Verdict) -> bool| all(wanted).map(|(fault, _)| fault.to_string()).collect::<Vec<_>>().join(", ");
    for (fault, verdict) in verdicts {
        if let Verdict::Broken(why) = verdict {
            text.push_str(&format!("{fault}:\n{why}"));
        }
    }
    let not_reached = names(|verdict| *verdict == Verdict::NotReached);
    if !not_reached.is_empty() {
        text.push_str(&format!("not reached: {not_reached}\n"));
    }
    text.push_str(&format!(
        "{} cells ran, {} held, {} broke, {} were not reached\n",
        verdicts.len(),
        all(|verdict| *verdict == Verdict::Held).count(),
        all(|verdict| matches!(verdict, Verdict::Broken(_))).count(),
        all(|verdict| *verdict == Verdict::NotReached).count()
    ));
    text
}
