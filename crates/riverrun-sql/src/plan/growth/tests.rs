use crate::plan::NodeKind;
use crate::plan::tests::plan as plan_of;
use riverrun_core::{Error, Result};

const TABLES: &str = "CREATE TABLE orders (id INT, customer STRING) WITH ('connector' = 'datagen');
CREATE TABLE customers (name STRING, country STRING) WITH ('connector' = 'datagen');
CREATE TABLE visits (user_name STRING, url STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen');
CREATE TABLE rates (currency STRING, rate INT, since TIMESTAMP(3), WATERMARK FOR since AS since, PRIMARY KEY (currency) NOT ENFORCED)
WITH ('connector' = 'datagen');
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
fn a_hint_that_names_no_table_is_refused() {
    let refused = |query: &str| -> Error { plan_of(&format!("{TABLES}{query}")).unwrap_err() };
    let error = refused("SELECT /*+ STATE_TTL('oo' = '1 d') */ o.id FROM orders o JOIN few f ON o.customer = f.name;");
    assert_eq!(error.message(), "STATE_TTL names 'oo', which is no table of FROM");
    assert_eq!(error.hint_text(), Some("did you mean `o`?"));
    // An alias hides the name.
    let error = refused("SELECT /*+ STATE_TTL('customers' = '1 d') */ COUNT(*) FROM customers c GROUP BY country;");
    assert_eq!(error.message(), "STATE_TTL names 'customers', which is no table of FROM");
    assert_eq!(error.hint_text(), Some("it takes names or aliases of tables: c"));
    assert_eq!(error.place().map(|place| place.column), Some(22));
}

/// What each aggregation keeps a group for.
fn kept(query: &str) -> Vec<Option<i64>> {
    let plan = plan_of(&format!("{TABLES}{query}")).unwrap();
    let ttls = plan.nodes.iter().filter_map(|node| match &node.kind {
        NodeKind::GroupAggregate(spec) => Some(spec.ttl.map(|ttl| ttl.0)),
        _ => None,
    });
    ttls.collect()
}

#[test]
fn a_hint_says_how_long_a_group_is_kept() {
    let day = Some(86_400_000);
    let grouped = "SELECT /*+ STATE_TTL('c' = '1 d') */ country, COUNT(*) FROM customers c GROUP BY country;";
    assert_eq!(kept(grouped), [day]);
    assert_eq!(kept(&grouped.replace("c' = '1 d", "c' = '0")), [None]);
    // The hint's word is last, and is only about its own SELECT.
    let option = "SET 'table.exec.state.ttl' = '2 h';";
    assert_eq!(kept(&format!("{option}{}", grouped.replace("c' = '1 d", "c' = '0"))), [None]);
    let outer =
        "SELECT /*+ STATE_TTL('v' = '1 d') */ MAX(n) FROM (SELECT name, COUNT(*) AS n FROM customers GROUP BY name) v;";
    assert_eq!(kept(&format!("{option}{outer}")), [Some(7_200_000), day]);
    assert_eq!(kept("SELECT /*+ STATE_TTL('customers' = '1 d') */ DISTINCT country FROM customers;"), [day]);
}

#[test]
fn a_join_without_an_equality_is_named() {
    let found = warnings("SELECT o.id FROM orders o CROSS JOIN few;");
    assert_eq!(
        found[0],
        "query:RegularJoin[][]: no equality ties both sides of this inner join: every row meets every other, on one worker"
    );
}

/// Each operator that keeps state without a bound says so, and says nothing once the session bounds it.
#[test]
fn whatever_keeps_state_for_ever_is_named_with_its_growth() {
    let cases = [
        (
            "SELECT url, COUNT(*) FROM visits GROUP BY url;",
            "this aggregation keeps its groups for ever, about 100 bytes for each different key; set 'table.exec.state.ttl', or group by a window",
        ),
        (
            "SELECT url, SUM(n) OVER (PARTITION BY url ORDER BY ts) FROM visits;",
            "this OVER aggregation keeps its partitions for ever, about 108 bytes for each different key; set 'table.exec.state.ttl'",
        ),
        (
            "SELECT url, SUM(n) OVER (PARTITION BY url ORDER BY n) FROM visits;",
            "this OVER aggregation keeps its rows for ever, about 200 bytes for each; set 'table.exec.state.ttl'",
        ),
        (
            "SELECT * FROM (SELECT url, ROW_NUMBER() OVER (PARTITION BY url ORDER BY ts) AS r FROM visits) WHERE r = 1;",
            "this deduplication keeps its keys for ever, about 100 bytes for each different key; set 'table.exec.state.ttl'",
        ),
        (
            "SELECT * FROM (SELECT url, n, ROW_NUMBER() OVER (PARTITION BY url ORDER BY n) AS r FROM visits) WHERE r <= 3;",
            "this Top-N keeps the rows of its ranks for ever, about 312 bytes for each different key; set 'table.exec.state.ttl'",
        ),
        (
            "SELECT url FROM visits INTERSECT SELECT user_name FROM visits;",
            "INTERSECT keeps every row it has seen for ever, about 92 bytes for each different one; set 'table.exec.state.ttl'",
        ),
        (
            "SELECT url, rate FROM visits JOIN rates FOR SYSTEM_TIME AS OF visits.ts ON url = currency;",
            "this temporal join keeps the last version for ever, about 104 bytes for each different key; set 'table.exec.state.ttl'",
        ),
    ];
    for (query, expected) in cases {
        let found = warnings(query);
        assert!(found.iter().any(|found| found.ends_with(expected)), "{query}\n{found:#?}");
        let bounded = warnings(&format!("SET 'table.exec.state.ttl' = '1 h'; {query}"));
        assert!(bounded.is_empty(), "{query}\n{bounded:#?}");
    }
}

/// What aggregates keep of the values that they have seen is named even without keys, where a time to live helps nothing.
#[test]
fn values_that_aggregates_keep_for_ever_are_named() {
    let counted = "(SELECT url, COUNT(*) AS c FROM visits GROUP BY url)";
    for (query, kept) in [
        ("SELECT COUNT(DISTINCT url) FROM visits;".to_owned(), "about 92 bytes for each different value"),
        ("SELECT COLLECT(url) FROM visits;".to_owned(), "about 92 bytes for each different value"),
        ("SELECT ARRAY_AGG(n) FROM visits;".to_owned(), "about 8 bytes for each row"),
        ("SELECT LISTAGG(url) FROM visits;".to_owned(), "about 32 bytes for each row"),
        (
            "SELECT COUNT(DISTINCT n), LISTAGG(url) FROM visits;".to_owned(),
            "about 68 bytes for each different value and about 32 bytes for each row",
        ),
        (format!("SELECT MAX(c) FROM {counted};"), "about 72 bytes for each different value"),
        (format!("SELECT FIRST_VALUE(c) FROM {counted};"), "about 72 bytes for each row"),
    ] {
        let said = format!(
            "this aggregation keeps values for ever, {kept}; group by a window ('table.exec.state.ttl' clears only what gets no rows)"
        );
        let bounded = format!("SET 'table.exec.state.ttl' = '1 h'; {query}");
        for query in [&query, &bounded] {
            let found = warnings(query);
            assert!(found.iter().any(|found| found.ends_with(&said)), "{query}\n{found:#?}");
        }
    }
    // One value each.
    for query in
        ["SELECT MAX(n), FIRST_VALUE(url), MIN(DISTINCT n) FROM visits;", "SELECT COUNT(DISTINCT name) FROM few;"]
    {
        assert_eq!(warnings(query), Vec::<String>::new(), "{query}");
    }
}

#[test]
fn values_that_aggregates_keep_are_part_of_what_a_key_costs() {
    let found = warnings("SELECT url, COUNT(DISTINCT user_name) FROM visits GROUP BY url;");
    let said = "keeps its groups for ever, about 100 bytes for each different key and in it about 92 bytes for each different value; set 'table.exec.state.ttl', or group by a window";
    assert!(found.len() == 1 && found[0].ends_with(said), "{found:#?}");
    let over = "SELECT COUNT(DISTINCT user_name) OVER (PARTITION BY url ORDER BY ts) FROM visits;";
    let found = warnings(over);
    let said = " for each different key and in it about 92 bytes for each different value; set 'table.exec.state.ttl'";
    assert!(found.len() == 1 && found[0].ends_with(said), "{found:#?}");
    assert!(warnings(&format!("SET 'table.exec.state.ttl' = '1 h'; {over}")).is_empty());
}

#[test]
fn values_in_a_frame_without_a_beginning_are_named() {
    let over = |frame: &str| format!("SELECT COUNT(DISTINCT url) OVER (ORDER BY ts {frame}) FROM visits;");
    let said = "this OVER aggregation keeps values for ever, about 92 bytes for each different value; begin the frame some rows or some time before the current row";
    let found = warnings(&over(""));
    assert!(found.len() == 1 && found[0].contains(said), "{found:#?}");
    assert!(warnings(&over("ROWS BETWEEN 10 PRECEDING AND CURRENT ROW")).is_empty());
}

#[test]
fn a_pattern_without_within_is_named() {
    let query = |within: &str| {
        format!(
            "SELECT * FROM visits MATCH_RECOGNIZE (PARTITION BY url ORDER BY ts MEASURES a.n AS n PATTERN (a b) {within} DEFINE a AS a.n > 1);"
        )
    };
    let found = warnings(&query(""));
    assert!(found[0].ends_with("for each different row; end the pattern with WITHIN INTERVAL …"), "{found:?}");
    assert!(warnings(&query("WITHIN INTERVAL '1' HOUR")).is_empty());
}

#[test]
fn what_time_bounds_is_not_named() {
    let windows = "SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE visits, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;";
    assert!(warnings(windows).is_empty());
    assert!(warnings("SELECT COUNT(*) FROM visits;").is_empty());
    assert!(warnings("SELECT SUM(n) OVER (ORDER BY ts) FROM visits;").is_empty());
}
