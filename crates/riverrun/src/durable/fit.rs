//! Whether a plan can go on from a checkpoint: per operator what becomes of its state.

mod words;

use riverrun_core::{Error, Result};
use riverrun_sql::plan::StreamPlan;
use riverrun_state::checkpoint::Manifest;
use std::collections::BTreeSet;
use words::in_words;

/// What becomes of an operator's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken over.
    Kept,
    /// There is none: it begins empty.
    New,
    /// No operator of the plan takes it over.
    Dropped,
    /// The plan's operator would read it wrongly: what it is the state of, before and now, in words.
    Incompatible {
        /// In the checkpoint.
        before: String,
        /// In the plan.
        now: String,
    },
}

/// An operator and what becomes of its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorFit {
    /// The operator's id.
    pub id: String,
    /// What becomes of its state.
    pub verdict: Verdict,
    /// How many bytes of state the checkpoint has of it.
    pub bytes: u64,
}

/// A plan beside a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// All stateful operators of either.
    pub operators: Vec<OperatorFit>,
}

/// The first word of a signature.
fn kind_of(signature: &str) -> &str {
    signature.split('(').next().unwrap_or_default()
}

impl Fit {
    /// Compares a plan with a checkpoint.
    pub fn of(plan: &StreamPlan, manifest: &Manifest) -> Fit {
        let signatures = plan.signatures();
        let nodes: BTreeSet<&str> = plan.nodes.iter().map(|node| node.id.as_str()).collect();
        let mut operators = Vec::new();
        for (id, now) in &signatures {
            let found = manifest.operators.get(id);
            let verdict = match found.map(|operator| (operator.has_state(), operator.signature.as_deref())) {
                None => Verdict::New,
                // Of sinks once the kind was all that was said.
                Some((true, Some(before))) if before != now.as_str() && before != kind_of(now) => {
                    let (before, now) = in_words(before, now);
                    Verdict::Incompatible { before, now }
                }
                Some(_) => Verdict::Kept,
            };
            let bytes = found.map_or(0, |operator| operator.bytes());
            operators.push(OperatorFit { id: id.clone(), verdict, bytes });
        }
        for (id, operator) in &manifest.operators {
            if operator.has_state() && !nodes.contains(id.as_str()) {
                operators.push(OperatorFit { id: id.clone(), verdict: Verdict::Dropped, bytes: operator.bytes() });
            }
        }
        Fit { operators }
    }

    /// Refuses a start that would lose or misread state.
    pub(crate) fn check(&self, allow_unclaimed: bool, place: &str) -> Result<()> {
        for operator in &self.operators {
            if let Verdict::Incompatible { before, now } = &operator.verdict {
                let hint = match kind_of(before) {
                    "Sink" => {
                        "a table of another name begins anew, and --allow-non-restored-state drops what this one has left to be written"
                    }
                    _ => "`riverrun explain FILE --upgrade PATH` tells what fits before anything is stopped",
                };
                return Err(Error::input(format!("the state of {} in {place} does not fit the plan", operator.id))
                    .detail(format!("it is the state of {before}; the plan has {now}"))
                    .hint(hint));
            }
        }
        let dropped: Vec<&str> = self
            .operators
            .iter()
            .filter(|operator| operator.verdict == Verdict::Dropped)
            .map(|operator| operator.id.as_str())
            .collect();
        if !dropped.is_empty() && !allow_unclaimed {
            return Err(Error::input(format!("{place} holds state that no operator of the plan takes over"))
                .detail(dropped.join(", "))
                .hint("--allow-non-restored-state drops it"));
        }
        Ok(())
    }
}
