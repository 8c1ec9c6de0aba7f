//! `sink.late-rows`: rows that come too late for a window, an OVER or an ORDER BY go to a table.
//!
//! Each operator that drops late rows gives them out beside its results, with the columns of its input; the table takes of them
//! what its columns name.

use super::node::{Input, Node, NodeId, NodeKind};
use super::planner::Planner;
use super::sink::{self, writable};
use crate::bind::literal::constant;
use crate::bind::scope::column;
use crate::bind::table::BoundTable;
use crate::bind::{CatalogTables, ExprBinder, Scope, literal};
use crate::expr::Expr;
use crate::parse::{Name, NamePart};
use crate::session::LATE_ROWS;
use datafusion_common::ScalarValue;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Field, Place, Result, Schema, TypeKind};
use riverrun_operators::late::late_schema;
use riverrun_operators::over::OverOrder;
use riverrun_operators::window::spec::{WindowKind, Windowing};

#[cfg(test)]
mod tests;

/// The column that holds the name of the operator for which the row came too late.
const OPERATOR_COLUMN: &str = "late_operator";

/// The columns of a node's late rows; `None` if it drops none.
pub(super) fn late_rows(planner: &Planner<'_>, node: &Node) -> Option<Schema> {
    let windowing = match &node.kind {
        NodeKind::WindowAggregate(spec) => &spec.windowing,
        NodeKind::WindowAssign(spec)
            if matches!(spec.windowing, Windowing::Time { kind: WindowKind::Session { .. }, .. }) =>
        {
            &spec.windowing
        }
        NodeKind::WindowTopN(spec) => &spec.windowing,
        NodeKind::WindowDeduplicate(spec) => &spec.windowing,
        NodeKind::Over(spec) if matches!(spec.order, OverOrder::EventTime(_)) => return by_event_time(planner, node),
        NodeKind::TimeSort(spec) if !spec.processing => return by_event_time(planner, node),
        _ => return None,
    };
    let input = &planner.builder.properties(node.inputs.first()?.node).schema;
    (!windowing.is_processing()).then(|| late_schema(input, windowing.zone().is_some()))
}

/// The columns of the late rows of a node that takes rows in the order of their event time.
fn by_event_time(planner: &Planner<'_>, node: &Node) -> Option<Schema> {
    let input = &planner.builder.properties(node.inputs.first()?.node).schema;
    let is_local = |field: &Field| {
        field.data_type.kind.is_rowtime() && matches!(field.data_type.kind, TypeKind::TimestampLtz { .. })
    };
    Some(late_schema(input, input.fields.iter().any(is_local)))
}

impl Planner<'_> {
    /// Whether late rows go to a table.
    pub(super) fn keeps_late_rows(&self) -> bool {
        self.config.late_rows().is_some()
    }

    /// Sends the late rows of every operator that drops some to the table of `sink.late-rows`, by the names of its columns.
    pub(super) fn plan_late_rows(&mut self) -> Result<()> {
        let Some(table) = self.config.late_rows().map(str::to_owned) else { return Ok(()) };
        let place = self.config.options().given(LATE_ROWS.name).and_then(|value| value.value_place);
        let place = place.unwrap_or(Place::new(1, 1, 1));
        let parts = table.split('.').map(|part| NamePart { value: part.to_owned(), place }).collect();
        let target = CatalogTables::new(self.catalog, &self.context)
            .target(&Name { parts }, &[])
            .map_err(|error| error.context(format!("'{}'", LATE_ROWS.name)))?;
        let nodes: Vec<(NodeId, Schema)> = (0..self.builder.len())
            .map(NodeId)
            .filter_map(|id| Some((id, late_rows(self, self.builder.node(id))?)))
            .collect();
        check_columns(&table, &target, &nodes, place)?;
        for (node, schema) in nodes {
            let columns = writable(&target);
            let scope = Scope::of(Vec::new(), schema.clone());
            let binder = ExprBinder::new(&scope, &self.context);
            let operator = self.builder.node(node).kind.name();
            let value = |field: &Field| -> Result<Expr> {
                if field.name == OPERATOR_COLUMN {
                    let name = ScalarValue::Utf8(Some(operator.to_owned()));
                    return binder.cast(constant(name, TypeKind::STRING.not_null()), &field.data_type);
                }
                match schema.index_of(&field.name) {
                    Some(position) => {
                        binder.cast(column(position, &schema.fields[position].data_type), &field.data_type)
                    }
                    None if field.data_type.nullable => literal::null(&field.data_type),
                    None => Err(Error::input(format!(
                        "column '{}' of '{table}' is NOT NULL, but the late rows of a {operator} have no such column",
                        field.name
                    ))
                    .detail(format!("they have: {schema}"))
                    .at(place)),
                }
            };
            let exprs = columns.iter().map(|&index| value(&target.schema.fields[index])).collect::<Result<Vec<_>>>()?;
            let input = Input { node, rejected: true };
            // Numbered from the end, behind those of broken records.
            let statement = usize::MAX / 2 - node.0;
            sink::write(self, &target, columns, input, &exprs, false, statement, place)?;
        }
        Ok(())
    }
}

/// Each column of the table must be one of some late row.
fn check_columns(table: &str, target: &BoundTable, nodes: &[(NodeId, Schema)], place: Place) -> Result<()> {
    if nodes.is_empty() {
        return Ok(());
    }
    let known: Vec<&str> = nodes
        .iter()
        .flat_map(|(_, schema)| schema.fields.iter().map(|field| field.name.as_str()))
        .chain([OPERATOR_COLUMN])
        .collect();
    for index in writable(target) {
        let name = &target.schema.fields[index].name;
        if !known.contains(&name.as_str()) {
            return Err(Error::input(format!(
                "the table of late rows '{table}' has a column '{name}', but no late row has"
            ))
            .detail(format!("late rows have: {}", nodes[0].1))
            .hint_opt(did_you_mean(name, known.iter().copied()))
            .at(place));
        }
    }
    Ok(())
}
