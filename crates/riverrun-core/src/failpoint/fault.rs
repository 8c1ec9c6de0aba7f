//! A fault: what happens, where, and at which hit, as it is written on a command line.

use super::{DELAY, POINTS, STALL};
use crate::error::{Error, Result};
use crate::options::parse_duration;
use crate::suggest::did_you_mean;
use crate::time::Millis;
use std::fmt;
use std::time::Duration;

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// The step fails.
    Error,
    /// The thread panics.
    Panic,
    /// The process dies by SIGKILL.
    Kill,
    /// The step takes longer.
    Delay,
    /// The step takes so long that others get ahead of it.
    Stall,
    /// The connection to another system is lost.
    Disconnect,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [FaultKind; 6] = [
        FaultKind::Error,
        FaultKind::Panic,
        FaultKind::Kill,
        FaultKind::Delay,
        FaultKind::Stall,
        FaultKind::Disconnect,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Error => "error",
            FaultKind::Panic => "panic",
            FaultKind::Kill => "kill",
            FaultKind::Delay => "delay",
            FaultKind::Stall => "stall",
            FaultKind::Disconnect => "disconnect",
        }
    }

    /// The kind of this name.
    pub fn find(name: &str) -> Option<FaultKind> {
        FaultKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which hits of a point a fault strikes at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hit {
    /// This one, counted from 1.
    Nth(u64),
    /// Each; not noted in the ledger.
    Every,
}

/// Something that goes wrong: `kill@manifest-put:2`, `delay(100ms)@sink-write:*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// How long a delay or stall takes, where it is not the usual time.
    pub time: Option<Millis>,
    /// Where.
    pub point: String,
    /// When.
    pub hit: Hit,
}

impl Fault {
    /// A fault at the `hit`th time that a point is passed.
    pub fn new(kind: FaultKind, point: &str, hit: u64) -> Fault {
        Fault { kind, time: None, point: point.to_owned(), hit: Hit::Nth(hit) }
    }

    /// How long it delays.
    pub fn duration(&self) -> Duration {
        let usual = if self.kind == FaultKind::Stall { STALL } else { DELAY };
        self.time.map_or(usual, |time| Duration::from_millis(time.0.max(0) as u64))
    }

    /// Reads faults with commas between; none from an empty text.
    pub fn parse_all(text: &str) -> Result<Vec<Fault>> {
        text.split(',').map(str::trim).filter(|fault| !fault.is_empty()).map(Fault::parse).collect()
    }

    /// Reads `KIND[(TIME)]@POINT[:HIT]`; without a hit it is the first.
    pub fn parse(text: &str) -> Result<Fault> {
        let wrong = |why: String| Error::input(format!("'{text}' is no fault: {why}"));
        let (action, place) = text
            .split_once('@')
            .ok_or_else(|| wrong("it has no @POINT".to_owned()).hint("write it like kill@manifest-put:2"))?;
        let (name, time) = match action.split_once('(') {
            None => (action, None),
            Some((name, rest)) => {
                let example = "write it like delay(100ms)@sink-write:1";
                let time = rest.strip_suffix(')').ok_or_else(|| wrong("a ) is missing".to_owned()).hint(example))?;
                let duration = parse_duration(time);
                (name, Some(duration.ok_or_else(|| wrong(format!("'{time}' is no duration")).hint(example))?))
            }
        };
        let kind = FaultKind::find(name).ok_or_else(|| {
            wrong(format!("there is no kind '{name}'")).hint_opt(
                did_you_mean(name, FaultKind::ALL.map(FaultKind::name))
                    .or_else(|| Some(format!("one of: {}", FaultKind::ALL.map(FaultKind::name).join(", ")))),
            )
        })?;
        if time.is_some() && !matches!(kind, FaultKind::Delay | FaultKind::Stall) {
            return Err(wrong("only a delay and a stall have a duration".to_owned()));
        }
        let (point, hit) = match place.split_once(':') {
            None => (place, Hit::Nth(1)),
            Some((point, "*")) => (point, Hit::Every),
            Some((point, hit)) => {
                let number = hit.parse().ok().filter(|number| *number > 0);
                let number = number.ok_or_else(|| wrong(format!("'{hit}' is no number of a hit")))?;
                (point, Hit::Nth(number))
            }
        };
        let known = POINTS.iter().find(|known| known.name == point).ok_or_else(|| {
            wrong(format!("there is no failpoint '{point}'"))
                .hint_opt(did_you_mean(point, POINTS.iter().map(|known| known.name)))
        })?;
        if kind == FaultKind::Disconnect && !known.connection {
            let points: Vec<_> = POINTS.iter().filter(|point| point.connection).map(|point| point.name).collect();
            return Err(
                wrong(format!("no connection can be lost at '{point}'")).hint(format!("one of: {}", points.join(", ")))
            );
        }
        Ok(Fault { kind, time, point: point.to_owned(), hit })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if let Some(time) = self.time {
            write!(f, "({}ms)", time.0)?;
        }
        match self.hit {
            Hit::Nth(number) => write!(f, "@{}:{number}", self.point),
            Hit::Every => write!(f, "@{}:*", self.point),
        }
    }
}
