use super::cache_of;
use crate::plan::tests::plan as plan_of;
use riverrun_core::{Error, Options};

const TABLES: &str = "CREATE TABLE orders (id INT, customer STRING, p AS PROCTIME()) WITH ('connector' = 'datagen');
CREATE TABLE people (name STRING, country STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
";

fn query(hint: &str) -> String {
    format!(
        "SELECT {hint} o.id, c.country FROM orders AS o JOIN people FOR SYSTEM_TIME AS OF o.p AS c ON o.customer = c.name;"
    )
}

fn explained(hint: &str) -> String {
    plan_of(&format!("{TABLES}{}", query(hint))).unwrap().explain()
}

fn refused(text: &str) -> Error {
    plan_of(&format!("{TABLES}{text}")).unwrap_err()
}

#[test]
fn files_are_held_whole() {
    let text = explained("");
    assert!(text.contains("LookupJoin(join=[inner], on=[customer = name], cache=[full])"), "{text}");
}

#[test]
fn a_view_is_looked_up_as_the_table_below_it() {
    let join = |view: &str| {
        format!(
            "CREATE VIEW side AS {view};
             SELECT o.id FROM orders AS o JOIN side FOR SYSTEM_TIME AS OF o.p ON o.customer = side.name;"
        )
    };
    let filtered = join("SELECT name, country FROM people WHERE country <> 'x'");
    let text = plan_of(&format!("{TABLES}{filtered}")).unwrap().explain();
    assert!(text.contains("LookupJoin(join=[inner], on=[customer = name]"), "{text}");
    let error = refused(&join("SELECT UPPER(name) AS name FROM people"));
    assert_eq!(error.message(), "a lookup join with expressions over 'people' is not supported yet");
    assert_eq!(error.hint_text(), Some("compute them in the query that joins"));
    let hidden = join("SELECT name FROM people WHERE country <> 'x'");
    let text = plan_of(&format!("{TABLES}{hidden}")).unwrap().explain();
    assert!(text.contains("LookupJoin(join=[inner], on=[customer = name]"), "{text}");
}

#[test]
fn a_hint_says_how_rows_wait() {
    let text = explained("/*+ LOOKUP('table' = 'c', 'async' = 'true') */");
    assert!(text.contains("waiting=[ordered]"), "{text}");
    let text = explained("/*+ LOOKUP('table' = 'c', 'async' = 'true', 'output-mode' = 'allow_unordered') */");
    assert!(text.contains("waiting=[unordered]"), "{text}");
    let text = explained(
        "/*+ LOOKUP('table' = 'c', 'retry-predicate' = 'lookup_miss', 'retry-strategy' = 'fixed_delay', 'fixed-delay' = '1 s', 'max-attempts' = '3') */",
    );
    assert!(text.contains("waiting=[ordered, asking again 3 times]"), "{text}");
}

#[test]
fn a_hint_that_there_is_not_is_refused() {
    let error = refused(&query("/*+ LOKUP('table' = 'c') */"));
    assert_eq!(error.message(), "there is no hint LOKUP");
    assert_eq!(error.hint_text(), Some("did you mean `LOOKUP`?"));
    let error = refused(&query("/*+ PARALLEL */"));
    assert_eq!(error.message(), "there is no hint PARALLEL");
    assert!(error.hint_text().unwrap().starts_with("after SELECT there are STATE_TTL, LOOKUP, "));
    let error = refused("SELECT id FROM orders /*+ STATE_TTL('orders' = '1 d') */;");
    assert_eq!(error.message(), "a table takes the hint OPTIONS, not STATE_TTL");
    assert!(explained("/*+ BROADCAST(c) */").contains("LookupJoin"));
}

#[test]
fn a_hint_that_says_nothing_sensible_is_refused() {
    let cases = [
        ("/*+ LOOKUP('async' = 'true') */", "the hint LOOKUP names no table"),
        ("/*+ LOOKUP('table' = 'c', 'asink' = 'true') */", "the hint LOOKUP has no 'asink'"),
        ("/*+ LOOKUP('table' = 'c', 'async' = 'yes') */", "'async' of the hint LOOKUP takes true or false, not 'yes'"),
        (
            "/*+ LOOKUP('table' = 'c', 'output-mode' = 'any') */",
            "'output-mode' of the hint LOOKUP takes ordered or allow_unordered, not 'any'",
        ),
        (
            "/*+ LOOKUP('table' = 'c', 'capacity' = '0') */",
            "'capacity' of the hint LOOKUP takes a number from 1, not '0'",
        ),
        (
            "/*+ LOOKUP('table' = 'c', 'timeout' = 'long') */",
            "'timeout' of the hint LOOKUP takes a duration, not 'long'",
        ),
        (
            "/*+ LOOKUP('table' = 'c', 'retry-predicate' = 'always') */",
            "'retry-predicate' of the hint LOOKUP takes lookup_miss, not 'always'",
        ),
        (
            "/*+ LOOKUP('table' = 'c', 'retry-predicate' = 'lookup_miss') */",
            "the hint LOOKUP says only a part of how to ask again",
        ),
    ];
    for (hint, message) in cases {
        let error = refused(&query(hint));
        assert_eq!(error.message(), message);
        assert!(error.place().is_some(), "{message}");
    }
    let error = refused(
        "CREATE TABLE kept (name STRING, n INT, PRIMARY KEY (name) NOT ENFORCED) WITH ('connector' = 'datagen');
         SELECT /*+ LOOKUP('table' = 'kept') */ o.id FROM orders AS o JOIN kept FOR SYSTEM_TIME AS OF o.p ON o.customer = kept.name;",
    );
    assert_eq!(error.message(), "the hint LOOKUP names a table that is not looked up");
    let error = refused(&query("/*+ LOOKUP('table' = 'd') */"));
    assert_eq!(error.message(), "LOOKUP names 'd', which is no table of FROM");
}

#[test]
fn options_of_a_table_that_is_held_whole_are_checked() {
    let with = |options: &str| {
        refused(&format!(
            "CREATE TABLE side (name STRING, n INT) WITH ('connector' = 'filesystem', 'path' = '${{DIR}}/clicks.json', 'format' = 'json', {options});
             SELECT o.id FROM orders AS o JOIN side FOR SYSTEM_TIME AS OF o.p ON o.customer = side.name;"
        ))
    };
    let error = with("'on-error' = 'broken'");
    assert_eq!(error.message(), "'on-error' of 'side', which is looked up, names a table");
    let error = with("'lookup.cache' = 'PARTIAL'");
    assert!(error.message().contains("'lookup.cache'"), "{error}");
    let error = with("'lookup.full-cache.periodic-reload.interval' = '0 s'");
    assert!(error.message().ends_with("it must be longer than nothing"), "{error}");
}

#[test]
fn a_cache_may_be_asked_for_by_its_old_options() {
    let cache = |pairs: &[(&str, &str)]| {
        let mut options = Options::default();
        pairs.iter().for_each(|(key, value)| options.set(*key, *value));
        let cache = cache_of(&options)?;
        Some((cache.max_rows, cache.expire_after_write.map(|lifetime| lifetime.0), cache.missing_keys))
    };
    let (rows, lifetime) = (("lookup.cache.max-rows", "100"), ("lookup.cache.ttl", "10 s"));
    assert_eq!(cache(&[("lookup.cache", "PARTIAL")]), Some((None, None, true)));
    assert_eq!(cache(&[rows, lifetime]), Some((Some(100), Some(10_000), true)));
    let without_misses = ("lookup.cache.caching-missing-key", "false");
    assert_eq!(cache(&[rows, lifetime, without_misses]), Some((Some(100), Some(10_000), false)));
    // One of them alone makes none, nor do they without rows or time.
    assert_eq!(cache(&[rows]), None);
    assert_eq!(cache(&[lifetime]), None);
    assert_eq!(cache(&[("lookup.cache.max-rows", "-1"), lifetime]), None);
}
