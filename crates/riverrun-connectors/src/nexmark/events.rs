//! Which event stands at an index, when it happens, and whom and what it is about.

use crate::indexed::random::Random;
use arrow::buffer::BooleanBuffer;

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person registers.
    Person = 0,
    /// A person puts something up for auction.
    Auction = 1,
    /// A person bids.
    Bid = 2,
}

impl Kind {
    /// The column of its events.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Person => "person",
            Kind::Auction => "auction",
            Kind::Bid => "bid",
        }
    }
}

/// The first ids: a query can tell them from 0.
pub const FIRST_PERSON: u64 = 1000;
pub const FIRST_AUCTION: u64 = 1000;
pub const FIRST_CATEGORY: u64 = 10;
const CATEGORIES: u64 = 5;
/// How many people are active at a time, at the most.
const ACTIVE_PEOPLE: u64 = 1000;
/// How many auctions are open at a time, at the least.
const OPEN_AUCTIONS: u64 = 100;
/// How far ids may run ahead of the people and auctions that exist.
const LEAD: u64 = 10;
/// One of so many people is the hot one at a time; one of so many auctions too.
const HOT_EVERY: u64 = 100;

/// What a column's random numbers are for: each has its own.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub enum Purpose {
    Name = 1,
    Email,
    Card,
    City,
    State,
    PersonExtra,
    Item,
    Description,
    InitialBid,
    Reserve,
    Expires,
    Seller,
    Category,
    AuctionExtra,
    BidAuction,
    Bidder,
    Price,
    Channel,
    Url,
    BidExtra,
}

/// The stream of events.
#[derive(Clone, Debug)]
pub struct Events {
    pub base_time: i64,
    /// Events per second of event time.
    pub first_rate: u64,
    pub next_rate: u64,
    /// Milliseconds of event time.
    pub period: u64,
    pub persons: u64,
    pub auctions: u64,
    pub bids: u64,
    pub hot_auctions: u64,
    pub hot_bidders: u64,
    pub hot_sellers: u64,
    /// The average bytes of a person, an auction, a bid.
    pub sizes: [usize; 3],
}

/// Events one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    first: u64,
    rows: usize,
    round: u64,
    persons: u64,
    auctions: u64,
}

impl Run {
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The events with their kinds.
    #[inline(always)]
    pub fn iter(&self) -> impl Iterator<Item = (u64, Kind)> + '_ {
        let mut offset = self.first % self.round;
        (self.first..self.first + self.rows as u64).map(move |event| {
            let kind = if offset < self.persons {
                Kind::Person
            } else if offset < self.persons + self.auctions {
                Kind::Auction
            } else {
                Kind::Bid
            };
            offset += 1;
            if offset == self.round {
                offset = 0;
            }
            (event, kind)
        })
    }

    /// Where events of this kind are.
    pub fn mask(&self, wanted: Kind) -> BooleanBuffer {
        let mut kinds = self.iter();
        BooleanBuffer::collect_bool(self.rows, |_| kinds.next().is_some_and(|(_, kind)| kind == wanted))
    }
}

impl Events {
    /// How many events there are in a round.
    pub fn round(&self) -> u64 {
        self.persons + self.auctions + self.bids
    }

    /// `rows` events from `first`.
    pub fn run(&self, first: u64, rows: usize) -> Run {
        Run { first, rows, round: self.round(), persons: self.persons, auctions: self.auctions }
    }

    /// When an event happens.
    #[inline]
    pub fn time(&self, event: u64) -> i64 {
        let at = |events: u64, rate: u64| (u128::from(events) * 1_000 / u128::from(rate)) as i64;
        if self.first_rate == self.next_rate || self.period < 2 {
            return self.base_time + at(event, self.first_rate);
        }
        let half = self.period / 2;
        let (first, next) = (half * self.first_rate / 1_000, half * self.next_rate / 1_000);
        let (periods, rest) = (event / (first + next).max(1), event % (first + next).max(1));
        let within =
            if rest < first { at(rest, self.first_rate) } else { half as i64 + at(rest - first, self.next_rate) };
        self.base_time + (periods * 2 * half) as i64 + within
    }

    /// The random numbers of an event for a purpose.
    #[inline(always)]
    pub fn numbers(&self, purpose: Purpose, event: u64) -> Random {
        Random::new((purpose as u64) << 56, event)
    }

    /// The number of the last person up to an event, from 0.
    #[inline(always)]
    pub fn last_person(&self, event: u64) -> u64 {
        let (round, offset) = (event / self.round(), event % self.round());
        round * self.persons + offset.min(self.persons.saturating_sub(1))
    }

    /// The number of the last auction up to an event, from 0.
    #[inline(always)]
    pub fn last_auction(&self, event: u64) -> u64 {
        let (round, offset) = (event / self.round(), event % self.round());
        let before = round * self.auctions;
        if offset < self.persons {
            // None yet in this round: the last one of the round before.
            return before.saturating_sub(1);
        }
        before + (offset - self.persons).min(self.auctions.saturating_sub(1))
    }

    #[inline(always)]
    fn any_person(&self, event: u64, random: &mut Random) -> u64 {
        let people = self.last_person(event) + 1;
        let active = people.min(ACTIVE_PEOPLE);
        people - active + random.below(active + LEAD)
    }

    /// The auction that a bid is for.
    #[inline]
    pub fn bid_auction(&self, event: u64) -> u64 {
        let mut random = self.numbers(Purpose::BidAuction, event);
        let last = self.last_auction(event);
        let auction = if random.below(self.hot_auctions) > 0 {
            last / HOT_EVERY * HOT_EVERY
        } else {
            let least = last.saturating_sub(OPEN_AUCTIONS);
            least + random.below(last - least + 1 + LEAD)
        };
        FIRST_AUCTION + auction
    }

    /// Who bids.
    #[inline]
    pub fn bidder(&self, event: u64) -> u64 {
        let mut random = self.numbers(Purpose::Bidder, event);
        let person = if random.below(self.hot_bidders) > 0 {
            self.last_person(event) / HOT_EVERY * HOT_EVERY + 1
        } else {
            self.any_person(event, &mut random)
        };
        FIRST_PERSON + person
    }

    /// Who sells.
    #[inline]
    pub fn seller(&self, event: u64) -> u64 {
        let mut random = self.numbers(Purpose::Seller, event);
        let person = if random.below(self.hot_sellers) > 0 {
            self.last_person(event) / HOT_EVERY * HOT_EVERY
        } else {
            self.any_person(event, &mut random)
        };
        FIRST_PERSON + person
    }

    pub fn category(&self, event: u64) -> u64 {
        FIRST_CATEGORY + self.numbers(Purpose::Category, event).below(CATEGORIES)
    }

    /// A price in cents between 1 and 1,000,000 dollars, evenly over the orders of magnitude.
    #[inline]
    pub fn price(&self, purpose: Purpose, event: u64) -> u64 {
        let exponent = self.numbers(purpose, event).unit() * 6.0;
        ((exponent * std::f64::consts::LN_10).exp() * 100.0).round() as u64
    }

    /// When an auction ends: about when as many more are open as stay open at a time.
    pub fn expires(&self, event: u64) -> i64 {
        let ahead = OPEN_AUCTIONS * self.round() / self.auctions.max(1);
        let now = self.time(event);
        let horizon = (self.time(event + ahead) - now).max(0) as u64;
        now + 1 + self.numbers(Purpose::Expires, event).below((horizon * 2).max(1)) as i64
    }
}
