use super::*;
use crate::catalog::Catalog;
use crate::parse::{Variables, parse};

struct Session {
    catalog: Catalog,
    config: SessionConfig,
}

impl Session {
    fn new() -> Self {
        Session { catalog: Catalog::default(), config: SessionConfig::default() }
    }

    fn run(&mut self, text: &str) -> Result<Outcome> {
        let mut last = Outcome::default();
        for statement in parse(text, &Variables::new())? {
            let no_types = |_: &Catalog, _: &crate::catalog::Object| Ok(riverrun_core::Schema::default());
            last = execute_ddl(&statement, &mut self.catalog, &mut self.config, &no_types)?;
        }
        Ok(last)
    }

    fn cells(&mut self, text: &str) -> Vec<String> {
        let rows = self.run(text).unwrap().rows.unwrap().rows;
        rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join("|")).collect()
    }
}

#[test]
fn set_shows_and_resets() {
    let mut session = Session::new();
    session.run("SET 'table.dml-sync' = 'true'; SET 'table.local-time-zone' = 'Europe/Berlin';").unwrap();
    assert!(session.config.dml_sync());
    assert_eq!(session.config.time_zone(), chrono_tz::Europe::Berlin);
    assert_eq!(session.cells("SET"), ["table.dml-sync|true", "table.local-time-zone|Europe/Berlin"]);
    session.run("RESET 'table.dml-sync'").unwrap();
    assert!(!session.config.dml_sync());
    session.run("RESET").unwrap();
    assert_eq!(session.cells("SET"), [""; 0]);
}

#[test]
fn unknown_options_are_refused_or_noted() {
    let mut session = Session::new();
    let error = session.run("SET 'table.dml-snyc' = 'true'").unwrap_err();
    assert_eq!(error.hint_text(), Some("did you mean `table.dml-sync`?"));
    assert_eq!(error.place().map(|place| (place.column, place.length)), Some((5, 16)));
    assert!(session.run("SET 'colour' = 'red'").is_err());
    let notes = session.run("SET 'taskmanager.memory.process.size' = '1 gb'").unwrap().notes;
    assert_eq!(notes, ["the option 'taskmanager.memory.process.size' has no effect here"]);
}

#[test]
fn jars_are_noted() {
    let mut session = Session::new();
    let notes = session.run("ADD JAR '/opt/flink-connector-kafka.jar';").unwrap().notes;
    let why = "connectors and formats are built in, and there is no Java";
    assert_eq!(notes, [format!("ADD JAR '/opt/flink-connector-kafka.jar' has no effect here: {why}")]);
    let notes = session.run("REMOVE JAR 'a.jar'").unwrap().notes;
    assert_eq!(notes, ["REMOVE JAR 'a.jar' has no effect here: no JAR is ever loaded"]);
    let error = session.run("ADD JAR a").unwrap_err();
    assert!(error.message().contains("a path in quotes"), "{}", error.message());
}

#[test]
fn options_of_flink_that_are_near_to_ours_are_noted() {
    let mut session = Session::new();
    for option in [
        "execution.checkpointing.unaligned",
        "execution.checkpointing.unaligned.enabled",
        "execution.checkpointing.max-concurrent-checkpoints",
        "execution.checkpointing.incremental",
        "execution.checkpointing.savepoint-dir",
        "state.savepoints.dir",
        "pipeline.jars",
        "table.exec.sink.nested-constraint-enforcer",
        "state.backend.rocksdb.thread.num",
        "high-availability",
        "resourcemanager.taskmanager-timeout",
        "slotmanager.number-of-slots.max",
        "fs.s3a.access.key",
        "metrics.reporter.prom.port",
    ] {
        let notes = session.run(&format!("SET '{option}' = '1'")).unwrap().notes;
        assert_eq!(notes, [format!("the option '{option}' has no effect here")]);
        session.run(&format!("RESET '{option}'")).unwrap();
    }
    let notes = session.run("SET 'restart-strategy' = 'none'").unwrap().notes;
    assert_eq!(notes, ["the option 'restart-strategy' has no effect here; 'restart-strategy.type' has"]);
    let error = session.run("SET 'execution.checkpointing.unalignd' = 'true'").unwrap_err();
    assert_eq!(error.hint_text(), Some("did you mean `execution.checkpointing.unaligned`?"));
}

#[test]
fn the_names_of_flinks_options_are_sorted_and_none_of_them_is_ours() {
    let names: Vec<_> = include_str!("flink_options.txt").lines().collect();
    assert!(names.is_sorted(), "sort session/flink_options.txt");
    let ours: Vec<_> = names.iter().filter(|name| SESSION_OPTIONS.iter().any(|ours| ours.name == **name)).collect();
    assert!(ours.is_empty(), "they have an effect here: {ours:?}");
}

#[test]
fn reset_refuses_a_name_that_is_no_option() {
    let mut session = Session::new();
    let error = session.run("RESET 'table.dml-snyc'").unwrap_err();
    assert_eq!(error.message(), "there is no option 'table.dml-snyc'");
    assert_eq!(error.hint_text(), Some("did you mean `table.dml-sync`?"));
    assert_eq!(error.place().map(|place| (place.column, place.length)), Some((7, 16)));
    assert!(session.run("RESET 'nope'").is_err());
}

#[test]
fn wrong_values_are_refused() {
    let mut session = Session::new();
    for text in [
        "SET 'table.dml-sync' = 'maybe'",
        "SET 'table.local-time-zone' = 'Europe/Berln'",
        "SET 'pipeline.auto-watermark-interval' = 'soon'",
        "SET 'parallelism.default' = '0'",
        "SET 'execution.runtime-mode' = 'stream'",
    ] {
        let error = session.run(text).unwrap_err();
        assert!(error.place().is_some(), "{text}: {error:?}");
    }
}

#[test]
fn wrong_values_of_checkpoints_and_restarts_are_refused() {
    let mut session = Session::new();
    for (option, value, message) in [
        ("execution.checkpointing.timeout", "0 s", "it must be more than 0"),
        ("execution.checkpointing.num-retained", "0", "it goes from 1 to 1000000"),
        ("execution.checkpointing.tolerable-failed-checkpoints", "-1", "it goes from 0 to 2147483647"),
        ("execution.checkpointing.mode", "MOSTLY_ONCE", "EXACTLY_ONCE"),
        ("restart-strategy.type", "sometimes", "fixed-delay"),
        ("restart-strategy.fixed-delay.attempts", "-1", "it goes from 0 to 2147483647"),
        ("restart-strategy.exponential-delay.jitter-factor", "1.5", "it goes from 0 to 1"),
        ("restart-strategy.exponential-delay.backoff-multiplier", "0.5", "it goes from 1 to"),
        ("pipeline.max-parallelism", "40000", "it goes from 1 to 32768"),
    ] {
        let error = session.run(&format!("SET '{option}' = '{value}'")).unwrap_err();
        let told = format!("{} {:?} {:?}", error.message(), error.detail_text(), error.hint_text());
        assert!(told.contains(message) && told.contains(option), "{option}: {told}");
        assert!(error.place().is_some(), "{told}");
    }
    session
        .run("SET 'execution.checkpointing.interval' = '0 s'; SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE'")
        .unwrap();
    assert_eq!(session.config.checkpoint_interval(), None, "0 is off");
}

#[test]
fn object_stores_are_reached_by_options_whose_secret_is_not_shown() {
    let mut session = Session::new();
    session.run("SET 's3.access-key' = 'me'; SET 's3.secret-key' = 'hush'; SET 's3.endpoint' = 'http://host'").unwrap();
    assert_eq!(session.cells("SET"), ["s3.access-key|me", "s3.endpoint|http://host", "s3.secret-key|******"]);
    let options = session.config.store_options();
    assert_eq!(options.get(&riverrun_state::checkpoint::S3_SECRET_KEY), Some("hush"));
}

#[test]
fn show_lists_and_filters() {
    let mut session = Session::new();
    session
        .run(
            "CREATE TABLE orders (a INT); CREATE TABLE a_b (a INT); CREATE VIEW v AS SELECT 1; CREATE DATABASE d;
             CREATE TABLE d.other (a INT);",
        )
        .unwrap();
    assert_eq!(session.cells("SHOW TABLES"), ["a_b", "orders", "v"]);
    assert_eq!(session.cells("SHOW VIEWS"), ["v"]);
    assert_eq!(session.cells("SHOW TABLES FROM d"), ["other"]);
    assert_eq!(session.cells("SHOW TABLES LIKE 'o%'"), ["orders"]);
    assert_eq!(session.cells("SHOW TABLES LIKE 'a\\_b'"), ["a_b"]);
    assert_eq!(session.cells("SHOW TABLES NOT LIKE '%r%'"), ["a_b", "v"]);
    assert_eq!(session.cells("SHOW DATABASES"), ["d", "default_database"]);
    assert_eq!(session.cells("SHOW CURRENT CATALOG"), ["default_catalog"]);
    session.run("USE d").unwrap();
    assert_eq!(session.cells("SHOW CURRENT DATABASE"), ["d"]);
}

#[test]
fn a_database_that_holds_tables_goes_only_by_cascade() {
    let mut session = Session::new();
    session.run("CREATE DATABASE d; CREATE TABLE d.t (a INT);").unwrap();
    assert!(session.run("DROP DATABASE d").is_err());
    session.run("DROP DATABASE d CASCADE").unwrap();
    assert_eq!(session.cells("SHOW DATABASES"), ["default_database"]);
    assert!(session.run("DROP DATABASE default_database").is_err());
    session.run("DROP DATABASE IF EXISTS d").unwrap();
}

#[test]
fn offsets_are_time_zones() {
    assert_eq!(time_zone("GMT+02:00").map(|zone| zone.name()), Some("Etc/GMT-2"));
    assert_eq!(time_zone("UTC-5").map(|zone| zone.name()), Some("Etc/GMT+5"));
    assert_eq!(time_zone("UTC").map(|zone| zone.name()), Some("UTC"));
    assert_eq!(time_zone("Nowhere"), None);
}

#[test]
fn columns_that_a_star_leaves_out_are_named_by_strategy() {
    use star::ColumnExpansion;
    let both = "exclude_aliased_virtual_metadata_columns; EXCLUDE_DEFAULT_VIRTUAL_METADATA_COLUMNS";
    assert!(ColumnExpansion::parse(both).is_ok());
    assert_eq!(ColumnExpansion::parse("").unwrap(), ColumnExpansion::default());
    let mut session = SessionConfig::default();
    let refused = session.set_text("table.column-expansion-strategy", "EXCLUDE_ALL").unwrap_err();
    assert!(refused.message().contains("'EXCLUDE_ALL' is no value"), "{refused:?}");
}
