//! Runs the binary on small files.

#![allow(dead_code, reason = "each test file uses its own share")]

#[cfg(feature = "jdbc")]
pub mod sums;
pub mod windows;

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A folder with a pipeline in it.
pub struct Case {
    /// The folder, gone with the case.
    pub dir: tempfile::TempDir,
}

/// What a run of the binary gave.
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Case {
    /// An empty folder.
    pub fn new() -> Self {
        Case { dir: tempfile::tempdir().unwrap() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs `sql` with `${DIR}` set to the folder.
    pub fn run(&self, sql: &str, args: &[&str]) -> Ended {
        self.file("pipeline.sql", sql);
        let dir = format!("DIR={}", self.path().display());
        let mut all = vec!["run", "pipeline.sql", "--var", &dir];
        all.extend(args);
        self.riverrun(&all)
    }

    /// The binary, in the folder.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_riverrun"));
        command.current_dir(self.path()).env_remove("RUST_LOG").env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// Runs the binary with these arguments in the folder.
    pub fn riverrun(&self, args: &[&str]) -> Ended {
        Ended::from(self.command().args(args).output().unwrap())
    }

    /// What `--summary summary.json` has written.
    pub fn summary(&self) -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(self.path().join("summary.json")).unwrap()).unwrap()
    }

    /// The lines of all files below a folder, sorted. A file that a running job takes away meanwhile has none.
    pub fn lines(&self, folder: &str) -> Vec<String> {
        let mut lines = Vec::new();
        collect(&self.path().join(folder), &mut lines);
        lines.sort();
        lines
    }
}

fn collect(folder: &Path, lines: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, lines);
        } else if !path.file_name().unwrap().to_string_lossy().starts_with('.') {
            match std::fs::read_to_string(&path) {
                Ok(text) => lines.extend(text.lines().map(str::to_owned)),
                Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{}", path.display()),
            }
        }
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Ended {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// The lines of standard output, sorted.
    pub fn sorted(&self) -> Vec<&str> {
        let mut lines: Vec<&str> = self.out.lines().collect();
        lines.sort_unstable();
        lines
    }

    /// That it ended well; with what it said if not.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }

    /// That it ended with this code and said all of this.
    #[track_caller]
    pub fn failed(self, code: i32, said: &[&str]) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self.says(said);
        self
    }

    /// That it printed all of this.
    #[track_caller]
    pub fn prints(&self, said: &[&str]) {
        for text in said {
            assert!(self.out.contains(text), "`{text}` is not in:\n{}", self.out);
        }
    }

    /// That it said all of this on standard error.
    #[track_caller]
    pub fn says(&self, said: &[&str]) {
        for text in said {
            assert!(self.err.contains(text), "`{text}` is not in:\n{}", self.err);
        }
    }
}

/// The data that is shared beside a checkout, if it is there; says so if not.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("RIVERRUN_SHARED").map(PathBuf::from).unwrap_or_else(|| PathBuf::from("../../../shared"));
    let found = std::path::absolute(root.join(path)).unwrap();
    if found.exists() {
        return Some(found);
    }
    eprintln!("skipped: there is no {}", found.display());
    None
}

/// Only a broken test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run of the binary that goes on until it is told to end.
pub struct Running {
    child: Child,
    out: Arc<Mutex<Vec<String>>>,
    err: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts a command.
    pub fn start(command: &mut Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (Arc::default(), Arc::default());
        let readers = vec![
            collect_lines(child.stdout.take().unwrap(), Arc::clone(&out)),
            collect_lines(child.stderr.take().unwrap(), Arc::clone(&err)),
        ];
        Running { child, out, err, readers }
    }

    /// Waits until the lines on standard output satisfy `done`.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, done: impl Fn(&[String]) -> bool) {
        let start = Instant::now();
        while !done(&self.out.lock().unwrap()) {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && start.elapsed() < PATIENCE,
                "no {what} ({ended:?}):\n{}\n{}",
                self.out.lock().unwrap().join("\n"),
                self.err.lock().unwrap().join("\n")
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for a line on standard output that contains this text.
    #[track_caller]
    pub fn wait_for_line(&mut self, text: &str) {
        self.wait_for(text, |lines| lines.iter().any(|line| line.contains(text)));
    }

    /// Waits for a line on standard error that contains this text.
    #[track_caller]
    pub fn wait_for_error(&mut self, text: &str) {
        let err = Arc::clone(&self.err);
        self.wait_for(text, |_| err.lock().unwrap().iter().any(|line| line.contains(text)));
    }

    /// Presses Ctrl-C, and waits for the end.
    #[track_caller]
    pub fn interrupt(self) -> Ended {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.end()
    }

    /// Waits for the end.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        for reader in std::mem::take(&mut self.readers) {
            reader.join().unwrap();
        }
        let text = |lines: &Mutex<Vec<String>>| lines.lock().unwrap().join("\n");
        Ended { code: status.code().unwrap_or(-1), out: text(&self.out), err: text(&self.err) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect_lines(from: impl Read + Send + 'static, to: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            to.lock().unwrap().push(line.unwrap());
        }
    })
}
