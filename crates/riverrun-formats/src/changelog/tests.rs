#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use super::{CanalJson, DebeziumJson, MaxwellJson, OggJson};
use crate::format::{EncodedRows, Format, FormatSpec};
use crate::json::Json;
use crate::testing::{self, encode_all};
use arrow::datatypes::DataType as ArrowType;
use riverrun_core::{Field, Options, Schema, TypeKind};

const COLUMNS: &[(&str, TypeKind)] = &[("id", TypeKind::Int), ("name", TypeKind::STRING)];

fn spec(options: &[(&str, &str)]) -> FormatSpec {
    testing::spec(COLUMNS, options)
}

/// Decodes a record: every change as its weight and the row as JSON, or why the record is broken.
fn changes(format: &dyn Format, spec: &FormatSpec, record: &str) -> Vec<String> {
    let mut decoder = format.decoder(spec).expect("decoder");
    if let Err(error) = decoder.decode(record.as_bytes()) {
        return vec![format!("broken: {error}")];
    }
    let batch = decoder.flush().expect("flush");
    let mut fields = spec.schema.project(&spec.projection).fields;
    fields.extend(spec.metadata.iter().map(|(key, data_type)| Field::new(key, data_type.clone())));
    let projection = (0..fields.len()).collect();
    let plain = FormatSpec {
        schema: Schema::new(fields),
        projection,
        fields: Default::default(),
        metadata: Vec::new(),
        options: Options::default(),
        time_zone: chrono_tz::UTC,
    };
    let mut out = EncodedRows::default();
    Json.encoder(&plain).unwrap().encode(&batch.columns, &mut out).expect("encode");
    out.iter()
        .enumerate()
        .map(|(row, text)| format!("{:+} {}", batch.weight(row), String::from_utf8_lossy(text)))
        .collect()
}

#[test]
fn debezium_events_are_inserts_updates_and_deletes() {
    let spec = spec(&[]);
    let read = |record: &str| changes(&DebeziumJson, &spec, record);
    assert_eq!(read(r#"{"before":null,"after":{"id":1,"name":"a"},"op":"c"}"#), [r#"+1 {"id":1,"name":"a"}"#]);
    assert_eq!(read(r#"{"op":"r","after":{"id":1}}"#), [r#"+1 {"id":1,"name":null}"#]);
    assert_eq!(
        read(r#"{"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},"source":{"op":"x"},"op":"u","ts_ms":1}"#),
        [r#"-1 {"id":1,"name":"a"}"#, r#"+1 {"id":1,"name":"b"}"#]
    );
    assert_eq!(read(r#"{"before":{"id":1,"name":"b"},"after":null,"op":"d"}"#), [r#"-1 {"id":1,"name":"b"}"#]);
    assert_eq!(read(""), [""; 0]);
}

#[test]
fn a_deleted_row_may_hold_its_key_alone_and_a_new_one_must_be_whole() {
    let mut spec = spec(&[]);
    spec.schema.fields[1].data_type.nullable = false;
    let read = |record: &str| changes(&DebeziumJson, &spec, record).concat();
    assert_eq!(read(r#"{"before":{"id":1},"after":null,"op":"d"}"#), r#"-1 {"id":1,"name":null}"#);
    assert_eq!(
        read(r#"{"before":null,"after":{"id":1},"op":"c"}"#),
        "broken: column `name`: NULL, and it is NOT NULL or the event time"
    );
}

#[test]
fn broken_debezium_events_say_what_is_missing() {
    let spec = spec(&[]);
    let read = |record: &str| changes(&DebeziumJson, &spec, record).concat();
    assert_eq!(
        read(r#"{"before":null,"after":{"id":1},"op":"u"}"#),
        "broken: `before` of an update is null; a table in Postgres needs REPLICA IDENTITY FULL for it to be there"
    );
    assert_eq!(read(r#"{"after":null,"op":"c"}"#), "broken: `after` is no object");
    assert_eq!(read(r#"{"op":"t"}"#), "broken: `op` is \"t\", and none of \"c\", \"r\", \"u\" and \"d\"");
    assert_eq!(
        read(r#"{"schema":{},"payload":{"op":"c","after":{"id":1}}}"#),
        "broken: there is no `op`, but a `payload`: set debezium-json.schema-include to true"
    );
    assert_eq!(
        read(r#"{"after":{"id":1},"op":"c""#),
        "broken: not JSON: expected `,` or `}` at byte 26, found the end of the record"
    );
    assert_eq!(read(r#"{"after":{"id":"one"},"op":"c"}"#), "broken: column `id`: expected INT, found \"one\"");
}

#[test]
fn broken_events_are_passed_over_on_request() {
    let spec = spec(&[("ignore-parse-errors", "true")]);
    let mut decoder = DebeziumJson.decoder(&spec).unwrap();
    assert_eq!(decoder.decode(br#"{"before":null,"after":{"id":1},"op":"u"}"#), Ok(0));
    assert_eq!(decoder.decode(br#"{"#), Ok(0));
    assert_eq!(decoder.take_skipped(), 2);
    assert_eq!(decoder.decode(br#"{"after":{"id":1},"op":"c"}"#), Ok(1));
    assert_eq!(decoder.flush().unwrap().num_rows(), 1);
}

#[test]
fn a_schema_may_be_included() {
    let spec = spec(&[("schema-include", "true")]);
    let read = |record: &str| changes(&DebeziumJson, &spec, record).concat();
    assert_eq!(
        read(r#"{"schema":{"type":"struct"},"payload":{"op":"c","after":{"id":1,"name":"a"}}}"#),
        r#"+1 {"id":1,"name":"a"}"#
    );
    assert_eq!(
        read(r#"{"op":"c","after":{"id":1}}"#),
        "broken: there is no `payload`, and debezium-json.schema-include is true"
    );
}

#[test]
fn canal_updates_hold_what_has_changed_of_several_rows() {
    let spec = spec(&[]);
    let read = |record: &str| changes(&CanalJson, &spec, record);
    assert_eq!(
        read(
            r#"{"type":"UPDATE","data":[{"id":1,"name":"b"},{"id":"2","name":"d"}],"old":[{"name":"a"},{"name":null}]}"#
        ),
        [
            r#"-1 {"id":1,"name":"a"}"#,
            r#"+1 {"id":1,"name":"b"}"#,
            r#"-1 {"id":2,"name":null}"#,
            r#"+1 {"id":2,"name":"d"}"#
        ]
    );
    assert_eq!(read(r#"{"type":"DELETE","data":[{"id":1,"name":"b"}],"old":null}"#), [r#"-1 {"id":1,"name":"b"}"#]);
    assert_eq!(read(r#"{"type":"CREATE","data":null,"isDdl":true}"#), [""; 0]);
    assert_eq!(read(r#"{"type":"UPDATE","data":[{"id":1}],"old":[]}"#), ["broken: `old` has fewer rows than `data`"]);
}

#[test]
fn canal_events_of_other_tables_are_passed_over() {
    let spec = spec(&[("table.include", "acc.*"), ("database.include", "bank")]);
    let read = |record: &str| changes(&CanalJson, &spec, record).len();
    assert_eq!(read(r#"{"type":"INSERT","database":"bank","table":"accounts","data":[{"id":1}]}"#), 1);
    assert_eq!(read(r#"{"type":"INSERT","database":"bank","table":"my_accounts","data":[{"id":1}]}"#), 0);
    assert_eq!(read(r#"{"type":"INSERT","database":"banks","table":"accounts","data":[{"id":1}]}"#), 0);
    let wrong = self::spec(&[("table.include", "(")]);
    let error = CanalJson.decoder(&wrong).err().expect("refused");
    assert_eq!(error.message(), "'table.include' is no regular expression");
}

#[test]
fn maxwell_updates_hold_what_has_changed() {
    let spec = spec(&[]);
    let read = |record: &str| changes(&MaxwellJson, &spec, record);
    assert_eq!(
        read(r#"{"type":"update","data":{"id":1,"name":"b"},"old":{"name":"a"}}"#),
        [r#"-1 {"id":1,"name":"a"}"#, r#"+1 {"id":1,"name":"b"}"#]
    );
    assert_eq!(read(r#"{"type":"insert","data":{"id":1}}"#), [r#"+1 {"id":1,"name":null}"#]);
    assert_eq!(
        read(r#"{"type":"bootstrap-start","data":{}}"#),
        [r#"broken: `type` is "bootstrap-start", and none of "insert", "update" and "delete""#]
    );
}

#[test]
fn golden_gate_events_hold_both_rows() {
    let spec = spec(&[]);
    let read = |record: &str| changes(&OggJson, &spec, record);
    assert_eq!(
        read(r#"{"op_type":"U","before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"}}"#),
        [r#"-1 {"id":1,"name":"a"}"#, r#"+1 {"id":1,"name":"b"}"#]
    );
    assert_eq!(read(r#"{"op_type":"D","after":null}"#), ["broken: `before` is null or no object"]);
}

#[test]
fn metadata_comes_from_the_envelope() {
    let with_metadata = |format: &dyn Format, options: &[(&str, &str)], keys: &[&str], record: &str| {
        let mut spec = testing::project(spec(options), &[0]);
        let known = format.metadata();
        let type_of = |key: &str| known.iter().find(|column| column.key == key).unwrap().data_type.clone();
        spec.metadata = keys.iter().map(|key| ((*key).to_owned(), type_of(key))).collect();
        changes(format, &spec, record).concat()
    };
    assert_eq!(
        with_metadata(
            &DebeziumJson,
            &[("schema-include", "true")],
            &["source.table", "ingestion-timestamp", "schema", "source.timestamp"],
            r#"{"schema":{"a":1},"payload":{"op":"c","after":{"id":1},"ts_ms":1700000000123,
                "source":{"table":"t","ts_ms":1700000000000,"snapshot":false}}}"#
        ),
        r#"+1 {"id":1,"source.table":"t","ingestion-timestamp":"2023-11-14 22:13:20.123Z","schema":"{\"a\":1}","source.timestamp":"2023-11-14 22:13:20Z"}"#
    );
    assert_eq!(
        with_metadata(
            &CanalJson,
            &[],
            &["pk-names", "event-timestamp", "sql-type"],
            r#"{"type":"INSERT","data":[{"id":1}],"pkNames":["id"],"es":1000,"sqlType":{"id":4}}"#
        ),
        r#"+1 {"id":1,"pk-names":["id"],"event-timestamp":"1970-01-01 00:00:01Z","sql-type":{"id":4}}"#
    );
    assert_eq!(
        with_metadata(
            &MaxwellJson,
            &[],
            &["database", "ingestion-timestamp"],
            r#"{"type":"insert","data":{"id":1},"database":"d","ts":2}"#
        ),
        r#"+1 {"id":1,"database":"d","ingestion-timestamp":"1970-01-01 00:00:02Z"}"#
    );
    assert_eq!(
        with_metadata(
            &OggJson,
            &[],
            &["primary-keys", "event-timestamp", "ingestion-timestamp"],
            r#"{"op_type":"I","after":{"id":1},"primary_keys":["id"],"op_ts":"2020-05-13 15:40:06.000000","current_ts":"2020-05-13T13:39:35.766000"}"#
        ),
        r#"+1 {"id":1,"primary-keys":["id"],"event-timestamp":"2020-05-13 15:40:06Z","ingestion-timestamp":"2020-05-13 13:39:35.766Z"}"#
    );
}

#[test]
fn unknown_metadata_is_refused_by_name() {
    let mut spec = spec(&[]);
    spec.metadata = vec![("source.tabel".to_owned(), TypeKind::STRING.nullable())];
    let error = DebeziumJson.decoder(&spec).err().expect("refused");
    assert_eq!(error.message(), "the format has no metadata 'source.tabel'");
}

#[test]
fn an_update_is_written_as_a_deletion_and_an_insertion() {
    let spec = spec(&[]);
    let written = |format: &dyn Format| {
        let mut decoder = DebeziumJson.decoder(&spec).unwrap();
        decoder.decode(br#"{"op":"u","before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"}}"#).unwrap();
        let batch = decoder.flush().unwrap();
        assert!(matches!(batch.columns.column(0).data_type(), ArrowType::Int32));
        let mut out = EncodedRows::default();
        format.encoder(&spec).unwrap().encode_changes(&batch, &mut out).unwrap();
        out.iter().map(|row| String::from_utf8_lossy(row).into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        written(&DebeziumJson),
        [
            r#"{"before":{"id":1,"name":"a"},"after":null,"op":"d"}"#,
            r#"{"before":null,"after":{"id":1,"name":"b"},"op":"c"}"#
        ]
    );
    assert_eq!(
        written(&CanalJson),
        [r#"{"data":[{"id":1,"name":"a"}],"type":"DELETE"}"#, r#"{"data":[{"id":1,"name":"b"}],"type":"INSERT"}"#]
    );
    assert_eq!(
        written(&MaxwellJson),
        [r#"{"data":{"id":1,"name":"a"},"type":"delete"}"#, r#"{"data":{"id":1,"name":"b"},"type":"insert"}"#]
    );
    assert_eq!(
        written(&OggJson),
        [
            r#"{"before":{"id":1,"name":"a"},"after":null,"op_type":"D"}"#,
            r#"{"before":null,"after":{"id":1,"name":"b"},"op_type":"I"}"#
        ]
    );
    assert_eq!(
        encode_all(&OggJson, &spec, &[r#"{"id":1,"name":"a"}"#]),
        [br#"{"before":null,"after":{"id":1,"name":"a"},"op_type":"I"}"#.to_vec()]
    );
}

#[test]
fn debezium_is_not_written_with_a_schema() {
    let error = DebeziumJson.encoder(&spec(&[("schema-include", "true")])).err().expect("refused");
    assert!(error.message().contains("'debezium-json.schema-include' = 'true'"), "{}", error.message());
}

#[test]
fn whatever_a_record_holds_the_rows_around_it_stay() {
    let record = br#"{"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},"op":"u"}"#;
    testing::check_mutations(&DebeziumJson, &spec(&[]), record);
    let record = br#"{"data":[{"id":1,"name":"b"}],"old":[{"name":"a"}],"type":"UPDATE"}"#;
    testing::check_mutations(&CanalJson, &spec(&[]), record);
}
