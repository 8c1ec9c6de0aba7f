//! Where a file of an earlier run is now.

use super::super::compression::is_compressed;
use super::super::file_id::FileId;
use super::super::location;
use super::super::split::SplitState;
use std::fs::Metadata;
use std::path::Path;

/// The file of `state`, if it is in the folder of its path under another name: where a rotation has put it.
pub fn renamed(state: &SplitState) -> Option<String> {
    let entries = std::fs::read_dir(location::parent(Path::new(&state.path))).ok()?;
    entries.flatten().find_map(|entry| {
        let metadata = entry.metadata().ok().filter(Metadata::is_file)?;
        let path = location::absolute(&entry.path());
        FileId::of(&metadata).is_of(state, &path).then_some(path)
    })
}

/// What to say of a file of an earlier run that is not there any more, while another one has its path.
pub fn gone(state: &SplitState) -> String {
    let SplitState { path, offset, .. } = state;
    let mut text =
        format!("{path} is another file than before, and the old one is gone: {offset} bytes of it had been read");
    let path = Path::new(path);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let entries = std::fs::read_dir(location::parent(path)).into_iter().flatten().flatten();
    let newest = entries
        .map(|entry| (entry.metadata().and_then(|metadata| metadata.modified()).ok(), entry.file_name()))
        .map(|(modified, entry)| (modified, entry.to_string_lossy().into_owned()))
        .filter(|(_, entry)| entry.starts_with(&name) && is_compressed(entry))
        .max();
    if let Some((_, compressed)) = newest {
        text += &format!("; what came behind them may be in {compressed}, which is not read");
    }
    text
}
