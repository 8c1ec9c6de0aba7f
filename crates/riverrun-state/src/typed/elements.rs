//! Lists of elements that belong to workers, not to keys.

use super::{Data, State, Writer, decode};
use riverrun_core::Result;

/// How the elements of all workers are dealt out after a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dealing {
    /// Each goes to one worker.
    Split,
    /// Each goes to every worker, which picks its own.
    Union,
}

/// A list of one worker: positions of a source, rows not yet acknowledged.
#[derive(Debug)]
pub struct ElementList<T: Data> {
    name: String,
    dealing: Dealing,
    /// The elements.
    pub elements: Vec<T>,
}

impl<T: Data> ElementList<T> {
    /// Empty.
    pub fn new(name: &str, dealing: Dealing) -> Self {
        ElementList { name: name.to_owned(), dealing, elements: Vec::new() }
    }
}

impl<T: Data> State for ElementList<T> {
    fn name(&self) -> &str {
        &self.name
    }

    fn snapshot(&mut self, into: &mut Writer) -> Result<()> {
        self.elements.iter().try_for_each(|element| into.element(&self.name, self.dealing, element))
    }

    fn read_element(&mut self, element: &[u8]) -> Result<()> {
        self.elements.push(decode(&self.name, element)?);
        Ok(())
    }
}
