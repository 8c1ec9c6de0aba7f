use super::*;
use crate::testing::Table;

fn new(slot: u32, place: Place, time: i64) -> NewRow {
    NewRow { slot, place, hash: 0, count: 1, matches: 0, time: Millis(time) }
}

#[test]
fn rows_move_to_the_end_of_another_list() {
    let batch = Table::new("n INT").batch(&["0", "1", "2", "3"]).columns;
    let mut rows = Rows::new(RowsOptions::default());
    rows.grow(2);
    let chunk = rows.begin(batch).unwrap();
    let numbers: Vec<u32> = (0..4).map(|row| rows.add(new(row % 2, Place { chunk, row }, 0)).unwrap()).collect();
    let list = |rows: &Rows, slot: u32| -> Vec<u32> { rows.list(slot).map(|number| rows.place(number).row).collect() };
    rows.move_to(numbers[2], 1);
    rows.move_to(numbers[0], 1);
    assert_eq!((list(&rows, 0), list(&rows, 1)), (vec![], vec![1, 3, 2, 0]));
    rows.move_to(numbers[3], 0);
    assert_eq!((list(&rows, 0), list(&rows, 1)), (vec![3], vec![1, 2, 0]));
    assert_eq!((rows.length(0), rows.length(1)), (1, 3));
    rows.clear(1);
    assert_eq!((rows.length(1), rows.len()), (0, 1));
}

#[test]
fn rows_that_are_read_again_and_again_are_noted_once() {
    let table = Table::new("n INT");
    let mut rows = Rows::new(RowsOptions { ttl: Some(Millis(1_000)), ..RowsOptions::default() });
    rows.grow(1);
    for _ in 0..20_000 {
        let chunk = rows.begin(table.batch(&["7"]).columns).unwrap();
        rows.add(new(0, Place { chunk, row: 0 }, 500)).unwrap();
        rows.clear(0);
        rows.finish().unwrap();
    }
    assert!(rows.expiry.len() < 5_000, "{} writes are kept", rows.expiry.len());
}
