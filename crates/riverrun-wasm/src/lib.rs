//! Functions of the user from WebAssembly components: `CREATE FUNCTION … LANGUAGE WASM`.
//!
//! A component exports plain functions of its own types; what SQL declares and what it exports are checked against each other
//! when the function is created (`types`). Values go in and out as the component model has them (`input`, `output`), for each
//! row or for many at once, as the exported types say. Memory and instructions are bounded, and there is nothing to import
//! (`instance`). See `docs/rfcs/0006-user-functions.md`.

mod aggregate;
mod export;
mod file;
mod input;
mod instance;
mod output;
mod scalar;
mod table;
mod types;

use export::Found;
use instance::{Bounds, Pool};
use riverrun_core::{Error, Result};
use riverrun_sql::functions::user::component::{ComponentFunction, ComponentLoader};
use riverrun_sql::functions::user::{Body, UserFunction};
use riverrun_sql::parse::Returns;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::component::Component;
use wasmtime::{Config, Engine};

/// So many rows go over in one call at the most.
pub(crate) const BATCH: usize = 1024;

/// What runs the components of a session. A file of which several functions come is compiled once.
#[derive(Default)]
pub struct Components {
    compiled: Mutex<Compiled>,
}

#[derive(Default)]
struct Compiled {
    /// Made for the first component: most sessions have none.
    engine: Option<Engine>,
    /// The components by file, with the bytes they were compiled from: a file that has changed is read anew.
    files: HashMap<PathBuf, (Vec<u8>, Component)>,
}

impl std::fmt::Debug for Components {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Components")
    }
}

impl Components {
    fn component(&self, function: &ComponentFunction) -> Result<Component> {
        let bytes = file::read(&function.file)?;
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, component)) = compiled.files.get(&function.file)
            && *known == bytes
        {
            return Ok(component.clone());
        }
        let engine = match &compiled.engine {
            Some(engine) => engine.clone(),
            None => compiled.engine.insert(engine()?).clone(),
        };
        let component = Component::from_binary(&engine, &bytes).map_err(|error| {
            Error::input(format!("'{}' can't be compiled", function.file.display())).detail(format!("{error:#}"))
        })?;
        compiled.files.insert(function.file.clone(), (bytes, component.clone()));
        Ok(component)
    }
}

fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.consume_fuel(true).concurrency_support(false);
    Engine::new(&config).map_err(|error| Error::failure(format!("WebAssembly can't be run on this machine: {error:#}")))
}

impl ComponentLoader for Components {
    fn load(&self, function: &ComponentFunction) -> Result<UserFunction> {
        let component = self.component(function)?;
        let found = export::find(&component, function)?;
        let name: Arc<str> = Arc::from(function.signature.name.as_str());
        let bounds = Bounds { memory: function.memory, fuel: function.fuel };
        let pool = |exports| Pool::new(name.clone(), &component, exports, bounds);
        let file = function.file.display();
        let signature = function.signature.clone();
        let (body, strict, doc) = match (found, &signature.returns) {
            (Found::Function(export), Returns::Value(_)) => {
                let plan = types::scalar(function, &export)?;
                let (strict, way) = (plan.strict(), plan.way());
                let kernel = scalar::Scalar::new(&signature, plan, pool(vec![export.index])?);
                (Body::Scalar(Arc::new(kernel)), strict, format!("{file}#{}, {way}", export.name))
            }
            (Found::Function(export), Returns::Table(_)) => {
                let plan = types::table(function, &export)?;
                let (strict, way) = (plan.call.strict(), plan.call.way());
                let kernel = table::Table::new(&signature, plan, pool(vec![export.index])?)?;
                (Body::Table(Arc::new(kernel)), strict, format!("{file}#{}, {way}", export.name))
            }
            (Found::Interface(interface), _) => {
                let plan = types::aggregate(function, &interface)?;
                let retracts = plan.retracts;
                let pool = pool(interface.indices)?;
                let body = aggregate::Aggregate::signed(signature.clone(), plan, Arc::new(pool));
                let taken = if retracts { "rows can be taken back" } else { "no rows are taken back" };
                (Body::Aggregate(Arc::new(body)), false, format!("{file}#{}, {taken}", interface.name))
            }
        };
        Ok(UserFunction { signature, language: "WASM", deterministic: function.deterministic, strict, doc, body })
    }
}
