//! Where a table's files are: a file, a folder or a glob, and what is found there.

use super::file_id::FileId;
use super::{io_error, partition};
use crate::pattern;
use regex::Regex;
use riverrun_core::options::OptionValue;
use riverrun_core::{Error, Millis, Place, Result};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// What `path` names.
#[derive(Clone, Debug)]
pub struct Location {
    /// As the user wrote it, without `file://`.
    text: String,
    glob: bool,
    /// The partition columns whose values stand in folder names.
    keys: Vec<String>,
    filter: Option<Regex>,
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Its whole path.
    pub path: Arc<str>,
    /// How many bytes it has.
    pub size: u64,
    /// When it was last written to.
    pub modified: Millis,
    /// What it is known by under any path.
    pub id: FileId,
    /// The values of the partition columns, as folder names give them; `None` where they have none.
    pub partition: Vec<Option<String>>,
}

impl Location {
    /// The location that an option `path` means.
    pub fn new(text: &str, keys: &[String], filter: Option<&OptionValue>, place: Option<Place>) -> Result<Location> {
        let path = local_path(text, place)?;
        let filter = filter.map(|value| pattern::whole(super::PATH_PATTERN.name, &value.text, value.value_place));
        // A file may have such characters in its name; then it is that file.
        let glob = is_glob(&path) && !Path::new(&path).exists();
        if glob {
            glob::Pattern::new(&path)
                .map_err(|error| Error::input(format!("'{path}' is no glob: {}", error.msg)).at(place))?;
        }
        Ok(Location { text: path, glob, keys: keys.to_vec(), filter: filter.transpose()? })
    }

    /// The path, where it is no glob.
    pub fn path(&self) -> Option<&Path> {
        (!self.glob).then(|| Path::new(&self.text))
    }

    /// The folders in which a change can bring or change a file, for a watcher.
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        let root = match self.path() {
            Some(path) if path.is_dir() => path.to_path_buf(),
            Some(path) => {
                return vec![parent(path)];
            }
            None => {
                let fixed: PathBuf = Path::new(&self.text)
                    .components()
                    .take_while(|part| !is_glob(&part.as_os_str().to_string_lossy()))
                    .collect();
                if fixed.as_os_str().is_empty() { PathBuf::from(".") } else { fixed }
            }
        };
        let mut open = vec![root];
        while let Some(folder) = open.pop() {
            if let Ok(entries) = std::fs::read_dir(&folder) {
                open.extend(
                    entries
                        .flatten()
                        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()) && !is_hidden(&entry.path()))
                        .map(|entry| entry.path()),
                );
            }
            folders.push(folder);
        }
        folders
    }

    /// Says what is wrong if there is nothing at the path.
    pub fn check(&self, table: &str, place: Option<Place>) -> Result<()> {
        let Some(path) = self.path() else {
            let mut matches = glob::glob(&self.text).into_iter().flatten().flatten().peekable();
            let hidden = matches.peek().is_some();
            if matches.any(|path| self.asks_for(&path)) {
                return Ok(());
            }
            let hint = match hidden {
                true => "names that begin with . or _ are passed over: write that character in the glob to read them",
                false => "check the glob, or set 'scan.tail' or 'source.monitor-interval' to wait for files",
            };
            return Err(Error::input(format!("table {table}: no file matches {}", self.text)).hint(hint).at(place));
        };
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                std::fs::File::open(path).map_err(|error| wrong_path(table, path, &error).at(place))?;
                Ok(())
            }
            Ok(_) => {
                std::fs::read_dir(path).map_err(|error| wrong_path(table, path, &error).at(place))?;
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let hint = nearest_file(path).map(|near| format!("did you mean {near}?")).unwrap_or_else(|| match path
                    .is_absolute()
                {
                    true => "create it, or change option 'path'".to_owned(),
                    false => format!("create it, or change option 'path'; {}", started_in()),
                });
                Err(Error::input(format!("table {table}: there is no file or folder {}", path.display()))
                    .hint(hint)
                    .at(place))
            }
            Err(error) => Err(wrong_path(table, path, &error).at(place)),
        }
    }

    /// All files that are there now, by path.
    pub fn list(&self) -> Result<Vec<FoundFile>> {
        let mut files = Vec::new();
        if let Some(path) = self.path() {
            self.collect(path, &mut files)?;
        } else {
            let paths = glob::glob(&self.text).map_err(|error| Error::input(error.to_string()))?;
            for path in paths {
                match path {
                    Ok(path) if self.asks_for(&path) => self.collect(&path, &mut files)?,
                    Err(error) if self.asks_for(error.path()) => {
                        return Err(io_error("read", error.path(), error.error()));
                    }
                    // Hidden, or in a hidden folder.
                    Ok(_) | Err(_) => {}
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(files)
    }

    /// Whether the glob means a path that it matches: hidden names only where the pattern says the `.` or `_` itself.
    fn asks_for(&self, path: &Path) -> bool {
        let found = names(path);
        if !found.iter().any(|name| name.starts_with(HIDDEN)) {
            return true;
        }
        let pattern = names(Path::new(&self.text));
        let says = |pattern: &str, name: &str| pattern.chars().next() == name.chars().next();
        let asked = |(at, name): (usize, &String)| {
            if !name.starts_with(HIDDEN) {
                return true;
            }
            // Behind `**`, which stands for any number of folders, a name has no component of the pattern for its own.
            let any = pattern.iter().take(at + 1).any(|part| part == "**");
            let own = if any { &pattern[..] } else { pattern.get(at..=at).unwrap_or_default() };
            own.iter().any(|part| says(part, name) && glob::Pattern::new(part).is_ok_and(|part| part.matches(name)))
        };
        found.iter().enumerate().all(asked)
    }

    /// The files at or below `path`.
    fn collect(&self, path: &Path, files: &mut Vec<FoundFile>) -> Result<()> {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            // Files come and go while a folder is read.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error("read", path, &error)),
        };
        if metadata.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| io_error("read", path, &error))?;
            for entry in entries {
                let entry = entry.map_err(|error| io_error("read", path, &error))?.path();
                if !is_hidden(&entry) {
                    self.collect(&entry, files)?;
                }
            }
            return Ok(());
        }
        let text = absolute(path);
        if metadata.is_file() && self.filter.as_ref().is_none_or(|filter| filter.is_match(&text)) {
            files.push(found(path, &metadata, &self.keys));
        }
        Ok(())
    }

    /// What is known of one file, if it is there.
    pub fn look(&self, path: &Path) -> Option<FoundFile> {
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        Some(found(path, &metadata, &self.keys))
    }
}

fn found(path: &Path, metadata: &std::fs::Metadata, keys: &[String]) -> FoundFile {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    FoundFile {
        path: absolute(path).into(),
        size: metadata.len(),
        modified: Millis(modified.map_or(0, |elapsed| elapsed.as_millis() as i64)),
        id: FileId::of(metadata),
        partition: partition::values_of(path, keys),
    }
}

/// The path that a `path` option means on this machine.
pub fn local_path(text: &str, place: Option<Place>) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::input("option 'path' is empty").hint("name a file or folder").at(place));
    }
    let path = match text.split_once("://") {
        None => text.strip_prefix("file:").unwrap_or(text),
        Some(("file", rest)) => match rest.find('/') {
            // file://host/path names this machine; the host is not looked at.
            Some(slash) => &rest[slash..],
            None => rest,
        },
        Some((scheme, _)) => {
            return Err(Error::unsupported(format!("path '{text}': the file system '{scheme}'"))
                .hint("use a path on this machine, with or without file://")
                .at(place));
        }
    };
    Ok(path.to_owned())
}

/// Whether a path has characters that stand for others.
pub fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// What the names begin with that are not data.
const HIDDEN: [char; 2] = ['.', '_'];

/// Names that begin with `.` or `_` are not data.
pub fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(HIDDEN))
}

/// The names of a path's folders and of what it names; `.` and the root are none.
fn names(path: &Path) -> Vec<String> {
    let names = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    names.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
}

/// The path from the root, without resolving links.
pub fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).to_string_lossy().into_owned()
}

/// The folder a path stands in.
pub fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// A path that can't be read, as a mistake of the table's definition.
fn wrong_path(table: &str, path: &Path, error: &std::io::Error) -> Error {
    let error = io_error("read", path, error);
    Error::input(format!("table {table}: {}", error.message())).hint_opt(error.hint_text())
}

/// The file or folder beside `path` whose name is nearest to it.
fn nearest_file(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_string_lossy().into_owned();
    let folder = parent(path);
    let names: Vec<String> = std::fs::read_dir(&folder)
        .ok()?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    let near = riverrun_core::suggest::nearest(&wanted, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near).display().to_string())
}

fn started_in() -> String {
    match std::env::current_dir() {
        Ok(folder) => format!("the job was started in {}", folder.display()),
        Err(_) => "it is relative to the folder the job was started in".to_owned(),
    }
}
