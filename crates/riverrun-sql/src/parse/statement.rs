//! The statements of Flink SQL, as parsed.

mod table;

use riverrun_core::{DataType, Field, Options, Place};
use sqlparser::ast;
use sqlparser::tokenizer::Span;
use std::fmt;
pub use table::*;

/// One statement of a text.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it says.
    pub kind: StatementKind,
    /// Its text as it stands in the file, without the semicolon, variables replaced.
    pub text: String,
    /// Where it begins in the file.
    pub place: Place,
}

/// What a statement says.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "statements are few, and moved rarely")]
pub enum StatementKind {
    /// CREATE TABLE.
    CreateTable(CreateTable),
    /// CREATE VIEW.
    CreateView(CreateView),
    /// CREATE CATALOG.
    CreateCatalog(CreateCatalog),
    /// CREATE DATABASE.
    CreateDatabase(CreateDatabase),
    /// ALTER TABLE.
    AlterTable(AlterTable),
    /// ALTER VIEW.
    AlterView(AlterView),
    /// ALTER CATALOG.
    AlterCatalog(AlterCatalog),
    /// ALTER DATABASE name SET (…).
    AlterDatabase(Name),
    /// DROP of a table, view, catalog or database.
    Drop(DropObject),
    /// USE CATALOG name.
    UseCatalog(NamePart),
    /// USE database, or USE catalog.database.
    UseDatabase(Name),
    /// USE MODULES core.
    UseModules(NamePart),
    /// LOAD MODULE.
    LoadModule(NamePart),
    /// UNLOAD MODULE.
    UnloadModule(NamePart),
    /// ADD JAR.
    AddJar(NamePart),
    /// REMOVE JAR.
    RemoveJar(NamePart),
    /// INSERT INTO or INSERT OVERWRITE.
    Insert(Insert),
    /// A statement set: INSERTs that run as one job.
    StatementSet(Vec<Insert>),
    /// A query whose rows go to the user.
    Query(Query),
    /// SET; with a key and a value it sets an option, else it lists them.
    Set(Option<(NamePart, NamePart)>),
    /// RESET of an option, or of all.
    Reset(Option<NamePart>),
    /// SHOW.
    Show(Show),
    /// DESCRIBE of a table or view.
    Describe(Name),
    /// DESCRIBE CATALOG name; true for EXTENDED.
    DescribeCatalog(NamePart, bool),
    /// DESCRIBE FUNCTION.
    DescribeFunction(Name),
    /// CREATE FUNCTION.
    CreateFunction(CreateFunction),
    /// ALTER FUNCTION.
    AlterFunction(CreateFunction),
    /// DROP FUNCTION.
    DropFunction(DropFunction),
    /// EXPLAIN.
    Explain(Explain),
}

/// A part of a name, or a string, with its place.
#[derive(Clone, Debug)]
pub struct NamePart {
    /// The text without quotes.
    pub value: String,
    /// Where it stands.
    pub place: Place,
}

impl fmt::Display for NamePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

/// The name of a table, view, function or database: one to three parts.
#[derive(Clone, Debug)]
pub struct Name {
    /// The parts, of which the last is the object's own name. At least one.
    pub parts: Vec<NamePart>,
}

impl Name {
    /// The name that stands in a query.
    pub fn from_ast(name: &ast::ObjectName) -> Name {
        let parts = name.0.iter().filter_map(|part| part.as_ident());
        Name {
            parts: parts
                .map(|ident| NamePart {
                    value: ident.value.clone(),
                    place: super::place_of(ident.span).unwrap_or(Place::new(1, 1, 1)),
                })
                .collect(),
        }
    }

    /// Where the whole name stands.
    pub fn place(&self) -> Place {
        match (self.parts.first(), self.parts.last()) {
            (Some(first), Some(last)) if first.place.line == last.place.line => Place::new(
                first.place.line,
                first.place.column,
                (last.place.column + last.place.length).saturating_sub(first.place.column),
            ),
            (Some(first), _) => first.place,
            _ => Place::new(1, 1, 1),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            let dot = if index > 0 { "." } else { "" };
            write!(f, "{dot}{}", part.value)?;
        }
        Ok(())
    }
}

/// An expression with its text.
#[derive(Clone, Debug)]
pub struct SqlExpr {
    /// The expression.
    pub ast: ast::Expr,
    /// Its text as written.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// A query with what its AST doesn't hold.
#[derive(Clone, Debug)]
pub struct Query {
    /// The query.
    pub ast: Box<ast::Query>,
    /// The hints in it.
    pub hints: Hints,
    /// Its text as written.
    pub text: String,
    /// Where it begins.
    pub place: Place,
}

/// `/*+ OPTIONS('k' = 'v') */`, `/*+ STATE_TTL('t' = '1d') */`, `/*+ BROADCAST(t) */`.
#[derive(Clone, Debug)]
pub struct Hint {
    /// The hint's name, in upper case.
    pub name: String,
    /// Its keys and values; of an argument that is no pair the value is empty.
    pub options: Options,
    /// Where it stands.
    pub place: Place,
}

/// The hints of a query, by the token they follow: a table's name, or SELECT.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    pub(crate) by_place: Vec<((u64, u64), Hint)>,
}

impl Hints {
    /// The hints that follow the token with this span: that of a name's last identifier, or of `Select::select_token`.
    pub fn after(&self, span: Span) -> impl Iterator<Item = &Hint> {
        let key = (span.start.line, span.start.column);
        self.by_place.iter().filter(move |(place, _)| *place == key).map(|(_, hint)| hint)
    }

    /// The hints that follow a table's name.
    pub fn of_table<'a>(&'a self, name: &ast::ObjectName) -> impl Iterator<Item = &'a Hint> {
        let span = name.0.last().and_then(|part| part.as_ident()).map_or(Span::empty(), |ident| ident.span);
        self.after(span).filter(move |_| span != Span::empty())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_place.is_empty()
    }

    /// All hints.
    pub fn iter(&self) -> impl Iterator<Item = &Hint> {
        self.by_place.iter().map(|(_, hint)| hint)
    }
}

/// `ALTER VIEW`.
#[derive(Clone, Debug)]
pub struct AlterView {
    /// The view's name.
    pub name: Name,
    /// What becomes of it.
    pub change: ViewChange,
}

/// What ALTER VIEW changes.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "statements are few")]
pub enum ViewChange {
    /// RENAME TO.
    Rename(Name),
    /// AS: another query.
    Query(Query),
}

/// `CREATE [TEMPORARY] VIEW [IF NOT EXISTS]`.
#[derive(Clone, Debug)]
pub struct CreateView {
    /// The view's name.
    pub name: Name,
    /// TEMPORARY.
    pub temporary: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// The names of its columns; empty where the query's are kept.
    pub columns: Vec<NamePart>,
    /// COMMENT.
    pub comment: Option<String>,
    /// What it shows.
    pub query: Query,
}

/// `CREATE CATALOG [IF NOT EXISTS]`.
#[derive(Clone, Debug)]
pub struct CreateCatalog {
    /// Its name.
    pub name: NamePart,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// COMMENT.
    pub comment: Option<String>,
    /// WITH.
    pub options: Options,
}

/// `ALTER CATALOG`.
#[derive(Clone, Debug)]
pub struct AlterCatalog {
    /// The catalog's name.
    pub name: NamePart,
    /// What becomes of it.
    pub change: CatalogChange,
}

/// What ALTER CATALOG changes.
#[derive(Clone, Debug)]
pub enum CatalogChange {
    /// SET: options, over those there are.
    SetOptions(Options),
    /// RESET: the keys of options.
    ResetOptions(Vec<NamePart>),
    /// COMMENT.
    Comment(String),
}

/// `CREATE DATABASE [IF NOT EXISTS]`.
#[derive(Clone, Debug)]
pub struct CreateDatabase {
    /// Its name, of one or two parts.
    pub name: Name,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// COMMENT.
    pub comment: Option<String>,
    /// WITH.
    pub options: Options,
}

/// Where a function is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionScope {
    /// In a database.
    Catalog,
    /// TEMPORARY: in a database, before a permanent one of its name.
    Temporary,
    /// TEMPORARY SYSTEM: everywhere, before a built-in one of its name.
    TemporarySystem,
}

/// What a function gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Returns {
    /// A value per call.
    Value(DataType),
    /// Any number of rows per call.
    Table(Vec<Field>),
}

/// `CREATE | ALTER [TEMPORARY [SYSTEM]] FUNCTION name [(parameters)] [RETURNS …] AS '…'`.
#[derive(Clone, Debug)]
pub struct CreateFunction {
    /// Its name.
    pub name: Name,
    /// TEMPORARY, SYSTEM.
    pub scope: FunctionScope,
    /// IF NOT EXISTS; of ALTER: IF EXISTS.
    pub tolerated: bool,
    /// Its parameters; `None` where none are written, not even parentheses.
    pub parameters: Option<Vec<Field>>,
    /// RETURNS.
    pub returns: Option<Returns>,
    /// Whether equal arguments give equal results.
    pub deterministic: bool,
    /// LANGUAGE.
    pub language: Option<NamePart>,
    /// AS: an expression, the name of an export, or that of a class.
    pub definition: Option<NamePart>,
    /// USING.
    pub files: Vec<FunctionFile>,
    /// WITH.
    pub options: Options,
}

/// `FILE 'path'` or `JAR 'path'` of USING.
#[derive(Clone, Debug)]
pub struct FunctionFile {
    /// Whether it is a JAR.
    pub jar: bool,
    /// Where it is.
    pub path: NamePart,
}

/// `DROP [TEMPORARY [SYSTEM]] FUNCTION [IF EXISTS] name`.
#[derive(Clone, Debug)]
pub struct DropFunction {
    /// Its name.
    pub name: Name,
    /// TEMPORARY, SYSTEM.
    pub scope: FunctionScope,
    /// IF EXISTS.
    pub if_exists: bool,
}

/// What is dropped or shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are SQL's")]
pub enum ObjectKind {
    Table,
    View,
    MaterializedTable,
    Catalog,
    Database,
}

/// `DROP [TEMPORARY] TABLE | VIEW | MATERIALIZED TABLE | CATALOG | DATABASE [IF EXISTS] name [RESTRICT | CASCADE]`.
#[derive(Clone, Debug)]
pub struct DropObject {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: Name,
    /// TEMPORARY.
    pub temporary: bool,
    /// IF EXISTS.
    pub if_exists: bool,
    /// CASCADE: a database with what is in it.
    pub cascade: bool,
}

/// INSERT INTO | OVERWRITE.
#[derive(Clone, Debug)]
pub struct Insert {
    /// The table that is written.
    pub table: Name,
    /// The hints that follow its name.
    pub hints: Vec<Hint>,
    /// OVERWRITE.
    pub overwrite: bool,
    /// PARTITION (k = 'v'): constant columns.
    pub partition: Vec<(NamePart, SqlExpr)>,
    /// The columns that the query's rows fill; empty for all.
    pub columns: Vec<NamePart>,
    /// Whether the query's columns fill the table's of the same names.
    pub by_name: bool,
    /// The rows.
    pub query: Query,
    /// NOTHING or ERROR of ON CONFLICT DO; DEDUPLICATE is what a sink of upserts does anyway.
    pub conflict: Option<NamePart>,
    /// The statement's own text.
    pub text: String,
    /// Where it begins.
    pub place: Place,
}

/// SHOW.
#[derive(Clone, Debug)]
pub struct Show {
    /// What is shown.
    pub kind: ShowKind,
    /// `FROM | IN` a catalog, database or (of columns) table.
    pub from: Option<Name>,
    /// `[NOT] LIKE | ILIKE pattern`; true for LIKE, false for NOT LIKE.
    pub like: Option<(bool, String)>,
    /// ILIKE: whether the pattern's letters stand for upper and lower case.
    pub any_case: bool,
}

/// What SHOW shows.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names are SQL's")]
pub enum ShowKind {
    Tables,
    Views,
    MaterializedTables,
    Catalogs,
    Databases,
    Functions,
    UserFunctions,
    Columns,
    Partitions(Name, Option<PartitionSpec>),
    Modules { full: bool },
    CurrentCatalog,
    CurrentDatabase,
    CreateTable(Name),
    CreateView(Name),
    CreateCatalog(NamePart),
    Jars,
    Models,
    Procedures,
}

/// `EXPLAIN [PLAN FOR | details] statement`.
#[derive(Clone, Debug)]
pub struct Explain {
    /// ESTIMATED_COST, CHANGELOG_MODE, JSON_EXECUTION_PLAN, PLAN_ADVICE, in upper case.
    pub details: Vec<String>,
    /// What is explained: a query, an INSERT, a statement set or a table created AS a query.
    pub statement: Box<Statement>,
}
