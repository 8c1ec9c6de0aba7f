//! Scratch places for the tables of a pipeline, and how a run is led to them.

use super::survey::WrittenTable;
use crate::session::Session;
use riverrun_connectors::registry;
use riverrun_connectors::scratch::{Overrides, Remove, ScratchSpec};
use riverrun_core::Result;
use riverrun_sql::bind::table::short_name;
use riverrun_sql::catalog::Object;
use riverrun_sql::session::SessionConfig;
use riverrun_sql::session::checkpointing::{CHECKPOINT_DIR, CHECKPOINT_DIR_OLD};
use riverrun_sql::session::state::STATE_LOCAL_DIR;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Options of a session that name places of the pipeline's own. Without them a run keeps everything in its state directory.
const PLACES: [&str; 3] = [CHECKPOINT_DIR.name, CHECKPOINT_DIR_OLD.name, STATE_LOCAL_DIR.name];

/// Takes from a session what would lead a run to the pipeline's own folders of checkpoints and state.
pub(super) fn forget_places(config: &mut SessionConfig) -> Result<()> {
    PLACES.into_iter().try_for_each(|name| config.reset(Some(name)))
}

/// What leads a run to scratch places: options over those of tables, by the tables' names; those without a value are taken away.
/// Checkpoints, and state while it runs, are in the run's state directory, whatever the session says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TableOverrides(BTreeMap<String, Overrides>);

impl TableOverrides {
    /// Puts them over the options of the tables that are there, and over those of the session. To be called before anything is
    /// planned, whenever there may be new tables or options.
    pub fn apply(&self, session: &mut Session) -> Result<()> {
        forget_places(&mut session.config)?;
        let catalog = &mut session.catalog;
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

    /// What leads a run to them. `read` is what is put over the options of tables that are only read.
    pub fn overrides(&self, read: &BTreeMap<String, Overrides>) -> TableOverrides {
        let mut tables = read.clone();
        for (name, place) in &self.places {
            tables.entry(name.clone()).or_default().extend(place.iter().flat_map(|place| place.write.clone()));
        }
        TableOverrides(tables)
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
