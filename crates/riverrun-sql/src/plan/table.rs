//! A table's options and metadata: which connector, what it is asked, and what is refused.

use crate::bind::ExprBinder;
use crate::bind::scope::Scope;
use crate::bind::table::{BoundTable, ColumnSource};
use crate::expr::Expr;
use crate::functions::FunctionContext;
use riverrun_connectors::connector::{COMMON_OPTIONS, SinkFactory, SourceFactory};
use riverrun_connectors::{Connector, OnError, SinkSpec, SourceSpec, registry};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, OptionDef, Options, Place, Result};
use std::sync::Arc;

/// The connector of a table whose options are all known to it.
pub fn connector_of(table: &str, options: &Options) -> Result<&'static dyn Connector> {
    let given = options.given("connector").ok_or_else(|| {
        Error::input(format!("table '{table}' has no 'connector' option, so there is nothing to read or write"))
            .hint(format!("one of: {}", connector_names().join(", ")))
    })?;
    let Some(connector) = registry::connector(&given.text) else {
        let error = match registry::left_out().iter().find(|(name, _)| *name == given.text) {
            Some((name, feature)) => Error::input(format!("the connector '{name}' is not part of this binary"))
                .hint(format!("build it with the cargo feature `{feature}`")),
            None => Error::input(format!("there is no connector '{}'", given.text)).hint_opt(
                did_you_mean(&given.text, connector_names())
                    .or_else(|| Some(format!("one of: {}", connector_names().join(", ")))),
            ),
        };
        return Err(error.at(given.value_place));
    };
    validate(connector, options).map_err(|error| error.at(given.value_place))?;
    Ok(connector)
}

/// Where a table is defined, as near as its options know: an error that has no place of its own is told there.
pub fn definition(options: &Options) -> Option<Place> {
    options.given("connector").and_then(|value| value.value_place)
}

/// Opens a table for reading. What its definition lacks is told where it stands.
pub fn open_source(connector: &dyn Connector, spec: SourceSpec) -> Result<Arc<dyn SourceFactory>> {
    // That a good table can't be read is the statement's mistake.
    let defined = definition(&spec.options).filter(|_| connector.reads());
    connector.source(spec).map_err(|error| error.at(defined))
}

/// The same for writing.
pub fn open_sink(connector: &dyn Connector, spec: SinkSpec) -> Result<Arc<dyn SinkFactory>> {
    let defined = definition(&spec.options).filter(|_| connector.writes());
    connector.sink(spec).map_err(|error| error.at(defined))
}

fn connector_names() -> Vec<&'static str> {
    registry::connectors().iter().map(|connector| connector.name()).collect()
}

/// Refuses options that neither the connector, nor its formats, nor every table has.
fn validate(connector: &dyn Connector, options: &Options) -> Result<()> {
    let owner = format!("connector '{}'", connector.name());
    let mut own = options.clone();
    let mut of_formats = Vec::new();
    if connector.takes_format() {
        for key in ["format", "value.format", "key.format"] {
            let Some(given) = options.given(key) else { continue };
            let Some(format_options) = format_options(&given.text) else {
                return Err(unknown_format(&given.text).at(given.value_place));
            };
            let part = key.strip_suffix("format").unwrap_or_default();
            let prefix = format!("{part}{}.", given.text);
            options.with_prefix(&prefix).validate_below(
                &prefix,
                &format!("format '{}'", given.text),
                &[format_options],
                &[],
            )?;
            of_formats.extend(format_options.iter().map(|option| format!("{prefix}{}", option.name)));
            for (name, _) in options.with_prefix(&prefix).iter() {
                own.remove(&format!("{prefix}{name}"));
            }
        }
    }
    // What the connector documents for `format` it lists itself where the option is more than a name.
    const FORMAT: &[OptionDef] =
        &[OptionDef::new("format", riverrun_core::OptionType::Text, None, "How records are encoded.")];
    let format: &[OptionDef] = if connector.takes_format() { FORMAT } else { &[] };
    // The options of the formats have been looked at; what is left below `key.` and `value.` is of no format.
    let of_connector: Vec<OptionDef> =
        connector.options().iter().filter(|option| !matches!(option.name, "key.*" | "value.*")).copied().collect();
    own.validate_below("", &owner, &[&of_connector, COMMON_OPTIONS, format], &of_formats)?;
    for key in ["scan.parallelism", "sink.parallelism"] {
        if let Some(given) = own.given(key)
            && given.text.trim().parse::<i64>().is_ok_and(|workers| workers < 1)
        {
            return Err(Error::input(format!("'{}' is no value for option '{key}'", given.text))
                .detail("expected: a number of workers, 1 or more")
                .at(given.value_place));
        }
    }
    Ok(())
}

/// What a table's metadata columns are.
pub struct ReadMetadata {
    /// Their keys, with the types that the connector gives.
    pub columns: Vec<(String, DataType)>,
    /// Their values as the table declares them, over the physical columns followed by these.
    pub values: Vec<Expr>,
}

/// The metadata of a table that is read. Refused are keys that neither the connector nor the format has, and declared types
/// without a cast from the metadata's own.
pub fn read_metadata(connector: &dyn Connector, table: &BoundTable, context: &FunctionContext) -> Result<ReadMetadata> {
    let mut known: Vec<(String, DataType)> =
        connector.metadata().into_iter().map(|column| (column.key.to_owned(), column.data_type)).collect();
    if connector.takes_format()
        && let Some(name) = table.options.given("value.format").or_else(|| table.options.given("format"))
        && let Some(format) = riverrun_formats::registry::format(name.text.trim())
    {
        let of_format = format.metadata().into_iter();
        known.extend(of_format.map(|column| (format!("value.{}", column.key), column.data_type)));
    }
    let scope = Scope::empty();
    let binder = ExprBinder::new(&scope, context);
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for (position, (key, declared)) in table.metadata.iter().enumerate() {
        let place = table.metadata_places.get(position).copied();
        let Some((_, own)) = known.iter().find(|(name, _)| name == key) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
            return Err(no_metadata(connector, key, &names).at(place));
        };
        let column = Expr::Column { index: table.physical.len() + position, data_type: own.clone() };
        let value = match own.kind == declared.kind {
            true => column,
            false => binder.cast(column, declared).map_err(|_| mistyped_metadata(key, own, declared).at(place))?,
        };
        values.push(value.with_type(declared.clone()));
        columns.push((key.clone(), own.clone()));
    }
    Ok(ReadMetadata { columns, values })
}

/// The metadata among the `columns` of a table that is written, with the types that the connector takes: positions in
/// `columns`, keys and types. Refused are keys that the connector can't write, and declared types without a cast.
pub fn written_metadata(
    connector: &dyn Connector,
    table: &BoundTable,
    columns: &[usize],
    context: &FunctionContext,
) -> Result<Vec<(usize, String, DataType)>> {
    let known: Vec<_> = connector.metadata().into_iter().filter(|column| column.writable).collect();
    let scope = Scope::empty();
    let binder = ExprBinder::new(&scope, context);
    let mut written = Vec::new();
    for (position, &index) in columns.iter().enumerate() {
        let Some(ColumnSource::Metadata { index, .. }) = table.sources.get(index) else { continue };
        let Some((key, declared)) = table.metadata.get(*index) else { continue };
        let place = table.metadata_places.get(*index).copied();
        let Some(column) = known.iter().find(|column| column.key == key) else {
            let names = || known.iter().map(|column| column.key);
            let near = did_you_mean(key, names()).map(|near| format!("{near}; "));
            return Err(Error::input(format!("the connector '{}' can't write metadata '{key}'", connector.name()))
                .hint(format!("{}a column that is only read is declared VIRTUAL", near.unwrap_or_default()))
                .at(place));
        };
        let value = Expr::Column { index: position, data_type: declared.clone() };
        if column.data_type.kind != declared.kind && binder.cast(value, &column.data_type).is_err() {
            return Err(mistyped_metadata(key, &column.data_type, declared).at(place));
        }
        written.push((position, key.clone(), column.data_type.with_nullable(true)));
    }
    Ok(written)
}

fn no_metadata(connector: &dyn Connector, key: &str, known: &[&str]) -> Error {
    let hint = match known {
        [] => "leave the column out, or compute it in the query".to_owned(),
        known => did_you_mean(key, known.iter().copied()).unwrap_or_else(|| format!("it has {}", known.join(", "))),
    };
    Error::input(format!("the connector '{}' has no metadata '{key}'", connector.name())).hint(hint)
}

fn mistyped_metadata(key: &str, own: &DataType, declared: &DataType) -> Error {
    Error::input(format!("the metadata '{key}' is {}, which has no cast to {}", own.kind, declared.kind))
        .hint(format!("declare the column as {}", own.kind))
}

/// The options of a format, by its name.
fn format_options(name: &str) -> Option<&'static [OptionDef]> {
    riverrun_formats::registry::options(name)
}

fn unknown_format(name: &str) -> Error {
    if let Some((name, feature)) = registry::left_out().iter().find(|(left_out, _)| *left_out == name) {
        return Error::input(format!("the format '{name}' is not part of this binary"))
            .hint(format!("build it with the cargo feature `{feature}`"));
    }
    let names = riverrun_formats::registry::names();
    Error::input(format!("there is no format '{name}'"))
        .hint_opt(did_you_mean(name, names.iter().copied()).or_else(|| Some(format!("one of: {}", names.join(", ")))))
}

/// What becomes of broken records (`on-error`).
pub fn on_error(options: &Options) -> OnError {
    match options.given("on-error").map(|value| value.text.as_str()) {
        None => OnError::Fail,
        Some(text) if text.eq_ignore_ascii_case("fail") => OnError::Fail,
        Some(text) if text.eq_ignore_ascii_case("skip") => OnError::Skip,
        Some(table) => OnError::Table(table.to_owned()),
    }
}
