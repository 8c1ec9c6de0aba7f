use super::*;
use crate::testing::Table;
use crate::testing::two_inputs::{Bag, Random, Workers, apply};

fn table() -> Table {
    Table::new("k INT | v STRING")
}

fn workers(operation: SetOperation) -> Workers<SetOperator> {
    let table = table();
    let keys = vec![table.column("k"), table.column("v")];
    let spec = SetOperationSpec {
        operation,
        keys: [keys.clone(), keys],
        schema: table.schema.clone(),
        retracts: true,
        ttl: None,
        batch_size: 3,
        changes: Changes::OfTicks,
    };
    Workers::new(spec.keys.clone(), 1, move |context| SetOperator::new(spec.clone(), context).unwrap())
}

const OPERATIONS: [SetOperation; 4] = [
    SetOperation::Intersect { all: false },
    SetOperation::Intersect { all: true },
    SetOperation::Except { all: false },
    SetOperation::Except { all: true },
];

/// What comes out of these rows.
fn run(operation: SetOperation, left: &[&str], right: &[&str]) -> Vec<String> {
    let mut workers = workers(operation);
    workers.rows(LEFT, &table(), left);
    workers.rows(RIGHT, &table(), right);
    workers.tick();
    workers.take()
}

#[test]
fn rows_count_as_often_as_all_says() {
    let (left, right) = (["1 | a", "1 | a", "1 | a", "2 | b", "null | n"], ["1 | a", "1 | a", "null | n", "3 | c"]);
    let [intersect, intersect_all, except, except_all] = OPERATIONS.map(|operation| run(operation, &left, &right));
    assert_eq!(intersect, ["1 | a", "null | n"]);
    assert_eq!(intersect_all, ["1 | a", "1 | a", "null | n"]);
    assert_eq!(except, ["2 | b"]);
    assert_eq!(except_all, ["1 | a", "2 | b"]);
}

#[test]
fn a_row_that_comes_later_on_the_right_takes_one_back() {
    let mut workers = workers(SetOperation::Except { all: false });
    workers.rows(LEFT, &table(), &["1 | a"]);
    workers.tick();
    workers.rows(RIGHT, &table(), &["1 | a"]);
    workers.tick();
    workers.rows(RIGHT, &table(), &["- 1 | a"]);
    workers.tick();
    assert_eq!(workers.take(), ["1 | a", "- 1 | a", "1 | a"]);
}

#[test]
fn the_result_is_that_of_the_tables_as_they_are_through_restarts() {
    for (round, operation) in OPERATIONS.into_iter().cycle().take(12).enumerate() {
        let mut random = Random(round as u64 + 17);
        let mut workers = workers(operation);
        let (mut sides, mut result) = ([Bag::new(), Bag::new()], Bag::new());
        for _ in 0..80 {
            let side = random.below(2) as usize;
            let row = format!("{} | {}", random.below(3), ["a", "b", "null"][random.below(3) as usize]);
            let change = if sides[side].contains_key(&row) && random.below(2) == 0 { format!("- {row}") } else { row };
            workers.rows(side, &table(), &[&change]);
            apply(&mut sides[side], [change]);
            if random.below(3) == 0 {
                workers.tick();
                apply(&mut result, workers.take());
                let times = |row: &String| {
                    let of = |side: &Bag| side.get(row).copied().unwrap_or(0);
                    operation.times(of(&sides[LEFT]), of(&sides[RIGHT]))
                };
                let wanted: Bag =
                    sides[LEFT].keys().map(|row| (row.clone(), times(row))).filter(|(_, n)| *n > 0).collect();
                assert_eq!(result, wanted, "{operation}");
            }
            if random.below(8) == 0 {
                if round % 2 == 1 {
                    // What is below is restored as it is after a tick.
                    workers.tick();
                    apply(&mut result, workers.take());
                    workers.home(random.below(3));
                }
                workers.restart(1 + random.below(4) as usize);
            }
        }
    }
}

#[test]
fn rows_that_come_no_more_are_forgotten() {
    let clock = riverrun_core::clock::ManualClock::new(Millis(0));
    let table = table();
    let keys = vec![table.column("k"), table.column("v")];
    let spec = SetOperationSpec {
        operation: SetOperation::Except { all: false },
        keys: [keys.clone(), keys],
        schema: table.schema.clone(),
        retracts: true,
        ttl: Some(Millis(100)),
        batch_size: 3,
        changes: Changes::OfTicks,
    };
    let context = OperatorContext { clock: std::sync::Arc::new(clock.clone()), ..crate::testing::context(0, 1) };
    let mut except = SetOperator::new(spec, context).unwrap();
    let tick = |except: &mut SetOperator, port: usize, row: &str| -> Vec<String> {
        let mut out = Output::new(riverrun_core::Watermark::MIN, 10);
        except.on_batch(port, table.batch(&[row]), &WatermarkRuns::default(), &mut out).unwrap();
        except.on_tick(&mut out).unwrap();
        out.take().iter().flat_map(|(batch, _)| crate::testing::lines(batch)).collect()
    };
    assert!(tick(&mut except, RIGHT, "1 | a").is_empty());
    assert!(tick(&mut except, LEFT, "1 | a").is_empty());
    clock.set(Millis(100));
    // That it was on the right is forgotten.
    assert_eq!(tick(&mut except, LEFT, "1 | a"), ["1 | a"]);
    clock.set(Millis(500));
    let mut out = Output::new(riverrun_core::Watermark::MIN, 10);
    except.on_processing_time(Millis(500), &mut out).unwrap();
    assert!(out.take().is_empty() && except.rows.is_empty());
}
