//! The command line: its arguments, files, folders of state and running jobs.

use super::common::{Case, Ended, Running};
use std::io::Write;
use std::process::Stdio;

#[test]
fn files_of_statements() {
    let case = Case::new();
    std::fs::create_dir(case.path().join("folder")).unwrap();
    std::fs::write(case.path().join("bytes.sql"), b"SELECT \xff;").unwrap();
    case.file("q.sql", "SELECT 1;");
    let commands: &[(&[&str], i32, &[&str])] = &[
        (&["check", "bytes.sql"], 2, &["'bytes.sql' is not UTF-8: byte 7"]),
        (&["check", "folder"], 2, &["cannot read 'folder': Is a directory", "help: give the path of a SQL file, or -"]),
        (&["test", "folder"], 2, &["there are no tests", "help: test files end in .test"]),
        (
            &["run", "q.sql", "--summary", "nowhere/s.json"],
            2,
            &[
                "cannot write the summary to 'nowhere/s.json': No such file or directory",
                "help: check that the folder exists and may be written",
            ],
        ),
    ];
    for (args, code, said) in commands {
        eprintln!("{args:?}");
        case.riverrun(args).failed(*code, said);
    }
}

#[test]
fn a_worker_that_no_run_has_started() {
    let said = ["no order has come: `riverrun worker` is started by `riverrun run --processes`, not by hand"];
    Case::new().riverrun(&["worker"]).failed(2, &said);
}

#[test]
fn standard_input_that_is_no_text() {
    let case = Case::new();
    let mut command = case.command();
    command.args(["check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"SELECT \xff;").unwrap();
    Ended::from(child.wait_with_output().unwrap()).failed(2, &["cannot read standard input:", "UTF-8"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_row_that_cannot_be_printed() {
    let case = Case::new();
    case.file("p.sql", "CREATE TABLE p (id INT) WITH ('connector' = 'print');\nINSERT INTO p SELECT 1;");
    let mut command = case.command();
    command.args(["run", "p.sql"]).stdout(std::fs::File::create("/dev/full").unwrap());
    let said = ["cannot print a row: No space left on device", "help: the reader of standard output has gone away"];
    Ended::from(command.output().unwrap()).failed(1, &said);
}

#[test]
fn savepoints_of_jobs_that_are_not_there() {
    let case = Case::new();
    let sql = "CREATE TABLE p (id INT) WITH ('connector' = 'print');
        CREATE TABLE s (id INT) WITH ('connector' = 'datagen', 'rows-per-second' = '100');
        INSERT INTO p SELECT id FROM s;";
    case.file("f.sql", sql);
    let mut running = Running::start(case.command().args(["run", "f.sql", "--state-dir", "state"]));
    running.wait_for_line("+I[");
    case.riverrun(&["savepoint", "state", "saved", "--job", "7"]).failed(2, &["there is no job 7", "help: running: 0"]);
    running.interrupt();
    case.riverrun(&["savepoint", "state", "saved"]).failed(1, &["no process runs the job of state", "help:"]);
    case.riverrun(&["checkpoints", "nowhere"])
        .failed(2, &["there is no checkpoint or savepoint in nowhere", "help: name a savepoint, a checkpoint"]);
}

#[test]
fn keys_of_object_stores() {
    let case = Case::new();
    let mut command = case.command();
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    command.args(["checkpoints", "s3://bucket/x", "-D", "s3.access-key=a"]);
    let said =
        ["cannot reach s3://bucket: one of the two keys is missing", "help: set s3.access-key and s3.secret-key"];
    Ended::from(command.output().unwrap()).failed(2, &said);
}

/// A pipeline that ends and can be rehearsed.
const ENDS: &str = "\
CREATE TABLE s (id INT) WITH ('connector' = 'datagen', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', \
'fields.id.end' = '10');
CREATE TABLE b (id INT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
INSERT INTO b SELECT id FROM s;";

#[test]
fn names_that_there_are_not() {
    let commands: &[(&[&str], &[&str])] = &[
        (&["connectors", "nope"], &["there is no connector or format 'nope'", "help: known: print, blackhole"]),
        (&["connectors", "kafak"], &["there is no connector or format 'kafak'", "help: did you mean `kafka`?"]),
        (&["functions", "nope"], &["there is no function 'nope'", "help: `riverrun functions` lists those there are"]),
        (&["functions", "UPPR"], &["there is no function 'UPPR'", "help: did you mean `UPPER`?"]),
        (
            &["bench", "nexmark", "--queries", "souce"],
            &[
                "there is no query 'souce'",
                "the queries are q0 to q23, and source, the source alone",
                "help: did you mean `source`?",
            ],
        ),
    ];
    let case = Case::new();
    for (args, said) in commands {
        eprintln!("{args:?}");
        case.riverrun(args).failed(2, said);
    }
}

#[test]
fn arguments_of_run() {
    let commands: &[(&[&str], &[&str])] = &[
        (
            &["-D", "nope=1"],
            &["option -D: there is no option 'nope'", "help: `riverrun options` lists those there are"],
        ),
        (&["-D", "x"], &["invalid value 'x' for '-D <KEY=VALUE>': expected KEY=VALUE"]),
        (&["--var", "x"], &["invalid value 'x' for '--var <NAME=VALUE>': expected KEY=VALUE"]),
        (&["-p", "0"], &["invalid value '0' for '--parallelism <N>': expected a number from 1 to 256"]),
        (&["--processes", "0"], &["invalid value '0' for '--processes <N>': 0 is not in 1..=64"]),
        (
            &["--state-dir", "q.sql"],
            &[
                "q.sql can't be a state directory",
                "q.sql is a file, not a folder",
                "help: name a folder; one that does not exist is made",
            ],
        ),
        (
            &["--state-dir", "s", "--from", "nope"],
            &["there is no checkpoint or savepoint in nope", "help: name a savepoint, a checkpoint (…/chk-7)"],
        ),
    ];
    let case = Case::new();
    case.file("q.sql", ENDS);
    for (args, said) in commands {
        eprintln!("{args:?}");
        case.riverrun(&[&["run", "q.sql"], *args].concat()).failed(2, said);
    }
}

#[test]
fn a_worker_is_not_started_by_hand() {
    Case::new()
        .riverrun(&["worker"])
        .failed(2, &["`riverrun worker` is started by `riverrun run --processes`, not by hand"]);
}

#[test]
fn a_file_without_a_job_has_no_upgrade() {
    let case = Case::new();
    let table = "CREATE TABLE b (x INT) WITH ('connector' = 'blackhole');";
    case.run(&format!("{table} INSERT INTO b SELECT 1;"), &["--state-dir", "state"]).ok();
    case.file("none.sql", table);
    case.riverrun(&["explain", "none.sql", "--upgrade", "state"]).failed(2, &["error: the file has no job"]);
}

#[test]
fn faults_and_folders_of_rehearsals() {
    let commands: &[(&[&str], i32, &[&str])] = &[
        (&["--timeout", "x"], 2, &["'x' is no duration", "help: write it like --timeout '2 min'"]),
        (
            &["--keep", "full"],
            2,
            &["the folder full is not empty", "help: give --keep a new folder: the runs begin without a state"],
        ),
        (
            &["--keep", "full/f"],
            1,
            &["cannot make the folder full/f for the runs: File exists", "help: name another one with --keep"],
        ),
        (&["--matrix", "--hits", "0"], 2, &["--hits counts from 1"]),
        (
            &["--matrix", "--faults", "kill@moment"],
            2,
            &[
                "--matrix has no fault that strikes at a failpoint",
                "help: a kill at some moment is for a rehearsal without --matrix",
            ],
        ),
        (
            &["--faults", "disconnect"],
            2,
            &[
                "none of these faults can strike this pipeline",
                "help: a connection can be lost only where a table is in another system",
            ],
        ),
        (
            &["--faults", "zzz"],
            2,
            &[
                "there is no fault 'zzz'",
                "help: kinds: error, panic, kill, delay, stall, disconnect; failpoints: riverrun chaos --list",
            ],
        ),
        (
            &["--faults", "kill@moment:1"],
            2,
            &["'kill@moment:1' is no fault: a moment has no hits", "help: write kill@moment; --strikes says how often"],
        ),
        (
            &["--faults", "error@moment"],
            2,
            &[
                "'error@moment' is no fault: only a kill comes at some moment, no error",
                "help: write kill@moment, or error@POINT: riverrun chaos --list shows the failpoints",
            ],
        ),
        (
            &["--faults", "delay(x)@sink-write:1"],
            2,
            &[
                "'delay(x)@sink-write:1' is no fault: 'x' is no duration",
                "help: write it like delay(100ms)@sink-write:1",
            ],
        ),
    ];
    let case = Case::new();
    case.file("f.sql", ENDS);
    case.file("full/f", "");
    for (args, code, said) in commands {
        eprintln!("{args:?}");
        case.riverrun(&[&["chaos", "f.sql"], *args].concat()).failed(*code, said);
    }
}

#[test]
fn pipelines_that_can_not_be_rehearsed() {
    let pipelines = [
        (
            ENDS.replace("'filesystem', 'path' = 'out', 'format' = 'json'", "'blackhole'"),
            [
                "nothing that the pipeline writes can be read back and compared",
                "it writes 'b' (blackhole)",
                "help: let it write to a table of the connector filesystem, jdbc or kafka",
            ],
        ),
        (
            ENDS.replace("'sequence', 'fields.id.start' = '1', 'fields.id.end' = '10'", "'random'"),
            [
                "the pipeline never ends: table 's' is unbounded",
                "a rehearsal compares what two runs have written when they are over",
                "help: say how many rows it gives: 'number-of-rows' = '100000'",
            ],
        ),
        (
            ENDS.replace("FROM s", "FROM b"),
            [
                "table 'b' is both read and written",
                "help: a rehearsal leads what is written elsewhere: ",
                "declare two tables, one for each",
            ],
        ),
        (
            ENDS.replace("INSERT INTO b SELECT", "SELECT"),
            [
                "the file has no INSERT, so there is no output to compare",
                "help: write the rows of its queries to a table: ",
                "INSERT INTO … SELECT …",
            ],
        ),
    ];
    let case = Case::new();
    case.file("out/f.json", "{\"id\": 1}\n");
    for (sql, said) in pipelines {
        eprintln!("{sql}");
        case.file("f.sql", &sql);
        case.riverrun(&["chaos", "f.sql"]).failed(2, &said);
    }
}

#[test]
fn databases_that_can_not_be_opened() {
    let table = |url: &str| {
        format!(
            "CREATE TABLE x (id INT) WITH ('connector' = 'jdbc', 'table-name' = 'x', 'url' = '{url}'); SELECT * FROM x;"
        )
    };
    let urls: &[(&str, i32, &[&str])] = &[
        (
            "jdbc:sqlite:nope.db",
            2,
            &["cannot open the SQLite database nope.db", "help: the file must exist, and its folder must be writable"],
        ),
        (
            "jdbc:sqlite:empty.db",
            2,
            &[
                "there is no table 'x' of SQLite database empty.db",
                "help: create it there first, or check 'table-name'",
            ],
        ),
        (
            "jdbc:postgresql://localhost:1/x",
            1,
            &[
                "cannot connect to PostgreSQL at localhost:1/x: ",
                "help: check that the server at localhost:1/x runs and can be reached",
            ],
        ),
        (
            "jdbc:postgresql://localhost:1/x?sslmode=verify-full&sslrootcert=nope.pem",
            2,
            &["'sslrootcert=nope.pem' can't be read: No such file or directory", "help: it names a PEM file"],
        ),
        (
            "jdbc:postgresql://localhost:1/x?sslmode=verify-full&sslcert=nope.pem&sslkey=nope.key",
            2,
            &["'sslcert=nope.pem' can't be read: No such file or directory", "help: it names a PEM file"],
        ),
    ];
    let case = Case::new();
    case.file("empty.db", "");
    for (url, code, said) in urls {
        eprintln!("{url}");
        case.run(&table(url), &[]).failed(*code, said);
    }
}

#[test]
fn a_database_that_does_not_answer() {
    // It takes connections, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("{}/x", silent.local_addr().unwrap());
    let sql = format!(
        "CREATE TABLE x (id INT) WITH ('connector' = 'jdbc', 'table-name' = 'x', 'url' = 'jdbc:postgresql://{address}',
         'connection.max-retry-timeout' = '1 s'); SELECT * FROM x;"
    );
    let said = format!("cannot connect to PostgreSQL at {address}: no answer within 1 s");
    let help = format!("help: check that the server at {address} runs and can be reached");
    Case::new().run(&sql, &[]).failed(1, &[&said, &help]);
}

#[test]
fn what_needs_checkpoints() {
    let sql = "CREATE TABLE k (id INT) WITH ('connector' = 'kafka', 'properties.bootstrap.servers' = 'localhost:1', \
        'topic' = 'a', 'format' = 'json', 'sink.delivery-guarantee' = 'exactly-once');\nINSERT INTO k SELECT 1;";
    let said = [
        "table 'k' is to be written exactly once, but the job has no checkpoints",
        "--> pipeline.sql:1:",
        "help: run it with --state-dir DIR, or set 'sink.delivery-guarantee' to 'at-least-once'",
    ];
    Case::new().run(sql, &[]).failed(2, &said);
}

#[test]
fn a_watermark_that_is_asked_for_where_it_is_not_known() {
    let sql = "CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen', 'number-of-rows' = '1');
        SELECT COUNT(CURRENT_WATERMARK(ts)) FROM t;";
    Case::new().run(sql, &[]).failed(2, &["CURRENT_WATERMARK outside of SELECT and WHERE is not supported yet"]);
}
