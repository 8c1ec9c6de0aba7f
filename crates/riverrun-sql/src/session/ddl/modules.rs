//! Modules: `core`, the built-in functions, is the only one.
//!
//! Source: Flink, "Modules". What is unloaded is no longer listed; queries find the built-in functions all the same, as in Flink.

use crate::parse::NamePart;
use crate::session::SessionConfig;
use riverrun_core::{Error, Result};

/// The names of the modules that are loaded, all of which are used.
pub(super) fn loaded(session: &SessionConfig) -> impl Iterator<Item = &'static str> {
    (!session.core_unloaded).then_some("core").into_iter()
}

/// LOAD MODULE.
pub(super) fn load(module: &NamePart, session: &mut SessionConfig) -> Result<()> {
    if !session.core_unloaded {
        return Err(Error::input(format!("the module '{module}' is loaded already")).at(module.place));
    }
    session.core_unloaded = false;
    Ok(())
}

/// UNLOAD MODULE.
pub(super) fn unload(module: &NamePart, session: &mut SessionConfig) -> Result<()> {
    check_loaded(module, session)?;
    session.core_unloaded = true;
    Ok(())
}

/// USE MODULES changes nothing where there is one module, if it is loaded.
pub(super) fn check_loaded(module: &NamePart, session: &SessionConfig) -> Result<()> {
    match session.core_unloaded {
        true => Err(Error::input(format!("the module '{module}' is not loaded"))
            .hint("LOAD MODULE core loads it")
            .at(module.place)),
        false => Ok(()),
    }
}
