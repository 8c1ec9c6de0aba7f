//! REGEXP and the REGEXP_… functions. An invalid pattern gives NULL (FALSE for REGEXP), as in Flink.

use super::super::kernels::{Accept, Arguments, accept, any_nullable, booleans, kernel, primitives, slices, texts};
use super::super::string::utf16;
use super::super::{Argument, FunctionDef, Resolved};
use super::Patterns;
use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use arrow::datatypes::Int32Type;
use riverrun_core::{Result, TypeKind};
use std::sync::Arc;

const REGEXP: &str = "REGEXP(string, pattern)";
const REGEXP_COUNT: &str = "REGEXP_COUNT(string, pattern)";
const REGEXP_INSTR: &str = "REGEXP_INSTR(string, pattern)";
const REGEXP_SUBSTR: &str = "REGEXP_SUBSTR(string, pattern)";
const REGEXP_EXTRACT: &str = "REGEXP_EXTRACT(string, pattern [, group])";
const REGEXP_EXTRACT_ALL: &str = "REGEXP_EXTRACT_ALL(string, pattern [, group])";
const REGEXP_REPLACE: &str = "REGEXP_REPLACE(string, pattern, replacement)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "string",
        "REGEXP",
        REGEXP,
        "Whether the pattern matches anywhere in the text; FALSE for an empty or wrong pattern.",
        |_, arguments| resolve_regexp(arguments),
    ),
    FunctionDef::new("string", "REGEXP_COUNT", REGEXP_COUNT, "How often the pattern matches.", |_, arguments| {
        resolve_count(arguments)
    }),
    FunctionDef::new(
        "string",
        "REGEXP_INSTR",
        REGEXP_INSTR,
        "Where the first match begins, from 1 in UTF-16 units; 0 if nothing matches.",
        |_, arguments| resolve_instr(arguments),
    ),
    FunctionDef::new("string", "REGEXP_SUBSTR", REGEXP_SUBSTR, "The first match.", |_, arguments| {
        resolve_substr(arguments)
    }),
    FunctionDef::new(
        "string",
        "REGEXP_EXTRACT",
        REGEXP_EXTRACT,
        "A group of the first match; by default group 0, the whole match.",
        |_, arguments| resolve_extract(arguments),
    ),
    FunctionDef::new(
        "string",
        "REGEXP_EXTRACT_ALL",
        REGEXP_EXTRACT_ALL,
        "A group of every match; by default group 1.",
        |_, arguments| resolve_extract_all(arguments),
    ),
    FunctionDef::new(
        "string",
        "REGEXP_REPLACE",
        REGEXP_REPLACE,
        "The text with every match replaced; the replacement is taken literally.",
        |_, arguments| resolve_replace(arguments),
    ),
];

fn two_texts(syntax: &str, arguments: &[Argument<'_>]) -> Result<Vec<riverrun_core::DataType>> {
    accept(syntax, arguments, &[Accept::Text; 2], 2)
}

fn resolve_regexp(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = two_texts(REGEXP, arguments)?;
    let returns = TypeKind::Boolean.with_nullable(any_nullable(arguments));
    let patterns = Patterns::of(arguments.get(1));
    let compute = kernel(REGEXP, move |arguments| {
        let (text, pattern) = (arguments.text(0)?, arguments.text(1)?);
        let mut cache = patterns.cache();
        Ok(booleans(arguments.rows(), |row| {
            let (text, pattern) = (text.get(row)?, pattern.get(row)?);
            Some(!pattern.is_empty() && cache.get(pattern).is_ok_and(|regex| regex.is_match(text)))
        }))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_count(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = two_texts(REGEXP_COUNT, arguments)?;
    let patterns = Patterns::of(arguments.get(1));
    let compute = kernel(REGEXP_COUNT, move |arguments| {
        let (text, pattern) = (arguments.text(0)?, arguments.text(1)?);
        let mut cache = patterns.cache();
        Ok(primitives::<Int32Type>(arguments.rows(), |row| {
            let text = text.get(row)?;
            Some(cache.get(pattern.get(row)?).ok()?.find_all(text).count() as i32)
        }))
    });
    Ok(Resolved { parameters, returns: TypeKind::Int.nullable(), kernel: compute })
}

fn resolve_instr(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = two_texts(REGEXP_INSTR, arguments)?;
    let patterns = Patterns::of(arguments.get(1));
    let compute = kernel(REGEXP_INSTR, move |arguments| {
        let (text, pattern) = (arguments.text(0)?, arguments.text(1)?);
        let mut cache = patterns.cache();
        Ok(primitives::<Int32Type>(arguments.rows(), |row| {
            let text = text.get(row)?;
            let found = cache.get(pattern.get(row)?).ok()?.find(text);
            Some(found.map_or(0, |found| utf16::length(&text[..found.start]) as i32 + 1))
        }))
    });
    Ok(Resolved { parameters, returns: TypeKind::Int.nullable(), kernel: compute })
}

fn resolve_substr(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = two_texts(REGEXP_SUBSTR, arguments)?;
    let patterns = Patterns::of(arguments.get(1));
    let compute = kernel(REGEXP_SUBSTR, move |arguments| {
        let (text, pattern) = (arguments.text(0)?, arguments.text(1)?);
        let mut cache = patterns.cache();
        Ok(slices(arguments.rows(), |row| {
            let text = text.get(row)?;
            cache.group(pattern.get(row)?, text, 0)
        }))
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute })
}

fn resolve_extract(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(REGEXP_EXTRACT, arguments, &[Accept::Text, Accept::Text, Accept::Int], 2)?;
    let patterns = Patterns::of(arguments.get(1));
    let compute = kernel(REGEXP_EXTRACT, move |arguments| {
        let (text, pattern, group) = (arguments.text(0)?, arguments.text(1)?, arguments.int_opt(2)?);
        let mut cache = patterns.cache();
        Ok(slices(arguments.rows(), |row| {
            let group = group.as_ref().map_or(Some(0), |group| group.get(row))?;
            let text = text.get(row)?;
            cache.group(pattern.get(row)?, text, usize::try_from(group).ok()?)
        }))
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute })
}

fn resolve_extract_all(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(REGEXP_EXTRACT_ALL, arguments, &[Accept::Text, Accept::Text, Accept::Int], 2)?;
    let patterns = Patterns::of(arguments.get(1));
    let returns = TypeKind::Array(Box::new(TypeKind::STRING.nullable())).nullable();
    let compute = kernel(REGEXP_EXTRACT_ALL, move |arguments| extract_all(arguments, &patterns));
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn extract_all(arguments: &Arguments, patterns: &Patterns) -> Result<ArrayRef> {
    let (text, pattern, group) = (arguments.text(0)?, arguments.text(1)?, arguments.int_opt(2)?);
    let mut cache = patterns.cache();
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..arguments.rows() {
        let group = group.as_ref().map_or(Some(1), |group| group.get(row));
        let found = match (text.get(row), pattern.get(row), group) {
            (Some(text), Some(pattern), Some(group)) => cache.get(pattern).ok().and_then(|regex| {
                let group = usize::try_from(group).ok().filter(|group| *group <= regex.groups())?;
                Some(regex.group_of_all(text, group))
            }),
            _ => None,
        };
        match found {
            Some(found) => {
                found.for_each(|part| lists.values().append_option(part));
                lists.append(true);
            }
            None => lists.append_null(),
        }
    }
    Ok(Arc::new(lists.finish()))
}

fn resolve_replace(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(REGEXP_REPLACE, arguments, &[Accept::Text; 3], 3)?;
    let patterns = Patterns::of(arguments.get(1));
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(REGEXP_REPLACE, move |arguments| {
        let (text, pattern, replacement) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
        let mut cache = patterns.cache();
        texts(arguments.rows(), |row, out| {
            let (text, replacement) = (text.get(row)?, replacement.get(row)?);
            let regex = cache.get(pattern.get(row)?).ok()?;
            let mut rest = 0;
            for found in regex.find_all(text) {
                out.push_str(&text[rest..found.start]);
                out.push_str(replacement);
                rest = found.end;
            }
            out.push_str(&text[rest..]);
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}
