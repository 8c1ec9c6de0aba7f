//! Durable checkpoints: what a job's processes write at a barrier, and the one manifest that decides.
//!
//! ```text
//! DIR/<job id>/chk-7/manifest.json                            the checkpoint: it exists if and only if this file does
//! DIR/<job id>/shared/00000012-g3-p0.state                    what process 0 of generation 3 wrote for epoch 12: blobs, end to end
//! SAVEPOINT/manifest.json, SAVEPOINT/shared/…                 a savepoint: the same, with files of its own
//! ```
//!
//! A manifest names every blob by file, offset, length and hash; names of files are relative to the folder above `chk-7` (of a
//! savepoint: to its own), so that a folder may be moved. Blobs that did not change are named where an earlier checkpoint
//! put them. RFC 0002 has the reasons.

mod branch;
mod history;
mod local;
mod location;
mod manifest;
mod part_file;
mod restore;
mod retention;
#[cfg(feature = "s3")]
mod s3;
mod savepoint;
mod store;
mod store_options;
pub mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_tiers;

pub use branch::Branch;
pub use history::{CheckpointEntry, History, Outcome, manifest_name};
pub use local::LocalStore;
pub use location::Location;
pub use manifest::{
    BlobEntry, CheckpointKind, FileEntry, JobEntry, Manifest, ManifestBody, OperatorEntry, PartEntry, SplitEntry,
    TierEntry,
};
pub use part_file::{PartWriter, ProcessParts};
pub use restore::{check_files, load, load_into, verify};
pub use retention::Retention;
pub use savepoint::export;
pub use store::{BlobStore, Put, StoredFile, check_store};
pub use store_options::{
    S3_ACCESS_KEY, S3_ENDPOINT, S3_PATH_STYLE, S3_PATH_STYLE_NEW, S3_REGION, S3_REGION_OLD, S3_SECRET_KEY,
    STORE_OPTIONS, StoreOptions,
};
