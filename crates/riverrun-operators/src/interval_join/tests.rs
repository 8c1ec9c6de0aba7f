use super::*;
use crate::testing::barriers::bytes_per_barrier;
use crate::testing::two_inputs::{Random, Workers};
use crate::testing::{Table, column, millis, time_text};
use datafusion_expr::Operator as Sign;
use datafusion_physical_expr::expressions::BinaryExpr;
use std::sync::Arc;

fn orders() -> Table {
    Table::new("id INT | n INT | ts TIME")
}

fn payments() -> Table {
    Table::new("order INT | paid INT | at TIME")
}

/// `orders JOIN payments ON id = order AND at BETWEEN ts - 1 minute AND ts + 5 minutes`, and `n > paid` if so said.
fn spec(kind: JoinKind, conditioned: bool) -> IntervalJoinSpec {
    let (left, right) = (orders(), payments());
    let fields = left.schema.fields.iter().chain(&right.schema.fields).cloned().collect();
    IntervalJoinSpec {
        kind,
        keys: [vec![left.column("id")], vec![right.column("order")]],
        null_safe: vec![false],
        times: Some([left.column("ts"), right.column("at")]),
        lower: Millis(-300_000),
        upper: Millis(60_000),
        condition: conditioned.then(|| PairCondition {
            expression: Arc::new(BinaryExpr::new(column("n", 0), Sign::Gt, column("paid", 1))),
            columns: vec![1, 4],
        }),
        inputs: [left.schema, right.schema],
        schema: Schema::new(fields),
        batch_size: 3,
    }
}

fn workers(spec: IntervalJoinSpec) -> Workers<IntervalJoin> {
    Workers::new(spec.keys.clone(), 1, move |context| IntervalJoin::new(spec.clone(), context).unwrap())
}

/// What comes out of rows of the left (`<`) and the right side (`>`) and watermarks (`~`), and at the end of input.
fn run(kind: JoinKind, script: &[&str]) -> Vec<String> {
    let mut workers = workers(spec(kind, false));
    for line in script {
        let (mark, rest) = line.split_at(1);
        match mark {
            "<" => workers.rows(LEFT, &orders(), &[rest.trim()]),
            ">" => workers.rows(RIGHT, &payments(), &[rest.trim()]),
            _ => workers.watermark(Watermark(millis(rest))),
        }
    }
    workers.end();
    workers.take()
}

#[test]
fn rows_meet_within_the_bounds() {
    let script = ["< 1 | 0 | 10:00", "> 1 | 0 | 09:59", "> 1 | 1 | 10:05", "> 1 | 2 | 10:05:01", "> 1 | 3 | 09:58:59"];
    assert_eq!(
        run(JoinKind::Inner, &script),
        ["1 | 0 | 10:00:00 | 1 | 0 | 09:59:00", "1 | 0 | 10:00:00 | 1 | 1 | 10:05:00"]
    );
}

#[test]
fn a_row_comes_alone_when_no_partner_can_come_any_more() {
    let script = ["< 1 | 0 | 10:00", "~ 10:05", "> 2 | 0 | 10:06", "~ 10:05:01"];
    assert_eq!(
        run(JoinKind::Full, &script),
        ["1 | 0 | 10:00:00 | null | null | null", "null | null | null | 2 | 0 | 10:06:00"]
    );
}

#[test]
fn a_late_row_meets_what_is_still_kept() {
    let script = ["< 1 | 0 | 10:00", "~ 10:03", "> 1 | 0 | 10:01", "> 1 | 1 | 09:50"];
    let alone = "null | null | null | 1 | 1 | 09:50:00";
    assert_eq!(run(JoinKind::Right, &script), ["1 | 0 | 10:00:00 | 1 | 0 | 10:01:00", alone]);
}

#[test]
fn state_goes_as_time_passes() {
    let mut workers = workers(spec(JoinKind::Inner, false));
    for minute in 0..50 {
        workers.rows(LEFT, &orders(), &[&format!("{minute} | 0 | 10:{minute:02}")]);
        workers.rows(RIGHT, &payments(), &[&format!("{minute} | 0 | 10:{minute:02}")]);
        workers.watermark(Watermark(millis(&format!("10:{minute:02}"))));
    }
    let join = workers.first();
    assert!(
        join.held.side(LEFT).len() <= 6 && join.held.side(RIGHT).len() <= 2,
        "{} {}",
        join.held.side(LEFT).len(),
        join.held.side(RIGHT).len()
    );
    assert!(join.keys.table.len() <= 6, "{} keys", join.keys.table.len());
    assert_eq!(join.output_watermark(Watermark(millis("10:10"))), Watermark(millis("10:05")));
}

/// However rows and watermarks come, if none is late the result is that of the tables; through restarts at other parallelisms.
#[test]
fn the_result_is_the_join_of_all_rows() {
    let kinds = [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full];
    for (round, kind) in kinds.into_iter().cycle().take(24).enumerate() {
        let conditioned = round % 3 == 0;
        let mut random = Random(round as u64 * 131 + 7);
        let mut workers = workers(spec(kind, conditioned));
        let mut rows: [Vec<(String, i64, i64, String)>; 2] = Default::default();
        let mut now = millis("10:00");
        for _ in 0..80 {
            let side = random.below(2) as usize;
            let key = ["1", "2", "3", "null"][random.below(4) as usize];
            let (n, time) = (random.below(4) as i64, now + 1 + random.below(400_000) as i64);
            let row = format!("{key} | {n} | {}", time_text(time));
            workers.rows(side, &if side == LEFT { orders() } else { payments() }, &[&row]);
            rows[side].push((key.to_owned(), n, time, row));
            if random.below(3) == 0 {
                now += random.below(200_000) as i64;
                workers.watermark(Watermark(now));
            }
            workers.disturb(&mut random);
        }
        workers.end();
        let matches = |left: &(String, i64, i64, String), right: &(String, i64, i64, String)| {
            let apart = left.2 - right.2;
            left.0 != "null"
                && left.0 == right.0
                && (-300_000..=60_000).contains(&apart)
                && (!conditioned || left.1 > right.1)
        };
        let [lefts, rights] = &rows;
        let mut wanted = Vec::new();
        for left in lefts {
            let found: Vec<_> = rights.iter().filter(|right| matches(left, right)).collect();
            wanted.extend(found.iter().map(|right| format!("{} | {}", left.3, right.3)));
            if found.is_empty() && kind.preserves(LEFT) {
                wanted.push(format!("{} | null | null | null", left.3));
            }
        }
        if kind.preserves(RIGHT) {
            let alone = rights.iter().filter(|right| lefts.iter().all(|left| !matches(left, right)));
            wanted.extend(alone.map(|right| format!("null | null | null | {}", right.3)));
        }
        let mut result = workers.take();
        result.sort();
        wanted.sort();
        assert_eq!(result, wanted, "{kind}, round {round}");
        let join = workers.first();
        assert!([LEFT, RIGHT].iter().all(|side| join.held.side(*side).is_empty()) && join.keys.table.is_empty());
    }
}

#[test]
fn a_barrier_writes_the_rows_that_have_come_since_the_last() {
    let rows: Vec<String> = (0..200).map(|id| format!("{id} | 1 | 10:00")).collect();
    let many: Vec<&str> = rows.iter().map(String::as_str).collect();
    let ticks = [many, vec!["1 | 2 | 10:01"], vec![], vec!["~10:30"]];
    let bytes = bytes_per_barrier(
        &orders(),
        |context| IntervalJoin::new(spec(JoinKind::Left, false), context).unwrap(),
        &ticks,
    );
    let [all, one, none, gone] = bytes[..] else { panic!("{bytes:?}") };
    // A file has a head, also where it holds nothing, as that of the other side.
    let heads = 2 * none;
    assert!(none < 10 && all - heads == 200 * (one - heads) && gone == heads, "{bytes:?}");
}
