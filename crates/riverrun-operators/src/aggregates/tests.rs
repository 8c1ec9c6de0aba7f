//! The values are those of real Flink over the five rows of [`column`].

use super::*;
use arrow::array::{Array, AsArray, Date32Array, Float64Array, Int8Array, Int32Array, Int64Array, StringArray};
use arrow::compute::cast;
use riverrun_core::TypeKind;
use riverrun_core::format_value::format_value;

/// Five rows:
///
/// | k | i | i_n  | d      | s | s_n  | b     | dt         |
/// |---|---|------|--------|---|------|-------|------------|
/// | a | 3 | NULL | 1.50   | b | NULL | false | 2024-01-02 |
/// | b | 5 | 5    | 2.25   | a | a    | true  | 2023-12-31 |
/// | a | 3 | NULL | −1.00  | c | c    | false | 2024-02-29 |
/// | a | 7 | 7    | 100.10 | a | a    | true  | 2024-01-02 |
/// | b | 2 | 2    | 0.33   | b | NULL | false | 2025-06-01 |
fn column(name: &str) -> (DataType, ArrayRef) {
    let int = Int32Array::from(vec![3, 5, 3, 7, 2]);
    let of = |kind: TypeKind, values: &dyn Array| {
        let data_type = kind.with_nullable(values.null_count() > 0);
        let values = cast(values, &data_type.to_arrow()).unwrap();
        (data_type, values)
    };
    let number = Float64Array::from(vec![1.5, 2.25, -1.0, 100.1, 0.33]);
    let text = StringArray::from(vec!["b", "a", "c", "a", "b"]);
    match name {
        "ti" => of(TypeKind::TinyInt, &int),
        "si" => of(TypeKind::SmallInt, &int),
        "i" => of(TypeKind::Int, &int),
        "bi" => of(TypeKind::BigInt, &int),
        "i_n" => of(TypeKind::Int, &Int32Array::from(vec![None, Some(5), None, Some(7), Some(2)])),
        "i_nn" => of(TypeKind::Int, &Int32Array::new_null(5)),
        "ti_big" => of(TypeKind::TinyInt, &Int8Array::from(vec![103, 105, 103, 107, 102])),
        "i_big" => of(TypeKind::Int, &Int64Array::from_iter_values([3, 5, 3, 7, 2].map(|x| x + 2_147_483_640))),
        "bi_big" => {
            let values = [3, 5, 3, 7, 2].map(|x| x + 9_223_372_036_854_775_800);
            of(TypeKind::BigInt, &Int64Array::from_iter_values(values))
        }
        "f" => of(TypeKind::Float, &number),
        "db" => of(TypeKind::Double, &number),
        "d" => of(TypeKind::decimal(10, 2), &number),
        "s" => of(TypeKind::STRING, &text),
        "s_n" => of(TypeKind::STRING, &StringArray::from(vec![None, Some("a"), Some("c"), Some("a"), None])),
        "b" => of(TypeKind::Boolean, &BooleanArray::from(vec![false, true, false, true, false])),
        "dt" => of(TypeKind::Date, &Date32Array::from(vec![19724, 19722, 19782, 19724, 20240])),
        "sets" => {
            let set = |integers: &[u32]| {
                let mut bytes = Vec::new();
                integers.iter().collect::<roaring::RoaringBitmap>().serialize_into(&mut bytes).unwrap();
                bytes
            };
            let sets = [Some(set(&[1, 2])), Some(set(&[2, 3])), None, Some(set(&[2])), Some(set(&[2]))];
            of(TypeKind::Bitmap, &sets.iter().map(Option::as_ref).collect::<arrow::array::BinaryArray>())
        }
        "id" => of(TypeKind::Int, &Int32Array::from(vec![1, 2, 3, 4, 5])),
        "ids" => of(TypeKind::STRING, &StringArray::from(vec!["1", "2", "3", "4", "5"])),
        other => panic!("no column {other}"),
    }
}

fn global() -> AggregateOptions {
    AggregateOptions::default()
}

fn distinct() -> AggregateOptions {
    AggregateOptions { distinct: true, ..global() }
}

/// A call like `PERCENTILE(i, 0.5, id)`, resolved, with its input columns.
struct Call {
    resolved: ResolvedAggregate,
    columns: Vec<ArrayRef>,
}

fn call(text: &str, options: &AggregateOptions) -> Result<Call> {
    let (name, rest) = text.split_once('(').unwrap();
    let names: Vec<&str> = rest.trim_end_matches(')').split(", ").filter(|name| !name.is_empty()).collect();
    let constants: Vec<(DataType, Option<ScalarValue>, Option<ArrayRef>)> = names
        .iter()
        .map(|name| {
            if let Some(quoted) = name.strip_prefix('\'') {
                let text = quoted.trim_end_matches('\'').to_owned();
                (TypeKind::Char(1).not_null(), Some(ScalarValue::Utf8(Some(text))), None)
            } else if let Ok(number) = name.parse::<f64>() {
                (TypeKind::Double.not_null(), Some(ScalarValue::Float64(Some(number))), None)
            } else {
                let (data_type, values) = column(name);
                (data_type, None, Some(values))
            }
        })
        .collect();
    let arguments: Vec<AggregateArgument<'_>> = constants
        .iter()
        .map(|(data_type, literal, _)| AggregateArgument { data_type, literal: literal.as_ref(), json: false })
        .collect();
    let resolved = aggregate(name).unwrap().bind(&arguments, options)?;
    let columns = resolved
        .inputs
        .iter()
        .map(|input| cast(constants[input.argument].2.as_ref().unwrap(), &input.data_type.to_arrow()).unwrap());
    let columns = columns.collect();
    Ok(Call { resolved, columns })
}

fn shown(resolved: &ResolvedAggregate, values: &ArrayRef) -> String {
    assert_eq!(values.data_type(), &resolved.returns.to_arrow());
    let rows = (0..values.len()).map(|row| {
        let mut text = String::new();
        format_value(values, row, &resolved.returns, &mut text).unwrap();
        text
    });
    rows.collect::<Vec<_>>().join(" | ")
}

fn rows(columns: &[ArrayRef], from: usize, count: usize) -> Vec<ArrayRef> {
    columns.iter().map(|column| column.slice(from, count)).collect()
}

/// The result type, and the value after each of the five rows.
fn run_with(text: &str, options: &AggregateOptions, filter: Option<&BooleanArray>) -> String {
    let Call { resolved, columns } = call(text, options).unwrap();
    let mut state = resolved.function.create();
    state.grow(1);
    let mut values = Vec::new();
    for row in 0..5 {
        let filter = filter.map(|filter| filter.slice(row, 1));
        state.update(&[0], &rows(&columns, row, 1), None, filter.as_ref()).unwrap();
        values.push(shown(&resolved, &state.evaluate(&[0]).unwrap()));
    }
    for other in [all_at_once(&resolved, &columns, filter), merged(&resolved, &columns, filter)] {
        assert_eq!(Some(&other), values.last(), "{text}");
    }
    assert_eq!(restored(&resolved, &columns, filter).as_str(), values.join(" | "), "{text}");
    format!("{}: {}", resolved.returns, values.join(" | "))
}

fn run(text: &str) -> String {
    run_with(text, &global(), None)
}

/// One batch, in which a second slot takes every row as well.
fn all_at_once(resolved: &ResolvedAggregate, columns: &[ArrayRef], filter: Option<&BooleanArray>) -> String {
    let mut state = resolved.function.create();
    state.grow(2);
    state.update(&[0, 0, 0, 0, 0], columns, None, filter).unwrap();
    state.update(&[1, 1, 1, 1, 1], columns, None, filter).unwrap();
    state.clear(0);
    state.absorb(0, 1).unwrap();
    shown(resolved, &state.evaluate(&[0]).unwrap())
}

/// Two slots of one state, merged into one of another.
fn merged(resolved: &ResolvedAggregate, columns: &[ArrayRef], filter: Option<&BooleanArray>) -> String {
    let (mut parts, mut whole) = (resolved.function.create(), resolved.function.create());
    parts.grow(2);
    whole.grow(1);
    parts.update(&[0, 0, 0, 1, 1], columns, None, filter).unwrap();
    whole.merge(&[0, 0], parts.as_ref(), &[0, 1]).unwrap();
    shown(resolved, &whole.evaluate(&[0]).unwrap())
}

/// Written and read again after every row.
fn restored(resolved: &ResolvedAggregate, columns: &[ArrayRef], filter: Option<&BooleanArray>) -> String {
    let mut state = resolved.function.create();
    state.grow(1);
    let mut values = Vec::new();
    for row in 0..5 {
        let filter = filter.map(|filter| filter.slice(row, 1));
        state.update(&[0], &rows(columns, row, 1), None, filter.as_ref()).unwrap();
        let mut bytes = Vec::new();
        state.encode(0, &mut bytes);
        state = resolved.function.create();
        state.grow(1);
        let mut rest = bytes.as_slice();
        state.decode(0, &mut rest).unwrap();
        assert!(rest.is_empty());
        for length in 0..bytes.len() {
            assert!(resolved.function.create_grown().decode(0, &mut &bytes[..length]).is_err());
        }
        values.push(shown(resolved, &state.evaluate(&[0]).unwrap()));
    }
    values.join(" | ")
}

trait CreateGrown {
    fn create_grown(&self) -> Box<dyn AggregateState>;
}

impl CreateGrown for Arc<dyn AggregateFunction> {
    fn create_grown(&self) -> Box<dyn AggregateState> {
        let mut state = self.create();
        state.grow(1);
        state
    }
}

#[test]
fn count_leaves_nulls_out() {
    assert_eq!(run("COUNT(i)"), "BIGINT NOT NULL: 1 | 2 | 3 | 4 | 5");
    assert_eq!(run("COUNT(i_n)"), "BIGINT NOT NULL: 0 | 1 | 1 | 2 | 3");
    assert_eq!(run("COUNT()"), "BIGINT NOT NULL: 1 | 2 | 3 | 4 | 5");
    assert_eq!(run_with("COUNT(s_n)", &distinct(), None), "BIGINT NOT NULL: 0 | 1 | 2 | 2 | 2");
    assert_eq!(run_with("COUNT(i)", &distinct(), None), "BIGINT NOT NULL: 1 | 2 | 2 | 3 | 4");
}

#[test]
fn sums_keep_the_type_and_wrap() {
    assert_eq!(run("SUM(i)"), "INT: 3 | 8 | 11 | 18 | 20");
    assert_eq!(run("SUM(bi)"), "BIGINT: 3 | 8 | 11 | 18 | 20");
    assert_eq!(run("SUM(db)"), "DOUBLE: 1.5 | 3.75 | 2.75 | 102.85 | 103.17999999999999");
    assert_eq!(run("SUM(d)"), "DECIMAL(38, 2): 1.50 | 3.75 | 2.75 | 102.85 | 103.18");
    assert_eq!(run("SUM(i_nn)"), "INT: null | null | null | null | null");
    assert_eq!(run("SUM(ti_big)"), "TINYINT: 103 | -48 | 55 | -94 | 8");
    assert_eq!(run("SUM(i_big)"), "INT: 2147483643 | -8 | 2147483635 | -14 | 2147483628");
    assert_eq!(run_with("SUM(i)", &distinct(), None), "INT: 3 | 8 | 8 | 15 | 17");
    assert_eq!(run_with("SUM(i_n)", &distinct(), None), "INT: null | 5 | 5 | 12 | 14");
}

#[test]
fn averages_of_integers_truncate_and_those_of_decimals_round() {
    assert_eq!(run("AVG(ti)"), "TINYINT: 3 | 4 | 3 | 4 | 4");
    assert_eq!(run("AVG(d)"), "DECIMAL(38, 6): 1.500000 | 1.875000 | 0.916667 | 25.712500 | 20.636000");
    assert_eq!(run("AVG(f)"), "FLOAT: 1.5 | 1.875 | 0.9166667 | 25.7125 | 20.636");
    assert_eq!(run("AVG(i_n)"), "INT: null | 5 | 5 | 6 | 4");
    assert_eq!(run("AVG(bi_big)"), "BIGINT: 9223372036854775803 | -4 | 3074457345618258598 | -3 | 1844674407370955157");
    assert_eq!(run_with("AVG(i)", &distinct(), None), "INT: 3 | 4 | 4 | 5 | 4");
}

#[test]
fn extremes_of_every_comparable_type() {
    assert_eq!(run("MIN(ti)"), "TINYINT: 3 | 3 | 3 | 3 | 2");
    assert_eq!(run("MAX(bi)"), "BIGINT: 3 | 5 | 5 | 7 | 7");
    assert_eq!(run("MIN(db)"), "DOUBLE: 1.5 | 1.5 | -1.0 | -1.0 | -1.0");
    assert_eq!(run("MAX(f)"), "FLOAT: 1.5 | 2.25 | 2.25 | 100.1 | 100.1");
    assert_eq!(run("MIN(d)"), "DECIMAL(10, 2): 1.50 | 1.50 | -1.00 | -1.00 | -1.00");
    assert_eq!(run("MAX(s)"), "STRING: b | b | c | c | c");
    assert_eq!(run("MIN(dt)"), "DATE: 2024-01-02 | 2023-12-31 | 2023-12-31 | 2023-12-31 | 2023-12-31");
    assert_eq!(run("MAX(b)"), "BOOLEAN: false | true | true | true | true");
    assert_eq!(run("MAX(i_n)"), "INT: null | 5 | 5 | 7 | 7");
    let retracting = AggregateOptions { retracting: true, ..global() };
    assert_eq!(run_with("MIN(db)", &retracting, None), "DOUBLE: 1.5 | 1.5 | -1.0 | -1.0 | -1.0");
    assert_eq!(run_with("MAX(s_n)", &retracting, None), "STRING: null | a | c | c | c");
}

#[test]
fn nan_is_contagious_whenever_it_comes() {
    let data_type = TypeKind::Double.nullable();
    for values in [[f64::NAN, 1.0, f64::INFINITY], [1.0, f64::NEG_INFINITY, f64::NAN]] {
        for (name, retracting) in [("MIN", false), ("MAX", false), ("MIN", true), ("MAX", true)] {
            let options = AggregateOptions { retracting, ..global() };
            let resolved = aggregate(name).unwrap().bind(&[AggregateArgument::column(&data_type)], &options).unwrap();
            let mut state = resolved.function.create_grown();
            state.update(&[0, 0, 0], &[Arc::new(Float64Array::from(values.to_vec()))], None, None).unwrap();
            assert_eq!(shown(&resolved, &state.evaluate(&[0]).unwrap()), "NaN");
        }
    }
}

#[test]
fn variances_come_in_the_type_of_the_values() {
    assert_eq!(run("STDDEV_POP(ti)"), "TINYINT: 0 | 1 | 0 | 1 | 1");
    assert_eq!(run("STDDEV_SAMP(i)"), "INT: null | 1 | 1 | 1 | 2");
    assert_eq!(run("STDDEV_POP(f)"), "FLOAT: 0.0 | 0.375 | 1.3894444 | 42.964497 | 39.747223");
    assert_eq!(run("VAR_SAMP(f)"), "FLOAT: null | 0.28125 | 2.8958333 | 2461.264 | 1974.8021");
    assert_eq!(run("VAR_POP(ti_big)"), "TINYINT: 0 | 1 | 0 | 2 | 3");
    assert_eq!(run("VAR_POP(d)"), "DECIMAL(38, 6): 0.000000 | 0.140625 | 1.930556 | 1845.947969 | 1579.841784");
}

#[test]
fn merged_variances_agree_to_the_last_digits() {
    let Call { resolved, columns } = call("STDDEV(db)", &global()).unwrap();
    let (mut parts, mut whole) = (resolved.function.create(), resolved.function.create());
    parts.grow(2);
    whole.grow(1);
    parts.update(&[0, 0, 0, 1, 1], &columns, None, None).unwrap();
    whole.merge(&[0, 0], parts.as_ref(), &[0, 1]).unwrap();
    let value = whole.evaluate(&[0]).unwrap().as_primitive::<arrow::datatypes::Float64Type>().value(0);
    assert!((value - 44.43874694453028).abs() < 1e-12, "{value}");
}

#[test]
fn first_and_last_skip_nulls() {
    assert_eq!(run("FIRST_VALUE(i)"), "INT: 3 | 3 | 3 | 3 | 3");
    assert_eq!(run("LAST_VALUE(i)"), "INT: 3 | 5 | 3 | 7 | 2");
    assert_eq!(run("FIRST_VALUE(s_n)"), "STRING: null | a | a | a | a");
    assert_eq!(run("LAST_VALUE(s_n)"), "STRING: null | a | c | a | a");
    let retracting = AggregateOptions { retracting: true, ..global() };
    assert_eq!(run_with("LAST_VALUE(s_n)", &retracting, None), "STRING: null | a | c | a | a");
    let (_, big) = column("b");
    assert_eq!(run_with("FIRST_VALUE(i)", &global(), Some(big.as_boolean())), "INT: null | 5 | 5 | 5 | 5");
}

#[test]
fn arrays_keep_nulls_and_lists_skip_them() {
    assert_eq!(
        run("ARRAY_AGG(i_n)"),
        "ARRAY<INT>: [null] | [null, 5] | [null, 5, null] | [null, 5, null, 7] | [null, 5, null, 7, 2]"
    );
    assert_eq!(
        run_with("ARRAY_AGG(i)", &distinct(), None),
        "ARRAY<INT NOT NULL> NOT NULL: [3] | [3, 5] | [3, 5] | [3, 5, 7] | [3, 5, 7, 2]"
    );
    assert_eq!(run("LISTAGG(s_n)"), "STRING: null | a | a,c | a,c,a | a,c,a");
    assert_eq!(run("LISTAGG(s, '-')"), "STRING NOT NULL: b | b-a | b-a-c | b-a-c-a | b-a-c-a-b");
    assert_eq!(run_with("LISTAGG(s, '-')", &distinct(), None), "STRING NOT NULL: b | b-a | b-a-c | b-a-c | b-a-c");
}

#[test]
fn collect_counts_values() {
    assert_eq!(
        run("COLLECT(i)"),
        "MULTISET<INT NOT NULL> NOT NULL: {3=1} | {3=1, 5=1} | {3=2, 5=1} | {3=2, 5=1, 7=1} | {2=1, 3=2, 5=1, 7=1}"
    );
}

#[test]
fn json_aggregates() {
    assert_eq!(
        run("JSON_OBJECTAGG(ids, d)"),
        r#"VARCHAR(2000) NOT NULL: {"1":1.50} | {"1":1.50,"2":2.25} | {"1":1.50,"2":2.25,"3":-1.00} | {"1":1.50,"2":2.25,"3":-1.00,"4":100.10} | {"1":1.50,"2":2.25,"3":-1.00,"4":100.10,"5":0.33}"#
    );
    assert_eq!(
        run("JSON_OBJECTAGG(ids, i_n)").split(" | ").last().unwrap(),
        r#"{"1":null,"2":5,"3":null,"4":7,"5":2}"#
    );
    assert_eq!(run("JSON_ARRAYAGG(i_n)"), "VARCHAR(2000) NOT NULL: [] | [5] | [5] | [5,7] | [5,7,2]");
    let with_nulls = AggregateOptions { absent_on_null: Some(false), ..global() };
    assert_eq!(
        run_with("JSON_ARRAYAGG(s_n)", &with_nulls, None).split(" | ").last().unwrap(),
        r#"[null,"a","c","a",null]"#
    );
    let Call { resolved, columns } = call("JSON_OBJECTAGG(s, i)", &global()).unwrap();
    let mut state = resolved.function.create_grown();
    state.update(&[0; 5], &columns, None, None).unwrap();
    assert_eq!(state.evaluate(&[0]).unwrap_err().message(), "JSON_OBJECTAGG got the key 'a' twice");
}

#[test]
fn percentiles_are_interpolated() {
    assert_eq!(run("PERCENTILE(i, 0)"), "DOUBLE: 3.0 | 3.0 | 3.0 | 3.0 | 2.0");
    assert_eq!(run("PERCENTILE(d, 0.5)"), "DOUBLE: 1.5 | 1.875 | 1.5 | 1.875 | 1.5");
    assert_eq!(run("PERCENTILE(db, 0.75)"), "DOUBLE: 1.5 | 2.0625 | 1.875 | 26.7125 | 2.25");
    assert_eq!(run("PERCENTILE(i_n, 0.5)"), "DOUBLE: null | 5.0 | 5.0 | 6.0 | 5.0");
    assert_eq!(run("PERCENTILE(i, 0.5, id)"), "DOUBLE: 3.0 | 5.0 | 3.0 | 5.0 | 3.0");
    assert!(call("PERCENTILE(i, 1.5)", &global()).is_err());
}

#[test]
fn bitmaps_hold_sets_of_integers() {
    assert_eq!(run("BITMAP_BUILD_AGG(i)"), "BITMAP: {3} | {3,5} | {3,5} | {3,5,7} | {2,3,5,7}");
    assert_eq!(run("BITMAP_BUILD_CARDINALITY_AGG(i_n)"), "BIGINT: null | 1 | 1 | 2 | 3");
    let retracting = AggregateOptions { retracting: true, ..global() };
    assert_eq!(run_with("BITMAP_BUILD_AGG(i)", &retracting, None), "BITMAP: {3} | {3,5} | {3,5} | {3,5,7} | {2,3,5,7}");
    assert_eq!(run("BITMAP_OR_AGG(sets)"), "BITMAP: {1,2} | {1,2,3} | {1,2,3} | {1,2,3} | {1,2,3}");
    assert_eq!(run("BITMAP_AND_AGG(sets)"), "BITMAP: {1,2} | {2} | {2} | {2} | {2}");
    assert_eq!(run("BITMAP_XOR_AGG(sets)"), "BITMAP: {1,2} | {1,3} | {1,3} | {1,2,3} | {1,3}");
    for name in ["OR", "AND", "XOR"] {
        let call = format!("BITMAP_{name}_AGG(sets)");
        assert_eq!(run_with(&call, &retracting, None), run(&call));
    }
    assert_eq!(after_taking_back("BITMAP_AND_AGG(sets)", global(), &[1, 3, 4]), "{1,2}");
    assert_eq!(after_taking_back("BITMAP_BUILD_AGG(i)", global(), &[0, 3]), "{2,3,5}");
}

#[test]
fn with_group_keys_the_result_is_null_only_if_the_argument_may_be() {
    let returns = |text: &str, options: AggregateOptions| call(text, &options).unwrap().resolved.returns.to_string();
    let grouped = AggregateOptions { grouped: true, ..global() };
    let filtered = AggregateOptions { filtered: true, ..grouped };
    assert_eq!(returns("SUM(i)", grouped), "INT NOT NULL");
    assert_eq!(returns("SUM(i_n)", grouped), "INT");
    assert_eq!(returns("SUM(i)", filtered), "INT");
    assert_eq!(returns("AVG(d)", grouped), "DECIMAL(38, 6) NOT NULL");
    assert_eq!(returns("MAX(s)", grouped), "STRING NOT NULL");
    assert_eq!(returns("FIRST_VALUE(s)", grouped), "STRING NOT NULL");
    assert_eq!(returns("COUNT(i_n)", global()), "BIGINT NOT NULL");
}

#[test]
fn what_a_function_does_not_take_is_refused() {
    let refused = |text: &str| call(text, &global()).err().unwrap().message().to_owned();
    assert_eq!(refused("SUM(s)"), "SUM cannot be applied to (STRING)");
    assert_eq!(refused("AVG(b)"), "AVG cannot be applied to (BOOLEAN)");
    assert_eq!(refused("LISTAGG(i)"), "LISTAGG cannot be applied to (INT)");
    assert_eq!(refused("COUNT(i, s)"), "COUNT takes one value");
    assert!(aggregate("MEDIAN").is_none());
    assert!(aggregate("sum").is_some());
}

/// Adds all five rows, then takes back those at these positions.
fn after_taking_back(text: &str, options: AggregateOptions, taken: &[usize]) -> String {
    let options = AggregateOptions { retracting: true, ..options };
    let Call { resolved, columns } = call(text, &options).unwrap();
    let mut state = resolved.function.create_grown();
    state.update(&[0; 5], &columns, Some(&[1; 5]), None).unwrap();
    for &row in taken {
        state.update(&[0], &rows(&columns, row, 1), Some(&[-1]), None).unwrap();
    }
    shown(&resolved, &state.evaluate(&[0]).unwrap())
}

#[test]
fn a_single_value_is_that_of_the_only_row() {
    let one = |row: usize| BooleanArray::from((0..5).map(|at| at == row).collect::<Vec<_>>());
    assert_eq!(run_with("SINGLE_VALUE(i)", &global(), Some(&one(3))), "INT: null | null | null | 7 | 7");
    assert_eq!(run_with("SINGLE_VALUE(s_n)", &global(), Some(&one(0))), "STRING: null | null | null | null | null");
    assert_eq!(after_taking_back("SINGLE_VALUE(i)", global(), &[0, 1, 2, 3]), "2");
    let Call { resolved, columns } = call("SINGLE_VALUE(i)", &global()).unwrap();
    let mut state = resolved.function.create();
    state.grow(1);
    state.update(&[0; 5], &columns, None, None).unwrap();
    let error = state.evaluate(&[0]).unwrap_err();
    assert_eq!(error.message(), "SINGLE_VALUE has got more than one row");
    assert!(error.hint_text().unwrap().contains("FIRST_VALUE"));
    let array = TypeKind::Array(Box::new(TypeKind::Int.nullable())).nullable();
    let error = aggregate("SINGLE_VALUE").unwrap().bind(&[AggregateArgument::column(&array)], &global()).unwrap_err();
    assert_eq!(error.message(), "SINGLE_VALUE cannot be applied to (ARRAY<INT>)");
}

#[test]
fn rows_can_be_taken_back() {
    let back = |text: &str, taken: &[usize]| after_taking_back(text, global(), taken);
    assert_eq!(back("COUNT(i_n)", &[1, 0]), "2");
    assert_eq!(back("SUM(i)", &[3]), "13");
    assert_eq!(back("SUM(i)", &[0, 1, 2, 3, 4]), "null");
    assert_eq!(back("AVG(d)", &[3]), "0.770000");
    assert_eq!(back("MAX(i)", &[3]), "5");
    assert_eq!(back("MAX(i)", &[3, 1]), "3");
    assert_eq!(back("MIN(s)", &[1]), "a");
    assert_eq!(back("MIN(s)", &[1, 3]), "b");
    assert_eq!(back("MIN(d)", &[2]), "0.33");
    assert_eq!(back("STDDEV_POP(i)", &[0, 1, 3, 4]), "0");
    assert_eq!(back("FIRST_VALUE(i)", &[0]), "5");
    assert_eq!(back("LAST_VALUE(i)", &[4]), "7");
    assert_eq!(back("LAST_VALUE(s)", &[4]), "b", "of equal values the first one goes");
    assert_eq!(back("LAST_VALUE(s)", &[4, 0]), "a");
    assert_eq!(back("ARRAY_AGG(i)", &[2]), "[5, 3, 7, 2]");
    assert_eq!(back("LISTAGG(s)", &[4, 1]), "c,a,b");
    assert_eq!(back("COLLECT(i)", &[0, 4]), "{3=1, 5=1, 7=1}");
    assert_eq!(back("JSON_OBJECTAGG(ids, i)", &[0, 1, 2]), r#"{"4":7,"5":2}"#);
    assert_eq!(back("JSON_ARRAYAGG(s)", &[0]), r#"["a","c","a","b"]"#);
    assert_eq!(back("PERCENTILE(i, 0.5)", &[3]), "3.0");
}

#[test]
fn a_distinct_value_goes_with_its_last_row() {
    let back = |text: &str, taken: &[usize]| after_taking_back(text, distinct(), taken);
    assert_eq!(back("COUNT(i)", &[0]), "4");
    assert_eq!(back("COUNT(i)", &[0, 2]), "3");
    assert_eq!(back("SUM(i)", &[0, 2]), "14");
    assert_eq!(back("LISTAGG(s)", &[2, 1, 3]), "b");
}

#[test]
fn a_row_can_be_taken_back_before_it_comes() {
    for text in ["SUM(i)", "MAX(i)", "COLLECT(i)", "COUNT(i)"] {
        for options in [global(), distinct()] {
            let options = AggregateOptions { retracting: true, ..options };
            let Call { resolved, columns } = call(text, &options).unwrap();
            let mut state = resolved.function.create_grown();
            let empty = shown(&resolved, &state.evaluate(&[0]).unwrap());
            state.update(&[0, 0], &rows(&columns, 3, 2), Some(&[-1, -1]), None).unwrap();
            state.update(&[0, 0], &rows(&columns, 3, 2), Some(&[1, 1]), None).unwrap();
            assert_eq!(shown(&resolved, &state.evaluate(&[0]).unwrap()), empty, "{text}");
        }
    }
}

#[test]
fn slots_do_not_touch_each_other() {
    let Call { resolved, columns } = call("SUM(i_n)", &global()).unwrap();
    let mut state = resolved.function.create();
    state.grow(3);
    state.update(&[0, 1, 0, 0, 1], &columns, None, None).unwrap();
    assert_eq!(shown(&resolved, &state.evaluate(&[2, 1, 0]).unwrap()), "null | 7 | 7");
    state.clear(1);
    assert_eq!(shown(&resolved, &state.evaluate(&[1, 0]).unwrap()), "null | 7");
}
