//! What the shell completes: keywords, tables and their columns, options, functions.

use reedline::{Completer, CompletionResult, Span, Suggestion};
use riverrun::Session;
use riverrun::sql::catalog::Object;
use riverrun::sql::session::SESSION_OPTIONS;
use std::sync::{Arc, Mutex, PoisonError};

const KEYWORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
    "UNION ALL",
    "WITH",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST",
    "TRY_CAST",
    "BETWEEN",
    "LIKE",
    "IS NULL",
    "IS NOT NULL",
    "DISTINCT",
    "FILTER",
    "CROSS JOIN UNNEST",
    "CREATE TABLE",
    "CREATE TEMPORARY TABLE",
    "CREATE VIEW",
    "CREATE TEMPORARY VIEW",
    "CREATE DATABASE",
    "CREATE CATALOG",
    "ALTER TABLE",
    "ALTER VIEW",
    "DROP TABLE",
    "DROP VIEW",
    "INSERT INTO",
    "INSERT OVERWRITE",
    "VALUES",
    "EXECUTE STATEMENT SET BEGIN",
    "WATERMARK FOR",
    "PRIMARY KEY",
    "NOT ENFORCED",
    "METADATA FROM",
    "PARTITIONED BY",
    "SHOW TABLES",
    "SHOW VIEWS",
    "SHOW FUNCTIONS",
    "SHOW CREATE TABLE",
    "DESCRIBE",
    "EXPLAIN",
    "SET",
    "RESET",
    "USE",
    "TABLE",
    "TUMBLE",
    "HOP",
    "CUMULATE",
    "SESSION",
    "DESCRIPTOR",
    "INTERVAL",
    "ROW_NUMBER() OVER",
    "PARTITION BY",
    "GROUPING SETS",
    "ROLLUP",
    "CUBE",
];

/// The words that are known now, shared with the shell's loop.
pub type Words = Arc<Mutex<Vec<String>>>;

/// Completes the word before the cursor.
pub struct SqlCompleter {
    words: Words,
}

impl SqlCompleter {
    /// A completer of what the session holds now.
    pub fn new(session: &Session) -> Self {
        let words = Words::default();
        SqlCompleter::refresh(&words, session);
        SqlCompleter { words }
    }

    /// The words, to be refreshed after each statement.
    pub fn words(&self) -> Words {
        self.words.clone()
    }

    /// Tables, functions, options and keywords as they are now.
    pub fn refresh(words: &Words, session: &Session) {
        let catalog = &session.catalog;
        let mut all: Vec<String> = catalog.names(catalog.current_catalog(), catalog.current_database());
        for object in catalog.objects(catalog.current_catalog(), catalog.current_database()) {
            if let Object::Table(table) = object {
                all.extend(table.columns.iter().map(|column| column.name.value.clone()));
            }
        }
        all.extend(KEYWORDS.iter().map(|word| (*word).to_owned()));
        let functions = riverrun::sql::functions::registry::functions().map(|function| function.name.to_owned());
        all.extend(functions.filter(|name| name.starts_with(|first: char| first.is_ascii_alphabetic())));
        let own = catalog.functions().visible(catalog.current_catalog(), catalog.current_database());
        all.extend(own.into_values().map(|function| function.signature.name.clone()));
        all.extend(riverrun::operators::aggregates::aggregates().map(|function| function.name.to_owned()));
        for connector in riverrun::connectors::connectors() {
            all.push(connector.name().to_owned());
            all.extend(connector.options().iter().map(|option| option.name.to_owned()));
        }
        for format in riverrun::formats::formats() {
            all.push(format.name().to_owned());
            all.extend(format.options().iter().map(|option| format!("{}.{}", format.name(), option.name)));
        }
        all.extend(riverrun::connectors::COMMON_OPTIONS.iter().map(|option| option.name.to_owned()));
        all.extend(SESSION_OPTIONS.iter().map(|option| option.name.to_owned()));
        all.sort();
        all.dedup();
        *words.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }
}

impl Completer for SqlCompleter {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        let before = &line[..position];
        let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let start = before
            .rfind(|c: char| !in_word(c))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let typed = before[start..].to_lowercase();
        if typed.is_empty() {
            return CompletionResult::fresh(Vec::new());
        }
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let matching = words.iter().filter(|word| word.to_lowercase().starts_with(&typed));
        let suggestions: Vec<Suggestion> = matching
            .map(|word| Suggestion {
                value: word.clone(),
                span: Span::new(start, position),
                append_whitespace: false,
                ..Suggestion::default()
            })
            .collect();
        CompletionResult::fresh(suggestions)
    }
}
