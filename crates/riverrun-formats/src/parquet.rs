//! `parquet`: columns in files of their own format, read by row group with only the columns that are needed.
//!
//! Columns are found by name, and converted to the declared types. One that the file does not have is NULL.

#[cfg(test)]
mod tests;

use crate::file_format::{FileFormat, FileReader, FileWriter};
use crate::format::FormatSpec;
use arrow::array::{Array, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, SchemaRef};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use riverrun_core::{Error, OptionDef, OptionType, Result, RowBatch, TypeKind};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const COMPRESSION: OptionDef = OptionDef::new(
    "compression",
    OptionType::OneOf(&["SNAPPY", "ZSTD", "UNCOMPRESSED"]),
    Some("SNAPPY"),
    "How the pages of files that are written are compressed.",
);
const UTC_TIMEZONE: OptionDef = OptionDef::new(
    "utc-timezone",
    OptionType::Bool,
    Some("false"),
    "Accepted for Flink's sake: timestamps are always held as written, which is true there.",
);

/// The format.
#[derive(Debug)]
pub struct Parquet;

impl FileFormat for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn doc(&self) -> &'static str {
        "Apache Parquet files."
    }

    fn options(&self) -> &'static [OptionDef] {
        &[COMPRESSION, UTC_TIMEZONE]
    }

    fn check(&self, spec: &FormatSpec) -> Result<()> {
        for field in &spec.schema.fields {
            if matches!(field.data_type.kind, TypeKind::Variant | TypeKind::Bitmap | TypeKind::Null) {
                return Err(Error::unsupported(format!(
                    "column `{}` of type {} in Parquet",
                    field.name, field.data_type.kind
                )));
            }
        }
        Ok(())
    }

    fn cuts(&self, path: &Path) -> Result<Vec<u64>> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default());
        let metadata = metadata.map_err(|error| unreadable(path, &error))?;
        let groups = metadata.metadata().row_groups().iter();
        Ok(groups
            .scan(0, |end, group| {
                *end += group.num_rows().max(0) as u64;
                Some(*end)
            })
            .collect())
    }

    fn reader(
        &self,
        spec: &FormatSpec,
        path: &Path,
        rows: Range<u64>,
        batch_size: usize,
    ) -> Result<Box<dyn FileReader>> {
        let wrong = |error: &dyn std::fmt::Display| unreadable(path, error);
        let file = File::open(path).map_err(|error| wrong(&error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| wrong(&error))?;
        let target = spec.schema.project(&spec.projection).to_arrow();
        let in_file = Arc::clone(builder.schema());
        let wanted: Vec<usize> =
            (0..in_file.fields().len()).filter(|&root| target.index_of(in_file.field(root).name()).is_ok()).collect();
        // The position of each column among those that are read.
        let places = target
            .fields()
            .iter()
            .map(|field| wanted.iter().position(|&root| in_file.field(root).name() == field.name()))
            .collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
        let batches = builder
            .with_projection(mask)
            .with_batch_size(batch_size.max(1))
            .with_offset(rows.start as usize)
            .with_limit(rows.end.saturating_sub(rows.start) as usize)
            .build()
            .map_err(|error| wrong(&error))?;
        let required = spec.projection.iter().map(|&index| !spec.schema.fields[index].data_type.nullable).collect();
        Ok(Box::new(ParquetReader { path: path.to_path_buf(), batches, places, target, required }))
    }

    fn writer(&self, spec: &FormatSpec, file: File) -> Result<Box<dyn FileWriter>> {
        self.check(spec)?;
        let compression = match spec.options.text(&COMPRESSION).unwrap_or_default().to_ascii_uppercase().as_str() {
            "ZSTD" => Compression::ZSTD(ZstdLevel::default()),
            "UNCOMPRESSED" => Compression::UNCOMPRESSED,
            _ => Compression::SNAPPY,
        };
        let properties = WriterProperties::builder().set_compression(compression).build();
        let writer = ArrowWriter::try_new(file, spec.schema.to_arrow(), Some(properties)).map_err(unwritable)?;
        Ok(Box::new(ParquetWriter { writer }))
    }
}

struct ParquetReader {
    path: PathBuf,
    batches: ParquetRecordBatchReader,
    places: Vec<Option<usize>>,
    target: SchemaRef,
    /// Which columns are declared NOT NULL.
    required: Vec<bool>,
}

impl FileReader for ParquetReader {
    fn next(&mut self) -> Result<Option<RowBatch>> {
        let Some(batch) = self.batches.next() else { return Ok(None) };
        let batch = batch.map_err(|error| unreadable(&self.path, &error))?;
        let columns = self.places.iter().zip(self.target.fields()).map(|(place, field)| match place {
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
            Some(place) => convert(batch.column(*place), field.data_type()).map_err(|error| {
                Error::failure(format!(
                    "{}: column `{}` is {} in the file, and does not fit {}",
                    self.path.display(),
                    field.name(),
                    batch.column(*place).data_type(),
                    field.data_type()
                ))
                .detail(error.to_string())
            }),
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut wrong = self.required.iter().zip(&columns).zip(self.target.fields());
        if let Some((_, field)) = wrong.find(|((required, column), _)| **required && column.null_count() > 0) {
            return Err(Error::failure(format!(
                "{}: column `{}` has a NULL, and it is declared NOT NULL",
                self.path.display(),
                field.name()
            ))
            .hint("leave NOT NULL out of the table's column"));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(Some(RowBatch::append(RecordBatch::try_new_with_options(Arc::clone(&self.target), columns, &options)?)))
    }
}

fn convert(array: &Arc<dyn Array>, target: &ArrowType) -> Result<Arc<dyn Array>, arrow::error::ArrowError> {
    if array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    cast_with_options(array, target, &CastOptions { safe: false, ..CastOptions::default() })
}

struct ParquetWriter {
    writer: ArrowWriter<File>,
}

impl FileWriter for ParquetWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch).map_err(unwritable)
    }

    fn bytes(&self) -> u64 {
        (self.writer.bytes_written() + self.writer.in_progress_size()) as u64
    }

    fn finish(mut self: Box<Self>) -> Result<File> {
        // `into_inner` would lose the system's error where it flushes the last bytes.
        self.writer.finish().map_err(unwritable)?;
        self.writer.inner().try_clone().map_err(|error| unwritable(error.into()))
    }
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::failure(format!("can't read {} as Parquet: {error}", path.display()))
        .hint("the file is damaged, still being written, or not Parquet")
}

fn unwritable(error: ParquetError) -> Error {
    let Some(cause) = system_error(&error) else {
        return Error::failure(format!("can't write Parquet: {error}"));
    };
    let hint = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("free space, or let 'path' name a folder on another disk; the job can be run again")
        }
        io::ErrorKind::PermissionDenied => Some("give the user that runs the job the right to it"),
        _ => None,
    };
    let text = cause.to_string();
    // The operating system's words without its error number.
    let words = text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    Error::failure(format!("can't write Parquet: {words}")).hint_opt(hint)
}

/// The error of the operating system that is behind one of Parquet's.
fn system_error(error: &ParquetError) -> Option<&io::Error> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<io::Error>() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
