//! What an object store's refusals mean, for a person.

use super::super::store_options::{S3_ENDPOINT, S3_REGION};
use object_store::Error as Refusal;
use riverrun_core::Error;
use std::error::Error as _;

/// Whom requests go to.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) bucket: String,
    /// Absent: Amazon's.
    pub(super) endpoint: Option<String>,
}

/// Whether there is no object of that name, in a bucket that there is.
pub(super) fn is_absent(refusal: &Refusal) -> bool {
    // Of a bucket that is not there the answer is the same but for its code.
    matches!(refusal, Refusal::NotFound { .. })
        && matches!(element(&whole(refusal), "Code").as_deref(), None | Some("NoSuchKey" | "NotFound"))
}

/// An error with all that caused it.
fn whole(refusal: &Refusal) -> String {
    let mut text = refusal.to_string();
    let mut source = refusal.source();
    while let Some(error) = source {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = error.source();
    }
    text
}

/// The innermost cause.
fn innermost(refusal: &Refusal) -> String {
    let mut cause: &dyn std::error::Error = refusal;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The text of an element in a server's XML.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
}

impl Trouble {
    fn server(&self) -> &str {
        self.endpoint.as_deref().unwrap_or("Amazon S3")
    }

    /// What went wrong when `what` (a verb) was to be done with `place`.
    pub(super) fn explain(&self, refusal: &Refusal, what: &str, place: &str) -> Error {
        let text = whole(refusal);
        let failed = Error::failure(format!("cannot {what} {place}"));
        let keys = "s3.access-key and s3.secret-key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        let (code, message) = (element(&text, "Code"), element(&text, "Message"));
        let said = || match (&code, &message) {
            (Some(code), Some(message)) => format!("{} says {code}: {message}", self.server()),
            (Some(code), None) => format!("{} says {code}", self.server()),
            _ => format!("{}: {}", self.server(), innermost(refusal)),
        };
        match code.as_deref() {
            Some("NoSuchBucket") => {
                return Error::failure(format!("cannot {what} {place}: there is no bucket {}", self.bucket))
                    .detail(said())
                    .hint(format!(
                        "create it; {} and {} say where it is looked for",
                        S3_ENDPOINT.name, S3_REGION.name
                    ));
            }
            Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "ExpiredToken") => {
                return Error::failure(format!("cannot {what} {place}: the keys are not accepted"))
                    .detail(said())
                    .hint(format!("they come from {keys}"));
            }
            Some(
                "AuthorizationHeaderMalformed"
                | "PermanentRedirect"
                | "TemporaryRedirect"
                | "IllegalLocationConstraintException",
            ) => {
                return Error::failure(format!("cannot {what} {place}: the bucket is in another region"))
                    .detail(said())
                    .hint(format!("set {}", S3_REGION.name));
            }
            _ => {}
        }
        match refusal {
            Refusal::PermissionDenied { .. } | Refusal::Unauthenticated { .. } => {
                Error::failure(format!("cannot {what} {place}: permission denied")).detail(said()).hint(format!(
                    "the user of {keys} needs s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject"
                ))
            }
            _ if text.contains("Missing AccessKeyId") || text.contains("Missing SecretAccessKey") => {
                Error::input(format!("cannot {what} {place}: one of the two keys is missing"))
                    .hint(format!("set {keys}"))
            }
            // What Amazon's machines ask for their role; elsewhere nobody answers.
            _ if text.contains("169.254.") => Error::failure(format!("cannot {what} {place}: there are no keys"))
                .detail("and this machine has no role that gives some")
                .hint(format!("set {keys}")),
            _ if text.contains("without LOCATION") => {
                Error::failure(format!("cannot {what} {place}: the bucket is in another region"))
                    .hint(format!("set {}", S3_REGION.name))
            }
            _ if code.is_none() && text.contains("HTTP error") => {
                Error::failure(format!("cannot {what} {place}: no answer from {}", self.server()))
                    .detail(innermost(refusal))
                    .hint(format!("is {} right, and does the server run?", S3_ENDPOINT.name))
            }
            _ if code.is_none() => Error::failure(format!(
                "cannot {what} {place}: {} does not answer as an object store does",
                self.server()
            ))
            .detail(shorten(&innermost(refusal)))
            .hint(format!("is {} right?", S3_ENDPOINT.name)),
            _ => failed.detail(said()),
        }
    }
}

/// The first line, if it is not too long: a web server answers with a page.
fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(200).collect()
}
