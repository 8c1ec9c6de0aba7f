use super::*;
use crate::testing::{Table, lines};
use crate::values::{Values, ValuesSpec};
use riverrun_core::SystemClock;
use riverrun_runtime::SourceContext;
use std::sync::Arc;

fn context() -> SourceContext {
    SourceContext {
        worker: 0,
        parallelism: 1,
        clock: Arc::new(SystemClock),
        metrics: Arc::default(),
        waker: Arc::new(|| {}),
        job: riverrun_runtime::JobIdentity::ephemeral(),
    }
}

#[test]
fn a_tables_columns_come_from_what_is_read() {
    let read = Table::new("id INT | name STRING");
    let spec = ProjectSourceSpec {
        columns: vec![read.column("name"), read.column("id")],
        schema: read.schema.project(&[1, 0]),
    };
    let values = Values::new(ValuesSpec { batches: vec![read.batch(&["1 | ada", "2 | bob"])] }, context()).unwrap();
    let mut source = ProjectSource::new(spec, Box::new(values));
    let mut out = SourceOutput::default();
    assert_eq!(source.poll(&mut out).unwrap(), SourceState::Finished);
    let events = out.take();
    assert!(matches!(&events[0], SourceEvent::SplitOpened(_)));
    assert!(matches!(&events[1], SourceEvent::Rows(_, batch) if lines(batch) == ["ada | 1", "bob | 2"]));
    assert!(matches!(&events[2], SourceEvent::SplitFinished(_)));
}
