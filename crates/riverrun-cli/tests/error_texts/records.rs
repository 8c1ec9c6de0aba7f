//! Records, files and folders of state that can't be read.

use super::common::{Case, Running};

/// Statements of which one fails while it runs, and what it says.
fn fails_on(case: &Case, sql: &str, said: &[&str]) {
    eprintln!("{sql}");
    case.run(sql, &[]).failed(1, said);
}

#[test]
fn records_that_are_no_events() {
    let case = Case::new();
    case.file("x.json", "{\"a\": 1}\n");
    case.file("y.json", "{\"type\": \"X\", \"op_type\": \"X\"}\n");
    for (file, format, why) in [
        ("y.json", "canal-json", "`type` is \"X\", and none of \"INSERT\", \"UPDATE\", \"DELETE\" and \"CREATE\""),
        ("y.json", "maxwell-json", "`type` is \"X\", and none of \"insert\", \"update\" and \"delete\""),
        ("y.json", "ogg-json", "`op_type` is \"X\", and none of \"I\", \"U\" and \"D\""),
        ("x.json", "debezium-json", "there is no `op`: it is no event of Debezium's"),
        ("x.json", "canal-json", "there is no `type`: it is no event of Canal's"),
        ("x.json", "maxwell-json", "there is no `type`: it is no event of Maxwell's"),
        ("x.json", "ogg-json", "there is no `op_type`: it is no event of GoldenGate's"),
    ] {
        let sql = format!(
            "CREATE TABLE x (id INT) WITH ('connector' = 'filesystem', 'path' = '{file}', 'format' = '{format}');
            SELECT * FROM x;"
        );
        fails_on(
            &case,
            &sql,
            &[
                "table x: broken record in ",
                "json, line 1, byte 0: ",
                why,
                "help: set the table's option 'on-error' to 'skip' or to the name of a dead-letter table to go on",
            ],
        );
    }
}

#[test]
fn lines_that_are_of_no_access_log() {
    let case = Case::new();
    case.file("x.log", "1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 zz\n");
    let sql = "CREATE TABLE x (client STRING) WITH ('connector' = 'filesystem', 'path' = 'x.log', 'format' = 'regex', \
        'regex.pattern' = 'clf'); SELECT * FROM x;";
    fails_on(&case, sql, &["not a line of the common log format: expected a number of bytes or -, found "]);
}

#[test]
fn files_that_are_not_what_their_tables_say() {
    let case = Case::new();
    case.file("x.parquet", "no");
    case.file("x.json.gz", "{\"id\": 1}\n");
    case.file("folders/p=zz/x.json", "{\"id\": 1}\n");
    let table = |columns: &str, path: &str, format: &str| {
        format!(
            "CREATE TABLE x {columns} WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = '{format}');\n"
        )
    };
    let read = |columns: &str, path: &str, format: &str| table(columns, path, format) + "SELECT * FROM x;";
    fails_on(
        &case,
        &read("(id INT)", "x.parquet", "parquet"),
        &["can't read ", "x.parquet as Parquet: ", "help: the file is damaged, still being written, or not Parquet"],
    );
    case.run(&(table("(id INT)", "nulls", "parquet") + "INSERT INTO x SELECT CAST(NULL AS INT);"), &[]).ok();
    fails_on(
        &case,
        &read("(id INT NOT NULL)", "nulls", "parquet"),
        &[
            ".parquet: column `id` has a NULL, and it is declared NOT NULL",
            "help: leave NOT NULL out of the table's column",
        ],
    );
    fails_on(
        &case,
        &read("(id INT)", "x.json.gz", "json"),
        &["x.json.gz: ", "help: the file is cut off or damaged: its name says that it is compressed"],
    );
    fails_on(
        &case,
        &read("(id INT, p INT) PARTITIONED BY (p)", "folders", "json"),
        &["folders/p=zz/x.json: the folder name p=zz gives no value", "column `p`: expected INT, found \"zz\""],
    );
}

#[test]
fn folders_of_state() {
    let case = Case::new();
    let sql = "CREATE TABLE s (id INT) WITH ('connector' = 'datagen', 'rows-per-second' = '100');
        CREATE TABLE p (id INT) WITH ('connector' = 'print');
        INSERT INTO p SELECT id FROM s;";
    case.file("f.sql", sql);
    for folder in ["a", "b"] {
        let mut running = Running::start(case.command().args(["run", "f.sql", "--state-dir", folder]));
        running.wait_for_line("+I[");
        running.interrupt();
    }
    case.riverrun(&["run", "f.sql", "--state-dir", "a", "--from", "b"]).failed(
        2,
        &[
            "/a holds checkpoints of its own job already",
            "--from b would leave them behind",
            "help: give a new --state-dir, or go on without --from",
        ],
    );
    case.riverrun(&["run", "f.sql", "--state-dir", "a", "--from", "b", "--rewind"]).failed(
        2,
        &[
            "--from b would leave them behind",
            "help: --rewind goes back to a checkpoint that `riverrun checkpoints ",
            "/a` lists, not to a savepoint: give a new --state-dir, or go on without --from",
        ],
    );
    case.riverrun(&["run", "f.sql", "--state-dir", "c", "--from", "."])
        .failed(2, &[". holds checkpoints of several jobs", "help: name one of them: ", "/checkpoints/"]);
    let records = std::fs::read_to_string(case.path().join("a/jobs.json")).unwrap();
    case.file("a/jobs.json", &records.replace("\"version\": 1", "\"version\": 2"));
    case.file("b/jobs.json", "xx");
    case.riverrun(&["run", "f.sql", "--state-dir", "a"]).failed(
        1,
        &["a/jobs.json has version 2, and only 1 is known", "help: use the version of Riverrun that wrote it"],
    );
    case.riverrun(&["run", "f.sql", "--state-dir", "b"]).failed(
        1,
        &[
            "b/jobs.json is damaged: expected value at line 1 column 1",
            "it says which jobs the checkpoints beside it are of, and what they go on from",
            "help: put a copy of it back; another --state-dir with --from ",
        ],
    );
}
