//! A table's options: which connector, what it is asked, and what is refused.

use riverrun_connectors::connector::COMMON_OPTIONS;
use riverrun_connectors::{Connector, OnError, registry};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, OptionDef, Options, Result};

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
    validate(connector, options)?;
    Ok(connector)
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
    own.validate_below("", &owner, &[connector.options(), COMMON_OPTIONS, format], &of_formats)
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
