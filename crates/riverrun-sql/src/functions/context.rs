//! What a call is resolved in: the session's settings and the functions of the user.

use super::registry;
use super::user::{Body, UserFunction};
use crate::catalog::{DEFAULT_CATALOG, DEFAULT_DATABASE, Functions, functions};
use crate::session::star::ColumnExpansion;
use riverrun_core::Clock;
use riverrun_operators::aggregates::{self, AggregateRef};
use sqlparser::ast::ObjectName;
use std::sync::Arc;

/// What a call is resolved in.
#[derive(Clone, Debug)]
pub struct FunctionContext {
    /// `table.local-time-zone`.
    pub time_zone: chrono_tz::Tz,
    /// Processing time, for CURRENT_TIMESTAMP and its kin.
    pub clock: Arc<dyn Clock>,
    /// The catalog in use.
    pub catalog: Arc<str>,
    /// The database in use.
    pub database: Arc<str>,
    /// Which columns `*` leaves out.
    pub column_expansion: ColumnExpansion,
    /// The functions of the user.
    pub functions: Arc<Functions>,
    /// The functions whose texts are being bound, the outermost first.
    pub(crate) expanding: Vec<String>,
}

impl FunctionContext {
    /// What holds in a session of these settings, in the default database.
    pub fn new(time_zone: chrono_tz::Tz, clock: Arc<dyn Clock>) -> Self {
        FunctionContext {
            time_zone,
            clock,
            catalog: Arc::from(DEFAULT_CATALOG),
            database: Arc::from(DEFAULT_DATABASE),
            column_expansion: ColumnExpansion::default(),
            functions: Arc::default(),
            expanding: Vec::new(),
        }
    }

    /// The function of the user that a name means; `None` where it means a built-in one, or none.
    pub fn user_function(&self, name: &ObjectName) -> Option<&Arc<UserFunction>> {
        if self.functions.is_empty() {
            return None;
        }
        let parts: Vec<&str> =
            name.0.iter().map(|part| part.as_ident().map(|ident| ident.value.as_str())).collect::<Option<_>>()?;
        if let [name] = parts.as_slice() {
            if let Some(function) = self.functions.system(name) {
                return Some(function);
            }
            if is_built_in(name) {
                return None;
            }
        }
        self.functions.at(&functions::path(&parts, &self.catalog, &self.database)?)
    }

    /// The aggregate function that a name means.
    pub fn aggregate(&self, name: &ObjectName) -> Option<AggregateRef> {
        match self.user_function(name) {
            Some(function) => match &function.body {
                Body::Aggregate(aggregate) => Some(AggregateRef::User(aggregate.clone())),
                _ => None,
            },
            None => match name.0.as_slice() {
                [part] => aggregates::aggregate(&part.as_ident()?.value).map(AggregateRef::BuiltIn),
                _ => None,
            },
        }
    }

    /// The names that calls can have, for the nearest one.
    pub fn names(&self) -> Vec<String> {
        let own = self.functions.visible(&self.catalog, &self.database);
        let own = own.into_values().map(|function| function.signature.name.clone());
        own.chain(registry::functions().map(|definition| definition.name.to_owned())).collect()
    }
}

/// Whether a name of one part is that of a built-in function.
pub fn is_built_in(name: &str) -> bool {
    registry::function(name).is_some()
        || aggregates::aggregate(name).is_some()
        || crate::bind::call::CONDITIONAL.iter().any(|known| known.eq_ignore_ascii_case(name))
}
