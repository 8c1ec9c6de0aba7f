//! `datagen`: made-up rows: random values, sequences, and text that looks real.
//!
//! A row follows from its index, a seed and (for times) the clock, so that all workers together make the same rows at any
//! parallelism. Fields of nested types are named by their path: `fields.address.city.length`, `fields.tags.element.min`.
//!
//! Source of the options: Flink 2.3, "DataGen SQL Connector". Beyond it `fields.#.expression` makes text from a template, as the
//! Flink connector `faker` does: `'#{Name.firstName} from #{Address.city}'`; see [`template`].

use crate::connector::{Connector, SinkFactory, SinkSpec, SourceFactory, SourceSpec};
use crate::indexed::{IndexedReader, Pace, RowGenerator};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use chrono_tz::Tz;
use riverrun_core::{Clock, Error, OptionDef, OptionType, Result, RowBatch};
use riverrun_runtime::{SourceContext, SourceReader};
use std::sync::Arc;

mod field;
mod fit;
mod plan;
pub mod regexify;
pub mod template;
#[cfg(test)]
mod tests;
mod words;

use field::{FieldGenerator, Now};

const RATE: OptionDef = OptionDef::new(
    "rows-per-second",
    OptionType::Int,
    Some("10000"),
    "How many rows come per second; 0: as fast as they are taken.",
);
const ROWS: OptionDef = OptionDef::new(
    "number-of-rows",
    OptionType::Int,
    None,
    "How many rows there are. Without it the table has no end, unless a field is a sequence.",
);
const SEED: OptionDef =
    OptionDef::new("scan.seed", OptionType::Int, Some("0"), "Other seeds give other rows; the same seed the same.");

/// The connector.
#[derive(Debug)]
pub struct Datagen;

impl Connector for Datagen {
    fn name(&self) -> &'static str {
        "datagen"
    }

    fn doc(&self) -> &'static str {
        "Makes rows up: random values, sequences, text that looks real."
    }

    fn options(&self) -> &'static [OptionDef] {
        const OPTIONS: &[OptionDef] = &[
            RATE,
            ROWS,
            SEED,
            OptionDef::new(
                "fields.#.kind",
                OptionType::OneOf(&["random", "sequence"]),
                Some("random"),
                "How the field's values are made.",
            ),
            OptionDef::new(
                "fields.#.min",
                OptionType::Text,
                None,
                "The least random number; that of the type by default.",
            ),
            OptionDef::new(
                "fields.#.max",
                OptionType::Text,
                None,
                "The greatest random number; that of the type by default.",
            ),
            OptionDef::new(
                "fields.#.max-past",
                OptionType::Duration,
                Some("0 s"),
                "How far a random timestamp lies in the past, at the most.",
            ),
            OptionDef::new(
                "fields.#.length",
                OptionType::Int,
                None,
                "How long a random VARCHAR or VARBINARY is (100, or as declared), or how many elements a collection has (3).",
            ),
            OptionDef::new(
                "fields.#.var-len",
                OptionType::Bool,
                Some("false"),
                "Whether a VARCHAR or VARBINARY has any length from 1 to that.",
            ),
            OptionDef::new("fields.#.start", OptionType::Int, None, "The first number of a sequence."),
            OptionDef::new(
                "fields.#.end",
                OptionType::Int,
                None,
                "The last number of a sequence, after which the table ends.",
            ),
            OptionDef::new(
                "fields.#.null-rate",
                OptionType::Double,
                Some("0"),
                "The share of NULLs among the values, from 0 to 1; not of a NOT NULL column.",
            ),
            OptionDef::new(
                "fields.#.expression",
                OptionType::Text,
                None,
                "A template for the values: text with calls like #{Internet.ipV4Address} or #{Options.option 'a','b'}.",
            ),
        ];
        OPTIONS
    }

    fn writes(&self) -> bool {
        false
    }

    fn source(&self, spec: SourceSpec) -> Result<Arc<dyn SourceFactory>> {
        let not_negative = |definition: &OptionDef| match spec.options.int(definition)? {
            Some(value) if value < 0 => {
                Err(Error::input(format!("option '{}' must not be negative, but is {value}", definition.name))
                    .at(spec.options.given(definition.name).and_then(|value| value.value_place)))
            }
            other => Ok(other.map(|value| value as u64)),
        };
        let rate = not_negative(&RATE)?.unwrap_or(0);
        let rows = not_negative(&ROWS)?;
        let seed = spec.options.int(&SEED)?.unwrap_or(0);
        let plan = plan::fields(&spec.schema, &spec.options, seed)?;
        let total = rows.into_iter().chain(plan.total).min();
        let pace = Pace { total, per_second: (rate > 0).then_some(rate as f64) };
        let fields = spec.projection.iter().filter_map(|index| plan.fields.get(*index).cloned()).collect();
        Ok(Arc::new(Factory {
            table: spec.table,
            fields,
            schema: spec.schema.project(&spec.projection).to_arrow(),
            pace,
            time_zone: spec.time_zone,
            batch_size: spec.batch_size,
        }))
    }

    fn sink(&self, spec: SinkSpec) -> Result<Arc<dyn SinkFactory>> {
        Err(Error::input(format!("table '{}' can't be written: the connector 'datagen' only generates", spec.table)))
    }
}

struct Factory {
    table: String,
    fields: Arc<[FieldGenerator]>,
    schema: SchemaRef,
    pace: Pace,
    time_zone: Tz,
    batch_size: usize,
}

impl SourceFactory for Factory {
    fn bounded(&self) -> bool {
        self.pace.total.is_some()
    }

    fn reader(&self, context: SourceContext) -> Result<Box<dyn SourceReader<RowBatch>>> {
        let generator = Generator {
            table: self.table.clone(),
            fields: self.fields.clone(),
            schema: self.schema.clone(),
            clock: context.clock.clone(),
            time_zone: self.time_zone,
        };
        Ok(Box::new(IndexedReader::new(generator, self.pace, self.batch_size, context)))
    }
}

/// Makes rows, column by column.
#[derive(Debug)]
struct Generator {
    table: String,
    fields: Arc<[FieldGenerator]>,
    schema: SchemaRef,
    clock: Arc<dyn Clock>,
    time_zone: Tz,
}

impl RowGenerator for Generator {
    fn generate(&mut self, first: u64, rows: usize) -> Result<RecordBatch> {
        let now = Now::new(self.clock.now(), self.time_zone);
        let columns = self.fields.iter().map(|field| field.generate(first, rows, &now));
        let columns = columns.collect::<Result<_>>().map_err(|error| error.context(format!("table {}", self.table)))?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }
}
