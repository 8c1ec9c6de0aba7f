use super::*;
use crate::testing::{column, context, lines};
use arrow::array::{Int32Builder, ListArray, MapBuilder, MapFieldNames, StringArray, StringBuilder};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use riverrun_core::{DataType as FlinkType, Field, TypeKind, Watermark};

/// A batch of a name and a collection.
fn batch(names: &[&str], collection: ArrayRef, kind: TypeKind) -> (Schema, RowBatch) {
    let schema =
        Schema::new(vec![Field::new("name", TypeKind::STRING.nullable()), Field::new("collection", kind.nullable())]);
    let columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(names.to_vec())), collection];
    let batch = RecordBatch::try_new(schema.to_arrow(), columns).unwrap();
    (schema, RowBatch::append(batch))
}

fn run(input: &(Schema, RowBatch), element: &[TypeKind], outer: bool, ordinality: bool, room: usize) -> Vec<String> {
    run_on(input, element, (outer, ordinality), None, room)
}

fn run_on(
    input: &(Schema, RowBatch),
    element: &[TypeKind],
    (outer, ordinality): (bool, bool),
    on: Option<Expression>,
    room: usize,
) -> Vec<String> {
    let mut schema = input.0.clone();
    let kinds = element.iter().cloned().chain(ordinality.then_some(TypeKind::Int));
    schema.fields.extend(kinds.map(|kind| Field::new("e", kind.nullable())));
    let spec = UnnestSpec {
        collection: column("collection", 1),
        multiset: matches!(input.0.fields[1].data_type.kind, TypeKind::Multiset(_)),
        outer,
        ordinality,
        on,
        schema,
        batch_size: 2,
    };
    let mut operator = Unnest::new(spec, context(0, 1)).unwrap();
    let mut out = Output::new(Watermark::MIN, room);
    operator.on_batch(0, input.1.clone(), &WatermarkRuns::default(), &mut out).unwrap();
    let mut rows = Vec::new();
    loop {
        let batches = out.take();
        assert!(batches.len() <= room && batches.iter().all(|(batch, _)| batch.num_rows() <= 2));
        // Without the collection itself.
        let shown = batches.iter().flat_map(|(batch, _)| {
            let keep: Vec<usize> = (0..batch.columns.num_columns()).filter(|index| *index != 1).collect();
            lines(&RowBatch { columns: batch.columns.project(&keep).unwrap(), weights: batch.weights.clone() })
        });
        rows.extend(shown);
        if !operator.has_more() {
            return rows;
        }
        operator.resume(&mut out).unwrap();
    }
}

fn numbers() -> (Schema, RowBatch) {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(3), None, Some(1)]),
        None,
        Some(vec![]),
        Some(vec![Some(7)]),
    ]);
    batch(&["ada", "bob", "cleo", "dan"], Arc::new(list), TypeKind::Array(Box::new(TypeKind::Int.nullable())))
}

#[test]
fn elements_of_an_array_with_their_positions() {
    for room in [1, usize::MAX] {
        assert_eq!(
            run(&numbers(), &[TypeKind::Int], false, true, room),
            ["ada | 3 | 1", "ada | null | 2", "ada | 1 | 3", "dan | 7 | 1"]
        );
    }
}

#[test]
fn a_left_join_keeps_rows_without_elements() {
    assert_eq!(
        run(&numbers(), &[TypeKind::Int], true, true, 1),
        ["ada | 3 | 1", "ada | null | 2", "ada | 1 | 3", "bob | null | null", "cleo | null | null", "dan | 7 | 1"]
    );
}

fn counted(kind: TypeKind) -> (Schema, RowBatch) {
    let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
    let mut map = MapBuilder::new(Some(names), StringBuilder::new(), Int32Builder::new());
    for (key, value) in [("x", 1), ("y", 2)] {
        map.keys().append_value(key);
        map.values().append_value(value);
    }
    map.append(true).unwrap();
    batch(&["ada"], Arc::new(map.finish()), kind)
}

#[test]
fn a_map_gives_keys_and_values() {
    let string = || Box::new(TypeKind::STRING.not_null());
    let map = counted(TypeKind::Map(string(), Box::new(TypeKind::Int.nullable())));
    assert_eq!(run(&map, &[TypeKind::STRING, TypeKind::Int], false, false, 1), ["ada | x | 1", "ada | y | 2"]);
    let multiset = counted(TypeKind::Multiset(string()));
    assert_eq!(run(&multiset, &[TypeKind::STRING], false, false, 1), ["ada | x", "ada | y", "ada | y"]);
}

#[test]
fn rows_in_an_array_give_their_fields() {
    let fields = vec![Field::new("a", TypeKind::Int.nullable()), Field::new("b", TypeKind::STRING.nullable())];
    let kind = TypeKind::Array(Box::new(FlinkType { kind: TypeKind::Row(fields), nullable: true }));
    let DataType::List(item) = kind.clone().nullable().to_arrow() else { panic!() };
    let DataType::Struct(fields) = item.data_type().clone() else { panic!() };
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int32Array::from(vec![1, 2])), Arc::new(StringArray::from(vec!["x", "y"]))];
    let rows = StructArray::new(fields, columns, Some(NullBuffer::from(vec![true, false])));
    let list = ListArray::new(item, OffsetBuffer::from_lengths([2]), Arc::new(rows), None);
    let input = batch(&["ada"], Arc::new(list), kind);
    assert_eq!(run(&input, &[TypeKind::Int, TypeKind::STRING], false, false, 1), ["ada | 1 | x", "ada | null | null"]);
}

#[test]
fn rows_without_an_element_for_which_the_condition_holds_stay_if_they_are_kept() {
    // Elements over two: 3 of ada's, 7 of dan's; NULL is not.
    let two = datafusion_common::ScalarValue::Int32(Some(2));
    let on: Expression = Arc::new(datafusion_physical_expr::expressions::BinaryExpr::new(
        column("e", 2),
        datafusion_expr::Operator::Gt,
        Arc::new(datafusion_physical_expr::expressions::Literal::new(two)),
    ));
    for room in [1, usize::MAX] {
        let rows = run_on(&numbers(), &[TypeKind::Int], (true, true), Some(on.clone()), room);
        assert_eq!(rows, ["ada | 3 | 1", "bob | null | null", "cleo | null | null", "dan | 7 | 1"]);
        let rows = run_on(&numbers(), &[TypeKind::Int], (false, true), Some(on.clone()), room);
        assert_eq!(rows, ["ada | 3 | 1", "dan | 7 | 1"]);
    }
}

#[test]
fn a_row_without_columns_can_have_elements() {
    let columns = RecordBatch::try_new_with_options(
        Schema::default().to_arrow(),
        Vec::new(),
        &arrow::array::RecordBatchOptions::new().with_row_count(Some(1)),
    );
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), Some(2)])]);
    let list = datafusion_common::ScalarValue::List(Arc::new(list));
    let spec = UnnestSpec {
        collection: Arc::new(datafusion_physical_expr::expressions::Literal::new(list)),
        multiset: false,
        outer: false,
        ordinality: false,
        on: None,
        schema: Schema::new(vec![Field::new("e", TypeKind::Int.nullable())]),
        batch_size: 10,
    };
    let mut operator = Unnest::new(spec, context(0, 1)).unwrap();
    let mut out = Output::new(Watermark::MIN, 1);
    operator.on_batch(0, RowBatch::append(columns.unwrap()), &WatermarkRuns::default(), &mut out).unwrap();
    let rows: Vec<String> = out.take().iter().flat_map(|(batch, _)| lines(batch)).collect();
    assert_eq!(rows, ["1", "2"]);
}
