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

#[test]
fn what_has_room_is_computed_like_everything_else() {
    let mut random = 1_u64;
    let mut digits = |precision: u8| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (i128::from(random as i64) << 40 ^ i128::from(random >> 7)) % power_of_ten(precision)
    };
    let mut compared = 0;
    for operator in [Operator::Plus, Operator::Minus, Operator::Times, Operator::Divide, Operator::Remainder] {
        for (p1, s1) in [(3, 3), (19, 0), (10, 2), (18, 18), (30, 4)] {
            for (p2, s2) in [(1, 0), (4, 3), (19, 9), (20, 0)] {
                let (precision, scale) = result_type(operator, (p1, s1), (p2, s2));
                let compute = Compute { operator, left: s1, right: s2, precision, scale };
                let Some(exact) = compute.exact() else { continue };
                for _ in 0..50 {
                    let (left, right) = (digits(p1), digits(p2));
                    assert_eq!(Some(exact(left, right)), compute.apply(left, right).unwrap(), "{operator:?} {p1} {p2}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}
