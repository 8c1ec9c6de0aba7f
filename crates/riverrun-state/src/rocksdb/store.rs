//! One database.

use super::{failed, is_table};
use crate::key::KeyRows;
use crate::tier::{
    Content, Found, GroupRange, Run, Scratch, TierFile, TierFiles, TierStore, Trace, WorkFolder, next_origin,
};
use riverrun_core::{Error, Result};
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{
    ColumnFamilyDescriptor, DB, DEFAULT_COLUMN_FAMILY_NAME, IngestExternalFileOptions, Options, SstFileWriter,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that is written at a restore has so many bytes at the most.
const LARGEST_FILE: u64 = 64 << 20;

/// A database of one table of an operator on one worker.
pub(super) struct RocksStore {
    // Dropped in this order: closed, then its folder goes, then the folder above.
    db: DB,
    options: Options,
    groups: GroupRange,
    origin: u64,
    files: AtomicU64,
    folder: Scratch,
    _above: Arc<WorkFolder>,
}

impl std::fmt::Debug for RocksStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksStore").field("folder", &self.folder.path()).finish_non_exhaustive()
    }
}

impl RocksStore {
    /// Opens what is in `folder`, or makes an empty database in it.
    pub(super) fn open(options: Options, groups: GroupRange, folder: Scratch, above: Arc<WorkFolder>) -> Result<Self> {
        // Named, so that there is a handle for batched reads.
        let family = ColumnFamilyDescriptor::new(DEFAULT_COLUMN_FAMILY_NAME, options.clone());
        let db = DB::open_cf_descriptors(&options, folder.path(), [family]);
        let db = db.map_err(|error| failed("open", Some(&folder), &error))?;
        Ok(RocksStore { db, options, groups, origin: next_origin(), files: AtomicU64::new(0), folder, _above: above })
    }

    fn failed(&self, what: &str, error: &rocksdb::Error) -> Error {
        failed(what, Some(&self.folder), error)
    }

    /// Writes keys in ascending order, later than all before.
    pub(super) fn writer(&self) -> Result<TableWriter<'_>> {
        Ok(TableWriter { store: self, writer: None })
    }
}

/// Writes tables and takes them in.
pub(super) struct TableWriter<'a> {
    store: &'a RocksStore,
    writer: Option<(SstFileWriter<'a>, PathBuf)>,
}

impl<'a> TableWriter<'a> {
    fn writer(&mut self) -> Result<&mut SstFileWriter<'a>> {
        let store = self.store;
        if self.writer.as_ref().is_some_and(|(writer, _)| writer.file_size() > LARGEST_FILE) {
            self.take_in()?;
        }
        if self.writer.is_none() {
            let number = store.files.fetch_add(1, Ordering::Relaxed);
            let path = store.folder.path().join(format!("run-{number}.tmp"));
            let writer = SstFileWriter::create(&store.options);
            writer.open(&path).map_err(|error| store.failed("write", &error))?;
            self.writer = Some((writer, path));
        }
        let writer = self.writer.as_mut().map(|(writer, _)| writer);
        writer.ok_or_else(|| Error::bug("a table that was not begun"))
    }

    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let store = self.store;
        self.writer()?.put(key, value).map_err(|error| store.failed("write", &error))
    }

    fn delete(&mut self, key: &[u8]) -> Result<()> {
        let store = self.store;
        self.writer()?.delete(key).map_err(|error| store.failed("write", &error))
    }

    fn take_in(&mut self) -> Result<()> {
        let Some((mut writer, path)) = self.writer.take() else { return Ok(()) };
        let taken = writer.finish().and_then(|()| {
            let mut options = IngestExternalFileOptions::default();
            options.set_move_files(true);
            self.store.db.ingest_external_file_opts(&options, vec![&path])
        });
        taken.map_err(|error| {
            let _ = std::fs::remove_file(&path);
            self.store.failed("write", &error)
        })
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.take_in()
    }
}

impl TierStore for RocksStore {
    fn get(&self, keys: &KeyRows, found: &mut Found<'_>) -> Result<()> {
        let mut order: Vec<usize> = (0..keys.len()).collect();
        // In order, so that keys of one block are read together.
        order.sort_unstable_by(|&a, &b| keys.row(a).cmp(keys.row(b)));
        let default = self.db.cf_handle(DEFAULT_COLUMN_FAMILY_NAME);
        let default = default.ok_or_else(|| Error::bug("a database without its column family"))?;
        let values = self.db.batched_multi_get_cf(default, order.iter().map(|&row| keys.row(row)), true);
        for (&row, value) in order.iter().zip(values) {
            if let Some(value) = value.map_err(|error| self.failed("read", &error))? {
                found(row, &value, Trace::default())?;
            }
        }
        Ok(())
    }

    fn apply(&self, run: &Run) -> Result<()> {
        let mut writer = self.writer()?;
        let mut full = Vec::new();
        for (group, key, value) in run.sorted() {
            full.clear();
            full.extend(group.0.to_be_bytes());
            full.extend_from_slice(key);
            match value {
                Some(value) => writer.put(&full, value)?,
                None => writer.delete(&full)?,
            }
        }
        writer.finish()
    }

    fn freeze(&self) -> Result<TierFiles> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let folder = Scratch::of(self.folder.path().with_extension(format!("frozen-{number}")));
        let checkpoint = Checkpoint::new(&self.db).and_then(|made| made.create_checkpoint(folder.path()));
        checkpoint.map_err(|error| self.failed("freeze", &error))?;
        let unreadable = |error: std::io::Error| {
            Error::failure(format!("cannot read the folder {}: {error}", folder.path().display()))
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder.path()).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            // Logs hold nothing: all was ingested.
            if name.ends_with(".log") || name.starts_with("LOG") {
                continue;
            }
            files.push(TierFile {
                name: name.to_owned(),
                immutable: is_table(name),
                hash: None,
                content: Content::Path(path.clone()),
            });
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(TierFiles { groups: self.groups, origin: self.origin, files, scratch: Some(Arc::new(folder)) })
    }
}
