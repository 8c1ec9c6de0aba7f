//! PARSE_JSON, TRY_PARSE_JSON, and access to the parts of a VARIANT.

use super::super::kernels::{Accept, accept, any_nullable, kernel, mismatch, try_texts};
use super::super::{Argument, FunctionDef, Resolved, operators};
use super::number::write_variant_number;
use super::parser::{parse, parse_unique};
use super::value::Json;
use riverrun_core::{Error, Result, TypeKind};

const PARSE_JSON: &str = "PARSE_JSON(string [, allow duplicate keys])";
const TRY_PARSE_JSON: &str = "TRY_PARSE_JSON(string [, allow duplicate keys])";
const ITEM: &str = "variant[index or key]";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "json",
        "PARSE_JSON",
        PARSE_JSON,
        "The VARIANT that a JSON text says; other texts fail.",
        |_, arguments| resolve_parse(PARSE_JSON, arguments, false),
    ),
    FunctionDef::new(
        "json",
        "TRY_PARSE_JSON",
        TRY_PARSE_JSON,
        "The VARIANT that a JSON text says; NULL for other texts.",
        |_, arguments| resolve_parse(TRY_PARSE_JSON, arguments, true),
    ),
];

fn resolve_parse(syntax: &'static str, arguments: &[Argument<'_>], try_parse: bool) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::Text, Accept::Boolean], 1)?;
    let returns = TypeKind::Variant.with_nullable(try_parse || any_nullable(arguments));
    let compute = kernel(syntax, move |arguments| {
        let text = arguments.text(0)?;
        let allow_duplicates = (arguments.len() > 1).then(|| arguments.boolean(1)).transpose()?;
        try_texts(arguments.rows(), |row, out| {
            let allow_duplicates = allow_duplicates.as_ref().map_or(Some(false), |allowed| allowed.get(row));
            let (Some(text), Some(allow_duplicates)) = (text.get(row), allow_duplicates) else { return Ok(None) };
            let parsed = if allow_duplicates { parse(text) } else { parse_unique(text) };
            match parsed {
                Ok(value) => value.write_with(&|number, out| write_variant_number(number, out), out),
                Err(_) if try_parse => return Ok(None),
                Err(malformed) => {
                    return Err(Error::failure("the text is no JSON").detail(malformed.to_string()));
                }
            }
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// `variant[index or key]`: a JSON null that stands there is a VARIANT, and not NULL.
pub(in super::super) fn resolve_item(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [variant, index] = arguments else { return Err(mismatch(ITEM, arguments)) };
    let by_key = index.data_type.kind.is_character();
    let accepted = if by_key { Accept::Text } else { Accept::Int };
    let mut parameters = accept(ITEM, &arguments[1..], &[accepted], 1).map_err(|_| mismatch(ITEM, arguments))?;
    parameters.insert(0, variant.data_type.clone());
    let compute = kernel(operators::ITEM, move |arguments| {
        let variant = arguments.text(0)?;
        // One of the two is read, by the type of the index.
        let (key, index) = if by_key { (Some(arguments.text(1)?), None) } else { (None, Some(arguments.int(1)?)) };
        try_texts(arguments.rows(), |row, out| {
            let Some(variant) = variant.get(row) else { return Ok(None) };
            let value = parse(variant).map_err(|_| Error::bug(format!("a VARIANT holds '{variant}'")))?;
            let part = match (&value, &key, &index) {
                (Json::Object(_), Some(key), _) => key.get(row).and_then(|key| value.member(key)),
                (Json::Array(elements), _, Some(index)) => index
                    .get(row)
                    .and_then(|index| usize::try_from(index).ok()?.checked_sub(1))
                    .and_then(|position| elements.get(position)),
                (_, Some(_), _) => {
                    return Err(Error::failure("a key is asked of a VARIANT that is no object").detail(variant));
                }
                _ => return Err(Error::failure("an index is asked of a VARIANT that is no array").detail(variant)),
            };
            let Some(part) = part else { return Ok(None) };
            part.write_with(&|number, out| out.push_str(number), out);
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns: TypeKind::Variant.nullable(), kernel: compute })
}
