//! CREATE FUNCTION … LANGUAGE WASM.

use super::definition;
use crate::functions::user::component::ComponentFunction;
use crate::functions::user::{Signature, UserFunction};
use crate::parse::{CreateFunction, NamePart};
use crate::session::SessionConfig;
use riverrun_core::{Error, OptionDef, OptionType, Result};
use std::path::PathBuf;

/// `memory`.
const MEMORY: OptionDef = OptionDef::new(
    "memory",
    OptionType::Size,
    Some("64 mb"),
    "How much memory an instance of the component may take; there are as many as workers that call it at once.",
);
/// `fuel`.
const FUEL: OptionDef = OptionDef::new(
    "fuel",
    OptionType::Int,
    Some("1000000000"),
    "How many WebAssembly instructions a call may take before it is stopped.",
);

/// A component's memory grows by pages of this size.
const PAGE: u64 = 65_536;

/// The function that a statement takes from a component.
pub fn load(create: &CreateFunction, name: String, session: &SessionConfig) -> Result<UserFunction> {
    let place = create.name.place();
    let declaration = "what the component takes and gives is declared";
    let example = format!("CREATE FUNCTION {name}(x BIGINT) RETURNS BIGINT LANGUAGE WASM AS '{name}.wasm'");
    let Some(parameters) = create.parameters.clone() else {
        return Err(Error::input(format!("the function {name} in WASM has no parameters in parentheses"))
            .detail(declaration)
            .hint(example)
            .at(place));
    };
    let Some(returns) = create.returns.clone() else {
        return Err(Error::input(format!("the function {name} in WASM has no RETURNS"))
            .detail(declaration)
            .hint(example)
            .at(place));
    };
    let (file, export) = location(create)?;
    create.options.validate(&format!("the function {name} in WASM"), &[&[MEMORY, FUEL]])?;
    let bounded = |definition: &OptionDef, value: u64, least: u64, words: &str| match value < least {
        true => {
            let given = create.options.given(definition.name);
            Err(Error::input(format!("option '{}' of the function {name} is at least {words}", definition.name))
                .at(given.and_then(|given| given.value_place)))
        }
        false => Ok(value),
    };
    let fuel = create.options.int(&FUEL)?.unwrap_or_default();
    let function = ComponentFunction {
        memory: bounded(&MEMORY, create.options.size(&MEMORY)?.unwrap_or_default(), PAGE, "64 kb")?,
        fuel: bounded(&FUEL, u64::try_from(fuel).unwrap_or_default(), 1, "1")?,
        signature: Signature { name, parameters, returns },
        file,
        export,
        deterministic: create.deterministic,
    };
    let Some(loader) = session.components() else {
        return Err(Error::input("this binary was built without functions from WebAssembly components")
            .hint("build it with the cargo feature `wasm`")
            .at(create.language.as_ref().map(|part| part.place)));
    };
    let written = create.files.first().map(|file| &file.path).or(create.definition.as_ref());
    loader.load(&function).map_err(|error| error.at(written.map_or(place, |part| part.place)))
}

/// The file and the export's name: `AS 'file.wasm#export'`, or `AS 'export' USING FILE 'file.wasm'`.
fn location(create: &CreateFunction) -> Result<(PathBuf, Option<String>)> {
    let written = match create.files.as_slice() {
        [] => {
            let part = definition(create, "the component's file, in single quotes: 'file.wasm' or 'file.wasm#export'")?;
            let (file, export) = match part.value.rsplit_once('#') {
                Some((file, export)) => (file, Some(export.to_owned())),
                None => (part.value.as_str(), None),
            };
            return match (file.trim().is_empty(), export.as_deref()) {
                (true, _) | (_, Some("")) => Err(Error::input(format!("'{part}' names no component's file"))
                    .hint("write 'file.wasm', or 'file.wasm#export'")
                    .at(part.place)),
                _ => Ok((path(file, part)?, export)),
            };
        }
        [file] if file.jar => {
            return Err(Error::input("USING JAR belongs to functions in Java")
                .hint("a component is a file: USING FILE 'file.wasm'")
                .at(file.path.place));
        }
        [file] => &file.path,
        [_, second, ..] => {
            return Err(Error::input("a function in WASM is of one file").at(second.path.place));
        }
    };
    let export = create.definition.as_ref().map(|part| part.value.trim().to_owned());
    Ok((path(&written.value, written)?, export.filter(|export| !export.is_empty())))
}

/// A path of this machine, as tables of files take it.
fn path(text: &str, part: &NamePart) -> Result<PathBuf> {
    let text = text.trim();
    match text.split_once("://") {
        None => Ok(PathBuf::from(text.strip_prefix("file:").unwrap_or(text))),
        // file://host/path names this machine; the host is not looked at.
        Some(("file", rest)) => Ok(PathBuf::from(rest.find('/').map_or(rest, |slash| &rest[slash..]))),
        Some((scheme, _)) => Err(Error::unsupported(format!("a component in the file system '{scheme}'"))
            .hint("use a path on this machine, with or without file://")
            .at(part.place)),
    }
}
