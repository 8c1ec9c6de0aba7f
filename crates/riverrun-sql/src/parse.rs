//! The text side: a SQL text in Flink's dialect → [`Statement`]s, each with its text and its places.
//!
//! Statements other than queries are parsed here, over sqlparser's tokens. Queries and expressions come out as
//! sqlparser's own AST ([`sqlparser::ast::Query`], [`sqlparser::ast::Expr`]), wrapped in [`Query`] and [`SqlExpr`]. All spans
//! are places in the original text, also after `${NAME}` was replaced: [`place_of`] turns one into a [`Place`].
//!
//! # How Flink's own syntax comes out
//!
//! What sqlparser's AST has no node for comes out as a plain [`sqlparser::ast::Expr::Function`] with a reserved name;
//! what has a node in sqlparser but is an operator of ours comes out in the same way, so that a binder finds one form:
//!
//! | text | expression |
//! |---|---|
//! | `CAST(a AS T)`, `TRY_CAST(a AS T)` | `Expr::Cast` with `kind` Cast or TryCast; read the type with [`types::resolve`] |
//! | `DATE '…'`, `TIME '…'`, `TIMESTAMP '…'`, `TIMESTAMP WITH LOCAL TIME ZONE '…'` | `Expr::TypedString`; read it with [`literals::typed`] |
//! | `INTERVAL '…' DAY TO SECOND(3)` | `Expr::Interval`; read it with [`literals::interval`] |
//! | `x'AB'` | `Expr::Value(HexStringLiteral)` |
//! | `INTERVAL n DAY`, `INTERVAL (a + b) DAY` | `(n * INTERVAL '1' DAY)` |
//! | `{fn UCASE(a)}` | call `UPPER(a)` |
//! | `CASE a WHEN b, c THEN d END` | `CASE a WHEN b THEN d WHEN c THEN d END` |
//! | `EXTRACT(unit FROM a)` | call `EXTRACT('UNIT', a)` |
//! | `FLOOR(a TO unit)`, `CEIL(a TO unit)` | call `FLOOR TO(a, 'UNIT')`, `CEIL TO(a, 'UNIT')` |
//! | `TIMESTAMPADD(unit, n, a)`, `TIMESTAMPDIFF(unit, a, b)` | the same call with `'UNIT'` as a string |
//! | `(a - b) unit` | call `MINUS DATES(a, b, 'UNIT')` |
//! | `(a, b) OVERLAPS (c, d)` | call `OVERLAPS(a, b, c, d)` |
//! | `a BETWEEN [NOT] SYMMETRIC b AND c` | call `BETWEEN SYMMETRIC(a, b, c)`, below `NOT` where negated |
//! | `a IS [NOT] JSON [kind]` | call `IS JSON(a, 'VALUE' \| 'OBJECT' \| 'ARRAY' \| 'SCALAR')`, below `NOT` where negated |
//! | `TRIM([side] [x] [FROM] a)` | call `TRIM('BOTH' \| 'LEADING' \| 'TRAILING', x, a)`; x is `' '` where absent |
//! | `OVERLAY(a PLACING b FROM c [FOR d])` | call `OVERLAY(a, b, c [, d])` |
//! | `POSITION(a IN b [FROM c])` | call `POSITION(a, b [, c])` |
//! | `SUBSTRING(a FROM b [FOR c])` | call `SUBSTRING(a, b [, c])` |
//! | `MAP[k, v, …]` | call `MAP(k, v, …)` |
//! | `ARRAY[a, …]` | `Expr::Array` |
//! | `ROW(a, …)`, `(a, b)` | call `ROW(a, …)`, `Expr::Tuple` |
//! | `JSON_VALUE(j, p [RETURNING t] [… ON EMPTY] [… ON ERROR])` | call with 7 arguments: j, p, type as text (`'STRING'` where absent), then twice (empty, error) `'NULL' \| 'ERROR' \| 'DEFAULT'` and the default or NULL |
//! | `JSON_QUERY(j, p [RETURNING t] [wrapper] [… ON EMPTY] [… ON ERROR])` | call with 6 arguments: j, p, type as text (`'STRING'` where absent), `'WITHOUT' \| 'CONDITIONAL' \| 'UNCONDITIONAL'`, on empty, on error: `'NULL' \| 'EMPTY ARRAY' \| 'EMPTY OBJECT' \| 'ERROR'` |
//! | `JSON_EXISTS(j, p [… ON ERROR])` | call with 3 arguments: j, p, `'TRUE' \| 'FALSE' \| 'UNKNOWN' \| 'ERROR'` |
//! | `JSON_OBJECT([KEY] k VALUE v, … [… ON NULL])` | call `JSON_OBJECT('NULL' \| 'ABSENT', k, v, …)` |
//! | `JSON_ARRAY(v, … [… ON NULL])` | call `JSON_ARRAY('NULL' \| 'ABSENT', v, …)` |
//! | `JSON_OBJECTAGG([KEY] k VALUE v [… ON NULL])` | call `JSON_OBJECTAGG('NULL' \| 'ABSENT', k, v)`, with `filter` |
//! | `JSON_ARRAYAGG(v [… ON NULL])` | call `JSON_ARRAYAGG('NULL' \| 'ABSENT', v)`, with `filter` |
//! | `TABLE t [PARTITION BY k, …] [ORDER BY o, …]` as an argument | call [`TABLE_ARGUMENT`]`(t, (k, …), (o, …))`: an identifier, then tuples (empty where absent; the third only if there is an ORDER BY) |
//! | `(SELECT …)` as an argument | `Expr::Subquery`, or the same call with the subquery as its first argument where PARTITION BY follows (`TABLE` may stand before it) |
//! | `FINAL f(…)`, `RUNNING f(…)` in MATCH_RECOGNIZE | call `FINAL(f(…))`, `RUNNING(f(…))` |
//! | `CURRENT_TIMESTAMP`, `LOCALTIME`, … without parentheses | a function with `FunctionArguments::None` |
//!
//! In FROM: `TABLE(f(…))` is `TableFactor::TableFunction`; `f(…)` without it is `TableFactor::Table` with `args`, and so is
//! `UNNEST(a) [WITH ORDINALITY]` (name `UNNEST`); `LATERAL TABLE(f(…))` is `TableFactor::Function` named `TABLE` with one argument;
//! `FOR SYSTEM_TIME AS OF x` is `version`. `WITHIN i` of a MATCH_RECOGNIZE pattern is the first of its `symbols`, named [`WITHIN`].
//! `(SELECT …) MATCH_RECOGNIZE` has as its table `TableFactor::Table` named [`DERIVED`], with the subquery as its one argument;
//! `TABLE(f(…)) MATCH_RECOGNIZE` has what `f(…)` alone is.
//!
//! In GROUP BY: DISTINCT is an item of its own, the identifier [`GROUP_DISTINCT`]; grouping sets within GROUPING SETS are elements of it as
//! `Expr::GroupingSets`, `Expr::Rollup` and `Expr::Cube`.
//!
//! Strings of several tokens (`'a'⏎'b'`, `U&'#263A' UESCAPE '#'`) are one plain string each, and `TABLE t` as a query is `SELECT * FROM t`.
//!
//! Hints (`/*+ OPTIONS('k' = 'v') */`) stand beside the AST, in [`Query::hints`], by the place of the token they follow.

mod alter;
mod calls;
mod case;
mod create;
mod cursor;
mod dialect;
mod distribution;
mod errors;
mod foreign;
pub mod function;
mod grouping;
mod interval;
mod jdbc;
mod json_calls;
pub mod literals;
mod matched;
mod old_options;
pub(crate) mod quantified;
mod reserved;
mod show;
mod split;
mod statement;
mod statements;
mod subquery;
mod tokens;
pub mod types;
mod unsupported;
mod use_object;
mod values;
mod whole_tables;

pub use create::unfilled;
pub use statement::{
    AlterCatalog, AlterTable, AlterView, CatalogChange, ColumnDef, ColumnKind, ColumnPosition, CreateCatalog,
    CreateDatabase, CreateFunction, CreateTable, CreateView, Distribution, DistributionKind, DropFunction, DropObject,
    Explain, FunctionFile, FunctionScope, Hint, Hints, Insert, Like, LikeOption, MergeStrategy, Name, NamePart,
    ObjectKind, PartitionSpec, PrimaryKey, Query, Replaces, Returns, Show, ShowKind, SqlExpr, Statement, StatementKind,
    TableChange, TablePart, ViewChange, Watermark,
};

pub use statements::{is_complete, parse, parse_behind, parse_expression, parse_plain, rows_of_created};
pub(crate) use tokens::LineOffsets;
pub use tokens::Variables;

use riverrun_core::Place;
use sqlparser::tokenizer::Span;

/// The name of the call that stands for `TABLE t PARTITION BY …` among a table function's arguments.
pub const TABLE_ARGUMENT: &str = "$TABLE";

/// The name of the symbol that stands for `WITHIN` among the definitions of a MATCH_RECOGNIZE.
pub const WITHIN: &str = "$WITHIN";

/// The name of the item that stands for DISTINCT at the head of a GROUP BY.
pub const GROUP_DISTINCT: &str = "$DISTINCT";

/// The name of the call that stands for a subquery before MATCH_RECOGNIZE.
pub const DERIVED: &str = "$DERIVED";

/// Whether a table's name is [`DERIVED`].
pub fn is_derived(name: &sqlparser::ast::ObjectName) -> bool {
    matches!(name.0.as_slice(), [part] if part.as_ident().is_some_and(|ident| ident.value == DERIVED))
}

/// The place that a span of sqlparser's AST stands at; `None` for an empty span.
pub fn place_of(span: Span) -> Option<Place> {
    if span.start.line == 0 {
        return None;
    }
    let length = if span.end.line == span.start.line { span.end.column.saturating_sub(span.start.column) } else { 1 };
    Some(Place::new(span.start.line as u32, span.start.column as u32, length as u32))
}
