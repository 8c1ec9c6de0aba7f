//! One set of features for the dependencies that several crates share: see this crate's manifest.
