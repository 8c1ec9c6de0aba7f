//! Jobs with a state directory: killed and run again, stopped with a savepoint, checked against a changed file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::windows::*;
use common::{Case, Ended};
use std::path::Path;

#[test]
fn a_killed_job_goes_on_by_the_same_command_and_finishes_once() {
    let expected = expected();
    let case = Case::new();
    let mut newest = 0;
    for parallelism in ["1", "4", "2"] {
        let child = start(&case, &["-p", parallelism]);
        newest = wait_beyond(&case, newest + 2);
        kill(child);
    }
    finish(&case, &["-p", "2", "--processes", "2"]).ok();
    assert_eq!(case.lines("out"), expected);
    let again = finish(&case, &["-p", "2"]).ok();
    assert!(again.err.contains("job 0 has finished in an earlier run"), "{}", again.err);
    assert_eq!(case.lines("out"), expected);
}

#[test]
fn a_killed_child_process_is_started_again_from_the_last_checkpoint() {
    let expected = expected();
    let case = Case::new();
    let strategy = ["-D", "restart-strategy.type=fixed-delay", "-D", "restart-strategy.fixed-delay.delay=10ms"];
    let child = start(&case, &[&["-p", "2", "--processes", "2"], &strategy[..]].concat());
    wait_beyond(&case, 3);
    children(child.id()).iter().for_each(|child| signal("KILL", *child));
    let ended = end(child).ok();
    assert!(ended.err.contains("the job has failed and is started again in 10 ms"), "{}", ended.err);
    assert!(ended.err.contains("process 1 has ended before the job"), "{}", ended.err);
    assert_eq!(case.lines("out"), expected);
}

#[test]
fn a_stopped_process_is_noticed_by_its_heartbeat() {
    let expected = expected();
    let case = Case::new();
    let options = [
        "-p",
        "2",
        "--processes",
        "2",
        "-D",
        "heartbeat.timeout=1s",
        "-D",
        "restart-strategy.type=fixed-delay",
        "-D",
        "restart-strategy.fixed-delay.delay=10ms",
    ];
    let child = start(&case, &options);
    wait_beyond(&case, 1);
    let suspended = children(child.id())[0];
    signal("STOP", suspended);
    let ended = end(child).ok();
    assert!(ended.err.contains("process 1 has not been heard of for 1 s"), "{}", ended.err);
    assert!(!Path::new(&format!("/proc/{suspended}")).exists(), "it is gone before the next start");
    assert_eq!(case.lines("out"), expected);
}

#[test]
fn a_job_stopped_with_a_savepoint_goes_on_elsewhere_at_another_parallelism() {
    let expected = expected();
    let case = Case::new();
    let child = start(&case, &["-p", "2"]);
    wait_beyond(&case, 2);
    let running = case.riverrun(&["savepoint", "state", "first"]).ok();
    assert!(running.out.starts_with("savepoint "), "{}", running.out);
    let taken = case.riverrun(&["savepoint", "state", "second", "--stop"]).ok();
    assert!(taken.out.contains("/second ("), "{}", taken.out);
    end(child).ok();
    let described = case.riverrun(&["checkpoints", "second", "--verify"]).ok();
    for said in ["savepoint", "good", "source:numbers", "sink:"] {
        assert!(described.out.contains(said), "{said} is not in {}", described.out);
    }
    let moved = case.path().join("moved");
    std::fs::rename(case.path().join("second"), &moved).unwrap();
    let dir = format!("DIR={}", case.path().display());
    let from = ["run", "pipeline.sql", "--var", &dir, "--state-dir", "state2", "--from", "moved", "-p", "8"];
    case.riverrun(&from).ok();
    assert_eq!(case.lines("out"), expected);
    case.riverrun(&["savepoint", "state", "third"]).failed(1, &["no process runs the job of state"]);
}

#[test]
fn a_state_directory_is_held_by_one_process() {
    let case = Case::new();
    let child = start(&case, &["-p", "1"]);
    wait_beyond(&case, 0);
    finish(&case, &["-p", "1"]).failed(1, &["the state directory state is in use", "another process runs its job"]);
    kill(child);
}

#[test]
fn a_changed_file_is_checked_against_a_savepoint_before_anything_stops() {
    let case = Case::new();
    let child = start(&case, &["-p", "2"]);
    wait_beyond(&case, 1);
    case.riverrun(&["savepoint", "state", "save", "--stop"]).ok();
    end(child).ok();
    let dir = format!("DIR={}", case.path().display());
    let explain = |sql: &str| {
        case.file("changed.sql", sql);
        case.riverrun(&["explain", "changed.sql", "--var", &dir, "--upgrade", "save"])
    };
    // A filter more, and another name for a result.
    let filtered = pipeline(SLOW).replace("GROUP BY window_start", "WHERE n > 5 GROUP BY window_start");
    let fit = explain(&filtered).ok();
    assert_eq!(fit.out.matches("kept").count(), 3, "{}", fit.out);
    // Another aggregate: its state is not what the savepoint holds.
    let changed = pipeline(SLOW).replace("SUM(n)", "MAX(n)");
    let fit = explain(&changed);
    assert_eq!(fit.code, 1);
    let said = |text: &str| assert!(fit.out.contains(text), "`{text}` is not in {}", fit.out);
    said("incompatible");
    let window = "WindowAggregate(window=[TUMBLE(ts, 2 s)], group by=[(n % 7)], aggregates=[COUNT(*), ";
    said(&format!(" holds the state of\n  {window}SUM(n)]) of ("));
    said(&format!("the file has\n  {window}MAX(n)]) of ("));
    said(
        "\nno start goes on from what is incompatible: run the statements as they were; or give the table another name, ",
    );
    let run = ["run", "changed.sql", "--var", &dir, "--state-dir", "other", "--from", "save"];
    case.riverrun(&run).failed(2, &["does not fit the plan", "riverrun explain FILE --upgrade PATH"]);
    // Another connector can't read what the sink of the first one has left.
    let printed = pipeline(SLOW).replace("'filesystem', 'path' = '${DIR}/out', 'format' = 'csv'", "'print'");
    let fit = explain(&printed);
    let said = |text: &str| assert!(fit.out.contains(text), "`{text}` is not in {}", fit.out);
    said("holds the state of\n  Sink(filesystem)");
    said("the file has\n  Sink(print)");
    let begins_anew = "help: a table of another name begins anew, and --allow-non-restored-state drops";
    case.riverrun(&run).failed(2, &["does not fit the plan", begins_anew]);
    // Another table: the state of the windows has no operator any more.
    let other = "CREATE TABLE o (n BIGINT) WITH ('connector' = 'blackhole'); INSERT INTO o VALUES (1);";
    let fit = explain(other);
    let dropped = "no operator takes it over; --allow-non-restored-state drops it";
    assert!(fit.code == 1 && fit.out.contains(dropped), "{}", fit.out);
    case.riverrun(&run)
        .failed(2, &["holds state that no operator of the plan takes over", "--allow-non-restored-state"]);
    case.riverrun(&[&run[..], &["--allow-non-restored-state"]].concat()).ok();
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_it_used_when_asked_for() {
    let expected = expected();
    let case = Case::new();
    let keep = ["-D", "execution.checkpointing.num-retained=3"];
    let child = start(&case, &[&["-p", "2"], &keep[..]].concat());
    let newest = wait_beyond(&case, 3);
    kill(child);
    let newest = checkpoints(&case).last().copied().unwrap().max(newest);
    let job = std::fs::read_dir(case.path().join("state/checkpoints")).unwrap().next().unwrap().unwrap().path();
    let manifest = job.join(format!("chk-{newest}/manifest.json"));
    let text = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, &text[..text.len() / 2]).unwrap();
    let listed = case.riverrun(&["checkpoints", "state"]);
    assert_eq!(listed.code, 1);
    assert!(listed.out.contains("the manifest is damaged"), "{}", listed.out);
    let before = job.join(format!("chk-{}", newest - 1));
    let said = format!("--from {}", before.display());
    finish(&case, &keep).failed(1, &[&format!("chk-{newest}: the manifest is damaged"), &said]);
    // What was committed after a checkpoint is written once more only if that is asked for.
    let before = job.join(format!("chk-{}", newest - 2)).display().to_string();
    let from = ["--from", before.as_str()];
    finish(&case, &[&from, &keep[..]].concat())
        .failed(2, &[&format!("checkpoint {} is not the newest", newest - 2), "--rewind goes on from this one"]);
    finish(&case, &[&from[..], &["--rewind"], &keep[..]].concat()).ok();
    assert_eq!(case.lines("out"), expected);
}

/// Makes a job that has come to its end one that has not, and that has never been started from a checkpoint by its name.
fn forget_the_end(case: &Case) {
    let path = case.path().join("state/jobs.json");
    let mut jobs: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let job = jobs["jobs"][0].as_object_mut().unwrap();
    assert_eq!(job.insert("finished".into(), false.into()), Some(true.into()));
    job.remove("from");
    std::fs::write(&path, serde_json::to_vec(&jobs).unwrap()).unwrap();
}

#[test]
fn every_checkpoint_is_gone_on_from_twice_by_any_number_of_workers_and_processes() {
    let expected = expected();
    let case = Case::new();
    let keep = ["-D", "execution.checkpointing.num-retained=1000"];
    let child = start(&case, &[&["-p", "2"], &keep[..]].concat());
    wait_beyond(&case, 4);
    kill(child);
    let job = std::fs::read_dir(case.path().join("state/checkpoints")).unwrap().next().unwrap().unwrap().path();
    // From now on as fast as it can.
    case.file("pipeline.sql", &pipeline(""));
    let dir = format!("DIR={}", case.path().display());
    let mut counts = [(1, 1), (8, 2), (4, 4), (2, 1), (8, 8), (2, 2), (4, 1), (8, 1)].into_iter().cycle();
    // From the newest to the oldest: whoever goes back takes away what came after, the files of later checkpoints too.
    for number in checkpoints(&case).into_iter().rev() {
        let from = job.join(format!("chk-{number}")).display().to_string();
        for _ in 0..2 {
            let (workers, processes): (usize, usize) = counts.next().unwrap();
            let (workers, processes) = (workers.to_string(), processes.to_string());
            let run = ["run", "pipeline.sql", "--var", &dir, "--state-dir", "state", "--from", &from, "--rewind"];
            let counts = ["-p", &workers, "--processes", &processes];
            case.riverrun(&[&run[..], &counts, &keep[..]].concat()).ok();
            assert_eq!(case.lines("out"), expected, "from checkpoint {number} with {workers} workers in {processes}");
            forget_the_end(&case);
        }
    }
}

#[test]
fn the_number_of_key_groups_stays_what_it_was_at_the_first_start() {
    let expected = expected();
    let case = Case::new();
    let four = ["-D", "pipeline.max-parallelism=4"];
    finish(&case, &[&["-p", "8"], &four[..]].concat())
        .failed(2, &["a job can't have 8 workers", "from 1 to 4: pipeline.max-parallelism"]);
    let child = start(&case, &[&["-p", "2"], &four[..]].concat());
    wait_beyond(&case, 1);
    kill(child);
    finish(&case, &["-p", "2"]).failed(
        2,
        &[
            "is divided into 4 key groups, not 128",
            "pipeline.max-parallelism is decided when a job is started for the first time",
            "set pipeline.max-parallelism to 4",
        ],
    );
    let job = std::fs::read_dir(case.path().join("state/checkpoints")).unwrap().next().unwrap().unwrap().path();
    let newest = job.join(format!("chk-{}", checkpoints(&case).last().unwrap())).display().to_string();
    let described = case.riverrun(&["checkpoints", &newest]).ok();
    assert!(described.out.contains(", 4 key groups, "), "{}", described.out);
    finish(&case, &[&["-p", "4", "--processes", "2"], &four[..]].concat()).ok();
    assert_eq!(case.lines("out"), expected);
}

#[test]
fn a_state_directory_leads_to_checkpoints_that_lie_elsewhere() {
    let case = Case::new();
    finish(&case, &["-D", "execution.checkpointing.dir=elsewhere"]).ok();
    let listed = case.riverrun(&["checkpoints", "state"]).ok();
    let elsewhere = case.path().join("elsewhere").display().to_string();
    assert!(listed.out.contains(&elsewhere) && listed.out.contains("end of input"), "{}", listed.out);
}

#[test]
fn a_reader_that_goes_away_is_no_mistake() {
    let case = Case::new();
    finish(&case, &[]).ok();
    for report in [&["checkpoints", "state"][..], &["explain", "pipeline.sql", "--var", "DIR=."]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = case.command().args(report).stdout(writer).output().unwrap();
        assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
    }
}

#[test]
fn what_is_no_checkpoint_is_told() {
    let case = Case::new();
    case.riverrun(&["checkpoints", "nothing"])
        .failed(2, &["there is no checkpoint or savepoint in nothing", "there is no folder ", "/nothing"]);
    case.riverrun(&["savepoint", "nothing", "target"])
        .failed(2, &["nothing is no state directory of a running job", "riverrun run --state-dir"]);
    case.run("SELECT 1;", &["--from", "x"]).failed(2, &["--state-dir"]);
    case.run(&pipeline(""), &["--state-dir", "state", "--from", "ftp://x"])
        .failed(2, &["'ftp://x' is no place for checkpoints", "a path, file:///path or s3://bucket/path"]);
}

/// A job that was killed after some checkpoints, with the folder of them.
fn killed() -> (Case, std::path::PathBuf) {
    let case = Case::new();
    let child = start(&case, &["-p", "2"]);
    wait_beyond(&case, 2);
    kill(child);
    let job = std::fs::read_dir(case.path().join("state/checkpoints")).unwrap().next().unwrap().unwrap().path();
    (case, job)
}

/// That the checkpoints are listed although it is not known whose they are.
#[track_caller]
fn are_listed(case: &Case, job: &Path, said: &str) {
    let listed = case.riverrun(&["checkpoints", "state"]).failed(1, &[said]);
    let newest = format!("chk-{}", checkpoints(case).last().unwrap());
    for shown in [&*job.file_name().unwrap().to_string_lossy(), &*newest, "complete"] {
        assert!(listed.out.contains(shown), "{shown} is not in {}", listed.out);
    }
}

#[test]
fn a_state_directory_that_has_lost_its_jobs_is_no_new_one() {
    let expected = expected();
    let (case, job) = killed();
    std::fs::remove_file(case.path().join("state/jobs.json")).unwrap();
    let before = case.lines("out");
    let from = job.display().to_string();
    let ways_out = format!("another --state-dir with --from {from} goes on from there as a new job");
    let missing = "state/jobs.json is missing, and there are checkpoints beside it";
    for _ in 0..2 {
        finish(&case, &[]).failed(2, &[missing, "write all of their rows once more", &ways_out]);
    }
    assert_eq!(case.lines("out"), before, "nothing has run");
    are_listed(&case, &job, missing);
    let dir = format!("DIR={}", case.path().display());
    let run = ["run", "pipeline.sql", "--var", &dir, "--state-dir", "other", "--from"];
    case.riverrun(&[&run[..], &["state"]].concat()).failed(2, &[missing]);
    case.riverrun(&[&run[..], &[from.as_str()]].concat()).ok();
    let mut lines = case.lines("out");
    lines.dedup();
    assert_eq!(lines, expected);
}

#[test]
fn a_state_directory_whose_jobs_are_damaged_says_what_can_be_done() {
    let expected = expected();
    let (case, job) = killed();
    let jobs = case.path().join("state/jobs.json");
    let whole = std::fs::read(&jobs).unwrap();
    std::fs::write(&jobs, &whole[..whole.len() / 2]).unwrap();
    let ways_out = format!("put a copy of it back; another --state-dir with --from {}", job.display());
    finish(&case, &[]).failed(1, &["state/jobs.json is damaged: ", &ways_out]);
    are_listed(&case, &job, "state/jobs.json is damaged: ");
    std::fs::write(&jobs, &whole).unwrap();
    finish(&case, &[]).ok();
    assert_eq!(case.lines("out"), expected);
}

#[test]
fn a_job_whose_checkpoints_are_gone_does_not_begin_anew() {
    let expected = expected();
    let (case, job) = killed();
    let before = case.lines("out");
    let elsewhere = ["-D", "execution.checkpointing.dir=other"];
    let gone = "the job's checkpoints are gone: there are none in ";
    let ways_out = "--from goes on from a savepoint or a copy; another --state-dir begins anew";
    finish(&case, &elsewhere)
        .failed(1, &[gone, "other/", "at the last start execution.checkpointing.dir was not set", ways_out]);
    assert!(!case.path().join("other").exists(), "what was refused has made nothing");
    let hidden = case.path().join("hidden");
    std::fs::rename(&job, &hidden).unwrap();
    for _ in 0..2 {
        finish(&case, &[]).failed(1, &[gone, "write all of its rows once more", "put them back", ways_out]);
    }
    assert_eq!(case.lines("out"), before, "nothing has run");
    assert!(!job.exists(), "what was refused has made nothing");
    std::fs::rename(&hidden, &job).unwrap();
    finish(&case, &[]).ok();
    assert_eq!(case.lines("out"), expected);
}

#[test]
fn another_file_has_not_finished_with_the_job_of_a_state_directory() {
    let case = Case::new();
    case.run(&pipeline(""), &["--state-dir", "state"]).ok();
    let other = "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'print'); INSERT INTO numbers VALUES (1);";
    let said = ["/state has finished, and this file is another one's", "that no operator of the plan takes over"];
    case.run(other, &["--state-dir", "state"])
        .failed(2, &[&said[..], &["give the file a --state-dir of its own"]].concat());
    let again = case.run(&pipeline(""), &["--state-dir", "state"]).ok();
    assert!(again.err.contains("job 0 has finished in an earlier run"), "{}", again.err);
}

#[test]
fn a_checkpoint_of_a_newer_version_is_not_called_damaged() {
    let (case, job) = killed();
    let newest = *checkpoints(&case).last().unwrap();
    let path = job.join(format!("chk-{newest}/manifest.json"));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"version\":3", "\"version\":99", 1)).unwrap();
    let said = ["the manifest has version 99, and only 3 is known", "use the version of Riverrun that wrote it"];
    finish(&case, &[]).failed(1, &said);
    let listed = case.riverrun(&["checkpoints", "state"]).failed(1, &[]);
    assert!(listed.out.contains("unreadable") && listed.out.contains(said[0]), "{}", listed.out);
}

#[test]
fn a_file_is_no_place_for_checkpoints() {
    let case = Case::new();
    case.file("file.sql", "SELECT 1;");
    let is_a_file = "file.sql is a file, not a folder";
    let run = |args: &[&str]| case.run(&pipeline(""), args);
    run(&["--state-dir", "file.sql"]).failed(2, &["file.sql can't be a state directory", is_a_file]);
    run(&["--state-dir", "file.sql/state"]).failed(2, &["file.sql/state can't be a state directory", is_a_file]);
    run(&["--state-dir", "state", "--from", "file.sql"])
        .failed(2, &["there is no checkpoint or savepoint in file.sql", is_a_file]);
    case.riverrun(&["checkpoints", "file.sql"]).failed(2, &[is_a_file]);
}

#[test]
fn that_a_select_is_not_durable_is_told() {
    let note = "note: a SELECT is not part of checkpoints: after a restart its rows are printed from the beginning; \
                INSERT INTO a table (of the connector print, for one) is durable";
    let case = Case::new();
    let interval = ["-D", "execution.checkpointing.interval=1s"];
    for args in [&["--state-dir", "state"][..], &interval, &[&interval[..], &["--state-dir", "state"]].concat()] {
        let ended = case.run("SELECT 1; SELECT 2;", args).ok();
        assert_eq!(ended.err.trim_end(), note, "{args:?}");
    }
    assert_eq!(case.run("SELECT 1;", &[]).ok().err, "");
    let insert = "CREATE TABLE b (x INT) WITH ('connector' = 'blackhole'); INSERT INTO b SELECT 1;";
    assert_eq!(case.run(insert, &["--state-dir", "other"]).ok().err, "");
}

#[test]
fn files_that_are_missing_or_too_short_are_named_without_reading_any() {
    let case = Case::new();
    finish(&case, &["-p", "1"]).ok();
    let job = std::fs::read_dir(case.path().join("state/checkpoints")).unwrap().next().unwrap().unwrap().path();
    // All that a checkpoint names, and nothing else.
    let files: Vec<_> = std::fs::read_dir(job.join("shared")).unwrap().map(|file| file.unwrap().path()).collect();
    let file = files.last().unwrap();
    let dir = format!("DIR={}", case.path().display());
    let explain = || case.riverrun(&["explain", "pipeline.sql", "--var", &dir, "--upgrade", "state"]);
    let list = || case.riverrun(&["checkpoints", "state"]);
    assert!(list().ok().out.contains("complete, end of input") && explain().code == 0);
    let text = std::fs::read(file).unwrap();
    std::fs::write(file, &text[1..]).unwrap();
    let short = format!("{} has {} bytes instead of {}\n", file.display(), text.len() - 1, text.len());
    for (said, goes) in [(short, false), (format!("{} is missing\n", file.display()), true)] {
        if goes {
            std::fs::remove_file(file).unwrap();
        }
        let listed = list();
        assert!(listed.code == 1 && listed.out.contains(" damaged") && listed.out.contains(&said), "{}", listed.out);
        let fit = explain();
        let damaged = format!("\nstate is damaged, nothing can go on from it:\n  {said}");
        assert!(fit.code == 1 && fit.out.contains("kept") && fit.out.ends_with(&damaged), "{}{}", fit.out, fit.err);
    }
}

#[test]
fn nothing_is_left_where_a_run_has_listened_for_requests() {
    let case = Case::new();
    let temporary = case.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    // Too long a path for a socket.
    let long = "x".repeat(100);
    for state in ["state", &long] {
        case.file("pipeline.sql", &pipeline(""));
        let dir = format!("DIR={}", case.path().display());
        let mut command = case.command();
        command.env("TMPDIR", &temporary).args(["run", "pipeline.sql", "--var", &dir, "--state-dir", state]);
        Ended::from(command.output().unwrap()).ok();
        let sockets = |folder: &Path| {
            let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
            names.filter(|name| name.to_string_lossy().ends_with(".sock")).count()
        };
        assert_eq!((sockets(&case.path().join(state)), sockets(&temporary)), (0, 0));
    }
}

#[test]
fn a_state_directory_with_a_long_path_takes_requests_and_leaves_nothing_elsewhere_when_it_is_killed() {
    let case = Case::new();
    let (state, temporary) = ("x".repeat(100), case.path().join("tmp"));
    std::fs::create_dir(&temporary).unwrap();
    case.file("pipeline.sql", &pipeline(SLOW));
    let dir = format!("DIR={}", case.path().display());
    let mut command = case.command();
    command.env("TMPDIR", &temporary).args(["run", "pipeline.sql", "--var", &dir, "--state-dir", &state]);
    let child = command.spawn().unwrap();
    let control = case.path().join(&state).join("control");
    let taken = (0..300).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        control.exists() && case.riverrun(&["savepoint", &state, "saved"]).code == 0
    });
    kill(child);
    assert!(taken, "nobody takes a savepoint");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn a_state_directory_that_can_not_be_written_is_told() {
    let case = Case::new();
    // What a folder stands in the way of, no user may remove.
    case.file("state/control.sock/file", "");
    let place = case.path().join("state/control.sock");
    finish(&case, &[]).failed(
        1,
        &[
            &format!("error: cannot write {}: ", place.display()),
            "help: the state directory must be writable and have room for checkpoints: make room, or use another",
        ],
    );
}

#[test]
fn a_checkpoint_that_takes_too_long_blames_nobody() {
    let case = Case::new();
    let limits =
        ["-D", "execution.checkpointing.timeout=1ms", "-D", "execution.checkpointing.tolerable-failed-checkpoints=0"];
    let faults = "delay(500ms)@checkpoint-upload:1";
    let mut command = command(&case, &limits);
    let ended = Ended::from(command.env("RIVERRUN_FAULTS", faults).output().unwrap());
    ended.failed(
        1,
        &[
            "a checkpoint has failed, the first in a row: the checkpoint was not complete within 0.001 s; \
             the parts of process 0 were missing; execution.checkpointing.timeout gives it more time\n",
            "help: execution.checkpointing.timeout gives it more time",
        ],
    );
}

#[test]
fn checkpoints_of_a_job_that_runs_are_not_called_damaged_when_they_are_taken_away() {
    let case = Case::new();
    let child = start(&case, &["-p", "2", "-D", "execution.checkpointing.interval=10ms"]);
    wait_beyond(&case, 1);
    let dir = format!("DIR={}", case.path().display());
    for _ in 0..15 {
        case.riverrun(&["checkpoints", "state"]).ok();
        case.riverrun(&["explain", "pipeline.sql", "--var", &dir, "--upgrade", "state"]).ok();
    }
    kill(child);
}
