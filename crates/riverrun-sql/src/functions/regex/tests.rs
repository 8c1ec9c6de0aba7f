use super::super::test_calls::*;
use super::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

fn found(pattern: &str, text: &str) -> Vec<String> {
    let regex = JavaRegex::new(pattern).unwrap();
    regex.find_all(text).map(|range| text[range].to_owned()).collect()
}

#[test]
fn classes_are_of_ascii_as_in_java() {
    assert_eq!(found(r"\d+", "1٣2"), ["1", "2"]);
    assert_eq!(found(r"[\w-]+", "a-é_b"), ["a-", "_b"]);
    assert_eq!(found(r"\p{Alpha}+", "aéb"), ["a", "b"]);
    assert_eq!(found(r"\p{L}+", "aéb1"), ["aéb"]);
    assert_eq!(found(r"[^\s]+", "a b\tc"), ["a", "b", "c"]);
}

#[test]
fn a_dot_matches_no_line_end_and_a_dollar_stands_before_the_last() {
    assert_eq!(found("a.", "ab a\n a\r a\u{2028}"), ["ab"]);
    assert_eq!(found("(?s)a.", "a\n"), ["a\n"]);
    assert_eq!(found("(?s:a.)a.", "a\nabb"), ["a\nab"]);
    assert_eq!(found("(?m)a$", "a\nb"), ["a"]);
    assert_eq!(found("a$", "ba\n"), ["a"]);
    assert_eq!(found("a$", "a\nb"), Vec::<String>::new());
    assert_eq!(found("a\n$", "a\n"), ["a\n"]);
}

#[test]
fn what_needs_backtracking_is_refused_by_name() {
    for pattern in ["(?<=a)b", r"(\w)\1", "a(?!b)", "a++b"] {
        let error = JavaRegex::new(pattern).unwrap_err();
        assert!(error.detail_text().is_some_and(|detail| detail.contains("linear time")), "{pattern}");
    }
}

#[test]
fn escapes_and_literals() {
    assert_eq!(found(r"\Qa.b\E", "a.b axb"), ["a.b"]);
    assert_eq!(found(r"\u0041\x42\0103", "ABC"), ["ABC"]);
    assert_eq!(found(r"[a-z&&[^b]]+", "abc"), ["a", "c"]);
    assert_eq!(found(r"\<x\>", "<x>"), ["<x>"]);
    assert_eq!(found(r"[~#&]+", "a~#&"), ["~#&"]);
}

#[test]
fn wrong_patterns_are_refused() {
    for pattern in ["(", ")", "[a", r"\", r"\y", "*", "(?z)"] {
        assert!(JavaRegex::new(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn groups_found_in_one_pass_are_those_of_a_whole_search() {
    let parameter = r"(&|^)channel_id=([^&]*)";
    let cases = [
        (parameter, "a?b&channel_id=7&c"),
        (parameter, "channel_id=é&c"),
        (parameter, "channel_id="),
        (parameter, "no"),
        // The first beginning is none: it needs more than one pass.
        (parameter, "xchannel_id=1&channel_id=2"),
        (r"(a)?b=(\d+)(x)?", "ab=1b=22x"),
        (r"k=(\w+)$", "k=v\n"),
        (r"k=(\w+)$", "k=v w\n"),
        (r"(?i)KEY=(.)", "ukey=ß"),
        (r"(foo|bar)=(.*?);", "bar=1;foo=2;"),
    ];
    for (pattern, text) in cases {
        let (plain, fast) = (JavaRegex::new(pattern).unwrap(), JavaRegex::new(pattern).unwrap().for_many());
        let (mut places, mut others) = (GroupPlaces::default(), GroupPlaces::default());
        for group in 0..=plain.groups() {
            let whole = plain.group(text, group, &mut places);
            assert_eq!(fast.group(text, group, &mut others), whole, "group {group} of {pattern} in {text}");
        }
    }
    let regex = JavaRegex::new(parameter).unwrap().for_many();
    let one_pass = regex.one_pass.unwrap();
    let mut cache = one_pass.cache();
    assert_eq!(one_pass.group("a&channel_id=7", 2, &mut cache), Found::Group(Some(13..14)));
    assert_eq!(one_pass.group("a&channel=7", 2, &mut cache), Found::Nothing);
    assert_eq!(one_pass.group("achannel_id=7", 2, &mut cache), Found::Unknown);
}

#[test]
fn groups_of_many_texts_are_those_of_a_whole_search() {
    let patterns =
        ["(&|^)a=([^&]*)", "a=(b|bé)?(&)?", "(ab|a)=(.*?)&", "(b)a=(é+)$", r"\ba=(\w)", "(?i)A=(B)(&|$)", "(a)=(a=)*b"];
    let mut random = StdRng::seed_from_u64(7);
    let mut fast_patterns = 0;
    for pattern in patterns {
        let (plain, fast) = (JavaRegex::new(pattern).unwrap(), JavaRegex::new(pattern).unwrap().for_many());
        fast_patterns += usize::from(fast.one_pass.is_some());
        let (mut places, mut others) = (GroupPlaces::default(), GroupPlaces::default());
        for _ in 0..2_000 {
            let text: String = (0..random.random_range(0..12))
                .map(|_| ['a', 'b', '=', '&', 'é', 'B', '\n'][random.random_range(0..7)])
                .collect();
            for group in 1..=plain.groups() {
                let whole = plain.group(&text, group, &mut places);
                assert_eq!(fast.group(&text, group, &mut others), whole, "group {group} of {pattern} in {text:?}");
            }
        }
    }
    assert!(fast_patterns >= 3, "only {fast_patterns} were matched in one pass");
}

#[test]
fn functions() {
    let s = || text("hello World");
    for (name, arguments, result) in [
        ("REGEXP", vec![s(), text("World")], "BOOLEAN NOT NULL: true"),
        ("REGEXP", vec![s(), text("")], "BOOLEAN NOT NULL: false"),
        ("REGEXP", vec![s(), text("(")], "BOOLEAN NOT NULL: false"),
        ("REGEXP_COUNT", vec![s(), text("")], "INT: 12"),
        ("REGEXP_INSTR", vec![text("😀b"), text("b")], "INT: 3"),
        ("REGEXP_INSTR", vec![s(), text("(")], "INT: null"),
        ("REGEXP_SUBSTR", vec![s(), text("l+")], "STRING: ll"),
        ("REGEXP_EXTRACT", vec![s(), text("h(.*)W(.*)"), int(2)], "STRING: orld"),
        ("REGEXP_EXTRACT", vec![s(), text("h(.*)W(.*)")], "STRING: hello World"),
        ("REGEXP_EXTRACT", vec![s(), text("h(.*)W(.*)"), int(3)], "STRING: null"),
        ("REGEXP_EXTRACT_ALL", vec![s(), text("(l)|(o)"), int(2)], "ARRAY<STRING>: [null, null, o, o, null]"),
        ("REGEXP_EXTRACT_ALL", vec![s(), text("l")], "ARRAY<STRING>: null"),
        ("REGEXP_REPLACE", vec![s(), text("l"), text("$0")], "STRING NOT NULL: he$0$0o Wor$0d"),
        ("REGEXP_REPLACE", vec![s(), text(""), text("-")], "STRING NOT NULL: -h-e-l-l-o- -W-o-r-l-d-"),
    ] {
        assert_eq!(call(name, &arguments), result, "{name}");
    }
}
