//! Where the rows of a query go.

use riverrun_core::{Epoch, Result, RowBatch, Schema};
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_sql::build::ResultSink;
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::{Arc, Mutex, PoisonError};

/// Takes the rows of a query as they come.
pub trait RowConsumer: Send {
    /// Rows in the order of their arrival; weights say which are taken back.
    fn rows(&mut self, batch: &RowBatch) -> Result<()>;

    /// No more rows will come.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A consumer that the job's worker and its owner share.
#[derive(Clone)]
pub struct SharedConsumer(Arc<Mutex<Box<dyn RowConsumer>>>);

impl SharedConsumer {
    /// Shares a consumer.
    pub fn new(consumer: Box<dyn RowConsumer>) -> Self {
        SharedConsumer(Arc::new(Mutex::new(consumer)))
    }

    /// A consumer that drops all rows.
    pub(crate) fn nobody() -> Self {
        struct Nobody;
        impl RowConsumer for Nobody {
            fn rows(&mut self, _batch: &RowBatch) -> Result<()> {
                Ok(())
            }
        }
        SharedConsumer::new(Box::new(Nobody))
    }

    /// No more rows will come.
    pub fn finish(&self) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).finish()
    }

    /// What [`riverrun_sql::build::build`] takes.
    pub fn as_result_sink(&self) -> ResultSink {
        let consumer = self.clone();
        Arc::new(move |_: SinkContext, _: &Schema| {
            Ok(Box::new(ConsumerSink(consumer.clone())) as Box<dyn Sink<RowBatch>>)
        })
    }
}

/// Hands rows over at once; nothing is ever under way.
struct ConsumerSink(SharedConsumer);

impl Sink<RowBatch> for ConsumerSink {
    fn write(&mut self, batch: RowBatch) -> Result<()> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).rows(&batch)
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
