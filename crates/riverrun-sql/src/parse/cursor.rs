//! Reading tokens: words, names, strings, and what is said where another token stands.

use super::statement::{Name, NamePart};
use super::{errors, reserved};
use riverrun_core::{Place, Result};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

/// The text of a word without quotes.
pub(super) fn word_of(token: &TokenWithSpan) -> Option<&str> {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(&word.value),
        _ => None,
    }
}

/// The word without quotes that a token is, in upper case.
pub(super) fn keyword_of(token: &TokenWithSpan) -> Option<String> {
    word_of(token).map(str::to_ascii_uppercase)
}

/// Whether a token is this word, without quotes and in whatever case.
pub(super) fn is_word(token: &TokenWithSpan, word: &str) -> bool {
    word_of(token).is_some_and(|value| value.eq_ignore_ascii_case(word))
}

/// The place of a token.
pub(super) fn place(token: &TokenWithSpan) -> Place {
    super::place_of(token.span).unwrap_or(Place::new(1, 1, 1))
}

/// Parses all of `tokens`; errors carry their place in the original text.
pub(super) fn parse_all<T>(
    tokens: Vec<TokenWithSpan>,
    parse: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<T> {
    let map = errors::PlaceMap::new(&tokens);
    let mut parser =
        Parser::new(&super::dialect::FLINK).with_recursion_limit(RECURSION_LIMIT).with_tokens_with_locations(tokens);
    let result = parse(&mut parser).and_then(|value| match parser.peek_token_ref() {
        token if token.token == Token::EOF => Ok(value),
        token => Err(parser.expected_here("the end of the statement", token)),
    });
    result.map_err(|error| errors::convert(error, &map))
}

/// How deep expressions and queries may be nested: each level costs stack.
pub(super) const RECURSION_LIMIT: usize = 128;

/// What the parsers here do with sqlparser's token reader.
pub(super) trait Cursor {
    /// Skips the next token if it is this word.
    fn accept(&mut self, word: &str) -> bool;
    /// Skips the next tokens if they are these words.
    fn accept_all(&mut self, words: &[&str]) -> bool;
    /// Skips the next token, which must be this word.
    fn expect_word(&mut self, word: &str) -> Result<TokenWithSpan, ParserError>;
    /// Reads the part of a name: an identifier that is no reserved word, or one in back-quotes.
    fn name_part(&mut self, what: &str) -> Result<NamePart, ParserError>;
    /// Reads a name of one to three parts.
    fn name(&mut self, what: &str) -> Result<Name, ParserError>;
    /// Reads names in parentheses.
    fn name_parts(&mut self, what: &str) -> Result<Vec<NamePart>, ParserError>;
    /// Reads a string.
    fn string(&mut self, what: &str) -> Result<NamePart, ParserError>;
    /// The error `expected …, found …` at a token.
    fn expected_here(&self, expected: &str, found: &TokenWithSpan) -> ParserError;
    /// An error of other words at a token.
    fn message_at(&self, message: &str, token: &TokenWithSpan) -> ParserError;
    /// An error of other words at a place.
    fn message_place(&self, message: &str, place: Place) -> ParserError;
}

impl Cursor for Parser<'_> {
    fn accept(&mut self, word: &str) -> bool {
        let found = is_word(self.peek_token_ref(), word);
        if found {
            self.advance_token();
        }
        found
    }

    fn accept_all(&mut self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().all(|(index, word)| is_word(self.peek_nth_token_ref(index), word));
        if found {
            words.iter().for_each(|_| self.advance_token());
        }
        found
    }

    fn expect_word(&mut self, word: &str) -> Result<TokenWithSpan, ParserError> {
        let token = self.next_token();
        if is_word(&token, word) { Ok(token) } else { Err(self.expected_here(word, &token)) }
    }

    fn name_part(&mut self, what: &str) -> Result<NamePart, ParserError> {
        let token = self.next_token();
        match &token.token {
            Token::Word(word) if word.quote_style.is_none() && reserved::is_reserved(&word.value) => {
                Err(self.message_at(&reserved::message(&word.value, what), &token))
            }
            Token::Word(word) => Ok(NamePart { value: word.value.clone(), place: place(&token) }),
            _ => Err(self.expected_here(what, &token)),
        }
    }

    fn name(&mut self, what: &str) -> Result<Name, ParserError> {
        let mut parts = vec![self.name_part(what)?];
        while self.consume_token(&Token::Period) {
            parts.push(self.name_part(what)?);
        }
        match parts.get(3) {
            Some(part) => {
                Err(self.message_place("a name has at most three parts: catalog.database.object", part.place))
            }
            None => Ok(Name { parts }),
        }
    }

    fn name_parts(&mut self, what: &str) -> Result<Vec<NamePart>, ParserError> {
        self.expect_token(&Token::LParen)?;
        let mut parts = vec![self.name_part(what)?];
        while self.consume_token(&Token::Comma) {
            parts.push(self.name_part(what)?);
        }
        self.expect_token(&Token::RParen)?;
        Ok(parts)
    }

    fn string(&mut self, what: &str) -> Result<NamePart, ParserError> {
        let token = self.next_token();
        match &token.token {
            Token::SingleQuotedString(value) => Ok(NamePart { value: value.clone(), place: place(&token) }),
            _ => Err(self.expected_here(what, &token)),
        }
    }

    fn expected_here(&self, expected: &str, found: &TokenWithSpan) -> ParserError {
        ParserError::ParserError(format!("Expected: {expected}, found: {found}{}", location(found.span.start)))
    }

    fn message_at(&self, message: &str, token: &TokenWithSpan) -> ParserError {
        ParserError::ParserError(format!("{message}{}", location(token.span.start)))
    }

    fn message_place(&self, message: &str, place: Place) -> ParserError {
        let start = Location::new(u64::from(place.line), u64::from(place.column));
        ParserError::ParserError(format!("{message}{}", location(start)))
    }
}

/// The form in which sqlparser writes a location behind a message; empty for the end of the text.
fn location(location: Location) -> String {
    location.to_string()
}
