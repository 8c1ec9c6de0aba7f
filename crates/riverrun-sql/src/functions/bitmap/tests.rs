use super::super::test_calls::*;

fn set(values: &[i32]) -> Constant {
    let values: Vec<_> = values.iter().copied().map(int).collect();
    constant("BITMAP_BUILD", &[constant("ARRAY", &values)])
}

#[test]
fn sets_of_integers() {
    assert_eq!(call("BITMAP_TO_STRING", &[set(&[5, -1, 2, 2])]), "STRING NOT NULL: {2,5,4294967295}");
    assert_eq!(call("BITMAP_CARDINALITY", &[set(&[1, 2, 2])]), "BIGINT NOT NULL: 2");
    assert_eq!(call("BITMAP_TO_ARRAY", &[set(&[2, 1])]), "ARRAY<INT> NOT NULL: [1, 2]");
    assert_eq!(call("BITMAP_AND", &[set(&[1, 2]), set(&[2, 3])]), "BITMAP NOT NULL: {2}");
    assert_eq!(call("BITMAP_OR", &[set(&[1, 2]), set(&[2, 3])]), "BITMAP NOT NULL: {1,2,3}");
    assert_eq!(call("BITMAP_XOR", &[set(&[1, 2]), set(&[2, 3])]), "BITMAP NOT NULL: {1,3}");
    assert_eq!(call("BITMAP_ANDNOT", &[set(&[1, 2]), set(&[2, 3])]), "BITMAP NOT NULL: {1}");
}

#[test]
fn bytes_are_those_of_flink() {
    assert_eq!(
        call("BITMAP_TO_BYTES", &[set(&[1, 2, 3])]),
        "BYTES NOT NULL: [58, 48, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 16, 0, 0, 0, 1, 0, 2, 0, 3, 0]"
    );
    assert_eq!(
        call("BITMAP_TO_BYTES", &[set(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10])]),
        "BYTES NOT NULL: [59, 48, 0, 0, 1, 0, 0, 9, 0, 1, 0, 1, 0, 9, 0]"
    );
    let round = constant("BITMAP_FROM_BYTES", &[constant("BITMAP_TO_BYTES", &[set(&[7])])]);
    assert_eq!(call("BITMAP_TO_STRING", &[round]), "STRING NOT NULL: {7}");
    assert!(call("BITMAP_FROM_BYTES", &[bytes(&[0])]).starts_with("Failure: the bytes are no bitmap"));
}
