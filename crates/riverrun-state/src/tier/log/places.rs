//! Where the values of keys are, seven bytes a key.
//!
//! Of a key only its hash is known here, and of that only some bits: those that choose the shard, and sixteen more, the *tag*. So
//! what is found is where the key *may* be; who asks reads the key there. A shard is three columns, sorted by tag. Tags are
//! spread evenly, so that where one stands is known to some dozen entries.

/// A segment and where in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub segment: u32,
    pub at: u32,
}

/// A record begins before this byte of its segment.
const OFFSET_BITS: u32 = 26;

/// Numbers of segments are kept by their last bits.
const SEGMENT_BITS: u32 = 14;

/// The numbers of all segments that there are differ by less than this.
pub(super) const MOST_SEGMENTS: u32 = 1 << SEGMENT_BITS;

/// So many keys a shard is made for.
const SHARD_KEYS: usize = 4096;
const MOST_SHARDS: usize = 1 << 14;

/// What a key takes up.
pub(super) const KEY_BYTES: usize = 7;

#[derive(Debug)]
pub(super) struct Places {
    shards: Vec<Shard>,
    shard_bits: u32,
    /// How many keys there is room for.
    room: usize,
}

#[derive(Debug, Default)]
struct Shard {
    tags: Vec<u16>,
    low: Vec<u32>,
    high: Vec<u8>,
}

impl Places {
    /// None, for so many keys at the most, about.
    pub(super) fn new(keys: usize) -> Self {
        let shards = (keys / SHARD_KEYS).clamp(1, MOST_SHARDS).next_power_of_two();
        Places { shards: (0..shards).map(|_| Shard::default()).collect(), shard_bits: shards.trailing_zeros(), room: 0 }
    }

    fn find(&self, hash: u64) -> (usize, u16) {
        // The high half says the key group, and a worker has only some of those.
        let hash = hash.rotate_left(32);
        let shard = hash.checked_shr(64 - self.shard_bits).unwrap_or(0);
        (shard as usize, ((hash << self.shard_bits) >> 48) as u16)
    }

    /// Where a key with this hash may be. The numbers of segments are those from `oldest` on.
    pub(super) fn get(&self, hash: u64, oldest: u32) -> impl Iterator<Item = Spot> + '_ {
        let (shard, tag) = self.find(hash);
        let shard = &self.shards[shard];
        let first = shard.first(tag);
        let same = shard.tags[first..].iter().take_while(move |other| **other == tag).count();
        (first..first + same).map(move |index| shard.spot(index, oldest))
    }

    /// Whether the value of a key with this hash is there.
    pub(super) fn contains(&self, hash: u64, spot: Spot, oldest: u32) -> bool {
        self.get(hash, oldest).any(|other| other == spot)
    }

    /// A key's value is there now, and not any more where it `was`.
    pub(super) fn put(&mut self, hash: u64, was: Option<Spot>, spot: Spot, oldest: u32) {
        let (number, tag) = self.find(hash);
        let shard = &mut self.shards[number];
        let mut index = shard.first(tag);
        while let Some(was) = was
            && shard.tags.get(index) == Some(&tag)
        {
            if shard.spot(index, oldest) == was {
                shard.set(index, spot);
                return;
            }
            index += 1;
        }
        self.room += shard.insert(index, tag, spot);
    }

    /// A key is gone.
    pub(super) fn remove(&mut self, hash: u64, was: Spot, oldest: u32) {
        let (number, tag) = self.find(hash);
        let shard = &mut self.shards[number];
        let mut index = shard.first(tag);
        while shard.tags.get(index) == Some(&tag) {
            if shard.spot(index, oldest) == was {
                shard.tags.remove(index);
                shard.low.remove(index);
                shard.high.remove(index);
                return;
            }
            index += 1;
        }
    }

    /// How many bytes it takes up.
    pub(super) fn num_bytes(&self) -> usize {
        self.room * KEY_BYTES + self.shards.len() * size_of::<Shard>()
    }
}

impl Shard {
    /// The index of the first entry that has this tag or a higher one.
    fn first(&self, tag: u16) -> usize {
        let mut index = (usize::from(tag) * self.tags.len()) >> 16;
        while index > 0 && self.tags[index - 1] >= tag {
            index -= 1;
        }
        while self.tags.get(index).is_some_and(|other| *other < tag) {
            index += 1;
        }
        index
    }

    fn spot(&self, index: usize, oldest: u32) -> Spot {
        let place = u64::from(self.low[index]) | u64::from(self.high[index]) << 32;
        let segment = (place >> OFFSET_BITS) as u32;
        let segment = oldest.wrapping_add(segment.wrapping_sub(oldest) & (MOST_SEGMENTS - 1));
        Spot { segment, at: (place & ((1 << OFFSET_BITS) - 1)) as u32 }
    }

    fn set(&mut self, index: usize, spot: Spot) {
        let (low, high) = packed(spot);
        (self.low[index], self.high[index]) = (low, high);
    }

    /// For how many more keys there is room now.
    fn insert(&mut self, index: usize, tag: u16, spot: Spot) -> usize {
        let mut added = 0;
        if self.tags.len() == self.tags.capacity() {
            let before = self.tags.capacity();
            let more = before / 16 + 4;
            self.tags.reserve_exact(more);
            self.low.reserve_exact(more);
            self.high.reserve_exact(more);
            added = self.tags.capacity() - before;
        }
        let (low, high) = packed(spot);
        self.tags.insert(index, tag);
        self.low.insert(index, low);
        self.high.insert(index, high);
        added
    }
}

fn packed(spot: Spot) -> (u32, u8) {
    let place = u64::from(spot.segment % MOST_SEGMENTS) << OFFSET_BITS | u64::from(spot.at);
    (place as u32, (place >> 32) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::hash_key;
    use std::collections::HashMap;

    #[test]
    fn places_are_those_of_a_map_also_when_numbers_of_segments_have_wrapped() {
        for keys in [0, 100_000] {
            let mut places = Places::new(keys);
            let mut expected: HashMap<u64, Spot> = HashMap::new();
            for step in 0..60_000_u32 {
                let oldest = step;
                let hash = hash_key(&(step % 7_001).to_le_bytes());
                let spot = Spot { segment: step + step % 9_000, at: step.wrapping_mul(2_654_435_761) >> 6 };
                // Only what is near enough to the oldest may stay.
                let was = expected.get(&hash).copied();
                match step % 5 {
                    4 => {
                        if let Some(was) = was {
                            places.remove(hash, was, oldest.min(was.segment));
                            expected.remove(&hash);
                        }
                    }
                    _ => {
                        places.put(hash, was, spot, oldest.min(was.map_or(oldest, |was| was.segment)));
                        expected.insert(hash, spot);
                    }
                }
                if let Some(spot) = expected.get(&hash) {
                    assert!(places.contains(hash, *spot, spot.segment));
                }
            }
            let found: usize = (0..7_001_u32).map(|n| places.get(hash_key(&n.to_le_bytes()), 0).count()).sum();
            assert!(found >= expected.len());
            assert!(places.num_bytes() < 64 + expected.len() * 10 + places.shards.len() * size_of::<Shard>());
        }
    }
}
