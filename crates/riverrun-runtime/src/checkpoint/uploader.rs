//! The thread that writes a process's parts.

use super::Report;
use crate::snapshot::Parts;
use crate::turns::Place;
use crossbeam_channel::{Receiver, Sender};
use riverrun_core::{Epoch, Result, failpoint};
use riverrun_state::checkpoint::{PartWriter, ProcessParts};
use std::time::Duration;

/// How often the last parts of a job are tried: there will be no others.
const LAST_ATTEMPTS: u32 = 6;

/// What a process's workers have left for an epoch, once it has passed the whole job.
pub(crate) struct Handover {
    pub(crate) epoch: Epoch,
    pub(crate) parts: Parts,
    pub(crate) last: bool,
}

/// Where handovers go. `None` ends the thread.
pub(crate) type Handovers = Sender<Option<Handover>>;

/// Writes what is handed over, and reports it, until there is no more.
pub(crate) fn run(
    mut writer: PartWriter,
    process: usize,
    handovers: &Receiver<Option<Handover>>,
    place: &Place,
    report: impl Fn(Report),
) {
    while let Some(Some(Handover { epoch, parts, last })) = place.receive(handovers) {
        let outcome = if last { write_last(&mut writer, epoch, parts, place) } else { writer.write(epoch, parts) };
        let outcome = outcome.and_then(|parts| failpoint("part-report").map(|()| parts));
        report(Report { process, epoch, last, outcome });
    }
}

fn write_last(writer: &mut PartWriter, epoch: Epoch, parts: Parts, place: &Place) -> Result<ProcessParts> {
    let mut outcome = writer.write(epoch, parts);
    for attempt in 0..LAST_ATTEMPTS {
        if outcome.is_ok() {
            break;
        }
        place.sleep(Duration::from_millis(50 << attempt));
        // What could not be written is still in the writer's hands.
        outcome = writer.write(epoch, Parts::new());
    }
    outcome
}
