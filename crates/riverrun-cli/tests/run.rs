//! What `riverrun run` does with files of statements.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::windows::signal;
use common::{Case, Running};
use std::io::Read;
use std::process::Stdio;

const ORDERS: &str = r#"{"id": 1, "item": "tea", "price": 3.50, "at": "2024-03-01 10:00:05"}
{"id": 2, "item": "cup", "price": 8.00, "at": "2024-03-01 10:00:40"}
{"id": 3, "item": "tea", "price": 3.50, "at": "2024-03-01 10:01:10"}
"#;
const ORDERS_TABLE: &str = "
CREATE TABLE orders (
  id INT, item STRING, price DECIMAL(10, 2), `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
";

fn orders() -> Case {
    let case = Case::new();
    case.file("orders.json", ORDERS);
    case
}

#[test]
fn a_select_prints_flinks_row_strings() {
    let ended =
        orders().run(&format!("{ORDERS_TABLE} SELECT id, item, `at` FROM orders;"), &["--output", "changelog"]).ok();
    assert_eq!(
        ended.sorted(),
        ["+I[1, tea, 2024-03-01T10:00:05]", "+I[2, cup, 2024-03-01T10:00:40]", "+I[3, tea, 2024-03-01T10:01:10]",]
    );
}

#[test]
fn a_window_gives_the_same_rows_at_any_parallelism() {
    let case = orders();
    let sql = format!(
        "{ORDERS_TABLE} SELECT window_start, item, COUNT(*) AS n, SUM(price) AS total
         FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, item;"
    );
    for workers in ["1", "2", "4"] {
        let ended = case.run(&sql, &["--output", "changelog", "-p", workers]).ok();
        assert_eq!(
            ended.sorted(),
            [
                "+I[2024-03-01T10:00, cup, 1, 8.00]",
                "+I[2024-03-01T10:00, tea, 1, 3.50]",
                "+I[2024-03-01T10:01, tea, 1, 3.50]",
            ]
        );
    }
}

#[test]
fn inserts_run_before_the_select_that_reads_what_they_write() {
    let case = orders();
    let sql = format!(
        "{ORDERS_TABLE}
         CREATE TABLE cheap (id INT, item STRING) WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/cheap', 'format' = 'json');
         INSERT INTO cheap SELECT id, item FROM orders WHERE price < 5;
         SELECT * FROM cheap;"
    );
    let ended = case.run(&sql, &["--output", "json"]).ok();
    assert_eq!(ended.sorted(), [r#"{"id":1,"item":"tea"}"#, r#"{"id":3,"item":"tea"}"#]);
    assert_eq!(case.lines("cheap"), [r#"{"id":1,"item":"tea"}"#, r#"{"id":3,"item":"tea"}"#]);
}

#[test]
fn statements_come_from_standard_input_too() {
    let case = Case::new();
    case.file("in.sql", "SELECT 1 + 1 AS two;");
    let mut command = case.command();
    command.args(["run", "-", "--output", "csv"]).stdin(std::fs::File::open(case.path().join("in.sql")).unwrap());
    let ended = common::Ended::from(command.output().unwrap()).ok();
    assert_eq!(ended.out, "two\n2\n");
}

#[test]
fn a_table_is_as_wide_as_its_rows() {
    let ended = orders().run(&format!("{ORDERS_TABLE} SELECT id, item FROM orders WHERE id < 3;"), &[]).ok();
    let mut lines: Vec<&str> = ended.out.lines().collect();
    lines[2..4].sort_unstable();
    assert_eq!(lines, ["id  item", "──  ────", "1   tea", "2   cup", "2 rows"]);
}

#[test]
fn a_summary_counts_rows_per_table() {
    let case = orders();
    let sql = format!(
        "{ORDERS_TABLE} CREATE TABLE results (id INT) WITH ('connector' = 'blackhole'); INSERT INTO results SELECT id FROM orders;"
    );
    case.run(&sql, &["--summary", "summary.json"]).ok();
    let summary = case.summary();
    assert_eq!(summary["state"], "finished");
    assert_eq!(summary["sources"][0]["table"], "orders");
    assert_eq!(summary["sources"][0]["rows"], 3);
    assert_eq!(summary["sources"][0]["bytes"], ORDERS.len());
    assert_eq!(summary["sinks"][0]["table"], "results");
    assert_eq!(summary["sinks"][0]["rows"], 3);
    assert!(summary["peak_memory_bytes"].as_u64().unwrap() > 0);
}

#[test]
fn broken_rows_go_to_their_table_and_are_counted() {
    let case = Case::new();
    case.file("orders.json", "{\"id\": 1}\nno json\n{\"id\": 2}\n");
    let sql = "
        CREATE TABLE orders (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json', 'on-error' = 'dead');
        CREATE TABLE dead (record STRING, `offset` BIGINT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/dead', 'format' = 'json');
        CREATE TABLE good (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/good', 'format' = 'json');
        INSERT INTO good SELECT id FROM orders;";
    case.run(sql, &["--summary", "summary.json"]).ok();
    assert_eq!(case.lines("good"), [r#"{"id":1}"#, r#"{"id":2}"#]);
    assert_eq!(case.lines("dead"), [r#"{"record":"no json","offset":10}"#]);
    assert!(std::fs::read_to_string(case.path().join("summary.json")).unwrap().contains("\"dead_rows\": 1"));
}

#[test]
fn explain_shows_schema_changelog_and_time_of_every_node() {
    let case = orders();
    case.file("pipeline.sql", &format!(
        "{ORDERS_TABLE} SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))
         GROUP BY window_start, window_end;"
    ));
    let dir = format!("DIR={}", case.path().display());
    let ended = case.riverrun(&["explain", "pipeline.sql", "--var", &dir]).ok();
    for text in
        ["Result", "WindowAggregate", "TUMBLE(", "1 min", "Source(table=[orders]", "reads=[at]", "append:", "time at"]
    {
        assert!(ended.out.contains(text), "`{text}` is not in:\n{}", ended.out);
    }
    let ended = case.riverrun(&["explain", "pipeline.sql", "--var", &dir, "--json"]).ok();
    let plans: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert!(plans[0]["nodes"].as_array().unwrap().iter().any(|node| node["kind"] == "WindowAggregate"));
}

#[test]
fn explain_of_a_table_created_as_a_query_creates_none() {
    let created = "TABLE sums WITH ('connector' = 'blackhole') AS SELECT item, COUNT(*) AS n FROM orders GROUP BY item";
    for begin in ["CREATE", "CREATE OR REPLACE", "REPLACE", "CHANGELOG_MODE CREATE"] {
        let ended = orders().run(&format!("{ORDERS_TABLE} EXPLAIN {begin} {created}; SHOW TABLES;"), &[]).ok();
        for text in ["Sink(table=[sums]", "Aggregate", "Source(table=[orders]", "─\norders\n"] {
            assert!(ended.out.contains(text), "`{text}` is not in:\n{}", ended.out);
        }
        assert!(!ended.out.contains("\nsums\n"), "{}", ended.out);
    }
    // Whatever has its name already stays as it is.
    let taken = created.replace("sums", "IF NOT EXISTS taken");
    let sql = format!(
        "{ORDERS_TABLE} CREATE TABLE taken (x INT) WITH ('connector' = 'blackhole');
         EXPLAIN CREATE {taken}; SHOW COLUMNS FROM taken;"
    );
    let ended = orders().run(&sql, &[]).ok();
    assert!(ended.out.contains("Sink(table=[taken]") && ended.out.contains("\nx "), "{}", ended.out);
}

#[test]
fn check_plans_and_runs_nothing() {
    let case = orders();
    case.file("pipeline.sql", &format!(
        "{ORDERS_TABLE} CREATE TABLE results (id INT) WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/out', 'format' = 'json');
         INSERT INTO results SELECT id FROM orders;"
    ));
    let dir = format!("DIR={}", case.path().display());
    let ended = case.riverrun(&["check", "pipeline.sql", "--var", &dir]).ok();
    assert_eq!(ended.out, "pipeline.sql is good\n");
    assert!(!case.path().join("out").exists());
}

#[test]
fn connectors_and_functions_are_described_from_their_definitions() {
    let case = Case::new();
    let ended = case.riverrun(&["connectors"]).ok();
    for name in ["filesystem", "datagen", "print", "blackhole", "nexmark", "json", "csv", "raw", "regex"] {
        assert!(ended.out.contains(name), "{name} is not in:\n{}", ended.out);
    }
    let ended = case.riverrun(&["connectors", "filesystem"]).ok();
    assert!(ended.out.contains("scan.tail") && ended.out.contains("on-error"), "{}", ended.out);
    let ended = case.riverrun(&["functions", "substring"]).ok();
    assert!(ended.out.contains("SUBSTRING("), "{}", ended.out);
    let ended = case.riverrun(&["functions"]).ok();
    assert!(ended.out.contains("\nof your own\n    CREATE FUNCTION … AS 'x + 1' "), "{}", ended.out);
    case.riverrun(&["connectors", "filesistem"])
        .failed(2, &["no connector or format 'filesistem'", "did you mean `filesystem`?"]);
    case.riverrun(&["functions", "SUBSTRNG"]).failed(2, &["no function 'SUBSTRNG'", "did you mean `SUBSTRING`?"]);
}

#[test]
fn syntax_is_described_among_the_functions() {
    let case = Case::new();
    let list = case.riverrun(&["functions"]).ok().out;
    for (name, syntax) in [
        ("and", "a AND b"),
        ("CASE", "CASE WHEN condition THEN"),
        ("cast", "CAST(value AS type)"),
        ("if", "IF(condition, "),
        ("LAG", "LAG(value [, rows [, default]]) OVER ("),
        ("tumble", "TABLE(TUMBLE(TABLE t, DESCRIPTOR(time), size"),
        ("HOP_END", "GROUP BY HOP(time, slide, size)"),
        ("in", "a [NOT] IN (SELECT …)"),
        ("<=", "a <= b"),
    ] {
        let page = case.riverrun(&["functions", name]).ok().out;
        assert!(page.contains(syntax) && list.contains(syntax), "{name}: {page}{list}");
    }
    assert!(!list.contains("SOURCE_WATERMARK"), "{list}");
    case.riverrun(&["functions", "LEAD"]).failed(2, &["no function 'LEAD'", "rows that are still to come; LAG"]);
    case.riverrun(&["functions", "COALESE"]).failed(2, &["did you mean `COALESCE`?"]);
    case.riverrun(&["functions", "nothing"]).failed(2, &["no function 'nothing'", "`riverrun functions` lists those"]);
}

#[test]
fn a_page_shows_what_means_something_for_it() {
    let case = Case::new();
    let page = |name: &str| case.riverrun(&["connectors", name]).ok().out;
    assert!(page("print").contains("sink.parallelism") && !page("print").contains("scan."), "{}", page("print"));
    assert!(page("datagen").contains("scan.parallelism") && !page("datagen").contains("sink."), "{}", page("datagen"));
    assert!(page("filesystem").contains("regex, parquet."), "{}", page("filesystem"));
    assert!(page("json").contains("json.ignore-parse-errors\n"), "{}", page("json"));
    assert!(page("parquet").starts_with("parquet: "), "{}", page("parquet"));
    let options = case.riverrun(&["options"]).ok().out;
    assert!(options.contains("table.dml-sync\n    type: Boolean, default: false\n"), "{options}");
    let one = case.riverrun(&["options", "sink.late-rows"]).ok().out;
    assert!(one.starts_with("sink.late-rows\n") && one.lines().count() == 3, "{one}");
}

#[test]
fn rows_that_went_astray_are_told_at_the_end() {
    let case = Case::new();
    case.file("t.json", "{\"n\":1}\nbroken\n{\"n\":null}\n");
    let table = "CREATE TABLE t (n INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json', 'on-error' = 'skip');";
    let ended = case.run(&format!("{table} SELECT n FROM t;"), &["--output", "csv"]).ok();
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("n\n1\n\n", "note: rows astray at t: 1 skipped\n"));
    let sink = "CREATE TABLE s (n INT NOT NULL) WITH ('connector' = 'blackhole'); SET 'table.exec.sink.not-null-enforcer' = 'DROP';";
    let ended = case.run(&format!("{table} {sink} INSERT INTO s SELECT n FROM t;"), &[]).ok();
    assert!(ended.err.contains("at t: 1 skipped\n") && ended.err.matches("1 skipped\n").count() == 2, "{}", ended.err);
}

#[test]
fn a_summary_may_go_to_standard_output() {
    let case = Case::new();
    let sql = "CREATE TABLE b (n INT) WITH ('connector' = 'blackhole'); INSERT INTO b VALUES (1), (2);";
    let ended = case.run(sql, &["--summary", "-"]).ok();
    let summary: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(summary["sinks"][0]["rows"], 2);
    assert!(!case.path().join("-").exists());
}

#[test]
fn a_query_ends_in_good_order_when_its_reader_has_gone_away() {
    let case = Case::new();
    case.file("q.sql", "CREATE TABLE g (id INT) WITH ('connector' = 'datagen'); SELECT id FROM g;");
    let mut run = case.command();
    run.args(["run", "q.sql", "--output", "csv", "--summary", "s.json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = run.spawn().unwrap();
    let mut first = [0; 3];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(std::fs::read_to_string(case.path().join("s.json")).unwrap().contains("\"stopped\""));
}

#[test]
fn a_warning_is_a_sentence() {
    let case = Case::new();
    case.file(
        "w.sql",
        "CREATE TABLE g (id INT) WITH ('connector' = 'datagen');
         CREATE TABLE s (id INT, n BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'blackhole');
         INSERT INTO s SELECT id, COUNT(*) FROM g GROUP BY id;",
    );
    let mut run = Running::start(case.command().args(["run", "w.sql"]));
    run.wait_for_error("keeps its groups for ever");
    let ended = run.interrupt().ok();
    assert!(ended.err.starts_with("warning: ") && !ended.err.contains("WARN"), "{}", ended.err);
    // The time and the module are for those who ask for more.
    let mut run = Running::start(case.command().args(["run", "w.sql", "-v"]));
    run.wait_for_error("keeps its groups for ever");
    assert!(run.interrupt().ok().err.contains(" WARN riverrun::"));
}

#[test]
fn the_benchmark_measures_its_queries_with_checkpoints() {
    let case = Case::new();
    let ended = case.riverrun(&["bench", "nexmark", "--queries", "source,q4", "--events", "20000"]).ok();
    assert!(ended.out.contains(" events from the generator, 2 workers, state in "), "{}", ended.out);
    assert!(ended.out.contains(", a checkpoint every 10s"), "{}", ended.out);
    let cells = |name: &str| {
        let line = ended.out.lines().find(|line| line.starts_with(&format!("| {name} |"))).unwrap();
        line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(cells("source")[5], "1.00");
    // The averages of q4 by category are in its last checkpoint.
    assert!(cells("q4")[7].ends_with('B') && cells("q4")[7] != "0 B", "{}", ended.out);
    let unknown = ["bench", "nexmark", "--queries", "q24"];
    case.riverrun(&unknown).failed(2, &["there is no query 'q24'", "q0 to q23, and source"]);
}

/// A query whose rows nobody reads, started and with its first rows written.
fn held_up(case: &Case) -> std::process::Child {
    case.file("q.sql", "CREATE TABLE g (id INT) WITH ('connector' = 'datagen'); SELECT id FROM g;");
    let mut run = case.command();
    run.args(["run", "q.sql", "--output", "csv"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = run.spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 3]).unwrap();
    child
}

#[test]
fn a_second_signal_ends_a_job_that_waits_for_its_reader() {
    let case = Case::new();
    let mut child = held_up(&case);
    signal("INT", child.id());
    signal("TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn with_the_third_signal_a_process_is_left_at_once() {
    let case = Case::new();
    let mut child = held_up(&case);
    // Signals that come together may count as one.
    while child.try_wait().unwrap().is_none() {
        signal("INT", child.id());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn rows_that_are_taken_back_say_so_in_every_form() {
    let case = Case::new();
    let sql = |select: &str| {
        format!(
            "CREATE TABLE changes (k STRING, n INT) WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/in', 'format' = 'debezium-json');
             SELECT {select} FROM changes;"
        )
    };
    case.file(
        "in/changes.json",
        "{\"op\":\"c\",\"after\":{\"k\":\"a\",\"n\":1}}\n{\"op\":\"u\",\"before\":{\"k\":\"a\",\"n\":1},\"after\":{\"k\":\"a\",\"n\":2}}\n\
         {\"op\":\"d\",\"before\":{\"k\":\"a\",\"n\":2}}\n",
    );
    let one = ["-p", "1", "--output"];
    let out = |select: &str, output: &str| case.run(&sql(select), &[&one[..], &[output]].concat()).ok().out;
    assert_eq!(
        out("k, n", "json"),
        "{\"op\":\"+I\",\"k\":\"a\",\"n\":1}\n{\"op\":\"-D\",\"k\":\"a\",\"n\":1}\n{\"op\":\"+I\",\"k\":\"a\",\"n\":2}\n{\"op\":\"-D\",\"k\":\"a\",\"n\":2}\n"
    );
    assert_eq!(out("n", "csv"), "op,n\n\"+I\",1\n-D,1\n\"+I\",2\n-D,2\n");
    assert!(out("k AS op", "json").starts_with("{\"row_kind\":\"+I\",\"op\":\"a\"}"));
    // A group has a key, so that a row taken back and the next one of it are an update.
    let case = Case::new();
    let counts = "CREATE TABLE g (k INT, id INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3', 'rows-per-second' = '20',
                    'fields.k.min' = '1', 'fields.k.max' = '1', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '3');
                  SELECT k, COUNT(*) AS n FROM g GROUP BY k;";
    let rows = case.run(counts, &["-p", "1", "--output", "changelog"]).ok().out;
    assert!(rows.starts_with("+I[1, 1]\n-U[1, 1]\n+U[1, ") && rows.ends_with("+U[1, 3]\n"), "{rows}");
}

#[test]
fn what_a_value_would_do_to_the_terminal_is_not_done_in_a_table() {
    let case = Case::new();
    case.file("in/t.csv", "\u{1b}[31mred,1\n");
    let sql = "CREATE TABLE t (a STRING, b INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in', 'format' = 'csv'); SELECT a, b FROM t;";
    let out = case.run(sql, &[]).ok().out;
    assert!(out.contains("\u{fffd}[31mred") && !out.contains('\u{1b}'), "{out}");
}

#[test]
fn an_aggregation_of_no_rows_has_a_result_in_batch_mode_and_none_in_a_stream() {
    let case = Case::new();
    case.file("a.json", "{\"id\":1}\n{\"id\":2}\n");
    let rows = |mode: &str, query: &str, workers: &str| {
        let sql = format!(
            "SET 'execution.runtime-mode' = '{mode}';
             CREATE TABLE a (id INT) WITH ('connector' = 'filesystem', 'path' = 'a.json', 'format' = 'json');
             {query};"
        );
        let ended = case.run(&sql, &["-p", workers, "--output", "csv"]).ok();
        ended.out.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let of_none = "SELECT COUNT(*), COUNT(DISTINCT id), MAX(id) FROM a WHERE id > 1000";
    for workers in ["1", "4"] {
        assert_eq!(rows("batch", of_none, workers), [r#""+I",0,0,"#]);
        assert_eq!(rows("batch", &format!("{of_none} HAVING COUNT(*) > 0"), workers), [""; 0]);
        assert_eq!(rows("batch", &format!("SELECT COUNT(*) FROM ({of_none}) AS t"), workers), [r#""+I",1"#]);
        assert_eq!(rows("batch", "SELECT COUNT(*), COUNT(DISTINCT id), MAX(id) FROM a", workers), [r#""+I",2,2,2"#]);
        assert_eq!(rows("batch", "SELECT id, COUNT(*) FROM a WHERE id > 1000 GROUP BY id", workers), [""; 0]);
        assert_eq!(rows("streaming", of_none, workers), [""; 0]);
    }
}
