//! An object store in memory, each of whose calls takes its time and may fail.

use crate::baton::{Baton, note, pause_here};
use crate::faults::{Faults, How};
use riverrun_core::{Clock, Error, Millis, Result};
use riverrun_state::checkpoint::{BlobStore, Put, StoredFile};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One store for all starts of a job.
#[derive(Debug)]
pub struct SimulatedStore {
    baton: Arc<Baton>,
    files: Mutex<BTreeMap<String, (Vec<u8>, Millis)>>,
    pub faults: Faults,
}

impl SimulatedStore {
    pub fn new(baton: &Arc<Baton>) -> Self {
        SimulatedStore { baton: baton.clone(), files: Mutex::default(), faults: Faults::default() }
    }

    /// A call goes to the store and back; on either way it may be lost.
    fn call<T>(&self, what: &str, name: &str, work: impl FnOnce() -> T) -> Result<T> {
        let fault = self.faults.next(&self.baton);
        pause_here();
        if matches!(fault, Some(How::CallLost | How::ForGood)) {
            note(|| format!("{what} {name} is lost"));
            return Err(Error::failure(format!("cannot {what} {name}: the store is broken")));
        }
        let answer = work();
        note(|| format!("{what} {name}"));
        pause_here();
        if fault.is_some() {
            note(|| format!("the answer to {what} {name} is lost"));
            return Err(Error::failure(format!("cannot {what} {name}: the store is broken")));
        }
        Ok(answer)
    }

    fn write(&self, name: &str, bytes: &[u8], overwrite: bool) -> Put {
        let mut files = self.files.lock().unwrap();
        if !overwrite && files.contains_key(name) {
            return Put::Exists;
        }
        files.insert(name.to_owned(), (bytes.to_vec(), self.baton.now()));
        Put::Created
    }
}

impl BlobStore for SimulatedStore {
    fn describe(&self, name: &str) -> String {
        format!("sim/{name}")
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.call("write", name, || self.write(name, bytes, true)).map(drop)
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<Put> {
        self.call("write", name, || self.write(name, bytes, false))
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.call("read", name, || self.files.lock().unwrap().get(name).map(|(bytes, _)| bytes.clone()))
    }

    fn list(&self, folder: &str) -> Result<Vec<StoredFile>> {
        self.call("list", folder, || {
            let files = self.files.lock().unwrap();
            let inside = |name: &str| folder.is_empty() || name.starts_with(&format!("{folder}/"));
            let file = |(name, (bytes, modified)): (&String, &(Vec<u8>, Millis))| StoredFile {
                name: name.clone(),
                size: bytes.len() as u64,
                modified: *modified,
            };
            files.iter().filter(|(name, _)| inside(name)).map(file).collect()
        })
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.call("delete", name, || self.files.lock().unwrap().remove(name)).map(drop)
    }

    fn pause(&self, _: Duration) {
        pause_here();
    }
}
