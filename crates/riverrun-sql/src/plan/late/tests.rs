//! Where late rows go, and what their table may look like.

use crate::plan::tests::{kinds, plan as plan_of};
use crate::plan::{NodeKind, StreamPlan};
use riverrun_core::{Error, Result};

const COUNTS: &str =
    "SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
  GROUP BY window_start, window_end;";

fn plan(columns: &str, query: &str) -> Result<StreamPlan> {
    plan_of(&format!(
        "CREATE TABLE late ({columns}) WITH ('connector' = 'print'); SET 'sink.late-rows' = 'late'; {query}"
    ))
}

fn refused(columns: &str) -> Error {
    plan(columns, COUNTS).unwrap_err()
}

#[test]
fn late_rows_go_to_the_table_by_the_names_of_its_columns() {
    let columns = "url STRING, user_name STRING, late_watermark TIMESTAMP(3), late_operator STRING, late_kind STRING";
    let plan = plan(columns, COUNTS).unwrap();
    assert!(kinds(&plan).ends_with(&["Calc", "Sink"]), "{:?}", kinds(&plan));
    let text = plan.explain();
    assert!(text.contains("late rows of WindowAggregate"), "{text}");
    // What the query does not read is read for the late rows.
    assert!(text.contains("url, user_name"), "{text}");
}

#[test]
fn every_operator_that_drops_late_rows_sends_them() {
    let query = "SELECT url, COUNT(*) OVER (PARTITION BY url ORDER BY ts) AS n FROM clicks;";
    let over = plan("url STRING", query).unwrap();
    assert_eq!(over.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Sink(_))).count(), 1);
    let plain = plan("url STRING", "SELECT url FROM clicks;").unwrap();
    assert!(plain.nodes.iter().all(|node| !matches!(node.kind, NodeKind::Sink(_))));
}

#[test]
fn a_table_of_late_rows_that_does_not_fit_is_refused() {
    let error = refused("url STRING, late_watermrk TIMESTAMP(3)");
    assert_eq!(error.message(), "the table of late rows 'late' has a column 'late_watermrk', but no late row has");
    assert!(error.hint_text().unwrap().contains("late_watermark"), "{error:?}");
    let error = plan(
        "url STRING, n BIGINT NOT NULL",
        "SELECT url, SUM(n) OVER (PARTITION BY url ORDER BY wt) AS m FROM (SELECT url, window_time AS wt, COUNT(*) AS n
         FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY url, window_start, window_end, window_time);",
    )
    .unwrap_err();
    assert_eq!(
        error.message(),
        "column 'n' of 'late' is NOT NULL, but the late rows of a WindowAggregate have no such column"
    );
    let error = plan_of(&format!("SET 'sink.late-rows' = 'nowhere'; {COUNTS}")).unwrap_err();
    assert!(error.message().contains("nowhere"), "{error:?}");
    assert!(error.place().is_some());
}
