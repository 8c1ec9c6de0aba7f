//! `{fn UCASE(x)}`: a call under the name that JDBC gives the function.

use sqlparser::ast::{Expr, FunctionArguments, Ident, ObjectName};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// The functions that have another name here.
const NAMES: &[(&str, &str)] =
    &[("UCASE", "UPPER"), ("LCASE", "LOWER"), ("LENGTH", "CHAR_LENGTH"), ("INSERT", "OVERLAY")];

/// Reads `{fn f(…)}`, of which both the brace and `fn` are still to be skipped.
pub(super) fn call(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    parser.advance_token();
    parser.advance_token();
    let mut called = parser.parse_prefix()?;
    if let Expr::Function(function) = &mut called
        && let [part] = function.name.0.as_slice()
        && let Some(ident) = part.as_ident()
        && let Some((_, name)) = NAMES.iter().find(|(known, _)| ident.value.eq_ignore_ascii_case(known))
    {
        function.name = ObjectName::from(vec![Ident::with_span(ident.span, *name)]);
        if *name == "OVERLAY"
            && let FunctionArguments::List(list) = &mut function.args
            && list.args.len() == 4
        {
            // INSERT takes what it puts in last, OVERLAY right behind the string.
            list.args[1..].rotate_right(1);
        }
    }
    parser.expect_token(&Token::RBrace)?;
    Ok(called)
}
