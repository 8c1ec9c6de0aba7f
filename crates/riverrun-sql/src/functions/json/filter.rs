//! The filters of JSON paths: `[?(@.price < 10 && @.title)]`.

use super::super::regex::JavaRegex;
use super::path::{Step, values_at};
use super::value::Json;
use std::cmp::Ordering;

/// A condition on an element.
#[derive(Debug)]
pub enum Filter {
    /// `a || b`.
    Any(Vec<Filter>),
    /// `a && b`.
    All(Vec<Filter>),
    /// `!a`.
    Not(Box<Filter>),
    /// A path at which something stands.
    Exists(Operand),
    /// `a < b`.
    Compare(Operand, Operator, Operand),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    /// `=~ /pattern/`: of the whole text.
    Matches,
    In,
    NotIn,
}

/// A side of a comparison.
#[derive(Debug)]
pub enum Operand {
    /// `@…`: relative to the element.
    Here(Vec<Step>),
    /// `$…`.
    Root(Vec<Step>),
    /// A number.
    Number(f64),
    /// A string in quotes.
    String(String),
    /// `true`, `false`.
    Boolean(bool),
    /// `null`.
    Null,
    /// `[a, b]`.
    List(Vec<Operand>),
    /// `/pattern/`.
    Pattern(JavaRegex),
}

/// A value that can be compared; `None` stands for one that is not there.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(f64),
    String(String),
    Boolean(bool),
    Null,
    /// An array or object, by its text.
    Nested(String),
}

impl Value {
    fn of(json: &Json<'_>) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Boolean(value) => Value::Boolean(*value),
            Json::Number(_) => Value::Number(json.as_double().unwrap_or(f64::NAN)),
            Json::String(text) => Value::String(text.clone().into_owned()),
            nested => {
                let mut text = String::new();
                nested.write(&mut text);
                Value::Nested(text)
            }
        }
    }
}

impl Operand {
    fn value(&self, root: &Json<'_>, here: &Json<'_>) -> Option<Value> {
        match self {
            Operand::Here(steps) => values_at(root, here, steps).first().map(|value| Value::of(value)),
            Operand::Root(steps) => values_at(root, root, steps).first().map(|value| Value::of(value)),
            Operand::Number(value) => Some(Value::Number(*value)),
            Operand::String(text) => Some(Value::String(text.clone())),
            Operand::Boolean(value) => Some(Value::Boolean(*value)),
            Operand::Null => Some(Value::Null),
            Operand::List(_) | Operand::Pattern(_) => None,
        }
    }
}

impl Filter {
    /// Whether an element meets the condition.
    pub fn matches(&self, root: &Json<'_>, here: &Json<'_>) -> bool {
        match self {
            Filter::Any(filters) => filters.iter().any(|filter| filter.matches(root, here)),
            Filter::All(filters) => filters.iter().all(|filter| filter.matches(root, here)),
            Filter::Not(filter) => !filter.matches(root, here),
            Filter::Exists(operand) => operand.value(root, here).is_some(),
            Filter::Compare(left, Operator::Matches, Operand::Pattern(pattern)) => {
                matches!(left.value(root, here), Some(Value::String(text)) if pattern.is_match(&text))
            }
            Filter::Compare(left, operator @ (Operator::In | Operator::NotIn), Operand::List(values)) => {
                let left = left.value(root, here);
                let found = left.is_some() && values.iter().any(|value| value.value(root, here) == left);
                found == (*operator == Operator::In)
            }
            Filter::Compare(left, operator, right) => {
                let (left, right) = (left.value(root, here), right.value(root, here));
                match operator {
                    Operator::Equal => left.is_some() && left == right,
                    Operator::NotEqual => left != right,
                    _ => {
                        let order = match (left, right) {
                            (Some(Value::Number(left)), Some(Value::Number(right))) => left.partial_cmp(&right),
                            (Some(Value::String(left)), Some(Value::String(right))) => Some(left.cmp(&right)),
                            _ => None,
                        };
                        match (operator, order) {
                            (Operator::Less, Some(order)) => order == Ordering::Less,
                            (Operator::LessEqual, Some(order)) => order != Ordering::Greater,
                            (Operator::Greater, Some(order)) => order == Ordering::Greater,
                            (Operator::GreaterEqual, Some(order)) => order != Ordering::Less,
                            _ => false,
                        }
                    }
                }
            }
        }
    }
}
