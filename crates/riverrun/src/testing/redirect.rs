//! Tables of a pipeline in a test: rows come from the test's blocks, and what is written is caught.

use super::cells::{self, Cells};
use super::file::{Block, TestFile};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, ErrorKind, Millis, Options, Place, Result, TypeKind};
use riverrun_sql::catalog::{Catalog, CatalogTable, Object};
use riverrun_sql::parse::{ColumnDef, ColumnKind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Connectors that a test runs as they are: they reach nothing but this machine.
const LOCAL: [&str; 4] = ["blackhole", "datagen", "filesystem", "nexmark"];

/// A block of rows.
#[derive(Clone, Debug)]
struct Input {
    format: Option<String>,
    body: String,
    line: u32,
}

impl Input {
    /// Where its rows stand in the test file: each is a line of the file that is read.
    fn places(&self) -> Vec<Place> {
        let rows = self.body.lines().enumerate().filter(|(_, line)| {
            let line = line.trim();
            !line.is_empty() && (self.format.is_some() || !line.starts_with('#'))
        });
        let place = |(index, line): (usize, &str)| {
            Place::new(self.line + 1 + index as u32, 1, line.trim_end().chars().count() as u32)
        };
        // Of a text table the first line is the header.
        rows.skip(usize::from(self.format.is_none())).map(place).collect()
    }
}

/// Rows that are read before the clock is set.
#[derive(Clone, Debug)]
pub struct Stage {
    /// How many rows of each table have been read then, in all.
    pub rows: BTreeMap<String, u64>,
    /// What the clock is set to.
    pub until: Millis,
}

/// Where the tables of a test lead.
#[derive(Debug)]
pub struct Redirects {
    folder: PathBuf,
    inputs: BTreeMap<String, Vec<Input>>,
    caught: BTreeSet<String>,
    stages: Vec<Stage>,
}

impl Redirects {
    /// The redirects that a file asks for; rows are kept below `folder`.
    pub fn new(file: &TestFile, folder: &Path) -> Redirects {
        let mut redirects = Redirects {
            folder: folder.to_owned(),
            inputs: BTreeMap::new(),
            caught: BTreeSet::new(),
            stages: Vec::new(),
        };
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        for section in &file.sections {
            match &section.block {
                Block::Input { table, format } => {
                    // Of a text table the first line is the header.
                    let lines = section.body.lines().map(str::trim).filter(|line| !line.is_empty());
                    let count = match format {
                        Some(_) => lines.count(),
                        None => lines.filter(|line| !line.starts_with('#')).count().saturating_sub(1),
                    };
                    *rows.entry(table.clone()).or_default() += count as u64;
                    redirects.inputs.entry(table.clone()).or_default().push(Input {
                        format: format.clone(),
                        body: section.body.clone(),
                        line: section.line,
                    });
                }
                Block::Clock(until) => redirects.stages.push(Stage { rows: rows.clone(), until: *until }),
                Block::Expect { table: Some(table), .. } => {
                    redirects.caught.insert(table.clone());
                }
                _ => {}
            }
        }
        redirects
    }

    /// The times to which the clock is set, each with the rows before it; none where it stands still.
    pub fn stages(&self) -> Vec<Stage> {
        self.stages.clone()
    }

    /// The catalog with its tables led to where the test wants them.
    pub fn apply(&self, catalog: &Catalog) -> Result<Catalog> {
        let mut redirected = catalog.clone();
        let catalogs: Vec<String> = catalog.catalog_names().map(str::to_owned).collect();
        let mut known = BTreeSet::new();
        for name in &catalogs {
            let databases: Vec<String> = catalog.database_names(name)?.map(str::to_owned).collect();
            for object in databases.iter().flat_map(|database| catalog.objects(name, database)) {
                let Object::Table(table) = object else { continue };
                known.insert(table.path.name.clone());
                if let Some(table) = self.redirect(table)? {
                    redirected.put(Object::Table(Arc::new(table)));
                }
            }
        }
        if let Some((name, inputs)) = self.inputs.iter().find(|(name, _)| !known.contains(*name)) {
            let place = inputs.first().map(|input| Place::new(input.line, 1, 1));
            return Err(Error::input(format!("`== input {name}`: the pipeline has no table '{name}'"))
                .hint_opt(did_you_mean(name, known.iter().map(String::as_str)))
                .at(place));
        }
        Ok(redirected)
    }

    /// Where a table's rows come from or go to in this test; `None` where it stays as it is.
    fn redirect(&self, table: &CatalogTable) -> Result<Option<CatalogTable>> {
        let name = &table.path.name;
        let connector = table.options.given("connector").map(|value| value.text.as_str()).unwrap_or_default();
        let mut redirected = table.clone();
        redirected.partition_keys.clear();
        if let Some(inputs) = self.inputs.get(name) {
            redirected.columns = table.columns.iter().map(physical).collect();
            redirected.options = self.input(table, inputs)?;
        } else if self.caught.contains(name) || !LOCAL.contains(&connector) {
            redirected.columns = table.columns.iter().map(physical).collect();
            // Read without rows to be read, the path is what the error shows.
            let path = self.folder.join("caught").join(format!("rows of {name}, which has no `input` block"));
            redirected.options = files(&path, "debezium-json");
        } else {
            return Ok(None);
        }
        Ok(Some(redirected))
    }

    /// The file that holds the rows of a table's blocks.
    fn input_path(&self, table: &str) -> PathBuf {
        self.folder.join("input").join(table)
    }

    /// An error about a row of an `input` block with the row's line in the test, in the place of that in a file that nobody
    /// has written.
    pub fn placed(&self, error: Error) -> Error {
        let found = self.inputs.iter().find_map(|(table, inputs)| {
            let path = format!(" in {}, line ", self.input_path(table).display());
            let (before, behind) = error.message().split_once(&path)?;
            // `2, byte 11: reason`
            let (number, reason) = behind.split_once(": ")?;
            let number: usize = number.split(',').next()?.parse().ok()?;
            let place = inputs.iter().flat_map(Input::places).nth(number.checked_sub(1)?)?;
            Some((format!("{before}: {reason}"), place))
        });
        let Some((message, place)) = found else { return error };
        let placed = match error.kind() {
            ErrorKind::Input => Error::input(message),
            ErrorKind::Failure => Error::failure(message),
            ErrorKind::Bug => Error::bug(message),
        };
        let placed = match error.detail_text() {
            Some(detail) => placed.detail(detail),
            None => placed,
        };
        placed.hint_opt(error.hint_text()).at(place)
    }

    /// The rows of a table in a file, and the options that read it.
    fn input(&self, table: &CatalogTable, inputs: &[Input]) -> Result<Options> {
        let mut formats: Vec<&str> = inputs.iter().filter_map(|input| input.format.as_deref()).collect();
        formats.dedup();
        let path = self.input_path(&table.path.name);
        let (format, text) = match formats.as_slice() {
            [] => as_records(table, inputs)?,
            [format] if inputs.iter().all(|input| input.format.is_some()) => {
                let lines = inputs.iter().flat_map(|input| input.body.lines()).filter(|line| !line.trim().is_empty());
                ((*format).to_owned(), lines.map(|line| format!("{line}\n")).collect())
            }
            _ => {
                let line = inputs.last().map_or(1, |input| input.line);
                return Err(Error::input(format!("the `input` blocks of '{}' have several formats", table.path.name))
                    .at(Some(Place::new(line, 1, 1))));
            }
        };
        let written =
            std::fs::create_dir_all(path.parent().unwrap_or(&self.folder)).and_then(|()| std::fs::write(&path, text));
        written.map_err(|error| Error::failure(format!("cannot write {}: {error}", path.display())))?;
        let mut options = files(&path, &format);
        // What the table says of its format, of time and of broken rows still holds.
        for (key, value) in table.options.iter() {
            let kept =
                key == "on-error" || key.starts_with("scan.watermark.") || key.starts_with(&format!("{format}."));
            if kept && options.given(key).is_none() {
                options.insert(key, value.clone());
            }
        }
        Ok(options)
    }
}

fn files(path: &Path, format: &str) -> Options {
    let mut options = Options::default();
    options.set("connector", "filesystem");
    options.set("path", path.display().to_string());
    options.set("format", format);
    options
}

/// Metadata is given with the rows.
fn physical(column: &ColumnDef) -> ColumnDef {
    match &column.kind {
        ColumnKind::Metadata { data_type, .. } => {
            ColumnDef { kind: ColumnKind::Physical { data_type: data_type.clone() }, ..column.clone() }
        }
        _ => column.clone(),
    }
}

/// Rows of a text table as JSON; with a first column `op` as changes.
fn as_records(table: &CatalogTable, inputs: &[Input]) -> Result<(String, String)> {
    let mut changes = false;
    let mut text = String::new();
    for input in inputs {
        let Cells { header, rows } = cells::read(&input.body, input.line)?;
        let with_kind = header.first().is_some_and(|name| name == "op") && table.column("op").is_none();
        changes |= with_kind;
        let types = header.iter().skip(usize::from(with_kind)).map(|name| column_type(table, name, input.line + 1));
        let types: Vec<DataType> = types.collect::<Result<_>>()?;
        for (line, row) in rows {
            let kind = with_kind.then(|| row[0].clone().unwrap_or_default());
            let cells = row.iter().skip(usize::from(with_kind));
            let names = header.iter().skip(usize::from(with_kind));
            let members = names.zip(&types).zip(cells).filter_map(|((name, data_type), cell)| {
                let value = json_value(data_type, cell.as_deref()?);
                Some(format!("{}:{value}", serde_json::Value::from(name.as_str())))
            });
            let record = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
            let record = match kind.as_deref() {
                None => record,
                Some("+I" | "+U") => format!("{{\"op\":\"c\",\"after\":{record}}}"),
                Some("-U" | "-D") => format!("{{\"op\":\"d\",\"before\":{record}}}"),
                Some(other) => {
                    return Err(Error::input(format!("'{other}' is no kind of change"))
                        .hint("the column `op` holds +I, -U, +U or -D")
                        .at(Some(Place::new(line, 1, 1))));
                }
            };
            text.push_str(&record);
            text.push('\n');
        }
    }
    Ok((if changes { "debezium-json" } else { "json" }.to_owned(), text))
}

fn column_type(table: &CatalogTable, name: &str, line: u32) -> Result<DataType> {
    let place = Place::new(line, 1, 1);
    let names = || table.columns.iter().map(|column| column.name.value.as_str());
    match table.column(name).map(|(_, column)| &column.kind) {
        Some(ColumnKind::Physical { data_type } | ColumnKind::Metadata { data_type, .. }) => Ok(data_type.clone()),
        Some(ColumnKind::Computed { .. }) => {
            Err(Error::input(format!("column '{name}' of '{}' is computed", table.path.name))
                .hint("leave it out of the `input` block")
                .at(Some(place)))
        }
        None => Err(Error::input(format!("table '{}' has no column '{name}'", table.path.name))
            .hint_opt(did_you_mean(name, names()))
            .at(Some(place))),
    }
}

/// A cell as a JSON value that the column reads.
fn json_value(data_type: &DataType, cell: &str) -> String {
    let nested =
        matches!(data_type.kind, TypeKind::Array(_) | TypeKind::Map(_, _) | TypeKind::Multiset(_) | TypeKind::Row(_));
    if nested {
        return cell.to_owned();
    }
    let text = match &data_type.kind {
        TypeKind::Timestamp { .. } => moment(cell),
        TypeKind::TimestampLtz { .. } => format!("{}Z", moment(cell.trim_end_matches('Z'))),
        TypeKind::Time(_) if cell.matches(':').count() == 1 => format!("{cell}:00"),
        _ => cell.to_owned(),
    };
    serde_json::Value::from(text).to_string()
}

/// A timestamp as results show it, `2024-01-01T10:00`, as JSON reads it.
fn moment(cell: &str) -> String {
    let text = cell.replacen('T', " ", 1);
    match text.split_once(' ') {
        None => format!("{text} 00:00:00"),
        Some((_, time)) if time.matches(':').count() == 1 => format!("{text}:00"),
        Some(_) => text,
    }
}
