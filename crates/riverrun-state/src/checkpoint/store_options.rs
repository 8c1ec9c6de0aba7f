//! How object stores are reached: options named as in Flink, beside the environment variables of AWS's own tools.

use riverrun_core::{OptionDef, OptionType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// `s3.access-key`.
pub const S3_ACCESS_KEY: OptionDef = OptionDef::new(
    "s3.access-key",
    OptionType::Text,
    None,
    "The access key for s3:// addresses. Absent: AWS_ACCESS_KEY_ID, or what the machine's role gives.",
);
/// `s3.secret-key`.
pub const S3_SECRET_KEY: OptionDef = OptionDef::new(
    "s3.secret-key",
    OptionType::Text,
    None,
    "The secret of s3.access-key. Absent: AWS_SECRET_ACCESS_KEY. It is not shown.",
);
/// `s3.endpoint`.
pub const S3_ENDPOINT: OptionDef = OptionDef::new(
    "s3.endpoint",
    OptionType::Text,
    None,
    "The server of s3:// addresses, like http://localhost:9000. Absent: AWS_ENDPOINT_URL, or Amazon's of the region.",
);
/// `s3.region`.
pub const S3_REGION: OptionDef =
    OptionDef::new("s3.region", OptionType::Text, None, "The region of the bucket. Absent: AWS_REGION, or us-east-1.");
/// `s3.endpoint.region`, the older name.
pub const S3_REGION_OLD: OptionDef =
    OptionDef::new("s3.endpoint.region", OptionType::Text, None, "The older name of s3.region.");
/// `s3.path.style.access`.
pub const S3_PATH_STYLE: OptionDef = OptionDef::new(
    "s3.path.style.access",
    OptionType::Bool,
    None,
    "Whether the bucket stands in the path and not in the host's name. Absent: it does if there is an endpoint.",
);
/// `s3.path-style-access`, the newer name.
pub const S3_PATH_STYLE_NEW: OptionDef =
    OptionDef::new("s3.path-style-access", OptionType::Bool, None, "The same as s3.path.style.access.");

/// The options that are acted on.
pub const STORE_OPTIONS: &[OptionDef] =
    &[S3_ACCESS_KEY, S3_SECRET_KEY, S3_ENDPOINT, S3_REGION, S3_REGION_OLD, S3_PATH_STYLE, S3_PATH_STYLE_NEW];

/// What was set of [`STORE_OPTIONS`]. Its `Debug` shows no values: secrets are among them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreOptions(BTreeMap<String, String>);

impl StoreOptions {
    /// The value of an option, if it was set.
    pub fn get(&self, definition: &OptionDef) -> Option<&str> {
        self.0.get(definition.name).map(String::as_str)
    }
}

impl FromIterator<(String, String)> for StoreOptions {
    /// Takes what is known of options by their names.
    fn from_iter<T: IntoIterator<Item = (String, String)>>(options: T) -> Self {
        let known = |name: &str| STORE_OPTIONS.iter().any(|definition| definition.name == name);
        StoreOptions(options.into_iter().filter(|(name, _)| known(name)).collect())
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
