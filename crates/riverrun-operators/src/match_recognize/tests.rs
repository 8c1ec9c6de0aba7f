use super::*;
use crate::aggregates::{AggregateArgument, AggregateOptions, aggregate};
use crate::pattern::Pattern;
use crate::testing::barriers::{behind_barriers, bytes_per_barrier};
use crate::testing::timed::timed;
use crate::testing::{Home, Table, column, results};
use datafusion_expr::Operator as Op;
use datafusion_physical_expr::expressions::{binary, lit};
use riverrun_core::{DataType as FlinkType, Field, TypeKind};

const A: Variable = 0;
const B: Variable = 1;

fn ticks() -> Table {
    Table::new("key STRING | price INT | up BOOLEAN | ts TIME")
}

fn row(variable: Option<Variable>, end: End, offset: usize, operand: usize) -> MatchValue {
    MatchValue::Row { variable, end, offset, operand, whole: false }
}

fn sum(variable: Variable, operand: usize) -> MatchValue {
    let data_type: FlinkType = TypeKind::Int.nullable();
    let arguments = [AggregateArgument::column(&data_type)];
    let resolved = aggregate("SUM").unwrap().bind(&arguments, &AggregateOptions::default()).unwrap();
    let operands = vec![operand];
    MatchValue::Aggregate {
        variable: Some(variable),
        function: resolved.function,
        operands,
        filter: None,
        whole: false,
    }
}

fn computed(values: Vec<(&str, TypeKind, MatchValue)>, expressions: Option<Vec<Expression>>) -> Computed {
    let schema = Schema::new(values.iter().map(|(name, kind, _)| Field::new(*name, kind.clone().nullable())).collect());
    let plain = schema.fields.iter().enumerate().map(|(at, field)| column(&field.name, at)).collect();
    let expressions = expressions.unwrap_or(plain);
    let values = values.into_iter().map(|(_, _, value)| value).collect();
    Computed { values, schema: schema.to_arrow(), expressions }
}

fn output(measures: &Computed) -> Schema {
    let kind = |data_type: &DataType| match data_type {
        DataType::Int32 => TypeKind::Int,
        DataType::Int64 => TypeKind::BigInt,
        _ => TypeKind::STRING,
    };
    let fields = measures.schema.fields().iter();
    Schema::new(fields.map(|field| Field::new(field.name(), kind(field.data_type()).nullable())).collect())
}

/// Operands: 0 the key, 1 the price, 2 whether it goes up, 3 the price before. `a+ b`: rising prices, then a fall.
fn spec(measures: Computed) -> MatchRecognizeSpec {
    let table = ticks();
    let input = |name: &str| Operand::Input(table.column(name));
    let kinds = [TypeKind::STRING, TypeKind::Int, TypeKind::Boolean, TypeKind::Int];
    let before = computed(
        vec![
            ("now", TypeKind::Int, row(Some(B), End::Last, 0, 1)),
            ("before", TypeKind::Int, row(Some(B), End::Last, 0, 3)),
        ],
        None,
    );
    let falls = binary(column("now", 0), Op::Lt, column("before", 1), &before.schema).unwrap();
    let pattern = Pattern::Concat(vec![
        Pattern::Repeat { pattern: Box::new(Pattern::Variable(A)), min: 1, max: None, greedy: true },
        Pattern::Variable(B),
    ]);
    MatchRecognizeSpec {
        keys: vec![table.column("key")],
        time: Some(table.column("ts")),
        order: Vec::new(),
        operands: vec![input("key"), input("price"), input("up"), Operand::Before { operand: 1, rows: 1 }],
        operand_types: kinds.iter().map(|kind| kind.clone().nullable().to_arrow()).collect(),
        variables: vec!["a".to_owned(), "b".to_owned()],
        conditions: vec![Condition::Operand(2), Condition::Computed(Computed { expressions: vec![falls], ..before })],
        pattern,
        skip: Skip::PastLastRow,
        within: None,
        all_rows: false,
        schema: output(&measures),
        measures,
        batch_size: 2,
    }
}

fn one_row() -> Computed {
    computed(
        vec![
            ("key", TypeKind::STRING, row(None, End::Last, 0, 0)),
            ("first", TypeKind::Int, row(Some(A), End::First, 0, 1)),
            ("second", TypeKind::Int, row(Some(A), End::First, 1, 1)),
            ("last", TypeKind::Int, row(Some(A), End::Last, 0, 1)),
            ("fall", TypeKind::Int, row(Some(B), End::Last, 0, 1)),
            ("sum", TypeKind::Int, sum(A, 1)),
        ],
        None,
    )
}

fn run(spec: &MatchRecognizeSpec, script: &str) -> (Vec<String>, u64) {
    let keys = spec.keys.clone();
    let spec = spec.clone();
    results(&ticks(), &keys, move |context| MatchRecognize::new(spec.clone(), context).unwrap(), script)
}

#[test]
fn matches_come_out_when_the_watermark_passes_their_last_row() {
    let script = "
        x | 1 | true  | 10:00:01
        y | 7 | true  | 10:00:01
        x | 3 | true  | 10:00:02
        ~ 10:00:02
        y | 4 | false | 10:00:03
        x | 2 | false | 10:00:04
        x | 5 | true  | 10:00:05
        ~ 10:00:05
        x | 4 | false | 10:00:06
    ";
    let (rows, late) = run(&spec(one_row()), script);
    assert_eq!(rows, ["y | 7 | null | 7 | 4 | 7", "x | 1 | 3 | 3 | 2 | 4", "x | 5 | null | 5 | 4 | 5"]);
    assert_eq!(late, 0);
}

#[test]
fn rows_are_put_in_order_and_late_ones_are_counted() {
    let script = "
        x | 2 | false | 10:00:03
        x | 3 | true  | 10:00:02
        ~ 10:00:03
        x | 9 | true  | 10:00:01
    ";
    assert_eq!(run(&spec(one_row()), script), (vec!["x | 3 | null | 3 | 2 | 3".to_owned()], 1));
}

#[test]
fn open_matches_are_given_up_in_time() {
    let within = MatchRecognizeSpec { within: Some(Millis(2000)), ..spec(one_row()) };
    let script = "
        x | 1 | true  | 10:00:01
        x | 2 | true  | 10:00:02
        x | 1 | false | 10:00:03
    ";
    assert_eq!(run(&within, script).0, ["x | 2 | null | 2 | 1 | 2"]);
}

#[test]
fn in_processing_time_rows_are_taken_as_they_come_and_the_clock_gives_matches_up() {
    let spec = MatchRecognizeSpec { time: None, within: Some(Millis(2000)), ..spec(one_row()) };
    // What the rows say of their time counts for nothing.
    let script = "
        @ 10:00:00
        x | 3 | true  | 10:00:09
        y | 5 | true  | 10:00:01
        ~ 23:00:00
        --
        @ 10:00:01.999
        x | 2 | false | 10:00:01
        --
        @ 10:00:02
        y | 4 | false | 10:00:02
        y | 6 | true  | 10:00:02
        y | 5 | false | 10:00:01
        --
        x | 7 | true  | 10:00:03
    ";
    let (ticks, late) = timed(&ticks(), &spec.keys.clone(), |c| MatchRecognize::new(spec.clone(), c).unwrap(), script);
    assert_eq!(ticks, ["", "x | 3 | null | 3 | 2 | 3", "y | 6 | null | 6 | 5 | 6", "", ""]);
    assert_eq!(late, 0);
}

#[test]
fn in_processing_time_rows_that_come_together_are_put_in_order() {
    let order = vec![SortKey { expression: ticks().column("price"), descending: false, nulls_first: true }];
    let spec = MatchRecognizeSpec { time: None, order, ..spec(one_row()) };
    let mut operator = MatchRecognize::new(spec, crate::testing::context(0, 1)).unwrap();
    let mut out = Output::new(Watermark::MIN, usize::MAX);
    let rows = ["x | 9 | true | 10:00:01", "x | 3 | true | 10:00:02", "x | 7 | true | 10:00:03"];
    operator.on_batch(0, ticks().batch(&rows), &WatermarkRuns::default(), &mut out).unwrap();
    operator.on_batch(0, ticks().batch(&["x | 1 | false | 10:00:01"]), &WatermarkRuns::default(), &mut out).unwrap();
    let found: Vec<String> = out.take().iter().flat_map(|(batch, _)| crate::testing::lines(batch)).collect();
    assert_eq!(found, ["x | 3 | 7 | 9 | 1 | 19"]);
}

#[test]
fn all_rows_of_a_match_have_running_values() {
    let measures = computed(
        vec![
            ("number", TypeKind::BigInt, MatchValue::Number),
            ("classifier", TypeKind::STRING, MatchValue::Classifier),
            ("price", TypeKind::Int, row(None, End::Last, 0, 1)),
            ("sum", TypeKind::Int, sum(A, 1)),
        ],
        None,
    );
    let all = MatchRecognizeSpec { all_rows: true, ..spec(measures) };
    let script = "
        x | 1 | true  | 10:00:01
        x | 2 | true  | 10:00:02
        x | 1 | false | 10:00:03
        x | 4 | true  | 10:00:04
        x | 3 | false | 10:00:05
    ";
    assert_eq!(
        run(&all, script).0,
        ["1 | a | 1 | 1", "1 | a | 2 | 3", "1 | b | 1 | 3", "2 | a | 4 | 4", "2 | b | 3 | 4"]
    );
}

/// `a+ b` that has to be over within a second, of conditions that look at no row before.
fn within_a_second() -> MatchRecognizeSpec {
    let within = MatchRecognizeSpec {
        operands: spec(one_row()).operands[..3].to_vec(),
        within: Some(Millis(1000)),
        ..spec(one_row())
    };
    MatchRecognizeSpec {
        operand_types: within.operand_types[..3].to_vec(),
        conditions: vec![Condition::Operand(2), Condition::Always],
        ..within
    }
}

#[test]
fn a_condition_that_fails_counts_only_where_it_is_asked() {
    let Condition::Computed(falls) = spec(one_row()).conditions.remove(1) else { panic!("b is computed") };
    let change = binary(column("now", 0), Op::Minus, column("before", 1), &falls.schema).unwrap();
    let inverse = binary(lit(10_i32), Op::Divide, change, &falls.schema).unwrap();
    let negative = binary(inverse, Op::Lt, lit(0_i32), &falls.schema).unwrap();
    let spec = MatchRecognizeSpec {
        conditions: vec![Condition::Operand(2), Condition::Computed(Computed { expressions: vec![negative], ..falls })],
        ..spec(one_row())
    };
    // What goes up is not asked whether it falls, though it is no change.
    let script = "
        x | 4 | true  | 10:00:01
        y | 5 | true  | 10:00:01
        x | 4 | true  | 10:00:02
        y | 3 | false | 10:00:02
        x | 2 | false | 10:00:03
    ";
    assert_eq!(run(&spec, script).0, ["y | 5 | null | 5 | 3 | 5", "x | 4 | 4 | 4 | 2 | 8"]);
}

#[test]
fn state_goes_away_with_what_it_is_for() {
    Home::ALL.into_iter().for_each(goes_away);
}

fn goes_away(home: Home) {
    let mut operator = MatchRecognize::new(within_a_second(), home.of(crate::testing::context(0, 1))).unwrap();
    let mut out = Output::new(Watermark::MIN, usize::MAX);
    operator.on_batch(0, ticks().batch(&["x | 1 | true | 10:00:01"]), &WatermarkRuns::default(), &mut out).unwrap();
    operator.on_watermark(Watermark(crate::testing::millis("10:00:01")), &mut out).unwrap();
    assert_eq!(operator.keys.len(), 1);
    operator.on_watermark(Watermark(crate::testing::millis("10:00:02")), &mut out).unwrap();
    assert_eq!((operator.keys.len(), operator.due.len()), (0, 0));
}

#[test]
fn rows_that_come_while_a_barrier_is_being_written_are_not_before_it() {
    let script = "
        x | 1 | true  | 10:00:01
        y | 7 | true  | 10:00:01
        z | 7 | true  | 10:00:02
        ~ 10:00:01
        --
        x | 3 | true  | 10:00:02
        --
        ~ 10:00:02
        --
        y | 4 | false | 10:00:03
        x | 2 | false | 10:00:04
        x | 5 | true  | 10:00:05
        y | 5 | true  | 10:00:01
        ~ 10:00:03
        --
        ~ 10:00:05
        --
        x | 4 | false | 10:00:06
        z | 4 | false | 10:00:06
        ~ 10:00:07
    ";
    let spec = spec(one_row());
    let found = behind_barriers(&ticks(), |context| MatchRecognize::new(spec.clone(), context).unwrap(), script);
    assert_eq!(
        found,
        [
            "",
            "",
            "",
            "y | 7 | null | 7 | 4 | 7",
            "x | 1 | 3 | 3 | 2 | 4",
            "x | 5 | null | 5 | 4 | 5; z | 7 | null | 7 | 4 | 7"
        ]
    );
}

#[test]
fn very_many_partitions_may_be_due_while_a_barrier_is_being_written() {
    let each = |row: &str| (0..1500).map(|key| format!("k{key} | {row}\n")).collect::<String>();
    let script = each("5 | true | 10:00:01") + &each("2 | false | 10:00:02") + "--\n~ 10:00:02\n";
    let spec = spec(one_row());
    let found = behind_barriers(&ticks(), |context| MatchRecognize::new(spec.clone(), context).unwrap(), &script);
    assert_eq!(found.iter().map(|tick| tick.matches(" | 5 | null | 5 | 2 | 5").count()).collect::<Vec<_>>(), [0, 1500]);
}

#[test]
fn matches_that_are_given_up_while_a_barrier_is_being_written_are_open_before_it() {
    let script = "
        x | 1 | true | 10:00:01
        y | 1 | true | 10:00:01.500
        ~ 10:00:01.500
        --
        ~ 10:00:02
        --
        x | 2 | true | 10:00:02.100
        y | 2 | false | 10:00:02.400
        ~ 10:00:02.200
        --
        x | 3 | false | 10:00:03
        ~ 10:00:05
    ";
    let spec = within_a_second();
    let found = behind_barriers(&ticks(), |context| MatchRecognize::new(spec.clone(), context).unwrap(), script);
    assert_eq!(found, ["", "", "", "x | 2 | null | 2 | 3 | 2; y | 1 | null | 1 | 2 | 1"]);
    let by_clock = MatchRecognizeSpec { time: None, ..within_a_second() };
    let script = "
        @ 10:00:00
        x | 1 | true | 10:00:01
        --
        @ 10:00:00.500
        y | 1 | true | 10:00:01
        --
        @ 10:00:01
        --
        y | 3 | false | 10:00:01
        x | 4 | true | 10:00:01
        --
        @ 10:00:05
    ";
    let found = behind_barriers(&ticks(), |context| MatchRecognize::new(by_clock.clone(), context).unwrap(), script);
    assert_eq!(found, ["", "", "", "y | 1 | null | 1 | 3 | 1", ""]);
}

#[test]
fn a_barrier_writes_the_partitions_that_have_changed() {
    let first: Vec<String> = (0..2000).map(|key| format!("k{key} | 1 | true | 10:00:01")).collect();
    let ticks = [
        first.iter().map(String::as_str).chain(["~ 10:00:01"]).collect(),
        vec!["k7 | 2 | true | 10:00:02", "k8 | 2 | true | 10:00:03"],
        vec!["~ 10:00:02"],
        Vec::new(),
    ];
    let spec = spec(one_row());
    let bytes =
        bytes_per_barrier(&self::ticks(), |context| MatchRecognize::new(spec.clone(), context).unwrap(), &ticks);
    assert!(bytes[0] > 2000 * 50, "{bytes:?}");
    assert!((50..1000).contains(&bytes[1]) && (50..500).contains(&bytes[2]), "{bytes:?}");
    assert_eq!(bytes[3], 0, "{bytes:?}");
}
