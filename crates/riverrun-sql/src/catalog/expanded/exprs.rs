//! Expressions, with parentheses only where operators need them.

use super::scope::Scope;
use super::{Transposed, Writer, direction, quoted};
use crate::parse::types;
use riverrun_core::{DataType, TypeKind};
use sqlparser::ast::{
    self, AccessExpr, BinaryOperator, CastKind, DateTimeField, DuplicateTreatment, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArguments, Subscript, UnaryOperator, Value, WindowFrameBound, WindowFrameUnits,
    WindowSpec, WindowType,
};

/// How tightly operators bind; what binds less tightly than what is around it stands in parentheses.
mod precedence {
    pub(super) const OR: u8 = 22;
    pub(super) const AND: u8 = 24;
    pub(super) const NOT: u8 = 26;
    pub(super) const IS: u8 = 28;
    pub(super) const COMPARISON: u8 = 30;
    pub(super) const IN: u8 = 32;
    pub(super) const PLUS: u8 = 40;
    pub(super) const TIMES: u8 = 60;
    pub(super) const SIGN: u8 = 80;
    pub(super) const NONE: u8 = 100;
}

/// The functions whose names Flink writes without back-quotes: those that its SQL parser knows as operators.
const OPERATORS: &str = include_str!("operators.txt");

/// Functions that are EXTRACT of a unit.
const EXTRACTS: &[(&str, &str)] = &[
    ("YEAR", "YEAR"),
    ("QUARTER", "QUARTER"),
    ("MONTH", "MONTH"),
    ("WEEK", "WEEK"),
    ("DAYOFYEAR", "DOY"),
    ("DAYOFMONTH", "DAY"),
    ("DAYOFWEEK", "DOW"),
    ("HOUR", "HOUR"),
    ("MINUTE", "MINUTE"),
    ("SECOND", "SECOND"),
];

/// An expression that is written, and how tightly it binds.
type Bound = (String, u8);

/// What a function without parentheses is called beside its value.
pub(super) fn function_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Function(Function { name, args: FunctionArguments::None, .. }) => Some(name.to_string().to_uppercase()),
        _ => None,
    }
}

/// The arguments of a call that has nothing but arguments.
pub(super) fn arguments(function: &Function) -> Option<&[FunctionArg]> {
    match &function.args {
        FunctionArguments::List(list) if list.clauses.is_empty() && list.duplicate_treatment.is_none() => {
            Some(&list.args)
        }
        _ => None,
    }
}

impl Writer<'_> {
    pub(super) fn expr(&mut self, expr: &Expr, scope: &Scope<'_>) -> Option<String> {
        self.bound(expr, scope).map(|(text, _)| text)
    }

    pub(super) fn list(&mut self, exprs: &[Expr], scope: &Scope<'_>) -> Option<String> {
        let mut written = Vec::new();
        for expr in exprs {
            written.push(self.expr(expr, scope)?);
        }
        Some(written.join(", "))
    }

    /// The expression in parentheses where it binds less tightly than `least`.
    fn operand(&mut self, expr: &Expr, least: u8, scope: &Scope<'_>) -> Option<String> {
        let (text, binds) = self.bound(expr, scope)?;
        Some(if binds < least { format!("({text})") } else { text })
    }

    fn bound(&mut self, expr: &Expr, scope: &Scope<'_>) -> Option<Bound> {
        let atom = |text: String| Some((text, precedence::NONE));
        match expr {
            Expr::Identifier(ident) => atom(scope.resolve(std::slice::from_ref(ident))?),
            Expr::CompoundIdentifier(parts) => atom(scope.resolve(parts)?),
            Expr::Nested(inner) => self.bound(inner, scope),
            Expr::Value(value) => atom(literal(&value.value)?),
            Expr::TypedString(typed) => match &typed.value.value {
                Value::SingleQuotedString(text) => atom(format!("{} '{text}'", typed.data_type)),
                _ => None,
            },
            Expr::Interval(interval) => atom(interval_text(interval)?),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, scope),
            Expr::UnaryOp { op, expr } => self.unary(op, expr, scope),
            Expr::IsNull(x) => self.postfix(x, "IS NULL", scope),
            Expr::IsNotNull(x) => self.postfix(x, "IS NOT NULL", scope),
            Expr::IsTrue(x) => self.postfix(x, "IS TRUE", scope),
            Expr::IsNotTrue(x) => self.postfix(x, "IS NOT TRUE", scope),
            Expr::IsFalse(x) => self.postfix(x, "IS FALSE", scope),
            Expr::IsNotFalse(x) => self.postfix(x, "IS NOT FALSE", scope),
            Expr::IsUnknown(x) => self.postfix(x, "IS UNKNOWN", scope),
            Expr::IsNotUnknown(x) => self.postfix(x, "IS NOT UNKNOWN", scope),
            Expr::IsDistinctFrom(left, right) => {
                self.infix(left, "IS DISTINCT FROM", right, precedence::COMPARISON, scope)
            }
            Expr::IsNotDistinctFrom(left, right) => {
                self.infix(left, "IS NOT DISTINCT FROM", right, precedence::COMPARISON, scope)
            }
            Expr::Between { expr, negated, low, high } => {
                let subject = self.operand(expr, precedence::IN, scope)?;
                let low = self.operand(low, precedence::IN + 1, scope)?;
                let high = self.operand(high, precedence::IN + 1, scope)?;
                Some((format!("{subject} {}BETWEEN ASYMMETRIC {low} AND {high}", not(*negated)), precedence::IN))
            }
            Expr::InList { expr, list, negated } => {
                let (subject, list) = (self.operand(expr, precedence::IN, scope)?, self.list(list, scope)?);
                Some((format!("{subject} {}IN ({list})", not(*negated)), precedence::IN))
            }
            Expr::InSubquery { expr, subquery, negated } => {
                let subject = self.operand(expr, precedence::IN, scope)?;
                let query = self.query(subquery, Some(scope))?.text;
                Some((format!("{subject} {}IN ({query})", not(*negated)), precedence::IN))
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like("LIKE", expr, *negated, pattern, escape_char.as_ref(), scope)
            }
            Expr::SimilarTo { negated, expr, pattern, escape_char } => {
                self.like("SIMILAR TO", expr, *negated, pattern, escape_char.as_ref(), scope)
            }
            Expr::Exists { subquery, negated } => {
                let query = self.query(subquery, Some(scope))?.text;
                let binds = if *negated { precedence::NOT } else { precedence::NONE };
                Some((format!("{}EXISTS ({query})", not(*negated)), binds))
            }
            Expr::Subquery(query) => atom(format!("((({})))", self.query(query, Some(scope))?.text)),
            Expr::Case { operand, conditions, else_result, .. } => {
                let mut text = "CASE".to_owned();
                for when in conditions {
                    let condition = match operand {
                        None => self.expr(&when.condition, scope)?,
                        Some(operand) => self.infix(operand, "=", &when.condition, precedence::COMPARISON, scope)?.0,
                    };
                    text.push_str(&format!(" WHEN {condition} THEN {}", self.expr(&when.result, scope)?));
                }
                let otherwise = match else_result {
                    Some(expr) => self.expr(expr, scope)?,
                    None => "NULL".to_owned(),
                };
                atom(format!("{text} ELSE {otherwise} END"))
            }
            Expr::Cast { kind, expr, data_type, .. } => {
                let name = if *kind == CastKind::Cast { "CAST" } else { "TRY_CAST" };
                let data_type = types::resolve(data_type).ok()?;
                atom(format!("{name}({} AS {})", self.expr(expr, scope)?, type_text(&data_type)))
            }
            Expr::Array(array) => atom(format!("ARRAY[{}]", self.list(&array.elem, scope)?)),
            Expr::Tuple(parts) => atom(format!("ROW({})", self.list(parts, scope)?)),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain, scope),
            Expr::Function(function) => self.function(function, scope),
            _ => None,
        }
    }

    fn access(&mut self, root: &Expr, chain: &[AccessExpr], scope: &Scope<'_>) -> Option<Bound> {
        // `t.r[1]` comes as a name with its table, then what is asked of it.
        let dots = chain.iter().take_while(|access| matches!(access, AccessExpr::Dot(Expr::Identifier(_)))).count();
        let (mut text, rest) = match root {
            Expr::Identifier(first) => {
                let mut name = vec![first.clone()];
                name.extend(chain[..dots].iter().filter_map(|access| match access {
                    AccessExpr::Dot(Expr::Identifier(ident)) => Some(ident.clone()),
                    _ => None,
                }));
                (scope.resolve(&name)?, &chain[dots..])
            }
            root => (self.operand(root, precedence::NONE, scope)?, chain),
        };
        for access in rest {
            match access {
                AccessExpr::Dot(Expr::Identifier(ident)) => text.push_str(&format!(".{}", quoted(&ident.value))),
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    text.push_str(&format!("[{}]", self.expr(index, scope)?));
                }
                _ => return None,
            }
        }
        Some((text, precedence::NONE))
    }

    fn postfix(&mut self, expr: &Expr, operator: &str, scope: &Scope<'_>) -> Option<Bound> {
        Some((format!("{} {operator}", self.operand(expr, precedence::IS, scope)?), precedence::IS))
    }

    fn infix(&mut self, left: &Expr, op: &str, right: &Expr, binds: u8, scope: &Scope<'_>) -> Option<Bound> {
        let (left, right) = (self.operand(left, binds, scope)?, self.operand(right, binds + 1, scope)?);
        Some((format!("{left} {op} {right}"), binds))
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, scope: &Scope<'_>) -> Option<Bound> {
        let (text, binds) = match op {
            BinaryOperator::Or => ("OR", precedence::OR),
            BinaryOperator::And => ("AND", precedence::AND),
            BinaryOperator::Eq => ("=", precedence::COMPARISON),
            BinaryOperator::NotEq => ("<>", precedence::COMPARISON),
            BinaryOperator::Lt => ("<", precedence::COMPARISON),
            BinaryOperator::LtEq => ("<=", precedence::COMPARISON),
            BinaryOperator::Gt => (">", precedence::COMPARISON),
            BinaryOperator::GtEq => (">=", precedence::COMPARISON),
            BinaryOperator::Plus => ("+", precedence::PLUS),
            BinaryOperator::Minus => ("-", precedence::PLUS),
            BinaryOperator::Multiply => ("*", precedence::TIMES),
            BinaryOperator::Divide => ("/", precedence::TIMES),
            BinaryOperator::Modulo => ("%", precedence::TIMES),
            BinaryOperator::StringConcat => ("||", precedence::TIMES),
            _ => return None,
        };
        self.infix(left, text, right, binds, scope)
    }

    fn unary(&mut self, op: &UnaryOperator, expr: &Expr, scope: &Scope<'_>) -> Option<Bound> {
        let sign = match op {
            UnaryOperator::Not => {
                return Some((format!("NOT {}", self.operand(expr, precedence::NOT, scope)?), precedence::NOT));
            }
            UnaryOperator::Minus => "-",
            UnaryOperator::Plus => "+",
            _ => return None,
        };
        match (sign, expr) {
            ("-", Expr::Value(value)) if matches!(value.value, Value::Number(..)) => {
                Some((format!("-{}", literal(&value.value)?), precedence::NONE))
            }
            _ => Some((format!("{sign} {}", self.operand(expr, precedence::SIGN + 1, scope)?), precedence::SIGN)),
        }
    }

    fn like(
        &mut self,
        word: &str,
        expr: &Expr,
        negated: bool,
        pattern: &Expr,
        escape: Option<&ast::ValueWithSpan>,
        scope: &Scope<'_>,
    ) -> Option<Bound> {
        let subject = self.operand(expr, precedence::IN, scope)?;
        let pattern = self.operand(pattern, precedence::IN + 1, scope)?;
        let escape = match escape {
            Some(escape) => format!(" ESCAPE {}", literal(&escape.value)?),
            None => String::new(),
        };
        Some((format!("{subject} {}{word} {pattern}{escape}", not(negated)), precedence::IN))
    }

    /// A key of GROUP BY.
    pub(super) fn key(&mut self, key: &Expr, scope: &Scope<'_>) -> Option<String> {
        let sets = |writer: &mut Self, sets: &[Vec<Expr>]| -> Option<String> {
            let mut written = Vec::new();
            for set in sets {
                let list = writer.list(set, scope)?;
                written.push(if set.len() == 1 { list } else { format!("({list})") });
            }
            Some(written.join(", "))
        };
        match key {
            Expr::GroupingSets(of) => Some(format!("GROUPING SETS({})", sets(self, of)?)),
            Expr::Rollup(of) => Some(format!("ROLLUP({})", sets(self, of)?)),
            Expr::Cube(of) => Some(format!("CUBE({})", sets(self, of)?)),
            Expr::Function(function) => {
                let window = ["TUMBLE", "HOP", "SESSION"]
                    .iter()
                    .any(|window| function.name.to_string().eq_ignore_ascii_case(window));
                Some(format!("{}{}", if window { "$" } else { "" }, self.expr(key, scope)?))
            }
            key => self.expr(key, scope),
        }
    }

    fn function(&mut self, function: &Function, scope: &Scope<'_>) -> Option<Bound> {
        let [part] = function.name.0.as_slice() else { return None };
        let written = &part.as_ident()?.value;
        let name = written.to_uppercase();
        if function.null_treatment.is_some() || !function.within_group.is_empty() || name.contains('$') {
            return None;
        }
        let FunctionArguments::List(list) = &function.args else {
            return matches!(function.args, FunctionArguments::None).then(|| (name, precedence::NONE));
        };
        if !list.clauses.is_empty() {
            return None;
        }
        if let Some(text) = self.special(&name, list, scope) {
            return text.map(|text| (text, precedence::NONE));
        }
        let distinct = match list.duplicate_treatment {
            Some(DuplicateTreatment::Distinct) => "DISTINCT ",
            Some(DuplicateTreatment::All) => return None,
            None => "",
        };
        let mut arguments = Vec::new();
        for argument in &list.args {
            arguments.push(match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.expr(expr, scope)?,
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => "*".to_owned(),
                _ => return None,
            });
        }
        let operator = OPERATORS.lines().any(|operator| operator == name);
        let name = if operator { name } else { quoted(written) };
        let mut text = format!("{name}({distinct}{})", arguments.join(", "));
        if let Some(condition) = &function.filter {
            text.push_str(&format!(" FILTER (WHERE {})", self.expr(condition, scope)?));
        }
        match &function.over {
            None => {}
            Some(WindowType::NamedWindow(window)) => text.push_str(&format!(" OVER {}", quoted(&window.value))),
            Some(WindowType::WindowSpec(spec)) => text.push_str(&format!(" OVER ({})", self.window(spec, scope)?)),
        }
        Some((text, precedence::NONE))
    }

    /// A call that is written otherwise than as a name with arguments; `Some(None)`: nobody knows how.
    fn special(&mut self, name: &str, list: &ast::FunctionArgumentList, scope: &Scope<'_>) -> Option<Option<String>> {
        let exprs: Vec<&Expr> = list
            .args
            .iter()
            .filter_map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect();
        let word = |expr: &Expr| match expr {
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(word) => Some(word.clone()),
                _ => None,
            },
            _ => None,
        };
        if let Some((_, unit)) = EXTRACTS.iter().find(|(known, _)| *known == name)
            && let [time] = exprs.as_slice()
        {
            return Some(self.expr(time, scope).map(|time| format!("EXTRACT({unit} FROM {time})")));
        }
        let mut text = |expr: &Expr| self.expr(expr, scope);
        Some(match (name, exprs.as_slice()) {
            ("EXTRACT", [unit, time]) => {
                word(unit).zip(text(time)).map(|(unit, time)| format!("EXTRACT({unit} FROM {time})"))
            }
            ("FLOOR TO" | "CEIL TO", [time, unit]) => {
                let name = name.trim_end_matches(" TO");
                word(unit).zip(text(time)).map(|(unit, time)| format!("{name}({time} TO {unit})"))
            }
            ("TIMESTAMPADD" | "TIMESTAMPDIFF", [unit, first, second]) => {
                let arguments = text(first).zip(text(second));
                word(unit).zip(arguments).map(|(unit, (first, second))| format!("{name}({unit}, {first}, {second})"))
            }
            ("TRIM", [side, characters, of]) => {
                let rest = text(characters).zip(text(of));
                word(side).zip(rest).map(|(side, (characters, of))| format!("TRIM({side} {characters} FROM {of})"))
            }
            ("POSITION", [part, of]) => text(part).zip(text(of)).map(|(part, of)| format!("POSITION({part} IN {of})")),
            ("OVERLAY", [of, with, from, rest @ ..]) => {
                let length = rest.first().map(|length| text(length)).transpose_option();
                let parts = text(of).zip(text(with)).zip(text(from)).zip(length);
                parts.map(|(((of, with), from), length)| {
                    let length = length.map(|length| format!(" FOR {length}")).unwrap_or_default();
                    format!("OVERLAY({of} PLACING {with} FROM {from}{length})")
                })
            }
            ("MAP", entries) => entries
                .iter()
                .map(|entry| text(entry))
                .collect::<Option<Vec<_>>>()
                .map(|entries| format!("MAP[{}]", entries.join(", "))),
            ("NULLIF", [value, other]) => {
                let equal = self.infix(value, "=", other, precedence::COMPARISON, scope);
                let value = self.expr(value, scope);
                equal.zip(value).map(|((equal, _), value)| format!("CASE WHEN {equal} THEN NULL ELSE {value} END"))
            }
            ("OVERLAPS" | "POSITION", _) => None,
            (name, _) if name.contains(' ') || name.starts_with("JSON_") => None,
            _ => return None,
        })
    }

    /// What stands in the parentheses of OVER.
    pub(super) fn window(&mut self, spec: &WindowSpec, scope: &Scope<'_>) -> Option<String> {
        if spec.window_name.is_some() {
            return None;
        }
        let mut parts = Vec::new();
        if !spec.partition_by.is_empty() {
            parts.push(format!("PARTITION BY {}", self.list(&spec.partition_by, scope)?));
        }
        if !spec.order_by.is_empty() {
            let mut keys = Vec::new();
            for item in &spec.order_by {
                keys.push(self.expr(&item.expr, scope)? + &direction(item)?);
            }
            parts.push(format!("ORDER BY {}", keys.join(", ")));
        }
        if let Some(frame) = &spec.window_frame {
            let units = match frame.units {
                WindowFrameUnits::Rows => "ROWS",
                WindowFrameUnits::Range => "RANGE",
                WindowFrameUnits::Groups => return None,
            };
            let start = self.border(&frame.start_bound, scope)?;
            parts.push(match &frame.end_bound {
                None => format!("{units} {start}"),
                Some(end) => format!("{units} BETWEEN {start} AND {}", self.border(end, scope)?),
            });
        }
        Some(parts.join(" "))
    }

    fn border(&mut self, border: &WindowFrameBound, scope: &Scope<'_>) -> Option<String> {
        Some(match border {
            WindowFrameBound::CurrentRow => "CURRENT ROW".to_owned(),
            WindowFrameBound::Preceding(None) => "UNBOUNDED PRECEDING".to_owned(),
            WindowFrameBound::Following(None) => "UNBOUNDED FOLLOWING".to_owned(),
            WindowFrameBound::Preceding(Some(of)) => format!("{} PRECEDING", self.expr(of, scope)?),
            WindowFrameBound::Following(Some(of)) => format!("{} FOLLOWING", self.expr(of, scope)?),
        })
    }
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Number(digits, _) => Some(digits.replace('e', "E")),
        Value::SingleQuotedString(text) => Some(string(text)),
        Value::HexStringLiteral(digits) => Some(format!("X'{}'", digits.to_uppercase())),
        Value::Boolean(value) => Some(value.to_string().to_uppercase()),
        Value::Null => Some("NULL".to_owned()),
        _ => None,
    }
}

/// A string; one that has more than ASCII is written with escapes.
fn string(text: &str) -> String {
    if text.is_ascii() {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut escaped = String::new();
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some('\'') => escaped.push_str("''"),
            Some('\\') => escaped.push_str("\\\\"),
            Some(c) if c.is_ascii() => escaped.push(c),
            _ => escaped.push_str(&format!("\\{unit:04x}")),
        }
    }
    format!("u&'{escaped}'")
}

fn interval_text(interval: &ast::Interval) -> Option<String> {
    let Expr::Value(value) = interval.value.as_ref() else { return None };
    let field = |field: &DateTimeField| field.to_string().to_uppercase().trim_end_matches('S').to_owned();
    let mut text = format!("INTERVAL {} {}", literal(&value.value)?, field(interval.leading_field.as_ref()?));
    if let Some(precision) = interval.leading_precision {
        text.push_str(&format!("({precision})"));
    }
    if let Some(last) = &interval.last_field {
        text.push_str(&format!(" TO {}", field(last)));
    }
    if let Some(precision) = interval.fractional_seconds_precision {
        text.push_str(&format!("({precision})"));
    }
    Some(text)
}

/// A type as the target of a CAST.
fn type_text(data_type: &DataType) -> String {
    match &data_type.kind {
        TypeKind::Int => "INTEGER".to_owned(),
        TypeKind::Array(element) => format!("ARRAY< {} >", type_text(element)),
        TypeKind::Multiset(element) => format!("MULTISET< {} >", type_text(element)),
        TypeKind::Map(key, value) => format!("MAP< {}, {} >", type_text(key), type_text(value)),
        TypeKind::Row(fields) => {
            let fields = fields.iter().map(|field| format!("{} {}", quoted(&field.name), type_text(&field.data_type)));
            format!("ROW< {} >", fields.collect::<Vec<_>>().join(", "))
        }
        // The precision that a type has where none is written.
        TypeKind::Decimal { precision: 10, scale: 0 } => "DECIMAL".to_owned(),
        TypeKind::Time(0) => "TIME".to_owned(),
        kind => kind.clone().nullable().to_string(),
    }
}
