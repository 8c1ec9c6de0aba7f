//! The interactive shell, typed at through a terminal of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::Case;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Only a broken test waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A shell on a terminal, which `script` of util-linux makes.
struct Typed {
    child: Child,
    keys: Arc<Mutex<ChildStdin>>,
    screen: Arc<Mutex<String>>,
    /// How much there was before the last keys, and up to the end of what was waited for.
    seen: usize,
    shown: usize,
}

/// What the editor asks the terminal when it begins to read a line: where the cursor is.
const WHERE: &str = "\x1b[6n";

impl Typed {
    /// Starts `riverrun sql` with these arguments; `None` where there is no `script`.
    fn start(case: &Case, args: &str) -> Option<Typed> {
        // What `script` itself ends with is not always what the command has ended with. Ctrl-C reaches the shell around the
        // command too, and some shells would end with it.
        let command = format!("trap : INT; {} sql {args}; echo ended with $?", env!("CARGO_BIN_EXE_riverrun"));
        let mut script = Command::new("script");
        script.args(["-q", "-f", "-c", &command, "/dev/null"]).current_dir(case.path());
        script
            .env_remove("RUST_LOG")
            .env("SHELL", "/bin/sh")
            .env("NO_COLOR", "1")
            .env("XDG_STATE_HOME", case.path())
            .env("TERM", "xterm");
        let Ok(mut child) = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
            eprintln!("skipped: there is no `script`");
            return None;
        };
        let keys = Arc::new(Mutex::new(child.stdin.take().unwrap()));
        let screen: Arc<Mutex<String>> = Arc::default();
        let (mut out, answers, shown) = (child.stdout.take().unwrap(), keys.clone(), screen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = out.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]);
                if text.contains(WHERE) {
                    let _ = answers.lock().unwrap().write_all(b"\x1b[1;1R");
                }
                shown.lock().unwrap().push_str(&text);
            }
        });
        let mut typed = Typed { child, keys, screen, seen: 0, shown: 0 };
        typed.shows("`help;` for help");
        typed.prompts();
        Some(typed)
    }

    /// Types, and leaves the editor the time to draw.
    fn keys(&mut self, keys: &str) {
        std::thread::sleep(Duration::from_millis(200));
        self.seen = self.screen.lock().unwrap().len();
        self.keys.lock().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this has been shown since the last keys.
    #[track_caller]
    fn shows(&mut self, text: &str) {
        self.shown = self.wait_for(text, self.seen);
    }

    /// Waits until the editor reads again behind what was shown: before that keys are the terminal's.
    #[track_caller]
    fn prompts(&mut self) {
        self.shown = self.wait_for(WHERE, self.shown);
    }

    /// Waits until the shell has ended as it should.
    #[track_caller]
    fn ends(&mut self) {
        self.shows("ended with 0");
    }

    #[track_caller]
    fn wait_for(&self, text: &str, from: usize) -> usize {
        let start = Instant::now();
        loop {
            let screen = self.screen.lock().unwrap();
            if let Some(at) = screen[from..].find(text) {
                return from + at + text.len();
            }
            assert!(start.elapsed() < PATIENCE, "{text:?} is not shown in {:?}", &screen[from..]);
            drop(screen);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn statements_stand_on_several_lines_and_words_are_completed() {
    let case = Case::new();
    let Some(mut shell) = Typed::start(&case, "--var WHO=you -p 1") else { return };
    shell.keys("CREATE TABLE t (numeral INT,\r");
    shell.keys("name STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '3');\r");
    shell.keys("SHOW TABLES;\r");
    shell.shows("table name");
    shell.prompts();
    // A column of the table, an option of a connector and one of the session: each can be only one word.
    for (typed, completed) in
        [("SELECT nume", "SELECT numeral"), ("'rows-per-s", "'rows-per-second"), ("SET 'table.dml", "table.dml-sync")]
    {
        shell.keys(typed);
        shell.keys("\t");
        shell.shows(completed.rsplit(' ').next().unwrap());
        shell.keys("\x03");
    }
    shell.keys("SELECT 'hello ${WHO}' AS greeting;\r");
    shell.shows("hello you");
    shell.prompts();
    shell.keys("SELECT COUNT(*) AS n FROM t;\r");
    shell.shows("3");
    shell.shows("1 row");
    shell.prompts();
    shell.keys("SELCT 1;\r");
    shell.shows("did you mean `SELECT`?");
    shell.prompts();
    shell.keys("clear;\r");
    shell.shows("\x1b[2J");
    shell.keys("quit\r");
    shell.ends();
    let history = std::fs::read_to_string(case.path().join("riverrun/history")).unwrap();
    assert!(history.contains("SHOW TABLES;"), "{history}");
}

#[test]
fn a_query_without_end_is_stopped_by_ctrl_c_and_the_shell_goes_on() {
    let case = Case::new();
    case.file("init.sql", "CREATE TABLE g (id INT) WITH ('connector' = 'datagen', 'rows-per-second' = '${RATE}', 'fields.id.min' = '1', 'fields.id.max' = '2');");
    let Some(mut shell) = Typed::start(&case, "--init init.sql --var RATE=100 -p 1") else { return };
    shell.keys("SELECT id, COUNT(*) AS n FROM g GROUP BY id;\r");
    // The table is drawn in place.
    shell.shows("2 rows; ");
    shell.shows("changes …");
    shell.keys("\x03");
    shell.prompts();
    shell.keys("SELECT 'still ' || 'here';\r");
    shell.shows("still here");
    shell.prompts();
    shell.keys("\x04");
    shell.ends();
}
