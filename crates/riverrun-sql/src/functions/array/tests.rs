use super::super::test_calls::*;

fn ints(values: &[Option<i32>]) -> Constant {
    let arguments: Vec<_> = values.iter().map(|value| value.map_or_else(null_int, int)).collect();
    constant("ARRAY", &arguments)
}

fn numbers() -> Constant {
    ints(&[Some(3), Some(1), Some(2), Some(3)])
}

fn with_null() -> Constant {
    ints(&[Some(3), None, Some(1)])
}

#[test]
fn constructor_and_access() {
    assert_eq!(call("ARRAY", &[int(1), null_int()]), "ARRAY<INT> NOT NULL: [1, null]");
    assert_eq!(call("ARRAY", &[text("a"), text("bc")]), "ARRAY<VARCHAR(2) NOT NULL> NOT NULL: [a, bc]");
    assert!(call("ARRAY", &[]).starts_with("Input: ARRAY[] has no element"));
    assert_eq!(call("ITEM", &[numbers(), int(2)]), "INT: 1");
    assert_eq!(call("ITEM", &[numbers(), int(5)]), "INT: null");
    assert!(call("ITEM", &[numbers(), int(0)]).starts_with("Input: the index of an array is 0"));
    assert_eq!(call("CARDINALITY", &[with_null()]), "INT NOT NULL: 3");
    assert_eq!(call("ELEMENT", &[ints(&[Some(5)])]), "INT NOT NULL: 5");
    assert_eq!(call("ELEMENT", &[numbers()]), "Failure: ELEMENT of an array of 4 elements");
}

#[test]
fn elements() {
    assert_eq!(call("ARRAY_CONTAINS", &[numbers(), int(9)]), "BOOLEAN NOT NULL: false");
    assert_eq!(call("ARRAY_CONTAINS", &[with_null(), null_int()]), "BOOLEAN NOT NULL: true");
    assert_eq!(call("ARRAY_POSITION", &[numbers(), int(3)]), "INT NOT NULL: 1");
    assert_eq!(call("ARRAY_POSITION", &[with_null(), null_int()]), "INT: null");
    assert_eq!(call("ARRAY_APPEND", &[numbers(), null_int()]), "ARRAY<INT>: [3, 1, 2, 3, null]");
    assert_eq!(call("ARRAY_PREPEND", &[numbers(), int(9)]), "ARRAY<INT NOT NULL> NOT NULL: [9, 3, 1, 2, 3]");
    assert_eq!(call("ARRAY_REMOVE", &[numbers(), int(3)]), "ARRAY<INT NOT NULL> NOT NULL: [1, 2]");
    assert_eq!(call("ARRAY_REVERSE", &[with_null()]), "ARRAY<INT> NOT NULL: [1, null, 3]");
    assert_eq!(call("ARRAY_DISTINCT", &[numbers()]), "ARRAY<INT NOT NULL> NOT NULL: [3, 1, 2]");
    assert!(call("ARRAY_APPEND", &[numbers(), text("x")]).starts_with("Input"));
}

#[test]
fn slices_count_from_either_end() {
    for (start, end, result) in [
        (2, Some(3), "[1, 2]"),
        (2, None, "[1, 2, 3]"),
        (0, Some(2), "[3, 1]"),
        (3, Some(2), "[]"),
        (-2, None, "[2, 3]"),
        (-3, Some(-2), "[1, 2]"),
        (-10, Some(2), "[3, 1]"),
        (10, None, "[]"),
        (2, Some(0), "[]"),
    ] {
        let arguments: Vec<_> = [numbers(), int(start)].into_iter().chain(end.map(int)).collect();
        assert_eq!(
            call("ARRAY_SLICE", &arguments),
            format!("ARRAY<INT NOT NULL> NOT NULL: {result}"),
            "{start} {end:?}"
        );
    }
}

#[test]
fn sets() {
    assert_eq!(call("ARRAY_UNION", &[numbers(), with_null()]), "ARRAY<INT> NOT NULL: [3, 1, 2, null]");
    assert_eq!(call("ARRAY_CONCAT", &[numbers(), with_null()]), "ARRAY<INT> NOT NULL: [3, 1, 2, 3, 3, null, 1]");
    assert_eq!(call("ARRAY_EXCEPT", &[with_null(), numbers()]), "ARRAY<INT> NOT NULL: [null]");
    // Either array makes the elements nullable, though those of the second are never in the result.
    assert_eq!(call("ARRAY_EXCEPT", &[numbers(), with_null()]), "ARRAY<INT> NOT NULL: [2]");
    assert_eq!(
        call("ARRAY_INTERSECT", &[numbers(), ints(&[Some(3), Some(3), Some(1)])]),
        "ARRAY<INT NOT NULL> NOT NULL: [3, 1]"
    );
}

#[test]
fn order() {
    for (flags, result) in [
        (vec![], "[null, 1, 3]"),
        (vec![false], "[3, 1, null]"),
        (vec![true, false], "[1, 3, null]"),
        (vec![false, true], "[null, 3, 1]"),
    ] {
        let arguments: Vec<_> = std::iter::once(with_null()).chain(flags.into_iter().map(boolean)).collect();
        assert_eq!(call("ARRAY_SORT", &arguments), format!("ARRAY<INT> NOT NULL: {result}"));
    }
    assert_eq!(call("ARRAY_MAX", &[with_null()]), "INT: 3");
    assert_eq!(call("ARRAY_MIN", &[with_null()]), "INT: 1");
    let words = || constant("ARRAY", &[text("b"), null_text(), text("a")]);
    assert_eq!(call("ARRAY_JOIN", &[words(), text(",")]), "STRING NOT NULL: b,a");
    assert_eq!(call("ARRAY_JOIN", &[words(), text(","), text("N")]), "STRING NOT NULL: b,N,a");
}
