//! OVER: aggregates over the rows before each row.

use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::planner::Planner;
use crate::bind::relation::{Frame, OrderKey, OverCall, Relation};
use crate::expr::Expr;
use crate::physical::lower_over;
use riverrun_core::{Error, Place, Result, Schema, TimestampKind};
use riverrun_operators::over::{FrameStart, OverCallSpec, OverOrder, OverSpec};

#[cfg(test)]
mod tests;

/// An OVER clause with its calls.
pub(super) struct Over {
    pub partition: Vec<Expr>,
    pub order: Vec<OrderKey>,
    pub frame: Frame,
    pub calls: Vec<OverCall>,
    /// Where it stands.
    pub place: Option<Place>,
}

impl Planner<'_> {
    /// The input's columns, then the results of the calls.
    pub(super) fn over(&mut self, input: Relation, over: Over, schema: Schema) -> Result<NodeId> {
        let Over { partition, order, frame, calls, place } = over;
        let below = input.schema.clone();
        let input = self.relation(input)?;
        let properties = self.builder.properties(input).clone();
        let order = self.over_order(&order, &below).map_err(|error| error.at(place))?;
        let by_column = matches!(order, OverOrder::Column(_));
        if by_column && frame.start != FrameStart::Unbounded {
            return Err(Error::input("a bounded frame needs rows that are ordered by time")
                .hint("ORDER BY a time attribute, or let the frame begin with UNBOUNDED PRECEDING")
                .at(place));
        }
        if !by_column && properties.changelog != ChangelogKind::Append {
            return Err(Error::input("OVER (… ORDER BY a time attribute) over rows that are updated or deleted")
                .detail("a result over earlier rows can't be taken back once the watermark has passed them")
                .hint("aggregate the rows before they are updated, or use GROUP BY")
                .at(place));
        }
        // What leaves a bounded frame is taken back.
        let retracting = frame.start != FrameStart::Unbounded;
        let calls = calls
            .iter()
            .map(|call| {
                Ok(match call {
                    OverCall::Aggregate(call) => {
                        let call = self.calls(std::slice::from_ref(call), &below, retracting)?.pop();
                        OverCallSpec::Aggregate(call.ok_or_else(|| Error::bug("a call that was lost"))?)
                    }
                    OverCall::Rank { ranking, .. } => OverCallSpec::Rank(*ranking),
                    OverCall::Lag { value, rows, default, .. } => OverCallSpec::Lag {
                        value: lower_over(value, &below)?,
                        rows: *rows,
                        default: default.as_ref().map(|default| lower_over(default, &below)).transpose()?,
                    },
                })
            })
            .collect::<Result<_>>()?;
        let changelog = if by_column { ChangelogKind::Retract } else { ChangelogKind::Append };
        let spec = OverSpec {
            keys: self.lower_all(&partition, &below)?,
            order,
            unit: frame.unit,
            start: frame.start,
            calls,
            schema: schema.clone(),
            batch_size: self.config.batch_size(),
        };
        let properties =
            Properties { changelog, keys: properties.keys, ..Properties::append(schema, properties.bounded) };
        Ok(self.builder.add(NodeKind::Over(Box::new(spec)), vec![input.into()], properties))
    }

    fn over_order(&self, order: &[OrderKey], below: &Schema) -> Result<OverOrder> {
        let [key] = order else {
            return Err(Error::input("OVER (…) is ordered by one column")
                .detail(format!("ORDER BY names {}", order.len()))
                .hint("ORDER BY a time attribute"));
        };
        if key.descending {
            return Err(
                Error::input("OVER (…) can only be ordered ascending").detail("the rows after a row are still to come")
            );
        }
        Ok(match (&key.expr, key.expr.data_type().kind.timestamp_kind()) {
            (Expr::Column { .. }, TimestampKind::Rowtime) => OverOrder::EventTime(lower_over(&key.expr, below)?),
            (_, TimestampKind::Proctime) => OverOrder::Arrival,
            _ => {
                let mut keys = self.sort_keys(std::slice::from_ref(key), below)?;
                OverOrder::Column(keys.pop().ok_or_else(|| Error::bug("an order without a key"))?)
            }
        })
    }
}
