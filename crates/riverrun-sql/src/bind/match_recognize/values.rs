//! Conditions and measures: what in them is taken from which row, and the expressions over that.

use super::{BoundComputed, BoundCondition, BoundOperand, current};
use crate::bind::aggregate::bind_aggregate;
use crate::bind::call::{name_of, plain_arguments};
use crate::bind::expr::{ExprBinder, Special};
use crate::bind::scope::Scope;
use crate::expr::Expr;
use crate::functions::{FunctionContext, operators};
use crate::parse::place_of;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, Result, TypeKind};
use riverrun_operators::aggregates::AggregateArgument;
use riverrun_operators::match_recognize::{End, MatchValue};
use riverrun_operators::pattern::Variable;
use sqlparser::ast::{self, AccessExpr, Spanned, SymbolDefinition, VisitMut, VisitorMut};
use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;

/// Functions, beside comparisons, that fail for no value: what they are computed from may be computed of every row.
const SAFE: &[&str] = &[
    operators::PLUS,
    operators::MINUS,
    operators::TIMES,
    operators::NEGATE,
    operators::LIKE,
    operators::IN,
    "UPPER",
    "LOWER",
    "ABS",
];

fn is_safe(expr: &Expr) -> bool {
    let own = match expr {
        // It casts a text that meets something else.
        Expr::Call { name, arguments, .. } if name == operators::BETWEEN => {
            let texts = arguments.iter().filter(|argument| argument.data_type().kind.is_character()).count();
            texts == 0 || texts == arguments.len()
        }
        Expr::Call { name, .. } => {
            operators::COMPARISONS.contains(&name.as_str()) || SAFE.contains(&name.as_str()) || name.starts_with('.')
        }
        _ => true,
    };
    own && expr.children().into_iter().all(is_safe)
}

/// What all clauses of one MATCH_RECOGNIZE share.
pub struct Bindings<'a> {
    scope: &'a Scope,
    context: &'a FunctionContext,
    variables: &'a [String],
    time: Expr,
    operands: RefCell<Vec<(BoundOperand, DataType)>>,
}

/// Which clause is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause {
    /// DEFINE of this variable.
    Define(Variable),
    /// MEASURES.
    Measures,
}

impl<'a> Bindings<'a> {
    /// No operands yet.
    pub fn new(scope: &'a Scope, context: &'a FunctionContext, variables: &'a [String], time: Expr) -> Self {
        Bindings { scope, context, variables, time, operands: RefCell::default() }
    }

    /// A clause, without values yet.
    pub fn clause(&self, clause: Clause) -> ClauseBinder<'_> {
        ClauseBinder { bindings: self, clause, values: RefCell::default(), whole: Cell::new(false) }
    }

    /// The operands of all clauses.
    pub fn into_operands(self) -> Vec<(BoundOperand, DataType)> {
        self.operands.into_inner()
    }

    /// The conditions of all variables.
    pub fn conditions(&self, definitions: &[&SymbolDefinition]) -> Result<Vec<BoundCondition>> {
        let mut conditions = vec![BoundCondition::Always; self.variables.len()];
        for definition in definitions {
            // As in Flink, a variable that the pattern does not have may be defined.
            let Some(variable) = self.variable(&definition.symbol.value) else { continue };
            if !matches!(conditions[variable], BoundCondition::Always) {
                return Err(Error::input(format!("'{}' is defined twice", definition.symbol.value))
                    .at(place_of(definition.symbol.span)));
            }
            conditions[variable] = self.condition(variable, &definition.definition)?;
        }
        Ok(conditions)
    }

    fn condition(&self, variable: Variable, definition: &ast::Expr) -> Result<BoundCondition> {
        let clause = self.clause(Clause::Define(variable));
        let binder = ExprBinder::new(self.scope, self.context).with_special(&clause);
        let bound = binder.bind_condition(definition, "DEFINE")?;
        if let Some(expr) = clause.of_the_row_alone(variable, &bound) {
            return Ok(BoundCondition::Operand(self.operand(BoundOperand::Input(expr.clone()), expr.data_type())));
        }
        Ok(BoundCondition::Computed(clause.computed(vec![bound])))
    }

    fn variable(&self, name: &str) -> Option<Variable> {
        self.variables.iter().position(|known| known == name)
    }

    fn operand(&self, operand: BoundOperand, data_type: &DataType) -> usize {
        let mut operands = self.operands.borrow_mut();
        let same = |known: &BoundOperand| match (known, &operand) {
            (BoundOperand::Input(known), BoundOperand::Input(new)) => known.same_as(new),
            (
                BoundOperand::Before { operand: known, rows: known_rows },
                BoundOperand::Before { operand: new, rows: new_rows },
            ) => known == new && known_rows == new_rows,
            _ => false,
        };
        if let Some(known) = operands.iter().position(|(known, _)| same(known)) {
            return known;
        }
        operands.push((operand, data_type.clone()));
        operands.len() - 1
    }

    /// An expression of one row: which variable its columns are of, and the expression over the input.
    fn of_a_row(&self, expr: &ast::Expr) -> Result<(Option<Variable>, Expr)> {
        let (variable, plain) = self.without_variable(expr)?;
        let bound = ExprBinder::new(self.scope, self.context).bind(&plain)?;
        Ok((variable, bound))
    }

    /// The expression without the variable before its columns.
    fn without_variable(&self, expr: &ast::Expr) -> Result<(Option<Variable>, ast::Expr)> {
        let mut plain = expr.clone();
        let mut stripper = Stripper { bindings: self, found: None, mixed: false };
        let _ = plain.visit(&mut stripper);
        if stripper.mixed {
            return Err(Error::input(format!("'{expr}' has columns of several variables"))
                .detail("what stands in one function must be of rows of one variable")
                .hint("take each from its own: LAST(a.x) * LAST(b.y)")
                .at(place_of(expr.span())));
        }
        Ok((stripper.found.flatten(), plain))
    }
}

/// Takes the variables away from before columns.
struct Stripper<'a> {
    bindings: &'a Bindings<'a>,
    /// The variable of the columns so far; `Some(None)`: columns without one.
    found: Option<Option<Variable>>,
    mixed: bool,
}

impl Stripper<'_> {
    fn note(&mut self, variable: Option<Variable>) {
        match self.found {
            Some(found) if found != variable => self.mixed = true,
            _ => self.found = Some(variable),
        }
    }
}

impl VisitorMut for Stripper<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<()> {
        match expr {
            ast::Expr::CompoundIdentifier(parts) => {
                let variable = parts.first().and_then(|first| self.bindings.variable(&first.value));
                self.note(variable);
                if variable.is_some() {
                    parts.remove(0);
                }
                if let [single] = parts.as_slice() {
                    *expr = ast::Expr::Identifier(single.clone());
                }
            }
            ast::Expr::CompoundFieldAccess { root, access_chain } => {
                if let ast::Expr::Identifier(first) = root.as_ref()
                    && let Some(variable) = self.bindings.variable(&first.value)
                    && let Some(AccessExpr::Dot(ast::Expr::Identifier(column))) = access_chain.first()
                {
                    let column = column.clone();
                    self.note(Some(variable));
                    access_chain.remove(0);
                    **root = ast::Expr::Identifier(column);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<()> {
        // A column without a variable beside one with it: PI and the like are none.
        if let ast::Expr::Identifier(ident) = expr
            && self.found.is_none()
            && self.bindings.scope.resolve(std::slice::from_ref(ident)).is_ok()
        {
            self.note(None);
        }
        ControlFlow::Continue(())
    }
}

/// Binds the expressions of one clause.
pub struct ClauseBinder<'a> {
    bindings: &'a Bindings<'a>,
    clause: Clause,
    values: RefCell<Vec<(MatchValue, DataType)>>,
    /// Whether FINAL stands around what is being bound.
    whole: Cell<bool>,
}

impl ClauseBinder<'_> {
    /// Binds an expression over values of the match.
    pub fn bind(&self, expr: &ast::Expr) -> Result<Expr> {
        ExprBinder::new(self.bindings.scope, self.bindings.context).with_special(self).bind(expr)
    }

    /// An expression of the row at hand.
    pub fn current(&self, expr: Expr) -> Expr {
        let data_type = expr.data_type().clone();
        let operand = self.bindings.operand(BoundOperand::Input(expr), &data_type);
        self.value(current(operand), data_type)
    }

    /// The expressions with the values that they are over.
    pub fn computed(self, exprs: Vec<Expr>) -> BoundComputed {
        BoundComputed { values: self.values.into_inner(), exprs }
    }

    /// The column of a value.
    fn value(&self, value: MatchValue, data_type: DataType) -> Expr {
        let mut values = self.values.borrow_mut();
        // Aggregates hold what computes them; calls that are written twice are computed twice.
        let same = |known: &MatchValue| match (known, &value) {
            (
                MatchValue::Row { variable: v1, end: e1, offset: o1, operand: p1, whole: w1 },
                MatchValue::Row { variable: v2, end: e2, offset: o2, operand: p2, whole: w2 },
            ) => (v1, e1, o1, p1, w1) == (v2, e2, o2, p2, w2),
            _ => false,
        };
        let index = values.iter().position(|(known, _)| same(known)).unwrap_or_else(|| {
            values.push((value, data_type.clone()));
            values.len() - 1
        });
        Expr::Column { index, data_type }
    }

    /// The condition over the input, if it looks at nothing but the row at hand, and can be computed of every row.
    fn of_the_row_alone(&self, own: Variable, bound: &Expr) -> Option<Expr> {
        let values = self.values.borrow();
        let operands = self.bindings.operands.borrow();
        let mut inputs = Vec::new();
        for (value, _) in values.iter() {
            let MatchValue::Row { variable, end: End::Last, offset: 0, operand, .. } = value else { return None };
            if variable.is_some_and(|variable| variable != own) {
                return None;
            }
            let (BoundOperand::Input(input), _) = &operands[*operand] else { return None };
            inputs.push(input.clone());
        }
        let over_input = bound.replace_columns(&mut |index, _| inputs[index].clone());
        is_safe(&over_input).then_some(over_input)
    }

    /// The value of an expression of one row.
    fn row_value(&self, expr: &ast::Expr, end: End, offset: usize, before: usize) -> Result<Expr> {
        let (variable, bound) = self.bindings.of_a_row(expr)?;
        let take = |bound: Expr| {
            let data_type = bound.data_type().clone();
            let mut operand = self.bindings.operand(BoundOperand::Input(bound), &data_type);
            if before > 0 {
                operand = self.bindings.operand(BoundOperand::Before { operand, rows: before }, &data_type);
            }
            let missing = offset > 0 || before > 0;
            let data_type = data_type.with_nullable(data_type.nullable || missing);
            self.value(MatchValue::Row { variable, end, offset, operand, whole: self.whole.get() }, data_type)
        };
        if is_safe(&bound) {
            return Ok(take(bound));
        }
        // What may fail is computed of no more rows than it is asked of.
        Ok(bound.replace_columns(&mut |index, data_type| take(Expr::Column { index, data_type: data_type.clone() })))
    }

    fn function(&self, function: &ast::Function) -> Result<Option<Expr>> {
        let name = name_of(function).to_ascii_uppercase();
        match name.as_str() {
            "FIRST" | "LAST" => {
                let (expr, offset) = navigation(&name, function)?;
                let end = if name == "FIRST" { End::First } else { End::Last };
                self.row_value(expr, end, offset.unwrap_or(0), 0).map(Some)
            }
            "PREV" => {
                let (expr, rows) = navigation(&name, function)?;
                let rows = rows.unwrap_or(1);
                if let ast::Expr::Function(inner) = expr
                    && let inner_name @ ("FIRST" | "LAST") = name_of(inner).to_ascii_uppercase().as_str()
                {
                    let (expr, offset) = navigation(inner_name, inner)?;
                    let end = if inner_name == "FIRST" { End::First } else { End::Last };
                    return self.row_value(expr, end, offset.unwrap_or(0), rows).map(Some);
                }
                self.row_value(expr, End::Last, 0, rows).map(Some)
            }
            "NEXT" => Err(Error::input("NEXT looks at rows that have not come yet")
                .hint("add a variable for the next row to the pattern, and look back from it with PREV or LAST")),
            "FINAL" | "RUNNING" => {
                let [inner] = plain_arguments(function)?[..] else { return Ok(None) };
                let before = self.whole.replace(name == "FINAL");
                let bound = self.bind(inner);
                self.whole.set(before);
                if name == "FINAL" && self.clause != Clause::Measures {
                    return Err(Error::input("FINAL can't stand in DEFINE")
                        .detail("while rows are looked for, the match has no end yet"));
                }
                bound.map(Some)
            }
            "MATCH_ROWTIME" => {
                let time = self.bindings.time.clone();
                if !time.data_type().kind.is_rowtime() {
                    return Err(Error::input(
                        "MATCH_ROWTIME() is an event time, but the rows are in the order of processing time",
                    )
                    .hint("take MATCH_PROCTIME(), or ORDER BY the column of the table's WATERMARK FOR"));
                }
                let data_type = match plain_arguments(function)?[..] {
                    [] => time.data_type().with_nullable(false),
                    [field] if self.bindings.of_a_row(field)?.1.same_as(&time) => time.data_type().clone(),
                    _ => {
                        return Err(Error::input("MATCH_ROWTIME takes nothing, or the first column of ORDER BY")
                            .at(place_of(function.span())));
                    }
                };
                let operand = self.bindings.operand(BoundOperand::Input(time.clone()), time.data_type());
                Ok(Some(self.value(MatchValue::Rowtime { operand }, data_type)))
            }
            // Like PROCTIME(), the time at which it is looked at.
            "MATCH_PROCTIME" => {
                ExprBinder::new(self.bindings.scope, self.bindings.context).call("PROCTIME", Vec::new()).map(Some)
            }
            "CLASSIFIER" => Ok(Some(self.value(MatchValue::Classifier, TypeKind::STRING.not_null()))),
            "MATCH_NUMBER" if self.clause == Clause::Measures => {
                Ok(Some(self.value(MatchValue::Number, TypeKind::BigInt.not_null())))
            }
            _ if self.bindings.context.aggregate(&function.name).is_some() && function.over.is_none() => {
                self.aggregate(function).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn aggregate(&self, function: &ast::Function) -> Result<Expr> {
        let call = ast::Expr::Function(function.clone());
        let (variable, plain) = self.bindings.without_variable(&call)?;
        let ast::Expr::Function(plain) = plain else { return Err(Error::bug("an aggregate that is no call")) };
        let binder = ExprBinder::new(self.bindings.scope, self.bindings.context);
        let bound = bind_aggregate(&plain, &binder, false)?;
        let described: Vec<_> = bound
            .arguments
            .iter()
            .zip(&bound.json)
            .map(|(argument, json)| AggregateArgument {
                data_type: argument.data_type(),
                literal: argument.as_literal(),
                json: *json,
            })
            .collect();
        let resolved = bound.definition.bind(&described, &bound.options)?;
        let operand = |expr: &Expr| self.bindings.operand(BoundOperand::Input(expr.clone()), expr.data_type());
        let value = MatchValue::Aggregate {
            variable,
            function: resolved.function,
            operands: bound.inputs.iter().map(operand).collect(),
            filter: bound.filter.as_ref().map(operand),
            whole: self.whole.get(),
        };
        Ok(self.value(value, resolved.returns))
    }
}

/// The expression and the offset of FIRST, LAST or PREV.
fn navigation<'e>(name: &str, function: &'e ast::Function) -> Result<(&'e ast::Expr, Option<usize>)> {
    let arguments = plain_arguments(function)?;
    let offset = match arguments.get(1) {
        None => None,
        Some(ast::Expr::Value(value)) => match &value.value {
            ast::Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        Some(_) => None,
    };
    match (arguments.as_slice(), offset) {
        ([expr], _) | ([expr, _], Some(_)) => Ok((*expr, offset)),
        _ => Err(Error::input(format!("{name} takes an expression and a number of rows"))
            .hint(format!("{name}(a.price), or {name}(a.price, 1)"))),
    }
}

impl Special for ClauseBinder<'_> {
    fn bind(&self, expr: &ast::Expr, _binder: &ExprBinder<'_>) -> Result<Option<Expr>> {
        match expr {
            ast::Expr::Identifier(ident) => {
                // What is no column has a meaning of its own, or is an error, by the usual rules.
                match self.bindings.scope.resolve(std::slice::from_ref(ident)) {
                    Ok(_) => self.row_value(expr, End::Last, 0, 0).map(Some),
                    Err(_) => Ok(None),
                }
            }
            ast::Expr::CompoundIdentifier(parts) => {
                let first = parts.first().map_or("", |part| part.value.as_str());
                if self.bindings.variable(first).is_none() && self.bindings.scope.resolve(parts).is_err() {
                    let names = self.bindings.variables.iter().map(String::as_str);
                    return Err(Error::input(format!("the pattern has no variable '{first}'"))
                        .hint_opt(did_you_mean(first, names.clone()).or_else(|| {
                            Some(format!("its variables are: {}", names.collect::<Vec<_>>().join(", ")))
                        })));
                }
                self.row_value(expr, End::Last, 0, 0).map(Some)
            }
            ast::Expr::CompoundFieldAccess { .. } => self.row_value(expr, End::Last, 0, 0).map(Some),
            ast::Expr::Function(function) => self.function(function),
            _ => Ok(None),
        }
    }
}
