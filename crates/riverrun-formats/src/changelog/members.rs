//! Pieces of a JSON text that are looked at without being read: an envelope's members, an array's elements.

use crate::json::scan::{Broken, Scanner};

/// The members of these names as they stand in the text of an object; a missing one and `null` are `None`. Of a name
/// that is given twice the last one counts.
pub fn members<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Result<[Option<&'a str>; N], Broken> {
    let mut found = [None; N];
    let mut buffer = String::new();
    each_member(text, |name, value| {
        let name = name.unescape(&mut buffer)?;
        if let Some(at) = names.iter().position(|known| *known == name) {
            found[at] = (value != "null").then_some(value);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The elements of an array as they stand in its text.
pub fn elements(text: &str) -> Result<Vec<&str>, Broken> {
    let mut scanner = Scanner::new(text);
    scanner.expect(b'[', "an array")?;
    let mut found = Vec::new();
    while scanner.element(found.is_empty())? {
        found.push(value(&mut scanner)?);
    }
    end(&mut scanner)?;
    Ok(found)
}

/// Whether the text of a value is an object.
pub fn is_object(text: &str) -> bool {
    text.starts_with('{')
}

/// The row before an update, of which `old` holds only what has changed: what it lacks is as in `new`.
pub fn before(old: &str, new: &str, out: &mut String) -> Result<(), Broken> {
    out.clear();
    out.push('{');
    let mut changed = Vec::new();
    let mut add = |name: &str, value: &str| {
        if out.len() > 1 {
            out.push(',');
        }
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        out.push_str(value);
    };
    each_member(old, |name, value| {
        add(name.raw, value);
        changed.push(name.raw);
        Ok(())
    })?;
    each_member(new, |name, value| {
        if !changed.contains(&name.raw) {
            add(name.raw, value);
        }
        Ok(())
    })?;
    out.push('}');
    Ok(())
}

fn each_member<'a>(
    text: &'a str,
    mut found: impl FnMut(crate::json::scan::Text<'a>, &'a str) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let mut scanner = Scanner::new(text);
    scanner.expect(b'{', "an object")?;
    let mut first = true;
    while let Some(name) = scanner.member(first)? {
        first = false;
        let value = value(&mut scanner)?;
        found(name, value)?;
    }
    end(&mut scanner)
}

/// Passes a value: its text.
fn value<'a>(scanner: &mut Scanner<'a>) -> Result<&'a str, Broken> {
    scanner.peek();
    let start = scanner.at;
    scanner.skip()?;
    Ok(scanner.since(start))
}

fn end(scanner: &mut Scanner<'_>) -> Result<(), Broken> {
    match scanner.peek() {
        None => Ok(()),
        Some(_) => Err(scanner.broken("the end of the record")),
    }
}
