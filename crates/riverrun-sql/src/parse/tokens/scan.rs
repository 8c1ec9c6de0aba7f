//! Where a text's strings, quoted names and comments are, told character by character.

use std::borrow::Cow;

/// Whether the scan of a text is in a string, a quoted name or a comment.
#[derive(Default)]
pub(super) struct Scan {
    /// The quote of the string or name.
    pub(super) quote: Option<char>,
    line_comment: bool,
    block_comment: bool,
    skip: usize,
}

impl Scan {
    pub(super) fn in_comment(&self) -> bool {
        self.line_comment || self.block_comment
    }

    /// Goes past a character, behind which `rest` stands.
    pub(super) fn step(&mut self, c: char, rest: &str) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.line_comment {
            self.line_comment = !matches!(c, '\n' | '\r');
        } else if self.block_comment {
            if c == '*' && rest.starts_with('/') {
                (self.block_comment, self.skip) = (false, 1);
            }
        } else if let Some(quote) = self.quote {
            if c == quote {
                self.quote = None;
            }
        } else if matches!(c, '\'' | '`' | '"') {
            self.quote = Some(c);
        } else if matches!(c, '-' | '/') && rest.starts_with(c) {
            self.line_comment = true;
        } else if c == '/' && rest.starts_with('*') && !rest.starts_with("*+") {
            (self.block_comment, self.skip) = (true, 1);
        }
    }
}

/// The text with `--` for `//` where a comment begins: sqlparser knows only the former. Every place stays what it is.
pub(super) fn comments_with_dashes(text: &str) -> Cow<'_, str> {
    if !text.contains("//") {
        return Cow::Borrowed(text);
    }
    let mut scan = Scan::default();
    let mut dashed = String::with_capacity(text.len());
    let mut taken = 0;
    for (at, c) in text.char_indices() {
        let before = scan.in_comment();
        scan.step(c, &text[at + c.len_utf8()..]);
        if c == '/' && !before && scan.line_comment {
            dashed.push_str(&text[taken..at]);
            dashed.push_str("--");
            taken = at + 2;
        }
    }
    dashed.push_str(&text[taken..]);
    Cow::Owned(dashed)
}
