//! Checkpoints in a folder of a local (or mounted) file system.

use super::manifest::hash_blob;
use super::store::{BlobStore, Put, StoredFile};
use riverrun_core::{Error, Millis, Result};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

/// A folder of files. A file comes into being by a synced temporary one beside it, which is renamed or linked, and a sync of the
/// folder; so a crash leaves at most a temporary file.
#[derive(Debug)]
pub struct LocalStore {
    root: PathBuf,
    /// Tells the temporary files of this process apart.
    counter: AtomicU64,
}

/// What temporary files begin with.
const TEMPORARY: &str = ".tmp-";

impl LocalStore {
    /// The store in this folder, which is made when something is put.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        LocalStore { root: root.into(), counter: AtomicU64::new(0) }
    }

    fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.root.clone() } else { self.root.join(name) }
    }

    fn failed(&self, what: &str, name: &str, error: &std::io::Error) -> Error {
        failed(what, &self.path(name), error)
    }

    /// Writes a temporary file beside `path`, and syncs it.
    fn stage(&self, path: &Path, bytes: &[u8]) -> std::io::Result<PathBuf> {
        let folder = path.parent().unwrap_or(&self.root);
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let unique = hash_blob(path.as_os_str().as_encoded_bytes()) as u64;
        let staged = folder.join(format!("{TEMPORARY}{}-{number}-{unique:016x}", std::process::id()));
        create_folders(folder)?;
        let created = match File::create(&staged) {
            // A clean-up has taken away the folder, which was empty.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create_folders(folder)?;
                File::create(&staged)
            }
            created => created,
        };
        let written = created.and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        if written.is_err() {
            let _ = fs::remove_file(&staged);
        }
        written.map(|()| staged)
    }

    /// Adds the files of a folder and of those in it. An error names the very folder that can't be read.
    fn collect(&self, folder: &Path, files: &mut Vec<StoredFile>) -> Result<()> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("list", folder, &error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| failed("list", folder, &error))?;
            let path = entry.path();
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                // It went away while the folder was read.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(failed("look at", &path, &error)),
            };
            if metadata.is_dir() {
                self.collect(&path, files)?;
            } else if let Some(name) = path.strip_prefix(&self.root).ok().and_then(Path::to_str) {
                let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                files.push(StoredFile {
                    name: name.to_owned(),
                    size: metadata.len(),
                    modified: Millis(modified.map_or(0, |since| since.as_millis() as i64)),
                });
            }
        }
        Ok(())
    }
}

/// What could not be done with a file or folder, and what helps.
fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    let failed = Error::failure(format!("cannot {what} {}: {error}", path.display()));
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => failed.hint("make room, or keep fewer checkpoints"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            failed.hint("the user that runs riverrun must have the right to read and write there")
        }
        ErrorKind::NotADirectory => failed.hint("a file stands where a folder must be"),
        _ => failed,
    }
}

/// Makes a folder and those above it, each of them durable.
fn create_folders(folder: &Path) -> std::io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        create_folders(above)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => folder.parent().map_or(Ok(()), sync_folder),
    }
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

impl BlobStore for LocalStore {
    fn describe(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(name);
        let put = self.stage(&path, bytes).and_then(|staged| {
            fs::rename(&staged, &path).inspect_err(|_| {
                let _ = fs::remove_file(&staged);
            })?;
            path.parent().map_or(Ok(()), sync_folder)
        });
        put.map_err(|error| self.failed("write", name, &error))
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<Put> {
        let path = self.path(name);
        let staged = self.stage(&path, bytes).map_err(|error| self.failed("create", name, &error))?;
        let linked = fs::hard_link(&staged, &path);
        let _ = fs::remove_file(&staged);
        let put = match linked {
            Ok(()) => path.parent().map_or(Ok(()), sync_folder).map(|()| Put::Created),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Put::Exists),
            Err(error) => Err(error),
        };
        // A file could be written there, so that what was refused is the link.
        put.map_err(|error| {
            let failed = self.failed("create", name, &error);
            match error.kind() {
                ErrorKind::Unsupported | ErrorKind::PermissionDenied => {
                    failed.hint("checkpoints need a file system with hard links")
                }
                _ => failed,
            }
        })
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(self.failed("read", name, &error)),
        }
    }

    fn put_file(&self, name: &str, local: &Path) -> Result<()> {
        let path = self.path(name);
        let put = || -> std::io::Result<()> {
            let folder = path.parent().unwrap_or(&self.root);
            create_folders(folder)?;
            // A file that an attempt before this one has left.
            let _ = fs::remove_file(&path);
            if fs::hard_link(local, &path).is_err() {
                // On another file system: a copy, whole or not at all.
                let staged = self.stage(&path, &fs::read(local)?)?;
                return fs::rename(&staged, &path).and_then(|()| sync_folder(folder));
            }
            File::open(&path)?.sync_all()?;
            sync_folder(folder)
        };
        put().map_err(|error| self.failed("write", name, &error))
    }

    fn get_file(&self, name: &str, local: &Path) -> Result<bool> {
        let path = self.path(name);
        match fs::hard_link(&path, local).or_else(|_| fs::copy(&path, local).map(|_| ())) {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(self.failed("read", name, &error)),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<StoredFile>> {
        let mut files = Vec::new();
        self.collect(&self.path(folder), &mut files)?;
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    fn delete(&self, name: &str) -> Result<()> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(self.failed("delete", name, &error)),
        }
        if let Some(folder) = path.parent()
            && folder != self.root
        {
            // Only an empty folder goes; another is no error.
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_that_cannot_be_read_is_named_itself() {
        let root = tempfile::tempdir().unwrap();
        let store = LocalStore::new(root.path());
        store.put("shared/a.state", b"a").unwrap();
        let shared = root.path().join("shared");
        let allow = |mode| fs::set_permissions(&shared, fs::Permissions::from_mode(mode)).unwrap();
        allow(0o000);
        let may_read_all = fs::read_dir(&shared).is_ok();
        let listed = store.list("");
        allow(0o755);
        if may_read_all {
            eprintln!("skipped: this user may read every folder");
            return;
        }
        let error = listed.unwrap_err();
        assert!(error.message().starts_with(&format!("cannot list {}: ", shared.display())), "{error:?}");
        assert!(error.hint_text().unwrap().contains("the right to read"), "{error:?}");
    }

    #[test]
    fn a_file_where_a_folder_must_be_is_told() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        let error = LocalStore::new(root.path()).put("file/a", b"a").unwrap_err();
        assert_eq!(error.hint_text(), Some("a file stands where a folder must be"));
    }
}
