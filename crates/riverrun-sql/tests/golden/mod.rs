//! What the golden tests share: where the data is, and which deviations are known.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod runner;

use std::path::PathBuf;

/// The folder with golden data below the shared folder, if it is there.
pub fn data(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("RIVERRUN_SHARED").map_or_else(|| PathBuf::from("../../../shared"), PathBuf::from);
    let folder = shared.join("data").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there is no {}", folder.display());
    None
}

/// The deviations that `docs/flink-differences.md` lists: expressions, in which `…` stands for any text.
pub struct Differences(Vec<Vec<String>>);

impl Differences {
    /// Reads the first column of the tables in the document.
    pub fn read() -> Differences {
        let text = std::fs::read_to_string("../../docs/flink-differences.md").unwrap();
        let cells = text.lines().filter_map(|line| {
            let cell = line.strip_prefix("| `")?;
            // A bar within a cell is escaped.
            let cell = cell.replace("\\|", "\u{0}");
            let cell = cell.split_once("` |")?.0.replace('\u{0}', "|");
            Some(cell.split('…').map(str::to_owned).collect())
        });
        Differences(cells.collect())
    }

    /// Whether a deviation of this expression is known.
    pub fn contains(&self, expression: &str) -> bool {
        self.0.iter().any(|parts| matches_parts(expression, parts))
    }
}

fn matches_parts(text: &str, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else { return false };
    let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
    for (index, part) in rest.iter().enumerate() {
        if index + 1 == rest.len() {
            return left.ends_with(part.as_str());
        }
        match left.find(part.as_str()) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.is_empty()
}

/// A text with backslash, tab and control characters as the golden data writes them.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            c if c.is_control() => escaped.push_str(&format!("\\u{:04x}", c as u32)),
            c => escaped.push(c),
        }
    }
    escaped
}
