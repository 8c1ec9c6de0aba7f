//! The columns of a batch of a file: those of its records, its folder's names, and its metadata.

use super::location::FoundFile;
use super::partition;
use arrow::array::UInt32Array;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray, TimestampMillisecondArray};
use arrow::compute;
use arrow::datatypes::SchemaRef;
use riverrun_core::{DataType, Error, Field, Result, RowBatch, Schema};
use riverrun_formats::RowFields;
use std::path::Path;
use std::sync::Arc;

use crate::connector::SourceSpec;

/// Where a column of the output comes from.
#[derive(Clone, Debug)]
enum Origin {
    /// The record's column at this position.
    Record(usize),
    /// The partition column at this position.
    Partition(usize),
    /// A metadata column.
    Metadata(String, DataType),
}

/// How batches are put together; the same for all files of a table.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The columns that stand in the records: all but the partition columns.
    pub record_schema: Schema,
    /// Which of them a decoder shall produce.
    pub record_projection: Vec<usize>,
    /// Of ROWs in the records the fields that are looked at.
    pub record_fields_read: RowFields,
    /// Keys, without their prefix, and types of the format's metadata.
    pub record_metadata: Vec<(String, DataType)>,
    origins: Vec<Origin>,
    partition_fields: Vec<Field>,
    default_name: String,
    schema: SchemaRef,
}

impl Layout {
    /// The layout of a table.
    pub fn new(spec: &SourceSpec, default_name: &str) -> Result<Layout> {
        let is_key = |name: &str| spec.partition_keys.iter().position(|key| key == name);
        let record_fields: Vec<usize> =
            (0..spec.schema.len()).filter(|&index| is_key(&spec.schema.fields[index].name).is_none()).collect();
        let place = |index: usize| record_fields.iter().position(|&known| known == index);
        let mut record_projection = Vec::new();
        let mut origins = Vec::new();
        let mut fields = Vec::new();
        for &index in &spec.projection {
            let field = &spec.schema.fields[index];
            fields.push(field.clone());
            origins.push(match is_key(&field.name) {
                Some(key) => Origin::Partition(key),
                None => {
                    record_projection
                        .push(place(index).ok_or_else(|| Error::bug("a projected column that is not there"))?);
                    Origin::Record(record_projection.len() - 1)
                }
            });
        }
        let mut record_metadata = Vec::new();
        for (key, data_type) in &spec.metadata {
            fields.push(Field::new(key.clone(), data_type.clone()));
            match key.strip_prefix("value.") {
                Some(key) => {
                    origins.push(Origin::Record(record_projection.len() + record_metadata.len()));
                    record_metadata.push((key.to_owned(), data_type.clone()));
                }
                None => origins.push(Origin::Metadata(key.clone(), data_type.clone())),
            }
        }
        let record_fields_read = spec.fields.iter().filter_map(|(&index, parts)| Some((place(index)?, parts.clone())));
        let partition_fields = spec.partition_keys.iter().map(|key| {
            let index = spec.schema.index_of(key);
            index.map(|index| spec.schema.fields[index].clone()).ok_or_else(|| {
                Error::bug(format!("PARTITIONED BY names `{key}`, which is no column of table {}", spec.table))
            })
        });
        Ok(Layout {
            record_schema: spec.schema.project(&record_fields),
            record_projection,
            record_fields_read: record_fields_read.collect(),
            record_metadata,
            origins,
            partition_fields: partition_fields.collect::<Result<_>>()?,
            default_name: default_name.to_owned(),
            schema: Schema::new(fields).to_arrow(),
        })
    }

    /// What is the same in all rows of a file: one value per column, `None` for columns of the records.
    pub fn constants(&self, file: &FoundFile) -> Result<Constants> {
        let constants = self.origins.iter().map(|origin| match origin {
            Origin::Record(_) => Ok(None),
            Origin::Partition(key) => {
                let value = file.partition.get(*key).and_then(Option::as_deref);
                partition::value_column(&self.partition_fields[*key], value, &self.default_name)
                    .map(Some)
                    .map_err(|error| error.context(&file.path))
            }
            Origin::Metadata(key, data_type) => metadata(file, key, data_type).map(Some),
        });
        Ok(Constants { values: constants.collect::<Result<_>>()? })
    }

    /// A batch of the output from one of the records.
    pub fn assemble(&self, records: RowBatch, constants: &Constants) -> Result<RowBatch> {
        let rows = records.num_rows();
        let zeros = UInt32Array::from(vec![0; rows]);
        let columns = self.origins.iter().zip(&constants.values).map(|(origin, constant)| match (origin, constant) {
            (Origin::Record(index), _) => Ok(Arc::clone(records.columns.column(*index))),
            (_, Some(value)) => Ok(compute::take(value, &zeros, None)?),
            (_, None) => Err(Error::bug("a column without a value")),
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        Ok(RowBatch { columns, weights: records.weights })
    }
}

/// The values that are the same in all rows of a file.
#[derive(Clone, Debug)]
pub struct Constants {
    values: Vec<Option<ArrayRef>>,
}

fn metadata(file: &FoundFile, key: &str, data_type: &DataType) -> Result<ArrayRef> {
    let name =
        || Path::new(&*file.path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let value: ArrayRef = match key {
        "file.path" => Arc::new(StringArray::from(vec![file.path.to_string()])),
        "file.name" => Arc::new(StringArray::from(vec![name()])),
        "file.size" => Arc::new(Int64Array::from(vec![file.size as i64])),
        "file.modification-time" => {
            Arc::new(TimestampMillisecondArray::from(vec![file.modified.0]).with_timezone("UTC"))
        }
        other => {
            return Err(Error::input(format!("connector 'filesystem' has no metadata '{other}'"))
                .hint("it has file.path, file.name, file.size and file.modification-time"));
        }
    };
    Ok(compute::cast(&value, &data_type.to_arrow())?)
}
