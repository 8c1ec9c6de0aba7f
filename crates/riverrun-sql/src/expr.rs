//! Bound expressions: every name resolved, every type known, every cast explicit.

use crate::functions::Kernel;
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, Schema, TypeKind};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

/// A bound scalar expression over the columns of its input.
#[derive(Clone, Debug)]
pub enum Expr {
    /// The input's column at this position.
    Column {
        /// The position.
        index: usize,
        /// Its type.
        data_type: DataType,
    },
    /// A constant, as Arrow holds values of its type.
    Literal {
        /// The value; a null of the right Arrow type for NULL.
        value: ScalarValue,
        /// Its type.
        data_type: DataType,
    },
    /// A function, operator or cast whose arguments are all evaluated.
    Call {
        /// The function's name, for EXPLAIN.
        name: String,
        /// What computes it.
        kernel: Arc<dyn Kernel>,
        /// The arguments, already of the types that the kernel takes.
        arguments: Vec<Expr>,
        /// The result's type.
        data_type: DataType,
    },
    /// AND of two or more; an operand is evaluated only for rows that the ones before it leave open.
    And(Vec<Expr>, DataType),
    /// OR of two or more, evaluated in the same way.
    Or(Vec<Expr>, DataType),
    /// `CASE WHEN c THEN r … ELSE e END`; a branch is evaluated only for its rows. IF, COALESCE, IFNULL
    /// and NULLIF come out as this too.
    Case {
        /// Conditions and results.
        branches: Vec<(Expr, Expr)>,
        /// The result where no condition is true.
        otherwise: Box<Expr>,
        /// The result's type.
        data_type: DataType,
    },
}

impl Expr {
    /// The type of the value.
    pub fn data_type(&self) -> &DataType {
        match self {
            Expr::Column { data_type, .. }
            | Expr::Literal { data_type, .. }
            | Expr::Call { data_type, .. }
            | Expr::And(_, data_type)
            | Expr::Or(_, data_type)
            | Expr::Case { data_type, .. } => data_type,
        }
    }

    /// The constant that this expression is, if it is one.
    pub fn as_literal(&self) -> Option<&ScalarValue> {
        match self {
            Expr::Literal { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The expressions directly below this one.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Column { .. } | Expr::Literal { .. } => Vec::new(),
            Expr::Call { arguments, .. } => arguments.iter().collect(),
            Expr::And(operands, _) | Expr::Or(operands, _) => operands.iter().collect(),
            Expr::Case { branches, otherwise, .. } => branches
                .iter()
                .flat_map(|(condition, result)| [condition, result])
                .chain([otherwise.as_ref()])
                .collect(),
        }
    }

    /// The same value under another type that Arrow holds in the same way.
    #[must_use]
    pub fn with_type(mut self, new: DataType) -> Expr {
        match &mut self {
            Expr::Column { data_type, .. }
            | Expr::Literal { data_type, .. }
            | Expr::Call { data_type, .. }
            | Expr::And(_, data_type)
            | Expr::Or(_, data_type)
            | Expr::Case { data_type, .. } => *data_type = new,
        }
        self
    }

    /// The positions of the columns that it reads.
    pub fn columns(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut pending = vec![self];
        while let Some(expr) = pending.pop() {
            if let Expr::Column { index, .. } = expr {
                found.insert(*index);
            }
            pending.extend(expr.children());
        }
        found
    }

    /// The same expression over other operands.
    pub fn map_children<E>(
        &self,
        map: &mut dyn FnMut(&Expr) -> std::result::Result<Expr, E>,
    ) -> std::result::Result<Expr, E> {
        Ok(match self {
            Expr::Column { .. } | Expr::Literal { .. } => self.clone(),
            Expr::Call { name, kernel, arguments, data_type } => Expr::Call {
                name: name.clone(),
                kernel: kernel.clone(),
                arguments: arguments.iter().map(map).collect::<std::result::Result<_, E>>()?,
                data_type: data_type.clone(),
            },
            Expr::And(operands, data_type) => {
                Expr::And(operands.iter().map(map).collect::<std::result::Result<_, E>>()?, data_type.clone())
            }
            Expr::Or(operands, data_type) => {
                Expr::Or(operands.iter().map(map).collect::<std::result::Result<_, E>>()?, data_type.clone())
            }
            Expr::Case { branches, otherwise, data_type } => Expr::Case {
                branches: branches
                    .iter()
                    .map(|(condition, result)| Ok((map(condition)?, map(result)?)))
                    .collect::<std::result::Result<_, E>>()?,
                otherwise: Box::new(map(otherwise)?),
                data_type: data_type.clone(),
            },
        })
    }

    /// The same expression with every column replaced by what `replace` says for its position and type.
    pub fn replace_columns(&self, replace: &mut dyn FnMut(usize, &DataType) -> Expr) -> Expr {
        match self {
            Expr::Column { index, data_type } => replace(*index, data_type),
            _ => {
                let Ok(replaced) = self.map_children::<Infallible>(&mut |child| Ok(child.replace_columns(replace)));
                replaced
            }
        }
    }

    /// The same expression over columns that have moved: `position` says where to.
    pub fn move_columns(&self, position: &dyn Fn(usize) -> usize) -> Expr {
        self.replace_columns(&mut |index, data_type| Expr::Column {
            index: position(index),
            data_type: data_type.clone(),
        })
    }

    /// Whether both compute the same: the same functions of the same columns and constants. Types count without
    /// nullability.
    pub fn same_as(&self, other: &Expr) -> bool {
        let all = |left: &[Expr], right: &[Expr]| {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.same_as(right))
        };
        if self.data_type().kind != other.data_type().kind {
            return false;
        }
        match (self, other) {
            (Expr::Column { index: left, .. }, Expr::Column { index: right, .. }) => left == right,
            (Expr::Literal { value: left, .. }, Expr::Literal { value: right, .. }) => left == right,
            (
                Expr::Call { name: left_name, arguments: left, .. },
                Expr::Call { name: right_name, arguments: right, .. },
            ) => left_name == right_name && all(left, right),
            (Expr::And(left, _), Expr::And(right, _)) | (Expr::Or(left, _), Expr::Or(right, _)) => all(left, right),
            (
                Expr::Case { branches: left, otherwise: left_else, .. },
                Expr::Case { branches: right, otherwise: right_else, .. },
            ) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(left, right)| left.0.same_as(&right.0) && left.1.same_as(&right.1))
                    && left_else.same_as(right_else)
            }
            _ => false,
        }
    }

    /// The expression as text, with the columns named as in `schema`: what EXPLAIN shows.
    pub fn display<'a>(&'a self, schema: &'a Schema) -> impl fmt::Display + 'a {
        Displayed { expr: self, schema }
    }
}

struct Displayed<'a> {
    expr: &'a Expr,
    schema: &'a Schema,
}

impl<'a> Displayed<'a> {
    fn show(&self, expr: &'a Expr) -> Displayed<'a> {
        Displayed { expr, schema: self.schema }
    }
}

impl fmt::Display for Displayed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.schema;
        fn list(f: &mut fmt::Formatter<'_>, exprs: &[Expr], schema: &Schema, separator: &str) -> fmt::Result {
            exprs.iter().enumerate().try_for_each(|(index, expr)| {
                let before = if index > 0 { separator } else { "" };
                write!(f, "{before}{}", Displayed { expr, schema })
            })
        }
        match self.expr {
            Expr::Column { index, .. } => match self.schema.fields.get(*index) {
                Some(field) => f.write_str(&field.name),
                None => write!(f, "${index}"),
            },
            Expr::Literal { value, data_type } => match (value, &data_type.kind) {
                (ScalarValue::Utf8(Some(text)), _) => write!(f, "'{}'", text.replace('\'', "''")),
                (value, TypeKind::Null) => write!(f, "{value}"),
                (value, kind) if value.is_null() => write!(f, "CAST(NULL AS {kind})"),
                (value, _) => write!(f, "{value}"),
            },
            Expr::Call { name, arguments, data_type, .. } => match (name.as_str(), arguments.as_slice()) {
                ("CAST" | "TRY_CAST", [value]) => write!(f, "{name}({} AS {})", self.show(value), data_type.kind),
                (field, [row]) if field.starts_with('.') => write!(f, "{}{field}", self.show(row)),
                (operator, [left, right]) if operator.starts_with(|c: char| "+-*/%=<>|".contains(c)) => {
                    write!(f, "({} {operator} {})", self.show(left), self.show(right))
                }
                (operator, [value]) if operator.starts_with("IS ") => write!(f, "({} {operator})", self.show(value)),
                (name, arguments) => {
                    write!(f, "{name}(")?;
                    list(f, arguments, schema, ", ")?;
                    f.write_str(")")
                }
            },
            Expr::And(operands, _) | Expr::Or(operands, _) => {
                f.write_str("(")?;
                list(f, operands, schema, if matches!(self.expr, Expr::And(..)) { " AND " } else { " OR " })?;
                f.write_str(")")
            }
            Expr::Case { branches, otherwise, .. } => {
                f.write_str("CASE")?;
                for (condition, result) in branches {
                    write!(f, " WHEN {} THEN {}", self.show(condition), self.show(result))?;
                }
                write!(f, " ELSE {} END", self.show(otherwise))
            }
        }
    }
}
