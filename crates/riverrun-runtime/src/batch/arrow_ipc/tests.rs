use super::*;
use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{Int32Type, Schema};

fn sample(rows: usize) -> RowBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter((0..rows).map(|n| (n % 3 != 0).then_some(n as i64))));
    let words: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|n| format!("row {n}"))));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(
        (0..rows).map(|n| Some(vec![Some(n as i32); n % 4])),
    ));
    RowBatch::append(RecordBatch::try_from_iter([("n", numbers), ("w", words), ("l", lists)]).unwrap())
}

fn round_trip(batch: &RowBatch, sender: &mut Channel, receiver: &mut Channel) -> (RowBatch, usize) {
    let mut bytes = Vec::new();
    encode(batch, sender, &mut bytes).unwrap();
    let length = bytes.len();
    (decode(bytes, receiver).unwrap(), length)
}

#[test]
fn rows_and_weights_come_back_as_they_were() {
    let mut batch = sample(100);
    batch.weights = Some((0..100).map(|n| if n % 2 == 0 { 1 } else { -1 }).collect());
    // A slice carries only its own rows.
    let slice = batch.slice(10, 50);
    let (read, _) = round_trip(&slice, &mut Channel::default(), &mut Channel::default());
    assert_eq!(read.columns, slice.columns);
    assert_eq!(read.weights, slice.weights);
}

#[test]
fn the_schema_is_sent_once_and_again_when_it_changes() {
    let (mut sender, mut receiver) = (Channel::default(), Channel::default());
    let (_, first) = round_trip(&sample(4), &mut sender, &mut receiver);
    let (read, second) = round_trip(&sample(4), &mut sender, &mut receiver);
    assert_eq!(read.columns, sample(4).columns);
    assert!(second < first, "{second} bytes after {first}");
    let numbers = RowBatch::append(sample(4).columns.project(&[0]).unwrap());
    let (read, _) = round_trip(&numbers, &mut sender, &mut receiver);
    assert_eq!(read.columns, numbers.columns);
}

#[test]
fn a_batch_without_rows_or_without_columns_survives() {
    let empty = sample(10).slice(3, 0);
    let (read, _) = round_trip(&empty, &mut Channel::default(), &mut Channel::default());
    assert_eq!(read.columns, empty.columns);
    let options = RecordBatchOptions::new().with_row_count(Some(7));
    let bare = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    let (read, _) = round_trip(&RowBatch::append(bare), &mut Channel::default(), &mut Channel::default());
    assert_eq!(read.num_rows(), 7);
}

#[test]
fn bytes_cut_short_are_an_error() {
    let mut bytes = Vec::new();
    encode(&sample(10), &mut Channel::default(), &mut bytes).unwrap();
    for length in [0, 7, 40, bytes.len() / 2] {
        assert!(decode(bytes[..length].to_vec(), &mut Channel::default()).is_err(), "{length} bytes");
    }
}
