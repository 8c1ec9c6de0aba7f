//! Paths into JSON values, as the Jayway JsonPath library has them.

use super::filter::Filter;
use super::parser::{self, Malformed};
use super::value::Json;
use riverrun_core::{Error, Result};
use std::borrow::Cow;

/// A path with its mode.
#[derive(Debug)]
pub struct Path {
    /// `lax`: what isn't there is empty, and no error. The default is `strict`.
    pub lax: bool,
    /// The path as it was written, without its mode.
    pub text: String,
    steps: Vec<Step>,
    /// Whether the path leads to one place: its result is a value, and not an array of values.
    definite: bool,
    /// Whether the path is of members and indexes from the start, so that the text need not become a value first.
    simple: bool,
}

/// A step of a path.
#[derive(Debug)]
pub enum Step {
    /// `.name`, `['name']`.
    Member(String),
    /// `['a', 'b']`: an object of these members.
    Members(Vec<String>),
    /// `[0]`; a negative index counts from the end.
    Index(i64),
    /// `[0, 1]`.
    Indexes(Vec<i64>),
    /// `[1:3]`.
    Slice(Option<i64>, Option<i64>),
    /// `.*`, `[*]`.
    All,
    /// `..`: what follows, at every depth.
    Descend,
    /// `[?(…)]`.
    Filter(Filter),
    /// `.length()` and other functions of the end.
    Function(Function),
}

/// A function at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// How many elements or members there are, or characters of a string.
    Length,
    /// The names of the members.
    Keys,
    /// The first element.
    First,
    /// The last element.
    Last,
    /// The sum of the numbers.
    Sum,
    /// The least number.
    Min,
    /// The greatest number.
    Max,
    /// The mean of the numbers.
    Avg,
}

/// Why there is nothing to give for a path.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The text is no JSON.
    Malformed(Malformed),
    /// Nothing stands at the path.
    NotFound,
}

/// A step found nothing where there had to be something.
struct Missing;

impl Path {
    /// Makes a path of its text, such as `lax $.a[0]`.
    pub fn new(text: &str) -> Result<Path> {
        super::path_parser::parse(text)
    }

    pub(super) fn of(lax: bool, text: &str, steps: Vec<Step>) -> Path {
        let last = steps.len().saturating_sub(1);
        let definite = steps.iter().enumerate().all(|(position, step)| match step {
            Step::Member(_) | Step::Index(_) | Step::Function(_) => true,
            // Several members together make one object, at the end.
            Step::Members(_) => position == last,
            _ => false,
        });
        // A function makes one value of many.
        let definite = definite || matches!(steps.last(), Some(Step::Function(_)));
        let simple = steps.iter().all(|step| matches!(step, Step::Member(_) | Step::Index(0..)));
        Path { lax, text: text.to_owned(), steps, definite, simple }
    }

    /// What stands at the path in a JSON text. Under `lax` an error is an empty result: `None` or, where the path may lead to
    /// several places, an empty array.
    pub fn read<'a>(&self, text: &'a str) -> Result<Option<Json<'a>>, Failure> {
        let found = if self.simple {
            parser::seek(text, &self.steps).map_err(Failure::Malformed)
        } else {
            parser::parse(text).map_err(Failure::Malformed).and_then(|root| self.find(root))
        };
        match found {
            Ok(Some(value)) => Ok(Some(value)),
            Ok(None) | Err(Failure::NotFound) if !self.lax => Err(Failure::NotFound),
            Err(failure) if !self.lax => Err(failure),
            // A text that is no JSON has no places at all.
            Err(Failure::NotFound) if !self.definite => Ok(Some(Json::Array(Vec::new()))),
            _ => Ok(None),
        }
    }

    fn find<'a>(&self, root: Json<'a>) -> Result<Option<Json<'a>>, Failure> {
        let mut found = Vec::new();
        walk(&root, &root, &self.steps, true, &mut found).map_err(|Missing| Failure::NotFound)?;
        if self.definite {
            return Ok(found.pop().map(Cow::into_owned));
        }
        Ok(Some(Json::Array(found.into_iter().map(Cow::into_owned).collect())))
    }

    /// The error of a value that isn't there.
    pub fn not_found(&self) -> Error {
        Error::failure(format!("nothing stands at the JSON path {}", self.text))
    }
}

/// The values at a path relative to `node`, for filters.
pub(super) fn values_at<'v, 'a>(root: &'v Json<'a>, node: &'v Json<'a>, steps: &'v [Step]) -> Vec<Cow<'v, Json<'a>>> {
    let mut found = Vec::new();
    match walk(root, node, steps, false, &mut found) {
        Ok(()) | Err(Missing) => found,
    }
}

/// Collects what the steps lead to. `single`: there was only one way so far, on which something must stand.
fn walk<'v, 'a>(
    root: &'v Json<'a>,
    node: &'v Json<'a>,
    steps: &[Step],
    single: bool,
    found: &mut Vec<Cow<'v, Json<'a>>>,
) -> Result<(), Missing> {
    let Some((step, rest)) = steps.split_first() else {
        found.push(Cow::Borrowed(node));
        return Ok(());
    };
    let missing = if single { Err(Missing) } else { Ok(()) };
    match step {
        Step::Member(name) => match node {
            Json::Object(_) => match node.member(name) {
                Some(value) => walk(root, value, rest, single, found),
                None => missing,
            },
            _ => missing,
        },
        Step::Members(names) => {
            let Json::Object(members) = node else { return missing };
            let chosen = || members.iter().filter(|(key, _)| names.iter().any(|name| name == key));
            if rest.is_empty() {
                found.push(Cow::Owned(Json::Object(chosen().cloned().collect())));
                return Ok(());
            }
            chosen().try_for_each(|(_, value)| walk(root, value, rest, false, found))
        }
        Step::Index(index) => match node {
            Json::Array(elements) => match element(elements, *index) {
                Some(value) => walk(root, value, rest, single, found),
                None => missing,
            },
            _ => missing,
        },
        Step::Indexes(indexes) => match node {
            Json::Array(elements) => indexes
                .iter()
                .filter_map(|index| element(elements, *index))
                .try_for_each(|value| walk(root, value, rest, false, found)),
            _ => missing,
        },
        Step::Slice(from, to) => match node {
            Json::Array(elements) => {
                let length = elements.len() as i64;
                let place =
                    |index: i64| (if index < 0 { length.saturating_add(index) } else { index }).clamp(0, length);
                let (from, to) = (place(from.unwrap_or(0)), place(to.unwrap_or(length)));
                let range = from as usize..to.max(from) as usize;
                elements[range].iter().try_for_each(|value| walk(root, value, rest, false, found))
            }
            _ => missing,
        },
        Step::All => children(node).try_for_each(|value| walk(root, value, rest, false, found)),
        Step::Descend => descend(root, node, rest, found),
        Step::Filter(filter) => {
            let mut test = |value: &'v Json<'a>| -> Result<(), Missing> {
                if filter.matches(root, value) { walk(root, value, rest, false, found) } else { Ok(()) }
            };
            match node {
                Json::Array(elements) => elements.iter().try_for_each(test),
                object @ Json::Object(_) => test(object),
                _ => missing,
            }
        }
        Step::Function(function) => match function.apply(node) {
            Some(value) => {
                found.push(Cow::Owned(value));
                Ok(())
            }
            None => missing,
        },
    }
}

fn descend<'v, 'a>(
    root: &'v Json<'a>,
    node: &'v Json<'a>,
    rest: &[Step],
    found: &mut Vec<Cow<'v, Json<'a>>>,
) -> Result<(), Missing> {
    if !node.is_scalar() {
        walk(root, node, rest, false, found)?;
    }
    children(node).try_for_each(|child| descend(root, child, rest, found))
}

fn children<'v, 'a>(node: &'v Json<'a>) -> Box<dyn Iterator<Item = &'v Json<'a>> + 'v> {
    match node {
        Json::Array(elements) => Box::new(elements.iter()),
        Json::Object(members) => Box::new(members.iter().map(|(_, value)| value)),
        _ => Box::new(std::iter::empty()),
    }
}

fn element<'v, 'a>(elements: &'v [Json<'a>], index: i64) -> Option<&'v Json<'a>> {
    let index = if index < 0 { index.checked_add(elements.len() as i64)? } else { index };
    elements.get(usize::try_from(index).ok()?)
}

impl Function {
    /// The function of this name.
    pub fn named(name: &str) -> Option<Function> {
        Some(match name {
            "length" | "size" => Function::Length,
            "keys" => Function::Keys,
            "first" => Function::First,
            "last" => Function::Last,
            "sum" => Function::Sum,
            "min" => Function::Min,
            "max" => Function::Max,
            "avg" => Function::Avg,
            _ => return None,
        })
    }

    fn apply<'a>(self, node: &Json<'a>) -> Option<Json<'a>> {
        let number = |value: f64| Json::Number(Cow::Owned(riverrun_core::java_text::double_text(value)));
        match (self, node) {
            (Function::Length, Json::Array(elements)) => Some(Json::from_count(elements.len())),
            (Function::Length, Json::Object(members)) => Some(Json::from_count(members.len())),
            (Function::Length, Json::String(text)) => Some(Json::from_count(text.encode_utf16().count())),
            (Function::Keys, Json::Object(members)) => {
                Some(Json::Array(members.iter().map(|(key, _)| Json::String(key.clone())).collect()))
            }
            (Function::First, Json::Array(elements)) => elements.first().cloned(),
            (Function::Last, Json::Array(elements)) => elements.last().cloned(),
            (Function::Sum | Function::Min | Function::Max | Function::Avg, Json::Array(elements)) => {
                let numbers: Vec<f64> = elements.iter().filter_map(Json::as_double).collect();
                if numbers.is_empty() {
                    return None;
                }
                Some(number(match self {
                    Function::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
                    Function::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                    Function::Sum => numbers.iter().sum(),
                    _ => numbers.iter().sum::<f64>() / numbers.len() as f64,
                }))
            }
            _ => None,
        }
    }
}
