//! Functions of WebAssembly components.
#![cfg(feature = "wasm")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod components;

use riverrun::Session;
use tempfile::TempDir;

const ORDERS: &str = "
CREATE VIEW orders AS SELECT * FROM (VALUES
  (1, 'ada', CAST(10 AS BIGINT)), (2, 'bob', CAST(NULL AS BIGINT)), (3, 'ada', CAST(7 AS BIGINT))) AS t(id, who, amount);
";

/// A session, and the folder with the components, which is written as `${DIR}`.
struct Case {
    folder: TempDir,
    session: Session,
}

fn case() -> Case {
    let folder = tempfile::tempdir().unwrap();
    components::write_all(folder.path());
    components::write(folder.path(), "module.wasm", "(module)");
    std::fs::write(folder.path().join("text.wasm"), "(component)").unwrap();
    let mut case = Case { folder, session: Session::default() };
    case.rows(&format!("{ORDERS} SELECT 1"));
    case
}

impl Case {
    fn text(&self, text: &str) -> String {
        text.replace("${DIR}", &self.folder.path().display().to_string())
    }

    /// The rows of the query at the end of a text, sorted.
    fn rows(&mut self, text: &str) -> Vec<String> {
        let text = self.text(text);
        let mut rows = self.session.rows(&text).unwrap_or_else(|error| panic!("{}", error.render("f.sql", &text)));
        rows.sort();
        rows
    }

    /// What is said of a text that is refused or fails, without the folder.
    fn error(&mut self, text: &str) -> String {
        let text = self.text(text);
        let shown = self.session.rows(&text).unwrap_err().render("f.sql", &text);
        shown.replace(&self.folder.path().display().to_string(), "")
    }

    /// What is said of CREATE FUNCTION with these words behind it.
    fn refused(&mut self, create: &str) -> String {
        self.error(&format!("CREATE FUNCTION {create}; SELECT 1"))
    }

    /// Creates functions of `faults.wasm` that take and give a BIGINT.
    fn faulty(&mut self, name: &str, options: &str) {
        self.rows(&format!(
            "CREATE FUNCTION {name}(x BIGINT) RETURNS BIGINT NOT DETERMINISTIC LANGUAGE WASM AS '${{DIR}}/faults.wasm' {options}; SELECT 1"
        ));
    }
}

#[test]
fn a_function_is_called_for_each_row() {
    let mut case = case();
    case.rows(
        "CREATE FUNCTION gcd(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm'; SELECT 1",
    );
    assert_eq!(case.rows("SELECT gcd(12, 18), gcd(12, CAST(NULL AS BIGINT))"), ["[6, null]"]);
    assert_eq!(case.rows("SELECT id, gcd(amount, 5) FROM orders"), ["[1, 5]", "[2, null]", "[3, 1]"]);
    // It nests, filters and groups as any other.
    let text =
        "SELECT gcd(gcd(amount, 4), 2), COUNT(*) FROM orders WHERE gcd(id, 3) >= 1 GROUP BY gcd(gcd(amount, 4), 2)";
    assert_eq!(case.rows(text), ["[1, 1]", "[2, 1]", "[null, 1]"]);
    assert_eq!(
        case.rows("SELECT TYPEOF(gcd(1, 2)), TYPEOF(gcd(1, amount)) FROM orders WHERE id = 1"),
        ["[BIGINT, BIGINT]"]
    );
}

#[test]
fn an_export_is_named_behind_the_file_or_before_it() {
    let mut case = case();
    let text = "CREATE FUNCTION common(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm#gcd';
        CREATE TEMPORARY FUNCTION f(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE WASM AS 'gcd' USING FILE '${DIR}/numbers.wasm';
        CREATE TEMPORARY SYSTEM FUNCTION g(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE WASM AS 'file://${DIR}/numbers.wasm#math.gcd';
        CREATE FUNCTION h(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm#local:demo/math@0.1.0.gcd';
        SELECT common(12, 18), f(12, 18), g(12, 18), h(12, 18)";
    assert_eq!(case.rows(text), ["[6, 6, 6, 6]"]);
    // `or_thousand` is `or-thousand` there.
    let text = "CREATE FUNCTION Or_Thousand(x BIGINT) RETURNS BIGINT LANGUAGE WASM USING FILE '${DIR}/numbers.wasm'; SELECT or_thousand(1)";
    assert_eq!(case.rows(text), ["[1]"]);
}

#[test]
fn a_function_over_lists_gets_many_rows_at_once() {
    let mut case = case();
    let rows: String = (0..2500).map(|n| format!("{n}\n")).collect();
    std::fs::write(case.folder.path().join("n.csv"), rows).unwrap();
    let text = "CREATE TABLE n (x BIGINT NOT NULL) WITH ('connector' = 'filesystem', 'path' = '${DIR}/n.csv', 'format' = 'csv');
        CREATE FUNCTION add_count(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm';
        SET 'parallelism.default' = '1';
        SELECT add_count(x) - x, COUNT(*) FROM n GROUP BY add_count(x) - x";
    assert_eq!(case.rows(text), ["[1024, 2048]", "[452, 452]"]);
    // NULL is not among them.
    let text = "SELECT id, add_count(amount) - amount FROM orders WHERE add_count(amount) > 0 OR amount IS NULL";
    assert_eq!(case.rows(text), ["[1, 2]", "[2, null]", "[3, 2]"]);
    let text = "CREATE FUNCTION too_few(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm'; SELECT too_few(amount) FROM orders";
    assert!(case.error(text).starts_with("error: the function too_few: it gave 1 values for 2 rows\n"));
}

#[test]
fn null_goes_over_where_there_is_an_option() {
    let mut case = case();
    case.rows(
        "CREATE FUNCTION or_thousand(x BIGINT) RETURNS BIGINT NOT NULL LANGUAGE WASM AS '${DIR}/numbers.wasm';
        CREATE FUNCTION even(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm'; SELECT 1",
    );
    let text = "SELECT id, or_thousand(amount), even(amount) FROM orders";
    assert_eq!(case.rows(text), ["[1, 10, 10]", "[2, 1000, null]", "[3, 7, null]"]);
    assert_eq!(case.rows("SELECT TYPEOF(or_thousand(amount)) FROM orders WHERE id = 1"), ["[BIGINT NOT NULL]"]);
    let shown = case.refused("even2(x BIGINT) RETURNS BIGINT NOT NULL LANGUAGE WASM AS '${DIR}/numbers.wasm#even'");
    assert!(shown.contains("the result: option<s64> may be NULL, and BIGINT NOT NULL may not"), "{shown}");
}

#[test]
fn an_error_is_told_in_the_functions_words() {
    let mut case = case();
    case.rows("CREATE FUNCTION half(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm'; SELECT 1");
    assert_eq!(case.rows("SELECT half(amount) FROM orders WHERE id < 3"), ["[5]", "[null]"]);
    assert_eq!(case.error("SELECT half(amount) FROM orders"), "error: the function half: it is odd\n");
}

#[test]
fn every_type_goes_over_and_comes_back() {
    let mut case = case();
    let mut check = |data_type: &str, export: &str, value: &str, shown: &str| {
        let text = format!(
            "CREATE TEMPORARY FUNCTION f(x {data_type}) RETURNS {data_type} LANGUAGE WASM AS '${{DIR}}/echoes.wasm#{export}';
            SELECT f(x), f(x) = x, f(CAST(NULL AS {data_type})) FROM (VALUES (CAST({value} AS {data_type}))) AS t(x)"
        );
        assert_eq!(case.rows(&text), [format!("[{shown}, true, null]")], "{data_type}");
        case.rows("DROP TEMPORARY FUNCTION f; SELECT 1");
    };
    check("BOOLEAN", "bool", "TRUE", "true");
    check("TINYINT", "s8", "-128", "-128");
    check("SMALLINT", "s16", "-32768", "-32768");
    check("INT", "s32", "-2147483648", "-2147483648");
    check("BIGINT", "s64", "9223372036854775807", "9223372036854775807");
    check("FLOAT", "f32", "1.5", "1.5");
    check("DOUBLE", "f64", "-1e300", "-1.0E300");
    check("STRING", "text", "'grün'", "grün");
    check("CHAR(3)", "text", "'abc'", "abc");
    check("VARCHAR(5)", "text", "''", "");
    check("BYTES", "bytes", "X'00FF'", "[0, -1]");
    check(
        "DECIMAL(38, 2)",
        "text",
        "-999999999999999999999999999999999999.99",
        "-999999999999999999999999999999999999.99",
    );
    check("DECIMAL(3, 0)", "text", "12", "12");
    check("DATE", "s32", "DATE '1969-12-31'", "1969-12-31");
    check("TIME(0)", "s32", "TIME '23:59:59'", "23:59:59");
    check("TIMESTAMP(3)", "s64", "TIMESTAMP '1969-12-31 23:59:59.999'", "1969-12-31T23:59:59.999");
    check("TIMESTAMP(6)", "s64", "TIMESTAMP '2024-02-29 13:14:15.123456'", "2024-02-29T13:14:15.123456");
    check("TIMESTAMP(9)", "s64", "TIMESTAMP '2024-02-29 13:14:15.123456789'", "2024-02-29T13:14:15.123456789");
}

#[test]
fn nested_types_go_over_and_come_back() {
    let mut case = case();
    let text = "CREATE FUNCTION arrays(x ARRAY<BIGINT>) RETURNS ARRAY<BIGINT> LANGUAGE WASM AS '${DIR}/echoes.wasm#array';
        CREATE FUNCTION days(x ARRAY<DATE NOT NULL>) RETURNS ARRAY<DATE> LANGUAGE WASM AS '${DIR}/echoes.wasm';
        CREATE FUNCTION maps(x MAP<STRING, INT>) RETURNS MAP<STRING, INT> LANGUAGE WASM AS '${DIR}/echoes.wasm#map';
        CREATE FUNCTION pairs(x ROW<a INT NOT NULL, b STRING>) RETURNS ROW<a INT, b STRING> LANGUAGE WASM AS '${DIR}/echoes.wasm#pair';
        CREATE FUNCTION records(x ROW<some_number INT NOT NULL, t STRING>) RETURNS ROW<some_number INT, t STRING> LANGUAGE WASM AS '${DIR}/echoes.wasm#fields';
        SELECT 1";
    case.rows(text);
    let text = "SELECT arrays(ARRAY[1, CAST(NULL AS BIGINT), 3]), CARDINALITY(arrays(x)), days(ARRAY[DATE '2024-02-29']), maps(MAP['a', 1, 'b', CAST(NULL AS INT)])
        FROM (VALUES (CAST(NULL AS ARRAY<BIGINT>))) AS t(x)";
    assert_eq!(case.rows(text), ["[[1, null, 3], null, [2024-02-29], {a=1, b=null}]"]);
    let text = "SELECT pairs(CAST(ROW(id, who) AS ROW<a INT NOT NULL, b STRING>)).b, records(CAST(ROW(id, NULLIF(who, 'bob')) AS ROW<some_number INT NOT NULL, t STRING>)).t FROM orders";
    assert_eq!(case.rows(text), ["[ada, ada]", "[ada, ada]", "[bob, null]"]);
    // Over lists, with NULL among them.
    let text = "CREATE FUNCTION texts(x STRING) RETURNS STRING LANGUAGE WASM AS '${DIR}/echoes.wasm';
        CREATE FUNCTION optional(x STRING) RETURNS STRING LANGUAGE WASM AS '${DIR}/echoes.wasm';
        SELECT id, texts(NULLIF(who, 'bob')), optional(NULLIF(who, 'bob')) FROM orders";
    assert_eq!(case.rows(text), ["[1, ada, ada]", "[2, null, null]", "[3, ada, ada]"]);
    let facts = case.facts("optional");
    assert_eq!(facts[5], "definition: /echoes.wasm#optional, a call for up to 1024 rows");
}

#[test]
fn values_that_are_none_of_the_declared_type_fail() {
    let mut case = case();
    let text = "CREATE FUNCTION short(x STRING) RETURNS VARCHAR(2) LANGUAGE WASM AS '${DIR}/echoes.wasm#text';
        CREATE FUNCTION exact(x STRING) RETURNS DECIMAL(4, 1) LANGUAGE WASM AS '${DIR}/echoes.wasm#text';
        CREATE FUNCTION to_day(x INT) RETURNS DATE LANGUAGE WASM AS '${DIR}/echoes.wasm#s32';
        CREATE FUNCTION clock(x INT) RETURNS TIME(0) LANGUAGE WASM AS '${DIR}/echoes.wasm#s32';
        CREATE FUNCTION bits(x BYTES) RETURNS BINARY(2) LANGUAGE WASM AS '${DIR}/echoes.wasm#bytes'; SELECT 1";
    case.rows(text);
    assert_eq!(
        case.rows("SELECT short('ab'), exact('+12.50'), exact('-.5'), clock(1999)"),
        ["[ab, 12.5, -0.5, 00:00:01]"]
    );
    let mut fails = |call: &str, message: &str| {
        assert_eq!(case.error(&format!("SELECT {call}")), format!("error: the function {message}\n"));
    };
    fails("short('abc')", "short: it gave 3 characters for VARCHAR(2)");
    fails("bits(X'01')", "bits: it gave 1 bytes for BINARY(2)");
    fails("exact('1234')", "exact: it gave '1234' for DECIMAL(4, 1)");
    fails("exact('1.25')", "exact: it gave '1.25' for DECIMAL(4, 1)");
    fails("exact('1e3')", "exact: it gave '1e3' for DECIMAL(4, 1)");
    fails("to_day(2147483647)", "to_day: it gave 2147483647 for DATE");
    fails("clock(86400000)", "clock: it gave 86400000 for TIME(0)");
}

#[test]
fn a_table_function_gives_rows() {
    let mut case = case();
    let text = "CREATE FUNCTION squares(n INT) RETURNS TABLE(i INT, square INT) LANGUAGE WASM AS '${DIR}/tables.wasm';
        CREATE FUNCTION named(n INT) RETURNS TABLE(i INT, square INT) LANGUAGE WASM AS '${DIR}/tables.wasm#named-squares';
        CREATE FUNCTION numbers(n INT) RETURNS TABLE(i INT) LANGUAGE WASM AS '${DIR}/tables.wasm';
        CREATE FUNCTION repeated(n INT) RETURNS TABLE(i INT NOT NULL) LANGUAGE WASM AS '${DIR}/tables.wasm'; SELECT 1";
    case.rows(text);
    let text = "SELECT id, i, square FROM orders, LATERAL TABLE(squares(id)) WHERE id < 3";
    let expected = ["[1, 0, 0]", "[2, 0, 0]", "[2, 1, 1]"];
    assert_eq!(case.rows(text), expected);
    assert_eq!(case.rows(&text.replace("squares", "named")), expected);
    let text = "SELECT id, i FROM orders LEFT JOIN LATERAL TABLE(numbers(CAST(amount AS INT) - 8)) AS t(i) ON TRUE";
    assert_eq!(case.rows(text), ["[1, 0]", "[1, 1]", "[2, null]", "[3, null]"]);
    assert_eq!(case.rows("SELECT * FROM TABLE(squares(2))"), ["[0, 0]", "[1, 1]"]);
    // Of three rows at once, each is given three times.
    let text = "SELECT x, COUNT(*) FROM (SELECT o.id, t.x FROM orders AS o, LATERAL TABLE(repeated(id)) AS t(x)) WHERE id = x GROUP BY x";
    assert_eq!(case.rows(text), ["[1, 3]", "[2, 3]", "[3, 3]"]);
    let shown = case.error("SELECT squares(1)");
    assert!(shown.contains("squares is a table function: it gives rows, not a value"), "{shown}");
    let shown = case
        .refused("squares2(n INT) RETURNS TABLE(i INT, other INT) LANGUAGE WASM AS '${DIR}/tables.wasm#named-squares'");
    assert!(shown.contains("the record has 'square' where 'other' is declared"), "{shown}");
    let shown = case.refused("squares2(n INT) RETURNS TABLE(i INT) LANGUAGE WASM AS '${DIR}/tables.wasm#squares'");
    assert!(shown.contains("tuple<s32, s32> has 2 fields, not 1"), "{shown}");
}

const AGGREGATES: &str = "
    CREATE FUNCTION tally(x INT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/aggregates.wasm';
    CREATE FUNCTION largest(x INT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/aggregates.wasm';
    CREATE FUNCTION pairs(x INT, y INT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/aggregates.wasm'; SELECT 1";

#[test]
fn an_aggregate_accumulates_and_takes_rows_back() {
    let mut case = case();
    case.rows(AGGREGATES);
    let text = "SELECT who, tally(id), largest(id), tally(CAST(amount AS INT)) FROM orders GROUP BY who";
    assert_eq!(case.rows(text), ["[ada, 4002, 3, 17002]", "[bob, 2001, 2, 0]"]);
    // No row reaches it where the argument is NULL.
    let text = "SELECT who, largest(CAST(amount AS INT)) FROM orders GROUP BY who";
    assert_eq!(case.rows(text), ["[ada, 10]", "[bob, null]"]);
    // The second argument may be NULL: then it is 100 there.
    assert_eq!(case.rows("SELECT pairs(id, CAST(amount AS INT)) FROM orders"), ["[231003]"]);
    let text = "SELECT tally(DISTINCT x), tally(x) FILTER (WHERE x > 1) FROM (VALUES (1), (1), (2)) AS t(x)";
    assert_eq!(case.rows(text), ["[3002, 2001]"]);
    // The inner counts are updated: 1 goes, 2 comes.
    let text = "SELECT tally(c) FROM (SELECT who, CAST(COUNT(*) AS INT) AS c FROM orders GROUP BY who)";
    assert_eq!(case.rows(text), ["[3002]"]);
    let shown = case.error("SELECT largest(c) FROM (SELECT who, CAST(COUNT(*) AS INT) AS c FROM orders GROUP BY who)");
    assert!(shown.contains("the aggregate function largest can't take rows back"), "{shown}");
    let shown = case.error("SELECT 1 FROM orders WHERE tally(id) > 1");
    assert!(shown.contains("the aggregate function tally can't stand here"), "{shown}");
}

#[test]
fn an_aggregate_merges_in_windows_that_share_slices() {
    let mut case = case();
    case.rows(AGGREGATES);
    let text = "CREATE TABLE clicks (n INT, ts AS TO_TIMESTAMP('2024-01-01 00:00:00') + n * INTERVAL '10' SECOND, WATERMARK FOR ts AS ts)
        WITH ('connector' = 'datagen', 'number-of-rows' = '12', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '11');
        SELECT window_end, tally(n), largest(n) FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) GROUP BY window_start, window_end";
    assert_eq!(
        case.rows(text),
        ["[2024-01-01T00:01, 15006, 5]", "[2024-01-01T00:02, 66012, 11]", "[2024-01-01T00:03, 51006, 11]"]
    );
}

#[test]
fn several_workers_have_instances_of_their_own() {
    let mut case = case();
    case.rows(AGGREGATES);
    let text = "SET 'parallelism.default' = '4';
        CREATE TABLE n (x INT) WITH ('connector' = 'datagen', 'number-of-rows' = '20000',
          'fields.x.kind' = 'sequence', 'fields.x.start' = '1', 'fields.x.end' = '20000');
        CREATE FUNCTION gcd(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm';
        CREATE FUNCTION numbers(n INT) RETURNS TABLE(i INT) LANGUAGE WASM AS '${DIR}/tables.wasm';
        SELECT MOD(x, 7), tally(x), SUM(gcd(x, 7)), SUM(i) FROM n, LATERAL TABLE(numbers(MOD(x, 3))) AS t(i) GROUP BY MOD(x, 7)";
    let found = case.rows(text);
    // For each x of this remainder: MOD(x, 3) rows, of which one has an i of 1 if there are two.
    let mut expected = Vec::new();
    for rest in 0..7_i64 {
        let all = || (1..=20_000_i64).filter(|x| x % 7 == rest);
        let (sum, count): (i64, i64) = (all().map(|x| x * (x % 3)).sum(), all().map(|x| x % 3).sum());
        let common: i64 = all().map(|x| if x % 7 == 0 { 7 * (x % 3) } else { x % 3 }).sum();
        let twos = all().filter(|x| x % 3 == 2).count();
        expected.push(format!("[{rest}, {}, {common}, {twos}]", sum * 1000 + count));
    }
    assert_eq!(found, expected);
}

#[test]
fn what_stops_a_call_is_told() {
    let mut case = case();
    for name in ["panics", "divides", "spins", "reads_clock", "recurses", "counts"] {
        case.faulty(name, "");
    }
    let shown = case.error("SELECT panics(1)");
    assert!(
        shown.starts_with("error: the function panics: it stopped at an unreachable instruction, as a panic does\n"),
        "{shown}"
    );
    assert!(shown.contains("help: give result<…, string> for what can go wrong"), "{shown}");
    let shown = case.error("SELECT divides(0)");
    assert_eq!(shown, "error: the function divides: it trapped: integer divide by zero\n");
    let shown = case.error("SELECT spins(1)");
    assert!(
        shown
            .starts_with("error: the function spins: a call took more than 1000000000 instructions, and was stopped\n"),
        "{shown}"
    );
    assert!(shown.contains("WITH ('fuel' = '10000000000') gives it more"), "{shown}");
    let shown = case.error("SELECT reads_clock(1)");
    assert!(
        shown.starts_with("error: the function reads_clock: it called the import wasi:clocks/wall-clock@0.2.0#now\n"),
        "{shown}"
    );
    assert!(shown.contains("a component gets no files, no clock, no network and nothing else to import"), "{shown}");
    let shown = case.error("SELECT recurses(1)");
    assert!(shown.starts_with("error: the function recurses: its call stack is exhausted\n"), "{shown}");
    // An instance that has trapped is not used again: the next begins anew.
    let text = "SET 'parallelism.default' = '1'; SELECT MAX(counts(x)) FROM (VALUES (CAST(1 AS BIGINT)), (2)) AS t(x)";
    assert_eq!(case.rows(text), ["[2]"]);
    assert!(case.error("SELECT counts(3)").contains("unreachable"));
    assert_eq!(case.rows("SELECT counts(CAST(1 AS BIGINT))"), ["[1]"]);
}

#[test]
fn fuel_and_memory_are_bounded_as_the_function_says() {
    let mut case = case();
    case.faulty("spins", "WITH ('fuel' = '1000')");
    let shown = case.error("SELECT spins(1)");
    assert!(
        shown.starts_with("error: the function spins: a call took more than 1000 instructions, and was stopped\n"),
        "{shown}"
    );
    case.faulty("hoards", "WITH ('memory' = '1 mb')");
    case.faulty("asks", "WITH ('memory' = '1 mb')");
    assert_eq!(case.rows("SELECT hoards(CAST(15 AS BIGINT))"), ["[16]"]);
    let shown = case.error("SELECT hoards(CAST(16 AS BIGINT))");
    assert!(
        shown.starts_with("error: the function hoards: it wanted more memory than the 1 mb it may take\n"),
        "{shown}"
    );
    assert!(shown.contains("WITH ('memory' = '4 mb') gives it more"), "{shown}");
    // One that goes on without is let.
    assert_eq!(case.rows("SELECT asks(CAST(1000 AS BIGINT))"), ["[-1]"]);
    // 64 mb is the default.
    case.rows("DROP FUNCTION hoards; SELECT 1");
    case.faulty("hoards", "");
    assert_eq!(case.rows("SELECT hoards(CAST(1023 AS BIGINT))"), ["[1024]"]);
    let shown = case.error("SELECT hoards(CAST(1024 AS BIGINT))");
    assert!(shown.contains("it wanted more memory than the 64 mb it may take"), "{shown}");
    let shown =
        case.refused("f(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/large.wasm' WITH ('memory' = '192 kb')");
    assert!(shown.starts_with("error: the function f: it wanted more memory than the 192 kb it may take\n"), "{shown}");
    assert!(shown.contains("f.sql:1:"), "{shown}");
}

#[test]
fn a_file_that_is_no_component_is_refused() {
    let mut case = case();
    let shown = case.refused("gcd(a BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbres.wasm'");
    assert!(shown.starts_with("error: there is no file '/numbres.wasm'\n --> f.sql:1:"), "{shown}");
    assert!(shown.contains("help: did you mean '/numbers.wasm'?"), "{shown}");
    let shown = case.refused("gcd(a BIGINT) RETURNS BIGINT LANGUAGE WASM AS 'nowhere/numbers.wasm'");
    assert!(shown.contains("= the job was started in /"), "{shown}");
    let shown = case.refused("gcd(a BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}'");
    assert!(shown.contains("is a folder, not a component's file"), "{shown}");
    let shown = case.refused("gcd(a BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/module.wasm'");
    assert!(shown.starts_with("error: '/module.wasm' is a core WebAssembly module, not a component\n"), "{shown}");
    assert!(shown.contains("help: wasm-tools component new /module.wasm -o component.wasm"), "{shown}");
    let shown = case.refused("gcd(a BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/text.wasm'");
    assert!(shown.starts_with("error: '/text.wasm' is no WebAssembly component\n"), "{shown}");
    std::fs::write(case.folder.path().join("broken.wasm"), b"\0asm\x0d\0\x01\0\xff\xff").unwrap();
    let shown = case.refused("gcd(a BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/broken.wasm'");
    assert!(shown.starts_with("error: '/broken.wasm' can't be compiled\n"), "{shown}");
    let shown = case.refused("gcd(a BIGINT) RETURNS BIGINT LANGUAGE WASM AS 's3://bucket/numbers.wasm'");
    assert!(shown.contains("a component in the file system 's3' is not supported yet"), "{shown}");
}

#[test]
fn an_export_that_is_not_there_is_named_with_those_that_are() {
    let mut case = case();
    let shown = case.refused("gdc(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm'");
    assert!(shown.starts_with("error: '/numbers.wasm' exports no function 'gdc'\n"), "{shown}");
    assert!(
        shown.contains("= it exports add-count, count, even, gcd, half, math.gcd, or-thousand, too-few\n"),
        "{shown}"
    );
    assert!(shown.contains("help: did you mean `gcd`?"), "{shown}");
    let shown = case.refused("f(a BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/aggregates.wasm'");
    assert!(shown.contains("= it exports half.accumulate, half.value, largest, pairs, tally\n"), "{shown}");
    assert!(shown.contains("help: name the export behind the file: '/aggregates.wasm#half.accumulate'"), "{shown}");
    let shown = case.refused("math(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm'");
    assert!(
        shown.starts_with("error: the interface math of '/numbers.wasm' exports no function 'accumulate'\n"),
        "{shown}"
    );
    assert!(shown.contains("help: a function of an interface is named behind it: '/numbers.wasm#math.gcd'"), "{shown}");
    let shown = case.refused("half(a INT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/aggregates.wasm'");
    assert!(
        shown.starts_with("error: the interface half of '/aggregates.wasm' exports no function 'merge'\n"),
        "{shown}"
    );
}

#[test]
fn declared_and_exported_types_are_checked_against_each_other() {
    let mut case = case();
    let shown = case.refused("gcd(a INT, b BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm'");
    assert!(
        shown.starts_with(
            "error: the export 'gcd' of '/numbers.wasm' does not fit the declaration of gcd\n --> f.sql:1:"
        ),
        "{shown}"
    );
    assert!(
        shown.contains("= it is declared as gcd(a INT, b BIGINT) RETURNS BIGINT, and exported as func(a: s64, b: s64) -> s64; 'a': INT is s32, not s64\n"),
        "{shown}"
    );
    assert!(
        shown.contains("help: export func(a: s32, b: s64) -> s64, or for many rows at once func(a: list<s32>, b: list<s64>) -> list<s64>\n"),
        "{shown}"
    );
    let mut reason = |create: &str, reason: &str| {
        let shown = case.refused(create);
        assert!(shown.contains(&format!("; {reason}\n")), "{shown}");
    };
    reason("gcd(a BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm'", "it takes 2 parameters, not 1");
    reason(
        "gcd(a BIGINT, b BIGINT) RETURNS STRING LANGUAGE WASM AS '${DIR}/numbers.wasm'",
        "the result: STRING is string, not s64",
    );
    reason("add_count(x INT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm'", "'x': INT is s32, not s64");
    reason(
        "add_count(x ARRAY<BIGINT>) RETURNS ARRAY<BIGINT> LANGUAGE WASM AS '${DIR}/numbers.wasm'",
        "'x': BIGINT within it may be NULL: option<s64>, or declare it as BIGINT NOT NULL",
    );
    reason(
        "gcd(a BIGINT, b BIGINT) RETURNS TABLE(x BIGINT) LANGUAGE WASM AS '${DIR}/numbers.wasm'",
        "the result: a table is a list of rows, not s64",
    );
    reason(
        "tally(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/aggregates.wasm'",
        "accumulate: BIGINT is s64, not s32",
    );
    reason("tally(x INT) RETURNS INT LANGUAGE WASM AS '${DIR}/aggregates.wasm'", "value: INT is s32, not s64");
    reason(
        "pairs(x INT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/aggregates.wasm'",
        "accumulate: tuple<s32, option<s32>> has 2 fields, not 1",
    );
    let shown = case.refused("pairs(x INT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/aggregates.wasm'");
    assert!(
        shown.contains("help: export accumulate: func(state: list<u8>, rows: list<s32>) -> list<u8>, merge: "),
        "{shown}"
    );
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let mut case = case();
    let shown = case.refused("f(x MULTISET<INT>) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm#gcd'");
    assert!(shown.contains("the type MULTISET<INT> in a function in WASM is not supported yet"), "{shown}");
    let shown = case.refused("tally(x INT) RETURNS TABLE(y BIGINT) LANGUAGE WASM AS '${DIR}/aggregates.wasm'");
    assert!(shown.contains("the aggregate tally with RETURNS TABLE is not supported yet"), "{shown}");
    let shown = case.refused("tally() RETURNS BIGINT LANGUAGE WASM AS '${DIR}/aggregates.wasm'");
    assert!(shown.contains("the aggregate tally without parameters is not supported yet"), "{shown}");
}

#[test]
fn a_statement_that_lacks_something_is_refused() {
    let mut case = case();
    let mut refused = |create: &str, expected: &str| {
        let shown = case.refused(create);
        assert!(shown.contains(expected), "{shown}");
    };
    refused("f RETURNS BIGINT LANGUAGE WASM AS 'f.wasm'", "the function f in WASM has no parameters in parentheses");
    refused("f(x BIGINT) LANGUAGE WASM AS 'f.wasm'", "the function f in WASM has no RETURNS");
    refused("f(x BIGINT) RETURNS BIGINT LANGUAGE WASM", "the function f has no AS '…'");
    refused("f(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS 'f.wasm#'", "'f.wasm#' names no component's file");
    refused("f(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS '#f'", "'#f' names no component's file");
    refused("f(x BIGINT) RETURNS BIGINT LANGUAGE WASM USING JAR 'f.jar'", "USING JAR belongs to functions in Java");
    refused(
        "f(x BIGINT) RETURNS BIGINT LANGUAGE WASM USING FILE 'f.wasm', FILE 'g.wasm'",
        "a function in WASM is of one file",
    );
    refused(
        "f(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS 'f.wasm' WITH ('memroy' = '1 mb')",
        "unknown option 'memroy' for the function f in WASM",
    );
    refused(
        "f(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS 'f.wasm' WITH ('memory' = '1 kb')",
        "option 'memory' of the function f is at least 64 kb",
    );
    refused(
        "f(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS 'f.wasm' WITH ('fuel' = '-1')",
        "option 'fuel' of the function f is at least 1",
    );
    refused("f(x BIGINT) RETURNS BIGINT LANGUAGE WASN AS 'f.wasm'", "there is no language WASN for functions");
    refused("f(x BIGINT) RETURNS BIGINT LANGUAGE WASN AS 'f.wasm'", "did you mean `WASM`?");
}

#[test]
fn a_session_without_a_runtime_names_the_feature() {
    let mut session = Session::default();
    drop(std::mem::take(&mut session.config));
    let text = "CREATE FUNCTION f(x INT) RETURNS INT LANGUAGE WASM AS 'f.wasm'; SELECT 1";
    let shown = session.rows(text).unwrap_err().render("f.sql", text);
    assert!(
        shown.starts_with("error: this binary was built without functions from WebAssembly components\n"),
        "{shown}"
    );
    assert!(shown.contains("help: build it with the cargo feature `wasm`\n"), "{shown}");
}

#[test]
fn a_function_without_parameters_is_called_for_each_row() {
    let mut case = case();
    let text =
        "CREATE FUNCTION count_up() RETURNS BIGINT NOT DETERMINISTIC LANGUAGE WASM AS '${DIR}/numbers.wasm#count';
        SET 'parallelism.default' = '1'; SELECT id, count_up() FROM orders";
    assert_eq!(case.rows(text), ["[1, 1]", "[2, 2]", "[3, 3]"]);
}

#[test]
fn a_changed_file_is_read_again_by_alter_function() {
    let mut case = case();
    let text =
        "CREATE FUNCTION f(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/large.wasm'; SELECT f(CAST(7 AS BIGINT))";
    assert_eq!(case.rows(text), ["[7]"]);
    let changed = components::large().replace("(local.get 0)", "(i64.const 8)");
    components::write(case.folder.path(), "large.wasm", &changed);
    assert_eq!(case.rows("SELECT f(CAST(7 AS BIGINT))"), ["[7]"]);
    let text =
        "ALTER FUNCTION f(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/large.wasm'; SELECT f(CAST(7 AS BIGINT))";
    assert_eq!(case.rows(text), ["[8]"]);
}

impl Case {
    /// What DESCRIBE FUNCTION says, without the folder.
    fn facts(&mut self, name: &str) -> Vec<String> {
        let script = riverrun::Script::from_text("f", format!("DESCRIBE FUNCTION {name}"));
        let rows = self.session.execute(&script.statements().unwrap()[0]).unwrap().rows.unwrap().rows;
        let folder = self.folder.path().display().to_string();
        let line = |row: Vec<Option<String>>| row.into_iter().flatten().collect::<Vec<_>>().join(": ");
        rows.into_iter().map(|row| line(row).replace(&folder, "")).collect()
    }
}

#[test]
fn a_function_is_described_with_its_export() {
    let mut case = case();
    case.rows(AGGREGATES);
    case.rows(
        "CREATE FUNCTION gcd(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE WASM AS '${DIR}/numbers.wasm'; SELECT 1",
    );
    let facts = [
        "name: gcd",
        "signature: gcd(a BIGINT, b BIGINT) RETURNS BIGINT",
        "kind: scalar",
        "language: WASM",
        "deterministic: true",
        "definition: /numbers.wasm#gcd, a call for each row",
    ];
    assert_eq!(case.facts("gcd"), facts);
    assert_eq!(case.facts("largest")[5], "definition: /aggregates.wasm#largest, no rows are taken back");
    assert_eq!(case.facts("tally")[2..4], ["kind: aggregate", "language: WASM"]);
}

#[test]
fn rows_that_leave_a_frame_are_taken_back() {
    let mut case = case();
    case.rows(AGGREGATES);
    let text = "CREATE TABLE clicks (n INT, ts AS TO_TIMESTAMP('2024-01-01 00:00:00') + n * INTERVAL '10' SECOND, WATERMARK FOR ts AS ts)
        WITH ('connector' = 'datagen', 'number-of-rows' = '4', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '3');
        SELECT n, tally(n) OVER (ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM clicks";
    assert_eq!(case.rows(text), ["[0, 1]", "[1, 1002]", "[2, 3002]", "[3, 5002]"]);
}
