use super::*;

fn table(text: &str) -> CreateTable {
    match one(text) {
        StatementKind::CreateTable(table) => table,
        other => panic!("{other:?}"),
    }
}

#[test]
fn create_table_has_all_kinds_of_columns() {
    let table = table(
        "CREATE TEMPORARY TABLE IF NOT EXISTS cat.db.orders (
           id BIGINT NOT NULL COMMENT 'the key',
           price DECIMAL(10, 2),
           total AS price * 2 COMMENT 'twice',
           part INT METADATA FROM 'partition' VIRTUAL,
           `timestamp` TIMESTAMP_LTZ(3) METADATA,
           ts TIMESTAMP(3),
           WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,
           CONSTRAINT pk PRIMARY KEY (id) NOT ENFORCED
         ) COMMENT 'it''s' PARTITIONED BY (id, part) WITH ('connector' = 'kafka', 'topic' = 'o')",
    );
    assert!(table.temporary && table.if_not_exists);
    assert_eq!(table.name.to_string(), "cat.db.orders");
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| match &column.kind {
            ColumnKind::Physical { data_type } => format!("{} {data_type}", column.name),
            ColumnKind::Computed { expr } => format!("{} := {}", column.name, expr.text),
            ColumnKind::Metadata { data_type, key, is_virtual } => {
                let key = key.as_ref().map_or("-", |key| &key.value);
                format!("{} {data_type} from {key} {is_virtual}", column.name)
            }
        })
        .collect();
    assert_eq!(
        columns,
        [
            "id BIGINT NOT NULL",
            "price DECIMAL(10, 2)",
            "total := price * 2",
            "part INT from partition true",
            "timestamp TIMESTAMP_LTZ(3) from - false",
            "ts TIMESTAMP(3)",
        ]
    );
    assert_eq!(table.columns[0].comment.as_deref(), Some("the key"));
    assert_eq!(table.columns[2].comment.as_deref(), Some("twice"));
    let watermark = table.watermark.unwrap();
    assert_eq!(
        (watermark.column.to_string().as_str(), watermark.expr.text.as_str()),
        ("ts", "ts - INTERVAL '5' SECOND")
    );
    assert_eq!(table.primary_key.unwrap().columns[0].value, "id");
    assert_eq!(table.comment.as_deref(), Some("it's"));
    assert_eq!(table.partitioned_by.len(), 2);
    assert_eq!(table.options.given("topic").unwrap().text, "o");
}

#[test]
fn a_key_may_stand_at_its_column() {
    let key = table("CREATE TABLE t (a INT PRIMARY KEY NOT ENFORCED, b INT)").primary_key.unwrap();
    assert_eq!(key.columns.len(), 1);
    assert!(error("CREATE TABLE t (a INT PRIMARY KEY)").contains("must be NOT ENFORCED"));
    assert!(error("CREATE TABLE t (a INT, PRIMARY KEY (a) ENFORCED)").contains("must be NOT ENFORCED"));
}

#[test]
fn like_has_its_options_in_order() {
    let like = table("CREATE TABLE t LIKE base (EXCLUDING ALL INCLUDING GENERATED OVERWRITING OPTIONS)").like.unwrap();
    let options: Vec<_> = like.options.iter().map(|o| (o.strategy, o.feature.value.as_str())).collect();
    assert_eq!(
        options,
        [
            (MergeStrategy::Excluding, "ALL"),
            (MergeStrategy::Including, "GENERATED"),
            (MergeStrategy::Overwriting, "OPTIONS")
        ]
    );
    assert!(error("CREATE TABLE t LIKE base (INCLUDING OPTION)").contains("did you mean `OPTIONS`?"));
}

#[test]
fn views_catalogs_and_databases() {
    let StatementKind::CreateView(view) = one("CREATE VIEW IF NOT EXISTS v (a, b) COMMENT 'c' AS SELECT 1, 2") else {
        panic!()
    };
    assert_eq!((view.columns.len(), view.comment.as_deref(), view.query.text.as_str()), (2, Some("c"), "SELECT 1, 2"));
    assert!(matches!(one("CREATE CATALOG c WITH ('type' = 'generic_in_memory')"), StatementKind::CreateCatalog(_)));
    assert!(matches!(one("CREATE DATABASE IF NOT EXISTS c.d"), StatementKind::CreateDatabase(_)));
    assert!(matches!(one("USE CATALOG c"), StatementKind::UseCatalog(_)));
    assert!(matches!(one("USE c.d"), StatementKind::UseDatabase(_)));
    let StatementKind::Drop(drop) = one("DROP TEMPORARY VIEW IF EXISTS v") else { panic!() };
    assert!(drop.temporary && drop.if_exists && drop.kind == ObjectKind::View);
    let StatementKind::Drop(drop) = one("DROP DATABASE d CASCADE") else { panic!() };
    assert!(drop.cascade);
}

#[test]
fn inserts_have_partitions_columns_and_hints() {
    let StatementKind::Insert(insert) = one(
        "INSERT OVERWRITE d.t /*+ OPTIONS('a' = 'b') */ PARTITION (d = '2024-01-01', h = 3) (x, y) VALUES (1, 2), (3, 4)",
    ) else {
        panic!()
    };
    assert!(insert.overwrite);
    assert_eq!(insert.hints[0].options.given("a").unwrap().text, "b");
    assert_eq!(
        insert.partition.iter().map(|(k, v)| format!("{k}={}", v.text)).collect::<Vec<_>>(),
        ["d='2024-01-01'", "h=3"]
    );
    assert_eq!(insert.columns.len(), 2);
    assert_eq!(insert.query.text, "VALUES (1, 2), (3, 4)");
    let StatementKind::Insert(insert) = one("INSERT INTO t (SELECT 1)") else { panic!() };
    assert!(insert.columns.is_empty());
}

#[test]
fn statement_sets_keep_their_inserts_together() {
    for text in [
        "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT CASE WHEN TRUE THEN 1 END; END",
        "BEGIN STATEMENT SET; INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END",
        "STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END",
    ] {
        let both = format!("{text}; SELECT 1;");
        let statements = parse(&both, &Variables::new()).unwrap();
        let [first, _] = statements.as_slice() else { panic!("{} statements", statements.len()) };
        let StatementKind::StatementSet(inserts) = &first.kind else { panic!("{first:?}") };
        assert_eq!(inserts.len(), 2);
        assert_eq!(inserts[0].text, "INSERT INTO a SELECT 1");
    }
    assert!(error("EXECUTE STATEMENT SET BEGIN SELECT 1; END").contains("holds only INSERT"));
    assert!(error("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1;").contains("END of the statement set"));
    assert!(matches!(one("EXECUTE INSERT INTO t SELECT 1"), StatementKind::Insert(_)));
}

#[test]
fn set_reset_show_describe_explain() {
    let StatementKind::Set(Some((key, value))) = one("SET 'a.b' = 'c d'") else { panic!() };
    assert_eq!((key.value.as_str(), value.value.as_str()), ("a.b", "c d"));
    let StatementKind::Set(Some((key, value))) = one("SET table.local-time-zone = UTC") else { panic!() };
    assert_eq!((key.value.as_str(), value.value.as_str()), ("table.local-time-zone", "UTC"));
    assert!(matches!(one("SET"), StatementKind::Set(None)));
    assert!(matches!(one("RESET"), StatementKind::Reset(None)));
    assert!(matches!(one("RESET 'k'"), StatementKind::Reset(Some(_))));
    assert!(matches!(one("DESC t"), StatementKind::Describe(_)));
    for text in [
        "SHOW TABLES",
        "SHOW VIEWS LIKE 'a%'",
        "SHOW CATALOGS",
        "SHOW DATABASES FROM c",
        "SHOW FUNCTIONS",
        "SHOW COLUMNS FROM t LIKE 'x'",
        "SHOW CREATE TABLE t",
        "SHOW CREATE VIEW v",
        "SHOW CURRENT CATALOG",
        "SHOW CURRENT DATABASE",
        "SHOW TABLES IN c.d NOT LIKE '%x'",
    ] {
        assert!(matches!(one(text), StatementKind::Show(_)), "{text}");
    }
    let StatementKind::Explain(explain) = one("EXPLAIN CHANGELOG_MODE, ESTIMATED_COST INSERT INTO t SELECT 1") else {
        panic!()
    };
    assert_eq!(explain.details, ["CHANGELOG_MODE", "ESTIMATED_COST"]);
    assert!(matches!(one("EXPLAIN PLAN FOR SELECT 1"), StatementKind::Explain(_)));
    assert!(matches!(one("EXPLAIN CREATE TABLE t AS SELECT 1 AS x"), StatementKind::Explain(_)));
    assert!(matches!(
        one("EXPLAIN STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END"),
        StatementKind::Explain(_)
    ));
}

#[test]
fn types_are_flinks() {
    for (text, expected) in [
        ("INT", "INT"),
        ("integer NOT NULL", "INT NOT NULL"),
        ("DECIMAL", "DECIMAL(10, 0)"),
        ("NUMERIC(5)", "DECIMAL(5, 0)"),
        ("DEC(5, 2)", "DECIMAL(5, 2)"),
        ("DECIMAL(39, 0)", "DECIMAL(38, 0)"),
        ("DOUBLE PRECISION", "DOUBLE"),
        ("CHAR", "CHAR(1)"),
        ("CHARACTER VARYING(3)", "VARCHAR(3)"),
        ("VARCHAR(2147483647)", "STRING"),
        ("BINARY VARYING(3)", "VARBINARY(3)"),
        ("TIME", "TIME(0)"),
        ("TIMESTAMP", "TIMESTAMP(6)"),
        ("TIMESTAMP(3) WITHOUT TIME ZONE", "TIMESTAMP(3)"),
        ("TIMESTAMP(3) WITH LOCAL TIME ZONE", "TIMESTAMP_LTZ(3)"),
        ("TIMESTAMP_LTZ", "TIMESTAMP_LTZ(6)"),
        ("INTERVAL YEAR(4) TO MONTH", "INTERVAL MONTH"),
        ("INTERVAL DAY TO SECOND(3)", "INTERVAL SECOND(3)"),
        ("ARRAY<ARRAY<INT NOT NULL>>", "ARRAY<ARRAY<INT NOT NULL>>"),
        ("INT ARRAY NOT NULL", "ARRAY<INT> NOT NULL"),
        ("MULTISET<STRING>", "MULTISET<STRING>"),
        ("MAP<STRING, ROW<a INT>>", "MAP<STRING, ROW<`a` INT>>"),
        (
            "ROW(a INT, `b c` ARRAY<ROW<x DOUBLE NOT NULL 'note'>>)",
            "ROW<`a` INT, `b c` ARRAY<ROW<`x` DOUBLE NOT NULL>>>",
        ),
        ("ROW<>", "ROW<>"),
    ] {
        assert_eq!(types::parse_type(text).unwrap().to_string(), expected, "{text}");
    }
    for (text, part) in [
        ("STRNG", "did you mean `STRING`?"),
        ("TEXT", "did you mean `STRING`?"),
        ("RAW('a', 'b')", "RAW types are not supported"),
        ("TIMESTAMP WITH TIME ZONE", "use TIMESTAMP WITH LOCAL TIME ZONE"),
        ("DECIMAL(0)", "between 1 and 38"),
        ("DECIMAL(3, 4)", "between 0 and 3"),
        ("ROW<a INT, a INT>", "defined twice"),
        ("ARRAY<INT", "expected '>'"),
    ] {
        let error = types::parse_type(text).unwrap_err();
        let all = format!("{} {}", error.message(), error.hint_text().unwrap_or_default());
        assert!(all.contains(part), "{text}: {all}");
    }
}

#[test]
fn what_is_not_there_yet_is_refused_by_name() {
    for (text, part) in [
        ("CREATE TABLE t LIKE u AS SELECT 1", "CREATE TABLE … LIKE … AS SELECT is not supported yet"),
        ("CREATE TABLE t (a INT, UNIQUE (a))", "UNIQUE constraints are not supported"),
    ] {
        assert!(error(text).contains(part), "{}", error(text));
    }
}

#[test]
fn a_table_created_as_a_query_is_followed_by_the_insert_of_its_rows() {
    let statements = parse("CREATE TABLE t (b AS a + 1) WITH ('k' = 'v') AS SELECT 1 AS a", &Variables::new()).unwrap();
    let [table, rows] = statements.as_slice() else { panic!("{statements:?}") };
    let StatementKind::CreateTable(table) = &table.kind else { panic!("{table:?}") };
    assert_eq!(table.query.as_ref().map(|query| query.text.as_str()), Some("SELECT 1 AS a"));
    assert_eq!(rows.text, "INSERT INTO t SELECT 1 AS a");
    assert!(matches!(&rows.kind, StatementKind::Insert(insert) if insert.columns.is_empty()));
}

#[test]
fn altered_tables_are_read() {
    let change = |text: &str| match one(text) {
        StatementKind::AlterTable(alter) => alter.change,
        other => panic!("{text}: {other:?}"),
    };
    let TableChange::Add(parts) =
        change("ALTER TABLE t ADD (a INT COMMENT 'c' FIRST, b AS a + 1 AFTER a, WATERMARK FOR c AS c)")
    else {
        panic!("no ADD")
    };
    assert!(matches!(
        parts.as_slice(),
        [
            TablePart::Column(_, Some(ColumnPosition::First)),
            TablePart::Column(_, Some(ColumnPosition::After(_))),
            TablePart::Watermark(_)
        ]
    ));
    assert!(matches!(change("ALTER TABLE t MODIFY a BIGINT NOT NULL"), TableChange::Modify(parts) if parts.len() == 1));
    assert!(matches!(change("ALTER TABLE t DROP (a, b)"), TableChange::DropColumns(names) if names.len() == 2));
    assert!(matches!(change("ALTER TABLE t DROP CONSTRAINT k"), TableChange::DropPrimaryKey(Some(_))));
    assert!(matches!(change("ALTER TABLE t DROP PRIMARY KEY"), TableChange::DropPrimaryKey(None)));
    assert!(matches!(change("ALTER TABLE t DROP WATERMARK"), TableChange::DropWatermark));
    assert!(matches!(change("ALTER TABLE t RENAME a TO b"), TableChange::RenameColumn(..)));
    assert!(matches!(change("ALTER TABLE IF EXISTS t RENAME TO u"), TableChange::Rename(_)));
    assert!(matches!(change("ALTER TABLE t RESET ('a', 'b')"), TableChange::ResetOptions(keys) if keys.len() == 2));
    for (text, part) in [
        ("ALTER TABLE t", "expected ADD, MODIFY, DROP, RENAME, SET or RESET"),
        ("ALTER VIEW v SET ('a' = 'b')", "expected RENAME or AS"),
    ] {
        assert!(error(text).contains(part), "{}", error(text));
    }
}

#[test]
fn an_insert_may_say_what_a_conflict_of_keys_does() {
    let text = "INSERT INTO o SELECT a FROM t JOIN u ON t.a = u.a ON CONFLICT DO DEDUPLICATE";
    let StatementKind::Insert(insert) = one(text) else { panic!() };
    assert_eq!(insert.text, text);
    assert_eq!(insert.query.text, "SELECT a FROM t JOIN u ON t.a = u.a");
    one("BEGIN STATEMENT SET; INSERT INTO o VALUES (1) ON CONFLICT DO DEDUPLICATE; END");
    let StatementKind::Insert(insert) = one("INSERT INTO o SELECT a FROM t ON CONFLICT DO NOTHING") else { panic!() };
    assert_eq!(insert.conflict.map(|conflict| conflict.value).as_deref(), Some("NOTHING"));
    let misspelt = error("INSERT INTO o SELECT a FROM t ON CONFLICT DO DEDUPLICAT");
    assert!(misspelt.contains("did you mean `DEDUPLICATE`?"), "{misspelt}");
}
