use crate::plan::tests::plan as plan_of;
use riverrun_core::{Error, Result};

const TABLES: &str = "CREATE TABLE orders (id INT, customer STRING) WITH ('connector' = 'datagen');
CREATE TABLE customers (name STRING, country STRING) WITH ('connector' = 'datagen');
CREATE TABLE few (name STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '3');
";

fn warnings(query: &str) -> Vec<String> {
    plan_of(&format!("{TABLES}{query}")).unwrap().warnings()
}

#[test]
fn a_join_that_keeps_rows_for_ever_is_named() {
    let found = warnings("SELECT o.id FROM orders o JOIN customers c ON o.customer = c.name;");
    assert_eq!(
        found,
        [
            "query:RegularJoin[customer][name]: this inner join keeps its rows for ever: about 96 bytes for each row on the left, about 92 bytes for each row on the right; set 'table.exec.state.ttl' or the hint STATE_TTL, or bound the distance in time of both sides"
        ]
    );
    // A side that ends does not grow.
    let found = warnings("SELECT o.id FROM orders o JOIN few ON o.customer = few.name;");
    assert!(found[0].contains("on the left;"), "{found:?}");
}

#[test]
fn a_time_to_live_bounds_it() {
    let query = "SELECT o.id FROM orders o JOIN customers c ON o.customer = c.name;";
    assert!(warnings(&format!("SET 'table.exec.state.ttl' = '1 d'; {query}")).is_empty());
    let hint = "SELECT /*+ STATE_TTL('o' = '12 h', 'c' = '3 d') */ o.id FROM orders o JOIN customers c ON o.customer = c.name;";
    assert!(warnings(hint).is_empty());
    let one = "SELECT /*+ STATE_TTL('o' = '12 h') */ o.id FROM orders o JOIN customers c ON o.customer = c.name;";
    assert!(warnings(one)[0].contains("for ever: about 92 bytes for each row on the right;"));
}

#[test]
fn a_hint_that_is_no_duration_is_refused() {
    let query = "SELECT /*+ STATE_TTL('o' = 'long') */ o.id FROM orders o JOIN customers c ON o.customer = c.name;";
    let refused: Result<_> = plan_of(&format!("{TABLES}{query}"));
    let error: Error = refused.unwrap_err();
    assert_eq!(error.message(), "STATE_TTL of 'o' takes a duration, not 'long'");
}

#[test]
fn a_join_without_an_equality_is_named() {
    let found = warnings("SELECT o.id FROM orders o CROSS JOIN few;");
    assert_eq!(
        found[0],
        "query:RegularJoin[][]: no equality ties both sides of this inner join: every row meets every other, on one worker"
    );
}
