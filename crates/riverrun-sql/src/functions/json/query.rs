//! IS JSON, JSON_EXISTS, JSON_VALUE, JSON_QUERY.

use super::super::kernels::{self, Accept, Arguments, Column, MAX_TEXT_BYTES, accept, kernel};
use super::super::{Argument, FunctionDef, Resolved, Total, operators};
use super::parser::check;
use super::path::{Failure, Path};
use super::value::Json;
use arrow::array::{
    Array, ArrayRef, BooleanArray, BooleanBuilder, Float64Builder, Int32Builder, ListBuilder, StringArray,
    StringBuilder,
};
use riverrun_core::types::MAX_LENGTH;
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::sync::Arc;

const IS_JSON: &str = "string IS [NOT] JSON [VALUE | OBJECT | ARRAY | SCALAR]";
const JSON_EXISTS: &str = "JSON_EXISTS(json, path [{TRUE | FALSE | UNKNOWN | ERROR} ON ERROR])";
const JSON_VALUE: &str = "JSON_VALUE(json, path [RETURNING type] \
                          [{NULL | ERROR | DEFAULT value} ON EMPTY] [{NULL | ERROR | DEFAULT value} ON ERROR])";
const JSON_QUERY: &str = "JSON_QUERY(json, path [RETURNING type] [{WITHOUT | WITH [CONDITIONAL | UNCONDITIONAL]} ARRAY WRAPPER] \
                          [{NULL | EMPTY ARRAY | EMPTY OBJECT | ERROR} ON {EMPTY | ERROR}] …)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "json",
        operators::IS_JSON,
        IS_JSON,
        "Whether the text is JSON, or JSON of a kind.",
        |_, arguments| resolve_is_json(arguments),
    ),
    FunctionDef::new(
        "json",
        operators::JSON_EXISTS,
        JSON_EXISTS,
        "Whether a value that is not null stands at a path.",
        |_, arguments| resolve_exists(arguments),
    ),
    FunctionDef::new("json", operators::JSON_VALUE, JSON_VALUE, "The scalar at a path.", |_, arguments| {
        resolve_value(arguments)
    }),
    FunctionDef::new(
        "json",
        operators::JSON_QUERY,
        JSON_QUERY,
        "The array or object at a path, as JSON.",
        |_, arguments| resolve_query(arguments),
    ),
];

/// The error of a call that doesn't fit. Arguments behind the path are clauses.
fn mismatch(syntax: &str, arguments: &[Argument<'_>]) -> Error {
    kernels::mismatch(syntax, arguments.get(..2).unwrap_or(arguments))
}

/// The constant text of an argument, `default` where it is left out or a bare NULL.
fn clause<'a>(syntax: &str, arguments: &'a [Argument<'a>], position: usize, default: &'static str) -> Result<&'a str> {
    match arguments.get(position) {
        None => Ok(default),
        Some(argument) if argument.data_type.kind == TypeKind::Null => Ok(default),
        Some(argument) => argument.text().ok_or_else(|| mismatch(syntax, arguments)),
    }
}

/// The parameters of JSON, path and the clauses, which are constants that the kernel doesn't look at.
fn parameters(syntax: &str, arguments: &[Argument<'_>]) -> Result<Vec<DataType>> {
    let mut parameters = accept(syntax, arguments.get(..2).unwrap_or(arguments), &[Accept::Text; 2], 2)
        .map_err(|_| mismatch(syntax, arguments))?;
    parameters.extend(arguments.iter().skip(2).map(|argument| argument.data_type.clone()));
    Ok(parameters)
}

fn resolve_is_json(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let wrong = || kernels::mismatch_of("IS JSON", IS_JSON, arguments.get(..1).unwrap_or_default());
    let parameters = accept(IS_JSON, arguments, &[Accept::Text; 2], 1).map_err(|_| wrong())?;
    let of_kind: fn(u8) -> bool = match clause(IS_JSON, arguments, 1, "VALUE")? {
        "VALUE" => |_| true,
        "OBJECT" => |first| first == b'{',
        "ARRAY" => |first| first == b'[',
        "SCALAR" => |first| first != b'{' && first != b'[',
        _ => return Err(wrong()),
    };
    let compute = kernel(operators::IS_JSON, move |arguments| {
        let json = arguments.text(0)?;
        let is_json = |row| Some(json.get(row).and_then(check).is_some_and(of_kind));
        Ok(Arc::new((0..arguments.rows()).map(is_json).collect::<BooleanArray>()))
    });
    Ok(Resolved { parameters, returns: TypeKind::Boolean.not_null(), kernel: compute })
}

/// The path of a call: made once if it is constant. A wrong one is an error of every row.
#[derive(Debug)]
enum Paths {
    Constant(Result<Path>),
    PerRow,
}

impl Paths {
    fn of(argument: &Argument<'_>) -> Paths {
        match argument.text() {
            Some(path) => Paths::Constant(Path::new(path)),
            None => Paths::PerRow,
        }
    }
}

/// What a row's JSON has at its path.
enum Found<'a> {
    /// The JSON or the path is NULL.
    Null,
    /// This value, and whether the path is `lax`; `None` is an empty result, and so is null, which only `lax` finds.
    Value(Option<Json<'a>>, bool),
    /// An error.
    Error(Error),
}

/// Reads JSON and path row by row.
struct Reader<'a> {
    json: Column<&'a StringArray>,
    path: Column<&'a StringArray>,
    paths: &'a Paths,
    last: Option<(String, Result<Path>)>,
}

impl<'a> Reader<'a> {
    fn new(arguments: &'a Arguments, paths: &'a Paths) -> Result<Self> {
        Ok(Reader { json: arguments.text(0)?, path: arguments.text(1)?, paths, last: None })
    }

    fn read(&mut self, row: usize) -> Found<'a> {
        let (Some(json), Some(path)) = (self.json.get(row), self.path.get(row)) else { return Found::Null };
        let path = match self.paths {
            Paths::Constant(path) => path,
            Paths::PerRow => {
                if self.last.as_ref().is_none_or(|(known, _)| known != path) {
                    self.last = Some((path.to_owned(), Path::new(path)));
                }
                match &self.last {
                    Some((_, path)) => path,
                    None => return Found::Null,
                }
            }
        };
        match path {
            Err(error) => Found::Error(error.clone()),
            // JsonPath takes no document of nothing but null, not even for `lax`.
            Ok(_) if json.trim_ascii() == "null" => Found::Error(Error::failure("the JSON text is null")),
            Ok(path) => match path.read(json) {
                // To `lax` it is an empty result.
                Ok(Some(Json::Null)) if !path.lax => {
                    Found::Error(Error::failure(format!("null stands at the strict JSON path {}", path.text)))
                }
                Ok(value) => Found::Value(value, path.lax),
                Err(Failure::NotFound) => Found::Error(path.not_found()),
                Err(Failure::Malformed(malformed)) => {
                    Found::Error(Error::failure("the text is no JSON").detail(malformed.to_string()))
                }
            },
        }
    }
}

fn resolve_exists(arguments: &[Argument<'_>]) -> Result<Resolved> {
    if !(2..=3).contains(&arguments.len()) {
        return Err(mismatch(JSON_EXISTS, arguments));
    }
    let parameters = parameters(JSON_EXISTS, arguments)?;
    let on_error = match clause(JSON_EXISTS, arguments, 2, "FALSE")? {
        "TRUE" => Some(Some(true)),
        "FALSE" => Some(Some(false)),
        "UNKNOWN" => Some(None),
        "ERROR" => None,
        _ => return Err(mismatch(JSON_EXISTS, arguments)),
    };
    let paths = Paths::of(&arguments[1]);
    let compute = kernel(operators::JSON_EXISTS, move |arguments| {
        let mut reader = Reader::new(arguments, &paths)?;
        let exists = (0..arguments.rows())
            .map(|row| match (reader.read(row), on_error) {
                (Found::Null, _) => Ok(None),
                (Found::Value(value, _), _) => Ok(Some(value.is_some_and(|value| value != Json::Null))),
                (Found::Error(_), Some(on_error)) => Ok(on_error),
                (Found::Error(error), None) => Err(error),
            })
            .collect::<Result<BooleanArray>>()?;
        Ok(Arc::new(exists))
    });
    Ok(Resolved { parameters, returns: TypeKind::Boolean.nullable(), kernel: compute })
}

/// What JSON_VALUE gives instead of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Otherwise {
    Null,
    Error,
    Default,
}

impl Otherwise {
    fn named(name: &str) -> Option<Otherwise> {
        match name {
            "NULL" => Some(Otherwise::Null),
            "ERROR" => Some(Otherwise::Error),
            "DEFAULT" => Some(Otherwise::Default),
            _ => None,
        }
    }
}

/// The type of a RETURNING clause: text, INT, DOUBLE or BOOLEAN.
fn returned_type(function: &str, name: &str) -> Result<TypeKind> {
    let compact: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    if let Some(length) = compact.strip_prefix("VARCHAR(").and_then(|rest| rest.strip_suffix(')'))
        && let Some(length) = length.parse().ok().filter(|length| (1..=MAX_LENGTH).contains(length))
    {
        return Ok(TypeKind::Varchar(length));
    }
    match (function, compact.as_str()) {
        (_, "STRING" | "VARCHAR") => Ok(TypeKind::STRING),
        ("JSON_VALUE", "INT" | "INTEGER") => Ok(TypeKind::Int),
        ("JSON_VALUE", "DOUBLE" | "DOUBLEPRECISION") => Ok(TypeKind::Double),
        ("JSON_VALUE", "BOOLEAN") => Ok(TypeKind::Boolean),
        ("JSON_QUERY", "ARRAY<STRING>") => Ok(TypeKind::Array(Box::new(TypeKind::STRING.nullable()))),
        ("JSON_VALUE", _) => Err(Error::input(format!("JSON_VALUE cannot return {name}"))
            .hint("it returns STRING, VARCHAR(n), INTEGER, DOUBLE or BOOLEAN; CAST makes another type of it")),
        _ => Err(Error::input(format!("{function} cannot return {name}")).hint("it returns STRING or ARRAY<STRING>")),
    }
}

fn resolve_value(arguments: &[Argument<'_>]) -> Result<Resolved> {
    if !(2..=7).contains(&arguments.len()) {
        return Err(mismatch(JSON_VALUE, arguments));
    }
    let returns = returned_type("JSON_VALUE", clause(JSON_VALUE, arguments, 2, "STRING")?)?.nullable();
    let mut parameters = parameters(JSON_VALUE, arguments)?;
    for position in [4, 6] {
        if let Some(parameter) = parameters.get_mut(position) {
            *parameter = returns.clone();
        }
    }
    let otherwise = |position| -> Result<Otherwise> {
        Otherwise::named(clause(JSON_VALUE, arguments, position, "NULL")?)
            .ok_or_else(|| mismatch(JSON_VALUE, arguments))
    };
    let (on_empty, on_error) = (otherwise(3)?, otherwise(5)?);
    let paths = Paths::of(&arguments[1]);
    let kind = returns.kind.clone();
    let compute = kernel(operators::JSON_VALUE, move |arguments| {
        let values = Values { arguments, paths: &paths, on_empty, on_error };
        match &kind {
            TypeKind::Int => {
                let mut builder = Int32Builder::with_capacity(arguments.rows());
                let defaults = Defaults::new(arguments, |position| arguments.int(position))?;
                values.each(|value| match value {
                    Given::Json(json) => json.as_int().map(|value| builder.append_value(value)).is_some(),
                    Given::Default(row, error) => {
                        builder.append_option(defaults.get(row, error));
                        true
                    }
                })?;
                Ok(Arc::new(builder.finish()))
            }
            TypeKind::Double => {
                let mut builder = Float64Builder::with_capacity(arguments.rows());
                let defaults = Defaults::new(arguments, |position| {
                    arguments.primitive::<arrow::datatypes::Float64Type>(position)
                })?;
                values.each(|value| match value {
                    Given::Json(json) => json.as_double().map(|value| builder.append_value(value)).is_some(),
                    Given::Default(row, error) => {
                        builder.append_option(defaults.get(row, error));
                        true
                    }
                })?;
                Ok(Arc::new(builder.finish()))
            }
            TypeKind::Boolean => {
                let mut builder = BooleanBuilder::with_capacity(arguments.rows());
                let defaults = Defaults::new(arguments, |position| arguments.boolean(position))?;
                values.each(|value| match value {
                    Given::Json(json) => json.as_boolean().map(|value| builder.append_value(value)).is_some(),
                    Given::Default(row, error) => {
                        builder.append_option(defaults.get(row, error));
                        true
                    }
                })?;
                Ok(Arc::new(builder.finish()))
            }
            kind => {
                let length = match kind {
                    TypeKind::Varchar(length) if *length < MAX_LENGTH => Some(*length as usize),
                    _ => None,
                };
                let mut builder = StringBuilder::with_capacity(arguments.rows(), arguments.rows() * 8);
                let defaults = Defaults::new(arguments, |position| arguments.text(position))?;
                let mut buffer = String::new();
                values.each(|value| {
                    match value {
                        Given::Json(json) => {
                            buffer.clear();
                            json.write_text(&mut buffer);
                            if let Some((end, _)) = length.and_then(|length| buffer.char_indices().nth(length)) {
                                buffer.truncate(end);
                            }
                            builder.append_value(&buffer);
                        }
                        Given::Default(row, error) => builder.append_option(defaults.get(row, error)),
                    }
                    true
                })?;
                Ok(Arc::new(builder.finish()))
            }
        }
    });
    let fails = on_empty == Otherwise::Error || on_error == Otherwise::Error;
    let kernel = Total::unless(fails, compute, operators::JSON_VALUE, arguments);
    Ok(Resolved { parameters, returns, kernel })
}

/// The defaults ON EMPTY and ON ERROR; only those are read that are to be given.
struct Defaults<A> {
    on_empty: Option<Column<A>>,
    on_error: Option<Column<A>>,
}

impl<A: arrow::array::ArrayAccessor> Defaults<A> {
    fn new(arguments: &Arguments, column: impl Fn(usize) -> Result<Column<A>>) -> Result<Self> {
        let column = |position: usize| (position < arguments.len()).then(|| column(position)).transpose();
        Ok(Defaults { on_empty: column(4)?, on_error: column(6)? })
    }

    /// The default for a row; `None` also where no default is asked for.
    fn get(&self, row: usize, which: Option<Which>) -> Option<A::Item> {
        match which? {
            Which::Empty => self.on_empty.as_ref()?.get(row),
            Which::Error => self.on_error.as_ref()?.get(row),
        }
    }
}

#[derive(Clone, Copy)]
enum Which {
    Empty,
    Error,
}

/// What a row of JSON_VALUE gets.
enum Given<'j> {
    /// The value of this scalar.
    Json(Json<'j>),
    /// A default of this row, or NULL.
    Default(usize, Option<Which>),
}

struct Values<'a> {
    arguments: &'a Arguments,
    paths: &'a Paths,
    on_empty: Otherwise,
    on_error: Otherwise,
}

impl Values<'_> {
    /// Gives each row's value to `add`, which says whether it is of the wanted type.
    fn each(&self, mut add: impl FnMut(Given<'_>) -> bool) -> Result<()> {
        let mut reader = Reader::new(self.arguments, self.paths)?;
        for row in 0..self.arguments.rows() {
            let error = match reader.read(row) {
                Found::Null => {
                    add(Given::Default(row, None));
                    continue;
                }
                Found::Value(value, lax) => match value {
                    Some(value) if value.is_scalar() && value != Json::Null => {
                        if add(Given::Json(value)) {
                            continue;
                        }
                        Error::failure("the value at a JSON path is not of the type that JSON_VALUE returns")
                    }
                    Some(value) if value != Json::Null && !lax => {
                        Error::failure("JSON_VALUE gives scalars, and an array or object stands at the strict path")
                    }
                    _ => {
                        match self.on_empty {
                            Otherwise::Null => add(Given::Default(row, None)),
                            Otherwise::Default => add(Given::Default(row, Some(Which::Empty))),
                            Otherwise::Error => return Err(Error::failure("JSON_VALUE found no value")),
                        };
                        continue;
                    }
                },
                Found::Error(error) => error,
            };
            match self.on_error {
                Otherwise::Null => add(Given::Default(row, None)),
                Otherwise::Default => add(Given::Default(row, Some(Which::Error))),
                Otherwise::Error => return Err(error),
            };
        }
        Ok(())
    }
}

/// What JSON_QUERY gives instead of a value.
#[derive(Clone, Copy, Debug)]
enum Instead {
    Null,
    Error,
    EmptyArray,
    EmptyObject,
}

impl Instead {
    fn named(name: &str) -> Option<Instead> {
        match name {
            "NULL" => Some(Instead::Null),
            "ERROR" => Some(Instead::Error),
            "EMPTY ARRAY" => Some(Instead::EmptyArray),
            "EMPTY OBJECT" => Some(Instead::EmptyObject),
            _ => None,
        }
    }

    fn value(self, error: impl FnOnce() -> Error) -> Result<Option<Json<'static>>> {
        match self {
            Instead::Null => Ok(None),
            Instead::EmptyArray => Ok(Some(Json::Array(Vec::new()))),
            Instead::EmptyObject => Ok(Some(Json::Object(Vec::new()))),
            Instead::Error => Err(error()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct QueryClauses {
    /// `Some(true)`: always; `Some(false)`: a value that is no array.
    wrapper: Option<bool>,
    on_empty: Instead,
    on_error: Instead,
}

impl QueryClauses {
    fn value<'a>(self, found: Found<'a>) -> Result<Option<Json<'a>>> {
        let (value, lax) = match found {
            Found::Null => return Ok(None),
            Found::Error(error) => return self.on_error.value(|| error),
            Found::Value(value, lax) => (value, lax),
        };
        let value = match (value, self.wrapper) {
            (None | Some(Json::Null), _) => None,
            (Some(value), None) => Some(value),
            (Some(value @ Json::Array(_)), Some(false)) => Some(value),
            (Some(value), Some(_)) => Some(Json::Array(vec![value])),
        };
        match value {
            Some(value) if !value.is_scalar() => Ok(Some(value)),
            Some(_) if !lax => self.on_error.value(|| {
                Error::failure("JSON_QUERY gives arrays and objects, and a scalar stands at the strict path")
                    .hint("WITH ARRAY WRAPPER makes an array of it")
            }),
            _ => self.on_empty.value(|| Error::failure("JSON_QUERY found no array or object")),
        }
    }
}

fn resolve_query(arguments: &[Argument<'_>]) -> Result<Resolved> {
    if !(2..=6).contains(&arguments.len()) {
        return Err(mismatch(JSON_QUERY, arguments));
    }
    let parameters = parameters(JSON_QUERY, arguments)?;
    let returns = returned_type("JSON_QUERY", clause(JSON_QUERY, arguments, 2, "STRING")?)?.nullable();
    let instead = |position| -> Result<Instead> {
        Instead::named(clause(JSON_QUERY, arguments, position, "NULL")?).ok_or_else(|| mismatch(JSON_QUERY, arguments))
    };
    let clauses = QueryClauses {
        wrapper: match clause(JSON_QUERY, arguments, 3, "WITHOUT")? {
            "WITHOUT" => None,
            "CONDITIONAL" => Some(false),
            "UNCONDITIONAL" => Some(true),
            _ => return Err(mismatch(JSON_QUERY, arguments)),
        },
        on_empty: instead(4)?,
        on_error: instead(5)?,
    };
    let paths = Paths::of(&arguments[1]);
    let array = matches!(returns.kind, TypeKind::Array(_));
    let compute = kernel(operators::JSON_QUERY, move |arguments| {
        let mut reader = Reader::new(arguments, &paths)?;
        if array { query_arrays(arguments, &mut reader, clauses) } else { query_texts(arguments, &mut reader, clauses) }
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn query_texts(arguments: &Arguments, reader: &mut Reader<'_>, clauses: QueryClauses) -> Result<ArrayRef> {
    super::super::kernels::try_texts(arguments.rows(), |row, out| {
        let Some(value) = clauses.value(reader.read(row))? else { return Ok(None) };
        value.write(out);
        if out.len() > MAX_TEXT_BYTES {
            return Err(Error::failure(format!("JSON_QUERY found {} bytes", out.len())));
        }
        Ok(Some(()))
    })
}

fn query_arrays(arguments: &Arguments, reader: &mut Reader<'_>, clauses: QueryClauses) -> Result<ArrayRef> {
    let mut builder = ListBuilder::new(StringBuilder::new());
    let mut buffer = String::new();
    for row in 0..arguments.rows() {
        let mut value = clauses.value(reader.read(row))?;
        if matches!(value, Some(Json::Object(_))) {
            value = clauses.on_error.value(|| Error::failure("JSON_QUERY returns an array, and found an object"))?;
        }
        match value {
            Some(Json::Array(elements)) => {
                for element in elements {
                    if element == Json::Null {
                        builder.values().append_null();
                        continue;
                    }
                    buffer.clear();
                    element.write_text(&mut buffer);
                    builder.values().append_value(&buffer);
                }
                builder.append(true);
            }
            _ => builder.append_null(),
        }
    }
    let lists = builder.finish();
    debug_assert_eq!(lists.len(), arguments.rows());
    Ok(Arc::new(lists))
}
