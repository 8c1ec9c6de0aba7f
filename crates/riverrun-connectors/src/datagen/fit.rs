//! Which options fit a field: one that would do nothing is refused.
//!
//! As in Flink 2.3, but that `null-rate` goes with a sequence too, and `min` and `max` with an interval.

use riverrun_core::{DataType, Error, Options, Result, TypeKind};

/// The options of a field that do not fit all of them.
const SPECIAL: [&str; 7] = ["min", "max", "max-past", "length", "var-len", "start", "end"];

/// Refuses the first option of the field `path` that does not fit it.
pub fn check(options: &Options, path: &str, data_type: &DataType) -> Result<()> {
    let given = |name: &str| options.given(&format!("{path}.{name}"));
    let kind = given("kind");
    let sequence = kind.filter(|kind| kind.text.trim().eq_ignore_ascii_case("sequence"));
    let expression = given("expression");
    if let (Some(sequence), Some(_)) = (sequence, expression) {
        return Err(Error::input(format!("'{path}' can't be a sequence and have an expression"))
            .hint(format!("leave '{path}.kind' or '{path}.expression' out"))
            .at(sequence.key_place));
    }
    let (what, fitting) = if sequence.is_some() {
        ("a sequence".to_owned(), &["start", "end"][..])
    } else if expression.is_some() {
        ("an expression".to_owned(), &[][..])
    } else {
        (format!("random values of type {}", data_type.kind), of_type(&data_type.kind))
    };
    for name in SPECIAL.iter().filter(|name| !fitting.contains(name)) {
        let Some(option) = given(name) else { continue };
        let hint = match *name {
            "start" | "end" if expression.is_none() => format!("set '{path}.kind' = 'sequence' too, or leave it out"),
            "length" if is_fixed(&data_type.kind) => "values have the declared length; leave it out".to_owned(),
            "var-len" if is_fixed(&data_type.kind) => {
                "values have the declared length; leave it out, or declare the column as VARCHAR or VARBINARY"
                    .to_owned()
            }
            _ if fitting.is_empty() => "leave it out".to_owned(),
            _ => format!("leave it out; what fits is {}", fitting.join(" and ")),
        };
        return Err(Error::input(format!("option '{path}.{name}' does not fit {what}"))
            .hint(hint)
            .at(option.key_place));
    }
    Ok(())
}

/// The options that fit random values of a type.
fn of_type(kind: &TypeKind) -> &'static [&'static str] {
    match kind {
        TypeKind::Char(_) | TypeKind::Binary(_) => &[],
        TypeKind::Varchar(_) | TypeKind::Varbinary(_) => &["length", "var-len"],
        TypeKind::Array(_) | TypeKind::Map(..) | TypeKind::Multiset(_) => &["length"],
        TypeKind::Timestamp { .. } | TypeKind::TimestampLtz { .. } => &["max-past"],
        TypeKind::IntervalMonths | TypeKind::IntervalMillis => &["min", "max"],
        kind if kind.is_numeric() => &["min", "max"],
        _ => &[],
    }
}

fn is_fixed(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Char(_) | TypeKind::Binary(_))
}
