//! The flags of slots.

/// Changed in the even or the odd epoch.
pub(in crate::tier) const DIRTY: [u8; 2] = [1, 2];
/// Used since the clock's hand came by.
pub(in crate::tier) const USED: u8 = 4;
/// Known to the tier.
pub(in crate::tier) const BELOW: u8 = 8;
/// Chosen to leave.
pub(in crate::tier) const LEAVING: u8 = 16;
/// Known to the log.
pub(in crate::tier) const LOGGED: u8 = 32;

/// The bits of slots that changed before the barrier under way, and after it.
pub(in crate::tier) fn dirty(parity: usize) -> (u8, u8) {
    (DIRTY[1 - parity], DIRTY[parity])
}

/// Sets bits of slots that are about to change; gives those that a barrier under way has frozen, which are not frozen any more.
pub(in crate::tier) fn mark(flags: &mut [u8], (before, set): (u8, u8), slots: &[u32]) -> Vec<u32> {
    let mut frozen = Vec::new();
    for &slot in slots {
        let flags = &mut flags[slot as usize];
        if *flags & before != 0 {
            *flags &= !before;
            frozen.push(slot);
        }
        *flags |= set;
    }
    frozen
}

/// So many flags are looked at in one go.
const MOST_SEEN: usize = 1 << 20;

/// And so many in one step of it.
const AT_ONCE: usize = 64;

/// Appends the next slots from `from` on that have a flag, `most` of them and perhaps the next few, and gives where to go on.
pub(in crate::tier) fn marked(flags: &[u8], flag: u8, from: usize, most: usize, slots: &mut Vec<u32>) -> usize {
    let end = flags.len().min(from + MOST_SEEN);
    let any = u64::from_le_bytes([flag; 8]);
    let (eights, rest) = flags[from.min(end)..end].as_chunks::<8>();
    let mut at = from;
    for eight in eights {
        if slots.len() >= most {
            return at;
        }
        // The lowest byte is that of the first slot.
        let mut set = u64::from_le_bytes(*eight) & any;
        while set != 0 {
            slots.push((at + set.trailing_zeros() as usize / 8) as u32);
            set &= set - 1;
        }
        at += 8;
    }
    if slots.len() < most {
        slots.extend((at..end).zip(rest).filter(|(_, flags)| **flags & flag != 0).map(|(slot, _)| slot as u32));
        at = end;
    }
    at
}

/// The same with slots whose logged value stands in a segment that is to be emptied. Of those, what has changed after the barrier is
/// left to the next one.
pub(in crate::tier) fn marked_or_within(
    flags: &[u8],
    (before, now): (u8, u8),
    is_within: impl Fn(usize) -> bool,
    from: usize,
    most: usize,
    slots: &mut Vec<u32>,
) -> usize {
    let end = flags.len().min(from + MOST_SEEN);
    let mut at = from;
    while at < end && slots.len() < most {
        let next = (at + AT_ONCE).min(end);
        // Without a branch for each, which nobody can foresee.
        let mut found = [0; AT_ONCE];
        let mut count = 0;
        for (slot, &flag) in (at..next).zip(&flags[at..next]) {
            let is_changed = flag & before != 0;
            let is_within = (flag & (LOGGED | now) == LOGGED) & is_within(slot);
            found[count] = slot as u32;
            count += usize::from(is_changed | is_within);
        }
        slots.extend_from_slice(&found[..count]);
        at = next;
    }
    at
}
