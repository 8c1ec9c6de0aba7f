//! The manifest: a head with a checksum on one line of JSON, and what the checkpoint consists of on the next.

use super::part_file::ProcessParts;
use crate::snapshot::SplitProgress;
use riverrun_core::{Epoch, Error, KeyGroup, Millis, Result, Watermark};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use xxhash_rust::xxh3::xxh3_128;

/// The version of everything that a checkpoint consists of; an operator's blobs have versions of their own. Before the third, numbers of
/// aggregates had a fixed width; before the second, there were no tiers.
const VERSION: u32 = 3;

/// What stands in the head of every manifest.
const FORMAT: &str = "riverrun-checkpoint";

/// The name of a manifest in its folder.
pub(super) const MANIFEST: &str = "manifest.json";

/// The 128-bit hash by which blobs and files are compared and verified.
pub(super) fn hash_blob(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: String,
    version: u32,
    checksum: String,
}

/// What a manifest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckpointKind {
    /// One of a job's own history; it goes when newer ones have come.
    Checkpoint,
    /// Taken by request, with files of its own; it stays.
    Savepoint,
}

/// The job that a checkpoint was taken of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEntry {
    /// The job's id.
    pub id: String,
    /// The job's name.
    pub name: String,
    /// The start of the job that took it.
    pub generation: u64,
    /// How many workers it had.
    pub parallelism: usize,
    /// How many key groups it has.
    pub key_groups: u16,
    /// The fingerprint of the plan that it ran.
    pub plan: u64,
}

/// A file, named relative to the folder that the checkpoint belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its hash, in hexadecimal digits.
    pub hash: String,
}

/// A blob: a range of a file. In JSON `[file, offset, length, hash]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(u32, u64, u64, String)", try_from = "(u32, u64, u64, String)")]
pub struct BlobEntry {
    /// The position of the file in [`Manifest::files`].
    pub file: u32,
    /// Where the blob begins.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// Its hash.
    pub hash: u128,
}

impl From<BlobEntry> for (u32, u64, u64, String) {
    fn from(blob: BlobEntry) -> Self {
        (blob.file, blob.offset, blob.length, format!("{:032x}", blob.hash))
    }
}

impl TryFrom<(u32, u64, u64, String)> for BlobEntry {
    type Error = std::num::ParseIntError;

    fn try_from((file, offset, length, hash): (u32, u64, u64, String)) -> std::result::Result<Self, Self::Error> {
        Ok(BlobEntry { file, offset, length, hash: u128::from_str_radix(&hash, 16)? })
    }
}

/// How far a split's event time has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitEntry {
    /// The split.
    pub split: String,
    /// Its progress.
    #[serde(flatten)]
    pub progress: SplitProgress,
}

/// A table of an operator's keyed state that is in a tier below memory, on one worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierEntry {
    /// The table; empty where the operator has only one.
    pub table: String,
    /// The first of the key groups that it holds.
    pub first_group: u16,
    /// One more than the last.
    pub end_group: u16,
    /// The files of the tier by their names in it.
    pub files: Vec<(String, BlobEntry)>,
}

/// What one operator left on one worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartEntry {
    /// The worker.
    pub worker: usize,
    /// The operator's watermark there.
    pub watermark: Watermark,
    /// Whether its input had ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
    /// A source's splits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<SplitEntry>,
    /// The blobs of its key groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keyed: Vec<(KeyGroup, BlobEntry)>,
    /// The elements of its list state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<BlobEntry>,
    /// The elements of its union state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub union: Vec<BlobEntry>,
    /// Its tables below memory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<TierEntry>,
}

impl PartEntry {
    /// All blobs of the part.
    pub fn blobs(&self) -> impl Iterator<Item = &BlobEntry> {
        let tiers = self.tiers.iter().flat_map(|tier| &tier.files).map(|(_, blob)| blob);
        self.keyed.iter().map(|(_, blob)| blob).chain(&self.split).chain(&self.union).chain(tiers)
    }

    /// All blobs of the part, to be changed.
    pub(super) fn blobs_mut(&mut self) -> impl Iterator<Item = &mut BlobEntry> {
        let tiers = self.tiers.iter_mut().flat_map(|tier| &mut tier.files).map(|(_, blob)| blob);
        self.keyed.iter_mut().map(|(_, blob)| blob).chain(&mut self.split).chain(&mut self.union).chain(tiers)
    }
}

/// An operator in a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorEntry {
    /// What its state is the state of: keys, aggregates, windows. State of another signature can't be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// What it left, by worker.
    pub parts: Vec<PartEntry>,
}

impl OperatorEntry {
    /// Whether there is anything that a restore would read.
    pub fn has_state(&self) -> bool {
        self.parts.iter().any(|part| part.blobs().next().is_some())
    }

    /// The bytes of its state.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().flat_map(PartEntry::blobs).map(|blob| blob.length).sum()
    }
}

/// What a checkpoint or savepoint consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestBody {
    /// What it is.
    pub kind: CheckpointKind,
    /// Its number in the job's history, from 1, without gaps.
    pub id: u64,
    /// The epoch that its barrier ended.
    pub epoch: Epoch,
    /// Tells two attempts at the same number apart.
    pub nonce: String,
    /// The job.
    pub job: JobEntry,
    /// When the barrier was set.
    pub started: Millis,
    /// When the manifest was made.
    pub completed: Millis,
    /// The bytes that were written for it; the others it shares with checkpoints before it.
    pub written: u64,
    /// The number of the checkpoint of the same job that its start went on from, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<u64>,
    /// Whether the input of the whole job had ended.
    #[serde(default)]
    pub finished: bool,
}

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What it is, and of which job.
    #[serde(flatten)]
    pub body: ManifestBody,
    /// The files that it needs.
    pub files: Vec<FileEntry>,
    /// The operators by their ids.
    pub operators: BTreeMap<String, OperatorEntry>,
}

impl Manifest {
    /// The manifest of what all processes of a job have written. `signatures` says of which operator's state what it is.
    pub fn assemble(
        mut body: ManifestBody,
        processes: impl IntoIterator<Item = ProcessParts>,
        signatures: &BTreeMap<String, String>,
    ) -> Manifest {
        let mut files: Vec<FileEntry> = Vec::new();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut operators: BTreeMap<String, OperatorEntry> = BTreeMap::new();
        for process in processes {
            body.written += process.written;
            // Two processes may name the same file of the checkpoint that was gone on from.
            let mut own = Vec::with_capacity(process.files.len());
            for file in process.files {
                own.push(*numbers.entry(file.name.clone()).or_insert_with(|| {
                    files.push(file);
                    files.len() as u32 - 1
                }));
            }
            for (id, mut part) in process.parts {
                for blob in part.blobs_mut() {
                    blob.file = own.get(blob.file as usize).copied().unwrap_or(u32::MAX);
                }
                let operator = operators.entry(id).or_insert_with_key(|id| OperatorEntry {
                    signature: signatures.get(id).cloned(),
                    parts: Vec::new(),
                });
                operator.parts.push(part);
            }
        }
        Manifest { body, files, operators }
    }

    /// The manifest as text.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let bug = |error: serde_json::Error| Error::bug(format!("a manifest can't be written: {error}"));
        let body = serde_json::to_string(self).map_err(bug)?;
        let checksum = format!("{:032x}", hash_blob(body.as_bytes()));
        let head = Head { format: FORMAT.to_owned(), version: VERSION, checksum };
        Ok(format!("{}\n{body}\n", serde_json::to_string(&head).map_err(bug)?).into_bytes())
    }

    /// Reads a manifest. The error says what is wrong with it; the caller says which it is.
    pub fn decode(bytes: &[u8]) -> Result<Manifest> {
        let damaged = |what: &str| Error::failure(format!("the manifest is damaged: {what}"));
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is no text"))?;
        let (head, rest) = text.split_once('\n').ok_or_else(|| damaged("it ends too early"))?;
        let head: Head = serde_json::from_str(head).map_err(|_| damaged("its first line is none of a manifest"))?;
        if head.format != FORMAT {
            return Err(damaged(&format!("its format is '{}'", head.format)));
        }
        if head.version != VERSION {
            let error = format!("the manifest has version {}, and only {VERSION} is known", head.version);
            return Err(Error::failure(error).hint("use the version of Riverrun that wrote it"));
        }
        let body = rest.strip_suffix('\n').ok_or_else(|| damaged("it ends too early"))?;
        if format!("{:032x}", hash_blob(body.as_bytes())) != head.checksum {
            return Err(damaged("its checksum does not match"));
        }
        let manifest: Manifest = serde_json::from_str(body).map_err(|error| damaged(&error.to_string()))?;
        let names_a_file = |blob: &BlobEntry| {
            let end = blob.offset.checked_add(blob.length);
            let file = manifest.files.get(blob.file as usize);
            file.zip(end).is_some_and(|(file, end)| end <= file.size)
        };
        let blobs = manifest.operators.values().flat_map(|operator| &operator.parts).flat_map(PartEntry::blobs);
        if blobs.filter(|blob| !names_a_file(blob)).count() > 0 {
            return Err(damaged("a blob lies outside of its file"));
        }
        Ok(manifest)
    }

    /// The names of the files that it needs.
    pub fn file_names(&self) -> BTreeSet<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }

    /// The bytes of state that it names.
    pub fn state_bytes(&self) -> u64 {
        self.operators.values().map(OperatorEntry::bytes).sum()
    }
}
