//! ROW_NUMBER, RANK and DENSE_RANK: the numbers of rows within partitions, from which the planner makes Top-N and deduplication.

use super::call::name_of;
use super::expr::ExprBinder;
use super::query::order_key;
use super::relation::{OrderKey, Relation, RelationKind};
use super::scope;
use crate::expr::Expr;
use crate::parse::place_of;
use riverrun_core::{DataType, Error, Field, Result, TypeKind};
use riverrun_operators::rank::top_n::Ranking;
use sqlparser::ast::{self, NamedWindowDefinition, NamedWindowExpr, Spanned, WindowSpec, WindowType};
use std::cell::RefCell;

/// While expressions are bound, ranks stand at columns from here on: how many columns come before them is not known yet.
const PENDING: usize = 1 << 40;

/// One ranking.
#[derive(Clone, Debug)]
struct Rank {
    ranking: Ranking,
    partition: Vec<Expr>,
    order: Vec<OrderKey>,
}

/// The rankings of a SELECT.
#[derive(Default)]
pub(super) struct Ranks {
    collected: RefCell<Vec<Rank>>,
    windows: Vec<NamedWindowDefinition>,
    /// The clause in which none may stand.
    refused_in: Option<&'static str>,
}

fn rank_type() -> DataType {
    TypeKind::BigInt.not_null()
}

impl Ranks {
    /// Collects what stands in a SELECT list or QUALIFY.
    pub(super) fn collecting(windows: &[NamedWindowDefinition]) -> Self {
        Ranks { windows: windows.to_vec(), ..Ranks::default() }
    }

    /// Refuses them in a clause.
    pub(super) fn refusing(clause: &'static str) -> Self {
        Ranks { refused_in: Some(clause), ..Ranks::default() }
    }

    /// The column of a ROW_NUMBER, as [`super::expr::Special::bind`].
    pub(super) fn bind(&self, expr: &ast::Expr, binder: &ExprBinder<'_>) -> Result<Option<Expr>> {
        let ast::Expr::Function(function) = expr else { return Ok(None) };
        let Some(over) = &function.over else { return Ok(None) };
        let name = name_of(function).to_uppercase();
        if let Some(clause) = self.refused_in {
            return Err(Error::input(format!("{name} OVER (…) can't stand in {clause}"))
                .hint("select it in a subquery, or use QUALIFY")
                .at(place_of(expr.span())));
        }
        let ranking = match name.as_str() {
            "ROW_NUMBER" => Ranking::RowNumber,
            "RANK" => Ranking::Rank,
            "DENSE_RANK" => Ranking::DenseRank,
            _ => return Err(Error::unsupported(format!("{name} OVER (…)")).at(place_of(expr.span()))),
        };
        let spec = self.spec(over)?;
        let partition = spec.partition_by.iter().map(|key| binder.bind(key)).collect::<Result<Vec<_>>>()?;
        let order =
            spec.order_by.iter().map(|item| order_key(binder.bind(&item.expr)?, item)).collect::<Result<Vec<_>>>()?;
        if order.is_empty() {
            return Err(Error::input(format!("{name}() needs ORDER BY in its OVER clause")).at(place_of(expr.span())));
        }
        let mut collected = self.collected.borrow_mut();
        let rank = Rank { ranking, partition, order };
        let known = collected.iter().position(|known| same(known, &rank));
        let position = known.unwrap_or_else(|| {
            collected.push(rank);
            collected.len() - 1
        });
        Ok(Some(scope::column(PENDING + position, &rank_type())))
    }

    fn spec<'s>(&'s self, over: &'s WindowType) -> Result<&'s WindowSpec> {
        let name = match over {
            WindowType::WindowSpec(spec) => return Ok(spec),
            WindowType::NamedWindow(name) => name,
        };
        for NamedWindowDefinition(known, expr) in &self.windows {
            if known.value == name.value {
                return match expr {
                    NamedWindowExpr::WindowSpec(spec) => Ok(spec),
                    NamedWindowExpr::NamedWindow(_) => Err(Error::unsupported("a window named after another")),
                };
            }
        }
        Err(Error::input(format!("there is no window '{}'", name.value)).at(place_of(name.span)))
    }

    /// The relation with a column per rank behind its own.
    pub(super) fn finish(&self, mut relation: Relation) -> Relation {
        for (index, rank) in self.collected.borrow().iter().enumerate() {
            let mut schema = relation.schema.clone();
            schema.fields.push(Field::new(format!("row_number${index}"), rank_type()));
            let Rank { ranking, partition, order } = rank.clone();
            let kind = RelationKind::Rank { input: Box::new(relation), partition, order, ranking };
            relation = Relation { schema, kind };
        }
        relation
    }

    /// An expression with its ranks at their columns, which follow the first `width`.
    pub(super) fn placed(&self, expr: &Expr, width: usize) -> Expr {
        if self.collected.borrow().is_empty() {
            return expr.clone();
        }
        expr.move_columns(&|index| if index >= PENDING { width + index - PENDING } else { index })
    }
}

fn same(left: &Rank, right: &Rank) -> bool {
    let orders = left.order.iter().zip(&right.order).all(|(left, right)| {
        left.expr.same_as(&right.expr) && left.descending == right.descending && left.nulls_first == right.nulls_first
    });
    orders
        && left.ranking == right.ranking
        && left.order.len() == right.order.len()
        && left.partition.len() == right.partition.len()
        && left.partition.iter().zip(&right.partition).all(|(left, right)| left.same_as(right))
}
