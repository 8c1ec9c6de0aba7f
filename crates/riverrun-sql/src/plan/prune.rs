//! Sources read only what is needed: the columns that no consumer looks at are not decoded.

use super::node::{NodeKind, SourceNode, StreamPlan};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_physical_expr::expressions::Column;
use datafusion_physical_expr::utils::collect_columns;
use riverrun_core::{Error, Result};
use riverrun_operators::expression::{Expression, from_datafusion};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Shrinks every source whose consumers are all projections to the columns that these use.
pub fn prune_sources(plan: &mut StreamPlan) -> Result<()> {
    for index in 0..plan.nodes.len() {
        let NodeKind::Source(source) = &plan.nodes[index].kind else { continue };
        let mut used: BTreeSet<usize> = BTreeSet::new();
        let mut consumers = Vec::new();
        let mut prunable = true;
        for (at, node) in plan.nodes.iter().enumerate() {
            if !node.inputs.iter().any(|input| input.node.0 == index && !input.rejected) {
                continue;
            }
            match &node.kind {
                NodeKind::Calc(calc) => {
                    consumers.push(at);
                    calc.projections.iter().chain(&calc.filter).for_each(|e| used.extend(columns_of(e)));
                }
                _ => prunable = false,
            }
        }
        if !prunable {
            used.extend(0..source.columns.len());
        }
        if let Some(watermark) = &source.watermark {
            used.extend(columns_of(&watermark.time).into_iter().chain(columns_of(&watermark.watermark)));
        }
        let kept: Vec<usize> = used.into_iter().collect();
        let new_places = places(&kept, source.columns.len());
        let mut source = source.clone();
        shrink(&mut source, &kept, &new_places)?;
        let node = &mut plan.nodes[index];
        node.properties.schema = node.properties.schema.project(&kept);
        node.properties.time_column = node.properties.time_column.and_then(|column| new_places[column]);
        node.properties.keys =
            node.properties.keys.take().and_then(|keys| keys.into_iter().map(|key| new_places[key]).collect());
        node.kind = NodeKind::Source(source);
        for consumer in consumers {
            if let NodeKind::Calc(calc) = &mut plan.nodes[consumer].kind {
                for expression in calc.projections.iter_mut().chain(&mut calc.filter) {
                    *expression = remap(expression, &new_places)?;
                }
            }
        }
    }
    Ok(())
}

/// The positions of the columns that an expression looks at.
pub fn columns_of(expression: &Expression) -> Vec<usize> {
    collect_columns(expression).into_iter().map(|column| column.index()).collect()
}

/// Where each of `count` columns is when only `kept` are left.
fn places(kept: &[usize], count: usize) -> Vec<Option<usize>> {
    let mut places = vec![None; count];
    for (new, &old) in kept.iter().enumerate() {
        places[old] = Some(new);
    }
    places
}

/// The expression over columns that have moved.
pub fn remap(expression: &Expression, places: &[Option<usize>]) -> Result<Expression> {
    let moved = Arc::clone(expression).transform(|node| {
        let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
        match places.get(column.index()).copied().flatten() {
            Some(new) => {
                let column: Expression = Arc::new(Column::new(column.name(), new));
                Ok(Transformed::yes(column))
            }
            None => Err(datafusion_common::DataFusionError::External(Box::new(Error::bug(format!(
                "column {} is used but not read",
                column.name()
            ))))),
        }
    });
    Ok(moved.map_err(from_datafusion)?.data)
}

/// Leaves only the table columns `kept`, and of the connector's columns only those that they need.
fn shrink(source: &mut SourceNode, kept: &[usize], new_places: &[Option<usize>]) -> Result<()> {
    source.columns = kept.iter().map(|&column| source.columns[column].clone()).collect();
    let physical = source.spec.projection.len();
    let layout = physical + source.spec.metadata.len();
    let needed: BTreeSet<usize> = source.columns.iter().flat_map(columns_of).collect();
    let needed: Vec<usize> = needed.into_iter().collect();
    let read = places(&needed, layout);
    for column in &mut source.columns {
        *column = remap(column, &read)?;
    }
    source.spec.projection = needed.iter().filter(|&&at| at < physical).map(|&at| source.spec.projection[at]).collect();
    source.spec.metadata =
        needed.iter().filter(|&&at| at >= physical).map(|&at| source.spec.metadata[at - physical].clone()).collect();
    if let Some(watermark) = &mut source.watermark {
        watermark.time = remap(&watermark.time, new_places)?;
        watermark.watermark = remap(&watermark.watermark, new_places)?;
    }
    Ok(())
}
