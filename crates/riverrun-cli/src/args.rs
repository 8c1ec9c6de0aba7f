//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::str::FromStr;

/// Runs Flink SQL: one binary, no cluster.
#[derive(Debug, Parser)]
#[command(name = "riverrun", version, max_term_width = 110, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  riverrun demo                             web-log analytics on generated lines
  riverrun run pipeline.sql                 run the statements of a file
  riverrun run pipeline.sql -p 4 --var DIR=/data -D table.local-time-zone=Europe/Berlin
  echo \"SELECT 1 + 1;\" | riverrun run -     run a statement from standard input
  riverrun explain pipeline.sql             show the plan
  riverrun sql                              an interactive shell")]
pub struct Cli {
    /// Say more: -v for what happens, -vv for details, -vvv for what the libraries say. RUST_LOG overrides it.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the statements of a SQL file.
    #[command(after_help = "\
The INSERTs of a file run together as one job; a SELECT prints its rows. A bounded job ends by itself.
Exit codes: 0 finished, 1 the job failed, 2 the input was wrong.

Examples:
  riverrun run pipeline.sql
  riverrun run pipeline.sql -p 4 --summary summary.json
  riverrun run query.sql --output changelog --var DIR=$PWD")]
    Run(RunArgs),
    /// An interactive SQL shell.
    #[command(after_help = "\
A statement ends with a semicolon; Tab completes, Ctrl-C stops a query, Ctrl-D leaves.

Examples:
  riverrun sql
  riverrun sql --init tables.sql --var DIR=$PWD
  echo \"SHOW CATALOGS;\" | riverrun sql")]
    Sql(SqlArgs),
    /// Take a savepoint of a running job, which goes on or stops with it.
    #[command(after_help = "\
A savepoint is complete in itself: it may be moved, and stays until somebody deletes it.

Examples:
  riverrun savepoint state /backup/monday          of the job that runs with --state-dir state
  riverrun savepoint state /backup/upgrade --stop
  riverrun run new.sql --state-dir state2 --from /backup/upgrade -p 8")]
    Savepoint(SavepointArgs),
    /// List, verify and describe checkpoints and savepoints.
    Checkpoints(CheckpointsArgs),
    /// Show the stream plan of a file's INSERTs and queries: schema, changelog kind, keys, time column.
    Explain(ExplainArgs),
    /// Parse, bind and plan a file, look at the options of all its tables, and run nothing.
    Check(ScriptArgs),
    /// Run tests of pipelines: files of input rows, SQL and expected rows.
    #[command(after_help = "\
A folder stands for all files below it that end in .test. Exit codes: 0 all passed, 1 some failed, 2 a file is wrong.

Examples:
  riverrun test tests/
  riverrun test clicks.test --update            write what came into the file
  riverrun test tests/ -p 1,4 --checkpoint-after-rows 10 --junit report.xml")]
    Test(TestArgs),
    /// Rehearse crashes: run a bounded pipeline undisturbed and with faults, and compare what it has written.
    #[command(after_help = "\
The pipeline's tables are left alone: both runs write to scratch places (a folder, a copy of a database or table, a new
topic), which are removed afterwards. A table that another connector writes (print, blackhole) is not compared. The sources
must end, and be there as often as they are read.

--faults takes kinds (error, panic, kill, delay, stall, disconnect), failpoints (--list shows them), both as
KIND@POINT, and single faults as KIND@POINT:HIT; kill@moment kills a process from outside at some moment.

Exit codes: 0 the outputs agree, 1 they differ, a run failed by itself, or what was to strike (each fault of --faults that
has a hit, and any fault at all) has not, 2 the input was wrong.

Examples:
  riverrun chaos pipeline.sql                         some faults, chosen by a seed that is printed
  riverrun chaos pipeline.sql --seed 42               the same faults again
  riverrun chaos pipeline.sql --runs 20 -p 4 --processes 2
  riverrun chaos pipeline.sql --faults kill,error@manifest-put
  riverrun chaos pipeline.sql --faults kill@token:3   this one fault
  riverrun chaos pipeline.sql --matrix --jobs 4       every kind at every failpoint, each in a run of its own")]
    Chaos(ChaosArgs),
    /// List the connectors and formats, or the options of one.
    Connectors(NameArgs),
    /// List the options of a session (SET, -D), or describe one.
    Options(NameArgs),
    /// List the functions, or describe one.
    Functions(NameArgs),
    /// Real-time web-log analytics on embedded defaults.
    #[command(after_help = "\
Writes access-log lines into a growing file, some out of order and some broken, and runs a pipeline over it: per minute
status codes, top URLs, 5xx rate, and alerts. With --log the same pipeline runs over that file to its end.

Examples:
  riverrun demo
  riverrun demo --log /var/log/nginx/access.log --out /tmp/report
  riverrun demo --show-sql                  print the pipeline, to start your own from")]
    Demo(DemoArgs),
    /// Run a benchmark.
    Bench(BenchArgs),
    /// One process of a job that runs in several; started by `run --processes`.
    #[command(hide = true)]
    Worker,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// How a file's statements are read.
#[derive(Clone, Debug, Args)]
pub struct ScriptArgs {
    /// The SQL file; `-` is standard input.
    pub file: PathBuf,
    /// Set a session option, as SET does: table.local-time-zone=UTC.
    #[arg(short = 'D', value_name = "KEY=VALUE", value_parser = key_value)]
    pub define: Vec<(String, String)>,
    /// Replace ${NAME} in the file.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = key_value)]
    pub variables: Vec<(String, String)>,
}

/// `riverrun run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// What to run.
    #[command(flatten)]
    pub script: ScriptArgs,
    /// How many workers the job has in all.
    #[arg(short, long, value_name = "N", value_parser = workers)]
    pub parallelism: Option<usize>,
    /// How many processes on this machine share the workers.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub processes: u16,
    /// Keep the job's state here, so that the same command goes on after a crash from the last checkpoint.
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Begin with the state of a checkpoint or savepoint: a path, or s3://BUCKET/PATH.
    #[arg(long, value_name = "PATH", requires = "state_dir")]
    pub from: Option<String>,
    /// With --from, drop state that no operator of the file takes over.
    #[arg(long, requires = "state_dir")]
    pub allow_non_restored_state: bool,
    /// Go on from a checkpoint although exactly-once sinks hold what was written after it: that is written once more, and the
    /// checkpoints after it are abandoned. Also although a sink lacks what was written before it, as another table does: that
    /// stays missing.
    #[arg(long, requires = "state_dir")]
    pub rewind: bool,
    /// How the rows of a SELECT are printed.
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    pub output: OutputFormat,
    /// Write a summary as JSON, `-` to standard output: rows in and out per table, bytes, late, skipped and dead rows, elapsed, peak
    /// memory of all processes.
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// Options over those of the file's tables, as JSON: how `riverrun chaos` leads a run to scratch places.
    #[arg(long, value_name = "FILE", hide = true)]
    pub tables: Option<PathBuf>,
}

/// `riverrun sql`.
#[derive(Clone, Debug, Args)]
pub struct SqlArgs {
    /// Set a session option, as SET does.
    #[arg(short = 'D', value_name = "KEY=VALUE", value_parser = key_value)]
    pub define: Vec<(String, String)>,
    /// Replace ${NAME} in the file and in what is typed.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = key_value)]
    pub variables: Vec<(String, String)>,
    /// How many workers a job has in all.
    #[arg(short, long, value_name = "N", value_parser = workers)]
    pub parallelism: Option<usize>,
    /// Run this file first (its tables stay).
    #[arg(short, long, value_name = "FILE")]
    pub init: Option<PathBuf>,
}

/// `riverrun explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// What to explain.
    #[command(flatten)]
    pub script: ScriptArgs,
    /// Print JSON instead of a tree.
    #[arg(long)]
    pub json: bool,
    /// Say what becomes of each operator's state if the file went on from this checkpoint or savepoint.
    #[arg(long, value_name = "PATH", conflicts_with = "json")]
    pub upgrade: Option<String>,
}

/// `riverrun test`.
#[derive(Clone, Debug, Args)]
pub struct TestArgs {
    /// Test files, or folders of them.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write the rows that came in the place of those that were expected.
    #[arg(long)]
    pub update: bool,
    /// Run only the files whose path contains this.
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// How many workers; several numbers run every test as often.
    #[arg(short, long, value_name = "N", value_delimiter = ',', default_values_t = [1], value_parser = workers)]
    pub parallelism: Vec<usize>,
    /// After so many rows, take a snapshot, and go on from it at another parallelism. A test whose jobs read fewer fails.
    #[arg(long, value_name = "N", value_parser = from_one::<u64>)]
    pub checkpoint_after_rows: Option<u64>,
    /// Write a report in JUnit's XML.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Set a session option, as SET does.
    #[arg(short = 'D', value_name = "KEY=VALUE", value_parser = key_value)]
    pub define: Vec<(String, String)>,
    /// Replace ${NAME} in the files.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = key_value)]
    pub variables: Vec<(String, String)>,
}

/// How long one run of a rehearsal may take.
pub const TIMEOUT: &str = "2 min";

/// `riverrun chaos`.
#[derive(Clone, Debug, Args)]
pub struct ChaosArgs {
    /// What to run.
    #[command(flatten)]
    pub script: ChaosScript,
    /// How many workers the job has in all.
    #[arg(short, long, value_name = "N", default_value_t = 2, value_parser = workers)]
    pub parallelism: usize,
    /// How many processes on this machine share the workers.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub processes: u16,
    /// What the faults are chosen by; the same seed chooses the same faults. Another one each time by default.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many disturbed runs there are, each with a seed one higher than the last.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = from_one::<u64>, conflicts_with = "matrix")]
    pub runs: u64,
    /// How many faults are chosen for a run.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = from_one::<usize>, conflicts_with = "matrix")]
    pub strikes: usize,
    /// What may go wrong, and where: kinds, failpoints, KIND@POINT, KIND@POINT:HIT, with commas between.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub faults: Vec<String>,
    /// Instead of a choice: each of these faults in a run of its own, and a table of those that held.
    #[arg(long)]
    pub matrix: bool,
    /// With --matrix: at which hits of a failpoint each fault strikes.
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 2, 5], requires = "matrix")]
    pub hits: Vec<u64>,
    /// With --matrix: how many runs go on at a time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = from_one::<usize>, requires = "matrix")]
    pub jobs: usize,
    /// How long one run may take with all its restarts.
    #[arg(long, value_name = "TIME", default_value = TIMEOUT)]
    pub timeout: String,
    /// Keep the runs' logs, state and files here, instead of removing them where the outputs agree.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// List the failpoints, and run nothing.
    #[arg(long)]
    pub list: bool,
}

/// How the file of a rehearsal is read.
#[derive(Clone, Debug, Args)]
pub struct ChaosScript {
    /// The SQL file; `-` is standard input.
    #[arg(required_unless_present = "list")]
    pub file: Option<PathBuf>,
    /// Set a session option, as SET does. A checkpoint interval of its own is 100 ms if nothing else is said.
    #[arg(short = 'D', value_name = "KEY=VALUE", value_parser = key_value)]
    pub define: Vec<(String, String)>,
    /// Replace ${NAME} in the file.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = key_value)]
    pub variables: Vec<(String, String)>,
}

/// `riverrun savepoint`.
#[derive(Clone, Debug, Args)]
pub struct SavepointArgs {
    /// The state directory of the running job.
    pub state_dir: PathBuf,
    /// The folder that becomes the savepoint: a path, or s3://BUCKET/PATH (reached by the job's own options).
    pub target: String,
    /// Stop the job with the savepoint as its last act.
    #[arg(long)]
    pub stop: bool,
    /// Which job of the file, from 0, if several run.
    #[arg(long, value_name = "N")]
    pub job: Option<usize>,
}

/// `riverrun checkpoints`.
#[derive(Clone, Debug, Args)]
pub struct CheckpointsArgs {
    /// A state directory, a checkpoint, a savepoint, or a folder of them: a path, or s3://BUCKET/PATH.
    pub place: String,
    /// Set a session option, as SET does: s3.endpoint=http://localhost:9000.
    #[arg(short = 'D', value_name = "KEY=VALUE", value_parser = key_value)]
    pub define: Vec<(String, String)>,
    /// Read every file and compare checksums. Without it only a list of the files is looked at: whether they are there, and how long.
    #[arg(long)]
    pub verify: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// An optional name.
#[derive(Clone, Debug, Args)]
pub struct NameArgs {
    /// Which one.
    pub name: Option<String>,
}

/// `riverrun demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// Run over this access log (combined log format) to its end, instead of a generated one.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Where the results go; a new folder by default.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How many workers.
    #[arg(short, long, value_name = "N", default_value_t = 2, value_parser = workers)]
    pub parallelism: usize,
    /// Lines per second that the generator writes.
    #[arg(long, value_name = "N", default_value_t = 400)]
    pub rate: u32,
    /// How much faster than the clock the generated time passes: 60 gives a window each second. It begins so long ago that
    /// it catches up with the clock after 12 minutes.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub speed: u32,
    /// End after this many generated lines.
    #[arg(long, value_name = "N")]
    pub lines: Option<u64>,
    /// Print the pipeline's SQL and end.
    #[arg(long)]
    pub show_sql: bool,
}

/// `riverrun bench`.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// Which one.
    #[command(subcommand)]
    pub benchmark: Benchmark,
}

/// The benchmarks.
#[derive(Clone, Debug, Subcommand)]
pub enum Benchmark {
    /// The queries of the Nexmark benchmark, each in a process of its own.
    #[command(after_help = "\
Examples:
  riverrun bench nexmark --queries q5,q7 --events 10000000
  riverrun bench nexmark --write /data/nexmark --events 2000000     write the events as JSON lines
  riverrun bench nexmark --from /data/nexmark --events 2000000      run the queries over these files")]
    Nexmark(NexmarkArgs),
}

/// `riverrun bench nexmark`.
#[derive(Clone, Debug, Args)]
pub struct NexmarkArgs {
    /// Run only these, separated by commas: q5,q7. `source` is the source alone; run first, the others are set against it.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub queries: Vec<String>,
    /// How many events there are.
    #[arg(long, value_name = "N", default_value_t = 2_000_000, value_parser = from_one::<u64>)]
    pub events: u64,
    /// How many workers.
    #[arg(short, long, value_name = "N", default_value_t = 2, value_parser = workers)]
    pub parallelism: usize,
    /// Read the events from the files of this folder, instead of generating them.
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// Write the events to files in this folder as JSON lines, and run no query.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["from", "queries"])]
    pub write: Option<PathBuf>,
    /// Set a session option, as SET does.
    #[arg(short = 'D', value_name = "KEY=VALUE", value_parser = key_value)]
    pub define: Vec<(String, String)>,
}

/// How rows of a SELECT are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// A table.
    Table,
    /// Flink's row strings: `+I[a, 1]`.
    Changelog,
    /// A JSON object per row.
    Json,
    /// CSV with a header.
    Csv,
}

/// The time to start grows faster than the square of the workers: with so many it is some 20 s on a small machine.
const MOST_WORKERS: usize = 256;

fn workers(text: &str) -> Result<usize, String> {
    let number = text.parse::<usize>().ok().filter(|number| (1..=MOST_WORKERS).contains(number));
    number.ok_or_else(|| format!("expected a number from 1 to {MOST_WORKERS}"))
}

fn from_one<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let number = text.parse::<T>().ok().filter(|number| *number >= T::from(1));
    number.ok_or_else(|| "expected a number from 1 on".to_owned())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}
