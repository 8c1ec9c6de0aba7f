//! Finds the rows of a CSV file: lines, except where a quoted field holds the newline.

use super::Dialect;
use crate::format::Framer;

/// Finds rows.
#[derive(Debug)]
pub struct CsvFramer {
    delimiter: Vec<u8>,
    quote: Option<u8>,
    escape: Option<u8>,
    comments: bool,
    /// How far the row at hand has been looked at.
    looked: usize,
    /// Whether that place stands within quotes.
    quoted: bool,
    /// The place behind the last escaped character: a quote there opens nothing.
    escaped: usize,
}

impl CsvFramer {
    pub(super) fn new(dialect: &Dialect) -> CsvFramer {
        CsvFramer {
            delimiter: dialect.delimiter.clone().into_bytes(),
            quote: dialect.quote,
            escape: dialect.escape,
            comments: dialect.comments,
            looked: 0,
            quoted: false,
            escaped: usize::MAX,
        }
    }

    fn opens(&self, bytes: &[u8], at: usize) -> bool {
        let first = at == 0 || (at == 3 && bytes.starts_with(b"\xef\xbb\xbf"));
        let first = first || (self.comments && bytes[..at].iter().all(|byte| *byte == b' '));
        first || (at != self.escaped && bytes[..at].ends_with(&self.delimiter))
    }

    /// The newline that ends the row, if it is there.
    fn newline(&mut self, bytes: &[u8]) -> Option<usize> {
        // Where there is no quote or escape character, newline stands in for it.
        let quote = self.quote.unwrap_or(b'\n');
        let escape = self.escape.unwrap_or(b'\n');
        let comment = self.comments && bytes.iter().find(|byte| **byte != b' ') == Some(&b'#');
        loop {
            let rest = bytes.get(self.looked..)?;
            let found = if comment {
                memchr::memchr(b'\n', rest)
            } else if self.quoted {
                memchr::memchr2(quote, self.escape.unwrap_or(quote), rest)
            } else {
                memchr::memchr3(b'\n', quote, escape, rest)
            };
            let Some(found) = found else {
                self.looked = bytes.len();
                return None;
            };
            let at = self.looked + found;
            let byte = bytes[at];
            if byte == b'\n' && !self.quoted {
                return Some(at);
            }
            if Some(byte) == self.escape && !(self.quoted && byte == quote) {
                self.looked = at + 2;
                self.escaped = self.looked;
            } else if !self.quoted {
                self.quoted = self.opens(bytes, at);
                self.looked = at + 1;
            } else {
                match bytes.get(at + 1) {
                    Some(&next) if next == quote => self.looked = at + 2,
                    Some(_) => {
                        self.quoted = false;
                        self.looked = at + 1;
                    }
                    // Whether it is doubled shows with the next bytes.
                    None => {
                        self.looked = at;
                        return None;
                    }
                }
            }
        }
    }
}

impl Framer for CsvFramer {
    fn next(&mut self, bytes: &[u8], end: bool) -> Option<(usize, usize)> {
        let (content, next) = match self.newline(bytes) {
            Some(at) => (at, at + 1),
            None if end && !bytes.is_empty() => (bytes.len(), bytes.len()),
            None => return None,
        };
        self.reset();
        let content = if content > 0 && bytes[content - 1] == b'\r' { content - 1 } else { content };
        Some((content, next))
    }

    fn reset(&mut self) {
        self.looked = 0;
        self.quoted = false;
        self.escaped = usize::MAX;
    }

    fn ends_at_newline(&self) -> bool {
        self.quote.is_none() && self.escape.is_none()
    }
}
