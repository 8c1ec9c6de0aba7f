use crate::plan::ChangelogKind;
use crate::plan::tests::{plan, refused};

#[test]
fn codes_make_changes_and_changes_make_codes() {
    let text = "SELECT * FROM FROM_CHANGELOG(input => TABLE clicks, op => DESCRIPTOR(url));";
    assert_eq!(plan(text).unwrap().result().unwrap().properties.changelog, ChangelogKind::Retract);
    let text = "CREATE VIEW n AS SELECT url, COUNT(*) AS c FROM clicks GROUP BY url;
        SELECT * FROM TO_CHANGELOG(input => TABLE n, op => DESCRIPTOR(what));";
    let plan = plan(text).unwrap();
    let result = plan.result().unwrap();
    assert_eq!(result.properties.changelog, ChangelogKind::Append);
    assert_eq!(result.properties.schema.fields[0].name, "what");
}

#[test]
fn what_is_wrong_with_the_codes_is_said_with_its_place() {
    let from = |rest: &str| format!("SELECT * FROM FROM_CHANGELOG(input => TABLE clicks{rest});");
    let cases = [
        ("", "the table has no column 'op' with the kind of change"),
        (", op => DESCRIPTOR(millis)", "the kind of change is a text, but 'millis' is INT"),
        (", op => url", "FROM_CHANGELOG takes the column of the kind of change as DESCRIPTOR(column), not url"),
        (", op => DESCRIPTOR(url), op_mapping => MAP['c', 'INSRT']", "there is no kind of change 'INSRT'"),
        (
            ", op => DESCRIPTOR(url), op_mapping => MAP['u', 'UPDATE_AFTER']",
            "FROM_CHANGELOG takes updates with the row before and the row after",
        ),
    ];
    for (rest, message) in cases {
        let (found, _, place) = refused(&from(rest));
        assert_eq!(found, message);
        assert!(place.is_some(), "{message}");
    }
    let (found, ..) = refused("SELECT * FROM TO_CHANGELOG(input => TABLE clicks PARTITION BY url);");
    assert_eq!(found, "TO_CHANGELOG takes a table without PARTITION BY");
}
