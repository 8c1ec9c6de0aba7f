//! Checkpoints with state in tiers: files that did not change are named again, and a restore gets them all.

use super::manifest::{CheckpointKind, JobEntry, Manifest, ManifestBody};
use super::{BlobStore, LocalStore, PartWriter, ProcessParts, export, load, load_into, verify};
use crate::snapshot::{OperatorPart, OperatorSnapshot};
use crate::tier::{Content, GroupRange, TierFile, TierFiles, TierTicket, WorkFolder};
use riverrun_core::{Epoch, Error, KeyGroup, Millis, Watermark};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// More than is packed with blobs.
const LARGE: usize = 300 << 10;

/// A part whose state is in these files, each a local one of this name and size, filled with the byte.
fn part(folder: &Path, files: &[(&str, usize, u8)]) -> OperatorPart {
    let files = files.iter().map(|(name, size, fill)| {
        let path = folder.join(format!("{name}-{fill}"));
        std::fs::write(&path, vec![*fill; *size]).unwrap();
        TierFile {
            name: (*name).to_owned(),
            immutable: name.ends_with(".sst"),
            hash: None,
            content: Content::Path(path),
        }
    });
    let groups = GroupRange { first: 4, end: 8 };
    let files = TierFiles { groups, origin: 7, files: files.collect(), scratch: None };
    part_of(TierTicket::ready(Arc::new(files)))
}

fn part_of(ticket: TierTicket) -> OperatorPart {
    let state = OperatorSnapshot::of_tier(ticket);
    OperatorPart { state, watermark: Watermark(1), ended: false, splits: Vec::new() }
}

fn manifest(parts: ProcessParts) -> Manifest {
    let body = ManifestBody {
        kind: CheckpointKind::Checkpoint,
        id: 1,
        epoch: Epoch(1),
        nonce: "nonce".into(),
        job: JobEntry { key_groups: 8, ..JobEntry::default() },
        started: Millis(0),
        completed: Millis(0),
        written: 0,
        base: None,
        finished: false,
    };
    let manifest = Manifest::assemble(body, [parts], &BTreeMap::new());
    let encoded = manifest.encode().unwrap();
    assert!(std::str::from_utf8(&encoded).unwrap().contains("\"version\":3"), "an older binary must refuse it");
    let decoded = Manifest::decode(&encoded).unwrap();
    assert_eq!(decoded, manifest);
    decoded
}

/// The names and contents of the tier's files after a restore.
fn restored(store: &dyn BlobStore, manifest: &Manifest, scratch: &Path) -> BTreeMap<String, Vec<u8>> {
    assert_eq!(verify(store, manifest), Vec::<String>::new());
    let snapshot = load_into(store, manifest, |_: KeyGroup| true, &WorkFolder::at(scratch)).unwrap();
    let tier = snapshot.operators["sums"][0].state.tiers[""].wait().unwrap();
    assert_eq!(tier.groups, GroupRange { first: 4, end: 8 });
    tier.files.iter().map(|file| (file.name.clone(), file.read().unwrap())).collect()
}

#[test]
fn files_of_tiers_are_written_once_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (local, scratch) = (folder.path().join("local"), folder.path().join("scratch"));
    std::fs::create_dir_all(&local).unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path().join("job")));
    let mut writer = PartWriter::new(store.clone(), 1, 0);
    let first = [("1.sst", LARGE, 1), ("2.sst", 100, 2), ("MANIFEST", 50, 3)];
    let written = writer.write(Epoch(1), vec![("sums".into(), 0, part(&local, &first))]).unwrap();
    assert_eq!(written.written, (LARGE + 8 + 100 + 50) as u64);
    // Of the next only what is new is written: a file, and the one that changed under its name.
    let second = [("1.sst", LARGE, 1), ("2.sst", 100, 2), ("3.sst", LARGE, 4), ("MANIFEST", 60, 5)];
    let written = writer.write(Epoch(2), vec![("sums".into(), 0, part(&local, &second))]).unwrap();
    assert_eq!(written.written, (LARGE + 8 + 60) as u64);
    let manifest = manifest(written);
    assert_eq!(manifest.state_bytes(), (2 * LARGE + 100 + 60) as u64);
    let expected: BTreeMap<String, Vec<u8>> =
        second.iter().map(|(name, size, fill)| ((*name).to_owned(), vec![*fill; *size])).collect();
    assert_eq!(restored(&*store, &manifest, &scratch), expected);
    assert!(!scratch.exists(), "what was restored goes when nobody needs it");

    // A restart knows what is there, whatever the files are called now.
    let mut writer = PartWriter::new(store.clone(), 2, 0);
    writer.know(&manifest);
    let third = [("9.sst", LARGE, 1), ("2.sst", 100, 2), ("3.sst", LARGE, 4)];
    let written = writer.write(Epoch(3), vec![("sums".into(), 0, part(&local, &third))]).unwrap();
    assert_eq!(written.written, 0);

    // A savepoint stands by itself.
    let target = LocalStore::new(folder.path().join("savepoint"));
    let savepoint = export(&*store, &manifest, &target).unwrap();
    std::fs::remove_dir_all(folder.path().join("job")).unwrap();
    assert_eq!(restored(&target, &savepoint, &scratch), expected);
}

#[test]
fn many_files_are_fetched_at_a_time_and_of_several_that_are_damaged_the_first_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path().join("job")));
    let names: Vec<String> = (0..9).map(|number| format!("{number}.sst")).collect();
    let files: Vec<(&str, usize, u8)> =
        names.iter().zip(0..).map(|(name, fill)| (name.as_str(), LARGE, fill)).collect();
    let mut writer = PartWriter::new(store.clone(), 1, 0);
    let manifest = manifest(writer.write(Epoch(1), vec![("sums".into(), 0, part(folder.path(), &files))]).unwrap());
    let scratch = folder.path().join("scratch");
    let expected: BTreeMap<String, Vec<u8>> =
        files.iter().map(|(name, size, fill)| ((*name).to_owned(), vec![*fill; *size])).collect();
    assert_eq!(restored(&*store, &manifest, &scratch), expected);

    let tier = &manifest.operators["sums"].parts[0].tiers[0];
    let stored = |number: usize| &manifest.files[tier.files[number].1.file as usize].name;
    for number in [6, 3, 7] {
        store.put(stored(number), &[9; LARGE]).unwrap();
    }
    let error = load_into(&*store, &manifest, |_: KeyGroup| true, &WorkFolder::at(&scratch)).unwrap_err();
    let place = store.describe(stored(3));
    assert_eq!(error.message(), format!("the checkpoint is damaged: {place} does not match its checksum"));
}

/// Its files may be links to those of the checkpoint: no other process may take the folder for its own, as long as it is used.
#[test]
fn a_checkpoint_that_is_read_without_a_job_has_a_locked_folder_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path().join("job")));
    let mut writer = PartWriter::new(store.clone(), 1, 0);
    let written =
        writer.write(Epoch(1), vec![("sums".into(), 0, part(folder.path(), &[("1.sst", LARGE, 1)]))]).unwrap();
    let manifest = manifest(written);
    let place = |snapshot: &crate::Snapshot| match &snapshot.operators["sums"][0].state.tiers[""].wait().unwrap().files
        [0]
    .content
    {
        Content::Path(path) => path.ancestors().nth(2).unwrap().to_owned(),
        _ => panic!("it is no file"),
    };
    let [one, other] = [0, 1].map(|_| load(&*store, &manifest, |_: KeyGroup| true).unwrap());
    assert_ne!(place(&one), place(&other));
    let locked = place(&one);
    assert_eq!(locked.parent(), Some(&*std::env::temp_dir()));
    assert!(std::fs::File::open(locked.join("lock")).unwrap().try_lock().is_err());
    drop(one);
    assert!(!locked.exists());
    assert!(place(&other).exists());
}

#[test]
fn groups_that_are_not_wanted_are_not_downloaded_and_damage_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path().join("job")));
    let mut writer = PartWriter::new(store.clone(), 1, 0);
    let files = [("1.sst", LARGE, 1)];
    let written = writer.write(Epoch(1), vec![("sums".into(), 0, part(folder.path(), &files))]).unwrap();
    let manifest = manifest(written);
    let scratch = folder.path().join("scratch");
    let none = load_into(&*store, &manifest, |group: KeyGroup| group.0 < 4, &WorkFolder::at(&scratch)).unwrap();
    assert!(none.operators["sums"][0].state.tiers.is_empty());
    store.put(&manifest.files[0].name, &vec![9; LARGE]).unwrap();
    let error = load_into(&*store, &manifest, |_: KeyGroup| true, &WorkFolder::at(&scratch)).unwrap_err();
    assert!(error.message().ends_with("does not match its checksum"), "{error:?}");
    store.delete(&manifest.files[0].name).unwrap();
    let error = load_into(&*store, &manifest, |_: KeyGroup| true, &WorkFolder::at(&scratch)).unwrap_err();
    assert!(error.message().ends_with("is missing"), "{error:?}");
}

#[test]
fn a_tier_that_could_not_be_written_fails_the_checkpoint_and_not_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path().join("job")));
    let mut writer = PartWriter::new(store, 1, 0);
    let (sender, ticket) = TierTicket::new();
    sender.keep(Err(Error::failure("the disk is full")));
    let error = writer.write(Epoch(1), vec![("sums".into(), 0, part_of(ticket))]).unwrap_err();
    assert_eq!(error.message(), "the disk is full");
    let (sender, ticket) = TierTicket::new();
    drop(sender);
    let error = writer.write(Epoch(2), vec![("sums".into(), 0, part_of(ticket))]).unwrap_err();
    assert_eq!(error.message(), "the state was not written: the job has ended");
    let next = part(folder.path(), &[("1.sst", 10, 1)]);
    assert_eq!(writer.write(Epoch(3), vec![("sums".into(), 0, next)]).unwrap().written, 8 + 10);
}
