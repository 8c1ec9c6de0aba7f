//! Flink's dialect for sqlparser: how words, names and expressions are read.

use super::cursor::{Cursor, is_word, keyword_of, word_of};
use super::errors::HINT;
use super::{calls, reserved};
use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Flink's dialect.
#[derive(Debug)]
pub(super) struct FlinkDialect;

/// The one dialect.
pub(super) static FLINK: FlinkDialect = FlinkDialect;

impl Dialect for FlinkDialect {
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }

    fn identifier_quote_style(&self, _identifier: &str) -> Option<char> {
        Some('`')
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_' || ch == '$'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '$'
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_match_recognize(&self) -> bool {
        true
    }

    fn supports_table_versioning(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_boolean_literals(&self) -> bool {
        true
    }

    fn require_interval_qualifier(&self) -> bool {
        true
    }

    fn supports_comment_optimizer_hint(&self) -> bool {
        false
    }

    fn is_column_alias(&self, _keyword: &Keyword, parser: &mut Parser<'_>) -> bool {
        !word_of(parser.get_current_token()).is_some_and(reserved::is_reserved)
    }

    fn is_select_item_alias(&self, _explicit: bool, keyword: &Keyword, parser: &mut Parser<'_>) -> bool {
        self.is_column_alias(keyword, parser)
    }

    fn is_table_alias(&self, keyword: &Keyword, parser: &mut Parser<'_>) -> bool {
        self.is_column_alias(keyword, parser)
    }

    fn is_table_factor_alias(&self, _explicit: bool, keyword: &Keyword, parser: &mut Parser<'_>) -> bool {
        self.is_column_alias(keyword, parser)
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        calls::prefix(parser)
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        let token = parser.peek_token_ref();
        match &token.token {
            // Between a key and a value of JSON_OBJECT; nothing else.
            Token::Colon => Some(Ok(0)),
            Token::Word(_) if calls::is_difference_unit(parser, token) => {
                Some(Ok(self.prec_value(Precedence::DoubleColon)))
            }
            Token::SingleQuotedString(_) => Some(Err(refuse_string(parser, token))),
            Token::Word(_) if is_word(token, "AS") => match parser.peek_nth_token_ref(1) {
                next if matches!(next.token, Token::SingleQuotedString(_)) => Some(Err(refuse_string(parser, next))),
                _ => None,
            },
            // A statement's own words are never operators here.
            Token::Word(word) if word.keyword == Keyword::OPERATOR => Some(Ok(0)),
            _ => None,
        }
    }

    fn parse_infix(&self, parser: &mut Parser<'_>, expr: &Expr, _precedence: u8) -> Option<Result<Expr, ParserError>> {
        let first = keyword_of(parser.peek_token_ref())?;
        let negated = first == "NOT";
        let word = if negated { keyword_of(parser.peek_nth_token_ref(1))? } else { first };
        let behind = usize::from(negated) + 1;
        match word.as_str() {
            "BETWEEN" => {
                let next = parser.peek_nth_token_ref(behind);
                let symmetric = is_word(next, "SYMMETRIC");
                if !symmetric && !is_word(next, "ASYMMETRIC") {
                    return None;
                }
                let precedence = self.prec_value(Precedence::Between);
                Some(calls::between(parser, expr, negated, symmetric, behind + 1, precedence))
            }
            "ILIKE" => Some(Err(refuse_ilike(parser, expr, negated))),
            "OVERLAPS" if !negated => Some(calls::overlaps(parser, expr, self.prec_value(Precedence::Between))),
            "IS" if !negated => {
                let not = usize::from(is_word(parser.peek_nth_token_ref(1), "NOT"));
                let next = |word| is_word(parser.peek_nth_token_ref(1 + not), word);
                if next("DISTINCT") {
                    return Some(calls::is_distinct(parser, expr, not == 1, self.prec_value(Precedence::Is)));
                }
                next("JSON").then(|| Ok(calls::is_json(parser, expr, not == 1)))
            }
            _ if calls::is_difference_unit(parser, parser.peek_token_ref()) => Some(calls::difference(parser, expr)),
            _ => None,
        }
    }
}

/// The reserved word that stands where an expression is to begin, as an error.
pub(super) fn refuse_reserved(parser: &mut Parser<'_>) -> Option<ParserError> {
    let token = parser.peek_token_ref();
    let word = word_of(token)?;
    if !reserved::is_reserved(word) || reserved::begins_expression(word) {
        return None;
    }
    if matches!(parser.peek_nth_token_ref(1).token, Token::LParen | Token::LBracket) {
        return None;
    }
    Some(parser.expected_here("an expression", token))
}

/// The error at `expr [NOT] ILIKE`.
fn refuse_ilike(parser: &Parser<'_>, expr: &Expr, negated: bool) -> ParserError {
    let at = usize::from(negated);
    let (not, pattern) = (if negated { "NOT " } else { "" }, parser.peek_nth_token_ref(at + 1));
    let pattern = match &pattern.token {
        Token::SingleQuotedString(text) => Token::SingleQuotedString(text.to_lowercase()).to_string(),
        _ => "LOWER(…)".to_owned(),
    };
    let message = format!("ILIKE is no operator of Flink SQL{HINT}LOWER({expr}) {not}LIKE {pattern}");
    parser.message_at(&message, parser.peek_nth_token_ref(at))
}

/// The error of a string behind an expression. As the name of a column it would need back-quotes.
fn refuse_string(parser: &Parser<'_>, token: &TokenWithSpan) -> ParserError {
    let Token::SingleQuotedString(text) = &token.token else {
        return parser.expected_here("an operator", token);
    };
    let hint = match parser.get_current_token().token {
        Token::SingleQuotedString(_) => {
            "a string goes on in another one only if that begins in the next line".to_owned()
        }
        _ => format!("a name is written in back-quotes: `{text}`"),
    };
    let message = format!("expected an operator, a name or the end of the expression, found {token}{HINT}{hint}");
    parser.message_at(&message, token)
}
