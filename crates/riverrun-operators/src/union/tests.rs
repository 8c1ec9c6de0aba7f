use super::*;
use crate::testing::{Table, context, lines};
use riverrun_core::Watermark;

#[test]
fn rows_of_all_inputs_come_out_under_the_names_of_the_union() {
    let (users, bots) = (Table::new("user STRING"), Table::new("bot STRING"));
    let mut union = Union::new(UnionSpec { schema: users.schema.clone() }, context(0, 1)).unwrap();
    let mut runs = WatermarkRuns::constant(Watermark(1));
    runs.push(1, Watermark(2));
    let mut out = Output::new(Watermark::MIN, 2);
    union.on_batch(0, users.batch(&["ada", "- bob"]), &WatermarkRuns::default(), &mut out).unwrap();
    union.on_batch(1, bots.batch(&["r2d2", "c3po"]), &runs, &mut out).unwrap();
    let emitted = out.take();
    assert_eq!(lines(&emitted[0].0), ["ada", "- bob"]);
    assert_eq!(lines(&emitted[1].0), ["r2d2", "c3po"]);
    assert_eq!(emitted[1].0.schema().field(0).name(), "user");
    assert_eq!(emitted[1].1, runs);
}
