//! A table per window, by its name in a checkpoint.
//!
//! A large table has files of its own ([`Held`]). The others stand in the blobs of their key groups; entries of such a blob, after the
//! version byte: a window's end and start, the number of its keys, and each key with its value.

use super::borders::Window;
use super::held::{Behind, Held, HeldTable};
use riverrun_core::{Error, Result};
use riverrun_runtime::OperatorContext;
use riverrun_state::blob::read_keyed;
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;

/// What the names of tables begin with; then come the borders of the window.
const PREFIX: &str = "window-";

/// The tables of all windows that are open.
#[derive(Debug)]
pub struct WindowTables<T> {
    context: OperatorContext,
    tables: BTreeMap<Window, Held<T>>,
    behind: Behind<T>,
}

impl<T: HeldTable> WindowTables<T> {
    /// No windows.
    pub fn new(context: OperatorContext) -> Self {
        WindowTables { context, tables: BTreeMap::new(), behind: Behind::default() }
    }

    /// The window that ends first.
    pub fn first(&self) -> Option<Window> {
        self.tables.first_key_value().map(|(window, _)| *window)
    }

    /// The table of a window.
    pub fn get_mut(&mut self, window: Window) -> Option<&mut Held<T>> {
        self.tables.get_mut(&window)
    }

    /// The table of a window; `new` makes one that is not there.
    pub fn get_or_insert(&mut self, window: Window, new: impl FnOnce() -> T) -> &mut Held<T> {
        let context = &self.context;
        self.tables.entry(window).or_insert_with(|| Held::new(new(), context.held(&table_name(window))))
    }

    /// All windows and their tables.
    pub fn iter(&self) -> impl Iterator<Item = (Window, &T)> {
        self.tables.iter().map(|(window, held)| (*window, held.table()))
    }

    /// Takes a window away. Its table is to be given to [`WindowTables::leave`] when nobody needs it any more.
    pub fn remove(&mut self, window: Window) -> Option<Held<T>> {
        self.tables.remove(&window)
    }

    /// Nobody needs a table any more, unless a barrier does.
    pub fn leave(&mut self, held: Held<T>) {
        self.behind.leave(held);
    }

    /// A barrier: all there is.
    pub fn snapshot(&mut self, version: u8) -> Result<OperatorSnapshot> {
        let head = |window: Window| [window.end, window.start].map(i64::to_le_bytes).concat();
        let tables = self.tables.iter_mut().map(|(window, held)| (table_name(*window), head(*window), held));
        self.behind.snapshot(&self.context, version, tables.collect())
    }

    /// Writes a slice of what the last barrier has frozen; whether there may be more. `firing` is a table that was taken away and
    /// has not left.
    pub fn write_behind(&mut self, firing: Option<&mut Held<T>>) -> Result<bool> {
        self.behind.write(self.tables.values_mut().chain(firing))
    }

    /// Takes over the key groups of an earlier run. `what` the operator is says an error; `new` makes a table.
    pub fn restore(&mut self, state: &RestoredState, version: u8, what: &str, new: impl Fn() -> T) -> Result<()> {
        for table in state.tiers.keys() {
            let unknown = || Error::failure(format!("the state of {what} has an unknown table '{table}'"));
            let window = table.strip_prefix(PREFIX).and_then(Window::of_name).ok_or_else(unknown)?;
            let mut held = Held::new(new(), self.context.held(table));
            held.restore(&state.tier(table)?)?;
            if !held.table().keys().is_empty() {
                self.tables.insert(window, held);
            }
        }
        read_keyed(state, version, what, |_, blob| {
            let window = Window { end: blob.i64()?, start: blob.i64()? };
            let held = self.get_or_insert(window, &new);
            let count = blob.u32()?;
            let keys = held.table().keys().len() + count as usize;
            (0..count).try_for_each(|_| held.decode(blob))?;
            if held.table().keys().len() != keys {
                return Err(Error::failure(format!("the state of {what} has a key twice")));
            }
            Ok(())
        })
    }
}

fn table_name(window: Window) -> String {
    format!("{PREFIX}{}", window.name())
}
