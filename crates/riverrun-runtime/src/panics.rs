//! Panics on a job's threads: they become the job's error, so they need not be printed as well.

use std::any::Any;
use std::cell::RefCell;
use std::panic::PanicHookInfo;

thread_local! {
    /// Where this thread has panicked, as seen by the hook.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps panics of jobs off the standard error, since [`crate::JobHandle::wait`] reports them; those of
/// all other threads go to the hook that was there before. To be called once at the start of a program.
pub fn install_panic_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        // Timely names its threads so: workers, senders and receivers; and we the one that joins them.
        if std::thread::current().name().is_some_and(|name| name.starts_with("timely:")) {
            let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
            PLACE.set(place);
            tracing::debug!("{info}");
        } else {
            before(info);
        }
    }));
}

/// Where this thread has panicked, if the hook is installed.
pub(crate) fn take_place() -> Option<String> {
    PLACE.take()
}

/// What a panic says.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "no message".to_owned()
    }
}
