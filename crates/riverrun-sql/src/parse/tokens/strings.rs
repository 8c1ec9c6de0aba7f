//! Strings of several tokens, each as one: those that go on in the next line, and those with Unicode escapes.
//!
//! `'a'⏎'b'` → `'ab'`, also of more than two parts and of `x'…'`; `U&'\263A'` and `U&'#263A' UESCAPE '#'` → `'☺'`.

use super::super::cursor::{is_word, place};
use super::{Positioned, is};
use riverrun_core::{Error, Place, Result};
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

/// Joins the tokens of each string.
pub(super) fn join(tokens: Vec<Positioned>, text: &str) -> Result<Vec<Positioned>> {
    let mut joined = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let (token, behind) = match string(&tokens, at, text)? {
            Some(found) => found,
            None => (tokens[at].clone(), at + 1),
        };
        joined.push(token);
        at = behind;
    }
    Ok(joined)
}

/// The string that begins at a token, and the token behind it; `None` where it is one token as it stands.
fn string(tokens: &[Positioned], begin: usize, text: &str) -> Result<Option<(Positioned, usize)>> {
    let first = &tokens[begin];
    let escapes = is_word(&first.token, "U") && unicode(tokens, begin);
    let head = if escapes { begin + 2 } else { begin };
    let mut parts = match &tokens[head].token.token {
        Token::SingleQuotedString(part) => vec![(part.clone(), place(&tokens[head].token))],
        Token::HexStringLiteral(part) => vec![(part.clone(), place(&tokens[head].token))],
        _ => return Ok(None),
    };
    let hexadecimal = matches!(tokens[head].token.token, Token::HexStringLiteral(_));
    let mut behind = head + 1;
    while let Some(part) = continued(tokens, behind, text) {
        // `WITH ('a' = 'b'⏎'c' = 'd')` lacks a comma.
        if begin > 0 && is(tokens, begin - 1, &Token::Eq) && is(tokens, behind + 1, &Token::Eq) {
            break;
        }
        parts.push((part, place(&tokens[behind].token)));
        behind += 1;
    }
    let mut escape = '\\';
    if tokens.get(behind).is_some_and(|token| is_word(&token.token, "UESCAPE"))
        && let Some(Token::SingleQuotedString(given)) = tokens.get(behind + 1).map(|token| &token.token.token)
    {
        if !escapes {
            return Err(Error::input("UESCAPE belongs to a string with Unicode escapes")
                .hint("write it like U&'#263A' UESCAPE '#'")
                .at(place(&tokens[behind].token)));
        }
        escape = escape_character(given).map_err(|error| error.at(place(&tokens[behind + 1].token)))?;
        behind += 2;
    }
    if behind == begin + 1 {
        return Ok(None);
    }
    let mut value = String::new();
    for (part, place) in parts {
        value.push_str(&if escapes { unescaped(&part, escape, place)? } else { part });
    }
    let token = if hexadecimal { Token::HexStringLiteral(value) } else { Token::SingleQuotedString(value) };
    let span = Span::new(first.token.span.start, tokens[head].token.span.end);
    let end = tokens[behind - 1].end;
    Ok(Some((Positioned { token: TokenWithSpan::new(token, span), start: first.start, end }, behind)))
}

/// Whether `U&'…'` is written at a token, without space in it.
fn unicode(tokens: &[Positioned], at: usize) -> bool {
    let Some([first, ampersand, string]) = tokens.get(at..at + 3) else { return false };
    let without_space = first.end == ampersand.start && ampersand.end == string.start;
    let written = (&ampersand.token.token, &string.token.token);
    without_space && matches!(written, (Token::Ampersand, Token::SingleQuotedString(_)))
}

/// The string at a token if it stands in another line than the beginning of the token before it.
fn continued(tokens: &[Positioned], at: usize, text: &str) -> Option<String> {
    let (before, token) = (&tokens[at - 1], tokens.get(at)?);
    match &token.token.token {
        Token::SingleQuotedString(part) if text.get(before.start..token.start)?.contains('\n') => Some(part.clone()),
        _ => None,
    }
}

/// The one character of UESCAPE.
fn escape_character(given: &str) -> Result<char> {
    let mut characters = given.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) if !(c.is_ascii_hexdigit() || c.is_whitespace() || matches!(c, '+' | '"' | '\'')) => Ok(c),
        _ => Err(Error::input(format!("'{given}' is no escape character for UESCAPE"))
            .hint("it is one character, no digit of a hexadecimal number, space, plus sign or quote: UESCAPE '#'")),
    }
}

/// The text with the characters that its escapes stand for.
fn unescaped(text: &str, escape: char, place: Place) -> Result<String> {
    let wrong = || {
        Error::input(format!("'{text}' has an escape that is no character"))
            .hint(format!("write it as {escape} and four hexadecimal digits, the character {escape} itself twice"))
            .at(place)
    };
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != escape {
            units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
            continue;
        }
        if rest.as_str().starts_with(escape) {
            rest.next();
            units.extend_from_slice(escape.encode_utf16(&mut [0; 2]));
            continue;
        }
        let digits = rest.as_str().get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).ok_or_else(wrong)?;
        units.push(unit);
        rest = rest.as_str()[4..].chars();
    }
    // Two escapes may be one character beyond the first 65,536.
    String::from_utf16(&units).map_err(|_| wrong())
}
