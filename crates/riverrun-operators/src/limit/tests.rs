use super::*;
use crate::testing::{Table, results};

fn run(offset: u64, fetch: Option<u64>) -> Vec<String> {
    let table = Table::new("n INT");
    let script = "
        1
        2
        3
        4
        5
    ";
    results(&table, &[], |context| Limit::new(LimitSpec { offset, fetch }, context).unwrap(), script).0
}

#[test]
fn rows_of_the_range_pass() {
    assert_eq!(run(0, Some(2)), ["1", "2"]);
    assert_eq!(run(1, Some(3)), ["2", "3", "4"]);
    assert_eq!(run(3, None), ["4", "5"]);
    assert_eq!(run(0, Some(0)), [""; 0]);
    assert_eq!(run(9, Some(1)), [""; 0]);
}
