use super::*;
use crate::{Script, Session};
use riverrun_connectors::delivery::Guarantee;
#[cfg(feature = "kafka")]
use riverrun_connectors::scratch::set;

fn surveyed(sql: &str) -> riverrun_core::Result<Survey> {
    survey(Session::default(), &Script::from_text("test.sql", sql))
}

const NUMBERS: &str = "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '10');
    CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '/nowhere/files', 'format' = 'json');
    CREATE TABLE shown (id BIGINT) WITH ('connector' = 'print');";

#[test]
fn a_survey_knows_which_tables_are_written_and_which_can_be_compared() {
    let found = surveyed(&format!(
        "{NUMBERS} INSERT INTO files SELECT id FROM numbers; INSERT INTO shown SELECT id FROM numbers;
         INSERT INTO files SELECT id + 1 FROM numbers; SELECT * FROM numbers;"
    ))
    .unwrap();
    let tables: Vec<_> =
        found.written.iter().map(|table| (table.name.as_str(), table.connector(), table.is_comparable())).collect();
    assert_eq!(tables, [("files", "filesystem", true), ("shown", "print", false)]);
    assert_eq!(found.written[0].guarantee(), Guarantee::ExactlyOnce);
    assert_eq!(found.queries, 1);
}

#[test]
fn what_can_not_be_rehearsed_is_refused() {
    let refused = |sql: &str| {
        let error = surveyed(&format!("{NUMBERS}{sql}")).unwrap_err();
        (error.message().to_owned(), error.hint_text().unwrap_or_default().to_owned())
    };
    for (sql, message, hint) in [
        (
            "SELECT * FROM numbers;",
            "the file has no INSERT, so there is no output to compare",
            "write the rows of its queries to a table: INSERT INTO … SELECT …",
        ),
        (
            "CREATE TABLE ever (id BIGINT) WITH ('connector' = 'datagen'); INSERT INTO files SELECT id FROM ever;",
            "the pipeline never ends: table 'ever' is unbounded",
            "say how many rows it gives: 'number-of-rows' = '100000'",
        ),
        (
            "INSERT INTO files /*+ OPTIONS('path' = '/mine') */ SELECT id FROM numbers;",
            "an INSERT with OPTIONS of its own can't be led to a scratch place",
            "put the options into CREATE TABLE",
        ),
        (
            "INSERT INTO files SELECT id FROM numbers; DROP TABLE files;",
            "table 'files' is written, and later dropped",
            "leave the DROP out, so that the table can be read back",
        ),
    ] {
        assert_eq!(refused(sql), (message.to_owned(), hint.to_owned()));
    }
}

#[test]
fn a_table_that_is_read_and_written_is_refused_where_its_rows_would_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), "{\"id\": 1}\n").unwrap();
    let sql = format!(
        "CREATE TABLE counted (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'json');
         INSERT INTO counted SELECT id + 1 FROM counted;",
        folder.path().display()
    );
    assert_eq!(surveyed(&sql).unwrap_err().message(), "table 'counted' is both read and written");
}

#[test]
fn overrides_lead_a_table_elsewhere_and_only_that_one() {
    let found = surveyed(&format!("{NUMBERS} INSERT INTO files SELECT id FROM numbers;")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let places = ScratchPlaces::make(&found.written, folder.path(), "scratch").unwrap();
    let mut session = found.session.copy();
    places.overrides(&found.read).apply(&mut session).unwrap();
    let catalog = session.catalog;
    let path = |name: &str| {
        let objects = catalog.objects(catalog.current_catalog(), catalog.current_database());
        let mut tables = objects.filter_map(|object| match object {
            riverrun_sql::catalog::Object::Table(table) if table.path.name == name => Some(table.clone()),
            _ => None,
        });
        tables.next().unwrap().options.given("path").map(|path| path.text.clone())
    };
    assert_eq!(path("files"), Some(folder.path().join("scratch_0").display().to_string()));
    assert_eq!(path("numbers"), None);
}

#[test]
fn overrides_take_the_places_of_checkpoints_and_state_out_of_a_session() {
    let mut session = Session::default();
    let places = ["execution.checkpointing.dir", "state.checkpoints.dir", "state.backend.rocksdb.localdir"];
    places.into_iter().chain(["pipeline.name"]).for_each(|key| drop(session.set(key, "mine").unwrap()));
    TableOverrides::default().apply(&mut session).unwrap();
    let given = |key: &str| session.config.options().given(key).is_some();
    assert!(!places.into_iter().any(given) && given("pipeline.name"));
}

#[cfg(feature = "kafka")]
#[test]
fn the_offsets_of_a_group_are_left_alone() {
    let options =
        "'properties.bootstrap.servers' = 'nowhere:1', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json'";
    let found = surveyed(&format!(
        "{NUMBERS} CREATE TABLE topic (id BIGINT) WITH ('connector' = 'kafka', 'topic' = 't', 'properties.group.id' = 'g', {options});
         INSERT INTO files SELECT id FROM topic UNION ALL SELECT id FROM numbers;"
    ))
    .unwrap();
    assert_eq!(found.read, [("topic".to_owned(), vec![set("scan.commit-offsets", "false")])].into());
}

fn output(rows: &[(&str, i64)]) -> Output {
    Output { rows: rows.iter().map(|(row, count)| ((*row).to_owned(), *count)).collect() }
}

#[test]
fn exactly_once_means_the_same_rows_as_often() {
    let compared =
        compare(&output(&[("[1]", 1), ("[2]", 2)]), &output(&[("[2]", 3), ("[3]", 1)]), Guarantee::ExactlyOnce, false);
    assert!(!compared.agrees());
    assert_eq!((compared.expected, compared.found, compared.missing, compared.extra), (3, 4, 1, 2));
    assert_eq!((compared.first_missing, compared.first_extra), (vec!["[1]".into()], vec!["[2]".into(), "[3]".into()]));
}

#[test]
fn at_least_once_may_repeat_and_not_lose_and_none_may_do_both() {
    let expected = output(&[("[1]", 1), ("[2]", 1)]);
    let (more, less) = (output(&[("[1]", 1), ("[2]", 2)]), output(&[("[2]", 2)]));
    let repeated = compare(&expected, &more, Guarantee::AtLeastOnce, false);
    assert!(repeated.agrees() && repeated.repeated == 1);
    assert!(!compare(&expected, &more, Guarantee::AtLeastOnce, true).agrees(), "a key's row stands once");
    assert!(!compare(&expected, &less, Guarantee::AtLeastOnce, false).agrees());
    let lost = compare(&expected, &less, Guarantee::None, false);
    assert!(lost.agrees() && lost.lost == 1 && lost.repeated == 1);
    let foreign = compare(&expected, &output(&[("[9]", 1)]), Guarantee::None, false);
    assert!(!foreign.agrees(), "no guarantee allows rows that nobody wrote");
}
