use super::*;
use crate::testing::timed::timed;
use crate::testing::{Table, list};
use crate::window::aggregate;
use crate::window::assign::WindowAssign;
use crate::window::spec::{WindowAggregateSpec, WindowAssignSpec, WindowKind, WindowProperty};
use riverrun_core::{Field, Schema, TypeKind};
use riverrun_runtime::OperatorContext;

const MINUTE: i64 = 60_000;

fn clicks() -> Table {
    Table::new("user STRING | n INT | at INSTANT")
}

fn by_clock(kind: WindowKind) -> Windowing {
    Windowing::Time { kind, time: clicks().column("at"), zone: None, processing: true }
}

/// `SELECT user, LIST(n), window_start, window_end … GROUP BY user, window_start, window_end`, of the clock's time.
fn per_user(kind: WindowKind) -> WindowAggregateSpec {
    WindowAggregateSpec {
        windowing: by_clock(kind),
        keys: vec![clicks().column("user")],
        aggregates: vec![list(clicks().column("n"))],
        properties: vec![WindowProperty::Start, WindowProperty::End],
        retracting: false,
        emit: None,
        schema: Schema::new(vec![
            Field::new("user", TypeKind::STRING.nullable()),
            Field::new("list", TypeKind::STRING.nullable()),
            Field::new("window_start", TypeKind::timestamp(3).not_null()),
            Field::new("window_end", TypeKind::timestamp(3).not_null()),
        ]),
        batch_size: 2,
    }
}

/// So that the operators of the window module can be tested like others.
struct Boxed(Box<dyn Operator<RowBatch>>);

impl Operator<RowBatch> for Boxed {
    fn on_batch(
        &mut self,
        port: usize,
        batch: RowBatch,
        runs: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        self.0.on_batch(port, batch, runs, out)
    }
    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        self.0.on_watermark(watermark, out)
    }
    fn next_processing_timer(&self) -> Option<Millis> {
        self.0.next_processing_timer()
    }
    fn on_processing_time(&mut self, now: Millis, out: &mut Output<RowBatch>) -> Result<()> {
        self.0.on_processing_time(now, out)
    }
    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.0.on_tick(out)
    }
    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.0.on_end(out)
    }
    fn has_more(&self) -> bool {
        self.0.has_more()
    }
    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.0.resume(out)
    }
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.0.snapshot()
    }
    fn write_behind(&mut self) -> Result<bool> {
        self.0.write_behind()
    }
    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.0.restore(state)
    }
}

fn ticks(kind: WindowKind, script: &str) -> Vec<String> {
    let spec = per_user(kind);
    let make = |context: OperatorContext| Boxed(aggregate(spec.clone(), context).unwrap());
    let (ticks, late) = timed(&clicks(), &spec.keys, make, script);
    assert_eq!(late, 0);
    ticks
}

#[test]
fn a_row_falls_into_the_window_of_the_clock_which_fires_when_the_clock_reaches_its_end() {
    let tumble = WindowKind::Tumble { size: Millis(MINUTE), offset: Millis(0) };
    // The times in the rows, and watermarks, mean nothing.
    let script = "
        @ 10:00:05
        ada | 1 | 09:00:00
        ~ 23:00:00
        --
        @ 10:00:59.999
        bob | 2 | 11:00:00
        ada | 3 | 08:00:00
        --
        @ 10:01:00
        ada | 4 | 10:00:00
        --
        @ 10:07:00
    ";
    let expected =
        ["", "", "ada | 1+3 | 10:00:00 | 10:01:00; bob | 2 | 10:00:00 | 10:01:00", "ada | 4 | 10:01:00 | 10:02:00", ""];
    assert_eq!(ticks(tumble, script), expected);
}

#[test]
fn windows_that_are_open_when_input_ends_are_dropped() {
    let tumble = WindowKind::Tumble { size: Millis(MINUTE), offset: Millis(0) };
    assert_eq!(ticks(tumble, "@ 10:00:05\n ada | 1 | null"), ["", ""]);
}

#[test]
fn hopping_cumulating_and_session_windows_go_by_the_clock() {
    let script = "
        @ 10:00:30
        ada | 1 | null
        --
        @ 10:01:00
        ada | 2 | null
        --
        @ 10:02:00
        --
        @ 10:03:00
    ";
    let hop = WindowKind::Hop { size: Millis(2 * MINUTE), slide: Millis(MINUTE), offset: Millis(0) };
    let expected =
        ["", "ada | 1 | 09:59:00 | 10:01:00", "ada | 2+1 | 10:00:00 | 10:02:00", "ada | 2 | 10:01:00 | 10:03:00", ""];
    assert_eq!(ticks(hop, script), expected);
    let cumulate = WindowKind::Cumulate { size: Millis(2 * MINUTE), step: Millis(MINUTE), offset: Millis(0) };
    let expected = ["", "ada | 1 | 10:00:00 | 10:01:00", "ada | 1+2 | 10:00:00 | 10:02:00", "", ""];
    assert_eq!(ticks(cumulate, script), expected);
    let session = WindowKind::Session { gap: Millis(MINUTE) };
    assert_eq!(ticks(session, script), ["", "", "ada | 1+2 | 10:00:30 | 10:02:00", "", ""]);
}

#[test]
fn rows_of_a_window_function_carry_the_window_of_the_clock() {
    let mut fields = clicks().schema.fields;
    fields.extend(["window_start", "window_end"].map(|name| Field::new(name, TypeKind::timestamp(3).not_null())));
    fields.push(Field::new("window_time", TypeKind::timestamp_ltz(3).not_null()));
    let spec = WindowAssignSpec {
        windowing: by_clock(WindowKind::Tumble { size: Millis(MINUTE), offset: Millis(0) }),
        keys: Vec::new(),
        schema: Schema::new(fields),
    };
    let make = |context: OperatorContext| {
        let clock = context.clock.clone();
        let assign = Box::new(WindowAssign::new(spec.clone(), context).unwrap());
        Boxed(Clocked::wrap(&spec.windowing, clock, assign).unwrap())
    };
    let (ticks, _) = timed(&clicks(), &[], make, "@ 10:00:05\n ada | 1 | 09:00:00");
    assert_eq!(ticks, ["ada | 1 | 10:00:05 | 10:00:00 | 10:01:00 | 10:00:59.999", ""]);
}
