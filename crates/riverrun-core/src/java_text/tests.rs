use super::*;

fn text(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    write(&mut out);
    out
}

#[test]
fn doubles_are_written_as_java_writes_them() {
    for (value, expected) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (1e6, "1000000.0"),
        (1e7, "1.0E7"),
        (12345678.0, "1.2345678E7"),
        (1234567.0, "1234567.0"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (0.1, "0.1"),
        (-2.75, "-2.75"),
        (123.0, "123.0"),
        (1e300, "1.0E300"),
        (f64::from_bits(1), "4.9E-324"),
        (f64::MAX, "1.7976931348623157E308"),
        (100.25, "100.25"),
        (1e16, "1.0E16"),
        (f64::NAN, "NaN"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        assert_eq!(double_text(value), expected);
    }
    assert_eq!(float_text(1e10), "1.0E10");
    assert_eq!(float_text(0.21428572), "0.21428572");
    assert_eq!(float_text(f32::INFINITY), "Infinity");
}

#[test]
fn decimals_turn_scientific_below_a_millionth() {
    for (unscaled, scale, expected) in [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (0, 12, "0E-12"),
        (12345, 2, "123.45"),
        (-5, 1, "-0.5"),
        (10, 8, "1.0E-7"),
        (1, 6, "0.000001"),
        (99_999_999_999_999_999_999_999_999_999_999_999_999, 0, "99999999999999999999999999999999999999"),
    ] {
        assert_eq!(text(|out| write_decimal(unscaled, scale, out)), expected);
    }
    assert_eq!(text(|out| write_decimal_plain(10, 8, out)), "0.00000010");
}

#[test]
fn times_leave_out_what_is_zero() {
    assert_eq!(text(|out| write_timestamp(1_709_287_200_000, 1_000, out)), "2024-03-01T10:00");
    assert_eq!(text(|out| write_timestamp(1_709_287_200_050, 1_000, out)), "2024-03-01T10:00:00.050");
    assert_eq!(text(|out| write_timestamp(1_709_287_201_000_001, 1_000_000, out)), "2024-03-01T10:00:01.000001");
    assert_eq!(text(|out| write_timestamp(-1, 1_000_000_000, out)), "1969-12-31T23:59:59.999999999");
    assert_eq!(text(|out| write_instant(0, 1_000, out)), "1970-01-01T00:00:00Z");
    assert_eq!(text(|out| write_timestamp_fixed(1_709_287_200_050, 1_000, 2, out)), "2024-03-01 10:00:00.05");
    assert_eq!(text(|out| write_timestamp_fixed(1_709_287_200_050, 1_000, 0, out)), "2024-03-01 10:00:00");
    assert_eq!(text(|out| write_date(2_932_897, out)), "+10000-01-01");
    assert_eq!(text(|out| write_date(-719_529, out)), "-0001-12-31");
}

#[test]
fn intervals_are_durations_and_periods() {
    assert_eq!(text(|out| write_duration(93_600_000, out)), "PT26H");
    assert_eq!(text(|out| write_duration(-1_500, out)), "PT-1.5S");
    assert_eq!(text(|out| write_duration(90_000, out)), "PT1M30S");
    assert_eq!(text(|out| write_duration(0, out)), "PT0S");
    assert_eq!(text(|out| write_period(13, out)), "P13M");
    assert_eq!(text(|out| write_period(0, out)), "P0D");
    assert_eq!(text(|out| write_day_interval(86_400_000, out)), "+1 00:00:00.000");
    assert_eq!(text(|out| write_month_interval(-14, out)), "-1-02");
}
