//! `nexmark`: the events of the Nexmark benchmark: people, auctions and bids of an online auction.
//!
//! Source of the model: Tucker, Tufte, Papadimos, Maier, "NEXMark – A Benchmark for Queries over Data Streams", and the
//! generator that Apache Beam's documentation describes: of 50 events 1 is a person, 3 are auctions, 46 are bids; half of
//! the bids go to a hot auction, three of four come from a hot bidder, three of four auctions from a hot seller.
//!
//! A table declares the columns that it wants, of the nested form that Flink's Nexmark has: `event_type INT`,
//! `person ROW<…>`, `auction ROW<…>`, `bid ROW<…>`, and `dateTime TIMESTAMP(3)` of whatever the event is. A ROW may leave out
//! fields: what is not declared or not read is not generated.

use crate::connector::{Connector, SinkFactory, SinkSpec, SourceFactory, SourceSpec};
use crate::indexed::{IndexedReader, Pace, RowGenerator};
use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StructArray, new_null_array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType as ArrowType, SchemaRef};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Field, OptionDef, OptionType, Options, Result, RowBatch, TypeKind};
use riverrun_runtime::{SourceContext, SourceReader};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

mod events;
mod fields;
#[cfg(test)]
mod tests;

use events::{Events, Kind};
use fields::{Column, find};

const FIRST_RATE: OptionDef = OptionDef::new(
    "first-event.rate",
    OptionType::Int,
    Some("10000"),
    "Events per second of event time, in the first half of each 'rate.period'.",
);
const NEXT_RATE: OptionDef = OptionDef::new(
    "next-event.rate",
    OptionType::Int,
    Some("10000"),
    "Events per second of event time, in the second half of each 'rate.period'.",
);
const PERIOD: OptionDef = OptionDef::new(
    "rate.period",
    OptionType::Duration,
    Some("10 min"),
    "The event time in which the rate goes from the first to the next one and back.",
);
const LIMITED: OptionDef = OptionDef::new(
    "rate.limited",
    OptionType::Bool,
    Some("false"),
    "Whether events come at 'first-event.rate' in real time; otherwise they come as fast as they are taken.",
);
const EVENTS: OptionDef =
    OptionDef::new("events.num", OptionType::Int, Some("0"), "How many events there are; 0: without end.");
const PERSONS: OptionDef = OptionDef::new(
    "person.proportion",
    OptionType::Int,
    Some("1"),
    "How many people there are in each round of events.",
);
const AUCTIONS: OptionDef =
    OptionDef::new("auction.proportion", OptionType::Int, Some("3"), "How many auctions there are in each round.");
const BIDS: OptionDef =
    OptionDef::new("bid.proportion", OptionType::Int, Some("46"), "How many bids there are in each round.");
const PERSON_SIZE: OptionDef = OptionDef::new(
    "person.avg-size",
    OptionType::Size,
    Some("200 b"),
    "The average size of a person, filled up by `extra`.",
);
const AUCTION_SIZE: OptionDef = OptionDef::new(
    "auction.avg-size",
    OptionType::Size,
    Some("500 b"),
    "The average size of an auction, filled up by `extra`.",
);
const BID_SIZE: OptionDef =
    OptionDef::new("bid.avg-size", OptionType::Size, Some("100 b"), "The average size of a bid, filled up by `extra`.");
const HOT_AUCTIONS: OptionDef = OptionDef::new(
    "bid.hot-ratio.auctions",
    OptionType::Int,
    Some("2"),
    "Of so many bids one goes to any auction, the others to the hot one.",
);
const HOT_BIDDERS: OptionDef = OptionDef::new(
    "bid.hot-ratio.bidders",
    OptionType::Int,
    Some("4"),
    "Of so many bids one comes from anybody, the others from the hot bidder.",
);
const HOT_SELLERS: OptionDef = OptionDef::new(
    "auction.hot-ratio.sellers",
    OptionType::Int,
    Some("4"),
    "Of so many auctions one is anybody's, the others the hot seller's.",
);
const BASE_TIME: OptionDef = OptionDef::new(
    "base-time",
    OptionType::Text,
    Some("2015-07-15 00:00:00"),
    "The time of the first event; a fixed one, so that every run has the same events.",
);

/// The connector.
#[derive(Debug)]
pub struct Nexmark;

impl Connector for Nexmark {
    fn name(&self) -> &'static str {
        "nexmark"
    }

    fn doc(&self) -> &'static str {
        "The events of the Nexmark benchmark: people, auctions and bids."
    }

    fn options(&self) -> &'static [OptionDef] {
        const OPTIONS: &[OptionDef] = &[
            FIRST_RATE,
            NEXT_RATE,
            PERIOD,
            LIMITED,
            EVENTS,
            PERSONS,
            AUCTIONS,
            BIDS,
            PERSON_SIZE,
            AUCTION_SIZE,
            BID_SIZE,
            HOT_AUCTIONS,
            HOT_BIDDERS,
            HOT_SELLERS,
            BASE_TIME,
        ];
        OPTIONS
    }

    fn writes(&self) -> bool {
        false
    }

    fn source(&self, spec: SourceSpec) -> Result<Arc<dyn SourceFactory>> {
        let events = events(&spec.options)?;
        let total = positive(&spec.options, &EVENTS, 0)?;
        let pace = Pace {
            total: (total > 0).then_some(total),
            per_second: spec.options.bool(&LIMITED)?.then_some(positive(&spec.options, &FIRST_RATE, 1)? as f64),
        };
        let all = spec.schema.fields.iter().enumerate().map(|(at, field)| TopColumn::new(field, spec.fields.get(&at)));
        let all = all.collect::<Result<Vec<_>>>()?;
        let columns = spec.projection.iter().filter_map(|at| all.get(*at).cloned()).collect();
        let schema = spec.schema.project(&spec.projection).to_arrow();
        let generator = Generator { events, schema, columns, blanks: HashMap::new() };
        Ok(Arc::new(Factory { generator, pace, batch_size: spec.batch_size }))
    }

    fn sink(&self, spec: SinkSpec) -> Result<Arc<dyn SinkFactory>> {
        Err(Error::input(format!("table '{}' can't be written: the connector 'nexmark' only generates", spec.table)))
    }
}

fn positive(options: &Options, definition: &OptionDef, least: i64) -> Result<u64> {
    let value = options.int(definition)?.unwrap_or(least);
    if value < least {
        return Err(Error::input(format!("option '{}' must be at least {least}, not {value}", definition.name))
            .at(options.given(definition.name).and_then(|value| value.value_place)));
    }
    Ok(value as u64)
}

fn events(options: &Options) -> Result<Events> {
    let base = options.text(&BASE_TIME).unwrap_or_default();
    let base_time = chrono::NaiveDateTime::parse_from_str(&base.replace('T', " "), "%Y-%m-%d %H:%M:%S%.f")
        .map_err(|_| {
            Error::input(format!("'{base}' is no value for option 'base-time'"))
                .hint("write it like '2015-07-15 00:00:00'")
                .at(options.given(BASE_TIME.name).and_then(|value| value.value_place))
        })?
        .and_utc()
        .timestamp_millis();
    let size = |definition| Ok::<_, Error>(options.size(definition)?.unwrap_or(0) as usize);
    let events = Events {
        base_time,
        first_rate: positive(options, &FIRST_RATE, 1)?,
        next_rate: positive(options, &NEXT_RATE, 1)?,
        period: options.duration(&PERIOD)?.map_or(0, |period| period.0.max(0)) as u64,
        persons: positive(options, &PERSONS, 0)?,
        auctions: positive(options, &AUCTIONS, 0)?,
        bids: positive(options, &BIDS, 0)?,
        hot_auctions: positive(options, &HOT_AUCTIONS, 1)?,
        hot_bidders: positive(options, &HOT_BIDDERS, 1)?,
        hot_sellers: positive(options, &HOT_SELLERS, 1)?,
        sizes: [size(&PERSON_SIZE)?, size(&AUCTION_SIZE)?, size(&BID_SIZE)?],
    };
    if events.round() == 0 {
        return Err(Error::input("the proportions of people, auctions and bids are all 0"));
    }
    Ok(events)
}

struct Factory {
    generator: Generator,
    pace: Pace,
    batch_size: usize,
}

impl SourceFactory for Factory {
    fn bounded(&self) -> bool {
        self.pace.total.is_some()
    }

    fn reader(&self, context: SourceContext) -> Result<Box<dyn SourceReader<RowBatch>>> {
        Ok(Box::new(IndexedReader::new(self.generator.clone(), self.pace, self.batch_size, context)))
    }
}

/// A column of the table.
#[derive(Clone, Debug)]
enum TopColumn {
    EventType,
    DateTime,
    /// The fields of a kind of event (none where nobody looks), with their ROW in Arrow.
    Row(Kind, Arc<[Option<Column>]>, ArrowType),
}

impl TopColumn {
    /// `needed`: the fields that are looked at; all if absent.
    fn new(field: &Field, needed: Option<&BTreeSet<usize>>) -> Result<Self> {
        let row = |kind: Kind| match &field.data_type.kind {
            TypeKind::Row(fields) => {
                let columns = fields.iter().enumerate().map(|(at, field)| {
                    let column = find(kind, field)?;
                    Ok(needed.is_none_or(|needed| needed.contains(&at)).then_some(column))
                });
                let columns = columns.collect::<Result<Vec<_>>>()?;
                Ok(TopColumn::Row(kind, columns.into(), field.data_type.to_arrow()))
            }
            other => Err(Error::input(format!("column '{}' of a nexmark table is a ROW, not {other}", field.name))),
        };
        match field.name.as_str() {
            "event_type" if field.data_type.kind == TypeKind::Int => Ok(TopColumn::EventType),
            "dateTime" if field.data_type.kind.with_timestamp_kind(Default::default()) == TypeKind::timestamp(3) => {
                Ok(TopColumn::DateTime)
            }
            "event_type" => Err(fields::mistyped(field, "INT")),
            "dateTime" => Err(fields::mistyped(field, "TIMESTAMP(3)")),
            "person" => row(Kind::Person),
            "auction" => row(Kind::Auction),
            "bid" => row(Kind::Bid),
            other => {
                let names = ["event_type", "person", "auction", "bid", "dateTime"];
                Err(Error::input(format!("a nexmark table has no column '{other}'"))
                    .hint_opt(did_you_mean(other, names).or_else(|| Some(format!("it has: {}", names.join(", "))))))
            }
        }
    }
}

/// Makes events, column by column.
#[derive(Clone, Debug)]
struct Generator {
    events: Events,
    schema: SchemaRef,
    columns: Arc<[TopColumn]>,
    /// NULLs for the fields that nobody looks at.
    blanks: HashMap<ArrowType, ArrayRef>,
}

/// So many NULLs, cut from those made before.
fn blank(blanks: &mut HashMap<ArrowType, ArrayRef>, data_type: &ArrowType, rows: usize) -> ArrayRef {
    let blank = blanks.entry(data_type.clone()).or_insert_with(|| new_null_array(data_type, rows));
    if blank.len() < rows {
        *blank = new_null_array(data_type, rows);
    }
    blank.slice(0, rows)
}

impl RowGenerator for Generator {
    fn generate(&mut self, first: u64, rows: usize) -> Result<RecordBatch> {
        let (events, blanks) = (&self.events, &mut self.blanks);
        let run = events.run(first, rows);
        let columns = self.columns.iter().map(|column| {
            Ok(match column {
                TopColumn::EventType => fields::event_types(&run),
                TopColumn::DateTime => fields::times(events, &run),
                TopColumn::Row(kind, columns, data_type) => {
                    let ArrowType::Struct(fields) = data_type else { return Err(Error::bug("a ROW is no struct")) };
                    let valid = NullBuffer::new(run.mask(*kind));
                    let children = columns.iter().zip(fields).map(|(column, field)| match column {
                        Some(column) => column.values(events, &run, &valid),
                        None => blank(blanks, field.data_type(), rows),
                    });
                    let children = children.collect();
                    Arc::new(StructArray::try_new_with_length(fields.clone(), children, Some(valid), rows)?)
                }
            })
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }
}
