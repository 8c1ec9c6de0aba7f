//! What a rehearsal says.

use super::Performed;
use super::schedule::why_unreached;
use crate::args::{ChaosArgs, TIMEOUT};
use crate::progress::{count, counted};
use riverrun::rehearsal::{Comparison, Survey};
use riverrun_core::failpoint::Fault;
use std::collections::BTreeSet;

/// Words for a terminal, and sums for the last line.
pub struct Report<'a> {
    args: &'a ChaosArgs,
    survey: &'a Survey,
    seed: u64,
    struck: usize,
    /// Faults at every hit, of which nobody knows how often they have struck.
    uncounted: usize,
    /// What some run has not come to.
    unreached: BTreeSet<String>,
    restarts: usize,
    rows: u64,
    /// How many runs did not end well, and how many tables differ.
    failed: u64,
    differing: usize,
    /// Whether a run has failed since it took too long.
    timed_out: bool,
}

impl<'a> Report<'a> {
    /// Of a rehearsal that begins with this seed.
    pub fn new(args: &'a ChaosArgs, survey: &'a Survey, seed: u64) -> Self {
        Report {
            args,
            survey,
            seed,
            struck: 0,
            uncounted: 0,
            unreached: BTreeSet::new(),
            restarts: 0,
            rows: 0,
            failed: 0,
            differing: 0,
            timed_out: false,
        }
    }

    /// What is done.
    pub fn head(&self) -> String {
        let mut text = format!("seed {}\n", self.seed);
        text.push_str(&not_compared(self.survey));
        text
    }

    /// The run that all others are compared with.
    pub fn undisturbed(&self, performed: &Performed) -> String {
        let rows = performed.outputs.values().map(|output| output.count()).sum();
        let tables = counted(performed.outputs.len() as u64, "table");
        format!("undisturbed: {} in {tables}, {}\n", counted(rows, "row"), seconds(performed))
    }

    /// A run with faults.
    pub fn run(&mut self, number: u64, seed: u64, performed: &Performed, compared: &[(String, Comparison)]) -> String {
        let ended = &performed.ended;
        self.struck += ended.struck.len();
        self.uncounted += ended.uncounted.len();
        self.unreached.extend(ended.unreached.iter().cloned());
        self.restarts += ended.restarts;
        let restarts = counted(ended.restarts as u64, "restart");
        let mut text = format!("run {} (seed {seed}): {restarts}, {}\n", number + 1, seconds(performed));
        for (fault, process) in &ended.struck {
            text.push_str(&format!("  {fault:<32} struck ({process})\n"));
        }
        for fault in &ended.uncounted {
            text.push_str(&format!("  {fault:<32} not counted\n"));
        }
        for fault in &ended.unreached {
            text.push_str(&format!("  {fault:<32} not reached\n"));
        }
        if let Some(failure) = &ended.failure {
            self.failed += 1;
            self.timed_out |= failure.timed_out;
            text.push_str(&format!("  FAILED: {}", failure.words));
        }
        for (table, comparison) in compared {
            self.rows += comparison.expected;
            self.differing += usize::from(!comparison.agrees());
            text.push_str(&differences(table, comparison));
        }
        text
    }

    /// Those of these faults that some run has not come to.
    pub fn missed<'f>(&self, faults: &'f [Fault]) -> Vec<&'f Fault> {
        faults.iter().filter(|fault| self.unreached.contains(&fault.to_string())).collect()
    }

    /// Whether nothing at all has gone wrong in any run.
    pub fn is_idle(&self) -> bool {
        self.struck == 0 && self.uncounted == 0
    }

    /// The last lines. `missed`: what was to strike in every run, and has not.
    pub fn end(&self, good: bool, missed: &[&Fault]) -> String {
        let verdict = match (good, self.differing, self.failed) {
            (true, ..) => "the outputs agree".to_owned(),
            (false, 0, 1) => "A RUN HAS FAILED".to_owned(),
            (false, 0, failed) => format!("{failed} RUNS HAVE FAILED"),
            (false, ..) => "THE OUTPUTS DIFFER".to_owned(),
        };
        let (faults, restarts) = (counted(self.struck as u64, "fault"), counted(self.restarts as u64, "restart"));
        let mut text = format!("{verdict}: {faults} struck, {restarts}, {} compared\n", counted(self.rows, "row"));
        if !good {
            if self.timed_out {
                text.push_str("--timeout gives a run more time\n");
            }
            text.push_str(&format!("repeat it with: {}\n", self.command()));
            return text;
        }
        for fault in missed {
            text.push_str(&format!("NOT REACHED, though asked for: {fault}: {}\n", why_unreached(fault)));
        }
        if missed.is_empty() && self.is_idle() {
            text.push_str(
                "NOTHING WAS REHEARSED: no fault has struck; try another --seed, more --strikes, or more rows\n",
            );
        }
        text
    }

    /// The command that chooses the same faults again.
    fn command(&self) -> String {
        let args = self.args;
        let file = args.script.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        let mut text = format!(
            "riverrun chaos {file} --seed {} --runs {} --strikes {} -p {} --processes {}",
            self.seed, args.runs, args.strikes, args.parallelism, args.processes
        );
        if args.timeout != TIMEOUT {
            text.push_str(&format!(" --timeout '{}'", args.timeout));
        }
        if !args.faults.is_empty() {
            text.push_str(&format!(" --faults '{}'", args.faults.join(",")));
        }
        let pairs = args.script.define.iter().map(|pair| ("-D", pair));
        for (option, (key, value)) in pairs.chain(args.script.variables.iter().map(|pair| ("--var", pair))) {
            text.push_str(&format!(" {option} '{key}={value}'"));
        }
        text
    }
}

/// The tables whose output nobody can read back.
pub fn not_compared(survey: &Survey) -> String {
    let mut text = String::new();
    for table in survey.written.iter().filter(|table| !table.is_comparable()) {
        let (name, connector) = (&table.name, table.connector());
        text.push_str(&format!("not compared: table '{name}': what '{connector}' writes can't be read back\n"));
    }
    for table in survey.written.iter().filter(|table| table.is_comparable()) {
        if let Some(column) = table.clock_column() {
            let name = &table.name;
            text.push_str(&format!("not compared: column '{column}' of table '{name}': the time of the run\n"));
        }
    }
    if survey.queries > 0 {
        text.push_str("not compared: the rows of queries, which are printed only\n");
    }
    text
}

fn seconds(performed: &Performed) -> String {
    format!("{:.1} s", performed.ended.elapsed.as_secs_f64())
}

/// How a table compares, in lines.
pub fn differences(table: &str, comparison: &Comparison) -> String {
    let verdict = if comparison.agrees() { "agrees" } else { "DIFFERS" };
    let mut text = format!("  table {table}: {} rows, {verdict}", count(comparison.found));
    if comparison.repeated > 0 {
        text.push_str(&format!("; {} came again, as at-least-once allows", count(comparison.repeated)));
    }
    if comparison.lost > 0 {
        text.push_str(&format!("; {} were lost, as 'none' allows", count(comparison.lost)));
    }
    if !comparison.agrees() {
        text.push_str(&format!(
            " from {} rows of the undisturbed run: {} missing, {} too many",
            count(comparison.expected),
            count(comparison.missing),
            count(comparison.extra)
        ));
    }
    text.push('\n');
    comparison.first_missing.iter().for_each(|row| text.push_str(&format!("    - {row}\n")));
    comparison.first_extra.iter().for_each(|row| text.push_str(&format!("    + {row}\n")));
    text
}
