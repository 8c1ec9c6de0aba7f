//! CURRENT_WATERMARK: an operator puts the watermark beside the rows, where expressions read it as a column.

use super::node::{NodeId, NodeKind, Properties};
use super::planner::Planner;
use crate::expr::Expr;
use crate::functions::temporal::current::CURRENT_WATERMARK;
use riverrun_core::{DataType, Field};
use riverrun_operators::current_watermark::CurrentWatermarkSpec;
use std::convert::Infallible;

/// The type of a watermark that one of the expressions asks for.
pub(super) fn wanted<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> Option<DataType> {
    exprs.into_iter().find_map(|expr| match expr {
        Expr::Call { name, data_type, .. } if name == CURRENT_WATERMARK => Some(data_type.clone()),
        _ => wanted(expr.children()),
    })
}

impl Planner<'_> {
    /// The node's rows with the watermark before each behind their columns.
    pub(super) fn with_watermark(&mut self, input: NodeId, data_type: &DataType) -> NodeId {
        let below = self.builder.properties(input).clone();
        let mut schema = below.schema.clone();
        schema.fields.push(Field::new("current_watermark", data_type.clone()));
        let spec = CurrentWatermarkSpec { data_type: data_type.clone(), schema: schema.clone() };
        let properties = Properties { schema, ..below };
        self.builder.add(NodeKind::CurrentWatermark(spec), vec![input.into()], properties)
    }
}

/// The expression with the column at `index` where it asks for a watermark of this type.
pub(super) fn read(expr: &Expr, data_type: &DataType, index: usize) -> Expr {
    match expr {
        Expr::Call { name, data_type: own, .. } if name == CURRENT_WATERMARK && own == data_type => {
            Expr::Column { index, data_type: data_type.clone() }
        }
        _ => {
            let Ok(read) = expr.map_children::<Infallible>(&mut |child| Ok(read(child, data_type, index)));
            read
        }
    }
}
