use super::*;
use riverrun_core::{Epoch, Watermark};
use riverrun_formats::Decoder;
use riverrun_formats::json::JsonDecoder;
use riverrun_runtime::Sink;
use riverrun_state::RestoredState;
use std::fs::{self, File};
use std::path::PathBuf;

/// Rows given as JSON.
fn batch(table: &Table, rows: &[&str]) -> RowBatch {
    let spec = FormatSpec {
        schema: table.schema(),
        projection: (0..table.columns.len()).collect(),
        fields: Default::default(),
        metadata: vec![],
        options: Options::default(),
        time_zone: chrono_tz::UTC,
    };
    let mut decoder = JsonDecoder::new(&spec).expect("decoder");
    for row in rows {
        decoder.decode(row.as_bytes()).expect("row");
    }
    decoder.flush().expect("flush")
}

/// Ends as the driver ends a sink: a last epoch.
fn end(sink: &mut dyn Sink<RowBatch>) {
    sink.finish().expect("finish");
    sink.snapshot(Epoch(9)).expect("snapshot");
    sink.on_epoch_complete(Epoch(9)).expect("complete");
}

/// Writes rows with one worker to the end.
pub fn write(table: &Table, rows: &[&str]) {
    let mut sink = table.sink().expect("sink").writer(Worker::new().sink(0, 1)).expect("writer");
    sink.write(batch(table, rows)).expect("write");
    end(sink.as_mut());
}

/// All files below a folder, hidden ones too: path below it without the run's name, and content.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("below").display().to_string();
            let name = match name.find("part-") {
                Some(start) => {
                    let parts: Vec<&str> = name[start..].splitn(5, '-').collect();
                    format!("{}part-{}", &name[..start], parts[3..].join("-"))
                }
                None => name,
            };
            found.push((name, String::from_utf8_lossy(&fs::read(&path).expect("read")).into_owned()));
        }
    }
    found.sort();
    found
}

fn visible(folder: &Path) -> Vec<(String, String)> {
    files(folder).into_iter().filter(|(name, _)| !name.contains("/.") && !name.starts_with('.')).collect()
}

fn pair(name: &str, content: &str) -> (String, String) {
    (name.to_owned(), content.to_owned())
}

fn id() -> [(&'static str, TypeKind); 1] {
    [("id", TypeKind::Int)]
}

#[test]
fn a_file_appears_when_it_is_complete() {
    let folder = tempfile::tempdir().expect("folder");
    let root = folder.path().join("out");
    let table = table(&id(), &root, "json");
    let factory = table.sink().expect("sink");
    let worker = Worker::new();
    let mut sink = factory.writer(worker.sink(1, 2)).expect("writer");
    sink.write(batch(&table, &["{\"id\":1}"])).expect("write");
    sink.write(batch(&table, &["{\"id\":2}"])).expect("write");
    assert_eq!(visible(&root), []);
    end(sink.as_mut());
    assert_eq!(files(&root), [pair("part-1-0.json", "{\"id\":1}\n{\"id\":2}\n")]);
    assert_eq!(worker.metrics.bytes.get(), 18);
}

#[test]
fn partitions_are_folders_and_come_back() {
    let folder = tempfile::tempdir().expect("folder");
    let columns = [
        ("id", TypeKind::Int),
        ("k", TypeKind::STRING),
        ("d", TypeKind::Date),
        ("ts", TypeKind::timestamp(3)),
        ("b", TypeKind::Boolean),
    ];
    let table = table(&columns, folder.path(), "json").partitioned_by(&["k", "d", "ts", "b"]);
    let rows = [
        r#"{"id":1,"k":"a b/c=d%é:x","d":"2024-02-29","ts":"2024-02-29 12:00:00","b":true}"#,
        r#"{"id":2,"k":"a b/c=d%é:x","d":"2024-02-29","ts":"2024-02-29 12:00:00","b":true}"#,
        r#"{"id":3,"k":null,"d":null,"ts":"2024-02-29 12:00:00.5","b":false}"#,
    ];
    write(&table, &rows);
    assert_eq!(
        files(folder.path()),
        [
            pair(
                "k=__DEFAULT_PARTITION__/d=__DEFAULT_PARTITION__/ts=2024-02-29T12%3A00%3A00.5/b=false/part-0-1.json",
                "{\"id\":3}\n"
            ),
            pair(
                "k=a b%2Fc%3Dd%25é%3Ax/d=2024-02-29/ts=2024-02-29T12%3A00%3A00/b=true/part-0-0.json",
                "{\"id\":1}\n{\"id\":2}\n"
            ),
        ]
    );
    assert_eq!(read_all(&table, 1).expect("read").sorted(), rows);
}

#[test]
fn the_rows_of_a_batch_go_to_their_folders_in_order() {
    let folder = tempfile::tempdir().expect("folder");
    let columns = [("id", TypeKind::Int), ("k", TypeKind::STRING), ("f", TypeKind::Double)];
    let keys = [
        r#""a","f":0"#,
        r#""a","f":0"#,
        r#""b","f":0"#,
        r#""a","f":0"#,
        r#""","f":-0.0"#,
        r#"null,"f":-0.0"#,
        r#""b""#,
    ];
    let rows: Vec<String> = keys.iter().enumerate().map(|(id, keys)| format!(r#"{{"id":{id},"k":{keys}}}"#)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let parted = |format: &str| table(&columns, &folder.path().join(format), format).partitioned_by(&["k", "f"]);
    let csv = parted("csv");
    write(&csv, &rows);
    assert_eq!(
        files(&folder.path().join("csv")),
        [
            pair("k=__DEFAULT_PARTITION__/f=-0.0/part-0-2.csv", "4\n5\n"),
            pair("k=a/f=0.0/part-0-0.csv", "0\n1\n3\n"),
            pair("k=b/f=0.0/part-0-1.csv", "2\n"),
            pair("k=b/f=__DEFAULT_PARTITION__/part-0-3.csv", "6\n"),
        ]
    );
    let parquet = parted("parquet");
    write(&parquet, &rows);
    assert_eq!(read_all(&parquet, 1).expect("read").sorted(), read_all(&csv, 1).expect("read").sorted());
}

#[test]
fn files_are_rolled_by_size_and_by_age() {
    let folder = tempfile::tempdir().expect("folder");
    let table = table(&id(), folder.path(), "csv")
        .with("sink.rolling-policy.file-size", "4")
        .with("sink.rolling-policy.rollover-interval", "10 s")
        .with("sink.rolling-policy.check-interval", "1 s");
    let worker = Worker::new();
    let mut sink = table.sink().expect("sink").writer(worker.sink(0, 1)).expect("writer");
    sink.write(batch(&table, &["{\"id\":1}", "{\"id\":2}"])).expect("write");
    assert_eq!(visible(folder.path()), [pair("part-0-0.csv", "1\n2\n")]);
    sink.write(batch(&table, &["{\"id\":3}"])).expect("write");
    worker.clock.set(Millis(10_500));
    sink.poll().expect("poll");
    assert_eq!(visible(folder.path()).len(), 1);
    worker.clock.set(Millis(12_000));
    sink.poll().expect("poll");
    assert_eq!(visible(folder.path())[1..], [pair("part-0-1.csv", "3\n")]);
    end(sink.as_mut());
    assert_eq!(files(folder.path()).len(), 2);
}

#[test]
fn an_idle_sink_is_woken_to_roll_its_file() {
    let folder = tempfile::tempdir().expect("folder");
    let table = table(&id(), folder.path(), "json").with("sink.rolling-policy.check-interval", "5 ms");
    let worker = Worker::new();
    let mut sink = table.sink().expect("sink").writer(worker.sink(0, 1)).expect("writer");
    sink.write(batch(&table, &["{\"id\":1}"])).expect("write");
    let start = std::time::Instant::now();
    while worker.wakes.load(Ordering::SeqCst) == 0 && start.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    assert!(worker.wakes.load(Ordering::SeqCst) > 0);
}

#[test]
fn files_of_an_epoch_appear_when_it_is_complete() {
    let folder = tempfile::tempdir().expect("folder");
    let table = table(&id(), folder.path(), "json");
    let mut sink = table.sink().expect("sink").writer(Worker::new().sink(0, 1)).expect("writer");
    sink.write(batch(&table, &["{\"id\":1}"])).expect("write");
    sink.snapshot(Epoch(1)).expect("snapshot");
    sink.write(batch(&table, &["{\"id\":2}"])).expect("write");
    assert_eq!(visible(folder.path()), []);
    sink.on_epoch_complete(Epoch(1)).expect("complete");
    assert_eq!(visible(folder.path()), [pair("part-0-0.json", "{\"id\":1}\n")]);
    end(sink.as_mut());
    assert_eq!(visible(folder.path()).len(), 2);
}

#[test]
fn a_restore_lets_the_epochs_files_appear_and_removes_later_ones() {
    let folder = tempfile::tempdir().expect("folder");
    let table = table(&id(), folder.path(), "json");
    let factory = table.sink().expect("sink");
    let mut parts = Vec::new();
    for worker in 0..2 {
        let mut sink = factory.writer(Worker::new().sink(worker, 2)).expect("writer");
        sink.write(batch(&table, &[&format!("{{\"id\":{worker}}}")])).expect("write");
        parts.push(sink.snapshot(Epoch(1)).expect("snapshot"));
        sink.write(batch(&table, &["{\"id\":99}"])).expect("write");
        sink.snapshot(Epoch(2)).expect("snapshot");
        sink.write(batch(&table, &["{\"id\":99}"])).expect("write");
    }
    assert_eq!(visible(folder.path()), []);
    for _ in 0..2 {
        let factory = table.sink().expect("sink");
        for worker in 0..3 {
            let mut sink = factory.writer(Worker::new().sink(worker, 3)).expect("writer");
            sink.restore(RestoredState::assign(&parts, worker, 3, 128).expect("state")).expect("restore");
        }
        assert_eq!(
            files(folder.path()),
            [pair("part-0-0.json", "{\"id\":0}\n"), pair("part-1-0.json", "{\"id\":1}\n")],
            "the same however often it is restored"
        );
    }
}

#[test]
fn a_job_that_goes_on_in_its_process_keeps_its_files_and_reads_them_in_order() {
    let folder = tempfile::tempdir().expect("folder");
    let table = table(&id(), folder.path(), "json");
    // One factory serves every start.
    let factory = table.sink().expect("sink");
    let write = |sink: &mut dyn Sink<RowBatch>, id: usize, epoch: u32| {
        sink.write(batch(&table, &[&format!("{{\"id\":{id}}}")])).expect("write");
        let part = sink.snapshot(Epoch(epoch)).expect("snapshot");
        sink.on_epoch_complete(Epoch(epoch)).expect("complete");
        part
    };
    let mut parts: Vec<_> = (0..2)
        .map(|worker| {
            let mut sink = factory.writer(Worker::new().sink(worker, 2)).expect("writer");
            write(sink.as_mut(), worker, 1)
        })
        .collect();
    for start in [2, 3] {
        let mut sink = factory.writer(Worker::new().sink(0, 1)).expect("writer");
        sink.restore(RestoredState::assign(&parts, 0, 1, 128).expect("state")).expect("restore");
        parts = vec![write(sink.as_mut(), start as usize, start)];
    }
    let mut paths: Vec<_> =
        std::fs::read_dir(folder.path()).expect("folder").map(|e| e.expect("file").path()).collect();
    paths.sort();
    let rows: Vec<_> = paths.iter().map(|path| std::fs::read_to_string(path).expect("text")).collect();
    assert_eq!(rows, ["{\"id\":0}\n", "{\"id\":1}\n", "{\"id\":2}\n", "{\"id\":3}\n"]);
}

/// A context of a job with checkpoints.
fn durable(generation: u64) -> riverrun_runtime::SinkContext {
    let job = riverrun_runtime::JobIdentity { id: "job".into(), generation, checkpoints: true, rewind: false };
    riverrun_runtime::SinkContext { job, ..Worker::new().sink(0, 1) }
}

#[test]
fn with_checkpoints_no_file_appears_before_its_epoch_is_decided() {
    let folder = tempfile::tempdir().expect("folder");
    let table = table(&id(), folder.path(), "json").with("sink.rolling-policy.file-size", "1");
    let mut sink = table.sink().expect("sink").writer(durable(1)).expect("writer");
    sink.write(batch(&table, &["{\"id\":1}"])).expect("write");
    sink.poll().expect("poll");
    assert_eq!(visible(folder.path()), [], "it is large enough, and waits");
    sink.snapshot(Epoch(0)).expect("snapshot");
    assert_eq!(visible(folder.path()), []);
    sink.on_epoch_complete(Epoch(0)).expect("complete");
    assert_eq!(visible(folder.path()), [pair("part-0-0.json", "{\"id\":1}\n")]);
}

#[test]
fn a_crash_while_files_appear_is_made_good_by_the_restore() {
    let folder = tempfile::tempdir().expect("folder");
    let table = table(&id(), folder.path(), "json").with("sink.rolling-policy.file-size", "1");
    let mut sink = table.sink().expect("sink").writer(durable(1)).expect("writer");
    sink.write(batch(&table, &["{\"id\":1}"])).expect("write");
    sink.write(batch(&table, &["{\"id\":2}"])).expect("write");
    let part = sink.snapshot(Epoch(0)).expect("snapshot");
    let hidden = fs::read_dir(folder.path()).expect("folder").flatten().find(|e| e.path().ends_with(e.file_name()));
    let hidden = hidden.expect("a pending file").path();
    let name = hidden.file_name().expect("name").to_string_lossy().into_owned();
    let visible_name = name.trim_start_matches('.').trim_end_matches(".pending").to_owned();
    fs::rename(&hidden, folder.path().join(visible_name)).expect("one of two has appeared");
    drop(sink);
    let mut sink = table.sink().expect("sink").writer(durable(2)).expect("writer");
    sink.restore(RestoredState::assign(&[part], 0, 1, 128).expect("state")).expect("restore");
    let lines: Vec<String> = visible(folder.path()).into_iter().map(|(_, text)| text).collect();
    assert_eq!(lines, ["{\"id\":1}\n", "{\"id\":2}\n"]);
}

#[test]
fn what_an_earlier_start_has_left_undecided_is_removed() {
    let folder = tempfile::tempdir().expect("folder");
    let table = table(&id(), folder.path(), "json");
    let mut first = table.sink().expect("sink").writer(durable(1)).expect("writer");
    first.write(batch(&table, &["{\"id\":1}"])).expect("write");
    first.snapshot(Epoch(0)).expect("snapshot");
    drop(first);
    assert_eq!(files(folder.path()).len(), 1);
    let mut second = table.sink().expect("sink").writer(durable(2)).expect("writer");
    second.write(batch(&table, &["{\"id\":2}"])).expect("write");
    second.snapshot(Epoch(0)).expect("snapshot");
    second.on_epoch_complete(Epoch(0)).expect("complete");
    assert_eq!(files(folder.path()), [pair("part-0-0.json", "{\"id\":2}\n")]);
}

/// A start writes a file in each of epochs 0 and 1, the next one a file in epoch 2; then a start of this number goes on from the
/// checkpoint of epoch 0.
fn gone_back(folder: &std::path::Path, start: u64, rewind: bool) -> riverrun_core::Result<Vec<(String, String)>> {
    let table = table(&id(), folder, "json");
    let mut sink = table.sink().expect("sink").writer(durable(1)).expect("writer");
    let mut parts = Vec::new();
    for epoch in 0..2 {
        sink.write(batch(&table, &[&format!("{{\"id\":{epoch}}}")])).expect("write");
        parts.push(sink.snapshot(Epoch(epoch)).expect("snapshot"));
        sink.on_epoch_complete(Epoch(epoch)).expect("complete");
    }
    drop(sink);
    let mut sink = table.sink().expect("sink").writer(durable(2)).expect("writer");
    sink.restore(RestoredState::assign(&parts[1..], 0, 1, 128).expect("state"))?;
    sink.write(batch(&table, &["{\"id\":2}"])).expect("write");
    sink.snapshot(Epoch(2)).expect("snapshot");
    sink.on_epoch_complete(Epoch(2)).expect("complete");
    drop(sink);
    assert_eq!(visible(folder).len(), 3);
    let mut context = durable(start);
    context.job.rewind = rewind;
    let mut sink = table.sink().expect("sink").writer(context).expect("writer");
    sink.restore(RestoredState::assign(&parts[..1], 0, 1, 128).expect("state"))?;
    Ok(visible(folder))
}

#[test]
fn an_older_checkpoint_is_refused_once_readers_may_have_seen_more() {
    let folder = tempfile::tempdir().expect("folder");
    let error = gone_back(folder.path(), 3, false).expect_err("two files came after it");
    assert!(error.message().ends_with("already shows 2 files that this job wrote after the checkpoint"), "{error}");
    let hint = "go on from the newest checkpoint; --rewind goes on from this one and writes them again; \
                another --state-dir runs the file as a new job";
    assert_eq!(error.hint_text(), Some(hint));
    assert_eq!(visible(folder.path()).len(), 3, "nothing was taken away");
}

#[test]
fn an_older_checkpoint_takes_back_what_came_after_it_if_that_is_wanted() {
    let folder = tempfile::tempdir().expect("folder");
    let left = gone_back(folder.path(), 3, true).expect("restore");
    assert_eq!(left.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), ["{\"id\":0}\n"]);
}

#[test]
fn an_older_copy_of_the_state_directory_meets_the_files_of_starts_that_it_does_not_know() {
    let folder = tempfile::tempdir().expect("folder");
    let error = gone_back(folder.path(), 2, false).expect_err("two files came after it");
    assert!(error.message().ends_with("already shows 2 files that this job wrote after the checkpoint"), "{error}");
    let folder = tempfile::tempdir().expect("folder");
    let left = gone_back(folder.path(), 2, true).expect("restore");
    assert_eq!(left.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), ["{\"id\":0}\n"]);
    // A later start may be alive: its files are never taken away.
    for rewind in [false, true] {
        let folder = tempfile::tempdir().expect("folder");
        let error = gone_back(folder.path(), 1, rewind).expect_err("a later start has been there");
        assert!(error.message().ends_with("shows files of a later start of this job"), "{error}");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("each start counts one further")), "{error:?}");
        assert_eq!(visible(folder.path()).len(), 3);
    }
}

#[test]
fn an_insert_overwrite_that_crashed_still_removes_what_was_there() {
    let folder = tempfile::tempdir().expect("folder");
    let mut table = table(&id(), folder.path(), "json");
    write(&table, &["{\"id\":1}"]);
    table.overwrite = true;
    let mut sink = table.sink().expect("sink").writer(durable(1)).expect("writer");
    sink.write(batch(&table, &["{\"id\":2}"])).expect("write");
    let part = sink.snapshot(Epoch(0)).expect("snapshot");
    drop(sink);
    let mut sink = table.sink().expect("sink").writer(durable(2)).expect("writer");
    sink.restore(RestoredState::assign(&[part], 0, 1, 128).expect("state")).expect("restore");
    assert_eq!(read_all(&table, 1).expect("read").texts(), [r#"{"id":2}"#]);
}

#[test]
fn leftovers_of_a_dead_run_are_removed_and_those_of_a_living_one_are_not() {
    let folder = tempfile::tempdir().expect("folder");
    let dead = folder.path().join(".part-x-0-0.json.inprogress");
    let alive = folder.path().join(".part-y-0-0.json.inprogress");
    fs::write(&dead, "half").expect("write");
    let file = File::create(&alive).expect("file");
    file.lock().expect("lock");
    let table = table(&id(), folder.path(), "json");
    table.sink().expect("sink").writer(Worker::new().sink(0, 1)).expect("writer");
    assert!(!dead.exists());
    assert!(alive.exists());
}

#[test]
fn what_a_checkpoint_names_and_can_not_be_looked_at_is_not_passed_over() {
    let folder = tempfile::tempdir().expect("folder");
    let columns = [("id", TypeKind::Int), ("k", TypeKind::STRING)];
    let table = table(&columns, folder.path(), "json").partitioned_by(&["k"]);
    let mut sink = table.sink().expect("sink").writer(durable(1)).expect("writer");
    sink.write(batch(&table, &[r#"{"id":1,"k":"a"}"#])).expect("write");
    let part = sink.snapshot(Epoch(0)).expect("snapshot");
    drop(sink);
    fs::rename(folder.path().join("k=a"), folder.path().join("away")).expect("away");
    fs::write(folder.path().join("k=a"), "").expect("in the way");
    let mut sink = table.sink().expect("sink").writer(durable(2)).expect("writer");
    let error = sink.restore(RestoredState::assign(&[part], 0, 1, 128).expect("state")).unwrap_err();
    assert!(error.message().starts_with(&format!("can't read {}/k=a/.part-", folder.path().display())), "{error}");
    assert!(error.message().ends_with(": Not a directory"), "{error}");
    assert_eq!(error.hint_text(), Some("a part of the path is a file; let 'path' name a folder"));
}

#[test]
fn insert_overwrite_replaces_the_table_or_the_partitions_it_writes() {
    let folder = tempfile::tempdir().expect("folder");
    let mut plain = table(&id(), &folder.path().join("plain"), "json");
    write(&plain, &["{\"id\":1}"]);
    plain.overwrite = true;
    write(&plain, &["{\"id\":2}"]);
    assert_eq!(read_all(&plain, 1).expect("read").texts(), [r#"{"id":2}"#]);
    write(&plain, &[]);
    assert_eq!(read_all(&plain, 1).expect("read").texts(), Vec::<&str>::new());

    let columns = [("id", TypeKind::Int), ("k", TypeKind::STRING)];
    let mut parted = table(&columns, &folder.path().join("parted"), "json").partitioned_by(&["k"]);
    write(&parted, &[r#"{"id":1,"k":"a"}"#, r#"{"id":2,"k":"b"}"#]);
    parted.overwrite = true;
    write(&parted, &[r#"{"id":3,"k":"a"}"#]);
    assert_eq!(read_all(&parted, 1).expect("read").sorted(), [r#"{"id":2,"k":"b"}"#, r#"{"id":3,"k":"a"}"#]);
}

#[test]
fn files_are_compressed_and_named_so() {
    let folder = tempfile::tempdir().expect("folder");
    for (compression, name) in [("gzip", "part-0-0.json.gz"), ("zstd", "part-0-0.json.zst")] {
        let root = folder.path().join(compression);
        let table = table(&id(), &root, "json").with("sink.compression", compression);
        write(&table, &["{\"id\":1}", "{\"id\":2}"]);
        assert_eq!(files(&root)[0].0, name);
        assert_eq!(read_all(&table, 1).expect("read").texts(), [r#"{"id":1}"#, r#"{"id":2}"#]);
    }
}

#[test]
fn a_success_file_stands_in_each_partition_if_asked_for() {
    let folder = tempfile::tempdir().expect("folder");
    let columns = [("id", TypeKind::Int), ("k", TypeKind::STRING)];
    let table = table(&columns, folder.path(), "json")
        .partitioned_by(&["k"])
        .with("sink.partition-commit.policy.kind", "success-file");
    write(&table, &[r#"{"id":1,"k":"a"}"#]);
    assert_eq!(files(folder.path())[0], pair("k=a/_SUCCESS", ""));
    assert_eq!(read_all(&table, 1).expect("read").rows.len(), 1);
}

#[test]
fn a_partition_in_which_another_process_writes_is_not_marked() {
    let folder = tempfile::tempdir().expect("folder");
    let columns = [("id", TypeKind::Int), ("k", TypeKind::STRING)];
    let table = table(&columns, folder.path(), "json")
        .partitioned_by(&["k"])
        .with("sink.partition-commit.policy.kind", "success-file");
    // Of a job of two processes: each has a factory of its own.
    let writer = |worker| {
        let context = riverrun_runtime::SinkContext { worker, parallelism: 2, ..durable(1) };
        table.sink().expect("sink").writer(context).expect("writer")
    };
    let (mut first, mut second) = (writer(0), writer(1));
    for sink in [&mut first, &mut second] {
        sink.write(batch(&table, &[r#"{"id":1,"k":"a"}"#])).expect("write");
        sink.finish().expect("finish");
        sink.snapshot(Epoch(9)).expect("snapshot");
    }
    first.on_epoch_complete(Epoch(9)).expect("complete");
    assert!(!names(folder.path()).contains(&"k=a/_SUCCESS".to_owned()), "{:?}", names(folder.path()));
    second.on_epoch_complete(Epoch(9)).expect("complete");
    assert_eq!(names(folder.path()), ["k=a/_SUCCESS", "k=a/part-0-0.json", "k=a/part-1-0.json"]);
}

#[test]
fn a_partition_that_is_removed_before_it_is_marked_is_forgotten() {
    let folder = tempfile::tempdir().expect("folder");
    let columns = [("id", TypeKind::Int), ("k", TypeKind::STRING)];
    let table = table(&columns, folder.path(), "json")
        .partitioned_by(&["k"])
        .with("sink.partition-commit.policy.kind", "success-file")
        .with("sink.partition-commit.delay", "1 h");
    let mut sink = table.sink().expect("sink").writer(durable(1)).expect("writer");
    sink.write(batch(&table, &[r#"{"id":1,"k":"a"}"#])).expect("write");
    sink.snapshot(Epoch(0)).expect("snapshot");
    sink.on_epoch_complete(Epoch(0)).expect("complete");
    fs::remove_dir_all(folder.path().join("k=a")).expect("remove");
    end(sink.as_mut());
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

/// A table whose partitions are days and times, and are marked when their time and a minute are over.
fn by_time(folder: &Path) -> Table {
    let columns = [("id", TypeKind::Int), ("dt", TypeKind::STRING), ("hm", TypeKind::STRING)];
    table(&columns, folder, "json")
        .partitioned_by(&["dt", "hm"])
        .with("sink.partition-commit.policy.kind", "success-file")
        .with("sink.partition-commit.trigger", "partition-time")
        .with("sink.partition-commit.delay", "1 min")
        .with("partition.time-extractor.timestamp-pattern", "$dt $hm:00")
}

fn names(folder: &Path) -> Vec<String> {
    files(folder).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_partition_is_marked_when_the_watermark_has_passed_its_time() {
    let folder = tempfile::tempdir().expect("folder");
    let table = by_time(folder.path());
    let worker = Worker::new();
    let mut sink = table.sink().expect("sink").writer(worker.sink(0, 1)).expect("writer");
    let rows = [r#"{"id":1,"dt":"1970-01-01","hm":"00:01"}"#, r#"{"id":2,"dt":"1970-01-01","hm":"00:02"}"#];
    sink.write(batch(&table, &rows)).expect("write");
    worker.metrics.set_watermark(Watermark(120_000));
    sink.poll().expect("poll");
    assert_eq!(visible(folder.path()), []);
    worker.metrics.set_watermark(Watermark(120_001));
    sink.poll().expect("poll");
    let visible = visible(folder.path()).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(visible, ["dt=1970-01-01/hm=00%3A01/_SUCCESS", "dt=1970-01-01/hm=00%3A01/part-0-0.json"]);
    end(sink.as_mut());
    assert_eq!(
        names(folder.path()),
        [
            "dt=1970-01-01/hm=00%3A01/_SUCCESS",
            "dt=1970-01-01/hm=00%3A01/part-0-0.json",
            "dt=1970-01-01/hm=00%3A02/_SUCCESS",
            "dt=1970-01-01/hm=00%3A02/part-0-1.json",
        ]
    );
}

#[test]
fn a_partition_is_marked_when_all_workers_have_passed_it_and_their_files_are_there() {
    let folder = tempfile::tempdir().expect("folder");
    let table = by_time(folder.path());
    let factory = table.sink().expect("sink");
    let (first, second) = (Worker::new(), Worker::new());
    let mut sinks = [&first, &second].map(|worker| {
        let number = usize::from(std::ptr::eq(worker, &second));
        factory.writer(worker.sink(number, 2)).expect("writer")
    });
    for sink in &mut sinks {
        sink.write(batch(&table, &[r#"{"id":1,"dt":"1970-01-01","hm":"00:01"}"#])).expect("write");
    }
    first.metrics.set_watermark(Watermark(200_000));
    sinks[0].poll().expect("poll");
    assert_eq!(visible(folder.path()), []);
    second.metrics.set_watermark(Watermark(200_000));
    sinks[1].poll().expect("poll");
    assert_eq!(visible(folder.path()).len(), 1, "the other worker's file is still open");
    sinks[0].poll().expect("poll");
    let visible = visible(folder.path());
    assert_eq!(visible.len(), 3);
    assert_eq!(visible[0].0, "dt=1970-01-01/hm=00%3A01/_SUCCESS");
}

#[test]
fn a_restored_job_marks_what_was_not_marked_before() {
    let folder = tempfile::tempdir().expect("folder");
    let table = by_time(folder.path());
    let worker = Worker::new();
    let mut sink = table.sink().expect("sink").writer(worker.sink(0, 1)).expect("writer");
    sink.write(batch(&table, &[r#"{"id":1,"dt":"1970-01-01","hm":"00:01"}"#])).expect("write");
    let snapshot = sink.snapshot(Epoch(1)).expect("snapshot");
    sink.on_epoch_complete(Epoch(1)).expect("complete");
    drop(sink);
    assert_eq!(visible(folder.path()).len(), 1);
    let worker = Worker::new();
    let mut sink = table.sink().expect("sink").writer(worker.sink(0, 1)).expect("writer");
    sink.restore(RestoredState { union: snapshot.union, ..RestoredState::default() }).expect("restore");
    end(sink.as_mut());
    assert_eq!(visible(folder.path())[0].0, "dt=1970-01-01/hm=00%3A01/_SUCCESS");
}

#[test]
fn a_partition_without_a_time_is_an_error_that_says_how_it_was_read() {
    let folder = tempfile::tempdir().expect("folder");
    let table = by_time(folder.path());
    let mut sink = table.sink().expect("sink").writer(Worker::new().sink(0, 1)).expect("writer");
    let error = sink.write(batch(&table, &[r#"{"id":1,"dt":"today","hm":"10:00"}"#])).expect_err("no time");
    assert_eq!(error.message(), "the partition dt=today/hm=10:00 has no time: 'today 10:00:00' is none");
    assert_eq!(
        error.hint_text(),
        Some(
            "say by 'partition.time-extractor.timestamp-pattern' and 'partition.time-extractor.timestamp-formatter' how its values are to be read"
        )
    );
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("folder");
    let refused = |table: Table| table.sink().err().expect("refused").message().to_owned();
    let table = |format| table(&id(), folder.path(), format);
    assert_eq!(
        refused(table("json").with("auto-compaction", "true")),
        "'auto-compaction' = 'true' is not supported yet"
    );
    assert_eq!(
        refused(table("json").with("sink.partition-commit.watermark-time-zone", "Mars")),
        "there is no time zone 'Mars'"
    );
    assert_eq!(
        refused(table("json").with("partition.time-extractor.timestamp-formatter", "yyyy-MMM")),
        "'yyyy-MMM' is no value for option 'partition.time-extractor.timestamp-formatter'"
    );
    assert_eq!(
        refused(table("json").with("sink.partition-commit.policy.kind", "metastore")),
        "'sink.partition-commit.policy.kind' = 'metastore' is not supported yet"
    );
    assert_eq!(refused(table("regex").with("regex.pattern", "(?<id>.*)")), "format 'regex' can only be read");
    assert_eq!(refused(table("json").partitioned_by(&["id"])), "all columns of table t are in PARTITIONED BY");
}

#[test]
fn a_full_disk_and_a_missing_right_say_what_to_do() {
    let full = std::io::Error::from_raw_os_error(28);
    let error = super::super::io_error("write", &PathBuf::from("/data/x"), &full);
    assert_eq!(error.message(), "can't write /data/x: No space left on device");
    assert!(error.hint_text().expect("hint").starts_with("free space"));
    assert_eq!(error.exit_code(), 1);
    let denied = std::io::Error::from_raw_os_error(13);
    let error = super::super::io_error("read", &PathBuf::from("/data/x"), &denied);
    assert_eq!(error.message(), "can't read /data/x: Permission denied");
    assert_eq!(error.hint_text(), Some("give the user that runs the job the right to it"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_ends_the_write_with_an_error() {
    use super::super::compression::Compression;
    use super::super::part::{self, OpenPart};
    let folder = tempfile::tempdir().expect("folder");
    let table = table(&[("s", TypeKind::STRING)], folder.path(), "raw");
    let spec = FormatSpec {
        schema: table.schema(),
        projection: vec![0],
        fields: Default::default(),
        metadata: vec![],
        options: Options::default(),
        time_zone: chrono_tz::UTC,
    };
    let encoder = riverrun_formats::registry::format("raw").expect("raw").encoder(&spec).expect("encoder");
    let full = File::options().write(true).open("/dev/full").expect("device");
    let mut part = OpenPart::create(folder.path(), "part", Millis(0), |_| {
        part::records(full, Compression::None, encoder, folder.path())
    })
    .expect("part");
    let row = format!("{{\"s\":\"{}\"}}", "x".repeat(100_000));
    let written = part.write(&batch(&table, &[&row]), &mut EncodedRows::default());
    let error = written.and_then(|_| part.close().map(|_| 0)).expect_err("full");
    assert!(error.message().ends_with("No space left on device"), "{error}");
    assert!(error.hint_text().expect("hint").starts_with("free space"));
}

#[test]
fn many_partitions_do_not_use_up_the_open_files() {
    let folder = tempfile::tempdir().expect("folder");
    let columns = [("id", TypeKind::Int), ("k", TypeKind::Int)];
    let table = table(&columns, folder.path(), "csv").partitioned_by(&["k"]);
    let rows: Vec<String> = (0..600).map(|n| format!("{{\"id\":{n},\"k\":{}}}", n % 300)).collect();
    write(&table, &rows.iter().map(String::as_str).collect::<Vec<_>>());
    let mut found = read_all(&table, 2).expect("read").sorted();
    let mut wanted = rows;
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("file"), "").expect("write");
    let table = table(&id(), &folder.path().join("file/out"), "json");
    let error = table.sink().expect("sink").writer(Worker::new().sink(0, 1)).err().expect("no folder");
    assert!(error.message().starts_with("can't make the folder"), "{error}");
}

#[test]
fn one_file_and_a_glob_cannot_be_written() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("write");
    let error = table(&id(), &file, "json").sink().expect("options").check_place().expect_err("refused");
    let expected = format!("table t: {} is a file, and rows are written into a folder", file.display());
    assert_eq!(error.message(), expected);
    for name in ["*.json", "part-?", "[ab]"] {
        let path = folder.path().join(name);
        let sink = table(&id(), &path, "json").sink().expect("options");
        let error = sink.check_place().expect_err("refused");
        let expected = format!("table t: {} is a glob, and rows are written into one folder", path.display());
        assert_eq!(error.message(), expected);
        assert!(!path.exists());
    }
    // A folder that has such a name is that folder.
    let path = folder.path().join("a[1]");
    fs::create_dir(&path).expect("folder");
    assert!(table(&id(), &path, "json").sink().expect("options").check_place().is_ok());
}
