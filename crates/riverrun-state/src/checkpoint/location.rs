//! Paths and addresses of checkpoints, as users write them.

use super::local::LocalStore;
use super::store::BlobStore;
use riverrun_core::{Error, Result};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A folder: `path`, `file:///path` or `s3://bucket/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A folder of a file system.
    Local(PathBuf),
    /// A prefix of an object store, as its address.
    Remote(String),
}

impl Location {
    /// Reads a path or an address.
    pub fn parse(text: &str) -> Result<Location> {
        match text.split_once("://") {
            None => Ok(Location::Local(PathBuf::from(text))),
            Some(("file", path)) => Ok(Location::Local(PathBuf::from(path))),
            Some(("s3" | "s3a", rest)) if !rest.is_empty() => {
                Ok(Location::Remote(format!("s3://{}", rest.trim_end_matches('/'))))
            }
            Some((scheme, _)) => Err(Error::input(format!("'{text}' is no place for checkpoints"))
                .detail(format!("'{scheme}' is not known"))
                .hint("a path, file:///path or s3://bucket/path")),
        }
    }

    /// A folder in this one.
    #[must_use]
    pub fn join(&self, name: &str) -> Location {
        match self {
            Location::Local(path) => Location::Local(path.join(name)),
            Location::Remote(address) => Location::Remote(format!("{address}/{name}")),
        }
    }

    /// The folder that this one is in.
    pub fn parent(&self) -> Option<Location> {
        match self {
            Location::Local(path) => {
                let absolute = std::path::absolute(path).ok()?;
                absolute.parent().map(|parent| Location::Local(parent.to_path_buf()))
            }
            Location::Remote(address) => {
                let (above, _) = address.rsplit_once('/')?;
                (!above.ends_with('/')).then(|| Location::Remote(above.to_owned()))
            }
        }
    }

    /// The store in this folder.
    pub fn open(&self) -> Result<Arc<dyn BlobStore>> {
        match self {
            Location::Local(path) => Ok(Arc::new(LocalStore::new(path.clone()))),
            Location::Remote(address) => remote(address),
        }
    }
}

#[cfg(feature = "s3")]
fn remote(address: &str) -> Result<Arc<dyn BlobStore>> {
    Ok(Arc::new(super::object::ObjectStore::open(address)?))
}

#[cfg(not(feature = "s3"))]
fn remote(address: &str) -> Result<Arc<dyn BlobStore>> {
    Err(Error::input(format!("checkpoints can't be kept in {address}: this binary was built without S3"))
        .hint("build it with --features s3, or give a local path"))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Local(path) => path.display().fmt(f),
            Location::Remote(address) => f.write_str(address),
        }
    }
}
