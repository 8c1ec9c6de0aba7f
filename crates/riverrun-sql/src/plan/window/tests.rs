//! Windows of processing time, early and late results, and what is refused.

use crate::plan::tests::plan as plan_of;
use riverrun_core::Error;

const TABLES: &str =
    "CREATE TABLE taps (who STRING, n INT, ts TIMESTAMP(3), p AS PROCTIME(), plain AS CAST(ts AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH ('connector' = 'datagen');
";
const EARLY: &str = "SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '10 s';
";
const LATE: &str = "SET 'table.exec.emit.late-fire.enabled' = 'true';
SET 'table.exec.emit.late-fire.delay' = '0 s';
SET 'table.exec.emit.allow-lateness' = '1 h';
";
const TUMBLE: &str = "SELECT who, COUNT(*) AS c FROM taps GROUP BY who, TUMBLE(ts, INTERVAL '1' MINUTE);";

fn explained(text: &str) -> String {
    plan_of(&format!("{TABLES}{text}")).unwrap().explain()
}

fn refused(text: &str) -> Error {
    plan_of(&format!("{TABLES}{text}")).unwrap_err()
}

fn says(error: &Error, message: &str, hint: &str) {
    assert_eq!(error.message(), message);
    assert!(error.hint_text().is_some_and(|text| text.contains(hint)), "{error:?}");
    assert!(error.place().is_some(), "{error:?}");
}

#[test]
fn windows_of_processing_time_say_so() {
    let text = explained(
        "SELECT who, window_start, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE taps, DESCRIPTOR(p), INTERVAL '1' MINUTE))
         GROUP BY who, window_start, window_end;",
    );
    assert!(text.contains("WindowAggregate(window=[TUMBLE(p as processing time, 1 min)], group by=[who]"), "{text}");
    let text = explained(
        "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n) AS rn
           FROM TABLE(HOP(TABLE taps, DESCRIPTOR(p), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE))) WHERE rn <= 3;",
    );
    assert!(text.contains("WindowAssign(window=[HOP(p as processing time, 1 min, 2 min)])"), "{text}");
    assert!(text.contains("WindowTopN("), "{text}");
}

#[test]
fn early_and_late_results_make_a_window_in_group_by_an_updating_one() {
    let text = explained(&format!("{EARLY}{LATE}{TUMBLE}"));
    assert!(text.contains("early=[10 s], late=[each row], lateness=[1 h]"), "{text}");
    assert!(text.contains("retract: "), "{text}");
    assert!(explained(TUMBLE).contains("append: "));
    // Lateness alone does nothing, as in Flink.
    let text = explained(&format!("SET 'table.exec.emit.allow-lateness' = '1 h'; {TUMBLE}"));
    assert!(!text.contains("lateness=") && text.contains("append: "), "{text}");
}

#[test]
fn options_of_early_and_late_results_that_do_not_fit_are_refused() {
    let error = refused(&format!("SET 'table.exec.emit.early-fire.enabled' = 'true'; {TUMBLE}"));
    says(&error, "'table.exec.emit.early-fire.enabled' is true, but there is no delay", "early-fire.delay' = '10 s'");
    let late = "SET 'table.exec.emit.late-fire.enabled' = 'true'; SET 'table.exec.emit.late-fire.delay' = '2 h';";
    let error = refused(&format!("{late}{TUMBLE}"));
    says(
        &error,
        "'table.exec.emit.late-fire.enabled' is true, but no lateness is allowed",
        "allow-lateness' = '1 min'",
    );
    let error = refused(&format!("{late} SET 'table.exec.emit.allow-lateness' = '1 h'; {TUMBLE}"));
    says(
        &error,
        "'table.exec.emit.late-fire.delay' is longer than the lateness that is allowed",
        "make the delay shorter",
    );
    let session = "SELECT who, COUNT(*) AS c FROM taps GROUP BY who, SESSION(ts, INTERVAL '1' MINUTE);";
    let error = refused(&format!("{EARLY}{session}"));
    says(&error, "SESSION windows give no early or late results", "TUMBLE and HOP take it");
    let function =
        "SELECT window_start, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE taps, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
         GROUP BY window_start, window_end;";
    let error = refused(&format!("{EARLY}{function}"));
    says(&error, "the windows of a window function give no early or late results", "GROUP BY TUMBLE(ts");
}

#[test]
fn early_results_do_not_go_to_a_table_that_takes_only_new_rows() {
    let error = refused(&format!(
        "{EARLY}INSERT INTO counts SELECT who, COUNT(*) AS c FROM taps GROUP BY who, TUMBLE(ts, INTERVAL '1' MINUTE);
         CREATE TABLE files (who STRING, c BIGINT) WITH ('connector' = 'filesystem', 'path' = '/tmp/none', 'format' = 'json');
         INSERT INTO files {TUMBLE}"
    ));
    assert_eq!(error.message(), "the table 'files' takes only new rows, but the query updates or deletes some");
}

#[test]
fn a_window_needs_a_time_attribute() {
    let error = refused("SELECT COUNT(*) AS c FROM taps GROUP BY TUMBLE(plain, INTERVAL '1' MINUTE);");
    says(&error, "the time column of TUMBLE is no time attribute, but TIMESTAMP(3)", "AS PROCTIME()");
    let error = refused(
        "SELECT COUNT(*) AS c FROM TABLE(HOP(TABLE taps, DESCRIPTOR(plain), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE))
         GROUP BY window_start, window_end;",
    );
    says(&error, "the time column of HOP is no time attribute, but TIMESTAMP(3)", "AS PROCTIME()");
}

#[test]
fn what_is_asked_of_a_window_must_be_what_rows_are_grouped_by() {
    let error = refused(
        "SELECT TUMBLE_START(ts, INTERVAL '2' MINUTE) AS s, COUNT(*) AS c FROM taps GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);",
    );
    says(
        &error,
        "TUMBLE_START asks for a window that rows are not grouped by",
        "the arguments of the window in GROUP BY",
    );
    let error = refused(
        "SELECT HOP_START(ts, INTERVAL '1' MINUTE) AS s, COUNT(*) AS c FROM taps GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);",
    );
    says(&error, "HOP_START asks for a window that rows are not grouped by", "GROUP BY");
    let error = refused(
        "SELECT TUMBLE_ROWTIME(p, INTERVAL '1' MINUTE) AS s, COUNT(*) AS c FROM taps GROUP BY TUMBLE(p, INTERVAL '1' MINUTE);",
    );
    says(
        &error,
        "TUMBLE_ROWTIME asks for event time, but the window is of processing time",
        "TUMBLE_PROCTIME, or TUMBLE_END",
    );
    let error = refused(
        "SELECT COUNT(*) AS c FROM taps GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE), HOP(ts, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE);",
    );
    says(&error, "GROUP BY has two windows", "in a query around this one");
    let error =
        refused("SELECT COUNT(*) AS c FROM taps GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE, INTERVAL '2' SECOND);");
    says(&error, "TUMBLE in GROUP BY takes 2 arguments, not 3", "takes an offset");
}

#[test]
fn an_offset_is_shorter_than_what_it_moves() {
    let error = refused(
        "SELECT COUNT(*) AS c FROM TABLE(TUMBLE(TABLE taps, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '90' SECOND))
         GROUP BY window_start, window_end;",
    );
    says(
        &error,
        "the offset of the window must be shorter than its size",
        "the offset 30000 ms gives the same windows",
    );
}

#[test]
fn a_window_join_takes_only_new_rows() {
    let changes = "CREATE TABLE changes (id INT, k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
      WITH ('connector' = 'filesystem', 'path' = '/tmp/none', 'format' = 'debezium-json');";
    let windows = "(SELECT * FROM TABLE(TUMBLE(TABLE changes, DESCRIPTOR(ts), INTERVAL '1' MINUTE)))";
    let error = refused(&format!(
        "{changes} SELECT l.id FROM {windows} l JOIN {windows} r
         ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end;"
    ));
    assert_eq!(error.message(), "a window join takes only new rows, but those on its left are updated or deleted");
}
