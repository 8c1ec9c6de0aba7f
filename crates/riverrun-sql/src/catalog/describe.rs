//! What DESCRIBE and SHOW CREATE print.

use super::table::{CatalogTable, CatalogView, quoted};
use crate::parse::{ColumnKind, Distribution, DistributionKind, LineOffsets, SqlExpr};
use riverrun_core::{DataType, Place, Schema};
use sqlparser::ast;
use sqlparser::tokenizer::Location;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::ControlFlow;

/// The rows of DESCRIBE: name, type, null, key, extras, watermark, and comment where a column has one.
///
/// `schema` holds the columns with the types that came out, those of computed columns too.
pub fn describe(table: Option<&CatalogTable>, schema: &Schema) -> Vec<Vec<Option<String>>> {
    let commented = table.is_some_and(|table| table.columns.iter().any(|column| column.comment.is_some()));
    let rows = schema.fields.iter().map(|field| {
        let column = table.and_then(|table| table.column(&field.name)).map(|(_, column)| column);
        let mut plain = field.data_type.clone();
        plain.nullable = true;
        let key = table.and_then(|table| table.primary_key.as_ref()).filter(|(_, key)| key.contains(&field.name));
        let watermark = table.and_then(|table| table.watermark.as_ref());
        let mut row = vec![
            Some(field.name.clone()),
            Some(plain.to_string()),
            Some(if field.data_type.nullable { "TRUE" } else { "FALSE" }.to_owned()),
            key.map(|(_, key)| format!("PRI({})", key.join(", "))),
            column.and_then(|column| extras(&column.kind)),
            watermark
                .filter(|watermark| watermark.column.to_string() == field.name)
                .map(|w| with_quoted_names(&w.expr)),
        ];
        if commented {
            row.push(column.and_then(|column| column.comment.clone()));
        }
        row
    });
    rows.collect()
}

fn extras(kind: &ColumnKind) -> Option<String> {
    match kind {
        ColumnKind::Physical { .. } => None,
        ColumnKind::Computed { expr } => Some(format!("AS {}", with_quoted_names(expr))),
        ColumnKind::Metadata { key, is_virtual, .. } => {
            let from = key.as_ref().map(|key| format!(" FROM {}", text(&key.value))).unwrap_or_default();
            Some(format!("METADATA{from}{}", if *is_virtual { " VIRTUAL" } else { "" }))
        }
    }
}

/// The text of an expression with the names of columns in back-quotes.
fn with_quoted_names(expr: &SqlExpr) -> String {
    let (offsets, mut names) = (LineOffsets::new(&expr.text), BTreeMap::new());
    let _ = ast::visit_expressions(&expr.ast, |part| {
        let idents = match part {
            ast::Expr::Identifier(ident) => std::slice::from_ref(ident),
            ast::Expr::CompoundIdentifier(idents) => idents,
            _ => &[],
        };
        for ident in idents.iter().filter(|ident| ident.quote_style.is_none()) {
            // A variable in the text moves what stands behind it: such names stay as they are.
            let at = within(expr.place, ident.span.start).map(|location| offsets.byte(location));
            if let Some(at) = at.filter(|at| expr.text[*at..].starts_with(&ident.value)) {
                names.insert(at, ident.value.clone());
            }
        }
        ControlFlow::<()>::Continue(())
    });
    let mut text = expr.text.clone();
    for (at, name) in names.into_iter().rev() {
        text.replace_range(at..at + name.len(), &quoted(&name));
    }
    text
}

/// Where in the text of an expression, which stands at `place`, something begins that stands elsewhere in the file.
fn within(place: Place, location: Location) -> Option<Location> {
    let line = location.line.checked_sub(u64::from(place.line))? + 1;
    let before = if line == 1 { u64::from(place.column) - 1 } else { 0 };
    Some(Location::new(line, location.column.checked_sub(before)?))
}

/// A string as SQL writes it.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// The statement that creates a table again.
pub fn show_create_table(table: &CatalogTable) -> String {
    let mut elements: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let mut line = quoted(&column.name.value);
            match &column.kind {
                ColumnKind::Physical { data_type } => {
                    let _ = write!(line, " {}", type_text(data_type));
                }
                ColumnKind::Computed { expr } => {
                    let _ = write!(line, " AS {}", with_quoted_names(expr));
                }
                ColumnKind::Metadata { data_type, .. } => {
                    let data_type = type_text(data_type);
                    let _ = write!(line, " {data_type} {}", extras(&column.kind).unwrap_or_default());
                }
            }
            if let Some(comment) = &column.comment {
                let _ = write!(line, " COMMENT {}", text(comment));
            }
            line
        })
        .collect();
    if let Some(watermark) = &table.watermark {
        let column: Vec<_> = watermark.column.parts.iter().map(|part| quoted(&part.value)).collect();
        elements.push(format!("WATERMARK FOR {} AS {}", column.join("."), with_quoted_names(&watermark.expr)));
    }
    if let Some((name, key)) = &table.primary_key {
        let columns: Vec<_> = key.iter().map(|column| quoted(column)).collect();
        let name = constraint_name(name.as_deref(), key);
        elements.push(format!("CONSTRAINT {} PRIMARY KEY ({}) NOT ENFORCED", quoted(&name), columns.join(", ")));
    }
    let temporary = if table.temporary { "TEMPORARY " } else { "" };
    let mut statement = format!("CREATE {temporary}TABLE {} (\n  {}\n)\n", table.path.quoted(), elements.join(",\n  "));
    if let Some(comment) = &table.comment {
        let _ = writeln!(statement, "COMMENT {}", text(comment));
    }
    if let Some(distribution) = &table.distribution {
        let _ = writeln!(statement, "DISTRIBUTED{}", distribution_text(distribution));
    }
    if !table.partition_keys.is_empty() {
        let keys: Vec<_> = table.partition_keys.iter().map(|key| quoted(key)).collect();
        let _ = writeln!(statement, "PARTITIONED BY ({})", keys.join(", "));
    }
    let options: Vec<_> =
        table.options.iter().map(|(key, value)| format!("{} = {}", text(key), text(&value.text))).collect();
    if !options.is_empty() {
        let _ = writeln!(statement, "WITH (\n  {}\n)", options.join(",\n  "));
    }
    statement
}

/// The name of a PRIMARY KEY: its own, or the one that Flink gives it.
pub(super) fn constraint_name(name: Option<&str>, key: &[String]) -> String {
    name.map_or_else(|| format!("PK_{}", key.join("_")), str::to_owned)
}

/// What stands behind DISTRIBUTED.
fn distribution_text(distribution: &Distribution) -> String {
    let kind = match distribution.kind {
        DistributionKind::Any => "",
        DistributionKind::Hash => "HASH",
        DistributionKind::Range => "RANGE",
    };
    let columns: Vec<_> = distribution.columns.iter().map(|column| quoted(&column.value)).collect();
    let by = if columns.is_empty() { String::new() } else { format!(" BY {kind}({})", columns.join(", ")) };
    let into = distribution.buckets.map(|buckets| format!(" INTO {buckets} BUCKETS")).unwrap_or_default();
    by + &into
}

/// A type, in which Flink writes STRING, BYTES and TIMESTAMP_LTZ out here.
fn type_text(data_type: &DataType) -> String {
    let summary = data_type.to_string();
    let parts = summary.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => written_out(part),
        // The name of a field.
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}

fn written_out(types: &str) -> String {
    let types = types.replace("STRING", "VARCHAR(2147483647)").replace("BYTES", "VARBINARY(2147483647)");
    let mut parts = types.split("TIMESTAMP_LTZ(");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (precision, rest) = part.split_once(')').unwrap_or((part, ""));
        let _ = write!(text, "TIMESTAMP({precision}) WITH LOCAL TIME ZONE{rest}");
    }
    text
}

/// The statement that creates a view again; `columns` are those that it has, `query` is how its query is shown.
pub fn show_create_view(view: &CatalogView, columns: &[String], query: &str) -> String {
    let temporary = if view.temporary { "TEMPORARY " } else { "" };
    let columns: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
    let mut statement = format!("CREATE {temporary}VIEW {} (\n  {}\n)", view.path.quoted(), columns.join(",\n  "));
    if let Some(comment) = &view.comment {
        let _ = write!(statement, "\nCOMMENT {}", text(comment));
    }
    let _ = writeln!(statement, "\nAS {query}");
    statement
}
