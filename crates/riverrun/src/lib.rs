//! Riverrun for Rust programs: sessions that run Flink SQL, and the jobs they start.
