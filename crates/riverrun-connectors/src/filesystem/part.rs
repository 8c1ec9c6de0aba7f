//! A part file: hidden while it is written, complete when it appears.

use super::compression::{Compression, Target};
use super::file_id::FileId;
use super::io_error;
use super::location;
use riverrun_core::{Millis, Result, RowBatch};
use riverrun_formats::{EncodedRows, Encoder, FileWriter};
use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How file names of data that is still being written end.
pub const IN_PROGRESS: &str = ".inprogress";
/// How file names of complete data end that waits for its epoch.
pub const PENDING: &str = ".pending";

/// How often, and how long each time, to wait where somebody else looks at a new file.
const LOCKED_TRIES: usize = 1000;
const LOCKED_WAIT: Duration = Duration::from_millis(1);

/// What a part is written through.
pub enum Body {
    /// Record after record.
    Records { target: Target<BufWriter<Counted>>, encoder: Box<dyn Encoder> },
    /// As a whole.
    Whole(Box<dyn FileWriter>),
}

/// A file that counts what is written to it.
pub struct Counted {
    file: File,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A part file that is being written.
pub struct OpenPart {
    body: Body,
    hidden: PathBuf,
    visible: PathBuf,
    /// When it was begun.
    pub since: Millis,
    /// Bytes of records before compression.
    raw: u64,
}

/// A part file that is complete and waits to appear.
pub struct ClosedPart {
    /// Its name now.
    pub hidden: PathBuf,
    /// Its name then.
    pub visible: PathBuf,
}

impl OpenPart {
    /// Makes the file, with a lock by which another run can tell that it is alive.
    pub fn create(
        folder: &Path,
        name: &str,
        since: Millis,
        body: impl FnOnce(File) -> Result<Body>,
    ) -> Result<OpenPart> {
        make_folder(folder)?;
        let hidden = folder.join(format!(".{name}{IN_PROGRESS}"));
        let file = create_locked(&hidden).map_err(|error| io_error("write", &hidden, &error))?;
        Ok(OpenPart { body: body(file)?, hidden, visible: folder.join(name), since, raw: 0 })
    }

    /// The folder in which it stands.
    pub fn folder(&self) -> &Path {
        self.visible.parent().unwrap_or_else(|| Path::new(""))
    }

    /// Appends rows; those of records are encoded in `lines`, each ended by a newline.
    pub fn write(&mut self, batch: &RowBatch, lines: &mut EncodedRows) -> Result<u64> {
        match &mut self.body {
            Body::Records { target, encoder } => {
                lines.clear();
                encoder.encode_changes(&batch.one_by_one()?, lines)?;
                target.write_all(&lines.data).map_err(|error| io_error("write", &self.hidden, &error))?;
                let bytes = lines.data.len() as u64;
                self.raw += bytes;
                Ok(bytes)
            }
            Body::Whole(writer) => {
                let before = writer.bytes();
                writer.write(&batch.columns).map_err(|error| error.context(self.hidden.display()))?;
                Ok(writer.bytes().saturating_sub(before))
            }
        }
    }

    /// How large the file is, or will be when buffers are written.
    pub fn bytes(&self) -> u64 {
        match &self.body {
            Body::Records { target: Target::Plain(_), .. } => self.raw,
            Body::Records { target, .. } => target.get_ref().get_ref().bytes,
            Body::Whole(writer) => writer.bytes(),
        }
    }

    /// Completes the file, so that it outlives a crash of the machine.
    pub fn close(self) -> Result<ClosedPart> {
        let hidden = self.hidden;
        let wrong = |error: io::Error| io_error("write", &hidden, &error);
        let file = match self.body {
            Body::Records { target, .. } => {
                let buffer = target.finish().map_err(wrong)?;
                buffer.into_inner().map_err(|error| wrong(error.into_error()))?.file
            }
            Body::Whole(writer) => writer.finish().map_err(|error| error.context(hidden.display()))?,
        };
        file.sync_all().map_err(wrong)?;
        let pending = PathBuf::from(format!("{}{PENDING}", hidden.with_extension("").display()));
        std::fs::rename(&hidden, &pending).map_err(|error| io_error("rename", &hidden, &error))?;
        Ok(ClosedPart { hidden: pending, visible: self.visible })
    }
}

/// A body of records.
pub fn records(file: File, compression: Compression, encoder: Box<dyn Encoder>, path: &Path) -> Result<Body> {
    let buffer = BufWriter::with_capacity(64 << 10, Counted { file, bytes: 0 });
    let wrong = |error: io::Error| io_error("write", path, &error);
    let mut target = Target::new(buffer, compression).map_err(wrong)?;
    if let Some(header) = encoder.header() {
        target.write_all(&header).map_err(wrong)?;
    }
    Ok(Body::Records { target, encoder })
}

impl ClosedPart {
    /// Lets the file appear, all at once.
    pub fn publish(&self) -> Result<()> {
        match std::fs::rename(&self.hidden, &self.visible) {
            Ok(()) => {}
            // Published before, by a run that did not live to tell.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.visible.exists() => {}
            Err(error) => return Err(io_error("rename", &self.hidden, &error)),
        }
        // The new name must outlive a crash too.
        sync_folder(&location::parent(&self.visible))
    }
}

/// Makes a file and locks it. Another run may take it for a leftover before it is locked, and remove it: then it is made anew.
fn create_locked(path: &Path) -> io::Result<File> {
    for _ in 0..LOCKED_TRIES {
        let file = File::create(path)?;
        match file.try_lock() {
            Ok(()) => {
                let there = std::fs::metadata(path).ok();
                if there.is_some_and(|there| file.metadata().is_ok_and(|own| FileId::of(&own) == FileId::of(&there))) {
                    return Ok(file);
                }
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCKED_WAIT),
            // Some file systems know no locks; then leftovers stay.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
    File::create(path)
}

/// Makes a folder and those above it, so that their names outlive a crash of the machine.
pub fn make_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    std::fs::create_dir_all(folder).map_err(|error| io_error("make the folder", folder, &error))?;
    missing.into_iter().rev().try_for_each(|made| sync_folder(&location::parent(made)))
}

/// Brings the names in a folder to the disk.
pub fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| io_error("write", folder, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_that_another_run_takes_for_a_leftover_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".part-x-0-0.json.inprogress");
        // The other run has found the file before it was locked, and is about to remove it.
        let found = File::create(&path).unwrap();
        found.try_lock().unwrap();
        let made = std::thread::scope(|scope| {
            let made = scope.spawn(|| create_locked(&path));
            std::thread::sleep(LOCKED_WAIT * 20);
            std::fs::remove_file(&path).unwrap();
            drop(found);
            made.join().unwrap().unwrap()
        });
        assert_eq!(FileId::of(&made.metadata().unwrap()), FileId::of(&std::fs::metadata(&path).unwrap()));
    }
}
