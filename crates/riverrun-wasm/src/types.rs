//! Types of SQL against types of a component.
//!
//! The exported types choose the form of a call. A scalar function `f(x BIGINT) RETURNS BIGINT` is `func(x: s64) -> s64`, called
//! for each row, or `func(x: list<s64>) -> list<s64>`, called for many: of an ARRAY parameter a list is the value, so that
//! nothing is ambiguous. `option<…>` takes and gives NULL, `result<…, string>` fails the job.

use crate::export::{FunctionExport, InterfaceExport, kebab};
use riverrun_core::{DataType, Error, Field, Result, TypeKind};
use riverrun_sql::functions::user::component::ComponentFunction;
use riverrun_sql::parse::Returns;
use wasmtime::component::Type;
use wasmtime::component::types::ComponentFunc;

/// How values of a SQL type are values of an exported type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Bool,
    S8,
    S16,
    S32,
    S64,
    Float32,
    Float64,
    Text,
    /// A DECIMAL as text.
    Decimal,
    Bytes,
    /// NULL goes over.
    Optional(Box<Shape>),
    List(Box<Shape>),
    /// A list of pairs.
    Map(Box<Shape>, Box<Shape>),
    Tuple(Vec<Shape>),
    /// Fields with their names.
    Record(Vec<(String, Shape)>),
}

impl Shape {
    /// Whether NULL goes over.
    pub fn takes_null(&self) -> bool {
        matches!(self, Shape::Optional(_))
    }
}

/// The values of a row: of a table function's result, or of an aggregate's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bundle {
    /// The only value itself.
    Single(Shape),
    /// A tuple or a record of them.
    Many(Shape),
}

/// How a scalar or a table function is called.
#[derive(Debug)]
pub struct Call {
    /// Whether a call is of many rows.
    pub batched: bool,
    /// The parameters of one row.
    pub parameters: Vec<Shape>,
}

impl Call {
    /// Whether NULL for an argument means that there is no call.
    pub fn strict(&self) -> bool {
        self.parameters.iter().any(|shape| !shape.takes_null())
    }

    /// The form in words.
    pub fn way(&self) -> String {
        match self.batched {
            true => format!("a call for up to {} rows", crate::BATCH),
            false => "a call for each row".to_owned(),
        }
    }
}

/// How a table function is called.
#[derive(Debug)]
pub struct TableCall {
    /// The call.
    pub call: Call,
    /// Whether a row is the value of the only column.
    pub single: bool,
}

/// How an aggregate is called.
#[derive(Debug)]
pub struct AggregateCalls {
    /// The arguments of a row.
    pub row: Bundle,
    /// Whether rows are taken back.
    pub retracts: bool,
}

/// Which way a value goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

/// A reason why something does not fit is a sentence.
type Fits<T> = std::result::Result<T, String>;

/// How a scalar function is called.
pub fn scalar(function: &ComponentFunction, export: &FunctionExport) -> Result<Call> {
    supported(function)?;
    let Returns::Value(returns) = &function.signature.returns else { return Err(no_table()) };
    call(function, export, &|given: &Type| value(returns, given, Way::Out, true).map(drop))
}

/// How a table function is called.
pub fn table(function: &ComponentFunction, export: &FunctionExport) -> Result<TableCall> {
    supported(function)?;
    let Returns::Table(columns) = &function.signature.returns else { return Err(no_table()) };
    let single = std::cell::Cell::new(false);
    let call = call(function, export, &|given: &Type| match given {
        Type::List(rows) => {
            single.set(matches!(bundle(columns, &rows.ty(), Way::Out)?, Bundle::Single(_)));
            Ok(())
        }
        other => Err(format!("a table is a list of rows, not {}", written(other))),
    })?;
    Ok(TableCall { call, single: single.get() })
}

fn no_table() -> Error {
    Error::bug("a function that gives a value was taken for one that gives a table, or the other way round")
}

/// How an aggregate is called.
pub fn aggregate(function: &ComponentFunction, interface: &InterfaceExport) -> Result<AggregateCalls> {
    supported(function)?;
    let signature = &function.signature;
    let Returns::Value(returns) = &signature.returns else {
        return Err(Error::unsupported(format!("the aggregate {} with RETURNS TABLE", signature.name))
            .hint(format!("let '{}' name a function that gives a list of rows", interface.name)));
    };
    if signature.parameters.is_empty() {
        return Err(Error::unsupported(format!("the aggregate {} without parameters", signature.name))
            .hint("give it the column whose rows are counted"));
    }
    let [accumulate, merge, value_of, retract @ ..] = interface.functions.as_slice() else {
        return Err(Error::bug("an aggregate without its functions"));
    };
    let over_rows = |func: &ComponentFunc| -> Fits<Bundle> {
        let [state, rows] = parameters(func)?;
        bytes(&state)?;
        bytes(&answer(func)?)?;
        match rows {
            Type::List(rows) => bundle(&signature.parameters, &rows.ty(), Way::In),
            other => Err(format!("the rows are a list, not {}", written(&other))),
        }
    };
    let checked = || -> Fits<AggregateCalls> {
        let row = over_rows(accumulate).map_err(|reason| format!("accumulate: {reason}"))?;
        let merging = || -> Fits<()> {
            let [state, other] = parameters(merge)?;
            bytes(&state).and_then(|()| bytes(&other)).and_then(|()| bytes(&answer(merge)?))
        };
        merging().map_err(|reason| format!("merge: {reason}"))?;
        let evaluating = || -> Fits<()> {
            let [state] = parameters(value_of)?;
            bytes(&state).and_then(|()| value(returns, &answer(value_of)?, Way::Out, true).map(drop))
        };
        evaluating().map_err(|reason| format!("value: {reason}"))?;
        if let [retract] = retract {
            let taken = over_rows(retract).map_err(|reason| format!("retract: {reason}"))?;
            if taken != row {
                return Err("retract: it takes other rows than accumulate".to_owned());
            }
        }
        Ok(AggregateCalls { row, retracts: !retract.is_empty() })
    };
    checked().map_err(|reason| {
        let rows = row_text(&signature.parameters);
        let result = wit(returns, true).unwrap_or_default();
        misfit(function, &interface.name)
            .detail(format!("it is declared as {signature}; {reason}"))
            .hint(format!(
                "export accumulate: func(state: list<u8>, rows: list<{rows}>) -> list<u8>, merge: func(state: list<u8>, other: list<u8>) -> list<u8>, value: func(state: list<u8>) -> {result}, and retract as accumulate where rows are taken back"
            ))
    })
}

/// The parameters of a function that has `N`.
fn parameters<const N: usize>(func: &ComponentFunc) -> Fits<[Type; N]> {
    let types: Vec<Type> = func.params().map(|(_, exported)| exported).collect();
    let found = types.len();
    types.try_into().map_err(|_| format!("it takes {found} parameters, not {N}"))
}

/// What a call gives if it does not fail.
fn answer(func: &ComponentFunc) -> Fits<Type> {
    if func.async_() {
        return Err("it is async, and a call waits for nothing".to_owned());
    }
    let mut results = func.results();
    match (results.next(), results.next()) {
        (Some(Type::Result(result)), None) => {
            if let Some(other) = result.err().filter(|error| *error != Type::String) {
                return Err(format!("the error of a result is a string, not {}", written(&other)));
            }
            result.ok().ok_or_else(|| "it gives no value".to_owned())
        }
        (Some(exported), None) => Ok(exported),
        _ => Err("it gives no value".to_owned()),
    }
}

fn bytes(exported: &Type) -> Fits<()> {
    match exported {
        Type::List(list) if list.ty() == Type::U8 => Ok(()),
        other => Err(format!("a state is list<u8>, not {}", written(other))),
    }
}

fn misfit(function: &ComponentFunction, export: &str) -> Error {
    let (name, file) = (&function.signature.name, function.file.display());
    Error::input(format!("the export '{export}' of '{file}' does not fit the declaration of {name}"))
}

/// The form of call that the exported types say.
fn call(function: &ComponentFunction, export: &FunctionExport, gives: &dyn Fn(&Type) -> Fits<()>) -> Result<Call> {
    let (declared, func) = (&function.signature.parameters, &export.func);
    let types: Vec<Type> = func.params().map(|(_, exported)| exported).collect();
    let reason = match form(declared, &types, func, gives, false) {
        Ok(call) => return Ok(call),
        Err(reason) => reason,
    };
    let is_list = |exported: &Type| matches!(exported, Type::List(_));
    let reason = match !types.is_empty() && types.iter().all(is_list) {
        false => reason,
        true => match form(declared, &types, func, gives, true) {
            Ok(call) => return Ok(call),
            // Where lists are values, what was tried first tells more.
            Err(_) if declared.iter().any(|field| is_value_list(&field.data_type)) => reason,
            Err(reason) => reason,
        },
    };
    let signature = &function.signature;
    Err(misfit(function, &export.name)
        .detail(format!("it is declared as {signature}, and exported as {}; {reason}", signature_text(func)))
        .hint(expected(function)))
}

fn is_value_list(data_type: &DataType) -> bool {
    matches!(data_type.kind, TypeKind::Array(_) | TypeKind::Map(..) | TypeKind::Binary(_) | TypeKind::Varbinary(_))
}

fn form(
    declared: &[Field],
    types: &[Type],
    func: &ComponentFunc,
    gives: &dyn Fn(&Type) -> Fits<()>,
    batched: bool,
) -> Fits<Call> {
    if types.len() != declared.len() {
        return Err(format!("it takes {} parameters, not {}", types.len(), declared.len()));
    }
    let in_list = |exported: &Type| match exported {
        exported if !batched => Ok(exported.clone()),
        Type::List(list) => Ok(list.ty()),
        other => Err(format!("of a function over lists {} is no list", written(other))),
    };
    let shapes = declared.iter().zip(types).map(|(field, exported)| {
        let fits = in_list(exported).and_then(|exported| value(&field.data_type, &exported, Way::In, true));
        fits.map_err(|reason| format!("'{}': {reason}", field.name))
    });
    let parameters = shapes.collect::<Fits<Vec<Shape>>>()?;
    let given = answer(func).and_then(|given| in_list(&given));
    given.and_then(|given| gives(&given)).map_err(|reason| format!("the result: {reason}"))?;
    Ok(Call { batched, parameters })
}

/// What the declaration would be called as.
fn expected(function: &ComponentFunction) -> String {
    let signature = &function.signature;
    let result = match &signature.returns {
        Returns::Value(returns) => wit(returns, true).unwrap_or_default(),
        Returns::Table(columns) => format!("list<{}>", row_text(columns)),
    };
    let listed = |list: &dyn Fn(String) -> String| {
        let parameter = |field: &Field| {
            let name = kebab(&field.name);
            format!("{name}: {}", list(wit(&field.data_type, true).unwrap_or_default()))
        };
        let parameters: Vec<String> = signature.parameters.iter().map(parameter).collect();
        format!("func({}) -> {}", parameters.join(", "), list(result.clone()))
    };
    let by_row = listed(&|one| one);
    match signature.parameters.is_empty() {
        true => format!("export {by_row}"),
        false => format!("export {by_row}, or for many rows at once {}", listed(&|one| format!("list<{one}>"))),
    }
}

/// A row of these columns, as it would be exported.
fn row_text(columns: &[Field]) -> String {
    let types: Vec<String> = columns.iter().map(|column| wit(&column.data_type, true).unwrap_or_default()).collect();
    match types.as_slice() {
        [one] => one.clone(),
        many => format!("tuple<{}>", many.join(", ")),
    }
}

fn bundle(fields: &[Field], exported: &Type, way: Way) -> Fits<Bundle> {
    if let [field] = fields {
        let single = value(&field.data_type, exported, way, true);
        if single.is_ok() || !matches!(exported, Type::Tuple(_) | Type::Record(_)) {
            return single.map(Bundle::Single);
        }
    }
    members(fields, exported, way, true).map(Bundle::Many)
}

/// Fields against those of a tuple or a record.
fn members(fields: &[Field], exported: &Type, way: Way, top: bool) -> Fits<Shape> {
    let count = |found: usize| match found == fields.len() {
        true => Ok(()),
        false => Err(format!("{} has {found} fields, not {}", written(exported), fields.len())),
    };
    let one = |field: &Field, exported: &Type| {
        value(&field.data_type, exported, way, top).map_err(|reason| format!("'{}': {reason}", field.name))
    };
    match exported {
        Type::Tuple(tuple) => {
            count(tuple.types().len())?;
            let shapes = fields.iter().zip(tuple.types()).map(|(field, exported)| one(field, &exported));
            Ok(Shape::Tuple(shapes.collect::<Fits<_>>()?))
        }
        Type::Record(record) => {
            count(record.fields().len())?;
            let shapes = fields.iter().zip(record.fields()).map(|(field, found)| {
                // Values of one type in the wrong places would go unseen.
                if kebab(&field.name) != found.name {
                    return Err(format!("the record has '{}' where '{}' is declared", found.name, field.name));
                }
                Ok((found.name.to_owned(), one(field, &found.ty)?))
            });
            Ok(Shape::Record(shapes.collect::<Fits<_>>()?))
        }
        other => Err(format!("{} values are a tuple or a record, not {}", fields.len(), written(other))),
    }
}

/// A value; `top` where NULL for it means that there is no call.
fn value(declared: &DataType, exported: &Type, way: Way, top: bool) -> Fits<Shape> {
    if let Type::Option(option) = exported {
        if way == Way::Out && !declared.nullable {
            return Err(format!("{} may be NULL, and {declared} may not", written(exported)));
        }
        return Ok(Shape::Optional(Box::new(plain(declared, &option.ty(), way)?)));
    }
    let shape = plain(declared, exported, way)?;
    if way == Way::In && declared.nullable && !top {
        let (kind, found) = (&declared.kind, written(exported));
        return Err(format!("{kind} within it may be NULL: option<{found}>, or declare it as {kind} NOT NULL"));
    }
    Ok(shape)
}

fn plain(declared: &DataType, exported: &Type, way: Way) -> Fits<Shape> {
    let misfit = || {
        let expected = wit(declared, true).unwrap_or_default();
        Err(format!("{} is {expected}, not {}", declared.kind, written(exported)))
    };
    Ok(match (&declared.kind, exported) {
        (TypeKind::Boolean, Type::Bool) => Shape::Bool,
        (TypeKind::TinyInt, Type::S8) => Shape::S8,
        (TypeKind::SmallInt, Type::S16) => Shape::S16,
        (TypeKind::Int | TypeKind::Date | TypeKind::Time(_) | TypeKind::IntervalMonths, Type::S32) => Shape::S32,
        (
            TypeKind::BigInt | TypeKind::Timestamp { .. } | TypeKind::TimestampLtz { .. } | TypeKind::IntervalMillis,
            Type::S64,
        ) => Shape::S64,
        (TypeKind::Float, Type::Float32) => Shape::Float32,
        (TypeKind::Double, Type::Float64) => Shape::Float64,
        (TypeKind::Char(_) | TypeKind::Varchar(_), Type::String) => Shape::Text,
        (TypeKind::Decimal { .. }, Type::String) => Shape::Decimal,
        (TypeKind::Binary(_) | TypeKind::Varbinary(_), Type::List(list)) if list.ty() == Type::U8 => Shape::Bytes,
        (TypeKind::Array(element), Type::List(list)) => Shape::List(Box::new(value(element, &list.ty(), way, false)?)),
        (TypeKind::Map(key, item), Type::List(list)) => {
            let Type::Tuple(pair) = list.ty() else { return misfit() };
            let types: Vec<Type> = pair.types().collect();
            let [found_key, found_item] = types.as_slice() else { return misfit() };
            let key = value(&key.with_nullable(false), found_key, way, false)?;
            Shape::Map(Box::new(key), Box::new(value(item, found_item, way, false)?))
        }
        (TypeKind::Row(fields), Type::Tuple(_) | Type::Record(_)) => members(fields, exported, way, false)?,
        _ => return misfit(),
    })
}

/// Refuses types that no exported type stands for.
fn supported(function: &ComponentFunction) -> Result<()> {
    let signature = &function.signature;
    let results = match &signature.returns {
        Returns::Value(returns) => vec![returns],
        Returns::Table(columns) => columns.iter().map(|column| &column.data_type).collect(),
    };
    let mut all = signature.parameters.iter().map(|field| &field.data_type).chain(results);
    match all.find(|data_type| wit(data_type, true).is_none()) {
        None => Ok(()),
        Some(odd) => Err(Error::unsupported(format!("the type {} in a function in WASM", odd.kind))
            .hint("numbers, texts, bytes, dates and times, ARRAY, MAP and ROW go over; CAST others to STRING")),
    }
}

/// What a SQL type is in a component, as WIT; `None` for those that are none.
fn wit(declared: &DataType, top: bool) -> Option<String> {
    let plain = match &declared.kind {
        TypeKind::Boolean => "bool".to_owned(),
        TypeKind::TinyInt => "s8".to_owned(),
        TypeKind::SmallInt => "s16".to_owned(),
        TypeKind::Int | TypeKind::Date | TypeKind::Time(_) | TypeKind::IntervalMonths => "s32".to_owned(),
        TypeKind::BigInt | TypeKind::Timestamp { .. } | TypeKind::TimestampLtz { .. } | TypeKind::IntervalMillis => {
            "s64".to_owned()
        }
        TypeKind::Float => "f32".to_owned(),
        TypeKind::Double => "f64".to_owned(),
        TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Decimal { .. } => "string".to_owned(),
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => "list<u8>".to_owned(),
        TypeKind::Array(element) => format!("list<{}>", wit(element, false)?),
        TypeKind::Map(key, item) => format!("list<tuple<{}, {}>>", wit(key, true)?, wit(item, false)?),
        TypeKind::Row(fields) => {
            let types = fields.iter().map(|field| wit(&field.data_type, false)).collect::<Option<Vec<_>>>()?;
            format!("tuple<{}>", types.join(", "))
        }
        TypeKind::Null | TypeKind::Multiset(_) | TypeKind::Variant | TypeKind::Bitmap => return None,
    };
    Some(if declared.nullable && !top { format!("option<{plain}>") } else { plain })
}

/// A function's type as WIT.
fn signature_text(func: &ComponentFunc) -> String {
    let parameters: Vec<String> =
        func.params().map(|(name, exported)| format!("{name}: {}", written(&exported))).collect();
    let parameters = parameters.join(", ");
    match func.results().next() {
        Some(result) => format!("func({parameters}) -> {}", written(&result)),
        None => format!("func({parameters})"),
    }
}

/// A type as WIT.
fn written(exported: &Type) -> String {
    let optional = |inner: Option<Type>| inner.map_or_else(|| "_".to_owned(), |inner| written(&inner));
    match exported {
        Type::Bool => "bool".to_owned(),
        Type::S8 => "s8".to_owned(),
        Type::U8 => "u8".to_owned(),
        Type::S16 => "s16".to_owned(),
        Type::U16 => "u16".to_owned(),
        Type::S32 => "s32".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::S64 => "s64".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::Float32 => "f32".to_owned(),
        Type::Float64 => "f64".to_owned(),
        Type::Char => "char".to_owned(),
        Type::String => "string".to_owned(),
        Type::List(list) => format!("list<{}>", written(&list.ty())),
        Type::Option(option) => format!("option<{}>", written(&option.ty())),
        Type::Tuple(tuple) => {
            let types: Vec<String> = tuple.types().map(|exported| written(&exported)).collect();
            format!("tuple<{}>", types.join(", "))
        }
        Type::Record(record) => {
            let fields: Vec<String> =
                record.fields().map(|field| format!("{}: {}", field.name, written(&field.ty))).collect();
            format!("record {{ {} }}", fields.join(", "))
        }
        Type::Result(result) => format!("result<{}, {}>", optional(result.ok()), optional(result.err())),
        Type::Variant(_) => "a variant".to_owned(),
        Type::Enum(_) => "an enum".to_owned(),
        Type::Flags(_) => "flags".to_owned(),
        Type::Own(_) | Type::Borrow(_) => "a resource".to_owned(),
        _ => "a type that is not known here".to_owned(),
    }
}
