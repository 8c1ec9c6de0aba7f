use super::*;

#[test]
fn an_error_shows_its_line_with_a_caret() {
    let text = "SELECT 1;\n\nSELECT a\nFROM\n\tWHERE x";
    assert_eq!(
        error(text),
        "error: expected a table's name, found the reserved word WHERE
 --> f.sql:5:2
  |
5 | \tWHERE x
  | \t^^^^^
  help: as a name, write it in back-quotes: `WHERE`
"
    );
}

#[test]
fn misspelt_words_name_the_nearest() {
    for (text, part) in [
        ("SELCT 1", "did you mean `SELECT`?"),
        ("CRAETE TABLE t (a INT)", "did you mean `CREATE`?"),
        ("CREATE TABEL t (a INT)", "did you mean `TABLE`?"),
        ("DROP VEIW v", "did you mean `VIEW`?"),
        ("SHOW TABLS", "did you mean `TABLES`?"),
        ("CREATE TABLE t (a STRNG)", "did you mean `STRING`?"),
    ] {
        assert!(error(text).contains(part), "{}", error(text));
    }
}

#[test]
fn misspelt_words_within_a_statement_are_found() {
    for (text, part) in [
        ("SELECT * FORM t", "`FORM` looks like FROM"),
        ("SELECT a FORM t", "`FORM` looks like FROM"),
        ("SELECT a FROM t WHER a > 1", "`WHER` looks like WHERE"),
        ("SELECT a FROM t GRUOP BY a", "`GRUOP` looks like GROUP"),
        ("INSERT INTO t SELCT 1", "`SELCT` looks like SELECT"),
        ("CREATE TABLE t (a INT) WTIH ('a' = 'b')", "`WTIH` looks like WITH"),
        ("CREATE TABLE t (a INT, WATERMAK FOR a AS a)", "`WATERMAK` looks like WATERMARK"),
        ("CREATE TABLE t (a INT, PRIMRY KEY (a) NOT ENFORCED)", "`PRIMRY` looks like PRIMARY"),
        ("CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCD)", "must be NOT ENFORCED"),
        ("EXECUTE STATEMNT SET BEGIN INSERT INTO t SELECT 1; END", "`STATEMNT` looks like STATEMENT"),
    ] {
        assert!(error(text).contains(part), "{}", error(text));
    }
}

#[test]
fn reserved_words_need_back_quotes() {
    for text in [
        "SELECT 1 AS value",
        "SELECT 1 AS `a`, value FROM t",
        "SELECT a FROM t AS result",
        "CREATE TABLE t (value INT)",
        "SELECT 1 value",
    ] {
        assert!(
            error(text).contains("back-quotes") || error(text).contains("expected an expression"),
            "{}",
            error(text)
        );
    }
    assert!(parse("SELECT 1 AS `value`, t.`value` FROM `result` AS t", &Variables::new()).is_ok());
}

#[test]
fn variables_are_replaced_and_places_stay() {
    let text = "SELECT '${NAME}' AS a, ${N}\n  + FROM";
    let variables =
        Variables::from([("NAME".to_owned(), "it's\nlong".to_owned()), ("N".to_owned(), "1 + 2".to_owned())]);
    let found = parse(text, &variables).unwrap_err();
    assert_eq!(found.place().map(|place| (place.line, place.column, place.length)), Some((2, 5, 4)));
    let statement = parse("SELECT '${NAME}'", &variables).unwrap().remove(0);
    assert_eq!(statement.text, "SELECT 'it''s\nlong'");
}

#[test]
fn an_undefined_variable_is_an_error_but_not_in_a_comment() {
    let found =
        parse("-- ${NOT_HERE}// ${NOT}\n/* ${NOR_HERE} */ SELECT\n  '${MISSING}'", &Variables::new()).unwrap_err();
    assert_eq!(found.message(), "the variable ${MISSING} is not defined");
    assert_eq!(found.hint_text(), Some("define it with --var MISSING=VALUE"));
    assert_eq!(found.place().map(|place| (place.line, place.column, place.length)), Some((3, 4, 10)));
}

#[test]
fn semicolons_in_strings_comments_and_names_end_nothing() {
    let text = "SELECT ';' -- ;\n, `a;b` /* ; */ FROM t; ;; SELECT 2";
    let statements = parse(text, &Variables::new()).unwrap();
    assert_eq!(statements.len(), 2);
    assert_eq!(statements[1].text, "SELECT 2");
    assert_eq!((statements[1].place.line, statements[1].place.column), (2, 28));
}

#[test]
fn two_slashes_begin_a_comment() {
    let text = "// It's ${NOT_HERE}; `and\nSELECT '// no', `a//b` /* // */ + 1 // -- /*\n, q//2;\n FROM t /*+ OPTIONS('path'='s3://b') */; // end";
    let statements = parse(text, &Variables::new()).unwrap();
    let [Statement { kind: StatementKind::Query(query), text, .. }] = statements.as_slice() else { panic!() };
    assert_eq!(query.ast.to_string(), "SELECT '// no', `a//b` + 1, q FROM t");
    assert!(text.starts_with("SELECT '// no'") && text.contains(" // -- /*\n"), "{text}");
    let ast::SetExpr::Select(select) = query.ast.body.as_ref() else { panic!() };
    let ast::TableFactor::Table { name, .. } = &select.from[0].relation else { panic!() };
    assert_eq!(query.hints.of_table(name).next().unwrap().options.given("path").unwrap().text, "s3://b");
    assert!(error("SELECT a // b\n FORM t").contains("--> f.sql:2:7\n"), "{}", error("SELECT a // b\n FORM t"));
}

#[test]
fn quotes_are_doubled_within_themselves() {
    assert_eq!(expr("'it''s'"), "'it''s'");
    assert_eq!(expr("`a``b`"), "`a``b`");
    assert!(error("SELECT 'abc").contains("has no closing quote"));
    assert!(error("SELECT `abc").contains("no closing back-quote"));
    assert!(error("SELECT 1 /* abc").contains("no closing */"));
    assert!(error("SELECT \"abc\"").contains("write 'abc' for a string, `abc` for a name"));
}

#[test]
fn options_know_their_places() {
    let StatementKind::CreateTable(table) = one("CREATE TABLE t (a INT) WITH (\n  'connector' = 'x'\n)") else {
        panic!()
    };
    let option = table.options.given("connector").unwrap();
    assert_eq!(option.key_place.map(|place| (place.line, place.column, place.length)), Some((2, 3, 11)));
    assert_eq!(option.value_place.map(|place| (place.line, place.column, place.length)), Some((2, 17, 3)));
    assert!(error("CREATE TABLE t (a INT) WITH ('a' = '1', 'a' = '2')").contains("given twice"));
}

#[test]
fn deep_nesting_is_refused_and_not_a_crash() {
    let text = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(error(&text).contains("nested too deeply"), "{}", &error(&text)[..200]);
}

#[test]
fn the_end_of_the_text_has_a_place() {
    let found = parse("SELECT a FROM", &Variables::new()).unwrap_err();
    assert_eq!(found.place().map(|place| (place.line, place.column)), Some((1, 14)));
    assert!(found.message().ends_with("found the end of the statement"), "{}", found.message());
}

#[test]
fn a_statement_is_complete_at_its_semicolon() {
    for text in [
        "SELECT 1;",
        "",
        "SELECT 1; -- done",
        "SELECT 1; // it's done",
        "SELECT a // that's it;\n;",
        "SELECT 'http://x';",
        "SELECT ';' ; SELECT 2;",
        "STATEMENT SET BEGIN INSERT INTO t SELECT 1; END;",
    ] {
        assert!(is_complete(text), "{text}");
    }
    for text in [
        "SELECT 1",
        "SELECT ';",
        "SELECT 1; /* ;",
        "SELECT 1 // ;",
        "SELECT 1; /* // */ 'x",
        "SELECT `a;",
        "BEGIN STATEMENT SET; INSERT INTO t SELECT 1;",
        "SELECT 1; SELECT",
    ] {
        assert!(!is_complete(text), "{text}");
    }
}

#[test]
fn places_of_a_growing_text_are_those_of_the_whole() {
    let found = parse_behind("SELECT\n  FROM t", &Variables::new(), 10).unwrap_err();
    assert_eq!(found.place().map(|place| (place.line, place.column)), Some((12, 3)));
    let statement =
        parse_behind("SELECT '${A}', b", &Variables::from([("A".into(), "x".into())]), 3).unwrap().remove(0);
    assert_eq!((statement.place.line, statement.text.as_str()), (4, "SELECT 'x', b"));
}

#[test]
fn hexadecimal_numbers_are_refused() {
    assert!(error("SELECT 0x10").contains("bytes are written x'10'"));
    assert_eq!(expr("x'10'"), "X'10'");
}
