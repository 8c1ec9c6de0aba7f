//! Change events as JSON: what Debezium, Canal, Maxwell and Oracle GoldenGate write of a database's changes.
//!
//! Each system wraps the rows before and after a change in an envelope of its own; one file here per envelope. The rows
//! themselves are read and written as `json` reads and writes them. Options, metadata and what is done with incomplete
//! events are those of Flink 2.3 ("Debezium Format", "Canal Format", "Maxwell Format", "Ogg Format").

mod canal;
mod debezium;
mod decode;
mod encode;
mod maxwell;
mod members;
mod metadata;
mod ogg;
#[cfg(test)]
mod tests;

pub use canal::CanalJson;
pub use debezium::DebeziumJson;
pub use maxwell::MaxwellJson;
pub use ogg::OggJson;

use crate::json::{IGNORE_NULL_FIELDS, IGNORE_PARSE_ERRORS, MAP_NULL_KEY_LITERAL, MAP_NULL_KEY_MODE, PLAIN_DECIMALS};
use crate::json::{JSON_PARSER, TIMESTAMP_FORMAT};
use riverrun_core::OptionDef;

/// Takes a change: its weight, and the row as the text of a JSON object.
type Emit<'e> = dyn FnMut(i64, &str) -> Result<(), String> + 'e;

/// How one system wraps rows.
trait Envelope: Send {
    /// Hands the changes of one record to `emit`, in order. An error is the reason why the record is broken.
    fn read<'a>(&mut self, record: &'a str, emit: &mut Emit<'_>) -> Result<Parts<'a>, String>;
}

/// Where the metadata of a record stands.
struct Parts<'a> {
    /// The record.
    root: &'a str,
    /// What the record is without a schema around it.
    payload: &'a str,
}

impl<'a> Parts<'a> {
    fn of(record: &'a str) -> Parts<'a> {
        Parts { root: record, payload: record }
    }
}

/// The options that all of these formats have.
const SHARED_OPTIONS: [OptionDef; 7] = [
    IGNORE_PARSE_ERRORS,
    TIMESTAMP_FORMAT,
    MAP_NULL_KEY_MODE,
    MAP_NULL_KEY_LITERAL,
    PLAIN_DECIMALS,
    IGNORE_NULL_FIELDS,
    JSON_PARSER,
];

/// The shared options behind a format's own.
const fn with_shared<const OWN: usize, const ALL: usize>(own: [OptionDef; OWN]) -> [OptionDef; ALL] {
    let mut all = [IGNORE_PARSE_ERRORS; ALL];
    let mut at = 0;
    while at < ALL {
        all[at] = if at < OWN { own[at] } else { SHARED_OPTIONS[at - OWN] };
        at += 1;
    }
    all
}
