use super::*;
use crate::testing::{Table, context};

fn run(keys: &[&str], ticks: &[&[&str]]) -> Result<()> {
    let table = Table::new("k INT | v INT");
    let keys = keys.iter().map(|key| table.column(key)).collect();
    let mut operator = SingleRow::new(SingleRowSpec { keys }, context(0, 1))?;
    for tick in ticks {
        let mut out = Output::new(riverrun_core::Watermark::MIN, usize::MAX);
        operator.on_batch(0, table.batch(tick), &WatermarkRuns::default(), &mut out)?;
        assert_eq!(out.take().len(), 1, "rows pass");
        operator.on_tick(&mut out)?;
        let parts = [operator.snapshot()?];
        operator = SingleRow::new(operator.spec, context(0, 1))?;
        operator.restore(RestoredState::assign(&parts, 0, 1, context(0, 1).key_groups)?)?;
    }
    Ok(())
}

#[test]
fn a_row_may_replace_another() {
    run(&[], &[&["1 | 1"], &["1 | 2", "- 1 | 1"], &["- 1 | 2"], &["1 | 3"]]).unwrap();
}

#[test]
fn each_key_has_a_row_of_its_own() {
    run(&["k"], &[&["1 | 1", "2 | 1"], &["3 | 1"]]).unwrap();
}

#[test]
fn two_rows_fail_the_job() {
    let error = run(&[], &[&["1 | 1"], &["2 | 2"]]).unwrap_err();
    assert_eq!(error.message(), "a scalar subquery has given more than one row");
    assert!(run(&["k"], &[&["1 | 1", "1 | 2"]]).is_err());
}
