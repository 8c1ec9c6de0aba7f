//! MD5, SHA1, SHA224, SHA256, SHA384, SHA512, SHA2.

use super::super::kernels::{Accept, accept, any_nullable, kernel, texts, try_texts};
use super::super::{Argument, FunctionDef, Resolved};
use super::{ByteColumn, push_hex};
use md5::Md5;
use riverrun_core::{Error, Result, TypeKind};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

const DIGITS: &[u8; 16] = b"0123456789abcdef";
const SHA2: &str = "SHA2(string, bits)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new("hash", "MD5", "MD5(string)", "The MD5 hash in 32 hexadecimal digits.", |_, arguments| {
        resolve::<Md5>("MD5(string)", arguments)
    }),
    FunctionDef::new("hash", "SHA1", "SHA1(string)", "The SHA-1 hash in 40 hexadecimal digits.", |_, arguments| {
        resolve::<Sha1>("SHA1(string)", arguments)
    }),
    FunctionDef::new(
        "hash",
        "SHA224",
        "SHA224(string)",
        "The SHA-224 hash in 56 hexadecimal digits.",
        |_, arguments| resolve::<Sha224>("SHA224(string)", arguments),
    ),
    FunctionDef::new(
        "hash",
        "SHA256",
        "SHA256(string)",
        "The SHA-256 hash in 64 hexadecimal digits.",
        |_, arguments| resolve::<Sha256>("SHA256(string)", arguments),
    ),
    FunctionDef::new(
        "hash",
        "SHA384",
        "SHA384(string)",
        "The SHA-384 hash in 96 hexadecimal digits.",
        |_, arguments| resolve::<Sha384>("SHA384(string)", arguments),
    ),
    FunctionDef::new(
        "hash",
        "SHA512",
        "SHA512(string)",
        "The SHA-512 hash in 128 hexadecimal digits.",
        |_, arguments| resolve::<Sha512>("SHA512(string)", arguments),
    ),
    FunctionDef::new("hash", "SHA2", SHA2, "The SHA-2 hash of 224, 256, 384 or 512 bits.", |_, arguments| {
        resolve_sha2(arguments)
    }),
];

fn push_hash<D: Digest>(bytes: &[u8], out: &mut String) {
    push_hex(&D::digest(bytes), DIGITS, out);
}

fn resolve<D: Digest>(syntax: &'static str, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::TextOrBytes], 1)?;
    let digits = <D as Digest>::output_size() as u32 * 2;
    let returns = TypeKind::Char(digits).with_nullable(any_nullable(arguments));
    let compute = kernel(syntax, |arguments| {
        let bytes = ByteColumn::new(arguments, 0)?;
        texts(arguments.rows(), |row, out| {
            push_hash::<D>(bytes.get(row)?, out);
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_sha2(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(SHA2, arguments, &[Accept::TextOrBytes, Accept::Int], 2)?;
    let returns = TypeKind::Varchar(128).with_nullable(any_nullable(arguments));
    let compute = kernel(SHA2, |arguments| {
        let (bytes, bits) = (ByteColumn::new(arguments, 0)?, arguments.int(1)?);
        try_texts(arguments.rows(), |row, out| {
            let (Some(bytes), Some(bits)) = (bytes.get(row), bits.get(row)) else { return Ok(None) };
            match bits {
                224 => push_hash::<Sha224>(bytes, out),
                256 => push_hash::<Sha256>(bytes, out),
                384 => push_hash::<Sha384>(bytes, out),
                512 => push_hash::<Sha512>(bytes, out),
                bits => {
                    return Err(Error::failure(format!("SHA2 has no hash of {bits} bits"))
                        .hint("there are 224, 256, 384 and 512"));
                }
            }
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}
