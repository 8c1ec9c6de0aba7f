use super::*;
use crate::testing::{Table, lines};
use riverrun_core::SystemClock;
use riverrun_runtime::source::SourceEvent;

fn source(worker: usize) -> Values {
    let table = Table::new("n INT");
    let context = SourceContext {
        worker,
        parallelism: 2,
        clock: Arc::new(SystemClock),
        metrics: Arc::default(),
        waker: Arc::new(|| {}),
        job: riverrun_runtime::JobIdentity::ephemeral(),
    };
    Values::new(ValuesSpec { batches: vec![table.batch(&["1"]), table.batch(&["2"])] }, context).unwrap()
}

fn rows(source: &mut Values) -> Vec<String> {
    let mut out = SourceOutput::default();
    while source.poll(&mut out).unwrap() != SourceState::Finished {}
    let rows = out.take().into_iter().filter_map(|event| match event {
        SourceEvent::Rows(_, batch) => Some(lines(&batch)),
        _ => None,
    });
    rows.flatten().collect()
}

#[test]
fn the_first_worker_emits_all_rows() {
    assert_eq!(rows(&mut source(0)), ["1", "2"]);
    assert_eq!(rows(&mut source(1)), [""; 0]);
}

#[test]
fn a_restored_source_goes_on_where_it_was() {
    let mut first = source(0);
    first.poll(&mut SourceOutput::default()).unwrap();
    let state = RestoredState::assign(&[first.snapshot().unwrap()], 0, 1, 8).unwrap();
    let mut second = source(0);
    second.restore(state).unwrap();
    assert_eq!(rows(&mut second), ["2"]);
}
