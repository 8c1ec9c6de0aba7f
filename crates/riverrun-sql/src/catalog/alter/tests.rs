use crate::catalog::{Catalog, Object, show_create_table, show_create_view};
use crate::parse::{Name, NamePart, StatementKind, Variables, parse};
use riverrun_core::{Place, Result};

fn run(catalog: &mut Catalog, text: &str) -> Result<()> {
    for statement in parse(text, &Variables::new())? {
        match &statement.kind {
            StatementKind::CreateTable(create) => catalog.create_table(create)?,
            StatementKind::CreateView(create) => catalog.create_view(create)?,
            StatementKind::AlterTable(alter) => catalog.alter_table(alter)?,
            StatementKind::AlterView(alter) => catalog.alter_view(alter)?,
            other => panic!("{other:?}"),
        }
    }
    Ok(())
}

const TABLE: &str = "CREATE TABLE t (a INT, b STRING, c AS a + 1, ts TIMESTAMP(3), d INT,
  CONSTRAINT k PRIMARY KEY (b) NOT ENFORCED, WATERMARK FOR ts AS ts) PARTITIONED BY (d) WITH ('connector' = 'x', 'path' = 'y');";

/// What the table is after these statements, on one line.
fn shown(changes: &str) -> String {
    let mut catalog = Catalog::default();
    run(&mut catalog, &format!("{TABLE} {changes}")).unwrap();
    let name = |text: &str| Name { parts: vec![NamePart { value: text.to_owned(), place: Place::new(1, 1, 1) }] };
    let text = match catalog.find(&name("t")).or_else(|_| catalog.find(&name("u"))).unwrap() {
        Object::Table(table) => show_create_table(table),
        Object::View(view) => show_create_view(view, &[], &view.query.text),
    };
    let text = text.replace("`default_catalog`.`default_database`.", "").replace("VARCHAR(2147483647)", "STRING");
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(" )", ")")
}

#[test]
fn columns_are_added_replaced_renamed_and_dropped() {
    let shown = shown(
        "ALTER TABLE t ADD (x DOUBLE FIRST, y AS a * 2 AFTER a); ALTER TABLE t MODIFY d BIGINT AFTER x;
         ALTER TABLE t RENAME b TO bb; ALTER TABLE t DROP (a, c, y);",
    );
    assert_eq!(
        shown,
        "CREATE TABLE `t` (`x` DOUBLE, `d` BIGINT, `bb` STRING NOT NULL, `ts` TIMESTAMP(3), \
         WATERMARK FOR `ts` AS `ts`, CONSTRAINT `k` PRIMARY KEY (`bb`) NOT ENFORCED) PARTITIONED BY (`d`) \
         WITH ('connector' = 'x', 'path' = 'y')"
    );
}

#[test]
fn keys_watermarks_options_and_names_change() {
    let shown = shown(
        "ALTER TABLE t DROP PRIMARY KEY; ALTER TABLE t ADD PRIMARY KEY (a) NOT ENFORCED; ALTER TABLE t DROP WATERMARK;
         ALTER TABLE t SET ('path' = 'z', 'format' = 'json'); ALTER TABLE t RESET ('format'); ALTER TABLE t RENAME TO u;",
    );
    assert_eq!(
        shown,
        "CREATE TABLE `u` (`a` INT NOT NULL, `b` STRING NOT NULL, `c` AS `a` + 1, `ts` TIMESTAMP(3), `d` INT, \
         CONSTRAINT `PK_a` PRIMARY KEY (`a`) NOT ENFORCED) PARTITIONED BY (`d`) WITH ('connector' = 'x', 'path' = 'z')"
    );
}

#[test]
fn the_buckets_of_a_table_change() {
    let by = |changes: &str| {
        let text = shown(&format!("ALTER TABLE t ADD DISTRIBUTION BY HASH(a, b) INTO 4 BUCKETS; {changes}"));
        let (_, behind) = text.split_once(" NOT ENFORCED) ").unwrap();
        behind.split_once("PARTITIONED").unwrap().0.trim().to_owned()
    };
    assert_eq!(by(""), "DISTRIBUTED BY HASH(`a`, `b`) INTO 4 BUCKETS");
    assert_eq!(by("ALTER TABLE t MODIFY DISTRIBUTION BY RANGE(a);"), "DISTRIBUTED BY RANGE(`a`)");
    assert_eq!(by("ALTER TABLE t MODIFY DISTRIBUTION BY (a);"), "DISTRIBUTED BY (`a`)");
    assert_eq!(by("ALTER TABLE t MODIFY DISTRIBUTION INTO 3 BUCKETS;"), "DISTRIBUTED INTO 3 BUCKETS");
    assert_eq!(by("ALTER TABLE t DROP DISTRIBUTION;"), "");
}

#[test]
fn like_takes_the_buckets_over_unless_it_says_otherwise() {
    let like = |options: &str| {
        let create = "CREATE TABLE s (a INT) DISTRIBUTED BY (a)";
        shown(&format!("ALTER TABLE t RENAME TO other; {create}; CREATE TABLE u LIKE s {options};"))
    };
    assert_eq!(like(""), "CREATE TABLE `u` (`a` INT) DISTRIBUTED BY (`a`)");
    assert_eq!(like("(EXCLUDING DISTRIBUTION)"), "CREATE TABLE `u` (`a` INT)");
}

#[test]
fn what_others_need_stays_and_what_is_there_is_not_added_twice() {
    for (change, said) in [
        ("ALTER TABLE t DROP a", "column 'a' can't be dropped: the computed column 'c' needs it"),
        ("ALTER TABLE t DROP ts", "column 'ts' can't be dropped: the watermark needs it"),
        ("ALTER TABLE t DROP b", "column 'b' can't be dropped: it is part of the PRIMARY KEY"),
        ("ALTER TABLE t DROP d", "column 'd' can't be dropped: it is part of PARTITIONED BY"),
        ("ALTER TABLE t DROP zz", "there is no column 'zz' in the table 't'"),
        ("ALTER TABLE t RENAME a TO x", "column 'a' can't be renamed: the computed column 'c' needs it"),
        ("ALTER TABLE t RENAME d TO x", "column 'd' can't be renamed: it is part of PARTITIONED BY"),
        ("ALTER TABLE t RENAME d TO a", "the table 't' has a column 'a' already"),
        ("ALTER TABLE t ADD a INT", "the table 't' has a column 'a' already"),
        ("ALTER TABLE t ADD x INT AFTER y", "there is no column 'y' in the table 't'"),
        ("ALTER TABLE t MODIFY x INT", "there is no column 'x' in the table 't'"),
        ("ALTER TABLE t ADD WATERMARK FOR ts AS ts", "the table 't' has a watermark already"),
        ("ALTER TABLE t ADD PRIMARY KEY (a) NOT ENFORCED", "the table 't' has a PRIMARY KEY already"),
        ("ALTER TABLE t DROP CONSTRAINT other", "the table 't' has no constraint 'other'"),
        ("ALTER TABLE t DROP WATERMARK; ALTER TABLE t DROP WATERMARK", "the table 't' has no watermark"),
        ("ALTER TABLE t DROP WATERMARK; ALTER TABLE t MODIFY WATERMARK FOR ts AS ts", "the table 't' has no watermark"),
        ("ALTER TABLE t DROP PRIMARY KEY; ALTER TABLE t DROP PRIMARY KEY", "the table 't' has no PRIMARY KEY"),
        (
            "ALTER TABLE t DROP PRIMARY KEY; ALTER TABLE t MODIFY PRIMARY KEY (a) NOT ENFORCED",
            "the table 't' has no PRIMARY KEY",
        ),
        ("ALTER TABLE t DROP DISTRIBUTION", "the table 't' is not DISTRIBUTED"),
        ("ALTER TABLE t MODIFY DISTRIBUTION BY (a)", "the table 't' is not DISTRIBUTED"),
        ("ALTER TABLE t ADD DISTRIBUTION BY (x)", "there is no column 'x' in the table 't'"),
        ("ALTER TABLE t ADD DISTRIBUTION BY (c)", "column 'c' is not physical, so rows can't be DISTRIBUTED BY it"),
        (
            "ALTER TABLE t ADD DISTRIBUTION BY (a); ALTER TABLE t ADD DISTRIBUTION BY (a)",
            "the table 't' is DISTRIBUTED already",
        ),
        (
            "CREATE TABLE s (a INT) DISTRIBUTED BY (a); ALTER TABLE s DROP a",
            "column 'a' can't be dropped: it is part of DISTRIBUTED BY",
        ),
        (
            "CREATE TABLE s (a INT) DISTRIBUTED BY (a); ALTER TABLE s RENAME a TO x",
            "column 'a' can't be renamed: it is part of DISTRIBUTED BY",
        ),
        (
            "CREATE TABLE s (a INT) DISTRIBUTED BY (a); CREATE TABLE r DISTRIBUTED INTO 2 BUCKETS LIKE s",
            "both 's' and the new table have DISTRIBUTED",
        ),
        ("ALTER TABLE t ADD DISTRIBUTION INTO 0 BUCKETS", "a table has at least 1 bucket, not 0"),
        ("ALTER TABLE t ADD DISTRIBUTION INTO many BUCKETS", "expected a number of buckets, found 'many'"),
        ("ALTER TABLE t ADD DISTRIBUTION HASH (a)", "expected BY or INTO, found 'HASH'"),
        ("ALTER TABLE t RESET ('connector')", "the option 'connector' can't be reset"),
        ("CREATE VIEW v AS SELECT 1; ALTER TABLE t RENAME TO v", "there is a view 'v' already"),
        ("ALTER TABLE t RENAME TO other.v", "'other.v' is in another database: a table is renamed where it is"),
        ("CREATE VIEW v AS SELECT 1; ALTER TABLE v DROP a", "'v' is a view"),
        ("ALTER VIEW t AS SELECT 1", "'t' is a table"),
        ("ALTER TABLE u DROP a", "there is no table or view 'u'"),
        (
            "CREATE TEMPORARY TABLE q (a INT, b INT); ALTER TABLE q DROP a",
            "the table 'q' is temporary, and can't be altered",
        ),
    ] {
        let error = run(&mut Catalog::default(), &format!("{TABLE} {change}")).unwrap_err();
        assert_eq!(error.message(), said, "{change}");
    }
    run(&mut Catalog::default(), "ALTER TABLE IF EXISTS t DROP a").unwrap();
}

#[test]
fn a_view_gets_another_query_and_name() {
    let mut catalog = Catalog::default();
    run(&mut catalog, "CREATE VIEW v (x) AS SELECT 1; ALTER VIEW v AS SELECT 2 AS y; ALTER VIEW v RENAME TO w")
        .unwrap();
    assert_eq!(catalog.names("default_catalog", "default_database"), ["w"]);
    let objects: Vec<_> = catalog.objects("default_catalog", "default_database").collect();
    let [Object::View(view)] = objects.as_slice() else { panic!("{objects:?}") };
    assert_eq!(view.query.text, "SELECT 2 AS y");
}
