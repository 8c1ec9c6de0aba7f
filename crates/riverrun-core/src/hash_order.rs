//! The order in which Java's `HashMap` gives its entries: by the bucket that a key's hash code says, within one as they were
//! put in. Flink's maps that come of JSON are such, by the hash code of `StringData`, and those of STR_TO_MAP by that of `String`.

/// The buckets that a table begins with where nothing else is said.
pub const BUCKETS: usize = 16;

/// How many buckets a table of so many entries has that began with `buckets`: it doubles where more than three quarters as
/// many entries are in it.
fn grown(buckets: usize, entries: usize) -> usize {
    (entries * 4).div_ceil(3).max(buckets).next_power_of_two()
}

fn bucket(hash: u32, buckets: usize) -> usize {
    (hash ^ (hash >> 16)) as usize & (buckets - 1)
}

/// Sorts entries that were put in this order into a table that began with `buckets` as it gives them, by their keys' hash codes.
pub fn sort<T>(entries: &mut [T], buckets: usize, hash: impl Fn(&T) -> u32) {
    let buckets = grown(buckets, entries.len());
    entries.sort_by_key(|entry| bucket(hash(entry), buckets));
}

/// Whether entries stand as a table gives them that they were put into in this order.
pub fn is_sorted<T>(entries: impl ExactSizeIterator<Item = T>, hash: impl Fn(T) -> u32) -> bool {
    let buckets = grown(BUCKETS, entries.len());
    entries.map(|entry| bucket(hash(entry), buckets)).is_sorted()
}

/// The hash code of Java's `String`.
pub fn string_hash(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// The hash code of Flink's `StringData`: Murmur3 over the bytes, of which those behind the last four count one by one.
pub fn string_data_hash(text: &str) -> u32 {
    let mix = |hash: u32, word: u32| {
        let word = word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    };
    let (words, rest) = text.as_bytes().as_chunks::<4>();
    let hash = words.iter().fold(42, |hash, word| mix(hash, u32::from_le_bytes(*word)));
    let hash = rest.iter().fold(hash, |hash, byte| mix(hash, i32::from(byte.cast_signed()) as u32));
    let hash = hash ^ text.len() as u32;
    let hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    let hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<'a>(keys: &[&'a str]) -> Vec<&'a str> {
        let mut keys = keys.to_vec();
        sort(&mut keys, BUCKETS, |key| string_data_hash(key));
        keys
    }

    #[test]
    fn texts_stand_as_in_flink() {
        assert_eq!(sorted(&["b", "a", "zz", "c"]), ["a", "c", "zz", "b"]);
        assert_eq!(sorted(&["k", "j"]), ["j", "k"]);
        assert!(is_sorted(["a", "c", "zz", "b"].iter(), |key| string_data_hash(key)));
        assert!(!is_sorted(["b", "a"].iter(), |key| string_data_hash(key)));
    }

    #[test]
    fn a_table_has_room_for_a_third_more_than_there_is() {
        assert_eq!([0, 12, 13, 24, 25].map(|entries| grown(BUCKETS, entries)), [16, 16, 32, 32, 64]);
        assert_eq!(grown(6, 5), 8);
    }
}
