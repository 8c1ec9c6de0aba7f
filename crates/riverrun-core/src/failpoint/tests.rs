//! What is armed is global, so the one test that arms uses a point that no other test of this crate passes.

use super::*;

#[test]
fn a_fault_strikes_at_its_hit_and_leaves_a_note_in_the_ledger() {
    let ledger = std::env::temp_dir().join(format!("riverrun-failpoint-{}", std::process::id()));
    std::fs::create_dir_all(&ledger).unwrap();
    failpoint("savepoint-copy").unwrap();
    arm_with(
        Fault::parse_all("error@savepoint-copy:2, disconnect@token, disconnect@fence").unwrap(),
        Some(ledger.clone()),
    )
    .unwrap();
    failpoint("savepoint-copy").unwrap();
    assert_eq!(failpoint("savepoint-copy").unwrap_err().message(), "the failpoint 'savepoint-copy' was hit");
    failpoint("savepoint-copy").unwrap();
    assert_eq!(strike("token").unwrap(), Struck::Disconnected);
    assert_eq!(strike("token").unwrap(), Struck::Nothing);
    // A target without a connection, as a folder of files, has none to lose.
    failpoint("fence").unwrap();
    // Another process, or the next start, goes on counting.
    disarm();
    arm_with(Fault::parse_all("error@savepoint-copy:4").unwrap(), Some(ledger.clone())).unwrap();
    assert!(failpoint("savepoint-copy").is_err());
    disarm();
    failpoint("savepoint-copy").unwrap();
    let pid = std::process::id();
    let noted = std::fs::read_to_string(ledger.join(STRUCK_FILE)).unwrap();
    assert_eq!(
        noted,
        format!(
            "error@savepoint-copy:2\t{pid}\ndisconnect@token:1\t{pid}\ndisconnect@fence:1\t{pid}\nerror@savepoint-copy:4\t{pid}\n"
        )
    );
    std::fs::remove_dir_all(ledger).unwrap();
}

#[test]
fn a_fault_reads_as_it_is_written() {
    for text in ["kill@manifest-put:2", "delay(100ms)@sink-write:*", "disconnect@commit-answer:1"] {
        assert_eq!(Fault::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(Fault::parse("stall(2s)@token").unwrap().to_string(), "stall(2000ms)@token:1");
}

#[test]
fn what_is_no_fault_is_refused_with_the_nearest_name() {
    for (text, message, hint) in [
        ("kill", "'kill' is no fault: it has no @POINT", "write it like kill@manifest-put:2"),
        ("kil@barrier", "'kil@barrier' is no fault: there is no kind 'kil'", "did you mean `kill`?"),
        ("kill@barier", "'kill@barier' is no fault: there is no failpoint 'barier'", "did you mean `barrier`?"),
        ("kill@barrier:0", "'kill@barrier:0' is no fault: '0' is no number of a hit", ""),
        ("kill(1s)@barrier", "'kill(1s)@barrier' is no fault: only a delay and a stall have a duration", ""),
        (
            "delay(x)@barrier",
            "'delay(x)@barrier' is no fault: 'x' is no duration",
            "write it like delay(100ms)@sink-write:1",
        ),
        ("delay(5@barrier", "'delay(5@barrier' is no fault: a ) is missing", "write it like delay(100ms)@sink-write:1"),
        (
            "disconnect@barrier",
            "'disconnect@barrier' is no fault: no connection can be lost at 'barrier'",
            "one of: sink-write, token, target-commit, commit-answer, fence",
        ),
    ] {
        let error = Fault::parse(text).unwrap_err();
        assert_eq!((error.message(), error.hint_text().unwrap_or_default()), (message, hint));
    }
}
