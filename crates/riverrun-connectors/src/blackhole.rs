//! `blackhole`: a sink that forgets everything, for tests of speed.

use crate::connector::{AcceptedChanges, Connector, SinkFactory, SinkSpec, SourceFactory, SourceSpec};
use riverrun_core::{Epoch, Error, OptionDef, Result, RowBatch};
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;

/// The connector.
#[derive(Debug)]
pub struct Blackhole;

impl Connector for Blackhole {
    fn name(&self) -> &'static str {
        "blackhole"
    }

    fn doc(&self) -> &'static str {
        "Forgets every row, for tests of speed."
    }

    fn options(&self) -> &'static [OptionDef] {
        &[]
    }

    fn reads(&self) -> bool {
        false
    }

    fn source(&self, spec: SourceSpec) -> Result<Arc<dyn SourceFactory>> {
        Err(Error::input(format!("table '{}' can't be read: the connector 'blackhole' only forgets", spec.table)))
    }

    fn sink(&self, _spec: SinkSpec) -> Result<Arc<dyn SinkFactory>> {
        Ok(Arc::new(BlackholeSink))
    }
}

struct BlackholeSink;

impl SinkFactory for BlackholeSink {
    fn accepts(&self) -> AcceptedChanges {
        AcceptedChanges::All
    }

    fn writer(&self, _context: SinkContext) -> Result<Box<dyn Sink<RowBatch>>> {
        Ok(Box::new(BlackholeSink))
    }
}

impl Sink<RowBatch> for BlackholeSink {
    fn write(&mut self, _batch: RowBatch) -> Result<()> {
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
    }

    fn snapshot(&mut self, _epoch: Epoch) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
