use super::super::test_calls::{Constant, boolean, bytes, constant, int, null_int, null_text, text};
use super::super::{Argument, FunctionContext, FunctionDef, Resolved};
use super::*;
use arrow::array::Array;
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::{SystemClock, TypeKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Values of some types that functions are likely to stumble over.
fn samples() -> Vec<Vec<Constant>> {
    let string = |value: &str| (ScalarValue::from(value), TypeKind::STRING.nullable());
    let number = |value: i32| (ScalarValue::from(value), TypeKind::Int.nullable());
    let texts =
        ["", "a", "héllo 日本 😀é", "a,b,,c", r#"{"a":[1,{"b":null}]}"#, "$.a[0]", "(", "%_", "2024-02-30 25:00:00"];
    let list = |values: &[Constant]| constant("ARRAY", values);
    vec![
        texts.into_iter().map(string).chain([null_text()]).collect(),
        [0, 1, -1, 3, i32::MIN, i32::MAX].into_iter().map(number).chain([null_int()]).collect(),
        vec![boolean(true)],
        vec![bytes(b""), bytes(&[0xff, 0, 0x3a])],
        vec![list(&[text("b"), null_text(), text("a"), text("b")])],
        vec![list(&[int(3), null_int(), int(-1), int(3)])],
        vec![constant("MAP", &[text("a"), int(1), text("b"), null_int()])],
        vec![constant("BITMAP_BUILD", &[list(&[int(3), int(-1)])])],
        vec![constant("PARSE_JSON", &[text(r#"{"a":[1,2]}"#)])],
    ]
}

/// All ways to choose one of each.
fn combinations(choices: &[&Vec<Constant>]) -> Vec<Vec<Constant>> {
    choices.iter().fold(vec![Vec::new()], |known, choice| {
        known
            .iter()
            .flat_map(|row| choice.iter().map(|value| [row.as_slice(), std::slice::from_ref(value)].concat()))
            .collect()
    })
}

fn invoke(resolved: &Resolved, row: &[Constant], columns: bool) -> Option<String> {
    let arguments = row
        .iter()
        .zip(&resolved.parameters)
        .map(|((value, data_type), parameter)| {
            let (from, to) = (data_type.to_arrow(), parameter.to_arrow());
            let value = if from == to { value.clone() } else { value.cast_to(&to).ok()? };
            Some(if columns {
                ColumnarValue::Array(value.to_array_of_size(2).ok()?)
            } else {
                ColumnarValue::Scalar(value)
            })
        })
        .collect::<Option<Vec<_>>>()?;
    let rows = if columns { 2 } else { 1 };
    Some(match resolved.kernel.invoke(&arguments, rows) {
        Ok(value) => {
            let array = value.into_array(rows).unwrap();
            assert_eq!(array.len(), rows);
            assert_eq!(array.data_type(), &resolved.returns.to_arrow());
            format!("{:?}", ScalarValue::try_from_array(&array, rows - 1).unwrap())
        }
        Err(error) => format!("{:?}", error.kind()),
    })
}

/// Calls a function in every way that it takes, with constants and with columns.
fn check(definition: &FunctionDef, samples: &[Vec<Constant>]) -> Result<usize, String> {
    let context = FunctionContext::new(chrono_tz::UTC, Arc::new(SystemClock));
    let mut calls = 0;
    for arity in 0..=3 {
        for choice in 0..samples.len().pow(arity) {
            let kinds: Vec<_> =
                (0..arity).map(|place| &samples[choice / samples.len().pow(place) % samples.len()]).collect();
            let types: Vec<_> = kinds.iter().map(|values| values[0].1.clone()).collect();
            let arguments: Vec<_> = types.iter().map(|data_type| Argument { data_type, literal: None }).collect();
            let resolved = catch_unwind(AssertUnwindSafe(|| (definition.resolve)(&context, &arguments)))
                .map_err(|_| format!("{} panicked on {types:?}", definition.name))?;
            let Ok(resolved) = resolved else { continue };
            // Enough to meet every value of every argument; all of them together take minutes.
            let rows = combinations(&kinds);
            let step = rows.len() / 40 + 1;
            for row in rows.into_iter().step_by(step | 1) {
                let outcome =
                    catch_unwind(AssertUnwindSafe(|| (invoke(&resolved, &row, false), invoke(&resolved, &row, true))));
                let values: Vec<_> = row.iter().map(|(value, _)| value).collect();
                match outcome {
                    Ok((constants, columns)) if constants == columns => calls += 1,
                    Ok(both) => return Err(format!("{} of {values:?}: {both:?}", definition.name)),
                    Err(_) => return Err(format!("{} panicked on {values:?}", definition.name)),
                }
            }
        }
    }
    Ok(calls)
}

#[test]
fn columns_and_constants_give_the_same_and_nothing_panics() {
    let samples = samples();
    let mut wrong = Vec::new();
    for definition in functions().filter(|definition| definition.deterministic) {
        if let Err(report) = check(definition, &samples) {
            wrong.push(report);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_are_unique_and_documented() {
    let mut names: Vec<_> =
        functions().flat_map(|definition| definition.aliases.iter().copied().chain([definition.name])).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
    for definition in functions() {
        assert!(!definition.doc.is_empty() && !definition.syntax.is_empty(), "{}", definition.name);
    }
}

#[test]
fn total_functions_fail_for_no_values() {
    let samples = samples();
    let context = FunctionContext::new(chrono_tz::UTC, Arc::new(SystemClock));
    for &name in operators::COMPARISONS.iter().chain(TOTAL) {
        let definition = function(name).unwrap_or_else(|| panic!("{name} is no function"));
        assert!(definition.deterministic, "{name}");
        let mut calls = 0;
        for arity in 1..=3 {
            for choice in 0..samples.len().pow(arity) {
                let kinds: Vec<_> =
                    (0..arity).map(|place| &samples[choice / samples.len().pow(place) % samples.len()]).collect();
                for row in combinations(&kinds).into_iter().step_by(3) {
                    // As constants too: what is wrong with one must not come up when a row is computed.
                    for constants in [false, true] {
                        let arguments: Vec<_> = row
                            .iter()
                            .map(|(value, data_type)| Argument { data_type, literal: constants.then_some(value) })
                            .collect();
                        let Ok(resolved) = (definition.resolve)(&context, &arguments) else { continue };
                        let Some(outcome) = invoke(&resolved, &row, !constants) else { continue };
                        assert!(
                            !["Failure", "Input", "Bug"].contains(&outcome.as_str()),
                            "{name} of {row:?}: {outcome}"
                        );
                        calls += 1;
                    }
                }
            }
        }
        assert!(calls > 0, "{name} was not called");
    }
}
