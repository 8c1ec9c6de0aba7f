//! Finding what a function of SQL is in a component.

use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result};
use riverrun_sql::functions::user::component::ComponentFunction;
use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex};

/// The functions of an aggregate's interface, in the order in which a [`Pool`](crate::instance::Pool) has them; the last may
/// be missing.
pub const AGGREGATE: [&str; 4] = ["accumulate", "merge", "value", "retract"];

/// What an export is.
pub enum Found {
    /// A function: scalar or table.
    Function(FunctionExport),
    /// An interface of the functions of an aggregate.
    Interface(InterfaceExport),
}

/// An exported function.
pub struct FunctionExport {
    /// Its name, behind that of its interface.
    pub name: String,
    /// Its type.
    pub func: ComponentFunc,
    /// Where it is.
    pub index: ComponentExportIndex,
}

/// An exported interface of an aggregate.
pub struct InterfaceExport {
    /// Its name.
    pub name: String,
    /// The types of [`AGGREGATE`].
    pub functions: Vec<ComponentFunc>,
    /// Where they are.
    pub indices: Vec<ComponentExportIndex>,
}

/// A name of SQL as the component model writes it: `word_count` is `word-count`.
pub fn kebab(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// The export that is named, or that has the function's name.
pub fn find(component: &Component, function: &ComponentFunction) -> Result<Found> {
    let wanted = function.export.clone().unwrap_or_else(|| kebab(&function.signature.name));
    let file = function.file.display();
    let item = match at(component, &wanted) {
        Some((ComponentItem::ComponentFunc(func), index)) => {
            return Ok(Found::Function(FunctionExport { name: wanted, func, index }));
        }
        Some((ComponentItem::ComponentInstance(instance), index)) => (instance, index),
        _ => {
            let names = names(component);
            let listed = match names.as_slice() {
                [] => "it exports no functions".to_owned(),
                some => format!("it exports {}", some.join(", ")),
            };
            return Err(Error::input(format!("'{file}' exports no function '{wanted}'")).detail(listed).hint(
                did_you_mean(&wanted, names.iter().map(String::as_str)).unwrap_or_else(|| {
                    format!(
                        "name the export behind the file: '{file}#{}'",
                        names.first().map_or("export", String::as_str)
                    )
                }),
            ));
        }
    };
    let (instance, parent) = item;
    let mut interface = InterfaceExport { name: wanted, functions: Vec::new(), indices: Vec::new() };
    for (position, name) in AGGREGATE.iter().enumerate() {
        match component.get_export(Some(&parent), *name) {
            Some((ComponentItem::ComponentFunc(func), index)) => {
                interface.functions.push(func);
                interface.indices.push(index);
            }
            _ if position + 1 == AGGREGATE.len() => {}
            _ => {
                let first = members(component, &instance).into_iter().next().unwrap_or_else(|| "function".to_owned());
                let interface = &interface.name;
                return Err(Error::input(format!(
                    "the interface {interface} of '{file}' exports no function '{name}'"
                ))
                .detail(
                    "an aggregate is an interface of accumulate, merge and value, and retract if it takes rows back",
                )
                .hint(format!("a function of an interface is named behind it: '{file}#{interface}.{first}'")));
            }
        }
    }
    Ok(Found::Interface(interface))
}

/// An export by its name; an interface also by its name without package and version, and `interface.function`.
fn at(component: &Component, wanted: &str) -> Option<(ComponentItem, ComponentExportIndex)> {
    let top = |wanted: &str| {
        component.get_export(None, wanted).or_else(|| {
            let engine = component.engine();
            let root = component.component_type();
            let name = root.exports(engine).map(|(name, _)| name).find(|name| short(name) == wanted)?.to_owned();
            component.get_export(None, name.as_str())
        })
    };
    top(wanted).or_else(|| {
        let (interface, function) = wanted.rsplit_once('.')?;
        let (_, parent) = top(interface)?;
        component.get_export(Some(&parent), function)
    })
}

/// The name of an interface without package and version: `math` of `local:demo/math@0.1.0`.
fn short(name: &str) -> &str {
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    name.split_once('@').map_or(name, |(name, _)| name)
}

/// What can be named: functions, aggregates, functions of interfaces.
fn names(component: &Component) -> Vec<String> {
    let (engine, root) = (component.engine(), component.component_type());
    let mut names = Vec::new();
    for (name, export) in root.exports(engine) {
        match export.ty {
            ComponentItem::ComponentFunc(_) => names.push(name.to_owned()),
            ComponentItem::ComponentInstance(instance) => {
                let members = members(component, &instance);
                let has = |name: &&str| members.iter().any(|member| member == name);
                match AGGREGATE[..3].iter().all(has) {
                    true => names.push(short(name).to_owned()),
                    false => names.extend(members.iter().map(|member| format!("{}.{member}", short(name)))),
                }
            }
            _ => {}
        }
    }
    names.sort();
    names
}

/// The functions of an interface.
fn members(component: &Component, instance: &ComponentInstance) -> Vec<String> {
    let exports = instance.exports(component.engine());
    exports
        .filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentFunc(_)))
        .map(|(name, _)| name.to_owned())
        .collect()
}
