use super::*;
use crate::snapshot::RestoredState;
use crate::tier::memory::MemoryTier;
use crate::tier::{Resident, StateBackend, TierSeat};
use riverrun_core::clock::ManualClock;
use riverrun_core::{Clock, SystemClock};

const KEY_GROUPS: u16 = 16;

/// The states of one worker of an operator.
struct Worker {
    value: ValueState<u64>,
    list: ListState<String>,
    map: MapState<u32, i64>,
    multimap: MultimapState<String, u8>,
    timers: Timers,
    rules: BroadcastState<String, u64>,
    offsets: ElementList<(String, u64)>,
    seen: ElementList<u64>,
}

struct Job {
    backend: Arc<StateBackend>,
    clock: Arc<dyn Clock>,
    ttl: Option<TimeToLive>,
    parallelism: usize,
}

impl Job {
    fn new(backend: Arc<StateBackend>, parallelism: usize) -> Self {
        Job { backend, clock: Arc::new(SystemClock), ttl: None, parallelism }
    }

    fn seat(&self, name: &str, worker: usize) -> KeyedSeat {
        let seat = TierSeat {
            name: format!("{name}-{}", self.parallelism),
            worker,
            parallelism: self.parallelism,
            key_groups: KEY_GROUPS,
            expired: None,
        };
        KeyedSeat {
            name: name.to_owned(),
            resident: Resident::new(self.backend.clone(), seat),
            clock: self.clock.clone(),
            ttl: self.ttl,
        }
    }

    fn worker(&self, worker: usize) -> Worker {
        Worker {
            value: ValueState::new(self.seat("value", worker)),
            list: ListState::new(self.seat("list", worker)),
            map: MapState::new(self.seat("map", worker)),
            multimap: MultimapState::new(self.seat("multimap", worker)),
            timers: Timers::new("timers"),
            rules: BroadcastState::new("rules", worker),
            offsets: ElementList::new("offsets", Dealing::Split),
            seen: ElementList::new("seen", Dealing::Union),
        }
    }

    fn workers(&self) -> Vec<Worker> {
        (0..self.parallelism).map(|worker| self.worker(worker)).collect()
    }

    fn owner(&self, key: Key<'_>) -> usize {
        KeyGroup::of_hash(key.hash, KEY_GROUPS).worker(KEY_GROUPS, self.parallelism)
    }
}

impl Worker {
    fn states(&mut self) -> [&mut dyn State; 8] {
        [
            &mut self.value,
            &mut self.list,
            &mut self.map,
            &mut self.multimap,
            &mut self.timers,
            &mut self.rules,
            &mut self.offsets,
            &mut self.seen,
        ]
    }

    fn snapshot(&mut self) -> OperatorSnapshot {
        let taken = snapshot(&mut self.states(), KEY_GROUPS).unwrap();
        while write_behind(&mut self.states()).unwrap() {}
        taken
    }
}

/// What a key has, in all states.
type Held = (Option<u64>, Vec<String>, Vec<(u32, i64)>, Vec<(String, u8)>);

fn held(worker: &mut Worker, key: Key<'_>) -> Held {
    (
        worker.value.get(key).unwrap().copied(),
        worker.list.get(key).unwrap().cloned().collect(),
        worker.map.iter(key).unwrap().map(|(entry, value)| (*entry, *value)).collect(),
        worker.multimap.iter(key).unwrap().map(|(entry, value)| (entry.clone(), *value)).collect(),
    )
}

fn names(count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("key {n}").into_bytes()).collect()
}

/// Changes that a plain model follows; each restore, at another parallelism and with either backend, holds what the model does.
#[test]
fn all_states_are_what_a_model_says_through_barriers_and_rescales() {
    let tiered = || {
        let tier: Arc<dyn crate::tier::TierBackend> = Arc::new(MemoryTier);
        StateBackend::tiered(tier, 60_000, 0).unwrap().from_bytes(0)
    };
    let in_memory = || StateBackend::in_memory(Some(Arc::new(MemoryTier)));
    let keys = names(300);
    let mut random = 7_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut job = Job::new(tiered(), 2);
    let mut workers = job.workers();
    let mut model: BTreeMap<Vec<u8>, Held> = BTreeMap::new();
    for round in 0..8_u64 {
        for _ in 0..600 {
            let name = &keys[next(300) as usize];
            let key = Key::new(name);
            let worker = &mut workers[job.owner(key)];
            let expected = model.entry(name.clone()).or_default();
            let number = next(50);
            match next(9) {
                0 => {
                    worker.value.set(key, number).unwrap();
                    expected.0 = Some(number);
                }
                1 => {
                    worker.value.update(key, |old| Some(old.unwrap_or(0) + 1)).unwrap();
                    expected.0 = Some(expected.0.unwrap_or(0) + 1);
                }
                2 => {
                    worker.value.clear(key).unwrap();
                    expected.0 = None;
                }
                3 => {
                    worker.list.push(key, number.to_string()).unwrap();
                    expected.1.push(number.to_string());
                }
                4 => {
                    worker.list.set(key, []).unwrap();
                    expected.1.clear();
                }
                5 => {
                    worker.map.put(key, number as u32 % 5, number as i64).unwrap();
                    expected.2.retain(|(entry, _)| *entry != number as u32 % 5);
                    expected.2.push((number as u32 % 5, number as i64));
                    expected.2.sort_unstable();
                }
                6 => {
                    let removed = worker.map.remove(key, &(number as u32 % 5)).unwrap();
                    let position = expected.2.iter().position(|(entry, _)| *entry == number as u32 % 5);
                    assert_eq!(removed, position.map(|position| expected.2.remove(position).1));
                }
                7 => {
                    worker.multimap.add(key, "e".to_owned(), number as u8).unwrap();
                    expected.3.push(("e".to_owned(), number as u8));
                }
                _ => {
                    let removed = worker.multimap.remove(key, &"e".to_owned(), &(number as u8)).unwrap();
                    let position = expected.3.iter().position(|(_, value)| *value == number as u8);
                    assert_eq!(removed, position.map(|position| expected.3.remove(position)).is_some());
                }
            }
            settle(&mut workers[job.owner(key)].states()).unwrap();
        }
        let snapshots: Vec<OperatorSnapshot> = workers.iter_mut().map(Worker::snapshot).collect();
        let parallelism = [1, 3, 2, 4][round as usize % 4];
        job = Job::new(if round % 3 == 1 { in_memory() } else { tiered() }, parallelism);
        workers = job.workers();
        for (index, worker) in workers.iter_mut().enumerate() {
            let restored = RestoredState::assign(&snapshots, index, parallelism, KEY_GROUPS).unwrap();
            restore(&mut worker.states(), restored).unwrap();
        }
        for name in &keys {
            let key = Key::new(name);
            let expected = model.get(name).cloned().unwrap_or_default();
            assert_eq!(held(&mut workers[job.owner(key)], key), expected, "round {round}, {name:?}");
        }
    }
}

#[test]
fn a_batch_of_keys_is_read_together_and_unknown_ones_leave_no_trace() {
    let tier: Arc<dyn crate::tier::TierBackend> = Arc::new(MemoryTier);
    let job = Job::new(StateBackend::tiered(tier, 1_000, 0).unwrap().from_bytes(0), 1);
    let mut worker = job.worker(0);
    for (number, name) in (0..).zip(names(6_000)) {
        worker.value.set(Key::new(&name), number).unwrap();
        worker.value.settle().unwrap();
    }
    worker.snapshot();
    worker.value.settle().unwrap();
    assert!(worker.value.keys_in_memory() < 6_000);
    let mut rows = crate::KeyRows::default();
    for name in ["key 1", "key 2", "nowhere", "key 2"] {
        rows.data.extend_from_slice(name.as_bytes());
        rows.ends.push(rows.data.len() as u32);
    }
    let before = worker.value.keys_in_memory();
    worker.value.prefetch(&rows).unwrap();
    assert!(worker.value.keys_in_memory() <= before + 2);
    assert_eq!(worker.value.get(Key::new(b"key 2")).unwrap(), Some(&2));
    assert_eq!(worker.value.get(Key::new(b"nowhere")).unwrap(), None);
}

#[test]
fn timers_come_in_order_and_go_with_their_keys() {
    let (a, b) = (Key::new(b"a"), Key::new(b"b"));
    let job = Job::new(StateBackend::in_memory(None), 1);
    let mut worker = job.worker(0);
    assert!(worker.timers.set(b, Millis(20)));
    assert!(worker.timers.set(a, Millis(20)));
    assert!(worker.timers.set(a, Millis(10)));
    assert!(!worker.timers.set(a, Millis(10)), "a timer that is set already");
    assert!(worker.timers.set(a, Millis(30)));
    assert!(worker.timers.cancel(a, Millis(30)) && !worker.timers.cancel(a, Millis(30)));
    let snapshots = [worker.snapshot()];
    let job = Job::new(StateBackend::in_memory(None), 4);
    let mut fired = Vec::new();
    for (index, worker) in job.workers().iter_mut().enumerate() {
        restore(&mut worker.states(), RestoredState::assign(&snapshots, index, 4, KEY_GROUPS).unwrap()).unwrap();
        assert_eq!(worker.timers.pop(Millis(9)), None);
        while let Some((time, key)) = worker.timers.pop(Millis(20)) {
            assert_eq!(job.owner(Key::new(&key)), index);
            fired.push((time.0, key.to_vec()));
        }
        assert!(worker.timers.is_empty());
    }
    fired.sort();
    assert_eq!(fired, [(10, b"a".to_vec()), (20, b"a".to_vec()), (20, b"b".to_vec())]);
}

#[test]
fn broadcast_state_is_everywhere_and_elements_are_dealt_out() {
    let job = Job::new(StateBackend::in_memory(None), 2);
    let mut workers = job.workers();
    for (index, worker) in workers.iter_mut().enumerate() {
        worker.rules.put("limit".to_owned(), 5);
        worker.rules.put("old".to_owned(), 1);
        assert_eq!(worker.rules.remove(&"old".to_owned()), Some(1));
        worker.offsets.elements.extend((0..3).map(|split| (format!("split {index}-{split}"), 10 * split)));
        worker.seen.elements.push(index as u64);
    }
    let snapshots: Vec<OperatorSnapshot> = workers.iter_mut().map(Worker::snapshot).collect();
    let mut dealt = Vec::new();
    for (index, worker) in Job::new(StateBackend::in_memory(None), 3).workers().iter_mut().enumerate() {
        restore(&mut worker.states(), RestoredState::assign(&snapshots, index, 3, KEY_GROUPS).unwrap()).unwrap();
        let rules: Vec<_> = worker.rules.iter().map(|(rule, value)| (rule.as_str(), *value)).collect();
        assert_eq!(rules, [("limit", 5)]);
        assert_eq!(worker.seen.elements, [0, 1]);
        assert_eq!(worker.offsets.elements.len(), 2);
        dealt.append(&mut worker.offsets.elements);
    }
    dealt.sort();
    assert_eq!(dealt.len(), 6);
    assert_eq!((dealt[0].0.as_str(), dealt[5].0.as_str()), ("split 0-0", "split 1-2"));
}

fn with_ttl(ttl: TimeToLive) -> (ManualClock, Worker) {
    let clock = ManualClock::new(Millis(1_000));
    let mut job = Job::new(StateBackend::in_memory(None), 1);
    job.clock = Arc::new(clock.clone());
    job.ttl = Some(ttl);
    (clock, job.worker(0))
}

#[test]
fn what_has_expired_is_never_returned_and_goes_element_by_element() {
    let (clock, mut worker) = with_ttl(TimeToLive::after_write(Millis(100)));
    let key = Key::new(b"a");
    worker.value.set(key, 1).unwrap();
    worker.list.push(key, "old".to_owned()).unwrap();
    worker.map.put(key, 1, 1).unwrap();
    worker.multimap.add(key, "e".to_owned(), 1).unwrap();
    clock.set(Millis(1_060));
    worker.list.push(key, "new".to_owned()).unwrap();
    worker.map.put(key, 2, 2).unwrap();
    worker.multimap.add(key, "e".to_owned(), 2).unwrap();
    clock.set(Millis(1_099));
    assert_eq!(worker.value.get(key).unwrap(), Some(&1));
    clock.set(Millis(1_100));
    let rest = (None, vec!["new".to_owned()], vec![(2, 2)], vec![("e".to_owned(), 2)]);
    assert_eq!(held(&mut worker, key), rest);
    // An update does not see it either.
    worker.value.update(key, |old| old.or(Some(9))).unwrap();
    assert_eq!(worker.value.get(key).unwrap(), Some(&9));
    clock.set(Millis(1_160));
    assert_eq!(held(&mut worker, key), (Some(9), vec![], vec![], vec![]));
}

#[test]
fn reading_keeps_what_is_to_live_after_its_last_use() {
    let (clock, mut worker) = with_ttl(TimeToLive::after_use(Millis(100)));
    let key = Key::new(b"a");
    worker.value.set(key, 1).unwrap();
    for now in [1_090, 1_180, 1_270] {
        clock.set(Millis(now));
        assert_eq!(worker.value.get(key).unwrap(), Some(&1));
    }
    clock.set(Millis(1_370));
    assert_eq!(worker.value.get(key).unwrap(), None);
}

#[test]
fn the_expired_leave_memory_without_being_asked_for() {
    let (clock, mut worker) = with_ttl(TimeToLive::after_write(Millis(100)));
    for name in names(1_000) {
        worker.value.set(Key::new(&name), 1).unwrap();
    }
    clock.set(Millis(1_050));
    worker.value.set(Key::new(b"key 7"), 2).unwrap();
    clock.set(Millis(1_100));
    for _ in 0..4 {
        settle(&mut worker.states()).unwrap();
    }
    assert_eq!(worker.value.keys_in_memory(), 1);
    assert_eq!(worker.value.get(Key::new(b"key 7")).unwrap(), Some(&2));
}

fn text(result: Result<()>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn what_can_not_be_taken_over_is_told() {
    let mut count: ValueState<u64> = ValueState::new(KeyedSeat::in_memory("count"));
    count.set(Key::new(b"a"), 300).unwrap();
    let snapshots = [snapshot(&mut [&mut count], 128).unwrap()];
    let taken = || RestoredState::assign(&snapshots, 0, 1, 128).unwrap();
    let mut other: ValueState<u64> = ValueState::new(KeyedSeat::in_memory("total"));
    let said = text(restore(&mut [&mut other], taken()));
    assert!(said.contains("the snapshot holds a state 'count' that the operator does not have"), "{said}");
    let mut string: ValueState<String> = ValueState::new(KeyedSeat::in_memory("count"));
    let said = text(restore(&mut [&mut string], taken()));
    assert!(said.contains("the state 'count' can't be read"), "{said}");
    let mut rules: BroadcastState<u8, u8> = BroadcastState::new("count", 0);
    let said = text(restore(&mut [&mut rules], taken()));
    assert!(said.contains("the state 'count' was written by a state of another kind"), "{said}");
    let mut twice: Timers = Timers::new("count");
    let said = text(snapshot(&mut [&mut count, &mut twice], 128).map(|_| ()));
    assert!(said.contains("two states of an operator are named 'count'"), "{said}");
}
