//! Reading a checkpoint back, and checking one.

use super::history::way_out;
use super::manifest::{BlobEntry, CheckpointKind, FileEntry, Manifest, PartEntry, TierEntry, hash_blob};
use super::part_file::MAGIC;
use super::store::{BlobStore, StoredFile};
use crate::snapshot::{OperatorPart, OperatorSnapshot, Snapshot};
use crate::tier::{Content, GroupRange, Scratch, TierFile, TierFiles, TierTicket, WorkFolder, next_origin};
use riverrun_core::{Error, KeyGroup, Result, failpoint};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use xxhash_rust::xxh3::Xxh3;

/// Reads what a checkpoint holds. Of keyed state only the groups that `wanted` names: those that this process will own. The
/// files of tiers go into a folder of this process below that for temporary files, which goes when nobody needs them any more.
pub fn load(store: &dyn BlobStore, manifest: &Manifest, wanted: impl Fn(KeyGroup) -> bool) -> Result<Snapshot> {
    load_into(store, manifest, wanted, &WorkFolder::within(&std::env::temp_dir()))
}

/// The same with the files of tiers in `folder`, which is made where there are any.
pub fn load_into(
    store: &dyn BlobStore,
    manifest: &Manifest,
    wanted: impl Fn(KeyGroup) -> bool,
    folder: &Arc<WorkFolder>,
) -> Result<Snapshot> {
    failpoint("restore")?;
    read(store, manifest, wanted, folder).map_err(|error| {
        // A savepoint stands by itself.
        let damaged = manifest.body.kind == CheckpointKind::Checkpoint && error.message().starts_with(DAMAGED);
        if damaged { error.hint(way_out(store, manifest.body.id)) } else { error }
    })
}

/// What the errors of a file that is not what the manifest says begin with.
const DAMAGED: &str = "the checkpoint is damaged";

/// Where there is no other checkpoint to propose.
const WHICH: &str = "`riverrun checkpoints PATH --verify` says which files are";

fn read(
    store: &dyn BlobStore,
    manifest: &Manifest,
    wanted: impl Fn(KeyGroup) -> bool,
    folder: &Arc<WorkFolder>,
) -> Result<Snapshot> {
    let mut downloads = Downloads { store, manifest, folder, wanted: Vec::new() };
    let mut blobs = Blobs::default();
    for operator in manifest.operators.values() {
        for part in &operator.parts {
            let keyed = part.keyed.iter().filter(|(group, _)| wanted(*group)).map(|(_, blob)| blob);
            let wanted = |tier: &&TierEntry| (tier.first_group..tier.end_group).any(|group| wanted(KeyGroup(group)));
            let packed = part.tiers.iter().filter(wanted).flat_map(|tier| &tier.files).map(|(_, blob)| blob);
            let packed = packed.filter(|blob| !is_whole_file(blob, manifest));
            keyed.chain(&part.split).chain(&part.union).chain(packed).for_each(|blob| blobs.want(blob));
        }
    }
    blobs.read(store, manifest)?;
    let mut operators = BTreeMap::new();
    for (id, operator) in &manifest.operators {
        let mut parts: Vec<&PartEntry> = operator.parts.iter().collect();
        parts.sort_by_key(|part| part.worker);
        let mut snapshots = Vec::with_capacity(parts.len());
        for part in parts {
            let mut read = blobs.part(part, &wanted)?;
            for tier in part.tiers.iter().filter(|tier| (tier.first_group..tier.end_group).any(|g| wanted(KeyGroup(g))))
            {
                let files = downloads.tier(tier, &blobs)?;
                read.state.tiers.insert(tier.table.clone(), TierTicket::ready(Arc::new(files)));
            }
            snapshots.push(read);
        }
        operators.insert(id.clone(), snapshots);
    }
    downloads.run()?;
    Ok(Snapshot { epoch: manifest.body.epoch, operators })
}

/// Checks by a list of what the store has that every file of a checkpoint is there and as long as it should be; nothing is read.
/// What is wrong, in a sentence each; empty if nothing is.
pub fn check_files(store: &dyn BlobStore, stored: &[StoredFile], manifest: &Manifest) -> Vec<String> {
    let sizes: BTreeMap<&str, u64> = stored.iter().map(|file| (file.name.as_str(), file.size)).collect();
    let problem = |file: &FileEntry| match sizes.get(file.name.as_str()) {
        None => Some(is_missing(store, file)),
        Some(size) if *size != file.size => Some(has_another_size(store, file, *size)),
        Some(_) => None,
    };
    manifest.files.iter().filter_map(problem).collect()
}

fn is_missing(store: &dyn BlobStore, file: &FileEntry) -> String {
    format!("{} is missing", store.describe(&file.name))
}

fn has_another_size(store: &dyn BlobStore, file: &FileEntry, size: u64) -> String {
    format!("{} has {size} bytes instead of {}", store.describe(&file.name), file.size)
}

/// Checks every file of a checkpoint: that it is there, its size, its hash, and the hash of each blob in it. What is
/// wrong, in a sentence each; empty if nothing is.
pub fn verify(store: &dyn BlobStore, manifest: &Manifest) -> Vec<String> {
    let mut problems = Vec::new();
    for (number, file) in manifest.files.iter().enumerate() {
        let place = store.describe(&file.name);
        let content = match store.get(&file.name) {
            Ok(Some(content)) => content,
            Ok(None) => {
                problems.push(is_missing(store, file));
                continue;
            }
            Err(error) => {
                problems.push(error.message().to_owned());
                continue;
            }
        };
        if content.len() as u64 != file.size {
            problems.push(has_another_size(store, file, content.len() as u64));
        } else if format!("{:032x}", hash_blob(&content)) != file.hash {
            problems.push(format!("{place} does not match its checksum"));
        }
        let parts =
            manifest.operators.iter().flat_map(|(id, operator)| operator.parts.iter().map(move |part| (id, part)));
        for (id, part) in parts {
            let damaged =
                part.blobs().filter(|blob| blob.file as usize == number && cut(&content, blob).is_none()).count();
            if damaged > 0 {
                let blobs = if damaged == 1 { "blob" } else { "blobs" };
                problems.push(format!("damaged: {damaged} {blobs} of {id} on worker {} in {place}", part.worker));
            }
        }
    }
    problems
}

/// A blob of a file, if it is whole.
fn cut<'a>(content: &'a [u8], blob: &BlobEntry) -> Option<&'a [u8]> {
    let start = usize::try_from(blob.offset).ok()?;
    let end = start.checked_add(usize::try_from(blob.length).ok()?)?;
    content.get(start..end).filter(|bytes| hash_blob(bytes) == blob.hash)
}

/// Whether a blob is all there is of its file.
fn is_whole_file(blob: &BlobEntry, manifest: &Manifest) -> bool {
    let file = manifest.files.get(blob.file as usize);
    blob.offset == 0 && file.is_some_and(|file| file.size == blob.length)
}

/// So many files are fetched and checked at a time.
const AT_A_TIME: usize = 4;

/// So much of a file is in memory while it is checked.
const CHECKED_AT_ONCE: usize = 1 << 20;

/// The files of tiers on their way to this machine.
struct Downloads<'a> {
    store: &'a dyn BlobStore,
    manifest: &'a Manifest,
    folder: &'a Arc<WorkFolder>,
    /// What is to be fetched, and where it goes.
    wanted: Vec<(&'a BlobEntry, PathBuf)>,
}

impl<'a> Downloads<'a> {
    /// The files as they will be when all that is wanted is there.
    fn tier(&mut self, tier: &'a TierEntry, blobs: &Blobs) -> Result<TierFiles> {
        let scratch = Scratch::within(self.folder, &format!("restored-{}", next_origin()))?;
        let mut files = Vec::with_capacity(tier.files.len());
        for (name, blob) in &tier.files {
            let content = if is_whole_file(blob, self.manifest) {
                let path = scratch.path().join(name);
                self.wanted.push((blob, path.clone()));
                Content::Path(path)
            } else {
                Content::Bytes(blobs.blob(blob)?.into())
            };
            files.push(TierFile { name: name.clone(), immutable: true, hash: None, content });
        }
        let groups = GroupRange { first: tier.first_group, end: tier.end_group };
        Ok(TierFiles { groups, origin: next_origin(), files, scratch: Some(Arc::new(scratch)) })
    }

    /// Fetches what is wanted. Of several errors it is the first one in the order of the files.
    fn run(&self) -> Result<()> {
        let next = AtomicUsize::new(0);
        let fetch = || loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let (blob, path) = self.wanted.get(number)?;
            if let Err(error) = self.file(blob, path) {
                next.store(self.wanted.len(), Ordering::Relaxed);
                return Some((number, error));
            }
        };
        let failed = std::thread::scope(|scope| {
            let threads = self.wanted.len().min(AT_A_TIME);
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(fetch)).collect();
            let own = fetch();
            let lost = || Some((usize::MAX, Error::bug("a thread that fetches files of a checkpoint has panicked")));
            let others = others.into_iter().filter_map(|other| other.join().unwrap_or_else(|_| lost()));
            others.chain(own).min_by_key(|(number, _)| *number)
        });
        failed.map_or(Ok(()), |(_, error)| Err(error))
    }

    fn file(&self, blob: &BlobEntry, path: &Path) -> Result<()> {
        let entry = self.manifest.files.get(blob.file as usize);
        let entry = entry.ok_or_else(|| Error::bug("a blob in a file that the manifest does not name"))?;
        let damaged = |what: &str| {
            Error::failure(format!("the checkpoint is damaged: {} {what}", self.store.describe(&entry.name)))
                .hint(WHICH)
        };
        if !self.store.get_file(&entry.name, path)? {
            return Err(damaged("is missing"));
        }
        let hash =
            hash_file(path).map_err(|error| Error::failure(format!("cannot read {}: {error}", path.display())))?;
        if hash == blob.hash { Ok(()) } else { Err(damaged("does not match its checksum")) }
    }
}

/// [`hash_blob`] of what a file holds.
fn hash_file(path: &Path) -> std::io::Result<u128> {
    let mut file = std::fs::File::open(path)?;
    let (mut hash, mut chunk) = (Xxh3::new(), vec![0; CHECKED_AT_ONCE]);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hash.digest128()),
            Ok(length) => hash.update(&chunk[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The blobs of a checkpoint that have been read.
#[derive(Default)]
struct Blobs {
    /// By file, offset and length.
    bytes: BTreeMap<(u32, u64, u64), Vec<u8>>,
    /// Where the files are.
    places: BTreeMap<u32, String>,
}

impl Blobs {
    fn want(&mut self, blob: &BlobEntry) {
        self.bytes.entry((blob.file, blob.offset, blob.length)).or_default();
    }

    /// Reads one file after the other, so that only one is in memory whole.
    fn read(&mut self, store: &dyn BlobStore, manifest: &Manifest) -> Result<()> {
        let mut content: (Option<u32>, Vec<u8>) = (None, Vec::new());
        for (&(number, offset, length), bytes) in &mut self.bytes {
            let Some(file) = manifest.files.get(number as usize) else {
                return Err(Error::bug("a blob in a file that the manifest does not name"));
            };
            if content.0 != Some(number) {
                let read = store.get(&file.name)?.ok_or_else(|| {
                    Error::failure(format!("the checkpoint is damaged: {} is missing", store.describe(&file.name)))
                })?;
                if !read.starts_with(MAGIC) {
                    let place = store.describe(&file.name);
                    return Err(Error::failure(format!("the checkpoint is damaged: {place} is no file of state")));
                }
                self.places.insert(number, store.describe(&file.name));
                content = (Some(number), read);
            }
            let range = usize::try_from(offset).ok().zip(usize::try_from(length).ok());
            let found = range.and_then(|(start, length)| content.1.get(start..start.checked_add(length)?));
            let found = found.ok_or_else(|| {
                let place = store.describe(&file.name);
                Error::failure(format!("the checkpoint is damaged: {place} ends too early"))
            })?;
            *bytes = found.to_vec();
        }
        Ok(())
    }

    fn blob(&self, blob: &BlobEntry) -> Result<Vec<u8>> {
        let found = self.bytes.get(&(blob.file, blob.offset, blob.length));
        let bytes = found.ok_or_else(|| Error::bug("a blob that was not read"))?;
        if hash_blob(bytes) != blob.hash {
            let place = self.places.get(&blob.file).map_or("a file of it", String::as_str);
            return Err(
                Error::failure(format!("the checkpoint is damaged: {place} does not match its checksum")).hint(WHICH)
            );
        }
        Ok(bytes.clone())
    }

    fn part(&self, part: &PartEntry, wanted: &impl Fn(KeyGroup) -> bool) -> Result<OperatorPart> {
        let list = |blobs: &[BlobEntry]| blobs.iter().map(|blob| self.blob(blob)).collect::<Result<Vec<_>>>();
        let keyed = part.keyed.iter().filter(|(group, _)| wanted(*group));
        Ok(OperatorPart {
            state: OperatorSnapshot {
                keyed: keyed.map(|(group, blob)| Ok((*group, self.blob(blob)?))).collect::<Result<_>>()?,
                split: list(&part.split)?,
                union: list(&part.union)?,
                ..OperatorSnapshot::default()
            },
            watermark: part.watermark,
            ended: part.ended,
            splits: part.splits.iter().map(|entry| (entry.split.as_str().into(), entry.progress)).collect(),
        })
    }
}
