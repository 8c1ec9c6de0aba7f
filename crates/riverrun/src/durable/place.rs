//! Whether checkpoints can be kept where they belong.

use riverrun_core::{Error, Result};
use riverrun_runtime::identity::random_id;
use riverrun_state::checkpoint::{BlobStore, Location, check_store};
use std::path::Path;

/// The file that stands where a folder of this path must be, if one does.
pub(super) fn file_in_the_way(path: &Path) -> Option<&Path> {
    path.ancestors().find(|above| above.exists()).filter(|above| !above.is_dir())
}

/// Whether checkpoints can be kept in the folder of a job: a small file is written and taken away again. `asked_for` says that
/// `execution.checkpointing.dir` leads there.
///
/// An error is a failure also where the option is to blame: a job that is started again may find the folder back.
pub(super) fn check(folder: &Location, store: &dyn BlobStore, asked_for: bool) -> Result<()> {
    let unique = random_id();
    if folder.is_remote() {
        return check_store(store, &unique);
    }
    let name = format!("check-{unique}");
    let written = store.put_if_absent(&name, b"?").and_then(|_| store.delete(&name));
    let Err(error) = written else { return Ok(()) };
    let place = folder.to_string();
    let cause = match file_in_the_way(Path::new(&place)) {
        Some(file) => format!("{} is a file, not a folder", file.display()),
        None => error.message().to_owned(),
    };
    let remedy = match asked_for {
        true => {
            "name another folder with execution.checkpointing.dir, or see to it that this one can be written and has room"
        }
        false => "see to it that the state directory can be written and has room, or name another with --state-dir",
    };
    Err(Error::failure(format!("checkpoints can't be kept in {place}")).detail(cause).hint(remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_way_is_found_at_any_height() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(file_in_the_way(&file), Some(&*file));
        assert_eq!(file_in_the_way(&file.join("a/b")), Some(&*file));
        assert_eq!(file_in_the_way(&folder.path().join("a/b")), None);
    }
}
