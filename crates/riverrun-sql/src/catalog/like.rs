//! CREATE TABLE with what LIKE takes over, and the checks of what comes out.
//!
//! Source: Flink, "CREATE TABLE", LIKE: options are OVERWRITING, all else INCLUDING, unless the clause says otherwise.
//! Physical columns are always taken over.

use super::table::{CatalogTable, ObjectPath};
use crate::parse::{ColumnDef, ColumnKind, CreateTable, MergeStrategy, NamePart};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Place, Result, TypeKind};
use std::collections::HashSet;

/// The table that a statement creates, with the parts of `base` that its LIKE takes over.
pub(super) fn merge(path: ObjectPath, create: &CreateTable, base: Option<&CatalogTable>) -> Result<CatalogTable> {
    let mut table = CatalogTable {
        path,
        columns: Vec::new(),
        watermark: create.watermark.clone(),
        primary_key: create.primary_key.as_ref().map(|key| {
            (key.name.as_ref().map(|name| name.value.clone()), key.columns.iter().map(|c| c.value.clone()).collect())
        }),
        distribution: create.distribution.clone(),
        partition_keys: create.partitioned_by.iter().map(|key| key.value.clone()).collect(),
        partitions: Vec::new(),
        options: create.options.clone(),
        comment: create.comment.clone(),
        temporary: create.temporary,
    };
    let mut own: Vec<ColumnDef> = create.columns.clone();
    refuse_duplicates(&own)?;
    if let Some(base) = base {
        let strategies = Strategies { create };
        take_columns(&mut table, &mut own, base, &strategies)?;
        take_rest(&mut table, base, &strategies)?;
    }
    table.columns.append(&mut own);
    check(table, create)
}

/// What becomes of each feature of the base table.
struct Strategies<'a> {
    create: &'a CreateTable,
}

impl Strategies<'_> {
    fn of(&self, feature: &str) -> MergeStrategy {
        let options = self.create.like.as_ref().map_or(&[][..], |like| &like.options);
        let named = |name: &str| options.iter().rev().find(|option| option.feature.value == name);
        match named(feature).or_else(|| named("ALL")) {
            Some(option) => option.strategy,
            None if feature == "OPTIONS" => MergeStrategy::Overwriting,
            None => MergeStrategy::Including,
        }
    }

    fn place(&self) -> Option<Place> {
        self.create.like.as_ref().map(|like| like.table.place())
    }
}

fn refuse_duplicates(columns: &[ColumnDef]) -> Result<()> {
    let mut seen = HashSet::new();
    match columns.iter().find(|column| !seen.insert(column.name.value.as_str())) {
        Some(twice) => Err(Error::input(format!("column '{}' is defined twice", twice.name)).at(twice.name.place)),
        None => Ok(()),
    }
}

/// The base table's columns come first; a computed or metadata column may be overwritten in its place.
fn take_columns(
    table: &mut CatalogTable,
    own: &mut Vec<ColumnDef>,
    base: &CatalogTable,
    strategies: &Strategies<'_>,
) -> Result<()> {
    for column in &base.columns {
        let strategy = match &column.kind {
            ColumnKind::Physical { .. } => MergeStrategy::Including,
            ColumnKind::Computed { .. } => strategies.of("GENERATED"),
            ColumnKind::Metadata { .. } => strategies.of("METADATA"),
        };
        if strategy == MergeStrategy::Excluding {
            continue;
        }
        let same = own.iter().position(|other| other.name.value == column.name.value);
        let same_kind =
            same.is_some_and(|index| std::mem::discriminant(&own[index].kind) == std::mem::discriminant(&column.kind));
        match same {
            None => table.columns.push(column.clone()),
            Some(index) if strategy == MergeStrategy::Overwriting && same_kind => table.columns.push(own.remove(index)),
            Some(index) => {
                return Err(Error::input(format!(
                    "the table '{}' has a column '{}' already",
                    base.path.name, column.name
                ))
                .at(own[index].name.place));
            }
        }
    }
    Ok(())
}

fn take_rest(table: &mut CatalogTable, base: &CatalogTable, strategies: &Strategies<'_>) -> Result<()> {
    let twice = |what: &str, feature: &str| {
        Error::input(format!("both '{}' and the new table have {what}", base.path.name))
            .hint(format!("write LIKE {} (EXCLUDING {feature})", base.path.name))
            .at(strategies.place())
    };
    match (&base.watermark, strategies.of("WATERMARKS")) {
        (Some(_), MergeStrategy::Including) if table.watermark.is_some() => {
            return Err(twice("a watermark", "WATERMARKS"));
        }
        (Some(watermark), MergeStrategy::Including | MergeStrategy::Overwriting) => {
            table.watermark.get_or_insert_with(|| watermark.clone());
        }
        _ => {}
    }
    match (&base.primary_key, strategies.of("CONSTRAINTS")) {
        (Some(_), MergeStrategy::Including) if table.primary_key.is_some() => {
            return Err(twice("a PRIMARY KEY", "CONSTRAINTS"));
        }
        (Some(key), MergeStrategy::Including) => table.primary_key = Some(key.clone()),
        _ => {}
    }
    match (&base.distribution, strategies.of("DISTRIBUTION")) {
        (Some(_), MergeStrategy::Including) if table.distribution.is_some() => {
            return Err(twice("DISTRIBUTED", "DISTRIBUTION"));
        }
        (Some(distribution), MergeStrategy::Including) => table.distribution = Some(distribution.clone()),
        _ => {}
    }
    if !base.partition_keys.is_empty() && strategies.of("PARTITIONS") == MergeStrategy::Including {
        if !table.partition_keys.is_empty() {
            return Err(twice("partitions", "PARTITIONS"));
        }
        table.partition_keys = base.partition_keys.clone();
    }
    let strategy = strategies.of("OPTIONS");
    if strategy != MergeStrategy::Excluding {
        let mut options = base.options.clone();
        for (key, value) in table.options.iter() {
            if strategy == MergeStrategy::Including && options.given(key).is_some() {
                return Err(Error::input(format!("the table '{}' has the option '{key}' already", base.path.name))
                    .hint("write OVERWRITING OPTIONS to replace it")
                    .at(value.key_place));
            }
            options.insert(key, value.clone());
        }
        table.options = options;
    }
    Ok(())
}

/// Checks that keys and the event-time column exist, and makes key columns NOT NULL.
pub(super) fn check(mut table: CatalogTable, create: &CreateTable) -> Result<CatalogTable> {
    if let Some((_, key)) = table.primary_key.clone() {
        let places = create.primary_key.as_ref().map_or(&[][..], |key| &key.columns);
        let mut seen = HashSet::new();
        for name in &key {
            let place = place_of(places, name).or(create.primary_key.as_ref().map(|key| key.place));
            if !seen.insert(name.as_str()) {
                return Err(Error::input(format!("column '{name}' stands twice in the PRIMARY KEY")).at(place));
            }
            let Some((index, _)) = table.column(name) else { return Err(no_column(&table, name).at(place)) };
            match &mut table.columns[index].kind {
                ColumnKind::Physical { data_type } => data_type.nullable = false,
                _ => {
                    return Err(Error::input(format!(
                        "column '{name}' is not physical, so it can't be in the PRIMARY KEY"
                    ))
                    .at(place));
                }
            }
        }
    }
    for name in table.distribution.iter().flat_map(|distribution| &distribution.columns) {
        match table.column(&name.value) {
            Some((_, ColumnDef { kind: ColumnKind::Physical { .. }, .. })) => {}
            Some(_) => {
                let message = format!("column '{name}' is not physical, so rows can't be DISTRIBUTED BY it");
                return Err(Error::input(message).at(name.place));
            }
            None => return Err(no_column(&table, &name.value).at(name.place)),
        }
    }
    for name in &table.partition_keys {
        let place = place_of(&create.partitioned_by, name);
        match table.column(name) {
            Some((_, ColumnDef { kind: ColumnKind::Physical { .. }, .. })) => {}
            Some(_) => {
                let message = format!("column '{name}' is not physical, so rows can't be PARTITIONED BY it");
                return Err(Error::input(message)
                    .hint("declare it with a type, and compute its value in the query of the INSERT")
                    .at(place));
            }
            None => return Err(no_column(&table, name).at(place)),
        }
    }
    if let Some(watermark) = &table.watermark
        && let Some(first) = watermark.column.parts.first()
    {
        let Some((_, column)) = table.column(&first.value) else {
            return Err(no_column(&table, &first.value).at(first.place));
        };
        let data_type = match &column.kind {
            ColumnKind::Physical { data_type } | ColumnKind::Metadata { data_type, .. } => Some(data_type),
            ColumnKind::Computed { .. } => None,
        };
        if let (Some(data_type), 1) = (data_type, watermark.column.parts.len()) {
            check_time_type(&first.value, &data_type.kind).map_err(|error| error.at(first.place))?;
        }
    }
    Ok(table)
}

/// Refuses an event-time column of another type than TIMESTAMP or TIMESTAMP_LTZ of at most milliseconds.
pub(super) fn check_time_type(name: &str, kind: &TypeKind) -> Result<()> {
    match kind {
        TypeKind::Timestamp { precision: 0..=3, .. } | TypeKind::TimestampLtz { precision: 0..=3, .. } => Ok(()),
        TypeKind::Timestamp { .. } | TypeKind::TimestampLtz { .. } => {
            Err(Error::input(format!("an event-time column has a precision of at most 3, but '{name}' is {kind}"))
                .hint("declare it TIMESTAMP(3) or TIMESTAMP_LTZ(3)"))
        }
        _ => Err(Error::input(format!(
            "an event-time column is TIMESTAMP(3) or TIMESTAMP_LTZ(3), but '{name}' is {kind}"
        ))
        .hint(format!("add a computed column such as `time` AS TO_TIMESTAMP({name})"))),
    }
}

fn place_of(parts: &[NamePart], name: &str) -> Option<Place> {
    parts.iter().find(|part| part.value == name).map(|part| part.place)
}

pub(super) fn no_column(table: &CatalogTable, name: &str) -> Error {
    let names = table.columns.iter().map(|column| column.name.value.as_str());
    Error::input(format!("there is no column '{name}' in the table '{}'", table.path.name))
        .hint_opt(did_you_mean(name, names))
}
