//! What a user reads who made a mistake: the words, the place, the nearest name, the exit code.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::Case;

const T: &str = "CREATE TABLE t (id INT, name STRING, at_time TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');\n";

fn case() -> Case {
    let case = Case::new();
    case.file("t.json", "{\"id\": 1, \"name\": \"a\"}\n");
    case
}

#[test]
fn a_misspelt_column_gets_line_column_caret_and_the_nearest_name() {
    case().run(&format!("{T}SELECT id,\n       nmae FROM t;"), &[]).failed(
        2,
        &[
            "error: ",
            "nmae",
            "--> pipeline.sql:3:8",
            "3 |        nmae FROM t;",
            "  |        ^^^^",
            "did you mean `name`?",
        ],
    );
}

#[test]
fn a_misspelt_table_is_named_with_the_nearest() {
    case().run(&format!("{T}SELECT * FROM tt;"), &[]).failed(2, &["tt", "--> pipeline.sql:2:15", "did you mean `t`?"]);
}

#[test]
fn a_misspelt_function_is_named_with_the_nearest() {
    case()
        .run(&format!("{T}SELECT UPPR(name) FROM t;"), &[])
        .failed(2, &["UPPR", "--> pipeline.sql:2:8", "did you mean `UPPER`?"]);
}

#[test]
fn a_misspelt_keyword_is_named_with_the_nearest() {
    case().run("CRAETE TABLE t (id INT);", &[]).failed(2, &["CRAETE", "--> pipeline.sql:1:1", "CREATE"]);
}

#[test]
fn a_misspelt_keyword_within_a_statement_is_named_with_the_nearest() {
    for (sql, hint) in [
        ("SELECT id FROM t ODER BY id;", "`ODER` looks like ORDER"),
        ("SELECT COUNT(*) OVER (PARTITON BY id ORDER BY at_time) FROM t;", "`PARTITON` looks like PARTITION"),
        ("SELECT COUNT(*) FROM t GROUP YB id;", "`YB` looks like BY"),
        ("SELECT 1 UNION AL SELECT 2;", "`AL` looks like ALL"),
        ("SELECT CASE WHEN id > 1 THNE name END FROM t;", "`THNE` looks like THEN"),
        ("SELECT CASE WHEN id > 1 THEN name ESLE 'b' END FROM t;", "`ESLE` looks like ELSE"),
        ("SELECT CASE WEHN id > 1 THEN name END FROM t;", "`WEHN` looks like WHEN"),
        ("SELECT id FROM t WHERE name IS NTO NULL;", "`NTO` looks like NOT"),
        ("SELECT id FROM t WHERE name NOT LKIE 'a';", "`LKIE` looks like LIKE"),
        ("SELECT id FROM t LEFT JION t AS u ON t.id = u.id;", "`JION` looks like JOIN"),
        ("SELECT id FROM t ORDER BY id DECS;", "`DECS` looks like DESC"),
        ("SELECT CAST(id SA STRING) FROM t;", "`SA` looks like AS"),
        ("SELECT INTERVAL '1' MINTUE;", "`MINTUE` looks like MINUTE"),
        ("EXECUTE STATEMENT ST BEGIN INSERT INTO s SELECT 1; END;", "`ST` looks like SET"),
        ("DROP TABLE IF EXIST t;", "`EXIST` looks like EXISTS"),
        ("CREATE TABLE s (id INT NOT NUL) WITH ('connector' = 'print');", "`NUL` looks like NULL"),
        ("CREATE TABLE s (id INT, PRIMARY KYE (id) NOT ENFORCED);", "`KYE` looks like KEY"),
        ("CREATE TABLE s (id INT, PRIMARY KEY (id) NOT ENFORCD);", "`ENFORCD` looks like ENFORCED"),
        ("CREATE TABLE s (id INT, WATERMARK FRO id AS id);", "`FRO` looks like FOR"),
        ("CREATE TABLE s (id INT) WHIT ('connector' = 'print');", "`WHIT` looks like WITH"),
        ("CREATE TABLE s (id INT) PARTITIOND BY (id);", "`PARTITIOND` looks like PARTITIONED"),
    ] {
        case().run(&format!("{T}{sql}"), &[]).failed(2, &["pipeline.sql:2:", &format!("help: {hint}")]);
    }
}

#[test]
fn what_is_a_keyword_or_a_type_is_not_called_misspelt() {
    for sql in [
        "CREATE TABLE s (id INT DEFAULT 5);",
        "CREATE TABLE s (id INT UNIQUE);",
        "CREATE TABLE s (id INT CHECK (id > 1));",
        "CREATE TABLE s (id INT REFERENCES t (id));",
        "CREATE TABLE s (id INT name STRING);",
        "CREATE TABLE s (ids ARRAY<INT);",
        "SELECT CAST(id AS INT FORMAT 'x') FROM t;",
        "INSERT IGNORE INTO s SELECT 1;",
    ] {
        let ended = case().run(&format!("{T}{sql}"), &[]).failed(2, &["pipeline.sql:2:"]);
        assert!(!ended.err.contains("looks like"), "{}", ended.err);
    }
    case().run(&format!("{T}SELECT id FROM t WHERE value > 1;"), &[]).failed(2, &["VALUE needs back-quotes: `value`"]);
}

#[test]
fn a_misspelt_option_is_named_with_the_nearest() {
    let sql = "CREATE TABLE t (id INT) WITH (\n  'connector' = 'filesystem',\n  'pth' = 'x',\n  'format' = 'json');\nSELECT * FROM t;";
    case().run(sql, &[]).failed(2, &["unknown option 'pth'", "pipeline.sql:3:3", "did you mean `path`?"]);
}

const LINES: &str = "CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '/tmp', 'format' = 'json',\n";

#[test]
fn an_option_of_a_format_is_named_with_its_prefix() {
    let run = |option: &str| case().run(&format!("{LINES}{option});\nSELECT * FROM t;"), &[]);
    let said = [
        "unknown option 'json.ignore-parse-error' for format 'json'",
        "pipeline.sql:2:1",
        "`json.ignore-parse-errors`?",
    ];
    run("'json.ignore-parse-error' = 'true'").failed(2, &said);
    let said = ["'yes' is no value for option 'json.ignore-parse-errors'", "pipeline.sql:2:30", "expected: Boolean"];
    run("'json.ignore-parse-errors' = 'yes'").failed(2, &said);
    let said = ["unknown option 'jsn.ignore-parse-errors' for connector 'filesystem'", "`json.ignore-parse-errors`?"];
    run("'jsn.ignore-parse-errors' = 'true'").failed(2, &said);
}

#[test]
fn an_unknown_option_of_the_session_says_where_they_are_listed() {
    case().run("SET 'no.such.option' = '1';", &[]).failed(2, &["no option 'no.such.option'", "`riverrun options`"]);
    case().riverrun(&["options", "table.dml-snc"]).failed(2, &["no option 'table.dml-snc'", "`table.dml-sync`?"]);
    case().riverrun(&["options", "nothing"]).failed(2, &["no option 'nothing'", "`riverrun options` lists"]);
}

#[test]
fn a_statement_that_shows_what_is_not_there_says_what_does() {
    case().run("SHOW JOBS;", &[]).failed(2, &["SHOW JOBS is not supported yet"]);
}

#[test]
fn what_only_takes_new_rows_is_not_overwritten() {
    let sql = "CREATE TABLE p (id INT) WITH ('connector' = 'print');\nINSERT OVERWRITE p SELECT 1;";
    let said = ["'p' can't be overwritten: the connector 'print' only adds rows", "pipeline.sql:2:18", "INSERT INTO"];
    case().run(sql, &[]).failed(2, &said);
}

#[test]
fn a_path_that_is_no_folder_is_told() {
    let sql = "CREATE TABLE s (id INT) WITH ('connector' = 'filesystem', 'path' = '/dev/null', 'format' = 'json');
        INSERT INTO s SELECT 1;";
    case().run(sql, &[]).failed(1, &["can't make the folder /dev/null: File exists", "help: a file has that name"]);
}

#[test]
fn an_option_of_the_wrong_type_says_what_is_expected() {
    let sql = "CREATE TABLE t (id INT) WITH ('connector' = 'datagen', 'number-of-rows' = 'many');\nSELECT * FROM t;";
    case()
        .run(sql, &[])
        .failed(2, &["'many' is no value for option 'number-of-rows'", "expected: Integer", "pipeline.sql:1:"]);
}

#[test]
fn an_unknown_connector_and_format_name_what_there_is() {
    case()
        .run("CREATE TABLE t (id INT) WITH ('connector' = 'kafkaa');\nSELECT * FROM t;", &[])
        .failed(2, &["there is no connector 'kafkaa'", "pipeline.sql:1:45"]);
    case()
        .run("CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '/tmp', 'format' = 'jason');\nSELECT * FROM t;", &[])
        .failed(2, &["there is no format 'jason'", "did you mean `json`?"]);
}

#[test]
fn an_undefined_variable_is_an_error_with_its_place() {
    case().run("SELECT '${NOBODY}';", &[]).failed(2, &["NOBODY", "pipeline.sql:1:"]);
}

#[test]
fn wrong_types_are_both_named() {
    case().run(&format!("{T}SELECT id + name FROM t;"), &[]).failed(2, &["INT", "STRING", "pipeline.sql:2:"]);
}

#[test]
fn an_insert_of_another_type_names_the_column_and_both_types() {
    let sql = format!(
        "{T}CREATE TABLE results (at_time TIMESTAMP(3)) WITH ('connector' = 'blackhole');\nINSERT INTO results SELECT id FROM t;"
    );
    case().run(&sql, &[]).failed(2, &["at_time", "TIMESTAMP(3)", "INT"]);
}

#[test]
fn a_missing_file_says_which_and_what_to_do() {
    let sql = "CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nothing.json', 'format' = 'json');\nSELECT * FROM t;";
    case().run(sql, &[]).failed(2, &["nothing.json", "help:"]);
    case().riverrun(&["run", "nothing.sql"]).failed(2, &["cannot read 'nothing.sql': there is no such file"]);
}

#[test]
fn what_is_not_there_yet_is_refused_by_name_with_its_place() {
    let sql = format!("{T}SELECT ARRAY_AGG(id ORDER BY id) FROM t;");
    case().run(&sql, &[]).failed(2, &["ORDER BY within ARRAY_AGG is not supported yet", "pipeline.sql:2:8", "help:"]);
    let sql = format!("{T}WITH RECURSIVE r AS (SELECT id FROM t) SELECT * FROM r;");
    case().run(&sql, &[]).failed(2, &["WITH RECURSIVE is not supported yet", "pipeline.sql:2:"]);
}

#[test]
fn a_broken_line_fails_the_job_with_file_offset_and_reason() {
    let case = Case::new();
    case.file("t.json", "{\"id\": 1}\n{\"id\": oops}\n");
    case.run(&format!("{T}SELECT id FROM t;"), &[]).failed(1, &["table t", "t.json, line 2, byte 10", "on-error"]);
}

#[test]
fn a_null_in_a_not_null_column_fails_the_job_or_is_dropped() {
    let case = Case::new();
    case.file("t.json", "{\"id\": 1}\n{\"id\": null}\n");
    let sql = format!(
        "{T}CREATE TABLE results (id INT NOT NULL) WITH ('connector' = 'blackhole');\nINSERT INTO results SELECT id FROM t;"
    );
    case.run(&sql, &[]).failed(1, &["Column 'id' is NOT NULL", "table.exec.sink.not-null-enforcer"]);
    case.run(&sql, &["-D", "table.exec.sink.not-null-enforcer=DROP"]).ok();
}

#[test]
fn a_wrong_option_of_the_command_line_is_named() {
    case().run("SELECT 1;", &["-D", "tabel.local-time-zone=UTC"]).failed(2, &["tabel.local-time-zone"]);
    case().run("SELECT 1;", &["-D", "table.local-time-zone=Mars/Olympus"]).failed(2, &["Mars/Olympus"]);
    case().run("SELECT 1;", &["-D", "novalue"]).failed(2, &["expected KEY=VALUE"]);
}

#[test]
fn division_by_zero_fails_the_job_with_exit_code_1() {
    case().run(&format!("{T}SELECT 1 / (id - 1) FROM t;"), &[]).failed(1, &["zero"]);
}
