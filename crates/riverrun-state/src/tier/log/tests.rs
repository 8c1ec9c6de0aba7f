//! Segments through many barriers: what is dead goes, what is small is merged.

use crate::key::hash_key;
use crate::key_table::KeyTable;
use crate::tier::memory::MemoryTier;
use crate::tier::tests::{Counter, Numbers};
use crate::tier::{EncodeSlots, Resident, StateBackend, TierFiles, TierSeat};
use std::sync::Arc;

fn key(number: u32) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn barrier(counter: &mut Counter) -> Arc<TierFiles> {
    counter.barrier().unwrap()
}

fn bytes(files: &TierFiles) -> u64 {
    files.files.iter().map(|file| file.size().unwrap()).sum()
}

#[test]
fn a_barrier_writes_what_has_changed_and_little_is_kept_that_is_dead() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), 1 << 30, 0).unwrap().from_bytes(0);
    let mut counter = Counter::new(&backend, 0, 1);
    let all: Vec<Vec<u8>> = (0..10_000).map(key).collect();
    counter.add(&all, 1);
    let first = barrier(&mut counter);
    assert_eq!(first.files.len(), 1);
    let full = bytes(&first);
    for round in 0..200_u32 {
        let some: Vec<Vec<u8>> = (0..500).map(|n| key((round * 37 + n * 7) % 10_000)).collect();
        counter.add(&some, 1);
        let files = barrier(&mut counter);
        assert!(bytes(&files) < 3 * full, "{} bytes of {full} in round {round}", bytes(&files));
        assert!(files.files.len() < 40, "{} files in round {round}", files.files.len());
    }
    // All that there is can be read by another.
    let last = barrier(&mut counter);
    let mut restored = Counter::new(&backend, 0, 1);
    restored.restore(std::slice::from_ref(&last));
    // Which names the same files again.
    let again = barrier(&mut restored);
    let contents = |files: &TierFiles| files.files.iter().map(|file| file.read().unwrap()).collect::<Vec<_>>();
    assert!(contents(&again) == contents(&last));
    assert_eq!(restored.counts(&all), counter.counts(&all));
}

#[test]
fn keys_that_are_gone_leave_no_trace_in_the_end() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), 1 << 30, 1).unwrap().from_bytes(0);
    let mut counter = Counter::new(&backend, 0, 1);
    for round in 0..100_u32 {
        let some: Vec<Vec<u8>> = (0..1_000).map(|n| key(round * 1_000 + n)).collect();
        counter.add(&some, 1);
        barrier(&mut counter);
        some.iter().for_each(|key| counter.remove(key));
    }
    let files = barrier(&mut counter);
    let files = [files, barrier(&mut counter), barrier(&mut counter)];
    assert!(bytes(&files[2]) < 200_000, "{} bytes in {} files", bytes(&files[2]), files[2].files.len());
    let mut restored = Counter::new(&StateBackend::in_memory(None), 0, 1);
    restored.restore(&files[2..]);
    assert!(restored.counts(&[key(1), key(99_999)]).is_empty());
}

#[test]
fn keys_that_go_while_a_barrier_is_written_still_count_for_it() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), 1 << 30, 0).unwrap().from_bytes(0);
    let mut counter = Counter::new(&backend, 0, 1);
    let all: Vec<Vec<u8>> = (0..1_000).map(key).collect();
    counter.add(&all, 7);
    barrier(&mut counter);
    let ticket = counter.freeze();
    all.iter().for_each(|key| counter.remove(key));
    while counter.advance() {}
    let mut restored = Counter::new(&backend, 0, 1);
    restored.restore(&[ticket.wait().unwrap()]);
    assert!(restored.counts(&all).len() == 1_000 && restored.counts(&all).values().all(|count| *count == 7));
    let mut later = Counter::new(&backend, 0, 1);
    later.restore(&[barrier(&mut counter)]);
    assert!(later.counts(&all).is_empty());
}

struct Texts(Vec<Vec<u8>>);

impl EncodeSlots for Texts {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0[slot as usize]);
    }
}

#[test]
fn a_state_that_grows_after_its_first_barrier_goes_to_the_log() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), 1 << 30, 0).unwrap().from_bytes(10_000);
    let seat = TierSeat { name: "texts".into(), worker: 0, parallelism: 1, key_groups: 16, expired: None };
    let mut resident = Resident::new(backend.held(), seat);
    let mut keys = KeyTable::default();
    let slots: Vec<u32> = (0..10).map(|n| keys.insert(hash_key(&key(n)), &key(n)).0).collect();
    let mut texts = Texts(vec![vec![0; 10]; 10]);
    resident.change(&keys, &texts, &slots);
    assert!(resident.freeze(&keys, &texts).unwrap().is_none());
    resident.change(&keys, &texts, &slots);
    texts.0.iter_mut().for_each(|text| text.resize(5_000, 0));
    assert!(resident.freeze(&keys, &texts).unwrap().is_some());
}

#[test]
fn large_segments_are_emptied_when_more_than_half_of_all_is_dead() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), 1 << 30, 0).unwrap().from_bytes(0);
    let seat = TierSeat { name: "texts".into(), worker: 0, parallelism: 1, key_groups: 16, expired: None };
    let mut resident = Resident::new(backend.held(), seat);
    let mut keys = KeyTable::default();
    let all: Vec<u32> = (0..10_000).map(|n| keys.insert(hash_key(&key(n)), &key(n)).0).collect();
    let texts = Texts(vec![vec![7; 1_000]; all.len()]);
    let mut full = 0;
    for round in 0..20_u32 {
        // Of each segment a few values stay the newest for long, so that none goes by itself.
        let half = |slot: &u32| hash_key(&[key(*slot), key(round)].concat()).is_multiple_of(2);
        let some: Vec<u32> = all.iter().copied().filter(|slot| round == 0 || half(slot)).collect();
        resident.change(&keys, &texts, &some);
        let ticket = resident.freeze(&keys, &texts).unwrap().unwrap();
        while resident.advance(&keys, &texts).unwrap() {}
        let size = bytes(&ticket.wait().unwrap());
        full = full.max(if round == 0 { size } else { 0 });
        assert!(size < 3 * full, "{size} bytes of {full} in round {round}");
    }
}

#[test]
fn a_damaged_segment_is_an_error_that_names_it() {
    use crate::tier::{Content, GroupRange, TierFile};
    let file = |bytes: &[u8]| TierFile {
        name: "0000000000-0000000000-0-16.segment".into(),
        immutable: true,
        hash: None,
        content: Content::Bytes(bytes.into()),
    };
    for (bytes, message) in [
        (&b"RRSEGM_2\x00\x01\x09\x00"[..], "a segment of the state ends too early"),
        (&b"something else"[..], "a file of the state is no segment"),
    ] {
        let files =
            TierFiles { groups: GroupRange { first: 0, end: 16 }, origin: 0, files: vec![file(bytes)], scratch: None };
        let error = Counter::new(&StateBackend::in_memory(None), 0, 1).try_restore(&[Arc::new(files)]).unwrap_err();
        assert_eq!(error.message(), message);
        assert_eq!(error.detail_text(), Some("the file 0000000000-0000000000-0-16.segment"));
    }
}

#[test]
fn a_value_that_has_outlived_its_time_is_not_taken_over_and_neither_is_an_older_one() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), 1 << 30, 0).unwrap().from_bytes(0);
    let mut counter = Counter::new(&backend, 0, 1);
    counter.add(&[key(1), key(2)], 3);
    barrier(&mut counter);
    counter.add(&[key(1)], 4);
    let last = [barrier(&mut counter)];
    // Whatever is greater than three is too old.
    let seat = TierSeat {
        name: "counter-1".into(),
        worker: 0,
        parallelism: 1,
        key_groups: 16,
        expired: Some(Arc::new(|value| value[0] > 3)),
    };
    let (mut resident, mut keys, mut values) = (Resident::new(backend, seat), KeyTable::default(), Numbers::default());
    resident.restore(&last, &mut keys, &mut values).unwrap();
    let found: Vec<&[u8]> = keys.live().map(|slot| keys.key(slot)).collect();
    assert_eq!(found, [key(2)]);
}

/// So much memory that some of 20,000 keys are in it, and the places of all others.
const A_THIRD: usize = 600_000;

fn is_log(files: &TierFiles) -> bool {
    files.files.iter().all(|file| file.name.ends_with(".segment"))
}

#[test]
fn what_has_left_memory_stays_in_segments_as_long_as_places_fit() {
    let small = |memory| StateBackend::tiered(Arc::new(MemoryTier), memory, 0).unwrap().from_bytes(0);
    let backend = small(A_THIRD);
    let mut counter = Counter::new(&backend, 0, 1);
    let all: Vec<Vec<u8>> = (0..20_000).map(key).collect();
    let mut expected = 0;
    let mut last = None;
    for round in 0..60_u32 {
        for some in all.chunks(1_000) {
            counter.add(some, u64::from(round) + 1);
            counter.settle();
        }
        expected += u64::from(round) + 1;
        let files = barrier(&mut counter);
        if round > 0 {
            assert!(is_log(&files), "round {round}");
            // A record is ten bytes, the key's four and the number's eight.
            assert!(bytes(&files) < 20_000 * 22 * 2 + (1 << 17), "{} bytes in round {round}", bytes(&files));
            assert!(files.files.len() < 20, "{} files in round {round}", files.files.len());
        }
        last = Some(files);
    }
    assert!(backend.bytes_used() < A_THIRD, "{} bytes", backend.bytes_used());
    let last = [last.unwrap()];
    let right = |counter: &mut Counter| {
        for some in all.chunks(1_000) {
            let counts = counter.counts(some);
            assert_eq!(counts.len(), 1_000);
            assert!(counts.values().all(|count| *count == expected));
            counter.settle();
        }
    };
    right(&mut counter);
    // Restored into as little memory, into none at all, and at another parallelism.
    for (memory, stays) in [(A_THIRD, true), (2, false)] {
        let backend = small(memory);
        let mut restored = Counter::new(&backend, 0, 1);
        restored.restore(&last);
        right(&mut restored);
        assert_eq!(is_log(&barrier(&mut restored)), stays);
        let mut workers: Vec<Counter> = (0..3).map(|worker| Counter::new(&backend, worker, 3)).collect();
        let parts: Vec<Arc<TierFiles>> = workers
            .iter_mut()
            .map(|worker| {
                worker.restore(&last);
                barrier(worker)
            })
            .collect();
        let mut whole = Counter::new(&small(1 << 30), 0, 1);
        whole.restore(&parts);
        right(&mut whole);
    }
}

#[test]
fn places_that_are_too_many_move_below() {
    let backend = StateBackend::tiered(Arc::new(MemoryTier), A_THIRD, 1).unwrap().from_bytes(0);
    let mut counter = Counter::new(&backend, 0, 1);
    let all: Vec<Vec<u8>> = (0..100_000).map(key).collect();
    let mut was_log = false;
    for (round, some) in all.chunks(1_000).enumerate() {
        counter.add(some, 1);
        counter.settle();
        if round % 10 == 9 {
            was_log |= is_log(&barrier(&mut counter));
        }
    }
    assert!(was_log);
    assert!(!is_log(&barrier(&mut counter)));
    for some in all.chunks(1_000) {
        assert_eq!(counter.counts(some).len(), 1_000);
        counter.settle();
    }
}
