use super::*;
use crate::testing::{Table, column, results};
use riverrun_core::{Field, TypeKind};

fn sales() -> Table {
    Table::new("shop STRING | kind STRING | n INT | ts TIME")
}

fn spec(sets: &[&[usize]]) -> ExpandSpec {
    let mut schema = sales().schema;
    schema.fields.push(Field::new("k0", TypeKind::STRING.nullable()));
    schema.fields.push(Field::new("k1", TypeKind::STRING.nullable()));
    schema.fields.push(Field::new("set", TypeKind::Int.not_null()));
    ExpandSpec {
        keys: vec![column("shop", 0), column("kind", 1)],
        sets: sets.iter().map(|set| set.to_vec()).collect(),
        schema,
        batch_size: 2,
    }
}

#[test]
fn rollup_gives_a_row_per_grouping_set() {
    let spec = spec(&[&[0, 1], &[0], &[]]);
    let script = "
        oslo | tea | 3 | 10:00:00
        - bonn | rum | 1 | 10:00:01
    ";
    let (rows, _) = results(&sales(), &[], |context| Expand::new(spec.clone(), context).unwrap(), script);
    assert_eq!(
        rows,
        [
            "oslo | tea | 3 | 10:00:00 | oslo | tea | 0",
            "oslo | tea | 3 | 10:00:00 | oslo | null | 1",
            "oslo | tea | 3 | 10:00:00 | null | null | 2",
            "- bonn | rum | 1 | 10:00:01 | bonn | rum | 0",
            "- bonn | rum | 1 | 10:00:01 | bonn | null | 1",
            "- bonn | rum | 1 | 10:00:01 | null | null | 2",
        ]
    );
}

#[test]
fn every_row_keeps_its_watermark() {
    let mut operator = Expand::new(spec(&[&[0], &[]]), crate::testing::context(0, 1)).unwrap();
    let mut runs = WatermarkRuns::default();
    runs.push(1, riverrun_core::Watermark(7));
    let mut out = Output::new(riverrun_core::Watermark::MIN, usize::MAX);
    let batch = sales().batch(&["a | b | 1 | 10:00", "c | d | 2 | 10:00"]);
    operator.on_batch(0, batch, &runs, &mut out).unwrap();
    let watermarks: Vec<_> = out.take().iter().map(|(_, runs)| runs.before(0)).collect();
    assert_eq!(watermarks, [riverrun_core::Watermark::MIN, riverrun_core::Watermark(7)]);
}

#[test]
fn grouping_ids_have_a_bit_per_key() {
    let spec = spec(&[&[0, 1], &[0], &[1], &[]]);
    let ids = |keys: &[usize]| (0..4).map(|set| spec.grouping_id(set, keys)).collect::<Vec<_>>();
    assert_eq!(ids(&[0, 1]), [0, 1, 2, 3]);
    assert_eq!(ids(&[0]), [0, 0, 1, 1]);
    assert_eq!(ids(&[1]), [0, 1, 0, 1]);
}
