use super::*;
use riverrun_core::Epoch;

const COLUMNS: &[(&str, TypeKind)] = &[("id", TypeKind::Int), ("word", TypeKind::STRING)];
const TABLE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT)";
const ROWS: &str = "SELECT id || ':' || word FROM t ORDER BY id";

#[test]
fn new_rows_are_appended() {
    let base = Base::new("CREATE TABLE t (id INTEGER, word TEXT)", COLUMNS);
    let mut sink = base.sink().unwrap().writer(sink_context()).unwrap();
    sink.write(base.rows(&[(1, r#"{"id": 1, "word": "a"}"#)])).unwrap();
    sink.write(base.rows(&[(1, r#"{"id": 1, "word": "b"}"#)])).unwrap();
    sink.finish().unwrap();
    assert!(settle(sink.as_mut()).unwrap());
    assert_eq!(base.found(ROWS), ["1:a", "1:b"]);
}

#[test]
fn changes_become_upserts_and_deletes_by_key() {
    let base = Base::new(TABLE, COLUMNS).keyed(&[0]);
    let mut sink = base.sink().unwrap().writer(sink_context()).unwrap();
    sink.write(base.rows(&[(1, r#"{"id": 1, "word": "a"}"#), (1, r#"{"id": 2, "word": "b"}"#)])).unwrap();
    sink.on_tick().unwrap();
    assert!(settle(sink.as_mut()).unwrap());
    assert_eq!(base.found(ROWS), ["1:a", "2:b"]);
    sink.write(base.rows(&[
        (-1, r#"{"id": 1, "word": "a"}"#),
        (1, r#"{"id": 1, "word": "c"}"#),
        (-1, r#"{"id": 2, "word": "b"}"#),
        (1, r#"{"id": 3, "word": null}"#),
    ]))
    .unwrap();
    sink.on_tick().unwrap();
    assert!(settle(sink.as_mut()).unwrap());
    assert_eq!(base.found("SELECT id || ':' || ifnull(word, 'NULL') FROM t ORDER BY id"), ["1:c", "3:NULL"]);
}

#[test]
fn values_of_every_type_come_back() {
    let columns = [
        ("b", TypeKind::Boolean),
        ("i", TypeKind::SmallInt),
        ("f", TypeKind::Float),
        ("d", TypeKind::Double),
        ("m", TypeKind::decimal(30, 10)),
        ("s", TypeKind::Varchar(10)),
        ("x", TypeKind::BYTES),
        ("day", TypeKind::Date),
        ("tm", TypeKind::Time(0)),
        ("at", TypeKind::timestamp(9)),
        ("z", TypeKind::timestamp_ltz(6)),
    ];
    let base = Base::new("CREATE TABLE t (b, i, f, d, m TEXT, s, x, day, tm, at, z)", &columns);
    let rows = [
        r#"{"b":false,"i":-3,"f":1.5,"d":"NaN","m":12345678901234567890.1234567891,"s":"ä","x":"AP8=","day":"1969-12-31","tm":"23:59:59","at":"2024-03-01 10:00:00.123456789","z":"2024-03-01 10:00:00.5Z"}"#,
        r#"{"b":null,"i":null,"f":null,"d":null,"m":null,"s":null,"x":null,"day":null,"tm":null,"at":null,"z":null}"#,
    ];
    let mut sink = base.sink().unwrap().writer(sink_context()).unwrap();
    sink.write(base.rows(&[(1, rows[0]), (1, rows[1])])).unwrap();
    sink.finish().unwrap();
    assert!(settle(sink.as_mut()).unwrap());
    let mut reader = base.source().unwrap().reader(source_context(0, 1)).unwrap();
    let back: Vec<String> = read(&base, reader.as_mut(), usize::MAX).unwrap().into_iter().map(|(_, row)| row).collect();
    assert_eq!(back, rows);
}

#[test]
fn a_locked_database_is_waited_for() {
    let base = Base::new(TABLE, COLUMNS).keyed(&[0]);
    let lock = base.connection();
    let mut sink = base.sink().unwrap().writer(sink_context()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    sink.write(base.rows(&[(1, r#"{"id": 1, "word": "a"}"#)])).unwrap();
    sink.on_tick().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(sink.poll().unwrap(), SinkState::Pending(None));
    lock.execute_batch("COMMIT").unwrap();
    assert!(settle(sink.as_mut()).unwrap());
    assert_eq!(base.found(ROWS), ["1:a"]);
}

#[test]
fn a_database_that_stays_locked_is_named_at_the_start() {
    let base = Base::new(TABLE, COLUMNS).keyed(&[0]);
    let lock = base.connection();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = base.sink().unwrap().writer(sink_context()).err().unwrap();
    let file = lock.path().unwrap();
    assert_eq!(error.message(), format!("SQLite database {file}: database is locked"));
    let hint = "another program keeps a transaction open in it, such as a shell after BEGIN: let it commit, or end it";
    assert_eq!(error.hint_text(), Some(hint));
}

#[test]
fn a_refused_row_fails_the_job_with_the_databases_words() {
    let base = Base::new("CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT CHECK (word <> 'b'))", COLUMNS).keyed(&[0]);
    let mut sink = base.sink().unwrap().writer(sink_context()).unwrap();
    sink.write(base.rows(&[(1, r#"{"id": 1, "word": "b"}"#)])).unwrap();
    sink.on_tick().unwrap();
    let error = settle(sink.as_mut()).unwrap_err();
    assert_eq!(error.message(), "cannot write table 'ours': SQLite: CHECK constraint failed: word <> 'b'");
}

#[test]
fn a_key_that_the_database_does_not_know_is_refused_at_the_start() {
    let base = Base::new("CREATE TABLE t (id INTEGER, word TEXT, UNIQUE (word))", COLUMNS).keyed(&[0]);
    let error = base.sink().unwrap().writer(sink_context()).err().unwrap();
    assert_eq!(error.message(), "table 'ours' has PRIMARY KEY (id), but the database does not know it");
    assert_eq!(error.hint_text(), Some("CREATE UNIQUE INDEX t_key ON t (id) in the database"));
    let base = Base::new("CREATE TABLE t (id INTEGER, word TEXT, UNIQUE (word))", COLUMNS).keyed(&[1]);
    base.sink().unwrap().writer(sink_context()).unwrap();
}

#[test]
fn a_column_there_that_needs_a_value_is_refused_at_the_start() {
    let base = Base::new("CREATE TABLE t (id INTEGER, word TEXT, need TEXT NOT NULL)", COLUMNS);
    let error = base.sink().unwrap().writer(sink_context()).err().unwrap();
    assert_eq!(error.detail_text(), Some("`need` there needs a value"));
}

/// The writer of a job with checkpoints, exactly once.
fn exactly_once(base: &Base, generation: u64) -> Box<dyn Sink<RowBatch>> {
    let job = JobIdentity { id: "job".into(), generation, checkpoints: true, rewind: false };
    base.sink().unwrap().writer(SinkContext { job, ..sink_context() }).unwrap()
}

fn base() -> Base {
    Base::new(TABLE, COLUMNS).keyed(&[0]).with("sink.delivery-guarantee", "exactly-once")
}

const TOKENS: &str = "SELECT lane || ':' || generation || ':' || epoch FROM riverrun_commits";

#[test]
fn rows_and_token_are_written_in_one_transaction() {
    let base = base();
    let mut sink = exactly_once(&base, 1);
    sink.write(base.rows(&[(1, r#"{"id": 1, "word": "a"}"#)])).unwrap();
    sink.on_tick().unwrap();
    let parts = sink.snapshot(Epoch(3)).unwrap().union;
    sink.on_epoch_complete(Epoch(3)).unwrap();
    assert!(settle(sink.as_mut()).unwrap());
    assert_eq!(base.found(ROWS), ["1:a"]);
    assert_eq!(base.found(TOKENS), ["0:1:3"]);
    drop(sink);
    // Someone changes the row; a restore of the same checkpoint does not write it again.
    base.connection().execute_batch("UPDATE t SET word = 'changed'").unwrap();
    let mut sink = exactly_once(&base, 2);
    sink.restore(riverrun_state::RestoredState { union: parts, ..Default::default() }).unwrap();
    assert!(settle(sink.as_mut()).unwrap());
    assert_eq!(base.found(ROWS), ["1:changed"]);
    assert_eq!(base.found(TOKENS), ["0:2:3"]);
}

#[test]
fn barriers_do_not_wait_for_a_locked_database() {
    let base = base();
    let lock = base.connection();
    let mut sink = exactly_once(&base, 1);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    for epoch in 0..5 {
        let row = format!(r#"{{"id": {epoch}, "word": "a"}}"#);
        sink.write(base.rows(&[(1, row.as_str())])).unwrap();
        sink.on_tick().unwrap();
        sink.snapshot(Epoch(epoch)).unwrap();
        sink.on_epoch_complete(Epoch(epoch)).unwrap();
        // What waits for the lock, which is held until all of them have come, is not this thread.
        assert_eq!(sink.poll().unwrap(), SinkState::Pending(None));
    }
    assert!(base.found(ROWS).is_empty());
    lock.execute_batch("COMMIT").unwrap();
    assert!(settle(sink.as_mut()).unwrap());
    assert_eq!(base.found(ROWS).len(), 5);
    assert_eq!(base.found(TOKENS), ["0:1:4"]);
}

#[test]
fn a_writer_of_an_earlier_start_is_refused() {
    let base = base();
    let mut old = exactly_once(&base, 1);
    assert!(settle(old.as_mut()).unwrap());
    let mut new = exactly_once(&base, 2);
    assert!(settle(new.as_mut()).unwrap());
    old.write(base.rows(&[(1, r#"{"id": 1, "word": "a"}"#)])).unwrap();
    old.snapshot(Epoch(0)).unwrap();
    old.on_epoch_complete(Epoch(0)).unwrap();
    let error = settle(old.as_mut()).unwrap_err();
    assert!(error.message().contains("a later start of the job has taken over lane 0"), "{error}");
    assert!(base.found(ROWS).is_empty());
}

#[test]
fn a_database_that_has_lost_commits_is_not_gone_on_with() {
    for (lost, says) in [
        ("UPDATE riverrun_commits SET epoch = 0", "epoch 1 was committed, it says epoch 0"),
        ("DELETE FROM riverrun_commits", "epoch 1 was committed, it says nothing"),
    ] {
        let base = base();
        let mut sink = exactly_once(&base, 1);
        let mut commit = |epoch: u32| {
            sink.write(base.rows(&[(1, &format!(r#"{{"id": {epoch}, "word": "a"}}"#))])).unwrap();
            sink.snapshot(Epoch(epoch)).unwrap();
            sink.on_epoch_complete(Epoch(epoch)).unwrap();
            settle(sink.as_mut())
        };
        assert!(commit(0).unwrap());
        assert!(commit(1).unwrap());
        base.connection().execute_batch(lost).unwrap();
        let error = commit(2).unwrap_err();
        assert_eq!(error.message(), format!("table 'ours' has lost its commit token: {says}"));
        assert_eq!(base.found(ROWS), ["0:a", "1:a"]);
    }
}

#[test]
fn exactly_once_needs_checkpoints() {
    let error = base().sink().unwrap().writer(sink_context()).err().unwrap();
    assert_eq!(error.message(), "table 'ours' is to be written exactly once, but the job has no checkpoints");
}
