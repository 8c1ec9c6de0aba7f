//! Scratch places: what a rehearsal of crashes writes instead of the user's tables, and reads back afterwards.

use riverrun_core::{Options, Result};
use std::path::PathBuf;

/// A table that is written, and the name of a place to be made for it.
#[derive(Clone, Debug)]
pub struct ScratchSpec {
    /// The table's full name, for messages.
    pub table: String,
    /// Its options.
    pub options: Options,
    /// A name that nothing else has: letters, digits and `_`, at most 50.
    pub name: String,
    /// A folder for what can lie in one.
    pub folder: PathBuf,
}

/// Options over a table's own; those without a value are taken away.
pub type Overrides = Vec<(String, Option<String>)>;

/// Takes a scratch place away.
pub type Remove = Box<dyn FnOnce() -> Result<()> + Send>;

/// A place to write to.
pub struct Scratch {
    /// What makes the table write there.
    pub write: Overrides,
    /// What makes it read what stands there, to its end; beside `write`.
    pub read: Overrides,
    /// Takes it away; `None` where the folder's removal is enough.
    pub remove: Option<Remove>,
}

/// An option with a value.
pub fn set(key: &str, value: impl Into<String>) -> (String, Option<String>) {
    (key.to_owned(), Some(value.into()))
}

/// An option that is taken away.
pub fn unset(key: &str) -> (String, Option<String>) {
    (key.to_owned(), None)
}
