//! A store that fails: at its nth call, for want of room, or with a last write that is torn.

use super::store::{BlobStore, Put, StoredFile};
use riverrun_core::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does nothing.
    Refused,
    /// It has done its work, but the answer is lost.
    AnswerLost,
    /// A put leaves half of a file; everything else does nothing.
    Torn,
}

/// Fails one call, then every call after it if it is to stay broken.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn BlobStore>,
    /// How many calls are still good.
    left: AtomicI64,
    fault: Fault,
    stays_broken: bool,
}

impl FaultyStore {
    /// A store whose call number `at`, from 0, fails.
    pub fn new(inner: Arc<dyn BlobStore>, at: i64, fault: Fault, stays_broken: bool) -> Self {
        FaultyStore { inner, left: AtomicI64::new(at), fault, stays_broken }
    }

    /// Whether the fault has come.
    pub fn has_failed(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }

    fn call<T>(&self, work: impl FnOnce() -> Result<T>, tear: impl FnOnce()) -> Result<T> {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        if left > 0 || (left < 0 && !self.stays_broken) {
            return work();
        }
        match self.fault {
            Fault::Refused => {}
            Fault::AnswerLost => {
                let _ = work();
            }
            Fault::Torn => tear(),
        }
        Err(Error::failure("the store is broken"))
    }
}

impl BlobStore for FaultyStore {
    fn describe(&self, name: &str) -> String {
        self.inner.describe(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let tear = || {
            let _ = self.inner.put(name, &bytes[..bytes.len() / 2]);
        };
        self.call(|| self.inner.put(name, bytes), tear)
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<Put> {
        let tear = || {
            let _ = self.inner.put_if_absent(name, &bytes[..bytes.len() / 2]);
        };
        self.call(|| self.inner.put_if_absent(name, bytes), tear)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.call(|| self.inner.get(name), || ())
    }

    fn list(&self, folder: &str) -> Result<Vec<StoredFile>> {
        self.call(|| self.inner.list(folder), || ())
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.call(|| self.inner.delete(name), || ())
    }
}
