//! The functions of the user: which name means which.
//!
//! Names don't tell upper from lower case. A name of one part means, in this order: a temporary system function, a built-in one, a
//! temporary one of the current database, a permanent one of it. Source: Flink, "Functions".

use crate::functions::user::UserFunction;
use crate::parse::FunctionScope;
use riverrun_core::{Error, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a function is: catalog, database and name, in lower case.
type FunctionPath = (String, String, String);

/// All functions of the user.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    system: BTreeMap<String, Arc<UserFunction>>,
    temporary: BTreeMap<FunctionPath, Arc<UserFunction>>,
    permanent: BTreeMap<FunctionPath, Arc<UserFunction>>,
}

/// A name with its catalog and database.
pub fn path(parts: &[&str], catalog: &str, database: &str) -> Option<FunctionPath> {
    let path = match parts {
        [name] => (catalog.to_owned(), database.to_owned(), name.to_lowercase()),
        [database, name] => (catalog.to_owned(), (*database).to_owned(), name.to_lowercase()),
        [catalog, database, name] => ((*catalog).to_owned(), (*database).to_owned(), name.to_lowercase()),
        _ => return None,
    };
    Some(path)
}

impl Functions {
    /// The temporary system function of this name.
    pub fn system(&self, name: &str) -> Option<&Arc<UserFunction>> {
        if self.system.is_empty() { None } else { self.system.get(&name.to_lowercase()) }
    }

    /// The function at this path, a temporary one before a permanent one.
    pub fn at(&self, path: &FunctionPath) -> Option<&Arc<UserFunction>> {
        self.temporary.get(path).or_else(|| self.permanent.get(path))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.system.is_empty() && self.temporary.is_empty() && self.permanent.is_empty()
    }

    /// The functions that names of one part can mean, by name.
    pub fn visible(&self, catalog: &str, database: &str) -> BTreeMap<&str, &Arc<UserFunction>> {
        let here = |path: &&FunctionPath| path.0 == catalog && path.1 == database;
        let mut found = BTreeMap::new();
        for map in [&self.permanent, &self.temporary] {
            found.extend(map.iter().filter(|(path, _)| here(path)).map(|(path, function)| (path.2.as_str(), function)));
        }
        found.extend(self.system.iter().map(|(name, function)| (name.as_str(), function)));
        found
    }

    /// Whether there is a function of this scope.
    pub fn contains(&self, scope: FunctionScope, path: &FunctionPath) -> bool {
        match scope {
            FunctionScope::Catalog => self.permanent.contains_key(path),
            FunctionScope::Temporary => self.temporary.contains_key(path),
            FunctionScope::TemporarySystem => self.system.contains_key(&path.2),
        }
    }

    /// Adds a function, or replaces the one of its name.
    pub fn put(&mut self, scope: FunctionScope, path: FunctionPath, function: Arc<UserFunction>) {
        match scope {
            FunctionScope::Catalog => self.permanent.insert(path, function),
            FunctionScope::Temporary => self.temporary.insert(path, function),
            FunctionScope::TemporarySystem => self.system.insert(path.2, function),
        };
    }

    /// Drops a function of this scope, if it is there.
    pub fn remove(&mut self, scope: FunctionScope, path: &FunctionPath) -> bool {
        match scope {
            FunctionScope::Catalog => self.permanent.remove(path).is_some(),
            FunctionScope::Temporary => self.temporary.remove(path).is_some(),
            FunctionScope::TemporarySystem => self.system.remove(&path.2).is_some(),
        }
    }

    /// Drops all functions of a database, or of a catalog.
    pub fn remove_all(&mut self, catalog: &str, database: Option<&str>) {
        let stays = |path: &FunctionPath| path.0 != catalog || database.is_some_and(|database| path.1 != database);
        self.temporary.retain(|path, _| stays(path));
        self.permanent.retain(|path, _| stays(path));
    }

    /// Adds a function of a Rust program: a temporary system function. One of the name of another replaces it.
    pub fn register(&mut self, function: UserFunction) -> Result<()> {
        let name = &function.signature.name;
        let fits =
            name.chars().enumerate().all(|(at, c)| c == '_' || c.is_alphabetic() || at > 0 && c.is_alphanumeric());
        if name.is_empty() || !fits {
            return Err(Error::input(format!("'{name}' is no name of a function"))
                .hint("letters, digits and _, and no digit first"));
        }
        self.system.insert(name.to_lowercase(), Arc::new(function));
        Ok(())
    }
}
