//! How rankings are planned.

use crate::plan::ChangelogKind;
use crate::plan::tests::{kinds, plan, refused};

fn ranked(over: &str, condition: &str) -> String {
    format!("SELECT * FROM (SELECT *, ROW_NUMBER() OVER ({over}) AS rn FROM clicks) WHERE {condition};")
}

#[test]
fn the_first_row_by_time_is_a_deduplication_that_takes_nothing_back() {
    let plan = plan(&ranked("PARTITION BY url ORDER BY ts", "rn = 1")).unwrap();
    assert_eq!(kinds(&plan), ["Source", "Deduplicate", "Calc", "Result"], "{}", plan.explain());
    assert_eq!(plan.result().unwrap().properties.changelog, ChangelogKind::Append);
    assert!(plan.explain().contains("keep=[first row]"), "{}", plan.explain());
}

#[test]
fn the_last_row_by_time_is_updated() {
    let plan = plan(&ranked("PARTITION BY url ORDER BY ts DESC", "rn <= 1")).unwrap();
    assert_eq!(kinds(&plan), ["Source", "Deduplicate", "Calc", "Result"]);
    assert_eq!(plan.result().unwrap().properties.changelog, ChangelogKind::Retract);
    assert_eq!(plan.result().unwrap().properties.keys, Some(vec![1]));
}

#[test]
fn other_orders_and_ranks_are_a_top_n() {
    for (over, condition) in [
        ("PARTITION BY url ORDER BY millis", "rn = 1"),
        ("PARTITION BY url ORDER BY ts", "rn <= 2"),
        ("ORDER BY ts, millis", "rn = 1"),
        ("PARTITION BY url ORDER BY ts", "rn = 2"),
        ("PARTITION BY url ORDER BY ts", "rn <= millis"),
    ] {
        let plan = plan(&ranked(over, condition)).unwrap();
        assert!(kinds(&plan).contains(&"TopN"), "{over} {condition}: {}", plan.explain());
    }
}

#[test]
fn the_rank_is_part_of_the_key_where_it_comes_out() {
    let plan = plan(&ranked("PARTITION BY url ORDER BY millis", "rn <= 3")).unwrap();
    assert_eq!(plan.result().unwrap().properties.keys, Some(vec![1, 4]));
    assert!(plan.explain().contains("key (url, rn)"), "{}", plan.explain());
}

#[test]
fn what_is_updated_is_ranked_by_what_can_take_rows_back() {
    let plan = plan(
        "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY n DESC) AS rn
           FROM (SELECT url, COUNT(*) AS n FROM clicks GROUP BY url)) WHERE rn <= 3;",
    )
    .unwrap();
    assert!(plan.explain().contains("input=[updating]"), "{}", plan.explain());
}

#[test]
fn a_limit_of_what_is_updated_is_a_top_n() {
    let plan = plan("SELECT url, COUNT(*) AS n FROM clicks GROUP BY url LIMIT 3;").unwrap();
    assert!(kinds(&plan).contains(&"TopN"), "{}", plan.explain());
}

#[test]
fn a_ranking_without_a_last_rank_says_what_would_work() {
    let (message, hint, place) = refused(&ranked("PARTITION BY url ORDER BY millis", "rn > 1"));
    assert_eq!(message, "a condition on the rank has no upper bound");
    assert_eq!(hint, "keep the first rows: WHERE row_num <= 10");
    assert_eq!(place, Some((1, 26)));
}
