//! Calls of the user's functions.

use super::aggregate::NoAggregates;
use super::expr::ExprBinder;
use super::scope::Scope;
use crate::expr::Expr;
use crate::functions::user::{Body, Signature, UserFunction};
use crate::functions::{Argument, FunctionContext, Kernel};
use crate::parse::SqlExpr;
use crate::physical::lower;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field as ArrowField, Schema as ArrowSchema};
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use datafusion_physical_expr::PhysicalExpr;
use riverrun_core::{DataType, Error, Field, Result, Schema};
use riverrun_operators::expression::from_datafusion;
use std::sync::Arc;

/// How deep the texts of functions may call one another.
const MAX_DEPTH: usize = 32;

impl ExprBinder<'_> {
    /// A call of a function of the user with arguments that are bound. Calls are told apart by the name that is written: two
    /// databases may have functions of one name.
    pub(super) fn user_call(&self, function: &UserFunction, written: &str, arguments: Vec<Expr>) -> Result<Expr> {
        let name = &function.signature.name;
        let (arguments, types) = self.checked_arguments(&function.signature, arguments)?;
        match &function.body {
            Body::Scalar(kernel) => {
                let returns = function.result_type(&types);
                Ok(super::call::folded(written, kernel.clone(), arguments, returns, function.deterministic))
            }
            Body::Expression(text) => {
                let body = bind_body(&function.signature, text, self.context)
                    .map_err(|error| without_place(error).context(format!("in the text of the function {name}")))?;
                inline(written, body, arguments, function.deterministic)
            }
            Body::Table(_) => Err(Error::input(format!("{name} is a table function: it gives rows, not a value"))
                .hint(format!("SELECT … FROM t, LATERAL TABLE({name}(…))"))),
            Body::Aggregate(_) => Err(Error::input(format!("the aggregate function {name} can't stand here"))
                .hint("aggregates stand in SELECT, HAVING and ORDER BY of rows that are grouped")),
        }
    }

    /// A call of a table function of the user: the array of rows that it gives.
    pub(super) fn table_call(&self, function: &UserFunction, arguments: Vec<Expr>) -> Result<Expr> {
        let name = &function.signature.name;
        let Body::Table(kernel) = &function.body else {
            return Err(Error::input(format!("{name} is no table function: it gives a value"))
                .detail(format!("it is declared as {}", function.signature))
                .hint(format!("call it where a value stands: SELECT {name}(…) FROM t")));
        };
        let (arguments, types) = self.checked_arguments(&function.signature, arguments)?;
        let data_type = function.result_type(&types);
        Ok(super::call::folded(name, kernel.clone(), arguments, data_type, function.deterministic))
    }

    /// The arguments cast to the parameters' types, and those types.
    fn checked_arguments(&self, signature: &Signature, arguments: Vec<Expr>) -> Result<(Vec<Expr>, Vec<DataType>)> {
        let described: Vec<_> = arguments
            .iter()
            .map(|argument| Argument { data_type: argument.data_type(), literal: argument.as_literal() })
            .collect();
        let types = signature.check(&described)?;
        let arguments = arguments
            .into_iter()
            .zip(&types)
            .map(|(argument, parameter)| self.implicit_cast(argument, parameter))
            .collect::<Result<_>>()?;
        Ok((arguments, types))
    }
}

/// Binds the text of a function over its parameters, cast to the type that it is declared to give.
pub fn bind_body(signature: &Signature, text: &SqlExpr, context: &FunctionContext) -> Result<Expr> {
    let name = &signature.name;
    let mut context = context.clone();
    let known = context.expanding.iter().position(|known| known.eq_ignore_ascii_case(name));
    if known.is_some() || context.expanding.len() >= MAX_DEPTH {
        let way: Vec<&str> = context.expanding[known.unwrap_or(0)..].iter().map(String::as_str).collect();
        return Err(Error::input(format!("the function {name} calls itself"))
            .detail(format!("{} → {name}", way.join(" → ")))
            .hint("the text of a function is put in its place, so it can't be recursive"));
    }
    context.expanding.push(name.clone());
    let bound = bind_text(&signature.parameters, text, &context)?;
    let returns = signature.result_type();
    if bound.data_type().nullable && !returns.nullable {
        return Err(Error::input(format!(
            "the function {name} is declared to give {returns}, but its text may be NULL"
        ))
        .hint("declare the parameters NOT NULL, or use COALESCE")
        .at(text.place));
    }
    // A value that is never NULL is so whatever the declaration leaves open.
    let returns = returns.with_nullable(bound.data_type().nullable);
    let described = Argument { data_type: bound.data_type(), literal: None };
    let result = Signature { parameters: vec![Field::new("result", returns.with_nullable(true))], ..signature.clone() };
    if result.check(&[described]).is_err() {
        let (found, declared) = (bound.data_type().kind.clone(), &returns.kind);
        return Err(Error::input(format!(
            "the function {name} is declared to give {declared}, but its text gives {found}"
        ))
        .hint(format!("write RETURNS {found}, or CAST(… AS {declared})"))
        .at(text.place));
    }
    ExprBinder::new(&Scope::empty(), &context).implicit_cast(bound, &returns)
}

/// Binds a text over parameters of these names and types.
pub fn bind_text(parameters: &[Field], text: &SqlExpr, context: &FunctionContext) -> Result<Expr> {
    let scope = Scope::of(Vec::new(), Schema::new(parameters.to_vec()));
    ExprBinder::new(&scope, context).with_special(&NoAggregates).bind(&text.ast)
}

/// The text of a function with arguments in the place of its parameters.
fn inline(name: &str, body: Expr, arguments: Vec<Expr>, deterministic: bool) -> Result<Expr> {
    let mut uses = vec![0_usize; arguments.len()];
    count_columns(&body, &mut uses);
    let simple = |argument: &Expr| matches!(argument, Expr::Column { .. } | Expr::Literal { .. });
    let constant = !arguments.is_empty()
        && arguments.iter().all(|argument| argument.as_literal().is_some())
        && !has_open_call(&body);
    if !constant && arguments.iter().zip(&uses).all(|(argument, uses)| *uses <= 1 || simple(argument)) {
        return Ok(body.replace_columns(&mut |index, data_type| {
            // The parameter's nullability is what the text was bound for.
            arguments[index].clone().with_type(data_type.clone())
        }));
    }
    // An argument that is computed, and read more than once, is computed once.
    let data_type = body.data_type().clone();
    let fields = arguments.iter().enumerate();
    let schema = fields.map(|(at, argument)| ArrowField::new(format!("${at}"), argument.data_type().to_arrow(), true));
    let kernel = Computed { expr: lower(&body)?, schema: Arc::new(ArrowSchema::new(schema.collect::<Vec<_>>())) };
    Ok(super::call::folded(name, Arc::new(kernel), arguments, data_type, deterministic))
}

/// Whether a call of constants was left as it is: its results differ, or it fails.
fn has_open_call(expr: &Expr) -> bool {
    let open = match expr {
        Expr::Call { arguments, .. } => arguments.iter().all(|argument| argument.as_literal().is_some()),
        _ => false,
    };
    open || expr.children().into_iter().any(has_open_call)
}

fn count_columns(expr: &Expr, uses: &mut [usize]) {
    if let Expr::Column { index, .. } = expr {
        uses[*index] += 1;
    }
    expr.children().into_iter().for_each(|child| count_columns(child, uses));
}

fn without_place(error: Error) -> Error {
    let plain = Error::input(error.message()).hint_opt(error.hint_text());
    match error.detail_text() {
        Some(detail) => plain.detail(detail),
        None => plain,
    }
}

/// A function's text over columns that hold its arguments.
#[derive(Debug)]
struct Computed {
    expr: Arc<dyn PhysicalExpr>,
    schema: Arc<ArrowSchema>,
}

impl Kernel for Computed {
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        let constant = arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { rows };
        let columns: Vec<ArrayRef> = crate::functions::user::arrays(arguments, rows)?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        let value = self.expr.evaluate(&batch).map_err(from_datafusion)?;
        let array = value.into_array(rows).map_err(from_datafusion)?;
        match constant {
            true => Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0).map_err(from_datafusion)?)),
            false => Ok(ColumnarValue::Array(array)),
        }
    }
}
