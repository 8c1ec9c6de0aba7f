//! What MATCH_RECOGNIZE refuses, in which words; and how it is planned.

use crate::plan::tests::{kinds, plan};

fn pattern(body: &str) -> String {
    format!("SELECT * FROM clicks MATCH_RECOGNIZE (\n{body}\n) AS m;")
}

/// The error's message, hint and line, which is counted from that of the SELECT.
fn refused(text: &str) -> (String, String, u32) {
    let error = plan(text).expect_err("refused");
    let select = 11;
    let line = error.place().map_or(0, |place| place.line.saturating_sub(select));
    (error.message().to_owned(), error.hint_text().unwrap_or_default().to_owned(), line)
}

fn message(body: &str) -> String {
    refused(&pattern(body)).0
}

const ORDER: &str = "PARTITION BY user_name ORDER BY ts";

#[test]
fn a_pattern_is_one_node_that_reads_what_it_looks_at() {
    let plan = plan(&pattern(&format!(
        "{ORDER} MEASURES LAST(a.millis) AS m PATTERN (a+ b) WITHIN INTERVAL '1' MINUTE DEFINE a AS a.millis > 10"
    )))
    .unwrap();
    assert_eq!(kinds(&plan), ["Source", "Calc", "MatchRecognize", "Result"]);
    let text = plan.explain();
    let said = "partition by=[user_name], order by=[ts], pattern=[a+ b], skip=[to next row], within=[1 min]";
    assert!(text.contains(said), "{text}");
    assert!(text.contains("reads=[user_name, millis, ts]"), "{text}");
}

#[test]
fn the_rows_may_be_those_of_a_subquery_or_a_window_function() {
    let find = "MATCH_RECOGNIZE (PARTITION BY user_name ORDER BY TIME MEASURES a.millis AS n PATTERN (a b) DEFINE a AS TRUE) AS m";
    let reads = |input: &str, time: &str| {
        let plan = plan(&format!("SELECT m.n FROM {input} {};", find.replace("TIME", time))).unwrap();
        kinds(&plan)
    };
    let subquery = reads("(SELECT user_name, millis + 1 AS millis, ts FROM clicks WHERE url = '/a')", "ts");
    assert_eq!(subquery, ["Source", "Calc", "MatchRecognize", "Calc", "Result"]);
    let windows = reads("TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))", "window_time");
    assert_eq!(windows, ["Source", "Calc", "WindowAssign", "MatchRecognize", "Calc", "Result"]);
    let counts = reads(
        "(SELECT user_name, COUNT(*) AS millis, window_time AS ts
          FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
          GROUP BY user_name, window_start, window_end, window_time)",
        "ts",
    );
    assert!(counts.contains(&"WindowAggregate"), "{counts:?}");
    let (text, _, _) = refused(&format!(
        "SELECT m.n FROM (SELECT user_name, millis, CAST(ts AS TIMESTAMP(3)) AS ts FROM clicks) {};",
        find.replace("TIME", "ts")
    ));
    assert_eq!(text, "MATCH_RECOGNIZE needs an order in time: ORDER BY must begin with a time attribute");
}

#[test]
fn in_processing_time_rows_are_taken_as_they_arrive() {
    let query = |measure: &str| {
        format!(
            "SELECT m.n FROM (SELECT user_name, millis, PROCTIME() AS proc FROM clicks)
             MATCH_RECOGNIZE (PARTITION BY user_name ORDER BY proc MEASURES {measure} AS n PATTERN (a b) DEFINE a AS TRUE) AS m;"
        )
    };
    let text = plan(&query("MATCH_PROCTIME()")).unwrap().explain();
    assert!(text.contains("partition by=[user_name], order by=[arrival]"), "{text}");
    let (text, hint, _) = refused(&query("MATCH_ROWTIME()"));
    assert_eq!(text, "MATCH_ROWTIME() is an event time, but the rows are in the order of processing time");
    assert_eq!(hint, "take MATCH_PROCTIME(), or ORDER BY the column of the table's WATERMARK FOR");
}

#[test]
fn match_rowtime_takes_the_time_of_the_order() {
    let measure = |of: &str| format!("{ORDER} MEASURES MATCH_ROWTIME({of}) AS t PATTERN (a b) DEFINE a AS TRUE");
    assert!(plan(&pattern(&measure("ts"))).is_ok());
    let wrong = "MATCH_ROWTIME takes nothing, or the first column of ORDER BY";
    assert_eq!(message(&measure("millis")), wrong);
    assert_eq!(message(&measure("ts, ts")), wrong);
}

#[test]
fn an_order_in_time_is_needed() {
    let needs = "MATCH_RECOGNIZE needs an order in time: ORDER BY must begin with a time attribute";
    assert_eq!(message("PARTITION BY user_name MEASURES a.millis AS m PATTERN (a b) DEFINE a AS TRUE"), needs);
    let (text, hint, line) = refused(&pattern("ORDER BY millis MEASURES a.millis AS m PATTERN (a b) DEFINE a AS TRUE"));
    assert_eq!((text.as_str(), line), (needs, 1));
    assert_eq!(hint, "ORDER BY the column of the table's WATERMARK FOR, or one that is PROCTIME()");
    assert_eq!(
        message("ORDER BY ts DESC MEASURES a.millis AS m PATTERN (a b) DEFINE a AS TRUE"),
        "MATCH_RECOGNIZE goes forward in time: the first column of ORDER BY must be ascending"
    );
}

#[test]
fn a_pattern_without_end_is_refused() {
    let (text, hint, line) =
        refused(&pattern(&format!("{ORDER} MEASURES a.millis AS m\nPATTERN (a b+)\nDEFINE b AS b.millis > 1")));
    assert_eq!(text, "the pattern ends with a greedy quantifier, so that a match could go on without end");
    assert_eq!(
        hint,
        "end it with a variable that the loop's rows are not, or make the quantifier reluctant: +?, {2,}?"
    );
    assert_eq!(line, 2);
    for ending in ["(a (b c)*)", "(a (b | c{2,3}))", "(a b{1,})"] {
        let text = message(&format!("{ORDER} MEASURES a.millis AS m PATTERN {ending} DEFINE a AS TRUE"));
        assert!(text.starts_with("the pattern ends with a greedy quantifier"), "{ending}: {text}");
    }
    assert_eq!(
        message(&format!("{ORDER} MEASURES a.millis AS m PATTERN (a?) DEFINE a AS TRUE")),
        "the pattern matches no row at all"
    );
}

#[test]
fn a_search_that_would_not_move_on_is_refused() {
    for skip in ["FIRST a", "LAST a", "a"] {
        let text = message(&format!(
            "{ORDER} MEASURES a.millis AS m AFTER MATCH SKIP TO {skip} PATTERN (a b) DEFINE a AS TRUE"
        ));
        assert_eq!(text, "AFTER MATCH SKIP TO a: 'a' is the first row of every match");
    }
    assert_eq!(
        message(&format!("{ORDER} MEASURES a.millis AS m AFTER MATCH SKIP TO LAST c PATTERN (a b) DEFINE a AS TRUE")),
        "AFTER MATCH SKIP TO 'c': the pattern has no variable 'c'"
    );
    let goes = "AFTER MATCH SKIP TO LAST a PATTERN (a+ b) DEFINE a AS a.millis > 1";
    assert!(plan(&pattern(&format!("{ORDER} MEASURES a.millis AS m {goes}"))).is_ok());
}

#[test]
fn names_are_variables_of_the_pattern() {
    let (text, hint, _) = refused(&pattern(&format!("{ORDER} MEASURES zz.millis AS m PATTERN (u b) DEFINE u AS TRUE")));
    assert_eq!((text.as_str(), hint.as_str()), ("the pattern has no variable 'zz'", "its variables are: u, b"));
    assert_eq!(
        message(&format!("{ORDER} MEASURES SUM(a.millis * b.millis) AS m PATTERN (a b) DEFINE a AS TRUE")),
        "'SUM(a.millis * b.millis)' has columns of several variables"
    );
    assert_eq!(
        message(&format!("{ORDER} MEASURES a.millis AS m PATTERN (a b) DEFINE a AS TRUE, a AS FALSE")),
        "'a' is defined twice"
    );
}

#[test]
fn what_looks_ahead_is_refused() {
    assert_eq!(
        message(&format!("{ORDER} MEASURES a.millis AS m PATTERN (a b) DEFINE a AS NEXT(a.millis) > 1")),
        "NEXT looks at rows that have not come yet"
    );
    assert_eq!(
        message(&format!("{ORDER} MEASURES a.millis AS m PATTERN (a b) DEFINE b AS FINAL LAST(a.millis) > 1")),
        "FINAL can't stand in DEFINE"
    );
}

#[test]
fn bounds_and_intervals_must_make_sense() {
    assert_eq!(
        message(&format!("{ORDER} MEASURES a.millis AS m PATTERN (a{{3,2}} b) DEFINE a AS TRUE")),
        "the quantifier {3,2} allows no row"
    );
    assert_eq!(
        message(&format!("{ORDER} MEASURES a.millis AS m PATTERN (a b) WITHIN INTERVAL '1' MONTH DEFINE a AS TRUE")),
        "WITHIN takes a constant interval of days, hours, minutes or seconds"
    );
    assert_eq!(
        message(&format!("{ORDER} MEASURES a.millis AS m PATTERN (PERMUTE(a, b, c, d, e, f, g)) DEFINE a AS TRUE")),
        "PERMUTE of 7 variables"
    );
    assert_eq!(
        message(&format!("{ORDER} MEASURES a.millis AS m PATTERN (^ a b) DEFINE a AS TRUE")),
        "the anchors ^ and $ in a pattern is not supported yet"
    );
}

#[test]
fn rows_that_are_updated_are_refused() {
    let (text, hint, _) = refused(
        "CREATE VIEW latest AS SELECT user_name, millis, ts FROM (
           SELECT *, ROW_NUMBER() OVER (PARTITION BY user_name ORDER BY ts DESC) AS n FROM clicks) WHERE n = 1;
         SELECT * FROM latest
         MATCH_RECOGNIZE (PARTITION BY user_name ORDER BY ts MEASURES a.millis AS n PATTERN (a b) DEFINE a AS TRUE);",
    );
    assert_eq!(text, "MATCH_RECOGNIZE reads rows that are updated or deleted");
    assert!(hint.starts_with("find the pattern before the rows are aggregated"), "{hint}");
}
