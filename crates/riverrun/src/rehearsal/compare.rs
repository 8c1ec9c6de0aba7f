//! Whether two runs have left the same rows, as far as the table's guarantee goes.

use super::output::Output;
use riverrun_connectors::delivery::Guarantee;

/// How many differing rows are named.
const SHOWN: usize = 5;

/// What differs between an undisturbed run and a disturbed one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Rows of the undisturbed run.
    pub expected: u64,
    /// Rows of the disturbed run.
    pub found: u64,
    /// How many rows are missing in the disturbed run, and the first of them.
    pub missing: u64,
    /// The first of them.
    pub first_missing: Vec<String>,
    /// How many rows are there and should not be.
    pub extra: u64,
    /// The first of them.
    pub first_extra: Vec<String>,
    /// How many rows came again, where the table's guarantee allows it.
    pub repeated: u64,
    /// How many rows are missing, where the table's guarantee allows it.
    pub lost: u64,
}

impl Comparison {
    /// Whether the guarantee was kept.
    pub fn agrees(&self) -> bool {
        self.missing == 0 && self.extra == 0
    }
}

/// Compares rows without regard to their order. `by_key`: what is written again changes nothing.
pub fn compare(expected: &Output, found: &Output, guarantee: Guarantee, by_key: bool) -> Comparison {
    let mut comparison = Comparison { expected: expected.count(), found: found.count(), ..Comparison::default() };
    let repeats = guarantee != Guarantee::ExactlyOnce && !by_key;
    for (row, &wanted) in &expected.rows {
        let got = found.rows.get(row).copied().unwrap_or(0);
        let (less, more) = ((wanted - got).max(0).unsigned_abs(), (got - wanted).max(0).unsigned_abs());
        match guarantee {
            Guarantee::None => comparison.lost += less,
            _ if less > 0 => {
                comparison.missing += less;
                note(&mut comparison.first_missing, row);
            }
            _ => {}
        }
        match repeats {
            true => comparison.repeated += more,
            false if more > 0 => {
                comparison.extra += more;
                note(&mut comparison.first_extra, row);
            }
            false => {}
        }
    }
    for (row, &got) in found.rows.iter().filter(|(row, _)| !expected.rows.contains_key(*row)) {
        comparison.extra += got.unsigned_abs();
        note(&mut comparison.first_extra, row);
    }
    comparison
}

fn note(rows: &mut Vec<String>, row: &str) {
    if rows.len() < SHOWN {
        rows.push(row.to_owned());
    }
}
