//! BYTES in text: base64 with padding, space allowed anywhere, as in Flink's JSON.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// Bits behind the last byte may be anything, as Jackson has it.
const ENGINE: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Reads base64.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|byte| byte <= b' ') {
        let dense: String = text.chars().filter(|&c| c > ' ').collect();
        return ENGINE.decode(dense).ok();
    }
    ENGINE.decode(text).ok()
}

/// Writes base64.
pub fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}
