use super::*;

#[test]
fn doubles_become_decimals_half_up_of_their_exact_value() {
    assert_eq!(decimal_from_double(1.5, 6), Some(1_500_000));
    assert_eq!(decimal_from_double(-1.5, 0), Some(-2));
    assert_eq!(decimal_from_double(0.0078125, 6), Some(7_813), "an exact half goes up");
    assert_eq!(decimal_from_double(1.0 / 3.0, 38), Some(33_333_333_333_333_331_482_961_625_624_739_099_294));
    assert_eq!(decimal_from_double(1e-300, 6), Some(0));
    assert_eq!(decimal_from_double(1e37, 0), Some(9_999_999_999_999_999_538_762_658_202_121_142_272));
    assert_eq!(decimal_from_double(1e38, 0), Some(99_999_999_999_999_997_748_809_823_456_034_029_568));
    assert_eq!(decimal_from_double(1e39, 0), None);
    assert_eq!(decimal_from_double(1e300, 6), None);
    assert_eq!(decimal_from_double(f64::NAN, 6), None);
}

#[test]
fn averages_round_half_away_from_zero() {
    let wide = |value: i128| i256::from_i128(value);
    assert_eq!(divide_half_up(wide(10_060), 4, 3), Some(33_533_333));
    assert_eq!(divide_half_up(wide(5), 0, 2), Some(3));
    assert_eq!(divide_half_up(wide(-5), 0, 2), Some(-3));
    assert_eq!(divide_half_up(wide(-4), 0, 3), Some(-1));
}

#[test]
fn a_wide_sum_does_not_overflow_and_can_go_back() {
    let most = i256::from_i128(DECIMAL_LIMIT - 1);
    let two = i256::ZERO.add(most, 1).add(most, 1);
    assert_eq!(to_decimal(two), None);
    assert_eq!(to_decimal(two.add(most, -1)), most.to_i128());
}
