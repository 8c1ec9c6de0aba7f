//! What does not evaluate all its operands: AND, OR, CASE, and the functions that are CASE in other words.

use super::expr::ExprBinder;
use super::json::as_text;
use super::literal;
use crate::expr::Expr;
use crate::functions::common_type::{common_type, merged_type};
use crate::functions::operators;
use crate::parse::place_of;
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, Error, Result, TypeKind};
use sqlparser::ast::{self, BinaryOperator, CaseWhen, Spanned};

impl ExprBinder<'_> {
    /// Checks that a bound expression is a condition. A bare NULL is one that is unknown.
    pub fn condition(&self, expr: Expr, clause: &str) -> Result<Expr> {
        match expr.data_type().kind {
            TypeKind::Boolean => Ok(expr),
            TypeKind::Null => literal::null(&TypeKind::Boolean.nullable()),
            _ => Err(Error::input(format!("{clause} takes a condition, not {}", expr.data_type()))
                .hint("a condition is BOOLEAN: compare the value with something")),
        }
    }

    /// `left AND right AND …`: operands of one operator side by side.
    pub(super) fn logical(&self, left: &ast::Expr, op: &BinaryOperator, right: &ast::Expr) -> Result<Expr> {
        let mut operands = Vec::new();
        let mut pending = vec![right, left];
        while let Some(next) = pending.pop() {
            match next {
                ast::Expr::BinaryOp { left, op: inner, right } if inner == op => pending.extend([&**right, &**left]),
                operand => {
                    let bound = self.bind(operand)?;
                    let place = place_of(operand.span());
                    operands.push(self.condition(bound, &op.to_string()).map_err(|error| error.at(place))?);
                }
            }
        }
        Ok(if *op == BinaryOperator::And { and(operands) } else { or(operands) })
    }

    /// `CASE [operand] WHEN … THEN … [ELSE …] END`.
    pub(super) fn case(
        &self,
        operand: Option<&ast::Expr>,
        conditions: &[CaseWhen],
        else_result: Option<&ast::Expr>,
    ) -> Result<Expr> {
        let operand = operand.map(|operand| self.bind(operand)).transpose()?;
        let mut branches = Vec::new();
        for CaseWhen { condition, result } in conditions {
            let condition = match &operand {
                Some(operand) => {
                    let value = self.bind(condition)?;
                    self.call(operators::EQUAL, vec![operand.clone(), value])
                        .map_err(|error| error.at(place_of(condition.span())))?
                }
                None => self.bind_condition(condition, "WHEN")?,
            };
            branches.push((condition, self.bind(result)?));
        }
        let otherwise = match else_result {
            Some(expr) => self.bind(expr)?,
            None => literal::bare_null(),
        };
        let results: Vec<_> = branches.iter().map(|(_, result)| result).chain([&otherwise]).collect();
        if results.iter().all(|result| result.data_type().kind == TypeKind::Null) {
            return Err(Error::input("every result of this CASE is NULL, so it has no type").hint("CAST one of them"));
        }
        let data_type = self.common("CASE", &results)?;
        // As in Flink, what comes out whatever holds is no CASE.
        if results.iter().all(|result| result.same_as(&otherwise)) && *otherwise.data_type() == data_type {
            return Ok(otherwise);
        }
        self.case_of(branches, otherwise, data_type)
    }

    /// IF, COALESCE, IFNULL and NULLIF.
    pub(super) fn conditional(&self, name: &str, arguments: Vec<Expr>) -> Result<Expr> {
        let count = arguments.len();
        let arity = |expected: &str| Error::input(format!("{name} takes {expected} arguments, not {count}"));
        match name {
            "COALESCE" if count == 0 => Err(arity("one or more")),
            "COALESCE" => self.coalesce(name, arguments),
            "IFNULL" => {
                let [value, otherwise]: [Expr; 2] = arguments.try_into().map_err(|_| arity("2"))?;
                self.if_null(value, otherwise)
            }
            "IF" => {
                let [condition, then, otherwise]: [Expr; 3] = arguments.try_into().map_err(|_| arity("3"))?;
                let condition = self.condition(condition, "IF")?;
                let mut common = self.common(name, &[&then, &otherwise])?;
                // Of two timestamps the first says what comes out, even if it is the less precise.
                let first = &then.data_type().kind;
                if first.is_timestamp() && common.kind.is_timestamp() {
                    common.kind = first.with_timestamp_kind(common.kind.timestamp_kind());
                }
                // Flink's IF is a function: its result may be NULL if any argument may.
                let nullable = common.nullable || condition.data_type().nullable;
                let (then, otherwise) = (as_text(self, then)?, as_text(self, otherwise)?);
                self.case_of(vec![(condition, then)], otherwise, common.with_nullable(nullable))
            }
            _ => {
                let [value, other]: [Expr; 2] = arguments.try_into().map_err(|_| arity("2"))?;
                let data_type = value.data_type().with_nullable(true);
                let equal = self.call(operators::EQUAL, vec![value.clone(), other])?;
                self.case_of(vec![(equal, literal::null(&data_type)?)], value, data_type)
            }
        }
    }

    /// `value IN (…)`. Texts among which a number or a time is looked for are read one after the other, until it is found.
    pub(super) fn within(&self, value: Expr, list: Vec<Expr>) -> Result<Expr> {
        let is_read = |kind: &TypeKind| kind.is_numeric() || kind.is_datetime() || *kind == TypeKind::Boolean;
        let texts = list.iter().all(|one| one.data_type().kind.is_character());
        if !texts || !is_read(&value.data_type().kind) || list.iter().all(|one| one.as_literal().is_some()) {
            return self.call(operators::IN, std::iter::once(value).chain(list).collect());
        }
        let equal = list.into_iter().map(|one| {
            let target = value.data_type().without_time_attribute().with_nullable(one.data_type().nullable);
            self.call(operators::EQUAL, vec![value.clone(), self.cast(one, &target)?])
        });
        Ok(or(equal.collect::<Result<_>>()?))
    }

    /// The value, or another one instead of NULL. The type of a text or of bytes that are NOT NULL stays what it is.
    fn if_null(&self, value: Expr, otherwise: Expr) -> Result<Expr> {
        let kind = &value.data_type().kind;
        let keeps_type = !value.data_type().nullable && (kind.is_character() || kind.is_binary());
        // A DECIMAL that overflows is NULL, whatever its type says.
        let sure = !value.data_type().nullable && !matches!(kind, TypeKind::Decimal { .. });
        let common = coalesced_type("IFNULL", &[&value, &otherwise])?;
        let data_type = if keeps_type { value.data_type().clone() } else { common };
        let value = as_text(self, value)?;
        let branches = match sure {
            true => vec![(literal::boolean(true), value)],
            false => vec![(self.call(operators::IS_NOT_NULL, vec![value.clone()])?, value)],
        };
        self.case_of(branches, otherwise, data_type)
    }

    /// The first argument that is not NULL.
    pub fn coalesce(&self, name: &str, arguments: Vec<Expr>) -> Result<Expr> {
        let data_type = coalesced_type(name, &arguments.iter().collect::<Vec<_>>())?;
        let mut remaining = arguments;
        // What follows an argument that is never NULL is never reached.
        if let Some(sure) = remaining.iter().position(|argument| !argument.data_type().nullable) {
            remaining.truncate(sure + 1);
        }
        let Some(last) = remaining.pop() else { return Err(Error::bug("COALESCE without arguments")) };
        let mut branches = Vec::new();
        for argument in remaining {
            if argument.data_type().kind == TypeKind::Null {
                continue;
            }
            let target = data_type.with_nullable(argument.data_type().nullable);
            let argument = self.implicit_cast(argument, &target)?;
            branches.push((self.call(operators::IS_NOT_NULL, vec![argument.clone()])?, argument));
        }
        self.case_of(branches, last, data_type)
    }

    fn common(&self, name: &str, results: &[&Expr]) -> Result<DataType> {
        let types: Vec<_> = results.iter().map(|result| result.data_type()).collect();
        common_type(&types).map_err(|error| error.context(format!("the results of {name}")))
    }

    /// A CASE whose results are cast to its type. Branches that are constantly taken or never taken go away.
    fn case_of(&self, branches: Vec<(Expr, Expr)>, otherwise: Expr, data_type: DataType) -> Result<Expr> {
        let cast = |result: Expr| -> Result<Expr> {
            let target = data_type.with_nullable(result.data_type().nullable);
            self.implicit_cast(result, &target)
        };
        let mut kept = Vec::new();
        let mut last = None;
        for (condition, result) in branches {
            match condition.as_literal() {
                Some(ScalarValue::Boolean(Some(true))) => {
                    last = Some(cast(result)?);
                    break;
                }
                Some(_) => {}
                None => kept.push((condition, cast(result)?)),
            }
        }
        let otherwise = match last {
            Some(last) => last,
            None => cast(otherwise)?,
        };
        Ok(match kept.is_empty() {
            true => otherwise.with_type(data_type),
            false => Expr::Case { branches: kept, otherwise: Box::new(otherwise), data_type },
        })
    }
}

/// The type of the first of several values that is not NULL.
fn coalesced_type(name: &str, arguments: &[&Expr]) -> Result<DataType> {
    let nullable = arguments.iter().all(|argument| argument.data_type().nullable);
    let types: Vec<_> = arguments.iter().map(|argument| argument.data_type()).collect();
    let common = merged_type(&types).map_err(|error| error.context(format!("the arguments of {name}")))?;
    Ok(common.without_time_attribute().with_nullable(nullable))
}

/// The conjunction of conditions; TRUE without any. Constants are folded.
pub fn and(operands: Vec<Expr>) -> Expr {
    connective(operands, true)
}

/// The disjunction of conditions; FALSE without any. Constants are folded.
pub fn or(operands: Vec<Expr>) -> Expr {
    connective(operands, false)
}

/// AND (`neutral` is true) or OR (`neutral` is false).
fn connective(operands: Vec<Expr>, neutral: bool) -> Expr {
    let nullable = operands.iter().any(|operand| operand.data_type().nullable);
    let data_type = TypeKind::Boolean.with_nullable(nullable);
    let mut kept = Vec::new();
    for operand in operands {
        match operand.as_literal() {
            Some(ScalarValue::Boolean(Some(value))) if *value == neutral => {}
            // What stands before it can't change the result any more, but it may fail; Flink folds it away too.
            Some(ScalarValue::Boolean(Some(_))) => return literal::boolean(!neutral).with_type(data_type),
            _ => kept.push(operand),
        }
    }
    match kept.len() {
        0 => literal::boolean(neutral).with_type(data_type),
        1 => kept.remove(0).with_type(data_type),
        _ if neutral => Expr::And(kept, data_type),
        _ => Expr::Or(kept, data_type),
    }
}
