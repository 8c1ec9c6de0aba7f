//! Calls: the function that a name means, the implicit casts of its arguments, constant folding.

use super::expr::ExprBinder;
use super::table_function::UNNESTED;
use super::{literal, row_equality};
use crate::expr::Expr;
use crate::functions::cast::{OnFailure, cast_kernel};
use crate::functions::{Argument, FunctionDef, Kernel, Total, operators, registry};
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, Result, TypeKind};
use riverrun_operators::aggregates;
use sqlparser::ast::{self, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArguments};
use std::sync::Arc;

/// The names that [`super::conditional`] binds.
pub const CONDITIONAL: &[&str] = &["IF", "COALESCE", "IFNULL", "NULLIF"];

/// Functions of Flink that are not here, and what to do without them.
const MISSING: &[(&str, &str)] = &[
    (
        "OBJECT_OF",
        "there are no user-defined structured types; ROW(…) makes a row, CAST(… AS ROW<a INT, …>) names its fields",
    ),
    ("OBJECT_UPDATE", "there are no user-defined structured types; ROW(…) makes a row of the new values"),
    ("VECTOR_SEARCH", "there are no vector tables; a lookup join finds rows by equal keys"),
    ("TO_CHANGELOG", "a table with 'format' = 'debezium-json' is written with its changes"),
    ("FROM_CHANGELOG", "a table with 'format' = 'debezium-json' is read with its changes"),
];

/// Functions that look at other rows.
const OVER_ONLY: &[&str] =
    &["LAG", "LEAD", "ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE", "PERCENT_RANK", "CUME_DIST", "NTH_VALUE"];

/// What functions of other dialects are called in Flink SQL.
const ELSEWHERE: &[(&str, &str)] = &[
    ("LEN", "CHAR_LENGTH(s)"),
    ("GROUP_CONCAT", "LISTAGG(s, ',')"),
    ("STRING_AGG", "LISTAGG(s, ',')"),
    ("NVL", "COALESCE(a, b) or IFNULL(a, b)"),
    ("ISNULL", "IFNULL(a, b), or a IS NULL"),
    ("IIF", "IF(condition, a, b)"),
    ("GETDATE", "CURRENT_TIMESTAMP"),
    ("SYSDATE", "CURRENT_TIMESTAMP"),
    ("DATEADD", "TIMESTAMPADD(DAY, 1, t), or t + INTERVAL '1' DAY"),
    ("DATE_ADD", "t + INTERVAL '1' DAY"),
    ("DATE_SUB", "t - INTERVAL '1' DAY"),
    ("DATEDIFF", "TIMESTAMPDIFF(DAY, a, b)"),
    ("DATE_DIFF", "TIMESTAMPDIFF(DAY, a, b)"),
    ("DATE_TRUNC", "FLOOR(t TO DAY)"),
    ("DATE_PART", "EXTRACT(DAY FROM t)"),
    ("TO_CHAR", "DATE_FORMAT(t, 'yyyy-MM-dd'), or CAST(x AS STRING)"),
    ("STRPOS", "LOCATE(part, s) or POSITION(part IN s)"),
    ("CHARINDEX", "LOCATE(part, s) or POSITION(part IN s)"),
    ("SIZE", "CARDINALITY(a)"),
    ("ARRAY_LENGTH", "CARDINALITY(a)"),
    ("REGEXP_LIKE", "REGEXP(s, 'pattern')"),
    ("APPROX_DISTINCT", "COUNT(DISTINCT a)"),
    ("COUNT_IF", "COUNT(*) FILTER (WHERE condition)"),
    ("ANY_VALUE", "FIRST_VALUE(a) or MAX(a)"),
    ("EXPLODE", UNNESTED),
    ("UNNEST", UNNESTED),
];

/// The error of a function that Flink has and that is not here.
pub(super) fn missing(name: &str) -> Option<Error> {
    let (known, hint) = MISSING.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(Error::unsupported(format!("the function {known}")).hint(*hint))
}

impl ExprBinder<'_> {
    /// Binds a call as it is written.
    pub(super) fn function(&self, function: &ast::Function) -> Result<Expr> {
        let name = name_of(function);
        if function.over.is_some() {
            return Err(Error::unsupported(format!("{name} OVER (…)")));
        }
        refuse_clauses(function, &name)?;
        if let Some(user) = self.context.user_function(&function.name) {
            let arguments = plain_arguments(function)?.into_iter().map(|argument| self.bind(argument));
            return self.user_call(user, &name, arguments.collect::<Result<_>>()?);
        }
        let arguments = plain_arguments(function)?.into_iter().map(|argument| self.bind(argument));
        let arguments = arguments.collect::<Result<Vec<_>>>()?;
        match name.to_ascii_uppercase().as_str() {
            upper if CONDITIONAL.contains(&upper) => self.conditional(upper, arguments),
            _ => self.call(&name, arguments),
        }
    }

    /// A call of a function or an operator with arguments that are bound.
    pub fn call(&self, name: &str, arguments: Vec<Expr>) -> Result<Expr> {
        let name = row_equality::operator(name, &arguments);
        let Some(definition) = registry::function(name) else {
            if let Some(error) = missing(name) {
                return Err(error);
            }
            return Err(self.unknown(name));
        };
        if row_equality::is_of_fields(definition.name, &arguments) {
            return self.equal_fields(definition, arguments);
        }
        self.resolved_call(definition, arguments)
    }

    /// The error of a function that isn't there.
    fn unknown(&self, name: &str) -> Error {
        let upper = name.to_ascii_uppercase();
        if OVER_ONLY.contains(&upper.as_str()) {
            return Error::input(format!("{upper} needs OVER (…)"))
                .hint(format!("{upper}(…) OVER (PARTITION BY id ORDER BY ts), ts being a time attribute"));
        }
        if let Some(window) = super::legacy_window::window_of(&upper) {
            return Error::input(format!("{upper} stands only in a query that is grouped by {window}(…)")).hint(format!(
                "GROUP BY {window}(ts, INTERVAL '1' MINUTE), or FROM TABLE({window}(TABLE t, DESCRIPTOR(ts), …)) with its columns window_start and window_end"
            ));
        }
        if aggregates::aggregate(name).is_some() {
            return super::aggregate::misplaced(&upper);
        }
        if upper == "APPROX_COUNT_DISTINCT" {
            return Error::input("APPROX_COUNT_DISTINCT is a function of batch jobs, in Flink too")
                .hint("COUNT(DISTINCT x) counts exactly");
        }
        let error = Error::input(format!("there is no function {name}"));
        if let Some((_, here)) = ELSEWHERE.iter().find(|(known, _)| *known == upper) {
            return error.hint(format!("in Flink SQL it is {here}"));
        }
        // Operators are functions too, under names that no call has.
        let is_called = |name: &str| {
            registry::function(name).is_none_or(|known| {
                known.syntax.strip_prefix(known.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
            })
        };
        let own = self.context.names();
        let names = own.iter().map(String::as_str).filter(|name| is_called(name));
        error.hint_opt(did_you_mean(name, names.chain(CONDITIONAL.iter().copied())))
    }

    pub(super) fn resolved_call(&self, definition: &FunctionDef, arguments: Vec<Expr>) -> Result<Expr> {
        let arguments = self.json_marked(definition.name, arguments)?;
        let described: Vec<_> = arguments
            .iter()
            .map(|argument| Argument { data_type: argument.data_type(), literal: argument.as_literal() })
            .collect();
        let resolved = (definition.resolve)(self.context, &described)?;
        if resolved.parameters.len() != arguments.len() {
            return Err(Error::bug(format!(
                "{} takes {} arguments but was resolved for {}",
                definition.name,
                resolved.parameters.len(),
                arguments.len()
            )));
        }
        let fails = !registry::is_total(definition.name);
        let kernel = Total::unless(fails, resolved.kernel, definition.name, &described);
        let arguments = arguments
            .into_iter()
            .zip(&resolved.parameters)
            .map(|(argument, parameter)| self.implicit_cast(argument, parameter))
            .collect::<Result<Vec<_>>>()?;
        Ok(folded(definition.name, kernel, arguments, resolved.returns, definition.deterministic))
    }

    /// CAST.
    pub fn cast(&self, expr: Expr, to: &DataType) -> Result<Expr> {
        self.cast_with(expr, to, OnFailure::Fail, "CAST")
    }

    /// TRY_CAST.
    pub fn try_cast(&self, expr: Expr, to: &DataType) -> Result<Expr> {
        self.cast_with(expr, to, OnFailure::Null, "TRY_CAST")
    }

    fn cast_with(&self, expr: Expr, to: &DataType, on_failure: OnFailure, name: &str) -> Result<Expr> {
        if expr.data_type().kind == TypeKind::Null {
            return literal::null(to);
        }
        let (kernel, data_type) = cast_kernel(self.context, expr.data_type(), to, on_failure)?;
        Ok(match kernel {
            None => expr.with_type(data_type),
            Some(kernel) => folded(name, kernel, vec![expr], data_type, true),
        })
    }

    /// The cast of an argument to the type that its function takes; its own nullability stays.
    pub fn implicit_cast(&self, expr: Expr, to: &DataType) -> Result<Expr> {
        let from = expr.data_type();
        if from.kind == to.kind || from.without_time_attribute().kind == to.kind {
            return Ok(expr);
        }
        // A string has the same value as a longer VARCHAR.
        if let (TypeKind::Char(length) | TypeKind::Varchar(length), TypeKind::Varchar(room)) = (&from.kind, &to.kind)
            && length <= room
        {
            let nullable = from.nullable;
            return Ok(expr.with_type(to.with_nullable(nullable)));
        }
        let nullable = from.nullable;
        self.cast(expr, &to.with_nullable(nullable))
    }
}

/// Refuses what only calls of aggregates take.
fn refuse_clauses(function: &ast::Function, name: &str) -> Result<()> {
    let clause = match &function.args {
        FunctionArguments::List(list) if list.duplicate_treatment == Some(DuplicateTreatment::Distinct) => "DISTINCT",
        FunctionArguments::List(list) if list.duplicate_treatment.is_some() => "ALL",
        _ if function.filter.is_some() => "FILTER",
        _ if !function.within_group.is_empty() => "WITHIN GROUP",
        _ => return Ok(()),
    };
    Err(Error::input(format!("{name} takes no {clause}")).detail("only aggregate functions do"))
}

/// The call, or its value where it is a constant. A call that fails stays, to fail when it is reached; so does one that builds
/// JSON, to be told from a text.
pub(super) fn folded(
    name: &str,
    kernel: Arc<dyn Kernel>,
    arguments: Vec<Expr>,
    data_type: DataType,
    deterministic: bool,
) -> Expr {
    if deterministic
        && !matches!(name, operators::JSON_OBJECT | operators::JSON_ARRAY)
        && let Some(value) = constant_value(kernel.as_ref(), &arguments)
        && value.data_type() == data_type.to_arrow()
    {
        return literal::constant(value, data_type);
    }
    Expr::Call { name: name.to_owned(), kernel, arguments, data_type }
}

fn constant_value(kernel: &dyn Kernel, arguments: &[Expr]) -> Option<ScalarValue> {
    let scalars = arguments
        .iter()
        .map(|argument| argument.as_literal().map(|value| ColumnarValue::Scalar(value.clone())))
        .collect::<Option<Vec<_>>>()?;
    match kernel.invoke(&scalars, 1).ok()? {
        ColumnarValue::Scalar(value) => Some(value),
        ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0).ok(),
    }
}

/// The name of a function as it is written.
pub fn name_of(function: &ast::Function) -> String {
    match function.name.0.as_slice() {
        [part] => part.as_ident().map_or_else(|| part.to_string(), |ident| ident.value.clone()),
        _ => function.name.to_string(),
    }
}

/// The positional arguments of a call.
pub fn plain_arguments(function: &ast::Function) -> Result<Vec<&ast::Expr>> {
    let list = match &function.args {
        FunctionArguments::None => return Ok(Vec::new()),
        FunctionArguments::Subquery(_) => return Err(Error::unsupported("a subquery as an argument")),
        FunctionArguments::List(list) => list,
    };
    list.args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
            FunctionArg::Unnamed(other) => {
                Err(Error::input(format!("'{other}' is no argument of {}", name_of(function))))
            }
            FunctionArg::Named { name, .. } => {
                Err(Error::input(format!("{} takes no named argument '{name}'", name_of(function)))
                    .hint("write the values alone, in their order"))
            }
            FunctionArg::ExprNamed { name, .. } => {
                Err(Error::input(format!("{} takes no named argument '{name}'", name_of(function))))
            }
        })
        .collect()
}
