//! Functions in Java that are known by what they do: those that come with Nexmark, whose events a connector makes.

use crate::functions::user::Signature;
use crate::parse::{CreateFunction, NamePart};
use riverrun_core::Result;

/// A class, its signature, and the expression that gives what it gives.
struct KnownClass {
    name: &'static str,
    signature: &'static str,
    expression: &'static str,
}

const KNOWN: &[KnownClass] = &[KnownClass {
    name: "com.github.nexmark.flink.udf.CountChar",
    signature: "count_char(s STRING, letter STRING) RETURNS BIGINT",
    expression: "COALESCE(CAST(CHAR_LENGTH(s) - CHAR_LENGTH(REPLACE(s, LEFT(letter, 1), '')) AS BIGINT), 0)",
}];

/// The statement with the expression in the place of the class, if the class is known.
pub fn as_expression(create: &CreateFunction) -> Result<Option<CreateFunction>> {
    let in_java = create.language.as_ref().is_none_or(|language| language.value.eq_ignore_ascii_case("JAVA"));
    let class = create.definition.as_ref().filter(|_| in_java && create.parameters.is_none());
    let known = class.and_then(|class| Some((class, KNOWN.iter().find(|known| known.name == class.value)?)));
    let Some((class, known)) = known else { return Ok(None) };
    let signature = Signature::parse(known.signature)?;
    Ok(Some(CreateFunction {
        parameters: Some(signature.parameters),
        returns: Some(signature.returns),
        language: None,
        definition: Some(NamePart { value: known.expression.to_owned(), ..class.clone() }),
        files: Vec::new(),
        ..create.clone()
    }))
}
