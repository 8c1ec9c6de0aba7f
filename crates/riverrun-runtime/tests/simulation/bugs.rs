//! Bugs that can be planted: each breaks one promise of a source, an operator, a sink or a restore.

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A sink makes an epoch visible at its barrier, before the manifest is put.
    CommitBeforeManifest,
    /// A sink commits what it finds in its log although the target's token says that it is there.
    IgnoredToken,
    /// A source's snapshot names the row after the next one.
    OffsetTooFar,
    /// A source's snapshot names a row that has been read.
    OffsetTooNear,
    /// An event-time timer that was set since the last barrier is not in the snapshot.
    DroppedTimer,
    /// The same for processing time.
    DroppedProcessingTimer,
    /// A slot that changes for the second time between two barriers is not marked dirty.
    ForgottenDirtySlot,
    /// A key group's state goes to another worker than its rows.
    GroupToWrongWorker,
    /// An operator's watermark after a restore is later than the one at the barrier.
    LateWatermark,
    /// A snapshot lacks the part of one worker.
    LostPart,
}

impl Bug {
    pub const ALL: [Bug; 10] = [
        Bug::CommitBeforeManifest,
        Bug::IgnoredToken,
        Bug::OffsetTooFar,
        Bug::OffsetTooNear,
        Bug::DroppedTimer,
        Bug::DroppedProcessingTimer,
        Bug::ForgottenDirtySlot,
        Bug::GroupToWrongWorker,
        Bug::LateWatermark,
        Bug::LostPart,
    ];
}
