use super::*;

#[test]
fn a_column_of_ascii_is_changed_at_once() {
    let column = StringArray::from(vec![Some("aB"), None, Some(""), Some("Cd9")]);
    let changed = changed_at_once(&column, <[u8]>::make_ascii_uppercase).unwrap();
    assert_eq!(changed.as_string::<i32>(), &StringArray::from(vec![Some("AB"), None, Some(""), Some("CD9")]));
    let beginning = changed_at_once(&column.slice(0, 2), <[u8]>::make_ascii_lowercase).unwrap();
    assert_eq!(beginning.as_string::<i32>(), &StringArray::from(vec![Some("ab"), None]));
}

#[test]
fn other_columns_are_changed_text_by_text() {
    assert!(changed_at_once(&StringArray::from(vec!["a", "é"]), <[u8]>::make_ascii_uppercase).is_none());
    assert!(changed_at_once(&StringArray::from(vec!["a", "b"]).slice(1, 1), <[u8]>::make_ascii_uppercase).is_none());
}
