//! What functions need of the calendar: fields of dates, weeks, months added to dates and between them.

use riverrun_core::calendar;
pub use riverrun_core::calendar::days_in_month;

/// A date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// The year; 0 is 1 BC.
    pub year: i64,
    /// The month, from 1.
    pub month: u32,
    /// The day of the month, from 1.
    pub day: u32,
}

/// The date of a day since 1970-01-01.
pub fn civil(days: i64) -> Civil {
    let (year, month, day) = calendar::civil_from_days(days);
    Civil { year, month, day }
}

/// The day since 1970-01-01 of a date. Days beyond the month's end count on.
pub fn days(year: i64, month: u32, day: i64) -> i64 {
    calendar::days_from_civil(year, month, 1) + day - 1
}

/// More months than lie between any two dates.
const MOST_MONTHS: i64 = 1 << 40;

/// A day moved by months; beyond the month's end it is the month's last day.
pub fn add_months(day: i64, months: i64) -> i64 {
    let date = civil(day);
    // Far beyond every date: what overflows is no date anyway, but it must not stop the job.
    let months = months.clamp(-MOST_MONTHS, MOST_MONTHS);
    let total = date.year * 12 + i64::from(date.month) - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
    days(year, month, i64::from(date.day.min(days_in_month(year, month))))
}

/// The whole months from one moment to another, each a day and a time of that day; negative if it goes back.
///
/// The months between the days count; where they lead to the very day, an earlier time of day is one month less in both
/// directions, as in Flink.
pub fn months_between(from: (i64, i64), to: (i64, i64)) -> i64 {
    let months = months_between_days(from.0, to.0);
    if add_months(from.0, months) == to.0 && to.1 < from.1 { months - 1 } else { months }
}

fn months_between_days(from: i64, to: i64) -> i64 {
    if to < from {
        return -months_between_days(to, from);
    }
    let (a, b) = (civil(from), civil(to));
    let months = (b.year - a.year) * 12 + i64::from(b.month) - i64::from(a.month);
    // The last of them may not be whole.
    if add_months(from, months) > to { months - 1 } else { months }
}

/// The day of the week, Monday = 1 to Sunday = 7.
pub fn iso_weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7) + 1
}

/// The day of the year, from 1.
pub fn day_of_year(day: i64) -> i64 {
    day - days(civil(day).year, 1, 1) + 1
}

/// The ISO week and the year it belongs to.
pub fn iso_week(day: i64) -> (i64, i64) {
    // The Thursday of a week lies in the week's year.
    let thursday = day - iso_weekday(day) + 4;
    let year = civil(thursday).year;
    (year, (thursday - days(year, 1, 1)) / 7 + 1)
}

/// The week and its year as the United States count: weeks begin on Sunday, 1 January lies in week 1.
pub fn us_week(day: i64) -> (i64, i64) {
    // The Saturday of a week lies in the week's year.
    let saturday = day - iso_weekday(day) % 7 + 6;
    let year = civil(saturday).year;
    let week = |day: i64| (day - days(year, 1, 1)).div_euclid(7) + 1;
    (year, week(saturday))
}
