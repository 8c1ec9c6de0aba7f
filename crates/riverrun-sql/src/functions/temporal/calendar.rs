//! The proleptic Gregorian calendar: days since 1970 ↔ year, month, day; weeks, months between dates.
//!
//! The conversions are those of Howard Hinnant, "chrono-compatible low-level date algorithms".

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
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Civil { year, month, day }
}

/// The day since 1970-01-01 of a date. Days beyond the month's end count on.
pub fn days(year: i64, month: u32, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// How many days a month has.
pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// A day moved by months; beyond the month's end it is the month's last day.
pub fn add_months(day: i64, months: i64) -> i64 {
    let date = civil(day);
    let total = date.year * 12 + i64::from(date.month) - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
    days(year, month, i64::from(date.day.min(days_in_month(year, month))))
}

/// The whole months from one moment to another, each a day and a time of that day; negative if it goes back.
pub fn months_between(from: (i64, i64), to: (i64, i64)) -> i64 {
    if to < from {
        return -months_between(to, from);
    }
    let (a, b) = (civil(from.0), civil(to.0));
    let months = (b.year - a.year) * 12 + i64::from(b.month) - i64::from(a.month);
    // The last of them may not be whole.
    if (add_months(from.0, months), from.1) > to { months - 1 } else { months }
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
