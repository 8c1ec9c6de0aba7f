//! Going on from a checkpoint that is not the newest: what is refused, what becomes of those after it, what tables then hold.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::windows::*;
use common::{Case, Running};
use std::path::PathBuf;

const KEEP: [&str; 2] = ["-D", "execution.checkpointing.num-retained=100"];
/// No checkpoint comes of itself.
const NEVER: [&str; 2] = ["-D", "execution.checkpointing.interval=1h"];

fn folder(case: &Case) -> PathBuf {
    std::fs::read_dir(case.path().join("state/checkpoints")).unwrap().next().unwrap().unwrap().path()
}

fn place(case: &Case, number: u64) -> String {
    folder(case).join(format!("chk-{number}")).display().to_string()
}

/// A job that was killed after some checkpoints, all of which are kept; the number of the newest.
fn killed(workers: &str) -> (Case, u64) {
    let case = Case::new();
    let child = start(&case, &[&["-p", workers], &KEEP[..]].concat());
    wait_beyond(&case, 4);
    kill(child);
    let newest = *checkpoints(&case).last().unwrap();
    (case, newest)
}

/// The numbers of the checkpoints that `riverrun checkpoints` calls abandoned.
fn abandoned(case: &Case) -> Vec<u64> {
    let listed = case.riverrun(&["checkpoints", "state"]).ok();
    let number = |line: &str| line.split_whitespace().next()?.strip_prefix("chk-")?.parse().ok();
    listed.out.lines().filter(|line| line.contains("abandoned")).filter_map(number).collect()
}

#[test]
fn an_older_checkpoint_is_gone_on_from_only_if_the_newer_ones_may_be_abandoned() {
    let (case, newest) = killed("2");
    let from = place(&case, 2);
    finish(&case, &["--from", &from]).failed(
        2,
        &[
            &format!("error: checkpoint 2 is not the newest: the job has gone on to checkpoint {newest}"),
            "going on from it abandons those after it",
            "go on from the newest checkpoint, without --from; --rewind goes on from this one",
        ],
    );
    assert_eq!(abandoned(&case), [0; 0], "what was refused changes nothing");
    finish(&case, &["-p", "3"]).ok();
    assert_eq!(case.lines("out"), expected());
}

#[test]
fn an_abandoned_branch_is_never_gone_on_from_again() {
    let expected = expected();
    let (case, newest) = killed("2");
    let before = case.lines("out").len();
    // A start that takes files back, and dies before it has a checkpoint.
    let child = start(&case, &[&["--from", &place(&case, 2), "--rewind"], &NEVER[..], &KEEP].concat());
    while case.lines("out").len() >= before {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    kill(child);
    assert_eq!(abandoned(&case), (3..=newest).collect::<Vec<_>>());
    for rewind in [&[][..], &["--rewind"]] {
        finish(&case, &[&["--from", &place(&case, newest)], rewind].concat()).failed(
            2,
            &[
                &format!("error: checkpoint {newest} was abandoned"),
                "the job has gone on from one before it since, so its sinks no longer hold what it counts on",
                "`riverrun checkpoints ",
            ],
        );
    }
    // The plain command goes on from where the branch began, and cleans up behind itself.
    finish(&case, &[&["-p", "3"], &KEEP[..]].concat()).ok();
    assert_eq!(case.lines("out"), expected);
    let left = checkpoints(&case);
    assert!(left.starts_with(&[1, 2]) && left.iter().all(|number| *number <= 2 || *number > newest), "{left:?}");
    assert_eq!(abandoned(&case), [0; 0]);
}

#[test]
fn nothing_is_abandoned_for_a_checkpoint_that_can_not_be_gone_on_from() {
    let (case, newest) = killed("1");
    let from = place(&case, 2);
    // One with a file that is torn, and a plan that it does not fit.
    let manifest = std::fs::read_to_string(folder(&case).join("chk-2/manifest.json")).unwrap();
    let files = std::fs::read_dir(folder(&case).join("shared")).unwrap().flatten().map(|entry| entry.path());
    let torn = files.filter(|path| manifest.contains(&*path.file_name().unwrap().to_string_lossy())).max().unwrap();
    let whole = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &whole[..whole.len() / 2]).unwrap();
    let rewound = ["--from", &from, "--rewind"];
    finish(&case, &rewound).failed(1, &["chk-2 is damaged: ", &torn.display().to_string()]);
    std::fs::write(&torn, whole).unwrap();
    let groups = ["-D", "pipeline.max-parallelism=8"];
    finish(&case, &[&rewound[..], &groups].concat()).failed(2, &["is divided into 128 key groups, not 8"]);
    assert_eq!((abandoned(&case), *checkpoints(&case).last().unwrap()), (vec![], newest));
    finish(&case, &[]).ok();
    assert_eq!(case.lines("out"), expected());
}

#[test]
fn a_job_that_has_finished_goes_on_from_an_older_checkpoint_if_it_is_rewound() {
    let expected = expected();
    let case = Case::new();
    finish(&case, &KEEP).ok();
    let from = place(&case, 2);
    let ended = finish(&case, &["--from", &place(&case, *checkpoints(&case).last().unwrap())]).ok();
    assert!(ended.err.contains("job 0 has finished in an earlier run"), "{}", ended.err);
    finish(&case, &["--from", &from]).failed(
        2,
        &[
            "/state has finished: it does not go on from ",
            "/chk-2",
            "give a new --state-dir, where --from begins a new job; --rewind takes this one back to a checkpoint of its own",
        ],
    );
    assert_eq!(case.lines("out"), expected);
    let rewound = Running::start(&mut command(&case, &["--from", &from, "--rewind"])).end().ok();
    assert!(!rewound.err.contains("has finished in an earlier run"), "{}", rewound.err);
    assert_eq!(case.lines("out"), expected);
    let again = finish(&case, &["--from", &from, "--rewind"]).ok();
    assert!(again.err.contains("job 0 has finished in an earlier run"), "once is enough: {}", again.err);
}

#[cfg(feature = "jdbc")]
mod sqlite {
    use super::*;
    use crate::common::sums::{TABLES, base, counts, numbers, pipeline};

    const ROWS: i64 = 3_000;

    fn begin(case: &Case, args: &[&str]) -> std::process::Child {
        let mut run = case.command();
        run.args(["run", "pipeline.sql", "--state-dir", "state"]);
        run.args(["-D", "execution.checkpointing.interval=100ms"]).args(KEEP).args(args);
        run.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    }

    fn query<T: rusqlite::types::FromSql>(case: &Case, sql: &str) -> T {
        base(case).query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_database_gets_what_it_held_beyond_the_checkpoint_twice_and_everything_after_it_once() {
        let case = Case::new();
        let base = base(&case);
        base.execute_batch(TABLES).unwrap();
        case.file("pipeline.sql", &pipeline(&numbers(ROWS, 300), "exactly-once", false));
        // More workers after the checkpoint than at it.
        let first = begin(&case, &["-p", "1"]);
        let newest = wait_beyond(&case, 2);
        kill(first);
        let first = begin(&case, &["-p", "4"]);
        let newest = wait_beyond(&case, newest + 5);
        kill(first);
        let newest = newest.max(*checkpoints(&case).last().unwrap());
        let held: i64 = query(&case, "SELECT count(*) FROM plain");
        base.execute_batch("CREATE TABLE held AS SELECT id FROM plain").unwrap();
        // By fewer workers, killed when the branch has fewer checkpoints than were abandoned; then by all of them again: lanes that
        // the branch has not opened before must not take its epochs for those that they have written.
        let from = place(&case, 2);
        let second = begin(&case, &["-p", "1", "--from", &from, "--rewind"]);
        wait_beyond(&case, newest + 1);
        kill(second);
        case.file("pipeline.sql", &pipeline(&numbers(ROWS, 1_000_000), "exactly-once", false));
        let ended = end(begin(&case, &["-p", "4"]));
        let ended = ended.ok();
        assert!(!ended.err.contains("is written once more"), "{}", ended.err);
        let rows: i64 = query(&case, "SELECT count(*) FROM plain");
        assert_eq!(query::<i64>(&case, "SELECT count(DISTINCT id) FROM plain"), ROWS);
        assert!(rows > ROWS && rows <= ROWS + held, "{rows} rows, {held} were held");
        let twice = "(SELECT id, count(*) AS n FROM plain GROUP BY id HAVING n > 1)";
        assert_eq!(query::<i64>(&case, &format!("SELECT max(n) FROM {twice}")), 2);
        let unheld = format!("SELECT count(*) FROM {twice} WHERE id NOT IN (SELECT id FROM held)");
        assert_eq!(query::<i64>(&case, &unheld), 0, "what came after the rewinding stands once");
        assert_eq!(query::<i64>(&case, "SELECT sum(n) FROM sums"), ROWS, "an upsert that is repeated changes nothing");
    }

    /// A job that has committed once, and holds rows that are to be written when it ends with savepoint `save`. Its database is
    /// `old.db` then; `base.db` is a new one.
    fn moved() -> Case {
        let case = Case::new();
        base(&case).execute_batch(TABLES).unwrap();
        case.file("pipeline.sql", &pipeline(&numbers(ROWS, 1_000), "exactly-once", false));
        let first = begin(&case, &[&["-p", "2"], &NEVER[..]].concat());
        let wait = || std::thread::sleep(std::time::Duration::from_millis(300));
        while !case.path().join("state/control.sock").exists() {
            wait();
        }
        let mut turn = 0;
        while query::<i64>(&case, "SELECT count(*) FROM plain") == 0 {
            turn += 1;
            case.riverrun(&["savepoint", "state", &format!("live-{turn}")]).ok();
            wait();
        }
        wait();
        case.riverrun(&["savepoint", "state", "save", "--stop"]).ok();
        end(first).ok();
        std::fs::rename(case.path().join("base.db"), case.path().join("old.db")).unwrap();
        base(&case).execute_batch(TABLES).unwrap();
        case.file("pipeline.sql", &pipeline(&numbers(ROWS, 1_000_000), "exactly-once", false));
        case
    }

    #[test]
    fn a_savepoint_is_gone_on_from_with_another_database_only_if_that_is_wanted() {
        let case = moved();
        for start in [&["--state-dir", "other", "--from", "save"][..], &["--state-dir", "state"]] {
            base(&case)
                .execute_batch("DELETE FROM plain; DELETE FROM sums; DROP TABLE IF EXISTS riverrun_commits")
                .unwrap();
            let run = [&["run", "pipeline.sql", "-p", "3"], start].concat();
            case.riverrun(&run).failed(
                1,
                &[
                    " has lost its commit token: epoch ",
                    " was committed, it says nothing",
                    "The same command with --rewind goes on with the table as it is: rows up to epoch ",
                    " are not written again, those after it are, also where the table holds them",
                ],
            );
            assert_eq!(query::<i64>(&case, "SELECT count(*) FROM plain"), 0, "what was refused writes nothing");
            let ended = case.riverrun(&[&run[..], &["--rewind"]].concat()).ok();
            assert!(ended.err.contains(" and is not in it stays missing; the "), "{}", ended.err);
            let base = base(&case);
            let (rows, different) = counts(&case, "SELECT count(*), count(DISTINCT id) FROM plain");
            assert!(rows == different && rows > 0 && rows < ROWS, "{rows} rows, {different} different ones");
            let old = case.path().join("old.db").display().to_string();
            base.execute_batch(&format!("ATTACH '{old}' AS before")).unwrap();
            let both =
                "SELECT count(DISTINCT id) FROM (SELECT id FROM before.plain UNION ALL SELECT id FROM main.plain)";
            assert_eq!(base.query_row(both, [], |row| row.get::<_, i64>(0)).unwrap(), ROWS, "together they hold all");
            assert_eq!(query::<i64>(&case, "SELECT sum(n) FROM sums"), ROWS, "all ten sums have changed since");
        }
    }
}
