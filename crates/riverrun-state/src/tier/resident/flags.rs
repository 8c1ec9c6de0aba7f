//! The flags of slots.

/// Changed in the even or the odd epoch.
pub(super) const DIRTY: [u8; 2] = [1, 2];
/// Used since the clock's hand came by.
pub(super) const USED: u8 = 4;
/// Known to the tier.
pub(super) const BELOW: u8 = 8;
/// Chosen to leave.
pub(super) const LEAVING: u8 = 16;
/// Known to the log.
pub(super) const LOGGED: u8 = 32;

/// So many flags are looked at in one go.
const MOST_SEEN: usize = 1 << 20;

/// Appends the next slots from `from` on that have a flag, `most` of them and perhaps the next few, and gives where to go on.
pub(super) fn marked(flags: &[u8], flag: u8, from: usize, most: usize, slots: &mut Vec<u32>) -> usize {
    let end = flags.len().min(from + MOST_SEEN);
    let any = u64::from_ne_bytes([flag; 8]);
    let mut at = from;
    while at < end && slots.len() < most {
        let next = (at + 8).min(end);
        let eight = flags.get(at..at + 8).and_then(|eight| eight.try_into().ok());
        if eight.is_none_or(|eight| u64::from_ne_bytes(eight) & any != 0) {
            slots.extend((at..next).filter(|slot| flags[*slot] & flag != 0).map(|slot| slot as u32));
        }
        at = next;
    }
    at
}
