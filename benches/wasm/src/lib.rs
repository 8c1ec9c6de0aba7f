//! The same functions called for each row and for many rows at once.

wit_bindgen::generate!({ world: "forms", path: "wit" });

struct Forms;

fn mixed(x: i64) -> i64 {
    (x ^ (x >> 29)).wrapping_mul(-0x4b47_d0c7_a1ef_17a5)
}

impl Guest for Forms {
    fn one(x: i64) -> i64 {
        mixed(x)
    }

    fn many(x: Vec<i64>) -> Vec<i64> {
        x.into_iter().map(mixed).collect()
    }

    fn one_text(t: String) -> i64 {
        t.len() as i64
    }

    fn many_texts(t: Vec<String>) -> Vec<i64> {
        t.iter().map(|text| text.len() as i64).collect()
    }
}

export!(Forms);
