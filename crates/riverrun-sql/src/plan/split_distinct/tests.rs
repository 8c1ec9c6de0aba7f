use crate::plan::tests::{kinds, plan};

const SPLIT: &str = "SET 'table.optimizer.distinct-agg.split.enabled' = 'true';";

fn explained(query: &str) -> (Vec<&'static str>, String) {
    let plan = plan(&format!("{SPLIT} {query}")).unwrap();
    let kinds = kinds(&plan).into_iter().filter(|kind| *kind != "Calc");
    (kinds.collect(), plan.explain())
}

#[test]
fn values_are_told_apart_before_they_are_aggregated() {
    let (kinds, text) = explained("SELECT url, COUNT(DISTINCT user_name) AS n FROM clicks GROUP BY url;");
    assert_eq!(kinds, ["Source", "GroupAggregate", "GroupAggregate", "Result"]);
    assert!(text.contains("GroupAggregate(group by=[url, user_name], phases=[two where it pays])"), "{text}");
    let result = "GroupAggregate(group by=[url], phases=[two where it pays], aggregates=[COUNT(DISTINCT user_name)])";
    assert!(text.contains(result), "{text}");
}

#[test]
fn other_calls_and_other_values_are_parts_of_their_own() {
    let (kinds, text) = explained(
        "SELECT url, COUNT(*) AS n, COUNT(DISTINCT user_name) AS users, COUNT(DISTINCT millis) AS times, SUM(DISTINCT millis) AS total
         FROM clicks GROUP BY url;",
    );
    let count = |wanted: &str| kinds.iter().filter(|kind| **kind == wanted).count();
    // The values of users, those of times (which the sum shares), and the result.
    assert_eq!((count("GroupAggregate"), count("Union")), (3, 1), "{text}");
    let (kinds, text) = explained(
        "SELECT COUNT(DISTINCT millis) AS n, COUNT(DISTINCT millis) FILTER (WHERE millis > 10) AS more FROM clicks;",
    );
    assert_eq!(kinds.iter().filter(|kind| **kind == "GroupAggregate").count(), 3, "{text}");
}

#[test]
fn what_depends_on_an_order_or_knows_zeros_apart_stays_one() {
    let count = |query: &str| explained(query).0.into_iter().filter(|kind| *kind == "GroupAggregate").count();
    for query in [
        "SELECT url, LISTAGG(DISTINCT user_name) AS n FROM clicks GROUP BY url;",
        "SELECT url, COUNT(DISTINCT user_name) AS n, LAST_VALUE(millis) AS l FROM clicks GROUP BY url;",
        "SELECT url, COUNT(DISTINCT CAST(millis AS DOUBLE)) AS n FROM clicks GROUP BY url;",
        "SELECT url, MAX(DISTINCT millis) AS n, COUNT(*) AS c FROM clicks GROUP BY url;",
    ] {
        assert_eq!(count(query), 1, "{query}");
    }
    let off = plan("SELECT url, COUNT(DISTINCT user_name) AS n FROM clicks GROUP BY url;").unwrap();
    assert_eq!(kinds(&off).into_iter().filter(|kind| *kind == "GroupAggregate").count(), 1);
}

#[test]
fn the_number_of_parts_is_a_positive_number() {
    let set = |value: &str| {
        plan(&format!("SET 'table.optimizer.distinct-agg.split.bucket-num' = '{value}'; SELECT url FROM clicks;"))
    };
    assert!(set("16").is_ok());
    assert_eq!(
        set("0").expect_err("refused").message(),
        "'0' is no value for option 'table.optimizer.distinct-agg.split.bucket-num': it goes from 1 to 2147483647"
    );
}
