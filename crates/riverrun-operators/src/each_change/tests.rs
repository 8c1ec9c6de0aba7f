use super::*;
use crate::rank::deduplicate::{Deduplicate, DeduplicateSpec};
use crate::testing::{Table, context, lines};

fn clicks() -> Table {
    Table::new("user STRING | id INT")
}

/// An operator that keeps the last click of each user.
fn last_clicks(table: &Table, in_time: bool) -> EachChange<Deduplicate> {
    let keys = vec![table.column("user")];
    let spec = DeduplicateSpec {
        keys: keys.clone(),
        time: None,
        keep_last: true,
        schema: table.schema.clone(),
        ttl: None,
        batch_size: 10,
        changes: Changes::Each,
    };
    EachChange::new(Deduplicate::new(spec, context(0, 1)).unwrap(), vec![keys], in_time)
}

/// The last click of each user, with room for so many batches in each call.
fn run(room: usize, ticks: &[&[&str]]) -> Vec<Vec<String>> {
    let table = clicks();
    let mut operator = last_clicks(&table, false);
    let mut taken = Vec::new();
    for tick in ticks {
        let mut rows = Vec::new();
        let mut out = Output::new(Watermark::MIN, room);
        operator.on_batch(0, table.batch(tick), &WatermarkRuns::default(), &mut out).unwrap();
        rows.extend(out.take());
        while operator.has_more() {
            let mut out = Output::new(Watermark::MIN, room);
            operator.resume(&mut out).unwrap();
            rows.extend(out.take());
        }
        operator.on_tick(&mut out).unwrap();
        rows.extend(out.take());
        taken.push(rows.iter().flat_map(|(batch, _)| lines(batch)).collect());
    }
    taken
}

#[test]
fn each_change_of_a_key_comes_out_though_they_came_in_one_tick() {
    let ticks: &[&[&str]] = &[&["ada | 1", "bob | 2", "ada | 3", "ada | 4"], &["bob | 5"]];
    let expected: [&[&str]; 2] =
        [&["ada | 1", "bob | 2", "- ada | 1", "ada | 3", "- ada | 3", "ada | 4"], &["- bob | 2", "bob | 5"]];
    for room in [1, 2, usize::MAX] {
        assert_eq!(run(room, ticks), expected, "with room for {room}");
    }
}

#[test]
fn changes_in_time_go_out_with_the_watermark_before_their_rows() {
    let table = clicks();
    for room in [1, usize::MAX] {
        let mut operator = last_clicks(&table, true);
        let mut watermarks = WatermarkRuns::default();
        watermarks.push(1, Watermark(10));
        watermarks.push(3, Watermark(30));
        let mut out = Output::new(Watermark::MIN, room);
        let rows = ["ada | 1", "bob | 2", "cleo | 3", "ada | 4"];
        operator.on_batch(0, table.batch(&rows), &watermarks, &mut out).unwrap();
        let mut taken = out.take();
        while operator.has_more() {
            let mut out = Output::new(Watermark::MIN, room);
            operator.resume(&mut out).unwrap();
            taken.extend(out.take());
        }
        let told: Vec<_> = taken.iter().map(|(batch, runs)| (lines(batch), runs.before(0))).collect();
        let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
        let expected = [
            (rows(&["ada | 1"]), Watermark::MIN),
            (rows(&["bob | 2", "cleo | 3"]), Watermark(10)),
            (rows(&["- ada | 1", "ada | 4"]), Watermark(30)),
        ];
        assert_eq!(told, expected, "with room for {room}");
    }
}
