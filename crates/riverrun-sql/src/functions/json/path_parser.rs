//! The reader of JSON paths.

use super::super::regex::JavaRegex;
use super::filter::{Filter, Operand, Operator};
use super::path::{Function, Path, Step};
use riverrun_core::{Error, Result};

/// How deep filters may be nested.
const MAX_DEPTH: usize = 64;

/// Reads a path: `[strict | lax] $.a['b'][0]…`. The `$` may be left out.
pub fn parse(text: &str) -> Result<Path> {
    let trimmed = text.trim();
    let mode = |name: &str| {
        let rest = trimmed.get(name.len()..)?;
        (trimmed[..name.len()].eq_ignore_ascii_case(name) && rest.starts_with(char::is_whitespace)).then(|| rest.trim())
    };
    let (lax, path) = match (mode("lax"), mode("strict")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => (false, trimmed),
    };
    let mut parser = PathParser { text: path, chars: path.chars().collect(), position: 0, depth: 0 };
    if path.is_empty() {
        return Err(parser.wrong("an empty path"));
    }
    match parser.peek() {
        Some('$' | '@') => parser.position += 1,
        // `a.b` is `$.a.b`.
        Some('[' | '.') => {}
        _ => parser.chars.insert(0, '.'),
    }
    let steps = parser.steps()?;
    if parser.position < parser.chars.len() {
        return Err(parser.wrong("'.' or '[' expected"));
    }
    Ok(Path::of(lax, path, steps))
}

struct PathParser<'a> {
    text: &'a str,
    chars: Vec<char>,
    position: usize,
    depth: usize,
}

impl PathParser<'_> {
    fn wrong(&self, what: &str) -> Error {
        Error::failure(format!("the JSON path '{}' is wrong", self.text))
            .detail(format!("{what}, at character {}", self.position + 1))
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.position).copied()
    }

    fn eat(&mut self, expected: &str) -> bool {
        let length = expected.chars().count();
        let found = self.chars.get(self.position..self.position + length);
        let equal = found.is_some_and(|found| found.iter().copied().eq(expected.chars()));
        if equal {
            self.position += length;
        }
        equal
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.position += 1;
        }
    }

    fn expect(&mut self, expected: &str) -> Result<()> {
        self.space();
        if self.eat(expected) { Ok(()) } else { Err(self.wrong(&format!("'{expected}' expected"))) }
    }

    fn steps(&mut self) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            if self.eat("..") {
                steps.push(Step::Descend);
                if self.peek() != Some('[') {
                    steps.push(self.name()?);
                }
            } else if self.eat(".") {
                if self.peek() == Some('[') {
                    continue;
                }
                steps.push(self.name()?);
            } else if self.eat("[") {
                steps.push(self.bracket()?);
            } else {
                return Ok(steps);
            }
        }
    }

    /// After a dot.
    fn name(&mut self) -> Result<Step> {
        if self.eat("*") {
            return Ok(Step::All);
        }
        let start = self.position;
        let in_filter = self.depth > 0;
        while self.peek().is_some_and(|c| {
            !matches!(c, '.' | '[' | '(') && !(in_filter && (c.is_whitespace() || "=!<>&|)],~".contains(c)))
        }) {
            self.position += 1;
        }
        let name: String = self.chars[start..self.position].iter().collect();
        if name.trim().is_empty() || name.contains(' ') {
            return Err(self.wrong("a name expected"));
        }
        if self.eat("(") {
            self.expect(")")?;
            return Function::named(&name)
                .map(Step::Function)
                .ok_or_else(|| self.wrong(&format!("the function {name}() is not known")));
        }
        Ok(Step::Member(name))
    }

    /// After `[`.
    fn bracket(&mut self) -> Result<Step> {
        self.space();
        let step = match self.peek() {
            Some('*') => {
                self.position += 1;
                Step::All
            }
            Some('?') => {
                self.position += 1;
                self.expect("(")?;
                let filter = self.any_of()?;
                self.expect(")")?;
                Step::Filter(filter)
            }
            Some('\'' | '"') => {
                let mut names = vec![self.quoted()?];
                self.space();
                while self.eat(",") {
                    self.space();
                    names.push(self.quoted()?);
                    self.space();
                }
                if names.len() == 1 { Step::Member(names.remove(0)) } else { Step::Members(names) }
            }
            _ => self.places()?,
        };
        self.expect("]")?;
        Ok(step)
    }

    /// Indexes or a slice.
    fn places(&mut self) -> Result<Step> {
        let first = self.integer()?;
        self.space();
        if self.eat(":") {
            self.space();
            let to = self.integer()?;
            return Ok(Step::Slice(first, to));
        }
        let Some(first) = first else { return Err(self.wrong("a name in quotes, an index, '*' or '?' expected")) };
        let mut indexes = vec![first];
        while self.eat(",") {
            self.space();
            indexes.push(self.integer()?.ok_or_else(|| self.wrong("an index expected"))?);
            self.space();
        }
        Ok(if indexes.len() == 1 { Step::Index(first) } else { Step::Indexes(indexes) })
    }

    fn integer(&mut self) -> Result<Option<i64>> {
        let start = self.position;
        if self.peek() == Some('-') {
            self.position += 1;
        }
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.position += 1;
        }
        if self.position == start {
            return Ok(None);
        }
        let digits: String = self.chars[start..self.position].iter().collect();
        digits.parse().map(Some).map_err(|_| self.wrong("an index expected"))
    }

    fn quoted(&mut self) -> Result<String> {
        let Some(quote @ ('\'' | '"')) = self.peek() else { return Err(self.wrong("a name in quotes expected")) };
        self.position += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.position += 1;
            match c {
                '\\' => {
                    text.extend(self.peek());
                    self.position += 1;
                }
                c if c == quote => return Ok(text),
                c => text.push(c),
            }
        }
        Err(self.wrong("a quote that is not closed"))
    }

    fn any_of(&mut self) -> Result<Filter> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong("a less deeply nested filter expected"));
        }
        let mut filters = vec![self.all_of()?];
        self.space();
        while self.eat("||") {
            filters.push(self.all_of()?);
            self.space();
        }
        self.depth -= 1;
        Ok(if filters.len() == 1 { filters.remove(0) } else { Filter::Any(filters) })
    }

    fn all_of(&mut self) -> Result<Filter> {
        let mut filters = vec![self.condition()?];
        self.space();
        while self.eat("&&") {
            filters.push(self.condition()?);
            self.space();
        }
        Ok(if filters.len() == 1 { filters.remove(0) } else { Filter::All(filters) })
    }

    fn condition(&mut self) -> Result<Filter> {
        self.space();
        if self.eat("(") {
            let filter = self.any_of()?;
            self.expect(")")?;
            return Ok(filter);
        }
        if self.eat("!") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(self.wrong("a less deeply nested filter expected"));
            }
            let filter = self.condition()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(filter)));
        }
        let left = self.operand()?;
        self.space();
        const OPERATORS: [(&str, Operator); 9] = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessEqual),
            (">=", Operator::GreaterEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
            ("=~", Operator::Matches),
            ("nin", Operator::NotIn),
            ("in", Operator::In),
        ];
        for (symbol, operator) in OPERATORS {
            if self.eat(symbol) {
                self.space();
                let right = self.operand()?;
                return Ok(Filter::Compare(left, operator, right));
            }
        }
        match left {
            Operand::Here(_) | Operand::Root(_) => Ok(Filter::Exists(left)),
            _ => Err(self.wrong("a comparison expected")),
        }
    }

    fn operand(&mut self) -> Result<Operand> {
        self.space();
        match self.peek() {
            Some('@') => {
                self.position += 1;
                Ok(Operand::Here(self.steps()?))
            }
            Some('$') => {
                self.position += 1;
                Ok(Operand::Root(self.steps()?))
            }
            Some('\'' | '"') => self.quoted().map(Operand::String),
            Some('/') => self.pattern(),
            Some('[') => {
                self.position += 1;
                let mut values = Vec::new();
                self.space();
                while !self.eat("]") {
                    if !values.is_empty() {
                        self.expect(",")?;
                    }
                    values.push(self.operand()?);
                    self.space();
                }
                Ok(Operand::List(values))
            }
            _ => {
                let start = self.position;
                while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
                    self.position += 1;
                }
                let word: String = self.chars[start..self.position].iter().collect();
                match word.as_str() {
                    "true" => Ok(Operand::Boolean(true)),
                    "false" => Ok(Operand::Boolean(false)),
                    "null" => Ok(Operand::Null),
                    number => number.parse().map(Operand::Number).map_err(|_| self.wrong("a value expected")),
                }
            }
        }
    }

    fn pattern(&mut self) -> Result<Operand> {
        self.position += 1;
        let mut pattern = String::new();
        while let Some(c) = self.peek() {
            self.position += 1;
            match c {
                '/' => {
                    let flag = if self.eat("i") { "(?i)" } else { "" };
                    return JavaRegex::whole(&format!("{flag}{pattern}")).map(Operand::Pattern);
                }
                '\\' if self.peek() == Some('/') => {
                    self.position += 1;
                    pattern.push('/');
                }
                c => pattern.push(c),
            }
        }
        Err(self.wrong("a pattern that is not closed"))
    }
}
