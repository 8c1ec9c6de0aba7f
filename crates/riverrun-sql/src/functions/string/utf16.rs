//! Texts as UTF-16, for the functions that in Flink count Java's chars and not code points.

/// How many UTF-16 units there are.
pub fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// The text as UTF-16.
pub fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Appends UTF-16 units; half a surrogate pair becomes `?`, as in Flink.
pub fn push(units: impl IntoIterator<Item = u16>, out: &mut String) {
    out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or('?')));
}
