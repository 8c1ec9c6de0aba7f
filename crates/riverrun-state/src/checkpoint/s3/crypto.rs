//! Signatures of requests by the system's OpenSSL, which the build needs anyway.

use object_store::client::{CryptoProvider, DigestAlgorithm, DigestContext, HmacContext, Signer, SigningAlgorithm};
use object_store::{Error, Result};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sha::Sha256;

/// OpenSSL's SHA-256.
#[derive(Debug)]
pub(super) struct OpenSsl;

fn failed(error: ErrorStack) -> Error {
    Error::Generic { store: "S3", source: Box::new(error) }
}

fn unknown(what: impl std::fmt::Debug) -> Error {
    Error::NotSupported { source: format!("{what:?}").into() }
}

impl CryptoProvider for OpenSsl {
    fn digest(&self, algorithm: DigestAlgorithm) -> Result<Box<dyn DigestContext>> {
        match algorithm {
            DigestAlgorithm::Sha256 => Ok(Box::new(Digest { state: Sha256::new(), digest: [0; 32] })),
            other => Err(unknown(other)),
        }
    }

    fn hmac(&self, algorithm: DigestAlgorithm, secret: &[u8]) -> Result<Box<dyn HmacContext>> {
        match algorithm {
            DigestAlgorithm::Sha256 => {
                let key = PKey::hmac(secret).map_err(failed)?;
                Ok(Box::new(Hmac { key, message: Vec::new(), digest: Vec::new() }))
            }
            other => Err(unknown(other)),
        }
    }

    fn sign(&self, algorithm: SigningAlgorithm, _pem: &[u8]) -> Result<Box<dyn Signer>> {
        // S3 signs with HMAC only.
        Err(unknown(algorithm))
    }
}

struct Digest {
    state: Sha256,
    digest: [u8; 32],
}

impl DigestContext for Digest {
    fn update(&mut self, data: &[u8]) {
        self.state.update(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.digest = self.state.clone().finish();
        Ok(&self.digest)
    }
}

/// What is signed is short, so it is kept until the end.
struct Hmac {
    key: PKey<Private>,
    message: Vec<u8>,
    digest: Vec<u8>,
}

impl HmacContext for Hmac {
    fn update(&mut self, data: &[u8]) {
        self.message.extend_from_slice(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        let mut signer = openssl::sign::Signer::new(MessageDigest::sha256(), &self.key).map_err(failed)?;
        self.digest = signer.sign_oneshot_to_vec(&self.message).map_err(failed)?;
        Ok(&self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2, and FIPS 180-2's "abc".
    #[test]
    fn known_digests() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut hmac = OpenSsl.hmac(DigestAlgorithm::Sha256, b"Jefe").unwrap();
        hmac.update(b"what do ya want ");
        hmac.update(b"for nothing?");
        assert_eq!(hex(hmac.finish().unwrap()), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let mut digest = OpenSsl.digest(DigestAlgorithm::Sha256).unwrap();
        digest.update(b"abc");
        assert_eq!(hex(digest.finish().unwrap()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
