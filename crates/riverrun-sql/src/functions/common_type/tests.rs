use super::*;

fn common(a: TypeKind, b: TypeKind) -> Option<String> {
    common_type(&[&a.not_null(), &b.not_null()]).ok().map(|common| common.kind.to_string())
}

#[test]
fn numbers_widen() {
    assert_eq!(common(TypeKind::TinyInt, TypeKind::SmallInt).as_deref(), Some("SMALLINT"));
    assert_eq!(common(TypeKind::decimal(10, 2), TypeKind::Int).as_deref(), Some("DECIMAL(12, 2)"));
    assert_eq!(common(TypeKind::decimal(10, 2), TypeKind::decimal(4, 3)).as_deref(), Some("DECIMAL(11, 3)"));
    assert_eq!(common(TypeKind::decimal(38, 0), TypeKind::decimal(4, 3)).as_deref(), Some("DECIMAL(38, 0)"));
    assert_eq!(common(TypeKind::Float, TypeKind::Double).as_deref(), Some("FLOAT"));
    assert_eq!(common(TypeKind::Float, TypeKind::decimal(10, 2)).as_deref(), Some("DOUBLE"));
    assert_eq!(common(TypeKind::BigInt, TypeKind::Float).as_deref(), Some("FLOAT"));
    let merged = merged_type(&[&TypeKind::Float.not_null(), &TypeKind::Double.nullable()]).unwrap();
    assert_eq!(merged, TypeKind::Double.nullable());
}

#[test]
fn a_timestamp_and_an_instant_keep_the_kind_of_the_first_or_the_second() {
    let (plain, instant) = (TypeKind::timestamp, TypeKind::timestamp_ltz);
    assert_eq!(common(plain(3), instant(3)).as_deref(), Some("TIMESTAMP(3)"));
    assert_eq!(common(instant(3), plain(3)).as_deref(), Some("TIMESTAMP_LTZ(3)"));
    assert_eq!(common(plain(9), instant(3)).as_deref(), Some("TIMESTAMP_LTZ(9)"));
    assert_eq!(common(instant(3), plain(9)).as_deref(), Some("TIMESTAMP(9)"));
    assert_eq!(common(plain(0), instant(3)).as_deref(), Some("TIMESTAMP_LTZ(3)"));
    let merged = merged_type(&[&plain(9).not_null(), &instant(3).not_null()]).unwrap();
    assert_eq!(merged, instant(9).not_null());
}

#[test]
fn texts_of_two_lengths_become_varchar() {
    assert_eq!(common(TypeKind::Char(3), TypeKind::Char(3)).as_deref(), Some("CHAR(3)"));
    assert_eq!(common(TypeKind::Char(1), TypeKind::Char(3)).as_deref(), Some("VARCHAR(3)"));
    assert_eq!(common(TypeKind::Char(1), TypeKind::STRING).as_deref(), Some("STRING"));
}

#[test]
fn a_bare_null_makes_the_type_nullable() {
    let int = TypeKind::Int.not_null();
    let null = TypeKind::Null.nullable();
    assert_eq!(common_type(&[&null, &int]).unwrap(), TypeKind::Int.nullable());
    assert_eq!(common_type(&[&null, &null]).unwrap().kind, TypeKind::Null);
}

#[test]
fn unrelated_types_have_none() {
    assert_eq!(common(TypeKind::Date, TypeKind::timestamp(3)), None);
    assert_eq!(common(TypeKind::STRING, TypeKind::Int), None);
    let merged = merged_type(&[&TypeKind::Date.not_null(), &TypeKind::timestamp(3).not_null()]).unwrap();
    assert_eq!(merged, TypeKind::Date.not_null());
}

#[test]
fn collections_meet_element_by_element() {
    let array = |kind: TypeKind| TypeKind::Array(Box::new(kind.nullable()));
    assert_eq!(common(array(TypeKind::Int), array(TypeKind::BigInt)).as_deref(), Some("ARRAY<BIGINT>"));
    assert_eq!(common(array(TypeKind::Int), array(TypeKind::STRING)), None);
}
