//! Windows: assignment and aggregation per window.
//!
//! An aggregation that stands right above its window function takes the function over: rows are aggregated by their
//! time, and are never copied into windows. Where a window's columns are used otherwise before, and over results
//! of other windows, rows carry their window.

use super::group::key_name;
use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::planner::Planner;
use crate::bind::relation::{BoundAggregate, Relation, RelationKind, WindowKeys};
use crate::bind::scope::column;
use crate::expr::Expr;
use crate::physical::lower_over;
use chrono_tz::Tz;
use riverrun_core::{Error, Field, Result, Schema, TimestampKind, TypeKind};
use riverrun_operators::each_change::Changes;
use riverrun_operators::window::spec::{
    EmitStrategy, WindowAggregateSpec, WindowAssignSpec, WindowKind, WindowProperty, Windowing,
};

#[cfg(test)]
mod tests;

/// A relation without the window function at its bottom.
struct Stripped {
    relation: Relation,
    /// What each of the old columns is now.
    places: Vec<Place>,
    window: WindowKind,
    /// The time column.
    time: usize,
    /// Whether it is a group window in GROUP BY.
    legacy: bool,
}

/// What became of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Column(usize),
    Window(Property),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Property {
    Start,
    End,
    Time,
}

impl Property {
    fn spec(self) -> WindowProperty {
        match self {
            Property::Start => WindowProperty::Start,
            Property::End => WindowProperty::End,
            Property::Time => WindowProperty::Time,
        }
    }
}

impl Stripped {
    /// The expression over the stripped relation; `None` if it reads the window.
    fn moved(&self, expr: &Expr) -> Option<Expr> {
        let place = |index: usize| match self.places[index] {
            Place::Column(place) => Some(place),
            Place::Window(_) => None,
        };
        expr.columns()
            .iter()
            .all(|&index| place(index).is_some())
            .then(|| expr.move_columns(&|index| place(index).unwrap_or_default()))
    }

    /// The property of the window that an expression is, if it is no more than that.
    fn property(&self, expr: &Expr) -> Option<Property> {
        match expr {
            Expr::Column { index, .. } => match self.places[*index] {
                Place::Window(property) => Some(property),
                Place::Column(_) => None,
            },
            _ => None,
        }
    }
}

/// Takes a window function out from below projections and filters that only pass its columns on.
fn strip(relation: &Relation) -> Option<Stripped> {
    match &relation.kind {
        RelationKind::Window { input, window, time, legacy, .. } => {
            let mut places: Vec<_> = (0..input.schema.len()).map(Place::Column).collect();
            places.extend([Property::Start, Property::End, Property::Time].map(Place::Window));
            Some(Stripped { relation: input.as_ref().clone(), places, window: *window, time: *time, legacy: *legacy })
        }
        RelationKind::View { name, input } => {
            let below = strip(input)?;
            let schema = below.relation.schema.clone();
            let kind = RelationKind::View { name: name.clone(), input: Box::new(below.relation) };
            Some(Stripped { relation: Relation { kind, schema }, ..below })
        }
        RelationKind::Filter { input, condition } => {
            let below = strip(input)?;
            // Of SESSION too, as in Flink: of an aggregation the condition counts before the sessions are made.
            let condition = below.moved(condition)?;
            Some(Stripped { relation: below.relation.filter(condition), ..below })
        }
        RelationKind::Project { input, exprs } => {
            let below = strip(input)?;
            let (mut kept, mut names, mut places) = (Vec::new(), Vec::new(), Vec::new());
            for (expr, field) in exprs.iter().zip(&relation.schema.fields) {
                match below.property(expr) {
                    Some(property) => places.push(Place::Window(property)),
                    None => {
                        places.push(Place::Column(kept.len()));
                        kept.push(below.moved(expr)?);
                        names.push(field.name.clone());
                    }
                }
            }
            let is_time = |expr: &Expr| matches!(expr, Expr::Column { index, .. } if *index == below.time);
            let time = kept.iter().position(is_time).unwrap_or_else(|| {
                let field = &below.relation.schema.fields[below.time];
                kept.push(column(below.time, &field.data_type));
                names.push(field.name.clone());
                kept.len() - 1
            });
            let (window, legacy) = (below.window, below.legacy);
            Some(Stripped { relation: below.relation.project(kept, names), places, window, time, legacy })
        }
        _ => None,
    }
}

/// An aggregation taken apart: what runs below it, its keys, and which of the result's columns come from where.
struct Parts {
    input: Relation,
    /// The group keys apart from the window.
    keys: Vec<Expr>,
    calls: Vec<BoundAggregate>,
    /// How rows find their windows; the expressions are over `input`.
    by_time: Option<(WindowKind, usize)>,
    /// Whether the window is a group window in GROUP BY.
    legacy: bool,
    /// For each key of the aggregation: a group key's position, or a property of the window.
    outputs: Vec<Result<usize, Property>>,
}

impl Planner<'_> {
    /// The time zone of windows over a time column.
    pub(super) fn zone(&self, local: bool) -> Option<Tz> {
        local.then(|| self.config.time_zone())
    }

    /// A window function whose rows are used one by one.
    pub(super) fn window_assign(
        &mut self,
        input: Relation,
        window: WindowKind,
        time: usize,
        partition: &[usize],
        schema: Schema,
    ) -> Result<NodeId> {
        let below = input.schema.clone();
        let node = self.in_time(!processing(&below, time), input)?;
        let changelog = self.builder.properties(node).changelog;
        if matches!(window, WindowKind::Session { .. }) {
            self.append_only(node, "the rows of SESSION windows")?;
        }
        let windowing = self.by_time(window, time, &below)?;
        let keys: Vec<_> = partition.iter().map(|&key| column(key, &below.fields[key].data_type)).collect();
        let keys = self.lower_all(&keys, &below)?;
        let properties =
            Properties { changelog, ..Properties::append(schema.clone(), self.builder.properties(node).bounded) };
        let spec = WindowAssignSpec { windowing, keys, schema };
        Ok(self.builder.add(NodeKind::WindowAssign(spec), vec![node.into()], properties))
    }

    /// The node of a window's input: each change comes before the watermark that held after it, which makes later ones late.
    fn in_time(&mut self, event_time: bool, input: Relation) -> Result<NodeId> {
        self.with_changes(if event_time { Changes::EachInTime } else { Changes::OfTicks }, input)
    }

    fn by_time(&self, kind: WindowKind, time: usize, input: &Schema) -> Result<Windowing> {
        let data_type = &input.fields[time].data_type;
        let local = matches!(data_type.kind, TypeKind::TimestampLtz { .. });
        let processing = processing(input, time);
        let time = lower_over(&column(time, data_type), input)?;
        Ok(Windowing::Time { kind, time, zone: self.zone(local), processing })
    }

    /// When a window aggregation gives results; `None`: once, at the window's end.
    fn emit_strategy(&self, kind: WindowKind, event_time: bool, legacy: bool) -> Result<Option<EmitStrategy>> {
        if legacy {
            return self.config.emit_strategy(event_time, matches!(kind, WindowKind::Session { .. }));
        }
        self.config.refuse_early_and_late("a window function")?;
        Ok(None)
    }

    /// GROUP BY of windows: the operator, and the aggregation's columns over those of the operator.
    pub(super) fn aggregate(
        &mut self,
        input: Relation,
        keys: Vec<Expr>,
        sets: Option<Vec<Vec<usize>>>,
        calls: Vec<BoundAggregate>,
        window: WindowKeys,
        schema: Schema,
    ) -> Result<(NodeId, Vec<Expr>)> {
        let columns = input.window_columns().ok_or_else(|| Error::bug("a window aggregation without a window"))?;
        let starts = (columns.start.first().copied(), columns.end.first().copied());
        // Sessions of some of the keys only are made before.
        let whole = !columns.session || columns.partition.as_ref().is_some_and(|by| by.len() == others(&keys, &window));
        let from_time = whole.then(|| from_time(&input, &keys, &calls)).flatten();
        let Parts { input, mut keys, calls, by_time, legacy, outputs } = match from_time {
            Some(parts) => parts,
            None => from_rows(input, &keys, calls, &window),
        };
        let first_keys = keys.len();
        let mut below = input.schema.clone();
        let event_time = by_time.map_or(!columns.processing, |(_, time)| !processing(&below, time));
        let mut node = self.in_time(event_time, input)?;
        if let Some(sets) = &sets {
            // Which of the group keys each set has.
            let of_group = |set: &Vec<usize>| set.iter().filter_map(|&key| outputs[key].ok()).collect();
            (node, keys) = self.expand(node, &keys, sets.iter().map(of_group).collect())?;
            below = self.builder.properties(node).schema.clone();
        }
        let emit = match by_time {
            Some((kind, _)) => self.emit_strategy(kind, event_time, legacy)?,
            None => self.emit_strategy(columns.kind, event_time, false)?,
        };
        // Each result may be taken back, so aggregates are asked for again and again.
        let retracting = self.builder.properties(node).changelog != ChangelogKind::Append;
        let windowing = match by_time {
            Some((kind, time)) => self.by_time(kind, time, &below)?,
            None => {
                let (Some(start), Some(end)) = starts else { return Err(Error::bug("a window without borders")) };
                let lower = |index: usize| lower_over(&column(index, &below.fields[index].data_type), &below);
                let (zone, processing) = (self.zone(columns.local), columns.processing);
                Windowing::Attached { start: lower(start)?, end: lower(end)?, zone, processing }
            }
        };
        let mut properties_wanted: Vec<Property> = Vec::new();
        for output in &outputs {
            if let Err(property) = output
                && !properties_wanted.contains(property)
            {
                properties_wanted.push(*property);
            }
        }
        // The operator's own columns: keys, calls, properties.
        let mut fields: Vec<Field> = Vec::new();
        for (position, key) in keys.iter().enumerate() {
            fields.push(Field::new(key_name(key, &below, position), key.data_type().clone()));
        }
        fields.extend(calls.iter().map(|call| call.field.clone()));
        let first_property = fields.len();
        for property in &properties_wanted {
            let position = outputs.iter().position(|output| *output == Err(*property)).unwrap_or_default();
            fields.push(schema.fields[position].clone());
        }
        let own = Schema::new(fields);
        let spec = WindowAggregateSpec {
            windowing,
            keys: self.lower_all(&keys, &below)?,
            aggregates: self.calls(&calls, &below, retracting)?,
            properties: properties_wanted.iter().map(|property| property.spec()).collect(),
            retracting,
            emit,
            schema: own.clone(),
            batch_size: self.config.batch_size(),
        };
        let mut properties = Properties::append(own.clone(), self.builder.properties(node).bounded);
        properties.keys = Some((0..keys.len()).chain(first_property..own.len()).collect());
        if emit.is_some() {
            properties.changelog = ChangelogKind::Retract;
        }
        let aggregated = self.builder.add(NodeKind::WindowAggregate(spec), vec![node.into()], properties);
        // The aggregation's columns: keys in their order, the number of the set, calls.
        let own_column = |index: usize| column(index, &own.fields[index].data_type);
        let mut exprs = Vec::new();
        for (position, output) in outputs.iter().enumerate() {
            let index = match output {
                Ok(key) => *key,
                Err(property) => {
                    let offset = properties_wanted.iter().position(|known| known == property).unwrap_or_default();
                    first_property + offset
                }
            };
            exprs.push(own_column(index).with_type(schema.fields[position].data_type.clone()));
        }
        exprs.extend((first_keys..first_property).map(own_column));
        Ok((aggregated, exprs))
    }
}

/// Whether a time column is the clock's.
fn processing(schema: &Schema, time: usize) -> bool {
    schema.fields[time].data_type.kind.timestamp_kind() == TimestampKind::Proctime
}

/// How many keys are not of the window.
fn others(keys: &[Expr], window: &WindowKeys) -> usize {
    keys.len() - 2 - usize::from(window.time.is_some())
}

/// The aggregation over its window function's input; `None` if the window's columns are used as more than keys.
fn from_time(input: &Relation, keys: &[Expr], calls: &[BoundAggregate]) -> Option<Parts> {
    let stripped = strip(input)?;
    let mut group = Vec::new();
    let mut outputs = Vec::new();
    for key in keys {
        match stripped.property(key) {
            Some(property) => outputs.push(Err(property)),
            None => {
                outputs.push(Ok(group.len()));
                group.push(stripped.moved(key)?);
            }
        }
    }
    let all = |exprs: &[Expr]| exprs.iter().map(|expr| stripped.moved(expr)).collect::<Option<Vec<_>>>();
    let calls = calls
        .iter()
        .map(|call| {
            Some(BoundAggregate {
                arguments: all(&call.arguments)?,
                inputs: all(&call.inputs)?,
                filter: match &call.filter {
                    None => None,
                    Some(filter) => Some(stripped.moved(filter)?),
                },
                ..call.clone()
            })
        })
        .collect::<Option<Vec<_>>>()?;
    let by_time = Some((stripped.window, stripped.time));
    Some(Parts { input: stripped.relation, keys: group, calls, by_time, legacy: stripped.legacy, outputs })
}

/// The aggregation over rows that carry their window.
fn from_rows(input: Relation, keys: &[Expr], calls: Vec<BoundAggregate>, window: &WindowKeys) -> Parts {
    let mut group = Vec::new();
    let mut outputs = Vec::new();
    for (position, key) in keys.iter().enumerate() {
        if position == window.start {
            outputs.push(Err(Property::Start));
        } else if position == window.end {
            outputs.push(Err(Property::End));
        } else if Some(position) == window.time {
            outputs.push(Err(Property::Time));
        } else {
            outputs.push(Ok(group.len()));
            group.push(key.clone());
        }
    }
    Parts { input, keys: group, calls, by_time: None, legacy: false, outputs }
}
