//! String functions. Positions and lengths are in code points unless a function says otherwise.
//!
//! Source of the semantics: Flink 2.3, "System (Built-in) Functions", String Functions.

pub mod affix;
pub mod case;
pub mod characters;
pub mod concat;
pub mod edit;
pub mod position;
pub mod printf;
pub mod split;
pub mod substring;
pub mod utf16;

#[cfg(test)]
mod tests;

use riverrun_core::types::MAX_LENGTH;
use riverrun_core::{DataType, TypeKind};

/// The declared length of a character or binary type.
fn declared_length(data_type: &DataType) -> u32 {
    match data_type.kind {
        TypeKind::Char(length) | TypeKind::Varchar(length) | TypeKind::Binary(length) | TypeKind::Varbinary(length) => {
            length
        }
        _ => MAX_LENGTH,
    }
}

/// VARCHAR of the declared length of an argument: the type of a part of it.
fn varchar_like(data_type: &DataType) -> TypeKind {
    TypeKind::Varchar(declared_length(data_type))
}

/// The byte position of the code point at `index`; the end of the text if it is shorter.
fn byte_of_char(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices().nth(index).map_or(text.len(), |(byte, _)| byte)
}

/// How many code points there are.
fn char_count(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}
