//! Functions of the user: from expressions and from Rust.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use riverrun::Session;
use riverrun::core::{Error, Result};
use riverrun::functions::{Aggregate, UserFunction};

const ORDERS: &str = "
CREATE VIEW orders AS SELECT * FROM (VALUES
  (1, 'ada', 10), (2, 'bob', CAST(NULL AS INT)), (3, 'ada', 7)) AS t(id, who, amount);
";

fn rows(text: &str) -> Vec<String> {
    let mut rows = Session::default().rows(text).unwrap();
    rows.sort();
    rows
}

fn error(text: &str) -> String {
    Session::default().rows(text).unwrap_err().render("f.sql", text)
}

#[test]
fn an_expression_is_put_in_the_place_of_the_call() {
    assert_eq!(
        rows("CREATE FUNCTION inc(x INT) RETURNS INT AS 'x + 1'; SELECT inc(41), INC(CAST(NULL AS INT))"),
        ["[42, null]"]
    );
    let text =
        format!("CREATE FUNCTION inc(x INT) RETURNS INT AS 'x + 1'; {ORDERS} SELECT id, inc(amount) FROM orders");
    assert_eq!(rows(&text), ["[1, 11]", "[2, null]", "[3, 8]"]);
}

#[test]
fn determinism_is_said_before_and_behind_the_result() {
    let text = "CREATE FUNCTION f(x INT) RETURNS INT NOT DETERMINISTIC AS 'x';
        CREATE FUNCTION g(x INT) NOT DETERMINISTIC RETURNS INT NOT NULL AS 'COALESCE(x, 0)'; SELECT f(1), g(2)";
    assert_eq!(rows(text), ["[1, 2]"]);
    let shown = error("CREATE FUNCTION f(x INT) RETURNS INT NOT SURE AS 'x'; SELECT 1");
    assert!(shown.contains("expected NULL, found 'SURE'"), "{shown}");
}

#[test]
fn functions_call_one_another_and_built_in_ones() {
    let text = "CREATE FUNCTION twice(s STRING) RETURNS STRING AS 's || s';
        CREATE FUNCTION loud(s STRING) AS 'UPPER(twice(s)) || ''!'''; SELECT loud('a'), twice('b')";
    assert_eq!(rows(text), ["[AA!, bb]"]);
}

#[test]
fn an_argument_that_is_read_twice_is_computed_once() {
    let text = format!(
        "CREATE FUNCTION same(x DOUBLE) RETURNS BOOLEAN AS 'x = x + 0'; {ORDERS} SELECT same(RAND() + amount) FROM orders WHERE amount > 0"
    );
    assert_eq!(rows(&text), ["[true]", "[true]"]);
}

#[test]
fn the_type_is_that_of_the_declaration() {
    let mut session = Session::default();
    session.rows("CREATE FUNCTION f(x TINYINT NOT NULL) RETURNS BIGINT AS 'x'; SELECT 1").unwrap();
    assert_eq!(session.rows("SELECT TYPEOF(f(CAST(1 AS TINYINT)))").unwrap(), ["[BIGINT NOT NULL]"]);
    session.rows("CREATE FUNCTION g(x INT) AS 'CAST(x AS DECIMAL(5, 2)) * 2'; SELECT 1").unwrap();
    assert_eq!(session.rows("SELECT TYPEOF(g(1)), g(1)").unwrap(), ["[DECIMAL(16, 2), 2.00]"]);
}

#[test]
fn a_function_is_found_by_its_database_and_hidden_by_temporary_ones() {
    let text = "CREATE FUNCTION f() AS '''permanent'''; CREATE TEMPORARY FUNCTION f() AS '''temporary''';
        CREATE TEMPORARY SYSTEM FUNCTION `lower`(s STRING) AS '''system'''; CREATE FUNCTION `upper`(s STRING) AS '''own''';
        CREATE DATABASE d; CREATE FUNCTION d.f() AS '''in d''';
        SELECT f(), lower('X'), upper('x'), default_database.`upper`('x'), d.f(), default_catalog.d.f()";
    assert_eq!(rows(text), ["[temporary, system, X, own, in d, in d]"]);
    let text = format!(
        "CREATE DATABASE d; CREATE FUNCTION f(x INT) AS 'x'; CREATE FUNCTION d.f(x INT) AS 'x + 1'; {ORDERS}
        SELECT f(id), d.f(id) FROM orders GROUP BY f(id), d.f(id)"
    );
    assert_eq!(rows(&text), ["[1, 2]", "[2, 3]", "[3, 4]"]);
    let text =
        "CREATE FUNCTION f() AS '1'; CREATE TEMPORARY FUNCTION f() AS '2'; DROP TEMPORARY FUNCTION f; SELECT f()";
    assert_eq!(rows(text), ["[1]"]);
    let text = "CREATE FUNCTION f() AS '1'; CREATE FUNCTION IF NOT EXISTS f() AS '2'; SELECT f()";
    assert_eq!(rows(text), ["[1]"]);
    let text = "CREATE FUNCTION f() AS '1'; ALTER FUNCTION f() AS '2'; ALTER FUNCTION IF EXISTS g() AS '3'; SELECT f()";
    assert_eq!(rows(text), ["[2]"]);
}

#[test]
fn a_mistake_in_the_text_is_shown_in_the_text() {
    let shown = error("CREATE FUNCTION f(x INT)\nRETURNS INT AS 'x + ''a'' || yy'; SELECT 1");
    let expected = "error: no column 'yy' here\n --> f.sql:2:30\n  |\n2 | RETURNS INT AS 'x + ''a'' || yy'; SELECT 1\n  |                              ^^\n";
    assert!(shown.starts_with(expected), "{shown}");
    let shown = error("CREATE FUNCTION f(x INT) RETURNS INT AS 'x +'; SELECT 1");
    assert!(shown.contains("f.sql:1:"), "{shown}");
    let shown = error("CREATE FUNCTION f(x INT) RETURNS STRING AS 'x'; SELECT 1");
    assert!(shown.starts_with("error: the function f is declared to give STRING, but its text gives INT\n"), "{shown}");
    assert!(shown.contains("help: write RETURNS INT, or CAST(… AS STRING)"), "{shown}");
    let shown = error("CREATE FUNCTION f(x INT) RETURNS INT NOT NULL AS 'x'; SELECT 1");
    assert!(shown.contains("is declared to give INT NOT NULL, but its text may be NULL"), "{shown}");
    let shown = error("CREATE FUNCTION f(x INT) AS 'SUM(x)'; SELECT 1");
    assert!(shown.contains("the aggregate function SUM can't stand here"), "{shown}");
}

#[test]
fn a_function_that_calls_itself_is_refused() {
    let shown = error("CREATE FUNCTION f(x INT) RETURNS INT AS 'f(x - 1)'; SELECT 1");
    assert!(shown.contains("the function f calls itself\n"), "{shown}");
    let text = "CREATE FUNCTION f(x INT) RETURNS INT AS 'x'; CREATE FUNCTION g(x INT) RETURNS INT AS 'f(x)';
        ALTER FUNCTION f(x INT) RETURNS INT AS 'g(x)'; SELECT 1";
    let shown = error(text);
    assert!(shown.contains("the function f calls itself\n") && shown.contains("f → g → f"), "{shown}");
}

#[test]
fn a_call_that_does_not_fit_names_the_signature() {
    let shown = error("CREATE FUNCTION f(x INT) RETURNS INT AS 'x'; SELECT f('a')");
    assert!(shown.starts_with("error: f cannot be applied to (CHAR(1) NOT NULL)\n"), "{shown}");
    assert!(shown.contains("'x' takes INT, not CHAR(1); it is declared as f(x INT) RETURNS INT\n"), "{shown}");
    let shown = error("CREATE FUNCTION f(x INT) RETURNS INT AS 'x'; SELECT f(1, 2)");
    assert!(shown.contains("it takes 1 argument, not 2; it is declared as f(x INT) RETURNS INT\n"), "{shown}");
    let shown = error("CREATE FUNCTION f(x INT NOT NULL) AS 'x'; SELECT f(NULLIF(1, 2))");
    assert!(shown.contains("'x' may not be NULL"), "{shown}");
    let shown = error("CREATE FUNCTION increase(x INT) AS 'x'; SELECT incraese(1)");
    assert!(shown.contains("there is no function incraese\n") && shown.contains("increase"), "{shown}");
}

#[test]
fn statements_about_functions_that_are_refused() {
    let shown = error("CREATE FUNCTION f AS 'com.example.F' LANGUAGE JAVA USING JAR '/f.jar'; SELECT 1");
    assert!(shown.starts_with("error: a function in Java is not supported yet\n"), "{shown}");
    assert!(shown.contains("CREATE FUNCTION f(x INT) RETURNS INT AS 'x + 1'"), "{shown}");
    let shown = error("CREATE FUNCTION f(x INT) RETURNS INT LANGUAGE RUBY AS 'x'; SELECT 1");
    assert!(shown.contains("there is no language RUBY for functions"), "{shown}");
    let shown = error("CREATE FUNCTION f() AS '1'; CREATE FUNCTION F() AS '2'; SELECT 1");
    assert!(shown.contains("there is a function 'F' already"), "{shown}");
    let shown = error("CREATE FUNCTION count_it() AS '1'; DROP FUNCTION cuont_it; SELECT 1");
    assert!(shown.contains("there is no function 'cuont_it'") && shown.contains("count_it"), "{shown}");
    let shown = error("CREATE TEMPORARY FUNCTION f() AS '1'; DROP FUNCTION f; SELECT 1");
    assert!(shown.contains("there is one of another kind: DROP TEMPORARY FUNCTION f"), "{shown}");
    let shown = error("ALTER FUNCTION f() AS '1'; SELECT 1");
    assert!(shown.contains("there is no function 'f'"), "{shown}");
    let shown = error("CREATE FUNCTION f(x INT, x INT) AS '1'; SELECT 1");
    assert!(shown.contains("'x' is named twice"), "{shown}");
    let shown = error("CREATE FUNCTION f(x INT) RETURNS INT; SELECT 1");
    assert!(shown.contains("the function f has no AS '…'"), "{shown}");
    let shown = error("CREATE FUNCTION f(x INT) RETURNS TABLE(y INT) AS 'x'; SELECT 1");
    assert!(shown.contains("the function f in SQL with RETURNS TABLE is not supported yet"), "{shown}");
}

/// What a statement prints, cells side by side.
fn printed(session: &mut Session, text: &str) -> Vec<String> {
    let statement = riverrun::Script::from_text("f", text).statements().unwrap().remove(0);
    let rows = session.execute(&statement).unwrap().rows.unwrap().rows;
    rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(": ")).collect()
}

#[test]
fn functions_are_shown_and_described() {
    let mut session = Session::default();
    session.rows("CREATE FUNCTION inc(x INT) RETURNS INT AS 'x + 1'; SELECT 1").unwrap();
    assert_eq!(printed(&mut session, "SHOW USER FUNCTIONS"), ["inc"]);
    assert_eq!(printed(&mut session, "SHOW FUNCTIONS LIKE 'i_c'"), ["inc"]);
    assert_eq!(printed(&mut session, "SHOW FUNCTIONS LIKE 'ifnul%'").len(), 1);
    let facts = [
        "name: inc",
        "signature: inc(x INT) RETURNS INT",
        "kind: scalar",
        "language: SQL",
        "deterministic: true",
        "definition: x + 1",
    ];
    assert_eq!(printed(&mut session, "DESCRIBE FUNCTION inc"), facts);
    assert_eq!(printed(&mut session, "DESCRIBE FUNCTION EXTENDED upper")[3], "language: built-in");
}

/// The sum of whole numbers, which can be taken back.
struct Total;

impl Aggregate for Total {
    type State = i64;
    type Arguments = (i32,);
    type Output = i64;
    const RETRACTS: bool = true;

    fn accumulate(&self, state: &mut i64, (value,): (i32,)) -> Result<()> {
        *state += i64::from(value);
        Ok(())
    }

    fn retract(&self, state: &mut i64, (value,): (i32,)) -> Result<()> {
        *state -= i64::from(value);
        Ok(())
    }

    fn merge(&self, state: &mut i64, other: &i64) -> Result<()> {
        *state += other;
        Ok(())
    }

    fn value(&self, state: &i64) -> i64 {
        *state
    }
}

/// The longest text; none is ever taken back.
struct Longest;

impl Aggregate for Longest {
    type State = String;
    type Arguments = (String,);
    type Output = String;

    fn accumulate(&self, state: &mut String, (text,): (String,)) -> Result<()> {
        if text.len() > state.len() {
            *state = text;
        }
        Ok(())
    }

    fn merge(&self, state: &mut String, other: &String) -> Result<()> {
        self.accumulate(state, (other.clone(),))
    }

    fn value(&self, state: &String) -> String {
        state.clone()
    }
}

fn session() -> Session {
    let mut session = Session::default();
    session.register(UserFunction::aggregate("total", Total)).unwrap();
    session.register(UserFunction::aggregate("longest", Longest)).unwrap();
    session.register(UserFunction::scalar("plus", |a: i32, b: Option<i32>| a + b.unwrap_or(100))).unwrap();
    session
        .register(UserFunction::scalar("root", |x: f64| match x < 0.0 {
            true => Err(Error::failure("a negative number")),
            false => Ok(x.sqrt()),
        }))
        .unwrap();
    let numbers = |n: i32| (0..n).map(|i| (i, i * i)).collect::<Vec<_>>();
    session.register(UserFunction::table("squares", &["i", "square"], numbers).unwrap()).unwrap();
    session.rows(&format!("{ORDERS} SELECT 1")).unwrap();
    session
}

fn sorted(session: &mut Session, text: &str) -> Vec<String> {
    let mut rows = session.rows(text).unwrap();
    rows.sort();
    rows
}

#[test]
fn null_reaches_only_closures_that_take_it() {
    let text = "SELECT id, plus(amount, 1), plus(1, amount) FROM orders";
    assert_eq!(sorted(&mut session(), text), ["[1, 11, 11]", "[2, null, 101]", "[3, 8, 8]"]);
    assert_eq!(sorted(&mut session(), "SELECT TYPEOF(plus(1, 2))"), ["[INT NOT NULL]"]);
}

#[test]
fn an_error_of_a_closure_fails_the_job_with_the_functions_name() {
    let error = session().rows("SELECT root(0.0 - amount) FROM orders").unwrap_err();
    assert_eq!(error.message(), "the function root: a negative number");
}

#[test]
fn aggregates_of_rust_group_distinct_filter_and_take_rows_back() {
    let text = "SELECT who, total(amount), longest(who) FROM orders GROUP BY who";
    assert_eq!(sorted(&mut session(), text), ["[ada, 17, ada]", "[bob, 0, bob]"]);
    let text = "SELECT total(DISTINCT x), total(x) FILTER (WHERE x > 1) FROM (VALUES (1), (1), (2)) AS t(x)";
    assert_eq!(sorted(&mut session(), text), ["[3, 2]"]);
    // The inner sums are updated: 10 goes, 17 comes.
    let text = "SELECT total(s) FROM (SELECT who, SUM(amount) AS s FROM orders GROUP BY who)";
    assert_eq!(sorted(&mut session(), text), ["[17]"]);
}

#[test]
fn an_aggregate_that_takes_nothing_back_is_refused_over_updates() {
    let error =
        session().rows("SELECT longest(m) FROM (SELECT who, MAX(who) AS m FROM orders GROUP BY who)").unwrap_err();
    assert_eq!(error.message(), "the aggregate function longest can't take rows back");
    assert!(error.hint_text().unwrap().contains("append-only"), "{error:?}");
}

#[test]
fn aggregates_of_rust_in_windows() {
    let text = "CREATE TABLE clicks (n INT, ts AS TO_TIMESTAMP('2024-01-01 00:00:00') + n * INTERVAL '10' SECOND,
          WATERMARK FOR ts AS ts)
        WITH ('connector' = 'datagen', 'number-of-rows' = '12', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '11');
        SELECT window_start, total(n) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end";
    assert_eq!(sorted(&mut session(), text), ["[2024-01-01T00:00, 15]", "[2024-01-01T00:01, 51]"]);
    let text = "SELECT window_end, total(n) FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) GROUP BY window_start, window_end";
    let mut session = session();
    session
        .rows("CREATE TABLE clicks (n INT, ts AS TO_TIMESTAMP('2024-01-01 00:00:00') + n * INTERVAL '10' SECOND, WATERMARK FOR ts AS ts)
        WITH ('connector' = 'datagen', 'number-of-rows' = '12', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '11'); SELECT 1")
        .unwrap();
    assert_eq!(
        sorted(&mut session, text),
        ["[2024-01-01T00:01, 15]", "[2024-01-01T00:02, 66]", "[2024-01-01T00:03, 51]"]
    );
}

#[test]
fn table_functions_join_their_rows_to_the_left() {
    let text = "SELECT id, i, square FROM orders, LATERAL TABLE(squares(id)) WHERE id < 3";
    let expected = ["[1, 0, 0]", "[2, 0, 0]", "[2, 1, 1]"];
    assert_eq!(sorted(&mut session(), text), expected);
    let text = "SELECT id, t.a, t.b FROM orders JOIN LATERAL TABLE(squares(id)) AS t(a, b) ON TRUE WHERE id < 3";
    assert_eq!(sorted(&mut session(), text), expected);
    let text = "SELECT id, b FROM orders LEFT JOIN LATERAL TABLE(squares(id - 1)) AS t(a, b) ON TRUE WHERE id < 3";
    assert_eq!(sorted(&mut session(), text), ["[1, null]", "[2, 0]"]);
    let text = "SELECT id, b FROM orders LEFT JOIN LATERAL TABLE(squares(id)) AS t(a, b) ON a = 1 WHERE id < 3";
    assert_eq!(sorted(&mut session(), text), ["[1, null]", "[2, 1]"]);
    assert_eq!(sorted(&mut session(), "SELECT * FROM TABLE(squares(2))"), ["[0, 0]", "[1, 1]"]);
    let text = "SELECT id, t.i FROM orders CROSS JOIN LATERAL TABLE(squares(amount)) AS t WHERE id = 2";
    assert_eq!(sorted(&mut session(), text), [""; 0]);
}

#[test]
fn a_function_in_the_wrong_place_is_told() {
    let message = |text: &str| session().rows(text).unwrap_err().message().to_owned();
    assert_eq!(message("SELECT squares(1)"), "squares is a table function: it gives rows, not a value");
    assert_eq!(message("SELECT * FROM TABLE(plus(1, 2))"), "plus is no table function: it gives a value");
    assert_eq!(message("SELECT 1 FROM orders WHERE total(id) > 1"), "the aggregate function total can't stand here");
    assert_eq!(message("SELECT * FROM LATERAL TABLE(sqares(1))"), "there is no table function sqares");
    assert_eq!(message("SELECT id FROM orders, LATERAL TABLE(squares(id)) AS t(a)"), "1 names for 2 columns");
}

#[test]
fn columns_of_the_wrong_shape_are_told() {
    use arrow::array::Int32Array;
    use std::sync::Arc;
    let mut session = Session::default();
    let short = UserFunction::vectorized("short(x INT) RETURNS INT", |_, _| Ok(Arc::new(Int32Array::from(vec![1; 3]))));
    session.register(short.unwrap()).unwrap();
    let error = session.rows("SELECT short(x) FROM (VALUES (1), (2)) AS t(x)").unwrap_err();
    assert_eq!(error.message(), "the function short gave 3 values for 2 rows");
    let error = UserFunction::vectorized("short(x INT)", |_, _| Ok(Arc::new(Int32Array::from(vec![1])))).unwrap_err();
    assert!(error.message().starts_with("the signature 'short(x INT)': "), "{error:?}");
    let odd = UserFunction::scalar("no name", |x: i32| x);
    assert_eq!(session.register(odd).unwrap_err().message(), "'no name' is no name of a function");
    let pairs = |n: i32| vec![(n, n)];
    let error = UserFunction::table("pairs", &["one"], pairs).unwrap_err();
    assert_eq!(error.message(), "the function pairs names 1 columns and gives 2");
    let error = UserFunction::vectorized("doubled(x INT) RETURNS TABLE(y INT)", |_, _| Err(Error::failure("no rows")));
    assert_eq!(
        error.unwrap_err().render("", ""),
        "error: doubled is declared to give a table\n  help: UserFunction::table makes table functions\n"
    );
    let error = UserFunction::vectorized_table("single(x INT) RETURNS INT", |_, _| Err(Error::failure("no rows")));
    assert_eq!(
        error.unwrap_err().render("", ""),
        "error: single is not declared to give a table\n  help: write RETURNS TABLE(column TYPE, …)\n"
    );
}

#[test]
fn rows_are_those_of_one_query_at_the_end() {
    assert!(error("SELECT 1; SELECT 2").starts_with("error: a query is the last statement here\n --> f.sql:1:11\n"));
    let shown = error("CREATE VIEW v AS SELECT 1");
    assert_eq!(shown, "error: there is no query whose rows could be collected\n");
    let text = "CREATE TABLE b (x INT) WITH ('connector' = 'blackhole'); INSERT INTO b SELECT 1; SELECT 1";
    let shown = error(text);
    assert!(shown.starts_with("error: only statements that start no job may stand before a query here\n"), "{shown}");
    assert!(shown.ends_with("  help: run_script executes whole pipelines\n"), "{shown}");
}

#[test]
fn functions_of_flink_that_are_not_here_are_refused_by_name() {
    let shown = error("SELECT OBJECT_OF('com.example.User', 'name', 'Bob')");
    assert!(shown.starts_with("error: the function OBJECT_OF is not supported yet\n"), "{shown}");
    assert!(shown.contains("help: there are no user-defined structured types; ROW(…) makes a row"), "{shown}");
    let shown = error("SELECT * FROM ML_PREDICT(1)");
    assert!(shown.starts_with("error: ML_PREDICT is not supported yet\n"), "{shown}");
    assert!(shown.contains("help: CREATE FUNCTION makes a function that computes what a model would"), "{shown}");
}

#[test]
#[cfg(not(feature = "wasm"))]
fn components_are_a_feature() {
    let shown = error("CREATE FUNCTION f(x INT) RETURNS INT LANGUAGE WASM AS 'f' USING FILE 'f.wasm'; SELECT 1");
    assert!(
        shown.starts_with("error: this binary was built without functions from WebAssembly components\n"),
        "{shown}"
    );
    assert!(shown.contains("help: build it with the cargo feature `wasm`\n"), "{shown}");
}
