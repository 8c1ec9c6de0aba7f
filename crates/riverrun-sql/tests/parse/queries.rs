use super::*;
use riverrun_sql::parse::literals;

fn query(text: &str) -> Query {
    match one(text) {
        StatementKind::Query(query) => query,
        other => panic!("{other:?}"),
    }
}

#[test]
fn flinks_own_expressions_become_calls() {
    for (text, expected) in [
        ("CAST(a AS ROW<x INT, y ARRAY<STRING>>)", "CAST(a AS `ROW<``x`` INT, ``y`` ARRAY<STRING>>`)"),
        ("TRY_CAST(a AS TIMESTAMP(3) WITH LOCAL TIME ZONE)", "TRY_CAST(a AS `TIMESTAMP_LTZ(3)`)"),
        ("EXTRACT(day FROM ts)", "EXTRACT('DAY', ts)"),
        ("FLOOR(ts TO HOUR)", "FLOOR TO(ts, 'HOUR')"),
        ("CEIL(x)", "CEIL(x)"),
        ("TIMESTAMPADD(DAY, 1, ts)", "TIMESTAMPADD('DAY', 1, ts)"),
        ("TIMESTAMPDIFF(SQL_TSI_DAY, a, b)", "TIMESTAMPDIFF('DAY', a, b)"),
        ("(a - b) SECOND", "MINUS DATES(a, b, 'SECOND')"),
        ("(a, b) OVERLAPS (c, INTERVAL '1' DAY)", "OVERLAPS(a, b, c, INTERVAL '1' DAY)"),
        ("a BETWEEN SYMMETRIC 1 AND 2", "BETWEEN SYMMETRIC(a, 1, 2)"),
        ("a NOT BETWEEN SYMMETRIC 1 AND 2", "NOT BETWEEN SYMMETRIC(a, 1, 2)"),
        ("a BETWEEN ASYMMETRIC 1 AND 2", "a BETWEEN 1 AND 2"),
        ("a IS JSON", "IS JSON(a, 'VALUE')"),
        ("a IS NOT JSON OBJECT", "NOT IS JSON(a, 'OBJECT')"),
        ("a IS NOT NULL", "a IS NOT NULL"),
        ("TRIM(a)", "TRIM('BOTH', ' ', a)"),
        ("TRIM(LEADING 'x' FROM a)", "TRIM('LEADING', 'x', a)"),
        ("TRIM(TRAILING FROM a)", "TRIM('TRAILING', ' ', a)"),
        ("OVERLAY(a PLACING b FROM 2 FOR 3)", "OVERLAY(a, b, 2, 3)"),
        ("POSITION('x' IN a || b)", "POSITION('x', a || b)"),
        ("SUBSTRING(a FROM 2 FOR 3)", "SUBSTRING(a, 2, 3)"),
        ("MAP['a', 1]", "MAP('a', 1)"),
        ("ARRAY[1, 2][1]", "ARRAY[1, 2][1]"),
        ("JSON_VALUE(j, '$.a')", "JSON_VALUE(j, '$.a', 'STRING', 'NULL', NULL, 'NULL', NULL)"),
        (
            "JSON_VALUE(j, '$.a' RETURNING INT DEFAULT 5 ON EMPTY ERROR ON ERROR)",
            "JSON_VALUE(j, '$.a', 'INT', 'DEFAULT', 5, 'ERROR', NULL)",
        ),
        (
            "JSON_QUERY(j, '$.a' WITH CONDITIONAL ARRAY WRAPPER EMPTY ARRAY ON EMPTY)",
            "JSON_QUERY(j, '$.a', 'STRING', 'CONDITIONAL', 'EMPTY ARRAY', 'NULL')",
        ),
        ("JSON_EXISTS(j, '$.a' TRUE ON ERROR)", "JSON_EXISTS(j, '$.a', 'TRUE')"),
        ("JSON_OBJECT(KEY 'a' VALUE 1, 'b': x ABSENT ON NULL)", "JSON_OBJECT('ABSENT', 'a', 1, 'b', x)"),
        ("JSON_ARRAY(1, NULL NULL ON NULL)", "JSON_ARRAY('NULL', 1, NULL)"),
        ("JSON_OBJECTAGG(KEY a VALUE b) FILTER (WHERE c)", "JSON_OBJECTAGG('NULL', a, b) FILTER (WHERE c)"),
        ("CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"),
        ("x <> 1 AND y != 2", "x <> 1 AND y <> 2"),
        ("a LIKE 'x!%' ESCAPE '!'", "a LIKE 'x!%' ESCAPE '!'"),
        ("a IS DISTINCT FROM b", "a IS DISTINCT FROM b"),
        ("a SIMILAR TO 'b'", "a SIMILAR TO 'b'"),
    ] {
        assert_eq!(expr(text), expected, "{text}");
    }
}

#[test]
fn interval_literals_have_their_values() {
    let value = |text: &str| {
        let SqlExpr { ast, .. } = parse_expression(text).unwrap();
        match ast {
            ast::Expr::Interval(interval) => literals::interval(&interval).map(|(value, _)| value.to_string()),
            other => panic!("{other:?}"),
        }
    };
    for (text, expected) in [
        ("INTERVAL '1' DAY", "86400000"),
        ("INTERVAL -'1' DAY", "-86400000"),
        ("INTERVAL '-1' DAY", "-86400000"),
        ("INTERVAL '1 10:00:00.5' DAY TO SECOND", "122400500"),
        ("INTERVAL '2-3' YEAR TO MONTH", "27"),
        ("INTERVAL '1:30' MINUTE TO SECOND", "90000"),
        ("INTERVAL '2' WEEK", "1209600000"),
        ("INTERVAL '100' DAY(3)", "8640000000"),
        ("INTERVAL 1 DAY", "86400000"),
        ("INTERVAL '10:20' HOUR TO MINUTE", "37200000"),
    ] {
        assert_eq!(value(text).unwrap(), expected, "{text}");
    }
    for text in
        ["INTERVAL '100' DAY", "INTERVAL 'x' DAY", "INTERVAL '1:99' MINUTE TO SECOND", "INTERVAL '1' MONTH TO DAY"]
    {
        assert!(value(text).is_err(), "{text}");
    }
}

#[test]
fn window_functions_take_tables_queries_and_names() {
    let from = |text: &str| {
        let query = query(&format!("SELECT * FROM {text}"));
        let SetExpr::Select(select) = query.ast.body.as_ref() else { panic!() };
        select.from[0].to_string()
    };
    assert_eq!(
        from("TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))"),
        "TABLE(TUMBLE($TABLE(`t`, ()), DESCRIPTOR(ts), INTERVAL '1' MINUTE))"
    );
    assert_eq!(
        from("TABLE(SESSION(TABLE d.t PARTITION BY a, b, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) AS s"),
        "TABLE(SESSION($TABLE(`d`.`t`, (a, b)), DESCRIPTOR(ts), INTERVAL '1' MINUTE)) AS s"
    );
    assert_eq!(
        from("HOP(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '1' MINUTE)"),
        "HOP(DATA => $TABLE(`t`, ()), TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '1' MINUTE)"
    );
    assert_eq!(
        from("TABLE(TUMBLE((SELECT * FROM t) PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' HOUR))"),
        "TABLE(TUMBLE($TABLE((SELECT * FROM t), (k)), DESCRIPTOR(ts), INTERVAL '1' HOUR))"
    );
    assert_eq!(from("t, UNNEST(t.a) WITH ORDINALITY AS u (x, n)").as_str(), "t");
}

#[test]
fn joins_versions_and_patterns() {
    let text = query("SELECT * FROM o LEFT JOIN r FOR SYSTEM_TIME AS OF o.ts AS x ON o.k = x.k").ast.to_string();
    assert!(text.contains("FOR SYSTEM_TIME AS OF o.ts"), "{text}");
    let text = query(
        "SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES FINAL LAST(b.x) AS y ONE ROW PER MATCH
         AFTER MATCH SKIP PAST LAST ROW PATTERN (a b+? c{2,}) WITHIN INTERVAL '1' HOUR DEFINE a AS a.x > 1) AS m",
    )
    .ast
    .to_string();
    assert!(text.contains("DEFINE `$WITHIN` AS INTERVAL '1' HOUR, a AS a.x > 1"), "{text}");
    for text in [
        "SELECT * FROM a CROSS JOIN UNNEST(a.xs) AS t (x)",
        "SELECT * FROM a, LATERAL TABLE(f(a.x)) AS t (y)",
        "SELECT a, COUNT(*) FILTER (WHERE b) FROM t GROUP BY GROUPING SETS ((a), ())",
        "SELECT a FROM t GROUP BY ROLLUP (a, b), CUBE (c)",
        "SELECT SUM(a) OVER w FROM t WINDOW w AS (PARTITION BY b ORDER BY c RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW)",
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) AS n FROM t QUALIFY n = 1",
        "WITH x AS (SELECT 1 AS a), y (b) AS (SELECT 2) SELECT * FROM x, y ORDER BY 1 LIMIT 3 OFFSET 1",
        "SELECT * FROM t ORDER BY a DESC NULLS LAST FETCH FIRST 5 ROWS ONLY",
        "VALUES (1, 'a'), (2, 'b')",
        "(SELECT 1) UNION ALL (SELECT 2) EXCEPT SELECT 3",
        "SELECT * FROM (VALUES (1)) AS t (a) WHERE a IN (SELECT 1) AND EXISTS (SELECT 2) AND a > ALL (SELECT 3)",
    ] {
        query(text);
    }
}

#[test]
fn what_follows_is_distinct_from_is_another_condition() {
    for (text, left, right) in [
        ("a IS DISTINCT FROM b AND c", "a IS DISTINCT FROM b", "c"),
        ("a IS NOT DISTINCT FROM b + 1 OR c IS NULL", "a IS NOT DISTINCT FROM b + 1", "c IS NULL"),
    ] {
        let ast::Expr::BinaryOp { left: a, right: b, .. } = parse_expression(text).unwrap().ast else {
            panic!("{text}")
        };
        assert_eq!((a.to_string().as_str(), b.to_string().as_str()), (left, right));
    }
}

#[test]
fn rows_of_values_need_no_parentheses() {
    for (text, expected) in [
        ("VALUES 5, 6", "VALUES (5), (6)"),
        ("VALUES ROW(1, 'a'), (2, 'b')", "VALUES (1, 'a'), (2, 'b')"),
        ("VALUES f(1, 2), (3) + 4, CASE WHEN a THEN 1 END", "VALUES (f(1, 2)), ((3) + 4), (CASE WHEN a THEN 1 END)"),
        ("VALUES 1 UNION ALL VALUES 2 ORDER BY 1", "VALUES (1) UNION ALL VALUES (2) ORDER BY 1"),
        ("SELECT x FROM (VALUES 1, (2)) AS t (x)", "SELECT x FROM (VALUES (1), (2)) AS t (x)"),
        ("SELECT a FROM t WHERE a IN (VALUES 1, 2)", "SELECT a FROM t WHERE a IN (SELECT * FROM (VALUES (1), (2)))"),
        ("SELECT a.values FROM t AS a", "SELECT a.values FROM t AS a"),
    ] {
        assert_eq!(query(text).ast.to_string(), expected);
    }
}

#[test]
fn match_recognize_follows_a_subquery_or_a_table_function() {
    let matched = |input: &str| {
        let text = format!(
            "SELECT * FROM {input} MATCH_RECOGNIZE (ORDER BY ts MEASURES a.x AS x PATTERN (a) DEFINE a AS TRUE) AS m"
        );
        let query = query(&text);
        let SetExpr::Select(select) = query.ast.body.as_ref() else { panic!() };
        let ast::TableFactor::MatchRecognize { table, .. } = &select.from[0].relation else { panic!("{input}") };
        assert_eq!(query.text, text);
        table.to_string()
    };
    assert_eq!(matched("t"), "t");
    assert_eq!(matched("(SELECT x, ts FROM t WHERE (x > 1))"), "`$DERIVED`((SELECT x, ts FROM t WHERE (x > 1)))");
    assert_eq!(
        matched("(WITH u AS (SELECT 1 AS x) SELECT * FROM u)"),
        "`$DERIVED`((WITH u AS (SELECT 1 AS x) SELECT * FROM u))"
    );
    assert_eq!(matched("TABLE(f(g(1)))"), "f(g(1))");
    assert_eq!(matched("f(1)"), "f(1)");
    assert_eq!(matched("(SELECT 1 AS x) AS t"), "`$DERIVED`((SELECT 1 AS x)) AS t");
    assert_eq!(matched("(SELECT 1) `select` (x)"), "`$DERIVED`((SELECT 1)) `select` (x)");
    assert_eq!(matched("TABLE(f(1)) AS t (x)"), "f(1) AS t (x)");
    assert_eq!(matched("t AS u"), "t AS u");
}

#[test]
fn hints_stand_with_their_tables() {
    let query = query(
        "SELECT /*+ STATE_TTL('a' = '1d', 'b' = '2d') */ * FROM d.a /*+ OPTIONS('k' = 'v', 'x.y' = 'z') */ AS q JOIN b ON TRUE",
    );
    let SetExpr::Select(select) = query.ast.body.as_ref() else { panic!() };
    let hints: Vec<_> = query.hints.after(select.select_token.0.span).collect();
    assert_eq!((hints.len(), hints[0].name.as_str()), (1, "STATE_TTL"));
    let ast::TableFactor::Table { name, .. } = &select.from[0].relation else { panic!() };
    let hints: Vec<_> = query.hints.of_table(name).collect();
    assert_eq!(hints[0].options.given("x.y").unwrap().text, "z");
    let place = hints[0].options.given("k").unwrap().key_place.unwrap();
    assert_eq!((place.line, place.column, place.length), (1, 72, 3));
    assert!(error("SELECT * FROM t /*+ OPTIONS('k' 'v') */").contains("a hint is not written as it should be"));
}

#[test]
fn hints_elsewhere_are_refused() {
    for text in [
        "SELECT * FROM t AS q /*+ OPTIONS('k' = 'v') */",
        "SELECT * FROM t q /*+ OPTIONS('k' = 'v') */",
        "SELECT * FROM (SELECT * FROM t) /*+ OPTIONS('k' = 'v') */ AS q",
        "SELECT * FROM t WHERE a > 0 /*+ OPTIONS('k' = 'v') */",
    ] {
        assert!(error(text).contains("a hint can't stand here"), "{text}");
    }
    for text in [
        "SELECT * FROM TABLE(TUMBLE(TABLE d.t /*+ OPTIONS('k' = 'v') */, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
        "SELECT * FROM (t /*+ OPTIONS('k' = 'v') */), `c`.`d`.`u` /*+ OPTIONS('k' = 'v') */ AS a LEFT JOIN t /*+ OPTIONS('k' = 'v') */ ON TRUE",
        "INSERT INTO o /*+ OPTIONS('k' = 'v') */ TABLE t /*+ OPTIONS('k' = 'v') */",
    ] {
        assert!(parse(text, &Variables::new()).is_ok(), "{text}");
    }
}

#[test]
fn strings_of_several_tokens_are_one() {
    for (text, expected) in [
        ("SELECT 'a'\n'b'", "SELECT 'ab'"),
        ("SELECT 'a' -- one\n  'b' // two\n/* three */ 'c''d' AS x", "SELECT 'abc''d' AS x"),
        ("SELECT 'a\n' 'b'", "SELECT 'a\nb'"),
        ("SELECT x'01'\n'ab'", "SELECT X'01ab'"),
        ("SELECT U&'\\263A', u&'\\D83D\\DE00 \\\\'", "SELECT '☺', '😀 \\'"),
        ("SELECT U&'#263A'\n'\\##' UESCAPE '#' AS c", "SELECT '☺\\#' AS c"),
        ("SELECT u & 1, U FROM t", "SELECT u & 1, U FROM t"),
    ] {
        let query = query(text);
        assert_eq!(query.ast.to_string(), expected);
        assert_eq!(query.text, text);
    }
    let options = "CREATE TABLE t (a INT) WITH ('k' = 'v'\n'w' = 'x')";
    assert!(error(options).contains("--> f.sql:2:1"), "a comma is missing: {}", error(options));
}

#[test]
fn strings_are_no_names_and_go_on_in_the_next_line_only() {
    for (text, place, part) in [
        ("SELECT a 'x' FROM t", "1:10", "a name is written in back-quotes: `x`"),
        ("SELECT a AS 'x' FROM t", "1:13", "a name is written in back-quotes: `x`"),
        ("SELECT 'a' 'b'", "1:12", "only if that begins in the next line"),
        ("SELECT 'a'\n'b' 'c'", "2:5", "only if that begins in the next line"),
        ("SELECT a FROM t AS 'x'", "1:15", "a name is written in back-quotes: `x`"),
        ("SELECT a FROM (SELECT 1) 'x'", "1:16", "a name is written in back-quotes: `x`"),
        ("SELECT '#263A' UESCAPE '#'", "1:16", "UESCAPE belongs to a string with Unicode escapes"),
        ("SELECT U&'a' UESCAPE 'ab'", "1:22", "'ab' is no escape character"),
        ("SELECT U&'x\\00'", "1:10", "has an escape that is no character"),
        ("SELECT U&'\\D83D'", "1:10", "has an escape that is no character"),
    ] {
        let error = error(text);
        assert!(error.contains(part) && error.contains(&format!("--> f.sql:{place}\n")), "{text}: {error}");
    }
}

#[test]
fn whole_tables_are_queries() {
    for (text, expected) in [
        ("TABLE a.t UNION ALL TABLE u", "SELECT * FROM a.t UNION ALL SELECT * FROM u"),
        ("SELECT a FROM (TABLE t) AS x", "SELECT a FROM (SELECT * FROM t) AS x"),
        ("SELECT a FROM t WHERE a IN (TABLE u)", "SELECT a FROM t WHERE a IN (SELECT * FROM u)"),
        ("SELECT a FROM t WHERE NOT EXISTS (TABLE u)", "SELECT a FROM t WHERE NOT EXISTS (SELECT * FROM u)"),
        ("WITH x AS (TABLE t) TABLE x", "WITH x AS (SELECT * FROM t) SELECT * FROM x"),
        ("SELECT * FROM TABLE(f(TABLE t, 1))", "SELECT * FROM TABLE(f(`$TABLE`(`t`, ()), 1))"),
        ("SELECT * FROM TABLE(f(TABLE t))", "SELECT * FROM TABLE(f(`$TABLE`(`t`, ())))"),
    ] {
        assert_eq!(query(text).ast.to_string().replace("$TABLE(", "`$TABLE`("), expected);
    }
}

#[test]
fn grouping_sets_have_a_quantifier_and_nest() {
    for (text, expected) in [
        ("SELECT 1 FROM t GROUP BY DISTINCT a, ROLLUP(b)", "SELECT 1 FROM t GROUP BY `$DISTINCT`, a, ROLLUP (b)"),
        ("SELECT 1 FROM t GROUP BY ALL a", "SELECT 1 FROM t GROUP BY a"),
        (
            "SELECT 1 FROM t GROUP BY GROUPING SETS (a, (), ROLLUP((a, b), c), GROUPING SETS (CUBE(a)))",
            "SELECT 1 FROM t GROUP BY GROUPING SETS ((a), (), (ROLLUP ((a, b), c)), (GROUPING SETS ((CUBE (a)))))",
        ),
    ] {
        assert_eq!(query(text).ast.to_string(), expected);
    }
    assert!(error("SELECT 1 FROM t GROUP BY ALL").contains("GROUP BY ALL is not supported yet"));
}

#[test]
fn what_other_dialects_write_is_answered_with_what_is_written_here() {
    for (text, message, hint, column) in [
        ("SELECT a FROM t LIMIT 1, 2", "LIMIT takes one number of rows", "LIMIT 2 OFFSET 1", 24),
        ("SELECT a FROM t WHERE f(a) ILIKE 'X%'", "ILIKE is no operator of Flink SQL", "LOWER(f(a)) LIKE 'x%'", 28),
        ("SELECT a FROM t WHERE a NOT ILIKE b", "ILIKE is no operator of Flink SQL", "LOWER(a) NOT LIKE LOWER(…)", 29),
        ("SELECT a FROM t WHERE a ISNULL", "expected the end of the statement, found 'ISNULL'", "write IS NULL", 25),
        ("SELECT a FROM t WHERE (a NOTNULL)", "expected ')', found 'NOTNULL'", "write IS NOT NULL", 26),
        (
            "SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts PATTERN (A B) WITHIN '1' hour DEFINE A AS A.x > 1)",
            "WITHIN takes an interval, not the string '1'",
            "WITHIN INTERVAL '1' HOUR",
            67,
        ),
    ] {
        let error = parse(text, &Variables::new()).expect_err(text);
        assert_eq!((error.message(), error.hint_text()), (message, Some(hint)), "{text}");
        assert_eq!(error.place().map(|place| place.column), Some(column), "{text}");
    }
    assert!(parse("SELECT a isnull FROM t LIMIT 1", &Variables::new()).is_ok());
}
