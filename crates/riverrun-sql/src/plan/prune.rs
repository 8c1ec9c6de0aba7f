//! Sources read only what is needed: the columns that no consumer looks at are not decoded.

use super::node::{NodeKind, SourceNode, StreamPlan};
use crate::physical::accessed_field;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_physical_expr::expressions::Column;
use datafusion_physical_expr::utils::collect_columns;
use riverrun_core::{Error, Result};
use riverrun_operators::expression::{Expression, from_datafusion};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Shrinks every source whose consumers are all projections to the columns that these use.
pub fn prune_sources(plan: &mut StreamPlan) -> Result<()> {
    for index in 0..plan.nodes.len() {
        let NodeKind::Source(source) = &plan.nodes[index].kind else { continue };
        let mut used = Uses::default();
        let mut consumers = Vec::new();
        let mut prunable = true;
        for (at, node) in plan.nodes.iter().enumerate() {
            if !node.inputs.iter().any(|input| input.node.0 == index && !input.rejected) {
                continue;
            }
            match &node.kind {
                NodeKind::Calc(calc) => {
                    consumers.push(at);
                    calc.projections.iter().chain(&calc.filter).for_each(|e| used.add(e));
                }
                _ => prunable = false,
            }
        }
        if !prunable {
            (0..source.columns.len()).for_each(|column| used.add_whole(column));
        }
        if let Some(watermark) = &source.watermark {
            used.add(&watermark.time);
            used.add(&watermark.watermark);
        }
        let kept: Vec<usize> = used.0.keys().copied().collect();
        let new_places = places(&kept, source.columns.len());
        let mut source = source.clone();
        shrink(&mut source, &kept, &new_places, &used)?;
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

/// Which columns are looked at, and of ROWs which fields; `None`: the whole column.
#[derive(Debug, Default)]
struct Uses(BTreeMap<usize, Option<BTreeSet<usize>>>);

impl Uses {
    fn add(&mut self, expression: &Expression) {
        if let Some((column, field)) = accessed_field(expression) {
            if let Some(fields) = self.0.entry(column).or_insert_with(|| Some(BTreeSet::new())) {
                fields.insert(field);
            }
        } else if let Some(column) = expression.downcast_ref::<Column>() {
            self.add_whole(column.index());
        } else {
            expression.children().into_iter().for_each(|child| self.add(child));
        }
    }

    fn add_whole(&mut self, column: usize) {
        self.0.insert(column, None);
    }

    /// Adds what is looked at of the column that `expression` computes.
    fn add_through(&mut self, expression: &Expression, of_it: &Option<BTreeSet<usize>>) {
        match (expression.downcast_ref::<Column>(), of_it) {
            (Some(column), Some(fields)) => {
                if let Some(all) = self.0.entry(column.index()).or_insert_with(|| Some(BTreeSet::new())) {
                    all.extend(fields);
                }
            }
            _ => self.add(expression),
        }
    }
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
fn shrink(source: &mut SourceNode, kept: &[usize], new_places: &[Option<usize>], used: &Uses) -> Result<()> {
    let mut of_layout = Uses::default();
    used.0.iter().for_each(|(column, fields)| of_layout.add_through(&source.columns[*column], fields));
    source.columns = kept.iter().map(|&column| source.columns[column].clone()).collect();
    let physical = source.spec.projection.len();
    let layout = physical + source.spec.metadata.len();
    let needed: BTreeSet<usize> = source.columns.iter().flat_map(columns_of).collect();
    let needed: Vec<usize> = needed.into_iter().collect();
    let read = places(&needed, layout);
    for column in &mut source.columns {
        *column = remap(column, &read)?;
    }
    let fields = of_layout.0.into_iter().filter(|(at, _)| *at < physical);
    source.spec.fields = fields.filter_map(|(at, fields)| Some((source.spec.projection[at], fields?))).collect();
    source.spec.projection = needed.iter().filter(|&&at| at < physical).map(|&at| source.spec.projection[at]).collect();
    source.spec.metadata =
        needed.iter().filter(|&&at| at >= physical).map(|&at| source.spec.metadata[at - physical].clone()).collect();
    if let Some(watermark) = &mut source.watermark {
        watermark.time = remap(&watermark.time, new_places)?;
        watermark.watermark = remap(&watermark.watermark, new_places)?;
    }
    Ok(())
}
