//! Keyed state by itself: rows that change keys at random, in memory, with barriers, and with a tenth of the memory it would take.
//! `cargo bench -p riverrun-state --features rocksdb --bench tier`; KEYS and ROWS set the sizes. Prints ratios to all in memory.

use riverrun_core::Result;
use riverrun_state::key::{KeyRows, hash_key};
use riverrun_state::key_table::KeyTable;
use riverrun_state::rocksdb::RocksTier;
use riverrun_state::tier::{EncodeSlots, Resident, SlotValues, StateBackend, TierSeat, WorkFolder};
use std::sync::Arc;
use std::time::{Duration, Instant};

const BATCH: usize = 4_096;

/// Four sums per key.
#[derive(Default)]
struct Sums([Vec<i64>; 4]);

impl EncodeSlots for Sums {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        self.0.iter().for_each(|column| out.extend(column[slot as usize].to_le_bytes()));
    }
}

impl SlotValues for Sums {
    fn grow(&mut self, slots: usize) {
        self.0.iter_mut().for_each(|column| column.resize(column.len().max(slots), 0));
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        for (column, bytes) in self.0.iter_mut().zip(value.chunks_exact(8)) {
            column[slot as usize] = i64::from_le_bytes(bytes.try_into().unwrap_or_default());
        }
        Ok(())
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.0.iter_mut().for_each(|column| column[slot as usize] = 0);
    }
}

struct Outcome {
    seconds: f64,
    longest_pause: Duration,
    barriers: usize,
    bytes: u64,
    used: usize,
}

/// Changes keys at random, with a barrier after every `interval`.
fn run(backend: &Arc<StateBackend>, keys: u64, rows: usize, interval: Option<Duration>) -> Result<Outcome> {
    let seat = TierSeat { name: "bench".into(), worker: 0, parallelism: 1, key_groups: 128, expired: None };
    let (mut table, mut values) = (KeyTable::default(), Sums::default());
    let mut resident = Resident::new(backend.clone(), seat);
    let mut seed = 1_u64;
    let start = Instant::now();
    let mut last_barrier = start;
    let (mut tickets, mut longest_pause, mut used) = (Vec::new(), Duration::ZERO, 0);
    let mut behind = false;
    let (mut batch, mut hashes, mut slots) = (KeyRows::default(), Vec::new(), Vec::new());
    for _ in 0..rows / BATCH {
        batch.data.clear();
        batch.ends.clear();
        for _ in 0..BATCH {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            batch.data.extend(((seed >> 20) % keys).to_be_bytes());
            batch.ends.push(batch.data.len() as u32);
        }
        hashes.clear();
        hashes.extend(batch.iter().map(hash_key));
        slots.clear();
        resident.slots(&mut table, &mut values, &batch, &hashes, &mut slots)?;
        for &slot in &slots {
            values.0.iter_mut().for_each(|column| column[slot as usize] += 1);
        }
        resident.settle(&mut table, &mut values)?;
        let pause = Instant::now();
        if interval.is_some_and(|interval| last_barrier.elapsed() > interval) {
            last_barrier = Instant::now();
            tickets.extend(resident.freeze(&table, &values)?);
            behind = true;
        }
        behind = behind && resident.advance(&table, &values)?;
        longest_pause = longest_pause.max(pause.elapsed());
        used = used.max(backend.bytes_used());
    }
    let seconds = start.elapsed().as_secs_f64();
    while resident.advance(&table, &values)? {}
    let mut bytes = 0;
    for file in tickets.last().map(|ticket| ticket.wait()).transpose()?.iter().flat_map(|files| &files.files) {
        bytes += file.size()?;
    }
    Ok(Outcome { seconds, longest_pause, barriers: tickets.len(), bytes, used })
}

fn main() -> Result<()> {
    let number = |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let keys = number("KEYS", 2_000_000);
    let rows = number("ROWS", 10_000_000) as usize;
    let only = std::env::var("ONLY").unwrap_or_default();
    let folder = std::env::temp_dir().join(format!("riverrun-bench-{}", std::process::id()));
    let runs = std::cell::Cell::new(0);
    let tiered = |memory: usize| {
        runs.set(runs.get() + 1);
        let folder = folder.join(runs.get().to_string());
        let tier = RocksTier::new(WorkFolder::at(&folder), StateBackend::cache_bytes(memory));
        StateBackend::tiered(tier, memory, 1)
    };
    let base = run(&tiered(1 << 40)?, keys, rows, None)?;
    println!("| what | rows/s | ratio | longest pause | barriers | state |\n|---|---:|---:|---:|---:|---:|");
    let print = |what: &str, outcome: &Outcome| {
        let Outcome { seconds, longest_pause, barriers, bytes, .. } = outcome;
        let (rate, ratio) = (rows as f64 / seconds, base.seconds / seconds);
        let (pause, bytes) = (longest_pause.as_secs_f64() * 1e3, bytes / 1_000_000);
        println!("| {what} | {rate:.0} | {ratio:.2} | {pause:.1} ms | {barriers} | {bytes} MB |");
    };
    print("in memory", &base);
    if only != "beyond" {
        print("a barrier each second", &run(&tiered(1 << 40)?, keys, rows, Some(Duration::from_secs(1)))?);
    }
    if only != "barriers" {
        let tenth = (base.used / 10).max(1 << 20);
        print("a tenth of the memory", &run(&tiered(tenth)?, keys, rows, None)?);
        print("the same with barriers", &run(&tiered(tenth)?, keys, rows, Some(Duration::from_secs(1)))?);
    }
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}
