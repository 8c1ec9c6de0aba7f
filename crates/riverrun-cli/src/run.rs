//! `riverrun run`, `explain` and `check`.

use crate::args::{ExplainArgs, OutputFormat, RunArgs, ScriptArgs};
use crate::checkpoints;
use crate::output::LiveTable;
use crate::output::{self, print_cells};
use crate::processes::LocalCluster;
use crate::progress::{INTERVAL, Progress, Reader, Rows as RowsOut, count};
use crate::signals::{FORCED, Signals};
use crate::summary::Summary;
use console::Term;
use riverrun::core::metrics::OperatorTotals;
use riverrun::durable::{Durability, StateDir};
use riverrun::rehearsal::TableOverrides;
use riverrun::sql::plan::{ChangelogKind, Properties, StreamPlan};
use riverrun::sql::session::Rows;
use riverrun::{Control, Host, JobReport, RowConsumer, RunOptions, Script, Session, run_script};
use riverrun_core::{Error, Result, RowBatch};
use riverrun_state::checkpoint::StoreOptions;
use std::collections::HashSet;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Runs a file; the exit code. `verbose` is told to the job's other processes.
pub fn run(args: &RunArgs, verbose: u8) -> Result<u8> {
    let script = Script::read(&args.script.file, args.script.variables.clone())?;
    Summary::check(args.summary.as_deref())?;
    let mut session = Session::default();
    let start = Instant::now();
    let mut host = Terminal::new(&session, args.output);
    let cluster = LocalCluster::of(args, &script, verbose)?;
    let mut options = RunOptions { parallelism: args.parallelism, cluster, ..RunOptions::default() };
    let result = define(&mut session, &args.script.define).and_then(|()| {
        options.tables = tables(args)?.map(Arc::new);
        options.durability = durability(args, &session)?;
        run_script(&mut session, &script, &options, &mut host)
    });
    host.progress.clear();
    host.tell_astray();
    let mut code = 0;
    if let Err(error) = &result {
        code = report(error, &script.name, &script.text);
    } else if host.forced {
        output::tell("note: the job was ended at once: rows that had been read may not have been written\n");
        code = FORCED;
    }
    if let Some(path) = &args.summary
        && let Err(error) = host.summary(&result).write(path, start.elapsed())
    {
        code = report(&error, "", "").max(code);
    }
    Ok(code)
}

/// What --tables asks for.
pub fn tables(args: &RunArgs) -> Result<Option<TableOverrides>> {
    let Some(path) = &args.tables else { return Ok(None) };
    let wrong = |error: String| Error::input(format!("cannot read '{}': {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map(Some).map_err(|error| wrong(error.to_string()))
}

/// What --state-dir and its kin ask for.
fn durability(args: &RunArgs, session: &Session) -> Result<Option<Durability>> {
    let Some(path) = &args.state_dir else {
        return Ok(None);
    };
    Ok(Some(Durability {
        state_dir: Arc::new(StateDir::open(path)?),
        from: args.from.clone(),
        allow_unclaimed: args.allow_non_restored_state || session.config.ignores_unclaimed_state(),
        rewind: args.rewind,
    }))
}

/// Explains a file's INSERTs and queries.
pub fn explain(args: &ExplainArgs) -> Result<u8> {
    let mut host = Planner { json: args.json, quiet: args.upgrade.is_some(), ..Planner::default() };
    let code = plan_file(&args.script, &mut host)?;
    if let (0, Some(place)) = (code, &args.upgrade) {
        return checkpoints::upgrade(place, &host.stores, &host.seen);
    }
    if code == 0 && args.json {
        output::print(&(serde_json::to_string_pretty(&host.plans).unwrap_or_default() + "\n"))?;
    }
    Ok(code)
}

/// Parses, binds and plans a file, and looks at the options of its tables.
pub fn check(args: &ScriptArgs) -> Result<u8> {
    let mut host = Planner { quiet: true, checks_tables: true, ..Planner::default() };
    let code = plan_file(args, &mut host)?;
    if code == 0 {
        output::print(&format!("{} is good\n", args.file.display()))?;
    }
    Ok(code)
}

fn plan_file(args: &ScriptArgs, host: &mut Planner) -> Result<u8> {
    let script = Script::read(&args.file, args.variables.clone())?;
    let mut session = Session::default();
    let options = RunOptions { plan_only: true, check_tables: host.checks_tables, ..RunOptions::default() };
    let result = define(&mut session, &args.define).and_then(|()| run_script(&mut session, &script, &options, host));
    host.stores = session.config.store_options();
    Ok(result.map_or_else(|error| report(&error, &script.name, &script.text), |()| 0))
}

/// Sets the options of the command line.
pub fn define(session: &mut Session, options: &[(String, String)]) -> Result<()> {
    for (key, value) in options {
        if let Some(note) = session.set(key, value).map_err(|error| error.context("option -D"))? {
            output::tell(&format!("note: {note}\n"));
        }
    }
    Ok(())
}

/// Prints an error; its exit code.
pub fn report(error: &Error, file: &str, text: &str) -> u8 {
    let rendered = error.render(file, text);
    let colour = output::is_coloured(&std::io::stderr());
    match rendered.strip_prefix("error:") {
        Some(rest) if colour => output::tell(&format!("\x1b[1;31merror:\x1b[0m{rest}")),
        _ => output::tell(&rendered),
    }
    error.exit_code() as u8
}

/// A terminal, or a pipe, that runs a script.
pub struct Terminal {
    output: OutputFormat,
    time_zone: chrono_tz::Tz,
    /// The progress line.
    pub progress: Progress,
    signals: Signals,
    last_shown: Option<Instant>,
    reports: Vec<JobReport>,
    /// A query's result that is drawn in place.
    live: Option<SharedTable>,
    /// The notes that have been told.
    told: HashSet<String>,
    /// Whether somebody still reads the rows of the query that runs.
    reader: Option<Reader>,
    /// Whether the end that was asked for has been noticed.
    ending: bool,
    /// Whether the end was forced, so that rows that were read may not be written.
    forced: bool,
}

type SharedTable = Arc<Mutex<LiveTable>>;

impl Terminal {
    /// Prints rows in this form.
    pub fn new(session: &Session, output: OutputFormat) -> Self {
        let enabled = std::io::stderr().is_terminal();
        Terminal {
            output,
            time_zone: session.config.time_zone(),
            progress: Progress::new(session.clock(), enabled),
            signals: Signals::listen(),
            last_shown: None,
            reports: Vec::new(),
            live: None,
            told: HashSet::new(),
            reader: None,
            ending: false,
            forced: false,
        }
    }

    /// Forgets the last run: a shell goes on.
    pub fn start_again(&mut self) {
        self.signals.reset();
        self.reports.clear();
        self.last_shown = None;
        self.live = None;
        self.reader = None;
        self.ending = false;
        self.forced = false;
        self.progress.start_again();
    }

    /// Says which rows the jobs have left behind, if any: none goes in silence.
    pub fn tell_astray(&self) {
        for operator in self.reports.iter().flat_map(|report| &report.totals) {
            let counts = [(operator.skipped, "skipped"), (operator.late, "late"), (operator.dead, "dead letters")];
            let said: Vec<String> = counts
                .iter()
                .filter(|(rows, _)| *rows > 0)
                .map(|(rows, what)| format!("{} {what}", count(*rows)))
                .collect();
            if !said.is_empty() {
                output::tell(&format!("note: rows astray at {}: {}\n", operator.name, said.join(", ")));
            }
        }
    }

    /// What the jobs did.
    pub fn summary(&self, result: &Result<()>) -> Summary {
        let mut summary = Summary::default();
        for report in &self.reports {
            summary.add(report);
        }
        let stopped = self.reports.iter().any(|report| report.stopped);
        summary.state = match result {
            Err(_) => "failed",
            Ok(()) if stopped && self.forced => "cancelled",
            Ok(()) if stopped => "stopped",
            Ok(()) => "finished",
        }
        .to_owned();
        summary.error = result.as_ref().err().map(|error| error.message().to_owned());
        summary
    }
}

/// A printer as the consumer of a query's rows.
struct Printed(Box<dyn output::RowPrinter>);

impl RowConsumer for Printed {
    fn rows(&mut self, batch: &RowBatch) -> Result<()> {
        self.0.rows(batch)
    }

    fn finish(&mut self) -> Result<()> {
        self.0.finish()
    }
}

/// A result that is drawn in place as its consumer.
struct Drawn(SharedTable);

impl RowConsumer for Drawn {
    fn rows(&mut self, batch: &RowBatch) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).apply(batch)
    }

    fn finish(&mut self) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).finish(&Term::stdout())
    }
}

impl Host for Terminal {
    fn text(&mut self, rows: &Rows) -> Result<()> {
        print_rows(rows)
    }

    fn note(&mut self, note: &str) {
        if self.told.insert(note.to_owned()) {
            self.progress.clear();
            output::tell(&format!("note: {note}\n"));
        }
    }

    fn explain(&mut self, plan: &StreamPlan, details: &[String]) -> Result<()> {
        let text = if details.iter().any(|detail| detail == "JSON_EXECUTION_PLAN") {
            serde_json::to_string_pretty(&plan.to_json()).unwrap_or_default() + "\n"
        } else if details.iter().any(|detail| detail == "CHANGELOG_MODE") {
            plan.explain_changelog_mode()
        } else {
            plan.explain()
        };
        output::print(&text)
    }

    fn query(&mut self, rows: &Properties) -> Result<Box<dyn RowConsumer>> {
        self.progress.clear();
        let append_only = rows.changelog == ChangelogKind::Append;
        if !append_only && self.output == OutputFormat::Table && std::io::stdout().is_terminal() {
            let table = Arc::new(Mutex::new(LiveTable::new(&rows.schema)));
            self.live = Some(Arc::clone(&table));
            return Ok(Box::new(Drawn(table)));
        }
        let out = RowsOut::new();
        self.reader = Some(out.reader());
        Ok(Box::new(Printed(output::printer(self.output, rows, self.time_zone, Box::new(out))?)))
    }

    fn running(&mut self, totals: &[OperatorTotals]) -> Control {
        if let Some(table) = &self.live {
            let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
            if table.draw(&Term::stdout()).is_err() {
                return Control::Cancel;
            }
        }
        if self.last_shown.is_none_or(|shown| shown.elapsed() >= INTERVAL) {
            self.last_shown = Some(Instant::now());
            self.progress.show(totals);
        }
        let control = self.signals.control();
        self.forced |= control == Control::Cancel;
        if control != Control::Continue && !std::mem::replace(&mut self.ending, true) && std::io::stderr().is_terminal()
        {
            // The terminal has echoed ^C where the next line begins.
            output::tell("\r\x1b[K");
        }
        let read = self.reader.as_ref().is_none_or(|reader| !reader.is_gone());
        if control == Control::Continue && !read { Control::Stop } else { control }
    }

    fn finished_before(&mut self, number: usize) {
        self.progress.clear();
        output::tell(&format!(
            "job {number} has finished in an earlier run: there is nothing left to do (a new --state-dir begins anew)\n"
        ));
    }

    fn ended(&mut self, report: &JobReport) {
        self.reader = None;
        self.reports.push(report.clone());
    }
}

/// Prints what SHOW and its kin give.
pub fn print_rows(rows: &Rows) -> Result<()> {
    // A statement, as SHOW CREATE gives it, is text to copy and no table.
    if rows.columns == ["result"]
        && let [row] = rows.rows.as_slice()
        && let [Some(text)] = row.as_slice()
    {
        return output::print(text);
    }
    let cells: Vec<Vec<String>> =
        rows.rows.iter().map(|row| row.iter().map(|cell| cell.clone().unwrap_or_default()).collect()).collect();
    let columns: Vec<String> = rows.columns.iter().map(|name| (*name).to_owned()).collect();
    output::print(&print_cells(&columns, &cells))
}

/// Plans a file and runs nothing.
#[derive(Default)]
struct Planner {
    json: bool,
    quiet: bool,
    /// Whether tables that nothing uses have to be good too.
    checks_tables: bool,
    plans: Vec<serde_json::Value>,
    /// The plans of the jobs, in their order.
    seen: Vec<StreamPlan>,
    /// How the session reaches object stores.
    stores: StoreOptions,
}

impl Host for Planner {
    fn text(&mut self, _rows: &Rows) -> Result<()> {
        Ok(())
    }

    fn explain(&mut self, plan: &StreamPlan, details: &[String]) -> Result<()> {
        if !self.json && !self.quiet && details.iter().any(|detail| detail == "CHANGELOG_MODE") {
            return output::print(&plan.explain_changelog_mode());
        }
        self.planned(plan)
    }

    fn planned(&mut self, plan: &StreamPlan) -> Result<()> {
        self.seen.push(plan.clone());
        if self.json {
            self.plans.push(plan.to_json());
        } else if !self.quiet {
            output::print(&plan.explain())?;
        }
        Ok(())
    }

    fn query(&mut self, _rows: &Properties) -> Result<Box<dyn RowConsumer>> {
        Err(Error::bug("a plan was to be made, not run"))
    }

    fn running(&mut self, _totals: &[OperatorTotals]) -> Control {
        Control::Continue
    }
}
