//! SPLIT, SPLIT_INDEX, STR_TO_MAP.

use super::super::kernels::{Accept, Arguments, accept, any_nullable, kernel, slices};
use super::super::regex::{JavaRegex, Patterns};
use super::super::{Argument, FunctionDef, Resolved};
use arrow::array::{ArrayRef, ListBuilder, MapBuilder, MapFieldNames, StringBuilder};
use riverrun_core::hash_order::{self, string_hash};
use riverrun_core::{Result, TypeKind};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

const SPLIT: &str = "SPLIT(string, separator)";
const SPLIT_INDEX: &str = "SPLIT_INDEX(string, separator, index)";
const STR_TO_MAP: &str = "STR_TO_MAP(string [, entry separator, value separator])";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "string",
        "SPLIT",
        SPLIT,
        "The parts of the text between separators; with an empty separator its characters.",
        |_, arguments| resolve_split(arguments),
    ),
    FunctionDef::new(
        "string",
        "SPLIT_INDEX",
        SPLIT_INDEX,
        "The part of the text at an index, from 0, between separators (texts, or the code of a character).",
        |_, arguments| resolve_split_index(arguments),
    ),
    FunctionDef::new(
        "string",
        "STR_TO_MAP",
        STR_TO_MAP,
        "The map that a text like `a=1,b=2` says, sorted by key; the separators are regular expressions.",
        |_, arguments| resolve_str_to_map(arguments),
    ),
];

fn resolve_split(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(SPLIT, arguments, &[Accept::Text; 2], 2)?;
    let returns = TypeKind::Array(Box::new(TypeKind::STRING.nullable())).with_nullable(any_nullable(arguments));
    let compute = kernel(SPLIT, |arguments| {
        let (text, separator) = (arguments.text(0)?, arguments.text(1)?);
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in 0..arguments.rows() {
            let (Some(text), Some(separator)) = (text.get(row), separator.get(row)) else {
                lists.append_null();
                continue;
            };
            if separator.is_empty() {
                let mut encoded = [0; 4];
                text.chars().for_each(|c| lists.values().append_value(c.encode_utf8(&mut encoded)));
            } else if !text.is_empty() {
                text.split(separator).for_each(|part| lists.values().append_value(part));
            }
            lists.append(true);
        }
        Ok(Arc::new(lists.finish()) as ArrayRef)
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_split_index(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let by_code = arguments.get(1).is_some_and(|separator| separator.data_type.kind.is_integer());
    let separator = if by_code { Accept::Int } else { Accept::Text };
    let parameters = accept(SPLIT_INDEX, arguments, &[Accept::Text, separator, Accept::Int], 3)?;
    let compute = kernel(
        SPLIT_INDEX,
        move |arguments| if by_code { split_index_by_code(arguments) } else { split_index(arguments) },
    );
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute })
}

fn split_index(arguments: &Arguments) -> Result<ArrayRef> {
    let (text, separator, index) = (arguments.text(0)?, arguments.text(1)?, arguments.int(2)?);
    Ok(slices(arguments.rows(), |row| part_at(text.get(row)?, separator.get(row)?, index.get(row)?)))
}

fn split_index_by_code(arguments: &Arguments) -> Result<ArrayRef> {
    let (text, code, index) = (arguments.text(0)?, arguments.int(1)?, arguments.int(2)?);
    let mut encoded = [0; 4];
    Ok(slices(arguments.rows(), |row| {
        let separator = u8::try_from(code.get(row)?).ok()?;
        part_at(text.get(row)?, char::from(separator).encode_utf8(&mut encoded), index.get(row)?)
    }))
}

/// An empty separator splits at single white space, as in Flink.
fn part_at<'a>(text: &'a str, separator: &str, index: i32) -> Option<&'a str> {
    let index = usize::try_from(index).ok()?;
    if text.is_empty() {
        return None;
    }
    match separator.as_bytes() {
        [] => text.split(char::is_whitespace).nth(index),
        // Most often it is one character, which is found many bytes at a time.
        [byte] => {
            let mut ends = memchr::memchr_iter(*byte, text.as_bytes());
            let start = match index.checked_sub(1) {
                None => 0,
                Some(before) => ends.nth(before)? + 1,
            };
            Some(&text[start..ends.next().unwrap_or(text.len())])
        }
        _ => text.split(separator).nth(index),
    }
}

fn resolve_str_to_map(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(STR_TO_MAP, arguments, &[Accept::Text; 3], 1)?;
    let string = || Box::new(TypeKind::STRING.nullable());
    let (entries, values) = (Patterns::of(arguments.get(1)), Patterns::of(arguments.get(2)));
    let compute = kernel(STR_TO_MAP, move |arguments| str_to_map(arguments, &entries, &values));
    Ok(Resolved { parameters, returns: TypeKind::Map(string(), string()).nullable(), kernel: compute })
}

fn str_to_map(arguments: &Arguments, entry_patterns: &Patterns, value_patterns: &Patterns) -> Result<ArrayRef> {
    let text = arguments.text(0)?;
    let (entry_separator, value_separator) = (arguments.text_opt(1)?, arguments.text_opt(2)?);
    let (mut entry_cache, mut value_cache) = (entry_patterns.cache(), value_patterns.cache());
    let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
    let mut maps = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in 0..arguments.rows() {
        let separators = (
            entry_separator.as_ref().map_or(Some(","), |separator| separator.get(row)),
            value_separator.as_ref().map_or(Some("="), |separator| separator.get(row)),
        );
        let (Some(text), (Some(entry_separator), Some(value_separator))) = (text.get(row), separators) else {
            maps.append(false)?;
            continue;
        };
        let entry_pattern = entry_cache.get(entry_separator)?;
        let value_pattern = value_cache.get(value_separator)?;
        for (key, value) in entries(text, entry_pattern, value_pattern) {
            maps.keys().append_value(key);
            maps.values().append_option(value);
        }
        maps.append(true)?;
    }
    Ok(Arc::new(maps.finish()))
}

/// Empty entries at the end are dropped, as by Java's `split`; of equal keys the last counts. They stand as in a hash table.
fn entries<'a>(text: &'a str, separator: &JavaRegex, values: &JavaRegex) -> Vec<(&'a str, Option<&'a str>)> {
    let mut entries: Vec<(&str, Option<&str>)> = Vec::new();
    if text.is_empty() {
        return entries;
    }
    let mut parts = Vec::new();
    let mut rest = 0;
    for found in separator.find_all(text) {
        // A match of nothing at the start makes no empty part before it.
        if found.end > 0 {
            parts.push(&text[rest..found.start]);
            rest = found.end;
        }
    }
    parts.push(&text[rest..]);
    while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    // The table begins with room for all of them.
    let pairs = parts.len();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for part in parts {
        let (key, value) = match values.find(part) {
            Some(found) if found.end > 0 => (&part[..found.start], Some(&part[found.end..])),
            _ => (part, None),
        };
        match places.entry(key) {
            Entry::Occupied(place) => entries[*place.get()] = (key, value),
            Entry::Vacant(place) => {
                place.insert(entries.len());
                entries.push((key, value));
            }
        }
    }
    hash_order::sort(&mut entries, pairs, |(key, _)| string_hash(key));
    entries
}
