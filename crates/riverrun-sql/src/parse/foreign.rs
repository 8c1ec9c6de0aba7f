//! What sqlparser reads in every dialect and Flink has not.

use super::cursor::Cursor;
use super::errors::HINT;
use super::reserved;
use super::statements::Parsed;
use riverrun_core::Place;
use sqlparser::ast::{self, Spanned, TableFactor, Visit, Visitor};
use sqlparser::parser::Parser;
use std::ops::ControlFlow;

/// Refuses it in a query that has just been read.
pub(super) fn refuse(parser: &Parser<'_>, query: &ast::Query) -> Parsed<()> {
    let what = if !query.locks.is_empty() {
        "FOR UPDATE"
    } else if query.for_clause.is_some() {
        "FOR XML"
    } else if query.settings.is_some() || query.format_clause.is_some() || !query.pipe_operators.is_empty() {
        "this clause"
    } else {
        return match query.visit(&mut Tables) {
            ControlFlow::Break((message, place)) => {
                Err(parser.message_place(&message, place.unwrap_or(Place::new(1, 1, 1))))
            }
            ControlFlow::Continue(()) => Ok(()),
        };
    };
    Err(parser.message_at(&format!("{what} is not in Flink's dialect"), parser.get_current_token()))
}

/// Finds a reserved word that stands for a table's name, and a string that stands for its alias: sqlparser takes any word and any
/// string there.
struct Tables;

impl Visitor for Tables {
    type Break = (String, Option<Place>);

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        // With arguments it is a function, such as UNNEST.
        if let TableFactor::Table { name, args: None, .. } = factor {
            let idents = name.0.iter().filter_map(|part| part.as_ident());
            for ident in idents.filter(|ident| ident.quote_style.is_none()) {
                if reserved::is_reserved(&ident.value) {
                    let message = reserved::message(&ident.value, "a table's name");
                    return ControlFlow::Break((message, super::place_of(ident.span)));
                }
            }
        }
        let (TableFactor::Table { alias, .. }
        | TableFactor::Derived { alias, .. }
        | TableFactor::TableFunction { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::MatchRecognize { alias, .. }) = factor
        else {
            return ControlFlow::Continue(());
        };
        match alias {
            Some(alias) if alias.name.quote_style == Some('\'') => {
                let text = &alias.name.value;
                let message = format!(
                    "expected a name for this table, found '{text}'{HINT}a name is written in back-quotes: `{text}`"
                );
                ControlFlow::Break((message, super::place_of(factor.span())))
            }
            _ => ControlFlow::Continue(()),
        }
    }
}
