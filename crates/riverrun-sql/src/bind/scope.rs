//! Which columns a name can mean.
//!
//! Names are case-sensitive, as in Flink. A name of several parts is first looked for as a column of
//! a relation (`t.a`, `db.t.a`), then as a field of a ROW column (`r.x`). A single name that no
//! relation has as a column is looked for among the fields of ROW columns, the least nested first,
//! as Flink does for its implicitly expanded rows.

use super::legacy_window::asked_by_call;
use crate::expr::Expr;
use crate::functions::nested;
use crate::parse::place_of as place;
use riverrun_core::suggest::{did_you_mean, nearest};
use riverrun_core::{DataType, Error, Field, Result, Schema, TypeKind};
use riverrun_operators::join::JoinKind;
use sqlparser::ast::{Ident, JoinConstraint};

/// A relation in FROM: its name and its share of the columns.
#[derive(Clone, Debug)]
pub struct ScopeRelation {
    /// The alias, or the full name of the table: catalog, database, table.
    pub name: Vec<String>,
    /// The position of its first column in the scope.
    pub start: usize,
    /// Its columns.
    pub schema: Schema,
}

/// The relations of a FROM clause, side by side.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    relations: Vec<ScopeRelation>,
    merged: Vec<Merged>,
    /// The positions of columns that `*` leaves out.
    beside_star: Vec<usize>,
}

/// A column that two relations have in common (USING, NATURAL): its name alone means both.
#[derive(Clone, Debug)]
struct Merged {
    /// The column that a row always has.
    shown: usize,
    /// The other one.
    hidden: usize,
}

/// What is said of a name that no column has.
pub(super) fn no_column(name: &str) -> String {
    format!("no column '{name}' here")
}

impl Scope {
    /// A scope without columns.
    pub fn empty() -> Self {
        Scope::default()
    }

    /// A scope of one relation.
    pub fn of(name: Vec<String>, schema: Schema) -> Self {
        Scope { relations: vec![ScopeRelation { name, start: 0, schema }], ..Scope::default() }
    }

    /// The same scope whose `*` leaves out the columns at these positions.
    #[must_use]
    pub fn beside_star(self, columns: &[usize]) -> Self {
        Scope { beside_star: columns.to_vec(), ..self }
    }

    /// Puts a relation to the right of those there are.
    pub fn push(&mut self, name: Vec<String>, schema: Schema) {
        let start = self.len();
        self.relations.push(ScopeRelation { name, start, schema });
    }

    /// Puts a relation to the right whose first column has this position.
    pub fn push_at(&mut self, name: Vec<String>, start: usize, schema: Schema) {
        self.relations.push(ScopeRelation { name, start, schema });
    }

    /// The relations of another scope to the right of those there are.
    #[must_use]
    pub fn beside(mut self, right: Scope) -> Scope {
        let width = self.len();
        let moved =
            right.relations.into_iter().map(|relation| ScopeRelation { start: relation.start + width, ..relation });
        self.relations.extend(moved);
        let moved = |merged: Merged| Merged { shown: merged.shown + width, hidden: merged.hidden + width };
        self.merged.extend(right.merged.into_iter().map(moved));
        self.beside_star.extend(right.beside_star.into_iter().map(|index| index + width));
        self
    }

    /// Makes one of the columns that USING names, or NATURAL finds, of the relations before and from `split` on; gives the
    /// pairs that must be equal.
    pub fn merge(&mut self, split: usize, kind: JoinKind, constraint: &JoinConstraint) -> Result<Vec<(Expr, Expr)>> {
        let side = |right: bool| Scope {
            relations: self.relations.iter().filter(|relation| (relation.start >= split) == right).cloned().collect(),
            merged: self.merged.iter().filter(|merged| (merged.shown >= split) == right).cloned().collect(),
            beside_star: Vec::new(),
        };
        let (left, right) = (side(false), side(true));
        let names: Vec<Ident> = match constraint {
            JoinConstraint::Using(names) => {
                names.iter().filter_map(|name| name.0.last().and_then(|part| part.as_ident()).cloned()).collect()
            }
            _ => {
                let names = left.relations.iter().flat_map(|relation| &relation.schema.fields).map(|field| &field.name);
                let mut common: Vec<Ident> = Vec::new();
                for name in names {
                    let found = right.columns().any(|(field, _)| field.name == *name);
                    if found && common.iter().all(|known| known.value != *name) {
                        common.push(Ident::new(name.clone()));
                    }
                }
                common
            }
        };
        let mut pairs = Vec::new();
        for name in names {
            let pair = (left.resolve(std::slice::from_ref(&name))?, right.resolve(std::slice::from_ref(&name))?);
            // Of a FULL JOIN neither side always has the column: see `push_common`.
            if let (Expr::Column { index: left, .. }, Expr::Column { index: right, .. }) = &pair
                && kind != JoinKind::Full
            {
                let (shown, hidden) = if kind == JoinKind::Right { (*right, *left) } else { (*left, *right) };
                self.merged.push(Merged { shown, hidden });
            }
            pairs.push(pair);
        }
        Ok(pairs)
    }

    /// Puts columns to the right that are computed of two each, which are meant no longer where a name stands alone.
    pub fn push_common(&mut self, schema: Schema, hidden: &[(usize, usize)]) {
        let start = self.len();
        for (offset, (left, right)) in hidden.iter().enumerate() {
            self.merged.extend([*left, *right].map(|hidden| Merged { shown: start + offset, hidden }));
        }
        // No qualifier names it.
        self.relations.push(ScopeRelation { name: Vec::new(), start, schema });
    }

    fn is_hidden(&self, index: usize) -> bool {
        self.merged.iter().any(|merged| merged.hidden == index)
    }

    /// The columns have these types now.
    pub fn retype(&mut self, schema: &Schema) {
        let columns = self.relations.iter_mut().flat_map(|relation| &mut relation.schema.fields);
        for (column, field) in columns.zip(&schema.fields) {
            column.data_type.clone_from(&field.data_type);
        }
    }

    /// How many columns all relations have.
    pub fn len(&self) -> usize {
        self.relations.last().map_or(0, |last| last.start + last.schema.len())
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The relations from left to right.
    pub fn relations(&self) -> &[ScopeRelation] {
        &self.relations
    }

    /// All columns from left to right.
    pub fn schema(&self) -> Schema {
        Schema::new(self.relations.iter().flat_map(|relation| relation.schema.fields.iter().cloned()).collect())
    }

    /// The columns that `*` (no qualifier) or `t.*` stands for, with their positions.
    pub fn wildcard(&self, qualifier: &[Ident]) -> Result<Vec<(usize, Field)>> {
        let chosen: Vec<_> = self
            .relations
            .iter()
            .filter(|relation| qualifier.is_empty() || names_relation(relation, qualifier))
            .collect();
        if let (true, Some(first)) = (chosen.is_empty(), qualifier.first()) {
            return Err(self.unknown_relation(qualifier).at(place(first.span)));
        }
        let columns = chosen.into_iter().flat_map(|relation| {
            let fields = relation.schema.fields.iter().cloned().enumerate();
            fields.map(|(index, field)| (relation.start + index, field))
        });
        let columns = columns.filter(|(index, _)| !self.beside_star.contains(index));
        if self.merged.is_empty() || !qualifier.is_empty() {
            return Ok(columns.collect());
        }
        // What is common comes once, and first.
        let columns: Vec<_> = columns.filter(|(index, _)| !self.is_hidden(*index)).collect();
        let is_common = |index: usize| self.merged.iter().any(|merged| merged.shown == index);
        let (common, others): (Vec<_>, Vec<_>) = columns.into_iter().partition(|(index, _)| is_common(*index));
        Ok(common.into_iter().chain(others).collect())
    }

    /// The column or nested field that a name of one or more parts means.
    pub fn resolve(&self, name: &[Ident]) -> Result<Expr> {
        self.resolve_parts(name).map_err(|error| error.at(name.last().and_then(|part| place(part.span))))
    }

    fn resolve_parts(&self, name: &[Ident]) -> Result<Expr> {
        // The longest prefix that names a relation wins, as in Calcite.
        for split in (1..name.len()).rev() {
            let (qualifier, rest) = name.split_at(split);
            let mut relations = self.relations.iter().filter(|relation| names_relation(relation, qualifier));
            let Some(relation) = relations.next() else { continue };
            if relations.next().is_some() {
                return Err(Error::input(format!("'{}' names several tables", dotted(qualifier)))
                    .hint("give each an alias of its own"));
            }
            let column = &rest[0];
            let Some(expr) = column_of(relation, &column.value)? else {
                let columns = relation.schema.fields.iter().map(|field| field.name.as_str());
                let columns = columns.filter(|name| is_written(name));
                return Err(Error::input(format!("no column '{}' in '{}'", column.value, dotted(qualifier)))
                    .hint_opt(did_you_mean(&column.value, columns.clone()).or_else(|| listed(columns)))
                    .at(place(column.span)));
            };
            return fields(expr, name, split + 1);
        }
        let Some(first) = name.first() else {
            return Err(Error::bug("a name without parts"));
        };
        fields(self.unqualified(first, name)?, name, 1)
    }

    fn unqualified(&self, ident: &Ident, name: &[Ident]) -> Result<Expr> {
        let mut found = Vec::new();
        for relation in &self.relations {
            if let Some(expr) = column_of(relation, &ident.value)? {
                found.push((relation, expr));
            }
        }
        if found.len() > 1 {
            found.retain(|(_, expr)| !matches!(expr, Expr::Column { index, .. } if self.is_hidden(*index)));
        }
        match found.len() {
            0 => self.implicit_field(ident, name),
            1 => Ok(found.remove(0).1),
            _ => {
                let tables = found.iter().map(|(relation, _)| relation.name.last().map_or("", String::as_str));
                let tables: Vec<_> = tables.collect();
                let first = tables[0];
                Err(Error::input(format!("column '{}' is ambiguous", ident.value))
                    .detail(format!("it is a column of {}", tables.join(" and of ")))
                    .hint(format!("write the table before it: {first}.{}", ident.value))
                    .at(place(ident.span)))
            }
        }
    }

    /// A field of a ROW column that is named without the column, the least nested first.
    fn implicit_field(&self, ident: &Ident, name: &[Ident]) -> Result<Expr> {
        let mut level: Vec<Expr> = self.columns().filter(|(_, expr)| is_row(expr)).map(|(_, expr)| expr).collect();
        while !level.is_empty() {
            let mut found = Vec::new();
            let mut deeper = Vec::new();
            for row in &level {
                let TypeKind::Row(row_fields) = &row.data_type().kind else { continue };
                for (index, field) in row_fields.iter().enumerate() {
                    let access = nested::field(row.clone(), index)?;
                    if field.name == ident.value {
                        found.push(access);
                    } else if is_row(&access) {
                        deeper.push(access);
                    }
                }
            }
            match found.len() {
                0 => level = deeper,
                1 => return Ok(found.remove(0)),
                _ => break,
            }
        }
        if name.len() > 1 {
            return Err(self.unknown_relation(&name[..name.len() - 1]).at(place(ident.span)));
        }
        let all = self.relations.iter().flat_map(|relation| &relation.schema.fields).map(|field| field.name.as_str());
        let names: Vec<_> = all.clone().filter(|name| is_written(name)).collect();
        let names = names.iter().copied();
        Err(Error::input(no_column(&ident.value))
            .hint_opt(
                asked_by_call(&ident.value, all)
                    .or_else(|| did_you_mean(&ident.value, names.clone()))
                    .or_else(|| misspelt_distinct(ident))
                    .or_else(|| listed(names)),
            )
            .at(place(ident.span)))
    }

    /// A table whose alias is a misspelt keyword of a join: `t INER JOIN u`.
    pub fn misspelt_join(&self) -> Option<String> {
        let names = self.relations.iter().filter_map(|relation| relation.name.last());
        let known = |name: &str| JOINS.iter().any(|keyword| keyword.eq_ignore_ascii_case(name));
        names.filter(|name| name.len() > 3 && !known(name)).find_map(|name| {
            nearest(name, JOINS.iter().copied())
                .map(|keyword| format!("the table's alias `{name}` looks like {keyword}"))
        })
    }

    fn columns(&self) -> impl Iterator<Item = (&Field, Expr)> {
        self.relations.iter().flat_map(|relation| {
            relation.schema.fields.iter().enumerate().map(|(index, field)| {
                (field, Expr::Column { index: relation.start + index, data_type: field.data_type.clone() })
            })
        })
    }

    fn unknown_relation(&self, qualifier: &[Ident]) -> Error {
        let names = self.relations.iter().filter_map(|relation| relation.name.last()).map(String::as_str);
        let columns = self.relations.iter().flat_map(|relation| &relation.schema.fields);
        let columns = columns.map(|field| field.name.as_str()).filter(|name| is_written(name));
        let wanted = dotted(qualifier);
        Error::input(format!("no table or column '{wanted}' here"))
            .hint_opt(self.misspelt_join().or_else(|| did_you_mean(&wanted, names.chain(columns))))
    }
}

/// What can stand before JOIN.
const JOINS: &[&str] = &["INNER", "LEFT", "RIGHT", "FULL", "OUTER", "CROSS", "NATURAL"];

/// Whether a column's name is one that is written, not one of ours.
fn is_written(name: &str) -> bool {
    !name.starts_with('$')
}

/// `SELECT DISTINT a`, which is a column with an alias.
fn misspelt_distinct(ident: &Ident) -> Option<String> {
    let meant = ident.quote_style.is_none() && nearest(&ident.value, ["DISTINCT"]).is_some();
    meant.then(|| format!("`{}` looks like DISTINCT", ident.value))
}

fn is_row(expr: &Expr) -> bool {
    matches!(expr.data_type().kind, TypeKind::Row(_))
}

fn names_relation(relation: &ScopeRelation, qualifier: &[Ident]) -> bool {
    qualifier.len() <= relation.name.len()
        && relation.name.iter().rev().zip(qualifier.iter().rev()).all(|(part, wanted)| *part == wanted.value)
}

fn column_of(relation: &ScopeRelation, name: &str) -> Result<Option<Expr>> {
    let mut matching = relation.schema.fields.iter().enumerate().filter(|(_, field)| field.name == name);
    let Some((index, field)) = matching.next() else { return Ok(None) };
    if matching.next().is_some() {
        return Err(Error::input(format!("column '{name}' is ambiguous"))
            .detail("the table has two columns of this name")
            .hint("give them different aliases where they are selected"));
    }
    Ok(Some(Expr::Column { index: relation.start + index, data_type: field.data_type.clone() }))
}

/// The nested field that `name` leads to from its part number `from` on; `expr` is what the parts before mean.
pub fn fields(mut expr: Expr, name: &[Ident], from: usize) -> Result<Expr> {
    for (index, part) in name.iter().enumerate().skip(from) {
        let is_map = matches!(&expr.data_type().kind, TypeKind::Map(key, _) if key.kind.is_character());
        expr = nested::field_named(expr, &part.value).map_err(|error| {
            let by_key = is_map.then(|| format!("{}['{}']", dotted(&name[..index]), part.value));
            error.hint_opt(by_key).at(place(part.span))
        })?;
    }
    Ok(expr)
}

/// A name as it is written, its parts joined by dots.
pub fn dotted(name: &[Ident]) -> String {
    name.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".")
}

/// The hint that lists what there is.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<_> = names.take(20).collect();
    (!names.is_empty()).then(|| format!("columns here: {}", names.join(", ")))
}

/// The expression that reads a column.
pub fn column(index: usize, data_type: &DataType) -> Expr {
    Expr::Column { index, data_type: data_type.clone() }
}
