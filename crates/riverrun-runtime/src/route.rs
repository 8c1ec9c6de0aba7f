//! How rows find their worker on the way from one operator to the next.

use riverrun_core::Result;

/// Says which worker each row of a batch goes to.
pub trait Router<B>: 'static {
    /// Appends one worker number, below `parallelism`, per row of `batch`.
    fn route(&mut self, batch: &B, parallelism: usize, targets: &mut Vec<u32>) -> Result<()>;
}

/// The way of a stream into an operator's input.
pub enum Route<B> {
    /// Stays on its worker.
    Local,
    /// To the worker that owns the row's key group, or wherever the router says.
    By(Box<dyn Router<B>>),
    /// All rows to worker 0.
    Single,
    /// Every row to every worker.
    Broadcast,
    /// Whole batches in turn to all workers.
    Rebalance,
}
