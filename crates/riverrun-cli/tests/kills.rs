//! Jobs of several processes of which any may die at any moment, or be stopped and come back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::Case;
use common::windows::*;
use std::time::Duration;

/// The next of a row of numbers that follow from a seed (SplitMix64).
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}

/// Starts a job again and again, kills one of its processes each time, and lets it come to its end.
fn killed_at_random(seed: u64, kills: u64) {
    let expected = expected();
    let case = Case::new();
    let mut random = seed;
    let mut newest = 0;
    for kill in 0..kills {
        let processes = 2 + next(&mut random) % 2;
        let (count, workers) = (processes.to_string(), (processes * (1 + next(&mut random) % 2)).to_string());
        let child = start(&case, &["--processes", &count, "-p", &workers]);
        newest = wait_beyond(&case, newest + next(&mut random) % 3);
        std::thread::sleep(Duration::from_millis(next(&mut random) % 120));
        let mut victims = children(child.id());
        victims.insert(0, child.id());
        let victim = next(&mut random) as usize % victims.len();
        signal("KILL", victims[victim]);
        let ended = end(child);
        if victim > 0 {
            let said = format!("process {victim} has ended before the job");
            assert!(ended.code == 1 && ended.err.contains(&said), "seed {seed}, kill {kill}: {}", ended.err);
        }
        newest = newest.max(checkpoints(&case).last().copied().unwrap_or_default());
    }
    finish(&case, &["--processes", "2", "-p", "2"]).ok();
    assert_eq!(case.lines("out"), expected, "seed {seed}");
}

#[test]
fn any_process_may_be_killed_at_any_moment() {
    killed_at_random(1, 4);
}

#[test]
fn any_process_may_be_killed_at_any_other_moment() {
    killed_at_random(2, 4);
}

#[test]
fn a_process_of_an_older_start_that_comes_back_changes_nothing() {
    let expected = expected();
    let case = Case::new();
    let old = start(&case, &["--processes", "2", "-p", "2"]);
    let newest = wait_beyond(&case, 1);
    // One of its processes is stopped, and so outlives the other.
    let stopped = children(old.id())[0];
    signal("STOP", stopped);
    signal("KILL", old.id());
    let young = start(&case, &["--processes", "2", "-p", "2"]);
    wait_beyond(&case, newest + 1);
    signal("CONT", stopped);
    end(young).ok();
    assert_eq!(case.lines("out"), expected);
    // It has noticed that nobody waits for it any more.
    assert!(is_gone(stopped), "process {stopped} is still there");
    drop(end(old));
}
