//! The kinds of the rows of a changelog, which has weights alone inside.

use crate::{DataType, Result, RowBatch, RowFormatter, RowKind, Schema};
use std::collections::HashMap;

/// Tells updates from deletions and insertions, as Flink shows them: a row that is taken back and one that is added under the same
/// key in the same batch are an update.
#[derive(Clone, Debug)]
pub struct RowKinds {
    /// The columns of the key, and what writes them.
    keys: Option<(Vec<usize>, RowFormatter)>,
}

impl RowKinds {
    /// `keys`: the columns whose values name a row; `None` if no such columns are known, so that nothing is an update.
    pub fn new(schema: &Schema, keys: Option<&[usize]>) -> Self {
        let types =
            |keys: &[usize]| keys.iter().map(|&key| schema.fields[key].data_type.clone()).collect::<Vec<DataType>>();
        RowKinds { keys: keys.map(|keys| (keys.to_vec(), RowFormatter::new(types(keys)))) }
    }

    /// The kind of each row. All weights must be +1 or −1 ([`RowBatch::one_by_one`]).
    pub fn of(&self, batch: &RowBatch) -> Result<Vec<RowKind>> {
        let kind = |row: usize| if batch.weight(row) < 0 { RowKind::Delete } else { RowKind::Insert };
        let mut kinds: Vec<RowKind> = (0..batch.num_rows()).map(kind).collect();
        let (Some((keys, formatter)), Some(_)) = (&self.keys, &batch.weights) else { return Ok(kinds) };
        let columns = batch.columns.project(keys)?;
        let rows = formatter.rows(&columns)?;
        // By key, the rows that are taken back and have no successor yet.
        let mut taken: HashMap<String, Vec<usize>> = HashMap::new();
        for row in 0..batch.num_rows() {
            let mut key = String::new();
            rows.write(row, RowKind::Insert, &mut key);
            match kinds[row] {
                RowKind::Delete => taken.entry(key).or_default().push(row),
                _ => {
                    if let Some(before) = taken.get_mut(&key).and_then(Vec::pop) {
                        kinds[before] = RowKind::UpdateBefore;
                        kinds[row] = RowKind::UpdateAfter;
                    }
                }
            }
        }
        Ok(kinds)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::{Field, TypeKind};
    use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
    use std::sync::Arc;

    fn kinds(keys: Option<&[usize]>, rows: &[(i64, Option<&str>, i32)]) -> Vec<&'static str> {
        let fields = [("k", TypeKind::STRING), ("n", TypeKind::Int)];
        let schema = Schema::new(fields.map(|(name, kind)| Field::new(name, kind.nullable())).to_vec());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(rows.iter().map(|(_, key, _)| *key).collect::<StringArray>()),
            Arc::new(rows.iter().map(|(_, _, n)| *n).collect::<Int32Array>()),
        ];
        let batch = RowBatch {
            columns: RecordBatch::try_new(schema.to_arrow(), columns).unwrap(),
            weights: Some(rows.iter().map(|(weight, _, _)| *weight).collect()),
        };
        RowKinds::new(&schema, keys).of(&batch).unwrap().into_iter().map(RowKind::short).collect()
    }

    #[test]
    fn a_row_taken_back_and_the_next_of_its_key_are_an_update() {
        let rows =
            [(-1, Some("a"), 1), (-1, Some("b"), 1), (1, Some("c"), 1), (1, Some("a"), 2), (-1, None, 1), (1, None, 2)];
        assert_eq!(kinds(Some(&[0]), &rows), ["-U", "-D", "+I", "+U", "-U", "+U"]);
        assert_eq!(kinds(None, &rows), ["-D", "-D", "+I", "+I", "-D", "+I"]);
    }

    #[test]
    fn a_result_of_one_row_has_a_key_without_columns() {
        assert_eq!(kinds(Some(&[]), &[(1, Some("a"), 1), (-1, Some("a"), 1), (1, Some("b"), 2)]), ["+I", "-U", "+U"]);
    }
}
