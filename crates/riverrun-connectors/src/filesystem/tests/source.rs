use super::*;
use riverrun_core::ErrorKind;
use riverrun_runtime::source::SourceOutput;
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::fs;
use std::io::Write;

fn id() -> [(&'static str, TypeKind); 1] {
    [("id", TypeKind::Int)]
}

fn lines(numbers: impl Iterator<Item = usize>) -> String {
    numbers.map(|n| format!("{{\"id\":{n}}}\n")).collect()
}

#[test]
fn a_folder_is_read_with_its_sub_folders_and_hidden_files_are_not() {
    let folder = tempfile::tempdir().expect("folder");
    let root = folder.path();
    for (path, n) in [("a.json", 1), ("sub/b.json", 2), ("_h.json", 3), (".h.json", 4), ("_sub/b.json", 5)] {
        fs::create_dir_all(root.join(path).parent().expect("parent")).expect("folder");
        fs::write(root.join(path), format!("{{\"id\":{n}}}")).expect("write");
    }
    assert_eq!(read_all(&table(&id(), root, "json"), 1).expect("read").texts(), [r#"{"id":1}"#, r#"{"id":2}"#]);
    let glob = root.join("**/b.json");
    assert_eq!(read_all(&table(&id(), &glob, "json"), 1).expect("read").texts(), [r#"{"id":2}"#]);
    let filtered = table(&id(), root, "json").with("source.path.regex-pattern", ".*/sub/.*");
    assert_eq!(read_all(&filtered, 2).expect("read").texts(), [r#"{"id":2}"#]);
    let url = table(&id(), Path::new(&format!("file://{}", root.join("a.json").display())), "json");
    assert_eq!(read_all(&url, 1).expect("read").texts(), [r#"{"id":1}"#]);
}

#[test]
fn folder_names_give_the_partition_columns() {
    let folder = tempfile::tempdir().expect("folder");
    for (path, line) in [
        ("k=a%20b%2Fc/n=1/x", "{\"id\":1}"),
        ("k=__DEFAULT_PARTITION__/n=2/x", "{\"id\":2,\"k\":\"inside\",\"n\":9}"),
        ("k=c/n=__DEFAULT_PARTITION__/x", "{\"id\":3}"),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs::write(path, line).expect("write");
    }
    let columns = [("id", TypeKind::Int), ("k", TypeKind::STRING), ("n", TypeKind::Int)];
    let table = table(&columns, folder.path(), "json").partitioned_by(&["k", "n"]);
    assert_eq!(
        read_all(&table, 1).expect("read").sorted(),
        [r#"{"id":1,"k":"a b/c","n":1}"#, r#"{"id":2,"k":null,"n":2}"#, r#"{"id":3,"k":"c","n":null}"#]
    );
    let projected = Table { projection: Some(vec![2]), ..table };
    assert_eq!(read_all(&projected, 1).expect("read").sorted(), [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":null}"#]);
}

#[test]
fn dates_and_times_come_back_from_folder_names() {
    let folder = tempfile::tempdir().expect("folder");
    for path in ["d=2024-02-29/ts=2024-02-29T12%3A00/x", "d=19782/ts=2024-02-29 12%3A00%3A00.5/x"] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs::write(path, "{\"id\":1}").expect("write");
    }
    let columns = [("id", TypeKind::Int), ("d", TypeKind::Date), ("ts", TypeKind::timestamp(3))];
    let table = table(&columns, folder.path(), "json").partitioned_by(&["d", "ts"]);
    assert_eq!(
        read_all(&table, 1).expect("read").sorted(),
        [
            r#"{"id":1,"d":"2024-02-29","ts":"2024-02-29 12:00:00"}"#,
            r#"{"id":1,"d":"2024-02-29","ts":"2024-02-29 12:00:00.5"}"#
        ]
    );
}

#[test]
fn metadata_columns_name_the_file() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.json");
    fs::write(&path, "{\"id\":1}\n").expect("write");
    let mut table = table(&id(), folder.path(), "json");
    table.metadata = vec![
        ("file.path".into(), TypeKind::STRING.not_null()),
        ("file.name".into(), TypeKind::Varchar(20).nullable()),
        ("file.size".into(), TypeKind::Int.nullable()),
    ];
    assert_eq!(
        read_all(&table, 1).expect("read").texts(),
        [format!(r#"{{"id":1,"file.path":"{}","file.name":"a.json","file.size":9}}"#, path.display())]
    );
    table.metadata = vec![("file.modification-time".into(), TypeKind::timestamp_ltz(3).not_null())];
    assert!(read_all(&table, 1).expect("read").texts()[0].ends_with("Z\"}"));
}

#[test]
fn ranges_at_every_size_hold_every_line_once() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.json");
    let mut text = lines(0..12);
    text.push('\n');
    text.push_str("{\"id\":1000000}\r\n{\"id\":7}");
    fs::write(&path, &text).expect("write");
    let whole = read_all(&table(&id(), &path, "json"), 1).expect("read");
    assert_eq!(whole.rows.len(), 14);
    for size in 1..=text.len() + 1 {
        let ranged = table(&id(), &path, "json").with("scan.split-size", &size.to_string());
        for parallelism in [1, 2, 3, text.len() / size, 1000] {
            let parallelism = parallelism.max(1);
            let seen = read_all(&ranged, parallelism).expect("read");
            assert_eq!(seen.texts(), whole.texts(), "ranges of {size} bytes, {parallelism} workers");
            assert_eq!(seen.opened.len(), text.len().div_ceil(size).min(parallelism));
        }
    }
}

#[test]
fn compressed_files_are_told_by_their_names_and_never_cut() {
    let folder = tempfile::tempdir().expect("folder");
    let mut gzip = flate2::write::GzEncoder::new(
        fs::File::create(folder.path().join("a.json.gz")).expect("file"),
        flate2::Compression::fast(),
    );
    gzip.write_all(lines(0..500).as_bytes()).expect("write");
    gzip.finish().expect("finish");
    fs::write(folder.path().join("b.json.zst"), zstd::encode_all(lines(500..900).as_bytes(), 0).expect("zstd"))
        .expect("write");
    let table = table(&id(), folder.path(), "json").with("scan.split-size", "10");
    let seen = read_all(&table, 2).expect("read");
    assert_eq!(seen.rows.len(), 900);
    assert_eq!(seen.opened.len(), 2);
    fs::write(folder.path().join("c.json.gz"), b"no gzip").expect("write");
    let error = read_all(&table, 1).expect_err("damaged");
    assert!(error.message().contains("c.json.gz") && error.hint_text().expect("hint").contains("damaged"), "{error:?}");
}

#[test]
fn csv_with_quotes_is_not_cut_and_its_newlines_stay() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.csv");
    fs::write(&path, "1,\"a\nb\"\n2,c\n").expect("write");
    let columns = [("id", TypeKind::Int), ("s", TypeKind::STRING)];
    let seen = read_all(&table(&columns, &path, "csv").with("scan.split-size", "3"), 2).expect("read");
    assert_eq!(seen.texts(), [r#"{"id":1,"s":"a\nb"}"#, r#"{"id":2,"s":"c"}"#]);
}

#[test]
#[cfg(feature = "parquet")]
fn parquet_files_are_read_in_batches() {
    let folder = tempfile::tempdir().expect("folder");
    let sink = table(&id(), folder.path(), "parquet");
    super::sink::write(&sink, &["{\"id\":1}", "{\"id\":2}", "{\"id\":3}"]);
    let mut source = table(&[("id", TypeKind::BigInt)], folder.path(), "parquet");
    source.batch_size = 2;
    assert_eq!(read_all(&source, 1).expect("read").texts(), [r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":3}"#]);
}

#[test]
fn one_parquet_file_is_shared_at_its_row_groups() {
    let file = |path: &str| super::super::location::FoundFile {
        path: path.into(),
        size: 0,
        modified: Millis(0),
        id: Default::default(),
        partition: Vec::new(),
    };
    let ranges = |most| -> Vec<(u64, Option<u64>)> {
        let splits = super::super::split::Split::row_ranges(file("f"), &[10, 20, 30, 35, 36], most);
        splits.iter().map(|split| (split.start, split.end)).collect()
    };
    assert_eq!(ranges(1), [(0, None)]);
    assert_eq!(ranges(2), [(0, Some(20)), (20, Some(36))]);
    assert_eq!(ranges(9), [(0, Some(10)), (10, Some(20)), (20, Some(30)), (30, Some(35)), (35, Some(36))]);
}

#[test]
fn a_broken_record_fails_the_job_with_its_place() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.json");
    fs::write(&path, "{\"id\":1}\n{\"id\":\n{\"id\":3}\n").expect("write");
    let error = read_all(&table(&id(), &path, "json"), 1).expect_err("broken");
    assert_eq!(
        error.message(),
        format!(
            "table t: broken record in {}, line 2, byte 9: not JSON: expected a value at byte 6, found the end of the record",
            path.display()
        )
    );
    assert_eq!(error.kind(), ErrorKind::Failure);
    assert!(error.hint_text().expect("hint").contains("on-error"));
}

#[test]
fn broken_records_are_skipped_or_sent_to_a_table_by_policy() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.json");
    fs::write(&path, b"{\"id\":1}\n{\"id\":\xff}\n{\"id\":3}\n").expect("write");
    let mut table = table(&id(), &path, "json");
    for (policy, dead, skipped) in [(OnError::Skip, 0, 1), (OnError::Table("dead".into()), 1, 0)] {
        table.on_error = policy;
        let worker = Worker::new();
        let mut reader = table.source().expect("source").reader(worker.source(0, 1)).expect("reader");
        let mut seen = Seen::default();
        while poll(reader.as_mut(), &mut seen).expect("poll") != SourceState::Finished {}
        assert_eq!(seen.texts(), [r#"{"id":1}"#, r#"{"id":3}"#]);
        assert_eq!((worker.metrics.dead.get(), worker.metrics.skipped.get()), (dead, skipped));
        let letter = format!(
            r#":"eyJpZCI6/30=","reason":"invalid UTF-8 at byte 6","source":"t","split":"{}","offset":9,"seen_at":"1970-01-01 00:00:01Z"}}"#,
            path.display()
        );
        assert_eq!(seen.rejected.len() as u64, dead);
        assert!(seen.rejected.iter().all(|found| found.ends_with(&letter)), "{:?}", seen.rejected);
    }
}

#[test]
fn records_that_are_too_long_are_broken_and_passed_over() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.json");
    let columns = [("s", TypeKind::STRING)];
    for length in [11, 100, 600_000] {
        let long = "x".repeat(length);
        fs::write(&path, format!("{{\"s\":\"a\"}}\n{{\"s\":\"{long}\"}}\n{{\"s\":\"b\"}}\n{{\"s\":\"{long}\"}}"))
            .expect("write");
        let mut table = table(&columns, &path, "json").with("scan.max-record-size", "10");
        table.on_error = OnError::Table("dead".into());
        let seen = read_all(&table, 1).expect("read");
        assert_eq!(seen.texts(), [r#"{"s":"a"}"#, r#"{"s":"b"}"#]);
        assert_eq!(seen.rejected.len(), 2);
        assert!(seen.rejected[0].contains("longer than 10 bytes (scan.max-record-size)"), "{}", seen.rejected[0]);
        assert!(seen.rejected[0].len() < 2_000);
    }
}

#[test]
fn lines_longer_than_a_chunk_are_read_whole() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.txt");
    let long = "y".repeat(900_000);
    fs::write(&path, format!("{long}\nshort\n{long}")).expect("write");
    let seen = read_all(&table(&[("s", TypeKind::STRING)], &path, "raw"), 1).expect("read");
    let lengths: Vec<usize> = seen.texts().iter().map(|row| row.len() - "{\"s\":\"\"}".len()).collect();
    assert_eq!(lengths, [900_000, 5, 900_000]);
}

#[test]
fn a_missing_path_is_found_at_planning_with_the_nearest_name() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("orders.json"), "").expect("write");
    let path = folder.path().join("order.json");
    let error = table(&id(), &path, "json").source().err().expect("missing");
    assert_eq!(error.message(), format!("table t: there is no file or folder {}", path.display()));
    assert_eq!(error.hint_text(), Some(&*format!("did you mean {}?", folder.path().join("orders.json").display())));
    assert_eq!(error.exit_code(), 2);
    let glob = folder.path().join("*.csv");
    let error = table(&id(), &glob, "json").source().err().expect("missing");
    assert_eq!(error.message(), format!("table t: no file matches {}", glob.display()));
    let error = table(&id(), Path::new("s3://bucket/x"), "json").source().err().expect("remote");
    assert_eq!(error.message(), "path 's3://bucket/x': the file system 's3' is not supported yet");
    let error = table(&id(), folder.path(), "jsno").source().err().expect("format");
    assert_eq!(error.message(), "there is no format 'jsno'");
    assert_eq!(error.hint_text(), Some("did you mean `json`?"));
}

/// Reads with `parallelism` workers for `polls` polls each, then leaves their parts.
fn read_some(
    table: &Table,
    restored: &[OperatorSnapshot],
    parallelism: usize,
    polls: usize,
    seen: &mut Seen,
) -> Vec<OperatorSnapshot> {
    let source = table.source().expect("source");
    let worker = Worker::new();
    let mut parts = Vec::new();
    for index in 0..parallelism {
        let mut reader = source.reader(worker.source(index, parallelism)).expect("reader");
        if !restored.is_empty() {
            let state = RestoredState::assign(restored, index, parallelism, 128).expect("state");
            reader.restore(state).expect("restore");
        }
        for _ in 0..polls {
            if poll(reader.as_mut(), seen).expect("poll") == SourceState::Finished {
                break;
            }
        }
        parts.push(reader.snapshot().expect("snapshot"));
    }
    parts
}

#[test]
fn a_snapshot_after_any_step_is_restored_at_any_parallelism() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("a.json"), lines(0..40)).expect("write");
    fs::write(folder.path().join("b.json"), lines(40..47)).expect("write");
    let mut gzip = flate2::write::GzEncoder::new(
        fs::File::create(folder.path().join("c.json.gz")).expect("file"),
        flate2::Compression::fast(),
    );
    gzip.write_all(lines(47..60).as_bytes()).expect("write");
    gzip.finish().expect("finish");
    let mut table = table(&id(), folder.path(), "json").with("scan.split-size", "100");
    table.batch_size = 4;
    let mut whole = read_all(&table, 1).expect("read").sorted();
    whole.sort();
    for before in [1, 2, 3] {
        for after in [1, 2, 3] {
            for polls in 0..18 {
                let mut seen = Seen::default();
                let parts = read_some(&table, &[], before, polls, &mut seen);
                // What appears later is not part of the run that is restored.
                let parts = read_some(&table, &parts, after, 2, &mut seen);
                read_some(&table, &parts, before, usize::MAX, &mut seen);
                assert_eq!(seen.sorted(), whole, "{before} workers, {polls} polls, then {after}");
            }
        }
    }
}

#[test]
#[cfg(feature = "parquet")]
fn a_parquet_file_goes_on_at_its_row_after_a_restore() {
    let folder = tempfile::tempdir().expect("folder");
    super::sink::write(&table(&id(), folder.path(), "parquet"), &["{\"id\":1}", "{\"id\":2}", "{\"id\":3}"]);
    let mut source = table(&id(), folder.path(), "parquet");
    source.batch_size = 2;
    let mut seen = Seen::default();
    let parts = read_some(&source, &[], 1, 1, &mut seen);
    assert_eq!(seen.rows.len(), 2);
    read_some(&source, &parts, 2, 10, &mut seen);
    assert_eq!(seen.texts(), [r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":3}"#]);
}

#[test]
fn a_file_that_is_gone_after_a_restore_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("a.json"), lines(0..10)).expect("write");
    let mut table = table(&id(), folder.path(), "json");
    table.batch_size = 2;
    let parts = read_some(&table, &[], 1, 2, &mut Seen::default());
    fs::remove_file(folder.path().join("a.json")).expect("remove");
    let worker = Worker::new();
    let mut reader = table.source().expect("source").reader(worker.source(0, 1)).expect("reader");
    let error = reader.restore(RestoredState::assign(&parts, 0, 1, 128).expect("state")).expect_err("gone");
    assert!(error.message().contains("a.json is gone"), "{error}");
}

#[test]
fn a_file_that_is_shorter_after_a_restore_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.json");
    fs::write(&path, lines(0..10)).expect("write");
    let mut table = table(&id(), folder.path(), "json");
    table.batch_size = 2;
    let parts = read_some(&table, &[], 1, 2, &mut Seen::default());
    fs::write(&path, "{}\n").expect("cut");
    let worker = Worker::new();
    let mut reader = table.source().expect("source").reader(worker.source(0, 1)).expect("reader");
    let restored = reader.restore(RestoredState::assign(&parts, 0, 1, 128).expect("state"));
    let error = restored.and_then(|()| reader.poll(&mut SourceOutput::default()).map(drop)).expect_err("shorter");
    assert_eq!(error.message(), format!("'{}' is shorter than it was", path.display()));
    let detail = error.detail_text().unwrap_or_default();
    assert!(detail.ends_with("bytes of it were read before the checkpoint, and it has 3"), "{detail}");
    assert_eq!(error.hint_text(), Some("put the file back as it was, or start with another --state-dir"));
}

#[test]
fn new_files_are_found_while_the_folder_is_watched() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("a.json"), lines(0..2)).expect("write");
    let table = table(&id(), folder.path(), "json").with("source.monitor-interval", "10 s");
    let source = table.source().expect("source");
    assert!(!source.bounded());
    let workers = [Worker::new(), Worker::new()];
    let mut readers: Vec<_> =
        workers.iter().enumerate().map(|(n, worker)| source.reader(worker.source(n, 2)).expect("reader")).collect();
    let mut seen = Seen::default();
    let mut drain = |seen: &mut Seen| {
        for reader in &mut readers {
            while poll(reader.as_mut(), seen).expect("poll") == SourceState::Ready {}
        }
    };
    drain(&mut seen);
    assert_eq!(seen.rows.len(), 2);
    for n in 1..10 {
        fs::write(folder.path().join(format!("b{n}.json")), lines(n * 10..n * 10 + 1)).expect("write");
    }
    drain(&mut seen);
    assert_eq!(seen.rows.len(), 2, "it is not time yet");
    workers.iter().for_each(|worker| worker.clock.set(Millis(12_000)));
    drain(&mut seen);
    assert_eq!(seen.rows.len(), 11);
    assert_eq!(seen.finished.len(), 10);
    // After a restore what has been read stays read.
    let parts: Vec<_> = readers.iter_mut().map(|reader| reader.snapshot().expect("snapshot")).collect();
    fs::write(folder.path().join("c.json"), lines(100..101)).expect("write");
    let mut again = Seen::default();
    read_some(&table, &parts, 3, 20, &mut again);
    assert_eq!(again.texts(), [r#"{"id":100}"#]);
}

#[test]
fn a_glob_passes_over_hidden_names_it_does_not_ask_for() {
    let folder = tempfile::tempdir().expect("folder");
    let root = folder.path();
    let files = [("a.json", 1), (".part-1.json.inprogress", 2), ("_b.json", 3), ("d/c.json", 4), (".d/c.json", 5)];
    for (path, n) in files.into_iter().chain([("_d/c.json", 6), ("d/.x/c.json", 7), ("d/y/c.json", 8)]) {
        fs::create_dir_all(root.join(path).parent().expect("parent")).expect("folder");
        fs::write(root.join(path), format!("{{\"id\":{n}}}")).expect("write");
    }
    for (glob, expected) in [
        ("*", &[1, 4, 8][..]),
        ("*.json", &[1]),
        ("./*.json*", &[1]),
        ("*/c.json", &[4]),
        ("**/c.json", &[4, 8]),
        ("**/*", &[1, 4, 8]),
        // What is asked for is read.
        ("_*", &[3, 6]),
        (".part*", &[2]),
        (".d/*", &[5]),
        ("_*/*.json", &[6]),
        ("**/.x/*", &[7]),
        ("[a_]*.json", &[1]),
    ] {
        let read = read_all(&table(&id(), &root.join(glob), "json"), 1).expect("read").sorted();
        let expected: Vec<String> = expected.iter().map(|n| format!("{{\"id\":{n}}}")).collect();
        assert_eq!(read, expected, "{glob}");
    }
    let error = table(&id(), &root.join("*.inprogress"), "json").source().err().expect("nothing");
    assert_eq!(error.message(), format!("table t: no file matches {}/*.inprogress", root.display()));
    assert_eq!(
        error.hint_text(),
        Some("names that begin with . or _ are passed over: write that character in the glob to read them")
    );
}

#[test]
fn records_of_no_length_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let table = table(&id(), folder.path(), "json").with("scan.max-record-size", "0");
    let error = table.source().err().expect("refused");
    assert_eq!(error.message(), "scan.max-record-size must be more than 0: every record would be broken");
}
