//! The fields of people, auctions and bids, each made for a run of events at once.

use super::events::{Events, FIRST_AUCTION, FIRST_PERSON, Kind, Purpose, Run};
use crate::indexed::random::{Random, mix};
use arrow::array::{ArrayRef, Int32Array, Int64Array, StringArray, TimestampMillisecondArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Field, Result, TypeKind};
use std::io::Write;
use std::sync::Arc;

const FIRST_NAMES: &[&str] =
    &["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES: &[&str] = &["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
const CITIES: &[&str] =
    &["Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"];
const STATES: &[&str] = &["AZ", "CA", "ID", "OR", "WA", "WY"];
const HOT_CHANNELS: &[&str] = &["Google", "Facebook", "Baidu", "Apple"];
const CHANNELS: u64 = 10_000;

/// How the values of a field are made.
#[derive(Clone, Copy)]
enum Make {
    Number(fn(&Events, u64) -> u64),
    Time(fn(&Events, u64) -> i64),
    Text(fn(&Events, u64, &mut Vec<u8>)),
}

/// A field of an event.
#[derive(Clone, Copy)]
pub struct Column {
    kind: Kind,
    name: &'static str,
    make: Make,
}

impl std::fmt::Debug for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}.{}", self.kind, self.name)
    }
}

const fn number(kind: Kind, name: &'static str, make: fn(&Events, u64) -> u64) -> Column {
    Column { kind, name, make: Make::Number(make) }
}

const fn time(kind: Kind, name: &'static str, make: fn(&Events, u64) -> i64) -> Column {
    Column { kind, name, make: Make::Time(make) }
}

const fn text(kind: Kind, name: &'static str, make: fn(&Events, u64, &mut Vec<u8>)) -> Column {
    Column { kind, name, make: Make::Text(make) }
}

/// All fields.
const COLUMNS: &[Column] = &[
    number(Kind::Person, "id", |events, event| FIRST_PERSON + events.last_person(event)),
    text(Kind::Person, "name", |events, event, out| {
        let mut random = events.numbers(Purpose::Name, event);
        word(&mut random, FIRST_NAMES, out);
        out.push(b' ');
        word(&mut random, LAST_NAMES, out);
    }),
    text(Kind::Person, "emailAddress", |events, event, out| {
        let mut random = events.numbers(Purpose::Email, event);
        letters(&mut random, 7, out);
        out.push(b'@');
        letters(&mut random, 5, out);
        out.extend_from_slice(b".com");
    }),
    text(Kind::Person, "creditCard", |events, event, out| {
        let mut random = events.numbers(Purpose::Card, event);
        for group in 0..4 {
            let space = if group > 0 { " " } else { "" };
            let _ = write!(out, "{space}{:04}", random.below(10_000));
        }
    }),
    text(Kind::Person, "city", |events, event, out| word(&mut events.numbers(Purpose::City, event), CITIES, out)),
    text(Kind::Person, "state", |events, event, out| word(&mut events.numbers(Purpose::State, event), STATES, out)),
    time(Kind::Person, "dateTime", Events::time),
    text(Kind::Person, "extra", |events, event, out| extra(events, Purpose::PersonExtra, event, 90, Kind::Person, out)),
    number(Kind::Auction, "id", |events, event| FIRST_AUCTION + events.last_auction(event)),
    text(Kind::Auction, "itemName", |events, event, out| letters(&mut events.numbers(Purpose::Item, event), 20, out)),
    text(Kind::Auction, "description", |events, event, out| {
        letters(&mut events.numbers(Purpose::Description, event), 100, out);
    }),
    number(Kind::Auction, "initialBid", |events, event| events.price(Purpose::InitialBid, event)),
    number(Kind::Auction, "reserve", |events, event| {
        events.price(Purpose::InitialBid, event) + events.price(Purpose::Reserve, event)
    }),
    time(Kind::Auction, "dateTime", Events::time),
    time(Kind::Auction, "expires", Events::expires),
    number(Kind::Auction, "seller", Events::seller),
    number(Kind::Auction, "category", Events::category),
    text(Kind::Auction, "extra", |events, event, out| {
        extra(events, Purpose::AuctionExtra, event, 120, Kind::Auction, out);
    }),
    number(Kind::Bid, "auction", Events::bid_auction),
    number(Kind::Bid, "bidder", Events::bidder),
    number(Kind::Bid, "price", |events, event| events.price(Purpose::Price, event)),
    text(Kind::Bid, "channel", |events, event, out| match channel(events, event) {
        Channel::Hot(number) => out.extend_from_slice(HOT_CHANNELS[number as usize].as_bytes()),
        Channel::Number(number) => {
            let _ = write!(out, "channel-{number}");
        }
    }),
    text(Kind::Bid, "url", |events, event, out| match channel(events, event) {
        Channel::Hot(number) => url(number, out),
        Channel::Number(number) => {
            url(number + HOT_CHANNELS.len() as u64, out);
            // One channel of ten does not say which it is.
            if number % 10 > 0 {
                let _ = write!(out, "&channel_id={}", mix(number) >> 33);
            }
        }
    }),
    time(Kind::Bid, "dateTime", Events::time),
    text(Kind::Bid, "extra", |events, event, out| extra(events, Purpose::BidExtra, event, 32, Kind::Bid, out)),
];

/// The field that a table declares.
pub fn find(kind: Kind, field: &Field) -> Result<Column> {
    let of_kind = || COLUMNS.iter().filter(move |column| column.kind == kind);
    let Some(column) = of_kind().find(|column| column.name == field.name) else {
        let names: Vec<&str> = of_kind().map(|column| column.name).collect();
        return Err(Error::input(format!("a nexmark {} has no field '{}'", kind.name(), field.name)).hint_opt(
            did_you_mean(&field.name, names.iter().copied()).or_else(|| Some(format!("it has: {}", names.join(", ")))),
        ));
    };
    let (fits, wanted) = match column.make {
        Make::Number(_) => (field.data_type.kind == TypeKind::BigInt, "BIGINT"),
        Make::Time(_) => (field.data_type.kind == TypeKind::timestamp(3), "TIMESTAMP(3)"),
        Make::Text(_) => (field.data_type.kind.is_character(), "VARCHAR"),
    };
    if fits { Ok(*column) } else { Err(mistyped(field, wanted)) }
}

/// The error for a field of another type.
pub fn mistyped(field: &Field, wanted: &str) -> Error {
    Error::input(format!("'{}' of a nexmark table is {wanted}, not {}", field.name, field.data_type.kind))
}

impl Column {
    /// The values for a run of events; those of other kinds are NULL.
    pub fn values(&self, events: &Events, run: &Run, valid: &NullBuffer) -> ArrayRef {
        let nulls = Some(valid.clone());
        match self.make {
            Make::Number(make) => {
                let values = self.fixed(run, |event| make(events, event) as i64);
                Arc::new(Int64Array::new(values, nulls))
            }
            Make::Time(make) => {
                let values = self.fixed(run, |event| make(events, event));
                Arc::new(TimestampMillisecondArray::new(values, nulls))
            }
            Make::Text(make) => {
                let mut offsets = Vec::with_capacity(run.rows() + 1);
                let mut bytes = Vec::with_capacity(run.rows() * 16);
                offsets.push(0);
                for (event, kind) in run.iter() {
                    if kind == self.kind {
                        make(events, event, &mut bytes);
                    }
                    offsets.push(bytes.len() as i32);
                }
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                // All texts are ASCII, which `new` checks once for all.
                Arc::new(StringArray::new(offsets, Buffer::from_vec(bytes), nulls))
            }
        }
    }

    #[inline(always)]
    fn fixed(&self, run: &Run, make: impl Fn(u64) -> i64) -> ScalarBuffer<i64> {
        run.iter().map(|(event, kind)| if kind == self.kind { make(event) } else { 0 }).collect()
    }
}

/// `event_type`: 0 for a person, 1 for an auction, 2 for a bid.
pub fn event_types(run: &Run) -> ArrayRef {
    Arc::new(Int32Array::from_iter_values(run.iter().map(|(_, kind)| kind as i32)))
}

/// When each event happens.
pub fn times(events: &Events, run: &Run) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from_iter_values(run.iter().map(|(event, _)| events.time(event))))
}

fn word(random: &mut Random, words: &[&str], out: &mut Vec<u8>) {
    out.extend_from_slice(random.pick(words).copied().unwrap_or_default().as_bytes());
}

/// From 3 to `most` letters.
fn letters(random: &mut Random, most: u64, out: &mut Vec<u8>) {
    let length = 3 + random.below(most - 2);
    random.letters(length as usize, out);
}

/// Letters that bring an event of about `size` bytes to the average of its kind.
fn extra(events: &Events, purpose: Purpose, event: u64, size: usize, kind: Kind, out: &mut Vec<u8>) {
    let missing = events.sizes[kind as usize].saturating_sub(size);
    let spread = missing / 5;
    let mut random = events.numbers(purpose, event);
    let length = missing - spread + random.below(2 * spread as u64) as usize;
    random.letters(length, out);
}

enum Channel {
    /// One of [`HOT_CHANNELS`].
    Hot(u64),
    Number(u64),
}

/// Where a bid comes from: half of them from one of the hot channels.
fn channel(events: &Events, event: u64) -> Channel {
    let mut random = events.numbers(Purpose::Channel, event);
    if random.below(2) == 0 {
        Channel::Hot(random.below(HOT_CHANNELS.len() as u64))
    } else {
        Channel::Number(random.below(CHANNELS))
    }
}

/// A channel's page.
fn url(channel: u64, out: &mut Vec<u8>) {
    let mut random = Random::new(Purpose::Url as u64, channel);
    out.extend_from_slice(b"https://www.nexmark.com/");
    for _ in 0..3 {
        letters(&mut random, 5, out);
        out.push(b'/');
    }
    out.extend_from_slice(b"item.htm?query=1");
}
