use super::*;

#[test]
fn durations_have_a_unit_or_are_iso_8601() {
    for (text, millis) in [
        ("500", 500),
        ("5 s", 5_000),
        ("1min", 60_000),
        ("PT1H", 3_600_000),
        (" pt1h30m ", 5_400_000),
        ("P1D", 86_400_000),
        ("P1DT2H3M4.5S", 93_784_500),
        ("PT0.0009S", 0),
        ("PT1,25S", 1_250),
    ] {
        assert_eq!(parse_duration(text), Some(Millis(millis)), "{text}");
    }
    for text in
        ["", "P", "PT", "P1", "P1DT", "P1Y", "P2W", "PT1D", "P1H", "PT1M1H", "PT1.5H", "PTS", "-PT1S", "PT-1S", "PT1é"]
    {
        assert_eq!(parse_duration(text), None, "{text}");
    }
}
