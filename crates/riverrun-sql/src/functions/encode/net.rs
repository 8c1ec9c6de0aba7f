//! INET_ATON and INET_NTOA: IPv4 addresses as numbers.

use super::super::kernels::{Accept, accept, kernel, primitives, texts};
use super::super::{Argument, FunctionDef, Resolved};
use arrow::datatypes::Int64Type;
use riverrun_core::{Result, TypeKind};
use std::fmt::Write;
use std::net::Ipv4Addr;

const INET_ATON: &str = "INET_ATON(string)";
const INET_NTOA: &str = "INET_NTOA(integer)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "encoding",
        "INET_ATON",
        INET_ATON,
        "The number of an IPv4 address, also of a short form such as 127.1; NULL if it is none.",
        |_, arguments| resolve_aton(arguments),
    ),
    FunctionDef::new("encoding", "INET_NTOA", INET_NTOA, "The IPv4 address of a number.", |_, arguments| {
        resolve_ntoa(arguments)
    }),
];

fn resolve_aton(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(INET_ATON, arguments, &[Accept::Text], 1)?;
    let compute = kernel(INET_ATON, |arguments| {
        let text = arguments.text(0)?;
        Ok(primitives::<Int64Type>(arguments.rows(), |row| aton(text.get(row)?)))
    });
    Ok(Resolved { parameters, returns: TypeKind::BigInt.nullable(), kernel: compute })
}

/// In a short form the last number is the last byte, and zeros stand before it: 127.1 is 127.0.0.1.
fn aton(text: &str) -> Option<i64> {
    let mut bytes = [0u8; 4];
    let mut count = 0;
    for part in text.split('.') {
        if part.is_empty() || part.len() > 10 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *bytes.get_mut(count)? = part.parse().ok()?;
        count += 1;
    }
    if count < 4 {
        bytes[3] = std::mem::take(&mut bytes[count - 1]);
    }
    Some(i64::from(u32::from_be_bytes(bytes)))
}

fn resolve_ntoa(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(INET_NTOA, arguments, &[Accept::Long], 1)?;
    let compute = kernel(INET_NTOA, |arguments| {
        let number = arguments.long(0)?;
        texts(arguments.rows(), |row, out| {
            let number = u32::try_from(number.get(row)?).ok()?;
            write!(out, "{}", Ipv4Addr::from(number)).ok()
        })
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute })
}
