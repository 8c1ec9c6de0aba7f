//! FROM_CHANGELOG and TO_CHANGELOG: changes as rows with codes, and back.

use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::planner::Planner;
use crate::bind::relation::{ChangeCodes, Relation};
use riverrun_core::{Result, RowKind, Schema};
use riverrun_operators::changelog_codes::{ChangelogCodesSpec, Codes};

#[cfg(test)]
mod tests;

impl Planner<'_> {
    /// The node of a conversion.
    pub(super) fn change_codes(&mut self, input: Relation, codes: ChangeCodes, schema: Schema) -> Result<NodeId> {
        let node = self.relation(input)?;
        let below = self.builder.properties(node).clone();
        let mut properties = Properties::append(schema.clone(), below.bounded);
        let codes = match codes {
            ChangeCodes::From { op, kinds } => {
                self.append_only(node, "FROM_CHANGELOG")?;
                if kinds.iter().any(|(_, kind)| matches!(kind, RowKind::UpdateBefore | RowKind::Delete)) {
                    properties.changelog = ChangelogKind::Retract;
                }
                Codes::From { op, kinds }
            }
            ChangeCodes::To { codes } => Codes::To { keys: below.keys.unwrap_or_default(), codes },
        };
        let spec = ChangelogCodesSpec { codes, schema };
        Ok(self.builder.add(NodeKind::ChangelogCodes(spec), vec![node.into()], properties))
    }
}
