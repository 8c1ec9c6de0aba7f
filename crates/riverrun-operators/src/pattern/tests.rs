#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use super::*;
use riverrun_core::Result;
use std::rc::Rc;

/// A row is the letters of the variables that it can be.
struct Letters;

impl Conditions<&'static str> for Letters {
    fn hold(&mut self, path: &Rc<Node<&'static str>>) -> Result<bool> {
        Ok(path.row.contains((b'a' + path.variable as u8) as char))
    }
}

fn letter(letter: char) -> Pattern {
    Pattern::Variable(letter as usize - 'a' as usize)
}

fn letters(text: &str) -> Vec<Pattern> {
    text.chars().map(letter).collect()
}

fn concat(patterns: Vec<Pattern>) -> Pattern {
    Pattern::Concat(patterns)
}

fn repeat(pattern: Pattern, min: u32, max: Option<u32>, greedy: bool) -> Pattern {
    Pattern::Repeat { pattern: Box::new(pattern), min, max, greedy }
}

/// The matches in rows that come a second apart: the number of the first row, then what each row is.
fn search(pattern: &Pattern, skip: Skip, within: Option<i64>, rows: &'static str) -> Vec<String> {
    let rules = Rules { program: Program::compile(pattern).unwrap(), skip, within };
    let mut matcher = Matcher::default();
    let mut found = Vec::new();
    let rows: Vec<&'static str> = rows.split(' ').collect();
    for (time, row) in rows.iter().enumerate() {
        matcher.push(row, time as i64, &rules, &mut Letters, &mut found).unwrap().unwrap();
    }
    matcher.advance(i64::MAX, &rules, &mut found).unwrap();
    let text = |found: &Match<&'static str>| -> String {
        found.rows().iter().map(|node| (b'a' + node.variable as u8) as char).collect()
    };
    found.iter().map(text).collect()
}

fn past(pattern: &Pattern, rows: &'static str) -> Vec<String> {
    search(pattern, Skip::PastLastRow, None, rows)
}

#[test]
fn a_greedy_loop_never_gives_a_row_back() {
    let pattern = concat(vec![repeat(letter('a'), 1, None, true), letter('b')]);
    assert_eq!(past(&pattern, "a a b"), ["aab"]);
    assert_eq!(past(&pattern, "a ab b"), ["aab"]);
    assert_eq!(past(&pattern, "a ab a"), [""; 0]);
}

#[test]
fn a_reluctant_loop_takes_as_few_rows_as_it_can() {
    let pattern = concat(vec![repeat(letter('a'), 1, None, false), letter('b')]);
    assert_eq!(past(&pattern, "a ab b"), ["ab"]);
    let pattern = concat(vec![letter('a'), repeat(letter('b'), 2, None, false)]);
    assert_eq!(past(&pattern, "a b b b"), ["abb"]);
}

#[test]
fn counted_loops_have_their_bounds() {
    let exactly = concat(vec![repeat(letter('a'), 2, Some(2), true), letter('b')]);
    assert_eq!(past(&exactly, "a a a b"), ["aab"]);
    let range = concat(vec![letter('c'), repeat(letter('a'), 1, Some(2), true), letter('b')]);
    assert_eq!(past(&range, "c a a b"), ["caab"]);
    assert_eq!(past(&range, "c a b"), ["cab"]);
    assert_eq!(past(&range, "c a a a b"), [""; 0]);
    let at_most = concat(vec![letter('c'), repeat(letter('a'), 0, Some(1), true), letter('b')]);
    assert_eq!(past(&at_most, "c b c a b"), ["cb", "cab"]);
}

#[test]
fn of_alternatives_that_end_at_once_the_left_one_is_taken() {
    let pattern = concat(vec![letter('a'), Pattern::Alternation(letters("bc")), letter('d')]);
    assert_eq!(past(&pattern, "a bc d"), ["abd"]);
    assert_eq!(past(&pattern, "a c d"), ["acd"]);
}

#[test]
fn a_shorter_alternative_is_over_first() {
    let pattern = concat(vec![letter('a'), Pattern::Alternation(vec![concat(letters("bc")), letter('d')])]);
    assert_eq!(past(&pattern, "a bd c"), ["ad"]);
}

#[test]
fn groups_are_repeated_as_a_whole() {
    let group = concat(letters("ab"));
    let pattern = concat(vec![repeat(group.clone(), 1, None, true), letter('c')]);
    assert_eq!(past(&pattern, "a b a b c"), ["ababc"]);
    assert_eq!(past(&pattern, "a b a c"), [""; 0]);
    let pattern = concat(vec![letter('d'), repeat(group, 0, Some(2), true), letter('a'), letter('c')]);
    assert_eq!(past(&pattern, "d a b a c"), ["dabac"]);
    assert_eq!(past(&pattern, "d a c"), ["dac"]);
}

#[test]
fn a_group_that_may_be_empty_does_not_loop_for_ever() {
    let inner = repeat(letter('a'), 0, None, true);
    let pattern = concat(vec![letter('c'), repeat(concat(vec![inner]), 0, None, true), letter('b')]);
    assert_eq!(past(&pattern, "c a a b"), ["caab"]);
}

#[test]
fn permutations_are_all_orders() {
    let pattern = Pattern::permute(letters("abc"));
    for rows in ["a b c", "a c b", "b a c", "b c a", "c a b", "c b a"] {
        assert_eq!(past(&pattern, rows), [rows.replace(' ', "")]);
    }
    assert_eq!(past(&pattern, "a b a"), [""; 0]);
}

#[test]
fn skipping_decides_where_the_next_match_begins() {
    let pattern = concat(vec![letter('a'), repeat(letter('b'), 1, None, true), letter('c')]);
    let rows = "a ab b c";
    assert_eq!(search(&pattern, Skip::PastLastRow, None, rows), ["abbc"]);
    assert_eq!(search(&pattern, Skip::ToNextRow, None, rows), ["abbc", "abc"]);
    assert_eq!(search(&pattern, Skip::ToFirst(1), None, rows), ["abbc", "abc"]);
    assert_eq!(search(&pattern, Skip::ToLast(1), None, rows), ["abbc"]);
}

#[test]
fn a_match_waits_for_those_that_began_before_it() {
    // (a b c d | b): the b is complete at once, but the match from the a would cover it.
    let pattern = Pattern::Alternation(vec![concat(letters("abcd")), letter('b')]);
    assert_eq!(past(&pattern, "a b c d"), ["abcd"]);
    assert_eq!(past(&pattern, "a b c c"), ["b"]);
}

#[test]
fn a_match_must_be_over_in_time() {
    let pattern = concat(vec![repeat(letter('a'), 1, None, true), letter('b')]);
    assert_eq!(search(&pattern, Skip::PastLastRow, Some(3), "a a b"), ["aab"]);
    assert_eq!(search(&pattern, Skip::PastLastRow, Some(2), "a a b"), ["ab"]);
}

#[test]
fn a_search_that_would_not_move_on_is_an_error() {
    let rules = Rules { program: Program::compile(&letter('a')).unwrap(), skip: Skip::ToLast(0), within: None };
    let (mut matcher, mut found) = (Matcher::default(), Vec::new());
    let skipped = matcher.push(&"a", 0, &rules, &mut Letters, &mut found).unwrap();
    assert_eq!(skipped, Err(SkipError::First(0)));
    let rules = Rules { skip: Skip::ToLast(1), ..rules };
    let skipped = Matcher::default().push(&"a", 0, &rules, &mut Letters, &mut found).unwrap();
    assert_eq!(skipped, Err(SkipError::Missing(1)));
}

#[test]
fn patterns_without_rows_and_without_bounds_are_refused() {
    let error = Program::compile(&repeat(letter('a'), 0, None, true)).unwrap_err();
    assert_eq!(error.message(), "the pattern matches no row at all");
    let huge = repeat(repeat(letter('a'), 1000, Some(1000), true), 1000, Some(1000), true);
    assert!(Program::compile(&huge).unwrap_err().message().starts_with("the pattern has more than"));
    assert!(concat(vec![letter('a'), repeat(letter('b'), 1, None, true)]).ends_greedily());
    assert!(!concat(vec![letter('a'), repeat(letter('b'), 1, None, false)]).ends_greedily());
}

#[test]
fn a_very_long_match_is_taken_apart_without_deep_recursion() {
    let mut path: Path<u32> = None;
    for row in 0..1_000_000 {
        path = Some(std::rc::Rc::new(Node { variable: 0, row, before: path }));
    }
    drop(path);
}
