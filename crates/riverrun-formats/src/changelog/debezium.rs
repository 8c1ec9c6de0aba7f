//! `debezium-json`: `{"before": …, "after": …, "op": "u"}`.

use super::decode::ChangelogDecoder;
use super::encode::{ChangelogEncoder, Wrapping};
use super::members::{is_object, members};
use super::metadata::{MetadataDef, Origin, string_map};
use super::{Emit, Envelope, Parts, with_shared};
use crate::format::{Decoder, Encoder, Format, FormatMetadata, FormatSpec, Framer, LineFramer};
use crate::json::not_json;
use riverrun_core::{Error, OptionDef, OptionType, Options, Result, TypeKind};

const SCHEMA_INCLUDE: OptionDef = OptionDef::new(
    "schema-include",
    OptionType::Bool,
    Some("false"),
    "Whether events have their schema with them: {\"schema\": …, \"payload\": …}.",
);

/// The format.
#[derive(Debug)]
pub struct DebeziumJson;

fn metadata() -> Vec<MetadataDef> {
    let time = TypeKind::timestamp_ltz(3);
    let new = MetadataDef::new;
    vec![
        MetadataDef {
            beside_payload: true,
            ..new("schema", TypeKind::STRING, "schema", Origin::Whole, "The schema of the payload, as JSON.")
        },
        new("ingestion-timestamp", time.clone(), "ts_ms", Origin::Millis, "When the connector processed the event."),
        new("source.timestamp", time, "source", Origin::EntryMillis("ts_ms"), "When the database made the change."),
        new("source.database", TypeKind::STRING, "source", Origin::Entry("db"), "The database."),
        new("source.schema", TypeKind::STRING, "source", Origin::Entry("schema"), "The schema in the database."),
        new("source.table", TypeKind::STRING, "source", Origin::Entry("table"), "The table in the database."),
        new("source.properties", string_map(), "source", Origin::Whole, "All that is said of the source."),
    ]
}

impl Format for DebeziumJson {
    fn name(&self) -> &'static str {
        "debezium-json"
    }

    fn doc(&self) -> &'static str {
        "Changes of a database as Debezium writes them."
    }

    fn options(&self) -> &'static [OptionDef] {
        const OPTIONS: [OptionDef; 8] = with_shared([SCHEMA_INCLUDE]);
        &OPTIONS
    }

    fn is_changelog(&self) -> bool {
        true
    }

    fn metadata(&self) -> Vec<FormatMetadata> {
        metadata().into_iter().map(|definition| definition.column).collect()
    }

    fn decoder(&self, spec: &FormatSpec) -> Result<Box<dyn Decoder>> {
        let envelope = DebeziumEnvelope { schema_include: spec.options.bool(&SCHEMA_INCLUDE)? };
        Ok(Box::new(ChangelogDecoder::new(spec, envelope, &metadata())?))
    }

    fn encoder(&self, spec: &FormatSpec) -> Result<Box<dyn Encoder>> {
        if spec.options.bool(&SCHEMA_INCLUDE)? {
            let place = spec.options.given(SCHEMA_INCLUDE.name).and_then(|value| value.value_place);
            return Err(Error::input("debezium-json can't be written with 'debezium-json.schema-include' = 'true'")
                .hint("leave the option out for a table that is written")
                .at(place));
        }
        let wrapping = Wrapping {
            insert: ("{\"before\":null,\"after\":", ",\"op\":\"c\"}"),
            delete: ("{\"before\":", ",\"after\":null,\"op\":\"d\"}"),
        };
        Ok(Box::new(ChangelogEncoder::new(spec, wrapping)?))
    }

    fn framer(&self, _options: &Options) -> Result<Box<dyn Framer>> {
        Ok(Box::new(LineFramer::default()))
    }
}

struct DebeziumEnvelope {
    schema_include: bool,
}

impl Envelope for DebeziumEnvelope {
    fn read<'a>(&mut self, record: &'a str, emit: &mut Emit<'_>) -> Result<Parts<'a>, String> {
        let payload = match self.schema_include {
            false => record,
            true => members(record, ["payload"]).map_err(|broken| not_json(broken, record))?[0]
                .ok_or("there is no `payload`, and debezium-json.schema-include is true")?,
        };
        let [before, after, op] =
            members(payload, ["before", "after", "op"]).map_err(|broken| not_json(broken, payload))?;
        let row =
            |name: &str, row: Option<&'a str>| row.filter(|row| is_object(row)).ok_or(format!("`{name}` is no object"));
        let before = |change: &str| match before {
            None => Err(format!(
                "`before` of {change} is null; a table in Postgres needs REPLICA IDENTITY FULL for it to be there"
            )),
            before => row("before", before),
        };
        match op {
            Some("\"c\"" | "\"r\"") => emit(1, row("after", after)?)?,
            Some("\"u\"") => {
                emit(-1, before("an update")?)?;
                emit(1, row("after", after)?)?;
            }
            Some("\"d\"") => emit(-1, before("a deletion")?)?,
            Some(other) => return Err(format!("`op` is {other}, and none of \"c\", \"r\", \"u\" and \"d\"")),
            None if !self.schema_include && members(record, ["payload"]).is_ok_and(|[payload]| payload.is_some()) => {
                return Err("there is no `op`, but a `payload`: set debezium-json.schema-include to true".to_owned());
            }
            None => return Err("there is no `op`: it is no event of Debezium's".to_owned()),
        }
        Ok(Parts { root: record, payload })
    }
}
