//! The columns that each `*` in a view stands for.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A name that is not taken: the name, or with the first number that makes it new.
pub fn free(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (0..).map(|number| format!("{name}{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

/// A column behind a `*`: the table it is of, as its query names it, and its name.
pub type StarColumn = (String, String);

/// The columns that each `*` in a view stands for: those that its tables had when the view was created, as Flink keeps them.
///
/// Creating a view binds it, and what is found then holds from then on.
#[derive(Debug, Default)]
pub struct Stars {
    columns: Mutex<BTreeMap<(u64, u64), Vec<StarColumn>>>,
}

impl Stars {
    /// The columns of the `*` at this line and column of the file; `now` tells those of its first binding.
    pub fn columns(&self, at: (u64, u64), now: impl FnOnce() -> Vec<StarColumn>) -> Vec<StarColumn> {
        let mut columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        columns.entry(at).or_insert_with(now).clone()
    }
}
