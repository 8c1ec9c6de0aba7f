//! CHR, ASCII, IS_ALPHA, IS_DIGIT, IS_DECIMAL.

use super::super::kernels::{Accept, accept, any_nullable, booleans, kernel, mismatch, primitives, texts};
use super::super::regex::JavaRegex;
use super::super::{Argument, FunctionDef, Resolved};
use arrow::datatypes::Int32Type;
use riverrun_core::{Result, TypeKind};
use std::sync::LazyLock;

const CHR: &str = "CHR(integer)";
const ASCII: &str = "ASCII(string)";
const IS_ALPHA: &str = "IS_ALPHA(string)";
const IS_DIGIT: &str = "IS_DIGIT(string)";
const IS_DECIMAL: &str = "IS_DECIMAL(string)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "string",
        "CHR",
        CHR,
        "The character of this code, modulo 256; an empty text for a negative one.",
        |_, arguments| resolve_chr(arguments),
    ),
    FunctionDef::new(
        "string",
        "ASCII",
        ASCII,
        "The first byte of the text's UTF-8, as a signed byte; 0 for an empty text.",
        |_, arguments| resolve_ascii(arguments),
    ),
    FunctionDef::new(
        "string",
        "IS_ALPHA",
        IS_ALPHA,
        "Whether the text is letters only; FALSE for NULL.",
        |_, arguments| {
            resolve_class(IS_ALPHA, arguments, |_| false, |text| is_of(text, &LETTERS, u8::is_ascii_alphabetic))
        },
    ),
    FunctionDef::new(
        "string",
        "IS_DIGIT",
        IS_DIGIT,
        "Whether the text is digits only; FALSE for NULL.",
        |_, arguments| {
            resolve_class(IS_DIGIT, arguments, TypeKind::is_integer, |text| is_of(text, &DIGITS, u8::is_ascii_digit))
        },
    ),
    FunctionDef::new(
        "string",
        "IS_DECIMAL",
        IS_DECIMAL,
        "Whether the text is a number; FALSE for NULL.",
        |_, arguments| resolve_class(IS_DECIMAL, arguments, TypeKind::is_numeric, is_number),
    ),
];

fn resolve_chr(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(CHR, arguments, &[Accept::Long], 1)?;
    let compute = kernel(CHR, |arguments| {
        let code = arguments.long(0)?;
        texts(arguments.rows(), |row, out| {
            let code = code.get(row)?;
            if code >= 0 {
                out.push(char::from((code & 0xff) as u8));
            }
            Some(())
        })
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute })
}

fn resolve_ascii(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(ASCII, arguments, &[Accept::Text], 1)?;
    let returns = TypeKind::Int.with_nullable(any_nullable(arguments));
    let compute = kernel(ASCII, |arguments| {
        let text = arguments.text(0)?;
        Ok(primitives::<Int32Type>(arguments.rows(), |row| {
            Some(text.get(row)?.as_bytes().first().map_or(0, |&byte| i32::from(byte as i8)))
        }))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// What Java calls letters and digits: Unicode's categories L and Nd.
static LETTERS: LazyLock<Result<JavaRegex>> = LazyLock::new(|| JavaRegex::whole(r"\p{L}+"));
static DIGITS: LazyLock<Result<JavaRegex>> = LazyLock::new(|| JavaRegex::whole(r"\p{Nd}+"));

/// Whether a text is not empty and all its characters are of a class: of ASCII that is told fast.
fn is_of(text: &str, class: &Result<JavaRegex>, of_ascii: fn(&u8) -> bool) -> bool {
    if text.is_ascii() {
        return !text.is_empty() && text.as_bytes().iter().all(of_ascii);
    }
    class.as_ref().is_ok_and(|regex| regex.is_match(text))
}

/// Whether Java's `Double.valueOf` takes the text.
fn is_number(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "NaN" || unsigned == "Infinity" {
        return true;
    }
    let digits = unsigned.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(unsigned);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.parse::<f64>().is_ok()
}

/// A test of a text. Numbers of some types are in the class, whatever their value.
fn resolve_class(
    syntax: &'static str,
    arguments: &[Argument<'_>],
    numbers: fn(&TypeKind) -> bool,
    is_in_class: fn(&str) -> bool,
) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::Any], 1)?;
    let returns = TypeKind::Boolean.not_null();
    let compute = if parameters[0].kind.is_numeric() {
        let numbers = numbers(&parameters[0].kind);
        kernel(syntax, move |arguments| {
            let (array, constant) = arguments.raw(0)?;
            let array = array.clone();
            Ok(booleans(arguments.rows(), |row| Some(numbers && array.is_valid(if constant { 0 } else { row }))))
        })
    } else if parameters[0].kind.is_character() {
        kernel(syntax, move |arguments| {
            let text = arguments.text(0)?;
            Ok(booleans(arguments.rows(), |row| Some(text.get(row).is_some_and(is_in_class))))
        })
    } else {
        return Err(mismatch(syntax, arguments));
    };
    Ok(Resolved { parameters, returns, kernel: compute })
}
