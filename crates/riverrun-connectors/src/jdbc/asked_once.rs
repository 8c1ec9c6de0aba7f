//! What all workers of a job ask at its start, and one of them for all.

use riverrun_core::Result;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An answer that is kept. A failure is told to those who wait for it; who comes later asks again.
#[derive(Debug)]
pub struct AskedOnce<T> {
    failures: AtomicU64,
    answer: Mutex<Option<Result<Arc<T>>>>,
}

impl<T> Default for AskedOnce<T> {
    fn default() -> Self {
        AskedOnce { failures: AtomicU64::new(0), answer: Mutex::new(None) }
    }
}

impl<T> AskedOnce<T> {
    /// The answer; asks if nobody has, and nobody else is at it.
    pub fn get(&self, ask: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let before = self.failures.load(Ordering::SeqCst);
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        match &*answer {
            Some(Ok(answer)) => return Ok(answer.clone()),
            Some(Err(error)) if self.failures.load(Ordering::SeqCst) > before => return Err(error.clone()),
            _ => {}
        }
        let found = ask().map(Arc::new);
        if found.is_err() {
            self.failures.fetch_add(1, Ordering::SeqCst);
        }
        answer.insert(found).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use riverrun_core::Error;
    use std::sync::Barrier;
    use std::time::Duration;

    #[test]
    fn a_failure_is_told_to_those_who_wait_and_others_ask_again() {
        let (shared, asked, begun) = (AskedOnce::<u8>::default(), AtomicU64::new(0), Barrier::new(4));
        let ask = || {
            asked.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(200));
            Err(Error::failure("no answer"))
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    begun.wait();
                    assert_eq!(shared.get(ask).unwrap_err().message(), "no answer");
                });
            }
        });
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(*shared.get(|| Ok(7)).unwrap(), 7);
        assert_eq!(*shared.get(|| Ok(8)).unwrap(), 7);
    }
}
