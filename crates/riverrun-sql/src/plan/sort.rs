//! ORDER BY, OFFSET and LIMIT around a query.

use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::planner::Planner;
use crate::bind::relation::{OrderKey, Relation};
use crate::expr::Expr;
use crate::physical::lower_over;
use riverrun_core::{Result, Schema, TimestampKind};
use riverrun_operators::limit::LimitSpec;
use riverrun_operators::sort::SortSpec;
use riverrun_operators::time_sort::TimeSortSpec;

#[cfg(test)]
mod tests;

impl Planner<'_> {
    /// Rows in an order, or so many of them. By an event time they come as the watermark passes them, by other columns at the end of input.
    pub(super) fn sort(
        &mut self,
        input: Relation,
        order: &[OrderKey],
        (offset, limit): (u64, Option<u64>),
        schema: Schema,
    ) -> Result<NodeId> {
        let node = self.relation(input)?;
        let below = self.builder.properties(node).clone();
        let append = below.changelog == ChangelogKind::Append;
        if let Some(limit) = limit
            && (if order.is_empty() { !append } else { !below.bounded })
        {
            return self.limited(node, order.to_vec(), offset, limit, schema);
        }
        if order.is_empty() {
            self.append_only(node, "OFFSET without LIMIT")?;
            let limit = NodeKind::Limit(LimitSpec { offset, fetch: limit });
            return Ok(self.builder.add(limit, vec![node.into()], below));
        }
        if append
            && offset == 0
            && limit.is_none()
            && let Some(node) = self.sort_by_time(node, order)?
        {
            return Ok(node);
        }
        let order = self.sort_keys(order, &below.schema)?;
        let batch_size = self.config.batch_size();
        let spec = SortSpec { order, offset, fetch: limit, schema: schema.clone(), batch_size };
        // What comes at the end comes once.
        let properties = Properties { changelog: ChangelogKind::Append, schema, ..below };
        Ok(self.builder.add(NodeKind::Sort(spec), vec![node.into()], properties))
    }

    /// Rows in an order that begins with their time; `None` if it doesn't.
    fn sort_by_time(&mut self, input: NodeId, order: &[OrderKey]) -> Result<Option<NodeId>> {
        let Some((first, rest)) = order.split_first() else { return Ok(None) };
        let Expr::Column { data_type, .. } = &first.expr else { return Ok(None) };
        let properties = self.builder.properties(input).clone();
        let processing = match data_type.kind.timestamp_kind() {
            _ if first.descending => return Ok(None),
            TimestampKind::Rowtime => false,
            // They come in that order.
            TimestampKind::Proctime if rest.is_empty() => return Ok(Some(input)),
            TimestampKind::Proctime if !properties.bounded => true,
            _ => return Ok(None),
        };
        let schema = properties.schema.clone();
        let spec = TimeSortSpec {
            time: lower_over(&first.expr, &schema)?,
            processing,
            order: self.sort_keys(rest, &schema)?,
            schema,
            batch_size: self.config.batch_size(),
        };
        Ok(Some(self.builder.add(NodeKind::TimeSort(spec), vec![input.into()], properties)))
    }
}
