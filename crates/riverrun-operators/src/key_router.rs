//! Rows to the worker that owns their key's group.

use crate::expression::{Expression, evaluate_all};
use riverrun_core::{KeyGroup, Result, RowBatch};
use riverrun_runtime::Router;
use riverrun_state::{KeyEncoder, hash_key};

#[cfg(test)]
mod tests;

/// Which key decides where a row goes. Without keys all rows have the same (empty) key, and go to one worker.
#[derive(Clone, Debug)]
pub struct KeyRouterSpec {
    /// The key's columns, computed from the row.
    pub keys: Vec<Expression>,
    /// How many key groups the job has.
    pub key_groups: u16,
}

/// Routes by key group. Keyed operators encode and hash the same key, so that they find what they own.
#[derive(Debug)]
pub struct KeyRouter {
    spec: KeyRouterSpec,
    encoder: KeyEncoder,
}

impl KeyRouter {
    /// The router on one worker.
    pub fn new(spec: KeyRouterSpec) -> Self {
        KeyRouter { spec, encoder: KeyEncoder::default() }
    }
}

impl Router<RowBatch> for KeyRouter {
    fn route(&mut self, batch: &RowBatch, parallelism: usize, targets: &mut Vec<u32>) -> Result<()> {
        let groups = self.spec.key_groups;
        let worker = |hash: u64| KeyGroup::of_hash(hash, groups).worker(groups, parallelism) as u32;
        if self.spec.keys.is_empty() || parallelism == 1 {
            let target = if parallelism == 1 { 0 } else { worker(hash_key(&[])) };
            targets.extend(std::iter::repeat_n(target, batch.num_rows()));
            return Ok(());
        }
        let columns = evaluate_all(&self.spec.keys, &batch.columns)?;
        let keys = self.encoder.encode(&columns, batch.num_rows())?;
        targets.extend((0..keys.len()).map(|row| worker(hash_key(keys.row(row)))));
        Ok(())
    }
}
