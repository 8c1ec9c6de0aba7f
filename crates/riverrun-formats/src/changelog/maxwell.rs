//! `maxwell-json`: `{"data": …, "old": …, "type": "update"}`.

use super::decode::ChangelogDecoder;
use super::encode::{ChangelogEncoder, Wrapping};
use super::members::{before, is_object, members};
use super::metadata::{MetadataDef, Origin};
use super::{Emit, Envelope, Parts, SHARED_OPTIONS};
use crate::format::{Decoder, Encoder, Format, FormatMetadata, FormatSpec, Framer, LineFramer};
use crate::json::not_json;
use riverrun_core::{OptionDef, Options, Result, TypeKind};

/// The format.
#[derive(Debug)]
pub struct MaxwellJson;

fn metadata() -> Vec<MetadataDef> {
    let names = TypeKind::Array(Box::new(TypeKind::STRING.nullable()));
    let time = TypeKind::timestamp_ltz(3);
    let new = MetadataDef::new;
    vec![
        new("database", TypeKind::STRING, "database", Origin::Whole, "The database."),
        new("table", TypeKind::STRING, "table", Origin::Whole, "The table in the database."),
        new(
            "primary-key-columns",
            names,
            "primary_key_columns",
            Origin::Whole,
            "The names of the primary key's columns.",
        ),
        new("ingestion-timestamp", time, "ts", Origin::Seconds, "When the connector processed the event."),
    ]
}

impl Format for MaxwellJson {
    fn name(&self) -> &'static str {
        "maxwell-json"
    }

    fn doc(&self) -> &'static str {
        "Changes of a database as Maxwell writes them."
    }

    fn options(&self) -> &'static [OptionDef] {
        &SHARED_OPTIONS
    }

    fn is_changelog(&self) -> bool {
        true
    }

    fn metadata(&self) -> Vec<FormatMetadata> {
        metadata().into_iter().map(|definition| definition.column).collect()
    }

    fn decoder(&self, spec: &FormatSpec) -> Result<Box<dyn Decoder>> {
        Ok(Box::new(ChangelogDecoder::new(spec, MaxwellEnvelope::default(), &metadata())?))
    }

    fn encoder(&self, spec: &FormatSpec) -> Result<Box<dyn Encoder>> {
        let wrapping = Wrapping {
            insert: ("{\"data\":", ",\"type\":\"insert\"}"),
            delete: ("{\"data\":", ",\"type\":\"delete\"}"),
        };
        Ok(Box::new(ChangelogEncoder::new(spec, wrapping)?))
    }

    fn framer(&self, _options: &Options) -> Result<Box<dyn Framer>> {
        Ok(Box::new(LineFramer::default()))
    }
}

#[derive(Default)]
struct MaxwellEnvelope {
    /// The row before an update.
    merged: String,
}

impl Envelope for MaxwellEnvelope {
    fn read<'a>(&mut self, record: &'a str, emit: &mut Emit<'_>) -> Result<Parts<'a>, String> {
        let [data, old, kind] = members(record, ["data", "old", "type"]).map_err(|broken| not_json(broken, record))?;
        let data = || data.filter(|data| is_object(data)).ok_or("`data` is no object");
        match kind {
            Some("\"insert\"") => emit(1, data()?)?,
            Some("\"delete\"") => emit(-1, data()?)?,
            Some("\"update\"") => {
                let old = old.filter(|old| is_object(old)).ok_or("`old` of an update is no object")?;
                before(old, data()?, &mut self.merged).map_err(|broken| not_json(broken, record))?;
                emit(-1, &self.merged)?;
                emit(1, data()?)?;
            }
            Some(other) => {
                return Err(format!("`type` is {other}, and none of \"insert\", \"update\" and \"delete\""));
            }
            None => return Err("there is no `type`: it is no event of Maxwell's".to_owned()),
        }
        Ok(Parts::of(record))
    }
}
