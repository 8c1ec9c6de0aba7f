//! Timely's timestamp: the epoch in the high half of a `u64`, the tick in the low half.

use riverrun_core::{Epoch, Tick};

/// What an empty frontier is mapped to: nothing will come any more.
pub(crate) const END: u64 = u64::MAX;

/// The timestamp of a tick of an epoch.
pub(crate) fn pack(epoch: Epoch, tick: Tick) -> u64 {
    u64::from(epoch.0) << 32 | u64::from(tick.0)
}

/// The epoch of a timestamp.
pub(crate) fn epoch_of(time: u64) -> Epoch {
    Epoch((time >> 32) as u32)
}

/// The tick of a timestamp.
pub(crate) fn tick_of(time: u64) -> Tick {
    Tick(time as u32)
}

/// The last timestamp of the epoch of `time`.
pub(crate) fn end_of_epoch(time: u64) -> u64 {
    time | u64::from(u32::MAX)
}

/// The first timestamp of the epoch after that of `time`.
pub(crate) fn next_epoch(time: u64) -> u64 {
    pack(Epoch(epoch_of(time).0.saturating_add(1)), Tick(0))
}

/// The tick after `time`. The last tick of an epoch is never opened: the next epoch is, so that `u64` order stays right.
pub(crate) fn next_tick(time: u64) -> u64 {
    if tick_of(time).0 >= u32::MAX - 1 { next_epoch(time) } else { time + 1 }
}

/// How many ticks are open between the probe's frontier and `time`. Across an epoch border the ticks of the
/// earlier epoch count as one, since their number is not known.
pub(crate) fn ticks_between(frontier: u64, time: u64) -> u32 {
    if frontier >= time {
        0
    } else if epoch_of(frontier) == epoch_of(time) {
        tick_of(time).0 - tick_of(frontier).0
    } else {
        tick_of(time).0.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_ends_before_its_ticks_run_out() {
        let last = pack(Epoch(3), Tick(u32::MAX - 1));
        assert_eq!(next_tick(last), pack(Epoch(4), Tick(0)));
        assert_eq!(next_tick(last - 1), last);
    }

    #[test]
    fn open_ticks_are_counted_across_an_epoch_border() {
        assert_eq!(ticks_between(pack(Epoch(1), Tick(5)), pack(Epoch(1), Tick(7))), 2);
        assert_eq!(ticks_between(pack(Epoch(1), Tick(900)), pack(Epoch(2), Tick(0))), 1);
        assert_eq!(ticks_between(END, pack(Epoch(2), Tick(0))), 0);
    }
}
