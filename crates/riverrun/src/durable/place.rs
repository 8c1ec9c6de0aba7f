//! Whether checkpoints can be kept where they belong.

use super::state_dir::JobRecord;
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

/// A job has had checkpoints, and there are none. A failure, as above: a disk that is not mounted may come back. `now` is what
/// `execution.checkpointing.dir` says.
pub(super) fn lost(job: &JobRecord, folder: &Location, now: Option<&str>) -> Error {
    let remedy = match &job.folder {
        before if before.as_deref() == now => "put them back".to_owned(),
        Some(before) => format!("at the last start execution.checkpointing.dir was {before}"),
        None => "at the last start execution.checkpointing.dir was not set".to_owned(),
    };
    Error::failure(format!("the job's checkpoints are gone: there are none in {folder}"))
        .detail("without one it would begin anew, and write all of its rows once more")
        .hint(format!("{remedy}; --from goes on from a savepoint or a copy; another --state-dir begins anew"))
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
