//! Definitions as a session executes them: bound when they are made.

use super::execute_ddl;
use crate::catalog::{Catalog, Object};
use crate::parse::{StatementKind, Variables, parse};
use crate::plan::{Planner, StreamPlan};
use crate::session::SessionConfig;
use riverrun_core::{Result, SystemClock};
use std::sync::Arc;

/// Nothing of it is read: the file only has to be there.
const TABLE: &str = "CREATE TABLE t (id INT, name STRING, m MAP<STRING, INT>, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
     WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = 'Cargo.toml');
     CREATE TABLE o (a INT, b STRING) WITH ('connector' = 'print');";

/// What the last statement of a text prints, and its plan if it is a query or an INSERT.
fn run(text: &str) -> Result<(Vec<String>, Option<StreamPlan>)> {
    let (mut catalog, mut config) = (Catalog::default(), SessionConfig::default());
    let (mut lines, mut plan) = (Vec::new(), None);
    for statement in parse(&format!("{TABLE}\n{text}"), &Variables::new())? {
        let clock = Arc::new(SystemClock);
        match &statement.kind {
            StatementKind::Query(query) => plan = Some(Planner::new(&catalog, &config, clock).plan_query(query)?),
            StatementKind::Insert(insert) => {
                let inserts = std::slice::from_ref(insert);
                plan = Some(Planner::new(&catalog, &config, clock).plan_inserts(inserts)?);
            }
            _ => {
                let settings = config.clone();
                let schema_of = |catalog: &Catalog, object: &Object| {
                    Planner::new(catalog, &settings, Arc::new(SystemClock)).schema_of(object)
                };
                let rows = execute_ddl(&statement, &mut catalog, &mut config, &schema_of)?.rows.unwrap_or_default();
                let line = |row: Vec<Option<String>>| row.into_iter().flatten().collect::<Vec<_>>().join("|");
                lines = rows.rows.into_iter().map(line).collect();
            }
        }
    }
    Ok((lines, plan))
}

fn printed(text: &str) -> Vec<String> {
    run(text).unwrap().0
}

#[test]
fn a_table_created_as_a_query_has_its_columns_behind_the_computed_ones() {
    let created =
        "CREATE TABLE c (twice AS id * 2, id INT, name VARCHAR(9), PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'print')
        AS SELECT id, UPPER(name) AS name, ts FROM t;";
    assert_eq!(
        printed(&format!("{created} DESCRIBE c")),
        ["twice|INT|FALSE|AS `id` * 2", "id|INT|FALSE|PRI(id)", "name|VARCHAR(9)|TRUE", "ts|TIMESTAMP(3)|TRUE"]
    );
    // What the query doesn't give stands before what it does.
    assert_eq!(
        printed("CREATE TABLE c (x INT, twice AS id * 2) WITH ('connector' = 'print') AS SELECT id FROM t; DESCRIBE c"),
        ["x|INT|TRUE", "twice|INT|TRUE|AS `id` * 2", "id|INT|TRUE"]
    );
    // Names alone put the query's columns into another order.
    assert_eq!(
        printed("CREATE TABLE c (name, id) WITH ('connector' = 'print') AS SELECT id, name FROM t; DESCRIBE c"),
        ["name|STRING|TRUE", "id|INT|TRUE"]
    );
}

#[test]
fn a_table_is_replaced_by_one_as_a_query() {
    let replaced = "CREATE OR REPLACE TABLE o WITH ('connector' = 'print') AS SELECT name FROM t; DESCRIBE o";
    assert_eq!(printed(replaced), ["name|STRING|TRUE"]);
    let kept = "CREATE TABLE IF NOT EXISTS o WITH ('connector' = 'print') AS SELECT id AS a FROM t; DESCRIBE o";
    assert_eq!(printed(kept), ["a|INT|TRUE", "b|STRING|TRUE"]);
    let itself = "CREATE OR REPLACE TABLE t WITH ('connector' = 'print') AS SELECT id FROM t";
    assert_eq!(
        run(itself).unwrap_err().message(),
        "REPLACE TABLE … AS a query over the table itself is not supported yet"
    );
}

#[test]
fn a_view_keeps_the_columns_that_a_star_stood_for() {
    let view = "CREATE VIEW v AS SELECT * FROM o; CREATE VIEW w (x, y) AS SELECT DISTINCT * FROM o AS q;";
    let added = "ALTER TABLE o ADD c INT FIRST;";
    assert_eq!(printed(&format!("{view} {added} DESCRIBE v")), ["a|INT|TRUE", "b|STRING|TRUE"]);
    assert_eq!(printed(&format!("{view} {added} DESCRIBE w")), ["x|INT|TRUE", "y|STRING|TRUE"]);
    // Another query has stars of its own.
    assert_eq!(printed(&format!("{view} {added} ALTER VIEW v AS SELECT * FROM o; DESCRIBE v")).len(), 3);
    let error = run(&format!("{view} ALTER TABLE o DROP b; DESCRIBE v")).unwrap_err();
    assert_eq!(error.message(), "the column 'b' of this * is gone");
}

#[test]
fn catalogs_are_described_and_altered() {
    let catalog = "CREATE CATALOG c COMMENT 'mine' WITH ('type' = 'generic_in_memory', 'default-database' = 'd');";
    assert_eq!(
        printed(&format!("{catalog} DESCRIBE CATALOG EXTENDED c")),
        ["name|c", "type|generic_in_memory", "comment|mine", "option:default-database|d"]
    );
    assert_eq!(
        printed(&format!("{catalog} ALTER CATALOG c COMMENT 'ours'; SHOW CREATE CATALOG c")),
        [
            "CREATE CATALOG `c`\nCOMMENT 'ours'\nWITH (\n  'type' = 'generic_in_memory',\n  'default-database' = 'd'\n)\n"
        ]
    );
    assert_eq!(printed(&format!("{catalog} USE CATALOG c; SHOW CURRENT DATABASE")), ["d"]);
    assert_eq!(printed("CREATE CATALOG c; USE CATALOG c; SHOW DATABASES"), ["default"]);
    // The catalog that is in use stays at its database.
    let there = "CREATE DATABASE d; USE d; USE CATALOG default_catalog; SHOW CURRENT DATABASE";
    assert_eq!(printed(there), ["d"]);
    assert_eq!(printed("CREATE DATABASE dd; SHOW DATABASES ILIKE 'D_'"), ["dd"]);
    assert!(printed("SHOW JARS").is_empty());
}

#[test]
fn what_cannot_be_bound_is_not_created() {
    for (text, said) in [
        ("CREATE VIEW v AS SELECT x FROM t", "no column 'x' here"),
        ("CREATE VIEW v AS SELECT id FROM nothing", "there is no table or view 'nothing'"),
        (
            "CREATE VIEW v (a) AS SELECT id, name FROM t",
            "the view default_catalog.default_database.v names 1 columns, but its query has 2",
        ),
        (
            "CREATE VIEW v AS SELECT a.id, b.id FROM t AS a, t AS b",
            "the view default_catalog.default_database.v has two columns 'id'",
        ),
        ("CREATE TABLE c (a INT, b AS z + 1) WITH ('connector' = 'print')", "no column 'z' here"),
        ("ALTER TABLE o ADD c AS z + 1", "no column 'z' here"),
        ("CREATE VIEW v AS SELECT id FROM t; ALTER VIEW v AS SELECT x FROM t", "no column 'x' here"),
        (
            "CREATE TABLE c (x INT METADATA) WITH ('connector' = 'print') AS SELECT id FROM t",
            "a METADATA column in CREATE TABLE … AS SELECT is not supported yet",
        ),
        ("CREATE TABLE c (idd) WITH ('connector' = 'print') AS SELECT id FROM t", "the query has no column 'idd'"),
        (
            "CREATE TABLE c (id) WITH ('connector' = 'print') AS SELECT id, name FROM t",
            "the query's column 'name' is not named",
        ),
        ("CREATE TABLE c (id, id) WITH ('connector' = 'print') AS SELECT id FROM t", "the column 'id' is named twice"),
        ("CREATE TABLE c (id, b) WITH ('connector' = 'print')", "the column 'id' has no type"),
    ] {
        assert_eq!(run(text).unwrap_err().message(), said, "{text}");
    }
    // What was there stays as it was.
    let mut names = printed("CREATE VIEW v AS SELECT id FROM t; SHOW TABLES");
    names.sort();
    assert_eq!(names, ["o", "t", "v"]);
}

#[test]
fn show_create_table_writes_types_out() {
    let table =
        "CREATE TABLE w (`BYTES` STRING, l TIMESTAMP_LTZ(3), r ROW<`STRING` BYTES>, PRIMARY KEY (l) NOT ENFORCED);";
    let shown = printed(&format!("{table} SHOW CREATE TABLE w")).remove(0);
    assert_eq!(
        shown,
        "CREATE TABLE `default_catalog`.`default_database`.`w` (
  `BYTES` VARCHAR(2147483647),
  `l` TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL,
  `r` ROW<`STRING` VARBINARY(2147483647)>,
  CONSTRAINT `PK_l` PRIMARY KEY (`l`) NOT ENFORCED
)
"
    );
}

#[test]
fn the_built_in_functions_are_a_module() {
    assert_eq!(printed("SHOW MODULES"), ["core"]);
    assert_eq!(printed("SHOW FULL MODULES"), ["core|TRUE"]);
}

#[test]
fn the_module_is_listed_while_it_is_loaded() {
    let none: [&str; 0] = [];
    assert_eq!(printed("UNLOAD MODULE core; SHOW FULL MODULES"), none);
    assert_eq!(printed("UNLOAD MODULE core; SHOW FUNCTIONS"), none);
    assert!(run("UNLOAD MODULE core; SELECT UPPER(name) FROM t").unwrap().1.is_some());
    assert_eq!(printed("UNLOAD MODULE core; LOAD MODULE core WITH ('a' = 'b'); SHOW FULL MODULES"), ["core|TRUE"]);
    for (text, said) in [
        ("LOAD MODULE core", "the module 'core' is loaded already"),
        ("LOAD MODULE hive", "there is no module 'hive'"),
        ("UNLOAD MODULE hive", "there is no module 'hive'"),
        ("USE MODULES core, core", "the module 'core' is named twice"),
        ("UNLOAD MODULE core; UNLOAD MODULE core", "the module 'core' is not loaded"),
        ("UNLOAD MODULE core; USE MODULES core", "the module 'core' is not loaded"),
    ] {
        assert_eq!(run(text).unwrap_err().message(), said, "{text}");
    }
}

const PARTITIONED: &str = "CREATE TABLE p (a INT, k STRING, l INT) PARTITIONED BY (k, l)
     WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = 'p');
     ALTER TABLE p ADD PARTITION (k = 'x', l = 1);
     ALTER TABLE p ADD PARTITION (l = '2', k = 'b') WITH ('a' = 'b') PARTITION (k = 'c', l = 1.50);";

#[test]
fn partitions_are_those_that_were_added() {
    let shown = |text: &str| printed(&format!("{PARTITIONED} {text}"));
    assert_eq!(shown("SHOW PARTITIONS p"), ["k=x/l=1", "l=2/k=b", "k=c/l=1.50"]);
    assert_eq!(shown("SHOW PARTITIONS p PARTITION (l = 2)"), ["l=2/k=b"]);
    assert_eq!(shown("SHOW PARTITIONS p PARTITION (m = 2)"), [""; 0]);
    assert_eq!(
        shown("ALTER TABLE p ADD IF NOT EXISTS PARTITION (l = 1, k = 'x'); SHOW PARTITIONS p"),
        ["k=x/l=1", "l=2/k=b", "k=c/l=1.50"]
    );
    let dropped = "ALTER TABLE p DROP PARTITION (k = 'x', l = 1), PARTITION (k = 'b', l = 2);
         ALTER TABLE p DROP IF EXISTS PARTITION (k = 'x', l = 1);";
    assert_eq!(shown(&format!("{dropped} SHOW PARTITIONS p")), ["k=c/l=1.50"]);
    assert_eq!(shown("ALTER TABLE p RENAME TO q; SHOW PARTITIONS q").len(), 3);
    assert_eq!(shown("CREATE TABLE q LIKE p; SHOW PARTITIONS q"), [""; 0]);
}

#[test]
fn partitions_that_cannot_be_are_refused() {
    for (text, said) in [
        ("ALTER TABLE p ADD PARTITION (k = 'x', l = 1)", "the table 'p' has the partition k=x/l=1 already"),
        ("ALTER TABLE p ADD PARTITION (k = 'x')", "a partition of 'p' has a value for each of k, l"),
        ("ALTER TABLE p ADD PARTITION (k = 'x', m = 1)", "a partition of 'p' has a value for each of k, l"),
        ("ALTER TABLE p DROP PARTITION (k = 'x')", "the table 'p' has no partition k=x"),
        ("ALTER TABLE o ADD PARTITION (a = 1)", "the table 'o' is not partitioned"),
        ("ALTER TABLE p ADD PARTITION (k = 'x', k = 'y')", "partition key 'k' is named twice"),
        ("ALTER TABLE p DROP PARTITION (l = 1, l = 1)", "partition key 'l' is named twice"),
        ("SHOW PARTITIONS p PARTITION (k = 'x', k = 'y')", "partition key 'k' is named twice"),
        ("ALTER TABLE o DROP PARTITION (a = 1)", "the table 'o' is not partitioned"),
        ("SHOW PARTITIONS o", "the table 'o' is not partitioned"),
        ("CREATE VIEW v AS SELECT 1 AS x; SHOW PARTITIONS v", "'v' is a view: it has no partitions"),
        (
            "ALTER TABLE p ADD PARTITION (k = NULL, l = 1)",
            "expected a number, or a value in single quotes, found 'NULL'",
        ),
    ] {
        assert_eq!(run(&format!("{PARTITIONED} {text}")).unwrap_err().message(), said, "{text}");
    }
}

#[test]
fn there_are_no_materialized_tables() {
    assert_eq!(printed("SHOW MATERIALIZED TABLES"), [""; 0]);
    assert_eq!(printed("SHOW MATERIALIZED TABLES FROM default_database LIKE 't%'"), [""; 0]);
    assert_eq!(printed("DROP MATERIALIZED TABLE IF EXISTS t; SHOW TABLES"), ["o", "t"]);
    for (text, said) in [
        ("SHOW MATERIALIZED TABLES IN nowhere", "there is no database 'default_catalog.nowhere'"),
        ("DROP MATERIALIZED TABLE x", "there is no materialized table 'x'"),
        ("DROP MATERIALIZED TABLE t", "there is no materialized table 't'"),
    ] {
        assert_eq!(run(text).unwrap_err().message(), said, "{text}");
    }
}

#[test]
fn insert_names_each_column_once_and_partitions_that_are_there() {
    for (text, said) in [
        ("INSERT INTO o (a, a) SELECT id, id FROM t", "column 'a' is named twice"),
        ("INSERT INTO o PARTITION (b = 'x') SELECT id FROM t", "column 'b' of 'o' is no partition"),
    ] {
        assert_eq!(run(text).unwrap_err().message(), said, "{text}");
    }
}

#[test]
fn queries_that_have_no_meaning_are_refused() {
    for (text, said) in [
        ("SELECT COUNT(DISTINCT *) FROM t", "COUNT(DISTINCT *) names no column"),
        ("SELECT id FROM t ORDER BY m LIMIT 1", "values of type MAP<STRING, INT> have no order"),
        (
            "CREATE TABLE w (ts TIMESTAMP(3), WATERMARK FOR ts AS CAST(ts AS TIMESTAMP_LTZ(3))) WITH ('connector' = 'datagen')",
            "the watermark for 'ts' is TIMESTAMP_LTZ(3)",
        ),
        (
            "CREATE TABLE w (ts TIMESTAMP(3), WATERMARK FOR ts AS CAST(ts AS TIMESTAMP(6))) WITH ('connector' = 'datagen')",
            "the watermark for 'ts' is TIMESTAMP(6)",
        ),
        (
            "CREATE VIEW v AS SELECT id FROM t; SELECT id FROM v /*+ OPTIONS('path' = 'x') */ AS w",
            "'v' is a view: hints behind a name are for tables",
        ),
        ("SELECT CURRENT_WATERMARK(id) FROM t", "CURRENT_WATERMARK cannot be applied to (INT)"),
        ("SELECT id FROM t WHERE id = ANY (ARRAY[1, 2])", "ANY and ALL take a subquery or a list of values, no array"),
        ("SELECT APPROX_COUNT_DISTINCT(id) FROM t", "APPROX_COUNT_DISTINCT is a function of batch jobs, in Flink too"),
    ] {
        assert_eq!(run(text).unwrap_err().message(), said, "{text}");
    }
}

#[test]
fn the_watermark_of_a_row_is_put_beside_it_once() {
    let plan =
        run("SELECT id FROM t WHERE CURRENT_WATERMARK(ts) IS NULL OR ts > CURRENT_WATERMARK(ts)").unwrap().1.unwrap();
    let kinds: Vec<_> = plan.nodes.iter().map(|node| node.kind.name()).collect();
    assert_eq!(kinds, ["Source", "CurrentWatermark", "Calc", "Result"], "{}", plan.explain());
}

#[test]
fn a_view_is_described_as_its_rows_are_shown() {
    let view = "CREATE VIEW v AS SELECT ts, ts + INTERVAL '1' DAY AS later, id FROM t;";
    let described = printed(&format!("{view} DESCRIBE v"));
    assert_eq!(described[..2], ["ts|TIMESTAMP(3) *ROWTIME*|TRUE", "later|TIMESTAMP(3) *ROWTIME*|TRUE"]);
}

#[test]
fn a_view_is_not_made_of_itself() {
    let views =
        "CREATE VIEW a AS SELECT id FROM t; CREATE VIEW b AS SELECT id FROM a; ALTER VIEW a AS SELECT id FROM b;
                 SELECT id FROM b";
    assert_eq!(run(views).unwrap_err().message(), "the view default_catalog.default_database.b is defined by itself");
}

#[test]
fn the_options_of_old_tables_of_files_have_their_names_of_today() {
    let table =
        |options: &str| printed(&format!("CREATE TABLE s (a INT) WITH ({options}); SHOW CREATE TABLE s")).join("\n");
    let old = table(
        "'connector.type' = 'filesystem', 'connector.path' = 'in.txt', 'format.type' = 'csv', 'format.field-delimiter' = '|',
         'format.derive-schema' = 'true', 'connector.property-version' = '1', 'update-mode' = 'append'",
    );
    let new = table("'connector' = 'filesystem', 'path' = 'in.txt', 'format' = 'csv', 'csv.field-delimiter' = '|'");
    assert_eq!(old, new);
    // Of other connectors they stay what they are.
    assert!(table("'connector.type' = 'kafka'").contains("'connector.type' = 'kafka'"));
}

#[test]
fn the_function_of_nexmark_is_known_by_its_class() {
    const CLASS: &str = "'com.github.nexmark.flink.udf.CountChar'";
    for create in ["CREATE FUNCTION count_char AS", "CREATE TEMPORARY SYSTEM FUNCTION IF NOT EXISTS count_char AS"] {
        let said = printed(&format!("{create} {CLASS}; DESCRIBE FUNCTION count_char"));
        assert_eq!(said[1], "signature|count_char(s STRING, letter STRING) RETURNS BIGINT");
    }
    let used = format!(
        "CREATE FUNCTION count_char AS {CLASS} LANGUAGE JAVA USING JAR 'nexmark.jar'; SELECT count_char(name, 'a') FROM t"
    );
    assert!(run(&used).unwrap().1.is_some());
}

#[test]
fn options_of_watermarks_that_change_no_result_are_taken() {
    let query = |options: &str| {
        format!(
            "CREATE TABLE w (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
             WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = 'Cargo.toml', {options}); SELECT * FROM w"
        )
    };
    let taken = query(
        "'scan.watermark.emit.strategy' = 'on-event', 'scan.watermark.emit.on-event.gap' = '5',
         'scan.watermark.alignment.group' = 'g', 'scan.watermark.alignment.max-drift' = '1 min',
         'scan.watermark.alignment.update-interval' = '1 s'",
    );
    assert!(run(&taken).unwrap().1.is_some());
    let error = run(&query("'scan.watermark.emit.strategy' = 'sometimes'")).unwrap_err();
    assert_eq!(error.message(), "'sometimes' is no value for option 'scan.watermark.emit.strategy'");
}
