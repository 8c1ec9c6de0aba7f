//! BITMAP values as text. They are held as bytes in the portable format of Roaring bitmaps.

use roaring::RoaringBitmap;
use std::fmt::Write;

/// Writes a bitmap as Flink prints it, `{1,2,3}`; bytes that are none as `{?}`.
pub fn write_bitmap(bytes: &[u8], out: &mut String) {
    let Ok(set) = RoaringBitmap::deserialize_from(bytes) else { return out.push_str("{?}") };
    out.push('{');
    for (index, value) in set.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        // Writing to a String never fails.
        let _ = write!(out, "{value}");
    }
    out.push('}');
}
