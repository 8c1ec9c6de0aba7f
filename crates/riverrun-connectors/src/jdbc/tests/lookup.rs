use super::*;
use crate::jdbc::{JdbcLookup, LookupSpec};

fn people() -> Base {
    Base::new(
        "CREATE TABLE t (id INTEGER, name TEXT); INSERT INTO t VALUES (1, 'ann'), (2, 'bob'), (2, 'bo'), (3, 'cy')",
        &[("id", TypeKind::Int), ("name", TypeKind::STRING)],
    )
}

fn lookup(base: &Base) -> Result<JdbcLookup> {
    let (key, columns) = (vec![0], vec![0, 1]);
    let spec = LookupSpec { table: "ours".into(), schema: base.schema(), options: base.options(), key, columns };
    JdbcLookup::new(&spec, Arc::new(|| {}))
}

#[test]
fn all_rows_of_the_asked_keys_are_found() {
    let base = people();
    let keys = base.rows(&[(1, r#"{"id": 2}"#), (1, r#"{"id": 9}"#), (1, r#"{"id": 3}"#)]);
    let found = lookup(&base).unwrap().get(keys.columns.project(&[0]).unwrap()).unwrap();
    assert_eq!(base.json(&found), [r#"{"id":2,"name":"bob"}"#, r#"{"id":2,"name":"bo"}"#, r#"{"id":3,"name":"cy"}"#]);
}

#[test]
fn answers_come_in_the_order_of_the_questions() {
    let base = people();
    let mut lookup = lookup(&base).unwrap();
    for id in [3, 1, 3] {
        let keys = base.rows(&[(1, &format!(r#"{{"id": {id}}}"#))]);
        lookup.ask(keys.columns.project(&[0]).unwrap());
    }
    let mut names = Vec::new();
    while lookup.open() > 0 {
        if let Some(rows) = lookup.poll().unwrap() {
            names.extend(base.json(&rows));
        }
    }
    assert_eq!(names, [r#"{"id":3,"name":"cy"}"#, r#"{"id":1,"name":"ann"}"#, r#"{"id":3,"name":"cy"}"#]);
}

#[test]
fn a_lookup_says_what_is_wrong() {
    let base = people();
    let mut lookup = lookup(&base).unwrap();
    base.connection().execute_batch("DROP TABLE t").unwrap();
    let keys = base.rows(&[(1, r#"{"id": 2}"#)]);
    let error = lookup.get(keys.columns.project(&[0]).unwrap()).unwrap_err();
    assert!(error.message().starts_with("cannot look up rows of table 'ours': SQLite: no such table: t"), "{error}");
}
