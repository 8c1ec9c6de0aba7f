use crate::plan::StreamPlan;
use crate::plan::tests::plan as plan_of;
use riverrun_core::{Error, Result};

const TABLES: &str = "CREATE TABLE orders (id INT, customer STRING, amount INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH ('connector' = 'datagen');
CREATE TABLE payments (order_id INT, paid INT, at_time TIMESTAMP(3),
  WATERMARK FOR at_time AS at_time - INTERVAL '1' MINUTE) WITH ('connector' = 'datagen');
CREATE TABLE customers (name STRING, country STRING) WITH ('connector' = 'datagen');
";

fn plan(query: &str) -> Result<StreamPlan> {
    plan_of(&format!("{TABLES}{query}"))
}

fn refused(query: &str) -> Error {
    plan(query).unwrap_err()
}

/// EXPLAIN's lines that tell of nodes, with the properties below them.
fn explained(query: &str) -> String {
    plan(query).unwrap().explain()
}

#[test]
fn equalities_become_keys_and_the_rest_a_condition() {
    let text = explained(
        "SELECT o.id FROM orders o LEFT JOIN customers c ON c.name = o.customer AND o.amount > CHAR_LENGTH(c.country);",
    );
    assert!(text.contains("RegularJoin(join=[left], on=[customer = name], where=["), "{text}");
    assert!(text.contains("retract: "), "{text}");
}

#[test]
fn conditions_of_where_go_into_an_inner_join() {
    let text = explained(
        "SELECT o.id FROM orders o, customers c WHERE o.customer = c.name AND o.amount > 3 AND c.country = 'SE';",
    );
    assert!(text.contains("RegularJoin(join=[inner], on=[customer = name])"), "{text}");
    assert!(text.contains("where=[(amount > 3)]") && text.contains("where=[(country = SE)]"), "{text}");
    assert!(text.contains("append: "), "{text}");
}

#[test]
fn an_outer_join_whose_nulls_are_filtered_is_an_inner_one() {
    let text =
        explained("SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.name WHERE c.country <> 'SE';");
    assert!(text.contains("RegularJoin(join=[inner]"), "{text}");
}

#[test]
fn subqueries_are_joins() {
    let text = explained("SELECT id FROM orders WHERE customer IN (SELECT name FROM customers);");
    assert!(text.contains("RegularJoin(join=[semi], on=[customer = $v0])"), "{text}");
    let text =
        explained("SELECT id FROM orders o WHERE NOT EXISTS (SELECT * FROM customers c WHERE c.name = o.customer);");
    assert!(text.contains("RegularJoin(join=[anti], on=[customer = $lifted0])"), "{text}");
    let text = explained("SELECT id, (SELECT MAX(paid) FROM payments p WHERE p.order_id = o.id) FROM orders o;");
    assert!(text.contains("RegularJoin(join=[left], on=[id = $lifted0])"), "{text}");
    let text =
        explained("SELECT id FROM orders o WHERE amount > 5 OR EXISTS (SELECT 1 FROM payments WHERE order_id = o.id);");
    assert!(text.contains("RegularJoin(join=[left], on=[id = $lifted0])"), "{text}");
}

#[test]
fn subqueries_over_groups_are_joins_with_them() {
    let text = explained(
        "SELECT customer, SUM(amount) AS s FROM orders GROUP BY customer HAVING customer IN (SELECT name FROM customers);",
    );
    assert!(text.contains("RegularJoin(join=[semi], on=[$g0 = $v0])"), "{text}");
    let text = explained(
        "SELECT customer, SUM(amount * (SELECT MAX(paid) FROM payments)) AS s FROM orders GROUP BY customer;",
    );
    let (join, groups) = (text.find("RegularJoin(join=[left]"), text.find("GroupAggregate(group by=[customer],"));
    assert!(join > groups && groups.is_some(), "the rows are joined, then grouped: {text}");
}

#[test]
fn a_subquery_tied_by_other_than_equalities_is_joined_with_the_outer_values() {
    let text = explained("SELECT (SELECT MAX(paid) FROM payments WHERE order_id < o.id) FROM orders o;");
    assert!(text.contains("RegularJoin(join=[inner], where=[(order_id < $o0)])"), "{text}");
    assert!(text.contains("RegularJoin(join=[left], on=[id IS NOT DISTINCT FROM $lifted0])"), "{text}");
}

#[test]
fn a_condition_with_a_subquery_may_stand_on_the_side_that_is_not_kept() {
    let text = explained(
        "SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.name AND c.country IN (SELECT country FROM customers);",
    );
    assert!(text.contains("RegularJoin(join=[left], on=[customer = name])"), "{text}");
    assert!(text.contains("RegularJoin(join=[semi], on=[country = $v0])"), "{text}");
}

#[test]
fn common_columns_come_once() {
    for join in ["JOIN", "FULL JOIN"] {
        let plan = plan(&format!(
            "SELECT * FROM orders AS o (k, customer, amount, ts) {join} payments AS p (k, paid, at_time) USING (k);"
        ))
        .unwrap();
        let names: Vec<_> = plan.result().unwrap().properties.schema.fields.iter().map(|f| f.name.clone()).collect();
        assert_eq!(names, ["k", "customer", "amount", "ts", "paid", "at_time"], "{join}");
    }
}

#[test]
fn what_a_subquery_can_not_be_is_said() {
    let error = refused("SELECT (SELECT id, amount FROM orders) FROM customers;");
    assert_eq!(error.message(), "a scalar subquery selects one column, not 2");
    let error = refused("SELECT id FROM orders WHERE (id, amount) IN (SELECT order_id FROM payments);");
    assert_eq!(error.message(), "IN compares 2 values with the 1 columns that the subquery selects");
    let error =
        refused("SELECT o.id FROM orders o LEFT JOIN customers c ON o.amount > (SELECT MAX(paid) FROM payments);");
    assert_eq!(error.message(), "a subquery in ON of a left join over the side that is kept is not supported yet");
    assert_eq!(error.place().map(|place| place.column), Some(52));
    let error = refused(
        "SELECT id FROM orders MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS id PATTERN (A) DEFINE A AS A.amount IN (SELECT paid FROM payments));",
    );
    assert_eq!(error.message(), "a subquery can't stand here");
    let error = refused(
        "SELECT customer FROM orders o GROUP BY customer HAVING EXISTS (SELECT 1 FROM payments WHERE order_id = o.id);",
    );
    assert_eq!(error.message(), "column 'id' is neither grouped nor within an aggregate");
    assert_eq!(error.place().map(|place| place.column), Some(104));
    let error = refused(
        "SELECT customer, amount FROM orders GROUP BY customer HAVING customer IN (SELECT name FROM customers);",
    );
    assert_eq!(error.message(), "column 'amount' is neither grouped nor within an aggregate");
    let error = refused("SELECT id FROM orders EXCEPT SELECT order_id, paid FROM payments;");
    assert_eq!(error.message(), "EXCEPT takes as many columns from both sides, not 1 and 2");
    assert_eq!(error.detail_text(), Some("the first query has id; the second one has order_id, paid"));
}

#[test]
fn conditions_on_both_times_bound_a_join() {
    let text = explained(
        "SELECT * FROM orders o, payments p
         WHERE o.id = p.order_id AND p.at_time BETWEEN o.ts - INTERVAL '1' MINUTE AND o.ts + INTERVAL '1' HOUR AND p.paid > o.amount;",
    );
    assert!(
        text.contains(
            "IntervalJoin(join=[inner], on=[id = order_id], bounds=[ts - at_time from -1 h to 1 min], where=["
        ),
        "{text}"
    );
    assert!(text.contains("append: "), "{text}");
    // One bound is not enough: rows would have to be kept for ever.
    let text = explained("SELECT * FROM orders o JOIN payments p ON o.id = p.order_id AND p.at_time > o.ts;");
    assert!(text.contains("RegularJoin("), "{text}");
    let result = text.lines().skip_while(|line| !line.contains("RegularJoin(")).nth(1).unwrap();
    assert!(!result.contains("ROWTIME"), "{result}");
}

#[test]
fn equal_windows_make_a_window_join() {
    let windows = "FROM (SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) o
        FULL JOIN (SELECT * FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(at_time), INTERVAL '1' MINUTE))) p";
    let on = "ON o.id = p.order_id AND o.window_start = p.window_start AND o.window_end = p.window_end";
    let text = explained(&format!("SELECT o.id, p.paid {windows} {on};"));
    assert!(text.contains("WindowJoin(join=[full], on=["), "{text}");
    assert!(!text.contains("retract: "), "{text}");
}

#[test]
fn a_join_bounded_in_time_takes_only_new_rows() {
    let error = refused(
        "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY ts DESC) AS n FROM orders QUALIFY n = 1) o
         JOIN payments p ON o.id = p.order_id AND p.at_time BETWEEN o.ts AND o.ts + INTERVAL '1' HOUR;",
    );
    assert_eq!(error.message(), "an interval join takes only new rows, but those on its left are updated or deleted");
    assert!(error.hint_text().unwrap().contains("a regular join takes all changes"), "{error:?}");
    assert_eq!(error.place().map(|place| place.column), Some(15));
}

#[test]
fn lateral_subqueries_are_joins_on_what_ties_them() {
    let text = explained(
        "SELECT o.id, t.s FROM orders o LEFT JOIN LATERAL (SELECT SUM(paid) AS s FROM payments WHERE order_id = o.id) AS t ON TRUE;",
    );
    assert!(text.contains("RegularJoin(join=[left], on=[id = $lifted0])"), "{text}");
    let error = refused(
        "SELECT * FROM orders o RIGHT JOIN LATERAL (SELECT paid FROM payments WHERE order_id = o.id) AS t ON TRUE;",
    );
    assert_eq!(error.message(), "a right join with LATERAL");
    assert!(error.hint_text().unwrap().contains("LEFT JOIN LATERAL"), "{error:?}");
}

#[test]
fn unnest_has_no_rows_without_its_row() {
    let error = refused("SELECT * FROM orders o RIGHT JOIN UNNEST(ARRAY[1, 2]) AS t (x) ON TRUE;");
    assert_eq!(error.message(), "UNNEST of a row's collection can't come without the row");
}
