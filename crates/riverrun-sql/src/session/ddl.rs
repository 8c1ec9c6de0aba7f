//! The statements that change or show the catalog and the session, and start no job.

use super::{SessionConfig, functions, shown_value};
use crate::catalog::{self, Catalog, CatalogView, Object};
use crate::parse::{Name, NamePart, Show, ShowKind, Statement, StatementKind};
use riverrun_core::options::OptionValue;
use riverrun_core::{Error, Result, Schema};
use std::sync::Arc;

mod modules;
#[cfg(test)]
mod tests;

/// What a statement prints: columns of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The columns' names.
    pub columns: Vec<&'static str>,
    /// The rows; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// What came of a statement.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What it prints, if it prints anything.
    pub rows: Option<Rows>,
    /// What the user should know: an option that has no effect.
    pub notes: Vec<String>,
}

/// Answers with the columns of a table or view, for DESCRIBE: the types of computed columns and of views come of binding.
pub type SchemaOf<'a> = &'a dyn Fn(&Catalog, &Object) -> Result<Schema>;

/// Runs a statement that is no query, INSERT, statement set or EXPLAIN.
pub fn execute_ddl(
    statement: &Statement,
    catalog: &mut Catalog,
    session: &mut SessionConfig,
    schema_of: SchemaOf<'_>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    match &statement.kind {
        StatementKind::CreateTable(create) => {
            change(catalog, &create.name, schema_of, |catalog| match &create.query {
                None => catalog.create_table(create),
                Some(query) => {
                    catalog.check_query(create, query)?;
                    let schema = schema_of(catalog, &catalog.view_of(create, query)?)?;
                    catalog.create_table(&catalog::with_columns(create, query, &schema)?)
                }
            })?
        }
        StatementKind::CreateView(create) => {
            change(catalog, &create.name, schema_of, |catalog| catalog.create_view(create))?;
        }
        StatementKind::CreateCatalog(create) => {
            catalog.create_catalog(create)?;
        }
        StatementKind::CreateDatabase(create) => catalog.create_database(&create.name, create.if_not_exists)?,
        StatementKind::AlterTable(alter) => {
            change(catalog, &alter.name, schema_of, |catalog| catalog.alter_table(alter))?;
        }
        StatementKind::AlterView(alter) => {
            change(catalog, &alter.name, schema_of, |catalog| catalog.alter_view(alter))?;
        }
        StatementKind::AlterCatalog(alter) => catalog.alter_catalog(alter)?,
        StatementKind::AlterDatabase(name) => {
            catalog.alter_database(name)?;
            outcome.notes.push(format!("the options of the database '{name}' have no effect here"));
        }
        StatementKind::Drop(drop) => catalog.drop_object(drop)?,
        StatementKind::UseCatalog(name) => catalog.use_catalog(name)?,
        StatementKind::UseDatabase(name) => catalog.use_database(name)?,
        StatementKind::UseModules(module) => modules::check_loaded(module, session)?,
        StatementKind::LoadModule(module) => modules::load(module, session)?,
        StatementKind::UnloadModule(module) => modules::unload(module, session)?,
        StatementKind::AddJar(path) => outcome.notes.push(format!(
            "ADD JAR '{}' has no effect here: connectors and formats are built in, and there is no Java",
            path.value
        )),
        StatementKind::RemoveJar(path) => {
            outcome.notes.push(format!("REMOVE JAR '{}' has no effect here: no JAR is ever loaded", path.value));
        }
        StatementKind::Set(None) => outcome.rows = Some(settings(session)),
        StatementKind::Set(Some((key, value))) => outcome.notes.extend(set(session, key, value)?),
        StatementKind::Reset(None) => session.reset(None)?,
        StatementKind::Reset(Some(key)) => {
            session.reset(Some(&key.value)).map_err(|error| error.at(Some(key.place)))?;
        }
        StatementKind::Show(what) => outcome.rows = Some(show(what, catalog, session, schema_of)?),
        StatementKind::Describe(name) => outcome.rows = Some(describe(name, catalog, schema_of)?),
        StatementKind::DescribeCatalog(name, extended) => {
            let rows = catalog.describe_catalog(name, *extended)?;
            outcome.rows = Some(Rows { columns: vec!["info name", "info value"], rows });
        }
        StatementKind::CreateFunction(create) => functions::create(create, catalog, session)?,
        StatementKind::AlterFunction(create) => functions::alter(create, catalog, session)?,
        StatementKind::DropFunction(drop) => functions::drop(drop, catalog)?,
        StatementKind::DescribeFunction(name) => outcome.rows = Some(functions::describe(name, catalog)?),
        StatementKind::Insert(_)
        | StatementKind::StatementSet(_)
        | StatementKind::Query(_)
        | StatementKind::Explain(_) => return Err(Error::bug("a statement that runs a job came to the catalog")),
    }
    Ok(outcome)
}

/// Changes a table or view, unless it can't be bound afterwards: a mistake in an expression or a view's query is told where it
/// is made, not where the table is used.
fn change(
    catalog: &mut Catalog,
    name: &Name,
    schema_of: SchemaOf<'_>,
    make: impl FnOnce(&mut Catalog) -> Result<()>,
) -> Result<()> {
    let mut changed = catalog.clone();
    make(&mut changed)?;
    if let Some(object) = changed.get(&changed.path(name)?) {
        schema_of(&changed, object)?;
    }
    *catalog = changed;
    Ok(())
}

fn set(session: &mut SessionConfig, key: &NamePart, value: &NamePart) -> Result<Option<String>> {
    let option = OptionValue { text: value.value.clone(), key_place: Some(key.place), value_place: Some(value.place) };
    session.set(&key.value, option)
}

fn settings(session: &SessionConfig) -> Rows {
    let shown = |key: &str, text: &str| Some(shown_value(key, text).to_owned());
    let rows = session.options().iter().map(|(key, value)| vec![Some(key.to_owned()), shown(key, &value.text)]);
    Rows { columns: vec!["key", "value"], rows: rows.collect() }
}

fn column(name: &'static str, values: impl IntoIterator<Item = String>) -> Rows {
    Rows { columns: vec![name], rows: values.into_iter().map(|value| vec![Some(value)]).collect() }
}

fn show(show: &Show, catalog: &Catalog, session: &SessionConfig, schema_of: SchemaOf<'_>) -> Result<Rows> {
    let mut rows = match &show.kind {
        ShowKind::Tables | ShowKind::Views | ShowKind::MaterializedTables => {
            let (in_catalog, in_database) = match &show.from {
                Some(name) => catalog.database_path(name)?,
                None => (catalog.current_catalog().to_owned(), catalog.current_database().to_owned()),
            };
            if !catalog.has_database(&in_catalog, &in_database) {
                // The same error as USE gives.
                let name = show.from.as_ref().map(|name| name.place());
                return Err(Error::input(format!("there is no database '{in_catalog}.{in_database}'")).at(name));
            }
            let views = matches!(show.kind, ShowKind::Views);
            let objects = catalog.objects(&in_catalog, &in_database);
            let names = objects.filter(|object| match show.kind {
                // There are none.
                ShowKind::MaterializedTables => false,
                _ => !views || matches!(object, Object::View(_)),
            });
            column(if views { "view name" } else { "table name" }, names.map(|object| object.path().name.clone()))
        }
        ShowKind::Catalogs => column("catalog name", catalog.catalog_names().map(str::to_owned)),
        ShowKind::Databases => {
            let from = show.from.as_ref().map(Name::to_string);
            let names = catalog.database_names(from.as_deref().unwrap_or(catalog.current_catalog()));
            let names = names.map_err(|error| error.at(show.from.as_ref().map(|name| name.place())))?;
            column("database name", names.map(str::to_owned))
        }
        ShowKind::Functions | ShowKind::UserFunctions => {
            let (in_catalog, in_database) = match &show.from {
                Some(name) => catalog.database_path(name)?,
                None => (catalog.current_catalog().to_owned(), catalog.current_database().to_owned()),
            };
            let own_only = matches!(show.kind, ShowKind::UserFunctions) || session.core_unloaded;
            column("function name", functions::names(catalog, &in_catalog, &in_database, own_only))
        }
        ShowKind::Columns => match &show.from {
            Some(name) => describe(name, catalog, schema_of)?,
            None => Rows::default(),
        },
        ShowKind::Partitions(name, of) => column("partition name", catalog.partitions(name, of.as_ref())?),
        ShowKind::Modules { full } => {
            let mut rows = column("module name", modules::loaded(session).map(str::to_owned));
            if *full {
                rows.columns.push("used");
                rows.rows.iter_mut().for_each(|row| row.push(Some("TRUE".to_owned())));
            }
            rows
        }
        ShowKind::CurrentCatalog => column("current catalog name", [catalog.current_catalog().to_owned()]),
        ShowKind::CurrentDatabase => column("current database name", [catalog.current_database().to_owned()]),
        ShowKind::CreateTable(name) => match catalog.find(name)? {
            Object::Table(table) => column("result", [catalog::show_create_table(table)]),
            Object::View(_) => return Err(wrong_kind(name, "view")),
        },
        ShowKind::CreateCatalog(name) => column("result", [catalog.show_create_catalog(name)?]),
        // There are none.
        ShowKind::Jars => column("jars", []),
        ShowKind::Models => column("model name", []),
        ShowKind::Procedures => column("procedure name", []),
        ShowKind::CreateView(name) => match catalog.find(name)? {
            Object::View(view) => column("result", [create_view(view, catalog, schema_of)?]),
            Object::Table(_) => return Err(wrong_kind(name, "table")),
        },
    };
    if let Some((positive, pattern)) = &show.like {
        let letters = |text: &str| -> Vec<char> {
            if show.any_case { text.to_lowercase().chars().collect() } else { text.chars().collect() }
        };
        let pattern = letters(pattern);
        rows.rows.retain(|row| {
            let name = letters(row.first().and_then(|cell| cell.as_deref()).unwrap_or_default());
            like(&name, &pattern) == *positive
        });
    }
    Ok(rows)
}

/// The statement that creates a view again.
fn create_view(view: &CatalogView, catalog: &Catalog, schema_of: SchemaOf<'_>) -> Result<String> {
    let names = |object: &Object| -> Result<Vec<String>> {
        Ok(schema_of(catalog, object)?.fields.into_iter().map(|field| field.name).collect())
    };
    let columns = names(&Object::View(Arc::new(view.clone())))?;
    let known = |name: &Name| {
        let object = catalog.find_within(view, name).ok()?;
        Some((object.path().quoted(), names(object).ok()?))
    };
    let query = catalog::expanded(view, &known).unwrap_or_else(|| view.query.text.clone());
    Ok(catalog::show_create_view(view, &columns, &query))
}

fn wrong_kind(name: &Name, is: &str) -> Error {
    Error::input(format!("'{name}' is a {is}"))
        .hint(format!("write SHOW CREATE {} {name}", is.to_uppercase()))
        .at(name.place())
}

/// LIKE of SHOW: `%` and `_`, with a backslash before one that is meant.
fn like(text: &[char], pattern: &[char]) -> bool {
    // Where the last % stood, and how much of the text it has taken: the only place to come back to.
    let (mut t, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let escaped = pattern.get(p) == Some(&'\\') && p + 1 < pattern.len();
        let expected = if escaped { pattern.get(p + 1) } else { pattern.get(p) };
        if !escaped && expected == Some(&'%') {
            star = Some((p, t));
            p += 1;
        } else if expected.is_some_and(|c| (!escaped && *c == '_') || *c == text[t]) {
            t += 1;
            p += if escaped { 2 } else { 1 };
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            (p, t) = (at + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p.min(pattern.len())..].iter().all(|c| *c == '%')
}

fn describe(name: &Name, catalog: &Catalog, schema_of: SchemaOf<'_>) -> Result<Rows> {
    let object = catalog.find(name)?;
    let schema = schema_of(catalog, object)?;
    let table = match object {
        Object::Table(table) => Some(table.as_ref()),
        Object::View(_) => None,
    };
    let rows = catalog::describe(table, &schema);
    let mut columns = vec!["name", "type", "null", "key", "extras", "watermark"];
    if rows.first().is_some_and(|row| row.len() > columns.len()) {
        columns.push("comment");
    }
    Ok(Rows { columns, rows })
}
