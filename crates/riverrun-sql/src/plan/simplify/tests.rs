use crate::plan::tests::plan as plan_of;

const TABLES: &str = "CREATE TABLE visits (id INT, k STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen');
CREATE TABLE members (id INT, k STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'datagen');
";

fn explained(query: &str) -> String {
    plan_of(&format!("{TABLES}{query}")).unwrap().explain()
}

#[test]
fn what_gives_no_rows_is_not_read() {
    for query in [
        "SELECT k, COUNT(*) AS c FROM visits WHERE FALSE GROUP BY k;",
        "SELECT id FROM visits WHERE id = 1 AND id = 2;",
        "SELECT id FROM visits WHERE id <> id;",
        "SELECT k FROM members WHERE id IS NULL;",
        "SELECT k FROM (SELECT k, COUNT(*) AS n FROM visits GROUP BY k) WHERE n IS NULL;",
        "SELECT c.id FROM visits AS c JOIN members AS u ON FALSE;",
        "SELECT id FROM visits ORDER BY k LIMIT 0;",
        "SELECT id FROM visits INTERSECT SELECT id FROM members WHERE FALSE;",
    ] {
        let text = explained(query);
        assert!(text.contains("Values") && !text.contains("Source"), "{query}\n{text}");
    }
}

#[test]
fn comparisons_of_a_column_may_contradict_each_other() {
    for (condition, contradicts) in [
        ("id > 3 AND id < 2", true),
        ("id > 5 AND id <= 5", true),
        ("5 < id AND id < 5", true),
        ("id BETWEEN 5 AND 2", true),
        ("id IN (1, 2) AND id = 3", true),
        ("NOT id IN (1, 2) AND id = 1", true),
        ("id <> 5 AND id IN (5)", true),
        ("(id > 3 OR id < 1) AND id = 2", true),
        ("id > 1 AND NOT (id > 1)", true),
        ("id = 5 AND id IS NULL", true),
        ("k > 'c' AND k < 'b' AND id = 1", true),
        ("(id = 5 AND id = 6) OR (id > 3 AND id < 2)", true),
        ("id > 5 AND (id < 2 OR k = 'a') AND id < 4", true),
        // There is a value between 3 and 4, though it is no INT.
        ("id > 3 AND id < 4", false),
        ("id >= 5 AND id <= 5", false),
        ("id > 3 AND k < 'b'", false),
        ("id > 3 OR id < 2", false),
        ("id IS NULL AND k IS NOT NULL", false),
        ("CHAR_LENGTH(k) > 3 AND id < 2", false),
    ] {
        let text = explained(&format!("SELECT k, COUNT(*) AS n FROM visits WHERE {condition} GROUP BY k;"));
        assert_eq!(!text.contains("Source"), contradicts, "{condition}\n{text}");
    }
    let text = explained("SELECT id FROM visits WHERE TRUE OR id IN (SELECT id FROM members);");
    assert!(text.contains("append: ") && !text.contains("[members]"), "{text}");
}

#[test]
fn what_nobody_reads_of_a_join_is_not_joined() {
    let groups = "(SELECT k, MAX(id) AS m FROM members GROUP BY k)";
    for (query, unread) in [
        ("SELECT id FROM (SELECT id, (SELECT MAX(id) FROM members) AS m FROM visits);".to_owned(), true),
        (
            "SELECT id FROM (SELECT id, (SELECT MAX(id) FROM members AS u WHERE u.k = c.k) AS m FROM visits AS c);"
                .to_owned(),
            true,
        ),
        (
            "SELECT id FROM (SELECT id, EXISTS (SELECT 1 FROM members AS u WHERE u.k = c.k) AS m FROM visits AS c);"
                .to_owned(),
            true,
        ),
        ("SELECT c.id FROM visits AS c LEFT JOIN members AS u ON c.id = u.id;".to_owned(), true),
        (format!("SELECT c.id FROM visits AS c LEFT JOIN {groups} AS x ON c.k = x.k AND x.m > 2;"), true),
        (format!("SELECT c.id, x.m FROM visits AS c LEFT JOIN {groups} AS x ON c.k = x.k;"), false),
        (format!("SELECT c.id FROM visits AS c LEFT JOIN {groups} AS x ON c.id = x.m;"), false),
        (format!("SELECT c.id FROM visits AS c JOIN {groups} AS x ON c.k = x.k;"), false),
        ("SELECT c.id FROM visits AS c LEFT JOIN members AS u ON c.k = u.k;".to_owned(), false),
    ] {
        let text = explained(&query);
        assert_eq!(!text.contains("[members]"), unread, "{query}\n{text}");
        assert_eq!(!text.contains("retract"), unread, "{query}\n{text}");
    }
}

#[test]
fn rows_that_find_no_other_side_come_out_alone() {
    for query in [
        "SELECT c.id, u.k FROM visits AS c LEFT JOIN members AS u ON FALSE;",
        "SELECT c.id, u.k FROM visits AS c LEFT JOIN members AS u ON c.id = 1 AND c.id = 2;",
        "SELECT c.id, u.k FROM visits AS c FULL JOIN (SELECT * FROM members WHERE FALSE) AS u ON c.id = u.id;",
        "SELECT id FROM visits WHERE NOT EXISTS (SELECT 1 FROM members WHERE FALSE);",
        "SELECT id FROM visits UNION ALL SELECT id FROM members WHERE FALSE;",
        "SELECT id FROM visits EXCEPT ALL SELECT id FROM members WHERE FALSE;",
    ] {
        let text = explained(query);
        assert!(text.contains("append: ") && !text.contains("Join") && !text.contains("[members]"), "{query}\n{text}");
    }
    let text = explained("SELECT c.id, u.k FROM visits AS c FULL JOIN members AS u ON FALSE;");
    assert!(text.contains("RegularJoin"), "{text}");
}

#[test]
fn groups_of_one_row_are_those_rows() {
    for query in [
        "SELECT DISTINCT k, id FROM members;",
        "SELECT s, SUM(c) AS c FROM (SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE) AS s, COUNT(*) AS c FROM visits \
         GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)) GROUP BY s;",
    ] {
        let text = explained(query);
        assert!(!text.contains("GroupAggregate") && !text.contains("retract"), "{query}\n{text}");
    }
    for query in ["SELECT DISTINCT k FROM members;", "SELECT id, COUNT(*) AS c FROM members GROUP BY id;"] {
        assert!(explained(query).contains("GroupAggregate"), "{query}");
    }
}
