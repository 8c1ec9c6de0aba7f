//! How OVER is planned, and what is refused.

use crate::plan::ChangelogKind;
use crate::plan::tests::{kinds, plan, refused};

fn over(calls: &str) -> String {
    format!("SELECT url, {calls} FROM clicks;")
}

#[test]
fn by_time_rows_come_out_once() {
    let plan =
        plan(&over("SUM(millis) OVER (PARTITION BY url ORDER BY ts), COUNT(*) OVER (PARTITION BY url ORDER BY ts)"))
            .unwrap();
    assert_eq!(kinds(&plan), ["Source", "Calc", "Over", "Calc", "Result"], "{}", plan.explain());
    assert_eq!(plan.result().unwrap().properties.changelog, ChangelogKind::Append);
    assert!(plan.explain().contains("order by=[ts], frame=[RANGE UNBOUNDED PRECEDING]"), "{}", plan.explain());
}

#[test]
fn by_another_column_they_are_updated() {
    let plan = plan(&over("SUM(millis) OVER (PARTITION BY url ORDER BY millis)")).unwrap();
    assert_eq!(plan.result().unwrap().properties.changelog, ChangelogKind::Retract);
}

#[test]
fn a_ranking_without_a_condition_is_an_over() {
    let plan = plan(&over("ROW_NUMBER() OVER (PARTITION BY url ORDER BY ts) AS n")).unwrap();
    assert_eq!(kinds(&plan), ["Source", "Calc", "Over", "Calc", "Result"], "{}", plan.explain());
}

#[test]
fn what_a_stream_cannot_know_is_refused_with_its_place() {
    let (message, hint, place) = refused(&over("LEAD(millis) OVER (PARTITION BY url ORDER BY ts)"));
    assert_eq!(message, "LEAD is not possible over a stream");
    assert_eq!(hint, "LAG, ROW_NUMBER, RANK and DENSE_RANK look only at the rows before");
    assert_eq!(place, Some((1, 13)));
    let (message, ..) = refused(&over("SUM(millis) OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)"));
    assert_eq!(message, "a frame over a stream ends with the CURRENT ROW");
    let (message, ..) = refused(&over("SUM(millis) OVER (PARTITION BY url)"));
    assert_eq!(message, "SUM OVER (…) needs ORDER BY in its OVER clause");
    let (message, _, place) = refused(&over("SUM(millis) OVER (ORDER BY ts DESC)"));
    assert_eq!(message, "OVER (…) can only be ordered ascending");
    assert_eq!(place, Some((1, 13)));
}

#[test]
fn orders_that_are_no_time_are_refused_where_they_cannot_work() {
    let (message, hint, _) = refused(&over("SUM(millis) OVER (ORDER BY millis, url)"));
    assert_eq!((message.as_str(), hint.as_str()), ("OVER (…) is ordered by one column", "ORDER BY a time attribute"));
    let (message, ..) = refused(&over("SUM(millis) OVER (ORDER BY millis ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"));
    assert_eq!(message, "a bounded frame needs rows that are ordered by time");
}

#[test]
fn the_aggregates_of_a_select_share_a_window() {
    let (message, hint, place) = refused(&over(
        "COUNT(*) OVER (PARTITION BY url ORDER BY ts), COUNT(*) OVER (PARTITION BY user_name ORDER BY ts)",
    ));
    assert_eq!(message, "the aggregates of a SELECT must be over the same window");
    assert!(hint.starts_with("compute one of them in a subquery"), "{hint}");
    assert_eq!(place, Some((1, 59)));
}

#[test]
fn updates_cannot_be_ordered_by_time() {
    let (message, ..) = refused(
        "SELECT COUNT(*) OVER (PARTITION BY url ORDER BY ts) FROM (
           SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY url ORDER BY ts DESC) AS rn FROM clicks) WHERE rn = 1);",
    );
    assert_eq!(message, "OVER (… ORDER BY a time attribute) over rows that are updated or deleted");
}
