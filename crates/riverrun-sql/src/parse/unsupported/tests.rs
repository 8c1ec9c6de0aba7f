use super::*;
use crate::parse::{Variables, parse};

/// The beginning of a statement of each kind, and what names the kind in the message.
const STATEMENTS: &[(&str, &str)] = &[
    ("COMPILE PLAN 'p.json' FOR INSERT INTO s SELECT 1", "COMPILE"),
    ("COMPILE AND EXECUTE PLAN 'p.json' FOR INSERT INTO s SELECT 1", "COMPILE"),
    ("EXECUTE PLAN 'p.json'", "EXECUTE PLAN"),
    ("CREATE MODEL m INPUT (a STRING) OUTPUT (b STRING) WITH ('provider' = 'openai')", "CREATE MODEL"),
    ("CREATE TEMPORARY MODEL m WITH ('provider' = 'openai')", "CREATE TEMPORARY MODEL"),
    ("DROP MODEL IF EXISTS m", "DROP MODEL"),
    ("ALTER MODEL m RENAME TO n", "ALTER MODEL"),
    ("DESCRIBE MODEL m", "DESCRIBE MODEL"),
    ("SHOW CREATE MODEL m", "SHOW CREATE MODEL"),
    ("SELECT * FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(k))", "ML_PREDICT"),
    ("SELECT * FROM TABLE(ML_PREDICT(INPUT => TABLE t, MODEL => MODEL m, ARGS => DESCRIPTOR(k)))", "ML_PREDICT"),
    ("SELECT * FROM TABLE(ML_EVALUATE(TABLE t, MODEL m, DESCRIPTOR(k), DESCRIPTOR(l), 'regression'))", "ML_EVALUATE"),
    ("CREATE MATERIALIZED TABLE m AS SELECT 1", "CREATE MATERIALIZED"),
    ("CREATE OR ALTER MATERIALIZED TABLE m AS SELECT 1", "CREATE MATERIALIZED"),
    ("ALTER MATERIALIZED TABLE m SUSPEND", "ALTER MATERIALIZED"),
    ("SHOW CREATE MATERIALIZED TABLE m", "SHOW CREATE MATERIALIZED"),
    ("REFRESH MATERIALIZED TABLE m", "REFRESH"),
    ("CREATE CONNECTION c WITH ('a' = 'b')", "CREATE CONNECTION"),
    ("ALTER CONNECTION c SET ('a' = 'b')", "ALTER CONNECTION"),
    ("DROP CONNECTION c", "DROP CONNECTION"),
    ("DESCRIBE CONNECTION c", "DESCRIBE CONNECTION"),
    ("SHOW CREATE CONNECTION c", "SHOW CREATE CONNECTION"),
    ("DESCRIBE DATABASE d", "DESCRIBE DATABASE"),
    ("DESCRIBE SCHEMA d", "DESCRIBE SCHEMA"),
    ("DESCRIBE JOB 'a'", "DESCRIBE JOB"),
    ("SHOW JOBS", "SHOW JOBS"),
    ("STOP JOB 'a' WITH SAVEPOINT", "STOP"),
    ("ANALYZE TABLE t COMPUTE STATISTICS", "ANALYZE"),
    ("CALL sys.f(1)", "CALL"),
    ("DELETE FROM t WHERE a = 1", "DELETE"),
    ("UPDATE t SET a = 1", "UPDATE"),
    ("TRUNCATE TABLE t", "TRUNCATE"),
    ("MERGE INTO t", "MERGE"),
    ("QUIT", "QUIT"),
    ("EXIT", "EXIT"),
    ("HELP", "HELP"),
    ("CLEAR", "CLEAR"),
    ("SOURCE 'f.sql'", "SOURCE"),
];

#[test]
fn each_is_refused_by_its_name_with_what_is_there_instead() {
    for (text, statement) in STATEMENTS {
        let error = parse(text, &Variables::new()).unwrap_err();
        assert_eq!(error.message(), format!("{statement} is not supported yet"), "{text}");
        assert_eq!(error.hint_text(), instead_of(statement), "{text}");
        assert!(error.place().is_some(), "{text}");
    }
    for (statement, _) in INSTEAD {
        assert!(STATEMENTS.iter().any(|(_, tried)| tried == statement), "no test of {statement}");
    }
}

#[test]
fn the_words_are_names_elsewhere() {
    for text in
        ["SELECT model, job FROM t ORDER BY model DESC", "SELECT ml_predict FROM t", "DESCRIBE job", "DESCRIBE model"]
    {
        assert!(parse(text, &Variables::new()).is_ok(), "{text}");
    }
}
