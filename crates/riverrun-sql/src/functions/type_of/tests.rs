use crate::functions::test_calls::{boolean, call, int, text};

#[test]
fn types_have_a_short_and_a_long_name() {
    assert_eq!(call("TYPEOF", &[int(1)]), "STRING: INT NOT NULL");
    assert_eq!(call("TYPEOF", &[text("")]), "STRING: CHAR(0) NOT NULL");
    assert_eq!(super::long_name(&riverrun_core::TypeKind::STRING.nullable()), "VARCHAR(2147483647)");
    let instant = riverrun_core::TypeKind::timestamp_ltz(3).not_null();
    assert_eq!(super::long_name(&instant), "TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL");
    assert_eq!(call("TYPEOF", &[int(1), boolean(false)]), "STRING: INT NOT NULL");
    assert!(call("TYPEOF", &[int(1), int(1)]).starts_with("Input"));
}
