//! The texts of the Nexmark queries, as they stand in `benches/nexmark`, and the scripts made of them.

use std::fmt::Write;
use std::path::Path;

/// The table that all queries read, and its three streams.
const EVENTS: &str = include_str!("../../../../benches/nexmark/events.sql");
const VIEWS: &str = include_str!("../../../../benches/nexmark/views.sql");
/// Event time: ten million events make one second, as in the benchmark's usual configuration.
const EVENTS_PER_SECOND: u64 = 10_000_000;

/// A query.
pub struct Query {
    /// `q0` to `q23`, or `source`.
    pub name: &'static str,
    /// Its sink and its INSERT.
    text: &'static str,
}

impl Query {
    /// What it does, in a line.
    pub fn title(&self) -> &'static str {
        let first = self.text.lines().next().unwrap_or_default();
        first.split_once(": ").map_or(first, |(_, title)| title)
    }
}

/// What the queries are measured against: the source by itself.
pub const SOURCE: &str = "source";

/// The source alone, then all queries.
pub const QUERIES: &[Query] = &[
    Query { name: SOURCE, text: include_str!("../../../../benches/nexmark/source.sql") },
    Query { name: "q0", text: include_str!("../../../../benches/nexmark/q0.sql") },
    Query { name: "q1", text: include_str!("../../../../benches/nexmark/q1.sql") },
    Query { name: "q2", text: include_str!("../../../../benches/nexmark/q2.sql") },
    Query { name: "q3", text: include_str!("../../../../benches/nexmark/q3.sql") },
    Query { name: "q4", text: include_str!("../../../../benches/nexmark/q4.sql") },
    Query { name: "q5", text: include_str!("../../../../benches/nexmark/q5.sql") },
    Query { name: "q6", text: include_str!("../../../../benches/nexmark/q6.sql") },
    Query { name: "q7", text: include_str!("../../../../benches/nexmark/q7.sql") },
    Query { name: "q8", text: include_str!("../../../../benches/nexmark/q8.sql") },
    Query { name: "q9", text: include_str!("../../../../benches/nexmark/q9.sql") },
    Query { name: "q10", text: include_str!("../../../../benches/nexmark/q10.sql") },
    Query { name: "q11", text: include_str!("../../../../benches/nexmark/q11.sql") },
    Query { name: "q12", text: include_str!("../../../../benches/nexmark/q12.sql") },
    Query { name: "q13", text: include_str!("../../../../benches/nexmark/q13.sql") },
    Query { name: "q14", text: include_str!("../../../../benches/nexmark/q14.sql") },
    Query { name: "q15", text: include_str!("../../../../benches/nexmark/q15.sql") },
    Query { name: "q16", text: include_str!("../../../../benches/nexmark/q16.sql") },
    Query { name: "q17", text: include_str!("../../../../benches/nexmark/q17.sql") },
    Query { name: "q18", text: include_str!("../../../../benches/nexmark/q18.sql") },
    Query { name: "q19", text: include_str!("../../../../benches/nexmark/q19.sql") },
    Query { name: "q20", text: include_str!("../../../../benches/nexmark/q20.sql") },
    Query { name: "q21", text: include_str!("../../../../benches/nexmark/q21.sql") },
    Query { name: "q22", text: include_str!("../../../../benches/nexmark/q22.sql") },
    Query { name: "q23", text: include_str!("../../../../benches/nexmark/q23.sql") },
];

/// The script of a query over generated events, or over those that an earlier run has written to `from`.
pub fn script(query: &Query, events: u64, from: Option<&Path>, work: &Path) -> String {
    let source = from.map_or_else(|| generated(events), written);
    let text = query.text.replace("${WORK}", &work.display().to_string());
    format!("{}{VIEWS}{text}", EVENTS.replace("${SOURCE}", &source))
}

/// The script that writes generated events to a folder.
pub fn write_script(events: u64, folder: &Path) -> String {
    let source = EVENTS.replace("${SOURCE}", &generated(events));
    format!(
        "{source}CREATE TABLE written WITH ({}) LIKE nexmark (EXCLUDING ALL);\n\
         INSERT INTO written SELECT event_type, person, auction, bid FROM nexmark;\n",
        written(folder)
    )
}

/// The bounded table of q13.
pub fn side_input() -> String {
    let mut text = String::new();
    for key in 0..10_000 {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{key},{key}");
    }
    text
}

fn generated(events: u64) -> String {
    format!(
        "'connector' = 'nexmark', 'events.num' = '{events}', 'first-event.rate' = '{EVENTS_PER_SECOND}', \
         'next-event.rate' = '{EVENTS_PER_SECOND}'"
    )
}

fn written(folder: &Path) -> String {
    format!("'connector' = 'filesystem', 'path' = '{}', 'format' = 'json'", folder.display())
}
