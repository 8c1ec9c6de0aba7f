//! The rows of a query, kept so that a run that is restored takes back what came after the snapshot.

use super::ExpectMode;
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Epoch, Result, RowBatch, Schema};
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_sql::build::ResultSink;
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A row; NULL is `None`.
pub type Row = Vec<Option<String>>;

/// Changes in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Results(Arc<Mutex<Collected>>);

#[derive(Debug, Default)]
struct Collected {
    changes: Vec<(i64, Row)>,
    /// How many changes had come when each epoch ended.
    epochs: BTreeMap<Epoch, usize>,
}

impl Results {
    fn lock(&self) -> MutexGuard<'_, Collected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what came after an epoch.
    pub fn rewind(&self, epoch: Epoch) {
        let mut collected = self.lock();
        let kept = collected.epochs.get(&epoch).copied().unwrap_or(0);
        collected.changes.truncate(kept);
        collected.epochs.clear();
    }

    /// What a query's rows go to.
    pub fn sink(&self) -> ResultSink {
        let results = self.clone();
        Arc::new(move |_: SinkContext, schema: &Schema| {
            let formatter = RowFormatter::new(schema.fields.iter().map(|field| field.data_type.clone()));
            Ok(Box::new(Collector { formatter, results: results.clone() }) as Box<dyn Sink<RowBatch>>)
        })
    }

    /// The rows to compare: as they came, or what is left of them. With a `key`, a row replaces the one before it.
    pub fn rows(&self, mode: ExpectMode, key: &[usize]) -> Vec<Row> {
        let changes = self.lock().changes.clone();
        if mode == ExpectMode::Changelog {
            let kind = |weight: i64| Some(if weight < 0 { "-D" } else { "+I" }.to_owned());
            return changes.into_iter().map(|(weight, row)| [vec![kind(weight)], row].concat()).collect();
        }
        let key_of = |row: &Row| -> Row { key.iter().map(|&column| row.get(column).cloned().flatten()).collect() };
        let mut left: Vec<Row> = Vec::new();
        for (weight, row) in changes {
            let of_key = (!key.is_empty()).then(|| left.iter().position(|known| key_of(known) == key_of(&row)));
            match (weight < 0, of_key) {
                (false, Some(Some(at))) => left[at] = row,
                (false, _) => left.push(row),
                (true, _) => {
                    if let Some(at) = left.iter().rposition(|known| *known == row) {
                        left.remove(at);
                    }
                }
            }
        }
        left
    }
}

struct Collector {
    formatter: RowFormatter,
    results: Results,
}

impl Sink<RowBatch> for Collector {
    fn write(&mut self, batch: RowBatch) -> Result<()> {
        let writer = self.formatter.rows(&batch.columns)?;
        let mut collected = self.results.lock();
        for index in 0..batch.num_rows() {
            let weight = batch.weight(index);
            let row: Row = (0..batch.columns.num_columns())
                .map(|column| {
                    let mut text = String::new();
                    writer.write_value(index, column, &mut text);
                    batch.columns.column(column).is_valid(index).then_some(text)
                })
                .collect();
            collected.changes.extend((0..weight.unsigned_abs()).map(|_| (weight.signum(), row.clone())));
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        let mut collected = self.results.lock();
        let count = collected.changes.len();
        collected.epochs.insert(epoch, count);
        Ok(OperatorSnapshot::default())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
