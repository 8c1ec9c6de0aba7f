//! Expressions: sqlparser's tree → [`Expr`].
//!
//! How Flink's own syntax arrives here is said in [`crate::parse`]. An operator is a function of the registry
//! under its name in [`operators`]; what must not evaluate all its arguments is bound in [`super::conditional`].

use super::literal;
use super::scope::{self, Scope};
use crate::expr::Expr;
use crate::functions::{FunctionContext, nested, operators};
use crate::parse::{literals, place_of, types};
use riverrun_core::{Error, Result, TypeKind};
use sqlparser::ast::{
    self, AccessExpr, BinaryOperator, CastKind, CeilFloorKind, DateTimeField, Ident, Spanned, Subscript, UnaryOperator,
};

/// What a clause binds in a way of its own before the usual rules apply: aggregate calls and grouped
/// expressions in the SELECT list of a grouped query.
pub trait Special {
    /// The expression that `expr` is, or `None` if the usual rules apply to it.
    fn bind(&self, expr: &ast::Expr, binder: &ExprBinder<'_>) -> Result<Option<Expr>>;
}

/// Binds expressions over the columns of a scope.
#[derive(Clone, Copy)]
pub struct ExprBinder<'a> {
    /// The columns that names can mean.
    pub scope: &'a Scope,
    /// The session's settings.
    pub context: &'a FunctionContext,
    /// What the clause at hand binds in a way of its own.
    pub special: Option<&'a dyn Special>,
}

impl<'a> ExprBinder<'a> {
    /// A binder over `scope`.
    pub fn new(scope: &'a Scope, context: &'a FunctionContext) -> Self {
        ExprBinder { scope, context, special: None }
    }

    /// The same binder with a clause's own rules.
    #[must_use]
    pub fn with_special(self, special: &'a dyn Special) -> Self {
        ExprBinder { special: Some(special), ..self }
    }

    /// Binds an expression. An error stands at its place.
    pub fn bind(&self, expr: &ast::Expr) -> Result<Expr> {
        if let Some(special) = self.special
            && let Some(bound) = special.bind(expr, self).map_err(|error| error.at(place_of(expr.span())))?
        {
            return Ok(bound);
        }
        self.bind_plain(expr).map_err(|error| error.at(place_of(expr.span())))
    }

    /// Binds a condition: of WHERE, HAVING, FILTER, WHEN. `clause` names it in messages.
    pub fn bind_condition(&self, expr: &ast::Expr, clause: &str) -> Result<Expr> {
        let bound = self.bind(expr)?;
        self.condition(bound, clause).map_err(|error| error.at(place_of(expr.span())))
    }

    fn bind_all(&self, exprs: &[ast::Expr]) -> Result<Vec<Expr>> {
        exprs.iter().map(|expr| self.bind(expr)).collect()
    }

    fn bind_plain(&self, expr: &ast::Expr) -> Result<Expr> {
        use ast::Expr as Sql;
        match expr {
            Sql::Identifier(ident) => self.identifier(ident),
            Sql::CompoundIdentifier(parts) => self.scope.resolve(parts),
            Sql::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Sql::Nested(inner) => self.bind(inner),
            Sql::Value(value) => literal::literal(&value.value),
            Sql::TypedString(typed) => {
                let (value, data_type) = literals::typed(typed)?;
                Ok(literal::constant(value, data_type))
            }
            Sql::Interval(interval) => {
                let (value, data_type) = literals::interval(interval)?;
                Ok(literal::constant(value, data_type))
            }
            Sql::UnaryOp { op, expr } => self.unary(op, expr),
            Sql::BinaryOp { left, op, right } => self.binary(left, op, right),
            Sql::IsNull(inner) => self.operator(operators::IS_NULL, &[inner]),
            Sql::IsNotNull(inner) => self.operator(operators::IS_NOT_NULL, &[inner]),
            Sql::IsTrue(inner) => self.operator(operators::IS_TRUE, &[inner]),
            Sql::IsNotTrue(inner) => self.operator(operators::IS_NOT_TRUE, &[inner]),
            Sql::IsFalse(inner) => self.operator(operators::IS_FALSE, &[inner]),
            Sql::IsNotFalse(inner) => self.operator(operators::IS_NOT_FALSE, &[inner]),
            Sql::IsUnknown(inner) => self.operator(operators::IS_UNKNOWN, &[inner]),
            Sql::IsNotUnknown(inner) => self.operator(operators::IS_NOT_UNKNOWN, &[inner]),
            Sql::IsDistinctFrom(left, right) => self.operator(operators::IS_DISTINCT, &[left, right]),
            Sql::IsNotDistinctFrom(left, right) => self.operator(operators::IS_NOT_DISTINCT, &[left, right]),
            Sql::InList { expr, list, negated } => {
                self.negated(self.within(self.bind(expr)?, self.bind_all(list)?)?, *negated)
            }
            Sql::Between { expr, negated, low, high } => {
                self.negated(self.operator(operators::BETWEEN, &[expr, low, high])?, *negated)
            }
            Sql::Like { negated, any: false, expr, pattern, escape_char } => {
                self.pattern(operators::LIKE, expr, pattern, escape_char.as_ref(), *negated)
            }
            Sql::SimilarTo { negated, expr, pattern, escape_char } => {
                self.pattern(operators::SIMILAR, expr, pattern, escape_char.as_ref(), *negated)
            }
            Sql::Cast { kind, expr, data_type, .. } => {
                let target = types::resolve(data_type)?;
                let bound = self.bind(expr)?;
                match kind {
                    CastKind::Cast | CastKind::DoubleColon => self.cast(bound, &target),
                    CastKind::TryCast | CastKind::SafeCast => self.try_cast(bound, &target),
                }
            }
            Sql::Extract { field, expr, .. } => {
                self.call(operators::EXTRACT, vec![literal::text(unit(field)), self.bind(expr)?])
            }
            Sql::Ceil { expr, field } => self.rounded("CEIL", operators::CEIL_TO, expr, field),
            Sql::Floor { expr, field } => self.rounded("FLOOR", operators::FLOOR_TO, expr, field),
            Sql::Position { expr, r#in } => self.operator(operators::POSITION, &[expr, r#in]),
            Sql::Substring { expr, substring_from, substring_for, .. } => {
                let mut arguments = vec![self.bind(expr)?];
                match substring_from {
                    Some(from) => arguments.push(self.bind(from)?),
                    None => arguments.push(literal::literal(&ast::Value::Number("1".into(), false))?),
                }
                if let Some(length) = substring_for {
                    arguments.push(self.bind(length)?);
                }
                self.call("SUBSTRING", arguments)
            }
            Sql::Trim { trim_where, trim_what, expr, trim_characters: None } => {
                let side = trim_where.map_or("BOTH".to_owned(), |side| side.to_string());
                let what = match trim_what {
                    Some(what) => self.bind(what)?,
                    None => literal::text(" "),
                };
                self.call(operators::TRIM, vec![literal::text(side), what, self.bind(expr)?])
            }
            Sql::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let mut arguments = vec![self.bind(expr)?, self.bind(overlay_what)?, self.bind(overlay_from)?];
                if let Some(length) = overlay_for {
                    arguments.push(self.bind(length)?);
                }
                self.call(operators::OVERLAY, arguments)
            }
            Sql::Function(function) => self.function(function),
            Sql::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Sql::Tuple(values) => self.call(operators::ROW, self.bind_all(values)?),
            Sql::RLike { pattern, .. } => Err(Error::input("RLIKE is no operator of Flink SQL")
                .hint("REGEXP(s, 'pattern') is true where a part of s fits, SIMILAR TO where all of it does")
                .at(place_of(pattern.span()))),
            Sql::Array(array) => self.call(operators::ARRAY, self.bind_all(&array.elem)?),
            Sql::Prefixed { prefix, value } if prefix.value.eq_ignore_ascii_case("_UTF8") => self.bind(value),
            Sql::InSubquery { .. } | Sql::Exists { .. } | Sql::Subquery(_) => {
                Err(Error::input("a subquery can't stand here")
                    .hint("join with its table, or filter in an outer query"))
            }
            Sql::AnyOp { right, .. } | Sql::AllOp { right, .. } if matches!(right.as_ref(), Sql::Array(_)) => {
                Err(Error::input("ANY and ALL take a subquery or a list of values, no array")
                    .hint("x = ANY (1, 2), or ARRAY_CONTAINS(array, x)"))
            }
            other => Err(Error::input(format!("'{other}' is no expression of Flink SQL"))),
        }
    }

    fn identifier(&self, ident: &Ident) -> Result<Expr> {
        // UNKNOWN is a keyword of SQL's, not of the parser's.
        if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("UNKNOWN") {
            return literal::null(&TypeKind::Boolean.nullable());
        }
        let column = self.scope.resolve(std::slice::from_ref(ident));
        // PI may be written without parentheses.
        if column.is_err() && ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("PI") {
            return self.call("PI", Vec::new());
        }
        column
    }

    fn access(&self, root: &ast::Expr, chain: &[AccessExpr]) -> Result<Expr> {
        // `t.r.a[1]` comes as a chain that begins with names.
        let mut names = match root {
            ast::Expr::Identifier(ident) => vec![ident.clone()],
            ast::Expr::CompoundIdentifier(parts) => parts.clone(),
            _ => Vec::new(),
        };
        let mut rest = chain;
        if !names.is_empty() {
            while let Some((AccessExpr::Dot(ast::Expr::Identifier(ident)), tail)) = rest.split_first() {
                names.push(ident.clone());
                rest = tail;
            }
        }
        let mut bound = if names.is_empty() { self.bind(root)? } else { self.scope.resolve(&names)? };
        for access in rest {
            bound = match access {
                AccessExpr::Dot(ast::Expr::Identifier(ident)) => scope::fields(bound, std::slice::from_ref(ident), 0)?,
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    let index = self.bind(index)?;
                    match bound.data_type().kind {
                        TypeKind::Row(_) => nested::field_at(bound, &index)?,
                        _ => self.call(operators::ITEM, vec![bound, index])?,
                    }
                }
                other => {
                    return Err(Error::input(format!("'{other}' can't be taken from {}", bound.data_type()))
                        .hint("an index takes one element, ARRAY_SLICE(a, start, end) several"));
                }
            };
        }
        Ok(bound)
    }

    fn unary(&self, op: &UnaryOperator, expr: &ast::Expr) -> Result<Expr> {
        match op {
            UnaryOperator::Minus => match literal::smallest(expr) {
                Some(smallest) => Ok(smallest),
                None => self.operator(operators::NEGATE, &[expr]),
            },
            UnaryOperator::Plus => self.operator(operators::IDENTITY, &[expr]),
            UnaryOperator::Not => self.operator(operators::NOT, &[expr]),
            other => Err(Error::input(format!("'{other}' is no operator of Flink SQL"))),
        }
    }

    fn binary(&self, left: &ast::Expr, op: &BinaryOperator, right: &ast::Expr) -> Result<Expr> {
        let name = match op {
            BinaryOperator::And | BinaryOperator::Or => return self.logical(left, op, right),
            BinaryOperator::Plus => operators::PLUS,
            BinaryOperator::Minus => operators::MINUS,
            BinaryOperator::Multiply => operators::TIMES,
            BinaryOperator::Divide => operators::DIVIDE,
            BinaryOperator::Modulo => operators::REMAINDER,
            BinaryOperator::Eq => operators::EQUAL,
            BinaryOperator::NotEq => operators::NOT_EQUAL,
            BinaryOperator::Lt => operators::LESS,
            BinaryOperator::LtEq => operators::LESS_EQUAL,
            BinaryOperator::Gt => operators::GREATER,
            BinaryOperator::GtEq => operators::GREATER_EQUAL,
            BinaryOperator::StringConcat => operators::CONCAT,
            other => return Err(Error::input(format!("'{other}' is no operator of Flink SQL"))),
        };
        self.operator(name, &[left, right])
    }

    fn pattern(
        &self,
        name: &str,
        expr: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::ValueWithSpan>,
        negated: bool,
    ) -> Result<Expr> {
        let mut arguments = vec![self.bind(expr)?, self.bind(pattern)?];
        if let Some(escape) = escape {
            arguments.push(literal::literal(&escape.value)?);
        }
        self.negated(self.call(name, arguments)?, negated)
    }

    fn rounded(&self, function: &str, to: &str, expr: &ast::Expr, field: &CeilFloorKind) -> Result<Expr> {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => self.operator(function, &[expr]),
            CeilFloorKind::DateTimeField(field) => self.call(to, vec![self.bind(expr)?, literal::text(unit(field))]),
            CeilFloorKind::Scale(_) => Err(Error::input(format!("{function} takes one argument"))),
        }
    }

    fn operator(&self, name: &str, operands: &[&ast::Expr]) -> Result<Expr> {
        let operands = operands.iter().map(|operand| self.bind(operand)).collect::<Result<_>>()?;
        self.call(name, operands)
    }

    fn negated(&self, bound: Expr, negated: bool) -> Result<Expr> {
        if negated { self.call(operators::NOT, vec![bound]) } else { Ok(bound) }
    }
}

fn unit(field: &DateTimeField) -> String {
    field.to_string().to_uppercase()
}
