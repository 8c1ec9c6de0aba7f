//! UPPER, LOWER, INITCAP.

use super::super::kernels::{Accept, accept, any_nullable, kernel, texts};
use super::super::{Argument, FunctionDef, Resolved};
use riverrun_core::Result;

const UPPER: &str = "UPPER(string)";
const LOWER: &str = "LOWER(string)";
const INITCAP: &str = "INITCAP(string)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new("string", "UPPER", UPPER, "The text in upper case.", |_, arguments| {
        resolve(UPPER, arguments, upper)
    }),
    FunctionDef::new("string", "LOWER", LOWER, "The text in lower case.", |_, arguments| {
        resolve(LOWER, arguments, lower)
    }),
    FunctionDef::new(
        "string",
        "INITCAP",
        INITCAP,
        "Each word of ASCII letters and digits with its first letter in upper case and the others in lower case.",
        |_, arguments| resolve(INITCAP, arguments, initcap),
    ),
];

fn resolve(syntax: &'static str, arguments: &[Argument<'_>], change: fn(&str, &mut String)) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::Text], 1)?;
    let returns = parameters[0].with_nullable(any_nullable(arguments));
    let compute = kernel(syntax, move |arguments| {
        let text = arguments.text(0)?;
        texts(arguments.rows(), |row, out| {
            change(text.get(row)?, out);
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn upper(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_uppercase();
    } else {
        out.push_str(&text.to_uppercase());
    }
}

fn lower(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_lowercase();
    } else {
        out.push_str(&text.to_lowercase());
    }
}

/// Whatever is no ASCII letter or digit ends a word: `héllo` → `HéLlo`.
fn initcap(text: &str, out: &mut String) {
    let mut in_word = false;
    for c in text.chars() {
        out.push(if in_word { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() });
        in_word = c.is_ascii_alphanumeric();
    }
}
