use super::*;
use crate::key::hash_key;

fn insert(table: &mut KeyTable, key: &str) -> (u32, bool) {
    table.insert(hash_key(key.as_bytes()), key.as_bytes())
}

#[test]
fn a_key_keeps_its_slot() {
    let mut table = KeyTable::default();
    assert_eq!(insert(&mut table, "a"), (0, true));
    assert_eq!(insert(&mut table, ""), (1, true));
    assert_eq!(insert(&mut table, "a"), (0, false));
    assert_eq!(table.key(1), b"");
    assert_eq!((table.len(), table.slots()), (2, 2));
}

#[test]
fn a_removed_keys_slot_is_handed_out_again() {
    let mut table = KeyTable::default();
    for key in ["a", "b", "c"] {
        insert(&mut table, key);
    }
    table.remove(1);
    assert_eq!(table.find(hash_key(b"b"), b"b"), None);
    assert_eq!(table.live().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(insert(&mut table, "d"), (1, true));
    assert_eq!(table.slots(), 3);
}

#[test]
fn many_keys_come_and_go_in_bounded_memory() {
    // Those beside their hash, and those in the arena.
    for width in [10, 30] {
        let key = |number: u32| format!("{number:0width$}");
        let mut table = KeyTable::default();
        for number in 0..200_000 {
            let (slot, _) = insert(&mut table, &key(number));
            if number >= 100 {
                assert_eq!(table.key(slot), key(number).as_bytes());
                let old = key(number - 100);
                let slot = table.find(hash_key(old.as_bytes()), old.as_bytes()).unwrap();
                table.remove(slot);
            }
        }
        assert_eq!(table.len(), 100);
        assert!((table.arena.is_empty()) == (width <= SHORT));
        assert!(table.num_bytes() < 1 << 20, "{}", table.num_bytes());
    }
}

#[test]
fn rows_find_their_slots_many_at_once() {
    // Keys of all lengths, some of them several times; of many the hashes are equal.
    let keys: Vec<Vec<u8>> = (0..3 * AT_ONCE).map(|number| vec![number as u8; number / 2 % (2 * SHORT)]).collect();
    let mut rows = KeyRows::default();
    keys.iter().chain(keys.iter().rev()).for_each(|key| rows.push(key));
    let hashes: Vec<u64> = rows.iter().map(|key| hash_key(key) % 16).collect();
    let (mut table, mut expected) = (KeyTable::default(), std::collections::HashMap::new());
    let mut row = 0;
    table.insert_each(rows.iter(), &hashes, |slot, new| {
        let next = expected.len() as u32;
        let known = *expected.entry(rows.row(row)).or_insert(next);
        assert_eq!((slot, new), (known, known == next), "row {row}");
        row += 1;
    });
    assert_eq!(row, rows.len());
    for (key, slot) in expected {
        assert_eq!(table.key(slot), key);
    }
}

#[test]
fn keys_are_listed_by_group() {
    let mut table = KeyTable::default();
    for number in 0..1000 {
        insert(&mut table, &number.to_string());
    }
    let groups = table.by_group(16);
    assert_eq!(groups.len(), 16);
    assert_eq!(groups.values().map(Vec::len).sum::<usize>(), 1000);
    for (group, slots) in groups {
        assert!(slots.iter().all(|&slot| KeyGroup::of_hash(table.hash(slot), 16) == group));
    }
}
