//! Schemas: named columns of Flink's types, and their form in Arrow.

use crate::types::DataType;
use arrow::datatypes as arrow_types;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A named column, or a field of a ROW.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// The name, as written.
    pub name: String,
    /// The type with its nullability.
    pub data_type: DataType,
}

impl Field {
    /// A column of this name and type.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Field { name: name.into(), data_type }
    }

    /// The Arrow field that holds it.
    pub fn to_arrow(&self) -> arrow_types::Field {
        arrow_types::Field::new(&self.name, self.data_type.to_arrow(), self.data_type.nullable)
    }
}

/// The columns of a table or a stream, in order. Names need not be unique within a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Schema {
    /// The columns.
    pub fields: Vec<Field>,
}

impl Schema {
    /// A schema of these columns.
    pub fn new(fields: Vec<Field>) -> Self {
        Schema { fields }
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The position of the column with this exact name.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The columns at these positions.
    pub fn project(&self, indices: &[usize]) -> Schema {
        Schema::new(indices.iter().map(|&index| self.fields[index].clone()).collect())
    }

    /// The Arrow schema that holds these columns.
    ///
    /// Arrow's columns are all nullable: NOT NULL is a promise of the type system and is enforced
    /// at sinks, not in every batch.
    pub fn to_arrow(&self) -> Arc<arrow_types::Schema> {
        let fields: Vec<_> = self.fields.iter().map(|field| field.to_arrow().with_nullable(true)).collect();
        Arc::new(arrow_types::Schema::new(fields))
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, field) in self.fields.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{} {}", field.name, field.data_type)?;
        }
        Ok(())
    }
}
