//! CREATE TABLE, VIEW, CATALOG, DATABASE.

use super::cursor::{Cursor, is_word, keyword_of, place};
use super::distribution::distribution;
use super::errors::HINT;
use super::statement::*;
use super::statements::{Parsed, Reader, expected_word, options};
use super::unsupported::refused;
use super::{function, types};
use riverrun_core::{DataType, Options};
use sqlparser::tokenizer::Token;

/// Reads CREATE.
pub(super) fn create(reader: &mut Reader<'_>) -> Parsed<StatementKind> {
    let parser = &mut reader.parser;
    parser.next_token();
    let token = parser.next_token();
    let word = keyword_of(&token);
    match word.as_deref() {
        Some("TABLE") => table(reader, false, None),
        Some("VIEW") => view(reader, false),
        Some("CATALOG") => catalog(reader),
        Some("DATABASE" | "SCHEMA") => database(reader),
        Some("TEMPORARY") => {
            let token = parser.next_token();
            match keyword_of(&token).as_deref() {
                Some("TABLE") => table(reader, true, None),
                Some("VIEW") => view(reader, true),
                Some("FUNCTION") => function::create(reader, FunctionScope::Temporary),
                Some("SYSTEM") => {
                    parser.expect_word("FUNCTION")?;
                    function::create(reader, FunctionScope::TemporarySystem)
                }
                Some("MODEL") => Err(refused(parser, "CREATE TEMPORARY MODEL", &token)),
                found => Err(expected_word(parser, found, &["TABLE", "VIEW", "FUNCTION", "SYSTEM"], &token)),
            }
        }
        Some("OR") => {
            let altered = parser.accept("ALTER");
            if !altered {
                parser.expect_word("REPLACE")?;
            }
            let token = parser.next_token();
            match keyword_of(&token).as_deref() {
                Some("MATERIALIZED") => Err(refused(parser, "CREATE MATERIALIZED", &token)),
                found if altered => Err(expected_word(parser, found, &["MATERIALIZED"], &token)),
                Some("TABLE") => table(reader, false, Some(Replaces::IfThere)),
                Some(other @ ("VIEW" | "TEMPORARY" | "FUNCTION" | "DATABASE" | "CATALOG")) => {
                    let hint = match other {
                        "VIEW" => "ALTER VIEW v AS … gives a view another query",
                        _ => "drop it first: DROP … IF EXISTS",
                    };
                    let message = format!("CREATE OR REPLACE {other} is not in Flink SQL{HINT}{hint}");
                    Err(parser.message_at(&message, &token))
                }
                found => Err(expected_word(parser, found, &["TABLE"], &token)),
            }
        }
        Some("FUNCTION") => function::create(reader, FunctionScope::Catalog),
        Some(other @ ("MODEL" | "MATERIALIZED" | "CONNECTION")) => {
            Err(refused(parser, &format!("CREATE {other}"), &token))
        }
        found => Err(expected_word(
            parser,
            found,
            &["TABLE", "VIEW", "TEMPORARY", "CATALOG", "DATABASE", "FUNCTION"],
            &token,
        )),
    }
}

fn if_not_exists(reader: &mut Reader<'_>) -> bool {
    reader.parser.accept_all(&["IF", "NOT", "EXISTS"])
}

fn comment(reader: &mut Reader<'_>) -> Parsed<Option<String>> {
    if !reader.parser.accept("COMMENT") {
        return Ok(None);
    }
    Ok(Some(reader.parser.string("a comment in single quotes")?.value))
}

fn with(reader: &mut Reader<'_>) -> Parsed<Options> {
    if reader.parser.accept("WITH") { options(&mut reader.parser) } else { Ok(Options::default()) }
}

fn catalog(reader: &mut Reader<'_>) -> Parsed<StatementKind> {
    let if_not_exists = if_not_exists(reader);
    let name = reader.parser.name_part("a catalog's name")?;
    let comment = comment(reader)?;
    Ok(StatementKind::CreateCatalog(CreateCatalog { name, if_not_exists, comment, options: with(reader)? }))
}

fn database(reader: &mut Reader<'_>) -> Parsed<StatementKind> {
    let if_not_exists = if_not_exists(reader);
    let name = reader.parser.name("a database's name")?;
    let comment = comment(reader)?;
    Ok(StatementKind::CreateDatabase(CreateDatabase { name, if_not_exists, comment, options: with(reader)? }))
}

fn view(reader: &mut Reader<'_>, temporary: bool) -> Parsed<StatementKind> {
    let if_not_exists = if_not_exists(reader);
    let name = reader.parser.name("a view's name")?;
    let mut columns = Vec::new();
    if reader.parser.peek_token_ref().token == Token::LParen {
        columns = reader.parser.name_parts("a column's name")?;
    }
    let comment = comment(reader)?;
    reader.parser.expect_word("AS")?;
    let query = reader.query()?;
    Ok(StatementKind::CreateView(CreateView { name, temporary, if_not_exists, columns, comment, query }))
}

fn table(reader: &mut Reader<'_>, temporary: bool, replaces: Option<Replaces>) -> Parsed<StatementKind> {
    let if_not_exists = if_not_exists(reader);
    let name = reader.parser.name("a table's name")?;
    let mut table = CreateTable { temporary, if_not_exists, replaces, ..unfilled(name) };
    let [open, name, behind] = [0, 1, 2].map(|at| reader.parser.peek_nth_token_ref(at).token.clone());
    let is_name = open == Token::LParen && name != Token::RParen;
    if is_name && matches!(behind, Token::Comma | Token::RParen) {
        // Names alone: the order of the columns of a query.
        table.order = reader.parser.name_parts("a column's name")?;
    } else if reader.parser.consume_token(&Token::LParen) {
        // LIKE can bring all columns, so that the parentheses may be empty.
        while !reader.parser.consume_token(&Token::RParen) {
            element(reader, &mut table)?;
            if !reader.parser.consume_token(&Token::Comma) {
                let token = reader.parser.peek_token_ref();
                if token.token != Token::RParen {
                    return Err(reader.parser.expected_here("',' or ')'", token));
                }
            } else if reader.parser.peek_token_ref().token == Token::RParen {
                let token = reader.parser.peek_token_ref();
                return Err(reader.parser.expected_here("a column", token));
            }
        }
    }
    table.comment = comment(reader)?;
    if reader.parser.accept("DISTRIBUTED") {
        table.distribution = Some(distribution(reader)?);
    }
    if reader.parser.accept("PARTITIONED") {
        reader.parser.expect_word("BY")?;
        table.partitioned_by = reader.parser.name_parts("a column's name")?;
    }
    table.options = super::old_options::renamed(with(reader)?);
    if reader.parser.accept("LIKE") {
        table.like = Some(like(reader)?);
    }
    let token = reader.parser.peek_token_ref().clone();
    if reader.parser.accept("AS") {
        if table.like.is_some() {
            let what = "CREATE TABLE … LIKE … AS SELECT is not supported yet";
            let hint = "create the table, then INSERT INTO it";
            return Err(reader.parser.message_at(&format!("{what}{HINT}{hint}"), &token));
        }
        table.query = Some(reader.query()?);
    } else if replaces.is_some() {
        let message = format!("a table is replaced by one AS a query{HINT}else drop it and create it anew");
        return Err(reader.parser.message_at(&message, &token));
    } else if let Some(column) = table.order.first() {
        let message = format!(
            "the column '{}' has no type{HINT}only a table that is created AS a query may name columns alone",
            column.value
        );
        return Err(reader.parser.message_place(&message, column.place));
    }
    Ok(StatementKind::CreateTable(table))
}

/// Reads REPLACE TABLE.
pub(super) fn replace(reader: &mut Reader<'_>) -> Parsed<StatementKind> {
    reader.parser.next_token();
    reader.parser.expect_word("TABLE")?;
    table(reader, false, Some(Replaces::One))
}

/// A table of which nothing but the name is known.
pub fn unfilled(name: Name) -> CreateTable {
    CreateTable {
        name,
        temporary: false,
        if_not_exists: false,
        replaces: None,
        columns: Vec::new(),
        order: Vec::new(),
        watermark: None,
        primary_key: None,
        comment: None,
        distribution: None,
        partitioned_by: Vec::new(),
        options: Options::default(),
        like: None,
        query: None,
    }
}

/// A column, a WATERMARK or a constraint.
pub(super) fn element(reader: &mut Reader<'_>, table: &mut CreateTable) -> Parsed<()> {
    let parser = &mut reader.parser;
    let token = parser.peek_token_ref().clone();
    if parser.accept_all(&["WATERMARK", "FOR"]) {
        if table.watermark.is_some() {
            return Err(parser.message_at("a table has one WATERMARK", &token));
        }
        let column = parser.name("the event-time column's name")?;
        parser.expect_word("AS")?;
        table.watermark = Some(Watermark { column, expr: reader.expr()? });
        return Ok(());
    }
    if is_word(&token, "CONSTRAINT") || is_word(&token, "PRIMARY") || is_word(&token, "UNIQUE") {
        let mut name = None;
        if parser.accept("CONSTRAINT") {
            name = Some(parser.name_part("the constraint's name")?);
        }
        let token = parser.next_token();
        if !is_word(&token, "PRIMARY") {
            return Err(match keyword_of(&token).as_deref() {
                Some("UNIQUE") => parser.message_at("UNIQUE constraints are not supported; PRIMARY KEY is", &token),
                found => expected_word(parser, found, &["PRIMARY"], &token),
            });
        }
        parser.expect_word("KEY")?;
        let columns = parser.name_parts("a column's name")?;
        return primary_key(reader, table, PrimaryKey { name, columns, place: place(&token) });
    }
    let column = column(reader, table)?;
    table.columns.push(column);
    Ok(())
}

/// Reads NOT ENFORCED behind a key and keeps the key.
fn primary_key(reader: &mut Reader<'_>, table: &mut CreateTable, key: PrimaryKey) -> Parsed<()> {
    let parser = &mut reader.parser;
    if !parser.accept_all(&["NOT", "ENFORCED"]) {
        return Err(parser.message_place(
            "a PRIMARY KEY must be NOT ENFORCED\u{1f}the data is not owned, so the key is a promise of yours: write PRIMARY KEY (…) NOT ENFORCED",
            key.place,
        ));
    }
    if table.primary_key.is_some() {
        return Err(parser.message_place("a table has one PRIMARY KEY", key.place));
    }
    table.primary_key = Some(key);
    Ok(())
}

fn column(reader: &mut Reader<'_>, table: &mut CreateTable) -> Parsed<ColumnDef> {
    let name = reader.parser.name_part("a column's name")?;
    if reader.parser.accept("AS") {
        let kind = ColumnKind::Computed { expr: reader.expr()? };
        return Ok(ColumnDef { name, kind, comment: comment(reader)? });
    }
    let data_type = types::data_type(&mut reader.parser)?;
    if reader.parser.accept("METADATA") {
        let mut key = None;
        if reader.parser.accept("FROM") {
            key = Some(reader.parser.string("the metadata's key in single quotes")?);
        }
        let is_virtual = reader.parser.accept("VIRTUAL");
        let kind = ColumnKind::Metadata { data_type, key, is_virtual };
        return Ok(ColumnDef { name, kind, comment: comment(reader)? });
    }
    let data_type = column_constraints(reader, table, &name, data_type)?;
    let comment = comment(reader)?;
    let data_type = column_constraints(reader, table, &name, data_type)?;
    Ok(ColumnDef { name, kind: ColumnKind::Physical { data_type }, comment })
}

/// `[CONSTRAINT name] PRIMARY KEY NOT ENFORCED` and `NOT NULL` behind a column's type.
fn column_constraints(
    reader: &mut Reader<'_>,
    table: &mut CreateTable,
    column: &NamePart,
    mut data_type: DataType,
) -> Parsed<DataType> {
    loop {
        let parser = &mut reader.parser;
        let token = parser.peek_token_ref().clone();
        if parser.accept_all(&["NOT", "NULL"]) {
            data_type.nullable = false;
        } else if is_word(&token, "CONSTRAINT") || is_word(&token, "PRIMARY") {
            let mut name = None;
            if parser.accept("CONSTRAINT") {
                name = Some(parser.name_part("the constraint's name")?);
            }
            let token = parser.expect_word("PRIMARY")?;
            parser.expect_word("KEY")?;
            let key = PrimaryKey { name, columns: vec![column.clone()], place: place(&token) };
            primary_key(reader, table, key)?;
        } else {
            return match keyword_of(&token).as_deref() {
                Some(word @ ("DEFAULT" | "UNIQUE" | "REFERENCES" | "CHECK")) => {
                    Err(parser.message_at(&format!("{word} is not in Flink's CREATE TABLE"), &token))
                }
                _ => Ok(data_type),
            };
        }
    }
}

fn like(reader: &mut Reader<'_>) -> Parsed<Like> {
    let parser = &mut reader.parser;
    let table = parser.name("a table's name")?;
    let mut options = Vec::new();
    if !parser.consume_token(&Token::LParen) {
        return Ok(Like { table, options });
    }
    while !parser.consume_token(&Token::RParen) {
        let token = parser.next_token();
        let strategy = match keyword_of(&token).as_deref() {
            Some("INCLUDING") => MergeStrategy::Including,
            Some("EXCLUDING") => MergeStrategy::Excluding,
            Some("OVERWRITING") => MergeStrategy::Overwriting,
            found => return Err(expected_word(parser, found, &["INCLUDING", "EXCLUDING", "OVERWRITING"], &token)),
        };
        let token = parser.next_token();
        let features =
            ["ALL", "CONSTRAINTS", "DISTRIBUTION", "GENERATED", "METADATA", "OPTIONS", "PARTITIONS", "WATERMARKS"];
        let feature = match keyword_of(&token) {
            Some(word) if features.contains(&word.as_str()) => NamePart { value: word, place: place(&token) },
            found => return Err(expected_word(parser, found.as_deref(), &features, &token)),
        };
        let overwrites = matches!(feature.value.as_str(), "GENERATED" | "METADATA" | "OPTIONS" | "WATERMARKS");
        if strategy == MergeStrategy::Overwriting && !overwrites {
            let message = format!(
                "OVERWRITING {} is not possible{HINT}GENERATED, METADATA, OPTIONS and WATERMARKS can be overwritten",
                feature.value
            );
            return Err(parser.message_at(&message, &token));
        }
        if options.iter().any(|option: &LikeOption| option.feature.value == feature.value) {
            return Err(parser.message_at(&format!("LIKE says twice what becomes of {}", feature.value), &token));
        }
        options.push(LikeOption { strategy, feature });
    }
    Ok(Like { table, options })
}
