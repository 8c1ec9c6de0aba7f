use crate::plan::tests::plan;

fn modes(sql: &str) -> Vec<(&'static str, String)> {
    let plan = plan(sql).unwrap();
    plan.nodes.iter().map(|node| (node.kind.name(), super::changelog_mode(&plan, node))).collect()
}

#[test]
fn a_growing_input_never_empties_a_group_and_a_condition_may() {
    let modes = modes("SELECT * FROM (SELECT url, COUNT(*) AS n FROM clicks GROUP BY url) WHERE n < 10;");
    let of = |name: &str| modes.iter().rev().find(|(kind, _)| *kind == name).unwrap().1.clone();
    assert_eq!(of("Source"), "[I]");
    assert_eq!(of("GroupAggregate"), "[I,UB,UA]");
    assert_eq!(of("Calc"), "[I,UB,UA,D]");
    assert_eq!(of("Result"), "[I,UB,UA,D]");
}

#[test]
fn explain_shows_them_where_asked() {
    let plan = plan("SELECT url, COUNT(*) AS n FROM clicks GROUP BY url;").unwrap();
    assert!(
        plan.explain_changelog_mode().contains("aggregates=[COUNT(*)], changelogMode=[I,UB,UA])"),
        "{}",
        plan.explain_changelog_mode()
    );
    assert!(!plan.explain().contains("changelogMode"));
}
