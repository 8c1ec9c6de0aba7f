//! What goes wrong in a run, chosen by a seed: the same seed chooses the same faults at the same hits.

use riverrun_core::failpoint::{Fault, FaultKind, Hit, POINTS, Phase, Point};
use riverrun_core::options::parse_duration;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result};
use std::fmt;
use std::time::Duration;

/// What stands for "some moment" in the place of a failpoint.
pub const MOMENT: &str = "moment";

/// Kinds that may be asked for at `moment`.
const MOMENT_KIND: FaultKind = FaultKind::Kill;

/// Hits that are chosen are not beyond this one.
const LAST_HIT: u64 = 8;

/// A process is killed from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillAt {
    /// So long after the run's first start.
    pub after: Duration,
    /// Which process of the job.
    pub process: usize,
}

impl fmt::Display for KillAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kill of process {} at {:.2} s", self.process, self.after.as_secs_f64())
    }
}

/// What goes wrong in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// At failpoints.
    pub faults: Vec<Fault>,
    /// At moments.
    pub kills: Vec<KillAt>,
}

/// What may go wrong: what `--faults` has asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    /// What a run's faults are chosen from.
    pairs: Vec<(FaultKind, &'static str)>,
    /// Faults that every run has.
    fixed: Vec<Fault>,
}

impl Menu {
    /// Reads `--faults`. `connections`: whether some table is in another system, to which a connection can be lost.
    pub fn read(wanted: &[String], connections: bool, matrix: bool) -> Result<Menu> {
        let (mut kinds, mut points, mut menu) = (Vec::new(), Vec::new(), Menu::default());
        for word in wanted.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
            if let Some((kind, place)) = word.split_once('@') {
                if place == MOMENT && FaultKind::find(kind) == Some(MOMENT_KIND) {
                    menu.pairs.push((MOMENT_KIND, MOMENT));
                    continue;
                }
                check(word, kind, place)?;
                let fault = Fault::parse(word)?;
                match POINTS.iter().find(|point| point.name == place) {
                    // Without a hit the seed chooses one.
                    Some(point) if fault.time.is_none() => menu.pairs.push((fault.kind, point.name)),
                    _ => menu.fixed.push(fault),
                }
            } else if let Some(kind) = FaultKind::find(word) {
                kinds.push(kind);
            } else if let Some(point) = POINTS.iter().find(|point| point.name == word) {
                points.push(point.name);
            } else {
                let names =
                    FaultKind::ALL.map(FaultKind::name).into_iter().chain(POINTS.iter().map(|point| point.name));
                return Err(Error::input(format!("there is no fault '{word}'")).hint(
                    did_you_mean(word, names).unwrap_or_else(|| {
                        let kinds = FaultKind::ALL.map(FaultKind::name).join(", ");
                        format!("kinds: {kinds}; failpoints: riverrun chaos --list")
                    }),
                ));
            }
        }
        if kinds.is_empty() && points.is_empty() && !(menu.pairs.is_empty() && menu.fixed.is_empty()) {
            return Ok(menu);
        }
        let everywhere = points.is_empty();
        if kinds.is_empty() {
            kinds = match matrix {
                // Those under which a step fails or is late; the others are asked for by name.
                true => vec![FaultKind::Error, FaultKind::Panic, FaultKind::Kill, FaultKind::Delay],
                false => FaultKind::ALL.to_vec(),
            };
        }
        for kind in kinds {
            if kind == MOMENT_KIND && everywhere && !matrix {
                // As often as at a failpoint.
                menu.pairs.extend([(kind, MOMENT); 8]);
            }
            for point in POINTS.iter().filter(|point| point.phase != Phase::Savepoint) {
                let wanted = if everywhere { fits(point, connections) } else { points.contains(&point.name) };
                let possible = match kind {
                    FaultKind::Disconnect => point.connection && connections,
                    FaultKind::Stall if everywhere => ["sink-write", "target-commit"].contains(&point.name),
                    _ => true,
                };
                if wanted && possible {
                    menu.pairs.push((kind, point.name));
                }
            }
        }
        if menu.pairs.is_empty() {
            return Err(Error::input("none of these faults can strike this pipeline")
                .hint("a connection can be lost only where a table is in another system"));
        }
        Ok(menu)
    }

    /// The faults that were asked for with their hit: a run in which one of them has not struck does not show what it was to.
    pub fn named(&self) -> &[Fault] {
        &self.fixed
    }

    /// The faults of the run with this seed. `expected`: how long a run takes.
    pub fn choose(&self, seed: u64, strikes: usize, processes: usize, expected: Duration) -> Schedule {
        let mut random = SplitMix(seed);
        let mut schedule = Schedule { faults: self.fixed.clone(), kills: Vec::new() };
        let strikes = if self.pairs.is_empty() { 0 } else { strikes };
        for _ in 0..strikes {
            let (kind, point) = self.pairs[random.below(self.pairs.len() as u64) as usize];
            if point == MOMENT {
                let share = random.below(1_000) as f64 / 1_000.0;
                let process = random.below(processes as u64) as usize;
                schedule.kills.push(KillAt { after: expected.mul_f64(share), process });
                continue;
            }
            // Early hits more often: they come for certain, and leave time for the next fault.
            let hit = 1 + random.below(LAST_HIT).min(random.below(LAST_HIT));
            let fault = Fault::new(kind, point, hit);
            if !schedule.faults.contains(&fault) {
                schedule.faults.push(fault);
            }
        }
        if strikes > 0 && schedule.restores_without_a_crash() {
            let share = 0.3 + random.below(400) as f64 / 1_000.0;
            schedule
                .kills
                .push(KillAt { after: expected.mul_f64(share), process: random.below(processes as u64) as usize });
        }
        schedule.kills.sort_by_key(|kill| kill.after);
        schedule
    }

    /// Every fault by itself, at each of these hits.
    pub fn cells(&self, hits: &[u64]) -> Vec<Fault> {
        let pairs = self.pairs.iter().filter(|(_, point)| *point != MOMENT);
        let mut cells: Vec<Fault> =
            pairs.flat_map(|(kind, point)| hits.iter().map(|hit| Fault::new(*kind, point, *hit))).collect();
        cells.extend(self.fixed.iter().cloned());
        cells
    }
}

/// Refuses what is written as a fault and can be none, where there is more to say of it than what a process that is armed says.
fn check(word: &str, action: &str, place: &str) -> Result<()> {
    let wrong = |why: String| Error::input(format!("'{word}' is no fault: {why}"));
    let (name, time) = action.split_once('(').map_or((action, None), |(name, rest)| (name, Some(rest)));
    // A kind that does not exist, or that has no duration, is told by whoever reads the rest.
    let Some(kind) = FaultKind::find(name) else { return Ok(()) };
    if time.is_some() && !matches!(kind, FaultKind::Delay | FaultKind::Stall) {
        return Ok(());
    }
    if let Some(rest) = time {
        let example = "write it like delay(100ms)@sink-write:1";
        let time = rest.strip_suffix(')').ok_or_else(|| wrong("')' is missing".to_owned()).hint(example))?;
        parse_duration(time).ok_or_else(|| wrong(format!("'{time}' is no duration")).hint(example))?;
    }
    let (point, hit) = place.split_once(':').map_or((place, None), |(point, hit)| (point, Some(hit)));
    match (point == MOMENT, hit) {
        (true, Some(_)) if kind == MOMENT_KIND => {
            Err(wrong("a moment has no hits".to_owned()).hint("write kill@moment; --strikes says how often"))
        }
        (true, _) => Err(wrong(format!("only a kill comes at some moment, no {name}"))
            .hint(format!("write kill@moment, or {name}@POINT: riverrun chaos --list shows the failpoints"))),
        (false, _) if !POINTS.iter().any(|known| known.name == point) => {
            let names =
                POINTS.iter().map(|known| known.name).chain([MOMENT].into_iter().filter(|_| kind == MOMENT_KIND));
            let near = did_you_mean(point, names);
            Err(wrong(format!("there is no failpoint '{point}'"))
                .hint(near.unwrap_or_else(|| "riverrun chaos --list shows the failpoints".to_owned())))
        }
        (false, _) => Ok(()),
    }
}

/// Why a run has not come to a fault, as far as its failpoint tells.
pub fn why_unreached(fault: &Fault) -> &'static str {
    match POINTS.iter().find(|point| point.name == fault.point).map(|point| point.phase) {
        Some(Phase::Savepoint) => "no savepoint is taken in a rehearsal",
        Some(Phase::Tier) => "it is passed only where state is in RocksDB",
        Some(Phase::Restore) => "a restart comes only after a crash, which must be asked for too: kill@barrier:2",
        _ => "the run had ended before that hit",
    }
}

fn is_restore(fault: &Fault) -> bool {
    POINTS.iter().any(|point| point.name == fault.point && point.phase == Phase::Restore)
}

impl Schedule {
    /// Whether it waits for a restore that nothing in it brings about.
    fn restores_without_a_crash(&self) -> bool {
        let ends_a_start = |fault: &Fault| matches!(fault.kind, FaultKind::Error | FaultKind::Panic | FaultKind::Kill);
        self.kills.is_empty()
            && self.faults.iter().any(is_restore)
            && !self.faults.iter().any(|fault| !is_restore(fault) && ends_a_start(fault))
    }
}

/// Whether a point is passed by a pipeline: those of RocksDB only where it is used, and so when asked for by name.
fn fits(point: &Point, connections: bool) -> bool {
    point.phase != Phase::Tier && (connections || !["token", "fence"].contains(&point.name))
}

/// The starts that a fault needs before it: a restore comes only after a crash.
pub fn crashes_before(fault: &Fault) -> Vec<Fault> {
    if !is_restore(fault) {
        return Vec::new();
    }
    let wanted = match fault.hit {
        Hit::Nth(number) => number,
        Hit::Every => 1,
    };
    // Each leaves a checkpoint to go on from.
    (1..=wanted.min(6)).map(|crash| Fault::new(FaultKind::Kill, "barrier", crash * 2)).collect()
}

/// Seeded numbers (SplitMix64): for a choice, not for secrets.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}

#[cfg(test)]
mod tests;
