use crate::plan::tests::plan as plan_of;
use riverrun_core::Error;

const TABLES: &str = "CREATE TABLE orders (id INT, currency STRING, ts TIMESTAMP(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH ('connector' = 'datagen');
CREATE TABLE rates (currency STRING, rate INT, since TIMESTAMP(3), PRIMARY KEY (currency) NOT ENFORCED,
  WATERMARK FOR since AS since - INTERVAL '1' MINUTE) WITH ('connector' = 'datagen');
CREATE TABLE history (currency STRING, rate INT, since TIMESTAMP(3),
  WATERMARK FOR since AS since - INTERVAL '1' MINUTE) WITH ('connector' = 'datagen');
CREATE TABLE timeless (currency STRING, rate INT, PRIMARY KEY (currency) NOT ENFORCED) WITH ('connector' = 'datagen');
CREATE VIEW latest AS SELECT currency, rate, since FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY currency ORDER BY since DESC) AS n FROM history) WHERE n = 1;
";

fn explained(query: &str) -> String {
    plan_of(&format!("{TABLES}{query}")).unwrap().explain()
}

fn refused(query: &str) -> Error {
    plan_of(&format!("{TABLES}{query}")).unwrap_err()
}

#[test]
fn versions_come_of_a_key_or_of_a_view_of_the_last_rows() {
    let text = explained(
        "SELECT o.id, r.rate FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;",
    );
    assert!(text.contains("TemporalJoin(join=[inner], on=[currency = currency], as of=[ts by since])"), "{text}");
    let text = explained(
        "SELECT o.id, r.rate FROM orders AS o LEFT JOIN latest FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;",
    );
    assert!(text.contains("TemporalJoin(join=[left]") && !text.contains("Deduplicate"), "{text}");
    assert!(text.contains("append: "), "{text}");
    let text = explained(
        "SELECT o.id, r.rate FROM orders AS o JOIN timeless FOR SYSTEM_TIME AS OF o.p AS r ON o.currency = r.currency;",
    );
    assert!(text.contains("as of=[processing time]"), "{text}");
}

#[test]
fn each_change_of_an_aggregate_is_a_version() {
    let view =
        "CREATE VIEW tally AS SELECT currency, COUNT(*) AS c, MAX(since) AS since FROM history GROUP BY currency;";
    let query =
        "SELECT o.id, r.c FROM orders AS o JOIN tally FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;";
    let text = explained(&format!("{view}{query}"));
    assert!(text.contains("as of=[ts by since]") && text.contains("phases=[one], changes=[each]"), "{text}");
    let view = "CREATE VIEW spans AS SELECT currency, MIN(since) AS f, MAX(since) AS t FROM history GROUP BY currency;";
    let query = "SELECT o.id FROM orders AS o JOIN spans FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;";
    let error = refused(&format!("{view}{query}"));
    assert_eq!(error.message(), "both 'f' and 't' could say from when a version holds");
    assert_eq!(error.hint_text(), Some("compute all but one of them of plain values: MAX(CAST(… AS TIMESTAMP(3)))"));
    assert!(error.place().is_some());
}

#[test]
fn a_temporal_join_says_what_it_needs() {
    let error = refused(
        "SELECT 1 AS x FROM orders AS o JOIN history FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;",
    );
    assert_eq!(error.message(), "a temporal join needs a versioned table, but 'history' has no primary key");
    assert!(error.hint_text().unwrap().contains("PRIMARY KEY (…) NOT ENFORCED"), "{error:?}");
    assert!(error.place().is_some());
    let error = refused("SELECT 1 AS x FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.id = r.rate;");
    assert_eq!(error.message(), "the temporal join does not compare 'currency', which is part of the key of 'rates'");
    let error = refused(
        "SELECT 1 AS x FROM orders AS o JOIN timeless FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;",
    );
    assert_eq!(
        error.message(),
        "a temporal join by event time needs versions with a time, but 'timeless' has no time attribute"
    );
    let error = refused(
        "SELECT 1 AS x FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.id AS r ON o.currency = r.currency;",
    );
    assert_eq!(error.message(), "FOR SYSTEM_TIME AS OF takes a time attribute of the left side, not INT");
    let error = refused(
        "SELECT 1 AS x FROM orders AS o FULL JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;",
    );
    assert_eq!(error.message(), "a full join with a table FOR SYSTEM_TIME AS OF");
    let error = refused("SELECT 1 AS x FROM rates FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01 00:00:00' AS r;");
    assert_eq!(error.message(), "FOR SYSTEM_TIME AS OF stands in a join, on its right side");
}
