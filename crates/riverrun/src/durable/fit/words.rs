//! Signatures of state for people: what SQL calls it, without the names of what computes it.
//!
//! ```text
//! GroupAggregate(group by=[k], aggregates=[MAX(v) as SlotFunction(Extreme(…))(v)]) of (…) from (…)
//! GroupAggregate(group by=[k], aggregates=[MAX(v)]) of (…) from (…)
//! ```

/// Where the calls of an aggregation stand in a signature, and those of an OVER, whose SQL stands before them.
const AGGREGATES: &str = "aggregates=[";
const FUNCTIONS: &str = ", functions=[";

/// Two signatures that differ, told so that the difference is seen.
pub(super) fn in_words(before: &str, now: &str) -> (String, String) {
    for say in [|_: &str| String::new(), |kept: &str| format!(", of which {} kept", kept_of(kept))] {
        let (said_before, said_now) = (said(before, say), said(now, say));
        if said_before != said_now {
            return (said_before, said_now);
        }
    }
    (before.to_owned(), now.to_owned())
}

/// A signature with each call of an aggregate as SQL writes it, and what `say` makes of what is kept for it.
fn said(signature: &str, say: fn(&str) -> String) -> String {
    let mut text = signature.to_owned();
    if let Some(start) = text.find(FUNCTIONS) {
        let open = start + FUNCTIONS.len();
        let end = end_of(&text, open);
        let calls: Vec<String> = split(&text[open..end]).into_iter().map(say).collect();
        text.replace_range(start..(end + 1).min(text.len()), &calls.concat());
    }
    if let Some(start) = text.find(AGGREGATES) {
        let open = start + AGGREGATES.len();
        let end = end_of(&text, open);
        let call = |call: &str| match last_as(call) {
            Some((sql, kept)) => format!("{sql}{}", say(kept)),
            None => call.to_owned(),
        };
        let calls: Vec<String> = split(&text[open..end]).into_iter().map(call).collect();
        text.replace_range(open..end, &calls.join(", "));
    }
    text
}

/// What is kept of the rows for a call, by what computes it.
fn kept_of(kept: &str) -> &'static str {
    let has = |names: &[&str]| names.iter().any(|name| kept.contains(name));
    if has(&["Values", "Collect", "Percentile", "JsonObject", "Distinct {"]) {
        "every different value is"
    } else if has(&["All"]) {
        "every row is"
    } else if has(&["Sequence"]) {
        "every value is, in its order,"
    } else {
        "a running result is"
    }
}

/// The bytes of a text that are within no brackets and no quotes, with the depth of brackets after each.
fn depths(text: &str) -> impl Iterator<Item = (usize, u8, i32)> {
    let (mut depth, mut quote) = (0, None);
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => return None,
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth -= 1,
            _ => {}
        }
        Some((at, byte, depth))
    })
}

/// Where the bracket closes that was opened right before `start`.
fn end_of(text: &str, start: usize) -> usize {
    let closed = depths(&text[start..]).find(|(.., depth)| *depth < 0);
    closed.map_or(text.len(), |(at, ..)| start + at)
}

/// The elements of a list.
fn split(list: &str) -> Vec<&str> {
    let (mut elements, mut start) = (Vec::new(), 0);
    for (at, ..) in depths(list).filter(|(_, byte, depth)| *byte == b',' && *depth == 0) {
        elements.push(list[start..at].trim_start());
        start = at + 1;
    }
    elements.push(list[start..].trim_start());
    elements
}

/// `SQL as KEPT`.
fn last_as(call: &str) -> Option<(&str, &str)> {
    const AS: &str = " as ";
    let place =
        depths(call).filter(|(at, _, depth)| *depth == 0 && call.as_bytes()[*at..].starts_with(AS.as_bytes())).last();
    place.map(|(at, ..)| (&call[..at], &call[at + AS.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: &str = "MAX(v) as SlotFunction(Extreme(Column { data_type: Int64, of: PhantomData<Of<Int64Type>> }))(v)";
    const LIST: &str = "LISTAGG(k, ' as ]') as SlotFunction(Sequence { form: Text(\" as ]\") })(k)";

    fn aggregation(calls: &str) -> String {
        format!("GroupAggregate(group by=[k], aggregates=[{calls}]) of (STRING, BIGINT) from (k STRING, v BIGINT)")
    }

    #[test]
    fn aggregates_are_told_as_sql_writes_them() {
        let before = aggregation(&format!("COUNT(*) as SlotFunction(Count)(), {MAX}, {LIST}"));
        let now = aggregation(&format!("COUNT(*) as SlotFunction(Count)(), {LIST}"));
        assert_eq!(
            in_words(&before, &now),
            (aggregation("COUNT(*), MAX(v), LISTAGG(k, ' as ]')"), aggregation("COUNT(*), LISTAGG(k, ' as ]')"))
        );
    }

    #[test]
    fn where_the_same_call_keeps_something_else_that_is_told() {
        let values = MAX.replace("Extreme", "Values");
        assert_eq!(
            in_words(&aggregation(MAX), &aggregation(&values)),
            (
                aggregation("MAX(v), of which a running result is kept"),
                aggregation("MAX(v), of which every different value is kept")
            )
        );
    }

    #[test]
    fn what_only_the_names_of_the_engine_tell_apart_is_told_by_these() {
        let other = MAX.replace("Int64", "Int32");
        assert_eq!(in_words(&aggregation(MAX), &aggregation(&other)), (aggregation(MAX), aggregation(&other)));
    }

    #[test]
    fn of_an_over_the_calls_are_enough() {
        let over = |call: &str| {
            format!("Over(partition by=[k], calls=[{call}(v) OVER w], functions=[{MAX}, LAG(v, 1)]) of (v BIGINT)")
        };
        let said = |call: &str| format!("Over(partition by=[k], calls=[{call}(v) OVER w]) of (v BIGINT)");
        assert_eq!(in_words(&over("MAX"), &over("MIN")), (said("MAX"), said("MIN")));
    }
}
