//! Instances of a component within their bounds, and what stops them.
//!
//! An instance takes so much memory and no more, a call so many instructions: fuel stops the same call on every machine and
//! after every restart, and needs no thread that watches the time. There is nothing to import: a function that wants a file, a
//! clock or the network fails with the name of what it called.

use riverrun_core::{Error, Result};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{
    Component, ComponentExportIndex, Func, InstancePre, Linker, LinkerInstance, ResourceType, Val,
};
use wasmtime::{ResourceLimiter, Store, Trap};

/// What an instance may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of memory.
    pub memory: u64,
    /// Instructions of a call.
    pub fuel: u64,
}

/// The instances of a function: as many as workers that call it at once. Any may go on with what another has begun.
pub struct Pool {
    name: Arc<str>,
    component: InstancePre<Memory>,
    exports: Vec<ComponentExportIndex>,
    bounds: Bounds,
    idle: Mutex<Vec<Instance>>,
}

struct Instance {
    store: Store<Memory>,
    functions: Vec<Func>,
}

/// How much memory an instance has.
struct Memory {
    taken: u64,
    bound: u64,
    /// Whether it has wanted more in this call.
    refused: bool,
}

impl Memory {
    fn grow(&mut self, current: usize, desired: usize, unit: u64) -> bool {
        let more = (desired.saturating_sub(current) as u64).saturating_mul(unit);
        let fits = self.taken.saturating_add(more) <= self.bound;
        match fits {
            true => self.taken += more,
            false => self.refused = true,
        }
        fits
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, 1))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, size_of::<usize>() as u64))
    }
}

/// An import was called.
#[derive(Debug)]
struct ImportCalled(String);

impl fmt::Display for ImportCalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it called {}", self.0)
    }
}

impl std::error::Error for ImportCalled {}

impl fmt::Debug for Pool {
    /// The name alone: plans are compared by their text, between processes too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Pool {
    /// The instances of a component for the exports of one function, of which the first is made now: what keeps it from starting
    /// is told when the function is created.
    pub fn new(
        name: Arc<str>,
        component: &Component,
        exports: Vec<ComponentExportIndex>,
        bounds: Bounds,
    ) -> Result<Pool> {
        let mut linker = Linker::new(component.engine());
        let refused = |error: wasmtime::Error| {
            Error::input(format!("the component of the function {name} can't be linked")).detail(format!("{error:#}"))
        };
        let wanted = component.component_type();
        for (import, item) in wanted.imports(component.engine()) {
            stand_in(&mut linker.root(), None, import, &item.ty, component).map_err(refused)?;
        }
        let linked = linker.instantiate_pre(component).map_err(refused)?;
        let pool = Pool { name, component: linked, exports, bounds, idle: Mutex::default() };
        let first = pool.start().map_err(|error| {
            let told = Error::input(error.message()).hint_opt(error.hint_text());
            told.detail(error.detail_text().unwrap_or("it failed while it was started"))
        })?;
        pool.give(first);
        Ok(pool)
    }

    /// An instance for some calls.
    pub fn lease(&self) -> Lease<'_> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Lease { pool: self, instance: idle }
    }

    /// Puts the function's name before an error that a component gives in its own words.
    pub fn told(&self, words: impl fmt::Display) -> Error {
        Error::failure(format!("the function {}: {words}", self.name))
    }

    fn give(&self, instance: Instance) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(instance);
    }

    fn start(&self) -> Result<Instance> {
        let memory = Memory { taken: 0, bound: self.bounds.memory, refused: false };
        let mut store = Store::new(self.component.engine(), memory);
        store.limiter(|memory| memory);
        let started = store.set_fuel(self.bounds.fuel).and_then(|()| self.component.instantiate(&mut store));
        let instance = started.map_err(|error| self.stopped(&error, store.data().refused))?;
        let functions = self.exports.iter().map(|export| instance.get_func(&mut store, export));
        let functions = functions.collect::<Option<Vec<Func>>>();
        let functions = functions.ok_or_else(|| Error::bug(format!("the exports of {} are gone", self.name)))?;
        Ok(Instance { store, functions })
    }

    /// What stopped a call.
    fn stopped(&self, error: &wasmtime::Error, memory_refused: bool) -> Error {
        if let Some(ImportCalled(import)) = error.downcast_ref() {
            let hint = match import.contains("stderr") {
                true => "a panic writes its message there: give result<…, string> for what can go wrong",
                false => "give it what it needs as an argument; a build for wasm32-unknown-unknown imports nothing",
            };
            return self
                .told(format!("it called the import {import}"))
                .detail("a component gets no files, no clock, no network and nothing else to import")
                .hint(hint);
        }
        let trap = error.downcast_ref::<Trap>();
        if memory_refused {
            let bound = self.bounds.memory;
            return self
                .told(format!("it wanted more memory than the {} it may take", size(bound)))
                .hint(format!("WITH ('memory' = '{}') gives it more", size(bound.saturating_mul(4))));
        }
        match trap {
            Some(Trap::OutOfFuel) => {
                let fuel = self.bounds.fuel;
                self.told(format!("a call took more than {fuel} instructions, and was stopped"))
                    .hint(format!("does it end? WITH ('fuel' = '{}') gives it more", fuel.saturating_mul(10)))
            }
            Some(Trap::UnreachableCodeReached) => self
                .told("it stopped at an unreachable instruction, as a panic does")
                .hint("give result<…, string> for what can go wrong: its text is told"),
            Some(Trap::StackOverflow) => self.told("its call stack is exhausted").hint("does its recursion end?"),
            Some(trap) => self.told(format!("it trapped: {}", trap.to_string().trim_start_matches("wasm trap: "))),
            None => self.told(format!("its call failed: {error:#}")),
        }
    }
}

/// A size as options are written.
fn size(bytes: u64) -> String {
    match bytes {
        bytes if bytes % (1 << 20) == 0 => format!("{} mb", bytes >> 20),
        bytes if bytes % (1 << 10) == 0 => format!("{} kb", bytes >> 10),
        bytes => format!("{bytes} bytes"),
    }
}

/// Puts a function that names itself in the place of every import.
fn stand_in(
    linker: &mut LinkerInstance<'_, Memory>,
    interface: Option<&str>,
    name: &str,
    item: &ComponentItem,
    component: &Component,
) -> wasmtime::Result<()> {
    match item {
        ComponentItem::ComponentFunc(_) => {
            let called = interface.map_or_else(|| name.to_owned(), |interface| format!("{interface}#{name}"));
            linker.func_new(name, move |_, _, _, _| Err(wasmtime::Error::new(ImportCalled(called.clone()))))
        }
        ComponentItem::ComponentInstance(instance) => {
            let mut inner = linker.instance(name)?;
            for (member, item) in instance.exports(component.engine()) {
                stand_in(&mut inner, Some(name), member, &item.ty, component)?;
            }
            Ok(())
        }
        ComponentItem::Resource(_) => linker.resource(name, ResourceType::host::<()>(), |_, _| Ok(())),
        ComponentItem::Module(_) | ComponentItem::Component(_) => {
            Err(wasmtime::Error::msg(format!("it imports {name}, a module or a component")))
        }
        ComponentItem::CoreFunc(_) | ComponentItem::Type(_) => Ok(()),
    }
}

/// An instance for as long as it is used. One whose call has failed is thrown away: what it has in memory is not to be trusted.
pub struct Lease<'a> {
    pool: &'a Pool,
    instance: Option<Instance>,
}

impl Lease<'_> {
    /// Calls the function at `position` of the pool's exports. `Err` of a `result` is an error in the function's words.
    pub fn call(&mut self, position: usize, arguments: &[Val]) -> Result<Val> {
        let pool = self.pool;
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => pool.start()?,
        };
        let Instance { store, functions } = &mut instance;
        let Some(function) = functions.get(position) else {
            return Err(Error::bug(format!("{} has no function {position}", pool.name)));
        };
        store.data_mut().refused = false;
        let mut results = [Val::Bool(false)];
        let called =
            store.set_fuel(pool.bounds.fuel).and_then(|()| function.call(&mut *store, arguments, &mut results));
        if let Err(error) = called {
            return Err(pool.stopped(&error, instance.store.data().refused));
        }
        self.instance = Some(instance);
        let [result] = results;
        match result {
            Val::Result(Ok(value)) => value.map(|value| *value).ok_or_else(|| Error::bug("a result without a value")),
            Val::Result(Err(Some(error))) => match *error {
                Val::String(words) => Err(pool.told(words)),
                other => Err(Error::bug(format!("{} failed with {other:?}", pool.name))),
            },
            Val::Result(Err(None)) => Err(pool.told("it failed, and did not say why")),
            value => Ok(value),
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(instance) = self.instance.take() {
            self.pool.give(instance);
        }
    }
}
