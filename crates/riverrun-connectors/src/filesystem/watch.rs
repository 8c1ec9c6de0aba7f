//! Wakes a reader when files change.
//!
//! On Linux a thread of its own blocks on inotify, so that an idle source costs nothing and an appended line is seen at
//! once. Elsewhere, and where inotify is not to be had, the reader looks by itself every few milliseconds.

use riverrun_runtime::source::Waker;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// A file has grown or shrunk.
const CONTENT: u8 = 1;
/// A file has come, gone or changed its name.
const NAMES: u8 = 2;

/// Watches folders.
pub struct Watcher {
    changes: Arc<AtomicU8>,
    #[cfg(target_os = "linux")]
    notifier: Option<notifier::Notifier>,
}

impl Watcher {
    /// A watcher that calls `waker` when something changes in one of the folders it is told of.
    pub fn new(waker: Waker) -> Watcher {
        // Before the first look everything is new.
        let changes = Arc::new(AtomicU8::new(CONTENT | NAMES));
        #[cfg(target_os = "linux")]
        {
            let notifier = notifier::Notifier::start(Arc::clone(&changes), waker);
            if let Err(error) = &notifier {
                tracing::warn!("files are looked at by polling, since inotify is not to be had: {error}");
            }
            Watcher { changes, notifier: notifier.ok() }
        }
        #[cfg(not(target_os = "linux"))]
        {
            drop(waker);
            Watcher { changes }
        }
    }

    /// Watches these folders from now on. Those that are watched already are left as they are.
    pub fn watch(&mut self, folders: Vec<PathBuf>) {
        #[cfg(target_os = "linux")]
        if let Some(notifier) = &mut self.notifier
            && let Err(error) = notifier.watch(folders)
        {
            tracing::warn!("files are looked at by polling, since a folder can't be watched: {error}");
            self.notifier = None;
        }
        #[cfg(not(target_os = "linux"))]
        drop(folders);
    }

    /// Whether files may have come, gone or changed their names since the last call.
    pub fn take_names_changed(&self) -> bool {
        self.changes.swap(0, Ordering::AcqRel) & NAMES != 0 || self.polls()
    }

    /// After how long to look even if nothing was heard.
    pub fn patience(&self) -> Duration {
        // A network's file system tells nothing of what other machines write.
        if self.polls() { Duration::from_millis(5) } else { Duration::from_millis(500) }
    }

    fn polls(&self) -> bool {
        #[cfg(target_os = "linux")]
        {
            self.notifier.is_none()
        }
        #[cfg(not(target_os = "linux"))]
        {
            true
        }
    }
}

#[cfg(target_os = "linux")]
mod notifier {
    use super::{CONTENT, NAMES, Waker};
    use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask, Watches};
    use std::collections::HashMap;
    use std::io;
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
    use std::time::Duration;

    /// How long the thread rests after a wake-up, so that a busy writer costs one wake-up and not one per line.
    const REST: Duration = Duration::from_micros(500);

    pub struct Notifier {
        watches: Watches,
        watched: HashMap<PathBuf, WatchDescriptor>,
        stop: Arc<AtomicBool>,
    }

    impl Notifier {
        pub fn start(changes: Arc<AtomicU8>, waker: Waker) -> io::Result<Notifier> {
            let inotify = Inotify::init()?;
            let watches = inotify.watches();
            let stop = Arc::new(AtomicBool::new(false));
            let stopped = Arc::clone(&stop);
            std::thread::Builder::new()
                .name("file-watcher".to_owned())
                .spawn(move || listen(inotify, &stopped, &changes, &waker))?;
            Ok(Notifier { watches, watched: HashMap::new(), stop })
        }

        pub fn watch(&mut self, folders: Vec<PathBuf>) -> io::Result<()> {
            let mask = WatchMask::MODIFY
                | WatchMask::ATTRIB
                | WatchMask::CREATE
                | WatchMask::DELETE
                | WatchMask::MOVED_FROM
                | WatchMask::MOVED_TO
                | WatchMask::DELETE_SELF
                | WatchMask::MOVE_SELF;
            // Adding a watch again only confirms it, and renews it for a folder that was made anew.
            for folder in folders {
                match self.watches.add(&folder, mask) {
                    Ok(watch) => {
                        self.watched.insert(folder, watch);
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        }
    }

    impl Drop for Notifier {
        fn drop(&mut self) {
            self.stop.store(true, Ordering::Release);
            // The thread hears that a watch was removed, and sees that it is to stop.
            for (_, watch) in self.watched.drain() {
                let _ = self.watches.remove(watch);
            }
        }
    }

    fn listen(mut inotify: Inotify, stopped: &AtomicBool, changes: &AtomicU8, waker: &Waker) {
        let mut buffer = [0; 16 << 10];
        while !stopped.load(Ordering::Acquire) {
            let mut seen = 0;
            match inotify.read_events_blocking(&mut buffer) {
                Ok(events) => {
                    for event in events {
                        let content = event.mask.intersects(EventMask::MODIFY | EventMask::ATTRIB);
                        seen |= if content { CONTENT } else { NAMES | CONTENT };
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The reader still looks now and then.
                Err(_) => return,
            }
            if seen & !changes.fetch_or(seen, Ordering::AcqRel) != 0 {
                waker();
            }
            std::thread::sleep(REST);
        }
    }
}
