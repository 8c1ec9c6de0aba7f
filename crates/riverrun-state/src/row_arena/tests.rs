use super::*;

#[test]
fn rows_keep_their_numbers_while_others_come_and_go() {
    let mut arena = RowArena::default();
    let kept = arena.insert(b"kept");
    let long = vec![7_u8; 1000];
    for _ in 0..10 {
        let rows: Vec<u32> = (0..100).map(|_| arena.insert_parts(&[b"a", &long])).collect();
        assert_eq!(arena.get(rows[99]).len(), 1001);
        rows.into_iter().for_each(|row| arena.remove(row));
    }
    assert_eq!(arena.get(kept), b"kept");
    assert_eq!(arena.len(), 1);
}

#[test]
fn memory_does_not_grow_with_the_rows_that_were_ever_there() {
    let mut arena = RowArena::default();
    let row = [1_u8; 100];
    let mut last = arena.insert(&row);
    for _ in 0..100_000 {
        let next = arena.insert(&row);
        arena.remove(last);
        last = next;
    }
    assert!(arena.num_bytes() < 1 << 19, "{}", arena.num_bytes());
}

#[test]
fn a_row_may_be_empty() {
    let mut arena = RowArena::default();
    let row = arena.insert(b"");
    assert_eq!(arena.get(row), b"");
    arena.remove(row);
    assert!(arena.is_empty());
}
