//! Tables and views out of the catalog, bound: computed columns, watermarks, options of hints.

use super::expr::ExprBinder;
use super::query::{NamedRelation, QueryBinder, Tables};
use super::scope::Scope;
use super::table::{BoundTable, BoundWatermark, ColumnSource};
use crate::catalog::{Catalog, CatalogTable, CatalogView, Object};
use crate::functions::FunctionContext;
use crate::parse::{ColumnKind, Hint, Name, Watermark};
use riverrun_core::{DataType, Error, Field, Options, Result, Schema, TimestampKind, TypeKind};
use std::collections::HashSet;
use std::sync::Arc;

/// The catalog as queries see it.
#[derive(Clone, Copy)]
pub struct CatalogTables<'a> {
    catalog: &'a Catalog,
    context: &'a FunctionContext,
    /// The view whose names are looked up; `None` for the user's own statement.
    within: Option<&'a CatalogView>,
}

impl<'a> CatalogTables<'a> {
    /// The catalog as a statement of the user's sees it.
    pub fn new(catalog: &'a Catalog, context: &'a FunctionContext) -> Self {
        CatalogTables { catalog, context, within: None }
    }

    /// The columns of a table or view, for DESCRIBE.
    pub fn schema(&self, object: &Object) -> Result<Schema> {
        match object {
            Object::Table(table) => Ok(bind_table(table, table.options.clone(), self.context)?.schema),
            Object::View(view) => {
                let tables = CatalogTables { within: Some(view), ..*self };
                let query = QueryBinder::of_view(view, &tables, self.context).query(&view.query.ast)?;
                // The names are those of the query, so that equal ones are found.
                let mut schema = query.schema.clone();
                for (field, shown) in schema.fields.iter_mut().zip(query.shown_schema().fields) {
                    field.data_type = shown.data_type;
                }
                if !view.columns.is_empty() {
                    check_width(view, schema.len()).map_err(|error| error.at(view.query.place))?;
                }
                for (field, name) in schema.fields.iter_mut().zip(&view.columns) {
                    field.name.clone_from(name);
                }
                // What no view of the catalog shows is the query of a table that is created AS it.
                if matches!(self.catalog.get(&view.path), Some(Object::View(_))) {
                    check_names(view, &schema)?;
                }
                Ok(schema)
            }
        }
    }

    /// A table that is written, with the options of the hints that follow its name.
    pub fn target(&self, name: &Name, hints: &[&Hint]) -> Result<Arc<BoundTable>> {
        match self.object(name)? {
            Object::Table(table) => Ok(Arc::new(bind_table(table, hinted(&table.options, hints)?, self.context)?)),
            Object::View(_) => Err(Error::input(format!("'{name}' is a view, and can't be written")).at(name.place())),
        }
    }

    fn object(&self, name: &Name) -> Result<&'a Object> {
        match self.within {
            Some(view) => self.catalog.find_within(view, name),
            None => self.catalog.find(name),
        }
    }
}

/// Refuses a view two of whose columns have one name.
fn check_names(view: &CatalogView, schema: &Schema) -> Result<()> {
    let mut names = HashSet::new();
    match schema.fields.iter().find(|field| !names.insert(field.name.as_str())) {
        Some(twice) => Err(Error::input(format!("the view {} has two columns '{}'", view.path, twice.name))
            .hint("give one of them another name with AS")
            .at(view.query.place)),
        None => Ok(()),
    }
}

/// Refuses a view that names more or fewer columns than its query has.
pub(super) fn check_width(view: &CatalogView, width: usize) -> Result<()> {
    let named = view.columns.len();
    if named == width {
        return Ok(());
    }
    Err(Error::input(format!("the view {} names {named} columns, but its query has {width}", view.path)))
}

impl Tables for CatalogTables<'_> {
    fn find(&self, name: &Name, hints: &[&Hint]) -> Result<NamedRelation<'_>> {
        Ok(match self.object(name)? {
            Object::Table(table) => {
                NamedRelation::Table(Arc::new(bind_table(table, hinted(&table.options, hints)?, self.context)?))
            }
            Object::View(_) if !hints.is_empty() => {
                return Err(Error::input(format!("'{name}' is a view: hints behind a name are for tables"))
                    .hint("write the hint in the view's query, behind the table's name")
                    .at(hints.first().map(|hint| hint.place)));
            }
            Object::View(view) => NamedRelation::View {
                view: view.as_ref(),
                tables: Box::new(CatalogTables { within: Some(view), ..*self }),
            },
        })
    }
}

/// The table's options with those of `/*+ OPTIONS(…) */` over them.
fn hinted(options: &Options, hints: &[&Hint]) -> Result<Options> {
    let mut merged = options.clone();
    for hint in hints {
        if hint.name != "OPTIONS" {
            return Err(Error::input(format!("a table takes the hint OPTIONS, not {}", hint.name))
                .hint("write it like t /*+ OPTIONS('key' = 'value') */; other hints stand after SELECT")
                .at(hint.place));
        }
        for (key, value) in hint.options.iter() {
            merged.insert(key, value.clone());
        }
    }
    Ok(merged)
}

/// Binds a table's computed columns and its watermark.
pub fn bind_table(table: &CatalogTable, options: Options, context: &FunctionContext) -> Result<BoundTable> {
    let mut physical = Vec::new();
    let mut metadata: Vec<(String, DataType)> = Vec::new();
    let mut metadata_fields = Vec::new();
    let mut metadata_places = Vec::new();
    for column in &table.columns {
        let name = &column.name.value;
        match &column.kind {
            ColumnKind::Physical { data_type } => physical.push(Field::new(name.clone(), data_type.clone())),
            ColumnKind::Metadata { data_type, key, .. } => {
                let key = key.as_ref().unwrap_or(&column.name);
                metadata_places.push(key.place);
                metadata.push((key.value.clone(), data_type.clone()));
                metadata_fields.push(Field::new(name.clone(), data_type.clone()));
            }
            ColumnKind::Computed { .. } => {}
        }
    }
    let physical = Schema::new(physical);
    // Computed columns are over what the connector gives: physical columns, then metadata.
    let layout = Schema::new(physical.fields.iter().cloned().chain(metadata_fields).collect());
    let scope = Scope::of(table_name(table), layout);
    let binder = ExprBinder::new(&scope, context);
    let mut fields = Vec::new();
    let mut sources = Vec::new();
    let (mut next_physical, mut next_metadata) = (0, 0);
    for column in &table.columns {
        let (data_type, source) = match &column.kind {
            ColumnKind::Physical { data_type } => {
                next_physical += 1;
                (data_type.clone(), ColumnSource::Physical(next_physical - 1))
            }
            ColumnKind::Metadata { data_type, is_virtual, .. } => {
                next_metadata += 1;
                (data_type.clone(), ColumnSource::Metadata { index: next_metadata - 1, is_virtual: *is_virtual })
            }
            ColumnKind::Computed { expr } => {
                let bound = binder.bind(&expr.ast).map_err(|error| error.at(expr.place))?;
                if bound.data_type().kind == TypeKind::Null {
                    return Err(Error::input(format!("the column '{}' is NULL, and has no type", column.name))
                        .hint("write CAST(NULL AS a type)")
                        .at(expr.place));
                }
                (bound.data_type().clone(), ColumnSource::Computed(bound))
            }
        };
        fields.push(Field::new(column.name.value.clone(), data_type));
        sources.push(source);
    }
    let mut schema = Schema::new(fields);
    let watermark =
        table.watermark.as_ref().map(|watermark| bind_watermark(watermark, table, &mut schema, context)).transpose()?;
    let primary_key = table.primary_key.iter().flat_map(|(_, columns)| columns);
    let primary_key = primary_key.filter_map(|column| schema.index_of(column)).collect();
    let left_out = |column: &usize| context.column_expansion.leaves_out(&table.columns[*column].kind);
    Ok(BoundTable {
        name: table_name(table),
        schema,
        sources,
        beside_star: (0..table.columns.len()).filter(left_out).collect(),
        physical,
        metadata,
        metadata_places,
        watermark,
        primary_key,
        distributed: table.distribution.is_some(),
        partition_keys: table.partition_keys.clone(),
        options,
    })
}

fn table_name(table: &CatalogTable) -> Vec<String> {
    table.path.parts().map(str::to_owned).to_vec()
}

fn bind_watermark(
    watermark: &Watermark,
    table: &CatalogTable,
    schema: &mut Schema,
    context: &FunctionContext,
) -> Result<BoundWatermark> {
    let place = watermark.column.place();
    let [column] = watermark.column.parts.as_slice() else {
        return Err(Error::input("WATERMARK FOR takes a column of the table, not a field of one")
            .hint("compute a column from the field: ts AS r.ts")
            .at(place));
    };
    let index = schema
        .index_of(&column.value)
        .ok_or_else(|| Error::input(format!("WATERMARK FOR '{}', which is no column", column.value)).at(place))?;
    let data_type = schema.fields[index].data_type.clone();
    match data_type.kind {
        _ if data_type.kind.timestamp_kind() == TimestampKind::Proctime => {
            return Err(Error::input(format!("WATERMARK FOR '{}', which is processing time", column.value))
                .detail("processing time is the clock's, and has no watermark")
                .hint("leave the WATERMARK out, or declare it for a timestamp in the rows")
                .at(place));
        }
        TypeKind::Timestamp { precision: 0..=3, .. } | TypeKind::TimestampLtz { precision: 0..=3, .. } => {}
        _ => {
            return Err(Error::input(format!("WATERMARK FOR '{}' of type {data_type}", column.value))
                .detail("an event-time column is TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p up to 3")
                .hint(format!("add a column: {}_3 AS CAST({} AS TIMESTAMP(3))", column.value, column.value))
                .at(place));
        }
    }
    let scope = Scope::of(table_name(table), schema.clone());
    let expr = ExprBinder::new(&scope, context).bind(&watermark.expr.ast).map_err(|e| e.at(watermark.expr.place))?;
    let refused = |error: Error| {
        Err(error.hint(format!("write it like {} - INTERVAL '5' SECOND", column.value)).at(watermark.expr.place))
    };
    if !expr.data_type().kind.is_timestamp() {
        return refused(Error::input(format!("the watermark is {}, not a timestamp", expr.data_type())));
    }
    let same_kind = matches!(
        (&expr.data_type().kind, &data_type.kind),
        (TypeKind::Timestamp { precision: 0..=3, .. }, TypeKind::Timestamp { .. })
            | (TypeKind::TimestampLtz { precision: 0..=3, .. }, TypeKind::TimestampLtz { .. })
    );
    if !same_kind {
        let error = Error::input(format!("the watermark for '{}' is {}", column.value, expr.data_type().kind));
        let detail = format!("'{}' is {}: its watermark is one too, of up to 3 digits", column.value, data_type.kind);
        return refused(error.detail(detail));
    }
    schema.fields[index].data_type =
        DataType { kind: data_type.kind.with_timestamp_kind(TimestampKind::Rowtime), nullable: data_type.nullable };
    Ok(BoundWatermark { column: index, expr })
}
