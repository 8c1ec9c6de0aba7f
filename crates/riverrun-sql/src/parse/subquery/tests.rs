use crate::parse::{Variables, parse};
use riverrun_core::Error;

/// Where a query can stand in parentheses: what stands before and behind it.
const AROUND: &[(&str, &str)] = &[
    ("SELECT * FROM (", ") AS x"),
    ("SELECT * FROM (", ") WHERE x.a = (SELECT 1)"),
    ("SELECT * FROM t JOIN (", ") y ON t.a = y.a"),
    ("SELECT * FROM (t JOIN (", ") y ON t.a = y.a)"),
    ("SELECT * FROM t WHERE a IN (", ")"),
    ("SELECT * FROM t WHERE a > ALL (", ")"),
    ("SELECT * FROM t WHERE a NOT IN (", ") AND b > 1"),
    ("SELECT * FROM t WHERE EXISTS (", ")"),
    ("SELECT (", ") FROM t"),
    ("SELECT COALESCE((", "), 0) FROM t"),
    ("SELECT CASE WHEN a = (", ") THEN 1 END FROM t"),
    ("SELECT ARRAY[(", ")] FROM t"),
    ("SELECT * FROM (SELECT * FROM (", ") AS y) AS x"),
    ("SELECT * FROM (SELECT a FROM t) AS w, (", ") AS x"),
    ("SELECT * FROM ((", ") UNION ALL (SELECT 1)) AS x"),
    ("SELECT * FROM ((SELECT 1) UNION ALL (", ")) AS x"),
    ("SELECT * FROM TABLE(TUMBLE((", "), DESCRIPTOR(ts), INTERVAL '1' MINUTE))"),
    ("INSERT INTO s (a, b) SELECT a, b FROM (", ")"),
    ("CREATE VIEW v AS SELECT * FROM (", ")"),
    ("CREATE TABLE c WITH ('connector' = 'print') AS SELECT * FROM (", ")"),
    ("BEGIN STATEMENT SET; INSERT INTO s SELECT 1; INSERT INTO s SELECT * FROM (", "); END"),
];

/// Queries with a mistake.
const MISTAKEN: &[&str] = &[
    "SELECT a, b AS value FROM t",
    "SELECT *, ROW_NUMBER() OVER (PARTITION BY a ORDER BY ts DSEC) AS rn FROM t",
    "SELECT a,b,ts FROM t WERE a > 1",
    "SELECT a, COUNT(*) AS count FROM t GROUP BY a",
    "SELECT a FROM t UNION SELECT b FROM t WHERE",
    "SELECT a, b c d FROM t",
    "SELECT a FORM t",
    "SELECT a, FROM t",
    "SELECT a FROM WHERE a > 1",
    "SELECT a FROM t GROUP YB a",
    "SELECT a FROM t AS 'x'",
    "SELECT CASE WHEN a THEN b FROM t",
    "WITH w AS (SELECT 1) SELCT * FROM w",
    "WITH w (SELECT 1) SELECT * FROM w",
    "VALUES (1, )",
];

fn error(text: &str) -> Error {
    parse(text, &Variables::new()).expect_err(text)
}

/// The message, the hint, and how far behind `before` the place is.
fn told(before: &str, query: &str, behind: &str) -> (String, Option<String>, Option<(usize, u32)>) {
    let error = error(&format!("{before}{query}{behind}"));
    let place = error.place().map(|place| ((place.column as usize).wrapping_sub(before.len()), place.length));
    (error.message().to_owned(), error.hint_text().map(str::to_owned), place)
}

#[test]
fn a_mistake_is_told_as_in_a_named_query() {
    for query in MISTAKEN {
        let expected = told("WITH x AS (", query, ") SELECT * FROM x");
        for (before, behind) in AROUND {
            assert_eq!(told(before, query, behind), expected, "{before}{query}{behind}");
        }
    }
}

#[test]
fn the_place_is_that_of_the_word() {
    for (text, (line, column), message) in [
        ("SELECT *\nFROM (\n  SELECT a,\n    b AS value FROM t);", (4, 10), "found 'value'"),
        ("SELECT *\nFROM t WHERE a IN (SELECT b\n  FROM t WERE b > 1)", (3, 15), "'b'"),
        ("SELECT (SELECT a, b c d\n FROM t) FROM t", (1, 23), "expected ')', found 'd'"),
        ("SELECT * FROM (SELECT a FROM t\n WHERE) x", (2, 7), "expected an expression, found ')'"),
        ("SELECT * FROM (SELECT a b c FROM (SELECT x y z FROM t))", (1, 27), "found 'c'"),
        ("SELECT * FROM (SELECT a FROM (SELECT x y z FROM t) u v w)", (1, 42), "found 'z'"),
    ] {
        let error = error(text);
        assert!(error.message().contains(message), "{text}: {error:?}");
        assert_eq!(error.place().map(|place| (place.line, place.column)), Some((line, column)), "{text}: {error:?}");
    }
}

#[test]
fn a_mistake_before_a_subquery_or_behind_it_stays_the_statements() {
    for (text, message, column) in [
        ("SELECT a b c FROM (SELECT x y z FROM t)", "expected the end of the statement, found 'c'", 12),
        ("SELECT * FROM (SELECT a FROM t) x y z", "expected the end of the statement, found 'y'", 35),
        ("SELECT * FROM t WHERE (a IN (SELECT b FROM t) b)", "expected ')', found 'b'", 47),
        ("SELECT ((SELECT a FROM t) + 1 b) FROM t", "expected ')', found 'b'", 31),
        ("SELECT * FROM (SELECT a FROM t", "expected ')', found the end of the statement", 31),
        ("SELECT * FROM (SELECT a FROM (SELECT b FROM t)", "expected ')', found the end of the statement", 47),
        ("SELECT * FROM (SELECT f(a FROM t) WHERE a = 1", "expected ')', found 'FROM'", 27),
    ] {
        let error = error(text);
        assert_eq!(error.message(), message, "{text}");
        assert_eq!(error.place().map(|place| place.column), Some(column), "{text}");
    }
}

#[test]
fn a_misspelt_first_word_is_found_where_only_a_query_can_stand() {
    for text in ["SELECT * FROM (SELCT a, b FROM t) x", "SELECT * FROM t JOIN (SELET * FROM u) x ON TRUE"] {
        let error = error(text);
        assert!(error.hint_text().is_some_and(|hint| hint.ends_with("looks like SELECT")), "{text}: {error:?}");
    }
    let error = error("SELECT * FROM (selects JOIN u ON x y z)");
    assert!(!error.message().contains("found 'selects'"), "{error:?}");
}

#[test]
fn many_subqueries_cost_little() {
    let (open, close) = ("SELECT * FROM (".repeat(30), ")".repeat(30));
    let found = error(&format!("{open}SELECT a b c FROM t{close}"));
    assert_eq!(found.place().map(|place| place.column), Some(462), "{found:?}");
    assert!(error(&"SELECT * FROM (".repeat(5_000)).message().contains("nested too deeply"));
    let many =
        "SELECT * FROM t WHERE a IN (SELECT b FROM t) AND ".to_owned() + &"a IN (SELECT b FROM t) AND ".repeat(2_000);
    assert!(error(&many).message().contains("expected an expression"));
}
