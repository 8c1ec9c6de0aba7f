//! `BY [HASH | RANGE] (columns) INTO n BUCKETS` behind DISTRIBUTED and DISTRIBUTION: how a connector's buckets share the rows of a table.
//!
//! Source: Flink, "CREATE TABLE", DISTRIBUTED.

use super::cursor::{Cursor, keyword_of};
use super::statement::{Distribution, DistributionKind};
use super::statements::{Parsed, Reader, expected_word};
use sqlparser::tokenizer::Token;

/// Reads what stands behind the word.
pub(super) fn distribution(reader: &mut Reader<'_>) -> Parsed<Distribution> {
    let parser = &mut reader.parser;
    let mut read = Distribution { kind: DistributionKind::Any, columns: Vec::new(), buckets: None };
    if parser.accept("BY") {
        if parser.accept("HASH") {
            read.kind = DistributionKind::Hash;
        } else if parser.accept("RANGE") {
            read.kind = DistributionKind::Range;
        }
        read.columns = parser.name_parts("a column's name")?;
        if !parser.accept("INTO") {
            return Ok(read);
        }
    } else {
        let token = parser.next_token();
        if keyword_of(&token).as_deref() != Some("INTO") {
            return Err(expected_word(parser, keyword_of(&token).as_deref(), &["BY", "INTO"], &token));
        }
    }
    let token = parser.next_token();
    let Token::Number(number, _) = &token.token else {
        return Err(parser.expected_here("a number of buckets", &token));
    };
    match number.parse() {
        Ok(buckets) if buckets > 0 => read.buckets = Some(buckets),
        _ => return Err(parser.message_at(&format!("a table has at least 1 bucket, not {number}"), &token)),
    }
    parser.expect_word("BUCKETS")?;
    Ok(read)
}
