//! Plans as EXPLAIN shows them, and what is refused.

use crate::catalog::Catalog;
use crate::parse::{StatementKind, Variables, parse};
use crate::plan::{NodeKind, Planner, StreamPlan};
use crate::session::{SessionConfig, execute_ddl};
use riverrun_core::{Millis, Result, SystemClock};
use riverrun_runtime::Alignment;
use std::fs;
use std::sync::Arc;

const CLICKS: &str = "
CREATE TABLE clicks (
  user_name STRING,
  url STRING,
  millis INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
CREATE TABLE counts (url STRING, n BIGINT NOT NULL) WITH ('connector' = 'print');
CREATE TABLE slow (url STRING, millis INT) WITH ('connector' = 'print');
";

/// The plan of the last statement of a text, over the table `clicks`.
pub(super) fn plan(text: &str) -> Result<StreamPlan> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("clicks.json"), "").unwrap();
    let variables = Variables::from([("DIR".to_owned(), folder.path().display().to_string())]);
    let mut catalog = Catalog::default();
    let mut config = SessionConfig::default();
    let mut inserts = Vec::new();
    let mut query = None;
    for statement in parse(&format!("{CLICKS}{text}"), &variables)? {
        match statement.kind {
            StatementKind::Insert(insert) => inserts.push(insert),
            StatementKind::Query(bound) => query = Some(bound),
            _ => {
                execute_ddl(&statement, &mut catalog, &mut config, &|_, _| Ok(Default::default()))?;
            }
        }
    }
    let planner = Planner::new(&catalog, &config, Arc::new(SystemClock));
    match query {
        Some(query) => planner.plan_query(&query),
        None => planner.plan_inserts(&inserts),
    }
}

pub(super) fn kinds(plan: &StreamPlan) -> Vec<&'static str> {
    plan.nodes.iter().map(|node| node.kind.name()).collect()
}

#[test]
fn a_window_aggregation_takes_its_window_function_over() {
    let plan = plan(
        "SELECT window_start, window_end, url, COUNT(*) AS n
         FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE millis > 10
         GROUP BY window_start, window_end, url;",
    )
    .unwrap();
    assert_eq!(kinds(&plan), ["Source", "Calc", "WindowAggregate", "Calc", "Result"]);
    let text = plan.explain();
    assert!(text.contains("window=[TUMBLE(ts, 1 min)], group by=[url]"), "{text}");
    assert!(text.contains("reads=[url, millis, ts]"), "{text}");
}

#[test]
fn a_window_whose_borders_are_computed_with_is_assigned_first() {
    let plan = plan(
        "SELECT window_start, window_end, MAX(window_end) AS last
         FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;",
    )
    .unwrap();
    assert!(kinds(&plan).contains(&"WindowAssign"), "{}", plan.explain());
}

#[test]
fn conditions_on_the_input_go_below_the_window_function() {
    let plan = plan(
        "SELECT url, window_start FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE))
         WHERE url = '/a' AND window_start > TIMESTAMP '2024-01-01 00:00:00';",
    )
    .unwrap();
    assert_eq!(kinds(&plan), ["Source", "Calc", "WindowAssign", "Calc", "Result"]);
    let below = plan.explain();
    assert!(below.contains("where=[(url = /a)]"), "{below}");
}

#[test]
fn inserts_of_one_job_read_a_table_once_and_only_what_they_need() {
    let plan = plan(
        "INSERT INTO counts SELECT url, COUNT(*) FROM clicks GROUP BY url;
         INSERT INTO slow SELECT url, millis FROM clicks WHERE millis > 1000;",
    )
    .unwrap();
    let sources: Vec<_> = plan.nodes.iter().filter(|node| node.kind.name() == "Source").collect();
    assert_eq!(sources.len(), 1);
    let columns: Vec<_> = sources[0].properties.schema.fields.iter().map(|field| field.name.as_str()).collect();
    // The time column stays: the watermark needs it.
    assert_eq!(columns, ["url", "millis", "ts"]);
}

#[test]
fn of_rows_only_the_fields_that_are_used_are_asked_for() {
    let table = "
        CREATE TABLE events (
          event_type INT,
          person ROW<id BIGINT, name STRING>,
          auction ROW<id BIGINT, category BIGINT>,
          bid ROW<auction BIGINT, price BIGINT, `dateTime` TIMESTAMP(3)>,
          ts AS CASE WHEN event_type = 2 THEN bid.`dateTime` END,
          WATERMARK FOR ts AS ts
        ) WITH ('connector' = 'nexmark', 'events.num' = '10');
        CREATE VIEW bids AS SELECT bid.price, auction, ts FROM events WHERE event_type = 2;
    ";
    let fields = |query: &str| {
        let plan = plan(&format!("{table}{query}")).unwrap();
        let NodeKind::Source(source) = &plan.nodes[0].kind else { panic!("the first node is no source") };
        (source.spec.projection.clone(), format!("{:?}", source.spec.fields))
    };
    assert_eq!(fields("SELECT price FROM bids;"), (vec![0, 3], "{3: {1, 2}}".into()));
    assert_eq!(fields("SELECT auction.id, auction FROM bids;"), (vec![0, 2, 3], "{3: {2}}".into()));
    assert_eq!(fields("SELECT person.name || 'x' FROM events;"), (vec![0, 1, 3], "{1: {1}, 3: {2}}".into()));
}

#[test]
fn sources_are_aligned_where_a_group_and_a_drift_are_given() {
    let alignment = |options: &str| {
        let plan = plan(&format!("SELECT * FROM clicks /*+ OPTIONS({options}) */")).unwrap();
        let NodeKind::Source(source) = &plan.nodes[0].kind else { panic!("the first node is no source") };
        source.watermark.as_ref().unwrap().alignment.clone()
    };
    let (group, drift) = ("'scan.watermark.alignment.group' = 'g'", "'scan.watermark.alignment.max-drift' = '1 min'");
    let expected = Alignment { group: "g".to_owned(), max_drift: Millis(60_000) };
    assert_eq!(alignment(&format!("{group}, {drift}")), Some(expected));
    for part in [group, drift] {
        assert_eq!(alignment(part), None, "as in Flink");
    }
}

#[test]
fn what_is_read_twice_is_computed_once() {
    let plan = plan("SELECT u, CHAR_LENGTH(u) AS l FROM (SELECT UPPER(url) AS u FROM clicks) WHERE u <> '';").unwrap();
    assert_eq!(kinds(&plan), ["Source", "Calc", "Calc", "Result"]);
    let merged = self::plan("SELECT u FROM (SELECT url AS u, millis FROM clicks) WHERE millis > 3;").unwrap();
    assert_eq!(kinds(&merged), ["Source", "Calc", "Result"]);
}

#[test]
fn ids_do_not_depend_on_filters_elsewhere() {
    let query = |condition: &str| {
        plan(&format!("INSERT INTO counts SELECT url, COUNT(*) FROM clicks {condition} GROUP BY url;")).unwrap()
    };
    let id = |plan: &StreamPlan| {
        plan.nodes.iter().find(|node| node.kind.name() == "GroupAggregate").map(|node| node.id.clone()).unwrap()
    };
    assert_eq!(id(&query("")), "counts:GroupAggregate[url]");
    assert_eq!(id(&query("WHERE millis > 3 AND user_name IS NOT NULL")), "counts:GroupAggregate[url]");
}

#[test]
fn top_n_within_windows_keeps_the_rank_only_where_it_is_selected() {
    let query = |columns: &str| {
        plan(&format!(
            "SELECT {columns} FROM (
               SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY millis DESC) AS rn
               FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) WHERE rn <= 3;"
        ))
        .unwrap()
    };
    let width = |plan: &StreamPlan| {
        let node = plan.nodes.iter().find(|node| node.kind.name() == "WindowTopN").unwrap();
        node.properties.schema.fields.last().unwrap().name.clone()
    };
    assert_eq!(width(&query("url, rn")), "row_number$0");
    assert_ne!(width(&query("url")), "row_number$0");
}

#[test]
fn a_group_window_of_old_is_the_window_function_of_today() {
    let old = plan(
        "SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE) AS s, url, COUNT(*) AS n FROM clicks
         GROUP BY url, TUMBLE(ts, INTERVAL '1' MINUTE);",
    )
    .unwrap();
    let text = old.explain();
    assert!(text.contains("window=[TUMBLE(ts, 1 min)], group by=[url]"), "{text}");
    let (message, _, _) = refused("SELECT COUNT(*) FROM clicks GROUP BY TUMBLE(millis, INTERVAL '1' MINUTE);");
    assert_eq!(message, "the time column of TUMBLE is no time attribute, but INT");
}

#[test]
fn qualify_ranks_too() {
    let plan = plan(
        "SELECT url, window_end FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
         QUALIFY ROW_NUMBER() OVER (PARTITION BY window_start, window_end, url ORDER BY ts DESC) = 1;",
    )
    .unwrap();
    assert!(kinds(&plan).contains(&"WindowDeduplicate"), "{}", plan.explain());
}

/// The message, the hint and the place of what is refused.
pub(super) fn refused(text: &str) -> (String, String, Option<(u32, u32)>) {
    let error = plan(text).unwrap_err();
    let lines = CLICKS.matches('\n').count() as u32;
    let place = error.place().map(|place| (place.line - lines, place.column));
    (error.message().to_owned(), error.hint_text().unwrap_or_default().to_owned(), place)
}

#[test]
fn misspelt_names_are_answered_with_the_nearest() {
    let (message, hint, place) = refused("SELECT user_nam FROM clicks;");
    assert_eq!((message.as_str(), hint.as_str()), ("no column 'user_nam' here", "did you mean `user_name`?"));
    assert_eq!(place, Some((1, 8)));
    let (message, hint, _) = refused("SELECT 1 FROM click;");
    assert_eq!((message.as_str(), hint.as_str()), ("there is no table or view 'click'", "did you mean `clicks`?"));
    let (message, hint, place) = refused("SELECT c.urll FROM clicks AS c;");
    assert_eq!((message.as_str(), hint.as_str()), ("no column 'urll' in 'c'", "did you mean `url`?"));
    assert_eq!(place, Some((1, 10)));
    let (message, hint, _) = refused("SELECT UPER(url) FROM clicks;");
    assert_eq!((message.as_str(), hint.as_str()), ("there is no function UPER", "did you mean `UPPER`?"));
}

#[test]
fn what_is_written_otherwise_is_answered_with_how_it_is_here() {
    let calls = |kind: &str| {
        format!("TUMBLE_{kind}(…), HOP_{kind}(…), SESSION_{kind}(…), with the arguments of the window in GROUP BY")
    };
    for (column, kind) in [("window_start", "START"), ("window_end", "END"), ("window_time", "ROWTIME")] {
        let (message, hint, place) =
            refused(&format!("SELECT {column}, COUNT(*) FROM clicks GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);"));
        assert_eq!((message, hint), (format!("no column '{column}' here"), calls(kind)));
        assert_eq!(place, Some((1, 8)));
    }
    let (_, hint, _) =
        refused("SELECT urll, COUNT(*) FROM clicks GROUP BY HOP(ts, INTERVAL '1' MINUTE, INTERVAL '1' HOUR);");
    assert_eq!(hint, "did you mean `url`?");
    let (_, hint, _) = refused("SELECT x FROM clicks GROUP BY SESSION(ts, INTERVAL '1' MINUTE), url || 'a';");
    assert_eq!(hint, "columns here: user_name, url, millis, ts");
    let (message, hint, place) = refused("SELECT * FROM clicks, LATERAL TABLE(UNNEST(ARRAY[millis])) AS u (x);");
    assert_eq!(message, "UNNEST stands in FROM by itself, not within TABLE(…)");
    assert_eq!((hint.as_str(), place.is_some()), ("FROM t CROSS JOIN UNNEST(a) AS u (x)", true));
    let (message, hint, place) =
        refused("SELECT url FROM clicks, LATERAL (SELECT x FROM UNNEST(ARRAY[url]) AS u (x)) AS l;");
    assert_eq!(message, "no column 'url' here");
    assert_eq!(hint, "UNNEST takes what stands to its left in the same FROM: FROM t CROSS JOIN UNNEST(a) AS u (x)");
    assert_eq!(place, Some((1, 61)));
    let (message, hint, _) = refused("SELECT * FROM clicks, LATERAL TABLE(nosuch(url)) AS u (x);");
    assert_eq!(message, "there is no table function nosuch");
    let built_in = "TUMBLE, HOP, CUMULATE, SESSION, UNNEST, FROM_CHANGELOG, TO_CHANGELOG";
    assert_eq!(hint, format!("there are {built_in}, and yours: CREATE FUNCTION"));
    let (message, hint, place) = refused("SELECT url, UNNEST(ARRAY[millis]) FROM clicks;");
    assert_eq!(message, "there is no function UNNEST");
    assert_eq!(hint, "in Flink SQL it is FROM t CROSS JOIN UNNEST(a) AS u (x)");
    assert_eq!(place, Some((1, 13)));
    let (message, hint, place) = refused("SELECT url, COUNT(*) AS n FROM clicks GROUP BY url HAVING n > 1;");
    assert_eq!((message.as_str(), place), ("no column 'n' here", Some((1, 59))));
    assert_eq!(hint, "HAVING knows no aliases of SELECT: write COUNT(*) for n");
    let (_, hint, _) = refused("SELECT millis + 1 AS m FROM clicks WHERE m > 1;");
    assert_eq!(hint, "WHERE knows no aliases of SELECT: write millis + 1 for m");
    let (message, hint, place) = refused("SELECT url FROM clicks WHERE millis = ANY (ARRAY[1, 2]);");
    assert_eq!(message, "ANY and ALL take a subquery or a list of values, no array");
    assert_eq!((hint.as_str(), place.is_some()), ("x = ANY (1, 2), or ARRAY_CONTAINS(array, x)", true));
    let (_, hint, _) = refused("SELECT url, APPROX_COUNT_DISTINCT(millis) FROM clicks GROUP BY url;");
    assert_eq!(hint, "COUNT(DISTINCT x) counts exactly");
    let (message, hint, place) = refused("SELECT c.m.p FROM (SELECT MAP['p', 1] AS m FROM clicks) AS c;");
    assert!(message.starts_with("'.p' asks for a field of MAP<"), "{message}");
    assert_eq!((hint.as_str(), place), ("c.m['p']", Some((1, 12))));
}

#[test]
fn a_table_of_upserts_needs_a_key() {
    let table = |connector: &str, key: &str| {
        format!(
            "CREATE TABLE u (a INT{key}) WITH ('connector' = '{connector}', 'topic' = 'u', \
             'properties.bootstrap.servers' = 'localhost:1', 'key.format' = 'json', 'value.format' = 'json');"
        )
    };
    if riverrun_connectors::registry::connector("upsert-kafka").is_none() {
        return;
    }
    let error = plan(&format!("{} SELECT * FROM u;", table("upsert-kafka", ""))).map(|_| ()).unwrap_err();
    assert_eq!(error.message(), "the table 'u' has no PRIMARY KEY");
    let detail = "'upsert-kafka' reads upserts: a record takes the place of the one before of its key";
    assert!(format!("{error:?}").contains(detail), "{error:?}");
    assert_eq!(error.hint_text(), Some("add PRIMARY KEY (…) NOT ENFORCED to the table"));
    assert!(plan(&format!("{} SELECT * FROM u;", table("upsert-kafka", ", PRIMARY KEY (a) NOT ENFORCED"))).is_ok());
}

#[test]
fn what_is_not_there_yet_is_named_with_its_place() {
    let (message, _, _) = refused("WITH RECURSIVE r AS (SELECT url FROM clicks) SELECT * FROM r;");
    assert_eq!(message, "WITH RECURSIVE is not supported yet");
}

#[test]
fn wrong_groups_are_explained() {
    let (message, hint, place) = refused("SELECT url, millis, COUNT(*) FROM clicks GROUP BY url;");
    assert_eq!(message, "column 'millis' is neither grouped nor within an aggregate");
    assert!(hint.contains("GROUP BY"), "{hint}");
    assert_eq!(place, Some((1, 13)));
    let (message, _, _) = refused("SELECT url FROM clicks WHERE COUNT(*) > 1;");
    assert_eq!(message, "the aggregate function COUNT can't stand here");
}

#[test]
fn a_column_of_another_type_names_both_types() {
    let (message, hint, _) = refused("INSERT INTO slow SELECT millis, url FROM clicks;");
    assert_eq!(message, "column 'url' of 'slow' is STRING, but the query gives INT");
    assert_eq!(hint, "CAST(… AS STRING)");
    let (message, _, _) = refused("INSERT INTO counts (url) SELECT url FROM clicks;");
    assert_eq!(message, "column 'n' of 'counts' is NOT NULL, but gets no value");
    let (message, _, _) = refused("INSERT INTO slow SELECT url FROM clicks;");
    assert_eq!(message, "the query has 1 columns, but 2 are written to 'slow'");
}

#[test]
fn window_functions_check_their_arguments() {
    let (message, _, _) =
        refused("SELECT * FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '1' MINUTE));");
    assert_eq!(message, "the size of the window must be a multiple of its slide");
    let (message, hint, _) = refused(
        "SELECT * FROM TABLE(TUMBLE(DATA => TABLE clicks, TIMECOL => DESCRIPTOR(ts), SIZ => INTERVAL '1' MINUTE));",
    );
    assert_eq!((message.as_str(), hint.as_str()), ("TUMBLE has no parameter 'SIZ'", "did you mean `SIZE`?"));
    let (message, _, _) =
        refused("SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(millis), INTERVAL '1' MINUTE));");
    assert_eq!(message, "the time column of TUMBLE is no time attribute, but INT");
}
