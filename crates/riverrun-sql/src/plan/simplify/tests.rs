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
        "SELECT c.id FROM visits AS c JOIN members AS u ON FALSE;",
        "SELECT id FROM visits ORDER BY k LIMIT 0;",
        "SELECT id FROM visits INTERSECT SELECT id FROM members WHERE FALSE;",
    ] {
        let text = explained(query);
        assert!(text.contains("Values") && !text.contains("Source"), "{query}\n{text}");
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
