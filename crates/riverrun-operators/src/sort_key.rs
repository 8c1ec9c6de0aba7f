//! A column to sort by.

use crate::expression::Expression;
use riverrun_state::KeyOrder;

/// One item of ORDER BY.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// The value to compare.
    pub expression: Expression,
    /// Largest first.
    pub descending: bool,
    /// Whether NULLs come first. Flink's default: in ascending order they do, in descending order they come last.
    pub nulls_first: bool,
}

impl SortKey {
    /// How its values are encoded, so that their bytes sort so.
    pub fn key_order(&self) -> KeyOrder {
        KeyOrder { descending: self.descending, nulls_last: !self.nulls_first }
    }
}
