use super::*;

#[test]
fn types_keep_six_digits_behind_the_point() {
    assert_eq!(result_type(Operator::Plus, (10, 2), (38, 18)), (38, 17));
    assert_eq!(result_type(Operator::Times, (38, 18), (38, 18)), (38, 6));
    assert_eq!(result_type(Operator::Divide, (10, 2), (10, 2)), (23, 13));
    assert_eq!(result_type(Operator::Divide, (10, 2), (38, 18)), (38, 12));
    assert_eq!(result_type(Operator::Remainder, (10, 2), (10, 0)), (10, 2));
}

#[test]
fn wide_quotients_are_exact() {
    let compute = Compute { operator: Operator::Divide, left: 0, right: 18, precision: 38, scale: 18 };
    let third = compute.apply(10i128.pow(20), 3 * 10i128.pow(18)).unwrap();
    assert_eq!(third, Some(33_333_333_333_333_333_333_333_333_333_333_333_333));
    let negative = compute.apply(-2 * 10i128.pow(19), 3 * 10i128.pow(18)).unwrap();
    assert_eq!(negative, Some(-6_666_666_666_666_666_666_666_666_666_666_666_667));
}

#[test]
fn scales_are_compared_exactly() {
    use std::cmp::Ordering;
    assert_eq!(compare(15, 1, 150, 2), Ordering::Equal);
    let most = 10i128.pow(38) - 1;
    assert_eq!(compare(most, 0, most, 38), Ordering::Greater);
    assert_eq!(compare(-most, 0, most, 38), Ordering::Less);
}
