//! The file of a component, and what is wrong with it.

use riverrun_core::{Error, Result, suggest};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What a WebAssembly binary begins with; the version and the kind follow.
const MAGIC: &[u8] = b"\0asm";
/// Version and kind of a core module.
const MODULE: &[u8] = &[1, 0, 0, 0];

/// The bytes of a component.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(path),
        ErrorKind::IsADirectory => Error::input(format!("'{name}' is a folder, not a component's file")),
        ErrorKind::PermissionDenied => Error::input(format!("can't read '{name}': permission denied")),
        _ => Error::input(format!("can't read '{name}': {error}")),
    })?;
    match bytes.strip_prefix(MAGIC) {
        Some(rest) if rest.starts_with(MODULE) => {
            Err(Error::input(format!("'{name}' is a core WebAssembly module, not a component"))
                .hint(format!("wasm-tools component new {name} -o component.wasm makes a component of it")))
        }
        Some(_) => Ok(bytes),
        None => Err(Error::input(format!("'{name}' is no WebAssembly component"))
            .hint("a component is a binary file, as wasm-tools or cargo component write it")),
    }
}

fn missing(path: &Path) -> Error {
    let error = Error::input(format!("there is no file '{}'", path.display())).hint_opt(nearest(path));
    match std::env::current_dir() {
        Ok(folder) if path.is_relative() => error.detail(format!("the job was started in {}", folder.display())),
        _ => error,
    }
}

/// The file beside `path` whose name is nearest to it.
fn nearest(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_string_lossy().into_owned();
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(PathBuf::from("."), PathBuf::from);
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let near = suggest::nearest(&wanted, names.iter().map(String::as_str))?;
    Some(format!("did you mean '{}'?", path.with_file_name(near).display()))
}
