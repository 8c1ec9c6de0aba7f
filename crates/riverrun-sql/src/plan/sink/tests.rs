//! What stands before sinks that take upserts.

use crate::plan::tests::plan;
use riverrun_connectors::registry::connector;

const UPSERTS: &str = "
CREATE TABLE totals (url STRING, n BIGINT NOT NULL, PRIMARY KEY (url) NOT ENFORCED) WITH (
  'connector' = 'upsert-kafka', 'topic' = 'totals', 'properties.bootstrap.servers' = 'localhost:1',
  'key.format' = 'json', 'value.format' = 'json');
";

/// The line of the plan that prepares the changes of the sink; `None` without Kafka.
fn materialize(settings: &str, query: &str) -> Option<String> {
    connector("upsert-kafka")?;
    let plan = plan(&format!("{UPSERTS}{settings}INSERT INTO totals {query};")).unwrap();
    let text = plan.explain();
    Some(text.lines().find(|line| line.contains("SinkMaterialize")).unwrap_or("none").trim().to_owned())
}

#[test]
fn one_change_per_key_and_tick_where_the_query_has_the_key_of_the_sink() {
    let Some(line) = materialize("", "SELECT url, COUNT(*) FROM clicks GROUP BY url") else { return };
    assert_eq!(line, "└─ SinkMaterialize(keys=[url], rows=[of a tick])");
}

#[test]
fn rows_are_kept_where_the_query_has_another_key() {
    let query = "SELECT LOWER(url), COUNT(*) FROM clicks GROUP BY url";
    let Some(line) = materialize("", query) else { return };
    assert_eq!(line, "└─ SinkMaterialize(keys=[url], rows=[all])");
    let never = materialize("SET 'table.exec.sink.upsert-materialize' = 'NONE';", query).unwrap();
    assert_eq!(never, "└─ SinkMaterialize(keys=[url], rows=[of a tick])");
    let always = materialize(
        "SET 'table.exec.sink.upsert-materialize' = 'FORCE';",
        "SELECT url, COUNT(*) FROM clicks GROUP BY url",
    );
    assert_eq!(always.unwrap(), "└─ SinkMaterialize(keys=[url], rows=[all])");
}

#[test]
fn what_only_grows_goes_to_the_sink_as_it_is() {
    let Some(line) = materialize("", "SELECT url, 1 FROM clicks") else { return };
    assert_eq!(line, "none");
}

#[test]
fn of_rows_of_one_key_none_is_kept_back() {
    let written = |query: &str| plan(&format!("{UPSERTS}INSERT INTO totals {query} ON CONFLICT DO ERROR;")).map(|_| ());
    if connector("upsert-kafka").is_none() {
        return;
    }
    written("SELECT url, COUNT(*) FROM clicks GROUP BY url").unwrap();
    let refused = written("SELECT LOWER(url), COUNT(*) FROM clicks GROUP BY url").unwrap_err();
    assert_eq!(refused.message(), "ON CONFLICT DO ERROR is not supported yet");
    assert!(refused.hint_text().is_some_and(|hint| hint.starts_with("ON CONFLICT DO DEDUPLICATE, or nothing")));
    assert!(refused.place().is_some());
}
