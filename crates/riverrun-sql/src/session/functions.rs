//! CREATE, ALTER, DROP, DESCRIBE and SHOW FUNCTION.

mod component;
mod known_class;

use super::{Rows, SessionConfig};
use crate::bind::call::CONDITIONAL;
use crate::bind::user_call::{bind_body, bind_text};
use crate::catalog::{Catalog, functions};
use crate::functions::context::is_built_in;
use crate::functions::user::{Body, Signature, UserFunction};
use crate::functions::{FunctionContext, registry};
use crate::parse::function::{in_literal, parse_body};
use crate::parse::{CreateFunction, DropFunction, FunctionScope, Name, NamePart, Returns};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result, SystemClock};
use riverrun_operators::aggregates;
use std::sync::Arc;

/// CREATE FUNCTION.
pub fn create(create: &CreateFunction, catalog: &mut Catalog, session: &SessionConfig) -> Result<()> {
    let path = path(&create.name, catalog)?;
    if catalog.functions().contains(create.scope, &path) {
        return match create.tolerated {
            true => Ok(()),
            false => Err(Error::input(format!("there is a function '{}' already", create.name))
                .hint("drop it first, or write CREATE FUNCTION IF NOT EXISTS")
                .at(create.name.place())),
        };
    }
    if create.scope != FunctionScope::TemporarySystem && !catalog.has_database(&path.0, &path.1) {
        return Err(Error::input(format!("there is no database '{}.{}'", path.0, path.1)).at(create.name.place()));
    }
    put(create, catalog, session)
}

/// ALTER FUNCTION: another definition of a function.
pub fn alter(alter: &CreateFunction, catalog: &mut Catalog, session: &SessionConfig) -> Result<()> {
    let path = path(&alter.name, catalog)?;
    match catalog.functions().contains(alter.scope, &path) {
        true => put(alter, catalog, session),
        false if alter.tolerated => Ok(()),
        false => Err(missing(&alter.name, catalog)),
    }
}

/// Checks a definition as if it were there already, so that one which calls itself is found, and puts it there.
fn put(create: &CreateFunction, catalog: &mut Catalog, session: &SessionConfig) -> Result<()> {
    let known = known_class::as_expression(create)?;
    let create = known.as_ref().unwrap_or(create);
    let path = path(&create.name, catalog)?;
    let function = define(create, catalog, session)?;
    let mut functions = catalog.functions().as_ref().clone();
    functions.put(create.scope, path.clone(), Arc::new(function.clone()));
    if let (Body::Expression(text), Some(literal)) = (&function.body, &create.definition) {
        let mut context = context(catalog, session);
        context.functions = Arc::new(functions);
        bind_body(&function.signature, text, &context).map_err(|error| in_literal(error, literal))?;
    }
    catalog.functions_mut().put(create.scope, path, Arc::new(function));
    Ok(())
}

/// DROP FUNCTION.
pub fn drop(drop: &DropFunction, catalog: &mut Catalog) -> Result<()> {
    let path = path(&drop.name, catalog)?;
    if catalog.functions_mut().remove(drop.scope, &path) || drop.if_exists {
        return Ok(());
    }
    let other = [
        (FunctionScope::Catalog, "DROP FUNCTION"),
        (FunctionScope::Temporary, "DROP TEMPORARY FUNCTION"),
        (FunctionScope::TemporarySystem, "DROP TEMPORARY SYSTEM FUNCTION"),
    ];
    match other.into_iter().find(|(scope, _)| catalog.functions().contains(*scope, &path)) {
        Some((_, statement)) => Err(Error::input(format!("there is no such function '{}'", drop.name))
            .hint(format!("there is one of another kind: {statement} {}", drop.name))
            .at(drop.name.place())),
        None => Err(missing(&drop.name, catalog)),
    }
}

/// DESCRIBE FUNCTION.
pub fn describe(name: &Name, catalog: &Catalog) -> Result<Rows> {
    let parts: Vec<&str> = name.parts.iter().map(|part| part.value.as_str()).collect();
    let own = match parts.as_slice() {
        [one] => catalog.functions().system(one),
        _ => None,
    };
    let built_in = matches!(parts.as_slice(), [one] if is_built_in(one));
    let own = own.or_else(|| {
        let path = functions::path(&parts, catalog.current_catalog(), catalog.current_database())?;
        if built_in { None } else { catalog.functions().at(&path) }
    });
    let facts = match own {
        Some(function) => vec![
            ("name", function.signature.name.clone()),
            ("signature", function.signature.to_string()),
            ("kind", function.kind().to_owned()),
            ("language", function.language.to_owned()),
            ("deterministic", function.deterministic.to_string()),
            (
                "definition",
                match &function.body {
                    Body::Expression(text) => text.text.clone(),
                    _ => function.doc.clone(),
                },
            ),
        ],
        None => {
            let found = registry::function(&name.to_string())
                .map(|known| (known.name, known.syntax, known.group, known.deterministic, known.doc))
                .or_else(|| {
                    let known = aggregates::aggregate(&name.to_string())?;
                    Some((known.name, known.syntax, "aggregate", true, known.doc))
                });
            let Some((name, syntax, group, deterministic, doc)) = found else { return Err(missing(name, catalog)) };
            vec![
                ("name", name.to_owned()),
                ("signature", syntax.to_owned()),
                ("kind", group.to_owned()),
                ("language", "built-in".to_owned()),
                ("deterministic", deterministic.to_string()),
                ("definition", doc.to_owned()),
            ]
        }
    };
    let rows = facts.into_iter().map(|(name, value)| vec![Some(name.to_owned()), Some(value)]).collect();
    Ok(Rows { columns: vec!["info name", "info value"], rows })
}

/// The names that SHOW FUNCTIONS shows, those of the user alone or with the built-in ones.
pub fn names(catalog: &Catalog, in_catalog: &str, in_database: &str, own_only: bool) -> Vec<String> {
    let visible = catalog.functions().visible(in_catalog, in_database);
    let mut names: Vec<String> = visible.into_keys().map(str::to_owned).collect();
    if !own_only {
        let named = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let scalar = registry::functions().map(|function| function.name);
        let all = scalar.chain(aggregates::aggregates().map(|function| function.name));
        let all = all.chain(CONDITIONAL.iter().copied());
        names.extend(all.filter(named).map(str::to_lowercase));
    }
    names.sort();
    names.dedup();
    names
}

fn path(name: &Name, catalog: &Catalog) -> Result<(String, String, String)> {
    let parts: Vec<&str> = name.parts.iter().map(|part| part.value.as_str()).collect();
    functions::path(&parts, catalog.current_catalog(), catalog.current_database())
        .ok_or_else(|| Error::bug("a name without parts"))
}

fn missing(name: &Name, catalog: &Catalog) -> Error {
    let visible = catalog.functions().visible(catalog.current_catalog(), catalog.current_database());
    Error::input(format!("there is no function '{name}'"))
        .hint_opt(did_you_mean(&name.to_string(), visible.into_keys()))
        .at(name.place())
}

/// What texts of functions are bound in while they are only checked.
fn context(catalog: &Catalog, session: &SessionConfig) -> FunctionContext {
    FunctionContext {
        catalog: Arc::from(catalog.current_catalog()),
        database: Arc::from(catalog.current_database()),
        functions: catalog.functions().clone(),
        ..FunctionContext::new(session.time_zone(), Arc::new(SystemClock))
    }
}

/// The function that a statement defines.
fn define(create: &CreateFunction, catalog: &Catalog, session: &SessionConfig) -> Result<UserFunction> {
    let name = create.name.parts.last().map(|part| part.value.clone()).unwrap_or_default();
    let language = match &create.language {
        Some(language) => language.value.to_ascii_uppercase(),
        None if create.parameters.is_some() || create.returns.is_some() => "SQL".to_owned(),
        None => "JAVA".to_owned(),
    };
    match language.as_str() {
        "SQL" => expression(create, name, catalog, session),
        "WASM" => component::load(create, name, session),
        "JAVA" | "SCALA" | "PYTHON" => {
            let place = create.language.as_ref().or(create.definition.as_ref()).map(|part| part.place);
            Err(Error::unsupported(format!("a function in {}", pretty(&language)))
                .detail("there is no Java or Python here to run it")
                .hint(format!("write an expression: CREATE FUNCTION {name}(x INT) RETURNS INT AS 'x + 1'"))
                .at(place.unwrap_or_else(|| create.name.place())))
        }
        _ => Err(Error::input(format!("there is no language {language} for functions"))
            .hint_opt(
                did_you_mean(&language, ["SQL", "WASM"])
                    .or_else(|| Some("SQL (expressions) and WASM (WebAssembly components) are there".to_owned())),
            )
            .at(create.language.as_ref().map(|part| part.place))),
    }
}

fn pretty(language: &str) -> &str {
    match language {
        "JAVA" => "Java",
        "SCALA" => "Scala",
        _ => "Python",
    }
}

/// What stands behind AS.
fn definition<'a>(create: &'a CreateFunction, what: &str) -> Result<&'a NamePart> {
    create.definition.as_ref().ok_or_else(|| {
        Error::input(format!("the function {} has no AS '…'", create.name))
            .hint(format!("behind AS stands {what}"))
            .at(create.name.place())
    })
}

fn expression(
    create: &CreateFunction,
    name: String,
    catalog: &Catalog,
    session: &SessionConfig,
) -> Result<UserFunction> {
    let literal = definition(create, "the expression, in single quotes")?;
    if let Some(file) = create.files.first() {
        return Err(Error::input("USING belongs to functions of other languages than SQL").at(file.path.place));
    }
    if let Some((key, value)) = create.options.iter().next() {
        return Err(Error::input(format!("a function in SQL has no option '{key}'")).at(value.key_place));
    }
    let text = Arc::new(parse_body(literal)?);
    let parameters = create.parameters.clone().unwrap_or_default();
    let returns = match &create.returns {
        Some(Returns::Value(data_type)) => data_type.clone(),
        Some(Returns::Table(_)) => {
            return Err(Error::unsupported(format!("the function {name} in SQL with RETURNS TABLE"))
                .hint("write a view, or a table function as a WebAssembly component")
                .at(create.name.place()));
        }
        // What the text gives.
        None => {
            let bound = bind_text(&parameters, &text, &context(catalog, session));
            bound.map_err(|error| in_literal(error, literal))?.data_type().clone()
        }
    };
    Ok(UserFunction {
        signature: Signature { name, parameters, returns: Returns::Value(returns) },
        language: "SQL",
        deterministic: create.deterministic,
        strict: false,
        doc: String::new(),
        body: Body::Expression(text),
    })
}
