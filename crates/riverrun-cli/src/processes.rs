//! Several processes of this machine that run one job: `run --processes N`.
//!
//! The process that was called is number 0. For each job it starts the others as children, and tells them over their
//! standard input what to run; each plans the same file and takes its share of the workers. They end with the job, and
//! when the pipe from their parent closes.

use crate::args::RunArgs;
use crate::run::{define, report, tables};
use crate::signals::Signals;
use crate::summary::peak_memory;
use riverrun::durable::JobDurability;
use riverrun::rehearsal::TableOverrides;
use riverrun::runtime::process::ProcessLayout;
use riverrun::sql::plan::{Properties, StreamPlan};
use riverrun::sql::session::Rows;
use riverrun::{Cluster, Control, Host, RowConsumer, RunOptions, Script, Session, StartOptions, run_script};
use riverrun_core::metrics::OperatorTotals;
use riverrun_core::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a child is told: a line of JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    name: String,
    text: String,
    variables: Vec<(String, String)>,
    define: Vec<(String, String)>,
    /// Which of the file's jobs.
    job: usize,
    parallelism: usize,
    processes: usize,
    index: usize,
    coordinator: String,
    job_id: String,
    token: String,
    plan_fingerprint: u64,
    durability: Option<JobDurability>,
    tables: Option<TableOverrides>,
}

/// The processes of one run.
pub struct LocalCluster {
    script: Script,
    define: Vec<(String, String)>,
    parallelism: usize,
    processes: usize,
    tables: Option<TableOverrides>,
    /// How much the processes are to say.
    verbose: u8,
    /// With the numbers of their jobs.
    children: Arc<Mutex<Vec<(usize, Child)>>>,
}

impl LocalCluster {
    /// The processes that the command line asks for; `None` for a single one.
    pub fn of(args: &RunArgs, script: &Script, verbose: u8) -> Result<Option<Arc<dyn Cluster>>> {
        let processes = usize::from(args.processes);
        if processes == 1 {
            return Ok(None);
        }
        let parallelism = args.parallelism.unwrap_or(processes);
        if !parallelism.is_multiple_of(processes) {
            return Err(Error::input(format!("{parallelism} workers can't be shared evenly by {processes} processes"))
                .hint(format!("set -p to a multiple of {processes}")));
        }
        Ok(Some(Arc::new(LocalCluster {
            script: script.clone(),
            define: args.script.define.clone(),
            parallelism,
            processes,
            tables: tables(args)?,
            verbose,
            children: Arc::default(),
        })))
    }

    fn spawn(&self, order: &Order) -> Result<Child> {
        let failed = |error: std::io::Error| Error::failure(format!("cannot start a process of the job: {error}"));
        let mut command = Command::new(this_binary().map_err(failed)?);
        command.arg("worker").args((0..self.verbose).map(|_| "-v"));
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(failed)?;
        let mut line = serde_json::to_string(order).map_err(|error| Error::bug(error.to_string()))?;
        line.push('\n');
        if let Some(stdin) = &mut child.stdin {
            stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()).map_err(failed)?;
        }
        Ok(child)
    }
}

/// This binary, also where another one has taken its place on disk since.
pub fn this_binary() -> std::io::Result<PathBuf> {
    let (on_disk, running) = (std::env::current_exe()?, PathBuf::from("/proc/self/exe"));
    Ok(if !on_disk.exists() && running.exists() { running } else { on_disk })
}

impl Cluster for LocalCluster {
    fn start(&self, number: usize, plan: &StreamPlan, durability: Option<&JobDurability>) -> Result<ProcessLayout> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .map_err(|error| Error::failure(format!("cannot listen for the job's processes: {error}")))?;
        let address = listener.local_addr().map_err(|error| Error::failure(error.to_string()))?.to_string();
        let mut layout = ProcessLayout::new(self.processes, 0, address.clone());
        layout.listener = Some(Arc::new(listener));
        layout.job_id = format!("{}-{number}", std::process::id());
        layout.token = format!("{:016x}{:016x}", random(), random());
        layout.plan_fingerprint = plan.fingerprint();
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, child) in children.iter_mut().filter(|(job, _)| *job == number) {
            // Of an earlier start of the job: whatever it hangs in, it must be gone before the next one.
            let _ = child.kill();
            let _ = child.wait();
        }
        children.retain(|(job, _)| *job != number);
        for index in 1..self.processes {
            let child = self.spawn(&Order {
                name: self.script.name.clone(),
                text: self.script.text.clone(),
                variables: self.script.variables.clone(),
                define: self.define.clone(),
                job: number,
                parallelism: self.parallelism,
                processes: self.processes,
                index,
                coordinator: address.clone(),
                job_id: layout.job_id.clone(),
                token: layout.token.clone(),
                plan_fingerprint: layout.plan_fingerprint,
                durability: durability.cloned(),
                tables: self.tables.clone(),
            })?;
            children.push((number, child));
        }
        let started = Arc::clone(&self.children);
        layout.ended = Some(Arc::new(move || {
            let mut children = started.lock().unwrap_or_else(PoisonError::into_inner);
            let of_job = children.iter_mut().filter(|(job, _)| *job == number).enumerate();
            let mut ended =
                of_job.filter_map(|(at, (_, child))| matches!(child.try_wait(), Ok(Some(_))).then_some(at + 1));
            ended.next()
        }));
        Ok(layout)
    }
}

impl Drop for LocalCluster {
    fn drop(&mut self) {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, child) in children.iter_mut() {
            // The closed pipe ends a child that still runs; one that is suspended does not notice.
            drop(child.stdin.take());
            if !ends_within(child, GRACE) {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }
}

/// How long a child may take to notice that its parent has gone.
const GRACE: Duration = Duration::from_secs(5);

fn ends_within(child: &mut Child, time: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < time {
        if !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// A number that nobody else on the machine can guess: from the keys of a hash map, which come from the system.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Runs this process's share of a job; the exit code.
pub fn worker() -> u8 {
    // Ctrl-C goes to all processes of a terminal: the first one ends the job in good order.
    let _signals = Signals::listen();
    let mut input = BufReader::new(std::io::stdin());
    let order = match read_order(&mut input) {
        Ok(order) => order,
        Err(error) => return report(&error, "", ""),
    };
    match run_worker(order, input) {
        Ok(()) => 0,
        // Process 0 says why the job failed.
        Err(error) => {
            tracing::debug!("{error:?}");
            error.exit_code() as u8
        }
    }
}

fn read_order(input: &mut impl BufRead) -> Result<Order> {
    let mut line = String::new();
    input.read_line(&mut line).map_err(|error| Error::input(format!("no order from the parent: {error}")))?;
    serde_json::from_str(&line).map_err(|_| {
        Error::input("no order has come: `riverrun worker` is started by `riverrun run --processes`, not by hand")
    })
}

fn run_worker(order: Order, input: BufReader<std::io::Stdin>) -> Result<()> {
    watch_parent(input)?;
    let mut session = Session::default();
    define(&mut session, &order.define)?;
    let mut script = Script::from_text(order.name.clone(), order.text.clone());
    script.variables = order.variables.clone();
    let mut host = Finder { wanted: order.job, seen: 0, found: None };
    let tables = order.tables.clone().map(Arc::new);
    let options = RunOptions { plan_only: true, tables, ..RunOptions::default() };
    let planned = run_script(&mut session, &script, &options, &mut host);
    let Some(plan) = host.found else {
        planned.inspect_err(|error| {
            report(error, &script.name, &script.text);
        })?;
        return Err(Error::bug(format!("the file has no job {}", order.job)));
    };
    let mut layout = ProcessLayout::new(order.processes, order.index, order.coordinator.clone());
    layout.job_id = order.job_id.clone();
    layout.token = order.token.clone();
    layout.plan_fingerprint = plan.fingerprint();
    layout.peak_memory = Some(Arc::new(peak_memory));
    let start = StartOptions {
        parallelism: Some(order.parallelism),
        processes: Some(layout),
        durability: order.durability.as_ref(),
        ..StartOptions::default()
    };
    let job = session.start(&plan, start)?;
    tracing::info!("process {} of {} has joined job {}", order.index, order.processes, order.job);
    job.wait()
}

/// Ends this process when its parent has gone.
fn watch_parent(mut pipe: impl Read + Send + 'static) -> Result<()> {
    let watch = move || {
        let mut rest = Vec::new();
        let _ = pipe.read_to_end(&mut rest);
        std::process::exit(1);
    };
    std::thread::Builder::new()
        .name("parent".into())
        .spawn(watch)
        .map(drop)
        .map_err(|error| Error::failure(format!("cannot start a thread: {error}")))
}

/// Takes the one plan that is wanted out of a file.
struct Finder {
    wanted: usize,
    seen: usize,
    found: Option<StreamPlan>,
}

impl Host for Finder {
    fn text(&mut self, _rows: &Rows) -> Result<()> {
        Ok(())
    }

    fn explain(&mut self, _plan: &StreamPlan, _details: &[String]) -> Result<()> {
        Ok(())
    }

    fn planned(&mut self, plan: &StreamPlan) -> Result<()> {
        if self.seen == self.wanted {
            self.found = Some(plan.clone());
        }
        self.seen += 1;
        if self.found.is_some() {
            // The statements after it may need what this job is yet to write.
            return Err(Error::bug("the wanted job has been found"));
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
