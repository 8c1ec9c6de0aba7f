//! What one process writes at a barrier: the blobs that changed, packed into one file.

use super::manifest::{BlobEntry, FileEntry, Manifest, PartEntry, SplitEntry, TierEntry, hash_blob};
use super::store::BlobStore;
use crate::snapshot::OperatorPart;
use crate::tier::{GroupRange, TierFile, TierFiles};
use riverrun_core::{Epoch, KeyGroup, Result, failpoint};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What the files of blobs begin with; the digit is the version.
pub(super) const MAGIC: &[u8; 8] = b"RRSTATE1";

/// A file of which less than one part in so many is still named is not named again.
const LEAST_LIVE: u64 = 2;

/// A tier's file of more bytes is a file of its own; smaller ones are packed with the blobs.
const LARGEST_PACKED: u64 = 256 << 10;

/// Which blob it is, apart from where it stands: of which operator, of which key group (none: an element), with which hash.
type Content = (String, Option<KeyGroup>, u128);

/// A blob and where it stands.
#[derive(Clone, Debug)]
struct Placed {
    /// `None`: in the file that is being written.
    file: Option<Arc<FileEntry>>,
    offset: u64,
    length: u64,
    hash: u128,
}

/// A part whose blobs have been placed.
#[derive(Clone, Debug)]
struct PlacedPart {
    /// All but the blobs.
    entry: PartEntry,
    keyed: Vec<(KeyGroup, Placed)>,
    split: Vec<Placed>,
    union: Vec<Placed>,
    tiers: Vec<PlacedTier>,
}

/// A frozen table whose files have been placed.
#[derive(Clone, Debug)]
struct PlacedTier {
    table: String,
    groups: GroupRange,
    files: Vec<(String, Placed)>,
}

impl PlacedPart {
    fn blobs(&self) -> impl Iterator<Item = (Option<KeyGroup>, &Placed)> {
        let keyed = self.keyed.iter().map(|(group, blob)| (Some(*group), blob));
        let tiers = self.tiers.iter().flat_map(|tier| &tier.files).map(|(_, blob)| blob);
        keyed.chain(self.split.iter().chain(&self.union).chain(tiers).map(|blob| (None, blob)))
    }

    /// The file that was being written has got its name.
    fn settle(&mut self, file: &Arc<FileEntry>) {
        let keyed = self.keyed.iter_mut().map(|(_, blob)| blob);
        let tiers = self.tiers.iter_mut().flat_map(|tier| &mut tier.files).map(|(_, blob)| blob);
        for blob in keyed.chain(&mut self.split).chain(&mut self.union).chain(tiers) {
            blob.file.get_or_insert_with(|| file.clone());
        }
    }
}

/// What a process's workers hold at a barrier, by where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessParts {
    /// The files; blobs name them by their positions here.
    pub files: Vec<FileEntry>,
    /// The parts with the ids of their operators.
    pub parts: Vec<(String, PartEntry)>,
    /// The bytes that were written.
    pub written: u64,
}

/// Writes the parts of one process, checkpoint after checkpoint, and remembers what stands where.
#[derive(Debug)]
pub struct PartWriter {
    store: Arc<dyn BlobStore>,
    /// `g3-p0`: the generation and the process, which no two writers share.
    writer: String,
    /// The blobs of the last checkpoint, or of the one that was gone on from.
    known: HashMap<Content, Placed>,
    /// The last part of each operator and worker: one that has ended gives no more, and its last stands for it.
    latest: BTreeMap<(String, usize), PlacedPart>,
    /// Parts that could not be written: they are tried again with the next ones, unless newer ones come instead.
    unsaved: BTreeMap<(String, usize), OperatorPart>,
    /// The hashes of tiers' files, by store and name: such a file never changes, and is read for its hash only once.
    hashes: HashMap<(u64, String), u128>,
}

impl PartWriter {
    /// A writer into the folder of a job.
    pub fn new(store: Arc<dyn BlobStore>, generation: u64, process: usize) -> Self {
        let writer = format!("g{generation}-p{process}");
        PartWriter {
            store,
            writer,
            known: HashMap::new(),
            latest: BTreeMap::new(),
            unsaved: BTreeMap::new(),
            hashes: HashMap::new(),
        }
    }

    /// Takes note of the blobs of the checkpoint that the job goes on from, which must be one of this folder.
    pub fn know(&mut self, manifest: &Manifest) {
        let files: Vec<Arc<FileEntry>> = manifest.files.iter().cloned().map(Arc::new).collect();
        for (id, operator) in &manifest.operators {
            for part in &operator.parts {
                let keyed = part.keyed.iter().map(|(group, blob)| (Some(*group), blob));
                let tiers = part.tiers.iter().flat_map(|tier| &tier.files).map(|(_, blob)| blob);
                let elements = part.split.iter().chain(&part.union).chain(tiers).map(|blob| (None, blob));
                for (group, blob) in keyed.chain(elements) {
                    let file = files.get(blob.file as usize).cloned();
                    let placed = Placed { file, offset: blob.offset, length: blob.length, hash: blob.hash };
                    self.known.insert((id.clone(), group, blob.hash), placed);
                }
            }
        }
    }

    /// Writes what has changed in `parts`, those that this process's workers left for `epoch`, and says where
    /// everything stands. What could not be written goes with the next call.
    pub fn write(&mut self, epoch: Epoch, parts: Vec<(String, usize, OperatorPart)>) -> Result<ProcessParts> {
        self.unsaved.extend(parts.into_iter().map(|(id, worker, part)| ((id, worker), part)));
        let tiers = self.tiers()?;
        let parts = &self.unsaved;
        let hashed: Vec<HashedPart<'_>> = parts.iter().map(|((id, _), part)| HashedPart::new(id, part)).collect();
        let sparse = self.sparse(&hashed, &tiers);
        let name = format!("shared/{:08}-{}", epoch.0, self.writer);
        let mut packer = Packer { writer: self, sparse, content: MAGIC.to_vec(), fresh: HashMap::new(), written: 0 };
        let mut placed_parts = Vec::with_capacity(parts.len());
        for (((id, worker), part), hashed) in parts.iter().zip(hashed) {
            let mut placed = PlacedPart {
                entry: head(*worker, part),
                keyed: hashed.keyed.into_iter().map(|(group, blob)| (group, packer.place(blob))).collect(),
                split: hashed.split.into_iter().map(|blob| packer.place(blob)).collect(),
                union: hashed.union.into_iter().map(|blob| packer.place(blob)).collect(),
                tiers: Vec::new(),
            };
            for tier in tiers.iter().filter(|tier| tier.id == *id && tier.worker == *worker) {
                let files = tier.hashed.iter().zip(&tier.frozen.files);
                let files =
                    files.map(|(content, file)| Ok((file.name.clone(), packer.place_file(&name, content, file)?)));
                let (table, groups) = (tier.table.clone(), tier.frozen.groups);
                placed.tiers.push(PlacedTier { table, groups, files: files.collect::<Result<_>>()? });
            }
            placed_parts.push(((id.clone(), *worker), placed));
        }
        let Packer { content, mut written, .. } = packer;
        let size = if content.len() == MAGIC.len() { 0 } else { content.len() as u64 };
        let file = FileEntry { name: format!("{name}.state"), size, hash: format!("{:032x}", hash_blob(&content)) };
        let file = Arc::new(file);
        if size > 0 {
            failpoint("checkpoint-upload")?;
            self.store.put(&file.name, &content)?;
            failpoint("checkpoint-uploaded")?;
        }
        written += size;
        for (key, mut part) in placed_parts {
            part.settle(&file);
            self.latest.insert(key, part);
        }
        self.unsaved.clear();
        self.known.clear();
        for ((id, _), part) in &self.latest {
            for (group, blob) in part.blobs() {
                self.known.insert((id.clone(), group, blob.hash), blob.clone());
            }
        }
        Ok(self.report(written))
    }

    /// Waits until the tiers of all parts are frozen, and hashes their files.
    fn tiers(&mut self) -> Result<Vec<HashedTier>> {
        let mut hashes = HashMap::new();
        let mut tiers = Vec::new();
        for ((id, worker), part) in &self.unsaved {
            for (table, ticket) in &part.state.tiers {
                let frozen = ticket.wait()?;
                let mut hashed = Vec::with_capacity(frozen.files.len());
                for file in &frozen.files {
                    let key = (frozen.origin, file.name.clone());
                    let hash = match self.hashes.get(&key).filter(|_| file.immutable) {
                        Some(hash) => *hash,
                        None => file.hash.map_or_else(|| file.read().map(|bytes| hash_blob(&bytes)), Ok)?,
                    };
                    hashes.insert(key, hash);
                    hashed.push(((id.clone(), None, hash), file.size()?));
                }
                tiers.push(HashedTier { id: id.clone(), worker: *worker, table: table.clone(), frozen, hashed });
            }
        }
        self.hashes = hashes;
        Ok(tiers)
    }

    /// The files of which too little would be named.
    fn sparse(&self, parts: &[HashedPart<'_>], tiers: &[HashedTier]) -> HashSet<String> {
        let mut named: HashMap<&str, (u64, u64)> = HashMap::new();
        let mut seen: HashSet<&Content> = HashSet::new();
        let files = tiers.iter().flat_map(|tier| &tier.hashed).map(|(key, _)| key);
        for key in parts.iter().flat_map(HashedPart::blobs).map(|(key, _)| key).chain(files) {
            if let Some(Placed { file: Some(file), length, .. }) = self.known.get(key)
                && seen.insert(key)
            {
                named.entry(&file.name).or_insert((MAGIC.len() as u64, file.size)).0 += length;
            }
        }
        let sparse = named.into_iter().filter(|(_, (bytes, size))| bytes * LEAST_LIVE < *size);
        sparse.map(|(name, _)| name.to_owned()).collect()
    }

    fn report(&self, written: u64) -> ProcessParts {
        let mut report = ProcessParts { written, ..ProcessParts::default() };
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let files = &mut report.files;
        let mut entry = |blob: &Placed| {
            let file = blob.file.as_ref().map_or(0, |file| {
                *numbers.entry(file.name.clone()).or_insert_with(|| {
                    files.push(FileEntry::clone(file));
                    files.len() as u32 - 1
                })
            });
            BlobEntry { file, offset: blob.offset, length: blob.length, hash: blob.hash }
        };
        for ((id, _), part) in &self.latest {
            let mut named = part.entry.clone();
            named.keyed = part.keyed.iter().map(|(group, blob)| (*group, entry(blob))).collect();
            named.split = part.split.iter().map(&mut entry).collect();
            named.union = part.union.iter().map(&mut entry).collect();
            let tiers = part.tiers.iter().map(|tier| TierEntry {
                table: tier.table.clone(),
                first_group: tier.groups.first,
                end_group: tier.groups.end,
                files: tier.files.iter().map(|(name, blob)| (name.clone(), entry(blob))).collect(),
            });
            named.tiers = tiers.collect();
            report.parts.push((id.clone(), named));
        }
        report
    }
}

/// A frozen table with what its files are known by, and their sizes.
struct HashedTier {
    id: String,
    worker: usize,
    table: String,
    frozen: Arc<TierFiles>,
    hashed: Vec<(Content, u64)>,
}

/// Finds the places of blobs: where they stand already, or in the file that is being written, or in one of their own.
struct Packer<'a> {
    writer: &'a PartWriter,
    sparse: HashSet<String>,
    content: Vec<u8>,
    fresh: HashMap<Content, Placed>,
    /// The bytes of files with one blob.
    written: u64,
}

impl Packer<'_> {
    fn known(&self, key: &Content, length: u64) -> Option<Placed> {
        let known = self.writer.known.get(key).filter(|placed| {
            placed.length == length && placed.file.as_ref().is_some_and(|file| !self.sparse.contains(&file.name))
        });
        known.or_else(|| self.fresh.get(key)).cloned()
    }

    fn place(&mut self, (key, blob): (Content, &[u8])) -> Placed {
        if let Some(placed) = self.known(&key, blob.len() as u64) {
            return placed;
        }
        let offset = self.content.len() as u64;
        self.content.extend_from_slice(blob);
        let placed = Placed { file: None, offset, length: blob.len() as u64, hash: key.2 };
        self.fresh.insert(key, placed.clone());
        placed
    }

    /// Places a file of a tier; a large one is a file by itself.
    fn place_file(&mut self, name: &str, (key, size): &(Content, u64), file: &TierFile) -> Result<Placed> {
        if let Some(placed) = self.known(key, *size) {
            return Ok(placed);
        }
        if *size <= LARGEST_PACKED {
            return Ok(self.place((key.clone(), &file.read()?)));
        }
        let hash = format!("{:032x}", key.2);
        let name = format!("{name}-{hash}.state");
        failpoint("checkpoint-upload")?;
        match file.content.place() {
            Ok(bytes) => self.writer.store.put(&name, bytes)?,
            Err(path) => self.writer.store.put_file(&name, path)?,
        }
        failpoint("checkpoint-uploaded")?;
        self.written += size;
        let file = Some(Arc::new(FileEntry { name, size: *size, hash }));
        let placed = Placed { file, offset: 0, length: *size, hash: key.2 };
        self.fresh.insert(key.clone(), placed.clone());
        Ok(placed)
    }
}

/// The blobs of a part with what they are known by.
struct HashedPart<'a> {
    keyed: Vec<(KeyGroup, (Content, &'a [u8]))>,
    split: Vec<(Content, &'a [u8])>,
    union: Vec<(Content, &'a [u8])>,
}

impl<'a> HashedPart<'a> {
    fn new(id: &str, part: &'a OperatorPart) -> Self {
        let hashed = |group, blob: &'a Vec<u8>| ((id.to_owned(), group, hash_blob(blob)), blob.as_slice());
        HashedPart {
            keyed: part.state.keyed.iter().map(|(group, blob)| (*group, hashed(Some(*group), blob))).collect(),
            split: part.state.split.iter().map(|blob| hashed(None, blob)).collect(),
            union: part.state.union.iter().map(|blob| hashed(None, blob)).collect(),
        }
    }

    fn blobs(&self) -> impl Iterator<Item = &(Content, &'a [u8])> {
        self.keyed.iter().map(|(_, blob)| blob).chain(&self.split).chain(&self.union)
    }
}

/// A part's entry without its blobs.
fn head(worker: usize, part: &OperatorPart) -> PartEntry {
    let splits = part.splits.iter();
    PartEntry {
        worker,
        watermark: part.watermark,
        ended: part.ended,
        splits: splits.map(|(split, progress)| SplitEntry { split: split.to_string(), progress: *progress }).collect(),
        keyed: Vec::new(),
        split: Vec::new(),
        union: Vec::new(),
        tiers: Vec::new(),
    }
}
