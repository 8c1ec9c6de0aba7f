use super::*;
use crate::testing::{Table, context, lines};
use arrow::array::AsArray;
use arrow::datatypes::Int32Type;
use riverrun_core::Watermark;
use riverrun_core::clock::ManualClock;
use std::sync::Mutex;

fn orders() -> Table {
    Table::new("customer INT | amount INT")
}

fn customers() -> Table {
    Table::new("id INT | name STRING")
}

/// A table of two customers that notes what it is asked.
#[derive(Clone, Debug, Default)]
struct Fake(Arc<Mutex<Vec<Vec<i32>>>>);

impl LookupFactory for Fake {
    fn open(&self) -> Result<Box<dyn Lookup>> {
        Ok(Box::new(self.clone()))
    }
}

impl Lookup for Fake {
    fn get(&mut self, keys: RecordBatch) -> Result<RecordBatch> {
        let keys: Vec<i32> = keys.column(0).as_primitive::<Int32Type>().values().to_vec();
        let known = [(1, "1 | ada"), (2, "2 | bob"), (2, "2 | bea")];
        let rows: Vec<&str> = known.iter().filter(|(id, _)| keys.contains(id)).map(|(_, row)| *row).collect();
        self.0.lock().unwrap().push(keys);
        Ok(customers().batch(&rows).columns)
    }
}

struct Joined {
    join: LookupJoin,
    table: Fake,
    clock: ManualClock,
}

fn joined(kind: JoinKind, cache: Option<LookupCache>) -> Joined {
    let (left, right, table) = (orders(), customers(), Fake::default());
    let spec = LookupJoinSpec {
        kind,
        keys: [vec![left.column("customer")], vec![right.column("id")]],
        key_names: vec!["id".into()],
        table: Arc::new(table.clone()),
        cache,
        condition: None,
        schema: Schema::new(left.schema.fields.iter().chain(&right.schema.fields).cloned().collect()),
        inputs: [left.schema, right.schema],
        batch_size: 2,
    };
    let clock = ManualClock::new(Millis(0));
    let context = OperatorContext { clock: Arc::new(clock.clone()), ..context(0, 1) };
    Joined { join: LookupJoin::new(spec, context).unwrap(), table, clock }
}

impl Joined {
    /// What comes out of a batch, and what was asked for it.
    fn batch(&mut self, rows: &[&str]) -> (Vec<String>, Vec<Vec<i32>>) {
        let mut found = Vec::new();
        let mut out = Output::new(Watermark::MIN, 1);
        self.join.on_batch(0, orders().batch(rows), &WatermarkRuns::default(), &mut out).unwrap();
        found.extend(out.take().iter().flat_map(|(batch, _)| lines(batch)));
        while self.join.has_more() {
            let mut out = Output::new(Watermark::MIN, 1);
            self.join.resume(&mut out).unwrap();
            found.extend(out.take().iter().flat_map(|(batch, _)| lines(batch)));
        }
        (found, std::mem::take(&mut *self.table.0.lock().unwrap()))
    }
}

#[test]
fn each_key_of_a_batch_is_asked_for_once() {
    let mut joined = joined(JoinKind::Left, None);
    let (found, asked) = joined.batch(&["1 | 10", "2 | 20", "3 | 30", "1 | 40", "null | 50"]);
    let wanted = [
        "1 | 10 | 1 | ada",
        "2 | 20 | 2 | bob",
        "2 | 20 | 2 | bea",
        "3 | 30 | null | null",
        "1 | 40 | 1 | ada",
        "null | 50 | null | null",
    ];
    assert_eq!(found, wanted);
    assert_eq!(asked, [[1, 2, 3]]);
    assert_eq!(joined.batch(&["- 1 | 10"]), (vec!["- 1 | 10 | 1 | ada".into()], vec![vec![1]]));
    assert!(joined.join.found.is_empty() && joined.join.keys.table.is_empty());
}

#[test]
fn the_cache_keeps_what_its_settings_say() {
    let cache = LookupCache { expire_after_write: Some(Millis(1000)), missing_keys: true, ..LookupCache::default() };
    let mut kept = joined(JoinKind::Inner, Some(cache));
    assert_eq!(kept.batch(&["1 | 1", "3 | 1"]).1, [[1, 3]]);
    assert_eq!(kept.batch(&["1 | 2", "3 | 2"]), (vec!["1 | 2 | 1 | ada".into()], vec![]));
    kept.clock.set(Millis(1000));
    assert_eq!(kept.batch(&["1 | 3"]), (vec!["1 | 3 | 1 | ada".into()], vec![vec![1]]));
    let mut asked_again = joined(JoinKind::Inner, Some(LookupCache::default()));
    assert_eq!(asked_again.batch(&["1 | 1", "3 | 1"]).1, [[1, 3]]);
    assert_eq!(asked_again.batch(&["1 | 2", "3 | 2"]).1, [[3]]);
    let mut small = joined(JoinKind::Inner, Some(LookupCache { max_rows: Some(1), ..LookupCache::default() }));
    assert_eq!(small.batch(&["1 | 1", "2 | 1"]).0.len(), 3);
    assert_eq!(small.batch(&["2 | 2"]).1, Vec::<Vec<i32>>::new());
    assert_eq!(small.batch(&["1 | 2"]).1, [[1]]);
}
