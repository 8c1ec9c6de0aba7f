//! SIMILAR TO's patterns, rewritten as regular expressions of Java's.

use super::invalid_escape;
use riverrun_core::{Error, Result};

const SIMILAR_SPECIALS: &str = "[]()|^-+*_%?{}";
const JAVA_SPECIALS: &str = "[]()|^-+*?{}$\\.";
const CLASSES: &[(&str, &str)] = &[
    ("[:ALPHA:]", "\\p{Alpha}"),
    ("[:UPPER:]", "\\p{Upper}"),
    ("[:LOWER:]", "\\p{Lower}"),
    ("[:DIGIT:]", "\\d"),
    ("[:SPACE:]", " "),
    ("[:WHITESPACE:]", "\\s"),
    ("[:ALNUM:]", "\\p{Alnum}"),
];

/// The pattern as Java would have it.
///
/// As in Flink `.`, `^` and groups mean what they mean to Java, `$` and `\` are plain characters.
pub fn to_java(pattern: &str, escape: Option<char>) -> Result<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut java = String::with_capacity(pattern.len() * 2);
    let mut in_class = false;
    let mut position = 0;
    while let Some(&c) = chars.get(position) {
        position += 1;
        if Some(c) == escape {
            match chars.get(position) {
                Some(&next) if SIMILAR_SPECIALS.contains(next) || Some(next) == escape => {
                    if JAVA_SPECIALS.contains(next) {
                        java.push('\\');
                    }
                    java.push(next);
                    position += 1;
                }
                _ => return Err(invalid_escape(pattern, position - 1)),
            }
            continue;
        }
        match c {
            '[' if in_class => {
                let rest: String = chars[position - 1..].iter().collect();
                let upper = rest.to_ascii_uppercase();
                let Some((name, class)) = CLASSES.iter().find(|(name, _)| upper.starts_with(name)) else {
                    return Err(invalid(pattern, position - 1, "a '[' within brackets begins a class like [:ALPHA:]"));
                };
                java.push_str(class);
                position += name.len() - 1;
            }
            '[' => {
                in_class = true;
                java.push('[');
            }
            ']' if in_class => {
                in_class = false;
                java.push(']');
            }
            ']' => return Err(invalid(pattern, position - 1, "a ']' closes nothing")),
            '\\' => java.push_str("\\\\"),
            '$' => java.push_str("\\$"),
            '&' if in_class => java.push_str("\\&"),
            c if in_class => java.push(c),
            '_' => java.push('.'),
            '%' => java.push_str("(?s:.*)"),
            c => java.push(c),
        }
    }
    if in_class {
        return Err(invalid(pattern, chars.len(), "a '[' is not closed"));
    }
    Ok(java)
}

fn invalid(pattern: &str, position: usize, why: &str) -> Error {
    Error::failure(format!("the pattern '{pattern}' is wrong at position {}", position + 1)).detail(why)
}
