//! FLOAT and DOUBLE in text, as Java's `parseDouble` reads and `Double.toString` writes them.

/// Reads a DOUBLE.
pub fn parse_double(text: &str) -> Option<f64> {
    match java_number(text.trim())? {
        Number::Special(value) => Some(value),
        Number::Digits(digits) => digits.parse().ok(),
    }
}

/// Reads a FLOAT.
pub fn parse_float(text: &str) -> Option<f32> {
    match java_number(text.trim())? {
        Number::Special(value) => Some(value as f32),
        Number::Digits(digits) => digits.parse().ok(),
    }
}

enum Number<'a> {
    Special(f64),
    Digits(&'a str),
}

/// Java knows `NaN`, `Infinity` and a suffix `f` or `d`; Rust knows `nan`, `inf` and more.
fn java_number(text: &str) -> Option<Number<'_>> {
    let magnitude = text.strip_prefix(['+', '-']).unwrap_or(text);
    match magnitude.as_bytes().first()? {
        b'0'..=b'9' | b'.' => Some(Number::Digits(text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text))),
        _ if magnitude == "NaN" => Some(Number::Special(f64::NAN)),
        _ if magnitude == "Infinity" => {
            Some(Number::Special(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }))
        }
        _ => None,
    }
}

/// Appends a DOUBLE: `1.0`, `1.0E10`, `NaN`.
pub fn write_double(out: &mut Vec<u8>, value: f64) {
    if !value.is_finite() {
        out.extend_from_slice(special(value).as_bytes());
    } else if value != 0.0 && value.abs() < 1e-300 {
        // Java shows two digits at least, the nearest ones: 4.9E-324, though 5E-324 would do.
        let two = format!("{value:.1e}");
        let enough = two.parse() == Ok(value);
        let mut buffer = ryu::Buffer::new();
        layout(out, if enough { &two } else { buffer.format_finite(value) });
    } else {
        layout(out, ryu::Buffer::new().format_finite(value));
    }
}

/// Appends a FLOAT.
pub fn write_float(out: &mut Vec<u8>, value: f32) {
    if !value.is_finite() {
        out.extend_from_slice(special(f64::from(value)).as_bytes());
    } else if value != 0.0 && value.abs() < 1e-40 {
        let two = format!("{value:.1e}");
        let enough = two.parse() == Ok(value);
        let mut buffer = ryu::Buffer::new();
        layout(out, if enough { &two } else { buffer.format_finite(value) });
    } else {
        layout(out, ryu::Buffer::new().format_finite(value));
    }
}

fn special(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Lays out the shortest digits as Java does: plain from 10⁻³ up to 10⁷, else with an exponent.
fn layout(out: &mut Vec<u8>, shortest: &str) {
    let (sign, magnitude) = match shortest.strip_prefix('-') {
        Some(magnitude) => ("-", magnitude),
        None => ("", shortest),
    };
    out.extend_from_slice(sign.as_bytes());
    let (mantissa, exponent) = magnitude.split_once('e').unwrap_or((magnitude, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let leading = all.iter().take_while(|&&digit| digit == b'0').count();
    if leading == all.len() {
        out.extend_from_slice(b"0.0");
        return;
    }
    let trailing = all.iter().rev().take_while(|&&digit| digit == b'0').count();
    let digits = &all[leading..all.len() - trailing];
    // The value is 0.digits × 10^point.
    let point = whole.len() as i32 - leading as i32 + exponent;
    match point {
        -2..=0 => {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', -point as usize));
            out.extend_from_slice(digits);
        }
        1..=7 => {
            let whole = point as usize;
            let split = whole.min(digits.len());
            out.extend_from_slice(&digits[..split]);
            out.extend(std::iter::repeat_n(b'0', whole - split));
            out.push(b'.');
            out.extend_from_slice(if split < digits.len() { &digits[split..] } else { b"0" });
        }
        _ => {
            out.push(digits[0]);
            out.push(b'.');
            out.extend_from_slice(if digits.len() > 1 { &digits[1..] } else { b"0" });
            out.extend_from_slice(format!("E{}", point - 1).as_bytes());
        }
    }
}
