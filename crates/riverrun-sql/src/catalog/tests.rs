use super::*;
use crate::parse::{StatementKind, Variables, parse};
use riverrun_core::Schema;

fn run(catalog: &mut Catalog, text: &str) -> Result<()> {
    for statement in parse(text, &Variables::new())? {
        match &statement.kind {
            StatementKind::CreateTable(create) => catalog.create_table(create)?,
            StatementKind::CreateView(create) => catalog.create_view(create)?,
            StatementKind::CreateDatabase(create) => catalog.create_database(&create.name, create.if_not_exists)?,
            StatementKind::Drop(drop) => catalog.drop_object(drop)?,
            StatementKind::UseDatabase(name) => catalog.use_database(name)?,
            other => panic!("{other:?}"),
        }
    }
    Ok(())
}

fn with(text: &str) -> Catalog {
    let mut catalog = Catalog::default();
    run(&mut catalog, text).unwrap();
    catalog
}

fn name(text: &str) -> Name {
    let statement = parse(&format!("DESCRIBE {text}"), &Variables::new()).unwrap().remove(0);
    match statement.kind {
        StatementKind::Describe(name) => name,
        other => panic!("{other:?}"),
    }
}

fn table(catalog: &Catalog, text: &str) -> Arc<CatalogTable> {
    match catalog.find(&name(text)).unwrap() {
        Object::Table(table) => table.clone(),
        Object::View(_) => panic!("{text} is a view"),
    }
}

fn columns(table: &CatalogTable) -> Vec<&str> {
    table.columns.iter().map(|column| column.name.value.as_str()).collect()
}

#[test]
fn names_of_one_to_three_parts_mean_the_same_table() {
    let catalog = with("CREATE DATABASE shop; USE shop; CREATE TABLE t (a INT); USE default_database;");
    assert!(catalog.find(&name("t")).is_err());
    for text in ["shop.t", "default_catalog.shop.t", "`shop`.`t`"] {
        assert_eq!(catalog.find(&name(text)).unwrap().path().to_string(), "default_catalog.shop.t");
    }
}

#[test]
fn a_temporary_table_hides_a_permanent_one_until_it_is_dropped() {
    let mut catalog = with("CREATE TABLE t (a INT); CREATE TEMPORARY TABLE t (b INT);");
    assert_eq!(columns(&table(&catalog, "t")), ["b"]);
    let error = run(&mut catalog, "DROP TABLE t").unwrap_err();
    assert!(error.hint_text().unwrap().contains("DROP TEMPORARY TABLE"), "{error:?}");
    run(&mut catalog, "DROP TEMPORARY TABLE t").unwrap();
    assert_eq!(columns(&table(&catalog, "t")), ["a"]);
}

#[test]
fn a_misspelt_table_names_the_nearest() {
    let catalog = with("CREATE TABLE orders (a INT);");
    let error = catalog.find(&name("ordres")).unwrap_err();
    assert_eq!(error.hint_text(), Some("did you mean `orders`?"));
    let error = catalog.find(&name("defualt_database.orders")).unwrap_err();
    assert_eq!(error.hint_text(), Some("did you mean `default_database`?"));
}

#[test]
fn a_key_makes_its_columns_not_null() {
    let catalog = with("CREATE TABLE t (a INT, b INT, PRIMARY KEY (a) NOT ENFORCED);");
    assert_eq!(
        table(&catalog, "t").physical_columns().map(|(_, t)| t.to_string()).collect::<Vec<_>>(),
        ["INT NOT NULL", "INT"]
    );
}

#[test]
fn unknown_and_repeated_columns_are_refused() {
    for (text, message) in [
        ("CREATE TABLE t (a INT, a STRING)", "column 'a' is defined twice"),
        ("CREATE TABLE t (a INT, PRIMARY KEY (b) NOT ENFORCED)", "there is no column 'b' in the table 't'"),
        ("CREATE TABLE t (a INT) PARTITIONED BY (c)", "there is no column 'c' in the table 't'"),
        (
            "CREATE TABLE t (a INT, c AS a + 1) PARTITIONED BY (c)",
            "column 'c' is not physical, so rows can't be PARTITIONED BY it",
        ),
        ("CREATE TABLE t (a INT, WATERMARK FOR ts AS ts)", "there is no column 'ts' in the table 't'"),
        (
            "CREATE TABLE t (ts TIMESTAMP(9), WATERMARK FOR ts AS ts)",
            "an event-time column has a precision of at most 3, but 'ts' is TIMESTAMP(9)",
        ),
    ] {
        let error = run(&mut Catalog::default(), text).unwrap_err();
        assert_eq!(error.message(), message);
        assert!(error.place().is_some(), "{message}");
    }
}

const BASE: &str = "CREATE TABLE base (
  a INT, b AS a + 1, m STRING METADATA FROM 'k', ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts, PRIMARY KEY (a) NOT ENFORCED
) PARTITIONED BY (a) WITH ('x' = '1', 'y' = '2');";

#[test]
fn like_takes_everything_over_and_new_options_win() {
    let catalog = with(&format!("{BASE} CREATE TABLE t (c INT) WITH ('y' = '3') LIKE base;"));
    let table = table(&catalog, "t");
    assert_eq!(columns(&table), ["a", "b", "m", "ts", "c"]);
    assert!(table.watermark.is_some() && table.primary_key.is_some());
    assert_eq!(table.partition_keys, ["a"]);
    let options: Vec<_> = table.options.iter().map(|(key, value)| format!("{key}={}", value.text)).collect();
    assert_eq!(options, ["x=1", "y=3"]);
}

#[test]
fn like_excludes_and_overwrites_what_it_is_told_to() {
    let catalog = with(&format!(
        "{BASE} CREATE TABLE t (b AS a + 2, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('z' = '9')
         LIKE base (EXCLUDING ALL OVERWRITING GENERATED OVERWRITING WATERMARKS);"
    ));
    let table = table(&catalog, "t");
    assert_eq!(columns(&table), ["a", "b", "ts"]);
    assert!(table.primary_key.is_none() && table.partition_keys.is_empty());
    assert_eq!(table.watermark.as_ref().unwrap().expr.text, "ts - INTERVAL '1' SECOND");
    assert_eq!(table.options.iter().count(), 1);
}

#[test]
fn like_refuses_what_both_tables_have() {
    for text in [
        "CREATE TABLE t (a STRING) LIKE base",
        "CREATE TABLE t (b AS a) LIKE base",
        "CREATE TABLE t (WATERMARK FOR ts AS ts) LIKE base",
        "CREATE TABLE t (PRIMARY KEY (a) NOT ENFORCED) LIKE base",
        "CREATE TABLE t (c INT) WITH ('x' = '2') LIKE base (INCLUDING OPTIONS)",
    ] {
        let mut catalog = with(BASE);
        assert!(run(&mut catalog, text).is_err(), "{text}");
    }
}

#[test]
fn show_create_table_can_be_read_again() {
    let catalog = with(BASE);
    let text = show_create_table(&table(&catalog, "base"));
    let mut again = Catalog::default();
    run(&mut again, &text).unwrap();
    assert_eq!(show_create_table(&table(&again, "base")), text);
    assert!(
        text.contains("`m` STRING METADATA FROM 'k'") || text.contains("`m` VARCHAR(2147483647) METADATA FROM 'k'")
    );
}

#[test]
fn describe_prints_key_extras_and_watermark() {
    let catalog = with("CREATE TABLE t (a INT COMMENT 'the key', b AS a + 1, PRIMARY KEY (a) NOT ENFORCED);");
    let schema = Schema::new(vec![
        riverrun_core::Field::new("a", riverrun_core::TypeKind::Int.not_null()),
        riverrun_core::Field::new("b", riverrun_core::TypeKind::Int.nullable()),
    ]);
    let rows = describe(Some(&table(&catalog, "t")), &schema);
    let text: Vec<String> =
        rows.iter().map(|row| row.iter().map(|c| c.as_deref().unwrap_or("-")).collect::<Vec<_>>().join("|")).collect();
    assert_eq!(text, ["a|INT|FALSE|PRI(a)|-|-|the key", "b|INT|TRUE|-|AS `a` + 1|-|-"]);
}

#[test]
fn the_names_of_columns_are_quoted_in_expressions() {
    let catalog = with(
        "CREATE TABLE t (a INT, `b c` STRING, r ROW<x INT, y ARRAY<STRING>>, ts TIMESTAMP(3),
  c AS (a * 2
    + r.x) * `a`, d AS UPPER(`b c`) || 'a é' || r.y[a] || CAST(a AS STRING), e AS TIMESTAMPADD(DAY, a, ts),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);",
    );
    let text = show_create_table(&table(&catalog, "t"));
    for part in [
        "`c` AS (`a` * 2\n    + `r`.`x`) * `a`,\n",
        "`d` AS UPPER(`b c`) || 'a é' || `r`.`y`[`a`] || CAST(`a` AS STRING),\n",
        "`e` AS TIMESTAMPADD(DAY, `a`, `ts`),\n",
        "WATERMARK FOR `ts` AS `ts` - INTERVAL '5' SECOND\n",
    ] {
        assert!(text.contains(part), "{text}");
    }
}
