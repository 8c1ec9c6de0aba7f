//! What exists: `riverrun connectors` and `riverrun functions`, from the definitions that validate.

mod syntax;

use crate::output::print_cells;
use riverrun::connectors::{self, Connector};
use riverrun::formats;
use riverrun::sql::functions::registry;
use riverrun::sql::session::SESSION_OPTIONS;
use riverrun_core::options::OptionDef;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result};
use std::fmt::Write;
use syntax::{FORMS, NOT_HERE};

/// The text of `riverrun connectors [NAME]`.
pub fn connectors_page(name: Option<&str>) -> Result<String> {
    match name {
        None => Ok(connector_list()),
        Some(name) => {
            if let Some(connector) = connectors::connector(name) {
                return Ok(connector_page(connector));
            }
            if let Some((name, doc)) = all_formats().find(|(known, _)| *known == name) {
                return Ok(format_page(name, doc));
            }
            if let Some((_, feature)) = connectors::left_out().iter().find(|(left_out, _)| *left_out == name) {
                return Err(Error::input(format!("'{name}' is not part of this binary"))
                    .hint(format!("build it with the cargo feature `{feature}`")));
            }
            let names: Vec<&str> = connector_names().chain(all_formats().map(|(name, _)| name)).collect();
            Err(Error::input(format!("there is no connector or format '{name}'")).hint_opt(
                did_you_mean(name, names.iter().copied()).or_else(|| Some(format!("known: {}", names.join(", ")))),
            ))
        }
    }
}

fn connector_names() -> impl Iterator<Item = &'static str> {
    connectors::connectors().iter().map(|connector| connector.name())
}

/// The formats of records and of whole files: their names and what they are.
fn all_formats() -> impl Iterator<Item = (&'static str, &'static str)> {
    let records = formats::formats().iter().map(|format| (format.name(), format.doc()));
    records.chain(formats::file_formats().iter().map(|format| (format.name(), format.doc())))
}

fn connector_list() -> String {
    let row = |name: &str, doc: &str| vec![name.to_owned(), doc.to_owned()];
    let connectors: Vec<_> = connectors::connectors().iter().map(|c| row(c.name(), c.doc())).collect();
    let formats: Vec<_> = all_formats().map(|(name, doc)| row(name, doc)).collect();
    let header = |first: &str| vec![first.to_owned(), "what it is".to_owned()];
    let mut text = print_cells(&header("connector"), &connectors);
    let _ = write!(text, "\n{}", print_cells(&header("format"), &formats));
    for (name, feature) in connectors::left_out() {
        let _ = writeln!(text, "\n{name} is not part of this binary: build it with the cargo feature `{feature}`");
    }
    text.push_str("\n`riverrun connectors NAME` shows the options of one.\n");
    text
}

fn connector_page(connector: &dyn Connector) -> String {
    let mut text = format!("{}: {}\n\n", connector.name(), connector.doc());
    text.push_str(&options_table("", connector.options().iter().chain(connectors::common_options(connector))));
    if connector.takes_format() {
        let records = formats::formats().iter().map(|format| format.name());
        let files = formats::file_formats().iter().filter(|_| connector.takes_files()).map(|format| format.name());
        let names: Vec<&str> = records.chain(files).collect();
        let _ = writeln!(
            text,
            "\nIt takes a format ('format' = '…'): {}. `riverrun connectors FORMAT` shows its options.",
            names.join(", ")
        );
    }
    let metadata = connector.metadata();
    if !metadata.is_empty() {
        let rows: Vec<Vec<String>> = metadata
            .iter()
            .map(|column| {
                let access = if column.writable { "read, write" } else { "read" };
                vec![column.key.to_owned(), column.data_type.to_string(), access.to_owned(), column.doc.to_owned()]
            })
            .collect();
        let header = ["metadata", "type", "access", "meaning"].map(str::to_owned);
        let _ = write!(text, "\n{}", print_cells(&header, &rows));
    }
    text
}

fn format_page(name: &str, doc: &str) -> String {
    let options = formats::options(name).unwrap_or_default();
    format!("{name}: {doc}\n\n{}", options_table(&format!("{name}."), options.iter()))
}

/// The text of `riverrun options [NAME]`.
pub fn options_page(name: Option<&str>) -> Result<String> {
    let chosen: Vec<&'static OptionDef> =
        SESSION_OPTIONS.iter().filter(|option| name.is_none_or(|name| option.name == name)).collect();
    match name {
        Some(name) if chosen.is_empty() => Err(Error::input(format!("there is no option '{name}'")).hint_opt(
            did_you_mean(name, SESSION_OPTIONS.iter().map(|option| option.name))
                .or_else(|| Some("`riverrun options` lists those there are".to_owned())),
        )),
        _ => Ok(options_table("", chosen.into_iter())),
    }
}

fn options_table(prefix: &str, options: impl Iterator<Item = &'static OptionDef>) -> String {
    let rows: Vec<Vec<String>> = options
        .map(|option| {
            let default = match option.default {
                Some(default) => default.to_owned(),
                None if option.required => "(required)".to_owned(),
                None => String::new(),
            };
            vec![format!("{prefix}{}", option.name), option.kind.describe(), default, option.doc.to_owned()]
        })
        .collect();
    let header = ["option", "type", "default", "meaning"].map(str::to_owned);
    if rows.is_empty() { "It has no options.\n".to_owned() } else { wide_cells(&header, &rows) }
}

/// A table whose last column may be as long as it needs to be.
fn wide_cells(header: &[String], rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(text, "{}", row[0]);
        let facts: Vec<String> = header[1..3]
            .iter()
            .zip(&row[1..3])
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(name, cell)| format!("{name}: {cell}"))
            .collect();
        let _ = writeln!(text, "    {}\n    {}", facts.join(", "), row[3]);
    }
    text
}

/// Where functions of the user come from.
const OWN_FUNCTIONS: &[(&str, &str)] = &[
    ("CREATE FUNCTION … AS 'x + 1'", "An expression. SHOW USER FUNCTIONS lists those of a session."),
    ("CREATE FUNCTION … LANGUAGE WASM AS 'f.wasm'", "An export of a WebAssembly component (cargo feature `wasm`)."),
];

/// The text of `riverrun functions [NAME]`.
pub fn functions_page(name: Option<&str>) -> Result<String> {
    match name {
        None => Ok(function_list()),
        Some(name) => function_page(name),
    }
}

/// Why Flink's function of this name is not there; `None` of all other names.
fn not_here(name: &str) -> Option<&'static str> {
    NOT_HERE.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, why)| *why)
}

fn function_page(name: &str) -> Result<String> {
    let missing = |hint: String| Error::input(format!("there is no function '{name}'")).hint(hint);
    if let Some(why) = not_here(name) {
        return Err(missing(why.to_owned()));
    }
    let mut text = String::new();
    if let Some(function) = registry::function(name) {
        let _ = writeln!(text, "{}\n    {} function. {}", function.syntax, function.group, function.doc);
    }
    if let Some(function) = riverrun::operators::aggregates::aggregate(name) {
        let _ = writeln!(text, "{}\n    aggregate function. {}", function.syntax, function.doc);
    }
    for form in FORMS.iter().filter(|form| form.names.iter().any(|known| known.eq_ignore_ascii_case(name))) {
        let _ = writeln!(text, "{}\n    {} syntax. {}", form.syntax, form.group, form.doc);
    }
    if !text.is_empty() {
        return Ok(text);
    }
    let scalar = registry::functions().flat_map(|function| function.aliases.iter().copied().chain([function.name]));
    let aggregates = riverrun::operators::aggregates::aggregates()
        .flat_map(|function| function.aliases.iter().copied().chain([function.name]));
    let forms = FORMS.iter().flat_map(|form| form.names.iter().copied());
    let names = scalar.chain(aggregates).chain(forms).chain(NOT_HERE.iter().map(|(name, _)| *name));
    let hint = did_you_mean(name, names);
    Err(missing(hint.unwrap_or_else(|| "`riverrun functions` lists those there are".to_owned())))
}

fn function_list() -> String {
    let scalar: Vec<_> = registry::functions().filter(|function| not_here(function.name).is_none()).collect();
    let mut groups: Vec<&str> = Vec::new();
    for group in scalar.iter().map(|function| function.group).chain(FORMS.iter().map(|form| form.group)) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let mut text = String::new();
    for group in groups {
        let _ = writeln!(text, "{group}");
        let functions = scalar.iter().filter(|function| function.group == group);
        let forms = FORMS.iter().filter(|form| form.group == group);
        let rows = functions.map(|function| (function.syntax, function.doc));
        for (syntax, doc) in rows.chain(forms.map(|form| (form.syntax, form.doc))) {
            let _ = writeln!(text, "    {syntax:<44} {doc}");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "aggregate");
    for function in riverrun::operators::aggregates::aggregates() {
        let _ = writeln!(text, "    {:<44} {}", function.syntax, function.doc);
    }
    let _ = writeln!(text, "\nof your own");
    for (statement, doc) in OWN_FUNCTIONS {
        let _ = writeln!(text, "    {statement:<44} {doc}");
    }
    text
}
