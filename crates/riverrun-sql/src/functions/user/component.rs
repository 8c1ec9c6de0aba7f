//! Functions of WebAssembly components: what is asked of whoever can run them.
//!
//! The runtime stands above this crate (`riverrun-wasm`), so that whoever builds SQL without it compiles none.

use super::{Signature, UserFunction};
use riverrun_core::Result;
use std::fmt::Debug;
use std::path::PathBuf;

/// What `CREATE FUNCTION … LANGUAGE WASM` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentFunction {
    /// What the function takes and gives.
    pub signature: Signature,
    /// The component's file; relative to the folder the job was started in, as the paths of tables are.
    pub file: PathBuf,
    /// The component's export, where it is named: else it has the function's name.
    pub export: Option<String>,
    /// Whether equal arguments give equal results.
    pub deterministic: bool,
    /// How many bytes of memory an instance may take.
    pub memory: u64,
    /// How many instructions a call may take.
    pub fuel: u64,
}

/// Makes functions of components.
pub trait ComponentLoader: Debug + Send + Sync {
    /// Reads the component and checks what it exports against the declaration. An error is the user's: a file that isn't there or
    /// is no component, another type.
    fn load(&self, function: &ComponentFunction) -> Result<UserFunction>;
}
