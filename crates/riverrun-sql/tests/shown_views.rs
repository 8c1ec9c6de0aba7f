//! `SHOW CREATE VIEW` of the views in `shown_views/views.sql`, against what Flink 2.3.0 shows of them: `shown_views/views.txt`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use riverrun_core::SystemClock;
use riverrun_sql::catalog::{Catalog, Object};
use riverrun_sql::parse::{StatementKind, Variables, parse};
use riverrun_sql::plan::Planner;
use riverrun_sql::session::{SessionConfig, execute_ddl};

use std::collections::BTreeMap;
use std::sync::Arc;

/// The views whose query is shown as it was written, and what of it is not known.
const AS_WRITTEN: &[(&str, &str)] = &[
    ("v9", "NATURAL JOIN"),
    ("v55", "MATCH_RECOGNIZE"),
    ("v60", "hints"),
    ("v63", "JSON functions"),
    ("v67", "ALL, ANY, SOME"),
    ("v70", "PI without parentheses"),
    ("v71", "OVERLAPS"),
    ("w19", "common columns of USING"),
];

/// The views that are shown otherwise, and how.
const OTHERWISE: &[(&str, &str)] = &[
    ("v36", "TIMESTAMP and VARCHAR have their lengths"),
    ("v37", "TIMESTAMP(3) WITH LOCAL TIME ZONE is TIMESTAMP_LTZ(3)"),
    ("v41", "a string of U& is like any other that has more than ASCII"),
    ("w39", "INTERVAL 5 DAY is INTERVAL '5' DAY(1)"),
];

/// What each view of these statements is shown as.
fn shown(text: &str) -> BTreeMap<String, String> {
    let (mut catalog, mut session) = (Catalog::default(), SessionConfig::default());
    let mut views = BTreeMap::new();
    let mut run = |text: &str| {
        let mut cells = Vec::new();
        for statement in parse(text, &Variables::new()).unwrap() {
            let settings = session.clone();
            let schema_of = |catalog: &Catalog, object: &Object| {
                Planner::new(catalog, &settings, Arc::new(SystemClock)).schema_of(object)
            };
            let outcome = execute_ddl(&statement, &mut catalog, &mut session, &schema_of);
            let rows = outcome.unwrap_or_else(|error| panic!("{}: {error:?}", statement.text)).rows;
            cells.extend(rows.into_iter().flat_map(|rows| rows.rows).flatten().flatten());
        }
        cells.concat()
    };
    run(text);
    for statement in parse(text, &Variables::new()).unwrap() {
        if let StatementKind::CreateView(view) = &statement.kind {
            let name = view.name.to_string();
            views.insert(name.clone(), run(&format!("SHOW CREATE VIEW {name}")));
        }
    }
    views
}

#[test]
fn views_are_shown_as_by_flink() {
    let shown = shown(include_str!("shown_views/views.sql"));
    let mut differing = Vec::new();
    for expected in include_str!("shown_views/views.txt").split("\n\n") {
        let expected = format!("{}\n", expected.trim_end());
        let name = expected.split('`').nth(5).unwrap();
        let excused = AS_WRITTEN.iter().chain(OTHERWISE).any(|(known, _)| *known == name);
        if (shown[name] == expected) == excused {
            differing.push(format!("{name}: Flink shows\n{expected}and here it is\n{}", shown[name]));
        }
    }
    for (view, _) in AS_WRITTEN {
        assert!(!shown[*view].contains("AS `"), "{view} is written out: {}", shown[*view]);
    }
    assert!(differing.is_empty(), "{} differ\n{}", differing.len(), differing.join("\n"));
}
