//! A gate for each table of a job, so that rows can be let in stage by stage.

use riverrun_connectors::gate::Gate;
use riverrun_sql::plan::StreamPlan;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A gate for each table, opened row by row.
#[derive(Debug)]
pub struct Gates(BTreeMap<String, Arc<Gate>>);

impl Gates {
    /// Puts a closed gate behind every source of the plan.
    pub fn install(plan: &mut StreamPlan) -> Gates {
        let mut gates: BTreeMap<String, Arc<Gate>> = BTreeMap::new();
        plan.wrap_sources(|spec, inner| gates.entry(spec.table.clone()).or_insert_with(Gate::closed).behind(inner));
        Gates(gates)
    }

    /// Lets this many rows of each table through, in all.
    pub fn open_to(&self, rows: &BTreeMap<String, u64>) {
        for (table, gate) in &self.0 {
            gate.open_to(rows.get(table).copied().unwrap_or(0));
        }
    }

    /// Lets all rows through.
    pub fn open(&self) {
        self.0.values().for_each(|gate| gate.open_to(u64::MAX));
    }

    /// Whether as many rows have been read as are let through.
    pub fn are_closed(&self) -> bool {
        self.0.values().all(|gate| gate.is_closed())
    }
}
