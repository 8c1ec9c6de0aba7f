use super::*;
use crate::testing::{decode_all, encode_all, spec};

#[test]
fn a_record_is_one_value() {
    let text = spec(&[("line", TypeKind::STRING)], &[]);
    assert_eq!(
        decode_all(&Raw, &text, &[b"a b", b"", "é".as_bytes()]),
        [r#"{"line":"a b"}"#, r#"{"line":""}"#, r#"{"line":"é"}"#]
    );
    let number = spec(&[("n", TypeKind::Int)], &[]);
    assert_eq!(decode_all(&Raw, &number, &[&[0, 0, 0, 5]]), [r#"{"n":5}"#]);
    let little = spec(&[("n", TypeKind::Int)], &[("endianness", "little-endian")]);
    assert_eq!(decode_all(&Raw, &little, &[&[5, 0, 0, 0]]), [r#"{"n":5}"#]);
}

#[test]
fn a_number_of_the_wrong_length_is_broken() {
    let spec = spec(&[("n", TypeKind::Int)], &[]);
    assert_eq!(decode_all(&Raw, &spec, &[b"abc"]), ["broken: column `n`: expected 4 bytes for INT, found 3"]);
}

#[test]
fn bytes_that_are_no_text_are_broken() {
    for (charset, bytes, expected) in [
        ("UTF-8", &b"a\xff\xe9"[..], "invalid UTF-8 at byte 1"),
        ("UTF-8", b"caf\xc3", "invalid UTF-8 at byte 3"),
        ("US-ASCII", "é".as_bytes(), "invalid US-ASCII at byte 0"),
        // Half a character, and half of a pair.
        ("UTF-16LE", b"a\0b", "invalid UTF-16LE at byte 2"),
        ("UTF-16BE", b"\0a\xd8\x00\0b", "invalid UTF-16BE at byte 2"),
    ] {
        let spec = spec(&[("s", TypeKind::STRING)], &[("charset", charset)]);
        let good: &[u8] = if charset.starts_with("UTF-16") { b"" } else { b"ok" };
        let decoded = decode_all(&Raw, &spec, &[bytes, good]);
        assert_eq!(decoded[0], format!("broken: {expected}"), "{charset}");
        assert_eq!(decoded.len(), 2, "the next record is read");
    }
    // Bytes that need not be text are what they are.
    let bytes = spec(&[("s", TypeKind::BYTES)], &[]);
    assert_eq!(decode_all(&Raw, &bytes, &[b"a\xff"]), [r#"{"s":"Yf8="}"#]);
}

#[test]
fn charsets_are_read_and_written() {
    for (charset, bytes) in [
        ("ISO-8859-1", &b"caf\xe9"[..]),
        ("UTF-16BE", b"\0c\0a\0f\0\xe9"),
        ("UTF-16LE", b"c\0a\0f\0\xe9\0"),
        ("utf-8", "café".as_bytes()),
    ] {
        let spec = spec(&[("s", TypeKind::STRING)], &[("charset", charset)]);
        assert_eq!(decode_all(&Raw, &spec, &[bytes]), [r#"{"s":"café"}"#], "{charset}");
        assert_eq!(encode_all(&Raw, &spec, &[r#"{"s":"café"}"#]), [bytes], "{charset}");
    }
}

#[test]
fn tables_of_several_columns_and_other_types_are_refused() {
    let error = Raw.decoder(&spec(&[("a", TypeKind::Int), ("b", TypeKind::Int)], &[])).err().expect("refused");
    assert_eq!(error.message(), "format 'raw' needs a table of one column, and this has 2");
    let error = Raw.decoder(&spec(&[("a", TypeKind::Date)], &[])).err().expect("refused");
    assert_eq!(error.message(), "format 'raw' can't hold type DATE");
}
