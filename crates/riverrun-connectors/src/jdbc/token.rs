//! Commit tokens: one row per lane in the table `riverrun_commits`, moved in the transaction that writes the lane's rows.

use crate::delivery::{Commit, Committed, Outcome, fenced};
use riverrun_core::Epoch;

/// The table's name.
pub const TABLE: &str = "riverrun_commits";

const COLUMNS: &str = "job VARCHAR(64) NOT NULL, sink VARCHAR(1024) NOT NULL, lane INTEGER NOT NULL, \
    generation BIGINT NOT NULL, epoch BIGINT NOT NULL, PRIMARY KEY (job, sink, lane)";

/// Makes the table where it is not there.
pub fn create(name: &str) -> String {
    format!("CREATE TABLE IF NOT EXISTS {name} ({COLUMNS})")
}

/// What makes the table beforehand, for a role that must not.
pub fn made_beforehand(name: &str, role: &str) -> String {
    format!("CREATE TABLE {name} ({COLUMNS}); {}", granted(name, role))
}

/// What lets a role use the table.
pub fn granted(name: &str, role: &str) -> String {
    format!("GRANT SELECT, INSERT, UPDATE ON {name} TO {role}")
}

/// Takes a lane over and gives its epoch; no row if a later generation has it. −1 before the first commit.
pub const FENCE: &str = "INSERT INTO riverrun_commits AS c (job, sink, lane, generation, epoch) VALUES ($1, $2, $3, $4, -1) \
    ON CONFLICT (job, sink, lane) DO UPDATE SET generation = excluded.generation \
    WHERE c.generation <= excluded.generation RETURNING epoch";

/// The epoch and generation of a lane.
pub const READ: &str = "SELECT epoch, generation FROM riverrun_commits WHERE job = $1 AND sink = $2 AND lane = $3";

/// Moves the token forward from what it is known to be; nothing if it is there already or stands elsewhere, or if the lane was
/// taken over.
pub const ADVANCE: &str = "UPDATE riverrun_commits SET epoch = $5 \
    WHERE job = $1 AND sink = $2 AND lane = $3 AND generation = $4 AND epoch < $5 AND epoch >= $6";

/// Sets the token; nothing if the lane was taken over.
pub const SET: &str =
    "UPDATE riverrun_commits SET epoch = $5 WHERE job = $1 AND sink = $2 AND lane = $3 AND generation = $4";

/// A stored epoch as a token.
pub fn epoch(stored: i64) -> Option<Epoch> {
    u32::try_from(stored).ok().map(Epoch)
}

/// A token as it is stored.
pub fn stored(epoch: Option<Epoch>) -> i64 {
    epoch.map_or(-1, |epoch| epoch.0.into())
}

/// What a lane's row says, epoch and generation, to a commit that has not moved it.
pub fn standing(commit: &Commit, row: Option<(i64, i64)>) -> Outcome<Committed> {
    match row {
        Some((_, generation)) if generation != commit.generation as i64 => Err(fenced(&commit.lane)),
        row => Ok(commit.standing(row.and_then(|(found, _)| epoch(found)))),
    }
}
