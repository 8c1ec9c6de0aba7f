//! Watermark alignment: of the sources of a group, none reads on that is further ahead than the group allows.
//!
//! Each worker of each source is a member of its own. A member counts from its first watermark on, while it is not idle
//! and has not ended, as in Flink; so an empty table holds nobody up. The processes of a job tell process 0 how far
//! theirs are, and process 0 tells the others how far all are.

use crate::message::Status;
use crate::source::{Alignment, Waker};
use riverrun_core::Watermark;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A watermark that has moved by less than this part of the drift is no news to other processes.
const PARTS_OF_DRIFT: i64 = 8;

/// The least watermark of a group in the sender's sight; `None` if no member of it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) group: String,
    pub(crate) least: Option<i64>,
    /// Which of two that have overtaken each other is the newer.
    pub(crate) number: u64,
}

/// Tells other processes.
pub(crate) type Tell = Box<dyn Fn(Progress) + Send + Sync>;

/// Who is told what.
pub(crate) enum Link {
    /// In process 0: the others, how far all are.
    All(Tell),
    /// In another: process 0, how far its own are.
    Own(Tell),
}

/// The aligned sources of this process, and what is known of those of the others.
#[derive(Default)]
pub(crate) struct AlignmentBoard {
    groups: Mutex<BTreeMap<String, Group>>,
    link: OnceLock<Link>,
}

/// A member as its group knows it.
#[derive(Default)]
struct Place {
    /// Its watermark, if it counts.
    watermark: Option<i64>,
    /// Who is called when the last of the group have moved on, if it waits.
    waiting: Option<Waker>,
}

#[derive(Default)]
struct Group {
    /// The members of this process.
    members: Vec<Place>,
    /// What other processes have told.
    elsewhere: BTreeMap<usize, Progress>,
    /// The smallest drift that a member allows.
    drift: Option<i64>,
    told: Option<i64>,
    /// How often it was told.
    number: u64,
}

impl Group {
    fn least_here(&self) -> Option<i64> {
        self.members.iter().filter_map(|member| member.watermark).min()
    }

    fn least(&self) -> Option<i64> {
        let elsewhere = self.elsewhere.values().filter_map(|told| told.least);
        self.least_here().into_iter().chain(elsewhere).min()
    }

    /// Changes something; whoever waits looks again if the last have moved on.
    fn change(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.least();
        change(self);
        if self.least().unwrap_or(i64::MAX) > before.unwrap_or(i64::MAX) {
            self.members.iter_mut().filter_map(|member| member.waiting.take()).for_each(|waker| waker());
        }
    }

    /// What is to be told, if it is news.
    fn news(&mut self, name: &str, least: Option<i64>) -> Option<Progress> {
        let step = (self.drift.unwrap_or(0) / PARTS_OF_DRIFT).max(1);
        let is_news = match (self.told, least) {
            (Some(told), Some(least)) => least < told || least >= told.saturating_add(step),
            (told, least) => told != least,
        };
        is_news.then(|| {
            self.told = least;
            self.number += 1;
            Progress { group: name.to_owned(), least, number: self.number }
        })
    }
}

impl AlignmentBoard {
    /// Whether and how the other processes are told.
    pub(crate) fn connect(&self, link: Link) {
        let _ = self.link.set(link);
    }

    fn groups(&self) -> MutexGuard<'_, BTreeMap<String, Group>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Group)) {
        let mut groups = self.groups();
        let group = groups.entry(name.to_owned()).or_default();
        group.change(change);
        let (tell, least) = match self.link.get() {
            Some(Link::All(tell)) => (tell, group.least()),
            Some(Link::Own(tell)) => (tell, group.least_here()),
            None => return,
        };
        let news = group.news(name, least);
        // A connection may make its sender wait.
        drop(groups);
        news.into_iter().for_each(tell);
    }

    /// Another process has told how far a group is there.
    pub(crate) fn hear(&self, process: usize, progress: Progress) {
        self.change(&progress.group.clone(), |group| {
            let is_newer = |known: &Progress| known.number < progress.number;
            if group.elsewhere.get(&process).is_none_or(is_newer) {
                group.elsewhere.insert(process, progress);
            }
        });
    }
}

/// One worker of an aligned source.
pub(crate) struct Member {
    board: Arc<AlignmentBoard>,
    group: String,
    drift: i64,
    at: usize,
    counts: Option<i64>,
}

impl Member {
    pub(crate) fn join(board: &Arc<AlignmentBoard>, alignment: Alignment) -> Self {
        let drift = alignment.max_drift.0;
        let mut at = 0;
        board.change(&alignment.group, |group| {
            at = group.members.len();
            group.members.push(Place::default());
            group.drift = Some(group.drift.map_or(drift, |least| least.min(drift)));
        });
        Member { board: board.clone(), group: alignment.group, drift, at, counts: None }
    }

    /// How far the source is now.
    pub(crate) fn follow(&mut self, status: Status) {
        let counts = match status {
            Status::Active(watermark) => Some(watermark.0).filter(|_| watermark > Watermark::MIN),
            _ => None,
        };
        if std::mem::replace(&mut self.counts, counts) != counts {
            self.board.change(&self.group, |group| group.members[self.at].watermark = counts);
        }
    }

    /// Whether the source is not too far ahead; if it is, `waker` is called when the group has moved on.
    pub(crate) fn may_read(&self, waker: &Waker) -> bool {
        let Some(own) = self.counts else { return true };
        let mut groups = self.board.groups();
        let Some(group) = groups.get_mut(&self.group) else { return true };
        let may = group.least().is_none_or(|least| own <= least.saturating_add(self.drift));
        if !may {
            group.members[self.at].waiting = Some(waker.clone());
        }
        may
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.board.change(&self.group, |group| group.members[self.at] = Place::default());
    }
}

#[cfg(test)]
mod tests;
