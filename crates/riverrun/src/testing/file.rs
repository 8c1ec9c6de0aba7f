//! Test files: a description, then blocks that begin with `== name arguments`.

use crate::script::without_mark;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Millis, Place, Result};
use std::path::{Path, PathBuf};

/// How the rows of an `expect` block are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpectMode {
    /// The rows that are left at the end, in any order.
    #[default]
    Rows,
    /// The rows in the order in which they came.
    InOrder,
    /// Every change with its kind; in order, where one worker runs.
    Changelog,
}

/// A block of a test file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// `== options`: settings of the session, `clock`, `parallelism`.
    Options,
    /// `== sql`: statements.
    Sql,
    /// `== run FILE`: statements of another file.
    Run(PathBuf),
    /// `== input TABLE [as FORMAT]`: rows of a table.
    Input { table: String, format: Option<String> },
    /// `== clock TIME`: the clock is set when the rows of the blocks before it have been worked through.
    Clock(Millis),
    /// `== expect [TABLE] [in order | changelog]`: rows of a query, or of a table that is written.
    Expect { table: Option<String>, mode: ExpectMode },
    /// `== expect error`: what the error must say.
    Error,
}

/// A block with its text.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub block: Block,
    /// The line of its `==`, from 1.
    pub line: u32,
    /// The lines behind that, each with its end.
    pub body: String,
}

/// A test file.
#[derive(Clone, Debug)]
pub struct TestFile {
    /// Its path, for messages and for the paths in it.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What stands before the first block.
    pub description: String,
    pub(super) sections: Vec<Section>,
}

const BLOCKS: [&str; 6] = ["options", "sql", "run", "input", "clock", "expect"];

impl TestFile {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<TestFile> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::input(format!("cannot read '{}': {error}", path.display())))?;
        TestFile::parse(path, without_mark(text))
    }

    /// Reads a text that stands at `path`.
    pub fn parse(path: &Path, text: String) -> Result<TestFile> {
        let (mut description, mut sections) = (String::new(), Vec::<Section>::new());
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let number = index as u32 + 1;
            match line.strip_prefix("== ") {
                Some(head) => {
                    let place = Place::new(number, 1, line.trim_end().chars().count() as u32);
                    let block = block(head.trim(), path).map_err(|error| error.at(Some(place)))?;
                    sections.push(Section { block, line: number, body: String::new() });
                }
                None => match sections.last_mut() {
                    Some(section) => section.body.push_str(line),
                    None => description.push_str(line),
                },
            }
        }
        if !sections.iter().any(|section| matches!(section.block, Block::Sql | Block::Run(_))) {
            return Err(Error::input("the test has no statements")
                .hint("write them behind a line `== sql`, or name a file of them: `== run pipeline.sql`"));
        }
        Ok(TestFile { path: path.to_owned(), description: description.trim().to_owned(), text, sections })
    }

    /// The text with other bodies for some sections, by their numbers, and what is appended to it.
    pub(super) fn with_bodies(&self, bodies: &[(usize, String)], appended: &str) -> String {
        let mut text = String::new();
        let first = self.sections.first().map_or(u32::MAX, |section| section.line);
        for (index, line) in self.text.split_inclusive('\n').enumerate() {
            if (index as u32) + 1 < first {
                text.push_str(line);
            }
        }
        let heads: Vec<&str> = self.text.lines().filter(|line| line.starts_with("== ")).collect();
        for (index, (section, head)) in self.sections.iter().zip(heads).enumerate() {
            text.push_str(head);
            text.push('\n');
            match bodies.iter().find(|(number, _)| *number == index) {
                Some((_, body)) => {
                    text.push_str(body);
                    // The blank lines that parted it from the next block stay.
                    let blank = section.body.lines().rev().take_while(|line| line.trim().is_empty()).count();
                    let wanted = if index + 1 < self.sections.len() { blank.max(1) } else { blank };
                    text.push_str(&"\n".repeat(wanted));
                }
                None => text.push_str(&section.body),
            }
        }
        if !appended.is_empty() {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            if !text.ends_with("\n\n") {
                text.push('\n');
            }
            text.push_str(appended);
        }
        text
    }
}

fn block(head: &str, path: &Path) -> Result<Block> {
    let mut words = head.split_whitespace();
    let name = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    match (name, rest.as_slice()) {
        ("options", []) => Ok(Block::Options),
        ("sql", []) => Ok(Block::Sql),
        ("run", [file]) => Ok(Block::Run(path.parent().unwrap_or(Path::new("")).join(file))),
        ("run", _) => Err(Error::input("`== run` needs one file").hint("== run pipeline.sql")),
        ("input", [table]) => Ok(Block::Input { table: (*table).to_owned(), format: None }),
        ("input", [table, "as", format]) => {
            Ok(Block::Input { table: (*table).to_owned(), format: Some((*format).to_owned()) })
        }
        ("input", _) => Err(Error::input("`== input` needs the name of a table")
            .hint("== input clicks; or == input clicks as debezium-json, with lines in that format")),
        ("clock", time) => {
            let text = time.join(" ");
            instant(&text).map(Block::Clock).ok_or_else(|| {
                Error::input(format!("'{text}' is no time for `== clock`"))
                    .hint("write it like == clock 2024-01-01 12:00:00, in UTC")
            })
        }
        ("expect", ["error"]) => Ok(Block::Error),
        ("expect", rest) => {
            let (table, mode) = match rest {
                [] => (None, ExpectMode::Rows),
                ["changelog"] => (None, ExpectMode::Changelog),
                ["in", "order"] => (None, ExpectMode::InOrder),
                [table] => (Some(table), ExpectMode::Rows),
                [table, "changelog"] => (Some(table), ExpectMode::Changelog),
                [table, "in", "order"] => (Some(table), ExpectMode::InOrder),
                _ => {
                    return Err(Error::input(format!("`== {head}` is no block"))
                        .hint("== expect [TABLE] [in order | changelog], or == expect error"));
                }
            };
            Ok(Block::Expect { table: table.map(|table| (*table).to_owned()), mode })
        }
        ("options" | "sql", _) => Err(Error::input(format!("`== {name}` takes nothing behind it"))),
        _ => Err(Error::input(format!("there is no block `{name}`"))
            .hint_opt(did_you_mean(name, BLOCKS).or_else(|| Some(format!("blocks are: {}", BLOCKS.join(", ")))))),
    }
}

/// A time of UTC as tests write it.
pub(super) fn instant(text: &str) -> Option<Millis> {
    let text = text.trim_end_matches('Z').replacen('T', " ", 1);
    let text = match text.split_once(' ') {
        None => format!("{text} 00:00:00"),
        Some((_, time)) if time.matches(':').count() == 1 => format!("{text}:00"),
        Some(_) => text,
    };
    let time = chrono::NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    Some(Millis(time.and_utc().timestamp_millis()))
}
