//! MATCH_RECOGNIZE as an operator.

use super::node::{NodeId, NodeKind, Properties};
use super::planner::Planner;
use crate::bind::match_recognize::{BoundComputed, BoundCondition, BoundOperand, MatchRelation};
use crate::physical::lower_over;
use riverrun_core::{Error, Field, Result, Schema};
use riverrun_operators::match_recognize::{Computed, Condition, MatchRecognizeSpec, Operand};

#[cfg(test)]
mod tests;

impl Planner<'_> {
    /// The operator that finds a pattern.
    pub(super) fn match_recognize(&mut self, matched: MatchRelation, schema: Schema) -> Result<NodeId> {
        let below = matched.input.schema.clone();
        let input = self.relation(matched.input)?;
        if self.append_only(input, "MATCH_RECOGNIZE").is_err() {
            return Err(Error::input("MATCH_RECOGNIZE reads rows that are updated or deleted")
                .detail("a match that was found could have to be taken back")
                .hint("find the pattern before the rows are aggregated or joined, or aggregate them in windows"));
        }
        let lower = |expr: &crate::expr::Expr| lower_over(expr, &below);
        let operands = matched.operands.iter().map(|(operand, _)| match operand {
            BoundOperand::Input(expr) => lower(expr).map(Operand::Input),
            BoundOperand::Before { operand, rows } => Ok(Operand::Before { operand: *operand, rows: *rows }),
        });
        let conditions = matched.conditions.iter().map(|condition| match condition {
            BoundCondition::Always => Ok(Condition::Always),
            BoundCondition::Operand(operand) => Ok(Condition::Operand(*operand)),
            BoundCondition::Computed(computed) => lowered(computed).map(Condition::Computed),
        });
        let spec = MatchRecognizeSpec {
            keys: self.lower_all(&matched.keys, &below)?,
            time: matched.time.data_type().kind.is_rowtime().then(|| lower(&matched.time)).transpose()?,
            order: self.sort_keys(&matched.order, &below)?,
            operands: operands.collect::<Result<_>>()?,
            operand_types: matched.operands.iter().map(|(_, data_type)| data_type.to_arrow()).collect(),
            variables: matched.variables,
            conditions: conditions.collect::<Result<_>>()?,
            pattern: matched.pattern,
            skip: matched.skip,
            within: matched.within,
            all_rows: matched.all_rows,
            measures: lowered(&matched.measures)?,
            schema: schema.clone(),
            batch_size: self.config.batch_size(),
        };
        let properties = Properties::append(schema, self.builder.properties(input).bounded);
        Ok(self.builder.add(NodeKind::MatchRecognize(Box::new(spec)), vec![input.into()], properties))
    }
}

/// Expressions over values of a match.
fn lowered(computed: &BoundComputed) -> Result<Computed> {
    let fields = computed.values.iter().enumerate();
    let schema =
        Schema::new(fields.map(|(at, (_, data_type))| Field::new(format!("${at}"), data_type.clone())).collect());
    Ok(Computed {
        values: computed.values.iter().map(|(value, _)| value.clone()).collect(),
        expressions: computed.exprs.iter().map(|expr| lower_over(expr, &schema)).collect::<Result<_>>()?,
        schema: schema.to_arrow(),
    })
}
