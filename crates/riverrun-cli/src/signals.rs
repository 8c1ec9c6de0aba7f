//! Ctrl-C and SIGTERM: the first ends a job in good order, the second at once. A job that can't end, since it waits for a reader of
//! its output or for a process that is stopped, is left some seconds after the second one, and with the third.

use riverrun::Control;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long a job has to end at once.
const GRACE: Duration = Duration::from_secs(3);
/// The exit code of a process that was made to end, as shells have it for Ctrl-C.
pub const FORCED: u8 = 130;

/// Ends the process if what was asked to end at once has not ended in time.
fn leave_later(count: Arc<AtomicUsize>) {
    let _ = std::thread::Builder::new().name("leave".into()).spawn(move || {
        std::thread::sleep(GRACE);
        if count.load(Ordering::Relaxed) > 1 {
            leave();
        }
    });
}

fn leave() -> ! {
    // Standard error may be what does not go on.
    std::process::exit(i32::from(FORCED))
}

/// Counts the signals that ask for the end.
#[derive(Clone, Debug)]
pub struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// Starts to listen. Where that fails signals keep their usual meaning.
    pub fn listen() -> Self {
        let count = Arc::new(AtomicUsize::new(0));
        if let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) {
            let counted = count.clone();
            let _ = std::thread::Builder::new().name("signals".into()).spawn(move || {
                for _ in signals.forever() {
                    match counted.fetch_add(1, Ordering::Relaxed) {
                        0 => {}
                        1 => leave_later(counted.clone()),
                        _ => leave(),
                    }
                }
            });
        }
        Signals(count)
    }

    /// What the signals so far ask for.
    pub fn control(&self) -> Control {
        match self.0.load(Ordering::Relaxed) {
            0 => Control::Continue,
            1 => Control::Stop,
            _ => Control::Cancel,
        }
    }

    /// Forgets the signals so far: a shell goes on after a stopped query.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}
