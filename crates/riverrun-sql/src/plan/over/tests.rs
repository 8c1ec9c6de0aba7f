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
    let (message, hint, place) =
        refused(&over("SUM(millis) OVER (ORDER BY millis RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND CURRENT ROW)"));
    assert_eq!(message, "RANGE over an interval needs rows that are ordered by a timestamp");
    assert_eq!(hint, "ORDER BY a timestamp, or count rows: ROWS BETWEEN 10 PRECEDING AND CURRENT ROW");
    assert_eq!(place, Some((1, 13)));
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

/// The last click on each page.
const LAST: &str =
    "(SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY url ORDER BY ts DESC) AS rn FROM clicks) WHERE rn = 1)";

#[test]
fn over_rows_that_are_updated_results_are_updated() {
    let frame = "ROWS BETWEEN 9 PRECEDING AND CURRENT ROW";
    let plan =
        plan(&format!("SELECT user_name, AVG(millis) OVER (PARTITION BY user_name ORDER BY ts {frame}) FROM {LAST};"))
            .unwrap();
    assert!(kinds(&plan).contains(&"Over"), "{}", plan.explain());
    assert_eq!(plan.result().unwrap().properties.changelog, ChangelogKind::Retract);
}

#[test]
fn updates_have_no_order_of_arrival() {
    let (message, hint, place) = refused(&format!(
        "SELECT COUNT(*) OVER (PARTITION BY url ORDER BY p) FROM (SELECT *, PROCTIME() AS p FROM {LAST});"
    ));
    assert_eq!(message, "OVER (… ORDER BY a processing time) over rows that are updated or deleted");
    assert_eq!(hint, "ORDER BY a column of the rows: their results are updated as rows come and go");
    assert_eq!(place, Some((1, 8)));
}

#[test]
fn a_window_may_extend_another_one() {
    let text = plan(
        "SELECT url, COUNT(*) OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n FROM clicks
         WINDOW p AS (PARTITION BY url), w AS (p ORDER BY ts);",
    )
    .unwrap()
    .explain();
    assert!(text.contains("partition by=[url], order by=[ts], frame=[ROWS 1 PRECEDING]"), "{text}");
}

#[test]
fn a_window_takes_each_part_from_one_place() {
    for (call, windows, said) in [
        ("OVER (w PARTITION BY url)", "w AS (ORDER BY ts)", "a window that extends 'w' has no PARTITION BY of its own"),
        ("OVER (w ORDER BY ts)", "w AS (ORDER BY ts)", "the window 'w' has ORDER BY already"),
        ("OVER (w)", "w AS (ORDER BY ts ROWS 1 PRECEDING)", "the window 'w' has a frame already"),
        ("OVER w", "w AS (w ORDER BY ts)", "the window 'w' is defined by itself"),
        ("OVER (q ORDER BY ts)", "w AS (ORDER BY ts)", "there is no window 'q'"),
    ] {
        let (message, ..) = refused(&format!("SELECT COUNT(*) {call} FROM clicks WINDOW {windows};"));
        assert_eq!(message, said);
    }
}
