//! The same random changes as in memory, with databases.

use super::RocksTier;
use crate::key::KeyRows;
use crate::tier::tests::Counter;
use crate::tier::{GroupRange, Run, StateBackend, StoreOptions, TierBackend, Trace, WorkFolder};
use riverrun_core::KeyGroup;
use rocksdb::{Cache, DB};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[test]
fn random_changes_are_what_a_map_says_and_every_barrier_is_restored_at_any_parallelism() {
    let folder = tempfile::tempdir().unwrap();
    let tier: Arc<dyn TierBackend> = RocksTier::new(WorkFolder::at(folder.path().join("tier")), 1 << 20);
    crate::tier::tests::exercise(&tier, 2_000, 1, 1, &[1, 3]);
    crate::tier::tests::exercise(&tier, 1 << 30, 1, 2, &[1, 3]);
    drop(tier);
    assert!(!folder.path().join("tier").exists(), "the folder goes with the tier");
}

#[test]
fn a_barrier_of_the_log_that_cannot_be_written_fails_and_the_next_one_has_what_it_missed() {
    let folder = tempfile::tempdir().unwrap();
    let tier = RocksTier::new(WorkFolder::at(folder.path().join("tier")), 1 << 20);
    let backend = StateBackend::tiered(tier, 1 << 30, 1).unwrap().from_bytes(0);
    let mut counter = Counter::new(&backend, 0, 1);
    let keys: Vec<Vec<u8>> = [b"a", b"b", b"c"].map(|key| key.to_vec()).to_vec();
    counter.add(&keys[..1], 1);
    counter.barrier().unwrap();

    let log = folders(&folder.path().join("tier")).remove(0);
    let aside = folder.path().join("aside");
    std::fs::rename(&log, &aside).unwrap();
    counter.add(&keys[1..2], 2);
    let error = counter.barrier().unwrap_err();
    let (place, end) = (log.display().to_string(), ".segment: No such file or directory (os error 2)");
    let message = error.message();
    assert!(message.starts_with(&format!("cannot write the state in {place}/")) && message.ends_with(end), "{message}");

    std::fs::rename(&aside, &log).unwrap();
    counter.add(&keys[2..], 3);
    let files = counter.barrier().unwrap();
    let mut restored = Counter::new(&StateBackend::in_memory(None), 0, 1);
    restored.restore(&[files]);
    assert_eq!(restored.counts(&keys).into_values().collect::<Vec<_>>(), [1, 2, 3]);
}

/// Those in a folder.
fn folders(above: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(above).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

fn get(store: &dyn crate::tier::TierStore, key: &[u8]) -> Option<Vec<u8>> {
    let mut full = vec![0, 3];
    full.extend_from_slice(key);
    let rows = KeyRows { ends: vec![full.len() as u32], data: full };
    let mut found = None;
    let mut note = |_: usize, value: &[u8], _: Trace| {
        found = Some(value.to_vec());
        Ok(())
    };
    store.get(&rows, &mut note).unwrap();
    found
}

#[test]
fn files_that_did_not_change_are_the_same_ones_and_expired_values_are_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let tier = RocksTier::new(WorkFolder::at(folder.path().join("tier")), 1 << 20);
    let options = |first, end| StoreOptions {
        name: "test".to_owned(),
        groups: GroupRange { first, end },
        expired: Some(Arc::new(|value: &[u8]| value == b"old")),
    };
    let store = tier.create(options(0, 8)).unwrap();
    let mut run = Run::default();
    run.put(KeyGroup(3), (1, b"a"), Trace::default(), |out| out.extend(b"1"));
    run.put(KeyGroup(3), (2, b"b"), Trace::default(), |out| out.extend(b"old"));
    store.apply(&run).unwrap();
    let first = store.freeze().unwrap();
    let mut run = Run::default();
    run.put(KeyGroup(3), (3, b"c"), Trace::default(), |out| out.extend(b"3"));
    run.delete(KeyGroup(3), 1, b"a");
    store.apply(&run).unwrap();
    let second = store.freeze().unwrap();
    let tables = |files: &crate::tier::TierFiles| -> Vec<String> {
        files.files.iter().filter(|file| file.immutable).map(|file| file.name.clone()).collect()
    };
    assert_eq!((tables(&first).len(), tables(&second).len()), (1, 2));
    assert!(tables(&second).contains(&tables(&first)[0]), "{first:?} {second:?}");
    assert_eq!((get(&*store, b"a"), get(&*store, b"c")), (None, Some(b"3".to_vec())));

    let (first, second) = (Arc::new(first), Arc::new(second));
    let same = tier.open(options(0, 8), std::slice::from_ref(&first)).unwrap();
    assert_eq!(get(&*same, b"a"), Some(b"1".to_vec()));
    let part = tier.open(options(0, 4), &[first]).unwrap();
    assert_eq!((get(&*part, b"a"), get(&*part, b"b")), (Some(b"1".to_vec()), None));
    let none = tier.open(options(4, 8), &[second]).unwrap();
    assert_eq!(get(&*none, b"c"), None);
}

/// What a database says in its log that it works with, by its address: the values of these options.
fn works_with(database: &std::path::Path, options: [&str; 3]) -> [String; 3] {
    let log = std::fs::read_to_string(database.join("LOG")).unwrap();
    let value = |option: &str| log.lines().find_map(|line| Some(line.split_once(option)?.1.trim().to_owned()));
    options.map(|option| value(option).unwrap_or_else(|| panic!("no {option} in {log}")))
}

#[test]
fn the_databases_of_a_process_share_cache_write_buffer_budget_and_rate_limiter() {
    let folder = tempfile::tempdir().unwrap();
    let tier = RocksTier::new(WorkFolder::at(folder.path().join("tier")), 1 << 20);
    let options = |first, expired: bool| StoreOptions {
        name: "test".to_owned(),
        groups: GroupRange { first, end: 8 },
        // What expires needs a filter in the database's own options.
        expired: expired.then(|| Arc::new(|_: &[u8]| false) as _),
    };
    let _stores = [(0, false), (4, true)].map(|(first, expired)| tier.create(options(first, expired)).unwrap());
    let databases = folders(&folder.path().join("tier"));
    assert_eq!(databases.len(), 2);
    let names = ["  block_cache: ", "Options.write_buffer_manager: ", "Options.rate_limiter: "];
    let shared = works_with(&databases[0], names);
    assert!(shared.iter().all(|address| address.starts_with("0x")), "{shared:?}");
    assert_eq!(works_with(&databases[1], names), shared);
    let of_another_job = RocksTier::new(WorkFolder::at(folder.path().join("other")), 1 << 20);
    let _store = of_another_job.create(options(0, false)).unwrap();
    let database = std::fs::read_dir(folder.path().join("other")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(works_with(&database, names), shared);

    let mut alone = super::share::options(&Cache::new_lru_cache(1 << 20));
    alone.create_if_missing(true);
    let _alone = DB::open(&alone, folder.path().join("alone")).unwrap();
    let others = works_with(&folder.path().join("alone"), names);
    assert!(others.iter().zip(&shared).all(|(other, ours)| other != ours), "{others:?}: the log tells them apart");
}

#[test]
fn the_cache_of_a_process_has_room_for_what_the_job_asks_that_asks_for_most() {
    let folder = tempfile::tempdir().unwrap();
    // More than the other tests ask for, which may run at the same time.
    let (less, more) = (3 << 30, 5 << 30);
    let tier = RocksTier::new(WorkFolder::at(folder.path().join("less")), less);
    let options = StoreOptions { name: "test".to_owned(), groups: GroupRange { first: 0, end: 8 }, expired: None };
    let database = DB::open(&tier.options(&options), folder.path().join("database")).unwrap();
    let capacity = || database.property_int_value("rocksdb.block-cache-capacity").unwrap();
    assert_eq!(capacity(), Some(less as u64));
    let larger = RocksTier::new(WorkFolder::at(folder.path().join("more")), more);
    assert_eq!(capacity(), Some(more as u64));
    let smaller = RocksTier::new(WorkFolder::at(folder.path().join("small")), 1 << 20);
    assert_eq!(capacity(), Some(more as u64));
    drop((larger, smaller));
    assert_eq!(capacity(), Some(less as u64));
}
