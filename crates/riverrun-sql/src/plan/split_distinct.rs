//! DISTINCT aggregates of keys with very many rows (`table.optimizer.distinct-agg.split.enabled`).
//!
//! The values of each DISTINCT are told apart by an aggregation of their own, keyed by the values too, so that those of one
//! key are spread over all workers. What comes out of it is each value once, when it is there first and when the last row
//! that has it is gone, so that behind it the aggregate is a plain one, which may have two phases:
//!
//! ```text
//!   rows ─┬─ keys, values ─ by both ─► GroupAggregate, no aggregates ─┬─ by keys ─► GroupAggregate
//!         └─ keys, what the other calls read ─────────────────────────┘
//! ```
//!
//! Source of the semantics: Flink 2.3, "Performance Tuning", "Split Distinct Aggregation", and its `SplitAggregateRule`. Flink
//! puts the values of a key into `bucket-num` parts, each with its set of values and an aggregate; here the values are keys, so
//! that there is no set, and nothing to choose a number for.

use super::group::{ANY_ORDER, key_name};
use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::planner::Planner;
use crate::bind::literal;
use crate::bind::relation::BoundAggregate;
use crate::bind::scope::column;
use crate::expr::Expr;
use riverrun_core::{Field, Millis, Result, Schema, TypeKind};
use riverrun_operators::each_change::Changes;
use riverrun_operators::group_aggregate::GroupAggregateSpec;
use riverrun_operators::union::UnionSpec;

#[cfg(test)]
mod tests;

/// An aggregation over what stands before it now.
pub(super) struct Split {
    /// The rows.
    pub node: NodeId,
    /// The keys over them.
    pub keys: Vec<Expr>,
    /// The calls over them, none of which is DISTINCT.
    pub calls: Vec<BoundAggregate>,
}

/// Whether the calls can be computed so: there is a DISTINCT, and no result depends on the order of rows.
pub(super) fn can_split(calls: &[BoundAggregate]) -> bool {
    let any_order = |call: &BoundAggregate| call.definition.built_in().is_some_and(|name| ANY_ORDER.contains(&name));
    let exact = |call: &BoundAggregate| call.inputs.iter().all(|input| is_exact(&input.data_type().kind));
    calls.iter().any(is_distinct)
        && calls.iter().all(any_order)
        && calls.iter().filter(|call| is_distinct(call)).all(exact)
}

/// Whether only different values count.
fn is_distinct(call: &BoundAggregate) -> bool {
    call.options.distinct && !call.inputs.is_empty() && !matches!(call.definition.built_in(), Some("MIN" | "MAX"))
}

/// Whether values that are different are different keys: 0.0 and -0.0 are one key, and maps of other orders.
fn is_exact(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Array(element) => is_exact(&element.kind),
        TypeKind::Row(fields) => fields.iter().all(|field| is_exact(&field.data_type.kind)),
        TypeKind::Map(..) | TypeKind::Multiset(_) => false,
        kind => !kind.is_approximate(),
    }
}

/// Calls that read the same rows: those of one DISTINCT, or all that are none.
struct Part {
    distinct: bool,
    /// The columns that its calls read.
    inputs: Vec<usize>,
    /// FILTER, of a DISTINCT.
    filter: Option<usize>,
}

/// What a call reads: its part, its inputs, its filter.
struct Reads {
    part: usize,
    inputs: Vec<usize>,
    filter: Option<usize>,
}

/// The columns that all parts are made of, each computed once for a row: keys, then inputs and filters.
#[derive(Default)]
struct Columns {
    exprs: Vec<Expr>,
    schema: Schema,
    keys: usize,
}

impl Columns {
    fn push(&mut self, expr: &Expr, name: String) {
        self.schema.fields.push(Field::new(name, expr.data_type().without_time_attribute()));
        self.exprs.push(expr.clone());
    }

    /// The position of an input or filter.
    fn add(&mut self, expr: &Expr, below: &Schema) -> usize {
        match self.exprs[self.keys..].iter().position(|known| known.same_as(expr)) {
            Some(position) => self.keys + position,
            None => {
                self.push(expr, expr.display(below).to_string());
                self.exprs.len() - 1
            }
        }
    }

    fn column(&self, index: usize, at: usize) -> Expr {
        column(at, &self.schema.fields[index].data_type)
    }
}

impl Planner<'_> {
    /// Puts an aggregation of the different values before one of these keys and calls.
    pub(super) fn split_distinct(
        &mut self,
        node: NodeId,
        keys: &[Expr],
        calls: &[BoundAggregate],
        ttl: Option<Millis>,
    ) -> Result<Split> {
        let below = self.builder.properties(node).schema.clone();
        let mut columns = Columns::default();
        for (position, key) in keys.iter().enumerate() {
            columns.push(key, key_name(key, &below, position));
        }
        columns.keys = keys.len();
        let (parts, reads) = parts_of(calls, &mut columns, &below);
        let node = self.calc(node, Vec::new(), &columns.exprs, columns.schema.clone())?;
        // Behind the keys: the inputs of each part, then whether the row counts, for each FILTER of each part.
        let inputs: Vec<(usize, usize)> =
            parts.iter().enumerate().flat_map(|(part, of)| of.inputs.iter().map(move |&input| (part, input))).collect();
        let mut counted: Vec<(usize, Option<usize>)> = Vec::new();
        for call in &reads {
            let counts = (call.part, call.filter);
            if (parts.len() > 1 || call.filter.is_some()) && !counted.contains(&counts) {
                counted.push(counts);
            }
        }
        let mut schema = Schema::new(columns.schema.fields[..keys.len()].to_vec());
        for &(_, input) in &inputs {
            let field = &columns.schema.fields[input];
            let nullable = field.data_type.nullable || parts.len() > 1;
            schema.fields.push(Field::new(field.name.clone(), field.data_type.with_nullable(nullable)));
        }
        let flags = (0..counted.len()).map(|at| Field::new(format!("counts${at}"), TypeKind::Boolean.nullable()));
        schema.fields.extend(flags);
        let mut branches = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let (branch, kept) = self.part(node, part, &columns, ttl)?;
            let place = |index: usize| kept.iter().position(|known| *known == index).unwrap_or_default();
            let mut exprs: Vec<Expr> = (0..keys.len()).map(|key| columns.column(key, key)).collect();
            for &(of, input) in &inputs {
                exprs.push(match of == number {
                    true => columns.column(input, place(input)),
                    false => literal::null(&columns.schema.fields[input].data_type)?,
                });
            }
            exprs.extend(counted.iter().map(|&(of, filter)| match filter {
                Some(filter) if of == number => columns.column(filter, place(filter)),
                _ => literal::boolean(of == number),
            }));
            branches.push(self.calc(branch, Vec::new(), &exprs, schema.clone())?);
        }
        let node = match branches[..] {
            [branch] => branch,
            _ => self.union(branches, schema.clone()),
        };
        let at = |index: usize| column(index, &schema.fields[index].data_type);
        let calls = calls.iter().zip(&reads).map(|(call, reads)| {
            let place = |input: &usize| inputs.iter().position(|known| *known == (reads.part, *input));
            let inputs_of = reads.inputs.iter().filter_map(place).map(|place| at(keys.len() + place));
            let flag = counted.iter().position(|known| *known == (reads.part, reads.filter));
            let mut call = BoundAggregate {
                inputs: inputs_of.collect(),
                filter: flag.map(|flag| at(keys.len() + inputs.len() + flag)),
                ..call.clone()
            };
            call.options.distinct = false;
            call
        });
        Ok(Split { calls: calls.collect(), keys: (0..keys.len()).map(at).collect(), node })
    }

    /// The rows of a part, and which columns they have.
    fn part(
        &mut self,
        node: NodeId,
        part: &Part,
        columns: &Columns,
        ttl: Option<Millis>,
    ) -> Result<(NodeId, Vec<usize>)> {
        let mut kept: Vec<usize> = (0..columns.exprs.len()).collect();
        if !part.distinct {
            return Ok((node, kept));
        }
        kept.truncate(columns.keys);
        for index in part.inputs.iter().chain(&part.filter) {
            if !kept.contains(index) {
                kept.push(*index);
            }
        }
        let schema = columns.schema.project(&kept);
        let values: Vec<Expr> = kept.iter().map(|&index| columns.column(index, index)).collect();
        let spec = GroupAggregateSpec {
            keys: self.lower_all(&values, &columns.schema)?,
            aggregates: Vec::new(),
            schema: schema.clone(),
            ttl,
            phases: self.config.aggregate_phases(),
            batch_size: self.config.batch_size(),
            changes: Changes::OfTicks,
            of_no_rows: false,
        };
        let properties = Properties {
            changelog: ChangelogKind::Retract,
            keys: Some((0..kept.len()).collect()),
            ..Properties::append(schema, self.builder.properties(node).bounded)
        };
        let rows = self.builder.add(NodeKind::GroupAggregate(spec), vec![node.into()], properties);
        Ok((rows, kept))
    }

    fn union(&mut self, branches: Vec<NodeId>, schema: Schema) -> NodeId {
        let bounded = branches.iter().all(|branch| self.builder.properties(*branch).bounded);
        let properties =
            Properties { changelog: ChangelogKind::Retract, ..Properties::append(schema.clone(), bounded) };
        let inputs = branches.into_iter().map(Into::into).collect();
        self.builder.add(NodeKind::Union(UnionSpec { schema }), inputs, properties)
    }
}

/// The parts, and what each call reads.
fn parts_of(calls: &[BoundAggregate], columns: &mut Columns, below: &Schema) -> (Vec<Part>, Vec<Reads>) {
    let (mut parts, mut reads): (Vec<Part>, Vec<Reads>) = (Vec::new(), Vec::new());
    for call in calls {
        let inputs: Vec<usize> = call.inputs.iter().map(|input| columns.add(input, below)).collect();
        let filter = call.filter.as_ref().map(|filter| columns.add(filter, below));
        let distinct = is_distinct(call);
        let same = |part: &Part| match distinct {
            true => part.distinct && part.inputs == inputs && part.filter == filter,
            false => !part.distinct,
        };
        let part = parts.iter().position(same).unwrap_or_else(|| {
            parts.push(Part { distinct, inputs: Vec::new(), filter: filter.filter(|_| distinct) });
            parts.len() - 1
        });
        for input in &inputs {
            // A DISTINCT of the same column twice still has two inputs, which are one column.
            if !parts[part].inputs.contains(input) {
                parts[part].inputs.push(*input);
            }
        }
        reads.push(Reads { part, inputs, filter });
    }
    (parts, reads)
}
