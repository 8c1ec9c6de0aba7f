//! URL_ENCODE, URL_DECODE, PARSE_URL.
//!
//! Source of the semantics: `java.net.URLEncoder`, `URLDecoder` and `URL`.

use super::super::kernels::{Accept, accept, kernel, texts};
use super::super::{Argument, FunctionDef, Resolved};
use riverrun_core::{Result, TypeKind};

const URL_ENCODE: &str = "URL_ENCODE(string)";
const URL_DECODE: &str = "URL_DECODE(string)";
const PARSE_URL: &str = "PARSE_URL(url, part [, key])";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new("encoding", "URL_ENCODE", URL_ENCODE, "The text in the form of a URL's query.", |_, arguments| {
        resolve_encode(arguments)
    }),
    FunctionDef::new(
        "encoding",
        "URL_DECODE",
        URL_DECODE,
        "The text that stands in the form of a URL's query; NULL if it has a wrong escape.",
        |_, arguments| resolve_decode(arguments),
    ),
    FunctionDef::new(
        "encoding",
        "PARSE_URL",
        PARSE_URL,
        "A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY, USERINFO; of QUERY the value of a key, if given.",
        |_, arguments| resolve_parse(arguments),
    ),
];

fn resolve_encode(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(URL_ENCODE, arguments, &[Accept::Text], 1)?;
    let compute = kernel(URL_ENCODE, |arguments| {
        let text = arguments.text(0)?;
        texts(arguments.rows(), |row, out| {
            for byte in text.get(row)?.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => out.push(char::from(byte)),
                    b' ' => out.push('+'),
                    byte => {
                        out.push('%');
                        super::push_hex(&[byte], b"0123456789ABCDEF", out);
                    }
                }
            }
            Some(())
        })
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute })
}

fn resolve_decode(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(URL_DECODE, arguments, &[Accept::Text], 1)?;
    let compute = kernel(URL_DECODE, |arguments| {
        let text = arguments.text(0)?;
        let mut bytes = Vec::new();
        texts(arguments.rows(), |row, out| {
            bytes.clear();
            decode(text.get(row)?, &mut bytes)?;
            out.push_str(&String::from_utf8_lossy(&bytes));
            Some(())
        })
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute })
}

fn decode(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16).map(|digit| digit as u8);
                digit()? << 4 | digit()?
            }
            byte => byte,
        });
    }
    Some(())
}

fn resolve_parse(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(PARSE_URL, arguments, &[Accept::Text; 3], 2)?;
    let compute = kernel(PARSE_URL, |arguments| {
        let (url, part, key) = (arguments.text(0)?, arguments.text(1)?, arguments.text_opt(2)?);
        // Java gives the protocol in lower case.
        texts(arguments.rows(), |row, out| {
            let url = Url::parse(url.get(row)?)?;
            let part = part.get(row)?;
            match &key {
                Some(key) if part == "QUERY" => out.push_str(query_value(url.query?, key.get(row)?)?),
                Some(_) => return None,
                None if part == "PROTOCOL" => out.push_str(&url.protocol.to_ascii_lowercase()),
                None => out.push_str(url.part(part)?),
            }
            Some(())
        })
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute })
}

/// The value of the first `key=value` of a query.
fn query_value<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

/// The parts of a URL as `java.net.URL` has them, as they are written.
struct Url<'a> {
    protocol: &'a str,
    authority: Option<&'a str>,
    file: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    reference: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// `None` for what Java's URL refuses: an unknown protocol, or a wrong port.
    fn parse(text: &'a str) -> Option<Url<'a>> {
        let text = text.trim_matches(|c: char| c <= ' ');
        let (protocol, rest) = text.split_once(':')?;
        if !["http", "https", "ftp", "file", "jar", "mailto"].iter().any(|known| known.eq_ignore_ascii_case(protocol)) {
            return None;
        }
        let (rest, reference) = match rest.split_once('#') {
            Some((rest, reference)) => (rest, Some(reference)),
            None => (rest, None),
        };
        let (authority, file) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                (Some(&rest[..end]), &rest[end..])
            }
            None => (None, rest),
        };
        if let Some(authority) = authority {
            let port = host_and_port(authority).1;
            if !port.is_empty() && port.parse::<i32>().ok().is_none_or(|port| port < -1) {
                return None;
            }
        }
        let (path, query) = match file.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (file, None),
        };
        Some(Url { protocol, authority, file, path, query, reference })
    }

    fn part(&self, name: &str) -> Option<&'a str> {
        match name {
            "HOST" => Some(self.authority.map_or("", |authority| host_and_port(authority).0)),
            "PATH" => Some(self.path),
            "QUERY" => self.query,
            "REF" => self.reference,
            "FILE" => Some(self.file),
            "AUTHORITY" => self.authority,
            "USERINFO" => self.authority?.rsplit_once('@').map(|(user, _)| user),
            _ => None,
        }
    }
}

/// The host, an IPv6 address with its brackets, and the port's digits.
fn host_and_port(authority: &str) -> (&str, &str) {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let after_brackets = host.rfind(']').map_or(0, |bracket| bracket + 1);
    match host[after_brackets..].split_once(':') {
        Some((name, port)) => (&host[..after_brackets + name.len()], port),
        None => (host, ""),
    }
}
