//! What ALTER, DESCRIBE and SHOW CREATE CATALOG change and show, and ALTER DATABASE.
//!
//! Source: Flink, "ALTER Statements", "DESCRIBE Statements".

use super::{Catalog, describe};
use crate::parse::{AlterCatalog, CatalogChange, CreateCatalog, Name, NamePart};
use riverrun_core::{Error, Options, Result};
use std::fmt::Write;

/// The database that a new catalog has unless its options name another.
const FIRST_DATABASE: &str = "default";
/// The type of all catalogs.
const TYPE: &str = "generic_in_memory";

/// What was said of a catalog when it was created.
#[derive(Clone, Debug, Default)]
pub(super) struct Described {
    pub(super) options: Options,
    pub(super) comment: Option<String>,
}

impl Described {
    /// The database that USE CATALOG goes to.
    pub(super) fn default_database(&self) -> &str {
        self.options.given("default-database").map_or(FIRST_DATABASE, |value| value.text.as_str())
    }

    /// Refuses options that a catalog in memory hasn't.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(kind) = self.options.given("type").filter(|kind| kind.text != TYPE) {
            return Err(Error::unsupported(format!("a catalog of type '{}'", kind.text))
                .hint("'type' = 'generic_in_memory' is supported")
                .at(kind.value_place));
        }
        match self.options.iter().find(|(key, _)| !matches!(*key, "type" | "default-database")) {
            Some((key, value)) => Err(Error::input(format!("a catalog in memory has no option '{key}'"))
                .hint("it has 'default-database'")
                .at(value.key_place)),
            None => Ok(()),
        }
    }
}

impl From<&CreateCatalog> for Described {
    fn from(create: &CreateCatalog) -> Self {
        Described { options: create.options.clone(), comment: create.comment.clone() }
    }
}

impl Catalog {
    /// ALTER CATALOG.
    pub fn alter_catalog(&mut self, alter: &AlterCatalog) -> Result<()> {
        let mut described = self.described(&alter.name)?;
        match &alter.change {
            CatalogChange::Comment(comment) => described.comment = Some(comment.clone()),
            CatalogChange::SetOptions(options) => {
                if let Some(kind) = options.given("type") {
                    return Err(Error::input("the option 'type' of a catalog can't be changed")
                        .hint("CREATE CATALOG makes one of another type")
                        .at(kind.key_place));
                }
                options.iter().for_each(|(key, value)| described.options.insert(key, value.clone()));
                described.check()?;
            }
            CatalogChange::ResetOptions(keys) => {
                for key in keys {
                    if key.value == "type" {
                        return Err(Error::input("the option 'type' of a catalog can't be reset")
                            .detail("every catalog has one")
                            .at(key.place));
                    }
                    described.options.remove(&key.value);
                }
            }
        }
        self.described.insert(alter.name.value.clone(), described);
        Ok(())
    }

    /// The rows of DESCRIBE CATALOG: name and value.
    pub fn describe_catalog(&self, name: &NamePart, extended: bool) -> Result<Vec<Vec<Option<String>>>> {
        let described = self.described(name)?;
        let row = |key: &str, value: Option<String>| vec![Some(key.to_owned()), value];
        let mut rows = vec![
            row("name", Some(name.value.clone())),
            row("type", Some(TYPE.to_owned())),
            row("comment", described.comment.clone()),
        ];
        if extended {
            let options = described.options.iter().filter(|(key, _)| *key != "type");
            rows.extend(options.map(|(key, value)| row(&format!("option:{key}"), Some(value.text.clone()))));
        }
        Ok(rows)
    }

    /// The statement that creates a catalog again.
    pub fn show_create_catalog(&self, name: &NamePart) -> Result<String> {
        let described = self.described(name)?;
        let mut statement = format!("CREATE CATALOG {}\n", super::table::quoted(&name.value));
        if let Some(comment) = &described.comment {
            let _ = writeln!(statement, "COMMENT {}", describe::text(comment));
        }
        let others = described.options.iter().filter(|(key, _)| *key != "type");
        let options: Vec<_> = std::iter::once(("type", TYPE))
            .chain(others.map(|(key, value)| (key, value.text.as_str())))
            .map(|(key, value)| format!("{} = {}", describe::text(key), describe::text(value)))
            .collect();
        let _ = writeln!(statement, "WITH (\n  {}\n)", options.join(",\n  "));
        Ok(statement)
    }

    /// ALTER DATABASE: a database in memory has no options that do anything.
    pub fn alter_database(&self, name: &Name) -> Result<()> {
        let (catalog, database) = self.database_path(name)?;
        match self.has_database(&catalog, &database) {
            true => Ok(()),
            false => Err(self.no_database(&catalog, &database).at(name.place())),
        }
    }

    fn described(&self, name: &NamePart) -> Result<Described> {
        if !self.catalogs.contains_key(&name.value) {
            return Err(self.no_catalog(&name.value).at(name.place));
        }
        Ok(self.described.get(&name.value).cloned().unwrap_or_default())
    }
}
