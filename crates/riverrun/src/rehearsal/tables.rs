//! Scratch places for the tables of a pipeline, and how a run is led to them.

use super::survey::WrittenTable;
use riverrun_connectors::registry;
use riverrun_connectors::scratch::{Overrides, Remove, ScratchSpec};
use riverrun_core::Result;
use riverrun_sql::bind::table::short_name;
use riverrun_sql::catalog::{Catalog, Object};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Options over those of tables, by the tables' names; those without a value are taken away.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TableOverrides(BTreeMap<String, Overrides>);

impl TableOverrides {
    /// Puts them over the options of the tables that are there. To be called before anything is planned, whenever there may
    /// be new tables.
    pub fn apply(&self, catalog: &mut Catalog) -> Result<()> {
        let mut changed = Vec::new();
        for name in catalog.catalog_names() {
            for database in catalog.database_names(name)? {
                for object in catalog.objects(name, database) {
                    let Object::Table(table) = object else { continue };
                    let Some(overrides) = self.0.get(&short_name(&table.path.parts().map(str::to_owned))) else {
                        continue;
                    };
                    let mut table = (**table).clone();
                    for (key, value) in overrides {
                        match value {
                            Some(value) => table.options.set(key.as_str(), value.as_str()),
                            None => drop(table.options.remove(key)),
                        }
                    }
                    changed.push(table);
                }
            }
        }
        changed.into_iter().for_each(|table| catalog.put(Object::Table(Arc::new(table))));
        Ok(())
    }
}

/// Where a run writes a table.
#[derive(Clone, Debug)]
pub struct Place {
    /// What makes the table write there.
    pub write: Overrides,
    /// What makes it read, beside that.
    pub read: Overrides,
}

/// The scratch places of one run.
#[derive(Default)]
pub struct ScratchPlaces {
    /// By table; `None` where what is written can't be compared.
    pub places: BTreeMap<String, Option<Place>>,
    removes: Vec<Remove>,
}

impl ScratchPlaces {
    /// Makes a place for each table, in `folder` where it can lie in one. `name` is what no other run has.
    pub fn make(written: &[WrittenTable], folder: &Path, name: &str) -> Result<ScratchPlaces> {
        let mut made = ScratchPlaces::default();
        for (number, table) in written.iter().enumerate() {
            let options = &table.table.options;
            let connector = options.given("connector").and_then(|given| registry::connector(&given.text));
            let spec = ScratchSpec {
                table: table.name.clone(),
                options: options.clone(),
                name: format!("{name}_{number}"),
                folder: folder.to_owned(),
            };
            let scratch = match connector.map(|connector| connector.scratch(&spec)).transpose() {
                Ok(scratch) => scratch.flatten(),
                Err(error) => {
                    made.remove();
                    return Err(error.context(format!("table '{}'", table.name)));
                }
            };
            let place = scratch.map(|scratch| {
                made.removes.extend(scratch.remove);
                Place { write: scratch.write, read: scratch.read }
            });
            made.places.insert(table.name.clone(), place);
        }
        Ok(made)
    }

    /// What leads a run to them.
    pub fn overrides(&self) -> TableOverrides {
        let places = self.places.iter();
        TableOverrides(places.filter_map(|(name, place)| Some((name.clone(), place.as_ref()?.write.clone()))).collect())
    }

    /// Takes them away. What could not be taken away is told.
    pub fn remove(&mut self) {
        for remove in self.removes.drain(..) {
            if let Err(error) = remove() {
                tracing::warn!("{}", error.message());
            }
        }
    }
}

impl Drop for ScratchPlaces {
    fn drop(&mut self) {
        self.remove();
    }
}
