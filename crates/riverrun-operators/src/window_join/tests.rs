use super::*;
use crate::testing::two_inputs::{Random, Workers};
use crate::testing::{Table, column, millis, time_text};
use datafusion_expr::Operator as Sign;
use datafusion_physical_expr::expressions::BinaryExpr;
use std::sync::Arc;

fn table() -> Table {
    Table::new("k INT | n INT | start TIME | end TIME")
}

fn spec(kind: JoinKind, conditioned: bool) -> WindowJoinSpec {
    let table = table();
    let keys = vec![table.column("start"), table.column("end"), table.column("k")];
    let sides = if kind.is_semi() { 1 } else { 2 };
    let fields = std::iter::repeat_n(table.schema.fields.clone(), sides).flatten().collect();
    WindowJoinSpec {
        kind,
        keys: [keys.clone(), keys],
        null_safe: vec![false; 3],
        ends: [table.column("end"), table.column("end")],
        zone: None,
        processing: false,
        one_source: false,
        condition: conditioned.then(|| PairCondition {
            expression: Arc::new(BinaryExpr::new(column("n", 0), Sign::Gt, column("n", 1))),
            columns: vec![1, 5],
        }),
        inputs: [table.schema.clone(), table.schema],
        schema: Schema::new(fields),
        batch_size: 3,
    }
}

fn workers(spec: WindowJoinSpec) -> Workers<WindowJoin> {
    Workers::new(spec.keys.clone(), 1, move |context| WindowJoin::new(spec.clone(), context).unwrap())
}

/// A row of a window of one minute.
fn row(k: &str, n: u64, minute: u64) -> String {
    let start = millis("10:00") + minute as i64 * 60_000;
    format!("{k} | {n} | {} | {}", time_text(start), time_text(start + 60_000))
}

#[test]
fn pairs_come_when_the_window_has_ended() {
    let mut workers = workers(spec(JoinKind::Left, false));
    workers.rows(LEFT, &table(), &[&row("1", 1, 0), &row("2", 2, 0)]);
    workers.rows(RIGHT, &table(), &[&row("1", 3, 0), &row("1", 4, 1)]);
    workers.watermark(Watermark(millis("10:00:59.998")));
    assert!(workers.take().is_empty());
    workers.watermark(Watermark(millis("10:00:59.999")));
    let wanted =
        [format!("{} | {}", row("1", 1, 0), row("1", 3, 0)), format!("{} | null | null | null | null", row("2", 2, 0))];
    assert_eq!(workers.take(), wanted);
    workers.rows(LEFT, &table(), &[&row("1", 9, 0)]);
    workers.end();
    assert!(workers.take().is_empty(), "a late row is dropped");
    assert_eq!(workers.late(), 1);
}

#[test]
fn the_result_is_the_join_of_each_window_through_restarts() {
    let kinds = [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Semi, JoinKind::Anti];
    for (round, kind) in kinds.into_iter().cycle().take(24).enumerate() {
        let conditioned = round % 4 < 2;
        let mut random = Random(round as u64 * 37 + 3);
        let mut workers = workers(spec(kind, conditioned));
        let mut sides: [Vec<(String, u64, u64)>; 2] = Default::default();
        let mut minute = 0;
        for _ in 0..90 {
            let side = random.below(2) as usize;
            let parts =
                (["1", "2", "null"][random.below(3) as usize].to_owned(), random.below(4), minute + random.below(3));
            workers.rows(side, &table(), &[&row(&parts.0, parts.1, parts.2)]);
            sides[side].push(parts);
            if random.below(8) == 0 {
                minute += 1;
                workers.watermark(Watermark(millis("10:00") + minute as i64 * 60_000 - 1));
            }
            workers.disturb(&mut random);
        }
        workers.end();
        let text = |(k, n, minute): &(String, u64, u64)| row(k, *n, *minute);
        let matches = |left: &(String, u64, u64), right: &(String, u64, u64)| {
            left.0 != "null" && left.0 == right.0 && left.2 == right.2 && (!conditioned || left.1 > right.1)
        };
        let [lefts, rights] = &sides;
        let nulls = "null | null | null | null";
        let mut wanted = Vec::new();
        for left in lefts {
            let found: Vec<_> = rights.iter().filter(|right| matches(left, right)).collect();
            match kind {
                JoinKind::Semi if !found.is_empty() => wanted.push(text(left)),
                JoinKind::Anti if found.is_empty() => wanted.push(text(left)),
                JoinKind::Semi | JoinKind::Anti => {}
                _ => wanted.extend(found.iter().map(|right| format!("{} | {}", text(left), text(right)))),
            }
            if found.is_empty() && kind.preserves(LEFT) {
                wanted.push(format!("{} | {nulls}", text(left)));
            }
        }
        if kind.preserves(RIGHT) {
            let alone = rights.iter().filter(|right| lefts.iter().all(|left| !matches(left, right)));
            wanted.extend(alone.map(|right| format!("{nulls} | {}", text(right))));
        }
        let mut result = workers.take();
        result.sort();
        wanted.sort();
        assert_eq!(result, wanted, "{kind}, round {round}, conditioned {conditioned}");
        let join = workers.first();
        assert!([LEFT, RIGHT].iter().all(|side| join.held.side(*side).is_empty()) && join.keys.table.is_empty());
    }
}
