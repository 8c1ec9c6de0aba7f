//! The order in which Java's `HashMap` gives its entries: Flink's `Row` holds maps and multisets as such.

use super::{ValueWriter, Values};
use crate::calendar::civil_from_days;
use crate::hash_order;
use crate::java_text::split_timestamp;

/// Sorts entries, each with its key's hash code, as a `HashMap` gives them that were put into it in this order.
pub(super) fn sort(entries: &mut [(Option<i32>, String)]) {
    hash_order::sort(entries, hash_order::BUCKETS, |(hash, _)| hash.unwrap_or_default() as u32);
}

/// Java's `hashCode` of a value in the class that Flink's `Row` has it in; `None` where that is another one in each run, as of
/// a `byte[]`, or no type of keys.
pub(super) fn hash_code(values: &ValueWriter<'_>, row: usize) -> Option<i32> {
    Some(match &values.values {
        Values::Boolean(values) if values.value(row) => 1231,
        Values::Boolean(_) => 1237,
        Values::TinyInt(values) => i32::from(values[row]),
        Values::SmallInt(values) => i32::from(values[row]),
        Values::Int(values) => values[row],
        Values::BigInt(values) => long(values[row]),
        Values::Float(values) if values[row].is_nan() => 0x7fc0_0000,
        Values::Float(values) => values[row].to_bits() as i32,
        Values::Double(values) if values[row].is_nan() => long(0x7ff8_0000_0000_0000),
        Values::Double(values) => long(values[row].to_bits() as i64),
        Values::Decimal { values, scale } => decimal(values.value(row), *scale),
        Values::Text(values) => hash_order::string_hash(values.value(row)) as i32,
        Values::Date(days) => date(i64::from(days[row])),
        Values::Time { millis, .. } => long(i64::from(millis[row]) * 1_000_000),
        Values::Timestamp { values, per_second, local: false, .. } => {
            let (days, nanos) = split_timestamp(values[row], *per_second);
            date(days) ^ long(nanos)
        }
        Values::Timestamp { values, per_second, .. } => {
            let nanos = values[row].rem_euclid(*per_second) * (1_000_000_000 / per_second);
            long(values[row].div_euclid(*per_second)).wrapping_add(51_i32.wrapping_mul(nanos as i32))
        }
        _ => return None,
    })
}

fn long(value: i64) -> i32 {
    (value ^ (value as u64 >> 32) as i64) as i32
}

fn date(days: i64) -> i32 {
    let (year, month, day) = civil_from_days(days);
    let year = year as i32;
    (year & !0x7ff) ^ ((year << 11) + ((month as i32) << 6) + day as i32)
}

/// `BigDecimal.hashCode`, which takes the words of 32 bits from the highest on that isn't 0; of two at the least if the
/// number fits in 64 bits.
fn decimal(unscaled: i128, scale: u8) -> i32 {
    let magnitude = unscaled.unsigned_abs();
    let words = (0..4).rev().map(|word| (magnitude >> (32 * word)) as u32 as i32);
    let hash = words.fold(0, |hash: i32, word| hash.wrapping_mul(31).wrapping_add(word));
    let signed = if unscaled < 0 { hash.wrapping_neg() } else { hash };
    signed.wrapping_mul(31).wrapping_add(i32::from(scale))
}
