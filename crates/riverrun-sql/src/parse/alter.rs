//! ALTER of tables, views, catalogs and databases.
//!
//! Source: Flink, "ALTER Statements".

use super::create::{element, unfilled};
use super::cursor::{Cursor, is_word, keyword_of, place};
use super::distribution::distribution;
use super::statement::*;
use super::statements::{Parsed, Reader, expected_word, options};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// Reads ALTER TABLE behind ALTER.
pub(super) fn table(reader: &mut Reader<'_>) -> Parsed<StatementKind> {
    let parser = &mut reader.parser;
    parser.expect_word("TABLE")?;
    let if_exists = parser.accept_all(&["IF", "EXISTS"]);
    let name = parser.name("a table's name")?;
    let token = parser.next_token();
    let change = match keyword_of(&token).as_deref() {
        Some("RENAME") if parser.accept("TO") => TableChange::Rename(parser.name("the table's new name")?),
        Some("RENAME") => {
            let from = parser.name_part("a column's name")?;
            parser.expect_word("TO")?;
            TableChange::RenameColumn(from, parser.name_part("the column's new name")?)
        }
        Some("SET") => TableChange::SetOptions(options(parser)?),
        Some("RESET") => TableChange::ResetOptions(option_keys(parser)?),
        Some("ADD") => added(reader, &name)?,
        Some("MODIFY") => TableChange::Modify(elements(reader, &name)?),
        Some("DROP") => dropped(reader)?,
        found => {
            return Err(expected_word(parser, found, &["ADD", "MODIFY", "DROP", "RENAME", "SET", "RESET"], &token));
        }
    };
    Ok(StatementKind::AlterTable(AlterTable { name, if_exists, change }))
}

/// The keys of options, in parentheses.
fn option_keys(parser: &mut Parser<'_>) -> Parsed<Vec<NamePart>> {
    parser.expect_token(&Token::LParen)?;
    let mut keys = vec![parser.string("an option's key in single quotes")?];
    while parser.consume_token(&Token::Comma) {
        keys.push(parser.string("an option's key in single quotes")?);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(keys)
}

/// Reads ALTER CATALOG behind ALTER.
pub(super) fn catalog(reader: &mut Reader<'_>) -> Parsed<StatementKind> {
    let parser = &mut reader.parser;
    parser.expect_word("CATALOG")?;
    let name = parser.name_part("a catalog's name")?;
    let token = parser.next_token();
    let change = match keyword_of(&token).as_deref() {
        Some("SET") => CatalogChange::SetOptions(options(parser)?),
        Some("RESET") => CatalogChange::ResetOptions(option_keys(parser)?),
        Some("COMMENT") => CatalogChange::Comment(parser.string("a comment in single quotes")?.value),
        found => return Err(expected_word(parser, found, &["SET", "RESET", "COMMENT"], &token)),
    };
    Ok(StatementKind::AlterCatalog(AlterCatalog { name, change }))
}

/// Reads ALTER DATABASE behind ALTER.
pub(super) fn database(reader: &mut Reader<'_>) -> Parsed<StatementKind> {
    let parser = &mut reader.parser;
    parser.expect_word("DATABASE")?;
    let name = parser.name("a database's name")?;
    parser.expect_word("SET")?;
    options(parser)?;
    Ok(StatementKind::AlterDatabase(name))
}

/// What stands behind ADD.
fn added(reader: &mut Reader<'_>, name: &Name) -> Parsed<TableChange> {
    let parser = &mut reader.parser;
    let if_not_exists = parser.accept_all(&["IF", "NOT", "EXISTS"]);
    if !if_not_exists && !is_word(parser.peek_token_ref(), "PARTITION") {
        return Ok(TableChange::Add(elements(reader, name)?));
    }
    let mut partitions = Vec::new();
    while partitions.is_empty() || is_word(parser.peek_token_ref(), "PARTITION") {
        parser.expect_word("PARTITION")?;
        partitions.push(partition(parser)?);
        if parser.accept("WITH") {
            // No connector knows options of a partition.
            options(parser)?;
        }
    }
    Ok(TableChange::AddPartitions(partitions, if_not_exists))
}

/// The keys of a partition with their values, in parentheses.
pub(super) fn partition(parser: &mut Parser<'_>) -> Parsed<PartitionSpec> {
    parser.expect_token(&Token::LParen)?;
    let mut values = Vec::new();
    loop {
        let key = parser.name_part("a partition key")?;
        parser.expect_token(&Token::Eq)?;
        let token = parser.next_token();
        let (Token::SingleQuotedString(value) | Token::Number(value, _)) = &token.token else {
            return Err(parser.expected_here("a number, or a value in single quotes", &token));
        };
        if values.iter().any(|(known, _): &(NamePart, String)| known.value == key.value) {
            return Err(parser.message_place(&format!("partition key '{}' is named twice", key.value), key.place));
        }
        values.push((key, value.clone()));
        if !parser.consume_token(&Token::Comma) {
            parser.expect_token(&Token::RParen)?;
            return Ok(PartitionSpec { values });
        }
    }
}

/// What stands behind DROP.
fn dropped(reader: &mut Reader<'_>) -> Parsed<TableChange> {
    let parser = &mut reader.parser;
    if parser.accept_all(&["PRIMARY", "KEY"]) {
        return Ok(TableChange::DropPrimaryKey(None));
    }
    if parser.accept("CONSTRAINT") {
        return Ok(TableChange::DropPrimaryKey(Some(parser.name_part("the constraint's name")?)));
    }
    if parser.accept("WATERMARK") {
        return Ok(TableChange::DropWatermark);
    }
    if parser.accept("DISTRIBUTION") {
        return Ok(TableChange::DropDistribution);
    }
    let if_exists = parser.accept_all(&["IF", "EXISTS"]);
    if if_exists || is_word(parser.peek_token_ref(), "PARTITION") {
        let mut dropped = Vec::new();
        loop {
            parser.expect_word("PARTITION")?;
            dropped.push(partition(parser)?);
            if !parser.consume_token(&Token::Comma) {
                return Ok(TableChange::DropPartitions(dropped, if_exists));
            }
        }
    }
    let token = parser.peek_token_ref();
    if token.token == Token::LParen {
        return Ok(TableChange::DropColumns(parser.name_parts("a column's name")?));
    }
    Ok(TableChange::DropColumns(vec![parser.name_part("a column's name")?]))
}

/// One part of a table's definition, or several in parentheses.
fn elements(reader: &mut Reader<'_>, name: &Name) -> Parsed<Vec<TablePart>> {
    let token = reader.parser.peek_token_ref().clone();
    if reader.parser.accept("DISTRIBUTION") {
        return Ok(vec![TablePart::Distribution(distribution(reader)?, place(&token))]);
    }
    if !reader.parser.consume_token(&Token::LParen) {
        return part(reader, name);
    }
    let mut parts = part(reader, name)?;
    while reader.parser.consume_token(&Token::Comma) {
        parts.extend(part(reader, name)?);
    }
    reader.parser.expect_token(&Token::RParen)?;
    Ok(parts)
}

/// A column with its position, a watermark, a key, or a column that is the key.
fn part(reader: &mut Reader<'_>, name: &Name) -> Parsed<Vec<TablePart>> {
    let mut read = unfilled(name.clone());
    element(reader, &mut read)?;
    let mut parts = Vec::new();
    if let Some(column) = read.columns.pop() {
        let parser = &mut reader.parser;
        let position = if parser.accept("FIRST") {
            Some(ColumnPosition::First)
        } else if parser.accept("AFTER") {
            Some(ColumnPosition::After(parser.name_part("a column's name")?))
        } else {
            None
        };
        parts.push(TablePart::Column(column, position));
    }
    parts.extend(read.watermark.map(TablePart::Watermark));
    parts.extend(read.primary_key.map(TablePart::PrimaryKey));
    Ok(parts)
}

/// Reads ALTER VIEW behind ALTER.
pub(super) fn view(reader: &mut Reader<'_>) -> Parsed<StatementKind> {
    let parser = &mut reader.parser;
    parser.expect_word("VIEW")?;
    let name = parser.name("a view's name")?;
    let token = parser.next_token();
    let change = match keyword_of(&token).as_deref() {
        Some("RENAME") => {
            parser.expect_word("TO")?;
            ViewChange::Rename(parser.name("the view's new name")?)
        }
        Some("AS") => ViewChange::Query(reader.query()?),
        found => return Err(expected_word(parser, found, &["RENAME", "AS"], &token)),
    };
    Ok(StatementKind::AlterView(AlterView { name, change }))
}
