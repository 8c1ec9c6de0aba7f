//! Chains of projections and filters as one.

use crate::bind::relation::{Relation, RelationKind};
use crate::bind::scope::column;
use crate::expr::Expr;

/// Projections and filters over something else.
pub struct Chain {
    /// What is neither.
    pub base: Relation,
    /// The columns, over the base.
    pub exprs: Vec<Expr>,
    /// The conditions, over the base; in the order in which they must hold.
    pub filters: Vec<Expr>,
}

/// Takes the projections and filters off a relation. What a projection computes and what more than one
/// place above it reads is computed only once: there the chain ends.
pub fn chain(relation: Relation) -> Chain {
    let Relation { kind, schema } = relation;
    match kind {
        RelationKind::Project { input, exprs } => {
            let below = chain(*input);
            match mergeable(&below, exprs.iter()) {
                true => {
                    let exprs = exprs.iter().map(|expr| substituted(expr, &below.exprs)).collect();
                    Chain { exprs, ..below }
                }
                false => Chain { base: below.into_relation(), exprs, filters: Vec::new() },
            }
        }
        RelationKind::Filter { input, condition } => {
            let names: Vec<_> = schema.fields.iter().map(|field| field.name.clone()).collect();
            let mut below = chain(*input);
            let outputs: Vec<_> =
                below.exprs.iter().enumerate().map(|(index, expr)| column(index, expr.data_type())).collect();
            if mergeable(&below, outputs.iter().chain([&condition])) {
                let condition = substituted(&condition, &below.exprs);
                below.filters.push(condition);
                return below;
            }
            let base = below.into_relation().named(&names);
            Chain { base, exprs: outputs, filters: vec![condition] }
        }
        kind => {
            let exprs =
                schema.fields.iter().enumerate().map(|(index, field)| column(index, &field.data_type)).collect();
            Chain { base: Relation { kind, schema }, exprs, filters: Vec::new() }
        }
    }
}

impl Chain {
    /// The chain as a relation again, which the planner meets as one Calc.
    fn into_relation(self) -> Relation {
        let mut relation = self.base;
        for filter in self.filters {
            relation = relation.filter(filter);
        }
        let names = (0..self.exprs.len()).map(|index| format!("${index}")).collect();
        // Set apart from the projections above it, with which it must not be merged.
        let projected = relation.project(self.exprs, names);
        let schema = projected.schema.clone();
        Relation { schema, kind: RelationKind::Fence(Box::new(projected)) }
    }
}

impl Relation {
    fn named(mut self, names: &[String]) -> Relation {
        for (field, name) in self.schema.fields.iter_mut().zip(names) {
            field.name.clone_from(name);
        }
        self
    }
}

/// Whether no computed column of `below` is read more than once.
fn mergeable<'a>(below: &Chain, readers: impl Iterator<Item = &'a Expr>) -> bool {
    let mut uses = vec![0_usize; below.exprs.len()];
    for reader in readers {
        count(reader, &mut uses);
    }
    below.exprs.iter().zip(uses).all(|(expr, uses)| uses <= 1 || expr.children().is_empty())
}

fn count(expr: &Expr, uses: &mut [usize]) {
    if let Expr::Column { index, .. } = expr {
        uses[*index] += 1;
    }
    expr.children().into_iter().for_each(|child| count(child, uses));
}

fn substituted(expr: &Expr, below: &[Expr]) -> Expr {
    expr.replace_columns(&mut |index, data_type| below[index].clone().with_type(data_type.clone()))
}
