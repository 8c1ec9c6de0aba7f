//! The memory that a process's keyed state may take up (`state.memory`), and who takes how much of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One budget for all operators and workers of a process.
#[derive(Debug)]
pub struct MemoryBudget {
    limit: usize,
    used: AtomicUsize,
    /// Of that, what can't be given up.
    fixed: AtomicUsize,
}

impl MemoryBudget {
    /// So many bytes.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(MemoryBudget { limit: limit.max(1), used: AtomicUsize::new(0), fixed: AtomicUsize::new(0) })
    }

    /// The bytes that may be taken up.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Of the bytes that are taken up, those that can't be given up.
    pub fn fixed(&self) -> usize {
        self.fixed.load(Ordering::Relaxed)
    }

    /// The bytes that are taken up, about.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

/// What one operator takes up on one worker.
#[derive(Debug)]
pub struct Share {
    budget: Arc<MemoryBudget>,
    used: usize,
    fixed: bool,
}

impl Share {
    /// Nothing yet.
    pub fn new(budget: Arc<MemoryBudget>) -> Self {
        Share { budget, used: 0, fixed: false }
    }

    /// The same for what can't be given up.
    pub fn fixed(budget: Arc<MemoryBudget>) -> Self {
        Share { budget, used: 0, fixed: true }
    }

    /// Says how much it is now, and learns how much it may be: when all together take up too much, each gives up the same part of
    /// what it has.
    pub fn update(&mut self, used: usize) -> usize {
        let change = |count: &AtomicUsize| {
            count.fetch_add(used, Ordering::Relaxed);
            count.fetch_sub(self.used, Ordering::Relaxed).saturating_sub(self.used)
        };
        let total = change(&self.budget.used);
        let fixed = if self.fixed { change(&self.budget.fixed) } else { self.budget.fixed.load(Ordering::Relaxed) };
        self.used = used;
        if self.fixed || total <= self.budget.limit {
            return usize::MAX;
        }
        let (limit, total) = (self.budget.limit.saturating_sub(fixed), total.saturating_sub(fixed).max(1));
        (used as u128 * limit as u128 / total as u128) as usize
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.used, Ordering::Relaxed);
        if self.fixed {
            self.budget.fixed.fetch_sub(self.used, Ordering::Relaxed);
        }
    }
}
