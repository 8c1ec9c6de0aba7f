use crate::plan::tests::plan as plan_of;

const VIEWS: &str = "CREATE TABLE visits (id INT NOT NULL, k STRING, n DOUBLE NOT NULL) WITH ('connector' = 'datagen');
CREATE VIEW built AS SELECT id, k, JSON_OBJECT('id' VALUE id) AS j FROM visits;
";

/// Whether the JSON around it nests `j`.
fn nests(query: &str) -> bool {
    plan_of(&format!("{VIEWS}{query}")).unwrap().explain().contains("FORMAT JSON(")
}

#[test]
fn json_is_nested_where_projections_are_merged() {
    for query in [
        "SELECT JSON_STRING(JSON_ARRAY(id)) FROM visits;",
        "SELECT JSON_ARRAY(j) FROM built;",
        "SELECT JSON_STRING(j) FROM built WHERE id > 3;",
        "SELECT JSON_ARRAY(CAST(j AS STRING)) FROM built;",
        "SELECT id FROM built WHERE JSON_ARRAY(j) = '[]';",
        "SELECT JSON_ARRAY(j) AS a, COUNT(*) AS c FROM built GROUP BY JSON_ARRAY(j);",
        "SELECT JSON_ARRAY(j) FROM (SELECT j FROM built UNION ALL SELECT JSON_ARRAY() FROM visits);",
        "SELECT JSON_ARRAY(JSON_ARRAY(COUNT(*))) FROM built;",
    ] {
        assert!(nests(query), "{query}");
    }
}

#[test]
fn json_is_a_text_behind_what_keeps_projections_apart() {
    for query in [
        "SELECT JSON_OBJECT(KEY j VALUE id) FROM built;",
        "SELECT JSON_ARRAY(UPPER(j)) FROM built;",
        "SELECT JSON_ARRAY(TRY_CAST(j AS STRING)) FROM built;",
        "SELECT JSON_ARRAY(CAST(j AS VARCHAR(90))) FROM built;",
        "SELECT JSON_ARRAY(JSON_QUERY(k, '$')) FROM built;",
        "SELECT JSON_ARRAY(j) FROM built AS a JOIN visits AS b ON a.id = b.id;",
        "SELECT JSON_ARRAY(j) FROM built WHERE id IN (SELECT CAST(n AS INT) FROM visits);",
        "SELECT JSON_ARRAY(j), COUNT(*) FROM built GROUP BY j;",
        "SELECT JSON_ARRAY(JSON_ARRAY(id)) FROM visits GROUP BY JSON_ARRAY(id);",
        "SELECT JSON_ARRAY(j) FROM (SELECT DISTINCT j FROM built);",
        "SELECT JSON_ARRAY(JSON_ARRAYAGG(id)) FROM visits;",
    ] {
        assert!(!nests(query), "{query}");
    }
}

#[test]
fn what_says_that_a_value_is_a_text_is_not_computed() {
    for query in [
        "SELECT IF(n > 1.0, k, 'none') AS a, IFNULL(k, 'none') AS b FROM visits;",
        "SELECT JSON_ARRAY(IF(n > 1.0, j, k)) FROM (SELECT *, JSON_OBJECT('k' VALUE k) AS j FROM visits);",
        "SELECT id FROM visits WHERE IFNULL(k, 'none') = 'none';",
        "SELECT IFNULL(k, 'none') AS a, MAX(IF(n > 1.0, k, 'none')) AS b FROM visits GROUP BY IFNULL(k, 'none');",
    ] {
        let plan = plan_of(&format!("{VIEWS}{query}")).unwrap().explain();
        assert!(!plan.contains("AS TEXT") && !plan.contains("FORMAT JSON"), "{query}\n{plan}");
    }
}
