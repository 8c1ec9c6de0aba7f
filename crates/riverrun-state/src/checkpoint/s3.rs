//! Checkpoints in a bucket of S3, or of a server that speaks its protocol.
//!
//! A put is whole or not at all. Put-if-absent is a put with `If-None-Match: *`; a server that does not know it would let two
//! generations decide the same checkpoint, so [`S3Store::check`] finds that out before a job starts.

mod crypto;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
mod trouble;

use super::store::{BlobStore, Put, StoredFile};
use super::store_options::{
    S3_ACCESS_KEY, S3_ENDPOINT, S3_PATH_STYLE, S3_PATH_STYLE_NEW, S3_REGION, S3_REGION_OLD, S3_SECRET_KEY, StoreOptions,
};
use bytes::Bytes;
use crypto::OpenSsl;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
    RetryConfig,
};
use riverrun_core::{Error, Millis, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use trouble::Trouble;

/// A larger file is written and read in pieces of so many bytes, several at a time.
const PIECE: usize = if cfg!(test) { 16 << 10 } else { 16 << 20 };

/// How many pieces are on their way at a time.
const PIECES_AT_ONCE: usize = 4;

/// An upload has at most 10,000 pieces.
const MOST_PIECES: usize = 9_000;

/// A folder in a bucket.
#[derive(Debug)]
pub struct S3Store {
    /// As a user would write it.
    place: String,
    /// The key before all names, without slashes at its ends.
    key: String,
    objects: Arc<dyn ObjectStore>,
    runtime: Runtime,
    trouble: Trouble,
}

impl S3Store {
    /// The store below `key` in a bucket. Nothing is asked of the server yet.
    pub fn open(scheme: &str, bucket: &str, key: &str, options: &StoreOptions) -> Result<Self> {
        let get = |definitions: &[&riverrun_core::OptionDef]| definitions.iter().find_map(|one| options.get(one));
        let mut builder = AmazonS3Builder::from_env();
        if let Some(text) = get(&[&S3_ACCESS_KEY]) {
            builder = builder.with_access_key_id(text);
        }
        if let Some(text) = get(&[&S3_SECRET_KEY]) {
            builder = builder.with_secret_access_key(text);
        }
        if let Some(text) = get(&[&S3_REGION, &S3_REGION_OLD]) {
            builder = builder.with_region(text);
        }
        let from_env = || {
            let known = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint];
            known.iter().find_map(|key| builder.get_config_value(key))
        };
        let endpoint = get(&[&S3_ENDPOINT]).map(str::to_owned).or_else(from_env);
        let path_style = match get(&[&S3_PATH_STYLE, &S3_PATH_STYLE_NEW]) {
            Some(text) => text.trim().eq_ignore_ascii_case("true"),
            None => endpoint.is_some(),
        };
        let address = endpoint.as_deref().map(|endpoint| address(endpoint, bucket, path_style)).transpose()?;
        if let Some(address) = &address {
            builder = builder.with_endpoint(address).with_allow_http(address.starts_with("http://"));
        }
        let client = ClientOptions::new()
            .with_allow_http(address.as_ref().is_some_and(|address| address.starts_with("http://")))
            .with_connect_timeout(Duration::from_secs(5))
            .with_timeout(Duration::from_secs(60));
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(3),
                base: 2.0,
            },
            max_retries: 5,
            retry_timeout: Duration::from_secs(30),
        };
        let place = format!("{scheme}://{bucket}");
        let trouble = Trouble { bucket: bucket.to_owned(), endpoint };
        let objects = builder
            .with_bucket_name(bucket)
            .with_virtual_hosted_style_request(!path_style)
            .with_client_options(client)
            .with_retry(retry)
            // One object at a time needs no second kind of request, which some servers don't know.
            .with_disable_bulk_delete(true)
            .with_crypto_provider(Arc::new(OpenSsl))
            .build()
            .map_err(|error| trouble.explain(&error, "reach", &place))?;
        // Only driven while a caller waits: a checkpoint thread is never without one.
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::failure(format!("cannot start a client of {place}: {error}")))?;
        Ok(S3Store { place, key: key.to_owned(), objects: Arc::new(objects), runtime, trouble })
    }

    fn path(&self, name: &str) -> Result<Path> {
        let separator = if self.key.is_empty() || name.is_empty() { "" } else { "/" };
        Path::parse(format!("{}{separator}{name}", self.key))
            .map_err(|error| Error::input(format!("{} is no name of an object: {error}", self.describe(name))))
    }

    fn failed(&self, what: &str, name: &str, error: &object_store::Error) -> Error {
        self.trouble.explain(error, what, &self.describe(name))
    }

    /// Writes a file that is too large for one request.
    async fn put_pieces(&self, path: &Path, bytes: &[u8]) -> object_store::Result<()> {
        let mut upload = self.objects.put_multipart(path).await?;
        match put_pieces(&mut *upload, bytes).await {
            Ok(()) => upload.complete().await.map(drop),
            Err(error) => {
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    async fn read(&self, path: &Path) -> object_store::Result<Vec<u8>> {
        let found = self.objects.get(path).await?;
        let size = found.meta.size;
        if size <= PIECE as u64 {
            return Ok(Vec::from(found.bytes().await?));
        }
        drop(found);
        let starts = (0..size).step_by(PIECE);
        let pieces = starts.map(|start| self.objects.get_range(path, start..size.min(start + PIECE as u64)));
        let mut pieces = futures_util::stream::iter(pieces).buffered(PIECES_AT_ONCE);
        let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        while let Some(piece) = pieces.try_next().await? {
            content.extend_from_slice(&piece);
        }
        Ok(content)
    }
}

async fn put_pieces(upload: &mut dyn MultipartUpload, bytes: &[u8]) -> object_store::Result<()> {
    let size = PIECE.max(bytes.len().div_ceil(MOST_PIECES));
    let mut on_the_way = FuturesUnordered::new();
    for piece in bytes.chunks(size) {
        if on_the_way.len() == PIECES_AT_ONCE {
            on_the_way.try_next().await?;
        }
        on_the_way.push(upload.put_part(PutPayload::from(Bytes::copy_from_slice(piece))));
    }
    on_the_way.try_collect().await
}

/// Where requests go: the endpoint, with the bucket before its host unless that stands in the path.
fn address(endpoint: &str, bucket: &str, path_style: bool) -> Result<String> {
    let endpoint = endpoint.trim();
    // As in Flink, an endpoint may stand without its scheme.
    let (scheme, host) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let host = host.trim_end_matches('/');
    if !matches!(scheme, "http" | "https") || host.is_empty() {
        return Err(Error::input(format!("'{endpoint}' is no address of an object store"))
            .hint("s3.endpoint is like http://localhost:9000 or https://s3.eu-central-1.amazonaws.com"));
    }
    Ok(if path_style { format!("{scheme}://{host}") } else { format!("{scheme}://{bucket}.{host}") })
}

impl BlobStore for S3Store {
    fn describe(&self, name: &str) -> String {
        let parts = [&self.place, &self.key, name].map(|part: &str| part);
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(name)?;
        let put = self.runtime.block_on(async {
            if bytes.len() > PIECE {
                self.put_pieces(&path, bytes).await
            } else {
                self.objects.put(&path, Bytes::copy_from_slice(bytes).into()).await.map(drop)
            }
        });
        put.map_err(|error| self.failed("write", name, &error))
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<Put> {
        let path = self.path(name)?;
        let options = PutOptions::from(PutMode::Create);
        let put = self.objects.put_opts(&path, Bytes::copy_from_slice(bytes).into(), options);
        match self.runtime.block_on(put) {
            Ok(_) => Ok(Put::Created),
            // Also after a conflict with another request, which may have been in vain: whoever reads finds out.
            Err(object_store::Error::AlreadyExists { .. }) => Ok(Put::Exists),
            Err(error) => Err(self.failed("create", name, &error)),
        }
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(name)?;
        match self.runtime.block_on(self.read(&path)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if trouble::is_absent(&error) => Ok(None),
            Err(error) => Err(self.failed("read", name, &error)),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<StoredFile>> {
        let path = self.path(folder)?;
        let prefix = (!path.as_ref().is_empty()).then_some(&path);
        let listed = self.runtime.block_on(self.objects.list(prefix).try_collect::<Vec<_>>());
        let listed = listed.map_err(|error| self.failed("list", folder, &error))?;
        let above = if self.key.is_empty() { String::new() } else { format!("{}/", self.key) };
        let mut files: Vec<StoredFile> = listed
            .into_iter()
            .filter_map(|object| {
                let name = object.location.as_ref().strip_prefix(&above)?.to_owned();
                Some(StoredFile { name, size: object.size, modified: Millis(object.last_modified.timestamp_millis()) })
            })
            .collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    fn delete(&self, name: &str) -> Result<()> {
        let path = self.path(name)?;
        match self.runtime.block_on(self.objects.delete(&path)) {
            Err(error) if !trouble::is_absent(&error) => Err(self.failed("delete", name, &error)),
            _ => Ok(()),
        }
    }
}
