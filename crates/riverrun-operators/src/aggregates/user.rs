//! Aggregate functions that are not in the registry: those of the user.

use super::{AggregateArgument, AggregateDef, AggregateOptions, ResolvedAggregate, with_distinct};
use riverrun_core::Result;
use std::fmt::Debug;
use std::sync::Arc;

/// An aggregate function of the user.
pub trait UserAggregate: Debug + Send + Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// Resolves a call, DISTINCT aside, as [`super::ResolveAggregate`].
    fn resolve(&self, arguments: &[AggregateArgument<'_>], options: &AggregateOptions) -> Result<ResolvedAggregate>;
}

/// An aggregate function of either kind.
#[derive(Clone, Debug)]
pub enum AggregateRef {
    /// One of the registry.
    BuiltIn(&'static AggregateDef),
    /// One of the user.
    User(Arc<dyn UserAggregate>),
}

impl AggregateRef {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            AggregateRef::BuiltIn(definition) => definition.name,
            AggregateRef::User(function) => function.name(),
        }
    }

    /// Its name, if it is one of the registry: whoever knows a function's ways by its name must not take another for it.
    pub fn built_in(&self) -> Option<&'static str> {
        match self {
            AggregateRef::BuiltIn(definition) => Some(definition.name),
            AggregateRef::User(_) => None,
        }
    }

    /// Whether both are the same function.
    pub fn same_as(&self, other: &AggregateRef) -> bool {
        match (self, other) {
            (AggregateRef::BuiltIn(left), AggregateRef::BuiltIn(right)) => left.name == right.name,
            (AggregateRef::User(left), AggregateRef::User(right)) => Arc::ptr_eq(left, right),
            _ => false,
        }
    }

    /// Resolves a call. `COUNT(*)` is a call without arguments.
    pub fn bind(&self, arguments: &[AggregateArgument<'_>], options: &AggregateOptions) -> Result<ResolvedAggregate> {
        match self {
            AggregateRef::BuiltIn(definition) => definition.bind(arguments, options),
            AggregateRef::User(function) => {
                // Rows that are equal to others don't reach the function: it is asked to take back what it was given.
                Ok(with_distinct(function.resolve(arguments, options)?, options))
            }
        }
    }
}
