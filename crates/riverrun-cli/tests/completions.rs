//! `riverrun completions`: scripts that their shells take.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::Case;
use std::process::Command;

/// The shells, and how each is asked whether it can read a script without running it.
const SHELLS: &[(&str, &[&str])] = &[
    ("bash", &["bash", "-n"]),
    ("zsh", &["zsh", "-n"]),
    ("fish", &["fish", "--no-execute"]),
    ("elvish", &["elvish", "-compileonly"]),
    ("powershell", &["pwsh", "-NoProfile", "-File"]),
];

const SUBCOMMANDS: &[&str] = &[
    "run",
    "sql",
    "savepoint",
    "checkpoints",
    "explain",
    "check",
    "test",
    "chaos",
    "connectors",
    "options",
    "functions",
    "demo",
    "bench",
    "completions",
];

#[test]
fn a_script_for_each_shell_knows_the_subcommands_and_is_taken_where_there_is_the_shell() {
    let case = Case::new();
    for (shell, reads) in SHELLS {
        let script = case.riverrun(&["completions", shell]).ok().out;
        for subcommand in SUBCOMMANDS {
            let words = |c: char| !c.is_alphanumeric() && c != '-' && c != '_';
            assert!(script.split(words).any(|word| word == *subcommand), "{subcommand} is not in that of {shell}");
        }
        assert!(script.contains("state-dir") && script.contains("summary"), "{shell}: {script}");
        let path = case.file(&format!("riverrun.{shell}"), &script);
        match Command::new(reads[0]).args(&reads[1..]).arg(&path).output() {
            Err(_) => eprintln!("skipped: there is no {}", reads[0]),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success() && said.is_empty(), "{shell}: {said}");
            }
        }
    }
}

#[test]
fn bash_completes_subcommands_and_options() {
    let case = Case::new();
    let script = case.riverrun(&["completions", "bash"]).ok().out;
    case.file("riverrun.bash", &script);
    let complete = |words: &str, at: usize| {
        let asked = format!(
            "source riverrun.bash; COMP_WORDS=({words}); COMP_CWORD={at}; _riverrun riverrun \"${{COMP_WORDS[{at}]}}\" \"\"; \
             echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["-c", &asked]).current_dir(case.path()).output();
        let mut found: Vec<String> =
            String::from_utf8_lossy(&output.ok()?.stdout).split_whitespace().map(str::to_owned).collect();
        found.sort();
        Some(found.join(" "))
    };
    let Some(found) = complete("riverrun check", 1) else {
        eprintln!("skipped: there is no bash");
        return;
    };
    assert_eq!(found, "check checkpoints");
    assert_eq!(complete("riverrun run --summ", 2).unwrap(), "--summary");
}

#[test]
fn an_unknown_shell_is_refused_with_those_that_are_known() {
    Case::new().riverrun(&["completions", "tcsh"]).failed(2, &["tcsh", "bash", "zsh", "fish"]);
}
