use super::*;
use crate::testing::two_inputs::{Bag, Random, Workers, apply};
use crate::testing::{Table, column, context, stamped};
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
fn what_a_row_brings_about_has_the_watermark_before_the_row() {
    let mut join = RegularJoin::new(spec(JoinKind::Left, false), context(0, 1)).unwrap();
    assert_eq!(
        stamped(&mut join, LEFT, orders().batch(&["ada | 7", "bob | 8", "ada | 9"]), &[(0, 10), (2, 20)]),
        ["ada | 7 | null | null @ 10", "bob | 8 | null | null @ 10", "ada | 9 | null | null @ 20"]
    );
    assert_eq!(
        stamped(&mut join, RIGHT, customers().batch(&["eve | 1", "bob | 2"]), &[(0, 20), (1, 30)]),
        ["- bob | 8 | null | null @ 30", "bob | 8 | bob | 2 @ 30"]
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
        (lines, join.kept.pages.sides[LEFT].len())
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
/// parallelisms, with the state in memory and below.
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
                workers.home(random.below(3));
                workers.restart(1 + random.below(4) as usize);
            }
        }
    }
}

/// Rows that are only added, of a few keys with very many: pages follow on each other.
#[test]
fn rows_of_keys_that_only_grow_are_joined_in_memory_and_below() {
    for (round, kind) in KINDS.iter().cycle().take(12).enumerate() {
        let mut random = Random(round as u64 * 104_729 + 3);
        let spec = RegularJoinSpec { retracting: [round % 2 == 0, false], ..spec(*kind, round % 4 < 2) };
        let conditioned = spec.condition.is_some();
        let mut workers = workers(spec, 1 + round % 3);
        let mut tables = [Bag::new(), Bag::new()];
        let mut result = Bag::new();
        for number in 0..40 {
            let side = random.below(2) as usize;
            let rows: Vec<String> = (0..=random.below(9))
                .map(|_| format!("{} | {}", ["ada", "bob"][usize::from(random.below(4) == 0)], random.below(50)))
                .collect();
            apply(&mut tables[side], rows.clone());
            let table = if side == LEFT { orders() } else { customers() };
            workers.rows(side, &table, &rows.iter().map(String::as_str).collect::<Vec<_>>());
            apply(&mut result, workers.take());
            let wanted = expected(*kind, conditioned, &tables[LEFT], &tables[RIGHT]);
            assert_eq!(result, wanted, "{kind} join, round {round}, after {rows:?} at {side}");
            if number % 5 == 4 {
                workers.home(random.below(3));
                workers.restart(1 + random.below(3) as usize);
            }
        }
    }
}

/// A join whose state is in a tier, with room for all of it in memory.
fn roomy(spec: &RegularJoinSpec) -> RegularJoin {
    use riverrun_state::tier::{StateBackend, memory::MemoryTier};
    let state = StateBackend::tiered(Arc::new(MemoryTier), 1 << 30, 0).unwrap().from_bytes(0).without_log();
    RegularJoin::new(spec.clone(), OperatorContext { state, ..crate::testing::context(0, 1) }).unwrap()
}

/// What comes out of rows of one side.
fn rows(join: &mut RegularJoin, side: usize, rows: &[String]) -> Vec<String> {
    let table = if side == LEFT { orders() } else { customers() };
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let mut out = Output::new(riverrun_core::Watermark::MIN, usize::MAX);
    join.on_batch(side, table.batch(&rows), &WatermarkRuns::default(), &mut out).unwrap();
    out.take().iter().flat_map(|(batch, _)| crate::testing::lines(batch)).collect()
}

fn restored(spec: &RegularJoinSpec, snapshot: OperatorSnapshot) -> RegularJoin {
    let mut join = roomy(spec);
    join.restore(RestoredState::assign(&[snapshot], 0, 1, crate::testing::context(0, 1).key_groups).unwrap()).unwrap();
    join
}

#[test]
fn a_change_of_a_key_with_very_many_rows_reads_and_writes_few_of_them() {
    let many: Vec<String> = (0..400).map(|amount| format!("ada | {amount}")).collect();
    for retracting in [true, false] {
        let spec = RegularJoinSpec { retracting: [retracting, true], batch_size: 100, ..spec(JoinKind::Inner, false) };
        let mut join = roomy(&spec);
        rows(&mut join, RIGHT, &["ada | 1".into()]);
        assert_eq!(rows(&mut join, LEFT, &many).len(), 400);
        let pages = join.kept.keys.table.len();
        assert!(pages > 50, "{pages} pages");
        let mut join = restored(&spec, crate::testing::snapshot(&mut join));
        assert_eq!(rows(&mut join, LEFT, &["ada | 400".into()]), ["ada | 400 | ada | 1"]);
        assert!(join.kept.keys.table.len() <= 4, "{} pages were read", join.kept.keys.table.len());
        if retracting {
            assert_eq!(rows(&mut join, LEFT, &["- ada | 7".into()]), ["- ada | 7 | ada | 1"]);
            assert!(join.kept.keys.table.len() <= 5, "{} pages were read", join.kept.keys.table.len());
        }
        let mut join = restored(&spec, crate::testing::snapshot(&mut join));
        assert_eq!(rows(&mut join, RIGHT, &["ada | 2".into()]).len(), if retracting { 400 } else { 401 });
        assert!(join.kept.keys.table.len() > 50);
    }
}

#[test]
fn pages_are_joined_again_when_their_rows_are_gone() {
    let spec = RegularJoinSpec { batch_size: 100, ..spec(JoinKind::Full, false) };
    let mut join = roomy(&spec);
    let many: Vec<String> = (0..400).map(|amount| format!("ada | {amount}")).collect();
    rows(&mut join, LEFT, &many);
    let mut join = restored(&spec, crate::testing::snapshot(&mut join));
    for some in many[1..].chunks(30) {
        rows(&mut join, LEFT, &some.iter().map(|row| format!("- {row}")).collect::<Vec<_>>());
    }
    let mut join = restored(&spec, crate::testing::snapshot(&mut join));
    assert_eq!(rows(&mut join, RIGHT, &["ada | 1".into()]), ["- ada | 0 | null | null", "ada | 0 | ada | 1"]);
    assert_eq!(join.kept.keys.table.len(), 1, "its head");
    rows(&mut join, RIGHT, &["- ada | 1".into()]);
    rows(&mut join, LEFT, &["- ada | 0".into()]);
    assert!(join.kept.keys.table.is_empty());
    let mut join = restored(&spec, crate::testing::snapshot(&mut join));
    assert_eq!(rows(&mut join, RIGHT, &["ada | 1".into()]), ["null | null | ada | 1"]);
}

#[test]
fn rows_that_come_while_a_barrier_is_being_written_are_not_before_it() {
    let spec = RegularJoinSpec { batch_size: 100, ..spec(JoinKind::Left, false) };
    let mut join = roomy(&spec);
    let many: Vec<String> = (0..40).map(|amount| format!("ada | {amount}")).collect();
    rows(&mut join, LEFT, &many);
    rows(&mut join, LEFT, &["bob | 1".into()]);
    let at_barrier = join.snapshot().unwrap();
    // Matches are counted, rows come and go, pages are split.
    rows(&mut join, RIGHT, &["ada | 1".into(), "bob | 2".into()]);
    rows(&mut join, LEFT, &many.iter().map(|row| format!("{row}1")).collect::<Vec<_>>());
    rows(&mut join, LEFT, &many.iter().map(|row| format!("- {row}")).collect::<Vec<_>>());
    while join.write_behind().unwrap() {}
    let mut join = restored(&spec, at_barrier);
    let mut found = rows(&mut join, RIGHT, &["ada | 5".into(), "bob | 6".into()]);
    found.retain(|row| !row.starts_with('-'));
    found.sort();
    let mut wanted: Vec<String> = many.iter().map(|row| format!("{row} | ada | 5")).collect();
    wanted.push("bob | 1 | bob | 6".into());
    wanted.sort();
    assert_eq!(found, wanted);
}

#[test]
fn rows_below_memory_are_forgotten_after_their_time_to_live() {
    use riverrun_core::clock::ManualClock;
    let clock = ManualClock::new(Millis(1_000));
    for retracting in [true, false] {
        clock.set(Millis(1_000));
        let spec = RegularJoinSpec {
            ttl: [Some(Millis(100)); 2],
            retracting: [retracting; 2],
            ..spec(JoinKind::Inner, false)
        };
        let context = || {
            crate::testing::tiered(OperatorContext { clock: Arc::new(clock.clone()), ..crate::testing::context(0, 1) })
        };
        let mut join = RegularJoin::new(spec.clone(), context()).unwrap();
        let many: Vec<String> = (0..20).map(|amount| format!("ada | {amount}")).collect();
        rows(&mut join, LEFT, &many);
        clock.set(Millis(1_050));
        rows(&mut join, LEFT, &["ada | 99".into()]);
        let parts = [crate::testing::snapshot(&mut join)];
        let mut join = RegularJoin::new(spec, context()).unwrap();
        join.restore(RestoredState::assign(&parts, 0, 1, crate::testing::context(0, 1).key_groups).unwrap()).unwrap();
        clock.set(Millis(1_099));
        assert_eq!(rows(&mut join, RIGHT, &["ada | 1".into()]).len(), 21);
        clock.set(Millis(1_149));
        assert_eq!(rows(&mut join, RIGHT, &["ada | 2".into()]), ["ada | 99 | ada | 2"]);
        clock.set(Millis(1_150));
        assert!(rows(&mut join, RIGHT, &["ada | 3".into()]).is_empty());
        assert!(rows(&mut join, LEFT, &["bob | 3".into()]).is_empty());
        assert_eq!(rows(&mut join, LEFT, &["ada | 4".into()]).len(), 3);
    }
}
