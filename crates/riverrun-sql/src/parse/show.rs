//! SHOW.

use super::alter::partition;
use super::cursor::{Cursor, keyword_of};
use super::statement::{Show, ShowKind, StatementKind};
use super::statements::{Parsed, expected_word};
use super::unsupported::refused;
use sqlparser::parser::Parser;

/// Reads SHOW.
pub(super) fn show(parser: &mut Parser<'_>) -> Parsed<StatementKind> {
    parser.next_token();
    let user = parser.accept("USER");
    let token = parser.next_token();
    let word = keyword_of(&token);
    let kind = match word.as_deref() {
        Some("TABLES") => ShowKind::Tables,
        Some("VIEWS") => ShowKind::Views,
        Some("MATERIALIZED") => {
            parser.expect_word("TABLES")?;
            ShowKind::MaterializedTables
        }
        Some("PARTITIONS") => {
            let table = parser.name("a table's name")?;
            let of = if parser.accept("PARTITION") { Some(partition(parser)?) } else { None };
            ShowKind::Partitions(table, of)
        }
        Some("CATALOGS") => ShowKind::Catalogs,
        Some("DATABASES") => ShowKind::Databases,
        Some("FUNCTIONS") if user => ShowKind::UserFunctions,
        Some("FUNCTIONS") => ShowKind::Functions,
        found if user => return Err(expected_word(parser, found, &["FUNCTIONS"], &token)),
        Some("COLUMNS") => ShowKind::Columns,
        Some("CURRENT") => {
            let token = parser.next_token();
            match keyword_of(&token).as_deref() {
                Some("CATALOG") => ShowKind::CurrentCatalog,
                Some("DATABASE") => ShowKind::CurrentDatabase,
                found => return Err(expected_word(parser, found, &["CATALOG", "DATABASE"], &token)),
            }
        }
        Some("CREATE") => {
            let token = parser.next_token();
            match keyword_of(&token).as_deref() {
                Some("TABLE") => ShowKind::CreateTable(parser.name("a table's name")?),
                Some("VIEW") => ShowKind::CreateView(parser.name("a view's name")?),
                Some(other @ ("MODEL" | "MATERIALIZED" | "CONNECTION")) => {
                    return Err(refused(parser, &format!("SHOW CREATE {other}"), &token));
                }
                Some("CATALOG") => ShowKind::CreateCatalog(parser.name_part("a catalog's name")?),
                found => return Err(expected_word(parser, found, &["TABLE", "VIEW", "CATALOG"], &token)),
            }
        }
        Some("MODULES") => ShowKind::Modules { full: false },
        Some("FULL") => {
            parser.expect_word("MODULES")?;
            ShowKind::Modules { full: true }
        }
        Some("JARS") => ShowKind::Jars,
        Some("MODELS") => ShowKind::Models,
        Some("PROCEDURES") => ShowKind::Procedures,
        Some("JOBS") => {
            return Err(refused(parser, "SHOW JOBS", &token));
        }
        found => {
            let words =
                ["TABLES", "VIEWS", "CATALOGS", "DATABASES", "FUNCTIONS", "COLUMNS", "MODULES", "CURRENT", "CREATE"];
            return Err(expected_word(parser, found, &words, &token));
        }
    };
    let lists = matches!(
        kind,
        ShowKind::Tables
            | ShowKind::Views
            | ShowKind::MaterializedTables
            | ShowKind::Catalogs
            | ShowKind::Databases
            | ShowKind::Functions
            | ShowKind::UserFunctions
            | ShowKind::Columns
            | ShowKind::Models
            | ShowKind::Procedures
    );
    let mut from = None;
    if lists && (parser.accept("FROM") || parser.accept("IN")) {
        from = Some(parser.name("a name")?);
    } else if matches!(kind, ShowKind::Columns) {
        let token = parser.peek_token_ref();
        return Err(parser.expected_here("FROM and a table's name", token));
    }
    let (mut like, mut any_case) = (None, false);
    if lists {
        let negated = parser.accept("NOT");
        any_case = parser.accept("ILIKE");
        if negated && !any_case {
            parser.expect_word("LIKE")?;
        }
        if negated || any_case || parser.accept("LIKE") {
            like = Some((!negated, parser.string("a pattern in single quotes")?.value));
        }
    }
    Ok(StatementKind::Show(Show { kind, from, like, any_case }))
}
