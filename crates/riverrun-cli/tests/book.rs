//! Runs the examples of the book.
//!
//! What a fenced block is for stands behind its language: `json,file=NAME` is a file of the page's folder, `sql,setup`
//! stands before every later example of its page, `sql,run` is run and must end well, `sql,fails` must be refused. What
//! follows an example is compared with what came: `text,rows` and `text,lines` with the lines of standard output, in any
//! order; of `text,said` every line must be in standard error.

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

/// Runs the examples of a page; how many there are.
fn run_page(name: &str, page: &str) -> usize {
    let case = Case::new();
    let (mut setup, mut last, mut examples) = (String::new(), None::<Ended>, 0);
    for block in blocks(page) {
        let place = format!("{name}:{}", block.line);
        let kind = block.info.split_once(',').map_or("", |(_, kind)| kind);
        match kind {
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
                let ended = last.take().unwrap_or_else(|| panic!("{place}: rows of no example"));
                assert_eq!(sorted(&ended.out), sorted(&block.text), "{place}\n{}", ended.out);
            }
            "said" => {
                let ended = last.take().unwrap_or_else(|| panic!("{place}: an error of no example"));
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
