use super::*;
use crate::testing::{Table, results};

fn users() -> Table {
    Table::new("id INT | name STRING | n INT")
}

fn run(script: &str) -> Vec<String> {
    let table = users();
    let spec = NormalizeSpec { keys: vec![table.column("id")], schema: table.schema.clone(), ttl: None };
    let keys = spec.keys.clone();
    results(&table, &keys, move |context| Normalize::new(spec.clone(), context).unwrap(), script).0
}

#[test]
fn a_new_version_takes_the_old_one_back() {
    assert_eq!(
        run("1 | ada | 1
             2 | bob | 1
             1 | ada | 2"),
        ["1 | ada | 1", "2 | bob | 1", "- 1 | ada | 1", "1 | ada | 2"]
    );
}

#[test]
fn a_deletion_has_the_key_only() {
    assert_eq!(
        run("1 | ada | 1
             - 1 | null | null
             1 | ada | 2"),
        ["1 | ada | 1", "- 1 | ada | 1", "1 | ada | 2"]
    );
}

#[test]
fn what_is_equal_or_unknown_changes_nothing() {
    assert_eq!(
        run("1 | ada | 1
             1 | ada | 1
             - 2 | null | null
             - 1 | ada | 1
             - 1 | ada | 1"),
        ["1 | ada | 1", "- 1 | ada | 1"]
    );
}
