//! Tables as text: cells between bars, `null` for NULL, quotes around a text that would be something else.

use riverrun_core::{Error, Place, Result};
use unicode_width::UnicodeWidthStr;

/// A table as it stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows; NULL is `None`. With the line that each stands at.
    pub rows: Vec<(u32, Vec<Option<String>>)>,
}

/// Reads a table whose block begins at `line`. Blank lines, and lines that begin with `#`, are passed over.
pub fn read(body: &str, line: u32) -> Result<Cells> {
    let mut cells = Cells::default();
    for (index, text) in body.lines().enumerate() {
        let number = line + 1 + index as u32;
        if text.trim().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        let place = Place::new(number, 1, text.chars().count() as u32);
        let row = split(text).map_err(|error| error.at(Some(place)))?;
        if cells.header.is_empty() {
            cells.header = row.into_iter().map(|cell| cell.unwrap_or_else(|| "null".to_owned())).collect();
        } else if row.len() != cells.header.len() {
            return Err(Error::input(format!("the row has {} cells, the header {}", row.len(), cells.header.len()))
                .hint("cells stand between bars: a | b; a text with a bar in it stands in single quotes")
                .at(Some(place)));
        } else {
            cells.rows.push((number, row));
        }
    }
    Ok(cells)
}

fn split(line: &str) -> Result<Vec<Option<String>>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (text, behind) = unquote(quoted).ok_or_else(|| Error::input("a quote is not closed"))?;
            cells.push(Some(text));
            rest = behind.trim_start();
            match rest.strip_prefix('|') {
                Some(next) => rest = next,
                None if rest.is_empty() => return Ok(cells),
                None => return Err(Error::input("something stands behind a closing quote").hint("write ' as ''")),
            }
            continue;
        }
        let (cell, next) = rest.split_once('|').map_or((rest, None), |(cell, next)| (cell, Some(next)));
        let cell = cell.trim();
        cells.push((cell != "null").then(|| cell.to_owned()));
        match next {
            Some(next) => rest = next,
            None => return Ok(cells),
        }
    }
}

/// The text up to the closing quote, and what stands behind that.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut plain = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('\'')?;
        plain.push_str(before);
        match behind.strip_prefix('\'') {
            Some(next) => {
                plain.push('\'');
                rest = next;
            }
            None => return Some((plain.replace("\\n", "\n"), behind)),
        }
    }
}

/// A cell as it is written.
pub fn quote(cell: Option<&str>) -> String {
    let Some(text) = cell else { return "null".to_owned() };
    let plain = !text.is_empty()
        && text != "null"
        && text.trim() == text
        && !text.starts_with(['\'', '#'])
        && !text.contains(['|', '\n', '\r']);
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''").replace('\n', "\\n")) }
}

/// The lines of a table with columns under each other.
pub fn lines(header: &[String], rows: &[Vec<Option<String>>]) -> Vec<String> {
    let texts: Vec<Vec<String>> = std::iter::once(header.iter().map(|name| quote(Some(name))).collect())
        .chain(rows.iter().map(|row| row.iter().map(|cell| quote(cell.as_deref())).collect()))
        .collect();
    let widths: Vec<usize> = (0..header.len())
        .map(|column| texts.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let mut text = String::new();
        for (index, cell) in row.iter().enumerate() {
            text.push_str(if index > 0 { " | " } else { "" });
            text.push_str(cell);
            if index + 1 < row.len() {
                text.push_str(&" ".repeat(widths[index].saturating_sub(cell.width())));
            }
        }
        text
    };
    texts.iter().map(line).collect()
}
