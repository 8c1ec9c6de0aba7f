use super::*;
use riverrun_core::SystemClock;

fn expiry() -> Expiry {
    Expiry::new(Millis(100), Arc::new(SystemClock))
}

#[test]
fn a_key_lives_for_the_time_after_its_last_write() {
    let mut expiry = expiry();
    expiry.write(0, Millis(1000));
    expiry.write(1, Millis(1010));
    expiry.write(0, Millis(1050));
    assert!(!expiry.is_expired(1, Millis(1109)));
    assert!(expiry.is_expired(1, Millis(1110)));
    assert_eq!(expiry.take_expired(Millis(1110)), [1]);
    assert_eq!(expiry.take_expired(Millis(1149)), [] as [u32; 0]);
    assert_eq!(expiry.take_expired(Millis(1150)), [0]);
    assert_eq!(expiry.next_timer(), None);
}

#[test]
fn a_key_that_is_gone_does_not_expire() {
    let mut expiry = expiry();
    expiry.write(3, Millis(1000));
    expiry.forget(3);
    assert!(!expiry.is_expired(3, Millis(5000)));
    assert_eq!(expiry.take_expired(Millis(5000)), [] as [u32; 0]);
}

#[test]
fn after_a_restore_keys_expire_in_the_order_of_time() {
    let mut expiry = expiry();
    expiry.write(0, Millis(2000));
    expiry.write(1, Millis(1000));
    expiry.restored();
    assert_eq!(expiry.take_expired(Millis(1100)), [1]);
    assert!(expiry.next_timer() > Some(Millis(2100)));
}

#[test]
fn a_key_that_is_read_again_and_again_is_noted_once() {
    let clock = riverrun_core::clock::ManualClock::new(Millis(0));
    let mut expiry = Expiry::new(Millis(1_000), Arc::new(clock));
    for _ in 0..20_000 {
        expiry.write(3, Millis(500));
        expiry.forget(3);
    }
    expiry.write(3, Millis(500));
    expiry.write(1, Millis(400));
    assert!(expiry.queue.len() < 5_000, "{} writes are kept", expiry.queue.len());
    assert_eq!(expiry.find_expired(Millis(1_500)), [1, 3]);
}
