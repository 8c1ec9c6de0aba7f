use super::*;
use crate::testing::Table;

fn route(keys: &[&str], parallelism: usize, rows: &[String]) -> Vec<u32> {
    let table = Table::new("id INT | name STRING");
    let keys = keys.iter().map(|name| table.column(name)).collect();
    let mut router = KeyRouter::new(KeyRouterSpec { keys, key_groups: 128 });
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let mut targets = Vec::new();
    router.route(&table.batch(&rows), parallelism, &mut targets).unwrap();
    targets
}

fn rows(count: usize) -> Vec<String> {
    (0..count).map(|id| format!("{id} | name {}", id % 10)).collect()
}

#[test]
fn equal_keys_go_to_one_worker_and_all_workers_get_some() {
    let targets = route(&["id"], 4, &rows(1_000));
    assert_eq!(targets, route(&["id"], 4, &rows(1_000)));
    for worker in 0..4 {
        let share = targets.iter().filter(|target| **target == worker).count();
        assert!((150..350).contains(&share), "worker {worker} has {share}");
    }
    let by_name = route(&["name"], 4, &rows(100));
    assert!((0..100).all(|row| by_name[row] == by_name[row % 10]));
}

#[test]
fn a_row_goes_where_its_key_group_is() {
    let groups = route(&["name", "id"], 128, &rows(100));
    for (group, worker) in groups.iter().zip(route(&["name", "id"], 3, &rows(100))) {
        assert_eq!(KeyGroup(*group as u16).worker(128, 3) as u32, worker);
    }
}

#[test]
fn without_keys_all_rows_go_to_the_worker_of_the_empty_key() {
    let owner = KeyGroup::of_hash(hash_key(&[]), 128).worker(128, 4) as u32;
    assert_eq!(route(&[], 4, &rows(3)), [owner; 3]);
}
