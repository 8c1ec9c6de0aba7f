#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use super::testing::{Fault, FaultyStore};
use super::*;
use crate::snapshot::{OperatorPart, OperatorSnapshot, SplitProgress};
use riverrun_core::{Epoch, KeyGroup, Millis, Watermark};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn store(folder: &Path) -> Arc<dyn BlobStore> {
    Arc::new(LocalStore::new(folder))
}

/// An operator's part: what `groups` say, and an offset.
fn part(groups: &[(u16, &str)], offset: &str) -> OperatorPart {
    OperatorPart {
        state: OperatorSnapshot {
            keyed: groups.iter().map(|(group, text)| (KeyGroup(*group), text.as_bytes().to_vec())).collect(),
            split: vec![offset.as_bytes().to_vec()],
            union: vec![b"everyone".to_vec()],
            ..OperatorSnapshot::default()
        },
        watermark: Watermark(17),
        ended: false,
        splits: vec![("file-1".into(), SplitProgress { latest: Millis(20), watermark: Watermark(17) })],
    }
}

fn manifest(id: u64, epoch: u32, generation: u64, parts: ProcessParts) -> Manifest {
    let job = JobEntry { id: "job".into(), generation, parallelism: 1, key_groups: 8, ..JobEntry::default() };
    let body = ManifestBody {
        kind: CheckpointKind::Checkpoint,
        id,
        epoch: Epoch(epoch),
        nonce: format!("{generation}-{epoch}"),
        job,
        started: Millis(0),
        completed: Millis(1),
        written: 0,
        base: None,
        finished: false,
    };
    Manifest::assemble(body, [parts], &BTreeMap::new())
}

/// Writes and decides checkpoints of one worker with one operator, as process 0 of a job does.
struct Run {
    history: History,
    writer: PartWriter,
    retention: Retention,
    generation: u64,
    next: u64,
    epoch: u32,
    /// What it goes on from.
    base: Option<u64>,
}

impl Run {
    fn start(store: &Arc<dyn BlobStore>, generation: u64, retained: usize) -> riverrun_core::Result<Run> {
        let history = History::new(store.clone());
        let mut writer = PartWriter::new(store.clone(), generation, 0);
        let latest = history.latest()?;
        if let Some(manifest) = &latest {
            writer.know(manifest);
        }
        let base = latest.as_ref().map(|latest| latest.body.id);
        let (next, epoch) = latest.map_or((1, 0), |latest| (latest.body.id + 1, latest.body.epoch.0 + 1));
        let retention = Retention::open(history.clone(), retained, None)?;
        Ok(Run { history, writer, retention, generation, next, epoch, base })
    }

    /// A start that goes on from a checkpoint that is not the newest.
    fn rewound(store: &Arc<dyn BlobStore>, generation: u64, retained: usize, base: u64) -> Run {
        let history = History::new(store.clone());
        let newest = *history.numbers().unwrap().last().unwrap();
        let mut writer = PartWriter::new(store.clone(), generation, 0);
        writer.know(&history.read(base).unwrap());
        let branch = Branch { base, newest, generation };
        let retention = Retention::open(history.clone(), retained, Some(&branch)).unwrap();
        Run { history, writer, retention, generation, next: newest + 1, epoch: 100, base: Some(base) }
    }

    /// The numbers of its history's checkpoints, and of those that are abandoned.
    fn numbers(&self) -> (Vec<u64>, Vec<u64>) {
        let entries = self.history.entries().unwrap();
        let numbers = |only_abandoned: bool| -> Vec<u64> {
            entries.iter().filter(|entry| entry.abandoned || !only_abandoned).map(|entry| entry.id).collect()
        };
        (numbers(false), numbers(true))
    }

    /// One checkpoint. Ok(false): this generation has been overtaken.
    fn checkpoint(&mut self, part: OperatorPart) -> riverrun_core::Result<bool> {
        self.epoch += 1;
        let written = self.writer.write(Epoch(self.epoch), vec![("sums".into(), 0, part)])?;
        loop {
            let mut manifest = manifest(self.next, self.epoch, self.generation, written.clone());
            manifest.body.base = self.base;
            let decided = match self.history.decide(&manifest) {
                Ok(Outcome::Decided) => manifest,
                Ok(Outcome::Earlier(earlier)) => *earlier,
                Ok(Outcome::Overtaken) => return Ok(false),
                Err(error) => {
                    self.retention.loosen(manifest.file_names());
                    return Err(error);
                }
            };
            self.next = decided.body.id + 1;
            self.retention.decided(&decided)?;
            if decided.body.epoch.0 == self.epoch {
                return Ok(true);
            }
        }
    }
}

fn everything(_: KeyGroup) -> bool {
    true
}

/// What the newest checkpoint holds.
fn newest(store: &Arc<dyn BlobStore>) -> Option<OperatorPart> {
    let manifest = History::new(store.clone()).latest().unwrap()?;
    assert_eq!(verify(&**store, &manifest), Vec::<String>::new());
    Some(load(&**store, &manifest, everything).unwrap().operators["sums"][0].clone())
}

#[test]
fn what_was_written_is_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 1).unwrap();
    let written = part(&[(0, "zero"), (5, "five")], "offset 9");
    assert!(run.checkpoint(written.clone()).unwrap());
    assert_eq!(newest(&store).unwrap(), written);
    let manifest = run.history.latest().unwrap().unwrap();
    let some = load(&*store, &manifest, |group| group.0 > 3).unwrap();
    assert_eq!(some.operators["sums"][0].state.keyed.keys().copied().collect::<Vec<_>>(), [KeyGroup(5)]);
    assert_eq!(manifest.state_bytes(), 8 + 8 + 8);
}

#[test]
fn blobs_that_did_not_change_are_not_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 1).unwrap();
    let big = "x".repeat(10_000);
    run.checkpoint(part(&[(0, &big), (5, "a")], "1")).unwrap();
    run.checkpoint(part(&[(0, &big), (5, "b")], "2")).unwrap();
    assert_eq!(run.history.latest().unwrap().unwrap().body.written, 8 + 1 + 1);
    // Nothing changed: nothing is written, not even a file.
    run.checkpoint(part(&[(0, &big), (5, "b")], "2")).unwrap();
    assert_eq!(run.history.latest().unwrap().unwrap().body.written, 0);
    // A restart knows what is there.
    let mut run = Run::start(&store, 2, 1).unwrap();
    run.checkpoint(part(&[(0, &big), (5, "c")], "2")).unwrap();
    assert_eq!(run.history.latest().unwrap().unwrap().body.written, 8 + 1);
    assert_eq!(newest(&store).unwrap(), part(&[(0, &big), (5, "c")], "2"));
}

#[test]
fn a_file_of_which_little_is_left_is_written_anew_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 1).unwrap();
    let big = |c: &str| c.repeat(1_000);
    run.checkpoint(part(&[(0, &big("a")), (1, &big("b")), (2, &big("c"))], "1")).unwrap();
    run.checkpoint(part(&[(0, &big("d")), (1, &big("b")), (2, &big("c"))], "1")).unwrap();
    assert_eq!(store.list("shared").unwrap().len(), 2);
    run.checkpoint(part(&[(0, &big("d")), (1, &big("e")), (2, &big("c"))], "1")).unwrap();
    let files = store.list("shared").unwrap();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.iter().map(|file| file.size).sum::<u64>() < 5_000);
    assert_eq!(newest(&store).unwrap(), part(&[(0, &big("d")), (1, &big("e")), (2, &big("c"))], "1"));
}

#[test]
fn so_many_checkpoints_are_kept_and_all_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 3).unwrap();
    let parts: Vec<_> =
        (0..8).map(|n| part(&[(0, "same"), (n % 4, &format!("{n}").repeat(50))], &n.to_string())).collect();
    for part in &parts {
        run.checkpoint(part.clone()).unwrap();
        for entry in run.history.entries().unwrap() {
            assert_eq!(verify(&*store, &entry.manifest.unwrap()), Vec::<String>::new());
        }
    }
    assert_eq!(run.history.numbers().unwrap(), [6, 7, 8]);
    let named: std::collections::BTreeSet<String> =
        run.history.entries().unwrap().into_iter().flat_map(|entry| entry.manifest.unwrap().file_names()).collect();
    let stored: std::collections::BTreeSet<String> =
        store.list("shared").unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(named, stored);
}

#[test]
fn no_loose_file_goes_for_a_checkpoint_that_was_decided_before_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 1).unwrap();
    run.checkpoint(part(&[(0, "a")], "1")).unwrap();
    let known = run.history.latest().unwrap().unwrap();
    let mut retention = Retention::open(run.history.clone(), 1, None).unwrap();
    store.put("shared/next", b"x").unwrap();
    retention.loosen(["shared/next".to_owned()]);
    // The first one's decision has been learned late; the next, under way, names what a failed one has written.
    retention.keep(&known);
    assert!(store.get("shared/next").unwrap().is_some());
    retention.decided(&known).unwrap();
    assert!(store.get("shared/next").unwrap().is_none());
}

#[test]
fn of_two_generations_that_go_on_from_one_checkpoint_one_ends() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut old = Run::start(&store, 1, 1).unwrap();
    assert!(old.checkpoint(part(&[(0, "a")], "1")).unwrap());
    let mut new = Run::start(&store, 2, 1).unwrap();
    assert!(new.checkpoint(part(&[(0, "b")], "2")).unwrap());
    assert!(!old.checkpoint(part(&[(0, "z")], "3")).unwrap(), "it wants the number that the new one has");
    assert_eq!(newest(&store).unwrap(), part(&[(0, "b")], "2"));
}

#[test]
fn a_generation_whose_number_was_freed_by_retention_notices_that_it_was_overtaken() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut old = Run::start(&store, 1, 1).unwrap();
    assert!(old.checkpoint(part(&[(0, "a")], "1")).unwrap());
    let mut new = Run::start(&store, 2, 1).unwrap();
    for n in 0..3 {
        assert!(new.checkpoint(part(&[(0, "b")], &n.to_string())).unwrap());
    }
    assert_eq!(new.history.numbers().unwrap(), [4]);
    assert!(!old.checkpoint(part(&[(0, "z")], "3")).unwrap(), "number 2 was free again");
    assert_eq!(newest(&store).unwrap(), part(&[(0, "b")], "2"));
}

#[test]
fn abandoned_checkpoints_go_when_the_branch_has_one_of_its_own_and_count_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 3).unwrap();
    for state in ["a", "b", "c", "d"] {
        run.checkpoint(part(&[(0, "same"), (1, state)], state)).unwrap();
    }
    assert_eq!(run.numbers(), (vec![2, 3, 4], vec![]));
    let mut branch = Run::rewound(&store, 2, 3, 2);
    assert_eq!(branch.numbers(), (vec![2, 3, 4], vec![]), "nothing goes before there is something else");
    assert_eq!(branch.retention.collect(Millis(i64::MAX)).unwrap(), 0);
    assert_eq!(newest(&store).unwrap(), part(&[(0, "same"), (1, "d")], "d"));
    let next = part(&[(0, "same"), (1, "e")], "e");
    assert!(branch.checkpoint(next.clone()).unwrap());
    assert_eq!(branch.numbers(), (vec![2, 5], vec![]));
    assert_eq!(newest(&store).unwrap(), next);
    // With their files, but for those that the branch shares.
    let named: std::collections::BTreeSet<String> =
        branch.history.entries().unwrap().into_iter().flat_map(|entry| entry.manifest.unwrap().file_names()).collect();
    let stored = store.list("shared").unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(named, stored);
}

#[test]
fn what_a_crash_has_left_of_abandoned_checkpoints_is_told_apart_and_goes_with_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 9).unwrap();
    for state in ["a", "b", "c"] {
        run.checkpoint(part(&[(0, state)], state)).unwrap();
    }
    let left: Vec<_> = [2, 3].map(|id| store.get(&format!("chk-{id}/manifest.json")).unwrap().unwrap()).into();
    let mut branch = Run::rewound(&store, 2, 9, 1);
    branch.checkpoint(part(&[(0, "d")], "d")).unwrap();
    branch.checkpoint(part(&[(0, "e")], "e")).unwrap();
    store.put("chk-2/manifest.json", &left[0]).unwrap();
    store.put("chk-3/manifest.json", b"torn").unwrap();
    assert_eq!(branch.numbers(), (vec![1, 2, 3, 4, 5], vec![2, 3]));
    // The way out of a damaged one leads past them.
    let path = folder.path().join("chk-5/manifest.json");
    let whole = std::fs::read(&path).unwrap();
    for (damaged, way) in [(vec![5], "chk-4 "), (vec![4, 5], "chk-1 ")] {
        damaged.iter().for_each(|id| {
            std::fs::write(folder.path().join(format!("chk-{id}/manifest.json")), "{").unwrap();
        });
        let branch = Branch { base: 1, newest: 3, generation: 2 };
        let entries = run.history.entries_with(Some(&branch)).unwrap();
        let error = run.history.latest_of(&entries).unwrap_err();
        assert!(error.hint_text().unwrap().contains(way), "{error:?}");
    }
    std::fs::write(&path, whole).unwrap();
    std::fs::remove_file(folder.path().join("chk-4/manifest.json")).unwrap();
    let mut again = Run::start(&store, 3, 9).unwrap();
    again.checkpoint(part(&[(0, "f")], "f")).unwrap();
    assert_eq!(again.numbers(), (vec![1, 5, 6], vec![]));
}

#[test]
fn what_an_older_start_has_put_after_the_branch_is_abandoned_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut old = Run::start(&store, 1, 9).unwrap();
    old.checkpoint(part(&[(0, "a")], "1")).unwrap();
    old.checkpoint(part(&[(0, "b")], "2")).unwrap();
    // Generation 2 goes on from the first, and has been noted; then the one that was merely suspended goes on.
    let branch = Branch { base: 1, newest: 2, generation: 2 };
    let mut new = Run::rewound(&store, 2, 9, 1);
    assert!(old.checkpoint(part(&[(0, "z")], "3")).unwrap());
    assert!(!new.checkpoint(part(&[(0, "c")], "4")).unwrap(), "it has been overtaken");
    let entries = new.history.entries_with(Some(&branch)).unwrap();
    assert_eq!(new.history.latest_of(&entries).unwrap().unwrap().body.id, 1);
    let mut third = Run::rewound(&store, 3, 9, 1);
    assert!(third.checkpoint(part(&[(0, "c")], "4")).unwrap());
    assert_eq!(third.numbers(), (vec![1, 4], vec![]));
}

#[test]
fn a_store_that_fails_at_any_call_costs_at_most_that_checkpoint() {
    let parts: Vec<_> =
        (0..5).map(|n| part(&[(0, "same"), (n, &format!("{n}").repeat(90))], &format!("offset {n}"))).collect();
    for fault in [Fault::Refused, Fault::AnswerLost] {
        for at in 0..60 {
            let folder = tempfile::tempdir().unwrap();
            let good = store(folder.path());
            let faulty = Arc::new(FaultyStore::new(good.clone(), at, fault, false));
            let store: Arc<dyn BlobStore> = faulty.clone();
            let Ok(mut run) = Run::start(&store, 1, 2) else { continue };
            let mut last = None;
            for part in &parts {
                match run.checkpoint(part.clone()) {
                    Ok(decided) => {
                        assert!(decided, "{fault:?} at {at}: overtaken by nobody");
                        last = Some(part);
                    }
                    // Whether it has been decided is open; the one before it must be whole in any case.
                    Err(_) => last = None,
                }
                let found = newest(&good);
                if let Some(last) = last {
                    assert_eq!(found.as_ref(), Some(last), "{fault:?} at {at}");
                }
            }
            if last.is_none() {
                assert!(run.checkpoint(parts[4].clone()).unwrap(), "{fault:?} at {at}: the job goes on");
            }
            assert_eq!(newest(&good).as_ref(), Some(&parts[4]), "{fault:?} at {at}");
            if !faulty.has_failed() {
                break;
            }
        }
    }
}

#[test]
fn after_a_store_breaks_for_good_the_last_checkpoint_is_whole() {
    for fault in [Fault::Refused, Fault::AnswerLost] {
        for at in (0..40).step_by(3) {
            let folder = tempfile::tempdir().unwrap();
            let good = store(folder.path());
            let broken: Arc<dyn BlobStore> = Arc::new(FaultyStore::new(good.clone(), at, fault, true));
            let mut decided = None;
            if let Ok(mut run) = Run::start(&broken, 1, 1) {
                for n in 0..6 {
                    let part = part(&[(0, "same"), (n, &format!("{n}").repeat(90))], "1");
                    if run.checkpoint(part.clone()).is_ok() {
                        decided = Some(part);
                    }
                }
            }
            // Whatever came after it is not decided, or it is whole.
            let found = newest(&good);
            assert!(found.is_some() || decided.is_none(), "{fault:?} at {at}");
            let mut again = Run::start(&good, 2, 1).unwrap();
            assert!(again.checkpoint(part(&[(0, "after")], "2")).unwrap());
            assert_eq!(newest(&good), Some(part(&[(0, "after")], "2")));
        }
    }
}

#[test]
fn a_torn_manifest_is_named_with_the_checkpoint_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 3).unwrap();
    run.checkpoint(part(&[(0, "a")], "1")).unwrap();
    run.checkpoint(part(&[(0, "b")], "2")).unwrap();
    let path = folder.path().join("chk-2/manifest.json");
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 10, 100, bytes.len() - 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = History::new(store.clone()).latest().unwrap_err();
        assert!(error.message().contains("chk-2: the manifest is damaged: "), "{}", error.message());
        assert!(error.hint_text().unwrap().contains("chk-1"), "{error:?}");
    }
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 4;
        assert!(Manifest::decode(&damaged).is_err(), "a flipped bit at {at} goes unnoticed");
    }
}

#[test]
fn a_torn_file_of_state_is_named_with_the_newest_checkpoint_before_it_that_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 3).unwrap();
    for state in ["a", "b", "c"] {
        run.checkpoint(part(&[(0, &state.repeat(100))], state)).unwrap();
    }
    let manifest = |id| run.history.read(id).unwrap();
    let path = |id| folder.path().join(&manifest(id).files[0].name);
    let said = || {
        let error = load(&*store, &manifest(3), everything).unwrap_err();
        (error.message().to_owned(), error.hint_text().unwrap_or_default().to_owned())
    };
    let bytes = std::fs::read(path(3)).unwrap();
    for length in [0, 7, 8, 50, bytes.len() - 1] {
        std::fs::write(path(3), &bytes[..length]).unwrap();
        let (message, hint) = said();
        let place = path(3).display().to_string();
        assert!(message.starts_with("the checkpoint is damaged: ") && message.contains(&place), "{length}: {message}");
        assert!(hint.starts_with("the one before it can be used with --from ") && hint.contains("chk-2"), "{hint}");
    }
    std::fs::write(path(2), b"RRSTATE1").unwrap();
    assert!(said().1.contains("chk-1"), "the one before is torn too: {}", said().1);
    std::fs::remove_file(path(1)).unwrap();
    assert_eq!(said().1, "there is no other checkpoint: a new state directory starts from the beginning");
}

#[test]
fn a_damaged_file_of_state_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 3).unwrap();
    run.checkpoint(part(&[(0, &"a".repeat(100))], "1")).unwrap();
    let manifest = run.history.latest().unwrap().unwrap();
    let path = folder.path().join(&manifest.files[0].name);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let problems = verify(&*store, &manifest);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].ends_with("00000001-g1-p0.state does not match its checksum"), "{problems:?}");
    assert!(problems[1].starts_with("damaged: 1 blob of sums on worker 0 in "), "{problems:?}");
    assert!(load(&*store, &manifest, everything).unwrap_err().message().contains("does not match its checksum"));
    std::fs::write(&path, &bytes[..50]).unwrap();
    assert!(load(&*store, &manifest, everything).unwrap_err().message().contains("ends too early"));
    std::fs::remove_file(&path).unwrap();
    assert!(load(&*store, &manifest, everything).unwrap_err().message().contains("is missing"));
    assert!(verify(&*store, &manifest)[0].ends_with("is missing"));
}

#[test]
fn what_a_crash_has_left_is_collected_when_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 1).unwrap();
    run.checkpoint(part(&[(0, "a")], "1")).unwrap();
    store.put("shared/00000009-g1-p0.state", b"never named").unwrap();
    std::fs::write(folder.path().join("shared/.tmp-1"), b"torn").unwrap();
    let written = store.list("shared").unwrap().iter().map(|file| file.modified.0).max().unwrap();
    assert_eq!(run.retention.collect(Millis(written + 1_000)).unwrap(), 0, "they may still be named");
    assert_eq!(run.retention.collect(Millis(written + 11 * 60_000)).unwrap(), 2);
    assert_eq!(newest(&store).unwrap(), part(&[(0, "a")], "1"));
}

#[test]
fn nothing_is_collected_while_a_manifest_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut run = Run::start(&store, 1, 2).unwrap();
    run.checkpoint(part(&[(0, "a")], "1")).unwrap();
    run.checkpoint(part(&[(0, "b")], "2")).unwrap();
    std::fs::write(folder.path().join("chk-2/manifest.json"), b"{").unwrap();
    let retention = Retention::open(run.history.clone(), 1, None).unwrap();
    assert_eq!(retention.collect(Millis(i64::MAX)).unwrap(), 0);
}

#[test]
fn a_savepoint_stands_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let source = store(&folder.path().join("job"));
    let mut run = Run::start(&source, 1, 1).unwrap();
    run.checkpoint(part(&[(0, "a"), (1, "b")], "1")).unwrap();
    run.checkpoint(part(&[(0, "a"), (1, "c")], "2")).unwrap();
    let manifest = run.history.latest().unwrap().unwrap();
    let target = store(&folder.path().join("savepoint"));
    let savepoint = export(&*source, &manifest, &*target).unwrap();
    assert_eq!(savepoint.body.kind, CheckpointKind::Savepoint);
    assert!(export(&*source, &manifest, &*target).unwrap_err().message().starts_with("there is a savepoint in"));
    std::fs::remove_dir_all(folder.path().join("job")).unwrap();
    assert_eq!(verify(&*target, &savepoint), Vec::<String>::new());
    assert_eq!(load(&*target, &savepoint, everything).unwrap().operators["sums"][0], part(&[(0, "a"), (1, "c")], "2"));
}

#[test]
fn the_part_of_an_operator_that_has_ended_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let broken = Arc::new(FaultyStore::new(store.clone(), 0, Fault::Refused, false));
    let mut writer = PartWriter::new(broken, 1, 0);
    let last = part(&[(0, "last")], "1");
    // Its only upload fails; it goes with the next.
    assert!(writer.write(Epoch(1), vec![("ended".into(), 0, last.clone())]).is_err());
    for epoch in 2..5 {
        let sums = part(&[(0, &epoch.to_string())], "1");
        let written = writer.write(Epoch(epoch), vec![("sums".into(), 0, sums)]).unwrap();
        let manifest = manifest(u64::from(epoch), epoch, 1, written);
        assert_eq!(load(&*store, &manifest, everything).unwrap().operators["ended"], std::slice::from_ref(&last));
    }
}
