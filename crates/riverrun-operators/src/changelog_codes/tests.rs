use super::*;
use crate::testing::{Table, context, lines};
use riverrun_core::{Field, TypeKind, Watermark};

fn people() -> Table {
    Table::new("id INT | name STRING")
}

fn to(keys: Vec<usize>) -> ChangelogCodes {
    let kinds = [RowKind::Insert, RowKind::UpdateBefore, RowKind::UpdateAfter, RowKind::Delete];
    let names = ["I", "UB", "UA", "D"];
    let codes = kinds.into_iter().zip(names.map(str::to_owned)).collect();
    let op = Field::new("op", TypeKind::STRING.nullable());
    let schema = Schema::new(std::iter::once(op).chain(people().schema.fields).collect());
    ChangelogCodes::new(ChangelogCodesSpec { codes: Codes::To { keys, codes }, schema }, &context(0, 1))
}

fn run(operator: &mut ChangelogCodes, batches: &[&[&str]], table: &Table) -> Vec<String> {
    let mut out = Output::new(Watermark::MIN, 100);
    for rows in batches {
        operator.on_batch(0, table.batch(rows), &WatermarkRuns::default(), &mut out).unwrap();
    }
    operator.on_tick(&mut out).unwrap();
    out.take().iter().flat_map(|(batch, _)| lines(batch)).collect()
}

#[test]
fn a_row_and_the_next_of_its_key_are_an_update() {
    let batches: &[&[&str]] = &[&["1 | ana", "- 1 | ana", "1 | eva", "- 1 | eva", "2 | bob", "- 2 | bob"]];
    assert_eq!(
        run(&mut to(vec![0]), batches, &people()),
        ["I | 1 | ana", "UB | 1 | ana", "UA | 1 | eva", "D | 1 | eva", "I | 2 | bob", "D | 2 | bob"]
    );
    assert_eq!(run(&mut to(Vec::new()), batches, &people())[1..3], ["D | 1 | ana", "I | 1 | eva"]);
}

#[test]
fn an_update_may_stand_in_two_batches() {
    assert_eq!(
        run(&mut to(vec![0]), &[&["1 | ana", "- 1 | ana"], &["1 | eva", "- 2 | bob"], &["- 3 | cy"]], &people()),
        ["I | 1 | ana", "UB | 1 | ana", "UA | 1 | eva", "D | 2 | bob", "D | 3 | cy"]
    );
}

#[test]
fn rows_with_codes_are_changes() {
    let table = Table::new("id INT | op STRING | name STRING");
    let kinds = vec![
        ("c".to_owned(), RowKind::Insert),
        ("ub".to_owned(), RowKind::UpdateBefore),
        ("ua".to_owned(), RowKind::UpdateAfter),
        ("d".to_owned(), RowKind::Delete),
    ];
    let spec = ChangelogCodesSpec { codes: Codes::From { op: 1, kinds }, schema: people().schema };
    let mut from = ChangelogCodes::new(spec, &context(0, 1));
    assert_eq!(
        run(
            &mut from,
            &[&["1 | c | ana", "1 | ub | ana", "1 | ua | eva", "2 | x | bob", "2 | null | bob", "1 | d | eva"]],
            &table
        ),
        ["1 | ana", "- 1 | ana", "1 | eva", "- 1 | eva"]
    );
}
