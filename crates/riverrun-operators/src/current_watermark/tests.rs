use super::*;
use crate::testing::{Table, context, lines};
use riverrun_core::{Field, TypeKind};

#[test]
fn each_row_has_the_watermark_that_held_before_it() {
    let table = Table::new("n INT");
    let data_type = DataType { kind: TypeKind::timestamp(3), nullable: true };
    let mut schema = table.schema.clone();
    schema.fields.push(Field::new("watermark", data_type.clone()));
    let mut operator = CurrentWatermark::new(CurrentWatermarkSpec { data_type, schema }, context(0, 1)).unwrap();
    let mut runs = WatermarkRuns::default();
    runs.push(1, Watermark(1_000));
    runs.push(3, Watermark(2_500));
    let mut out = Output::new(Watermark::MIN, 1);
    operator.on_batch(0, table.batch(&["1", "2", "- 3", "4"]), &runs, &mut out).unwrap();
    let (batch, passed) = out.take().pop().unwrap();
    assert_eq!(
        lines(&batch),
        ["1 | null", "2 | 1970-01-01 00:00:01", "- 3 | 1970-01-01 00:00:01", "4 | 1970-01-01 00:00:02.500"]
    );
    assert_eq!(passed, runs);
}
