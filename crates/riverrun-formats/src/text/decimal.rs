//! DECIMAL in text, as `java.math.BigDecimal` reads and writes it; exact at every length.

#[cfg(test)]
mod tests;

/// How a decimal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `1.50` as `1.5`, `100.00` as `1E+2`: trailing zeros stripped, then as `BigDecimal.toString`.
    Scientific,
    /// All digits of the scale: `1.50`, `100.00`.
    Plain,
}

/// Reads a decimal of this precision and scale, rounding half up. `None`: the text is no number. `Some(None)`: it is one,
/// with more digits before the point than the type has; Flink makes that NULL.
pub fn parse(text: &[u8], precision: u8, scale: u8) -> Option<Option<i128>> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let end = rest.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(rest.len());
    let (mantissa, exponent) = (&rest[..end], &rest[end..]);
    let exponent = if exponent.is_empty() { 0 } else { parse_exponent(&exponent[1..])? };

    let point = mantissa.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (&mantissa[..point], &mantissa[point + 1..]),
        None => (mantissa, &[][..]),
    };
    let digits = whole.len() + fraction.len();
    if digits == 0 || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return None;
    }
    // The value is all digits × 10^power; the unscaled one has that many more or fewer of them.
    let shift = exponent - fraction.len() as i64 + i64::from(scale);
    let kept = digits as i64 + shift;
    let mut unscaled: i128 = 0;
    let mut overflow = false;
    let mut all = whole.iter().chain(fraction).map(|byte| i128::from(byte - b'0'));
    for _ in 0..kept.clamp(0, digits as i64) {
        let Some(digit) = all.next() else { break };
        match unscaled.checked_mul(10).and_then(|value| value.checked_add(digit)) {
            Some(value) => unscaled = value,
            None => overflow = true,
        }
    }
    if kept >= 0 && (kept as u64) < digits as u64 {
        unscaled = unscaled.saturating_add(i128::from(all.next().is_some_and(|digit| digit >= 5)));
    }
    if shift > 0 && unscaled != 0 {
        match u32::try_from(shift)
            .ok()
            .and_then(|shift| 10i128.checked_pow(shift))
            .and_then(|p| unscaled.checked_mul(p))
        {
            Some(value) => unscaled = value,
            None => overflow = true,
        }
    }
    if overflow || unscaled >= 10i128.pow(u32::from(precision.min(38))) {
        return Some(None);
    }
    Some(Some(if negative { -unscaled } else { unscaled }))
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    // More than ten digits are no exponent of a BigDecimal.
    let digits = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
    if digits.is_empty() || digits.len() > 10 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0i64, |value, digit| value * 10 + i64::from(digit - b'0'));
    Some(if text.starts_with(b"-") { -value } else { value })
}

/// Appends a decimal of this scale.
pub fn write(out: &mut Vec<u8>, unscaled: i128, scale: u8, notation: Notation) {
    let mut magnitude = unscaled.unsigned_abs();
    let mut scale = i32::from(scale);
    if notation == Notation::Scientific {
        if magnitude == 0 {
            scale = 0;
        }
        while magnitude != 0 && magnitude.is_multiple_of(10) {
            magnitude /= 10;
            scale -= 1;
        }
    }
    if unscaled < 0 {
        out.push(b'-');
    }
    let digits = magnitude.to_string();
    let digits = digits.as_bytes();
    let count = digits.len() as i32;
    let adjusted = count - 1 - scale;
    if scale == 0 {
        out.extend_from_slice(digits);
    } else if scale > 0 && (adjusted >= -6 || notation == Notation::Plain) {
        let whole = count - scale;
        if whole > 0 {
            out.extend_from_slice(&digits[..whole as usize]);
            out.push(b'.');
            out.extend_from_slice(&digits[whole as usize..]);
        } else {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', -whole as usize));
            out.extend_from_slice(digits);
        }
    } else {
        out.push(digits[0]);
        if count > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        out.extend_from_slice(format!("E{adjusted:+}").as_bytes());
    }
}
