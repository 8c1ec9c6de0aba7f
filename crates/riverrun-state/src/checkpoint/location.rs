//! Paths of checkpoints, as users write them.

use super::local::LocalStore;
use super::store::BlobStore;
use super::store_options::StoreOptions;
use riverrun_core::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A folder: `path`, `file:///path` or `s3://bucket/path`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Location {
    folder: Folder,
    /// How an object store is reached.
    options: StoreOptions,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Folder {
    Local(PathBuf),
    /// In a bucket, below a key without slashes at its ends.
    Bucket {
        scheme: String,
        bucket: String,
        key: String,
    },
}

/// The schemes of stores that speak S3's protocol, as Flink's and Hadoop's file systems name them.
const S3_SCHEMES: &[&str] = &["s3", "s3a", "s3n", "s3p"];

impl Location {
    /// Reads a path or an address; the options say how an object store is reached. What would silently become another place
    /// (nothing, `file://` before a relative path) is refused.
    pub fn parse(text: &str, options: &StoreOptions) -> Result<Location> {
        let wrong = |what: String| Error::input(format!("'{text}' is no place for checkpoints")).detail(what);
        if text.trim().is_empty() {
            return Err(wrong("it is blank".to_owned()).hint("a path, file:///path or s3://bucket/path"));
        }
        let folder = match text.split_once(":/") {
            Some((scheme, rest)) if is_scheme(scheme) => {
                match scheme.to_ascii_lowercase().as_str() {
                    "file" if rest.strip_prefix('/').is_some_and(|path| !path.starts_with('/')) => {
                        let host = rest.split('/').nth(1).unwrap_or_default();
                        return Err(wrong(format!("between file:// and the next / stands the name of a machine, here '{host}'"))
                        .hint("file:///path for a path from the root; one that is relative stands by itself, without file://"));
                    }
                    "file" => Folder::Local(PathBuf::from(format!("/{}", rest.trim_start_matches('/')))),
                    scheme if S3_SCHEMES.contains(&scheme) => {
                        bucket(scheme, rest.strip_prefix('/').unwrap_or(rest), text)?
                    }
                    _ => {
                        return Err(wrong(format!("'{scheme}' is not supported"))
                            .hint("a path, file:///path or s3://bucket/path"));
                    }
                }
            }
            _ => Folder::Local(PathBuf::from(text)),
        };
        Ok(Location { folder, options: options.clone() })
    }

    /// A folder in this one.
    #[must_use]
    pub fn join(&self, name: &str) -> Location {
        let folder = match &self.folder {
            Folder::Local(path) => Folder::Local(path.join(name)),
            Folder::Bucket { scheme, bucket, key } => {
                let key = if key.is_empty() { name.to_owned() } else { format!("{key}/{name}") };
                Folder::Bucket { scheme: scheme.clone(), bucket: bucket.clone(), key }
            }
        };
        Location { folder, options: self.options.clone() }
    }

    /// The folder that this one is in.
    pub fn parent(&self) -> Option<Location> {
        let folder = match &self.absolute().folder {
            Folder::Local(path) => Folder::Local(path.parent()?.to_path_buf()),
            Folder::Bucket { key, .. } if key.is_empty() => return None,
            Folder::Bucket { scheme, bucket, key } => {
                let above = key.rsplit_once('/').map_or("", |(above, _)| above);
                Folder::Bucket { scheme: scheme.clone(), bucket: bucket.clone(), key: above.to_owned() }
            }
        };
        Some(Location { folder, options: self.options.clone() })
    }

    /// The same for a process that runs elsewhere.
    #[must_use]
    pub fn absolute(&self) -> Location {
        let mut location = self.clone();
        if let Folder::Local(path) = &mut location.folder {
            *path = std::path::absolute(&*path).unwrap_or_else(|_| path.clone());
        }
        location
    }

    /// Whether it is in an object store.
    pub fn is_remote(&self) -> bool {
        matches!(self.folder, Folder::Bucket { .. })
    }

    /// The store in this folder.
    pub fn open(&self) -> Result<Arc<dyn BlobStore>> {
        match &self.folder {
            Folder::Local(path) => Ok(Arc::new(LocalStore::new(path.clone()))),
            #[cfg(feature = "s3")]
            Folder::Bucket { scheme, bucket, key } => {
                Ok(Arc::new(super::s3::S3Store::open(scheme, bucket, key, &self.options)?))
            }
            #[cfg(not(feature = "s3"))]
            Folder::Bucket { .. } => Err(Error::input(format!("this build does not know the store of {self}"))
                .hint("build riverrun with the feature s3, which is one of its defaults")),
        }
    }
}

/// What may stand before `://`; a Windows drive or a file name with a colon is none.
fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn bucket(scheme: &str, rest: &str, text: &str) -> Result<Folder> {
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    let wrong = |what: String| {
        Err(Error::input(format!("'{text}' is no place for checkpoints"))
            .detail(what)
            .hint(format!("{scheme}://BUCKET/PATH")))
    };
    if bucket.is_empty() {
        return wrong("it names no bucket".to_owned());
    }
    let key: Vec<&str> = key.split('/').filter(|part| !part.is_empty()).collect();
    if let Some(dots) = key.iter().find(|part| matches!(**part, "." | "..")) {
        return wrong(format!("a key in a bucket has no '{dots}'"));
    }
    Ok(Folder::Bucket { scheme: scheme.to_owned(), bucket: bucket.to_owned(), key: key.join("/") })
}

/// The same folder, however it is reached.
impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        self.folder == other.folder
    }
}

impl Eq for Location {}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Location { folder: Folder::Local(path), options: StoreOptions::default() }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.folder {
            Folder::Local(path) => path.display().fmt(f),
            Folder::Bucket { scheme, bucket, key } if key.is_empty() => write!(f, "{scheme}://{bucket}"),
            Folder::Bucket { scheme, bucket, key } => write!(f, "{scheme}://{bucket}/{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location> {
        Location::parse(text, &StoreOptions::default())
    }

    #[test]
    fn paths_and_addresses() {
        for (text, shown) in [
            ("state/a", "state/a"),
            ("file:///tmp/a", "/tmp/a"),
            ("file:/tmp/a", "/tmp/a"),
            ("s3://bucket", "s3://bucket"),
            ("s3a://bucket//a/b/", "s3a://bucket/a/b"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_would_become_another_place_is_refused() {
        for text in ["", " ", "\t"] {
            assert_eq!(parse(text).unwrap_err().detail_text(), Some("it is blank"));
        }
        for (text, host) in [("file://rel/x", "rel"), ("FILE://rel", "rel"), ("file://", "")] {
            let error = parse(text).unwrap_err();
            let detail = format!("between file:// and the next / stands the name of a machine, here '{host}'");
            assert_eq!(error.message(), format!("'{text}' is no place for checkpoints"));
            assert_eq!(error.detail_text(), Some(&*detail));
        }
        for (text, place) in
            [("file:///abs/x", "/abs/x"), ("file:/abs", "/abs"), ("rel/x", "rel/x"), ("s3://b/k", "s3://b/k")]
        {
            assert_eq!(parse(text).unwrap().to_string(), place);
        }
    }

    #[test]
    fn folders_in_a_bucket() {
        let bucket = parse("s3://bucket").unwrap();
        let folder = bucket.join("a").join("b");
        assert_eq!(folder.to_string(), "s3://bucket/a/b");
        assert_eq!(folder.parent().unwrap().to_string(), "s3://bucket/a");
        assert_eq!(folder.parent().unwrap().parent(), Some(bucket.clone()));
        assert_eq!(bucket.parent(), None);
        assert_eq!(folder.absolute(), folder);
    }

    #[test]
    fn what_is_no_place_for_checkpoints() {
        for (text, detail, hint) in [
            ("hdfs://name/a", "'hdfs' is not supported", "a path, file:///path or s3://bucket/path"),
            ("s3:///a", "it names no bucket", "s3://BUCKET/PATH"),
            ("s3://", "it names no bucket", "s3://BUCKET/PATH"),
            ("s3://b/a/../c", "a key in a bucket has no '..'", "s3://BUCKET/PATH"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.message(), format!("'{text}' is no place for checkpoints"));
            assert_eq!((error.detail_text(), error.hint_text()), (Some(detail), Some(hint)));
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let options = StoreOptions::from_iter([("s3.secret-key".to_owned(), "hush".to_owned())]);
        let shown = format!("{:?}", Location::parse("s3://bucket", &options).unwrap());
        assert!(!shown.contains("hush") && shown.contains("s3.secret-key"), "{shown}");
    }
}
