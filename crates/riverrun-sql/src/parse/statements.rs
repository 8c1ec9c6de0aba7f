//! The statements, by their leading words.

use super::cursor::{Cursor, keyword_of};
use super::errors::{HINT, PlaceMap, convert};
use super::statement::*;
use super::tokens::{Positioned, Tokens, Variables};
use super::unsupported::{instead_of, refused};
use super::{alter, create, cursor, dialect, foreign, function, quantified, split, subquery, use_object};
use riverrun_core::options::OptionValue;
use riverrun_core::{Options, Place, Result, suggest};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

pub(super) type Parsed<T> = Result<T, ParserError>;

/// The words a statement can begin with.
const STATEMENTS: &[&str] = &[
    "SELECT",
    "WITH",
    "VALUES",
    "INSERT",
    "CREATE",
    "DROP",
    "ALTER",
    "USE",
    "LOAD",
    "UNLOAD",
    "SET",
    "RESET",
    "SHOW",
    "DESCRIBE",
    "DESC",
    "EXPLAIN",
    "EXECUTE",
    "BEGIN",
    "STATEMENT",
];

/// Parses a text into its statements; `${NAME}` is replaced by its value in `variables`.
///
/// The whole text is read first, so that nothing runs of a file that has a mistake in its last line.
pub fn parse(text: &str, variables: &Variables) -> Result<Vec<Statement>> {
    parse_behind(text, variables, 0)
}

/// [`parse`] of a text that stands behind `lines_before` lines of one that grows, as in a shell: places are those of the
/// whole, so that an error in a table's definition still points at it when the table is used much later.
pub fn parse_behind(text: &str, variables: &Variables, lines_before: u32) -> Result<Vec<Statement>> {
    parse_tokens(Tokens::read(text, Some(variables), lines_before)?)
}

/// Parses a text whose variables were replaced, such as that of a view.
pub fn parse_plain(text: &str) -> Result<Vec<Statement>> {
    parse_tokens(Tokens::read(text, None, 0)?)
}

/// Whether a text that is being typed ends where a statement ends: at a semicolon that stands in no string, name or
/// comment, and not within a statement set. A text that can't be read is at its end too.
pub fn is_complete(text: &str) -> bool {
    match Tokens::read(text, None, 0) {
        Ok(tokens) => {
            let ends = tokens.tokens.last().is_none_or(|token| token.token.token == Token::SemiColon);
            let statements = split::split(tokens.tokens);
            ends && !statements.last().is_some_and(|statement| split::in_statement_set(statement))
        }
        Err(error) => !super::tokens::is_unclosed(&error),
    }
}

fn parse_tokens(tokens: Tokens) -> Result<Vec<Statement>> {
    let Tokens { text, tokens, hints } = tokens;
    let mut statements = Vec::new();
    for tokens in split::split(tokens) {
        let statement = parse_one(&text, tokens, &hints)?;
        let insert = match &statement.kind {
            StatementKind::CreateTable(create) => rows_of_created(create),
            _ => None,
        };
        statements.push(statement);
        statements.extend(insert.map(|insert| {
            let (text, place) = (insert.text.clone(), insert.place);
            Statement { kind: StatementKind::Insert(insert), text, place }
        }));
    }
    Ok(statements)
}

/// The INSERT that fills a table created AS a query.
pub fn rows_of_created(create: &CreateTable) -> Option<Insert> {
    let query = create.query.as_ref()?;
    Some(Insert {
        table: create.name.clone(),
        hints: Vec::new(),
        overwrite: false,
        partition: Vec::new(),
        columns: Vec::new(),
        by_name: true,
        query: query.clone(),
        conflict: None,
        text: format!("INSERT INTO {} {}", create.name, query.text),
        place: query.place,
    })
}

/// Parses an expression that stands alone.
pub fn parse_expression(text: &str) -> Result<SqlExpr> {
    parse_expression_behind(text, 0)
}

/// [`parse_expression`] of a text that stands behind `lines_before` lines.
pub(super) fn parse_expression_behind(text: &str, lines_before: u32) -> Result<SqlExpr> {
    let Tokens { text, tokens, hints } = Tokens::read(text, None, lines_before)?;
    with_reader(&text, tokens, &hints, |reader| reader.expr())
}

fn parse_one(text: &str, tokens: Vec<Positioned>, hints: &Hints) -> Result<Statement> {
    with_reader(text, tokens, hints, |reader| {
        let statement = reader.statement()?;
        match reader.parser.peek_token_ref() {
            token if token.token == Token::EOF => Ok(statement),
            token => Err(reader.parser.expected_here("end of statement", token)),
        }
    })
}

fn with_reader<T>(
    text: &str,
    tokens: Vec<Positioned>,
    hints: &Hints,
    read: impl FnOnce(&mut Reader<'_>) -> Parsed<T>,
) -> Result<T> {
    let offsets = tokens.iter().map(|token| (token.start, token.end)).collect();
    let places = tokens.iter().map(|token| cursor::place(&token.token)).collect();
    let head = split::statement_set_head(&tokens);
    let tokens: Vec<TokenWithSpan> = tokens.into_iter().map(|token| token.token).collect();
    let map = PlaceMap::new(&tokens);
    let parser =
        Parser::new(&dialect::FLINK).with_recursion_limit(cursor::RECURSION_LIMIT).with_tokens_with_locations(tokens);
    let mut reader = Reader { parser, text, offsets, places, hints, statement_set: head.is_some() };
    let found = read(&mut reader);
    found.map_err(|error| convert(subquery::cause(error, &reader.parser.into_tokens(), &map), &map))
}

/// Reads one statement.
pub(super) struct Reader<'a> {
    pub(super) parser: Parser<'a>,
    /// The whole text, and where in it each token begins and ends.
    text: &'a str,
    offsets: Vec<(usize, usize)>,
    places: Vec<Place>,
    hints: &'a Hints,
    statement_set: bool,
}

impl Reader<'_> {
    /// The text from the token `from` up to the last one that was read, and where it begins.
    pub(super) fn text_since(&self, from: usize) -> (String, Place) {
        let last = self.parser.index().saturating_sub(1).min(self.offsets.len().saturating_sub(1));
        let start = self.offsets.get(from).map_or(0, |offsets| offsets.0);
        let end = self.offsets.get(last).map_or(start, |offsets| offsets.1).max(start);
        let text = self.text.get(start..end).unwrap_or_default().to_owned();
        let place = self.places.get(from).copied().unwrap_or(Place::new(1, 1, 1));
        let length = match self.places.get(last) {
            Some(end) if end.line == place.line => (end.column + end.length).saturating_sub(place.column),
            _ => place.length,
        };
        (text, Place::new(place.line, place.column, length))
    }

    /// Reads an expression.
    pub(super) fn expr(&mut self) -> Parsed<SqlExpr> {
        let from = self.parser.index();
        let ast = self.parser.parse_expr()?;
        let (text, place) = self.text_since(from);
        Ok(SqlExpr { ast, text, place })
    }

    /// Reads a query.
    pub(super) fn query(&mut self) -> Parsed<Query> {
        let from = self.parser.index();
        let mut ast = self.parser.parse_query()?;
        foreign::refuse(&self.parser, &ast)?;
        quantified::rewrite(&mut ast);
        let (text, place) = self.text_since(from);
        // A hint belongs to this query if it stands behind one of its tokens.
        let own = self.places.get(from..self.parser.index().min(self.places.len())).unwrap_or_default();
        let by_place = self.hints.by_place.iter().filter(|((line, column), _)| {
            own.iter().any(|place| (u64::from(place.line), u64::from(place.column)) == (*line, *column))
        });
        Ok(Query { ast, hints: Hints { by_place: by_place.cloned().collect() }, text, place })
    }

    /// The hints behind the last token that was read.
    fn hints_here(&self) -> Vec<Hint> {
        self.hints.after(self.parser.get_current_token().span).cloned().collect()
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let from = self.parser.index();
        let kind = self.kind()?;
        let (text, mut place) = self.text_since(from);
        if let Some(first) = self.places.get(from) {
            place.length = first.length;
        }
        Ok(Statement { kind, text, place })
    }

    fn kind(&mut self) -> Parsed<StatementKind> {
        let parser = &mut self.parser;
        let token = parser.peek_token_ref();
        if token.token == Token::LParen {
            return Ok(StatementKind::Query(self.query()?));
        }
        let Some(word) = keyword_of(token) else { return Err(parser.expected_here("a statement", token)) };
        match word.as_str() {
            "SELECT" | "WITH" | "VALUES" => Ok(StatementKind::Query(self.query()?)),
            "INSERT" => Ok(StatementKind::Insert(self.insert()?)),
            "CREATE" => create::create(self),
            "REPLACE" => create::replace(self),
            "DROP" => self.drop_object(),
            "ALTER" => self.alter(),
            "USE" => use_object::use_object(parser),
            "LOAD" => use_object::load(parser),
            "UNLOAD" => use_object::unload(parser),
            "ADD" => use_object::jar(parser, StatementKind::AddJar),
            "REMOVE" => use_object::jar(parser, StatementKind::RemoveJar),
            "SET" => self.set(),
            "RESET" => {
                parser.next_token();
                let all = parser.peek_token_ref().token == Token::EOF;
                Ok(StatementKind::Reset(if all { None } else { Some(option_key(parser)?) }))
            }
            "SHOW" => super::show::show(parser),
            "DESCRIBE" | "DESC" => {
                parser.next_token();
                if parser.accept("FUNCTION") {
                    return function::describe(parser);
                }
                let token = parser.peek_token_ref().clone();
                // Either could be the name of a table, if nothing followed.
                let named = matches!(parser.peek_nth_token_ref(1).token, Token::Word(_) | Token::SingleQuotedString(_));
                match keyword_of(&token).as_deref() {
                    Some("CATALOG") if named => {
                        parser.next_token();
                        let extended = parser.accept("EXTENDED");
                        return Ok(StatementKind::DescribeCatalog(parser.name_part("a catalog's name")?, extended));
                    }
                    Some(other @ ("DATABASE" | "SCHEMA" | "JOB" | "MODEL" | "CONNECTION")) if named => {
                        return Err(refused(parser, &format!("DESCRIBE {other}"), &token));
                    }
                    _ => {}
                }
                parser.accept("TABLE");
                parser.accept("EXTENDED");
                Ok(StatementKind::Describe(parser.name("a table's name")?))
            }
            "EXPLAIN" => self.explain(),
            "EXECUTE" | "STATEMENT" | "BEGIN" => self.execute(),
            _ => Err(unknown_statement(parser, &word)),
        }
    }

    fn insert(&mut self) -> Parsed<Insert> {
        let from = self.parser.index();
        let parser = &mut self.parser;
        parser.expect_word("INSERT")?;
        let overwrite = parser.accept("OVERWRITE");
        if !overwrite {
            parser.expect_word("INTO")?;
        }
        parser.accept("TABLE");
        let table = parser.name("a table's name")?;
        let hints = self.hints_here();
        let mut partition = Vec::new();
        if self.parser.accept("PARTITION") {
            self.parser.expect_token(&Token::LParen)?;
            loop {
                let column = self.parser.name_part("a column's name")?;
                self.parser.expect_token(&Token::Eq)?;
                partition.push((column, self.expr()?));
                if !self.parser.consume_token(&Token::Comma) {
                    break;
                }
            }
            self.parser.expect_token(&Token::RParen)?;
        }
        let mut columns = Vec::new();
        let behind = keyword_of(self.parser.peek_nth_token_ref(1));
        let query = matches!(behind.as_deref(), Some("SELECT" | "WITH" | "VALUES"));
        if self.parser.peek_token_ref().token == Token::LParen
            && !query
            && self.parser.peek_nth_token_ref(1).token != Token::LParen
        {
            columns = self.parser.name_parts("a column's name")?;
        }
        let query = self.query()?;
        let conflict = self.on_conflict()?;
        let (text, mut place) = self.text_since(from);
        place.length = 6;
        Ok(Insert { table, hints, overwrite, partition, columns, by_name: false, query, conflict, text, place })
    }

    /// `ON CONFLICT DO …` behind the query of an INSERT.
    fn on_conflict(&mut self) -> Parsed<Option<NamePart>> {
        let parser = &mut self.parser;
        let token = parser.peek_token_ref().clone();
        if !parser.accept_all(&["ON", "CONFLICT"]) {
            return Ok(None);
        }
        parser.expect_word("DO")?;
        let strategy = parser.next_token();
        match keyword_of(&strategy).as_deref() {
            Some("DEDUPLICATE") => Ok(None),
            Some(other @ ("NOTHING" | "ERROR")) => {
                Ok(Some(NamePart { value: other.to_owned(), place: cursor::place(&token) }))
            }
            found => Err(expected_word(parser, found, &["DEDUPLICATE", "NOTHING", "ERROR"], &strategy)),
        }
    }

    fn drop_object(&mut self) -> Parsed<StatementKind> {
        let parser = &mut self.parser;
        parser.next_token();
        let temporary = parser.accept("TEMPORARY");
        let token = parser.next_token();
        let kind = match keyword_of(&token).as_deref() {
            Some("TABLE") => ObjectKind::Table,
            Some("VIEW") => ObjectKind::View,
            Some("MATERIALIZED") if !temporary => {
                parser.expect_word("TABLE")?;
                ObjectKind::MaterializedTable
            }
            Some("CATALOG") if !temporary => ObjectKind::Catalog,
            Some("DATABASE" | "SCHEMA") if !temporary => ObjectKind::Database,
            Some("FUNCTION") => {
                let scope = if temporary { FunctionScope::Temporary } else { FunctionScope::Catalog };
                return function::drop(parser, scope);
            }
            Some("SYSTEM") if temporary => {
                parser.expect_word("FUNCTION")?;
                return function::drop(parser, FunctionScope::TemporarySystem);
            }
            Some(other @ ("MODEL" | "CONNECTION")) => {
                return Err(refused(parser, &format!("DROP {other}"), &token));
            }
            found => {
                let words = ["TABLE", "VIEW", "CATALOG", "DATABASE", "FUNCTION"];
                return Err(expected_word(parser, found, &words, &token));
            }
        };
        let if_exists = parser.accept_all(&["IF", "EXISTS"]);
        let name = parser.name("a name")?;
        let cascade = parser.accept("CASCADE");
        if !cascade {
            parser.accept("RESTRICT");
        }
        Ok(StatementKind::Drop(DropObject { kind, name, temporary, if_exists, cascade }))
    }

    fn alter(&mut self) -> Parsed<StatementKind> {
        let parser = &mut self.parser;
        let begin = parser.next_token();
        let token = parser.peek_token_ref();
        match keyword_of(token).as_deref() {
            Some("FUNCTION" | "TEMPORARY") => function::alter(self),
            Some("TABLE") => alter::table(self),
            Some("VIEW") => alter::view(self),
            Some("CATALOG") => alter::catalog(self),
            Some("DATABASE") => alter::database(self),
            Some(other @ ("MODEL" | "MATERIALIZED" | "CONNECTION")) => {
                Err(refused(parser, &format!("ALTER {other}"), &begin))
            }
            found => {
                let words = ["TABLE", "VIEW", "FUNCTION", "CATALOG", "DATABASE"];
                Err(expected_word(parser, found, &words, token))
            }
        }
    }

    fn set(&mut self) -> Parsed<StatementKind> {
        let parser = &mut self.parser;
        parser.next_token();
        if parser.peek_token_ref().token == Token::EOF {
            return Ok(StatementKind::Set(None));
        }
        let key = option_key(parser)?;
        parser.expect_token(&Token::Eq)?;
        let token = parser.next_token();
        let value = match &token.token {
            Token::SingleQuotedString(text) | Token::Number(text, _) => text.clone(),
            Token::Word(word) => word.value.clone(),
            _ => return Err(parser.expected_here("the option's value in single quotes", &token)),
        };
        Ok(StatementKind::Set(Some((key, NamePart { value, place: cursor::place(&token) }))))
    }

    fn explain(&mut self) -> Parsed<StatementKind> {
        let parser = &mut self.parser;
        parser.next_token();
        let mut details = Vec::new();
        if parser.accept("PLAN") {
            parser.expect_word("FOR")?;
        } else {
            while let Some(detail) = ["ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE"]
                .into_iter()
                .find(|detail| parser.accept(detail))
            {
                details.push(detail.to_owned());
                if !parser.consume_token(&Token::Comma) {
                    break;
                }
            }
        }
        let token = parser.peek_token_ref().clone();
        let statement = Box::new(self.statement()?);
        let has_plan = match &statement.kind {
            StatementKind::Query(_) | StatementKind::Insert(_) | StatementKind::StatementSet(_) => true,
            StatementKind::CreateTable(create) => create.query.is_some(),
            _ => false,
        };
        if !has_plan {
            let message = "only a query, an INSERT, a statement set or a table created AS a query can be explained";
            return Err(self.parser.message_at(message, &token));
        }
        Ok(StatementKind::Explain(Explain { details, statement }))
    }

    fn execute(&mut self) -> Parsed<StatementKind> {
        if !self.statement_set {
            let parser = &mut self.parser;
            let token = parser.next_token();
            if keyword_of(&token).as_deref() != Some("EXECUTE") {
                return Err(parser.expected_here("EXECUTE STATEMENT SET BEGIN … END", &token));
            }
            let next = parser.peek_token_ref();
            return match keyword_of(next).as_deref() {
                Some("INSERT" | "SELECT" | "WITH" | "VALUES") => self.kind(),
                Some("STATEMENT") => {
                    parser.accept_all(&["STATEMENT", "SET"]);
                    let next = parser.peek_token_ref();
                    Err(parser.expected_here("BEGIN", next))
                }
                Some("PLAN") => Err(refused(parser, "EXECUTE PLAN", next)),
                _ => Err(parser.expected_here("STATEMENT SET, INSERT or a query", next)),
            };
        }
        let parser = &mut self.parser;
        if !parser.accept("BEGIN") {
            parser.accept("EXECUTE");
        }
        parser.accept_all(&["STATEMENT", "SET"]);
        parser.accept("BEGIN");
        let _ = parser.consume_token(&Token::SemiColon);
        let mut inserts = Vec::new();
        loop {
            if self.parser.accept("END") {
                break;
            }
            let token = self.parser.peek_token_ref().clone();
            match keyword_of(&token).as_deref() {
                Some("INSERT") => inserts.push(self.insert()?),
                _ if token.token == Token::EOF => {
                    return Err(self.parser.expected_here("END of the statement set", &token));
                }
                _ => {
                    let what = "a statement set holds only INSERT statements";
                    return Err(self.parser.message_at(&format!("{what}, found '{token}'"), &token));
                }
            }
            self.parser.expect_token(&Token::SemiColon)?;
        }
        if inserts.is_empty() {
            let token = self.parser.get_current_token().clone();
            return Err(self.parser.message_at("the statement set has no INSERT", &token));
        }
        Ok(StatementKind::StatementSet(inserts))
    }
}

/// `'key'`, or `key.with.dots` as in Flink's older form.
fn option_key(parser: &mut Parser<'_>) -> Parsed<NamePart> {
    let token = parser.next_token();
    match &token.token {
        Token::SingleQuotedString(text) => Ok(NamePart { value: text.clone(), place: cursor::place(&token) }),
        Token::Word(word) => {
            let mut value = word.value.clone();
            let mut place = cursor::place(&token);
            while matches!(parser.peek_token_ref().token, Token::Period | Token::Minus) {
                value.push_str(&parser.next_token().to_string());
                let token = parser.next_token();
                value.push_str(&token.to_string());
                let end = cursor::place(&token);
                place.length = (end.column + end.length).saturating_sub(place.column);
            }
            Ok(NamePart { value, place })
        }
        _ => Err(parser.expected_here("an option's key in single quotes", &token)),
    }
}

/// `('k' = 'v', …)` behind WITH.
pub(super) fn options(parser: &mut Parser<'_>) -> Parsed<Options> {
    let mut options = Options::default();
    parser.expect_token(&Token::LParen)?;
    if parser.consume_token(&Token::RParen) {
        return Ok(options);
    }
    loop {
        let key = parser.string("an option's key in single quotes")?;
        parser.expect_token(&Token::Eq)?;
        let value = parser.string("the option's value in single quotes")?;
        if options.given(&key.value).is_some() {
            return Err(parser.message_place(&format!("option '{}' is given twice", key.value), key.place));
        }
        let option = OptionValue { text: value.value, key_place: Some(key.place), value_place: Some(value.place) };
        options.insert(key.value, option);
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(options)
}

/// The error where one of `words` should stand, with the nearest of them.
pub(super) fn expected_word(
    parser: &Parser<'_>,
    found: Option<&str>,
    words: &[&str],
    token: &TokenWithSpan,
) -> ParserError {
    let list = match words {
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
        [] => String::new(),
    };
    match found.and_then(|found| suggest::did_you_mean(found, words.iter().copied())) {
        Some(hint) => parser.message_at(&format!("expected {list}, found '{token}'{HINT}{hint}"), token),
        None => parser.expected_here(&list, token),
    }
}

fn unknown_statement(parser: &Parser<'_>, word: &str) -> ParserError {
    let token = parser.peek_token_ref();
    if instead_of(word).is_some() {
        return refused(parser, word, token);
    }
    let hint = suggest::did_you_mean(word, STATEMENTS.iter().copied())
        .unwrap_or_else(|| format!("statements begin with {}", STATEMENTS.join(", ")));
    parser.message_at(&format!("'{token}' begins no statement{HINT}{hint}"), token)
}
