//! Units of time: YEAR … NANOSECOND.

use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result};

/// A unit of time, or a field of a date that EXTRACT knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are SQL's")]
pub enum Unit {
    Millennium,
    Century,
    Decade,
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Epoch,
    DayOfWeek,
    DayOfYear,
    IsoDayOfWeek,
    IsoYear,
}

const NAMES: &[(&str, Unit)] = &[
    ("MILLENNIUM", Unit::Millennium),
    ("CENTURY", Unit::Century),
    ("DECADE", Unit::Decade),
    ("YEAR", Unit::Year),
    ("QUARTER", Unit::Quarter),
    ("MONTH", Unit::Month),
    ("WEEK", Unit::Week),
    ("DAY", Unit::Day),
    ("HOUR", Unit::Hour),
    ("MINUTE", Unit::Minute),
    ("SECOND", Unit::Second),
    ("MILLISECOND", Unit::Millisecond),
    ("MICROSECOND", Unit::Microsecond),
    ("NANOSECOND", Unit::Nanosecond),
    ("EPOCH", Unit::Epoch),
    ("DOW", Unit::DayOfWeek),
    ("DOY", Unit::DayOfYear),
    ("ISODOW", Unit::IsoDayOfWeek),
    ("ISOYEAR", Unit::IsoYear),
];

impl Unit {
    /// The unit of this name, in upper case; plurals too.
    pub fn named(name: &str) -> Result<Unit> {
        let find = |name: &str| NAMES.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit);
        find(name).or_else(|| find(name.strip_suffix('S')?)).ok_or_else(|| {
            Error::input(format!("{name} is no unit of time"))
                .hint_opt(did_you_mean(name, NAMES.iter().map(|(known, _)| *known)))
        })
    }

    /// The unit's name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, unit)| *unit == self).map_or("", |(name, _)| name)
    }

    /// How many months it has, for units that months make up.
    pub fn months(self) -> Option<i64> {
        Some(match self {
            Unit::Millennium => 12_000,
            Unit::Century => 1_200,
            Unit::Decade => 120,
            Unit::Year => 12,
            Unit::Quarter => 3,
            Unit::Month => 1,
            _ => return None,
        })
    }

    /// How many milliseconds it has, for units of a fixed length of at least one.
    pub fn millis(self) -> Option<i64> {
        Some(match self {
            Unit::Week => 604_800_000,
            Unit::Day => 86_400_000,
            Unit::Hour => 3_600_000,
            Unit::Minute => 60_000,
            Unit::Second => 1_000,
            Unit::Millisecond => 1,
            _ => return None,
        })
    }
}
