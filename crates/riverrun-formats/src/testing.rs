//! What the tests of several formats share.

use crate::format::{EncodedRows, Format, FormatSpec};
use crate::json::Json;
use riverrun_core::{Field, Options, Schema, TypeKind};

/// A spec of nullable columns, all of them projected.
pub fn spec(columns: &[(&str, TypeKind)], options: &[(&str, &str)]) -> FormatSpec {
    let fields = columns.iter().map(|(name, kind)| Field::new(*name, kind.clone().nullable())).collect();
    let mut values = Options::default();
    for (key, value) in options {
        values.set(*key, *value);
    }
    FormatSpec {
        schema: Schema::new(fields),
        projection: (0..columns.len()).collect(),
        fields: Default::default(),
        metadata: Vec::new(),
        options: values,
        time_zone: chrono_tz::UTC,
    }
}

/// The same with another projection.
pub fn project(mut spec: FormatSpec, projection: &[usize]) -> FormatSpec {
    spec.projection = projection.to_vec();
    spec
}

/// Decodes records one after the other: the rows as JSON, `broken: reason` for a broken record.
pub fn decode_all(format: &dyn Format, spec: &FormatSpec, records: &[&[u8]]) -> Vec<String> {
    let mut decoder = format.decoder(spec).expect("decoder");
    let projected = FormatSpec {
        schema: spec.schema.project(&spec.projection),
        projection: (0..spec.projection.len()).collect(),
        fields: Default::default(),
        metadata: Vec::new(),
        options: Options::default(),
        time_zone: spec.time_zone,
    };
    let mut lines = Vec::new();
    let mut pending = Vec::new();
    for record in records {
        match decoder.decode(record) {
            Ok(rows) => {
                pending.resize(pending.len() + rows, None);
            }
            Err(error) => pending.push(Some(format!("broken: {error}"))),
        }
    }
    let batch = decoder.flush().expect("flush").columns;
    let mut out = EncodedRows::default();
    Json.encoder(&projected).expect("encoder").encode(&batch, &mut out).expect("encode");
    let mut rows = out.iter().map(|row| String::from_utf8_lossy(row).into_owned());
    for line in pending {
        lines.push(line.unwrap_or_else(|| rows.next().expect("a row per Ok(1)")));
    }
    assert_eq!(rows.next(), None);
    lines
}

/// Encodes rows given as JSON.
pub fn encode_all(format: &dyn Format, spec: &FormatSpec, rows: &[&str]) -> Vec<Vec<u8>> {
    let plain = FormatSpec { options: Options::default(), ..spec.clone() };
    let mut decoder = Json.decoder(&plain).expect("decoder");
    for row in rows {
        decoder.decode(row.as_bytes()).expect("row");
    }
    let batch = decoder.flush().expect("flush").columns;
    let mut out = EncodedRows::default();
    format.encoder(spec).expect("encoder").encode(&batch, &mut out).expect("encode");
    out.iter().map(<[u8]>::to_vec).collect()
}

/// The records that a framer finds when a file comes in pieces of `size` bytes.
pub fn frame_all(format: &dyn Format, options: &Options, file: &[u8], size: usize) -> Vec<Vec<u8>> {
    let mut framer = format.framer(options).expect("framer");
    let (mut records, mut start, mut have) = (Vec::new(), 0, 0);
    loop {
        let end = have == file.len();
        match framer.next(&file[start..have], end) {
            Some((content, next)) => {
                records.push(file[start..start + content].to_vec());
                start += next;
            }
            None if end => return records,
            None => have = (have + size).min(file.len()),
        }
    }
}

/// A record cut, shortened and changed at every byte.
fn mutations(record: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in 0..=record.len() {
        all.push(record[..at].to_vec());
        all.push(record[at..].to_vec());
        for byte in *b"\"\\{}[],:;0-.eunt \n\xc3\xff" {
            all.push([&record[..at], &[byte], &record[at..]].concat());
            if at < record.len() {
                all.push([&record[..at], &[byte], &record[at + 1..]].concat());
            }
        }
    }
    all
}

/// Whatever stands in a record, it is rows or an error, and does nothing to the rows around it.
pub fn check_mutations(format: &dyn Format, spec: &FormatSpec, record: &[u8]) {
    let whole = decode_all(format, spec, &[record]);
    for mutation in mutations(record) {
        let rows = decode_all(format, spec, &[record, &mutation, record]);
        let text = String::from_utf8_lossy(&mutation);
        assert!(rows.len() >= 2 * whole.len(), "{text}");
        assert_eq!(rows[..whole.len()], whole, "before {text}");
        assert_eq!(rows[rows.len() - whole.len()..], whole, "behind {text}");
    }
}
