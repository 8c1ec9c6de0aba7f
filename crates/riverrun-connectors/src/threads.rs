//! Threads beside a worker, for clients that block.

use riverrun_runtime::source::Waker;
use std::thread::{Builder, JoinHandle};

/// Wakes a worker when it is dropped.
struct Ending(Waker);

impl Drop for Ending {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Starts a thread whose worker is woken when it has ended, also by a panic: by then it has let go of its channels, and a worker that
/// waits for nothing else finds out.
pub(crate) fn spawn(name: &str, waker: Waker, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        let _ending = Ending(waker);
        run();
    })
}
