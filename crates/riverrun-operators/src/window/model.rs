//! Window aggregation against a model that is too slow and too simple to be wrong: random rows and watermarks, each row
//! put into each of its windows that has not fired.

use super::session::SessionAggregate;
use super::spec::{WindowAggregateSpec, WindowKind, WindowProperty, Windowing};
use crate::testing::{Table, list, results, time_text};
use riverrun_core::{Field, Millis, Schema, TypeKind};
use riverrun_runtime::{Operator, OperatorContext};
use std::collections::BTreeMap;

/// 2024-01-01, where the tests' times are.
const MIDNIGHT: i64 = 1_704_067_200_000;

#[derive(Clone, Copy)]
enum Event {
    Row { key: u8, number: i32, time: i64 },
    Watermark(i64),
}

/// Rows that are up to 30 seconds out of order, and watermarks that are often too eager.
fn events(seed: u64) -> Vec<Event> {
    let mut state = seed;
    let mut random = move |below: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as i64) % below
    };
    let (mut now, mut watermark) = (MIDNIGHT + 3_600_000, i64::MIN);
    (0..60)
        .map(|number| {
            now += random(12_000);
            if random(4) == 0 {
                watermark = watermark.max(now - random(30_000));
                return Event::Watermark(watermark);
            }
            Event::Row { key: b'a' + random(3) as u8, number, time: now - random(30_000) }
        })
        .collect()
}

fn script(events: &[Event]) -> String {
    let lines = events.iter().map(|event| match event {
        Event::Row { key, number, time } => format!("{} | {number} | {}\n", char::from(*key), time_text(*time)),
        Event::Watermark(time) => format!("~ {}\n", time_text(*time)),
    });
    lines.collect()
}

/// Numbers of rows by end and start of the window, and by key.
type Groups = BTreeMap<(i64, i64, u8), Vec<i32>>;

fn lines(groups: &Groups) -> Vec<String> {
    let mut lines: Vec<String> = groups
        .iter()
        .map(|((end, start, key), numbers)| {
            let numbers: Vec<String> = numbers.iter().map(i32::to_string).collect();
            format!("{} | {} | {} | {}", char::from(*key), numbers.join("+"), time_text(*start), time_text(*end))
        })
        .collect();
    lines.sort();
    lines
}

/// All windows of a time, by their definition.
fn windows_of(kind: WindowKind, time: i64) -> Vec<(i64, i64)> {
    let around = |step: i64, offset: i64, reach: i64| {
        let first = (time - offset).div_euclid(step) - reach / step - 1;
        (first..first + reach / step + 3).map(move |number| offset + number * step)
    };
    let all: Vec<(i64, i64)> = match kind {
        WindowKind::Tumble { size, offset } => {
            around(size.0, offset.0, size.0).map(|start| (start, start + size.0)).collect()
        }
        WindowKind::Hop { size, slide, offset } => {
            around(slide.0, offset.0, size.0).map(|start| (start, start + size.0)).collect()
        }
        WindowKind::Cumulate { size, step, offset } => around(size.0, offset.0, size.0)
            .flat_map(|start| (1..=size.0 / step.0).map(move |steps| (start, start + steps * step.0)))
            .collect(),
        WindowKind::Session { .. } => Vec::new(),
    };
    all.into_iter().filter(|(start, end)| *start <= time && time < *end).collect()
}

fn aligned(kind: WindowKind, events: &[Event]) -> (Vec<String>, u64) {
    let (mut groups, mut late, mut watermark) = (Groups::new(), 0, i64::MIN);
    for event in events {
        match *event {
            Event::Watermark(time) => watermark = time,
            Event::Row { key, number, time } => {
                let windows = windows_of(kind, time);
                let open: Vec<_> = windows.iter().filter(|(_, end)| end - 1 > watermark).collect();
                late += u64::from(open.is_empty() && !windows.is_empty());
                open.iter().for_each(|(start, end)| groups.entry((*end, *start, key)).or_default().push(number));
            }
        }
    }
    (lines(&groups), late)
}

fn sessions(gap: i64, events: &[Event]) -> (Vec<String>, u64) {
    let (mut open, mut closed, mut late) = (Groups::new(), Groups::new(), 0);
    let mut watermark = i64::MIN;
    for event in events {
        match *event {
            Event::Watermark(time) => watermark = time,
            Event::Row { key, number, time } => {
                let touches =
                    |(end, start, other): &(i64, i64, u8)| *other == key && *start <= time + gap && time <= *end;
                let touched: Vec<_> = open.keys().copied().filter(touches).collect();
                if touched.is_empty() && time + gap - 1 <= watermark {
                    late += 1;
                    continue;
                }
                let (mut end, mut start, mut numbers) = (time + gap, time, vec![number]);
                for session in touched {
                    (end, start) = (end.max(session.0), start.min(session.1));
                    numbers.extend(open.remove(&session).unwrap());
                }
                numbers.sort_unstable();
                open.insert((end, start, key), numbers);
            }
        }
        let over: Vec<_> = open.keys().copied().filter(|(end, ..)| end - 1 <= watermark).collect();
        over.into_iter().for_each(|session| {
            let numbers = open.remove(&session).unwrap();
            closed.insert(session, numbers);
        });
    }
    closed.extend(open);
    (lines(&closed), late)
}

fn run<O: Operator<riverrun_core::RowBatch>>(
    kind: WindowKind,
    events: &[Event],
    make: impl Fn(WindowAggregateSpec, OperatorContext) -> O,
) -> (Vec<String>, u64) {
    let table = Table::new("key STRING | n INT | ts TIME");
    let spec = WindowAggregateSpec {
        windowing: Windowing::Time { kind, time: table.column("ts"), zone: None, processing: false },
        keys: vec![table.column("key")],
        aggregates: vec![list(table.column("n"))],
        properties: vec![WindowProperty::Start, WindowProperty::End],
        retracting: false,
        emit: None,
        schema: Schema::new(vec![
            Field::new("key", TypeKind::STRING.nullable()),
            Field::new("list", TypeKind::STRING.nullable()),
            Field::new("window_start", TypeKind::timestamp(3).not_null()),
            Field::new("window_end", TypeKind::timestamp(3).not_null()),
        ]),
        batch_size: 3,
    };
    let (rows, late) = results(&table, &spec.keys, |context| make(spec.clone(), context), &script(events));
    // What is listed in which order is for other tests.
    let sorted = rows.iter().map(|row| {
        let mut cells: Vec<String> = row.split(" | ").map(str::to_owned).collect();
        let mut numbers: Vec<i32> = cells[1].split('+').map(|number| number.parse().unwrap()).collect();
        numbers.sort_unstable();
        cells[1] = numbers.iter().map(i32::to_string).collect::<Vec<_>>().join("+");
        cells.join(" | ")
    });
    let mut rows: Vec<String> = sorted.collect();
    rows.sort();
    (rows, late)
}

const fn seconds(number: i64) -> Millis {
    Millis(number * 1_000)
}

#[test]
fn results_are_those_of_putting_each_row_into_each_window() {
    let kinds = [
        WindowKind::Tumble { size: seconds(20), offset: seconds(7) },
        WindowKind::Hop { size: seconds(60), slide: seconds(20), offset: seconds(0) },
        WindowKind::Hop { size: seconds(50), slide: seconds(20), offset: seconds(-3) },
        WindowKind::Hop { size: seconds(20), slide: seconds(50), offset: seconds(11) },
        WindowKind::Cumulate { size: seconds(60), step: seconds(10), offset: seconds(-5) },
    ];
    for kind in kinds {
        for seed in 0..5 {
            let events = events(seed);
            let make = |spec, context| super::aggregate::WindowAggregate::new(spec, context).unwrap();
            assert_eq!(run(kind, &events, make), aligned(kind, &events), "{kind:?}, seed {seed}");
        }
    }
}

#[test]
fn sessions_are_those_of_joining_what_touches() {
    for gap in [2, 5, 10] {
        for seed in 0..5 {
            let events = events(seed);
            let kind = WindowKind::Session { gap: seconds(gap) };
            let make = |spec, context| SessionAggregate::new(spec, context).unwrap();
            assert_eq!(run(kind, &events, make), sessions(gap * 1_000, &events), "gap {gap} s, seed {seed}");
        }
    }
}
