//! A table that is read, as a source of the dataflow.

use crate::plan::{Node, SourceNode};
use riverrun_core::{Error, Result, RowBatch};
use riverrun_operators::event_time::watermark_expression;
use riverrun_operators::project_source::{ProjectSource, ProjectSourceSpec};
use riverrun_runtime::flow::{Flow, SourceStreams};
use riverrun_runtime::source::WatermarkStrategy;
use std::time::Duration;

/// The reader, its computed columns and its watermark.
pub fn build_source(node: &Node, source: &SourceNode, flow: &mut Flow<'_, RowBatch>) -> Result<SourceStreams> {
    let factory = source.factory.clone().ok_or_else(|| Error::bug(format!("{} was never opened", node.id)))?;
    let columns = ProjectSourceSpec { columns: source.columns.clone(), schema: node.properties.schema.clone() };
    let watermarks = source.watermark.as_ref().map(|watermark| WatermarkStrategy {
        expression: watermark_expression(watermark.time.clone(), watermark.watermark.clone()),
        interval: watermark.interval,
        idle_timeout: watermark.idle_timeout.map(|timeout| Duration::from_millis(timeout.0.max(0) as u64)),
        max_ahead: watermark.max_ahead,
        alignment: watermark.alignment.clone(),
    });
    flow.source(
        &node.id,
        &source.spec.table,
        move |context| Ok(Box::new(ProjectSource::new(columns, factory.reader(context)?))),
        watermarks,
    )
}
