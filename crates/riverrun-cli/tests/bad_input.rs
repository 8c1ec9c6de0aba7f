//! What becomes of bad rows, and of files, disks and servers that are not as they should be: by policy, counted, told with
//! the place and a way out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{Case, Ended};
use riverrun_core::{Clock, SystemClock};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A table over `rows.json` with this option, its dead letters, and a query.
fn rows(option: &str) -> String {
    format!(
        "CREATE TABLE t (id INT NOT NULL, s STRING) WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/rows.json', 'format' = 'json', {option});
         CREATE TABLE dead (record BYTES, reason STRING, split STRING, `offset` BIGINT)
         WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/dead', 'format' = 'json');
         SELECT id FROM t WHERE s IS NOT NULL;"
    )
}

/// A file whose second line is bad: under each policy it fails the job, is skipped, or goes to its table.
fn bad_second_line(line: &[u8], option: &str, reason: &str) {
    let case = Case::new();
    let file = [b"{\"id\":1,\"s\":\"a\"}\n", line, b"\n{\"id\":3,\"s\":\"c\"}\n"].concat();
    std::fs::write(case.path().join("rows.json"), file).unwrap();
    let with = |policy: &str| rows(&format!("{option} 'on-error' = '{policy}'"));

    case.run(&with("fail"), &[]).failed(1, &["table t", "rows.json, line 2, byte 17", reason, "on-error", "help:"]);
    let args = ["--output", "changelog", "--summary", "summary.json"];
    assert_eq!(case.run(&with("skip"), &args).ok().sorted(), ["+I[1]", "+I[3]"]);
    assert_eq!(case.summary()["skipped_rows"], 1);
    assert_eq!(case.run(&with("dead"), &args).ok().sorted(), ["+I[1]", "+I[3]"]);
    assert_eq!(case.summary()["dead_rows"], 1);
    let dead: serde_json::Value = serde_json::from_str(&case.lines("dead")[0]).unwrap();
    assert!(dead["reason"].as_str().unwrap().contains(reason), "{dead}");
    assert_eq!(dead["offset"], 17);
}

#[test]
fn a_broken_line() {
    bad_second_line(b"{\"id\":2,", "", "not JSON: expected");
}

#[test]
fn a_value_of_another_type() {
    bad_second_line(b"{\"id\":\"two\",\"s\":\"b\"}", "", "column `id`: expected INT");
}

#[test]
fn invalid_utf8() {
    bad_second_line(b"{\"id\":2,\"s\":\"\xff\xfe\"}", "", "invalid UTF-8 at byte 13");
}

#[test]
fn null_where_none_may_be() {
    bad_second_line(b"{\"id\":null,\"s\":\"b\"}", "", "column `id`: NULL, and it is NOT NULL or the event time");
}

/// Without a policy it fails the job, as in Flink.
#[test]
fn a_row_without_event_time() {
    let case = Case::new();
    case.file("in.csv", "1,2024-03-01 10:00:10\n2,\n3,2024-03-01 10:00:20\n");
    let query = |option: &str| {
        format!(
            "CREATE TABLE t (id INT, at_time TIMESTAMP(3), ts AS at_time, WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem',
               'path' = '${{DIR}}/in.csv', 'format' = 'csv', 'csv.null-literal' = ''{option});
             CREATE TABLE dead (reason STRING, `offset` BIGINT) WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/dead', 'format' = 'json');
             SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
             GROUP BY window_start, window_end;"
        )
    };
    case.run(&query(""), &[])
        .failed(1, &["RowTime field should not be null", "help: filter out the rows whose time is NULL"]);
    let kept = case.run(&query(", 'on-error' = 'dead'"), &["--output", "changelog"]).ok();
    assert_eq!(kept.sorted(), ["+I[2024-03-01T10:00, 2]"]);
    let reason = "column `at_time`: NULL, and it is NOT NULL or the event time";
    assert_eq!(case.lines("dead"), [format!("{{\"reason\":\"{reason}\",\"offset\":22}}")]);
}

#[test]
fn a_huge_line() {
    let line = format!("{{\"id\":2,\"s\":\"{}\"}}", "x".repeat(100_000));
    let option = "'scan.max-record-size' = '10 kb',";
    bad_second_line(line.as_bytes(), option, "the record is longer than 10240 bytes (scan.max-record-size)");
}

#[test]
fn one_bad_clock_does_not_push_the_watermark() {
    let case = Case::new();
    // The second row's clock is wrong by a thousand years; the rows behind it are not late.
    case.file("in.csv", "1,2024-03-01 10:00:10\n2,3024-01-01 00:00:00\n3,2024-03-01 10:00:20\n4,2024-03-01 10:01:30\n");
    let query = |option: &str| {
        format!(
            "CREATE TABLE t (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
             WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/in.csv', 'format' = 'csv'{option});
             SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
             GROUP BY window_start, window_end;"
        )
    };
    let args = [
        "-p",
        "1",
        "--output",
        "changelog",
        "--summary",
        "summary.json",
        "-D",
        "pipeline.auto-watermark-interval=0 ms",
    ];
    let pushed = case.run(&query(""), &args).ok();
    assert_eq!(pushed.sorted(), ["+I[2024-03-01T10:00, 1]", "+I[3024-01-01T00:00, 1]"]);
    assert_eq!(case.summary()["late_rows"], 2);

    let kept = case.run(&query(", 'scan.watermark.max-ahead' = '1 d'"), &args).ok();
    assert_eq!(kept.sorted(), ["+I[2024-03-01T10:00, 2]", "+I[2024-03-01T10:01, 1]", "+I[3024-01-01T00:00, 1]"]);
    assert_eq!(case.summary()["late_rows"], 0);
}

/// A TIMESTAMP is ahead of the session's clock, a TIMESTAMP_LTZ of the instant.
#[test]
fn what_is_ahead_of_the_clock_follows_the_zone() {
    let late_rows = |zone: &str, kind: &str, clock: chrono_tz::Tz, max_ahead: &str, hours_ahead: i64| {
        let case = Case::new();
        let now = chrono::DateTime::from_timestamp_millis(SystemClock.now().0).unwrap().with_timezone(&clock);
        let at = |minutes: i64| (now + chrono::Duration::minutes(minutes)).format("%Y-%m-%d %H:%M:%S").to_string();
        // Where a row has moved the watermark, the one ten minutes before it is late.
        case.file("in.csv", &format!("1,{}\n2,{}\n", at(60 * hours_ahead), at(60 * hours_ahead - 10)));
        let query = format!(
            "SET 'table.local-time-zone' = '{zone}';
             CREATE TABLE t (id INT, at_time TIMESTAMP(3), ts AS CAST(at_time AS {kind}), WATERMARK FOR ts AS ts)
             WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/in.csv', 'format' = 'csv',
                   'scan.watermark.max-ahead' = '{max_ahead}');
             SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
             GROUP BY window_start, window_end;"
        );
        case.run(&query, &["-p", "1", "--output", "changelog", "--summary", "summary.json"]).ok();
        case.summary()["late_rows"].as_i64().unwrap()
    };
    for (zone, clock) in [
        ("Asia/Tokyo", chrono_tz::Asia::Tokyo),
        ("America/New_York", chrono_tz::America::New_York),
        ("UTC", chrono_tz::UTC),
    ] {
        for kind in ["TIMESTAMP(3)", "TIMESTAMP_LTZ(3)"] {
            assert_eq!(late_rows(zone, kind, clock, "1 h", 0), 1, "now in {zone}, {kind}");
            assert_eq!(late_rows(zone, kind, clock, "1 min", 3), 0, "in three hours in {zone}, {kind}");
            assert_eq!(late_rows(zone, kind, clock, "0 s", 3), 1, "0 s is off");
        }
    }
}

const COPY: &str = "
CREATE TABLE source (a INT, s STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '10000');
CREATE TABLE copy (a INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/full/out', 'format' = 'json');
INSERT INTO copy SELECT * FROM source;";

/// A small file system, gone with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(path: &Path) -> Option<SmallDisk> {
        std::fs::create_dir(path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(path).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk(path.to_owned()));
        }
        eprintln!("skipped: a small file system can't be mounted here");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_fails_the_job_and_says_where() {
    let case = Case::new();
    let Some(_disk) = SmallDisk::at(&case.path().join("full")) else { return };
    case.run(COPY, &["-p", "1"])
        .failed(1, &["can't write", "full/out/.part-", "No space left on device", "free space"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_an_error_too() {
    let case = Case::new();
    for output in ["table", "changelog", "json", "csv"] {
        case.file("q.sql", "SELECT * FROM (VALUES (1), (2)) AS t (a);");
        let mut command = case.command();
        command.args(["run", "q.sql", "--output", output]).stdout(std::fs::File::create("/dev/full").unwrap());
        Ended::from(command.output().unwrap()).failed(1, &["cannot write the result: No space left", "help:"]);
    }
}

#[test]
fn a_path_below_a_file_is_named() {
    let case = Case::new();
    case.file("full", "a file, not a folder");
    case.run(COPY, &[]).failed(1, &["can't make the folder", "full/out: Not a directory", "help:"]);
}

/// Runs the binary without the rights that root has over every file; `None` where that can't be had.
fn without_rights(case: &Case, args: &[&str]) -> Option<Ended> {
    let ordinary = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout != b"0\n");
    let binary = case.command();
    let mut command = if ordinary { Command::new(binary.get_program()) } else { Command::new("setpriv") };
    if !ordinary {
        command.args(["--bounding-set=-all", "--inh-caps=-all"]).arg(binary.get_program());
    }
    match command.args(args).current_dir(case.path()).env("NO_COLOR", "1").output() {
        Ok(output) => Some(Ended::from(output)),
        Err(error) => {
            eprintln!("skipped: setpriv: {error}");
            None
        }
    }
}

#[cfg(unix)]
#[test]
fn without_the_right_to_read_or_write_the_path_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let case = Case::new();
    let forbid = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    forbid(&case.file("secret.json", "{}"), 0o000);
    std::fs::create_dir(case.path().join("locked")).unwrap();
    forbid(&case.path().join("locked"), 0o555);
    case.file(
        "read.sql",
        "CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = 'secret.json', 'format' = 'json'); SELECT * FROM t;",
    );
    case.file(
        "write.sql",
        "CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = 'locked/out', 'format' = 'json'); INSERT INTO t VALUES (1);",
    );
    let Some(read) = without_rights(&case, &["run", "read.sql"]) else { return };
    read.failed(
        2,
        &["secret.json: Permission denied", "read.sql:1:", "give the user that runs the job the right to it"],
    );
    let Some(write) = without_rights(&case, &["run", "write.sql"]) else { return };
    write.failed(
        1,
        &["can't make the folder", "locked/out: Permission denied", "give the user that runs the job the right"],
    );
    let Some(script) = without_rights(&case, &["run", "secret.json"]) else { return };
    script.failed(2, &["cannot read 'secret.json': permission denied"]);
}

#[cfg(feature = "kafka")]
#[test]
fn a_broker_that_can_not_be_reached_is_named() {
    let case = Case::new();
    let table = "CREATE TABLE k (a INT) WITH ('connector' = 'kafka', 'topic' = 'orders', 'format' = 'json',
        'properties.bootstrap.servers' = '127.0.0.1:1', 'scan.startup.mode' = 'earliest-offset');";
    let said = [
        "cannot reach Kafka for table 'k'",
        "no answer from the brokers at '127.0.0.1:1' within 10 s",
        "check 'properties.bootstrap.servers'",
    ];
    let read = case.run(&format!("{table} SELECT * FROM k;"), &["-p", "1"]).failed(1, &said);
    assert!(read.err.lines().count() < 20, "the same is told again and again:\n{}", read.err);
    let written = case.run(&format!("{table} INSERT INTO k VALUES (1);"), &["-p", "1"]).failed(1, &said);
    assert!(written.err.lines().count() < 20, "the same is told again and again:\n{}", written.err);
}

/// A file's name is text: as a number it fails the job, as CAST does, and is not NULL in silence.
#[test]
fn metadata_that_does_not_fit_its_declared_type() {
    let table = |column: &str| {
        format!(
            "CREATE TABLE t (id INT, m {column}) WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/in.csv', 'format' = 'csv');
             SELECT m FROM t;"
        )
    };
    let case = Case::new();
    case.file("in.csv", "1\n");
    case.run(&table("INT METADATA FROM 'file.name'"), &[]).failed(1, &["in.csv"]);
    let read = case.run(&table("STRING METADATA FROM 'file.size'"), &["--output", "changelog"]);
    assert_eq!(read.ok().sorted(), ["+I[2]"]);
}
