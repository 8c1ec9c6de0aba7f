//! What is no function of the registries and is looked for among them: forms of syntax that the binder knows by itself.

/// A form of syntax.
pub(super) struct Form {
    /// The names it is found by.
    pub(super) names: &'static [&'static str],
    /// How it is written.
    pub(super) syntax: &'static str,
    /// The group it is listed in: one of the functions', or one of its own.
    pub(super) group: &'static str,
    /// What it is, in a sentence.
    pub(super) doc: &'static str,
}

const fn form(group: &'static str, names: &'static [&'static str], syntax: &'static str, doc: &'static str) -> Form {
    Form { names, syntax, group, doc }
}

/// The forms, by their groups.
pub(super) const FORMS: &[Form] = &[
    form(
        "collection",
        &["UNNEST", "ORDINALITY"],
        "CROSS JOIN UNNEST(collection) [WITH ORDINALITY] AS u (column, …)",
        "A row for each element of an array, a map or a multiset; LEFT JOIN … ON TRUE keeps rows without any.",
    ),
    form("comparison", &["IN"], "a [NOT] IN (SELECT …)", "Whether a query gives the value."),
    form("comparison", &["EXISTS"], "[NOT] EXISTS (SELECT …)", "Whether a query gives any row."),
    form(
        "comparison",
        &["ALL"],
        "a op ALL (SELECT …)",
        "Whether a comparison holds for every value that a query gives.",
    ),
    form(
        "comparison",
        &["ANY", "SOME"],
        "a op ANY (SELECT …)",
        "Whether a comparison holds for some value that a query gives.",
    ),
    form(
        "conditional",
        &["CASE"],
        "CASE WHEN condition THEN value … [ELSE value] END",
        "The value behind the first condition that holds; NULL if none does and there is no ELSE.",
    ),
    form(
        "conditional",
        &["CASE"],
        "CASE operand WHEN value THEN value … [ELSE value] END",
        "The value behind the first one that the operand equals; NULL if none does and there is no ELSE.",
    ),
    form("conditional", &["COALESCE"], "COALESCE(value, …)", "The first of several values that is not NULL."),
    form(
        "conditional",
        &["IF"],
        "IF(condition, value, otherwise)",
        "One value if the condition holds, another if not.",
    ),
    form("conditional", &["IFNULL"], "IFNULL(value, otherwise)", "The value, or another one instead of NULL."),
    form("conditional", &["NULLIF"], "NULLIF(a, b)", "The first value; NULL if it equals the second."),
    form("logic", &["AND"], "a AND b", "TRUE if both are TRUE, FALSE if either is FALSE, NULL otherwise"),
    form("logic", &["OR"], "a OR b", "TRUE if either is TRUE, FALSE if both are FALSE, NULL otherwise"),
    form(
        "temporal",
        &["INTERVAL"],
        "INTERVAL 'length' unit [TO unit]",
        "A length of time: INTERVAL '5' SECOND, INTERVAL '1-2' YEAR TO MONTH.",
    ),
    form(
        "conversion",
        &["CAST"],
        "CAST(value AS type)",
        "The value as one of another type; one that can't be fails the job.",
    ),
    form(
        "conversion",
        &["TRY_CAST"],
        "TRY_CAST(value AS type)",
        "The value as one of another type; NULL for one that can't be.",
    ),
    form(
        "grouping",
        &["GROUPING SETS"],
        "GROUP BY GROUPING SETS ((key, …), …)",
        "Groups by each of several lists of keys; the others are NULL.",
    ),
    form(
        "grouping",
        &["ROLLUP"],
        "GROUP BY ROLLUP (key, …)",
        "Groups by all keys, by all but the last, and so on to none.",
    ),
    form("grouping", &["CUBE"], "GROUP BY CUBE (key, …)", "Groups by every selection of the keys."),
    form(
        "grouping",
        &["GROUPING", "GROUPING_ID"],
        "GROUPING(key, …) or GROUPING_ID(key, …)",
        "A bit for each key: 1 if the row's grouping set lacks it.",
    ),
    form("grouping", &["GROUP_ID"], "GROUP_ID()", "A number that tells grouping sets apart."),
    form(
        "over",
        &["ROW_NUMBER"],
        "ROW_NUMBER() OVER ([PARTITION BY key, …] ORDER BY …)",
        "The place of a row in an order, from 1; with `WHERE n <= 5` around it, a Top-N.",
    ),
    form(
        "over",
        &["RANK"],
        "RANK() OVER ([PARTITION BY key, …] ORDER BY …)",
        "The place of a row in an order, where equal rows share one and a gap follows.",
    ),
    form(
        "over",
        &["DENSE_RANK"],
        "DENSE_RANK() OVER ([PARTITION BY key, …] ORDER BY …)",
        "The place of a row in an order, where equal rows share one and no gap follows.",
    ),
    form(
        "over",
        &["LAG"],
        "LAG(value [, rows [, default]]) OVER ([PARTITION BY key, …] ORDER BY time)",
        "The value some rows (1) before; NULL or the default if there is no such row.",
    ),
    form(
        "over",
        &["OVER", "ROWS", "RANGE"],
        "aggregate OVER ([PARTITION BY key, …] ORDER BY time [{ROWS | RANGE} BETWEEN … PRECEDING AND CURRENT ROW])",
        "An aggregate over a row and those before it: FIRST_VALUE, SUM, COUNT and all others.",
    ),
    form(
        "over",
        &["FILTER"],
        "aggregate FILTER (WHERE condition)",
        "An aggregate of the rows for which a condition holds.",
    ),
    form(
        "window",
        &["TUMBLE"],
        "FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(time), size [, offset]))",
        "Windows side by side.",
    ),
    form(
        "window",
        &["HOP"],
        "FROM TABLE(HOP(TABLE t, DESCRIPTOR(time), slide, size [, offset]))",
        "Windows that overlap: one of a size begins every slide.",
    ),
    form(
        "window",
        &["CUMULATE"],
        "FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(time), step, size [, offset]))",
        "Windows that grow by a step until they have a size.",
    ),
    form(
        "window",
        &["SESSION"],
        "FROM TABLE(SESSION(TABLE t [PARTITION BY key, …], DESCRIPTOR(time), gap))",
        "Windows that end where no row came for a while.",
    ),
    form("window", &["DESCRIPTOR"], "DESCRIPTOR(column)", "The time column of a window function."),
    form(
        "window",
        &["TUMBLE", "TUMBLE_START", "TUMBLE_END", "TUMBLE_ROWTIME", "TUMBLE_PROCTIME"],
        "GROUP BY TUMBLE(time, size)",
        "Windows side by side; TUMBLE_START(time, size), _END, _ROWTIME and _PROCTIME give the window's times.",
    ),
    form(
        "window",
        &["HOP", "HOP_START", "HOP_END", "HOP_ROWTIME", "HOP_PROCTIME"],
        "GROUP BY HOP(time, slide, size)",
        "Windows that overlap; HOP_START(time, slide, size), _END, _ROWTIME and _PROCTIME give the window's times.",
    ),
    form(
        "window",
        &["SESSION", "SESSION_START", "SESSION_END", "SESSION_ROWTIME", "SESSION_PROCTIME"],
        "GROUP BY SESSION(time, gap)",
        "Windows that end at a pause; SESSION_START(time, gap), _END, _ROWTIME and _PROCTIME give the window's times.",
    ),
    form(
        "changelog",
        &["FROM_CHANGELOG"],
        "FROM FROM_CHANGELOG(TABLE t [, DESCRIPTOR(column) [, mapping]])",
        "Rows with the kind of change in a column, as changes.",
    ),
    form(
        "changelog",
        &["TO_CHANGELOG"],
        "FROM TO_CHANGELOG(TABLE t [, DESCRIPTOR(column) [, mapping]])",
        "Changes as rows with the kind of change in a column.",
    ),
    form(
        "pattern",
        &["MATCH_RECOGNIZE"],
        "FROM t MATCH_RECOGNIZE ([PARTITION BY key, …] ORDER BY time [MEASURES …] … PATTERN (…) DEFINE …)",
        "Finds sequences of rows that fit a pattern.",
    ),
    form("pattern", &["CLASSIFIER"], "CLASSIFIER()", "The variable of the pattern that a row was matched to."),
    form("pattern", &["MATCH_NUMBER"], "MATCH_NUMBER()", "The number of the match within its partition, from 1."),
    form(
        "pattern",
        &["MATCH_ROWTIME"],
        "MATCH_ROWTIME([time])",
        "The event time of a match's last row, as a time attribute.",
    ),
    form("pattern", &["MATCH_PROCTIME"], "MATCH_PROCTIME()", "Processing time, as a time attribute."),
    form(
        "pattern",
        &["FIRST"],
        "FIRST(variable.column [, rows])",
        "The value of the first row of a variable, or of one some rows behind it.",
    ),
    form(
        "pattern",
        &["LAST"],
        "LAST(variable.column [, rows])",
        "The value of the last row of a variable, or of one some rows before it.",
    ),
    form("pattern", &["PREV"], "PREV(variable.column [, rows])", "The value some rows (1) before the one at hand."),
    form(
        "pattern",
        &["FINAL", "RUNNING"],
        "{FINAL | RUNNING} LAST(variable.column)",
        "A value as of the whole match, or as of the row at hand.",
    ),
];

const FORWARD: &str =
    "it would look at rows that are still to come; LAG, ROW_NUMBER, RANK and DENSE_RANK look at those before";

/// What Flink has and is refused here, and what to do without it.
pub(super) const NOT_HERE: &[(&str, &str)] = &[
    ("LEAD", FORWARD),
    ("NTILE", FORWARD),
    ("NTH_VALUE", FORWARD),
    ("PERCENT_RANK", FORWARD),
    ("CUME_DIST", FORWARD),
    ("NEXT", "it would look at rows that are still to come; PREV looks at those before"),
    ("SOURCE_WATERMARK", "give the watermark as an expression: WATERMARK FOR ts AS ts - INTERVAL '5' SECOND"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_here_is_no_form() {
        for (name, _) in NOT_HERE {
            assert!(FORMS.iter().all(|form| !form.names.contains(name)), "{name}");
        }
    }

    #[test]
    fn the_forms_of_a_group_stand_together() {
        let mut groups: Vec<&str> = FORMS.iter().map(|form| form.group).collect();
        groups.dedup();
        let count = groups.len();
        groups.sort_unstable();
        groups.dedup();
        assert_eq!(groups.len(), count);
    }
}
