//! Change events into rows with weights.

use super::Envelope;
use super::metadata::{MetadataDecoder, MetadataDef};
use crate::format::{DecodeError, Decoder, FormatSpec};
use crate::json::{IGNORE_PARSE_ERRORS, JsonDecoder};
use crate::records::{self, BrokenRecords};
use arrow::array::{RecordBatch, RecordBatchOptions};
use riverrun_core::{Result, RowBatch, Schema};

/// A decoder of one system's change events.
pub struct ChangelogDecoder<E> {
    envelope: E,
    rows: JsonDecoder,
    metadata: Option<MetadataDecoder>,
    weights: Vec<i64>,
    schema: arrow::datatypes::SchemaRef,
    broken: BrokenRecords,
}

impl<E: Envelope> ChangelogDecoder<E> {
    /// A decoder of the projected columns and the metadata asked for.
    pub fn new(spec: &FormatSpec, envelope: E, metadata: &[MetadataDef]) -> Result<Self> {
        let mut fields = spec.schema.project(&spec.projection).fields;
        fields.extend(spec.metadata.iter().map(|(key, data_type)| riverrun_core::Field::new(key, data_type.clone())));
        let metadata = match spec.metadata.is_empty() {
            true => None,
            false => Some(MetadataDecoder::new(spec, metadata)?),
        };
        Ok(ChangelogDecoder {
            envelope,
            rows: JsonDecoder::new(spec)?.with_nulls(),
            metadata,
            weights: Vec::new(),
            schema: Schema::new(fields).to_arrow(),
            broken: BrokenRecords::new(spec.options.bool(&IGNORE_PARSE_ERRORS)?),
        })
    }

    fn record(&mut self, text: &str) -> Result<(), String> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let before = self.weights.len();
        let (rows, weights) = (&mut self.rows, &mut self.weights);
        let parts = self.envelope.read(text, &mut |weight, row| {
            let first = rows.rows();
            rows.decode(row.as_bytes()).map_err(|error| error.reason)?;
            if weight > 0 {
                rows.check_nulls(first)?;
            }
            weights.push(weight);
            Ok(())
        })?;
        if let Some(metadata) = &mut self.metadata {
            for _ in before..self.weights.len() {
                metadata.decode(&parts)?;
            }
        }
        Ok(())
    }
}

impl<E: Envelope> Decoder for ChangelogDecoder<E> {
    fn decode(&mut self, record: &[u8]) -> Result<usize, DecodeError> {
        let before = self.weights.len();
        let read = records::text(record).and_then(|text| self.record(text));
        let Err(reason) = read else { return Ok(self.weights.len() - before) };
        // Both rows of an update, or none.
        self.weights.truncate(before);
        self.rows.undo_to(before);
        if let Some(metadata) = &mut self.metadata {
            metadata.undo_to(before);
        }
        self.broken.one(reason)
    }

    fn rows(&self) -> usize {
        self.weights.len()
    }

    fn is_full(&self) -> bool {
        self.rows.is_full()
    }

    fn flush(&mut self) -> Result<RowBatch> {
        let weights = std::mem::take(&mut self.weights);
        let mut columns = self.rows.flush()?.columns.columns().to_vec();
        if let Some(metadata) = &mut self.metadata {
            columns.extend(metadata.flush()?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(weights.len()));
        let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        Ok(RowBatch { columns, weights: Some(weights.into()) })
    }

    fn take_skipped(&mut self) -> u64 {
        self.broken.take_skipped()
    }
}
