//! Runs the examples of the book and of README.
//!
//! What a fenced block is for stands behind its language: `json,file=NAME` is a file of the page's folder, `sql,setup`
//! stands before every later example of its page, `sql,run` is run and must end well, `sql,fails` must be refused. What
//! follows an example is compared with what came: `text,rows` and `text,lines` with the lines of standard output, in any
//! order; of `text,said` every line must be in standard error.
//!
//! A block `sql` alone, such as one of tables that are elsewhere, must be good behind the setup of its page, as
//! `riverrun check` sees it; `sql,part` is one whose tables are not on the page, and must be statements that can be read.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{Case, Ended};
use std::path::Path;

/// A fenced block.
struct Block {
    line: usize,
    info: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                open = true;
                found.push(Block { line: index + 1, info: info.trim().to_owned(), text: String::new() });
            }
            None if open => {
                let block = found.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    assert!(!open, "a block does not end");
    found
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.sort_unstable();
    lines
}

/// That a file is good.
fn checked(case: &Case, sql: &str, place: &str) {
    case.file("checked.sql", sql);
    let dir = format!("DIR={}", case.path().display());
    let ended = case.riverrun(&["check", "checked.sql", "--var", &dir, "--var", "PASSWORD=x"]);
    assert_eq!(ended.code, 0, "{place}\n{}", ended.err);
}

/// That a text is statements, whatever they are about.
fn parsed(text: &str, place: &str) {
    let variables = ["DIR"].map(|name| (name.to_owned(), "x".to_owned())).into();
    if let Err(error) = riverrun::sql::parse::parse(text, &variables) {
        panic!("{place}\n{}", error.render(place, text));
    }
}

/// Runs the examples of a page; how many there are.
fn run_page(name: &str, page: &str) -> usize {
    let case = Case::new();
    let (mut setup, mut last, mut examples) = (String::new(), None::<Ended>, 0);
    for block in blocks(page) {
        let place = format!("{name}:{}", block.line);
        let (language, kind) = block.info.split_once(',').unwrap_or((&block.info, ""));
        match kind {
            "" if language == "sql" => checked(&case, &format!("{setup}\n{}", block.text), &place),
            "part" => parsed(&block.text, &place),
            "" | "ignore" => {}
            "setup" => setup.push_str(&block.text),
            "run" | "fails" => {
                let ended = case.run(&format!("{setup}\n{}", block.text), &["-p", "1"]);
                let wanted = if kind == "run" { 0 } else { 2 };
                assert_eq!(ended.code, wanted, "{place}\n{}{}", ended.out, ended.err);
                last = Some(ended);
                examples += 1;
            }
            "rows" | "lines" => {
                let ended = last.as_ref().unwrap_or_else(|| panic!("{place}: rows of no example"));
                assert_eq!(sorted(&ended.out), sorted(&block.text), "{place}\n{}", ended.out);
            }
            "said" => {
                let ended = last.as_ref().unwrap_or_else(|| panic!("{place}: an error of no example"));
                for line in block.text.lines() {
                    assert!(ended.err.contains(line), "{place}: `{line}` is not in:\n{}", ended.err);
                }
            }
            file => match file.strip_prefix("file=") {
                Some(file) => {
                    case.file(file, &block.text);
                }
                None => panic!("{place}: what is a block `{}`?", block.info),
            },
        }
    }
    examples
}

fn run_folder(folder: &Path) -> usize {
    let mut examples = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            examples += run_folder(&path);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            examples += run_page(&path.display().to_string(), &std::fs::read_to_string(&path).unwrap());
        }
    }
    examples
}

#[test]
fn the_examples_of_the_book_give_what_it_says() {
    let examples = run_folder(Path::new("../../docs/src"));
    assert!(examples >= 10, "only {examples} examples are run");
}

#[test]
fn the_examples_of_the_first_page_give_what_it_says() {
    let readme = std::fs::read_to_string("../../README.md").unwrap();
    assert!(run_page("README.md", &readme) >= 2);
}
