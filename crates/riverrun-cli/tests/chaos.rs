//! `riverrun chaos`, and the failpoints through the binary: what stands in files and in SQLite in the end.
#![cfg(feature = "jdbc")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::sums::{self, TABLES, base, counts, numbers};
use common::{Case, Ended};
use riverrun_core::failpoint::{FAULTS_VARIABLE, LEDGER_VARIABLE, POINTS};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const ROWS: i64 = 2_000;

/// Numbers into files and SQLite.
fn pipeline(guarantee: &str) -> String {
    sums::pipeline(&numbers(ROWS, 1_000_000), guarantee, true)
}

/// The same without files, which would take part in what is counted at a failpoint.
fn without_files(guarantee: &str) -> String {
    sums::pipeline(&numbers(ROWS, 1_000_000), guarantee, false)
}

/// A case with the database, whose tables have a row each already.
fn case(sql: &str) -> Case {
    let case = Case::new();
    base(&case).execute_batch(TABLES).unwrap();
    base(&case).execute_batch("INSERT INTO plain VALUES (-1); INSERT INTO sums VALUES (3, -3)").unwrap();
    case.file("pipeline.sql", sql);
    case
}

fn chaos(case: &Case, args: &[&str]) -> Ended {
    // What a run leaves that went wrong goes with the case.
    let mut command = case.command();
    command.env("TMPDIR", case.path()).args(["chaos", "pipeline.sql"]).args(args);
    Ended::from(command.output().unwrap())
}

#[test]
fn a_rehearsal_agrees_says_what_struck_and_leaves_the_tables_alone() {
    let case = case(&pipeline("exactly-once"));
    let faults = "kill@token:2,panic@manifest-put:3,disconnect@commit-answer:4,error@sink-restore:1";
    let ended = chaos(&case, &["--seed", "7", "--faults", faults]).ok();
    ended.prints(&[
        "seed 7\n",
        "undisturbed: 4\u{2009}011 rows in 3 tables",
        "run 1 (seed 7): ",
        "  kill@token:2                     struck (pid ",
        "  panic@manifest-put:3             struck (pid ",
        "  disconnect@commit-answer:4       struck (pid ",
        "  error@sink-restore:1             struck (pid ",
        "  table plain: 2\u{2009}001 rows, agrees\n",
        "  table sums: 10 rows, agrees\n",
        "  table files: 2\u{2009}000 rows, agrees\n",
        "the outputs agree: 4 faults struck, ",
    ]);
    assert_eq!(counts(&case, "SELECT count(*), sum(id) FROM plain"), (1, -1));
    assert_eq!(counts(&case, "SELECT k, n FROM sums"), (3, -3));
    assert!(!case.path().join("files").exists());
}

#[test]
fn a_rehearsal_kills_any_of_several_processes() {
    let case = case(&pipeline("exactly-once"));
    let args = ["--processes", "2", "-p", "2", "--faults", "kill@moment", "--strikes", "2", "--seed", "3"];
    let ended = chaos(&case, &args).ok();
    assert!(ended.out.contains("kill of process "), "{}", ended.out);
    assert!(ended.out.contains("the outputs agree: 2 faults struck"), "{}", ended.out);
}

#[test]
fn every_failpoint_holds_in_every_manner_over_sqlite_and_files() {
    let case = case(&pipeline("exactly-once"));
    // Every kind at twelve points; all points, hits and systems are `make chaos`.
    let faults = "error,panic,kill,delay,barrier,sink-snapshot,epoch-log,checkpoint-upload,part-report,manifest-put,\
        manifest-put-done,sink-write,token,target-commit,commit-answer,source-restore";
    let ended = chaos(&case, &["--matrix", "--hits", "2", "--jobs", "4", "--faults", faults]).ok();
    println!("{}", ended.out);
    assert!(ended.out.contains("48 cells ran, 48 held, 0 broke, 0 were not reached"), "{}", ended.out);
}

#[test]
fn at_least_once_tables_may_repeat_rows_and_the_report_counts_them() {
    let case = case(&pipeline("at-least-once"));
    let ended = chaos(&case, &["--faults", "kill@commit-answer:3", "-p", "1"]).ok();
    assert!(ended.out.contains("came again, as at-least-once allows"), "{}", ended.out);
    assert!(ended.out.contains("  table sums: 10 rows, agrees\n"), "{}", ended.out);
}

#[test]
fn outputs_that_differ_are_named_with_the_command_that_repeats_it() {
    let case = Case::new();
    case.file("in/a.csv", "1\n2\n3\n");
    case.file(
        "pipeline.sql",
        "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'csv');
         CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 'files', 'format' = 'csv');
         INSERT INTO files SELECT id FROM numbers;",
    );
    // A source that is not the same in the disturbed run: only then is the folder of that run there.
    let (kept, input) = (case.path().join("kept"), case.path().join("in/a.csv"));
    let change = std::thread::spawn(move || {
        let wait_for = |folder: &str| {
            while !kept.join(folder).exists() {
                std::thread::sleep(Duration::from_micros(200));
            }
        };
        wait_for("run-1");
        std::fs::write(&input, "1\n2\n4\n").unwrap();
        wait_for("undisturbed-2");
        std::fs::write(&input, "1\n2\n3\n").unwrap();
    });
    let ended = chaos(&case, &["--keep", "kept", "--seed", "5", "--faults", "delay@barrier:1"]);
    change.join().unwrap();
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    ended.prints(&[
        "  table files: 3 rows, DIFFERS from 3 rows of the undisturbed run: 1 missing, 1 too many\n    - [3]\n    + [4]\n",
        "THE OUTPUTS DIFFER: 1 fault struck",
        "repeat it with: riverrun chaos pipeline.sql --seed 5 --runs 1 --strikes 4 -p 2 --processes 1 --faults 'delay@barrier:1'",
        "kept\n",
    ]);
    assert!(case.path().join("kept/run-1/log").exists());
}

#[test]
fn what_can_not_be_rehearsed_is_wrong_input() {
    let refused = |sql: &str, args: &[&str], said: &[&str]| drop(chaos(&case(sql), args).failed(2, said));
    let good = pipeline("exactly-once");
    refused(&good, &["--faults", "kil"], &["there is no fault 'kil'", "did you mean `kill`?"]);
    refused(&good, &["--faults", "kill@barier"], &["there is no failpoint 'barier'", "did you mean `barrier`?"]);
    refused(&good, &["--timeout", "soon"], &["'soon' is no duration", "--timeout '2 min'"]);
    refused(&good, &["--matrix", "--hits", "0"], &["--hits counts from 1"]);
    let endless =
        "CREATE TABLE ever (id BIGINT) WITH ('connector' = 'datagen'); INSERT INTO plain SELECT id FROM ever;";
    refused(&format!("{good}{endless}"), &[], &["never ends: table 'ever' is unbounded", "'number-of-rows'"]);
    refused(&good.replace("base.db", "gone.db"), &[], &["cannot copy the SQLite database gone.db"]);
    refused(
        &format!(
            "{} CREATE TABLE shown (id BIGINT) WITH ('connector' = 'print'); INSERT INTO shown SELECT id FROM numbers;",
            numbers(ROWS, 1_000)
        ),
        &[],
        &["nothing that the pipeline writes can be read back and compared", "it writes 'shown' (print)"],
    );
    refused(&good, &["-p", "3", "--processes", "2"], &["3 workers can't be shared evenly by 2 processes"]);
    refused(&good, &["--keep", "."], &["the folder . is not empty"]);
}

#[test]
fn a_pipeline_that_gives_other_rows_each_time_is_told_from_one_that_loses_rows() {
    let sql = format!(
        "{} CREATE TABLE files (x DOUBLE) WITH ('connector' = 'filesystem', 'path' = 'files', 'format' = 'csv');
         INSERT INTO files SELECT RAND() FROM numbers;",
        numbers(ROWS, 1_000_000)
    );
    let ended = chaos(&case(&sql), &["--faults", "delay@barrier:1"]);
    ended.failed(2, &["two undisturbed runs of the pipeline give different rows", "RAND"]);
}

#[test]
fn tables_that_can_not_be_compared_are_named() {
    let sql = format!(
        "{} CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 'files', 'format' = 'csv');
         CREATE TABLE shown (id BIGINT) WITH ('connector' = 'print');
         INSERT INTO files SELECT id FROM numbers; INSERT INTO shown SELECT id FROM numbers;",
        numbers(ROWS, 1_000_000)
    );
    let ended = chaos(&case(&sql), &["--faults", "error@barrier:1"]).ok();
    let said = "not compared: table 'shown': what 'print' writes can't be read back\n";
    assert!(ended.out.contains(said), "{}", ended.out);
}

#[test]
fn a_dead_letter_is_compared_but_for_the_time_at_which_it_was_read() {
    let lines: String = (1..=3_000)
        .map(|id| if id % 500 == 0 { "broken\n".to_owned() } else { format!("{{\"id\": {id}}}\n") })
        .collect();
    let case = Case::new();
    case.file("rows.json", &lines);
    case.file(
        "pipeline.sql",
        "CREATE TABLE lines (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 'rows.json', 'format' = 'json', 'on-error' = 'broken');
         CREATE TABLE broken (reason STRING, `offset` BIGINT, seen_at TIMESTAMP_LTZ(3)) WITH ('connector' = 'filesystem', 'path' = 'broken', 'format' = 'csv');
         CREATE TABLE good (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 'good', 'format' = 'csv');
         INSERT INTO good SELECT id FROM lines;",
    );
    let ended = chaos(&case, &["--seed", "3"]).ok();
    ended.prints(&[
        "not compared: column 'seen_at' of table 'broken': the time of the run",
        "table good: 2\u{2009}994 rows, agrees",
        "table broken: 6 rows, agrees",
    ]);
}

#[test]
fn the_list_names_every_failpoint() {
    let ended = Case::new().riverrun(&["chaos", "--list"]).ok();
    for point in POINTS.iter().filter(|point| point.name != "savepoint-copy") {
        assert!(ended.out.contains(point.name), "{}", point.name);
    }
}

/// A run by itself with faults from the environment, and so long a wait before each batch; whether it ended well.
fn run_with(case: &Case, state: &str, wait: &str, faults: &str) -> bool {
    let ledger = case.path().join(format!("ledger-{state}"));
    std::fs::create_dir_all(&ledger).unwrap();
    let mut run = case.command();
    run.args(["run", "pipeline.sql", "-p", "1", "--state-dir", state, "-D", "execution.checkpointing.interval=50ms"])
        .args(["-D", "execution.batch-size=8"])
        .env(FAULTS_VARIABLE, format!("delay({wait})@source-read:*,{faults}"))
        .env(LEDGER_VARIABLE, ledger);
    run.output().unwrap().status.success()
}

/// What stands in `plain` of our rows after a run that was killed by this fault, and one that went on: all, and different ones.
fn after_a_death(guarantee: &str, fault: &str) -> (i64, i64) {
    let case = case(&without_files(guarantee));
    assert!(!run_with(&case, "state", "100ms", fault), "the fault has not struck");
    assert!(run_with(&case, "state", "1ms", fault));
    counts(&case, "SELECT count(*), count(DISTINCT id) FROM plain WHERE id > 0")
}

#[test]
fn at_least_once_repeats_what_was_written_and_not_yet_confirmed() {
    let (rows, different) = after_a_death("at-least-once", "kill@commit-answer:6");
    assert_eq!(different, ROWS, "nothing is lost");
    assert!(rows > ROWS, "what was written when the process died is written again");
}

#[test]
fn without_a_guarantee_rows_that_were_not_written_are_lost() {
    // Away for some checkpoints, and then dead: what had come meanwhile is in none of them.
    let fault = "stall(20s)@sink-write:4,stall(20s)@sink-write:5,kill@barrier:7";
    let (_, different) = after_a_death("none", fault);
    assert!(different < ROWS, "{different} rows");
    let (rows, _) = after_a_death("at-least-once", fault);
    assert!(rows >= ROWS, "{rows} rows");
}

#[test]
fn a_sink_that_loses_its_connection_at_any_step_tries_again_without_a_restart() {
    let case = case(&without_files("exactly-once"));
    let faults = "disconnect@fence:1,disconnect@sink-write:2,disconnect@sink-write:3,disconnect@token:4,\
        disconnect@target-commit:5,disconnect@commit-answer:6";
    assert!(run_with(&case, "state", "20ms", faults), "it fails, and is not started again");
    assert_eq!(counts(&case, "SELECT count(*), count(DISTINCT id) FROM plain WHERE id > 0"), (ROWS, ROWS));
    assert_eq!(counts(&case, "SELECT count(*), sum(n) FROM sums"), (10, ROWS));
    let struck = std::fs::read_to_string(case.path().join("ledger-state/struck")).unwrap();
    assert_eq!(struck.lines().count(), 6, "{struck}");
}

#[test]
fn every_failpoint_in_the_sources_is_in_the_list() {
    let mut found = BTreeSet::new();
    let crates = Path::new("..");
    for krate in std::fs::read_dir(crates).unwrap().flatten() {
        collect(&krate.path().join("src"), &mut found);
    }
    let listed: BTreeSet<String> = POINTS.iter().map(|point| point.name.to_owned()).collect();
    assert_eq!(found, listed);
}

/// The names in calls of `failpoint("…")` and `connection_point("…")` below a folder.
fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for call in ["failpoint(\"", "connection_point(\""] {
                let calls = text.split(call).skip(1);
                found.extend(calls.filter_map(|rest| rest.split_once('"').map(|(name, _)| name.to_owned())));
            }
        }
    }
}

/// Numbers into files.
fn small() -> Case {
    let case = Case::new();
    let files = "CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 'files', 'format' = 'csv');";
    case.file("pipeline.sql", &format!("{}{files}INSERT INTO files SELECT id FROM numbers;", numbers(ROWS, 1_000_000)));
    case
}

#[test]
fn a_rehearsal_of_nothing_is_refused() {
    let case = small();
    let refused = |args: &[&str], said: &[&str]| drop(chaos(&case, args).failed(2, said));
    refused(&["--runs", "0"], &["'--runs <N>'", "expected a number from 1 on"]);
    refused(&["--strikes", "0"], &["'--strikes <N>'", "expected a number from 1 on"]);
    refused(&["--matrix", "--jobs", "0"], &["'--jobs <N>'", "expected a number from 1 on"]);
    refused(&["-p", "0"], &["'--parallelism <N>'", "expected a number from 1 to 256"]);
    refused(&["--hits", "3"], &["required arguments were not provided", "--matrix"]);
    refused(&["--jobs", "3"], &["required arguments were not provided", "--matrix"]);
    refused(&["--matrix", "--faults", "kill@moment"], &["--matrix has no fault that strikes at a failpoint"]);
}

#[test]
fn a_fault_that_was_named_and_has_not_struck_is_no_success() {
    let ended = chaos(&small(), &["--faults", "delay(10ms)@barrier:1,kill@savepoint-copy:1"]);
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    ended.prints(&[
        "  delay(10ms)@barrier:1            struck (pid ",
        "  kill@savepoint-copy:1            not reached\n",
        "the outputs agree: 1 fault struck, ",
        "\nNOT REACHED, though asked for: kill@savepoint-copy:1: no savepoint is taken in a rehearsal\n",
    ]);
    let ended = chaos(&small(), &["--matrix", "--hits", "1", "--faults", "delay@barrier,kill@savepoint-copy:1"]);
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("NOT REACHED, though asked for: kill@savepoint-copy:1\n"), "{}", ended.out);
}

#[test]
fn a_cell_whose_run_was_too_short_for_its_hit_is_run_again_for_longer() {
    // Checkpoints come every 100 ms, and a run takes a second and a half.
    let ended = chaos(&small(), &["--matrix", "--hits", "18", "--faults", "delay(1ms)@barrier"]).ok();
    assert!(ended.out.contains("1 cells ran, 1 held, 0 broke, 0 were not reached"), "{}", ended.out);
}

#[test]
fn of_faults_that_a_seed_chooses_one_at_least_must_strike() {
    // At some hit of a failpoint that no rehearsal passes.
    let ended = chaos(&small(), &["--seed", "1", "--faults", "kill@savepoint-copy"]);
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("NOTHING WAS REHEARSED: no fault has struck"), "{}", ended.out);
    let ended = chaos(&small(), &["--seed", "1", "--faults", "delay@savepoint-copy,delay(10ms)@barrier:1"]).ok();
    assert!(ended.out.contains("  delay@savepoint-copy:"), "{}", ended.out);
    assert!(ended.out.contains("not reached\n"), "{}", ended.out);
}

#[test]
fn a_fault_at_every_hit_is_not_counted() {
    let ended = chaos(&small(), &["--faults", "delay(1ms)@source-read:*"]).ok();
    assert!(ended.out.contains("  delay(1ms)@source-read:*         not counted\n"), "{}", ended.out);
    assert!(!ended.out.contains("not reached"), "{}", ended.out);
    let ended = chaos(&small(), &["--faults", "kill@barrier:*"]);
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("  FAILED: it could not go on (signal: 9"), "{}", ended.out);
}

#[test]
fn a_fault_that_is_none_is_told_with_what_is_wrong_in_it() {
    let case = small();
    let refused = |fault: &str, said: &[&str]| drop(chaos(&case, &["--faults", fault]).failed(2, said));
    refused("delay(x)@barrier", &["'delay(x)@barrier' is no fault: 'x' is no duration", "delay(100ms)@sink-write:1"]);
    refused("delay(1s@barrier", &["'delay(1s@barrier' is no fault: ')' is missing"]);
    refused("kill(1s)@barrier", &["only a delay and a stall have a duration"]);
    let moment = ["only a kill comes at some moment, no error", "write kill@moment, or error@POINT"];
    refused("error@moment", &moment);
    refused("kill@moment:3", &["a moment has no hits", "--strikes says how often"]);
    refused("kill@mement", &["there is no failpoint 'mement'", "did you mean `moment`?"]);
    refused("error@xyzzy", &["there is no failpoint 'xyzzy'", "riverrun chaos --list shows the failpoints"]);
}

#[test]
fn a_run_that_takes_too_long_says_after_what_time() {
    let ended = chaos(&small(), &["--timeout", "3500 ms", "--faults", "stall(20s)@barrier:1"]);
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("  FAILED: it had not ended after 3500 ms\n"), "{}", ended.out);
}

#[test]
fn where_runs_only_fail_no_output_is_said_to_differ() {
    let args = ["--timeout", "3500 ms", "--faults", "stall(20s)@barrier:1", "--seed", "9"];
    let ended = chaos(&small(), &args);
    ended.prints(&[
        "A RUN HAS FAILED: 1 fault struck, 0 restarts, 0 rows compared\n",
        "--timeout gives a run more time\n",
        "repeat it with: riverrun chaos pipeline.sql --seed 9 --runs 1 --strikes 4 -p 2 --processes 1 --timeout '3500 ms' ",
    ]);
}

#[test]
fn a_pipeline_that_fails_by_itself_is_none_to_rehearse() {
    let case = small();
    let sql = std::fs::read_to_string(case.path().join("pipeline.sql")).unwrap();
    chaos(&case, &["--timeout", "1 ms"]).failed(
        1,
        &[
            "error: the undisturbed run takes too long: it had not ended after 1 ms",
            "help: --timeout gives every run more time",
        ],
    );
    case.file("pipeline.sql", &sql.replace("SELECT id", "SELECT 1 / (id - id)"));
    chaos(&case, &[]).failed(
        1,
        &[
            "error: the pipeline fails without any fault, so there is nothing to compare with: it ended with an error (exit status: 1)\n",
            "    error: / by zero\n",
            "help: a rehearsal needs a file that `riverrun run` runs to its end",
        ],
    );
}

#[test]
fn a_rehearsal_leaves_the_places_of_checkpoints_and_of_state_alone() {
    let case = small();
    let sql = std::fs::read_to_string(case.path().join("pipeline.sql")).unwrap();
    // All of them, in the file and on the command line, with state that goes below memory.
    let (a, b, c) = ("'execution.checkpointing.dir'", "'state.checkpoints.dir'", "'state.backend.rocksdb.localdir'");
    let joined =
        sql.replace("SELECT id FROM numbers", "SELECT a.id FROM numbers AS a JOIN numbers AS b ON a.id = b.id");
    let set =
        format!("SET {a} = 'places/a'; SET {b} = 'places/b'; SET {c} = 'places/c'; SET 'state.memory' = '1 mb'; ");
    case.file("pipeline.sql", &(set + &joined));
    let define = ["-D", "execution.checkpointing.dir=places/d", "-D", "state.backend.rocksdb.localdir=places/e"];
    for processes in ["1", "2"] {
        let args = ["--processes", processes, "--faults", "kill@manifest-put:3"];
        chaos(&case, &[&args[..], &define].concat()).ok().prints(&["the outputs agree: 1 fault struck, 1 restart, "]);
    }
    let left: Vec<_> = std::fs::read_dir(case.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["pipeline.sql"]);
}
