use crate::plan::tests::{kinds, plan};

#[test]
fn rows_of_a_table_that_does_not_end_can_be_ordered_by_time() {
    let endless = |order: &str| {
        plan(&format!(
            "CREATE TABLE ticks (k STRING, ts TIMESTAMP(3), p AS PROCTIME(), WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen');
             SELECT k, ts, p FROM ticks ORDER BY {order};"
        ))
    };
    let by_time = endless("ts, k DESC").unwrap();
    assert!(kinds(&by_time).contains(&"TimeSort"), "{:?}", kinds(&by_time));
    let text = by_time.explain();
    assert!(text.contains("TimeSort(time=[ts], then by=[k DESC])"), "{text}");
    assert!(text.contains("append: "), "{text}");
    // By the clock they come in that order.
    let by_clock = endless("p").unwrap();
    assert!(by_clock.nodes.iter().all(|node| !node.kind.needs_end() && node.kind.name() != "TimeSort"));
    // Rows of one moment are sorted.
    let text = endless("p, k DESC").unwrap().explain();
    assert!(text.contains("TimeSort(time=[p], then by=[k DESC])"), "{text}");
    assert!(endless("ts DESC").is_err());
    assert!(endless("p DESC, k").is_err());
}

#[test]
fn late_rows_of_an_order_by_time_go_to_the_table_of_late_rows() {
    let plan = plan(
        "CREATE TABLE late (url STRING, late_operator STRING) WITH ('connector' = 'print'); SET 'sink.late-rows' = 'late';
         SELECT url, ts FROM clicks ORDER BY ts;",
    )
    .unwrap();
    assert!(plan.explain().contains("late rows of TimeSort"), "{}", plan.explain());
}
