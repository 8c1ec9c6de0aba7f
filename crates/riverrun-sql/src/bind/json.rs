//! JSON within JSON: what JSON_OBJECT and JSON_ARRAY give stands as JSON, and not as a quoted text, in the JSON that it becomes part of.
//!
//! Measured on Flink 2.3, which looks at the calls that are left when projections are merged.

use super::expr::ExprBinder;
use crate::expr::Expr;
use crate::functions::operators::{AS_TEXT, FORMAT_JSON, JSON_ARRAY, JSON_OBJECT};
use riverrun_core::{Result, TypeKind};

const JSON_STRING: &str = "JSON_STRING";

/// Whether the value is JSON by the call that computes it.
pub fn builds_json(expr: &Expr) -> bool {
    matches!(expr, Expr::Call { name, .. } if matches!(name.as_str(), JSON_OBJECT | JSON_ARRAY)) && is_whole_text(expr)
}

/// What IF and IFNULL, which are functions, make of a value: JSON is no more than a text behind them.
pub(super) fn as_text(binder: &ExprBinder<'_>, value: Expr) -> Result<Expr> {
    match is_whole_text(&value) && (builds_json(&value) || matches!(value, Expr::Column { .. })) {
        true => binder.call(AS_TEXT, vec![value]),
        false => Ok(value),
    }
}

/// Whether it has the type that JSON is built with; a cast to another one makes it a text like any other.
pub fn is_whole_text(expr: &Expr) -> bool {
    *expr.data_type() == TypeKind::STRING.not_null()
}

/// Whether JSON may stand as JSON in what this function gives.
pub fn nests(name: &str) -> bool {
    matches!(name, JSON_OBJECT | JSON_ARRAY | JSON_STRING)
}

impl ExprBinder<'_> {
    /// The arguments of a call with those marked that are JSON.
    pub(super) fn json_marked(&self, name: &str, arguments: Vec<Expr>) -> Result<Vec<Expr>> {
        self.json_marked_where(name, arguments, &builds_json)
    }

    /// The arguments of a call with those marked that are JSON as `is_json` says.
    pub fn json_marked_where(
        &self,
        name: &str,
        arguments: Vec<Expr>,
        is_json: &dyn Fn(&Expr) -> bool,
    ) -> Result<Vec<Expr>> {
        // Before the values of JSON_OBJECT stand their keys, which are texts.
        let is_value = |position: usize| nests(name) && (name != JSON_OBJECT || position.is_multiple_of(2));
        let mark = |(position, argument): (usize, Expr)| match is_value(position) && is_json(&argument) {
            true => self.call(FORMAT_JSON, vec![argument]),
            false => Ok(argument),
        };
        arguments.into_iter().enumerate().map(mark).collect()
    }
}

/// The value without its mark.
pub(super) fn unmarked(expr: &Expr) -> &Expr {
    match expr {
        Expr::Call { name, arguments, .. } if name == FORMAT_JSON && arguments.len() == 1 => &arguments[0],
        expr => expr,
    }
}
