//! A part file: hidden while it is written, complete when it appears.

use super::compression::{Compression, Target};
use super::io_error;
use riverrun_core::{Millis, Result, RowBatch};
use riverrun_formats::{EncodedRows, Encoder, FileWriter};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How file names of data that is still being written end.
pub const IN_PROGRESS: &str = ".inprogress";
/// How file names of complete data end that waits for its epoch.
pub const PENDING: &str = ".pending";

/// What a part is written through.
pub enum Body {
    /// Record after record, each ended by a newline.
    Records { target: Target<BufWriter<Counted>>, encoder: Box<dyn Encoder>, rows: EncodedRows },
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
        std::fs::create_dir_all(folder).map_err(|error| io_error("make the folder", folder, &error))?;
        let hidden = folder.join(format!(".{name}{IN_PROGRESS}"));
        let file = File::create(&hidden).map_err(|error| io_error("write", &hidden, &error))?;
        // Some file systems know no locks; then leftovers stay.
        let _ = file.try_lock();
        Ok(OpenPart { body: body(file)?, hidden, visible: folder.join(name), since, raw: 0 })
    }

    /// The folder in which it stands.
    pub fn folder(&self) -> &Path {
        self.visible.parent().unwrap_or_else(|| Path::new(""))
    }

    /// Appends rows.
    pub fn write(&mut self, batch: &RowBatch) -> Result<u64> {
        match &mut self.body {
            Body::Records { target, encoder, rows } => {
                rows.clear();
                encoder.encode_changes(&batch.one_by_one()?, rows)?;
                let mut bytes = 0;
                let mut start = 0;
                for &end in &rows.ends {
                    target
                        .write_all(&rows.data[start..end])
                        .and_then(|()| target.write_all(b"\n"))
                        .map_err(|error| io_error("write", &self.hidden, &error))?;
                    bytes += (end - start) as u64 + 1;
                    start = end;
                }
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
    Ok(Body::Records { target, encoder, rows: EncodedRows::default() })
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
        sync_folder(&super::location::parent(&self.visible))
    }
}

/// Brings the names in a folder to the disk.
pub fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| io_error("write", folder, &error))
}
