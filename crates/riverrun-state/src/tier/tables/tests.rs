//! Tables of numbers, changed at random, against a map that is always right.

use super::{HeldTable, TableName, Tables};
use crate::blob::{BlobReader, put_varint};
use crate::key::hash_key;
use crate::key_table::KeyTable;
use crate::snapshot::{OperatorSnapshot, RestoredState};
use crate::tier::memory::MemoryTier;
use crate::tier::{EncodeSlots, StateBackend, TierSeat};
use riverrun_core::{KeyGroup, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

const KEY_GROUPS: u16 = 16;
const VERSION: u8 = 1;

type Names = u64;
type Model = BTreeMap<(Names, Vec<u8>), u64>;

impl TableName for Names {
    fn put(self, out: &mut Vec<u8>) {
        put_varint(out, self);
    }

    fn read(blob: &mut BlobReader<'_>) -> Result<Self> {
        blob.varint()
    }
}

#[derive(Default)]
struct Numbers {
    keys: KeyTable,
    values: Vec<u64>,
}

impl EncodeSlots for Numbers {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        put_varint(out, self.values[slot as usize]);
    }
}

impl Numbers {
    fn slot(&mut self, key: &[u8]) -> u32 {
        let (slot, _) = self.keys.insert(hash_key(key), key);
        self.values.resize(self.keys.slots(), 0);
        slot
    }
}

impl HeldTable for Numbers {
    fn keys(&self) -> &KeyTable {
        &self.keys
    }

    fn read(&mut self, key: &[u8], value: &mut BlobReader<'_>) -> Result<u32> {
        let slot = self.slot(key);
        assert_eq!(self.values[slot as usize], 0, "a key is read once");
        self.values[slot as usize] = value.varint()?;
        Ok(slot)
    }
}

/// All workers of an operator.
struct Workers(Vec<Tables<Names, Numbers>>);

impl Workers {
    fn new(backend: &Arc<StateBackend>, parallelism: usize) -> Self {
        let seat = |worker| TierSeat {
            name: format!("tables-{parallelism}"),
            worker,
            parallelism,
            key_groups: KEY_GROUPS,
            expired: None,
        };
        Workers((0..parallelism).map(|worker| Tables::new(backend, seat(worker))).collect())
    }

    fn restored(backend: &Arc<StateBackend>, parallelism: usize, parts: &[OperatorSnapshot]) -> Self {
        let mut workers = Workers::new(backend, parallelism);
        for (worker, tables) in workers.0.iter_mut().enumerate() {
            let state = RestoredState::assign(parts, worker, parallelism, KEY_GROUPS).unwrap();
            let others = tables.restore(&state, (VERSION, "numbers"), Numbers::default).unwrap();
            assert!(others.is_empty());
        }
        workers
    }

    fn add(&mut self, name: Names, key: &[u8], number: u64) {
        let worker = KeyGroup::of_hash(hash_key(key), KEY_GROUPS).worker(KEY_GROUPS, self.0.len());
        let mut held = self.0[worker].get_or_insert(name, Numbers::default);
        let slot = held.table_mut().slot(key);
        held.change(&[slot]).values[slot as usize] += number;
    }

    fn remove(&mut self, name: Names) {
        self.0.iter_mut().for_each(|tables| tables.remove(name));
    }

    fn snapshot(&mut self) -> Vec<OperatorSnapshot> {
        self.0.iter_mut().map(|tables| tables.snapshot(VERSION).unwrap()).collect()
    }

    fn write_behind(&mut self) -> bool {
        self.0.iter_mut().fold(false, |more, tables| more | tables.write_behind().unwrap())
    }

    fn barrier(&mut self) -> Vec<OperatorSnapshot> {
        let parts = self.snapshot();
        while self.write_behind() {}
        parts
    }

    fn all(&self) -> Model {
        let tables = self.0.iter().flat_map(Tables::iter);
        let values = tables.flat_map(|(name, numbers)| {
            numbers
                .keys
                .live()
                .map(move |slot| ((name, numbers.keys.key(slot).to_vec()), numbers.values[slot as usize]))
        });
        values.collect()
    }
}

fn bytes(parts: &[OperatorSnapshot]) -> u64 {
    let tickets = parts.iter().flat_map(|part| part.tiers.values());
    tickets.flat_map(|ticket| ticket.wait().unwrap().files.clone()).map(|file| file.size().unwrap()).sum()
}

fn random(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

fn backend(threads: usize) -> Arc<StateBackend> {
    StateBackend::tiered(Arc::new(MemoryTier), 1 << 30, threads).unwrap().from_bytes(0)
}

#[test]
fn whatever_happens_while_a_barrier_is_written_it_holds_what_there_was_at_it() {
    for mut seed in 0..40 {
        let backend = backend((seed % 2) as usize);
        let mut workers = Workers::new(&backend, 1 + random(&mut seed, 3) as usize);
        let mut model = Model::new();
        for _ in 0..12 {
            let parts = workers.snapshot();
            let at_barrier = model.clone();
            let slices = random(&mut seed, 3);
            for step in 0..random(&mut seed, 1_500) {
                let name = random(&mut seed, 6);
                if random(&mut seed, 60) == 0 {
                    workers.remove(name);
                    model.retain(|(of, _), _| *of != name);
                } else {
                    let key = random(&mut seed, 80).to_be_bytes();
                    workers.add(name, &key, step + 1);
                    *model.entry((name, key.to_vec())).or_default() += step + 1;
                }
                if random(&mut seed, 100) < slices {
                    workers.write_behind();
                }
            }
            while workers.write_behind() {}
            for parallelism in 1..4 {
                let restored = Workers::restored(&backend, parallelism, &parts);
                assert_eq!(restored.all(), at_barrier, "parallelism {parallelism}");
            }
            assert_eq!(Workers::restored(&StateBackend::in_memory(None), 2, &parts).all(), at_barrier);
            // Goes on from it, at times with another number of workers.
            if random(&mut seed, 4) == 0 {
                let parallelism = 1 + random(&mut seed, 3) as usize;
                workers = Workers::restored(&backend, parallelism, &parts);
                model = at_barrier;
            }
        }
    }
}

#[test]
fn a_barrier_writes_what_has_changed_and_tables_that_go_leave_nothing() {
    let backend = backend(0);
    let mut workers = Workers::new(&backend, 1);
    let key = |number: u64| number.to_be_bytes();
    (0..10_000).for_each(|number| workers.add(1_000, &key(number), 1));
    let full = bytes(&workers.barrier());
    (0..10).for_each(|number| workers.add(1_000, &key(number), 1));
    let changed = bytes(&workers.barrier()) - full;
    assert!(changed < full / 100, "{changed} bytes of {full} for 10 keys");
    for name in 0..200 {
        (0..1_000).for_each(|number| workers.add(name, &key(number), 1));
        workers.barrier();
        workers.remove(name);
    }
    let parts = [workers.barrier(), workers.barrier(), workers.barrier()];
    assert!(bytes(&parts[2]) < 2 * full, "{} bytes of {full}", bytes(&parts[2]));
    assert_eq!(Workers::restored(&backend, 1, &parts[2]).all(), workers.all());
}

#[test]
fn what_changes_while_its_segment_is_emptied_counts_for_the_next_barrier() {
    let backend = backend(0);
    let mut workers = Workers::new(&backend, 1);
    let key = |number: u64| number.to_be_bytes();
    (0..200).for_each(|number| workers.add(1, &key(number), 1));
    for round in 0..40 {
        (0..500).for_each(|number| workers.add(2, &key(number), 1));
        let at_barrier = workers.all();
        let parts = workers.snapshot();
        workers.add(1, &key(round), 1);
        while workers.write_behind() {}
        assert!(bytes(&parts) < 120_000, "{} bytes in round {round}", bytes(&parts));
        assert_eq!(Workers::restored(&backend, 1, &parts).all(), at_barrier, "round {round}");
    }
}

#[test]
fn a_restore_goes_on_with_the_same_files() {
    let backend = backend(0);
    let mut workers = Workers::new(&backend, 2);
    (0..1_000_u64).for_each(|number| workers.add(number % 7, &number.to_be_bytes(), number));
    let first = workers.barrier();
    let again = Workers::restored(&backend, 2, &first).barrier();
    assert_eq!(bytes(&again), bytes(&first));
}

#[test]
fn small_tables_stand_in_blobs() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), 1 << 30, 0).unwrap().from_bytes(100_000);
    let mut workers = Workers::new(&backend, 2);
    (0..100_u64).for_each(|number| workers.add(number % 7, &number.to_be_bytes(), number));
    let parts = workers.barrier();
    assert!(parts.iter().all(|part| part.tiers.is_empty() && !part.keyed.is_empty()));
    assert_eq!(Workers::restored(&backend, 3, &parts).all(), workers.all());
    // Once there is a log it is gone on with.
    (0..10_000_u64).for_each(|number| workers.add(number % 7, &number.to_be_bytes(), 1));
    assert!(workers.barrier().iter().all(|part| !part.tiers.is_empty()));
    (0..7).for_each(|name| workers.remove(name));
    let parts = workers.barrier();
    assert!(parts.iter().all(|part| !part.tiers.is_empty()));
    assert!(Workers::restored(&backend, 1, &parts).all().is_empty());
}

#[test]
fn a_key_that_a_checkpoint_has_twice_is_an_error() {
    let backend = StateBackend::in_memory(None);
    let mut workers = Workers::new(&backend, 1);
    workers.add(1, b"key", 0);
    let part = workers.barrier().remove(0);
    let state = RestoredState::assign(&[part.clone(), part], 0, 1, KEY_GROUPS).unwrap();
    let error = Workers::new(&backend, 1).0[0].restore(&state, (VERSION, "numbers"), Numbers::default).unwrap_err();
    assert_eq!(error.message(), "the state of numbers has a key twice");
}
