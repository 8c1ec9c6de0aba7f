use super::*;

fn start(state: &StateDir) -> u64 {
    state.job(0, "job").unwrap();
    state.start(0, Start { from: None, newest: 0, rewound_to: None, folder: None }).unwrap()
}

#[test]
fn a_start_that_was_overtaken_does_not_write_what_it_knows_over_what_has_come_since() {
    let folder = tempfile::tempdir().unwrap();
    let older = StateDir::open(folder.path()).unwrap();
    assert_eq!(start(&older), 1);
    // As on another machine, to which the lock of the first means nothing.
    std::fs::remove_file(folder.path().join(LOCK)).unwrap();
    let younger = StateDir::open(folder.path()).unwrap();
    assert_eq!(start(&younger), 2);
    older.checkpointed(0).unwrap();
    let noted = || StateDir::jobs(folder.path()).unwrap().remove(0);
    assert_eq!((noted().generation, noted().checkpointed), (2, false));
    younger.checkpointed(0).unwrap();
    assert_eq!((noted().generation, noted().checkpointed), (2, true));
}
