//! Savepoints: a checkpoint with files of its own, in a folder of the user's choice.

use super::manifest::{CheckpointKind, MANIFEST, Manifest};
use super::store::{BlobStore, Put};
use riverrun_core::{Error, Result, failpoint};

/// Copies a checkpoint from `source` to `target`, where it is a savepoint: complete when its manifest is there.
pub fn export(source: &dyn BlobStore, manifest: &Manifest, target: &dyn BlobStore) -> Result<Manifest> {
    if target.get(MANIFEST)?.is_some() {
        return Err(taken(target));
    }
    for file in &manifest.files {
        failpoint("savepoint-copy")?;
        let content = source.get(&file.name)?;
        let content = content.filter(|content| content.len() as u64 == file.size).ok_or_else(|| {
            Error::failure(format!("the checkpoint is damaged: {} is missing or torn", source.describe(&file.name)))
        })?;
        target.put(&file.name, &content)?;
    }
    let mut savepoint = manifest.clone();
    savepoint.body.kind = CheckpointKind::Savepoint;
    match target.put_if_absent(MANIFEST, &savepoint.encode()?)? {
        Put::Created => Ok(savepoint),
        Put::Exists => Err(taken(target)),
    }
}

fn taken(target: &dyn BlobStore) -> Error {
    Error::input(format!("there is a savepoint in {} already", target.describe("")))
        .hint("name another folder; one that does not exist is made")
}
