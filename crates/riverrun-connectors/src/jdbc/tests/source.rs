use super::*;
use riverrun_state::RestoredState;

const NUMBERS: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT);
    WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10) INSERT INTO t SELECT i, 'w' || i FROM n";

fn numbers() -> Base {
    Base::new(NUMBERS, &[("id", TypeKind::Int), ("word", TypeKind::STRING)])
}

fn all(base: &Base, parallelism: usize) -> Result<Vec<(String, String)>> {
    let source = base.source()?;
    let mut rows = Vec::new();
    for worker in 0..parallelism {
        let mut reader = source.reader(source_context(worker, parallelism))?;
        rows.extend(read(base, reader.as_mut(), usize::MAX)?);
    }
    Ok(rows)
}

#[test]
fn a_table_is_read_to_its_end() {
    let base = numbers();
    let rows = all(&base, 1).unwrap();
    assert_eq!(rows.len(), 10);
    assert_eq!(rows[9], ("0".into(), r#"{"id":10,"word":"w10"}"#.into()));
}

#[test]
fn workers_share_a_scan_that_is_cut_by_a_column() {
    let partitioned = |low, high| {
        numbers()
            .with("scan.partition.column", "id")
            .with("scan.partition.num", "3")
            .with("scan.partition.lower-bound", low)
            .with("scan.partition.upper-bound", high)
    };
    let rows = all(&partitioned("1", "10"), 2).unwrap();
    let of = |split: &str| rows.iter().filter(|(of, _)| of == split).count();
    assert_eq!([of("0"), of("1"), of("2")], [4, 3, 3]);
    assert_eq!(all(&partitioned("3", "5"), 1).unwrap().len(), 3, "rows outside of the bounds are not read");
    assert_eq!(all(&partitioned("4", "4"), 1).unwrap().len(), 1, "there are no more parts than values");
}

#[test]
fn a_restored_scan_passes_over_what_was_read() {
    let base = numbers();
    let source = base.source().unwrap();
    let mut first = source.reader(source_context(0, 1)).unwrap();
    assert_eq!(read(&base, first.as_mut(), 3).unwrap().len(), 3);
    let union = first.snapshot().unwrap().union;
    let mut second = source.reader(source_context(0, 1)).unwrap();
    second.restore(RestoredState { union, ..RestoredState::default() }).unwrap();
    let rest = read(&base, second.as_mut(), usize::MAX).unwrap();
    assert_eq!(rest.len(), 7);
    assert_eq!(rest[0].1, r#"{"id":4,"word":"w4"}"#);
}

/// Locks the database for a second, from now on.
fn locked(base: &Base) -> std::thread::JoinHandle<()> {
    let other = base.connection();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1_200));
        other.execute_batch("COMMIT").unwrap();
    })
}

#[test]
fn a_file_that_others_have_locked_is_waited_for() {
    let base = numbers();
    let lock = locked(&base);
    let mut reader = base.source().unwrap().reader(source_context(0, 1)).unwrap();
    lock.join().unwrap();
    let lock = locked(&base);
    assert_eq!(read(&base, reader.as_mut(), usize::MAX).unwrap().len(), 10);
    lock.join().unwrap();
}

#[test]
fn values_of_every_type_are_read() {
    let base = Base::new(
        "CREATE TABLE t (b, i, d, m, s, x, day, tm, at, z);
         INSERT INTO t VALUES (1, 7, 2.5, '12.30', 'text', x'00ff', '2024-03-01', '10:11:12.5', '2024-03-01 10:00:00.25', '2024-03-01T10:00:00Z');
         INSERT INTO t VALUES ('true', '8', 3, 4.5, 9, NULL, 0, 1000, 1500, 1500);",
        &[
            ("b", TypeKind::Boolean),
            ("i", TypeKind::BigInt),
            ("d", TypeKind::Double),
            ("m", TypeKind::decimal(10, 2)),
            ("s", TypeKind::STRING),
            ("x", TypeKind::BYTES),
            ("day", TypeKind::Date),
            ("tm", TypeKind::Time(3)),
            ("at", TypeKind::timestamp(3)),
            ("z", TypeKind::timestamp_ltz(3)),
        ],
    );
    let rows: Vec<String> = all(&base, 1).unwrap().into_iter().map(|(_, row)| row).collect();
    assert_eq!(
        rows,
        [
            r#"{"b":true,"i":7,"d":2.5,"m":12.3,"s":"text","x":"AP8=","day":"2024-03-01","tm":"10:11:12.5","at":"2024-03-01 10:00:00.25","z":"2024-03-01 10:00:00Z"}"#,
            r#"{"b":true,"i":8,"d":3.0,"m":4.5,"s":"9","x":null,"day":"1970-01-01","tm":"00:00:01","at":"1970-01-01 00:00:01.5","z":"1970-01-01 00:00:01.5Z"}"#,
        ]
    );
}

#[test]
fn what_is_no_value_of_the_column_is_an_error_that_says_so() {
    let base = Base::new("CREATE TABLE t (id); INSERT INTO t VALUES ('seven')", &[("id", TypeKind::Int)]);
    let error = all(&base, 1).unwrap_err();
    assert_eq!(error.message(), r#"cannot read table 'ours': table 'ours': column `id`: expected INT, found "seven""#);
}

#[test]
fn a_table_or_column_that_is_not_there_is_an_error_at_the_start() {
    let base = Base::new("CREATE TABLE t (id, wort)", &[("id", TypeKind::Int), ("word", TypeKind::STRING)]);
    let error = all(&base, 1).unwrap_err();
    assert!(error.message().starts_with("the columns of table 'ours' are not those of table 't' of SQLite"), "{error}");
    assert_eq!(error.detail_text(), Some("no `word` in it: its columns are id, wort"));
    assert_eq!(error.hint_text(), Some("did you mean `wort`?"));
    let error = all(&numbers().with("table-name", "missing"), 1).unwrap_err();
    assert!(error.message().starts_with("there is no table 'missing' of SQLite database"), "{error}");
    let mut base = numbers();
    base.options.push(("url", "jdbc:sqlite:/no/such/file.db".into()));
    assert!(all(&base, 1).unwrap_err().message().starts_with("cannot open the SQLite database /no/such/file.db"));
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let error = numbers().with("scan.partition.column", "id").source().err().unwrap();
    assert_eq!(error.message(), "option 'scan.partition.num' is missing for table 'ours'");
    let error = Base::new(
        "CREATE TABLE t (m)",
        &[("m", TypeKind::Map(Box::new(TypeKind::Int.nullable()), Box::new(TypeKind::Int.nullable())))],
    );
    assert_eq!(error.source().err().unwrap().message(), "table 'ours': a database can't hold `m` MAP<INT, INT>");
}
