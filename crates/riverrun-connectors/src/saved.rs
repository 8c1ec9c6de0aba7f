//! What readers and writers leave in checkpoints: the version of its form, and behind it JSON.

use riverrun_core::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// As bytes.
pub(crate) fn encode(version: u8, value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = vec![version];
    serde_json::to_writer(&mut bytes, value).map_err(|error| Error::bug(error.to_string()))?;
    Ok(bytes)
}

/// From bytes; `what` they are the state of.
pub(crate) fn decode<T: DeserializeOwned>(what: &str, version: u8, bytes: &[u8]) -> Result<T> {
    match bytes.split_first() {
        Some((found, json)) if *found == version => serde_json::from_slice(json).map_err(|error| {
            Error::failure(format!("the state of {what} in the checkpoint is damaged")).detail(error.to_string())
        }),
        _ => Err(Error::failure(format!("the state of {what} in the checkpoint was written by another version"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_read_is_said() {
        let read = |bytes: &[u8]| decode::<(String, u64)>("a source", 2, bytes);
        assert_eq!(read(&encode(2, &("a", 7)).unwrap()).unwrap(), ("a".to_owned(), 7));
        for other in [&[][..], &encode(1, &("a", 7)).unwrap()] {
            let error = read(other).unwrap_err();
            assert_eq!(error.message(), "the state of a source in the checkpoint was written by another version");
        }
        let error = read(b"\x02[\"a\"").unwrap_err();
        assert_eq!(error.message(), "the state of a source in the checkpoint is damaged");
        assert_eq!(error.detail_text(), Some("EOF while parsing a list at line 1 column 4"));
    }
}
