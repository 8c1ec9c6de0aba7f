use super::*;

#[test]
fn numbers_are_rounded_half_up_and_null_when_too_large() {
    for (text, precision, scale, expected) in [
        ("0", 5, 2, Some(Some(0))),
        ("1.005", 5, 2, Some(Some(101))),
        ("-1.005", 5, 2, Some(Some(-101))),
        ("999.995", 5, 2, Some(None)),
        ("1e2", 5, 2, Some(Some(10_000))),
        (".5", 5, 0, Some(Some(1))),
        ("5.", 5, 0, Some(Some(5))),
        ("0.4999999999999999999999999999999999999999999999", 5, 0, Some(Some(0))),
        ("0.0000000000000000000000000000000000000000000005e46", 5, 0, Some(Some(5))),
        ("1e9999999999", 5, 2, Some(None)),
        ("0e9999999999", 5, 2, Some(Some(0))),
        ("1e-9999999999", 5, 2, Some(Some(0))),
        ("170141183460469231731687303715884105727.5", 38, 0, Some(None)),
        ("170141183460469231731687303715884105728", 38, 0, Some(None)),
        (
            "99999999999999999999999999999999999999",
            38,
            0,
            Some(Some(99_999_999_999_999_999_999_999_999_999_999_999_999)),
        ),
        ("99999999999999999999999999999999999999.5", 38, 0, Some(None)),
        ("", 5, 2, None),
        (".", 5, 2, None),
        ("-", 5, 2, None),
        ("1e", 5, 2, None),
        ("1e99999999999", 5, 2, None),
        ("1_000", 5, 2, None),
        ("0x10", 5, 2, None),
        (" 1", 5, 2, None),
    ] {
        assert_eq!(parse(text.as_bytes(), precision, scale), expected, "{text}");
    }
}

#[test]
fn numbers_are_written_as_java_writes_them() {
    let text = |unscaled, scale, notation| {
        let mut out = Vec::new();
        write(&mut out, unscaled, scale, notation);
        String::from_utf8(out).expect("ASCII")
    };
    for (unscaled, scale, scientific, plain) in [
        (0, 2, "0", "0.00"),
        (150, 2, "1.5", "1.50"),
        (-5, 2, "-0.05", "-0.05"),
        (10_000, 2, "1E+2", "100.00"),
        (12_000, 0, "1.2E+4", "12000"),
        (1, 8, "1E-8", "0.00000001"),
        (27, 9, "2.7E-8", "0.000000027"),
        (1, 6, "0.000001", "0.000001"),
        (12_345, 5, "0.12345", "0.12345"),
    ] {
        assert_eq!(text(unscaled, scale, Notation::Scientific), scientific);
        assert_eq!(text(unscaled, scale, Notation::Plain), plain);
    }
}
