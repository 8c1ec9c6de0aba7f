//! File systems that fail under a running job: full, gone, unreadable, with a torn last write.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::windows::*;
use common::{Case, Ended, Running};
use std::path::PathBuf;

/// The folder of the only job's checkpoints.
fn folder(case: &Case) -> PathBuf {
    std::fs::read_dir(case.path().join("state/checkpoints")).unwrap().next().unwrap().unwrap().path()
}

/// A script that is run with a small file system of its own at `state`; `$@` is the job. `None` where nobody may mount.
fn on_small_disk(case: &Case, script: &str) -> Option<Ended> {
    std::fs::create_dir(case.path().join("state")).unwrap();
    let mount = "mount -t tmpfs -o size=64k,nr_inodes=200 tmpfs state";
    let mut unshare = std::process::Command::new("unshare");
    unshare.current_dir(case.path()).args(["-Urm", "sh", "-c"]);
    let may_mount = unshare.arg(mount).output().is_ok_and(|output| output.status.success());
    if !may_mount {
        eprintln!("skipped: this user may not mount a file system of its own");
        return None;
    }
    let job = command(case, &[]);
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["-Urm", "sh", "-c", &format!("{mount} && {script}"), "sh"]);
    unshare.arg(job.get_program()).args(job.get_args()).current_dir(case.path()).env("NO_COLOR", "1");
    Some(Ended::from(unshare.output().unwrap()))
}

#[test]
fn a_full_disk_fails_checkpoints_and_the_last_one_the_job_which_goes_on_when_there_is_room() {
    let expected = expected();
    let case = Case::new();
    let script =
        "head -c 49152 /dev/zero > state/ballast; \"$@\"; echo ended with $? >&2; rm state/ballast; exec \"$@\"";
    let Some(ended) = on_small_disk(&case, script) else { return };
    let ended = ended.ok();
    for said in [
        "a checkpoint has failed, the first in a row: cannot write ",
        ".state: No space left on device (os error 28); make room, or keep fewer checkpoints",
        "a checkpoint has failed, the second in a row",
        "error: the last checkpoint could not be written: cannot write ",
        "help: make room, or keep fewer checkpoints",
        "ended with 1",
    ] {
        assert!(ended.err.contains(said), "`{said}` is not in:\n{}", ended.err);
    }
    assert_eq!(case.lines("out"), expected);
}

#[test]
fn a_job_does_not_start_on_a_full_disk() {
    let case = Case::new();
    let script = "head -c 99999 /dev/zero > state/ballast 2> /dev/null; exec \"$@\"";
    let Some(ended) = on_small_disk(&case, script) else { return };
    ended.failed(1, &["error: cannot write ", "state/control: No space left on device (os error 28)", "make room"]);
}

/// Takes the folder of all checkpoints away from a running job, and puts a file in its place; gives what brings it back.
fn take_away(case: &Case) -> impl FnOnce() + use<> {
    let (place, aside) = (case.path().join("state/checkpoints"), case.path().join("aside"));
    std::fs::rename(&place, &aside).unwrap();
    std::fs::write(&place, "").unwrap();
    move || {
        std::fs::remove_file(&place).unwrap();
        std::fs::rename(&aside, &place).unwrap();
    }
}

const NO_FOLDER: &str = "a checkpoint has failed, the first in a row: cannot ";

#[test]
fn a_job_outlives_a_folder_of_checkpoints_that_cannot_be_written_for_a_while() {
    let expected = expected();
    let case = Case::new();
    let mut running = Running::start(&mut command(&case, &["-p", "2"]));
    let newest = wait_beyond(&case, 1);
    let bring_back = take_away(&case);
    running.wait_for_error(NO_FOLDER);
    bring_back();
    let ended = running.end().ok();
    assert!(ended.err.contains(": Not a directory (os error 20)"), "{}", ended.err);
    assert!(checkpoints(&case).last().is_some_and(|last| *last > newest), "checkpoints go on");
    assert_eq!(case.lines("out"), expected);
}

#[test]
fn a_job_whose_folder_of_checkpoints_stays_away_fails_and_goes_on_when_it_is_back() {
    let expected = expected();
    let case = Case::new();
    let mut running = Running::start(&mut command(&case, &["-p", "2"]));
    wait_beyond(&case, 1);
    let bring_back = take_away(&case);
    running.wait_for_error(NO_FOLDER);
    running.end().failed(1, &["error: the last checkpoint could not be written: cannot ", "Not a directory"]);
    assert_ne!(case.lines("out"), expected, "what was not decided is not visible");
    bring_back();
    finish(&case, &["-p", "2"]).ok();
    assert_eq!(case.lines("out"), expected);
}

#[test]
fn too_many_checkpoints_in_a_row_that_cannot_be_written_fail_the_job_at_once_if_so_asked() {
    let case = Case::new();
    let tolerable = ["-D", "execution.checkpointing.tolerable-failed-checkpoints=1"];
    let running = Running::start(&mut command(&case, &tolerable));
    wait_beyond(&case, 1);
    let _bring_back = take_away(&case);
    running.end().failed(1, &["too many checkpoints have failed", ": cannot ", "Not a directory (os error 20)"]);
}

/// A job that was killed after some checkpoints, of which so many are kept; with the folder and the newest one's number.
fn killed(retained: &str) -> (Case, PathBuf, u64) {
    let case = Case::new();
    let child = start(&case, &["-p", "2", "-D", &format!("execution.checkpointing.num-retained={retained}")]);
    wait_beyond(&case, 4);
    kill(child);
    let (folder, newest) = (folder(&case), *checkpoints(&case).last().unwrap());
    (case, folder, newest)
}

/// Removes the checkpoints before the newest: a job that is killed may not have come to it.
fn keep_only(case: &Case, folder: &std::path::Path, newest: u64) {
    for older in checkpoints(case).into_iter().filter(|id| *id != newest) {
        std::fs::remove_dir_all(folder.join(format!("chk-{older}"))).unwrap();
    }
}

/// The newest file of state, which the newest checkpoint names.
fn newest_state(folder: &std::path::Path, newest: u64) -> PathBuf {
    let manifest = std::fs::read_to_string(folder.join(format!("chk-{newest}/manifest.json"))).unwrap();
    let files = std::fs::read_dir(folder.join("shared")).unwrap().flatten().map(|entry| entry.path());
    let named = files.filter(|path| manifest.contains(&*path.file_name().unwrap().to_string_lossy()));
    named.max_by_key(|path| path.file_name().map(std::ffi::OsStr::to_owned)).unwrap()
}

#[test]
fn a_torn_file_of_state_is_named_and_the_checkpoint_before_it_used_when_asked_for() {
    let (case, folder, newest) = killed("20");
    let torn = newest_state(&folder, newest);
    let bytes = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
    let names_it = |id: &u64| {
        let manifest = std::fs::read_to_string(folder.join(format!("chk-{id}/manifest.json"))).unwrap();
        manifest.contains(&*torn.file_name().unwrap().to_string_lossy())
    };
    // One between which and the newest no row has come names the same file.
    let before = checkpoints(&case).into_iter().rev().find(|id| !names_it(id)).unwrap();
    let before = folder.join(format!("chk-{before}")).display().to_string();
    let said = format!("the checkpoint is damaged: {} ends too early", torn.display());
    let ended = finish(&case, &["-p", "1"]);
    ended.failed(1, &[&said, &format!("the one before it can be used with --from {before}")]);
    let listed = case.riverrun(&["checkpoints", "state", "--verify"]);
    assert!(listed.code == 1 && listed.out.contains(&torn.display().to_string()), "{}{}", listed.out, listed.err);
    // Nothing else takes the older one by itself.
    let going_back = ["-p", "1", "--from", &before];
    finish(&case, &going_back)
        .failed(2, &[" is not the newest: the job has gone on to checkpoint ", "--rewind goes on from this one"]);
    finish(&case, &[&going_back[..], &["--rewind"]].concat()).ok();
    assert_eq!(case.lines("out"), expected());
}

#[test]
fn where_the_only_checkpoint_is_torn_there_is_no_other() {
    let (case, folder, newest) = killed("1");
    keep_only(&case, &folder, newest);
    let torn = newest_state(&folder, newest);
    std::fs::write(&torn, "RRSTATE1").unwrap();
    finish(&case, &[]).failed(1, &["ends too early", "there is no other checkpoint"]);
    std::fs::remove_file(&torn).unwrap();
    finish(&case, &[]).failed(1, &["is missing", "there is no other checkpoint"]);
}

#[test]
fn a_checkpoint_that_cannot_be_read_is_named_and_used_when_it_can() {
    let expected = expected();
    let (case, folder, newest) = killed("1");
    let state = newest_state(&folder, newest);
    let aside = case.path().join("aside");
    std::fs::rename(&state, &aside).unwrap();
    std::fs::create_dir(&state).unwrap();
    finish(&case, &[]).failed(1, &[&format!("cannot read {}: Is a directory", state.display())]);
    std::fs::remove_dir(&state).unwrap();
    std::fs::rename(&aside, &state).unwrap();
    finish(&case, &["-p", "3"]).ok();
    assert_eq!(case.lines("out"), expected);
}

#[test]
fn a_flipped_byte_is_told_with_the_file_and_the_checkpoint() {
    let (case, folder, newest) = killed("3");
    let flipped = newest_state(&folder, newest);
    let mut bytes = std::fs::read(&flipped).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&flipped, &bytes).unwrap();
    let said = format!("chk-{newest}: the checkpoint is damaged: {} does not match its checksum", flipped.display());
    finish(&case, &["-p", "1"]).failed(1, &[&said]);
}

#[test]
fn a_place_that_can_keep_no_checkpoint_is_refused_before_the_job_starts() {
    let case = Case::new();
    case.file("taken", "");
    let run = |place: &str| {
        let dir = format!("execution.checkpointing.dir={place}");
        finish(&case, &["-D", "execution.checkpointing.interval=1h", "-D", &dir])
    };
    let remedy = "name another folder with execution.checkpointing.dir";
    run("taken").failed(1, &["checkpoints can't be kept in ", "taken is a file, not a folder", remedy]);
    run("/proc/nothing").failed(1, &["checkpoints can't be kept in /proc/nothing/", "cannot create ", remedy]);
    for blank in ["", " "] {
        let said = format!("execution.checkpointing.dir: '{blank}' is no place for checkpoints");
        run(blank).failed(2, &[&said, "it is blank"]);
    }
    run("file://rel/x").failed(2, &["'file://rel/x' is no place for checkpoints", "'rel'", "file:///path"]);
    assert_eq!(case.lines("out"), Vec::<String>::new());
    // What was tried has left nothing behind.
    run("elsewhere").ok();
    let job = std::fs::read_dir(case.path().join("elsewhere")).unwrap().next().unwrap().unwrap().path();
    let mut names = std::fs::read_dir(job).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.all(|name| name == "shared" || name.starts_with("chk-")));
}

#[test]
fn options_that_come_to_nothing_without_a_state_directory_are_noted_once() {
    let case = Case::new();
    let sql = "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '3');
               CREATE TABLE nothing (id BIGINT) WITH ('connector' = 'blackhole');
               INSERT INTO nothing SELECT id FROM numbers;";
    let options = [
        "-D",
        "execution.checkpointing.interval=1s",
        "-D",
        "execution.checkpointing.dir=elsewhere",
        "-D",
        "restart-strategy.type=fixed-delay",
        "-D",
        "restart-strategy.failure-rate.delay=1s",
    ];
    let strategy = "note: the option 'restart-strategy.failure-rate.delay' has no effect unless";
    let ended = case.run(sql, &options).ok();
    for said in [
        "note: without --state-dir no checkpoint is kept",
        "note: the option 'execution.checkpointing.dir' has no effect without --state-dir",
        "a job that has failed starts from the beginning of its input, and rows may be written again",
        strategy,
    ] {
        assert_eq!(ended.err.matches(said).count(), 1, "`{said}` in:\n{}", ended.err);
    }
    let ended = case.run(sql, &[&options[..], &["--state-dir", "state"]].concat()).ok();
    assert!(ended.err.contains(strategy) && !ended.err.contains("--state-dir"), "{}", ended.err);
}
