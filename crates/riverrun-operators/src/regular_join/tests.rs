use super::*;
use crate::testing::two_inputs::{Bag, Random, Workers, apply};
use crate::testing::{Table, column};
use datafusion_expr::Operator as Sign;
use datafusion_physical_expr::expressions::BinaryExpr;
use riverrun_core::Field;
use std::sync::Arc;

const KINDS: [JoinKind; 6] =
    [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Semi, JoinKind::Anti];

fn orders() -> Table {
    Table::new("customer STRING | amount INT")
}

fn customers() -> Table {
    Table::new("name STRING | limit INT")
}

/// `orders JOIN customers ON customer = name`, with `AND amount > limit` if so said.
fn spec(kind: JoinKind, conditioned: bool) -> RegularJoinSpec {
    let (left, right) = (orders(), customers());
    let condition = conditioned.then(|| PairCondition {
        expression: Arc::new(BinaryExpr::new(column("amount", 0), Sign::Gt, column("limit", 1))),
        columns: vec![1, 3],
    });
    let mut fields = left.schema.fields.clone();
    if !kind.is_semi() {
        fields.extend(right.schema.fields.iter().map(|field| Field::new(field.name.clone(), field.data_type.clone())));
    }
    RegularJoinSpec {
        kind,
        keys: [vec![left.column("customer")], vec![right.column("name")]],
        null_safe: vec![false],
        condition,
        inputs: [left.schema, right.schema],
        retracting: [true, true],
        ttl: [None, None],
        schema: Schema::new(fields),
        batch_size: 3,
    }
}

fn workers(spec: RegularJoinSpec, room: usize) -> Workers<RegularJoin> {
    Workers::new(spec.keys.clone(), room, move |context| RegularJoin::new(spec.clone(), context).unwrap())
}

/// What comes out of rows of the left (`<`) and the right side (`>`), one line per change.
fn run(kind: JoinKind, conditioned: bool, script: &[&str]) -> Vec<String> {
    let mut workers = workers(spec(kind, conditioned), 1);
    for line in script {
        match line.strip_prefix('<') {
            Some(row) => workers.rows(LEFT, &orders(), &[row.trim()]),
            None => workers.rows(RIGHT, &customers(), &[line.trim_start_matches('>').trim()]),
        }
    }
    workers.take()
}

#[test]
fn an_inner_join_gives_pairs_as_soon_as_both_rows_are_there() {
    let script = ["< ada | 7", "> bob | 1", "> ada | 2", "< bob | 8", "> ada | 3", "< ada | 9"];
    assert_eq!(
        run(JoinKind::Inner, false, &script),
        ["ada | 7 | ada | 2", "bob | 8 | bob | 1", "ada | 7 | ada | 3", "ada | 9 | ada | 2", "ada | 9 | ada | 3"]
    );
}

#[test]
fn a_row_without_a_match_comes_with_nulls_until_it_has_one() {
    let script = ["< ada | 7", "> ada | 2", "> ada | 3", "- ada | 2", "- ada | 3"];
    assert_eq!(
        run(JoinKind::Left, false, &script),
        [
            "ada | 7 | null | null",
            "- ada | 7 | null | null",
            "ada | 7 | ada | 2",
            "ada | 7 | ada | 3",
            "- ada | 7 | ada | 2",
            "- ada | 7 | ada | 3",
            "ada | 7 | null | null",
        ]
    );
}

#[test]
fn a_condition_decides_over_each_pair() {
    let script = ["< ada | 7", "> ada | 9", "> ada | 2"];
    assert_eq!(
        run(JoinKind::Full, true, &script),
        ["ada | 7 | null | null", "null | null | ada | 9", "- ada | 7 | null | null", "ada | 7 | ada | 2"]
    );
}

#[test]
fn semi_and_anti_joins_give_left_rows_once() {
    let script = ["< ada | 7", "> ada | 1", "> ada | 2", "< ada | 8", "- ada | 1", "- ada | 2"];
    assert_eq!(run(JoinKind::Semi, false, &script), ["ada | 7", "ada | 8", "- ada | 7", "- ada | 8"]);
    assert_eq!(run(JoinKind::Anti, false, &script), ["ada | 7", "- ada | 7", "ada | 7", "ada | 8"]);
    assert_eq!(run(JoinKind::Semi, true, &script), ["ada | 7", "ada | 8", "- ada | 7", "- ada | 8"]);
}

#[test]
fn null_matches_nothing_unless_the_comparison_is_null_safe() {
    let script = ["< null | 1", "> null | 2"];
    assert_eq!(run(JoinKind::Full, false, &script), ["null | 1 | null | null", "null | null | null | 2"]);
    let mut workers = workers(RegularJoinSpec { null_safe: vec![true], ..spec(JoinKind::Inner, false) }, 1);
    workers.rows(LEFT, &orders(), &["null | 1"]);
    workers.rows(RIGHT, &customers(), &["null | 2", "ada | 3"]);
    assert_eq!(workers.take(), ["null | 1 | null | 2"]);
}

#[test]
fn rows_that_are_not_written_for_the_time_to_live_are_forgotten() {
    use riverrun_core::Clock;
    use riverrun_core::clock::ManualClock;
    let clock = ManualClock::new(Millis(0));
    let ttl = [Some(Millis(1000)); 2];
    let spec = RegularJoinSpec { ttl, ..spec(JoinKind::Left, false) };
    let context = OperatorContext { clock: Arc::new(clock.clone()), ..crate::testing::context(0, 1) };
    let mut join = RegularJoin::new(spec, context).unwrap();
    let mut at = |now: i64, port: usize, batch: RowBatch| {
        clock.set(Millis(now));
        let mut out = Output::new(riverrun_core::Watermark::MIN, usize::MAX);
        if join.next_processing_timer().is_some_and(|timer| timer <= clock.now()) {
            join.on_processing_time(clock.now(), &mut out).unwrap();
        }
        join.on_batch(port, batch, &WatermarkRuns::default(), &mut out).unwrap();
        let lines = out.take().iter().flat_map(|(batch, _)| crate::testing::lines(batch)).collect::<Vec<_>>();
        (lines, join.sides[LEFT].len())
    };
    assert_eq!(at(0, LEFT, orders().batch(&["ada | 7"])), (vec!["ada | 7 | null | null".into()], 1));
    // Read in time, but not written.
    let pair = vec!["- ada | 7 | null | null".to_owned(), "ada | 7 | ada | 1".into()];
    assert_eq!(at(999, RIGHT, customers().batch(&["ada | 1"])), (pair, 1));
    // The match was written to the row on the left: it lives on from there.
    assert_eq!(at(1500, RIGHT, customers().batch(&["ada | 2"])), (vec!["ada | 7 | ada | 2".into()], 1));
    assert_eq!(at(2600, RIGHT, customers().batch(&["ada | 3"])), (vec![], 0));
}

/// The join of two tables at rest.
fn expected(kind: JoinKind, conditioned: bool, lefts: &Bag, rights: &Bag) -> Bag {
    let cells = |row: &str| row.split(" | ").map(str::to_owned).collect::<Vec<_>>();
    let matches = |left: &str, right: &str| {
        let (left, right) = (cells(left), cells(right));
        let number = |text: &str| text.parse::<i64>().ok();
        let fulfilled = match (number(&left[1]), number(&right[1])) {
            (Some(amount), Some(limit)) => amount > limit,
            _ => false,
        };
        left[0] == right[0] && left[0] != "null" && (!conditioned || fulfilled)
    };
    let mut bag = Bag::new();
    let mut add = |row: String, count: i64| *bag.entry(row).or_insert(0) += count;
    for (left, count) in lefts {
        let found: Vec<_> = rights.iter().filter(|(right, _)| matches(left, right)).collect();
        match kind {
            JoinKind::Semi if !found.is_empty() => add(left.clone(), *count),
            JoinKind::Anti if found.is_empty() => add(left.clone(), *count),
            JoinKind::Semi | JoinKind::Anti => {}
            _ => {
                found.iter().for_each(|(right, times)| add(format!("{left} | {right}"), count * **times));
                if found.is_empty() && kind.preserves(LEFT) {
                    add(format!("{left} | null | null"), *count);
                }
            }
        }
    }
    if kind.preserves(RIGHT) {
        for (right, count) in rights.iter().filter(|(right, _)| lefts.keys().all(|left| !matches(left, right))) {
            add(format!("null | null | {right}"), *count);
        }
    }
    bag
}

/// For random changes the result is at any time the join of the tables as they are then; through restarts at other
/// parallelisms.
#[test]
fn a_join_of_changing_tables_is_the_join_of_the_tables() {
    let names = ["ada", "bob", "cy", "null"];
    for (round, kind) in KINDS.iter().cycle().take(36).enumerate() {
        let conditioned = round % 2 == 0;
        let mut random = Random(round as u64 * 7919 + 1);
        let mut workers = workers(spec(*kind, conditioned), 1 + round % 3);
        let mut tables = [Bag::new(), Bag::new()];
        let mut result = Bag::new();
        for _ in 0..60 {
            let side = random.below(2) as usize;
            let mut changes: Vec<String> = Vec::new();
            for _ in 0..=random.below(6) {
                let known: Vec<String> = tables[side].keys().cloned().collect();
                let change = if !known.is_empty() && random.below(5) < 2 {
                    format!("- {}", known[random.below(known.len() as u64) as usize])
                } else {
                    let amount = random.below(5);
                    let amount = if amount == 4 { "null".to_owned() } else { amount.to_string() };
                    format!("{} | {amount}", names[random.below(4) as usize])
                };
                apply(&mut tables[side], [change.clone()]);
                changes.push(change);
            }
            let table = if side == LEFT { orders() } else { customers() };
            workers.rows(side, &table, &changes.iter().map(String::as_str).collect::<Vec<_>>());
            apply(&mut result, workers.take());
            let wanted = expected(*kind, conditioned, &tables[LEFT], &tables[RIGHT]);
            assert_eq!(result, wanted, "{kind} join, round {round}, after {changes:?} at {side}");
            if random.below(6) == 0 {
                workers.restart(1 + random.below(4) as usize);
            }
        }
    }
}
