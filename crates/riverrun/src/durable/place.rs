//! Where users say that checkpoints are or belong, and what can't be such a place.

use riverrun_core::{Error, Result};
use riverrun_runtime::identity::random_id;
use riverrun_state::checkpoint::{BlobStore, Location, StoreOptions, check_store};
use std::path::Path;

/// Reads a place of checkpoints: a path, `file:///path` or `s3://bucket/path`. What would silently become another place (nothing,
/// `file://` before a relative path) is refused.
pub fn parse_place(text: &str, stores: &StoreOptions) -> Result<Location> {
    const FILE: &str = "file://";
    let wrong = |what: String| Error::input(format!("'{text}' is no place for checkpoints")).detail(what);
    if text.trim().is_empty() {
        return Err(wrong("it is blank".to_owned()).hint("a path, file:///path or s3://bucket/path"));
    }
    let is_file = text.get(..FILE.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(FILE));
    match text.get(FILE.len()..) {
        Some(rest) if is_file && !rest.starts_with('/') => {
            let host = rest.split('/').next().unwrap_or_default();
            Err(wrong(format!("between file:// and the next / stands the name of a machine, here '{host}'"))
                .hint("file:///path for a path from the root; one that is relative stands by itself, without file://"))
        }
        _ => Location::parse(text, stores),
    }
}

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
    fn what_would_become_another_place_is_refused() {
        let parse = |text: &str| parse_place(text, &StoreOptions::default());
        for text in ["", " ", "\t"] {
            assert_eq!(parse(text).unwrap_err().detail_text(), Some("it is blank"));
        }
        for (text, host) in [("file://rel/x", "rel"), ("FILE://rel", "rel"), ("file://", "")] {
            let error = parse(text).unwrap_err();
            let detail = format!("between file:// and the next / stands the name of a machine, here '{host}'");
            assert_eq!((error.message(), error.detail_text()), (&*refused(text), Some(&*detail)));
        }
        for (text, place) in
            [("file:///abs/x", "/abs/x"), ("file:/abs", "/abs"), ("rel/x", "rel/x"), ("s3://b/k", "s3://b/k")]
        {
            assert_eq!(parse(text).unwrap().to_string(), place);
        }
    }

    fn refused(text: &str) -> String {
        format!("'{text}' is no place for checkpoints")
    }

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
