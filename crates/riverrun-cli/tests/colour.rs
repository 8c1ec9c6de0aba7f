//! Colour: on a terminal, unless `NO_COLOR` is set; never in a pipe.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::Case;
use std::process::{Command, Stdio};

/// Commands, `RUST_LOG` for each, and what is coloured in what they show.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("run wrong.sql", "", "\x1b[1;31merror:\x1b[0m"),
    ("test good.test", "", "\x1b[32mok"),
    ("test bad.test", "", "\x1b[1;31mFAILED"),
    ("options parallelism.default", "riverrun=loud", "\x1b[1;33mwarning:\x1b[0m"),
];

fn case() -> Case {
    let case = Case::new();
    case.file("wrong.sql", "SELCT 1;");
    case.file("good.test", "One.\n\n== sql\nSELECT 1 AS a;\n\n== expect\na\n1\n");
    case.file("bad.test", "Two.\n\n== sql\nSELECT 2 AS a;\n\n== expect\na\n1\n");
    case
}

/// What a command shows on a terminal, which `script` of util-linux makes; `None` where there is no `script`.
fn on_terminal(case: &Case, command: &str, log: &str, no_colour: Option<&str>) -> Option<String> {
    let command = format!("{} {command}", env!("CARGO_BIN_EXE_riverrun"));
    let mut script = Command::new("script");
    script.args(["-q", "-f", "-c", &command, "/dev/null"]).current_dir(case.path());
    script.env("SHELL", "/bin/sh").env("TERM", "xterm").env("RUST_LOG", log).env_remove("NO_COLOR");
    if let Some(value) = no_colour {
        script.env("NO_COLOR", value);
    }
    match script.stdin(Stdio::null()).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(_) => {
            eprintln!("skipped: there is no `script`");
            None
        }
    }
}

/// Whether a text has colours; moves of the cursor are none.
fn is_coloured(text: &str) -> bool {
    text.split("\x1b[").skip(1).any(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';');
        end.is_some_and(|end| rest[end..].starts_with('m'))
    })
}

#[test]
fn a_terminal_shows_colours() {
    let case = case();
    for (command, log, coloured) in COMMANDS {
        let Some(shown) = on_terminal(&case, command, log, None) else { return };
        assert!(shown.contains(coloured), "{command}: {shown:?}");
        // Set to nothing it is not set: no-color.org.
        let shown = on_terminal(&case, command, log, Some("")).unwrap();
        assert!(shown.contains(coloured), "{command}: {shown:?}");
    }
}

#[test]
fn with_no_color_a_terminal_shows_none() {
    let case = case();
    for (command, log, _) in COMMANDS {
        let Some(shown) = on_terminal(&case, command, log, Some("1")) else { return };
        assert!(!is_coloured(&shown) && !shown.is_empty(), "{command}: {shown:?}");
    }
}

#[test]
fn a_pipe_gets_none() {
    let case = case();
    for (command, log, _) in COMMANDS {
        let mut piped = case.command();
        piped.env_remove("NO_COLOR").env("RUST_LOG", log).args(command.split(' '));
        let ended = common::Ended::from(piped.output().unwrap());
        assert!(!ended.out.contains('\x1b') && !ended.err.contains('\x1b'), "{command}: {}{}", ended.out, ended.err);
    }
}
