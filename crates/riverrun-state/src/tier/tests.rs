//! Numbers per key, changed at random, against a map that is always right.

use super::memory::MemoryTier;
use super::{
    EncodeSlots, GroupRange, MemoryBudget, Resident, Share, SlotValues, StateBackend, TierBackend, TierFiles, TierSeat,
    TierTicket,
};
use crate::key::{KeyRows, hash_key};
use crate::key_table::KeyTable;
use riverrun_core::{KeyGroup, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

const KEY_GROUPS: u16 = 16;

#[derive(Default)]
pub(crate) struct Numbers(Vec<u64>);

impl EncodeSlots for Numbers {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        out.extend(self.0[slot as usize].to_le_bytes());
    }
}

impl SlotValues for Numbers {
    fn grow(&mut self, slots: usize) {
        self.0.resize(self.0.len().max(slots), 0);
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        assert_eq!(self.0[slot as usize], 0, "a slot that is read into is empty");
        self.0[slot as usize] = u64::from_le_bytes(value.try_into().unwrap());
        Ok(())
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.0[slot as usize] = 0;
    }
}

/// One worker of an operator that counts.
pub(crate) struct Counter {
    keys: KeyTable,
    values: Numbers,
    resident: Resident,
}

pub(crate) type Counts = BTreeMap<Vec<u8>, u64>;

impl Counter {
    pub(crate) fn new(backend: &Arc<StateBackend>, worker: usize, parallelism: usize) -> Self {
        let name = format!("counter-{parallelism}");
        let seat = TierSeat { name, worker, parallelism, key_groups: KEY_GROUPS, expired: None };
        Counter {
            keys: KeyTable::default(),
            values: Numbers::default(),
            resident: Resident::new(backend.clone(), seat),
        }
    }

    fn slots(&mut self, keys: &[Vec<u8>]) -> Vec<u32> {
        let mut rows = KeyRows::default();
        for key in keys {
            rows.data.extend_from_slice(key);
            rows.ends.push(rows.data.len() as u32);
        }
        let hashes: Vec<u64> = rows.iter().map(hash_key).collect();
        let mut slots = Vec::new();
        self.resident.slots(&mut self.keys, &mut self.values, &rows, &hashes, &mut slots).unwrap();
        slots
    }

    pub(crate) fn add(&mut self, keys: &[Vec<u8>], number: u64) {
        for slot in self.slots(keys) {
            self.values.0[slot as usize] += number;
        }
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        for slot in self.slots(&[key.to_vec()]) {
            self.resident.remove(&self.keys, &self.values, slot);
            self.keys.remove(slot);
            self.values.evict(slot, 0);
        }
    }

    pub(super) fn freeze(&mut self) -> TierTicket {
        self.resident.freeze(&self.keys, &self.values).unwrap().unwrap()
    }

    pub(super) fn advance(&mut self) -> bool {
        self.resident.advance(&self.keys, &self.values).unwrap()
    }

    pub(super) fn settle(&mut self) {
        self.resident.settle(&mut self.keys, &mut self.values).unwrap();
    }

    /// A barrier with all that belongs to it.
    pub(crate) fn barrier(&mut self) -> Result<Arc<TierFiles>> {
        self.settle();
        let ticket = self.freeze();
        while self.advance() {}
        self.settle();
        ticket.wait()
    }

    pub(super) fn try_restore(&mut self, parts: &[Arc<TierFiles>]) -> Result<()> {
        self.resident.restore(parts, &mut self.keys, &mut self.values)
    }

    pub(crate) fn restore(&mut self, parts: &[Arc<TierFiles>]) {
        self.try_restore(parts).unwrap();
    }

    /// What it holds, read through the operator's own eyes.
    pub(crate) fn counts(&mut self, keys: &[Vec<u8>]) -> Counts {
        let slots = self.slots(keys);
        let values = keys.iter().cloned().zip(slots.iter().map(|slot| self.values.0[*slot as usize]));
        values.filter(|(_, value)| *value > 0).collect()
    }
}

fn random(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

/// Random changes with barriers, against a map. Frozen states are restored, twice, at these parallelisms, with a tier and
/// without.
pub(crate) fn exercise(tier: &Arc<dyn TierBackend>, memory: usize, writers: usize, seed: u64, parallelism: &[usize]) {
    let backend = StateBackend::tiered(tier.clone(), memory, writers).unwrap().from_bytes(0);
    let mut random = random(seed);
    let keys: Vec<Vec<u8>> = (0..400_u32).map(|n| format!("key {n}").into_bytes()).collect();
    let mut counter = Counter::new(&backend, 0, 1);
    let mut expected = Counts::new();
    let mut frozen: Vec<(TierTicket, Counts)> = Vec::new();
    for step in 0..400 {
        match random(12) {
            0..=6 => {
                let from = random(380) as usize;
                let some = keys[from..from + 20].to_vec();
                counter.add(&some, step + 1);
                some.into_iter().for_each(|key| *expected.entry(key).or_default() += step + 1);
            }
            7 | 8 => {
                let key = &keys[random(400) as usize];
                counter.remove(key);
                expected.remove(key);
            }
            9 => {
                let ticket = counter.freeze();
                frozen.push((ticket, expected.clone()));
            }
            10 => {
                let _ = counter.advance();
            }
            _ => counter.settle(),
        }
    }
    while counter.advance() {}
    assert!(counter.counts(&keys) == expected, "memory {memory}, {writers} writers, seed {seed}");
    assert!(frozen.len() > 20);
    for (ticket, expected) in frozen.iter().step_by(9) {
        let parts = [ticket.wait().unwrap()];
        for &parallelism in parallelism {
            for (again, backend) in
                [(false, &backend), (true, &backend), (false, &StateBackend::in_memory(Some(tier.clone())))]
            {
                let mut all = Counts::new();
                let mut parts_again = Vec::new();
                for worker in 0..parallelism {
                    let groups = GroupRange::of_worker(worker, parallelism, KEY_GROUPS);
                    let own = |key: &&Vec<u8>| {
                        (groups.first..groups.end).contains(&KeyGroup::of_hash(hash_key(key), KEY_GROUPS).0)
                    };
                    let own: Vec<Vec<u8>> = keys.iter().filter(own).cloned().collect();
                    let mut counter = Counter::new(backend, worker, parallelism);
                    counter.restore(&parts);
                    if again {
                        // Frozen once more by those that have restored it.
                        let ticket = counter.freeze();
                        while counter.advance() {}
                        parts_again.push(ticket.wait().unwrap());
                    } else {
                        all.extend(counter.counts(&own));
                    }
                }
                if again {
                    let mut counter = Counter::new(backend, 0, 1);
                    counter.restore(&parts_again);
                    all = counter.counts(&keys);
                }
                assert!(
                    &all == expected,
                    "memory {memory}, {writers} writers, seed {seed}, at {parallelism}, again: {again}"
                );
            }
        }
    }
}

#[test]
fn random_changes_are_what_a_map_says_and_every_barrier_is_restored_at_any_parallelism() {
    let tier: Arc<dyn TierBackend> = Arc::new(MemoryTier);
    for seed in 1..=2 {
        // No memory at all: every slot leaves as soon as it may.
        exercise(&tier, 2, 0, seed, &[1, 2, 4, 8]);
        exercise(&tier, 2, 2, seed, &[1, 2, 4, 8]);
        exercise(&tier, 20_000, 1, seed, &[1, 2, 4, 8]);
        // Room for everything, and for a part: barriers go to the log, and from some time on to the tier.
        exercise(&tier, 1 << 30, 0, seed, &[1, 2, 4, 8]);
        exercise(&tier, 1 << 30, 1, seed, &[1, 2, 4, 8]);
        exercise(&tier, 30_000, 0, seed, &[1, 2, 4, 8]);
    }
}

#[test]
fn memory_stays_within_its_budget() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), 400_000, 0).unwrap();
    let mut counter = Counter::new(&backend, 0, 1);
    let mut most = 0;
    for batch in 0..200_u32 {
        let keys: Vec<Vec<u8>> = (0..500_u32).map(|n| (batch * 500 + n).to_be_bytes().to_vec()).collect();
        counter.add(&keys, 1);
        counter.settle();
        most = most.max(backend.bytes_used());
    }
    assert!(most <= 300_000 + 60_000, "{most} bytes");
    assert!(counter.keys.len() < 6_000, "{} of 100,000 keys in memory", counter.keys.len());
    let (first, last) = (0_u32.to_be_bytes().to_vec(), 99_999_u32.to_be_bytes().to_vec());
    assert_eq!(counter.counts(&[first, last]).len(), 2);
}

#[test]
fn a_small_state_that_never_left_memory_needs_no_tier() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), 1 << 20, 0).unwrap();
    let mut counter = Counter::new(&backend, 0, 1);
    counter.add(&[b"one".to_vec()], 1);
    assert_eq!(counter.resident.freeze(&counter.keys, &counter.values).unwrap(), None);
}

#[test]
fn what_barriers_asked_for_is_written_at_the_end_if_snapshots_are_kept() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), 2, 1).unwrap().from_bytes(0);
    let mut counter = Counter::new(&backend, 0, 1);
    let mut tickets = Vec::new();
    for n in 0..200_u32 {
        counter.add(&[n.to_be_bytes().to_vec()], 1);
        tickets.extend(counter.resident.freeze(&counter.keys, &counter.values).unwrap());
    }
    while counter.advance() {}
    backend.close(true);
    drop(counter);
    assert_eq!(tickets.len(), 200);
    for ticket in tickets {
        assert!(!ticket.wait().unwrap().files.is_empty());
    }
}

#[test]
fn a_shared_budget_is_split_by_what_each_takes_up() {
    let budget = MemoryBudget::new(1_000);
    let (mut one, mut other) = (Share::new(budget.clone()), Share::new(budget.clone()));
    assert_eq!(one.update(500), usize::MAX);
    assert_eq!(other.update(500), usize::MAX);
    // Together twice as much as there is: each may keep half of what it has.
    assert_eq!(one.update(1_500), 750);
    // What can't be given up is not there for the others.
    let mut fixed = Share::fixed(budget.clone());
    assert_eq!(fixed.update(200), usize::MAX);
    assert_eq!(one.update(1_500), 600);
    drop(fixed);
    drop(one);
    assert_eq!(budget.used(), 500);
}

#[test]
fn the_groups_of_workers_are_those_that_rows_are_routed_by() {
    for parallelism in [1, 3, 7, 16] {
        for worker in 0..parallelism {
            let range = GroupRange::of_worker(worker, parallelism, KEY_GROUPS);
            for group in 0..KEY_GROUPS {
                let owned = KeyGroup(group).worker(KEY_GROUPS, parallelism) == worker;
                assert_eq!((range.first..range.end).contains(&group), owned);
            }
        }
    }
}

#[test]
fn without_the_backend_the_files_of_a_tier_are_refused() {
    let files = TierFiles { groups: GroupRange { first: 0, end: 16 }, origin: 0, files: Vec::new(), scratch: None };
    let mut counter = Counter::new(&StateBackend::in_memory(None), 0, 1);
    let error = counter.resident.restore(&[Arc::new(files)], &mut counter.keys, &mut counter.values).unwrap_err();
    assert_eq!(error.message(), "the state was written by the backend 'rocksdb', which is not built into this binary");
}

#[test]
fn a_state_that_changes_its_parallelism_again_and_again_is_that_of_a_map() {
    let tier: Arc<dyn TierBackend> = Arc::new(MemoryTier);
    let keys: Vec<Vec<u8>> = (0..200_u32).map(|n| format!("key {n}").into_bytes()).collect();
    for memory in [2, 1 << 30] {
        let backend = StateBackend::tiered(tier.clone(), memory, 0).unwrap().from_bytes(0);
        let (mut random, mut expected, mut parts) = (random(memory as u64), Counts::new(), Vec::new());
        for round in 0..40 {
            let parallelism = 1 + random(4) as usize;
            let mut workers: Vec<Counter> = (0..parallelism).map(|n| Counter::new(&backend, n, parallelism)).collect();
            workers.iter_mut().for_each(|worker| worker.restore(&parts));
            for _ in 0..30 {
                let key = &keys[random(200) as usize];
                let worker = &mut workers[KeyGroup::of_hash(hash_key(key), KEY_GROUPS).worker(KEY_GROUPS, parallelism)];
                match random(3) {
                    0 => {
                        worker.remove(key);
                        expected.remove(key);
                    }
                    _ => {
                        worker.add(std::slice::from_ref(key), round + 1);
                        *expected.entry(key.clone()).or_default() += round + 1;
                    }
                }
            }
            parts = workers.iter_mut().map(|worker| worker.barrier().unwrap()).collect();
            let mut all = Counter::new(&backend, 0, 1);
            all.restore(&parts);
            assert!(all.counts(&keys) == expected, "memory {memory}, round {round}");
        }
    }
}
