//! Bound expressions: every name resolved, every type known, every cast explicit.

use crate::functions::Kernel;
use datafusion_common::ScalarValue;
use riverrun_core::DataType;
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
}
