//! MATCH_RECOGNIZE: the pattern, what its variables are, and what comes out of a match.

mod values;

use super::expr::ExprBinder;
use super::from::From;
use super::query::{QueryBinder, order_key};
use super::relation::{OrderKey, Relation, RelationKind};
use super::scope::{Scope, column};
use crate::expr::Expr;
use crate::parse::{self, literals, place_of};
use datafusion_common::ScalarValue;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, Field, Millis, Place, Result, Schema, TimestampKind, TypeKind};
use riverrun_operators::match_recognize::{End, MatchValue};
use riverrun_operators::pattern::{Pattern, Program, Skip, Variable};
use sqlparser::ast::{
    self, AfterMatchSkip, EmptyMatchesMode, Ident, MatchRecognizePattern, MatchRecognizeSymbol, Measure, OrderByExpr,
    RepetitionQuantifier, RowsPerMatch, Spanned, SymbolDefinition, TableFactor,
};
use values::{Bindings, Clause};

/// PERMUTE of more variables than this has too many orders.
const MOST_PERMUTED: usize = 6;

/// A pattern over the rows of a relation.
#[derive(Clone, Debug)]
pub struct MatchRelation {
    /// The rows.
    pub input: Relation,
    /// PARTITION BY.
    pub keys: Vec<Expr>,
    /// The time attribute.
    pub time: Expr,
    /// What follows it in ORDER BY.
    pub order: Vec<OrderKey>,
    /// What is kept of every row, with its type.
    pub operands: Vec<(BoundOperand, DataType)>,
    /// The names of the variables.
    pub variables: Vec<String>,
    /// DEFINE, by variable.
    pub conditions: Vec<BoundCondition>,
    /// PATTERN.
    pub pattern: Pattern,
    /// AFTER MATCH SKIP.
    pub skip: Skip,
    /// WITHIN.
    pub within: Option<Millis>,
    /// ALL ROWS PER MATCH.
    pub all_rows: bool,
    /// The columns of the output.
    pub measures: BoundComputed,
}

/// A value that is kept of every row.
#[derive(Clone, Debug)]
pub enum BoundOperand {
    /// Computed from the row.
    Input(Expr),
    /// Another operand's value so many rows before.
    Before {
        /// The other operand.
        operand: usize,
        /// How many rows.
        rows: usize,
    },
}

/// Whether a row can be a variable.
#[derive(Clone, Debug)]
pub enum BoundCondition {
    /// Whatever it is.
    Always,
    /// If this operand is true.
    Operand(usize),
    /// If the one expression is true.
    Computed(BoundComputed),
}

/// Expressions over values of a match, which are their columns.
#[derive(Clone, Debug, Default)]
pub struct BoundComputed {
    /// The values and their types.
    pub values: Vec<(MatchValue, DataType)>,
    /// The expressions.
    pub exprs: Vec<Expr>,
}

impl MatchRelation {
    /// The expressions over the input.
    pub fn input_exprs(&self) -> impl Iterator<Item = &Expr> {
        let operands = self.operands.iter().filter_map(|(operand, _)| match operand {
            BoundOperand::Input(expr) => Some(expr),
            BoundOperand::Before { .. } => None,
        });
        self.keys.iter().chain([&self.time]).chain(self.order.iter().map(|key| &key.expr)).chain(operands)
    }

    /// The values that the measures are computed of. Of those that are no time attributes, an aggregate that gives one of the
    /// event times that it sees is one here.
    pub(super) fn shown_values(&self) -> Relation {
        let of_times = |value: &MatchValue, time: &TypeKind| {
            let MatchValue::Aggregate { operands, .. } = value else { return false };
            operands.iter().any(|operand| self.operands[*operand].1.kind == *time)
        };
        let fields = self.measures.values.iter().map(|(value, DataType { kind, nullable })| {
            let time = kind.with_timestamp_kind(TimestampKind::Rowtime);
            let kind = if of_times(value, &time) { time } else { kind.with_timestamp_kind(TimestampKind::Regular) };
            Field::new(String::new(), DataType { kind, nullable: *nullable })
        });
        Relation { schema: Schema::new(fields.collect()), kind: RelationKind::Values(Vec::new()) }
    }

    /// The same over another input: `moved` says what an expression over the old one is there.
    pub fn over(mut self, input: Relation, moved: &dyn Fn(&Expr) -> Result<Expr>) -> Result<MatchRelation> {
        self.input = input;
        self.keys = self.keys.iter().map(moved).collect::<Result<_>>()?;
        self.time = moved(&self.time)?;
        for key in &mut self.order {
            key.expr = moved(&key.expr)?;
        }
        for (operand, _) in &mut self.operands {
            if let BoundOperand::Input(expr) = operand {
                *expr = moved(expr)?;
            }
        }
        Ok(self)
    }
}

impl QueryBinder<'_> {
    /// Binds MATCH_RECOGNIZE, its alias aside.
    pub(super) fn match_recognize(&mut self, factor: &TableFactor) -> Result<Relation> {
        let TableFactor::MatchRecognize {
            table,
            partition_by,
            order_by,
            measures,
            rows_per_match,
            after_match_skip,
            pattern,
            symbols,
            ..
        } = factor
        else {
            return Err(Error::bug("a pattern that is none"));
        };
        let place = place_of(factor.span());
        let From { relation: input, scope } = self.factor(table)?;
        let scope = Scope::of(scope.relations().last().map_or_else(Vec::new, |last| last.name.clone()), scope.schema());
        let binder = self.exprs(&scope);
        let keys = partition_by.iter().map(|key| partition_key(&binder, key)).collect::<Result<Vec<_>>>()?;
        let (time, order) = time_order(&binder, order_by, place)?;
        let (variables, bound_pattern) = read_pattern(pattern, place)?;
        let skip = skip(after_match_skip.as_ref(), &variables, &bound_pattern)?;
        let all_rows = all_rows(rows_per_match.as_ref(), place)?;
        let (within, definitions) = definitions(symbols)?;
        let bindings = Bindings::new(&scope, self.context, &variables, time.clone());
        let conditions = bindings.conditions(&definitions)?;
        let (measures, names) = outputs(&bindings, &keys, &time, &order, &scope.schema(), measures, all_rows)?;
        let fields = names.into_iter().zip(&measures.exprs);
        let schema = Schema::new(fields.map(|(name, expr)| Field::new(name, expr.data_type().clone())).collect());
        let matched = MatchRelation {
            input,
            keys,
            time,
            order,
            operands: bindings.into_operands(),
            variables,
            conditions,
            pattern: bound_pattern,
            skip,
            within,
            all_rows,
            measures,
        };
        Ok(Relation { schema, kind: RelationKind::Match(Box::new(matched)) })
    }
}

fn partition_key(binder: &ExprBinder<'_>, key: &ast::Expr) -> Result<Expr> {
    let bound = binder.bind(key)?;
    if matches!(bound, Expr::Column { .. }) {
        return Ok(bound);
    }
    Err(Error::input("PARTITION BY of MATCH_RECOGNIZE takes columns")
        .hint("compute the value in a subquery before it")
        .at(place_of(key.span())))
}

/// The time and what follows it in ORDER BY.
fn time_order(
    binder: &ExprBinder<'_>,
    order_by: &[OrderByExpr],
    place: Option<Place>,
) -> Result<(Expr, Vec<OrderKey>)> {
    let missing = || {
        Error::input("MATCH_RECOGNIZE needs an order in time: ORDER BY must begin with a time attribute")
            .hint("ORDER BY the column of the table's WATERMARK FOR, or one that is PROCTIME()")
    };
    let Some((first, rest)) = order_by.split_first() else { return Err(missing().at(place)) };
    let time = binder.bind(&first.expr)?;
    let first_place = place_of(first.expr.span());
    let attribute = time.data_type().kind.timestamp_kind() != TimestampKind::Regular;
    if !attribute || !matches!(time, Expr::Column { .. }) {
        let found = time.data_type();
        return Err(missing().detail(format!("'{}' is {found}", first.expr)).at(first_place));
    }
    if first.options.asc == Some(false) {
        return Err(Error::input(
            "MATCH_RECOGNIZE goes forward in time: the first column of ORDER BY must be ascending",
        )
        .hint("leave DESC out, and look back with LAST or PREV")
        .at(first_place));
    }
    let rest = rest.iter().map(|item| order_key(binder.bind(&item.expr)?, item)).collect::<Result<_>>()?;
    Ok((time, rest))
}

/// WITHIN, and the other definitions.
fn definitions(symbols: &[SymbolDefinition]) -> Result<(Option<Millis>, Vec<&SymbolDefinition>)> {
    let mut within = None;
    let mut definitions = Vec::new();
    for symbol in symbols {
        if symbol.symbol.value != parse::WITHIN {
            definitions.push(symbol);
            continue;
        }
        let negative = || Error::input("WITHIN takes no interval below 0").at(place_of(symbol.definition.span()));
        let wrong = || {
            Error::input("WITHIN takes a constant interval of days, hours, minutes or seconds")
                .hint("WITHIN INTERVAL '10' MINUTE")
                .at(place_of(symbol.definition.span()))
        };
        let ast::Expr::Interval(interval) = &symbol.definition else { return Err(wrong()) };
        let (value, data_type) = literals::interval(interval)?;
        let millis = match (&value, &data_type.kind) {
            (ScalarValue::Int64(Some(millis)), TypeKind::IntervalMillis) => *millis,
            _ => return Err(wrong()),
        };
        if millis < 0 {
            return Err(negative());
        }
        // As in Flink 0 is no bound.
        within = (millis > 0).then_some(Millis(millis));
    }
    Ok((within, definitions))
}

fn all_rows(rows: Option<&RowsPerMatch>, place: Option<Place>) -> Result<bool> {
    match rows {
        None | Some(RowsPerMatch::OneRow) => Ok(false),
        Some(RowsPerMatch::AllRows(Some(EmptyMatchesMode::WithUnmatched))) => {
            Err(Error::unsupported("ALL ROWS PER MATCH WITH UNMATCHED ROWS")
                .hint("ALL ROWS PER MATCH gives the rows of matches; join them with the input for the others")
                .at(place))
        }
        Some(RowsPerMatch::AllRows(_)) => Ok(true),
    }
}

/// What comes out, with its names: the partition and the measures, or with all rows every column.
fn outputs(
    bindings: &Bindings<'_>,
    keys: &[Expr],
    time: &Expr,
    order: &[OrderKey],
    input: &Schema,
    measures: &[Measure],
    all_rows: bool,
) -> Result<(BoundComputed, Vec<String>)> {
    let index_of = |expr: &Expr| match expr {
        Expr::Column { index, .. } => Some(*index),
        _ => None,
    };
    let mut front: Vec<usize> = keys.iter().filter_map(index_of).collect();
    let mut back = Vec::new();
    if all_rows {
        let ordered = [time].into_iter().chain(order.iter().map(|key| &key.expr)).filter_map(index_of);
        for index in ordered {
            if !front.contains(&index) {
                front.push(index);
            }
        }
        back.extend((0..input.len()).filter(|index| !front.contains(index)));
    }
    let clause = bindings.clause(Clause::Measures);
    let (mut exprs, mut names) = (Vec::new(), Vec::new());
    let add_column = |index: usize, exprs: &mut Vec<Expr>, names: &mut Vec<String>| {
        let field = &input.fields[index];
        exprs.push(clause.current(column(index, &field.data_type)));
        names.push(field.name.clone());
    };
    front.into_iter().for_each(|index| add_column(index, &mut exprs, &mut names));
    for measure in measures {
        exprs.push(clause.bind(&measure.expr)?);
        names.push(measure.alias.value.clone());
    }
    back.into_iter().for_each(|index| add_column(index, &mut exprs, &mut names));
    if exprs.is_empty() {
        return Err(Error::input("MATCH_RECOGNIZE gives no column").hint("add MEASURES, or PARTITION BY"));
    }
    Ok((clause.computed(exprs), names))
}

fn skip(skip: Option<&AfterMatchSkip>, variables: &[String], pattern: &Pattern) -> Result<Skip> {
    let variable = |ident: &Ident| {
        variables.iter().position(|known| *known == ident.value).ok_or_else(|| {
            Error::input(format!("AFTER MATCH SKIP TO '{0}': the pattern has no variable '{0}'", ident.value))
                .hint_opt(did_you_mean(&ident.value, variables.iter().map(String::as_str)))
                .at(place_of(ident.span))
        })
    };
    let to = |ident: &Ident, variable: Variable, skip: Skip| {
        let first = pattern.first_variable() == Some(variable);
        let stays = first && (matches!(skip, Skip::ToFirst(_)) || once(pattern, variable));
        if !stays {
            return Ok(skip);
        }
        Err(Error::input(format!("AFTER MATCH SKIP TO {0}: '{0}' is the first row of every match", ident.value))
            .detail("the search would begin at the same row again, and find the same match for ever")
            .hint("skip to a later variable, TO NEXT ROW or PAST LAST ROW")
            .at(place_of(ident.span)))
    };
    match skip {
        // As in Flink; the standard says PAST LAST ROW.
        None | Some(AfterMatchSkip::ToNextRow) => Ok(Skip::ToNextRow),
        Some(AfterMatchSkip::PastLastRow) => Ok(Skip::PastLastRow),
        Some(AfterMatchSkip::ToFirst(ident)) => {
            let variable = variable(ident)?;
            to(ident, variable, Skip::ToFirst(variable))
        }
        Some(AfterMatchSkip::ToLast(ident)) => {
            let variable = variable(ident)?;
            to(ident, variable, Skip::ToLast(variable))
        }
    }
}

/// Whether the variable stands once in the pattern, and for one row.
fn once(pattern: &Pattern, variable: Variable) -> bool {
    fn count(pattern: &Pattern, variable: Variable) -> u32 {
        match pattern {
            Pattern::Variable(other) => u32::from(*other == variable),
            Pattern::Concat(patterns) | Pattern::Alternation(patterns) => {
                patterns.iter().map(|pattern| count(pattern, variable)).sum()
            }
            Pattern::Repeat { pattern, max, .. } => match max {
                Some(1) => count(pattern, variable),
                _ => count(pattern, variable) * 2,
            },
        }
    }
    count(pattern, variable) == 1
}

/// The variables in the order in which they stand, and the pattern over them.
fn read_pattern(pattern: &MatchRecognizePattern, place: Option<Place>) -> Result<(Vec<String>, Pattern)> {
    let mut variables = Vec::new();
    let bound = element(pattern, &mut variables, place)?;
    let place = first_place(pattern).or(place);
    if bound.ends_greedily() {
        let message = match last_is_bounded(&bound) {
            true => "the pattern ends with a greedy quantifier, so that a match could always take one more row",
            false => "the pattern ends with a greedy quantifier, so that a match could go on without end",
        };
        return Err(Error::input(message)
            .detail("whether the last row of a match has come would only be known when a row comes that does not fit")
            .hint("end it with a variable that the loop's rows are not, or make the quantifier reluctant: +?, {2,}?")
            .at(place));
    }
    Program::compile(&bound).map_err(|error| error.at(place))?;
    Ok((variables, bound))
}

/// Whether the quantifier at the end of a pattern says how many rows it takes at the most.
fn last_is_bounded(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Variable(_) => true,
        Pattern::Concat(patterns) => patterns.last().is_none_or(last_is_bounded),
        Pattern::Alternation(patterns) => patterns.iter().all(last_is_bounded),
        Pattern::Repeat { pattern, max, .. } => max.is_some() && last_is_bounded(pattern),
    }
}

fn first_place(pattern: &MatchRecognizePattern) -> Option<Place> {
    match pattern {
        MatchRecognizePattern::Symbol(MatchRecognizeSymbol::Named(ident)) => place_of(ident.span),
        MatchRecognizePattern::Concat(patterns) | MatchRecognizePattern::Alternation(patterns) => {
            patterns.first().and_then(first_place)
        }
        MatchRecognizePattern::Permute(symbols) => symbols.first().and_then(|symbol| match symbol {
            MatchRecognizeSymbol::Named(ident) => place_of(ident.span),
            _ => None,
        }),
        MatchRecognizePattern::Group(inner) | MatchRecognizePattern::Repetition(inner, _) => first_place(inner),
        _ => None,
    }
}

fn element(pattern: &MatchRecognizePattern, variables: &mut Vec<String>, place: Option<Place>) -> Result<Pattern> {
    match pattern {
        MatchRecognizePattern::Symbol(symbol) => variable(symbol, variables, place),
        MatchRecognizePattern::Group(inner) => element(inner, variables, place),
        MatchRecognizePattern::Concat(patterns) => {
            Ok(Pattern::Concat(patterns.iter().map(|p| element(p, variables, place)).collect::<Result<_>>()?))
        }
        MatchRecognizePattern::Alternation(patterns) => {
            Ok(Pattern::Alternation(patterns.iter().map(|p| element(p, variables, place)).collect::<Result<_>>()?))
        }
        MatchRecognizePattern::Permute(symbols) if symbols.len() > MOST_PERMUTED => {
            Err(Error::input(format!("PERMUTE of {} variables", symbols.len()))
                .detail(format!("it stands for all their orders; {MOST_PERMUTED} variables have 720"))
                .at(first_place(pattern).or(place)))
        }
        MatchRecognizePattern::Permute(symbols) => {
            Ok(Pattern::permute(symbols.iter().map(|s| variable(s, variables, place)).collect::<Result<_>>()?))
        }
        MatchRecognizePattern::Exclude(_) => {
            Err(Error::unsupported("an exclusion {- … -} in a pattern").hint("filter its rows out behind it").at(place))
        }
        MatchRecognizePattern::Repetition(inner, quantifier) => {
            // `a+?` comes as `(a+)?`; a group in between would stand there as one.
            if let (MatchRecognizePattern::Repetition(repeated, first), RepetitionQuantifier::AtMostOne) =
                (inner.as_ref(), quantifier)
            {
                return repetition(repeated, first, false, variables, place);
            }
            repetition(inner, quantifier, true, variables, place)
        }
    }
}

fn repetition(
    pattern: &MatchRecognizePattern,
    quantifier: &RepetitionQuantifier,
    greedy: bool,
    variables: &mut Vec<String>,
    place: Option<Place>,
) -> Result<Pattern> {
    let (min, max) = match *quantifier {
        RepetitionQuantifier::ZeroOrMore => (0, None),
        RepetitionQuantifier::OneOrMore => (1, None),
        RepetitionQuantifier::AtMostOne => (0, Some(1)),
        RepetitionQuantifier::Exactly(count) => (count, Some(count)),
        RepetitionQuantifier::AtLeast(min) => (min, None),
        RepetitionQuantifier::AtMost(max) => (0, Some(max)),
        RepetitionQuantifier::Range(min, max) => (min, Some(max)),
    };
    let place = first_place(pattern).or(place);
    if max.is_some_and(|max| max == 0 || max < min) {
        return Err(Error::input(format!("the quantifier {quantifier} allows no row"))
            .hint("write the smaller number first, and at least 1 last")
            .at(place));
    }
    let pattern = Box::new(element(pattern, variables, place)?);
    Ok(Pattern::Repeat { pattern, min, max, greedy })
}

fn variable(symbol: &MatchRecognizeSymbol, variables: &mut Vec<String>, place: Option<Place>) -> Result<Pattern> {
    // A name may begin with $ here, so that this one comes as a name.
    let ident = match symbol {
        MatchRecognizeSymbol::Named(ident) if ident.value != "$" || ident.quote_style.is_some() => Some(ident),
        _ => None,
    };
    let Some(ident) = ident else {
        return Err(Error::unsupported("the anchors ^ and $ in a pattern")
            .detail("a stream has no last row, and its first one is no different from others")
            .at(place));
    };
    let number = variables.iter().position(|known| *known == ident.value).unwrap_or_else(|| {
        variables.push(ident.value.clone());
        variables.len() - 1
    });
    Ok(Pattern::Variable(number))
}

/// The value of the row at hand.
fn current(operand: usize) -> MatchValue {
    MatchValue::Row { variable: None, end: End::Last, offset: 0, operand, whole: false }
}
