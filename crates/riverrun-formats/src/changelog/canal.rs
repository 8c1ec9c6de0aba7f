//! `canal-json`: `{"data": […], "old": […], "type": "UPDATE"}`, several rows in one event.

use super::decode::ChangelogDecoder;
use super::encode::{ChangelogEncoder, Wrapping};
use super::members::{before, elements, is_object, members};
use super::metadata::{MetadataDef, Origin};
use super::{Emit, Envelope, Parts, with_shared};
use crate::format::{Decoder, Encoder, Format, FormatMetadata, FormatSpec, Framer, LineFramer};
use crate::json::not_json;
use regex::Regex;
use riverrun_core::{Error, OptionDef, OptionType, Options, Result, TypeKind};

const DATABASE_INCLUDE: OptionDef = OptionDef::new(
    "database.include",
    OptionType::Text,
    None,
    "A regular expression: events of databases whose whole name does not match are passed over.",
);
const TABLE_INCLUDE: OptionDef = OptionDef::new(
    "table.include",
    OptionType::Text,
    None,
    "A regular expression: events of tables whose whole name does not match are passed over.",
);

/// The format.
#[derive(Debug)]
pub struct CanalJson;

fn metadata() -> Vec<MetadataDef> {
    let time = TypeKind::timestamp_ltz(3);
    let types = TypeKind::Map(Box::new(TypeKind::STRING.nullable()), Box::new(TypeKind::Int.nullable()));
    let names = TypeKind::Array(Box::new(TypeKind::STRING.nullable()));
    let new = MetadataDef::new;
    vec![
        new("database", TypeKind::STRING, "database", Origin::Whole, "The database."),
        new("table", TypeKind::STRING, "table", Origin::Whole, "The table in the database."),
        new("sql-type", types, "sqlType", Origin::Whole, "The columns' types, as numbers of JDBC's."),
        new("pk-names", names, "pkNames", Origin::Whole, "The names of the primary key's columns."),
        new("ingestion-timestamp", time.clone(), "ts", Origin::Millis, "When the connector processed the event."),
        new("event-timestamp", time, "es", Origin::Millis, "When the database made the change."),
    ]
}

impl Format for CanalJson {
    fn name(&self) -> &'static str {
        "canal-json"
    }

    fn doc(&self) -> &'static str {
        "Changes of a database as Canal writes them."
    }

    fn options(&self) -> &'static [OptionDef] {
        const OPTIONS: [OptionDef; 9] = with_shared([DATABASE_INCLUDE, TABLE_INCLUDE]);
        &OPTIONS
    }

    fn is_changelog(&self) -> bool {
        true
    }

    fn metadata(&self) -> Vec<FormatMetadata> {
        metadata().into_iter().map(|definition| definition.column).collect()
    }

    fn decoder(&self, spec: &FormatSpec) -> Result<Box<dyn Decoder>> {
        let envelope = CanalEnvelope {
            database: pattern(&spec.options, &DATABASE_INCLUDE)?,
            table: pattern(&spec.options, &TABLE_INCLUDE)?,
            merged: String::new(),
        };
        Ok(Box::new(ChangelogDecoder::new(spec, envelope, &metadata())?))
    }

    fn encoder(&self, spec: &FormatSpec) -> Result<Box<dyn Encoder>> {
        let wrapping = Wrapping {
            insert: ("{\"data\":[", "],\"type\":\"INSERT\"}"),
            delete: ("{\"data\":[", "],\"type\":\"DELETE\"}"),
        };
        Ok(Box::new(ChangelogEncoder::new(spec, wrapping)?))
    }

    fn framer(&self, _options: &Options) -> Result<Box<dyn Framer>> {
        Ok(Box::new(LineFramer::default()))
    }
}

/// The regular expression in an option, for whole names.
fn pattern(options: &Options, definition: &OptionDef) -> Result<Option<Regex>> {
    let Some(value) = options.given(definition.name) else { return Ok(None) };
    let regex = Regex::new(&format!("^(?:{})$", value.text)).map_err(|error| {
        Error::input(format!("'{}' is no regular expression", definition.name))
            .detail(error.to_string())
            .at(value.value_place)
    })?;
    Ok(Some(regex))
}

struct CanalEnvelope {
    database: Option<Regex>,
    table: Option<Regex>,
    /// The row before an update.
    merged: String,
}

impl Envelope for CanalEnvelope {
    fn read<'a>(&mut self, record: &'a str, emit: &mut Emit<'_>) -> Result<Parts<'a>, String> {
        let [data, old, kind, database, table] =
            members(record, ["data", "old", "type", "database", "table"]).map_err(|broken| not_json(broken, record))?;
        let parts = Parts::of(record);
        for (pattern, name) in [(&self.database, database), (&self.table, table)] {
            if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(name.unwrap_or_default().trim_matches('"'))) {
                return Ok(parts);
            }
        }
        let rows = |name: &str, rows: Option<&'a str>| {
            let rows = rows.ok_or(format!("there is no `{name}`"))?;
            elements(rows).map_err(|_| format!("`{name}` is no array of rows"))
        };
        let object = |row: &'a str| is_object(row).then_some(row).ok_or("a row is no object");
        match kind {
            Some("\"INSERT\"") => rows("data", data)?.into_iter().try_for_each(|row| emit(1, object(row)?))?,
            Some("\"DELETE\"") => rows("data", data)?.into_iter().try_for_each(|row| emit(-1, object(row)?))?,
            Some("\"UPDATE\"") => {
                let (data, old) = (rows("data", data)?, rows("old", old)?);
                for (at, row) in data.into_iter().enumerate() {
                    let changed = old.get(at).ok_or("`old` has fewer rows than `data`")?;
                    before(object(changed)?, object(row)?, &mut self.merged)
                        .map_err(|broken| not_json(broken, record))?;
                    emit(-1, &self.merged)?;
                    emit(1, row)?;
                }
            }
            // The table was made: no row has changed.
            Some("\"CREATE\"") => {}
            Some(other) => {
                return Err(format!(
                    "`type` is {other}, and none of \"INSERT\", \"UPDATE\", \"DELETE\" and \"CREATE\""
                ));
            }
            None => return Err("there is no `type`: it is no event of Canal's".to_owned()),
        }
        Ok(parts)
    }
}
