//! Random numbers that follow from an index: no state, so any row can be made alone.

/// A stream of random numbers, by SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

/// The finalizer of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators").
#[inline(always)]
pub fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    /// The numbers of the row `index` for a purpose: columns of one row have different `salt`s.
    #[inline(always)]
    pub fn new(salt: u64, index: u64) -> Self {
        Random(mix(index.wrapping_mul(STEP) ^ salt))
    }

    /// 64 random bits.
    #[inline(always)]
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number from 0 to below `bound`; 0 if that is 0.
    #[inline(always)]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number between two, both included.
    #[inline(always)]
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = (most as i128 - least as i128 + 1).max(1);
        let offset = (u128::from(self.bits()) * width as u128) >> 64;
        (least as i128 + offset as i128) as i64
    }

    /// A number from 0 to below 1.
    #[inline(always)]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of these.
    #[inline(always)]
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len() as u64) as usize)
    }

    /// Appends `length` letters from a to z.
    #[inline]
    pub fn letters(&mut self, length: usize, out: &mut Vec<u8>) {
        let mut left = length;
        while left > 0 {
            let bits = self.bits().to_le_bytes();
            let count = left.min(8);
            out.extend(bits[..count].iter().map(|byte| b'a' + ((u16::from(*byte) * 26) >> 8) as u8));
            left -= count;
        }
    }
}
