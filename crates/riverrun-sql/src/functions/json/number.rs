//! JSON's numbers in Java's notation: integers as they are, fractions as `BigDecimal.toString`.

use riverrun_core::java_text::double_text;

/// Whether a JSON number is written without fraction and exponent.
pub fn is_integer(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// Writes a JSON number, or what `Double.toString` gives, as Java's `BigInteger` and `BigDecimal` print it: `1e3` becomes `1E+3`, `-0` `0`.
pub fn write_number(text: &str, out: &mut String) {
    if is_integer(text) {
        return out.push_str(if text == "-0" { "0" } else { text });
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            // An exponent beyond all sense keeps its sign and is as large as can be.
            let clamped = if exponent.starts_with('-') { -i64::from(i32::MAX) } else { i64::from(i32::MAX) };
            (mantissa, exponent.parse().unwrap_or(clamped))
        }
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let significant = all.trim_start_matches('0');
    let digits = if significant.is_empty() { "0" } else { significant };
    if negative && !significant.is_empty() {
        out.push('-');
    }
    let scale = fraction.len() as i64 - exponent;
    let adjusted = digits.len() as i64 - 1 - scale;
    if scale >= 0 && adjusted >= -6 {
        let scale = scale as usize;
        if scale == 0 {
            out.push_str(digits);
        } else if digits.len() > scale {
            let (before, after) = digits.split_at(digits.len() - scale);
            out.extend([before, ".", after]);
        } else {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', scale - digits.len()));
            out.push_str(digits);
        }
        return;
    }
    let (first, rest) = digits.split_at(1);
    out.push_str(first);
    if !rest.is_empty() {
        out.extend([".", rest]);
    }
    if adjusted != 0 {
        out.push_str(if adjusted > 0 { "E+" } else { "E" });
        out.push_str(&adjusted.to_string());
    }
}

/// Writes a JSON number as a VARIANT holds it: a fraction as a decimal without zeros at its end, one with an exponent as a DOUBLE.
pub fn write_variant_number(text: &str, out: &mut String) {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if is_integer(text) && digits <= 38 {
        return write_number(text, out);
    }
    if text.contains(['e', 'E']) || digits > 38 {
        // What JSON calls a number always parses.
        return out.push_str(&double_text(text.parse().unwrap_or(f64::NAN)));
    }
    let trimmed = text.trim_end_matches('0').trim_end_matches('.');
    out.push_str(if trimmed == "-0" { "0" } else { trimmed });
}
