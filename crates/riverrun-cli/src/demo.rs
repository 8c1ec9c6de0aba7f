//! `riverrun demo`: web-log analytics on a log that is being written, or on one of the user's.

mod generator;

use crate::args::{DemoArgs, OutputFormat};
use crate::output;
use crate::output::print;
use crate::run::{Terminal, report};
use generator::{LogSpec, write_log};
use riverrun::{RunOptions, Script, Session, run_script};
use riverrun_core::{Error, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The pipeline, as it stands among the examples.
const PIPELINE: &str = include_str!("../../../examples/web-log-analytics/pipeline.sql");
/// The generated lines are the same in every demo, but for their time.
const SEED: u64 = 20_150_517;

/// Runs the demo; the exit code.
pub fn demo(args: &DemoArgs) -> Result<u8> {
    if args.show_sql {
        print(PIPELINE)?;
        return Ok(0);
    }
    let out = match &args.out {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("riverrun-demo-{}", std::process::id())),
    };
    std::fs::create_dir_all(&out).map_err(|error| cannot("create the folder", &out, &error))?;
    let (log, tail) = match &args.log {
        Some(log) => {
            if !log.is_file() {
                return Err(Error::input(format!("there is no file '{}'", log.display()))
                    .hint("give --log the path of an access log in combined log format"));
            }
            (log.clone(), false)
        }
        None => (out.join("access.log"), true),
    };
    let session = Session::default();
    let stop = Arc::new(AtomicBool::new(false));
    let writer = if tail { Some(start_generator(args, &log, &session, &stop)?) } else { None };
    let reading = if tail { "generated lines, growing" } else { "to its end" };
    output::tell(&format!("log      {} ({reading})\n", log.display()));
    output::tell(&format!("results  {}/{{status,error_rate,top_urls,alerts,broken_lines}}\n", out.display()));
    output::tell(&format!(
        "pipeline riverrun demo --show-sql{}\n\n",
        if tail { "; Ctrl-C ends it in good order" } else { "" }
    ));
    let code = run_pipeline(args, session, &log, tail, &out);
    stop.store(true, Ordering::Relaxed);
    if let Some(writer) = writer {
        match writer.join() {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(cannot("write the log", &log, &error)),
            Err(_) => return Err(Error::bug("the generator broke down")),
        }
    }
    output::tell(&format!("\nresults are in {}\n", out.display()));
    Ok(code)
}

type Writer = std::thread::JoinHandle<std::io::Result<u64>>;

fn start_generator(args: &DemoArgs, log: &Path, session: &Session, stop: &Arc<AtomicBool>) -> Result<Writer> {
    let file = File::create(log).map_err(|error| cannot("create", log, &error))?;
    let spec = LogSpec { rate: args.rate, speed: args.speed, lines: args.lines, seed: SEED };
    let (clock, stop) = (session.clock(), stop.clone());
    std::thread::Builder::new()
        .name("log-writer".into())
        .spawn(move || write_log(file, &spec, clock.as_ref(), &stop))
        .map_err(|error| Error::failure(format!("cannot start a thread: {error}")))
}

fn run_pipeline(args: &DemoArgs, mut session: Session, log: &Path, tail: bool, out: &Path) -> u8 {
    let mut script = Script::from_text("pipeline.sql", PIPELINE);
    let text = |path: &PathBuf| path.display().to_string();
    script.variables = vec![
        ("LOG".into(), text(&log.to_path_buf())),
        ("TAIL".into(), tail.to_string()),
        ("OUT".into(), text(&out.to_path_buf())),
    ];
    let options = RunOptions { parallelism: Some(args.parallelism), ..RunOptions::default() };
    let mut host = Terminal::new(&session, OutputFormat::Table);
    let result = run_script(&mut session, &script, &options, &mut host);
    host.progress.clear();
    let summary = host.summary(&result);
    output::tell(&format!("{}\n", summary.line()));
    result.map_or_else(|error| report(&error, &script.name, &script.text), |()| 0)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::failure(format!("cannot {what} '{}': {error}", path.display()))
        .hint("check that the folder exists, may be written, and that the disk is not full; or give another with --out")
}
