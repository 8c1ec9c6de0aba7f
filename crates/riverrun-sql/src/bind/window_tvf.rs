//! Window table functions: TUMBLE, HOP, CUMULATE and SESSION.
//!
//! Arguments come by position or by name (`DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SIZE => …`).
//! Source of the semantics: Flink 2.3, "Windowing table-valued functions".

use super::changelog_function::{FROM, TO};
use super::query::{QueryBinder, constant_millis};
use super::relation::{Relation, RelationKind};
use super::scope::Scope;
use crate::parse::{TABLE_ARGUMENT, place_of};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Field, Millis, Place, Result, TimestampKind, TypeKind};
use riverrun_operators::window::spec::WindowKind;
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr, Spanned};

/// A window function and the names of its parameters, of which the last `optional` may be left out.
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) parameters: &'static [&'static str],
    pub(super) optional: usize,
}

const SIGNATURES: &[Signature] = &[
    Signature { name: "TUMBLE", parameters: &["DATA", "TIMECOL", "SIZE", "OFFSET"], optional: 1 },
    Signature { name: "HOP", parameters: &["DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"], optional: 1 },
    Signature { name: "CUMULATE", parameters: &["DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"], optional: 1 },
    Signature { name: "SESSION", parameters: &["DATA", "TIMECOL", "GAP"], optional: 0 },
];

impl QueryBinder<'_> {
    /// Binds a table function in FROM.
    pub(super) fn table_function(
        &mut self,
        name: &str,
        arguments: &[FunctionArg],
        place: Option<Place>,
    ) -> Result<Relation> {
        match name.to_ascii_uppercase().as_str() {
            "FROM_CHANGELOG" => return self.bind_from_changelog(arguments, place),
            "TO_CHANGELOG" => return self.bind_to_changelog(arguments, place),
            _ => {}
        }
        let Some(signature) = SIGNATURES.iter().find(|signature| signature.name.eq_ignore_ascii_case(name)) else {
            let names = SIGNATURES.iter().map(|signature| signature.name).chain([FROM.name, TO.name]);
            let error = self.no_table_function(name);
            return Err(match did_you_mean(name, names) {
                Some(near) => error.hint(near),
                None => error,
            }
            .at(place));
        };
        let arguments = signature.assign(arguments).map_err(|error| error.at(place))?;
        let Some(data) = arguments[0] else { return Err(Error::bug("a window function without a table")) };
        let (input, partition) = self.data(data)?;
        if !partition.is_empty() && signature.name != "SESSION" {
            return Err(Error::input(format!("{} takes no PARTITION BY", signature.name))
                .hint("only SESSION windows depend on keys")
                .at(place_of(data.span())));
        }
        let partition = partition.iter().map(|key| self.key_column(key, &input)).collect::<Result<Vec<_>>>()?;
        let time = match arguments[1] {
            Some(descriptor) => self.time_column(descriptor, &input, signature.name)?,
            None => return Err(Error::bug("a window function without a time column")),
        };
        let interval = |position: usize| -> Result<Millis> {
            match arguments.get(position).copied().flatten() {
                Some(expr) => self.interval(expr, signature.parameters[position]),
                None => Ok(Millis(0)),
            }
        };
        let window = match signature.name {
            "TUMBLE" => WindowKind::Tumble { size: interval(2)?, offset: interval(3)? },
            "HOP" => {
                let (slide, size) = (interval(2)?, interval(3)?);
                WindowKind::Hop { slide, size, offset: modulo(interval(4)?, slide) }
            }
            "CUMULATE" => {
                let (step, size) = (interval(2)?, interval(3)?);
                WindowKind::Cumulate { step, size, offset: modulo(interval(4)?, size) }
            }
            _ => WindowKind::Session { gap: interval(2)? },
        };
        check(&window).map_err(|error| error.at(place))?;
        Ok(windowed(input, window, time, partition))
    }

    /// The table that the function reads, and its PARTITION BY.
    pub(super) fn data(&mut self, data: &ast::Expr) -> Result<(Relation, Vec<ast::Expr>)> {
        match data {
            ast::Expr::Function(function) if function.name.to_string() == TABLE_ARGUMENT => {
                let arguments = super::call::plain_arguments(function)?;
                let Some((table, rest)) = arguments.split_first() else {
                    return Err(Error::bug("a table argument without a table"));
                };
                let partition = match rest.first() {
                    Some(ast::Expr::Tuple(keys)) => keys.clone(),
                    _ => Vec::new(),
                };
                Ok((self.data(table)?.0, partition))
            }
            ast::Expr::Identifier(ident) => {
                let name = ast::ObjectName(vec![ast::ObjectNamePart::Identifier(ident.clone())]);
                Ok((self.named(&name)?.0, Vec::new()))
            }
            ast::Expr::CompoundIdentifier(parts) => {
                let parts = parts.iter().cloned().map(ast::ObjectNamePart::Identifier).collect();
                Ok((self.named(&ast::ObjectName(parts))?.0, Vec::new()))
            }
            ast::Expr::Subquery(query) => Ok((self.query(query)?, Vec::new())),
            other => Err(Error::input(format!("'{other}' is no table"))
                .hint("write TABLE name, or a subquery in parentheses")
                .at(place_of(other.span()))),
        }
    }

    fn key_column(&self, key: &ast::Expr, input: &Relation) -> Result<usize> {
        let scope = Scope::of(Vec::new(), input.schema.clone());
        match self.exprs(&scope).bind(key)? {
            crate::expr::Expr::Column { index, .. } => Ok(index),
            _ => {
                Err(Error::input(format!("PARTITION BY takes columns of the table, not {key}"))
                    .at(place_of(key.span())))
            }
        }
    }

    fn time_column(&self, descriptor: &ast::Expr, input: &Relation, function: &str) -> Result<usize> {
        let place = place_of(descriptor.span());
        let columns = match descriptor {
            ast::Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case("DESCRIPTOR") => {
                super::call::plain_arguments(call)?
            }
            _ => {
                return Err(Error::input(format!("'{descriptor}' does not name the time column"))
                    .hint("write DESCRIPTOR(column)")
                    .at(place));
            }
        };
        let [column] = columns.as_slice() else {
            return Err(Error::input(format!("{function} takes one time column")).at(place));
        };
        let index = self.key_column(column, input)?;
        let data_type = &input.schema.fields[index].data_type;
        match data_type.kind.timestamp_kind() {
            TimestampKind::Rowtime | TimestampKind::Proctime => Ok(index),
            TimestampKind::Regular => Err(Error::input(format!(
                "the time column of {function} is no time attribute, but {data_type}"
            ))
            .hint(
                "declare WATERMARK FOR the column in the table and pass it on unchanged, or use a column AS PROCTIME()",
            )
            .at(place_of(column.span()))),
        }
    }

    fn interval(&self, expr: &ast::Expr, parameter: &str) -> Result<Millis> {
        let scope = Scope::empty();
        let bound = self.exprs(&scope).bind(expr)?;
        constant_millis(&bound).map(Millis).ok_or_else(|| {
            Error::input(format!("{parameter} takes a constant interval of days to seconds, not {expr}"))
                .hint("write it like INTERVAL '1' MINUTE")
                .at(place_of(expr.span()))
        })
    }
}

impl Signature {
    /// The arguments in the order of the parameters.
    pub(super) fn assign<'a>(&self, arguments: &'a [FunctionArg]) -> Result<Vec<Option<&'a ast::Expr>>> {
        let takes = || format!("{} takes ({})", self.name, self.parameters.join(", "));
        let mut assigned: Vec<Option<&ast::Expr>> = vec![None; self.parameters.len()];
        for (position, argument) in arguments.iter().enumerate() {
            let (slot, value) = match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => (position, expr),
                FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. } => {
                    let parameter = name.value.to_ascii_uppercase();
                    let Some(slot) = self.parameters.iter().position(|known| *known == parameter) else {
                        return Err(Error::input(format!("{} has no parameter '{}'", self.name, name.value))
                            .detail(takes())
                            .hint_opt(did_you_mean(&name.value, self.parameters.iter().copied()))
                            .at(place_of(name.span)));
                    };
                    (slot, expr)
                }
                other => return Err(Error::input(format!("'{other}' is no argument of {}", self.name))),
            };
            match assigned.get_mut(slot) {
                Some(free @ None) => *free = Some(value),
                Some(Some(_)) if slot < self.parameters.len() && matches!(argument, FunctionArg::Named { .. }) => {
                    return Err(Error::input(format!("{} is given twice to {}", self.parameters[slot], self.name))
                        .detail(takes())
                        .at(place_of(value.span())));
                }
                _ => {
                    return Err(Error::input(format!("{} has too many arguments", self.name))
                        .detail(takes())
                        .at(place_of(value.span())));
                }
            }
        }
        let required = self.parameters.len() - self.optional;
        if let Some(missing) = assigned[..required].iter().position(Option::is_none) {
            return Err(
                Error::input(format!("{} lacks its argument {}", self.name, self.parameters[missing])).detail(takes())
            );
        }
        Ok(assigned)
    }
}

fn modulo(offset: Millis, length: Millis) -> Millis {
    Millis(offset.0.checked_rem(length.0).unwrap_or(offset.0))
}

fn check(window: &WindowKind) -> Result<()> {
    let positive = |what: &str, length: Millis| match length.0 > 0 {
        true => Ok(()),
        false => Err(Error::input(format!("the {what} of a window must be longer than 0"))),
    };
    let multiple = |what: &str, size: Millis, part: Millis| match size.0 % part.0 == 0 {
        true => Ok(()),
        false => Err(Error::input(format!("the size of the window must be a multiple of its {what}"))
            .detail(format!("size {} ms, {what} {} ms", size.0, part.0))),
    };
    let within = |offset: Millis, what: &str, length: Millis| match offset.0.abs() < length.0 {
        true => Ok(()),
        false => Err(Error::input(format!("the offset of the window must be shorter than its {what}"))
            .detail(format!("offset {} ms, {what} {} ms", offset.0, length.0))
            .hint(format!(
                "borders repeat after each {what}: the offset {} ms gives the same windows",
                offset.0 % length.0
            ))),
    };
    match *window {
        WindowKind::Tumble { size, offset } => {
            positive("size", size)?;
            within(offset, "size", size)
        }
        // Borders repeat after each slide or size, and so a longer offset is one that is shorter, as in Flink.
        WindowKind::Hop { size, slide, .. } => {
            positive("size", size)?;
            positive("slide", slide)?;
            multiple("slide", size, slide)
        }
        WindowKind::Cumulate { size, step, .. } => {
            positive("size", size)?;
            positive("step", step)?;
            multiple("step", size, step)
        }
        WindowKind::Session { gap } => positive("gap", gap),
    }
}

/// A relation with the columns of its windows.
pub(super) fn windowed(input: Relation, window: WindowKind, time: usize, partition: Vec<usize>) -> Relation {
    let mut schema = input.schema.clone();
    let kind = schema.fields[time].data_type.kind.timestamp_kind();
    let window_time = match &schema.fields[time].data_type.kind {
        TypeKind::TimestampLtz { .. } => TypeKind::timestamp_ltz(3),
        _ => TypeKind::timestamp(3),
    };
    schema.fields.push(Field::new("window_start", TypeKind::timestamp(3).not_null()));
    schema.fields.push(Field::new("window_end", TypeKind::timestamp(3).not_null()));
    schema.fields.push(Field::new("window_time", window_time.with_timestamp_kind(kind).not_null()));
    Relation { schema, kind: RelationKind::Window { input: Box::new(input), window, time, partition, legacy: false } }
}
