//! Rewrites of bound relations before they are planned: JSON is nested in JSON, what gives no rows goes away, conditions go down, columns that nobody reads go away.

use super::nested_json::nest_json;
use super::simplify::{is_unique_by, simplify};
use crate::bind::conditional::and;
use crate::bind::join::conjuncts;
use crate::bind::relation::{JoinClass, OrderKey, Relation, RelationKind};
use crate::bind::scope::column;
use crate::bind::temporal::AsOf;
use crate::expr::Expr;
use crate::functions::{FunctionContext, operators};
use riverrun_core::{Error, Result, Schema, TypeKind};
use riverrun_operators::join::JoinKind;
use riverrun_operators::window::spec::WindowKind;
use std::collections::BTreeSet;

/// All rewrites; but for the last where all columns are kept, since a late row shows them.
pub fn rewrite(relation: Relation, keep_columns: bool, context: &FunctionContext) -> Result<Relation> {
    let relation = push_filters(simplify(nest_json(relation, context)?, context)?);
    if keep_columns {
        return Ok(relation);
    }
    let width = relation.schema.len();
    let pruned = prune(relation, &(0..width).collect())?;
    pruned.exactly(&(0..width).collect::<Vec<_>>())
}

/// Moves conditions below window functions and UNNEST where they look at nothing that these add, and into the
/// branches of unions: rows that fall out early cost nothing later. Projections are left to the planner, which
/// merges them with the filters around them.
fn push_filters(relation: Relation) -> Relation {
    let Relation { kind, schema } = relation;
    let kind = match kind {
        RelationKind::Filter { input, condition } => {
            let input = push_filters(*input);
            return pushed(input, condition);
        }
        RelationKind::View { name, input } => RelationKind::View { name, input: Box::new(push_filters(*input)) },
        RelationKind::Project { input, exprs } => {
            RelationKind::Project { input: Box::new(push_filters(*input)), exprs }
        }
        RelationKind::UnionAll(inputs) => RelationKind::UnionAll(inputs.into_iter().map(push_filters).collect()),
        RelationKind::Unnest { input, collection, outer, ordinality, on } => {
            RelationKind::Unnest { input: Box::new(push_filters(*input)), collection, outer, ordinality, on }
        }
        RelationKind::Window { input, window, time, partition, legacy } => {
            RelationKind::Window { input: Box::new(push_filters(*input)), window, time, partition, legacy }
        }
        RelationKind::ChangeCodes { input, codes } => {
            RelationKind::ChangeCodes { input: Box::new(push_filters(*input)), codes }
        }
        RelationKind::Aggregate { input, keys, sets, calls, window, ttl } => {
            RelationKind::Aggregate { input: Box::new(push_filters(*input)), keys, sets, calls, window, ttl }
        }
        RelationKind::Rank { input, partition, order, ranking, place } => {
            RelationKind::Rank { input: Box::new(push_filters(*input)), partition, order, ranking, place }
        }
        RelationKind::Over { input, partition, order, frame, calls, place } => {
            RelationKind::Over { input: Box::new(push_filters(*input)), partition, order, frame, calls, place }
        }
        RelationKind::Sort { input, order, offset, limit } => {
            RelationKind::Sort { input: Box::new(push_filters(*input)), order, offset, limit }
        }
        RelationKind::Join { left, right, kind, on, class, origin } => {
            let (left, right) = (Box::new(push_filters(*left)), Box::new(push_filters(*right)));
            RelationKind::Join { left, right, kind, on, class, origin }
        }
        RelationKind::Temporal { left, right, kind, as_of, on, place, hint } => {
            let (left, right) = (Box::new(push_filters(*left)), Box::new(push_filters(*right)));
            RelationKind::Temporal { left, right, kind, as_of, on, place, hint }
        }
        RelationKind::SingleRow { input, keys } => {
            RelationKind::SingleRow { input: Box::new(push_filters(*input)), keys }
        }
        RelationKind::SetOperation { left, right, operation } => {
            let (left, right) = (Box::new(push_filters(*left)), Box::new(push_filters(*right)));
            RelationKind::SetOperation { left, right, operation }
        }
        RelationKind::Match(mut matched) => {
            matched.input = push_filters(matched.input);
            RelationKind::Match(matched)
        }
        RelationKind::Fence(input) => RelationKind::Fence(Box::new(push_filters(*input))),
        leaf @ (RelationKind::Scan(_) | RelationKind::Values(_)) => leaf,
    };
    Relation { kind, schema }
}

/// A condition over `input`, as far down as it can go.
fn pushed(input: Relation, condition: Expr) -> Relation {
    let Relation { kind, schema } = input;
    match kind {
        RelationKind::View { name, input } => {
            let inner = pushed(*input, condition);
            Relation { schema, kind: RelationKind::View { name, input: Box::new(inner) } }
        }
        // Through columns that only pass, so that the condition can go further.
        RelationKind::Project { input, exprs }
            if condition.columns().iter().all(|&index| matches!(exprs[index], Expr::Column { .. })) =>
        {
            let condition = condition.replace_columns(&mut |index, _| exprs[index].clone());
            let inner = pushed(*input, condition);
            Relation { schema, kind: RelationKind::Project { input: Box::new(inner), exprs } }
        }
        RelationKind::UnionAll(inputs) => {
            let inputs = inputs.into_iter().map(|branch| pushed(branch, condition.clone())).collect();
            Relation { schema, kind: RelationKind::UnionAll(inputs) }
        }
        RelationKind::Window { input, window, time, partition, legacy } => {
            let width = input.schema.len();
            // A session is made of all its rows: taking some away could split it, unless whole keys go.
            let session = matches!(window, WindowKind::Session { .. });
            let goes = |expr: &Expr| {
                expr.columns().iter().all(|index| if session { partition.contains(index) } else { *index < width })
            };
            let (below, above): (Vec<_>, Vec<_>) = conjuncts(condition).into_iter().partition(goes);
            let inner = filtered(*input, below, pushed);
            let window = Relation {
                schema,
                kind: RelationKind::Window { input: Box::new(inner), window, time, partition, legacy },
            };
            filtered(window, above, Relation::filter)
        }
        RelationKind::Temporal { left, right, kind, as_of, on, place, hint } => {
            // A condition on a version would make another one valid.
            let width = left.schema.len();
            let goes = |expr: &Expr| expr.columns().iter().all(|index| *index < width);
            let (below, above): (Vec<_>, Vec<_>) = conjuncts(condition).into_iter().partition(goes);
            let left = Box::new(filtered(*left, below, pushed));
            let joined =
                Relation { schema, kind: RelationKind::Temporal { left, right, kind, as_of, on, place, hint } };
            filtered(joined, above, Relation::filter)
        }
        RelationKind::SetOperation { left, right, operation } => {
            let left = Box::new(pushed(*left, condition.clone()));
            let right = Box::new(pushed(*right, condition));
            Relation { schema, kind: RelationKind::SetOperation { left, right, operation } }
        }
        RelationKind::Join { left, right, kind, mut on, class, origin } => {
            let width = left.schema.len();
            let of_left = |expr: &Expr| expr.columns().iter().all(|index| *index < width);
            let of_right = |expr: &Expr| expr.columns().iter().all(|index| *index >= width);
            let (mut to_left, mut to_right, mut above) = (Vec::new(), Vec::new(), Vec::new());
            for condition in conjuncts(condition) {
                match kind {
                    JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti if of_left(&condition) => {
                        to_left.push(condition);
                    }
                    JoinKind::Inner | JoinKind::Right if of_right(&condition) => {
                        to_right.push(condition.move_columns(&|index| index - width));
                    }
                    JoinKind::Inner => on.push(condition),
                    _ => above.push(condition),
                }
            }
            let left = Box::new(filtered(*left, to_left, pushed));
            let right = Box::new(filtered(*right, to_right, pushed));
            let joined = Relation { schema, kind: RelationKind::Join { left, right, kind, on, class, origin } };
            filtered(joined, above, Relation::filter)
        }
        RelationKind::Unnest { input, collection, outer, ordinality, on } => {
            let width = input.schema.len();
            let goes = |expr: &Expr| expr.columns().iter().all(|index| *index < width);
            let (below, above): (Vec<_>, Vec<_>) = conjuncts(condition).into_iter().partition(goes);
            let inner = filtered(*input, below, pushed);
            let kind = RelationKind::Unnest { input: Box::new(inner), collection, outer, ordinality, on };
            filtered(Relation { schema, kind }, above, Relation::filter)
        }
        kind => Relation { kind, schema }.filter(condition),
    }
}

fn filtered(input: Relation, conditions: Vec<Expr>, filter: impl Fn(Relation, Expr) -> Relation) -> Relation {
    if conditions.is_empty() { input } else { filter(input, and(conditions)) }
}

/// A relation without columns that were not asked for, as far as they could be left out.
struct Pruned {
    relation: Relation,
    /// Where each column of the old relation is now.
    places: Vec<Option<usize>>,
}

impl Pruned {
    fn all(relation: Relation) -> Self {
        let places = (0..relation.schema.len()).map(Some).collect();
        Pruned { relation, places }
    }

    fn place(&self, old: usize) -> Result<usize> {
        self.places
            .get(old)
            .copied()
            .flatten()
            .ok_or_else(|| Error::bug(format!("column {old} was pruned, but is needed")))
    }

    fn moved(&self, expr: &Expr) -> Result<Expr> {
        for index in expr.columns() {
            self.place(index)?;
        }
        Ok(expr.move_columns(&|index| self.places[index].unwrap_or_default()))
    }

    fn moved_all(&self, exprs: &[Expr]) -> Result<Vec<Expr>> {
        exprs.iter().map(|expr| self.moved(expr)).collect()
    }

    fn moved_order(&self, order: &[OrderKey]) -> Result<Vec<OrderKey>> {
        order.iter().map(|key| Ok(OrderKey { expr: self.moved(&key.expr)?, ..key.clone() })).collect()
    }

    /// The relation with exactly these columns of the old one, in this order.
    fn exactly(self, wanted: &[usize]) -> Result<Relation> {
        let places = wanted.iter().map(|&old| self.place(old)).collect::<Result<Vec<_>>>()?;
        if places.iter().copied().eq(0..self.relation.schema.len()) {
            return Ok(self.relation);
        }
        let fields = &self.relation.schema.fields;
        let exprs = places.iter().map(|&place| column(place, &fields[place].data_type)).collect();
        let names = places.iter().map(|&place| fields[place].name.clone()).collect();
        Ok(self.relation.project(exprs, names))
    }
}

/// The column that costs least to read.
fn narrowest(schema: &Schema) -> usize {
    let cost = |kind: &TypeKind| match kind {
        TypeKind::Boolean | TypeKind::TinyInt | TypeKind::SmallInt => 0,
        kind if kind.is_numeric() || kind.is_datetime() || kind.is_interval() => 1,
        TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Binary(_) | TypeKind::Varbinary(_) => 2,
        _ => 3,
    };
    let columns = schema.fields.iter().enumerate();
    columns.min_by_key(|(_, field)| cost(&field.data_type.kind)).map_or(0, |(index, _)| index)
}

fn columns_of<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> BTreeSet<usize> {
    exprs.into_iter().flat_map(Expr::columns).collect()
}

/// Leaves out columns that are not `needed`.
fn prune(relation: Relation, needed: &BTreeSet<usize>) -> Result<Pruned> {
    let Relation { kind, schema } = relation;
    let width = schema.len();
    // Rows are counted by their columns: one stays where only their number matters (COUNT(*)).
    let one = BTreeSet::from([narrowest(&schema)]);
    let needed = if needed.is_empty() && width > 0 { &one } else { needed };
    Ok(match kind {
        RelationKind::Scan(_) => {
            let scan = Relation { kind, schema: schema.clone() };
            if needed.len() == width {
                return Ok(Pruned::all(scan));
            }
            let kept: Vec<usize> = needed.iter().copied().collect();
            let exprs = kept.iter().map(|&index| column(index, &schema.fields[index].data_type)).collect();
            let names = kept.iter().map(|&index| schema.fields[index].name.clone()).collect();
            Pruned { relation: scan.project(exprs, names), places: places(&kept, width) }
        }
        RelationKind::Values(_) | RelationKind::Fence(_) => Pruned::all(Relation { kind, schema }),
        RelationKind::SetOperation { left, right, operation } => {
            // Rows are compared whole.
            let all: Vec<usize> = (0..width).collect();
            let whole = |side: Relation| -> Result<_> {
                Ok(Box::new(prune(side, &all.iter().copied().collect())?.exactly(&all)?))
            };
            let kind = RelationKind::SetOperation { left: whole(*left)?, right: whole(*right)?, operation };
            Pruned::all(Relation { kind, schema })
        }
        RelationKind::ChangeCodes { input, codes } => {
            let all: Vec<usize> = (0..input.schema.len()).collect();
            let input = prune(*input, &all.iter().copied().collect())?.exactly(&all)?;
            Pruned::all(Relation { kind: RelationKind::ChangeCodes { input: Box::new(input), codes }, schema })
        }
        RelationKind::SingleRow { input, keys } => {
            let input = prune(*input, &needed.iter().copied().chain(keys.iter().copied()).collect())?;
            let keys = keys.into_iter().map(|key| input.place(key)).collect::<Result<_>>()?;
            let Pruned { relation, places } = input;
            let schema = relation.schema.clone();
            let kind = RelationKind::SingleRow { input: Box::new(relation), keys };
            Pruned { relation: Relation { kind, schema }, places }
        }
        RelationKind::View { name, input } => {
            let Pruned { relation: input, places } = prune(*input, needed)?;
            // The view's names hold where it renames its query's columns.
            let mut fields = input.schema.fields.clone();
            for (old, new) in places.iter().enumerate() {
                if let Some(new) = new {
                    fields[*new].name.clone_from(&schema.fields[old].name);
                }
            }
            let kind = RelationKind::View { name, input: Box::new(input) };
            Pruned { relation: Relation { kind, schema: Schema::new(fields) }, places }
        }
        RelationKind::Project { input, exprs } => {
            let kept: Vec<usize> = needed.iter().copied().collect();
            let exprs: Vec<Expr> = kept.iter().map(|&index| exprs[index].clone()).collect();
            let input = prune(*input, &columns_of(&exprs))?;
            let exprs = input.moved_all(&exprs)?;
            let names = kept.iter().map(|&index| schema.fields[index].name.clone()).collect();
            Pruned { relation: input.relation.project(exprs, names), places: places(&kept, width) }
        }
        RelationKind::Filter { input, condition } => {
            let wanted = needed.union(&condition.columns()).copied().collect();
            let input = prune(*input, &wanted)?;
            let condition = input.moved(&condition)?;
            Pruned { places: input.places, relation: input.relation.filter(condition) }
        }
        RelationKind::UnionAll(inputs) => {
            let kept: Vec<usize> = needed.iter().copied().collect();
            let inputs =
                inputs.into_iter().map(|branch| prune(branch, needed)?.exactly(&kept)).collect::<Result<Vec<_>>>()?;
            let relation = Relation { schema: schema.project(&kept), kind: RelationKind::UnionAll(inputs) };
            Pruned { relation, places: places(&kept, width) }
        }
        RelationKind::Temporal { left, right, kind, as_of, on, place, hint } => {
            let split = left.schema.len();
            let mut wanted: BTreeSet<usize> = needed.iter().copied().chain(columns_of(&on)).collect();
            if let AsOf::Event { time, since } = as_of {
                // Versions need their time and their key.
                wanted.insert(time);
                wanted.extend(since.map(|since| split + since));
            }
            wanted.extend(primary_key(&right).into_iter().map(|key| split + key));
            let of_left = wanted.iter().copied().filter(|&index| index < split).collect();
            let of_right = wanted.iter().filter(|&&index| index >= split).map(|index| index - split).collect();
            let (left, right) = (prune(*left, &of_left)?, prune(*right, &of_right)?);
            let moved = left.relation.schema.len();
            let mut places = left.places.clone();
            places.extend(right.places.iter().map(|place| place.map(|place| place + moved)));
            let on =
                on.iter().map(|condition| condition.move_columns(&|old| places[old].unwrap_or_default())).collect();
            let as_of = match as_of {
                AsOf::Event { time, since } => {
                    AsOf::Event { time: left.place(time)?, since: since.map(|since| right.place(since)).transpose()? }
                }
                AsOf::Processing => AsOf::Processing,
            };
            let rights = right.relation.schema.fields.iter();
            let mut fields: Vec<_> = left.relation.schema.fields.iter().chain(rights).cloned().collect();
            for (old, new) in places.iter().enumerate() {
                if let Some(new) = new {
                    fields[*new] = schema.fields[old].clone();
                }
            }
            let (left, right) = (Box::new(left.relation), Box::new(right.relation));
            let kind = RelationKind::Temporal { left, right, kind, as_of, on, place, hint };
            Pruned { relation: Relation { kind, schema: Schema::new(fields) }, places }
        }
        RelationKind::Join { left, right, kind: JoinKind::Left, on, class: JoinClass::Regular, .. }
            if is_unread(&left, &right, &on, needed) =>
        {
            let Pruned { relation, mut places } = prune(*left, needed)?;
            places.resize(width, None);
            Pruned { relation, places }
        }
        RelationKind::Join { left, right, kind, on, class, origin } => {
            let split = left.schema.len();
            let wanted: BTreeSet<usize> = needed.iter().copied().chain(columns_of(&on)).collect();
            let of_left = wanted.iter().copied().filter(|&index| index < split).collect();
            let of_right = wanted.iter().filter(|&&index| index >= split).map(|index| index - split).collect();
            let (left, right) = (prune(*left, &of_left)?, prune(*right, &of_right)?);
            let moved = left.relation.schema.len();
            let mut both = left.places.clone();
            both.extend(right.places.iter().map(|place| place.map(|place| place + moved)));
            let on = on.iter().map(|condition| condition.move_columns(&|old| both[old].unwrap_or_default())).collect();
            // The join's own types: what is nullable here may not be below.
            let visible = &both[..width];
            let mut fields: Vec<_> = left.relation.schema.fields.clone();
            if !kind.is_semi() {
                fields.extend(right.relation.schema.fields.iter().cloned());
            }
            for (old, new) in visible.iter().enumerate() {
                if let Some(new) = new {
                    fields[*new] = schema.fields[old].clone();
                }
            }
            let places = visible.to_vec();
            let (left, right) = (Box::new(left.relation), Box::new(right.relation));
            let kind = RelationKind::Join { left, right, kind, on, class, origin };
            Pruned { relation: Relation { kind, schema: Schema::new(fields) }, places }
        }
        RelationKind::Unnest { input, collection, outer, ordinality, on } => {
            let added = input.schema.len();
            let read = on.iter().flat_map(Expr::columns);
            let below = needed.iter().copied().chain(read).filter(|&index| index < added);
            let input = prune(*input, &below.chain(collection.columns()).collect())?;
            let collection = input.moved(&collection)?;
            let (schema, places) = extended(&input, &schema, added);
            let on = on.map(|on| on.move_columns(&|index| places[index].unwrap_or_default()));
            let kind = RelationKind::Unnest { input: Box::new(input.relation), collection, outer, ordinality, on };
            Pruned { relation: Relation { kind, schema }, places }
        }
        RelationKind::Window { input, window, time, partition, legacy } => {
            let added = input.schema.len();
            let below = needed.iter().copied().filter(|&index| index < added);
            let input = prune(*input, &below.chain([time]).chain(partition.iter().copied()).collect())?;
            let time = input.place(time)?;
            let partition = partition.into_iter().map(|key| input.place(key)).collect::<Result<_>>()?;
            let (schema, places) = extended(&input, &schema, added);
            let kind = RelationKind::Window { input: Box::new(input.relation), window, time, partition, legacy };
            Pruned { relation: Relation { kind, schema }, places }
        }
        RelationKind::Aggregate { input, keys, sets, calls, window, ttl } => {
            let first = width - calls.len();
            let mut kept: Vec<usize> = (0..first).collect();
            kept.extend(needed.iter().copied().filter(|&index| index >= first));
            let calls: Vec<_> = kept[first..].iter().map(|&index| &calls[index - first]).collect();
            let read = calls.iter().flat_map(|call| call.exprs());
            let input = prune(*input, &columns_of(keys.iter().chain(read)))?;
            let keys = input.moved_all(&keys)?;
            let calls = calls.iter().map(|call| call.map(|expr| input.moved(expr))).collect::<Result<_>>()?;
            let kind = RelationKind::Aggregate { input: Box::new(input.relation), keys, sets, calls, window, ttl };
            Pruned { relation: Relation { kind, schema: schema.project(&kept) }, places: places(&kept, width) }
        }
        RelationKind::Rank { input, partition, order, ranking, place } => {
            let added = input.schema.len();
            let below = needed.iter().copied().filter(|&index| index < added);
            let own = columns_of(partition.iter().chain(order.iter().map(|key| &key.expr)));
            let mut wanted: BTreeSet<usize> = below.chain(own).collect();
            // Whether it ranks within windows is told by the columns that name them.
            if let Some(window) = input.window_columns() {
                wanted.extend(window.start.iter().chain(&window.end));
            }
            let input = prune(*input, &wanted)?;
            let partition = input.moved_all(&partition)?;
            let order = input.moved_order(&order)?;
            let (schema, places) = extended(&input, &schema, added);
            let kind = RelationKind::Rank { input: Box::new(input.relation), partition, order, ranking, place };
            Pruned { relation: Relation { kind, schema }, places }
        }
        RelationKind::Over { input, partition, order, frame, calls, place } => {
            let first = input.schema.len();
            let called: Vec<usize> = needed.iter().copied().filter(|&index| index >= first).collect();
            let calls: Vec<_> = called.iter().map(|&index| &calls[index - first]).collect();
            let read = calls.iter().flat_map(|call| call.exprs());
            let own = columns_of(partition.iter().chain(order.iter().map(|key| &key.expr)).chain(read));
            let input = prune(*input, &needed.iter().copied().filter(|&index| index < first).chain(own).collect())?;
            if called.is_empty() {
                let places = input.places.iter().copied().chain(std::iter::repeat_n(None, width - first)).collect();
                return Ok(Pruned { relation: input.relation, places });
            }
            let partition = input.moved_all(&partition)?;
            let order = input.moved_order(&order)?;
            let calls = calls.iter().map(|call| call.map(|expr| input.moved(expr))).collect::<Result<_>>()?;
            let mut fields = input.relation.schema.fields.clone();
            let mut places = input.places.clone();
            places.resize(width, None);
            for &index in &called {
                places[index] = Some(fields.len());
                fields.push(schema.fields[index].clone());
            }
            let kind = RelationKind::Over { input: Box::new(input.relation), partition, order, frame, calls, place };
            Pruned { relation: Relation { kind, schema: Schema::new(fields) }, places }
        }
        RelationKind::Match(matched) => {
            let input = prune(matched.input.clone(), &columns_of(matched.input_exprs()))?;
            let matched = matched.over(input.relation.clone(), &|expr| input.moved(expr))?;
            Pruned::all(Relation { kind: RelationKind::Match(Box::new(matched)), schema })
        }
        RelationKind::Sort { input, order, offset, limit } => {
            let wanted = needed.union(&columns_of(order.iter().map(|key| &key.expr))).copied().collect();
            let input = prune(*input, &wanted)?;
            let order = input.moved_order(&order)?;
            let schema = input.relation.schema.clone();
            let kind = RelationKind::Sort { input: Box::new(input.relation), order, offset, limit };
            Pruned { relation: Relation { kind, schema }, places: input.places }
        }
    })
}

/// Whether the right side of a LEFT JOIN changes nothing: none of its columns are needed, and each row on the left finds one of
/// its rows at the most.
fn is_unread(left: &Relation, right: &Relation, on: &[Expr], needed: &BTreeSet<usize>) -> bool {
    let split = left.schema.len();
    let compared = |condition: &Expr| {
        let Expr::Call { name, arguments, .. } = condition else { return None };
        let [one, other] = arguments.as_slice() else { return None };
        let of_right = |side: &Expr, other: &Expr| match side {
            Expr::Column { index, .. } if other.columns().iter().all(|column| *column < split) => {
                index.checked_sub(split)
            }
            _ => None,
        };
        (name == operators::EQUAL).then(|| of_right(one, other).or_else(|| of_right(other, one))).flatten()
    };
    let keys: Vec<usize> = on.iter().filter_map(compared).collect();
    needed.iter().all(|column| *column < split) && is_unique_by(right, &keys)
}

/// The columns of a relation that hold the PRIMARY KEY of the table that it shows.
fn primary_key(relation: &Relation) -> Vec<usize> {
    match &relation.kind {
        RelationKind::Scan(table) => table.primary_key.clone(),
        RelationKind::View { input, .. } | RelationKind::Filter { input, .. } | RelationKind::Fence(input) => {
            primary_key(input)
        }
        RelationKind::Project { input, exprs } => {
            let key = primary_key(input);
            let is_key = |expr: &Expr| matches!(expr, Expr::Column { index, .. } if key.contains(index));
            exprs.iter().enumerate().filter(|(_, expr)| is_key(expr)).map(|(index, _)| index).collect()
        }
        _ => Vec::new(),
    }
}

/// Where each of `width` columns is when only `kept` are left.
fn places(kept: &[usize], width: usize) -> Vec<Option<usize>> {
    let mut places = vec![None; width];
    for (new, &old) in kept.iter().enumerate() {
        places[old] = Some(new);
    }
    places
}

/// The schema of a relation that adds columns to its pruned input: those from `added` on in the old schema.
fn extended(input: &Pruned, old: &Schema, added: usize) -> (Schema, Vec<Option<usize>>) {
    let mut schema = input.relation.schema.clone();
    let mut places = input.places.clone();
    for field in &old.fields[added..] {
        places.push(Some(schema.len()));
        schema.fields.push(field.clone());
    }
    (schema, places)
}
