//! USE.

use super::cursor::Cursor;
use super::errors::HINT;
use super::statement::StatementKind;
use super::statements::Parsed;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// Reads USE.
pub(super) fn use_object(parser: &mut Parser<'_>) -> Parsed<StatementKind> {
    parser.next_token();
    if parser.accept("CATALOG") {
        return Ok(StatementKind::UseCatalog(parser.name_part("a catalog's name")?));
    }
    if parser.accept("MODULES") {
        return modules(parser);
    }
    Ok(StatementKind::UseDatabase(parser.name("a database's name")?))
}

/// The modules of USE MODULES: core, and no other.
fn modules(parser: &mut Parser<'_>) -> Parsed<StatementKind> {
    let mut used = false;
    loop {
        let module = parser.name_part("a module's name")?;
        let wrong = match module.value.as_str() {
            "core" if used => "the module 'core' is named twice".to_owned(),
            "core" => String::new(),
            other => format!("there is no module '{other}'"),
        };
        if !wrong.is_empty() {
            let message = format!("{wrong}{HINT}core is the only one, the built-in functions");
            return Err(parser.message_place(&message, module.place));
        }
        used = true;
        if !parser.consume_token(&Token::Comma) {
            return Ok(StatementKind::UseModules);
        }
    }
}
