use super::*;
use riverrun_core::KeyGroup;
use riverrun_state::hash_key;

#[test]
fn a_page_is_split_into_itself_and_the_new_one() {
    for number in 0..2_000_u32 {
        let hash = hash_row(&number.to_le_bytes());
        for pages in 1..70 {
            let (before, after) = (hashed(hash, pages), hashed(hash, pages + 1));
            assert!(before < pages);
            assert!(after == before || (after == pages && before == source(pages)), "{before}, {after} of {pages}");
        }
    }
}

#[test]
fn rows_are_spread_over_all_pages() {
    let mut rows = [0; 8];
    for number in 0..8_000_u32 {
        rows[hashed(hash_row(&number.to_le_bytes()), 8) as usize] += 1;
    }
    assert!(rows.iter().all(|rows| (800..1_200).contains(rows)), "{rows:?}");
}

#[test]
fn pages_have_the_key_group_of_their_head_and_hashes_of_their_own() {
    let head = hash_key(b"ada");
    let mut seen = std::collections::BTreeSet::from([head]);
    for side in [LEFT, RIGHT] {
        for number in 1..5_000 {
            let hash = page_hash(head, side, number);
            assert!(seen.insert(hash));
            for groups in [1, 7, 128, 30_000] {
                assert_eq!(KeyGroup::of_hash(hash, groups), KeyGroup::of_hash(head, groups));
            }
        }
    }
}

#[test]
fn a_page_key_says_its_head() {
    let mut keys = KeyRows::default();
    page_key(b"ada", RIGHT, 77, &mut keys);
    let page = [&[0; 8][..], &[RIGHT as u8 + 1]].concat();
    assert_eq!(join_key(keys.row(0), &page).unwrap(), b"ada");
    assert_eq!(join_key(b"ada", &[0; 9]).unwrap(), b"ada");
    assert_eq!(join_key(b"ada", &page).unwrap_err().message(), "a page of the state of a join is damaged");
}
