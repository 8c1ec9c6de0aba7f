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
        let updated = properties.changelog != ChangelogKind::Append;
        let by_timestamp = order.first().is_some_and(|key| key.expr.data_type().kind.is_timestamp());
        let order = self.over_order(&order, &below, updated).map_err(|error| error.at(place))?;
        let by_column = matches!(order, OverOrder::Column(_));
        if by_column && matches!(frame.start, FrameStart::Span(_)) && !by_timestamp {
            return Err(Error::input("RANGE over an interval needs rows that are ordered by a timestamp")
                .hint("ORDER BY a timestamp, or count rows: ROWS BETWEEN 10 PRECEDING AND CURRENT ROW")
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
            ttl: self.config.state_ttl(),
            batch_size: self.config.batch_size(),
        };
        let properties =
            Properties { changelog, keys: properties.keys, ..Properties::append(schema, properties.bounded) };
        Ok(self.builder.add(NodeKind::Over(Box::new(spec)), vec![input.into()], properties))
    }

    /// By which operator the rows are ordered. Those that may be taken back are kept, whatever their order.
    fn over_order(&self, order: &[OrderKey], below: &Schema, updated: bool) -> Result<OverOrder> {
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
            (_, TimestampKind::Proctime) if updated => {
                return Err(Error::input("OVER (… ORDER BY a processing time) over rows that are updated or deleted")
                    .detail("a row that is taken back has no moment at which it came")
                    .hint("ORDER BY a column of the rows: their results are updated as rows come and go"));
            }
            (Expr::Column { .. }, TimestampKind::Rowtime) if !updated => {
                OverOrder::EventTime(lower_over(&key.expr, below)?)
            }
            (_, TimestampKind::Proctime) => OverOrder::Arrival,
            _ => {
                let mut keys = self.sort_keys(std::slice::from_ref(key), below)?;
                OverOrder::Column(keys.pop().ok_or_else(|| Error::bug("an order without a key"))?)
            }
        })
    }
}
