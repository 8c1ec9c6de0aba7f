//! A job with a state directory: windows over made-up rows into files, started, killed and looked at.

use super::{Case, Ended};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Windows over made-up rows, `rate` of them per second, into files.
pub fn pipeline(rate: &str) -> String {
    format!(
        "CREATE TABLE numbers (n BIGINT, ts AS TO_TIMESTAMP_LTZ(n * 10, 3), WATERMARK FOR ts AS ts)
         WITH ('connector' = 'datagen', 'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '30000'{rate});
         CREATE TABLE windows (w TIMESTAMP(3), k BIGINT, c BIGINT, s BIGINT)
         WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/out', 'format' = 'csv');
         INSERT INTO windows
         SELECT window_start, MOD(n, 7), COUNT(*), SUM(n)
         FROM TABLE(TUMBLE(TABLE numbers, DESCRIPTOR(ts), INTERVAL '2' SECOND))
         GROUP BY window_start, window_end, MOD(n, 7);"
    )
}

/// So slow that there is time for checkpoints where files are written slowly too.
pub const SLOW: &str = ", 'rows-per-second' = '3000'";

/// What an undisturbed run gives.
pub fn expected() -> Vec<String> {
    let case = Case::new();
    case.run(&pipeline(""), &["-p", "2"]).ok();
    let lines = case.lines("out");
    assert_eq!(lines.len(), 151 * 7 - 6);
    lines
}

fn run(case: &Case, rate: &str, args: &[&str]) -> Command {
    case.file("pipeline.sql", &pipeline(rate));
    let dir = format!("DIR={}", case.path().display());
    let mut command = case.command();
    command.args(["run", "pipeline.sql", "--var", &dir, "--state-dir", "state"]);
    command.args(["-D", "execution.checkpointing.interval=100ms"]).args(args);
    command
}

/// A slow run of it.
pub fn command(case: &Case, args: &[&str]) -> Command {
    run(case, SLOW, args)
}

/// Starts a slow run in the background.
pub fn start(case: &Case, args: &[&str]) -> Child {
    command(case, args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Goes on as fast as it can, to the end.
pub fn finish(case: &Case, args: &[&str]) -> Ended {
    Ended::from(run(case, "", args).output().unwrap())
}

/// Waits for the end of a run.
pub fn end(child: Child) -> Ended {
    Ended::from(child.wait_with_output().unwrap())
}

/// The manifests of the only job.
pub fn checkpoints(case: &Case) -> Vec<u64> {
    let mut found = Vec::new();
    for job in std::fs::read_dir(case.path().join("state/checkpoints")).into_iter().flatten().flatten() {
        for checkpoint in std::fs::read_dir(job.path()).into_iter().flatten().flatten() {
            let name = checkpoint.file_name().to_string_lossy().into_owned();
            let number: Option<u64> = name.strip_prefix("chk-").and_then(|number| number.parse().ok());
            found.extend(number.filter(|_| checkpoint.path().join("manifest.json").exists()));
        }
    }
    found.sort_unstable();
    found
}

/// Waits until checkpoints beyond this one have been taken.
pub fn wait_beyond(case: &Case, number: u64) -> u64 {
    let start = Instant::now();
    loop {
        if let Some(newest) = checkpoints(case).last().filter(|newest| **newest > number) {
            return *newest;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no checkpoint is taken");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Kills a run.
pub fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The processes that this one has started.
pub fn children(parent: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    let children: Vec<u32> = children.split_whitespace().map(|child| child.parse().unwrap()).collect();
    assert!(!children.is_empty());
    children
}

/// Sends a signal.
pub fn signal(name: &str, process: u32) {
    assert!(Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().unwrap().success());
}

/// Whether a process has ended, at the latest in some seconds.
pub fn is_gone(process: u32) -> bool {
    let alive = || {
        // One whose parent has not asked for its end is a zombie.
        let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        state.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
    };
    let start = Instant::now();
    while alive() {
        if start.elapsed() > Duration::from_secs(30) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}
