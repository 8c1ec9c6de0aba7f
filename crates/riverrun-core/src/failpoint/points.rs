//! The failpoints there are. A point that is not listed here can't be armed, and a test compares the list with the sources.

/// When a point is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// While rows are read and written.
    Run,
    /// With each checkpoint.
    Checkpoint,
    /// With each start that goes on from a checkpoint.
    Restore,
    /// While the tier of state below memory is written; only where RocksDB is built in and used.
    Tier,
    /// On request only.
    Savepoint,
}

/// A failpoint.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Its name.
    pub name: &'static str,
    /// When it is passed.
    pub phase: Phase,
    /// Whether a connection to another system can be lost there.
    pub connection: bool,
    /// What comes right after it.
    pub doc: &'static str,
}

const fn point(name: &'static str, phase: Phase, doc: &'static str) -> Point {
    Point { name, phase, connection: false, doc }
}

const fn connection(name: &'static str, phase: Phase, doc: &'static str) -> Point {
    Point { name, phase, connection: true, doc }
}

/// All of them, in the order of a checkpoint and its restore.
pub const POINTS: &[Point] = &[
    point("source-read", Phase::Run, "a source reads its next rows"),
    point("barrier", Phase::Checkpoint, "a checkpoint begins"),
    point("source-snapshot", Phase::Checkpoint, "a source gives its offsets"),
    point("operator-snapshot", Phase::Checkpoint, "an operator freezes its state"),
    point("state-flush", Phase::Tier, "state that has changed is written to RocksDB"),
    point("state-hard-link", Phase::Tier, "RocksDB's files are linked into a folder of the checkpoint"),
    point("sink-snapshot", Phase::Checkpoint, "a sink is reached by the barrier"),
    point("epoch-log", Phase::Checkpoint, "a sink puts what it has taken into the checkpoint"),
    point("checkpoint-upload", Phase::Checkpoint, "a process writes its part of the checkpoint"),
    point("checkpoint-uploaded", Phase::Checkpoint, "the part is written"),
    point("part-report", Phase::Checkpoint, "the part is reported"),
    point("manifest-put", Phase::Checkpoint, "the checkpoint is decided"),
    point("manifest-put-done", Phase::Checkpoint, "the checkpoint has been decided, and nobody knows yet"),
    point("commit-notice", Phase::Checkpoint, "all workers are told"),
    point("sink-commit", Phase::Checkpoint, "a sink hears of it"),
    connection("sink-write", Phase::Run, "a sink writes rows to its target"),
    connection("token", Phase::Checkpoint, "the commit token moves, within the transaction of the rows"),
    connection("target-commit", Phase::Checkpoint, "the target commits, or a file appears"),
    connection("commit-answer", Phase::Checkpoint, "the target's answer arrives: it has committed"),
    point("sink-committed", Phase::Checkpoint, "a sink has passed the commit on"),
    point("clean-up", Phase::Checkpoint, "older checkpoints are dropped"),
    point("clean-up-files", Phase::Checkpoint, "files that nobody names are deleted"),
    point("restore", Phase::Restore, "a checkpoint is read back"),
    point("source-restore", Phase::Restore, "a source seeks to its offsets"),
    point("sink-restore", Phase::Restore, "a sink gets what was not committed"),
    connection("fence", Phase::Restore, "a sink takes over from its predecessor; with a first start too"),
    point("sink-restored", Phase::Restore, "a sink has got its state"),
    point("savepoint-copy", Phase::Savepoint, "a savepoint's files are copied"),
];
