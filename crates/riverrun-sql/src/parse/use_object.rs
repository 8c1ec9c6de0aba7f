//! USE, LOAD and UNLOAD of modules, ADD and REMOVE of JARs.

use super::cursor::{self, Cursor};
use super::errors::HINT;
use super::statement::{NamePart, StatementKind};
use super::statements::{Parsed, options};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

const ONLY_CORE: &str = "core is the only one, the built-in functions";

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

/// Reads LOAD MODULE; options have no meaning for core.
pub(super) fn load(parser: &mut Parser<'_>) -> Parsed<StatementKind> {
    parser.next_token();
    parser.expect_word("MODULE")?;
    let module = module(parser)?;
    if parser.accept("WITH") {
        options(parser)?;
    }
    Ok(StatementKind::LoadModule(module))
}

/// Reads UNLOAD MODULE.
pub(super) fn unload(parser: &mut Parser<'_>) -> Parsed<StatementKind> {
    parser.next_token();
    parser.expect_word("MODULE")?;
    Ok(StatementKind::UnloadModule(module(parser)?))
}

/// Reads ADD JAR and REMOVE JAR, whose paths are texts.
pub(super) fn jar(parser: &mut Parser<'_>, kind: fn(NamePart) -> StatementKind) -> Parsed<StatementKind> {
    parser.next_token();
    parser.expect_word("JAR")?;
    let path = parser.next_token();
    match &path.token {
        Token::SingleQuotedString(text) => Ok(kind(NamePart { value: text.clone(), place: cursor::place(&path) })),
        _ => Err(parser.expected_here("a path in quotes", &path)),
    }
}

/// The modules of USE MODULES: core, and no other.
fn modules(parser: &mut Parser<'_>) -> Parsed<StatementKind> {
    let used = module(parser)?;
    if parser.consume_token(&Token::Comma) {
        let twice = module(parser)?;
        let message = format!("the module '{twice}' is named twice{HINT}{ONLY_CORE}");
        return Err(parser.message_place(&message, twice.place));
    }
    Ok(StatementKind::UseModules(used))
}

fn module(parser: &mut Parser<'_>) -> Parsed<NamePart> {
    let module = parser.name_part("a module's name")?;
    if module.value != "core" {
        let message = format!("there is no module '{module}'{HINT}{ONLY_CORE}");
        return Err(parser.message_place(&message, module.place));
    }
    Ok(module)
}
