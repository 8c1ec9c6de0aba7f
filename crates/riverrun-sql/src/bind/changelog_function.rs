//! FROM_CHANGELOG and TO_CHANGELOG: rows with a code of what changed, as changes, and back.
//!
//! Source of the semantics: Flink 2.3, "Changelog Conversion".

use super::call::{name_of, plain_arguments};
use super::query::QueryBinder;
use super::relation::{ChangeCodes, Relation, RelationKind};
use super::scope::Scope;
use super::window_tvf::Signature;
use crate::parse::place_of;
use datafusion_common::ScalarValue;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Field, Place, Result, RowKind, Schema, TypeKind};
use sqlparser::ast::{self, FunctionArg, Spanned};

/// The functions.
pub(super) const FROM: Signature =
    Signature { name: "FROM_CHANGELOG", parameters: &["INPUT", "OP", "OP_MAPPING"], optional: 2 };
/// The other one.
pub(super) const TO: Signature =
    Signature { name: "TO_CHANGELOG", parameters: &["INPUT", "OP", "OP_MAPPING"], optional: 2 };

/// The column of the code if none is named.
const OP: &str = "op";

/// The kinds of changes by their names.
const KINDS: [(&str, RowKind); 4] = [
    ("INSERT", RowKind::Insert),
    ("UPDATE_BEFORE", RowKind::UpdateBefore),
    ("UPDATE_AFTER", RowKind::UpdateAfter),
    ("DELETE", RowKind::Delete),
];

impl QueryBinder<'_> {
    /// Changes out of rows with codes.
    pub(super) fn bind_from_changelog(&mut self, arguments: &[FunctionArg], place: Option<Place>) -> Result<Relation> {
        let arguments = FROM.assign(arguments).map_err(|error| error.at(place))?;
        let input = self.whole_table(FROM.name, arguments[0])?;
        let op = match arguments[1] {
            Some(descriptor) => descriptor_name(FROM.name, descriptor)?,
            None => (OP.to_owned(), place),
        };
        let Some(position) = input.schema.index_of(&op.0) else {
            return Err(Error::input(format!("the table has no column '{}' with the kind of change", op.0))
                .hint("name it: op => DESCRIPTOR(column)")
                .at(op.1));
        };
        let data_type = &input.schema.fields[position].data_type;
        if !data_type.kind.is_character() {
            return Err(Error::input(format!("the kind of change is a text, but '{}' is {data_type}", op.0)).at(op.1));
        }
        let kinds = match arguments[2] {
            None => KINDS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(),
            Some(mapping) => {
                let mut kinds = Vec::new();
                for (codes, kind) in self.mapping(mapping)? {
                    let kind = kind_of(&kind, mapping)?;
                    kinds.extend(codes.split(',').map(|code| (code.trim().to_owned(), kind)));
                }
                kinds
            }
        };
        let has = |wanted: RowKind| kinds.iter().any(|(_, kind)| *kind == wanted);
        if has(RowKind::UpdateAfter) && !has(RowKind::UpdateBefore) {
            return Err(Error::input("FROM_CHANGELOG takes updates with the row before and the row after")
                .detail("no code stands for UPDATE_BEFORE")
                .hint("map a code to each of UPDATE_BEFORE and UPDATE_AFTER; for upserts use a table with a PRIMARY KEY, as upsert-kafka")
                .at(arguments[2].and_then(|mapping| place_of(mapping.span())).or(place)));
        }
        let fields = input.schema.fields.iter().enumerate().filter(|(at, _)| *at != position);
        let schema = Schema::new(fields.map(|(_, field)| field.clone()).collect());
        let codes = ChangeCodes::From { op: position, kinds };
        Ok(Relation { schema, kind: RelationKind::ChangeCodes { input: Box::new(input), codes } })
    }

    /// Rows with codes out of changes.
    pub(super) fn bind_to_changelog(&mut self, arguments: &[FunctionArg], place: Option<Place>) -> Result<Relation> {
        let arguments = TO.assign(arguments).map_err(|error| error.at(place))?;
        let input = self.whole_table(TO.name, arguments[0])?;
        let (name, _) = match arguments[1] {
            Some(descriptor) => descriptor_name(TO.name, descriptor)?,
            None => (OP.to_owned(), place),
        };
        let codes = match arguments[2] {
            None => KINDS.iter().map(|(name, kind)| (*kind, (*name).to_owned())).collect(),
            Some(mapping) => {
                let mut codes: Vec<(RowKind, String)> = Vec::new();
                for (kinds, code) in self.mapping(mapping)? {
                    for kind in kinds.split(',') {
                        codes.push((kind_of(kind.trim(), mapping)?, code.clone()));
                    }
                }
                codes
            }
        };
        let op = Field::new(name, TypeKind::STRING.nullable());
        let schema = Schema::new(std::iter::once(op).chain(input.schema.fields.iter().cloned()).collect());
        let codes = ChangeCodes::To { codes };
        Ok(Relation { schema, kind: RelationKind::ChangeCodes { input: Box::new(input), codes } })
    }

    fn whole_table(&mut self, function: &str, table: Option<&ast::Expr>) -> Result<Relation> {
        let Some(table) = table else { return Err(Error::bug("a function of changes without a table")) };
        let (input, partition) = self.data(table)?;
        match partition.first() {
            None => Ok(input),
            Some(key) => Err(Error::input(format!("{function} takes a table without PARTITION BY"))
                .hint("leave it out: rows keep their order by key anyway")
                .at(place_of(key.span()))),
        }
    }

    /// The pairs of a constant `MAP['a', 'b', …]` of texts.
    fn mapping(&mut self, mapping: &ast::Expr) -> Result<Vec<(String, String)>> {
        let refused = || {
            Error::input(format!("OP_MAPPING takes a constant map of texts, not {mapping}"))
                .hint("op_mapping => MAP['c, r', 'INSERT', 'd', 'DELETE']")
                .at(place_of(mapping.span()))
        };
        let ast::Expr::Function(call) = mapping else { return Err(refused()) };
        if !name_of(call).eq_ignore_ascii_case("MAP") {
            return Err(refused());
        }
        let scope = Scope::empty();
        let texts =
            plain_arguments(call)?.into_iter().map(|argument| match self.exprs(&scope).bind(argument)?.as_literal() {
                Some(ScalarValue::Utf8(Some(text))) => Ok(text.clone()),
                _ => Err(refused()),
            });
        let texts = texts.collect::<Result<Vec<String>>>()?;
        Ok(texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
    }
}

fn kind_of(name: &str, mapping: &ast::Expr) -> Result<RowKind> {
    let known = KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    known.ok_or_else(|| {
        let names = KINDS.iter().map(|(name, _)| *name);
        Error::input(format!("there is no kind of change '{name}'"))
            .hint(
                did_you_mean(name, names)
                    .unwrap_or_else(|| "one of INSERT, UPDATE_BEFORE, UPDATE_AFTER, DELETE".to_owned()),
            )
            .at(place_of(mapping.span()))
    })
}

/// The column that `DESCRIPTOR(column)` names.
fn descriptor_name(function: &str, descriptor: &ast::Expr) -> Result<(String, Option<Place>)> {
    let place = place_of(descriptor.span());
    let refused = || {
        Error::input(format!(
            "{function} takes the column of the kind of change as DESCRIPTOR(column), not {descriptor}"
        ))
        .at(place)
    };
    let ast::Expr::Function(call) = descriptor else { return Err(refused()) };
    if !name_of(call).eq_ignore_ascii_case("DESCRIPTOR") {
        return Err(refused());
    }
    match plain_arguments(call)?.as_slice() {
        [ast::Expr::Identifier(name)] => Ok((name.value.clone(), place_of(name.span).or(place))),
        _ => Err(refused()),
    }
}
