//! Partitions that a table's catalog knows: those that ALTER TABLE … ADD PARTITION has named, and no others.
//!
//! They say nothing of what a connector finds or writes. Source: Flink's in-memory catalog.

use super::{Catalog, CatalogTable, Object};
use crate::parse::{Name, PartitionSpec};
use riverrun_core::{Error, Place, Result};
use std::fmt;

/// A value for each partition key, in the order they were written.
#[derive(Clone, Debug)]
pub struct Partition(Vec<(String, String)>);

impl Partition {
    fn new(spec: &PartitionSpec) -> Self {
        Partition(spec.values.iter().map(|(key, value)| (key.value.clone(), value.clone())).collect())
    }

    /// Whether it has all values of the other.
    fn has(&self, other: &Partition) -> bool {
        other.0.iter().all(|value| self.0.contains(value))
    }

    fn is(&self, other: &Partition) -> bool {
        self.has(other) && other.has(self)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        f.write_str(&values.join("/"))
    }
}

impl CatalogTable {
    pub(super) fn add_partition(&mut self, spec: &PartitionSpec, if_not_exists: bool) -> Result<()> {
        self.check_partitioned(place_of(spec))?;
        let named = |key: &String| spec.values.iter().any(|(name, _)| name.value == *key);
        if spec.values.len() != self.partition_keys.len() || !self.partition_keys.iter().all(named) {
            let keys = self.partition_keys.join(", ");
            return Err(Error::input(format!("a partition of '{}' has a value for each of {keys}", self.path.name))
                .at(place_of(spec)));
        }
        let partition = Partition::new(spec);
        match self.partitions.iter().any(|known| known.is(&partition)) {
            false => self.partitions.push(partition),
            true if if_not_exists => {}
            true => {
                return Err(Error::input(format!(
                    "the table '{}' has the partition {partition} already",
                    self.path.name
                ))
                .hint("write ADD IF NOT EXISTS PARTITION")
                .at(place_of(spec)));
            }
        }
        Ok(())
    }

    pub(super) fn drop_partition(&mut self, spec: &PartitionSpec, if_exists: bool) -> Result<()> {
        self.check_partitioned(place_of(spec))?;
        let partition = Partition::new(spec);
        match self.partitions.iter().position(|known| known.is(&partition)) {
            Some(index) => {
                self.partitions.remove(index);
            }
            None if if_exists => {}
            None => {
                return Err(Error::input(format!("the table '{}' has no partition {partition}", self.path.name))
                    .hint(format!("SHOW PARTITIONS {} lists those that were added", self.path.name))
                    .at(place_of(spec)));
            }
        }
        Ok(())
    }

    fn check_partitioned(&self, place: Option<Place>) -> Result<()> {
        match self.partition_keys.is_empty() {
            true => Err(Error::input(format!("the table '{}' is not partitioned", self.path.name)).at(place)),
            false => Ok(()),
        }
    }
}

impl Catalog {
    /// The partitions of a table that were added, of which all values of `of` are.
    pub fn partitions(&self, name: &Name, of: Option<&PartitionSpec>) -> Result<Vec<String>> {
        let table = match self.find(name)? {
            Object::Table(table) => table,
            Object::View(_) => {
                return Err(Error::input(format!("'{name}' is a view: it has no partitions")).at(name.place()));
            }
        };
        table.check_partitioned(Some(name.place()))?;
        let of = of.map(Partition::new);
        let shown = table.partitions.iter().filter(|partition| of.as_ref().is_none_or(|of| partition.has(of)));
        Ok(shown.map(Partition::to_string).collect())
    }
}

fn place_of(spec: &PartitionSpec) -> Option<Place> {
    spec.values.first().map(|(key, _)| key.place)
}
