use super::super::test_calls::*;
use super::*;

fn like(value: &str, pattern: &str) -> bool {
    Wildcard::new(pattern, None).unwrap().matches(value)
}

#[test]
fn percent_and_underscore() {
    assert!(like("hello World", "hello%") && like("hello World", "%World") && like("hello World", "%o W%"));
    assert!(like("hello World", "h_llo%l_") && !like("hello World", "h_llo%l"));
    assert!(like("aXbXc", "a%X%c") && like("ab", "a%%b") && !like("ab", "a_b"));
    assert!(like("😀", "_") && !like("😀", "__"));
    assert!(like("[a]", "[a]") && !like("abc", "a.c") && !like("x", ""));
}

#[test]
fn only_percent_matches_a_line_end() {
    assert!(like("a\nb", "a%b") && !like("a\nb", "a_b"));
}

#[test]
fn escapes() {
    let matches = |value, pattern| call("LIKE", &[text(value), text(pattern), text("!")]);
    assert_eq!(matches("a%b", "a!%b"), "BOOLEAN NOT NULL: true");
    assert_eq!(matches("axb", "a!%b"), "BOOLEAN NOT NULL: false");
    assert_eq!(matches("a!b", "a!!b"), "BOOLEAN NOT NULL: true");
    assert!(matches("a!b", "a!b").starts_with("Input: the pattern 'a!b' has a wrong escape sequence at position 2"));
    assert!(call("LIKE", &[text("a"), text("a"), text("ab")]).starts_with("Input: 'ab' is no escape character"));
}

#[test]
fn similar_matches_the_whole_text() {
    let similar = |value: &str, pattern: &str| call("SIMILAR TO", &[text(value), text(pattern)]);
    for (value, pattern, matches) in [
        ("hello World", "h[a-f]llo_World", true),
        ("abbc", "ab{2}c", true),
        ("abc", "b", false),
        ("abc", "%b%", true),
        ("abc", "(a|b)%", true),
        ("a1", "a[[:DIGIT:]]", true),
        ("a$", "a$", true),
        ("ab", "a\\b", false),
        ("abc", "[^x]bc", true),
    ] {
        assert_eq!(similar(value, pattern), format!("BOOLEAN NOT NULL: {matches}"), "{value} {pattern}");
    }
    assert!(similar("a(", "a(").starts_with("Input"));
    assert_eq!(call("SIMILAR TO", &[text("a%"), text("a!%"), text("!")]), "BOOLEAN NOT NULL: true");
}
