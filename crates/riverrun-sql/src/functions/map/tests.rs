use super::super::test_calls::*;

fn letters() -> Constant {
    constant("MAP", &[text("z"), int(1), text("y"), int(2), text("z"), int(3)])
}

#[test]
fn of_equal_keys_the_last_value_counts() {
    assert_eq!(call("MAP_KEYS", &[letters()]), "ARRAY<CHAR(1) NOT NULL> NOT NULL: [z, y]");
    assert_eq!(call("MAP_VALUES", &[letters()]), "ARRAY<INT NOT NULL> NOT NULL: [3, 2]");
    assert_eq!(
        call("MAP_ENTRIES", &[letters()]),
        "ARRAY<ROW<`key` CHAR(1) NOT NULL, `value` INT NOT NULL>> NOT NULL: [+I[z, 3], +I[y, 2]]"
    );
}

#[test]
fn a_missing_key_gives_null() {
    assert_eq!(call("ITEM", &[letters(), text("y")]), "INT: 2");
    assert_eq!(call("ITEM", &[letters(), text("x")]), "INT: null");
    assert_eq!(call("ITEM", &[letters(), null_text()]), "INT: null");
    assert!(call("ITEM", &[letters(), int(1)]).starts_with("Input"));
}

#[test]
fn of_arrays_and_of_maps() {
    let keys = constant("ARRAY", &[text("a"), text("b")]);
    let values = constant("ARRAY", &[int(1), int(2)]);
    assert_eq!(
        call("MAP_FROM_ARRAYS", &[keys.clone(), values]),
        "MAP<CHAR(1) NOT NULL, INT NOT NULL> NOT NULL: {a=1, b=2}"
    );
    let short = constant("ARRAY", &[int(1)]);
    assert_eq!(call("MAP_FROM_ARRAYS", &[keys, short]), "Failure: MAP_FROM_ARRAYS of 2 keys and 1 values");
    let other = constant("MAP", &[text("y"), int(9)]);
    let entries = |maps: &[Constant]| call("MAP_ENTRIES", &[constant("MAP_UNION", maps)]);
    let rows = "ARRAY<ROW<`key` CHAR(1) NOT NULL, `value` INT NOT NULL>> NOT NULL";
    assert_eq!(entries(&[letters(), other.clone()]), format!("{rows}: [+I[y, 9], +I[z, 3]]"));
    assert_eq!(entries(&[other, letters()]), format!("{rows}: [+I[z, 3], +I[y, 2]]"));
}

#[test]
fn a_null_key_fails_and_no_bare_null_is_taken() {
    assert_eq!(call("MAP", &[null_text(), int(1)]), "Failure: a key of a map is NULL");
    assert!(call("MAP", &[text("a")]).starts_with("Input"));
}
