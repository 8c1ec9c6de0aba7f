//! Paths of checkpoints, as users write them.

use super::local::LocalStore;
use super::store::BlobStore;
use riverrun_core::{Error, Result};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A folder: `path` or `file:///path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location(PathBuf);

impl Location {
    /// Reads a path or an address.
    pub fn parse(text: &str) -> Result<Location> {
        match text.split_once("://") {
            None => Ok(Location(PathBuf::from(text))),
            Some(("file", path)) => Ok(Location(PathBuf::from(path))),
            Some((scheme, _)) => Err(Error::input(format!("'{text}' is no place for checkpoints"))
                .detail(format!("'{scheme}' is not supported"))
                .hint("a path or file:///path; an object store can be mounted")),
        }
    }

    /// A folder in this one.
    #[must_use]
    pub fn join(&self, name: &str) -> Location {
        Location(self.0.join(name))
    }

    /// The folder that this one is in.
    pub fn parent(&self) -> Option<Location> {
        self.absolute().0.parent().map(|parent| Location(parent.to_path_buf()))
    }

    /// The same for a process that runs elsewhere.
    #[must_use]
    pub fn absolute(&self) -> Location {
        Location(std::path::absolute(&self.0).unwrap_or_else(|_| self.0.clone()))
    }

    /// The store in this folder.
    pub fn open(&self) -> Result<Arc<dyn BlobStore>> {
        Ok(Arc::new(LocalStore::new(self.0.clone())))
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Location(path)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}
