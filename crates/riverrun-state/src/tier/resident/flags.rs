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
        push_set(at, u64::from_le_bytes(*eight) & any, slots);
        at += 8;
    }
    if slots.len() < most {
        slots.extend((at..end).zip(rest).filter(|(_, flags)| **flags & flag != 0).map(|(slot, _)| slot as u32));
        at = end;
    }
    at
}

/// The same with slots whose logged value stands in a segment that is to be emptied: `newest` says for each slot in which one it
/// stands, and the segments up to `last` are to be emptied. Of those, what has changed after the barrier is left to the next one.
pub(in crate::tier) fn marked_or_within(
    (flags, newest): (&[u8], &[u32]),
    (before, now): (u8, u8),
    last: u32,
    from: usize,
    most: usize,
    slots: &mut Vec<u32>,
) -> usize {
    let end = flags.len().min(from + MOST_SEEN);
    let mut at = from;
    while at < end && slots.len() < most {
        let next = (at + AT_ONCE).min(end);
        let (mut some_flags, mut some_newest) = ([0; AT_ONCE], [u32::MAX; AT_ONCE]);
        some_flags[..next - at].copy_from_slice(&flags[at..next]);
        // Slots beyond are not in the log.
        let known = newest.get(at..next.min(newest.len())).unwrap_or_default();
        some_newest[..known.len()].copy_from_slice(known);
        // Without a branch for each, which nobody can foresee, and many at a time.
        let mut due = [0_u8; AT_ONCE];
        for ((due, flag), newest) in due.iter_mut().zip(some_flags).zip(some_newest) {
            let is_within = u8::from(flag & (LOGGED | now) == LOGGED) & u8::from(newest <= last);
            *due = u8::from(flag & before != 0) | is_within;
        }
        for (eight, due) in due.as_chunks::<8>().0.iter().enumerate() {
            push_set(at + 8 * eight, u64::from_le_bytes(*due), slots);
        }
        at = next;
    }
    at
}

/// Appends the slots from `at` on whose byte is not zero. Of each byte one bit is set at the most; the lowest byte is that of the first
/// slot.
fn push_set(at: usize, mut set: u64, slots: &mut Vec<u32>) {
    while set != 0 {
        slots.push((at + set.trailing_zeros() as usize / 8) as u32);
        set &= set - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_in_steps_is_what_is_found_one_by_one() {
        let mut seed = 7_u64;
        let mut random = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 40) as u32
        };
        for slots in [0, 1, 7, 8, 63, 64, 65, 300, 1_001] {
            let flags: Vec<u8> = (0..slots).map(|_| random() as u8 & (1 | 2 | USED | LOGGED)).collect();
            // The log may know fewer slots than there are; it has none of the others.
            let newest: Vec<u32> = (0..slots - slots / 3).map(|_| random() % 10).collect();
            for ((before, now), last, most) in [((1, 2), 4, 1), ((2, 1), 9, 100), ((1, 2), 0, 5_000)] {
                let is_changed = |slot: usize| flags[slot] & before != 0;
                let is_within = |slot: usize| {
                    flags[slot] & (LOGGED | now) == LOGGED && newest.get(slot).is_some_and(|newest| *newest <= last)
                };
                let expected = |is_due: &dyn Fn(usize) -> bool| -> Vec<u32> {
                    (0..slots).filter(|slot| is_due(*slot)).map(|slot| slot as u32).collect()
                };
                let found = |step: &dyn Fn(usize, usize, &mut Vec<u32>) -> usize| -> Vec<u32> {
                    let (mut all, mut at) = (Vec::new(), 0);
                    while at < slots {
                        let mut some = Vec::new();
                        at = step(at, most, &mut some);
                        assert!(at == slots || some.len() >= most);
                        all.extend(some);
                    }
                    all
                };
                assert_eq!(found(&|from, most, out| marked(&flags, before, from, most, out)), expected(&is_changed));
                assert_eq!(
                    found(&|from, most, out| {
                        marked_or_within((&flags, &newest), (before, now), last, from, most, out)
                    }),
                    expected(&|slot| is_changed(slot) || is_within(slot))
                );
            }
        }
    }
}
