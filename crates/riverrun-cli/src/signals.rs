//! Ctrl-C and SIGTERM: the first ends a job in good order, the second at once.

use riverrun::Control;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
                    counted.fetch_add(1, Ordering::Relaxed);
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
