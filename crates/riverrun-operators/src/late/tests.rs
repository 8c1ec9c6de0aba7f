use super::*;
use crate::over::{FrameStart, FrameUnit, OverOrder, OverSpec, time::OverTime};
use crate::testing::{Table, column, context, lines, list, millis};
use crate::window::spec::*;
use crate::window::{aggregate, top_n::WindowTopN};
use riverrun_core::Millis;
use riverrun_runtime::Operator;

const MINUTE: i64 = 60_000;

fn clicks() -> Table {
    Table::new("user STRING | n INT | ts TIME")
}

fn per_user(kind: WindowKind, emit: Option<EmitStrategy>) -> WindowAggregateSpec {
    let table = clicks();
    WindowAggregateSpec {
        windowing: Windowing::Time { kind, time: table.column("ts"), zone: None, processing: false },
        keys: vec![table.column("user")],
        aggregates: vec![list(table.column("n"))],
        properties: Vec::new(),
        retracting: false,
        emit,
        schema: Schema::new(vec![
            Field::new("user", TypeKind::STRING.nullable()),
            Field::new("list", TypeKind::STRING.nullable()),
        ]),
        batch_size: 100,
    }
}

/// The late rows of a script whose `~` lines are watermarks between the rows of one batch.
fn late(operator: &mut dyn Operator<RowBatch>, table: &Table, script: &str) -> Vec<String> {
    let (mut rows, mut runs) = (Vec::new(), WatermarkRuns::default());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix('~') {
            Some(time) => runs.push(rows.len(), Watermark(millis(time))),
            None => rows.push(line),
        }
    }
    let mut out = Output::new(Watermark::MIN, usize::MAX).with_late(true);
    operator.on_batch(0, table.batch(&rows), &runs, &mut out).unwrap();
    let late = out.take_late();
    // Where nobody reads them nothing is put together.
    let mut silent = Output::new(Watermark::MIN, usize::MAX);
    operator.on_batch(0, table.batch(&rows), &WatermarkRuns::constant(Watermark(runs.last().0)), &mut silent).unwrap();
    assert!(silent.take_late().is_empty());
    late.iter().flat_map(lines).collect()
}

const SCRIPT: &str = "
    ada | 1 | 10:00:05
    ~ 10:01:30
    ada | 2 | 10:00:06
    bob | 3 | 10:01:40
    ~ 10:02:30
    bob | 4 | 10:01:41
    ada | 5 | 10:02:31
";

fn of_windows(kind: WindowKind, emit: Option<EmitStrategy>) -> Vec<String> {
    late(aggregate(per_user(kind, emit), context(0, 1)).unwrap().as_mut(), &clicks(), SCRIPT)
}

#[test]
fn a_late_row_shows_the_watermark_that_had_passed() {
    let tumble = WindowKind::Tumble { size: Millis(MINUTE), offset: Millis(0) };
    let expected = ["ada | 2 | 10:00:06 | 10:01:30 | +I", "bob | 4 | 10:01:41 | 10:02:30 | +I"];
    assert_eq!(of_windows(tumble, None), expected);
    let session = WindowKind::Session { gap: Millis(10_000) };
    assert_eq!(of_windows(session, None), expected);
}

#[test]
fn a_row_of_hopping_or_cumulating_windows_is_late_when_the_last_of_them_has_fired() {
    let hop = WindowKind::Hop { size: Millis(2 * MINUTE), slide: Millis(MINUTE), offset: Millis(0) };
    assert!(of_windows(hop, None).is_empty());
    let cumulate = WindowKind::Cumulate { size: Millis(2 * MINUTE), step: Millis(MINUTE), offset: Millis(0) };
    assert_eq!(of_windows(cumulate, None), ["bob | 4 | 10:01:41 | 10:02:30 | +I"]);
}

#[test]
fn a_row_within_the_allowed_lateness_is_not_late() {
    let tumble = WindowKind::Tumble { size: Millis(MINUTE), offset: Millis(0) };
    let emit =
        |seconds: i64| Some(EmitStrategy { early: None, late: Some(Millis(0)), lateness: Millis(seconds * 1_000) });
    assert!(of_windows(tumble, emit(60)).is_empty());
    assert_eq!(of_windows(tumble, emit(10)).len(), 2);
}

#[test]
fn windows_that_rows_carry_tell_late_rows_too() {
    let table = Table::new("user STRING | n INT | start TIME | end TIME");
    let spec = WindowTopNSpec {
        windowing: Windowing::Attached {
            start: table.column("start"),
            end: table.column("end"),
            zone: None,
            processing: false,
        },
        keys: vec![table.column("user")],
        order: vec![crate::sort_key::SortKey { expression: table.column("n"), descending: false, nulls_first: true }],
        first: 1,
        last: 1,
        emit_rank: false,
        schema: table.schema.clone(),
        batch_size: 10,
    };
    let script = "
        ada | 1 | 10:00:00 | 10:01:00
        ~ 10:01:30
        ada | 2 | 10:00:00 | 10:01:00
    ";
    let mut operator = WindowTopN::new(spec, context(0, 1)).unwrap();
    assert_eq!(late(&mut operator, &table, script), ["ada | 2 | 10:00:00 | 10:01:00 | 10:01:30 | +I"]);
}

#[test]
fn late_rows_of_over_are_told_too() {
    let mut fields = clicks().schema.fields;
    fields.push(Field::new("list", TypeKind::STRING.nullable()));
    let spec = OverSpec {
        keys: vec![column("user", 0)],
        order: OverOrder::EventTime(clicks().column("ts")),
        unit: FrameUnit::Rows,
        start: FrameStart::Unbounded,
        calls: vec![crate::over::OverCallSpec::Aggregate(list(clicks().column("n")))],
        schema: Schema::new(fields),
        ttl: None,
        batch_size: 10,
    };
    let mut operator = OverTime::new(spec, context(0, 1)).unwrap();
    let expected = ["ada | 2 | 10:00:06 | 10:01:30 | +I", "bob | 4 | 10:01:41 | 10:02:30 | +I"];
    assert_eq!(late(&mut operator, &clicks(), SCRIPT), expected);
}

#[test]
fn a_late_row_that_is_taken_back_says_so() {
    let tumble = WindowKind::Tumble { size: Millis(MINUTE), offset: Millis(0) };
    let spec = WindowAggregateSpec { retracting: true, ..per_user(tumble, None) };
    let script = "
        ada | 1 | 10:00:05
        ~ 10:01:30
        - ada | 1 | 10:00:05
    ";
    let mut operator = aggregate(spec, context(0, 1)).unwrap();
    assert_eq!(late(operator.as_mut(), &clicks(), script), ["ada | 1 | 10:00:05 | 10:01:30 | -D"]);
}
