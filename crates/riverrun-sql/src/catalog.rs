//! The catalog: catalogs, databases, tables and views, in memory.
//!
//! A name of one part is looked up in the current database, of two in the current catalog. A temporary object hides a permanent one
//! of the same full name. Names keep their case. Source: Flink, "Catalogs" and "CREATE TABLE".

mod alter;
mod catalogs;
mod created_as;
mod describe;
mod expanded;
pub mod functions;
mod like;
mod partitions;
mod stars;
mod table;

use catalogs::Described;
pub use created_as::with_columns;
pub use describe::{describe, show_create_table, show_create_view};
pub use expanded::expanded;
pub use functions::Functions;
pub use partitions::Partition;
pub(crate) use stars::free;
pub use stars::{StarColumn, Stars};
pub use table::{CatalogTable, CatalogView, Object, ObjectPath};

use crate::parse::{CreateCatalog, CreateTable, CreateView, DropObject, Name, NamePart, ObjectKind, Replaces};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The catalog that is there from the start.
pub const DEFAULT_CATALOG: &str = "default_catalog";
/// The database that is there from the start.
pub const DEFAULT_DATABASE: &str = "default_database";

#[derive(Clone, Debug, Default)]
struct Database {
    objects: BTreeMap<String, Object>,
}

/// All tables and views, and which catalog and database is current.
#[derive(Clone, Debug)]
pub struct Catalog {
    catalogs: BTreeMap<String, BTreeMap<String, Database>>,
    temporary: BTreeMap<ObjectPath, Object>,
    /// What was said of the catalogs that were created.
    described: BTreeMap<String, Described>,
    current_catalog: String,
    /// Empty in a catalog without databases.
    current_database: String,
    /// The functions of the user. Shared with what was planned before they change.
    functions: Arc<Functions>,
}

impl Default for Catalog {
    fn default() -> Self {
        let databases = BTreeMap::from([(DEFAULT_DATABASE.to_owned(), Database::default())]);
        Catalog {
            catalogs: BTreeMap::from([(DEFAULT_CATALOG.to_owned(), databases)]),
            temporary: BTreeMap::new(),
            described: BTreeMap::new(),
            current_catalog: DEFAULT_CATALOG.to_owned(),
            current_database: DEFAULT_DATABASE.to_owned(),
            functions: Arc::default(),
        }
    }
}

impl Catalog {
    /// The current catalog's name.
    pub fn current_catalog(&self) -> &str {
        &self.current_catalog
    }

    /// The current database's name.
    pub fn current_database(&self) -> &str {
        &self.current_database
    }

    /// The functions of the user.
    pub fn functions(&self) -> &Arc<Functions> {
        &self.functions
    }

    /// The functions of the user, to change them.
    pub fn functions_mut(&mut self) -> &mut Functions {
        Arc::make_mut(&mut self.functions)
    }

    /// The full name that `name` means.
    pub fn path(&self, name: &Name) -> Result<ObjectPath> {
        full_path(name, &self.current_catalog, &self.current_database)
    }

    /// The table or view of this name. An error names the nearest one.
    pub fn find(&self, name: &Name) -> Result<&Object> {
        self.find_path(&self.path(name)?, name)
    }

    /// The table or view that `name` means within a view: names there are resolved where the view was created.
    pub fn find_within(&self, view: &CatalogView, name: &Name) -> Result<&Object> {
        self.find_path(&full_path(name, &view.home.0, &view.home.1)?, name)
    }

    fn find_path(&self, path: &ObjectPath, name: &Name) -> Result<&Object> {
        if let Some(object) = self.get(path) {
            return Ok(object);
        }
        let last = name.parts.last().map_or_else(|| name.place(), |part| part.place);
        if !self.catalogs.contains_key(&path.catalog) {
            return Err(self.no_catalog(&path.catalog).at(name.place()));
        }
        if !self.has_database(&path.catalog, &path.database) {
            return Err(self.no_database(&path.catalog, &path.database).at(name.place()));
        }
        let visible = self.names(&path.catalog, &path.database);
        let mut error = Error::input(format!("there is no table or view '{name}'"))
            .hint_opt(did_you_mean(&path.name, visible.iter().map(String::as_str)))
            .at(last);
        if error.hint_text().is_none() {
            let list = if visible.is_empty() { "none".to_owned() } else { visible.join(", ") };
            error = error.detail(format!("tables and views in {}.{}: {list}", path.catalog, path.database));
        }
        Err(error)
    }

    /// The table or view at this path.
    pub fn get(&self, path: &ObjectPath) -> Option<&Object> {
        self.temporary
            .get(path)
            .or_else(|| self.catalogs.get(&path.catalog)?.get(&path.database)?.objects.get(&path.name))
    }

    /// The names of the tables and views in a database, temporary ones among them, sorted.
    pub fn names(&self, catalog: &str, database: &str) -> Vec<String> {
        self.objects(catalog, database).map(|object| object.path().name.clone()).collect()
    }

    /// The tables and views in a database, by name.
    pub fn objects(&self, catalog: &str, database: &str) -> impl Iterator<Item = &Object> {
        let permanent = self.catalogs.get(catalog).and_then(|databases| databases.get(database));
        let mut all: BTreeMap<&str, &Object> = permanent
            .into_iter()
            .flat_map(|database| database.objects.iter().map(|(name, object)| (name.as_str(), object)))
            .collect();
        let temporary = self.temporary.iter();
        all.extend(
            temporary
                .filter(|(path, _)| path.catalog == catalog && path.database == database)
                .map(|(path, object)| (path.name.as_str(), object)),
        );
        all.into_values()
    }

    /// The names of all catalogs.
    pub fn catalog_names(&self) -> impl Iterator<Item = &str> {
        self.catalogs.keys().map(String::as_str)
    }

    /// The names of a catalog's databases.
    pub fn database_names(&self, catalog: &str) -> Result<impl Iterator<Item = &str>> {
        let databases = self.catalogs.get(catalog).ok_or_else(|| self.no_catalog(catalog))?;
        Ok(databases.keys().map(String::as_str))
    }

    /// Whether there is this database.
    pub fn has_database(&self, catalog: &str, database: &str) -> bool {
        self.catalogs.get(catalog).is_some_and(|databases| databases.contains_key(database))
    }

    fn no_catalog(&self, name: &str) -> Error {
        Error::input(format!("there is no catalog '{name}'")).hint_opt(did_you_mean(name, self.catalog_names()))
    }

    fn no_database(&self, catalog: &str, name: &str) -> Error {
        let names = self.catalogs.get(catalog).into_iter().flat_map(|databases| databases.keys().map(String::as_str));
        Error::input(format!("there is no database '{name}' in the catalog '{catalog}'"))
            .hint_opt(did_you_mean(name, names))
    }

    /// CREATE TABLE.
    pub fn create_table(&mut self, create: &CreateTable) -> Result<()> {
        let path = self.path(&create.name)?;
        match create.replaces {
            None => {
                if self.exists_already(&path, create.temporary, create.if_not_exists, &create.name)? {
                    return Ok(());
                }
            }
            Some(replaces) => self.check_replaced(&path, replaces, &create.name)?,
        }
        let base = match &create.like {
            Some(like) => match self.find(&like.table)? {
                Object::Table(table) => Some(table.clone()),
                Object::View(_) => {
                    return Err(
                        Error::input(format!("'{}' is a view: LIKE takes tables", like.table)).at(like.table.place())
                    );
                }
            },
            None => None,
        };
        let table = like::merge(path.clone(), create, base.as_deref())?;
        self.insert(path, Object::Table(Arc::new(table)), create.temporary, &create.name)
    }

    /// CREATE VIEW. That its query is right is checked by whoever binds it.
    pub fn create_view(&mut self, create: &CreateView) -> Result<()> {
        let path = self.path(&create.name)?;
        if self.exists_already(&path, create.temporary, create.if_not_exists, &create.name)? {
            return Ok(());
        }
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = create.columns.iter().find(|column| !seen.insert(column.value.as_str())) {
            return Err(Error::input(format!("column '{}' is named twice", twice.value)).at(twice.place));
        }
        let view = CatalogView {
            path: path.clone(),
            columns: create.columns.iter().map(|column| column.value.clone()).collect(),
            comment: create.comment.clone(),
            query: create.query.clone(),
            stars: Arc::default(),
            home: (self.current_catalog.clone(), self.current_database.clone()),
            temporary: create.temporary,
        };
        self.insert(path, Object::View(Arc::new(view)), create.temporary, &create.name)
    }

    /// Puts a table where its path says; one of the same kind, temporary or not, is replaced. For tables that no statement made.
    pub fn put(&mut self, object: Object) {
        let path = object.path().clone();
        if object.is_temporary() {
            self.temporary.insert(path, object);
        } else {
            let databases = self.catalogs.entry(path.catalog).or_default();
            databases.entry(path.database).or_default().objects.insert(path.name, object);
        }
    }

    /// Takes away a permanent table or view.
    fn remove(&mut self, path: &ObjectPath) {
        if let Some(databases) = self.catalogs.get_mut(&path.catalog)
            && let Some(database) = databases.get_mut(&path.database)
        {
            database.objects.remove(&path.name);
        }
    }

    /// REPLACE takes the place of a permanent table.
    fn check_replaced(&self, path: &ObjectPath, replaces: Replaces, name: &Name) -> Result<()> {
        match self.get(path) {
            Some(object) if object.is_temporary() => {
                Err(Error::input(format!("the table '{name}' is temporary, and can't be replaced"))
                    .hint(format!("drop it first: DROP TEMPORARY {} {name}", object.noun().to_uppercase()))
                    .at(name.place()))
            }
            Some(Object::View(_)) => Err(Error::input(format!("'{name}' is a view, no table"))
                .hint(format!("drop it first: DROP VIEW {name}"))
                .at(name.place())),
            None if replaces == Replaces::One => {
                Err(Error::input(format!("there is no table '{name}' to be replaced"))
                    .hint("write CREATE OR REPLACE TABLE, which creates it too")
                    .at(name.place()))
            }
            _ => Ok(()),
        }
    }

    fn exists_already(&self, path: &ObjectPath, temporary: bool, tolerated: bool, name: &Name) -> Result<bool> {
        let found = if temporary {
            self.temporary.get(path)
        } else {
            self.catalogs
                .get(&path.catalog)
                .and_then(|databases| databases.get(&path.database))
                .and_then(|database| database.objects.get(&path.name))
        };
        match found {
            Some(_) if tolerated => Ok(true),
            Some(object) => Err(Error::input(format!("there is a {} '{name}' already", object.noun()))
                .hint(format!("drop it first, or write CREATE {} IF NOT EXISTS", object.noun().to_uppercase()))
                .at(name.place())),
            None => Ok(false),
        }
    }

    fn insert(&mut self, path: ObjectPath, object: Object, temporary: bool, name: &Name) -> Result<()> {
        if temporary {
            self.temporary.insert(path, object);
            return Ok(());
        }
        if !self.catalogs.contains_key(&path.catalog) {
            return Err(self.no_catalog(&path.catalog).at(name.place()));
        }
        let missing = self.no_database(&path.catalog, &path.database).at(name.place());
        let databases = self.catalogs.get_mut(&path.catalog);
        let Some(database) = databases.and_then(|databases| databases.get_mut(&path.database)) else {
            return Err(missing);
        };
        database.objects.insert(path.name, object);
        Ok(())
    }

    /// CREATE CATALOG: only those in memory.
    pub fn create_catalog(&mut self, create: &CreateCatalog) -> Result<()> {
        let name = &create.name;
        if self.catalogs.contains_key(&name.value) {
            return if create.if_not_exists {
                Ok(())
            } else {
                Err(Error::input(format!("there is a catalog '{name}' already"))
                    .hint("drop it first, or write CREATE CATALOG IF NOT EXISTS")
                    .at(name.place))
            };
        }
        let described = Described::from(create);
        described.check()?;
        let databases = BTreeMap::from([(described.default_database().to_owned(), Database::default())]);
        self.catalogs.insert(name.value.clone(), databases);
        self.described.insert(name.value.clone(), described);
        Ok(())
    }

    /// CREATE DATABASE.
    pub fn create_database(&mut self, name: &Name, if_not_exists: bool) -> Result<()> {
        let (catalog, database) = self.database_path(name)?;
        let missing = self.no_catalog(&catalog).at(name.place());
        let databases = self.catalogs.get_mut(&catalog).ok_or(missing)?;
        if databases.contains_key(&database) {
            return if if_not_exists {
                Ok(())
            } else {
                Err(Error::input(format!("there is a database '{name}' already"))
                    .hint("drop it first, or write CREATE DATABASE IF NOT EXISTS")
                    .at(name.place()))
            };
        }
        databases.insert(database, Database::default());
        Ok(())
    }

    /// USE CATALOG. Its default database, or else its first, becomes current; of the current catalog nothing changes.
    pub fn use_catalog(&mut self, name: &NamePart) -> Result<()> {
        let Some(databases) = self.catalogs.get(&name.value) else {
            return Err(self.no_catalog(&name.value).at(name.place));
        };
        if name.value == self.current_catalog {
            return Ok(());
        }
        let default = self.described.get(&name.value).map_or(DEFAULT_DATABASE, Described::default_database);
        let first = databases.keys().next().cloned().unwrap_or_default();
        self.current_database = if databases.contains_key(default) { default.to_owned() } else { first };
        self.current_catalog = name.value.clone();
        Ok(())
    }

    /// USE database.
    pub fn use_database(&mut self, name: &Name) -> Result<()> {
        let (catalog, database) = self.database_path(name)?;
        if !self.catalogs.contains_key(&catalog) {
            return Err(self.no_catalog(&catalog).at(name.place()));
        }
        if !self.has_database(&catalog, &database) {
            return Err(self.no_database(&catalog, &database).at(name.place()));
        }
        (self.current_catalog, self.current_database) = (catalog, database);
        Ok(())
    }

    /// The catalog and database that a name of one or two parts means.
    pub fn database_path(&self, name: &Name) -> Result<(String, String)> {
        match name.parts.as_slice() {
            [database] => Ok((self.current_catalog.clone(), database.value.clone())),
            [catalog, database] => Ok((catalog.value.clone(), database.value.clone())),
            _ => {
                Err(Error::input(format!("'{name}' is no name of a database: it has one or two parts"))
                    .at(name.place()))
            }
        }
    }

    /// DROP.
    pub fn drop_object(&mut self, drop: &DropObject) -> Result<()> {
        match drop.kind {
            ObjectKind::Table | ObjectKind::View => self.drop_table(drop),
            // There are none.
            ObjectKind::MaterializedTable if drop.if_exists => Ok(()),
            ObjectKind::MaterializedTable => {
                let is = self.get(&self.path(&drop.name)?).map(Object::noun);
                Err(Error::input(format!("there is no materialized table '{}'", drop.name))
                    .hint_opt(is.map(|noun| format!("it is a {noun}: write DROP {}", noun.to_uppercase())))
                    .at(drop.name.place()))
            }
            ObjectKind::Catalog => self.drop_catalog(drop),
            ObjectKind::Database => self.drop_database(drop),
        }
    }

    fn drop_table(&mut self, drop: &DropObject) -> Result<()> {
        let path = self.path(&drop.name)?;
        let noun = if drop.kind == ObjectKind::Table { "table" } else { "view" };
        let found = if drop.temporary { self.temporary.get(&path) } else { self.get(&path) };
        let Some(object) = found else {
            if drop.if_exists {
                return Ok(());
            }
            if drop.temporary {
                let error = Error::input(format!("there is no temporary {noun} '{}'", drop.name));
                return Err(error.at(drop.name.place()));
            }
            return self.find(&drop.name).map(|_| ());
        };
        if object.noun() != noun {
            // No table, or no view, of this name exists.
            if drop.if_exists {
                return Ok(());
            }
            return Err(Error::input(format!("'{}' is a {}, no {noun}", drop.name, object.noun()))
                .hint(format!("write DROP {}", object.noun().to_uppercase()))
                .at(drop.name.place()));
        }
        if object.is_temporary() && !drop.temporary {
            return Err(Error::input(format!("a temporary {noun} hides '{}'", drop.name))
                .hint(format!("drop it first: DROP TEMPORARY {} {}", noun.to_uppercase(), drop.name))
                .at(drop.name.place()));
        }
        if drop.temporary {
            self.temporary.remove(&path);
        } else {
            self.remove(&path);
        }
        Ok(())
    }

    fn drop_catalog(&mut self, drop: &DropObject) -> Result<()> {
        let name = drop.name.to_string();
        if !self.catalogs.contains_key(&name) {
            return if drop.if_exists { Ok(()) } else { Err(self.no_catalog(&name).at(drop.name.place())) };
        }
        if name == self.current_catalog {
            return Err(Error::input(format!("the catalog '{name}' is in use"))
                .hint("USE CATALOG another one first")
                .at(drop.name.place()));
        }
        self.catalogs.remove(&name);
        self.described.remove(&name);
        self.functions_mut().remove_all(&name, None);
        self.temporary.retain(|path, _| path.catalog != name);
        Ok(())
    }

    fn drop_database(&mut self, drop: &DropObject) -> Result<()> {
        let (catalog, database) = self.database_path(&drop.name)?;
        if !self.has_database(&catalog, &database) {
            return match drop.if_exists {
                true => Ok(()),
                false => Err(self.no_database(&catalog, &database).at(drop.name.place())),
            };
        }
        if (&catalog, &database) == (&self.current_catalog, &self.current_database) {
            return Err(Error::input(format!("the database '{database}' is in use"))
                .hint("USE another one first")
                .at(drop.name.place()));
        }
        let names = self.names(&catalog, &database);
        if !names.is_empty() && !drop.cascade {
            return Err(Error::input(format!("the database '{database}' is not empty"))
                .detail(format!("it holds {}", names.join(", ")))
                .hint("write CASCADE to drop them too")
                .at(drop.name.place()));
        }
        if let Some(databases) = self.catalogs.get_mut(&catalog) {
            databases.remove(&database);
        }
        self.functions_mut().remove_all(&catalog, Some(&database));
        self.temporary.retain(|path, _| (&path.catalog, &path.database) != (&catalog, &database));
        Ok(())
    }
}

fn full_path(name: &Name, catalog: &str, database: &str) -> Result<ObjectPath> {
    let path = |catalog: &str, database: &str, name: &str| ObjectPath {
        catalog: catalog.to_owned(),
        database: database.to_owned(),
        name: name.to_owned(),
    };
    match name.parts.as_slice() {
        [table] => Ok(path(catalog, database, &table.value)),
        [database, table] => Ok(path(catalog, &database.value, &table.value)),
        [catalog, database, table] => Ok(path(&catalog.value, &database.value, &table.value)),
        _ => Err(Error::input(format!("'{name}' is no name of a table: it has one to three parts")).at(name.place())),
    }
}
