//! Jobs in several processes of this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::Case;

const PIPELINE: &str = "
CREATE TABLE hits (
  `at` TIMESTAMP(3), usr STRING, page STRING, n INT,
  WATERMARK FOR `at` AS `at` - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in', 'format' = 'json', 'on-error' = 'skip');
CREATE TABLE minutes (start_at TIMESTAMP(3), page STRING, hits BIGINT, users BIGINT, total INT)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/minutes', 'format' = 'json');
CREATE TABLE visits (usr STRING, start_at TIMESTAMP(3), end_at TIMESTAMP(3), hits BIGINT)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/visits', 'format' = 'csv');
EXECUTE STATEMENT SET BEGIN
  INSERT INTO minutes
  SELECT window_start, page, COUNT(*), COUNT(DISTINCT usr), SUM(n)
  FROM TABLE(TUMBLE(TABLE hits, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, page;
  INSERT INTO visits
  SELECT usr, window_start, window_end, COUNT(*)
  FROM TABLE(SESSION(TABLE hits PARTITION BY usr, DESCRIPTOR(`at`), INTERVAL '3' SECOND)) GROUP BY window_start, window_end, usr;
END;
";

/// Four files of hits, each in the order of time but for a few seconds.
fn case() -> Case {
    let case = Case::new();
    for file in 0..4_u32 {
        let mut text = String::new();
        for n in 0..500_u32 {
            let noise = (n * 7919 + file * 104_729) % 997;
            let second = n + 10 - noise % 9;
            let (minute, second) = (second / 60, second % 60);
            let (user, page) = (noise % 13, noise % 5);
            text.push_str(&format!(
                "{{\"at\":\"2024-03-01 10:{minute:02}:{second:02}\",\"usr\":\"u{user}\",\"page\":\"/{page}\",\"n\":{n}}}\n"
            ));
        }
        text.push_str("broken\n");
        case.file(&format!("in/{file}.json"), &text);
    }
    case
}

#[test]
fn two_processes_give_what_one_gives() {
    let one = case();
    one.run(PIPELINE, &["-p", "1"]).ok();
    let (minutes, visits) = (one.lines("minutes"), one.lines("visits"));
    assert!(minutes.len() > 40 && visits.len() > 13, "{} {}", minutes.len(), visits.len());

    for workers in ["2", "4"] {
        let two = case();
        two.run(PIPELINE, &["--processes", "2", "-p", workers, "--summary", "summary.json"]).ok();
        assert_eq!(two.lines("minutes"), minutes, "{workers} workers in 2 processes");
        assert_eq!(two.lines("visits"), visits, "{workers} workers in 2 processes");
    }
}

#[test]
fn rows_of_a_query_come_to_the_process_that_was_called() {
    let case = case();
    let query = format!(
        "{}SELECT page, n FROM hits WHERE usr = 'u1';",
        &PIPELINE[..PIPELINE.find("CREATE TABLE minutes").unwrap()]
    );
    let one = case.run(&query, &["-p", "1", "--output", "table"]).ok();
    let two = case.run(&query, &["--processes", "2", "--output", "table"]).ok();
    assert_eq!(two.sorted(), one.sorted());
}

#[test]
fn a_failure_in_any_process_ends_the_job_with_its_message() {
    let case = case();
    let sql = "
        CREATE TABLE hits (n INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in', 'format' = 'json');
        CREATE TABLE nowhere (n INT) WITH ('connector' = 'blackhole');
        INSERT INTO nowhere SELECT n FROM hits;";
    case.run(sql, &["--processes", "2", "-p", "2"]).failed(1, &["table hits", "line 501", "on-error"]);
}

#[test]
fn a_process_that_dies_before_it_has_joined_is_not_waited_for() {
    let case = case();
    let mut run = case.command();
    run.args(["run", "pipeline.sql", "--processes", "2", "-p", "2"]);
    case.file(
        "pipeline.sql",
        "CREATE TABLE t (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '1');
        CREATE TABLE nowhere (n INT) WITH ('connector' = 'blackhole'); INSERT INTO nowhere SELECT n FROM t;",
    );
    let running = run.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let place = format!("/proc/{0}/task/{0}/children", running.id());
    let child = loop {
        let children = std::fs::read_to_string(&place).unwrap();
        if let Some(child) = children.split_whitespace().next() {
            break child.to_owned();
        }
    };
    assert!(std::process::Command::new("kill").args(["-KILL", &child]).status().unwrap().success());
    let ended = common::Ended::from(running.wait_with_output().unwrap()).failed(1, &["error: "]);
    // Some die before they were told what to do.
    let said = ["process 1 has ended before it joined the job", "cannot start a process of the job: Broken pipe"];
    assert!(said.iter().any(|said| ended.err.contains(said)), "{}", ended.err);
}

#[test]
fn workers_that_can_not_be_shared_evenly_are_refused() {
    Case::new()
        .run("SELECT 1;", &["--processes", "2", "-p", "3"])
        .failed(2, &["3 workers can't be shared evenly by 2 processes", "set -p to a multiple of 2"]);
}
