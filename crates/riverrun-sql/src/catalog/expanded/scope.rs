//! Which table the name of a column means.

use super::quoted;
use sqlparser::ast::Ident;

/// What stands in FROM.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    /// The name before its columns.
    pub(super) alias: String,
    /// Its name as the columns of a `*` are kept by.
    pub(super) key: String,
    pub(super) columns: Vec<String>,
}

/// The tables of a FROM, and those of the queries around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'o> {
    pub(super) relations: Vec<Relation>,
    pub(super) outer: Option<&'o Scope<'o>>,
    /// The columns of USING.
    pub(super) common: Vec<String>,
    /// Whether a NATURAL join has common columns of whatever name.
    pub(super) natural: bool,
}

impl Scope<'_> {
    /// Whether two tables have columns in common, which Flink shows as COALESCE.
    pub(super) fn has_common(&self) -> bool {
        self.natural || !self.common.is_empty()
    }

    /// A name with its table before it.
    pub(super) fn resolve(&self, name: &[Ident]) -> Option<String> {
        let here = self.qualified(name).or_else(|| self.unqualified(name));
        here.or_else(|| self.outer.and_then(|outer| outer.resolve(name)))
    }

    fn qualified(&self, name: &[Ident]) -> Option<String> {
        (1..name.len()).rev().find_map(|split| {
            let (qualifier, rest) = name.split_at(split);
            let wanted: Vec<&str> = qualifier.iter().map(|part| part.value.as_str()).collect();
            let wanted = wanted.join(".");
            let named = |relation: &&Relation| {
                relation.alias == wanted || relation.key.ends_with(&format!(".{wanted}")) || relation.key == wanted
            };
            let relation = self.relations.iter().find(named)?;
            relation.columns.contains(&rest.first()?.value).then(|| path(&relation.alias, rest))
        })
    }

    fn unqualified(&self, name: &[Ident]) -> Option<String> {
        let first = &name.first()?.value;
        let mut relations = self.relations.iter().filter(|relation| relation.columns.contains(first));
        let relation = relations.next()?;
        let alone = relations.next().is_none() && !self.common.contains(first);
        alone.then(|| path(&relation.alias, name))
    }
}

fn path(alias: &str, name: &[Ident]) -> String {
    let parts = name.iter().map(|part| quoted(&part.value));
    std::iter::once(quoted(alias)).chain(parts).collect::<Vec<_>>().join(".")
}
