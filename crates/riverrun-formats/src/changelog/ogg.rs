//! `ogg-json`: Oracle GoldenGate's `{"before": …, "after": …, "op_type": "U"}`.

use super::decode::ChangelogDecoder;
use super::encode::{ChangelogEncoder, Wrapping};
use super::members::{is_object, members};
use super::metadata::{MetadataDef, Origin};
use super::{Emit, Envelope, Parts, SHARED_OPTIONS};
use crate::format::{Decoder, Encoder, Format, FormatMetadata, FormatSpec, Framer, LineFramer};
use crate::json::not_json;
use riverrun_core::{OptionDef, Options, Result, TypeKind};

/// The format.
#[derive(Debug)]
pub struct OggJson;

fn metadata() -> Vec<MetadataDef> {
    let names = TypeKind::Array(Box::new(TypeKind::STRING.nullable()));
    let time = TypeKind::timestamp_ltz(6);
    let new = MetadataDef::new;
    vec![
        new("table", TypeKind::STRING, "table", Origin::Whole, "The table in the database."),
        new("primary-keys", names, "primary_keys", Origin::Whole, "The names of the primary key's columns."),
        new("ingestion-timestamp", time.clone(), "current_ts", Origin::Instant, "When GoldenGate processed the event."),
        new("event-timestamp", time, "op_ts", Origin::Instant, "When the database made the change."),
    ]
}

impl Format for OggJson {
    fn name(&self) -> &'static str {
        "ogg-json"
    }

    fn doc(&self) -> &'static str {
        "Changes of a database as Oracle GoldenGate writes them."
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
        Ok(Box::new(ChangelogDecoder::new(spec, OggEnvelope, &metadata())?))
    }

    fn encoder(&self, spec: &FormatSpec) -> Result<Box<dyn Encoder>> {
        let wrapping = Wrapping {
            insert: ("{\"before\":null,\"after\":", ",\"op_type\":\"I\"}"),
            delete: ("{\"before\":", ",\"after\":null,\"op_type\":\"D\"}"),
        };
        Ok(Box::new(ChangelogEncoder::new(spec, wrapping)?))
    }

    fn framer(&self, _options: &Options) -> Result<Box<dyn Framer>> {
        Ok(Box::new(LineFramer::default()))
    }
}

struct OggEnvelope;

impl Envelope for OggEnvelope {
    fn read<'a>(&mut self, record: &'a str, emit: &mut Emit<'_>) -> Result<Parts<'a>, String> {
        let [before, after, op] =
            members(record, ["before", "after", "op_type"]).map_err(|broken| not_json(broken, record))?;
        let row = |name: &str, row: Option<&'a str>| {
            row.filter(|row| is_object(row)).ok_or_else(|| format!("`{name}` is null or no object"))
        };
        match op {
            Some("\"I\"") => emit(1, row("after", after)?)?,
            Some("\"U\"") => {
                emit(-1, row("before", before)?)?;
                emit(1, row("after", after)?)?;
            }
            Some("\"D\"") => emit(-1, row("before", before)?)?,
            Some(other) => return Err(format!("`op_type` is {other}, and none of \"I\", \"U\" and \"D\"")),
            None => return Err("there is no `op_type`: it is no event of GoldenGate's".to_owned()),
        }
        Ok(Parts::of(record))
    }
}
